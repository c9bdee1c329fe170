"""The network scripts: /etc/sysconfig/network-scripts/ifcfg-*, ifup, ifdown, `service network`.

    up(world, node, "eth1") -> (status, lines)      # ifup; status 0, or 1 with what it prints
    down(world, node, "eth1") -> (status, lines)

As on CentOS 6 `service network start` takes every ifcfg-* that does not end in ~ .bak .orig .rpmnew .rpmorig
.rpmsave: a copy with another ending is brought up as well.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import shlex
from typing import TYPE_CHECKING

from . import network, services, settings
from .nodestate import kernel_message, now, runtime
from .services import Outcome
from .world import Nic

if TYPE_CHECKING:
    from .world import Node, World

DIRECTORY = "/etc/sysconfig/network-scripts"
IGNORED = re.compile(r"(~|\.bak|\.orig|\.rpmnew|\.rpmorig|\.rpmsave)$")


def parse(text: str) -> dict[str, str]:
    """The assignments of a file in shell syntax; comments and quotes removed, the last one wins.

    >>> parse('DEVICE="eth1"\\nHWADDR=52:54:00:92:05:AE # your own\\n#X=1')
    {'DEVICE': 'eth1', 'HWADDR': '52:54:00:92:05:AE'}
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        line = line.strip().removeprefix("export ")
        name, equals, rest = line.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name):
            continue
        try:
            words = shlex.split(rest, comments=True) if not rest.startswith((" ", "\t")) else []
        except ValueError:
            words = [rest.split("#")[0].strip()]
        found[name] = words[0] if words else ""
    return found


def read(node: Node, name: str) -> dict[str, str]:
    """The assignments of ifcfg-NAME; {} when there is no such file."""
    try:
        return parse(node.fs.read_text(f"{DIRECTORY}/ifcfg-{name}"))
    except OSError:
        return {}


def global_settings(node: Node) -> dict[str, str]:
    """/etc/sysconfig/network."""
    try:
        return parse(node.fs.read_text("/etc/sysconfig/network"))
    except OSError:
        return {}


def names(node: Node) -> list[str]:
    """The configurations that `service network` brings up (without lo), in its order."""
    if not node.fs.isdir(DIRECTORY):
        return []
    found = []
    for file in node.fs.listdir(DIRECTORY):
        if file.startswith("ifcfg-") and not IGNORED.search(file) and file != "ifcfg-lo" and ":" not in file:
            found.append(file.removeprefix("ifcfg-"))
    return sorted(found, key=lambda n: (re.split(r"\d", n)[0], int(next(iter(re.findall(r"\d+", n)), 0)), n))


def find(node: Node, name: str) -> str | None:
    """The configuration meant by an argument of ifup: a file's name, `ifcfg-NAME`, or a DEVICE inside one."""
    name = name.rpartition("/")[2].removeprefix("ifcfg-")
    if node.fs.isfile(f"{DIRECTORY}/ifcfg-{name}"):
        return name
    return next((n for n in names(node) if read(node, n).get("DEVICE") == name), None)


def prefix_of(values: dict[str, str]) -> int:
    """The prefix length that PREFIX or NETMASK give, else that of the address's class."""
    if values.get("PREFIX", "").isdigit():
        return min(int(values["PREFIX"]), 32)
    try:
        return ipaddress.ip_network(f"0.0.0.0/{values['NETMASK']}").prefixlen
    except (KeyError, ValueError):
        first = int((values.get("IPADDR") or "0").split(".")[0] or 0)
        return 8 if first < 128 else 16 if first < 192 else 24


def set_address(node: Node, nic: Nic, values: dict[str, str]) -> None:
    """Give a NIC the address of a configuration."""
    nic.addresses = [f"{values['IPADDR']}/{prefix_of(values)}"]
    for number in range(1, 10):
        more = values.get(f"IPADDR{number}")
        if more and network.is_address(more):
            size = values.get(f"PREFIX{number}") or prefix_of(
                {"IPADDR": more, "NETMASK": values.get(f"NETMASK{number}", "")}
            )
            nic.addresses.append(f"{more}/{size}")
    settings.settle(node, nic.name)


def up(world: World, node: Node, name: str, boot: bool = False) -> tuple[int, list[str]]:
    """ifup. With `boot`, ONBOOT=no is passed over in silence."""
    config = find(node, name)
    if config is None:
        return 1, [f"/sbin/ifup: configuration for {name} not found.", "Usage: ifup <device name>"]
    values = read(node, config)
    device = values.setdefault("DEVICE", config)
    if boot and values.get("ONBOOT", "").lower() == "no":
        return 0, []
    if values.get("TYPE") in ("OVSBridge", "OVSPort", "OVSIntPort") and values.get("DEVICETYPE") == "ovs":
        if "openvswitch" in node.packages:
            return _up_ovs(world, node, values)
    elif values.get("TYPE", "").lower() == "bridge":
        _make_bridge(world, node, device)
    nic = node.nics.get(device)
    if nic is None or nic.netns:
        return 1, [f"Device {device} does not seem to be present, delaying initialization."]
    expected = values.get("HWADDR", "").lower()
    if expected and expected != nic.mac.lower():
        return 1, [f"Device {device} has different MAC address than expected, ignoring."]
    if values.get("BRIDGE"):
        return _join_bridge(world, node, nic, values)
    nic.up = True
    return _addresses(world, node, nic, values)


