"""`ovs-vsctl show` line by line: whatever a published page, an old or a new version made of it."""

from __future__ import annotations

import re
from typing import Any

from rdokit.errors import ParseError
from rdokit.parse._ovs_model import COLUMNS, Interface, Switch
from rdokit.parse._ovsdb import name, value

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OMITTED = re.compile(r"（.*略.*）|\(.*略.*\)|[（(<\[]*\s*(?:\.{3,}|…+|snip|omitted)\s*[>\])）]*")
_KEY = re.compile(r"[A-Za-z_][\w.-]*:")


class Reader:
    """State while going down the lines: which bridge, port and thing the next attribute belongs to."""

    def __init__(self, text: str, tool: str):
        self.lines = text.split("\n")
        self.tool = tool
        self.switch = Switch()
        self.bridge: dict[str, Any] | None = None
        self.port: dict[str, Any] = {}  # what a port says before its first interface
        self.owner: dict[str, Any] | None = None  # controller, manager, port or interface that was named last
        self.rows: list[dict[str, Any]] = []  # interfaces whose attributes may go on
        self.waiting = 0  # line of a port that has no interface yet

    def read(self) -> Switch:
        words = {"Port": self.on_port, "Interface": self.on_interface, "Bridge": self.on_bridge,
                 "Controller": self.on_controller, "Manager": self.on_manager}  # fmt: skip
        for number, line in enumerate(self.lines, 1):
            stripped = line.strip()
            if not stripped:
                continue
            word, _, rest = stripped.partition(" ")
            on = words.get(word)
            if on is not None and rest:
                on(number, self.name(rest, number))
            else:
                self.on_other(number, stripped, word, rest)
        self.no_port_waits()
        self.close_rows()
        self.complete()
        return self.switch

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
        elif not self.switch.uuid and not self.switch.bridges and UUID.fullmatch(line):
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
            self.switch.rows.append(tuple(Interface(**{**blank, "options": {}, **known, "other": more or None})))

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
        if not (switch.uuid or switch.bridges or switch.rows or switch.version):
            raise ParseError("nothing was printed", self.tool)
        if switch.uuid and not switch.version:
            number = max(n for n, line in enumerate(self.lines, 1) if line.strip())
            raise self.wrong("no ovs_version at the end: the output is cut", number)

    def wrong(self, message: str, number: int) -> ParseError:
        return ParseError(message, self.tool, number, self.lines[number - 1])
