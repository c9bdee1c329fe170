"""iproute2 2.6.32: ip addr, link, route, rule, neigh, netns, tunnel; ss.

`ip netns` needs RDO's iproute and a kernel with namespaces (defect 2): CentOS's own says
`Object "netns" is unknown, try "ip help".`
"""

from __future__ import annotations

import ipaddress
import re

from .. import network, packages, services, settings
from ..cli import netns, network_changed
from ..nodestate import runtime
from ..process import Process, command
from ..procfs import traffic
from ..world import Nic

OBJECTS = [
    "address",
    "addrlabel",
    "route",
    "rule",
    "maddress",
    "mroute",
    "neighbour",
    "neighbor",
    "ntable",
    "ntbl",
    "link",
    "tunnel",
    "xfrm",
    "monitor",
]


class IpError(Exception):
    """A message on stderr and an exit status."""

    def __init__(self, message: str, status: int = 255):
        super().__init__(message)
        self.status = status


def rtnetlink(text: str) -> IpError:
    return IpError(f"RTNETLINK answers: {text}", 2)


def flags(p: Process, nic: Nic) -> str:
    """<BROADCAST,MULTICAST,UP,LOWER_UP>."""
    words = ["LOOPBACK"] if nic.kind == "loopback" else ["BROADCAST", "MULTICAST"]
    if nic.kind == "internal":
        words = ["BROADCAST"] + ([] if nic.up else ["MULTICAST"])
    if nic.up and not network.carrier(p.world, p.node, nic):
        words.insert(0, "NO-CARRIER")
    if nic.master and nic.kind == "physical":
        words.insert(2, "PROMISC")
    if nic.up:
        words.append("UP")
        if network.carrier(p.world, p.node, nic):
            words.append("LOWER_UP")
    return ",".join(words)


def link_line(p: Process, nic: Nic) -> str:
    """The first line of a device."""
    qdisc = "noqueue" if nic.kind != "physical" and nic.up else "noop" if not nic.up else "pfifo_fast"
    if nic.kind in ("tap", "veth") and nic.up:
        qdisc = "pfifo_fast"
    state = "UNKNOWN" if nic.kind in ("loopback", "internal", "tap") else "UP"
    if not nic.up or not network.carrier(p.world, p.node, nic):
        state = "DOWN"
    tail = "qlen 1000" if qdisc == "pfifo_fast" or (nic.kind == "physical") else ""
    master = (
        f" master {nic.master}"
        if nic.master and p.node.nics.get(nic.master, nic).kind == "bridge" and nic.kind != "bridge"
        else ""
    )
    return f"{network.index(p.node, nic)}: {nic.name}: <{flags(p, nic)}> mtu {nic.mtu} qdisc {qdisc}{master} state {state} {tail}"  # noqa: E501


def hardware_line(nic: Nic) -> str:
    if nic.kind == "loopback":
        return "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00"
    return f"    link/ether {nic.mac} brd ff:ff:ff:ff:ff:ff"


def link_local(nic: Nic) -> str:
    """fe80::… made from the MAC."""
    part = [int(x, 16) for x in nic.mac.split(":")]
    part = [part[0] ^ 2, part[1], part[2], 0xFF, 0xFE, *part[3:]]
    groups = [f"{part[i] << 8 | part[i + 1]:x}" for i in range(0, 8, 2)]
    return str(ipaddress.ip_address("fe80::" + ":".join(groups)))


def ipv6_on(p: Process, nic: Nic) -> bool:
    sysctl = p.node.kernel.sysctl
    disabled = sysctl.get("net.ipv6.conf.all.disable_ipv6") == "1"
    return nic.up and not disabled and not (nic.kind == "physical" and nic.master)


def address_lines(p: Process, nic: Nic, family: str) -> list[list[str]]:
    """Each address as its lines."""
    out = []
    if family in ("", "inet"):
        for number, text in enumerate(nic.addresses):
            face = ipaddress.ip_interface(text)
            scope = "host" if nic.kind == "loopback" else "link" if str(face.ip).startswith("169.254.") else "global"
            brd = (
                f" brd {face.network.broadcast_address}"
                if nic.kind != "loopback" and face.network.prefixlen < 31
                else ""
            )
            second = " secondary" if number and any(
                ipaddress.ip_interface(o).network == face.network for o in nic.addresses[:number]) else ""  # fmt: skip
            out.append([f"    inet {face}{brd} scope {scope}{second} {nic.name}"])
    if family in ("", "inet6") and ipv6_on(p, nic):
        if nic.kind == "loopback":
            out.append(["    inet6 ::1/128 scope host ", "       valid_lft forever preferred_lft forever"])
        elif nic.kind in ("physical", "internal", "bridge", "tap", "veth"):
            out.append(
                [f"    inet6 {link_local(nic)}/64 scope link ", "       valid_lft forever preferred_lft forever"]
            )
    return out


