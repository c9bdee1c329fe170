"""Arithmetic of $((…)), ((…)), let and ${x:a:b}: 64-bit integers, bash's operators.

>>> evaluate("2 + 3 * (4 - 1) ** 2", {}.get, lambda n, v: None)
29
>>> evaluate("x = 5, x << 2 | 1", {"x": "5"}.get, lambda n, v: None)
21
>>> evaluate("1 +", {}.get, lambda n, v: None)
Traceback (most recent call last):
rdokit.lab.shell.arith.ArithmeticError_: 1 +: syntax error: operand expected (error token is "+")
"""

from __future__ import annotations

import re
from collections.abc import Callable

TOKEN = re.compile(
    r"\s*(?:(?P<num>\d+#[0-9a-zA-Z@_]+|0[xX][0-9a-fA-F]+|\d+[0-9a-zA-Z_]*)"
    r"|(?P<name>[A-Za-z_]\w*(?:\[[^\]]*\])?)"
    r"|(?P<op>\*\*|<<=|>>=|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&^|]=|[-+*/%&|^~!<>=?:(),]))"
)
BINARY = [
    ["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<", ">", "<=", ">="],
    ["<<", ">>"], ["+", "-"], ["*", "/", "%"],
]  # fmt: skip
ASSIGNS = {"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="}


class ArithmeticError_(Exception):  # noqa: N801, N818 - ArithmeticError is Python's own
    """An expression that bash refuses; the text is what follows "bash: "."""


def wrap(value: int) -> int:
    """To a signed 64-bit number."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def number(text: str, whole: str) -> int:
    """A constant: decimal, 0octal, 0xhex or base#digits."""
    try:
        if "#" in text:
            base_text, digits = text.split("#", 1)
            base, value = int(base_text), 0
            if not 2 <= base <= 64:
                raise ArithmeticError_(f'{whole}: invalid arithmetic base (error token is "{text}")')
            for char in digits:
                order = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@_"
                digit = order.index(char.lower() if base <= 36 else char)
                if digit >= base:
                    raise ValueError
                value = value * base + digit
            return wrap(value)
        if text[:2] in ("0x", "0X"):
            return wrap(int(text, 16))
        if text.startswith("0") and len(text) > 1:
            return wrap(int(text, 8))
        return wrap(int(text))
    except ValueError:
        raise ArithmeticError_(f'{whole}: value too great for base (error token is "{text}")') from None


