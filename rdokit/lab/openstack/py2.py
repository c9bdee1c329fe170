"""What Python 2.7 does differently and the clients of 2013 let us see.

`nova show`, `nova boot` or `nova quota-show` print dictionaries in the order
of the interpreter's hash table, texts as `u'...'` and errors as argparse of
2.7 words them. To answer like them for objects nobody recorded, the hash
table itself is modelled here (64-bit CPython 2.7, no hash randomisation).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_BITS = (1 << 64) - 1
_DUMMY = object()  # the mark that a deleted key leaves in its slot


def hash_of(key: Any) -> int:
    """The hash of a text, number or None as an unsigned 64-bit number.

    >>> hash_of("a") == 12416037344 and hash_of("") == 0 and hash_of(7) == 7
    True
    """
    if isinstance(key, bool | int):
        return (-2 if key == -1 else int(key)) & _BITS
    text = str(key)
    if not text:
        return 0
    value = ord(text[0]) << 7
    for char in text:
        value = ((1000003 * value) & _BITS) ^ ord(char)
    value ^= len(text)
    return value - 1 if value == _BITS else value


class Py2Dict(dict):
    """A dict that iterates in the order of Python 2.7's hash table.

    Args:
        source: mapping or pairs, inserted one after another.
        presized: how many keys a literal `{...}` in the source code had (a
            literal reserves room at once, which can change the order).

    >>> list(Py2Dict([("status", 1), ("updated", 2), ("name", 3), ("id", 4)]))
    ['status', 'updated', 'name', 'id']
    """

    def __init__(self, source: Mapping | Iterable[tuple[Any, Any]] = (), presized: int = 0, **more: Any):
        super().__init__()
        self._slots: list[Any] = [None] * 8
        self._fill = 0
        if presized > 5:
            self._resize(presized)
        if isinstance(source, Py2Dict):
            self.update(source)
        else:
            for key, value in dict(source).items() if isinstance(source, Mapping) else source:
                self[key] = value
        for key, value in more.items():
            self[key] = value

    @classmethod
    def literal(cls, *pairs: tuple[Any, Any]) -> Py2Dict:
        """What `{k: v, ...}` in source code makes."""
        return cls(pairs, presized=len(pairs))

    @classmethod
    def fromkeys(cls, keys: Iterable[Any], value: Any = None) -> Py2Dict:  # type: ignore[override]
        return cls([(key, value) for key in keys])

    def _find(self, key: Any) -> int:
        """The slot of a key, or the one where it would go."""
        mask = len(self._slots) - 1
        perturb = number = hash_of(key)
        index, free = number & mask, -1
        while True:
            held = self._slots[index & mask]
            if held is None:
                return free if free >= 0 else index & mask
            if held is _DUMMY:
                free = index & mask if free < 0 else free
            elif held[0] == key:
                return index & mask
            index = (index * 5 + perturb + 1) & _BITS
            perturb >>= 5

    def _resize(self, wanted: int) -> None:
        size = 8
        while size <= wanted:
            size <<= 1
        held = [s for s in self._slots if s is not None and s is not _DUMMY]
        self._slots, self._fill = [None] * size, len(held)
        for entry in held:
            self._slots[self._find(entry[0])] = entry

    def __setitem__(self, key: Any, value: Any) -> None:
        if key in self:
            super().__setitem__(key, value)
            return
        where = self._find(key)
        self._fill += self._slots[where] is None
        self._slots[where] = (key,)
        super().__setitem__(key, value)
        if self._fill * 3 >= len(self._slots) * 2:
            self._resize(len(self) * 4)

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        self._slots[self._find(key)] = _DUMMY

    def pop(self, key: Any, *default: Any) -> Any:
        if key not in self:
            if default:
                return default[0]
            raise KeyError(key)
        value = self[key]
        del self[key]
        return value

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, other: Mapping | Iterable[tuple[Any, Any]] = (), **more: Any) -> None:
        if isinstance(other, Mapping):
            if (self._fill + len(other)) * 3 >= len(self._slots) * 2:
                self._resize((len(self) + len(other)) * 2)
            other = other.items()
        for key, value in other:
            self[key] = value
        for key, value in more.items():
            self[key] = value

    def copy(self) -> Py2Dict:
        fresh = Py2Dict()
        fresh.update(self)
        return fresh

    def __iter__(self) -> Iterator[Any]:
        return iter([s[0] for s in self._slots if s is not None and s is not _DUMMY])

    def keys(self):  # type: ignore[override]
        return list(self)

    def values(self):  # type: ignore[override]
        return [self[k] for k in self]

    def items(self):  # type: ignore[override]
        return [(k, self[k]) for k in self]

    def __reduce__(self):
        return (_restore, (list(self._slots_plain()), len(self._slots), dict.copy(self)))

    def _slots_plain(self) -> list[Any]:
        return [(i, s[0] if s is not _DUMMY else None, s is _DUMMY) for i, s in enumerate(self._slots) if s is not None]


def _restore(slots: list[Any], size: int, values: dict) -> Py2Dict:
    fresh = Py2Dict()
    fresh._slots = [None] * size
    for index, key, dummy in slots:
        fresh._slots[index] = _DUMMY if dummy else (key,)
    fresh._fill = len(slots)
    for key, value in values.items():
        dict.__setitem__(fresh, key, value)
    return fresh


def wire(value: Any) -> Any:
    """A value after a trip through JSON: the receiver's dicts are built anew, key by key.

    >>> list(wire({"b": 1, "a": {"x": 2}}))
    ['a', 'b']
    """
    if isinstance(value, Mapping):
        return Py2Dict([(str(k), wire(v)) for k, v in value.items()])
    if isinstance(value, list | tuple):
        return [wire(v) for v in value]
    return value


def text_repr(text: str, unicode: bool = True) -> str:
    """`repr` of a text: u'...' with escapes, as in error messages and printed lists.

    >>> print(text_repr("it's"), text_repr("日"))
    u"it's" u'\\u65e5'
    """
    body = []
    quote = '"' if "'" in text and '"' not in text else "'"
    for char in text:
        code = ord(char)
        if char in (quote, "\\"):
            body.append("\\" + char)
        elif char in "\t\n\r":
            body.append({"\t": "\\t", "\n": "\\n", "\r": "\\r"}[char])
        elif 32 <= code < 127:
            body.append(char)
        elif code < 256:
            body.append(f"\\x{code:02x}")
        else:
            body.append(f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}")
    return ("u" if unicode else "") + quote + "".join(body) + quote


def represent(value: Any) -> str:
    """`repr` of a value that came out of JSON.

    >>> represent([{"name": "default"}])
    "[{u'name': u'default'}]"
    """
    if isinstance(value, str):
        return text_repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{represent(k)}: {represent(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(represent(v) for v in value) + "]"
    if isinstance(value, tuple):
        inside = ", ".join(represent(v) for v in value)
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return repr(value)


def string(value: Any) -> str:
    """`str` of such a value: what a table cell shows."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.12g}" if "." in f"{value:.12g}" or "e" in f"{value:.12g}" else f"{value:.12g}.0"
    return represent(value)


def is_uuid(text: str) -> bool:
    """What `uuid.UUID(text)` of Python accepts.

    >>> is_uuid("2d9b7595292c4c978ff86e083c72a76d"), is_uuid("vm1")
    (True, False)
    """
    digits = text.replace("urn:", "").replace("uuid:", "").strip("{}").replace("-", "")
    return bool(re.fullmatch(r"[0-9a-fA-F]{32}", digits))
