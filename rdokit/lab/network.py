"""How packets find their way: interfaces, routes, names, the fabric between the nodes, firewalls.

    route(world, node, netns, ip) -> Reach        # who answers there, how fast, or why nobody does
    connect(world, node, ip, port) -> Connection  # is something listening, does a firewall say no
    resolve(world, node, name) -> address | None  # /etc/hosts, then DNS

The fabric is made of LANs: a physical NIC is plugged into the LAN that its specification names (`network`,
else the network of its first address), whatever address it is given later. A NIC that became a port of a
bridge carries the bridge's traffic and no longer its own. On a LAN live the nodes, the Client (host number
10 of a /24) and, where a node has its gateway, a router to the internet.

Faults (`world.faults`): `internet: "off"`, `cables: ["node2/eth0", …]` (pulled out).
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from . import firewall, internet, settings
from .nodestate import kernel_message, now, runtime, set_clock

if TYPE_CHECKING:
    from .world import Nic, Node, World

MAX_HOPS = 8
GRE_MTU = 1458  # what fits a GRE tunnel with key over Ethernet (1500 - 42)
CONNTRACK_GENERIC = 600.0  # seconds after which conntrack forgets a GRE flow (defect 3)


@dataclass(frozen=True)
class Route:
    """A line of the routing table. `dst` is "default" or a network."""

    dst: str
    dev: str
    via: str = ""
    src: str = ""
    metric: int = 0
    scope: str = ""
    proto: str = ""

    @property
    def network(self) -> ipaddress.IPv4Network:
        return ipaddress.ip_network("0.0.0.0/0" if self.dst == "default" else self.dst, strict=False)  # type: ignore


@dataclass(frozen=True)
class Reach:
    """Where a packet ends.

    kind: node | guest | router | client | external | none
    target: node name, guest name, namespace or host name
    rtt_ms: there and back; reason when kind is "none": no-route | host-unreachable | timeout | net-unreachable
    """

    kind: str
    target: str = ""
    rtt_ms: float = 0.0
    reason: str = ""
    source: str = ""  # address the packet leaves with
    dev: str = ""
    mtu: int = 1500
    hops: tuple[str, ...] = ()
    gateway: str = ""  # who says "unreachable"
    guest: Any = None
    netns: str = ""

    @property
    def ok(self) -> bool:
        return self.kind != "none"


@dataclass(frozen=True)
class Connection:
    """Whether a TCP (or UDP) port can be used. reason: refused | prohibited | timeout | no-route | host-unreachable."""

    open: bool
    reason: str = ""
    reach: Reach = Reach("none")
    program: str = ""


# -- interfaces --------------------------------------------------------------------------------------------------------


def interfaces(node: Node, netns: str = "") -> list[Nic]:
    """The NICs of a namespace, lo first (every namespace has its own, even when the world keeps none)."""
    from .world import Nic

    here = [nic for nic in node.nics.values() if nic.netns == netns]
    loop = [nic for nic in here if nic.kind == "loopback"]
    if not loop:
        up = netns in runtime(node).setdefault("lo_up", []) or netns.startswith("q")
        loop = [Nic("lo", "00:00:00:00:00:00", ["127.0.0.1/8"] if up else [], up, 16436, "loopback", netns=netns)]
    return loop + sorted((nic for nic in here if nic.kind != "loopback"), key=lambda nic: index(node, nic))


def index(node: Node, nic: Nic) -> int:
    """The interface number of `ip link`: physical ones first, others as they came."""
    numbers = runtime(node).setdefault("ifindex", {"lo": 1})
    if nic.name not in numbers:
        numbers[nic.name] = max(numbers.values()) + 1
    return numbers[nic.name]


def carrier(world: World, node: Node, nic: Nic) -> bool:
    """Whether a cable is plugged in (virtual ones always)."""
    return nic.kind != "physical" or f"{node.name}/{nic.name}" not in world.faults.get("cables", [])


def address_of(nic: Nic) -> str:
    """The first IPv4 address without prefix, "" when there is none."""
    return nic.addresses[0].split("/")[0] if nic.addresses else ""


def namespaces(node: Node) -> list[str]:
    """Network namespaces as `ip netns list` shows them."""
    return list(node.kernel.netns)


def enslaved(node: Node, nic: Nic) -> bool:
    """Whether a NIC is a port of a bridge, so that the kernel's own IP no longer sees its frames."""
    return bool(nic.master) and nic.master != nic.name and nic.kind in ("physical", "veth", "tap")


