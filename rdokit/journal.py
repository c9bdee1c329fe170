"""The record of a run: append-only events, and files written whole or not at all.

Every change is written down twice, before it is sent (`intent`) and after (`outcome`), and forced to
disk each time, so that a kill at any moment leaves a record from which a person can tell what happened.
Only the standard library and `errors` are imported: the runner, a kernel and the report share it.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from .errors import RdokitError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

EVENTS = frozenset({
    "run-start", "phase-start", "already", "intent", "outcome", "verified", "failed", "phase-end", "run-end",
    "interrupted", "note",
})


def now() -> str:
    """UTC time to the millisecond, ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def runs_dir() -> Path:
    """Where runs are kept: $RDOKIT_RUNS, else `runs/` beside the nearest `notebooks/`, else `./runs`."""
    if given := os.environ.get("RDOKIT_RUNS"):
        return Path(given).absolute()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "notebooks").is_dir() and (folder / "params").is_dir():
            return folder / "runs"
    return here / "runs"


def write_atomic(path: Path | str, data: str | bytes) -> None:
    """Writes a file so that a crash leaves the old one or the new one, never half of it."""
    path = Path(path)
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    fd, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def new_run(site: str, runs: Path | None = None, *, manifest: dict | None = None, suffix: str = "") -> Path:
    """Makes the folder `runs/<stamp>-<site>`, its manifest already in it when it appears.

    Args:
        site: name of the site.
        runs: where; `runs_dir()` unless given.
        manifest: what `manifest.json` holds at the start.
        suffix: told apart from headless runs, e.g. "-by-hand".
    """
    runs = runs or runs_dir()
    runs.mkdir(parents=True, exist_ok=True)
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S")
    building = Path(tempfile.mkdtemp(dir=runs, prefix=".new-"))
    os.chmod(building, 0o777 & ~_umask())
    for number in range(1, 1000):
        folder = runs / (f"{stamp}-{site}{suffix}" + (f"-{number}" if number > 1 else ""))
        document = {"run": folder.name, "site": site, "started": now(), "status": "running", **(manifest or {})}
        write_atomic(building / "manifest.json", json.dumps(document, indent=1, ensure_ascii=False))
        if not folder.exists():
            with contextlib.suppress(OSError):  # another run took the name in between
                os.rename(building, folder)
                return folder
    raise RdokitError(f"{runs}: no free name for a run of {site}.")


