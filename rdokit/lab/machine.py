"""A running node: its process table, signals, how programs are found and started, reboot.

What is here is lost at power off; what survives is in the world. A process is an
asyncio task with a pid, file descriptors, a process group and a session, as in a
kernel, so that background jobs outlive the connection that started them, `kill`
hits what it should, and a reboot ends everything.
"""

from __future__ import annotations

import asyncio
import errno
import os
import posixpath
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from . import services
from .files import STUB, stub_of, sync_binaries
from .process import REGISTRY, Missing, Process, passwd_entry
from .shell.streams import Bad, Descriptors, Null

if TYPE_CHECKING:
    from .world import Node, World

SIGNALS = {
    "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10,
    "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CONT": 18, "STOP": 19,
    "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26, "PROF": 27, "WINCH": 28,
    "IO": 29, "PWR": 30, "SYS": 31,
}  # fmt: skip
SIGNAL_NAMES = {number: name for name, number in SIGNALS.items()}
HARMLESS = {17, 18, 20, 21, 22, 23, 28}  # by default they do nothing here (a lab process cannot be stopped)
DEATH = {1: "Hangup", 2: "", 3: "Quit", 6: "Aborted", 9: "Killed", 10: "User defined signal 1", 13: "",
         11: "Segmentation fault", 12: "User defined signal 2", 14: "Alarm clock", 15: "Terminated"}  # fmt: skip
CLOUD_CLIENTS = ("neutron", "nova", "glance", "cinder", "keystone", "packstack")
PATH_ROOT = "/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin"
PATH_USER = "/usr/local/bin:/bin:/usr/bin"


class ExitProcess(Exception):
    """A process ends itself with a status (exit(3))."""

    def __init__(self, status: int):
        super().__init__(status)
        self.status = status & 255


@dataclass(eq=False)
class Entry:
    """A line of the process table."""

    process: Process
    pid: int
    ppid: int
    pgid: int
    sid: int
    started: float
    argv: list[str]
    task: asyncio.Task[None] | None = None
    status: int | None = None
    signal: int = 0  # that ended it
    ignored: set[int] = field(default_factory=set)
    handler: Callable[[int], bool] | None = None  # a shell's traps: True when the signal was taken
    over: asyncio.Event = field(default_factory=asyncio.Event)
    ended: list[Callable[[], None]] = field(default_factory=list)

    async def wait(self) -> int:
        """The exit status; being cancelled does not touch the process."""
        await self.over.wait()
        return self.status or 0


