"""The executor: runs the tree that `syntax` made, on real streams, with processes of a Machine.

A pipeline's commands are processes that run at the same time; a subshell, a
background job and a command substitution are forks with their own state, as in
bash. Whatever waits (a pipe, a command, the terminal) waits in asyncio.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..files import open_stream
from ..machine import DEATH, SIGNAL_NAMES, Entry, ExitProcess
from ..process import Process, passwd_entry
from . import expand, testing
from .expand import ExpansionError
from .streams import Bad, Collector, Descriptors, Null, Pipe, Source, Stream
from .syntax import AndOr, BashSyntaxError, Compound, ListNode, Parser, Pipeline, Redirect, Simple, Word

if TYPE_CHECKING:
    from ..machine import Machine

VERSION = "4.1.2(1)-release"
MISSING = object()
MAX_NESTING = 200  # of function calls: bash 4.1 crashes somewhere, we say so


class LoopControl(Exception):
    """break and continue."""

    def __init__(self, kind: str, depth: int):
        super().__init__(kind)
        self.kind, self.depth = kind, depth


class Return(Exception):
    """return."""

    def __init__(self, status: int):
        super().__init__(status)
        self.status = status


class Exit(Exception):
    """exit, set -e, a fatal expansion error."""

    def __init__(self, status: int):
        super().__init__(status)
        self.status = status & 255


class RedirectError(Exception):
    """A redirection that cannot be made; the text is what follows "bash: "."""


@dataclass(eq=False)
class Job:
    number: int
    entries: list[Entry]
    text: str
    pgid: int
    told: bool = False
    nohup: bool = False

    @property
    def status(self) -> int | None:
        return self.entries[-1].status if all(e.status is not None for e in self.entries) else None


@dataclass(eq=False)
class Shell:
    """The state of one bash process."""

    p: Process
    fds: Descriptors
    arg0: str = "bash"
    params: list[str] = field(default_factory=list)
    vars: dict[str, Any] = field(default_factory=dict)  # text, {index: text} or, when in `assoc`, {key: text}
    exported: set[str] = field(default_factory=set)
    readonly: set[str] = field(default_factory=set)
    integer: set[str] = field(default_factory=set)
    assoc: set[str] = field(default_factory=set)
    functions: dict[str, Compound] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    opts: set[str] = field(default_factory=lambda: {"h", "B"})
    shopts: set[str] = field(
        default_factory=lambda: {
            "cmdhist",
            "extquote",
            "force_fignore",
            "hostcomplete",
            "interactive_comments",
            "progcomp",
            "promptvars",
            "sourcepath",
        }
    )
    traps: dict[str, str] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    locals: list[dict[str, Any]] = field(default_factory=list)
    dirs: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    status: int = 0
    sub_status: int | None = None  # of the last command substitution
    last_bg: int = 0
    shell_pid: int = 0  # $$ stays that of the first shell
    interactive: bool = False
    login: bool = False
    mode: str = "stdin"  # c | script | stdin
    depth: int = 0  # of sourced files and functions, for return
    loops: int = 0
    noerr: int = 0  # > 0: set -e does not count here
    subshell: bool = False
    line: int = 0
    line_offset: int = 0
    pending: list[str] = field(default_factory=list)  # signals whose trap waits
    waiting: asyncio.Event | None = None  # set while the wait builtin waits
    started: float = field(default_factory=time.time)
    pipestatus: list[int] = field(default_factory=lambda: [0])
    umask: int = 0o022
    current: asyncio.Future[int] | None = None  # the command line that an interactive shell runs
    turns: int = 0
    temporary: list[tuple[Descriptors, int]] = field(default_factory=list)  # of process substitutions
    exec_last: bool = False  # -c with one simple command: it replaces the shell

    # -- convenience ---------------------------------------------------------------------------------------------

    @property
    def machine(self) -> Machine:
        return self.p.machine

    @property
    def fs(self) -> Any:
        return self.p.node.fs

    @property
    def cwd(self) -> str:
        return self.p.cwd

    @property
    def user(self) -> str:
        return self.p.user

    @property
    def entry(self) -> Entry:
        return self.p.extra["entry"]

    def out(self, text: str | bytes) -> None:
        self.fds.get(1, _BAD).write(text)

    def raw_error(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self.fds.get(2, _BAD).write(text)

    def error(self, message: str) -> None:
        """A message of the shell itself: `bash: [line N: ]message`."""
        line = f"line {self.line}: " if self.line > 0 and not self.interactive else ""
        self.raw_error(f"{self.arg0}: {line}{message}\n")

    def builtin_error(self, message: str) -> None:
        """A message of a builtin, which always names the line in a script."""
        line = "" if self.interactive else f"line {self.line}: "
        self.raw_error(f"{self.arg0}: {line}{message}\n")

    # -- variables -----------------------------------------------------------------------------------------------

    def get(self, name: str) -> str | None:
        """The value of a parameter, None when it is unset."""
        value = self.vars.get(name, MISSING)
        if value is not MISSING:
            if isinstance(value, dict):
                return value.get("0" if name in self.assoc else 0)
            return value
        return self.special(name)

    def special(self, name: str) -> str | None:
        if name.isdigit():
            number = int(name)
            if number == 0:
                return self.arg0
            return self.params[number - 1] if number <= len(self.params) else None
        simple: dict[str, Callable[[], str | None]] = {
            "?": lambda: str(self.status),
            "$": lambda: str(self.shell_pid),
            "#": lambda: str(len(self.params)),
            "!": lambda: str(self.last_bg) if self.last_bg else None,
            "-": lambda: (
                "".join(sorted(self.opts - {"c"}))
                + ("i" if self.interactive else "")
                + ("c" if self.mode == "c" else "")
            ),
            "@": lambda: " ".join(self.params) if self.params else None,
            "*": lambda: " ".join(self.params) if self.params else None,
            "RANDOM": lambda: str(random.randrange(32768)),  # noqa: S311 - what $RANDOM is
            "SECONDS": lambda: str(int(time.time() - self.started)),
            "LINENO": lambda: str(self.line),
            "BASHPID": lambda: str(self.p.pid),
            "PPID": lambda: str(self.p.ppid),
            "UID": lambda: str(self.fs.uid(self.user)),
            "EUID": lambda: str(self.fs.uid(self.user)),
            "GROUPS": lambda: str(self.fs.groups_of(self.user)[0]),
            "HOSTNAME": lambda: self.hostname(),
        }
        return simple[name]() if name in simple else None

    def hostname(self) -> str:
        return str(self.p.node.extra.get("hostname") or self.p.node.fqdn)

    def element(self, name: str, index: str | None) -> str | None:
        if name == "PIPESTATUS" and name not in self.vars:
            number = expand.calculate(self, index or "0")
            return str(self.pipestatus[number]) if number < len(self.pipestatus) else None
        value = self.vars.get(name)
        if name in self.assoc:
            return (value or {}).get(index or "0")
        number = expand.calculate(self, index or "0")
        if isinstance(value, dict):
            if number < 0:
                number += max(value, default=-1) + 1
            return value.get(number)
        return value if number == 0 else None

    def check_writable(self, name: str) -> None:
        if name in self.readonly:
            raise ExpansionError(f"{name}: readonly variable", 1, True)

    def set(self, name: str, value: str) -> None:
        """Assign, with the attributes that the variable has."""
        self.check_writable(name)
        if name in self.integer:
            value = str(expand.calculate(self, value))
        old = self.vars.get(name)
        if isinstance(old, dict):
            old["0" if name in self.assoc else 0] = value
            return
        self.vars[name] = value
        if name == "SECONDS":
            del self.vars[name]
            self.started = time.time() - (int(value) if value.isdigit() else 0)
        if "a" in self.opts:
            self.exported.add(name)

    def set_element(self, name: str, index: str, value: str) -> None:
        self.check_writable(name)
        old = self.vars.get(name)
        if name in self.assoc:
            self.vars.setdefault(name, {})[index] = value
            return
        number = expand.calculate(self, index)
        if not isinstance(old, dict):
            old = {} if old is None else {0: old}
            self.vars[name] = old
        if number < 0:
            number += max(old, default=-1) + 1
        old[number] = value

    def unset(self, name: str) -> None:
        self.check_writable(name)
        self.vars.pop(name, None)
        for names in (self.exported, self.integer, self.assoc):
            names.discard(name)

    def make_local(self, name: str) -> None:
        frame = self.locals[-1]
        if name not in frame:
            frame[name] = (
                self.vars.get(name, MISSING),
                name in self.exported,
                name in self.integer,
                name in self.assoc,
            )
            self.vars.pop(name, None)
            self.integer.discard(name)
            self.assoc.discard(name)

    def drop_locals(self) -> None:
        for name, (value, exported, integer, assoc) in self.locals.pop().items():
            if value is MISSING:
                self.vars.pop(name, None)
            else:
                self.vars[name] = value
            for names, was in ((self.exported, exported), (self.integer, integer), (self.assoc, assoc)):
                (names.add if was else names.discard)(name)

    def environment(self) -> dict[str, str]:
        env = {n: self.vars[n] for n in self.vars if n in self.exported and isinstance(self.vars[n], str)}
        env.setdefault("_", "")
        return env

    def home_of(self, user: str) -> str | None:
        if user == "":
            home = self.get("HOME")
            return home if home is not None else (passwd_entry(self.p.node, self.user) or {"home": "/"})["home"]
        if user in "+-" and len(user) == 1:
            return self.get("PWD" if user == "+" else "OLDPWD")
        entry = passwd_entry(self.p.node, user)
        return entry["home"] if entry else None

    # -- forks ---------------------------------------------------------------------------------------------------

    def fork(self, fds: Descriptors | None = None) -> Shell:
        """A subshell: the same state in a new process that is not started yet."""
        table = fds if fds is not None else self.fds.fork()
        p = self.machine.fork(self.p, self.p.argv, table)
        child = Shell(p, table, self.arg0, list(self.params))
        child.vars = {k: dict(v) if isinstance(v, dict) else v for k, v in self.vars.items()}
        for name in ("exported", "readonly", "integer", "assoc", "opts", "shopts"):
            setattr(child, name, set(getattr(self, name)))
        child.functions, child.aliases = dict(self.functions), dict(self.aliases)
        child.traps = {k: v for k, v in self.traps.items() if v == ""}
        child.locals = [dict(frame) for frame in self.locals]
        child.dirs, child.status, child.last_bg = list(self.dirs), self.status, self.last_bg
        child.shell_pid, child.login, child.mode = self.shell_pid, self.login, self.mode
        child.depth, child.noerr, child.loops = self.depth, self.noerr, self.loops
        child.line, child.line_offset = self.line, self.line_offset
        child.interactive, child.started, child.umask = self.interactive, self.started, self.umask
        child.pipestatus, child.subshell = list(self.pipestatus), True
        child.jobs = list(self.jobs)
        child.opts.discard("m")
        return child

    def start(
        self, run: Callable[[], Awaitable[int]], pgid: int | None = None, ignored: set[int] | None = None
    ) -> Entry:
        """Let this (forked) shell run as a process of its own."""

        async def main(p: Process) -> int:
            return await self.lifetime(run)

        entry = self.machine.start(self.p, main, pgid, ignored=ignored)
        entry.handler = self.deliver
        return entry

    async def lifetime(self, run: Callable[[], Awaitable[int]]) -> int:
        """Run to the end of the process: exit, EXIT trap, death by signal."""
        try:
            status = await self.contained(run)
        except asyncio.CancelledError:
            if self.entry.signal != 9 and self.traps.get("EXIT"):  # SIGKILL, and a machine without power, ask nobody
                task = asyncio.current_task()
                if task is not None:
                    task.uncancel()
                self.status = 128 + self.entry.signal
                await self.run_exit_trap()
            raise
        self.status = status
        return await self.run_exit_trap()

    async def contained(self, run: Callable[[], Awaitable[int]]) -> int:
        try:
            return await run()
        except (Exit, ExitProcess) as leave:
            return leave.status
        except Return as back:
            return back.status
        except LoopControl:
            return self.status
        except ExpansionError as err:
            self.error(str(err))
            return self.status_of(err)

    def status_of(self, err: ExpansionError) -> int:
        """127 for ${x?} and set -u is what the first shell of `bash -c` answers; scripts and subshells say 1."""
        return 1 if err.status == 127 and (self.mode != "c" or self.subshell) else err.status

    async def run_exit_trap(self) -> int:
        action = self.traps.pop("EXIT", "")
        if action:
            status = self.status
            try:
                await self.eval_text(action)
            except (Exit, ExitProcess) as leave:
                return leave.status
            except (Return, LoopControl, ExpansionError):
                pass
            return status
        return self.status

    # -- signals and traps ---------------------------------------------------------------------------------------

    def deliver(self, signal: int) -> bool:
        """Machine.kill asks: does this shell take the signal?"""
        name = SIGNAL_NAMES.get(signal, "")
        action = self.traps.get(name)
        if action == "":
            return True
        if action is not None:
            self.pending.append(name)
            if self.waiting is not None:
                self.waiting.set()
            return True
        if self.interactive and not self.subshell:
            if signal == 1:
                for job in self.jobs:
                    if not job.nohup and job.status is None:
                        self.machine.kill_group(job.pgid, 1)
                return False
            if signal == 2 and self.current is not None and not self.current.done():
                self.current.cancel()
            return signal in (2, 3, 15)
        return False

    async def run_pending(self) -> None:
        while self.pending:
            action = self.traps.get(self.pending.pop(0))
            if action:
                status, waiting = self.status, self.waiting
                self.waiting = None
                await self.eval_text(action)
                self.status, self.waiting = status, waiting

    # -- texts ---------------------------------------------------------------------------------------------------

    def parser(self, text: str) -> Parser:
        live = self.interactive or "expand_aliases" in self.shopts
        return Parser(text, self.aliases if live else None, "extglob" in self.shopts)

    def syntax_error(self, err: BashSyntaxError, where: str | None = None) -> int:
        """Print it as bash 4.1 does; the status is 2."""
        if where is None:
            where = f"{self.arg0}: -c" if self.mode == "c" else self.arg0
        line = err.line + self.line_offset
        prefix = f"{where}: " if self.interactive else f"{where}: line {line}: "
        self.raw_error(f"{prefix}{err}\n")
        if err.source is not None and not self.interactive:
            self.raw_error(f"{prefix}`{err.source}'\n")
        elif str(err).startswith("unexpected EOF") and not self.interactive:
            last = self.end_line + self.line_offset
            self.raw_error(f"{where}: line {last}: syntax error: unexpected end of file\n")
        self.status = 2
        return 2

    end_line = 1

    async def run_text(self, text: str) -> int:
        """Run a whole script: line by line, a syntax error ends it."""
        if text.isascii() or "\x00" in text:
            text = text.replace("\x00", "")
        self.end_line = text.count("\n") + (0 if text.endswith("\n") else 1) + 1
        parser = self.parser(text)
        while True:
            try:
                tree = parser.next_line()
            except BashSyntaxError as err:
                return self.syntax_error(err)
            if tree is None:
                return self.status
            if "n" in self.opts:
                continue
            if self.exec_last and self.single(tree) and parser.at_end():
                return await self.exec_simple(tree)
            await self.guarded(tree)
            parser.aliases = self.parser("").aliases

    def single(self, tree: ListNode) -> bool:
        if len(tree.items) != 1 or tree.items[0][1] or self.traps:
            return False
        first = tree.items[0][0]
        return (
            not first.rest
            and not first.first.negate
            and not first.first.timed
            and (len(first.first.commands) == 1 and isinstance(first.first.commands[0], Simple))
        )

    async def exec_simple(self, tree: ListNode) -> int:
        """bash -c 'one command': the command takes the place of the shell."""
        try:
            return await self.run_simple(tree.items[0][0].first.commands[0], in_place=True)
        except ExpansionError as err:
            self.error(str(err))
            return self.status_of(err)

    async def guarded(self, tree: ListNode) -> int:
        """One line of a script: an expansion error ends a script, not an interactive shell."""
        try:
            return await self.run_list(tree)
        except ExpansionError as err:
            self.error(str(err))
            self.status = self.status_of(err)
            if err.fatal and not self.interactive:
                raise Exit(self.status_of(err)) from None
            return self.status_of(err)
        except LoopControl:
            return self.status

    async def eval_text(self, text: str, where: str | None = None) -> int:
        """eval, trap and source: parse and run in this shell."""
        parser = self.parser(text)
        line, offset = self.line, self.line_offset
        if where is not None:
            self.line_offset = 0
        try:
            while True:
                try:
                    tree = parser.next_line()
                except BashSyntaxError as err:
                    self.end_line = text.count("\n") + 2
                    name = where if where is not None else f"{self.arg0}: eval"
                    return self.syntax_error(err, name)
                if tree is None:
                    return self.status
                await self.run_list(tree)
        finally:
            self.line, self.line_offset = line, offset

    async def contained_text(self, text: str, where: str) -> int:
        """Startup files: an error in them does not end the shell, `exit` does."""
        try:
            return await self.eval_text(text, where)
        except (Return, LoopControl):
            return self.status
        except ExpansionError as err:
            self.error(str(err))
            return self.status_of(err)

    async def run_stdin(self, stream: Stream) -> int:
        """A script that comes through standard input: read no more than a command needs."""
        text, line_number, more = "", 0, ""
        self.mode = "stdin"
        while True:
            raw = more or (await stream.readline()).decode("utf-8", "surrogateescape").replace("\x00", "")
            text, more = text + raw, ""
            if not text.strip() and not raw:
                return self.status
            parser = self.parser(text)
            self.line_offset = line_number
            self.end_line = text.count("\n") + 1
            try:
                trees = []
                while (tree := parser.next_line()) is not None:
                    trees.append(tree)
            except BashSyntaxError as err:
                if err.incomplete and raw:
                    quote = re.search(r"matching `(.)'", str(err))
                    more = await self.read_on(stream, lambda line, q=quote: q is None or q[1] in line)
                    continue
                return self.syntax_error(err)
            if raw and (parser.missing_delimiter or text.endswith("\\\n")):
                wanted = parser.missing_delimiter
                more = await self.read_on(stream, lambda line, w=wanted: not w or line.strip("\t\n") == w)
                continue
            for tree in trees:
                await self.guarded(tree)
            line_number += text.count("\n")
            text = ""
            if not raw:
                return self.status

    @staticmethod
    async def read_on(stream: Stream, enough: Callable[[str], bool]) -> str:
        """More lines, up to one that may complete the command: parsing again at every line would be quadratic."""
        lines = []
        while raw := await stream.readline():
            lines.append(raw.decode("utf-8", "surrogateescape").replace("\x00", ""))
            if enough(lines[-1]):
                break
        return "".join(lines)

    # -- lists and pipelines -------------------------------------------------------------------------------------

    async def run_list(self, tree: ListNode) -> int:
        for command, background in tree.items:
            if self.pending:
                await self.run_pending()
            if background:
                self.run_background(command)
            else:
                await self.run_and_or(command)
        if self.pending:
            await self.run_pending()
        return self.status

    async def run_and_or(self, node: AndOr) -> int:
        if not node.rest:
            await self.run_pipeline(node.first, True)
            return self.status
        last = len(node.rest) - 1
        self.noerr += 1
        try:
            await self.run_pipeline(node.first, False)
        finally:
            self.noerr -= 1
        for number, (op, pipeline) in enumerate(node.rest):
            if (self.status == 0) != (op == "&&"):
                continue
            if number == last:
                await self.run_pipeline(pipeline, True)
            else:
                self.noerr += 1
                try:
                    await self.run_pipeline(pipeline, False)
                finally:
                    self.noerr -= 1
        return self.status

    async def run_pipeline(self, node: Pipeline, counts: bool) -> int:
        """Run, set $?; with `counts`, a failure may end a `set -e` shell."""
        begun = time.monotonic()
        temporary = len(self.temporary)
        if node.negate:
            self.noerr += 1
        try:
            if len(node.commands) == 1:
                status = await self.run_command(node.commands[0])
                self.pipestatus = [status]
            else:
                status = await self.run_pipes(node)
        finally:
            if node.negate:
                self.noerr -= 1
            if len(self.temporary) > temporary:
                self.drop_temporary(temporary)
        if node.negate:
            status = int(status == 0)
        self.status = status
        if node.timed:
            seconds = time.monotonic() - begun
            stamp = f"{int(seconds // 60)}m{seconds % 60:.3f}s"
            self.raw_error(f"\nreal\t{stamp}\nuser\t0m0.000s\nsys\t0m0.000s\n")
        if status and counts and not node.negate and not self.noerr:
            if self.traps.get("ERR") and not self.locals:
                await self.eval_text(self.traps["ERR"])
                self.status = status
            if "e" in self.opts:
                raise Exit(status)
        return status

    def group(self) -> int | None:
        """The process group for a new job: its own under job control."""
        return 0 if "m" in self.opts else None

    async def run_pipes(self, node: Pipeline) -> int:
        entries: list[Entry] = []
        pgid = self.group()
        before: Pipe | None = None
        for number, command in enumerate(node.commands):
            fds = self.fds.fork()
            if before is not None:
                fds.put(0, before)
            before = None
            if number < len(node.commands) - 1:
                before = Pipe()
                fds.put(1, before.writer)
            entry = self.start_command(self.fork(fds), command, pgid)
            entries.append(entry)
            if pgid == 0:
                pgid = entry.pgid
        await self.foreground(entries)
        self.pipestatus = [e.status or 0 for e in entries]
        if "pipefail" in self.shopts:
            return next((s for s in reversed(self.pipestatus) if s), 0)
        return self.pipestatus[-1]

    def start_command(self, child: Shell, command: Any, pgid: int | None, ignored: set[int] | None = None) -> Entry:
        """Start one element of a pipeline or job in a forked shell."""
        if isinstance(command, Simple):
            return child.start(lambda: child.run_simple(command, in_place=True), pgid, ignored)
        return child.start(lambda: child.run_command(command), pgid, ignored)

    async def foreground(self, entries: list[Entry]) -> None:
        """Wait for processes; the terminal's keys reach them meanwhile."""
        tty = self.p.tty if "m" in self.opts else None
        if tty is not None:
            before, tty.foreground = tty.foreground, entries[0].pgid
        try:
            for entry in entries:
                await entry.over.wait()
        finally:
            if tty is not None:
                tty.foreground = before
                tty.sane()
        last = entries[-1]
        if last.signal:
            if last.signal == 2 and self.interactive and not self.subshell:
                self.raw_error("\n")
                if self.loops:
                    raise LoopControl("break", 1000)
            elif DEATH.get(last.signal) and not self.subshell:
                if self.interactive:
                    self.raw_error(f"{DEATH[last.signal]}\n")
                elif last.signal != 2:
                    text = " ".join(last.process.argv)
                    self.error(f"{last.pid:5d} {DEATH[last.signal]:<23} {text}")

    def run_background(self, node: AndOr) -> None:
        fds = self.fds.fork()
        if "m" not in self.opts:
            fds.put(0, Null())
        child = self.fork(fds)
        ignored = set() if "m" in self.opts else {2, 3}
        simple = not node.rest and not node.first.negate and len(node.first.commands) == 1
        if simple:
            entry = self.start_command(child, node.first.commands[0], self.group(), ignored)
        else:
            entry = child.start(lambda: child.run_and_or(node), self.group(), ignored)
        self.last_bg = entry.pid
        number = max((j.number for j in self.jobs), default=0) + 1
        self.jobs.append(Job(number, [entry], node.text, entry.pgid))
        if self.interactive and not self.subshell:
            self.raw_error(f"[{number}] {entry.pid}\n")
        self.status = 0

    # -- one command ---------------------------------------------------------------------------------------------

    async def run_command(self, node: Any) -> int:
        if isinstance(node, Simple):
            return await self.run_simple(node)
        self.line = node.line + self.line_offset
        if node.kind == "func":
            return self.define(node)
        if not node.redirects:
            return await getattr(self, f"c_{node.kind}")(node)
        saved = self.fds
        try:
            table = saved.fork()
            try:
                await self.redirect(table, node.redirects)
            except RedirectError as err:
                table.close_all()
                self.error(str(err))
                return 1
            self.use(table)
            return await getattr(self, f"c_{node.kind}")(node)
        finally:
            if self.fds is not saved:
                self.fds.close_all()
                self.use(saved)

    def use(self, table: Descriptors) -> None:
        self.fds = table
        self.p.fds = table

    def define(self, node: Compound) -> int:
        self.functions[node.data["name"]] = node
        return 0

    async def c_subshell(self, node: Compound) -> int:
        child = self.fork()
        entry = child.start(lambda: child.run_list(node.data["body"]), self.group())
        await self.foreground([entry])
        return entry.status or 0

    async def c_group(self, node: Compound) -> int:
        return await self.run_list(node.data["body"])

    async def c_if(self, node: Compound) -> int:
        for condition, body in node.data["clauses"]:
            if await self.run_condition(condition) == 0:
                return await self.run_list(body)
        if node.data["else"] is not None:
            return await self.run_list(node.data["else"])
        return 0

    async def run_condition(self, tree: ListNode) -> int:
        self.noerr += 1
        try:
            return await self.run_list(tree)
        finally:
            self.noerr -= 1

    async def loop_body(self, body: ListNode) -> bool:
        """Run it once; False when the loop is to end."""
        self.loops += 1
        try:
            await self.run_list(body)
            self.turns += 1
            if self.turns % 50 == 0:  # so that a busy loop can be interrupted, and a slow reader keeps up
                await self.fds.get(1, _BAD).drain()
        except LoopControl as control:
            if control.depth > 1:
                raise LoopControl(control.kind, control.depth - 1) from None
            return control.kind == "continue"
        finally:
            self.loops -= 1
        return True

    async def c_while(self, node: Compound) -> int:
        status, until = 0, node.data["until"]
        while True:
            self.loops += 1
            try:
                hold = await self.run_condition(node.data["condition"])
            except LoopControl as control:
                if control.depth > 1:
                    raise LoopControl(control.kind, control.depth - 1) from None
                if control.kind == "break":
                    return 0
                continue
            finally:
                self.loops -= 1
            if (hold == 0) == until:
                return status
            if not await self.loop_body(node.data["body"]):
                return self.status if self.status > 128 else 0
            status = self.status

    async def c_for(self, node: Compound) -> int:
        words = node.data["words"]
        values = list(self.params) if words is None else await expand.expand_words(self, words)
        status = 0
        for value in values:
            self.set(node.data["name"], value)
            if not await self.loop_body(node.data["body"]):
                return self.status if self.status > 128 else 0
            status = self.status
        return status

    async def c_cfor(self, node: Compound) -> int:
        first, condition, step = node.data["parts"]
        await self.arith_or_fail(first)
        status = 0
        while not condition or await self.arith_or_fail(condition):
            if not await self.loop_body(node.data["body"]):
                return 0
            status = self.status
            await self.arith_or_fail(step)
        return status

    async def arith_or_fail(self, parts: list[tuple]) -> int:
        return await expand.arithmetic(self, parts) if parts else 0

    async def c_select(self, node: Compound) -> int:
        words = node.data["words"]
        values = list(self.params) if words is None else await expand.expand_words(self, words)
        while values:
            for number, value in enumerate(values, 1):
                self.raw_error(f"{number}) {value}\n")
            self.raw_error(self.get("PS3") or "#? ")
            line = (await self.fds.get(0, _BAD).readline()).decode("utf-8", "surrogateescape")
            if not line:
                self.raw_error("\n")
                return 1
            reply = line.strip()
            self.set("REPLY", line.rstrip("\n"))
            chosen = values[int(reply) - 1] if reply.isdigit() and 0 < int(reply) <= len(values) else ""
            self.set(node.data["name"], chosen)
            if not await self.loop_body(node.data["body"]):
                return 0
        return self.status

    async def c_case(self, node: Compound) -> int:
        subject = await expand.expand_string(self, node.data["word"])
        through, status = False, 0
        from . import pattern as pat

        for patterns, body, end in node.data["items"]:
            hit = through
            for word in patterns if not hit else ():
                if pat.match(await expand.expand_pattern(self, word), subject, "nocasematch" in self.shopts):
                    hit = True
                    break
            if not hit:
                continue
            self.status = 0
            status = await self.run_list(body)
            if end == ";;":
                return status
            through = end == ";&"
        return status

    async def c_arith(self, node: Compound) -> int:
        try:
            return int(await expand.arithmetic(self, node.data["parts"]) == 0)
        except ExpansionError as err:
            if err.fatal:
                raise
            self.error(f"((: {err}")
            return 1

    async def c_cond(self, node: Compound) -> int:
        try:
            return int(not await testing.conditional(self, node.data["test"]))
        except testing.TestError as err:
            self.error(f"[[: {err}")
            return 2

    # -- simple commands -----------------------------------------------------------------------------------------

    async def run_simple(self, node: Simple, in_place: bool = False) -> int:
        """Expand and run. `in_place`: this process is a fork that has nothing else to do."""
        from .builtins import BUILTINS, SPECIAL

        self.line = node.line + self.line_offset
        self.sub_status = None
        if self.pending:
            await self.run_pending()
        declared = None
        if node.words and node.words[0].literal() in _DECLARING:
            declared = [w for w in node.words if Parser.is_assignment(w)]
            argv = await expand.expand_words(self, [w for w in node.words if not Parser.is_assignment(w)])
        else:
            argv = await expand.expand_words(self, node.words)
        if "x" in self.opts:
            await self.trace(node, argv)
        if not argv:
            return await self.assign_only(node)
        name = argv[0]
        if name in self.functions or name in BUILTINS:
            if name in self.functions:
                return await self.with_environment(node, lambda: self.call(name, argv[1:]))
            run = BUILTINS[name]
            if name == "exec":
                return await self.run_exec(node, argv)
            if declared is not None:
                return await self.with_environment(node, lambda: run(self, argv, declared))
            return await self.with_environment(node, lambda: run(self, argv), name in SPECIAL)
        return await self.run_external(node, argv, in_place)

    async def trace(self, node: Simple, argv: list[str]) -> None:
        shown = [
            a.raw if any(p[0] == "array" for p in a.parts) else await expand.expand_string(self, a)
            for a in node.assigns
        ]
        ps4 = await expand.expand_string(self, expand.parse_word(self.get("PS4") or "+ "))
        self.raw_error(ps4 + " ".join(shown + [trace_quote(a) for a in argv]) + "\n")

    async def assign_only(self, node: Simple) -> int:
        if node.redirects:
            table = self.fds.fork()
            try:
                await self.redirect(table, node.redirects)
            except RedirectError as err:
                self.error(str(err))
                return 1
            finally:
                table.close_all()
        for word in node.assigns:
            await self.assign(word)
        return self.sub_status or 0

    async def assign(self, word: Word) -> str:
        """NAME=value, NAME+=value, NAME[i]=value, NAME=(…). Returns the name."""
        text = word.parts[0][1]
        match = re.match(r"([A-Za-z_]\w*)(\[[^\]]*\])?(\+?)=", text)
        if match is None:
            raise ExpansionError(f"`{word.raw}': not a valid identifier", 1)
        name, index, append = match[1], match[2], bool(match[3])
        rest = ([("lit", text[match.end() :])] if text[match.end() :] else []) + word.parts[1:]
        if rest and rest[0][0] == "array":
            await self.assign_array(name, rest[0][1], append)
            return name
        if any(part[0] == "lit" and "~" in part[1] for part in rest):
            rest = self.assignment_tilde(rest)
        value = await expand.expand_string(self, Word(rest), tilde=False)
        if index:
            key = await expand.expand_string(self, expand.subscript_word(index[1:-1]), tilde=False)
            self.set_element(name, key, (self.element(name, key) or "") + value if append else value)
        elif append and name in self.integer:
            self.set(name, str(expand.calculate(self, f"({self.get(name) or 0})+({value or 0})")))
        else:
            self.set(name, (self.get(name) or "") + value if append else value)
        return name

    def assignment_tilde(self, parts: list[tuple]) -> list[tuple]:
        """~ at the start of the value and behind every colon."""
        out: list[tuple] = []
        for number, part in enumerate(parts):
            if part[0] != "lit" or "~" not in part[1]:
                out.append(part)
                continue
            start = r"(^|:)" if number == 0 else r"(:)"
            end = r"(?=[/:]|$)" if number == len(parts) - 1 else r"(?=[/:])"

            def home(match: re.Match[str]) -> str:
                found = self.home_of(match[2])
                return match[0] if found is None else match[1] + found

            out.append(("q", re.sub(start + r"~([\w.-]*)" + end, home, part[1])))
        return out

    async def assign_array(self, name: str, words: list[Word], append: bool) -> None:
        self.check_writable(name)
        old = self.vars.get(name)
        if name in self.assoc:
            store: dict = dict(old) if append and old else {}
        else:
            store = (dict(old) if isinstance(old, dict) else {} if old is None else {0: old}) if append else {}
        following = max(store, default=-1) + 1 if name not in self.assoc else 0
        for word in words:
            match = re.match(r"\[([^\]]+)\]=", word.parts[0][1]) if word.parts and word.parts[0][0] == "lit" else None
            if match is None and word.raw.startswith("[") and "]=" in word.raw:
                key_text, _, _ = word.raw[1:].partition("]=")
                inner = Parser(f"x={word.raw.partition(']=')[2]}").next_line()
                value = (
                    await expand.expand_string(self, inner.items[0][0].first.commands[0].assigns[0]) if inner else "="
                )
                key = await expand.expand_string(
                    self, Parser(key_text).next_line().items[0][0].first.commands[0].words[0]
                )  # type: ignore[union-attr]
                store[key if name in self.assoc else expand.calculate(self, key)] = value.partition("=")[2]
                continue
            if match:
                text = word.parts[0][1][match.end() :]
                value = await expand.expand_string(self, Word(([("lit", text)] if text else []) + word.parts[1:]))
                if name in self.assoc:
                    store[match[1]] = value
                else:
                    key = expand.calculate(self, await expand.expand_string(self, expand.parse_word(match[1])))
                    store[key] = value
                    following = key + 1
                continue
            for value in await expand.expand_words(self, [word]):
                store[following] = value
                following += 1
        self.vars[name] = store

    async def with_environment(self, node: Simple, run: Callable[[], Awaitable[int]], keep: bool = False) -> int:
        """A builtin or function with its redirections and `X=1` in front."""
        saved_fds, saved_vars = self.fds, []
        try:
            if node.redirects:
                table = saved_fds.fork()
                try:
                    await self.redirect(table, node.redirects)
                except RedirectError as err:
                    table.close_all()
                    self.error(str(err))
                    return 1
                self.use(table)
            for word in node.assigns:
                name = re.match(r"\w+", word.raw)[0]  # type: ignore[index]
                saved_vars.append((name, self.vars.get(name, MISSING), name in self.exported))
                await self.assign(word)
                self.exported.add(name)
            try:
                return await run()
            except BrokenPipeError:
                raise
            except OSError as err:
                self.builtin_error(f"{await self.command_name(node)}: write error: {err.strerror}")
                return 1
        finally:
            if self.fds is not saved_fds:
                self.fds.close_all()
                self.use(saved_fds)
            for name, value, exported in reversed(saved_vars):
                if value is MISSING:
                    self.vars.pop(name, None)
                else:
                    self.vars[name] = value
                (self.exported.add if exported else self.exported.discard)(name)

    async def command_name(self, node: Simple) -> str:
        return node.words[0].literal() or "echo"

    async def call(self, name: str, args: list[str]) -> int:
        """Call a function."""
        if len(self.locals) >= MAX_NESTING:
            raise ExpansionError(f"{name}: maximum function nesting level exceeded ({MAX_NESTING})", 1)
        saved, self.params = self.params, args
        self.locals.append({})
        self.depth += 1
        loops, self.loops = self.loops, 0
        try:
            node = self.functions[name].data["body"]
            self.status = await self.run_command(node)
            return self.status
        except Return as back:
            return back.status
        finally:
            self.params = saved
            self.depth -= 1
            self.loops = loops
            self.drop_locals()

    async def run_exec(self, node: Simple, argv: list[str]) -> int:
        """exec: with a command it replaces the shell, without one its redirections stay."""
        for word in node.assigns:
            self.exported.add(await self.assign(word))
        try:
            await self.redirect(self.fds, node.redirects)
        except RedirectError as err:
            self.error(str(err))
            if not self.interactive:
                raise Exit(1) from None
            return 1
        self.use(self.fds)
        args = argv[1:]
        arg0 = None
        while args and args[0].startswith("-") and len(args[0]) > 1:
            flag = args.pop(0)
            if flag == "--":
                break
            if flag == "-a" and args:
                arg0 = args.pop(0)
            elif flag == "-l":
                arg0 = "-" + args[0] if args else None
            elif flag != "-c":
                self.builtin_error(f"exec: {flag}: invalid option")
                self.raw_error("exec: usage: exec [-cl] [-a name] [command [arguments ...]] [redirection ...]\n")
                return 2
        if not args:
            return 0
        self.traps.clear()
        status = await self.exec_program(args, arg0)
        raise Exit(status)

    async def run_external(self, node: Simple, argv: list[str], in_place: bool) -> int:
        if in_place:
            try:
                await self.redirect(self.fds, node.redirects)
            except RedirectError as err:
                self.error(str(err))
                return 1
            for word in node.assigns:
                self.exported.add(await self.assign(word))
            return await self.exec_program(argv)
        table = self.fds.fork()
        try:
            await self.redirect(table, node.redirects)
        except RedirectError as err:
            table.close_all()
            self.error(str(err))
            return 1
        except BaseException:
            table.close_all()
            raise
        env = self.environment()
        for word in node.assigns:
            name = re.match(r"\w+", word.raw)[0]  # type: ignore[index]
            before = self.vars.get(name, MISSING)
            await self.assign(word)
            env[name] = self.get(name) or ""
            if before is MISSING:
                self.vars.pop(name, None)
            else:
                self.vars[name] = before
        if node.assigns and any(w.raw.startswith("PATH=") for w in node.assigns):
            path = env["PATH"]
        else:
            path = self.get("PATH") or ""
        program = self.find(argv[0], path)
        p = self.machine.fork(self.p, argv, table, env=env, umask=self.umask)
        p.env["_"] = program or argv[0]
        entry = self.machine.start(p, lambda child: self.launch(child, program), self.group())
        await self.foreground([entry])
        return entry.status or 0

    async def exec_program(self, argv: list[str], arg0: str | None = None) -> int:
        """Replace this shell by a program (the caller has nothing left to do)."""
        env = self.environment()
        program = self.find(argv[0], self.get("PATH") or "")
        p = self.p
        p.argv = [arg0, *argv[1:]] if arg0 else list(argv)
        p.env, p.umask = env, self.umask
        p.env["_"] = program or argv[0]
        p.fds = self.fds
        self.machine.attach(p)
        entry = p.extra.get("entry")
        if entry is not None:
            entry.argv, entry.process = p.argv, p
            entry.handler = None
            entry.ignored |= {n for n, a in ((_number(s), a) for s, a in self.traps.items()) if a == "" and n}
        return await self.launch(p, program)

    def find(self, name: str, path: str) -> str | None:
        """The file that a command name stands for; None when PATH does not have it."""
        if "/" in name:
            self.machine.refresh()
            return name
        found = self.machine.which(name, path, self.cwd, self.user)
        return found[0] if found else None

    async def launch(self, p: Process, program: str | None) -> int:
        """Run a program as process `p`, with the shell's words when that fails."""
        name = p.argv[0]
        if program is None:
            self.machine.note_unknown(name)
            ash = p.node.extra.get("guest")  # an instance's busybox
            self.tell(p, f"{name}: not found" if ash else f"{name}: command not found")
            return 127
        try:
            return await self.machine.execute(p, program)
        except OSError as err:
            if err.filename != program:
                raise
            if err.errno == errno.EISDIR:
                self.tell(p, f"{name}: is a directory")
            elif err.errno == errno.ENOEXEC:
                self.tell(p, f"{name}: cannot execute binary file")
            elif err.strerror and "bad interpreter" in err.strerror:
                self.tell(p, f"{name}: {err.strerror}")
                return 126
            else:
                self.tell(p, f"{name}: {err.strerror}")
            return 127 if err.errno == errno.ENOENT else 126

    def tell(self, p: Process, message: str) -> None:
        """A message of the shell on the child's stderr (it may be redirected)."""
        line = f"line {self.line}: " if self.line > 0 and not self.interactive else ""
        with contextlib.suppress(OSError):
            p.stderr.write(f"{self.arg0}: {line}{message}\n")

    # -- redirections --------------------------------------------------------------------------------------------

    async def redirect(self, table: Descriptors, redirects: list[Redirect]) -> None:
        """Apply redirections to a table.

        Raises:
            RedirectError: with bash's text.
        """
        for node in redirects:
            await self.redirect_one(table, node)

    async def redirect_one(self, table: Descriptors, node: Redirect) -> None:
        op = node.op
        fd = node.fd if node.fd is not None else (0 if op in ("<", "<<", "<<-", "<<<", "<&", "<>") else 1)
        if op in ("<<", "<<-"):
            text = (
                node.target.parts[0][1]
                if node.quoted and node.target.parts
                else await expand.expand_heredoc(self, node.target)
            )
            table.put(fd, Source(text.encode("utf-8", "surrogateescape")))
            return
        if op == "<<<":
            text = await expand.expand_string(self, node.target) + "\n"
            table.put(fd, Source(text.encode("utf-8", "surrogateescape")))
            return
        names = await expand.expand_words(self, [node.target])
        if len(names) != 1:
            raise RedirectError(f"{node.target.raw}: ambiguous redirect")
        name = names[0]
        if op in ("<&", ">&") and not (op == ">&" and node.fd is None and not re.fullmatch(r"\d+-?|-", name)):
            self.duplicate(table, fd, name, node)
            return
        mode = {"<": "r", "<>": "rw", ">>": "a", "&>>": "a"}.get(op, "w")
        number = int(name[8:]) if re.fullmatch(r"/dev/fd/\d+", name) else -1
        if number in self.fds and number not in table:  # a process substitution made just now
            table[number] = self.fds[number].dup()
        try:
            holder = self.p
            saved, holder.fds, holder.umask = holder.fds, table, self.umask
            try:
                stream = open_stream(holder, name, mode, clobber="C" not in self.opts or op == ">|")
            finally:
                holder.fds = saved
        except OSError as err:
            raise RedirectError(f"{name}: {err.strerror}") from None
        if op in ("&>", "&>>") or (op == ">&" and node.fd is None):
            table.put(1, stream)
            table.put(2, stream.dup())
        else:
            table.put(fd, stream)

    def duplicate(self, table: Descriptors, fd: int, name: str, node: Redirect) -> None:
        if name == "-":
            table.drop(fd)
            return
        match = re.fullmatch(r"(\d+)(-?)", name)
        if not match:
            raise RedirectError(f"{node.target.raw}: ambiguous redirect")
        source = table.get(int(match[1]))
        if source is None or isinstance(source, Bad):
            raise RedirectError(f"{match[1]}: Bad file descriptor")
        if int(match[1]) != fd:
            table.put(fd, source.dup())
            if match[2]:
                table.drop(int(match[1]))

    # -- substitution --------------------------------------------------------------------------------------------

    async def substitute(self, body: ListNode | str) -> str:
        """$(…): the output without its last newlines."""
        if isinstance(body, str):
            parser = self.parser(body)
            try:
                items = []
                while (tree := parser.next_line()) is not None:
                    items.extend(tree.items)
                body = ListNode(items)
            except BashSyntaxError as err:
                self.syntax_error(err, f"{self.arg0}: command substitution")
                self.sub_status = 2
                return ""
        tree = body
        collector = Collector()
        fds = self.fds.fork()
        fds.put(1, collector)
        child = self.fork(fds)
        child.opts.discard("e")
        fast = self.file_only(tree)

        async def run() -> int:
            if fast is not None:
                await child.redirect(child.fds, [fast])
                child.out(await child.fds[0].read())
                return 0
            if child.single(tree):
                return await child.run_simple(tree.items[0][0].first.commands[0], in_place=True)
            return await child.run_list(tree)

        async def safe() -> int:
            try:
                return await run()
            except RedirectError as err:
                child.error(str(err))
                return 1

        entry = child.start(safe)
        await entry.over.wait()
        await collector.done.wait()
        self.sub_status = entry.status or 0
        self.status = self.sub_status
        if entry.signal == 2 and self.interactive:
            raise Exit(130) if self.subshell else ExpansionError("", 130)
        return collector.value().replace(b"\0", b"").decode("utf-8", "surrogateescape").rstrip("\n")

    @staticmethod
    def file_only(tree: ListNode) -> Redirect | None:
        """$(< file)"""
        if len(tree.items) == 1 and not tree.items[0][0].rest:
            commands = tree.items[0][0].first.commands
            if len(commands) == 1 and isinstance(commands[0], Simple):
                node = commands[0]
                if not node.words and not node.assigns and len(node.redirects) == 1 and node.redirects[0].op == "<":
                    return node.redirects[0]
        return None

    async def process_substitution(self, kind: str, tree: ListNode) -> str:
        """<(…) and >(…): a descriptor above 62 that the command opens as /dev/fd/N."""
        fd = 63
        while fd in self.fds:
            fd -= 1
        pipe = Pipe()
        fds = self.fds.fork()
        fds.put(1 if kind == "<" else 0, pipe.writer if kind == "<" else pipe)
        child = self.fork(fds)
        child.start(lambda: child.run_list(tree), ignored={2, 3})
        self.fds.put(fd, pipe if kind == "<" else pipe.writer)
        self.temporary.append((self.fds, fd))
        return f"/dev/fd/{fd}"

    def drop_temporary(self, keep: int) -> None:
        """Close our ends of process substitutions: the command that used them is done."""
        while len(self.temporary) > keep:
            table, fd = self.temporary.pop()
            table.drop(fd)


_BAD = Bad()
_DECLARING = {"declare", "typeset", "local", "export", "readonly"}


def _number(name: str) -> int:
    from ..machine import SIGNALS

    return SIGNALS.get(name, 0)


def trace_quote(text: str) -> str:
    """How set -x shows an argument."""
    if text and re.fullmatch(r"[\w@%+=:,./-]+", text):
        return text
    return expand.shell_quote(text)
