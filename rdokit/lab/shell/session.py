"""A person at the prompt: PS1, history, job notices, continuation lines, completion."""

from __future__ import annotations

import asyncio
import posixpath
import re
import time
from typing import TYPE_CHECKING

from . import expand
from .builtins import BUILTINS, job_line
from .interp import Exit
from .lineedit import Interrupted, LineEditor
from .syntax import BashSyntaxError, ListNode

if TYPE_CHECKING:
    from .interp import Shell

HISTORY_SIZE = 1000


async def interact(sh: Shell) -> int:
    """The prompt's loop, until exit or Ctrl-D."""
    tty = sh.p.tty
    sh.opts |= {"m", "H"}
    load_history(sh)
    editor = LineEditor(tty, sh.history, lambda text, at: candidates(sh, text, at)) if tty is not None else None  # type: ignore[arg-type]
    try:
        while True:
            notify(sh)
            command = sh.get("PROMPT_COMMAND")
            if command:
                status = sh.status
                await sh.eval_text(command)
                sh.status = status
            trees = await complete_command(sh, editor)
            if trees is None:
                sh.raw_error("logout\n" if sh.login else "exit\n")
                break
            for tree in trees:
                await run(sh, tree)
    finally:
        save_history(sh)
    return sh.status


async def run(sh: Shell, tree: ListNode) -> None:
    """One command line in a task of its own, so that Ctrl-C can end builtins and loops."""
    current = asyncio.ensure_future(sh.guarded(tree))
    sh.current = current  # type: ignore[attr-defined]
    if sh.p.tty is not None:
        sh.p.tty.foreground = sh.entry.pgid  # type: ignore[attr-defined]
        sh.p.tty.sane()  # type: ignore[attr-defined]
    try:
        await asyncio.shield(current)
    except asyncio.CancelledError:
        if not current.cancelled() and not current.done():
            current.cancel()
            raise
        if not current.cancelled():
            raise
        sh.status, sh.loops, sh.noerr = 130, 0, 0
        sh.raw_error("\n")
    finally:
        sh.current = None  # type: ignore[attr-defined]


async def complete_command(sh: Shell, editor: LineEditor | None) -> list[ListNode] | None:
    """Read lines until they make whole commands; None at the end of the input."""
    text, ps = "", "PS1"
    while True:
        prompt = await prompt_text(sh, sh.get(ps) or "")
        try:
            line = await read_line(sh, editor, prompt)
        except Interrupted:
            sh.status = 130
            text, ps = "", "PS1"
            continue
        if line is None:
            if text:
                try:
                    sh.parser(text).next_line()
                except BashSyntaxError as err:
                    sh.syntax_error(err)
                    if "unexpected EOF" in str(err):
                        sh.raw_error(f"{sh.arg0}: syntax error: unexpected end of file\n")
                return []
            return None
        if not text:
            line, changed = history_expansion(sh, line)
            if line is None:
                return []
            if changed:
                sh.raw_error(line + "\n")
        text += line + "\n"
        if not text.strip():
            return []
        parser = sh.parser(text)
        trees: list[ListNode] = []
        try:
            while (tree := parser.next_line()) is not None:
                trees.append(tree)
        except BashSyntaxError as err:
            if err.incomplete:
                ps = "PS2"
                continue
            remember(sh, text)
            sh.syntax_error(err)
            return []
        if parser.missing_delimiter or re.search(r"(?<!\\)(\\\\)*\\\n$", text):
            ps = "PS2"
            continue
        remember(sh, text)
        return trees


async def read_line(sh: Shell, editor: LineEditor | None, prompt: str) -> str | None:
    if editor is not None:
        return await editor.read(prompt)
    sh.raw_error(prompt)
    raw = await sh.fds[0].readline()
    return raw.decode("utf-8", "surrogateescape").rstrip("\n") if raw else None


def notify(sh: Shell) -> None:
    """Tell which jobs have ended."""
    for job in list(sh.jobs):
        if job.status is not None:
            sh.raw_error(job_line(sh, job))
            sh.jobs.remove(job)


async def prompt_text(sh: Shell, ps: str) -> str:
    """Expand \\u \\h \\W … and then variables."""
    home = sh.get("HOME") or "/"
    cwd = sh.cwd
    shown = "~" + cwd[len(home) :] if home != "/" and (cwd == home or cwd.startswith(home + "/")) else cwd
    host = sh.hostname()
    now = time.localtime() if not hasattr(sh.machine, "localtime") else sh.machine.localtime()
    table = {
        "u": sh.user,
        "h": host.split(".")[0],
        "H": host,
        "w": shown,
        "n": "\n",
        "r": "\r",
        "a": "\a",
        "e": "\x1b",
        "W": shown if shown in ("~", "/") else posixpath.basename(cwd) or "/",
        "s": posixpath.basename(sh.arg0.lstrip("-")),
        "v": "4.1",
        "V": "4.1.2",
        "$": "#" if sh.fs.uid(sh.user) == 0 else "$",
        "[": "\x01",
        "]": "\x02",
        "\\": "\\",
        "t": time.strftime("%H:%M:%S", now),
        "T": time.strftime("%I:%M:%S", now),
        "A": time.strftime("%H:%M", now),
        "@": time.strftime("%I:%M %p", now),
        "d": time.strftime("%a %b %d", now),
        "j": str(len(sh.jobs)),
        "!": str(len(sh.history) + 1),
        "#": str(len(sh.history) + 1),
        "l": getattr(sh.p.tty, "name", "tty"),
    }
    out = re.sub(
        r"\\(?:([0-7]{3})|(.))", lambda m: chr(int(m[1], 8)) if m[1] else table.get(m[2], m[0]), ps, flags=re.S
    )
    if "$" in out.replace(table["$"], "") or "`" in out:
        try:
            status = sh.status
            out = await expand.expand_string(sh, expand.parse_word(out), tilde=False)
            sh.status = status
        except (expand.ExpansionError, BashSyntaxError):
            pass
    return out