class Machine:
    """One node while it has power."""

    def __init__(self, world: World, node: Node) -> None:
        self.world, self.node = world, node
        self.procs: dict[int, Entry] = {}
        self.last_pid = 1500
        self.changed: Callable[[], None] = lambda: None  # told after every command: the world may have changed
        self.log: Callable[[str], None] = lambda text: None
        self.down: Callable[[], Awaitable[None]] | None = None  # the server closes its listener
        self.went_up: Callable[[], Awaitable[None]] | None = None  # … and opens it again
        self.cut: Callable[[], None] = lambda: None  # the server ends sessions whose address is gone
        self.ttys: dict[str, Any] = {}
        self.logins: list[dict[str, Any]] = []
        self.packages_seen: tuple = ()
        self.peers: dict[str, Machine] = {node.name: self}  # all machines of the lab, by name
        self.rebooting = False
        self.lab: Any = None  # the server that this machine is reached through
        sys.setrecursionlimit(max(sys.getrecursionlimit(), 6000))  # a shell function calling itself is deep here
        if not node.extra.get("guest"):  # an instance brings its own files
            base_system(node)
        self.refresh()

    def network_changed(self, p: Process) -> None:
        """A command changed addresses or NICs: who came in by an address that is gone is cut off."""
        self.cut()

    # -- programs ------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Executables follow the installed packages."""
        now = tuple(self.node.packages)
        if now != self.packages_seen or not self.packages_seen:
            self.packages_seen = now or ("none",)
            sync_binaries(self.node)

    def which(self, name: str, path: str, cwd: str = "/", user: str = "root", everything: bool = False) -> list[str]:
        """Where PATH finds a command; the first one only unless `everything`."""
        self.refresh()
        found = []
        for directory in path.split(":"):
            full = posixpath.join(directory or ".", name)
            absolute = full if full.startswith("/") else posixpath.join(cwd, full)
            if self.node.fs.isfile(absolute) and self.node.fs.access(absolute, 1, user):
                if stub_of(self.node.fs, absolute) == (True, None):
                    continue
                found.append(full)
                if not everything:
                    break
        return found

    async def execute(self, p: Process, path: str) -> int:
        """exec(2): run the file at `path` as process `p`, whose argv is already set.

        Raises:
            OSError: ENOENT, EACCES, EISDIR, ENOEXEC with the path.
        """
        fs = self.node.fs
        full = path if path.startswith("/") else posixpath.join(p.cwd, path)
        try:
            stat = fs.stat(full, p.user)
        except OSError as err:
            raise OSError(err.errno, err.strerror, path) from None
        if stat.kind == "dir":
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not fs.access(full, 1, p.user):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES), path)
        compiled, entry = stub_of(fs, full)
        if entry is not None:
            return await entry.function(p)
        if compiled:  # there on the real system, and not known here: said in the log
            self.note_unknown(path)
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        head = fs.content(fs._need(full), 0, 256)  # noqa: SLF001
        if head.startswith(b"#!"):
            return await self.run_script(p, path, head)
        if head.startswith(STUB[:4]) or b"\0" in head:
            raise OSError(errno.ENOEXEC, os.strerror(errno.ENOEXEC), path)
        p.argv = ["/bin/bash", path, *p.argv[1:]]
        return await self.execute(p, "/bin/bash")

    async def run_script(self, p: Process, path: str, head: bytes) -> int:
        line = head[2:].split(b"\n", 1)[0].decode("utf-8", "surrogateescape").strip()
        interpreter, _, argument = line.partition(" ")
        p.argv = [interpreter, *([argument.strip()] if argument.strip() else []), path, *p.argv[1:]]
        full = interpreter if interpreter.startswith("/") else posixpath.join(p.cwd, interpreter)
        if not self.node.fs.exists(full):
            raise FileNotFoundError(errno.ENOENT, f"{interpreter}: bad interpreter: No such file or directory", path)
        return await self.execute(p, interpreter)

    # -- processes -----------------------------------------------------------------------------------------------

    def new_pid(self) -> int:
        self.last_pid += 1
        services = {s.pid for s in self.node.services.values() if s.running}
        while self.last_pid in self.procs or self.last_pid in services:
            self.last_pid += 1
        if self.last_pid > 32767:
            self.last_pid = 300
        return self.last_pid

    def fork(
        self, parent: Process, argv: list[str] | None = None, fds: Descriptors | None = None, **changes: Any
    ) -> Process:
        """A child process, not started: it inherits what is not given."""
        table = fds if fds is not None else (parent.fds.fork() if parent.fds is not None else Descriptors())
        changes.setdefault("extra", dict(parent.extra))
        child = replace(parent, argv=list(argv if argv is not None else parent.argv), fds=table, **changes)
        child.env = dict(child.env)
        child.ppid = parent.pid
        child.pid = self.new_pid()
        self.attach(child)
        return child

    def attach(self, p: Process) -> None:
        """Make stdin, stdout, stderr and spawn fit the descriptors."""
        fds = p.fds if p.fds is not None else Descriptors()
        p.stdin, p.stdout, p.stderr = (fds.get(i) or Bad() for i in range(3))  # type: ignore[assignment]
        p.extra["machine"] = self
        p.spawn = lambda argv, **changes: self.spawn(p, argv, **changes)

    def start(
        self,
        p: Process,
        main: Callable[[Process], Awaitable[int]],
        pgid: int | None = None,
        sid: int | None = None,
        ignored: set[int] | None = None,
    ) -> Entry:
        """Let a process run. Group, session and ignored signals come from the parent unless given."""
        parent = self.procs.get(p.ppid)
        entry = Entry(
            p,
            p.pid,
            p.ppid,
            pgid if pgid is not None else parent.pgid if parent else p.pid,
            sid if sid is not None else parent.sid if parent else p.pid,
            time.time(),
            p.argv,
        )
        if entry.pgid == 0:
            entry.pgid = p.pid
        entry.ignored = set(parent.ignored if parent else ()) | (ignored or set())
        self.procs[p.pid] = entry
        p.extra["entry"] = entry
        entry.task = asyncio.get_running_loop().create_task(self.live(entry, main))
        entry.task.add_done_callback(lambda task: self.bury(entry))
        return entry

    async def live(self, entry: Entry, main: Callable[[Process], Awaitable[int]]) -> None:
        try:
            entry.status = await self.guarded(entry, main)
        finally:
            self.bury(entry)

    def bury(self, entry: Entry) -> None:
        """The end of a process, also of one that was killed before it ran at all."""
        if entry.over.is_set():
            return
        if entry.status is None:
            entry.status = 128 + (entry.signal or 15)
        if self.procs.get(entry.pid) is entry:
            del self.procs[entry.pid]
        for child in self.procs.values():
            if child.ppid == entry.pid:
                child.ppid = 1
        if entry.process.fds is not None:
            entry.process.fds.close_all()
        entry.over.set()
        for tell in entry.ended:
            tell()
        if posixpath.basename(entry.argv[0] if entry.argv else "") in CLOUD_CLIENTS:
            services.reconcile(self.world)  # the agents hear of what was asked for
        self.changed()

    async def guarded(self, entry: Entry, main: Callable[[Process], Awaitable[int]]) -> int:
        """The status of a process, whatever way it ends."""
        p = entry.process
        try:
            return int(await main(p) or 0) & 255
        except ExitProcess as leave:
            return leave.status
        except asyncio.CancelledError:
            entry.signal = entry.signal or 15
            return 128 + entry.signal
        except BrokenPipeError:
            entry.signal = 13
            return 141
        except Missing as err:
            status, text = err.status, str(err)
        except OSError as err:
            name = f"{err.filename}: " if err.filename else "write error: " if err.errno in (28, 9) else ""
            status, text = 1, f"{posixpath.basename(p.argv[0])}: {name}{err.strerror or err}"
        except Exception:
            self.log(f"internal error in {p.argv[0]!r}:\n{traceback.format_exc()}")
            status, text = 70, f"{p.argv[0]}: internal error of the practice lab, see its lab.log"
        try:
            if text:
                p.error(text)
        except OSError:
            pass
        return status

    async def spawn(self, parent: Process, argv: list[str], **changes: Any) -> int:
        """Run another program and wait: what sudo, env, xargs, timeout and find -exec do.

        Args:
            changes: fields of Process (env, cwd, user, stdin, stdout, stderr …); `new_session=True` is setsid,
                `ignore={1}` lets it ignore SIGHUP, `wait=False` returns its pid at once.

        Returns:
            The exit status; 127 when it is not found, 126 when it cannot be run. Nothing is printed for these two:
            the caller has its own words (`OSError` is in parent.extra["exec_error"]).
        """
        entry = self.launch(parent, argv, **changes)
        if not changes.get("wait", True):
            return entry.pid
        try:
            return await entry.wait()
        except asyncio.CancelledError:
            self.kill(entry.pid, parent.extra["entry"].signal or 15 if "entry" in parent.extra else 15)
            raise

    def launch(self, parent: Process, argv: list[str], **changes: Any) -> Entry:
        """Start another program without waiting."""
        changes.pop("wait", None)
        new_session, ignore = changes.pop("new_session", False), changes.pop("ignore", None)
        new_group = changes.pop("new_group", False)
        streams = {i: changes.pop(n) for i, n in enumerate(("stdin", "stdout", "stderr")) if n in changes}
        child = self.fork(parent, argv, **changes)
        for fd, stream in streams.items():
            child.fds.put(fd, stream.dup() if hasattr(stream, "dup") else stream)  # type: ignore[union-attr]
        self.attach(child)
        if new_session:
            child.tty = None
        parent.extra.pop("exec_error", None)

        async def main(p: Process) -> int:
            try:
                return await self.run(p)
            except OSError as err:
                if (
                    err.errno not in (errno.ENOENT, errno.EACCES, errno.EISDIR, errno.ENOEXEC)
                    or err.filename != argv[0]
                ):
                    raise
                parent.extra["exec_error"] = err
                return 127 if err.errno == errno.ENOENT else 126

        own = new_session or new_group
        return self.start(child, main, 0 if own else None, child.pid if new_session else None, ignore)

    async def run(self, p: Process) -> int:
        """execvp(3): find argv[0] in PATH and run it in this process."""
        name = p.argv[0]
        if "/" in name:
            self.refresh()
            return await self.execute(p, name)
        found = self.which(name, p.env.get("PATH", PATH_USER), p.cwd, p.user)
        if not found:
            self.note_unknown(name)
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return await self.execute(p, found[0])

    def note_unknown(self, name: str) -> None:
        """Somebody asked for a command that the lab does not have (one that is only not installed is known)."""
        if posixpath.basename(name) in REGISTRY:
            return
        if name not in self.world.unknown and len(self.world.unknown) < 1000:
            self.world.unknown.append(name)
        self.log(f"unknown command {name!r} on {self.node.name}")

    # -- signals -------------------------------------------------------------------------------------------------

    def kill(self, pid: int, signal: int) -> bool:
        """Send a signal. False when there is no such process (services count as processes)."""
        entry = self.procs.get(pid)
        if entry is None:
            return self.kill_service(pid, signal)
        if signal == 0:
            return True
        if signal != 9 and signal in entry.ignored:
            return True
        if signal not in (9, 19) and entry.handler is not None and entry.handler(signal):
            return True
        if signal in HARMLESS or signal == 19:
            return True
        entry.signal = entry.signal or signal
        if entry.task is not None and entry.task is not asyncio.current_task():
            entry.task.cancel()
        elif entry.task is not None:
            asyncio.get_running_loop().call_soon(entry.task.cancel)
        return True

    def kill_group(self, pgid: int, signal: int) -> bool:
        found = [e.pid for e in list(self.procs.values()) if e.pgid == pgid]
        for pid in found:
            self.kill(pid, signal)
        return bool(found)

    def kill_service(self, pid: int, signal: int) -> bool:
        for service in self.node.services.values():
            if service.running and service.pid == pid and pid:
                if signal not in (0, 1, 10, 12, 17, 18, 28):
                    service.running, service.pid = False, 0
                    self.changed()
                return True
        return pid == 1

    def hang_up(self, sid: int, foreground: int = 0) -> None:
        """The terminal is gone: SIGHUP to the session leader and the foreground group, as the kernel does."""
        for entry in list(self.procs.values()):
            if entry.pid == sid or (foreground and entry.pgid == foreground):
                self.kill(entry.pid, 1)

    # -- /proc ---------------------------------------------------------------------------------------------------

    def proc_file(self, pid: int, name: str) -> bytes | None:
        entry = self.procs.get(pid)
        if entry is None:
            return None
        comm = posixpath.basename(entry.argv[0].lstrip("-"))[:15]
        if name == "cmdline":
            return b"".join(a.encode("utf-8", "surrogateescape") + b"\0" for a in entry.argv)
        if name == "environ":
            return b"".join(f"{k}={v}".encode("utf-8", "surrogateescape") + b"\0" for k, v in entry.process.env.items())
        if name == "comm":
            return comm.encode() + b"\n"
        if name == "stat":
            ticks = int((entry.started - self.node.kernel.booted) * 100)
            return (
                f"{pid} ({comm}) S {entry.ppid} {entry.pgid} {entry.sid} 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 "
                f"{ticks}\n".encode()
            )
        uid = self.node.fs.uid(entry.process.user)
        return (
            f"Name:\t{comm}\nState:\tS (sleeping)\nPid:\t{pid}\nPPid:\t{entry.ppid}\n"
            f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n".encode()
        )

    # -- sessions ------------------------------------------------------------------------------------------------

    def login_process(
        self, user: str, argv: list[str], fds: Descriptors, env: dict[str, str], tty: Any = None
    ) -> Process:
        """The process that sshd or login starts for a user."""
        entry = passwd_entry(self.node, user) or {"home": "/", "shell": "/bin/bash"}
        base = {
            "USER": user,
            "LOGNAME": user,
            "HOME": entry["home"],
            "PATH": PATH_ROOT if user == "root" else PATH_USER,
            "MAIL": f"/var/spool/mail/{user}",
            "SHELL": entry["shell"] or "/bin/bash",
        }
        base.update(env)
        home = entry["home"] if self.node.fs.isdir(entry["home"]) else "/"
        null = Null()
        p = Process(argv, base, home, user, null, null, null, self.node, self.world, tty, fds=fds)
        p.pid = self.new_pid()
        self.attach(p)
        return p

    async def shell_session(self, p: Process) -> int:
        """What runs in a login: the user's shell with p.argv."""
        shell = p.env.get("SHELL", "/bin/bash")
        if shell.endswith(("/nologin", "/false")):
            p.print("This account is currently not available.")
            return 1
        return await self.execute(p, shell if self.node.fs.exists(shell) else "/bin/bash")

    def free_tty(self) -> str:
        number = 0
        while f"pts/{number}" in self.ttys:
            number += 1
        return f"pts/{number}"

    def login(self, session: Any, user: str, tty: str, where: str) -> None:
        """A line for `who` and `w`."""
        self.logins.append({"session": session, "user": user, "tty": tty, "from": where, "at": time.time()})

    def logout(self, session: Any) -> None:
        self.logins = [entry for entry in self.logins if entry["session"] is not session]

    def localtime(self, seconds: float | None = None) -> time.struct_time:
        """The node's local time, by ZONE of /etc/sysconfig/clock or the link /etc/localtime (UTC without)."""
        from .clock import localtime

        return localtime(self.node, seconds)

    # -- power ---------------------------------------------------------------------------------------------------

    def end_all(self) -> None:
        """Power is cut: nothing is told, everything is gone."""
        for entry in list(self.procs.values()):
            entry.handler = None
            entry.ignored.clear()
            entry.signal = entry.signal or 9
            if entry.task is not None and entry.task is not asyncio.current_task():
                entry.task.cancel()

    async def reboot(self, delay: float = 1.0, off: float = 20.0) -> None:
        """Go down in `delay` lab seconds and come back `off` lab seconds later. Returns at once."""
        if not self.rebooting:
            self.rebooting = True
            self._task = asyncio.get_running_loop().create_task(self._cycle(delay, off))

    async def halt(self, delay: float = 1.0) -> None:
        """Go down and stay down. Returns at once."""
        if not self.rebooting:
            self.rebooting = True
            self._task = asyncio.get_running_loop().create_task(self._cycle(delay, None))

    async def _cycle(self, delay: float, off: float | None) -> None:
        try:
            await asyncio.sleep(max(0.05, delay / self.world.clock.speed))
            if self.down is not None:
                await self.down()
            self.end_all()
            self.power(False)
            self.changed()
            if off is None or self.node.name in str(self.world.faults.get("no-boot", "")).split(","):
                return  # the fault no-boot=NODE: a machine that never comes back
            await asyncio.sleep(max(0.05, off / self.world.clock.speed))
            await self.power_up()
        finally:
            self.rebooting = False

    async def power_up(self) -> None:
        """Press the button of a node that is off."""
        self.last_pid = 1500
        self.power(True)
        self.refresh()
        if self.went_up is not None:
            await self.went_up()
        self.changed()

    def power(self, on: bool) -> None:
        try:
            from . import boot
        except ImportError:
            self.node.up = on
            return
        (boot.power_on if on else boot.power_off)(self.world, self.node)
        self.node.up = on


