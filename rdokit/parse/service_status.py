"""`service NAME status` of CentOS 6's init scripts, one service or several after each other."""

from __future__ import annotations

import re

from rdokit.errors import ParseError

TOOL = "service status"
COLUMNS = ("service", "running", "state", "pids")
_RUNNING = re.compile(r"(\S+?):? (?:\(pid:? +([\d ]+?)\) )?is running(?:\.\.\.| with pid (\d+)|)\.?\s*")
_STOPPED = re.compile(r"(\S+?):? (?:is (stopped|not running)|(dead but .+?)|status unknown (.+?)|is (disabled))\.?\s*")
_UNKNOWN = re.compile(r"(\S+): (unrecognized service)\s*")
_FIREWALL = re.compile(r"(ip6?tables): (Firewall is not running)\.?\s*")


def parse(text: str, *, tool: str = TOOL) -> list[dict]:
    """One {service, running, state, pids} a line; state is "running" or the script's own words.

    Raises:
        ParseError: a line of another form (iptables prints its rules: use iptables-save).

    >>> parse("openstack-nova-api (pid  1234 1235) is running...\\nntpd is stopped\\n")[0]
    {'service': 'openstack-nova-api', 'running': True, 'state': 'running', 'pids': [1234, 1235]}
    """
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        running = _RUNNING.fullmatch(line)
        stopped = _FIREWALL.fullmatch(line) or _UNKNOWN.fullmatch(line) or _STOPPED.fullmatch(line)
        if running:
            pids = [int(pid) for pid in (running[2] or running[3] or "").split()]
            rows.append({"service": running[1], "running": True, "state": "running", "pids": pids})
        elif stopped:
            state = next(word for word in stopped.groups()[1:] if word)
            rows.append({"service": stopped[1], "running": False, "state": state, "pids": []})
        elif line.strip():
            raise ParseError("a service and its state expected", tool, number, line)
    return rows
