"""net-tools 1.60: ifconfig, route, netstat, arp, hostname, mii-tool; and ethtool, ifup, ifdown."""

from __future__ import annotations

import ipaddress
import re

from .. import ifcfg, network, services, settings
from ..cli import UsageError, getopt, netns, network_changed, octets
from ..nodestate import hostname as node_hostname
from ..process import Process, command
from ..procfs import traffic
from ..world import Nic
from .ip import ipv6_on, link_local, set_up


def _human(size: int) -> str:
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size}.0 b"


def block(p: Process, nic: Nic, number: int = 0) -> str:
    """What ifconfig prints for an interface (or, number > 0, an alias)."""
    loop = nic.kind == "loopback"
    name = nic.name if not number else f"{nic.name}:{number - 1}"
    head = f"{name:<10}Link encap:" + ("Local Loopback  " if loop else f"Ethernet  HWaddr {nic.mac.upper()}  ")
    lines = [head]
    if len(nic.addresses) > number:
        face = ipaddress.ip_interface(nic.addresses[number])
        brd = "" if loop else f"Bcast:{face.network.broadcast_address}  "
        lines.append(f"          inet addr:{face.ip}  {brd}Mask:{octets(face.network.prefixlen)}")
    if ipv6_on(p, nic) and not number:
        address, scope = ("::1/128", "Host") if loop else (f"{link_local(nic)}/64", "Link")
        lines.append(f"          inet6 addr: {address} Scope:{scope}")
    up = "UP " if nic.up else ""
    running = "RUNNING " if nic.up and network.carrier(p.world, p.node, nic) else ""
    kind = "LOOPBACK " if loop else "BROADCAST "
    promisc = "PROMISC " if nic.master and nic.kind == "physical" else ""
    multi = "" if loop else "MULTICAST "
    lines.append(f"          {up}{kind}{running}{promisc}{multi} MTU:{nic.mtu}  Metric:1")
    if not number:
        rx, rxp, tx, txp = traffic(p.node, nic.name) if nic.up else (0, 0, 0, 0)
        queue = 1000 if nic.kind == "physical" else 0
        lines += [f"          RX packets:{rxp} errors:0 dropped:0 overruns:0 frame:0",
                  f"          TX packets:{txp} errors:0 dropped:0 overruns:0 carrier:0",
                  f"          collisions:0 txqueuelen:{queue} ",
                  f"          RX bytes:{rx} ({_human(rx)})  TX bytes:{tx} ({_human(tx)})"]  # fmt: skip
    return "\n".join(lines) + "\n"


@command("ifconfig", path="/sbin")
async def ifconfig(p: Process) -> int:
    """Show or set interfaces."""
    words = [w for w in p.argv[1:] if w not in ("-v",)]
    everything = "-a" in words
    words = [w for w in words if w != "-a"]
    if words and words[0].startswith("-") and words[0] != "-s":
        p.error(f"ifconfig: option `{words[0]}' not recognised.\nifconfig: `--help' gives usage information.")
        return 1
    nics = sorted(network.interfaces(p.node, netns(p)), key=lambda n: n.name)
    if not words:
        for nic in nics:
            if nic.up or everything:
                p.print(block(p, nic))
                for number in range(1, len(nic.addresses)):
                    p.print(block(p, nic, number))
        return 0
    nic = next((n for n in nics if n.name == words[0].split(":")[0]), None)
    if nic is None:
        p.error(f"{words[0]}: error fetching interface information: Device not found")
        return 1
    if len(words) == 1:
        p.print(block(p, nic))
        return 0
    return _set(p, nic, words[1:], ":" in words[0])


