"""One command on one channel: input in, both outputs out, the status; bounded in time and memory."""

from __future__ import annotations

import contextlib
import threading
import time

import paramiko

from . import limits


class Late(Exception):
    """The limit has passed."""


class Kept:
    """The output of one stream: all of it, or its first and last half when it is very long."""

    def __init__(self) -> None:
        self.head = bytearray()
        self.tail = bytearray()
        self.dropped = 0

    def add(self, data: bytes) -> None:
        room = limits.KEPT // 2 - len(self.head)
        self.head += data[: max(room, 0)]
        self.tail += data[max(room, 0):]
        if len(self.tail) > limits.KEPT:
            cut = len(self.tail) - limits.KEPT // 2
            self.dropped += cut
            del self.tail[:cut]

    def text(self) -> str:
        middle = f"\n… {self.dropped} bytes left out …\n".encode() if self.dropped else b""
        return b"".join((self.head, middle, self.tail)).decode("utf-8", "surrogateescape")

    def note(self) -> str:
        return f"{self.dropped} bytes of output were not kept" if self.dropped else ""


class Exchange:
    """Feeds a channel's input and drains both of its outputs, without polling while data flows."""

    def __init__(self, channel: paramiko.Channel, keep: dict[str, Kept], on_output, deadline: float):
        self.channel, self.keep, self.on_output, self.deadline = channel, keep, on_output, deadline
        self.news = threading.Event()
        channel.in_buffer.set_event(self.news)
        channel.in_stderr_buffer.set_event(self.news)

    def run(self, line: str, stdin: bytes, tty: bool) -> int | None:
        if tty:
            self.channel.get_pty(width=200)
        self.channel.settimeout(max(self.deadline - time.monotonic(), 0.01))
        try:
            self.channel.exec_command(line)
        except TimeoutError:
            raise Late from None
        if len(stdin) > limits.INLINE:  # a thread of its own, or both sides could wait for each other's full window
            threading.Thread(target=self._send, args=(stdin,), daemon=True).start()
        else:
            self._send(stdin)
        self._drain()
        return self.channel.exit_status if self.channel.status_event.is_set() and self.channel.exit_status >= 0 \
            else None

    def _send(self, stdin: bytes) -> None:
        # A command that ends without reading its input is no error; a lost connection shows in _drain.
        with contextlib.suppress(OSError, EOFError):
            # In pieces: paramiko copies all of the rest for every packet that it sends.
            for start in range(0, len(stdin), limits.PIECE):
                self.channel.sendall(stdin[start:start + limits.PIECE])
            self.channel.shutdown_write()

    def _drain(self) -> None:
        quiet_since = None
        while True:
            self.news.clear()
            moved = self._take()
            if self.channel.eof_received and not moved or self.channel.closed and not moved:
                self.channel.status_event.wait(max(min(self.deadline - time.monotonic(), limits.CONNECT), 0))
                if not self._take():
                    return
                continue
            if self.channel.exit_status_ready() and not moved:
                # The command ended but a process it left behind holds the channel open.
                quiet_since = quiet_since or time.monotonic()
                if time.monotonic() - quiet_since > limits.LATE:
                    return
            if time.monotonic() > self.deadline:
                raise Late
            if not moved:
                self.news.wait(0.05 if self.channel.exit_status_ready() else
                               min(max(self.deadline - time.monotonic(), 0.001), 0.5))
            if not self.channel.get_transport().is_active() and not self.channel.recv_ready():
                if not self.channel.status_event.is_set():
                    raise EOFError("the connection was closed")
                return

    def _take(self) -> bool:
        moved = False
        for stream, ready, recv in (("stdout", self.channel.recv_ready, self.channel.recv),
                                    ("stderr", self.channel.recv_stderr_ready, self.channel.recv_stderr)):
            while ready():
                data = recv(1 << 18)
                if not data:
                    break
                moved = True
                self.keep[stream].add(data)
                if self.on_output:
                    self.on_output(stream, data)
        return moved
