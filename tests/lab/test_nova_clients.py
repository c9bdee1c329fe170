"""nova, glance and cinder: rules of the servers and words of the clients that no recording here shows."""

from __future__ import annotations

import re

import pytest

from rdokit.lab.clients import arguments, surface_cinder, surface_glance, surface_nova
from rdokit.lab.openstack import cinder
from rdokit.lab.openstack.py2 import Py2Dict, represent, wire
from tests.conformance.bench import Bench

DEMO = {"OS_USERNAME": "demo", "OS_PASSWORD": "demo", "OS_TENANT_NAME": "demo"}
SETUP = [
    "neutron net-create demo-net --shared",
    "neutron subnet-create --name s2 demo-net 192.168.0.0/24",
    "keystone tenant-create --name demo",
    "keystone user-create --name demo --pass demo --tenant demo",
    'glance image-create --name="CirrOS 0.3.2" --disk-format=qcow2 --container-format=bare --is-public=true '
    "< cirros-0.3.2-x86_64-disk.img",
]


@pytest.fixture
def bench() -> Bench:
    found = Bench()
    for line in SETUP:
        status, _, err = found.run(line)
        assert status == 0, err
    return found


def ok(bench: Bench, line: str, env: dict | None = None) -> str:
    status, out, err = bench.run(line, env)
    assert status == 0, f"{line}: {err}"
    return out


def refused(bench: Bench, line: str, env: dict | None = None) -> str:
    """The error text without its request id."""
    status, _, err = bench.run(line, env)
    assert status == 1, line
    return re.sub(r" \(Request-ID: .*?\)", "", err).strip()


def boot(bench: Bench, name: str = "vm1", more: str = "--flavor m1.tiny", env: dict | None = None) -> None:
    ok(bench, f'nova boot {more} --image "CirrOS 0.3.2" {name}', env)
    ok(bench, "nova list")
    ok(bench, "nova list")


@pytest.mark.parametrize(
    ("program", "argv", "last"),
    [
        ("nova", ["boot"], "error: too few arguments"),
        ("nova", ["boot", "--im", "x", "n"], "error: ambiguous option: --im could match --image, --image-with"),
        ("nova", ["boot", "n", "--num-instances", "x"], "error: argument --num-instances: invalid int value: u'x'"),
        ("nova", ["nosuch"], "error: argument <subcommand>: invalid choice: u'nosuch'"),
        ("nova", ["list", "extra"], "error: unrecognized arguments: extra"),
        ("nova", ["meta", "vm", "put", "a=b"], "error: argument <action>: invalid choice: u'put'"),
        ("cinder", ["create", "x"], "error: argument <size>: invalid int value: u'x'"),
        ("cinder", ["create", "1", "--display-name"], "error: argument --display-name: expected one argument"),
        ("glance", ["image-list", "--sort-dir", "up"], "glance image-list: error: argument --sort-dir: invalid choice: "
                                                       "u'up' (choose from 'asc', 'desc')"),
        ("glance", ["image-show"], "glance image-show: error: too few arguments"),
    ],
)  # fmt: skip
def test_wrong_command_lines(program: str, argv: list[str], last: str) -> None:
    surface = {"nova": surface_nova, "cinder": surface_cinder, "glance": surface_glance}[program].SURFACE
    _, full = arguments.build(program, surface, "1", {}, "glance" if program == "glance" else "nova")
    with pytest.raises(arguments.UsageError) as fault:
        full.parse_args(argv)
    assert fault.value.status == 2
    assert last in fault.value.stderr.splitlines()


def test_every_subcommand_has_its_function() -> None:
    from rdokit.lab.commands import cinder, glance, nova

    for surface, table in (
        (surface_nova, nova.SERVERS | nova.REST),
        (surface_cinder, cinder.COMMANDS),
        (surface_glance, glance.COMMANDS | glance.OLD),
    ):
        names = set(arguments.read_surface(surface.SURFACE))
        missing = names - set(table) - {"(base)", "help", "bash-completion", "bash_completion"}
        assert missing <= {"list-extensions"}, missing


