"""A lab for replaying Open vSwitch recordings, and what such recordings cannot have in common with it.

The genuine switch was built with a dummy datapath on a bench, and near the end
of the recording its daemons were stopped one after the other; a line's note
says so. Lines run in the lab's own shell on a node of the lab.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from rdokit.lab import commands, image, ovsdb
from rdokit.lab.fs import Filesystem
from rdokit.lab.machine import Machine
from rdokit.lab.ovsdb import Switch
from rdokit.lab.shell.streams import Collector, Descriptors, Source
from rdokit.lab.world import Clock, Kernel, Node, NodeSpec, Package, Service, World


class OvsBench:
    """One node with an empty switch, and a way to type at it."""

    def __init__(self) -> None:
        commands.load()
        self.world = World("ovs", clock=Clock(20.0))
        node = self.node = Node(NodeSpec("node1"), Filesystem("node1"), Kernel("2.6.32-431.el6.x86_64"))
        self.world.nodes["node1"] = node
        image.populate(self.world, node)
        for name in ("openvswitch", "bridge-utils", "coreutils", "bash"):
            node.packages[name] = Package(name, "1", "1")
        node.services["openvswitch"] = Service("openvswitch", running=True)
        ovsdb.start(self.world, node)
        self.loop = asyncio.new_event_loop()
        self.machine = Machine(self.world, node)

    def prepare(self, line: dict[str, Any]) -> None:
        """Before a recorded line: put the switch into the state that it was taken in."""
        assert self.node.ovs is not None
        prepare(self.node.ovs, line)

    def pause(self) -> None:
        """Nothing goes on between two lines."""

    def run(
        self, line: str, env: dict[str, str | None] | None = None, stdin: str | None = None, tty: bool = False
    ) -> tuple[int, str, str]:
        """Exit status, stdout and stderr of a shell line."""
        return self.loop.run_until_complete(self._run(line, stdin or ""))

    async def _run(self, line: str, stdin: str) -> tuple[int, str, str]:
        fds, out, err = Descriptors(), Collector(), Collector()
        for number, stream in enumerate((Source(stdin.encode()), out, err)):
            fds.put(number, stream)
        p = self.machine.login_process("root", ["/bin/bash", "-c", line], fds, {})
        status = await self.machine.start(p, self.machine.shell_session).wait()
        return status, out.value().decode("utf-8", "replace"), err.value().decode("utf-8", "replace")


def prepare(switch: Switch, line: dict[str, Any]) -> None:
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


def canonical(text: str) -> str:
    """An output of any Open vSwitch tool in a form that two switches with the same contents share."""
    return tidy(ordered(text))


def exit_status(status: int) -> int:
    """A recorder's -14 is the shell's 142.

    >>> exit_status(-14), exit_status(1)
    (142, 1)
    """
    return 128 - status if status < 0 else status
