"""The document typed by hand, Step 1 to Step 15, in the lab's shell: afterwards the kit finds everything already so."""

from __future__ import annotations

import time
from pathlib import Path

from tests.lab.by_hand import PROMPT, Person
from tests.labsite import LabSite

ANSWERS = {
    "CONFIG_NOVA_COMPUTE_HOSTS": "192.168.0.11,192.168.0.12", "CONFIG_NEUTRON_OVS_TENANT_NETWORK_TYPE": "gre",
    "CONFIG_NEUTRON_OVS_TUNNEL_RANGES": "1:1000", "CONFIG_NEUTRON_OVS_TUNNEL_IF": "eth0",
    "CONFIG_NOVA_COMPUTE_PRIVIF": "eth0", "CONFIG_NOVA_NETWORK_PRIVIF": "eth0", "CONFIG_NOVA_NETWORK_PUBIF": "eth1",
    "CONFIG_KEYSTONE_ADMIN_PW": "admin", "CONFIG_PROVISION_DEMO": "n",
}
IFCFG = "/etc/sysconfig/network-scripts/ifcfg-"
PORT = ("DEVICE=eth1\rONBOOT=yes\rHWADDR=52:54:00:92:05:AE # your eth1's hwaddr\rTYPE=OVSPort\rDEVICETYPE=ovs\r"
        "OVS_BRIDGE=br-ex")
BRIDGE = ("DEVICE=br-ex\rONBOOT=yes\rDEVICETYPE=ovs\rTYPE=OVSBridge\rBOOTPROTO=none\rIPADDR=192.168.1.11\r"
          "NETMASK=255.255.255.0  # netmask\rGATEWAY=192.168.1.1    # gateway\rDNS1=8.8.8.8       # nameserver\r"
          "DNS2=8.8.4.4")
IMAGE = "cirros-0.3.2-x86_64-disk.img"
CREATE = 'glance image-create --name="CirrOS 0.3.2" --disk-format=qcow2 '


def both(lab: LabSite) -> list[Person]:
    password = (lab.state / "root-password").read_text().strip()
    end = time.monotonic() + 30
    while True:
        try:
            return [Person(port, password) for port in lab.ports[:2]]
        except OSError:
            assert time.monotonic() < end, "the nodes did not come back"
            time.sleep(0.2)


def rebooted(lab: LabSite, people: list[Person]) -> list[Person]:
    for person in people:
        person.keys("reboot\n")
    time.sleep(1)
    for person in people:
        person.close()
    return both(lab)


def test_the_document_can_be_typed_as_printed(tmp_path: Path) -> None:
    with LabSite(tmp_path, speed=600) as lab:
        nodes = both(lab)
        for node in nodes:
            steps_2_to_6(node)
        nodes = rebooted(lab, nodes)
        for node in nodes:
            assert "Complete!" in node.type("yum install -y openstack-packstack python-netaddr libguestfs-tools")
            said = node.type("yum install -y ntp ; ntpdate ntp.nict.jp ; chkconfig ntpd on ; service ntpd start")
            assert "step time server" in said and "[  OK  ]" in said
        steps_8_to_11(nodes[0], (lab.state / "root-password").read_text().strip())
        nodes = rebooted(lab, nodes)
        steps_12_and_13(nodes[0])
        for node in nodes:
            assert "kvm_intel" in node.type("lsmod | grep kvm")
            node.vi("/etc/nova/nova.conf", ":%s/^libvirt_type=qemu/libvirt_type=kvm\\r#libvirt_type=qemu/\r")
            assert "[  OK  ]" in node.type("service openstack-nova-compute reload")
        step_15(nodes[0])
        found = lab.rdokit("run", "01-10")
        assert found.returncode == 0, found.stdout + found.stderr
        assert " 0 changed" in found.stdout and " changed " not in [
            line for line in found.stdout.splitlines() if line.startswith(" all")][-1]
        assert not [event for event in lab.events() if event.get("changed")]


