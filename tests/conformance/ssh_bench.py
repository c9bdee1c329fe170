"""A fresh lab behind its SSH server for the replay: started here, installed with packstack, typed at over SSH.

The recordings' controller is 127.0.0.11; the lab's has an address of the same
length, and the two are exchanged on the way in and out. What is there after
Steps 1-10 is kept as a snapshot, so that a second fresh lab is quick.
"""

from __future__ import annotations

import atexit
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import paramiko

from rdokit.lab.world import World

from .bench import COMPUTE, CONTROLLER, ENV, HOST, IMAGE, PUBLIC_KEY

ROOT = Path(__file__).resolve().parents[2]
RELEASE = "http://rdo.fedorapeople.org/openstack-havana/rdo-release-havana.rpm"
ADDRESS = "10.99.0.11"  # as long as the recordings' 127.0.0.11
NODES = [
    {"name": name, "roles": roles, "port": 0, "gateway": "192.168.1.1", "cpus": 1,
     "nics": [{"name": "eth0", "mac": f"52:54:00:92:0{n}:AD", "address": f"10.99.0.{n}/24"},
              {"name": "eth1", "mac": f"52:54:00:92:0{n}:AE", "address": f"192.168.1.{n}/24"}]}
    for name, n, roles in (("node1", 11, ["controller", "network", "compute"]), ("node2", 12, ["compute"]))
]
for _node in NODES:  # MAC addresses have two digits a byte
    for _nic in _node["nics"]:  # type: ignore[attr-defined]
        _nic["mac"] = _nic["mac"].replace(":011:", ":0b:").replace(":012:", ":0c:")
SPEED = 30.0  # slow enough that a busy machine does not let a heartbeat grow old between two lines


