"""A small lab for the CentOS tests: two nodes as the document has them, and a way to type at them."""

from __future__ import annotations

import asyncio
import functools
import pickle

from rdokit.lab import boot, commands
from rdokit.lab.machine import Machine
from rdokit.lab.shell.streams import Collector, Descriptors, Source
from rdokit.lab.world import Clock, Node, NodeSpec, World

RDO = "http://rdo.fedorapeople.org/openstack-havana/rdo-release-havana.rpm"


class Terminal:
    """What Process.tty needs."""

    width, height, term = 80, 24, "xterm"


class Tty(Collector):
    def isatty(self) -> bool:
        return True


class Result:
    def __init__(self, status: int, out: str, err: str):
        self.status, self.out, self.err = status, out, err

    def __repr__(self) -> str:
        return f"exit {self.status}\n{self.out}--- stderr\n{self.err}"


@functools.cache
def _fresh() -> bytes:
    world = World("centos", clock=Clock(100_000.0))
    for name, last in (("node1", 11), ("node2", 12)):
        boot.build_node(world, spec(name, last))
    return pickle.dumps(world)


class Lab:
    """Two nodes, `lab("command")` types at node1 as root."""

    def __init__(self, world: World | None = None, **faults):
        commands.load()
        self.world = world or pickle.loads(_fresh())
        self.world.faults.update(faults)
        self.machines = {name: Machine(self.world, node) for name, node in self.world.nodes.items()}

    @property
    def node1(self) -> Node:
        return self.world.nodes["node1"]

    @property
    def node2(self) -> Node:
        return self.world.nodes["node2"]

    def __call__(
        self, line: str, node: str = "node1", stdin: str = "", tty: bool = False, user: str = "root"
    ) -> Result:
        """Type a line at a node's bash and wait for it."""
        return asyncio.run(self.run(line, node, stdin, tty, user))

    async def run(
        self, line: str, node: str = "node1", stdin: str = "", tty: bool = False, user: str = "root"
    ) -> Result:
        machine = self.machines[node]
        out, err = (Tty(), Tty()) if tty else (Collector(), Collector())
        fds = Descriptors()
        for number, stream in enumerate((Source(stdin.encode()), out, err)):
            fds.put(number, stream)
        p = machine.login_process(user, ["bash", "-c", line], fds, {}, Terminal() if tty else None)
        entry = machine.start(p, machine.shell_session, 0, p.pid)
        status = await entry.wait()
        return Result(status, text(out), text(err))

    def ok(self, line: str, node: str = "node1") -> str:
        """Type a line that must succeed; returns its output."""
        got = self(line, node)
        assert got.status == 0, f"{line}: {got}"
        return got.out

    def reboot(self, node: str = "node1") -> None:
        """Power off and on, without waiting."""
        boot.power_off(self.world, self.world.nodes[node])
        boot.power_on(self.world, self.world.nodes[node])


def text(stream: Collector) -> str:
    return stream.value().decode("utf-8", "replace")


def spec(name: str, last: int, **more) -> NodeSpec:
    return NodeSpec(
        name,
        nics=[
            {"name": "eth0", "mac": f"52:54:00:92:04:{last:02x}", "address": f"192.168.0.{last}/24"},
            {"name": "eth1", "mac": f"52:54:00:92:05:{last:02x}", "address": f"192.168.1.{last}/24"},
        ],
        gateway="192.168.1.1",
        **more,
    )
