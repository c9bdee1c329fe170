"""iputils and friends: ping, tracepath, traceroute, arping. Sizes above the path's MTU fail as they do (defect 5)."""

from __future__ import annotations

import asyncio

from .. import network
from ..cli import UsageError, getopt, netns
from ..network import Reach
from ..process import Process, command

USAGE = """Usage: ping [-LRUbdfnqrvVaA] [-c count] [-i interval] [-w deadline]
            [-p pattern] [-s packetsize] [-t ttl] [-I interface or address]
            [-M mtu discovery hint] [-S sndbuf]
            [ -T timestamp option ] [ -Q tos ] [hop1 ...] destination"""


def jitter(number: int) -> float:
    """A part of the round trip that differs from packet to packet, the same each time (no randomness in the lab)."""
    return (number * 7919 % 23) / 100


class Ping:
    """One run: what was asked, what came back."""

    def __init__(self, p: Process, reach: Reach, target: str, shown: str):
        self.p, self.reach, self.target, self.shown = p, reach, target, shown
        self.size, self.interval, self.quiet, self.hint = 56, 1.0, False, ""
        self.sent = self.received = self.errors = 0
        self.times: list[float] = []

    def fate(self, number: int) -> str:
        """ok, lost, host (Destination Host Unreachable), net, big (local), frag (from a router on the way)."""
        reach = self.reach
        if not reach.ok:
            return {"host-unreachable": "host", "timeout": "lost", "no-route": "net"}.get(reach.reason, "lost")
        whole = self.size + 28
        nic = next((n for n in network.interfaces(self.p.node, netns(self.p)) if n.name == reach.dev), None)
        mtu = nic.mtu if nic is not None else 1500
        if self.hint == "do" and whole > mtu:
            return "big"
        if self.hint == "do" and whole > reach.mtu:
            return "lost"
        if reach.kind == "guest" and whole > reach.mtu:
            return "lost"
        if reach.kind == "node" and reach.dev != "lo" and self._dropped_back():
            return "lost"
        return "ok" if network.pings(self.p.world, reach, reach.source, self.target) else self._refused()

    def _dropped_back(self) -> bool:
        other = self.p.world.nodes.get(self.reach.target)
        return bool(other) and not network.route(self.p.world, other, "", self.reach.source).ok

    def _refused(self) -> str:
        if self.reach.kind == "node":
            from .. import firewall

            target = self.p.world.nodes[self.reach.target]
            if firewall.verdict(target, "INPUT", "icmp", source=self.reach.source) == "REJECT":
                return "prohibited"
        return "lost"

    async def one(self, number: int) -> None:
        """Send a packet and tell what happened."""
        self.sent += 1
        fate = self.fate(number)
        if fate == "ok":
            rtt = self.reach.rtt_ms + jitter(number)
            self.times.append(rtt)
            self.received += 1
            if not self.quiet:
                ttl = 64 - len(self.reach.hops) if self.reach.kind != "external" else 54
                self.p.print(
                    f"{self.size + 8} bytes from {self._from()}: icmp_seq={number} ttl={ttl} time={_ms(rtt)} ms"
                )
        elif fate in ("host", "net", "prohibited"):
            self.errors += 1
            if not self.quiet:
                word = {"host": "Host Unreachable", "net": "Net Unreachable", "prohibited": "Host Prohibited"}[fate]
                who = self.reach.gateway if fate != "prohibited" else self.target
                self.p.print(f"From {who} icmp_seq={number} Destination {word}")
        elif fate == "big":
            self.errors += 1
            if not self.quiet:
                self.p.print(
                    f"From {self.reach.source} icmp_seq={number} Frag needed and DF set (mtu = {self.reach.mtu})"
                )

    def _from(self) -> str:
        return self.target if self.shown == self.target else f"{self.shown} ({self.target})"

    def statistics(self, elapsed: float) -> int:
        """The last lines; returns ping's exit status."""
        p = self.p
        p.print(f"\n--- {self.asked} ping statistics ---")
        errors = f" +{self.errors} errors," if self.errors else ""
        loss = 100 - self.received * 100 // self.sent if self.sent else 0
        p.print(
            f"{self.sent} packets transmitted, {self.received} received,{errors} {loss}% packet loss, time {int(elapsed * 1000)}ms"  # noqa: E501
        )
        if self.times:
            low, high, mean = min(self.times), max(self.times), sum(self.times) / len(self.times)
            deviation = (sum((t - mean) ** 2 for t in self.times) / len(self.times)) ** 0.5
            p.print(f"rtt min/avg/max/mdev = {low:.3f}/{mean:.3f}/{high:.3f}/{deviation:.3f} ms")
        else:
            p.print(f"{', pipe 3' if self.errors > 2 else ''}".lstrip(", "))
        return 0 if self.received else 1

    asked = ""


