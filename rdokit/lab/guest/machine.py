"""A running instance with a shell: the node's machine with CirrOS's commands, and its SSH port (dropbear)."""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import asyncssh

from ..files import STUB
from ..machine import ExitProcess, Machine
from ..process import Process
from ..server import Listener, NodeLogin, NodeSession
from . import commands, proc, system

if TYPE_CHECKING:
    from ..server import Lab
    from ..shell.streams import Descriptors
    from ..world import World


class GuestMachine(Machine):
    """One instance while it runs."""

    def __init__(self, world: World, inside: system.System):
        self.inside = inside
        super().__init__(world, inside.node)
        proc.WORLD[:] = [world]

    @property
    def instance(self) -> Any:
        return system.instance_of(self.world, self.node)

    def refresh(self) -> None:
        """Disks come and go while it runs; nothing is installed here."""
        if self.inside.node.extra.get("guest"):
            system.sync_devices(self.world, self.instance, self.inside)

    def program(self, path: str) -> Callable[[Process], Awaitable[int]] | None:
        """CirrOS's command for a file, None when the file is none."""
        node = self.node.fs._peek(path)  # noqa: SLF001
        if node is None or node.kind != "file" or not node.data or not node.data.startswith(STUB):
            return None
        return commands.find(bytes(node.data[len(STUB) :]).decode("utf-8", "replace").strip().rsplit("/", 1)[-1])

    def which(self, name: str, path: str, cwd: str = "/", user: str = "root", everything: bool = False) -> list[str]:
        self.refresh()
        found = []
        for directory in path.split(":"):
            full = posixpath.join(directory or ".", name)
            absolute = full if full.startswith("/") else posixpath.join(cwd, full)
            if self.node.fs.isfile(absolute) and self.node.fs.access(absolute, 1, user):
                found.append(full)
                if not everything:
                    break
        return found

    async def execute(self, p: Process, path: str) -> int:
        """As on a node, with this system's own commands.

        Raises:
            OSError: ENOENT, EACCES, EISDIR, ENOEXEC with the path.
        """
        if self.instance.deleted or self.instance.power_state != 1:
            raise ExitProcess(255)
        full = path if path.startswith("/") else posixpath.join(p.cwd, path)
        function = self.program(full)
        if function is None:
            if path in ("/bin/bash",):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            return await super().execute(p, path)
        if not self.node.fs.access(full, 1, p.user):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES), path)
        return await function(p)

    def login_process(
        self, user: str, argv: list[str], fds: Descriptors, env: dict[str, str], tty: Any = None
    ) -> Process:
        names = {"-bash": "-sh", "bash": "sh"}
        argv = [names.get(argv[0], argv[0]), *argv[1:]]
        env = {k: v for k, v in env.items() if not k.startswith(("LANG", "LC_"))}
        env["PATH"] = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
        return super().login_process(user, argv, fds, env, tty)

    def power(self, on: bool) -> None:
        instance = self.instance
        if on:
            self.world.cloud.nova.boot_guest(instance)  # type: ignore[union-attr]
            instance.power_state, instance.vm_state = 1, "active"
        else:
            instance.power_state = 4


class GuestSession(NodeSession):
    """dropbear greets nobody."""

    def greet(self) -> None:
        self.machine.login(self, self.login.user, self.tty.name if self.tty else "", self.login.peer[0])


class GuestLogin(NodeLogin):
    """Who may come in: cirros with its password or the key from the metadata; root not with a password."""

    def session_requested(self) -> Any:
        chan = self.conn.create_server_channel("latin-1", "strict")
        chan.set_encoding(None)
        return chan, GuestSession(self)

    def setting(self, name: str, default: str) -> str:
        return default


class GuestListener(Listener):
    """The SSH port of an instance."""

    version = "dropbear_2012.55"
    login = GuestLogin


async def ssh_port(world: World, guest: Any, lab: Lab | None) -> int | None:
    """The port on 127.0.0.1 of an instance's SSH server; None when it does not run."""
    if guest.state != "ACTIVE" or lab is None:
        return None
    inside: system.System = guest.system
    listener = lab.guests.get(guest.id)
    if listener is not None and listener.machine.inside is not inside:
        await listener.close()
        listener = None
    if listener is None:
        if not inside.host_key:
            inside.host_key = asyncssh.generate_private_key("ssh-rsa", key_size=2048).export_private_key().decode()
        machine = GuestMachine(world, inside)
        machine.log, machine.changed, machine.lab = lab.log, lab.tell, lab
        listener = GuestListener(lab, machine, 0, asyncssh.import_private_key(inside.host_key))
        lab.guests[guest.id] = listener
    if listener.acceptor is None:
        await listener.open()
    return listener.port
