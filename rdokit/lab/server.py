"""The lab's SSH server: one listener per node, speaking as OpenSSH 5.3 of CentOS 6 does.

A client that passes here must also reach the real machine, so the lists of
algorithms, the RSA/SHA-1 signatures, the missing extensions and the file
permission checks are those of 5.3. A session is a login shell on the node's
Machine; sftp works on the same files; port forwarding reaches the other nodes
and instances by their addresses inside the lab.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import socket
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import asyncssh
from asyncssh import auth as asyncssh_auth

from . import passwords, sftp
from .machine import SIGNAL_NAMES, Entry, Machine
from .process import passwd_entry
from .shell.streams import Buffered, Descriptors, Stream, to_bytes
from .shell.terminal import Terminal

if TYPE_CHECKING:
    from .world import Node, World

KEX = ["diffie-hellman-group-exchange-sha256", "diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1",
       "diffie-hellman-group1-sha1"]  # fmt: skip
CIPHERS = ["aes128-ctr", "aes192-ctr", "aes256-ctr", "arcfour256", "arcfour128", "aes128-cbc", "3des-cbc",
           "blowfish-cbc", "cast128-cbc", "aes192-cbc", "aes256-cbc", "arcfour"]  # fmt: skip
MACS = ["hmac-md5", "hmac-sha1", "umac-64@openssh.com", "hmac-sha1-96", "hmac-md5-96"]
MAX_AUTH_TRIES = 6
MAX_SESSIONS = 10  # on one connection
PLUMP = 1 << 20  # bytes of unread input before the client is asked to wait
OLD_KEY_ALGORITHMS = (b"ssh-rsa", b"ssh-dss")


def available(wanted: list[str], get: Callable[[], list[bytes]]) -> list[str]:
    """What asyncssh can do here (OpenSSL may lack the oldest ciphers)."""
    have = {name.decode() for name in get()}
    return [name for name in wanted if name in have]


def teach_old_public_key() -> None:
    """5.3 does not know rsa-sha2-256 and rsa-sha2-512: a request with such a name fails before the key is read."""
    original = asyncssh_auth._ServerPublicKeyAuth._start  # noqa: SLF001
    if getattr(original, "lab", False):
        return

    async def start(self: Any, packet: Any) -> None:
        index = packet._idx  # noqa: SLF001
        packet.get_boolean()
        algorithm = packet.get_string()
        packet._idx = index  # noqa: SLF001
        if getattr(self._conn, "lab_server", False) and algorithm not in OLD_KEY_ALGORITHMS:
            self._conn.get_owner().failed()
            self.send_failure()
            return
        await original(self, packet)

    start.lab = True  # type: ignore[attr-defined]
    asyncssh_auth._ServerPublicKeyAuth._start = start  # noqa: SLF001


class OldConnection(asyncssh.SSHServerConnection):
    """A connection without what came after 5.3: extension negotiation (server-sig-algs) and strict key exchange.

    What is sent in one turn of the event loop goes out in one piece, as sshd gathers its packets, too: a command's
    end is four of them, and both sides would work for each by itself.
    """

    lab_server = True
    _gathered: list[bytes] | None = None

    def send_packet(self, pkttype: int, *args: bytes, **named: Any) -> None:
        """asyncssh hides each packet behind an empty one to be ignored; 5.3 does not, and it doubles the work."""
        if pkttype != asyncssh.connection.MSG_IGNORE:
            super().send_packet(pkttype, *args, **named)

    def _send(self, data: bytes) -> None:
        if self._transport is None:
            return
        if self._gathered is None:
            self._gathered = []
            self._loop.call_soon(self._send_gathered, self._transport)
        self._gathered.append(data)

    def _send_gathered(self, transport: asyncio.Transport) -> None:
        """The transport is the one of that time: a farewell still goes out when the connection is being closed."""
        gathered, self._gathered = self._gathered or [], None
        with contextlib.suppress(ConnectionError):
            transport.write(b"".join(gathered))

    @property
    def _strict_kex(self) -> bool:
        return False

    @_strict_kex.setter
    def _strict_kex(self, value: bool) -> None:
        """A client's offer is not taken."""

    @property
    def _next_service(self) -> bytes | None:
        return self.__dict__.get("_next_service")

    @_next_service.setter
    def _next_service(self, value: bytes | None) -> None:
        """OpenSSH grants the service again and again: paramiko asks for it before every attempt to log in."""
        if value is not None:
            self.__dict__["_next_service"] = value

    def _get_extra_kex_algs(self) -> list[bytes]:
        return []

    def _send_ext_info(self) -> None:
        """5.3 has nothing to say here."""