def test_hash_order_of_python_2() -> None:
    keys = ["status", "updated", "hostId", "addresses", "links", "image", "id", "flavor", "name", "created", "fault"]
    assert list(Py2Dict([(k, 0) for k in keys]))[:3] == ["status", "updated", "hostId"]
    table = Py2Dict([(k, 0) for k in keys])
    del table["links"]
    assert list(wire(table)) and "links" not in table and list(table.copy()) == list(table)
    assert represent({"name": "日本"}) == "{u'name': u'\\u65e5\\u672c'}"


def test_quota_of_instances(bench: Bench) -> None:
    ok(bench, "nova quota-update --instances 1 " + bench.world.cloud.keystone.all("tenant")[0]["id"])
    tenant = next(t["id"] for t in bench.world.cloud.keystone.all("tenant") if t["name"] == "admin")
    ok(bench, f"nova quota-update --instances 1 {tenant}")
    boot(bench)
    said = refused(bench, 'nova boot --flavor m1.tiny --image "CirrOS 0.3.2" vm2')
    assert said == (
        "ERROR: Quota exceeded for instances: Requested 1, but already used 1 of 1 instances (HTTP 413)"
    )  # fmt: skip


def test_states(bench: Bench) -> None:
    boot(bench)
    server = next(iter(bench.world.cloud.nova.instances))
    ok(bench, "nova stop vm1")
    ok(bench, "nova list")
    assert refused(bench, "nova stop vm1") == (
        f"ERROR: Instance {server} in vm_state stopped. Cannot stop while the instance is in this state. (HTTP 409)"
    )
    assert refused(bench, "nova pause vm1") == "ERROR: Cannot 'pause' while instance is in vm_state stopped (HTTP 409)"
    assert "| vm1  | SHUTOFF | None       | Shutdown    |" in ok(bench, "nova list")
    ok(bench, "nova start vm1")
    assert "| vm1  | ACTIVE | None       | Running     |" in ok(bench, "nova list")


def test_delete_gives_the_port_back(bench: Bench) -> None:
    boot(bench)
    compute = [p for p in bench.world.cloud.neutron.ports.values() if p["device_owner"].startswith("compute:")]
    assert len(compute) == 1 and compute[0]["status"] == "ACTIVE"
    status, out, _ = bench.run("nova delete vm1 nosuch")
    assert status == 0 and "No server with a name or ID of 'nosuch' exists." in out
    assert "vm1" not in ok(bench, "nova list")
    assert not any(p["device_owner"].startswith("compute:") for p in bench.world.cloud.neutron.ports.values())


def test_others_see_and_may_nothing(bench: Bench) -> None:
    boot(bench)
    assert "vm1" not in ok(bench, "nova list --all-tenants", DEMO)
    assert refused(bench, "nova show vm1", DEMO) == "ERROR: No server with a name or ID of 'vm1' exists."
    assert refused(bench, "nova service-list", DEMO) == (
        "ERROR: Policy doesn't allow compute_extension:services to be performed. (HTTP 403)"
    )
    status, out, err = bench.run('glance image-delete "CirrOS 0.3.2"', DEMO)
    assert status == 0 and out.startswith("403 Forbidden\n") and err == "Request returned failure status.\n"


def test_images_by_their_slug(bench: Bench) -> None:
    assert "| CirrOS 0.3.2" in ok(bench, "nova image-show cirros-032")


