"""The kernel that runs a phase: ipykernel, with what every phase imports already loaded and no output dropped.

It is started while the phase before still works, so the imports (half a second a notebook) cost nothing.
Nothing is put into the notebook's names, and a module that fails here fails again, visibly, in its cell.
"""

import contextlib
import importlib
import sys

import zmq
from ipykernel.kernelapp import IPKernelApp

PRELOADED = ("pandas", "paramiko", "rdokit.kit", "rdokit.edit", "rdokit.topology")


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


if __name__ == "__main__":
    if sys.path[0] == "":  # as ipykernel's own launcher: files of the current folder shadow no package
        del sys.path[0]
    preload()
    KernelApp.launch_instance()
