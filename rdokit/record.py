"""A run read back from its folder: attempts, phases, what changed, what was cut in the middle.

Pure reading of journal, manifest and executed notebooks, for the report and for whoever asks what happened.
"""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass, field
from pathlib import Path

from . import cutoff
from .history import read_manifest
from .journal import read_events
from .phases import without_number


@dataclass
class PhaseRecord:
    """One phase of the last attempt."""

    name: str
    title: str = ""
    status: str = "not run"
    start: datetime.datetime | None = None
    seconds: float = 0.0
    changed: int = 0
    already: int = 0
    failed: int = 0
    notebook: dict = field(default_factory=dict)


@dataclass
class RunRecord:
    """Everything the report tells about a run.

    Attributes:
        events: all events of all attempts, each with its `attempt` (1, 2, …).
        unanswered: intents after which neither an outcome nor anything else of the same step was written.
    """

    folder: Path
    manifest: dict
    events: list[dict]
    phases: list[PhaseRecord]
    attempts: int
    status: str
    start: datetime.datetime | None
    seconds: float
    unanswered: list[dict]

    @property
    def changes(self) -> list[dict]:
        """Outcomes that changed something, in order."""
        return [event for event in self.events if event["event"] == "outcome" and event.get("changed")]

    @property
    def failures(self) -> list[dict]:
        """`failed` events of the last attempt."""
        return [e for e in self.events if e["event"] == "failed" and e["attempt"] == self.attempts]

    @property
    def nodes(self) -> list[str]:
        """Nodes that were worked on, in order of appearance."""
        return list(dict.fromkeys(str(e["node"]) for e in self.events if e.get("node")))


def read_run(folder: Path) -> RunRecord:
    """Reads a run; a cut or missing file makes the record shorter, never wrong."""
    manifest = read_manifest(folder)
    events, attempt = [], 0
    for event in read_events(folder / "events.jsonl"):
        attempt += event["event"] == "run-start"
        events.append(event | {"attempt": max(attempt, 1)})
    attempt = max(attempt, 1)
    last = [event for event in events if event["attempt"] == attempt]
    names = next((e.get("phases") for e in last if e["event"] == "run-start"), None) or manifest.get("phases") \
        or list(dict.fromkeys(e["phase"] for e in events if e.get("phase")))
    end = next((e for e in reversed(last) if e["event"] == "run-end"), {})
    status = end.get("status") or ("cut off" if manifest.get("phases") else "by hand")
    titles = manifest.get("titles") or {}
    phases = [_phase(name, titles.get(name, ""), [e for e in last if e.get("phase") == name], folder, status)
              for name in names]
    start = moment(last[0]["t"]) if last else None
    seconds = end.get("seconds") or ((moment(last[-1]["t"]) - start).total_seconds() if last else 0.0)
    return RunRecord(folder, manifest, events, phases, attempt, status, start, float(seconds), _unanswered(events))


def _phase(name: str, title: str, events: list[dict], folder: Path, run_status: str) -> PhaseRecord:
    record = PhaseRecord(name, notebook=read_notebook(folder / f"{name}.ipynb"))
    record.title = next((without_number(line.lstrip("# ").strip()) for cell in record.notebook.get("cells", [])
                         if cell.get("cell_type") == "markdown"
                         for line in _source(cell).splitlines() if line.startswith("#")), title)
    if not events:
        return record
    end = next((e for e in reversed(events) if e["event"] == "phase-end"), None)
    record.start = moment(events[0]["t"])
    record.status = end["status"] if end else run_status
    record.seconds = float(end["seconds"]) if end else (moment(events[-1]["t"]) - record.start).total_seconds()
    record.changed = sum(e["event"] == "outcome" and bool(e.get("changed")) for e in events)
    record.already = sum(e["event"] == "already" for e in events)
    record.failed = sum(e["event"] == "failed" for e in events)
    return record


def _unanswered(events: list[dict]) -> list[dict]:
    """Intents nothing was heard of afterwards: cut in the middle, whether they took effect is open."""
    waiting: dict[cutoff.Key, dict] = {}
    for event in events:
        key = cutoff.key(event)
        if event["event"] == "intent":
            waiting[key] = event
        elif event["event"] in ("outcome", "already", "failed") and not event.get("unknown"):
            waiting.pop(key, None)
    return list(waiting.values())


def moment(text: str) -> datetime.datetime:
    """A time of the journal."""
    return datetime.datetime.fromisoformat(text)


def read_notebook(path: Path) -> dict:
    """An executed notebook, {} when there is none that can be read."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _source(cell: dict) -> str:
    return "".join(cell.get("source", ""))


def steps_with_outputs(notebook: dict) -> list[tuple[str, list[dict]]]:
    """(heading, tables and pictures under it) for the headings that have some."""
    found: list[tuple[str, list[dict]]] = []
    heading = ""
    for cell in notebook.get("cells", []):
        if cell.get("cell_type") == "markdown":
            for line in _source(cell).splitlines():
                if line.startswith("#"):
                    heading = line.lstrip("# ").strip()
            continue
        shown = [o for o in cell.get("outputs", []) if o.get("output_type") in ("display_data", "execute_result")]
        if shown:
            if found and found[-1][0] == heading:
                found[-1][1].extend(shown)
            else:
                found.append((heading, shown))
    return found


def last_error(notebook: dict) -> dict:
    """The error a notebook stopped at: cell, ename, evalue; {} when there is none."""
    for cell in notebook.get("cells", []):
        for output in cell.get("outputs", []):
            if output.get("output_type") == "error":
                return {"cell": cell.get("id", ""), "count": cell.get("execution_count"),
                        "ename": output.get("ename", ""), "evalue": "".join(output.get("evalue", ""))}
    return {}
