"""A client is killed (SIGKILL) at a remote operation, then run again: the world ends as if nothing had happened.

Every phase is taken from a snapshot of the lab before it. A point is (operation, mode): killed before it is sent,
while it is under way, or when it is done and nobody has heard of it. Reading operations are killed in one mode,
changing ones in all three. `make test` takes a sample, RDOKIT_ALL=1 (`make test-all`) all points.
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
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
from tests.labsite import ROOT, LabSite

PHASES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb") if path.stem < "90")[1:]
SAMPLE = 2  # points a phase in `make test`
ALL = bool(os.environ.get("RDOKIT_ALL"))
TOTAL = Counter()


@dataclass
class Reference:
    """A phase undisturbed: its operations, the world after it, the steps that it changed."""

    lines: list[list[str]]
    facts: compare.Facts
    changed: set
    points: list[tuple[int, str]] = field(default_factory=list)


class Bench:
    """A lab, a forge of clients, and the reference of every phase, made when it is first needed."""

    def __init__(self, lab: LabSite, forge: Forge):
        self.lab, self.forge = lab, forge
        self.lab.snapshot(f"before-{PHASES[0]}")
        self.made: dict[str, Reference] = {}

    def reference(self, phase: str) -> Reference:
        for name in PHASES[: PHASES.index(phase) + 1]:
            if name not in self.made:
                self.made[name] = self._make(name)
        return self.made[phase]

    def _make(self, phase: str) -> Reference:
        self.lab.restore(f"before-{phase}")
        runs = self.lab.folder / "runs-of-references" / phase
        answer = self.forge.run(phase, runs=runs)
        assert answer["status"] == 0, self.forge.tail()
        after = PHASES.index(phase) + 1
        path = self.lab.snapshot(f"before-{PHASES[after]}" if after < len(PHASES) else "end")
        made = Reference(answer["lines"], compare.facts(World.load(path)), changed(runs))
        made.points = points(made.lines, runs)
        return made

    def kill(self, phase: str, point: int, mode: str) -> None:
        """One point: killed there, run again, compared; raises AssertionError with what differs."""
        wanted = self.reference(phase)
        self.lab.restore(f"before-{phase}")
        runs = self.lab.folder / "runs-of-kills" / f"{phase}-{point}-{mode}"
        killed = self.forge.run(phase, point=point, mode=mode, runs=runs)
        if killed["status"] == 0:
            return  # two nodes at the same time: this time it took fewer operations than that
        assert killed["status"] == -signal.SIGKILL, f"status {killed}: {self.forge.tail()}"
        TOTAL["killed"] += 1
        told_truthfully(runs)
        again = self.forge.run(phase, runs=runs)
        assert again["status"] == 0, f"status {again}: {self.forge.tail()}"
        found = compare.facts(World.load(self.lab.snapshot("now")))
        assert compare.difference(wanted.facts, found) == []
        assert not Begun(events(runs)).events, "an intent stayed open"
        missing = wanted.changed - changed(runs)
        assert not missing, f"changes that nobody wrote down: {missing}"
        TOTAL["converged"] += 1


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


def chosen(reference: Reference, phase: str) -> list[tuple[int, str]]:
    """All points, or a sample: the same each time, changing operations rather than reading ones."""
    if ALL:
        return reference.points
    dice = random.Random(phase)
    changing = [p for p in reference.points if (p[0], "after") in reference.points]
    return sorted({*dice.sample(changing, min(SAMPLE - 1, len(changing))), dice.choice(reference.points)})


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with LabSite(tmp_path_factory.mktemp("kill")) as lab, Forge(lab) as forge:
        yield Bench(lab, forge)


@pytest.mark.parametrize("phase", PHASES)
def test_killed_anywhere_and_run_again_the_world_is_the_same(bench, phase):
    reference = bench.reference(phase)
    faults = []
    for point, mode in chosen(reference, phase):
        try:
            bench.kill(phase, point, mode)
        except AssertionError as error:
            faults.append(f"{phase}, operation {point} of {len(reference.lines)} ({mode}) "
                          f"{reference.lines[point - 1]}: {str(error)[:1500]}")
    assert not faults, f"{len(faults)} points did not converge:\n" + "\n".join(faults)


def test_a_machine_that_was_rebooting_when_the_run_was_cut_off_is_waited_for(bench):
    bench.reference("03_repository")
    bench.lab.restore("before-03_repository")
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


def test_counts(capsys):
    """Printed for whoever asks how much was tried."""
    if not TOTAL["killed"]:
        pytest.skip("the phases were not run")
    with capsys.disabled():
        print(f"\n  killed at {TOTAL['killed']} points, {TOTAL['converged']} runs converged", flush=True)
    assert TOTAL["converged"] == TOTAL["killed"]
