"""What neutron's agents make of configuration and cloud: bridges, tunnels, namespaces, firewalls.

    reconcile(world)     # after anything changed: a service, a bridge, a port, an instance

An agent acts only while its service runs, with the configuration that it read
when it was started; what it made stays when it stops. The Open vSwitch agent
wires br-int and br-tun, the L3 agent makes qrouter-* namespaces, the DHCP agent
qdhcp-* ones, nova and the security groups make what hangs between an instance
and br-int. Calling it again changes nothing.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import firewall, network, ovsdb, packages
from .nodestate import append, clock_offset, runtime, stamp
from .openstack.neutron_agents import KINDS
from .openstack.neutron_agents import stamp as agent_stamp
from .packstack.conf import read_value
from .world import Nic

if TYPE_CHECKING:
    from .openstack.neutron import Neutron
    from .world import Node, World

OVS_AGENT, L3_AGENT, DHCP_AGENT = "neutron-openvswitch-agent", "neutron-l3-agent", "neutron-dhcp-agent"
OVS_INI = "/etc/neutron/plugins/openvswitch/ovs_neutron_plugin.ini"
DEAD_VLAN = 4095  # the tag of a port that cannot be wired
INTERFACE, GATEWAY, DHCP = "network:router_interface", "network:router_gateway", "network:dhcp"
Row = dict[str, Any]


def device(prefix: str, port_id: str) -> str:
    """The name of the device of a port: prefix and the first eleven characters of its id.

    >>> device("qr-", "4c4fb9f1-a6d2-4b0e-8e22-111111111111")
    'qr-4c4fb9f1-a6'
    """
    return prefix + port_id[:11]


def reconcile(world: World) -> None:
    """Let the world be what the running agents make of it."""
    neutron = world.cloud.neutron if world.cloud is not None else None
    for node in world.nodes.values():
        if node.up and node.running("openvswitch"):
            ovsdb.ensure(world, node)
            ovsdb.apply(node)
    for node in world.nodes.values():
        if node.up and node.running(OVS_AGENT):
            _start_ovs_agent(world, node)
    if neutron is None:
        return
    serving = _server_answers(world)
    nodes = [n for n in world.nodes.values() if n.up]
    if serving:
        rows = {(a["binary"], a["host"]): a for a in neutron.agents.values()}
        for node in nodes:
            _register(world, node, neutron, rows)
        _tunnel_sync(world, nodes, neutron)
    for node in nodes:
        _l3(world, node, neutron, serving)
        _dhcp(world, node, neutron, serving)
        _instances(world, node, neutron)
        if node.running(OVS_AGENT) and node.running("openvswitch") and node.ovs is not None:
            _tags(node, neutron)
            ovsdb.apply(node)


def _server_answers(world: World) -> bool:
    """Whether agents can talk to neutron-server: it runs, and so does the message broker."""
    cloud = world.cloud
    if cloud is None or not cloud.up("neutron", world):
        return False
    broker = cloud.answers.get("CONFIG_QPID_HOST", "")
    node = world.node_at(broker) if broker else world.nodes.get(cloud.controller)
    return node is not None and node.up and node.running("qpidd")


def _log(world: World, node: Node, service: str, level: str, module: str, text: str) -> None:
    path = f"/var/log/neutron/{service.removeprefix('neutron-')}.log"
    append(node, path, f"{stamp(world, node, '%Y-%m-%d %H:%M:%S')}.000 {level} {module} [-] {text}\n", 0o644)


def _die(world: World, node: Node, service: str, module: str, text: str) -> None:
    """An agent that gives up: its init script says "dead but pid file exists" from now on."""
    _log(world, node, service, "ERROR", module, text)
    entry = node.services[service]
    entry.running, entry.pid = False, 0
    entry.state["dead"] = "pidfile"


def _conf(node: Node, service: str, section: str, key: str) -> str:
    """A value as the agent read it at its start; later files win."""
    found = ""
    for text in node.services[service].state.get("conf", {}).values():
        found = read_value(text, section, key) or found
    return found


# -- the Open vSwitch agent -------------------------------------------------------------


@dataclass
class OvsAgent:
    """What a running Open vSwitch agent holds in memory."""

    started: float
    tunnel: str = ""  # "gre", "vxlan" or "" when tunnelling is off
    local_ip: str = ""
    integration: str = "br-int"
    tunnel_bridge: str = "br-tun"
    vlans: dict[str, int] = field(default_factory=dict)  # network id -> local VLAN
    synced: bool = False

    def vlan(self, network_id: str) -> int:
        """The local VLAN of a network, the lowest free one when it is new here."""
        if network_id not in self.vlans:
            taken = set(self.vlans.values())
            self.vlans[network_id] = next(n for n in range(1, 4095) if n not in taken)
        return self.vlans[network_id]


AGENT_MODULE = "neutron.plugins.openvswitch.agent.ovs_neutron_agent"


def ovs_agent(node: Node) -> OvsAgent | None:
    """The memory of the agent that runs now."""
    agent = runtime(node).get("ovs_agent")
    return agent if agent is not None and node.running(OVS_AGENT) else None


def _start_ovs_agent(world: World, node: Node) -> None:
    """What the agent does once after each start: read its file, set up br-tun, or give up."""
    service = node.services[OVS_AGENT]
    agent = runtime(node).get("ovs_agent")
    if (agent is not None and agent.started == service.started) or "conf" not in service.state:
        return  # nothing new, or not started by its init script (a bench)
    switch = node.ovs
    if switch is None or not node.running("openvswitch"):
        sock = "unix:/var/run/openvswitch/db.sock: database connection failed (No such file or directory)"
        _die(world, node, OVS_AGENT, AGENT_MODULE, f"Unable to retrieve bridges. Exception: ovs-vsctl: {sock}")
        return
    agent = OvsAgent(service.started, integration=_conf(node, OVS_AGENT, "OVS", "integration_bridge") or "br-int")
    if agent.integration not in switch.bridges():
        _die(
            world,
            node,
            OVS_AGENT,
            AGENT_MODULE,
            "Failed to create OVS patch port. Cannot have tunneling enabled on "
            "this agent, since this version of OVS does not support tunnels or patch ports. Agent terminated!",
        )
        return
    if _conf(node, OVS_AGENT, "OVS", "enable_tunneling").lower() in ("true", "yes", "1", "on"):
        agent.tunnel = _tunnel_type(node)
        agent.local_ip = _conf(node, OVS_AGENT, "OVS", "local_ip")
        agent.tunnel_bridge = _conf(node, OVS_AGENT, "OVS", "tunnel_bridge") or "br-tun"
        if not agent.local_ip:
            text = "Tunneling cannot be enabled without a valid local_ip."
            _die(world, node, OVS_AGENT, AGENT_MODULE, f"{text} Agent terminated!")
            return
        if not _somebody_has(world, agent.local_ip):
            _die(
                world,
                node,
                OVS_AGENT,
                AGENT_MODULE,
                f"Tunneling can't be enabled with invalid local_ip "
                f"'{agent.local_ip}'. IP couldn't be found on this host's interfaces.",
            )
            return
    runtime(node)["ovs_agent"] = agent
    _set_up_bridges(node, agent)


def _tunnel_type(node: Node) -> str:
    types = _conf(node, OVS_AGENT, "AGENT", "tunnel_types") or _conf(node, OVS_AGENT, "OVS", "tunnel_type")
    return (types or "gre").split(",")[0].strip()


def _somebody_has(world: World, address: str) -> bool:
    """Whether an address belongs to any node (another node's leads to a conflict, nobody's to an end)."""
    return any(
        a.split("/")[0] == address
        for other in world.nodes.values()
        for nic in other.nics.values()
        if not nic.netns
        for a in nic.addresses
    )


def _set_up_bridges(node: Node, agent: OvsAgent) -> None:
    """br-tun is made anew at every start, with the patch to br-int."""
    switch = node.ovs
    assert switch is not None
    if agent.tunnel:
        switch.delete_port("patch-tun")
        switch.delete_bridge(agent.tunnel_bridge)
        switch.add_bridge(agent.tunnel_bridge)
        switch.add_port(agent.integration, "patch-tun", type="patch", options={"peer": "patch-int"})
        switch.add_port(agent.tunnel_bridge, "patch-int", type="patch", options={"peer": "patch-tun"})
    ovsdb.apply(node)
    for name in (agent.integration, agent.tunnel_bridge):
        if name in node.nics:
            node.nics[name].up = name == agent.integration


def endpoints(neutron: Neutron, kind: str) -> dict[str, int]:
    """Address -> number of the tunnel endpoints that neutron-server knows; they are never forgotten."""
    tables: dict[str, dict[str, int]] = neutron.__dict__.setdefault("tunnel_endpoints", {})
    return tables.setdefault(kind, {})


def _tunnel_sync(world: World, nodes: list[Node], neutron: Neutron) -> None:
    """Agents report their address once; then the server tells everybody, and everybody makes a port to it."""
    fresh = set()
    waiting = [
        (a.started - clock_offset(world, n), n.name, a)
        for n in nodes
        if (a := ovs_agent(n)) is not None and a.tunnel and not a.synced
    ]
    for _started, _name, agent in sorted(waiting, key=lambda item: item[:2]):  # who came first has the lower number
        known = endpoints(neutron, agent.tunnel)
        if agent.local_ip not in known:
            known[agent.local_ip] = max(known.values(), default=0) + 1
        agent.synced = True
        fresh.add(agent.tunnel)
    for node in nodes if fresh else []:
        agent = ovs_agent(node)
        if agent is not None and agent.synced and agent.tunnel in fresh:
            _tunnel_ports(node, agent, endpoints(neutron, agent.tunnel))


def _tunnel_ports(node: Node, agent: OvsAgent, known: dict[str, int]) -> None:
    switch = node.ovs
    if switch is None or agent.tunnel_bridge not in switch.bridges():
        return
    there, wanted = switch.ports(agent.tunnel_bridge), {}
    for address, number in sorted(known.items(), key=lambda item: item[1]):
        name = f"{agent.tunnel}-{number}"
        if address != agent.local_ip and name not in there:
            wanted[name] = {"in_key": "flow", "local_ip": agent.local_ip, "out_key": "flow", "remote_ip": address}
    for name in wanted:
        switch.delete_port(name)  # it may be in another bridge
    if wanted:
        switch.add_tunnels(agent.tunnel_bridge, agent.tunnel, wanted)
        ovsdb.apply(node)


def _tag(agent: OvsAgent | None, neutron: Neutron, network_id: str) -> int | None:
    """The VLAN tag of a port: none while no agent looks after it, 4095 when its network cannot be reached."""
    if agent is None:
        return None
    row = neutron.networks.get(network_id, {})
    kind = row.get("provider:network_type", "local")
    if kind in ("gre", "vxlan") and agent.tunnel != kind:
        return DEAD_VLAN
    return agent.vlan(network_id)


def _tags(node: Node, neutron: Neutron) -> None:
    """Ports that others put on br-int get the tag of their network."""
    agent = ovs_agent(node)
    switch = node.ovs
    if agent is None or switch is None or agent.integration not in switch.bridges():
        return
    for name in switch.ports(agent.integration):
        row = switch.interface(name)
        port = neutron.ports.get((row or {}).get("external_ids", {}).get("iface-id", ""))
        record = switch.port(name)
        if port and record is not None:
            tag = _tag(agent, neutron, port["network_id"])
            if record["tag"] != [tag]:
                record["tag"] = [tag]


def _register(world: World, node: Node, neutron: Neutron, rows: dict[tuple[str, str], Row]) -> None:
    """An agent that reports for the first time gets its row (a compute node that was added later)."""
    for kind, (binary, topic) in KINDS.items():
        if not node.running(binary):
            continue
        agent = ovs_agent(node) if kind == "Open vSwitch agent" else None
        row = rows.get((binary, node.fqdn))
        if row is None:
            now, row_id = world.clock.now(), neutron.new_id()
            row = neutron.agents[row_id] = {
                "id": row_id,
                "agent_type": kind,
                "binary": binary,
                "topic": topic,
                "host": node.fqdn,
                "admin_state_up": True,
                "created_at": agent_stamp(now),
                "started_at": agent_stamp(now),
                "description": None,
                "heartbeat_timestamp": agent_stamp(now),
                "alive": True,
                "configurations": {},
                "_node": node.name,
                "_seen": now,
                "_tunnel": world.cloud.host if world.cloud else "",
            }
        if agent is not None and agent.local_ip:
            row["_tunnel"] = agent.local_ip


def _agent_row(node: Node, neutron: Neutron, binary: str) -> Row | None:
    return next((a for a in neutron.agents.values() if a["binary"] == binary and a["host"] == node.fqdn), None)


# -- namespaces ------------------------------------------------------------------------------


def _namespaces_work(world: World, node: Node, service: str) -> bool:
    """Namespaces need a kernel that has them (defect 2), and a policy that lets neutron use them (Step 3)."""
    state = runtime(node).setdefault("netns_trouble", {})
    if not packages.has_netns(node):
        unknown = 'Object "netns" is unknown, try "ip help".'
        trouble = f"Command: ['sudo', 'ip', 'netns', 'add'] Exit code: 255 Stderr: '{unknown}'"
    elif node.kernel.selinux == "enforcing":
        trouble = "Command: ['sudo', 'ip', 'netns', 'exec'] Exit code: 1 Stderr: 'Permission denied' (SELinux)"
    else:
        state.pop(service, None)
        return True
    if state.get(service) != trouble:
        state[service] = trouble
        _log(world, node, service, "ERROR", "neutron.agent.linux.utils", trouble)
    return False


def _plug(
    node: Node, neutron: Neutron, port: Row, name: str, bridge: str, tag: int | None, netns: str, addresses: list[str]
) -> None:
    """An internal port in a namespace: Open vSwitch row, device, addresses."""
    switch = node.ovs
    assert switch is not None
    ids = {"attached-mac": port["mac_address"], "iface-id": port["id"], "iface-status": "active"}
    row = switch.interface(name)
    if switch.bridge_of(name) != bridge or row is None or row["external_ids"] != ids:
        switch.add_port(bridge, name, tag=tag, type="internal", external_ids=ids, mac=port["mac_address"])
        ovsdb.apply(node)
    nic = node.nics.get(name)
    if nic is None:
        return
    nic.netns, nic.up, nic.mac, nic.addresses = netns, True, port["mac_address"], addresses
    if row is not None:
        row["mac_in_use"] = [nic.mac]


def _unplug(node: Node, name: str) -> None:
    if node.ovs is not None:
        node.ovs.delete_port(name)
        ovsdb.apply(node)
    node.nics.pop(name, None)


def _add_namespace(node: Node, name: str) -> None:
    if name not in node.kernel.netns:
        node.kernel.netns.insert(0, name)


def _drop_namespace(node: Node, name: str) -> None:
    for nic in [n for n in node.nics.values() if n.netns == name]:
        _unplug(node, nic.name)
    if name in node.kernel.netns:
        node.kernel.netns.remove(name)
    runtime(node).setdefault("iptables_ns", {}).pop(name, None)


def _faces(neutron: Neutron, port: Row) -> list[str]:
    """The addresses of a port with their prefix lengths."""
    out = []
    for ip in port["fixed_ips"]:
        subnet = neutron.subnets.get(ip["subnet_id"])
        if subnet:
            out.append(f"{ip['ip_address']}/{ipaddress.ip_network(subnet['cidr']).prefixlen}")
    return out


# -- DHCP --------------------------------------------------------------------------------------


def _dhcp(world: World, node: Node, neutron: Neutron, serving: bool) -> None:
    if not node.running(DHCP_AGENT) or not node.running("openvswitch") or node.ovs is None or not serving:
        return
    if not _namespaces_work(world, node, DHCP_AGENT):
        return
    agent = _agent_row(node, neutron, DHCP_AGENT)
    if agent is None or "br-int" not in node.ovs.bridges():
        return
    _schedule_networks(node, neutron, agent)
    wanted = {}
    for port in neutron.ports.values():
        network_id = port["network_id"]
        bound = port["device_owner"] == DHCP and agent["id"] in neutron.dhcp_bindings.get(network_id, [])
        if bound and port.get("binding:host_id") in ("", None, node.fqdn):
            wanted[f"qdhcp-{network_id}"] = port
    for netns, port in wanted.items():
        _add_namespace(node, netns)
        tag = _tag(ovs_agent(node), neutron, port["network_id"])
        _plug(node, neutron, port, device("tap", port["id"]), "br-int", tag, netns, _faces(neutron, port))
        _dhcp_files(node, neutron, port["network_id"])
        keep = {device("tap", port["id"])}
        for nic in [n for n in node.nics.values() if n.netns == netns and n.name not in keep and n.kind == "internal"]:
            _unplug(node, nic.name)
    for netns in [n for n in node.kernel.netns if n.startswith("qdhcp-") and n not in wanted]:
        _drop_namespace(node, netns)
        folder = f"/var/lib/neutron/dhcp/{netns.removeprefix('qdhcp-')}"
        if node.fs.isdir(folder):
            node.fs.rmtree(folder)


def _schedule_networks(node: Node, neutron: Neutron, agent: Row) -> None:
    """After its start the agent takes the networks that nobody serves."""
    started = node.services[DHCP_AGENT].started
    if runtime(node).get("dhcp_started") == started:
        return
    runtime(node)["dhcp_started"] = started
    agent["alive"] = True
    for network_id in neutron.networks:
        served = [s for s in neutron.subnets_of(network_id) if s["enable_dhcp"]]
        if served and not neutron.dhcp_bindings.get(network_id):
            neutron.dhcp_bindings[network_id] = [agent["id"]]
            neutron._serve(network_id, agent)


def _dhcp_files(node: Node, neutron: Neutron, network_id: str) -> None:
    """dnsmasq's list of who gets which address."""
    folder = f"/var/lib/neutron/dhcp/{network_id}"
    lines = []
    for port in neutron.ports.values():
        if port["network_id"] == network_id:
            for ip in port["fixed_ips"]:
                name = "host-" + ip["ip_address"].replace(".", "-")
                lines.append(f"{port['mac_address']},{name}.openstacklocal,{ip['ip_address']}\n")
    text = "".join(lines)
    if not node.fs.isdir(folder):
        node.fs.mkdir(folder, parents=True)
    if not node.fs.isfile(f"{folder}/host") or node.fs.read_text(f"{folder}/host") != text:
        node.fs.write(f"{folder}/host", text)


