"""The kinds of change: a file is edited, a command is run, a job outlives us, a machine reboots.

Each step knows its fact (`is_so`), what a person would type (`line`), and how to apply itself so that a
lost connection leaves nothing half done and nothing done twice. `plan` puts them in order.
"""

from __future__ import annotations

import dataclasses
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import facts, show
from .errors import ConnectionLost, ParseError, RdokitError
from .job import Job
from .node import Node, RemoteFile, quoted
from .secret import mask
from .shell import Command, plain
from .ssh import COMMAND_LIMIT

if TYPE_CHECKING:
    from .plan import Plan

SETTLE = 30.0  # seconds that a fact may need to become true after a command (agents report, instances boot)
RECONNECT = 60.0  # seconds that a lost connection is tried again for a change


def arguments(function: Callable) -> int:
    """How many arguments a function must be given: facts and edits may ask for the node or not.

    >>> arguments(lambda node: True), arguments(lambda name="x": True)
    (1, 0)
    """
    return sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
               for p in inspect.signature(function).parameters.values())


class NotYet(RdokitError):
    """A fact cannot be looked at yet, e.g. because what it asks is not installed."""


class Pending(NotYet):
    """What is asked for is being made at this moment: it is waited for, not made a second time."""


@dataclass
class Step:
    """One change on one node. Subclasses know how to look and how to apply.

    Attributes:
        line: what a person would type there.
        so: whether it is already so; None when that cannot be known yet.
        why: why it is not known.
        settle: seconds that the fact may need to become true.
    """

    node: Node
    title: str
    kind: str = "run"
    so: bool | None = None
    why: str = ""
    undo: Callable[..., Command] | dict[str, Command] | None = None
    settle: float = 0

    @property
    def line(self) -> str:
        raise NotImplementedError

    def is_so(self) -> bool:
        raise NotImplementedError

    def apply(self, plan: Plan) -> dict:
        """Do it; returns fields for the journal's outcome."""
        raise NotImplementedError

    @property
    def lasting(self) -> str:
        """What the step is, the same before and after it: what is only known later is left open in it."""
        return self.title or self.line

    def intent(self, plan: Plan) -> dict:
        """Fields for the journal before it is sent, enough to tell later what was cut off."""
        return {}

    def ours(self, cut: dict) -> dict | None:
        """Fields for the outcome of a change that was cut off and is found done; None when it is not that change."""
        return {"undo": cut["undo"]} if "undo" in cut else {}

    def look(self) -> None:
        """Set `so`. A command that cannot answer yet is no error while looking."""
        try:
            self.so, self.why = self.is_so(), ""
        except NOT_KNOWN as error:
            self.so, self.why = None, str(error).splitlines()[0]


NOT_KNOWN = (NotYet, ParseError, LookupError)


@dataclass
class Edit(Step):
    """A file, and the pure function that makes of its text what it should be."""

    path: str = ""
    function: Callable[..., str] = str
    mode: str = "0644"
    seen: RemoteFile | None = None
    written: RemoteFile | None = None  # as `Node.write` read it back, for the proof
    worked: tuple[RemoteFile, str] | None = None  # what the function made of which file: shown is what is written

    @property
    def line(self) -> str:
        return f"vi {quoted(self.path)}"

    @property
    def wanted(self) -> str:
        if self.worked is None or self.worked[0] is not self.seen:
            more = [self.node] if arguments(self.function) > 1 else []
            self.worked = self.seen, self.function(self.seen.text, *more)
        return self.worked[1]

    def is_so(self) -> bool:
        self.seen, self.written = self.written or self.node.read(self.path), None
        wanted = self.wanted  # asked even of a file that is not there: whether it can be made is part of the answer
        return self.seen.exists and wanted == self.seen.text

    def diff(self) -> str:
        return show.unified(self.seen.text, self.wanted, self.path)

    def intent(self, plan: Plan) -> dict:
        if self.seen is None:
            self.is_so()
        seen, wanted = self.seen, self.wanted
        # .bak: CentOS 6's network script takes every other ifcfg-eth1.something for an interface to bring up.
        backup = f"{seen.path}.rdokit-{plan.stamp}.bak" if seen.exists else ""
        after = RemoteFile(seen.path, wanted.encode("utf-8", "surrogateescape"))
        return {"path": seen.path, "backup": backup, "before": seen.sha256, "after": after.sha256,
                "diff": show.unified(seen.text, wanted, seen.path)}

    def apply(self, plan: Plan) -> dict:
        done = self.intent(plan)
        data, seen, self.seen = self.wanted.encode("utf-8", "surrogateescape"), self.seen, None
        try:
            self.written = self.node.write(seen.path, data, seen=seen, backup=done["backup"], mode=self.mode)
        except ConnectionLost as lost:
            self.node.reconnect(RECONNECT, lost)
            if not self.is_so():  # it was cut before the rename: the old file is there, whole
                self.written = self.node.write(seen.path, data, seen=self.seen, backup=done["backup"], mode=self.mode)
        return done

    def ours(self, cut: dict) -> dict | None:
        same = self.seen is not None and cut.get("after") == self.seen.sha256
        return {name: cut[name] for name in ("path", "backup", "before", "after", "diff") if name in cut} if same \
            else None


