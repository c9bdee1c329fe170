"""`vgs`: volume groups (Cinder's is cinder-volumes; a loop-backed one is gone after a reboot)."""

from __future__ import annotations

import re

from rdokit.errors import ParseError

TOOL = "vgs"
COLUMNS = ("vg", "pv", "lv", "sn", "attr", "size", "free")
_UNITS = {unit: 1024**power for power, unit in enumerate("bkmgtpe")}
_SIZE = re.compile(r"<?(\d+(?:[.,]\d+)?)([bkmgtpe]?)", re.IGNORECASE)
_MISSING = re.compile(r'\s*(?:Volume group ".+" not found|Skipping volume group .+|No volume groups found)\.?\s*')


def parse(text: str, *, tool: str = TOOL) -> list[dict]:
    """One row per group, sizes in bytes (as exact as vgs rounds them); no rows when there is none.

    Raises:
        ParseError: a line that is no group's.

    >>> parse("  VG             #PV #LV #SN Attr   VSize  VFree \\n  cinder-volumes   1   0   0 wz--n- 20.60g 20.60g\\n")[0]["vg"]
    'cinder-volumes'
    """  # noqa: E501
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if not words or words[0] == "VG" or _MISSING.fullmatch(line):
            continue
        if len(words) != 7 or not all(word.isdecimal() for word in words[1:4]):
            raise ParseError("a group with seven values expected", tool, number, line)
        sizes = [_bytes(word, tool, number, line) for word in words[5:]]
        rows.append(dict(zip(COLUMNS, (words[0], *map(int, words[1:4]), words[4], *sizes), strict=True)))
    return rows


def _bytes(word: str, tool: str, number: int, line: str) -> int:
    match = _SIZE.fullmatch(word)
    if not match:
        raise ParseError(f"{word!r} is no size", tool, number, line)
    return round(float(match[1].replace(",", ".")) * _UNITS[match[2].lower() or "b"])
