"""Real Linux nodes for the tests: namespaces of this machine, each with its own OpenSSH, files, NICs and reboot.

    with RealLab(Path(tmp), count=2) as lab, lab.entered():
        ...                                  # this thread is now the document's *Client*, 192.168.0.10

The cables are a network namespace of their own, the *fabric*: bridges br-priv (192.168.0.0/24) and br-pub
(192.168.1.0/24), one veth per NIC, and the Client's addresses. A test enters it (`entered`) and then sees the
document's own addresses; nothing is configured in the machine's own network. Every namespace carries the id of the
process that made it, so runs beside each other do not clash and `reap` can find what a killed run left behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from . import furnish

HERE = Path(__file__).parent
NETNS = Path("/run/netns")
PREFIX = "rdokit-t"
REBOOT, HANGUP = 100, -1  # node_init.sh asked for it; SIGHUP: reboot(2) inside the pid namespace
CLONE_NEWNET = 0x40000000
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class NodeError(Exception):
    """A test node did not do what the fixture asked; the text names the node and what was seen last."""


def run(*argv: str, stdin: str = "", check: bool = True) -> str:
    """stdout of a command on this machine; NodeError with its stderr if it fails."""
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True)
    if check and done.returncode:
        raise NodeError(f"{' '.join(argv)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def setns(path: Path) -> None:
    """Move the calling thread (and what it starts from now on) into the network namespace at `path`."""
    handle = os.open(path, os.O_RDONLY)
    try:
        libc = ctypes.CDLL(None, use_errno=True)  # os.setns exists only from Python 3.12
        if libc.setns(handle, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {path}")
    finally:
        os.close(handle)


@contextlib.contextmanager
def entered(namespace: str) -> Iterator[None]:
    """This thread inside a named network namespace; back where it was afterwards."""
    home = Path(f"/proc/self/task/{threading.get_native_id()}/ns/net")
    back = os.open(home, os.O_RDONLY)
    try:
        setns(NETNS / namespace)
        yield
    finally:
        setns(Path(f"/proc/self/fd/{back}"))
        os.close(back)


def wait_for(true: Callable[[], object], seconds: float, what: str, seen: Callable[[], str] = str) -> None:
    """Poll until `true()` is truthy; NodeError naming `what` and what was `seen` when `seconds` have passed."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise NodeError(f"waited {seconds:g} s in vain for {what} {seen()}")
        time.sleep(0.01)


def reap() -> list[str]:
    """Remove what killed runs left behind: processes in, then names of, our namespaces whose maker is gone."""
    gone = []
    for space in sorted(NETNS.glob(f"{PREFIX}*")):
        maker = space.name.removeprefix(PREFIX).split("-")[0]
        if maker.isdigit() and not Path(f"/proc/{maker}").exists():
            _remove_namespace(space.name)
            gone.append(space.name)
    return gone


def _remove_namespace(name: str) -> None:
    for pid in run("ip", "netns", "pids", name, check=False).split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    run("ip", "netns", "del", name, check=False)


