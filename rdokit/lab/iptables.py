"""The notation of iptables 1.4.7: rules as iptables-save writes them, and as `iptables -L` lists them."""

from __future__ import annotations

import shlex

from . import firewall

NAMES = {
    "22": "ssh",
    "80": "http",
    "53": "domain",
    "67": "bootps",
    "123": "ntp",
    "443": "https",
    "3306": "mysql",
    "5672": "amqp",
}


def _fields(rule: str) -> dict[str, str]:
    """The parts of `-A CHAIN …` that have a column, and the rest as iptables words it ("extra")."""
    words = shlex.split(rule)[2:]
    row = {
        "target": "",
        "prot": "all",
        "opt": "--",
        "source": "0.0.0.0/0",
        "destination": "0.0.0.0/0",
        "in": "*",
        "out": "*",
    }
    extra: list[str] = []
    position, negate = 0, ""
    while position < len(words):
        word = words[position]
        value = words[position + 1] if position + 1 < len(words) else ""
        position += 2
        if word == "!":
            negate, position = "!", position - 1
            continue
        if word == "-p":
            row["prot"] = {"gre": "47"}.get(value, value)
        elif word in ("-s", "-d"):
            row["source" if word == "-s" else "destination"] = negate + value.removesuffix("/32")
        elif word == "-i":
            row["in"] = negate + value
        elif word == "-o":
            row["out"] = negate + value
        elif word in ("-j", "-g"):
            row["target"] = value
        elif word == "-m":
            pass
        elif word in ("--dport", "--sport"):
            extra.append(f"{row['prot']} {'dpt' if word == '--dport' else 'spt'}:{negate}{value}".replace(":!", "!:"))
        elif word in ("--dports", "--sports"):
            extra.append(f"multiport {word[2:]} {value}")
        elif word in ("--state", "--ctstate"):
            extra.append(f"{'state' if word == '--state' else 'ctstate'} {value}")
        elif word == "--comment":
            extra.append(f"/* {value} */")
        elif word == "--reject-with":
            extra.append(f"reject-with {value}")
        elif word == "--to-source" or word == "--to-destination":
            extra.append(f"to:{value}")
        elif word.startswith("--") and (not value or value.startswith("-")):
            extra.append(word[2:])
            position -= 1
        elif word.startswith("-"):
            extra.append(f"{word.lstrip('-')} {value}")
        negate = ""
    row["extra"] = " ".join(extra)
    return row


def _name(address: str) -> str:
    return "anywhere" if address == "0.0.0.0/0" else address


def _head(lines: list[str], chain: str) -> str:
    if chain in [c for names in firewall.CHAINS.values() for c in names]:
        return f"(policy {firewall.policy(lines, chain)})"
    uses = sum(
        1 for line in lines if line.startswith("-A ") and f" -j {chain}" in line + " " and line.split()[1] != chain
    )
    return f"({uses} references)"


def listing(
    lines: list[str], numeric: bool = False, numbers: bool = False, verbose: bool = False, only: str = ""
) -> list[str]:
    """The lines of `iptables -L [-n] [-v] [--line-numbers] [CHAIN]`."""
    out: list[str] = []
    for chain in firewall.chains(lines):
        if only and chain != only:
            continue
        if out:
            out.append("")
        head = _head(lines, chain)
        if verbose:
            head = head.replace(")", " 0 packets, 0 bytes)") if "policy" in head else head
            out += [
                f"Chain {chain} {head}",
                " pkts bytes target     prot opt in     out     source               destination         ",
            ]
        else:
            out += [f"Chain {chain} {head}", "target     prot opt source               destination         "]
        if numbers:
            out[-1] = "num  " + out[-1]
        for number, rule in enumerate(firewall.rules(lines, chain), 1):
            row = _fields(rule)
            source, target = row["source"], row["destination"]
            if not numeric:
                source, target = _name(source), _name(target)
                for port, name in NAMES.items():
                    row["extra"] = (row["extra"] + " ").replace(f"pt:{port} ", f"pt:{name} ").rstrip()
            text = f"{row['target']:<10} {row['prot']:<4} {row['opt']}  "
            if verbose:
                text = (
                    f"    0     0 {row['target']:<10} {row['prot']:<4} {row['opt']}  {row['in']:<6} {row['out']:<6}  "
                )
            text += f"{source:<20} {target:<20}"
            if row["extra"]:
                text += row["extra"] + " "
            out.append((f"{number:<4} " if numbers else "") + text)
    return out


def normal(words: list[str]) -> str:
    """A rule as iptables-save writes it: long options short, /32 added, the module of a protocol named.

    >>> normal(["-p", "tcp", "--dport", "80", "-j", "ACCEPT"])
    '-p tcp -m tcp --dport 80 -j ACCEPT'
    >>> normal(["-p", "gre", "-j", "ACCEPT"])
    '-p gre -j ACCEPT'
    """
    short = {"--protocol": "-p", "--proto": "-p", "--source": "-s", "--src": "-s", "--destination": "-d", "--dst": "-d",
             "--in-interface": "-i", "--out-interface": "-o", "--jump": "-j", "--goto": "-g", "--match": "-m",
             "--destination-port": "--dport", "--source-port": "--sport"}  # fmt: skip
    parts: dict[str, list[str]] = {"-s": [], "-d": [], "-i": [], "-o": [], "-p": [], "match": [], "-j": []}
    queue, negate, proto, modules = [short.get(w, w) for w in words], "", "", []
    jumped = False
    while queue:
        word = queue.pop(0)
        if word == "!":
            negate = "! "
            continue
        if word in ("-s", "-d", "-i", "-o", "-p", "-j", "-g"):
            value = queue.pop(0) if queue else ""
            if value == "!":
                negate, value = "! ", queue.pop(0) if queue else ""
            if word in ("-s", "-d") and "/" not in value:
                value += "/32"
            if word == "-p":
                value = proto = {"47": "gre", "6": "tcp", "17": "udp", "1": "icmp"}.get(value, value.lower())
            jumped = jumped or word in ("-j", "-g")
            parts["-j" if word == "-g" else word].append(f"{negate}{word} {value}")
        elif word == "-m":
            name = queue.pop(0) if queue else ""
            if name not in modules:
                modules.append(name)
                parts["match"].append(f"-m {name}")
        else:
            value = []
            while queue and not queue[0].startswith("-") and queue[0] != "!":
                value.append(_quote(queue.pop(0)))
            if (
                word in ("--dport", "--sport", "--syn", "--tcp-flags")
                and proto in ("tcp", "udp")
                and proto not in modules
            ):
                modules.append(proto)
                parts["match"].append(f"-m {proto}")
            if word == "--icmp-type" and "icmp" not in modules:
                modules.append("icmp")
                parts["match"].append("-m icmp")
            if word == "--state" and value:
                value = [
                    ",".join(
                        sorted(value[0].split(","), key=["INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED"].index)
                    )
                ]
            parts["-j" if jumped else "match"].append(" ".join([f"{negate}{word}", *value]))
        negate = ""
    if parts["-j"] and parts["-j"][-1] == "-j REJECT":
        parts["-j"].append("--reject-with icmp-port-unreachable")
    return " ".join(text for key in ("-s", "-d", "-i", "-o", "-p", "match", "-j") for text in parts[key])


def _quote(text: str) -> str:
    return f'"{text}"' if " " in text else text