def segment(world: World, node: Node, nic: Nic) -> tuple[str, ...] | None:
    """The LAN (or tenant network) that a NIC with an address is on, None when its frames go nowhere."""
    if nic.kind == "physical":
        if enslaved(node, nic) or not nic.up or not carrier(world, node, nic):
            return None
        return _plug(node, nic.name)
    if nic.kind in ("internal", "bridge"):
        bridge = nic.master if nic.kind == "internal" and nic.master else nic.name
        for member in node.nics.values():
            if member.master == bridge and member.kind == "physical" and member.up and carrier(world, node, member):
                return _plug(node, member.name)
        if nic.kind == "internal" and bridge == "br-int":
            return ("tenant", node.name, nic.name)
        return ("bridge", node.name, bridge or nic.name)
    return None


def _plug(node: Node, name: str) -> tuple[str, ...]:
    for spec in node.spec.nics:
        if spec.get("name") == name:
            if spec.get("network"):
                return ("lan", str(spec["network"]))
            if spec.get("address"):
                return ("lan", str(ipaddress.ip_interface(spec["address"]).network))
    return ("lan", name)


def lan_networks(world: World) -> set[str]:
    """The IP networks of all LANs, as the nodes' specifications name them."""
    return {
        str(ipaddress.ip_interface(spec["address"]).network)
        for node in world.nodes.values()
        for spec in node.spec.nics
        if spec.get("address")
    }


# -- routes ------------------------------------------------------------------------------------------------------------


def _stored(node: Node, netns: str) -> list[dict[str, Any]]:
    return [r for r in runtime(node).setdefault("routes", []) if r.get("netns", "") == netns]


def add_route(
    node: Node, dst: str, dev: str = "", via: str = "", netns: str = "", metric: int = 0, src: str = "", scope: str = ""
) -> bool:
    """Add a route; False ("File exists") when the same destination and metric are there.

    Args:
        dst: "default" or a network; dev: found from `via` when "".
    """
    if dst != "default":
        dst = str(ipaddress.ip_network(dst, strict=False)).removesuffix("/32")
    if not dev and via:
        on = [r for r in routes(node, netns) if not r.via and ipaddress.ip_address(via) in r.network]
        if not on:
            raise LookupError("unreachable")
        dev = on[0].dev
    if any(r["dst"] == dst and r["metric"] == metric for r in _stored(node, netns)):
        return False
    entry = {"dst": dst, "dev": dev, "via": via, "netns": netns, "metric": metric, "src": src, "scope": scope}
    runtime(node)["routes"].append(entry)
    return True


def delete_route(node: Node, dst: str, netns: str = "", dev: str = "", via: str = "") -> bool:
    """Remove a stored route; False ("No such process") when there is none."""
    for entry in _stored(node, netns):
        if entry["dst"] == dst and (not dev or entry["dev"] == dev) and (not via or entry["via"] == via):
            runtime(node)["routes"].remove(entry)
            return True
    return False


def drop_routes(node: Node, dev: str) -> None:
    """What the kernel does when an interface goes down."""
    state = runtime(node)
    state["routes"] = [r for r in state.setdefault("routes", []) if r["dev"] != dev]


