"""What `neutron …-show -f shell` and `…-create -f shell` print: `key="value"`, one field after the other.

Not for `eval`: keys hold colons (`provider:network_type`) and quotes in values are not escaped.
What the format loses: a value that itself holds a quote, a newline and `word="` looks like the next field.
"""

from __future__ import annotations

import re

from rdokit.errors import ParseError
from rdokit.parse.table import Table

_FIELD = re.compile(r'([A-Za-z_][\w:.\-]*)="')


def parse(text: str, *, tool: str = "") -> Table:
    """The fields as a Field–Value table; `.pairs()` makes a dict of it.

    Raises:
        ParseError: a value is not closed (cut output), or a line is no field.

    >>> table = parse('''Created a new network:
    ... id="9a90e12c"
    ... subnets="65e1ac2f
    ... 10ab149f"
    ... ''')
    >>> table.title, table.pairs()
    ('Created a new network:', {'id': '9a90e12c', 'subnets': '65e1ac2f\\n10ab149f'})
    """
    lines = text.split("\n")
    first = next((i for i, line in enumerate(lines) if _FIELD.match(line)), None)
    if first is None:
        raise ParseError('no line of the form key="value"', tool, 1, lines[0])
    around = [line for line in lines[:first] if line.strip()]
    title = around.pop() if around and around[-1].rstrip().endswith(":") else ""
    rows = []
    while first < len(lines) and (lines[first].strip() or any(map(str.strip, lines[first:]))):
        match = _FIELD.match(lines[first])
        if not match:
            raise ParseError('key="value" expected', tool, first + 1, lines[first])
        last = _end(lines, first, match.end(), tool)
        value = "\n".join(lines[first : last + 1])[match.end() : -1]
        rows.append((match[1], value))
        first = last + 1
    return Table(("Field", "Value"), rows, title, tuple(around), tool=tool)


def _end(lines: list[str], first: int, start: int, tool: str) -> int:
    """Index of the line whose last quote closes the value: the next line is a field, or there is none."""
    for i in range(first, len(lines)):
        closed = lines[i].endswith('"') and (i > first or len(lines[i]) > start)
        if closed and (i + 1 == len(lines) or not lines[i + 1] or _FIELD.match(lines[i + 1])):
            return i
    raise ParseError("the value is not closed: the output is cut", tool, first + 1, lines[first])
