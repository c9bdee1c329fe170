"""`rdokit run`: the phases in order through papermill, with a truthful record; the only papermill import is `engine`.

Kernels load while the request is read and papermill is imported, and each further one starts while the
phase before it works. Ctrl-C and SIGTERM interrupt the running cell, give it time to write down where it
stands, and end the run as interrupted; nothing of this relies on papermill's own status.
"""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import history
from .errors import RdokitError
from .failure import Failure, lines_of, summary
from .journal import Journal, new_run, runs_dir
from .lock import SiteLock
from .masking import refuse_secrets, secrets_of
from .nursery import Nursery
from .phases import Phase, parameters_for, phases, select
from .progress import Progress, Row
from .secret import Masker

BAD_PARAMETERS = ("ParameterError", "SecretError")


@dataclass
class Request:
    """What was asked for on the command line.

    Attributes:
        names: phases, none for all of the document's.
        site: name or file of the site.
        start: first phase to take.
        plan: read and show only.
        resume: go on with the last unfinished run of the site.
        given: `-p NAME VALUE` pairs.
        notebooks: folder of the notebooks.
    """

    names: Sequence[str] = ()
    site: str = "lab"
    start: str = ""
    plan: bool = False
    resume: bool = False
    given: Sequence[tuple[str, str]] = ()
    notebooks: Path | None = None
    argv: Sequence[str] = field(default_factory=lambda: sys.argv)


class Stop:
    """Remembers that somebody asked to stop, and interrupts the cell that is running."""

    def __init__(self) -> None:
        self.signum = 0
        self.kernel = None

    def __call__(self, signum: int, frame: object) -> None:
        again, self.signum = bool(self.signum), self.signum or signum
        if not again:  # a handler may not wait for rich's lock
            os.write(2, b"\nrdokit: stopping; the running step writes down where it stands (again: at once)\n")
        if self.kernel:
            self.kernel.kill() if again else self.kernel.interrupt()

    @contextlib.contextmanager
    def listening(self) -> Iterator[Stop]:
        """Takes Ctrl-C, SIGTERM and the closing of the terminal while it lasts."""
        names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
        before = {name: signal.signal(getattr(signal, name), self) for name in names}
        try:
            yield self
        finally:
            for name, handler in before.items():
                signal.signal(getattr(signal, name), handler)


def run(request: Request, nursery: Nursery, console=None) -> int:
    """Runs phases on a site.

    Args:
        nursery: where kernels come from; the caller starts it before anything else, and closes it.

    Returns:
        0 done, 1 a step failed, 2 a phase refused its parameters, 130 Ctrl-C, 143 SIGTERM.

    Raises:
        ParameterError: the request or the site file is wrong; no node was touched.
        RdokitError: another run is at work on the site.
    """
    from rich.console import Console

    from .siteload import find, load

    console = console or Console(highlight=False)
    site_file = find(request.site)
    site = load(request.site)
    chosen = select(phases(request.notebooks), request.names, request.start)
    mask = secrets_of(site, site_file)
    refuse_secrets(request.given, mask)
    name = str(site_file) if Path(request.site).suffix in (".yml", ".yaml") else request.site
    with Stop().listening() as stop, SiteLock(site.site, "(being started)") as lock:
        folder = history.unfinished(site.site) if request.resume else None
        if request.resume and folder is None and _nothing_left(site.site, console):
            return 0
        if folder:
            chosen, request = _as_before(folder, chosen, request)
        values = parameters_for(chosen, request.given, {"site": name, "plan_only": request.plan})
        runner = Runner(request, chosen, values, mask, stop, lock, nursery, console)
        return runner.run(site.site, site_file, folder)


def _nothing_left(site: str, console) -> bool:
    """Says so when the last run of the site is finished; without any run there is one to start."""
    last = next((f for f in history.all_runs() if history.read_manifest(f).get("site") == site
                 and history.read_manifest(f).get("phases") and not history.read_manifest(f).get("plan")), None)
    if last:
        console.print(f"Nothing to resume: the last run of {site}, {last.name}, is done.", markup=False)
    return last is not None


def _as_before(folder: Path, chosen: list[Phase], request: Request) -> tuple[list[Phase], Request]:
    """The phases and parameters of the unfinished run, unless others were named now."""
    manifest = history.read_manifest(folder)
    if not request.names and not request.start:
        chosen = select(phases(request.notebooks), manifest["phases"])
    if not request.given:
        request.given = [tuple(pair) for pair in manifest.get("parameters", [])]
    return chosen, request


