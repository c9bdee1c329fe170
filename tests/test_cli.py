"""The command line: help that teaches, one sentence for bad input, never a traceback."""

import json
import os
import sys
import time

import pytest

from rdokit import cli

from .run_kit import SECRET, SITE, place, rdokit, start  # noqa: F401

COMMANDS = ("run", "undo", "phases", "check", "trust", "report", "version", "lab")


def test_help_names_every_command_and_shows_examples():
    done = rdokit("--help")
    assert done.returncode == 0
    for name in COMMANDS:
        assert f"    {name} " in done.stdout
    assert "rdokit run --site two-node --resume" in done.stdout and "exit codes:" in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help(name, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main([name, "--help"])
    assert end.value.code == 0
    assert name in capsys.readouterr().out


@pytest.mark.parametrize(("words", "said"), [
    (["rnu"], "did you mean 'run'?"),
    (["nosuch"], "there is no 'nosuch'"),
    ([], "COMMAND"),
    (["run", "--sit", "lab"], "--sit"),
    (["run", "-p", "x"], "-p"),
    (["trust"], "NODE"),
])
def test_wrong_words_are_one_sentence_and_exit_2(words, said, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error


def test_phases_lists_them(place, capsys):  # noqa: F811
    assert cli.main(["phases"]) == 0
    assert "02_changes       Changes the first time only" in capsys.readouterr().out


def test_version_names_what_does_the_work(capsys):
    assert cli.main(["version"]) == 0
    said = capsys.readouterr().out
    assert "rdokit" in said and "papermill" in said and "python" in said


def test_check_tells_every_fault_at_once_and_touches_nothing(place, capsys):  # noqa: F811
    broken = SITE.replace('"52:54:00:92:05:AE"', "52:54:00:12:34:56").replace("192.168.1.11", "nowhere") + "\nx: 1\n"
    (place / "params/lab.yml").write_text(broken)
    assert cli.main(["check"]) == 2
    error = capsys.readouterr().err
    assert "no node was touched" in error and "x: there is no such field" in error
    assert "eth1.mac" in error and "quotes" in error and "nodes.node1.public" in error
    assert not (place / "runs").exists()


def test_check_is_content_with_a_good_site_and_shows_all_values(place, capsys):  # noqa: F811
    assert cli.main(["check", "--all"]) == 0
    said = capsys.readouterr().out
    assert "no fault" in said and "router: router1" in said and SECRET not in said


def test_check_connect_names_the_node_that_does_not_answer(place):  # noqa: F811
    done = rdokit("check", "--connect")
    assert done.returncode == 1
    assert "node1 (127.0.0.1:1)" in done.stdout and "Traceback" not in done.stderr
    assert not (place / "runs").exists()


def test_a_secret_that_is_not_set_is_named_not_shown(place, monkeypatch):  # noqa: F811
    monkeypatch.delenv("MARKED_SECRET")
    done = rdokit("check", "--connect")
    assert done.returncode in (1, 2) and "MARKED_SECRET is not set" in done.stdout + done.stderr


def test_trust_refuses_a_name_that_is_no_node(place, capsys):  # noqa: F811
    assert cli.main(["trust", "node9"]) == 2
    assert "node9: there is no such node" in capsys.readouterr().err


def test_trust_of_a_node_that_is_down_is_one_sentence(place):  # noqa: F811
    done = rdokit("trust", "node1", "--yes")
    assert done.returncode == 1 and "node1" in done.stderr and "Traceback" not in done.stderr


def test_a_question_nobody_can_answer_names_the_option(place):  # noqa: F811
    done = rdokit("undo", "01")
    assert done.returncode == 1 and "--yes" in done.stderr


def test_undo_hands_the_phases_to_its_notebook(place):  # noqa: F811
    done = rdokit("undo", "2", "--plan")
    assert done.returncode == 2 and "phases: no chosen phase has this parameter" in done.stderr  # the fixture has none


def test_report_lists_builds_and_misses(place):  # noqa: F811
    assert "There is no run" in rdokit("report").stderr
    rdokit("run", "01")
    path = rdokit("report").stdout.strip()
    assert path.endswith("report.html") and os.path.exists(path)
    assert "done" in rdokit("report", "--list").stdout
    assert rdokit("report", "nosuch").returncode == 1


def test_lab_of_a_site_without_one_says_so(place, capsys):  # noqa: F811
    assert cli.main(["lab", "up"]) == 2
    assert "has no practice lab" in capsys.readouterr().err


def test_a_closed_pipe_is_no_traceback(place):  # noqa: F811
    import subprocess

    done = subprocess.run(f"{sys.executable} -m rdokit.cli phases | true", shell=True, capture_output=True, text=True)
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr


def test_debug_shows_the_traceback(place):  # noqa: F811
    assert "Traceback" in rdokit("--debug", "run", "nosuch").stderr
    assert "Traceback" in rdokit("run", "nosuch", "--debug").stderr


def test_a_terminal_gets_a_bar_and_a_pipe_gets_lines(place):  # noqa: F811
    pty = pytest.importorskip("pty")
    import subprocess

    ours, theirs = pty.openpty()
    run = subprocess.Popen([sys.executable, "-m", "rdokit.cli", "run", "01", "02"], stdout=theirs, stderr=theirs,
                           stdin=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm", "COLUMNS": "100"})
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    assert run.wait(30) == 0
    assert b"/2 phases" in seen and b"\x1b[" in seen
    plain = rdokit("run", "01", "02").stdout
    assert "\x1b" not in plain and "[ 1/2] 01_good: Everything is fine" in plain


def test_starting_costs_little(place):  # noqa: F811
    begun = time.perf_counter()
    assert rdokit("--help").returncode == 0
    assert time.perf_counter() - begun < 1.5  # 0.06 s on a quiet machine


def test_a_site_named_by_its_file(place, capsys):  # noqa: F811
    other = place / "elsewhere.yml"
    other.write_text(SITE.replace("site: lab", "site: elsewhere"))
    done = rdokit("run", "01", "--site", str(other))
    assert done.returncode == 0
    manifest = json.loads((place / "runs/latest/manifest.json").read_text())
    assert manifest["site"] == "elsewhere" and manifest["site_file"] == str(other)


