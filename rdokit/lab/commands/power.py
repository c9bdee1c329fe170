"""Turning a node off and on (Step 6): reboot, shutdown, halt, init, runlevel; and who, last, uptime, uname.

The machine itself (`p.extra["machine"]`) closes the sessions and boots again; without one (tests) the node is
rebooted in place.
"""

from __future__ import annotations

import re

from .. import boot
from ..cli import UsageError, getopt
from ..nodestate import at, hostname, now, runtime, stamp
from ..process import Process, command
from ..procfs import load_average
from ..procfs import uptime as uptime_seconds


def _broadcast(p: Process, how: str, when: str = "NOW") -> str:
    who = p.user
    where = p.env.get("SSH_TTY", "unknown terminal").removeprefix("/dev/")
    return (
        f"\nBroadcast message from {who}@{hostname(p.node)}\n\t(/dev/{where}) at {stamp(p.world, p.node, '%H:%M')} ...\n\n"  # noqa: E501
        f"The system is going down for {how} {when}!\n"
    )


async def _go(p: Process, how: str) -> int:
    """Do it: how is reboot | halt | poweroff."""
    if p.user != "root":
        p.error("reboot: Need to be root" if how == "reboot" else f"{how}: Need to be root")
        return 1
    machine = p.extra.get("machine")
    if machine is not None and how == "reboot" and hasattr(machine, "reboot"):
        await machine.reboot()
    elif machine is not None and how != "reboot" and hasattr(machine, "halt"):
        await machine.halt()
    else:
        boot.power_off(p.world, p.node)
        if how == "reboot":
            boot.power_on(p.world, p.node)
    return 0


@command("reboot", "halt", "poweroff", path="/sbin")
async def reboot(p: Process) -> int:
    """reboot, halt, poweroff [-f] [-p] [-w]."""
    name = p.argv[0].rpartition("/")[2]
    try:
        options = getopt(p.argv[1:], "fpwnhd", ("force", "poweroff", "verbose", "help", "version", "wtmp-only"))
    except UsageError as error:
        p.error(f"{name}: {error}\nTry `{name} --help' for more information.")
        return 1
    if options.has("w", "wtmp-only"):
        return 0
    if p.user != "root":
        p.error(f"{name}: Need to be root")
        return 1
    if p.stdout.isatty():
        p.print(_broadcast(p, {"reboot": "reboot", "halt": "halt", "poweroff": "power off"}[name]))
    return await _go(p, name)


@command("shutdown", path="/sbin")
async def shutdown(p: Process) -> int:
    """shutdown [-r|-h|-P|-k|-c] TIME [MESSAGE]; TIME is now, +MINUTES or HH:MM."""
    try:
        options = getopt(p.argv[1:], "rhHPkcqt:", ("reboot", "halt", "cancel"))
    except UsageError as error:
        p.error(f"shutdown: {error}\nTry `shutdown --help' for more information.")
        return 1
    if p.user != "root":
        p.error("shutdown: Need to be root")
        return 1
    if options.has("c"):
        if not runtime(p.node).pop("shutdown", None):
            p.error("shutdown: Cannot find pid of running shutdown")
            return 1
        return 0
    if not options.rest:
        p.error("shutdown: time expected\nTry `shutdown --help' for more information.")
        return 1
    when = options.rest[0]
    minutes = 0
    if when != "now":
        match = re.fullmatch(r"\+?(\d+)", when)
        if not match:
            p.error("shutdown: illegal time value\nTry `shutdown --help' for more information.")
            return 1
        minutes = int(match.group(1))
    how = (
        "reboot"
        if options.has("r")
        else "poweroff"
        if options.has("h", "P")
        else "halt"
        if options.has("H")
        else "maintenance"
    )
    words = {"reboot": "reboot", "poweroff": "power off", "halt": "halt", "maintenance": "maintenance"}[how]
    p.print(_broadcast(p, words, f"in {minutes} minutes" if minutes else "NOW"))
    if options.has("k"):
        return 0
    runtime(p.node)["shutdown"] = how
    await p.sleep(minutes * 60)
    if runtime(p.node).get("shutdown") is None:
        return 0
    return await _go(p, how) if how != "maintenance" else 0


