"""The kernel that runs a phase: ipykernel, with what every phase imports already loaded and no output dropped.

`python -m rdokit.kernelapp -f FILE` is one kernel. `--nursery` loads everything once and then forks a
kernel for each message on the socket that is its standard input (`nursery` has the other end). Nothing
is put into a notebook's names, and a module that fails to load here fails again, visibly, in its cell.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import shutil
import signal
import socket
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


def nursery() -> None:
    """Forks kernels until the runner closes the socket or is gone; its children notice that we are gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the runner, which tells each kernel
    signal.signal(signal.SIGCHLD, _reap)
    runner = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    preload()
    gc.freeze()
    folders = []
    while True:
        message, received, _, _ = socket.recv_fds(runner, 1 << 20, 8)
        if not message:
            break
        request = json.loads(message)
        folders.append(os.path.dirname(request["file"]))
        pid = os.fork()
        if pid == 0:
            runner.close()
            _become_kernel(request, log=received[0])
        for fd in received:
            os.close(fd)
        runner.send(b"%d" % pid)
    for folder in folders:  # a runner that was killed could not
        shutil.rmtree(folder, ignore_errors=True)


def _reap(signum: int, frame: object) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _become_kernel(request: dict, log: int) -> None:
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(log, 1), os.dup2(log, 2), os.close(log)
    os.environ.update(request["env"])
    parent = os.getppid()
    KernelApp.launch_instance(["-f", request["file"], f"--IPKernelApp.parent_handle={parent}", *OPTIONS])
    os._exit(0)


if __name__ == "__main__":
    if sys.path[0] == "":  # as ipykernel's own launcher: files of the current folder shadow no package
        del sys.path[0]
    if "--nursery" in sys.argv:
        nursery()
    else:
        preload()
        KernelApp.launch_instance([*sys.argv[1:], *OPTIONS])
