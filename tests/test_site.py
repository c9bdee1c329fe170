"""A site file is checked as a whole: every fault at once, and no value is silently another one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdokit import labspec, siteload
from rdokit.errors import ParameterError, SecretError
from rdokit.references import resolve
from rdokit.siteload import parse

PARAMS = Path(__file__).parents[1] / "params"
LAB = (PARAMS / "lab.yml").read_text("utf-8")


def faults(text: str, overrides: dict | None = None) -> list[str]:
    with pytest.raises(ParameterError) as caught:
        parse(text, overrides, source="x.yml")
    return caught.value.faults


@pytest.mark.parametrize("name", ["lab", "two-node"])
def test_the_sites_that_we_ship_are_right_and_warn_about_the_documents_overlap(name: str) -> None:
    site = siteload.load(PARAMS / f"{name}.yml")
    assert site.site == name
    assert [w for w in siteload.warnings(site) if "demo_net.cidr" in w and "overlaps" in w]


CASES = [
    # what is written instead, what the fault must name
    ('"52:54:00:92:05:AD"', "52:54:00:12:34:56", "nodes.node1.nics.eth0.mac", "quotes"),
    ('"1:1000"', "1:30", "tunnel.ranges", "quotes"),
    ("selinux: permissive", "selinux: off", "selinux", "quotes"),
    ("port: 2211", "port: 02211", "nodes.node1.ssh.port", "1161"),
    ("name: CirrOS 0.3.2", "name: 0123", "image.name", "quotes"),
    ("name: CirrOS 0.3.2", "name: yes", "image.name", "quotes"),
    ("name: CirrOS 0.3.2", "name: null", "image.name", "quotes"),
    ("router: router1", "router: -router", "router", "dash"),
    ("router: router1", 'router: "a\\nb"', "router", "line break"),
    ("router: router1", f"router: {'x' * 10240}", "router", "64"),
    ("start: 192.168.1.241", "start: 192.168.2.241", "public_net.pool", "starts after"),
    ("start: 192.168.1.241, end: 192.168.1.254", "start: 192.168.3.1, end: 192.168.3.9", "public_net.pool", "outside"),
    ("start: 192.168.0.100", "start: 192.168.0.11", "demo_net.pool", "holds 192.168.0.11"),
    ("private: 192.168.0.12", "private: 192.168.0.11", "nodes.node1.private and nodes.node2.private", "twice"),
    ("private: 192.168.0.12", "private: 192.168.7.12", "nodes.node2.private", "outside"),
    ("public: 192.168.1.12", "public: 192.168.1.300", "nodes.node2.public", "192.168.1.300"),
    ("cidr: 192.168.0.0/24\n  pool", "cidr: 192.168.1.0/24\n  pool", "demo_net.cidr", "overlaps"),
    ('admin_password: "file:../.lab/admin-password"', "admin_password: hunter2hunter2", "admin_password",
     "reference"),
    ("roles: [compute]", "roles: [controller, compute]", "nodes", "exactly one node"),
    ("router: router1", "ruoter: router1", "ruoter", "no such field"),
    ("interface: eth0", "interface: eth7", "tunnel.interface", "no such card"),
    ("user: demo, volume", "user: nobody, volume", "check.user", "not one of users"),
    ("- {name: user,", "- {name: Demo,", "users", "twice"),
    ("speed: 60", "speed: fast", "lab.speed", "fast"),
]


@pytest.mark.parametrize(("old", "new", "field", "words"), CASES, ids=[f"{c[2]}-{c[3]}" for c in CASES])
def test_a_fault_names_its_field_and_what_to_do(old: str, new: str, field: str, words: str) -> None:
    assert old in LAB
    found = faults(LAB.replace(old, new, 1))
    assert any(f.startswith(field) and words in f for f in found), found
    assert "hunter2hunter2" not in str(found)


def test_all_faults_come_at_once() -> None:
    text = LAB
    for old, new, _, _ in (CASES[0], CASES[1], CASES[10], CASES[17]):
        text = text.replace(old, new, 1)
    assert len(faults(text)) == 4


def test_yaml_that_is_none_names_the_line() -> None:
    assert "line" in faults(LAB.replace("nodes:", "nodes: [", 1))[0]
    assert faults("just a text")
    assert "stands there twice" in faults(LAB + "\nrouter: router2\n")[0]


def test_overrides_win_and_are_checked() -> None:
    assert parse(LAB, {"ntp.server": "0.pool.ntp.org"}).ntp.server == "0.pool.ntp.org"
    assert parse(LAB, {"ntp": {"server": "x.example"}}).ntp.server == "x.example"
    assert parse(LAB, {"users.0.email": "a@b.c"}).users[0].email == "a@b.c"
    assert "no such field" in faults(LAB, {"nosuch.x": 1})[0]
    assert "quotes" in faults(LAB, {"ntp.server": 5})[0]


def test_a_third_node_is_followed_everywhere() -> None:
    third = """  node3:
    roles: [compute]
    ssh: {host: 127.0.0.1, port: 2213, password: "env:X"}
    private: 192.168.0.13
    public: 192.168.1.13

client:"""
    site = parse(LAB.replace("\nclient:", "\n" + third, 1))
    assert site.answer_values()["CONFIG_NOVA_COMPUTE_HOSTS"] == "192.168.0.11,192.168.0.12,192.168.0.13"
    assert ("192.168.0.13", ["node3.example.com", "node3"]) in site.hosts
    assert [n["name"] for n in labspec.lab_spec(site)["nodes"]] == ["node1", "node2", "node3"]


def test_secrets_come_by_reference_and_are_guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDOKIT_TEST_PW", "from the environment")
    assert resolve("env:RDOKIT_TEST_PW", tmp_path).reveal() == "from the environment"
    monkeypatch.delenv("RDOKIT_TEST_PW")
    with pytest.raises(SecretError, match="RDOKIT_TEST_PW is not set"):
        resolve("env:RDOKIT_TEST_PW", tmp_path, prompt="admin_password")
    path = tmp_path / "pw"
    path.write_text("from a file\n")
    path.chmod(0o644)
    with pytest.raises(SecretError, match="others may read it"):
        resolve("file:pw", tmp_path)
    path.chmod(0o600)
    assert resolve("file:pw", tmp_path).reveal() == "from a file"
    with pytest.raises(SecretError, match="nobody is there to ask"):
        resolve("ask", tmp_path, prompt="admin_password")


@given(st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.integers(), st.text(max_size=8),
                                                      st.lists(st.integers(), max_size=2)), max_size=4))
def test_no_override_makes_a_traceback(overrides: dict) -> None:
    try:
        parse(LAB, overrides)
    except ParameterError as error:
        assert error.faults


@given(st.text(max_size=200))
def test_no_text_makes_a_traceback(text: str) -> None:
    with pytest.raises(ParameterError):
        parse(text)
