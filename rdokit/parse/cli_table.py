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
from operator import itemgetter

from rdokit.errors import ParseError
from rdokit.parse._rows import at_once, cut
from rdokit.parse.table import Table

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
    header = cut(lines[top + 1], rule, tool, top + 2)
    names = tuple([cell.strip(" ") for cell in header])
    align = align or _ALIGN.get(tool.partition(" ")[0]) or _alignment(header)
    body = lines[top + 3 : bottom]
    rows = at_once(body, rule, len(names), align) if align and body else None
    if rows is None:
        raw = [cut(line, rule, tool, number) for number, line in enumerate(body, top + 4)]
        clean = str.rstrip if (align or _leaning(raw)) == "l" else str.strip
        rows = [tuple([clean(cell, " ") for cell in row]) for row in raw]
    position = _key_position(names, key, tool)
    if position is None or all(map(itemgetter(position), rows)):
        return names, rows
    return names, _merge(rows, position, tool, top + 4)


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
