"""Open vSwitch 1.11 of one node: its database, and the switch that follows it.

`Switch` is the database (ovsdb-server): plain tables that survive a reboot, as
/etc/openvswitch/conf.db does. `apply` is ovs-vswitchd: it opens the devices that
the database asks for, numbers their ports, and makes internal ports appear as
network interfaces of the node. Both run while the service `openvswitch` does.
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .nodestate import append
from .ovsdata import OvsError, datum_text, json_string
from .ovsschema import TABLES, Table
from .world import Nic

if TYPE_CHECKING:
    from .world import Node, World

VERSION = "1.11.0"
LOG = "/var/log/openvswitch/ovs-vswitchd.log"
LOCAL = 65534  # OpenFlow number of a bridge's own port
Row = dict[str, Any]


def row_order(uuids: list[str]) -> list[str]:
    """The order in which 1.11's hash tables give rows back: by the low bits of the UUID's first word.

    >>> row_order(["00000001-", "00000000-"])
    ['00000000-', '00000001-']
    """
    mask = len(uuids) // 2
    for shift in (1, 2, 4, 8, 16):
        mask |= mask >> shift
    mask |= (mask & 1) << 1
    return sorted(uuids, key=lambda u: (int(u[:8], 16) & mask, uuids.index(u)))


@dataclass
class Switch:
    """The database, and what ovs-vswitchd remembers.

    `datapath` is "system" on a node (kernel module), "dummy" on a bench where
    every device opens, "none" when vswitchd runs but cannot open anything.
    """

    name: str
    seed: str
    tables: dict[str, dict[str, Row]] = field(default_factory=lambda: {name: {} for name in TABLES})
    drawn: int = 0
    datapath: str = "system"
    server_up: bool | None = None  # None: as the service says (a bench sets it)
    vswitchd_up: bool | None = None
    opened: dict[str, int] = field(default_factory=dict)  # interface uuid -> number of its device (dummy MAC)
    next_port: dict[str, int] = field(default_factory=dict)  # bridge uuid -> last OpenFlow port given
    sync: list[str] = field(default_factory=list)  # warnings of the last apply, for ovs-vswitchd.log
    warned: int = 0  # lines in ovs-vswitchd.log
    applied: tuple = ()  # what the last apply saw; the same again needs nothing done

    def __post_init__(self) -> None:
        if not self.tables["Open_vSwitch"]:
            self.tables["Open_vSwitch"][self.uuid()] = default_row("Open_vSwitch")

    def uuid(self) -> str:
        """The next row id: looks random, is the same for the same seed."""
        self.drawn += 1
        h = hashlib.sha256(f"{self.seed}/ovs/{self.drawn}".encode()).hexdigest()
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{'89ab'[int(h[16], 16) % 4]}{h[17:20]}-{h[20:32]}"

    @property
    def root(self) -> Row:
        return next(iter(self.tables["Open_vSwitch"].values()))

    @property
    def root_uuid(self) -> str:
        return next(iter(self.tables["Open_vSwitch"]))

    # -- what commands and agents ask -------------------------------------

    def bridges(self) -> dict[str, str]:
        """Name -> uuid of the real bridges."""
        return {self.tables["Bridge"][u]["name"][0]: u for u in self.root["bridges"]}

    def ports(self, bridge: str) -> dict[str, str]:
        """Name -> uuid of a bridge's ports, its own among them."""
        row = self.tables["Bridge"][self.bridges()[bridge]]
        return {self.tables["Port"][u]["name"][0]: u for u in row["ports"]}

    def bridge_of(self, port: str) -> str | None:
        """The bridge that a port is on, or None."""
        return next((b for b in self.bridges() if port in self.ports(b)), None)

    def interface(self, name: str) -> Row | None:
        return next((r for r in self.tables["Interface"].values() if r["name"] == [name]), None)

    def port(self, name: str) -> Row | None:
        return next((r for r in self.tables["Port"].values() if r["name"] == [name]), None)

    def ofport(self, name: str) -> int | None:
        """The OpenFlow port number: None before vswitchd has seen it, -1 when the device could not be opened."""
        row = self.interface(name)
        return row["ofport"][0] if row and row["ofport"] else None

    # -- what agents change (as `ovs-vsctl` would) -------------------------

    def begin(self) -> Transaction:
        return Transaction(self)

    def add_bridge(self, name: str, **columns: Any) -> None:
        """--may-exist add-br."""
        if name in self.bridges():
            return
        txn = self.begin()
        txn.add_bridge(name, **columns)
        txn.commit()

    def delete_bridge(self, name: str) -> None:
        """--if-exists del-br."""
        uuid = self.bridges().get(name)
        if uuid:
            txn = self.begin()
            txn.set("Open_vSwitch", self.root_uuid, "bridges", [u for u in self.root["bridges"] if u != uuid])
            txn.commit()

    def add_port(self, bridge: str, name: str, tag: int | None = None, **interface: Any) -> None:
        """--may-exist add-port BRIDGE NAME tag=… -- set Interface NAME …"""
        there = self.bridge_of(name)
        if there and there != bridge:
            self.delete_port(name)
        txn = self.begin()
        if there != bridge:
            txn.add_port(txn.find("Bridge", "name", bridge), name, [name])
        port = txn.find("Port", "name", name)
        txn.set("Port", port, "tag", [] if tag is None else [tag])
        iface = txn.find("Interface", "name", name)
        for column, value in interface.items():
            txn.set("Interface", iface, column, value if isinstance(value, dict) else [value])
        txn.commit()

    def add_tunnels(self, bridge: str, kind: str, ports: dict[str, dict[str, str]]) -> None:
        """Several tunnel ports (name -> options) at once."""
        txn = self.begin()
        uuid = txn.find("Bridge", "name", bridge)
        for name, options in ports.items():
            _port, (iface,) = txn.add_port(uuid, name, [name])
            txn.tables["Interface"][iface].update(type=[kind], options=dict(options))
        txn.commit()

    def delete_port(self, name: str) -> None:
        """--if-exists del-port."""
        bridge = self.bridge_of(name)
        if not bridge or bridge == name:
            return
        txn = self.begin()
        uuid, port = self.bridges()[bridge], self.ports(bridge)[name]
        txn.set("Bridge", uuid, "ports", [p for p in self.tables["Bridge"][uuid]["ports"] if p != port])
        txn.commit()

    # -- ovs-vsctl show ------------------------------------------------------

    def show(self) -> str:
        """The overview that `ovs-vsctl show` prints (1.11: no `error:` line)."""
        lines = [self.root_uuid]
        self._show_columns(lines, "Open_vSwitch", self.root_uuid, 1)
        return "\n".join(lines) + "\n"

    def _show_columns(self, lines: list[str], table: str, uuid: str, level: int) -> None:
        row = self.tables[table][uuid]
        for name in SHOWN[table]:
            column = TABLES[table].columns[name]
            if column.key.ref:
                for ref in row[name]:
                    label = "target" if column.key.ref in ("Controller", "Manager") else "name"
                    there = self.tables[column.key.ref][ref]
                    text = datum_text(there[label], TABLES[column.key.ref].columns[label])
                    lines.append(f"{'    ' * level}{column.key.ref} {text}")
                    self._show_columns(lines, column.key.ref, ref, level + 1)
            elif row[name] != column.default():
                lines.append(f"{'    ' * level}{name}: {datum_text(row[name], column)}")


