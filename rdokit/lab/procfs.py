"""/proc, /sys and /selinux of a node: files made from its state when they are read.

    read(node, path) -> bytes | None      # None: not ours, ask the file system
    write(node, path, data) -> bool       # True: taken; OSError as the kernel answers
    listdir(node, path) -> names | None,  kind(node, path) -> "file" | "dir" | None

`world` is needed for clocks only; it is found by `clock(node)` which boot's caller may replace.
"""

from __future__ import annotations

import errno
import os
import re
import time
from typing import TYPE_CHECKING

from . import modules, network, settings
from .nodestate import hostname, runtime

if TYPE_CHECKING:
    from .world import Node

ROOTS = ("/proc", "/sys", "/selinux")
MEM_KB_KERNEL = 0.976  # part of the installed memory that MemTotal shows
CPU_MODELS = {
    "vmx": ("GenuineIntel", "Intel(R) Xeon(R) CPU E5-2620 0 @ 2.00GHz", 6, 45, 7, "2000.040"),
    "svm": ("AuthenticAMD", "AMD Opteron(tm) Processor 6274", 21, 1, 2, "2200.048"),
    "": ("GenuineIntel", "QEMU Virtual CPU version (cpu64-rhel6)", 6, 13, 3, "2299.998"),
}
FLAGS = {
    "vmx": "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss ht syscall nx "  # noqa: E501
    "rdtscp lm constant_tsc arch_perfmon rep_good nopl pni pclmulqdq vmx ssse3 cx16 sse4_1 sse4_2 x2apic popcnt aes xsave avx "  # noqa: E501
    "hypervisor lahf_lm",
    "svm": "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ht syscall nx "  # noqa: E501
    "mmxext fxsr_opt rdtscp lm rep_good pni pclmulqdq ssse3 cx16 sse4_1 sse4_2 popcnt aes xsave avx hypervisor lahf_lm cmp_legacy "  # noqa: E501
    "svm cr8_legacy abm sse4a misalignsse",
    "": "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 syscall nx lm rep_good "  # noqa: E501
    "pni cx16 hypervisor lahf_lm",
}


def owns(path: str) -> bool:
    """Whether a path lies in a virtual file system."""
    return any(path == root or path.startswith(root + "/") for root in ROOTS)


