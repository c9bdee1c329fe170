"""Interfaces, routes, names, firewalls and what reaches what, typed at a shell."""

from __future__ import annotations

import pytest

from rdokit.lab import boot, firewall, ifcfg, network

from .centos import RDO, Lab

PORT = "DEVICE=eth1\nONBOOT=yes\nHWADDR=52:54:00:92:05:0B # your eth1's hwaddr\nTYPE=OVSPort\nDEVICETYPE=ovs\nOVS_BRIDGE=br-ex\n"  # noqa: E501
BRIDGE = """DEVICE=br-ex
ONBOOT=yes
DEVICETYPE=ovs
TYPE=OVSBridge
BOOTPROTO=none
IPADDR=192.168.1.11
NETMASK=255.255.255.0  # netmask
GATEWAY=192.168.1.1    # gateway
DNS1=8.8.8.8       # nameserver
DNS2=8.8.4.4
"""
SCRIPTS = "/etc/sysconfig/network-scripts"


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def bridged(lab: Lab) -> Lab:
    """Step 11 on node1."""
    lab.ok(
        f"yum install -y {RDO} && yum install -y openvswitch && service openvswitch start && chkconfig openvswitch on"
    )
    lab.node1.fs.write(f"{SCRIPTS}/ifcfg-eth1", PORT)
    lab.node1.fs.write(f"{SCRIPTS}/ifcfg-br-ex", BRIDGE)
    return lab


def test_ip_addr(lab: Lab) -> None:
    assert lab.ok("ip addr show eth0") == (
        "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UP qlen 1000\n"
        "    link/ether 52:54:00:92:04:0b brd ff:ff:ff:ff:ff:ff\n"
        "    inet 192.168.0.11/24 brd 192.168.0.255 scope global eth0\n"
        "    inet6 fe80::5054:ff:fe92:40b/64 scope link \n"
        "       valid_lft forever preferred_lft forever\n"
    )
    assert (
        lab.ok("ip -4 -o addr show dev eth1") == "3: eth1    inet 192.168.1.11/24 brd 192.168.1.255 scope global eth1\n"
    )
    assert lab.ok("ip route | tail -1") == "default via 192.168.1.1 dev eth1 \n"
    assert lab.ok("cat /sys/class/net/eth0/address") == "52:54:00:92:04:0b\n"


@pytest.mark.parametrize(
    ("line", "status", "err"),
    [
        ("ip foo", 255, 'Object "foo" is unknown, try "ip help".\n'),
        ("ip link show eth9", 1, 'Device "eth9" does not exist.\n'),
        ("ip addr add 10.0.0.1/24 dev eth9", 1, 'Cannot find device "eth9"\n'),
        ("ip addr add 192.168.0.11/24 dev eth0", 2, "RTNETLINK answers: File exists\n"),
        ("ip addr del 10.0.0.1/24 dev eth0", 2, "RTNETLINK answers: Cannot assign requested address\n"),
        ("ip route del 10.8.0.0/16", 2, "RTNETLINK answers: No such process\n"),
        ("ip link bogus", 255, 'Command "bogus" is unknown, try "ip link help".\n'),
        ("ifconfig eth9", 1, "eth9: error fetching interface information: Device not found\n"),
        ("ifup nosuch", 1, "/sbin/ifup: configuration for nosuch not found.\nUsage: ifup <device name>\n"),
        ("ping nosuch", 2, "ping: unknown host nosuch\n"),
        ("curl http://nosuch/", 6, "curl: (6) Couldn't resolve host 'nosuch'\n"),
        ("getent hosts nosuch", 2, ""),
    ],
)
def test_errors(lab: Lab, line: str, status: int, err: str) -> None:
    got = lab(line)
    assert (got.status, got.err) == (status, err)


def test_ping_forms(lab: Lab) -> None:
    got = lab("ping -c 2 192.168.0.12")
    assert got.status == 0
    assert got.out.splitlines()[0] == "PING 192.168.0.12 (192.168.0.12) 56(84) bytes of data."
    assert "2 packets transmitted, 2 received, 0% packet loss, time 1" in got.out
    got = lab("ping -c 1 192.168.0.99")
    assert got.status == 1 and "From 192.168.0.11 icmp_seq=1 Destination Host Unreachable\n" in got.out
    assert "1 packets transmitted, 0 received, +1 errors, 100% packet loss" in got.out
    lab.ok("ip route del default")
    got = lab("ping -c 1 8.8.8.8")
    assert (got.status, got.err) == (2, "connect: Network is unreachable\n")


def test_hosts_file_before_dns(lab: Lab) -> None:
    assert lab("ping -c 1 node2").status == 2
    lab.ok("echo '192.168.0.12 node2.example.com node2' >> /etc/hosts")
    assert "PING node2 (192.168.0.12)" in lab.ok("ping -c 1 node2")
    assert lab.ok("getent hosts node2") == "192.168.0.12    node2.example.com node2\n"
    assert lab.ok("getent hosts rdo.fedorapeople.org") == "152.19.134.199  rdo.fedorapeople.org\n"
    lab.node1.fs.write("/etc/resolv.conf", "nameserver 192.168.0.77\n")
    assert lab("getent hosts rdo.fedorapeople.org").status == 2


