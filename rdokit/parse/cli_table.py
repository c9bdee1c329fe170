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

PORTION = 30_000  # characters
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
    if "\r" in text and text.count("\r\n") == text.count("\n"):
        text = text.replace("\r\n", "\n")  # a terminal ends its lines in CR LF
    tables, start = [], 0
    top = _next_rule(text, 0)
    if top < 0:
        number, line = next(((n, one) for n, one in enumerate(text.split("\n"), 1) if one.strip()), (0, ""))
        raise ParseError("no table" if line else "nothing was printed, not even a header", tool, number, line)
    while top >= 0:
        rule, header, body, bottom = _frame(text, top, tool)
        title, before = _around(text[start:top]) if top > start else ("", ())
        names, rows = _body(text, rule, header, body, bottom, key, align, tool)
        start = bottom + len(rule) + 1
        top = _next_rule(text, start)
        after = tuple(_shown(text[start:])) if top < 0 and start < len(text) else ()
        tables.append(Table(names, rows, title, before, after, tool))
    return tables


def _next_rule(text: str, start: int) -> int:
    """Where the next rule line begins, -1 when there is none."""
    at = start if text.startswith("+-", start) else text.find("\n+-", start) + 1 or -1
    while at >= 0:
        end = text.find("\n", at)
        line = text[at:end] if end >= 0 else text[at:]
        if line[-2:] == "-+" and not line.strip("+-"):
            return at
        at = text.find("\n+-", at) + 1 or -1
    return -1


def _frame(text: str, top: int, tool: str) -> tuple[str, str, int, int]:
    """The rule line, the header line, and where the rows begin and the last rule line does."""
    header_at = text.find("\n", top) + 1
    rule = text[top : header_at - 1] if header_at else text[top:]
    middle = _same_line(text, rule, top)
    bottom = _same_line(text, rule, middle) if middle else 0
    header = text[header_at : middle - 1] if middle else ""
    if "\n" in header:
        raise _wrong("a header of one line is expected under the first rule line", text, header_at, tool)
    if not bottom:
        raise _wrong("the table is cut: its last rule line is missing", text, len(text.rstrip("\n")), tool)
    return rule, header, middle + len(rule) + 1, bottom


def _same_line(text: str, rule: str, start: int) -> int:
    """Where the line `rule` stands next after the line that begins at `start`; 0 when it does not."""
    needle, end = "\n" + rule, start
    while True:
        end = text.find(needle, end) + 1
        if not end or text[end + len(rule) : end + len(rule) + 1] in ("", "\n"):
            return end


def _wrong(message: str, text: str, at: int, tool: str) -> ParseError:
    """The error for the line that holds this position."""
    number = text.count("\n", 0, at) + 1
    return ParseError(message, tool, number, text.split("\n", number)[number - 1])


def _shown(text: str) -> list[str]:
    """What is not blank; of a progress bar, which draws itself again after each CR, the last state."""
    return [line.rpartition("\r")[2] for line in text.split("\n") if line.strip()]


def _around(text: str) -> tuple[str, tuple[str, ...]]:
    kept = _shown(text)
    title = kept.pop() if kept and kept[-1].rstrip().endswith(":") else ""
    return title, tuple(kept)


def _body(text: str, rule: str, header: str, start: int, bottom: int, key: str | None, align: str | None, tool: str):
    body = start
    cells = cut(header, rule, tool, text, start - len(rule) - len(header) - 2)
    names = tuple([cell.strip(" ") for cell in cells])
    align = align or _ALIGN.get(tool.partition(" ")[0]) or _alignment(cells)
    if align is None and start < bottom:
        align = _leaning(_one_by_one(text, start, bottom - 1, rule, tool))
    clean = str.rstrip if align == "l" else str.strip
    rows: list[tuple[str, ...]] = []
    while start < bottom:  # in portions that the processor's cache holds
        end = text.find("\n", start + PORTION, bottom - 1) if bottom - start > PORTION else -1
        end = bottom - 1 if end < 0 else end
        found = at_once(text[start:end], rule, len(names), align)
        if found is None:
            raw = _one_by_one(text, start, end, rule, tool)
            found = [tuple([clean(cell, " ") for cell in row]) for row in raw]
        rows += found
        start = end + 1
    position = _key_position(names, key, tool)
    if position is None or all(map(itemgetter(position), rows)):
        return names, rows
    return names, _merge(rows, position, tool, text.count("\n", 0, body) + 1)


def _one_by_one(text: str, start: int, end: int, rule: str, tool: str) -> list[list[str]]:
    """The cells of each line between two positions."""
    raw = []
    for line in text[start:end].split("\n"):
        raw.append(cut(line, rule, tool, text, start))
        start += len(line) + 1
    return raw


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
