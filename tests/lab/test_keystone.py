"""The simulated keystone: what the document relies on, and how it refuses."""

from __future__ import annotations

import pickle

import pytest

from ..conformance.bench import Bench

DEMO = {"OS_USERNAME": "demo", "OS_PASSWORD": "demo", "OS_TENANT_NAME": "demo"}


@pytest.fixture
def lab() -> Bench:
    return Bench()


def demo(lab: Bench) -> None:
    for line in (
        "keystone tenant-create --name demo --description demo-tenant --enable true",
        "keystone user-create --name demo --pass demo --tenant demo --email demo@example.com --enabled true",
        "keystone role-create --name Member",
    ):
        assert lab.run(line)[0] == 0


def test_step_13_leaves_a_user_who_can_log_in(lab: Bench) -> None:
    demo(lab)
    assert lab.run("keystone user-role-add --user demo --tenant demo --role Member") == (0, "", "")
    status, out, _ = lab.run("keystone token-get", DEMO)
    assert status == 0
    assert "tenant_id" in out
    assert lab.run("keystone tenant-list", DEMO)[2] == (
        "You are not authorized to perform the requested action, admin_required. (HTTP 403)\n"
    )


@pytest.mark.parametrize("name", ["DEMO", "demo ", "Demo"])
def test_mysql_takes_other_spellings_for_the_same(lab: Bench, name: str) -> None:
    demo(lab)
    status, _, err = lab.run(f"keystone tenant-create --name '{name}'")
    assert (status, "HTTP 409" in err) == (1, True)
    assert lab.run("keystone tenant-get DEMO")[2] == "No tenant with a name or ID of 'DEMO' exists.\n"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("keystone tenant-create", "keystone tenant-create: error: argument --name is required"),
        ("keystone nosuch", "keystone: error: argument <subcommand>: invalid choice: 'nosuch'"),
        ("keystone user-role-add --user a", "keystone user-role-add: error: argument --role/--role-id/--role_id is "
                                            "required"),
        ("keystone tenant-list x y", "keystone: error: unrecognized arguments: x y"),
        ("keystone tenant-get", "keystone tenant-get: error: too few arguments"),
        ("keystone --timeout x tenant-list", "keystone: error: argument --timeout: x must be a float"),
    ],
)
def test_usage_errors_name_the_argument(lab: Bench, line: str, error: str) -> None:
    status, out, err = lab.run(line)
    assert (status, out) == (2, "")
    assert err.splitlines()[-1].startswith(error)


def test_services_and_endpoints_are_not_unique(lab: Bench) -> None:
    assert lab.run("keystone service-create --name glance --type image")[0] == 0
    status, _, err = lab.run("keystone endpoint-create --service glance --publicurl http://x")
    assert (status, err) == (1, "Multiple service matches found for 'glance', use an ID to be more specific.\n")
    assert lab.run("keystone endpoint-delete nosuch") == (0, "Unable to delete endpoint.\n", "")


def test_a_name_cut_in_a_character_breaks_every_list(lab: Bench) -> None:
    long = "あ" * 64
    assert lab.run(f"keystone tenant-create --name {long}", {"PYTHONIOENCODING": "utf-8"})[0] == 0
    assert "codec can't decode byte 0xe3 in position 63" in lab.run("keystone tenant-list")[2]
    assert lab.run("keystone user-list")[0] == 0


def test_a_pipe_cannot_carry_japanese_but_the_tenant_is_made(lab: Bench) -> None:
    status, out, err = lab.run("keystone tenant-create --name 日本")
    assert (status, out) == (1, "")
    assert err.startswith("'ascii' codec can't encode characters in position ")
    assert "日本" in lab.run("keystone tenant-list", {"PYTHONIOENCODING": "utf-8"})[1]
    assert "日本" in lab.run("keystone tenant-list", tty=True)[1]


def test_a_stopped_keystone_refuses_the_connection(lab: Bench) -> None:
    lab.service("node1", "openstack-keystone", False)
    assert lab.run("keystone tenant-list")[2] == (
        "Authorization Failed: Unable to establish connection to http://127.0.0.11:35357/v2.0/tokens\n"
    )


def test_deleting_a_tenant_keeps_its_users(lab: Bench) -> None:
    demo(lab)
    assert lab.run("keystone tenant-delete demo")[0] == 0
    assert "tenantId" in lab.run("keystone user-get demo")[1]
    assert lab.run("keystone tenant-list", DEMO)[2] == "The request you have made requires authentication. (HTTP 401)\n"


def test_an_unscoped_login_lists_its_own_tenants_on_the_public_port_only(lab: Bench) -> None:
    none = {"OS_TENANT_NAME": None}
    assert lab.run("keystone tenant-list", none)[2] == "Invalid OpenStack Identity credentials.\n"
    public = none | {"OS_AUTH_URL": "http://127.0.0.11:5000/v2.0"}
    status, out, _ = lab.run("keystone tenant-list", public)
    assert (status, "admin" in out, "services" in out) == (0, True, False)
    assert lab.run("keystone user-list", none)[2] == "Unable to authorize user\n"


def test_the_admin_token_bypasses_the_login(lab: Bench) -> None:
    token = lab.world.cloud.keystone.admin_token
    line = f"keystone --os-token {token} --os-endpoint http://127.0.0.11:35357/v2.0 role-list"
    status, out, _ = lab.run(line)
    assert status == 0
    assert out.startswith("WARNING: Bypassing authentication")


def test_the_cloud_can_be_saved(lab: Bench) -> None:
    demo(lab)
    again = pickle.loads(pickle.dumps(lab.world.cloud))
    assert {t["name"] for t in again.keystone.tenants.values()} == {"admin", "services", "demo"}


def test_without_its_database_every_request_is_a_500(lab: Bench) -> None:
    lab.service("node1", "mysqld", False)
    status, _, err = lab.run("keystone tenant-list")
    assert status == 1
    assert err.startswith("Authorization Failed: An unexpected error prevented the server")
    assert "(HTTP 500)" in err
    assert '"code": 500' in lab.run("neutron net-list")[2]


def test_a_pki_token_is_one_long_word(lab: Bench) -> None:
    token = lab.run("keystone token-get")[1].splitlines()[4].split("|")[2].strip()
    assert token.startswith("MII")
    assert len(token) > 3000


def test_packstack_run_again_keeps_the_cloud_and_sets_the_passwords(lab: Bench) -> None:
    demo(lab)
    cloud = lab.world.cloud
    agents = set(cloud.neutron.agents)
    again = type(cloud).install(lab.world, "node1", cloud.host, cloud.answers | {"CONFIG_KEYSTONE_ADMIN_PW": "other"})
    assert again is cloud
    assert set(cloud.neutron.agents) == agents
    assert lab.run("keystone tenant-list")[0] == 1
    assert "demo" in lab.run("keystone tenant-list", {"OS_PASSWORD": "other"})[1]