class RealNode:
    """One node: power switch, cables and a back door that does not need SSH (for preparing and for checking)."""

    def __init__(self, lab: RealLab, name: str, octet: int) -> None:
        self.lab, self.name, self.octet = lab, name, octet
        self.private, self.public = f"192.168.0.{octet}", f"192.168.1.{octet}"
        self.space = f"{lab.prefix}-{name}"
        self.state = lab.state / name
        self.comes_back = True  # False: after the next reboot the node stays dark
        self.reboot_seconds = 0.0  # how long it is dark at least
        self.while_down: Callable[[RealNode], None] | None = None  # e.g. "somebody reinstalled it meanwhile"
        self.boots = 0
        self._process: subprocess.Popen | None = None
        self._keeper: threading.Thread | None = None
        self._stopping = False

    # -- power
    def power_on(self) -> None:
        """Start the node; it stays up over its own reboots until `power_off`. Returns at once: see `wait_up`."""
        self._stopping = False
        self._keeper = threading.Thread(target=self._keep, name=f"power of {self.name}", daemon=True)
        self._keeper.start()

    def power_off(self) -> None:
        """Pull the plug: every process of the node is killed, the NICs vanish, the files stay."""
        self._stopping = True
        if self._process:
            self._process.kill()  # unshare --kill-child takes the node's PID 1, and so everything, with it
        if self._keeper:
            self._keeper.join(10)
        self._unwire()

    def _unwire(self) -> None:
        """Take the NICs away at once. The namespace itself may linger: half-closed connections keep it for a while."""
        present = [name for nic in (0, 1) if f" {(name := f'{self.name}e{nic}')}@" in self.lab.links()]
        if present:
            self.lab.ip(*(f"link del {name}" for name in present))
        _remove_namespace(self.space)

    def _keep(self) -> None:
        while not self._stopping:
            self._wire()
            status = self._boot()
            if self._stopping or status not in (REBOOT, HANGUP):
                return
            self._unwire()
            time.sleep(self.reboot_seconds)
            if self.while_down:
                self.while_down(self)
            if not self.comes_back:
                return

    def _wire(self) -> None:
        """A fresh network namespace with eth0 and eth1 plugged into the fabric; the node sets the addresses."""
        run("ip", "netns", "add", self.space)
        lines = []
        for nic, bridge, byte in ((0, "br-priv", "05"), (1, "br-pub", "06")):
            port = f"{self.name}e{nic}"
            mac = f"52:54:00:92:{byte}:{self.octet:02x}"
            lines += [f"link add name {port} type veth peer name eth{nic} netns {self.space} address {mac}",
                      f"link set {port} master {bridge} up"]  # fmt: skip
        self.lab.ip(*lines)

    def _boot(self) -> int:
        """Run the node until its PID 1 ends; the exit status says whether it asked for a reboot."""
        (self.state / "boot_id").write_text(f"{uuid.uuid4()}\n")
        up = int(float(Path("/proc/uptime").read_text().split()[0]))
        argv = ["nsenter", f"--net={NETNS / self.space}", "unshare", "--mount", "--uts", "--ipc", "--pid", "--time",
                f"--boottime=-{up}", "--fork", "--kill-child",
                str(HERE / "node_init.sh"), str(self.state), self.name]  # fmt: skip
        with open(self.state / "console.log", "ab") as console:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=console, stderr=console, cwd="/",
                                             start_new_session=True)  # fmt: skip
            self.boots += 1
            return self._process.wait()

    def wait_up(self, seconds: float = 30) -> RealNode:
        """Until sshd answers on the private address (asked from the fabric)."""
        wait_for(self._answers, seconds, f"{self.name}'s sshd; its console:", lambda: self.console()[-500:])
        return self

    def _answers(self) -> bool:
        try:
            with entered(self.lab.fabric), socket.create_connection((self.private, 22), 1) as s:
                return s.recv(4) == b"SSH-"
        except OSError:
            return False

    def reboot(self) -> None:
        """Reboot as an operator at the console would, and wait until sshd is back."""
        boots = self.boots
        self.sh("reboot", check=False)
        wait_for(lambda: self.boots > boots, 30, f"{self.name} to reboot")
        self.wait_up()

    def console(self) -> str:
        file = self.state / "console.log"
        return file.read_text(errors="replace") if file.exists() else ""

    # -- cables
    def cable(self, nic: str, plugged: bool) -> None:
        """Pull or plug the cable of eth0 or eth1 at the switch's end; the node sees its carrier go."""
        self.lab.ip(f"link set {self.name}e{nic[-1]} {'up' if plugged else 'down'}")

    @contextlib.contextmanager
    def unplugged(self, nic: str = "eth0") -> Iterator[None]:
        """The cable is out inside the block."""
        self.cable(nic, False)
        try:
            yield
        finally:
            self.cable(nic, True)

    # -- back door
    @property
    def pid(self) -> int:
        """The node's PID 1 as this machine numbers it."""
        if not self._process or self._process.poll() is not None:
            raise NodeError(f"{self.name} is off")
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        if not children:
            raise NodeError(f"{self.name} is starting")
        return int(children[0])

    def sh(self, script: str, stdin: bytes | str = b"", check: bool = True) -> str:
        """Run bash inside the node, not over SSH; stdout (text). NodeError if it fails and `check`."""
        return self.raw(script, stdin, check).decode(errors="surrogateescape")

    def raw(self, script: str, stdin: bytes | str = b"", check: bool = True) -> bytes:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        argv = ["nsenter", "-t", str(self.pid), "-m", "-u", "-i", "-n", "-p", "-T", "-r", "-w", "bash", "-c", script]
        env = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8"}
        done = subprocess.run(argv, input=data, capture_output=True, env=env, timeout=60)
        if check and done.returncode:
            raise NodeError(f"{self.name}: {script!r} ended {done.returncode}: {done.stderr.decode()[-800:]}")
        return done.stdout

    def read(self, path: str) -> bytes:
        """A file's bytes, links followed inside the node."""
        return self.raw(f"cat -- '{path}'")

    def write(self, path: str, data: bytes | str) -> None:
        self.raw(f"cat > '{path}'", data)

    @property
    def boot_id(self) -> str:
        return self.sh("cat /proc/sys/kernel/random/boot_id").strip()

    @property
    def host_key(self) -> str:
        """`ssh-rsa AAAA…` of the node's sshd."""
        return " ".join((self.state / "upper/etc/ssh/ssh_host_rsa_key.pub").read_text().split()[:2])