SHOWN = {
    "Open_vSwitch": ["manager_options", "bridges", "ovs_version"],
    "Bridge": ["controller", "fail_mode", "ports"],
    "Port": ["tag", "trunks", "interfaces"],
    "Interface": ["type", "options"],
    "Controller": ["is_connected"],
    "Manager": ["is_connected"],
}


def default_row(table: str) -> Row:
    return {name: column.default() for name, column in TABLES[table].columns.items()}


class Transaction:
    """Changes to a copy of the tables, put in place by `commit` if the database's rules allow them."""

    def __init__(self, switch: Switch):
        self.switch = switch
        self.tables = {t: {u: dict(r) for u, r in rows.items()} for t, rows in switch.tables.items()}
        self.new: set[str] = set()
        self.deleted: set[str] = set()

    @property
    def root(self) -> Row:
        return next(iter(self.tables["Open_vSwitch"].values()))

    def insert(self, table: str, uuid: str | None = None, **columns: Any) -> str:
        uuid = uuid or self.switch.uuid()
        self.tables[table][uuid] = default_row(table) | columns
        self.new.add(uuid)
        return uuid

    def set(self, table: str, uuid: str, column: str, value: Any) -> None:
        self.tables[table][uuid][column] = sorted(value) if isinstance(value, list) else value

    def delete(self, table: str, uuid: str) -> None:
        del self.tables[table][uuid]
        self.deleted.add(uuid)

    def find(self, table: str, column: str, value: Any) -> str:
        return next(u for u, r in self.tables[table].items() if r[column] == [value])

    def add_bridge(self, name: str, **columns: Any) -> str:
        iface = self.insert("Interface", name=[name], type=["internal"])
        port = self.insert("Port", name=[name], interfaces=[iface])
        bridge = self.insert("Bridge", name=[name], ports=[port], **columns)
        self.root["bridges"] = sorted([*self.root["bridges"], bridge])
        return iface

    def add_port(self, bridge: str, name: str, interfaces: list[str], **columns: Any) -> tuple[str, list[str]]:
        ifaces = [self.insert("Interface", name=[i]) for i in interfaces]
        port = self.insert("Port", name=[name], interfaces=sorted(ifaces), **columns)
        self.tables["Bridge"][bridge]["ports"] = sorted([*self.tables["Bridge"][bridge]["ports"], port])
        return port, ifaces

    def commit(self) -> bool:
        """Put the changes in place.

        Returns:
            whether anything changed.

        Raises:
            OvsError: a rule of the schema is broken ("transaction error: {…}").
        """
        self._collect()
        self._weak()
        self._check()
        old = self.switch.tables
        changed = any(self.tables[t] != old[t] for t in self.tables)
        if changed:
            self.root["next_cfg"] = [self.root["next_cfg"][0] + 1]
            self.switch.tables = self.tables
        return changed

    def _references(self) -> dict[str, int]:
        count: dict[str, int] = {}
        for name, rows in self.tables.items():
            columns = [
                (c, k) for c in TABLES[name].columns.values() for k in (c.key, c.value) if k and k.ref and not k.weak
            ]
            for row in rows.values():
                for column, atom in columns:
                    held = row[column.name]
                    for u in held.values() if column.is_map and atom is column.value else held:
                        count[u] = count.get(u, 0) + 1
        return count

    def _collect(self) -> None:
        """Rows of a table that is no root go away when nothing refers to them."""
        while True:
            count = self._references()
            stale = [(t, u) for t, rows in self.tables.items() if not TABLES[t].root for u in rows if not count.get(u)]
            if not stale:
                return
            for table, uuid in stale:
                del self.tables[table][uuid]

    def _weak(self) -> None:
        for name in ("Mirror",):
            for row in self.tables[name].values():
                for column in ("select_src_port", "select_dst_port", "output_port"):
                    row[column] = [u for u in row[column] if u in self.tables["Port"]]

    def _check(self) -> None:
        count = self._references()
        for table, rows in self.tables.items():
            self._unique(TABLES[table], rows)
        for uuid in sorted(self.deleted):
            if count.get(uuid) and not any(uuid in rows for rows in self.tables.values()):
                table = next(t for t, rows in self.switch.tables.items() if uuid in rows)
                _fail(
                    f"cannot delete {table} row {uuid} because of {count[uuid]} remaining reference(s)",
                    "referential integrity violation",
                )
        if len(self.tables["Open_vSwitch"]) > 1:
            n = len(self.tables["Open_vSwitch"])
            text = f'transaction causes "Open_vSwitch" table to contain {n} rows, '
            _fail(text + "greater than the schema-defined limit of 1 row(s)", "constraint violation")

    def _unique(self, table: Table, rows: dict[str, Row]) -> None:
        if not table.unique:
            return
        seen: dict[Any, str] = {}
        for uuid, row in rows.items():
            key = row[table.unique][0]
            if key in seen:
                _fail(
                    f'Transaction causes multiple rows in "{table.name}" table to have identical values '
                    f'({json_string(key)}) for index on column "{table.unique}".  '
                    f"First row, with UUID {seen[key]}, {self._history(seen[key])}.  "
                    f"Second row, with UUID {uuid}, {self._history(uuid)}.",
                    "constraint violation",
                )
            seen[key] = uuid

    def _history(self, uuid: str) -> str:
        if uuid in self.new:
            return "was inserted by this transaction"
        return "existed in the database before this transaction and was not modified by the transaction"


