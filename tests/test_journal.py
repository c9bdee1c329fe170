"""The record survives kills, keeps secrets out, and lets only one run at a site."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from rdokit.errors import RdokitError
from rdokit.journal import Journal, new_run, read_events, runs_dir, write_atomic
from rdokit.lock import SiteLock
from rdokit.secret import Masker


def test_an_event_has_time_run_phase_and_what_was_told(tmp_path):
    row = Journal(tmp_path, phase="02_prepare").event("intent", node="node1", kind="edit", path="/etc/hosts", exit=None)
    (written,) = read_events(tmp_path / "events.jsonl")
    assert written == row
    assert written["run"] == tmp_path.name and written["phase"] == "02_prepare" and written["t"].endswith("+00:00")
    assert "exit" not in written


def test_an_unknown_event_is_refused(tmp_path):
    with pytest.raises(ValueError, match="'done' is no event"):
        Journal(tmp_path).event("done")


def test_secrets_do_not_reach_the_file(tmp_path):
    mask = Masker()
    mask.add('s3cr"et word')
    Journal(tmp_path, mask=mask).event("outcome", command='x --pass s3cr"et word', diff={"a": ['-s3cr"et word']})
    assert b"s3cr" not in (tmp_path / "events.jsonl").read_bytes()


def test_a_line_cut_by_a_kill_is_left_out_and_the_next_one_is_whole(tmp_path):
    journal = Journal(tmp_path)
    journal.event("intent", node="node1")
    with open(journal.path, "ab") as file:
        file.write(b'{"t": "2026-11-22T17:00:00.123+00:00", "event": "outc')
    journal.event("note", text="afterwards")
    assert [row["event"] for row in journal.read()] == ["intent", "note"]


def test_many_threads_and_processes_write_whole_lines(tmp_path):
    journal = Journal(tmp_path)
    threads = [threading.Thread(target=lambda: [journal.event("note", text="x" * 3000) for _ in range(10)])
               for _ in range(8)]
    other = subprocess.Popen([sys.executable, "-c", "import sys; from rdokit.journal import Journal\n"
                              "for _ in range(20): Journal(sys.argv[1]).event('note', text='y' * 3000)", str(tmp_path)])
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert other.wait() == 0
    assert len(journal.read()) == 100
    assert len(journal.path.read_text().splitlines()) == 100


def test_a_record_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(RdokitError, match="cannot be written"):
        Journal(tmp_path / "nowhere").event("note")


def test_the_kernel_finds_its_run_by_its_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("RDOKIT_RUN", str(tmp_path))
    monkeypatch.setenv("RDOKIT_PHASE", "04_answers")
    Journal.current("lab").event("note")
    assert read_events(tmp_path / "events.jsonl")[0]["phase"] == "04_answers"


def test_a_notebook_by_hand_gets_one_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.delenv("RDOKIT_RUN", raising=False)
    monkeypatch.setenv("RDOKIT_RUNS", str(tmp_path / "runs"))
    first, second = Journal.current("hand-test"), Journal.current("hand-test")
    assert first.folder == second.folder and first.run.endswith("-hand-test-by-hand")
    assert json.loads((first.folder / "manifest.json").read_text())["site"] == "hand-test"


def test_runs_stand_beside_the_notebooks(tmp_path, monkeypatch):
    monkeypatch.delenv("RDOKIT_RUNS", raising=False)
    (tmp_path / "params").mkdir()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert runs_dir() == tmp_path / "runs"


def test_two_runs_in_one_second_get_two_folders(tmp_path):
    folders = {new_run("lab", tmp_path).name for _ in range(3)}
    assert len(folders) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(folders)


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.json"
    write_atomic(path, "old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        write_atomic(path, "new")
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["x.json"]


def test_a_second_run_of_a_site_is_refused_naming_the_first(tmp_path):
    with SiteLock("lab", "20261122-170000-lab", tmp_path):
        with pytest.raises(RdokitError, match=rf"20261122-170000-lab is at work .*pid {os.getpid()}"):
            SiteLock("lab", "second", tmp_path).__enter__()
        with SiteLock("two-node", "another site", tmp_path):
            pass
    with SiteLock("lab", "third", tmp_path):
        pass


HOLD = """
import subprocess, sys, time
from pathlib import Path
from rdokit.lock import SiteLock
lock = SiteLock("lab", "first", Path(sys.argv[1])).__enter__()
if len(sys.argv) > 2:  # a kernel that outlives its runner for a moment
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)"], pass_fds=(lock.fd,))
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and inherited descriptors are POSIX")
@pytest.mark.parametrize("kernel", [False, True])
def test_the_lock_of_a_killed_run_is_taken_over_when_its_kernel_is_gone(tmp_path, kernel):
    args = [sys.executable, "-c", HOLD, str(tmp_path)] + ["kernel"] * kernel
    holder = subprocess.Popen(args, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    holder.send_signal(signal.SIGKILL)  # not waited for: as a zombie it still has its process id
    start = time.monotonic()
    with SiteLock("lab", "second", tmp_path):
        waited = time.monotonic() - start
    assert (waited > 0.3) == kernel
    holder.wait()
