"""ovs-vsctl 1.11 beyond the recording: every command, errors, formats, waiting."""

from __future__ import annotations

import json

import pytest

import rdokit.lab.commands.ovs
import rdokit.lab.commands.ovs_tools  # noqa: F401
from rdokit.lab import ovsdb
from tests.lab.ovs_bench import bare_world, run


@pytest.fixture
def world():
    w = bare_world()
    for line in (
        "ovs-vsctl add-br br-ex -- add-port br-ex eth1",
        "ovs-vsctl add-br br-int -- add-port br-int tap1 tag=3 -- set Interface tap1 type=internal",
    ):
        assert run(w, line) == (0, "", "")
    return w


ERRORS = [
    ("set Port eth1 tag=5000", "constraint violation: 5000 is not in the valid range 0 to 4095 (inclusive)"),
    ("set Port eth1 vlan_mode=foo",
     "constraint violation: foo is not one of the allowed values ([access, native-tagged, native-untagged, trunk])"),
    ("set Interface eth1 name=x", "cannot modify read-only column name in table Interface"),
    ("set Interface eth1 ingress_policing_rate=-1", "constraint violation: -1 is less than minimum allowed value 0"),
    ("set Port eth1 tag", 'tag: argument does not end in "=" followed by a value.'),
    ("set Port eth1 tag=x", '"x" is not a valid integer'),
    ("set Port eth1 tag=1,2", "1,2: 2 value(s) specified but the maximum number is 1"),
    ("set Bridge br-ex stp_enable=perhaps", '"perhaps" is not a valid boolean (use "true" or "false")'),
    ("set Bridge br-ex other_config=a", 'a: syntax error at "'),
    ("set Bridge br-ex other_config=a:b", 'a:b: syntax error at ":" expecting "="'),
    ("set Bridge br-ex stp_enable:x=y", "cannot specify key to set for non-map column stp_enable"),
    ("get Port eth1 foo", 'Port does not contain a column whose name matches "foo"'),
    ("get Port eth1 s", 'Port contains more than one column whose name matches "s"'),
    ("get Port eth9 tag", 'no row "eth9" in table Port'),
    ("get Port eth1 tag:x", "cannot specify key to get for non-map column tag"),
    ("get Port eth1 other_config:x", 'no key "x" in Port record "eth1" column other_config'),
    ("get Nosuch x y", 'unknown table "Nosuch"'),
    ("list F", 'multiple table names match "F"'),
    ("clear Port eth1 interfaces",
     '"clear" operation cannot be applied to column interfaces of table Port, which is not allowed to be empty'),
    ("add Port eth1 tag 4 5", None),
    ("add-br br-ex", "cannot create a bridge named br-ex because a bridge named br-ex already exists"),
    ("add-br eth1", "cannot create a bridge named eth1 because a port named eth1 already exists on bridge br-ex"),
    ("add-br a br-ex", "'add-br' command takes exactly 1 or 3 arguments"),
    ("add-br a br-ex 5000", "add-br: vlan must be between 0 and 4095"),
    ("add-br a nosuch 5", "parent bridge nosuch does not exist"),
    ("add-bond br-ex b eth2 lacp=active", "add-bond requires at least 2 interfaces, but only 1 were specified"),
    ("add-bond br-ex b eth2", "'add-bond' command requires at least 4 arguments"),
    ("del-port br-int eth1", "bridge br-int does not have a port eth1"),
    ("del-port br-ex br-ex", "cannot delete port br-ex because it is the local port for bridge br-ex "
     "(deleting this port requires deleting the entire bridge)"),
    ("del-br nosuch", "no bridge named nosuch"),
    ("iface-to-br eth9", "no interface named eth9"),
    ("set-fail-mode br-ex odd", 'fail-mode must be "standalone" or "secure"'),
    ("list-ports", "'list-ports' command requires at least 1 arguments"),
    ("list-ports a b", "'list-ports' command takes at most 1 arguments"),
    ("list-br --real", "'list-br' command takes at most 0 arguments "
     '(note that options must precede command names and follow a "--" argument)'),
    ("--may-exist del-br br-ex", "'del-br' command has no '--may-exist' option"),
    ("-- --may-exist=1 add-br x", "'--may-exist' option on 'add-br' does not accept an argument"),
    ("--nosuch show", "unrecognized option '--nosuch'"),
    ("-x show", "invalid option -- 'x'"),
    ("-t", "option requires an argument -- 't'"),
    ("-f odd list Port", 'unknown output format "odd"'),
    ("set Mirror @m name=x", 'no row "@m" in table Mirror'),
    ("set Bridge br-ex mirrors=@m",
     'row id "@m" is referenced but never created (e.g. with "-- --id=@m create ...")'),
    ("--id=m create Mirror name=x", 'row id "m" does not begin with "@"'),
    ("--may-exist add-port br-int eth1",
     '"--may-exist add-port br-int eth1" but eth1 is actually attached to bridge br-ex'),
]  # fmt: skip


