"""Kernel modules (Step 14): lsmod, modprobe, rmmod, insmod, modinfo, depmod."""

from __future__ import annotations

import re

from .. import modules, network, services
from ..process import Process, command


@command("lsmod", path="/sbin")
async def lsmod(p: Process) -> int:
    p.print("Module                  Size  Used by")
    guests = _kvm_users(p)
    for name, module in reversed(p.node.kernel.modules.items()):
        used = module["used"] + (guests if name in ("kvm_intel", "kvm_amd") else 0)
        by = ",".join(reversed(module["by"]))
        p.print(f"{name:<19} {module['size']:>8}  {used} {by}")
    return 0


def _kvm_users(p: Process) -> int:
    """How many guests use /dev/kvm: those of a nova-compute that was started with libvirt_type=kvm."""
    conf = services.config_in_force(p.node, "openstack-nova-compute", "/etc/nova/nova.conf")
    kinds = re.findall(r"^\s*libvirt_type\s*=\s*(\w+)", conf, re.M)
    if not kinds or kinds[-1] != "kvm":
        return 0
    return sum(3 for guest in network.guests(p.world) if guest.node == p.node.name and guest.state == "ACTIVE")


@command("modprobe", path="/sbin")
async def modprobe(p: Process) -> int:
    """-r removes; -l lists; -q is quiet."""
    flags = [w for w in p.argv[1:] if w.startswith("-")]
    names = [w for w in p.argv[1:] if not w.startswith("-") and "=" not in w]
    if any(
        f not in ("-r", "-q", "-v", "-a", "-l", "-n", "-f", "-b", "--remove", "--first-time", "--show-depends", "-i")
        for f in flags
    ):
        p.error(f"modprobe: invalid option -- '{flags[0].lstrip('-')[:1]}'")
        p.error(
            "Usage: modprobe [-v] [-V] [-C config-dir] [-d <dirname> ] [-n] [-i] [-q] [-b] [-o <modname>] [ --dump-modversions ] <modname> [parameters...]"  # noqa: E501
        )
        return 1
    if "-l" in flags:
        for name, (_, _, directory, _) in sorted(modules.MODULES.items()):
            p.print(f"kernel/{directory}/{name}.ko")
        return 0
    if not names:
        p.error(
            "Usage: modprobe [-v] [-V] [-C config-dir] [-d <dirname> ] [-n] [-i] [-q] [-b] [-o <modname>] [ --dump-modversions ] <modname> [parameters...]"  # noqa: E501
        )
        return 1
    if p.user != "root":
        p.error(f"FATAL: Error inserting {names[0]} ({_path(p, names[0])}): Operation not permitted")
        return 1
    for name in names if "-a" in flags or "-r" in flags else names[:1]:
        status = _remove(p, name) if "-r" in flags or "--remove" in flags else _insert(p, name, "-q" in flags)
        if status:
            return status
    return 0


def _path(p: Process, name: str) -> str:
    key = name.replace("-", "_")
    return modules.path(p.node, key) if key in modules.MODULES else name


def _insert(p: Process, name: str, quiet: bool) -> int:
    try:
        if modules.load(p.world, p.node, name):
            return 0
    except modules.ModuleError:
        p.error(f"FATAL: Error inserting {name.replace('-', '_')} ({_path(p, name)}): Operation not supported")
        return 1
    if not quiet:
        p.error(f"FATAL: Module {name} not found.")
    return 1


def _remove(p: Process, name: str) -> int:
    key = name.replace("-", "_")
    if key not in modules.MODULES:
        p.error(f"FATAL: Module {name} not found.")
        return 1
    if key not in p.node.kernel.modules:
        return 0
    needs = list(modules.MODULES[key][1])
    if modules.unload(p.node, key):
        p.error(f"FATAL: Module {key} is in use.")
        return 1
    for need in needs:
        if need in p.node.kernel.modules and not p.node.kernel.modules[need]["by"]:
            modules.unload(p.node, need)
    return 0


@command("rmmod", path="/sbin")
async def rmmod(p: Process) -> int:
    names = [w for w in p.argv[1:] if not w.startswith("-")]
    if not names:
        p.error("Usage: rmmod [-fhswvV] modulename ...")
        return 1
    status = 0
    for name in names:
        why = modules.unload(p.node, name)
        if why:
            p.error(why)
            status = 1
    return status


@command("insmod", path="/sbin")
async def insmod(p: Process) -> int:
    names = [w for w in p.argv[1:] if not w.startswith("-")]
    if not names:
        p.error("Usage: insmod filename [args]")
        return 1
    name = names[0].rpartition("/")[2].removesuffix(".ko")
    if name not in modules.MODULES or not names[0].startswith("/lib/modules/"):
        p.error(f"insmod: can't read '{names[0]}': No such file or directory")
        return 1
    if name in p.node.kernel.modules:
        p.error(f"insmod: error inserting '{names[0]}': -1 File exists")
        return 1
    return _insert(p, name, False)


@command("modinfo", path="/sbin")
async def modinfo(p: Process) -> int:
    names = [w for w in p.argv[1:] if not w.startswith("-")]
    if not names:
        p.error("Usage: modinfo [-0][-F field][-k kernelversion][-b basedir] module...")
        return 1
    status = 0
    for name in names:
        key = name.replace("-", "_")
        if key not in modules.MODULES:
            p.error(f"ERROR: modinfo: could not find module {name}")
            status = 1
            continue
        _, needs, _, text = modules.MODULES[key]
        rows = {
            "filename": modules.path(p.node, key),
            "license": "GPL",
            "description": text,
            "srcversion": "0123456789ABCDEF01234567",
            "depends": ",".join(needs),
            "vermagic": f"{p.node.kernel.release} SMP mod_unload modversions ",
        }
        if "-F" in p.argv:
            p.print(rows.get(p.argv[p.argv.index("-F") + 1], ""))
            continue
        for field, value in rows.items():
            p.print(f"{field + ':':<15} {value}".rstrip(" ") if not value else f"{field + ':':<15} {value}")
    return status


@command("depmod", path="/sbin")
async def depmod(p: Process) -> int:
    return 0
