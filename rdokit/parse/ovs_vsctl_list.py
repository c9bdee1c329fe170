"""`ovs-vsctl --format=json list TABLE`: any table of the switch's database, with real types.

    {"data": [["eth1", 1, ["set", []], ["map", [["peer", "patch-int"]]]]], "headings": ["name", "ofport", …]}
"""

from __future__ import annotations

import json
from typing import Any

from rdokit.errors import ParseError

TOOL = "ovs-vsctl list"


def parse(text: str, *, tool: str = TOOL) -> list[dict[str, Any]]:
    """One dict per record: a set of none is None, of one its member, of more a list; a map a dict.

    OVSDB writes an optional value as a set of none or one, so `ofport` is None, or a number.

    Raises:
        ParseError: cut, or no such JSON.

    >>> parse('{"data":[["eth1",["set",[]],["map",[["a","b"]]]]],"headings":["name","tag","options"]}')
    [{'name': 'eth1', 'tag': None, 'options': {'a': 'b'}}]
    """
    try:
        found = json.loads(text)
        headings, data = found["headings"], found["data"]
        return [dict(zip(headings, map(_value, row), strict=True)) for row in data]
    except (ValueError, KeyError, TypeError) as error:
        line = text.partition("\n")[0]
        raise ParseError(f"no table of OVSDB in JSON: {error}", tool, 1, line[:200]) from error


def _value(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    kind, content = value
    if kind == "map":
        return {_value(key): _value(one) for key, one in content}
    if kind == "set":
        members = [_value(one) for one in content]
        return members if len(members) > 1 else (members[0] if members else None)
    if kind in ("uuid", "named-uuid"):
        return content
    raise ValueError(f"{kind!r} is no kind of OVSDB")
