"""Inside an instance: its files, what it learnt at boot, its disks, its log.

An instance is a small node (`rdokit.lab.world.Node`) with a CirrOS 0.3.2 user
land. At boot it asks DHCP for its address and the metadata service for its
name and key; what it got then it keeps until the next boot, whatever happens
to the cloud meanwhile.
"""

from __future__ import annotations

import ipaddress
import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..files import STUB
from ..fs import Filesystem
from ..passwords import sha512_crypt
from ..world import Kernel, Node, NodeSpec

if TYPE_CHECKING:
    from ..openstack.nova import Instance
    from ..world import World

RELEASE = "3.2.0-60-virtual"
BUILD = "#91-Ubuntu SMP Wed Feb 19 04:13:28 UTC 2014"
USER, PASSWORD = "cirros", "cubswin:)"
METADATA = "169.254.169.254"


@dataclass
class Face:
    """A network card of an instance as its kernel sees it."""

    name: str
    mac: str
    port: str
    address: str = ""  # with prefix length; "" without a lease
    mtu: int = 1500


@dataclass
class System:
    """What lives inside an instance and survives the saving of the world."""

    node: Node
    instance_id: str
    hostname: str = "cirros"
    faces: list[Face] = field(default_factory=list)
    gateway: str = ""
    metadata: bool = False  # the metadata service answered at boot
    booted: float = 0.0
    log: list[tuple[float, str]] = field(default_factory=list)  # seconds since boot, kernel line
    lines: list[str] = field(default_factory=list)  # of the serial console after the kernel's
    host_key: str = ""
    first: bool = True

    @property
    def fs(self) -> Filesystem:
        return self.node.fs

    @property
    def mounts(self) -> dict[str, str]:
        """Mount point -> device, of disks that were mounted by hand."""
        return self.node.extra.setdefault("mounts", {})

    def console(self) -> str:
        """The serial console: the kernel's lines, then what init said, then the login prompt."""
        kernel = [f"[{when:12.6f}] {text}" for when, text in self.log]
        return "\n".join([*kernel, *self.lines, f"{self.hostname} login: "])


def instance_of(world: World, node: Node) -> Instance:
    """The instance whose inside a node is."""
    cloud = world.cloud
    assert cloud is not None
    return cloud.nova.instances[node.extra["guest"]]


def build(world: World, instance: Instance) -> System:
    """A disk with a fresh CirrOS on it."""
    fs = Filesystem(f"guest-{instance.number}")
    node = Node(NodeSpec("cirros", domain="novalocal", roles=[]), fs, Kernel(RELEASE))
    node.extra["guest"] = instance.id
    system = System(node, instance.id)
    for path, mode in (
        ("/bin", 0o755), ("/boot", 0o755), ("/dev", 0o755), ("/dev/pts", 0o755), ("/etc/cirros", 0o755),
        ("/etc/init.d", 0o755), ("/home/cirros", 0o755), ("/lib", 0o755), ("/mnt", 0o755), ("/proc", 0o555),
        ("/root", 0o700), ("/run", 0o755), ("/sbin", 0o755), ("/sys", 0o555), ("/tmp", 0o1777), ("/usr/bin", 0o755),
        ("/usr/sbin", 0o755), ("/usr/share", 0o755), ("/var/lib/cloud", 0o755), ("/var/log", 0o755),
        ("/var/run", 0o755), ("/media", 0o755), ("/opt", 0o755), ("/etc/dropbear", 0o755),
    ):  # fmt: skip
        fs.mkdir(path, mode, parents=True)
    salt = world.ids.hex(8)
    hashed = sha512_crypt(PASSWORD, salt)
    users = "root:x:0:0:root:/root:/bin/sh\ncirros:x:1000:1000:Linux User,,,:/home/cirros:/bin/sh\n"
    for path, text, mode in (
        ("/etc/cirros/version", "0.3.2\n", 0o644),
        ("/etc/passwd", users, 0o644),
        ("/etc/group", "root:x:0:\ncirros:x:1000:\n", 0o644),
        ("/etc/shadow", f"root:*:16093:0:99999:7:::\ncirros:{hashed}:16093:0:99999:7:::\n", 0o600),
        ("/etc/sudoers", "root ALL=(ALL) ALL\ncirros ALL=(ALL) NOPASSWD: ALL\n", 0o440),
        ("/etc/hostname", "cirros\n", 0o644),
        ("/etc/hosts", "127.0.0.1\tlocalhost cirros\n", 0o644),
        ("/etc/fstab", "/dev/root / auto rw,noauto 0 1\nproc /proc proc defaults 0 0\n", 0o644),
        ("/etc/resolv.conf", "", 0o644),
        ("/etc/profile", "export PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin\n"
         "if [ \"$(id -u)\" = 0 ]; then PS1='# '; else PS1='$ '; fi\nexport PS1\n", 0o644),
    ):  # fmt: skip
        fs.write(path, text, mode=mode)
    fs.chown("/home/cirros", "cirros", "cirros")
    for name, numbers in (("null", (1, 3)), ("zero", (1, 5)), ("random", (1, 8)), ("urandom", (1, 9)), ("tty", (5, 0))):
        fs.mknod(f"/dev/{name}", "char", 0o666, numbers)
    from . import commands

    for name, place in commands.places().items():
        path = f"{place}/{name}"
        if not fs.lexists(path):
            fs.mkdir(place, parents=True)
            fs.write(path, STUB + path.encode() + b"\n", mode=0o755)
    for path, text in instance.files.items():
        if path.startswith("/"):
            fs.mkdir(posixpath.dirname(path) or "/", parents=True)
            fs.write(path, text)
    return system