def find(p: Process, name: str) -> Nic:
    for nic in network.interfaces(p.node, netns(p)):
        if nic.name == name:
            return nic
    raise IpError(f'Device "{name}" does not exist.', 1)


def find_or_cannot(p: Process, name: str) -> Nic:
    try:
        return find(p, name)
    except IpError:
        raise IpError(f'Cannot find device "{name}"', 1) from None


# -- show --------------------------------------------------------------------------------------------------------------


def _selected(p: Process, words: list[str]) -> tuple[list[Nic], dict[str, str]]:
    """The devices that `show [dev X] [up] …` means, and the other filters."""
    nics, filters = network.interfaces(p.node, netns(p)), {}
    words = list(words)
    while words:
        word = words.pop(0)
        if word == "up":
            nics = [n for n in nics if n.up]
        elif word in ("scope", "to", "label", "type", "master"):
            filters[word] = words.pop(0) if words else ""
        elif word in ("dynamic", "permanent", "primary", "secondary"):
            filters[word] = "yes"
        else:
            name = words.pop(0) if word == "dev" and words else word
            nics = [find(p, name)]
    return nics, filters


def show_link(p: Process, words: list[str], options: dict[str, str]) -> int:
    nics, _ = _selected(p, words)
    for nic in nics:
        lines = [link_line(p, nic), hardware_line(nic)]
        if options.get("stats"):
            rx, rxp, tx, txp = traffic(p.node, nic.name) if nic.up else (0, 0, 0, 0)
            lines += ["    RX: bytes  packets  errors  dropped overrun mcast   ",
                      f"    {rx:<10} {rxp:<8} 0       0       0       0      ",
                      "    TX: bytes  packets  errors  dropped carrier collsns ",
                      f"    {tx:<10} {txp:<8} 0       0       0       0      "]  # fmt: skip
        p.print("\\".join(lines) if options.get("oneline") else "\n".join(lines))
    return 0


def show_address(p: Process, words: list[str], options: dict[str, str]) -> int:
    nics, filters = _selected(p, words)
    family = options.get("family", "")
    for nic in nics:
        blocks = [
            b for b in address_lines(p, nic, family) if not filters.get("scope") or f" scope {filters['scope']}" in b[0]
        ]
        if family and not blocks:
            continue
        if options.get("oneline"):
            if not family:
                p.print(link_line(p, nic) + "\\" + hardware_line(nic))
            for block in blocks:
                text = "\\".join([block[0].strip(), *block[1:]])
                p.print(f"{network.index(p.node, nic)}: {nic.name}    {text}")
            continue
        p.print(link_line(p, nic))
        if not family:
            p.print(hardware_line(nic))
        for block in blocks:
            for line in block:
                p.print(line)
    return 0


def route_text(r: network.Route) -> str:
    text = r.dst.removesuffix("/32")
    if r.via:
        text += f" via {r.via}"
    text += f" dev {r.dev} "
    for word, value in (("proto", r.proto), ("scope", r.scope), ("src", r.src), ("metric", r.metric)):
        if value:
            text += f" {word} {value} "
    return text


def show_route(p: Process, words: list[str], options: dict[str, str]) -> int:
    rows = network.routes(p.node, netns(p))
    words = list(words)
    while words:
        word = words.pop(0)
        if word in ("dev", "oif", "via", "proto", "scope", "src", "table"):
            value = words.pop(0) if words else ""
            if word == "table":
                if value == "local":
                    return _table_local(p)
                if value not in ("main", "all", "254"):
                    return 0
            elif word in ("dev", "oif"):
                rows = [r for r in rows if r.dev == value]
            else:
                rows = [r for r in rows if getattr(r, word) == value]
        else:
            if word in ("to", "exact", "root", "match"):
                word = words.pop(0) if words else "default"
            rows = [r for r in rows if r.dst == word or r.dst.removesuffix("/32") == word]
    if options.get("family") == "inet6":
        return 0
    for r in rows:
        text = route_text(r)
        for dev in words:
            text = text.replace(f" dev {dev} ", " ")
        p.print(text)
    return 0