def test_volumes(bench: Bench) -> None:
    ok(bench, "cinder create --display-name v 2")
    assert " available " in ok(bench, "cinder list")
    assert refused(bench, "cinder extend v 2") == (
        "ERROR: Invalid input received: New size for extend must be greater than current size. "
        "(current: 2, extended: 2)"
    )
    ok(bench, "cinder snapshot-create v --display-name s")
    ok(bench, "cinder snapshot-list")
    assert refused(bench, "cinder delete v") == "ERROR: Invalid volume: Volume still has 1 dependent snapshots"
    ok(bench, "cinder snapshot-delete s")
    ok(bench, "cinder list")
    boot(bench)
    volume = next(iter(bench.world.cloud.cinder.volumes))
    assert "/dev/vdb" in ok(bench, f"nova volume-attach vm1 {volume} auto")
    assert "in-use" in ok(bench, "cinder list")
    assert refused(bench, "cinder delete v") == (
        "ERROR: Invalid volume: Volume status must be available or error, but current status is: in-use"
    )
    assert refused(bench, f"nova volume-attach vm1 {volume} /dev/vdc") == (
        "ERROR: Invalid volume: status must be 'available' (HTTP 400)"
    )
    ok(bench, f"nova volume-detach vm1 {volume}")
    assert "in-use" not in ok(bench, "cinder list")
    for number in range(9):
        ok(bench, f"cinder create --display-name q{number} 1")
    assert refused(bench, "cinder create 1") == (
        "ERROR: VolumeLimitExceeded: Maximum number of volumes allowed (10) exceeded"
    )


def test_a_volume_without_its_group_is_an_error(bench: Bench) -> None:
    bench.world.nodes["node1"].extra["vgs"] = {"other": {"pvs": ["/dev/vda2"], "lvs": {}, "size": 100, "uuid": "x"}}
    ok(bench, "cinder create --display-name v 1")
    assert " error " in ok(bench, "cinder list")


def test_floating_addresses(bench: Bench) -> None:
    for line in (
        "neutron net-create public --router:external=True",
        "neutron subnet-create --name s1 --enable_dhcp=False --allocation-pool=start=192.168.1.241,end=192.168.1.242 "
        "--gateway=192.168.1.1 public 192.168.1.0/24",
    ):
        ok(bench, line)
    demo_net = next(n["id"] for n in bench.world.cloud.neutron.networks.values() if n["name"] == "demo-net")
    boot(bench, more=f"--flavor m1.tiny --nic net-id={demo_net}")
    ok(bench, "nova floating-ip-create public")
    # no router between the two networks yet
    assert refused(bench, "nova add-floating-ip vm1 192.168.1.241") == (
        "ERROR: Error. Unable to associate floating ip (HTTP 400)"
    )
    for line in ("neutron router-create r", "neutron router-gateway-set r public", "neutron router-interface-add r s2"):
        ok(bench, line)
    ok(bench, "nova add-floating-ip vm1 192.168.1.241")
    assert "demo-net=192.168.0." in ok(bench, "nova list") and "192.168.1.241 |" in ok(bench, "nova list")
    assert refused(bench, "nova remove-floating-ip vm1 1.2.3.4") == "ERROR: floating ip not found (HTTP 404)"
    ok(bench, "nova remove-floating-ip vm1 192.168.1.241")
    ok(bench, "nova floating-ip-delete 192.168.1.241")
    assert refused(bench, "nova floating-ip-delete 192.168.1.241") == "ERROR: Floating ip 192.168.1.241 not found."


def test_services_that_are_down(bench: Bench) -> None:
    bench.services("stop", "openstack-nova-api")
    assert "port=8774): Max retries exceeded with url: /v2/" in refused(bench, "nova list")
    bench.services("start", "openstack-nova-api")
    bench.services("stop", "openstack-nova-scheduler")
    ok(bench, 'nova boot --flavor m1.tiny --image "CirrOS 0.3.2" vm1')
    for _ in range(3):
        text = ok(bench, "nova list")
    assert "| BUILD  | scheduling |" in text


