"""/etc/ntp.conf (document Step 7): one node asks the world, the others ask that node."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from rdokit.edit import _lines
from rdokit.errors import EditError

PATH = "/etc/ntp.conf"
LOCAL_CLOCK = "127.127.1.0"
_SERVER = re.compile(r"\s*(?:server|pool)\s+(\S+).*")


def ntp_servers(text: str) -> list[str]:
    """The servers asked, without the node's own clock.

    >>> ntp_servers("server 0.centos.pool.ntp.org iburst\\nserver 127.127.1.0\\n#server x\\n")
    ['0.centos.pool.ntp.org']
    """
    found = (_SERVER.fullmatch(_lines.body(line)) for line in _lines.split(text))
    return [match[1] for match in found if match and not match[1].startswith("127.127.")]


def ntp_conf(text: str, servers: Sequence[str], restrict: Sequence[str] = (), *, local_clock: bool = False) -> str:
    """The file that asks exactly these servers.

    Args:
        text: the file.
        servers: names or addresses, each asked with iburst (sets the clock in seconds, not minutes).
        restrict: networks ("192.168.0.0/24") that may ask this node.
        local_clock: go on serving the own clock at stratum 10 when no server answers (a site without internet).

    >>> print(ntp_conf("driftfile /var/lib/ntp/drift\\nserver old\\n", ["ntp.nict.jp"], ["192.168.0.0/24"]), end="")
    driftfile /var/lib/ntp/drift
    server ntp.nict.jp iburst
    restrict 192.168.0.0 mask 255.255.255.0 nomodify notrap
    """
    for server in servers:
        if not re.fullmatch(r"[\w.:-]+", server):
            raise EditError(f"{server!r} is no server", PATH)
    lines = _lines.split(text)
    place, present = len(lines), set()
    for i in reversed(range(len(lines))):
        match = _SERVER.fullmatch(_lines.body(lines[i]))
        if not match or match[1].startswith("127.127."):
            continue
        if match[1] in servers and match[1] not in present:
            present.add(match[1])
        else:
            del lines[i]
        place = min(i, len(lines))
    _lines.insert(lines, place, (f"server {server} iburst" for server in servers if server not in present))
    for wanted in _restrictions(restrict) + ([f"server {LOCAL_CLOCK}"] if local_clock else []):
        _append(lines, wanted, wanted.split()[: 4 if "mask" in wanted else 2])
    if local_clock:
        _append(lines, f"fudge {LOCAL_CLOCK} stratum 10", ["fudge", LOCAL_CLOCK])
    return _lines.join(lines, text)


def _restrictions(networks: Sequence[str]) -> list[str]:
    found = []
    for network in networks:
        try:
            net = ipaddress.ip_network(network)
        except ValueError as error:
            raise EditError(f"{network!r} is no network: {error}", PATH) from None
        found.append(f"restrict {net.network_address} mask {net.netmask} nomodify notrap")
    return found


def _append(lines: list[str], wanted: str, words: list[str]) -> None:
    """Append a line unless one begins with these words."""
    if not any(_lines.body(line).split()[: len(words)] == words for line in lines):
        _lines.insert(lines, len(lines), [wanted])

