"""`ovs-ofctl`, `ovs-dpctl`, `ovs-appctl`, `ovsdb-client`, `brctl`: looking into the switch and the Linux bridges.

The flow tables are those that neutron's Open vSwitch agent of Havana writes,
derived from its memory; counters stay at zero, since no packet is simulated.
"""

from __future__ import annotations

import json

from .. import agents, ovsdb
from ..agents import DEAD_VLAN, OvsAgent
from ..nodestate import now
from ..ovsdata import datum_json
from ..ovsschema import TABLES
from ..process import Missing, Process, command
from ..world import Nic

NORMAL = "actions=NORMAL"
LEARN = (
    "actions=learn(table=20,hard_timeout=300,priority=1,NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],"
    "load:0->NXM_OF_VLAN_TCI[],load:NXM_NX_TUN_ID[]->NXM_NX_TUN_ID[],output:NXM_OF_IN_PORT[]),output:{patch}"
)


def version(p: Process) -> bool:
    """--version of any of the tools."""
    if "--version" in p.argv or "-V" in p.argv:
        p.print(f"{p.argv[0]} (Open vSwitch) {ovsdb.VERSION}\nCompiled Jul 30 2013 18:14:53")
        return True
    return False


def flows(p: Process, bridge: str) -> list[tuple[int, str]]:
    """(table, match and actions) of a bridge, as the agent keeps them."""
    agent = agents.ovs_agent(p.node)
    if agent is None or bridge not in (agent.integration, agent.tunnel_bridge):
        return [(0, f"priority=0 {NORMAL}")]
    if bridge == agent.integration:
        return _integration_flows(p, bridge)
    return _tunnel_flows(p, agent)


def _integration_flows(p: Process, bridge: str) -> list[tuple[int, str]]:
    switch = p.node.ovs
    assert switch is not None
    dead = [n for n in switch.ports(bridge) if (switch.port(n) or {}).get("tag") == [DEAD_VLAN]]
    drops = [(0, f"priority=2,in_port={switch.ofport(n)} actions=drop") for n in dead]
    return [*drops, (0, f"priority=1 {NORMAL}")]


def _tunnel_flows(p: Process, agent: OvsAgent) -> list[tuple[int, str]]:
    switch = p.node.ovs
    assert switch is not None
    patch = switch.ofport("patch-int") or 1
    tunnels = [n for n in switch.ports(agent.tunnel_bridge) if n.startswith(f"{agent.tunnel}-")]
    numbers = sorted(x for n in tunnels if (x := switch.ofport(n)) is not None and x > 0)
    by_kind = {"gre": 2, "vxlan": 3}[agent.tunnel] if agent.tunnel in ("gre", "vxlan") else 2
    networks = p.world.cloud.neutron.networks if p.world.cloud else {}
    segments = [
        (tag, networks[net]["provider:segmentation_id"])
        for net, tag in sorted(agent.vlans.items(), key=lambda item: item[1])
        if net in networks and networks[net].get("provider:segmentation_id") is not None
    ]
    out = [(0, f"priority=1,in_port={patch} actions=resubmit(,1)")]
    out += [(0, f"priority=1,in_port={n} actions=resubmit(,{by_kind})") for n in numbers]
    out += [
        (0, "priority=0 actions=drop"),
        (1, "priority=0,dl_dst=00:00:00:00:00:00/01:00:00:00:00:00 actions=resubmit(,20)"),
        (1, "priority=0,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=resubmit(,21)"),
    ]
    for table in (2, 3):
        if table == by_kind:
            out += [
                (table, f"priority=1,tun_id={seg:#x} actions=mod_vlan_vid:{tag},resubmit(,10)") for tag, seg in segments
            ]
        out.append((table, "priority=0 actions=drop"))
    out += [(10, "priority=1 " + LEARN.format(patch=patch)), (20, "priority=0 actions=resubmit(,21)")]
    ports = ",".join(f"output:{n}" for n in numbers)
    for tag, segment in segments:
        actions = f"strip_vlan,set_tunnel:{segment:#x}" + (f",{ports}" if ports else "")
        out.append((21, f"dl_vlan={tag} actions={actions}"))
    return [*out, (21, "priority=0 actions=drop")]


def need_bridge(p: Process, name: str) -> str:
    """The bridge asked for. Raises Missing when vswitchd does not run or has no such bridge."""
    switch = p.node.ovs
    if switch is None or not ovsdb.vswitchd_running(p.node) or name not in switch.bridges():
        raise Missing(f"ovs-ofctl: {name} is not a bridge or a socket")
    return name


