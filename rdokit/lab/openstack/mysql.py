"""How the database of CentOS 6 stores and compares names: latin1 client, case-blind collation.

The services of Havana talk to MySQL with a latin1 connection: every UTF-8 byte
is one character there, long names are cut at the column's width, perhaps in the
middle of a Japanese character, and equal means equal without case, accents and
trailing blanks.
"""

from __future__ import annotations

import unicodedata

from .errors import ApiError


def cut(text: str, column: int) -> str | bytes:
    """What a varchar column keeps of a text; bytes when the cut fell into a character.

    >>> cut("demo", 64), cut("あ" * 22, 64)[-1]
    ('demo', 227)
    """
    raw = text.encode("utf-8", "surrogateescape")[:column]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw


def decode_problem(raw: bytes) -> str:
    """The codec's words for a value that was cut in the middle of a character."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return str(error).replace("'utf-8' codec", "'utf8' codec")
    return ""


def read(value: str | bytes) -> str:
    """A stored text as a service reads it.

    Raises:
        ApiError: 500, the value cannot be decoded.
    """
    if isinstance(value, bytes):
        problem = decode_problem(value)
        raise ApiError(500, f"An unexpected error prevented the server from fulfilling your request. {problem}")
    return value


def key(value: str | bytes | None) -> str:
    """What MySQL's collation compares: without case, accents (of the latin1 reading) and trailing blanks.

    >>> key("Demo ") == key("demo"), key("demo") == key(" demo")
    (True, False)
    """
    if value is None:
        return ""
    raw = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
    text = unicodedata.normalize("NFD", raw.decode("latin-1"))
    return "".join(c for c in text if not unicodedata.combining(c)).upper().rstrip(" ")


def same(one: str | bytes | None, other: str | bytes | None) -> bool:
    """Whether MySQL takes two values for equal."""
    return key(one) == key(other)
