"""The simulated neutron: the network of Step 12, its rules, and the client's forms of output."""

from __future__ import annotations

import re

import pytest

from ..conformance.bench import Bench

DEMO = {"OS_USERNAME": "demo", "OS_PASSWORD": "demo", "OS_TENANT_NAME": "demo"}
STEP_12 = [
    "neutron router-create router1",
    "neutron net-create public --router:external=True",
    "neutron net-create demo-net --shared",
    "neutron subnet-create --name public_subnet --enable_dhcp=False --allocation-pool=start=192.168.1.241,"
    "end=192.168.1.254 --gateway=192.168.1.1 public 192.168.1.0/24",
    "neutron subnet-create --name demo-net_subnet --enable_dhcp=True --allocation-pool=start=192.168.0.100,"
    "end=192.168.0.254 --gateway=192.168.0.1 --dns-nameserver 8.8.8.8 demo-net 192.168.0.0/24",
    "neutron router-gateway-set router1 public",
    "neutron router-interface-add router1 subnet=demo-net_subnet",
    "keystone tenant-create --name demo",
    "keystone user-create --name demo --pass demo --tenant demo",
]


@pytest.fixture
def lab() -> Bench:
    bench = Bench()
    for line in STEP_12:
        status, _, err = bench.run(line)
        assert (status, err) == (0, ""), line
    return bench


def value(out: str, field: str) -> str:
    return re.search(rf"^\| {re.escape(field)} +\| (.*?) +\|$", out, re.M)[1]  # type: ignore[index]


def test_the_router_takes_the_first_address_of_the_pool_and_dhcp_of_its_own(lab: Bench) -> None:
    neutron = lab.world.cloud.neutron
    found = {p["device_owner"]: p["fixed_ips"][0]["ip_address"] for p in neutron.ports.values()}
    assert found == {
        "network:router_gateway": "192.168.1.241", "network:router_interface": "192.168.0.1",
        "network:dhcp": "192.168.0.100",
    }


def test_an_address_given_back_is_not_used_again_before_the_pool_is_dry(lab: Bench) -> None:
    first = value(lab.run("neutron floatingip-create public")[1], "floating_ip_address")
    row = next(iter(lab.world.cloud.neutron.floatingips))
    lab.run(f"neutron floatingip-delete {row}")
    taken = [value(lab.run("neutron floatingip-create public")[1], "floating_ip_address") for _ in range(13)]
    assert first == "192.168.1.242"
    assert taken == [f"192.168.1.{n}" for n in range(243, 255)] + ["192.168.1.242"]
    assert "IpAddressGenerationFailure" in lab.run("neutron floatingip-create public")[2]


def test_a_floating_address_is_associated_once(lab: Bench) -> None:
    port = value(lab.run("neutron port-create demo-net")[1], "id")
    floating = value(lab.run("neutron floatingip-create public")[1], "id")
    line = f"neutron floatingip-associate {floating} {port}"
    assert lab.run(line) == (0, f"Associated floatingip {floating}\n", "")
    assert "FloatingIPPortAlreadyAssociated" in lab.run(line)[2]
    assert "RouterInterfaceInUseByFloatingIP" in lab.run("neutron router-interface-delete router1 demo-net_subnet")[2]
    assert "RouterExternalGatewayInUseByFloatingIp" in lab.run("neutron router-gateway-clear router1")[2]
    lab.run(f"neutron port-delete {port}")
    assert value(lab.run(f"neutron floatingip-show {floating}")[1], "port_id") == ""


def test_router_ports_cannot_be_deleted_as_ports(lab: Bench) -> None:
    for port in list(lab.world.cloud.neutron.ports.values()):
        status, _, err = lab.run(f"neutron port-delete {port['id']}")
        expected = port["device_owner"] != "network:dhcp"
        assert (status == 1, "L3PortInUse" in err) == (expected, expected)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("neutron net-create x --provider:network_type gre", "provider:segmentation_id required"),
        ("neutron net-create x --provider:network_type gre --provider:segmentation_id 1", "TunnelIdInUse"),
        ("neutron net-create x --provider:network_type foo", "provider:network_type foo not supported"),
        ("neutron net-create x --foo 1", "Unrecognized attribute(s) 'foo'"),
        ("neutron net-create x --status UP", "Attribute 'status' not allowed in POST"),
        ("neutron net-update public --router:external False", "ExternalNetworkInUse"),
        ("neutron net-update public --tenant_id x", "Cannot update read-only attribute tenant_id"),
        ("neutron subnet-update demo-net_subnet --gateway_ip 192.168.0.2", "GatewayIpInUse"),
        ("neutron subnet-create demo-net 10.0.0.0/24 --gateway 1.1.1.1 --no-gateway", "can not be used same time"),
        ("neutron port-create demo-net --fixed-ip ip_address=192.168.0.1", "IpAddressInUse"),
        ("neutron port-create demo-net --security-group nosuch", "Unable to find security_group with name 'nosuch'"),
        ("neutron port-create demo-net --security-group default --no-security-groups", "not allowed with argument"),
        ("neutron router-update router1", "Must specify new values to update router"),
        ("neutron router-update router1 --routes type=dict list=true destination=10.9.0.0/24,nexthop=9.9.9.9",
         "the nexthop is not connected with router"),
        ("neutron agent-show nosuch", "AgentNotFound"),
        ("neutron security-group-delete nosuch", "Unable to find security_group"),
        ("neutron quota-update --network x", "quota limit for network must be an integer"),
        ("neutron net-list --a --a", "duplicated options --a --a"),
        ("neutron net-list --a type=foo 1", "name 'foo' is not defined"),
        ("neutron net-list --shared=maybe", "'maybe' cannot be converted to boolean"),
        ("neutron lb-vip-list", "404 Not Found"),
        ("neutron nosuch", "Unknown command [u'nosuch']"),
        ("neutron net-show", "too few arguments"),
        ("neutron net-list -f json", "argument -f/--format: invalid choice: u'json' (choose from 'csv', 'table')"),
        ("neutron subnet-create --allocation x public 1.0.0.0/8", "ambiguous option: --allocation could match"),
    ],
)
def test_refusals(lab: Bench, line: str, error: str) -> None:
    status, out, err = lab.run(line)
    assert status in (1, 2)
    assert out == ""
    assert error in err


