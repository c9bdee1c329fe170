"""Kernel settings (sysctl): which keys a CentOS 6 kernel has, what it makes of a value, what moves together.

    get(node, "net.ipv4.ip_forward") -> "0"       # KeyError: no such key
    put(node, "net.ipv4.ip_forward", "1  #x")     # PermissionError, ValueError as write(2) fails

The kernel reads the leading number of what it is given. `net.ipv4.ip_forward` and `conf.all.forwarding` are one
switch. A network interface that has an address keeps its own `conf.NAME.*`: a change of `conf.default.*` reaches
only those that come up later (so Step 2 of the document is complete after Step 6's reboot).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .world import Node

DEFAULTS = {
    "abi.vsyscall32": "1",
    "debug.exception-trace": "1",
    "fs.aio-max-nr": "65536",
    "fs.file-max": "785592",
    "fs.inotify.max_user_instances": "128",
    "fs.inotify.max_user_watches": "8192",
    "fs.nr_open": "1048576",
    "fs.suid_dumpable": "0",
    "kernel.acct": "4\t2\t30",
    "kernel.core_pattern": "core",
    "kernel.core_uses_pid": "0",
    "kernel.ctrl-alt-del": "0",
    "kernel.exec-shield": "1",
    "kernel.hung_task_timeout_secs": "120",
    "kernel.modprobe": "/sbin/modprobe",
    "kernel.msgmax": "8192",
    "kernel.msgmnb": "16384",
    "kernel.msgmni": "15961",
    "kernel.panic": "0",
    "kernel.pid_max": "32768",
    "kernel.printk": "4\t4\t1\t7",
    "kernel.random.entropy_avail": "3312",
    "kernel.random.poolsize": "4096",
    "kernel.randomize_va_space": "2",
    "kernel.sem": "250\t32000\t32\t128",
    "kernel.shmall": "268435456",
    "kernel.shmmax": "33554432",
    "kernel.shmmni": "4096",
    "kernel.sysrq": "0",
    "kernel.threads-max": "127697",
    "net.core.netdev_max_backlog": "1000",
    "net.core.rmem_default": "124928",
    "net.core.rmem_max": "124928",
    "net.core.somaxconn": "128",
    "net.core.wmem_default": "124928",
    "net.core.wmem_max": "124928",
    "net.ipv4.icmp_echo_ignore_all": "0",
    "net.ipv4.icmp_echo_ignore_broadcasts": "1",
    "net.ipv4.ip_forward": "0",
    "net.ipv4.ip_local_port_range": "32768\t61000",
    "net.ipv4.ip_default_ttl": "64",
    "net.ipv4.neigh.default.gc_thresh1": "128",
    "net.ipv4.neigh.default.gc_thresh2": "512",
    "net.ipv4.neigh.default.gc_thresh3": "1024",
    "net.ipv4.tcp_fin_timeout": "60",
    "net.ipv4.tcp_keepalive_time": "7200",
    "net.ipv4.tcp_keepalive_intvl": "75",
    "net.ipv4.tcp_keepalive_probes": "9",
    "net.ipv4.tcp_max_syn_backlog": "1024",
    "net.ipv4.tcp_mtu_probing": "0",
    "net.ipv4.tcp_rmem": "4096\t87380\t4194304",
    "net.ipv4.tcp_sack": "1",
    "net.ipv4.tcp_syncookies": "1",
    "net.ipv4.tcp_timestamps": "1",
    "net.ipv4.tcp_tw_reuse": "0",
    "net.ipv4.tcp_window_scaling": "1",
    "net.ipv4.tcp_wmem": "4096\t16384\t4194304",
    "net.ipv6.conf.all.disable_ipv6": "0",
    "net.ipv6.conf.all.forwarding": "0",
    "net.ipv6.conf.default.disable_ipv6": "0",
    "net.ipv6.conf.default.forwarding": "0",
    "net.netfilter.nf_conntrack_max": "65536",
    "net.nf_conntrack_max": "65536",
    "vm.dirty_background_ratio": "10",
    "vm.dirty_ratio": "20",
    "vm.drop_caches": "0",
    "vm.max_map_count": "65530",
    "vm.min_free_kbytes": "67584",
    "vm.overcommit_memory": "0",
    "vm.overcommit_ratio": "50",
    "vm.swappiness": "60",
    "vm.vfs_cache_pressure": "100",
}
# net.ipv4.conf.NAME.*: value for all, for default (and so for new interfaces)
PER_NIC = {
    "accept_local": ("0", "0"),
    "accept_redirects": ("1", "1"),
    "accept_source_route": ("0", "1"),
    "arp_accept": ("0", "0"),
    "arp_announce": ("0", "0"),
    "arp_filter": ("0", "0"),
    "arp_ignore": ("0", "0"),
    "arp_notify": ("0", "0"),
    "bootp_relay": ("0", "0"),
    "disable_policy": ("0", "0"),
    "disable_xfrm": ("0", "0"),
    "force_igmp_version": ("0", "0"),
    "forwarding": ("0", "0"),
    "log_martians": ("0", "0"),
    "mc_forwarding": ("0", "0"),
    "medium_id": ("0", "0"),
    "promote_secondaries": ("0", "0"),
    "proxy_arp": ("0", "0"),
    "proxy_arp_pvlan": ("0", "0"),
    "rp_filter": ("0", "0"),
    "secure_redirects": ("1", "1"),
    "send_redirects": ("1", "1"),
    "shared_media": ("1", "1"),
    "src_valid_mark": ("0", "0"),
    "tag": ("0", "0"),
}
READ_ONLY = re.compile(
    r"kernel\.(ostype|osrelease|version|random\.(boot_id|uuid|entropy_avail|poolsize))|net\..*\.mc_forwarding"
)
TEXT = re.compile(r"kernel\.(hostname|domainname|core_pattern|modprobe|hotplug|osrelease|ostype|version|random\..*id)")
_CONF = re.compile(r"net\.ipv4\.conf\.(.+)\.(\w+)")


def fresh() -> dict[str, str]:
    """The settings of a kernel that has just started."""
    settings = dict(DEFAULTS)
    for key, (for_all, default) in PER_NIC.items():
        settings[f"net.ipv4.conf.all.{key}"] = for_all
        settings[f"net.ipv4.conf.default.{key}"] = default
    return settings


def dotted(key: str) -> str:
    """`net/ipv4/ip_forward` or `net.ipv4.ip_forward` -> dots; with slashes first, dots are part of a name.

    >>> dotted("net/ipv4/conf/eth0.100/rp_filter"), dotted("net.ipv4.ip_forward")
    ('net.ipv4.conf.eth0/100.rp_filter', 'net.ipv4.ip_forward')
    """
    slash, dot = key.find("/"), key.find(".")
    if slash == -1 or (dot != -1 and dot < slash):
        return key
    return key.replace(".", "\0").replace("/", ".").replace("\0", "/")


def path_of(key: str) -> str:
    """The file below /proc/sys."""
    return "/proc/sys/" + key.replace("/", "\0").replace(".", "/").replace("\0", ".")


def _nic_names(node: Node) -> list[str]:
    return [nic.name for nic in node.nics.values() if not nic.netns]


def keys(node: Node) -> list[str]:
    """Every key, in the order of `sysctl -a` (here: by name)."""
    found = set(node.kernel.sysctl) | {"kernel.hostname", "kernel.ostype", "kernel.osrelease", "kernel.random.boot_id"}
    for name in _nic_names(node):
        found |= {f"net.ipv4.conf.{name.replace('.', '/')}.{key}" for key in PER_NIC}
    return sorted(found)


def get(node: Node, key: str) -> str:
    """The value in force.

    Raises:
        KeyError: the kernel has no such key.
    """
    from .nodestate import hostname

    special = {"kernel.ostype": "Linux", "kernel.osrelease": node.kernel.release, "kernel.hostname": hostname(node)}
    if key in special:
        return special[key]
    if key == "kernel.random.boot_id":
        return node.kernel.boot_id
    if key in node.kernel.sysctl:
        return node.kernel.sysctl[key]
    match = _CONF.fullmatch(key)
    if match and match.group(2) in PER_NIC and match.group(1).replace("/", ".") in _nic_names(node):
        return node.kernel.sysctl[f"net.ipv4.conf.default.{match.group(2)}"]
    raise KeyError(key)


def put(node: Node, key: str, value: str) -> None:
    """Write a value as the kernel does.

    Raises:
        KeyError: no such key. PermissionError: read only. ValueError: not a number ("Invalid argument").
    """
    before = get(node, key)
    if READ_ONLY.fullmatch(key):
        raise PermissionError(key)
    if TEXT.fullmatch(key):
        if key == "kernel.hostname":
            node.extra["hostname"] = value.strip()
        else:
            node.kernel.sysctl[key] = value.strip()
        return
    numbers = re.findall(r"[-+]?\d+", re.match(r"\s*((?:[-+]?\d+\s*)*)", value).group(1))  # type: ignore[union-attr]
    if not numbers:
        raise ValueError(key)
    count = len(before.split())
    old = before.split()
    node.kernel.sysctl[key] = "\t".join([*map(str, map(int, numbers[:count])), *old[len(numbers) :]])
    _follow(node, key)


def _follow(node: Node, key: str) -> None:
    store = node.kernel.sysctl
    if key in ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding"):
        value = store[key]
        store["net.ipv4.ip_forward"] = store["net.ipv4.conf.all.forwarding"] = value
        store["net.ipv4.conf.default.forwarding"] = value
        for name in _nic_names(node):
            store[f"net.ipv4.conf.{name.replace('.', '/')}.forwarding"] = value
    if key in ("net.netfilter.nf_conntrack_max", "net.nf_conntrack_max"):
        store["net.netfilter.nf_conntrack_max"] = store["net.nf_conntrack_max"] = store[key]


def settle(node: Node, name: str) -> None:
    """An interface got its first address: from now on its settings are its own."""
    for key in PER_NIC:
        full = f"net.ipv4.conf.{name.replace('.', '/')}.{key}"
        node.kernel.sysctl.setdefault(full, node.kernel.sysctl[f"net.ipv4.conf.default.{key}"])


def apply_file(node: Node, text: str) -> list[tuple[str, str]]:
    """What rc.sysinit does at boot (`sysctl -e -p`): (key, value) of what was set; errors are passed over."""
    done = []
    for line in text.splitlines():
        line = line.strip()
        if not line or line[0] in "#;" or "=" not in line:
            continue
        key, _, value = line.partition("=")
        key = dotted(key.strip())
        try:
            put(node, key, value.strip())
        except (KeyError, PermissionError, ValueError):
            continue
        done.append((key, value.strip()))
    return done
