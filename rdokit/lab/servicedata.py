# ruff: noqa: E501 - tables, one line each
"""The System V services that a node can have: package, order, messages, ports, log files, what they read and need.

One line per service: `name|package|start|stop|runlevels|title|process|ports|log|user|configuration`

* start, stop: priorities (S85, K15); runlevels: of a fresh installation, "-" = off until chkconfig'd
* title: what the init script calls it in "Starting …:"; "" = the name
* process: the name that `status`, ps and netstat show; "" = the name
* ports: `tcp/8774`, `udp/123`, with `@local` for 127.0.0.1 only
"""

from __future__ import annotations

from dataclasses import dataclass, field

_TABLE = """
auditd|audit|11|88|2345|||||root|
blk-availability|lvm2|25|75|12345|||||root|
crond|cronie|90|60|2345||||/var/log/cron|root|
ip6tables|iptables-ipv6|08|92|2345|||||root|
iptables|iptables|08|92|2345|||||root|
lvm2-monitor|lvm2|02|99|12345|||||root|
netconsole|initscripts|50|50|-|||||root|
netfs|initscripts|25|75|345|||||root|
network|initscripts|10|90|2345|||||root|
postfix|postfix|80|30|2345||master|tcp/25@local|/var/log/maillog|root|
rdisc|iputils|50|50|-|||||root|
restorecond|policycoreutils|87|13|-|||||root|
rsyslog|rsyslog|12|88|2345|system logger|rsyslogd||/var/log/messages|root|
saslauthd|cyrus-sasl|95|05|-|||||root|
sshd|openssh-server|55|25|2345||openssh-daemon|tcp/22|/var/log/secure|root|/etc/ssh/sshd_config
udev-post|udev|26|75|12345|||||root|
NetworkManager|NetworkManager|23|84|2345|NetworkManager daemon|||/var/log/messages|root|
wpa_supplicant|wpa_supplicant|12|88|-|||||root|
messagebus|dbus|22|85|2345|system message bus|dbus-daemon|||dbus|
ntpd|ntp|58|74|-|||udp/123|/var/log/messages|ntp|/etc/ntp.conf
ntpdate|ntpdate|57|75|-|||||root|/etc/ntp/step-tickers
xinetd|xinetd|56|50|345||||/var/log/messages|root|/etc/xinetd.conf
httpd|httpd|85|15|-|||tcp/80|/var/log/httpd/error_log|root|/etc/httpd/conf/httpd.conf
htcacheclean|httpd|85|15|-|||||root|
mysqld|mysql-server|64|36|-|||tcp/3306|/var/log/mysqld.log|mysql|/etc/my.cnf
qpidd|qpid-cpp-server|85|15|-|Qpid AMQP daemon||tcp/5672|/var/log/messages|qpidd|/etc/qpidd.conf
memcached|memcached|80|20|-|||tcp/11211,udp/11211||memcached|/etc/sysconfig/memcached
tgtd|scsi-target-utils|39|35|-|SCSI target daemon||tcp/3260|/var/log/messages|root|/etc/tgt/targets.conf
iscsi|iscsi-initiator-utils|13|89|345|||||root|
iscsid|iscsi-initiator-utils|07|89|345|||||root|/etc/iscsi/iscsid.conf
rpcbind|rpcbind|13|87|2345|||tcp/111,udp/111||rpc|
nfslock|nfs-utils|14|86|345|NFS statd|rpc.statd|||rpcuser|
nfs|nfs-utils|30|60|-|NFS daemon|nfsd|||root|
rpcgssd|nfs-utils|19|69|345|||||root|
rpcidmapd|nfs-utils|18|82|345|||||root|
rpcsvcgssd|nfs-utils|30|70|-|||||root|
dnsmasq|dnsmasq|49|50|-|DNS server|dnsmasq|udp/53||nobody|/etc/dnsmasq.conf
radvd|radvd|54|46|-|||||radvd|
numad|numad|85|15|-|||||root|
ebtables|ebtables|15|85|-|||||root|
cgconfig|libcgroup|05|95|-|||||root|
cgred|libcgroup|13|86|-|||||root|
ksm|qemu-kvm|85|26|345|||||root|
ksmtuned|qemu-kvm|85|26|345|||||root|
libvirtd|libvirt|97|03|345|libvirtd daemon|||/var/log/libvirt/libvirtd.log|root|/etc/libvirt/libvirtd.conf,/etc/libvirt/qemu.conf
libvirt-guests|libvirt-client|99|01|345|||||root|
openvswitch|openvswitch|09|91|-||ovs-vswitchd||/var/log/openvswitch/ovs-vswitchd.log|root|
multipathd|device-mapper-multipath|13|87|-|||||root|
puppet|puppet|98|02|-|puppet agent|puppet||/var/log/messages|root|
nagios|nagios|99|01|-||||/var/log/nagios/nagios.log|nagios|/etc/nagios/nagios.cfg
nrpe|nrpe|99|01|-|||tcp/5666|/var/log/messages|nrpe|/etc/nagios/nrpe.cfg
openstack-keystone|openstack-keystone|98|02|-|keystone|keystone-all|tcp/5000,tcp/35357|/var/log/keystone/keystone.log|keystone|/etc/keystone/keystone.conf
openstack-glance-api|openstack-glance|98|02|-||glance-api|tcp/9292|/var/log/glance/api.log|glance|/etc/glance/glance-api.conf
openstack-glance-registry|openstack-glance|98|02|-||glance-registry|tcp/9191|/var/log/glance/registry.log|glance|/etc/glance/glance-registry.conf
openstack-glance-scrubber|openstack-glance|98|02|-||glance-scrubber||/var/log/glance/scrubber.log|glance|
openstack-cinder-api|openstack-cinder|98|02|-||cinder-api|tcp/8776|/var/log/cinder/api.log|cinder|/etc/cinder/cinder.conf
openstack-cinder-scheduler|openstack-cinder|98|02|-||cinder-scheduler||/var/log/cinder/scheduler.log|cinder|/etc/cinder/cinder.conf
openstack-cinder-volume|openstack-cinder|98|02|-||cinder-volume||/var/log/cinder/volume.log|cinder|/etc/cinder/cinder.conf
openstack-cinder-backup|openstack-cinder|98|02|-||cinder-backup||/var/log/cinder/backup.log|cinder|/etc/cinder/cinder.conf
openstack-nova-api|openstack-nova-api|98|02|-||nova-api|tcp/8773,tcp/8774,tcp/8775|/var/log/nova/api.log|nova|/etc/nova/nova.conf
openstack-nova-metadata-api|openstack-nova-api|98|02|-||nova-api-metadata||/var/log/nova/metadata-api.log|nova|/etc/nova/nova.conf
openstack-nova-cert|openstack-nova-cert|98|02|-||nova-cert||/var/log/nova/cert.log|nova|/etc/nova/nova.conf
openstack-nova-compute|openstack-nova-compute|98|02|-||nova-compute||/var/log/nova/compute.log|nova|/etc/nova/nova.conf
openstack-nova-conductor|openstack-nova-conductor|98|02|-||nova-conductor||/var/log/nova/conductor.log|nova|/etc/nova/nova.conf
openstack-nova-console|openstack-nova-console|98|02|-||nova-console||/var/log/nova/console.log|nova|/etc/nova/nova.conf
openstack-nova-consoleauth|openstack-nova-console|98|02|-||nova-consoleauth||/var/log/nova/consoleauth.log|nova|/etc/nova/nova.conf
openstack-nova-xvpvncproxy|openstack-nova-console|98|02|-||nova-xvpvncproxy|tcp/6081|/var/log/nova/xvpvncproxy.log|nova|/etc/nova/nova.conf
openstack-nova-novncproxy|openstack-nova-novncproxy|98|02|-||nova-novncproxy|tcp/6080|/var/log/nova/novncproxy.log|nova|/etc/nova/nova.conf
openstack-nova-scheduler|openstack-nova-scheduler|98|02|-||nova-scheduler||/var/log/nova/scheduler.log|nova|/etc/nova/nova.conf
openstack-nova-network|openstack-nova-network|98|02|-||nova-network||/var/log/nova/network.log|nova|/etc/nova/nova.conf
neutron-server|openstack-neutron|98|02|-|neutron|neutron-server|tcp/9696|/var/log/neutron/server.log|neutron|/etc/neutron/neutron.conf,/etc/neutron/plugin.ini
neutron-dhcp-agent|openstack-neutron|98|02|-||||/var/log/neutron/dhcp-agent.log|neutron|/etc/neutron/neutron.conf,/etc/neutron/dhcp_agent.ini
neutron-l3-agent|openstack-neutron|98|02|-||||/var/log/neutron/l3-agent.log|neutron|/etc/neutron/neutron.conf,/etc/neutron/l3_agent.ini
neutron-metadata-agent|openstack-neutron|98|02|-||||/var/log/neutron/metadata-agent.log|neutron|/etc/neutron/neutron.conf,/etc/neutron/metadata_agent.ini
neutron-lbaas-agent|openstack-neutron|98|02|-||||/var/log/neutron/lbaas-agent.log|neutron|/etc/neutron/neutron.conf
neutron-netns-cleanup|openstack-neutron|98|02|-|||||neutron|
neutron-openvswitch-agent|openstack-neutron-openvswitch|98|02|-||||/var/log/neutron/openvswitch-agent.log|neutron|/etc/neutron/neutron.conf,/etc/neutron/plugins/openvswitch/ovs_neutron_plugin.ini
neutron-ovs-cleanup|openstack-neutron-openvswitch|97|03|-||||/var/log/neutron/ovs-cleanup.log|neutron|
neutron-linuxbridge-agent|openstack-neutron-linuxbridge|98|02|-||||/var/log/neutron/linuxbridge-agent.log|neutron|/etc/neutron/neutron.conf
openstack-ceilometer-api|openstack-ceilometer-api|98|02|-||ceilometer-api|tcp/8777|/var/log/ceilometer/api.log|ceilometer|/etc/ceilometer/ceilometer.conf
openstack-ceilometer-central|openstack-ceilometer-central|98|02|-||ceilometer-agent-central||/var/log/ceilometer/agent-central.log|ceilometer|/etc/ceilometer/ceilometer.conf
openstack-ceilometer-collector|openstack-ceilometer-collector|98|02|-||ceilometer-collector||/var/log/ceilometer/collector.log|ceilometer|/etc/ceilometer/ceilometer.conf
openstack-ceilometer-compute|openstack-ceilometer-compute|98|02|-||ceilometer-agent-compute||/var/log/ceilometer/agent-compute.log|ceilometer|/etc/ceilometer/ceilometer.conf
openstack-ceilometer-alarm-evaluator|openstack-ceilometer-alarm|98|02|-||ceilometer-alarm-evaluator||/var/log/ceilometer/alarm-evaluator.log|ceilometer|/etc/ceilometer/ceilometer.conf
openstack-ceilometer-alarm-notifier|openstack-ceilometer-alarm|98|02|-||ceilometer-alarm-notifier||/var/log/ceilometer/alarm-notifier.log|ceilometer|/etc/ceilometer/ceilometer.conf
openstack-heat-engine|openstack-heat-engine|98|02|-||heat-engine||/var/log/heat/engine.log|heat|
openstack-heat-api|openstack-heat-api|98|02|-||heat-api|tcp/8004|/var/log/heat/api.log|heat|
openstack-swift-proxy|openstack-swift-proxy|98|02|-||swift-proxy-server|tcp/8080|/var/log/messages|swift|/etc/swift/proxy-server.conf
openstack-swift-account|openstack-swift-account|98|02|-||swift-account-server|tcp/6002|/var/log/messages|swift|
openstack-swift-account-auditor|openstack-swift-account|98|02|-||swift-account-auditor||/var/log/messages|swift|
openstack-swift-account-reaper|openstack-swift-account|98|02|-||swift-account-reaper||/var/log/messages|swift|
openstack-swift-account-replicator|openstack-swift-account|98|02|-||swift-account-replicator||/var/log/messages|swift|
openstack-swift-container|openstack-swift-container|98|02|-||swift-container-server|tcp/6001|/var/log/messages|swift|
openstack-swift-container-auditor|openstack-swift-container|98|02|-||swift-container-auditor||/var/log/messages|swift|
openstack-swift-container-replicator|openstack-swift-container|98|02|-||swift-container-replicator||/var/log/messages|swift|
openstack-swift-container-updater|openstack-swift-container|98|02|-||swift-container-updater||/var/log/messages|swift|
openstack-swift-object|openstack-swift-object|98|02|-||swift-object-server|tcp/6000|/var/log/messages|swift|
openstack-swift-object-auditor|openstack-swift-object|98|02|-||swift-object-auditor||/var/log/messages|swift|
openstack-swift-object-replicator|openstack-swift-object|98|02|-||swift-object-replicator||/var/log/messages|swift|
openstack-swift-object-updater|openstack-swift-object|98|02|-||swift-object-updater||/var/log/messages|swift|
openstack-swift-object-expirer|openstack-swift-object|98|02|-||swift-object-expirer||/var/log/messages|swift|
"""