def test_names_are_looked_up_by_mysql_without_case(lab: Bench) -> None:
    assert value(lab.run("neutron net-show PUBLIC")[1], "name") == "public"


def test_a_stranger_sees_shared_and_external_networks_only(lab: Bench) -> None:
    lab.run("neutron net-create secret")
    status, out, _ = lab.run("neutron net-list", DEMO)
    assert (status, "public" in out, "demo-net" in out, "secret" in out) == (0, True, True, False)
    assert "provider:" not in lab.run("neutron net-show demo-net", DEMO)[1]
    for line in ("neutron net-delete demo-net", "neutron net-update demo-net --name x"):
        assert lab.run(line, DEMO) == (1, "", "The resource could not be found.\n")
    assert "PolicyNotAuthorized" in lab.run("neutron subnet-create demo-net 10.0.0.0/24", DEMO)[2]
    assert lab.run("neutron agent-list", DEMO) == (0, "\n", "")


def test_stopped_agents_are_dead_after_75_seconds(lab: Bench) -> None:
    lab.world.clock.speed = 50.0  # 75 s are 1.5 s
    lab.services("stop", "neutron agents")
    assert ":-)" in lab.run("neutron agent-list")[1]
    lab.wait(80)
    out = lab.run("neutron agent-list")[1]
    assert (out.count("xxx"), out.count(":-)")) == (5, 0)
    lab.services("start", "neutron agents")
    assert lab.run("neutron agent-list")[1].count(":-)") == 5


def test_every_output_form(lab: Bench) -> None:
    assert lab.run("neutron subnet-list -c ip_version -f csv")[1] == '"ip_version"\r\n4\r\n4\r\n'
    assert lab.run("neutron net-show public -c name -f shell --prefix A_")[1] == 'A_name="public"\n'
    assert lab.run("neutron net-show public -c nosuch")[1] == "\n"
    assert lab.run("neutron net-show public -F nosuch")[2] == "need more than 0 values to unpack\n"
    assert "|          4 |" in lab.run("neutron subnet-list -c ip_version")[1]


def test_security_groups_follow_their_tenant(lab: Bench) -> None:
    lab.run("neutron security-group-create web --description www")
    assert lab.run("neutron security-group-create web")[0] == 0
    assert "Multiple security_group matches" in lab.run("neutron security-group-show web")[2]
    assert "SecurityGroupDefaultAlreadyExists" in lab.run("neutron security-group-create default")[2]
    rule = "neutron security-group-rule-create default --protocol tcp --port-range-min 80 --port-range-max 80"
    assert lab.run(rule, DEMO)[0] == 0
    assert "SecurityGroupRuleExists" in lab.run(rule, DEMO)[2]


def test_agents_host_networks_and_routers(lab: Bench) -> None:
    agents = {a["agent_type"]: i for i, a in lab.world.cloud.neutron.agents.items()}
    assert "demo-net" in lab.run(f"neutron net-list-on-dhcp-agent {agents['DHCP agent']}")[1]
    assert "router1" in lab.run(f"neutron router-list-on-l3-agent {agents['L3 agent']}")[1]
    again = lab.run(f"neutron l3-agent-router-add {agents['L3 agent']} router1")
    assert "RouterHostedByL3Agent" in again[2]
    assert lab.run(f"neutron dhcp-agent-network-remove {agents['DHCP agent']} demo-net")[1] == (
        "Removed network demo-net to DHCP agent\n"
    )
    assert not [p for p in lab.world.cloud.neutron.ports.values() if p["device_owner"] == "network:dhcp"]


def test_vlan_and_local_networks_follow_the_answer_file() -> None:
    lab = Bench()
    neutron = lab.world.cloud.neutron
    neutron.network_type, neutron.vlans = "vlan", {"physnet1": [100, 101]}
    out = lab.run("neutron net-create a")[1]
    assert (value(out, "provider:physical_network"), value(out, "provider:segmentation_id")) == ("physnet1", "100")
    lab.run("neutron net-create b")
    assert "NoNetworkAvailable" in lab.run("neutron net-create c")[2]
    neutron.network_type = "local"
    assert value(lab.run("neutron net-create d")[1], "provider:segmentation_id") == ""


def test_without_a_command_it_asks_for_some(lab: Bench) -> None:
    status, out, err = lab.run("neutron", stdin="net-list -c name\nnosuch\nexit\n")
    assert (status, out.count("(neutron) "), "demo-net" in out) == (0, 3, True)
    assert err == "Unknown command ['nosuch']\n".replace("['", "[u'")
    assert lab.run("neutron") == (0, "(neutron) ", "")