def test_old_glance_commands(bench: Bench) -> None:
    lines = ok(bench, "glance index").splitlines()
    assert lines[0].split()[:2] == ["ID", "Name"] and "CirrOS 0.3.2" in lines[2] and lines[2].endswith("13167616")
    image = lines[2].split()[0]
    assert f"Id: {image}\nPublic: Yes\n" in ok(bench, f"glance show {image}")
    assert ok(bench, f"glance delete {image}") == f"Not deleting image {image}\n"
    ok(bench, f"glance -f delete {image}")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('nova boot --flavor m1.tiny --image "CirrOS 0.3.2" " "', "Server name has less than 1 characters. (HTTP 400)"),
        (
            "nova flavor-create a/b 9 64 1 1",
            "Invalid input received: names can only contain [a-zA-Z0-9_.- ] (HTTP 400)",
        ),
        ("nova flavor-create m1.tiny 9 64 1 1", "Instance Type with name m1.tiny already exists. (HTTP 409)"),
        ("nova flavor-create x 1 64 1 1", "Instance Type with ID 1 already exists. (HTTP 409)"),
        (
            "nova flavor-create x 9 64 -1 1",
            "Invalid input received: 'root_gb' argument must be an integer greater than or equal to 0 (HTTP 400)",
        ),
        ("nova quota-update --instances -2 demo", "Quota limit must be -1 or greater. (HTTP 400)"),
        ("cinder create --metadata ab --display-name x 1", cinder.MALFORMED),
        ("cinder create --snapshot-id nosuch 1", "SnapshotNotFound: Snapshot nosuch could not be found."),
        ("cinder create --source-volid nosuch 1", "VolumeNotFound: Volume nosuch could not be found."),
    ],
)  # fmt: skip
def test_words_of_the_servers(bench: Bench, line: str, text: str) -> None:
    assert refused(bench, line) == f"ERROR: {text}"


def test_a_quota_cannot_sink_below_what_is_used_and_zero_is_nothing(bench: Bench) -> None:
    boot(bench)
    boot(bench, "vm2")
    own = bench.world.cloud.nova.instances[next(iter(bench.world.cloud.nova.instances))].tenant_id
    text = "ERROR: Quota value 1 for instances are greater than already used and reserved 2 (HTTP 400)"
    assert refused(bench, f"nova quota-update --instances 1 {own}") == text
    text = "ERROR: Quota limit must greater than 2. (HTTP 400)"
    assert refused(bench, f"nova quota-update --force --instances 1 {own}") == text
    ok(bench, f"nova quota-update --instances 0 {own}")
    assert "| instances                   | 10    |" in ok(bench, f"nova quota-show --tenant {own}")
    ok(bench, f"nova quota-update --instances 2 {own}")
    assert "(HTTP 413)" in refused(bench, 'nova boot --flavor m1.tiny --image "CirrOS 0.3.2" vm3')


def test_what_a_header_does_to_a_name(bench: Bench) -> None:
    create = "glance image-create --disk-format qcow2 --container-format bare"
    status, _, err = bench.run(f'{create} --name "a\nb"')
    assert (status, err) == (1, "Invalid header value 'a\\nb'\n")
    assert re.search(r"\| name +\| lead +\|", ok(bench, f'{create} --name "  lead "'))


def test_a_name_is_shown_in_full_once_and_kept_as_its_column_holds_it(bench: Bench) -> None:
    assert "x" * 256 in ok(bench, f"cinder create --display-name {'x' * 256} 1")
    listed = ok(bench, "cinder list")
    assert "x" * 255 in listed and "x" * 256 not in listed


def test_attaching_leaves_its_metadata(bench: Bench) -> None:
    boot(bench)
    made = ok(bench, "cinder create --display-name vol1 1")
    volume = re.search(r"\| +id +\| +(\S+)", made)[1]  # type: ignore[index]
    ok(bench, "cinder list")
    ok(bench, f"nova volume-attach vm1 {volume} /dev/vdb")
    ok(bench, "nova list")
    assert "{u'readonly': u'False', u'attached_mode': u'rw'}" in ok(bench, "cinder show vol1")
    assert refused(bench, f"cinder force-delete {volume}") == (
        f"ERROR: Volume {volume} is still attached, detach volume first."
    )
    ok(bench, f"nova volume-detach vm1 {volume}")
    ok(bench, "nova list")
    assert " {u'readonly': u'False'} " in ok(bench, "cinder show vol1")
