"""What the agents make of configuration and cloud: tunnels, namespaces, firewalls, and how they fail."""

from __future__ import annotations

import re

import pytest

from rdokit.lab import agents, firewall, network, packages, services
from tests.lab.cloud_bench import bridge, installed, packstack, prepared, reboot, write_answers

INI = "/etc/neutron/plugins/openvswitch/ovs_neutron_plugin.ini"


def admin(world):
    return world.cloud.keystone.authenticate("admin", "admin", "admin")


def networked(world, demo="192.168.2.0/24"):
    """Step 12 through the API; returns ids."""
    q, c = world.cloud.neutron, admin(world)
    router = q.create(c, "router", {"name": "router1"})["id"]
    public = q.create(c, "network", {"name": "public", "router:external": True})["id"]
    private = q.create(c, "network", {"name": "demo-net", "shared": True})["id"]
    pools = [{"start": "192.168.1.241", "end": "192.168.1.254"}]
    q.create(c, "subnet", {"network_id": public, "cidr": "192.168.1.0/24", "ip_version": 4, "enable_dhcp": False,
                           "gateway_ip": "192.168.1.1", "allocation_pools": pools})  # fmt: skip
    subnet = q.create(c, "subnet", {"network_id": private, "cidr": demo, "ip_version": 4})["id"]
    q.update(c, "router", router, {"external_gateway_info": {"network_id": public}})
    q.add_router_interface(c, router, {"subnet_id": subnet})
    agents.reconcile(world)
    return {"router": router, "public": public, "private": private, "subnet": subnet}


def tunnels(node):
    return {
        n: node.ovs.interface(n)["options"]
        for b in node.ovs.bridges()
        for n in node.ovs.ports(b)
        if n.startswith("gre")
    }


def test_each_node_gets_a_tunnel_to_every_other() -> None:
    world = installed(3)
    for node in world.nodes.values():
        own = node.nics["eth0"].addresses[0].split("/")[0]
        remotes = {o["remote_ip"] for o in tunnels(node).values()}
        assert remotes == {f"192.168.0.{i}" for i in (11, 12, 13)} - {own}
        assert {o["local_ip"] for o in tunnels(node).values()} == {own}
        assert node.ovs.interface("patch-tun")["options"] == {"peer": "patch-int"}
    assert network.tunnel(world, world.nodes["node2"], world.nodes["node3"])


def restart_with(world, node, **values):
    text = node.fs.read_text(INI)
    for key, value in values.items():
        text = re.sub(rf"(?m)^{key}=.*$", f"{key}={value}", text)
    node.fs.write(INI, text)
    services.act(world, node, "neutron-openvswitch-agent", "restart")


def fresh_endpoints(world):
    """As if no tunnel had ever been set up."""
    world.cloud.neutron.tunnel_endpoints = {}
    for node in world.nodes.values():
        services.act(world, node, "neutron-openvswitch-agent", "stop")


def test_the_same_local_ip_on_both_nodes_leaves_the_tunnel_out() -> None:
    world = installed()
    one, two = world.nodes.values()
    fresh_endpoints(world)
    for node in (one, two):
        restart_with(world, node, local_ip="192.168.0.11")
    assert tunnels(one) == {} == tunnels(two)
    assert two.running("neutron-openvswitch-agent") and not network.tunnel(world, one, two)
    restart_with(world, two, local_ip="192.168.0.12")
    assert {o["remote_ip"] for o in tunnels(one).values()} == {"192.168.0.12"}
    assert network.tunnel(world, one, two)


@pytest.mark.parametrize("address", ["", "10.9.9.9"])
def test_an_address_that_nobody_has_ends_the_agent(address: str) -> None:
    world = installed()
    one, two = world.nodes.values()
    fresh_endpoints(world)
    services.act(world, one, "neutron-openvswitch-agent", "start")
    restart_with(world, two, local_ip=address)
    assert not two.running("neutron-openvswitch-agent")
    assert services.status(world, two, "neutron-openvswitch-agent")[0] == 1
    assert "local_ip" in two.fs.read_text("/var/log/neutron/openvswitch-agent.log")
    assert tunnels(one) == {}


def test_what_an_agent_made_stays_when_it_stops() -> None:
    world = installed()
    one = world.nodes["node1"]
    before = one.ovs.show()
    services.act(world, one, "neutron-openvswitch-agent", "stop")
    assert one.ovs.show() == before


def test_without_br_int_the_agent_gives_up() -> None:
    world = installed()
    one = world.nodes["node1"]
    services.act(world, one, "neutron-openvswitch-agent", "stop")
    one.ovs.delete_bridge("br-int")
    services.act(world, one, "neutron-openvswitch-agent", "start")
    assert not one.running("neutron-openvswitch-agent")


