"""Change: look, show what would be typed, apply what is missing, look again with the same fact.

Steps of one node are done in order, nodes at the same time. Every change is in the journal twice: before
it is sent and after.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from . import facts, show
from .cutoff import Begun
from .errors import CommandTimeout, ConnectionLost, RdokitError, StepFailed
from .job import JOB_LIMIT
from .node import REBOOT_LIMIT, Node
from .parallel import parallel
from .patience import ask_until
from .secret import mask
from .shell import Command, shorten
from .ssh import COMMAND_LIMIT
from .steps import NOT_KNOWN, SETTLE, Edit, Long, Pending, Reboot, Run, Step, Upload, arguments

NOT_YET = "not yet known"


class Plan:
    """Steps that belong together: look, then apply.

    Made by `Kit.plan`; a notebook adds steps and calls `look()` and `apply()`, a cell each.
    """

    def __init__(self, title: str, *, journal, stamp: str, folder=None, plan_only: bool = False,
                 begun: Callable[[], Begun] | None = None, job_limit: float = JOB_LIMIT):
        self.title, self.journal, self.stamp, self.folder = title, journal, stamp, folder
        self.plan_only = plan_only
        self.steps: list[Step] = []
        self.job_limit = job_limit
        none = Begun()
        self._begun = begun or (lambda: none)

    # --- what should be -----------------------------------------------------------------------

    def edit(self, nodes: Node | Iterable[Node], path: str, function: Callable[..., str], *,
             mode: str = "0644") -> Plan:
        """A file should be what `function(text)` or `function(text, node)` makes of it.

        Args:
            mode: of the file if it does not exist yet.
        """
        for node in _each(nodes):
            self.steps.append(Edit(node, f"edit {path}", "edit", path=path, function=function, mode=mode))
        return self

    def run(self, nodes: Node | Iterable[Node], command: Command | str, *, done: Callable[..., object],
            undo: Callable[..., Command] | dict[str, Command] | None = None, limit: float = COMMAND_LIMIT,
            settle: float = SETTLE, expect: tuple[int, ...] = (0,)) -> Plan:
        """A command should have been run; `done()` or `done(node)` is the fact that proves it.

        Args:
            undo: called (with the node, if it takes one) after it was done: the command that takes it back;
                or these commands by node, where they must be known before (values that are about to change).
            limit: seconds for the command. settle: seconds that the fact may need to become true.
            expect: exit statuses that are no failure.
        """
        for node in _each(nodes):
            line = command if isinstance(command, Command) else Command(command.replace("{", "{{").replace("}", "}}"))
            self.steps.append(Run(node, "", "run", undo=undo, command=line, done=done, limit=limit,
                                  settle=settle, expect=expect))
        return self

    def job(self, nodes: Node | Iterable[Node], name: str, command: Command, *, done: Callable[..., object],
            limit: float | None = None, progress=None, explain=None, attempts: int = 1,
            settle: float = SETTLE) -> Plan:
        """A long command that goes on by itself on the node; the same cell finds it again.

        Args:
            limit: seconds until it is said to hang (the site's job_limit unless given).
            name: short, for its folder. progress: log text → (state, share done or None).
            explain: (node, log) → why it failed. attempts: how often it may be run (packstack works the second time).
        """
        for node in _each(nodes):
            self.steps.append(Long(node, "", command=command, done=done, limit=limit or self.job_limit, name=name,
                                   progress=progress, explain=explain, attempts=attempts, settle=settle))
        return self

    def upload(self, nodes: Node | Iterable[Node], content: Callable[[], bytes], path: str, *,
               done: Callable[..., object], limit: float = JOB_LIMIT,
               undo: Callable[..., Command] | None = None) -> Plan:
        """A file of the node should hold `content()`."""
        for node in _each(nodes):
            self.steps.append(Upload(node, "uploaded from this machine", done=done, limit=limit, content=content,
                                     path=path, undo=undo))
        return self

    def reboot(self, nodes: Node | Iterable[Node], *, done: Callable[..., object], limit: float = REBOOT_LIMIT) -> Plan:
        """A reboot, where `done(node)` says that it is still needed."""
        for node in _each(nodes):
            self.steps.append(Reboot(node, "reboot", command=Command("reboot"), done=done, limit=limit))
        return self

    # --- look ------------------------------------------------------------------------------------

    def look(self):
        """What is already so and what would be typed; shows the diffs. Reads only.

        Returns:
            DataFrame: node, already so, what you would type.
        """
        self._by_node(lambda steps: [step.look() for step in steps])
        self._show_diffs()
        return facts.frame([{"node": s.node.name, "already so": _word(s), "what you would type": mask(s.line)}
                            for s in self.steps], ("node", "already so", "what you would type"))

    def _show_diffs(self) -> None:
        same: dict[tuple[str, str], list[str]] = {}
        for step in self.steps:
            if isinstance(step, Edit) and step.so is False and step.seen:
                same.setdefault((step.line, step.diff()), []).append(step.node.name)
        for (line, text), names in same.items():
            show.put(show.diff(f"[root@{', '.join(names)} ~]# {line}", text))

    # --- apply -----------------------------------------------------------------------------------

    def apply(self):
        """Do what is missing, in order; stop at the first failure; prove each step by its fact.

        Returns:
            DataFrame: node, step, outcome, seconds.

        Raises:
            StepFailed: a fact is still wrong after its step. CommandError, FileChanged, ConnectionLost, …
        """
        rows: list[dict] = []
        failures: list[BaseException] = []

        def work(steps: list[Step]) -> None:
            for step in steps:
                if failures:
                    return
                try:
                    rows.append(self._one(step))
                except BaseException as error:  # noqa: BLE001 - Ctrl-C, too, must stop the other nodes
                    failures.append(error)
                    return
        try:
            self._by_node(work)
        except KeyboardInterrupt as stop:
            failures.append(stop)
            self.journal.event("interrupted", step=self.title, error="stopped by hand (Ctrl-C)")
        order = {id(step): number for number, step in enumerate(self.steps)}
        rows.sort(key=lambda row: order[row.pop("_")])
        table = facts.frame(rows, ("node", "step", "outcome", "seconds"))
        if failures:
            if len(table):
                show.say(table.to_string(index=False))
            raise failures[0]
        return table

    def _one(self, step: Step) -> dict:
        start = time.monotonic()
        row = {"_": id(step), "node": step.node.name, "step": mask(step.title or step.line)}
        where = _where(step)
        if isinstance(step, Edit) and step.seen is not None:
            so = step.so  # looked at in the cell before: if somebody changed it since, the write is refused
        else:
            try:
                so = self.when_settled(step)
            except NOT_KNOWN as error:
                if not self.plan_only:
                    self._failed(step, where, error, start, sent=False)
                    raise
                so = None
        if so:
            word = self._found_done(step, where, start) or "already so"
            return row | {"outcome": word, "seconds": round(time.monotonic() - start, 2)}
        if self.plan_only:
            return row | {"outcome": "would be done", "seconds": 0.0}
        return self._change(step, where, row, start)

    def when_settled(self, step: Step) -> bool:
        """Whether it is so; what somebody, or a run that was cut off, has begun to make is waited for."""
        so, pending = ask_until(step.is_so, 0 if self.plan_only else step.settle, Pending, enough=lambda so: True)
        if pending:
            raise pending
        return bool(so)

    def _found_done(self, step: Step, where: dict, start: float) -> str:
        """Writes down that it is so already, and when a run that was cut off had begun it, that it was ours."""
        cut = None if self.plan_only else self._begun().of(where)
        fields = step.ours(cut) if cut else None
        if fields is None:
            self._tell("already", **where)
            return ""
        self.note(step, f"begun {cut['t'][:19]} by a run that was cut off, and found done")
        fields.setdefault("undo", self._way_back(step))
        self._tell("outcome", **where | fields, seconds=round(time.monotonic() - start, 3), changed=True,
                   cut=cut["t"])
        return "done before the cut"

    def _tell(self, event: str, **fields: object) -> None:
        """Write an event, and remember what is begun and not ended."""
        begun = self._begun()
        begun.tell(self.journal.event(event, **fields))

    def _change(self, step: Step, where: dict, row: dict, start: float) -> dict:
        show.prompt(step.node.name, step.line)
        where = _where(step)  # earlier steps made known what this one names; after it a free address is free no more
        row["step"] = mask(where["step"])
        early = {"undo": self._way_back(step)} if isinstance(step.undo, dict) else {}
        sent = None
        self._tell("intent", **where | step.intent(self) | early)
        try:
            outcome = step.apply(self)
            sent = True
            self._prove(step)
        except BaseException as error:
            self._failed(step, where, error, start, sent)
            raise
        seconds = round(time.monotonic() - start, 3)
        undo = self._way_back(step)
        self._tell("outcome", **where | outcome, seconds=seconds, changed=True, undo=undo)
        self._drop_seen(step)
        return row | {"outcome": "changed", "seconds": round(seconds, 2)}

    def _way_back(self, step: Step) -> dict | None:
        if step.undo is None:
            return None
        try:
            if isinstance(step.undo, dict):  # known before: the values that are in force
                return {"line": step.undo[step.node.name].sent, "rc": step.undo[step.node.name].rc}
            command = step.undo(step.node) if arguments(step.undo) else step.undo()
            return {"line": command.sent.removeprefix(command.prologue), "rc": command.rc}
        except (LookupError, RdokitError) as error:  # it is done all the same; undo will list it as staying
            self.note(step, f"no way back was written down: {error}")
            return None

    def _prove(self, step: Step) -> None:
        """The same fact, looked at again, until it holds or its time is up."""
        so, error = ask_until(step.is_so, step.settle, NOT_KNOWN)
        if not so:
            why = f" ({str(error).splitlines()[0]})" if error else ""
            raise StepFailed(f"{step.node.name}# {step.line}\n  was done, and still it is not so{why}.",
                             next_step="Look at the tables above and at the node's logs; then run the cell again.")

    def _failed(self, step: Step, where: dict, error: BaseException, start: float, sent: bool | None = None) -> None:
        stopped = isinstance(error, KeyboardInterrupt)
        unknown = isinstance(error, (ConnectionLost, CommandTimeout, KeyboardInterrupt)) or \
            sent is False and self._begun().of(where) is not None
        self._tell("interrupted" if stopped else "failed", **where, error=str(error) or type(error).__name__,
                   exit=getattr(error, "status", None), seconds=round(time.monotonic() - start, 3),
                   next_step=getattr(error, "next_step", None), unknown=unknown or None, sent=sent or None)

    def _drop_seen(self, step: Step) -> None:
        """What was read before a change of ours is read again after it."""
        for other in self.steps:
            if isinstance(other, Edit) and other.node is step.node and other is not step and \
                    isinstance(step, Edit) and other.path == step.path:
                other.seen = None

    def tell(self, step: Step, output: str) -> None:
        """What a command printed: its beginning and end, headed by the node where there are several."""
        lines = shorten(output.splitlines(), 14, 10)
        if lines:
            several = len({other.node.name for other in self.steps}) > 1
            show.say("\n".join([f"--- {step.node.name}"] * several + lines))

    def note(self, step: Step, text: str) -> None:
        """Say it and write it down."""
        show.say(f"{step.node.name}: {text}")
        self.journal.event("note", node=step.node.name, step=step.title or step.line, error=text)

    def _by_node(self, work: Callable[[list[Step]], object]) -> None:
        groups: dict[str, list[Step]] = {}
        for step in self.steps:
            groups.setdefault(step.node.name, []).append(step)
        parallel(work, groups.values())


def _where(step: Step) -> dict:
    name, lasting = step.title or step.line, mask(step.lasting)
    return {"node": step.node.name, "step": name, "kind": step.kind, "command": step.line,
            "path": getattr(step, "path", None), "key": lasting if lasting != mask(name) else None}


def _word(step: Step) -> str:
    return {True: "yes", False: "no", None: f"{NOT_YET}: {step.why}"}[step.so]


def _each(nodes: Node | Iterable[Node]) -> list[Node]:
    return [nodes] if isinstance(nodes, Node) else list(nodes)
