"""Shell patterns: `*.py`, `[!a-z]`, `@(a|b)`; file name generation over a node's files.

A pattern is a string in which a backslash makes the next character literal: the
expansion puts one before every character that was quoted.

    >>> bool(match("a*.p[xy]", "abc.py")), bool(match("a\\\\*", "ab"))
    (True, False)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..fs import Filesystem

MAGIC = re.compile(r"(?<!\\)(?:\\\\)*[*?\[]|[?*+@!]\(")
CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r"\s",
    "blank": r" \t", "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9A-Fa-f", "cntrl": r"\x00-\x1f\x7f", "print": r"\x20-\x7e",
    "graph": r"\x21-\x7e", "word": r"\w",
}  # fmt: skip


def quote(text: str) -> str:
    """Make every character literal."""
    return re.sub(r"([\\*?\[\]()|!+@-])", r"\\\1", text)


def unquote(pattern: str) -> str:
    return re.sub(r"\\(.)", r"\1", pattern, flags=re.S)


def bracket(pattern: str, at: int) -> tuple[str, int] | None:
    """The regex class for `[…]` at a position, and where it ends; None when it is not closed."""
    pos = at + 1
    out = "["
    if pos < len(pattern) and pattern[pos] in "!^":
        out += "^"
        pos += 1
    first = True
    while pos < len(pattern):
        char = pattern[pos]
        if char == "]" and not first:
            return out + "]", pos + 1
        first = False
        if char == "[" and pattern[pos + 1 : pos + 2] == ":":
            end = pattern.find(":]", pos)
            if end > 0 and pattern[pos + 2 : end] in CLASSES:
                out += CLASSES[pattern[pos + 2 : end]]
                pos = end + 2
                continue
        if char == "\\" and pos + 1 < len(pattern):
            pos += 1
            out += re.escape(pattern[pos])
        elif char == "-":
            out += "-"
        else:
            out += "\\" + char if char in "[]^\\&~|" else char
        pos += 1
    return None


def translate(pattern: str) -> str:
    """The regular expression (without anchors) for a shell pattern."""
    out: list[str] = []
    groups: list[str] = []
    pos = 0
    while pos < len(pattern):
        char = pattern[pos]
        if char in "?*+@!" and pattern[pos + 1 : pos + 2] == "(":
            groups.append(char)
            out.append("(?!" if char == "!" else "(?:")
            pos += 2
            continue
        if char == "\\" and pos + 1 < len(pattern):
            out.append(re.escape(pattern[pos + 1]))
            pos += 2
            continue
        if char == "*":
            out.append(".*")
        elif char == "?":
            out.append(".")
        elif char == "[":
            found = bracket(pattern, pos)
            if found:
                out.append(found[0])
                pos = found[1]
                continue
            out.append(r"\[")
        elif char == "|" and groups:
            out.append("$|" if groups[-1] == "!" else "|")
        elif char == ")" and groups:
            kind = groups.pop()
            out.append("$).*" if kind == "!" else ")" + {"@": "", "?": "?", "*": "*", "+": "+"}[kind])
        else:
            out.append(re.escape(char))
        pos += 1
    return "".join(out)


@lru_cache(maxsize=512)
def compiled(pattern: str, ignore_case: bool = False) -> re.Pattern[str]:
    flags = re.S | (re.I if ignore_case else 0)
    try:
        return re.compile(translate(pattern), flags)
    except re.error:
        return re.compile(re.escape(unquote(pattern)), flags)


def match(pattern: str, text: str, ignore_case: bool = False) -> bool:
    """Whether the whole text matches."""
    return compiled(pattern, ignore_case).fullmatch(text) is not None


def split_path(pattern: str) -> list[str]:
    return pattern.replace("\\/", "/").split("/")


def glob(fs: Filesystem, cwd: str, pattern: str, dotglob: bool = False, user: str = "root") -> list[str]:
    """The existing paths that match, sorted; [] when there is none."""
    parts = split_path(pattern)
    absolute = parts[0] == "" and len(parts) > 1
    found = ["/"] if absolute else [""]
    rest = parts[1:] if absolute else parts
    for index, part in enumerate(rest):
        last = index == len(rest) - 1
        if part == "":
            found = [f if f.endswith("/") else f + "/" for f in found if f and fs.isdir(_full(cwd, f))]
            continue
        following: list[str] = []
        for base in found:
            prefix = base if not base or base.endswith("/") else base + "/"
            if not MAGIC.search(part):
                name = prefix + unquote(part)
                if fs.lexists(_full(cwd, name)):
                    following.append(name)
                continue
            try:
                names = fs.listdir(_full(cwd, base or "."), user)
            except OSError:
                continue
            regex = compiled(part)
            if part.startswith((".", "\\.")):
                names = [".", "..", *names]
            elif not dotglob:
                names = [n for n in names if not n.startswith(".")]
            hits = [prefix + n for n in names if regex.fullmatch(n)]
            following += hits if last else [h for h in hits if fs.isdir(_full(cwd, h))]
        found = following
    return sorted(found, key=collate)


def plain_order(get: Callable[[str], str | None]) -> bool:
    """Whether names are sorted by their bytes (the C locale). `get` looks a variable up."""
    return (get("LC_ALL") or get("LC_COLLATE") or get("LANG") or "C") in ("C", "POSIX")


def collate(name: str) -> tuple:
    """en_US.UTF-8 order, near enough: letters without case first, then case (small before capital)."""
    bare = re.sub(r"[^\w]|_", "", name)
    return (bare.lower(), bare.swapcase(), name)


def _full(cwd: str, name: str) -> str:
    return name if name.startswith("/") else f"{cwd.rstrip('/')}/{name}"
