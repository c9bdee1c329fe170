"""The whole document headlessly on a practice lab: killed in the middle, resumed, run again, compared, reported."""

import json
import re

import pytest

from rdokit.journal import read_events

from .labsite import LabSite
from .run_kit import wait_for


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with LabSite(tmp_path_factory.mktemp("whole")) as lab:
        yield lab


@pytest.fixture(scope="module")
def first(lab):
    """The folder of a run that was killed in the middle of packstack and resumed."""
    run = lab.start("run")
    try:
        wait_for(lambda: any(e["event"] == "intent" and e.get("command", "").startswith("packstack --answer-file")
                             for e in lab.events()), 120)
    finally:
        run.kill()
        run.wait()
        run.stdout.close()
    done = lab.rdokit("run", "--resume")
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = lab.run_folders()
    assert f"Run {folder.name}, going on" in done.stdout
    return folder


def test_a_killed_run_is_resumed_and_repeats_nothing(first):
    events = read_events(first / "events.jsonl")
    assert [e["status"] for e in events if e["event"] == "run-end"] == ["done"]
    done = [(e["phase"], e["node"], e["step"]) for e in events if e["event"] == "outcome" and e.get("changed")]
    assert len(done) == len(set(done)) > 50
    manifest = json.loads((first / "manifest.json").read_text())
    assert manifest["status"] == "done" and len(manifest["attempts"]) == 1


def test_every_phase_ended_and_left_its_notebook(first):
    names = [path.stem for path in sorted(first.glob("*.ipynb"))]
    assert [name[:2] for name in names] == [f"{number:02d}" for number in range(12)]
    for name in names:
        for cell in json.loads((first / f"{name}.ipynb").read_text())["cells"]:
            assert cell["metadata"]["papermill"]["status"] == "completed", (name, cell["id"])


def test_a_second_run_changes_nothing_and_a_third_finds_the_same_facts(lab, first):
    for _ in range(2):
        done = lab.rdokit("run")
        assert done.returncode == 0, done.stdout
        assert re.search(r"^ all +0 +\d+ +0 ", done.stdout, re.MULTILINE), done.stdout
    second, third = lab.run_folders()[-2:]
    done = lab.rdokit("report", "--compare", second.name, third.name)
    assert done.returncode == 0 and "all equal" in done.stdout, done.stdout


def test_the_report_shows_what_changed_on_each_node_and_nothing_secret(lab, first):
    page = (first / "report.html").read_text()
    for piece in ("/etc/sysctl.conf", "packstack --answer-file=/root/answer.txt", "<h3>node1", "<h3>node2", "<svg",
                  "br-tun", "11_verify", "attempt 2"):
        assert piece in page, piece
    assert "<script" not in page
    secret = (lab.state / "root-password").read_text().strip().encode()
    searched = [path for path in lab.runs.rglob("*") if path.is_file()]
    assert len(searched) > 40
    assert not [path for path in searched if secret in path.read_bytes()]


def test_plan_on_a_finished_lab_finds_nothing_to_do(lab, first):
    done = lab.rdokit("run", "--plan", "02-04")
    assert done.returncode == 0 and "planned" in done.stdout
    (latest,) = lab.run_folders()[-1:]
    assert not [e for e in read_events(latest / "events.jsonl") if e["event"] in ("intent", "outcome")]
