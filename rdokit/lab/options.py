"""getopt_long for the lab's commands, with the messages of glibc and coreutils 8.4.

>>> o = parse_args("head", ["-n", "3", "--quiet", "f", "-v"], "n:qv", {"quiet": "q", "lines=": "n"})
>>> o.all, o.args, o.value("n")
([('n', '3'), ('q', ''), ('v', '')], ['f'], '3')
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .process import Missing, Process


class UsageError(Missing):
    """A wrong option: the whole text for stderr and the status."""


@dataclass
class Options:
    all: list[tuple[str, str]] = field(default_factory=list)
    args: list[str] = field(default_factory=list)

    def has(self, *names: str) -> bool:
        return any(name in names for name, _ in self.all)

    def value(self, name: str, default: str | None = None) -> str | None:
        """The last value given."""
        return next((v for n, v in reversed(self.all) if n == name), default)

    def values(self, name: str) -> list[str]:
        return [v for n, v in self.all if n == name]

    def last(self, names: str, default: str = "") -> str:
        """Which of several options came last (later ones win)."""
        return next((n for n, _ in reversed(self.all) if n in names), default)


def parse_args(
    name: str, args: list[str], short: str, long: dict[str, str] | None = None, status: int = 1, permute: bool = True
) -> Options:
    """Split options from arguments.

    Args:
        short: getopt's string; `x:` takes a value, `x::` may have one attached.
        long: "name" or "name=" or "name=?" (optional value) -> short letter (or any key).
        permute: options may follow arguments, as GNU does it; a leading "+" in POSIX.

    Raises:
        UsageError: with getopt's message and the Try line.
    """
    long = long or {}
    takes = {}
    i = 0
    while i < len(short):
        letter = short[i]
        count = 2 if short.startswith("::", i + 1) else 1 if short.startswith(":", i + 1) else 0
        takes[letter] = count
        i += 1 + count
    names = {
        key.rstrip("=?"): (value, 2 if key.endswith("=?") else 1 if key.endswith("=") else 0)
        for key, value in long.items()
    }
    out = Options()
    rest = list(args)

    def fail(message: str) -> UsageError:
        return UsageError(f"{name}: {message}\nTry `{name} --help' for more information.", status)

    while rest:
        arg = rest.pop(0)
        if arg == "--":
            out.args += rest
            break
        if arg.startswith("--"):
            key, equals, value = arg[2:].partition("=")
            exact = [key] if key in names else sorted(n for n in names if n.startswith(key))
            if not exact:
                raise fail(f"unrecognized option '{arg}'")
            if len(exact) > 1 and len({names[n] for n in exact}) > 1:
                raise fail(f"option '{arg.split('=')[0]}' is ambiguous")
            target, kind = names[exact[0]]
            if kind == 0 and equals:
                raise fail(f"option '--{exact[0]}' doesn't allow an argument")
            if kind == 1 and not equals:
                if not rest:
                    raise fail(f"option '--{exact[0]}' requires an argument")
                value = rest.pop(0)
            out.all.append((target, value))
        elif arg.startswith("-") and len(arg) > 1:
            letters = arg[1:]
            while letters:
                letter, letters = letters[0], letters[1:]
                if letter not in takes:
                    raise fail(f"invalid option -- '{letter}'")
                if takes[letter] == 0:
                    out.all.append((letter, ""))
                    continue
                if takes[letter] == 1 and not letters:
                    if not rest:
                        raise fail(f"option requires an argument -- '{letter}'")
                    letters = rest.pop(0)
                out.all.append((letter, letters))
                letters = ""
        else:
            out.args.append(arg)
            if not permute:
                out.args += rest
                break
    return out


def parse(p: Process, short: str, long: dict[str, str] | None = None, status: int = 1, permute: bool = True) -> Options:
    """Options of a process."""
    return parse_args(p.argv[0], p.argv[1:], short, long, status, permute)


def missing_operand(p: Process, after: str | None = None, status: int = 1) -> UsageError:
    """`cp: missing file operand`, or `cp: missing destination file operand after `x'`."""
    text = f"missing destination file operand after `{after}'" if after is not None else "missing operand"
    return UsageError(f"{p.argv[0]}: {text}\nTry `{p.argv[0]} --help' for more information.", status)