@command("ovs-ofctl", package="openvswitch")
async def ovs_ofctl(p: Process) -> int:
    """OpenFlow's view of a bridge: show, dump-flows, dump-ports-desc, dump-ports, dump-tables."""
    if version(p):
        return 0
    words = [a for a in p.argv[1:] if not a.startswith("-")]
    if not words:
        raise Missing("ovs-ofctl: missing command name; use --help for help")
    agents.reconcile(p.world)
    tools = {"show": _ofctl_show, "dump-flows": _dump_flows, "dump-ports-desc": _ports_desc, "dump-ports": _dump_ports}
    if words[0] not in tools:
        raise Missing(f"ovs-ofctl: unknown command '{words[0]}'; use --help for help")
    if len(words) < 2:
        raise Missing(f"ovs-ofctl: '{words[0]}' command requires at least 1 arguments")
    tools[words[0]](p, need_bridge(p, words[1]), words[2:])
    return 0


def _dump_flows(p: Process, bridge: str, match: list[str]) -> None:
    agent = agents.ovs_agent(p.node)
    begun = agent.started if agent else p.node.kernel.booted
    seconds = max(0.0, now(p.world, p.node) - begun)
    p.print("NXST_FLOW reply (xid=0x4):")
    only = next((int(w[6:]) for m in match for w in m.split(",") if w.startswith("table=") and w[6:].isdigit()), None)
    for table, text in flows(p, bridge):
        if only is None or table == only:
            p.print(
                f" cookie=0x0, duration={seconds:.3f}s, table={table}, n_packets=0, n_bytes=0, "
                f"idle_age={min(int(seconds), 65534)}, {text}"
            )


def _ordered_ports(p: Process, bridge: str) -> list[tuple[int, str, dict]]:
    switch = p.node.ovs
    assert switch is not None
    found = []
    for name in switch.ports(bridge):
        row = switch.interface(name)
        if row and row["ofport"] and row["ofport"][0] > 0:
            found.append((row["ofport"][0], name, row))
    return sorted(found, key=lambda item: item[0])


def _port_lines(p: Process, bridge: str) -> None:
    for number, name, row in _ordered_ports(p, bridge):
        label = "LOCAL" if number == ovsdb.LOCAL else str(number)
        p.print(f" {label}({name}): addr:{(row['mac_in_use'] or ['00:00:00:00:00:00'])[0]}")
        p.print(f"     config:     {'0' if row['admin_state'] == ['up'] else 'PORT_DOWN'}")
        p.print(f"     state:      {'0' if row['link_state'] == ['up'] else 'LINK_DOWN'}")
        if row["link_speed"]:
            rate = row["link_speed"][0] // 10**9
            p.print(f"     current:    {rate}GB-FD COPPER")
            p.print(f"     speed: {rate * 1000} Mbps now, 0 Mbps max")
        else:
            p.print("     speed: 0 Mbps now, 0 Mbps max")


def _ofctl_show(p: Process, bridge: str, _: list[str]) -> None:
    switch = p.node.ovs
    assert switch is not None
    row = switch.tables["Bridge"][switch.bridges()[bridge]]
    p.print(f"OFPT_FEATURES_REPLY (xid=0x2): dpid:{(row['datapath_id'] or ['0' * 16])[0]}")
    p.print("n_tables:254, n_buffers:256")
    p.print("capabilities: FLOW_STATS TABLE_STATS PORT_STATS QUEUE_STATS ARP_MATCH_IP")
    p.print(
        "actions: OUTPUT SET_VLAN_VID SET_VLAN_PCP STRIP_VLAN SET_DL_SRC SET_DL_DST SET_NW_SRC SET_NW_DST SET_NW_TOS "
        "SET_TP_SRC SET_TP_DST ENQUEUE"
    )
    _port_lines(p, bridge)
    p.print("OFPT_GET_CONFIG_REPLY (xid=0x4): frags=normal miss_send_len=0")


def _ports_desc(p: Process, bridge: str, _: list[str]) -> None:
    p.print("OFPST_PORT_DESC reply (xid=0x2):")
    _port_lines(p, bridge)


def _dump_ports(p: Process, bridge: str, _: list[str]) -> None:
    ports = _ordered_ports(p, bridge)
    p.print(f"OFPST_PORT reply (xid=0x2): {len(ports)} ports")
    for number, _name, _row in ports:
        label = "LOCAL" if number == ovsdb.LOCAL else f"{number:2d}"
        p.print(f"  port {label}: rx pkts=0, bytes=0, drop=0, errs=0, frame=0, over=0, crc=0")
        p.print("           tx pkts=0, bytes=0, drop=0, errs=0, coll=0")


