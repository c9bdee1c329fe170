"""Small state of a node that a reboot clears, its clock, its logs.

`runtime(node)` is a dictionary that `boot.power_on` empties: routes, firewall of namespaces, kernel
messages, loop devices, process ids. What survives a reboot (volume groups, wtmp) is directly in `node.extra`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import clock

if TYPE_CHECKING:
    from .world import Node, World


def runtime(node: Node) -> dict[str, Any]:
    """What is lost at reboot: routes, iptables_ns, dmesg, next_pid, loops, arp …"""
    return node.extra.setdefault("runtime", {})


def now(world: World, node: Node) -> float:
    """The node's own clock (seconds since the epoch): the lab's time plus what it is wrong by (defect 15)."""
    return world.clock.now() + clock_offset(world, node)


def clock_offset(world: World, node: Node) -> float:
    """Seconds that the node's clock is ahead. It drifts slowly unless ntpd runs and has a server."""
    return float(node.extra.get("clock_offset", 0.0))


def set_clock(world: World, node: Node, offset: float) -> None:
    """Step the node's clock to `offset` seconds ahead of true time."""
    node.extra["clock_offset"] = offset


def new_pid(node: Node) -> int:
    """The next process id of the node. Small after boot, never used twice until the next one."""
    state = runtime(node)
    state["next_pid"] = state.get("next_pid", 1000) + 3
    return state["next_pid"]


def stamp(world: World, node: Node, form: str = "%b %e %H:%M:%S") -> str:
    """The node's time as text, in its zone; the default is syslog's."""
    return at(node, now(world, node), form)


def at(node: Node, seconds: float, form: str) -> str:
    """Some time (seconds since the epoch) as text in the node's zone."""
    moment = clock.now(node, seconds=seconds)
    return moment.strftime(form.replace("%e", f"{moment.day:>2}"))


def append(node: Node, path: str, text: str, mode: int = 0o600) -> None:
    """Append to a log file, making it (and its directory) when it is missing; a full disk loses the line."""
    try:
        node.fs.mkdir(path.rpartition("/")[0], parents=True)
        if not node.fs.exists(path):
            node.fs.write(path, "", mode=mode)
        node.fs.write(path, text, append=True)
    except OSError:
        return


def syslog(world: World, node: Node, tag: str, text: str, path: str = "/var/log/messages") -> None:
    """A line of rsyslog: `May 23 10:11:12 node1 tag: text`; nothing while rsyslog is stopped."""
    service = node.services.get("rsyslog")
    if service is not None and not service.running:
        return
    append(node, path, f"{stamp(world, node)} {hostname(node).split('.')[0]} {tag}: {text}\n")


def kernel_message(world: World, node: Node, text: str) -> None:
    """A line of dmesg (kept as (seconds since boot, text)) and of /var/log/messages."""
    state = runtime(node)
    state.setdefault("dmesg", []).append((max(0.0, world.clock.now() - node.kernel.booted), text))
    syslog(world, node, "kernel", text)


def hostname(node: Node) -> str:
    """What `hostname` prints: set by the command, else by /etc/sysconfig/network at boot."""
    return str(node.extra.get("hostname") or node.fqdn)


def listeners(node: Node) -> list[dict[str, Any]]:
    """Sockets that programs other than services listen on: {proto, port, address, pid, program}."""
    return runtime(node).setdefault("listeners", [])
