"""One kept SSH connection to one node; the only module that imports paramiko.

CentOS 6 runs OpenSSH 5.3: RSA host keys signed with SHA-1, RSA user keys only, old key exchanges.
What follows from that is in `El6Transport` and `_load_key`. Why the transport is driven directly and
not through paramiko's SSHClient: the host key is judged by our own rules (unknown, changed, revoked,
each with fingerprints) *before* anything secret is sent.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import logging
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import paramiko

from .errors import AuthError, CommandTimeout, ConnectError, ConnectionLost, HostKeyError
from .secret import Secret
from .shell import Command, Result

# Its threads log tracebacks, which Python prints when nobody listens; our errors tell the story.
logging.getLogger("paramiko").addHandler(logging.NullHandler())

CONNECT_LIMIT = 10.0  # seconds for the TCP connection, and again for the banner and for the login
COMMAND_LIMIT = 120.0  # seconds for a command, unless it is given another limit
KEPT_OUTPUT = 32 * 2**20  # bytes of one stream that are kept in memory; the middle of more is left out
INLINE_INPUT = 1 << 16  # bytes of input that fit into any channel's window
PIECE = 1 << 17  # bytes handed to paramiko at a time
SUDO_REFUSES = re.compile(r"^sudo: (sorry, you must have a tty|a password is required|no password was provided|"
                          r"\d+ incorrect password)|not in the sudoers file|"
                          r"is not allowed to (execute|run sudo)")
LATE_OUTPUT = 0.3  # seconds to wait for output after the exit status, when something keeps the channel open


@dataclass(frozen=True)
class Door:
    """How to get in: everything that `connect` needs, nothing else.

    Attributes:
        name: of the node, for messages.
        key: path of an RSA private key. passphrase: its passphrase.
        sudo: commands run through sudo (the user is not root).
        known_hosts: file of trusted host keys.
        jump: the door to go through first.
        becomes_root: whether commands of a user who is not root go through sudo (not on a jump host or instance).
    """

    name: str
    host: str
    port: int = 22
    user: str = "root"
    password: Secret | None = None
    key: str | None = None
    passphrase: Secret | None = None
    agent: bool = False
    sudo_password: Secret | None = None
    known_hosts: str = "~/.ssh/known_hosts"
    jump: Door | None = None
    becomes_root: bool = True

    @property
    def address(self) -> str:
        return self.host if self.port == 22 else f"{self.host}:{self.port}"

    @property
    def sudo(self) -> bool:
        return self.user != "root" and self.becomes_root


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
        if _openssh_version(self.remote_version) < (7, 2) or self.host_key_type == "ssh-rsa":
            self.disabled_algorithms["pubkeys"] = ["rsa-sha2-512", "rsa-sha2-256"]
        return super().auth_publickey(username, key, event)


def _openssh_version(banner: str) -> tuple[int, int]:
    """(5, 3) of "SSH-2.0-OpenSSH_5.3"; (99, 0) for other servers.

    >>> _openssh_version("SSH-2.0-OpenSSH_9.2p1 Debian-2")
    (9, 2)
    """
    _, found, rest = banner.partition("OpenSSH_")
    digits = rest.split(" ")[0].split("p")[0].split(".")
    try:
        return (int(digits[0]), int(digits[1])) if found else (99, 0)
    except (ValueError, IndexError):
        return (99, 0)


# --- host keys -------------------------------------------------------------------------------------

def fingerprint(key: paramiko.PKey) -> str:
    """As `ssh-keygen -l` prints it today; MD5 beside it, because CentOS 6 prints only that."""
    raw = key.asbytes()
    sha = base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")
    md5 = hashlib.md5(raw, usedforsecurity=False).hexdigest()
    return f"{key.get_name()} SHA256:{sha} (MD5 {':'.join(md5[i:i + 2] for i in range(0, 32, 2))})"


def _entry_name(door: Door) -> str:
    return door.host if door.port == 22 else f"[{door.host}]:{door.port}"


def _known(door: Door) -> tuple[list[paramiko.PKey], list[paramiko.PKey]]:
    """The keys that known_hosts trusts and those it revokes for this door."""
    path = Path(door.known_hosts).expanduser()
    trusted: list[paramiko.PKey] = []
    revoked: list[paramiko.PKey] = []
    lines = path.read_text("utf-8", "replace").splitlines() if path.is_file() else []
    for line in lines:
        marker, text = line.split(None, 1) if line.startswith("@") and " " in line else ("", line)
        hosts = text.split(None, 1)[0] if text.strip() else "#"
        if hosts.startswith("#") or marker not in ("", "@revoked") or not _names(hosts, _entry_name(door)):
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
        regex = re.escape(pattern.removeprefix("!")).replace(r"\*", ".*").replace(r"\?", ".")
        if re.fullmatch(regex, name):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _verify(door: Door, key: paramiko.PKey) -> None:
    trusted, revoked = _known(door)
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


def scan_host_key(door: Door) -> paramiko.PKey:
    """The key that the node offers now; nothing is sent, nothing is trusted.

    Raises:
        ConnectError: it cannot be reached.
    """
    with contextlib.ExitStack() as stack:
        transport = _transport(door, stack)
        return transport.get_remote_server_key()


def record_host_key(door: Door, key: paramiko.PKey) -> Path:
    """Append the key to the door's known_hosts; return the file."""
    path = Path(door.known_hosts).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    line = f"{_entry_name(door)} {key.get_name()} {key.get_base64()}\n"
    old = path.read_bytes() if path.exists() else b""
    with path.open("ab") as file:
        file.write((b"" if not old or old.endswith(b"\n") else b"\n") + line.encode())
    return path