# -- routers -----------------------------------------------------------------------------------


def _l3(world: World, node: Node, neutron: Neutron, serving: bool) -> None:
    if not node.running(L3_AGENT) or not node.running("openvswitch") or node.ovs is None or not serving:
        return
    external = _conf(node, L3_AGENT, "DEFAULT", "external_network_bridge")
    if external and external not in node.ovs.bridges():
        text = f"The external network bridge '{external}' does not exist"
        if runtime(node).get("l3_trouble") != text:
            runtime(node)["l3_trouble"] = text
            _log(world, node, L3_AGENT, "ERROR", "neutron.agent.l3_agent", text)
        return
    runtime(node).pop("l3_trouble", None)
    agent = _agent_row(node, neutron, L3_AGENT)
    if agent is None or "br-int" not in node.ovs.bridges() or not _namespaces_work(world, node, L3_AGENT):
        return
    if external and sum(1 for n in neutron.networks.values() if n.get("router:external")) > 1:
        _log_once(world, node, "TooManyExternalNetworks: More than one external network exists")
        return  # the agent's call to the server fails; what it made before stays as it is
    _schedule_routers(node, neutron, agent)
    mine = [r for r in neutron.routers.values() if neutron.l3_bindings.get(r["id"]) == agent["id"]]
    for router in mine:
        _router(world, node, neutron, router, external)
    wanted = {f"qrouter-{r['id']}" for r in mine if r.get("admin_state_up", True)}
    for netns in [n for n in node.kernel.netns if n.startswith("qrouter-") and n not in wanted]:
        _drop_namespace(node, netns)