def _set(p: Process, nic: Nic, words: list[str], alias: bool = False) -> int:
    """Change an interface; `eth0:1` adds a second address instead of replacing the first."""
    if p.user != "root":
        p.error("SIOCSIFADDR: Operation not permitted")
        return 255
    while words:
        word = words.pop(0)
        if word in ("up", "down"):
            set_up(p, nic, word == "up")
        elif word == "mtu" and words:
            nic.mtu = int(words.pop(0))
        elif word == "netmask" and words:
            mask = ipaddress.ip_network(f"0.0.0.0/{words.pop(0)}").prefixlen
            which = -1 if alias else 0
            if nic.addresses:
                nic.addresses[which] = f"{nic.addresses[which].split('/')[0]}/{mask}"
        elif word == "hw" and len(words) > 1:
            nic.mac = words[1].lower()
            words = words[2:]
        elif word in ("promisc", "-promisc", "arp", "-arp", "multicast", "allmulti"):
            continue
        elif word == "broadcast" and words:
            words.pop(0)
        elif word == "0" or word == "0.0.0.0":
            nic.addresses = []
        elif re.fullmatch(r"[\d.]+(/\d+)?", word):
            prefix = word.partition("/")[2] or str(ifcfg.prefix_of({"IPADDR": word}))
            nic.addresses = [*(nic.addresses if alias else []), f"{word.split('/')[0]}/{prefix}"]
            nic.up = True
            settings.settle(p.node, nic.name)
        else:
            p.error(f"{word}: Host name lookup failure")
            return 1
    network_changed(p)
    return 0


def _flags(r: network.Route) -> str:
    return ("UG" if r.via else "U") + ("H" if r.network.prefixlen == 32 else "")


def _table(p: Process, numeric: bool, like_netstat: bool) -> None:
    p.print("Kernel IP routing table")
    tail = "   MSS Window  irtt Iface" if like_netstat else " Metric Ref    Use Iface"
    p.print(f"Destination     Gateway         Genmask         Flags{tail}")
    for r in network.routes(p.node, netns(p)):
        destination = str(r.network.network_address)
        via = r.via or "0.0.0.0"
        if not numeric:
            destination = "default" if r.dst == "default" else _short(p, destination)
            via = _short(p, via) if r.via else "*"
        mask = octets(r.network.prefixlen)
        end = f"     0 0          0 {r.dev}" if like_netstat else f" {r.metric:<6} 0        0 {r.dev}"
        p.print(f"{destination:<15} {via:<15} {mask:<15} {_flags(r):<5}{end}")


def _short(p: Process, address: str) -> str:
    name = network.name_for(p.world, p.node, address)
    return name[:15] if name else address


@command("route", path="/sbin")
async def route(p: Process) -> int:
    """Show or change the routing table."""
    words = list(p.argv[1:])
    flags = [w for w in words if w.startswith("-") and w not in ("-net", "-host")]
    words = [w for w in words if w not in flags]
    for flag in flags:
        if not re.fullmatch(r"-[nveFCA46]+|--numeric|--extend", flag):
            p.error(
                f"route: unrecognized option '{flag}'"
                if flag.startswith("--")
                else f"route: invalid option -- '{flag[1:2]}'"
            )
            p.error("Usage: route [-nNvee] [-FC] [<AF>]           List kernel routing tables")
            return 4
    if not words:
        _table(p, any("n" in f for f in flags), any("e" in f for f in flags))
        return 0
    return _route_change(p, words)


def _route_change(p: Process, words: list[str]) -> int:
    verb = words.pop(0)
    if verb not in ("add", "del"):
        p.error("Usage: route [-nNvee] [-FC] [<AF>]           List kernel routing tables")
        return 4
    values: dict[str, str] = {}
    dst = ""
    while words:
        word = words.pop(0)
        if word in ("gw", "netmask", "metric", "dev") and words:
            values[word] = words.pop(0)
        elif word in ("-net", "-host"):
            dst = words.pop(0) if words else ""
            values["kind"] = word
        elif not dst:
            dst = word
        else:
            values["dev"] = word
    if dst != "default":
        prefix = values.get("netmask", "32" if values.get("kind") != "-net" else "24")
        dst = str(ipaddress.ip_network(dst if "/" in dst else f"{dst}/{prefix}", strict=False)).removesuffix("/32")
    try:
        if verb == "del":
            done = network.delete_route(p.node, dst, netns(p), values.get("dev", ""), values.get("gw", ""))
            error = "SIOCDELRT: No such process"
        else:
            done = network.add_route(p.node, dst, values.get("dev", ""), values.get("gw", ""), netns(p))
            error = "SIOCADDRT: File exists"
    except LookupError:
        done, error = False, "SIOCADDRT: No such process"
    if not done:
        p.error(error)
        return 7
    network_changed(p)
    return 0


