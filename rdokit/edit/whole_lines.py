"""Whole lines in files without a grammar of ours: rc.local, iptables' rules, sshd_config."""

from __future__ import annotations

from rdokit.edit import _lines
from rdokit.errors import EditError


def has_line(text: str, line: str) -> bool:
    """Whether the line stands there (blanks at its end do not count)."""
    return any(_lines.body(one).rstrip() == line.rstrip() for one in _lines.split(text))


def ensure_line(text: str, line: str, *, before: str | None = None, path: str = "") -> str:
    """The file with this line: as it is when the line stands there, else put in.

    Args:
        text: the file.
        line: the line, without an ending.
        before: put it in front of the first line that begins with this (iptables: the rule that
            rejects the rest); None: at the end.

    Raises:
        EditError: no line begins with `before`, or `line` is more than one.

    >>> rules = "*filter\\n-A INPUT -j REJECT\\nCOMMIT\\n"
    >>> print(ensure_line(rules, "-A INPUT -p gre -j ACCEPT", before="-A INPUT -j REJECT"), end="")
    *filter
    -A INPUT -p gre -j ACCEPT
    -A INPUT -j REJECT
    COMMIT
    """
    if "\n" in line or "\r" in line:
        raise EditError(f"{line!r} is more than one line", path)
    if has_line(text, line):
        return text
    lines = _lines.split(text)
    place = len(lines)
    if before is not None:
        place = next((i for i, one in enumerate(lines) if _lines.body(one).startswith(before)), -1)
        if place < 0:
            raise EditError(f"no line begins with {before!r}, so there is no place for {line!r}", path)
    _lines.insert(lines, place, [line])
    return _lines.join(lines, text)


def remove_line(text: str, line: str) -> str:
    """The file without this line, wherever it stands (blanks at its end do not count).

    >>> remove_line("a\\nb\\na \\n", "a")
    'b\\n'
    """
    return _lines.join([one for one in _lines.split(text) if _lines.body(one).rstrip() != line.rstrip()], text)
