"""The two shapes that every command-line table has, and its cells as typed values.

Parsers hand back a `Table` of plain text; `typed` and `typed_pairs` turn the cells into
numbers, booleans, lists and dicts by a schema. Text first, types second: so a tenant whose
name is "True" stays a text, because only the schema says which column is a truth value.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rdokit.errors import ParseError

Schema = Mapping[str, str]


@dataclass(slots=True)
class Table:
    """Rows of text, and what was printed around them.

    Attributes:
        columns: the header's names, in order.
        rows: one tuple of texts per row; a cell of several lines holds newlines.
        title: the line typed before the table ("Created a new router:"), or "".
        before, after: other lines around the table (warnings), blank ones left out.
        tool: whose output it is, for error messages.
    """

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    title: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    tool: str = ""

    def dicts(self) -> list[dict[str, str]]:
        """One dict of texts per row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def pairs(self) -> dict[str, str]:
        """A Property/Field–Value table as one dict, in the order printed.

        >>> Table(("Field", "Value"), [("id", "7"), ("name", "router1")]).pairs()
        {'id': '7', 'name': 'router1'}

        Raises:
            ParseError: the table has not two columns, or a name stands in it twice.
        """
        if len(self.columns) != 2:
            raise ParseError(f"not a Field–Value table, its columns are {', '.join(self.columns)}", self.tool)
        found = dict(self.rows)
        if len(found) != len(self.rows):
            names = [name for name, _ in self.rows]
            twice = next(name for name in names if names.count(name) > 1)
            raise ParseError(f"{twice!r} stands twice in a Field–Value table", self.tool)
        return found


NOTHING = ("", "None", "null")


def _bool(text: str) -> bool | None:
    if text in NOTHING:
        return None
    try:
        return {"true": True, "false": False}[text.lower()]
    except KeyError:
        raise ValueError("is neither True nor False") from None


def _alive(text: str) -> bool:
    try:
        return {":-)": True, "xxx": False}[text]
    except KeyError:
        raise ValueError("is neither :-) nor xxx") from None


def _json_lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.split("\n")] if text not in NOTHING else []


def _subnets(text: str) -> list[dict[str, str | None]]:
    found = []
    for line in _lines(text):
        ident, _, cidr = line.partition(" ")
        found.append({"id": ident, "cidr": cidr.strip() or None})
    return found


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _networks(text: str) -> dict[str, list[str]]:
    """nova list: `demo-net=192.168.0.102, 192.168.1.242; other=10.0.0.2`."""
    found: dict[str, list[str]] = {}
    for part in text.split("; ") if text else []:
        name, equals, addresses = part.rpartition("=")
        if not equals:
            raise ValueError("is not of the form network=address, address; …")
        found[name] = addresses.split(", ") if addresses else []
    return found


KINDS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "optional": lambda text: None if text in NOTHING else text,
    "bool": _bool,
    "alive": _alive,
    "int": lambda text: None if text in NOTHING else int(text),
    "float": lambda text: None if text in NOTHING else float(text),
    "json": lambda text: None if text in NOTHING else json.loads(text),
    "json_lines": _json_lines,
    "lines": _lines,
    "subnets": _subnets,
    "networks": _networks,
    "literal": lambda text: None if text in NOTHING else ast.literal_eval(text),
}
"""What a column can hold.

* ``text`` as printed; ``optional`` the same, with blank, None and null as None
* ``bool`` True/False/true/false, ``alive`` neutron's :-) and xxx
* ``int``, ``float``, ``json``, ``literal`` (Python's own notation, as nova prints lists): None when blank
* ``json_lines`` one JSON value a line → list, ``lines`` → list of texts
* ``subnets`` lines of "id cidr" → list of {id, cidr}
* ``networks`` nova's "net=address, address; net=…" → {net: [address, …]}
"""


def convert(text: str, kind: str, column: str, tool: str = "") -> Any:
    """One cell as a value of `kind`; ParseError names column and cell when it is none.

    >>> convert("True", "bool", "enabled"), convert("", "int", "From Port"), convert("null", "json", "gw")
    (True, None, None)
    >>> convert("demo-net=192.168.0.102, 192.168.1.242", "networks", "Networks")
    {'demo-net': ['192.168.0.102', '192.168.1.242']}
    """
    try:
        return KINDS[kind](text)
    except (ValueError, SyntaxError) as error:
        reason = str(error) if str(error).startswith("is ") else f"is not of the kind {kind}"
        raise ParseError(f"column {column}: {text!r} {reason}", tool) from error


def typed(table: Table | Iterable[Mapping[str, str]], schema: Schema) -> list[dict[str, Any]]:
    """Rows with real types; a column that the schema does not know stays text.

    Args:
        table: what a parser returned, or rows as dicts of text.
        schema: column → kind (see KINDS).

    >>> typed(Table(("name", "enabled"), [("True", "True")]), {"enabled": "bool"})
    [{'name': 'True', 'enabled': True}]
    """
    if isinstance(table, Table):
        columns = []
        for name, cells in zip(table.columns, zip(*table.rows, strict=True), strict=bool(table.rows)):
            kind = schema.get(name, "text")
            columns.append(cells if kind == "text" else [convert(cell, kind, name, table.tool) for cell in cells])
        return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]
    return [{name: convert(cell, schema.get(name, "text"), name) for name, cell in row.items()} for row in table]


def typed_pairs(table: Table, schema: Schema) -> dict[str, Any]:
    """A Property/Field–Value table as one dict with real types.

    >>> typed_pairs(Table(("Field", "Value"), [("id", "7"), ("shared", "False")]), {"shared": "bool"})
    {'id': '7', 'shared': False}
    """
    return {name: convert(cell, schema.get(name, "text"), name, table.tool) for name, cell in table.pairs().items()}
