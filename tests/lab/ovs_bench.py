"""A bench for the lab's commands without shell or SSH: a world, a node, a way to run one line."""

from __future__ import annotations

import asyncio
import shlex

from rdokit.lab import ovsdb
from rdokit.lab.fs import Filesystem
from rdokit.lab.process import REGISTRY, Missing, Process
from rdokit.lab.world import Clock, Kernel, Nic, Node, NodeSpec, Service, World


class Pipe:
    """A stream that keeps what is written and reads as empty."""

    def __init__(self, data: bytes = b"", tty: bool = False):
        self.data, self.tty = bytearray(), tty
        self.input = data

    def write(self, data: str | bytes) -> None:
        self.data += data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data

    async def drain(self) -> None: ...

    def isatty(self) -> bool:
        return self.tty

    async def read(self, n: int = -1) -> bytes:
        data, self.input = self.input, b""
        return data

    async def readline(self) -> bytes:
        line, newline, self.input = self.input.partition(b"\n")
        return line + newline

    def text(self) -> str:
        return self.data.decode("utf-8", "surrogateescape")


def bare_node(name: str, last: int = 11, nics: int = 2) -> Node:
    """A node with addresses and a switch and nothing else."""
    node = Node(NodeSpec(name), Filesystem(), Kernel("2.6.32-431.el6.x86_64"))
    for i in range(nics):
        node.nics[f"eth{i}"] = Nic(f"eth{i}", f"52:54:00:92:05:{last:02x}", [f"192.168.{i}.{last}/24"])
    node.services["openvswitch"] = Service("openvswitch", running=True)
    return node


def bare_world(*names: str, speed: float = 600.0) -> World:
    world = World("bench", clock=Clock(speed))
    for i, name in enumerate(names or ("node1",)):
        world.nodes[name] = bare_node(name, 11 + i)
        ovsdb.ensure(world, world.nodes[name])
        ovsdb.start(world, world.nodes[name])
    return world


async def call(world: World, node: Node, argv: list[str], tty: bool = False, **fields) -> tuple[int, str, str]:
    """Run one registered command; its exit status, stdout and stderr."""
    out, err = Pipe(tty=tty), Pipe(tty=tty)
    p = Process(
        argv,
        fields.pop("env", {"HOME": "/root", "USER": "root"}),
        fields.pop("cwd", "/root"),
        fields.pop("user", "root"),
        fields.pop("stdin", Pipe()),
        out,
        err,
        node,
        world,
        **fields,
    )
    try:
        status = await REGISTRY[argv[0]].function(p)
    except Missing as e:
        status = e.status
        p.error(str(e))
    return status, out.text(), err.text()


def run(world: World, line: str, node: str = "node1", **fields) -> tuple[int, str, str]:
    """A command line without shell features."""
    return asyncio.run(call(world, world.nodes[node], shlex.split(line), **fields))
