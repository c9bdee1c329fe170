"""Kernels that are started before they are needed, spoken to over local sockets, and always ended.

A kernel's start and the imports of a phase (a second together) pass while the phase before is at work;
on Linux they are paid once: a nursery process loads everything and forks the kernels. Traffic goes
through Unix sockets in a folder of the operator's own where the system has them, which ends ipykernel's
warning about plain TCP.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import zmq
from jupyter_client.manager import AsyncKernelManager

GRACE = 10.0  # seconds an interrupted cell has to write down where it stands
MODULE = [sys.executable, "-m", "rdokit.kernelapp"]


class Manager(AsyncKernelManager):
    """What nbclient asks about a kernel; its process is ours, started without Jupyter's kernel specs."""

    process: Child | subprocess.Popen | None = None

    @property
    def has_kernel(self) -> bool:
        return self.process is not None

    async def _async_is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    is_alive = _async_is_alive


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
    """Makes kernels: forks of one process that has everything loaded on Linux, fresh processes elsewhere.

    Args:
        pass_fds: descriptors that kernels keep open, so that they hold the site's lock while they live.
        log: file that takes what the processes themselves print, apart from their cells.
    """

    def __init__(self, pass_fds: Sequence[int] = (), log: Path | None = None):
        self._log = log
        self._options = {"pass_fds": tuple(pass_fds), "start_new_session": True} if os.name == "posix" else {}
        self._process = None
        if sys.platform == "linux":  # elsewhere a fork after loading numpy is not safe
            self._process = self._popen([*MODULE, "--nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _popen(self, line: list[str], **options) -> subprocess.Popen:
        with open(self._log or os.devnull, "ab") as said:
            return subprocess.Popen(line, **{"stdin": subprocess.DEVNULL, "stdout": said, "stderr": said,
                                             **self._options, **options})

    def start(self, file: str, env: Mapping[str, str]) -> Child | subprocess.Popen:
        """A kernel for a connection file; returns before it is ready."""
        if self._process is None:
            parent = {"JPY_PARENT_PID": str(os.getpid())} if os.name == "posix" else {}
            return self._popen([*MODULE, "-f", file], env={**os.environ, **parent, **env})
        self._process.stdin.write(json.dumps({"file": file, "env": dict(env)}).encode() + b"\n")
        self._process.stdin.flush()
        return Child(self._reply)

    def _reply(self) -> int:
        """The next process id; kernels are asked for theirs in the order in which they were started."""
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the kernels' nursery ended; see kernels.log")
        return int(line)

    def close(self) -> None:
        """Ends the nursery; kernels that still live end by themselves within a second."""
        if self._process:
            self._process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
            self._process.kill()
            self._process.stdout.close()


class Kernel:
    """One kernel, from its start to its certain end.

    Args:
        nursery: what starts it.
        env: put on top of our own environment (RDOKIT_RUN, RDOKIT_PHASE).
    """

    def __init__(self, nursery: Nursery, env: Mapping[str, str]):
        self.folder = tempfile.mkdtemp(prefix="rdokit-")  # 0700; short, for a socket's path has 108 characters
        self.busy = False
        self.killed = False
        self._closing: threading.Thread | None = None
        options = {"transport": "ipc"} if os.name == "posix" else {}
        self.manager = Manager(connection_file=os.path.join(self.folder, "kernel.json"), **options)
        self.manager.context.setsockopt(zmq.RCVHWM, 0)  # the other half of kernelapp's
        self.manager.write_connection_file()
        self.process = self.manager.process = nursery.start(self.manager.connection_file, env)

    @property
    def pid(self) -> int:
        """Process id."""
        return self.process.pid

    def interrupt(self) -> None:
        """Ctrl-C for the running cell; when it has not ended after `GRACE` seconds the kernel is killed."""
        if not self.busy or self.killed:
            return
        if os.name == "posix":  # on Windows the console sends Ctrl-C to the kernel, too
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGINT)
        timer = threading.Timer(GRACE, lambda: self.kill() if self.busy else None)
        timer.daemon = True
        timer.start()

    def kill(self) -> None:
        """Ends the process at once."""
        self.killed = True
        with contextlib.suppress(OSError, RuntimeError):
            self.process.kill()

    def close(self) -> None:
        """Asks the kernel to end and returns at once; one that does not listen is ended by signals."""
        if self._closing:
            return
        with contextlib.suppress(Exception):
            if not self.killed and self.process.poll() is None:
                self.manager._connect_control_socket()
                self.manager.session.send(self.manager._control_socket, "shutdown_request",
                                          content={"restart": False})
        self._closing = threading.Thread(target=self._finish, daemon=True)
        self._closing.start()

    def _finish(self) -> None:
        # ipykernel 7.4 misses the request now and then; then a signal ends it, as Jupyter itself does.
        with contextlib.suppress(RuntimeError):
            for patience, end in ((0.8, self.process.terminate), (2.0, self.kill), (5.0, self.kill)):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(patience)
                    break
                end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait(self) -> None:
        """Returns when the process is gone."""
        self.close()
        if self._closing:
            self._closing.join()
        with contextlib.suppress(Exception):
            self.manager._close_control_socket()
            self.manager.context.destroy(linger=0)
