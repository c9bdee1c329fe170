"""動作確認: an instance is reached exactly as far as groups, floating address, agents and tunnels allow."""

from __future__ import annotations

import asyncssh
import pytest

from rdokit.lab import network, services
from rdokit.lab.guest import commands, metadata, proc, system
from tests.lab.cloud_shell import Desk, at_desk


def ping(desk: Desk, address: str) -> bool:
    """Whether node1 gets an answer."""
    reach = network.route(desk.world, desk.world.nodes["node1"], "", address)
    return reach.ok and network.pings(desk.world, reach, reach.source, address)


def test_the_documents_last_chapter() -> None:
    async def work(desk: Desk) -> None:
        fixed = await desk.boot("vm1")
        floating = (await desk.type("nova floating-ip-create public | grep 192")).split()[1]
        await desk.type(f"nova add-floating-ip vm1 {floating}")
        assert f"demo-net={fixed}, {floating}" in await desk.type("nova list")
        await desk.type("cinder create --display-name vol1 1")
        volume = await desk.id_of("cinder list", "vol1")
        await desk.type(f"nova volume-attach vm1 {volume} /dev/vdb")
        await desk.type("nova list")
        assert "in-use" in await desk.type("cinder list")
        assert ping(desk, floating)

        guest = await desk.guest(floating)
        assert "vdb: unknown partition table" in str((await guest.run("dmesg | grep vd")).stdout)
        assert str((await guest.run("hostname")).stdout) == "vm1\n"
        made = await guest.run("sudo mkfs.ext3 /dev/vdb && sudo mount /dev/vdb /mnt && echo hi | sudo tee /mnt/x")
        assert made.exit_status == 0 and str(made.stdout).endswith("hi\n")
        assert str((await guest.run("sudo umount /mnt; ls /mnt; cat /proc/partitions")).stdout).count("vdb") == 1
        body = await guest.run("curl http://169.254.169.254/latest/meta-data/local-ipv4")
        assert body.stdout == fixed
        # defect 4: demo-net lies over the nodes' own network
        assert "100% packet loss" in str((await guest.run("ping -c 2 192.168.0.11")).stdout)
        assert " 0% packet loss" in str((await guest.run("ping -c 2 8.8.8.8")).stdout)
        assert (await guest.run("nosuch")).exit_status == 127
        guest.close()

        # what was written on the volume goes with it
        await desk.type(f"nova volume-detach vm1 {volume}")
        await desk.boot("vm2")
        await desk.type(f"nova volume-attach vm2 {volume} /dev/vdb; nova list")
        second = (await desk.type("nova floating-ip-create public | grep 192")).split()[1]
        await desk.type(f"nova add-floating-ip vm2 {second}")
        other = await desk.guest(second)
        found = await other.run("sudo mount /dev/vdb /mnt; cat /mnt/x")
        assert found.stdout == "hi\n", found.stderr
        other.close()

    at_desk(work)


def test_the_key_opens_the_door_and_nothing_else_does() -> None:
    async def work(desk: Desk) -> None:
        await desk.boot("vm1")
        await desk.type("nova floating-ip-create public; nova add-floating-ip vm1 192.168.1.242")
        pem = desk.world.nodes["node1"].fs.read_text("/root/mykey.pem")
        guest = await desk.guest("192.168.1.242", client_keys=[asyncssh.import_private_key(pem.strip() + "\n")])
        assert str((await guest.run("cat /etc/cirros/version; id -u; sudo id -u")).stdout) == "0.3.2\n1000\n0\n"
        guest.close()
        with pytest.raises(asyncssh.PermissionDenied):
            await desk.guest("192.168.1.242", password="wrong")

    at_desk(work)


@pytest.mark.parametrize(
    "line",
    [
        "nova secgroup-delete-rule default icmp -1 -1 0.0.0.0/0",
        "nova remove-floating-ip vm1 192.168.1.242",
        "nova stop vm1; nova list",
        "neutron router-interface-delete router1 demo-net_subnet 2>/dev/null; neutron router-gateway-clear router1; "
        "nova remove-floating-ip vm1 192.168.1.242; neutron router-gateway-clear router1",
    ],
)
def test_what_closes_the_way(line: str) -> None:
    async def work(desk: Desk) -> None:
        await desk.boot("vm1")
        await desk.type("nova floating-ip-create public; nova add-floating-ip vm1 192.168.1.242")
        assert ping(desk, "192.168.1.242")
        await desk.type(line)
        assert not ping(desk, "192.168.1.242")

    at_desk(work)


