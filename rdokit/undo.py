"""Take back what the record says that we did: newest first, files from their backups, objects by id.

Only the journals of the site are asked, never the names on the node: another person's router1 stays. A
file that somebody changed since is left alone. What cannot be taken back is listed before anything starts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from . import facts, show
from .errors import ConnectionLost, RdokitError
from .history import all_runs, read_manifest
from .journal import read_events
from .node import Node, quoted
from .shell import Command, Script

GONE = ("could not be found", "not found", "unable to find", "no tenant with", "no user with", "no role with",
        "no server with", "no volume with", "no image with", "does not exist", "404", "no such file")
BUSY = ("in use", "in-use", "must be available", "must be detached", "unable to complete", "one or more ports",
        "detaching", "deleting")  # of something that is on its way out: asked again for WAIT seconds
WAIT = 60.0
NEVER = {"reboot": "a reboot happened; restored files of the network count from the next boot on",
         "job": "what was installed or updated stays so"}
STAYS = "somebody, or packstack, changed it since"


@dataclass
class Item:
    """One change of the journal, and how it is taken back.

    Attributes:
        event: the journal's outcome. run: identifier of its run.
        how: "restore", "delete" (a file of ours), "run", or "" when it cannot be taken back.
    """

    event: dict
    run: str
    how: str
    outcome: str = ""

    @property
    def key(self) -> str:
        return f"{self.run}/{self.event['t']}/{self.event.get('node')}/{self.event.get('step')}"

    @property
    def line(self) -> str:
        event = self.event
        if self.how == "restore":
            return f"mv -f {quoted(event['backup'])} {quoted(event['path'])}"
        if self.how == "delete":
            return f"rm -f {quoted(event['path'])}"
        return event["undo"]["line"] if self.how == "run" else event.get("command", "")


def changes(site: str, phases: list[str]) -> list[Item]:
    """Everything of the site's journals that was changed and not yet taken back, newest first."""
    found: list[Item] = []
    undone: set[str] = set()
    for folder in all_runs():
        if read_manifest(folder).get("site") != site:
            continue
        for event in read_events(folder / "events.jsonl"):
            if event.get("kind") == "undo" and event["event"] == "outcome":
                undone.add(event.get("of", ""))
            elif event["event"] == "outcome" and event.get("changed") and \
                    (not phases or event.get("phase") in phases):
                found.append(Item(event, folder.name, _how(event)))
    found = [item for item in found if item.key not in undone]
    return sorted(found, key=lambda item: item.event["t"], reverse=True)


def _how(event: dict) -> str:
    if event.get("kind") == "edit":
        return "restore" if event.get("backup") else "delete"
    return "run" if isinstance(event.get("undo"), dict) else ""


