"""Names and addresses (Step 4): getent, and bind's host, nslookup, dig."""

from __future__ import annotations

import re

from .. import internet, network
from ..cli import netns
from ..process import Process, command


@command("getent", path="/usr/bin")
async def getent(p: Process) -> int:
    """hosts, ahosts, ahostsv4, passwd, group, shadow, services, protocols, networks."""
    words = p.argv[1:]
    if not words:
        p.error("getent: wrong number of arguments\nTry `getent --help' or `getent --usage' for more information.")
        return 1
    base, keys = words[0], words[1:]
    if base in ("hosts", "ahosts", "ahostsv4", "ahostsv6"):
        return _hosts(p, base, keys)
    files = {"passwd": "/etc/passwd", "group": "/etc/group", "shadow": "/etc/shadow", "gshadow": "/etc/gshadow"}
    if base in files:
        return _colon(p, files[base], keys)
    if base in ("services", "protocols", "rpc", "networks", "ethers"):
        return _words(p, f"/etc/{base}", keys)
    p.error(f"Unknown database: {base}\nTry `getent --help' or `getent --usage' for more information.")
    return 1


def _hosts(p: Process, base: str, keys: list[str]) -> int:
    table = network.hosts_file(p.node)
    if not keys:
        if base != "hosts":
            return 3
        for address, names in table:
            p.print(f"{address:<15} {' '.join(names)}")
        return 0
    status = 0
    for key in keys:
        if base != "hosts":
            address = network.resolve(p.world, p.node, key, netns(p))
            if address is None or base == "ahostsv6":
                status = 2
                continue
            row = next((n for a, n in table if key in n), [key])
            for kind in ("STREAM", "DGRAM", "RAW"):
                p.print(
                    f"{address:<15} {kind:<6} {row[0] if kind == 'STREAM' else ''}".rstrip()
                    if kind == "STREAM"
                    else f"{address:<15} {kind}"
                )
            continue
        if ":" in key or network.is_address(key):
            row = next(((a, n) for a, n in table if a == key), None)
            name = network.name_for(p.world, p.node, key) if row is None else None
            row = row or ((key, [name]) if name else None)
        else:
            row = next(((a, n) for a, n in table if key in n), None)
            if row is None:
                address = network.dns(p.world, p.node, key, netns(p))
                row = (address, [key]) if address else None
        if row is None:
            status = 2
        else:
            p.print(f"{row[0]:<15} {' '.join(row[1])}")
    return status


def _colon(p: Process, path: str, keys: list[str]) -> int:
    try:
        lines = p.node.fs.read_text(path, user=p.user).splitlines()
    except OSError:
        return 2
    if not keys:
        p.print("\n".join(lines))
        return 0
    status = 0
    for key in keys:
        found = next(
            (x for x in lines if x.split(":")[0] == key or (key.isdigit() and x.split(":")[2:3] == [key])), None
        )
        if found is None:
            status = 2
        else:
            p.print(found)
    return status


def _words(p: Process, path: str, keys: list[str]) -> int:
    if not p.node.fs.exists(path):
        return 2
    rows = [x.split() for x in p.node.fs.read_text(path).splitlines() if x.strip() and not x.startswith("#")]
    status = 0
    for key in keys:
        name, _, proto = key.partition("/")
        found = next(
            (
                r
                for r in rows
                if (r[0] == name or r[1].split("/")[0] == name) and (not proto or r[1].endswith("/" + proto))
            ),
            None,
        )
        if found is None:
            status = 2
        else:
            p.print(f"{found[0]:<21} {' '.join(found[1:2])}")
    return status


def _server(p: Process, words: list[str]) -> str | None:
    """The name server that answers: the one given, else the first of resolv.conf that can be reached."""
    given = [w.lstrip("@") for w in words if w.startswith("@")]
    for server in given or network.nameservers(p.node) or ["127.0.0.1"]:
        if network.dns_answers(p.world, p.node, server, netns(p)):
            return server
    return None


def _ask(p: Process, name: str, server: str) -> tuple[str, str | None]:
    """(canonical question, answer): an address for a name, a name for an address."""
    if network.is_address(name):
        question = ".".join(reversed(name.split("."))) + ".in-addr.arpa"
        return question, internet.name_of(name)
    return name.rstrip("."), network.dns(p.world, p.node, name, netns(p), server)


