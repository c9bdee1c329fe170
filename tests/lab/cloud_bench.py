"""Nodes as they are before Step 8 or after Step 10, without shell and SSH, for tests of packstack and the agents."""

from __future__ import annotations

import asyncio
import functools
import pickle
import re

import rdokit.lab.commands.ovs
import rdokit.lab.commands.ovs_tools
import rdokit.lab.commands.packstack  # noqa: F401
from rdokit.lab import boot, packages, passwords
from rdokit.lab.packstack import answerfile, remote
from rdokit.lab.process import REGISTRY, Process
from rdokit.lab.world import Clock, Node, NodeSpec, World
from tests.lab.ovs_bench import Pipe

PASSWORD = "rootpw"
DOCUMENT = {
    "CONFIG_NEUTRON_OVS_TENANT_NETWORK_TYPE": "gre",
    "CONFIG_NEUTRON_OVS_TUNNEL_RANGES": "1:1000",
    "CONFIG_NEUTRON_OVS_TUNNEL_IF": "eth0",
    "CONFIG_NOVA_COMPUTE_PRIVIF": "eth0",
    "CONFIG_NOVA_NETWORK_PRIVIF": "eth0",
    "CONFIG_NOVA_NETWORK_PUBIF": "eth1",
    "CONFIG_KEYSTONE_ADMIN_PW": "admin",
    "CONFIG_PROVISION_DEMO": "n",
}


class Terminal:
    """A terminal at which somebody types the same answer every time."""

    width, height, term = 80, 24, "xterm"

    def __init__(self, answer: str = PASSWORD):
        self.answer, self.asked = answer, []

    async def ask(self, prompt: str, echo: bool = False) -> str:
        self.asked.append(prompt)
        return self.answer


@functools.cache
def _prepared(nodes: int, updated: bool, selinux: str) -> bytes:
    world = World("cloud", clock=Clock(60_000))
    for i in range(1, nodes + 1):
        nics = [
            {"name": "eth0", "mac": f"52:54:00:92:04:{i:02x}", "address": f"192.168.0.{10 + i}/24"},
            {"name": "eth1", "mac": f"52:54:00:92:05:{i:02x}", "address": f"192.168.1.{10 + i}/24"},
        ]
        node = boot.build_node(world, NodeSpec(f"node{i}", nics=nics, gateway="192.168.1.1"))
        passwords.set_password(node.fs, "root", PASSWORD, "saltsalt")
        packages.put(world, node, packages.catalogue("havana")["rdo-release"])
        node.fs.write("/etc/selinux/config", f"SELINUX={selinux}\nSELINUXTYPE=targeted\n")
        if updated:
            packages.update(world, node)
        boot.power_off(world, node)
        boot.power_on(world, node)
        packages.install(world, node, ["openstack-packstack"])
    return pickle.dumps(world)


def prepared(nodes: int = 2, updated: bool = True, selinux: str = "permissive", keys: bool = True) -> World:
    """The nodes after Step 7; with `keys` root's key is on all of them already."""
    world: World = pickle.loads(_prepared(nodes, updated, selinux))
    if keys:
        first = world.nodes["node1"]
        first.fs.mkdir("/root/.ssh", mode=0o700, parents=True)
        first.fs.write("/root/.ssh/id_rsa.pub", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 root@node1.example.com\n")
        first.fs.write("/root/.ssh/id_rsa", "-----BEGIN RSA PRIVATE KEY-----\n", mode=0o600)
        for node in world.nodes.values():
            remote.install_key(node, first.fs.read_text("/root/.ssh/id_rsa.pub").strip())
    return world


def write_answers(world: World, path: str = "/root/answer.txt", **changes: str | None) -> str:
    """The answer file of the document for these nodes; a value of None drops the key."""
    node = world.nodes["node1"]
    text = answerfile.render(answerfile.defaults(node, world.ids)).replace("192.168.1.11", "192.168.0.11")
    addresses = ",".join(f"192.168.0.{10 + i}" for i in range(1, len(world.nodes) + 1))
    for key, value in ({"CONFIG_NOVA_COMPUTE_HOSTS": addresses} | DOCUMENT | changes).items():
        line = "" if value is None else f"{key}={value}\n"
        text = re.sub(rf"(?m)^{key}=.*\n", line.replace("\\", r"\\"), text)
    node.fs.write(path, text, mode=0o600)
    return path


def packstack(world: World, *argv: str, terminal: Terminal | None = None, tty: bool = False) -> tuple[int, str, str]:
    """Run packstack on node1: exit status, stdout, stderr."""

    async def go() -> tuple[int, str, str]:
        out, err = Pipe(tty=tty), Pipe()
        node, env = world.nodes["node1"], {"HOME": "/root"}
        p = Process(["packstack", *argv], env, "/root", "root", Pipe(), out, err, node, world, terminal)
        return await REGISTRY["packstack"].function(p), out.text(), err.text()

    return asyncio.run(go())


@functools.cache
def _installed(nodes: int) -> bytes:
    world = prepared(nodes)
    status, out, _ = packstack(world, f"--answer-file={write_answers(world)}")
    assert status == 0, out
    return pickle.dumps(world)


def installed(nodes: int = 2) -> World:
    """The nodes after Step 10."""
    return pickle.loads(_installed(nodes))


def reboot(world: World, *nodes: Node) -> None:
    for node in nodes or list(world.nodes.values()):
        boot.power_off(world, node)
        boot.power_on(world, node)


def bridge(world: World, node: Node) -> None:
    """Step 11 on one node: eth1 into br-ex, which takes its address."""
    folder, last = "/etc/sysconfig/network-scripts", node.spec.nics[1]["address"].split("/")[0]
    node.fs.write(f"{folder}/ifcfg-eth1", "DEVICE=eth1\nONBOOT=yes\nTYPE=OVSPort\nDEVICETYPE=ovs\nOVS_BRIDGE=br-ex\n")
    node.fs.write(
        f"{folder}/ifcfg-br-ex",
        f"DEVICE=br-ex\nONBOOT=yes\nDEVICETYPE=ovs\nTYPE=OVSBridge\nBOOTPROTO=none\nIPADDR={last}\n"
        "NETMASK=255.255.255.0\nGATEWAY=192.168.1.1\nDNS1=8.8.8.8\n",
    )
