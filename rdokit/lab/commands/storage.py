"""Disks: mount, umount, df, lsblk, blkid, fdisk -l, losetup, and LVM (cinder-volumes, defect 14)."""

from __future__ import annotations

import re

from .. import procfs, storage
from ..cli import UsageError, getopt
from ..nodestate import runtime
from ..process import Process, command
from ..storage import DISK_GB, StorageError


@command("mount", path="/bin")
async def mount(p: Process) -> int:
    """Without arguments: what is mounted. With: a loop file, a device or `-o remount`."""
    if len(p.argv) == 1 or p.argv[1:] == ["-l"]:
        for device, where, kind, options in procfs.mounts(p.node):
            p.print(f"{device} on {where} type {kind} ({options})")
        return 0
    if p.user != "root":
        p.error("mount: only root can do that")
        return 1
    try:
        options = getopt(p.argv[1:], "o:t:arwnfv")
    except UsageError as error:
        p.error(f"mount: {error}\nUsage: mount -V                 : print version")
        return 1
    if options.has("a"):
        return 0
    flags = options.get("o").split(",")
    if "remount" in flags:
        where = options.rest[-1] if options.rest else "/"
        p.node.fs.mount(where, "ro" if "ro" in flags else "rw")
        return 0
    if len(options.rest) < 2:
        p.error(f"mount: can't find {options.rest[0] if options.rest else ''} in /etc/fstab or /etc/mtab")
        return 1
    device, where = options.rest[0], p.path(options.rest[1])
    if not p.node.fs.isdir(where):
        p.error(f"mount: mount point {options.rest[1]} does not exist")
        return 32
    if not p.node.fs.exists(p.path(device)) and ":" not in device and device not in ("tmpfs", "proc", "none", "sysfs"):
        p.error(f"mount: special device {device} does not exist")
        return 32
    kind = options.get("t") or "ext4"
    runtime(p.node).setdefault("mounts", []).append((device, where, kind, "ro" if options.has("r") else "rw"))
    return 0


@command("umount", path="/bin")
async def umount(p: Process) -> int:
    names = [w for w in p.argv[1:] if not w.startswith("-")]
    if not names:
        p.error("Usage: umount [-hV]")
        return 1
    mounts, status = runtime(p.node).setdefault("mounts", []), 0
    for name in names:
        hit = next((m for m in mounts if name.rstrip("/") in (m[0], m[1])), None)
        if hit:
            mounts.remove(hit)
        elif any(name in (m[0], m[1]) for m in procfs.mounts(p.node)):
            p.error(f"umount: {name}: device is busy.\n        (In some cases useful info about processes that use\n"
                    "         the device is found by lsof(8) or fuser(1))")  # fmt: skip
            status = 1
        else:
            p.error(f"umount: {name}: not mounted" if p.node.fs.exists(p.path(name)) else f"umount: {name}: not found")
            status = 1
    return status


def _used_kb(p: Process) -> int:
    packages_kb = sum(3 * 400 for _ in p.node.packages)
    files = p.node.extra.get("root_used_kb", 0)
    return 780_000 + packages_kb + files + p.node.fs.used // 1024


