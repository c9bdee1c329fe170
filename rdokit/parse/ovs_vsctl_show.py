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
from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat
from typing import Any, NamedTuple

from rdokit.errors import ParseError
from rdokit.parse._ovsdb import is_plain_map, name, plain_map, value

TOOL = "ovs-vsctl show"

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OMITTED = re.compile(r"（.*略.*）|\(.*略.*\)|[（(<\[]*\s*(?:\.{3,}|…+|snip|omitted)\s*[>\])）]*")
_KEY = re.compile(r"[A-Za-z_][\w.-]*:")
# A port with the one interface that has its name, as genuine output prints nearly all of them.
_PORT = re.compile(
    r" {8}Port (.+)\n(?: {12}tag: (\d+)\n)? {12}Interface \1\n"
    r"(?: {16}type: (\w+)\n)?(?: {16}options: (\{.*\})\n)?"
)
_TAGS: dict[str | None, int] = {str(tag): tag for tag in range(4096)}


class Interface(NamedTuple):
    """One interface and the port and bridge that it belongs to; a bond's port has several.

    Attributes:
        bridge, port: None where an excerpt begins in the middle.
        tag: VLAN number, 4095 for a port that the agent could not bind; None for none.
        trunks: VLAN numbers, None for all.
        type: internal, patch, gre, vxlan, system …; "" for a plain NIC of 1.x and 2.x.
        options: {"peer": …} or {"local_ip": …, "remote_ip": …, …}.
        error: what Open vSwitch 2.4 and later say is wrong with it.
        other: whatever else is shown of it or its port (bond_mode …), None for nothing.
    """

    bridge: str | None
    port: str | None
    tag: int | None
    trunks: list[int] | None
    interface: str
    type: str
    options: dict[str, str]
    error: str | None
    other: dict[str, Any] | None


COLUMNS = Interface._fields


@dataclass
class Switch:
    """What one switch says.

    Attributes:
        uuid, version: "" in a published excerpt that does not show them.
        managers: one {target, is_connected} each.
        bridges: one {bridge, controllers, fail_mode, datapath_type} each; controllers as managers.
        interfaces: one row per interface, in the order printed.
        omitted: numbers of lines that say that something was cut out, as （略）.
    """

    uuid: str = ""
    version: str = ""
    managers: list[dict[str, Any]] = field(default_factory=list)
    bridges: list[dict[str, Any]] = field(default_factory=list)
    interfaces: list[Interface] = field(default_factory=list)
    omitted: list[int] = field(default_factory=list)


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
    return _Reader(text, tool).read()


