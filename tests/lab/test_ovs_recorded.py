"""The genuine recording of ovs-vsctl 1.11.0, replayed line by line against the lab's switch."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
from pathlib import Path

import pytest

import rdokit.lab.commands.ovs  # noqa: F401
from tests.lab.ovs_bench import bare_world, call, ordered, prepare, tidy

RECORDING = Path(os.environ.get("RDOKIT_SHARED", "/work/shared")) / "havana/ovs/ovs-1.11.0-transcripts.jsonl"
pytestmark = pytest.mark.skipif(not RECORDING.exists(), reason="the recording is not on this machine")


async def shell(world, node, line: str) -> tuple[int, str, str]:
    """The few shell forms of the recording: `2>&1`, `; echo "exit $?"`, `timeout N`."""
    first, _, echo = line.partition("; echo")
    argv = shlex.split(first)
    merge = argv[-1] == "2>&1"
    argv = argv[:-1] if merge else argv
    if argv[0] == "timeout":
        task = asyncio.ensure_future(call_kept(world, node, argv[2:]))
        await asyncio.sleep(0.05)
        task.cancel()
        status, out, err = await task
    else:
        status, out, err = await call(world, node, argv)
    if merge:
        out, err = out + err, ""
    return (0, f"{out}exit {status}\n", err) if echo else (status, out, err)


async def call_kept(world, node, argv):
    """A call that `timeout` ends: what it wrote until then, status 124."""
    from rdokit.lab.process import REGISTRY, Process
    from tests.lab.ovs_bench import Pipe

    out, err = Pipe(), Pipe()
    p = Process(argv, {}, "/root", "root", Pipe(), out, err, node, world)
    try:
        return await REGISTRY[argv[0]].function(p), out.text(), err.text()
    except asyncio.CancelledError:
        return 124, out.text(), err.text()


def test_every_recorded_line() -> None:
    world = bare_world()
    node = world.nodes["node1"]
    wrong = []
    for text in RECORDING.read_text().splitlines():
        line = json.loads(text)
        prepare(node.ovs, line)
        got = asyncio.run(shell(world, node, line["argv"]))
        want = (line["exit"] if line["exit"] >= 0 else 128 - line["exit"], line["stdout"], line["stderr"])
        if tuple(tidy(ordered(x)) if isinstance(x, str) else x for x in got) != tuple(
            tidy(ordered(x)) if isinstance(x, str) else x for x in want
        ):
            wrong.append((line["id"], line["argv"], want, got))
    for w in wrong:
        print(*w, sep="\n")
    assert not wrong
