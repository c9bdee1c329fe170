"""Tables as prettytable 0.7 drew them for nova, glance and cinder.

Widths count terminal columns (Japanese takes two), cells may hold several
lines, and sorting compares the sort column first and then the whole row, with
the order of Python 2 for values of different kinds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from ..py2 import string

_ESCAPES = re.compile("\033\\[[0-9;]+m")


def width_of(text: str) -> int:
    """Columns that a text takes on a terminal.

    >>> width_of("vol1"), width_of("日本")
    (4, 4)
    """
    plain = _ESCAPES.sub("", text)
    if plain.isascii():
        return len(plain)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in plain)


def py2_key(value: Any) -> tuple:
    """A sort key that puts None before numbers before dicts before lists before text, as Python 2 did."""
    if value is None:
        return (0, 0)
    if isinstance(value, bool | int | float):
        return (1, value)
    if isinstance(value, str):
        return (4, value)
    return (3 if isinstance(value, list) else 2, string(value))


def _justify(text: str, width: int, align: str) -> str:
    room = width - width_of(text)
    if align == "l":
        return text + " " * room
    left = room // 2
    if room % 2 and width_of(text) % 2 == 0:
        left += 1
    return " " * left + text + " " * (room - left)


def draw(fields: Sequence[str], rows: Iterable[Sequence[Any]], align: str = "l", sort: str | None = None) -> str:
    """A table with borders, without the last line end.

    Args:
        fields: column titles.
        rows: cell values; text, numbers, None, or what JSON gave.
        align: "l" or "c" for all columns.
        sort: title of the column to sort by.

    >>> print(draw(["ID", "Name"], []))
    +----+------+
    | ID | Name |
    +----+------+
    +----+------+
    """
    rows = [list(row) for row in rows]
    if sort is not None:
        index = list(fields).index(sort)
        rows.sort(key=lambda row: [py2_key(row[index]), *map(py2_key, row)])
    cells = [[string(value).split("\n") for value in row] for row in rows]
    widths = [
        max([width_of(title), *(width_of(line) for row in cells for line in row[i])]) for i, title in enumerate(fields)
    ]
    rule = "+" + "+".join("-" * (w + 2) for w in widths) + "+"

    def line(parts: Sequence[str]) -> str:
        return "|" + "|".join(f" {_justify(t, w, align)} " for t, w in zip(parts, widths, strict=True)) + "|"

    out = [rule, line(fields), rule]
    for row in cells:
        for i in range(max(len(cell) for cell in row)):
            out.append(line([cell[i] if i < len(cell) else "" for cell in row]))
    return "\n".join([*out, rule])
