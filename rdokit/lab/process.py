"""What a command of the lab is given: its arguments, its streams, its node.

A command is an async function registered by name::

    @command("uptime")
    async def uptime(p: Process) -> int:
        p.print(" 10:11:12 up 1 min,  1 user,  load average: 0.00, 0.00, 0.00")
        return 0

It returns its exit status. Text written to `p.stdout` or `p.stderr` reaches a
terminal, pipe or file at once, so long work can be watched; Ctrl-C arrives as
asyncio.CancelledError. Everything happens in one event loop: between two
awaits a command has the world for itself.
"""

from __future__ import annotations

import asyncio
import os
import posixpath
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .machine import Machine
    from .shell.streams import Descriptors, Stream
    from .world import Node, World


class Reader(Protocol):
    """The reading end of a pipe, file or terminal (bytes)."""

    async def read(self, n: int = -1) -> bytes: ...  # b"" at the end
    async def readline(self) -> bytes: ...
    def isatty(self) -> bool: ...


class Writer(Protocol):
    """The writing end. `write` takes str (sent as UTF-8) or bytes and never blocks."""

    def write(self, data: str | bytes) -> None: ...
    async def drain(self) -> None: ...
    def isatty(self) -> bool: ...


class Terminal(Protocol):
    """The controlling terminal (/dev/tty): where ssh asks for a password and vi draws."""

    width: int
    height: int
    term: str

    async def ask(self, prompt: str, echo: bool = False) -> str: ...


class Missing(Exception):
    """A command that stops with a message on stderr and an exit status."""

    def __init__(self, message: str, status: int = 1):
        super().__init__(message)
        self.status = status


@dataclass
class Process:
    """One running command. File paths given to its helpers are relative to `cwd`."""

    argv: list[str]
    env: dict[str, str]
    cwd: str
    user: str  # login name; "root" may do everything
    stdin: Reader
    stdout: Writer
    stderr: Writer
    node: Node
    world: World
    tty: Terminal | None = None  # None when the session has no terminal
    pid: int = 0
    extra: dict[str, Any] = field(default_factory=dict)
    spawn: Callable[..., Awaitable[int]] | None = None  # (argv, **changed fields) -> exit status
    fds: Descriptors | None = None  # all open descriptors; stdin, stdout and stderr are 0, 1 and 2 of them
    umask: int = 0o022
    ppid: int = 1

    @property
    def name(self) -> str:
        """What messages begin with: the command as it was typed, without its directory when it was found in PATH."""
        return self.argv[0]

    @property
    def machine(self) -> Machine:
        """The running node: process table, reboot, sessions."""
        return self.extra["machine"]

    def print(self, text: str = "", end: str = "\n") -> None:
        self.stdout.write(text + end)

    def error(self, text: str, end: str = "\n") -> None:
        self.stderr.write(text + end)

    async def sleep(self, seconds: float) -> None:
        """Wait lab seconds (divided by the clock's speed)."""
        await asyncio.sleep(seconds / self.world.clock.speed)

    def path(self, name: str) -> str:
        """An absolute, normalised path."""
        joined = posixpath.join(self.cwd, name)
        return "/" + posixpath.normpath(joined).lstrip("/")

    def full(self, name: str) -> str:
        """An absolute path that keeps `..` and a last slash, which matter behind symbolic links.

        Raises:
            FileNotFoundError: the name is empty, as open(2) says.
        """
        if not name:
            raise FileNotFoundError(2, os.strerror(2), name)
        return name if name.startswith("/") else f"{self.cwd.rstrip('/')}/{name}"

    def open(self, name: str, mode: str = "r") -> Stream:
        """Open a file as this user: mode r, w, a or rw. /dev and /proc work. Close it, or leave that to the exit.

        Raises:
            OSError: with `filename` as it was given.
        """
        from .files import open_stream

        return open_stream(self, name, mode)

    async def read_file(self, name: str) -> bytes:
        """All bytes of a file; "-" is standard input."""
        if name == "-":
            return await self.stdin.read()
        stream = self.open(name)
        try:
            return await stream.read()
        finally:
            stream.close()

    async def input_lines(self, names: list[str]) -> AsyncIterator[bytes]:
        """Lines (with their newline) of the files one after the other, or of standard input.

        A file that cannot be opened is reported as `name: file: reason`; the status is then in extra["status"].
        """
        for name in names or ["-"]:
            try:
                stream: Any = self.stdin if name == "-" else self.open(name)
                while line := await stream.readline():
                    yield line
            except OSError as err:
                self.complain(err, name)

    def complain(self, err: OSError, name: str | None = None) -> int:
        """Say `command: file: reason`, remember and return status 1."""
        shown = err.filename if name is None else name
        self.error(f"{self.argv[0]}: {shown + ': ' if shown else ''}{err.strerror}")
        self.extra["status"] = 1
        return 1


def passwd_entry(node: Node, user: str) -> dict[str, Any] | None:
    """The line of /etc/passwd for a login name: name, uid, gid, gecos, home, shell; None when there is none."""
    try:
        text = node.fs.read_text("/etc/passwd")
    except OSError:
        text = "root:x:0:0:root:/root:/bin/bash\n"
    found = _passwd_line(text, user)
    return None if found is None else dict(found)


@lru_cache(maxsize=256)
def _passwd_line(text: str, user: str) -> dict[str, Any] | None:
    """Every shell that starts asks, and few texts differ."""
    fields = ("name", "password", "uid", "gid", "gecos", "home", "shell")
    for line in text.splitlines():
        parts = line.split(":")
        if len(parts) >= 7 and parts[0] == user:
            entry: dict[str, Any] = dict(zip(fields, parts, strict=False))
            entry["uid"], entry["gid"] = int(parts[2]), int(parts[3])
            return entry
    return None


CommandFunction = Callable[[Process], Awaitable[int]]


@dataclass
class Registered:
    """A command: where it lives and which package brings it ("" = always there)."""

    name: str
    function: CommandFunction
    path: str
    package: str

    def present(self, node: Node) -> bool:
        """Whether the node has the command (its package is installed)."""
        return not self.package or self.package in node.packages


REGISTRY: dict[str, Registered] = {}


def command(*names: str, package: str = "", path: str = "/usr/bin") -> Callable[[CommandFunction], CommandFunction]:
    """Register a command under one or more names.

    Args:
        names: as typed.
        package: the RPM without which the shell says "command not found".
        path: directory that `which` shows.
    """

    def register(function: CommandFunction) -> CommandFunction:
        for name in names:
            REGISTRY[name] = Registered(name, function, f"{path}/{name}", package)
        return function

    return register