@command("netstat", path="/bin")
async def netstat(p: Process) -> int:
    """-r routes, -t/-u/-l/-n/-p/-a sockets, -i interfaces, -s statistics."""
    try:
        options = getopt(
            p.argv[1:],
            "rtulnpaiseocgMvW46wx",
            (
                "route",
                "tcp",
                "udp",
                "listening",
                "numeric",
                "programs",
                "all",
                "interfaces",
                "statistics",
                "extend",
                "inet",
                "wide",
            ),
        )
    except UsageError as error:
        p.error(f"netstat: {error}")
        p.error("usage: netstat [-veenNcCF] [<Af>] -r         netstat {-V|--version|-h|--help}")
        return 3
    if options.has("r", "route"):
        _table(p, options.has("n", "numeric"), True)
        return 0
    if options.has("i", "interfaces"):
        return _interfaces(p)
    kinds = [k for k, c in (("tcp", "t"), ("udp", "u")) if options.has(c, k)] or ["tcp", "udp"]
    only = (
        "only servers"
        if options.has("l", "listening")
        else "servers and established"
        if options.has("a", "all")
        else "w/o servers"
    )
    p.print(f"Active Internet connections ({only})")
    who = "   PID/Program name   " if options.has("p", "programs") else "      "
    p.print(f"Proto Recv-Q Send-Q Local Address               Foreign Address             State   {who}")
    if netns(p):
        return 0
    if not options.has("l", "listening"):
        _sessions(p, options.has("p", "programs"), options.has("n", "numeric"))
    if options.has("l", "listening", "a", "all"):
        for proto, address, port, pid, program in services.ports(p.node):
            if proto in kinds:
                name = str(port) if options.has("n", "numeric") else _service_name(port)
                local = f"{address if options.has('n', 'numeric') or address != '0.0.0.0' else '*'}:{name}"
                remote = "0.0.0.0:*" if options.has("n", "numeric") else "*:*"
                state = "LISTEN" if proto == "tcp" else ""
                end = (
                    f"{pid}/{program[:18]:<18}  "
                    if options.has("p", "programs") and p.user == "root"
                    else "-                   "
                    if options.has("p", "programs")
                    else ""
                )
                p.print(f"{proto:<5}      0      0 {local:<27} {remote:<27} {state:<11} {end}")
    return 0


def _service_name(port: int) -> str:
    names = {
        22: "ssh",
        25: "smtp",
        53: "domain",
        80: "http",
        111: "sunrpc",
        123: "ntp",
        443: "https",
        3306: "mysql",
        5672: "amqp",
        5000: "commplex-main",
        9696: "9696",
        11211: "memcache",
        3260: "iscsi-target",
        8080: "webcache",
    }
    return names.get(port, str(port))


def _sessions(p: Process, programs: bool, numeric: bool) -> None:
    words = p.env.get("SSH_CONNECTION", "").split()
    if len(words) == 4:
        end = f"{p.pid}/sshd" if programs else ""
        port = words[3] if numeric else _service_name(int(words[3]))
        p.print(
            f"tcp        0      0 {words[2] + ':' + port:<27} {words[0] + ':' + words[1]:<27} {'ESTABLISHED':<11} {end}"
        )