class _Reader:
    """State while going down the lines: which bridge, port and thing the next attribute belongs to."""

    def __init__(self, text: str, tool: str):
        self.text = text
        self.tool = tool
        self.switch = Switch()
        self.bridge: dict[str, Any] | None = None
        self.port: dict[str, Any] = {}  # what a port says before its first interface
        self.owner: dict[str, Any] | None = None  # controller, manager, port or interface that was named last
        self.rows: list[dict[str, Any]] = []  # interfaces whose attributes may go on
        self.waiting = 0  # line of a port that has no interface yet

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def read(self) -> Switch:
        start = 0
        while start < len(self.text):  # from bridge to bridge
            stop = self.text.find("\n    Bridge ", start) + 1 or len(self.text)
            if not self.take_block(start, stop):
                self.take_lines(start, stop)
            start = stop
        self.no_port_waits()
        self.close_rows()
        self.complete()
        return self.switch

    def take_block(self, start: int, stop: int) -> bool:
        """All ports of a bridge at once, when each has the usual form and nothing stands between them."""
        first = self.text.find("        Port ", start, stop)
        last = self.text.rfind("    ovs_version:", start) if stop == len(self.text) else stop
        if first < 0 or last < first or self.text[last - 1] != "\n" or self.text[first - 1] != "\n":
            return False
        parts = _PORT.split(self.text[first:last])  # what stands between two ports, then the groups of the next
        options = parts[4::5]
        joined = "\n".join(["", *parts[1::5], ""])
        quotes = joined.count('"')
        odd = not quotes == 2 * joined.count('\n"') == 2 * joined.count('"\n') or " " in joined or "\\" in joined
        names = joined.replace('"', "").split("\n")[1:-1]
        tags = list(map(_TAGS.get, parts[2::5]))
        odd = odd or tags.count(None) != parts[2::5].count(None)
        if any(parts[::5]) or odd or not all(is_plain_map(one) for one in options if one):
            return False
        self.take_lines(start, first)
        self.close_rows()
        columns = (
            repeat(self.bridge and self.bridge["bridge"]), names, tags, repeat(None), names,
            [kind or "" for kind in parts[3::5]], [plain_map(one) if one else {} for one in options],
            repeat(None), repeat(None),
        )  # fmt: skip
        self.switch.interfaces += map(tuple.__new__, repeat(Interface), zip(*columns, strict=False))
        self.port, self.owner = {}, None
        self.take_lines(last, stop)
        return True

    def take_lines(self, start: int, stop: int) -> None:
        words = {"Port": self.on_port, "Interface": self.on_interface, "Bridge": self.on_bridge,
                 "Controller": self.on_controller, "Manager": self.on_manager}  # fmt: skip
        first = self.text.count("\n", 0, start) + 1
        for number, line in enumerate(self.text[start:stop].split("\n"), first):
            stripped = line.strip()
            if not stripped:
                continue
            word, _, rest = stripped.partition(" ")
            on = words.get(word)
            if on is not None and rest:
                on(number, self.name(rest, number))
            else:
                self.on_other(number, stripped, word, rest)

    # What the lines say

    def on_port(self, number: int, name: str) -> None:
        self.no_port_waits()
        self.port = self.owner = {"port": name}
        self.waiting = number

    def on_interface(self, number: int, name: str) -> None:
        self.owner = {"bridge": self.bridge and self.bridge["bridge"], **self.port, "interface": name}
        self.rows.append(self.owner)
        self.waiting = 0

    def on_bridge(self, number: int, name: str) -> None:
        self.no_port_waits()
        self.bridge = {"bridge": name, "controllers": [], "fail_mode": None, "datapath_type": None}
        self.switch.bridges.append(self.bridge)
        self.port, self.owner = {}, self.bridge

    def on_controller(self, number: int, name: str) -> None:
        if self.bridge is None:
            raise self.wrong("a controller outside a bridge", number)
        self.owner = {"target": name, "is_connected": False}
        self.bridge["controllers"].append(self.owner)

    def on_manager(self, number: int, name: str) -> None:
        self.owner = {"target": name, "is_connected": False}
        self.switch.managers.append(self.owner)

    def on_other(self, number: int, line: str, word: str, rest: str) -> None:
        if word[-1] == ":" and _KEY.fullmatch(word):
            self.on_attribute(number, word[:-1], rest.strip())
        elif not self.switch.uuid and not self.switch.bridges and _UUID.fullmatch(line):
            self.switch.uuid = line
        elif _OMITTED.fullmatch(line):
            self.switch.omitted.append(number)
            self.waiting = 0
        elif not self.continues(number):
            raise self.wrong("neither Bridge, Port, Interface, Controller, Manager nor `key: value`", number)

    def on_attribute(self, number: int, key: str, text: str) -> None:
        found = self.value(self.whole(number, text), number)
        if key == "ovs_version":
            self.switch.version = str(found)
        elif key in ("fail_mode", "datapath_type") and self.bridge is not None:
            self.bridge[key] = found
        elif self.owner is None:
            raise self.wrong(f"{key} belongs to nothing above it", number)
        elif key == "trunks" and not isinstance(found, list):
            self.owner[key] = [found]  # a set of one is printed without brackets
        elif key == "options" and not isinstance(found, dict):
            raise self.wrong("a map {key=value, …} expected", number)
        else:
            self.owner[key] = found

    def close_rows(self) -> None:
        """Interfaces read line by line become rows once nothing can be added to them."""
        blank = {"bridge": None, "port": None, "tag": None, "trunks": None, "type": "", "error": None}
        for row in self.rows:
            more = {key: value for key, value in row.items() if key not in COLUMNS}
            known = {key: value for key, value in row.items() if key in COLUMNS}
            self.switch.interfaces.append(Interface(**{**blank, "options": {}, **known, "other": more or None}))
        self.rows = []

    # Values

    def name(self, text: str, number: int) -> str:
        try:
            return name(text)
        except ValueError as error:
            raise self.wrong(str(error), number) from None

    def value(self, text: str, number: int) -> Any:
        try:
            return value(text)
        except ValueError as error:
            raise self.wrong(str(error), number) from None

    def whole(self, number: int, text: str) -> str:
        """The value with the lines that it goes on in: published samples wrap long options."""
        while text[:1] in ("{", "[") and text[-1] not in "}]" and number < len(self.lines):
            text += " " + self.lines[number].strip()
            number += 1
        return text

    def continues(self, number: int) -> bool:
        """Whether this line is the rest of a wrapped value above, which was read with its first line."""
        for above in range(number - 1, max(number - 8, 0), -1):
            text = " ".join(self.lines[above - 1 : number - 1])
            if text.count("{") > text.count("}") or text.count("[") > text.count("]"):
                return True
        return False

    # What must not be

    def no_port_waits(self) -> None:
        if self.waiting:
            raise self.wrong("this port has no interface: the output is cut", self.waiting)

    def complete(self) -> None:
        switch = self.switch
        if not (switch.uuid or switch.bridges or switch.interfaces or switch.version):
            raise ParseError("nothing was printed", self.tool)
        if switch.uuid and not switch.version:
            number = max(n for n, line in enumerate(self.lines, 1) if line.strip())
            raise self.wrong("no ovs_version at the end: the output is cut", number)

    def wrong(self, message: str, number: int) -> ParseError:
        return ParseError(message, self.tool, number, self.lines[number - 1])
