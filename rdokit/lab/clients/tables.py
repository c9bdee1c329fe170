"""Tables as the Havana clients draw them, and text as Python 2 writes it.

The clients of 2013 print with prettytable 0.7 under Python 2.7. Three things
show from outside and are kept here: the rules of the table (centred by
keystone and cinder, left-aligned by neutron, nova and glance), the width of
East Asian characters, and that a non-ASCII character kills a client whose
standard output is a pipe.

    text = pretty(["id", "name"], rows, align="c", sortby="name")
    emit(p, text)            # as Python 2's `print unicode`; may raise Py2UnicodeError
    p.print(text)            # as `print(safe_encode(text))` of nova, glance, cinder: never fails
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..openstack.py2 import Py2Dict, represent, text_repr, wire

if TYPE_CHECKING:
    from ..process import Process


class Py2UnicodeError(Exception):
    """A codec error with Python 2's wording (`u'\\xf1'` instead of `'\\xf1'`)."""


def char_width(char: str) -> int:
    """Columns prettytable 0.7.2 reserves for a character: its own ranges, not Unicode's East Asian Width.

    >>> [char_width(c) for c in "aあ漢😀"]
    [1, 2, 2, 1]
    """
    code = ord(char)
    if 0x21 <= code <= 0x7E:
        return 1
    if 0x4E00 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7AF:
        return 2
    if unicodedata.combining(char):
        return 0
    if 0x3040 <= code <= 0x30FF or 0xFF01 <= code <= 0xFF60 or 0x3000 <= code <= 0x303E:
        return 2
    if code in (0x08, 0x7F):
        return -1
    if code in (0x00, 0x1F):
        return 0
    return 1


def width(text: str) -> int:
    """Display columns of one line."""
    return sum(map(char_width, text))


def _block_width(text: str) -> int:
    return max(width(line) for line in text.split("\n"))


def justify(text: str, columns: int, align: str) -> str:
    """Pad one line; an odd remainder goes where prettytable puts it.

    >>> justify("ab", 5, "c"), justify("abc", 6, "c")
    ('  ab ', ' abc  ')
    """
    excess = columns - width(text)
    if align == "l":
        return text + " " * excess
    if align == "r":
        return " " * excess + text
    left = excess // 2
    if excess % 2 and width(text) % 2 == 0:
        left += 1
    return " " * left + text + " " * (excess - left)


def cell(value: Any) -> str:
    """A value as `str()` of Python 2 shows it (None is "None": blank it first where the client does)."""
    return value if isinstance(value, str) else str(value)


def _py2_key(value: Any) -> tuple[int, Any]:
    """Python 2 compares any two values: None, then numbers, then text."""
    if value is None:
        return (0, 0)
    if isinstance(value, (bool, int, float)):
        return (1, value)
    return (2, str(value))


def pretty(
    fields: Sequence[str],
    rows: Iterable[Sequence[Any]],
    align: str | dict[str, str] = "l",
    sortby: str | None = None,
    empty: bool = False,
) -> str:
    """A table without its last newline.

    Args:
        fields: column titles, in order.
        rows: cell values; a newline in one makes the row higher.
        align: "l", "c" or "r" for all columns, or one per column title.
        sortby: column that orders the rows (ties by the other cells, as prettytable does).
        empty: what to do without rows: the bare head (nova, glance, cinder) or "" (keystone, neutron).

    >>> print(pretty(["a", "bc"], [["x", 1]], align="c"))
    +---+----+
    | a | bc |
    +---+----+
    | x | 1  |
    +---+----+
    >>> pretty(["a"], [])
    ''
    """
    body = [list(row) for row in rows]
    if not body and not empty:
        return ""
    if sortby is not None:
        at = list(fields).index(sortby)
        body.sort(key=lambda row: [_py2_key(row[at])] + [_py2_key(v) for v in row])
    cells = [[cell(v) for v in row] for row in body]
    sides = [align if isinstance(align, str) else align.get(f, "l") for f in fields]
    widths = [max([width(f)] + [_block_width(row[i]) for row in cells]) for i, f in enumerate(fields)]
    rule = "+" + "+".join("-" * (w + 2) for w in widths) + "+"

    def line(texts: Sequence[str]) -> str:
        padded = (justify(t, w, s) for t, w, s in zip(texts, widths, sides, strict=True))
        return "| " + " | ".join(padded) + " |"

    out = [rule, line(list(fields)), rule]
    for row in cells:
        parts = [c.split("\n") for c in row]
        height = max(map(len, parts))
        out.extend(line([p[y] if y < len(p) else "" for p in parts]) for y in range(height))
    out.append(rule)
    return "\n".join(out)