class SshBench:
    """A lab process with one connection to each node."""

    snapshot: Path | None = None
    folder: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    def __init__(self) -> None:
        cls = type(self)
        if cls.folder is None:
            cls.folder = Path(tempfile.mkdtemp(prefix="rdokit-replay-"))
            atexit.register(cls.close)
            (cls.folder / "spec.json").write_text(json.dumps({"seed": "conformance", "speed": SPEED, "nodes": NODES}))
            self._lab("up")
            self._connect()
            self._install()
            cls.snapshot = cls.folder / "after-step-10.lab"
            self._lab("snapshot", str(cls.snapshot))
        else:
            self._lab("restore", str(cls.snapshot))
            self._connect()

    @classmethod
    def close(cls) -> None:
        """Stop the lab and remove its folder."""
        if cls.folder is not None:
            subprocess.run([sys.executable, "-m", "rdokit.lab", "down", "--state", str(cls.folder)], cwd=ROOT,
                           check=False, capture_output=True)
            shutil.rmtree(cls.folder, ignore_errors=True)
            cls.folder = None

    def _lab(self, *words: str) -> str:
        command = [sys.executable, "-m", "rdokit.lab", words[0], "--state", str(self.folder), *words[1:]]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def _connect(self) -> None:
        status = json.loads((Path(str(self.folder)) / "status.json").read_text())
        self.clients: dict[str, paramiko.SSHClient] = {}
        for name, node in status["nodes"].items():
            client = paramiko.SSHClient()
            client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
            client.connect("127.0.0.1", port=node["port"], username="root", password="practice", look_for_keys=False,
                           allow_agent=False)
            self.clients[name] = client

    # -- typing

    def shell(
        self, line: str, node: str = "node1", stdin: str | None = None, tty: bool = False
    ) -> tuple[int, str, str]:
        """Run a line on a node."""
        transport = self.clients[node].get_transport()
        assert transport is not None
        channel = transport.open_session()
        if tty:
            channel.get_pty("xterm", 200, 50)
        channel.exec_command(line.encode("utf-8", "surrogateescape"))
        out = b""
        if stdin:
            while tty and not out.endswith(b": "):  # nobody types before the question
                out += channel.recv(1)
            channel.sendall(stdin.encode())
        if not tty:
            channel.shutdown_write()
        out, err = out + channel.makefile("rb").read(), channel.makefile_stderr("rb").read()
        status = channel.recv_exit_status()
        channel.close()
        return status, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")

    def run(
        self, line: str, env: dict[str, str | None] | None = None, stdin: str | None = None, tty: bool = False
    ) -> tuple[int, str, str]:
        """A recorded line, with its environment."""
        names = {k: v for k, v in ENV.items() if k.startswith("OS_") or k == "LANG"} | (env or {})
        before = "; ".join(f"unset {k}" if v is None else f"export {k}={shlex.quote(v)}" for k, v in names.items())
        feed = "" if tty or stdin is not None else "exec < /dev/null; "
        status, out, err = self.shell(f"cd /root; {before}; {feed}{line}".replace(HOST, ADDRESS), stdin=stdin, tty=tty)
        return status, out.replace(ADDRESS, HOST), err.replace(ADDRESS, HOST)

    def must(self, line: str, node: str = "node1") -> str:
        """A step that has to work."""
        status, out, err = self.shell(line, node)
        if status:
            raise RuntimeError(f"{node}$ {line}: exit {status}\n{out[-2000:]}{err[-2000:]}")
        return out

    # -- Steps 1-10

    def _install(self) -> None:
        for node in self.clients:
            self.must("setenforce 0; sed -i s/^SELINUX=.*/SELINUX=permissive/ /etc/selinux/config", node)
            for name, n in (("node1", 11), ("node2", 12)):
                self.must(f"echo 10.99.0.{n} {name}.example.com {name} >> /etc/hosts", node)
            self.must(f"yum -y install {RELEASE}", node)
            self.must("yum -y update", node)
            self.must("yum -y install openstack-packstack python-netaddr libguestfs-tools ntp", node)
        for node in ("node2", "node1"):
            self.shell("reboot", node)
        time.sleep(2)
        self._reconnect()
        self.must("packstack --gen-answer-file=/root/answer.txt")
        for key, value in {
            "CONFIG_NOVA_COMPUTE_HOSTS": f"{ADDRESS},10.99.0.12", "CONFIG_NEUTRON_OVS_TENANT_NETWORK_TYPE": "gre",
            "CONFIG_NEUTRON_OVS_TUNNEL_RANGES": "1:1000", "CONFIG_NEUTRON_OVS_TUNNEL_IF": "eth0",
            "CONFIG_NOVA_COMPUTE_PRIVIF": "eth0", "CONFIG_NOVA_NETWORK_PRIVIF": "eth0",
            "CONFIG_NOVA_NETWORK_PUBIF": "eth1", "CONFIG_KEYSTONE_ADMIN_PW": "admin", "CONFIG_PROVISION_DEMO": "n",
            "CONFIG_NAGIOS_INSTALL": "n",
        }.items():
            self.must(f"sed -i 's|^{key}=.*|{key}={value}|' answer.txt")
        self.must(f"sed -i 's/192\\.168\\.1\\.11/{ADDRESS}/g' answer.txt")
        self._trust()
        self.must("packstack --answer-file=answer.txt")
        self._furnish()

    def _trust(self) -> None:
        """The key with which packstack logs in on both nodes without a question."""
        key = paramiko.RSAKey.generate(2048)
        private = io.StringIO()
        key.write_private_key(private)
        public = f"ssh-rsa {key.get_base64()} root@node1"
        for node in self.clients:
            self.must(f"mkdir -p -m 700 .ssh; echo {public} >> .ssh/authorized_keys; chmod 600 .ssh/*", node)
        self.must(f"echo {public} > .ssh/id_rsa.pub; echo {shlex.quote(private.getvalue())} > .ssh/id_rsa; chmod 600 "
                  ".ssh/id_rsa")

    def _reconnect(self) -> None:
        for attempt in range(60):
            try:
                self._connect()
                return
            except (OSError, paramiko.SSHException):
                if attempt == 59:
                    raise
                time.sleep(0.5)

    def _furnish(self) -> None:
        """What the recorder's machine had lying about."""
        self.must(f"curl -s -O http://download.cirros-cloud.net/0.3.2/{IMAGE}")
        self.must("mkdir -p /opt/havana/var/tmp; echo bench > /etc/hostname")
        for node in self.clients:  # the recordings were made with nova's own test driver, which starts nothing
            self.must("sed -i 's/^compute_driver=.*/compute_driver=nova.virt.fake.FakeDriver/' /etc/nova/nova.conf; "
                      "grep -q FakeDriver /etc/nova/nova.conf || sed -i "
                      "'s/^\\[DEFAULT\\]/[DEFAULT]\\ncompute_driver=nova.virt.fake.FakeDriver/' /etc/nova/nova.conf; "
                      "service openstack-nova-compute restart", node)
        self.must(f"echo {shlex.quote(PUBLIC_KEY.strip())} > /opt/havana/var/tmp/k.pub")

    # -- between the lines (see between.py)

    def pause(self) -> None:
        """Services work on by themselves."""

    def services(self, verb: str, what: str) -> None:
        names = [what] if what != "neutron agents" else [s for s in CONTROLLER if s.endswith("-agent")]
        for node, known in (("node1", CONTROLLER), ("node2", COMPUTE)):
            for name in names:
                if name in known:
                    self.shell(f"service {name} {verb}", node)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds / SPEED)

    def sql(self, words: list[str]) -> None:
        """Rows that no longer decode are removed by hand in the database: here, in the saved world."""
        path = Path(str(self.folder)) / "by-hand.lab"
        self._lab("snapshot", str(path))
        world = World.load(path)
        assert world.cloud is not None
        tenants = world.cloud.keystone.tenants
        world.cloud.keystone.tenants = {k: v for k, v in tenants.items() if isinstance(v["name"], str)}
        world.save(path)
        self._lab("restore", str(path))
        self._reconnect()

    @property
    def exports(self) -> str:
        """The administrator's environment, as a piece of shell."""
        names = {k: v.replace(HOST, ADDRESS) for k, v in ENV.items() if k.startswith("OS_")}
        return "".join(f"export {k}={shlex.quote(v)}; " for k, v in names.items())

    def bulk(self, words: list[str]) -> None:
        self.must(f"{self.exports} for i in $(seq -w 0 499); do neutron net-create bulk-$i; done > /dev/null")
        self.must(f"{self.exports} for i in 000 100 200 300 400; do neutron subnet-create bulk-$i 10.20.0.0/24; done")

    def _ids(self, line: str) -> list[list[str]]:
        out = self.run(line, {"PYTHONIOENCODING": "utf-8"})[1]
        return [[c.strip() for c in row.strip("|").split("|")] for row in out.splitlines() if row.startswith("|")][1:]

    def delete(self, words: list[str]) -> None:
        kind, keep = words[0], words[2:]
        list_line, delete_line = {
            "networks": ("neutron net-list -c id -c name", "neutron net-delete"),
            "images": ("glance image-list", "glance image-delete"),
            "servers": ("nova list --all-tenants", "nova delete"),
            "volumes": ("cinder list", "cinder delete"),
        }[kind]
        ids = [row[0] for row in self._ids(list_line) if len(row) > 1 and row[1].replace(" ", "_") not in keep]
        for start in range(0, len(ids), 50):
            self.shell(self.exports + "; ".join(f"{delete_line} {i}" for i in ids[start : start + 50]))

    def float(self, words: list[str]) -> None:
        out = self.run("neutron floatingip-create public -f shell --variable id")[1]
        self.run(f"neutron floatingip-delete {out.split(chr(34))[-2]}")


def main() -> None:
    """Start a lab and keep it (for a look around): python -m tests.conformance.ssh_bench."""
    bench: Any = SshBench()
    print(bench.folder, {n: c.get_transport().getpeername()[1] for n, c in bench.clients.items()}, os.getpid())
    input("Enter stops it ")


if __name__ == "__main__":
    main()