@command("init", "telinit", path="/sbin")
async def init(p: Process) -> int:
    """init 6 reboots, init 0 turns off; others change what `runlevel` says."""
    level = next((w for w in p.argv[1:] if not w.startswith("-")), "")
    name = p.argv[0].rpartition("/")[2]
    if not level:
        p.error(f"{name}: missing runlevel\nTry `{name} --help' for more information.")
        return 1
    if level not in ("0", "1", "2", "3", "4", "5", "6", "s", "S", "q", "Q", "u", "U"):
        p.error(f"{name}: illegal runlevel: {level}\nTry `{name} --help' for more information.")
        return 1
    if p.user != "root":
        p.error(f"{name}: Need to be root")
        return 1
    if level in ("0", "6"):
        return await _go(p, "reboot" if level == "6" else "poweroff")
    if level in "12345":
        runtime(p.node)["runlevel"] = (str(runtime(p.node).get("runlevel", ("N", "3"))[1]), level)
    return 0


@command("runlevel", path="/sbin")
async def runlevel(p: Process) -> int:
    before, level = runtime(p.node).get("runlevel", ("N", str(boot.runlevel(p.node))))
    p.print(f"{before} {level}")
    return 0


@command("initctl", path="/sbin")
async def initctl(p: Process) -> int:
    """upstart's own jobs only."""
    if p.argv[1:2] == ["list"]:
        p.print(
            "rc stop/waiting\ntty (/dev/tty1) start/running, process 1501\nplymouth-shutdown stop/waiting\ncontrol-alt-delete stop/waiting"  # noqa: E501
        )
        return 0
    if len(p.argv) > 2:
        p.error(f"initctl: Unknown job: {p.argv[2]}")
        return 1
    p.error("initctl: missing command\nTry `initctl --help' for more information.")
    return 1


# -- what proves it ----------------------------------------------------------------------------------------------------


@command("uname", path="/bin")
async def uname(p: Process) -> int:
    """-a all, -r kernel release, -n host name, -s, -v, -m, -p, -i, -o."""
    try:
        options = getopt(
            p.argv[1:],
            "asnrvmpio",
            (
                "all",
                "kernel-name",
                "nodename",
                "kernel-release",
                "kernel-version",
                "machine",
                "processor",
                "hardware-platform",
                "operating-system",
            ),
        )
    except UsageError as error:
        p.error(f"uname: {error}\nTry `uname --help' for more information.")
        return 1
    if options.rest:
        p.error(f"uname: extra operand `{options.rest[0]}'\nTry `uname --help' for more information.")
        return 1
    parts = [
        ("s", "kernel-name", "Linux"),
        ("n", "nodename", hostname(p.node)),
        ("r", "kernel-release", p.node.kernel.release),
        ("v", "kernel-version", _version(p)),
        ("m", "machine", "x86_64"),
        ("p", "processor", "x86_64"),
        ("i", "hardware-platform", "x86_64"),
        ("o", "operating-system", "GNU/Linux"),
    ]
    everything = options.has("a", "all")
    chosen = [text for short, long, text in parts if everything or options.has(short, long)]
    p.print(" ".join(chosen or ["Linux"]))
    return 0


def _version(p: Process) -> str:
    built = {"431": "#1 SMP Fri Nov 22 03:15:09 UTC 2013", "504": "#1 SMP Wed Oct 15 04:27:16 UTC 2014",
             "358": "#1 SMP Thu Jun 27 13:29:05 EDT 2013"}  # fmt: skip
    return built.get(p.node.kernel.release.partition("-")[2][:3], "#1 SMP")


