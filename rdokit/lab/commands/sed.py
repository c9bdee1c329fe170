"""GNU sed 4.2: addresses, s///, the hold space, branches, -i, -n, -r, -e, -f, -s."""

from __future__ import annotations

import contextlib
import posixpath
import re
from dataclasses import dataclass, field
from typing import Any

from ..options import UsageError, parse
from ..process import Process, command
from ..regex import RegexError, compile_posix

DEC = ("utf-8", "surrogateescape")


class ScriptError(Exception):
    """A wrong script; the text is what follows `sed: -e expression #1, char N: `."""

    def __init__(self, message: str, at: int):
        super().__init__(message)
        self.at = at


@dataclass
class Address:
    kind: str  # line | last | regex | step | plus | multiple
    number: int = 0
    step: int = 0
    regex: re.Pattern[str] | None = None


@dataclass
class Command:
    name: str
    one: Address | None = None
    two: Address | None = None
    negate: bool = False
    text: str = ""
    regex: re.Pattern[str] | None = None
    replacement: list[Any] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    count: int = 0
    target: int = 0
    active: bool = False
    until: int = 0
    table: dict[int, str] = field(default_factory=dict)


class Script:
    """Parses a script to a flat list of commands; `{` jumps to its `}`."""

    def __init__(self, text: str, extended: bool):
        self.text, self.extended, self.pos = text, extended, 0
        self.commands: list[Command] = []
        self.blocks: list[int] = []
        self.labels: dict[str, int] = {}
        self.last_regex: re.Pattern[str] | None = None
        self.parse()

    def fail(self, message: str) -> ScriptError:
        return ScriptError(message, self.pos)

    def peek(self) -> str:
        return self.text[self.pos : self.pos + 1]

    def blanks(self, more: str = "") -> None:
        while self.peek() and self.peek() in " \t" + more:
            self.pos += 1

    def parse(self) -> None:
        while True:
            self.blanks("\n;")
            if not self.peek():
                break
            if self.peek() == "#":
                end = self.text.find("\n", self.pos)
                self.pos = len(self.text) if end < 0 else end
                continue
            self.one_command()
        if self.blocks:
            raise ScriptError("unmatched `{'", 0)
        for item in self.commands:
            if item.name in "btT" and item.text:
                if item.text not in self.labels:
                    raise ScriptError(f"can't find label for jump to `{item.text}'", -1)
                item.target = self.labels[item.text]
            elif item.name in "btT":
                item.target = len(self.commands)

    def address(self) -> Address | None:
        char = self.peek()
        if char.isdigit():
            match = re.compile(r"(\d+)(?:~(\d+))?").match(self.text, self.pos)
            assert match
            self.pos = match.end()
            if match[2] is not None:
                return Address("step", int(match[1]), int(match[2]))
            return Address("line", int(match[1]))
        if char == "$":
            self.pos += 1
            return Address("last")
        if char in "/\\" and char:
            if char == "\\":
                self.pos += 1
            mark = self.peek()
            self.pos += 1
            source = self.until(mark, "unterminated address regex")
            flags = re.compile(r"[IM]*").match(self.text, self.pos)
            assert flags
            self.pos = flags.end()
            return Address("regex", regex=self.regex(source, "I" in flags[0], "M" in flags[0]))
        return None

    def until(self, mark: str, message: str, is_regex: bool = True) -> str:
        """The text up to an unescaped mark; `\\mark` loses its backslash."""
        out: list[str] = []
        in_class = False
        while True:
            char = self.peek()
            if not char:
                raise self.fail(message)
            self.pos += 1
            if char == "\\":
                follow = self.peek()
                self.pos += 1
                if follow == mark:
                    out.append(follow if mark not in ".*[]^$+?(){}|" or not is_regex else "\\" + follow)
                elif follow == "n" and is_regex:
                    out.append("\\n" if not in_class else "\n")
                else:
                    out.append("\\" + follow)
                continue
            if is_regex and char == "[" and not in_class:
                in_class = True
                out.append(char)
                if self.peek() == "^":
                    out.append(self.peek())
                    self.pos += 1
                if self.peek() == "]":
                    out.append(self.peek())
                    self.pos += 1
                continue
            if in_class and char == "[" and self.peek() in (":", "."):
                end = self.text.find(self.peek() + "]", self.pos + 1)
                if end > 0:
                    out.append(char + self.text[self.pos : end + 2])
                    self.pos = end + 2
                    continue
            if char == "]":
                in_class = False
            if char == mark and not in_class:
                return "".join(out)
            if char == mark and in_class and mark not in self.text[self.pos :]:
                return "".join(out)
            out.append(char)

    def regex(self, source: str, ignore: bool, multi: bool = False) -> re.Pattern[str]:
        if source == "":
            return re.compile("")  # stands for the last one used
        try:
            return compile_posix(source, self.extended, ignore, multi)
        except RegexError as err:
            raise self.fail(str(err)) from None

    def one_command(self) -> None:
        item = Command("")
        item.one = self.address()
        self.blanks()
        if item.one is not None and self.peek() == ",":
            self.pos += 1
            self.blanks()
            if self.peek() in "+~" and self.peek():
                kind = "plus" if self.peek() == "+" else "multiple"
                self.pos += 1
                match = re.compile(r"\d+").match(self.text, self.pos)
                if not match:
                    raise self.fail("expected number")
                self.pos = match.end()
                item.two = Address(kind, int(match[0]))
            else:
                item.two = self.address()
                if item.two is None:
                    raise self.fail("unexpected `,'")
        self.blanks()
        while self.peek() == "!":
            item.negate = True
            self.pos += 1
            self.blanks()
        name = self.peek()
        self.pos += 1
        item.name = name
        if not name:
            raise self.fail("missing command")
        if name == "{":
            self.blocks.append(len(self.commands))
            self.commands.append(item)
            return
        if name == "}":
            if not self.blocks:
                raise self.fail("unexpected `}'")
            self.commands[self.blocks.pop()].target = len(self.commands)
            self.end_of_command()
            return
        if name == ":":
            match = re.compile(r"[ \t]*([^\n;]*)").match(self.text, self.pos)
            assert match
            self.pos = match.end()
            if not match[1].strip():
                raise self.fail('":" lacks a label')
            self.labels[match[1].strip()] = len(self.commands)
            return
        if name in "=dDgGhHnNpPxzF":
            self.end_of_command()
        elif name in "lqQL":
            match = re.compile(r"[ \t]*(\d*)").match(self.text, self.pos)
            assert match
            self.pos = match.end()
            item.text = match[1]
            self.end_of_command()
        elif name in "aic":
            self.text_argument(item)
        elif name in "btT":
            match = re.compile(r"[ \t]*([^\n;}]*)").match(self.text, self.pos)
            assert match
            self.pos = match.end()
            item.text = match[1].strip()
        elif name in "rRwW":
            match = re.compile(r"[ \t]*([^\n]*)").match(self.text, self.pos)
            assert match
            self.pos = match.end()
            item.text = match[1]
            if not item.text:
                raise self.fail("missing filename in r/R/w/W commands")
        elif name == "s":
            self.substitution(item)
        elif name == "y":
            self.transliteration(item)
        else:
            raise self.fail(f"unknown command: `{name}'")
        self.commands.append(item)

    def end_of_command(self) -> None:
        self.blanks()
        if self.peek() and self.peek() not in ";\n}#":
            self.pos += 1
            raise self.fail("extra characters after command")

    def text_argument(self, item: Command) -> None:
        self.blanks()
        if self.peek() == "\\":
            self.pos += 1
            self.blanks()
            if self.peek() == "\n":
                self.pos += 1
        if not self.peek() and item.name != "c":
            raise self.fail("expected \\ after `a', `c' or `i'")
        out: list[str] = []
        while self.peek() and self.peek() != "\n":
            char = self.peek()
            self.pos += 1
            if char == "\\" and self.peek():
                char = self.peek()
                self.pos += 1
                char = {"t": "\t"}.get(char, char)
            out.append(char)
        item.text = "".join(out) + "\n"

    def substitution(self, item: Command) -> None:
        mark = self.peek()
        if not mark or mark in "\n\\":
            raise self.fail("unterminated `s' command")
        self.pos += 1
        source = self.until(mark, "unterminated `s' command")
        by = self.until(mark, "unterminated `s' command", False)
        while True:
            match = re.compile(r"\d+|[gpiImMe]|w[ \t]*([^\n]*)").match(self.text, self.pos)
            if not match:
                break
            self.pos = match.end()
            if match[0].isdigit():
                if int(match[0]) == 0:
                    raise self.fail("number option to `s' command may not be zero")
                item.count = int(match[0])
            elif match[0][0] == "w":
                item.flags.add("w")
                item.text = match[1]
            else:
                item.flags.add(match[0])
        self.blanks()
        if self.peek() and self.peek() not in ";\n}#":
            self.pos += 1
            raise self.fail("unknown option to `s'")
        item.regex = self.regex(source, bool(item.flags & {"i", "I"}), bool(item.flags & {"m", "M"}))
        item.replacement = self.replacement(by)
        groups = item.regex.groups
        highest = max((x for x in item.replacement if isinstance(x, int)), default=0)
        if source and highest > groups:
            raise self.fail(f"invalid reference \\{highest} on `s' command's RHS")

    @staticmethod
    def replacement(text: str) -> list[Any]:
        r"""Literal texts, group numbers and case switches (U L u l E)."""
        out: list[Any] = []
        pos = 0
        while pos < len(text):
            char = text[pos]
            if char == "\\" and pos + 1 < len(text):
                follow = text[pos + 1]
                pos += 2
                if follow.isdigit():
                    out.append(int(follow))
                elif follow in "ULulE":
                    out.append(("case", follow))
                else:
                    out.append({"n": "\n", "t": "\t", "r": "\r"}.get(follow, follow))
                continue
            out.append(0 if char == "&" else char)
            pos += 1
        return out

    def transliteration(self, item: Command) -> None:
        mark = self.peek()
        self.pos += 1
        one = self.until(mark, "unterminated `y' command", False).replace("\\n", "\n").replace("\\\\", "\\")
        two = self.until(mark, "unterminated `y' command", False).replace("\\n", "\n").replace("\\\\", "\\")
        if len(one) != len(two):
            raise self.fail("strings for `y' command are different lengths")
        item.table = dict(zip(map(ord, one), two, strict=True))
        self.end_of_command()


