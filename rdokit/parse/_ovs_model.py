"""What `ovs-vsctl show` tells of one switch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple


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
        rows: one tuple per interface with COLUMNS, in the order printed.
        omitted: numbers of lines that say that something was cut out, as （略）.
    """

    uuid: str = ""
    version: str = ""
    managers: list[dict[str, Any]] = field(default_factory=list)
    bridges: list[dict[str, Any]] = field(default_factory=list)
    rows: list[tuple] = field(default_factory=list)
    omitted: list[int] = field(default_factory=list)

    @property
    def interfaces(self) -> list[Interface]:
        """The rows with names."""
        return list(map(Interface._make, self.rows))