def _fail(details: str, error: str) -> None:
    raise OvsError(f'transaction error: {{"details":{json_string(details)},"error":{json_string(error)}}}')


# -- ovs-vswitchd ----------------------------------------------------------------


def server_running(node: Node) -> bool:
    """Whether ovsdb-server answers on its socket."""
    if node.ovs is None:
        return False
    return node.running("openvswitch") if node.ovs.server_up is None else node.ovs.server_up


def vswitchd_running(node: Node) -> bool:
    """Whether ovs-vswitchd follows the database."""
    if node.ovs is None:
        return False
    return node.running("openvswitch") if node.ovs.vswitchd_up is None else node.ovs.vswitchd_up


def ensure(world: World, node: Node) -> Switch:
    """The node's database, created empty when the service starts for the first time."""
    if node.ovs is None:
        node.ovs = Switch(node.name, f"{world.seed}/{node.name}")
    return node.ovs


def start(world: World, node: Node) -> None:
    """What `service openvswitch start` adds: the system's own identity, and vswitchd's first look."""
    switch = ensure(world, node)
    root = switch.root
    root["ovs_version"] = [VERSION]
    root["db_version"] = ["7.2.0"]
    if switch.datapath == "system":
        root["system_type"], root["system_version"] = ["CentOS"], [_release(node)]
        root["external_ids"] = {"system-id": root["external_ids"].get("system-id") or switch.uuid()}
    switch.applied = ()
    apply(node)