def _interfaces(p: Process) -> int:
    p.print(
        "Kernel Interface table\nIface       MTU Met    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg"
    )
    for nic in network.interfaces(p.node, netns(p)):
        if nic.up:
            _rx, rxp, _tx, txp = traffic(p.node, nic.name)
            flags = "LRU" if nic.kind == "loopback" else "BMRU"
            p.print(
                f"{nic.name:<9}{nic.mtu:>6}   0 {rxp:>8}      0      0      0 {txp:>8}      0      0      0 {flags}"
            )
    return 0


@command("arp", path="/sbin")
async def arp(p: Process) -> int:
    """The ARP table: -n numeric, -a BSD style."""
    numeric = any(re.fullmatch(r"-\w*n\w*", w) for w in p.argv[1:])
    rows = []
    for other in p.world.nodes.values():
        for nic in other.nics.values():
            for text in nic.addresses:
                ip = text.split("/")[0]
                if other is not p.node and not nic.netns and not ip.startswith("127.") and other.up:
                    reach = network.route(p.world, p.node, netns(p), ip)
                    if reach.ok and not reach.hops:
                        rows.append((ip, nic.mac, reach.dev))
    if any("a" in w for w in p.argv[1:] if w.startswith("-")):
        for ip, mac, dev in rows:
            p.print(
                f"{(network.name_for(p.world, p.node, ip) if not numeric else None) or '?'} ({ip}) at {mac} [ether] on {dev}"  # noqa: E501
            )
        return 0
    if rows:
        p.print("Address                  HWtype  HWaddress           Flags Mask            Iface")
    for ip, mac, dev in rows:
        name = ip if numeric else network.name_for(p.world, p.node, ip) or ip
        p.print(f"{name:<24} ether   {mac:<19} C                     {dev}")
    return 0


@command("hostname", path="/bin")
async def hostname(p: Process) -> int:
    """Show or set the host's name: -s short, -f with domain, -d domain, -i and -I addresses."""
    try:
        options = getopt(
            p.argv[1:],
            "sfdiIavF:",
            ("short", "fqdn", "long", "domain", "ip-address", "all-ip-addresses", "alias", "file="),
        )
    except UsageError as error:
        p.error(f"hostname: {error}")
        p.error("Usage: hostname [-v] {hostname|-F file}      set hostname (from file)")
        return 255
    name = node_hostname(p.node)
    if options.rest or options.has("F", "file"):
        if p.user != "root":
            p.error("hostname: you must be root to change the host name")
            return 1
        p.node.extra["hostname"] = (
            options.rest[0] if options.rest else p.node.fs.read_text(options.get("F", "file")).strip()
        )
        return 0
    if options.has("I", "all-ip-addresses"):
        found = [
            a.split("/")[0] for n in network.interfaces(p.node, netns(p)) if n.kind != "loopback" for a in n.addresses
        ]
        p.print(" ".join(found) + " ")
        return 0
    if options.has("s", "short"):
        p.print(name.split(".")[0])
        return 0
    if options.has("f", "fqdn", "long", "d", "domain", "i", "ip-address"):
        return _fqdn(p, name, options.has("d", "domain"), options.has("i", "ip-address"))
    p.print(name)
    return 0


def _fqdn(p: Process, name: str, domain: bool, address: bool) -> int:
    row = next(((a, n) for a, n in network.hosts_file(p.node) if name in n), None)
    ip = row[0] if row else network.resolve(p.world, p.node, name)
    if ip is None:
        p.error("hostname: Unknown host")
        return 1
    full = row[1][0] if row else name
    p.print(ip if address else full.partition(".")[2] if domain else full)
    return 0


@command("dnsdomainname", "domainname", path="/bin")
async def dnsdomainname(p: Process) -> int:
    p.print(node_hostname(p.node).partition(".")[2])
    return 0


