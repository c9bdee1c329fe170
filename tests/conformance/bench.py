"""A lab without SSH for the replay: the command functions called directly.

Two nodes as after Steps 1-10 of the document, their services running, and just
enough of a shell for recorded lines: quotes, continuation lines, `< file`,
`> file`, `&&` and one pipe.
"""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import time
from dataclasses import dataclass
from typing import Any

import rdokit.lab.commands as commands
from rdokit.lab.fs import Filesystem
from rdokit.lab.openstack.cloud import Cloud
from rdokit.lab.process import REGISTRY, Process
from rdokit.lab.shell.streams import File, Null
from rdokit.lab.world import Ids, Kernel, Nic, Node, NodeSpec, Service, World

HOST = "127.0.0.11"
ENV = {
    "OS_USERNAME": "admin", "OS_PASSWORD": "admin", "OS_TENANT_NAME": "admin",
    "OS_AUTH_URL": f"http://{HOST}:35357/v2.0/", "LANG": "en_US.UTF-8", "PATH": "/usr/bin:/bin", "HOME": "/root",
}
ANSWERS = {
    "CONFIG_KEYSTONE_ADMIN_PW": "admin", "CONFIG_KEYSTONE_ADMIN_TOKEN": "0" * 31 + "1",
    "CONFIG_NEUTRON_OVS_TENANT_NETWORK_TYPE": "gre", "CONFIG_NEUTRON_OVS_TUNNEL_RANGES": "1:1000",
    "CONFIG_NOVA_COMPUTE_HOSTS": f"{HOST},127.0.0.12", "CONFIG_NEUTRON_L3_HOSTS": HOST,
    "CONFIG_NEUTRON_DHCP_HOSTS": HOST, "CONFIG_NEUTRON_METADATA_HOSTS": HOST,
    "CONFIG_KEYSTONE_TOKEN_FORMAT": "PKI",
}
CONTROLLER = [
    "openstack-keystone", "neutron-server", "neutron-l3-agent", "neutron-dhcp-agent", "neutron-metadata-agent",
    "neutron-openvswitch-agent", "openstack-glance-api", "openstack-glance-registry", "openstack-nova-api",
    "openstack-nova-scheduler", "openstack-nova-conductor", "openstack-nova-consoleauth", "openstack-nova-cert",
    "openstack-nova-novncproxy", "openstack-nova-compute", "openstack-cinder-api", "openstack-cinder-scheduler",
    "openstack-cinder-volume", "mysqld", "qpidd", "libvirtd", "openvswitch",
]
COMPUTE = ["openstack-nova-compute", "neutron-openvswitch-agent", "libvirtd", "openvswitch"]
PUBLIC_KEY = (  # a key pair that was thrown away
    "ssh-rsa "
    "AAAAB3NzaC1yc2EAAAADAQABAAABAQDVlzlfCnDImQbw/dmDi37W88WNJQFyE/JKbBmtvWVvpmv0k46+o9hKPsFycRGr/oLFTWXr"
    "yNX5QeI1wghSkg5dcg7H/rVv5D/Rxxkayd2US1D+nvcEcOiRFDN5mMjROrHhntzBgS9AI2dXB2S2sIFzXX4isjPILA/i57CcmlHt"
    "Sr1mHi6K9e40MFHabUSG6t8piPdxGaAqkYAXb2VscOGC7CYsYvNP6UNlPBlYbMACJsCzqbGsAzB2wHLodnS4bO/Mcu0KK2+Be9KG"
    "qveC1jZy1ts1iI5d83SWvuyZdK3Ay0Vogolo5abUiD/xa6wvMsOMlUezGb21ifgkCmOvsC4/"
    " bench\n"
)
IMAGE = "cirros-0.3.2-x86_64-disk.img"


@dataclass
class Sink:
    """A stream that remembers."""

    text: bytes = b""
    tty: bool = False
    source: bytes = b""

    def write(self, data: str | bytes) -> None:
        self.text += data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data

    async def drain(self) -> None: ...

    def isatty(self) -> bool:
        return self.tty

    async def read(self, n: int = -1) -> bytes:
        got, self.source = (self.source, b"") if n < 0 else (self.source[:n], self.source[n:])
        return got

    async def readline(self) -> bytes:
        line, end, self.source = self.source.partition(b"\n")
        return line + end


