"""printf(1) and the builtin: formats in bash's way, reused while arguments are left.

>>> format_all("%s-%03d\\n", ["a", "7", "b", "x"])
('a-007\\nb-000\\n', ['x: invalid number'])
"""

from __future__ import annotations

import re
from decimal import Decimal

from .builtins import unescape
from .expand import shell_quote

DIRECTIVE = re.compile(
    r"%(?P<flags>[-+ #0']*)(?P<width>\*|\d+)?(?:\.(?P<precision>\*|-?\d*))?[hlLjzt]*(?P<kind>[a-zA-Z%])"
)


def number_of(text: str, errors: list[str]) -> int:
    if text[:1] in ("'", '"') and len(text) > 1:
        return ord(text[1])
    match = re.match(r"\s*([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)", text)
    if text and (not match or match.end() != len(text)):
        errors.append(f"{text}: invalid number")
    if not match:
        return 0
    digits = match[2]
    value = int(digits, 16) if digits[:2].lower() == "0x" else int(digits, 8) if digits[0] == "0" else int(digits)
    return -value if match[1] == "-" else value


def float_of(text: str, errors: list[str]) -> float:
    try:
        return float(text) if text else 0.0
    except ValueError:
        errors.append(f"{text}: invalid number")
        match = re.match(r"\s*[-+]?\d*\.?\d+", text)
        return float(match[0]) if match else 0.0


def format_all(form: str, args: list[str]) -> tuple[str, list[str]]:
    """(text, error messages)."""
    errors: list[str] = []
    out: list[str] = []
    rest = list(args)
    while True:
        before = len(rest)
        text, stop = format_once(form, rest, errors)
        out.append(text)
        if stop or not rest or len(rest) == before:
            joined = "".join(out)
            return joined.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape"), errors


def format_once(form: str, rest: list[str], errors: list[str]) -> tuple[str, bool]:
    out: list[str] = []
    pos = 0
    while pos < len(form):
        at = form.find("%", pos)
        literal = form[pos:] if at < 0 else form[pos:at]
        if literal:
            text, stopped = unescape(literal.replace('\\"', '"').replace("\\'", "'"), octal_zero=False)
            out.append(text)
            if stopped:
                return "".join(out), True
        if at < 0:
            break
        match = DIRECTIVE.match(form, at)
        if not match:
            errors.append(
                f"`{form[at : at + 2]}': invalid format character"
                if at + 1 < len(form)
                else f"`{form[at:]}': missing format character"
            )
            return "".join(out), True
        pos = match.end()
        text, stopped = directive(match, rest, errors)
        out.append(text)
        if stopped:
            return "".join(out), True
    return "".join(out), False


def real_number(flags: str, width: str, tail: str, kind: str, arg: str, errors: list[str]) -> str:
    """%f and its like. bash counts in long double: 99.55 is rounded as it is written, not as a double is."""
    value = float_of(arg, errors)
    if kind in "fF" and re.fullmatch(r"[-+]?\d+\.\d+", arg):
        exact = Decimal(arg)
        text = f"{exact:.{int(tail[1:] or 0) if tail else 6}f}"
        sign = "" if text.startswith("-") else "+" if "+" in flags else " " if " " in flags else ""
        if "-" in flags:
            return (sign + text).ljust(int(width or 0))
        return (sign + text).zfill(int(width or 0)) if "0" in flags else (sign + text).rjust(int(width or 0))
    return ("%" + flags + width + tail + kind) % value


def directive(match: re.Match[str], rest: list[str], errors: list[str]) -> tuple[str, bool]:
    kind = match["kind"]
    if kind == "%":
        return "%", False
    flags = match["flags"]
    width = match["width"]
    if width == "*":
        value = number_of(rest.pop(0) if rest else "", errors)
        flags, width = (flags + "-", str(-value)) if value < 0 else (flags, str(value))
    precision = match["precision"]
    if precision == "*":
        precision = str(number_of(rest.pop(0) if rest else "", errors))
    arg = rest.pop(0) if rest else ""
    tail = f".{precision or 0}" if precision is not None and not str(precision).startswith("-") else ""
    stopped = False
    if kind in "di":
        body = ("%" + flags + (width or "") + tail + "d") % number_of(arg, errors)
    elif kind in "ouxX":
        value = number_of(arg, errors) & (1 << 64) - 1
        text = ("%" + flags + (width or "") + tail + ("d" if kind == "u" else kind)) % value
        body = text.replace("0o", "0", 1)
    elif kind in "eEfFgG":
        body = real_number(flags, width or "", tail, kind, arg, errors)
    else:
        if kind == "c":
            text = arg[:1]
        elif kind == "b":
            text, stopped = unescape(arg, octal_zero=True)
        elif kind == "q":
            text = quoted(arg)
        elif kind == "s":
            text = arg
        else:
            errors.append(f"`{kind}': invalid format character")
            return "", True
        if tail and kind in "sb":
            text = text[: int(tail[1:])]
        size = int(width or 0)
        body = text.ljust(size) if "-" in flags else text.rjust(size)
    return body, stopped


def quoted(text: str) -> str:
    """%q: with backslashes where it is short."""
    if not text:
        return "''"
    if re.search(r"[\x00-\x1f\x7f]", text):
        out = "".join(
            {"\n": "\\n", "\t": "\\t", "'": "\\'", "\\": "\\\\"}.get(c, f"\\{ord(c):03o}" if ord(c) < 32 else c)
            for c in text
        )
        return f"$'{out}'"
    if re.fullmatch(r"[\w@%+=:./-]+", text):
        return text
    return re.sub(r"([^\w@%+=:./-])", lambda m: m[0] if ord(m[0]) > 127 else "\\" + m[0], text)


__all__ = ["format_all", "shell_quote"]
