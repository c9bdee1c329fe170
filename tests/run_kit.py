"""What the tests of the runner share: a site file without a lab, a place for runs, a way to start `rdokit`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parent / "notebooks"
SECRET = 'x9!marked"secret/word'

SITE = """
site: lab
admin_password: env:ADMIN_SECRET
nodes:
  node1:
    roles: [controller, network, compute]
    private: "192.168.0.11"
    public: "192.168.1.11"
    ssh: {host: "127.0.0.1", port: 1, password: "env:MARKED_SECRET"}
    nics: {eth0: {network: private}, eth1: {network: public, mac: "52:54:00:92:05:AE"}}
users:
  - {name: demo, password: "env:MARKED_SECRET", email: demo@example.com}
"""


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A folder with params/lab.yml and room for runs; the environment points there."""
    (tmp_path / "params").mkdir()
    (tmp_path / "params/lab.yml").write_text(SITE)
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("RDOKIT_RUN", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    return {"RDOKIT_RUNS": str(folder / "runs"), "RDOKIT_PARAMS": str(folder / "params"),
            "RDOKIT_NOTEBOOKS": str(NOTEBOOKS), "MARKED_SECRET": SECRET,
            "ADMIN_SECRET": "admin-of-the-tests", "RDOKIT_SITE": "lab"}


def rdokit(*words: str, **options) -> subprocess.CompletedProcess:
    """`rdokit …` as a process of its own, from the current folder."""
    return subprocess.run([sys.executable, "-m", "rdokit.cli", *words], capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL, **options)


def start(*words: str) -> subprocess.Popen:
    """The same, not waited for."""
    return subprocess.Popen([sys.executable, "-m", "rdokit.cli", *words], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)


def latest(place: Path) -> Path:
    return (place / "runs/latest").resolve()


def notebook(folder: Path, name: str) -> dict:
    return json.loads((folder / f"{name}.ipynb").read_text())


def statuses(folder: Path, name: str) -> dict[str, str]:
    """Status of each cell of an executed notebook, by the cell's id."""
    return {cell["id"]: cell["metadata"]["papermill"].get("status") for cell in notebook(folder, name)["cells"]
            if "papermill-error-cell-tag" not in cell["metadata"]["tags"]
            and "injected-parameters" not in cell["metadata"]["tags"]}


def wait_for(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "this never came true"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