def _rows(p: Process) -> list[tuple[str, str, int, int, str]]:
    """(device, type, size KiB, used KiB, directory)."""
    memory = procfs.memory(p.node)["total"]
    rows = [
        ("/dev/mapper/VolGroup-lv_root", "ext4", 51_606_140, _used_kb(p), "/"),
        ("tmpfs", "tmpfs", memory // 2, 0, "/dev/shm"),
        ("/dev/vda1", "ext4", 495_844, 33_000, "/boot"),
    ]
    for device, where, kind, _ in runtime(p.node).get("mounts", []):
        rows.append((device, kind, max(1024, storage.size_mib(p.node, device) * 1000), 33_000, where))
    return rows


@command("df", path="/bin")
async def df(p: Process) -> int:
    """-h -k -m -T -P -i -a and files."""
    try:
        options = getopt(
            p.argv[1:],
            "hHkmTPialt:x:B:",
            ("human-readable", "print-type", "portability", "inodes", "all", "total", "local"),
        )
    except UsageError as error:
        p.error(f"df: {error}\nTry `df --help' for more information.")
        return 1
    human, typed = options.has("h", "H", "human-readable"), options.has("T", "print-type")
    status, rows = 0, _rows(p)
    if options.rest:
        chosen = []
        for name in options.rest:
            path = p.path(name)
            if not p.node.fs.exists(path) and procfs.kind(p.node, path) is None:
                p.error(f"df: `{name}': No such file or directory")
                status = 1
                continue
            hits = [r for r in rows if path == r[0] or path == r[4] or path.startswith(r[4].rstrip("/") + "/")]
            chosen.append(max(hits, key=lambda r: len(r[4])) if hits else rows[0])
        rows = chosen
        if not rows:
            p.error("df: no file systems processed")
            return 1
    if options.has("i", "inodes"):
        p.print("Filesystem            Inodes  IUsed    IFree IUse% Mounted on")
        for device, _, size, used, where in rows:
            inodes = size // 16
            _df_line(
                p,
                device,
                f"{inodes:>8} {used // 40:>6} {inodes - used // 40:>8} {max(1, used * 100 // 40 // inodes):>4}% {where}",  # noqa: E501
                options.has("P"),
            )
        return status
    head = (
        "Filesystem            Size  Used Avail Use% Mounted on"
        if human
        else "Filesystem           1K-blocks      Used Available Use% Mounted on"
    )
    if typed:
        head = head.replace("Filesystem   ", "Filesystem    Type   ", 1)
    if options.has("P", "portability") and not human:
        head = "Filesystem         1024-blocks      Used Available Capacity Mounted on"
    p.print(head)
    for device, kind, size, used, where in rows:
        free = size - used - size // 20 if kind == "ext4" else size - used
        percent = -(-used * 100 // max(1, used + free))
        cells = [_human(v) for v in (size, used, free)] if human else [str(v) for v in (size, used, free)]
        width = (5, 5, 5) if human else (9, 9, 9)
        text = " ".join(f"{c:>{wide}}" for c, wide in zip(cells, width, strict=True)) + f" {percent:>3}% {where}"
        _df_line(p, device, (f"{kind:<7}" if typed else "") + text, options.has("P", "portability"))
    return status


def _df_line(p: Process, device: str, text: str, portable: bool) -> None:
    if len(device) > 20 and not portable:
        p.print(device)
        p.print(" " * 21 + text)
    else:
        p.print(f"{device:<20} {text}")


def _human(kib: int) -> str:
    value, units = float(kib), ["K", "M", "G", "T"]
    while value >= 1024 and len(units) > 1:
        value /= 1024
        units.pop(0)
    if kib == 0:
        return "0"
    return f"{value:.1f}{units[0]}" if value < 10 else f"{value:.0f}{units[0]}"


@command("lsblk", path="/bin")
async def lsblk(p: Process) -> int:
    p.print("NAME                        MAJ:MIN RM   SIZE RO TYPE MOUNTPOINT")
    p.print("sr0                          11:0    1  1024M  0 rom  ")
    p.print(f"vda                         252:0    0 {DISK_GB:>5}G  0 disk ")
    p.print("├─vda1                      252:1    0   500M  0 part /boot")
    p.print(f"└─vda2                      252:2    0 {DISK_GB - 0.5:>4.1f}G  0 part ")
    p.print("  ├─VolGroup-lv_root (dm-0) 253:0    0    50G  0 lvm  /")
    p.print("  └─VolGroup-lv_swap (dm-1) 253:1    0     4G  0 lvm  [SWAP]")
    for device in sorted(storage.loops(p.node)):
        name = device.rpartition("/")[2]
        p.print(f"{name:<27} {'7:' + name[4:]:>5}    0 {storage.size_mib(p.node, device) / 1024:>5.1f}G  0 loop ")
    return 0


@command("blkid", path="/sbin")
async def blkid(p: Process) -> int:
    rows = ['/dev/vda1: UUID="5c2b6d5c-9a54-4e2a-9f6b-6f8e3a2d7c11" TYPE="ext4" ',
            '/dev/vda2: UUID="Xw2tPn-4Jbq-Vn3S-k0aF-sYuv-9dMh-E1qLc7" TYPE="LVM2_member" ',
            '/dev/mapper/VolGroup-lv_root: UUID="a3d5b7c9-1e2f-4a6b-8c0d-2e4f6a8b0c1d" TYPE="ext4" ',
            '/dev/mapper/VolGroup-lv_swap: UUID="0f9e8d7c-6b5a-4938-2716-051423324150" TYPE="swap" ']  # fmt: skip
    names = [w for w in p.argv[1:] if w.startswith("/dev/")]
    found = [r for r in rows if not names or r.split(":")[0] in names]
    for row in found:
        p.print(row)
    return 0 if found else 2


@command("fdisk", path="/sbin")
async def fdisk(p: Process) -> int:
    if "-l" not in p.argv[1:]:
        p.error(
            "\nUsage:\n fdisk [options] <disk>    change partition table\n fdisk [options] -l <disk> list partition table(s)"  # noqa: E501
        )
        return 1
    size = DISK_GB * 1024**3
    p.print(
        f"\nDisk /dev/vda: {size / 1e9:.1f} GB, {size} bytes\n16 heads, 63 sectors/track, {size // (16 * 63 * 512)} cylinders\n"  # noqa: E501
        "Units = cylinders of 1008 * 512 = 516096 bytes\nSector size (logical/physical): 512 bytes / 512 bytes\n"
        "I/O size (minimum/optimal): 512 bytes / 512 bytes\nDisk identifier: 0x000a1b2c\n\n"
        "   Device Boot      Start         End      Blocks   Id  System\n"
        "/dev/vda1   *           3        1018      512000   83  Linux\n"
        f"/dev/vda2            1018      208051   {DISK_GB * 1024 * 1024 - 513024}   8e  Linux LVM"
    )
    return 0


@command("losetup", path="/sbin")
async def losetup(p: Process) -> int:
    """-a all, -f next free (with a file: attach), -d detach, DEVICE FILE."""
    try:
        options = getopt(p.argv[1:], "afdcrve:o:j:", ("all", "find", "detach", "show"))
    except UsageError as error:
        p.error(f"losetup: {error}\n\nUsage:\n losetup loop_device                             give info")
        return 1
    loops = storage.loops(p.node)
    if options.has("a", "all") or options.has("j"):
        for device in sorted(loops):
            if not options.get("j") or loops[device] == options.get("j"):
                inode = p.node.fs.stat(loops[device]).ino if p.node.fs.exists(loops[device]) else 0
                p.print(f"{device}: [fd00]:{inode} ({loops[device]})")
        return 0
    try:
        if options.has("d", "detach"):
            for device in options.rest:
                if device not in loops:
                    p.error(f"loop: can't delete device {device}: No such device or address")
                    return 1
                del loops[device]
            return 0
        if options.has("f", "find"):
            if not options.rest:
                p.print(next(f"/dev/loop{n}" for n in range(64) if f"/dev/loop{n}" not in loops))
                return 0
            device = storage.attach_loop(p.world, p.node, p.path(options.rest[0]))
            if options.has("show"):
                p.print(device)
            return 0
        if len(options.rest) == 2:
            storage.attach_loop(p.world, p.node, p.path(options.rest[1]), options.rest[0])
            return 0
    except StorageError as error:
        p.error(str(error))
        return 1
    if options.rest:
        device = options.rest[0]
        if device not in loops:
            p.error(f"loop: can't get info on device {device}: No such device or address")
            return 1
        p.print(f"{device}: [fd00]:1 ({loops[device]})")
        return 0
    p.error(
        "\nUsage:\n losetup loop_device                             give info\n losetup -a | --all                              list all used"  # noqa: E501
    )
    return 1


# -- LVM ---------------------------------------------------------------------------------------------------------------

ROOT_VG = {
    "VolGroup": {
        "pvs": ["/dev/vda2"],
        "lvs": {"lv_root": 50 * 1024, "lv_swap": 4 * 1024},
        "size": DISK_GB * 1024 - 504,
        "uuid": "0" * 32,
    }
}


def _groups(p: Process) -> dict:
    return {**ROOT_VG, **storage.groups(p.node)}


def _size(mib: int) -> str:
    """LVM's `20.60g`, `512.00m`."""
    if mib >= 1024 * 1024:
        return f"{mib / 1024 / 1024:.2f}t"
    return f"{mib / 1024:.2f}g" if mib >= 1024 else f"{mib:.2f}m" if mib else "0 "


def _arguments(p: Process) -> tuple[list[str], bool, str]:
    """(names, --noheadings, -o fields)."""
    names, fields, bare, queue = [], "", False, list(p.argv[1:])
    while queue:
        word = queue.pop(0)
        if word == "--noheadings":
            bare = True
        elif word in ("-o", "--options", "--units", "--separator", "-O") and queue:
            value = queue.pop(0)
            fields = value if word in ("-o", "--options") else fields
        elif not word.startswith("-"):
            names.append(word)
    return names, bare, fields


def _not_root(p: Process) -> bool:
    if p.user == "root":
        return False
    p.error("  WARNING: Running as a non-root user. Functionality may be unavailable.\n"
            "  /var/lock/lvm/P_global:aux: open failed: Permission denied")  # fmt: skip
    return True


@command("vgs", path="/sbin")
async def vgs(p: Process) -> int:
    if _not_root(p):
        return 5
    names, bare, fields = _arguments(p)
    groups, status = _groups(p), 0
    for name in names:
        if name not in groups:
            p.error(f'  Volume group "{name}" not found\n  Skipping volume group {name}')
            status = 5
    rows = [(n, g) for n, g in sorted(groups.items()) if not names or n in names]
    if not rows:
        return status
    if fields:
        _fields(
            p,
            "vg",
            fields,
            [
                {
                    "vg_name": n,
                    "vg_size": _size(g["size"]),
                    "vg_free": _size(storage.free_mib(g)),
                    "pv_count": str(len(g["pvs"])),
                    "lv_count": str(len(g["lvs"])),
                    "vg_uuid": g["uuid"],
                    "vg_attr": "wz--n-",
                }
                for n, g in rows
            ],
            bare,
        )
        return status
    wide = max([2, *(len(n) for n, _ in rows)])
    if not bare:
        p.print(f"  {'VG':<{wide}} #PV #LV #SN Attr   VSize  VFree ")
    for name, group in rows:
        p.print(
            f"  {name:<{wide}} {len(group['pvs']):>3} {len(group['lvs']):>3}   0 wz--n- {_size(group['size']):>6} {_size(storage.free_mib(group)):>6}"  # noqa: E501
        )
    return status


HEADS = {
    "vg_name": "VG",
    "vg_size": "VSize",
    "vg_free": "VFree",
    "pv_count": "#PV",
    "lv_count": "#LV",
    "vg_uuid": "VG UUID",
    "vg_attr": "Attr",
    "lv_name": "LV",
    "lv_size": "LSize",
    "lv_attr": "Attr",
    "lv_path": "Path",
    "pv_name": "PV",
    "pv_size": "PSize",
    "pv_free": "PFree",
}


def _fields(p: Process, kind: str, fields: str, rows: list[dict[str, str]], bare: bool) -> None:
    names = [
        f if f.startswith(("vg_", "lv_", "pv_")) or f in HEADS else f"{kind}_{f}" for f in fields.lstrip("+").split(",")
    ]
    wide = [max([0 if bare else len(HEADS.get(n, n)), *(len(r.get(n, "")) for r in rows)]) for n in names]
    if not bare:
        p.print("  " + " ".join(f"{HEADS.get(n, n):<{width}}" for n, width in zip(names, wide, strict=True)))
    for r in rows:
        p.print("  " + " ".join(f"{r.get(n, ''):<{width}}" for n, width in zip(names, wide, strict=True)))


@command("pvs", path="/sbin")
async def pvs(p: Process) -> int:
    if _not_root(p):
        return 5
    names, bare, fields = _arguments(p)
    rows = []
    for name, group in _groups(p).items():
        for pv in group["pvs"]:
            device = storage.device_of(p.node, pv) or pv
            size = group["size"] // len(group["pvs"])
            rows.append((device, name, size, min(size, storage.free_mib(group))))
    for file in p.node.extra.get("pv_only", []):
        device = storage.device_of(p.node, file)
        if device and all(device != r[0] for r in rows):
            rows.append((device, "", storage.size_mib(p.node, device), storage.size_mib(p.node, device)))
    rows.sort()
    missing = [n for n in names if n not in [r[0] for r in rows]]
    for name in missing:
        p.error(
            f'  Failed to read physical volume "{name}"'
            if p.node.fs.exists(name)
            else f'  {name}: stat failed: No such file or directory\n  Failed to read physical volume "{name}"'
        )
    rows = [r for r in rows if not names or r[0] in names]
    if fields:
        _fields(
            p,
            "pv",
            fields,
            [{"pv_name": r[0], "vg_name": r[1], "pv_size": _size(r[2]), "pv_free": _size(r[3])} for r in rows],
            bare,
        )
        return 5 if missing else 0
    if rows and not bare:
        p.print(f"  {'PV':<10} {'VG':<14} Fmt  Attr PSize  PFree ")
    for device, name, size, free in rows:
        p.print(f"  {device:<10} {name:<14} lvm2 a--  {_size(size):>6} {_size(free):>6}")
    return 5 if missing else 0


@command("lvs", path="/sbin")
async def lvs(p: Process) -> int:
    if _not_root(p):
        return 5
    names, bare, fields = _arguments(p)
    groups, status = _groups(p), 0
    wanted = {n.removeprefix("/dev/").split("/")[0] for n in names}
    for name in sorted(wanted - set(groups)):
        p.error(f'  Volume group "{name}" not found\n  Skipping volume group {name}')
        status = 5
    rows = [
        (lv, name, mib)
        for name, g in sorted(groups.items())
        if not wanted or name in wanted
        for lv, mib in sorted(g["lvs"].items())
    ]
    if fields:
        _fields(
            p,
            "lv",
            fields,
            [
                {
                    "lv_name": r[0],
                    "vg_name": r[1],
                    "lv_size": _size(r[2]),
                    "lv_attr": "-wi-ao----",
                    "lv_path": f"/dev/{r[1]}/{r[0]}",
                }
                for r in rows
            ],
            bare,
        )
        return status
    if rows and not bare:
        wide = max([2, *(len(r[0]) for r in rows)])
        p.print(f"  {'LV':<{wide}} {'VG':<14} Attr       LSize  Pool Origin Data%  Move Log Cpy%Sync Convert")
    for lv, name, mib in rows:
        wide = max([2, *(len(r[0]) for r in rows)])
        p.print(f"  {lv:<{wide}} {name:<14} -wi-ao---- {_size(mib):>6} " + " " * 41)
    return status


@command("vgdisplay", path="/sbin")
async def vgdisplay(p: Process) -> int:
    """vgdisplay [NAME]; packstack asks it whether cinder-volumes is there."""
    if _not_root(p):
        return 5
    names = [w for w in p.argv[1:] if not w.startswith("-")]
    groups, status = _groups(p), 0
    for name in names:
        if name not in groups:
            p.error(f'  Volume group "{name}" not found')
            status = 5
    for name, g in sorted(groups.items()):
        if names and name not in names:
            continue
        free = storage.free_mib(g)
        p.print("  --- Volume group ---")
        rows = [
            ("VG Name", name),
            ("System ID", ""),
            ("Format", "lvm2"),
            ("VG Access", "read/write"),
            ("VG Status", "resizable"),
            ("Cur LV", len(g["lvs"])),
            ("Cur PV", len(g["pvs"])),
            ("Act PV", len(g["pvs"])),
            ("VG Size", _long(g["size"])),
            ("PE Size", "4.00 MiB"),
            ("Total PE", g["size"] // 4),
            ("Alloc PE / Size", f"{(g['size'] - free) // 4} / {_long(g['size'] - free)}"),
            ("Free  PE / Size", f"{free // 4} / {_long(free)}"),
            ("VG UUID", _uuid(g["uuid"])),
        ]
        for title, value in rows:
            p.print(f"  {title:<21} {value}")
        p.print("   ")
    return status


def _long(mib: int) -> str:
    return f"{mib / 1024:.2f} GiB" if mib >= 1024 else f"{mib:.2f} MiB" if mib else "0 "


def _uuid(text: str) -> str:
    return "-".join([text[:6], text[6:10], text[10:14], text[14:18], text[18:22], text[22:26], text[26:32]])


@command("lvdisplay", "pvdisplay", path="/sbin")
async def lvdisplay(p: Process) -> int:
    if _not_root(p):
        return 5
    for name, g in sorted(_groups(p).items()):
        if p.argv[0].endswith("pvdisplay"):
            for pv in g["pvs"]:
                p.print(
                    f"  --- Physical volume ---\n  {'PV Name':<21} {storage.device_of(p.node, pv)}\n  {'VG Name':<21} {name}\n  {'PV Size':<21} {_long(g['size'])}\n   "  # noqa: E501
                )
            continue
        for lv, mib in sorted(g["lvs"].items()):
            p.print(
                f"  --- Logical volume ---\n  {'LV Path':<22} /dev/{name}/{lv}\n  {'LV Name':<22} {lv}\n  {'VG Name':<22} {name}\n  {'LV Status':<22} available\n  {'LV Size':<22} {_long(mib)}\n   "  # noqa: E501
            )
    return 0


@command("vgcreate", path="/sbin")
async def vgcreate(p: Process) -> int:
    if _not_root(p):
        return 5
    names = [w for w in p.argv[1:] if not w.startswith("-")]
    if len(names) < 2:
        p.error(
            "  Please enter volume group name and physical volumes"
            if not names
            else "  Please enter physical volume name(s)"
        )
        return 3
    try:
        storage.create_group(p.world, p.node, names[0], names[1:])
    except StorageError as error:
        p.error(str(error))
        if "not found" in str(error):
            p.error(f"  Unable to add physical volume '{names[1]}' to volume group '{names[0]}'.")
        return 5
    p.print(f'  Volume group "{names[0]}" successfully created')
    return 0


@command("pvcreate", path="/sbin")
async def pvcreate(p: Process) -> int:
    if _not_root(p):
        return 5
    status = 0
    for device in [w for w in p.argv[1:] if not w.startswith("-")]:
        if device not in storage.loops(p.node) and device not in p.node.extra.get("disks", []):
            p.error(f"  Device {device} not found (or ignored by filtering).")
            status = 5
            continue
        p.node.extra.setdefault("pv_only", []).append(storage.loops(p.node).get(device, device))
        p.print(f'  Physical volume "{device}" successfully created')
    return status


@command("vgremove", path="/sbin")
async def vgremove(p: Process) -> int:
    if _not_root(p):
        return 5
    names, status = [w for w in p.argv[1:] if not w.startswith("-")], 0
    for name in names:
        group = storage.groups(p.node).get(name)
        if group is None:
            p.error(f'  Volume group "{name}" not found')
            status = 5
        elif group["lvs"] and "-f" not in p.argv:
            p.error(f"  Logical volumes in use. Can't remove volume group {name}.")
            status = 5
        else:
            del p.node.extra["vgs"][name]
            p.print(f'  Volume group "{name}" successfully removed')
    return status


@command("lvcreate", path="/sbin")
async def lvcreate(p: Process) -> int:
    if _not_root(p):
        return 5
    try:
        options = getopt(p.argv[1:], "L:n:l:s", ("size=", "name=", "extents=", "snapshot"))
    except UsageError as error:
        p.error(f"lvcreate: {error}\n  Error during parsing of command line.")
        return 3
    match = re.fullmatch(r"([\d.]+)([kKmMgGtT]?)", options.get("L", "size"))
    if not match or not options.rest:
        p.error("  Please specify either size or extents")
        return 3
    mib = int(float(match.group(1)) * {"k": 1 / 1024, "": 1, "m": 1, "g": 1024, "t": 1024**2}[match.group(2).lower()])
    name = options.get("n", "name", default="lvol0")
    try:
        storage.create_volume(p.node, options.rest[0], name, mib)
    except StorageError as error:
        p.error(str(error))
        return 5
    p.print(f'  Logical volume "{name}" created')
    return 0


@command("lvremove", path="/sbin")
async def lvremove(p: Process) -> int:
    if _not_root(p):
        return 5
    status = 0
    for path in [w for w in p.argv[1:] if not w.startswith("-")]:
        group, _, name = path.removeprefix("/dev/").partition("/")
        try:
            storage.remove_volume(p.node, group, name)
        except StorageError as error:
            p.error(str(error))
            status = 5
            continue
        p.print(f'  Logical volume "{name}" successfully removed')
    return status


@command("vgscan", "pvscan", "lvscan", "vgchange", path="/sbin")
async def scan(p: Process) -> int:
    if _not_root(p):
        return 5
    name = p.argv[0].rpartition("/")[2]
    if name == "vgscan":
        p.print("  Reading all physical volumes.  This may take a while...")
    for group, g in sorted(_groups(p).items()):
        if name == "vgscan":
            p.print(f'  Found volume group "{group}" using metadata type lvm2')
        elif name == "vgchange":
            p.print(f'  {len(g["lvs"])} logical volume(s) in volume group "{group}" now active')
        elif name == "lvscan":
            for lv, mib in sorted(g["lvs"].items()):
                p.print(f"  ACTIVE            '/dev/{group}/{lv}' [{_long(mib)}] inherit")
        else:
            for pv in g["pvs"]:
                p.print(
                    f"  PV {storage.device_of(p.node, pv)}   VG {group}   lvm2 [{_long(g['size'])} / {_long(storage.free_mib(g))} free]"  # noqa: E501
                )
    return 0
