"""Small programs: echo, printf, test, expr, seq, yes, basename, which, uname, tty, clear, logger …"""

from __future__ import annotations

import asyncio
import posixpath
import re

from .. import clock
from ..options import UsageError, missing_operand, parse
from ..process import Missing, Process, command
from ..regex import RegexError, compile_posix
from ..shell import testing
from ..shell.builtins import echo_text
from ..shell.printf import format_all


@command("true", path="/bin")
async def true(p: Process) -> int:
    return 0


@command("false", path="/bin")
async def false(p: Process) -> int:
    return 1


@command("echo", path="/bin")
async def echo(p: Process) -> int:
    p.stdout.write(echo_text(p.argv[1:]))
    return 0


@command("printf")
async def printf(p: Process) -> int:
    if len(p.argv) < 2:
        raise missing_operand(p)
    text, errors = format_all(p.argv[1], p.argv[2:])
    for message in errors:
        p.error(f"printf: {message}")
    p.stdout.write(text)
    return 1 if errors else 0


@command("test", "[")
async def test(p: Process) -> int:
    args = p.argv[1:]
    if p.name == "[":
        if not args or args[-1] != "]":
            p.error("[: missing `]'")
            return 2
        args = args[:-1]
    context = testing.Context(p.node.fs, p.cwd, p.user, p.fds, None, p.node)
    context.p = p
    try:
        return int(not testing.test(context, args))
    except testing.TestError as err:
        p.error(f"{p.name}: {err}")
        return 2


@command("pwd", path="/bin")
async def pwd(p: Process) -> int:
    p.print(p.node.fs.realpath(p.cwd))
    return 0


@command("yes")
async def yes(p: Process) -> int:
    block = (" ".join(p.argv[1:] or ["y"]) + "\n") * 512
    while True:
        p.stdout.write(block)
        await p.stdout.drain()


