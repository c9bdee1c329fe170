"""`rdokit run` on small notebooks that each do one thing: the record is true, whatever happens."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from rdokit.journal import read_events
from rdokit.lock import SiteLock

from .run_kit import NOTEBOOKS, SECRET, alive, latest, notebook, place, rdokit, start, statuses, wait_for  # noqa: F401

posix = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")


def events(place, *kinds):  # noqa: F811
    return [e for e in read_events(latest(place) / "events.jsonl") if not kinds or e["event"] in kinds]


def test_a_run_changes_once_and_the_second_run_changes_nothing(place):  # noqa: F811
    first = rdokit("run", "01", "02")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "02_changes" in first.stdout and "1 changed" in first.stdout and "Report: " in first.stdout
    assert [e["event"] for e in events(place) if e["phase"] == "02_changes"] == \
        ["phase-start", "intent", "outcome", "phase-end"]
    assert events(place, "run-end")[0]["status"] == "done"
    second = rdokit("run", "01", "02")
    assert second.returncode == 0
    assert "0 changed" in second.stdout and "already so" in second.stdout
    assert len(list((place / "runs").glob("2*"))) == 2


def test_the_manifest_tells_who_what_and_with_which_versions(place):  # noqa: F811
    rdokit("run", "01")
    manifest = json.loads((latest(place) / "manifest.json").read_text())
    assert manifest["status"] == "done" and manifest["exit"] == 0
    assert manifest["phases"] == ["01_good"] and manifest["site"] == "lab"
    assert manifest["site_hash"].startswith("sha256:") and "@" in manifest["operator"]
    assert {"python", "papermill", "rdokit"} <= set(manifest["versions"])


def test_a_failed_cell_stops_the_run_and_is_told_in_three_lines(place):  # noqa: F811
    done = rdokit("run", "01", "10", "18")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    start_line = next(i for i, line in enumerate(lines) if line.startswith("FAILED"))
    assert "10_fails, cell code-1 (In [3]): Install" in lines[start_line]
    assert lines[start_line + 1].strip() == "node1# yum install -y nosuch"
    assert lines[start_line + 2].strip() == "exit status 1: Error: Nothing to do"
    assert lines[start_line + 3].strip() == "→ Add the repository first: Step 5."
    assert "rdokit run --site lab --resume" in done.stdout
    assert not (latest(place) / "18_skipped.ipynb").exists()
    assert statuses(latest(place), "10_fails") == {
        "title": "completed", "parameters": "completed", "text-0": "completed", "code-1": "failed",
        "code-2": "pending"}


def test_a_notebook_that_refuses_its_parameters_exits_2(place):  # noqa: F811
    done = rdokit("run", "16")
    assert done.returncode == 2
    assert "lies outside its subnet" in done.stdout


def test_a_dead_kernel_is_a_failure_and_not_completed(place):  # noqa: F811
    done = rdokit("run", "11")
    assert done.returncode == 1 and "The kernel died" in done.stdout
    assert statuses(latest(place), "11_dies") == {
        "title": "completed", "parameters": "completed", "text-0": "completed", "code-1": "completed",
        "code-2": "failed", "code-3": "pending"}
    assert events(place, "failed")[0]["error"].startswith("DeadKernelError")
    assert events(place, "run-end")[0]["status"] == "failed"


def test_a_skipped_cell_is_called_skipped(place):  # noqa: F811
    assert rdokit("run", "18").returncode == 0
    assert statuses(latest(place), "18_skipped")["code-1"] == "skipped"


@posix
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_says_so_and_leaves_no_process(place, sent, code):  # noqa: F811
    run = start("run", "01", "12", "18")
    wait_for(lambda: (place / "runs").exists() and any(
        "sleeping" in p.read_text() for p in (place / "runs").glob("2*/events.jsonl")))
    run.send_signal(sent)
    output, _ = run.communicate(timeout=30)
    assert run.returncode == code, output
    assert "interrupted" in output and "--resume" in output
    assert statuses(latest(place), "12_sleeps") == {
        "title": "completed", "parameters": "completed", "text-0": "completed", "code-1": "interrupted",
        "code-2": "pending"}
    assert events(place, "interrupted")[0]["signal"] == sent.name
    assert events(place, "run-end")[0]["status"] == "interrupted"
    assert json.loads((latest(place) / "manifest.json").read_text())["status"] == "interrupted"
    pids = {e["kernel"] for e in events(place, "phase-start")}
    wait_for(lambda: not any(map(alive, pids)), 5)


@posix
def test_a_second_ctrl_c_does_not_wait_for_a_stubborn_cell(place):  # noqa: F811
    run = start("run", "13")
    wait_for(lambda: (place / "runs").exists() and any(
        "sleeping" in p.read_text() for p in (place / "runs").glob("2*/events.jsonl")))
    run.send_signal(signal.SIGINT)
    time.sleep(0.5)
    begun = time.monotonic()
    run.send_signal(signal.SIGINT)
    output, _ = run.communicate(timeout=30)
    assert run.returncode == 130, output
    assert time.monotonic() - begun < 8
    assert statuses(latest(place), "13_stubborn")["code-1"] == "interrupted"


@posix
def test_a_killed_runner_leaves_a_whole_record_and_the_run_is_resumed(place):  # noqa: F811
    run = start("run", "01", "02", "12")
    wait_for(lambda: (place / "runs").exists() and any(
        "sleeping" in p.read_text() for p in (place / "runs").glob("2*/events.jsonl")))
    run.kill()
    run.wait()
    (folder,) = (place / "runs").glob("2*")
    pids = {e["kernel"] for e in read_events(folder / "events.jsonl") if e["event"] == "phase-start"}
    wait_for(lambda: not any(map(alive, pids)), 5)
    for path in folder.glob("*.ipynb"):
        json.loads(path.read_text())
    assert json.loads((folder / "manifest.json").read_text())["status"] == "running"
    again = start("run", "--resume")
    wait_for(lambda: (folder / "events.jsonl").read_text().count("sleeping") == 2, 40)
    again.send_signal(signal.SIGINT)
    output, _ = again.communicate(timeout=30)
    assert f"Run {folder.name}, going on" in output, output
    assert "already so" in output and "1 changed" not in output
    assert (folder / "attempt-1/01_good.ipynb").exists()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["phases"] == ["01_good", "02_changes", "12_sleeps"] and len(manifest["attempts"]) == 1


def test_a_failed_run_is_resumed_in_its_own_folder_until_it_is_done(place):  # noqa: F811
    assert rdokit("run", "02", "17", "-p", "overrides", "{}").returncode == 1
    folder = latest(place)
    assert rdokit("run", "--resume", "02").returncode == 0
    assert latest(place) == folder
    done = rdokit("run", "--resume")
    assert done.returncode == 0 and "Nothing to resume" in done.stdout
    assert [e["status"] for e in events(place, "run-end")] == ["failed", "done"]


def test_resume_without_any_run_starts_one(place):  # noqa: F811
    assert rdokit("run", "01", "--resume").returncode == 0
    assert events(place, "run-end")[0]["status"] == "done"


def test_a_second_run_at_the_same_time_is_refused_and_leaves_nothing(place):  # noqa: F811
    with SiteLock("lab", "20261122-170000-lab", place / "runs"):
        done = rdokit("run", "01")
    assert done.returncode == 1
    assert "20261122-170000-lab is at work" in done.stderr
    assert not list((place / "runs").glob("2*"))


def test_secrets_reach_no_file_in_any_form(place):  # noqa: F811
    import base64
    import urllib.parse

    done = rdokit("run", "17")
    assert done.returncode == 1
    coded = base64.b64encode(SECRET.encode())[:-4]
    forms = [SECRET.encode(), coded, urllib.parse.quote(SECRET, safe="").encode(), SECRET[1:-1].encode(),
             json.dumps(SECRET)[1:-1].encode()]
    searched = 0
    for path in [*(place / "runs").rglob("*")]:
        if path.is_file():
            data = path.read_bytes()
            searched += len(data)
            assert not [form for form in forms if form in data], path
    assert not [form for form in forms if form.decode() in done.stdout + done.stderr]
    assert searched > 5000


def test_a_parameter_that_holds_a_secret_is_refused(place):  # noqa: F811
    done = rdokit("run", "01", "-p", "overrides", json.dumps({"x": SECRET}))
    assert done.returncode == 2 and "holds a secret" in done.stderr and SECRET not in done.stderr
    assert not list((place / "runs").glob("2*"))


def test_two_hundred_thousand_lines_stay_readable(place):  # noqa: F811
    assert rdokit("run", "14").returncode == 0
    path = latest(place) / "14_long_output.ipynb"
    assert path.stat().st_size < 400_000
    text = path.read_text()
    assert "line 0 " in text and "line 199999" in text and "error: disk" in text and "left out" in text
    log = latest(place) / "14_long_output.code-1.log"
    assert len(log.read_text().splitlines()) == 200_000


def test_a_flood_of_small_prints_does_not_end_the_run(place):  # noqa: F811
    assert rdokit("run", "15").returncode == 0
    assert "the end" in (latest(place) / "15_small_prints.ipynb").read_text()


def test_plan_reads_only_and_says_so(place):  # noqa: F811
    done = rdokit("run", "01", "--plan")
    assert done.returncode == 0 and "planned" in done.stdout
    assert "plan True" in json.dumps(notebook(latest(place), "01_good"))
    done = rdokit("run", "--resume", "01")
    assert "going on" not in done.stdout  # a plan is nothing to resume


@pytest.mark.parametrize(("words", "said"), [
    (["nosuch"], "'nosuch': there is no such phase"),
    (["chnages"], "did you mean changes?"),
    (["--from", "99"], "'99': there is no such phase"),
    (["01", "-p", "plan_onyl", "true"], "did you mean plan_only?"),
    (["01", "-p", "plan_only", "perhaps"], "must be true or false"),
    (["01", "-p", "overrides", "[1]"], "must be written like {}"),
    (["--site", "nowhere"], "there is no params/nowhere.yml"),
])
def test_a_wrong_request_is_one_sentence_and_exit_2(place, words, said):  # noqa: F811
    done = rdokit("run", *words)
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr
    assert not (place / "runs").exists() or not list((place / "runs").glob("2*"))


def test_text_parameters_stay_as_they_were_typed(place):  # noqa: F811
    assert rdokit("run", "01", "-p", "site", "lab", "-p", "overrides", '{"check.instance": "0123"}').returncode == 0
    cell = next(c for c in notebook(latest(place), "01_good")["cells"]
                if "injected-parameters" in c["metadata"]["tags"])
    assert "'check.instance': '0123'" in "".join(cell["source"]).replace('"', "'")


def test_the_executed_notebooks_of_a_run_warn_of_nothing(place):  # noqa: F811
    done = rdokit("run", "01", "02")
    assert "WARNING" not in done.stdout + done.stderr and "Warning" not in done.stdout + done.stderr
    assert not (latest(place) / "kernels.log").exists()


@pytest.mark.parametrize(("name", "cell", "status"),
                         [("11_dies", "code-2", "failed"), ("18_skipped", "code-1", "skipped")])
def test_plain_papermill_tells_the_truth_with_our_engine(place, name, cell, status):  # noqa: F811
    done = subprocess.run([sys.executable, "-m", "papermill", "--engine", "rdokit", "--no-progress-bar",
                           str(NOTEBOOKS / f"{name}.ipynb"), f"{name}.ipynb", "-p", "site", "lab"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == (1 if status == "failed" else 0), done.stderr
    assert statuses(place, name)[cell] == status
    assert not [path for path in place.iterdir() if path.name.endswith(".tmp")]


def test_a_plan_is_told_on_the_command_line(tmp_path):
    from rdokit.wanted import would

    html = ("<table><thead><tr><th></th><th>node</th><th>already so</th><th>what you would type</th></tr></thead>"
            "<tbody><tr><th>0</th><td>node1</td><td>yes</td><td>vi /etc/hosts</td></tr>"
            "<tr><th>1</th><td>node2</td><td>no</td><td>echo &lt;b&gt;\x1b[2J</td></tr>"
            "<tr><th>2</th><td>node2</td><td>not yet known: no ntp</td><td>ntpdate x</td></tr></tbody></table>")
    path = tmp_path / "02_prepare.ipynb"
    path.write_text(json.dumps({"cells": [{"outputs": [{"data": {"text/html": html}}]}]}))
    assert list(would(path)) == ["node2# echo <b>", "node2# ntpdate x   (not yet known: no ntp)"]