def _release(node: Node) -> str:
    try:
        words = node.fs.read_text("/etc/redhat-release").split()
        return f"{words[2]}-{words[3].strip('()')}"
    except (OSError, IndexError):
        return "6.5-Final"


def mac_of(uuid: str) -> str:
    """A locally administered MAC that looks random and belongs to one row.

    >>> mac_of("4bd7e1e1-6d71-4dca-9060-594101286efa")
    '4a:d7:e1:e1:6d:71'
    """
    digits = uuid.replace("-", "")
    first = int(digits[:2], 16) & 0xFE | 0x02
    return ":".join([f"{first:02x}", *(digits[i : i + 2] for i in range(2, 12, 2))])


def apply(node: Node) -> None:
    """Bring the node's devices and the status columns in line with the database (what ovs-vswitchd does)."""
    switch = node.ovs
    if switch is None or not vswitchd_running(node):
        return
    root = switch.root
    seen = (
        root["next_cfg"][0],
        switch.datapath,
        tuple((n.name, n.kind, n.master, n.up, n.netns, n.mac, n.mtu) for n in node.nics.values()),
    )
    if seen == switch.applied and root["cur_cfg"] == root["next_cfg"]:
        return
    before, switch.sync = switch.sync, []
    wanted: dict[str, str] = {}
    if switch.datapath == "none":
        root["cur_cfg"] = list(root["next_cfg"])
        return
    for uuid in root["bridges"]:
        bridge = switch.tables["Bridge"][uuid]
        members = [
            (i, switch.tables["Interface"][i], switch.tables["Port"][p])
            for p in bridge["ports"]
            for i in switch.tables["Port"][p]["interfaces"]
        ]
        name = bridge["name"][0]
        for iface_uuid, iface, _port in sorted(members, key=lambda m: m[1]["name"][0] != name):
            _apply_interface(node, switch, uuid, name, iface_uuid, iface, wanted)
        _apply_bridge(node, switch, uuid, bridge, members)
    for problem in switch.sync:
        if problem not in before:
            when = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
            switch.warned += 1
            append(node, LOG, f"{when}|{switch.warned:05d}|bridge|WARN|{problem}\n", 0o640)
    _drop_devices(node, wanted)
    root["cur_cfg"] = list(root["next_cfg"])
    after = tuple((n.name, n.kind, n.master, n.up, n.netns, n.mac, n.mtu) for n in node.nics.values())
    switch.applied = (seen[0], seen[1], after)


def _apply_interface(
    node: Node, switch: Switch, bridge_uuid: str, bridge: str, uuid: str, iface: Row, wanted: dict[str, str]
) -> None:
    name, kind = iface["name"][0], iface["type"][0]
    problem = _open(node, switch, name, kind, iface)
    if problem:
        switch.sync.append(problem)
        _clear(iface)
        return
    if kind == "internal" and switch.datapath == "system":
        nic = node.nics.get(name)
        if nic is None:
            node.nics[name] = Nic(
                name=name, mac=(iface["mac"] or [mac_of(uuid)])[0], up=False, kind="internal", master=bridge
            )
        else:
            nic.master = bridge
        wanted[name] = bridge
    elif kind in ("", "system") and name in node.nics and switch.datapath == "system":
        node.nics[name].master = bridge
        wanted[name] = bridge
    switch.opened.setdefault(uuid, len(switch.opened) + 1)
    if not iface["ofport"] or iface["ofport"][0] < 0:
        if name == bridge:
            iface["ofport"] = [LOCAL]
        elif iface["ofport_request"] and iface["ofport_request"][0] not in _ofports(switch, bridge_uuid):
            iface["ofport"] = list(iface["ofport_request"])
        else:
            number = switch.next_port.get(bridge_uuid, 0) + 1
            while number in _ofports(switch, bridge_uuid):
                number += 1
            switch.next_port[bridge_uuid] = number
            iface["ofport"] = [number]
    _status(node, switch, uuid, iface)