def routes(node: Node, netns: str = "") -> list[Route]:
    """The routing table in the order of `ip route`: most specific first, default last."""
    found = []
    names = {nic.name for nic in interfaces(node, netns) if nic.up}
    for nic in interfaces(node, netns):
        if not nic.up or nic.kind == "loopback":
            continue
        for address in nic.addresses:
            face = ipaddress.ip_interface(address)
            if face.version == 4 and face.network.prefixlen < 32:
                found.append(Route(str(face.network), nic.name, src=str(face.ip), scope="link", proto="kernel"))
    for r in _stored(node, netns):
        if r["dev"] in names:
            found.append(Route(r["dst"], r["dev"], r["via"], r["src"], r["metric"], r["scope"]))
    return sorted(found, key=lambda r: (-r.network.prefixlen, r.metric))


def lookup(node: Node, netns: str, ip: str) -> Route | None:
    """The route that a packet takes."""
    address = ipaddress.ip_address(ip)
    return next((r for r in routes(node, netns) if address in r.network), None)


def source_for(node: Node, netns: str, found: Route) -> str:
    if found.src:
        return found.src
    nic = next((n for n in interfaces(node, netns) if n.name == found.dev), None)
    if nic is None:
        return ""
    if found.via:
        for address in nic.addresses:
            if ipaddress.ip_address(found.via) in ipaddress.ip_interface(address).network:
                return address.split("/")[0]
    return address_of(nic)


# -- who is where ------------------------------------------------------------------------------------------------------


def guests(world: World) -> list[Any]:
    """The instances of the cloud, as the nova helper's objects; none before there is a cloud."""
    if world.cloud is None:
        return []
    try:
        return list(world.cloud.guests())
    except AttributeError:
        return []


def floating_guest(world: World, ip: str) -> Any:
    return next((g for g in guests(world) if ip in g.floating_ips), None)


def fixed_guest(world: World, ip: str) -> Any:
    return next((g for g in guests(world) if ip in g.fixed_ips), None)


def is_gateway(world: World, lan: tuple[str, ...], ip: str) -> bool:
    """Whether the site's router has this address on this LAN."""
    if not any(n.spec.gateway == ip for n in world.nodes.values()):
        return False
    try:
        return ipaddress.ip_address(ip) in ipaddress.ip_network(lan[1])
    except ValueError:
        return True


def is_client(world: World, lan: tuple[str, ...], ip: str) -> bool:
    """The Client of the document: host 10 of a LAN whose network is a /24."""
    try:
        network = ipaddress.ip_network(lan[1])
    except ValueError:
        return False
    return network.prefixlen == 24 and ip == str(network.network_address + 10)


def owners(world: World, ip: str) -> Iterator[tuple[Node, Nic]]:
    """Every NIC that has an address (there can be two when somebody made a mistake)."""
    for node in world.nodes.values():
        for nic in node.nics.values():
            if any(a.split("/")[0] == ip for a in nic.addresses):
                yield node, nic


def on_lan(world: World, lan: tuple[str, ...], ip: str) -> tuple[Node, Nic] | None:
    """Who answers ARP for an address on a LAN."""
    for node, nic in owners(world, ip):
        if node.up and nic.up and segment(world, node, nic) == lan:
            return node, nic
        if node.up and not enslaved(node, nic) and nic.up and not nic.netns:  # the kernel answers for all its addresses
            for other in node.nics.values():
                if other.up and not other.netns and segment(world, node, other) == lan and other.addresses:
                    return node, nic
    return None


# -- the way -----------------------------------------------------------------------------------------------------------


