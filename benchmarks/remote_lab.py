"""Cost per node: the work of Steps 2-4 on 2, 10, 25 and 50 nodes of the practice lab. Called by remote.py.

The lab simulates all of its machines in one process on this very computer, so that its own work is in the figures.
Columns say how much of the time this side and the lab computed. The last is the floor: paramiko alone, in as many
threads, logs in to the same nodes, reads the three files and sends as many commands as rdokit did, all of them `true`.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path

import yaml

import rdokit
from rdokit import edit, havana
from rdokit.parallel import WORKERS
from rdokit.ssh import Connection, El6Transport
from rdokit.ssh.transport import acknowledge_at_once

COUNTS = (2, 10, 25, 50)
FILES = ("/etc/sysctl.conf", "/etc/selinux/config", "/etc/hosts")


def site(folder: Path, count: int) -> Path:
    """A site of `count` practice nodes on free ports of this machine."""
    state = folder / "state"
    nodes = {}
    with _free_ports(count) as ports:
        for number, port in enumerate(ports, start=11):
            roles = ["controller", "network", "compute"] if number == 11 else ["compute"]
            ssh = {"host": "127.0.0.1", "port": port, "user": "root", "password": f"file:{state}/root-password"}
            nodes[f"node{number - 10}"] = {"roles": roles, "ssh": ssh, "private": f"192.168.0.{number}",
                                           "public": f"192.168.1.{number}"}  # fmt: skip
    content = {"site": f"bench-{folder.name}", "known_hosts": str(state / "known_hosts"), "nodes": nodes,
               "lab": {"state": str(state), "speed": 60}, "admin_password": f"file:{state}/admin-password",
               "users": [{"name": "demo", "password": f"file:{state}/demo-password", "email": "demo@example.com"}],
               "demo_net": {"name": "demo-net", "tenant": "services", "subnet": "demo-net_subnet", "dhcp": True,
                            "cidr": "192.168.2.0/24", "pool": {"start": "192.168.2.100", "end": "192.168.2.254"},
                            "gateway": "192.168.2.1"}}  # fmt: skip
    file = folder / f"bench-{folder.name}.yml"
    file.write_text(yaml.safe_dump(content))
    return file


@contextmanager
def _free_ports(count: int):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for one in sockets:
        one.close()
    yield ports


def prepare(file: Path) -> tuple[float, float, int]:
    """Steps 2-4 once: seconds, seconds this process computed, changes made."""
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    with redirect_stdout(StringIO()):
        kit = rdokit.connect(str(file))
        plan = kit.plan("Steps 2-4")
        plan.edit(kit.all, "/etc/sysctl.conf", havana.sysctl_conf(kit))
        plan.run(kit.all, "sysctl -e -p /etc/sysctl.conf", done=lambda node: havana.sysctl_in_force(kit, node))
        plan.edit(kit.all, "/etc/selinux/config", lambda text: edit.selinux(text, kit.site.selinux))
        plan.run(kit.all, "setenforce 0", done=lambda node: node.ask("getenforce").stdout.strip() == "Permissive")
        plan.edit(kit.all, "/etc/hosts", lambda text: edit.hosts(text, kit.site.hosts))
        done = plan.apply()
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    for node in kit.all:
        node.close()
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, int(
        (done["outcome"] == "changed").sum())


def alone(file: Path, commands: int) -> float:
    """Seconds that paramiko alone takes for a login, the three files and `true` for what remains of the commands.

    The transport is paramiko's with one thing of ours, a shorter exponent: the floor should not pay for a longer one.
    """
    site = yaml.safe_load(file.read_text())
    password = (Path(site["lab"]["state"]) / "root-password").read_text().strip()
    lines = [f"cat {path}" for path in FILES] + ["true"] * (commands - len(FILES))

    def work(node: dict) -> None:
        sock = socket.create_connection((node["ssh"]["host"], node["ssh"]["port"]))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with closing(El6Transport(sock)) as transport:
            transport.start_client(timeout=60)
            transport.auth_password("root", password)
            acknowledge_at_once(sock)
            for line in lines:
                with transport.open_session() as channel:
                    channel.exec_command(line)
                    while channel.recv(1 << 16):
                        pass
                    assert channel.recv_exit_status() == 0, line

    start = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, site["nodes"].values()))
    return time.perf_counter() - start


@contextmanager
def _counted():
    """How many commands are sent meanwhile: a list as long as that."""
    sent, run = [], Connection.run
    Connection.run = lambda self, command, **how: sent.append(command) or run(self, command, **how)
    try:
        yield sent
    finally:
        Connection.run = run


def _computed(pid: int) -> float:
    """Seconds that a process has computed so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(count: int, repeat: int) -> list[float]:
    """Medians: first run, second run, this side's computing in the first run, the lab's, paramiko alone."""
    rows = []
    for _ in range(repeat):
        with tempfile.TemporaryDirectory(dir="/var/tmp") as scratch:
            folder = Path(scratch)
            os.environ["RDOKIT_RUNS"] = str(folder / "runs")
            file = site(folder, count)
            try:
                with redirect_stdout(StringIO()):
                    rdokit.connect(str(file))  # starts the lab; not counted
                lab = json.loads((folder / "state" / "status.json").read_text())["pid"]
                before = _computed(lab)
                with _counted() as sent:
                    first, computing, changed = prepare(file)
                computed = _computed(lab) - before
                assert changed, "the first run changed nothing"
                second, _, changed = prepare(file)
                assert not changed, "the second run changed something"
                floor = alone(file, len(sent) // count)
            finally:
                subprocess.run([sys.executable, "-m", "rdokit.lab", "down", "--state", str(folder / "state")],
                               capture_output=True)  # fmt: skip
        rows.append((first, second, computing, computed, floor))
    return [statistics.median(column) for column in zip(*rows, strict=True)]


def table(repeat: int, counts: tuple[int, ...] = COUNTS) -> str:
    lines = ["| practice nodes | first run | second run | first run, our side computing | first run, the lab computing "
             "| paramiko alone |", "|---|---|---|---|---|---|"]  # fmt: skip
    base: list[float] = []
    for count in counts:
        found = measure(count, repeat)
        base = base or found
        print(f"{count} practice nodes: {', '.join(f'{x:.2f}' for x in found)} s", file=sys.stderr)
        cells = [f"{x:.2f} s ({x / y:.2f}×)" for x, y in zip(found, base, strict=True)]
        cells[2:4] = [f"{x:.2f} s" for x in found[2:4]]
        lines.append(f"| {count} | {' | '.join(cells)} |")
    if len(counts) > 1:
        more = [(x - y) / (counts[-1] - counts[0]) for x, y in zip(found, base, strict=True)]
        lines.append(f"| each further node | {' | '.join(f'{x * 1000:.0f} ms' for x in more)} |")
    return "\n".join(lines)
