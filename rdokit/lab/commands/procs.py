"""Processes: ps, kill, pgrep, sleep, timeout, nohup, setsid, nice, flock, watch."""

from __future__ import annotations

import asyncio
import errno
import posixpath
import re
import time
from typing import Any

from .. import clock
from ..machine import SIGNALS, Entry
from ..options import UsageError, missing_operand, parse
from ..process import Missing, Process, command
from ..shell.builtins import send_signal, signal_number

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds_of(text: str) -> float:
    """1.5, 2m, 1h … ValueError when it is none."""
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)([smhd]?)", text)
    if not match:
        raise ValueError(text)
    return float(match[1]) * UNITS[match[2]]


@command("sleep", path="/bin")
async def sleep(p: Process) -> int:
    """Wait wall-clock seconds: what a client of the lab waits for must take as long as it says."""
    if len(p.argv) < 2:
        raise missing_operand(p)
    total = 0.0
    for text in p.argv[1:]:
        try:
            total += seconds_of(text)
        except ValueError:
            raise UsageError(
                f"sleep: invalid time interval `{text}'\nTry `sleep --help' for more information."
            ) from None
    await asyncio.sleep(total)
    return 0


@command("timeout")
async def timeout(p: Process) -> int:
    o = parse(
        p,
        "s:k:v",
        {"signal=": "s", "kill-after=": "k", "foreground": "f", "preserve-status": "P"},
        status=125,
        permute=False,
    )
    if len(o.args) < 2:
        raise missing_operand(p, status=125)
    try:
        limit = seconds_of(o.args[0])
    except ValueError:
        raise UsageError(
            f"timeout: invalid time interval `{o.args[0]}'\nTry `timeout --help' for more information.", 125
        ) from None
    signal = signal_number(o.value("s") or "TERM") or 15
    entry = p.machine.launch(p, o.args[1:], new_group=False)
    try:
        if limit == 0:
            return await entry.wait()
        await asyncio.wait_for(asyncio.shield(entry.over.wait()), limit)
    except TimeoutError:
        p.machine.kill(entry.pid, signal)
        if o.value("k"):
            try:
                await asyncio.wait_for(asyncio.shield(entry.over.wait()), seconds_of(o.value("k") or "0"))
            except TimeoutError:
                p.machine.kill(entry.pid, 9)
                await entry.over.wait()
                return 137
        await entry.over.wait()
        return 137 if signal == 9 else (entry.status or 0) if o.has("P") else 124
    except asyncio.CancelledError:
        p.machine.kill(entry.pid, p.extra["entry"].signal or 15)
        raise
    return exec_failed(p, "timeout", o.args[1]) or entry.status or 0


def exec_failed(p: Process, tool: str, name: str, verb: str = "failed to run command") -> int:
    """The message of nohup, env, timeout … when the program could not be started; 0 when it could."""
    err = p.extra.pop("exec_error", None)
    if err is None:
        return 0
    p.error(f"{tool}: {verb} `{name}': {err.strerror}")
    return 127 if err.errno == errno.ENOENT else 126


@command("nohup")
async def nohup(p: Process) -> int:
    args = p.argv[1:]
    if args[:1] == ["--"]:
        args = args[1:]
    if not args:
        raise missing_operand(p, status=125)
    changes: dict[str, Any] = {}
    notes = []
    if p.stdin.isatty():
        notes.append("ignoring input")
        changes["stdin"] = p.open("/dev/null")
    if p.stdout.isatty():
        name = "nohup.out"
        try:
            stream = p.open(name, "a")
        except OSError:
            name = posixpath.join(p.env.get("HOME", "/"), "nohup.out")
            stream = p.open(name, "a")
        p.node.fs.chmod(p.full(name), 0o600, p.user)
        notes.append(f"appending output to `{name}'")
        changes["stdout"] = stream
        if p.stderr.isatty():
            changes["stderr"] = stream
    elif p.stderr.isatty():
        notes.append("redirecting stderr to stdout")
        changes["stderr"] = p.stdout
    if notes:
        p.error("nohup: " + " and ".join(notes))
    p.extra["entry"].ignored.add(1)
    return await replaced(p, args, changes, "nohup")


