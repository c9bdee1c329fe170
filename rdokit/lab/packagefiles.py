"""The files that packages bring: release and repository files, default configuration, commands.

`unpack` writes them and remembers size and MD5 (for `rpm -V`), `clean` removes them and keeps changed
configuration as .rpmsave, as rpm does. Default configuration files are short: what matters is that the
keys which the document and packstack edit are found where they are on CentOS 6.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .process import REGISTRY

if TYPE_CHECKING:
    from .packages import Available
    from .world import Node, Package, World

ELF = b"\x7fELF\x02\x01\x01\x00"  # what the first bytes of a command's file are


@dataclass(frozen=True)
class File:
    path: str
    text: str
    mode: int = 0o644
    owner: str = "root:root"
    config: bool = False


def _centos_repo() -> str:
    parts = ["# Mirrors are chosen by mirrorlist.centos.org. Without it: comment mirrorlist, use baseurl.\n"]
    for section, title, path, enabled in (
        ("base", "Base", "os", ""),
        ("updates", "Updates", "updates", ""),
        ("extras", "Extras", "extras", ""),
        ("centosplus", "Plus", "centosplus", "0"),
        ("contrib", "Contrib", "contrib", "0"),
    ):
        parts.append(
            f"[{section}]\nname=CentOS-$releasever - {title}\n"
            f"mirrorlist=http://mirrorlist.centos.org/?release=$releasever&arch=$basearch&repo={path}\n"
            f"#baseurl=http://mirror.centos.org/centos/$releasever/{path}/$basearch/\ngpgcheck=1\n"
            + (f"enabled={enabled}\n" if enabled else "")
            + "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-6\n"
        )
    return "\n".join(parts)


def _vault_repo() -> str:
    return "".join(
        f"[C6.{minor}-{part}]\nname=CentOS-6.{minor} - {part.title()}\n"
        f"baseurl=http://vault.centos.org/6.{minor}/{'os' if part == 'base' else part}/$basearch/\n"
        "gpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-6\nenabled=0\n\n"
        for minor in range(5)
        for part in ("base", "updates", "extras")
    )


def _rdo_repo() -> str:
    return (
        "[openstack-havana]\nname=OpenStack Havana Repository\n"
        "baseurl=http://repos.fedorapeople.org/repos/openstack/openstack-havana/epel-6/\n"
        "enabled=1\nskip_if_unavailable=0\ngpgcheck=0\npriority=98\n"
    )


def _foreman_repo() -> str:
    key = "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-foreman\n"
    return (
        "[foreman]\nname=Foreman stable\nbaseurl=http://yum.theforeman.org/releases/1.3/el6/$basearch\n"
        "enabled=1\ngpgcheck=1\n" + key + "\n"
        "[foreman-source]\nname=Foreman stable - source\nbaseurl=http://yum.theforeman.org/releases/1.3/el6/source\n"
        "enabled=0\ngpgcheck=1\n" + key + "\n"
        "[foreman-plugins]\nname=Foreman stable - plugins\nbaseurl=http://yum.theforeman.org/plugins/1.3/el6/$basearch\n"
        "enabled=1\ngpgcheck=0\n"
    )


def _puppetlabs_repo() -> str:
    key = "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-puppetlabs\n"
    sections = (
        ("puppetlabs-products", "Products", "products/$basearch", 1),
        ("puppetlabs-deps", "Dependencies", "dependencies/$basearch", 1),
        ("puppetlabs-devel", "Devel", "devel/$basearch", 0),
        ("puppetlabs-products-source", "Products - Source", "products/SRPMS", 0),
    )
    return "\n".join(
        f"[{section}]\nname=Puppet Labs {title} El 6 - $basearch\nbaseurl=http://yum.puppetlabs.com/el/6/{path}\n"
        f"{key}enabled={enabled}\ngpgcheck=1\n"
        for section, title, path, enabled in sections
    )


def _epel_repo() -> str:
    return (
        "[epel]\nname=Extra Packages for Enterprise Linux 6 - $basearch\n"
        "#baseurl=http://download.fedoraproject.org/pub/epel/6/$basearch\n"
        "mirrorlist=https://mirrors.fedoraproject.org/metalink?repo=epel-6&arch=$basearch\nfailovermethod=priority\n"
        "enabled=1\ngpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-EPEL-6\n"
    )


def _key(name: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{digest}\n-----END PGP PUBLIC KEY BLOCK-----\n"


NTP_CONF = """# Configuration of ntpd: see ntp.conf(5).
driftfile /var/lib/ntp/drift

