"""`test`, `[` and `[[`: questions about files, texts and numbers."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from ..files import stat_of
from . import expand
from . import pattern as pat

if TYPE_CHECKING:
    from .interp import Shell

UNARY = set("abcdefghknoprstuvwxzGLNOS")
BINARY = {"=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"}


class TestError(Exception):
    """A wrong expression: status 2."""

    __test__ = False  # not for pytest


class Context:
    """What a test needs to know of a shell or process: files, user, directory, descriptors, variables."""

    def __init__(self, fs: Any, cwd: str, user: str, fds: Any, sh: Shell | None = None, node: Any = None):
        self.fs, self.cwd, self.user, self.fds, self.sh, self.node = fs, cwd, user, fds, sh, node
        self.p: Any = sh.p if sh is not None else None

    def path(self, name: str) -> str:
        return name if name.startswith("/") else posixpath.join(self.cwd, name)


def unary(ctx: Context, op: str, text: str) -> bool:
    flag = op[1]
    if flag == "n":
        return text != ""
    if flag == "z":
        return text == ""
    if flag == "t":
        stream = ctx.fds.get(int(text)) if text.isdigit() and ctx.fds else None
        return stream is not None and stream.isatty()
    if flag == "o":
        from .builtins import SET_NAMES

        return ctx.sh is not None and (SET_NAMES.get(text, "?") in ctx.sh.opts or text in ctx.sh.shopts)
    return of_file(ctx, flag, text)


def of_file(ctx: Context, flag: str, text: str) -> bool:
    if not text:
        return False
    path = ctx.path(text)
    fs = ctx.fs
    try:
        if ctx.p is not None:
            stat = stat_of(ctx.p, path, flag not in "hL")
        else:
            stat = fs.lstat(path, ctx.user) if flag in "hL" else fs.stat(path, ctx.user)
    except OSError:
        return False
    if path.startswith(("/proc/", "/sys/")) and flag in "rwx":
        return flag == "r" or (flag == "w" and ctx.user == "root") or stat.kind == "dir"
    kinds = {"f": "file", "d": "dir", "h": "link", "L": "link", "b": "block", "c": "char", "p": "fifo", "S": "socket"}
    if flag in kinds:
        return stat.kind == kinds[flag]
    if flag in "rwx":
        return fs.access(path, {"r": 4, "w": 2, "x": 1}[flag], ctx.user)
    if flag == "s":
        return stat.size > 0
    bits = {"u": 0o4000, "g": 0o2000, "k": 0o1000}
    if flag in bits:
        return bool(stat.mode & bits[flag])
    if flag == "O":
        return stat.uid == fs.uid(ctx.user)
    if flag == "G":
        return stat.gid == fs.groups_of(ctx.user)[0]
    if flag == "N":
        return stat.mtime > stat.atime
    return True


def number(text: str) -> int:
    match = re.fullmatch(r"\s*([-+]?\d+)\s*", text)
    if not match:
        raise TestError(f"{text}: integer expression expected")
    return int(match[1])


def compare(a: int, op: str, b: int) -> bool:
    return {"-eq": a == b, "-ne": a != b, "-lt": a < b, "-le": a <= b, "-gt": a > b, "-ge": a >= b}[op]


def of_files(ctx: Context, left: str, op: str, right: str) -> bool:
    stats = []
    for name in (left, right):
        try:
            stats.append(ctx.fs.stat(ctx.path(name), ctx.user))
        except OSError:
            stats.append(None)
    a, b = stats
    if op == "-ef":
        return a is not None and b is not None and a.ino == b.ino
    if op == "-nt":
        return a is not None and (b is None or a.mtime > b.mtime)
    return b is not None and (a is None or a.mtime < b.mtime)


def binary(ctx: Context, left: str, op: str, right: str) -> bool:
    if op in ("=", "=="):
        return left == right
    if op == "!=":
        return left != right
    if op in ("<", ">"):
        return left < right if op == "<" else left > right
    if op in ("-nt", "-ot", "-ef"):
        return of_files(ctx, left, op, right)
    return compare(number(left), op, number(right))


# -- test and [ --------------------------------------------------------------------------------------------------


def test(ctx: Context, args: list[str]) -> bool:
    """The expression of test(1), by the rules for its number of arguments.

    Raises:
        TestError: with the text that follows "[: ".
    """
    count = len(args)
    if count == 0:
        return False
    if count == 1:
        return args[0] != ""
    if count == 2:
        if args[0] == "!":
            return args[1] == ""
        if is_unary(args[0]):
            return unary(ctx, args[0], args[1])
        raise TestError(f"{args[0]}: unary operator expected")
    if count == 3:
        if args[1] in BINARY:
            return binary(ctx, args[0], args[1], args[2])
        if args[1] in ("-a", "-o"):
            both = (args[0] != "", args[2] != "")
            return all(both) if args[1] == "-a" else any(both)
        if args[0] == "!":
            return not test(ctx, args[1:])
        if args[0] == "(" and args[2] == ")":
            return args[1] != ""
        raise TestError(f"{args[1]}: binary operator expected")
    if count == 4 and args[0] == "!":
        return not test(ctx, args[1:])
    if count == 4 and args[0] == "(" and args[3] == ")":
        return test(ctx, args[1:3])
    return Expression(ctx, args).value()


def is_unary(text: str) -> bool:
    return len(text) == 2 and text[0] == "-" and text[1] in UNARY


class Expression:
    """More than four arguments: -o, -a, !, ( )."""

    def __init__(self, ctx: Context, args: list[str]):
        self.ctx, self.args, self.at = ctx, args, 0

    def value(self) -> bool:
        result = self.either()
        if self.at < len(self.args):
            raise TestError("too many arguments")
        return result

    def peek(self) -> str | None:
        return self.args[self.at] if self.at < len(self.args) else None

    def either(self) -> bool:
        result = self.both()
        while self.peek() == "-o":
            self.at += 1
            result = self.both() or result
        return result

    def both(self) -> bool:
        result = self.one()
        while self.peek() == "-a":
            self.at += 1
            result = self.one() and result
        return result

    def one(self) -> bool:
        args, at = self.args, self.at
        if at >= len(args):
            raise TestError("argument expected")
        if args[at] == "!":
            self.at += 1
            return not self.one()
        if at + 2 < len(args) and args[at + 1] in BINARY:
            self.at += 3
            return binary(self.ctx, args[at], args[at + 1], args[at + 2])
        if args[at] == "(":
            self.at += 1
            result = self.either()
            if self.peek() != ")":
                raise TestError("`)' expected")
            self.at += 1
            return result
        if is_unary(args[at]) and at + 1 < len(args):
            self.at += 2
            return unary(self.ctx, args[at], args[at + 1])
        self.at += 1
        return args[at] != ""


# -- [[ ----------------------------------------------------------------------------------------------------------


async def conditional(sh: Shell, tree: tuple) -> bool:
    """[[ … ]]: words are expanded without splitting; the right side of == is a pattern, of =~ a regex."""
    kind = tree[0]
    if kind == "and":
        return await conditional(sh, tree[1]) and await conditional(sh, tree[2])
    if kind == "or":
        return await conditional(sh, tree[1]) or await conditional(sh, tree[2])
    if kind == "not":
        return not await conditional(sh, tree[1])
    ctx = Context(sh.fs, sh.cwd, sh.user, sh.fds, sh, sh.p.node)
    if kind == "unary":
        if tree[1] == "-v":
            raise TestError("conditional unary operator expected")  # came with bash 4.2
        return unary(ctx, tree[1], await expand.expand_string(sh, tree[2]))
    _, op, left_word, right_word = tree
    left = await expand.expand_string(sh, left_word)
    if op in ("=", "==", "!="):
        wanted = await expand.expand_pattern(sh, right_word)
        return pat.match(wanted, left, "nocasematch" in sh.shopts) == (op != "!=")
    if op == "=~":
        return await regex(sh, left, right_word)
    right = await expand.expand_string(sh, right_word)
    if op in ("-eq", "-ne", "-lt", "-le", "-gt", "-ge"):
        return compare(expand.calculate(sh, left), op, expand.calculate(sh, right))
    return binary(ctx, left, op, right)


async def regex(sh: Shell, left: str, word: Any) -> bool:
    pieces = await expand.expand_parts(sh, word.parts, False, tilde=True)
    source = "".join(re.escape(text) if kind == "q" else text for kind, text in pieces)
    try:
        found = re.search(posix_regex(source), left, re.I if "nocasematch" in sh.shopts else 0)
    except re.error:
        raise TestError("invalid regular expression") from None
    if found:
        groups = [found.group(0), *(g or "" for g in found.groups())]
        sh.vars["BASH_REMATCH"] = dict(enumerate(groups))
    else:
        sh.vars["BASH_REMATCH"] = {}
    return found is not None


def posix_regex(source: str) -> str:
    """An extended POSIX regular expression in Python's spelling.

    >>> posix_regex("^[[:alpha:]_]+$")
    '^[a-zA-Z_]+$'
    """
    for name, chars in pat.CLASSES.items():
        source = source.replace(f"[:{name}:]", chars)
    return source