def _log_once(world: World, node: Node, text: str) -> None:
    if runtime(node).get("l3_said") != text:
        runtime(node)["l3_said"] = text
        _log(world, node, L3_AGENT, "ERROR", "neutron.agent.l3_agent", text)


def _schedule_routers(node: Node, neutron: Neutron, agent: Row) -> None:
    started = node.services[L3_AGENT].started
    if runtime(node).get("l3_started") == started:
        return
    runtime(node)["l3_started"] = started
    for router in neutron.routers.values():
        if router["id"] not in neutron.l3_bindings and router.get("admin_state_up", True):
            neutron.l3_bindings[router["id"]] = agent["id"]


def _router(world: World, node: Node, neutron: Neutron, router: Row, external: str) -> None:
    netns = f"qrouter-{router['id']}"
    if not router.get("admin_state_up", True):
        return
    _add_namespace(node, netns)
    state = runtime(node).setdefault("lo_up", [])
    if netns not in state:
        state.append(netns)
    ports = [p for p in neutron.ports.values() if p["device_id"] == router["id"]]
    agent, keep, gateway = ovs_agent(node), set(), None
    for port in ports:
        if port["device_owner"] == INTERFACE:
            name = device("qr-", port["id"])
            _plug(
                node,
                neutron,
                port,
                name,
                "br-int",
                _tag(agent, neutron, port["network_id"]),
                netns,
                _faces(neutron, port),
            )
            keep.add(name)
        elif port["device_owner"] == GATEWAY:
            gateway, name = port, device("qg-", port["id"])
            floating = [f"{f['floating_ip_address']}/32" for f in _floating(neutron, router)]
            tag = None if external else _tag(agent, neutron, port["network_id"])
            _plug(node, neutron, port, name, external or "br-int", tag, netns, [*_faces(neutron, port), *floating])
            keep.add(name)
    for nic in [n for n in node.nics.values() if n.netns == netns and n.kind == "internal" and n.name not in keep]:
        _unplug(node, nic.name)
    _router_routes(node, neutron, router, gateway, netns)
    _router_firewall(node, neutron, router, gateway, netns)