# --- boot ---


def start(world: World, instance: Instance, system: System) -> None:
    """What happens from power on to the login prompt."""
    now = world.clock.now()
    system.booted = now
    system.node.kernel.booted = now
    system.node.kernel.boot_id = world.ids.uuid()
    system.mounts.clear()
    system.log, system.lines = [], []
    _kernel_log(world, instance, system)
    sync_devices(world, instance, system, quiet=True)
    learn_network(world, instance, system)
    _init_log(world, instance, system)
    system.first = False


def _kernel_log(world: World, instance: Instance, system: System) -> None:
    flavor = instance_flavor(world, instance)
    kib = flavor.ram * 1024
    for when, text in (
        (0.0, "Initializing cgroup subsys cpuset"),
        (0.0, "Initializing cgroup subsys cpu"),
        (0.0, f"Linux version {RELEASE} (buildd@toyol) (gcc version 4.6.3 (Ubuntu/Linaro 4.6.3-1ubuntu5) ) {BUILD}"),
        (0.0, "Command line: LABEL=cirros-rootfs ro console=tty1 console=ttyS0"),
        (0.0, f"Memory: {kib - 24000}k/{kib}k available (6579k kernel code, 452k absent, 23548k reserved)"),
        (0.142, f"Brought up {flavor.vcpus} CPUs"),
        (0.412, "NET: Registered protocol family 2"),
        (0.701, "virtio-pci 0000:00:03.0: PCI INT A -> Link[LNKC] -> GSI 11 (level, high) -> IRQ 11"),
        (0.702, "virtio-pci 0000:00:04.0: PCI INT A -> Link[LNKD] -> GSI 10 (level, high) -> IRQ 10"),
        (0.911, " vda: vda1"),
        (1.304, "EXT3-fs: barriers not enabled"),
        (1.410, "EXT3-fs (vda1): mounted filesystem with ordered data mode"),
    ):
        system.log.append((when, text))
    for number, device in enumerate(sorted(instance.volumes.values())):
        name = device.removeprefix("/dev/")
        if name != "vda":
            system.log.insert(-2, (0.915 + number / 100, f" {name}: {_table_of(world, instance, device)}"))


def _table_of(world: World, instance: Instance, device: str) -> str:
    """What the kernel finds on a disk: nothing it knows, on a volume without partitions."""
    return "unknown partition table"


