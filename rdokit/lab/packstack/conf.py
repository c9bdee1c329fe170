"""Changes to configuration files as Puppet makes them: one value at a time, the rest untouched."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..world import Node

Sections = dict[str, dict[str, str]]


def ini(text: str, values: Sections) -> str:
    """Set values in an INI text; sections and keys that are missing are added.

    >>> ini("[DEFAULT]\\n# a remark\\nlibvirt_type = kvm\\n", {"DEFAULT": {"libvirt_type": "qemu"}, "new": {"a": "1"}})
    '[DEFAULT]\\n# a remark\\nlibvirt_type=qemu\\n\\n[new]\\na=1\\n'
    """
    lines = text.splitlines()
    for section, pairs in values.items():
        begin = next((i for i, line in enumerate(lines) if line.strip() == f"[{section}]"), None)
        if begin is None:
            if lines and lines[-1].strip():
                lines.append("")
            lines.append(f"[{section}]")
            begin = len(lines) - 1
        for key, value in pairs.items():
            end = next((i for i in range(begin + 1, len(lines)) if lines[i].startswith("[")), len(lines))
            at = next((i for i in range(begin + 1, end) if re.match(rf"\s*{re.escape(key)}\s*=", lines[i])), None)
            if at is not None:
                if lines[at].partition("=")[2].strip() != value:
                    lines[at] = f"{key}={value}"
                continue
            while end > begin + 1 and not lines[end - 1].strip():
                end -= 1
            lines.insert(end, f"{key}={value}")
    return "\n".join(lines) + "\n"


def assignments(text: str, values: dict[str, str], glue: str = " = ") -> str:
    """Set `key = value` lines of a file without sections (sysctl.conf, qpidd.conf); a trailing remark stays.

    >>> assignments("net.a = 0  # why\\n", {"net.a": "1", "net.b": "2"})
    'net.a = 1  # why\\nnet.b = 2\\n'
    """
    for key, value in values.items():
        found = re.search(rf"(?m)^([ \t]*{re.escape(key)}[ \t]*=[ \t]*)([^\s#]*)", text)
        if found:
            text = text[: found.start(2)] + value + text[found.end(2) :]
        else:
            text += ("" if not text or text.endswith("\n") else "\n") + f"{key}{glue}{value}\n"
    return text


def write(node: Node, path: str, text: str, mode: int | None = None, owner: str | None = None) -> bool:
    """Write a file unless it is so already; its directory is made. Returns whether it changed."""
    if node.fs.isfile(path) and node.fs.read_text(path) == text:
        if mode is not None:
            node.fs.chmod(path, mode)
        return False
    node.fs.mkdir(path.rpartition("/")[0] or "/", parents=True)
    new = not node.fs.exists(path)
    node.fs.write(path, text, mode=mode)
    if mode is not None and not new:
        node.fs.chmod(path, mode)
    if owner:
        try:
            user, _, group = owner.partition(":")
            node.fs.chown(path, user, group or user)
        except (KeyError, OSError, ValueError):
            pass
    return True


def edit_ini(node: Node, path: str, values: Sections, mode: int = 0o640, owner: str = "") -> bool:
    """Set values of a node's INI file. Returns whether it changed."""
    old = node.fs.read_text(path) if node.fs.isfile(path) else ""
    new = ini(old, values)
    return new != old and write(node, path, new, None if node.fs.exists(path) else mode, owner or None)


def value(node: Node, path: str, section: str, key: str) -> str:
    """One value of a node's INI file, "" when it is not there (names without regard to case)."""
    if not node.fs.isfile(path):
        return ""
    return read_value(node.fs.read_text(path), section, key)


def read_value(text: str, section: str, key: str) -> str:
    """The last value of a key, as oslo.config reads it.

    >>> read_value("[ovs]\\n# local_ip = x\\n[OVS]\\nlocal_ip=192.168.0.11\\n", "OVS", "local_ip")
    '192.168.0.11'
    """
    here, found = "", ""
    for line in text.splitlines():
        header = re.match(r"\s*\[([^]]*)\]", line)
        if header:
            here = header[1].strip().lower()
        elif here == section.lower():
            pair = re.match(rf"\s*{re.escape(key)}\s*=\s*(.*?)\s*$", line)
            if pair:
                found = pair[1]
    return found
