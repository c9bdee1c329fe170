"""`iptables-save`: the firewall in force. GRE must be let through on every node, or tunnels die after minutes."""

from __future__ import annotations

import re
import shlex

from rdokit.errors import ParseError

TOOL = "iptables-save"
COLUMNS = ("table", "chain", "protocol", "source", "port", "target", "rule")


def parse(text: str, *, tool: str = TOOL) -> list[dict]:
    """One row per rule, in order; `port` is the text after --dport or --dports, `rule` the whole line.

    Protocol 47 is given as gre, as newer versions do. Policies are under `policies`.

    Raises:
        ParseError: a table without COMMIT (cut), or a line of another form.

    >>> rows = parse('''*filter
    ... :INPUT ACCEPT [0:0]
    ... -A INPUT -s 192.168.0.12/32 -p gre -j ACCEPT
    ... COMMIT
    ... ''')
    >>> rows[0]["protocol"], rows[0]["source"], rows[0]["target"]
    ('gre', '192.168.0.12/32', 'ACCEPT')
    """
    rows = []
    for table, number, line in _lines(text, tool):
        if line.startswith(":"):
            continue
        try:
            words = shlex.split(re.sub(r"^\[\d+:\d+\] ", "", line))
        except ValueError as error:
            raise ParseError(f"a rule with a quote that is not closed: {error}", tool, number, line) from error
        if len(words) < 2 or words[0] not in ("-A", "-I"):
            raise ParseError("a rule `-A CHAIN …` expected", tool, number, line)
        protocol = _after(words, "-p", "--protocol")
        rows.append({
            "table": table, "chain": words[1], "protocol": "gre" if protocol == "47" else protocol,
            "source": _after(words, "-s", "--source"), "port": _after(words, "--dport", "--dports"),
            "target": _after(words, "-j", "--jump", "-g"), "rule": line,
        })  # fmt: skip
    return rows


def policies(text: str, *, tool: str = TOOL) -> dict[tuple[str, str], str]:
    """(table, chain) → policy, "-" for a chain that has none.

    >>> policies("*filter\\n:INPUT DROP [0:0]\\nCOMMIT\\n")
    {('filter', 'INPUT'): 'DROP'}
    """
    found = {}
    for table, number, line in _lines(text, tool):
        words = line.split()
        if line.startswith(":"):
            if len(words) < 2:
                raise ParseError("a chain and its policy expected", tool, number, line)
            found[table, words[0][1:]] = words[1]
    return found


def _lines(text: str, tool: str):
    table, last = None, (0, "")
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip()
        if not line or line.startswith("#"):
            continue
        last = number, line
        if line.startswith("*"):
            table = line[1:]
        elif line == "COMMIT":
            table = None
        elif table is None:
            raise ParseError("a rule outside a table", tool, number, line)
        else:
            yield table, number, line
    if table is not None:
        raise ParseError(f"table {table} has no COMMIT: the output is cut", tool, *last)


def _after(words: list[str], *options: str) -> str | None:
    return next((words[i + 1] for i, word in enumerate(words[:-1]) if word in options), None)
