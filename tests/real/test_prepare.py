"""01_requirements and 02_prepare end to end on real nodes: real sysctl, ip and files, by the notebooks themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from . import notebook, sites
from .nodes import RealLab, RealNode

MEANT = {"/etc/sysctl.conf", "/etc/selinux/config", "/etc/hosts"}
WANTED_SYSCTL = """\
net.ipv4.ip_forward = 1
net.ipv4.conf.default.rp_filter = 0
net.bridge.bridge-nf-call-ip6tables = 0
net.bridge.bridge-nf-call-iptables = 0
net.bridge.bridge-nf-call-arptables = 0
net.ipv4.conf.all.rp_filter = 0
net.ipv4.conf.all.forwarding = 1
"""


@pytest.fixture(scope="module")
def site(pair: RealLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A site file for both nodes; its repository is a web server on the Client."""
    folder = tmp_path_factory.mktemp("site")
    with pair.entered(), notebook.web_server() as url:
        yield sites.site(pair, folder, repository={"release_rpm": url})


def files(node: RealNode) -> dict[str, str]:
    """Digest, mode and owner of every file under /etc of a node."""
    listing = node.sh("find /etc -xdev -type f -printf '%m %u:%g %p\\n' | sort -k3")
    digests = dict(reversed(line.split("  ", 1)) for line in
                   node.sh("find /etc -xdev -type f -exec sha256sum {} +").splitlines())  # fmt: skip
    return {path: f"{mode} {owner} {digests[path]}" for mode, owner, path in
            (line.split(" ", 2) for line in listing.splitlines()) if path in digests}  # fmt: skip


@pytest.fixture(scope="module")
def untouched(pair: RealLab) -> dict[str, dict[str, str]]:
    """/etc of both nodes before anything was run."""
    return {node.name: files(node) for node in pair.nodes}


def test_plan_changes_nothing(site: Path, pair: RealLab, untouched: dict):
    ran = notebook.run(site, "02", "--plan")
    assert ran.status == 0, ran.printed
    assert ran.changed == [] and ran.events("intent") == []
    assert {node.name: files(node) for node in pair.nodes} == untouched
    assert "vi /etc/sysctl.conf" in ran.notebook("02_prepare")


def test_requirements_hold_on_real_nodes(site: Path, pair: RealLab, untouched: dict):
    ran = notebook.run(site, "01")
    assert ran.status == 0, ran.printed
    assert ran.changed == [] and {node.name: files(node) for node in pair.nodes} == untouched
    shown = ran.notebook("01_requirements")
    for address in ("192.168.0.11", "192.168.1.11", "192.168.0.12", "192.168.1.12"):
        assert address in shown


def test_prepare_does_steps_2_to_4(site: Path, pair: RealLab, untouched: dict):
    ran = notebook.run(site, "02")
    assert ran.status == 0, ran.printed
    for node in pair.nodes:
        keys = " ".join(line.split(" = ")[0] for line in WANTED_SYSCTL.splitlines())
        assert node.sh(f"sysctl {keys}") == WANTED_SYSCTL
        assert node.sh("getenforce").strip() == "Permissive"
        assert "SELINUX=permissive\n" in node.sh("cat /etc/selinux/config")
        assert node.sh("getent hosts node1 node2 nfs").split()[::3] == ["192.168.0.11", "192.168.0.12", "192.168.0.10"]
        assert node.sh("readlink /etc/sysconfig/selinux").strip() == "../selinux/config"


def test_nothing_else_was_touched_and_old_files_are_kept(pair: RealLab, untouched: dict):
    for node in pair.nodes:
        before, after = untouched[node.name], files(node)
        backups = {path for path in after if path not in before}
        assert {path for path in before if after.get(path) != before[path]} == MEANT
        assert {path.split(".rdokit-")[0] for path in backups} == MEANT
        for path in backups:  # the very file that was there, owner and mode included
            assert after[path] == before[path.split(".rdokit-")[0]]
        for path in MEANT:
            assert after[path].split(" ")[:2] == before[path].split(" ")[:2]


def test_lines_not_asked_for_are_byte_identical(pair: RealLab):
    for node in pair.nodes:
        for path in MEANT:
            backup = node.sh(f"ls {path}.rdokit-*").strip()
            removed = node.sh(f"diff {backup} {path} | grep -c '^<'", check=False).strip()
            assert int(removed) <= {"/etc/sysctl.conf": 2, "/etc/selinux/config": 1, "/etc/hosts": 0}[path]


