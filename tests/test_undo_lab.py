"""Undo of everything on a lab: the world is the one before, but for what was listed before it started.

`rdokit undo all --yes` after the whole document. Compared with the world after packstack alone (what it installed
cannot be taken back, and is listed) and, for files and settings of the machines, with the fresh world.
"""

from __future__ import annotations

import re
import shutil
import signal

import pytest

from rdokit.journal import read_events
from rdokit.lab import compare
from rdokit.lab.world import World
from tests.crash.forge import Forge
from tests.crash.hook import MODES
from tests.crash.points import count, sample
from tests.crash.stages import facts
from tests.labsite import LabSite

# sysctl.conf is packstack's since Step 10 (it writes its bridge keys there): listed, and left alone.
# What Havana makes by itself when somebody looks: a tenant's default security group.
STAYS = re.compile(r"security_group|quotas")
OURS = re.compile(r"file /(etc/(hosts|selinux/config|sysconfig/network-scripts/ifcfg-[^ ]*)"
                  r"|root/(answer\.txt|keystonerc_demo|\.ssh/id_rsa[^ ]*"
                  r"|cirros[^ ]*))$|sysctl net\.ipv4\.ip_forward$|^(?!.*sysctl\.conf).*rdokit")


@pytest.fixture(scope="module")
def bench(tmp_path_factory, stages):
    with LabSite(tmp_path_factory.mktemp("undo")) as lab, Forge(lab) as forge:
        lab.fresh, lab.packstack, lab.all = facts(stages.fresh), stages["05"].facts, stages["11"].after
        lab.document = set()
        for number, run in enumerate((run for stage in stages.made.values() for run in stage.runs.glob("2*")), 2):
            copy = lab.runs / f"{run.name}-{number}"  # two phases can have begun in the same second
            shutil.copytree(run, copy)
            lab.document.add(copy.name)
        yield forge


def as_it_was(bench) -> None:
    """World and record of the whole document, nothing taken back."""
    bench.lab.restore(bench.lab.all)
    for folder in bench.lab.run_folders():
        if folder.name not in bench.lab.document:
            shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def as_after_the_document(bench):
    as_it_was(bench)


def differs_from_before(lab: LabSite) -> list[str]:
    """What is not as it was: objects of the cloud against packstack's world, files and settings against the fresh."""
    now = compare.facts(World.load(lab.snapshot("now")))
    cloud = [line for line in compare.difference(lab.packstack, now) if line.startswith("cloud")]
    ours = [line for line in compare.difference(lab.fresh, now) if OURS.search(line.split(": ")[0])]
    return [line for line in cloud if not STAYS.search(line.split(": ")[0])] + ours


def test_what_stays_is_listed_before_it_starts(bench):
    done = bench.lab.rdokit("undo", "all", "--plan")
    assert done.returncode == 0, done.stdout + done.stderr
    folder = (bench.lab.runs / "latest").resolve()
    text = (folder / "90_undo.ipynb").read_text("utf-8")
    for words in ("a reboot happened", "what was installed or updated stays so", "yum -y update", "packstack --answer",
                  "vi /etc/sysctl.conf", "packstack, changed it since"):
        assert words in text, words
    assert differs_from_before(bench.lab), "a plan changes nothing"


def test_after_an_undo_of_everything_the_world_is_the_one_before(bench):
    done = bench.lab.rdokit("undo", "all", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert differs_from_before(bench.lab) == [], "\n".join(differs_from_before(bench.lab))
    again = bench.lab.rdokit("undo", "all", "--yes")
    assert again.returncode == 0
    assert not [e for e in read_events(bench.lab.runs / "latest/events.jsonl") if e["event"] in ("intent", "failed")]
    for node in ("node1", "node2"):  # restored ifcfg files count from the next boot on, as `cannot` says
        bench.lab.control("power", node=node, how="reset")


def test_a_file_that_somebody_changed_since_stays_and_so_do_other_peoples_objects(bench):
    node = bench.lab.node()
    node.run("echo '192.168.0.77 other' >> /etc/hosts").check()
    line = ". /root/keystonerc_admin && neutron router-create other && neutron net-create others-net && " \
           "keystone tenant-create --name others"
    node.run(line).check()
    planned = bench.lab.rdokit("undo", "all", "--plan")
    assert planned.returncode == 0
    assert "changed it since" in (bench.lab.runs / "latest/90_undo.ipynb").read_text("utf-8")
    done = bench.lab.rdokit("undo", "all", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    world = bench.lab.world()
    hosts = world.nodes["node1"].fs.read_text("/etc/hosts")
    assert "192.168.0.77 other" in hosts and "192.168.0.11" in hosts
    assert "192.168.0.11" not in world.nodes["node2"].fs.read_text("/etc/hosts")
    assert [r["name"] for r in world.cloud.neutron.routers.values()] == ["other"]
    assert [n["name"] for n in world.cloud.neutron.networks.values()] == ["others-net"]
    assert "others" in {t["name"] for t in world.cloud.keystone.tenants.values()}
    node.close()


def test_an_undo_that_was_killed_is_done_again_to_its_end(bench):
    whole = bench.run("90")
    assert whole["status"] == 0, bench.tail()
    every = [(point, mode) for point in range(1, whole["ops"] + 1) for mode in MODES]
    faults = []
    for point, mode in sample(every, "undo"):
        as_it_was(bench)
        killed = bench.run("90", point=point, mode=mode)
        assert killed["status"] == -signal.SIGKILL, bench.tail()
        again = bench.run("90")
        wrong = differs_from_before(bench.lab) if again["status"] == 0 else [bench.tail()]
        count("undo killed and run again", "90_undo", points_killed=1, runs_converged=not wrong)
        faults += [f"operation {point} of {whole['ops']} ({mode}):", *wrong] if wrong else []
    assert not faults, "\n".join(faults)


def test_one_phase_only(bench):
    done = bench.lab.rdokit("undo", "02", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    world = bench.lab.world()
    assert "192.168.0.11" not in world.nodes["node1"].fs.read_text("/etc/hosts")
    assert len(world.cloud.neutron.routers) == 1
