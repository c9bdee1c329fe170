"""What was begun and whose end nobody wrote down: the work of a run that was killed or lost its connection.

The next run finds such a change done or not done. Found done, it is ours: without this the record would say
"already so", and an undo would leave it.
"""

from __future__ import annotations

import threading

from .history import all_runs, read_manifest
from .journal import read_events

RUNS = 20  # how many runs of the site are read back, the youngest
Key = tuple[str, str, str]


def key(event: dict) -> Key:
    """What makes two events speak of the same step: node, kind, and the step whatever it knew at the time."""
    return str(event.get("node", "")), str(event.get("kind", "")), str(event.get("key") or event.get("step", ""))


class Begun:
    """Changes that were begun, by `key`; it follows the events that it is told.

    >>> begun = Begun([{"event": "intent", "node": "n", "kind": "run", "step": "x"}])
    >>> begun.of({"node": "n", "kind": "run", "step": "x"})["event"]
    'intent'
    >>> begun.tell({"event": "outcome", "node": "n", "kind": "run", "step": "x"}); begun.events
    []
    """

    def __init__(self, events=()):
        self._open: dict[Key, dict] = {}
        for event in events:
            self.tell(event)

    def tell(self, event: dict) -> None:
        """Take an event into account, in the order of the journal."""
        kind = event.get("event")
        if kind == "intent":
            self._open[key(event)] = event
        elif kind in ("outcome", "already") or kind == "failed" and not (event.get("unknown") or event.get("sent")):
            self._open.pop(key(event), None)

    def of(self, where: dict) -> dict | None:
        """The intent of a step that was cut off, None when there is none."""
        return self._open.get(key(where))

    @property
    def events(self) -> list[dict]:
        """The intents that are still open, in the order in which they were begun."""
        return list(self._open.values())


def begun(site: str) -> Begun:
    """What the last runs of a site left open."""
    folders = [folder for folder in all_runs() if read_manifest(folder).get("site") == site][:RUNS]
    return Begun(event for folder in reversed(folders) for event in read_events(folder / "events.jsonl"))


class Lazy:
    """`begun` of a site, read when it is first asked for; several nodes are worked on at the same time."""

    def __init__(self, site: str):
        self._site, self._lock = site, threading.Lock()
        self._found: Begun | None = None

    def __call__(self) -> Begun:
        with self._lock:
            self._found = self._found or begun(self._site)
        return self._found