@command("ovs-dpctl", package="openvswitch")
async def ovs_dpctl(p: Process) -> int:
    """The kernel's datapath: show, dump-dps, dump-flows."""
    if version(p):
        return 0
    words = [a for a in p.argv[1:] if not a.startswith("-")]
    if not words:
        raise Missing("ovs-dpctl: missing command name; use --help for help")
    agents.reconcile(p.world)
    up = ovsdb.vswitchd_running(p.node)
    if words[0] == "dump-dps":
        if up:
            p.print("system@ovs-system")
    elif words[0] == "show":
        if up:
            _datapath(p)
    elif words[0] != "dump-flows":
        raise Missing(f"ovs-dpctl: unknown command '{words[0]}'; use --help for help")
    return 0


def _datapath(p: Process) -> None:
    switch = p.node.ovs
    assert switch is not None
    p.print("system@ovs-system:\n\tlookups: hit:0 missed:0 lost:0\n\tflows: 0\n\tport 0: ovs-system (internal)")
    number, tunnels = 1, set()
    for bridge in switch.bridges():
        for _ofport, name, row in _ordered_ports(p, bridge):
            kind = row["type"][0]
            if kind == "patch":
                continue
            if kind in ("gre", "vxlan"):
                if kind not in tunnels:
                    tunnels.add(kind)
                    p.print(f"\tport {number}: {kind}_system ({kind}: df_default=false, ttl=0)")
                    number += 1
                continue
            p.print(f"\tport {number}: {name}{' (internal)' if kind == 'internal' else ''}")
            number += 1


@command("ovs-appctl", package="openvswitch")
async def ovs_appctl(p: Process) -> int:
    """Questions to the running daemon: version, fdb/show, bridge/dump-flows, coverage/show…"""
    words = p.argv[1:]
    while words and words[0] in ("-t", "--target"):
        words = words[2:]
    words = [w for w in words if not w.startswith(("--target", "-t"))]
    if not words:
        raise Missing("ovs-appctl: at least one non-option argument is required (use --help for help)")
    if not ovsdb.vswitchd_running(p.node):
        path = "/var/run/openvswitch/ovs-vswitchd.pid"
        raise Missing(f'ovs-appctl: cannot read pidfile "{path}" (No such file or directory)')
    agents.reconcile(p.world)
    if words[0] in ("version", "--version"):
        p.print(f"ovs-vswitchd (Open vSwitch) {ovsdb.VERSION}\nCompiled Jul 30 2013 18:14:53")
        return 0
    switch = p.node.ovs
    assert switch is not None
    if words[0] in ("fdb/show", "fdb/flush", "bridge/dump-flows"):
        if len(words) < 2 or words[1] not in switch.bridges():
            p.error("no such bridge\novs-appctl: ovs-vswitchd: server returned an error")
            return 2
        if words[0] == "fdb/show":
            p.print(" port  VLAN  MAC                Age")
            for number, name, row in _ordered_ports(p, words[1]):
                nic = p.node.nics.get(name)
                if nic is not None and nic.netns:
                    tag = ((switch.port(name) or {}).get("tag") or [0])[0]
                    p.print(f"{number:5d}  {tag:4d}  {row['mac_in_use'][0]}    1")
        elif words[0] == "bridge/dump-flows":
            for table, text in flows(p, words[1]):
                p.print(f"table_id={table}, duration=0s, n_packets=0, n_bytes=0, {text}")
        else:
            p.print("table successfully flushed")
        return 0
    p.error(f'"{words[0]}" is not a valid command\novs-appctl: ovs-vswitchd: server returned an error')
    return 2


@command("ovsdb-client", package="openvswitch")
async def ovsdb_client(p: Process) -> int:
    """list-dbs, list-tables, list-columns, get-schema-version, dump."""
    if version(p):
        return 0
    words = [a for a in p.argv[1:] if not a.startswith("-") and not a.startswith("unix:")]
    if not words:
        raise Missing("ovsdb-client: missing command name; use --help for help")
    if not ovsdb.server_running(p.node):
        sock = "unix:/var/run/openvswitch/db.sock"
        raise Missing(f'ovsdb-client: failed to connect to "{sock}" (No such file or directory)')
    switch = p.node.ovs
    assert switch is not None
    rest = [w for w in words[1:] if w != "Open_vSwitch" or words[0] == "dump" and w in words[2:]]
    if words[0] == "list-dbs":
        p.print("Open_vSwitch")
    elif words[0] == "get-schema-version":
        p.print("7.2.0")
    elif words[0] == "list-tables":
        p.print("Table\n" + "-" * 25)
        for name in TABLES:
            p.print(name)
    elif words[0] == "dump":
        for name in rest or list(TABLES):
            rows = switch.tables.get(name, {})
            p.print(f"{name} table")
            for uuid, row in rows.items():
                columns = {c.name: datum_json(row[c.name], c) for c in TABLES[name].columns.values()}
                p.print(json.dumps({"_uuid": ["uuid", uuid], **columns}, separators=(",", ":")))
            p.print()
    else:
        raise Missing(f"ovsdb-client: unknown command '{words[0]}'; use --help for help")
    return 0


