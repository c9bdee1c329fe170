"""Words to arguments: braces, tilde, parameters, commands, arithmetic, splitting, file names.

While a word is expanded it is a list of pieces (kind, text): "q" was quoted,
"l" was written literally, "x" came out of an expansion and will be split at IFS;
BREAK separates the fields of "$@".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import pattern as pat
from .arith import ArithmeticError_, evaluate
from .syntax import Param, Parser, Word

if TYPE_CHECKING:
    from .interp import Shell

BREAK = ("break", "")
STAR = ("break", "*")  # the same of $*, which an assignment joins with IFS
Pieces = list[tuple[str, str]]


class ExpansionError(Exception):
    """An expansion that ends the command (or a script): message without "bash: ", and the status."""

    def __init__(self, message: str, status: int = 1, fatal: bool = True):
        super().__init__(message)
        self.status, self.fatal = status, fatal


# -- braces ------------------------------------------------------------------------------------------------------


def has_brace(word: Word) -> bool:
    return any(part[0] == "lit" and "{" in part[1] for part in word.parts)


def brace_words(word: Word) -> list[Word]:
    """`a{b,c}d` and `{1..3}` into several words.

    >>> [w.literal() or w.parts for w in brace_words(Word([("lit", "a{b,c}{1..2}")]))]
    ['ab1', 'ab2', 'ac1', 'ac2']
    """
    items: list[Any] = []
    for part in word.parts:
        items.extend(part[1] if part[0] == "lit" else [part])
    words = []
    for result in _braces(items):
        parts: list[tuple] = []
        for item in result:
            if isinstance(item, tuple):
                parts.append(item)
            elif parts and parts[-1][0] == "lit":
                parts[-1] = ("lit", parts[-1][1] + item)
            else:
                parts.append(("lit", item))
        words.append(Word(parts, word.raw))
    return words


def _braces(items: list[Any]) -> list[list[Any]]:
    for start, item in enumerate(items):
        if item != "{" or (start and isinstance(items[start - 1], str) and items[start - 1] == "$"):
            continue
        depth, commas, end = 0, [start], None
        for pos in range(start, len(items)):
            if items[pos] == "{":
                depth += 1
            elif items[pos] == "}":
                depth -= 1
                if depth == 0:
                    end = pos
                    break
            elif items[pos] == "," and depth == 1:
                commas.append(pos)
        if end is None:
            continue
        tails = None
        if len(commas) > 1:
            cuts = [*commas, end]
            options = [o for a, b in zip(cuts, cuts[1:], strict=False) for o in _braces(items[a + 1 : b])]
        else:
            inner = items[start + 1 : end]
            text = "".join(inner) if all(isinstance(i, str) for i in inner) else ""
            options = [list(value) for value in _sequence(text)]
            if not options:
                continue
        tails = _braces(items[end + 1 :])
        return [items[:start] + option + tail for option in options for tail in tails]
    return [items]


def _sequence(text: str) -> list[str]:
    match = re.fullmatch(r"(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?", text)
    if match:
        first, last = int(match[1]), int(match[2])
        step = abs(int(match[3] or 1)) or 1
        width = max(len(match[1]), len(match[2])) if re.match(r"-?0\d", match[1]) or re.match(r"-?0\d", match[2]) else 0
        numbers = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
        return [f"{n:0{width}d}" for n in numbers]
    match = re.fullmatch(r"([a-zA-Z])\.\.([a-zA-Z])(?:\.\.(-?\d+))?", text)
    if match:
        first, last = ord(match[1]), ord(match[2])
        step = abs(int(match[3] or 1)) or 1
        return [chr(c) for c in (range(first, last + 1, step) if first <= last else range(first, last - 1, -step))]
    return []


# -- the whole way -----------------------------------------------------------------------------------------------


async def expand_words(sh: Shell, words: list[Word]) -> list[str]:
    """The arguments that a command gets."""
    out: list[str] = []
    for word in words:
        parts = word.parts
        if len(parts) == 1:
            kind, value = parts[0][0], parts[0][1]
            if kind == "q":
                out.append(value)
                continue
            if kind == "lit" and (value == "[" or not _LIVE.search(value)):
                out.append(value)
                continue
        for single in brace_words(word) if "B" in sh.opts and has_brace(word) else [word]:
            pieces = await expand_parts(sh, single.parts, False, tilde=True)
            for field in split_fields(sh, pieces):
                out.extend(file_names(sh, field))
    return out


_LIVE = re.compile(r"[{~*?\[]|[@!+]\(")


async def expand_string(sh: Shell, word: Word, tilde: bool = True) -> str:
    """One string without splitting or file names (assignments, here-documents, case)."""
    parts = word.parts
    if len(parts) == 1 and parts[0][0] == "q":
        return parts[0][1]
    pieces = await expand_parts(sh, parts, False, tilde=tilde)
    return joined(sh, pieces)


def joined(sh: Shell, pieces: Pieces) -> str:
    """One text: $@ with blanks between, $* with the first character of IFS."""
    ifs = sh.get("IFS")
    star = " " if ifs is None else ifs[:1]
    return "".join((star if piece[1] else " ") if piece[0] == "break" else piece[1] for piece in pieces)


async def expand_pattern(sh: Shell, word: Word) -> str:
    """A pattern: what was quoted gets backslashes."""
    pieces = await expand_parts(sh, word.parts, False, tilde=True)
    return "".join(" " if p[0] == "break" else pat.quote(p[1]) if p[0] == "q" else p[1] for p in pieces)


async def expand_parts(sh: Shell, parts: list[tuple], quoted: bool, tilde: bool = False) -> Pieces:
    out: Pieces = []
    for index, part in enumerate(parts):
        kind = part[0]
        if kind == "lit":
            text = part[1]
            if tilde and not quoted and "~" in text:
                text = expand_tilde(sh, text, index == 0, part is parts[-1])
                if isinstance(text, list):
                    out.extend(text)
                    continue
            out.append(("l", text))
        elif kind == "q":
            out.append(("q", part[1]))
        elif kind == "dq":
            inner = await expand_parts(sh, part[1], True)
            if not inner and not any(p[0] == "param" and is_at(p[1]) for p in part[1]):
                inner = [("q", "")]
            out.extend(inner)
        elif kind == "param":
            out.extend(await expand_param(sh, part[1], quoted))
        elif kind in ("cmd", "bq"):
            text = await sh.substitute(part[1])
            out.append(("q" if quoted else "x", text))
        elif kind == "arith":
            out.append(("q" if quoted else "x", str(await arithmetic(sh, part[1]))))
        elif kind == "proc":
            out.append(("q", await sh.process_substitution(part[1], part[2])))
        elif kind == "array":
            out.append(("l", "("))
            for item in part[1]:
                out.append(("l", item.raw + " "))
            out.append(("l", ")"))
    return out


def is_at(param: Param) -> bool:
    if param.length:
        return False
    index = param.index.literal() if param.index is not None else None
    return param.name == "@" or index == "@" or (param.indirect and param.op == "@")


def expand_tilde(sh: Shell, text: str, first: bool, last: bool) -> str | Pieces:
    """~ at the start, and behind = and : of an assignment."""
    if first and text.startswith("~"):
        end = re.compile(r"[/:]").search(text)
        stop = end.start() if end else len(text)
        if end or last:
            home = sh.home_of(text[1:stop])
            if home is not None:
                return [("q", home), ("l", text[stop:])] if text[stop:] else [("q", home)]
        return text
    if first and re.match(r"[A-Za-z_]\w*\+?=", text):

        def home(match: re.Match[str]) -> str:
            found = sh.home_of(match[2])
            return match[1] + (found if found is not None else "~" + match[2])

        return re.sub(r"([=:])~([\w.-]*)(?=[/:]|$)", home, text)
    return text


def split_fields(sh: Shell, pieces: Pieces) -> list[Pieces]:
    """Cut what came out of expansions at IFS."""
    if not any(p[0] in ("x", "break") for p in pieces):
        return [pieces] if pieces and (any(p[0] == "q" or p[1] for p in pieces)) else []
    ifs = sh.get("IFS")
    ifs = " \t\n" if ifs is None else ifs
    fields: list[Pieces] = []
    current: Pieces = []
    live = False  # whether the field exists even when it is empty

    def finish(force: bool = False) -> None:
        nonlocal current, live
        if live or force:
            fields.append(current)
        current, live = [], False

    blanks = re.escape("".join(c for c in ifs if c in " \t\n"))
    others = re.escape("".join(c for c in ifs if c not in " \t\n"))
    space = f"[{blanks}]" if blanks else "(?!)"
    cut = re.compile(f"{space}*[{others}]{space}*|{space}+" if others else f"{space}+")
    for kind, text in pieces:
        if kind == "break":
            finish()
        elif kind != "x" or not ifs:
            current.append((kind, text))
            live = live or kind == "q" or bool(text)
        else:
            pos = 0
            for match in cut.finditer(text):
                if match.start() > pos:
                    current.append(("x", text[pos : match.start()]))
                    live = True
                finish(bool(match.group().strip(" \t\n")))
                pos = match.end()
            if pos < len(text):
                current.append(("x", text[pos:]))
                live = True
    finish()
    return fields


def file_names(sh: Shell, field: Pieces) -> list[str]:
    """The files that a field stands for, or its text."""
    text = "".join(p[1] for p in field)
    if "f" in sh.opts or not any(p[0] != "q" and _GLOB.search(p[1]) for p in field):
        return [text]
    wanted = "".join(pat.quote(p[1]) if p[0] == "q" else p[1] for p in field)
    if not pat.MAGIC.search(wanted):
        return [text]
    found = pat.glob(sh.fs, sh.cwd, wanted, "dotglob" in sh.shopts, sh.user)
    if pat.plain_order(sh.get):
        found.sort()
    if found:
        return found
    if "failglob" in sh.shopts:
        raise ExpansionError(f"no match: {text}", 1, False)
    return [] if "nullglob" in sh.shopts else [text]


_GLOB = re.compile(r"[*?\[]|[@!+]\(")


# -- arithmetic --------------------------------------------------------------------------------------------------


async def arithmetic(sh: Shell, parts: list[tuple]) -> int:
    pieces = await expand_parts(sh, parts, True)
    return calculate(sh, "".join(p[1] for p in pieces))


def calculate(sh: Shell, text: str) -> int:
    def get(name: str) -> str | None:
        base, _, index = name.partition("[")
        if base not in sh.vars and not index:
            if "u" in sh.opts and not base.isdigit():
                raise ExpansionError(f"{base}: unbound variable", 127)
            return sh.get(base)
        return sh.element(base, index[:-1]) if index else sh.get(base)

    def put(name: str, value: str) -> None:
        base, _, index = name.partition("[")
        if index:
            sh.set_element(base, index[:-1], value)
        else:
            sh.set(base, value)

    try:
        return evaluate(text, get, put)
    except ArithmeticError_ as err:
        raise ExpansionError(str(err), 1, False) from None


# -- parameters --------------------------------------------------------------------------------------------------


async def index_text(sh: Shell, param: Param) -> str | None:
    if param.index is None:
        return None
    return await expand_string(sh, param.index, tilde=False)


async def values_of(sh: Shell, name: str, index: str | None) -> tuple[list[str] | None, bool]:
    """(values or None when unset, whether it is a list such as $@ or ${a[*]})."""
    if name in ("@", "*"):
        return list(sh.params), True
    if index in ("@", "*"):
        value = sh.vars.get(name)
        if name == "PIPESTATUS":
            return [str(status) for status in sh.pipestatus], True
        if value is None:
            return None, True
        if isinstance(value, dict):
            keys = value if name in sh.assoc else sorted(value)
            return [value[k] for k in keys], True
        return [value], True
    text = sh.element(name, index) if index is not None else sh.get(name)
    return (None if text is None else [text]), False


async def expand_param(sh: Shell, param: Param, quoted: bool) -> Pieces:
    if param.op == "bad":
        raise ExpansionError(f"{param.raw}: bad substitution", 1)
    kind = "q" if quoted else "x"
    name, index = param.name, await index_text(sh, param)
    if param.indirect:
        if param.op in ("@", "*") and param.index is None:
            names = sorted(n for n in sh.vars if n.startswith(name))
            return listed(sh, names, kind, "@" if param.op == "@" else "*", quoted)
        if index in ("@", "*"):
            value = sh.vars.get(name)
            keys = (
                (list(value) if name in sh.assoc else sorted(value))
                if isinstance(value, dict)
                else [0]
                if value
                else []
            )
            return listed(sh, [str(k) for k in keys], kind, index, quoted)
        target = (await values_of(sh, name, index))[0]
        text = target[0] if target else ""
        match = re.fullmatch(r"([A-Za-z_]\w*|\d+|[@*#?$!-])(?:\[(.*)\])?", text)
        if not match:
            raise ExpansionError(f"{text}: invalid variable name" if text else f"{param.raw}: bad substitution", 1)
        name, index = match[1], match[2]
    values, is_list = await values_of(sh, name, index)
    if param.length:
        if is_list:
            return [(kind, str(len(values or [])))]
        if values is None:
            unbound(sh, name)
        return [(kind, str(len(values[0]) if values else 0))]
    values = await conditional(sh, param, name, index, values, is_list, quoted)
    if isinstance(values, tuple):
        return values[0]
    if values is None:
        if not is_list:
            unbound(sh, name)
        values = []
    if param.op not in _CONDITIONAL and param.op:
        values = await transformed(sh, param, values, is_list, name)
    if is_list:
        return listed(sh, values, kind, index or name, quoted)
    return [(kind, values[0])] if values else [(kind, "")]


_CONDITIONAL = {":-", "-", ":=", "=", ":?", "?", ":+", "+"}


def unbound(sh: Shell, name: str) -> None:
    if "u" in sh.opts and name not in ("@", "*", "!"):
        raise ExpansionError(f"{'$' + name if name.isdigit() else name}: unbound variable", 127)


def listed(sh: Shell, values: list[str], kind: str, which: str, quoted: bool) -> Pieces:
    """$@ and $*, quoted or not."""
    if quoted and which == "*":
        ifs = sh.get("IFS")
        return [("q", (" " if ifs is None else ifs[:1]).join(values))]
    out: Pieces = []
    for number, value in enumerate(values):
        if number:
            out.append(STAR if which == "*" else BREAK)
        out.append((kind, value))
    return out


async def conditional(
    sh: Shell, param: Param, name: str, index: str | None, values: list[str] | None, is_list: bool, quoted: bool
) -> Any:
    """The operators that ask whether a parameter is set. A tuple holds finished pieces."""
    op = param.op
    if op not in _CONDITIONAL:
        return values
    arg = param.arg or Word([])
    missing = values is None or (is_list and not values)
    if op[0] == ":" and not missing:
        missing = not any(values or []) if not is_list else "".join(values or []) == "" and len(values or []) <= 1
    op = op[-1]
    if op == "+":
        return ([],) if missing else (await expand_parts(sh, arg.parts, quoted, tilde=not quoted),)
    if not missing:
        return values
    if op == "-":
        pieces = await expand_parts(sh, arg.parts, quoted, tilde=not quoted)
        return ([("x" if p[0] == "l" and not quoted else p[0], p[1]) for p in pieces],)
    text = await expand_string(sh, arg)
    if op == "=":
        if index is not None:
            sh.set_element(name, index, text)
        elif not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise ExpansionError(f"${name}: cannot assign in this way", 1)
        else:
            sh.set(name, text)
        return [text]
    default = "parameter null or not set" if param.op[0] == ":" else "parameter not set"
    raise ExpansionError(f"{name}: {text or default}", 127)


async def transformed(sh: Shell, param: Param, values: list[str], is_list: bool, name: str) -> list[str]:
    """#, %, /, :, ^ and , applied to each value."""
    op = param.op
    if op == ":":
        offset = calculate(sh, await expand_string(sh, param.arg or Word([]), False))
        length = None
        if param.arg2 is not None:
            length = calculate(sh, await expand_string(sh, param.arg2, False))
        return sliced(sh, param, values, is_list, name, offset, length)
    if op.startswith("@"):
        return [
            shell_quote(v) if op == "@Q" else v.upper() if op == "@U" else v.lower() if op == "@L" else v
            for v in values
        ]
    wanted = await expand_pattern(sh, param.arg or Word([]))
    if op in ("#", "##", "%", "%%"):
        return [strip_pattern(v, wanted, op) for v in values]
    if op[0] == "/":
        by = await expand_string(sh, param.arg2, False) if param.arg2 is not None else ""
        return [replace_pattern(v, wanted, by, op) for v in values]
    if op[0] in "^,":
        change = str.upper if op[0] == "^" else str.lower
        regex = pat.compiled(wanted or "?")
        if len(op) == 2:
            return ["".join(change(c) if regex.fullmatch(c) else c for c in v) for v in values]
        return [change(v[:1]) + v[1:] if v and regex.fullmatch(v[0]) else v for v in values]
    return values


