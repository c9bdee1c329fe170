"""On a kept connection: 30 small commands on each of 2 nodes, and a 50 MB upload. Called by remote.py.

Raw paramiko and rdokit run in this process, turn by turn; fabric and scp as processes of their own, their start
not counted for fabric and counted for scp (it has no other form).
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import statistics
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paramiko

from rdokit.node import Node
from rdokit.ssh import Door
from tests.real.nodes import RealLab

COMMANDS = 30
SIZE = 50 * 2**20
PEERS = Path(__file__).parent / "peers"


class OldTransport(paramiko.Transport):
    """RSA signed with SHA-1, as OpenSSH 5.3 wants it."""

    def auth_publickey(self, *args, **kw):
        self.disabled_algorithms["pubkeys"] = ["rsa-sha2-512", "rsa-sha2-256"]
        return super().auth_publickey(*args, **kw)


def raw(lab: RealLab, host: str, nodelay: bool) -> paramiko.SSHClient:
    """A logged-in client of paramiko alone."""
    sock = socket.create_connection((host, 22), 10)
    if nodelay:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect(host, username="root", sock=sock, pkey=paramiko.PKey.from_path(lab.key), look_for_keys=False,
                   allow_agent=False, transport_factory=OldTransport)  # fmt: skip
    return client


def raw_command(client: paramiko.SSHClient) -> None:
    _, stdout, stderr = client.exec_command("true")
    stdout.read(), stderr.read()
    assert stdout.channel.recv_exit_status() == 0


def commands(lab: RealLab, folder: Path, other: Path, env: dict[str, str], repeat: int) -> str:
    """Table: milliseconds a command, 30 on each of 2 nodes at the same time."""
    hosts = [node.private for node in lab.nodes]
    plain, quick = ([raw(lab, host, nodelay) for host in hosts] for nodelay in (False, True))
    nodes = [Node(Door(n.name, n.private, key=str(lab.key), known_hosts=str(folder / "known_hosts")))
             for n in lab.nodes]  # fmt: skip
    ways: dict[str, list[Callable[[], object]]] = {
        "raw paramiko with TCP_NODELAY": [lambda c=c: raw_command(c) for c in quick],
        "rdokit": [lambda n=n: n.run("true").check() for n in nodes],
        "raw paramiko": [lambda c=c: raw_command(c) for c in plain],
    }
    taken: dict[str, list[float]] = {}
    single: dict[str, list[float]] = {}
    for number in range(-1, repeat):
        for name, calls in ways.items():
            both = _many(calls)
            one = [_seconds(calls[0]) for _ in range(COMMANDS)]
            if number >= 0:
                taken.setdefault(name, []).append(both)
                single.setdefault(name, []).extend(one)
        if number >= 0:
            done = subprocess.run([str(other / "python"), str(PEERS / "fabric_commands.py"), str(COMMANDS)], env=env,
                                  capture_output=True, text=True, check=True)  # fmt: skip
            taken.setdefault("fabric", []).append(json.loads(done.stdout)["seconds"])
    for connection in (*plain, *quick, *nodes):
        connection.close()
    return _commands_table(taken, single)


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _many(calls: list[Callable[[], object]]) -> float:
    with ThreadPoolExecutor(len(calls)) as pool:
        start = time.perf_counter()
        list(pool.map(lambda call: [call() for _ in range(COMMANDS)], calls))
        return time.perf_counter() - start


def _commands_table(taken: dict[str, list[float]], single: dict[str, list[float]]) -> str:
    lines = [f"| tool | {COMMANDS} commands on each of 2 nodes | one command, alone |", "|---|---|---|"]
    base = next(iter(taken))
    for name, values in taken.items():
        both = statistics.median(values)
        cell = f"{both:.3f} s ({both / statistics.median(taken[base]):.2f}×)"
        alone = statistics.median(single[name]) if name in single else None
        one = "–" if alone is None else f"{alone * 1000:.1f} ms ({alone / statistics.median(single[base]):.2f}×)"
        lines.append(f"| {name} | {cell} | {one} |")
    return "\n".join(lines)


def upload(lab: RealLab, folder: Path, other: Path, env: dict[str, str], repeat: int) -> str:
    """Table: seconds for a 50 MB file to one node, its digest checked on the node by every way."""
    data = os.urandom(SIZE)
    digest = hashlib.sha256(data).hexdigest()
    source = folder / "image"
    source.write_bytes(data)
    machine = lab.nodes[0]
    client = raw(lab, machine.private, True)
    sftp = client.open_sftp()
    node = Node(Door(machine.name, machine.private, key=str(lab.key), known_hosts=str(folder / "known_hosts")))
    node.run("true")
    scp = ["scp", "-q", *env["ANSIBLE_SSH_ARGS"].split()[3:], str(source), f"root@{machine.private}:/root/image"]

    def by_sftp() -> None:
        sftp.put(str(source), "/root/image", confirm=True)
        assert digest in client.exec_command("sha256sum /root/image")[1].read().decode()

    def by_rdokit() -> None:  # checks the digest itself
        node.write("/root/image", data, seen=node.read("/root/image"))

    def by_scp() -> None:
        subprocess.run(scp, env=env, check=True)
        assert digest in client.exec_command("sha256sum /root/image")[1].read().decode()

    def by_fabric() -> None:
        subprocess.run([str(other / "python"), str(PEERS / "fabric_upload.py"), str(source)], env=env, check=True)

    ways = {"raw paramiko (SFTP put)": by_sftp, "rdokit": by_rdokit, "scp (whole process)": by_scp,
            "fabric put (whole process)": by_fabric}  # fmt: skip
    taken: dict[str, list[float]] = {}
    for number in range(-1, repeat):
        for name, way in ways.items():
            machine.sh("rm -f /root/image; sync")
            seconds = _seconds(way)
            assert digest in machine.sh("sha256sum /root/image")
            if number >= 0:
                taken.setdefault(name, []).append(seconds)
    client.close()
    node.close()
    base = statistics.median(taken[next(iter(taken))])
    middle = {name: statistics.median(values) for name, values in taken.items()}
    rows = [f"| {name} | {value:.2f} s ({value / base:.2f}×) |" for name, value in middle.items()]
    return "\n".join(["| tool | 50 MB to one node |", "|---|---|", *rows])
