"""What hangs together in the cloud's network, and what does not, from rows of `ovs-vsctl show` of every node.

Only facts and reasons here; how they look is the business of `drawing` and `text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

TUNNELS = ("gre", "vxlan", "gre64", "ipsec_gre", "geneve")
DEAD_TAG = 4095  # the agent could not bind this port


@dataclass(frozen=True)
class Port:
    """An interface of a bridge, and what it is for."""

    name: str
    note: str
    kind: str  # nic, router, dhcp, instance, patch, tunnel, other
    wrong: str = ""  # what is the matter with it
    remote: str = ""  # a tunnel's far end, a patch port's peer
    local: str = ""


@dataclass
class Bridge:
    name: str
    ports: list[Port] = field(default_factory=list)

    def of(self, kind: str) -> list[Port]:
        return [port for port in self.ports if port.kind == kind]


@dataclass
class Machine:
    """A node, its bridges by name, its instances."""

    name: str
    roles: tuple[str, ...]
    private: str
    public: str
    bridges: dict[str, Bridge] = field(default_factory=dict)
    instances: list[Mapping[str, Any]] = field(default_factory=list)
    known: bool = True  # whether its switch answered


@dataclass(frozen=True)
class Leg:
    """The tunnel between two nodes: "up", "one way" or "missing", and why."""

    one: str
    other: str
    state: str
    reason: str = ""
    kind: str = "gre"


@dataclass
class Cloud:
    """Everything to be drawn. `faults` are sentences about what is not between nodes; `real` is False for a wish."""

    machines: list[Machine]
    legs: list[Leg]
    faults: list[tuple[str, str]]  # (node, sentence)
    networks: Mapping[str, str]
    router: Mapping[str, Any] | None
    title: str
    real: bool = True


def cloud(
    nodes: Iterable[Mapping[str, Any]],
    rows: Iterable[Mapping[str, Any]],
    *,
    networks: Mapping[str, str] | None = None,
    router: Mapping[str, Any] | None = None,
    instances: Iterable[Mapping[str, Any]] = (),
    title: str = "",
    real: bool = True,
) -> Cloud:
    """Put nodes and rows together.

    Args:
        nodes: {name, roles, private, public} each.
        rows: {node, bridge, port, interface, type, options, tag, error} each, as `ovs_vsctl_show` gives them,
            with the node's name. A node without rows is one whose switch did not answer.
        networks: {private, public}: their CIDR, for the labels.
        router: {name, external, internal}: addresses may be missing.
        instances: {name, node, addresses, status} each.
        title: stands above the picture.
        real: False for what is only wanted: then nothing is said about its state.
    """
    machines = {n["name"]: Machine(n["name"], tuple(n.get("roles") or ()), str(n.get("private") or ""),
                                   str(n.get("public") or "")) for n in nodes}  # fmt: skip
    owners = {machine.private: machine.name for machine in machines.values() if machine.private}
    rows = list(rows)
    for row in rows:
        machine = machines.get(row["node"])
        if machine is not None and row.get("bridge"):
            bridge = machine.bridges.setdefault(row["bridge"], Bridge(row["bridge"]))
            if row["interface"] != row["bridge"]:  # the bridge's own port says nothing new
                bridge.ports.append(_port(row, owners))
    for machine in machines.values():
        machine.known = any(row["node"] == machine.name for row in rows)
        machine.instances = [one for one in instances if one.get("node") in (machine.name, None)
                             or str(one.get("node")).partition(".")[0] == machine.name]  # fmt: skip
        _annotate(machine, router)
    found = list(machines.values())
    return Cloud(found, legs(found), _faults(found), networks or {}, router, title, real)


def wanted_rows(nodes: Iterable[Mapping[str, Any]], *, tunnel: str = "gre", nic: str = "eth1") -> list[dict[str, Any]]:
    """The rows that every node shows when Step 12 of the document begins.

    >>> rows = wanted_rows([{"name": "a", "roles": ["network"], "private": "10.0.0.1"},
    ...                     {"name": "b", "roles": ["compute"], "private": "10.0.0.2"}])
    >>> [(row["node"], row["interface"]) for row in rows if row["bridge"] != "br-int"]
    [('a', 'eth1'), ('a', 'patch-int'), ('a', 'gre-1'), ('b', 'patch-int'), ('b', 'gre-1')]
    """
    nodes, rows = list(nodes), []
    for node in nodes:
        def add(bridge: str, name: str, kind: str = "", node: Mapping[str, Any] = node, **options: str) -> None:
            rows.append({"node": node["name"], "bridge": bridge, "port": name, "interface": name, "type": kind,
                         "options": options, "tag": None, "error": None})  # fmt: skip

        if "network" in (node.get("roles") or ()):
            add("br-ex", nic)
        add("br-int", "patch-tun", "patch", peer="patch-int")
        add("br-tun", "patch-int", "patch", peer="patch-tun")
        others = [other for other in nodes if other is not node]
        for i, other in enumerate(others, 1):
            add("br-tun", f"{tunnel}-{i}", tunnel, local_ip=node["private"], remote_ip=other["private"])
    return rows


def _port(row: Mapping[str, Any], owners: Mapping[str, str]) -> Port:
    name, kind, options = row["interface"], row.get("type") or "", row.get("options") or {}
    tag = row.get("tag")
    tag = None if tag is None or tag != tag else int(tag)  # pandas makes NaN of a missing number
    wrong = row.get("error") if isinstance(row.get("error"), str) else ""
    if tag == DEAD_TAG:
        wrong = wrong or "tag 4095: the agent could not bind this port"
    vlan = f"VLAN {tag}" if tag is not None else ""
    if kind in TUNNELS:
        far = options.get("remote_ip", "")
        note = f"to {owners[far]}" if far in owners else far
        return Port(name, note, "tunnel", wrong, far, options.get("local_ip", ""))
    if kind == "patch":
        peer = options.get("peer", "")
        return Port(name, f"to {peer}", "patch", wrong, peer)
    for pattern, what in (("qg-", "router"), ("qr-", "router"), ("qvo", "instance")):
        if name.startswith(pattern):
            return Port(name, vlan, what, wrong)
    if name.startswith("tap"):
        return Port(name, vlan, "dhcp" if kind == "internal" else "instance", wrong)
    if kind in ("", "system") and re.match(r"(eth|em|en|p\d|bond|phy)", name):
        other = row.get("port")
        note = f"in port {other}" if other and other != name else vlan
        return Port(name, note, "nic", wrong)
    return Port(name, vlan or kind, "other", wrong)


def legs(machines: list[Machine]) -> list[Leg]:
    """Each pair of nodes that should have a tunnel, with its state and the reason when it is not up."""
    found = []
    for i, one in enumerate(machines):
        for other in machines[i + 1 :]:
            there, back = _tunnel(one, other), _tunnel(other, one)
            kinds = {port.name.partition("-")[0] for port in (there, back) if port}
            kind = "vxlan" if "vxlan" in kinds else "gre"
            if there and back:
                wrong = there.wrong or back.wrong
                found.append(Leg(one.name, other.name, "missing" if wrong else "up", wrong, kind))
            elif there or back:
                a, b = (other, one) if there else (one, other)
                found.append(Leg(one.name, other.name, "one way", f"{a.name} → {b.name}: {_why(a, b)[1]}", kind))
            else:
                reasons = {_why(one, other), _why(other, one)}
                deepest = min(depth for depth, _ in reasons)  # a cause makes its consequences needless
                reason = "; ".join(sorted(sentence for depth, sentence in reasons if depth == deepest))
                found.append(Leg(one.name, other.name, "missing", reason, kind))
    return found


def _tunnel(one: Machine, other: Machine) -> Port | None:
    ports = one.bridges["br-tun"].of("tunnel") if "br-tun" in one.bridges else []
    return next((port for port in ports if port.remote and port.remote == other.private), None)


def _why(one: Machine, other: Machine) -> tuple[int, str]:
    """Why `one` has no tunnel to `other`, and how deep the cause lies (0 deepest)."""
    for machine in (one, other):
        if not machine.known:
            return 0, f"the switch of {machine.name} did not answer"
        if "br-tun" not in machine.bridges:
            return 1, f"{machine.name} has no br-tun: its Open vSwitch agent does not run, or tunnelling is off"
    mine = one.bridges["br-tun"].of("tunnel")
    theirs = other.bridges["br-tun"].of("tunnel")
    local = {port.local for port in theirs if port.local} - {other.private}
    if one.private in local:
        return 2, f"{other.name} has local_ip={one.private}, which is {one.name}'s: each node needs its own (Step 11)"
    if local:
        return 2, f"{other.name} has local_ip={min(local)}, its private address is {other.private} (Step 11)"
    if not mine:
        return 3, f"{one.name} has no tunnel port: it does not know of {other.name}'s agent"
    return 3, f"{one.name} has no tunnel to {other.private}, only to {', '.join(sorted(p.remote for p in mine))}"


def _faults(machines: list[Machine]) -> list[tuple[str, str]]:
    found = []
    for machine in machines:
        if not machine.known:
            found.append((machine.name, "its switch did not answer"))
        for bridge in machine.bridges.values():
            for port in bridge.ports:
                if port.wrong:
                    found.append((machine.name, f"{port.name} in {bridge.name}: {port.wrong}"))
                elif port.kind == "patch" and not _peer(machine, port.remote):
                    where = f"{port.name} in {bridge.name}"
                    found.append((machine.name, f"{where} leads to {port.remote}, which is not there"))
        outside = machine.bridges.get("br-ex")
        if outside and not outside.of("nic"):
            found.append((machine.name, "no NIC in br-ex: nothing outside can be reached (Step 11)"))
    return found


def _peer(machine: Machine, name: str) -> str:
    """The bridge that has the patch port of this name, or ""."""
    return next((b.name for b in machine.bridges.values() if any(p.name == name for p in b.of("patch"))), "")


def _annotate(machine: Machine, router: Mapping[str, Any] | None) -> None:
    """Notes that need more than the port: where a patch cable ends, the router's addresses."""
    for bridge in machine.bridges.values():
        inside = [port for port in bridge.ports if port.name.startswith("qr-")]
        for i, port in enumerate(bridge.ports):
            note = port.note
            if port.kind == "patch" and _peer(machine, port.remote):
                note = f"to {_peer(machine, port.remote)}"
            elif router and port.name.startswith("qg-"):
                note = str(router.get("external") or note)
            elif router and inside == [port]:
                note = str(router.get("internal") or note)
            bridge.ports[i] = replace(port, note=note)