def test_wrong_address_after_restart(lab: Lab) -> None:
    lab.ok(f"sed -i s/192.168.0.11/192.168.0.12/ {SCRIPTS}/ifcfg-eth0")
    got = lab("service network restart")
    assert (
        got.status == 1 and "Error, some other host (52:54:00:92:04:0C) already uses address 192.168.0.12." in got.out
    )
    assert lab.node1.nics["eth0"].addresses == []


def test_copies_of_ifcfg_are_brought_up_too(lab: Lab) -> None:
    lab.ok(f"cp {SCRIPTS}/ifcfg-eth0 {SCRIPTS}/ifcfg-eth0.bak && cp {SCRIPTS}/ifcfg-eth0 {SCRIPTS}/ifcfg-eth0.old")
    out = lab.ok("service network restart")
    assert "Bringing up interface eth0.old:" in out and "eth0.bak" not in out
    assert ifcfg.names(lab.node1) == ["eth0", "eth0.old", "eth1"]


def test_addresses_typed_by_hand_are_gone_after_reboot(lab: Lab) -> None:
    lab.ok("ip addr add 10.1.0.1/24 dev eth0 && ip route add 10.2.0.0/16 via 10.1.0.2")
    assert "10.2.0.0/16 via 10.1.0.2 dev eth0" in lab.ok("ip route")
    lab.reboot()
    assert "10." not in lab.ok("ip -4 -o addr show eth0; ip route").replace("192.168", "")


def test_step11(bridged: Lab) -> None:
    out = bridged.ok("service network restart")
    assert "Bringing up interface br-ex:  [  OK  ]" in out and "FAILED" not in out
    for _ in range(2):
        assert bridged.node1.nics["br-ex"].addresses == ["192.168.1.11/24"]
        assert bridged.node1.nics["eth1"].addresses == [] and bridged.node1.nics["eth1"].master == "br-ex"
        assert bridged.ok("ovs-vsctl list-ports br-ex") == "eth1\n"
        assert bridged.ok("ip route | tail -1") == "default via 192.168.1.1 dev br-ex \n"
        assert bridged.ok("cat /etc/resolv.conf").endswith("nameserver 8.8.8.8\nnameserver 8.8.4.4\n")
        assert bridged("ping -c 1 192.168.1.12").status == 0 and bridged("ping -c 1 8.8.8.8").status == 0
        bridged.reboot()


def test_foreign_hwaddr(bridged: Lab) -> None:
    bridged.node1.fs.write(f"{SCRIPTS}/ifcfg-eth1", PORT.replace("05:0B", "05:AE"))
    got = bridged("service network restart")
    assert got.status == 1 and "Device eth1 has different MAC address than expected, ignoring." in got.out
    assert bridged("ping -c 1 192.168.1.12").status == 1


def test_adding_the_nic_by_hand_cuts_its_address(bridged: Lab) -> None:
    bridged.ok("ovs-vsctl add-br br-ex && ovs-vsctl add-port br-ex eth1")
    got = bridged("ping -c 1 192.168.1.12")
    assert got.status == 1  # the kernel's IP no longer sees eth1's frames
    assert bridged("ping -c 1 192.168.0.12").status == 0


def test_bridge_without_openvswitch(lab: Lab) -> None:
    lab.node1.fs.write(f"{SCRIPTS}/ifcfg-br-ex", BRIDGE)
    got = lab("ifup br-ex")
    assert got.status == 1
    assert got.err == "Device br-ex does not seem to be present, delaying initialization.\n"


def test_cable_and_power(lab: Lab) -> None:
    lab.world.faults["cables"] = ["node2/eth0"]
    assert lab("ping -c 1 192.168.0.12").status == 1 and lab("ping -c 1 192.168.1.12").status == 0
    assert "NO-CARRIER" in lab.ok("ip link show eth0", "node2") and "Link detected: no" in lab.ok(
        "ethtool eth0", "node2"
    )
    lab.world.faults["cables"] = []
    assert lab("ping -c 1 192.168.0.12").status == 0
    lab.ok("yum install -y nc")
    boot.power_off(lab.world, lab.node2)
    assert lab("nc -z -v -w 1 192.168.0.12 22").err.endswith("failed: No route to host\n")


