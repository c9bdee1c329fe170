"""Building, starting and stopping a node.

    build_node(world, spec)     a freshly installed CentOS 6.5, powered on
    power_on(world, node)       what boot does: kernel, sysctl, SELinux, NICs, services, rc.local
    power_off(world, node)

What survives is in files, packages and the Open vSwitch database; the rest is rebuilt here.
"""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import firewall, ifcfg, image, modules, packages, services, settings
from .nodestate import append, kernel_message, now, runtime, syslog
from .world import Kernel, Nic, Node, Service

if TYPE_CHECKING:
    from .world import NodeSpec, World

GRUB = "/boot/grub/grub.conf"
RC_LOCAL = "/etc/rc.d/rc.local"
BOOT_HOOKS: list[Callable[[World, Node], None]] = []  # after the services, before rc.local


def build_node(world: World, spec: NodeSpec) -> Node:
    """A fresh "minimal" installation, powered on, added to the world.

    Example:
        >>> from rdokit.lab.world import World, NodeSpec
        >>> w = World("doc")
        >>> n = build_node(w, NodeSpec("node1", nics=[{"name": "eth0", "mac": "52:54:00:00:00:01",
        ...                                             "address": "192.168.0.11/24"}]))
        >>> n.fs.read_text("/etc/redhat-release"), n.kernel.release
        ('CentOS release 6.5 (Final)\\n', '2.6.32-431.el6.x86_64')
    """
    from .fs import Filesystem

    node = Node(spec, Filesystem(spec.name), Kernel(""))
    node.extra["built"] = world.clock.now()
    node.nics["lo"] = Nic("lo", "00:00:00:00:00:00", kind="loopback", mtu=16436)
    for item in spec.nics:
        node.nics[item["name"]] = Nic(item["name"], item.get("mac", "").lower() or _mac(world, spec, item["name"]))
    image.populate(world, node)
    for item in packages.minimal():
        packages.put(world, node, item)
        node.packages[item.name].repo = ""
    image.finish(world, node)
    offset = spec.__dict__.get("clock_offset")
    node.extra["clock_offset"] = offset if offset is not None else _offset(world, spec.name)
    world.nodes[spec.name] = node
    power_on(world, node)
    return node


def _mac(world: World, spec: NodeSpec, name: str) -> str:
    import hashlib

    digest = hashlib.sha256(f"{world.seed}/{spec.name}/{name}".encode()).hexdigest()
    return "52:54:00:" + ":".join(digest[i : i + 2] for i in (0, 2, 4))


def _offset(world: World, name: str) -> float:
    """Nobody sets the clocks before Step 7: each node is off by its own few seconds (defect 15)."""
    import hashlib

    number = int(hashlib.sha256(f"{world.seed}/{name}/clock".encode()).hexdigest()[:6], 16)
    return round((number / 0xFFFFFF - 0.5) * 12, 3)


# -- the boot loader ---------------------------------------------------------------------------------------------------


def add_boot_entry(node: Node, release: str) -> None:
    """What installing a kernel does to grub.conf: a new first entry that becomes the default."""
    fs = node.fs
    fs.write(f"/boot/initramfs-{release}.img", f"initramfs {release}\n", mode=0o600)
    entry = (
        f"title CentOS ({release})\n\troot (hd0,0)\n"
        f"\tkernel /vmlinuz-{release} ro root=/dev/mapper/VolGroup-lv_root rd_NO_LUKS LANG=en_US.UTF-8 "
        "rd_NO_MD rd_LVM_LV=VolGroup/lv_swap SYSFONT=latarcyrheb-sun16 crashkernel=auto "
        "rd_LVM_LV=VolGroup/lv_root  KEYBOARDTYPE=pc KEYTABLE=us rd_NO_DM rhgb quiet\n"
        f"\tinitrd /initramfs-{release}.img\n"
    )
    try:
        text = fs.read_text(GRUB)
    except OSError:
        fs.mkdir("/boot/grub", parents=True)
        text = image.GRUB_HEAD
    head, title, rest = text.partition("title ")
    head = re.sub(r"^default=\d+", "default=0", head, flags=re.M)
    fs.write(GRUB, head + entry + title + rest, mode=0o600)


def remove_boot_entry(node: Node, release: str) -> None:
    text = node.fs.read_text(GRUB)
    parts = re.split(r"(?=^title )", text, flags=re.M)
    node.fs.write(GRUB, "".join(part for part in parts if f"/vmlinuz-{release} " not in part))
    with contextlib.suppress(OSError):
        node.fs.remove(f"/boot/initramfs-{release}.img")


