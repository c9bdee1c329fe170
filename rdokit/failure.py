"""How a failed run is told: the cell, the command and its output in three lines, and what to do; the summary table."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .progress import WORDS, Row
from .shell import plain


@dataclass
class Failure:
    """Where and why a notebook stopped.

    Attributes:
        cell: id of the cell.
        ename, evalue: the error's class and its text.
        source: the cell's code.
        count: its number, `In [n]`.
        step: the heading above it.
    """

    cell: str
    ename: str
    evalue: str
    source: str = ""
    count: int | None = None
    step: str = ""
    phase: str = ""
    traceback: list[str] = field(default_factory=list)

    @property
    def error(self) -> str:
        """Class and text."""
        return f"{self.ename}: {self.evalue}"


def lines_of(failure: Failure, rows: Sequence[Row], folder: Path, *, interrupted: bool = False) -> list[str]:
    """Three lines: cell, command, output; and one with the next step when the error names one.

    Of an interrupted run the first two: where it was, and what was under way.
    """
    row = next((row for row in rows if row.name == failure.phase), None)
    number = f" (In [{failure.count}])" if failure.count else ""
    notebook = os.path.relpath(folder / f"{failure.phase}.ipynb")
    if interrupted:
        return [f"STOPPED {failure.phase}, cell {failure.cell}{number}: {failure.step}  [{notebook}]",
                f"        {_command(row, failure)}"]
    what, output, advice = _parts(failure)
    lines = [f"FAILED  {failure.phase}, cell {failure.cell}{number}: {failure.step}  [{notebook}]",
             f"        {_command(row, failure)}",
             f"        {output or what}"]
    return lines + [f"        → {advice}"] * bool(advice)


def _parts(failure: Failure) -> tuple[str, str, str]:
    """First line, the telling line of the output, and advice of an error's text.

    >>> _parts(Failure("c", "CommandError", "node1# ls x\\n  exit status 2:\\n    ls: cannot access x\\n  → Make x."))
    ('CommandError: node1# ls x', 'exit status 2: ls: cannot access x', 'Make x.')
    """
    lines = [line.strip() for line in plain(failure.evalue).splitlines() if line.strip()]
    advice = next((line.removeprefix("→").strip() for line in lines if line.startswith("→")), "")
    rest = [line for line in lines if not line.startswith("→")]
    what = f"{failure.ename}: {rest[0] if rest else ''}"
    if len(rest) < 2:
        return what, "", advice
    # An error about a command starts with the command, which has a line of its own.
    parts = rest[1:] if re.match(r"^\S+# ", rest[0]) else [what, *rest[1:]]
    return what, parts[0] if len(parts) == 1 else f"{parts[0]} {parts[-1]}", advice


def _command(row: Row | None, failure: Failure) -> str:
    events = [e for e in (row.events if row else []) if e.get("command") or e.get("path")]
    failed = [e for e in events if e["event"] == "failed"]
    same = [e for e in failed if str(e.get("error", "")).partition("\n")[0] == failure.evalue.partition("\n")[0]]
    bad = same or failed or [e for e in events if e.get("exit")]
    unanswered = events[-1:] if events and events[-1]["event"] == "intent" else []
    for event in (bad or unanswered)[-1:]:
        what = event.get("command") or f"edit {event['path']}"
        return f"{event.get('node', '')}# {' '.join(plain(str(what)).split())}"
    pointed = re.search(r"^-+>\s*\d+\s?(.*)$", plain("\n".join(failure.traceback)), re.MULTILINE)
    code = [line for line in failure.source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return f">>> {(pointed[1] if pointed else code[-1] if code else '').strip()}"


def summary(rows: Sequence[Row], seconds: float):
    """The table at the end of a run, for rich."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    table.add_column("phase", "all")
    table.add_column("", "")
    for name, total in (("changed", "changed"), ("already so", "already"), ("failed", "failed")):
        table.add_column(name, str(sum(getattr(row, total) for row in rows)), justify="right")
    table.add_column("seconds", f"{seconds:.1f}", justify="right")
    for row in rows:
        ran = row.status != "not run"
        table.add_row(row.name, Text(row.word, style=WORDS.get(row.word, "")),
                      *(str(n) if ran else "" for n in (row.changed, row.already, row.failed)),
                      f"{row.seconds:.1f}" if ran else "")
    return table