def _ofports(switch: Switch, bridge_uuid: str) -> set[int]:
    ports = switch.tables["Bridge"][bridge_uuid]["ports"]
    rows = [switch.tables["Interface"][i] for p in ports for i in switch.tables["Port"][p]["interfaces"]]
    return {r["ofport"][0] for r in rows if r["ofport"]}


def _open(node: Node, switch: Switch, name: str, kind: str, iface: Row) -> str:
    """Why a device cannot be opened, in the words of ovs-vswitchd.log ("" when it can)."""
    if switch.datapath == "dummy":
        return ""
    if kind in ("", "system"):
        nic = node.nics.get(name)
        if nic is None or nic.netns or nic.kind == "internal":
            return f"could not open network device {name} (No such device)"
        if nic.master and nic.kind in ("physical", "veth", "tap") and node.nics.get(nic.master, nic).kind == "bridge":
            return f"could not add network device {name} to ofproto (Device or resource busy)"
    elif kind == "patch" and not iface["options"].get("peer"):
        return f"{name}: patch type requires valid 'peer' argument"
    elif kind in ("gre", "vxlan", "gre64", "ipsec_gre", "lisp") and not iface["options"].get("remote_ip"):
        return f"{name}: {kind} type requires valid 'remote_ip' argument"
    elif kind not in ("internal", "patch", "gre", "vxlan", "gre64", "ipsec_gre", "lisp", "tap"):
        return f"could not create netdev {name} of unknown type {kind}"
    return ""


ZERO = dict.fromkeys(
    [
        "collisions",
        "rx_bytes",
        "rx_crc_err",
        "rx_dropped",
        "rx_errors",
        "rx_frame_err",
        "rx_over_err",
        "rx_packets",
        "tx_bytes",
        "tx_dropped",
        "tx_errors",
        "tx_packets",
    ],
    0,
)


def _clear(iface: Row) -> None:
    iface["ofport"] = [-1]
    for column in ("admin_state", "link_state", "link_resets", "link_speed", "duplex", "mtu", "mac_in_use"):
        iface[column] = []
    iface["status"], iface["statistics"] = {}, {}


def _status(node: Node, switch: Switch, uuid: str, iface: Row) -> None:
    name, kind = iface["name"][0], iface["type"][0]
    iface["statistics"], iface["link_resets"] = dict(ZERO), [0]
    if switch.datapath == "dummy":
        number = switch.opened[uuid]
        iface["mac_in_use"], iface["mtu"] = [f"aa:55:aa:55:{number >> 8:02x}:{number & 255:02x}"], [1500]
        iface["admin_state"], iface["link_state"] = ["down"], ["down"]
        return
    nic = node.nics.get(name)
    if nic is None:  # gre, vxlan, patch: no network device of their own
        iface["admin_state"], iface["link_state"] = ["up"], ["up"]
        iface["mac_in_use"] = [mac_of(uuid)]
        if kind != "patch":
            egress = _egress(node, iface["options"])
            iface["status"] = {"tunnel_egress_iface": egress, "tunnel_egress_iface_carrier": "up"} if egress else {}
        return
    state = "up" if nic.up else "down"
    iface["admin_state"], iface["link_state"] = [state], [state]
    iface["mac_in_use"], iface["mtu"] = [nic.mac], [nic.mtu]
    if kind == "internal":
        iface["status"] = {"driver_name": "openvswitch"}
    else:
        driver = {"veth": "veth", "tap": "tun", "bridge": "bridge"}.get(nic.kind, "virtio_net")
        iface["status"] = {"driver_name": driver, "driver_version": "1.0", "firmware_version": ""}
        iface["duplex"] = ["full"]
        iface["link_speed"] = [10_000_000_000 if nic.kind == "veth" else 1_000_000_000]


