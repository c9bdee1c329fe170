"""`rdokit run` on a lab is ended by SIGKILL (runner, kernel, all at once), SIGTERM and Ctrl-C, then resumed.

The resumed run works in the same folder, finishes, and leaves the world of an undisturbed run; what it left on the
way tells truthfully where it was. A second run beside it is refused and names the first.
"""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from rdokit.cutoff import Begun
from rdokit.journal import read_events
from rdokit.lab import compare
from rdokit.lab.world import World
from tests.crash.points import POINTS, count, sample
from tests.labsite import LabSite
from tests.run_kit import alive, wait_for

PHASES = ("02", "03", "04")
WAYS = ("kill the runner", "kill the kernel", "machine off", "SIGTERM", "SIGINT")
MOMENTS = {  # the event after whose n-th appearance it is ended
    "kill the runner": [("intent", 9)],
    "kill the kernel": [("intent", 9)],
    "machine off": [("intent", 15)],
    "SIGTERM": [("intent", 3)],
    "SIGINT": [("phase-start", 2)],
}
EVERY = [(event, n) for event, most in (("intent", 22), ("phase-start", 3), ("outcome", 20)) for n in range(1, most, 2)]
if POINTS > 2:  # ten times slower than killing a client by itself: half as many
    MOMENTS = {way: sample(EVERY, way, points=POINTS // 2) for way in WAYS}
ENDED = "`rdokit run` ended and resumed"


@pytest.fixture(scope="module")
def lab(tmp_path_factory, stages):
    with LabSite(tmp_path_factory.mktemp("runner")) as lab:
        lab.before, lab.wanted = stages.before("02"), stages["04"].facts
        yield lab


def events(folder: Path) -> list[dict]:
    return read_events(folder / "events.jsonl")


def newest(lab: LabSite) -> Path | None:
    found = lab.run_folders()
    return found[-1] if found else None


def offspring(pid: int) -> list[int]:
    """Processes that a process started, and those that they started."""
    found = [int(child) for task in Path(f"/proc/{pid}/task").iterdir()
             for child in (task / "children").read_text().split()]
    return found + [one for child in found for one in offspring(child)]


def end(way: str, runner, folder: Path) -> None:
    if way == "kill the kernel":
        os.kill([e["kernel"] for e in events(folder) if e["event"] == "phase-start"][-1], signal.SIGKILL)
    elif way == "machine off":  # everything at once, wherever it stands
        for pid in [runner.pid, *offspring(runner.pid)]:
            os.kill(pid, signal.SIGKILL)
    else:
        os.kill(runner.pid, {"kill the runner": signal.SIGKILL}.get(way) or getattr(signal, way))


@pytest.mark.parametrize("way, moment", [(way, moment) for way in WAYS for moment in MOMENTS[way]],
                         ids=lambda value: value if isinstance(value, str) else f"{value[1]}-{value[0]}")
def test_an_ended_run_is_resumed_to_the_same_world(lab, way, moment):
    lab.restore(lab.before)
    before = set(lab.run_folders())
    runner = lab.start("run", *PHASES)
    wait_for(lambda: set(lab.run_folders()) - before, 60)
    folder = newest(lab)
    event, times = moment
    wait_for(lambda: runner.poll() is not None or sum(e["event"] == event for e in events(folder)) >= times, 120)
    kernels = [e["kernel"] for e in events(folder) if e["event"] == "phase-start"]
    if runner.poll() is None:
        end(way, runner, folder)
    said, _ = runner.communicate(timeout=90)
    code = runner.returncode
    if code == 0:
        pytest.skip("it was over before")
    count(ENDED, way, runs_ended=1, runs_converged=0)
    assert code == {"kill the kernel": 1, "SIGTERM": 143, "SIGINT": 130}.get(way, -signal.SIGKILL), said
    wait_for(lambda: not any(alive(pid) for pid in kernels), 30)
    raw = (folder / "events.jsonl").read_bytes()
    assert [json.loads(line) for line in raw.splitlines()], "every line is whole"
    for path in folder.glob("*.ipynb"):
        json.loads(path.read_text("utf-8"))
    page = Path(lab.rdokit("report", folder.name).stdout.strip()).read_text("utf-8")
    if way in ("kill the runner", "machine off"):
        assert "cut off" in page
        assert ("These were begun and no outcome was recorded" in page) == bool(Begun(events(folder)).events)
    else:
        assert "rdokit run --site lab --resume" in said
    done = lab.rdokit("run", "--resume", timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert newest(lab) == folder and "going on" in done.stdout
    assert not Begun(events(folder)).events
    found = compare.difference(lab.wanted, compare.facts(World.load(lab.snapshot("now"))))
    assert found == [], "\n".join(found)
    assert json.loads((folder / "manifest.json").read_text())["status"] == "done"
    count(ENDED, way, runs_converged=1)


def test_a_second_run_is_refused_and_names_the_first(lab):
    lab.restore(lab.before)
    before = set(lab.run_folders())
    runner = lab.start("run", *PHASES)
    try:
        wait_for(lambda: set(lab.run_folders()) - before, 60)
        folder = newest(lab)
        wait_for(lambda: events(folder), 30)
        second = lab.rdokit("run", "02")
        assert second.returncode == 1 and folder.name in second.stderr and str(runner.pid) in second.stderr
        undo = lab.rdokit("undo", "02", "--yes")
        assert undo.returncode == 1 and folder.name in undo.stderr
    finally:
        said, _ = runner.communicate(timeout=120)
    assert runner.returncode == 0, said
    time.sleep(0.1)


def test_two_runs_are_compared_without_ids_and_times(lab):
    """`rdokit report --compare`: a run on the lab and its repetition differ in nothing that counts."""
    names = [folder.name for folder in lab.run_folders()]
    lab.restore(lab.before)
    assert lab.rdokit("run", *PHASES).returncode == 0
    fresh = lab.run_folders()[-1].name
    assert fresh not in names
    lab.restore(lab.before)
    assert lab.rdokit("run", *PHASES).returncode == 0
    again = lab.run_folders()[-1].name
    done = lab.rdokit("report", "--compare", fresh, again)
    assert done.returncode == 0, done.stdout + done.stderr
    third = lab.rdokit("run", "02", "-p", "overrides", json.dumps({"domain": "example.org"}))
    assert third.returncode == 0, third.stdout
    done = lab.rdokit("report", "--compare", again, lab.run_folders()[-1].name)
    assert done.returncode == 1 and "example.org" in done.stdout