def route(world: World, node: Node, netns: str, ip: str, hops: int = 0, dev: str = "") -> Reach:
    """Where a packet from `node` (in a namespace, "" is its own) to an IPv4 address ends.

    >>> from rdokit.lab.world import World
    >>> route(World("x"), None, "", "no address").reason
    'no-route'
    """
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return Reach("none", reason="no-route")
    if node is None or address.version != 4:
        return Reach("none", reason="no-route")
    for nic in interfaces(node, netns):
        if nic.kind == "loopback" and nic.up and address in ipaddress.ip_network("127.0.0.0/8"):
            return Reach("node", node.name, 0.031, source="127.0.0.1", dev="lo", mtu=16436, netns=netns)
        if any(a.split("/")[0] == ip for a in nic.addresses) and not (netns and floating_guest(world, ip)):
            return Reach("node", node.name, 0.034, source=ip, dev="lo", mtu=16436, netns=netns)
    found = lookup(node, netns, ip)
    if dev:
        found = next((r for r in routes(node, netns) if r.dev == dev and address in r.network), Route("default", dev))
    if found is None:
        return Reach("none", reason="no-route")
    nic = next((n for n in interfaces(node, netns) if n.name == found.dev), None)
    if nic is None or hops > MAX_HOPS:
        return Reach("none", reason="no-route")
    source = source_for(node, netns, found)
    lan = segment(world, node, nic)
    base = {"source": source, "dev": nic.name, "gateway": source}
    if lan is None:
        return Reach("none", reason="host-unreachable", **base)
    if lan[0] == "tenant" or nic.name.startswith(("qr-", "tap")):
        return _tenant(world, node, netns, ip, found, base)
    return _lan(world, node, lan, ip, found, base, hops)


def _lan(
    world: World, node: Node, lan: tuple[str, ...], ip: str, found: Route, base: dict[str, str], hops: int
) -> Reach:
    target = found.via or ip
    who = on_lan(world, lan, target)
    if not found.via:
        guest = floating_guest(world, ip)
        if guest is not None:
            return _floating(world, lan, guest, who, base)
        if who is not None:
            other, nic = who
            kind = "router" if nic.netns else "node"
            return Reach(kind, nic.netns or other.name, _rtt(node, other), netns=nic.netns, mtu=nic.mtu, **base)
        if is_gateway(world, lan, ip):
            return Reach("router", "gateway", 0.42, **base)
        if is_client(world, lan, ip):
            return Reach("client", "client", 0.37, **base)
        return Reach("none", reason="host-unreachable", **base)
    if who is not None:
        return _forward(world, node, who, ip, base, hops)
    if is_gateway(world, lan, target):
        return _beyond(world, lan, target, ip, base)
    return Reach("none", reason="host-unreachable", **base)


def _rtt(one: Node, other: Node) -> float:
    return 0.034 if one is other else 0.286 + (len(one.name) + len(other.name)) % 7 * 0.013


def _forward(world: World, node: Node, who: tuple[Node, Nic], ip: str, base: dict[str, str], hops: int) -> Reach:
    """Through another node, or a neutron router."""
    other, nic = who
    if not nic.netns and settings.get(other, "net.ipv4.ip_forward") != "1":
        return Reach("none", reason="timeout", **base)
    beyond = route(world, other, nic.netns, ip, hops + 1)
    if not beyond.ok:
        reason = "timeout" if beyond.reason == "no-route" else beyond.reason
        return Reach("none", reason=reason, **{**base, "gateway": address_of(nic)})
    return Reach(
        beyond.kind, beyond.target, beyond.rtt_ms + _rtt(node, other), hops=(address_of(nic), *beyond.hops),
        mtu=beyond.mtu, guest=beyond.guest, netns=beyond.netns, **base,
    )  # fmt: skip


def _beyond(world: World, lan: tuple[str, ...], gateway: str, ip: str, base: dict[str, str]) -> Reach:
    """Behind the site's router: the internet, and the LAN it stands on."""
    guest = floating_guest(world, ip)
    who = on_lan(world, lan, ip) if _inside(lan, ip) else None
    if guest is not None and who is not None:
        return _floating(world, lan, guest, who, base)
    if who is not None:
        return Reach("node", who[0].name, 0.9, hops=(gateway,), **base)
    address = ipaddress.ip_address(ip)
    if world.faults.get("internet") == "off":
        return Reach("none", reason="timeout", **base)
    if address.is_private and not internet.known(ip):
        return Reach("none", reason="timeout", **base)
    if not internet.known(ip):
        return Reach("none", reason="timeout", **base)
    name = internet.name_of(ip) or ip
    return Reach("external", name, internet.latency(ip), hops=(gateway, "203.0.113.254"), **base)


