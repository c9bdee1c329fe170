"""/etc/selinux/config (document Step 3): the mode at the next boot."""

from __future__ import annotations

import re

from rdokit.edit import _lines
from rdokit.errors import EditError

PATH = "/etc/selinux/config"
MODES = ("enforcing", "permissive", "disabled")
_SETTING = re.compile(r"(SELINUX=[ \t]*)(\S*)(.*)", re.DOTALL)


def selinux_mode(text: str) -> str | None:
    """The mode that the file sets, None when it sets none; the first line counts (libselinux stops there).

    >>> selinux_mode("# SELINUX= can take three values\\nSELINUX=enforcing\\nSELINUXTYPE=targeted\\n")
    'enforcing'
    """
    found = (_SETTING.match(line) for line in _lines.split(text))
    return next((match[2].lower() for match in found if match), None)


def selinux(text: str, mode: str) -> str:
    """The file with this mode.

    Raises:
        EditError: a mode that SELinux does not know.

    >>> print(selinux("SELINUX=enforcing\\nSELINUXTYPE=targeted\\n", "permissive"), end="")
    SELINUX=permissive
    SELINUXTYPE=targeted
    """
    if mode not in MODES:
        raise EditError(f"{mode!r} is no mode of SELinux: {', '.join(MODES)}", PATH)
    lines, found = _lines.split(text), False
    for i, line in enumerate(lines):
        match = _SETTING.match(_lines.body(line))
        if match:
            found = True
            if match[2].lower() != mode:
                lines[i] = _lines.with_body(line, match[1] + mode + match[3])
    if not found:
        _lines.insert(lines, len(lines), [f"SELINUX={mode}"])
    return _lines.join(lines, text)
