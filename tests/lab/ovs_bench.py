"""A bench for the lab's commands without shell or SSH: a world, a node, a way to run one line.

Also what a replay of the Open vSwitch recordings needs to know: the genuine
switch ran with a dummy datapath, and was stopped in parts near the end.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import time

from rdokit.lab import ovsdb
from rdokit.lab.fs import Filesystem
from rdokit.lab.ovsdb import Switch
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


def prepare(switch: Switch, line: dict) -> None:
    """Put the switch into the state that a recorded line was taken in (its note says which)."""
    note = line.get("note") or ""
    if switch.datapath == "system":
        switch.datapath = "dummy"
        switch.root.update(system_type=[], system_version=[], external_ids={})
    if "real netdev layer" in note:
        switch.datapath = "none"
    if "ovs-vswitchd stopped" in note:
        switch.vswitchd_up = False
    if "ovsdb-server stopped" in note:
        switch.server_up = False


def tidy(text: str) -> str:
    """Replace what no two recordings have in common: row ids, times, the socket's folder."""
    seen: dict[str, str] = {}
    text = re.sub(
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", lambda m: seen.setdefault(m[0], f"<id{len(seen)}>"), text
    )
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z\|\d+\|", "<time>|", text)
    text = re.sub(r"Compiled \w{3} +\d+ \d{4} [\d:]+", "Compiled <time>", text)
    return re.sub(r"unix:\S*/db\.sock", "unix:<db.sock>", text)


def ordered(text: str) -> str:
    """`show`, csv and JSON tables with blocks and rows sorted: their order follows row ids, which are random."""
    if text.startswith('{"data":['):
        import json

        data = json.loads(text)
        data["data"].sort(key=str)
        return json.dumps(data, sort_keys=True)
    if re.match(r"(?m)[0-9a-f-]{36}\n(    |$)", text):
        return "\n".join(_flat(_tree(text.splitlines())))
    lines = text.splitlines()
    if lines and lines[0].startswith("_uuid,"):
        return "\n".join([lines[0], *sorted(re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "<id>", x) for x in lines[1:])])
    return text


def _tree(lines: list[str]) -> list:
    root: list = []
    stack: list[tuple[int, list]] = [(-1, root)]
    for line in lines:
        depth = len(line) - len(line.lstrip())
        while stack[-1][0] >= depth:
            stack.pop()
        children: list = []
        stack[-1][1].append((line, children))
        stack.append((depth, children))
    return root


def _flat(tree: list) -> list[str]:
    # settings keep their place, Bridges, Ports and Interfaces are sorted
    out = []
    for line, children in sorted(tree, key=lambda n: n[0] if n[0].strip().split()[0][:1].isupper() else ""):
        out += [line, *_flat(children)]
    return out


def now() -> float:
    return time.time()
