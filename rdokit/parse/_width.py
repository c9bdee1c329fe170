"""How many columns of a terminal a character takes, as the programs that draw tables count it.

Two programs count differently: prettytable of 2013 (what the clients of Havana use) and wcwidth
(what prettytable uses today). A parser has to read both.
"""

from __future__ import annotations

import unicodedata


class _Cached(dict):
    def __init__(self, width):
        self.width = width

    def __missing__(self, char: str) -> int:
        value = self[char] = self.width(char)
        return value


_WIDE_2013 = ((0x4E00, 0x9FFF), (0xAC00, 0xD7AF), (0x3040, 0x30FF), (0xFF01, 0xFF60), (0x3000, 0x303E))


def _of_2013(char: str) -> int:
    """prettytable 0.6–0.7: CJK, kana, Hangul and full-width forms are 2, everything unknown is 1."""
    code = ord(char)
    if 0x21 <= code <= 0x7E:
        return 1
    if unicodedata.combining(char) and not 0x3040 <= code <= 0x30FF:
        return 0
    if any(first <= code <= last for first, last in _WIDE_2013):
        return 2
    if code in (0x08, 0x7F):
        return -1
    return 0 if code in (0x00, 0x1F) else 1


def _of_today(char: str) -> int:
    """wcwidth: combining and format characters are 0, East Asian wide ones 2."""
    if char.isascii():
        return 1 if char.isprintable() else 0
    category = unicodedata.category(char)
    if category == "Cn":  # not assigned; only the planes of ideographs are wide
        return 2 if 0x20000 <= ord(char) <= 0x3FFFD else 1
    if category in ("Mn", "Me", "Mc", "Cf", "Cc", "Zl", "Zp"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


_today, _then = _Cached(_of_today), _Cached(_of_2013)
MEASURES = (_today.__getitem__, _then.__getitem__, len)
"""Ways to count, the likeliest first; the last takes every character for one column."""


def narrowest(char: str) -> int:
    """The least that any program may count for it."""
    return 1 if char.isascii() and char.isprintable() else min(_today[char], _then[char], 0)


def widest(char: str) -> int:
    """The most that any program may count for it.

    >>> narrowest("あ"), widest("あ"), narrowest("a"), widest("a")
    (0, 2, 1, 1)
    """
    return 1 if char.isascii() and char.isprintable() else 2
