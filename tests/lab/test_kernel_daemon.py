"""The lab as a process: started, asked, killed, brought back."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import paramiko
import pytest

from rdokit.lab.daemon import Daemon
from rdokit.lab.world import World

from .kernel_lab import PASSWORD, execute, free_port

ROOT = Path(__file__).resolve().parents[2]


class State:
    """A state folder and the lab's command line on it."""

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "password").write_text(PASSWORD + "\n")
        self.ports = {"node1": free_port(), "node2": free_port()}
        nodes = [
            {"name": name, "port": port, "nics": [{"name": "eth0", "address": f"192.168.0.{11 + i}/24"}]}
            for i, (name, port) in enumerate(self.ports.items())
        ]
        self.spec = {"seed": "t", "nodes": nodes, "root_password_file": str(folder / "password")}
        (folder / "spec.json").write_text(json.dumps(self.spec))

    def lab(self, *args: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "rdokit.lab", *args, "--state", str(self.folder)]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False, env=env)

    def json(self, *args: str) -> dict:
        done = self.lab(*args, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def connect(self) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        client.load_host_keys(str(self.folder / "known_hosts"))
        options = {"username": "root", "password": PASSWORD, "allow_agent": False, "look_for_keys": False}
        client.connect("127.0.0.1", self.ports["node1"], **options)
        return client


@pytest.fixture
def state(tmp_path: Path):
    made = State(tmp_path)
    yield made
    made.lab("down")


def test_up_kill_up(state: State) -> None:
    first = state.json("up")
    assert not first["was_running"] and first["nodes"]["node2"]["port"] == state.ports["node2"]
    assert state.json("up")["was_running"]
    assert state.lab("status").returncode == 0
    client = state.connect()
    boot = execute(
        client, "cat /proc/sys/kernel/random/boot_id; echo kept > /root/file; nohup sleep 999 >/dev/null 2>&1 &"
    )[1]
    execute(client, "nosuchcommand")
    time.sleep(1.3)
    execute(client, "echo unsaved > /root/later")
    client.close()
    os.kill(first["pid"], signal.SIGKILL)
    time.sleep(0.2)
    assert "not running" in state.lab("status").stdout
    assert "nosuchcommand" in (state.folder / "lab.log").read_text()
    assert not state.json("up")["was_running"], "a stale pid is no running lab"
    client = state.connect()
    assert execute(client, "cat /root/file")[1] == b"kept\n"
    assert execute(client, "cat /proc/sys/kernel/random/boot_id")[1] != boot
    assert execute(client, "pgrep sleep")[0] == 1
    client.close()


def test_a_big_world_is_saved_seldom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a fork takes to write it counts: no more than a twentieth of the time."""

    def save(world: World, path: Path) -> None:
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
        with path.open("a") as file:
            file.write("saved\n")

    async def work() -> None:
        daemon = Daemon(tmp_path, {})
        daemon.world, daemon.cost = World("big"), 1.0
        for _ in range(25):  # a command ends ten times a second
            daemon.note_change()
            await asyncio.sleep(0.1)
        daemon.reap(wait=True)

    monkeypatch.setattr(World, "save", save)
    asyncio.run(work())
    assert (tmp_path / "world.lab").read_text().count("saved") <= 2


def test_port_in_use(state: State) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", state.ports["node2"]))
        sock.listen()
        done = state.lab("up")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert f"port {state.ports['node2']} on 127.0.0.1 (for node2) is in use" in done.stderr


def test_reset_snapshot_restore_compare_power_and_a_new_node(state: State) -> None:
    state.json("up")
    known = (state.folder / "known_hosts").read_text()
    one, two = str(state.folder / "one"), str(state.folder / "two")
    assert state.lab("snapshot", one).returncode == 0
    client = state.connect()
    execute(client, "echo 192.168.0.13 node3 >> /etc/hosts")
    client.close()
    assert state.lab("snapshot", two).returncode == 0
    done = state.lab("compare", one, two)
    assert done.returncode == 1 and "/etc/hosts" in done.stdout
    assert state.lab("restore", one).returncode == 0
    client = state.connect()
    assert b"node3" not in execute(client, "cat /etc/hosts")[1]
    client.close()
    assert state.lab("power", "node1", "off").returncode == 0
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", state.ports["node1"]), 1).close()
    assert state.lab("power", "node1", "on").returncode == 0
    state.connect().close()
    state.spec["nodes"].append({"name": "node3", "port": 0, "nics": [{"name": "eth0", "address": "192.168.0.13/24"}]})
    (state.folder / "spec.json").write_text(json.dumps(state.spec))
    assert set(state.json("up")["nodes"]) == {"node1", "node2", "node3"}
    assert state.lab("down").returncode == 0
    state.json("reset")
    assert (state.folder / "known_hosts").read_text().splitlines()[:2] == known.splitlines()
