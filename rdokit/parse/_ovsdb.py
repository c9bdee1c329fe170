"""Names and values as Open vSwitch prints them: bare words, quoted strings, sets `[a, b]`, maps `{key=value}`."""

from __future__ import annotations

import json
import re
from typing import Any

_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s",=\[\]{}]+')
_PAIR = re.compile(r'([\w-]+)=(?:"([^"\\]*)"|([^\s",={}\[\]]+))')
_MAP = re.compile(r'\{(?:[\w-]+=(?:"[^"\\]*"|[^\s",={}\[\]]+)(?:, +|(?=\})))*\}')


def name(text: str) -> str:
    """A name, quoted or bare.

    Raises:
        ValueError: the quote is not closed, or there are several words.

    >>> name('"br test"'), name("br-ex")
    ('br test', 'br-ex')
    """
    if text[0] != '"':
        if " " in text or '"' in text:
            raise ValueError("one name expected")
        return text
    if text.count('"') == 2 and text[-1] == '"' and "\\" not in text:
        return text[1:-1]
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError("the quoted name is not closed: the output is cut") from None


def value(text: str) -> Any:
    """What stands after a colon: a number, true or false, a text, a set (list) or a map (dict).

    >>> value("1"), value("true"), value("[10, 20]"), value('{peer=patch-int, a="b, c"}')
    (1, True, [10, 20], {'peer': 'patch-int', 'a': 'b, c'})
    """
    if text.isdecimal():
        return int(text)
    if text[:1] not in ('"', "{", "["):
        return {"true": True, "false": False}.get(text, text)
    if text[0] == '"':
        return name(text)
    if is_plain_map(text):
        return plain_map(text)
    if (text[0], text[-1]) not in (("{", "}"), ("[", "]")):
        raise ValueError("the value is not closed: the output is cut")
    return _members(text)


def is_plain_map(text: str) -> bool:
    """Whether it is a map that `plain_map` can read: no escapes in it."""
    return bool(_MAP.fullmatch(text))


def plain_map(text: str) -> dict[str, str]:
    return {key: quoted or bare for key, quoted, bare in _PAIR.findall(text)}


def _members(text: str) -> Any:
    inside, at, keys, values = text[1:-1], 0, [], []
    while at < len(inside):
        key = _VALUE.match(inside, at)
        equals = key and text[0] == "{" and inside[key.end() : key.end() + 1] == "="
        found = _VALUE.match(inside, key.end() + 1) if equals else key
        if not found or (text[0] == "{") != bool(equals):
            if inside[at:].strip(" ,"):
                raise ValueError("a set [a, b] or a map {key=value, …} expected")
            break
        keys.append(name(key[0]))
        values.append(name(found[0]))
        at = found.end()
        while inside[at : at + 1] in (",", " "):
            at += 1
    if text[0] == "{":
        return dict(zip(keys, values, strict=True))
    return [int(one) if one.isdecimal() else one for one in values]