def _inside(lan: tuple[str, ...], ip: str) -> bool:
    """Whether an address belongs to the IP network of a LAN (the router asks there for no other)."""
    try:
        return ipaddress.ip_address(ip) in ipaddress.ip_network(lan[1])
    except ValueError:
        return False


def _floating(
    world: World, lan: tuple[str, ...], guest: Any, who: tuple[Node, Nic] | None, base: dict[str, str]
) -> Reach:
    """A floating IP: the router that has it, its NAT, the tunnel, the guest's own firewall (see `Guest.allows`)."""
    if who is None or not who[1].netns:
        return Reach("none", reason="host-unreachable", **base)
    return _to_guest(world, who[0], guest, {**base}, 0.9)


def _tenant(world: World, node: Node, netns: str, ip: str, found: Route, base: dict[str, str]) -> Reach:
    """From a router's or DHCP server's namespace into a tenant network."""
    guest = fixed_guest(world, found.via or ip)
    if guest is not None and not found.via:
        return _to_guest(world, node, guest, base, 0.6)
    for other, nic in owners(world, found.via or ip):
        if nic.netns and nic.up and other.up and (other is node or tunnel(world, node, other)):
            if found.via:
                return _forward(world, node, (other, nic), ip, base, 1)
            return Reach("router", nic.netns, 0.05 if other is node else 0.7, netns=nic.netns, **base)
    return Reach("none", reason="host-unreachable", **base)


def _to_guest(world: World, node: Node, guest: Any, base: dict[str, str], rtt: float) -> Reach:
    host = world.nodes.get(guest.node)
    if host is None or not host.up or guest.state not in ("ACTIVE", "active", "running"):
        return Reach("none", reason="host-unreachable", **base)
    mtu = 1500
    if host is not node:
        if not tunnel(world, node, host):
            return Reach("none", reason="host-unreachable", **base)
        mtu = GRE_MTU
        rtt += 0.7
    return Reach("guest", guest.name, rtt, mtu=mtu, guest=guest, **base)


def from_guest(world: World, guest: Any, ip: str) -> Reach:
    """Where a packet from an instance ends (defects 4 and 5: overlapping networks, MTU of the tunnel).

    The guest's own network is on-link for it, so a node whose address lies in it cannot be reached.
    """
    host = world.nodes.get(guest.node)
    if host is None:
        return Reach("none", reason="no-route")
    own = [str(a) for a in guest.fixed_ips]
    if ip in own or ip.startswith("127."):
        return Reach("guest", guest.name, 0.05, source=own[0] if own else ip)
    for other, nic in list(_tenant_nics(world, own)):
        face = next(ipaddress.ip_interface(a) for a in nic.addresses)
        base = {"source": own[0], "dev": "eth0", "gateway": own[0]}
        if other is not host and not tunnel(world, host, other):
            continue
        mtu = 1500 if other is host else GRE_MTU
        if ipaddress.ip_address(ip) in face.network:
            if any(a.split("/")[0] == ip for a in nic.addresses):
                return Reach("router", nic.netns, 0.6, mtu=mtu, **base)
            friend = fixed_guest(world, ip)
            if friend is not None:
                there = world.nodes.get(friend.node)
                if there is not None and (there is host or tunnel(world, host, there)):
                    return Reach(
                        "guest", friend.name, 0.8, mtu=1500 if there is host else GRE_MTU, guest=friend, **base
                    )
            continue
        if nic.name.startswith("qr-"):
            beyond = route(world, other, nic.netns, ip, 1)
            return Reach(
                beyond.kind, beyond.target, beyond.rtt_ms + 0.6, beyond.reason, mtu=min(mtu, beyond.mtu),
                hops=(address_of(nic), *beyond.hops), guest=beyond.guest, netns=beyond.netns, **base,
            )  # fmt: skip
    return Reach(
        "none", reason="host-unreachable", source=own[0] if own else "", dev="eth0", gateway=own[0] if own else ""
    )