# Processes besides the first that a service runs: name -> list of further names.
CHILDREN = {"tgtd": 1, "httpd": 8, "openstack-nova-api": 3, "openstack-nova-conductor": 1, "openstack-glance-api": 2}
# Scripts without a daemon: they do something once, or set something up.
ONESHOT = {
    "blk-availability", "ip6tables", "iptables", "lvm2-monitor", "netconsole", "netfs", "network", "udev-post", "ntpdate",
    "iscsi", "ebtables", "cgconfig", "ksm", "libvirt-guests", "neutron-netns-cleanup", "neutron-ovs-cleanup",
}  # fmt: skip
# Stop messages that do not begin with "Stopping".
SHUTTING = {"ntpd", "postfix", "rsyslog"}
# Scripts that say nothing and exit 0 when asked to start what runs, or to stop what is stopped.
QUIET_PREFIXES = ("openstack-", "neutron-")
# Whose start prints the title again when it runs already (no OK, exit 0): the CentOS ones.

# What must run somewhere for a daemon to survive its start: service -> (services, seconds until it gives up).
NEEDS = {
    "neutron-server": ("mysqld", "qpidd"),
    "openstack-cinder-api": (),
    "openstack-cinder-scheduler": ("mysqld", "qpidd"),
    "openstack-cinder-volume": ("mysqld", "qpidd"),
    "openstack-glance-registry": ("mysqld",),
    "openstack-nova-api": ("mysqld",),
    "openstack-nova-cert": ("mysqld", "qpidd"),
    "openstack-nova-conductor": ("mysqld", "qpidd"),
    "openstack-nova-consoleauth": ("mysqld", "qpidd"),
    "openstack-nova-scheduler": ("mysqld", "qpidd"),
    "openstack-nova-compute": ("libvirtd@local",),
    "neutron-openvswitch-agent": ("openvswitch@local",),
}


