"""What `neutron …-list -f csv` prints: records end in CR LF, a cell may hold newlines and quotes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from rdokit.errors import ParseError
from rdokit.parse.table import Table


def parse(text: str, columns: Sequence[str] = (), *, tool: str = "") -> Table:
    r"""The csv in `text`; several lines in a cell stay one cell with newlines.

    Args:
        text: what the command printed; neutron prints one empty line for zero rows, without a header.
        columns: the columns of an empty answer, and those that a header must have.

    Raises:
        ParseError: cut in the middle of a record, a record of another length, or no csv at all.

    >>> parse('"id","name"\r\n"1","a ""b"", |"\r\n').rows
    [('1', 'a "b", |')]
    >>> parse("\n", ("id", "name"))
    Table(columns=('id', 'name'), rows=[], title='', before=(), after=(), tool='')
    """
    if not text.strip():
        if columns:
            return Table(tuple(columns), [], tool=tool)
        raise ParseError("nothing was printed, not even a header", tool)
    if not text.endswith("\n"):
        number = text.count("\n") + 1
        raise ParseError("cut in the middle of a record", tool, number, text.rpartition("\n")[2])
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[str, ...]] = []
    try:
        for row in reader:
            rows.append(tuple(row))
            if len(row) != len(rows[0]):
                raise ParseError(f"{len(rows[0])} cells expected, {len(row)} found", tool, reader.line_num, str(row))
    except csv.Error as error:
        line = text.split("\n")[reader.line_num - 1]
        raise ParseError(f"no csv: {error}", tool, reader.line_num, line) from error
    header = rows[0]
    missing = [name for name in columns if name not in header]
    if missing or not (columns or text.partition("\n")[0].endswith("\r")):
        raise ParseError(f"no csv header{' with ' + ', '.join(missing) if missing else ''}", tool, 1, ",".join(header))
    return Table(header, rows[1:], tool=tool)
