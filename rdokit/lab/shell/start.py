"""How bash starts: its options, the environment it takes over, the files it reads first."""

from __future__ import annotations

import errno
import re
import time
from typing import TYPE_CHECKING

from ..machine import Entry
from ..process import Process, passwd_entry
from .builtins import SET_NAMES, set_option
from .interp import VERSION, Exit, Shell
from .streams import Descriptors

if TYPE_CHECKING:
    from .streams import Stream


VARIABLE = re.compile(r"[A-Za-z_]\w*")


def make_shell(p: Process, arg0: str) -> Shell:
    """A shell that takes over a process: environment, descriptors, umask."""
    sh = Shell(p, p.fds if p.fds is not None else Descriptors(), arg0)
    for name, value in p.env.items():
        if VARIABLE.fullmatch(name):
            sh.vars[name] = value
            sh.exported.add(name)
    sh.umask = p.umask
    sh.shell_pid = p.pid
    level = p.env.get("SHLVL", "0")
    sh.vars["SHLVL"] = str(int(level) + 1 if level.lstrip("-").isdigit() else 1)
    sh.vars.setdefault("PATH", "/usr/local/bin:/bin:/usr/bin")
    sh.vars["PWD"] = p.cwd
    sh.exported |= {"SHLVL", "PWD"}
    entry = passwd_entry(p.node, p.user)
    sh.vars.setdefault("HOME", entry["home"] if entry else "/")
    sh.vars.setdefault("SHELL", "/bin/bash")
    sh.vars["BASH"] = "/bin/bash"
    sh.vars["BASH_VERSION"] = VERSION
    sh.vars["BASH_VERSINFO"] = dict(enumerate(["4", "1", "2", "1", "release", "x86_64-redhat-linux-gnu"]))
    sh.vars["HOSTTYPE"], sh.vars["OSTYPE"], sh.vars["MACHTYPE"] = "x86_64", "linux-gnu", "x86_64-redhat-linux-gnu"
    sh.vars["OPTIND"], sh.vars["IFS"], sh.vars["PS4"] = "1", " \t\n", "+ "
    sh.exported.discard("IFS")
    sh.vars.pop("_", None)
    return sh


async def bash_main(p: Process) -> int:
    """bash and sh. p.argv[0] with a leading dash makes a login shell."""
    name = p.argv[0]
    sh = make_shell(p, name.rsplit("/", 1)[-1] if name.startswith("-") else name)
    entry: Entry | None = p.extra.get("entry")
    if entry is not None:
        entry.handler = sh.deliver
    sh.login = name.startswith("-")
    args = p.argv[1:]
    command, from_stdin, interactive, rc = None, False, None, True
    wants_command = False
    while args and (args[0][:1] == "-" or args[0][:1] == "+") and args[0] not in ("-", "--"):
        flag = args.pop(0)
        if flag.startswith("--"):
            if flag in ("--login",):
                sh.login = True
            elif flag in ("--norc", "--noprofile", "--posix", "--noediting"):
                rc = False
            elif flag == "--version":
                p.print(f"GNU bash, version {VERSION} (x86_64-redhat-linux-gnu)")
                return 0
            elif flag in ("--rcfile", "--init-file") and args:
                args.pop(0)
            else:
                p.error(f"{name}: {flag}: invalid option")
                return 2
            continue
        for letter in flag[1:]:
            if letter == "c":
                wants_command = True
            elif letter == "l":
                sh.login = True
            elif letter == "i":
                interactive = True
            elif letter == "s":
                from_stdin = True
            elif letter == "o":
                if not args or not set_option(sh, args.pop(0), flag[0] == "-"):
                    p.error(f"{name}: invalid option name")
                    return 2
            elif letter == "O":
                (sh.shopts.add if flag[0] == "-" else sh.shopts.discard)(args.pop(0) if args else "")
            elif letter in SET_NAMES.values():
                (sh.opts.add if flag[0] == "-" else sh.opts.discard)(letter)
            elif letter not in "rD":
                p.error(f"{name}: -{letter}: invalid option")
                return 2
    if args and args[0] in ("-", "--"):
        args.pop(0)
    if wants_command:
        if not args:
            p.error(f"{name}: -c: option requires an argument")
            return 2
        command = args.pop(0)
        if args:
            sh.arg0 = args.pop(0)
        sh.params, sh.mode, sh.line_offset = args, "c", -1
    elif args and not from_stdin:
        sh.mode = "script"
    else:
        sh.params = args
    if interactive is None:
        interactive = command is None and sh.mode == "stdin" and not args and p.stdin.isatty() and p.stderr.isatty()
    sh.interactive = bool(interactive)
    return await sh.lifetime(lambda: body(sh, p, command, args, rc))


