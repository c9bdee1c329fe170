"""The file tree of a freshly installed CentOS 6.5: directories, accounts, what anaconda writes.

`populate` makes what packages need to be there first; packages then bring their own files; `finish` writes
what anaconda writes last (NICs, fstab, SELinux, firewall, logs). Comments are our own.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from .firewall import STOCK

if TYPE_CHECKING:
    from .world import Node, World

DIRECTORIES = [
    "/bin",
    "/boot/grub",
    "/dev/pts",
    "/dev/shm",
    "/dev/mapper",
    "/etc/sysconfig/network-scripts",
    "/etc/sysconfig/modules",
    "/etc/rc.d/init.d",
    "/etc/yum.repos.d",
    "/etc/yum/pluginconf.d",
    "/etc/pki/rpm-gpg",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/private",
    "/etc/ssh",
    "/etc/selinux/targeted",
    "/etc/init",
    "/etc/cron.d",
    "/etc/cron.daily",
    "/etc/logrotate.d",
    "/etc/profile.d",
    "/etc/modprobe.d",
    "/etc/security",
    "/etc/pam.d",
    "/etc/skel",
    "/etc/sudoers.d",
    "/etc/udev/rules.d",
    "/etc/xinetd.d",
    "/etc/dhcp",
    "/etc/ntp/crypto",
    "/etc/lvm",
    "/home",
    "/lib/modules",
    "/lib64",
    "/media",
    "/mnt",
    "/opt",
    "/proc",
    "/sbin",
    "/selinux",
    "/srv",
    "/sys",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/local/lib",
    "/usr/local/share",
    "/usr/local/etc",
    "/usr/share/doc",
    "/usr/share/man",
    "/usr/include",
    "/usr/src",
    "/usr/share/zoneinfo/Asia",
    "/var/cache/yum",
    "/var/db",
    "/var/empty/sshd",
    "/var/lib/rpm",
    "/var/lib/yum",
    "/var/lib/dhclient",
    "/var/lib/misc",
    "/var/local",
    "/var/lock/subsys",
    "/var/log/audit",
    "/var/mail",
    "/var/nis",
    "/var/opt",
    "/var/preserve",
    "/var/run",
    "/var/spool/cron",
    "/var/spool/mail",
    "/var/spool/postfix",
    "/var/yp",
    "/root/.ssh",
]

PASSWD = """root:x:0:0:root:/root:/bin/bash
bin:x:1:1:bin:/bin:/sbin/nologin
daemon:x:2:2:daemon:/sbin:/sbin/nologin
adm:x:3:4:adm:/var/adm:/sbin/nologin
lp:x:4:7:lp:/var/spool/lpd:/sbin/nologin
sync:x:5:0:sync:/sbin:/bin/sync
shutdown:x:6:0:shutdown:/sbin:/sbin/shutdown
halt:x:7:0:halt:/sbin:/sbin/halt
mail:x:8:12:mail:/var/spool/mail:/sbin/nologin
uucp:x:10:14:uucp:/var/spool/uucp:/sbin/nologin
operator:x:11:0:operator:/root:/sbin/nologin
games:x:12:100:games:/usr/games:/sbin/nologin
gopher:x:13:30:gopher:/var/gopher:/sbin/nologin
ftp:x:14:50:FTP User:/var/ftp:/sbin/nologin
nobody:x:99:99:Nobody:/:/sbin/nologin
vcsa:x:69:69:virtual console memory owner:/dev:/sbin/nologin
saslauth:x:499:76:Saslauthd user:/var/empty/saslauth:/sbin/nologin
postfix:x:89:89::/var/spool/postfix:/sbin/nologin
sshd:x:74:74:Privilege-separated SSH:/var/empty/sshd:/sbin/nologin
"""
GROUPS = """root:x:0:
bin:x:1:bin,daemon
daemon:x:2:bin,daemon
sys:x:3:bin,adm
adm:x:4:adm,daemon
tty:x:5:
disk:x:6:
lp:x:7:daemon
mem:x:8:
kmem:x:9:
wheel:x:10:
mail:x:12:mail,postfix
uucp:x:14:
man:x:15:
games:x:20:
gopher:x:30:
video:x:39:
dip:x:40:
ftp:x:50:
lock:x:54:
audio:x:63:
nobody:x:99:
users:x:100:
utmp:x:22:
utempter:x:35:
floppy:x:19:
vcsa:x:69:
cdrom:x:11:
tape:x:33:
dialout:x:18:
saslauth:x:76:
postdrop:x:90:
postfix:x:89:
sshd:x:74:
"""
SYSCTL = """# Settings of the kernel, applied at boot: see sysctl.conf(5).

