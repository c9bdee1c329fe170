"""What is on the disk of a fresh test node: the files of a CentOS 6 that Steps 1-11 touch, users, keys, stand-ins.

Files go into the overlay's upper directory before the node first boots. Real are: kernel, sysctl, ip, bash, coreutils,
OpenSSH, sudo, Open vSwitch. Stand-ins (tests/real/standins) are only what Debian has not: see their first lines.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .nodes import RealNode

HERE = Path(__file__).parent
ROOT_PASSWORD = "rootpw 日本"  # a blank and non-ASCII: passwords in the field have both
USERS = {"operator": "op pw", "deploy": "unused"}  # sudo with password, sudo without

SYSCTL = """\
# Settings the kernel gets at boot (sysctl.conf(5)).

# Packet forwarding
net.ipv4.ip_forward = 0

# Source route verification
net.ipv4.conf.default.rp_filter = 1

# Source routing is refused
net.ipv4.conf.default.accept_source_route = 0

# Bridged packets do not pass netfilter
net.bridge.bridge-nf-call-ip6tables = 0
net.bridge.bridge-nf-call-iptables = 0
net.bridge.bridge-nf-call-arptables = 0
"""
SELINUX = """\
# SELINUX= enforcing, permissive or disabled
SELINUX=enforcing
# SELINUXTYPE= targeted or mls
SELINUXTYPE=targeted


"""
HOSTS = """\
127.0.0.1   localhost localhost.localdomain localhost4 localhost4.localdomain4
::1         localhost localhost.localdomain localhost6 localhost6.localdomain6
"""
IFCFG = """\
DEVICE=eth{nic}
HWADDR=52:54:00:92:0{byte}:{octet:02X}
TYPE=Ethernet
ONBOOT=yes
NM_CONTROLLED=no
BOOTPROTO=none
IPADDR=192.168.{nic}.{octet}
NETMASK=255.255.255.0
"""
SUDOERS = """\
operator ALL=(ALL) ALL
deploy ALL=(ALL) NOPASSWD: ALL
"""
PLUGIN_INI = """\
[OVS]
vxlan_udp_port=4789
tunnel_type=gre
tunnel_id_ranges=1:1000
tenant_network_type=gre
local_ip=192.168.0.{octet}
enable_tunneling=True
integration_bridge=br-int
tunnel_bridge=br-tun

[AGENT]
polling_interval=2

[SECURITYGROUP]
firewall_driver=neutron.agent.linux.iptables_firewall.OVSHybridIptablesFirewallDriver
"""


def node(target: RealNode, every: list[RealNode], ovs: bool) -> None:
    """Lay the disk of `target`: overlay directories, CentOS 6's files, users, host keys, stand-ins."""
    for name in ("upper", "work", "merged", "home/.ssh"):
        (target.state / name).mkdir(parents=True)
    root = target.state / "upper"
    root.chmod(0o755)
    _configuration(root, target.octet)
    _users(root, target)
    new_host_key(target)
    _stand_ins(root)
    if ovs:
        _open_vswitch(root, target, every)


def put(root: Path, path: str, text: str, mode: int = 0o644) -> Path:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)
    return file


def _configuration(root: Path, octet: int) -> None:
    put(root, "/etc/redhat-release", "CentOS release 6.5 (Final)\n")
    put(root, "/etc/hosts", HOSTS)
    put(root, "/etc/sysctl.conf", SYSCTL)
    put(root, "/etc/selinux/config", SELINUX)
    link = root / "etc/sysconfig/selinux"
    link.parent.mkdir(parents=True)
    link.symlink_to("../selinux/config")  # as on CentOS 6: editing the one must not break the other
    for nic in (0, 1):
        text = IFCFG.format(nic=nic, byte=5 + nic, octet=octet)
        put(root, f"/etc/sysconfig/network-scripts/ifcfg-eth{nic}", text)
    (root / "etc/sysctl.d").mkdir()
    shutil.copy(HERE / "sshd_config.el6", put(root, "/etc/ssh/sshd_config", ""))
    sshd = put(root, "/usr/local/sbin/sshd", "", 0o755)
    sshd.write_bytes(named_5_3(Path("/usr/sbin/sshd").read_bytes()))