def _table_local(p: Process) -> int:
    for nic in network.interfaces(p.node, netns(p)):
        for text in nic.addresses:
            face = ipaddress.ip_interface(text)
            p.print(f"local {face.ip} dev {nic.name}  proto kernel  scope host  src {face.ip} ")
    return 0


# -- change ------------------------------------------------------------------------------------------------------------


def _prefix(text: str) -> ipaddress.IPv4Interface:
    try:
        return ipaddress.ip_interface(text)  # type: ignore[return-value]
    except ValueError:
        raise IpError(f'Error: an inet prefix is expected rather than "{text}".', 1) from None


def change_address(p: Process, verb: str, words: list[str]) -> int:
    local, dev = "", ""
    words = list(words)
    while words:
        word = words.pop(0)
        if word == "dev":
            dev = words.pop(0) if words else ""
        elif word in ("brd", "broadcast", "label", "scope", "peer"):
            if not words:
                raise IpError('Command line is not complete. Try option "help"')
            words.pop(0)
        elif word == "local":
            local = words.pop(0) if words else ""
        else:
            local = word
    if not dev:
        raise IpError('Not enough information: "dev" argument is required.')
    if verb == "flush":
        nic = find(p, dev)
        nic.addresses = []
        network_changed(p)
        return 0
    face = _prefix(local)
    nic = find_or_cannot(p, dev)
    text = str(face)
    if verb == "add":
        if text in nic.addresses:
            raise rtnetlink("File exists")
        nic.addresses.append(text)
        if not nic.netns:
            settings.settle(p.node, nic.name)
    else:
        hits = [a for a in nic.addresses if a == text or (a.split("/")[0] == local and "/" not in local)]
        if not hits:
            raise rtnetlink("Cannot assign requested address")
        nic.addresses.remove(hits[0])
    network_changed(p)
    return 0


def change_link(p: Process, words: list[str]) -> int:
    words = list(words)
    if words and words[0] == "dev":
        words.pop(0)
    if not words:
        raise IpError('Not enough of information: "dev" argument is required.')
    nic = find_or_cannot(p, words.pop(0))
    while words:
        word = words.pop(0)
        if word in ("up", "down"):
            set_up(p, nic, word == "up")
            continue
        if not words:
            raise IpError('Command line is not complete. Try option "help"')
        value = words.pop(0)
        if word == "mtu":
            if not value.isdigit():
                raise IpError(f'Error: argument "{value}" is wrong: Invalid "mtu" value\n')
            if int(value) < 68 or (nic.kind == "physical" and int(value) > 65535):
                raise rtnetlink("Invalid argument")
            nic.mtu = int(value)
        elif word == "name":
            _rename(p, nic, value)
        elif word == "address":
            nic.mac = value.lower()
        elif word == "netns":
            if value not in p.node.kernel.netns:
                raise IpError(f'Error: argument "{value}" is wrong: Invalid "netns" value\n')
            nic.netns, nic.addresses, nic.up = value, [], False
            network.drop_routes(p.node, nic.name)
        elif word in ("promisc", "multicast", "arp", "dynamic", "alias", "txqueuelen", "qlen", "broadcast", "brd"):
            continue
        else:
            raise IpError(f'Error: either "dev" is duplicate, or "{word}" is a garbage.')
    network_changed(p)
    return 0


def set_up(p: Process, nic: Nic, up: bool) -> None:
    """ip link set up/down: routes of a device that goes down are lost, its addresses stay."""
    if nic.kind == "loopback" and nic.name == "lo" and netns(p):
        state = runtime(p.node).setdefault("lo_up", [])
        if up and netns(p) not in state:
            state.append(netns(p))
        if not up and netns(p) in state:
            state.remove(netns(p))
    nic.up = up
    if not up:
        network.drop_routes(p.node, nic.name)


def _rename(p: Process, nic: Nic, name: str) -> None:
    if nic.up:
        raise rtnetlink("Device or resource busy")
    if name in p.node.nics:
        raise rtnetlink("File exists")
    p.node.nics = {(name if k == nic.name else k): v for k, v in p.node.nics.items()}
    nic.name = name


