"""`/etc/redhat-release`: which system, and is it new enough (document Step 0: 6.4 and later, Fedora 19)."""

from __future__ import annotations

import re
from typing import NamedTuple

from rdokit.errors import ParseError

TOOL = "/etc/redhat-release"


class Release(NamedTuple):
    """Name of the system and its version as numbers: ("CentOS", 6, 5)."""

    system: str
    major: int
    minor: int


def parse(text: str, *, tool: str = TOOL) -> Release:
    """What the one line says.

    Raises:
        ParseError: no `release N.N` in it.

    >>> parse("CentOS release 6.5 (Final)\\n")
    Release(system='CentOS', major=6, minor=5)
    """
    line = text.strip()
    match = re.match(r"(.+?)(?: Linux)?(?: Server)? release (\d+)(?:\.(\d+))?", line)
    if not match:
        raise ParseError("`NAME release N.N` expected", tool, 1, line)
    return Release(match[1], int(match[2]), int(match[3] or 0))
