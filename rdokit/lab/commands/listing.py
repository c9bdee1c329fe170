"""ls, stat, du, file and find's printing: how files are shown."""

from __future__ import annotations

import posixpath
import re
import time
import unicodedata

from .. import clock
from ..files import list_of, stat_of
from ..fs import Stat
from ..options import Options, missing_operand, parse
from ..process import Process, command
from ..shell.pattern import collate, plain_order

COLORS = {"dir": "01;34", "link": "01;36", "char": "40;33;01", "block": "40;33;01", "fifo": "40;33", "socket": "01;35"}


def stamp(p: Process, seconds: float) -> str:
    """Nov 22 17:01, or the year when it is more than half a year away."""
    when = clock.now(p.node, p.env, seconds)
    recent = -3600 < time.time() - seconds < 15778476
    return when.strftime("%b %e %H:%M" if recent else "%b %e  %Y")


def human(count: float, base: int = 1024) -> str:
    """Sizes as ls -h, du -h and df -h round them: up, one digit below ten.

    >>> human(0), human(1023), human(1536), human(10240), human(13167616)
    ('0', '1023', '1.5K', '10K', '13M')
    """
    if count < base:
        return str(int(count))
    value, units = float(count), "KMGTPE"
    for unit in units:
        value /= base
        if value < base or unit == "E":
            ceil10 = -(-value * 10 // 1) / 10
            if ceil10 < 10:
                return f"{ceil10:.1f}{unit}"
            whole = int(-(-value // 1))
            if whole < base:
                return f"{whole}{unit}"
    return ""


def blocks(stat: Stat) -> int:
    """KiB on the disk."""
    if stat.kind == "link" or stat.kind not in ("file", "dir"):
        return 0
    return -(-stat.size // 4096) * 4


@command("ls", "dir", "vdir", path="/bin")
async def ls(p: Process) -> int:
    o = parse(
        p,
        "aAbBcCdDfFgGhHiIklLmnNopqQrRsStT:uUvw:xXZ1",
        {
            "all": "a",
            "almost-all": "A",
            "directory": "d",
            "human-readable": "h",
            "inode": "i",
            "reverse": "r",
            "recursive": "R",
            "size": "s",
            "color=?": "color",
            "context": "Z",
            "full-time": "full",
            "time-style=": "style",
            "classify": "F",
            "file-type": "p",
            "dereference": "L",
            "group-directories-first": "gdf",
            "numeric-uid-gid": "n",
            "no-group": "G",
            "lcontext": "Z",
            "scontext": "Z",
            "sort=": "sort",
            "time=": "time",
            "format=": "format",
            "author": "au",
            "si": "si",
            "indicator-style=": "is",
            "quoting-style=": "qs",
            "width=": "w",
            "hide=": "hide",
            "ignore=": "I",
            "literal": "N",
        },
        status=2,
    )
    long = o.has("l", "g", "o", "n", "full") or o.value("format") in ("long", "verbose")
    status, files, folders = 0, [], []
    for name in o.args or ["."]:
        try:
            stat = stat_of(p, name, follow=o.has("L", "H") or not (long or o.has("d", "F")))
        except OSError as err:
            try:
                stat = stat_of(p, name, False)
            except OSError:
                p.error(f"ls: cannot access {name}: {err.strerror}")
                status = 2
                continue
        if stat.kind == "dir" and not o.has("d"):
            folders.append((name, stat))
        else:
            files.append((name, stat))
    files = ordered(p, o, files)
    if files:
        render(p, o, files, "", long)
    titles = len(o.args) > 1 or o.has("R")
    printed = bool(files)
    queue = [name for name, _ in ordered(p, o, folders)]
    while queue:
        name = queue.pop(0)
        try:
            names = list_of(p, name)
        except OSError as err:
            p.error(f"ls: cannot open directory {name}: {err.strerror}")
            status = 2
            continue
        if titles:
            p.print(f"{chr(10) if printed else ''}{name}:")
        printed = True
        if o.has("a", "f"):
            names = [".", "..", *names]
        elif not o.has("A"):
            names = [n for n in names if not n.startswith(".")]
        items = []
        for entry in names:
            full = posixpath.join(name, entry)
            try:
                items.append((entry, stat_of(p, full, o.has("L"))))
            except OSError:
                continue
        items = ordered(p, o, items)
        if long or o.has("s"):
            total = sum(blocks(s) for _, s in items)
            p.print(f"total {human(total * 1024) if o.has('h') else total}")
        render(p, o, items, name, long)
        if o.has("R"):
            queue[0:0] = [posixpath.join(name, e) for e, s in items if s.kind == "dir" and e not in (".", "..")]
    return status


def ordered(p: Process, o: Options, items: list[tuple[str, Stat]]) -> list[tuple[str, Stat]]:
    if o.has("U", "f") or o.value("sort") == "none":
        return items
    items = sorted(items, key=lambda x: x[0]) if plain_order(p.env.get) else sorted(items, key=lambda x: collate(x[0]))
    if o.has("v") or o.value("sort") == "version":
        items.sort(key=lambda x: [(1, int(t)) if t.isdigit() else (0, t) for t in re.findall(r"\d+|\D+", x[0])])
    if o.last("tSXU") == "t" or o.value("sort") == "time":
        items.sort(key=lambda x: -(x[1].ctime if o.has("c") else x[1].atime if o.has("u") else x[1].mtime))
    if o.last("tSXU") == "S" or o.value("sort") == "size":
        items.sort(key=lambda x: -x[1].size)
    if o.has("X"):
        items.sort(key=lambda x: posixpath.splitext(x[0])[1])
    if o.has("gdf"):
        items.sort(key=lambda x: x[1].kind != "dir")
    return items[::-1] if o.has("r") else items


def colored(p: Process, o: Options) -> bool:
    when = o.value("color")
    return when is not None and (when in ("", "always", "yes") or (when in ("auto", "tty") and p.stdout.isatty()))


def shown(p: Process, o: Options, name: str, stat: Stat, folder: str) -> str:
    """The name with colour and -F's mark."""
    text = name
    if p.stdout.isatty() and not o.has("N", "b"):
        text = "".join(c if c.isprintable() else "?" for c in text)
    mark = ""
    if o.has("F", "p"):
        mark = (
            {"dir": "/", "link": "@", "fifo": "|", "socket": "="}.get(stat.kind, "")
            if o.has("F")
            else "/"
            if stat.kind == "dir"
            else ""
        )
        if o.has("F") and stat.kind == "file" and stat.mode & 0o111:
            mark = "*"
    if colored(p, o):
        color = COLORS.get(stat.kind, "")
        if stat.kind == "link" and not p.node.fs.exists(p.full(posixpath.join(folder, name) if folder else name)):
            color = "01;05;37;41"
        elif stat.kind == "dir" and stat.mode & 0o1002 == 0o1002:
            color = "30;42"
        elif stat.kind == "file":
            color = "37;41" if stat.mode & 0o4000 else "01;32" if stat.mode & 0o111 else ""
            if not color and re.search(r"\.(tar|tgz|gz|bz2|zip|rpm|xz)$", name):
                color = "01;31"
        if color:
            text = f"\x1b[0m\x1b[{color}m{text}\x1b[0m"
    return text + mark


def render(p: Process, o: Options, items: list[tuple[str, Stat]], folder: str, long: bool) -> None:
    rows = (long and o.last("lCx1mgon", "l") in "lgon1") or o.has("full")
    if rows and not (o.has("Z") and not o.has("l", "n", "g", "o")):
        long_rows(p, o, items, folder)
        return
    if o.has("Z"):
        for name, stat in items:
            p.print(
                f"{context_mode(p, stat)} {stat.user} {stat.group} {stat.context} {shown(p, o, name, stat, folder)}"
            )
        return
    cells = []
    for name, stat in items:
        text = shown(p, o, name, stat, folder)
        if o.has("i"):
            text = f"{stat.ino} {text}"
        if o.has("s"):
            text = f"{human(blocks(stat) * 1024) if o.has('h') else blocks(stat)} {text}"
        cells.append(text)
    if o.has("m"):
        p.print(", ".join(cells))
    elif not o.has("1") and (o.has("C", "x") or p.stdout.isatty()):
        columns(p, cells, by_row=o.has("x"))
    else:
        p.stdout.write("".join(c + "\n" for c in cells))


def columns(p: Process, cells: list[str], by_row: bool) -> None:
    """In columns as wide as the terminal allows."""
    if not cells:
        return
    width = p.tty.width if p.tty is not None else 80
    sizes = [display(re.sub(r"\x1b\[[0-9;]*m", "", c)) for c in cells]
    for count in range(min(len(cells), max(1, width // 3)), 0, -1):
        rows = -(-len(cells) // count)
        if count > 1 and rows * (count - 1) >= len(cells) and not by_row:
            continue
        at = [[i for i in range(len(cells)) if (i % count if by_row else i // rows) == c] for c in range(count)]
        widths = [max((sizes[i] for i in col), default=0) for col in at]
        if sum(widths) + 2 * (count - 1) < width or count == 1:
            break
    for row in range(rows):
        line = ""
        for c, col in enumerate(at):
            if row < len(col):
                i = col[row]
                last = c == count - 1 or row >= len(at[c + 1])
                line += cells[i] + ("" if last else " " * (widths[c] + 2 - sizes[i]))
        p.print(line)


def display(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def context_mode(p: Process, stat: Stat) -> str:
    return stat.text + (
        "." if p.node.kernel.selinux != "disabled" and not stat.context.startswith("system_u:object_r:proc_t") else " "
    )


def long_rows(p: Process, o: Options, items: list[tuple[str, Stat]], folder: str) -> None:
    rows = []
    for name, stat in items:
        seconds = stat.ctime if o.has("c") else stat.atime if o.has("u") else stat.mtime
        when = stamp(p, seconds)
        style = o.value("style") or ("full-iso" if o.has("full") else "")
        moment = clock.now(p.node, p.env, seconds)
        if style == "full-iso":
            when = moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{int(seconds % 1 * 1e9):09d} " + moment.strftime("%z")
        elif style == "long-iso":
            when = moment.strftime("%Y-%m-%d %H:%M")
        elif style.startswith("+"):
            when = moment.strftime(style[1:])
        amount = (
            f"{stat.rdev[0]}, {stat.rdev[1]:3d}"
            if stat.kind in ("char", "block")
            else human(stat.size)
            if o.has("h")
            else str(stat.size)
        )
        user, group = (str(stat.uid), str(stat.gid)) if o.has("n") else (stat.user, stat.group)
        text = shown(p, o, name, stat, folder)
        if stat.kind == "link":
            path = p.full(posixpath.join(folder, name) if folder else name)
            target = p.node.fs.readlink(path) if p.node.fs.islink(path) else ""
            text += f" -> {target}"
        mode = context_mode(p, stat).rstrip() if p.node.kernel.selinux == "disabled" else context_mode(p, stat)
        rows.append((str(stat.ino), mode, str(stat.nlink), user, group, stat.context, amount, when, text))
    if not rows:
        return
    w = [max(len(r[i]) for r in rows) for i in range(9)]
    for ino, mode, links, user, group, context, amount, when, text in rows:
        line = f"{ino:>{w[0]}} " if o.has("i") else ""
        line += f"{mode} {links:>{w[2]}} "
        line += "" if o.has("g") else f"{user:<{w[3]}} "
        line += "" if o.has("G", "o") else f"{group:<{w[4]}} "
        line += f"{context:<{w[5]}} " if o.has("Z") else ""
        p.print(line + f"{amount:>{w[6]}} {when} {text}")


# -- stat --------------------------------------------------------------------------------------------------------

KINDS = {"dir": "directory", "link": "symbolic link", "char": "character special file", "block": "block special file",
         "fifo": "fifo", "socket": "socket"}  # fmt: skip


def full_time(p: Process, seconds: float) -> str:
    when = clock.now(p.node, p.env, seconds)
    return when.strftime("%Y-%m-%d %H:%M:%S.") + f"{int(seconds % 1 * 1e9):09d} " + when.strftime("%z")


@command("stat")
async def stat_command(p: Process) -> int:
    o = parse(p, "c:fLtZ", {"format=": "c", "printf=": "printf", "dereference": "L", "terse": "t", "file-system": "f"})
    if not o.args:
        raise missing_operand(p)
    status = 0
    for name in o.args:
        try:
            stat = stat_of(p, name, o.has("L"))
        except OSError as err:
            p.error(f"stat: cannot stat `{name}': {err.strerror}")
            status = 1
            continue
        form = o.value("c") if o.value("c") is not None else o.value("printf")
        if o.has("f") and form is None:
            p.print(f'  File: "{name}"\n    ID: fd00000000000000 Namelen: 255     Type: ext2/ext3')
        elif form is not None:
            text = stat_format(p, name, stat, form)
            if o.value("printf") is not None:
                from ..shell.builtins import unescape

                p.print(unescape(text, True)[0], end="")
            else:
                p.print(text)
        else:
            p.print(stat_page(p, name, stat))
    return status


def stat_page(p: Process, name: str, stat: Stat) -> str:
    kind = KINDS.get(stat.kind) or ("regular empty file" if stat.size == 0 else "regular file")
    target = f" -> `{p.node.fs.readlink(p.full(name))}'" if stat.kind == "link" else ""
    lines = [
        f"  File: `{name}'{target}",
        f"  Size: {stat.size:<10}\tBlocks: {blocks(stat) * 2:<10} IO Block: 4096   {kind}",
        f"Device: fd00h/64768d\tInode: {stat.ino:<11} Links: {stat.nlink}"
        + (f"     Device type: {stat.rdev[0]:x},{stat.rdev[1]:x}" if stat.kind in ("char", "block") else ""),
        f"Access: ({stat.mode:04o}/{stat.text})  Uid: ({stat.uid:5d}/{stat.user:>8})   Gid: "
        f"({stat.gid:5d}/{stat.group:>8})",
    ]
    for label, seconds in (("Access", stat.atime or stat.mtime), ("Modify", stat.mtime), ("Change", stat.ctime)):
        lines.append(f"{label}: {full_time(p, seconds)}")
    return "\n".join(lines)


def stat_format(p: Process, name: str, stat: Stat, form: str) -> str:
    kind = KINDS.get(stat.kind) or ("regular empty file" if stat.size == 0 else "regular file")
    arrow = f" -> `{p.node.fs.readlink(p.full(name))}'" if stat.kind == "link" else ""
    atime = stat.atime or stat.mtime
    table = {
        "a": f"{stat.mode:o}",
        "A": stat.text,
        "b": str(blocks(stat) * 2),
        "B": "512",
        "C": stat.context,
        "d": "64768",
        "D": "fd00",
        "f": f"{stat.st_mode:x}",
        "F": kind,
        "g": str(stat.gid),
        "G": stat.group,
        "h": str(stat.nlink),
        "i": str(stat.ino),
        "m": "/",
        "n": name,
        "N": f"`{name}'{arrow}",
        "o": "4096",
        "s": str(stat.size),
        "t": f"{stat.rdev[0]:x}",
        "T": f"{stat.rdev[1]:x}",
        "u": str(stat.uid),
        "U": stat.user,
        "x": full_time(p, atime),
        "X": str(int(atime)),
        "y": full_time(p, stat.mtime),
        "Y": str(int(stat.mtime)),
        "z": full_time(p, stat.ctime),
        "Z": str(int(stat.ctime)),
        "%": "%",
        "w": "-",
        "W": "0",
    }

    def put(match: re.Match[str]) -> str:
        text = table.get(match[2], "?")
        flags = match[1]
        if flags:
            digits = re.sub(r"\D", "", flags.lstrip("-0")) or "0"
            return (
                text.zfill(int(digits))
                if flags.startswith("0")
                else text.ljust(int(digits))
                if flags.startswith("-")
                else text.rjust(int(digits))
            )
        return text

    return re.sub(r"%([-0-9]*)([A-Za-z%])", put, form)


# -- du, file ----------------------------------------------------------------------------------------------------


@command("du")
async def du(p: Process) -> int:
    o = parse(
        p,
        "0abchHkLlmsSxB:d:X:",
        {
            "all": "a",
            "apparent-size": "A",
            "bytes": "b",
            "total": "c",
            "human-readable": "h",
            "summarize": "s",
            "max-depth=": "d",
            "exclude=": "e",
            "one-file-system": "x",
        },
    )
    limit = 0 if o.has("s") else int(o.value("d", "1000") or 1000)
    grand, status = 0, 0

    def show(amount: int, name: str) -> None:
        if o.has("b"):
            text = str(amount)
        elif o.has("h"):
            text = human(amount)
        else:
            text = str(-(-amount // (1 << 20 if o.has("m") else 1024)))
        p.print(f"{text}\t{name}")

    def walk(name: str, depth: int) -> int:
        nonlocal status
        stat = stat_of(p, name, False)
        amount = stat.size if o.has("b", "A") else blocks(stat) * 1024
        if stat.kind == "dir":
            try:
                names = list_of(p, name) if not p.path(name).startswith(("/proc", "/sys")) else []
            except OSError as err:
                p.error(f"du: cannot read directory `{name}': {err.strerror}")
                status, names = 1, []
            for entry in names:
                amount += walk(posixpath.join(name, entry), depth + 1)
        if depth <= limit and (stat.kind == "dir" or o.has("a") or depth == 0):
            show(amount, name)
        return amount

    for name in o.args or ["."]:
        try:
            grand += walk(name, 0)
        except OSError as err:
            p.error(f"du: cannot access `{name}': {err.strerror}")
            status = 1
    if o.has("c"):
        show(grand, "total")
    return status


@command("file")
async def file(p: Process) -> int:
    o = parse(p, "bihLsz", {"brief": "b", "mime": "i", "mime-type": "i", "no-dereference": "h", "dereference": "L"})
    if not o.args:
        p.error(
            "Usage: file [-bchikLNnprsvz0] [--apple] [--mime-encoding] [--mime-type]\n            [-e testname] "
            "[-F separator] [-f namefile] [-m magicfiles] file ..."
        )
        return 1
    width = max(map(len, o.args))
    for name in o.args:
        text = await describe(p, name, o.has("L"))
        p.print(text if o.has("b") else f"{name}: {' ' * (width - len(name))}{text}")
    return 0


async def describe(p: Process, name: str, follow: bool) -> str:
    try:
        stat = stat_of(p, name, follow)
    except OSError as err:
        return f"cannot open `{name}' ({err.strerror})"
    if stat.kind == "link":
        target = p.node.fs.readlink(p.full(name))
        return f"{'' if p.node.fs.exists(p.full(name)) else 'broken '}symbolic link to `{target}'"
    if stat.kind != "file":
        return {
            "dir": "directory",
            "char": "character special",
            "block": "block special",
            "fifo": "fifo (named pipe)",
        }.get(stat.kind, stat.kind)
    data = await p.read_file(name) if stat.size < 1 << 20 else p.node.fs.content(p.node.fs._need(p.full(name)), 0, 4096)  # noqa: SLF001
    if not data:
        return "empty"
    if data.startswith(b"\x7fELF"):
        return (
            "ELF 64-bit LSB executable, x86-64, version 1 (SYSV), dynamically linked (uses shared libs), for "
            "GNU/Linux 2.6.18, stripped"
        )
    if data.startswith(b"QFI\xfb"):
        return "Qemu Image, Format: Qcow , Version: 2"
    if data.startswith(b"\x1f\x8b"):
        return "gzip compressed data, from Unix"
    if b"-----BEGIN RSA PRIVATE KEY" in data[:64] or b"PRIVATE KEY-----" in data[:64]:
        return "PEM RSA private key"
    if data.startswith(b"#!"):
        shell = data.split(b"\n")[0]
        if b"sh" in shell:
            return (
                "Bourne-Again shell script text executable"
                if b"bash" in shell
                else "POSIX shell script text executable"
            )
        return "a " + shell[2:].decode("utf-8", "replace").strip() + " script text executable"
    if b"\0" in data[:1024]:
        return "data"
    crlf = ", with CRLF line terminators" if b"\r\n" in data else ""
    try:
        data.decode("ascii")
        return "ASCII text" + crlf
    except UnicodeDecodeError:
        pass
    try:
        data.decode("utf-8")
        return "UTF-8 Unicode text" + crlf
    except UnicodeDecodeError:
        return "Non-ISO extended-ASCII text" + crlf