def add_link(p: Process, words: list[str]) -> int:
    values = dict(zip(words, words[1:], strict=False))
    name = values.get("name") or next((w for w in words if w not in ("type", "dev", "link", "peer", "name")), "")
    kind = values.get("type", "")
    if name in p.node.nics:
        raise rtnetlink("File exists")
    if kind == "veth":
        peer = words[words.index("peer") + 1 :] if "peer" in words else []
        other = (peer[1] if peer and peer[0] == "name" else peer[0]) if peer else f"{name}p"
        services.load_module(p.world, p.node, "veth")
        for each in (name, other):
            p.node.nics[each] = Nic(each, _mac(p, each), up=False, kind="veth", netns=netns(p))
    elif kind in ("bridge", "dummy"):
        if kind == "bridge":
            services.load_module(p.world, p.node, "bridge")
        p.node.nics[name] = Nic(
            name, _mac(p, name), up=False, kind="bridge" if kind == "bridge" else "tap", netns=netns(p)
        )
    elif kind == "vlan":
        p.node.nics[name] = Nic(name, _mac(p, name), up=False, kind="veth", netns=netns(p))
    else:
        raise rtnetlink("Operation not supported")
    return 0


def _mac(p: Process, name: str) -> str:
    import hashlib

    digest = hashlib.sha256(f"{p.world.seed}/{p.node.name}/{name}".encode()).hexdigest()
    return ":".join([f"{int(digest[:2], 16) & 0xFE | 2:02x}", *(digest[i : i + 2] for i in range(2, 12, 2))])


def delete_link(p: Process, words: list[str]) -> int:
    name = [w for w in words if w != "dev"][0] if words else ""
    nic = find_or_cannot(p, name)
    if nic.kind in ("physical", "loopback"):
        raise rtnetlink("Operation not supported")
    del p.node.nics[nic.name]
    network.drop_routes(p.node, nic.name)
    network_changed(p)
    return 0


def change_route(p: Process, verb: str, words: list[str]) -> int:
    values: dict[str, str] = {}
    dst, words = "", list(words)
    while words:
        word = words.pop(0)
        if word in ("via", "dev", "metric", "src", "scope", "proto", "table", "oif", "preference", "mtu"):
            if not words:
                raise IpError('Command line is not complete. Try option "help"')
            values[word] = words.pop(0)
        elif word not in ("to", "unicast"):
            dst = word
    dst = dst or "default"
    if dst in ("0/0", "0.0.0.0/0"):
        dst = "default"
    if dst != "default":
        dst = str(_prefix(dst).network)
        dst = dst.removesuffix("/32")
    via, dev = values.get("via", ""), values.get("dev", "")
    if via and not network.is_address(via):
        raise IpError(f'Error: an inet address is expected rather than "{via}".', 1)
    if dev:
        find_or_cannot(p, dev)
    if verb in ("del", "delete"):
        if not network.delete_route(p.node, dst, netns(p), dev, via):
            raise rtnetlink("No such process")
    else:
        if verb in ("replace", "change"):
            network.delete_route(p.node, dst, netns(p))
        if not via and not dev:
            raise rtnetlink("No such device")
        _add_route(p, dst, dev, via, values)
    network_changed(p)
    return 0


def _add_route(p: Process, dst: str, dev: str, via: str, values: dict[str, str]) -> None:
    if dev and not find(p, dev).up:
        raise rtnetlink("Network is down")
    if via:
        on = [r for r in network.routes(p.node, netns(p)) if not r.via and ipaddress.ip_address(via) in r.network
              and (not dev or r.dev == dev) and r.proto == "kernel"]  # fmt: skip
        if not on:
            raise rtnetlink("No such process")
        dev = dev or on[0].dev
    if any(r.dst == dst and r.proto == "kernel" and not via for r in network.routes(p.node, netns(p))):
        raise rtnetlink("File exists")
    if not network.add_route(p.node, dst, dev, via, netns(p), int(values.get("metric", 0)), values.get("src", ""),
                             values.get("scope", "" if via else "link")):  # fmt: skip
        raise rtnetlink("File exists")


def get_route(p: Process, words: list[str]) -> int:
    target = next((w for w in words if network.is_address(w)), "")
    if not target:
        raise IpError("need at least destination address")
    reach_dev = words[words.index("oif") + 1] if "oif" in words else ""
    for nic in network.interfaces(p.node, netns(p)):
        if any(a.split("/")[0] == target for a in nic.addresses) or target.startswith("127."):
            p.print(f"local {target} dev lo  src {target} \n    cache <local>  mtu 16436 advmss 16396 hoplimit 64")
            return 0
    found = network.lookup(p.node, netns(p), target)
    if found is None:
        raise rtnetlink("Network is unreachable")
    via = f" via {found.via}" if found.via else ""
    source = network.source_for(p.node, netns(p), found)
    p.print(f"{target}{via} dev {reach_dev or found.dev}  src {source} \n    cache  mtu 1500 advmss 1460 hoplimit 64")
    return 0


