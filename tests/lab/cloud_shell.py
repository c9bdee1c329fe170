"""An installed cloud (Steps 1-12 and 15 done) and a way to type at node1, for tests of nova and its guests."""

from __future__ import annotations

import asyncio
import functools
import importlib
import pickle
import pkgutil
import re

import asyncssh

import rdokit.lab.commands as commands
from rdokit.lab.server import Lab
from rdokit.lab.world import World
from tests.lab.cloud_bench import PASSWORD, installed, reboot

for _module in pkgutil.iter_modules(commands.__path__):
    importlib.import_module(f"{commands.__name__}.{_module.name}")

BRIDGE = """DEVICE=br-ex
ONBOOT=yes
DEVICETYPE=ovs
TYPE=OVSBridge
BOOTPROTO=none
IPADDR=192.168.1.11
NETMASK=255.255.255.0
GATEWAY=192.168.1.1
DNS1=8.8.8.8
"""
PORT = """DEVICE=eth1
ONBOOT=yes
HWADDR=52:54:00:92:05:01
TYPE=OVSPort
DEVICETYPE=ovs
OVS_BRIDGE=br-ex
"""
NETWORKS = [
    "neutron router-create router1",
    "neutron net-create public --router:external=True",
    "neutron net-create demo-net --shared",
    "neutron subnet-create --name public_subnet --enable_dhcp=False --allocation-pool=start=192.168.1.241,"
    "end=192.168.1.254 --gateway=192.168.1.1 public 192.168.1.0/24",
    "neutron subnet-create --name demo-net_subnet --enable_dhcp=True --allocation-pool=start=192.168.0.100,"
    "end=192.168.0.254 --gateway=192.168.0.1 --dns-nameserver 8.8.8.8 demo-net 192.168.0.0/24",
    "neutron router-gateway-set router1 public",
    "neutron router-interface-add router1 subnet=demo-net_subnet",
    "glance image-create --name='CirrOS 0.3.2' --disk-format=qcow2 --container-format=bare --is-public=true "
    "< cirros-0.3.2-x86_64-disk.img",
    "nova secgroup-add-rule default icmp -1 -1 0.0.0.0/0",
    "nova secgroup-add-rule default tcp 22 22 0.0.0.0/0",
    "nova keypair-add mykey > mykey.pem",
]


class Desk:
    """A person logged in to node1 over SSH, with the admin's environment."""

    def __init__(self, world: World, lab: Lab, conn: asyncssh.SSHClientConnection):
        self.world, self.lab, self.conn = world, lab, conn

    async def type(self, line: str, fails: bool = False) -> str:
        """What a command prints (both streams); asserts whether it succeeds."""
        done = await self.conn.run(f"source /root/keystonerc_admin; {line}", check=False)
        text = str(done.stdout) + str(done.stderr)
        assert bool(done.exit_status) is fails, f"{line}: {done.exit_status}\n{text}"
        return text

    async def id_of(self, command: str, name: str) -> str:
        """The first cell of the row with a name."""
        for line in (await self.type(command)).splitlines():
            cells = [c.strip() for c in line.split("|")]
            if name in cells:
                return cells[1]
        raise AssertionError(f"{name} not in {command}")

    async def boot(self, name: str, more: str = "") -> str:
        """Boot an instance on demo-net and wait; its fixed address."""
        network = await self.id_of("neutron net-list", "demo-net")
        image = "--flavor m1.tiny --image 'CirrOS 0.3.2' --key-name mykey"
        await self.type(f"nova boot {image} --nic net-id={network} --poll {more} {name}")
        found = re.search(rf"\| {re.escape(name)} .*demo-net=([0-9.]+)", await self.type("nova list"))
        assert found, await self.type(f"nova show {name}")
        return found[1]

    async def guest(self, address: str, **how: object) -> asyncssh.SSHClientConnection:
        """Log in to an instance through node1."""
        login: dict = {"username": "cirros", "password": "cubswin:)", "known_hosts": None} | how
        return await asyncssh.connect(address, 22, tunnel=self.conn, **login)


@functools.cache
def _ready() -> bytes:
    world = installed()
    world.clock.speed = 60
    node = world.nodes["node1"]
    node.fs.write("/etc/sysconfig/network-scripts/ifcfg-eth1", PORT)
    node.fs.write("/etc/sysconfig/network-scripts/ifcfg-br-ex", BRIDGE)
    reboot(world)
    node.fs.write_synthetic("/root/cirros-0.3.2-x86_64-disk.img", 13167616, "64d7c1cd2b6f60c92c14662941cb7913")

    async def prepare(desk: Desk) -> None:
        for line in NETWORKS:
            await desk.type(line)

    at_desk(prepare, world)
    return pickle.dumps(world)


def ready() -> World:
    """The cloud with the document's networks, image, rules and a key pair."""
    return pickle.loads(_ready())


def at_desk(work: object, world: World | None = None) -> World:
    """Serve a world, run `work(desk)`, close; the world afterwards."""
    world = world or ready()

    async def go() -> None:
        lab = Lab(world, {name: _key() for name in world.nodes})
        await lab.start()
        try:
            port = lab.listeners["node1"].port
            async with asyncssh.connect(
                "127.0.0.1", port, username="root", password=PASSWORD, known_hosts=None
            ) as conn:
                await work(Desk(world, lab, conn))  # type: ignore[operator]
        finally:
            await lab.stop()

    asyncio.run(go())
    return world


@functools.cache
def _key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-rsa", key_size=2048)
