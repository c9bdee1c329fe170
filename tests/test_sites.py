"""A site that differs is followed through every phase; one that is wrong ends in one clear message."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.labsite import LabSite, free_ports

NODE3 = """  node3:
    roles: [compute]
    ssh: {host: 127.0.0.1, port: 2213, user: root, password: "file:../.lab/root-password"}
    private: 192.168.0.13
    public: 192.168.1.13
    nics:
      eth0: {network: private, mac: "52:54:00:92:07:AD"}
      eth1: {network: public, mac: "52:54:00:92:07:AE"}

client:"""


def another(text: str) -> str:
    """Three nodes, another demo-net, another tunnel range, another password, other names."""
    node3 = "\n" + NODE3.replace("2213", str(free_ports(1)[0]))
    for old, new in (("\nclient:", node3), ('ranges: "1:1000"', 'ranges: "100:300"'),
                     ("cidr: 192.168.0.0/24\n  pool: {start: 192.168.0.100, end: 192.168.0.254}\n"
                      "  gateway: 192.168.0.1", "cidr: 192.168.2.0/24\n  pool: {start: 192.168.2.10, end: "
                      "192.168.2.99}\n  gateway: 192.168.2.1"),
                     ('"file:../.lab/admin-password"', '"env:ANOTHER_PASSWORD"'), ("router: router1", "router: r1"),
                     ("tenant: {name: demo,", "tenant: {name: 教室,")):
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_another_site_is_followed_through_every_phase(tmp_path: Path) -> None:
    password = "another-p4ss"
    with LabSite(tmp_path, edit=another) as lab:
        lab.walk(env={"ANOTHER_PASSWORD": password})
        node = lab.world().nodes["node1"]
        answers = dict(re.findall(r"^(CONFIG_\w+)=(.*)$", node.fs.read_text("/root/answer.txt"), re.M))
        assert answers["CONFIG_NOVA_COMPUTE_HOSTS"] == "192.168.0.11,192.168.0.12,192.168.0.13"
        assert answers["CONFIG_NEUTRON_OVS_TUNNEL_RANGES"] == "100:300"
        assert answers["CONFIG_KEYSTONE_ADMIN_PW"] == password
        assert "192.168.0.13 node3.example.com node3" in lab.world().nodes["node2"].fs.read_text("/etc/hosts")
        for name, own in (("node1", 11), ("node2", 12), ("node3", 13)):
            plugin = lab.world().nodes[name].fs.read_text("/etc/neutron/plugin.ini")
            assert f"local_ip=192.168.0.{own}" in plugin and "tunnel_id_ranges=100:300" in plugin
        rows = [json.loads(line) for folder in lab.run_folders() if (folder / "facts.jsonl").exists()
                for line in (folder / "facts.jsonl").read_text().splitlines()]
        last = {row["fact"]: row for row in rows}
        assert last["neutron subnet-list"]["rows"] and "192.168.2.0/24" in str(last["neutron subnet-list"]["rows"])
        assert "'r1'" in str(last["neutron router-list"]["rows"])
        computes = [r for r in last["nova service-list"]["rows"] if r[0] == "nova-compute"]
        assert len(computes) == 3 and all(row[4] == "up" for row in computes)
        before = len([e for e in lab.events() if e.get("changed")])
        lab.walk(env={"ANOTHER_PASSWORD": password})
        assert len([e for e in lab.events() if e.get("changed")]) == before > 60


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory):
    with LabSite(tmp_path_factory.mktemp("sites")) as lab:
        yield lab


def refused(lab: LabSite, old: str, new: str, code: int, *words: str) -> str:
    good = lab.file.read_text("utf-8")
    assert old in good
    try:
        lab.file.write_text(good.replace(old, new, 1), "utf-8")
        done = lab.rdokit("run", "02", "--site", str(lab.file))
    finally:
        lab.file.write_text(good, "utf-8")
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert "Traceback" not in said
    for word in words:
        assert word in said
    return said


def test_an_unquoted_mac_is_one_sentence(lab: LabSite) -> None:
    refused(lab, '"52:54:00:92:05:AD"', "52:54:00:12:34:56", 2, "nodes.node1.nics.eth0.mac", "quotes",
            "no node was touched")


def test_a_pool_outside_its_subnet_is_one_sentence(lab: LabSite) -> None:
    refused(lab, "start: 192.168.1.241, end: 192.168.1.254", "start: 192.168.5.1, end: 192.168.5.9", 2,
            "public_net.pool", "outside")


def test_a_wrong_password_names_the_node_and_what_was_tried(lab: LabSite) -> None:
    (lab.state / "wrong").write_text("not-the-password\n")
    (lab.state / "wrong").chmod(0o600)
    said = refused(lab, 'password: "file:../.lab/root-password"', 'password: "file:../.lab/wrong"', 1, "node1",
                   "is not let in", "file:../.lab/wrong")
    assert "not-the-password" not in said


def test_a_changed_host_key_shows_both_fingerprints(lab: LabSite) -> None:
    known = lab.state / "known_hosts"
    good = known.read_text()
    lines = good.splitlines()
    first, second = (line.split()[2] for line in lines[:2])
    try:
        known.write_text(good.replace(first, second, 1) if first != second else good)
        done = lab.rdokit("run", "02", "--site", str(lab.file))
    finally:
        known.write_text(good)
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "CHANGED" in said and said.count("SHA256:") >= 2 and "rdokit trust" in said


def test_a_node_that_is_down_is_named_and_nothing_is_half_done(lab: LabSite) -> None:
    lab.lab("power", "node2", "off")
    try:
        done = lab.rdokit("run", "02", "--site", str(lab.file))
    finally:
        lab.lab("power", "node2", "on")
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "node2" in said and "refused" in said and "Traceback" not in said
    assert not [event for event in lab.events() if event.get("changed")]


def test_plan_only_changes_nothing_on_a_fresh_lab(lab: LabSite) -> None:
    before = lab.snapshot("before-plan")
    done = lab.rdokit("run", "--plan", "--site", str(lab.file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert not [event for event in lab.events() if event["event"] == "intent" or event.get("changed")]
    after = lab.snapshot("after-plan")
    import subprocess
    import sys
    same = subprocess.run([sys.executable, "-m", "rdokit.lab", "compare", str(before), str(after)], capture_output=True,
                          text=True)
    assert same.returncode == 0, same.stdout[:2000]
