"""`chkconfig --list`: which services start in which runlevel."""

from __future__ import annotations

import re

from rdokit.errors import ParseError

TOOL = "chkconfig --list"
COLUMNS = ("service", "on", "levels")
_LINE = re.compile(r"(\S+)((?:\s+[0-6]:(?:on|off))+)\s*")
_XINETD = re.compile(r"\s+(\S+?):\s+(on|off)\s*")


def parse(text: str, *, tool: str = TOOL) -> list[dict]:
    """One {service, on, levels} a line: levels are the runlevels that start it, `on` whether 3 does.

    Runlevel 3 is what a server without a desktop boots into. Services of xinetd have no levels.

    Raises:
        ParseError: a line that is no service's, as "error reading information on service ntpd".

    >>> parse("ntpd           \\t0:off\\t1:off\\t2:on\\t3:on\\t4:on\\t5:on\\t6:off\\n")
    [{'service': 'ntpd', 'on': True, 'levels': [2, 3, 4, 5]}]
    """
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        match, xinetd = _LINE.fullmatch(line), _XINETD.fullmatch(line)
        if match:
            levels = [int(level) for level, state in re.findall(r"([0-6]):(on|off)", match[2]) if state == "on"]
            rows.append({"service": match[1], "on": 3 in levels, "levels": levels})
        elif xinetd:
            rows.append({"service": xinetd[1], "on": xinetd[2] == "on", "levels": []})
        elif line.strip() and not line.startswith("xinetd based services"):
            raise ParseError("a service and its runlevels expected", tool, number, line)
    return rows