def _init_log(world: World, instance: Instance, system: System) -> None:
    from . import commands

    system.lines = [
        "Starting logging: OK",
        "Initializing random number generator... done.",
        "Starting network...",
        "udhcpc (v1.20.1) started",
    ]
    leased = [f for f in system.faces if f.address]
    for face in system.faces:
        system.lines.append("Sending discover...")
        if face.address:
            system.lines.append(f"Sending select for {face.address.split('/')[0]}...")
            system.lines.append(f"Lease of {face.address.split('/')[0]} obtained, lease time 86400")
        else:
            system.lines += ["Sending discover...", "Sending discover...", "No lease, failing"]
    if leased:
        if system.metadata:
            system.lines += ["cirros-ds 'net' up at 2.31", f"checking http://{METADATA}/2009-04-04/instance-id",
                             "successful after 1/20 tries: up 2.44. iid=" + ec2_id(instance)]  # fmt: skip
        else:
            system.lines += ["cirros-ds 'net' up at 2.31", f"checking http://{METADATA}/2009-04-04/instance-id"]
            system.lines += [f"failed {n}/20: up {2.4 + n * 6.1:.2f}. request failed" for n in range(1, 21)]
            system.lines += ["failed to read iid from metadata. tried 20"]
    system.lines += [
        "Starting dropbear sshd: OK",
        "=== system information ===",
        "Platform: RDO Project OpenStack Nova",
        "Container: none",
        "Arch: x86_64",
        f"CPU(s): {instance_flavor(world, instance).vcpus} @ 2593.748 MHz",
        "=== network info ===",
    ]
    for face in system.faces:
        address, _, prefix = face.address.partition("/")
        system.lines.append(f"if-info: {face.name},up,{address},{prefix},{commands.link_local(face.mac)}")
    if system.gateway:
        system.lines.append(f"ip-route:default via {system.gateway} dev eth0 ")
    system.lines += [
        "=== cirros: current=0.3.2 uptime=3.20 ===",
        "login as 'cirros' user. default password: 'cubswin:)'. use 'sudo' for root.",
    ]


def instance_flavor(world: World, instance: Instance) -> Any:
    cloud = world.cloud
    assert cloud is not None
    return cloud.nova.flavor_of(instance)


def uptime(world: World, system: System) -> float:
    """Seconds since power on, as its kernel counts them."""
    from ..openstack.times import lab_seconds

    return 8.0 + lab_seconds(world, system.booted)


def ec2_id(instance: Instance) -> str:
    return f"i-{instance.number:08x}"


# --- network ---


def learn_network(world: World, instance: Instance, system: System) -> None:
    """DHCP on every card, then metadata: name and key."""
    cloud = world.cloud
    assert cloud is not None
    system.faces, system.gateway, system.metadata = [], "", False
    servers: list[str] = []
    for number, port_id in enumerate(instance.ports):
        port = cloud.neutron.ports.get(port_id)
        if port is None:
            continue
        face = Face(f"eth{number}", port["mac_address"], port_id)
        system.faces.append(face)
        offer = _offer(world, instance, port)
        if offer is None or number > 0:  # CirrOS brings up its first card only
            continue
        face.address, system.gateway, servers, mtu = offer
        face.mtu = mtu
    text = "search openstacklocal\n" + "".join(f"nameserver {s}\n" for s in servers)
    system.fs.write("/etc/resolv.conf", text if servers else "")
    if system.faces and system.faces[0].address:
        system.metadata = metadata_reachable(world, instance)
    if system.metadata:
        _take_metadata(world, instance, system)
    system.node.extra["hostname"] = system.hostname


def _offer(world: World, instance: Instance, port: dict[str, Any]) -> tuple[str, str, list[str], int] | None:
    """Address, gateway, name servers and MTU from the DHCP server of a port's network; None without an answer."""
    from .. import network

    cloud = world.cloud
    assert cloud is not None
    host = world.nodes.get(instance.host or "")
    for ip in port["fixed_ips"]:
        subnet = cloud.neutron.subnets.get(ip["subnet_id"])
        if subnet is None or not subnet["enable_dhcp"] or host is None:
            continue
        for node, nic in network._tenant_nics(world, [ip["ip_address"]]):
            reachable = node is host or network.tunnel(world, host, node)
            if nic.name.startswith("tap") and node.running("neutron-dhcp-agent") and reachable:
                prefix = ipaddress.ip_network(subnet["cidr"]).prefixlen
                servers = list(subnet["dns_nameservers"]) or [nic.addresses[0].split("/")[0]]
                return f"{ip['ip_address']}/{prefix}", subnet["gateway_ip"] or "", servers, _dhcp_mtu(node)
    return None


