"""awk (gawk 3.1.7): a parser and tree walker for the language, without what people do not use (network, profiling)."""

from __future__ import annotations

import math
import re
import time
from typing import Any

from ..options import UsageError, parse
from ..process import Missing, Process, command
from ..regex import RegexError, compile_posix
from ..shell.builtins import unescape
from ..shell.streams import Collector

DEC = ("utf-8", "surrogateescape")
TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|\\\n|\#[^\n]*)|(?P<newline>\n)
    |(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<string>"(?:[^"\\\n]|\\.|\\\n)*")|(?P<name>[A-Za-z_]\w*)
    |(?P<op>\*\*=|\|&|&&|\|\||\+\+|--|\+=|-=|\*=|/=|%=|\^=|\*\*|==|<=|>=|!=|!~|>>|[-+*/%^<>!~?:=$(){}\[\];,|])""",
    re.X | re.S,
)
KEYWORDS = {
    "BEGIN",
    "END",
    "function",
    "func",
    "if",
    "else",
    "while",
    "for",
    "do",
    "break",
    "continue",
    "next",
    "nextfile",
    "exit",
    "return",
    "delete",
    "in",
    "getline",
    "print",
    "printf",
}
FUNCTIONS = {
    "length",
    "substr",
    "index",
    "split",
    "sub",
    "gsub",
    "match",
    "sprintf",
    "sin",
    "cos",
    "atan2",
    "exp",
    "log",
    "sqrt",
    "int",
    "rand",
    "srand",
    "tolower",
    "toupper",
    "system",
    "close",
    "fflush",
    "gensub",
    "systime",
    "strftime",
    "asort",
    "asorti",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
    "compl",
    "strtonum",
}


class AwkError(Exception):
    """Wrong program or a fatal error while it runs."""


class Jump(Exception):
    """break, continue, next, nextfile, exit, return."""

    def __init__(self, kind: str, value: Any = None):
        super().__init__(kind)
        self.kind, self.value = kind, value


class StrNum(str):
    """Text that came from input: a number when it looks like one."""

    __slots__ = ()


# -- parsing -----------------------------------------------------------------------------------------------------


class Parser:
    """Program text to tuples."""

    def __init__(self, text: str):
        self.text, self.pos, self.line = text, 0, 1
        self.token: tuple[str, str] = ("", "")
        self.before: tuple[str, str] = ("", "")
        self.functions: dict[str, tuple[list[str], Any]] = {}
        self.rules: list[tuple[Any, Any]] = []
        self.no_in = self.no_gt = 0
        self.advance()

    def advance(self) -> tuple[str, str]:
        old = self.token
        self.before = old
        while True:
            if self.pos >= len(self.text):
                self.token = ("eof", "")
                return old
            if self.text[self.pos] == "/" and self.regex_allowed(old):
                self.token = ("regex", self.read_regex())
                return old
            match = TOKEN.match(self.text, self.pos)
            if match is None:
                raise AwkError(f"syntax error at source line {self.line}: unexpected character '{self.text[self.pos]}'")
            self.pos = match.end()
            self.line += match[0].count("\n")
            kind = match.lastgroup or ""
            if kind == "space":
                continue
            value = match[0]
            if kind == "name" and value in KEYWORDS:
                kind = "keyword"
            elif kind == "name" and value in FUNCTIONS:
                kind = "builtin"
            elif kind == "name" and self.text.startswith("(", self.pos):
                kind = "call"
            self.token = (kind, value)
            return old

    @staticmethod
    def regex_allowed(last: tuple[str, str]) -> bool:
        kind, value = last
        return (
            not (kind in ("number", "string", "name", "builtin", "regex") or value in (")", "]", "$", "++", "--"))
            or value in KEYWORDS
        )

    def read_regex(self) -> str:
        pos, in_class = self.pos + 1, False
        while pos < len(self.text):
            char = self.text[pos]
            if char == "\n":
                break
            if char == "\\":
                pos += 2
                continue
            if char == "[" and not in_class:
                in_class = True
                if self.text[pos + 1 : pos + 2] in ("]", "^"):
                    pos += 1
            elif char == "]":
                in_class = False
            elif char == "/" and not in_class:
                source = self.text[self.pos + 1 : pos]
                self.pos = pos + 1
                return source.replace("\\/", "/")
            pos += 1
        raise AwkError(f"cmd. line:{self.line}: unterminated regexp")

    def fail(self) -> AwkError:
        lines = self.text.split("\n")
        at = max(0, min(self.line - 1, len(lines) - 1))
        what = "unexpected newline or end of string" if self.token[0] in ("eof", "newline") else "syntax error"
        column = max(0, self.pos - sum(len(x) + 1 for x in lines[:at]) - len(self.token[1]))
        return AwkError(f"cmd. line:{self.line}: {lines[at]}\nawk: cmd. line:{self.line}: {' ' * column}^ {what}")

    def accept(self, *values: str) -> bool:
        if self.token[1] in values and self.token[0] in ("op", "keyword", "newline"):
            self.advance()
            return True
        return False

    def expect(self, value: str) -> None:
        if self.token[1] != value or self.token[0] not in ("op", "keyword"):
            raise self.fail()
        self.advance()

    def newlines(self) -> None:
        while self.token[0] == "newline":
            self.advance()

    def ends(self) -> None:
        while self.token[0] == "newline" or self.token[1] == ";" and self.token[0] == "op":
            self.advance()

    def program(self) -> None:
        self.ends()
        while self.token[0] != "eof":
            if self.token[1] in ("function", "func"):
                self.advance()
                name = self.advance()[1]
                self.expect("(")
                params = []
                while not self.accept(")"):
                    params.append(self.advance()[1])
                    self.accept(",")
                    self.newlines()
                self.newlines()
                self.functions[name] = (params, self.block())
            elif self.token[1] in ("BEGIN", "END") and self.token[0] == "keyword":
                kind = self.advance()[1]
                self.newlines()
                self.rules.append(((kind,), self.block()))
            else:
                pattern: Any = None
                if self.token[1] != "{":
                    pattern = self.expression()
                    if self.accept(","):
                        self.newlines()
                        pattern = ("range", pattern, self.expression(), [False])
                body = self.block() if self.token[1] == "{" else None
                self.rules.append((pattern, body))
            self.ends()

    def block(self) -> Any:
        self.expect("{")
        statements = []
        self.ends()
        while self.token[1] != "}" or self.token[0] != "op":
            if self.token[0] == "eof":
                raise self.fail()
            statements.append(self.statement())
            self.ends()
        self.advance()
        return ("block", statements)

    def simple_end(self) -> None:
        if self.token[0] in ("newline", "eof") or self.token[1] in (";", "}"):
            if self.token[0] == "newline" or self.token[1] == ";":
                self.advance()
            return
        raise self.fail()

    def body(self) -> Any:
        self.newlines()
        if self.accept(";"):
            return ("block", [])
        return self.statement()

    def statement(self) -> Any:
        kind, value = self.token
        if value == "{" and kind == "op":
            return self.block()
        if kind == "keyword":
            if value == "if":
                self.advance()
                self.expect("(")
                condition = self.expression()
                self.expect(")")
                then = self.body()
                saved = (self.pos, self.token, self.line, self.before)
                self.ends()
                if self.accept("else"):
                    return ("if", condition, then, self.body())
                self.pos, self.token, self.line, self.before = saved
                return ("if", condition, then, None)
            if value == "while":
                self.advance()
                self.expect("(")
                condition = self.expression()
                self.expect(")")
                return ("while", condition, self.body())
            if value == "do":
                self.advance()
                body = self.body()
                self.ends()
                self.expect("while")
                self.expect("(")
                condition = self.expression()
                self.expect(")")
                self.simple_end()
                return ("do", body, condition)
            if value == "for":
                return self.for_loop()
        node = self.simple_statement()
        self.simple_end()
        return node

    def for_loop(self) -> Any:
        self.advance()
        self.expect("(")
        if self.token[0] == "name":
            saved = (self.pos, self.token, self.line, self.before)
            name = self.advance()[1]
            if self.accept("in") and self.token[0] == "name":
                array = self.advance()[1]
                if self.accept(")"):
                    return ("forin", name, array, self.body())
            self.pos, self.token, self.line, self.before = saved
        first = None if self.token[1] == ";" else self.simple_statement()
        self.expect(";")
        self.newlines()
        condition = None if self.token[1] == ";" else self.expression()
        self.expect(";")
        self.newlines()
        step = None if self.token[1] == ")" else self.simple_statement()
        self.expect(")")
        return ("for", first, condition, step, self.body())

    def simple_statement(self) -> Any:
        kind, value = self.token
        if kind == "keyword":
            if value in ("print", "printf"):
                return self.output(value)
            if value in ("break", "continue", "next", "nextfile"):
                self.advance()
                return (value,)
            if value in ("exit", "return"):
                self.advance()
                plain = self.token[0] in ("newline", "eof") or self.token[1] in (";", "}")
                return (value, None if plain else self.expression())
            if value == "delete":
                self.advance()
                name = self.advance()[1]
                return ("delete", name, self.subscript() if self.token[1] == "[" else None)
        return ("expr", self.expression())

    def output(self, kind: str) -> Any:
        self.advance()
        args: list[Any] = []
        self.no_gt += 1
        if self.token[1] == "(":
            saved = (self.pos, self.token, self.line, self.before)
            self.advance()
            gt, self.no_gt = self.no_gt, 0
            args = self.arguments(")")
            self.no_gt = gt
            follows = self.token[0] in ("newline", "eof") or self.token[1] in (";", "}", ">", ">>", "|")
            if not follows:
                self.pos, self.token, self.line, self.before = saved
                args = self.list_until()
        elif not (self.token[0] in ("newline", "eof") or self.token[1] in (";", "}", ">", ">>", "|")):
            args = self.list_until()
        self.no_gt -= 1
        target = None
        if self.token[1] in (">", ">>", "|") and self.token[0] == "op":
            op = self.advance()[1]
            target = (op, self.concatenation(no_in=True))
        return (kind, args, target)

    def list_until(self) -> list[Any]:
        args = [self.expression()]
        while self.accept(","):
            self.newlines()
            args.append(self.expression())
        return args

    def arguments(self, end: str) -> list[Any]:
        args: list[Any] = []
        self.newlines()
        while not (self.token[0] == "op" and self.token[1] == end):
            args.append(self.expression())
            self.newlines()
            if not self.accept(","):
                break
            self.newlines()
        self.expect(end)
        return args

    def subscript(self) -> list[Any]:
        self.expect("[")
        return self.arguments("]")

    # expressions, loosest first

    def expression(self) -> Any:
        left = self.ternary()
        if (
            self.token[0] == "op"
            and self.token[1] in ("=", "+=", "-=", "*=", "/=", "%=", "^=", "**=")
            and left[0] in ("var", "index", "field")
        ):
            op = self.advance()[1]
            self.newlines()
            return ("assign", op.replace("**", "^"), left, self.expression())
        return left

    def ternary(self) -> Any:
        condition = self.either()
        if self.token[1] == "?" and self.token[0] == "op":
            self.advance()
            self.newlines()
            yes = self.expression()
            self.newlines()
            self.expect(":")
            self.newlines()
            return ("?", condition, yes, self.expression())
        return condition

    def either(self) -> Any:
        left = self.both()
        while self.token == ("op", "||"):
            self.advance()
            self.newlines()
            left = ("||", left, self.both())
        return left

    def both(self) -> Any:
        left = self.membership()
        while self.token == ("op", "&&"):
            self.advance()
            self.newlines()
            left = ("&&", left, self.membership())
        return left

    def membership(self) -> Any:
        left = self.matching()
        while self.token == ("keyword", "in"):
            self.advance()
            left = ("in", [left] if left[0] != "group" else left[1], self.advance()[1])
        return left

    def matching(self) -> Any:
        left = self.comparison()
        while self.token[0] == "op" and self.token[1] in ("~", "!~"):
            op = self.advance()[1]
            left = (op, left, self.comparison())
        return left

    def comparison(self) -> Any:
        left = self.concatenation()
        if (
            self.token[0] == "op"
            and self.token[1] in ("<", "<=", "==", "!=", ">", ">=")
            and not (self.token[1] == ">" and self.no_gt)
        ):
            op = self.advance()[1]
            return ("compare", op, left, self.concatenation())
        if self.token == ("op", "|") and not self.no_gt or self.token == ("op", "|"):
            while self.token == ("op", "|"):
                saved = (self.pos, self.token, self.line, self.before)
                self.advance()
                if self.token != ("keyword", "getline"):
                    self.pos, self.token, self.line, self.before = saved
                    break
                self.advance()
                left = ("getcmd", left, self.optional_target())
        return left

    def optional_target(self) -> Any:
        if self.token[0] == "name" or self.token[1] == "$":
            return self.postfix()
        return None

    STARTS = ("number", "string", "name", "call", "builtin", "regex")

    def concatenation(self, no_in: bool = False) -> Any:
        left = self.additive()
        while self.token[0] in self.STARTS or (
            self.token[0] == "op" and self.token[1] in ("$", "!", "(", "-", "+", "++", "--")
        ):
            if self.token[1] in ("+", "-") or self.token == ("keyword", "in"):
                break
            left = ("cat", left, self.additive())
        return left

    def additive(self) -> Any:
        left = self.term()
        while self.token[0] == "op" and self.token[1] in ("+", "-"):
            op = self.advance()[1]
            left = ("arith", op, left, self.term())
        return left

    def term(self) -> Any:
        left = self.unary()
        while self.token[0] == "op" and self.token[1] in ("*", "/", "%"):
            op = self.advance()[1]
            left = ("arith", op, left, self.unary())
        return left

    def unary(self) -> Any:
        if self.token[0] == "op" and self.token[1] in ("!", "-", "+"):
            op = self.advance()[1]
            return ("unary", op, self.unary())
        return self.power()

    def power(self) -> Any:
        left = self.prefix()
        if self.token[0] == "op" and self.token[1] in ("^", "**"):
            self.advance()
            right = self.unary() if self.token[1] in ("-", "+", "!") else self.power()
            return ("arith", "^", left, right)
        return left

    def prefix(self) -> Any:
        if self.token[0] == "op" and self.token[1] in ("++", "--"):
            op = self.advance()[1]
            return ("pre", op, self.prefix())
        return self.postfix()

    def postfix(self) -> Any:
        node = self.primary()
        if self.token[0] == "op" and self.token[1] in ("++", "--") and node[0] in ("var", "index", "field"):
            return ("post", self.advance()[1], node)
        return node

    def primary(self) -> Any:
        kind, value = self.token
        if kind == "number":
            self.advance()
            return ("num", float(int(value, 16)) if value[:2].lower() == "0x" else float(value))
        if kind == "string":
            self.advance()
            return ("str", unescape(value[1:-1].replace("\\\n", "").replace('\\"', '"').replace("\\/", "/"), False)[0])
        if kind == "regex":
            self.advance()
            return ("match", compiled(value))
        if value == "$" and kind == "op":
            self.advance()
            if self.token[1] in ("++", "--"):
                return ("field", self.prefix())
            if self.token[1] == "-":
                self.advance()
                return ("field", ("unary", "-", self.primary()))
            return ("field", self.primary())
        if value == "(" and kind == "op":
            self.advance()
            gt, self.no_gt = self.no_gt, 0
            inner = self.arguments(")")
            self.no_gt = gt
            if len(inner) == 1 and self.token != ("keyword", "in"):
                return ("paren", inner[0])
            return ("group", inner)
        if value == "-" and kind == "op":
            self.advance()
            return ("unary", "-", self.unary())
        if kind == "keyword" and value == "getline":
            self.advance()
            target = self.optional_target()
            if self.token == ("op", "<"):
                self.advance()
                return ("getfile", self.primary(), target)
            return ("getline", target)
        if kind == "builtin":
            self.advance()
            if self.token[1] == "(" and self.token[0] == "op":
                self.advance()
                gt, self.no_gt = self.no_gt, 0
                args = self.arguments(")")
                self.no_gt = gt
                return ("builtin", value, args)
            return ("builtin", value, [])
        if kind == "call":
            self.advance()
            self.expect("(")
            gt, self.no_gt = self.no_gt, 0
            args = self.arguments(")")
            self.no_gt = gt
            return ("call", value, args)
        if kind == "name":
            self.advance()
            if self.token[1] == "[" and self.token[0] == "op":
                return ("index", value, self.subscript())
            return ("var", value)
        raise self.fail()


CACHE: dict[str, re.Pattern[str]] = {}


def compiled(source: str) -> re.Pattern[str]:
    if source not in CACHE:
        if len(CACHE) > 500:
            CACHE.clear()
        try:
            CACHE[source] = compile_posix(source, True)
        except RegexError as err:
            raise AwkError(f"{err}: /{source}/") from None
    return CACHE[source]


# -- running -----------------------------------------------------------------------------------------------------


def to_number(value: Any) -> float:
    if isinstance(value, float):
        return value
    match = re.match(r"\s*[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?)", value)
    return float(match[0]) if match else 0.0


def looks_numeric(text: str) -> bool:
    return re.fullmatch(r"\s*[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?)\s*", text) is not None


def to_text(value: Any, form: str = "%.6g") -> str:
    if isinstance(value, float):
        if value == int(value) if abs(value) < 1e16 and not math.isnan(value) and not math.isinf(value) else False:
            return str(int(value))
        if math.isinf(value) or math.isnan(value):
            return ("-" if value < 0 else "") + ("inf" if math.isinf(value) else "nan")
        return form % value
    return str(value)


def truth(value: Any) -> bool:
    if isinstance(value, float):
        return value != 0
    if isinstance(value, StrNum) and looks_numeric(value):
        return float(value) != 0
    return value != ""


class Awk:
    """One run."""

    def __init__(self, p: Process, program: Parser):
        self.p, self.program = p, program
        self.globals: dict[str, Any] = {
            "FS": " ",
            "OFS": " ",
            "ORS": "\n",
            "RS": "\n",
            "NF": 0.0,
            "NR": 0.0,
            "FNR": 0.0,
            "SUBSEP": "\x1c",
            "CONVFMT": "%.6g",
            "OFMT": "%.6g",
            "FILENAME": "",
            "RSTART": 0.0,
            "RLENGTH": -1.0,
            "ENVIRON": {k: StrNum(v) for k, v in p.env.items()},
            "IGNORECASE": 0.0,
            "FIELDWIDTHS": "",
        }
        self.frames: list[dict[str, Any]] = []
        self.record, self.fields, self.split_done = "", [], True
        self.outputs: dict[str, Any] = {}
        self.inputs: dict[str, Any] = {}
        self.pipes: dict[str, list[bytes]] = {}
        self.seed, self.state = 0.0, 0
        self.status = 0
        self.reader: Any = None
        self.queue: list[str] = []
        self.turns = 0

    # variables

    def get(self, name: str) -> Any:
        if self.frames and name in self.frames[-1]:
            return self.frames[-1][name]
        if name == "NF":
            self.need_fields()
            return float(len(self.fields))
        return self.globals.get(name, StrNum(""))

    def set(self, name: str, value: Any) -> None:
        if self.frames and name in self.frames[-1]:
            self.frames[-1][name] = value
            return
        self.globals[name] = value
        if name == "NF":
            self.need_fields()
            count = int(to_number(value))
            self.fields = (self.fields + [StrNum("")] * count)[:count]
            self.join()

    def array(self, name: str) -> dict:
        scope = self.frames[-1] if self.frames and name in self.frames[-1] else self.globals
        value = scope.get(name)
        if not isinstance(value, dict):
            if value not in (None, ""):
                raise AwkError(f"fatal: attempt to use scalar `{name}' as array")
            value = scope[name] = {}
        return value

    async def key(self, parts: list[Any]) -> str:
        values = [await self.eval(x) for x in parts]
        return to_text(self.get("SUBSEP")).join(to_text(v, to_text(self.get("CONVFMT"))) for v in values)

    # records and fields

    def set_record(self, text: str) -> None:
        self.record, self.split_done = text, False

    def need_fields(self) -> None:
        if not self.split_done:
            self.fields = [StrNum(x) for x in self.split_text(self.record, to_text(self.globals["FS"]))]
            self.split_done = True

    def split_text(self, text: str, sep: str) -> list[str]:
        if text == "":
            return []
        if sep == " ":
            return text.split()
        if sep == "":
            return list(text)
        if len(sep) == 1 and sep not in "\\":
            return text.split(sep) if sep != "|" else text.split("|")
        return compiled(sep).split(text) if compiled(sep).groups == 0 else split_regex(compiled(sep), text)

    def join(self) -> None:
        self.record = to_text(self.globals["OFS"]).join(map(str, self.fields))

    def field(self, number: int) -> Any:
        if number < 0:
            raise AwkError(f"fatal: attempt to access field {number}")
        if number == 0:
            return StrNum(self.record)
        self.need_fields()
        return self.fields[number - 1] if number <= len(self.fields) else StrNum("")

    def set_field(self, number: int, value: Any) -> None:
        text = to_text(value, to_text(self.get("CONVFMT")))
        if number == 0:
            self.set_record(text)
            return
        self.need_fields()
        if number > len(self.fields):
            self.fields += [StrNum("")] * (number - len(self.fields))
        self.fields[number - 1] = value if isinstance(value, StrNum) else StrNum(text)
        self.join()

    async def next_record(self) -> str | None:
        """The next record of the main input."""
        while True:
            if self.reader is None and not await self.open_next():
                return None
            text = await read_record(self.reader, to_text(self.globals["RS"]))
            if text is not None:
                return text
            self.reader = None

    async def open_next(self) -> bool:
        while self.queue:
            name = self.queue.pop(0)
            match = re.fullmatch(r"([A-Za-z_]\w*)=(.*)", name, re.S)
            if match:
                self.set(match[1], StrNum(unescape(match[2], False)[0]))
                continue
            try:
                stream = self.p.stdin if name == "-" else self.p.open(name)
                if name != "-" and self.p.node.fs.isdir(self.p.full(name)):
                    self.p.error(f"awk: cmd. line:1: warning: command line argument `{name}' is a directory: skipped")
                    continue
            except OSError as err:
                self.p.error(f"awk: cmd. line:1: fatal: cannot open file `{name}' for reading ({err.strerror})")
                self.status = 2
                raise Jump("exit", 2.0) from None
            self.reader = Reader(stream)
            self.globals["FILENAME"] = name if name != "-" else ""
            self.globals["FNR"] = 0.0
            self.used_input = True
            return True
        if not self.used_input:
            self.used_input = True
            self.reader = Reader(self.p.stdin)
            return True
        return False

    used_input = False

    # evaluating

    async def eval(self, node: Any) -> Any:
        kind = node[0]
        if kind in ("num", "str"):
            return node[1]
        if kind == "var":
            value = self.get(node[1])
            if isinstance(value, dict):
                raise AwkError(f"fatal: attempt to use array `{node[1]}' in a scalar context")
            return value
        if kind == "field":
            return self.field(int(to_number(await self.eval(node[1]))))
        if kind == "index":
            array, key = self.array(node[1]), await self.key(node[2])
            return array.setdefault(key, StrNum(""))
        if kind == "match":
            return float(self.regex_of(node).search(self.record) is not None)
        if kind == "paren":
            return await self.eval(node[1])
        if kind == "cat":
            form = to_text(self.get("CONVFMT"))
            left = await self.eval(node[1])
            return to_text(left, form) + to_text(await self.eval(node[2]), form)
        if kind == "arith":
            return self.arith(node[1], to_number(await self.eval(node[2])), to_number(await self.eval(node[3])))
        if kind == "compare":
            return float(self.compare(node[1], await self.eval(node[2]), await self.eval(node[3])))
        if kind == "unary":
            value = await self.eval(node[2])
            return (
                float(not truth(value)) if node[1] == "!" else -to_number(value) if node[1] == "-" else to_number(value)
            )
        if kind == "&&":
            return float(truth(await self.eval(node[1])) and truth(await self.eval(node[2])))
        if kind == "||":
            return float(truth(await self.eval(node[1])) or truth(await self.eval(node[2])))
        if kind == "?":
            return await self.eval(node[2] if truth(await self.eval(node[1])) else node[3])
        if kind in ("~", "!~"):
            text = to_text(await self.eval(node[1]))
            found = (await self.pattern(node[2])).search(text) is not None
            return float(found == (kind == "~"))
        if kind == "in":
            return float(await self.key(node[1]) in self.array(node[2]))
        if kind == "assign":
            value = await self.eval(node[3])
            if node[1] != "=":
                value = self.arith(node[1][:-1], to_number(await self.eval(node[2])), to_number(value))
            await self.store(node[2], value)
            return value
        if kind in ("pre", "post"):
            old = to_number(await self.eval(node[2]))
            new = old + (1 if node[1] == "++" else -1)
            await self.store(node[2], new)
            return new if kind == "pre" else old
        if kind == "builtin":
            return await self.builtin(node[1], node[2])
        if kind == "call":
            return await self.call(node[1], node[2])
        if kind == "group":
            return await self.key(node[1])
        if kind in ("getline", "getfile", "getcmd"):
            return await self.getline(node)
        raise AwkError(f"internal: {kind}")

    def regex_of(self, node: Any) -> re.Pattern[str]:
        regex = node[1]
        if truth(self.globals["IGNORECASE"]):
            return re.compile(regex.pattern, regex.flags | re.I)
        return regex

    async def pattern(self, node: Any) -> re.Pattern[str]:
        if node[0] == "match":
            return self.regex_of(node)
        return self.regex_of(("match", compiled(to_text(await self.eval(node)))))

    async def store(self, node: Any, value: Any) -> None:
        if node[0] == "var":
            self.set(node[1], value)
        elif node[0] == "field":
            self.set_field(int(to_number(await self.eval(node[1]))), value)
        else:
            self.array(node[1])[await self.key(node[2])] = value

    def arith(self, op: str, a: float, b: float) -> float:
        if op in "/%" and b == 0:
            raise AwkError(f"fatal: division by zero attempted{' in `%%' + chr(39) if op == '%' else ''}")
        try:
            return float(
                {
                    "+": lambda: a + b,
                    "-": lambda: a - b,
                    "*": lambda: a * b,
                    "/": lambda: a / b,
                    "%": lambda: math.fmod(a, b),
                    "^": lambda: a**b,
                }[op]()
            )
        except OverflowError:
            return math.inf

    def compare(self, op: str, a: Any, b: Any) -> bool:
        def numeric(v: Any) -> bool:
            return isinstance(v, float) or (isinstance(v, StrNum) and (looks_numeric(v) or v == ""))

        x: Any
        y: Any
        if numeric(a) and numeric(b) and not (a == "" and isinstance(b, str)) and not (b == "" and isinstance(a, str)):
            x, y = to_number(a), to_number(b)
        else:
            x, y = to_text(a), to_text(b)
        return {"<": x < y, "<=": x <= y, "==": x == y, "!=": x != y, ">": x > y, ">=": x >= y}[op]

    async def call(self, name: str, args: list[Any]) -> Any:
        if name not in self.program.functions:
            raise AwkError(f"fatal: function `{name}' not defined")
        params, body = self.program.functions[name]
        frame: dict[str, Any] = {}
        for i, param in enumerate(params):
            if i < len(args):
                arg = args[i]
                if arg[0] == "var":
                    value = self.get(arg[1])
                    if value == "" and not isinstance(value, dict) and arg[1] not in self.globals:
                        value = {} if self.used_as_array(body, param) else value
                        if isinstance(value, dict):
                            self.set(arg[1], value)
                    frame[param] = value
                else:
                    frame[param] = await self.eval(arg)
            else:
                frame[param] = StrNum("")
        self.frames.append(frame)
        if len(self.frames) > 400:
            raise AwkError("fatal: function call nesting too deep")
        try:
            await self.run(body)
        except Jump as jump:
            if jump.kind != "return":
                raise
            return jump.value
        finally:
            self.frames.pop()
        return StrNum("")

    def used_as_array(self, node: Any, name: str) -> bool:
        if isinstance(node, tuple):
            if (
                node
                and node[0] in ("index", "delete")
                and node[1] == name
                or node
                and node[0] in ("forin", "in")
                and node[2] == name
            ):
                return True
            if (
                node
                and node[0] == "builtin"
                and node[1] == "split"
                and len(node[2]) > 1
                and node[2][1] == ("var", name)
            ):
                return True
        return isinstance(node, tuple | list) and any(self.used_as_array(x, name) for x in node)

    async def getline(self, node: Any) -> float:
        if node[0] == "getline":
            text = await self.next_record()
            if text is None:
                return 0.0
            self.globals["NR"] = to_number(self.globals["NR"]) + 1
            self.globals["FNR"] = to_number(self.globals["FNR"]) + 1
            target = node[1]
        else:
            name = to_text(await self.eval(node[1]))
            if name not in self.inputs:
                if node[0] == "getfile":
                    try:
                        self.inputs[name] = Reader(self.p.stdin if name == "-" else self.p.open(name))
                    except OSError:
                        return -1.0
                else:
                    out = Collector()
                    self.p.stdout.write("")
                    await self.p.spawn(["sh", "-c", name], stdout=out)  # type: ignore[misc]
                    self.inputs[name] = Reader(None, out.value())
            text = await read_record(self.inputs[name], to_text(self.globals["RS"]))
            if text is None:
                return 0.0
            if node[0] == "getcmd":
                self.globals["NR"] = to_number(self.globals["NR"]) + 1
            target = node[2]
        if target is None:
            self.set_record(text)
        else:
            await self.store(target, StrNum(text))
        return 1.0

    async def builtin(self, name: str, args: list[Any]) -> Any:
        if name in ("sub", "gsub"):
            return await self.substitute(name, args)
        if name == "split":
            array = self.array(args[1][1])
            text = to_text(await self.eval(args[0]))
            if len(args) > 2:
                pieces = (
                    split_regex(args[2][1], text)
                    if args[2][0] == "match" and text
                    else self.split_text(text, to_text(await self.eval(args[2])) if args[2][0] != "match" else " ")
                )
            else:
                pieces = self.split_text(text, to_text(self.globals["FS"]))
            array.clear()
            array.update({str(i): StrNum(x) for i, x in enumerate(pieces, 1)})
            return float(len(pieces))
        if name == "length":
            if args and args[0][0] == "var" and isinstance(self.get(args[0][1]), dict):
                return float(len(self.get(args[0][1])))
            return float(len(to_text(await self.eval(args[0])) if args else self.record))
        if name == "match":
            text, regex = to_text(await self.eval(args[0])), await self.pattern(args[1])
            found = regex.search(text)
            self.globals["RSTART"] = float(found.start() + 1 if found else 0)
            self.globals["RLENGTH"] = float(found.end() - found.start() if found else -1)
            if len(args) > 2:
                array = self.array(args[2][1])
                array.clear()
                if found:
                    array.update({str(i): StrNum(found[i] or "") for i in range(regex.groups + 1)})
            return self.globals["RSTART"]
        if name in ("asort", "asorti"):
            source = self.array(args[0][1])
            values = sorted(
                source.values() if name == "asort" else source,
                key=lambda v: (
                    (0, to_number(v), "") if isinstance(v, float) or looks_numeric(str(v)) else (1, 0.0, str(v))
                ),
            )
            target = self.array(args[1][1]) if len(args) > 1 else source
            target.clear()
            target.update({str(i): v if name == "asort" else StrNum(v) for i, v in enumerate(values, 1)})
            return float(len(values))
        if name == "gensub":
            regex, by, how = (
                await self.pattern(args[0]),
                to_text(await self.eval(args[1])),
                to_text(await self.eval(args[2])),
            )
            text = to_text(await self.eval(args[3])) if len(args) > 3 else self.record
            return gensub(regex, by, how, text)
        values = [await self.eval(a) for a in args]
        if name == "substr":
            text, start = to_text(values[0]), round(to_number(values[1]))
            end = start + round(to_number(values[2])) if len(values) > 2 else len(text) + 1
            return text[max(0, start - 1) : max(0, end - 1)]
        if name == "index":
            return float(to_text(values[0]).find(to_text(values[1])) + 1)
        if name == "sprintf":
            return self.format(values)
        if name in ("tolower", "toupper"):
            text = to_text(values[0])
            return text.lower() if name == "tolower" else text.upper()
        if name == "system":
            self.flush()
            return float(await self.p.spawn(["sh", "-c", to_text(values[0])]))  # type: ignore[misc]
        if name == "close":
            return await self.close(to_text(values[0]))
        if name == "fflush":
            return 0.0
        if name == "systime":
            return float(int(time.time()))
        if name == "strftime":
            from .. import clock

            when = clock.now(self.p.node, self.p.env, to_number(values[1]) if len(values) > 1 else None)
            return when.strftime(to_text(values[0]) if values else "%a %b %e %H:%M:%S %Z %Y")
        if name == "srand":
            old, self.seed = self.seed, to_number(values[0]) if values else float(int(time.time()))
            self.state = int(self.seed)
            return old
        if name == "rand":
            self.state = (self.state * 1103515245 + 12345) % (1 << 31)
            return self.state / (1 << 31)
        if name == "strtonum":
            text = to_text(values[0]).strip()
            return float(int(text, 16)) if text[:2].lower() == "0x" else to_number(values[0])
        number = to_number(values[0]) if values else 0.0
        whole = int(number)
        second = int(to_number(values[1])) if len(values) > 1 else 0
        try:
            return float(
                {
                    "int": lambda: math.trunc(number),
                    "sqrt": lambda: math.sqrt(number),
                    "exp": lambda: math.exp(number),
                    "log": lambda: math.log(number) if number > 0 else (-math.inf if number == 0 else math.nan),
                    "sin": lambda: math.sin(number),
                    "cos": lambda: math.cos(number),
                    "atan2": lambda: math.atan2(number, to_number(values[1])),
                    "and": lambda: whole & second,
                    "or": lambda: whole | second,
                    "xor": lambda: whole ^ second,
                    "lshift": lambda: whole << second,
                    "rshift": lambda: whole >> second,
                    "compl": lambda: ~whole & ((1 << 53) - 1),
                }[name]()
            )
        except ValueError:
            return math.nan

    async def substitute(self, name: str, args: list[Any]) -> float:
        regex, by = await self.pattern(args[0]), to_text(await self.eval(args[1]))
        target = args[2] if len(args) > 2 else ("field", ("num", 0.0))
        text = to_text(await self.eval(target))
        template = re.split(r"(\\\\&|\\&|&)", by)

        def fill(match: re.Match[str]) -> str:
            return "".join(
                match[0] if t == "&" else "&" if t == "\\&" else "\\" + match[0] if t == "\\\\&" else t
                for t in template
            )

        new, count = regex.subn(fill, text, count=0 if name == "gsub" else 1)
        if count:
            await self.store(target, new)
        return float(count)

    def format(self, values: list[Any]) -> str:
        form, rest, out, pos = to_text(values[0]), values[1:], [], 0
        for match in re.finditer(r"%([-+ #0']*)(\*|\d+)?(?:\.(\*|\d*))?([a-zA-Z%])", form):
            out.append(form[pos : match.start()])
            pos = match.end()
            kind = match[4]
            if kind == "%":
                out.append("%")
                continue
            width = str(int(to_number(rest.pop(0)))) if match[2] == "*" and rest else match[2] or ""
            precision = str(int(to_number(rest.pop(0)))) if match[3] == "*" and rest else match[3]
            spec = "%" + match[1].replace("'", "") + width + (f".{precision or 0}" if precision is not None else "")
            value = rest.pop(0) if rest else ""
            if kind in "di":
                number = to_number(value)
                out.append(
                    (spec + "d") % int(number) if not math.isinf(number) and not math.isnan(number) else to_text(number)
                )
            elif kind in "ouxX":
                out.append((spec + ("d" if kind == "u" else kind)) % (int(to_number(value)) & (1 << 64) - 1))
            elif kind in "eEfFgG":
                out.append((spec + kind) % to_number(value))
            elif kind == "c":
                out.append((spec + "s") % (chr(int(value)) if isinstance(value, float) else str(value)[:1]))
            else:
                out.append((spec + "s") % to_text(value, to_text(self.get("CONVFMT"))))
        return "".join(out) + form[pos:]

    # output

    async def emit(self, text: str, target: Any) -> None:
        if target is None:
            self.p.stdout.write(text)
            return
        op, name = target[0], to_text(await self.eval(target[1]))
        if op == "|":
            self.pipes.setdefault(name, []).append(text.encode(*DEC))
            return
        if name in ("/dev/stdout", "-"):
            self.p.stdout.write(text)
        elif name == "/dev/stderr":
            self.p.stderr.write(text)
        else:
            if name not in self.outputs:
                try:
                    self.outputs[name] = self.p.open(name, "a" if op == ">>" else "w")
                except OSError as err:
                    raise AwkError(f"fatal: can't redirect to `{name}' ({err.strerror})") from None
            self.outputs[name].write(text)

    def flush(self) -> None:
        pass

    async def close(self, name: str) -> float:
        if name in self.outputs:
            self.outputs.pop(name).close()
            return 0.0
        if name in self.pipes:
            from ..shell.streams import Source

            data = b"".join(self.pipes.pop(name))
            return float(await self.p.spawn(["sh", "-c", name], stdin=Source(data)))  # type: ignore[misc]
        return 0.0 if self.inputs.pop(name, None) is not None else -1.0

    # statements

    async def run(self, node: Any) -> None:
        kind = node[0]
        if kind == "block":
            for item in node[1]:
                await self.run(item)
        elif kind == "expr":
            await self.eval(node[1])
        elif kind == "print":
            form = to_text(self.get("OFMT"))
            values = [to_text(await self.eval(a), form) for a in node[1]] if node[1] else [self.record]
            if len(node[1]) == 1 and node[1][0][0] == "group":
                values = [to_text(await self.eval(a), form) for a in node[1][0][1]]
            await self.emit(to_text(self.get("OFS")).join(values) + to_text(self.get("ORS")), node[2])
        elif kind == "printf":
            args = node[1][0][1] if len(node[1]) == 1 and node[1][0][0] == "group" else node[1]
            await self.emit(self.format([await self.eval(a) for a in args]), node[2])
        elif kind == "if":
            if truth(await self.eval(node[1])):
                await self.run(node[2])
            elif node[3] is not None:
                await self.run(node[3])
        elif kind in ("while", "for", "do"):
            await self.loop(node)
        elif kind == "forin":
            for key in list(self.array(node[2])):
                self.set(node[1], StrNum(key))
                if not await self.once(node[3]):
                    break
        elif kind == "delete":
            array = self.array(node[1])
            if node[2] is None:
                array.clear()
            else:
                array.pop(await self.key(node[2]), None)
        elif kind in ("break", "continue", "next", "nextfile"):
            raise Jump(kind)
        elif kind in ("exit", "return"):
            raise Jump(
                kind,
                None
                if node[1] is None and kind == "exit"
                else await self.eval(node[1])
                if node[1] is not None
                else StrNum(""),
            )

    async def once(self, body: Any) -> bool:
        try:
            await self.run(body)
        except Jump as jump:
            if jump.kind == "break":
                return False
            if jump.kind != "continue":
                raise
        return True

    async def loop(self, node: Any) -> None:
        if node[0] == "do":
            while await self.once(node[1]) and truth(await self.eval(node[2])):
                await self.breathe()
            return
        if node[0] == "for" and node[1] is not None:
            await self.run(node[1])
        condition, step, body = (node[1], None, node[2]) if node[0] == "while" else (node[2], node[3], node[4])
        while condition is None or truth(await self.eval(condition)):
            if not await self.once(body):
                return
            if step is not None:
                await self.run(step)
            await self.breathe()

    async def breathe(self) -> None:
        self.turns += 1
        if self.turns % 512 == 0:
            await self.p.stdout.drain()

    async def rules(self, which: str) -> None:
        for pattern, body in self.program.rules:
            if pattern == (which,):
                await self.run(body)

    async def main(self, args: list[str]) -> int:
        self.queue = args
        self.globals["ARGC"] = float(len(args) + 1)
        self.globals["ARGV"] = {"0": "awk", **{str(i): StrNum(a) for i, a in enumerate(args, 1)}}
        leaving = False
        try:
            await self.rules("BEGIN")
            if any(pattern is None or pattern[0] != "BEGIN" for pattern, _ in self.program.rules):
                await self.records()
        except Jump as jump:
            leaving = self.left(jump)
        try:
            if not (leaving and self.status == 2 and self.reader is None and not self.used_input):
                await self.rules("END")
        except Jump as jump:
            self.left(jump)
        for name in list(self.pipes):
            await self.close(name)
        for stream in self.outputs.values():
            stream.close()
        return self.status

    def left(self, jump: Jump) -> bool:
        if jump.kind == "exit" and jump.value is not None:
            self.status = int(to_number(jump.value)) & 255
        return True

    async def records(self) -> None:
        rules = [r for r in self.program.rules if r[0] is None or r[0][0] not in ("BEGIN", "END")]
        while (text := await self.next_record()) is not None:
            self.globals["NR"] = to_number(self.globals["NR"]) + 1
            self.globals["FNR"] = to_number(self.globals["FNR"]) + 1
            self.set_record(text)
            await self.breathe()
            try:
                for pattern, body in rules:
                    if await self.applies(pattern):
                        if body is None:
                            self.p.stdout.write(self.record + to_text(self.get("ORS")))
                        else:
                            await self.run(body)
            except Jump as jump:
                if jump.kind == "nextfile":
                    self.reader = None
                elif jump.kind != "next":
                    raise

    async def applies(self, pattern: Any) -> bool:
        if pattern is None:
            return True
        if pattern[0] != "range":
            return truth(await self.eval(pattern))
        state = pattern[3]
        if not state[0]:
            if not truth(await self.eval(pattern[1])):
                return False
            state[0] = True
        if truth(await self.eval(pattern[2])):
            state[0] = False
        return True


def split_regex(regex: re.Pattern[str], text: str) -> list[str]:
    out, pos = [], 0
    for match in regex.finditer(text):
        if match.end() > match.start():
            out.append(text[pos : match.start()])
            pos = match.end()
    return [*out, text[pos:]]


def gensub(regex: re.Pattern[str], by: str, how: str, text: str) -> str:
    wanted = 0 if how[:1] in ("g", "G") else int(how) if how.isdigit() and int(how) > 0 else 1
    count = 0

    def fill(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        if wanted and count != wanted:
            return match[0]
        return re.sub(
            r"\\([0-9&\\])|&",
            lambda m: (
                match[0]
                if m[0] == "&"
                else "&"
                if m[1] == "&"
                else "\\"
                if m[1] == "\\"
                else (match[int(m[1])] or "")
                if int(m[1]) <= regex.groups
                else ""
            ),
            by,
        )

    return regex.sub(fill, text)


class Reader:
    """A stream with what was read and not used yet."""

    def __init__(self, stream: Any, data: bytes = b""):
        self.stream, self.rest = stream, data

    async def line(self) -> bytes:
        if self.rest:
            end = self.rest.find(b"\n") + 1 or len(self.rest)
            line, self.rest = self.rest[:end], self.rest[end:]
            return line
        return await self.stream.readline() if self.stream is not None else b""


async def read_record(reader: Reader, separator: str) -> str | None:
    """One record; None at the end."""
    if separator == "\n":
        raw = await reader.line()
        return None if not raw else raw.decode(*DEC).removesuffix("\n")
    if separator == "":
        lines: list[str] = []
        while raw := await reader.line():
            text = raw.decode(*DEC).removesuffix("\n")
            if text:
                lines.append(text)
            elif lines:
                break
        return "\n".join(lines) if lines else None
    if reader.stream is not None:
        reader.rest += await reader.stream.read()
        reader.stream = None
    if not reader.rest:
        return None
    text = reader.rest.decode(*DEC)
    regex = re.compile(re.escape(separator)) if len(separator) == 1 else compiled(separator)
    match = regex.search(text)
    if match is None or match.end() == match.start():
        reader.rest = b""
        return text.removesuffix("\n")
    reader.rest = text[match.end() :].encode(*DEC)
    return text[: match.start()]


@command("awk", "gawk", path="/bin", package="gawk")
async def awk(p: Process) -> int:
    try:
        o = parse(
            p,
            "F:v:f:W:",
            {
                "field-separator=": "F",
                "assign=": "v",
                "file=": "f",
                "version": "version",
                "re-interval": "r",
                "posix": "r",
                "traditional": "r",
            },
            permute=False,
        )
    except UsageError as err:
        raise UsageError(
            str(err).split("\n")[0]
            + "\nUsage: awk [POSIX or GNU style options] -f progfile [--] file ...\nUsage: awk [POSIX or GNU "
            "style options] [--] 'program' file ...",
            2,
        ) from None
    if o.has("version"):
        p.print("GNU Awk 3.1.7")
        return 0
    args = list(o.args)
    if o.has("f"):
        try:
            source = "\n".join([(await p.read_file(name)).decode(*DEC) for name in o.values("f")])
        except OSError as err:
            raise Missing(
                f"awk: fatal: can't open source file `{err.filename}' for reading ({err.strerror})", 2
            ) from None
    elif args:
        source = args.pop(0)
    else:
        p.error(
            "Usage: awk [POSIX or GNU style options] -f progfile [--] file ...\nUsage: awk [POSIX or GNU style "
            "options] [--] 'program' file ..."
        )
        return 1
    try:
        program = Parser(source)
        program.program()
        job = Awk(p, program)
        if o.has("F"):
            sep = o.value("F") or ""
            job.globals["FS"] = "\t" if sep == "t" else unescape(sep, False)[0]
        for text in o.values("v"):
            name, equals, value = text.partition("=")
            if not equals:
                raise AwkError(f"fatal: `{text}' argument to `-v' not in `var=value' form")
            job.globals[name] = StrNum(unescape(value, False)[0])
        return await job.main(args)
    except AwkError as err:
        text = str(err)
        p.error(f"awk: {text}" if text.startswith("cmd. line") else f"awk: cmd. line:1: {text}")
        return 1 if text.startswith("cmd. line") else 2
