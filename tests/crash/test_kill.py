"""A client is killed (SIGKILL) at a remote operation, then run again: the world ends as if nothing had happened.

Every phase is taken from a snapshot of the lab before it. A point is (operation, mode): killed before it is sent,
while it is under way, or when it is done and nobody has heard of it. Reading operations are killed in one mode,
changing ones in all three. RDOKIT_POINTS says how many are tried (tests/crash/points.py).
"""

from __future__ import annotations

import json
import signal
import threading
import time
from pathlib import Path

import pytest

from rdokit.cutoff import Begun, key
from rdokit.journal import read_events
from rdokit.lab import compare
from rdokit.lab.world import World
from rdokit.record import read_run
from rdokit.report import build
from tests.crash.forge import Forge
from tests.crash.hook import MODES
from tests.crash.points import COUNTS, count, sample
from tests.crash.stages import PHASES, Stages
from tests.labsite import LabSite

LEFT = "killed anywhere and run again"


class Bench:
    """A lab, a forge of clients, and the phases undisturbed."""

    def __init__(self, lab: LabSite, forge: Forge, stages: Stages):
        self.lab, self.forge, self.stages = lab, forge, stages

    def kill(self, phase: str, point: int, mode: str) -> None:
        """One point: killed there, run again, compared; raises AssertionError with what differs."""
        wanted = self.stages[phase]
        self.lab.restore(self.stages.before(phase))
        runs = self.lab.folder / "runs-of-kills" / f"{phase}-{point}-{mode}"
        killed = self.forge.run(phase, point=point, mode=mode, runs=runs)
        if killed["status"] == 0:
            count(LEFT, phase, over_before=1)
            return  # two nodes at the same time: this time it took fewer operations than that
        assert killed["status"] == -signal.SIGKILL, f"status {killed}: {self.forge.tail()}"
        count(LEFT, phase, points_killed=1, runs_converged=0)
        told_truthfully(runs)
        again = self.forge.run(phase, runs=runs)
        assert again["status"] == 0, f"status {again}: {self.forge.tail()}"
        found = compare.facts(World.load(self.lab.snapshot("now")))
        assert compare.difference(wanted.facts, found) == []
        assert not Begun(events(runs)).events, "an intent stayed open"
        missing = changed(wanted.runs) - changed(runs)
        assert not missing, f"changes that nobody wrote down: {missing}"
        count(LEFT, phase, runs_converged=1)


def events(runs: Path) -> list[dict]:
    return [event for folder in (sorted(runs.iterdir()) if runs.is_dir() else ()) if folder.is_dir()
            for event in read_events(folder / "events.jsonl")]


def changed(runs: Path) -> set:
    """Steps that the journals say were changed (by us)."""
    return {key(event) for event in events(runs) if event["event"] == "outcome" and event.get("changed")}


def points(lines: list[list[str]], runs: Path) -> list[tuple[int, str]]:
    """Changing operations in all modes, reading ones before they are sent."""
    changing = {str(e.get("key") or e["command"]) for e in events(runs) if e["event"] == "intent"}
    found = []
    for number, (_, line) in enumerate(lines, 1):
        acts = line in changing or line.startswith(("write ", "start job", "reboot"))
        found += [(number, mode) for mode in (MODES if acts else MODES[:1])]
    return found


def told_truthfully(runs: Path) -> None:
    """What the dead client left: whole lines, an intent for what was under way, a report that says so."""
    for folder in runs.iterdir() if runs.is_dir() else ():
        raw = (folder / "events.jsonl").read_bytes() if (folder / "events.jsonl").exists() else b""
        said = [json.loads(line) for line in raw.splitlines()]
        record = read_run(folder)
        assert [key(e) for e in record.unanswered] == [key(e) for e in Begun(said).events]
        page = build(folder).read_text("utf-8")
        assert ("Cut in the middle" in page) >= bool(record.unanswered)


@pytest.fixture(scope="module")
def bench(tmp_path_factory, stages):
    with LabSite(tmp_path_factory.mktemp("kill")) as lab, Forge(lab) as forge:
        yield Bench(lab, forge, stages)


@pytest.mark.parametrize("phase", PHASES)
def test_killed_anywhere_and_run_again_the_world_is_the_same(bench, phase):
    stage = bench.stages[phase]
    found = points(stage.lines, stage.runs)
    faults = []
    for point, mode in sample(found, phase, first=[p for p in found if (p[0], "after") in found]):
        try:
            bench.kill(phase, point, mode)
        except AssertionError as error:
            faults.append(f"{phase}, operation {point} of {len(stage.lines)} ({mode}) "
                          f"{stage.lines[point - 1]}: {str(error)[:1500]}")
    assert not faults, f"{len(faults)} points did not converge:\n" + "\n".join(faults)
    assert COUNTS[LEFT][phase]["points_killed"], "no point was reached"


def test_a_machine_that_was_rebooting_when_the_run_was_cut_off_is_waited_for(bench):
    bench.lab.restore(bench.stages.before("03"))
    runs = bench.lab.folder / "runs-of-boots"
    killed = bench.forge.run("03_repository", line="reboot", point=2, mode="after", runs=runs)
    assert killed["status"] == -signal.SIGKILL
    begun = [event["node"] for event in Begun(events(runs)).events if event["kind"] == "reboot"]
    assert begun
    time.sleep(2)  # the reboot itself is over; this machine takes longer than the next run takes to come
    bench.lab.control("power", node=begun[0], how="off")
    on = threading.Timer(3, lambda: bench.lab.control("power", node=begun[0], how="on"))
    on.start()
    bench.forge.log.write_text("")
    answer = bench.forge.run("03_repository", runs=runs)
    on.join()
    said = bench.forge.log.read_text("utf-8")
    assert answer["status"] == 0 and "connecting again" in said, said[-3000:]