@dataclass
class Console:
    """The terminal of a recorded session: what is typed comes from its stdin."""

    out: Sink
    typed: str
    width: int = 80
    height: int = 24
    term: str = "xterm"

    async def ask(self, prompt: str, echo: bool = False) -> str:
        line, _, self.typed = self.typed.partition("\n")
        self.out.write(prompt + "\n")
        return line


class Bench:
    """A fresh lab after Steps 1-10, and a way to type at its controller."""

    def __init__(self, seed: str = "conformance"):
        for module in pkgutil.iter_modules(commands.__path__):
            importlib.import_module(f"{commands.__name__}.{module.name}")
        self.loop = asyncio.new_event_loop()
        self.world = World(seed, ids=Ids(seed))
        self.world.clock.speed = 1e4
        for name, address, services in (("node1", HOST, CONTROLLER), ("node2", "127.0.0.12", COMPUTE)):
            self._node(name, address, services)
        Cloud.install(self.world, "node1", HOST, ANSWERS)
        self.world.cloud.nova.fingerprints = "sha256"  # the recorder's ssh-keygen was newer than CentOS 6's

    def _node(self, name: str, address: str, services: list[str]) -> None:
        node = Node(NodeSpec(name, cpus=1), Filesystem(name), Kernel("2.6.32-431.el6.x86_64"))
        node.nics["eth0"] = Nic("eth0", "52:54:00:00:00:0" + name[-1], [f"{address}/24"])
        node.services = {s: Service(s, True, {2, 3, 4, 5}, 1000 + i) for i, s in enumerate(services)}
        for folder in ("/etc/nova", "/root", "/tmp", "/opt/havana/var/tmp"):
            node.fs.mkdir(folder, parents=True)
        node.fs.write("/etc/hosts", "127.0.0.1 localhost\n127.0.0.11 node1 node1.example.com\n")
        node.fs.write("/etc/hostname", "bench\n")
        # The recordings were made with nova's own test driver: it starts nothing and has one core and 8 GB.
        node.fs.write("/etc/nova/nova.conf", "[DEFAULT]\ncompute_driver=nova.virt.fake.FakeDriver\n")
        node.fs.write("/opt/havana/var/tmp/k.pub", PUBLIC_KEY)
        node.fs.write_synthetic(f"/root/{IMAGE}", 13167616, "f6cbe3fb27f54094383c69dbc7a3cd24")
        self.world.nodes[name] = node

    def service(self, node: str, name: str, running: bool) -> None:
        """Start or stop an init script; stopped agents fall silent a while ago when `ages` is called."""
        service = self.world.nodes[node].services[name]
        self.world.cloud.neutron.agents_report(self.world)
        service.running = running

    def services(self, verb: str, what: str) -> None:
        """`service X start|stop` on every node that has it; "neutron agents" are all of them."""
        names = [what] if what != "neutron agents" else [s for s in CONTROLLER if s.endswith("-agent")]
        for node in self.world.nodes.values():
            for name in names:
                if name in node.services:
                    self.service(node.name, name, verb == "start")

    def wait(self, seconds: float) -> None:
        """Let lab time pass."""
        self.world.clock.speed = 100.0
        time.sleep(seconds / self.world.clock.speed)

    def sql(self, words: list[str]) -> None:
        """What was done by hand in the database: rows that no longer decode are removed."""
        keystone = self.world.cloud.keystone
        keystone.tenants = {k: v for k, v in keystone.tenants.items() if isinstance(v["name"], str)}

    def bulk(self, words: list[str]) -> None:
        """500 networks, named bulk-000 to bulk-499, every hundredth with a subnet."""
        for number in range(500):
            self.run(f"neutron net-create bulk-{number:03d}")
            if number % 100 == 0:
                self.run(f"neutron subnet-create bulk-{number:03d} 10.20.0.0/24")

    def delete(self, words: list[str]) -> None:
        """`delete networks but A B` (or images, servers, volumes): the cleaning up of the recorder."""
        cloud = self.world.cloud
        if words[0] == "images":
            for image in cloud.glance.images.values():
                if (image.name or "").replace(" ", "_") not in words:
                    image.deleted_at, image.status = image.updated_at, "deleted"
            return
        if words[0] == "servers":
            for instance in [i for i in cloud.nova.instances.values() if not i.deleted]:
                cloud.nova.remove(instance)
            return
        if words[0] == "volumes":
            cloud.cinder.volumes.clear()
            return
        neutron = self.world.cloud.neutron
        for row in list(neutron.networks.values()):
            if row["name"] not in words:
                neutron.delete_network(None, row)

    def float(self, words: list[str]) -> None:
        """A floating address was drawn and given back."""
        out = self.run("neutron floatingip-create public -f shell --variable id")[1]
        self.run(f"neutron floatingip-delete {out.split(chr(34))[-2]}")

    def run(
        self, line: str, env: dict[str, str | None] | None = None, stdin: str | None = None, tty: bool = False
    ) -> tuple[int, str, str]:
        """Exit status, stdout and stderr of a shell line."""
        return self.loop.run_until_complete(self._run(line, env or {}, stdin, tty))

    def pause(self) -> None:
        """The moment between two recorded lines: what the services do in the background goes on."""
        for _ in range(3):
            self.loop.run_until_complete(asyncio.sleep(0))

    async def _run(self, line: str, env: dict[str, str | None], stdin: str | None, tty: bool) -> tuple[int, str, str]:
        variables = {k: v for k, v in (ENV | env).items() if v is not None}
        out, err = Sink(tty=tty), Sink(tty=tty)
        if tty:
            err = out
        status = 0
        for words in _commands(line):
            status = await self._one(words, variables, stdin, tty, out, err)
            if status:
                break
        return status, out.text.decode("utf-8", "surrogateescape"), "" if tty else err.text.decode(
            "utf-8", "surrogateescape"
        )

    async def _one(
        self, words: list[tuple[str, bool]], env: dict[str, str], stdin: str | None, tty: bool, out: Sink, err: Sink
    ) -> int:
        node = self.world.nodes["node1"]
        argv: list[str] = []
        source: Any = Sink(source=(stdin or "").encode(), tty=tty) if tty or stdin is not None else Null()
        target = out
        todo = iter(words)
        for word, operator in todo:
            if operator and word == "<":
                name = next(todo)[0]
                path = name if name.startswith("/") else f"/root/{name}"
                if not node.fs.exists(path):
                    err.write(f"bash: line 1: {name}: No such file or directory\n")
                    return 1
                source = File(node.fs, node.fs._need(path), path, True, False)
            elif operator and word == ">":
                next(todo)
                target = Sink()
            else:
                argv.append(word)
        if argv[0] == "echo":
            target.write(" ".join(argv[1:]) + "\n")
            return 0
        if argv[0] not in REGISTRY:
            err.write(f"bash: {argv[0]}: command not found\n")
            return 127
        console = Console(out, stdin or "") if tty else None
        p = Process(argv, env, "/root", "root", source, target, err, node, self.world, tty=console)
        return await REGISTRY[argv[0]].function(p)


def _commands(line: str) -> list[list[tuple[str, bool]]]:
    """Commands joined with && as words; True marks an operator.

    >>> _commands("a 'b c' \\\\< < f && d")
    [[('a', False), ('b c', False), ('<', False), ('<', True), ('f', False)], [('d', False)]]
    """
    found: list[list[tuple[str, bool]]] = [[]]
    word: str | None = None
    index = 0
    while index < len(line):
        char = line[index]
        if char == "\\" and index + 1 < len(line):
            if line[index + 1] != "\n":
                word = (word or "") + line[index + 1]
            index += 2
            continue
        if char in "'\"":
            end = index + 1
            word = word or ""
            while line[end] != char:
                if char == '"' and line[end] == "\\" and line[end + 1] in '"\\$`':
                    end += 1
                word += line[end]
                end += 1
            index = end + 1
            continue
        if char in " \t\n<>" or line.startswith("&&", index):
            if word is not None:
                found[-1].append((word, False))
                word = None
            if char in "<>":
                found[-1].append((char, True))
            elif char == "&":
                found.append([])
                index += 1
        else:
            word = (word or "") + char
        index += 1
    if word is not None:
        found[-1].append((word, False))
    return found