def _floating(neutron: Neutron, router: Row) -> list[Row]:
    found = [f for f in neutron.floatingips.values() if f["router_id"] == router["id"] and f["fixed_ip_address"]]
    return sorted(found, key=lambda f: ipaddress.ip_address(f["floating_ip_address"]))


def _router_routes(node: Node, neutron: Neutron, router: Row, gateway: Row | None, netns: str) -> None:
    wanted = []
    if gateway is not None:
        for ip in gateway["fixed_ips"][:1]:
            via = (neutron.subnets.get(ip["subnet_id"]) or {}).get("gateway_ip")
            if via:
                wanted.append(("default", device("qg-", gateway["id"]), via))
    for route in router.get("routes") or []:
        found = network.lookup(node, netns, route["nexthop"])
        if found:
            wanted.append((route["destination"], found.dev, route["nexthop"]))
    have = [(r.dst, r.dev, r.via) for r in network.routes(node, netns) if r.via]
    for dst, dev, via in have:
        if (dst, dev, via) not in wanted:
            network.delete_route(node, dst, netns, dev, via)
    for dst, dev, via in wanted:
        if (dst, dev, via) not in have:
            network.add_route(node, dst, dev, via, netns)


def _router_firewall(node: Node, neutron: Neutron, router: Row, gateway: Row | None, netns: str) -> None:
    """The NAT of a router: floating addresses both ways, everything else leaves with the router's address."""
    nat = firewall.fresh("nat")
    chains = ["OUTPUT", "POSTROUTING", "PREROUTING", "float-snat", "snat"]
    nat += [f":neutron-l3-agent-{c} - [0:0]" for c in chains] + [":neutron-postrouting-bottom - [0:0]"]
    nat += [
        "-A PREROUTING -j neutron-l3-agent-PREROUTING ",
        "-A POSTROUTING -j neutron-l3-agent-POSTROUTING ",
        "-A POSTROUTING -j neutron-postrouting-bottom ",
        "-A OUTPUT -j neutron-l3-agent-OUTPUT ",
    ]
    pairs = [(f["floating_ip_address"], f["fixed_ip_address"]) for f in _floating(neutron, router)]
    nat += [f"-A neutron-l3-agent-OUTPUT -d {out}/32 -j DNAT --to-destination {own} " for out, own in pairs]
    if gateway is not None and gateway["fixed_ips"]:
        name = device("qg-", gateway["id"])
        nat.append(f"-A neutron-l3-agent-POSTROUTING ! -i {name} ! -o {name} -m conntrack ! --ctstate DNAT -j ACCEPT ")
    nat.append(
        "-A neutron-l3-agent-PREROUTING -d 169.254.169.254/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 9697 "
    )
    for out, own in pairs:
        nat.append(f"-A neutron-l3-agent-PREROUTING -d {out}/32 -j DNAT --to-destination {own} ")
        nat.append(f"-A neutron-l3-agent-float-snat -s {own}/32 -j SNAT --to-source {out} ")
    nat.append("-A neutron-l3-agent-snat -j neutron-l3-agent-float-snat ")
    if gateway is not None and gateway["fixed_ips"]:
        source = gateway["fixed_ips"][0]["ip_address"]
        for port in neutron.ports.values():
            if port["device_id"] == router["id"] and port["device_owner"] == INTERFACE:
                for ip in port["fixed_ips"]:
                    cidr = neutron.subnets[ip["subnet_id"]]["cidr"]
                    nat.append(f"-A neutron-l3-agent-snat -s {cidr} -j SNAT --to-source {source} ")
    nat.append("-A neutron-postrouting-bottom -j neutron-l3-agent-snat ")
    filter_ = firewall.fresh("filter")
    filter_ += [
        f":neutron-{c} - [0:0]"
        for c in ("filter-top", "l3-agent-FORWARD", "l3-agent-INPUT", "l3-agent-OUTPUT", "l3-agent-local")
    ]
    filter_ += [
        "-A INPUT -j neutron-l3-agent-INPUT ",
        "-A FORWARD -j neutron-filter-top ",
        "-A FORWARD -j neutron-l3-agent-FORWARD ",
        "-A OUTPUT -j neutron-filter-top ",
        "-A OUTPUT -j neutron-l3-agent-OUTPUT ",
        "-A neutron-filter-top -j neutron-l3-agent-local ",
        "-A neutron-l3-agent-INPUT -d 127.0.0.1/32 -p tcp -m tcp --dport 9697 -j ACCEPT ",
    ]
    tables = firewall.tables(node, netns)
    tables["nat"], tables["filter"] = nat, filter_