def memory(node: Node) -> dict[str, int]:
    """KiB of memory: total, free, buffers, cached, swap. What runs takes its part."""
    total = int(node.spec.memory_mb * 1024 * MEM_KB_KERNEL)
    used = 180_000 + sum(90_000 if "-" in name else 12_000 for name, s in node.services.items() if s.running)
    used = min(used, int(total * 0.7))
    used += sum(node.extra.get("guest_memory_kb", {}).values())
    cached = min(total // 8, 400_000)
    return {
        "total": total,
        "free": max(60_000, total - used - cached - 40_000),
        "buffers": 40_000,
        "cached": cached,
        "swap_total": 4_194_296,
        "swap_free": 4_194_296,
    }


def uptime(node: Node) -> float:
    """Seconds since boot."""
    return max(0.01, time.time() - node.kernel.booted)


def load_average(node: Node) -> tuple[float, float, float]:
    up = uptime(node)
    busy = 0.02 * sum(1 for s in node.services.values() if s.running and "-" in s.name)
    start = max(0.0, 1.0 - up / 300)
    return (round(busy + start * 0.8, 2), round(busy + start * 0.5, 2), round(busy * 0.9 + start * 0.2, 2))


def _cpuinfo(node: Node) -> str:
    vendor, model, family, number, stepping, mhz = CPU_MODELS[node.spec.vmx]
    blocks = []
    for cpu in range(node.spec.cpus):
        rows = [
            ("processor\t", cpu),
            ("vendor_id\t", vendor),
            ("cpu family\t", family),
            ("model\t\t", number),
            ("model name\t", model),
            ("stepping\t", stepping),
            ("cpu MHz\t\t", mhz),
            ("cache size\t", "15360 KB" if node.spec.vmx else "4096 KB"),
            ("physical id\t", 0),
            ("siblings\t", node.spec.cpus),
            ("core id\t\t", cpu),
            ("cpu cores\t", node.spec.cpus),
            ("apicid\t\t", cpu),
            ("initial apicid\t", cpu),
            ("fpu\t\t", "yes"),
            ("fpu_exception\t", "yes"),
            ("cpuid level\t", 13),
            ("wp\t\t", "yes"),
            ("flags\t\t", FLAGS[node.spec.vmx]),
            ("bogomips\t", f"{float(mhz) * 2:.2f}"),
            ("clflush size\t", 64),
            ("cache_alignment\t", 64),
            ("address sizes\t", "46 bits physical, 48 bits virtual"),
        ]
        blocks.append("".join(f"{name}: {value}\n" for name, value in rows) + "power management:\n")
    return "\n".join(blocks) + "\n"


def _meminfo(node: Node) -> str:
    m = memory(node)
    rows = {
        "MemTotal": m["total"], "MemFree": m["free"], "Buffers": m["buffers"], "Cached": m["cached"], "SwapCached": 0,
        "Active": m["cached"] // 2 + 90_000, "Inactive": m["cached"] // 2, "SwapTotal": m["swap_total"],
        "SwapFree": m["swap_free"], "Dirty": 44, "Writeback": 0, "AnonPages": 90_000, "Mapped": 21_000, "Shmem": 220,
        "Slab": 61_000, "CommitLimit": m["swap_total"] + m["total"] // 2, "Committed_AS": 160_000,
        "VmallocTotal": 34_359_738_367, "HugePages_Total": 0, "Hugepagesize": 2048,
    }  # fmt: skip
    return "".join(
        f"{name + ':':<15} {value:>8}" + ("\n" if name == "HugePages_Total" else " kB\n")
        for name, value in rows.items()
    )


def mounts(node: Node) -> list[tuple[str, str, str, str]]:
    """(device, directory, type, options) of what is mounted."""
    found = [
        ("/dev/mapper/VolGroup-lv_root", "/", "ext4", "rw"),
        ("proc", "/proc", "proc", "rw"),
        ("sysfs", "/sys", "sysfs", "rw"),
        ("devpts", "/dev/pts", "devpts", "rw,gid=5,mode=620"),
        (
            "tmpfs",
            "/dev/shm",
            "tmpfs",
            "rw" + (',rootcontext="system_u:object_r:tmpfs_t:s0"' if node.kernel.selinux != "disabled" else ""),
        ),
        ("/dev/vda1", "/boot", "ext4", "rw"),
        ("none", "/proc/sys/fs/binfmt_misc", "binfmt_misc", "rw"),
    ]
    return found + list(runtime(node).get("mounts", []))


def _modules(node: Node) -> str:
    out = []
    for name, m in reversed(node.kernel.modules.items()):
        by = "".join(f"{b}," for b in reversed(m["by"])) or "-"
        out.append(f"{name} {m['size']} {m['used']} {by} Live 0xffffffffa0{len(out):02x}0000\n")
    return "".join(out)


def _version(node: Node) -> str:
    return (
        f"Linux version {node.kernel.release} (mockbuild@c6b8.bsys.dev.centos.org) (gcc version 4.4.7 20120313 "
        "(Red Hat 4.4.7-4) (GCC) ) #1 SMP Fri Nov 22 03:15:09 UTC 2013\n"
    )


def traffic(node: Node, name: str) -> tuple[int, int, int, int]:
    """(received bytes, packets, sent bytes, packets) of an interface; grows with time, the same for one moment."""
    seconds = int(uptime(node))
    base = sum(ord(c) for c in name) % 17 + 3
    return (
        seconds * base * 97 + 54_000,
        seconds * base // 9 + 500,
        seconds * base * 61 + 48_000,
        seconds * base // 10 + 420,
    )


def _net_dev(node: Node) -> str:
    out = [
        "Inter-|   Receive                                                |  Transmit\n",
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n",  # noqa: E501
    ]
    for nic in network.interfaces(node):
        rx, rxp, tx, txp = traffic(node, nic.name) if nic.up else (0, 0, 0, 0)
        out.append(
            f"{nic.name:>6}:{rx:>8} {rxp:>7}    0    0    0     0          0         0 {tx:>8} {txp:>7}    0    0    0     0       0          0\n"  # noqa: E501
        )
    return "".join(out)


def _little(address: str) -> str:
    part = [int(p) for p in address.split(".")]
    return "".join(f"{p:02X}" for p in reversed(part))


def _net_route(node: Node) -> str:
    out = [
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT                                                       \n"  # noqa: E501
    ]
    for r in network.routes(node):
        out.append(
            f"{r.dev}\t{_little(str(r.network.network_address))}\t{_little(r.via or '0.0.0.0')}\t000{3 if r.via else 1}\t0\t0\t"  # noqa: E501
            f"{r.metric}\t{_little(str(r.network.netmask))}\t0\t0\t0\n"
        )
    return "".join(out)


PROC = {
    "cpuinfo": _cpuinfo,
    "meminfo": _meminfo,
    "modules": _modules,
    "version": _version,
    "uptime": lambda n: f"{uptime(n):.2f} {uptime(n) * n.spec.cpus * 0.97:.2f}\n",
    "loadavg": lambda n: "{:.2f} {:.2f} {:.2f} 1/{} {}\n".format(
        *load_average(n), 120 + len(n.services), runtime(n).get("next_pid", 1000)
    ),
    "cmdline": lambda n: runtime(n).get("cmdline", "ro quiet") + "\n",
    "mounts": lambda n: "rootfs / rootfs rw 0 0\n" + "".join(f"{d} {p} {t} {o} 0 0\n" for d, p, t, o in mounts(n)),
    "self/mounts": lambda n: PROC["mounts"](n),
    "filesystems": lambda n: (
        "".join(f"nodev\t{x}\n" for x in ("sysfs", "proc", "tmpfs", "devpts", "selinuxfs")) + "\text4\n"
    ),
    "swaps": lambda n: (
        "Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n/dev/dm-1                               partition\t4194296\t0\t-1\n"  # noqa: E501
    ),
    "partitions": lambda n: (
        "major minor  #blocks  name\n\n 252        0  104857600 vda\n 252        1     512000 vda1\n 252        2  104344576 vda2\n"  # noqa: E501
    ),
    "net/dev": _net_dev,
    "net/route": _net_route,
    "net/arp": lambda n: "IP address       HW type     Flags       HW address            Mask     Device\n",
    "net/ip_tables_names": lambda n: "".join(f"{t}\n" for t in n.kernel.iptables),
    "net/ip_conntrack": lambda n: "",
    "stat": lambda n: (
        f"cpu  2255 34 2290 {int(uptime(n) * 100)} 6290 127 456 0 0\nbtime {int(n.kernel.booted)}\nprocesses {runtime(n).get('next_pid', 1000)}\n"  # noqa: E501
    ),
    "sys/kernel/random/uuid": lambda n: f"{n.kernel.boot_id[:-4]}{int(time.time() * 1000) & 0xFFFF:04x}\n",
    "devices": lambda n: (
        "Character devices:\n  1 mem\n  5 /dev/tty\n136 pts\n\nBlock devices:\n  7 loop\n252 virtblk\n253 device-mapper\n"  # noqa: E501
    ),
}


def _sys(node: Node, path: str) -> str | None:
    match = re.fullmatch(r"/sys/class/net/([^/]+)/(\w+)(?:/(\w+))?", path)
    if match:
        nic = next((n for n in network.interfaces(node) if n.name == match.group(1)), None)
        return None if nic is None else _sys_nic(node, nic, match.group(2), match.group(3) or "")
    match = re.fullmatch(r"/sys/module/([^/]+)(?:/(refcnt|version|initstate|parameters/nested))?", path)
    if match and match.group(2):
        module = node.kernel.modules.get(match.group(1))
        if module is None:
            return None
        values = {"refcnt": module["used"], "initstate": "live", "version": "", "parameters/nested": "N"}
        return f"{values[match.group(2)]}\n"
    fixed = {
        "/sys/devices/system/cpu/online": f"0-{node.spec.cpus - 1}\n",
        "/sys/class/dmi/id/product_name": "KVM\n",
        "/sys/class/dmi/id/sys_vendor": "Red Hat\n",
        "/sys/hypervisor/type": None,
    }
    return fixed.get(path)


def _sys_nic(node: Node, nic, name: str, more: str) -> str | None:  # noqa: ANN001
    rx, rxp, tx, txp = traffic(node, nic.name)
    if name == "statistics":
        values = {"rx_bytes": rx, "rx_packets": rxp, "tx_bytes": tx, "tx_packets": txp, "rx_errors": 0, "tx_errors": 0,
                  "rx_dropped": 0, "tx_dropped": 0, "collisions": 0}  # fmt: skip
        return f"{values[more]}\n" if more in values else None
    values = {
        "address": nic.mac,
        "mtu": nic.mtu,
        "operstate": "up" if nic.up and nic.kind == "physical" else "unknown" if nic.up else "down",
        "carrier": 1,
        "speed": 1000,
        "duplex": "full",
        "ifindex": network.index(node, nic),
        "flags": "0x1003" if nic.up else "0x1002",
        "type": 772 if nic.kind == "loopback" else 1,
        "tx_queue_len": 1000 if nic.kind == "physical" else 0,
    }
    if name in ("carrier", "speed", "duplex") and not nic.up:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), f"/sys/class/net/{nic.name}/{name}")
    return f"{values[name]}\n" if name in values else None