@command("host", package="bind-utils", path="/usr/bin")
async def host(p: Process) -> int:
    words = [w for w in p.argv[1:] if not w.startswith("-")]
    if not words:
        p.error(
            "Usage: host [-aCdlriTwv] [-c class] [-N ndots] [-t type] [-W time]\n            [-R number] [-m flag] hostname [server]"  # noqa: E501
        )
        return 1
    server = words[1] if len(words) > 1 else _server(p, [])
    if server is None or (len(words) > 1 and not network.dns_answers(p.world, p.node, server, netns(p))):
        await p.sleep(10)
        p.print(";; connection timed out; no servers could be reached")
        return 1
    question, answer = _ask(p, words[0], server)
    if answer is None:
        p.print(
            f"Host {question} not found: 3(NXDOMAIN)"
            if network.is_address(words[0])
            else f"Host {words[0]} not found: 3(NXDOMAIN)"
        )
        return 1
    p.print(
        f"{question} domain name pointer {answer}."
        if network.is_address(words[0])
        else f"{question} has address {answer}"
    )
    return 0


@command("nslookup", package="bind-utils", path="/usr/bin")
async def nslookup(p: Process) -> int:
    words = [w for w in p.argv[1:] if not w.startswith("-")]
    if not words:
        return 0
    server = words[1] if len(words) > 1 else _server(p, [])
    if server is None:
        await p.sleep(10)
        p.print(";; connection timed out; no servers could be reached\n")
        return 1
    question, answer = _ask(p, words[0], server)
    p.print(f"Server:\t\t{server}\nAddress:\t{server}#53\n")
    if answer is None:
        p.print(f"** server can't find {question}: NXDOMAIN\n")
        return 1
    if network.is_address(words[0]):
        p.print(
            f"Non-authoritative answer:\n{question}\tname = {answer}.\n\nAuthoritative answers can be found from:\n"
        )
    else:
        p.print(f"Non-authoritative answer:\nName:\t{question}\nAddress: {answer}\n")
    return 0


@command("dig", package="bind-utils", path="/usr/bin")
async def dig(p: Process) -> int:
    words = p.argv[1:]
    reverse = "-x" in words
    names = [
        w
        for w in words
        if not w.startswith(("-", "+", "@")) and not re.fullmatch(r"(?i)a|aaaa|mx|ns|ptr|any|in|soa|txt", w)
    ]
    server = _server(p, words)
    short = "+short" in words
    name = names[0] if names else "."
    if server is None:
        await p.sleep(15)
        p.print(
            f"\n; <<>> DiG 9.8.2rc1-RedHat-9.8.2-0.17.rc1.el6_4.6 <<>> {' '.join(words)}\n;; global options: +cmd\n;; connection timed out; no servers could be reached"  # noqa: E501
        )
        return 9
    question, answer = _ask(p, name, server)
    kind = "PTR" if reverse else "A"
    value = f"{answer}." if reverse and answer else answer
    if short:
        if value:
            p.print(value)
        return 0
    status = "NOERROR" if answer else "NXDOMAIN"
    p.print(
        f"\n; <<>> DiG 9.8.2rc1-RedHat-9.8.2-0.17.rc1.el6_4.6 <<>> {' '.join(words)}\n;; global options: +cmd\n;; Got answer:\n"  # noqa: E501
        f";; ->>HEADER<<- opcode: QUERY, status: {status}, id: 4711\n"
        f";; flags: qr rd ra; QUERY: 1, ANSWER: {1 if answer else 0}, AUTHORITY: 0, ADDITIONAL: 0\n\n;; QUESTION SECTION:\n;{question}.\t\t\tIN\t{kind}\n"  # noqa: E501
    )
    if answer:
        p.print(f";; ANSWER SECTION:\n{question}.\t\t300\tIN\t{kind}\t{value}\n")
    p.print(f";; Query time: 5 msec\n;; SERVER: {server}#53({server})\n;; MSG SIZE  rcvd: 58\n")
    return 0