def fill(template: list[Any], match: re.Match[str]) -> str:
    out, mode, once = "", "", ""
    for piece in template:
        if isinstance(piece, tuple):
            if piece[1] in "UL":
                mode = piece[1]
            elif piece[1] == "E":
                mode = ""
            else:
                once = piece[1]
            continue
        text = (match[piece] or "") if isinstance(piece, int) else piece
        if mode:
            text = text.upper() if mode == "U" else text.lower()
        if once and text:
            text = (text[0].upper() if once == "u" else text[0].lower()) + text[1:]
            once = ""
        out += text
    return out


class Sed:
    """One run of a script over lines."""

    def __init__(self, p: Process, script: Script, quiet: bool, in_place: str | None, separate: bool):
        self.p, self.script, self.quiet, self.in_place, self.separate = p, script, quiet, in_place, separate
        self.hold = ""
        self.number = 0
        self.last_regex: re.Pattern[str] | None = None
        self.status = 0
        self.quit = False
        self.written: dict[str, Any] = {}

    async def files(self, names: list[str]) -> int:
        if self.in_place is not None or self.separate:
            for name in names:
                lines = await self.load(name)
                if lines is None:
                    continue
                if self.in_place is not None:
                    self.number = 0
                out: list[str] = []
                await self.run(lines, out)
                if self.in_place is not None:
                    self.replace(name, "".join(out))
                else:
                    self.p.stdout.write("".join(out))
                if self.quit:
                    break
            return self.status
        if names in ([], ["-"]):
            await self.streamed()
            return self.status
        every: list[str] = []
        for name in names:
            lines = await self.load(name)
            if lines:
                if every and not every[-1].endswith("\n"):
                    every[-1] += "\n"
                every += lines
        out = []
        await self.run(every, out)
        self.p.stdout.write("".join(out))
        return self.status

    async def streamed(self) -> None:
        """Standard input: output comes as the lines come."""
        lookahead = await self.p.stdin.readline()
        out: list[str] = []
        self.reader = self.p.stdin
        self.ahead = lookahead
        while self.ahead and not self.quit:
            line = await self.next_stream()
            await self.cycle(line, out, None)
            if out:
                self.p.stdout.write("".join(out))
                out.clear()
            await self.p.stdout.drain()

    async def next_stream(self) -> str:
        line = self.ahead
        self.ahead = await self.reader.readline()
        return line.decode(*DEC)

    reader: Any = None
    ahead: bytes = b""

    async def load(self, name: str) -> list[str] | None:
        try:
            if (
                self.in_place is not None
                and not self.p.node.fs.isfile(self.p.full(name))
                and self.p.node.fs.exists(self.p.full(name))
            ):
                self.p.error(f"sed: couldn't edit {name}: not a regular file")
                self.status = 4
                return None
            data = (await self.p.read_file(name)).decode(*DEC)
        except OSError as err:
            reason = (
                "read error on {0}: Is a directory" if err.errno == 21 else "can't read {0}: " + (err.strerror or "")
            )
            self.p.error("sed: " + reason.format(name))
            self.status = 2
            return None
        lines = data.split("\n")
        tail = lines.pop()
        return [line + "\n" for line in lines] + ([tail] if tail else [])

    def replace(self, name: str, text: str) -> None:
        """-i writes a new file beside the old one and renames it: a new inode, owner and mode kept."""
        p, fs = self.p, self.p.node.fs
        full = p.full(name)
        stat = fs.stat(full, p.user)
        if fs.islink(full):
            fs.remove(full, p.user)  # GNU sed -i breaks a link unless --follow-symlinks is given
            base = full
        else:
            base = full
        if self.in_place and not fs.islink(full) and fs.exists(full):
            suffix = self.in_place
            backup = (
                suffix.replace("*", posixpath.basename(name)) if "*" in suffix else posixpath.basename(name) + suffix
            )
            target = backup if backup.startswith("/") else posixpath.join(posixpath.dirname(full), backup)
            if fs.lexists(target):
                fs.remove(target)
            fs.link(full, target)
        part = posixpath.join(posixpath.dirname(base), f"sed{p.pid:06d}")
        try:
            fs.write(part, text, mode=stat.mode, user=p.user)
        except OSError as err:
            p.error(
                f"sed: couldn't open temporary file "
                f"{posixpath.join(posixpath.dirname(name) or '.', f'sed{p.pid:06d}')}: {err.strerror}"
            )
            self.status = 4
            return
        if p.user == "root":
            fs.chown(part, stat.uid, stat.gid)
        fs.set_context(part, stat.context)
        fs.rename(part, base, p.user)

    # -- cycles --------------------------------------------------------------------------------------------------

    async def run(self, lines: list[str], out: list[str]) -> None:
        queue = lines[::-1]
        while queue and not self.quit:
            await self.cycle(queue.pop(), out, queue)

    def is_last(self, queue: list[str] | None) -> bool:
        return not queue if queue is not None else not self.ahead

    async def take(self, queue: list[str] | None) -> str:
        return queue.pop() if queue is not None else await self.next_stream()

    def matches(self, address: Address, text: str, last: bool) -> bool:
        if address.kind == "line":
            return self.number == address.number
        if address.kind == "last":
            return last
        if address.kind == "step":
            if address.step == 0:
                return self.number == address.number
            return self.number >= address.number and (self.number - address.number) % address.step == 0
        return self.used(address.regex).search(text) is not None  # type: ignore[arg-type]

    def used(self, regex: re.Pattern[str]) -> re.Pattern[str]:
        """An empty pattern is the last one used."""
        if regex.pattern == "" and self.last_regex is not None:
            return self.last_regex
        self.last_regex = regex
        return regex

    def selected(self, item: Command, text: str, last: bool) -> bool:
        if item.one is None:
            return not item.negate
        if item.two is None:
            return self.matches(item.one, text, last) != item.negate
        hit = False
        two = item.two
        if item.active:
            hit = True
            if two.kind == "line":
                if self.number > two.number:
                    hit = item.active = False
                    hit = self.start_range(item, text, last)
                elif self.number == two.number:
                    item.active = False
            elif two.kind in ("plus", "multiple"):
                if self.number >= item.until:
                    item.active = False
            elif self.matches(two, text, last):
                item.active = False
        else:
            hit = self.start_range(item, text, last)
        return hit != item.negate

    def start_range(self, item: Command, text: str, last: bool) -> bool:
        one, two = item.one, item.two
        assert one is not None and two is not None
        if one.kind == "line" and one.number == 0 and two.kind == "regex":
            if self.number == 1:
                item.active = not self.matches(two, text, last)
                return True
            return False
        if not self.matches(one, text, last):
            return False
        if two.kind == "line":
            item.active = two.number > self.number
        elif two.kind == "plus":
            item.until = self.number + two.number
            item.active = two.number > 0
        elif two.kind == "multiple":
            item.until = -(-self.number // two.number) * two.number if two.number else self.number
            item.active = item.until > self.number
        elif two.kind == "last":
            item.active = not last
        else:
            item.active = True
        return True

    async def cycle(self, line: str, out: list[str], queue: list[str] | None) -> None:
        self.number += 1
        text, newline = (line[:-1], "\n") if line.endswith("\n") else (line, "")
        after: list[str] = []
        pc, replaced = 0, False
        commands = self.script.commands
        delete = False
        while pc < len(commands):
            item = commands[pc]
            pc += 1
            last = self.is_last(queue)
            if not self.selected(item, text, last):
                if item.name == "{":
                    pc = item.target
                continue
            name = item.name
            if name == "s":
                text, done = self.substitute(item, text)
                replaced = replaced or done
                if done and "p" in item.flags:
                    out.append(text + "\n")
                if done and "w" in item.flags:
                    self.write_to(item.text, text, out)
            elif name == "d":
                delete = True
                break
            elif name == "D":
                if "\n" not in text:
                    delete = True
                    break
                text = text.split("\n", 1)[1]
                out.extend(after)
                await self.restart(text, newline, out, queue)
                return
            elif name == "p":
                out.append(text + "\n")
            elif name == "P":
                out.append(text.split("\n", 1)[0] + "\n")
            elif name == "n":
                if last:
                    if self.quiet:
                        return
                    break
                if not self.quiet:
                    out.append(text + "\n")
                out.extend(after)
                after.clear()
                line = await self.take(queue)
                self.number += 1
                text, newline = (line[:-1], "\n") if line.endswith("\n") else (line, "")
            elif name == "N":
                if last:
                    break
                line = await self.take(queue)
                self.number += 1
                more, newline = (line[:-1], "\n") if line.endswith("\n") else (line, "")
                text += "\n" + more
            elif name == "a":
                after.append(item.text)
            elif name == "i":
                out.append(item.text)
            elif name == "c":
                if item.two is None or item.negate or not item.active:
                    out.append(item.text)
                delete = True
                break
            elif name == "=":
                out.append(f"{self.number}\n")
            elif name == "h":
                self.hold = text
            elif name == "H":
                self.hold += "\n" + text
            elif name == "g":
                text = self.hold
            elif name == "G":
                text += "\n" + self.hold
            elif name == "x":
                text, self.hold = self.hold, text
            elif name == "z":
                text = ""
            elif name == "y":
                text = text.translate(item.table)
            elif name == "l":
                out.append(listed(text) + "$\n")
            elif name in "qQ":
                self.quit = True
                self.status = int(item.text or 0)
                if name == "Q":
                    return
                break
            elif name == "b" or (name == "t" and replaced) or (name == "T" and not replaced):
                if name == "t":
                    replaced = False
                pc = item.target
            elif name == "r":
                with contextlib.suppress(OSError):
                    after.append((await self.p.read_file(item.text)).decode(*DEC))
            elif name == "w":
                self.write_to(item.text, text, out)
        if not self.quiet and not delete:
            out.append(text + (newline if not after else "\n"))
        out.extend(after)

    async def restart(self, text: str, newline: str, out: list[str], queue: list[str] | None) -> None:
        self.number -= 1
        await self.cycle(text + newline, out, queue)

    def substitute(self, item: Command, text: str) -> tuple[str, bool]:
        regex = self.used(item.regex)  # type: ignore[arg-type]
        everything, wanted = "g" in item.flags, item.count or 1
        out, pos, count, done, previous = [], 0, 0, False, -1
        for match in regex.finditer(text):
            if match.start() == match.end() == previous:
                continue
            previous = match.end()
            count += 1
            if count < wanted:
                continue
            out.append(text[pos : match.start()])
            out.append(fill(item.replacement, match))
            pos, done = match.end(), True
            if not everything:
                break
        return "".join(out) + text[pos:], done

    def write_to(self, name: str, text: str, out: list[str]) -> None:
        if name == "/dev/stdout":
            out.append(text + "\n")
            return
        if name not in self.written:
            self.written[name] = self.p.open(name, "w")
        self.written[name].write(text + "\n")


def listed(text: str) -> str:
    table = {"\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
    return "".join(
        table.get(c) or (c if " " <= c <= "~" else "".join(f"\\{b:03o}" for b in c.encode(*DEC))) for c in text
    )


USAGE = "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n"


@command("sed", path="/bin")
async def sed(p: Process) -> int:
    try:
        o = parse(
            p,
            "ne:f:i::l:rEszu",
            {
                "quiet": "n",
                "silent": "n",
                "expression=": "e",
                "file=": "f",
                "in-place=?": "i",
                "regexp-extended": "r",
                "separate": "s",
                "unbuffered": "u",
                "follow-symlinks": "fs",
                "posix": "posix",
                "null-data": "z",
                "version": "version",
            },
        )
    except UsageError as err:
        raise UsageError(str(err).split("\n")[0] + "\n" + USAGE.rstrip("\n"), 1) from None
    if o.has("version"):
        p.print("GNU sed version 4.2.1")
        return 0
    pieces = []
    for name, value in o.all:
        if name == "e":
            pieces.append(value)
        elif name == "f":
            try:
                pieces.append((await p.read_file(value)).decode(*DEC).rstrip("\n"))
            except OSError as err:
                p.error(f"sed: couldn't open file {value}: {err.strerror}")
                return 1
    args = list(o.args)
    if not pieces:
        if not args:
            p.error(USAGE.rstrip("\n"))
            return 1
        pieces.append(args.pop(0))
    quiet = o.has("n") or pieces[0].startswith("#n\n")
    try:
        script = Script("\n".join(pieces), o.has("r", "E"))
    except ScriptError as err:
        where = f"-e expression #1, char {err.at}: " if err.at >= 0 else ""
        p.error(f"sed: {where}{err}")
        return 1
    in_place = o.value("i") if o.has("i") else None
    if in_place is not None and not args:
        p.error("sed: no input files")
        return 1
    if o.has("fs") and in_place is not None:
        args = [p.node.fs.realpath(p.full(a)) for a in args]
    return await Sed(p, script, quiet, in_place, o.has("s")).files(args)
