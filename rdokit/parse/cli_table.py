"""The boxed tables of keystone, neutron, nova, glance and cinder (prettytable of 2013 and of today).

    Created a new router:                                    <- title
    +-----------------------+--------------------------+
    | Field                 | Value                    |
    +-----------------------+--------------------------+
    | name                  | router1                  |
    …
    +-----------------------+--------------------------+

A row is cut where the rule line has its crosses, counted in display columns: a name may hold `|`,
a Japanese character is two columns wide, and a newline in a cell goes on in the next line.

What the format itself loses, for every reader:
    * trailing blanks of a cell; in a centred table (keystone, cinder) leading blanks too;
    * in a list without an id column, whether a line goes on with the row above: each line is a row
      there, unless the caller names a `key` column that is never blank;
    * in a list, newlines at the end of a cell; in the key column itself any newline.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from rdokit.errors import ParseError
from rdokit.parse._width import MEASURES, narrowest, widest
from rdokit.parse.table import Table

_RULE = re.compile(r"\+(?:-+\+)+")
_KEYS = ("id", "property", "field")
_ALIGN = {"keystone": "c", "cinder": "c", "neutron": "l", "nova": "l", "glance": "l"}


def parse(
    text: str, columns: Sequence[str] = (), *, key: str | None = None, align: str | None = None, tool: str = ""
) -> Table:
    """The one table in `text`.

    Args:
        text: what the command printed.
        columns: what an empty answer has. neutron and keystone print a blank line, or nothing,
            for zero rows; glance and nova a header without rows. Both give no rows with columns.
        key: a column never blank in a row's first line. None: `id`, `Property` or `Field`, or the
            first of two columns when the second is `Value`; "" when each line is a row.
        align: "l" or "c"; None takes the tool's, or finds out from the header.
        tool: the command, as "neutron net-list".

    Raises:
        ParseError: no table, two tables, or one that is cut or mixed with other lines.

    >>> table = parse('''Created a new router:
    ... +-------+---------+
    ... | Field | Value   |
    ... +-------+---------+
    ... | name  |   a | b |
    ... |       | second  |
    ... +-------+---------+
    ... ''')
    >>> table.title, table.columns, table.rows
    ('Created a new router:', ('Field', 'Value'), [('name', '  a | b\\nsecond')])
    >>> parse("\\n", columns=("id", "name")).rows
    []
    """
    if columns and not text.strip():
        return Table(tuple(columns), [], tool=tool)
    tables = parse_all(text, key=key, align=align, tool=tool)
    if len(tables) > 1:
        raise ParseError(f"one table expected, {len(tables)} found", tool)
    missing = [name for name in columns if name not in tables[0].columns]
    if missing:
        raise ParseError(f"the table has no column {', '.join(missing)}: {', '.join(tables[0].columns)}", tool)
    return tables[0]


def parse_all(text: str, *, key: str | None = None, align: str | None = None, tool: str = "") -> list[Table]:
    """Every table in `text`, one or more (nova endpoints prints one per service).

    Raises:
        ParseError: as `parse`.
    """
    lines = text.split("\n")
    if "\r" in text and all(line.endswith("\r") for line in lines[:-1]):
        lines = [line.removesuffix("\r") for line in lines]  # a terminal ends its lines in CR LF
    tables, start = [], 0
    top = _next_rule(lines, 0)
    if top is None:
        number, line = next(((n, line) for n, line in enumerate(lines, 1) if line.strip()), (0, ""))
        raise ParseError("no table" if line else "nothing was printed, not even a header", tool, number, line)
    while top is not None:
        bottom = _bottom(lines, top, tool)
        following = _next_rule(lines, bottom + 1)
        title, before = _around(lines[start:top])
        after = tuple(_shown(lines[bottom + 1 :])) if following is None else ()
        names, rows = _body(lines, top, bottom, key, align, tool)
        tables.append(Table(names, rows, title, before, after, tool))
        start, top = bottom + 1, following
    return tables


def _next_rule(lines: list[str], start: int) -> int | None:
    return next((i for i in range(start, len(lines)) if lines[i][:2] == "+-" and _RULE.fullmatch(lines[i])), None)


def _bottom(lines: list[str], top: int, tool: str) -> int:
    """Index of the table's last rule line; everything up to it must be the table's."""
    rule = lines[top]
    try:
        middle = lines.index(rule, top + 1)
        bottom = lines.index(rule, middle + 1)
    except ValueError:
        number = max(n for n, line in enumerate(lines, 1) if line)
        raise ParseError("the table is cut: its last rule line is missing", tool, number, lines[number - 1]) from None
    if middle != top + 2:
        raise ParseError("a header of one line is expected under the first rule line", tool, top + 2, lines[top + 1])
    return bottom


def _shown(lines: list[str]) -> list[str]:
    """What is not blank; of a progress bar, which draws itself again after each CR, the last state."""
    return [line.rpartition("\r")[2] for line in lines if line.strip()]


def _around(lines: list[str]) -> tuple[str, tuple[str, ...]]:
    kept = _shown(lines)
    title = kept.pop() if kept and kept[-1].rstrip().endswith(":") else ""
    return title, tuple(kept)


def _body(lines: list[str], top: int, bottom: int, key: str | None, align: str | None, tool: str):
    borders = [i for i, char in enumerate(lines[top]) if char == "+"]
    header = _cut(lines[top + 1], borders, tool, top + 2)
    names = tuple(cell.strip(" ") for cell in header)
    body = lines[top + 3 : bottom]
    columns = _slices(body, borders) or _columns(body, borders, tool, top + 4)
    clean = _cleaner(align or _ALIGN.get(tool.partition(" ")[0]) or _alignment(header, columns))
    columns = [[clean(cell) for cell in column] for column in columns]
    position = _key_position(names, key, tool)
    if position is None or "" not in columns[position]:
        return names, list(zip(*columns, strict=True))
    return names, _merge(columns, position, len(names) == 2, tool, top + 4)


def _slices(body: list[str], borders: list[int]) -> list[list[str]] | None:
    """All columns at once when every line is plain ASCII with its bars in place, else None.

    The bars are compared with strided slices of the whole body: C speed, linear.
    """
    width = borders[-1] + 1
    whole = "\n".join(body)
    if not body:
        return [[] for _ in borders[1:]]
    if not whole.isascii() or len(whole) != (width + 1) * len(body) - 1:
        return None
    if whole[width :: width + 1] != "\n" * (len(body) - 1):
        return None
    bars = "|" * len(body)
    if any(whole[i :: width + 1] != bars for i in borders):
        return None
    return [[line[a + 2 : b - 1] for line in body] for a, b in _spans(borders)]


def _spans(borders: list[int]) -> list[tuple[int, int]]:
    # line[a + 2 : b - 1] leaves out the bar and the one blank on both sides
    return list(zip(borders, borders[1:], strict=False))


def _columns(body: list[str], borders: list[int], tool: str, number: int) -> list[list[str]]:
    rows = [_cut(line, borders, tool, n) for n, line in enumerate(body, number)]
    return [list(column) for column in zip(*rows, strict=True)]


def _cut(line: str, borders: list[int], tool: str, number: int) -> list[str]:
    """One line's cells, without the blank on both sides."""
    width = borders[-1] + 1
    if len(line) == width and line.isascii() and all(line[i] == "|" for i in borders):
        return [line[a + 2 : b - 1] for a, b in _spans(borders)]
    printable = line.isascii() and line.isprintable()
    if not printable:  # then its width is not its length
        cells = line.split("|")[1:-1]
        if len(cells) != len(borders) - 1 or not (line[0] == line[-1] == "|"):
            cells = _measured(line, borders)
        if cells and all(cell[:1] == " " == cell[-1:] and len(cell) > 1 for cell in cells):
            return [cell[1:-1] for cell in cells]
    raise ParseError("not a row of this table: its bars are not under the rule line's crosses", tool, number, line)