# --- connecting ------------------------------------------------------------------------------------

def _tcp(door: Door, stack: contextlib.ExitStack):
    if door.jump:
        through = Connection(door.jump)
        stack.callback(through.close)
        try:
            return through.transport().open_channel("direct-tcpip", (door.host, door.port), ("127.0.0.1", 0),
                                                    timeout=CONNECT_LIMIT)
        except ConnectError:  # of the jump host itself: its own message says more
            raise
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise ConnectError(door.name, door.address, f"cannot be reached through {door.jump.name}: {error}.",
                               next_step=f"Log in to {door.jump.name} and try: ssh {door.host}") from None
    try:
        sock = socket.create_connection((door.host, door.port), timeout=CONNECT_LIMIT)
    except socket.gaierror as error:
        raise ConnectError(door.name, door.address, f"the name {door.host} is not known ({error.strerror}).",
                           next_step=f"Correct nodes.{door.name}.ssh.host in the site file.") from None
    except TimeoutError:
        raise ConnectError(door.name, door.address, f"no answer within {CONNECT_LIMIT:g} s.",
                           next_step="Is the machine on, the cable in, the address right, the firewall open?") from None
    except OSError as error:
        what = "nothing listens there (connection refused)" if isinstance(error, ConnectionRefusedError) else \
            (error.strerror or str(error))
        raise ConnectError(door.name, door.address, f"{what}.",
                           next_step="Is the machine up and sshd running, and is the port right?") from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # 44 ms → 4 ms a command (measured)
    return sock


def _acknowledge_at_once(sock) -> None:
    """What a server sends of itself after the login delays its next answer by 40 ms if we wait to acknowledge it."""
    with contextlib.suppress(AttributeError, OSError):  # Linux has the option; a jump's channel is no socket
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _transport(door: Door, stack: contextlib.ExitStack) -> El6Transport:
    sock = _tcp(door, stack)
    stack.callback(sock.close)
    try:
        transport = El6Transport(sock)
        stack.callback(transport.close)
        transport.banner_timeout = transport.auth_timeout = CONNECT_LIMIT
        options = transport.get_security_options()
        options.key_types = _trusted_first(options.key_types, [key.get_name() for key in _known(door)[0]])
        transport.start_client(timeout=CONNECT_LIMIT)
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
        return f"accepted the connection, then said nothing for {CONNECT_LIMIT:g} s."
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return f"we have no algorithm in common: {text}."
    return f"the SSH handshake failed: {text or type(error).__name__}."


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
    if key.get_name() != "ssh-rsa" and _openssh_version(transport.remote_version) < (6, 5):
        raise AuthError(door.name, door.address, f"the key {door.key} is {key.get_name()}, which "
                        f"{transport.remote_version.removeprefix('SSH-2.0-')} does not know: it must be RSA.",
                        next_step=fix)
    return key


