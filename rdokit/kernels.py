"""Kernels that are started before they are needed, spoken to over local sockets, and always ended.

A kernel's start (half a second) and the imports of a phase (as much again) pass while the phase before
is at work. Traffic goes through Unix sockets in a folder of the operator's own where the system has
them, which ends ipykernel's warning about plain TCP.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import zmq
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

GRACE = 10.0  # seconds an interrupted cell has to write down where it stands


class OwnPython(AsyncKernelManager):
    """Starts ipykernel with the very Python that runs us, whatever kernels the user has registered."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(argv=[sys.executable, "-m", "rdokit.kernelapp", "-f", "{connection_file}"],
                          display_name="Python 3", language="python", interrupt_mode="signal")


class Kernel:
    """One kernel process, from its start to its certain end.

    Args:
        env: put on top of our own environment (RDOKIT_RUN, RDOKIT_PHASE).
        pass_fds: descriptors it keeps open, so that it holds the site's lock for as long as it lives.
        log: file that takes what the process itself prints, apart from its cells.
    """

    def __init__(self, env: Mapping[str, str], pass_fds: Sequence[int] = (), log: Path | None = None):
        self.folder = tempfile.mkdtemp(prefix="rdokit-")  # 0700; short, for a socket's path has 108 characters
        self.busy = False
        self.killed = False
        self._closing: threading.Thread | None = None
        options = {"connection_file": os.path.join(self.folder, "kernel.json"), "kernel_name": "python3"}
        if os.name == "posix":
            options["transport"] = "ipc"
        self.manager = OwnPython(**options)
        self.manager.context.setsockopt(zmq.RCVHWM, 0)  # the other half of kernelapp's
        popen = {"pass_fds": tuple(pass_fds)} if os.name == "posix" else {}
        with open(log or os.devnull, "ab") as said:
            run_sync(self.manager.start_kernel)(
                env={**os.environ, **env}, **popen, stdout=said, stderr=said,
                extra_arguments=["--HistoryManager.enabled=False"])

    @property
    def pid(self) -> int:
        """Process id; 0 when it never started."""
        return getattr(self.manager.provisioner, "pid", None) or 0

    def interrupt(self) -> None:
        """Ctrl-C for the running cell; when it has not ended after `GRACE` seconds the kernel is killed."""
        if not self.busy or self.killed:
            return
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGINT)
        else:
            threading.Thread(target=run_sync(self.manager.interrupt_kernel), daemon=True).start()
        timer = threading.Timer(GRACE, lambda: self.kill() if self.busy else None)
        timer.daemon = True
        timer.start()

    def kill(self) -> None:
        """Ends the process at once."""
        self.killed = True
        process = getattr(self.manager.provisioner, "process", None)
        if process and process.poll() is None:
            with contextlib.suppress(OSError):
                process.kill()

    def close(self) -> None:
        """Asks the kernel to end and returns at once; one that does not listen is ended by signals."""
        if self._closing:
            return
        process = getattr(self.manager.provisioner, "process", None)
        if process and process.poll() is None and not self.killed:
            with contextlib.suppress(Exception):
                self.manager.session.send(self.manager._control_socket, "shutdown_request",
                                          content={"restart": False})
        self._closing = threading.Thread(target=self._finish, args=(process,), daemon=True)
        self._closing.start()

    def _finish(self, process) -> None:
        # ipykernel 7.4 misses the request now and then; then a signal ends it, as Jupyter itself does.
        for patience, end in ((0.8, lambda: process.terminate()), (2.0, self.kill)):
            with contextlib.suppress(subprocess.TimeoutExpired, AttributeError):
                process.wait(patience)
                break
            end()
        if process:
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait(self) -> None:
        """Returns when the process is gone."""
        self.close()
        if self._closing:
            self._closing.join()
        with contextlib.suppress(Exception):
            self.manager._close_control_socket()
            self.manager.context.destroy(linger=0)