def old_key_pair(key: asyncssh.SSHKey) -> Any:
    """The host key, signing with SHA-1 only."""
    pair = asyncssh.load_keypairs(key)[0]
    pair.sig_algorithms = pair.host_key_algorithms = [b"ssh-rsa"]
    return pair


class Outlet(Stream):
    """stdout or stderr of a channel. Small writes are gathered until the event loop comes round."""

    readable = False

    def __init__(self, session: NodeSession, kind: int | None):
        super().__init__()
        self.session, self.kind = session, kind

    def write(self, data: str | bytes) -> None:
        self.session.send(to_bytes(data), self.kind)

    async def drain(self) -> None:
        await self.session.drain()

    def closed(self) -> None:
        self.session.outlet_closed()


class Inlet(Buffered):
    """stdin of a channel; asks the client to wait when nobody reads."""

    writable = False

    def __init__(self, session: NodeSession):
        super().__init__()
        self.session = session
        self.paused = False

    def feed(self, data: bytes) -> None:
        if self.refs <= 0:
            return
        super().feed(data)
        if self.size > PLUMP and not self.paused:
            self.paused = True
            self.session.chan.pause_reading()

    def taken(self) -> None:
        if self.paused and self.size < PLUMP // 2:
            self.paused = False
            if not self.session.lost:
                self.session.chan.resume_reading()

    def closed(self) -> None:
        self.chunks.clear()
        self.size = 0
        self.taken()