def show_neighbours(p: Process, words: list[str]) -> int:
    for other in p.world.nodes.values():
        for nic in other.nics.values():
            for text in nic.addresses:
                ip = text.split("/")[0]
                if other is p.node or nic.netns or ip.startswith("127.") or not other.up:
                    continue
                reach = network.route(p.world, p.node, netns(p), ip)
                if reach.ok and not reach.hops:
                    p.print(f"{ip} dev {reach.dev} lladdr {nic.mac} STALE")
    gateway = network.lookup(p.node, netns(p), "8.8.8.8")
    if gateway and gateway.via and network.route(p.world, p.node, netns(p), gateway.via).ok:
        p.print(f"{gateway.via} dev {gateway.dev} lladdr 00:25:90:aa:00:01 REACHABLE")
    return 0


# -- netns -------------------------------------------------------------------------------------------------------------


def has_netns_command(p: Process) -> bool:
    package = p.node.packages.get("iproute")
    return package is not None and "netns" in package.release


async def do_netns(p: Process, words: list[str]) -> int:
    if not words or words[0] in ("list", "show", "lst"):
        for name in network.namespaces(p.node):
            p.print(name)
        return 0
    verb, rest = words[0], words[1:]
    if verb == "add":
        if not rest:
            raise IpError("No netns name specified")
        if rest[0] in p.node.kernel.netns:
            raise IpError(f"Could not create /var/run/netns/{rest[0]}: File exists")
        if not packages.has_netns(p.node):
            raise IpError("Failed to create a new network namespace: Invalid argument")
        p.node.kernel.netns.append(rest[0])
        return 0
    if verb in ("delete", "del"):
        if not rest:
            raise IpError("No netns name specified")
        if rest[0] not in p.node.kernel.netns:
            raise IpError(f"Cannot remove /var/run/netns/{rest[0]}: No such file or directory")
        p.node.kernel.netns.remove(rest[0])
        for name, nic in list(p.node.nics.items()):
            if nic.netns == rest[0]:
                del p.node.nics[name]
        runtime(p.node).get("iptables_ns", {}).pop(rest[0], None)
        return 0
    if verb == "exec":
        if not rest:
            raise IpError("No netns name specified")
        if len(rest) < 2:
            raise IpError("No command specified")
        return await exec_in(p, rest[0], rest[1:])
    if verb in ("identify", "pids", "monitor", "help"):
        return 0
    raise IpError(f'Command "{verb}" is unknown, try "ip netns help".')


async def exec_in(p: Process, name: str, argv: list[str]) -> int:
    """Run a command in a namespace."""
    if name not in p.node.kernel.netns:
        raise IpError(f'Cannot open network namespace "{name}": No such file or directory')
    if p.spawn is None:
        raise IpError(f'exec of "{argv[0]}" failed: No such file or directory')
    return await p.spawn(argv, extra={**p.extra, "netns": name})


# -- ip ----------------------------------------------------------------------------------------------------------------


def _options(p: Process) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    words = list(p.argv[1:])
    while words and words[0].startswith("-"):
        word = words.pop(0).lstrip("-")
        if word in ("4", "inet"):
            options["family"] = "inet"
        elif word in ("6",):
            options["family"] = "inet6"
        elif word in ("f", "family") and words:
            options["family"] = words.pop(0)
        elif "oneline".startswith(word):
            options["oneline"] = "yes"
        elif "stats".startswith(word) or "statistics".startswith(word):
            options["stats"] = "yes"
        elif "resolve".startswith(word) or "details".startswith(word):
            options[word] = "yes"
        elif word in ("V", "Version"):
            release = "ss130716" if has_netns_command(p) else "ss091226"
            p.print(f"ip utility, iproute2-{release}")
            options["done"] = "yes"
        elif word in ("h", "help"):
            words = ["help"]
        elif word == "0":
            options["family"] = "link"
        else:
            raise IpError(f'Option "-{word}" is unknown, try "ip -help".')
    return options, words