# Packets are not forwarded
net.ipv4.ip_forward = 0

# The source address of a packet must fit the way it came
net.ipv4.conf.default.rp_filter = 1

# No source routing
net.ipv4.conf.default.accept_source_route = 0

# The magic SysRq key is off
kernel.sysrq = 0

# A core file carries the PID in its name
kernel.core_uses_pid = 1

# SYN cookies
net.ipv4.tcp_syncookies = 1

# Bridges do not call the packet filter
net.bridge.bridge-nf-call-ip6tables = 0
net.bridge.bridge-nf-call-iptables = 0
net.bridge.bridge-nf-call-arptables = 0

# Message queues and shared memory, in bytes
kernel.msgmnb = 65536
kernel.msgmax = 65536
kernel.shmmax = 68719476736
kernel.shmall = 4294967296
"""
SELINUX = """
# The state of SELinux: enforcing, permissive or disabled
SELINUX=enforcing
# The policy: targeted or mls
SELINUXTYPE=targeted


"""
SSHD = """# Only what differs from the default is not commented out: see sshd_config(5).
#Port 22
#AddressFamily any
#ListenAddress 0.0.0.0
Protocol 2
SyslogFacility AUTHPRIV
#PermitRootLogin yes
#PubkeyAuthentication yes
#AuthorizedKeysFile\t.ssh/authorized_keys
PasswordAuthentication yes
ChallengeResponseAuthentication no
GSSAPIAuthentication yes
GSSAPICleanupCredentials yes
UsePAM yes
AcceptEnv LANG LC_CTYPE LC_NUMERIC LC_TIME LC_COLLATE LC_MONETARY LC_MESSAGES
AcceptEnv LC_PAPER LC_NAME LC_ADDRESS LC_TELEPHONE LC_MEASUREMENT
AcceptEnv LC_IDENTIFICATION LC_ALL LANGUAGE
X11Forwarding yes
Subsystem\tsftp\t/usr/libexec/openssh/sftp-server
"""
BASHRC = """# .bashrc

# Ask before something is lost
alias rm='rm -i'
alias cp='cp -i'
alias mv='mv -i'

if [ -f /etc/bashrc ]; then
\t. /etc/bashrc
fi
"""
BASH_PROFILE = """# .bash_profile

if [ -f ~/.bashrc ]; then
\t. ~/.bashrc
fi

PATH=$PATH:$HOME/bin