def _tenant_nics(world: World, addresses: list[str]) -> Iterator[tuple[Node, Nic]]:
    """Router and DHCP ports whose network holds one of the addresses, routers first."""
    found = []
    for node in world.nodes.values():
        for nic in node.nics.values():
            if node.up and nic.netns and nic.up and nic.name.startswith(("qr-", "tap")):
                for text in nic.addresses:
                    face = ipaddress.ip_interface(text)
                    if any(ipaddress.ip_address(a) in face.network for a in addresses):
                        found.append((node, nic))
    return iter(sorted(found, key=lambda item: not item[1].name.startswith("qr-")))


def tunnel(world: World, one: Node, two: Node) -> bool:
    """Whether tenant traffic passes between two nodes: a tunnel port on both sides, the LAN, GRE not blocked."""
    if one is two:
        return True
    return _leg(world, one, two) and _leg(world, two, one)


def _leg(world: World, one: Node, two: Node) -> bool:
    if not one.up or one.ovs is None or not one.running("openvswitch"):
        return False
    for row in one.ovs.tables["Interface"].values():
        if row["type"][0] not in ("gre", "vxlan"):
            continue
        remote = row["options"].get("remote_ip", "")
        owner = on_any_lan(world, remote)
        if owner is two and route(world, one, "", remote).ok:
            return row["type"][0] != "gre" or gre_passes(world, two, address_for(one, remote))
    return False


def on_any_lan(world: World, ip: str) -> Node | None:
    return next((node for node, nic in owners(world, ip) if not nic.netns and node.up), None)


def address_for(node: Node, ip: str) -> str:
    """The address that packets to `ip` leave a node with."""
    found = lookup(node, "", ip)
    return source_for(node, "", found) if found else ""


def gre_passes(world: World, node: Node, source: str) -> bool:
    """Defect 3: without a rule for GRE, packets come in only while conntrack remembers our own (600 s)."""
    verdict = firewall.verdict(node, "INPUT", "gre", source=source, state="NEW")
    if verdict == "ACCEPT":
        return True
    since = runtime(node).setdefault("gre_since", {}).setdefault(source, world.clock.now())
    return world.clock.now() - since < CONNTRACK_GENERIC


# -- ports -------------------------------------------------------------------------------------------------------------


def listening(node: Node, proto: str, port: int, address: str) -> str | None:
    """The program that listens on a port of a node for an address, or None."""
    from . import services

    for protocol, bound, number, _pid, program in services.ports(node):
        if protocol == proto and number == port and (bound in ("0.0.0.0", "::", address)):
            return program
    return None


def connect(world: World, node: Node, ip: str, port: int, proto: str = "tcp", netns: str = "") -> Connection:
    """Try a port: what connect(2) from `node` says."""
    reach = route(world, node, netns, ip)
    if not reach.ok:
        return Connection(False, reach.reason, reach)
    if reach.kind == "external":
        served = port in (80, 443) or (port == 123 and ip in internet.NTP_SERVERS)
        served = served or (port == 53 and ip in internet.DNS_SERVERS)
        return Connection(served, "" if served else "timeout", reach)
    if reach.kind == "guest":
        if not reach.guest.allows(proto, port, reach.source):
            return Connection(False, "timeout", reach)
        return Connection(port == 22, "" if port == 22 else "refused", reach, "sshd" if port == 22 else "")
    if reach.kind in ("client", "router"):
        open_ = reach.target == "gateway" and port == 53
        return Connection(open_, "" if open_ else "refused", reach)
    target = world.nodes[reach.target]
    if reach.dev != "lo":
        entered = next((n.name for _o, n in owners(world, ip) if _o is target), "eth0")
        verdict = firewall.verdict(target, "INPUT", proto, port=port, source=reach.source, device=entered)
        if verdict != "ACCEPT":
            return Connection(False, "prohibited" if verdict == "REJECT" else "timeout", reach)
    if netns:
        return Connection(False, "refused", reach)
    program = listening(target, proto, port, ip)
    return Connection(program is not None, "" if program else "refused", reach, program or "")