def _addresses(world: World, node: Node, nic: Nic, values: dict[str, str]) -> tuple[int, list[str]]:
    lines: list[str] = []
    if values.get("MTU", "").isdigit():
        nic.mtu = int(values["MTU"])
    if values.get("BOOTPROTO", "none").lower() in ("dhcp", "bootp"):
        return 1, [f"Determining IP information for {nic.name}... failed."]
    address = values.get("IPADDR") or values.get("IPADDR0")
    if address and network.is_address(address):
        values = {**values, "IPADDR": address}
        other = _in_use(world, node, nic, address)
        if other:
            return 1, [f"Error, some other host ({other.upper()}) already uses address {address}."]
        set_address(node, nic, values)
        if values.get("NOZEROCONF", global_settings(node).get("NOZEROCONF", "")).lower() != "yes":
            network.add_route(node, "169.254.0.0/16", nic.name, metric=1000 + network.index(node, nic), scope="link")
        _default_route(node, nic, values)
    elif nic.kind == "physical":
        nic.addresses = []
    _static_routes(node, nic)
    _resolver(node, values)
    return 0, lines


def _in_use(world: World, node: Node, nic: Nic, address: str) -> str:
    """The MAC of another host that answers ARP for an address, "" when it is free."""
    if address in (a.split("/")[0] for a in nic.addresses):
        return ""
    lan = network.segment(world, node, nic)
    if lan is None:
        return ""
    for other, owner in network.owners(world, address):
        if other is not node and other.up and owner.up and network.segment(world, other, owner) == lan:
            return owner.mac
    return "00:25:90:aa:00:01" if network.is_gateway(world, lan, address) else ""


def _default_route(node: Node, nic: Nic, values: dict[str, str]) -> None:
    gateway = values.get("GATEWAY") or ""
    general = global_settings(node)
    if not gateway and general.get("GATEWAYDEV", nic.name) == nic.name:
        gateway = general.get("GATEWAY", "")
    if values.get("DEFROUTE", "yes").lower() == "no" or not network.is_address(gateway):
        return
    if any(ipaddress.ip_address(gateway) in ipaddress.ip_interface(a).network for a in nic.addresses):
        network.delete_route(node, "default")
        network.add_route(node, "default", nic.name, gateway)


def _static_routes(node: Node, nic: Nic) -> None:
    """route-DEV: `10.0.0.0/8 via 192.168.0.1` per line."""
    with contextlib.suppress(OSError):
        for line in node.fs.read_text(f"{DIRECTORY}/route-{nic.name}").splitlines():
            match = re.match(r"\s*(default|[\d./]+)\s+via\s+([\d.]+)", line)
            if match:
                with contextlib.suppress(LookupError, ValueError):
                    network.add_route(node, match.group(1), nic.name, match.group(2))


def _resolver(node: Node, values: dict[str, str]) -> None:
    """DNS1, DNS2 and DOMAIN of a configuration go into /etc/resolv.conf (unless PEERDNS=no)."""
    servers = [values[k] for k in ("DNS1", "DNS2", "DNS3") if values.get(k)]
    if not servers or values.get("PEERDNS", "yes").lower() == "no":
        return
    try:
        old = node.fs.read_text("/etc/resolv.conf").splitlines()
    except OSError:
        old = []
    if [line.split()[1] for line in old if line.startswith("nameserver ")][: len(servers)] == servers:
        return
    kept = [
        line
        for line in old
        if not line.startswith("nameserver") and not (line.startswith("search") and values.get("DOMAIN"))
    ]
    search = [f"search {values['DOMAIN']}"] if values.get("DOMAIN") else []
    node.fs.write(
        "/etc/resolv.conf", "".join(f"{line}\n" for line in [*kept, *search, *(f"nameserver {s}" for s in servers)])
    )


def _up_ovs(world: World, node: Node, values: dict[str, str]) -> tuple[int, list[str]]:
    from . import ovsdb

    device, bridge = values["DEVICE"], values.get("OVS_BRIDGE", "")
    expected, nic = values.get("HWADDR", "").lower(), node.nics.get(device)
    if values["TYPE"] == "OVSPort":
        if bridge and (node.ovs is None or bridge not in node.ovs.bridges()) and find(node, bridge):
            status, lines = up(world, node, bridge)  # a port brings its bridge up first
            if status:
                return status, lines
        if nic is None:
            return 1, [f"Device {device} does not seem to be present, delaying initialization."]
        if expected and expected != nic.mac.lower():
            return 1, [f"Device {device} has different MAC address than expected, ignoring."]
    lines = ovsdb.ifup(world, node, values)
    if lines:
        return 1, lines
    nic = node.nics.get(device)
    if nic is None:
        return 1, [f"Device {device} does not seem to be present, delaying initialization."]
    nic.up = True
    if values["TYPE"] == "OVSPort":
        kernel_message(world, node, f"device {device} entered promiscuous mode")
        return 0, []
    result = _addresses(world, node, nic, values)
    ovsdb.apply(node)
    return result