# -- Linux bridges ---------------------------------------------------------------------

BRCTL = """Usage: brctl [commands]
commands:
\taddbr     \t<bridge>\t\tmake a bridge
\tdelbr     \t<bridge>\t\tremove a bridge
\taddif     \t<bridge> <device>\tput a device into a bridge
\tdelif     \t<bridge> <device>\ttake a device out of a bridge
\tshow      \t[ <bridge> ]\t\tlist bridges
\tshowmacs  \t<bridge>\t\tlist the addresses a bridge has learnt
\tstp       \t<bridge> {on|off}\tspanning tree on or off
"""


def linux_bridges(p: Process) -> list[Nic]:
    return sorted((n for n in p.node.nics.values() if n.kind == "bridge" and not n.netns), key=lambda n: n.name)


def members(p: Process, bridge: Nic) -> list[Nic]:
    return sorted(
        (n for n in p.node.nics.values() if n.master == bridge.name and n is not bridge), key=lambda n: n.name
    )


@command("brctl", package="bridge-utils", path="/usr/sbin")
async def brctl(p: Process) -> int:
    """The Linux bridges: qbr… between instances and Open vSwitch, virbr0 of libvirt."""
    words = p.argv[1:]
    if words and words[0] in ("-V", "--version"):
        p.print("bridge-utils, 1.2")
        return 0
    arity = {"addbr": 1, "delbr": 1, "addif": 2, "delif": 2, "show": 0, "showmacs": 1, "stp": 2}
    if not words or words[0] not in arity:
        if words and words[0] not in ("-h", "--help"):
            p.error(f"never heard of command [{words[0]}]")
        p.stderr.write(BRCTL)
        return 1
    if len(words) - 1 < arity[words[0]]:
        p.error("Incorrect number of arguments for command")
        return 1
    agents.reconcile(p.world)
    if words[0] == "show":
        return _brctl_show(p, words[1:])
    return _brctl_change(p, words[0], words[1:])


def _brctl_show(p: Process, names: list[str]) -> int:
    p.print("bridge name\tbridge id\t\tSTP enabled\tinterfaces")
    known = {b.name: b for b in linux_bridges(p)}
    status = 0
    for name in names or list(known):
        bridge = known.get(name)
        if bridge is None:
            what = "Operation not supported" if name in p.node.nics else "No such device"
            p.print(f"{name}\t\tcan't get info {what}")
            status = 1
            continue
        ports = members(p, bridge)
        mac = min([n.mac for n in ports] or [bridge.mac if name == "virbr0" else "00:00:00:00:00:00"])
        stp = "yes" if name == "virbr0" or p.node.extra.get("stp", {}).get(name) else "no"
        first = ports[0].name if ports else ""
        p.print(f"{name}\t\t8000.{mac.replace(':', '')}\t{stp}\t\t{first}")
        for nic in ports[1:]:
            p.print(f"\t\t\t\t\t\t\t{nic.name}")
    return status


def _brctl_change(p: Process, verb: str, words: list[str]) -> int:
    nics, name = p.node.nics, words[0]
    bridge = nics.get(name) if nics.get(name) and nics[name].kind == "bridge" else None
    if verb == "addbr":
        if name in nics:
            p.error(f"device {name} already exists; can't create bridge with the same name")
            return 1
        nics[name] = Nic(name, ovsdb.mac_of(p.world.ids.uuid()), kind="bridge", up=False)
        return 0
    if bridge is None:
        p.error(f"bridge {name} does not exist!")
        return 1
    if verb == "delbr":
        if bridge.up:
            p.error(f"bridge {name} is still up; can't delete it")
            return 1
        for nic in members(p, bridge):
            nic.master = None
        del nics[name]
    elif verb in ("addif", "delif"):
        device = nics.get(words[1])
        if device is None:
            p.error(f"interface {words[1]} does not exist!")
            return 1
        if verb == "addif" and device.master:
            p.error(f"device {words[1]} is already a member of a bridge; can't enslave it to bridge {name}.")
            return 1
        if verb == "delif" and device.master != name:
            p.error(f"device {words[1]} is not a slave of {name}")
            return 1
        device.master = name if verb == "addif" else None
    elif verb == "stp":
        p.node.extra.setdefault("stp", {})[name] = words[1] in ("on", "yes", "1")
    return 0