QUOTING = {
    "all": csv.QUOTE_ALL,
    "minimal": csv.QUOTE_MINIMAL,
    "nonnumeric": csv.QUOTE_NONNUMERIC,
    "none": csv.QUOTE_NONE,
}


def csv_line(row: Sequence[Any], quote: str = "nonnumeric") -> str:
    """One csv row with its CR LF, as Python's csv module quotes it.

    Raises:
        csv.Error: "need to escape, but no escapechar set" (`--quote none` and a comma in a cell).
    """
    out = io.StringIO()
    csv.writer(out, quoting=QUOTING[quote]).writerow(row)
    return out.getvalue()


# --- text streams of Python 2 ---------------------------------------------------------------------------------


def locale_encoding(env: dict[str, str]) -> str:
    """Character set of LC_ALL, LC_CTYPE, LANG, in that order: "utf-8" or "ascii"."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if env.get(name):
            return "utf-8" if "utf-8" in env[name].lower() or "utf8" in env[name].lower() else "ascii"
    return "ascii"


def stdout_encoding(p: Process) -> str:
    """What Python 2 encodes unicode with on standard output: ascii unless a terminal or PYTHONIOENCODING says more."""
    forced = p.env.get("PYTHONIOENCODING", "").split(":")[0].lower().replace("_", "-")
    if forced:
        return "utf-8" if forced in ("utf-8", "utf8") else forced
    return locale_encoding(p.env) if p.stdout.isatty() else "ascii"


def encode_error(text: str) -> str:
    """The message of the ascii codec for the first run of characters it cannot encode.

    >>> encode_error("añ")
    "'ascii' codec can't encode character u'\\\\xf1' in position 1: ordinal not in range(128)"
    """
    start = next(i for i, c in enumerate(text) if ord(c) > 127)
    end = start
    while end < len(text) and ord(text[end]) > 127:
        end += 1
    if end == start + 1:
        code = ord(text[start])
        shown = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
        what = f"character u'{shown}' in position {start}"
    else:
        what = f"characters in position {start}-{end - 1}"
    return f"'ascii' codec can't encode {what}: ordinal not in range(128)"


def check_encodable(p: Process, text: str) -> None:
    """Raise what `sys.stdout.write(unicode)` raises.

    Raises:
        Py2UnicodeError: a character that the stream's encoding cannot carry.
    """
    encoding = stdout_encoding(p)
    try:
        text.encode(encoding if encoding != "ascii" else "ascii", "surrogateescape")
    except UnicodeEncodeError:
        raise Py2UnicodeError(encode_error(text)) from None
    except LookupError:
        raise Py2UnicodeError(f"unknown encoding: {encoding}") from None


def emit(p: Process, text: str, end: str = "\n") -> None:
    """`print unicode` of Python 2: nothing is written when a character cannot be encoded."""
    check_encodable(p, text)
    p.print(text, end=end)


def decode_check(text: str, before: int = 0) -> None:
    """Raise what Python 2 raises when it mixes an UTF-8 byte string into unicode (`"… %s" % name`).

    Args:
        text: the byte string (given decoded).
        before: bytes in front of it in the string that is decoded.

    Raises:
        Py2UnicodeError: the first byte above 127.
    """
    for at, byte in enumerate(text.encode("utf-8", "surrogateescape")):
        if byte > 127:
            raise Py2UnicodeError(
                f"'ascii' codec can't decode byte 0x{byte:02x} in position {before + at}: ordinal not in range(128)"
            )


# --- values as Python 2 shows them (the hash table itself is modelled in openstack/py2.py) -------------------------


def py2_order(keys: Iterable[str], expected: int = 0) -> list[str]:
    """Keys in the order in which a Python 2 dict, filled in the given order, yields them.

    JSON that the clients show inside a cell has this order. `expected` is the number of entries
    a dict display (`{...}` in the server's source) reserves room for.

    >>> py2_order(["network_id", "enable_snat"]), py2_order(["start", "end"])
    (['network_id', 'enable_snat'], ['start', 'end'])
    """
    return list(Py2Dict([(key, None) for key in keys], presized=expected))


def py2_repr(value: Any) -> str:
    """repr() in Python 2 of what came out of JSON: u'' strings, dicts in their order.

    >>> py2_repr({"start": "10.0.0.20", "end": None})
    "{u'start': u'10.0.0.20', u'end': None}"
    """
    return represent(wire(value))


def py2_str_repr(text: str) -> str:
    """repr() of a byte string in Python 2 (a command-line argument): UTF-8 bytes are escaped one by one.

    >>> print(py2_str_repr("ñ"))
    '\\xc3\\xb1'
    """
    return text_repr(text.encode("utf-8", "surrogateescape").decode("latin-1"), unicode=False)