RC_FILES = {
    "/etc/profile": """# system wide environment for login shells
pathmunge () {
    case ":${PATH}:" in
        *:"$1":*) ;;
        *) if [ "$2" = "after" ] ; then PATH=$PATH:$1 ; else PATH=$1:$PATH ; fi ;;
    esac
}
if [ -x /usr/bin/id ]; then
    EUID_NOW=`id -u`
    USER="`id -un`"
    LOGNAME=$USER
    MAIL="/var/spool/mail/$USER"
fi
if [ "$EUID_NOW" = "0" ]; then
    pathmunge /sbin
    pathmunge /usr/sbin
    pathmunge /usr/local/sbin
else
    pathmunge /usr/local/sbin after
    pathmunge /usr/sbin after
    pathmunge /sbin after
fi
HOSTNAME=`hostname 2>/dev/null`
HISTSIZE=1000
export PATH USER LOGNAME MAIL HOSTNAME HISTSIZE
for i in /etc/profile.d/*.sh ; do
    if [ -r "$i" ]; then . "$i" >/dev/null 2>&1 ; fi
done
unset i EUID_NOW
unset -f pathmunge
""",
    "/etc/bashrc": """# system wide functions and aliases
if [ "$PS1" ]; then
    [ "$PS1" = "\\\\s-\\\\v\\\\\\$ " ] && PS1="[\\u@\\h \\W]\\\\$ "
fi
""",
    "/root/.bash_profile": """# .bash_profile

if [ -f ~/.bashrc ]; then
	. ~/.bashrc
fi

PATH=$PATH:$HOME/bin

export PATH
""",
    "/root/.bashrc": """# .bashrc

alias rm='rm -i'
alias cp='cp -i'
alias mv='mv -i'

if [ -f /etc/bashrc ]; then
	. /etc/bashrc
fi
""",
    "/etc/profile.d/colorls.sh": """alias ll='ls -l --color=auto' 2>/dev/null
alias l.='ls -d .* --color=auto' 2>/dev/null
alias ls='ls --color=auto' 2>/dev/null
""",
    "/etc/profile.d/which2.sh": "alias which='alias | /usr/bin/which --tty-only --read-alias --show-dot "
    "--show-tilde'\n",
}


