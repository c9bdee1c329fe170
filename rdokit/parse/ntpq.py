"""`ntpq -p`: which time servers a node listens to, and how far apart they are."""

from __future__ import annotations

import re

from rdokit.errors import ParseError

TOOL = "ntpq -p"
COLUMNS = ("peer", "state", "refid", "stratum", "reach", "delay", "offset", "jitter")
STATES = {
    "*": "in use", "o": "in use (PPS)", "+": "good", "-": "outlier", "#": "spare", "x": "false ticker",
    ".": "too many", " ": "not used",
}  # fmt: skip
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_LINE = re.compile(
    r"([*o+\-#x. ])(\S+)\s+(\S+)\s+(\d+)\s+(\S)\s+(\S+)\s+(\d+[mhd]?)\s+([0-7]+)"
    rf"\s+{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}\s*"
)
_HEADER = re.compile(r"\s*|=+|No association ID.*|\s*remote\s+refid\s.*")


def parse(text: str, *, tool: str = TOOL) -> list[dict]:
    """One row per peer: `state` in words, `reach` the answers among the last eight (0–8), times in milliseconds.

    "No association ID's returned" (no servers) gives no rows.

    Raises:
        ParseError: a cut line, or ntpd does not answer.

    >>> parse('''     remote           refid      st t when poll reach   delay   offset  jitter
    ... ==============================================================================
    ... *ntp-a2.nict.go. .NICT.           1 u   26   64  377   12.345   -0.123   0.456
    ... ''')[0]["state"]
    'in use'
    """
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if _HEADER.fullmatch(line):
            continue
        match = _LINE.fullmatch(line)
        if not match:
            raise ParseError("a peer with ten values expected", tool, number, line)
        delay, offset, jitter = map(float, match.group(9, 10, 11))
        rows.append({
            "peer": match[2], "state": STATES[match[1]], "refid": match[3], "stratum": int(match[4]),
            "reach": int(match[8], 8).bit_count(), "delay": delay, "offset": offset, "jitter": jitter,
        })  # fmt: skip
    return rows