def sliced(
    sh: Shell, param: Param, values: list[str], is_list: bool, name: str, offset: int, length: int | None
) -> list[str]:
    if is_list:
        if name in ("@", "*"):
            values = [sh.arg0, *values] if offset <= 0 else ["", *values]
            if offset < 0:
                offset += len(values)
        elif offset < 0:
            offset += len(values)
        if offset < 0:
            return []
        return values[offset : None if length is None else offset + length]
    text = values[0] if values else ""
    start = offset if offset >= 0 else len(text) + offset
    if start < 0 or start > len(text):
        return [""]
    if length is None:
        return [text[start:]]
    if length < 0:
        end = len(text) + length
        if end < start:
            raise ExpansionError(f"{length}: substring expression < 0", 1)
        return [text[start:end]]
    return [text[start : start + length]]


def strip_pattern(text: str, wanted: str, op: str) -> str:
    """${x#p} ${x##p} ${x%p} ${x%%p}

    >>> [strip_pattern("a.b.c", "*.", "#"), strip_pattern("a.b.c", "*.", "##"), strip_pattern("a.b.c", ".*", "%%")]
    ['b.c', 'c', 'a']
    """
    regex = pat.compiled(wanted)
    places = range(len(text) + 1)
    if op == "#":
        return next((text[i:] for i in places if regex.fullmatch(text, 0, i)), text)
    if op == "##":
        return next((text[i:] for i in reversed(places) if regex.fullmatch(text, 0, i)), text)
    if op == "%":
        return next((text[:i] for i in reversed(places) if regex.fullmatch(text, i)), text)
    return next((text[:i] for i in places if regex.fullmatch(text, i)), text)


def replace_pattern(text: str, wanted: str, by: str, op: str) -> str:
    if not wanted:
        return by + text if op == "/#" else text + by if op == "/%" else text
    regex = pat.compiled(wanted)

    def put(match: Any) -> str:
        return by if match.end() > match.start() or not text else ""

    if op == "/#":
        match = re.compile(r"(?:" + regex.pattern + r")", regex.flags).match(text)
        return by + text[match.end() :] if match else text
    if op == "/%":
        for start in range(len(text) + 1):
            if regex.fullmatch(text, start):
                return text[:start] + by
        return text
    return regex.sub(put, text, count=1 if op == "/" else 0)


def shell_quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


async def expand_heredoc(sh: Shell, word: Word) -> str:
    return joined(sh, await expand_parts(sh, word.parts, True))


def subscript_word(text: str) -> Word:
    """The key of a[key]=…: quotes count, blanks do not end it."""
    return Word(Parser(text).word_parts(frozenset()))


def parse_word(text: str) -> Word:
    """A word out of a text that is to be treated like the inside of double quotes (PS1, test indexes)."""
    return Word(Parser(text).quoted("", 0))