class NodeSession(asyncssh.SSHServerSession):
    """A channel: exec, shell or sftp."""

    def __init__(self, server: NodeLogin):
        self.login = server
        self.machine = server.listener.machine
        self.chan: Any = None
        self.tty: Terminal | None = None
        self.stdin = Inlet(self)
        self.queue: list[tuple[int | None, bytes]] = []
        self.scheduled = False
        self.writable = asyncio.Event()
        self.writable.set()
        self.lost = False
        self.entry: Entry | None = None
        self.outlets = 0
        self.told = False  # the exit status was sent
        self.command: str | None = None
        self.inner: Any = None

    # -- what asyncssh calls -------------------------------------------------------------------------------------

    def connection_made(self, chan: Any) -> None:
        self.chan = chan
        self.login.sessions += 1
        chan._process_exec_request = self._exec_bytes  # noqa: SLF001 - commands need not be UTF-8

    def _exec_bytes(self, packet: Any) -> bool:
        command = packet.get_string().decode("utf-8", "surrogateescape")
        packet.check_end()
        return self.chan._start_session(command=command)  # noqa: SLF001

    def pty_requested(self, term_type: str, term_size: tuple, term_modes: Mapping[int, int]) -> bool:
        name = self.machine.free_tty()
        self.tty = Terminal(
            self.machine, name, term_type, term_size[0], term_size[1], lambda data: self.send(data, None)
        )
        self.tty.drained = self.drain
        self.machine.ttys[name] = self.tty
        return True

    def shell_requested(self) -> bool:
        return True

    def exec_requested(self, command: str) -> bool:
        self.command = command
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        if subsystem != "sftp":
            return False
        user = self.login.user
        home = (passwd_entry(self.machine.node, user) or {"home": "/"})["home"]
        self.inner = asyncssh.stream.SSHServerStreamSession(
            None, lambda chan: sftp.NodeSFTP(chan, self.machine, user, home), 3, False
        )
        self.inner.connection_made(self.chan)
        close = self.chan.close

        def close_with_status() -> None:
            """sftp-server exits with 0 when its input ends; scp of today asks for that status."""
            if not self.told and not self.lost and not self.chan.is_closing():
                self.told = True
                self.chan._send_request(b"exit-status", asyncssh.packet.UInt32(0))  # noqa: SLF001
            close()

        self.chan.close = close_with_status
        return True

    def session_started(self) -> None:
        if self.inner is not None:
            self.inner.session_started()
            return
        asyncio.get_running_loop().call_soon(self.begin)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if self.inner is not None:
            self.inner.data_received(data, datatype)
        elif self.tty is not None:
            self.tty.receive(data)
        else:
            self.stdin.feed(data)

    def eof_received(self) -> bool:
        if self.inner is not None:
            return self.inner.eof_received()
        if self.tty is None:
            self.stdin.feed_eof()
        return True

    def pause_writing(self) -> None:
        self.writable.clear()
        if self.inner is not None:
            self.inner.pause_writing()

    def resume_writing(self) -> None:
        self.writable.set()
        if self.inner is not None:
            self.inner.resume_writing()

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        if self.tty is not None:
            self.tty.resize(width, height)

    def break_received(self, msec: int) -> bool:
        return False

    def signal_received(self, signal: str) -> None:
        """OpenSSH 5.3's server does not act on signal requests (that came with 7.9)."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone. Without a terminal the command goes on until it writes; with one it gets SIGHUP."""
        self.lost = True
        self.login.sessions -= 1
        self.queue.clear()
        self.writable.set()
        if self.inner is not None:
            self.inner.connection_lost(exc)
            return
        self.stdin.feed_eof()
        if self.tty is not None:
            self.machine.ttys.pop(self.tty.name, None)
            self.tty.hang_up()
        self.machine.logout(self)

    # -- the process ---------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start the user's shell, with the command if there is one."""
        login, machine = self.login, self.machine
        fds = Descriptors()
        if self.tty is not None:
            for fd in range(3):
                fds[fd] = self.tty.stream()
        else:
            out, err = Outlet(self, None), Outlet(self, asyncssh.EXTENDED_DATA_STDERR)
            self.outlets = 2
            fds.update({0: self.stdin, 1: out, 2: err})
        argv = ["bash", "-c", self.command] if self.command is not None else ["-bash"]
        p = machine.login_process(login.user, argv, fds, self.environment(), self.tty)
        if self.tty is not None and self.command is None:
            self.greet()
        self.entry = machine.start(p, machine.shell_session, sid=p.pid, pgid=p.pid)
        if self.tty is not None:
            self.tty.session = self.tty.foreground = p.pid
        self.entry.ended.append(self.process_ended)

    def environment(self) -> dict[str, str]:
        env = {}
        for name, value in self.chan.get_environment().items():
            if name == "LANG" or name == "LANGUAGE" or name.startswith("LC_") or name == "XMODIFIERS":
                env[name] = value
        env.setdefault("LANG", "en_US.UTF-8")
        peer, here = self.login.peer, self.login.here
        env["SSH_CLIENT"] = f"{peer[0]} {peer[1]} 22"
        env["SSH_CONNECTION"] = f"{peer[0]} {peer[1]} {here} 22"
        if self.tty is not None:
            env["TERM"] = self.tty.term or "dumb"
            env["SSH_TTY"] = f"/dev/{self.tty.name}"
        return env

    def greet(self) -> None:
        """`Last login:` and /etc/motd."""
        node, user = self.machine.node, self.login.user
        seen: dict[str, tuple[float, str]] = node.extra.setdefault("lastlog", {})
        if user in seen and self.tty is not None:
            when, where = seen[user]
            stamp = time.strftime("%a %b %e %H:%M:%S %Y", self.machine.localtime(when))
            self.tty.write(f"Last login: {stamp} from {where}\n")
        seen[user] = (time.time(), self.login.peer[0])
        self.machine.login(self, user, self.tty.name if self.tty else "", self.login.peer[0])
        try:
            motd = node.fs.read_text("/etc/motd")
        except OSError:
            return
        if motd and self.tty is not None:
            self.tty.write(motd)

    def process_ended(self) -> None:
        """Tell the exit status; the channel stays open while background processes hold it, as with sshd."""
        if self.lost or self.entry is None:
            return
        self.flush()
        self.machine.logout(self)
        status, signal = self.entry.status or 0, self.entry.signal
        try:
            if signal and signal in SIGNAL_NAMES:
                packet = asyncssh.packet
                self.chan._send_request(  # noqa: SLF001
                    b"exit-signal",
                    packet.String(SIGNAL_NAMES[signal].encode()),
                    packet.Boolean(False),
                    packet.String(b""),
                    packet.String(b""),
                )
            else:
                self.chan._send_request(b"exit-status", asyncssh.packet.UInt32(status))  # noqa: SLF001
            self.told = True
            if self.outlets == 0 or self.tty is not None:
                self.finish()
        except (OSError, asyncssh.Error):
            self.lost = True

    def outlet_closed(self) -> None:
        self.outlets -= 1
        if self.outlets == 0 and not self.lost and self.told:
            self.finish()

    def finish(self) -> None:
        if self.tty is not None:
            self.machine.ttys.pop(self.tty.name, None)
            if self.entry is not None:
                self.tty.gone = True
                self.machine.hang_up(0, self.tty.foreground)
        self.flush()
        if not self.chan.is_closing():
            self.chan.close()

    # -- output --------------------------------------------------------------------------------------------------

    def send(self, data: bytes, kind: int | None) -> None:
        if self.lost:
            raise BrokenPipeError(32, "Broken pipe")
        if not data:
            return
        self.queue.append((kind, data))
        if not self.scheduled:
            self.scheduled = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Send what was gathered: runs of the same kind in one piece, in the order written."""
        self.scheduled = False
        queue, self.queue = self.queue, []
        start = 0
        while start < len(queue) and not self.lost:
            kind, end = queue[start][0], start + 1
            while end < len(queue) and queue[end][0] == kind:
                end += 1
            try:
                self.chan.write(b"".join(data for _, data in queue[start:end]), kind)
            except (OSError, asyncssh.Error):
                self.lost = True
            start = end

    async def drain(self) -> None:
        self.flush()
        if self.writable.is_set():
            await asyncio.sleep(0)
        else:
            await self.writable.wait()
        if self.lost:
            raise BrokenPipeError(32, "Broken pipe")


class NodeLogin(asyncssh.SSHServer):
    """One connection: who may come in, and what it may open."""

    def __init__(self, listener: Listener):
        self.listener = listener
        self.failures = 0
        self.sessions = 0
        self.user = ""
        self.conn: Any = None
        self.peer: tuple[str, int] = ("127.0.0.1", 0)
        self.here = "127.0.0.1"

    @property
    def node(self) -> Node:
        return self.listener.machine.node

    def connection_made(self, conn: Any) -> None:
        self.conn = conn
        conn.__class__ = OldConnection
        sock = conn.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = conn.get_extra_info("peername")
        if peer:
            self.peer = (peer[0], peer[1])
        self.here = self.listener.lab_address()
        self.listener.connections.add(conn)
        service = self.node.services.get("sshd")
        lost = self.node.spec.nics and not self.listener.addresses()  # no address leads here any more
        if not self.node.up or lost or (service is not None and not service.running):
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.listener.connections.discard(self.conn)

    def begin_auth(self, username: str) -> bool:
        self.user = username
        return True

    def setting(self, name: str, default: str) -> str:
        """A keyword of sshd_config as the running sshd has read it."""
        try:
            text = self.node.fs.read_text("/etc/ssh/sshd_config")
        except OSError:
            return default
        for line in text.splitlines():
            words = line.split()
            if len(words) > 1 and words[0].lower() == name.lower():
                return words[1].lower()
        return default

    def password_auth_supported(self) -> bool:
        return self.setting("PasswordAuthentication", "yes") == "yes"

    def public_key_auth_supported(self) -> bool:
        return self.setting("PubkeyAuthentication", "yes") == "yes"

    def kbdint_auth_supported(self) -> bool:
        return False

    def failed(self) -> None:
        """MaxAuthTries: six failures end the connection, keys that were offered in vain included."""
        self.failures += 1
        if self.conn is not None and self.failures >= MAX_AUTH_TRIES:
            self.conn.disconnect(asyncssh.DISC_PROTOCOL_ERROR, f"Too many authentication failures for {self.user}")

    def validate_password(self, username: str, password: str) -> bool:
        allowed = username != "root" or self.setting("PermitRootLogin", "yes") == "yes"
        if allowed and passwords.verify(self.node.fs, username, password):
            return True
        self.failed()
        return False

    def validate_public_key(self, username: str, key: Any) -> bool:
        """authorized_keys, with StrictModes: 5.3 ignores files that others may write to."""
        if self.key_is_authorized(username, key):
            return True
        self.failed()
        return False

    def key_is_authorized(self, username: str, key: Any) -> bool:
        if username == "root" and self.setting("PermitRootLogin", "yes") == "no":
            return False
        if key.algorithm not in OLD_KEY_ALGORITHMS:
            return False
        account = passwd_entry(self.node, username)
        if account is None:
            return False
        home = account["home"].rstrip("/")
        for name in (".ssh/authorized_keys", ".ssh/authorized_keys2"):
            path = f"{home}/{name}"
            if not self.node.fs.isfile(path) or not self.modes_are_strict(path, home or "/", account["uid"]):
                continue
            if self.listed(self.node.fs.read_text(path), key):
                return True
        return False

    def modes_are_strict(self, path: str, home: str, uid: int) -> bool:
        if self.setting("StrictModes", "yes") == "no":
            return True
        fs = self.node.fs
        real = fs.realpath(path)
        while True:
            stat = fs.stat(real)
            if stat.uid not in (0, uid) or stat.mode & 0o022:
                self.listener.machine.log(f"sshd: Authentication refused: bad ownership or modes for {real}")
                return False
            if real in (home, "/"):
                return True
            real = real.rpartition("/")[0] or "/"

    @staticmethod
    def listed(text: str, key: Any) -> bool:
        public = key.public_data
        for line in text.splitlines():
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            start = min((line.find(kind) for kind in ("ssh-rsa ", "ssh-dss ") if kind in line), default=-1)
            if start < 0:
                continue
            try:
                known = asyncssh.import_public_key(line[start:])
            except (asyncssh.KeyImportError, ValueError):
                continue
            if known.public_data == public:
                return True
        return False

    def session_requested(self) -> Any:
        if self.sessions >= MAX_SESSIONS:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "open failed")
        return NodeSession(self)

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> Any:
        """ssh -L, -J, -W: to the SSH port of a node or instance, by its address in the lab."""
        if self.setting("AllowTcpForwarding", "yes") == "no":
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "open failed")
        return self.forward(dest_host, dest_port)

    async def forward(self, host: str, port: int) -> Any:
        place = await self.listener.lab.ssh_port_of(self.listener.machine, host, port)
        if place is None:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "Connection refused")
        return await self.conn.forward_connection("127.0.0.1", place)


class Listener:
    """The SSH port of one node. While the node is down the port stays ours and refuses."""

    version = "OpenSSH_5.3"
    login: type[NodeLogin] = NodeLogin

    version = "OpenSSH_5.3"
    login = NodeLogin

    def __init__(self, lab: Lab, machine: Machine, port: int, key: asyncssh.SSHKey):
        self.lab, self.machine, self.port = lab, machine, port
        self.key = key
        self.pair = old_key_pair(key)
        self.connections: set[Any] = set()
        self.acceptor: Any = None
        self.held: socket.socket | None = None
        machine.down, machine.went_up = self.close, self.open
        machine.cut = self.cut_lost

    def lab_address(self) -> str:
        """The address by which the lab's other nodes know this one."""
        return next(iter(self.addresses()), "127.0.0.1")

    def addresses(self) -> list[str]:
        """The addresses at which the node can be reached now: of NICs that are up and not ports of a bridge."""
        network = importlib.import_module("rdokit.lab.network")
        node, found = self.machine.node, []
        for nic in node.nics.values():
            if not nic.netns and nic.kind != "loopback" and nic.up and not network.enslaved(node, nic):
                found += [address.split("/")[0] for address in nic.addresses]
        return found

    def cut_lost(self) -> None:
        """End the connections that came in by an address which is gone (a moment later, so that output is out)."""

        def look() -> None:
            here = self.addresses()
            for conn in list(self.connections):
                login = conn.get_owner()
                if isinstance(login, NodeLogin) and login.here not in here and login.here != "127.0.0.1":
                    conn.abort()

        asyncio.get_running_loop().call_later(0.05, look)

    def bind(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", self.port))
        except OSError:
            sock.close()
            raise
        self.port = sock.getsockname()[1]
        return sock

    def hold(self) -> None:
        """Keep the port without listening: clients get "connection refused"."""
        if self.held is None:
            self.held = self.bind()

    async def open(self) -> None:
        if self.acceptor is not None:
            return
        sock = self.held or self.bind()
        self.held = None
        self.read_host_key()
        teach_old_public_key()
        sftp.limit_protocol()
        self.acceptor = await asyncssh.create_server(
            lambda: self.login(self),
            sock=sock,
            server_host_keys=[self.pair],
            server_version=self.version,
            kex_algs=available(KEX, asyncssh.kex.get_kex_algs),
            encryption_algs=available(CIPHERS, asyncssh.encryption.get_encryption_algs),
            mac_algs=available(MACS, asyncssh.mac.get_mac_algs),
            compression_algs=["none", "zlib@openssh.com"],
            login_timeout=120,
            keepalive_interval=0,
            encoding=None,
            line_editor=False,
            agent_forwarding=False,
        )

    def read_host_key(self) -> None:
        """The node's files hold the key, as on a real one: replacing it there changes the host key at the next boot."""
        fs, path = self.machine.node.fs, "/etc/ssh/ssh_host_rsa_key"
        if not fs.isdir("/etc/ssh"):
            return
        try:
            self.key = asyncssh.import_private_key(fs.read(path))
        except (OSError, asyncssh.KeyImportError):
            fs.write(path, self.key.export_private_key("pkcs1-pem"), mode=0o600)
            fs.write(path + ".pub", self.key.export_public_key("openssh"), mode=0o644)
        self.pair = old_key_pair(self.key)

    async def close(self) -> None:
        """Power off: no farewell, connections just end."""
        if self.acceptor is not None:
            self.acceptor.close()
            self.acceptor = None
        for conn in list(self.connections):
            conn.abort()
        self.connections.clear()
        for _ in range(50):
            await asyncio.sleep(0)
            try:
                self.hold()
                return
            except OSError:  # a fork that has just begun to write the world still holds it for a moment
                await asyncio.sleep(0.02)
        self.machine.log(f"port {self.port} was taken while {self.machine.node.name} was down")


class Lab:
    """All machines of a world with their listeners."""

    def __init__(self, world: World, keys: dict[str, asyncssh.SSHKey], log: Callable[[str], None] = lambda text: None):
        self.world, self.keys, self.log = world, keys, log
        self.machines: dict[str, Machine] = {}
        self.listeners: dict[str, Listener] = {}
        self.guests: dict[str, Any] = {}  # instance id -> Listener of a guest
        self.changed: Callable[[], None] = lambda: None

    async def start(self) -> None:
        for name, node in self.world.nodes.items():
            await self.add(name, node)

    async def add(self, name: str, node: Node) -> Listener:
        """Bring a node's machine and SSH port up."""
        machine = Machine(self.world, node)
        machine.log = self.log
        machine.changed = self.tell
        machine.peers = self.machines
        machine.lab = self
        self.machines[name] = machine
        listener = Listener(self, machine, node.spec.port, self.keys[name])
        self.listeners[name] = listener
        if node.up:
            await listener.open()
        else:
            listener.hold()
        return listener

    def tell(self) -> None:
        self.changed()

    async def stop(self) -> None:
        for listener in [*self.listeners.values(), *self.guests.values()]:
            await listener.close()
            if listener.held is not None:
                listener.held.close()
                listener.held = None
        for machine in self.machines.values():
            machine.end_all()
        await asyncio.sleep(0)

    async def ssh_port_of(self, machine: Machine, host: str, port: int) -> int | None:
        """The port on 127.0.0.1 behind an address of the lab, as seen from a machine; None refuses."""
        listener = await self.listener_at(machine, host)
        return listener.port if listener is not None and port == 22 and listener.acceptor is not None else None

    async def listener_at(self, machine: Machine, host: str) -> Listener | None:
        """The SSH server behind a name or address of the lab, as seen from a machine."""
        target, guest = find_peer(self.world, machine.node, host)
        if target is not None:
            return self.listeners.get(target.name)
        if guest is not None and await serve_guest(self.world, guest, self) is not None:
            return self.guests[guest.id]
        return None


def find_peer(world: World, node: Node, host: str) -> tuple[Node | None, Any]:
    """The node or instance that a name or address stands for, seen from a node."""
    address = resolve(world, node, host)
    try:
        network = importlib.import_module("rdokit.lab.network")
    except ModuleNotFoundError:
        return world.node_at(address), None
    reach = network.route(world, node, "", address)
    if reach.kind == "node":
        return world.nodes.get(reach.target), None
    return None, reach.guest if reach.kind == "guest" else None


def resolve(world: World, node: Node, host: str) -> str:
    """A name to an address by the node's /etc/hosts, then by the lab's own knowledge."""
    if all(part.isdigit() for part in host.split(".")):
        return host
    try:
        for line in node.fs.read_text("/etc/hosts").splitlines():
            words = line.split("#")[0].split()
            if host in words[1:]:
                return words[0]
    except OSError:
        pass
    return "127.0.0.1" if host in ("localhost", node.name, node.fqdn) else host


async def serve_guest(world: World, guest: Any, lab: Lab | None = None) -> int | None:
    """The port on 127.0.0.1 of an instance's SSH server, opened at the first use; None when it does not answer.

    A guest offers `async ssh_port(world, lab)`; its listener is then in `lab.guests[guest.id]`.
    """
    return await guest.ssh_port(world, lab)
