"""Logging in: an RSA key, the agent's keys, a password; and a sentence that tells what was tried."""

from __future__ import annotations

import threading
from pathlib import Path

import paramiko

from ..errors import AuthError, ConnectError
from .door import Door
from .hostkeys import fingerprint
from .transport import El6Transport, openssh_version

_KEYS: dict[tuple, paramiko.PKey] = {}
_KEYS_LOCK = threading.Lock()


def _key_of(path: Path, passphrase: bytes | None) -> paramiko.PKey:
    """A private key, read once for all nodes: checking an RSA key takes 70 ms, longer than a connection."""
    name = (path, path.stat().st_mtime_ns, passphrase)
    with _KEYS_LOCK:
        if name not in _KEYS:
            _KEYS[name] = paramiko.PKey.from_path(path, passphrase)
        return _KEYS[name]


def _load_key(door: Door, transport: El6Transport) -> paramiko.PKey:
    path = Path(door.key).expanduser()
    fix = f"Correct nodes.{door.name}.ssh.key, or make one: ssh-keygen -t rsa -b 2048 -f {door.key}"
    try:
        key = _key_of(path, door.passphrase.reveal().encode() if door.passphrase else None)
    except FileNotFoundError:
        raise AuthError(door.name, door.address, f"the key {door.key} does not exist.", next_step=fix) from None
    except (paramiko.PasswordRequiredException, TypeError):
        raise AuthError(door.name, door.address, f"the key {door.key} has a passphrase.",
                        next_step="Give it as ssh.passphrase (a reference), or use the agent.") from None
    except Exception as error:  # noqa: BLE001 - paramiko and cryptography raise many kinds here
        raise AuthError(door.name, door.address, f"the key {door.key} cannot be read ({type(error).__name__}: is the "
                        "passphrase right?).", next_step=fix) from None
    if key.get_name() != "ssh-rsa" and openssh_version(transport.remote_version) < (6, 5):
        raise AuthError(door.name, door.address, f"the key {door.key} is {key.get_name()}, which "
                        f"{transport.remote_version.removeprefix('SSH-2.0-')} does not know: it must be RSA.",
                        next_step=fix)
    return key


def login(door: Door, transport: El6Transport) -> None:
    tried: list[str] = []
    for name, attempt in _ways_in(door, transport):
        try:
            attempt()
            if transport.is_authenticated():
                return
            tried.append(f"{name} (not enough alone)")
        except paramiko.BadAuthenticationType as error:
            tried.append(f"{name} (the server allows {', '.join(error.allowed_types)} only)")
        except paramiko.AuthenticationException:
            tried.append(name)
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise ConnectError(door.name, door.address, f"hung up during the login: {error}.",
                               next_step="Look at /var/log/secure on the node.") from None
    raise AuthError(door.name, door.address, f"{door.user} is not let in; tried: {', '.join(tried) or 'nothing'}.",
                    next_step=f"Try by hand: ssh -p {door.port} {door.user}@{door.host}; then correct ssh.user, "
                              "ssh.key or ssh.password of the site file.")


def _ways_in(door: Door, transport: El6Transport):
    if door.key:
        key = _load_key(door, transport)
        yield f"the key {door.key}", lambda: transport.auth_publickey(door.user, key)
    if door.agent:
        keys = [key for key in paramiko.Agent().get_keys() if key.get_name() == "ssh-rsa"
                or openssh_version(transport.remote_version) >= (6, 5)]
        for key in keys:
            yield f"the agent's key {key.comment or fingerprint(key)}", \
                lambda key=key: transport.auth_publickey(door.user, key)
        if not keys:
            yield "the agent (it holds no usable RSA key)", lambda: (_ for _ in ()).throw(
                paramiko.AuthenticationException())
    if door.password:
        yield f"the password from {door.password.source}", \
            lambda: transport.auth_password(door.user, door.password.reveal(), fallback=True)