@command("mii-tool", path="/sbin")
async def mii_tool(p: Process) -> int:
    """virtio NICs have no MII: the real tool says so."""
    names = [w for w in p.argv[1:] if not w.startswith("-")] or ["eth0"]
    for name in names:
        if name not in p.node.nics:
            p.error(f"SIOCGMIIPHY on '{name}' failed: No such device")
        else:
            p.error(f"SIOCGMIIPHY on '{name}' failed: Operation not supported")
    return 1


@command("ethtool", path="/sbin")
async def ethtool(p: Process) -> int:
    """Link state, driver (-i), offloads (-k), statistics (-S)."""
    words = p.argv[1:]
    flag = next((w for w in words if w.startswith("-")), "")
    name = next((w for w in words if not w.startswith("-")), "")
    if not name:
        p.error("ethtool: bad command line argument(s)\nFor more information run ethtool -h")
        return 1
    nic = next((n for n in network.interfaces(p.node, netns(p)) if n.name == name), None)
    if nic is None:
        if not flag:
            p.print(f"Settings for {name}:")
            for what in ("device settings", "wake-on-lan settings", "message level", "link status"):
                p.error(f"Cannot get {what}: No such device")
            p.print("No data available")
            return 75
        p.error(
            "Cannot get driver information: No such device"
            if flag == "-i"
            else "Cannot get device settings: No such device"
        )
        return 71
    if flag == "-i":
        driver = {
            "physical": "virtio_net",
            "internal": "openvswitch",
            "bridge": "bridge",
            "veth": "veth",
            "tap": "tun",
        }.get(nic.kind)
        if driver is None:
            p.error("Cannot get driver information: Operation not supported")
            return 71
        p.print(
            f"driver: {driver}\nversion: {'1.0.0' if driver == 'virtio_net' else '2.3' if driver == 'bridge' else '1.0'}\nfirmware-version: "  # noqa: E501
            f"{'N/A' if driver == 'bridge' else ''}\nbus-info: {'virtio0' if driver == 'virtio_net' else 'N/A' if driver == 'bridge' else ''}\n"  # noqa: E501
            "supports-statistics: no\nsupports-test: no\nsupports-eeprom-access: no\nsupports-register-dump: no\nsupports-priv-flags: no"  # noqa: E501
        )
        return 0
    if flag in ("-k", "--show-offload"):
        p.print(
            f"Features for {name}:\nrx-checksumming: on\ntx-checksumming: on\nscatter-gather: on\ntcp-segmentation-offload: on\n"  # noqa: E501
            "udp-fragmentation-offload: on\ngeneric-segmentation-offload: on\ngeneric-receive-offload: on\nlarge-receive-offload: off"  # noqa: E501
        )
        return 0
    if flag in ("-S", "--statistics"):
        p.error("no stats available")
        return 94
    if flag in ("-K", "-G", "-s", "-C"):
        return 0
    detected = "yes" if nic.up and network.carrier(p.world, p.node, nic) else "no"
    p.print(f"Settings for {name}:\n\tLink detected: {detected}")
    return 0


@command("ifup", path="/sbin")
async def ifup(p: Process) -> int:
    """Bring up an interface as its ifcfg file says."""
    names = [w for w in p.argv[1:] if not w.startswith("-") and w != "boot"]
    if not names:
        p.error("Usage: ifup <device name>")
        return 1
    if p.user != "root":
        p.error("Users cannot control this device.")
        return 1
    status, lines = ifcfg.up(p.world, p.node, names[0], boot="boot" in p.argv[2:])
    for line in lines:
        (p.error if status else p.print)(line)
    network_changed(p)
    return status


@command("ifdown", path="/sbin")
async def ifdown(p: Process) -> int:
    """Take an interface down."""
    names = [w for w in p.argv[1:] if not w.startswith("-")]
    if not names:
        p.error("usage: ifdown <device name>")
        return 1
    if p.user != "root":
        p.error("Users cannot control this device.")
        return 1
    status, lines = ifcfg.down(p.world, p.node, names[0])
    for line in lines:
        p.error(line)
    network_changed(p)
    return status
