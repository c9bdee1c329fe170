"""Packstack cut off at many points: what had been done stays, the next run makes the rest, the end is the same."""

from __future__ import annotations

import asyncio

import pytest

from rdokit.lab import agents
from rdokit.lab.process import REGISTRY, Process
from tests.lab.cloud_bench import packstack, prepared, reboot, write_answers
from tests.lab.ovs_bench import Pipe

POINTS = [1, 30, 46, 49, 54, 60, 66, 74, 80]  # lines on the screen when it is cut


class Cut(Pipe):
    """A screen that ends the program after a number of lines."""

    def __init__(self, lines: int):
        super().__init__()
        self.left = lines

    def write(self, data) -> None:
        super().write(data)
        self.left -= str(data).count("\n")
        if self.left <= 0 and (task := asyncio.current_task()):
            task.cancel()


def cut(world, lines: int) -> str:
    async def go() -> None:
        p = Process(["packstack", "--answer-file=/root/answer.txt"], {"HOME": "/root"}, "/root", "root", Pipe(), out,
                    Pipe(), world.nodes["node1"], world)  # fmt: skip
        await REGISTRY["packstack"].function(p)

    out = Cut(lines)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(go())
    return out.text()


def facts(world) -> dict:
    """What the end state is, without identifiers, process ids and times."""
    agents.reconcile(world)
    out = {}
    for node in world.nodes.values():
        switch = node.ovs
        ports = {
            (b, p, tuple(sorted(switch.interface(p)["options"].items())))
            for b in switch.bridges() for p in switch.ports(b) if not p.startswith("gre-")
        }  # fmt: skip
        remotes = sorted(
            switch.interface(p)["options"]["remote_ip"] for p in switch.ports("br-tun") if p.startswith("gre-")
        )
        paths = ["/etc/nova/nova.conf", "/etc/neutron/neutron.conf", "/etc/neutron/plugin.ini", "/etc/sysctl.conf",
                 "/etc/rc.d/rc.local", "/root/.ssh/authorized_keys", "/root/keystonerc_admin"]  # fmt: skip
        files = {p: node.fs.read_text(p) for p in paths if node.fs.exists(p)}
        running = sorted(s.name for s in node.services.values() if s.running)
        levels = {s.name: sorted(s.runlevels) for s in node.services.values()}
        out[node.name] = (ports, remotes, files, running, levels, sorted(node.packages), node.kernel.iptables["filter"])
    cloud = world.cloud
    users = sorted(u["name"] for u in cloud.keystone.users.values())
    agents_ = sorted((a["agent_type"], a["host"]) for a in cloud.neutron.agents.values())
    return out | {"users": users, "agents": agents_, "vgs": set(world.nodes["node1"].extra["vgs"])}


def test_cut_anywhere_and_run_again() -> None:
    world = prepared()
    write_answers(world)
    text = world.nodes["node1"].fs.read_text("/root/answer.txt")
    assert packstack(world, "--answer-file=/root/answer.txt")[0] == 0
    undisturbed = facts(world)
    for lines in POINTS:
        world = prepared()
        world.nodes["node1"].fs.write("/root/answer.txt", text, mode=0o600)
        screen = cut(world, lines)
        assert "completed successfully" not in screen
        status, out, _ = packstack(world, "--answer-file=/root/answer.txt")
        assert status == 0, out
        assert facts(world) == undisturbed, f"cut after {lines} lines"


def test_a_reboot_in_the_middle() -> None:
    world = prepared()
    write_answers(world)
    cut(world, 60)
    one = world.nodes["node1"]
    assert one.running("openstack-keystone") and not one.running("neutron-server")
    reboot(world)
    assert one.running("openstack-keystone") and not one.running("neutron-server")
    assert packstack(world, "--answer-file=/root/answer.txt")[0] == 0
    assert one.running("neutron-server") and world.nodes["node2"].running("neutron-openvswitch-agent")
