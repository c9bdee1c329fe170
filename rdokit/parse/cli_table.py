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

from collections.abc import Sequence
from itertools import accumulate, repeat
from operator import itemgetter

from rdokit.errors import ParseError
from rdokit.parse._width import MEASURES, narrowest, widest
from rdokit.parse.table import Table

FEW, MANY = 100, 500  # rows: below FEW cutting at bars is faster than at positions; MANY are cut at a time
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
        rest = lines[bottom + 1 :]
        following = _next_rule(lines, bottom + 1) if rest != [""] else None
        title, before = _around(lines[start:top]) if top > start else ("", ())
        after = tuple(_shown(rest)) if following is None and rest != [""] else ()
        names, rows = _body(lines, top, bottom, key, align, tool)
        tables.append(Table(names, rows, title, before, after, tool))
        start, top = bottom + 1, following
    return tables


def _next_rule(lines: list[str], start: int) -> int | None:
    for i in range(start, len(lines)):
        if lines[i][:2] == "+-" and lines[i][-2:] == "-+" and not lines[i].strip("+-"):
            return i
    return None


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
    rule = lines[top]
    header = _cut(lines[top + 1], rule, tool, top + 2)
    names = tuple([cell.strip(" ") for cell in header])
    align = align or _ALIGN.get(tool.partition(" ")[0]) or _alignment(header)
    body = lines[top + 3 : bottom]
    rows = _at_once(body, rule, len(names), align) if align and body else None
    if rows is None:
        raw = [_cut(line, rule, tool, number) for number, line in enumerate(body, top + 4)]
        clean = str.rstrip if (align or _leaning(raw)) == "l" else str.strip
        rows = [tuple([clean(cell, " ") for cell in row]) for row in raw]
    position = _key_position(names, key, tool)
    if position is None or all(map(itemgetter(position), rows)):
        return names, rows
    return names, _merge(rows, position, tool, top + 4)


def _at_once(body: list[str], rule: str, count: int, align: str) -> list[tuple[str, ...]] | None:
    """All rows with a few calls over many lines, for speed; None when lines must be looked at one by one."""
    rows: list[tuple[str, ...]] = []
    for start in range(0, len(body), MANY):  # in portions that the processor's cache holds
        part = body[start : start + MANY] if len(body) > MANY else body
        whole = "".join(part)
        small = len(part) < FEW or not whole.isascii()
        found = _by_bars(whole, part, rule, count, align) if small else _by_position(whole, part, rule, align)
        if found is None:
            return None
        rows += found
    return rows


def _by_position(whole: str, body: list[str], rule: str, align: str) -> list[tuple[str, ...]] | None:
    """In plain ASCII a position is a display column: compare bars and the blanks beside them with strided slices."""
    width, lines, spans = len(rule), len(body), _spans(rule)
    if set(map(len, body)) != {width}:
        return None
    bars, blanks = "|" * lines, " " * lines
    for a, b in spans:
        if whole[a::width] != bars or whole[a + 1 :: width] != blanks or whole[b - 1 :: width] != blanks:
            return None
    if whole[width - 1 :: width] != bars:
        return None
    clean = str.strip if align == "c" else str.rstrip
    columns = [map(clean, map(itemgetter(slice(a + 2, b - 1)), body), repeat(" ")) for a, b in spans]
    return list(zip(*columns, strict=True))


def _by_bars(whole: str, body: list[str], rule: str, count: int, align: str) -> list[tuple[str, ...]] | None:
    """With no bar in a cell there are just the borders' bars; so their number alone proves every border, and
    nothing depends on how wide a character is. `| a | b || c | d |` is cut before each cell."""
    lines = len(body)
    cells = whole.split("| ")
    if len(cells) != lines * count + 1 or whole.count("|") != lines * (count + 1) or cells[0]:
        return None
    if [cell[-2:] for cell in cells[count::count]] != [" |"] * lines:
        return None
    if len(whole) != lines * len(rule) and any(len(line) != len(rule) for line in body if line.isascii()):
        return None
    del cells[0]
    cleaned = [cell.strip(" |") for cell in cells] if align == "c" else [cell.rstrip(" |") for cell in cells]
    return list(zip(*[iter(cleaned)] * count, strict=True))


def _spans(rule: str) -> list[tuple[int, int]]:
    """First and last position of each column's bars, from the crosses of the rule line."""
    borders = [0]
    for dashes in rule[1:-1].split("+"):
        borders.append(borders[-1] + len(dashes) + 1)
    return list(zip(borders, borders[1:], strict=False))


def _cut(line: str, rule: str, tool: str, number: int) -> list[str]:
    """One line's cells, without the blank on both sides."""
    cells, count = line.split("|")[1:-1], rule.count("+") - 1
    plain = line.isascii() and line.isprintable()  # then its width is its length
    if plain and len(line) == len(rule):
        if len(cells) != count:
            cells = [line[a + 1 : b] for a, b in _spans(rule) if line[a] == line[b] == "|"]
    elif plain:
        cells = []
    elif len(cells) != count or not (line[0] == line[-1] == "|"):
        cells = _measured(line, rule)
    inner = [cell[1:-1] for cell in cells if cell[:1] == " " == cell[-1:]]
    if len(inner) == count:
        return inner
    raise ParseError("not a row of this table: its bars are not under the rule line's crosses", tool, number, line)


def _measured(line: str, rule: str) -> list[str]:
    """Cells of a line with bars in its text and characters that are not one column wide; [] when there is no way."""
    spans = _spans(rule)
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


def _alignment(header: list[str]) -> str | None:
    """ "l" or "c", from a name that does not fill its column; None when each does."""
    for cell in header:
        if cell[:1] == " ":
            return "c"
        if cell[-2:] == "  ":  # centring leaves one blank more on the right at most
            return "l"
    return None


def _leaning(rows: list[list[str]]) -> str:
    """ "l" or "c", from the cells."""
    if any(row[0][:1] == " " and row[0].strip(" ") for row in rows):
        return "c"  # neither an id nor a field's name begins with a blank
    blanks = ((len(c) - len(c.lstrip(" ")), len(c) - len(c.rstrip(" "))) for row in rows for c in row)
    return "l" if any(right > left + 1 for left, right in blanks) else "c"


def _key_position(names: tuple[str, ...], key: str | None, tool: str) -> int | None:
    if key:
        if key not in names:
            raise ParseError(f"the table has no column {key}: {', '.join(names)}", tool)
        return names.index(key)
    if key == "":
        return None
    if len(names) == 2 and names[1] == "Value":
        return 0
    for i, name in enumerate(names):
        if name.lower() in _KEYS:
            return i
    return None


def _merge(rows: list[tuple[str, ...]], key: int, tool: str, number: int) -> list[tuple[str, ...]]:
    """Join each line whose key is blank to the row above it."""
    starts = [i for i, row in enumerate(rows) if row[key]]
    if not starts or starts[0] != 0:
        raise ParseError("the first row's key is blank: there is no row that this line goes on with", tool, number)
    starts.append(len(rows))
    merged = []
    for a, b in zip(starts, starts[1:], strict=False):
        if b == a + 1:
            merged.append(rows[a])
        else:
            cells = ["\n".join(lines) for lines in zip(*rows[a:b], strict=True)]
            # Of two columns only the one that is no key can have more lines, so its last ones are its own.
            own = len(cells) == 2
            merged.append(tuple([c if own and i != key else c.rstrip("\n") for i, c in enumerate(cells)]))
    return merged