def test_ssh_needs_its_rule() -> None:
    async def work(desk: Desk) -> None:
        await desk.boot("vm1")
        await desk.type("nova floating-ip-create public; nova add-floating-ip vm1 192.168.1.242")
        node = desk.world.nodes["node1"]
        assert network.connect(desk.world, node, "192.168.1.242", 22).open
        await desk.type("nova secgroup-delete-rule default tcp 22 22 0.0.0.0/0")
        assert network.connect(desk.world, node, "192.168.1.242", 22).reason == "timeout"

    at_desk(work)


def test_without_a_dhcp_agent_it_has_no_address() -> None:
    async def work(desk: Desk) -> None:
        node = desk.world.nodes["node1"]
        services.stop(desk.world, node, "neutron-dhcp-agent")
        await desk.boot("vm1")
        text = await desk.type("nova console-log vm1")
        assert "No lease, failing" in text and "cirros login:" in text

    at_desk(work)


def test_without_the_metadata_agent_it_has_no_name() -> None:
    async def work(desk: Desk) -> None:
        services.stop(desk.world, desk.world.nodes["node1"], "neutron-metadata-agent")
        await desk.boot("vm1")
        assert "failed to read iid from metadata. tried 20" in await desk.type("nova console-log vm1")

    at_desk(work)


def test_on_another_node_packets_go_through_the_tunnel() -> None:
    """Defect 5: a guest does not know that GRE takes 42 bytes; big packets get lost, 1372 pass, a small MTU helps."""

    async def work(desk: Desk) -> None:
        await desk.boot("vm2", "--availability-zone nova:node2.example.com")
        await desk.type("nova floating-ip-create public; nova add-floating-ip vm2 192.168.1.242")
        assert "instance-00000001" in await desk.type("nova hypervisor-servers node2")
        guest = await desk.guest("192.168.1.242")
        for size, exit_status in ((1372, 0), (1430, 0), (1431, 1), (1472, 1)):
            done = await guest.run(f"ping -c 1 -s {size} 8.8.8.8")
            assert done.exit_status == exit_status, size
            done = await desk.conn.run(f"ping -c 1 -M do -s {size} 192.168.1.242")
            assert done.exit_status == exit_status, size
        assert (await guest.run("sudo ip link set mtu 1400 dev eth0; ping -c 1 -s 1472 8.8.8.8")).exit_status == 0
        hops = str((await guest.run("traceroute -n 8.8.8.8")).stdout)
        assert " 1  192.168.0.1 " in hops and " 8.8.8.8 " in hops
        assert "(192.168.0.1) at fa:16:3e:" in str((await guest.run("arp -n")).stdout)
        guest.close()
        # without the tunnel nothing comes through
        desk.world.nodes["node2"].up = False
        assert not ping(desk, "192.168.1.242")

    at_desk(work)


def test_libvirt_type_is_read_when_the_service_starts() -> None:
    """Step 14: an edit alone changes nothing; kvm without the module cannot start a guest."""

    async def work(desk: Desk) -> None:
        for node in desk.world.nodes.values():
            text = node.fs.read_text("/etc/nova/nova.conf")
            node.fs.write("/etc/nova/nova.conf", text.replace("libvirt_type=qemu", "libvirt_type=kvm"))
            node.kernel.modules.pop("kvm_intel", None)
        await desk.boot("before")
        for node in desk.world.nodes.values():
            services.restart(desk.world, node, "openstack-nova-compute")
        network_id = await desk.id_of("neutron net-list", "demo-net")
        await desk.type(f"nova boot --flavor m1.tiny --image 'CirrOS 0.3.2' --nic net-id={network_id} after")
        for _ in range(8):
            text = await desk.type("nova list")
        assert "| after  | ERROR " in text and "| before | ACTIVE " in text
        assert "No valid host was found." in await desk.type("nova show after")

    at_desk(work)


def test_a_hosts_reboot_stops_its_guests() -> None:
    from tests.lab.cloud_bench import reboot

    async def work(desk: Desk) -> None:
        await desk.boot("vm1")
        host = next(iter(desk.world.cloud.nova.instances.values())).host
        reboot(desk.world, desk.world.nodes[host])
        await desk.type("nova list")
        assert "SHUTOFF" in await desk.type("nova list")
        assert "shut off" in await desk.type("virsh list --all") or host != "node1"
        await desk.type("nova start vm1; nova list")
        assert "ACTIVE" in await desk.type("nova list")

    at_desk(work)


def test_names() -> None:
    assert commands.link_local("fa:16:3e:01:02:03") == "fe80::f816:3eff:fe01:203"
    assert "latest" in metadata.VERSIONS and proc.FILES and system.RELEASE.startswith("3.2.0")