def _login(door: Door, transport: El6Transport) -> None:
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
                or _openssh_version(transport.remote_version) >= (6, 5)]
        for key in keys:
            yield f"the agent's key {key.comment or fingerprint(key)}", \
                lambda key=key: transport.auth_publickey(door.user, key)
        if not keys:
            yield "the agent (it holds no usable RSA key)", lambda: (_ for _ in ()).throw(
                paramiko.AuthenticationException())
    if door.password:
        yield f"the password from {door.password.source}", \
            lambda: transport.auth_password(door.user, door.password.reveal(), fallback=True)


class Connection:
    """One kept connection; made at first use, made anew after it broke.

    >>> c = Connection(Door("node1", "192.168.0.11")); c
    <Connection root@192.168.0.11, closed>
    """

    def __init__(self, door: Door):
        self.door = door
        self._transport: El6Transport | None = None
        self._stack = contextlib.ExitStack()
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"<Connection {self.door.user}@{self.door.address}, {'open' if self.alive else 'closed'}>"

    @property
    def alive(self) -> bool:
        return bool(self._transport and self._transport.is_active())

    def transport(self) -> El6Transport:
        """The authenticated transport, connecting when needed.

        Raises:
            ConnectError, HostKeyError, AuthError: with node, address, cause and what to do.
        """
        with self._lock:
            if not self.alive:
                self.close()
                with contextlib.ExitStack() as stack:
                    transport = _transport(self.door, stack)
                    _verify(self.door, transport.get_remote_server_key())
                    _login(self.door, transport)
                    _acknowledge_at_once(transport.sock)
                    self._transport, self._stack = transport, stack.pop_all()
            return self._transport

    def close(self) -> None:
        with self._lock:
            self._stack.close()
            self._transport = None

    def run(self, command: Command | str, *, stdin: bytes = b"", limit: float = COMMAND_LIMIT,
            on_output: Callable[[str, bytes], None] | None = None, tty: bool = False) -> Result:
        """Run one line in the login shell's shell and wait for its end.

        Args:
            command: a `Command`, or a line without secrets.
            stdin: what it reads; it sees the end of input after that.
            limit: seconds until it is given up (the connection is closed then, which ends most commands).
            on_output: called with "stdout" or "stderr" and the bytes as they come.

        Raises:
            ConnectError: no connection could be made: nothing was sent.
            ConnectionLost: it broke: whether the command ran is not known.
            CommandTimeout: it did not end within the limit.
        """
        sent, shown = (command.sent, command.shown) if isinstance(command, Command) else (command, command)
        if self.door.sudo:
            sent, shown, stdin = self._through_sudo(sent, shown, stdin)
        transport = self.transport()
        start = time.monotonic()
        keep = {"stdout": _Kept(), "stderr": _Kept()}
        channel = None
        try:
            channel = transport.open_session(timeout=min(limit, CONNECT_LIMIT))
            status = _Exchange(channel, keep, on_output, start + limit).run(sent, stdin, tty)
        except _Late:
            self.close()
            text = keep["stdout"].text() + keep["stderr"].text()
            raise CommandTimeout(self.door.name, shown, limit, text, next_step="The node may be overloaded, or the "
                                 "command waits for input that it will not get.") from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            self.close()
            raise ConnectionLost(self.door.name, shown, str(error) or type(error).__name__) from None
        finally:
            if channel is not None:
                channel.close()
        if self.door.sudo and status == 1 and not keep["stdout"].head:
            self._refused_by_sudo(keep["stderr"].text())
        if status is None and _dies(transport):
            self.close()
            raise ConnectionLost(self.door.name, shown, "closed without an exit status")
        return Result(self.door.name, shown, status, keep["stdout"].text(), keep["stderr"].text(),
                      time.monotonic() - start, keep["stdout"].note() or keep["stderr"].note())

    def _refused_by_sudo(self, stderr: str) -> None:
        """sudo's own refusal is not the command's exit status 1 and must not be taken for it."""
        said = next((line for line in stderr.splitlines() if SUDO_REFUSES.search(line)), "")
        if not said:
            return
        fix = f"visudo on the node: Defaults:{self.door.user} !requiretty (CentOS 6 asks for a terminal unless told)" \
            if "tty" in said else f"Is ssh.sudo_password right, and may {self.door.user} use sudo there (sudo -l)?"
        raise AuthError(self.door.name, self.door.address, f"sudo refuses {self.door.user}: {said}.", next_step=fix)

    def _through_sudo(self, sent: str, shown: str, stdin: bytes) -> tuple[str, str, bytes]:
        quoted = Command("bash -c {line}", {"line": sent}).sent
        if self.door.sudo_password:
            stdin = self.door.sudo_password.reveal().encode() + b"\n" + stdin
            return f"sudo -S -p '' -- {quoted}", f"sudo {shown}", stdin
        return f"sudo -n -- {quoted}", f"sudo {shown}", stdin


