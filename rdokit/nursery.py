"""Where kernels come from: on Linux one process that has everything loaded and forks them.

The imports of a phase take a second. The nursery pays them once, and begins before the request of the
operator has been read; a kernel is then there in a tenth of a second. Elsewhere each kernel is a process
of its own. This file imports next to nothing, so that the nursery's start waits for nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

MODULE = [sys.executable, "-m", "rdokit.kernelapp"]


class Child:
    """A kernel that the nursery forked: like a Popen, as far as it is used here."""

    def __init__(self, learn: Callable[[], int]):
        self._learn, self._pid = learn, 0

    @property
    def pid(self) -> int:
        self._pid = self._pid or self._learn()
        return self._pid

    def poll(self) -> int | None:
        """None while it lives."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return -1
        return None

    def wait(self, timeout: float | None = None) -> int:
        end = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired("kernel", timeout or 0)
            time.sleep(0.01)
        return -1

    def send_signal(self, signum: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signum)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Nursery:
    """Makes kernels; a context manager that ends its process.

    The two speak through a socket: a message a kernel, `{"file": …, "env": {…}}` with the descriptors of
    its log and of what it keeps open, answered by its process id (`kernelapp` has the other end).
    """

    def __init__(self) -> None:
        self._process, self._asked = None, False
        if sys.platform == "linux":  # elsewhere a fork after loading numpy is not safe
            self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
            with theirs:
                self._process = subprocess.Popen([*MODULE, "--nursery"], stdin=theirs, stdout=subprocess.DEVNULL,
                                                 stderr=self._said, start_new_session=True)

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def start(self, file: str, env: Mapping[str, str], log: Path, keeps: Sequence[int]) -> Child | subprocess.Popen:
        """A kernel for a connection file; returns before it is ready. See `kernels.Kernel`."""
        self._asked = True
        with open(log, "ab") as said:
            if self._process:
                message = json.dumps({"file": file, "env": dict(env)}).encode()
                with contextlib.suppress(BrokenPipeError):  # the missing answer tells
                    socket.send_fds(self._socket, [message], [said.fileno(), *keeps])
                return Child(self._reply)
            posix = {"pass_fds": tuple(keeps), "start_new_session": True} if os.name == "posix" else {}
            parent = {"JPY_PARENT_PID": str(os.getpid())} if os.name == "posix" else {}
            return subprocess.Popen([*MODULE, "-f", file], env={**os.environ, **parent, **env}, stdout=said,
                                    stderr=said, stdin=subprocess.DEVNULL, **posix)

    def _reply(self) -> int:
        """The next process id; kernels are asked for theirs in the order in which they were started."""
        with contextlib.suppress(ConnectionResetError):
            if answer := self._socket.recv(64):
                return int(answer)
        self._said.seek(0)
        last = self._said.read().decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise RuntimeError(f"what loads the notebooks' packages ended: {last[0]}")

    def close(self) -> None:
        """Ends the nursery; kernels that still live end by themselves within a second."""
        if self._process:
            self._socket.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5 if self._asked else 0)  # it has to clear up after its kernels
            self._process.kill()
            self._process.wait()
            self._said.close()
