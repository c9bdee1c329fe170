"""What a person sees while `rdokit run` works: phase, step, node and time; plain lines where there is no terminal.

The kernels write the journal; this reads what was added to it. On a terminal rich draws one line per
phase, a line for the present step and a bar for the whole; elsewhere each event of interest is a line.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from .journal import parse_events
from .shell import plain

WORDS = {"changed": "green", "already so": "cyan", "planned": "magenta", "failed": "bold red",
         "interrupted": "yellow", "not run": "dim", "done": "green"}


@dataclass
class Row:
    """What is known about one phase of this attempt."""

    name: str
    title: str = ""
    status: str = "not run"
    changed: int = 0
    already: int = 0
    failed: int = 0
    seconds: float = 0.0
    started: float = 0.0
    step: str = ""
    done: float = 0.0  # share of its cells, 0 … 1
    events: list[dict] = field(default_factory=list)

    def take(self, event: dict) -> None:
        """Counts one event of the journal."""
        self.events.append(event)
        kind = event["event"]
        self.changed += kind == "outcome" and bool(event.get("changed"))
        self.already += kind == "already"
        self.failed += kind == "failed"

    @property
    def word(self) -> str:
        """How it ended, for the summary: what changed counts, not that it ran."""
        return ("changed" if self.changed else "already so") if self.status == "done" else self.status


class Tail:
    """Reads what was added to a journal since the last look."""

    def __init__(self, path: Path):
        self.path, self.offset = path, path.stat().st_size if path.exists() else 0

    def new(self) -> list[dict]:
        """Events of the whole lines that are new."""
        try:
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                raw = file.read()
        except FileNotFoundError:
            return []
        whole = raw[: raw.rfind(b"\n") + 1]
        self.offset += len(whole)
        return list(parse_events(whole))


def describe(event: dict) -> str:
    """One line about an event, "" for those not worth one.

    >>> describe({"event": "outcome", "node": "node1", "step": "sysctl", "changed": True, "seconds": 0.31})
    'node1: sysctl: changed (0.3 s)'
    """
    kind, node = event["event"], event.get("node", "")
    what = " ".join(plain(str(event.get("step") or event.get("path") or event.get("command") or "")).split())
    where = ": ".join(part for part in (node, what[:100]) if part)
    if kind == "outcome":
        word = "changed" if event.get("changed") else "unchanged"
        if event.get("exit"):
            word = f"exit {event['exit']}"
        return f"{where}: {word} ({event.get('seconds', 0):.1f} s)"
    texts = {"already": "already so", "intent": "…", "failed": "FAILED", "interrupted": "interrupted"}
    return f"{where}: {texts[kind]}" if kind in texts and where else ""


class Progress:
    """Follows a run.

    Args:
        rows: one per phase, in order.
        journal: the run's events.jsonl.
        console: a rich Console; its `is_terminal` chooses the form.
    """

    def __init__(self, rows: list[Row], journal: Path, console):
        self.rows, self.console = rows, console
        self.current: Row | None = None
        self.tail = Tail(journal)
        self.started = time.monotonic()
        self._live = None
        self._quit = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Progress:
        if self.console.is_terminal:
            from rich.live import Live

            self._live = Live(get_renderable=self._draw, console=self.console, refresh_per_second=5, transient=True)
            self._live.start()
        else:
            self._thread = threading.Thread(target=self._print_lines, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._quit.set()
        if self._live:
            self._live.stop()
        if self._thread:
            self._thread.join()
        self.poll()

    def begin(self, row: Row) -> None:
        self.poll()
        row.started, row.status = time.monotonic(), "running"
        self.current = row
        if not self._live:
            self.console.print(f"[{self.rows.index(row) + 1:2}/{len(self.rows)}] {row.name}: {row.title}",
                               markup=False, highlight=False, soft_wrap=True)

    def cell(self, step: str, share: float) -> None:
        if self.current:
            self.current.step, self.current.done = step, share

    def end(self, row: Row, status: str) -> None:
        self.poll()
        row.status, row.seconds, row.done = status, time.monotonic() - row.started, 1.0
        self.current = None
        line = f"{row.name:<16} {row.word:<12} {counts(row):<34} {row.seconds:6.1f} s"
        if self._live:
            self._live.console.print(line, style=WORDS.get(row.word), markup=False, highlight=False, soft_wrap=True)
        else:
            self.console.print("        " + line, markup=False, highlight=False, soft_wrap=True)

    def poll(self) -> list[dict]:
        """Takes over what the kernels wrote."""
        with self._lock:
            events = self.tail.new()
            for event in events:
                row = next((r for r in self.rows if r.name == event.get("phase")), None)
                if row:
                    row.take(event)
        return events

    def _print_lines(self) -> None:
        last_words = time.monotonic()
        while not self._quit.wait(0.3):
            for line in filter(None, map(describe, self.poll())):
                if not line.endswith("…"):
                    self.console.print("        " + line, markup=False, highlight=False, soft_wrap=True)
                    last_words = time.monotonic()
            row = self.current
            if row and time.monotonic() - last_words > 30:
                last_words = time.monotonic()
                line = f"        {row.name}: {row.step}: at work for {time.monotonic() - row.started:.0f} s"
                self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _draw(self):
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        self.poll()
        row = self.current
        finished = sum(r.status not in ("not run", "running") for r in self.rows) + (row.done if row else 0)
        line = Table.grid(padding=(0, 1))
        line.add_row(ProgressBar(total=len(self.rows), completed=finished, width=30),
                     f"{int(finished)}/{len(self.rows)} phases", _clock(time.monotonic() - self.started))
        if not row:
            return line
        last = next((text for text in map(describe, reversed(row.events)) if text), "")
        head = Text.assemble((f"{row.name} ", "bold"), row.step or row.title,
                             (f"  {_clock(time.monotonic() - row.started)}", "dim"), no_wrap=True, overflow="ellipsis")
        return Group(head, Text("  " + last, style="dim", no_wrap=True, overflow="ellipsis"), line)


def counts(row: Row) -> str:
    """What happened, in figures."""
    parts = [f"{row.changed} changed", f"{row.already} already so"] + [f"{row.failed} failed"] * bool(row.failed)
    return " · ".join(parts)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
