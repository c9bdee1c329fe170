"""What CentOS's C programs share: getopt's rules and its error texts, address checks, the namespace of a process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .process import Process


class UsageError(Exception):
    """A wrong option, in getopt's words (without the program's name)."""


@dataclass
class Options:
    """Parsed options: `flags` in the order given, `rest` the operands."""

    flags: list[tuple[str, str]] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)

    def has(self, *names: str) -> bool:
        return any(name in names for name, _ in self.flags)

    def get(self, *names: str, default: str = "") -> str:
        """The last value given to one of the options."""
        found = [value for name, value in self.flags if name in names]
        return found[-1] if found else default

    def all(self, *names: str) -> list[str]:
        return [value for name, value in self.flags if name in names]


def getopt(arguments: list[str], short: str = "", long: tuple[str, ...] = (), permute: bool = True) -> Options:
    """Parse as getopt_long(3): bundled short options, `--name=value`, unique abbreviations, `--`.

    Args:
        short: as in C, `c:` takes a value. long: names, `name=` takes a value.

    Raises:
        UsageError: `invalid option -- 'x'` and its sisters.

    >>> o = getopt(["-c3", "-q", "host"], "c:q"); o.get("c"), o.has("q"), o.rest
    ('3', True, ['host'])
    """
    out, queue = Options(), list(arguments)
    takes = {c for c, colon in zip(short, short[1:] + " ", strict=False) if colon == ":"}
    while queue:
        word = queue.pop(0)
        if word == "--":
            out.rest += queue
            break
        if word.startswith("--"):
            _long(word, queue, long, out)
        elif word.startswith("-") and len(word) > 1:
            _short(word[1:], queue, short.replace(":", ""), takes, out)
        else:
            out.rest.append(word)
            if not permute:
                out.rest += queue
                break
    return out


def _long(word: str, queue: list[str], long: tuple[str, ...], out: Options) -> None:
    name, equals, value = word[2:].partition("=")
    hits = [n for n in long if n.rstrip("=") == name] or [n for n in long if n.startswith(name)]
    if not hits:
        raise UsageError(f"unrecognized option '--{name}'")
    if len({h.rstrip("=") for h in hits}) > 1:
        raise UsageError(f"option '--{name}' is ambiguous")
    hit = hits[0]
    if hit.endswith("="):
        if not equals:
            if not queue:
                raise UsageError(f"option '--{hit.rstrip('=')}' requires an argument")
            value = queue.pop(0)
    elif equals:
        raise UsageError(f"option '--{hit}' doesn't allow an argument")
    out.flags.append((hit.rstrip("="), value))


def _short(letters: str, queue: list[str], known: str, takes: set[str], out: Options) -> None:
    for position, letter in enumerate(letters):
        if letter not in known or letter == ":":
            raise UsageError(f"invalid option -- '{letter}'")
        if letter in takes:
            value = letters[position + 1 :]
            if not value:
                if not queue:
                    raise UsageError(f"option requires an argument -- '{letter}'")
                value = queue.pop(0)
            out.flags.append((letter, value))
            return
        out.flags.append((letter, ""))


def netns(p: Process) -> str:
    """The network namespace a process runs in ("" is the node's own)."""
    return str(p.extra.get("netns", ""))


def network_changed(p: Process) -> None:
    """Tell the machine that addresses changed: a session whose address is gone is cut."""
    machine: Any = p.extra.get("machine")
    if machine is not None and hasattr(machine, "network_changed"):
        machine.network_changed(p)
    from . import services

    services.reconcile(p.world)


def needs_root(p: Process, message: str, status: int = 1) -> bool:
    """Print a message and say True when the user is not root."""
    if p.user == "root":
        return False
    p.error(message)
    p.extra["refused"] = status
    return True


def octets(mask: int) -> str:
    """255.255.255.0 of a prefix length.

    >>> octets(24), octets(0)
    ('255.255.255.0', '0.0.0.0')
    """
    bits = (0xFFFFFFFF << (32 - mask)) & 0xFFFFFFFF if mask else 0
    return ".".join(str((bits >> shift) & 255) for shift in (24, 16, 8, 0))
