"""`ip addr`, `ip link`, `ip route`, `ip netns`, in the long form and with `-o`.

    2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UP qlen 1000
        link/ether 52:54:00:92:05:ad brd ff:ff:ff:ff:ff:ff
        inet 192.168.0.11/24 brd 192.168.0.255 scope global eth0
"""

from __future__ import annotations

import re
from typing import Any

from rdokit.errors import ParseError

ADDRESS_COLUMNS = ("device", "family", "address", "prefix", "scope", "label")
LINK_COLUMNS = ("device", "index", "mtu", "state", "up", "mac", "flags", "peer", "master")
ROUTE_COLUMNS = ("to", "via", "device", "source", "scope", "proto", "metric")

_HEAD = re.compile(r"(\d+): ([^\s:@]+)(?:@([^\s:]+))?: <([^>]*)>(.*)")
_ONELINE = re.compile(r"(\d+): (\S+)\s+(inet6?|link/\S+) (.*)")
_MORE = re.compile(r"valid_lft|[RT]X:|alias|promiscuity|link/|[\d ]+$")  # lines of a device that we do not need
_INET = re.compile(r"(inet6?) ([0-9a-fA-F.:]+)(?: peer (\S+?))?(?:/(\d+))?( .*)?")


def links(text: str, *, tool: str = "ip link") -> list[dict[str, Any]]:
    """One row per device of `ip link` or `ip addr`.

    Raises:
        ParseError: a line that is not of this output.

    >>> links("1: lo: <LOOPBACK,UP> mtu 16436 qdisc noqueue state UNKNOWN \\n    link/loopback 00:00:00:00:00:00\\n")[0]["mtu"]
    16436
    """  # noqa: E501
    return _read(text, tool)[0]


def addresses(text: str, *, tool: str = "ip addr") -> list[dict[str, Any]]:
    """One row per address of `ip addr` or `ip -o addr`.

    >>> addresses("2: eth0    inet 192.168.0.11/24 brd 192.168.0.255 scope global eth0\\n")[0]["address"]
    '192.168.0.11'
    """
    return _read(text, tool)[1]


def _read(text: str, tool: str) -> tuple[list[dict], list[dict]]:
    found: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(text.replace("\\\n", "\n").replace("\\", "\n").split("\n"), 1):
        content = line.strip()
        head, one = _HEAD.fullmatch(line.rstrip()), _ONELINE.fullmatch(line.rstrip())
        if head:
            found.append(_link(head))
        elif one and one[3].startswith("inet"):
            rows.append(_address(f"{one[3]} {one[4]}", one[2].partition("@")[0], tool, number, line))
        elif content.startswith("link/") and found:
            found[-1]["mac"] = (content.split() + [None])[1]
        elif content.startswith(("inet ", "inet6 ")) and found:
            rows.append(_address(content, found[-1]["device"], tool, number, line))
        elif content and not _MORE.match(content):
            raise ParseError("neither a device nor its address", tool, number, line)
    return found, rows


def _link(match: re.Match) -> dict[str, Any]:
    words = match[5].split()
    said = dict(zip(words[::2], words[1::2], strict=False))
    flags = match[4].split(",")
    return {
        "device": match[2], "index": int(match[1]), "mtu": int(said.get("mtu", 0)), "state": said.get("state", ""),
        "up": "UP" in flags, "mac": None, "flags": flags, "peer": match[3], "master": said.get("master"),
    }  # fmt: skip


def _address(content: str, device: str, tool: str, number: int, line: str) -> dict[str, Any]:
    match = _INET.fullmatch(content)
    if not match:
        raise ParseError("an address with a prefix expected", tool, number, line)
    scope = re.search(r"scope (\S+)", match[5] or "")
    words = (match[5] or "").split()
    label = words[-1] if match[1] == "inet" and words and words[-1].startswith(device) else device
    full = 32 if match[1] == "inet" else 128
    return {
        "device": device, "family": match[1], "address": match[2], "prefix": int(match[4] or full),
        "scope": scope[1] if scope else "", "label": label,
    }  # fmt: skip


def routes(text: str, *, tool: str = "ip route") -> list[dict[str, Any]]:
    """One row per route of `ip route`.

    Raises:
        ParseError: a line that is no route.

    >>> routes("default via 192.168.1.1 dev br-ex \\n")[0]["via"]
    '192.168.1.1'
    """
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if not words:
            continue
        kind = words.pop(0) if words[0] in ("unreachable", "blackhole", "prohibit", "broadcast", "local") else ""
        if not words or not re.fullmatch(r"default|[0-9a-fA-F.:]+(/\d+)?", words[0]):
            raise ParseError("a destination expected", tool, number, line)
        named = _named(words[1:])
        if not kind and not {"via", "dev", "nexthop"} & set(named):
            raise ParseError("neither via nor dev: the line is cut", tool, number, line)
        metric = named.get("metric")
        rows.append({
            "to": words[0], "via": named.get("via"), "device": named.get("dev"), "source": named.get("src"),
            "scope": named.get("scope"), "proto": named.get("proto"), "metric": int(metric) if metric else None,
        })  # fmt: skip
    return rows


def _named(words: list[str]) -> dict[str, str]:
    names = ("via", "dev", "src", "scope", "proto", "metric", "nexthop")
    return {word: words[i + 1] for i, word in enumerate(words[:-1]) if word in names}


def netns(text: str, *, tool: str = "ip netns") -> list[str]:
    """Names of network namespaces; newer versions print `(id: 0)` behind.

    Raises:
        ParseError: the message of a kernel or iproute that has no namespaces.

    >>> netns("qrouter-0ce1f56e-2290-48ec-a10f-20612eca894d (id: 0)\\nqdhcp-a9dbd9b3\\n")
    ['qrouter-0ce1f56e-2290-48ec-a10f-20612eca894d', 'qdhcp-a9dbd9b3']
    """
    names = []
    for number, line in enumerate(text.split("\n"), 1):
        match = re.fullmatch(r"(\S+)(?: \(id: \d+\))?\s*", line)
        if match:
            names.append(match[1])
        elif line.strip():
            raise ParseError("one name expected (has this kernel namespaces?)", tool, number, line)
    return names
