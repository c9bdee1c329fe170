"""Packstack's screen against recorded runs, its errors, and that a second run changes nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rdokit.lab import packages, services
from tests.lab.cloud_bench import Terminal, installed, packstack, prepared, write_answers

RUNS = Path(__file__).resolve().parents[1] / "conformance/packstack"  # screens of genuine packstack, byte by byte
SPIN = re.compile(r"\rTesting if puppet apply is finished: (\S+) +\[ [-\\|/] \]")


def screen(text: str) -> list[str]:
    """The lines of a run without spinner, stamps, secrets and prompts; manifests of a batch sorted as they finish."""
    text = text.replace("\r\r\n", "\r\n").replace("\r\n", "\n")
    text = SPIN.sub("", text)
    text = re.sub(r"\r +\r|\r", "", text)
    text = re.sub(r"/packstack/\d{8}-\d{6}-\w{6}", "/packstack/<stamp>", text)
    text = re.sub(r"password : [0-9a-f]+", "password : <secret>", text)
    lines = [x for x in text.split("\n") if "'s password: " not in x and "volume group, one already" not in x]
    out: list[str] = []
    batch: list[str] = []
    for line in lines:
        if re.match(r"\S+\.pp: +\[", line):
            batch.append(line)
            continue
        out += sorted(batch)
        batch = []
        out.append(line)
    return out + sorted(batch)


def genuine(name: str) -> list[str]:
    return screen((RUNS / name).read_bytes().decode())


def test_first_run_on_a_terminal() -> None:
    world, terminal = prepared(keys=False), Terminal()
    status, out, err = packstack(world, f"--answer-file={write_answers(world)}", terminal=terminal, tty=True)
    assert (status, err) == (0, "")
    assert terminal.asked == ["root@192.168.0.11's password: ", "root@192.168.0.12's password: "]
    assert screen(out) == genuine("ok-first-run.raw")
    batch = "Applying 192.168.0.11_api_nova.pp"  # alone in its batch, so its spinner is the same in every run
    raw = (RUNS / "ok-first-run.raw").read_bytes().decode().replace("\r\n", "\n")
    assert out.split(batch)[1].split("Applying")[0] == raw.split(batch)[1].split("Applying")[0]


def test_dry_run_in_a_pipe() -> None:
    world = prepared(keys=False)
    status, out, _ = packstack(world, f"--answer-file={write_answers(world)}", "--dry-run")
    assert status == 0 and screen(out) == screen((RUNS / "ok-dry-run-pipe.stdout").read_text())
    assert world.cloud is None and not packages.installed(world.nodes["node1"], "openstack-keystone")


def test_tunnel_nic_that_does_not_exist() -> None:
    world = prepared(keys=False)
    path = write_answers(world, CONFIG_NEUTRON_OVS_TUNNEL_IF="eth7")
    status, out, _ = packstack(world, f"--answer-file={path}", terminal=Terminal(), tty=True)
    assert status == 0 and screen(out) == genuine("err-bad-tunnel-if.raw")
    node = world.nodes["node1"]
    assert not node.running("neutron-openvswitch-agent")  # it gave up: no valid local_ip
    assert "valid local_ip" in node.fs.read_text("/var/log/neutron/openvswitch-agent.log")


def test_time_servers_and_a_kernel_that_needs_a_reboot() -> None:
    world = prepared(updated=False)
    off = {f"CONFIG_{x}_INSTALL": "n" for x in ("SWIFT", "CEILOMETER", "NAGIOS")}
    path = write_answers(world, CONFIG_NTP_SERVERS="ntp.nict.jp", CONFIG_SSH_KEY="", **off)
    status, out, _ = packstack(world, f"--answer-file={path}", tty=True)
    want = genuine("ok-ntp-reboot-needed.raw")
    have = [x for x in screen(out) if "192.168.0.12 requires reboot" not in x]  # here both nodes had the old kernel
    want.remove("Packstack changed given value  to required value /root/.ssh/id_rsa.pub")
    assert status == 0 and [x for x in have if "changed given value" not in x] == want
    assert world.nodes["node2"].running("ntpd")
    assert not packages.has_netns(world.nodes["node1"]) and world.nodes["node1"].kernel.netns == []


def test_puppet_error() -> None:
    world = prepared(keys=False)
    text = "Could not start Service[neutron-server]: Execution of '/sbin/service neutron-server start' returned 1: "
    world.faults["packstack"] = {"kind": "puppet", "manifest": "neutron", "text": text}
    path = write_answers(world)
    status, out, _ = packstack(world, f"--answer-file={path}", terminal=Terminal(), tty=True)
    assert status == 1 and screen(out) == genuine("err-puppet-service.raw")
    log = re.search(r"in log (\S+\.pp\.log)", out)
    assert log and f"Error: {text}" in world.nodes["node1"].fs.read_text(log[1].split("\033")[0])
    assert packstack(world, f"--answer-file={path}")[0] == 0  # the second run does the rest
    assert world.nodes["node1"].running("neutron-server")


def test_wrong_password() -> None:
    world, terminal = prepared(keys=False), Terminal("wrong")
    path = write_answers(world, CONFIG_NOVA_COMPUTE_HOSTS="192.168.0.12")
    from rdokit.lab.packstack import remote

    node = world.nodes["node1"]
    node.fs.mkdir("/root/.ssh", parents=True)
    node.fs.write("/root/.ssh/id_rsa.pub", "ssh-rsa AAAA root@node1\n")
    remote.install_key(node, "ssh-rsa AAAA root@node1")
    status, out, _ = packstack(world, f"--answer-file={path}", terminal=terminal, tty=True)
    assert status == 1 and len(terminal.asked) == 3
    assert [x for x in screen(out) if x] == [x for x in genuine("err-wrong-root-password.raw") if x]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("err-missing-key.raw", {"CONFIG_MYSQL_HOST": None}),
        ("err-host-unreachable.raw", {"CONFIG_NOVA_COMPUTE_HOSTS": "192.168.0.11,192.168.0.99"}),
    ],
)
def test_answer_file_errors(name: str, change: dict) -> None:
    world = prepared(keys=False)
    status, out, _ = packstack(world, f"--answer-file={write_answers(world, **change)}", tty=True)
    assert status == 1 and screen(out) == genuine(name)


def test_without_terminal_and_keys_ssh_fails() -> None:
    world = prepared(keys=False)
    status, out, _ = packstack(world, f"--answer-file={write_answers(world)}")
    assert status == 1 and "Setting up ssh keys                               [ \033[0;31mERROR" in out
    assert "Permission denied (publickey,password" in out


def test_a_second_run_changes_nothing() -> None:
    world = installed()
    before = facts(world)
    cloud, tenants = world.cloud, dict(world.cloud.keystone.tenants)
    status, out, _ = packstack(world, "--answer-file=/root/answer.txt")
    assert status == 0 and "Did not create a cinder volume group, one already existed" in out
    assert world.cloud is cloud and cloud.keystone.tenants == tenants
    assert facts(world) == before


def facts(world):
    """What a second run must not touch: files, packages, firewall, bridges, pids of services."""
    out = {}
    for node in world.nodes.values():
        files = {p: node.fs.read(p) for p in ("/etc/nova/nova.conf", "/etc/neutron/plugin.ini", "/etc/sysctl.conf",
                                              "/root/.ssh/authorized_keys", "/etc/rc.d/rc.local")}  # fmt: skip
        pids = {s.name: s.pid for s in node.services.values() if s.running}
        out[node.name] = (files, sorted(node.packages), node.kernel.iptables, node.ovs.show(), pids)
    return out


def test_repository_missing() -> None:
    world = prepared()
    for node in world.nodes.values():
        for name in node.fs.listdir("/etc/yum.repos.d"):
            if "rdo" in name:
                node.fs.remove(f"/etc/yum.repos.d/{name}")
    status, out, _ = packstack(world, f"--answer-file={write_answers(world)}")
    assert status == 1 and "ERROR : Failed to set RDO repo on host 192.168.0.11:\nRPM file seems to be installed" in out


def test_package_missing_in_the_repositories(monkeypatch: pytest.MonkeyPatch) -> None:
    world = prepared()
    real = packages.install

    def install(w, node, names):
        if "openstack-keystone" in names:
            raise packages.PackageError("No package openstack-keystone available.", "Error: Nothing to do")
        return real(w, node, names)

    monkeypatch.setattr(packages, "install", install)
    status, out, _ = packstack(world, f"--answer-file={write_answers(world)}")
    wanted = (
        "Error appeared during Puppet run: 192.168.0.11_keystone.pp\n"
        "Package openstack-keystone has not been found in enabled Yum repos.\nYou will find full trace in log "
    )
    assert status == 1 and wanted in out


def test_selinux_disabled() -> None:
    world = prepared(selinux="disabled")
    status, out, _ = packstack(world, f"--answer-file={write_answers(world)}")
    assert status == 1 and "192.168.0.11_horizon.pp:" in out and "SELinux is disabled" in out
    assert "File /root/keystonerc_admin has been created" in out  # it says so whatever happened


def test_timeout_that_works_the_second_time() -> None:
    world = prepared()
    world.faults["packstack"] = {"kind": "timeout", "manifest": "glance"}
    path = write_answers(world)
    status, out, _ = packstack(world, f"--answer-file={path}")
    assert status == 1 and "Command exceeded timeout" in out
    node = world.nodes["node1"]
    assert node.running("openstack-keystone") and not node.running("openstack-nova-api")
    assert packstack(world, f"--answer-file={path}")[0] == 0 and node.running("openstack-nova-api")


def test_excluded_servers_are_left_alone() -> None:
    world = prepared()
    assert packstack(world, f"--answer-file={write_answers(world, EXCLUDE_SERVERS='192.168.0.12')}")[0] == 0
    assert not packages.installed(world.nodes["node2"], "openstack-nova-compute")
    assert world.nodes["node1"].running("openstack-nova-compute")


def test_everything_a_person_finds_afterwards() -> None:
    world = installed()
    one, two = world.nodes["node1"], world.nodes["node2"]
    assert one.fs.stat("/root/keystonerc_admin").mode == 0o600
    assert "export OS_PASSWORD=admin\n" in one.fs.read_text("/root/keystonerc_admin")
    for node in (one, two):
        assert node.kernel.sysctl["net.bridge.bridge-nf-call-iptables"] == "1"
        assert node.fs.readlink("/etc/neutron/plugin.ini").endswith("ovs_neutron_plugin.ini")
        assert (
            oct(node.fs.stat("/root/.ssh").mode) == "0o500" and node.fs.stat("/root/.ssh/authorized_keys").mode == 0o400
        )
        assert node.running("openstack-nova-compute") and node.running("neutron-openvswitch-agent")
        assert "libvirt_type=qemu\n" in node.fs.read_text("/etc/nova/nova.conf")
        assert not any("gre" in rule for rule in node.kernel.iptables["filter"])  # defect 3
        assert not [d for d in node.fs.listdir("/var/tmp/packstack") if re.fullmatch("[0-9a-f]{32}", d)] \
            if node.fs.isdir("/var/tmp/packstack") else True  # fmt: skip
    assert "local_ip=192.168.0.11\n" in one.fs.read_text("/etc/neutron/plugin.ini")
    assert "local_ip=192.168.0.12\n" in two.fs.read_text("/etc/neutron/plugin.ini")
    assert list(one.ovs.ports("br-ex")) == ["br-ex"] and set(two.ovs.bridges()) == {"br-int", "br-tun"}
    assert "001 mysql incoming" in one.fs.read_text("/etc/sysconfig/iptables")
    assert services.order(one).count("openstack-keystone") == 1
    assert not two.running("openstack-keystone")
    folder = next(d for d in one.fs.listdir("/var/tmp/packstack"))
    assert one.fs.stat(f"/var/tmp/packstack/{folder}/openstack-setup.log").mode == 0o600
    log = one.fs.read_text(f"/var/tmp/packstack/{folder}/openstack-setup.log")
    assert re.search(
        r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d::INFO::shell::78::root:: \[192.168.0.11\] Executing script:", log
    )


def test_all_in_one_with_demo() -> None:
    world = prepared(nodes=1)
    status, out, _ = packstack(world, "--allinone")
    assert status == 0 and " * A new answerfile was created in: /root/packstack-answers-" in out
    assert "192.168.1.11_provision.pp:" in out
    assert {n["name"] for n in world.cloud.neutron.networks.values()} == {"public", "private"}
    assert world.nodes["node1"].fs.exists("/root/keystonerc_demo")


def test_install_hosts() -> None:
    world = prepared(nodes=3)
    status, out, _ = packstack(world, "--install-hosts=192.168.0.11,192.168.0.12,192.168.0.13", "--nagios-install=n")
    assert status == 0 and "nagios" not in out
    assert [n.running("openstack-nova-compute") for n in world.nodes.values()] == [False, True, True]


def test_a_run_that_hangs_can_be_ended_and_the_next_one_finishes() -> None:
    import asyncio

    from rdokit.lab.process import REGISTRY, Process
    from tests.lab.ovs_bench import Pipe

    world = prepared()
    world.faults["packstack"] = "hang"
    path = write_answers(world)
    out, node = Pipe(), world.nodes["node1"]

    async def go() -> None:
        p = Process(["packstack", f"--answer-file={path}"], {"HOME": "/root"}, "/root", "root", Pipe(), out, Pipe(),
                    node, world)  # fmt: skip
        await asyncio.wait_for(REGISTRY["packstack"].function(p), 2.0)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(go())
    assert "192.168.0.12_neutron.pp: " in out.text() and "192.168.0.11_neutron.pp: " not in out.text()
    assert packstack(world, f"--answer-file={path}")[0] == 0