def _ms(value: float) -> str:
    """ping's way with digits: 0.034, 0.42, 12.3, 123."""
    if value >= 100:
        return f"{value:.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def find(p: Process, name: str) -> str | None:
    return network.resolve(p.world, p.node, name, netns(p))


@command("ping", path="/bin")
async def ping(p: Process) -> int:
    """-c COUNT -w DEADLINE -W TIMEOUT -i INTERVAL -s SIZE -M do|want|dont -I SOURCE -q -n."""
    try:
        options = getopt(p.argv[1:], "LRUbdfnqrvVaAc:i:w:p:s:t:I:M:S:T:Q:W:l:m:B")
    except UsageError as error:
        p.error(f"ping: {error}\n{USAGE}")
        return 2
    if options.has("V"):
        p.error("ping utility, iputils-sss20071127")
        return 0
    if not options.rest:
        p.error(USAGE)
        return 2
    name = options.rest[-1]
    for flag in ("c", "s", "w", "W"):
        value = options.get(flag)
        if options.has(flag) and (not value.isdigit() or (flag == "c" and value == "0")):
            p.error(
                "ping: bad number of packets to transmit."
                if flag == "c"
                else "ping: bad wait time."
                if flag in "wW"
                else "ping: illegal packet size"
            )
            return 2
    if options.has("M") and options.get("M") not in ("do", "dont", "want"):
        p.error("ping: wrong value for -M: do, dont, want are valid ones.")
        return 2
    address = find(p, name)
    if address is None:
        p.error(f"ping: unknown host {name}")
        return 2
    interval = float(options.get("i", default="1") or 1)
    if interval < 0.2 and p.user != "root":
        p.error("ping: cannot flood; minimal interval, allowed for user, is 200ms")
        return 2
    return await _ping(p, options, name, address, interval)


def _source(p: Process, options) -> tuple[str, str]:  # noqa: ANN001
    """(device, error) of -I."""
    value = options.get("I")
    if not value:
        return "", ""
    nics = network.interfaces(p.node, netns(p))
    if network.is_address(value):
        owner = next((n for n in nics if any(a.split("/")[0] == value for a in n.addresses)), None)
        return ("", "") if owner else ("", "bind: Cannot assign requested address")
    return (value, "") if any(n.name == value for n in nics) else ("", f"ping: unknown iface {value}")


async def _ping(p: Process, options, name: str, address: str, interval: float) -> int:  # noqa: ANN001
    device, error = _source(p, options)
    if error:
        p.error(error)
        return 2
    reach = network.route(p.world, p.node, netns(p), address, dev=device)
    if not reach.ok and reach.reason == "no-route":
        p.error("connect: Network is unreachable")
        return 2
    shown = address
    if not options.has("n") and not network.is_address(name):
        shown = network.name_for(p.world, p.node, address) or name
    run = Ping(p, reach, address, shown)
    run.asked = name
    run.size, run.quiet, run.hint = int(options.get("s", default="56")), options.has("q"), options.get("M")
    if run.size > 65507:
        p.error(f"Error: packet size {run.size} is too large. Maximum is 65507")
        return 2
    from_text = f" from {reach.source} {device}:" if options.has("I") and reach.source else ""
    p.print(
        f"PING {name} ({address}){from_text.rstrip(':') and from_text} {run.size}({run.size + 28}) bytes of data.".replace(  # noqa: E501
            ":  ", ": "
        )
    )
    return await _loop(p, run, options, interval)


async def _loop(p: Process, run: Ping, options, interval: float) -> int:  # noqa: ANN001
    count, deadline = int(options.get("c", default="0")), float(options.get("w", default="0"))
    elapsed, number = 0.0, 0
    status = 0
    try:
        while True:
            number += 1
            run.reach = network.route(p.world, p.node, netns(p), run.target, dev=_source(p, options)[0])
            await run.one(number)
            await p.stdout.drain()
            if count and number >= count:
                if run.received < run.sent:
                    await p.sleep(
                        float(options.get("W", default="10"))
                        if not run.reach.ok and run.reach.reason == "timeout"
                        else 1
                    )
                break
            await p.sleep(interval)
            elapsed += interval
            if deadline and elapsed >= deadline:
                break
        elapsed += 0.002 if elapsed else 0
    except asyncio.CancelledError:
        run.statistics(elapsed)
        raise
    status = run.statistics(elapsed)
    if deadline and count and run.received < count:
        return 1
    return status


