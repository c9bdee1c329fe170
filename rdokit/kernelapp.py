"""The kernel that runs a phase: ipykernel, with what every phase imports already loaded and no output dropped.

`python -m rdokit.kernelapp -f FILE` is one kernel; `nursery` forks others from a process that has loaded
this. Nothing is put into a notebook's names, and a module that fails to load here fails again, visibly,
in its cell.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys

import zmq
from ipykernel.kernelapp import IPKernelApp

PRELOADED = ("pandas", "paramiko", "rdokit.kit", "rdokit.edit", "rdokit.topology", "rdokit.havana", "rdokit.picture",
             "IPython.core.magics", "IPython.core.display")
OPTIONS = ["--HistoryManager.enabled=False"]


class KernelApp(IPKernelApp):
    """ipykernel's own, but messages wait when many small prints come faster than they are read.

    ZeroMQ drops them beyond 1,000 otherwise; with them goes the message that a cell has ended.
    """

    def init_iopub(self, context):
        context.setsockopt(zmq.SNDHWM, 0)
        super().init_iopub(context)


def preload() -> None:
    """Imports what notebooks use."""
    for name in PRELOADED:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def become_kernel(request: dict, log: int) -> None:
    """Turns a process that the nursery forked into a kernel; does not return."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(log, 1), os.dup2(log, 2), os.close(log)
    os.environ.update(request["env"])
    parent = os.getppid()
    KernelApp.launch_instance(["-f", request["file"], f"--IPKernelApp.parent_handle={parent}", *OPTIONS])
    os._exit(0)


if __name__ == "__main__":
    if sys.path[0] in ("", os.getcwd()):  # as ipykernel's own launcher: files of the current folder shadow no package
        del sys.path[0]
    preload()
    KernelApp.launch_instance([*sys.argv[1:], *OPTIONS])