def base_system(node: Node) -> None:
    """What the shell needs and the installer may not have laid down. Existing files are left alone."""
    fs = node.fs
    for path, mode in (
        ("/dev", 0o755),
        ("/dev/pts", 0o755),
        ("/root", 0o550),
        ("/tmp", 0o1777),
        ("/etc/profile.d", 0o755),
        ("/var/tmp", 0o1777),
        ("/var/log", 0o755),
        ("/home", 0o755),
        ("/var/run", 0o755),
        ("/bin", 0o755),
        ("/sbin", 0o755),
        ("/usr/bin", 0o755),
        ("/usr/sbin", 0o755),
        ("/proc", 0o555),
        ("/sys", 0o755),
    ):
        if not fs.isdir(path):
            fs.mkdir(path, parents=True)
            fs.chmod(path, mode)
            fs.restorecon(path)
    for name, numbers in (
        ("null", (1, 3)),
        ("zero", (1, 5)),
        ("full", (1, 7)),
        ("random", (1, 8)),
        ("urandom", (1, 9)),
        ("tty", (5, 0)),
    ):
        if not fs.lexists(f"/dev/{name}"):
            fs.mknod(f"/dev/{name}", "char", 0o666, numbers)
    for target, path in (("/proc/self/fd", "/dev/fd"), ("/proc/self/fd/0", "/dev/stdin"), ("bash", "/bin/sh"),
                         ("/proc/self/fd/1", "/dev/stdout"), ("/proc/self/fd/2", "/dev/stderr")):  # fmt: skip
        if not fs.lexists(path):
            fs.symlink(target, path)
    for path, text in RC_FILES.items():
        if not fs.exists(path):
            fs.write(path, text)
            fs.restorecon(path)
    if not fs.exists("/etc/passwd"):
        fs.write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nnobody:x:99:99:Nobody:/:/sbin/nologin\n")
    if not fs.exists("/etc/group"):
        fs.write("/etc/group", "root:x:0:\nnobody:x:99:\n")
