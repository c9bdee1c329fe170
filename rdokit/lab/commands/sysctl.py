"""sysctl of procps 3.2.8 (Step 2): its exit status is 255 after an error, and -e forgives unknown keys."""

from __future__ import annotations

import re

from .. import settings
from ..process import Process, command

USAGE = """usage:  sysctl [-n] [-e] variable ... 
        sysctl [-n] [-e] [-q] -w variable=value ... 
        sysctl [-n] [-e] -a 
        sysctl [-n] [-e] [-q] -p <file>   (default /etc/sysctl.conf)
        sysctl [-n] [-e] -A"""  # noqa: W291


@command("sysctl", path="/sbin")
async def sysctl(p: Process) -> int:
    """Read and write kernel settings."""
    flags: set[str] = set()
    operands: list[str] = []
    for word in p.argv[1:]:
        if re.fullmatch(r"-[nNewapqAXb]+", word):
            flags |= set(word[1:])
        elif word.startswith("-") and len(word) > 1:
            bad = next((c for c in word[1:] if c not in "nNewapqAXb"), word[1:])
            p.error(f'error: Unknown parameter "{bad}"')
            p.error(USAGE)
            return 255
        else:
            operands.append(word)
    if "p" in flags:
        return _preload(p, operands[0] if operands else "/etc/sysctl.conf", flags)
    if flags & set("aAX"):
        for key in settings.keys(p.node):
            _show(p, key, flags)
        return 0
    if not operands:
        p.error(USAGE)
        return 255
    status = 0
    for word in operands:
        if "w" in flags or "=" in word:
            status = _write(p, word, flags) or status
        else:
            status = _read(p, word, flags) or status
    return status


def _show(p: Process, key: str, flags: set[str]) -> None:
    value = settings.get(p.node, key)
    if "N" in flags:
        p.print(key)
    elif "n" in flags:
        p.print(value)
    else:
        p.print(f"{key} = {value}")


def _read(p: Process, name: str, flags: set[str]) -> int:
    key = settings.dotted(name)
    try:
        _show(p, key, flags)
        return 0
    except KeyError:
        below = [k for k in settings.keys(p.node) if k.startswith(key.rstrip(".") + ".")]
        for found in below:
            _show(p, found, flags)
        if below:
            return 0
    return _unknown(p, key, flags)


def _unknown(p: Process, key: str, flags: set[str]) -> int:
    if "e" in flags:
        return 0
    p.error(f'error: "{key}" is an unknown key')
    return 255


def _write(p: Process, setting: str, flags: set[str]) -> int:
    name, equals, value = setting.partition("=")
    if not equals:
        p.error(f'error: "{setting}" must be of the form name=value')
        return 255
    if not name or not value:
        p.error(f'error: Malformed setting "{setting}"')
        return 254
    key = settings.dotted(name)
    if p.user != "root":
        try:
            settings.get(p.node, key)
        except KeyError:
            return _unknown(p, key, flags)
        p.error(f"error: permission denied on key '{key}'")
        return 255
    try:
        settings.put(p.node, key, value)
    except KeyError:
        return _unknown(p, key, flags)
    except PermissionError:
        p.error(f'error: "Operation not permitted" setting key "{key}"')
        return 255
    except ValueError:
        p.error(f'error: "Invalid argument" setting key "{key}"')
        return 255
    if "q" not in flags:
        p.print(value if "n" in flags else f"{key} = {value}")
    return 0


def _preload(p: Process, path: str, flags: set[str]) -> int:
    """-p FILE: the settings of a file, one after the other; an error does not stop it."""
    shown = path
    try:
        text = await_stdin(p) if path == "-" else p.node.fs.read_text(p.path(path), user=p.user)
    except OSError:
        p.error(f'error: unable to open preload file "{shown}"')
        return 255
    status = 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            p.error(f"warning: {shown}({number}): invalid syntax, continuing...")
            continue
        if not value.strip():
            p.error(f"warning: {shown}({number}): invalid syntax, continuing...")
            continue
        status = _write(p, f"{name.strip()}={value.strip()}", flags) or status
    return status


def await_stdin(p: Process) -> str:
    """3.2.8 opens a file called "-"; there is none."""
    return p.node.fs.read_text(p.path("-"))
