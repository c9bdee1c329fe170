"""Where kernels come from: on Linux one process that has everything loaded and forks them.

The imports of a phase take a second. The nursery pays them once, and begins before the request of the
operator has been read; a kernel is then there in a tenth of a second. Elsewhere each kernel is a process
of its own. `Nursery` is the runner's end, `python -m rdokit.nursery` the process; they speak through a
socket. This file imports next to nothing, so that the start waits for nothing.
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

    A message asks for a kernel: `{"file": …, "env": {…}}`, with the descriptors of its log and of what it keeps
    open. The answer is its process id.
    """

    def __init__(self) -> None:
        self._process = None
        if sys.platform == "linux":  # elsewhere a fork after loading numpy is not safe
            self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
            with theirs:
                self._process = subprocess.Popen([sys.executable, "-m", "rdokit.nursery"], stdin=theirs,
                                                 stdout=subprocess.DEVNULL, stderr=self._said, start_new_session=True)

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def start(self, file: str, env: Mapping[str, str], log: Path, keeps: Sequence[int]) -> Child | subprocess.Popen:
        """A kernel for a connection file; returns before it is ready. See `kernels.Kernel`."""
        with open(log, "ab") as said:
            if self._process:
                message = json.dumps({"file": file, "env": dict(env)}).encode()
                with contextlib.suppress(BrokenPipeError):  # the missing answer tells
                    socket.send_fds(self._socket, [message], [said.fileno(), *keeps])
                return Child(self._reply)
            posix = {"pass_fds": tuple(keeps), "start_new_session": True} if os.name == "posix" else {}
            parent = {"JPY_PARENT_PID": str(os.getpid())} if os.name == "posix" else {}
            return subprocess.Popen([sys.executable, "-m", "rdokit.kernelapp", "-f", file], stdout=said, stderr=said,
                                    env={**os.environ, **parent, **env}, stdin=subprocess.DEVNULL, **posix)

    def _reply(self) -> int:
        """The next process id; kernels are asked for theirs in the order in which they were started."""
        with contextlib.suppress(ConnectionResetError):
            if answer := self._socket.recv(64):
                return int(answer)
        self._said.seek(0)
        last = self._said.read().decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise RuntimeError(f"what loads the notebooks' packages ended: {last[0]}")

    def close(self) -> None:
        """Ends the nursery; kernels that still live notice it and end within a second."""
        if self._process:
            self._socket.close()
            self._process.kill()
            self._process.wait()
            self._said.close()


def serve() -> None:
    """The process: forks kernels until the runner is gone; its children notice that we are gone."""
    import gc
    import shutil

    gc.disable()  # a fifth of the time that the imports take
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the runner, which tells each kernel
    signal.signal(signal.SIGCHLD, _reap)
    runner = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    from .kernelapp import become_kernel, preload

    preload()
    gc.freeze()
    gc.enable()
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
            become_kernel(request, log=received[0])
        for fd in received:
            os.close(fd)
        runner.send(b"%d" % pid)
    for folder in folders:  # a runner that was killed could not
        shutil.rmtree(folder, ignore_errors=True)


def _reap(signum: int, frame: object) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    if sys.path[0] in ("", os.getcwd()):  # as ipykernel's own launcher: files of the current folder shadow no package
        del sys.path[0]
    serve()