def pings(world: World, reach: Reach, source: str, ip: str) -> bool:
    """Whether an ICMP echo that arrives is answered (security group, iptables, sysctl)."""
    if reach.kind == "guest":
        return bool(reach.guest.allows("icmp", None, source))
    if reach.kind == "node" and reach.dev != "lo":
        target = world.nodes[reach.target]
        if settings.get(target, "net.ipv4.icmp_echo_ignore_all") == "1":
            return False
        return firewall.verdict(target, "INPUT", "icmp", source=source) == "ACCEPT"
    return reach.ok


# -- names -------------------------------------------------------------------------------------------------------------


def is_address(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 4
    except ValueError:
        return False


def hosts_file(node: Node) -> list[tuple[str, list[str]]]:
    """The lines of /etc/hosts: (address, names)."""
    try:
        text = node.fs.read_text("/etc/hosts")
    except OSError:
        return []
    rows = [line.split("#")[0].split() for line in text.splitlines()]
    return [(row[0], row[1:]) for row in rows if len(row) > 1]


def nameservers(node: Node) -> list[str]:
    try:
        text = node.fs.read_text("/etc/resolv.conf")
    except OSError:
        return []
    return re.findall(r"^\s*nameserver\s+([\d.]+)", text, re.M)[:3]


def search_domains(node: Node) -> list[str]:
    try:
        text = node.fs.read_text("/etc/resolv.conf")
    except OSError:
        return []
    found = re.findall(r"^\s*(?:search|domain)\s+(.+)$", text, re.M)
    return found[-1].split() if found else []


def resolve(world: World, node: Node, name: str, netns: str = "") -> str | None:
    """The IPv4 address of a name: /etc/hosts first (nsswitch's order), then DNS. An address is itself."""
    if is_address(name):
        return name
    if re.fullmatch(r"\d+(\.\d+){0,2}", name):  # inet_aton's short forms: 127.1
        part = [int(p) for p in name.split(".")]
        return (
            f"{part[0]}.{'.'.join(['0'] * (4 - len(part)))}{'.' if len(part) > 1 else ''}{'.'.join(map(str, part[1:]))}"
        )
    wanted = name.lower().rstrip(".")
    if not name.endswith("."):
        for address, names in hosts_file(node):
            if wanted in (n.lower() for n in names) and is_address(address):
                return address
    return dns(world, node, name, netns)


def dns(world: World, node: Node, name: str, netns: str = "", server: str = "") -> str | None:
    """Ask the name servers of /etc/resolv.conf (or one server); None when nobody knows or nobody answers."""
    for address in [server] if server else nameservers(node):
        if not dns_answers(world, node, address, netns):
            continue
        found = internet.resolve(world, name)
        if found is None and "." not in name:
            found = next(filter(None, (internet.resolve(world, f"{name}.{d}") for d in search_domains(node))), None)
        return found
    return None


def dns_answers(world: World, node: Node, server: str, netns: str = "") -> bool:
    """Whether a name server can be asked from here."""
    reach = route(world, node, netns, server)
    return (
        reach.ok and (server in internet.DNS_SERVERS or reach.target == "gateway") and world.faults.get("dns") != "off"
    )


def name_for(world: World, node: Node, ip: str) -> str | None:
    """The name of an address: /etc/hosts, then reverse DNS."""
    for address, names in hosts_file(node):
        if address == ip:
            return names[0]
    if any(dns_answers(world, node, s) for s in nameservers(node)):
        return internet.name_of(ip)
    return None


def host_of(url: str) -> str:
    return urlsplit(url if "://" in url else f"http://{url}").hostname or ""


def port_of(url: str) -> int:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    return parts.port or {"https": 443, "ftp": 21, "ssh": 22}.get(parts.scheme, 80)


# -- time --------------------------------------------------------------------------------------------------------------


def ntp_offer(world: World, node: Node, name: str) -> tuple[str, float] | None:
    """(address, seconds to add to the node's clock) that a time server would give, None when it does not answer."""
    address = resolve(world, node, name)
    if address is None:
        return None
    return ntp_offset(world, node, address)


def ntp_offset(world: World, node: Node, address: str) -> tuple[str, float] | None:
    mine = float(node.extra.get("clock_offset", 0.0))
    reach = route(world, node, "", address)
    if reach.kind == "external":
        return (address, -mine) if address in internet.NTP_SERVERS else None
    if reach.kind == "node" and reach.target != node.name:
        other = world.nodes[reach.target]
        if connect(world, node, address, 123, "udp").open and other.running("ntpd") and ntp_peer(world, other):
            return address, float(other.extra.get("clock_offset", 0.0)) - mine
    return None


def ntp_servers(node: Node) -> list[str]:
    """The `server` lines of /etc/ntp.conf."""
    try:
        text = node.fs.read_text("/etc/ntp.conf")
    except OSError:
        return []
    return re.findall(r"^\s*(?:server|peer|pool)\s+(\S+)", text, re.M)


def ntp_peer(world: World, node: Node) -> str | None:
    """The address of the server that ntpd would follow; a local clock (127.127.1.0) counts."""
    for name in ntp_servers(node):
        if name.startswith("127.127."):
            return name
        offer = ntp_offer(world, node, name)
        if offer is not None:
            return offer[0]
    return None


def ntp_sync(world: World, node: Node) -> None:
    """What a freshly started ntpd does (with -g and iburst): take the first server's time."""
    for name in ntp_servers(node):
        offer = ntp_offer(world, node, name)
        if offer is not None:
            set_clock(world, node, float(node.extra.get("clock_offset", 0.0)) + offer[1])
            node.services["ntpd"].state["synced"] = now(world, node)
            return


# -- NetworkManager ----------------------------------------------------------------------------------------------------


def network_manager(world: World, node: Node) -> None:
    """Defect 8: NICs without NM_CONTROLLED=no are taken over, and resolv.conf is written anew."""
    from . import ifcfg

    controlled = [name for name in ifcfg.names(node) if ifcfg.read(node, name).get("NM_CONTROLLED", "yes") != "no"]
    if not controlled:
        return
    kernel_message(world, node, f"NetworkManager: {', '.join(controlled)} managed")
    servers = [v for name in controlled for k, v in sorted(ifcfg.read(node, name).items()) if re.fullmatch(r"DNS\d", k)]
    text = "# Generated by NetworkManager\n" + "".join(f"nameserver {s}\n" for s in servers[:3])
    if not servers:
        text += (
            "\n\n# No nameservers found; try putting DNS servers into your\n# ifcfg files in /etc/sysconfig/network-scripts"  # noqa: E501
            " like so:\n#\n# DNS1=xxx.xxx.xxx.xxx\n# DNS2=xxx.xxx.xxx.xxx\n# DOMAIN=lab.foo.com bar.foo.com\n"
        )
    with contextlib.suppress(OSError):
        node.fs.write("/etc/resolv.conf", text)
    for name in controlled:
        nic = node.nics.get(name)
        if nic is not None and enslaved(node, nic):  # NM knows no Open vSwitch: it gives the port its address back
            values = ifcfg.read(node, name)
            if values.get("IPADDR"):
                ifcfg.set_address(node, nic, values)