# -- instances -----------------------------------------------------------------------------------


def _instances(world: World, node: Node, neutron: Neutron) -> None:
    """What hangs between an instance and br-int: tap, the bridge qbr with the firewall, the pair qvb/qvo."""
    if node.ovs is None or not node.running("openvswitch") or "br-int" not in node.ovs.bridges():
        return
    states = {g.id: str(g.state) for g in network.guests(world) if hasattr(g, "id")}
    ports = [
        p
        for p in neutron.ports.values()
        if p["device_owner"].startswith("compute:")
        and p.get("binding:host_id") == node.fqdn
        and p["device_id"] in states
    ]
    wanted: set[str] = set()
    for port in ports:
        names = {k: device(k, port["id"]) for k in ("qbr", "qvb", "qvo", "tap")}
        wanted.update(names.values())
        _instance_port(node, neutron, port, names, states[port["device_id"]].lower() in ("active", "running", "paused"))
    stale = [n for n in node.nics if n.startswith(("qbr", "qvb", "qvo")) and n not in wanted]
    stale += [n for n, nic in node.nics.items() if nic.kind == "tap" and n.startswith("tap") and n not in wanted]
    for name in stale:
        if name.startswith("qvo"):
            node.ovs.delete_port(name)
        node.nics.pop(name, None)
    if stale:
        ovsdb.apply(node)
    if node.running(OVS_AGENT):
        _security_groups(node, neutron, ports)