def read(node: Node, path: str) -> bytes | None:
    """The bytes of a virtual file; None when the path is none of ours.

    Raises:
        OSError: the kernel refuses (carrier of an interface that is down).
    """
    text: str | None = None
    if path.startswith("/proc/sys/"):
        if path == "/proc/sys/kernel/random/uuid":
            text = PROC["sys/kernel/random/uuid"](node)
        else:
            try:
                text = (
                    settings.get(
                        node, path.removeprefix("/proc/sys/").replace(".", "\0").replace("/", ".").replace("\0", "/")
                    )
                    + "\n"
                )
            except KeyError:
                return None
    elif path.startswith("/proc/"):
        maker = PROC.get(path.removeprefix("/proc/"))
        text = maker(node) if maker else None
    elif path.startswith("/sys/"):
        text = _sys(node, path)
    elif path.startswith("/selinux/") and node.kernel.selinux != "disabled":
        text = {
            "/selinux/enforce": "1" if node.kernel.selinux == "enforcing" else "0",
            "/selinux/policyvers": "24",
            "/selinux/mls": "1",
        }.get(path)
    return None if text is None else text.encode()


def write(node: Node, path: str, data: bytes | str) -> bool:
    """Write to a virtual file. False: not ours.

    Raises:
        OSError: EACCES or EPERM for what is read only, EINVAL for a value that the kernel does not understand.
    """
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    if not owns(path):
        return False
    if path.startswith("/proc/sys/"):
        key = path.removeprefix("/proc/sys/").replace(".", "\0").replace("/", ".").replace("\0", "/")
        try:
            settings.put(node, key, text)
        except KeyError:
            raise _error(errno.ENOENT, path) from None
        except PermissionError:
            raise _error(errno.EACCES, path) from None
        except ValueError:
            raise _error(errno.EINVAL, path) from None
        return True
    if path == "/selinux/enforce" and node.kernel.selinux != "disabled":
        if text.strip() not in ("0", "1"):
            raise _error(errno.EINVAL, path)
        node.kernel.selinux = "enforcing" if text.strip() == "1" else "permissive"
        return True
    if path == "/proc/sysrq-trigger":
        return True
    raise _error(errno.EACCES if read(node, path) is not None else errno.ENOENT, path)


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)


