"""Runs that are cut off: a cable out, a killed runner, floods. The next run finds what is so and goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from . import notebook, sites
from .nodes import RealLab, wait_for

ORIGINAL = "net.ipv4.ip_forward = 0\nnet.ipv4.conf.default.rp_filter = 1\n"


@pytest.fixture(scope="module")
def site(pair: RealLab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sites.site(pair, tmp_path_factory.mktemp("site"))


@pytest.fixture(autouse=True)
def fresh(pair: RealLab) -> None:
    """Steps 2-4 still to be done, and no backup of an earlier test."""
    for node in pair.nodes:
        node.write("/etc/sysctl.conf", ORIGINAL)
        node.sh("sed -i s/SELINUX=p.*/SELINUX=enforcing/ /etc/selinux/config; setenforce 1;"
                "sed -i /192.168/d /etc/hosts;"
                "sysctl -q -w net.ipv4.ip_forward=0; rm -f /etc/*.rdokit-* /etc/selinux/*.rdokit-*")  # fmt: skip


def start(site: Path, *words: str) -> subprocess.Popen:
    argv, env = notebook.command(site, "run", *words)
    return subprocess.Popen(argv, env=env, cwd=notebook.ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, start_new_session=True)  # fmt: skip


def first_change(site: Path, since: float) -> None:
    """Wait until the run that is going on has announced a change."""
    def announced() -> bool:
        files = [f for f in (site.parent / "runs").glob("2*/events.jsonl") if f.stat().st_mtime > since]
        return any('"intent"' in file.read_text() for file in files)
    wait_for(announced, 40, "the first change")


def check_done(pair: RealLab) -> None:
    """Steps 2-4 are done, each file was written once, nothing half lies beside."""
    for node in pair.nodes:
        assert node.sh("sysctl -n net.ipv4.ip_forward; getenforce").split() == ["1", "Permissive"]
        text = node.sh("cat /etc/sysctl.conf")
        assert text.count("ip_forward") == 1 and text.count("conf.all.forwarding = 1") == 1
        assert node.sh("grep -c 192.168 /etc/hosts").strip() == "3"
        assert node.sh("ls -A /etc /etc/selinux | grep -c '^\\..*rdokit'", check=False).strip() == "0"
        assert ORIGINAL in node.sh("cat $(ls -t /etc/sysctl.conf.rdokit-* | tail -1)")


def test_cable_out_during_a_notebook_and_back(site: Path, pair: RealLab):
    since = time.time()
    process = start(site, "02")
    first_change(site, since)
    with pair["node1"].unplugged("eth0"):
        time.sleep(3)
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0, printed
    check_done(pair)


def test_sessions_killed_during_a_notebook(site: Path, pair: RealLab):
    since = time.time()
    process = start(site, "02")
    first_change(site, since)
    for node in pair.nodes:
        node.sh("pkill -f 'sshd: [r]oot@'", check=False)
    printed, _ = process.communicate(timeout=120)
    if process.returncode:  # it may say that it does not know; then the next run looks first
        assert notebook.run(site, "02").status == 0, printed
    check_done(pair)


@pytest.mark.parametrize("moment", [0.0, 0.05, 0.15])
def test_runner_and_kernel_killed_then_resumed(site: Path, pair: RealLab, moment: float):
    since = time.time()
    process = start(site, "02")
    first_change(site, since)
    time.sleep(moment)
    os.killpg(process.pid, signal.SIGKILL)
    subprocess.run(["pkill", "-KILL", "-s", str(process.pid)])  # the kernel is of the same session
    process.communicate()
    ran = notebook.run(site, "--resume")
    if "02_prepare" not in {row["phase"] for row in ran.events("already", "outcome")}:
        ran = notebook.run(site, "02")
    for event in ran.events("failed"):
        assert event["phase"] != "02_prepare", event
    check_done(pair)


FLOOD = """\
kit.show(kit.all, "seq 1 200000")
kit.show(kit.controller, "head -c 300000 /dev/urandom; seq 1 50000 >&2")
kit.show(kit.controller, "printf 'a\\\\033[31mb\\\\007\\\\000<script>alert(1)</script>'")
kit.show(kit.controller, "sleep 100 & read -r line; echo \\"[$line]\\"")
"""


def test_floods_do_not_break_the_notebook(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    content = json.loads((notebook.ROOT / "notebooks/02_prepare.ipynb").read_text())
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    lines = FLOOD.splitlines(keepends=True)
    content["cells"] = code[:2] + [code[2] | {"id": f"flood{n}", "source": [line]} for n, line in enumerate(lines)]
    (tmp_path / "02_prepare.ipynb").write_text(json.dumps(content))
    argv, env = notebook.command(site, "run", "02", "--notebooks", str(tmp_path))
    begin = time.monotonic()
    done = subprocess.run(argv, env=env, cwd=notebook.ROOT, capture_output=True, text=True, timeout=200,
                          stdin=subprocess.DEVNULL)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - begin < 60
    file = notebook.newest(site) / "02_prepare.ipynb"
    cells = json.loads(file.read_text())["cells"]
    assert file.stat().st_size < 1_000_000 and all(cell["outputs"] for cell in cells if cell["id"].startswith("flood"))
    shown = notebook.Ran(0, "", file.parent).notebook("02_prepare")
    assert "\x1b" not in shown and "\x07" not in shown and "[]" in shown and "lines left out" in shown