def boot_entry(node: Node) -> tuple[str, str]:
    """(kernel release, its command line) of grub.conf's default entry."""
    try:
        text = node.fs.read_text(GRUB)
    except OSError:
        text = ""
    default = re.search(r"^default=(\d+)", text, re.M)
    entries = re.findall(r"^\s*kernel\s+/(?:boot/)?vmlinuz-(\S+)\s*(.*)$", text, re.M)
    if not entries:
        return packages.newest_kernel(node), "ro root=/dev/mapper/VolGroup-lv_root"
    number = int(default.group(1)) if default else 0
    return entries[number] if number < len(entries) else entries[0]


# -- on ----------------------------------------------------------------------------------------------------------------


def selinux_config(node: Node) -> str:
    """SELINUX= of /etc/selinux/config (enforcing when it cannot be read)."""
    try:
        text = node.fs.read_text("/etc/selinux/config")
    except OSError:
        return "disabled"
    found = re.findall(r"^\s*SELINUX\s*=\s*(\w+)", text, re.M)
    return found[-1].lower() if found and found[-1].lower() in ("enforcing", "permissive", "disabled") else "enforcing"


def power_on(world: World, node: Node) -> None:
    """Boot. Files decide: grub.conf, sysctl.conf, selinux/config, ifcfg-*, runlevels, rc.local."""
    release, arguments = boot_entry(node)
    node.extra["runtime"] = {"cmdline": arguments}
    node.kernel = Kernel(release, world.ids.uuid(), world.clock.now(), settings.fresh())
    node.up = True
    _selinux(node, arguments)
    for name in modules.BOOT:
        modules.load(world, node, name)
    for service in node.services.values():
        service.running, service.pid, service.state = False, 0, {}
    ifcfg.forget(node)
    _hostname(node)
    with contextlib.suppress(OSError):
        settings.apply_file(node, node.fs.read_text("/etc/sysctl.conf"))
    _tidy(node)
    _wtmp(world, node, "reboot", release)
    syslogd = node.services.get("rsyslog")
    if syslogd is not None:
        syslogd.running = True  # so that the first messages are kept; it is started again in its turn
    for text in _first_messages(node, release, arguments):
        kernel_message(world, node, text)
    if syslogd is not None:
        syslogd.running = False
    _services(world, node)
    load_kvm(world, node)
    for hook in BOOT_HOOKS:
        hook(world, node)
    rc_local(world, node)
    runtime(node)["next_pid"] = 20000  # what is started later gets other numbers than the sessions' processes
    services.reconcile(world)


def _services(world: World, node: Node) -> None:
    busy, services._busy = services._busy, True  # one reconcile at the end instead of eighty
    try:
        for name in services.order(node, runlevel(node)):
            service = node.services.get(name)
            if service is not None and not service.running:
                services.act(world, node, name, "start")
    finally:
        services._busy = busy


def runlevel(node: Node) -> int:
    """The default runlevel of /etc/inittab."""
    try:
        found = re.search(r"^id:([2345]):initdefault:", node.fs.read_text("/etc/inittab"), re.M)
    except OSError:
        found = None
    return int(found.group(1)) if found else 3


def _selinux(node: Node, arguments: str) -> None:
    mode = selinux_config(node)
    if re.search(r"\bselinux=0\b", arguments):
        mode = "disabled"
    elif re.search(r"\benforcing=0\b", arguments) and mode == "enforcing":
        mode = "permissive"
    before = node.extra.get("selinux_before", mode)
    if before == "disabled" and mode != "disabled":
        node.fs.restorecon("/", recursive=True)  # files made without labels: init relabels at this boot
        node.extra["relabelled"] = node.extra.get("relabelled", 0) + 1
    if node.fs.exists("/.autorelabel"):
        node.fs.remove("/.autorelabel")
        node.fs.restorecon("/", recursive=True)
    node.extra["selinux_before"] = mode
    node.kernel.selinux = mode


def _hostname(node: Node) -> None:
    node.extra["hostname"] = ifcfg.global_settings(node).get("HOSTNAME") or "localhost.localdomain"


def _tidy(node: Node) -> None:
    """/var/run and /var/lock are emptied by rc.sysinit; /tmp is kept on CentOS 6."""
    for directory in ("/var/lock/subsys",):
        with contextlib.suppress(OSError):
            for name in node.fs.listdir(directory):
                node.fs.remove(f"{directory}/{name}")
    with contextlib.suppress(OSError):
        for name in node.fs.listdir("/var/run"):
            if name.endswith(".pid"):
                node.fs.remove(f"/var/run/{name}")


