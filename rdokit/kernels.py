"""Kernels that are started before they are needed, spoken to over local sockets, and always ended.

A kernel's start passes while the phase before is at work; `nursery` makes its process. Traffic goes
through Unix sockets in a folder of the operator's own where the system has them, which ends ipykernel's
warning about plain TCP.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import zmq
from jupyter_client.manager import AsyncKernelManager

from .nursery import Child, Nursery

GRACE = 10.0  # seconds an interrupted cell has to write down where it stands


class Manager(AsyncKernelManager):
    """What nbclient asks about a kernel; its process is ours, started without Jupyter's kernel specs."""

    process: Child | subprocess.Popen | None = None

    @property
    def has_kernel(self) -> bool:
        return self.process is not None

    async def _async_is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    is_alive = _async_is_alive


class Kernel:
    """One kernel, from its start to its certain end.

    Args:
        nursery: what starts it.
        env: put on top of our own environment (RDOKIT_RUN, RDOKIT_PHASE).
        log: file that takes what the process itself prints, apart from its cells.
        keeps: descriptors that it keeps open, so that it holds the site's lock while it lives.
    """

    def __init__(self, nursery: Nursery, env: Mapping[str, str], log: Path, keeps: Sequence[int] = ()):
        self.folder = tempfile.mkdtemp(prefix="rdokit-")  # 0700; short, for a socket's path has 108 characters
        self.busy = False
        self.killed = False
        self._closing: threading.Thread | None = None
        options = {"transport": "ipc"} if os.name == "posix" else {}
        self.manager = Manager(connection_file=os.path.join(self.folder, "kernel.json"), **options)
        self.manager.context.setsockopt(zmq.RCVHWM, 0)  # the other half of kernelapp's
        self.manager.write_connection_file()
        self.process = self.manager.process = nursery.start(self.manager.connection_file, env, log, keeps)

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
