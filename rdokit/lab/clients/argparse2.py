"""The argument parser of Python 2.7, whose rules and errors the Havana clients show.

Python 3's argparse words its errors differently and has changed its matching
since; this small one keeps 2.7's: options may be abbreviated, options and
positionals may be mixed, "too few arguments" names no argument, and what is
left over is either an error or handed back (`parse_known`).

    parser = Parser("nova boot")
    parser.add("--flavor", metavar="<flavor>")
    parser.add("name", metavar="<name>")
    args = parser.parse(["--flav=1", "vm"])         # args.flavor == "1"

Errors are `UsageError`: print `.usage` and `.line` on stderr, exit `.status`.
Usage and help pages carry our own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from .tables import py2_repr, py2_str_repr

NEGATIVE = re.compile(r"^-\d+$|^-\d*\.\d+$")


class UsageError(Exception):
    """A wrong command line: `usage` (our own words) and `line`, the genuine last line."""

    def __init__(self, usage: str, line: str, status: int = 2):
        super().__init__(line)
        self.usage, self.line, self.status = usage, line, status


class Exit(Exception):
    """The parser has answered by itself (`--help`, `--version`): text for stdout or stderr."""

    def __init__(self, text: str, status: int = 0, stderr: bool = False):
        super().__init__(text)
        self.text, self.status, self.stderr = text, status, stderr


class TypeFailure(Exception):
    """Raised by a type function: the message is shown as it is (argparse.ArgumentTypeError)."""


@dataclass(eq=False)
class Arg:
    """One option (names begin with "-") or positional."""

    names: list[str]
    dest: str
    nargs: int | str | None = None  # None: one value; 0: a flag; "?", "*", "+", or "A..." (subcommands)
    action: str = "store"  # store, append, const, count, help, version
    const: Any = True
    type: Callable[[str], Any] | None = None
    choices: Sequence[Any] | None = None
    default: Any = None
    required: bool = False
    metavar: str | None = None
    hidden: bool = False
    help: str = ""
    group: int = 0  # members of the same group above 0 exclude each other
    commands: dict[str, Parser] | None = None

    @property
    def label(self) -> str:
        """How an error names it."""
        return "/".join(self.names) if self.names else (self.metavar or self.dest)


@dataclass
class Parser:
    """A parser of one command.

    Args:
        prog: what stands before ": error:".
        about: one sentence of our own for the help page.
        unicode: whether the client decoded its arguments first (neutron does: errors show u'…').
    """

    prog: str
    about: str = ""
    unicode: bool = False
    args: list[Arg] = field(default_factory=list)

    def add(self, *names: str, **kw: Any) -> Arg:
        """Add an argument; keywords as argparse's, `action` also as "store_true"."""
        action = kw.pop("action", "store")
        options = [n for n in names if n.startswith("-")]
        longs = [n for n in options if n.startswith("--")]
        dest = kw.pop("dest", None) or ((longs or options)[0].lstrip("-") if options else names[0])
        if action in ("store_true", "store_false"):
            kw |= {"nargs": 0, "const": action == "store_true", "default": kw.get("default", action == "store_false")}
            action = "const"
        elif action == "store_const":
            kw["nargs"], action = 0, "const"
        elif action in ("count", "help", "version"):
            kw["nargs"] = 0
        arg = Arg(options, dest.replace("-", "_") if options else dest, action=action, **kw)
        self.args.append(arg)
        return arg

    def subcommands(self, dest: str = "command", metavar: str = "<subcommand>") -> Arg:
        """Add the positional that chooses a subcommand; fill `.commands`."""
        arg = Arg([], dest, nargs="A...", metavar=metavar, commands={})
        self.args.append(arg)
        return arg

    # -- what a caller uses

    def parse(self, argv: Sequence[str]) -> SimpleNamespace:
        """Parse everything.

        Raises:
            UsageError: as the genuine parser.
            Exit: help or version was asked for.
        """
        found, extras = self.parse_known(argv)
        if extras:
            raise self.error(f"unrecognized arguments: {' '.join(extras)}")
        return found

    def parse_known(
        self, argv: Sequence[str], into: SimpleNamespace | None = None
    ) -> tuple[SimpleNamespace, list[str]]:
        """Parse what is known; the rest is handed back in order."""
        space = into or SimpleNamespace()
        for arg in self.args:
            if arg.action in ("help", "version") or arg.commands is not None:
                continue
            if not hasattr(space, arg.dest) and arg.default is not SUPPRESS:
                value = arg.default
                if arg.action == "append" and value is not None:
                    value = list(value)
                setattr(space, arg.dest, value)
        extras = _Run(self, space).go(list(argv))
        extras += space.__dict__.pop("_extras", [])
        return space, extras

    def error(self, message: str) -> UsageError:
        return UsageError(self.usage(), f"{self.prog}: error: {message}")

    # -- pages (own words)

    def usage(self) -> str:
        """One line, or a few, that lists what can be given."""
        words = []
        for arg in self.args:
            if arg.hidden:
                continue
            value = "" if arg.nargs == 0 else " " + (arg.metavar or arg.dest.upper())
            if not arg.names:
                words.append("<command> ..." if arg.commands is not None else (arg.metavar or arg.dest))
            elif arg.required:
                words.append(arg.names[0] + value)
            else:
                words.append(f"[{arg.names[0]}{value}]")
        lines, line = [], f"usage: {self.prog}"
        for word in words:
            if len(line) + len(word) + 1 > 78:
                lines.append(line)
                line = "      "
            line += " " + word
        return "\n".join([*lines, line]) + "\n"

    def help(self) -> str:
        """The help page: usage, what it does, what it takes."""
        text = self.usage()
        if self.about:
            text += f"\n{self.about}\n"
        shown = [a for a in self.args if not a.hidden and a.commands is None]
        if shown:
            text += "\nIt takes:\n"
        for arg in shown:
            value = "" if arg.nargs == 0 or not arg.names else " " + (arg.metavar or arg.dest.upper())
            text += f"  {(', '.join(arg.names) or arg.metavar or arg.dest) + value:<34}{arg.help}".rstrip() + "\n"
        for arg in self.args:
            if arg.commands:
                text += "\nCommands:\n"
                for name, sub in sorted(arg.commands.items()):
                    text += f"  {name:<32}{sub.about}".rstrip() + "\n"
        return text

    def show(self, text: str) -> str:
        """repr() of an argument as this client sees it."""
        return py2_repr(text) if self.unicode else py2_str_repr(text)