def test_firewall_of_centos(lab: Lab) -> None:
    lab.ok("yum install -y nc")
    assert lab("nc -z 192.168.0.12 22").status == 0
    lab.ok("yum install -y httpd && service httpd start", "node2")
    assert lab("curl -s http://192.168.0.12/").status == 7
    lab.ok("iptables -I INPUT -p tcp --dport 80 -j ACCEPT", "node2")
    assert lab.ok("curl -s -o /dev/null -w '%{http_code}' http://192.168.0.12/") == "403"
    lab.ok("service iptables restart", "node2")
    assert lab("curl -s http://192.168.0.12/").status == 7
    lab.ok(
        "iptables -I INPUT -p tcp --dport 80 -j ACCEPT && service iptables save && service iptables restart", "node2"
    )
    assert lab("curl -s http://192.168.0.12/").status == 0
    lab.ok("iptables -P INPUT DROP && iptables -F", "node2")
    got = lab("ping -c 1 192.168.0.12")
    assert got.status == 1 and "Unreachable" not in got.out


def test_gre_rule(lab: Lab) -> None:
    assert lab("iptables-save | grep -i gre").status == 1
    assert firewall.verdict(lab.node1, "INPUT", "gre", source="192.168.0.12") == "REJECT"
    lab.ok("iptables -I INPUT -p gre -j ACCEPT")
    assert lab.ok("iptables-save | grep -i gre") == "-A INPUT -p gre -j ACCEPT \n"
    assert firewall.verdict(lab.node1, "INPUT", "gre", source="192.168.0.12") == "ACCEPT"
    assert "ACCEPT     47   --  0.0.0.0/0            0.0.0.0/0           \n" in lab.ok("iptables -L -n")


def test_iptables_save_is_what_was_loaded(lab: Lab) -> None:
    saved = lab.ok("iptables-save | grep -v '^#'")
    assert "-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT \n" in saved
    lab.ok("iptables-save > /tmp/x; iptables -F; iptables-restore < /tmp/x")
    assert lab.ok("iptables-save | grep -v '^#'") == saved
    got = lab("echo broken | iptables-restore")
    assert (got.status, got.err) == (1, "iptables-restore: line 1 failed\n")


def test_downloads(lab: Lab) -> None:
    lab.ok("curl -s -OL http://download.cirros-cloud.net/0.3.2/cirros-0.3.2-x86_64-disk.img")
    path = "/root/cirros-0.3.2-x86_64-disk.img"
    assert lab.node1.fs.stat(path).size == 13167616
    assert lab.node1.fs.checksum(path) == "64d7c1cd2b6f60c92c14662941cb7913"
    got = lab("curl -f http://download.cirros-cloud.net/nosuch")
    assert (got.status, got.err) == (22, "curl: (22) The requested URL returned error: 404\n")
    assert lab("curl -o /nosuch/x http://www.google.com/").status == 23
    assert lab.ok("curl -sI http://www.google.com/").startswith("HTTP/1.1 200 OK\r\n")


def test_without_internet() -> None:
    lab = Lab(internet="off")
    assert lab("curl -sO http://download.cirros-cloud.net/0.3.2/cirros-0.3.2-x86_64-disk.img").status == 6
    assert lab("ping -c 1 -W 1 8.8.8.8").status == 1
    assert lab("ntpdate ntp.nict.jp").status == 127


def test_network_manager_undoes_resolv_conf(lab: Lab) -> None:
    lab.ok(
        "yum install -y NetworkManager && echo 'nameserver 8.8.4.4' > /etc/resolv.conf && service NetworkManager start"
    )
    assert lab.ok("cat /etc/resolv.conf").startswith("# Generated by NetworkManager\n")
    lab.ok(f"service NetworkManager stop; sed -i s/NM_CONTROLLED=yes/NM_CONTROLLED=no/ {SCRIPTS}/ifcfg-*")
    lab.ok("echo 'nameserver 8.8.4.4' > /etc/resolv.conf && service NetworkManager start")
    assert lab.ok("cat /etc/resolv.conf") == "nameserver 8.8.4.4\n"


def test_hostname(lab: Lab) -> None:
    assert lab.ok("hostname; hostname -s") == "node1.example.com\nnode1\n"
    assert lab("hostname -f").status == 1
    lab.ok("echo '192.168.0.11 node1.example.com node1' >> /etc/hosts; hostname other")
    assert lab.ok("hostname") == "other\n"
    lab.reboot()
    assert lab.ok("hostname -f") == "node1.example.com\n"


def test_overlap_of_networks_is_lost(lab: Lab) -> None:
    """Two NICs on the wrong LAN: ARP finds nobody."""
    lab.ok("ip addr flush dev eth0; ip addr add 192.168.7.1/24 dev eth0")
    assert lab("ping -c 1 192.168.7.2").status == 1
    assert network.route(lab.world, lab.node1, "", "192.168.0.12").reason in ("timeout", "host-unreachable")


def test_forwarding_by_a_node(lab: Lab) -> None:
    lab.ok("ip link set eth1 down; ip route add 192.168.1.0/24 via 192.168.0.12")
    assert lab("ping -c 1 -W 1 192.168.1.1").status == 1
    lab.ok("sysctl -w net.ipv4.ip_forward=1", "node2")
    assert lab("ping -c 1 192.168.1.1").status == 0