def _instance_port(node: Node, neutron: Neutron, port: Row, names: dict[str, str], running: bool) -> None:
    switch = node.ovs
    assert switch is not None
    mac = port["mac_address"]
    for kind, name, master in (("bridge", "qbr", None), ("veth", "qvb", "qbr"), ("veth", "qvo", "br-int")):
        if names[name] not in node.nics:
            own = f"{int(port['id'][:2], 16) & 0xFE | 2:02x}:" + ":".join(
                port["id"].replace("-", "")[i : i + 2] for i in range(2, 12, 2)
            )
            node.nics[names[name]] = Nic(names[name], own, kind=kind, master=names.get(master or "", master))
    tap = names["tap"]
    if running and tap not in node.nics:
        node.nics[tap] = Nic(tap, "fe" + mac[2:], kind="tap", master=names["qbr"], mtu=1500)
    elif not running:
        node.nics.pop(tap, None)
    ids = {"attached-mac": mac, "iface-id": port["id"], "iface-status": "active", "vm-uuid": port["device_id"]}
    row = switch.interface(names["qvo"])
    if switch.bridge_of(names["qvo"]) != "br-int" or row is None or row["external_ids"] != ids:
        node.nics[names["qvo"]].master = None
        switch.add_port(
            "br-int", names["qvo"], tag=_tag(ovs_agent(node), neutron, port["network_id"]), external_ids=ids
        )
        ovsdb.apply(node)