def named_5_3(sshd: bytes) -> bytes:
    """The real OpenSSH server, its name in the greeting changed to CentOS 6's "OpenSSH_5.3" (clients decide by it).

    The name is part of what the key exchange signs, so nothing between client and server could change it.
    """
    greeting = rb"\0(OpenSSH_[0-9.]+p\d+)\0(?=SSH-%d)"
    changed, count = re.subn(greeting, lambda m: b"\0" + b"OpenSSH_5.3".ljust(len(m[1]), b"\0") + b"\0", sshd)
    if count != 1:
        raise ValueError("this sshd's greeting is not where Debian's is: nodes would not look like CentOS 6")
    return changed


def _users(root: Path, target: RealNode) -> None:
    """root and two users with sudo in the node's own passwd, shadow and group; the lab's key lets all of them in."""
    here = {name: Path(f"/etc/{name}").read_text() for name in ("passwd", "shadow", "group")}
    shadow = [line for line in here["shadow"].splitlines() if not line.startswith("root:")]
    shadow.append(f"root:{_hash(ROOT_PASSWORD)}:19000:0:99999:7:::")
    for number, (user, password) in enumerate(USERS.items(), start=1701):
        here["passwd"] += f"{user}:x:{number}:{number}::/home/{user}:/bin/bash\n"
        here["group"] += f"{user}:x:{number}:\n"
        shadow.append(f"{user}:{_hash(password)}:19000:0:99999:7:::")
    put(root, "/etc/passwd", here["passwd"])
    put(root, "/etc/group", here["group"])
    put(root, "/etc/shadow", "\n".join(shadow) + "\n", 0o600)
    put(root, "/etc/sudoers.d/test", SUDOERS, 0o440)
    (root / "etc/sudoers.d").chmod(0o750)
    public = target.lab.key.with_suffix(".pub").read_text()
    put(target.state / "home", ".ssh/authorized_keys", public, 0o600)
    (target.state / "home").chmod(0o700)
    (target.state / "home/.ssh").chmod(0o700)
    for number, user in enumerate(USERS, start=1701):
        file = put(root, f"/home/{user}/.ssh/authorized_keys", public, 0o600)
        for path in (file, file.parent, file.parent.parent):
            os.chown(path, number, number)
            if path.is_dir():
                path.chmod(0o700)


def _hash(password: str) -> str:
    argv = ["openssl", "passwd", "-6", "-salt", "rdokit", "-stdin"]
    return subprocess.run(argv, input=password, capture_output=True, text=True, check=True).stdout.strip()


def new_host_key(target: RealNode) -> None:
    """A host key of the node's own; called again while it is down, the node comes back as a stranger."""
    key = target.state / "upper/etc/ssh/ssh_host_rsa_key"
    key.unlink(missing_ok=True)
    key.with_suffix(".pub").unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-C", "", "-f", str(key)], check=True)


def _stand_ins(root: Path) -> None:
    for script in (HERE / "standins").iterdir():
        put(root, f"/usr/local/sbin/{script.name}", script.read_text(), 0o755)
    shutil.move(root / "usr/local/sbin/rc.sysinit", put(root, "/etc/rc.d/rc.sysinit", ""))
    (root / "etc/rc.d/rc.sysinit").chmod(0o755)


def _open_vswitch(root: Path, target: RealNode, every: list[RealNode]) -> None:
    """What packstack leaves behind for Step 11: the agent's configuration and who its tunnel peers are."""
    put(root, "/etc/neutron/plugins/openvswitch/ovs_neutron_plugin.ini", PLUGIN_INI.format(octet=target.octet), 0o640)
    (root / "etc/neutron/plugin.ini").symlink_to("/etc/neutron/plugins/openvswitch/ovs_neutron_plugin.ini")
    peers = [other.private for other in every if other is not target]
    put(root, "/etc/openvswitch/peers", "\n".join(peers) + "\n")
    put(target.state / "home", "keystonerc_admin", "export OS_USERNAME=admin OS_TENANT_NAME=admin\n", 0o600)
    put(root, "/etc/openvswitch/hwaddr", f"52:54:00:99:05:{target.octet:02x}\n")
