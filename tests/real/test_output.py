"""Floods, bytes and silences: no hang, nothing lost, memory bounded."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rdokit.errors import CommandTimeout
from rdokit.node import Node

from .nodes import RealLab, RealNode

ROOT = Path(__file__).parents[2]


def test_two_hundred_thousand_lines(node: Node):
    result = node.run("seq 1 200000")
    assert result.stdout == "".join(f"{n}\n" for n in range(1, 200_001))


def test_lines_come_while_the_command_runs(node: Node):
    seen: list[float] = []
    line = "for i in 1 2 3; do echo $i; sleep 0.3; done"
    node.run(line, on_output=lambda stream, data: seen.append(time.monotonic()))
    assert len(seen) >= 3 and seen[-1] - seen[0] > 0.4


def test_binary_output_byte_by_byte(node: Node, machine: RealNode):
    result = node.run("head -c 3000000 /dev/urandom | tee /root/random")
    raw = result.stdout.encode("utf-8", "surrogateescape")
    assert hashlib.sha256(raw).digest() == hashlib.sha256(machine.read("/root/random")).digest()


def test_flood_on_stderr_beside_stdout(node: Node):
    result = node.run("seq 1 100000 >&2 & seq 1 100000; wait")
    assert len(result.stdout.splitlines()) == len(result.stderr.splitlines()) == 100_000


def test_command_that_waits_for_input_sees_its_end(node: Node):
    start = time.monotonic()
    result = node.run("read -r x; echo \"[$x]\"; cat; passwd root", limit=20)
    assert result.stdout.startswith("[]\n") and result.status != 0
    assert time.monotonic() - start < 10


def test_command_that_never_ends_is_given_up(node: Node, machine: RealNode):
    with pytest.raises(CommandTimeout, match="within 2 s"):
        node.run("echo begun; sleep 1000", limit=2)
    assert node.run("echo next").stdout == "next\n"


def test_background_process_that_keeps_the_channel_open(node: Node, machine: RealNode):
    start = time.monotonic()
    result = node.run("sleep 60 & echo started", limit=20)
    assert (result.status, result.stdout) == (0, "started\n") and time.monotonic() - start < 5
    machine.sh("pkill -x sleep -n", check=False)


def test_input_that_nobody_reads(node: Node):
    start = time.monotonic()
    assert node.run("true", stdin=b"x" * 8_000_000, limit=20).status == 0
    assert node.run("sleep 1; echo late", stdin=b"x" * 8_000_000, limit=20).stdout == "late\n"
    assert time.monotonic() - start < 10


def test_input_that_comes_back_as_output(node: Node):
    """Both directions full at once: the classic dead lock."""
    data = bytes(range(256)) * 40_000
    assert node.run("cat", stdin=data, limit=60).stdout.encode("utf-8", "surrogateescape") == data


@pytest.mark.parametrize(("line", "status"), [("exit 3", 3), ("kill -9 $$", None), ("nosuch-command", 127)])
def test_exit_status(node: Node, line: str, status: int | None):
    result = node.run(line)
    assert result.status == status and not result


def test_control_characters_and_bad_utf8_arrive(node: Node):
    assert node.run(r"printf 'a\033[31mb\r\n\377\0c'").stdout == "a\x1b[31mb\r\n\udcff\0c"


def test_memory_stays_bounded(pair: RealLab, known_hosts: str):
    """600 MB of output in a process of its own: its peak must stay far below that."""
    script = f"""
import json, resource, time
from rdokit.ssh import Connection, Door
c = Connection(Door("node1", {pair["node1"].private!r}, key={str(pair.key)!r}, known_hosts={known_hosts!r}))
c.run("true"); before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; start = time.monotonic()
r = c.run("head -c 400000000 /dev/zero; head -c 200000000 /dev/zero >&2", limit=200)
print(json.dumps([r.status, r.note, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024,
                  time.monotonic() - start]))
c.close()"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=240)
    status, note, grown, _ = json.loads(done.stdout or "[]" + done.stderr)
    assert status == 0 and "not kept" in note and grown < 400
