"""`sysctl KEY…`, `sysctl -a` and what `sysctl -p` echoes: the kernel's settings that are in force."""

from __future__ import annotations

import re

from rdokit.errors import ParseError

TOOL = "sysctl"
_LINE = re.compile(r"([\w.\-/:]+) = ?(.*)")
_UNKNOWN = re.compile(
    r"""(?:error|sysctl): .*?["']?([\w.\-/]+)["']? ?(?:is an unknown key|: No such file or directory)"""
)


def parse(text: str, *, tool: str = TOOL) -> dict[str, str | None]:
    """key → value; None for a key that the kernel does not know (when stderr is in the text).

    Raises:
        ParseError: a line of another form.

    >>> parse('net.ipv4.ip_forward = 1\\nerror: "net.bridge.bridge-nf-call-iptables" is an unknown key\\n')
    {'net.ipv4.ip_forward': '1', 'net.bridge.bridge-nf-call-iptables': None}
    """
    found: dict[str, str | None] = {}
    for number, line in enumerate(text.split("\n"), 1):
        match, unknown = _LINE.fullmatch(line.rstrip()), _UNKNOWN.match(line)
        if unknown:
            found[unknown[1].removeprefix("/proc/sys/").replace("/", ".")] = None
        elif match:
            found[match[1]] = match[2]
        elif line.strip() and not line.startswith(("error: permission denied", "error: \"Invalid argument\"")):
            raise ParseError("`key = value` expected", tool, number, line)
    return found