async def replaced(p: Process, argv: list[str], changes: dict[str, Any], tool: str) -> int:
    """exec(2) from a wrapper: the program takes over this process and its pid."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if name in changes and p.fds is not None:
            stream = changes[name]
            p.fds.put(number, stream.dup() if stream in p.fds.values() else stream)
    p.argv = list(argv)
    p.machine.attach(p)
    entry: Entry = p.extra["entry"]
    entry.argv = p.argv
    try:
        return await p.machine.run(p)
    except OSError as err:
        if err.filename != argv[0]:
            raise
        p.error(f"{tool}: failed to run command `{argv[0]}': {err.strerror}")
        return 127 if err.errno == errno.ENOENT else 126


@command("setsid")
async def setsid(p: Process) -> int:
    args = p.argv[1:]
    wait = "-w" in args[:1] or "--wait" in args[:1]
    if wait:
        args = args[1:]
    if not args:
        p.error("usage: setsid program [arg ...]")
        return 1
    entry: Entry = p.extra["entry"]
    if entry.pgid == p.pid:  # a group leader cannot: it forks and the parent ends
        child = p.machine.launch(p, args, new_session=True)
        return await child.wait() if wait else 0
    entry.sid = entry.pgid = p.pid
    p.tty = None
    return await replaced(p, args, {}, "setsid")


@command("nice", "ionice", path="/bin")
async def nice(p: Process) -> int:
    o = parse(p, "n:c:p:t", {"adjustment=": "n"}, permute=False)
    if not o.args:
        p.print("0" if p.name == "nice" else "none: prio 0")
        return 0
    return await replaced(p, o.args, {}, p.name)


@command("stdbuf")
async def stdbuf(p: Process) -> int:
    o = parse(p, "i:o:e:", permute=False)
    return await replaced(p, o.args, {}, "stdbuf")


@command("renice")
async def renice(p: Process) -> int:
    return 0


LOCKS: dict[tuple[int, int], int] = {}  # (id of the file system, inode) -> holder's pid


@command("flock")
async def flock(p: Process) -> int:
    o = parse(
        p,
        "sexnuw:oc:E:",
        {
            "shared": "s",
            "exclusive": "x",
            "nonblock": "n",
            "nb": "n",
            "unlock": "u",
            "timeout=": "w",
            "wait=": "w",
            "close": "o",
            "command=": "c",
        },
        permute=False,
    )
    if not o.args:
        p.error("flock: not enough arguments")
        return 64
    name, rest = o.args[0], o.args[1:]
    if rest[:1] == ["-c"]:
        rest = ["sh", "-c", *rest[1:2]]
    elif o.value("c"):
        rest = ["sh", "-c", o.value("c") or ""]
    if name.isdigit() and not rest:
        stream = (p.fds or {}).get(int(name))
        inode = getattr(stream, "inode", None)
        if inode is None:
            p.error(f"flock: {name}: Bad file descriptor")
            return 65
        key, holder = (id(p.node.fs), inode.ino), p.ppid
    else:
        if not p.node.fs.exists(p.full(name)):
            p.open(name, "a").close()
        key, holder = (id(p.node.fs), p.node.fs.stat(p.full(name)).ino), p.pid
    if o.has("u"):
        LOCKS.pop(key, None)
        return 0
    end = time.monotonic() + float(o.value("w") or 1e9)
    while key in LOCKS and LOCKS[key] in p.machine.procs and LOCKS[key] != holder:
        if o.has("n") or time.monotonic() > end:
            return 1
        await asyncio.sleep(0.02)
    LOCKS[key] = holder
    if not rest:
        return 0
    try:
        status = await p.spawn(rest)  # type: ignore[misc]
        return exec_failed(p, "flock", rest[0]) or status
    finally:
        LOCKS.pop(key, None)


# -- looking -----------------------------------------------------------------------------------------------------


def table(p: Process) -> list[dict[str, Any]]:
    """Every process: init, the services, sshd's children and what runs in the machine."""
    node = p.node
    rows = []
    booted = node.kernel.booted or time.time()

    def add(
        pid: int, ppid: int, user: str, args: str, tty: str = "?", started: float = booted, entry: Entry | None = None
    ) -> None:
        comm = args.split()[0] if args else "?"
        comm = comm.strip("[]") if comm.startswith("[") else posixpath.basename(comm.lstrip("-").rstrip(":"))
        rows.append(
            {
                "pid": pid,
                "ppid": ppid,
                "user": user,
                "uid": node.fs.uid(user) if known(node, user) else 0,
                "args": args,
                "comm": comm[:15],
                "tty": tty,
                "started": started,
                "pgid": entry.pgid if entry else pid,
                "sid": entry.sid if entry else pid,
                "stat": "S",
                "rss": 1200 + len(args) * 40,
                "vsz": 108000 + len(args) * 120,
                "time": "00:00:00",
            }
        )

    add(1, 0, "root", "/sbin/init")
    for pid, name in ((2, "kthreadd"), (3, "migration/0"), (4, "ksoftirqd/0"), (6, "watchdog/0"), (11, "events/0")):
        add(pid, 0 if pid == 2 else 2, "root", f"[{name}]")
    try:
        from ..services import processes

        for item in processes(node):
            add(
                item["pid"],
                item.get("ppid", 1),
                item.get("user", "root"),
                item.get("command") or item.get("args") or item["name"],
                started=item.get("started") or booted,
            )
    except (ImportError, KeyError, TypeError):
        for service in node.services.values():
            if service.running and service.pid:
                add(service.pid, 1, "root", service.name, started=service.started or booted)
    for entry in list(p.machine.procs.values()):
        process = entry.process
        tty = process.tty.name if process.tty is not None and not process.tty.gone else "?"  # type: ignore[attr-defined]
        add(entry.pid, entry.ppid, process.user, " ".join(entry.argv), tty, entry.started, entry)
        row = rows[-1]
        row["stat"] = "Ss" if entry.sid == entry.pid else "S"
        if process.tty is not None and getattr(process.tty, "foreground", 0) == entry.pgid:
            row["stat"] += "+"
        if entry.pid == p.pid:
            row["stat"] = "R+" if tty != "?" else "R"
    rows.sort(key=lambda r: r["pid"])
    return rows


