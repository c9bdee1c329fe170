"""Init scripts: forms, exit statuses, what they need, chkconfig, clocks, openstack-utils."""

from __future__ import annotations

import pytest

from rdokit.lab import packages, services

from .centos import RDO, Lab


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def rdo(lab: Lab) -> Lab:
    packages.put(lab.world, lab.node1, packages.catalogue("havana")["rdo-release"])
    return lab


def test_forms(lab: Lab) -> None:
    lab.ok("yum install -y ntp")
    assert lab.ok("service ntpd start") == "Starting ntpd: [  OK  ]\r\n"
    tty = lab("service ntpd restart", tty=True)
    assert tty.out == (
        "Shutting down ntpd: \033[60G[\033[0;32m  OK  \033[0;39m]\r\nStarting ntpd: \033[60G[\033[0;32m  OK  \033[0;39m]\r\n"  # noqa: E501
    )
    assert lab.ok("service ntpd status").startswith("ntpd (pid  ")
    lab.ok("service ntpd stop")
    got = lab("service ntpd status")
    assert (got.status, got.out) == (3, "ntpd is stopped\n")
    got = lab("service ntpd stop")
    assert (got.status, got.out) == (1, "Shutting down ntpd: [FAILED]\r\n")
    assert lab("service nosuch start").err == "nosuch: unrecognized service\n"
    assert lab("service ntpd bogus").status == 2
    assert lab.ok("/etc/init.d/ntpd start").endswith("[  OK  ]\r\n")


def test_reload_of_nova_compute_when_stopped(rdo: Lab) -> None:
    rdo.ok("yum install -y openstack-nova-compute")
    got = rdo("service openstack-nova-compute reload")
    assert (got.status, got.out, got.err) == (7, "", "")
    rdo.ok("service libvirtd start && service openstack-nova-compute start")
    assert rdo.ok("service openstack-nova-compute reload").count("[  OK  ]") == 2


def test_what_a_service_read_is_in_force_until_restart(rdo: Lab) -> None:
    rdo.ok("yum install -y openstack-nova-compute && service libvirtd start && service openstack-nova-compute start")
    rdo.ok("sed -i s/^libvirt_type.*/libvirt_type=qemu/ /etc/nova/nova.conf")
    force = services.config_in_force(rdo.node1, "openstack-nova-compute", "/etc/nova/nova.conf")
    assert "libvirt_type = kvm" in force
    rdo.ok("service openstack-nova-compute restart")
    assert "libvirt_type=qemu" in services.config_in_force(rdo.node1, "openstack-nova-compute", "/etc/nova/nova.conf")


def test_nova_api_dies_without_mysql(rdo: Lab) -> None:
    rdo.ok("yum install -y openstack-nova-api mysql-server")
    assert rdo.ok("service openstack-nova-api start") == "Starting openstack-nova-api: [  OK  ]\r\n"
    got = rdo("service openstack-nova-api status")
    assert (got.status, got.out) == (1, "openstack-nova-api dead but pid file exists\n")
    assert "Can't connect to MySQL server on 'localhost'" in rdo.ok("tail -1 /var/log/nova/api.log")
    rdo.ok("service mysqld start && service openstack-nova-api start")
    assert rdo("service openstack-nova-api status").status == 0
    assert "0.0.0.0:8774" in rdo.ok("netstat -tlnp")


def test_port_in_use(lab: Lab) -> None:
    lab.ok("yum install -y httpd && service httpd start")
    lab.node1.services["httpd"].state = {}
    lab.node1.extra["runtime"]["listeners"] = [
        {"proto": "tcp", "port": 123, "address": "0.0.0.0", "pid": 9, "program": "x"}
    ]
    lab.ok("sed -i 's/^Listen 80/Listen 123/' /etc/httpd/conf/httpd.conf")
    got = lab("service httpd restart")
    assert got.status == 1 and got.out.endswith("Starting httpd: [FAILED]\r\n")


def test_chkconfig(lab: Lab) -> None:
    lab.ok("yum install -y ntp")
    off = "ntpd           \t0:off\t1:off\t2:off\t3:off\t4:off\t5:off\t6:off\n"
    assert lab.ok("chkconfig --list ntpd") == off
    assert lab("chkconfig ntpd").status == 1
    lab.ok("chkconfig ntpd on")
    assert lab.ok("chkconfig --list ntpd") == off.replace("2:off\t3:off\t4:off\t5:off", "2:on\t3:on\t4:on\t5:on")
    assert lab("chkconfig ntpd").status == 0
    lab.ok("chkconfig --level 35 ntpd off")
    assert "3:off\t4:on\t5:off" in lab.ok("chkconfig --list ntpd")
    got = lab("chkconfig nosuch on")
    assert (got.status, got.err) == (1, "error reading information on service nosuch: No such file or directory\n")