def _make_bridge(world: World, node: Node, device: str) -> None:
    services.load_module(world, node, "bridge")
    if device not in node.nics:
        mac = node.spec.nics[0].get("mac", "52:54:00:00:00:01") if node.spec.nics else "52:54:00:00:00:01"
        node.nics[device] = Nic(device, mac, up=True, kind="bridge")


def _join_bridge(world: World, node: Node, nic: Nic, values: dict[str, str]) -> tuple[int, list[str]]:
    bridge = values["BRIDGE"]
    if bridge not in node.nics and find(node, bridge):
        _make_bridge(world, node, bridge)
    if bridge not in node.nics:
        return 1, [f"bridge {bridge} does not exist!"]
    nic.up, nic.master, nic.addresses = True, bridge, []
    return 0, []


def down(world: World, node: Node, name: str) -> tuple[int, list[str]]:
    """ifdown."""
    config = find(node, name)
    if config is None:
        return 1, ["usage: ifdown <device name>"]
    values = read(node, config)
    device = values.get("DEVICE", config)
    nic = node.nics.get(device)
    if nic is None:
        return 0, []
    nic.addresses = []
    network.drop_routes(node, device)
    if values.get("TYPE") in ("OVSBridge", "OVSPort", "OVSIntPort") and "openvswitch" in node.packages:
        from . import ovsdb

        ovsdb.ifdown(world, node, {**values, "DEVICE": device})
        if nic.kind == "physical":
            nic.up = False
        return 0, []
    nic.up = False
    if nic.kind == "bridge":
        del node.nics[device]
        for member in node.nics.values():
            if member.master == device:
                member.master = None
    elif values.get("BRIDGE"):
        nic.master = None
    return 0, []


# -- service network ---------------------------------------------------------------------------------------------------


def start_all(world: World, node: Node, out: Outcome, boot: bool = True) -> None:
    """`service network start`."""
    lo = node.nics.get("lo")
    if lo is not None:
        lo.up, lo.addresses = True, ["127.0.0.1/8"]
    out.say("Bringing up loopback interface:  ", "ok")
    if global_settings(node).get("NETWORKING", "yes").lower() == "no":
        return
    for name in names(node):
        values = read(node, name)
        if values.get("ONBOOT", "yes").lower() == "no":
            continue
        status, lines = up(world, node, name)
        text = f"Bringing up interface {name}:  "
        if lines:
            out.say(text + lines[0])
            for line in lines[1:]:
                out.say(line)
            text = ""
        out.say(text, "failed" if status else "ok")
        out.status = out.status or status
    with contextlib.suppress(OSError):  # the script applies sysctl.conf once more, for the interfaces
        settings.apply_file(node, node.fs.read_text("/etc/sysctl.conf"))
    service = node.services["network"]
    service.running, service.started = True, now(world, node)


def stop_all(world: World, node: Node, out: Outcome) -> None:
    """`service network stop`."""
    for name in reversed(names(node)):
        device = read(node, name).get("DEVICE", name)
        nic = node.nics.get(device)
        if nic is None or not (nic.up or nic.addresses):
            continue
        status, _ = down(world, node, name)
        out.say(f"Shutting down interface {name}:  ", "failed" if status else "ok")
    lo = node.nics.get("lo")
    if lo is not None:
        lo.up, lo.addresses = False, []
    out.say("Shutting down loopback interface:  ", "ok")
    node.services["network"].running = False


def act(world: World, node: Node, verb: str) -> Outcome:
    """`service network VERB`."""
    out = Outcome(changed=verb in ("start", "stop", "restart", "reload", "force-reload"))
    if verb == "start":
        start_all(world, node, out)
    elif verb == "stop":
        stop_all(world, node, out)
    elif verb in ("restart", "reload", "force-reload"):
        stop_all(world, node, out)
        start_all(world, node, out)
    elif verb == "status":
        out.say("Configured devices:")
        out.say(" ".join(["lo", *names(node)]))
        out.say("Currently active devices:")
        out.say(" ".join(nic.name for nic in network.interfaces(node) if nic.up))
    else:
        out.say("Usage: /etc/init.d/network {start|stop|restart|reload|status}")
        out.status = 2
    return out


services.SPECIAL["network"] = lambda world, node, verb: act(world, node, verb)


def forget(node: Node) -> None:
    """What power off leaves of the interfaces: only hardware, without addresses."""
    for name, nic in list(node.nics.items()):
        if nic.kind not in ("physical", "loopback"):
            del node.nics[name]
            continue
        nic.addresses, nic.up, nic.master, nic.netns, nic.mtu = (
            [],
            False,
            None,
            "",
            16436 if nic.kind == "loopback" else 1500,
        )
    runtime(node)["routes"] = []
    runtime(node)["ifindex"] = {"lo": 1} | {item["name"]: 2 + number for number, item in enumerate(node.spec.nics)}
