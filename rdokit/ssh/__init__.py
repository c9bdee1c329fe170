"""One kept SSH connection to one node; the only package that imports paramiko.

CentOS 6 runs OpenSSH 5.3: RSA host keys signed with SHA-1, RSA user keys only, old key exchanges.
What follows from that is in `El6Transport` and `_load_key`. Why the transport is driven directly and
not through paramiko's SSHClient: the host key is judged by our own rules (unknown, changed, revoked,
each with fingerprints) *before* anything secret is sent.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from collections.abc import Callable

import paramiko

from ..errors import AuthError, CommandTimeout, ConnectionLost
from ..shell import Command, Result
from . import limits
from .door import Door
from .exchange import Exchange, Kept, Late
from .hostkeys import fingerprint, record_host_key, verify
from .limits import COMMAND as COMMAND_LIMIT
from .login import login
from .transport import El6Transport, acknowledge_at_once, open_transport, scan_host_key

__all__ = ["COMMAND_LIMIT", "Connection", "Door", "El6Transport", "fingerprint", "record_host_key", "scan_host_key"]

# Its threads log tracebacks, which Python prints when nobody listens; our errors tell the story.
logging.getLogger("paramiko").addHandler(logging.NullHandler())

SUDO_REFUSES = re.compile(r"^sudo: (sorry, you must have a tty|a password is required|no password was provided|"
                          r"\d+ incorrect password)|not in the sudoers file|"
                          r"is not allowed to (execute|run sudo)")


class Connection:
    """One kept connection; made at first use, made anew after it broke.

    >>> c = Connection(Door("node1", "192.168.0.11")); c
    <Connection root@192.168.0.11, closed>
    """

    def __init__(self, door: Door):
        self.door = door
        self._transport: El6Transport | None = None
        self._stack = contextlib.ExitStack()
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"<Connection {self.door.user}@{self.door.address}, {'open' if self.alive else 'closed'}>"

    @property
    def alive(self) -> bool:
        return bool(self._transport and self._transport.is_active())

    def transport(self) -> El6Transport:
        """The authenticated transport, connecting when needed.

        Raises:
            ConnectError, HostKeyError, AuthError: with node, address, cause and what to do.
        """
        with self._lock:
            if not self.alive:
                self.close()
                with contextlib.ExitStack() as stack:
                    transport = open_transport(self.door, stack)
                    verify(self.door, transport.get_remote_server_key())
                    login(self.door, transport)
                    acknowledge_at_once(transport.sock)
                    self._transport, self._stack = transport, stack.pop_all()
            return self._transport

    def close(self) -> None:
        with self._lock:
            self._stack.close()
            self._transport = None

    def run(self, command: Command | str, *, stdin: bytes = b"", limit: float = limits.COMMAND,
            on_output: Callable[[str, bytes], None] | None = None, tty: bool = False) -> Result:
        """Run one line in the login shell's shell and wait for its end.

        Args:
            command: a `Command`, or a line without secrets.
            stdin: what it reads; it sees the end of input after that.
            limit: seconds until it is given up (the connection is closed then, which ends most commands).
            on_output: called with "stdout" or "stderr" and the bytes as they come.

        Raises:
            ConnectError: no connection could be made: nothing was sent.
            ConnectionLost: it broke: whether the command ran is not known.
            CommandTimeout: it did not end within the limit.
        """
        sent, shown = (command.sent, command.shown) if isinstance(command, Command) else (command, command)
        if self.door.sudo:
            sent, shown, stdin = self._through_sudo(sent, shown, stdin)
        transport, start = self.transport(), time.monotonic()
        out, err = keep = Kept(), Kept()
        try:
            with contextlib.closing(transport.open_session(timeout=min(limit, limits.CONNECT))) as channel:
                streams = dict(zip(("stdout", "stderr"), keep, strict=True))
                status = Exchange(channel, streams, on_output, start + limit).run(sent, stdin, tty)
        except Late:
            self.close()
            raise CommandTimeout(self.door.name, shown, limit, out.text() + err.text(), next_step="The node may be "
                                 "overloaded, or the command waits for input that it will not get.") from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            self.close()
            raise ConnectionLost(self.door.name, shown, str(error) or type(error).__name__) from None
        if self.door.sudo and status == 1 and not out.head:
            self._refused_by_sudo(err.text())
        if status is None and _dies(transport):
            self.close()
            raise ConnectionLost(self.door.name, shown, "closed without an exit status")
        return Result(self.door.name, shown, status, out.text(), err.text(), time.monotonic() - start,
                      out.note() or err.note())

    def _refused_by_sudo(self, stderr: str) -> None:
        """sudo's own refusal is not the command's exit status 1 and must not be taken for it."""
        said = next((line for line in stderr.splitlines() if SUDO_REFUSES.search(line)), "")
        if not said:
            return
        fix = f"visudo on the node: Defaults:{self.door.user} !requiretty (CentOS 6 asks for a terminal unless told)" \
            if "tty" in said else f"Is ssh.sudo_password right, and may {self.door.user} use sudo there (sudo -l)?"
        raise AuthError(self.door.name, self.door.address, f"sudo refuses {self.door.user}: {said}.", next_step=fix)

    def _through_sudo(self, sent: str, shown: str, stdin: bytes) -> tuple[str, str, bytes]:
        quoted = Command("bash -c {line}", {"line": sent}).sent
        if self.door.sudo_password:
            stdin = self.door.sudo_password.reveal().encode() + b"\n" + stdin
            return f"sudo -S -p '' -- {quoted}", f"sudo {shown}", stdin
        return f"sudo -n -- {quoted}", f"sudo {shown}", stdin


def _dies(transport: El6Transport) -> bool:
    """Whether the transport is gone, too: its thread needs a moment to notice."""
    end = time.monotonic() + 0.5
    while transport.is_active() and time.monotonic() < end:
        time.sleep(0.01)
    return not transport.is_active()
