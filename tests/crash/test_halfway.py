"""What is half there when a phase begins is finished, waited for, or named; never made a second time."""

from __future__ import annotations

import pytest

from rdokit.journal import read_events
from tests.crash.forge import Forge
from tests.labsite import SPEED, LabSite

ADMIN, DEMO = "source /root/keystonerc_admin; ", "source /root/keystonerc_demo; "


@pytest.fixture(scope="module")
def forge(tmp_path_factory, stages):
    with LabSite(tmp_path_factory.mktemp("halfway")) as lab, Forge(lab) as forge:
        yield forge


@pytest.fixture
def controller(forge):
    node = forge.lab.node()
    yield node
    node.close()


def changed(runs) -> list[str]:
    return [event["step"] for folder in sorted(runs.glob("2*")) for event in read_events(folder / "events.jsonl")
            if event["event"] == "outcome" and event.get("changed")]


def instances(controller) -> list[str]:
    """Status of each instance of the demo user."""
    lines = controller.run(DEMO + "nova list").check().lines
    return [line.split("|")[3].strip() for line in lines if "| vm1 " in line]


def test_an_instance_that_is_off_after_a_boot_is_started(forge, stages, controller, tmp_path):
    """Havana leaves instances off when their machine was booted, and restoring a world boots it."""
    forge.lab.restore(stages["11"].after)
    assert instances(controller) == ["SHUTOFF"]
    assert forge.run("11", runs=tmp_path)["status"] == 0, forge.tail()
    assert changed(tmp_path) == ["nova start vm1"]
    assert instances(controller) == ["ACTIVE"]


def test_an_instance_that_is_being_built_is_waited_for(forge, stages, controller, tmp_path):
    forge.lab.restore(stages.before("11"))
    assert forge.run("11", line="nova secgroup-list-rules default", point=1, runs=tmp_path / "cut")["status"] < 0
    forge.lab.control("spec", spec={"speed": 2, "nodes": []})  # seconds of BUILD
    try:
        net = controller.run(ADMIN + "neutron net-list | awk '/demo-net/{print $2}'").stdout.strip()
        controller.run(DEMO + f"nova boot --flavor m1.tiny --image 'CirrOS 0.3.2' --nic net-id={net} vm1").check()
        assert instances(controller) == ["BUILD"]
        assert forge.run("11", runs=tmp_path / "run")["status"] == 0, forge.tail()
    finally:
        forge.lab.control("spec", spec={"speed": SPEED, "nodes": []})
    assert "boot" not in " ".join(changed(tmp_path / "run")) and instances(controller) == ["ACTIVE"]


def test_an_image_that_was_never_sent_whole_is_named_and_not_made_again(forge, stages, controller, tmp_path):
    forge.lab.restore(stages.before("10"))
    controller.run(ADMIN + "glance image-create --name 'CirrOS 0.3.2' --disk-format qcow2 "
                   "--container-format bare --is-public true <&-").check()
    forge.log.write_text("")
    assert forge.run("10", runs=tmp_path)["status"] == 1
    said = forge.log.read_text("utf-8")
    assert "is queued: it was made, and never sent whole" in said and "glance image-delete" in said
    listed = controller.run(ADMIN + "glance image-list").stdout
    assert listed.count("CirrOS 0.3.2") == 1