async def body(sh: Shell, p: Process, command: str | None, args: list[str], rc: bool) -> int:
    await startup(sh, p, rc)
    if sh.interactive and command is None:
        from .session import interact

        return await interact(sh)
    if command is not None:
        sh.exec_last = True
        return await sh.run_text(command)
    if sh.mode == "script":
        return await run_file(sh, p, args)
    return await sh.run_stdin(p.stdin)  # type: ignore[arg-type]


async def startup(sh: Shell, p: Process, rc: bool) -> None:
    """/etc/profile and ~/.bash_profile for a login; ~/.bashrc when interactive or started by sshd."""
    if not rc:
        return
    home = sh.get("HOME") or "/"
    if sh.interactive:
        sh.vars.setdefault("PS1", "\\s-\\v\\$ ")
        sh.vars.setdefault("PS2", "> ")
    if sh.login:
        await read_file(sh, "/etc/profile")
        for name in (".bash_profile", ".bash_login", ".profile"):
            if sh.fs.isfile(f"{home}/{name}"):
                await read_file(sh, f"{home}/{name}")
                break
    elif sh.interactive or (
        "SSH_CLIENT" in p.env and sh.get("SHLVL") == "1" and p.argv[0].lstrip("-").endswith("bash")
    ):
        await read_file(sh, f"{home}/.bashrc")
    elif p.env.get("BASH_ENV") and sh.mode != "stdin":
        await read_file(sh, p.env["BASH_ENV"])


async def read_file(sh: Shell, path: str) -> None:
    """Source a startup file when it is there; what it complains about is seen, what it breaks is not."""
    try:
        text = sh.fs.read_text(path, sh.user)
    except OSError:
        return
    exec_last, sh.exec_last = sh.exec_last, False
    sh.depth += 1
    try:
        await sh.contained_text(text, path)
    finally:
        sh.depth -= 1
        sh.exec_last = exec_last
        sh.status = 0


async def run_file(sh: Shell, p: Process, args: list[str]) -> int:
    path = args[0]
    try:
        stream: Stream = p.open(path)
        data = await stream.read()
        stream.close()
    except OSError as err:
        if err.errno == errno.EISDIR:
            sh.raw_error(f"{sh.arg0}: {path}: is a directory\n")
            return 126
        if "/" not in path and err.errno == errno.ENOENT:
            found = sh.find(path, sh.get("PATH") or "")
            if found:
                return await run_file(sh, p, [found, *args[1:]])
        sh.raw_error(f"{sh.arg0}: {path}: {err.strerror}\n")
        return 127 if err.errno == errno.ENOENT else 126
    if b"\0" in data[:80].split(b"\n")[0]:
        sh.raw_error(f"{path}: {path}: cannot execute binary file\n")
        return 126
    sh.arg0, sh.params = path, args[1:]
    return await sh.run_text(data.decode("utf-8", "surrogateescape"))


def uptime_of(sh: Shell) -> float:
    return time.time() - sh.started


__all__ = ["Exit", "bash_main", "make_shell"]