def known(node: Any, user: str) -> bool:
    try:
        node.fs.uid(user)
    except KeyError:
        return False
    return True


COLUMNS = {
    "pid": ("PID", 5, ">"),
    "ppid": ("PPID", 5, ">"),
    "user": ("USER", 8, "<"),
    "uid": ("UID", 5, ">"),
    "comm": ("COMMAND", 15, "<"),
    "ucmd": ("CMD", 15, "<"),
    "args": ("COMMAND", 27, "<"),
    "cmd": ("CMD", 27, "<"),
    "command": ("COMMAND", 27, "<"),
    "tty": ("TT", 8, "<"),
    "tname": ("TTY", 8, "<"),
    "stat": ("STAT", 4, "<"),
    "state": ("S", 1, "<"),
    "s": ("S", 1, "<"),
    "pgid": ("PGID", 5, ">"),
    "pgrp": ("PGRP", 5, ">"),
    "sid": ("SID", 5, ">"),
    "sess": ("SESS", 5, ">"),
    "rss": ("RSS", 5, ">"),
    "vsz": ("VSZ", 6, ">"),
    "time": ("TIME", 8, ">"),
    "etime": ("ELAPSED", 11, ">"),
    "stime": ("STIME", 5, ">"),
    "start": ("STARTED", 8, ">"),
    "lstart": ("STARTED", 24, ">"),
    "pcpu": ("%CPU", 4, ">"),
    "%cpu": ("%CPU", 4, ">"),
    "pmem": ("%MEM", 4, ">"),
    "%mem": ("%MEM", 4, ">"),
    "ni": ("NI", 3, ">"),
    "pri": ("PRI", 3, ">"),
    "ruser": ("RUSER", 8, "<"),
    "euser": ("EUSER", 8, "<"),
    "c": ("C", 2, ">"),
    "nlwp": ("NLWP", 4, ">"),
    "wchan": ("WCHAN", 6, "<"),
    "label": ("LABEL", 31, "<"),
}


def cell(p: Process, row: dict[str, Any], name: str) -> str:
    alias = {
        "cmd": "args",
        "command": "args",
        "ucmd": "comm",
        "tname": "tty",
        "pgrp": "pgid",
        "sess": "sid",
        "ruser": "user",
        "euser": "user",
    }
    name = alias.get(name, name)
    if name in row:
        return str(row[name])
    started = clock.now(p.node, p.env, row["started"])
    age = int(time.time() - row["started"])
    if name == "etime":
        days, rest = divmod(age, 86400)
        clock_text = f"{rest // 60 % 60:02d}:{rest % 60:02d}"
        return (
            f"{days}-{rest // 3600:02d}:{clock_text}"
            if days
            else f"{rest // 3600:02d}:{clock_text}"
            if rest >= 3600
            else clock_text
        )
    if name == "stime":
        return started.strftime("%H:%M" if age < 86400 else "%b%d")
    if name == "start":
        return started.strftime("%H:%M:%S" if age < 86400 else "%b %d")
    if name == "lstart":
        return started.strftime("%a %b %e %H:%M:%S %Y")
    return {
        "pcpu": "0.0",
        "%cpu": "0.0",
        "pmem": "0.0",
        "%mem": "0.0",
        "ni": "0",
        "pri": "19",
        "c": "0",
        "nlwp": "1",
        "state": row["stat"][0],
        "s": row["stat"][0],
        "wchan": "-",
        "label": "unconfined_u:unconfined_r:unconfined_t:s0",
    }.get(name, "-")


