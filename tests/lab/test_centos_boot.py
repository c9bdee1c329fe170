"""What is lost at a reboot and what is not: kernel, sysctl, SELinux, services, loop devices."""

from __future__ import annotations

import pickle

import pytest

from rdokit.lab import boot, modules, packages, services, storage
from rdokit.lab.world import NodeSpec, World

from .centos import RDO, Lab, spec

STEP2 = """
net.ipv4.ip_forward = 1              #changed
net.ipv4.conf.default.rp_filter = 0  #changed
net.bridge.bridge-nf-call-ip6tables = 0
net.bridge.bridge-nf-call-iptables = 0
net.bridge.bridge-nf-call-arptables = 0
net.ipv4.conf.all.rp_filter = 0
net.ipv4.conf.all.forwarding = 1
"""


@pytest.fixture
def lab() -> Lab:
    return Lab()


def test_a_fresh_node(lab: Lab) -> None:
    assert lab.ok("cat /etc/redhat-release; uname -r") == "CentOS release 6.5 (Final)\n2.6.32-431.el6.x86_64\n"
    assert lab.ok("nproc; grep -c vmx /proc/cpuinfo") == "2\n2\n"
    assert 7_500_000 < int(lab.ok("awk '/MemTotal/{print $2}' /proc/meminfo || true") or 8_000_000) < 8_400_000
    assert lab.ok("getenforce; service sshd status").startswith("Enforcing\nopenssh-daemon (pid  ")
    assert "minimal" not in lab.ok("rpm -qa | sort | head -3")
    assert len(lab.node1.packages) > 200


def test_kernel_and_boot_id_change_with_update_and_reboot(lab: Lab) -> None:
    before = lab.ok("cat /proc/sys/kernel/random/boot_id; uname -r")
    lab.ok(f"yum install -y {RDO} && yum -y update")
    assert lab.ok("cat /proc/sys/kernel/random/boot_id; uname -r") == before
    assert lab.ok("rpm -q kernel") == "kernel-2.6.32-431.el6.x86_64\nkernel-2.6.32-504.el6.x86_64\n"
    lab.reboot()
    after = lab.ok("cat /proc/sys/kernel/random/boot_id; uname -r")
    assert after.split()[0] != before.split()[0] and after.split()[1] == "2.6.32-504.el6.x86_64"
    assert lab.ok("last reboot").count("system boot") == 2
    assert lab.ok("cat /etc/redhat-release") == "CentOS release 6.6 (Final)\n"


def test_grub_default_decides(lab: Lab) -> None:
    lab.ok("yum -y update && sed -i s/^default=0/default=1/ /boot/grub/grub.conf")
    lab.reboot()
    assert lab.ok("uname -r") == "2.6.32-431.el6.x86_64\n"


def test_namespaces_need_the_rdo_iproute_and_a_new_kernel(lab: Lab) -> None:
    got = lab("ip netns")
    assert (got.status, got.err) == (255, 'Object "netns" is unknown, try "ip help".\n')
    lab.ok("yum -y update")  # CentOS's own: a new kernel, no netns
    lab.reboot()
    assert lab("ip netns").status == 255
    lab.ok(f"yum install -y {RDO} && yum -y update && ip netns && ip netns add x && ip netns del x")


def test_new_iproute_on_the_old_kernel(lab: Lab) -> None:
    lab.ok(f"yum install -y {RDO} && yum -y update")
    got = lab("ip netns add x")
    assert (got.status, got.err) == (255, "Failed to create a new network namespace: Invalid argument\n")


def test_sysctl_of_the_document(lab: Lab) -> None:
    lab.node1.fs.write("/etc/sysctl.conf", STEP2)
    got = lab("sysctl -e -p /etc/sysctl.conf")
    assert got.status == 0 and got.err == ""
    assert got.out.splitlines()[0] == "net.ipv4.ip_forward = 1              #changed"
    assert lab.ok("sysctl -n net.ipv4.ip_forward net.ipv4.conf.all.forwarding") == "1\n1\n"
    assert lab.ok("sysctl -n net.ipv4.conf.eth0.rp_filter net.ipv4.conf.default.rp_filter") == "1\n0\n"
    lab.reboot()
    assert (
        lab.ok("sysctl -n net.ipv4.conf.eth0.rp_filter net.ipv4.conf.all.rp_filter net.ipv4.ip_forward") == "0\n0\n1\n"
    )


def test_sysctl_without_e_complains_of_bridge_keys(lab: Lab) -> None:
    got = lab("sysctl -p")
    assert got.status == 255
    assert got.err.splitlines() == [
        f'error: "net.bridge.bridge-nf-call-{x}" is an unknown key' for x in ("ip6tables", "iptables", "arptables")
    ]
    lab.ok("modprobe bridge")
    assert lab.ok("sysctl net.bridge.bridge-nf-call-iptables") == "net.bridge.bridge-nf-call-iptables = 1\n"
    lab.ok("sysctl -p")
    assert lab.ok("cat /proc/sys/net/bridge/bridge-nf-call-iptables") == "0\n"


@pytest.mark.parametrize(
    ("line", "status", "err"),
    [
        ("sysctl net.foo", 255, 'error: "net.foo" is an unknown key\n'),
        ("sysctl -e net.foo", 0, ""),
        ("sysctl -w foo", 255, 'error: "foo" must be of the form name=value\n'),
        ("sysctl -w net.ipv4.ip_forward=", 254, 'error: Malformed setting "net.ipv4.ip_forward="\n'),
        ("sysctl -w net.ipv4.ip_forward=x", 255, 'error: "Invalid argument" setting key "net.ipv4.ip_forward"\n'),
        ("sysctl -w kernel.ostype=x", 255, 'error: "Operation not permitted" setting key "kernel.ostype"\n'),
        ("sysctl -p /nosuch", 255, 'error: unable to open preload file "/nosuch"\n'),
    ],
)
def test_sysctl_errors(lab: Lab, line: str, status: int, err: str) -> None:
    got = lab(line)
    assert (got.status, got.err) == (status, err)


