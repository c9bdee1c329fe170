"""Values of the Open vSwitch database: their types, how 1.11 reads and prints them.

Every column is a set (kept as a sorted list) or a map (kept as a dict) of
atoms: int, float, bool, str, or a UUID (a str too; the column says which). The
wording of the errors is what a person sees from `ovs-vsctl`, so it is
the genuine one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

UNLIMITED = 2**32 - 1
DELIMITERS = ":=, []{}!<>"
UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\Z")


@dataclass
class Symbol:
    """A row named `@x` on the command line, perhaps before it is created."""

    uuid: str
    created: bool = False
    strong: bool = False
    weak: bool = False


class Symbols:
    """The `@names` of one ovs-vsctl call."""

    def __init__(self, fresh: Callable[[], str]):
        self.fresh = fresh
        self.table: dict[str, Symbol] = {}

    def get(self, name: str) -> Symbol:
        if name not in self.table:
            self.table[name] = Symbol(self.fresh())
        return self.table[name]


class OvsError(Exception):
    """What `ovs-vsctl` ends with: the text after "ovs-vsctl: ", exit status 1."""


@dataclass(frozen=True)
class Atom:
    """The type of one key or value, with what it may hold."""

    kind: str  # integer | real | boolean | string | uuid
    low: int | None = None
    high: int | None = None
    enum: tuple[str, ...] = ()
    ref: str = ""  # table that a uuid points into
    weak: bool = False  # the reference does not keep the row alive

    def default(self) -> Any:
        zero = {"integer": 0, "real": 0.0, "boolean": False, "string": ""}
        return zero.get(self.kind, "00000000-0000-0000-0000-000000000000")


@dataclass(frozen=True)
class Column:
    """A column: its atoms and how many of them (n_max above 1 prints in brackets)."""

    name: str
    key: Atom
    value: Atom | None = None
    n_min: int = 1
    n_max: int = 1
    mutable: bool = True

    @property
    def is_map(self) -> bool:
        return self.value is not None

    def default(self) -> Any:
        if self.is_map:
            return {}
        return [self.key.default()] if self.n_min else []

    def english(self) -> str:
        """The type in the words of an error message: "set of up to 4096 integers"."""
        if self.n_min == 1 and self.n_max == 1 and not self.is_map:
            return self.key.kind
        text = "map" if self.is_map else "set"
        if self.n_max == UNLIMITED:
            text += f" of {self.n_min} or more" if self.n_min else " of"
        else:
            text += f" of {self.n_min} to {self.n_max}" if self.n_min else f" of up to {self.n_max}"
        if self.value:
            return f"{text} ({self.key.kind}, {self.value.kind}) pairs"
        return f"{text} {self.key.kind}s"


def needs_quotes(text: str) -> bool:
    """Whether 1.11 prints a string in quotes: a digit is enough, unlike from 2.13 on.

    >>> needs_quotes("eth1"), needs_quotes("br-ex"), needs_quotes("true"), needs_quotes("")
    (True, False, True, True)
    """
    return not re.match(r"[A-Za-z_][A-Za-z_.\-]*\Z", text) or text in ("true", "false")


def json_string(text: str) -> str:
    """A JSON string as the library of 1.11 writes it: only controls and quotes are escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def atom_text(value: Any, kind: str) -> str:
    """One atom as `ovs-vsctl` prints it."""
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "real":
        return f"{value:.15g}"
    if kind == "string":
        return json_string(value) if needs_quotes(value) else value
    return str(value)


def atom_bare(value: Any, kind: str) -> str:
    return value if kind == "string" else atom_text(value, kind)


def datum_text(datum: Any, column: Column) -> str:
    """A whole column as printed by `show`, `get` and `list`.

    >>> datum_text([10, 20], Column("trunks", Atom("integer"), n_min=0, n_max=4096))
    '[10, 20]'
    >>> datum_text({"peer": "patch-int"}, Column("options", Atom("string"), Atom("string"), 0, UNLIMITED))
    '{peer=patch-int}'
    """
    if column.value:
        value = column.value
        inner = ", ".join(
            f"{atom_text(k, column.key.kind)}={atom_text(v, value.kind)}" for k, v in sorted(datum.items())
        )
    else:
        inner = ", ".join(atom_text(a, column.key.kind) for a in datum)
    if column.n_max > 1 or not datum:
        left, right = ("{", "}") if column.is_map else ("[", "]")
        return left + inner + right
    return inner


def datum_bare(datum: Any, column: Column) -> str:
    if column.value:
        value = column.value
        return " ".join(f"{atom_bare(k, column.key.kind)}={atom_bare(v, value.kind)}" for k, v in sorted(datum.items()))
    return " ".join(atom_bare(a, column.key.kind) for a in datum)


def _atom_json(value: Any, kind: str) -> Any:
    return ["uuid", value] if kind == "uuid" else value


def datum_json(datum: Any, column: Column) -> Any:
    """A column as the JSON that `--format=json` and RFC 7047 write."""
    if column.value:
        value = column.value
        return ["map", [[_atom_json(k, column.key.kind), _atom_json(v, value.kind)] for k, v in sorted(datum.items())]]
    if len(datum) == 1:
        return _atom_json(datum[0], column.key.kind)
    return ["set", [_atom_json(a, column.key.kind) for a in datum]]


