"""/proc and /sys of an instance."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from . import system

if TYPE_CHECKING:
    from ..world import Node

FILES = ("cmdline", "cpuinfo", "filesystems", "loadavg", "meminfo", "modules", "mounts", "partitions", "swaps",
         "uptime", "version")  # fmt: skip
WORLD: list = []  # the world in use: set by GuestMachine, the virtual files have no other way to it


def read(node: Node, path: str) -> bytes | None:
    """The bytes of a virtual file; None when there is none."""
    name = path.removeprefix("/proc/")
    maker = {
        "cmdline": lambda: "LABEL=cirros-rootfs ro console=tty1 console=ttyS0",
        "version": lambda: f"Linux version {system.RELEASE} (buildd@toyol) (gcc version 4.6.3 ) {system.BUILD}",
        "uptime": lambda: f"{time.time() - node.kernel.booted:.2f} {time.time() - node.kernel.booted:.2f}",
        "loadavg": lambda: "0.00 0.01 0.05 1/57 412",
        "partitions": lambda: partitions(node),
        "mounts": lambda: mounts(node),
        "meminfo": lambda: meminfo(node),
        "cpuinfo": lambda: cpuinfo(node),
        "modules": lambda: "acpiphp 24080 0 - Live 0x0000000000000000",
        "swaps": lambda: "Filename\t\t\t\tType\t\tSize\tUsed\tPriority",
        "filesystems": lambda: "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\n\text3\n\text2\n\text4",
    }.get(name)
    return (maker() + "\n").encode() if maker else None


def write(node: Node, path: str, data: bytes | str) -> bool:
    return False


def kind(node: Node, path: str) -> str | None:
    if path in ("/proc", "/sys"):
        return "dir"
    return "file" if path.removeprefix("/proc/") in FILES else None


def listdir(node: Node, path: str) -> list[str] | None:
    return list(FILES) if path == "/proc" else [] if path == "/sys" else None


def partitions(node: Node) -> str:
    """Blocks of 1 KiB; the root disk has one partition that was grown to the disk."""
    rows = ["major minor  #blocks  name", ""]
    for name, mib, _ in system.disks(WORLD[-1], system.instance_of(WORLD[-1], node)):
        minor = (ord(name[2]) - ord("a")) * 16
        rows.append(f" {253:3d}     {minor:4d} {mib * 1024:10d} {name}")
        if name == "vda":
            rows.append(f" {253:3d}     {minor + 1:4d} {mib * 1024 - 8032:10d} {name}1")
    return "\n".join(rows)


def mounts(node: Node) -> str:
    rows = [
        "rootfs / rootfs rw 0 0", "/dev /dev devtmpfs rw,relatime,size=248168k,nr_inodes=62042,mode=755 0 0",
        "/dev/vda1 / ext3 rw,relatime,errors=continue,user_xattr,acl,barrier=1,data=ordered 0 0",
        "/proc /proc proc rw,relatime 0 0", "sysfs /sys sysfs rw,relatime 0 0",
        "devpts /dev/pts devpts rw,relatime,gid=5,mode=620 0 0", "tmpfs /dev/shm tmpfs rw,relatime,mode=777 0 0",
        "tmpfs /run tmpfs rw,nosuid,relatime,size=200k,mode=755 0 0",
    ]  # fmt: skip
    for point, device in node.extra.get("mounts", {}).items():
        rows.append(f"{device} {point} {node.extra.get('types', {}).get(device, 'ext3')} rw,relatime 0 0")
    return "\n".join(rows)


def memory_kib(node: Node) -> int:
    return system.instance_flavor(WORLD[-1], system.instance_of(WORLD[-1], node)).ram * 1024


def meminfo(node: Node) -> str:
    total = memory_kib(node) - 20960
    free = total - 30012
    return (
        f"MemTotal:       {total:8d} kB\nMemFree:        {free:8d} kB\nBuffers:            1768 kB\n"
        f"Cached:             7244 kB\nSwapTotal:             0 kB\nSwapFree:              0 kB"
    )


def cpuinfo(node: Node) -> str:
    world = WORLD[-1]
    instance = system.instance_of(world, node)
    host = world.nodes.get(instance.host or "")
    kvm = world.cloud.nova.settings(instance.host).virt_type == "kvm" if instance.host else False
    amd = host is not None and host.spec.vmx == "svm"
    model = "QEMU Virtual CPU version (cpu64-rhel6)" if not kvm else "Intel Xeon E312xx (Sandy Bridge)"
    if kvm and amd:
        model = "AMD Opteron 23xx (Gen 3 Class Opteron)"
    blocks = [
        f"processor\t: {n}\nvendor_id\t: {'AuthenticAMD' if amd else 'GenuineIntel'}\ncpu family\t: 6\n"
        f"model name\t: {model}\ncpu MHz\t\t: 2593.748\ncache size\t: 4096 KB\n"
        "flags\t\t: fpu de pse tsc msr pae mce cx8 apic sep mtrr "
        "pge mca cmov pat pse36 clflush mmx fxsr sse sse2 syscall nx lm hypervisor\n"
        for n in range(system.instance_flavor(world, instance).vcpus)
    ]
    return "\n".join(blocks)