class Journal:
    """`events.jsonl` of one run: one JSON object per line, in the order in which things happened.

    Args:
        folder: the run's folder, or a function that makes it when it is first needed.
        phase: name put into every event ("02_prepare").
        mask: called on every text before it is written, so that no secret reaches the disk.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal = Journal(folder, phase="02_prepare")
    ...     _ = journal.event("outcome", node="node1", step="sysctl", changed=True)
    ...     [(e["event"], e["node"], e["changed"]) for e in journal.read()]
    [('outcome', 'node1', True)]
    """

    def __init__(self, folder: Path | str | Callable[[], Path], *, phase: str = "",
                 mask: Callable[[str], str] | None = None):
        self._folder = folder if callable(folder) else Path(folder)
        self.phase = phase
        self.mask = mask or (lambda text: text)
        self._lock, self._syncing = threading.Lock(), threading.Lock()
        self._written = self._synced = 0

    @property
    def folder(self) -> Path:
        """The run's folder."""
        if callable(self._folder):
            self._folder = self._folder()
        return self._folder

    @property
    def path(self) -> Path:
        """The file of the events."""
        return self.folder / "events.jsonl"

    @property
    def run(self) -> str:
        """Identifier of the run: the folder's name."""
        return self.folder.name

    @classmethod
    def current(cls, site: str, *, mask: Callable[[str], str] | None = None) -> Journal:
        """The journal of the run that this kernel belongs to.

        The runner tells it by RDOKIT_RUN and RDOKIT_PHASE; a notebook run by hand gets a folder of
        its own, `runs/<stamp>-<site>-by-hand`, which its process keeps, when it first writes something.
        """
        def by_hand() -> Path:
            return _BY_HAND.get(site) or _BY_HAND.setdefault(site, new_run(site, suffix="-by-hand"))

        notebook = Path(os.environ.get("JPY_SESSION_NAME", "")).stem  # JupyterLab tells its kernels
        return cls(os.environ.get("RDOKIT_RUN") or by_hand, phase=os.environ.get("RDOKIT_PHASE", notebook), mask=mask)

    def event(self, event: str, **fields: object) -> dict:
        """Writes one event and forces it to disk (`already` follows with the next); returns what was written.

        Args:
            event: one of `EVENTS`.
            fields: node, step, kind, command, path, exit, seconds, changed, backup, diff, error …;
                those that are None are left out.

        Raises:
            RdokitError: the record cannot be written; nothing should be sent then.
        """
        if event not in EVENTS:
            raise ValueError(f"{event!r} is no event of the journal; there are: {', '.join(sorted(EVENTS))}")
        row = {"t": now(), "run": self.run, "phase": self.phase, "event": event}
        row |= {name: _masked(value, self.mask) for name, value in fields.items() if value is not None}
        row.setdefault("pid", os.getpid())
        self._append(_line(row), lasting=event != "already")
        return row

    def _append(self, line: bytes, lasting: bool) -> None:
        try:
            with open(self.path, "ab", buffering=0) as file:
                with self._lock:
                    if fcntl:  # the runner and a kernel write at the same time
                        fcntl.flock(file, fcntl.LOCK_EX)
                    if file.tell() and _last_byte(self.path) != b"\n":
                        line = b"\n" + line  # a kill cut the line before; it stays, on a line of its own
                    file.write(line)
                    if fcntl:
                        fcntl.flock(file, fcntl.LOCK_UN)
                    self._written += 1
                    mine = self._written
                if lasting:
                    self._force(file, mine)
        except OSError as error:
            raise RdokitError(f"The record {self.path} cannot be written: {error.strerror or error}.",
                              next_step="Free space or mend the folder; without a record nothing is changed.",
                              ) from error

    def _force(self, file, mine: int) -> None:
        """To disk; what threads of other nodes wrote meanwhile goes with it."""
        with self._syncing:
            if self._synced < mine:
                reached = self._written
                os.fsync(file.fileno())
                self._synced = reached

    def read(self) -> list[dict]:
        """All events; a line that a kill cut in the middle is left out."""
        return read_events(self.path)


_BY_HAND: dict[str, Path] = {}
# What JSON lets through raw and a terminal obeys: 8-bit controls, what turns the direction, half characters.
_ODD = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def _line(row: dict) -> bytes:
    """One line of the journal: readable, faithful, and harmless to whoever prints it.

    >>> _line({"error": "\x1b[2J\x9b1m 日本"})
    b'{"error": "\\\\u001b[2J\\\\u009b1m \\xe6\\x97\\xa5\\xe6\\x9c\\xac"}\\n'
    """
    text = json.dumps(row, ensure_ascii=False, default=str)
    return _ODD.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode("utf-8") + b"\n"


def read_events(path: Path | str) -> list[dict]:
    """The events of a file, [] when there is none."""
    try:
        raw = Path(path).read_bytes()
    except FileNotFoundError:
        return []
    return list(parse_events(raw))


def parse_events(raw: bytes) -> Iterator[dict]:
    """The whole lines of a piece of journal.

    >>> list(parse_events(b'{"event": "note"}\\n{"event": "cut in the mid'))
    [{'event': 'note'}]
    """
    for line in raw.splitlines():
        with contextlib.suppress(ValueError):
            row = json.loads(line)
            if isinstance(row, dict) and "event" in row:
                yield row


def _last_byte(path: Path) -> bytes:
    with open(path, "rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)


def _masked(value: object, mask: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {mask(str(name)): _masked(one, mask) for name, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked(one, mask) for one in value]
    return value
