"""iptables 1.4.7: iptables, iptables-save, iptables-restore, and as much of ip6tables as is asked for."""

from __future__ import annotations

import re

from .. import firewall, services
from ..cli import netns
from ..firewall import CHAINS
from ..iptables import listing, normal
from ..nodestate import runtime, stamp
from ..process import Process, command

TARGETS = (
    "ACCEPT",
    "DROP",
    "REJECT",
    "RETURN",
    "LOG",
    "MASQUERADE",
    "SNAT",
    "DNAT",
    "REDIRECT",
    "MARK",
    "NOTRACK",
    "QUEUE",
    "CT",
    "CHECKSUM",
    "TCPMSS",
    "NFLOG",
    "CONNMARK",
)
VERSION = "v1.4.7"
HELP = "Try `iptables -h' or 'iptables --help' for more information."


class IptablesError(Exception):
    """iptables's sentence and its exit status."""

    def __init__(self, text: str, status: int = 2):
        super().__init__(text)
        self.status = status


def _root(p: Process, table: str = "filter") -> None:
    if p.user != "root":
        raise IptablesError(
            f"iptables {VERSION}: can't initialize iptables table `{table}': Permission denied (you must be root)\n"
            "Perhaps iptables or your kernel needs to be upgraded.", 3)  # fmt: skip


def _load(p: Process, table: str) -> list[str]:
    if table not in CHAINS:
        raise IptablesError(
            f"iptables {VERSION}: can't initialize iptables table `{table}': Table does not exist (do you need to insmod?)\n"  # noqa: E501
            "Perhaps iptables or your kernel needs to be upgraded.",
            3,
        )
    if not netns(p):
        module = {"filter": "iptable_filter", "nat": "iptable_nat", "mangle": "iptable_mangle"}.get(table)
        if module:
            services.load_module(p.world, p.node, module)
    return firewall.table(p.node, table, netns(p))


def _check(lines: list[str], words: list[str]) -> None:
    """What iptables refuses before the kernel is asked."""
    known = ("--dport", "--sport", "--dports", "--sports")
    proto = next((words[i + 1] for i, w in enumerate(words[:-1]) if w in ("-p", "--protocol")), "")
    for position, word in enumerate(words):
        value = words[position + 1] if position + 1 < len(words) else ""
        if word in ("-j", "--jump") and value not in TARGETS and value not in firewall.chains(lines):
            raise IptablesError(
                f"iptables {VERSION}: Couldn't load target `{value}':/lib64/xtables/libipt_{value}.so: cannot open shared object file: "  # noqa: E501
                f"No such file or directory\n\n{HELP}"
            )
        if word in known and proto not in ("tcp", "udp", "sctp", "6", "17") and "multiport" not in words:
            raise IptablesError(f"iptables {VERSION}: Unknown arg `{word}'\n{HELP}")
        if word in known and not re.fullmatch(r"!?|[\d:,]+|[a-z]+", value):
            raise IptablesError(f"iptables {VERSION}: invalid port/service `{value}' specified\n{HELP}")
        if word in ("-p", "--protocol") and not re.fullmatch(
            r"!|\d+|tcp|udp|icmp|gre|esp|ah|all|sctp|vrrp|udplite|ipv6-icmp|icmpv6", value.lower()
        ):
            raise IptablesError(f"iptables {VERSION}: unknown protocol `{value.lower()}' specified\n{HELP}")
        if word in ("-s", "-d") and not re.fullmatch(r"!|[\d./]+|[\w.-]+", value):
            raise IptablesError(f"iptables {VERSION}: host/network `{value}' not found\n{HELP}")


COMMANDS = {
    "-A": "append",
    "-I": "insert",
    "-D": "delete",
    "-R": "replace",
    "-L": "list",
    "-S": "show",
    "-F": "flush",
    "-Z": "zero",
    "-N": "new",
    "-X": "remove",
    "-P": "policy",
    "-E": "rename",
    "-C": "check",
    "--append": "append",
    "--insert": "insert",
    "--delete": "delete",
    "--list": "list",
    "--list-rules": "show",
    "--flush": "flush",
    "--new-chain": "new",
    "--new": "new",
    "--delete-chain": "remove",
    "--policy": "policy",
    "--zero": "zero",
}