@command("ps", path="/bin")
async def ps(p: Process) -> int:
    every = full = long = bsd = wide = tree = False
    chosen: list[tuple[str, list[str]]] = []
    formats: list[str] = []
    headers, sort_by = True, ""
    args = p.argv[1:]
    while args:
        arg = args.pop(0)
        if arg.startswith("--"):
            key, _, value = arg[2:].partition("=")
            if key in ("pid", "ppid", "user", "sort") and not value and args:
                value = args.pop(0)
            if key in ("no-headers", "no-heading", "noheader", "no-header"):
                headers = False
            elif key == "sort":
                sort_by = value
            elif key in ("pid", "ppid", "user"):
                chosen.append((key, re.split(r"[,\s]+", value)))
            elif key == "forest":
                tree = True
            elif key not in ("cols", "columns", "width", "headers", "deselect"):
                p.error("ERROR: unknown gnu long option.")
                return 1
            continue
        if arg.startswith("-") and len(arg) > 1:
            letters = arg[1:]
            while letters:
                letter, letters = letters[0], letters[1:]
                if letter in "eA":
                    every = True
                elif letter == "f":
                    full = True
                elif letter in "lFjy":
                    long = letter == "l" or long
                    full = full or letter == "F"
                elif letter in "oO":
                    value = letters or (args.pop(0) if args else "")
                    formats += re.split(r"[,\s]+", value) if "=" not in value else [value]
                    letters = ""
                elif letter in "puUCtgGs" or letter == "P":
                    value = letters or (args.pop(0) if args else "")
                    kind = {
                        "p": "pid",
                        "u": "user",
                        "U": "user",
                        "C": "comm",
                        "t": "tty",
                        "g": "sid",
                        "s": "sid",
                        "G": "group",
                    }.get(letter, "pid")
                    chosen.append((kind, re.split(r"[,\s]+", value)))
                    letters = ""
                elif letter in "w":
                    wide = True
                elif letter in "adHLmTZ":
                    every = every or letter in "ad"
                else:
                    p.error(f"ERROR: Unsupported SysV option.\n{USAGE_PS}")
                    return 1
        elif arg.isdigit():
            chosen.append(("pid", [arg]))
        else:
            for letter in arg:
                if letter in "ax":
                    every = True
                elif letter == "u":
                    bsd = True
                elif letter == "w":
                    wide = True
                elif letter == "f":
                    tree = True
                elif letter == "o" and args:
                    formats += args.pop(0).split(",")
                elif letter == "p" and args:
                    chosen.append(("pid", args.pop(0).split(",")))
                elif letter not in "ejlvhgcs":
                    p.error(f"ERROR: Unsupported option (BSD syntax)\n{USAGE_PS}")
                    return 1
    rows = table(p)
    if chosen:
        rows = [r for r in rows if any(hit(p, r, kind, values) for kind, values in chosen)]
    elif not every:
        tty = p.tty.name if p.tty is not None else "?"  # type: ignore[attr-defined]
        sid = p.extra["entry"].sid
        rows = [r for r in rows if (r["tty"] == tty and tty != "?") or (tty == "?" and r["sid"] == sid)]
    if sort_by:
        for key in reversed(sort_by.split(",")):
            name = {"cmd": "args", "start_time": "started"}.get(key.lstrip("+-"), key.lstrip("+-"))
            rows.sort(key=lambda r, name=name: r.get(name, 0), reverse=key.startswith("-"))
    if not formats:
        if bsd:
            formats = ["user", "pid", "%cpu", "%mem", "vsz", "rss", "tname", "stat", "stime=START", "time", "args"]
        elif full:
            formats = ["user=UID", "pid", "ppid", "c", "stime", "tname", "time", "cmd"]
        elif long:
            formats = ["s", "uid", "pid", "ppid", "c", "pri", "ni", "vsz", "wchan", "tname", "time", "ucmd"]
        elif args is not None and any(a for a in p.argv[1:] if not a.startswith("-") and not a.isdigit()):
            formats = ["pid", "tname", "stat", "time=TIME", "args"]
        else:
            formats = ["pid", "tname", "time", "ucmd"]
    show(p, rows, [f for f in formats if f], headers, wide or not p.stdout.isatty(), tree)
    return 0 if rows else 1