@command("seq")
async def seq(p: Process) -> int:
    args = p.argv[1:]
    sep, width, form = "\n", False, ""
    while args and re.match(r"-[a-zA-Z-]", args[0]):
        flag = args.pop(0)
        if flag == "-w" or flag == "--equal-width":
            width = True
        elif flag.startswith("-s"):
            sep = flag[2:] or args.pop(0)
        elif flag.startswith("--separator="):
            sep = flag.split("=", 1)[1]
        elif flag.startswith("-f"):
            form = flag[2:] or args.pop(0)
        else:
            raise UsageError(f"seq: invalid option -- '{flag[1]}'\nTry `seq --help' for more information.")
    if not args:
        raise missing_operand(p)
    if len(args) > 3:
        raise UsageError(f"seq: extra operand `{args[3]}'\nTry `seq --help' for more information.")
    try:
        numbers = [float(a) for a in args]
    except ValueError:
        bad = next(a for a in args if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", a))
        raise UsageError(
            f"seq: invalid floating point argument: {bad}\nTry `seq --help' for more information."
        ) from None
    first = numbers[0] if len(args) > 1 else 1.0
    step = numbers[1] if len(args) == 3 else 1.0
    last = numbers[-1]
    places = max(len(a.split(".")[1]) if "." in a else 0 for a in (args[:2] if len(args) > 1 else args[:1]))
    if not step:
        step = 0.0
    count = int((last - first) / step + 1e-10) + 1 if step else (1 << 60 if first <= last else 0)
    size = (
        max(len(f"{first:.{places}f}"), len(f"{first + (count - 1) * step:.{places}f}"))
        if width and count > 0 and step
        else 0
    )
    batch: list[str] = []
    for i in range(max(0, count)):
        value = first + i * step
        text = form % value if form else f"{value:0{size}.{places}f}" if size else f"{value:.{places}f}"
        batch.append((sep if i else "") + text)
        if len(batch) == 2048:
            p.stdout.write("".join(batch))
            batch.clear()
            await p.stdout.drain()
    p.stdout.write("".join(batch) + ("\n" if count > 0 else ""))
    return 0


@command("basename", path="/bin")
async def basename(p: Process) -> int:
    o = parse(p, "as:z", {"multiple": "a", "suffix=": "s"})
    if not o.args:
        raise missing_operand(p)
    suffix = o.value("s") or (o.args[1] if len(o.args) > 1 and not o.has("a", "s") else "")
    for name in o.args if o.has("a", "s") else o.args[:1]:
        base = posixpath.basename(name.rstrip("/")) or ("/" if name.startswith("/") else "")
        if suffix and base.endswith(suffix) and base != suffix:
            base = base[: -len(suffix)]
        p.print(base)
    return 0


@command("dirname")
async def dirname(p: Process) -> int:
    if len(p.argv) < 2:
        raise missing_operand(p)
    for name in p.argv[1:]:
        stripped = name.rstrip("/")
        head = posixpath.dirname(stripped).rstrip("/") if stripped else "/"
        p.print(head or ("/" if name.startswith("/") else "."))
    return 0


@command("which", package="which")
async def which(p: Process) -> int:
    args = p.argv[1:]
    everything = "-a" in args or "--all" in args
    aliases: dict[str, str] = {}
    if "--read-alias" in args or "-i" in args:
        for line in (await p.stdin.read()).decode("utf-8", "replace").splitlines():
            match = re.match(r"(?:alias )?([^=]+)='(.*)'$", line)
            if match:
                aliases[match[1]] = match[2].replace("'\\''", "'")
    names = [a for a in args if not a.startswith("-")]
    status = 0
    path = p.env.get("PATH", "")
    for name in names:
        found = []
        if "/" in name:
            found = [name] if p.node.fs.isfile(p.full(name)) and p.node.fs.access(p.full(name), 1, p.user) else []
        else:
            if name in aliases:
                p.print(f"alias {name}='{aliases[name]}'")
                first = aliases[name].split()[0]
                for hit in p.machine.which(first, path, p.cwd, p.user):
                    p.print(f"\t{hit}")
                continue
            found = p.machine.which(name, path, p.cwd, p.user, everything)
        for hit in found:
            p.print(hit)
        if not found:
            where = f"({path})" if "/" not in name else f"({posixpath.dirname(name)})"
            p.error(f"/usr/bin/which: no {posixpath.basename(name)} in {where}")
            status += 1
    return status


@command("whereis")
async def whereis(p: Process) -> int:
    for name in p.argv[1:]:
        found = p.machine.which(name, "/bin:/sbin:/usr/bin:/usr/sbin", everything=True)
        p.print(f"{name}:" + "".join(f" {f}" for f in found))
    return 0


@command("arch", path="/bin")
async def arch(p: Process) -> int:
    p.print("x86_64")
    return 0


@command("tty")
async def tty(p: Process) -> int:
    if p.stdin.isatty() and p.tty is not None:
        p.print(f"/dev/{p.tty.name}")  # type: ignore[attr-defined]
        return 0
    if "-s" not in p.argv:
        p.print("not a tty")
    return 1


@command("stty", path="/bin")
async def stty(p: Process) -> int:
    terminal = p.tty
    if terminal is None or not p.stdin.isatty():
        p.error("stty: standard input: Invalid argument")
        return 1
    args = p.argv[1:]
    if not args or args == ["-a"]:
        p.print(f"speed 38400 baud; rows {terminal.height}; columns {terminal.width}; line = 0;")
        p.print(f"{'' if terminal.echo else '-'}echo")  # type: ignore[attr-defined]
    elif args == ["size"]:
        p.print(f"{terminal.height} {terminal.width}")
    elif args == ["-g"]:
        p.print("500:5:bf:8a3b:3:1c:7f:15:4:0:1:0:11:13:1a:0:12:f:17:16:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0")
    for number, arg in enumerate(args):
        if arg in ("echo", "-echo"):
            terminal.echo = arg == "echo"  # type: ignore[attr-defined]
        elif arg in ("raw", "-icanon"):
            terminal.canonical = False  # type: ignore[attr-defined]
        elif arg in ("sane", "icanon", "cooked", "-raw"):
            terminal.sane()  # type: ignore[attr-defined]
        elif arg in ("cols", "columns", "rows") and number + 1 < len(args):
            setattr(terminal, "width" if arg[0] == "c" else "height", int(args[number + 1]))
    return 0


@command("clear")
async def clear(p: Process) -> int:
    p.stdout.write("\x1b[H\x1b[2J")
    return 0


@command("reset", "tset")
async def reset(p: Process) -> int:
    if p.tty is not None:
        p.tty.sane()  # type: ignore[attr-defined]
    p.stdout.write("\x1bc")
    return 0


@command("tput")
async def tput(p: Process) -> int:
    name = (p.argv[1:] or [""])[0]
    sizes = {"cols": p.tty.width if p.tty else 80, "lines": p.tty.height if p.tty else 24, "colors": 8}
    codes = {"clear": "\x1b[H\x1b[2J", "bold": "\x1b[1m", "sgr0": "\x1b(B\x1b[m", "smso": "\x1b[7m", "rmso": "\x1b[27m"}
    if name in sizes:
        p.print(str(sizes[name]))
    elif name == "setaf":
        p.stdout.write(f"\x1b[3{p.argv[2]}m")
    else:
        p.stdout.write(codes.get(name, ""))
    return 0


@command("logger")
async def logger(p: Process) -> int:
    o = parse(p, "isf:p:t:u:d", permute=False)
    text = " ".join(o.args) if o.args else (await p.stdin.read()).decode("utf-8", "replace").rstrip("\n")
    stamp = clock.now(p.node, p.env).strftime("%b %e %H:%M:%S")
    host = str(p.node.extra.get("hostname") or p.node.fqdn).split(".")[0]
    for line in text.split("\n"):
        p.node.fs.write("/var/log/messages", f"{stamp} {host} {o.value('t') or p.user}: {line}\n", append=True)
    return 0


@command("man", package="man")
async def man(p: Process) -> int:
    names = [a for a in p.argv[1:] if not a.startswith("-") and not a.isdigit()]
    if not names:
        p.error("What manual page do you want?")
        return 1
    p.error(f"No manual entry for {names[0]}")
    return 16


@command("locale")
async def locale(p: Process) -> int:
    if "-a" in p.argv:
        p.print("C\nPOSIX\nen_US\nen_US.utf8\nja_JP.utf8")
        return 0
    lang = p.env.get("LANG", "")
    p.print(f"LANG={lang}")
    for name in (
        "CTYPE",
        "NUMERIC",
        "TIME",
        "COLLATE",
        "MONETARY",
        "MESSAGES",
        "PAPER",
        "NAME",
        "ADDRESS",
        "TELEPHONE",
        "MEASUREMENT",
        "IDENTIFICATION",
    ):
        own = p.env.get(f"LC_{name}")
        p.print(f'LC_{name}="{p.env.get("LC_ALL") or own or lang or "POSIX"}"' if own is None else f"LC_{name}={own}")
    p.print(f"LC_ALL={p.env.get('LC_ALL', '')}")
    return 0


@command("getconf")
async def getconf(p: Process) -> int:
    values = {
        "LONG_BIT": "64",
        "PAGESIZE": "4096",
        "PAGE_SIZE": "4096",
        "ARG_MAX": "2621440",
        "_NPROCESSORS_ONLN": str(p.node.spec.cpus),
        "NAME_MAX": "255",
    }
    name = (p.argv[1:] or [""])[0]
    if name not in values:
        p.error(f"getconf: Unrecognized variable `{name}'")
        return 2
    p.print(values[name])
    return 0


@command("usleep", path="/bin")
async def usleep(p: Process) -> int:
    await asyncio.sleep(int((p.argv[1:] or ["1"])[0]) / 1e6)
    return 0


@command("time")
async def time_command(p: Process) -> int:
    import time

    args = [a for a in p.argv[1:] if a != "-p"]
    begun = time.monotonic()
    status = await p.spawn(args)  # type: ignore[misc]
    seconds = time.monotonic() - begun
    p.error(f"real {seconds:.2f}\nuser 0.00\nsys 0.00")
    return status


# -- expr --------------------------------------------------------------------------------------------------------


class ExprError(Exception):
    """Status 2, or 3."""


class Expr:
    """expr(1) by precedence."""

    LEVELS = [["|"], ["&"], ["<", "<=", "=", "==", "!=", ">=", ">"], ["+", "-"], ["*", "/", "%"], [":"]]

    def __init__(self, args: list[str]):
        self.args, self.at = args, 0

    def peek(self) -> str | None:
        return self.args[self.at] if self.at < len(self.args) else None

    def level(self, depth: int) -> str:
        if depth == len(self.LEVELS):
            return self.primary()
        left = self.level(depth + 1)
        while self.peek() in self.LEVELS[depth]:
            op = self.args[self.at]
            self.at += 1
            left = self.apply(op, left, self.level(depth + 1))
        return left

    def primary(self) -> str:
        word = self.peek()
        if word is None:
            raise ExprError("syntax error")
        self.at += 1
        if word == "(":
            value = self.level(0)
            if self.peek() != ")":
                raise ExprError("syntax error")
            self.at += 1
            return value
        if word == "length" and self.peek() is not None:
            return str(len(self.primary()))
        if word == "substr" and len(self.args) - self.at >= 3:
            text, start, count = self.primary(), self.primary(), self.primary()
            return text[int(start) - 1 : int(start) - 1 + int(count)] if int(start) > 0 else ""
        if word == "index" and len(self.args) - self.at >= 2:
            text, chars = self.primary(), self.primary()
            return str(next((i + 1 for i, c in enumerate(text) if c in chars), 0))
        if word == "match" and len(self.args) - self.at >= 2:
            return self.apply(":", self.primary(), self.primary())
        return word

    @staticmethod
    def null(text: str) -> bool:
        return text == "" or re.fullmatch(r"-?0+", text) is not None

    def apply(self, op: str, a: str, b: str) -> str:
        if op == "|":
            return a if not self.null(a) else b if not self.null(b) else "0"
        if op == "&":
            return a if not self.null(a) and not self.null(b) else "0"
        if op == ":":
            try:
                match = compile_posix(b).match(a)
            except RegexError as err:
                raise ExprError(str(err)) from None
            groups = compile_posix(b).groups
            if match is None:
                return "" if groups else "0"
            return (match[1] or "") if groups else str(match.end())
        whole = re.compile(r"-?\d+").fullmatch
        if op in ("<", "<=", "=", "==", "!=", ">=", ">"):
            x, y = (int(a), int(b)) if whole(a) and whole(b) else (a, b)
            return str(
                int({"<": x < y, "<=": x <= y, "=": x == y, "==": x == y, "!=": x != y, ">=": x >= y, ">": x > y}[op])
            )  # type: ignore[operator]
        if not (whole(a) and whole(b)):
            raise ExprError("non-numeric argument")
        m, n = int(a), int(b)
        if op in "/%" and n == 0:
            raise ExprError("division by zero")
        quotient = abs(m) // abs(n) * (1 if (m < 0) == (n < 0) else -1) if op in "/%" else 0
        return str({"+": m + n, "-": m - n, "*": m * n, "/": quotient, "%": m - n * quotient}[op])


@command("expr")
async def expr(p: Process) -> int:
    if len(p.argv) < 2:
        raise missing_operand(p, status=2)
    parser = Expr(p.argv[1:])
    try:
        value = parser.level(0)
        if parser.peek() is not None:
            raise ExprError("syntax error")
    except ExprError as err:
        raise Missing(f"expr: {err}", 2) from None
    p.print(value)
    return 1 if Expr.null(value) else 0


@command("bc", package="bc")
async def bc(p: Process) -> int:
    """Integers and `scale`: enough for a runbook's arithmetic."""
    scale = 20 if "-l" in p.argv else 0
    async for raw in p.input_lines([a for a in p.argv[1:] if not a.startswith("-")]):
        for text in raw.decode("utf-8", "replace").split("#")[0].split(";"):
            text = text.strip()
            match = re.fullmatch(r"scale\s*=\s*(\d+)", text)
            if match:
                scale = int(match[1])
            elif text == "quit":
                return 0
            elif text:
                if not re.fullmatch(r"[\d\s.+*/%^()<>=!&|-]+", text):
                    p.error("(standard_in) 1: syntax error")
                    continue
                p.print(bc_value(text, scale))
    return 0


def bc_value(text: str, scale: int) -> str:
    from decimal import ROUND_DOWN, Decimal, getcontext

    getcontext().prec = 60
    source = re.sub(r"(\d+\.?\d*|\.\d+)", r"Decimal('\1')", text.replace("^", "**"))
    try:
        value = eval(source, {"__builtins__": {}, "Decimal": Decimal})  # noqa: S307 - only digits and operators came through
    except (SyntaxError, ArithmeticError, ValueError, TypeError):
        return "0"
    if isinstance(value, bool):
        return str(int(value))
    if "/" in text:
        value = value.quantize(Decimal(1).scaleb(-scale), ROUND_DOWN)
    out = format(value, "f")
    return re.sub(r"^(-?)0\.", r"\1.", out)
