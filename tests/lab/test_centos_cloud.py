"""The network between nodes once packstack ran: tunnels, namespaces, GRE and the firewall (defects 3 to 5, 14)."""

from __future__ import annotations

import pytest

from rdokit.lab import network
from rdokit.lab.nodestate import runtime

from . import cloud_bench
from .centos import Lab


@pytest.fixture
def lab() -> Lab:
    """Both nodes after Step 11."""
    world = cloud_bench.installed()
    for node in world.nodes.values():
        cloud_bench.bridge(world, node)
    cloud_bench.reboot(world)
    return Lab(world)


def test_tunnel_stands_and_falls(lab: Lab) -> None:
    one, two = lab.node1, lab.node2
    assert network.tunnel(lab.world, one, two)
    lab.ok("service openvswitch stop", "node2")
    assert not network.tunnel(lab.world, one, two)
    lab.ok("service openvswitch start", "node2")
    assert network.tunnel(lab.world, one, two)
    lab.world.faults["cables"] = ["node2/eth0"]
    assert not network.tunnel(lab.world, one, two)


def test_gre_dies_when_conntrack_forgets(lab: Lab) -> None:
    one, two = lab.node1, lab.node2
    assert network.tunnel(lab.world, one, two)
    for node in (one, two):
        since = runtime(node)["gre_since"]
        for source in since:
            since[source] -= network.CONNTRACK_GENERIC + 1
    assert not network.tunnel(lab.world, one, two)
    lab.ok("iptables -I INPUT -p gre -j ACCEPT && service iptables save")
    assert not network.tunnel(lab.world, one, two)  # the other side still refuses
    lab.ok("iptables -I INPUT -p 47 -j ACCEPT", "node2")
    assert network.tunnel(lab.world, one, two)


def test_services_after_a_reboot(lab: Lab) -> None:
    out = lab.ok("openstack-status")
    assert "openstack-nova-api:                     active\n" in out and "dead" not in out
    assert "cinder-volumes" in lab.ok("vgs")
    assert "0.0.0.0:9696" in lab.ok("netstat -tlnp") and "tcp/" not in lab.ok("netstat -tlnp")
    assert lab("service openstack-nova-compute status", "node2").status == 0


def test_compute_node_alone(lab: Lab) -> None:
    """node1 down: node2's agents go on; its ports of node1 cannot be reached."""
    from rdokit.lab import boot

    boot.power_off(lab.world, lab.node1)
    assert lab("service neutron-openvswitch-agent status", "node2").status == 0
    assert not network.tunnel(lab.world, lab.node1, lab.node2)
    assert lab("curl -s http://192.168.0.11:5000/", "node2").status == 7


def test_api_roots_and_dashboard(lab: Lab) -> None:
    assert '"v2.0"' in lab.ok("curl -s http://192.168.0.11:5000/", "node2")
    assert "Login - OpenStack Dashboard" in lab.ok("curl -sL http://192.168.0.11/dashboard", "node2")
    assert lab.ok("curl -s -o /dev/null -w '%{http_code}' http://192.168.0.11/nagios/") == "401"
    lab.ok("service httpd stop")
    assert lab("curl -sL http://192.168.0.11/dashboard").status == 7