def _first_messages(node: Node, release: str, arguments: str) -> list[str]:
    cpus = node.spec.cpus
    return [
        "imklog 5.8.10, log source = /proc/kmsg started.",
        f"Linux version {release} (mockbuild@c6b8.bsys.dev.centos.org) (gcc version 4.4.7 20120313 "
        "(Red Hat 4.4.7-4) (GCC) ) #1 SMP Fri Nov 22 03:15:09 UTC 2013",
        f"Command line: {arguments}",
        f"Memory: {int(node.spec.memory_mb * 1024 * 0.98)}k/{node.spec.memory_mb * 1024}k available",
        f"Brought up {cpus} CPUs",
        " vda: vda1 vda2",
        *[f"{spec['name']}: Link is up" for spec in node.spec.nics],
    ]


def load_kvm(world: World, node: Node) -> None:
    """/etc/sysconfig/modules/kvm.modules of qemu-kvm, at boot and when the package is installed."""
    module = modules.kvm_module(node)
    if module and node.fs.exists("/etc/sysconfig/modules/kvm.modules"):
        with contextlib.suppress(modules.ModuleError):
            modules.load(world, node, module)


def rc_local(world: World, node: Node) -> None:
    """Run what /etc/rc.d/rc.local says: losetup, modprobe, sysctl, service, touch; other commands are only logged."""
    fs = node.fs
    try:
        if not fs.stat(RC_LOCAL).mode & 0o100:
            return
        text = fs.read_text(RC_LOCAL)
    except OSError:
        return
    for raw in re.split(r"\n|;|&&", text):
        try:
            words = shlex.split(raw, comments=True)
        except ValueError:
            continue
        if words:
            with contextlib.suppress(OSError, KeyError, ValueError, PermissionError, modules.ModuleError):
                _rc_command(world, node, [words[0].rpartition("/")[2], *words[1:]])


def _rc_command(world: World, node: Node, words: list[str]) -> None:
    name, arguments = words[0], words[1:]
    plain = [w for w in arguments if not w.startswith("-")]
    if name == "losetup":
        from . import storage

        file = plain[-1]
        storage.attach_loop(world, node, file, plain[0] if len(plain) > 1 else "")
    elif name == "modprobe" and plain:
        modules.load(world, node, plain[0])
    elif name == "sysctl":
        if "-p" in arguments or plain == []:
            settings.apply_file(node, node.fs.read_text(plain[0] if plain else "/etc/sysctl.conf"))
        for setting in plain:
            key, equals, value = setting.partition("=")
            if equals:
                settings.put(node, settings.dotted(key), value)
    elif name == "service" and len(plain) > 1:
        services.act(world, node, plain[0], plain[1])
    elif name == "touch":
        for path in plain:
            node.fs.write(path, "", append=True)
    elif name == "echo" and ">" in arguments:
        where = arguments.index(">")
        value, path = " ".join(arguments[:where]), arguments[where + 1]
        if path.startswith("/proc/sys/"):
            settings.put(node, path.removeprefix("/proc/sys/").replace("/", "."), value)
        else:
            node.fs.write(path, value + "\n")
    elif name not in ("exit", "true", "#!/bin/sh"):
        append(node, "/var/log/boot.log", f"rc.local: {' '.join(words)}\n", 0o644)


# -- off ---------------------------------------------------------------------------------------------------------------


def power_off(world: World, node: Node) -> None:
    """Stop the services and the machine; nothing answers until `power_on`."""
    syslog(world, node, "init", "Switching to runlevel: 6" if node.up else "")
    for service in node.services.values():
        service.running, service.pid, service.state = False, 0, {}
    _wtmp(world, node, "shutdown", node.kernel.release)
    node.up = False
    for nic in node.nics.values():
        nic.up = False
    services.reconcile(world)


def _wtmp(world: World, node: Node, kind: str, release: str) -> None:
    node.extra.setdefault("wtmp", []).append({"kind": kind, "time": now(world, node), "release": release})


def reset_iptables(node: Node) -> None:
    """What `service iptables start` loads: /etc/sysconfig/iptables."""
    node.kernel.iptables = {}
    firewall.restore(node, node.fs.read_text("/etc/sysconfig/iptables"))


def _kvm_files(world: World, node: Node) -> None:
    node.fs.mkdir("/etc/sysconfig/modules", parents=True)
    text = "#!/bin/sh\n\nif [ $(grep -c vmx /proc/cpuinfo) -ne 0 ]; then\n    modprobe kvm-intel >/dev/null 2>&1\nfi\n"
    text += "if [ $(grep -c svm /proc/cpuinfo) -ne 0 ]; then\n    modprobe kvm-amd >/dev/null 2>&1\nfi\n"
    node.fs.write("/etc/sysconfig/modules/kvm.modules", text, mode=0o755)
    load_kvm(world, node)


packages.HOOKS.setdefault("qemu-kvm", []).append(_kvm_files)
__all__ = ["BOOT_HOOKS", "build_node", "power_off", "power_on", "rc_local", "Service"]