def _dhcp_mtu(node: Node) -> int:
    """The MTU that dnsmasq hands out: option 26 of the agent's dnsmasq_config_file (defect 5's cure), else 1500."""
    from ..services import config_in_force

    agent = config_in_force(node, "neutron-dhcp-agent", "/etc/neutron/dhcp_agent.ini")
    if not agent and node.fs.exists("/etc/neutron/dhcp_agent.ini"):
        agent = node.fs.read_text("/etc/neutron/dhcp_agent.ini")
    path = ""
    for line in agent.splitlines():
        key, equals, value = line.partition("=")
        if equals and key.strip() == "dnsmasq_config_file":
            path = value.strip()
    if not path or not node.fs.exists(path):
        return 1500
    for line in node.fs.read_text(path).splitlines():
        key, _, value = line.strip().partition("=")
        words = value.split(",")
        if key in ("dhcp-option", "dhcp-option-force") and words[0] in ("26", "option:mtu") and words[-1].isdigit():
            return int(words[-1])
    return 1500


def metadata_reachable(world: World, instance: Instance) -> bool:
    """A router on the instance's network whose proxy finds a running metadata agent and nova-api."""
    from .. import network

    cloud = world.cloud
    assert cloud is not None
    host = world.nodes.get(instance.host or "")
    if host is None or not cloud.up("nova", world):
        return False
    ips = [ip["ip_address"] for p in instance.ports for ip in cloud.neutron.ports.get(p, {}).get("fixed_ips", [])]
    for node, nic in network._tenant_nics(world, ips):
        passes = node is host or network.tunnel(world, host, node)
        if nic.name.startswith("qr-") and passes and node.running("neutron-metadata-agent"):
            return True
    return False


def _take_metadata(world: World, instance: Instance, system: System) -> None:
    from . import metadata

    name = metadata.hostname(instance)
    system.hostname = name
    system.node.spec.name = name
    fs = system.fs
    fs.write("/etc/hostname", name + "\n")
    fs.write("/etc/hosts", f"127.0.0.1\tlocalhost {name}\n")
    cloud = world.cloud
    assert cloud is not None
    pair = cloud.nova.keypairs.get((instance.user_id, instance.key_name or ""))
    if pair is not None and system.first:
        fs.mkdir("/home/cirros/.ssh", 0o700, parents=True)
        fs.write("/home/cirros/.ssh/authorized_keys", pair.public_key.rstrip("\n") + "\n", mode=0o600)
        for path in ("/home/cirros/.ssh", "/home/cirros/.ssh/authorized_keys"):
            fs.chown(path, "cirros", "cirros")


# --- disks ---


def disks(world: World, instance: Instance) -> list[tuple[str, int, str]]:
    """Device name, MiB and volume id ("" for its own disk), as attached now."""
    cloud = world.cloud
    assert cloud is not None
    flavor = instance_flavor(world, instance)
    found = [] if "/dev/vda" in instance.volumes.values() else [("vda", (flavor.disk or 1) * 1024, "")]
    if flavor.ephemeral:
        found.append(("vdb", flavor.ephemeral * 1024, ""))
    for volume_id, device in instance.volumes.items():
        volume = cloud.cinder.volumes.get(volume_id)
        if volume is not None and volume.status in ("in-use", "detaching"):
            found.append((device.removeprefix("/dev/"), volume.size * 1024, volume_id))
    return sorted(found)


def sync_devices(world: World, instance: Instance, system: System, quiet: bool = False) -> None:
    """/dev/vd* as the attached disks are; the kernel tells of a disk that came while it ran."""
    fs = system.fs
    wanted = {name for name, _, _ in disks(world, instance)} | {"vda1"}
    have = {n for n in fs.listdir("/dev") if n.startswith("vd")}
    for name in sorted(wanted - have):
        minor = (ord(name[2]) - ord("a")) * 16 + (int(name[3:]) if name[3:] else 0)
        fs.mknod(f"/dev/{name}", "block", 0o660, (253, minor))
        if not quiet and not name[3:]:
            since = uptime(world, system)
            slot = 4 + ord(name[2]) - ord("a")
            for offset, text in (
                (0.0, f"pci 0000:00:{slot:02x}.0: [1af4:1001] type 0 class 0x000100"),
                (0.01, f"virtio-pci 0000:00:{slot:02x}.0: enabling device (0000 -> 0003)"),
                (0.11, f" {name}: {_table_of(world, instance, '/dev/' + name)}"),
            ):
                system.log.append((since + offset, text))
    for name in have - wanted:
        fs.remove(f"/dev/{name}")
        for point in [p for p, d in system.mounts.items() if d == f"/dev/{name}"]:
            del system.mounts[point]
