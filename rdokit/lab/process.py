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

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
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

    def print(self, text: str = "", end: str = "\n") -> None:
        self.stdout.write(text + end)

    def error(self, text: str, end: str = "\n") -> None:
        self.stderr.write(text + end)

    async def sleep(self, seconds: float) -> None:
        """Wait lab seconds (divided by the clock's speed)."""
        import asyncio

        await asyncio.sleep(seconds / self.world.clock.speed)

    def path(self, name: str) -> str:
        """An absolute, normalised path."""
        import posixpath

        return posixpath.normpath(posixpath.join(self.cwd, name))


CommandFunction = Callable[[Process], Awaitable[int]]


@dataclass
class Registered:
    """A command: where it lives and which package brings it ("" = always there)."""

    name: str
    function: CommandFunction
    path: str
    package: str


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