@command("iptables", "ip6tables", path="/sbin")
async def iptables(p: Process) -> int:
    """The packet filter."""
    six = p.argv[0].endswith("ip6tables")
    try:
        words = list(p.argv[1:])
        if words in (["-V"], ["--version"]):
            p.print(f"{p.argv[0].rpartition('/')[2]} {VERSION}")
            return 0
        table, words = _take_table(words)
        _root(p, table)
        lines = (
            _load(p, table)
            if not six
            else runtime(p.node).setdefault("ip6tables", {}).setdefault(table, firewall.fresh(table))
        )
        return _run(p, lines, words)
    except IptablesError as error:
        p.error(str(error) if not six else str(error).replace("iptables", "ip6tables"))
        return error.status


def _take_table(words: list[str]) -> tuple[str, list[str]]:
    for flag in ("-t", "--table"):
        if flag in words:
            position = words.index(flag)
            if position + 1 >= len(words):
                raise IptablesError(f"iptables {VERSION}: option `{flag}' requires an argument\n{HELP}")
            return words[position + 1], words[:position] + words[position + 2 :]
    return "filter", words


def _run(p: Process, lines: list[str], words: list[str]) -> int:
    flags = {"n": False, "v": False, "numbers": False}
    verb, rest = "", []
    for word in words:
        if re.fullmatch(r"-[nvxL]{2,}|-[nvx]", word):
            flags["n"] |= "n" in word
            flags["v"] |= "v" in word
            if "L" in word:
                verb = "list"
        elif word in ("--line-numbers", "--line-number"):
            flags["numbers"] = True
        elif word in ("--numeric", "--verbose", "--exact"):
            flags[word[2]] = True
        elif word in COMMANDS and not verb:
            verb = COMMANDS[word]
        else:
            rest.append(word)
    if not verb:
        raise IptablesError(f"iptables {VERSION}: no command specified\n{HELP}")
    if verb == "list":
        return _list(p, lines, rest, flags)
    return _change(p, lines, verb, rest)


def _need(lines: list[str], chain: str) -> None:
    if chain not in firewall.chains(lines):
        raise IptablesError("iptables: No chain/target/match by that name.", 1)


def _list(p: Process, lines: list[str], rest: list[str], flags: dict[str, bool]) -> int:
    if rest:
        _need(lines, rest[0])
    for line in listing(lines, flags["n"], flags["numbers"], flags["v"], rest[0] if rest else ""):
        p.print(line)
    return 0


def _place(lines: list[str], chain: str, index: int) -> int:
    """Where in `lines` the rule number `index` (from 0) of a chain is, or would be."""
    positions = [i for i, line in enumerate(lines) if line.startswith(f"-A {chain} ")]
    return positions[index] if index < len(positions) else (positions[-1] + 1 if positions else len(lines))


def _change(p: Process, lines: list[str], verb: str, rest: list[str]) -> int:
    chain = rest[0] if rest else ""
    built_in = chain in [c for names in CHAINS.values() for c in names]
    if verb == "show":
        for line in [x for x in lines if x.startswith(":")]:
            name, policy = line[1:].split()[:2]
            if not chain or chain == name:
                p.print(f"-P {name} {policy}" if policy != "-" else f"-N {name}")
        for name in firewall.chains(lines):
            for rule in firewall.rules(lines, name) if not chain or chain == name else []:
                p.print(rule + " ")
        return 0
    if verb == "flush":
        if chain:
            _need(lines, chain)
        lines[:] = [x for x in lines if x.startswith(":") or (chain and not x.startswith(f"-A {chain} "))]
        return 0
    if verb == "zero":
        return 0
    if not chain and verb == "remove":
        lines[:] = [x for x in lines if not (x.startswith(":") and x.split()[1] == "-")]
        return 0
    if not chain:
        raise IptablesError(
            f"iptables {VERSION}: -{verb[0].upper()} requires a chain and a policy\n{HELP}"
            if verb == "policy"
            else f"iptables {VERSION}: option `-{verb[0].upper()}' requires an argument\n{HELP}"
        )
    if verb == "new":
        if chain in firewall.chains(lines):
            raise IptablesError("iptables: Chain already exists.", 1)
        lines.insert(sum(1 for x in lines if x.startswith(":")), f":{chain} - [0:0]")
        return 0
    _need(lines, chain)
    if verb == "remove":
        if firewall.rules(lines, chain):
            raise IptablesError("iptables: Directory not empty.", 1)
        if built_in or any(f" -j {chain}" in x + " " for x in lines):
            raise IptablesError(
                "iptables: Too many links."
                if not built_in
                else "iptables: Invalid argument. Run `dmesg' for more information.",
                1,
            )
        lines[:] = [x for x in lines if not x.startswith(f":{chain} ")]
        return 0
    if verb == "policy":
        if not built_in or len(rest) < 2 or rest[1] not in ("ACCEPT", "DROP"):
            raise IptablesError("iptables: Bad policy name. Run `dmesg' for more information.", 1)
        lines[:] = [f":{chain} {rest[1]} [0:0]" if x.startswith(f":{chain} ") else x for x in lines]
        return 0
    return _rule(lines, verb, chain, rest[1:])