USAGE_PS = "********* simple selection *********  ********* selection by list *********"


def hit(p: Process, row: dict[str, Any], kind: str, values: list[str]) -> bool:
    if kind == "user":
        return row["user"] in values or str(row["uid"]) in values
    if kind == "tty":
        return row["tty"] in values or row["tty"].replace("pts/", "") in values
    return str(row.get(kind, "")) in values


def show(p: Process, rows: list[dict[str, Any]], formats: list[str], headers: bool, wide: bool, tree: bool) -> None:
    columns = []
    for form in formats:
        name, equals, title = form.partition("=")
        default = COLUMNS.get(name)
        if default is None:
            p.error(f'ERROR: Unknown user-defined format specifier "{name}".\n{USAGE_PS}')
            raise Missing("", 1)
        columns.append(
            (
                name,
                title if equals else default[0],
                max(default[1], len(title)) if equals and title else default[1],
                default[2],
            )
        )
    with_titles = headers and any(title for _, title, _, _ in columns)
    limit = p.tty.width if p.tty is not None and not wide else 10_000

    def line(cells: list[str]) -> str:
        out = []
        for i, ((name, _, width, align), text) in enumerate(zip(columns, cells, strict=True)):
            if i == len(columns) - 1 and align == "<":
                out.append(text)
            else:
                cut = text[:width] if name in ("comm", "ucmd") else text
                out.append(f"{cut:{align}{width}}")
        return (
            " ".join(out)[:limit].rstrip()
            if len(columns) > 1
            else (out[0].rstrip() if columns[0][3] == "<" else out[0])
        )

    if with_titles:
        p.print(line([title for _, title, _, _ in columns]))
    children: dict[int, int] = {}
    for row in rows:
        children[row["pid"]] = children.get(row["ppid"], -1) + 1
        cells = [cell(p, row, name) for name, _, _, _ in columns]
        if tree and children[row["pid"]] > 0:
            cells[-1] = "  " * (children[row["pid"]] - 1) + " \\_ " + cells[-1]
        p.print(line(cells))


@command("pgrep", "pkill")
async def pgrep(p: Process) -> int:
    args = p.argv[1:]
    signal = 15
    if p.name == "pkill" and args and args[0].startswith("-"):
        number = signal_number(args[0][1:])
        if number is not None:
            signal, args = number, args[1:]
    p.argv[1:] = args
    o = parse(p, "d:fg:G:lnoP:s:t:u:U:vxc", status=2)
    if not o.args and not o.has("u", "U", "P", "g", "s", "t"):
        p.error(
            f"{p.name}: No matching criteria specified\nUsage: {p.name} [-flvx] [-d DELIM] [-n|-o] [-P "
            f"PPIDLIST] [-g PGRPLIST] [-s SIDLIST]\n\t[-u EUIDLIST] [-U UIDLIST] [-G GIDLIST] [-t TERMLIST] "
            f"[PATTERN]"
        )
        return 2
    found = []
    for row in table(p):
        if row["pid"] == p.pid:
            continue
        text = row["args"] if o.has("f") else row["comm"]
        good = True
        if o.args:
            pattern = f"^(?:{o.args[0]})$" if o.has("x") else o.args[0]
            try:
                good = re.search(pattern, text) is not None
            except re.error as err:
                raise Missing(f"{p.name}: {err}", 2) from None
        for flag, key in (("u", "user"), ("U", "user"), ("P", "ppid"), ("g", "pgid"), ("s", "sid")):
            if o.value(flag):
                good = good and (
                    str(row[key]) in (o.value(flag) or "").split(",")
                    or (key == "user" and str(row["uid"]) in (o.value(flag) or "").split(","))
                )
        if good != o.has("v"):
            found.append(row)
    if o.has("n", "o") and found:
        found = [
            max(found, key=lambda r: (r["started"], r["pid"]))
            if o.has("n")
            else min(found, key=lambda r: (r["started"], r["pid"]))
        ]
    if p.name == "pkill":
        for row in found:
            message = send_signal(p.machine, p.user, row["pid"], signal)
            if message:
                p.error(f"pkill: {row['pid']} - {message}")
        return 0 if found else 1
    if o.has("c"):
        p.print(str(len(found)))
    elif found:
        lines = [f"{r['pid']} {r['args'] if o.has('f') else r['comm']}" if o.has("l") else str(r["pid"]) for r in found]
        p.print((o.value("d") or "\n").join(lines))
    return 0 if found else 1