def test_second_run_changes_nothing(site: Path, pair: RealLab):
    before = {node.name: files(node) for node in pair.nodes}
    ran = notebook.run(site, "02")
    assert ran.status == 0 and ran.changed == [] and len(ran.events("already")) >= 10
    assert {node.name: files(node) for node in pair.nodes} == before


def test_settings_outlive_a_reboot_and_the_cards_follow(site: Path, pair: RealLab):
    """conf.default.rp_filter does not reach cards that are up: only the boot makes Step 2 complete."""
    node = pair["node1"]
    node.reboot()
    values = node.sh("sysctl -n net.ipv4.ip_forward net.ipv4.conf.{all,eth0,eth1}.rp_filter; getenforce").split()
    assert values == ["1", "0", "0", "0", "Permissive"]
    ran = notebook.run(site, "02")
    assert ran.status == 0 and ran.changed == []


AWKWARD = {
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "no last newline": lambda text: text.rstrip("\n"),
    "the document's remarks": lambda text: text.replace("ip_forward = 0", "ip_forward = 0              #変更"),
    "latin-1 remark": lambda text: "# Gr\udcfc\udcdfe\n" + text,
    "key twice": lambda text: text + "net.ipv4.ip_forward = 0\n",
}


@pytest.mark.parametrize("change", AWKWARD.values(), ids=AWKWARD.keys())
def test_awkward_files_keep_their_ways(site: Path, pair: RealLab, change):
    node = pair["node1"]
    old = change("# own remark\n\nnet.ipv4.ip_forward = 0\nkernel.sysrq = 0\n").encode("utf-8", "surrogateescape")
    node.write("/etc/sysctl.conf", old)
    ran = notebook.run(site, "02")
    assert ran.status == 0, ran.printed
    new = node.read("/etc/sysctl.conf")
    assert node.sh("sysctl -n net.ipv4.ip_forward net.ipv4.conf.all.forwarding").split() == ["1", "1"]
    for line in old.splitlines(keepends=True):
        if b"ip_forward" not in line and line != old.splitlines(keepends=True)[-1]:
            assert line in new
    assert (b"\r\n" in new) == (b"\r\n" in old) and new.count(b"\n") - new.count(b"\r\n") in (0, new.count(b"\n"))
    assert (b"#\xe5\xa4\x89\xe6\x9b\xb4" in new) == (b"#\xe5\xa4\x89\xe6\x9b\xb4" in old)


def test_an_immutable_file_stops_with_a_sentence_and_leaves_everything(site: Path, pair: RealLab):
    node = pair["node2"]
    node.sh("sed -i /nfs/d /etc/hosts; mount --bind /etc/hosts /etc/hosts; mount -o remount,ro,bind /etc/hosts")
    before = hashlib.sha256(node.read("/etc/hosts")).hexdigest()
    try:
        ran = notebook.run(site, "02")
        assert ran.status == 1 and "node2" in ran.printed and "/etc/hosts" in ran.printed
        assert hashlib.sha256(node.read("/etc/hosts")).hexdigest() == before
        assert node.sh("ls -A /etc | grep -c '^.hosts.rdokit'", check=False).strip() == "0"
    finally:
        node.sh("umount /etc/hosts")
    assert notebook.run(site, "02").status == 0


def test_by_a_sudo_user(site: Path, pair: RealLab):
    content = yaml.safe_load(site.read_text())
    for name in content["nodes"]:
        content["nodes"][name]["ssh"]["user"] = "deploy"
        pair[name].sh("sed -i 's/ip_forward = 1/ip_forward = 0/' /etc/sysctl.conf; sysctl -q -w net.ipv4.ip_forward=0")
    other = site.with_name("sudo.yml")
    other.write_text(yaml.safe_dump(content))
    ran = notebook.run(other, "02")
    assert ran.status == 0, ran.printed
    assert pair["node1"].sh("sysctl -n net.ipv4.ip_forward").strip() == "1"
    assert pair["node1"].sh("stat -c '%U:%G %a' /etc/sysctl.conf").strip() == "root:root 644"
