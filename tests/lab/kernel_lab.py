"""The kernel tests' lab: a bare machine for the shell, and a served one (own thread) for SSH."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import asyncssh
import paramiko

from rdokit.lab import boot, commands, passwords
from rdokit.lab.fs import Filesystem
from rdokit.lab.machine import Machine
from rdokit.lab.server import Lab
from rdokit.lab.shell.streams import Collector, Descriptors, Source
from rdokit.lab.world import Clock, Kernel, Node, NodeSpec, World

PASSWORD = "practice"


class Everything(dict):
    """A node on which every package is installed."""

    def __contains__(self, name: object) -> bool:
        return True


def bare() -> Machine:
    """A machine with an empty disk and all commands."""
    commands.load()
    node = Node(NodeSpec("node1"), Filesystem("node1"), Kernel("2.6.32-431.el6.x86_64", selinux="disabled"))
    node.packages = Everything(bash=1)
    return Machine(World("kernel", {"node1": node}), node)


async def type_in(
    machine: Machine, line: str, stdin: bytes = b"", cwd: str = "/tmp", **env: str
) -> tuple[int, bytes, bytes]:
    """(exit status, stdout, stderr) of a command line, as sshd would run it."""
    out, err = Collector(), Collector()
    fds = Descriptors({0: Source(stdin), 1: out, 2: err})
    p = machine.login_process("root", ["bash", "-c", line], fds, {"LC_ALL": "C", **env})
    p.cwd = cwd
    entry = machine.start(p, machine.shell_session)
    status = await asyncio.wait_for(entry.wait(), 20)
    return status, out.value(), err.value()


def run(line: str, stdin: bytes = b"", machine: Machine | None = None) -> tuple[int, str, str]:
    """The same from synchronous code, as text."""

    async def main() -> tuple[int, bytes, bytes]:
        return await type_in(machine or bare(), line, stdin)

    status, out, err = asyncio.run(main())
    return status, out.decode("utf-8", "surrogateescape"), err.decode("utf-8", "surrogateescape")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Served:
    """Two nodes behind SSH in a thread of their own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        commands.load()
        self.world = World("kernel", clock=Clock(60))
        for number, name in enumerate(("node1", "node2")):
            nics = [
                {"name": "eth0", "address": f"192.168.0.{11 + number}/24"},
                {"name": "eth1", "address": f"192.168.1.{11 + number}/24"},
            ]
            node = boot.build_node(self.world, NodeSpec(name, port=free_port(), nics=nics, gateway="192.168.1.1"))
            passwords.set_password(node.fs, "root", PASSWORD, "salt")
        keys = {name: asyncssh.generate_private_key("ssh-rsa", key_size=2048) for name in self.world.nodes}
        self.log: list[str] = []
        self.lab = Lab(self.world, keys, self.log.append)
        self.call(self.lab.start())

    def call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def stop(self) -> None:
        self.call(self.lab.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)

    def port(self, name: str = "node1") -> int:
        return self.lab.listeners[name].port

    def node(self, name: str = "node1") -> Node:
        return self.world.nodes[name]

    def connect(self, name: str = "node1", **changes: Any) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        sock = changes.pop("sock", None) or socket.create_connection(("127.0.0.1", self.port(name)))
        options: dict[str, Any] = {
            "username": "root",
            "password": PASSWORD,
            "allow_agent": False,
            "look_for_keys": False,
            "timeout": 10,
        }
        client.connect("127.0.0.1", self.port(name), sock=sock, **{**options, **changes})
        return client


def execute(client: paramiko.SSHClient, line: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
    """exec_command to its end."""
    to, out, err = client.exec_command(line, timeout=20)
    if stdin:
        to.channel.sendall(stdin)
    to.channel.shutdown_write()
    data, errors = out.read(), err.read()
    return out.channel.recv_exit_status(), data, errors
