"""One run at a time per site: the second is refused, naming the first."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import socket
import time
from pathlib import Path

from .errors import RdokitError
from .journal import now, runs_dir

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


DYING = 0.5  # seconds that a killed process may still look alive


class SiteLock:
    """One run at a time per site, held by the operating system, so that a dead process holds nothing.

    A kernel that outlives its runner by a moment inherits `fd` and keeps the site until it is gone.

    Args:
        site: name of the site.
        run: identifier of the run that wants it.
        runs: the folder of the runs.
        patience: seconds to wait for the kernels of a runner that died.
    """

    def __init__(self, site: str, run: str, runs: Path | None = None, *, patience: float = 10.0):
        self.path = (runs or runs_dir()) / ".locks" / f"{site}.lock"
        self.site, self.run, self.patience = site, run, patience
        self.fd = -1

    def __enter__(self) -> SiteLock:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        start = time.monotonic()
        while not self._try():
            holder = self._holder()
            # A runner that was killed a moment ago may still be dying.
            if time.monotonic() - start > (DYING if _alive(holder) else self.patience):
                raise self._busy(holder)
            time.sleep(0.1)
        self.name(self.run)
        return self

    def name(self, run: str) -> None:
        """Tells who asks for the site which run holds it."""
        self.run = run
        self._write({"pid": os.getpid(), "host": socket.gethostname(), "run": run, "since": now()})

    def __exit__(self, *exc: object) -> None:
        if self.fd >= 0:
            self._write(None)
            os.close(self.fd)
            self.fd = -1

    def _try(self) -> bool:
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if fcntl:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            else:
                import msvcrt

                os.lseek(fd, 1 << 30, os.SEEK_SET)  # a byte far behind the text, which stays readable
                msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            os.close(fd)
            return False
        self.fd = fd
        return True

    def _write(self, holder: dict | None) -> None:
        os.ftruncate(self.fd, 0)
        os.lseek(self.fd, 0, os.SEEK_SET)
        if holder:
            os.write(self.fd, json.dumps(holder).encode())

    def _holder(self) -> dict:
        with contextlib.suppress(OSError, ValueError):
            return json.loads(self.path.read_text())
        return {}

    def _busy(self, holder: dict) -> RdokitError:
        who = f"pid {holder.get('pid', '?')} on {holder.get('host', '?')}, since {holder.get('since', '?')}"
        return RdokitError(f"site {self.site}: the run {holder.get('run', '?')} is at work on it ({who}).",
                           next_step="Wait for it to end, or stop it with Ctrl-C where it runs; "
                                     f"then: rdokit run --site {self.site} --resume")


def _alive(holder: dict) -> bool:
    """Whether the holder's process exists and is no zombie; one on another host counts as alive."""
    if holder.get("host") not in (None, socket.gethostname()) or platform.system() == "Windows":
        return True
    try:
        pid = int(holder.get("pid") or 0)
        os.kill(pid or 2**22 + 1, 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError):
        return True
    with contextlib.suppress(OSError, IndexError):  # Linux: killed, and its parent has not noticed yet
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True