def test_clocks(lab: Lab) -> None:
    first = lab.node1.extra["clock_offset"]
    assert 0 < abs(first) < 6.1 and first != lab.node2.extra["clock_offset"]
    lab.ok("yum install -y ntp ; ntpdate ntp.nict.jp ; chkconfig ntpd on ; service ntpd start")
    lab.ok("yum install -y ntp ; ntpdate ntp.nict.jp", "node2")
    assert abs(lab.node1.extra["clock_offset"] - lab.node2.extra["clock_offset"]) < 0.01
    assert lab("ntpstat").status == 0
    got = lab("ntpdate ntp.nict.jp")
    assert got.status == 1 and got.err.endswith("the NTP socket is in use, exiting\n")
    got = lab("ntpdate nosuch.example", "node2")
    assert got.status == 1 and "Can't find host nosuch.example" in got.err


def test_time_from_the_other_node(lab: Lab) -> None:
    lab.ok("yum install -y ntp; ntpdate ntp.nict.jp; service ntpd start")
    lab.ok("yum install -y ntp", "node2")
    assert lab("ntpdate 192.168.0.11", "node2").status == 1  # udp/123 is closed
    lab.ok("iptables -I INPUT -p udp --dport 123 -j ACCEPT")
    lab.ok("ntpdate 192.168.0.11", "node2")
    assert abs(lab.node1.extra["clock_offset"] - lab.node2.extra["clock_offset"]) < 0.01


def test_openstack_status_and_config(rdo: Lab) -> None:
    rdo.ok("yum install -y openstack-utils openstack-nova-compute && chkconfig openstack-nova-compute on")
    out = rdo.ok("openstack-status")
    assert out.startswith("== Nova services ==\nopenstack-nova-compute:                 inactive\n")
    assert "libvirtd:                               inactive\n" in out
    rdo.ok("openstack-config --set /etc/nova/nova.conf DEFAULT libvirt_type qemu")
    assert rdo.ok("openstack-config --get /etc/nova/nova.conf DEFAULT libvirt_type") == "qemu\n"
    assert rdo.node1.fs.read_text("/etc/nova/nova.conf").count("libvirt_type") == 1
    assert rdo("openstack-config --get /etc/nova/nova.conf DEFAULT x").status == 1


def test_lsmod_of_the_document(rdo: Lab) -> None:
    rdo.ok("yum install -y qemu-kvm")
    assert rdo.ok("lsmod | grep kvm") == "kvm_intel              54285  0 \nkvm                   332980  1 kvm_intel\n"
    assert rdo("rmmod kvm").err == "ERROR: Module kvm is in use by kvm_intel\n"
    assert rdo("modprobe nosuch").err == "FATAL: Module nosuch not found.\n"
    assert rdo("modprobe kvm_amd").status == 1
    assert rdo.ok("modprobe -r kvm_intel; lsmod | grep -c kvm || true") == "0\n"


def test_stopped_sshd_refuses(lab: Lab) -> None:
    lab.ok("yum install -y nc")
    lab.ok("service sshd stop", "node2")
    assert lab("nc -z -v 192.168.0.12 22").err.endswith("Connection refused\n")


def test_every_service_has_a_package_that_exists() -> None:
    known = {name for content in packages.packagedata.CONTENT for name in packages.catalogue(content)}
    assert {s.package for s in services.CATALOGUE.values()} <= known
    assert RDO.startswith("http://rdo.fedorapeople.org/")


def test_another_user_may_not(lab: Lab) -> None:
    lab.ok("yum install -y ntp")
    lab.node1.fs.write("/etc/passwd", "bob:x:500:500::/tmp:/bin/bash\n", append=True)
    for line in ("service ntpd start", "yum install -y httpd", "setenforce 0", "sysctl -w net.ipv4.ip_forward=1", "iptables -L",  # noqa: E501
                 "reboot", "modprobe bridge", "vgs", "ip link set eth0 down"):  # fmt: skip
        assert lab(f"PATH=$PATH:/sbin:/usr/sbin; {line}", user="bob").status not in (0, 127), line
    assert not lab.node1.running("ntpd") and lab.node1.up