@pytest.mark.parametrize(("line", "error"), [(a, b) for a, b in ERRORS if b])
def test_errors(world, line: str, error: str) -> None:
    before = world.nodes["node1"].ovs.show()
    assert run(world, f"ovs-vsctl {line}") == (1, "", f"ovs-vsctl: {error}\n")
    assert world.nodes["node1"].ovs.show() == before  # all or nothing


ANSWERS = [
    ("list-br", "br-ex\nbr-int\n"),
    ("get Port tap1 tag", "3\n"),
    ("--if-exists get Port eth9 tag", ""),
    ("get interface tap1 TYPE", "internal\n"),
    ("br-to-vlan br-ex -- br-to-parent br-ex", "0\nbr-ex\n"),
    ("--oneline list-br", "br-ex\\nbr-int\n"),
    ("--columns=name,tag find Port tag=3", 'name                : "tap1"\ntag                 : 3\n'),
    ("-f csv --no-headings --columns=name find Port tag!=3 name!=br-int name!=br-ex", '"""eth1"""\n'),
    ("-d bare --columns=name find Port tag>=2", "name                : tap1\n"),
    ("-f table --columns=name find Port tag=3", 'name  \n------\n"tap1"\n'),
    ("get Open_vSwitch . ovs-version", '"1.11.0"\n'),
    ("--if-exists del-br nosuch", ""),
    ("get-fail-mode br-ex", ""),
    ("--dry-run add-br other -- list-br", "br-ex\nbr-int\nother\n"),
]


@pytest.mark.parametrize(("line", "answer"), ANSWERS)
def test_answers(world, line: str, answer: str) -> None:
    assert run(world, f"ovs-vsctl {line}") == (0, answer, "")
    assert run(world, "ovs-vsctl list-br")[1] == "br-ex\nbr-int\n"


def test_sets_and_maps(world) -> None:
    for line, after in [
        ("set Port eth1 trunks=30,10", "[10, 30]"),
        ("add Port eth1 trunks 20 10", "[10, 20, 30]"),
        ("remove Port eth1 trunks 10 20", "[30]"),
        ("clear Port eth1 trunks", "[]"),
    ]:
        assert run(world, f"ovs-vsctl {line} -- get Port eth1 trunks") == (0, f"{after}\n", "")
    for line, after in [
        ("set Port eth1 other_config:b=2 other_config:a=x", '{a=x, b="2"}'),
        ("add Port eth1 other_config a=other c=3", '{a=x, b="2", c="3"}'),
        ("remove Port eth1 other_config b c=4", '{a=x, c="3"}'),
        ("set Port eth1 'other_config={}'", "{}"),
    ]:
        assert run(world, f"ovs-vsctl {line} -- get Port eth1 other_config") == (0, f"{after}\n", "")


def test_rows_that_nobody_refers_to_vanish(world) -> None:
    line = "ovs-vsctl -- --id=@p get Port eth1 -- --id=@m create Mirror name=m select-all=true output-port=@p"
    status, out, _ = run(world, f"{line} -- set Bridge br-ex mirrors=@m")
    assert status == 0 and len(out.strip()) == 36
    assert run(world, "ovs-vsctl get Mirror m select_all")[1] == "true\n"
    assert run(world, "ovs-vsctl del-port eth1 -- get Mirror m output_port")[0] == 0
    assert run(world, "ovs-vsctl get Mirror m output_port")[1] == "[]\n"  # a weak reference
    run(world, "ovs-vsctl clear Bridge br-ex mirrors")
    assert run(world, "ovs-vsctl list Mirror") == (0, "", "")


def test_fake_bridges(world) -> None:
    assert run(world, "ovs-vsctl add-br vlan7 br-ex 7 -- add-port vlan7 eth0")[0] == 0
    assert run(world, "ovs-vsctl list-br")[1] == "br-ex\nbr-int\nvlan7\n"
    assert run(world, "ovs-vsctl list-ports vlan7 -- br-to-vlan vlan7 -- br-to-parent vlan7")[1] == "eth0\n7\nbr-ex\n"
    assert run(world, "ovs-vsctl get Port eth0 tag")[1] == "7\n"
    assert run(world, "ovs-vsctl list-ports br-ex")[1] == "eth1\n"
    assert run(world, "ovs-vsctl set-controller vlan7 tcp:1.2.3.4")[2] == "ovs-vsctl: vlan7 is a fake bridge\n"
    run(world, "ovs-vsctl br-set-external-id vlan7 a b")
    assert run(world, "ovs-vsctl br-get-external-id vlan7")[1] == "a=b\n"
    assert run(world, "ovs-vsctl del-br vlan7 -- list-br")[1] == "br-ex\nbr-int\n"
    assert run(world, "ovs-vsctl get Port eth0 tag")[0] == 1


