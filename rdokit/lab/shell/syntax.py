"""bash's grammar: text in, tree out, with the error texts of bash 4.1.

Commands are parsed one complete line at a time, as bash does: a syntax error in
line 5 comes after lines 1 to 4 were run. Word parts are small tuples, because
expansion walks over them for every command:

    ("lit", text)    unquoted: braces, tilde and globs are still alive
    ("q", text)      quoted: taken as it is
    ("dq", parts)    "…"
    ("param", Param) $x ${x…}
    ("cmd", tree)    $(…)          ("bq", text)  `…`, parsed when it is run
    ("arith", parts) $((…))        ("proc", "<" or ">", tree)
    ("array", words) the (…) of an assignment

    >>> [c.words[0].raw for c in (Parser("ls | wc").next_line().items[0][0].first.commands)]
    ['ls', 'wc']
    >>> Parser("echo 'open").next_line()
    Traceback (most recent call last):
    rdokit.lab.shell.syntax.BashSyntaxError: unexpected EOF while looking for matching `''
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

META = frozenset(" \t\n;&|<>()")
OPERATORS = (
    "&>>", ";;&", "<<-", "<<<",
    "&&", "||", ";;", ";&", "|&", "<<", ">>", "<&", ">&", "<>", ">|", "&>",
    "&", "|", ";", "<", ">", "(", ")",
)  # fmt: skip
REDIRECTIONS = frozenset(["<", ">", ">>", "<<", "<<-", "<<<", "<&", ">&", "<>", ">|", "&>", "&>>"])
RESERVED = frozenset(
    ["if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac", "{", "}", "!"]
    + ["[[", "]]", "function", "select", "time", "in"]
)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ASSIGN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\[[^\]]*\])?\+?=")
SUBSCRIPT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\[[^\]\n]*[ \t'\"$][^\]\n]*\]\+?=")
ARRAY_START = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=$")
PLAIN = re.compile(r"[^\s;&|<>()\\'\"$`#]+")
SPECIAL = "@*#?$!-0123456789"
REMEMBERED = 1024  # lines that are parsed already
LONG = 1 << 13  # characters of a text that is not worth remembering
ANSI = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v",
        "\\": "\\", "'": "'", '"': '"', "?": "?"}  # fmt: skip


class BashSyntaxError(Exception):
    """A line that cannot be parsed.

    Attributes:
        line: 1-based line of the text.
        source: the text of that line, which bash shows for an unexpected token.
        incomplete: more input could make it right (an interactive shell then shows PS2).
    """

    def __init__(self, message: str, line: int, source: str | None = None, incomplete: bool = False):
        super().__init__(message)
        self.line, self.source, self.incomplete = line, source, incomplete


@dataclass(slots=True)
class Word:
    parts: list[tuple]
    raw: str = ""

    def literal(self) -> str | None:
        """The text, when nothing in it is quoted or expanded."""
        if len(self.parts) == 1 and self.parts[0][0] == "lit":
            return self.parts[0][1]
        return None if self.parts else ""


@dataclass(slots=True)
class Param:
    """`${name[index]op arg}`; length is `${#…}`, indirect `${!…}`."""

    name: str
    index: Word | None = None
    op: str = ""
    arg: Word | None = None
    arg2: Word | None = None
    length: bool = False
    indirect: bool = False
    raw: str = ""


@dataclass(slots=True)
class Redirect:
    fd: int | None
    op: str
    target: Word
    quoted: bool = False  # a here-document whose delimiter was quoted


@dataclass(slots=True)
class Simple:
    assigns: list[Word]
    words: list[Word]
    redirects: list[Redirect]
    line: int = 0


@dataclass(slots=True)
class Compound:
    """kind: if for cfor while until case subshell group arith cond func select; the rest is in `data`."""

    kind: str
    data: dict[str, Any]
    redirects: list[Redirect] = field(default_factory=list)
    line: int = 0


@dataclass(slots=True)
class Pipeline:
    commands: list[Any]
    negate: bool = False
    timed: bool = False
    text: str = ""


@dataclass(slots=True)
class AndOr:
    first: Pipeline
    rest: list[tuple[str, Pipeline]]
    text: str = ""


@dataclass(slots=True)
class ListNode:
    items: list[tuple[AndOr, bool]]  # (command, in the background)


@dataclass(slots=True)
class Token:
    kind: str  # op word nl eof io
    value: Any
    start: int
    end: int


# (text, position in it, extglob) -> (tree, position after it, end of its last token, missing_delimiter)
_parsed: dict[tuple[str, int, bool], tuple[ListNode | None, int, int, str]] = {}


class Parser:
    """Parses one text. `aliases` is only given for an interactive shell."""

    def __init__(self, text: str, aliases: dict[str, str] | None = None, extglob: bool = False):
        self.text = text
        self.pos = 0
        self.cur: Token | None = None
        self.heredocs: list[Redirect] = []
        self.aliases = aliases or {}
        self.extglob = extglob
        self.alias_end: list[tuple[int, str]] = []  # (distance from the end of the text, name)
        self.alias_next = False
        self.last_end = 0
        self.missing_delimiter = ""  # of a here-document that ended with the text

    # -- errors --------------------------------------------------------------------------------------------------

    def line_of(self, pos: int) -> int:
        return self.text.count("\n", 0, pos) + 1

    def fail(self, message: str, pos: int | None = None, incomplete: bool = False) -> BashSyntaxError:
        line = self.line_of(self.pos if pos is None else pos)
        return BashSyntaxError(message, line, None, incomplete)

    def unexpected(self, token: Token) -> BashSyntaxError:
        if token.kind == "eof":
            text = self.text if self.text.endswith("\n") else self.text + "\n"
            return BashSyntaxError("syntax error: unexpected end of file", text.count("\n") + 1, None, True)
        name = "newline" if token.kind == "nl" else str(token.value.raw if token.kind == "word" else token.value)
        line = self.line_of(token.start)
        lines = self.text.split("\n")
        return BashSyntaxError(f"syntax error near unexpected token `{name}'", line, lines[line - 1])

    def unclosed(self, char: str, start: int) -> BashSyntaxError:
        return self.fail(f"unexpected EOF while looking for matching `{char}'", start, True)

    # -- tokens --------------------------------------------------------------------------------------------------

    def peek(self) -> Token:
        if self.cur is None:
            self.cur = self.lex()
        return self.cur

    def take(self) -> Token:
        token = self.peek()
        self.cur = None
        self.last_end = token.end
        if token.kind == "nl" and self.heredocs:
            self.read_heredocs()
        return token

    def skip_blanks(self) -> None:
        text, n = self.text, len(self.text)
        while self.pos < n:
            char = text[self.pos]
            if char in " \t":
                self.pos += 1
            elif char == "\\" and text.startswith("\\\n", self.pos):
                self.pos += 2
            elif char == "#":
                end = text.find("\n", self.pos)
                self.pos = n if end < 0 else end
            else:
                return

    def lex(self) -> Token:
        self.skip_blanks()
        text, start = self.text, self.pos
        if start >= len(text):
            return Token("eof", None, start, start)
        char = text[start]
        if char == "\n":
            self.pos += 1
            return Token("nl", "newline", start, self.pos)
        if char in META:
            if char in "<>" and text.startswith("(", start + 1):
                return self.lex_word(start)
            for op in OPERATORS:
                if text.startswith(op, start):
                    self.pos += len(op)
                    return Token("op", op, start, self.pos)
        if char.isdigit():
            match = re.compile(r"\d+(?=[<>])").match(text, start)
            if match and not text.startswith("(", match.end() + 1):
                self.pos = match.end()
                return Token("io", int(match.group()), start, self.pos)
        return self.lex_word(start)

    def lex_word(self, start: int) -> Token:
        word = Word(self.word_parts())
        word.raw = self.text[start : self.pos]
        return Token("word", word, start, self.pos)

    def is_op(self, *ops: str) -> bool:
        token = self.peek()
        return token.kind == "op" and token.value in ops

    def reserved(self) -> str:
        """The reserved word at this place, or ""."""
        token = self.peek()
        if token.kind == "word":
            literal = token.value.literal()
            if literal in RESERVED:
                return literal
        return ""

    # -- words ---------------------------------------------------------------------------------------------------

    def word_parts(self, stop: frozenset[str] = META, regex: bool = False) -> list[tuple]:
        """The parts of one word, up to an unquoted character of `stop`."""
        parts: list[tuple] = []
        literal: list[str] = []
        text, n = self.text, len(self.text)
        depth = 0  # of parentheses in a regular expression or an extended glob

        def flush() -> None:
            if literal:
                parts.append(("lit", "".join(literal)))
                literal.clear()

        subscript = SUBSCRIPT.match(text, self.pos) if stop is META else None
        if subscript:  # a[b c]=…: blanks and quotes belong to the key
            literal.append(subscript.group())
            self.pos = subscript.end()
        while self.pos < n:
            plain = PLAIN.match(text, self.pos) if stop is META else None
            if plain:
                literal.append(plain.group())
                self.pos = plain.end()
                continue
            char = text[self.pos]
            if char == "\\":
                if self.pos + 1 >= n:
                    literal.append("\\")
                    self.pos += 1
                elif text[self.pos + 1] == "\n":
                    self.pos += 2
                else:
                    flush()
                    parts.append(("q", text[self.pos + 1]))
                    self.pos += 2
            elif char == "'":
                flush()
                end = text.find("'", self.pos + 1)
                if end < 0:
                    raise self.unclosed("'", self.pos)
                parts.append(("q", text[self.pos + 1 : end]))
                self.pos = end + 1
            elif char == '"':
                flush()
                self.pos += 1
                parts.append(("dq", self.quoted('"', self.pos - 1)))
            elif char == "$":
                part = self.dollar(False)
                if part[0] == "lit":
                    literal.append(part[1])
                else:
                    flush()
                    parts.append(part)
            elif char == "`":
                flush()
                parts.append(self.backtick(False))
            elif char in "<>" and char in stop and text.startswith("(", self.pos + 1) and not depth:
                if parts or literal:
                    break
                self.pos += 2
                parts.append(("proc", char, self.nested_list()))
            elif char == "(" and (regex or self.glob_group(literal)):
                depth += 1
                literal.append(char)
                self.pos += 1
            elif char == ")" and depth:
                depth -= 1
                literal.append(char)
                self.pos += 1
            elif char == "(" and stop is META and not parts and ARRAY_START.match("".join(literal)):
                flush()
                parts.append(("array", self.array_words()))
                break
            elif char in stop and not (depth and char not in "\n") and not (regex and char == "|"):
                break
            else:
                literal.append(char)
                self.pos += 1
        flush()
        return parts

    def glob_group(self, literal: list[str]) -> bool:
        return self.extglob and bool(literal) and literal[-1][-1] in "?*+@!"

    def array_words(self) -> list[Word]:
        start = self.pos
        self.pos += 1
        saved, self.cur = self.cur, None
        words = []
        while True:
            token = self.take()
            if token.kind == "eof":
                raise self.unclosed(")", start)
            if token.kind == "nl":
                continue
            if token.kind == "op" and token.value == ")":
                break
            if token.kind == "io":
                words.append(Word([("lit", str(token.value))], str(token.value)))
            elif token.kind == "word":
                words.append(token.value)
            else:
                raise self.unexpected(token)
        self.cur = saved
        return words

    def quoted(self, end: str, start: int, heredoc: bool = False) -> list[tuple]:
        """Parts up to `end` by the rules of double quotes. `end` "" reads to the end of the text."""
        parts: list[tuple] = []
        buffer: list[str] = []
        text, n = self.text, len(self.text)

        def flush() -> None:
            if buffer:
                parts.append(("q", "".join(buffer)))
                buffer.clear()

        while self.pos < n:
            char = text[self.pos]
            if char == end:
                self.pos += 1
                flush()
                return parts
            if char == "\\" and self.pos + 1 < n:
                follow = text[self.pos + 1]
                if follow == "\n":
                    pass
                elif follow in "$`\\" or (follow == '"' and not heredoc) or (end == "}" and follow == "}"):
                    buffer.append(follow)
                else:
                    buffer.append(char + follow)
                self.pos += 2
            elif char == "$":
                part = self.dollar(True)
                if part[0] == "lit":
                    buffer.append(part[1])
                else:
                    flush()
                    parts.append(part)
            elif char == "`":
                flush()
                parts.append(self.backtick(True))
            else:
                stop = self.pos + 1
                while stop < n and text[stop] not in '\\$`"}':
                    stop += 1
                buffer.append(text[self.pos : stop])
                self.pos = stop
        if end:
            raise self.unclosed(end, start)
        flush()
        return parts

    def backtick(self, in_quotes: bool) -> tuple:
        start = self.pos
        self.pos += 1
        out = []
        text, n = self.text, len(self.text)
        while self.pos < n:
            char = text[self.pos]
            if char == "`":
                self.pos += 1
                return ("bq", "".join(out))
            if char == "\\" and self.pos + 1 < n and text[self.pos + 1] in ('$`\\"' if in_quotes else "$`\\"):
                out.append(text[self.pos + 1])
                self.pos += 2
            else:
                out.append(char)
                self.pos += 1
        raise self.unclosed("`", start)

    def dollar(self, in_quotes: bool) -> tuple:
        text, start = self.text, self.pos
        follow = text[start + 1 : start + 2]
        if follow == "(":
            if text.startswith("((", start + 1):
                arith = self.arithmetic_text(start + 3)
                if arith is not None:
                    return ("arith", arith)
            self.pos = start + 2
            return ("cmd", self.nested_list())
        if follow == "{":
            self.pos = start + 2
            return ("param", self.braced(start, in_quotes))
        if follow == "[":
            end = text.find("]", start)
            if end < 0:
                raise self.unclosed("]", start)
            inner = Parser(text[start + 2 : end])
            self.pos = end + 1
            return ("arith", inner.quoted("", 0))
        if not in_quotes and follow == "'":
            return ("q", self.ansi_quoted())
        if not in_quotes and follow == '"':
            self.pos = start + 2
            return ("dq", self.quoted('"', start + 1))
        match = NAME.match(text, start + 1)
        if match:
            self.pos = match.end()
            return ("param", Param(match.group(), raw=text[start : self.pos]))
        if follow and follow in SPECIAL:
            self.pos = start + 2
            return ("param", Param(follow, raw=text[start : self.pos]))
        self.pos = start + 1
        return ("lit", "$")

    def ansi_quoted(self) -> str:
        start = self.pos
        self.pos += 2
        text, n = self.text, len(self.text)
        out: list[str] = []
        while self.pos < n:
            char = text[self.pos]
            if char == "'":
                self.pos += 1
                return "".join(out)
            if char != "\\":
                out.append(char)
                self.pos += 1
                continue
            match = re.compile(r"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|c(.)|(.))", re.S).match(text, self.pos)
            if not match:
                out.append(char)
                self.pos += 1
                continue
            self.pos = match.end()
            if match[1] or match[2]:
                byte = bytes([int(match[1], 8) & 255 if match[1] else int(match[2], 16)])
                out.append(byte.decode("utf-8", "surrogateescape"))
            elif match[3]:
                out.append(chr(ord(match[3]) & 31))
            else:
                out.append(ANSI.get(match[4], "\\" + match[4]))
        raise self.unclosed("'", start)

    def arithmetic_text(self, start: int) -> list[tuple] | None:
        """Parts of $((…)), or None when it is a command substitution that starts with a subshell."""
        end = self.matching_arith(start)
        if end is None:
            return None
        inner = Parser(self.text[start:end])
        self.pos = end + 2
        return [p for p in inner.quoted("", 0) if p != ("q", '"')]

    def matching_arith(self, start: int) -> int | None:
        depth, pos, text = 0, start, self.text
        while pos < len(text):
            char = text[pos]
            if char == "(":
                depth += 1
            elif char == ")":
                if depth == 0:
                    return pos if text.startswith("))", pos) else None
                depth -= 1
            elif char == "\\":
                pos += 1
            elif char == "'":
                end = text.find("'", pos + 1)
                pos = end if end > 0 else pos
            pos += 1
        return None

    def nested_list(self) -> ListNode:
        """The commands of $( … ), from behind the parenthesis."""
        start = self.pos - 1
        saved = (self.cur, self.heredocs, self.alias_next)
        self.cur, self.heredocs, self.alias_next = None, [], False
        try:
            tree = self.command_list(ops=(")",))
            token = self.peek()
            if token.kind == "eof":
                raise self.unclosed(")", start)
            if not (token.kind == "op" and token.value == ")"):
                raise self.unexpected(token)
            self.pos = token.end
        except BashSyntaxError as err:
            if err.incomplete and "end of file" in str(err):
                raise self.unclosed(")", start) from None
            raise
        self.cur, self.heredocs, self.alias_next = saved
        return tree

    def braced(self, start: int, in_quotes: bool) -> Param:
        """${ … }, from behind the brace."""
        text = self.text
        param = Param("")
        if text.startswith("#", self.pos) and not re.compile(r"#([}:%#/^,+=?-](?!\}))|#\}").match(text, self.pos):
            param.length = True
            self.pos += 1
        elif text.startswith("!", self.pos) and not text.startswith("!}", self.pos):
            param.indirect = True
            self.pos += 1
        match = NAME.match(text, self.pos) or re.compile(r"\d+|[@*#?$!-]").match(text, self.pos)
        if match:
            param.name = match.group()
            self.pos = match.end()
        if text.startswith("[", self.pos) and param.name:
            self.pos += 1
            inner = Word(self.word_parts(frozenset("]")))
            if not text.startswith("]", self.pos):
                raise self.unclosed("}", start)
            self.pos += 1
            param.index = inner
        self.braced_operator(param, start, in_quotes)
        param.raw = text[start : self.pos]
        if not match:
            param.op = "bad"
        return param

    def braced_operator(self, param: Param, start: int, in_quotes: bool) -> None:
        match = re.compile(r":[-=?+]|[-=?+]|##?|%%?|//|/#|/%|/|\^\^?|,,?|:|@[QUuLEPAa]|[*@]").match(self.text, self.pos)
        if self.text.startswith("}", self.pos):
            self.pos += 1
            return
        if not match:
            param.op = "bad"
            self.argument(start, in_quotes, frozenset("}"))
            self.pos += 1
            return
        param.op = match.group()
        self.pos = match.end()
        if param.op in ("/#", "/%") and self.text.startswith("/", self.pos) and not param.op.endswith("%"):
            param.op, self.pos = "/", self.pos - 1  # ${x/#/y}: an empty pattern at the start
            param.op = "/#"
            self.pos = match.end()
        like_quotes = in_quotes and param.op.lstrip(":") in ("-", "=", "?", "+")
        stops = "/}" if param.op[0] == "/" else ":}" if param.op == ":" else "}"
        param.arg = Word(self.argument(start, like_quotes, frozenset(stops)))
        if len(stops) == 2 and self.text.startswith(stops[0], self.pos):
            self.pos += 1
            param.arg2 = Word(self.argument(start, False, frozenset("}")))
        if not self.text.startswith("}", self.pos):
            raise self.unclosed("}", start)
        self.pos += 1

    def argument(self, start: int, like_quotes: bool, stop: frozenset[str]) -> list[tuple]:
        """The word of ${x:-word}; inside double quotes a single quote is a character like any other."""
        if not like_quotes:
            return self.word_parts(stop)
        parts: list[tuple] = []
        while self.pos < len(self.text):
            char = self.text[self.pos]
            if char in stop:
                return [("dq", parts)]
            if char == '"':
                self.pos += 1
                parts.extend(self.quoted('"', self.pos - 1))
                continue
            cut = re.compile(r'[^"$`\\}]+').match(self.text, self.pos)
            if cut:
                parts.append(("q", cut.group()))
                self.pos = cut.end()
            elif char == "$":
                part = self.dollar(True)
                parts.append(("q", "$") if part[0] == "lit" else part)
            elif char == "`":
                parts.append(self.backtick(True))
            else:
                follow = self.text[self.pos + 1 : self.pos + 2]
                parts.append(("q", follow if follow and follow in '$`"\\}' else "\\" + follow))
                self.pos += 2
        raise self.unclosed("}", start)

    # -- here-documents ------------------------------------------------------------------------------------------

    def read_heredocs(self) -> None:
        for redirect in self.heredocs:
            delimiter, lines = redirect.target.raw, []
            while self.pos < len(self.text):
                end = self.text.find("\n", self.pos)
                line = self.text[self.pos :] if end < 0 else self.text[self.pos : end]
                self.pos = len(self.text) if end < 0 else end + 1
                if redirect.op == "<<-":
                    line = line.lstrip("\t")
                if line == delimiter:
                    break
                lines.append(line + "\n")
            else:
                self.missing_delimiter = delimiter
            body = "".join(lines)
            redirect.target.parts = [("q", body)] if redirect.quoted else Parser(body).quoted("", 0, True)
        self.heredocs.clear()

    # -- grammar -------------------------------------------------------------------------------------------------

    def at_end(self) -> bool:
        """Whether nothing but blanks and comments follows on this line, and no line after it."""
        if self.cur is None:
            self.skip_blanks()
            return self.pos >= len(self.text)
        return self.cur.kind == "eof"

    def next_line(self) -> ListNode | None:
        """The next complete command line; None at the end of the text.

        Startup files and the scripts of a tool come again and again, from every node: their trees, which nobody
        changes, are parsed once. Aliases change the text, so with them nothing is remembered.
        """
        if self.aliases or self.cur is not None or len(self.text) > LONG:
            return self.parse_line()
        key = (self.text, self.pos, self.extglob)
        known = _parsed.get(key)
        if known is None:
            tree = self.parse_line()
            if len(_parsed) >= REMEMBERED:
                _parsed.clear()
            _parsed[key] = (tree, self.pos, self.last_end, self.missing_delimiter)
            return tree
        tree, self.pos, self.last_end, self.missing_delimiter = known
        return tree

    def parse_line(self) -> ListNode | None:
        self.alias_end.clear()
        while True:
            token = self.peek()
            if token.kind == "eof":
                return None
            if token.kind != "nl":
                break
            self.take()
        items: list[tuple[AndOr, bool]] = []
        while True:
            start = self.peek().start
            command = self.and_or()
            command.text = self.text[start : self.last_end]
            background = False
            if self.is_op("&", ";"):
                background = self.take().value == "&"
                items.append((command, background))
                if self.peek().kind not in ("nl", "eof"):
                    continue
            else:
                items.append((command, False))
            token = self.peek()
            if token.kind in ("nl", "eof"):
                self.take()
                if self.heredocs:
                    self.read_heredocs()
                return ListNode(items)
            raise self.unexpected(token)

    def command_list(self, words: tuple[str, ...] = (), ops: tuple[str, ...] = ()) -> ListNode:
        """Commands up to a reserved word or operator (not taken), or the end."""
        items: list[tuple[AndOr, bool]] = []
        while True:
            while self.peek().kind == "nl":
                self.take()
            token = self.peek()
            if token.kind == "eof" or (token.kind == "op" and token.value in ops) or self.reserved() in words:
                return ListNode(items)
            start = token.start
            command = self.and_or()
            command.text = self.text[start : self.last_end]
            if self.is_op("&", ";"):
                items.append((command, self.take().value == "&"))
            else:
                items.append((command, False))
                token = self.peek()
                if token.kind not in ("nl", "eof") and not (token.kind == "op" and token.value in ops):
                    raise self.unexpected(token)

    def body(self, *words: str) -> ListNode:
        """A command list that must not be empty and ends at one of the words (not taken)."""
        tree = self.command_list(words)
        if not tree.items or self.peek().kind == "eof":
            raise self.unexpected(self.peek())
        return tree

    def expect(self, word: str) -> None:
        if self.reserved() != word:
            raise self.unexpected(self.peek())
        self.take()

    def and_or(self) -> AndOr:
        first, rest = self.pipeline(), []
        while self.is_op("&&", "||"):
            op = self.take().value
            while self.peek().kind == "nl":
                self.take()
            rest.append((op, self.pipeline()))
        return AndOr(first, rest)

    def pipeline(self) -> Pipeline:
        start = self.peek().start
        node = Pipeline([])
        while (word := self.reserved()) in ("!", "time"):
            self.take()
            if word == "!":
                node.negate = not node.negate
            else:
                node.timed = True
                token = self.peek()
                if token.kind == "word" and token.value.literal() == "-p":
                    self.take()
                if self.peek().kind in ("nl", "eof") or self.is_op(";"):
                    node.commands.append(Simple([], [], []))
                    return node
        node.commands.append(self.command())
        while self.is_op("|", "|&"):
            if self.take().value == "|&":
                node.commands[-1].redirects.append(Redirect(2, ">&", Word([("lit", "1")], "1")))
            while self.peek().kind == "nl":
                self.take()
            node.commands.append(self.command())
        node.text = self.text[start : self.last_end]
        return node

    def command(self) -> Any:
        self.expand_alias()
        token = self.peek()
        line = self.line_of(token.start)
        word = self.reserved()
        if token.kind == "op" and token.value == "(":
            node = self.arith_command() if self.text.startswith("((", token.start) else None
            if node is None:
                self.take()
                tree = self.command_list(ops=(")",))
                if not tree.items or not self.is_op(")"):
                    raise self.unexpected(self.peek())
                self.take()
                node = Compound("subshell", {"body": tree})
        elif word in ("if", "for", "while", "until", "case", "{", "[[", "function", "select"):
            handler = {"{": "group", "[[": "cond", "until": "while", "select": "for"}.get(word, word)
            node = getattr(self, f"p_{handler}")()
        elif word:
            raise self.unexpected(token)
        else:
            return self.simple(line)
        node.line = line
        while self.peek().kind == "io" or (self.peek().kind == "op" and self.peek().value in REDIRECTIONS):
            node.redirects.append(self.redirect())
        return node

    def arith_command(self) -> Compound | None:
        start = self.peek().start
        parts = self.arithmetic_text(start + 2)
        if parts is None:
            self.pos = self.peek().end
            return None
        self.cur = None
        self.last_end = self.pos
        return Compound("arith", {"parts": parts})

    def p_if(self) -> Compound:
        self.take()
        clauses = []
        condition = self.body("then")
        self.expect("then")
        clauses.append((condition, self.body("elif", "else", "fi")))
        orelse = None
        while True:
            word = self.reserved()
            if word == "elif":
                self.take()
                condition = self.body("then")
                self.expect("then")
                clauses.append((condition, self.body("elif", "else", "fi")))
            elif word == "else":
                self.take()
                orelse = self.body("fi")
            else:
                self.expect("fi")
                return Compound("if", {"clauses": clauses, "else": orelse})

    def p_while(self) -> Compound:
        kind = self.take().value.literal()
        condition = self.body("do")
        self.expect("do")
        tree = self.body("done")
        self.expect("done")
        return Compound("while", {"until": kind == "until", "condition": condition, "body": tree})

    def do_group(self) -> ListNode:
        if self.is_op(";"):
            self.take()
        while self.peek().kind == "nl":
            self.take()
        closing = "done"
        if self.reserved() == "{":
            closing = "}"
            self.take()
        else:
            self.expect("do")
        tree = self.body(closing)
        self.expect(closing)
        return tree

    def p_for(self) -> Compound:
        kind = self.take().value.literal()
        token = self.peek()
        if token.kind == "op" and token.value == "(" and self.text.startswith("((", token.start):
            end = self.matching_arith(token.start + 2)
            if end is None:
                raise self.unexpected(token)
            pieces = self.text[token.start + 2 : end].split(";")
            if len(pieces) != 3:
                raise self.unexpected(token)
            self.cur, self.pos = None, end + 2
            tree = self.do_group()
            return Compound("cfor", {"parts": [Parser(p).quoted("", 0) for p in pieces], "body": tree})
        if token.kind != "word":
            raise self.unexpected(token)
        name = token.value.raw
        if not NAME.fullmatch(name):
            raise BashSyntaxError(f"`{name}': not a valid identifier", self.line_of(token.start))
        self.take()
        words: list[Word] | None = None
        while self.peek().kind == "nl":
            self.take()
        if self.reserved() == "in":
            self.take()
            words = []
            while self.peek().kind in ("word", "io"):
                value = self.take().value
                words.append(value if isinstance(value, Word) else Word([("lit", str(value))], str(value)))
            if self.peek().kind != "nl" and not self.is_op(";"):
                raise self.unexpected(self.peek())
        return Compound(kind, {"name": name, "words": words, "body": self.do_group()})

    def p_case(self) -> Compound:
        self.take()
        token = self.take()
        if token.kind not in ("word", "io"):
            raise self.unexpected(token)
        subject = token.value if isinstance(token.value, Word) else Word([("lit", str(token.value))])
        while self.peek().kind == "nl":
            self.take()
        self.expect("in")
        items = []
        while True:
            while self.peek().kind == "nl":
                self.take()
            if self.reserved() == "esac":
                self.take()
                return Compound("case", {"word": subject, "items": items})
            if self.is_op("("):
                self.take()
            patterns = []
            while True:
                token = self.take()
                if token.kind not in ("word", "io"):
                    raise self.unexpected(token)
                patterns.append(token.value if isinstance(token.value, Word) else Word([("lit", str(token.value))]))
                if self.is_op("|"):
                    self.take()
                    continue
                break
            if not self.is_op(")"):
                raise self.unexpected(self.peek())
            self.take()
            tree = self.command_list(("esac",), (";;", ";&", ";;&"))
            end = ";;"
            if self.is_op(";;", ";&", ";;&"):
                end = self.take().value
            elif self.reserved() != "esac":
                raise self.unexpected(self.peek())
            items.append((patterns, tree, end))

    def p_group(self) -> Compound:
        self.take()
        tree = self.body("}")
        self.expect("}")
        return Compound("group", {"body": tree})

    def p_function(self) -> Compound:
        self.take()
        token = self.take()
        if token.kind != "word":
            raise self.unexpected(token)
        if self.is_op("("):
            self.take()
            if not self.is_op(")"):
                raise self.unexpected(self.peek())
            self.take()
        return self.function_body(token.value.raw, token.start)

    def function_body(self, name: str, start: int) -> Compound:
        while self.peek().kind == "nl":
            self.take()
        body = self.command()
        if not isinstance(body, Compound):
            raise self.unexpected(self.peek())
        return Compound("func", {"name": name, "body": body, "text": self.text[start : self.last_end]})

    def simple(self, line: int) -> Any:
        node = Simple([], [], [], line)
        start = self.peek().start
        while True:
            token = self.peek()
            if token.kind == "io" or (token.kind == "op" and token.value in REDIRECTIONS):
                node.redirects.append(self.redirect())
                continue
            if token.kind == "word":
                word = token.value
                if not node.words and self.is_assignment(word):
                    node.assigns.append(word)
                    self.take()
                    self.expand_alias()
                    continue
                if node.words and self.alias_next:
                    self.expand_alias()
                    word = self.peek().value
                    if self.peek().kind != "word":
                        continue
                node.words.append(word)
                self.take()
                continue
            alone = len(node.words) == 1 and not node.assigns and not node.redirects
            if token.kind == "op" and token.value == "(" and alone and node.words[0].literal() is not None:
                self.take()
                if not self.is_op(")"):
                    raise self.unexpected(self.peek())
                self.take()
                return self.function_body(node.words[0].raw, start)
            break
        if not (node.words or node.assigns or node.redirects):
            raise self.unexpected(self.peek())
        return node

    @staticmethod
    def is_assignment(word: Word) -> bool:
        return bool(word.parts) and word.parts[0][0] == "lit" and bool(ASSIGN.match(word.parts[0][1]))

    def redirect(self) -> Redirect:
        fd = self.take().value if self.peek().kind == "io" else None
        op_token = self.take()
        if op_token.kind != "op" or op_token.value not in REDIRECTIONS:
            raise self.unexpected(op_token)
        token = self.take() if self.peek().kind in ("word", "io") else self.peek()
        if token.kind not in ("word", "io"):
            raise self.unexpected(token)
        word = token.value if isinstance(token.value, Word) else Word([("lit", str(token.value))], str(token.value))
        node = Redirect(fd, op_token.value, word)
        if node.op in ("<<", "<<-"):
            node.quoted = any(part[0] != "lit" and part[0] != "param" for part in word.parts)
            node.target = Word([], "".join(map(self.delimiter_text, word.parts)))
            self.heredocs.append(node)
        return node

    @staticmethod
    def delimiter_text(part: tuple) -> str:
        if part[0] == "dq":
            return "".join(inner[1] for inner in part[1])
        return part[1] if part[0] in ("lit", "q") else getattr(part[1], "raw", "")

    # -- [[ ]] ---------------------------------------------------------------------------------------------------

    def p_cond(self) -> Compound:
        self.take()
        saved, self.extglob = self.extglob, True
        tree = self.cond_or()
        self.extglob = saved
        token = self.peek()
        if not (token.kind == "word" and token.value.literal() == "]]"):
            raise self.cond_error(token)
        self.take()
        return Compound("cond", {"test": tree})

    def cond_error(self, token: Token) -> BashSyntaxError:
        if token.kind == "eof":
            return self.unexpected(token)
        name = token.value.raw if token.kind == "word" else str(token.value)
        line = self.line_of(token.start)
        source = self.text.split("\n")[line - 1]
        return BashSyntaxError(f"syntax error in conditional expression: unexpected token `{name}'", line, source)

    def skip_newlines(self) -> None:
        while self.peek().kind == "nl":
            self.take()

    def cond_or(self) -> tuple:
        left = self.cond_and()
        while self.is_op("||"):
            self.take()
            self.skip_newlines()
            left = ("or", left, self.cond_and())
        return left

    def cond_and(self) -> tuple:
        left = self.cond_not()
        while self.is_op("&&"):
            self.take()
            self.skip_newlines()
            left = ("and", left, self.cond_not())
        return left

    def cond_not(self) -> tuple:
        self.skip_newlines()
        if self.reserved() == "!":
            self.take()
            return ("not", self.cond_not())
        if self.is_op("("):
            self.take()
            tree = self.cond_or()
            if not self.is_op(")"):
                raise self.cond_error(self.peek())
            self.take()
            return tree
        return self.cond_primary()

    def cond_primary(self) -> tuple:
        token = self.take()
        if token.kind == "io":
            token = Token("word", Word([("lit", str(token.value))], str(token.value)), token.start, token.end)
        if token.kind != "word" or token.value.literal() == "]]":
            raise self.cond_error(token)
        text = token.value.literal()
        follow = self.peek()
        operand = follow.value.literal() if follow.kind == "word" else "]]"
        if text and re.fullmatch(r"-[a-zA-Z]", text) and operand != "]]":
            last = self.text.startswith(" ]]", follow.end)
            if last or operand not in ("=", "==", "!=", "=~"):
                return ("unary", text, self.take().value)
        if follow.kind == "op" and follow.value in ("<", ">"):
            op = self.take().value
        elif follow.kind == "word" and (
            follow.value.literal() in ("=", "==", "!=", "=~")
            or re.fullmatch(r"-(eq|ne|lt|le|gt|ge|nt|ot|ef)", follow.value.literal() or "")
        ):
            op = self.take().value.literal()
        else:
            return ("unary", "-n", token.value)
        if op == "=~":
            self.skip_blanks()
            start = self.pos
            right = Word(self.word_parts(regex=True))
            right.raw = self.text[start : self.pos]
            if not right.parts:
                raise self.cond_error(self.peek())
            self.last_end = self.pos
            return ("binary", op, token.value, right)
        target = self.take()
        if target.kind == "io":
            return ("binary", op, token.value, Word([("lit", str(target.value))], str(target.value)))
        if target.kind != "word":
            raise self.cond_error(target)
        return ("binary", op, token.value, target.value)

    # -- aliases -------------------------------------------------------------------------------------------------

    def expand_alias(self) -> None:
        """Put an alias' text in the place of the word that is next (only in command position)."""
        self.alias_next = False
        if not self.aliases:
            return
        while True:
            token = self.peek()
            if token.kind != "word":
                return
            name = token.value.literal()
            if not name or name not in self.aliases:
                return
            left = len(self.text) - token.start
            self.alias_end = [(end, other) for end, other in self.alias_end if left > end]
            if any(other == name for _, other in self.alias_end):
                return
            value = self.aliases[name]
            self.alias_end.append((len(self.text) - token.end, name))
            self.text = self.text[: token.start] + value + self.text[token.end :]
            self.pos, self.cur = token.start, None
            self.alias_next = value.endswith((" ", "\t"))
