"""`rdokit lab`, `check --connect` and `trust` against a practice lab of our own, each as a process."""

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from .run_kit import rdokit

ROOT = Path(__file__).parents[1]
START = str(ROOT / "notebooks/00_start.ipynb")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A folder with params/lab.yml of the project on free ports, its lab running."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "params").mkdir()
    text = re.sub(r"port: \d+", lambda _: f"port: {free_port()}", (ROOT / "params/lab.yml").read_text())
    (folder / "params/lab.yml").write_text(text)
    # The same nodes, but nobody has looked at their host keys yet.
    (folder / "params/stranger.yml").write_text(text.replace("../.lab/known_hosts", "../known_hosts")
                                                .replace("site: lab", "site: stranger"))
    up = rdokit("lab", "up", cwd=folder)
    assert up.returncode == 0, up.stderr
    yield folder
    assert "stopped" in rdokit("lab", "down", cwd=folder).stdout


def test_status_tells_nodes_ports_and_the_published_password(lab):
    done = rdokit("lab", "status", "--site", "lab", cwd=lab)
    assert done.returncode == 0
    assert "node1" in done.stdout and "ssh -p " in done.stdout and "rdo-practice" in done.stdout
    assert oct((lab / ".lab/root-password").stat().st_mode & 0o777) == "0o600"


def test_check_connect_logs_in_to_every_node(lab):
    done = rdokit("check", "--connect", cwd=lab)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("logged in, OpenSSH_5.3") == 2
    assert not (lab / "runs").exists()


def test_an_unknown_host_is_trusted_after_a_look_and_a_changed_one_is_refused(lab):
    site = ("--site", "stranger")
    done = rdokit("check", "--connect", *site, cwd=lab)
    assert done.returncode == 1 and done.stdout.count("the host key is not known") == 2
    assert "SHA256:" in done.stdout and "rdokit trust node1" in done.stdout
    assert rdokit("trust", "node1", *site, cwd=lab).returncode == 1  # nobody there to answer
    assert not (lab / "known_hosts").exists()
    done = rdokit("trust", "all", "--yes", *site, cwd=lab)
    assert done.returncode == 0 and done.stdout.count("recorded in") == 2
    assert rdokit("check", "--connect", *site, cwd=lab).returncode == 0
    assert "already trusted" in rdokit("trust", "node1", *site, cwd=lab).stdout
    first, second = (lab / "known_hosts").read_text().splitlines()
    swapped = f"{first.split()[0]} {second.split(' ', 1)[1]}\n{second.split()[0]} {first.split(' ', 1)[1]}\n"
    (lab / "known_hosts").write_text(swapped)
    done = rdokit("check", "--connect", *site, cwd=lab)
    assert done.returncode == 1 and "CHANGED" in done.stdout and done.stdout.count("SHA256:") >= 4
    done = rdokit("trust", "node1", "--yes", *site, cwd=lab)
    assert done.returncode == 1 and "CHANGED" in done.stderr
    assert (lab / "known_hosts").read_text() == swapped


@pytest.mark.skipif(not shutil.which("ssh"), reason="no ssh client here")
def test_lab_ssh_hands_the_command_on(lab):
    done = rdokit("lab", "ssh", "node9", cwd=lab)
    assert done.returncode == 1 and "node9" in done.stderr and "node1, node2" in done.stderr


def test_an_action_the_lab_does_not_know_is_one_sentence(lab):
    done = rdokit("lab", "upp", cwd=lab)
    assert done.returncode in (1, 2) and "upp" in done.stderr and "Traceback" not in done.stderr


# --- plain papermill, without our runner and without our engine ------------------------------------------

def papermill_cli(*words: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "papermill", *words], capture_output=True, text=True, timeout=120,
                          **options)


@pytest.mark.parametrize("words", [("-p", "site", "lab"), ("-f", "params/lab.yml"), ()])
def test_plain_papermill_chooses_the_site(lab, words):
    done = papermill_cli(START, "out.ipynb", "--no-progress-bar", *words, cwd=lab)
    assert done.returncode == 0, done.stderr
    cells = json.loads((lab / "out.ipynb").read_text())["cells"]
    assert "127.0.0.1" in json.dumps(cells)
    assert not [out for cell in cells for out in cell.get("outputs", []) if out["output_type"] == "error"]


def test_plain_papermill_stops_at_an_unknown_parameter(lab):
    done = papermill_cli(START, "out.ipynb", "--no-progress-bar", "-p", "sit", "lab", cwd=lab)
    assert done.returncode == 1 and "sit: there is no such parameter here" in done.stderr


def test_papermill_tells_the_parameters_of_every_notebook():
    import papermill

    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        assert {"site", "plan_only", "overrides"} <= set(papermill.inspect_notebook(str(path))), path.name
    done = papermill_cli("--help-notebook", str(ROOT / "notebooks/02_prepare.ipynb"))
    assert done.returncode == 0 and "site:" in done.stdout and "plan_only:" in done.stdout