def _rule(lines: list[str], verb: str, chain: str, words: list[str]) -> int:
    number = 1
    numbered = bool(words) and words[0].isdigit()
    if numbered:
        number = int(words[0])
        words = words[1:]
    count = len(firewall.rules(lines, chain))
    if verb == "delete" and numbered:
        if not 1 <= number <= count:
            raise IptablesError("iptables: Index of deletion too big.", 1)
        del lines[_place(lines, chain, number - 1)]
        return 0
    _check(lines, words)
    rule = f"-A {chain} {normal(words)}".rstrip()
    if verb == "append":
        lines.insert(_place(lines, chain, count), rule)
    elif verb == "insert":
        if number > count + 1:
            raise IptablesError("iptables: Index of insertion too big.", 1)
        lines.insert(_place(lines, chain, number - 1), rule)
    elif verb == "replace":
        if not 1 <= number <= count:
            raise IptablesError("iptables: Index of replacement too big.", 1)
        lines[_place(lines, chain, number - 1)] = rule
    elif verb == "delete":
        there = next((i for i, line in enumerate(lines) if line.rstrip() == rule), None)
        if there is None:
            raise IptablesError("iptables: Bad rule (does a matching rule exist in that chain?).", 1)
        del lines[there]
    elif verb == "check":
        raise IptablesError(f"iptables {VERSION}: unknown option `-C'\n{HELP}")
    return 0


@command("iptables-save", "ip6tables-save", path="/sbin")
async def iptables_save(p: Process) -> int:
    """-t TABLE, -c counters."""
    try:
        table, words = _take_table(list(p.argv[1:]))
        _root(p)
    except IptablesError as error:
        p.error(str(error))
        return error.status
    when = stamp(p.world, p.node, "%a %b %e %H:%M:%S %Y")
    if p.argv[0].endswith("ip6tables-save"):
        if p.node.running("ip6tables"):
            text = p.node.fs.read_text("/etc/sysconfig/ip6tables")
            p.print("".join(f"{x}\n" for x in text.splitlines() if not x.startswith("#")), end="")
        return 0
    asked = "-t" in p.argv or "--table" in p.argv
    if asked and table not in CHAINS:
        p.error(f"iptables-save {VERSION}: Cannot initialize: Table does not exist (do you need to insmod?)")
        return 1
    if asked:
        _load(p, table)
    text = firewall.save(p.node, netns(p), table if asked else "", when)
    if "-c" in words or "--counters" in words:
        text = re.sub(r"^-A ", "[0:0] -A ", text, flags=re.M)
    p.print(text, end="")
    return 0


@command("iptables-restore", "ip6tables-restore", path="/sbin")
async def iptables_restore(p: Process) -> int:
    """Load what iptables-save wrote, from standard input; -n keeps what is there, -t only tests."""
    text = (await p.stdin.read()).decode("utf-8", "replace")
    if p.user != "root":
        p.error("iptables-restore: line 1 failed")
        return 1
    if p.argv[0].endswith("ip6tables-restore") or "-t" in p.argv or "--test" in p.argv:
        return 0
    text = re.sub(r"^\[\d+:\d+\] ", "", text, flags=re.M)
    try:
        firewall.restore(p.node, text, netns(p), keep="-n" in p.argv or "--noflush" in p.argv)
    except firewall.RestoreError as error:
        p.error(f"iptables-restore: line {error.line} failed")
        return 1
    return 0