class RealLab:
    """`count` nodes and the cables between them. A context manager: what it started is gone when it ends."""

    def __init__(self, state: Path, count: int = 2, ovs: bool = False) -> None:
        self.prefix = f"{PREFIX}{os.getpid()}-{uuid.uuid4().hex[:4]}"
        self.fabric = f"{self.prefix}-fab"
        self.state = state / self.prefix
        self.key = self.state / "id_rsa"
        self.ovs = ovs
        self.nodes = [RealNode(self, f"node{n}", 10 + n) for n in range(1, count + 1)]

    def __getitem__(self, name: str) -> RealNode:
        return next(node for node in self.nodes if node.name == name)

    def __enter__(self) -> RealLab:
        reap()
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _build(self) -> None:
        self.state.mkdir(parents=True)
        run("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-C", "test", "-f", str(self.key))
        run("ip", "netns", "add", self.fabric)
        self.ip("link set lo up")
        for bridge, net in (("br-priv", 0), ("br-pub", 1)):
            self.ip(f"link add {bridge} type bridge", f"addr add 192.168.{net}.10/24 dev {bridge}",
                    f"link set {bridge} up")  # fmt: skip
            if self.ovs:  # a userspace switch reads packets as they are: the Client must fill in its checksums
                run("ip", "netns", "exec", self.fabric, "ethtool", "-K", bridge, "tx", "off")
        for node in self.nodes:
            furnish.node(node, self.nodes, ovs=self.ovs)
            node.power_on()
        for node in self.nodes:
            node.wait_up()

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            with contextlib.suppress(NodeError):
                node.power_off()
        _remove_namespace(self.fabric)
        if self.state.exists():
            run("chattr", "-R", "-f", "-i", "-a", str(self.state), check=False)  # a test's immutable files
            shutil.rmtree(self.state, ignore_errors=True)

    def ip(self, *lines: str) -> None:
        """Lines of `ip -batch` in the fabric."""
        run("ip", "-n", self.fabric, "-batch", "-", stdin="\n".join(lines) + "\n")

    def links(self) -> str:
        return run("ip", "-n", self.fabric, "-o", "link", "show", check=False)

    def entered(self) -> contextlib.AbstractContextManager[None]:
        """This thread as the document's Client (192.168.0.10, 192.168.1.10), with a loopback of its own."""
        return entered(self.fabric)

    def known_hosts(self, *names: str) -> str:
        """Lines of a known_hosts file for these nodes (all by default), by their private addresses."""
        chosen = [n for n in self.nodes if not names or n.name in names]
        return "".join(f"{n.private} {n.host_key}\n" for n in chosen)
