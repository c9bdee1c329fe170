"""Host keys: known, unknown, changed, revoked; judged as OpenSSH reads known_hosts, before anything secret is sent."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import re
from pathlib import Path

import paramiko

from ..errors import HostKeyError
from .door import Door


def fingerprint(key: paramiko.PKey) -> str:
    """As `ssh-keygen -l` prints it today; MD5 beside it, because CentOS 6 prints only that."""
    raw = key.asbytes()
    sha = base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")
    md5 = hashlib.md5(raw, usedforsecurity=False).hexdigest()
    return f"{key.get_name()} SHA256:{sha} (MD5 {':'.join(md5[i:i + 2] for i in range(0, 32, 2))})"


def entry_name(door: Door) -> str:
    return door.host if door.port == 22 else f"[{door.host}]:{door.port}"


def known(door: Door) -> tuple[list[paramiko.PKey], list[paramiko.PKey]]:
    """The keys that known_hosts trusts and those it revokes for this door."""
    path = Path(door.known_hosts).expanduser()
    trusted: list[paramiko.PKey] = []
    revoked: list[paramiko.PKey] = []
    lines = path.read_text("utf-8", "replace").splitlines() if path.is_file() else []
    for line in lines:
        marker, text = line.split(None, 1) if line.startswith("@") and " " in line else ("", line)
        hosts = text.split(None, 1)[0] if text.strip() else "#"
        if hosts.startswith("#") or marker not in ("", "@revoked") or not _names(hosts, entry_name(door)):
            continue
        with contextlib.suppress(Exception):  # lines of key types that we do not know are not ours to judge
            entry = paramiko.hostkeys.HostKeyEntry.from_line(text)
            if entry and entry.key:
                (revoked if marker else trusted).append(entry.key)
    return trusted, revoked


def _names(hosts: str, name: str) -> bool:
    """Whether the first field of a known_hosts line is about this host: hashed, or names with `*`, `?` and `!`.

    >>> _names("192.168.0.*,!192.168.0.9", "192.168.0.11"), _names("[127.0.0.1]:2211", "[127.0.0.1]:2211")
    (True, True)
    """
    if hosts.startswith("|1|"):
        return hmac.compare_digest(paramiko.HostKeys.hash_host(name, hosts), hosts)
    found = False
    for pattern in hosts.split(","):
        plain = pattern.removeprefix("!")
        regex = re.escape(plain).replace(r"\*", ".*").replace(r"\?", ".")
        if plain == name or regex != re.escape(plain) and re.fullmatch(regex, name):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def verify(door: Door, key: paramiko.PKey) -> None:
    trusted, revoked = known(door)
    if key in revoked:
        raise HostKeyError(door.name, door.address, f"its host key {fingerprint(key)} is revoked in "
                           f"{door.known_hosts}.", next_step="Do not log in; ask whoever revoked it.")
    if key in trusted:
        return
    same_type = [k for k in trusted if k.get_name() == key.get_name()] or trusted
    if same_type:
        raise HostKeyError(
            door.name, door.address,
            f"the host key has CHANGED: trusted is {fingerprint(same_type[0])}, offered is {fingerprint(key)}.",
            next_step=f"If the machine was reinstalled, check the fingerprint on its console, remove its line from "
                      f"{door.known_hosts} and run: rdokit trust {door.name}. If not, somebody is in between.")
    raise HostKeyError(
        door.name, door.address,
        f"the host key is not known: offered is {fingerprint(key)}, trusted is none in {door.known_hosts}.",
        next_step=f"Compare it with the machine's console (ssh-keygen -lf /etc/ssh/ssh_host_rsa_key.pub), then: "
                  f"rdokit trust {door.name}")


def record_host_key(door: Door, key: paramiko.PKey) -> Path:
    """Append the key to the door's known_hosts; return the file."""
    path = Path(door.known_hosts).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    line = f"{entry_name(door)} {key.get_name()} {key.get_base64()}\n"
    old = path.read_bytes() if path.exists() else b""
    with path.open("ab") as file:
        file.write((b"" if not old or old.endswith(b"\n") else b"\n") + line.encode())
    return path