def _is(word: str, full: str) -> bool:
    """iproute2 takes any abbreviation."""
    return bool(word) and full.startswith(word)


USAGE = "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }"


@command("ip", path="/sbin")
async def ip(p: Process) -> int:
    """Configure and show interfaces, addresses, routes, namespaces."""
    try:
        options, words = _options(p)
        if options.get("done"):
            return 0
        if not words or words[0] == "help":
            p.error(USAGE)
            return 255
        return await _object(p, words[0], words[1:], options)
    except IpError as error:
        p.error(str(error))
        return error.status


async def _object(p: Process, name: str, words: list[str], options: dict[str, str]) -> int:
    verb = words[0] if words else "show"
    rest = words[1:]
    if _is(name, "address"):
        if any(_is(verb, v) for v in ("show", "list", "lst")):
            return show_address(p, rest, options)
        for v in ("add", "delete", "flush"):
            if _is(verb, v):
                _root(p)
                return change_address(p, v, rest)
        return _unknown(verb, "address")
    if _is(name, "link"):
        if any(_is(verb, v) for v in ("show", "list", "lst")) and verb != "s":
            return show_link(p, rest, options)
        for v, function in (("set", change_link), ("add", add_link), ("delete", delete_link)):
            if _is(verb, v) and verb != "s":
                _root(p)
                return function(p, rest)
        if verb == "s":
            return show_link(p, rest, options)
        return _unknown(verb, "link")
    if _is(name, "route"):
        if any(_is(verb, v) for v in ("show", "list", "lst")):
            return show_route(p, rest, options)
        if _is(verb, "get"):
            return get_route(p, rest)
        if _is(verb, "flush"):
            _root(p)
            return 0
        for v in ("add", "append", "delete", "del", "replace", "change"):
            if _is(verb, v):
                _root(p)
                return change_route(p, "add" if v == "append" else v, rest)
        return _unknown(verb, "route")
    if _is(name, "rule"):
        if verb in ("show", "list", "ls"):
            p.print("0:\tfrom all lookup local \n32766:\tfrom all lookup main \n32767:\tfrom all lookup default ")
        return 0
    if _is(name, "neighbour") or name in ("neighbor", "neigh"):
        return show_neighbours(p, rest)
    if _is(name, "tunnel"):
        return 0
    if name == "netns" and has_netns_command(p):
        return await do_netns(p, words)
    if any(_is(name, known) for known in OBJECTS):
        return 0
    raise IpError(f'Object "{name}" is unknown, try "ip help".')


def _root(p: Process) -> None:
    if p.user != "root":
        raise rtnetlink("Operation not permitted")


def _unknown(verb: str, what: str) -> int:
    if verb == "help":
        raise IpError(f"Usage: ip {what} {{ show | add | del }} …".replace(" …", " [ ARGS ]"))
    raise IpError(f'Command "{verb}" is unknown, try "ip {what} help".')


# -- ss ----------------------------------------------------------------------------------------------------------------


@command("ss", path="/usr/sbin")
async def ss(p: Process) -> int:
    """Sockets: -t -u -l -n -a -p."""
    letters = "".join(w[1:] for w in p.argv[1:] if re.fullmatch(r"-[a-zA-Z0-9]+", w))
    if bad := next((c for c in letters if c not in "talunp46oemiswxr"), ""):
        p.error(f"ss: invalid option -- '{bad}'\nUsage: ss [ OPTIONS ]\n       ss [ OPTIONS ] [ FILTER ]")
        return 255
    kinds = [k for k, c in (("tcp", "t"), ("udp", "u")) if c in letters] or ["tcp", "udp"]
    both = len(kinds) > 1
    p.print(
        ("Netid  " if both else "") + "State      Recv-Q Send-Q      Local Address:Port          Peer Address:Port "
    )
    if netns(p):
        return 0
    for proto, address, port, pid, program in services.ports(p.node):
        if proto not in kinds or not ("l" in letters or "a" in letters or proto == "udp"):
            continue
        local = "*" if address == "0.0.0.0" else address
        state = "LISTEN" if proto == "tcp" else "UNCONN"
        users = f'users:(("{program}",{pid},4))' if "p" in letters else ""
        head = f"{proto:<7}" if both else ""
        p.print(
            f"{head}{state:<10} 0      {'128' if proto == 'tcp' else '0':<6} {local:>18}:{port:<5}  {'*':>18}:*     {users}".rstrip()  # noqa: E501
        )
    return 0
