"""The tables and columns of Open vSwitch 1.11 (database Open_vSwitch).

Source: the columns that genuine 1.11.0 lists, and the published schema. Names
and types are the interface of `ovs-vsctl set/get/list`, so all are here, also
those that the lab's switch never uses.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .ovsdata import UNLIMITED, Atom, Column

STR, INT, BOOL = Atom("string"), Atom("integer"), Atom("boolean")
VLAN, BYTE = Atom("integer", 0, 4095), Atom("integer", 0, 255)


def one(name: str, atom: Atom, mutable: bool = True) -> Column:
    return Column(name, atom, mutable=mutable)


def opt(name: str, atom: Atom) -> Column:
    return Column(name, atom, n_min=0)


def many(name: str, atom: Atom, n_min: int = 0, n_max: int = UNLIMITED) -> Column:
    return Column(name, atom, n_min=n_min, n_max=n_max)


def smap(name: str, value: Atom = STR, key: Atom = STR) -> Column:
    return Column(name, key, value, 0, UNLIMITED)


def to(table: str, weak: bool = False) -> Atom:
    return Atom("uuid", ref=table, weak=weak)


def choice(*words: str) -> Atom:
    return Atom("string", enum=words)


@dataclass
class Table:
    """A table: its columns by name (sorted, as listed) and how its rows are named on the command line."""

    name: str
    columns: dict[str, Column]
    root: bool = False  # rows stay although nothing refers to them
    unique: str = ""
    # (table, name column or "" for ".", column that leads from there to our row or "")
    row_ids: list[tuple[str, str, str]] = field(default_factory=list)


def _table(name: str, *columns: Column, root: bool = False, unique: str = "", ids: tuple = ()) -> Table:
    return Table(name, {c.name: c for c in sorted(columns, key=lambda c: c.name)}, root, unique, list(ids))


UP = choice("up", "down")
IDS = smap("external_ids")
OTHER = smap("other_config")

TABLES = {
    t.name: t
    for t in [
        _table(
            "Open_vSwitch",
            many("bridges", to("Bridge")),
            many("manager_options", to("Manager")),
            opt("ssl", to("SSL")),
            OTHER,
            IDS,
            one("next_cfg", INT),
            one("cur_cfg", INT),
            smap("statistics"),
            opt("ovs_version", STR),
            opt("db_version", STR),
            opt("system_type", STR),
            opt("system_version", STR),
            root=True,
            ids=(("Open_vSwitch", "", ""),),
        ),
        _table(
            "Bridge",
            one("name", STR, mutable=False),
            one("datapath_type", STR),
            opt("datapath_id", STR),
            one("stp_enable", BOOL),
            many("ports", to("Port")),
            many("mirrors", to("Mirror")),
            opt("netflow", to("NetFlow")),
            opt("sflow", to("sFlow")),
            opt("ipfix", to("IPFIX")),
            many("controller", to("Controller")),
            many("protocols", choice("OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13")),
            opt("fail_mode", choice("standalone", "secure")),
            smap("status"),
            OTHER,
            IDS,
            many("flood_vlans", VLAN, n_max=4096),
            smap("flow_tables", to("Flow_Table"), Atom("integer", 0, 254)),
            unique="name",
            ids=(("Bridge", "name", ""),),
        ),
        _table(
            "Port",
            one("name", STR, mutable=False),
            many("interfaces", to("Interface"), n_min=1),
            many("trunks", VLAN, n_max=4096),
            opt("tag", VLAN),
            opt("vlan_mode", choice("trunk", "access", "native-tagged", "native-untagged")),
            opt("qos", to("QoS")),
            opt("mac", STR),
            opt("bond_mode", choice("balance-tcp", "balance-slb", "active-backup")),
            opt("lacp", choice("active", "passive", "off")),
            one("bond_updelay", INT),
            one("bond_downdelay", INT),
            one("bond_fake_iface", BOOL),
            one("fake_bridge", BOOL),
            smap("status"),
            smap("statistics", INT),
            OTHER,
            IDS,
            unique="name",
            ids=(("Port", "name", ""),),
        ),
        _table(
            "Interface",
            one("name", STR, mutable=False),
            one("type", STR),
            smap("options"),
            one("ingress_policing_rate", Atom("integer", 0)),
            one("ingress_policing_burst", Atom("integer", 0)),
            opt("mac_in_use", STR),
            opt("mac", STR),
            IDS,
            opt("ofport", INT),
            opt("ofport_request", Atom("integer", 1, 65279)),
            opt("cfm_mpid", INT),
            many("cfm_remote_mpids", INT),
            opt("cfm_fault", BOOL),
            many("cfm_fault_status", STR),
            opt("cfm_remote_opstate", UP),
            opt("cfm_health", Atom("integer", 0, 100)),
            opt("lacp_current", BOOL),
            OTHER,
            smap("statistics", INT),
            smap("status"),
            opt("admin_state", UP),
            opt("link_state", UP),
            opt("link_resets", INT),
            opt("link_speed", INT),
            opt("duplex", choice("half", "full")),
            opt("mtu", INT),
            unique="name",
            ids=(("Interface", "name", ""),),
        ),
        _table(
            "Flow_Table",
            opt("name", STR),
            opt("flow_limit", Atom("integer", 0)),
            opt("overflow_policy", choice("refuse", "evict")),
            many("groups", STR),
            ids=(("Flow_Table", "name", ""),),
        ),
        _table(
            "QoS",
            one("type", STR),
            smap("queues", to("Queue"), Atom("integer", 0, 4294967295)),
            OTHER,
            IDS,
            root=True,
            ids=(("Port", "name", "qos"),),
        ),
        _table("Queue", opt("dscp", Atom("integer", 0, 63)), OTHER, IDS, root=True),
        _table(
            "Mirror",
            one("name", STR),
            one("select_all", BOOL),
            many("select_src_port", to("Port", weak=True)),
            many("select_dst_port", to("Port", weak=True)),
            many("select_vlan", VLAN, n_max=4096),
            opt("output_port", to("Port", weak=True)),
            opt("output_vlan", Atom("integer", 1, 4095)),
            smap("statistics", INT),
            IDS,
            ids=(("Mirror", "name", ""),),
        ),
        _table(
            "NetFlow",
            many("targets", STR, n_min=1),
            opt("engine_type", BYTE),
            opt("engine_id", BYTE),
            one("add_id_to_interface", BOOL),
            one("active_timeout", Atom("integer", -1)),
            IDS,
            ids=(("Bridge", "name", "netflow"),),
        ),
        _table(
            "sFlow",
            many("targets", STR, n_min=1),
            opt("sampling", INT),
            opt("polling", INT),
            opt("header", INT),
            opt("agent", STR),
            IDS,
            ids=(("Bridge", "name", "sflow"),),
        ),
        _table(
            "IPFIX",
            many("targets", STR),
            opt("sampling", Atom("integer", 1, 4294967295)),
            opt("obs_domain_id", Atom("integer", 0, 4294967295)),
            opt("obs_point_id", Atom("integer", 0, 4294967295)),
            IDS,
            ids=(("Bridge", "name", "ipfix"),),
        ),
        _table(
            "Flow_Sample_Collector_Set",
            one("id", Atom("integer", 0, 4294967295)),
            one("bridge", to("Bridge")),
            opt("ipfix", to("IPFIX")),
            IDS,
            root=True,
        ),
        _table(
            "Controller",
            one("target", STR),
            opt("max_backoff", Atom("integer", 1000)),
            opt("inactivity_probe", INT),
            opt("connection_mode", choice("in-band", "out-of-band")),
            opt("local_ip", STR),
            opt("local_netmask", STR),
            opt("local_gateway", STR),
            opt("enable_async_messages", BOOL),
            opt("controller_rate_limit", Atom("integer", 100)),
            opt("controller_burst_limit", Atom("integer", 25)),
            OTHER,
            IDS,
            one("is_connected", BOOL),
            opt("role", choice("other", "master", "slave")),
            smap("status"),
            ids=(("Bridge", "name", "controller"),),
        ),
        _table(
            "Manager",
            one("target", STR),
            opt("max_backoff", Atom("integer", 1000)),
            opt("inactivity_probe", INT),
            opt("connection_mode", choice("in-band", "out-of-band")),
            OTHER,
            IDS,
            one("is_connected", BOOL),
            smap("status"),
            unique="target",
            ids=(("Manager", "target", ""),),
        ),
        _table(
            "SSL",
            one("private_key", STR),
            one("certificate", STR),
            one("ca_cert", STR),
            one("bootstrap_ca_cert", BOOL),
            IDS,
            ids=(("Open_vSwitch", "", "ssl"),),
        ),
    ]
}
