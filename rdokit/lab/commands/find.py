"""find and xargs of findutils 4.4."""

from __future__ import annotations

import posixpath
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from .. import clock
from ..files import list_of, stat_of
from ..fs import Stat
from ..options import parse
from ..process import Missing, Process, command
from ..shell import pattern as pat
from ..shell.builtins import unescape
from ..shell.streams import Null, Source
from .listing import blocks, stamp
from .modes import parse_mode

Test = Callable[[str, Stat], Awaitable[bool]]
KINDS = {"f": "file", "d": "dir", "l": "link", "b": "block", "c": "char", "p": "fifo", "s": "socket"}


class Find:
    """Parses the expression into closures and walks."""

    def __init__(self, p: Process, args: list[str]):
        self.p, self.args, self.at = p, args, 0
        self.depth_first = self.has_action = self.pruned = False
        self.max, self.min, self.follow = 1 << 30, 0, False
        self.status = 0
        self.batches: list[tuple[list[str], list[str]]] = []
        self.now = time.time()
        self.stop = False
        self.files: dict[str, Any] = {}

    def next(self, option: str) -> str:
        if self.at >= len(self.args):
            raise Missing(f"find: missing argument to `{option}'")
        self.at += 1
        return self.args[self.at - 1]

    def expression(self) -> Test:
        left = self.conjunction()
        while self.at < len(self.args) and self.args[self.at] in ("-o", "-or", ","):
            comma = self.next("") == ","
            right, before = self.conjunction(), left

            async def either(name: str, stat: Stat, a: Test = before, b: Test = right, c: bool = comma) -> bool:
                first = await a(name, stat)
                return await b(name, stat) if c or not first else True

            left = either
        return left

    def conjunction(self) -> Test:
        tests = []
        while self.at < len(self.args) and self.args[self.at] not in ("-o", "-or", ",", ")"):
            if self.args[self.at] in ("-a", "-and"):
                self.at += 1
                continue
            tests.append(self.primary())

        async def every(name: str, stat: Stat) -> bool:
            for test in tests:  # noqa: SIM110
                if not await test(name, stat):
                    return False
            return True

        return every

    def primary(self) -> Test:
        word = self.next("")
        if word in ("!", "-not"):
            inner = self.primary()

            async def negated(name: str, stat: Stat) -> bool:
                return not await inner(name, stat)

            return negated
        if word == "(":
            inner = self.expression()
            if self.at >= len(self.args) or self.args[self.at] != ")":
                raise Missing("find: invalid expression; I was expecting to find a ')' somewhere but did not see one.")
            self.at += 1
            return inner
        if word in ("-exec", "-ok", "-execdir"):
            return self.action_exec(word)
        if word in ("-print", "-print0", "-delete", "-prune", "-quit", "-ls", "-printf", "-fprint"):
            return self.action(word)
        test = self.plain(word)

        async def later(name: str, stat: Stat) -> bool:
            return test(name, stat)

        return later

    def numbered(self, text: str, option: str) -> Callable[[float], bool]:
        match = re.fullmatch(r"([-+]?)(\d+)", text)
        if not match:
            raise Missing(f"find: invalid argument `{text}' to `{option}'")
        wanted = int(match[2])
        if match[1] == "+":
            return lambda value: value > wanted
        if match[1] == "-":
            return lambda value: value < wanted
        return lambda value: value == wanted

    def plain(self, word: str) -> Callable[[str, Stat], bool]:
        fs, p = self.p.node.fs, self.p
        if word in ("-name", "-iname"):
            text = self.next(word)
            return lambda n, s: pat.match(text, posixpath.basename(n.rstrip("/")) or "/", word == "-iname")
        if word in ("-path", "-wholename", "-ipath"):
            text = self.next(word)
            return lambda n, s: pat.match(text, n, word == "-ipath")
        if word in ("-regex", "-iregex"):
            regex = re.compile(
                self.next(word).replace(r"\(", "(").replace(r"\)", ")").replace(r"\|", "|"),
                re.I if "i" in word[1] else 0,
            )
            return lambda n, s: regex.fullmatch(n) is not None
        if word in ("-type", "-xtype"):
            kind = self.next(word)
            if kind not in KINDS:
                raise Missing(f"find: Unknown argument to -type: {kind}")
            return lambda n, s: s.kind == KINDS[kind]
        if word == "-size":
            text = self.next(word)
            match = re.fullmatch(r"([-+]?\d+)([bcwkMG]?)", text)
            if not match:
                raise Missing(f"find: invalid -size type `{text[-1:]}'")
            unit = {"": 512, "b": 512, "c": 1, "w": 2, "k": 1024, "M": 1 << 20, "G": 1 << 30}[match[2]]
            check = self.numbered(match[1], word)
            return lambda n, s: check(-(-s.size // unit))
        if word in ("-mtime", "-ctime", "-atime", "-mmin", "-cmin", "-amin"):
            check, unit = self.numbered(self.next(word), word), 86400 if word.endswith("time") else 60
            return lambda n, s: check(int((self.now - s.mtime) / unit))
        if word in ("-newer", "-anewer", "-cnewer"):
            name = self.next(word)
            try:
                other = stat_of(p, name).mtime
            except OSError as err:
                raise Missing(f"find: `{name}': {err.strerror}") from None
            return lambda n, s: s.mtime > other
        if word in ("-user", "-uid"):
            text = self.next(word)
            try:
                uid = fs.uid(text)
            except KeyError:
                raise Missing(f"find: `{text}' is not the name of a known user") from None
            return lambda n, s: s.uid == uid
        if word in ("-group", "-gid"):
            gid = fs.gid(self.next(word))
            return lambda n, s: s.gid == gid
        if word == "-perm":
            return self.permission(self.next(word))
        if word == "-empty":
            return lambda n, s: s.size == 0 if s.kind == "file" else s.kind == "dir" and not list_of(p, n)
        if word in ("-maxdepth", "-mindepth"):
            value = int(self.next(word))
            if word == "-maxdepth":
                self.max = value
            else:
                self.min = value
            return lambda n, s: True
        if word in ("-depth", "-d"):
            self.depth_first = True
            return lambda n, s: True
        if word in (
            "-xdev",
            "-mount",
            "-follow",
            "-noleaf",
            "-daystart",
            "-true",
            "-warn",
            "-nowarn",
            "-ignore_readdir_race",
        ):
            return lambda n, s: True
        if word == "-false":
            return lambda n, s: False
        if word in ("-readable", "-writable", "-executable"):
            bit = {"r": 4, "w": 2, "e": 1}[word[1]]
            return lambda n, s: fs.access(p.full(n), bit, p.user)
        if word == "-links":
            check = self.numbered(self.next(word), word)
            return lambda n, s: check(s.nlink)
        if word == "-inum":
            check = self.numbered(self.next(word), word)
            return lambda n, s: check(s.ino)
        if word in ("-lname",):
            text = self.next(word)
            return lambda n, s: s.kind == "link" and pat.match(text, fs.readlink(p.full(n)))
        if word == "-nouser":
            return lambda n, s: s.user == str(s.uid)
        if word.startswith("-"):
            raise Missing(f"find: unknown predicate `{word}'")
        raise Missing(
            f"find: paths must precede expression: {word}\nUsage: find [-H] [-L] [-P] [-Olevel] [-D "
            f"help|tree|search|stat|rates|opt|exec] [path...] [expression]"
        )

    def permission(self, text: str) -> Callable[[str, Stat], bool]:
        kind = text[0] if text[0] in "-/+" else ""
        try:
            mode = parse_mode(text[len(kind) :], 0, False)
        except ValueError:
            raise Missing(f"find: invalid mode `{text}'") from None
        if kind == "-":
            return lambda n, s: s.mode & mode == mode
        if kind:
            return lambda n, s: bool(s.mode & mode) or not mode
        return lambda n, s: s.mode == mode

    def action(self, word: str) -> Test:
        p = self.p
        if word != "-prune":
            self.has_action = True
        form = self.next(word) if word in ("-printf", "-fprint") else ""

        async def run(name: str, stat: Stat) -> bool:
            if word == "-print":
                p.print(name)
                await p.stdout.drain()
            elif word == "-print0":
                p.stdout.write(name + "\0")
            elif word == "-prune":
                self.pruned = True
            elif word == "-quit":
                self.stop = True
            elif word == "-ls":
                p.print(
                    f"{stat.ino} {blocks(stat):4d} {stat.text} {stat.nlink:3d} {stat.user:<8} {stat.group:<8} "
                    f"{stat.size:8d} {stamp(p, stat.mtime)} {name}"
                )
            elif word == "-printf":
                p.print(self.printf(form, name, stat), end="")
            elif word == "-delete":
                try:
                    (p.node.fs.rmdir if stat.kind == "dir" else p.node.fs.remove)(p.full(name), p.user)
                except OSError as err:
                    p.error(f"find: cannot delete `{name}': {err.strerror}")
                    self.status = 1
                    return False
            return True

        if word == "-delete":
            self.depth_first = True
        return run

    def printf(self, form: str, name: str, stat: Stat) -> str:
        when = clock.now(self.p.node, self.p.env, stat.mtime)
        table = {
            "p": name,
            "f": posixpath.basename(name.rstrip("/")) or "/",
            "h": posixpath.dirname(name) or ".",
            "s": str(stat.size),
            "m": f"{stat.mode:o}",
            "M": stat.text,
            "u": stat.user,
            "g": stat.group,
            "U": str(stat.uid),
            "G": str(stat.gid),
            "i": str(stat.ino),
            "n": str(stat.nlink),
            "y": {v: k for k, v in KINDS.items()}[stat.kind],
            "%": "%",
            "l": self.p.node.fs.readlink(self.p.full(name)) if stat.kind == "link" else "",
            "Z": stat.context,
            "t": when.strftime("%a %b %e %H:%M:%S.%f0 %Y"),
            "k": str(blocks(stat)),
            "b": str(blocks(stat) * 2),
            "P": name.split("/", 1)[1] if "/" in name else "",
            "d": str(name.count("/")),
        }
        form = re.sub(r"%[TAC](.)", lambda m: f"{stat.mtime:.10f}" if m[1] == "@" else when.strftime("%" + m[1]), form)
        text = re.sub(
            r"%([-\d]*)(.)",
            lambda m: (
                table.get(m[2], m[0]).rjust(int(m[1] or 0))
                if not m[1].startswith("-")
                else table.get(m[2], m[0]).ljust(int(m[1][1:] or 0))
            ),
            form,
        )
        return unescape(text, False)[0]

    def action_exec(self, word: str) -> Test:
        self.has_action = True
        argv: list[str] = []
        while True:
            part = self.next(word)
            if part == ";":
                batch = False
                break
            if part == "+" and argv and argv[-1] == "{}":
                batch = True
                argv.pop()
                break
            argv.append(part)
        collected: list[str] = []
        if batch:
            self.batches.append((argv, collected))

        async def run(name: str, stat: Stat) -> bool:
            if batch:
                collected.append(name)
                return True
            shown = "./" + posixpath.basename(name) if word == "-execdir" else name
            line = [a.replace("{}", shown) for a in argv]
            if word == "-ok":
                self.p.stderr.write(f"< {line[0]} ... {name} > ? ")
                if not (await self.p.stdin.readline()).startswith((b"y", b"Y")):
                    return False
            return await self.spawn(line) == 0

        return run

    async def spawn(self, line: list[str]) -> int:
        status = await self.p.spawn(line)  # type: ignore[misc]
        err = self.p.extra.get("exec_error")
        if err is not None:
            self.p.error(f"find: `{line[0]}': {err.strerror}")
            self.p.extra.pop("exec_error")
        return status

    async def walk(self, name: str, depth: int, test: Test) -> None:
        p = self.p
        try:
            stat = stat_of(p, name, self.follow)
        except OSError as err:
            try:
                stat = stat_of(p, name, False)
            except OSError:
                p.error(f"find: `{name}': {err.strerror}")
                self.status = 1
                return
        self.pruned = False
        if not self.depth_first and depth >= self.min:
            await test(name, stat)
        if stat.kind == "dir" and depth < self.max and not (self.pruned and not self.depth_first) and not self.stop:
            try:
                names = list_of(p, name)
            except OSError as err:
                p.error(f"find: `{name}': {err.strerror}")
                self.status = 1
                names = []
            for entry in names:
                if self.stop:
                    break
                await self.walk(name + entry if name.endswith("/") else f"{name}/{entry}", depth + 1, test)
        if self.depth_first and depth >= self.min and not self.stop:
            await test(name, stat)


@command("find", path="/bin")
async def find(p: Process) -> int:
    args = p.argv[1:]
    job = Find(p, [])
    while args and args[0] in ("-H", "-L", "-P"):
        job.follow = args.pop(0) == "-L"
    paths = []
    while args and not args[0].startswith("-") and args[0] not in ("(", "!", ")"):
        paths.append(args.pop(0))
    job.args = args
    test = job.expression()
    if job.at < len(args):
        raise Missing(f"find: invalid expression; you have too many '{args[job.at]}'")
    if not job.has_action:
        inner = test

        async def test(name: str, stat: Stat) -> bool:
            if await inner(name, stat):
                p.print(name)
                await p.stdout.drain()
            return True

    for path in paths or ["."]:
        await job.walk(path, 0, test)
    for argv, names in job.batches:
        for start in range(0, len(names), 1000):
            if await job.spawn([*argv, *names[start : start + 1000]]):
                job.status = 1
    return job.status


@command("xargs")
async def xargs(p: Process) -> int:
    o = parse(
        p,
        "0a:d:E:I:i::L:l::n:P:prs:tx",
        {
            "null": "0",
            "delimiter=": "d",
            "replace=?": "I",
            "max-args=": "n",
            "max-lines=?": "L",
            "no-run-if-empty": "r",
            "verbose": "t",
            "interactive": "p",
            "max-procs=": "P",
            "arg-file=": "a",
            "exit": "x",
            "max-chars=": "s",
        },
        permute=False,
    )
    line = o.args or ["echo"]
    data = await p.read_file(o.value("a") or "-")
    replace = (o.value("I") if o.has("I") else o.value("i")) or ("{}" if o.has("I", "i") else None)
    groups: list[list[str]] = []
    if o.has("0") or o.value("d"):
        mark = b"\0" if o.has("0") else unescape(o.value("d") or "\n", False)[0].encode()
        items = data.split(mark)
        items = items[:-1] if items and items[-1] in (b"", b"\n") else items
        words = [x.decode("utf-8", "surrogateescape") for x in items]
    elif replace is not None:
        words = [x.strip() for x in data.decode("utf-8", "surrogateescape").split("\n") if x.strip()]
    else:
        words = split_words(data.decode("utf-8", "surrogateescape"))
    if replace is not None:
        groups = [[w] for w in words]
    elif o.has("L", "l"):
        count = int(o.value("L") or o.value("l") or 1)
        lines = [split_words(x) for x in data.decode("utf-8", "surrogateescape").split("\n") if x.strip()]
        groups = [[w for x in lines[i : i + count] for w in x] for i in range(0, len(lines), count)]
    else:
        count = int(o.value("n") or 0)
        if count:
            groups = [words[i : i + count] for i in range(0, len(words), count)]
        else:
            current: list[str] = []
            length = 0
            for word in words:
                if length + len(word) > 120000:
                    groups.append(current)
                    current, length = [], 0
                current.append(word)
                length += len(word) + 1
            groups += [current] if current else []
    if not groups and not o.has("r") and replace is None:
        groups = [[]]
    status = 0
    for group in groups:
        argv = [a.replace(replace, group[0]) for a in line] if replace is not None else [*line, *group]
        if o.has("t", "p"):
            p.error(" ".join(argv), end=" ?..." if o.has("p") else "\n")
            if o.has("p") and p.tty is not None and not (await p.tty.ask("", True)).startswith("y"):
                continue
        code = await p.spawn(argv, stdin=Null() if not o.value("a") else Source(b""))  # type: ignore[misc]
        err = p.extra.pop("exec_error", None)
        if err is not None:
            p.error(f"xargs: {argv[0]}: {err.strerror}")
            return code
        if code == 255:
            p.error(f"xargs: {argv[0]}: exited with status 255; aborting")
            return 124
        status = 123 if code else status
    return status


def split_words(text: str) -> list[str]:
    """Blank-separated, with quotes and backslashes.

    >>> split_words("a 'b c' d\\\\ e")
    ['a', 'b c', 'd e']
    """
    out, current, live, pos = [], "", False, 0
    while pos < len(text):
        char = text[pos]
        if char in "'\"":
            end = text.find(char, pos + 1)
            if end < 0 or "\n" in text[pos:end]:
                raise Missing(
                    f"xargs: unmatched {'single' if char == chr(39) else 'double'} quote; by default quotes are "
                    f"special to xargs unless you use the -0 option"
                )
            current, live, pos = current + text[pos + 1 : end], True, end
        elif char == "\\" and pos + 1 < len(text):
            pos += 1
            current, live = current + text[pos], True
        elif char in " \t\n":
            if live or current:
                out.append(current)
            current, live = "", False
        else:
            current += char
        pos += 1
    return [*out, current] if live or current else out
