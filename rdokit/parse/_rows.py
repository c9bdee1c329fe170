"""Cut the lines of a boxed table into cells: many at once when all are plain, else one by one.

A rule line `+----+------+` says where the bars stand, in display columns.
"""

from __future__ import annotations

from itertools import accumulate, repeat
from operator import itemgetter

from rdokit.errors import ParseError
from rdokit.parse._width import MEASURES, narrowest, widest

FEW = 100  # lines: below, cutting at bars is faster than cutting at positions


def at_once(text: str, rule: str, count: int, align: str) -> list[tuple[str, ...]] | None:
    """All rows of these lines with a few calls, for speed; None when they must be looked at one by one."""
    lines = text.count("\n") + 1
    if not text.isascii():
        return _by_bars(text, lines, count, align)
    each = len(rule) + 1
    if len(text) + 1 != lines * each or text[::each] != "|" * lines or text[each - 2 :: each] != "|" * lines:
        return None
    return (_by_position if lines >= FEW else _by_bars)(text, lines, count, align, rule)


def _by_position(text: str, lines: int, count: int, align: str, rule: str) -> list[tuple[str, ...]] | None:
    """In plain ASCII a position is a display column: compare bars and the blanks beside them with strided slices."""
    each, spans = len(rule) + 1, column_spans(rule)
    bars, blanks = "|" * lines, " " * lines
    for a, b in spans:
        if text[a::each] != bars or text[a + 1 :: each] != blanks or text[b - 1 :: each] != blanks:
            return None
    if text[each - 1 :: each] != "\n" * (lines - 1):
        return None
    clean, body = str.strip if align == "c" else str.rstrip, text.split("\n")
    columns = [map(clean, map(itemgetter(slice(a + 2, b - 1)), body), repeat(" ")) for a, b in spans]
    return list(zip(*columns, strict=True))


def _by_bars(text: str, lines: int, count: int, align: str, rule: str = "") -> list[tuple[str, ...]] | None:
    """With no bar in a cell there are just the borders' bars; so their number alone proves every border, and
    nothing depends on how wide a character is. `| a | b |` is cut before each cell."""
    cells = text.split("| ")
    if len(cells) != lines * count + 1 or text.count("|") != lines * (count + 1) or cells[0]:
        return None
    del cells[0]
    if not rule:  # then the ends of lines were not looked at yet
        ends = [cell[-3:] for cell in cells[count - 1 :: count]]
        if ends[-1][-2:] != " |" or ends[:-1] != [" |\n"] * (lines - 1):
            return None
    cleaned = [cell.strip(" |\n") for cell in cells] if align == "c" else [cell.rstrip(" |\n") for cell in cells]
    return list(zip(*[iter(cleaned)] * count, strict=True))


def column_spans(rule: str) -> list[tuple[int, int]]:
    """First and last position of each column's bars, from the crosses of the rule line."""
    borders = [0]
    for dashes in rule[1:-1].split("+"):
        borders.append(borders[-1] + len(dashes) + 1)
    return list(zip(borders, borders[1:], strict=False))


def cut(line: str, rule: str, tool: str, text: str, at: int) -> list[str]:
    """One line's cells, without the blank on both sides; it begins at position `at` of the text."""
    cells, count = line.split("|")[1:-1], rule.count("+") - 1
    plain = line.isascii() and line.isprintable()  # then its width is its length
    if plain and len(line) == len(rule):
        if len(cells) != count:
            cells = [line[a + 1 : b] for a, b in column_spans(rule) if line[a] == line[b] == "|"]
    elif plain:
        cells = []
    elif len(cells) != count or not (line[0] == line[-1] == "|"):
        cells = _measured(line, rule)
    inner = [cell[1:-1] for cell in cells if cell[:1] == " " == cell[-1:]]
    if len(inner) == count:
        return inner
    number = text.count("\n", 0, at) + 1
    raise ParseError("not a row of this table: its bars are not under the rule line's crosses", tool, number, line)


def _measured(line: str, rule: str) -> list[str]:
    """Cells of a line with bars in its text and characters that are not one column wide; [] when there is no way."""
    spans = column_spans(rule)
    borders = [0, *(b for _, b in spans)]
    bars = [i for i, char in enumerate(line) if char == "|"]
    if len(bars) < len(borders) or bars[0] != 0 or bars[-1] != len(line) - 1:
        return []
    for measure in MEASURES:
        sums = [0, *accumulate(measure(char) for char in line)]
        at = {sums[i]: i for i in bars}
        if all(i in at for i in borders) and at[borders[-1]] == len(line) - 1:
            cells = [line[at[a] + 1 : at[b]] for a, b in spans]
            if all(cell[0] == " " == cell[-1] for cell in cells):
                return cells
    return _only_way(line, bars, [b - a - 1 for a, b in spans])


def _only_way(line: str, bars: list[int], widths: list[int]) -> list[str]:
    """The one choice of bars that can have these widths, whatever the program thinks of odd characters."""
    low = [0, *accumulate(narrowest(char) for char in line)]
    high = [0, *accumulate(widest(char) for char in line)]
    ways: dict[int, list[tuple[int, ...]]] = {0: [(0,)]}
    for width in widths:
        reached: dict[int, list[tuple[int, ...]]] = {}
        for a, paths in ways.items():
            for b in bars:
                if b > a and low[b] - low[a + 1] <= width <= high[b] - high[a + 1]:
                    reached.setdefault(b, []).extend((*path, b) for path in paths[:2])
        ways = reached
    last = ways.get(len(line) - 1, [])
    if len(last) != 1:
        return []
    return [line[a + 1 : b] for a, b in zip(last[0], last[0][1:], strict=False)]