def steps_2_to_6(node: Person) -> None:
    node.vi("/etc/sysctl.conf", ":%s/ip_forward = 0/ip_forward = 1              #変更/\r",
            ":%s/default.rp_filter = 1/default.rp_filter = 0  #変更/\r",
            "Gonet.ipv4.conf.all.rp_filter = 0    #追記\rnet.ipv4.conf.all.forwarding = 1   #追記\x1b")
    assert "net.ipv4.ip_forward = 1" in node.type("sysctl -e -p /etc/sysctl.conf")
    node.vi("/etc/selinux/config", ":%s/SELINUX=enforcing/SELINUX=permissive/\r")
    node.vi("/etc/hosts", "Go192.168.0.10 nfs.example.com nfs\r192.168.0.11 node1.example.com node1\r"
                          "192.168.0.12 node2.example.com node2\x1b")
    assert "No package openstack-packstack available." in node.type("yum install -y openstack-packstack")
    assert "Complete!" in node.type(
        "yum install -y http://rdo.fedorapeople.org/openstack-havana/rdo-release-havana.rpm")
    assert "Complete!" in node.type("yum -y update")


def steps_8_to_11(node: Person, password: str) -> None:
    node.type("packstack --gen-answer-file=answer.txt")
    edits = [f":%s/^{key}=.*/{key}={value}/\r" for key, value in ANSWERS.items()]
    node.vi("answer.txt", *edits, ":%s/192.168.1.11/192.168.0.11/gc\r", "yyyyy", "a")
    assert "\n0\n" in node.type("grep -c 192.168.1.11 answer.txt").replace("\r", "")
    node.keys("packstack --answer-file=/root/answer.txt\n")
    for address in ("192.168.0.11", "192.168.0.12"):
        node.wait(f"root@{address}'s password: ", 60)
        node.keys(f"{password}\n")
    assert "Installation completed successfully" in node.wait(PROMPT, 120)
    node.vi(f"{IFCFG}eth1", ":%d\r", f"i{PORT}\x1b")
    node.vi(f"{IFCFG}br-ex", f"i{BRIDGE}\x1b")
    assert "local_ip=192.168.0.11" in node.type("cat /etc/neutron/plugin.ini")


def steps_12_and_13(node: Person) -> None:
    said = node.type("ovs-vsctl show")
    assert 'Port "eth1"' in said and "Bridge br-tun" in said and 'remote_ip="192.168.0.12"' in said
    node.type("source keystonerc_admin")
    tenants = {name: node.type(f"keystone tenant-list | awk '/ {name} / {{print $2}}'").splitlines()[1].strip()
               for name in ("admin", "services")}
    created = "Created a new"
    assert created in node.type("neutron router-create router1")
    assert created in node.type(f"neutron net-create public --router:external=True --tenant-id {tenants['admin']}")
    assert created in node.type(f"neutron net-create demo-net --shared --tenant-id {tenants['services']}")
    assert created in node.type(
        "neutron subnet-create --name public_subnet --enable_dhcp=False --allocation-pool=start=192.168.1.241,"
        "end=192.168.1.254 --gateway=192.168.1.1 public 192.168.1.0/24")
    assert created in node.type(
        "neutron subnet-create --name demo-net_subnet --enable_dhcp=True --allocation-pool=start=192.168.0.100,"
        "end=192.168.0.254 --gateway=192.168.0.1 --dns-nameserver 8.8.8.8 demo-net 192.168.0.0/24")
    assert "Set gateway for router router1" in node.type("neutron router-gateway-set router1 public")
    assert "Added interface" in node.type("neutron router-interface-add router1 subnet=demo-net_subnet")
    node.type("keystone tenant-create --name demo --description demo-tenant --enable true")
    for name in ("demo", "user"):
        node.type(f"keystone user-create --name {name} --pass demo --tenant demo --email {name}@example.com "
                  "--enabled true")
    assert "Conflict" not in node.type("keystone role-create --name Member")
    for name in ("demo", "user"):
        node.type(f"keystone user-role-add --user {name} --tenant demo --role Member")
    assert "user@example.com" in node.type("keystone user-list")


def step_15(node: Person) -> None:
    node.type(f"curl -OL http://download.cirros-cloud.net/0.3.2/{IMAGE}")
    as_printed = node.type(CREATE + rf"\--container-format=bare --is-public=true \< {IMAGE}")
    assert "unrecognized arguments: < cirros" in as_printed.replace("\r", "").replace("\n", " ")
    assert "64d7c1cd2b6f60c92c14662941cb7913" in node.type(
        f"{CREATE}--container-format=bare --is-public=true < {IMAGE}")
