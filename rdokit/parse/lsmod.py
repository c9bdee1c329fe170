"""`lsmod`: kernel modules (document Step 14: is kvm loaded, and for which CPU)."""

from __future__ import annotations

import re

from rdokit.errors import ParseError

TOOL = "lsmod"
COLUMNS = ("module", "size", "used", "by")
_LINE = re.compile(r"(\S+)\s+(\d+)\s+(-?\d+)(?:\s+(\S+))?\s*")


def parse(text: str, *, tool: str = TOOL) -> list[dict]:
    """One {module, size (bytes), used, by} a line, with or without the header (`lsmod | grep kvm`).

    Raises:
        ParseError: a line that is no module's.

    >>> parse("kvm_intel              54285  6 \\nkvm                   332980  1 kvm_intel\\n")[1]
    {'module': 'kvm', 'size': 332980, 'used': 1, 'by': ['kvm_intel']}
    """
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or (number == 1 and line.split() == ["Module", "Size", "Used", "by"]):
            continue
        match = _LINE.fullmatch(line)
        if not match:
            raise ParseError("module, size, number of users expected", tool, number, line)
        by = [name for name in (match[4] or "-").split(",") if name and name != "-"]
        rows.append({"module": match[1], "size": int(match[2]), "used": int(match[3]), "by": by})
    return rows