class Evaluator:
    """One expression. `skip` counts branches that are parsed and not evaluated (&&, ||, ?:)."""

    def __init__(self, text: str, get: Callable[[str], str | None], put: Callable[[str, str], None], depth: int = 0):
        self.text, self.get, self.put, self.depth = text, get, put, depth
        self.tokens: list[tuple[str, str, int]] = []
        self.at = 0
        self.skip = 0
        pos, end = 0, len(text.rstrip())
        while pos < end:
            match = TOKEN.match(text, pos)
            if not match:
                rest = text[pos:].strip()
                raise ArithmeticError_(f'{text.strip()}: syntax error: operand expected (error token is "{rest}")')
            self.tokens.append(
                (match.lastgroup or "", match.group(match.lastgroup or 0), match.start(match.lastgroup or 0))
            )
            pos = match.end()

    def fail(self, message: str, back: int = 0) -> ArithmeticError_:
        at = max(0, self.at - back)
        token = self.text[self.tokens[at][2] :] if at < len(self.tokens) else ""
        return ArithmeticError_(f'{self.text.lstrip()}: {message} (error token is "{token}")')

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) and self.tokens[self.at][0] == "op" else ""

    def value(self) -> int:
        if not self.tokens:
            return 0
        result = self.comma()
        if self.at < len(self.tokens):
            raise self.fail("syntax error in expression")
        return result

    def comma(self) -> int:
        result = self.assignment()
        while self.peek() == ",":
            self.at += 1
            result = self.assignment()
        return result

    def assignment(self) -> int:
        if self.at + 1 < len(self.tokens) and self.tokens[self.at][0] == "name":
            op = self.tokens[self.at + 1][1]
            if self.tokens[self.at + 1][0] == "op" and op in ASSIGNS:
                name = self.tokens[self.at][1]
                self.at += 2
                right = self.assignment()
                result = right if op == "=" else self.apply(op[:-1], self.variable(name), right)
                self.store(name, result)
                return result
        return self.ternary()

    def store(self, name: str, value: int) -> None:
        if not self.skip:
            self.put(name, str(value))

    def variable(self, name: str) -> int:
        if self.skip:
            return 0
        text = (self.get(name) or "").strip()
        if not text:
            return 0
        if re.fullmatch(r"-?\d+", text) and not re.match(r"-?0\d", text):
            return wrap(int(text))
        if self.depth > 100:
            raise ArithmeticError_(f"{text}: expression recursion level exceeded")
        return Evaluator(text, self.get, self.put, self.depth + 1).value()

    def ternary(self) -> int:
        condition = self.binary(0)
        if self.peek() != "?":
            return condition
        self.at += 1
        self.skip += not condition
        first = self.assignment()
        self.skip -= not condition
        if self.peek() != ":":
            raise self.fail("`:' expected for conditional expression")
        self.at += 1
        self.skip += bool(condition)
        second = self.assignment()
        self.skip -= bool(condition)
        return first if condition else second

    def binary(self, level: int) -> int:
        if level == len(BINARY):
            return self.power()
        left = self.binary(level + 1)
        while (op := self.peek()) in BINARY[level]:
            self.at += 1
            if op in ("&&", "||"):
                dead = (not left) if op == "&&" else bool(left)
                self.skip += dead
                right = self.binary(level + 1)
                self.skip -= dead
                left = int(bool(left) and bool(right)) if op == "&&" else int(bool(left) or bool(right))
            else:
                left = self.apply(op, left, self.binary(level + 1))
        return left

    def power(self) -> int:
        left = self.unary()
        if self.peek() == "**":
            self.at += 1
            right = self.power()
            if right < 0:
                raise self.fail("exponent less than 0", 1)
            return wrap(pow(left, right, 1 << 64))
        return left

    def unary(self) -> int:
        op = self.peek()
        if op in ("++", "--"):
            self.at += 1
            if self.at < len(self.tokens) and self.tokens[self.at][0] == "name":
                name = self.tokens[self.at][1]
                self.at += 1
                result = wrap(self.variable(name) + (1 if op == "++" else -1))
                self.store(name, result)
                return result
            return self.unary()
        if op in ("!", "~", "-", "+"):
            self.at += 1
            value = self.unary()
            return {"!": int(not value), "~": ~value, "-": wrap(-value), "+": value}[op]
        return self.primary()

    def primary(self) -> int:
        if self.at >= len(self.tokens):
            raise self.fail("syntax error: operand expected", 1)
        kind, text, _ = self.tokens[self.at]
        self.at += 1
        if kind == "num":
            return number(text, self.text)
        if kind == "name":
            value = self.variable(text)
            if self.peek() in ("++", "--"):
                self.store(text, wrap(value + (1 if self.peek() == "++" else -1)))
                self.at += 1
            return value
        if text == "(":
            value = self.comma()
            if self.peek() != ")":
                raise self.fail("missing `)'", 1)
            self.at += 1
            return value
        raise self.fail("syntax error: operand expected", 1)

    def apply(self, op: str, a: int, b: int) -> int:
        if op in ("/", "%"):
            if b == 0:
                if self.skip:
                    return 0
                raise ArithmeticError_(f'{self.text.lstrip()}: division by 0 (error token is "{self.last_operand()}")')
            quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
            return wrap(quotient if op == "/" else a - b * quotient)
        table = {
            "+": a + b, "-": a - b, "*": a * b, "&": a & b, "|": a | b, "^": a ^ b,
            "==": int(a == b), "!=": int(a != b),
            "<": int(a < b), ">": int(a > b), "<=": int(a <= b), ">=": int(a >= b),
        }  # fmt: skip
        if op in table:
            return wrap(table[op])
        return wrap(a << (b & 63) if op == "<<" else a >> (b & 63))

    def last_operand(self) -> str:
        return self.text[self.tokens[self.at - 1][2] :]


def evaluate(text: str, get: Callable[[str], str | None], put: Callable[[str, str], None]) -> int:
    """The value of an expression.

    Args:
        get: the text of a variable or element, None when unset.
        put: called for an assignment.

    Raises:
        ArithmeticError_: with bash's message.
    """
    plain = text.strip()
    if plain.isdigit() and not plain.startswith("0"):
        return wrap(int(plain))
    return Evaluator(text, get, put).value()
