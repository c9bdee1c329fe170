"""Cost per node: the work of Steps 2-4 on 2, 10 and 50 nodes of the practice lab. Called by remote.py.

The lab simulates all of its machines in one process on this very computer, so that its own work is in the figures;
a second column says how much of the time this side computed.
"""

from __future__ import annotations

import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path

import yaml

import rdokit
from rdokit import edit, havana

COUNTS = (2, 10, 25, 50)


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
    content = {"site": f"bench{count}", "known_hosts": str(state / "known_hosts"), "nodes": nodes,
               "lab": {"state": str(state), "speed": 60}, "admin_password": f"file:{state}/admin-password",
               "users": [{"name": "demo", "password": f"file:{state}/demo-password", "email": "demo@example.com"}],
               "demo_net": {"name": "demo-net", "tenant": "services", "subnet": "demo-net_subnet", "dhcp": True,
                            "cidr": "192.168.2.0/24", "pool": {"start": "192.168.2.100", "end": "192.168.2.254"},
                            "gateway": "192.168.2.1"}}  # fmt: skip
    file = folder / f"bench{count}.yml"
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


def measure(count: int, repeat: int) -> tuple[float, float, float]:
    """Medians: first run, second run, this side's computing in the first run."""
    firsts, seconds, own = [], [], []
    for _ in range(repeat):
        with tempfile.TemporaryDirectory(dir="/var/tmp") as scratch:
            folder = Path(scratch)
            os.environ["RDOKIT_RUNS"] = str(folder / "runs")
            file = site(folder, count)
            try:
                with redirect_stdout(StringIO()):
                    rdokit.connect(str(file))  # starts the lab; not counted
                first, computing, changed = prepare(file)
                assert changed, "the first run changed nothing"
                second, _, changed = prepare(file)
                assert not changed, "the second run changed something"
            finally:
                subprocess.run([sys.executable, "-m", "rdokit.lab", "down", "--state", str(folder / "state")],
                               capture_output=True)  # fmt: skip
        firsts.append(first)
        seconds.append(second)
        own.append(computing)
    return statistics.median(firsts), statistics.median(seconds), statistics.median(own)


def table(repeat: int, counts: tuple[int, ...] = COUNTS) -> str:
    lines = ["| practice nodes | first run | second run | first run, our side computing |", "|---|---|---|---|"]
    base = None
    for count in counts:
        first, second, own = measure(count, repeat)
        base = base or (first, second)
        print(f"{count} practice nodes: {first:.2f} s, {second:.2f} s", file=sys.stderr)
        lines.append(f"| {count} | {first:.2f} s ({first / base[0]:.2f}×) | {second:.2f} s ({second / base[1]:.2f}×) "
                     f"| {own:.2f} s |")  # fmt: skip
    return "\n".join(lines)
