"""Rules between the fields of a site: every fault and every warning, found at once.

Each rule is a small generator of `Finding`s over a valid `Site`; a new rule is a new
function in `RULES`. Where the document itself breaks a rule, it is a warning for exactly
the document's values and an error for all others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from .site import CloudNetwork, Site


@dataclass(frozen=True)
class Finding:
    """A fault (or warning): which field, its value, the rule, and what to do."""

    field: str
    value: object
    rule: str
    fix: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.field}: {self.value}: {self.rule}. {self.fix}."


def check(site: Site) -> list[Finding]:
    """All findings of all rules, in the order of the rules."""
    return [finding for rule in RULES for finding in rule(site)]


def _roles(site: Site) -> Iterator[Finding]:
    for role, most in (("controller", 1), ("network", 1), ("compute", None)):
        found = site.names(role)
        if not found or (most and len(found) > most):
            wanted = "exactly one node" if most else "at least one node"
            yield Finding("nodes", ", ".join(found) or "none", f"{wanted} must have the role {role}",
                          "Correct the roles of the nodes")


def _cards(site: Site) -> Iterator[Finding]:
    for name, node in site.nodes.items():
        on = Counter(nic.network for nic in node.nics.values())
        for network in ("private", "public"):
            if on[network] != 1:
                yield Finding(f"nodes.{name}.nics", ", ".join(node.nics), f"{on[network]} cards are on {network}",
                              f"Give the node exactly one card with network: {network}")
        if site.tunnel.interface not in node.nics:
            yield Finding("tunnel.interface", site.tunnel.interface, f"{name} has no such card",
                          f"Name one of {', '.join(node.nics)}")
    macs = Counter(nic.mac.lower() for n in site.nodes.values() for nic in n.nics.values() if nic.mac)
    for mac, count in macs.items():
        if count > 1:
            yield Finding("nodes.*.nics.*.mac", mac, f"{count} cards have this address", "Look it up with `ip link`")


def _addresses(site: Site) -> Iterator[Finding]:
    places: dict[str, list[str]] = {}
    machines = [("client", site.client), *((f"nodes.{n}", node) for n, node in site.nodes.items())]
    for where, machine in machines:
        for network in ("private", "public"):
            address, cidr = getattr(machine, network), getattr(site.networks, network).cidr
            places.setdefault(address, []).append(f"{where}.{network}")
            if IPv4Address(address) not in IPv4Network(cidr):
                yield Finding(f"{where}.{network}", address, f"lies outside networks.{network} {cidr}",
                              "Choose an address of that network, or correct the network")
    for network in ("private", "public"):
        gateway = getattr(site.networks, network).gateway
        if gateway:
            places.setdefault(gateway, []).append(f"networks.{network}.gateway")
            if IPv4Address(gateway) not in IPv4Network(getattr(site.networks, network).cidr):
                yield Finding(f"networks.{network}.gateway", gateway, "lies outside its network",
                              "Choose an address of that network")
    for address, fields in places.items():
        if len(fields) > 1:
            yield Finding(" and ".join(fields), address, "is given twice", "Every address belongs to one machine")


def _names(site: Site) -> Iterator[Finding]:
    for name, count in Counter([site.client.name, *site.nodes]).items():
        if count > 1:
            yield Finding("client.name", name, "is also the name of a node", "Give the client another name")
    for field, names in (("users", [u.name for u in site.users]),
                         ("public_net.name and demo_net.name", [site.public_net.name, site.demo_net.name]),
                         ("public_net.subnet and demo_net.subnet", [site.public_net.subnet, site.demo_net.subnet])):
        for name, count in Counter(n.casefold() for n in names).items():
            if count > 1:
                yield Finding(field, name, "stands there twice (MySQL compares without case)", "Choose another name")
    reserved = {"admin", "nova", "neutron", "glance", "cinder", "swift", "ceilometer"}
    for user in site.users:
        if user.name.casefold() in reserved:
            yield Finding("users", user.name, "is a user that packstack makes", "Choose another name")
    if site.tenant.name.casefold() in {"admin", "services"}:
        yield Finding("tenant.name", site.tenant.name, "is a tenant that packstack makes", "Choose another name")
    if site.check.user not in {u.name for u in site.users}:
        yield Finding("check.user", site.check.user, "is not one of users", "Name a user of the list")


def _tunnel(site: Site) -> Iterator[Finding]:
    low, high = map(int, site.tunnel.ranges.split(":"))
    most = 2**24 - 1 if site.tunnel.type == "vxlan" else 2**32 - 1
    if not 1 <= low <= high <= most:
        yield Finding("tunnel.ranges", site.tunnel.ranges, f"is not FIRST:LAST with 1 ≤ FIRST ≤ LAST ≤ {most}",
                      "The document uses 1:1000")


def _pools(site: Site) -> Iterator[Finding]:
    for field in ("public_net", "demo_net"):
        yield from _pool(site, field, getattr(site, field))


def _pool(site: Site, field: str, net: CloudNetwork) -> Iterator[Finding]:
    cidr = IPv4Network(net.cidr)
    start, end, gateway = IPv4Address(net.pool.start), IPv4Address(net.pool.end), IPv4Address(net.gateway)
    shown = f"{start}–{end}"
    if gateway not in cidr:
        yield Finding(f"{field}.gateway", gateway, f"lies outside {cidr}", "Choose an address of the subnet")
    if start > end:
        yield Finding(f"{field}.pool", shown, "starts after its end", "Swap the two")
        return
    usable = [a for a in (start, end) if a in cidr and a not in (cidr.network_address, cidr.broadcast_address)]
    if len(usable) < 2:
        yield Finding(f"{field}.pool", shown, f"lies outside its subnet {cidr}", "Choose addresses of the subnet")
    taken = {f"{field}.gateway": net.gateway, "client.private": site.client.private,
             "client.public": site.client.public}
    for name, node in site.nodes.items():
        taken |= {f"nodes.{name}.private": node.private, f"nodes.{name}.public": node.public}
    for where, address in taken.items():
        if start <= IPv4Address(address) <= end:
            yield Finding(f"{field}.pool", shown, f"holds {address}, which is {where}",
                          "An instance would be given an address that is in use; move the pool")


def _overlaps(site: Site) -> Iterator[Finding]:
    demo = IPv4Network(site.demo_net.cidr)
    if not IPv4Network(site.public_net.cidr).overlaps(IPv4Network(site.networks.public.cidr)):
        yield Finding("public_net.cidr", site.public_net.cidr, f"is not networks.public {site.networks.public.cidr}",
                      "br-ex is on that network: floating addresses must be addresses of it")
    for network in ("private", "public"):
        own = IPv4Network(getattr(site.networks, network).cidr)
        if demo.overlaps(own):
            # Defect 4 of the document: instances cannot reach the nodes (100 % loss measured).
            documented = network == "private" and demo == own
            yield Finding("demo_net.cidr", demo, f"overlaps the nodes' own network {own} ({network})",
                          "Instances cannot reach the nodes' addresses then; the author later used 192.168.2.0/24",
                          warning=documented)
    if IPv4Network(site.networks.private.cidr).overlaps(IPv4Network(site.networks.public.cidr)):
        yield Finding("networks", f"{site.networks.private.cidr} and {site.networks.public.cidr}", "overlap",
                      "The two networks must be apart")


def _logins(site: Site) -> Iterator[Finding]:
    doors = {**{f"nodes.{n}": node.ssh for n, node in site.nodes.items()}, **{f"jumps.{n}": s for n, s in
                                                                              site.jumps.items()}}
    for where, ssh in doors.items():
        if not (ssh.password or ssh.key or ssh.agent):
            yield Finding(f"{where}.ssh", "no password, key or agent", "there is no way to log in",
                          "Give one, e.g. key: ~/.ssh/id_rsa")
        if ssh.jump and ssh.jump not in {*site.nodes, *site.jumps}:
            yield Finding(f"{where}.ssh.jump", ssh.jump, "is neither a node nor in jumps", "Correct the name")
        elif ssh.jump and _goes_round(site, ssh.jump):
            yield Finding(f"{where}.ssh.jump", ssh.jump, "leads back to itself", "Correct the chain of jumps")
    ends = Counter((s.host or site.nodes[w.split(".")[1]].private, s.port, s.jump)
                   for w, s in doors.items() if w.startswith("nodes."))
    for (host, port, _), count in ends.items():
        if count > 1:
            yield Finding("nodes.*.ssh", f"{host}:{port}", f"is the address of {count} nodes",
                          "Every node has an address or a port of its own")


def _goes_round(site: Site, name: str | None) -> bool:
    seen: set[str] = set()
    while name:
        if name in seen:
            return True
        seen.add(name)
        door = site.nodes[name].ssh if name in site.nodes else site.jumps.get(name)
        name = door.jump if door else None
    return False


def _advice(site: Site) -> Iterator[Finding]:
    if site.selinux != "permissive":
        yield Finding("selinux", site.selinux, "is not what the document asks for (Step 3)",
                      "With disabled packstack does not work as expected, with enforcing Neutron does not",
                      warning=True)
    for key in site.answers:
        if key.endswith(("_PW", "_PASSWORD", "_TOKEN", "_SECRET")):
            yield Finding(f"answers.{key}", "(not shown)", "looks like a secret",
                          "Secrets never stand in a site file; packstack draws its own, and the admin password is "
                          "admin_password")
    for key in ("CONFIG_NOVA_COMPUTE_HOSTS",):
        if key in site.answers:
            yield Finding(f"answers.{key}", site.answers[key], "follows from the list of nodes",
                          "Change the roles of the nodes instead")


RULES = (_roles, _cards, _addresses, _names, _tunnel, _pools, _overlaps, _logins, _advice)
