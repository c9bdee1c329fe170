"""How the kit looks: commands that only read, shown at their prompt, their output as tables; never a change."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from . import facts, show
from .journal import Journal
from .node import Node
from .parallel import parallel
from .shell import Command, Result, cmd, shorten
from .ssh import COMMAND_LIMIT
from .steps import NOT_KNOWN, NotYet

RC = "/root/keystonerc_admin"
DEMO_RC = "/root/keystonerc_demo"


class Looking:
    """What `Kit` can ask. Needs `controller`, `journal` and `plan_only`."""

    controller: Node
    journal: Journal
    plan_only: bool
    _rc_shown: str = ""

    def ask(self, node: Node, command: Command | str, *, limit: float = COMMAND_LIMIT, expect: tuple[int, ...] = (0,),
            ) -> Result:
        """What a command that only reads says; nothing is displayed.

        Raises:
            NotYet: the command is not installed there yet (127), or its rc file is not there.
            CommandError: it failed in another way.
        """
        result = node.ask(command, limit=limit)
        if result.status == 127 or (isinstance(command, Command) and command.rc and result.status == 1
                                    and "No such file" in result.stderr and command.rc in result.stderr):
            missing = re.search(r"(\S+): command not found", result.stderr)
            rc = command.rc if isinstance(command, Command) else ""
            what = missing[1] if missing else rc or result.command
            raise NotYet(f"{node.name}: {what} is not there yet.", next_step="An earlier phase installs it.")
        return result.check(*expect) if expect else result

    def table(self, node: Node, command: Command | str, **kw):
        """The DataFrame of a command; nothing is displayed. See `ask` for the errors."""
        return facts.table(self.ask(node, command, **kw))

    def show(self, nodes: Node | Iterable[Node], line: str, **values: object):
        """Show a command at the prompt and its output: a DataFrame where its form is known, else text.

        Args:
            nodes: one node, or several (then the table has a column `node`).
            line: as a person types it, with `{holes}` for values.
        """
        single = isinstance(nodes, Node)
        nodes = [nodes] if single else list(nodes)
        command = cmd(line, **values)
        names = ", ".join(n.name for n in nodes)
        try:
            results = parallel(lambda node: self.ask(node, command, expect=()), nodes)
        except NOT_KNOWN as error:
            return self._not_yet(names, command, error)
        show.prompt(names, command.shown)
        bad = any(r.status not in facts.statuses(command.shown) for r in results)
        if facts.reader(command.shown) is None or bad:
            if single or bad:
                return self._show_text(results)
            frames = {r.node: facts.frame([{"output": _cell(r)}]) for r in results}
        else:
            frames = {r.node: facts.table(r) for r in results}
        for name, data in frames.items():
            facts.save(self.journal.folder, self.journal.phase, name, command.shown, data)
        return frames[nodes[0].name] if single else facts.stack(frames)

    def _show_text(self, results: list[Result]) -> None:
        for result in results:
            if len(results) > 1:
                show.say(f"--- {result.node}")
            text = facts.text(result)
            show.say(text if text else "(no output)")
            if result.status:
                show.say(f"(exit status {result.status})")

    def admin(self, line: str, **values: object):
        """Like `show`, on the controller with keystonerc_admin sourced (which is shown once)."""
        return self._client(cmd(line, rc=RC, **values))

    def demo(self, line: str, **values: object):
        """Like `admin`, as the user of the final check."""
        return self._client(cmd(line, rc=DEMO_RC, **values))

    def _client(self, command: Command):
        try:
            result = self.ask(self.controller, command, expect=())
        except NOT_KNOWN as error:
            return self._not_yet(self.controller.name, command, error)
        if command.rc != self._rc_shown:
            show.prompt(self.controller.name, f"source {Path(command.rc).name}; export PYTHONIOENCODING=utf8")
            self._rc_shown = command.rc
        show.prompt(self.controller.name, command.shown)
        if result.status or facts.reader(command.shown) is None:
            return self._show_text([result])
        data = facts.table(result)
        facts.save(self.journal.folder, self.journal.phase, self.controller.name, command.shown, data)
        return data

    def _not_yet(self, nodes: str, command: Command, error: Exception) -> None:
        """While planning, what cannot be asked yet is said; otherwise it is an error."""
        show.prompt(nodes, command.shown)
        if not self.plan_only:
            raise error
        show.say(f"(cannot be asked yet: {str(error).splitlines()[0]})")

    def as_admin(self, line: str, **values: object) -> Command:
        """A client's command with keystonerc_admin sourced, for plans."""
        return cmd(line, rc=RC, **values)

    def rows(self, line: str, **values: object):
        """The DataFrame of a client's command as admin; nothing is displayed. For facts (`done=`) and ids."""
        return self.table(self.controller, self.as_admin(line, **values))

    def find(self, line: str, name: str, column: str = "name"):
        """The one row of a client's list with that name, None when there is none.

        Raises:
            ParseError: several have it: names are of no use then, and a person must decide.
        """
        return facts.only(self.rows(line), column, name, what=line.removesuffix("-list"))

    def id_of(self, line: str, name: str, column: str = "name", key: str = "id") -> str:
        """The id of that row.

        Raises:
            LookupError: there is none (yet).
        """
        row = self.find(line, name, column)
        if row is None:
            raise LookupError(f"{line}: there is no {name} yet")
        return str(row[key])


def _cell(result: Result) -> str:
    """Output as one cell of a table: its first and last lines when it is long, for a table has no log beside it."""
    return "\n".join(line[:1000] for line in shorten(facts.text(result).split("\n")))