export PATH
"""
FUNCTIONS = """# Functions for the init scripts (the lab's service command does their work).
PATH="/sbin:/usr/sbin:/bin:/usr/bin"
export PATH
"""
GRUB_HEAD = """# Written by anaconda. /boot is a partition of its own: paths are relative to it.
#boot=/dev/vda
default=0
timeout=5
splashimage=(hd0,0)/grub/splash.xpm.gz
hiddenmenu
"""
FSTAB = """
#
# Written by anaconda: see fstab(5)
#
/dev/mapper/VolGroup-lv_root /                       ext4    defaults        1 1
UUID=5c2b6d5c-9a54-4e2a-9f6b-6f8e3a2d7c11 /boot                   ext4    defaults        1 2
/dev/mapper/VolGroup-lv_swap swap                    swap    defaults        0 0
tmpfs                   /dev/shm                tmpfs   defaults        0 0
devpts                  /dev/pts                devpts  gid=5,mode=620  0 0
sysfs                   /sys                    sysfs   defaults        0 0
proc                    /proc                   proc    defaults        0 0
"""
TEXT_FILES: list[tuple[str, str, int]] = [
    (
        "/etc/hosts",
        "127.0.0.1   localhost localhost.localdomain localhost4 localhost4.localdomain4\n"
        "::1         localhost localhost.localdomain localhost6 localhost6.localdomain6\n",
        0o644,
    ),
    ("/etc/host.conf", "multi on\n", 0o644),
    ("/etc/hosts.allow", "#\n# hosts.allow: see hosts_access(5)\n#\n", 0o644),
    ("/etc/hosts.deny", "#\n# hosts.deny: see hosts_access(5)\n#\n", 0o644),
    (
        "/etc/nsswitch.conf",
        "passwd:     files\nshadow:     files\ngroup:      files\n\nhosts:      files dns\n"
        "networks:   files\nprotocols:  files\nservices:   files\n",
        0o644,
    ),
    ("/etc/sysctl.conf", SYSCTL, 0o644),
    ("/etc/selinux/config", SELINUX, 0o644),
    ("/etc/ssh/sshd_config", SSHD, 0o600),
    ("/etc/ssh/ssh_config", "Host *\n\tGSSAPIAuthentication yes\n\tForwardX11Trusted yes\n", 0o644),
    ("/etc/inittab", "# Upstart does the rest; only the default runlevel is here.\nid:3:initdefault:\n", 0o644),
    ("/etc/fstab", FSTAB, 0o644),
    (
        "/etc/profile",
        "export HOSTNAME=`/bin/hostname 2>/dev/null`\nexport HISTSIZE=1000\nfor i in /etc/profile.d/*.sh ; do\n"  # noqa: E501
        '    [ -r "$i" ] && . "$i" >/dev/null 2>&1\ndone\nunset i\n',
        0o644,
    ),
    ("/etc/bashrc", '# System-wide functions and aliases\n[ "$PS1" ] && PS1="[\\u@\\h \\W]\\\\$ "\n', 0o644),
    ("/etc/shells", "/bin/sh\n/bin/bash\n/sbin/nologin\n/bin/dash\n", 0o644),
    ("/etc/motd", "", 0o644),
    (
        "/etc/services",
        "ssh             22/tcp\nssh             22/udp\ndomain          53/tcp\ndomain          53/udp\n"
        "http            80/tcp\nntp             123/udp\nhttps           443/tcp\nmysql           3306/tcp\n"
        "amqp            5672/tcp\nmemcache        11211/tcp\n",
        0o644,
    ),
    ("/etc/protocols", "ip\t0\tIP\nicmp\t1\tICMP\ntcp\t6\tTCP\nudp\t17\tUDP\ngre\t47\tGRE\n", 0o644),
    (
        "/etc/sudoers",
        "Defaults    requiretty\nDefaults    env_reset\nDefaults    secure_path = "
        "/sbin:/bin:/usr/sbin:/usr/bin\n\nroot\tALL=(ALL) \tALL\n\n# %wheel\tALL=(ALL)\tALL\n#includedir /etc/sudoers.d\n",  # noqa: E501
        0o440,
    ),
    ("/etc/sysconfig/clock", 'ZONE="UTC"\n', 0o644),
    ("/etc/sysconfig/i18n", 'LANG="en_US.UTF-8"\nSYSFONT="latarcyrheb-sun16"\n', 0o644),
    (
        "/etc/sysconfig/init",
        'BOOTUP=color\nRES_COL=60\nMOVE_TO_COL="echo -en \\\\033[${RES_COL}G"\nLOGLEVEL=3\nPROMPT=yes\n',
        0o644,
    ),
    ("/etc/sysconfig/iptables", STOCK, 0o600),
    ("/etc/sysconfig/ip6tables", STOCK.replace("-p icmp ", "-p ipv6-icmp ").replace("icmp-host-", "icmp6-adm-"), 0o600),
    (
        "/etc/sysconfig/iptables-config",
        'IPTABLES_MODULES=""\nIPTABLES_MODULES_UNLOAD="yes"\nIPTABLES_SAVE_ON_STOP="no"\n'
        'IPTABLES_SAVE_ON_RESTART="no"\nIPTABLES_SAVE_COUNTER="no"\nIPTABLES_STATUS_NUMERIC="yes"\n'
        'IPTABLES_STATUS_VERBOSE="no"\nIPTABLES_STATUS_LINENUMBERS="yes"\n',
        0o600,
    ),
    (
        "/etc/sysconfig/network-scripts/ifcfg-lo",
        "DEVICE=lo\nIPADDR=127.0.0.1\nNETMASK=255.0.0.0\nNETWORK=127.0.0.0\nBROADCAST=127.255.255.255\nONBOOT=yes\n"
        "NAME=loopback\n",
        0o644,
    ),
    (
        "/etc/rc.d/rc.local",
        "#!/bin/sh\n#\n# Runs after all the other init scripts.\n\ntouch /var/lock/subsys/local\n",
        0o755,
    ),
    ("/etc/rc.d/init.d/functions", FUNCTIONS, 0o644),
    ("/etc/logrotate.conf", "weekly\nrotate 4\ncreate\ndateext\ninclude /etc/logrotate.d\n", 0o644),
    (
        "/etc/rsyslog.conf",
        "$ModLoad imuxsock\n$ModLoad imklog\n*.info;mail.none;authpriv.none;cron.none /var/log/messages\n"
        "authpriv.* /var/log/secure\n",
        0o644,
    ),
    ("/etc/localtime", "TZif2\n", 0o644),
    ("/etc/login.defs", "UID_MIN 500\nGID_MIN 500\nUMASK 077\nENCRYPT_METHOD SHA512\n", 0o644),
    ("/etc/modprobe.d/dist.conf", "alias char-major-10-200 tun\n", 0o644),
    ("/etc/lvm/lvm.conf", 'devices {\n    filter = [ "a/.*/" ]\n}\n', 0o644),
    ("/etc/crontab", "SHELL=/bin/bash\nPATH=/sbin:/bin:/usr/sbin:/usr/bin\nMAILTO=root\nHOME=/\n", 0o644),
    ("/etc/rpc", "portmapper\t100000\tportmap sunrpc rpcbind\n", 0o644),
    ("/root/.bashrc", BASHRC, 0o644),
    ("/root/.bash_profile", BASH_PROFILE, 0o644),
    ("/root/.bash_logout", "# ~/.bash_logout\n", 0o644),
    ("/root/.cshrc", "# .cshrc\n", 0o644),
    ("/root/.tcshrc", "# .tcshrc\n", 0o644),
    ("/etc/skel/.bashrc", "# .bashrc\n\nif [ -f /etc/bashrc ]; then\n\t. /etc/bashrc\nfi\n", 0o644),
    ("/etc/skel/.bash_profile", BASH_PROFILE, 0o644),
]
LINKS = [  # target, path
    ("rc.d/init.d", "/etc/init.d"),
    ("rc.d/rc.local", "/etc/rc.local"),
    ("centos-release", "/etc/redhat-release"),
    ("centos-release", "/etc/system-release"),
    ("../boot/grub/grub.conf", "/etc/grub.conf"),
    ("./grub.conf", "/boot/grub/menu.lst"),
    ("../selinux/config", "/etc/sysconfig/selinux"),
    ("/proc/mounts", "/etc/mtab"),
    ("spool/mail", "/var/mail"),
    ("bash", "/bin/sh"),
]
LOGS = [
    ("/var/log/messages", 0o600),
    ("/var/log/secure", 0o600),
    ("/var/log/maillog", 0o600),
    ("/var/log/cron", 0o600),
    ("/var/log/boot.log", 0o644),
    ("/var/log/dmesg", 0o644),
    ("/var/log/wtmp", 0o664),
    ("/var/log/btmp", 0o600),
    ("/var/log/lastlog", 0o644),
    ("/var/log/spooler", 0o600),
    ("/var/log/yum.log", 0o600),
    ("/var/log/audit/audit.log", 0o600),
]
DEVICES = [
    ("/dev/null", 0o666, (1, 3)),
    ("/dev/zero", 0o666, (1, 5)),
    ("/dev/full", 0o666, (1, 7)),
    ("/dev/random", 0o666, (1, 8)),
    ("/dev/urandom", 0o666, (1, 9)),
    ("/dev/tty", 0o666, (5, 0)),
    ("/dev/console", 0o600, (5, 1)),
    ("/dev/ptmx", 0o666, (5, 2)),
]
BLOCKS = [("/dev/vda", (252, 0)), ("/dev/vda1", (252, 1)), ("/dev/vda2", (252, 2)), ("/dev/sr0", (11, 0))] + [
    (f"/dev/loop{n}", (7, n)) for n in range(8)
]
SPECIAL_MODES = {
    "/root": 0o550,
    "/root/.ssh": 0o700,
    "/tmp": 0o1777,
    "/var/tmp": 0o1777,
    "/var/log/audit": 0o750,
    "/etc/sudoers.d": 0o750,
    "/dev/shm": 0o1777,
    "/var/empty/sshd": 0o711,
    "/proc": 0o555,
}


# Packages that own files written here (rpm -qf, rpm -V); the others belong to none, as those of anaconda.
FILE_OWNERS = {
    "setup": "/etc/hosts /etc/host.conf /etc/hosts.allow /etc/hosts.deny /etc/profile /etc/bashrc /etc/shells /etc/motd "  # noqa: E501
    "/etc/services /etc/protocols /etc/passwd /etc/group /etc/shadow /etc/gshadow",
    "glibc": "/etc/nsswitch.conf /etc/rpc",
    "initscripts": "/etc/sysctl.conf /etc/inittab /etc/sysconfig/init /etc/sysconfig/network-scripts/ifcfg-lo "
    "/etc/rc.d/rc.local /etc/rc.d/init.d/functions",
    "openssh-server": "/etc/ssh/sshd_config",
    "openssh-clients": "/etc/ssh/ssh_config",
    "sudo": "/etc/sudoers",
    "iptables": "/etc/sysconfig/iptables-config",
    "logrotate": "/etc/logrotate.conf",
    "rsyslog": "/etc/rsyslog.conf",
    "shadow-utils": "/etc/login.defs",
    "lvm2": "/etc/lvm/lvm.conf",
    "crontabs": "/etc/crontab",
    "module-init-tools": "/etc/modprobe.d/dist.conf",
    "rootfiles": "/root/.bashrc /root/.bash_profile /root/.bash_logout /root/.cshrc /root/.tcshrc",
}


def _record_owners(node: Node) -> None:
    """Let packages own what they would have brought."""
    for package, paths in FILE_OWNERS.items():
        listed = node.extra.setdefault("manifest", {}).setdefault(package, {})
        for path in paths.split():
            info = node.fs.stat(path)
            listed[path] = (node.fs.checksum(path), info.size, info.mode, True)


def populate(world: World, node: Node) -> None:
    """What must be there before the first package: directories, accounts, links."""
    fs = node.fs
    for path in [*DIRECTORIES, "/tmp", "/var/tmp"]:
        if path != "/var/mail":
            fs.mkdir(path, parents=True)
    fs.write("/etc/passwd", PASSWD)
    fs.write("/etc/group", GROUPS)
    fs.write(
        "/etc/shadow", "".join(f"{line.split(':')[0]}:*:15980:0:99999:7:::\n" for line in PASSWD.splitlines()), 0o000
    )
    fs.write("/etc/gshadow", "".join(f"{line.split(':')[0]}:::\n" for line in GROUPS.splitlines()), 0o000)
    for path, mode in SPECIAL_MODES.items():
        fs.chmod(path, mode)
    for path, text, mode in TEXT_FILES:
        fs.mkdir(path.rpartition("/")[0], parents=True)
        fs.write(path, text, mode=mode)
    for target, path in LINKS:
        fs.symlink(target, path)
    for level in range(7):
        fs.mkdir(f"/etc/rc.d/rc{level}.d", parents=True)
        fs.symlink(f"rc.d/rc{level}.d", f"/etc/rc{level}.d")
    for path, mode in LOGS:
        fs.write(path, "", mode=mode)
    for path, mode, numbers in DEVICES:
        fs.mknod(path, "char", mode, numbers)
    for path, numbers in BLOCKS:
        fs.mknod(path, "block", 0o660, numbers)
        fs.chown(path, "root", "disk")


def finish(world: World, node: Node) -> None:
    """What anaconda writes last: host name, NICs, resolv.conf; labels as the policy wants them."""
    fs, spec = node.fs, node.spec
    fs.write("/etc/sysconfig/network", f"NETWORKING=yes\nHOSTNAME={node.fqdn}\n")
    for item in spec.nics:
        fs.write(f"/etc/sysconfig/network-scripts/ifcfg-{item['name']}", ifcfg_text(node, item))
    servers = spec.__dict__.get("dns") or (["8.8.8.8"] if spec.gateway else [])
    fs.write("/etc/resolv.conf", f"search {spec.domain}\n" + "".join(f"nameserver {s}\n" for s in servers))
    fs.write(
        "/root/anaconda-ks.cfg",
        "# Kickstart written by anaconda\nversion=DEVEL\ninstall\nlang en_US.UTF-8\n",
        mode=0o600,
    )
    fs.write("/root/install.log", "Installing libgcc-4.4.7-4.el6.x86_64\n*** FINISHED INSTALLING PACKAGES ***\n")
    fs.write("/root/install.log.syslog", "<86>Nov 29 2013 useradd: new group added to /etc/group\n")
    fs.write("/etc/udev/rules.d/70-persistent-net.rules", "".join(
        f'SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{{address}}=="{node.nics[n["name"]].mac}", '
        f'ATTR{{type}}=="1", KERNEL=="eth*", NAME="{n["name"]}"\n' for n in spec.nics))  # fmt: skip
    _record_owners(node)
    fs.restorecon("/", recursive=True)
    fs.set_context("/tmp", "system_u:object_r:tmp_t:s0")


def ifcfg_text(node: Node, item: dict) -> str:
    """The file that anaconda writes for a NIC. An entry `configured: False` leaves Step 1 to do (no address, DHCP)."""
    nic = node.nics[item["name"]]
    lines = [f"DEVICE={nic.name}", f"HWADDR={nic.mac.upper()}", "TYPE=Ethernet"]
    if not item.get("address") or item.get("configured", True) is False:
        lines += ["ONBOOT=no", "NM_CONTROLLED=yes", "BOOTPROTO=dhcp"]
        return "".join(f"{line}\n" for line in lines)
    face = ipaddress.ip_interface(item["address"])
    lines += ["ONBOOT=yes", "NM_CONTROLLED=yes", "BOOTPROTO=none", f"IPADDR={face.ip}", f"NETMASK={face.netmask}"]
    gateway = node.spec.gateway
    if gateway and ipaddress.ip_address(gateway) in face.network:
        lines += [f"GATEWAY={gateway}", "DNS1=8.8.8.8"]
    lines += ["IPV6INIT=no", "USERCTL=no"]
    return "".join(f"{line}\n" for line in lines)