def test_a_setting_that_is_not_in_the_file_is_gone(lab: Lab) -> None:
    lab.ok("sysctl -w net.ipv4.ip_forward=1 && echo 1 > /proc/sys/net/ipv4/conf/eth1/proxy_arp")
    assert lab.ok("cat /proc/sys/net/ipv4/conf/eth1/proxy_arp") == "1\n"
    lab.reboot()
    assert lab.ok("sysctl -n net.ipv4.ip_forward net.ipv4.conf.eth1.proxy_arp") == "0\n0\n"


def test_selinux(lab: Lab) -> None:
    lab.ok("setenforce 0")
    assert lab.ok("getenforce; cat /selinux/enforce; echo") == "Permissive\n0\n"
    lab.reboot()
    assert lab.ok("getenforce") == "Enforcing\n"
    lab.ok("sed -i s/^SELINUX=.*/SELINUX=permissive/ /etc/selinux/config")
    assert lab.ok("getenforce") == "Enforcing\n" and "Mode from config file:          permissive" in lab.ok("sestatus")
    lab.reboot()
    assert lab.ok("getenforce") == "Permissive\n"
    lab.ok("sed -i s/^SELINUX=.*/SELINUX=disabled/ /etc/sysconfig/selinux")
    lab.reboot()
    assert lab.ok("getenforce") == "Permissive\n"  # sed -i put a file in the link's place: the real one is unchanged
    lab.ok("sed -i s/^SELINUX=.*/SELINUX=disabled/ /etc/selinux/config")
    lab.reboot()
    assert lab.ok("sestatus") == "SELinux status:                 disabled\n"
    got = lab("setenforce 1")
    assert (got.status, got.err) == (1, "setenforce: SELinux is disabled\n")
    lab.ok("sed -i s/^SELINUX=.*/SELINUX=permissive/ /etc/selinux/config")
    assert lab.ok("getenforce") == "Disabled\n"
    lab.reboot()
    assert lab.ok("getenforce") == "Permissive\n"


def test_services_start_by_runlevel(lab: Lab) -> None:
    lab.ok("yum install -y ntp && service ntpd start")
    lab.reboot()
    assert lab("service ntpd status").status == 3
    lab.ok("chkconfig ntpd on")
    lab.reboot()
    assert lab("service ntpd status").status == 0


def test_loop_backed_group_needs_rc_local(lab: Lab) -> None:
    node = lab.node1
    node.fs.mkdir("/var/lib/cinder", parents=True)
    node.fs.write_synthetic("/var/lib/cinder/cinder-volumes", 20 * 2**30, "0" * 32)
    lab.ok("losetup -f /var/lib/cinder/cinder-volumes && vgcreate cinder-volumes /dev/loop0 && vgs cinder-volumes")
    lab.reboot()
    got = lab("vgs cinder-volumes")
    assert got.status == 5 and 'Volume group "cinder-volumes" not found' in got.err
    lab.ok("echo 'losetup /dev/loop0 /var/lib/cinder/cinder-volumes' >> /etc/rc.local")
    lab.reboot()
    assert "20.00g" in lab.ok("vgs cinder-volumes") or "19.9" in lab.ok("vgs cinder-volumes")
    storage.create_volume(node, "cinder-volumes", "volume-1", 1024)
    assert "volume-1 cinder-volumes" in lab.ok("lvs cinder-volumes")


@pytest.mark.parametrize(("flag", "module"), [("vmx", "kvm_intel"), ("svm", "kvm_amd"), ("", "")])
def test_kvm_follows_the_processor(flag: str, module: str) -> None:
    world = World("kvm")
    node = boot.build_node(world, spec("node1", 11, vmx=flag))
    packages.install(world, node, ["qemu-kvm"])
    assert (modules.kvm_module(node) in node.kernel.modules) == bool(module)
    boot.power_off(world, node)
    boot.power_on(world, node)
    assert ("kvm" in node.kernel.modules) == bool(module)


def test_a_world_can_be_saved_at_any_time(lab: Lab) -> None:
    lab.ok("yum install -y ntp && service ntpd start")
    world = pickle.loads(pickle.dumps(lab.world))
    assert world.nodes["node1"].running("ntpd") and len(pickle.dumps(world)) < 1_500_000


def test_power_off(lab: Lab) -> None:
    boot.power_off(lab.world, lab.node2)
    got = lab("ping -c 1 192.168.0.12")
    assert got.status == 1 and "Destination Host Unreachable" in got.out
    boot.power_on(lab.world, lab.node2)
    assert lab("ping -c 1 192.168.0.12").status == 0


def test_fifty_nodes_are_quick() -> None:
    import time

    world, start = World("many"), time.perf_counter()
    for number in range(10):
        nic = {"name": "eth0", "mac": f"52:54:00:00:00:{number:02x}", "address": f"10.0.0.{number + 1}/24"}
        boot.build_node(world, NodeSpec(f"n{number}", nics=[nic]))
    assert time.perf_counter() - start < 3
    assert services.status(world, world.nodes["n9"], "sshd")[0] == 0
