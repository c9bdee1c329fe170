"""06_bridge on real Open vSwitch: eth1 moves into br-ex, the session is never risked, pictures tell the truth."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import rdokit

from . import notebook, sites
from .nodes import RealLab, RealNode

PLUGIN = "/etc/neutron/plugin.ini"


@pytest.fixture(scope="module")
def site(cloud: RealLab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sites.site(cloud, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def one(cloud: RealLab) -> RealNode:
    return cloud["node1"]


def network_files(node: RealNode) -> str:
    return node.sh("cd /etc/sysconfig/network-scripts && sha256sum *; ovs-vsctl list-br; ip -4 -br addr show eth1")


def by_the_public_address(site: Path, user: str) -> Path:
    """The same site, node1 reached by the address that Step 11 moves."""
    content = yaml.safe_load(site.read_text())
    content["nodes"]["node1"]["ssh"] |= {"host": "192.168.1.11", "user": user}
    (site.parent / "known_hosts").open("a").write(
        (site.parent / "known_hosts").read_text().splitlines()[0].replace("192.168.0.11", "192.168.1.11") + "\n")
    other = site.with_name(f"public-{user}.yml")
    other.write_text(yaml.safe_dump(content))
    return other


@pytest.mark.parametrize("user", ["root", "deploy"])
def test_refused_when_the_session_rides_on_eth1(site: Path, one: RealNode, user: str):
    before = network_files(one)
    ran = notebook.run(by_the_public_address(site, user), "06")
    assert ran.status == 1 and "rides on 192.168.1.11" in ran.printed, ran.printed
    assert ran.changed == [] and network_files(one) == before


def test_eth1_moves_into_br_ex_while_the_session_is_on_eth0(site: Path, cloud: RealLab, one: RealNode):
    two = cloud["node2"]
    two.sh(f"sed -i s/192.168.0.12/192.168.0.11/ {PLUGIN}")  # defect 7: .11 as printed for every node
    two.reboot()
    boots = {node.name: node.boot_id for node in cloud.nodes}
    for node in cloud.nodes:  # a real machine is down for longer than the second in which a file was written
        node.reboot_seconds = 2.0
    ran = notebook.run(site, "06")
    assert ran.status == 0, ran.printed
    assert {node.name: node.boot_id for node in cloud.nodes}.items() & boots.items() == set()
    assert one.sh("ovs-vsctl list-ports br-ex").split() == ["eth1"]
    assert "192.168.1.11/24" in one.sh("ip -4 -br addr show br-ex")
    assert "192.168.1" not in one.sh("ip -4 -br addr show eth1")
    assert "local_ip=192.168.0.12" in two.sh(f"cat {PLUGIN}")


def test_the_moved_address_answers_once_from_outside(one: RealNode, cloud: RealLab):
    told = cloud["node2"].sh("ping -c3 -i0.3 -W2 192.168.1.11")
    assert "3 received" in told and "DUP" not in told
    one.sh("ping -c2 -i0.3 -W2 10.0.0.12")  # instances' network through the tunnel


def test_the_backup_is_not_brought_up_as_a_card(one: RealNode):
    backups = one.sh("ls /etc/sysconfig/network-scripts | grep rdokit").split()
    assert backups and all(name.endswith(".bak") for name in backups)
    assert one.sh("ip -4 -o addr show").count("192.168.1.11") == 1


def test_second_run_changes_nothing_and_boots_nothing(site: Path, cloud: RealLab):
    boots = {node.name: node.boot_id for node in cloud.nodes}
    ran = notebook.run(site, "06")
    assert ran.status == 0 and ran.changed == []
    assert {node.name: node.boot_id for node in cloud.nodes} == boots


@pytest.fixture
def kit(site: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("RDOKIT_RUNS", str(tmp_path))
    kit = rdokit.connect(str(site))
    yield kit
    for node in kit.all:
        node.close()


def picture(kit) -> str:
    """The SVG of the live switches."""
    return kit.topology(kit.show(kit.all, "ovs-vsctl show")).markup


def test_tables_are_those_of_the_live_switches(kit, one: RealNode):
    table = kit.show(kit.all, "ovs-vsctl show")
    on_one = table[table["node"] == "node1"]
    assert set(on_one["port"]) == set(one.sh(
        "for b in $(ovs-vsctl list-br); do echo $b; ovs-vsctl list-ports $b; done").split())  # fmt: skip
    gre = on_one[on_one["type"] == "gre"].iloc[0]
    assert gre["options"]["remote_ip"] == "192.168.0.12"


def test_picture_shows_a_whole_tunnel(kit):
    svg = picture(kit)
    assert "br-ex" in svg and "eth1" in svg and "gre-1" in svg


def test_removed_gre_port_is_red_with_its_reason(kit, one: RealNode):
    whole = picture(kit)
    one.sh("ovs-vsctl del-port br-tun gre-1")
    try:
        broken = picture(kit)
        assert broken != whole
        assert "node1" in broken and "192.168.0.12" in broken
        assert not rdokit.havana.tunnels_right(kit)
    finally:
        one.sh("service neutron-openvswitch-agent start")
    assert rdokit.havana.tunnels_right(kit)


def test_port_of_a_card_that_is_not_there_shows_its_error(kit, one: RealNode):
    """`ovs-vsctl add-port` exits 0 although it failed; the switch says so, and so must the table."""
    one.sh("ovs-vsctl add-port br-ex eth7", check=False)
    try:
        table = kit.show(kit.all, "ovs-vsctl show")
        assert "No such device" in str(table[table["port"] == "eth7"].to_dict("records"))
        assert "No such device" in picture(kit)
    finally:
        one.sh("ovs-vsctl del-port br-ex eth7")


def test_switch_that_is_down_is_an_error_and_no_empty_table(kit, cloud: RealLab):
    two = cloud["node2"]
    two.sh("mv /run/openvswitch/db.sock /run/openvswitch/db.away")  # ovs-vsctl finds no server; the wire still works
    try:
        shown = kit.show(kit.all, "ovs-vsctl show")
        assert shown is None or "node2" not in set(shown["node"])
    finally:
        two.sh("mv /run/openvswitch/db.away /run/openvswitch/db.sock")
    assert set(kit.show(kit.all, "ovs-vsctl show")["node"]) == {"node1", "node2"}