def _dies(transport: El6Transport) -> bool:
    """Whether the transport is gone, too: its thread needs a moment to notice."""
    end = time.monotonic() + 0.5
    while transport.is_active() and time.monotonic() < end:
        time.sleep(0.01)
    return not transport.is_active()


class _Late(Exception):
    """The limit has passed."""


class _Kept:
    """The output of one stream: all of it, or its first and last half when it is very long."""

    def __init__(self) -> None:
        self.head = bytearray()
        self.tail = bytearray()
        self.dropped = 0

    def add(self, data: bytes) -> None:
        room = KEPT_OUTPUT // 2 - len(self.head)
        self.head += data[: max(room, 0)]
        self.tail += data[max(room, 0):]
        if len(self.tail) > KEPT_OUTPUT:
            cut = len(self.tail) - KEPT_OUTPUT // 2
            self.dropped += cut
            del self.tail[:cut]

    def text(self) -> str:
        middle = f"\n… {self.dropped} bytes left out …\n".encode() if self.dropped else b""
        return b"".join((self.head, middle, self.tail)).decode("utf-8", "surrogateescape")

    def note(self) -> str:
        return f"{self.dropped} bytes of output were not kept" if self.dropped else ""


class _Exchange:
    """Feeds a channel's input and drains both of its outputs, without polling while data flows."""

    def __init__(self, channel: paramiko.Channel, keep: dict[str, _Kept], on_output, deadline: float):
        self.channel, self.keep, self.on_output, self.deadline = channel, keep, on_output, deadline
        self.news = threading.Event()
        channel.in_buffer.set_event(self.news)
        channel.in_stderr_buffer.set_event(self.news)

    def run(self, line: str, stdin: bytes, tty: bool) -> int | None:
        if tty:
            self.channel.get_pty(width=200)
        self.channel.settimeout(max(self.deadline - time.monotonic(), 0.01))
        try:
            self.channel.exec_command(line)
        except TimeoutError:
            raise _Late from None
        if len(stdin) > INLINE_INPUT:  # a thread of its own, or both sides could wait for each other's full window
            threading.Thread(target=self._send, args=(stdin,), daemon=True).start()
        else:
            self._send(stdin)
        self._drain()
        return self.channel.exit_status if self.channel.status_event.is_set() and self.channel.exit_status >= 0 \
            else None

    def _send(self, stdin: bytes) -> None:
        # A command that ends without reading its input is no error; a lost connection shows in _drain.
        with contextlib.suppress(OSError, EOFError):
            for start in range(0, len(stdin), PIECE):  # paramiko copies all of the rest for every packet it sends
                self.channel.sendall(stdin[start:start + PIECE])
            self.channel.shutdown_write()

    def _drain(self) -> None:
        quiet_since = None
        while True:
            self.news.clear()
            moved = self._take()
            if self.channel.eof_received and not moved or self.channel.closed and not moved:
                self.channel.status_event.wait(max(min(self.deadline - time.monotonic(), CONNECT_LIMIT), 0))
                if not self._take():
                    return
                continue
            if self.channel.exit_status_ready() and not moved:
                # The command ended but a process it left behind holds the channel open.
                quiet_since = quiet_since or time.monotonic()
                if time.monotonic() - quiet_since > LATE_OUTPUT:
                    return
            if time.monotonic() > self.deadline:
                raise _Late
            if not moved:
                self.news.wait(0.05 if self.channel.exit_status_ready() else
                               min(max(self.deadline - time.monotonic(), 0.001), 0.5))
            if not self.channel.get_transport().is_active() and not self.channel.recv_ready():
                if not self.channel.status_event.is_set():
                    raise EOFError("the connection was closed")
                return

    def _take(self) -> bool:
        moved = False
        for stream, ready, recv in (("stdout", self.channel.recv_ready, self.channel.recv),
                                    ("stderr", self.channel.recv_stderr_ready, self.channel.recv_stderr)):
            while ready():
                data = recv(1 << 18)
                if not data:
                    break
                moved = True
                self.keep[stream].add(data)
                if self.on_output:
                    self.on_output(stream, data)
        return moved
