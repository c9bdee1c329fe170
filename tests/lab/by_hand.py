"""A person at the lab's shell: types a line, reads the screen, edits with vi. Used by test_by_hand."""

from __future__ import annotations

import re
import socket
import time

from rdokit.shell import plain
from rdokit.ssh import El6Transport

PROMPT = re.compile(r"\[\w+@\w+ [^\]]*\][#$] $")


class Person:
    """An interactive session on one node.

    Args:
        port: of the node on 127.0.0.1. password: root's.
    """

    def __init__(self, port: int, password: str):
        sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.transport = El6Transport(sock)
        self.transport.start_client(timeout=20)
        self.transport.auth_password("root", password)
        self.channel = self.transport.open_session()
        self.channel.get_pty("xterm", 100, 40)
        self.channel.invoke_shell()
        self.screen = ""
        self.wait(PROMPT)

    def close(self) -> None:
        self.transport.close()

    def keys(self, text: str) -> None:
        """Press keys, without waiting."""
        self.channel.sendall(text.encode())

    def wait(self, pattern: str | re.Pattern, seconds: float = 60) -> str:
        """Read until the text on the screen matches; what was read."""
        pattern = re.compile(pattern) if isinstance(pattern, str) else pattern
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.channel.settimeout(0.2)
            try:
                data = self.channel.recv(65536)
                if not data:
                    break
                self.screen += data.decode("utf-8", "replace")
            except TimeoutError:
                pass
            if pattern.search(plain(self.screen)):
                seen, self.screen = plain(self.screen), ""
                return seen
        raise AssertionError(f"no {pattern.pattern!r} within {seconds} s; the screen:\n{plain(self.screen)[-3000:]}")

    def type(self, line: str, seconds: float = 90) -> str:
        """Type a line and wait for the next prompt; what it printed."""
        self.screen = ""
        self.keys(line + "\n")
        return self.wait(PROMPT, seconds)

    def vi(self, path: str, *commands: str) -> None:
        """Edit a file with vi: each command is typed in normal mode; saved at the end."""
        self.keys(f"vi {path}\n")
        time.sleep(0.4)
        for command in commands:
            self.keys(command)
            time.sleep(0.05)
        self.keys("\x1b")
        time.sleep(0.05)
        self.keys(":wq\r")
        self.wait(PROMPT, 20)
