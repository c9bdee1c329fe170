"""The fixtures themselves: is a test node what it claims to be? (Nothing of rdokit is used here.)"""

import paramiko
import pytest

from .furnish import ROOT_PASSWORD
from .nodes import RealLab, reap


class ElTransport(paramiko.Transport):
    """RSA user keys signed with SHA-1, the only way OpenSSH 5.3 understands."""

    def auth_publickey(self, *args, **kw):
        self.disabled_algorithms = {"pubkeys": ["rsa-sha2-512", "rsa-sha2-256"]}
        return super().auth_publickey(*args, **kw)


def connect(address: str, **kw) -> paramiko.SSHClient:
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect(address, username="root", look_for_keys=False, allow_agent=False, timeout=5, **kw)
    return client


def test_offers_only_what_centos_6_offers(pair: RealLab):
    client = connect(pair["node1"].private, password=ROOT_PASSWORD)
    transport = client.get_transport()
    assert transport.remote_version == "SSH-2.0-OpenSSH_5.3"
    assert transport.host_key_type == "ssh-rsa"
    assert transport.remote_mac in ("hmac-sha1", "hmac-md5", "hmac-sha1-96", "hmac-md5-96")
    client.close()


def test_key_signed_with_sha2_is_refused_and_with_sha1_accepted(pair: RealLab):
    key = paramiko.PKey.from_path(pair.key)
    with pytest.raises(paramiko.SSHException):
        connect(pair["node1"].private, pkey=key)
    connect(pair["node1"].private, pkey=key, transport_factory=ElTransport).close()


def test_nodes_have_own_files_kernel_settings_and_addresses(pair: RealLab):
    one, two = pair["node1"], pair["node2"]
    one.sh("sysctl -q -w net.ipv4.ip_forward=1; echo x > /etc/only-here")
    assert two.sh("sysctl -n net.ipv4.ip_forward; ls /etc/only-here 2>&1 | tail -c 26").split("\n")[0] == "0"
    assert "192.168.0.11/24" in one.sh("ip -4 -br addr show eth0")
    assert one.sh("hostname").strip() == "node1.example.com"
    one.sh("ping -c1 -W2 192.168.1.12")


def test_reboot_changes_boot_id_and_forgets_what_is_not_in_files(pair: RealLab):
    node = pair["node2"]
    before = node.boot_id
    node.sh("sysctl -q -w net.ipv4.ip_forward=1; touch /tmp/volatile /root/kept")
    node.reboot()
    assert node.boot_id != before
    assert node.sh("sysctl -n net.ipv4.ip_forward").strip() == "0"
    assert node.sh("ls /tmp/volatile /root/kept 2>/dev/null", check=False).split() == ["/root/kept"]
    assert float(node.sh("cut -d' ' -f1 /proc/uptime")) < 60


def test_pulled_cable_is_seen_by_the_node(pair: RealLab):
    node = pair["node1"]
    with node.unplugged("eth1"):
        assert node.sh("cat /sys/class/net/eth1/carrier").strip() == "0"
    assert node.sh("cat /sys/class/net/eth1/carrier").strip() == "1"


def test_ten_nodes(ten: RealLab):
    assert len({node.boot_id for node in ten.nodes}) == 10
    ten["node1"].sh("ping -c1 -W2 192.168.0.20")


def test_gre_tunnel_carries_traffic(cloud: RealLab):
    one = cloud["node1"]
    shown = one.sh("ovs-vsctl show")
    assert all(name in shown for name in ("br-int", "br-tun", "patch-tun", "gre-1"))
    one.sh("ping -c3 -i0.3 -W2 10.0.0.12")
    assert "tun_id=0x1" in one.sh("ovs-ofctl dump-flows br-tun table=2")


def test_no_leftovers_of_dead_runs():
    assert reap() == []