def _tree(node: Node) -> dict[str, set[str]]:
    """Every virtual directory and its entries."""
    files = [f"/proc/{name}" for name in PROC] + [settings.path_of(key) for key in settings.keys(node)]
    for nic in network.interfaces(node):
        files += [
            f"/sys/class/net/{nic.name}/{name}"
            for name in (
                "address",
                "mtu",
                "operstate",
                "carrier",
                "speed",
                "duplex",
                "ifindex",
                "flags",
                "type",
                "statistics/rx_bytes",
                "statistics/tx_bytes",
                "statistics/rx_packets",
                "statistics/tx_packets",
            )
        ]
    for name in node.kernel.modules:
        files += [f"/sys/module/{name}/refcnt", f"/sys/module/{name}/initstate"]
        if name == "kvm_intel":
            files.append("/sys/module/kvm_intel/parameters/nested")
    files += ["/sys/devices/system/cpu/online", "/sys/class/dmi/id/product_name", "/sys/class/dmi/id/sys_vendor"]
    if node.kernel.selinux != "disabled":
        files += ["/selinux/enforce", "/selinux/policyvers", "/selinux/mls"]
    tree: dict[str, set[str]] = {root: set() for root in ROOTS}
    for path in files:
        while path not in ROOTS:
            parent, _, name = path.rpartition("/")
            entries = tree.setdefault(parent, set())
            if name in entries:
                break
            entries.add(name)
            path = parent
    return tree


def listdir(node: Node, path: str) -> list[str] | None:
    """The entries of a virtual directory; None when it is none."""
    if not owns(path):
        return None
    entries = _tree(node).get(path.rstrip("/"))
    return None if entries is None else sorted(entries)


def kind(node: Node, path: str) -> str | None:
    """ "dir", "file" or None for a path below /proc, /sys or /selinux."""
    if not owns(path):
        return None
    tree = _tree(node)
    path = path.rstrip("/") or "/"
    if path in tree:
        return "dir"
    parent, _, name = path.rpartition("/")
    return "file" if name in tree.get(parent, set()) else None


__all__ = ["hostname", "kind", "listdir", "modules", "owns", "read", "write"]