OVS_CHAIN = "neutron-openvswi"


def _security_groups(node: Node, neutron: Neutron, ports: list[Row]) -> None:
    """The security groups as rules of the packet filter, one pair of chains per port.

    They see an instance's packets only while net.bridge.bridge-nf-call-iptables is 1 (defect 1).
    """
    state = runtime(node)
    lines = _group_rules(neutron, ports)
    if state.get("sg_rules") == lines or (not ports and "sg_rules" not in state):
        return
    state["sg_rules"] = lines
    own = (f":{OVS_CHAIN}", f"-A {OVS_CHAIN}", ":neutron-filter-top", "-A neutron-filter-top")
    table = firewall.table(node, "filter")
    rest = [
        x for x in table if not x.startswith(own) and f"-j {OVS_CHAIN}" not in x and "-j neutron-filter-top" not in x
    ]
    heads = [x for x in rest if x.startswith(":")]
    hooks = [
        "-A FORWARD -j neutron-filter-top ",
        "-A OUTPUT -j neutron-filter-top ",
        f"-A INPUT -j {OVS_CHAIN}-INPUT ",
        f"-A FORWARD -j {OVS_CHAIN}-FORWARD ",
        f"-A OUTPUT -j {OVS_CHAIN}-OUTPUT ",
    ]
    chains = [x for x in lines if x.startswith(":")]
    rules = [x for x in lines if not x.startswith(":")]
    table[:] = [*heads, *chains, *hooks, *[x for x in rest if not x.startswith(":")], *rules]


