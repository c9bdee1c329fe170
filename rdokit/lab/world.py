"""The one truth of the practice lab: nodes and the cloud that runs on them.

Everything a command prints is rendered from here; everything it does is a
change here. The world is plain data (no sockets, no tasks, no open files), so
it can be saved, restored and compared.
"""

from __future__ import annotations

import gc
import hashlib
import pickle
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .fs import Filesystem
    from .openstack.cloud import Cloud
    from .ovsdb import Switch

FORMAT = 1  # of a saved world; a file of another format is refused, not guessed at


@dataclass
class Ids:
    """Identifiers that look random and are not: the n-th one of a seed is always the same.

    >>> a, b = Ids("seed"), Ids("seed")
    >>> a.uuid() == b.uuid(), a.uuid() == a.uuid()
    (True, False)
    """

    seed: str
    drawn: int = 0

    def hex(self, digits: int = 32) -> str:
        self.drawn += 1
        return hashlib.sha256(f"{self.seed}/{self.drawn}".encode()).hexdigest()[:digits]

    def uuid(self) -> str:
        """A version-4 UUID with dashes, as neutron, nova, glance and cinder write it."""
        return str(uuid.UUID(hex=self.hex(32), version=4))

    def number(self, below: int) -> int:
        return int(self.hex(12), 16) % below


@dataclass
class Clock:
    """The lab's time is the wall clock; only waiting is faster.

    `speed` divides what `Process.sleep` waits: at 60, a minute of packstack takes a second.
    """

    speed: float = 60.0

    def now(self) -> float:
        """Seconds since the epoch (UTC)."""
        return time.time()


@dataclass
class Nic:
    """A network interface as the kernel sees it now (not what ifcfg says it will be)."""

    name: str
    mac: str
    addresses: list[str] = field(default_factory=list)  # "192.168.0.11/24"
    up: bool = True
    mtu: int = 1500
    kind: str = "physical"  # physical | loopback | internal (OVS) | veth | tap | bridge
    master: str | None = None  # the OVS or Linux bridge it is a port of
    netns: str = ""  # "" is the node's own


@dataclass
class Service:
    """A System V service of a node. `running` is lost at reboot unless the runlevel is enabled."""

    name: str
    running: bool = False
    runlevels: set[int] = field(default_factory=set)  # of chkconfig, e.g. {2, 3, 4, 5}
    pid: int = 0
    started: float = 0.0
    state: dict[str, Any] = field(default_factory=dict)  # what it read when it started (config in force)


@dataclass
class Package:
    """An installed RPM."""

    name: str
    version: str
    release: str
    arch: str = "x86_64"
    repo: str = ""  # the repository it came from ("" = anaconda)
    installed: float = 0.0


@dataclass
class Kernel:
    """What is lost at reboot: running release, settings, modules, enforcement, boot id."""

    release: str  # what `uname -r` says; the newest installed one is chosen at boot
    boot_id: str = ""
    booted: float = 0.0
    sysctl: dict[str, str] = field(default_factory=dict)
    modules: dict[str, dict[str, Any]] = field(default_factory=dict)  # name -> size, used, by
    selinux: str = "enforcing"  # in force now: enforcing | permissive | disabled
    iptables: dict[str, list[str]] = field(default_factory=dict)  # table -> lines of iptables-save
    netns: list[str] = field(default_factory=list)


@dataclass
class NodeSpec:
    """How a simulated machine is built, as the site file describes it."""

    name: str  # node1
    domain: str = "example.com"
    roles: list[str] = field(default_factory=lambda: ["compute"])  # controller, network, compute
    port: int = 0  # SSH port on 127.0.0.1 (0 = any free one)
    nics: list[dict[str, Any]] = field(default_factory=list)  # name, mac, address ("192.168.0.11/24")
    gateway: str = ""
    cpus: int = 2
    memory_mb: int = 8192
    vmx: str = "vmx"  # vmx (Intel) | svm (AMD) | "" (no hardware virtualisation)


@dataclass
class Node:
    """One simulated machine. Files are the truth for configuration, the rest for what runs."""

    spec: NodeSpec
    fs: Filesystem
    kernel: Kernel
    nics: dict[str, Nic] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    packages: dict[str, Package] = field(default_factory=dict)
    ovs: Switch | None = None  # the Open vSwitch database, once openvswitch is installed
    up: bool = True
    extra: dict[str, Any] = field(default_factory=dict)  # small state of a single command (vgs, losetup…)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def fqdn(self) -> str:
        return f"{self.spec.name}.{self.spec.domain}"

    def running(self, service: str) -> bool:
        """Whether a service runs now (False when it is not installed)."""
        return service in self.services and self.services[service].running


@dataclass
class World:
    """Everything there is. `cloud` is None until packstack has finished its first keystone."""

    seed: str
    nodes: dict[str, Node] = field(default_factory=dict)
    cloud: Cloud | None = None
    ids: Ids = field(default_factory=lambda: Ids("lab"))
    clock: Clock = field(default_factory=Clock)
    faults: dict[str, Any] = field(default_factory=dict)  # injected defects, by name
    unknown: list[str] = field(default_factory=list)  # what was asked for and not known

    def node_at(self, address: str) -> Node | None:
        """The node that owns an IPv4 address now, or whose name it is."""
        for node in self.nodes.values():
            if address in (node.name, node.fqdn) or any(
                a.split("/")[0] == address for nic in node.nics.values() if not nic.netns for a in nic.addresses
            ):
                return node
        return None

    def save(self, path: Path) -> None:
        """Write the world so that a crash leaves the old or the new file."""
        part = path.with_suffix(".part")
        collects = gc.isenabled()
        gc.disable()  # pickling makes no garbage, and looking for it again and again takes as long as pickling
        try:
            part.write_bytes(pickle.dumps((FORMAT, self)))
        finally:
            if collects:
                gc.enable()
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> World:
        """Read a world that `save` wrote (only ever our own file: it is a pickle).

        Raises:
            ValueError: the file is of another format.
        """
        fmt, world = pickle.loads(path.read_bytes())
        if fmt != FORMAT:
            raise ValueError(f"{path}: a world of format {fmt}, this lab reads {FORMAT}; run `rdokit lab reset`")
        return world