def test_controllers_managers_ssl_and_reset(world) -> None:
    run(world, "ovs-vsctl set-controller br-ex tcp:10.0.0.2 tcp:10.0.0.1 -- set-fail-mode br-ex secure")
    run(world, "ovs-vsctl set-manager ptcp:6640 -- --bootstrap set-ssl /k /c /ca")
    assert run(world, "ovs-vsctl get-controller br-ex -- get-fail-mode br-ex -- get-manager")[1] == (
        "tcp:10.0.0.1\ntcp:10.0.0.2\nsecure\nptcp:6640\n"
    )
    assert run(world, "ovs-vsctl get-ssl")[1] == (
        "Private key: /k\nCertificate: /c\nCA Certificate: /ca\nBootstrap: true\n"
    )
    assert "possibly erroneous" in run(world, "ovs-vsctl set-controller br-ex carrots")[2]
    run(world, "ovs-vsctl emer-reset")
    assert run(world, "ovs-vsctl get-controller br-ex -- get-manager -- get-ssl") == (0, "", "")
    assert "Manager" not in run(world, "ovs-vsctl show")[1]


def test_json(world) -> None:
    data = json.loads(run(world, "ovs-vsctl --format=json --columns=_uuid,name,tag,other_config list Port tap1")[1])
    assert data["headings"] == ["_uuid", "name", "tag", "other_config"]
    (row,) = data["data"]
    assert row[0][0] == "uuid" and row[1:] == ["tap1", 3, ["map", []]]


def test_a_missing_nic_is_silent_and_has_no_port_number(world) -> None:
    assert run(world, "ovs-vsctl add-port br-ex eth7") == (0, "", "")
    assert run(world, "ovs-vsctl get Interface eth7 ofport")[1] == "-1\n"
    log = world.nodes["node1"].fs.read_text("/var/log/openvswitch/ovs-vswitchd.log")
    assert log.endswith("|bridge|WARN|could not open network device eth7 (No such device)\n")
    assert "Called as ovs-vsctl add-port br-ex eth7\n" in world.nodes["node1"].fs.read_text("/var/log/messages")
    assert 'Port "eth7"\n            Interface "eth7"\n' in run(world, "ovs-vsctl show")[1]


def test_waiting_for_vswitchd(world) -> None:
    node = world.nodes["node1"]
    node.ovs.vswitchd_up = False
    status, out, err = run(world, "ovs-vsctl -t 5 add-br late")
    assert (status, out) == (142, "") and err.endswith("|fatal_signal|WARN|terminating with signal 14 (Alarm clock)\n")
    assert "late" in node.ovs.bridges()  # stored all the same
    assert run(world, "ovs-vsctl --no-wait add-br later")[0] == 0
    assert run(world, "ovs-vsctl show")[0] == 0
    node.ovs.vswitchd_up = None
    ovsdb.apply(node)
    assert node.ovs.ofport("late") == 65534


def test_without_ovsdb_server(world) -> None:
    world.nodes["node1"].services["openvswitch"].running = False
    status, out, err = run(world, "ovs-vsctl show")
    sock = "unix:/var/run/openvswitch/db.sock"
    assert (status, out) == (1, "")
    assert f"|reconnect|WARN|{sock}: connection attempt failed (No such file or directory)\n" in err
    assert err.endswith(f"ovs-vsctl: {sock}: database connection failed (No such file or directory)\n")


def test_only_root_may_talk_to_it(world) -> None:
    status, _, err = run(world, "ovs-vsctl show", user="demo")
    assert status == 1 and err.endswith("db.sock: database connection failed (Permission denied)\n")


def test_wait_until(world) -> None:
    assert run(world, "ovs-vsctl wait-until Port eth1 name=eth1")[0] == 0
    assert run(world, "ovs-vsctl -t 1 wait-until Port eth1 tag=1")[0] == 142


def test_tools(world) -> None:
    assert run(world, "ovs-ofctl dump-flows nosuch") == (1, "", "ovs-ofctl: nosuch is not a bridge or a socket\n")
    assert "actions=NORMAL" in run(world, "ovs-ofctl dump-flows br-ex")[1]
    assert " LOCAL(br-ex): addr:" in run(world, "ovs-ofctl show br-ex")[1]
    assert "port 1: " in run(world, "ovs-dpctl show")[1]
    assert run(world, "ovs-appctl fdb/show br-ex")[1].startswith(" port  VLAN  MAC                Age\n")
    assert run(world, "brctl addbr qbr1")[0] == 0
    assert run(world, "brctl addif qbr1 eth0")[0] == 0
    assert run(world, "brctl show")[1].endswith("\tno\t\teth0\n")
    assert run(world, "brctl addif qbr1 eth9")[2] == "interface eth9 does not exist!\n"


def test_devices_follow_the_database(world) -> None:
    node = world.nodes["node1"]
    assert node.nics["eth1"].master == "br-ex" and node.nics["tap1"].kind == "internal"
    run(world, "ovs-vsctl del-port eth1 -- del-port tap1")
    assert node.nics["eth1"].master is None and "tap1" not in node.nics
    run(world, "ovs-vsctl del-br br-ex")
    assert "br-ex" not in node.nics
