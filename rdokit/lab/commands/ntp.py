"""Clocks (Step 7): ntpdate, ntpq, ntpstat, hwclock. A node is some seconds off until somebody sets it (defect 15)."""

from __future__ import annotations

from .. import internet, network
from ..cli import UsageError, getopt
from ..nodestate import now, set_clock, stamp
from ..process import Process, command


@command("ntpdate", package="ntpdate", path="/usr/sbin")
async def ntpdate(p: Process) -> int:
    """Set the clock from the first server that answers; -q only asks, -u uses another port, -b always steps."""
    try:
        options = getopt(p.argv[1:], "bBdqsuvka:e:o:p:t:U:")
    except UsageError as error:
        p.error(
            f"ntpdate: {error}\nusage: ntpdate [-46bBdqsuv] [-a key#] [-e delay] [-k file] [-p samples] [-o version#] [-t timeo] server ..."  # noqa: E501
        )
        return 2
    text = stamp(p.world, p.node, "%e %b %H:%M:%S").strip() if not options.has("s") else ""
    pid = p.pid or 2222

    def say(message: str) -> None:
        if not options.has("s"):
            moment = stamp(p.world, p.node, "%e %b %H:%M:%S")
            p.print(f"{moment} ntpdate[{pid}]: {message}")

    def complain(message: str) -> None:
        p.error(f"{stamp(p.world, p.node, '%e %b %H:%M:%S')} ntpdate[{pid}]: {message}")

    if not options.rest:
        complain("no servers can be used, exiting" if text is not None else "")
        return 1
    if p.user != "root" and not options.has("q"):
        complain("bind() fails: Permission denied")
        return 1
    if p.node.running("ntpd") and not options.has("u", "q", "d"):
        complain("the NTP socket is in use, exiting")
        return 1
    return await _ask(p, options.rest, options.has("q"), options.has("b"), say, complain)


async def _ask(p: Process, names: list[str], only_ask: bool, step: bool, say, complain) -> int:  # noqa: ANN001
    addresses = []
    for name in names:
        address = network.resolve(p.world, p.node, name)
        if address is None:
            complain(f"Can't find host {name}: Name or service not known (-2)")
        else:
            addresses.append(address)
    if not addresses:
        complain("no servers can be used, exiting")
        return 1
    await p.sleep(2)
    for address in addresses:
        offer = network.ntp_offset(p.world, p.node, address)
        if offer is None:
            await p.sleep(4)
            continue
        delta = offer[1]
        stratum = internet.NTP_SERVERS.get(address, ("", 3))[1]
        if only_ask:
            p.print(
                f"server {address}, stratum {stratum}, offset {delta:.6f}, delay 0.03{int(abs(delta) * 1000) % 1000:03d}"  # noqa: E501
            )
        if abs(delta) >= 0.5 or step:
            kind = "step"
        else:
            kind = "adjust"
        residue = 0.000417 if not only_ask else 0.0
        if not only_ask:
            set_clock(p.world, p.node, float(p.node.extra.get("clock_offset", 0.0)) + delta + residue)
        say(f"{kind} time server {address} offset {delta:.6f} sec")
        return 0
    complain("no server suitable for synchronization found")
    return 1


@command("ntpq", package="ntp", path="/usr/sbin")
async def ntpq(p: Process) -> int:
    """-p peers, -n numeric, -c COMMAND."""
    if not p.node.running("ntpd"):
        p.error("ntpq: read: Connection refused")
        return 0
    if not any(w.startswith("-") and "p" in w for w in p.argv[1:]) and "peers" not in p.argv:
        return 0
    p.print("     remote           refid      st t when poll reach   delay   offset  jitter")
    p.print("==============================================================================")
    numeric = any(w.startswith("-") and "n" in w for w in p.argv[1:])
    chosen = False
    for name in network.ntp_servers(p.node):
        if name.startswith("127.127."):
            p.print(
                f"{'*' if not chosen else ' '}LOCAL(0)        .LOCL.          10 l    6   64  377    0.000    0.000   0.000"  # noqa: E501
            )
            chosen = True
            continue
        address = network.resolve(p.world, p.node, name)
        if address is None:
            continue
        offer = network.ntp_offset(p.world, p.node, address)
        shown = address if numeric else (network.name_for(p.world, p.node, address) or address)
        if offer is None:
            p.print(f" {shown[:15]:<15} {'.INIT.':<15} 16 u    - 1024    0    0.000    0.000   0.000")
            continue
        reference, stratum = internet.NTP_SERVERS.get(address, ("133.243.238.163", 3))
        mark = "+" if chosen else "*"
        chosen = True
        reach = network.route(p.world, p.node, "", address)
        waited = now(p.world, p.node) - p.node.services["ntpd"].started
        p.print(
            f"{mark}{shown[:15]:<15} {reference:<15} {stratum:>2} u {int(waited) % 64:>4}   64  {'377' if waited > 512 else '  1'} "  # noqa: E501
            f"{reach.rtt_ms:>8.3f} {offer[1] * 1000:>8.3f}   0.{int(reach.rtt_ms * 10) % 1000:03d}"
        )
    return 0


@command("ntpstat", package="ntp", path="/usr/bin")
async def ntpstat(p: Process) -> int:
    """0 synchronised, 1 not, 2 no ntpd."""
    if not p.node.running("ntpd"):
        p.error("Unable to talk to NTP daemon. Is it running?")
        return 2
    peer = network.ntp_peer(p.world, p.node)
    if peer is None:
        p.print("unsynchronised\n  time server re-starting\n   polling server every 64 s")
        return 1
    stratum = internet.NTP_SERVERS.get(peer, ("", 2))[1] + 1
    p.print(
        f"synchronised to NTP server ({peer}) at stratum {stratum} \n   time correct to within 21 ms\n   polling server every 64 s"  # noqa: E501
    )
    return 0


@command("hwclock", "clock", path="/sbin")
async def hwclock(p: Process) -> int:
    """Show the hardware clock, or set it (-w)."""
    if p.user != "root":
        p.error(
            "hwclock: Sorry, only the superuser can change the Hardware Clock.\nhwclock: Only the superuser can change the Hardware Clock."  # noqa: E501
            if "-w" in p.argv
            else "hwclock: Cannot access the Hardware Clock via any known method.\nhwclock: Use the --debug option to see the details of our search for an access method."  # noqa: E501
        )
        return 1
    if any(w in ("-w", "-s", "--systohc", "--hctosys") for w in p.argv[1:]):
        return 0
    p.print(stamp(p.world, p.node, "%a %d %b %Y %I:%M:%S %p %Z") + "  -0.281704 seconds")
    return 0