def _egress(node: Node, options: dict[str, str]) -> str:
    for nic in node.nics.values():
        for address in nic.addresses:
            try:
                if (
                    not nic.netns
                    and ipaddress.ip_address(options["remote_ip"]) in ipaddress.ip_interface(address).network
                ):
                    return nic.name
            except (ValueError, KeyError):
                continue
    return ""


def _apply_bridge(node: Node, switch: Switch, uuid: str, bridge: Row, members: list[tuple[str, Row, Row]]) -> None:
    name = bridge["name"][0]
    physical = [i["mac_in_use"][0] for _u, i, _p in members if i["type"][0] in ("", "system") and i["mac_in_use"]]
    own = next((m for m in members if m[1]["name"] == [name]), None)
    if own is None:
        return
    mac = bridge["other_config"].get("hwaddr") or (min(physical) if physical and switch.datapath == "system" else None)
    mac = mac or (own[1]["mac_in_use"] or [mac_of(own[0])])[0]
    if switch.datapath == "system":
        own[1]["mac_in_use"] = [mac]
        if name in node.nics:
            node.nics[name].mac = mac
    bridge["datapath_id"] = [bridge["other_config"].get("datapath-id") or "0000" + mac.replace(":", "")]
    for ref in bridge["controller"]:
        row = switch.tables["Controller"][ref]
        row["role"] = row["role"] or ["other"]


def _drop_devices(node: Node, wanted: dict[str, str]) -> None:
    """Internal ports that left the database are gone from the kernel; others are free again."""
    for name, nic in list(node.nics.items()):
        if name in wanted:
            continue
        master = node.nics.get(nic.master) if nic.master else None
        if nic.kind == "internal":
            del node.nics[name]
        elif nic.master and (master is None or (nic.kind != "bridge" and master.kind == "internal")):
            nic.master = None


# -- ifup ------------------------------------------------------------------------


def _prefix(ifcfg: dict[str, str]) -> int:
    if ifcfg.get("PREFIX", "").isdigit():
        return int(ifcfg["PREFIX"])
    try:
        return ipaddress.ip_network(f"0.0.0.0/{ifcfg.get('NETMASK') or '255.255.255.0'}").prefixlen
    except ValueError:
        return 24


def ifup(world: World, node: Node, ifcfg: dict[str, str]) -> list[str]:
    """What ifup-ovs does for a file of TYPE OVSBridge, OVSPort or OVSIntPort (DEVICETYPE=ovs).

    Args:
        ifcfg: the assignments of the file, quotes and comments removed.

    Returns:
        lines for stderr; none when it worked.
    """
    device, kind = ifcfg.get("DEVICE", ""), ifcfg.get("TYPE", "")
    if not server_running(node) or node.ovs is None:
        sock = "unix:/var/run/openvswitch/db.sock"
        return [f"ovs-vsctl: {sock}: database connection failed (No such file or directory)"]
    switch, nic = node.ovs, node.nics.get(device)
    if kind == "OVSBridge":
        switch.add_bridge(device)
        apply(node)
        nic = node.nics.get(device)
        if nic is not None:
            nic.up = True
            if ifcfg.get("IPADDR"):
                nic.addresses = [f"{ifcfg['IPADDR']}/{_prefix(ifcfg)}"]
    elif kind in ("OVSPort", "OVSIntPort"):
        bridge = ifcfg.get("OVS_BRIDGE", "")
        if bridge not in switch.bridges():
            return [f"ovs-vsctl: no bridge named {bridge}"]
        if kind == "OVSPort" and nic is None:
            return [f"Device {device} does not seem to be present, delaying initialization."]
        switch.add_port(bridge, device, **({"type": "internal"} if kind == "OVSIntPort" else {}))
        apply(node)
        nic = node.nics[device]
        nic.up = True
        nic.addresses = [f"{ifcfg['IPADDR']}/{_prefix(ifcfg)}"] if ifcfg.get("IPADDR") else []
    apply(node)
    return []


def ifdown(world: World, node: Node, ifcfg: dict[str, str]) -> list[str]:
    """What ifdown-ovs does: the port leaves its bridge; a bridge is deleted."""
    device, kind = ifcfg.get("DEVICE", ""), ifcfg.get("TYPE", "")
    if not server_running(node) or node.ovs is None:
        return []
    if kind == "OVSBridge":
        node.ovs.delete_bridge(device)
    elif kind in ("OVSPort", "OVSIntPort"):
        node.ovs.delete_port(device)
    apply(node)
    return []