class Undo:
    """What `Kit.undo` returns: `cannot()`, `look()`, `apply()`."""

    def __init__(self, kit, phases: list[str]):
        self.kit, self.phases = kit, list(phases)
        self.items = changes(kit.site.site, list(phases))

    def cannot(self):
        """What stays, and why. Reads the files that would be restored.

        Returns:
            DataFrame: node, what was done, why it stays.
        """
        rows = [{"node": i.event.get("node"), "what was done": i.event.get("command"),
                 "why it stays": NEVER.get(i.event.get("kind"), "the record holds no way back")}
                for i in self.items if not i.how]
        rows += [{"node": i.event.get("node"), "what was done": i.event.get("command"), "why it stays": STAYS}
                 for i in self._changed_since()]
        rows += [{"node": e.get("node"), "what was done": e.get("command"), "why it stays":
                  f"cut off here; whether it was done is not known. Run {e.get('phase') or 'its phase'} first"}
                 for e in self.kit.begun().events if e.get("kind") != "undo"
                 and (not self.phases or e.get("phase") in self.phases)]
        return facts.frame(rows, ("node", "what was done", "why it stays"))

    def _changed_since(self) -> list[Item]:
        """Files that are not what we made of them, seen as the undo will meet them one after the other."""
        now: dict[tuple[str, str], str] = {}
        found = []
        for item in (i for i in self.items if i.how in ("restore", "delete")):
            event, node = item.event, self.kit.nodes.get(item.event.get("node", ""))
            if node is None:
                continue
            place = node.name, event["path"]
            if place not in now:
                now[place] = node.read(event["path"]).sha256
            if now[place] == event["after"]:
                now[place] = event["before"]
            elif now[place] != event["before"]:
                found.append(item)
        return found

    def look(self):
        """What would be typed, in this order.

        Returns:
            DataFrame: node, phase, what you would type.
        """
        stays = [id(item) for item in self._changed_since()]
        return facts.frame([{"node": i.event.get("node"), "phase": i.event.get("phase"), "what you would type": i.line}
                            for i in self.items if i.how and id(i) not in stays],
                           ("node", "phase", "what you would type"))

    def apply(self):
        """Take it back.

        Returns:
            DataFrame: node, what, outcome.

        Raises:
            RdokitError: something could not be taken back; the rest was.
        """
        columns = ("node", "what you would type", "outcome")
        for item in (i for i in self.items if i.how):
            node = self.kit.nodes.get(item.event.get("node", ""))
            if node is None:
                item.outcome = "left: no such node in the site any more"
            elif self.kit.plan_only:
                item.outcome = "would be taken back"
            else:
                self._one(item, node)
        table = facts.frame([{"node": i.event.get("node"), "what you would type": i.line, "outcome": i.outcome}
                             for i in self.items if i.how], columns)
        failed = [i for i in self.items if i.outcome.startswith("failed")]
        if failed:
            show.say(table.to_string(index=False))
            raise RdokitError(f"{len(failed)} of {len(table)} changes could not be taken back: {failed[0].outcome}",
                              next_step="Mend the cause and run the cell again: what is taken back is not repeated.")
        return table

    def _one(self, item: Item, node: Node) -> None:
        where = {"node": node.name, "step": item.event.get("step"), "kind": "undo", "command": item.line,
                 "path": item.event.get("path"), "of": item.key, "key": item.key}
        start = time.monotonic()
        try:
            item.outcome = self._needless(item, node) if item.how != "run" else ""
            if not item.outcome:
                show.prompt(node.name, item.line)
                self.kit.journal.event("intent", **where)
                item.outcome = self._file(item, node) if item.how != "run" else self._run(item, node)
        except RdokitError as error:
            item.outcome = f"failed: {error.what.splitlines()[0]}"
            self.kit.journal.event("failed", **where, error=str(error))
            return
        self.kit.journal.event("outcome" if not item.outcome.startswith("left") else "note", **where,
                               changed=item.outcome == "taken back", error=item.outcome,
                               seconds=round(time.monotonic() - start, 3))

    def _needless(self, item: Item, node: Node) -> str:
        """Why a file is not touched; "" when it is what we made of it and can be taken back."""
        event = item.event
        now = node.read(event["path"])
        if now.sha256 == event["before"]:
            return "already so"
        if now.sha256 != event["after"]:
            return f"left: {STAYS}"
        if item.how == "restore" and node.read(event["backup"]).sha256 != event["before"]:
            return "left: its backup is not there any more"
        return ""

    def _file(self, item: Item, node: Node) -> str:
        result = self._send(node, Command(item.line.replace("{", "{{").replace("}", "}}")))
        if node.read(item.event["path"]).sha256 != item.event["before"]:
            result.check()
            raise RdokitError(f"{node.name}:{item.event['path']} is not what it was before.")
        return "taken back"

    def _run(self, item: Item, node: Node) -> str:
        undo, end = item.event["undo"], time.monotonic() + WAIT
        rc = f". {quoted(undo['rc'])} && " if undo.get("rc") else ""
        while True:
            result = self._send(node, Script(rc + undo["line"], title=undo["line"]))
            said = result.output.lower()
            if not result.status or any(word in said for word in GONE):
                return "taken back" if result.status == 0 else "already gone"
            if time.monotonic() > end or not any(word in said for word in BUSY):
                result.check()
            time.sleep(1)

    def _send(self, node: Node, command: Command):
        """Once more after a lost connection: deleting what is gone already is no harm."""
        try:
            return node.run(command)
        except ConnectionLost as lost:
            node.reconnect(60, lost)
            return node.run(command)
