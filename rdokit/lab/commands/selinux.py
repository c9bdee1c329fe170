"""SELinux (Step 3): getenforce, setenforce, sestatus, booleans, semodule, fixfiles."""

from __future__ import annotations

from ..boot import selinux_config
from ..nodestate import syslog
from ..process import Process, command

BOOLEANS = {
    "httpd_can_network_connect": "off",
    "httpd_can_network_connect_db": "off",
    "httpd_use_openstack": "off",
    "virt_use_nfs": "off",
    "virt_use_fusefs": "off",
    "allow_daemons_use_tty": "on",
    "ftp_home_dir": "off",
    "nis_enabled": "off",
    "ssh_sysadm_login": "off",
}


def disabled(p: Process) -> bool:
    return p.node.kernel.selinux == "disabled"


@command("getenforce", path="/usr/sbin")
async def getenforce(p: Process) -> int:
    p.print(p.node.kernel.selinux.capitalize())
    return 0


@command("selinuxenabled", path="/usr/sbin")
async def selinuxenabled(p: Process) -> int:
    return 1 if disabled(p) else 0


@command("setenforce", path="/usr/sbin")
async def setenforce(p: Process) -> int:
    """Switch between enforcing and permissive; what is disabled stays so until a reboot."""
    if len(p.argv) != 2:
        p.error("usage:  setenforce [ Enforcing | Permissive | 1 | 0 ]")
        return 1
    if disabled(p):
        p.error("setenforce: SELinux is disabled")
        return 1
    word = p.argv[1].lower()
    mode = {"1": "enforcing", "enforcing": "enforcing", "0": "permissive", "permissive": "permissive"}.get(word)
    if mode is None:
        p.error("usage:  setenforce [ Enforcing | Permissive | 1 | 0 ]")
        return 1
    if p.user != "root":
        p.error("setenforce:  setenforce() failed")
        return 1
    before = p.node.kernel.selinux
    p.node.kernel.selinux = mode
    number = {"enforcing": 1, "permissive": 0}
    syslog(
        p.world,
        p.node,
        "kernel",
        f"type=1404 audit: enforcing={number[mode]} old_enforcing={number[before]} auid=0 ses=1",
    )
    return 0


@command("sestatus", path="/usr/sbin")
async def sestatus(p: Process) -> int:
    if disabled(p):
        p.print("SELinux status:                 disabled")
        return 0
    p.print("SELinux status:                 enabled")
    p.print("SELinuxfs mount:                /selinux")
    p.print(f"Current mode:                   {p.node.kernel.selinux}")
    p.print(f"Mode from config file:          {selinux_config(p.node)}")
    p.print("Policy version:                 24")
    p.print("Policy from config file:        targeted")
    return 0


def _booleans(p: Process) -> dict[str, str]:
    return p.node.extra.setdefault("booleans", dict(BOOLEANS))


@command("getsebool", path="/usr/sbin")
async def getsebool(p: Process) -> int:
    if disabled(p):
        p.error("getsebool:  SELinux is disabled")
        return 1
    names = p.argv[1:]
    if not names:
        p.error("usage:  getsebool -a or getsebool boolean...")
        return 1
    values = _booleans(p)
    for name in sorted(values) if names == ["-a"] else names:
        if name not in values:
            p.error(f"Error getting active value for {name}")
            return 1
        p.print(f"{name} --> {values[name]}")
    return 0


@command("setsebool", path="/usr/sbin")
async def setsebool(p: Process) -> int:
    words = [w for w in p.argv[1:] if w not in ("-P", "-N", "-V")]
    if disabled(p):
        p.error("setsebool:  SELinux is disabled.")
        return 1
    if len(words) == 2 and "=" not in words[0]:
        words = [f"{words[0]}={words[1]}"]
    if not words or any("=" not in w for w in words):
        p.error("\nUsage:  setsebool [ -NPV ] boolean value | bool1=val1 bool2=val2...\n")
        return 1
    values = _booleans(p)
    for word in words:
        name, _, value = word.partition("=")
        if name not in values:
            p.error(
                f"Could not change boolean {name}"
                if "-P" not in p.argv
                else f"libsemanage.dbase_llist_set: record not found in the database\nCould not change boolean {name}"
            )
            return 1
        values[name] = "on" if value in ("1", "on", "true") else "off"
    return 0


@command("semodule", path="/usr/sbin")
async def semodule(p: Process) -> int:
    if "-l" in p.argv:
        for name in ("abrt\t1.2.0", "apache\t2.1.2", "mysql\t1.12.1", "ntp\t1.9.1", "ssh\t2.2.0", "virt\t1.4.0"):
            p.print(name)
    return 0


@command("fixfiles", path="/sbin")
async def fixfiles(p: Process) -> int:
    """fixfiles onboot | relabel: the next boot relabels."""
    if len(p.argv) > 1 and p.argv[-1] in ("onboot", "relabel"):
        p.node.fs.write("/.autorelabel", "")
        if p.argv[-1] == "onboot":
            p.print("System will relabel on next boot")
        return 0
    return 0