SUPPRESS = object()


class _Run:
    """One pass over a command line, by the rules of 2.7."""

    def __init__(self, parser: Parser, space: SimpleNamespace):
        self.parser, self.space = parser, space
        self.options = {name: arg for arg in parser.args for name in arg.names}
        self.positionals = [a for a in parser.args if not a.names]
        self.seen: set[int] = set()
        self.seen_group: dict[int, Arg] = {}
        self.extras: list[str] = []

    def go(self, argv: list[str]) -> list[str]:
        self.argv = argv
        self.found: dict[int, tuple[Arg | None, str, str | None]] = {}
        pattern = ""
        for index, text in enumerate(argv):
            if text == "--":
                pattern += "-" + "A" * (len(argv) - index - 1)
                break
            option = self._option(text)
            if option is None:
                pattern += "A"
            else:
                self.found[index] = option
                pattern += "O"
        self.pattern = pattern

        last = max(self.found, default=-1)
        start = 0
        while start <= last:
            next_option = min(i for i in self.found if i >= start)
            if start != next_option:
                end = self._take_positionals(start)
                if end > start:
                    start = end
                    continue
                start = end
            if start not in self.found:
                self.extras += argv[start:next_option]
                start = next_option
            start = self._take_option(start)
        stop = self._take_positionals(start)
        self.extras += argv[stop:]
        if self.positionals:
            raise self.parser.error("too few arguments")
        for arg in self.parser.args:
            if arg.required and id(arg) not in self.seen:
                raise self.parser.error(f"argument {arg.label} is required")
        return self.extras

    def _option(self, text: str) -> tuple[Arg | None, str, str | None] | None:
        """None for a plain value; else the option it means (None inside: unknown), its name, its =value."""
        if not text or text[0] != "-":
            return None
        if text in self.options:
            return self.options[text], text, None
        if len(text) == 1:
            return None
        if "=" in text:
            name, value = text.split("=", 1)
            if name in self.options:
                return self.options[name], name, value
        matches = self._abbreviated(text)
        if len(matches) > 1:
            names = ", ".join(m[1] for m in matches)
            raise self.parser.error(f"ambiguous option: {text} could match {names}")
        if matches:
            return matches[0]
        if NEGATIVE.match(text) or " " in text:
            return None
        return None, text, None

    def _abbreviated(self, text: str) -> list[tuple[Arg, str, str | None]]:
        if text.startswith("--"):
            prefix, _, value = text.partition("=")
            given = value if "=" in text else None
            return [(a, n, given) for n, a in self.options.items() if n.startswith(prefix)]
        short = [(a, n, text[2:]) for n, a in self.options.items() if n == text[:2]]
        return short + [(a, n, None) for n, a in self.options.items() if n.startswith(text) and n != text[:2]]

    def _take_option(self, start: int) -> int:
        arg, name, value = self.found[start]
        while True:
            if arg is None:
                self.extras.append(self.argv[start])
                return start + 1
            if value is not None:
                if arg.nargs == 0:
                    if not name.startswith("--") and value:
                        self._apply(arg, [], name)
                        name, value = "-" + value[0], value[1:] or None
                        if name not in self.options:
                            raise self._fail(arg, f"ignored explicit argument {self.parser.show(self.found[start][2])}")
                        arg = self.options[name]
                        continue
                    raise self._fail(arg, f"ignored explicit argument {self.parser.show(value)}")
                self._apply(arg, [value], name)
                return start + 1
            begin = start + 1
            match = re.match(_option_pattern(arg.nargs), self.pattern[begin:])
            if match is None:
                raise self._fail(arg, _expected(arg.nargs))
            stop = begin + len(match.group(1))
            self._apply(arg, self.argv[begin:stop], name)
            return stop

    def _take_positionals(self, start: int) -> int:
        rest = self.pattern[start:]
        for count in range(len(self.positionals), 0, -1):
            some = self.positionals[:count]
            match = re.match("".join(_positional_pattern(a.nargs) for a in some), rest)
            if match:
                break
        else:
            return start
        for arg, group in zip(some, match.groups(), strict=True):
            values = self.argv[start : start + len(group)]
            start += len(group)
            if arg.commands is None and "--" in values:
                values.remove("--")
            self._apply(arg, values, None)
        self.positionals = self.positionals[len(some) :]
        return start

    def _fail(self, arg: Arg, message: str) -> UsageError:
        return self.parser.error(f"argument {arg.label}: {message}")

    def _value(self, arg: Arg, text: str) -> Any:
        if arg.type is None:
            value: Any = text
        else:
            try:
                value = arg.type(text)
            except TypeFailure as failure:
                raise self._fail(arg, str(failure)) from None
            except (TypeError, ValueError, IndexError):
                name = getattr(arg.type, "__name__", repr(arg.type))
                raise self._fail(arg, f"invalid {name} value: {self.parser.show(text)}") from None
        if arg.choices is not None and value not in arg.choices:
            shown = self.parser.show(value) if isinstance(value, str) else repr(value)
            allowed = ", ".join(map(repr, arg.choices))
            raise self._fail(arg, f"invalid choice: {shown} (choose from {allowed})")
        return value

    def _apply(self, arg: Arg, texts: list[str], name: str | None) -> None:
        self.seen.add(id(arg))
        if arg.group:
            other = self.seen_group.setdefault(arg.group, arg)
            if other is not arg:
                raise self._fail(arg, f"not allowed with argument {other.label}")
        if arg.commands is not None:
            self._run_command(arg, texts)
        elif arg.action == "help":
            raise Exit(self.parser.help())
        elif arg.action == "version":
            raise Exit(str(arg.const) + "\n", stderr=True)
        elif arg.action == "count":
            setattr(self.space, arg.dest, (getattr(self.space, arg.dest, None) or 0) + 1)
        elif arg.action == "const":
            setattr(self.space, arg.dest, arg.const)
        elif arg.nargs == "?" and not texts:
            setattr(self.space, arg.dest, arg.default if not arg.names else arg.const)
        elif arg.nargs == "*" and not texts and not arg.names:
            setattr(self.space, arg.dest, arg.default if arg.default is not None else [])
        else:
            values = [self._value(arg, t) for t in texts]
            value = values[0] if arg.nargs in (None, "?") else values
            if arg.action == "append":
                setattr(self.space, arg.dest, [*(getattr(self.space, arg.dest, None) or []), value])
            else:
                setattr(self.space, arg.dest, value)

    def _run_command(self, arg: Arg, texts: list[str]) -> None:
        assert arg.commands is not None
        if texts and texts[0] == "--":
            texts = texts[1:]
        name = texts[0]
        if name not in arg.commands:
            allowed = ", ".join(repr(c) for c in arg.commands)
            raise self._fail(arg, f"invalid choice: {self.parser.show(name)} (choose from {allowed})")
        setattr(self.space, arg.dest, name)
        _, extras = arg.commands[name].parse_known(texts[1:], self.space)
        if extras:
            self.space.__dict__.setdefault("_extras", []).extend(extras)


def _option_pattern(nargs: int | str | None) -> str:
    if isinstance(nargs, int):
        return f"({'A' * nargs})"
    return {None: "(A)", "?": "(A?)", "*": "(A*)", "+": "(A+)"}[nargs]


def _positional_pattern(nargs: int | str | None) -> str:
    if isinstance(nargs, int):
        return f"(-*{'-*'.join('A' * nargs)}-*)"
    return {None: "(-*A-*)", "?": "(-*A?-*)", "*": "(-*[A-]*)", "+": "(-*A[A-]*)", "A...": "(-*A[-AO]*)"}[nargs]


def _expected(nargs: int | str | None) -> str:
    if isinstance(nargs, int):
        return f"expected {nargs} argument(s)"
    few = {None: "one argument", "?": "at most one argument", "+": "at least one argument"}
    return f"expected {few[nargs]}" if nargs in few else "expected 1 argument(s)"