def _group_rules(neutron: Neutron, ports: list[Row]) -> list[str]:
    c = OVS_CHAIN
    out = [":neutron-filter-top - [0:0]"]
    out += [f":{c}-{name} - [0:0]" for name in ("FORWARD", "INPUT", "OUTPUT", "local", "sg-chain", "sg-fallback")]
    rules = [f"-A neutron-filter-top -j {c}-local "]
    chain: list[str] = []
    for port in sorted(ports, key=lambda p: p["id"]):
        short, tap, mac = port["id"][:10], device("tap", port["id"]), port["mac_address"].upper()
        out += [f":{c}-{x}{short} - [0:0]" for x in "ios"]
        rules += [
            f"-A {c}-FORWARD -m physdev --physdev-out {tap} --physdev-is-bridged -j {c}-sg-chain ",
            f"-A {c}-FORWARD -m physdev --physdev-in {tap} --physdev-is-bridged -j {c}-sg-chain ",
            f"-A {c}-INPUT -m physdev --physdev-in {tap} --physdev-is-bridged -j {c}-o{short} ",
        ]
        rules += _port_rules(neutron, port, short, mac)
        chain += [
            f"-A {c}-sg-chain -m physdev --physdev-out {tap} --physdev-is-bridged -j {c}-i{short} ",
            f"-A {c}-sg-chain -m physdev --physdev-in {tap} --physdev-is-bridged -j {c}-o{short} ",
        ]
    return [*out, *rules, *chain, f"-A {c}-sg-chain -j ACCEPT ", f"-A {c}-sg-fallback -j DROP "]


def _port_rules(neutron: Neutron, port: Row, short: str, mac: str) -> list[str]:
    c = OVS_CHAIN
    groups = [r for r in neutron.security_group_rules.values() if r["security_group_id"] in port["security_groups"]]
    inward = [
        f"-A {c}-i{short} -m state --state INVALID -j DROP ",
        f"-A {c}-i{short} -m state --state RELATED,ESTABLISHED -j RETURN ",
    ]
    outward = [
        f"-A {c}-o{short} -p udp -m udp --sport 68 --dport 67 -j RETURN ",
        f"-A {c}-o{short} -j {c}-s{short} ",
        f"-A {c}-o{short} -p udp -m udp --sport 67 --dport 68 -j DROP ",
        f"-A {c}-o{short} -m state --state INVALID -j DROP ",
        f"-A {c}-o{short} -m state --state RELATED,ESTABLISHED -j RETURN ",
    ]
    for rule in groups:
        if rule["ethertype"] != "IPv4":
            continue
        into, sources = rule["direction"] == "ingress", [rule["remote_ip_prefix"]]
        if rule.get("remote_group_id"):
            sources = [
                f"{ip['ip_address']}/32"
                for p in neutron.ports.values()
                for ip in p["fixed_ips"]
                if rule["remote_group_id"] in p["security_groups"] and p is not port
            ]
        for source in sources:
            flag = "" if not source or source == "0.0.0.0/0" else f"-{'s' if into else 'd'} {source} "
            line = f"-A {c}-{'i' if into else 'o'}{short} {flag}{_match(rule)}-j RETURN "
            (inward if into else outward).append(line)
    for server in neutron.ports.values():
        if server["network_id"] == port["network_id"] and server["device_owner"] == DHCP:
            for ip in server["fixed_ips"]:
                inward.append(
                    f"-A {c}-i{short} -s {ip['ip_address']}/32 -p udp -m udp --sport 67 --dport 68 -j RETURN "
                )
    spoof = [
        f"-A {c}-s{short} -s {ip['ip_address']}/32 -m mac --mac-source {mac} -j RETURN " for ip in port["fixed_ips"]
    ]
    return [
        *inward,
        f"-A {c}-i{short} -j {c}-sg-fallback ",
        *outward,
        f"-A {c}-o{short} -j {c}-sg-fallback ",
        *spoof,
        f"-A {c}-s{short} -j DROP ",
    ]


def _match(rule: Row) -> str:
    proto = rule["protocol"]
    if proto is None:
        return ""
    low, high = rule["port_range_min"], rule["port_range_max"]
    text = f"-p {proto} "
    if proto in ("tcp", "udp") and low is not None:
        text += f"-m {proto} --dport {low} " if low == high else f"-m multiport --dports {low}:{high} "
    elif proto == "icmp" and low is not None:
        text += f"--icmp-type {low}" + (f"/{high}" if high is not None else "") + " "
    return text