def _measured(line: str, borders: list[int]) -> list[str] | None:
    """Cells of a line with bars in its text and characters that are not one column wide."""
    widths = [b - a - 1 for a, b in _spans(borders)]
    bars = [i for i, char in enumerate(line) if char == "|"]
    if len(bars) < len(borders) or bars[0] != 0 or bars[-1] != len(line) - 1:
        return None
    for measure in MEASURES:
        sums = [0, *accumulate(measure(char) for char in line)]
        at = {sums[i]: i for i in bars}
        if all(i in at for i in borders) and at[borders[-1]] == len(line) - 1:
            cells = [line[at[a] + 1 : at[b]] for a, b in _spans(borders)]
            if all(cell[0] == " " == cell[-1] for cell in cells):
                return cells
    return _only_way(line, bars, widths)


def _only_way(line: str, bars: list[int], widths: list[int]) -> list[str] | None:
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
        return None
    return [line[a + 1 : b] for a, b in zip(last[0], last[0][1:], strict=False)]


def _alignment(header: list[str], columns: list[list[str]]) -> str:
    """ "l" or "c", from the header; from the cells when each name fills its column."""
    for cell in header:
        left, right = len(cell) - len(cell.lstrip(" ")), len(cell) - len(cell.rstrip(" "))
        if left:
            return "c"
        if right > 1:  # centring leaves one blank more on the right at most
            return "l"
    if any(cell[:1] == " " and cell.strip(" ") for cell in columns[0]):
        return "c"  # neither an id nor a field's name begins with a blank
    blanks = ((len(c) - len(c.lstrip(" ")), len(c) - len(c.rstrip(" "))) for column in columns for c in column)
    return "l" if any(right > left + 1 for left, right in blanks) else "c"


def _cleaner(align: str):
    if align == "l":
        return lambda cell: cell.rstrip(" ")
    return lambda cell: cell.strip(" ")


def _key_position(names: tuple[str, ...], key: str | None, tool: str) -> int | None:
    if key:
        if key not in names:
            raise ParseError(f"the table has no column {key}: {', '.join(names)}", tool)
        return names.index(key)
    if key == "":
        return None
    if len(names) == 2 and names[1] == "Value":
        return 0
    return next((i for i, name in enumerate(names) if name.lower() in _KEYS), None)


def _merge(columns: list[list[str]], key: int, pair: bool, tool: str, number: int) -> list[tuple[str, ...]]:
    """Join each line whose key is blank to the row above it."""
    starts = [i for i, cell in enumerate(columns[key]) if cell]
    if not starts or starts[0] != 0:
        raise ParseError("the first row's key is blank: there is no row that this line goes on with", tool, number)
    starts.append(len(columns[key]))
    rows = []
    for a, b in zip(starts, starts[1:], strict=False):
        if b == a + 1:
            rows.append(tuple(column[a] for column in columns))
        else:
            cells = ["\n".join(column[a:b]) for column in columns]
            # In a Field–Value table only the value can have more lines, so its last ones are its own.
            rows.append(tuple(c if pair and i != key else c.rstrip("\n") for i, c in enumerate(cells)))
    return rows
