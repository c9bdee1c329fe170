"""grep, egrep and fgrep of GNU grep 2.6."""

from __future__ import annotations

import posixpath
import re

from ..files import list_of, stat_of
from ..options import Options, UsageError, parse
from ..process import Process, command
from ..regex import RegexError, compile_posix
from ..shell import pattern as pat
from .text import drain

DEC = ("utf-8", "surrogateescape")
USAGE = "Usage: {0} [OPTION]... PATTERN [FILE]...\nTry `{0} --help' for more information."
LONG = {
    "extended-regexp": "E",
    "fixed-strings": "F",
    "basic-regexp": "G",
    "perl-regexp": "P",
    "regexp=": "e",
    "file=": "f",
    "ignore-case": "i",
    "word-regexp": "w",
    "line-regexp": "x",
    "null-data": "z",
    "no-messages": "s",
    "invert-match": "v",
    "max-count=": "m",
    "byte-offset": "b",
    "line-number": "n",
    "line-buffered": "lb",
    "with-filename": "H",
    "no-filename": "h",
    "only-matching": "o",
    "quiet": "q",
    "silent": "q",
    "text": "a",
    "recursive": "r",
    "include=": "inc",
    "exclude=": "exc",
    "exclude-dir=": "excd",
    "files-without-match": "L",
    "files-with-matches": "l",
    "count": "c",
    "null": "Z",
    "before-context=": "B",
    "after-context=": "A",
    "context=": "C",
    "color=?": "color",
    "colour=?": "color",
    "label=": "label",
    "binary-files=": "bf",
    "directories=": "d",
    "devices=": "D",
    "initial-tab": "T",
}


@command("grep", "egrep", "fgrep", path="/bin")
async def grep(p: Process) -> int:
    p.argv = [a if not re.fullmatch(r"-\d+", a) else f"-C{a[1:]}" for a in p.argv]
    try:
        o = parse(p, "A:aB:bC:cD:d:EF:Ge:f:HhIiLlm:noPqRrsTUuVvwxyZz".replace("F:", "F"), LONG, status=2)
    except UsageError as err:
        raise UsageError(str(err).split("\n")[0] + "\n" + USAGE.format(p.name), 2) from None
    args = list(o.args)
    patterns: list[str] | None = None
    for text in o.values("e"):
        patterns = (patterns or []) + text.split("\n")
    for name in o.values("f"):
        try:
            body = (await p.read_file(name)).decode(*DEC)
        except OSError as err:
            p.error(f"{p.name}: {name}: {err.strerror}")
            return 2
        patterns = (
            (patterns or []) + (body[:-1] if body.endswith("\n") else body).split("\n") if body else (patterns or [])
        )
    if patterns is None:
        if not args:
            p.error(USAGE.format(p.name))
            return 2
        patterns = args.pop(0).split("\n")
    kind = o.last("EFGP", "E" if p.name.endswith("egrep") else "F" if p.name.endswith("fgrep") else "G")
    try:
        regex = compiled(patterns, kind, o)
    except RegexError as err:
        p.error(f"{p.name}: {err}")
        return 2
    return await Grep(p, o, regex).run(args)


def compiled(patterns: list[str], kind: str, o: Options) -> re.Pattern[str]:
    """One regex for all patterns. RegexError for a wrong one."""
    parts = []
    for text in patterns:
        if kind == "F":
            one = re.escape(text)
        elif kind == "P":
            one = text
        else:
            one = compile_posix(text, kind == "E").pattern
        if o.has("x"):
            one = rf"^(?:{one})$"
        elif o.has("w"):
            one = rf"(?<!\w)(?:{one})(?!\w)"
        parts.append(one)
    if not parts:
        return re.compile(r"(?!)")
    try:
        return re.compile(
            "|".join(parts) if len(parts) == 1 else "|".join(f"(?:{x})" for x in parts), re.I if o.has("i", "y") else 0
        )
    except re.error as err:
        raise RegexError(str(err)) from None