def _duration(seconds: float) -> str:
    minutes = int(seconds // 60)
    days, minutes = divmod(minutes, 1440)
    text = f"{days} day{'s' if days != 1 else ''}, " if days else ""
    hours, minutes = divmod(minutes, 60)
    return text + (f"{hours:>2}:{minutes:02d}" if hours else f"{minutes} min")


def _sessions(p: Process) -> list[tuple[str, str, str, float]]:
    """(user, terminal, from, since) of who is logged in: the machine knows, else this session."""
    machine = p.extra.get("machine")
    if machine is not None:
        return [(e["user"], e["tty"], e["from"], e["at"]) for e in machine.logins]
    if p.tty is None:
        return []
    return [
        (
            p.user,
            p.env.get("SSH_TTY", "/dev/pts/0").removeprefix("/dev/"),
            p.env.get("SSH_CLIENT", "192.168.0.10").split()[0],
            now(p.world, p.node),
        )
    ]


def head_line(p: Process) -> str:
    """The first line of uptime, w and top."""
    users = len(_sessions(p))
    loads = ", ".join(f"{x:.2f}" for x in load_average(p.node))
    return f" {stamp(p.world, p.node, '%H:%M:%S')} up {_duration(uptime_seconds(p.node))}, {users:>2} user{'s' if users != 1 else ''},  load average: {loads}"  # noqa: E501


@command("uptime", path="/usr/bin")
async def uptime(p: Process) -> int:
    p.print(head_line(p))
    return 0


@command("w", path="/usr/bin")
async def w(p: Process) -> int:
    p.print(head_line(p))
    p.print("USER     TTY      FROM              LOGIN@   IDLE   JCPU   PCPU WHAT")
    for user, tty, origin, since in _sessions(p):
        p.print(f"{user:<8} {tty:<8} {origin:<16} {at(p.node, since, '%H:%M'):>7}    0.00s  0.01s  0.00s w")
    return 0


@command("who", path="/usr/bin")
async def who(p: Process) -> int:
    """-b last boot, -r runlevel, am i."""
    letters = "".join(x[1:] for x in p.argv[1:] if x.startswith("-") and not x.startswith("--"))
    booted = at(p.node, _boot_time(p), "%Y-%m-%d %H:%M")
    if "b" in letters:
        p.print(f"         system boot  {booted}")
        return 0
    if "r" in letters:
        p.print(f"         run-level {boot.runlevel(p.node)}  {booted}")
        return 0
    for user, tty, origin, since in _sessions(p):
        p.print(f"{user:<8} {tty:<12} {at(p.node, since, '%Y-%m-%d %H:%M')} ({origin})")
    return 0


def _boot_time(p: Process) -> float:
    rows = [r for r in p.node.extra.get("wtmp", []) if r["kind"] == "reboot"]
    return rows[-1]["time"] if rows else p.node.kernel.booted


@command("last", "lastb", path="/usr/bin")
async def last(p: Process) -> int:
    """last [-n N] [reboot|shutdown]: when the node was booted, newest first."""
    words = p.argv[1:]
    limit = next((int(x[1:]) for x in words if re.fullmatch(r"-\d+", x)), 0)
    if "-n" in words and words.index("-n") + 1 < len(words):
        limit = int(words.pop(words.index("-n") + 1))
    names = [x for x in words if not x.startswith("-") and not x.isdigit()]
    if p.argv[0].endswith("lastb"):
        p.print(f"\nbtmp begins {at(p.node, p.node.extra.get('built', 0), '%a %b %e %H:%M:%S %Y')}")
        return 0
    rows = p.node.extra.get("wtmp", [])
    lines, down = [], None
    for row in reversed(rows):
        if row["kind"] == "shutdown":
            down = row["time"]
            continue
        start = at(p.node, row["time"], "%a %b %e %H:%M")
        end = down if down is not None else now(p.world, p.node)
        minutes = int((end - row["time"]) // 60)
        tail = f"{at(p.node, end, '%H:%M')}  ({minutes // 60:02d}:{minutes % 60:02d})    "
        lines.append(f"reboot   system boot  {row['release']:.16} {start} - {tail}")
        down = None
    if names and "reboot" not in names:
        lines = []
    elif not names:
        lines = [
            f"{u:<8} {t:<12} {o:<16} {at(p.node, s, '%a %b %e %H:%M')}   still logged in   "
            for u, t, o, s in _sessions(p)
        ] + lines
    for line in lines[: limit or None]:
        p.print(line)
    first = rows[0]["time"] if rows else p.node.kernel.booted
    p.print(f"\nwtmp begins {at(p.node, first, '%a %b %e %H:%M:%S %Y')}")
    return 0


@command("dmesg", path="/bin")
async def dmesg(p: Process) -> int:
    """Kernel messages since boot."""
    rows = runtime(p.node).get("dmesg", [])
    for _, text in rows:
        p.print(text)
    if "-c" in p.argv[1:]:
        runtime(p.node)["dmesg"] = []
    return 0
