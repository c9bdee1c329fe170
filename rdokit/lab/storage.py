"""Block devices of a node: disk, loop devices, LVM. Volume groups survive a reboot; loop devices do not.

`node.extra["vgs"]` is {name: {"pvs": [device or backing file], "lvs": {name: MiB}, "size": MiB, …}}; a group whose
physical volume is a loop device names the backing *file*, and exists only while that file is attached (defect 14).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .nodestate import runtime

if TYPE_CHECKING:
    from .world import Node, World

DISK_GB = 100
EXTENT = 4  # MiB


class StorageError(Exception):
    """An LVM or losetup command fails with this sentence."""


def loops(node: Node) -> dict[str, str]:
    """/dev/loopN -> backing file, as attached now."""
    return runtime(node).setdefault("loops", {})


def attach_loop(world: World, node: Node, file: str, device: str = "") -> str:
    """losetup: attach a file to a (free) loop device; returns the device.

    Raises:
        StorageError: no such file, or the device is busy.
    """
    from . import modules

    if not node.fs.exists(file):
        raise StorageError(f"{file}: No such file or directory")
    modules.load(world, node, "loop")
    if not device or device == "-f":
        device = next(f"/dev/loop{n}" for n in range(64) if f"/dev/loop{n}" not in loops(node))
    if device in loops(node):
        raise StorageError(f"{device}: Device or resource busy")
    loops(node)[device] = file
    return device


def size_mib(node: Node, device: str) -> int:
    """Size of a device or of the file behind a loop device."""
    file = loops(node).get(device, device)
    if device in ("/dev/vda2",):
        return DISK_GB * 1024 - 500
    try:
        declared = node.extra.get("sizes", {}).get(file)
        return int(declared if declared is not None else node.fs.stat(file).size // (1024 * 1024))
    except OSError:
        return 0


def device_of(node: Node, pv: str) -> str | None:
    """The device under which a physical volume (device or backing file) is visible now."""
    if pv.startswith("/dev/"):
        return pv
    return next((d for d, f in loops(node).items() if f == pv), None)


def groups(node: Node) -> dict[str, dict[str, Any]]:
    """The volume groups whose physical volumes are all there."""
    everything = node.extra.setdefault("vgs", {})
    return {name: vg for name, vg in sorted(everything.items()) if all(device_of(node, pv) for pv in vg["pvs"])}


def free_mib(vg: dict[str, Any]) -> int:
    return vg["size"] - sum(vg["lvs"].values())


def create_group(world: World, node: Node, name: str, devices: list[str]) -> None:
    """vgcreate (pvcreate included).

    Raises:
        StorageError: exists, no such device, or it is in another group.
    """
    if name in node.extra.setdefault("vgs", {}) and name in groups(node):
        raise StorageError(f"  A volume group called {name} already exists.")
    backing = []
    for device in devices:
        if device not in loops(node) and device not in node.extra.get("disks", []):
            raise StorageError(f"  Device {device} not found (or ignored by filtering).")
        file = loops(node).get(device, device)
        for other, vg in groups(node).items():
            if file in vg["pvs"]:
                raise StorageError(f"  Physical volume '{device}' is already in volume group '{other}'")
        backing.append(file)
    size = sum(size_mib(node, d) // EXTENT * EXTENT - EXTENT for d in devices)
    node.extra["vgs"][name] = {"pvs": backing, "lvs": {}, "size": size, "uuid": world.ids.hex(32)}


def create_volume(node: Node, group: str, name: str, mib: int) -> None:
    """lvcreate -L.

    Raises:
        StorageError: no such group, no room, or the name is taken.
    """
    vg = groups(node).get(group)
    if vg is None:
        raise StorageError(f'  Volume group "{group}" not found')
    if name in vg["lvs"]:
        raise StorageError(f'  Logical volume "{name}" already exists in volume group "{group}"')
    mib = -(-mib // EXTENT) * EXTENT
    if mib > free_mib(vg):
        raise StorageError(
            f'  Volume group "{group}" has insufficient free space ({free_mib(vg) // EXTENT} extents): '
            f"{mib // EXTENT} required."
        )
    vg["lvs"][name] = mib


def remove_volume(node: Node, group: str, name: str) -> None:
    vg = groups(node).get(group)
    if vg is None or name not in vg["lvs"]:
        raise StorageError("  One or more specified logical volume(s) not found.")
    del vg["lvs"][name]
