"""`/proc/meminfo`: memory (document Step 0: 4 GB and more)."""

from __future__ import annotations

import re

from rdokit.errors import ParseError

TOOL = "/proc/meminfo"


def parse(text: str, *, tool: str = TOOL) -> dict[str, int]:
    """name → bytes (values without kB are plain numbers).

    Raises:
        ParseError: a line of another form, or no MemTotal.

    >>> parse("MemTotal:        4040392 kB\\nHugePages_Total:       0\\n")
    {'MemTotal': 4137361408, 'HugePages_Total': 0}
    """
    found = {}
    for number, line in enumerate(text.split("\n"), 1):
        match = re.fullmatch(r"([^:]+):\s+(\d+)( kB)?\s*", line)
        if match:
            found[match[1]] = int(match[2]) * (1024 if match[3] else 1)
        elif line.strip():
            raise ParseError("`name: number kB` expected", tool, number, line)
    if "MemTotal" not in found:
        raise ParseError("no MemTotal", tool)
    return found
