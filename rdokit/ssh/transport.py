"""The way to a node's SSH server, up to its host key: TCP or through a jump host, with what CentOS 6 needs."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading

import paramiko

from ..errors import ConnectError
from . import limits
from .door import Door
from .hostkeys import known

# A handshake is computing, which threads cannot share: with fifty at once each would seem to hang.
_HANDSHAKES = threading.BoundedSemaphore(limits.HANDSHAKES)


def _short(kex: type) -> type:
    """A group exchange whose private exponent has 512 bits instead of the prime's 2048.

    RFC 4419 6.2 allows it (twice the key material) and OpenSSH does it too. In Python it is 10 ms of
    computing a connection instead of 40, which threads cannot share: at fifty nodes that is two seconds.
    """
    def generate(self) -> None:
        self.x = 1 << 511 | secrets.randbits(511)
    return type(f"Short{kex.__name__}", (kex,), {"_generate_x": generate})


class El6Transport(paramiko.Transport):
    """A transport that signs as the server can verify.

    paramiko 4 signs RSA keys with rsa-sha2 first, which OpenSSH before 7.2 refuses without saying so;
    so does a newer one that is told to use SHA-1 only, which shows in the type of its host key.
    """

    _kex_info = {name: _short(kex) if "group-exchange" in name else kex
                 for name, kex in paramiko.Transport._kex_info.items()}

    def auth_publickey(self, username, key, event=None):
        if openssh_version(self.remote_version) < (7, 2) or self.host_key_type == "ssh-rsa":
            self.disabled_algorithms["pubkeys"] = ["rsa-sha2-512", "rsa-sha2-256"]
        return super().auth_publickey(username, key, event)


def openssh_version(banner: str) -> tuple[int, int]:
    """(5, 3) of "SSH-2.0-OpenSSH_5.3"; (99, 0) for other servers.

    >>> openssh_version("SSH-2.0-OpenSSH_9.2p1 Debian-2")
    (9, 2)
    """
    _, found, rest = banner.partition("OpenSSH_")
    digits = rest.split(" ")[0].split("p")[0].split(".")
    try:
        return (int(digits[0]), int(digits[1])) if found else (99, 0)
    except (ValueError, IndexError):
        return (99, 0)


def _tcp(door: Door, stack: contextlib.ExitStack):
    if door.jump:
        from . import Connection  # it needs this module
        through = Connection(door.jump)
        stack.callback(through.close)
        try:
            return through.transport().open_channel("direct-tcpip", (door.host, door.port), ("127.0.0.1", 0),
                                                    timeout=limits.CONNECT)
        except ConnectError:  # of the jump host itself: its own message says more
            raise
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise ConnectError(door.name, door.address, f"cannot be reached through {door.jump.name}: {error}.",
                               next_step=f"Log in to {door.jump.name} and try: ssh {door.host}") from None
    try:
        sock = socket.create_connection((door.host, door.port), timeout=limits.CONNECT)
    except socket.gaierror as error:
        raise ConnectError(door.name, door.address, f"the name {door.host} is not known ({error.strerror}).",
                           next_step=f"Correct nodes.{door.name}.ssh.host in the site file.") from None
    except TimeoutError:
        raise ConnectError(door.name, door.address, f"no answer within {limits.CONNECT:g} s.",
                           next_step="Is the machine on, the cable in, the address right, the firewall open?") from None
    except OSError as error:
        what = "nothing listens there (connection refused)" if isinstance(error, ConnectionRefusedError) else \
            (error.strerror or str(error))
        raise ConnectError(door.name, door.address, f"{what}.",
                           next_step="Is the machine up and sshd running, and is the port right?") from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # 44 ms → 4 ms a command (measured)
    return sock


def acknowledge_at_once(sock) -> None:
    """What a server sends of itself after the login delays its next answer by 40 ms if we wait to acknowledge it."""
    with contextlib.suppress(AttributeError, OSError):  # Linux has the option; a jump's channel is no socket
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def open_transport(door: Door, stack: contextlib.ExitStack) -> El6Transport:
    sock = _tcp(door, stack)
    stack.callback(sock.close)
    try:
        transport = El6Transport(sock)
        stack.callback(transport.close)
        transport.banner_timeout = transport.auth_timeout = limits.CONNECT
        options = transport.get_security_options()
        options.key_types = _trusted_first(options.key_types, [key.get_name() for key in known(door)[0]])
        with _HANDSHAKES:
            transport.start_client(timeout=limits.CONNECT)
        if not transport.initial_kex_done:  # paramiko returns without a word when the time is up
            raise paramiko.SSHException("Timeout")
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise ConnectError(door.name, door.address, _why(error), next_step="Is it an SSH server? Try: "
                           f"ssh -v -p {door.port} {door.user}@{door.host}") from None
    return transport


def _trusted_first(kinds: tuple[str, ...], trusted: list[str]) -> tuple[str, ...]:
    """The host key types to ask for: those we can check come first.

    >>> _trusted_first(("ssh-ed25519", "rsa-sha2-512", "ssh-rsa"), ["ssh-rsa"])
    ('rsa-sha2-512', 'ssh-rsa', 'ssh-ed25519')
    """
    def checkable(kind: str) -> bool:
        return (("ssh-rsa" if kind.startswith("rsa-sha2-") else kind) in trusted)
    return tuple(sorted(kinds, key=lambda kind: not checkable(kind)))


def _why(error: Exception) -> str:
    text = str(error)
    if "banner" in text or (isinstance(error, paramiko.SSHException) and "Timeout" in text):
        return f"accepted the connection, then said nothing for {limits.CONNECT:g} s."
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return f"we have no algorithm in common: {text}."
    return f"the SSH handshake failed: {text or type(error).__name__}."


def scan_host_key(door: Door) -> paramiko.PKey:
    """The key that the node offers now; nothing is sent, nothing is trusted.

    Raises:
        ConnectError: it cannot be reached.
    """
    with contextlib.ExitStack() as stack:
        transport = open_transport(door, stack)
        return transport.get_remote_server_key()
