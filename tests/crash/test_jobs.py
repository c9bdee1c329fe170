"""`yum update` and packstack outlive the client that was watching: the next one finds them at work and follows.

The next one is a new kernel with the same record, or another machine, which has none. (The same cell, after a lost
connection: test_connection.) A job is started once.
"""

from __future__ import annotations

import signal
import threading

import pytest

from tests.crash.forge import Forge
from tests.labsite import SPEED, LabSite

JOBS = {"yum-update": "03", "packstack": "05"}
SLOW = {"yum-update": 20, "packstack": 60}  # times faster than real: so that there is something to follow


@pytest.fixture(scope="module")
def forge(tmp_path_factory):
    with LabSite(tmp_path_factory.mktemp("jobs")) as lab, Forge(lab) as forge:
        yield forge


def speed(lab: LabSite, times: float) -> None:
    lab.control("spec", spec={"speed": times, "nodes": []})


def started(lab: LabSite, job: str) -> int:
    """How often it was, on the controller."""
    node = lab.node()
    try:
        return node.run("ls /var/lib/rdokit/jobs").stdout.count(f"{job}-")
    finally:
        node.close()


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("watcher", ["a new kernel", "another machine"])
def test_a_job_whose_client_was_killed_goes_on_and_is_followed(forge, stages, job, watcher):
    phase, lab = JOBS[job], forge.lab
    lines = [line for _, line in stages[phase].lines]
    point = len(lines) - lines[::-1].index(f"start job {job}") + 2  # started on every node, and looked at
    lab.restore(stages.before(phase))
    forge.log.write_text("")
    speed(lab, SLOW[job])
    faster = threading.Timer(2, lambda: speed(lab, SPEED))
    try:
        runs = lab.folder / job / watcher.replace(" ", "-")
        killed = forge.run(phase, point=point, mode="after", runs=runs)
        assert killed["status"] == -signal.SIGKILL, forge.tail()
        assert started(lab, job) == 1
        faster.start()
        if watcher == "another machine":
            runs = runs.with_name("of-another-machine")
        assert forge.run(phase, runs=runs)["status"] == 0, forge.tail()
        assert "found it at work and followed it" in forge.log.read_text("utf-8")
        assert started(lab, job) == 1
    finally:
        faster.cancel()  # the lab may be gone when it would come
        speed(lab, SPEED)