def test_step_11_and_12_give_the_documents_switch() -> None:
    world = installed()
    one, two = world.nodes.values()
    bridge(world, one)
    reboot(world)
    made = networked(world)
    ports = {b: set(one.ovs.ports(b)) for b in one.ovs.bridges()}
    kinds = {b: {re.sub(r"(qr-|qg-|tap).*", r"\1", p) for p in names} for b, names in ports.items()}
    assert kinds == {
        "br-int": {"br-int", "patch-tun", "qr-", "tap"},
        "br-tun": {"br-tun", "patch-int", "gre-1"},
        "br-ex": {"br-ex", "eth1", "qg-"},
    }
    assert one.nics["br-ex"].addresses == ["192.168.1.11/24"] and one.nics["eth1"].addresses == []
    assert set(one.kernel.netns) == {f"qrouter-{made['router']}", f"qdhcp-{made['private']}"}
    assert two.kernel.netns == []
    tags = {p: one.ovs.port(p)["tag"] for p in ports["br-int"] if p.startswith(("qr-", "tap"))}
    assert set(map(tuple, tags.values())) == {(1,)}
    netns = f"qrouter-{made['router']}"
    assert network.route(world, one, netns, "8.8.8.8").kind == "external"
    assert network.route(world, two, "", "192.168.1.241").kind == "router"


def test_the_switch_survives_a_reboot() -> None:
    world = installed()
    one = world.nodes["node1"]
    bridge(world, one)
    reboot(world)
    networked(world)
    names = {b: set(one.ovs.ports(b)) for b in one.ovs.bridges()}
    netns, spaces = one.kernel.netns[:], {n.name: n.netns for n in one.nics.values() if n.netns}
    reboot(world)
    assert {b: set(one.ovs.ports(b)) for b in one.ovs.bridges()} == names
    assert sorted(one.kernel.netns) == sorted(netns)
    assert {n.name: n.netns for n in one.nics.values() if n.netns} == spaces


def test_reconciling_twice_changes_nothing() -> None:
    world = installed()
    networked(world)
    one = world.nodes["node1"]
    before = (one.ovs.show(), dict(one.ovs.root), repr(one.nics), repr(one.kernel.iptables))
    agents.reconcile(world)
    assert (one.ovs.show(), dict(one.ovs.root), repr(one.nics), repr(one.kernel.iptables)) == before


def test_deleted_things_go_away() -> None:
    world = installed()
    made, one = networked(world), world.nodes["node1"]
    q, c = world.cloud.neutron, admin(world)
    q.remove_router_interface(c, made["router"], {"subnet_id": made["subnet"]})
    agents.reconcile(world)
    assert not [p for p in one.ovs.ports("br-int") if p.startswith("qr-")]
    q.update(c, "router", made["router"], {"external_gateway_info": {}})
    q.delete(c, "router", made["router"])
    q.delete(c, "network", made["private"])
    agents.reconcile(world)
    assert one.kernel.netns == [] and not [n for n in one.nics if n.startswith(("qr-", "qg-", "tap"))]


def test_a_second_external_network_stops_the_l3_agent() -> None:
    world = installed()
    made, one = networked(world), world.nodes["node1"]
    q, c = world.cloud.neutron, admin(world)
    q.create(c, "network", {"name": "public2", "router:external": True})
    q.remove_router_interface(c, made["router"], {"subnet_id": made["subnet"]})
    agents.reconcile(world)
    assert [p for p in one.ovs.ports("br-int") if p.startswith("qr-")]  # nothing follows any more
    assert "TooManyExternalNetworks" in one.fs.read_text("/var/log/neutron/l3-agent.log")


def test_no_namespaces_without_the_kernel_for_them() -> None:
    world = prepared(updated=False)
    status, out, _ = packstack(world, f"--answer-file={write_answers(world)}")
    one = world.nodes["node1"]
    assert status == 0 and "Because of the kernel update the host 192.168.0.11 requires reboot." in out
    networked(world)
    assert one.kernel.netns == [] and not packages.has_netns(one)
    reboot(world)
    assert packages.has_netns(one) and len(one.kernel.netns) == 2


def test_no_namespaces_while_selinux_enforces() -> None:
    world = prepared(selinux="enforcing")
    assert packstack(world, f"--answer-file={write_answers(world)}")[0] == 0
    networked(world)
    one = world.nodes["node1"]
    assert one.kernel.netns == []
    one.kernel.selinux = "permissive"
    agents.reconcile(world)
    assert len(one.kernel.netns) == 2


def test_networks_without_tunnels_get_the_dead_vlan() -> None:
    world = installed()
    one = world.nodes["node1"]
    restart_with(world, one, enable_tunneling="False")
    networked(world)
    assert {one.ovs.port(p)["tag"][0] for p in one.ovs.ports("br-int") if p.startswith(("qr-", "tap"))} == {4095}