@dataclass
class Run(Step):
    """A command, and the fact that tells whether it is needed."""

    command: Command = field(default_factory=lambda: Command("true"))
    done: Callable[..., object] = bool
    limit: float = COMMAND_LIMIT
    settle: float = SETTLE
    expect: tuple[int, ...] = (0,)

    @property
    def line(self) -> str:
        return self.command.shown

    @property
    def lasting(self) -> str:
        return self.title or self.command.lasting

    def is_so(self) -> bool:
        return bool(self.done(self.node) if arguments(self.done) else self.done())

    def apply(self, plan: Plan) -> dict:
        while True:
            try:
                result = self.node.run(self.command, limit=self.limit)
                break
            except ConnectionLost as lost:
                plan.note(self, f"connection lost during: {self.line}")
                self.node.reconnect(RECONNECT, lost)
                while self.node.still_running(self.command):
                    time.sleep(0.5)
                if plan.when_settled(self):  # it had got through: nothing is sent twice
                    return {"exit": None, "note": "connection lost, then found done"}
        output = facts.text(result)
        plan.tell(self, output)
        if result.status not in self.expect and not self._so_all_the_same():
            result.check(*self.expect, next_step="What is done stays done. Mend the cause and run the cell again.")
        return {"exit": result.status, "output": "\n".join(output.splitlines()[-20:])}

    def _so_all_the_same(self) -> bool:
        """Exit status is not enough, in both directions: some commands fail although it is done."""
        try:
            return self.is_so()
        except RdokitError:
            return False


@dataclass
class Long(Run):
    """A command that runs as a job on the node and outlives us."""

    name: str = "job"
    progress: Callable[[str], tuple[str, float | None]] | None = None
    kind: str = "job"
    attempts: int = 1
    explain: Callable[[Node, str], str] | None = None

    def apply(self, plan: Plan) -> dict:
        for attempt in range(1, self.attempts + 1):
            result, folder = self._once(plan)
            if result or self._so_all_the_same():
                break
            if attempt < self.attempts:
                plan.note(self, f"attempt {attempt} of {self.attempts} failed; running it again is safe")
        else:
            if self.explain and (words := self.explain(self.node, result.stdout)):
                result = dataclasses.replace(result, stdout=words, stderr="")
            result.check(*self.expect, next_step="Mend the cause and run the cell again: it is safe, what is done "
                         f"stays done. The whole log: {folder}/log on {self.node.name}.")
        return {"exit": result.status, "job": folder}

    def _once(self, plan: Plan):
        live = show.Live(f"{self.node.name}# {self.line}")
        job, number = None, 0
        while job is None or job.look().over:  # attempts that are over stay on the node as a record
            number += 1
            job = Job(self.node, self.name, self.command, str(number))
            state = job.look()
            if state.state in ("none", "running", "starting"):
                break
        log = bytearray()

        def more(data: bytes) -> None:
            log.extend(data)
            if plan.folder:
                with open(plan.folder / f"{self.name}-{self.node.name}.log", "a", encoding="utf-8") as file:
                    file.write(mask(plain(data.decode("utf-8", "replace"))))
            if self.progress:
                live.update(*self.progress(log.decode("utf-8", "replace")))
            live.add(data.decode("utf-8", "replace"))
        ours, result = job.run(more, limit=self.limit)
        if not ours:
            plan.note(self, f"found it at work and followed it: {job.folder}")
        live.done("done" if result else f"exit status {result.status} {result.note}", bool(result))
        return result, job.folder


@dataclass
class Upload(Run):
    """Bytes of this machine that should be a file of the node."""

    content: Callable[[], bytes] = bytes
    path: str = ""

    @property
    def line(self) -> str:
        return f"cat > {quoted(self.path)}   # {self.title}"

    def apply(self, plan: Plan) -> dict:
        self.node.write(self.path, self.content(), seen=self.node.read(self.path), limit=self.limit)
        return {"path": self.path}


@dataclass
class Reboot(Run):
    """A reboot, proved by a new boot id."""

    kind: str = "reboot"

    def apply(self, plan: Plan) -> dict:
        live = show.Live(f"{self.node.name}# reboot")
        seconds = self.node.reboot(limit=self.limit, tick=lambda _: live.update("waiting for it to come back"))
        live.done(f"back after {seconds:.1f} s with a new boot id")
        return {"exit": None, "note": f"back after {seconds:.1f} s"}
