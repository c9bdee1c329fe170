"""`ifconfig` and `ifconfig -a` of CentOS 6 (net-tools 1.60)."""

from __future__ import annotations

import re
from typing import Any

from rdokit.errors import ParseError

TOOL = "ifconfig"
COLUMNS = ("device", "mac", "address", "netmask", "up", "running", "mtu", "rx_bytes", "tx_bytes")
_FIELDS = {
    "mac": r"HWaddr (\S+)", "address": r"inet addr:(\S+)", "netmask": r"Mask:(\S+)", "mtu": r"MTU:(\d+)",
    "rx_bytes": r"RX bytes:(\d+)", "tx_bytes": r"TX bytes:(\d+)",
}  # fmt: skip


def parse(text: str, *, tool: str = TOOL) -> list[dict[str, Any]]:
    """One row per device; what a device does not show is None.

    Raises:
        ParseError: cut, or no such output.

    >>> parse('''eth0      Link encap:Ethernet  HWaddr 52:54:00:92:05:AD
    ...           inet addr:192.168.0.11  Bcast:192.168.0.255  Mask:255.255.255.0
    ...           UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1
    ... ''')[0]["netmask"]
    '255.255.255.0'
    """
    rows, blocks, lines = [], [], text.split("\n")
    for number, line in enumerate(lines, 1):
        if line[:1] not in ("", " ", "\t"):
            blocks.append((number, [line]))
        elif line.strip() and blocks:
            blocks[-1][1].append(line)
        elif line.strip():
            raise ParseError("a line that belongs to no device", tool, number, line)
    for number, block in blocks:
        whole = "\n".join(block)
        if "Link encap:" not in block[0] or "MTU:" not in whole:
            raise ParseError("a device with its MTU expected", tool, number, block[0])
        found = {name: match[1] if (match := re.search(what, whole)) else None for name, what in _FIELDS.items()}
        flags = next(line for line in block if "MTU:" in line).split()
        rows.append({
            "device": block[0].split()[0], **found, "up": "UP" in flags, "running": "RUNNING" in flags,
            **{name: int(found[name]) if found[name] else None for name in ("mtu", "rx_bytes", "tx_bytes")},
        })  # fmt: skip
    return [{name: row[name] for name in COLUMNS} for row in rows]