class Runner:
    """One attempt at a run: the phases one after the other until the end or the first failure."""

    def __init__(self, request: Request, chosen: list[Phase], values: dict, mask: Masker, stop: Stop,
                 lock: SiteLock, nursery: Nursery, console):
        self.request, self.chosen, self.values, self.mask = request, chosen, values, mask
        self.stop, self.lock, self.nursery, self.console = stop, lock, nursery, console
        self.rows = [Row(phase.name, phase.title) for phase in chosen]
        self.folder = runs_dir()
        self.failure: Failure | None = None
        self._old: list = []

    def run(self, site: str, site_file: Path, folder: Path | None) -> int:
        """Works through the phases; returns the exit code."""
        self.folder = self._open(site, site_file, folder)
        self.journal = Journal(self.folder, mask=self.mask)
        self.lock.name(self.folder.name)
        self.console.print(f"Run {self.folder.name}" + (", going on" if folder else ""), markup=False)
        self.journal.event("run-start", site=site, phases=[p.name for p in self.chosen], plan=self.request.plan,
                           operator=history.operator(), resumed=bool(folder))
        started = time.monotonic()
        status = "failed"
        try:
            try:
                status = self._all()
            finally:
                code = self._code(status)
                self.journal.event("run-end", status=status, exit=code, seconds=round(time.monotonic() - started, 2))
                history.update_manifest(self.folder, status=status, exit=code)
            self._close(status, time.monotonic() - started)
        finally:
            self._end_kernels()
        return code

    def _open(self, site: str, site_file: Path, folder: Path | None) -> Path:
        fields = {"operator": history.operator(), "argv": [self.mask(word) for word in self.request.argv],
                  "site_file": str(site_file), "site_hash": history.site_hash(site_file),
                  "versions": history.versions(), "phases": [p.name for p in self.chosen],
                  "titles": {p.name: p.title for p in self.chosen},
                  "parameters": [list(pair) for pair in self.request.given], "plan": self.request.plan}
        if folder is None:
            return new_run(site, manifest=fields)
        earlier = history.read_manifest(folder)
        attempts = [*earlier.get("attempts", []), {k: earlier.get(k) for k in ("status", "exit", "argv", "updated")}]
        aside = folder / f"attempt-{len(attempts)}"
        for notebook in folder.glob("[0-9][0-9]_*.*"):
            aside.mkdir(exist_ok=True)
            shutil.move(notebook, aside / notebook.name)
        history.update_manifest(folder, **fields, status="running", exit=None, attempts=attempts)
        return folder

    def _all(self) -> str:
        kernel = self._start(0)
        from . import execute  # noqa: F401 - papermill, while the kernel loads its part

        gc.freeze(), gc.enable()  # what is loaded stays to the end, which then comes sooner, too
        with Progress(self.rows, self.journal.path, self.console) as progress:
            for number, phase in enumerate(self.chosen):
                following = self._start(number + 1)
                try:
                    status = self._phase(phase, self.rows[number], kernel, progress)
                finally:
                    if kernel:
                        kernel.close()
                if status != "done":
                    return status
                kernel = following
        return "done"

    def _start(self, number: int):
        """A kernel for a phase; it gets ready while the phase before works."""
        from .kernels import Kernel

        if number >= len(self.chosen) or self.stop.signum:
            return None
        env = {"RDOKIT_RUN": str(self.folder), "RDOKIT_PHASE": self.chosen[number].name}
        kernel = Kernel(self.nursery, env, self.folder / "kernels.log", [self.lock.fd])
        self._old.append(kernel)
        return kernel

    def _end_kernels(self) -> None:
        for kernel in self._old:
            kernel.close()
        for kernel in self._old:
            kernel.wait()
        with contextlib.suppress(OSError):
            if (self.folder / "kernels.log").stat().st_size == 0:
                (self.folder / "kernels.log").unlink()

    def _phase(self, phase: Phase, row: Row, kernel, progress: Progress) -> str:
        if kernel is None or self.stop.signum:
            return "interrupted"
        self.journal.phase = phase.name
        progress.begin(row)
        self.journal.event("phase-start", kernel=kernel.pid)
        self.stop.kernel = kernel
        self.failure = self._execute(phase, kernel, progress)
        self.stop.kernel = None
        progress.poll()
        status = "interrupted" if self.stop.signum else "failed" if self.failure else "done"
        if status == "interrupted":
            self.journal.event("interrupted", signal=signal.Signals(self.stop.signum).name)
        elif self.failure and not row.failed:
            self.journal.event("failed", cell=self.failure.cell, step=self.failure.step, error=self.failure.error)
        progress.end(row, "planned" if self.request.plan and status == "done" else status)
        self.journal.event("phase-end", status=row.word, seconds=round(row.seconds, 2), changed=row.changed,
                           already=row.already)
        self.journal.phase = ""
        return status

    def _execute(self, phase: Phase, kernel, progress: Progress) -> Failure | None:
        from .execute import execute

        total = max(len(phase.steps), 1)

        def tell(index: int, cell) -> None:
            progress.cell(phase.steps.get(cell.get("id"), "parameters"), index / total)

        failure = execute(phase.path, self.folder / phase.path.name, self.values[phase.name],
                          kernel=kernel, stop=self.stop, mask=self.mask, progress=tell)
        if failure:
            failure.phase, failure.step = phase.name, phase.steps.get(failure.cell, "")
        return failure

    def _code(self, status: str) -> int:
        if status == "interrupted":
            return 128 + (self.stop.signum or signal.SIGINT)
        if status == "failed":
            return 2 if self.failure and self.failure.ename in BAD_PARAMETERS else 1
        return 0

    def _close(self, status: str, seconds: float) -> None:
        """The last words: summary, failure in three lines, where the record is."""
        history.set_latest(self.folder)
        self.console.print(summary(self.rows, seconds))
        if self.request.plan:
            self._tell_plan()
        if self.failure and self.failure.phase:
            for line in lines_of(self.failure, self.rows, self.folder, interrupted=status == "interrupted"):
                self.console.print(line, markup=False, highlight=False, soft_wrap=True)
        if status != "done" and not self.request.plan:
            self.console.print(f"Go on with: rdokit run --site {self.request.site} --resume", markup=False,
                               soft_wrap=True)
        try:
            from .report import build

            path = build(self.folder)
            self.console.print(f"Report: {os.path.relpath(path)}", markup=False, soft_wrap=True)
        except (OSError, RdokitError) as error:
            self.console.print(f"The report could not be written: {error}", markup=False)

    def _tell_plan(self) -> None:
        from .wanted import would

        lines = list(dict.fromkeys((row.name, line) for row in self.rows if row.status != "not run"
                                   for line in would(self.folder / f"{row.name}.ipynb")))
        self.console.print("What would be done:" if lines else "Nothing would be done.", markup=False)
        for name, line in lines:
            self.console.print(f"  {name:<16} {line}", markup=False, highlight=False, soft_wrap=True)