@dataclass(frozen=True)
class ServiceData:
    """What is known of a service before it is installed."""

    name: str
    package: str
    start: int
    stop: int
    runlevels: frozenset[int]
    title: str
    process: str
    ports: tuple[tuple[str, int, str], ...]  # protocol, number, address bound to
    log: str
    user: str
    conf: tuple[str, ...] = ()
    needs: tuple[str, ...] = field(default=())

    @property
    def oneshot(self) -> bool:
        return self.name in ONESHOT

    @property
    def quiet(self) -> bool:
        return self.name.startswith(QUIET_PREFIXES)


def _ports(text: str) -> tuple[tuple[str, int, str], ...]:
    found = []
    for part in filter(None, text.split(",")):
        where, _, bound = part.partition("@")
        protocol, _, number = where.partition("/")
        found.append((protocol, int(number), "127.0.0.1" if bound == "local" else "0.0.0.0"))
    return tuple(found)


def _read() -> dict[str, ServiceData]:
    found = {}
    for line in _TABLE.strip().splitlines():
        name, package, start, stop, levels, title, process, ports, log, user, conf = line.split("|")
        found[name] = ServiceData(
            name, package, int(start), int(stop),
            frozenset(int(c) for c in levels if c.isdigit()),
            title or name, process or name, _ports(ports), log, user,
            tuple(filter(None, conf.split(","))), NEEDS.get(name, ()),
        )  # fmt: skip
    return found


SERVICES = _read()


def init_script(service: ServiceData) -> str:
    """The text of /etc/rc.d/init.d/<name>: its chkconfig header (the lab's `service` does the work)."""
    levels = "".join(str(n) for n in sorted(service.runlevels)) or "-"
    return (
        f"#!/bin/sh\n#\n# {service.name}\n#\n# chkconfig:   {levels} {service.start:02d} {service.stop:02d}\n"
        f'# description: {service.title}\n\n. /etc/rc.d/init.d/functions\n\nexec /sbin/service {service.name} "$@"\n'
    )
