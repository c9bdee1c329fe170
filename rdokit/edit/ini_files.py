"""plugin.ini and nova.conf (document Steps 11 and 14), as oslo.config reads them.

Keys repeat (the last counts, or all do), defaults stand there as comments, `DEFAULT` is a section like
others, a line that begins with a blank goes on with the value above. No INI library keeps all of that
byte for byte, so the lines are edited as lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rdokit.edit import _lines
from rdokit.errors import EditError

_SECTION = re.compile(r"\[([^\]]*)\]\s*")
_SETTING = re.compile(r"([^\s#;=:\[][^=:]*?)(\s*[=:][ \t]*)(.*)", re.DOTALL)
_DEFAULT = re.compile(r"[#;]\s*([^\s=:#;]+)\s*[=:].*")
Value = str | int | bool | Sequence[str]


@dataclass
class _Item:
    """A setting, or a commented default: the line it begins at, and one behind its last line."""

    section: str
    key: str
    value: str
    start: int
    end: int
    active: bool


def ini_values(text: str, section: str) -> dict[str, str]:
    """key → value of one section; of a repeated key the last counts.

    >>> ini_values("[DEFAULT]\\n#libvirt_type=kvm\\nlibvirt_type=qemu\\n", "DEFAULT")
    {'libvirt_type': 'qemu'}
    """
    items, _ = _read(_lines.split(text))
    name = _name(section, items, text)
    return {item.key: item.value for item in items if item.active and item.section == name}


def ini_set(text: str, section: str, values: Mapping[str, Value], *, path: str = "") -> str:
    """The file with these values in one section.

    A key that stands there is changed (of a repeated one the last line, which is the one that counts);
    a missing key goes below its commented default, else at the end of the section; a missing section goes
    to the end. A list of values makes a repeated key: exactly these lines, in this order.

    Raises:
        EditError: a line that is neither setting, section nor comment, or a value of several lines.

    >>> text = "[DEFAULT]\\n#libvirt_type=kvm\\n\\n[OVS]\\na = 1\\n"
    >>> print(ini_set(text, "DEFAULT", {"libvirt_type": "kvm"}), end="")
    [DEFAULT]
    #libvirt_type=kvm
    libvirt_type=kvm
    <BLANKLINE>
    [OVS]
    a = 1
    """
    for key, value in values.items():
        for one in [key, *_texts(value)]:
            if one != one.strip() or re.search(r"[\n\r\0]", one):
                raise EditError(f"{key}: {one!r} cannot stand on one line", path)
        if not _SETTING.fullmatch(f"{key}=") or set(key) & set("=:"):
            raise EditError(f"{key!r} is no key", path)
        text = _set(text, section, key, value, path)
    return text


def _texts(value: Value) -> list[str]:
    return [str(one) for one in value] if isinstance(value, (list, tuple)) else [str(value)]


def _set(text: str, section: str, key: str, value: Value, path: str) -> str:
    lines = _lines.split(text)
    items, ends = _read(lines, path)
    name = _name(section, items, text)
    there = [item for item in items if item.active and item.section == name and item.key == key]
    wanted = _texts(value)
    if not isinstance(value, (list, tuple)):
        there = there[-1:]
    elif [item.value for item in there] == wanted:
        return text
    for item, new in reversed(list(zip(there, wanted, strict=False))):
        if item.value != new:
            line = lines[item.start]
            match = _SETTING.fullmatch(_lines.body(line))
            lines[item.start : item.end] = [_lines.with_body(line, match[1] + match[2] + new)]
    if len(there) > len(wanted):
        for item in reversed(there[len(wanted) :]):
            del lines[item.start : item.end]
    elif len(there) < len(wanted):
        _add(lines, name, key, wanted[len(there) :], _read(lines, path))
    return _lines.join(lines, text)


def _add(lines: list[str], section: str, key: str, values: list[str], read: tuple) -> None:
    items, ends = read
    same = [item for item in items if item.section == section and item.key == key]
    place = max((item.end for item in same if item.active), default=0) or max((i.end for i in same), default=0)
    new = [f"{key}={value}" for value in values]
    if not place and section in ends:
        place = ends[section]
    elif not place:
        blank = [""] if lines and _lines.body(lines[-1]).strip() else []
        new = [*blank, f"[{section}]", *new]
        place = len(lines)
    _lines.insert(lines, place, new)


def _name(section: str, items: list[_Item], text: str) -> str:
    """The section as the file writes it: oslo.config does not tell [ovs] from [OVS]."""
    names = [match[1] for line in _lines.split(text) if (match := _SECTION.fullmatch(_lines.body(line)))]
    if section in names:
        return section
    return next((name for name in names if name.lower() == section.lower()), section)


def _read(lines: list[str], path: str = "") -> tuple[list[_Item], dict[str, int]]:
    """All settings and commented defaults; and for each section one behind its last line that is not blank."""
    items: list[_Item] = []
    ends: dict[str, int] = {}
    for i, section, content in _contents(lines, path):
        if content[0] in " \t":  # goes on with the value above
            if not items or not items[-1].active or items[-1].end != i:
                raise EditError("a line that begins with a blank follows no setting", path, i + 1)
            items[-1].value += "\n" + content.strip()
            items[-1].end = i + 1
        elif content[0] in "#;":
            match = _DEFAULT.fullmatch(content)
            if match:
                items.append(_Item(section, match[1], "", i, i + 1, False))
        elif not _SECTION.fullmatch(content):
            match = _SETTING.fullmatch(content)
            if not match or not section:
                what = "a setting before the first [section]" if match else "no setting, section or comment"
                raise EditError(what, path, i + 1)
            items.append(_Item(section, match[1], match[3].strip(), i, i + 1, True))
        if section not in ends or not _closed(ends, section):
            ends[section] = i + 1
    return items, ends


def _closed(ends: dict[str, int], section: str) -> bool:
    # a section that is opened again further down keeps the end of its first part
    return next(reversed(ends)) != section


def _contents(lines: list[str], path: str) -> Iterator[tuple[int, str, str]]:
    section = ""
    for i, line in enumerate(lines):
        content = _lines.body(line)
        if not content.strip():
            continue
        match = _SECTION.fullmatch(content)
        if match:
            section = match[1]
        yield i, section, content
