"""A pseudo-terminal: the line discipline between an SSH channel and the processes of a session.

In cooked mode it echoes, edits the line, turns Ctrl-C into SIGINT for the
foreground group and Ctrl-D into end of file, as the kernel's tty layer does; raw
mode hands every byte to the line editor or to vi. Output gets \\r before \\n.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from .streams import Stream, to_bytes

if TYPE_CHECKING:
    from ..machine import Machine


class Terminal:
    """One pty. `send` writes to the client; `receive` is called with what it typed."""

    def __init__(self, machine: Machine, name: str, term: str, width: int, height: int, send: Callable[[bytes], None]):
        self.machine, self.name, self.term = machine, name, term
        self.width, self.height = width or 80, height or 24
        self.send = send
        self.drained: Callable[[], Awaitable[None]] | None = None  # waits while the client does not read
        self.foreground = 0
        self.session = 0
        self.gone = False
        self.echo = self.canonical = self.signals = self.onlcr = True
        self.line = bytearray()
        self.ready: deque[bytes] = deque()  # b"" is an end of file (Ctrl-D)
        self.waiter: asyncio.Future[None] | None = None
        self.resized: list[Callable[[], None]] = []

    # -- modes ---------------------------------------------------------------------------------------------------

    def sane(self) -> None:
        self.echo = self.canonical = self.signals = self.onlcr = True

    def raw(self) -> None:
        """Every byte at once, no echo, no signals (a line editor, vi). What was typed ahead stays."""
        if self.canonical and self.line:
            self.ready.append(bytes(self.line))
            self.line.clear()
        self.echo = self.canonical = self.signals = False

    def resize(self, width: int, height: int) -> None:
        self.width, self.height = width or 80, height or 24
        for tell in list(self.resized):
            tell()
        if self.foreground:
            self.machine.kill_group(self.foreground, 28)

    # -- input ---------------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        if not self.canonical and not self.signals:
            self.ready.append(data)
            self.wake()
            return
        for value in data:
            self.key(value)

    def key(self, value: int) -> None:
        if self.signals and value in (3, 28, 26):
            if self.echo:
                self.send({3: b"^C", 28: b"^\\", 26: b"^Z"}[value])
            self.line.clear()
            if value != 26 and self.foreground:
                self.machine.kill_group(self.foreground, 2 if value == 3 else 3)
            return
        if not self.canonical:
            self.ready.append(bytes([value]))
            self.wake()
            return
        if value == 13:
            value = 10
        if value == 10:
            self.line.append(10)
            if self.echo:
                self.send(b"\r\n")
            self.push()
        elif value == 4:
            self.push()
        elif value in (8, 127):
            self.erase(1)
        elif value == 21:
            self.erase(len(self.line))
        elif value == 23:
            text = bytes(self.line).rstrip()
            self.erase(
                len(self.line.decode("utf-8", "replace")) - len(text[: text.rfind(b" ") + 1].decode("utf-8", "replace"))
            )
        else:
            self.line.append(value)
            if self.echo:
                self.send(bytes([value]) if value >= 32 or value == 9 else b"^" + bytes([value + 64]))

    def erase(self, count: int) -> None:
        for _ in range(count):
            if not self.line:
                return
            while self.line and self.line[-1] & 0xC0 == 0x80:
                self.line.pop()
            self.line.pop()
            if self.echo:
                self.send(b"\b \b")

    def push(self) -> None:
        self.ready.append(bytes(self.line))
        self.line.clear()
        self.wake()

    def hang_up(self) -> None:
        """The connection is gone."""
        if self.gone:
            return
        self.gone = True
        self.wake()
        self.machine.hang_up(self.session, self.foreground)

    def wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    async def take(self) -> bytes:
        """The next line (cooked) or bytes (raw); b"" at Ctrl-D or when the terminal is gone."""
        while not self.ready:
            if self.gone:
                return b""
            if self.waiter is None or self.waiter.done():
                self.waiter = asyncio.get_running_loop().create_future()
            await asyncio.shield(self.waiter)
        return self.ready.popleft()

    # -- output --------------------------------------------------------------------------------------------------

    def write(self, data: str | bytes) -> None:
        if self.gone:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        raw = to_bytes(data)
        if self.onlcr:
            raw = raw.replace(b"\n", b"\r\n")
        self.send(raw)

    async def ask(self, prompt: str, echo: bool = False) -> str:
        """Print a prompt and read a line, by default without showing it (a password).

        Raises:
            EOFError: Ctrl-D or a lost connection.
        """
        self.write(prompt)
        saved = (self.echo, self.canonical, self.signals)
        typed_ahead = not self.canonical
        self.canonical = self.signals = True
        self.echo = echo
        if typed_ahead and self.ready:
            early = b"".join(self.ready)
            self.ready.clear()
            for value in early:
                self.key(value)
        try:
            line = await self.take()
        finally:
            self.echo, self.canonical, self.signals = saved
        if not echo:
            self.write("\n")
        if not line:
            raise EOFError
        return line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")

    def stream(self) -> TerminalStream:
        return TerminalStream(self)


class TerminalStream(Stream):
    """A descriptor of the terminal."""

    def __init__(self, terminal: Terminal):
        super().__init__()
        self.terminal = terminal

    async def read(self, n: int = -1) -> bytes:
        if n < 0:
            parts = []
            while data := await self.terminal.take():
                parts.append(data)
            return b"".join(parts)
        data = await self.terminal.take()
        if len(data) > n:
            self.terminal.ready.appendleft(data[n:])
            data = data[:n]
        return data

    async def readline(self) -> bytes:
        parts = []
        while True:
            data = await self.terminal.take()
            end = data.find(b"\n") + 1
            if end and end < len(data):
                self.terminal.ready.appendleft(data[end:])
                data = data[:end]
            parts.append(data)
            if not data or data.endswith(b"\n"):
                return b"".join(parts)

    def write(self, data: str | bytes) -> None:
        self.terminal.write(data)

    async def drain(self) -> None:
        if self.terminal.drained is not None and not self.terminal.gone:
            await self.terminal.drained()
        else:
            await asyncio.sleep(0)

    def isatty(self) -> bool:
        return True
