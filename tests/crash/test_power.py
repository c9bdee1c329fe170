"""A node loses its power in the middle of a write: the file is the old one or the new one, and the next run tidies up.

In front of each program that the write starts stands one that stops there for good, before or after the real one;
then the power goes. Powered on again, the same client goes on by itself, or (killed meanwhile) another one does: the
world is the one of an undisturbed run, with one backup and no temporary file.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from rdokit.errors import RdokitError
from rdokit.lab import compare
from rdokit.lab.world import World
from rdokit.node import Node
from tests.crash.forge import Forge
from tests.crash.points import COUNTS, count, sample
from tests.labsite import LabSite

PATH, PHASE = "/etc/hosts", "02"
PROGRAMS = {"cp": "/bin/cp", "dd": "/bin/dd", "sha256sum": "/usr/bin/sha256sum", "ln": "/bin/ln", "mv": "/bin/mv",
            "chmod": "/bin/chmod", "restorecon": "/sbin/restorecon"}
MOMENTS = [(program, moment) for program in ("cp", "dd", "sha256sum", "ln", "mv") for moment in ("before", "after")]
POINTS = [(program, moment, way) for program, moment in [*MOMENTS, ("dd", "half")] for way in ("waits", "again")]
LEFT = "power lost in the middle of a write"
STOPPER = """#!/bin/bash
if [ ! -e /tmp/here ] && /bin/grep -qa 'f={path};' /proc/$PPID/cmdline; then
{do}
: > /tmp/here; /bin/sleep 1000000000
fi
exec {real} "$@"
"""
DO = {"before": ":", "after": '{real} "$@"',
      "half": 'for w; do case $w in of=*) /usr/bin/head -c 10 > "${{w#of=}}"; esac; done'}


class Bench:
    """A lab, a forge, and the first node as its operator sees it."""

    def __init__(self, lab: LabSite, forge: Forge):
        self.lab, self.forge = lab, forge

    def node(self) -> Node:
        return self.lab.node(heard=lambda text: None)

    def stop_at(self, program: str, moment: str, path: str) -> None:
        """The write of `path` will not get further than this."""
        real = PROGRAMS[program]
        text = STOPPER.format(path=path, real=real, do=DO[moment].format(real=real))
        at = f"/usr/local/sbin/{program}"
        node = self.node()
        node.run(f"rm -f /tmp/here; cat > {at}; chmod +x {at}", stdin=text.encode()).check()
        node.close()

    def stopped(self, over) -> bool:
        """Waits until it is there; False when the writer came to its end without."""
        node, end = self.node(), time.monotonic() + 60
        with contextlib.closing(node):
            while node.run("test -e /tmp/here").status:
                assert time.monotonic() < end, self.forge.tail()
                if over():
                    return False
                time.sleep(0.02)
        return True

    def lose_power(self) -> World:
        """Off; what is on the disks now."""
        self.lab.control("power", node="node1", how="off")
        return self.lab.world()

    def power_on(self, program: str) -> None:
        """On again, and nothing stops a write any more."""
        self.lab.control("power", node="node1", how="on")
        node = self.node()
        node.run(f"rm -f /tmp/here /usr/local/sbin/{program}").check()
        node.close()

    def booted(self, world: Path) -> compare.Facts:
        """What a world holds once all machines were booted: settings are in force on every card only then."""
        self.lab.restore(world)
        return compare.facts(World.load(self.lab.snapshot("booted")))

    def kill_client(self) -> None:
        forge = self.forge.process.pid
        for pid in Path(f"/proc/{forge}/task/{forge}/children").read_text().split():
            os.kill(int(pid), signal.SIGKILL)


@pytest.fixture(scope="module")
def bench(tmp_path_factory, stages):
    with LabSite(tmp_path_factory.mktemp("power")) as lab, Forge(lab) as forge:
        lab.restore(stages.fresh)
        yield Bench(lab, forge)


def leftovers(world: World) -> list[str]:
    fs = world.nodes["node1"].fs
    return [f"{folder}/{name}" for folder in ("/etc", "/root") for name in fs.listdir(folder) if ".rdokit." in name]


def lost_and_found(bench: Bench, stages, program: str, moment: str, way: str) -> list[str]:
    """What is wrong after the power went there, came back, and the phase was run to its end."""
    bench.lab.restore(stages.before(PHASE))
    old, new = (World.load(world).nodes["node1"].fs.read(PATH) for world in (stages.before(PHASE), stages[PHASE].after))
    bench.stop_at(program, moment, PATH)
    answers: list[dict] = []
    client = threading.Thread(target=lambda: answers.append(bench.forge.run(PHASE)))
    client.start()
    if not bench.stopped(lambda: not client.is_alive()):
        return [f"{program} is not in a write any more"]
    disks = bench.lose_power()
    if way == "again":
        bench.kill_client()
        client.join(60)
    bench.power_on(program)
    client.join(120)
    count(LEFT, f"{program}, {moment}", power_lost=1, left_behind=len(leftovers(disks)), recovered=0)
    wrong = [] if disks.nodes["node1"].fs.read(PATH) in (old, new) else ["the file was half"]
    if answers[0]["status"]:
        wrong += [bench.forge.tail()] if way == "waits" else []
    if bench.forge.run(PHASE)["status"]:
        wrong.append(bench.forge.tail())
    now = bench.lab.snapshot("now")
    wrong += compare.difference(bench.booted(stages[PHASE].after), bench.booted(now))
    count(LEFT, f"{program}, {moment}", recovered=not wrong)
    return wrong


def test_power_lost_anywhere_in_a_write_leaves_nothing_after_the_next_run(bench, stages):
    faults = []
    for point in sample(POINTS, "power", first=[("dd", "half", "again"), ("ln", "after", "again")]):
        faults += [f"{point}: {line[:1500]}" for line in lost_and_found(bench, stages, *point)]
    assert not faults, "\n".join(faults)
    assert any(numbers["left_behind"] for numbers in COUNTS[LEFT].values()), "nothing was ever left to clear up"


@pytest.mark.parametrize("program, moment", sample([("dd", "half"), ("chmod", "before"), ("chmod", "after"),
                                                    ("restorecon", "before"), ("mv", "before")], "new file"))
def test_a_new_secret_file_is_not_there_or_whole_and_never_readable_by_others(bench, stages, program, moment):
    bench.lab.restore(stages.fresh)
    path, data = "/root/secret-of-ours", b"x" * 5000
    bench.stop_at(program, moment, path)
    node = bench.node()

    def write() -> None:
        with contextlib.suppress(RdokitError):
            node.write(path, data, seen=node.read(path), mode="0600")
    writer = threading.Thread(target=write)
    writer.start()
    assert bench.stopped(lambda: not writer.is_alive())
    disks = bench.lose_power()
    fs = disks.nodes["node1"].fs
    assert not fs.exists(path) or fs.read(path) == data
    assert [f"{fs.stat(name).mode:o}" for name in leftovers(disks)] == ["600"]
    bench.power_on(program)
    writer.join(60)
    node.close()
    node = bench.node()
    now = node.write(path, data, seen=node.read(path), mode="0600")
    node.close()
    assert (now.data, now.mode, leftovers(bench.lab.world())) == (data, "600", [])
