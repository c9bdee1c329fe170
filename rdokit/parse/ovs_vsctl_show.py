"""`ovs-vsctl show`: bridges, ports and interfaces of one switch, Open vSwitch 1.7 to 3.x.

    903f6cd5-29f3-4b8d-9cda-3411ddf98ecb
        Bridge br-tun
            Port "gre-1"
                Interface "gre-1"
                    type: gre
                    options: {in_key=flow, local_ip="192.168.0.11", remote_ip="192.168.0.12"}
        ovs_version: "1.11.0"

Lines are read by their first word and not by their depth, because published samples have lost theirs.
Names with digits are quoted up to 2.12 and bare from 2.13. The order of bridges and ports changes from
call to call. 1.11 prints no `error:` line (2.4 and later do): ask `get Interface X ofport`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from rdokit.parse._ovs_model import COLUMNS, Interface, Switch
from rdokit.parse._ovs_reader import UUID, Reader
from rdokit.parse._ovsdb import is_plain_map, plain_map

__all__ = ["COLUMNS", "TOOL", "Interface", "Switch", "parse"]

TOOL = "ovs-vsctl show"

# How genuine output prints nearly everything; `_at_once` reads only that, `Reader` the rest.
_CONTROLLER = re.compile(r' {8}Controller "([^"\\\n]+)"\n(?: {12}is_connected: (true)\n)?')
_BRIDGE_SAYS = re.compile(
    rf"(?P<controllers>(?:{_CONTROLLER.pattern})*)"
    r"(?: {8}fail_mode: (?P<fail_mode>\w+)\n)?(?: {8}datapath_type: (?P<datapath_type>\w+)\n)?"
)
_INTERFACE_SAYS = re.compile(
    r'(?: {16}type: (\w+)\n)?(?: {16}options: (\{.*\})\n)?(?: {16}error: "([^"\\\n]*)"\n)?'
)


def parse(text: str, *, tool: str = TOOL) -> Switch:
    """Every bridge and interface in `text`.

    An excerpt without the uuid is taken; output that begins with the uuid must end with ovs_version,
    else it is cut.

    Raises:
        ParseError: cut, empty, or a line that is not of this output.

    >>> switch = parse('''Bridge "br-ex"
    ...     Port "bond0"
    ...         tag: 7
    ...         Interface "eth2"
    ...         Interface "eth3"
    ...             type: system
    ... ''')
    >>> [(row.bridge, row.port, row.tag, row.interface, row.type) for row in switch.interfaces]
    [('br-ex', 'bond0', 7, 'eth2', ''), ('br-ex', 'bond0', 7, 'eth3', 'system')]
    """
    return _at_once(text) or Reader(text, tool).read()


def _at_once(text: str) -> Switch | None:
    """Output in the form that ovs-vsctl itself gives it, for speed; None when it must be read line by line."""
    head, *blocks = text.split("\n    Bridge ")
    if not blocks or "\\" in text or not UUID.fullmatch(head):
        return None
    blocks[-1], _, version = blocks[-1].rpartition('\n    ovs_version: "')
    if version[-2:] != '"\n' or '"' in version[:-2]:
        return None
    bridges: list[dict[str, Any]] = []
    rows: list[tuple] = []
    for block in blocks:
        name, _, rest = f"{block}\n".partition("\n")
        top = rest.find("        Port ") if rest else 0
        name = _plain(name)
        bridge = _said_of_bridge(name, rest[: top if top >= 0 else None])
        if not (name and bridge) or (top >= 0 and not _ports(rest[top:], name, rows)):
            return None
        bridges.append(bridge)
    return Switch(head, version[:-2], [], bridges, rows, [])


def _plain(name: str) -> str:
    """A name without its quotes; "" for one that needs a closer look."""
    if name[0] == '"' == name[-1]:
        return name[1:-1]
    return "" if '"' in name or " " in name else name


def _said_of_bridge(name: str, text: str) -> dict[str, Any] | None:
    bridge = {"bridge": name, "controllers": [], "fail_mode": None, "datapath_type": None}
    if text:
        match = _BRIDGE_SAYS.fullmatch(text)
        if not match:
            return None
        found = _CONTROLLER.findall(match["controllers"])
        bridge["controllers"] = [{"target": target, "is_connected": bool(yes)} for target, yes in found]
        bridge |= {"fail_mode": match["fail_mode"], "datapath_type": match["datapath_type"]}
    return bridge


def _ports(text: str, bridge: str, rows: list[tuple]) -> bool:
    """Append each port's one interface; False when there is anything else, as a bond or trunks."""
    first, *blocks = text.split("        Port ")
    tags, cards, add = _tags(), _Cards(_CARDS), rows.append
    try:
        for block in blocks:
            label, _, rest = block.partition("\n")
            before, _, after = rest.partition(f"Interface {label}\n")
            kind, options, error = cards[after]
            name = label[1:-1] if label[0] == '"' == label[-1] else label
            add((bridge, name, tags[before], None, name, kind, {**options} if options else {}, error, None))
            if " " in label or '"' in name:
                return False
    except KeyError:
        return False
    return not first


class _Cards(dict):
    """What stands below an interface → (type, options, error); KeyError when it needs a closer look."""

    def __missing__(self, text: str) -> tuple[str, dict[str, str], str | None]:
        match = _INTERFACE_SAYS.fullmatch(text)
        if not match or (match[2] and not is_plain_map(match[2])):
            raise KeyError(text)
        said = self[text] = match[1] or "", plain_map(match[2]) if match[2] else {}, match[3]
        return said


_CARDS = {"": ("", {}, None), "                type: internal\n": ("internal", {}, None)}


@cache
def _tags() -> dict[str, int | None]:
    """What stands between a port's name and its interface when it has a VLAN or nothing, and the VLAN."""
    return {"            ": None} | {f"            tag: {n}\n            ": n for n in range(4096)}