# Time may be read, not changed; no queries from elsewhere.
restrict default kod nomodify notrap nopeer noquery
restrict -6 default kod nomodify notrap nopeer noquery
restrict 127.0.0.1
restrict -6 ::1

# Hosts of the own network:
#restrict 192.168.1.0 mask 255.255.255.0 nomodify notrap

# Public servers of pool.ntp.org.
server 0.centos.pool.ntp.org iburst
server 1.centos.pool.ntp.org iburst
server 2.centos.pool.ntp.org iburst
server 3.centos.pool.ntp.org iburst

includefile /etc/ntp/crypto/pw
keys /etc/ntp/keys
"""

LIBVIRT_DEFAULT = """<network>
  <name>default</name>
  <bridge name="virbr0" />
  <forward/>
  <ip address="192.168.122.1" netmask="255.255.255.0">
    <dhcp>
      <range start="192.168.122.2" end="192.168.122.254" />
    </dhcp>
  </ip>
</network>
"""

FILES: dict[str, list[File]] = {
    "centos-release": [
        File("/etc/yum.repos.d/CentOS-Base.repo", _centos_repo(), config=True),
        File("/etc/yum.repos.d/CentOS-Vault.repo", _vault_repo(), config=True),
        File(
            "/etc/yum.repos.d/CentOS-Debuginfo.repo",
            "[debug]\nname=CentOS-6 - Debuginfo\nbaseurl=http://debuginfo.centos.org/6/$basearch/\ngpgcheck=1\n"
            "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-Debug-6\nenabled=0\n",
            config=True,
        ),
        File(
            "/etc/yum.repos.d/CentOS-Media.repo",
            "[c6-media]\nname=CentOS-$releasever - Media\nbaseurl=file:///media/CentOS/\n        file:///media/cdrom/\n"
            "gpgcheck=1\nenabled=0\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-6\n",
            config=True,
        ),
        File("/etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-6", _key("CentOS-6")),
        File("/etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-Debug-6", _key("CentOS-Debug-6")),
    ],
    "rdo-release": [
        File("/etc/yum.repos.d/rdo-release.repo", _rdo_repo(), config=True),
        File("/etc/yum.repos.d/foreman.repo", _foreman_repo(), config=True),
        File("/etc/yum.repos.d/puppetlabs.repo", _puppetlabs_repo(), config=True),
        File("/etc/pki/rpm-gpg/RPM-GPG-KEY-RDO-Havana", _key("RDO-Havana")),
        File("/etc/pki/rpm-gpg/RPM-GPG-KEY-foreman", _key("foreman")),
        File("/etc/pki/rpm-gpg/RPM-GPG-KEY-puppetlabs", _key("puppetlabs")),
    ],
    "epel-release": [
        File("/etc/yum.repos.d/epel.repo", _epel_repo(), config=True),
        File("/etc/pki/rpm-gpg/RPM-GPG-KEY-EPEL-6", _key("EPEL-6")),
    ],
    "yum": [
        File(
            "/etc/yum.conf",
            "[main]\ncachedir=/var/cache/yum/$basearch/$releasever\nkeepcache=0\ndebuglevel=2\nlogfile=/var/log/yum.log\n"
            "exactarch=1\nobsoletes=1\ngpgcheck=1\nplugins=1\ninstallonly_limit=5\ndistroverpkg=centos-release\n",
            config=True,
        ),
    ],
    "yum-plugin-fastestmirror": [
        File(
            "/etc/yum/pluginconf.d/fastestmirror.conf", "[main]\nenabled=1\nverbose=0\nmaxhostfileage=10\n", config=True
        ),
    ],
    "ntp": [
        File("/etc/ntp.conf", NTP_CONF, config=True),
        File("/etc/sysconfig/ntpd", 'OPTIONS="-u ntp:ntp -p /var/run/ntpd.pid -g"\n', config=True),
        File("/etc/ntp/crypto/pw", "", 0o600, config=True),
    ],
    "ntpdate": [
        File("/etc/sysconfig/ntpdate", 'OPTIONS="-U ntp -s -b"\nRETRIES=2\nSYNC_HWCLOCK=no\n', config=True),
        File("/etc/ntp/keys", "", 0o600, config=True),
        File("/etc/ntp/step-tickers", "# Servers used by the service ntpdate, one per line\n", config=True),
    ],
    "libvirt": [
        File("/etc/libvirt/libvirtd.conf", '#listen_tls = 0\n#listen_tcp = 1\n#auth_tcp = "sasl"\n', config=True),
        File("/etc/libvirt/qemu.conf", '#user = "root"\n#group = "root"\n', config=True),
        File("/etc/sysconfig/libvirtd", '#LIBVIRTD_ARGS="--listen"\n', config=True),
        File("/etc/libvirt/qemu/networks/default.xml", LIBVIRT_DEFAULT, 0o600, config=True),
        File("/etc/libvirt/qemu/networks/autostart/default.xml", LIBVIRT_DEFAULT, 0o600, config=True),
        File("/etc/sysconfig/libvirt-guests", "#ON_BOOT=start\n#ON_SHUTDOWN=suspend\n", config=True),
    ],
    "httpd": [
        File(
            "/etc/httpd/conf/httpd.conf",
            'ServerRoot "/etc/httpd"\nListen 80\nInclude conf.d/*.conf\nUser apache\nGroup apache\n'
            'DocumentRoot "/var/www/html"\nErrorLog logs/error_log\nCustomLog logs/access_log combined\n',
            config=True,
        ),
    ],
    "mysql-libs": [
        File(
            "/etc/my.cnf",
            "[mysqld]\ndatadir=/var/lib/mysql\nsocket=/var/lib/mysql/mysql.sock\nuser=mysql\nsymbolic-links=0\n\n"
            "[mysqld_safe]\nlog-error=/var/log/mysqld.log\npid-file=/var/run/mysqld/mysqld.pid\n",
            config=True,
        ),
    ],
    "qpid-cpp-server": [
        File("/etc/qpidd.conf", "cluster-mechanism=DIGEST-MD5 ANONYMOUS\nauth=yes\n", config=True),
    ],
    "memcached": [
        File(
            "/etc/sysconfig/memcached",
            'PORT="11211"\nUSER="memcached"\nMAXCONN="1024"\nCACHESIZE="64"\nOPTIONS=""\n',
            config=True,
        ),
    ],
    "scsi-target-utils": [File("/etc/tgt/targets.conf", "default-driver iscsi\n", 0o600, config=True)],
    "iscsi-initiator-utils": [
        File(
            "/etc/iscsi/iscsid.conf",
            "node.startup = automatic\nnode.session.timeo.replacement_timeout = 120\n",
            0o600,
            config=True,
        ),
        File("/etc/iscsi/initiatorname.iscsi", "InitiatorName=iqn.1994-05.com.redhat:5a1c2d3e4f\n", config=True),
    ],
    "openvswitch": [File("/etc/sysconfig/openvswitch", "# FORCE_COREFILES=yes\n", config=True)],
    "NetworkManager": [
        File("/etc/NetworkManager/NetworkManager.conf", "[main]\nplugins=ifcfg-rh\n", config=True),
    ],
    "openstack-keystone": [
        File(
            "/etc/keystone/keystone.conf",
            "[DEFAULT]\nlog_file = /var/log/keystone/keystone.log\n\n[sql]\n"
            "connection = mysql://keystone:keystone@localhost/keystone\n",
            0o640,
            "root:keystone",
            True,
        ),
    ],
    "openstack-glance": [
        File(
            "/etc/glance/glance-api.conf",
            "[DEFAULT]\nlog_file = /var/log/glance/api.log\nbind_port = 9292\n"
            "sql_connection = mysql://glance:glance@localhost/glance\n\n[paste_deploy]\n\n[keystone_authtoken]\n",
            0o640,
            "root:glance",
            True,
        ),
        File(
            "/etc/glance/glance-registry.conf",
            "[DEFAULT]\nlog_file = /var/log/glance/registry.log\nbind_port = 9191\n"
            "sql_connection = mysql://glance:glance@localhost/glance\n\n[paste_deploy]\n\n[keystone_authtoken]\n",
            0o640,
            "root:glance",
            True,
        ),
    ],
    "openstack-nova-common": [
        File(
            "/etc/nova/nova.conf",
            "[DEFAULT]\nlogdir = /var/log/nova\nstate_path = /var/lib/nova\nlock_path = /var/lib/nova/tmp\n"
            "rpc_backend = nova.openstack.common.rpc.impl_qpid\nrootwrap_config = /etc/nova/rootwrap.conf\n"
            "sql_connection = mysql://nova:nova@localhost/nova\nlibvirt_type = kvm\n\n[keystone_authtoken]\n",
            0o640,
            "root:nova",
            True,
        ),
        File(
            "/etc/nova/rootwrap.conf",
            "[DEFAULT]\nfilters_path=/etc/nova/rootwrap.d,/usr/share/nova/rootwrap\n",
            0o640,
            "root:nova",
            True,
        ),
    ],
    "openstack-cinder": [
        File(
            "/etc/cinder/cinder.conf",
            "[DEFAULT]\nlogdir = /var/log/cinder\nstate_path = /var/lib/cinder\nlock_path = /var/lib/cinder/tmp\n"
            "volumes_dir = /etc/cinder/volumes\niscsi_helper = tgtadm\n"
            "sql_connection = mysql://cinder:cinder@localhost/cinder\n\n[keystone_authtoken]\n",
            0o640,
            "root:cinder",
            True,
        ),
    ],
    "openstack-neutron": [
        File(
            "/etc/neutron/neutron.conf",
            "[DEFAULT]\nlog_dir = /var/log/neutron\nbind_port = 9696\nlock_path = $state_path/lock\n\n[quotas]\n\n[agent]\n"  # noqa: E501
            "root_helper = sudo neutron-rootwrap /etc/neutron/rootwrap.conf\n\n[keystone_authtoken]\n\n[database]\n",
            0o640,
            "root:neutron",
            True,
        ),
        File("/etc/neutron/dhcp_agent.ini", "[DEFAULT]\n", 0o640, "root:neutron", True),
        File("/etc/neutron/l3_agent.ini", "[DEFAULT]\n", 0o640, "root:neutron", True),
        File("/etc/neutron/metadata_agent.ini", "[DEFAULT]\n", 0o640, "root:neutron", True),
        File(
            "/etc/neutron/rootwrap.conf",
            "[DEFAULT]\nfilters_path=/etc/neutron/rootwrap.d,/usr/share/neutron/rootwrap\n",
            0o640,
            "root:neutron",
            True,
        ),
    ],
    "openstack-neutron-openvswitch": [
        File(
            "/etc/neutron/plugins/openvswitch/ovs_neutron_plugin.ini",
            "[ovs]\n\n[agent]\n\n[securitygroup]\n",
            0o640,
            "root:neutron",
            True,
        ),
    ],
    "openstack-ceilometer-common": [
        File(
            "/etc/ceilometer/ceilometer.conf",
            "[DEFAULT]\nlog_dir = /var/log/ceilometer\n\n[database]\n\n[keystone_authtoken]\n",
            0o640,
            "root:ceilometer",
            True,
        ),
    ],
    "openstack-dashboard": [
        File(
            "/etc/openstack-dashboard/local_settings",
            'OPENSTACK_HOST = "127.0.0.1"\nOPENSTACK_KEYSTONE_DEFAULT_ROLE = "Member"\nALLOWED_HOSTS = ["*"]\n',
            0o640,
            "root:apache",
            True,
        ),
        File(
            "/etc/httpd/conf.d/openstack-dashboard.conf",
            "WSGIScriptAlias /dashboard /usr/share/openstack-dashboard/openstack_dashboard/wsgi/django.wsgi\n"
            "Alias /static /usr/share/openstack-dashboard/static\n",
            config=True,
        ),
    ],
    "openstack-swift-proxy": [
        File("/etc/swift/proxy-server.conf", "[DEFAULT]\nbind_port = 8080\nuser = swift\n", 0o640, "root:swift", True),
    ],
    "nrpe": [File("/etc/nagios/nrpe.cfg", "server_port=5666\nallowed_hosts=127.0.0.1\n", config=True)],
    "nagios": [File("/etc/nagios/nagios.cfg", "log_file=/var/log/nagios/nagios.log\n", 0o664, config=True)],
    "dnsmasq": [File("/etc/dnsmasq.conf", "#port=5353\nconf-dir=/etc/dnsmasq.d\n", config=True)],
    "rsync": [],
    "xinetd": [
        File(
            "/etc/xinetd.conf",
            "defaults\n{\n\tlog_type\t= SYSLOG daemon info\n}\nincludedir /etc/xinetd.d\n",
            0o600,
            config=True,
        )
    ],
}

DIRECTORIES: dict[str, list[tuple[str, int, str]]] = {  # path, mode, owner
    "ntp": [("/var/lib/ntp", 0o755, "ntp:ntp"), ("/var/log/ntpstats", 0o755, "ntp:ntp")],
    "httpd": [("/var/log/httpd", 0o700, "root:root"), ("/var/www/html", 0o755, "root:root")],
    "mysql-server": [("/var/lib/mysql", 0o755, "mysql:mysql"), ("/var/run/mysqld", 0o755, "mysql:mysql")],
    "libvirt": [
        ("/var/log/libvirt/qemu", 0o700, "root:root"),
        ("/var/lib/libvirt/images", 0o711, "root:root"),
        ("/etc/libvirt/qemu/networks/autostart", 0o700, "root:root"),
    ],
    "openvswitch": [
        ("/etc/openvswitch", 0o755, "root:root"),
        ("/var/log/openvswitch", 0o755, "root:root"),
        ("/var/run/openvswitch", 0o755, "root:root"),
    ],
    "openstack-keystone": [
        ("/var/log/keystone", 0o750, "keystone:root"),
        ("/var/lib/keystone", 0o755, "keystone:keystone"),
    ],
    "openstack-glance": [
        ("/var/log/glance", 0o750, "glance:root"),
        ("/var/lib/glance/images", 0o755, "glance:glance"),
    ],
    "openstack-nova-common": [
        ("/var/log/nova", 0o750, "nova:root"),
        ("/var/lib/nova/instances", 0o755, "nova:nova"),
        ("/var/lib/nova/tmp", 0o755, "nova:nova"),
    ],
    "openstack-cinder": [
        ("/var/log/cinder", 0o750, "cinder:root"),
        ("/etc/cinder/volumes", 0o755, "cinder:cinder"),
        ("/var/lib/cinder", 0o755, "cinder:cinder"),
    ],
    "openstack-neutron": [
        ("/var/log/neutron", 0o755, "neutron:root"),
        ("/var/lib/neutron", 0o755, "neutron:neutron"),
        ("/etc/neutron/plugins", 0o755, "root:root"),
    ],
    "openstack-ceilometer-common": [("/var/log/ceilometer", 0o755, "ceilometer:root")],
    "openstack-swift": [("/var/log/swift", 0o755, "swift:root"), ("/etc/swift", 0o755, "root:swift")],
    "openstack-dashboard": [("/var/log/horizon", 0o750, "apache:apache")],
    "nagios": [("/var/log/nagios", 0o750, "nagios:nagios"), ("/etc/nagios", 0o755, "root:root")],
    "openstack-packstack": [("/usr/share/packstack", 0o755, "root:root")],
    "iscsi-initiator-utils": [("/var/lib/iscsi/nodes", 0o700, "root:root")],
    "dnsmasq": [("/etc/dnsmasq.d", 0o755, "root:root")],
    "xinetd": [("/etc/xinetd.d", 0o755, "root:root")],
    "NetworkManager": [("/etc/NetworkManager/system-connections", 0o700, "root:root")],
}

USERS: dict[str, tuple[str, int, int, str, str]] = {  # package -> login, uid, gid, home, shell
    "ntpdate": ("ntp", 38, 38, "/etc/ntp", "/sbin/nologin"),
    "httpd": ("apache", 48, 48, "/var/www", "/sbin/nologin"),
    "mysql-server": ("mysql", 27, 27, "/var/lib/mysql", "/bin/bash"),
    "qpid-cpp-server": ("qpidd", 497, 497, "/var/lib/qpidd", "/sbin/nologin"),
    "memcached": ("memcached", 498, 498, "/var/run/memcached", "/sbin/nologin"),
    "dbus": ("dbus", 81, 81, "/", "/sbin/nologin"),
    "rpcbind": ("rpc", 32, 32, "/var/cache/rpcbind", "/sbin/nologin"),
    "nfs-utils": ("rpcuser", 29, 29, "/var/lib/nfs", "/sbin/nologin"),
    "qemu-kvm": ("qemu", 107, 107, "/", "/sbin/nologin"),
    "radvd": ("radvd", 75, 75, "/", "/sbin/nologin"),
    "openstack-keystone": ("keystone", 163, 163, "/var/lib/keystone", "/sbin/nologin"),
    "openstack-glance": ("glance", 161, 161, "/var/lib/glance", "/sbin/nologin"),
    "openstack-nova-common": ("nova", 162, 162, "/var/lib/nova", "/sbin/nologin"),
    "openstack-cinder": ("cinder", 165, 165, "/var/lib/cinder", "/sbin/nologin"),
    "openstack-neutron": ("neutron", 164, 164, "/var/lib/neutron", "/sbin/nologin"),
    "openstack-ceilometer-common": ("ceilometer", 166, 166, "/var/lib/ceilometer", "/sbin/nologin"),
    "openstack-swift": ("swift", 160, 160, "/var/lib/swift", "/sbin/nologin"),
    "puppet": ("puppet", 52, 52, "/var/lib/puppet", "/sbin/nologin"),
    "nagios-common": ("nagios", 496, 495, "/var/spool/nagios", "/sbin/nologin"),
    "nrpe": ("nrpe", 495, 494, "/var/run/nrpe", "/sbin/nologin"),
    "avahi-libs": ("avahi-autoipd", 170, 170, "/var/lib/avahi-autoipd", "/sbin/nologin"),
}

# Which package owns a command that every node has (rpm -qf, yum provides).
OWNERS = {
    "coreutils": "cat chmod chown cp date dd df echo ln ls mkdir mktemp mv pwd rm rmdir sleep sync touch true uname "
    "cut head tail sort uniq wc tee md5sum sha256sum stat id whoami who uptime du env expr seq tr basename dirname "
    "readlink nproc nohup od paste test install truncate timeout tty comm join split yes printf false arch link "
    "groups users base64 sha1sum fold expand nl tac shuf",
    "procps": "ps free sysctl top pgrep pkill vmstat w kill watch pmap tload",
    "util-linux-ng": "mount umount dmesg fdisk losetup blkid lsblk lscpu more flock setsid getopt hwclock logger mkfs "
    "mkswap swapon swapoff renice ionice findfs script cal",
    "net-tools": "ifconfig route netstat arp hostname mii-tool iptunnel domainname dnsdomainname",
    "iproute": "ip ss tc",
    "iputils": "ping arping tracepath ping6 tracepath6",
    "initscripts": "service ifup ifdown consoletype usleep sys-unconfig",
    "chkconfig": "chkconfig ntsysv",
    "upstart": "reboot halt poweroff shutdown init runlevel initctl telinit",
    "sysvinit-tools": "last lastb mesg wall pidof killall5",
    "module-init-tools": "lsmod modprobe modinfo rmmod insmod depmod",
    "libselinux-utils": "getenforce setenforce getsebool selinuxenabled",
    "policycoreutils": "sestatus restorecon setsebool semodule fixfiles",
    "lvm2": "vgs lvs pvs vgcreate vgdisplay lvdisplay pvdisplay pvcreate lvcreate vgremove lvremove vgchange lvm pvscan "  # noqa: E501
    "vgscan lvscan pvremove",
    "iptables": "iptables iptables-save iptables-restore",
    "iptables-ipv6": "ip6tables ip6tables-save ip6tables-restore",
    "ethtool": "ethtool",
    "bash": "bash sh",
    "grep": "grep egrep fgrep",
    "sed": "sed",
    "gawk": "awk gawk",
    "findutils": "find xargs",
    "tar": "tar",
    "gzip": "gzip gunzip zcat",
    "diffutils": "diff cmp",
    "curl": "curl",
    "yum": "yum",
    "rpm": "rpm rpm2cpio rpmquery",
    "openssh-clients": "ssh scp sftp ssh-copy-id ssh-add ssh-agent",
    "openssh": "ssh-keygen",
    "openssh-server": "sshd",
    "openssl": "openssl",
    "glibc-common": "getent locale iconv",
    "vim-minimal": "vi",
    "less": "less",
    "passwd": "passwd",
    "shadow-utils": "useradd userdel usermod groupadd groupdel",
    "sudo": "sudo visudo",
    "which": "which",
    "python": "python",
    "psmisc": "killall fuser pstree",
    "e2fsprogs": "mkfs.ext4 e2fsck tune2fs lsattr chattr",
    "bridge-utils": "brctl",
    "cronie": "crontab",
    "file": "file",
}


_OWNER = {name: package for package, names in reversed(OWNERS.items()) for name in names.split()}


def owner_of_command(name: str) -> str:
    """The package of a command that has none in the registry, "" when unknown."""
    return _OWNER.get(name, "")


def _registered(package: str) -> list[File]:
    found = []
    for entry in REGISTRY.values():
        if (entry.package or owner_of_command(entry.name)) == package:
            found.append(File(entry.path, "", 0o755))
    return found


def _release_files(version: str) -> list[File]:
    text = f"CentOS release {version.replace('-', '.').split('.el6')[0]} (Final)\n"
    issue = text + "Kernel \\r on an \\m\n\n"
    return [
        File("/etc/centos-release", text),
        File("/etc/issue", issue, config=True),
        File("/etc/issue.net", issue.replace("\n\n", "\n"), config=True),
        File("/etc/system-release-cpe", "cpe:/o:centos:linux:6:GA\n"),
    ]


def files_of(item: Available) -> list[File]:
    """All files that a package brings (kernel files are made by `boot`)."""
    from . import servicedata

    files = list(FILES.get(item.name, []))
    if item.name == "centos-release":
        files += _release_files(f"{item.version}-{item.release}")
    if item.name == "kernel":
        full = f"{item.version}-{item.release}.{item.arch}"
        files += [
            File(f"/boot/vmlinuz-{full}", f"Linux kernel {full}\n", 0o755),
            File(f"/boot/System.map-{full}", ""),
            File(f"/boot/config-{full}", _kernel_config(full)),
            File(f"/lib/modules/{full}/modules.dep", ""),
        ]
    for service in servicedata.SERVICES.values():
        if service.package == item.name:
            files.append(File(f"/etc/rc.d/init.d/{service.name}", servicedata.init_script(service), 0o755))
    return files + _registered(item.name)


def _kernel_config(release: str) -> str:
    netns = "# CONFIG_NET_NS is not set\n" if "-431.el6" in release else "CONFIG_NET_NS=y\n"
    return f"# Linux kernel {release}\nCONFIG_KVM=m\nCONFIG_KVM_INTEL=m\nCONFIG_KVM_AMD=m\nCONFIG_BRIDGE=m\n{netns}"


def _content(file: File) -> bytes:
    if file.mode & 0o111 and not file.text:
        return ELF + file.path.encode() + b"\n"
    return file.text.encode()


def add_user(node: Node, login: str, uid: int, gid: int, home: str, shell: str) -> None:
    """A system account, with a group of its name; an existing one is left."""
    fs = node.fs
    if f"\n{login}:" in "\n" + fs.read_text("/etc/passwd"):
        return
    fs.write("/etc/passwd", f"{login}:x:{uid}:{gid}:{login} daemons:{home}:{shell}\n", append=True)
    fs.write("/etc/shadow", f"{login}:!!:16213::::::\n", append=True)
    if f"\n{login}:" not in "\n" + fs.read_text("/etc/group"):
        fs.write("/etc/group", f"{login}:x:{gid}:\n", append=True)
        fs.write("/etc/gshadow", f"{login}:!::\n", append=True)


def unpack(world: World, node: Node, item: Available, fresh: bool) -> list[str]:
    """Write a package's files; a changed configuration file is kept and the new one put beside it (.rpmnew)."""
    fs = node.fs
    key = item.name if item.name != "kernel" else f"kernel-{item.version}-{item.release}"
    manifest = node.extra.setdefault("manifest", {})
    before = manifest.get(key, {})
    warnings: list[str] = []
    if item.name in USERS:
        add_user(node, *USERS[item.name])
    for path, mode, owner in DIRECTORIES.get(item.name, []):
        fs.mkdir(path, parents=True)
        _own(node, path, owner)
        fs.chmod(path, mode)
    listed: dict[str, tuple[str, int, int, bool]] = {path: row for path, row in before.items() if row[3]}
    for file in files_of(item):
        data = _content(file)
        listed[file.path] = (hashlib.md5(data).hexdigest(), len(data), file.mode, file.config)
        fs.mkdir(file.path.rpartition("/")[0] or "/", parents=True)
        target = file.path
        if fs.exists(file.path) and file.config:
            here = fs.checksum(file.path)
            old = before.get(file.path)
            if here == listed[file.path][0]:
                continue
            if (old and here != old[0]) or (not old and not fresh):
                if old and old[0] == listed[file.path][0]:
                    continue
                target = file.path + ".rpmnew"
                warnings.append(f"warning: {file.path} created as {target}")
        fs.write(target, data, mode=file.mode)
        _own(node, target, file.owner)
    manifest[key] = listed
    if item.name == "kernel":
        from . import boot

        boot.add_boot_entry(node, f"{item.version}-{item.release}.{item.arch}")
    return warnings


