"""/etc/hosts (document Step 4): each node's names on each node.

Lines of others stay as they are. A wanted name that stands at another address is taken from there, the
loopback line included: a node that finds itself at 127.0.0.1 gives others an address that leads nowhere.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence

from rdokit.edit import _lines
from rdokit.errors import EditError

PATH = "/etc/hosts"
Entry = tuple[str, Sequence[str]]
_LINE = re.compile(r"(\s*)([^\s#]+)(\s+)([^#]*?)(\s*(?:#.*)?)")
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")


def hosts_values(text: str) -> dict[str, str]:
    """name → address; the first line that holds a name counts.

    >>> hosts_values("127.0.0.1 localhost\\n192.168.0.11 node1.example.com node1 # controller\\n")["node1"]
    '192.168.0.11'
    """
    found: dict[str, str] = {}
    for line in _lines.split(text):
        match = _LINE.fullmatch(_lines.body(line))
        for name in match[4].split() if match else ():
            found.setdefault(name, match[2])
    return found


def hosts(text: str, entries: Iterable[Entry]) -> str:
    """The file with these entries: (address, [canonical name, alias, …]).

    Raises:
        EditError: an address or name that is none, or one name wanted at two addresses.

    >>> print(hosts("127.0.0.1 localhost node1\\n192.168.0.99 node2 # old\\n",
    ...             [("192.168.0.11", ["node1.example.com", "node1"]), ("192.168.0.12", ["node2"])]), end="")
    127.0.0.1 localhost
    192.168.0.12 node2 # old
    192.168.0.11 node1.example.com node1
    """
    wanted = [(address, list(names)) for address, names in entries]
    _check(wanted)
    lines = _lines.split(text)
    holders = _holders(lines)
    for address, names in wanted:  # a look at each line for each entry would be quadratic in the number of nodes
        numbers = set().union(*(holders.get(name.lower(), ()) for name in names))
        if not numbers:
            _lines.insert(lines, len(lines), [" ".join([address, *names])])
            holders |= {name.lower(): {len(lines) - 1} for name in names}
        elif len(numbers) > 1 or not _is_so(lines[min(numbers)], address, names):
            _put(lines, address, names)
            holders = _holders(lines)
    return _lines.join(lines, text)


def _holders(lines: list[str]) -> dict[str, set[int]]:
    """name → the numbers of the lines that hold it."""
    found: dict[str, set[int]] = {}
    for number, line in enumerate(lines):
        match = _LINE.fullmatch(_lines.body(line))
        for name in _names(match) if match else ():
            found.setdefault(name, set()).add(number)
    return found


def _is_so(line: str, address: str, names: list[str]) -> bool:
    match = _LINE.fullmatch(_lines.body(line))
    present = match[4].lower().split()
    return match[2] == address and present[: len(names)] == [name.lower() for name in names]


def _check(wanted: list[tuple[str, list[str]]]) -> None:
    owner: dict[str, str] = {}
    for address, names in wanted:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise EditError(f"{address!r} is no address", PATH) from None
        if not names:
            raise EditError(f"{address} has no name", PATH)
        for name in names:
            if not _NAME.fullmatch(name):
                raise EditError(f"{name!r} is no host name", PATH)
            if owner.setdefault(name.lower(), address) != address:
                raise EditError(f"{name} is wanted at {owner[name.lower()]} and at {address}", PATH)


def _put(lines: list[str], address: str, names: list[str]) -> None:
    lowered = {name.lower() for name in names}
    parsed = {i: m for i, line in enumerate(lines) if (m := _LINE.fullmatch(_lines.body(line)))}
    place = next((i for i, m in parsed.items() if m[2] == address and lowered & _names(m)), None)
    for i in sorted(parsed, reverse=True):
        match = parsed[i]
        if not (i != place and lowered & _names(match) and _rival(match[2], address)):
            continue
        others = [name for name in match[4].split() if name.lower() not in lowered]
        if others:
            new = match[1] + match[2] + match[3] + " ".join(others) + match[5]
        elif place is None and i == min(j for j, m in parsed.items() if _only(m, lowered) and _rival(m[2], address)):
            new = match[1] + address + match[3] + " ".join(names) + match[5]
            place = -1
        else:
            del lines[i]
            if place is not None and place > i:
                place -= 1
            continue
        lines[i] = _lines.with_body(lines[i], new)
    if place is None:
        _lines.insert(lines, len(lines), [" ".join([address, *names])])
    elif place >= 0 and not _is_so(lines[place], address, names):
        match = _LINE.fullmatch(_lines.body(lines[place]))
        kept = [name for name in match[4].split() if name.lower() not in lowered]
        new = match[1] + address + match[3] + " ".join([*names, *kept]) + match[5]
        lines[place] = _lines.with_body(lines[place], new)


def _only(match: re.Match, lowered: set[str]) -> bool:
    return _names(match) <= lowered


def _names(match: re.Match) -> set[str]:
    return {name.lower() for name in match[4].split()}


def _rival(other: str, address: str) -> bool:
    """Whether a name at `other` would be found instead of the one at `address`."""
    if other == address:
        return False
    try:
        theirs, ours = ipaddress.ip_address(other.partition("%")[0]), ipaddress.ip_address(address)
    except ValueError:
        return False
    return theirs.version == ours.version or theirs.is_loopback