def token(text: str, start: int = 0) -> tuple[str, int]:
    """Take one token: up to a delimiter outside quotes; a backslash escapes.

    Raises:
        OvsError: the quotes are not closed, or a backslash is last.
    """
    out, i, quoted = [], start, False
    while i < len(text):
        c = text[i]
        i += 1
        if c == "\\":
            if quoted:
                out.append("\\")
            if i >= len(text):
                raise OvsError(f"{text[start:]}: backslash at end of argument")
            out.append(text[i])
            i += 1
        elif not quoted and c in DELIMITERS:
            i -= 1
            break
        else:
            out.append(c)
            quoted ^= c == '"'
    if quoted:
        raise OvsError(f"{text[start:]}: quoted string extends past end of argument")
    return "".join(out), i


BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def _unquote(text: str) -> str:
    if not text.startswith('"'):
        return text
    if len(text) < 2 or not text.endswith('"'):
        raise OvsError(f"{text}: missing quote at end of quoted string")
    try:
        return json.loads(text, strict=False)
    except ValueError:
        raise OvsError(f"{text}: bad escape in quoted string") from None


def parse_atom(text: str, atom: Atom, symbols: Symbols | None = None) -> Any:
    """Read one atom and check what its column allows.

    Raises:
        OvsError: not of this type, not one of the allowed values, out of range.
    """
    value: Any
    if atom.kind == "integer":
        if not re.match(r"\s*[-+]?\d+\Z", text) or not -(2**63) <= int(text) < 2**63:
            raise OvsError(f'"{text}" is not a valid integer')
        value = int(text)
    elif atom.kind == "real":
        try:
            value = float(text)
        except ValueError:
            raise OvsError(f'"{text}" is not a valid real number') from None
    elif atom.kind == "boolean":
        if text not in BOOLEANS:
            raise OvsError(f'"{text}" is not a valid boolean (use "true" or "false")')
        value = BOOLEANS[text]
    elif atom.kind == "string":
        if not text:
            raise OvsError('An empty string is not valid as input; use "" to represent the empty string')
        value = _unquote(text)
    elif text.startswith("@") and symbols is not None:
        symbol = symbols.get(text)
        if atom.weak:
            symbol.weak = True
        else:
            symbol.strong = True
        value = symbol.uuid
    elif UUID.match(text):
        value = text.lower()
    else:
        raise OvsError(f'"{text}" is not a valid UUID')
    check(value, atom)
    return value


def check(value: Any, atom: Atom) -> None:
    """Raise OvsError when a column's constraint forbids the value."""
    if atom.enum and value not in atom.enum:
        allowed = ", ".join(atom_text(e, "string") for e in sorted(atom.enum))
        raise OvsError(
            f"constraint violation: {atom_text(value, 'string')} is not one of the allowed values ([{allowed}])"
        )
    if atom.kind != "integer":
        return
    low, high = atom.low, atom.high
    if low is not None and high is not None and not low <= value <= high:
        raise OvsError(f"constraint violation: {value} is not in the valid range {low} to {high} (inclusive)")
    if low is not None and value < low:
        raise OvsError(f"constraint violation: {value} is less than minimum allowed value {low}")


def parse_datum(text: str, column: Column, symbols: Symbols | None = None) -> Any:
    """Read a set or map as typed: `10,20`, `[10, 20]`, `{a=b}`.

    >>> parse_datum("30,10", Column("trunks", Atom("integer", 0, 4095), n_min=0, n_max=4096))
    [10, 30]
    """
    keys: list[Any] = []
    values: list[Any] = []
    left, right = ("{", "}") if column.is_map else ("[", "]")

    def spaces(at: int) -> int:
        while at < len(text) and text[at] == " ":
            at += 1
        return at

    i, end = spaces(0), ""
    if text[i : i + 1] == left:
        end, i = right, spaces(i + 1)
    elif i >= len(text):
        kind = "map" if column.is_map else "set"
        raise OvsError(f'use "{left}{right}" to specify the empty {kind}')
    while i < len(text) and text[i] != end:
        if text[i] in DELIMITERS:
            raise OvsError(f'{text}: unexpected "{text[i]}" parsing {column.english()}')
        begin = i
        word, i = token(text, i)
        key = parse_atom(word, column.key, symbols)
        if column.value:
            if text[i : i + 1] != "=":
                rest = text[i : i + 1]  # at the end C's message ends with the string's NUL
                raise OvsError(f'{text[begin:]}: syntax error at "' + (f'{rest}" expecting "="' if rest else ""))
            word, i = token(text, i + 1)
            values.append(parse_atom(word, column.value, symbols))
        keys.append(key)
        i = spaces(i)
        if text[i : i + 1] == ",":
            i = spaces(i + 1)
    if end:
        if i >= len(text):
            raise OvsError(f'{text}: missing "{end}" at end of data')
        if spaces(i + 1) < len(text):
            raise OvsError(f'{text}: trailing garbage after "{end}"')
    noun = "pair(s)" if column.is_map else "value(s)"
    if len(keys) < column.n_min:
        raise OvsError(f"{text}: {len(keys)} {noun} specified but the minimum number is {column.n_min}")
    if len(keys) > column.n_max:
        raise OvsError(f"{text}: {len(keys)} {noun} specified but the maximum number is {column.n_max}")
    if len(set(keys)) < len(keys):
        what = "map contains duplicate key" if column.is_map else "set contains duplicate value"
        raise OvsError(f"{text}: {what}")
    return dict(sorted(zip(keys, values, strict=True))) if column.is_map else sorted(keys)