@command("pidof", path="/sbin")
async def pidof(p: Process) -> int:
    names = [posixpath.basename(a) for a in p.argv[1:] if not a.startswith("-")]
    pids = [
        str(r["pid"])
        for r in table(p)
        if r["comm"] in names or posixpath.basename(r["args"].split()[0] if r["args"] else "") in names
    ]
    if pids:
        p.print(" ".join(reversed(pids)))
    return 0 if pids else 1


@command("kill", path="/bin")
async def kill(p: Process) -> int:
    args, signal = p.argv[1:], 15
    if args[:1] == ["-l"]:
        p.print(" ".join(SIGNALS))
        return 0
    if args[:1] == ["-s"] and len(args) > 1:
        signal, args = signal_number(args[1]) or 15, args[2:]
    elif args and args[0].startswith("-") and args[0] != "--":
        number = signal_number(args[0][1:])
        if number is None:
            p.error(f"kill: unknown signal {args[0][1:]}")
            return 1
        signal, args = number, args[1:]
    status = 0
    for text in [a for a in args if a != "--"]:
        message = (
            send_signal(p.machine, p.user, int(text), signal) if re.fullmatch(r"-?\d+", text) else "No such process"
        )
        if message:
            p.error(f"kill {text}: {message}")
            status = 1
    return status


@command("killall")
async def killall(p: Process) -> int:
    args, signal, quiet, wait = p.argv[1:], 15, False, False
    names = []
    while args:
        arg = args.pop(0)
        if arg in ("-q", "--quiet"):
            quiet = True
        elif arg in ("-w", "--wait"):
            wait = True
        elif arg in ("-s", "--signal") and args:
            signal = signal_number(args.pop(0)) or 15
        elif arg.startswith("-") and signal_number(arg[1:]) is not None:
            signal = signal_number(arg[1:]) or 0
        elif not arg.startswith("-"):
            names.append(arg)
    status = 0
    for name in names:
        rows = [r for r in table(p) if r["comm"] == posixpath.basename(name)[:15] and r["pid"] != p.pid]
        if not rows:
            if not quiet:
                p.error(f"{name}: no process killed")
            status = 1
        for row in rows:
            send_signal(p.machine, p.user, row["pid"], signal)
        while wait and any(r["pid"] in p.machine.procs for r in rows):
            await asyncio.sleep(0.01)
    return status


@command("top")
async def top(p: Process) -> int:
    rows = sorted(table(p), key=lambda r: -r["rss"])[:20]
    when = clock.now(p.node, p.env)
    p.print(f"top - {when.strftime('%H:%M:%S')} up, {len(p.machine.logins)} user,  load average: 0.00, 0.00, 0.00")
    p.print(f"Tasks: {len(table(p))} total,   1 running, {len(table(p)) - 1} sleeping,   0 stopped,   0 zombie\n")
    p.print("  PID USER      PR  NI  VIRT  RES S %CPU %MEM    TIME+  COMMAND")
    for row in rows:
        p.print(
            f"{row['pid']:5d} {row['user'][:8]:<9} 20   0 {row['vsz'] // 1024:4d}m {row['rss']:4d} S  0.0  0.0  "
            f" 0:00.00 {row['comm']}"
        )
    return 0


@command("watch")
async def watch(p: Process) -> int:
    o = parse(p, "n:dtegx", {"interval=": "n", "no-title": "t"}, permute=False)
    if not o.args:
        p.error(
            "Usage: watch [-dhntv] [--differences[=cumulative]] [--help] [--interval=<n>] [--no-title] "
            "[--version] <command>"
        )
        return 1
    text = " ".join(o.args)
    while True:
        p.stdout.write("\x1b[H\x1b[2J")
        if not o.has("t"):
            p.print(f"Every {float(o.value('n') or 2):.1f}s: {text}\n")
        await p.spawn(["sh", "-c", text])  # type: ignore[misc]
        await asyncio.sleep(float(o.value("n") or 2))