def _own(node: Node, path: str, owner: str) -> None:
    user, _, group = owner.partition(":")
    try:
        node.fs.chown(path, user, group)
    except KeyError:  # an account that another package makes
        node.fs.chown(path, "root", "root")


def clean(node: Node, package: Package) -> list[str]:
    """Remove a package's files; changed configuration stays as .rpmsave. Returns rpm's warnings."""
    fs, warnings = node.fs, []
    key = package.name if package.name != "kernel" else f"kernel-{package.version}-{package.release}"
    for path, (md5, _size, _mode, config) in node.extra.setdefault("manifest", {}).pop(key, {}).items():
        if not fs.exists(path):
            continue
        if config and fs.checksum(path) != md5:
            fs.rename(path, path + ".rpmsave")
            warnings.append(f"warning: {path} saved as {path}.rpmsave")
        else:
            fs.remove(path)
    if package.name == "kernel":
        from . import boot

        boot.remove_boot_entry(node, f"{package.version}-{package.release}.{package.arch}")
    return warnings


def manifest(node: Node, package: Package) -> dict[str, tuple[str, int, int, bool]]:
    """path -> (MD5, size, mode, is configuration) as the package brought them."""
    known = node.extra.setdefault("manifest", {})
    return known.get(f"{package.name}-{package.version}-{package.release}") or known.get(package.name, {})


def local_repository(node: Node, url: str) -> str | None:
    """A repository in a directory of the node (file:///…): no package in it is known to the lab."""
    return "nothing" if node.fs.exists(f"{url[7:].rstrip('/')}/repodata/repomd.xml") else None