# -- history -----------------------------------------------------------------------------------------------------


def load_history(sh: Shell) -> None:
    path = sh.get("HISTFILE") or f"{sh.get('HOME') or '/root'}/.bash_history"
    sh.vars.setdefault("HISTFILE", path)
    sh.vars.setdefault("HISTSIZE", "1000")
    try:
        sh.history[:] = [line for line in sh.fs.read_text(path, sh.user).splitlines() if line][-HISTORY_SIZE:]
    except OSError:
        sh.history.clear()


def save_history(sh: Shell) -> None:
    path = sh.get("HISTFILE")
    if not path or not sh.history:
        return
    try:
        sh.fs.write(path, "\n".join(sh.history[-HISTORY_SIZE:]) + "\n", mode=0o600, user=sh.user)
    except OSError:
        return


def remember(sh: Shell, text: str) -> None:
    line = text.rstrip("\n")
    if line.strip() and (not sh.history or sh.history[-1] != line or "ignoredups" not in (sh.get("HISTCONTROL") or "")):
        sh.history.append(line)


def history_expansion(sh: Shell, line: str) -> tuple[str | None, bool]:
    """!!, !$, !n, !-n, !text. (line or None when there is no such event, whether it was changed)."""
    if "!" not in line or "H" not in sh.opts:
        return line, False
    out, pos, quoted, changed = [], 0, False, False
    while pos < len(line):
        char = line[pos]
        if char == "\\" and not quoted:
            out.append(line[pos : pos + 2])
            pos += 2
            continue
        if char == "'" and line.count("'", pos) != 0:
            quoted = not quoted
        match = (
            re.compile(r"!(?:(!)|(\$)|(-?\d+)|([A-Za-z_./][^\s;|&<>\"']*))").match(line, pos)
            if char == "!" and not quoted
            else None
        )
        if match is None:
            out.append(char)
            pos += 1
            continue
        event = find_event(sh, match)
        if event is None:
            sh.error(f"{match[0]}: event not found")
            return None, False
        out.append(event)
        pos, changed = match.end(), True
    return "".join(out), changed


def find_event(sh: Shell, match: re.Match[str]) -> str | None:
    past = sh.history
    if match[1] or match[2]:
        if not past:
            return None
        return past[-1] if match[1] else (past[-1].split() or [""])[-1]
    if match[3]:
        number = int(match[3])
        index = number - 1 if number > 0 else len(past) + number
        return past[index] if 0 <= index < len(past) else None
    return next((h for h in reversed(past) if h.startswith(match[4])), None)


# -- completion --------------------------------------------------------------------------------------------------


def candidates(sh: Shell, text: str, at: int) -> tuple[int, list[str]]:
    """(where the word starts, what it may become)."""
    before = text[:at]
    match = re.search(r"(?:[^\s;|&()<>\"'=]|\\.)*$", before)
    word = match[0] if match else ""
    start = at - len(word)
    head = before[:start].rstrip()
    first = (
        not head or head[-1] in ";|&(" or head.split()[-1] in ("sudo", "then", "do", "else", "exec", "nohup", "time")
    )
    if word.startswith("$"):
        return start, sorted("$" + name for name in sh.vars if name.startswith(word[1:]))
    if first and "/" not in word:
        return start, commands(sh, word)
    only_dirs = head.split(";")[-1].split()[:1] in (["cd"], ["rmdir"], ["pushd"])
    return start, files(sh, word, only_dirs, executable=first)


def commands(sh: Shell, word: str) -> list[str]:
    names = set(BUILTINS) | set(sh.functions) | set(sh.aliases)
    for directory in (sh.get("PATH") or "").split(":"):
        try:
            names.update(sh.fs.listdir(directory, sh.user))
        except OSError:
            continue
    return sorted(n for n in names if n.startswith(word))


def files(sh: Shell, word: str, only_dirs: bool, executable: bool = False) -> list[str]:
    plain = re.sub(r"\\(.)", r"\1", word)
    directory, slash, name = plain.rpartition("/")
    shown = word.rpartition("/")[0] + slash
    base = directory + slash
    if base.startswith("~"):
        user, _, rest = base[1:].partition("/")
        base = f"{sh.home_of(user) or '~' + user}/{rest}"
    full = base if base.startswith("/") else posixpath.join(sh.cwd, base)
    out = []
    try:
        names = sh.fs.listdir(full or "/", sh.user)
    except OSError:
        return []
    for entry in names:
        if not entry.startswith(name) or (entry.startswith(".") and not name.startswith(".")):
            continue
        is_dir = sh.fs.isdir(posixpath.join(full, entry))
        if only_dirs and not is_dir:
            continue
        quoted = re.sub(r"([ \t\\'\"$&;|<>()*?\[`])", r"\\\1", entry)
        out.append(shown + quoted + ("/" if is_dir else ""))
    return sorted(out)


__all__ = ["Exit", "interact"]
