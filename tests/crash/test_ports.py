"""A node reboots while the lab writes its world to disk: it comes back on its port, and the world is not harmed.

The fork that writes once kept the nodes' ports open as long as it wrote, and the node could not listen again. Here
the file it writes is a pipe that nobody reads yet: it writes for as long as the test likes.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from rdokit.lab.world import World
from rdokit.node import Node
from tests.labsite import LabSite
from tests.run_kit import wait_for

ROUNDS = 3


@pytest.fixture
def lab(tmp_path, stages):
    with LabSite(tmp_path) as lab:
        lab.restore(stages.fresh)
        yield lab
        if writers(lab):  # the test failed in the middle: a writer whose reader leaves goes, too
            os.close(os.open(lab.state / "world.part", os.O_RDONLY | os.O_NONBLOCK))


def writers(lab: LabSite) -> list[int]:
    """The forks of the lab."""
    pid = json.loads((lab.state / "status.json").read_text())["pid"]
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def fatten(lab: LabSite, node: Node) -> None:
    """A world that takes so long to write that the lab leaves it to a fork."""
    node.run("mkdir /root/many; touch /root/many/{1..20000}").check()
    end = time.monotonic() + 30
    while not writers(lab):
        node.run("touch /root/again").check()
        assert time.monotonic() < end, "no fork ever wrote"
        time.sleep(0.002)


def test_a_node_that_reboots_while_the_world_is_written_comes_back(lab):
    machine = lab.node()
    fatten(lab, machine)
    pipe = lab.state / "world.part"
    for number in range(ROUNDS):
        wait_for(lambda: not writers(lab), 30)
        pipe.unlink(missing_ok=True)
        os.mkfifo(pipe)
        machine.run(f"echo {number} > /root/round").check()
        wait_for(lambda: writers(lab), 30)
        assert machine.reboot(limit=20) < 20
        assert machine.run("cat /root/round").check().stdout == f"{number}\n"
        assert writers(lab), "it has written all the while"
        subprocess.run(["cat", str(pipe)], stdout=subprocess.DEVNULL, timeout=60, check=True)
    machine.close()
    wait_for(lambda: not writers(lab), 30)
    lab.control("save")
    assert World.load(lab.state / "world.lab").nodes["node1"].fs.read_text("/root/round") == f"{ROUNDS - 1}\n"
    assert "was taken while" not in (lab.state / "lab.log").read_text()