def test_floating_addresses_and_nat() -> None:
    world = installed()
    made, one = networked(world), world.nodes["node1"]
    q, c = world.cloud.neutron, admin(world)
    port = q.create(c, "port", {"network_id": made["private"], "device_owner": "compute:nova", "device_id": "vm-1"})
    f = q.create(c, "floatingip", {"floating_network_id": made["public"], "port_id": port["id"]})
    agents.reconcile(world)
    netns = f"qrouter-{made['router']}"
    outer = next(n for n in one.nics.values() if n.name.startswith("qg-"))
    assert f"{f['floating_ip_address']}/32" in outer.addresses
    text = firewall.save(one, netns)
    fixed = port["fixed_ips"][0]["ip_address"]
    assert f"-A neutron-l3-agent-PREROUTING -d {f['floating_ip_address']}/32 -j DNAT --to-destination {fixed} " in text
    assert "-A neutron-l3-agent-snat -s 192.168.2.0/24 -j SNAT --to-source 192.168.1.241 " in text


def test_a_node_added_later_joins_in() -> None:
    world = prepared(3)
    two_only = "192.168.0.11,192.168.0.12"
    assert packstack(world, f"--answer-file={write_answers(world, CONFIG_NOVA_COMPUTE_HOSTS=two_only)}")[0] == 0
    three = world.nodes["node3"]
    assert not packages.installed(three, "openstack-nova-compute")
    path = "/root/answer.txt"
    one = world.nodes["node1"]
    one.fs.write(path, one.fs.read_text(path).replace(f"={two_only}", f"={two_only},192.168.0.13"))
    assert packstack(world, f"--answer-file={path}")[0] == 0
    assert {o["remote_ip"] for o in tunnels(three).values()} == {"192.168.0.11", "192.168.0.12"}
    assert {o["remote_ip"] for o in tunnels(one).values()} == {"192.168.0.12", "192.168.0.13"}
    hosts = [a["host"] for a in world.cloud.neutron.agents.values() if a["agent_type"] == "Open vSwitch agent"]
    assert sorted(hosts) == [f"node{i}.example.com" for i in (1, 2, 3)]


class Vm:
    """As much of an instance as the agents look at."""

    def __init__(self, id: str, state: str = "ACTIVE"):
        self.id, self.state = id, state


def test_what_hangs_between_an_instance_and_br_int(monkeypatch: pytest.MonkeyPatch) -> None:
    world = installed()
    made, two = networked(world), world.nodes["node2"]
    q, c = world.cloud.neutron, admin(world)
    vm = Vm("vm-1")
    monkeypatch.setattr(network, "guests", lambda w: [vm])
    body = {"network_id": made["private"], "device_owner": "compute:nova", "device_id": "vm-1",
            "binding:host_id": two.fqdn}  # fmt: skip
    port = q.create(c, "port", body)
    agents.reconcile(world)
    names = {k: k + port["id"][:11] for k in ("qbr", "qvb", "qvo", "tap")}
    assert two.nics[names["qvb"]].master == names["qbr"] == two.nics[names["tap"]].master
    assert two.nics[names["qvo"]].master == "br-int" and two.ovs.bridge_of(names["qvo"]) == "br-int"
    assert two.ovs.port(names["qvo"])["tag"] == [1] and two.ovs.ofport(names["qvo"]) > 0
    assert two.ovs.interface(names["qvo"])["external_ids"]["vm-uuid"] == "vm-1"
    rules = two.kernel.iptables["filter"]
    short = port["id"][:10]
    jump = f"--physdev-out {names['tap']} --physdev-is-bridged -j neutron-openvswi-i{short} "
    assert f"-A neutron-openvswi-sg-chain -m physdev {jump}" in rules
    assert f"-A neutron-openvswi-s{short} -j DROP " in rules
    assert not any("dport 22" in r for r in rules if f"-i{short}" in r)
    q.create(c, "security_group_rule", {
        "security_group_id": port["security_groups"][0], "direction": "ingress", "ethertype": "IPv4",
        "protocol": "tcp", "port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": "0.0.0.0/0",
    })  # fmt: skip
    agents.reconcile(world)
    assert f"-A neutron-openvswi-i{short} -p tcp -m tcp --dport 22 -j RETURN " in two.kernel.iptables["filter"]
    assert firewall.verdict(two, "INPUT", "tcp", port=22, source="192.168.0.11") == "ACCEPT"  # sshd of the node itself
    vm.state = "SHUTOFF"
    agents.reconcile(world)
    assert names["tap"] not in two.nics and names["qbr"] in two.nics
    q.delete(c, "port", port["id"])
    agents.reconcile(world)
    assert not [n for n in two.nics if n.startswith(("qbr", "qvb", "qvo"))]
    assert two.ovs.bridge_of(names["qvo"]) is None
    assert not any(short in r for r in two.kernel.iptables["filter"])