class Grep:
    """One run over files."""

    def __init__(self, p: Process, o: Options, regex: re.Pattern[str]):
        self.p, self.o, self.regex = p, o, regex
        both = o.value("C", "0") or "0"
        self.before, self.after = int(o.value("B", both) or 0), int(o.value("A", both) or 0)
        self.context = o.has("A", "B", "C")
        self.max = int(o.value("m", "0") or 0)
        self.found = self.trouble = False
        color = o.value("color")
        self.color = color is not None and (color == "always" or (color in ("", "auto") and p.stdout.isatty()))
        self.printed = 0

    async def run(self, names: list[str]) -> int:
        o = self.o
        recursive = o.has("r", "R") or o.value("d") == "recurse"
        self.titles = (len(names) > 1 or o.has("H")) and not o.has("h")
        for name in names or ["-"]:
            await self.one(name, recursive)
            if o.has("q") and self.found:
                return 0
        return 2 if self.trouble and not (o.has("q") and self.found) else 0 if self.found else 1

    def error(self, name: str, err: OSError) -> None:
        self.trouble = True
        if not self.o.has("s"):
            self.p.error(f"{self.p.name}: {name}: {err.strerror}")

    async def one(self, name: str, recursive: bool, top: bool = True) -> None:
        p, o = self.p, self.o
        if name == "-":
            await self.stream(p.stdin, o.value("label") or "(standard input)")
            return
        try:
            stat = stat_of(p, name)
            if stat.kind == "dir":
                if not recursive:
                    return
                self.titles = not o.has("h")
                if not top and any(pat.match(x, posixpath.basename(name)) for x in o.values("excd")):
                    return
                for entry in list_of(p, name):
                    full = posixpath.join(name, entry)
                    if p.node.fs.islink(p.full(full)) and not o.has("R"):
                        continue
                    await self.one(full, True, False)
                return
            base = posixpath.basename(name)
            if recursive and not top:
                if o.values("inc") and not any(pat.match(x, base) for x in o.values("inc")):
                    return
                if any(pat.match(x, base) for x in o.values("exc")):
                    return
                if stat.kind != "file":
                    return
            stream = p.open(name)
        except OSError as err:
            self.error(name, err)
            return
        await self.stream(stream, name)
        stream.close()

    async def stream(self, stream, name: str) -> None:  # noqa: ANN001
        """Search one file or pipe, line by line."""
        p, o = self.p, self.o
        invert, quiet = o.has("v"), o.has("q", "l", "L", "c")
        hits, number, pending, last = 0, 0, 0, 0
        earlier: list[tuple[int, str]] = []
        binary = False
        try:
            while raw := await stream.readline():
                number += 1
                text = raw.decode(*DEC)
                text = text[:-1] if text.endswith("\n") else text
                if "\0" in text and not o.has("a"):
                    binary = True
                match = self.regex.search(text)
                if (match is not None) == invert:
                    if not quiet and self.context:
                        if pending:
                            self.line(name, number, text, "-")
                            pending, last = pending - 1, number
                        elif self.before:
                            earlier = (
                                [*earlier[-(self.before - 1) :], (number, text)]
                                if self.before > 1
                                else [(number, text)]
                            )
                    await drain(p, number)
                    continue
                hits += 1
                self.found = True
                if o.has("q"):
                    return
                if binary and not quiet:
                    p.print(f"Binary file {name} matches")
                    return
                if not quiet:
                    if (
                        self.context
                        and last
                        and (earlier[0][0] if earlier else number) > last + 1
                        or self.context
                        and not last
                        and self.printed
                    ):
                        p.print("--")
                    for n, t in earlier:
                        self.line(name, n, t, "-")
                    earlier = []
                    if o.has("o"):
                        for m in self.regex.finditer(text):
                            if m[0]:
                                self.line(name, number, m[0], ":", whole=m[0])
                    else:
                        self.line(name, number, text, ":", highlight=not invert)
                    last, pending = number, self.after
                    self.printed += 1
                elif o.has("l", "L"):
                    break
                if self.max and hits >= self.max:
                    break
                await drain(p, number)
        except OSError as err:
            if isinstance(err, BrokenPipeError):
                raise
            self.error(name, err)
            return
        if o.has("c"):
            p.print((f"{name}:" if self.titles else "") + str(hits))
        elif (o.has("l") and hits) or (o.has("L") and not hits):
            p.print(name, end="\0" if o.has("Z") else "\n")

    def line(
        self, name: str, number: int, text: str, mark: str, highlight: bool = False, whole: str | None = None
    ) -> None:
        o = self.o
        head = (f"{name}{mark}" if self.titles else "") + (f"{number}{mark}" if o.has("n") else "")
        if self.color and (highlight or whole is not None):
            text = self.regex.sub(lambda m: f"\x1b[01;31m\x1b[K{m[0]}\x1b[m\x1b[K" if m[0] else "", text)
        self.p.stdout.write(head + text + "\n")
