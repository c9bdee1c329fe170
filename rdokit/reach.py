"""`rdokit check --connect` and `rdokit trust`: is every node there, does it let us in, whom do we trust."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from .errors import HostKeyError, RdokitError
from .kit import Kit, start_lab
from .parallel import parallel
from .site import Site
from .ssh import Connection, Door, fingerprint, record_host_key, scan_host_key


def reach(site: Site, path: Path) -> int:
    """Logs in to every node at the same time and prints how that went; 1 when one does not let us in."""
    if site.lab:
        start_lab(site, path)
    kit = Kit(site, path)
    doors: dict[str, Door | RdokitError] = {}
    for name in site.names():  # one after the other: a password may be asked for
        try:
            doors[name] = kit.door(name)
        except RdokitError as error:
            doors[name] = error

    def one(name: str) -> tuple[str, str]:
        door = doors[name]
        if isinstance(door, RdokitError):
            return "failed", str(door)
        try:
            connection = Connection(door)
            try:
                transport = connection.transport()
                return "", f"{connection.door.user}@{connection.door.address}: logged in, " \
                           f"{transport.remote_version.removeprefix('SSH-2.0-')}"
            finally:
                connection.close()
        except RdokitError as error:
            return "failed", str(error)

    results = dict(zip(site.names(), parallel(one, site.names()), strict=True))
    for name, (fault, sentence) in results.items():
        print(f"  {name}: {sentence}" if not fault else f"  {sentence.replace(chr(10), chr(10) + '  ')}")
    return 1 if any(fault for fault, _ in results.values()) else 0


def trust(site: Site, path: Path, names: Iterable[str], confirm: Callable[[str], bool]) -> int:
    """Shows each node's key and records it when `confirm` agrees; 1 when one was not recorded.

    Raises:
        HostKeyError: another key is recorded for the node; that line is removed by hand, not by us.
    """
    kit = Kit(site, path)
    refused = 0
    for name in names:
        door = _door(kit, name)
        key = scan_host_key(door)
        print(f"{name} ({door.address}) offers: {fingerprint(key)}")
        known = _verdict(door, key)
        if known == "trusted":
            print("  already trusted")
            continue
        if confirm(f"Record it in {door.known_hosts}?"):
            print(f"  recorded in {record_host_key(door, key)}")
        else:
            print("  not recorded")
            refused += 1
    return 1 if refused else 0


def _door(kit: Kit, name: str) -> Door:
    """How to get there; nothing is resolved that is only needed to log in, unless it is a way through."""
    ssh = kit.site.nodes[name].ssh if name in kit.site.nodes else kit.site.jumps[name]
    if ssh.jump:
        return kit.door(name)
    known = Path(kit.site.known_hosts).expanduser()
    host = ssh.host or (kit.site.nodes[name].private if name in kit.site.nodes else name)
    return Door(name, host, ssh.port, ssh.user, known_hosts=str(known if known.is_absolute()
                                                                else kit.path.parent / known))


def _verdict(door: Door, key) -> str:
    from .ssh.hostkeys import verify

    try:
        verify(door, key)
    except HostKeyError as error:
        if "not known" in error.cause:
            return "unknown"
        raise
    return "trusted"