@command("tracepath", path="/bin")
async def tracepath(p: Process) -> int:
    names = [w for w in p.argv[1:] if not w.startswith("-")]
    if not names:
        p.error("Usage: tracepath [-n] [-l <len>] <destination>[/<port>]")
        return 255
    address = find(p, names[0].split("/")[0])
    if address is None:
        p.error("gethostbyname2: Unknown host")
        return 1
    reach = network.route(p.world, p.node, netns(p), address)
    if not reach.ok and reach.reason == "no-route":
        p.error("connect: Network is unreachable")
        return 1
    p.print(
        f" 1:  {reach.source} ({reach.source})".ljust(66) + f"0.1{int(reach.rtt_ms * 10) % 90 + 10}ms pmtu {reach.mtu}"
    )
    for number, hop in enumerate(reach.hops, 1):
        p.print(f"{number:>2}:  {hop} ({hop})".ljust(66) + f"{0.4 * number:.3f}ms ")
    if not reach.ok:
        for number in range(len(reach.hops) + 1, 32):
            p.print(
                f"{number:>2}:  no reply"
                if reach.reason == "timeout"
                else f"{number:>2}:  {reach.gateway} ({reach.gateway})".ljust(66) + "3000.0ms !H"
            )
            if reach.reason != "timeout":
                break
            await p.sleep(1)
        p.print("     Too many hops: pmtu 1500" if reach.reason == "timeout" else f"     Resume: pmtu {reach.mtu} ")
        return 0
    number = len(reach.hops) + 1
    p.print(f"{number:>2}:  {names[0]} ({address})".ljust(66) + f"{reach.rtt_ms:.3f}ms reached")
    p.print(f"     Resume: pmtu {reach.mtu} hops {number} back {64 - number} ")
    return 0


@command("traceroute", package="traceroute", path="/bin")
async def traceroute(p: Process) -> int:
    names = [w for w in p.argv[1:] if not w.startswith("-")]
    if not names:
        p.error("Usage:\n  traceroute [ -46dFITnreAUV ] host [ packetlen ]")
        return 2
    address = find(p, names[0])
    if address is None:
        p.error(
            f'{names[0]}: Name or service not known\nCannot handle "host" cmdline arg `{names[0]}\' on position 1 (argc {len(p.argv) - 1})'  # noqa: E501
        )
        return 2
    reach = network.route(p.world, p.node, netns(p), address)
    if not reach.ok and reach.reason == "no-route":
        p.error("connect: Network is unreachable")
        return 1
    p.print(f"traceroute to {names[0]} ({address}), 30 hops max, 60 byte packets")
    hops = list(reach.hops) + ([address] if reach.ok else [])
    for number, hop in enumerate(hops, 1):
        name = network.name_for(p.world, p.node, hop) or hop
        base = reach.rtt_ms * number / max(1, len(hops))
        p.print(f"{number:>2}  {name} ({hop})  " + "  ".join(f"{base + jitter(number + k):.3f} ms" for k in range(3)))
    if not reach.ok and reach.reason == "host-unreachable":
        p.print(f" 1  {reach.gateway} ({reach.gateway})  3000.1 ms !H  3000.2 ms !H  3000.2 ms !H")
    elif not reach.ok:
        for number in range(1, 31):
            p.print(f"{number:>2}  * * *")
    return 0


@command("arping", path="/sbin")
async def arping(p: Process) -> int:
    """-I DEVICE -c COUNT [-D]: who has an address on a LAN."""
    try:
        options = getopt(p.argv[1:], "fqbDUAVhc:w:I:s:")
    except UsageError as error:
        p.error(
            f"arping: {error}\nUsage: arping [-fqbDUAV] [-c count] [-w timeout] [-I device] [-s source] destination"
        )
        return 2
    if not options.rest:
        p.error("Usage: arping [-fqbDUAV] [-c count] [-w timeout] [-I device] [-s source] destination")
        return 2
    device, target = options.get("I", default="eth0"), options.rest[0]
    nic = next((n for n in network.interfaces(p.node, netns(p)) if n.name == device), None)
    if nic is None:
        p.error(f"arping: unknown iface {device}")
        return 2
    if not nic.up:
        p.error(f'Interface "{device}" is down')
        return 2
    lan = network.segment(p.world, p.node, nic)
    who = network.on_lan(p.world, lan, target) if lan else None
    mac = (
        who[1].mac
        if who and who[0] is not p.node
        else "00:25:90:AA:00:01"
        if lan and network.is_gateway(p.world, lan, target)
        else ""
    )
    if lan and not mac and network.is_client(p.world, lan, target):
        mac = "00:25:90:BB:00:02"
    count = int(options.get("c", default="3") or 3)
    source = "0.0.0.0" if options.has("D") else network.address_of(nic)
    p.print(f"ARPING {target} from {source} {device}")
    for number in range(count):
        if mac:
            p.print(f"Unicast reply from {target} [{mac.upper()}]  0.{650 + number}ms")
        await p.sleep(1)
    p.print(f"Sent {count} probes ({1 if mac else count} broadcast(s))\nReceived {count if mac else 0} response(s)")
    return (1 if mac else 0) if options.has("D") else (0 if mac else 1)
