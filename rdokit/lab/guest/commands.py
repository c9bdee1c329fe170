"""The programs of a CirrOS that differ from a node's: busybox, and what looks at the instance's own hardware.

Programs that behave alike everywhere (cat, grep, ls, …) are the lab's ordinary ones.
"""

from __future__ import annotations

import asyncio
import ipaddress
import posixpath
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from ..process import REGISTRY, Process
from . import metadata, system

Function = Callable[[Process], Awaitable[int]]
TABLE: dict[str, tuple[str, Function]] = {}

# The lab's own programs that CirrOS has too, by directory.
SHARED = {
    "/bin": "cat chmod chown chgrp cp date dd echo egrep false fgrep grep gzip gunzip ln ls mkdir mknod mktemp mv "
            "rm rmdir sed sleep stat sync tar touch true usleep vi zcat kill",
    "/usr/bin": "awk basename clear cmp cut diff dirname env expr find head install killall less md5sum nohup "
                "printf readlink realpath seq sha256sum sha512sum sort tail tee test time top tr tty uniq wc which "
                "whoami xargs yes [ who uptime du base64 od hexdump strings",
}  # fmt: skip


def guest(*names: str, path: str = "/bin") -> Callable[[Function], Function]:
    """Register a program of the instances."""

    def register(function: Function) -> Function:
        for name in names:
            TABLE[name] = (path, function)
        return function

    return register


def places() -> dict[str, str]:
    """Program -> directory, of everything an instance has."""
    found = {name: path for path, names in SHARED.items() for name in names.split()}
    return found | {name: path for name, (path, _) in TABLE.items()}


def find(name: str) -> Function | None:
    """The function behind a program: its own, else the lab's."""
    if name in TABLE:
        return TABLE[name][1]
    entry = REGISTRY.get(name)
    return entry.function if entry else None


def inside(p: Process) -> tuple[Any, system.System]:
    """The instance and its system."""
    instance = system.instance_of(p.world, p.node)
    return instance, instance.guest


def outside(p: Process) -> Any:
    """The instance as the network sees it."""
    from ..openstack.guests import view

    return view(p.world, inside(p)[0])


def flags(p: Process, valued: str = "") -> tuple[dict[str, str], list[str]]:
    """Short options (those in `valued` take a value) and the other words."""
    found: dict[str, str] = {}
    rest: list[str] = []
    words = iter(p.argv[1:])
    for word in words:
        if word == "--":
            rest += list(words)
        elif word.startswith("-") and len(word) > 1:
            letters = word[1:]
            while letters:
                letter, letters = letters[0], letters[1:]
                if letter in valued:
                    found[letter] = letters or next(words, "")
                    break
                found[letter] = ""
        else:
            rest.append(word)
    return found, rest


# --- shells and users ---


@guest("sh", "ash", path="/bin")
async def sh(p: Process) -> int:
    """busybox ash, spoken by the lab's shell."""
    from ..shell.start import bash_main

    return await bash_main(p)


@guest("sudo", path="/usr/bin")
async def sudo(p: Process) -> int:
    """cirros may do everything without a password. -i, -s, -u, -n, -E."""
    words = p.argv[1:]
    user, shell = "root", False
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-i", "-s", "--login", "--shell"):
            shell = True
        elif word in ("-u", "--user") and words:
            user = words.pop(0)
        elif word == "--":
            break
        elif word in ("-l", "--list"):
            p.print(f"User {p.user} may run the following commands on this host:\n    (ALL) NOPASSWD: ALL")
            return 0
    if not words and not shell:
        p.print("usage: sudo [-D level] -h | -K | -k | -V")
        return 1
    home = "/root" if user == "root" else f"/home/{user}"
    env = p.env | {"USER": user, "LOGNAME": user, "HOME": home, "SUDO_USER": p.user}
    env["PATH"] = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
    argv = words or ["/bin/sh", "-l"]
    assert p.spawn is not None
    status = await p.spawn(argv, env=env, user=user, cwd=home if shell and not words else p.cwd)
    if "exec_error" in p.extra:
        p.error(f"sudo: {argv[0]}: command not found")
        return 1
    return status


@guest("su", path="/bin")
async def su(p: Process) -> int:
    if p.user != "root":
        if p.tty is not None:
            await p.tty.ask("Password: ")
        p.error("su: incorrect password")
        return 1
    rest = [w for w in p.argv[1:] if not w.startswith("-")]
    user = rest[0] if rest else "root"
    home = "/root" if user == "root" else f"/home/{user}"
    assert p.spawn is not None
    return await p.spawn(["/bin/sh", "-l"], env=p.env | {"USER": user, "HOME": home}, user=user, cwd=home)


@guest("id", path="/usr/bin")
async def id_(p: Process) -> int:
    given, rest = flags(p)
    user = rest[0] if rest else p.user
    number = {"root": 0, "cirros": 1000}.get(user)
    if number is None:
        p.error(f"id: unknown user {user}")
        return 1
    if "u" in given or "g" in given:
        p.print(user if "n" in given else str(number))
    else:
        p.print(f"uid={number}({user}) gid={number}({user}) groups={number}({user})")
    return 0


# --- the machine ---


@guest("uname", path="/bin")
async def uname(p: Process) -> int:
    _, me = inside(p)
    values = {"s": "Linux", "n": me.hostname, "r": system.RELEASE, "v": system.BUILD, "m": "x86_64", "o": "GNU/Linux"}
    given, _ = flags(p)
    wanted = "snrvmo" if "a" in given else "".join(k for k in "snrvmo" if k in given) or "s"
    p.print(" ".join(values[k] for k in wanted))
    return 0


@guest("hostname", path="/bin")
async def hostname(p: Process) -> int:
    _, me = inside(p)
    given, rest = flags(p)
    if rest:
        if p.user != "root":
            p.error("hostname: sethostname: Operation not permitted")
            return 1
        me.hostname = p.node.extra["hostname"] = rest[0]
    elif "f" in given:
        p.print(me.hostname)
    elif "i" in given:
        p.print("127.0.0.1")
    else:
        p.print(me.hostname)
    return 0


@guest("dmesg", path="/bin")
async def dmesg(p: Process) -> int:
    _, me = inside(p)
    for when, text in me.log:
        p.print(f"[{when:12.6f}] {text}")
    return 0


@guest("free", path="/usr/bin")
async def free(p: Process) -> int:
    from .proc import memory_kib

    unit = 1024 if "m" in flags(p)[0] else 1
    total = memory_kib(p.node) - 20960
    used, buffers = 30012, 1768
    p.print("             total         used         free       shared      buffers")
    row = [total, used, total - used, 0, buffers]
    p.print("Mem:   " + " ".join(f"{v // unit:12d}" for v in row).replace(" ", "", 1))
    p.print("-/+ buffers: " + f"{(used - buffers) // unit:18d} {(total - used + buffers) // unit:12d}")
    p.print("Swap:  " + " ".join(f"{0:12d}" for _ in range(3)).replace(" ", "", 1))
    return 0


@guest("ps", path="/bin")
async def ps(p: Process) -> int:
    rows = [(1, "root", "init"), (2, "root", "[kthreadd]"), (3, "root", "[ksoftirqd/0]"),
            (112, "root", "{syslogd} syslogd"),
            (114, "root", "klogd -n"), (201, "root", "udhcpc -R -n -T 60 -i eth0"),
            (334, "root", "/usr/sbin/dropbear -b /etc/dropbear/banner")]  # fmt: skip
    p.print("  PID USER       COMMAND")
    for pid, user, line in rows + [(e.pid, e.process.user, " ".join(e.argv)) for e in p.machine.procs.values()]:
        p.print(f"{pid:5d} {user:<10} {line}")
    return 0


@guest("reboot", "poweroff", "halt", path="/sbin")
async def power(p: Process) -> int:
    """The instance's own power; nova notices that it has been shut down."""
    instance, _ = inside(p)
    if p.user != "root":
        p.error(f"{posixpath.basename(p.argv[0])}: Operation not permitted")
        return 1
    if posixpath.basename(p.argv[0]) == "reboot":
        await p.machine.reboot()
    else:
        instance.plan = [*instance.plan, "stop"]
        instance.power_state = 4
    return 0


@guest("lsblk", path="/bin")
async def lsblk(p: Process) -> int:
    instance, me = inside(p)
    p.print("NAME   MAJ:MIN RM   SIZE RO TYPE MOUNTPOINT")
    points = {device: point for point, device in me.mounts.items()}
    for name, mib, _ in system.disks(p.world, instance):
        minor = (ord(name[2]) - ord("a")) * 16
        point = points.get(f"/dev/{name}", "")
        p.print(f"{name:<6} 253:{minor:<3} 0 {_size(mib):>6}  0 disk {point}".rstrip())
        if name == "vda":
            p.print(f"`-vda1 253:{minor + 1:<3} 0 {_size(mib - 8):>6}  0 part /")
    return 0


def _size(mib: int) -> str:
    return f"{mib // 1024}G" if mib % 1024 == 0 else f"{mib / 1024:.1f}G" if mib > 1024 else f"{mib}M"


@guest("fdisk", path="/sbin")
async def fdisk(p: Process) -> int:
    """-l only: the labels are read, never written."""
    instance, _ = inside(p)
    given, rest = flags(p)
    if "l" not in given:
        p.error(f"fdisk: {'cannot open ' + rest[0] if rest else 'bad usage (see man page)'}")
        return 1
    if p.user != "root":
        return 0
    for name, mib, _volume in system.disks(p.world, instance):
        if rest and f"/dev/{name}" not in rest:
            continue
        size = mib * 1024 * 1024
        sectors = size // 512
        cylinders = sectors // (255 * 63)
        amount = f"{size // 10**6} MB" if size < 10**9 else f"{size / 10**9:.1f} GB"
        heads = "255 heads, 63 sectors/track" if name == "vda" else "16 heads, 63 sectors/track"
        if name != "vda":
            cylinders = sectors // (16 * 63)
        p.print()
        p.print(f"Disk /dev/{name}: {amount}, {size} bytes")
        p.print(f"{heads}, {cylinders} cylinders, total {sectors} sectors")
        p.print("Units = sectors of 1 * 512 = 512 bytes")
        p.print("Sector size (logical/physical): 512 bytes / 512 bytes")
        p.print("I/O size (minimum/optimal): 512 bytes / 512 bytes")
        p.print("Disk identifier: 0x00000000")
        p.print()
        if name == "vda":
            p.print("   Device Boot      Start         End      Blocks   Id  System")
            p.print(f"/dev/vda1   *       16065{sectors - 64:12d}{(sectors - 16128) // 2:12d}   83  Linux")
        else:
            p.print(f"Disk /dev/{name} doesn't contain a valid partition table")
    return 0


@guest("blkid", path="/sbin")
async def blkid(p: Process) -> int:
    instance, _ = inside(p)
    p.print('/dev/vda1: LABEL="cirros-rootfs" UUID="8e4a6a3a-9d1f-4f0e-8d55-6f3f4f1b2c11" TYPE="ext3" ')
    for name, _, volume in system.disks(p.world, instance):
        kind = _filesystem(p, volume)
        if kind:
            p.print(f'/dev/{name}: UUID="{volume}" TYPE="{kind}" ')
    return 0


def _filesystem(p: Process, volume_id: str) -> str:
    cloud = p.world.cloud
    assert cloud is not None
    volume = cloud.cinder.volumes.get(volume_id)
    return volume.filesystem if volume else ""


def _disk(p: Process, device: str) -> tuple[str, int, str] | None:
    instance, _ = inside(p)
    for name, mib, volume in system.disks(p.world, instance):
        if f"/dev/{name}" == device:
            return name, mib, volume
    return None


@guest("mkfs.ext3", "mkfs.ext4", "mkfs.ext2", "mke2fs", path="/sbin")
async def mkfs(p: Process) -> int:
    """Make a file system on a whole volume; it stays on the volume."""
    given, rest = flags(p, "tLNbiImEJTUrgGO")
    name = posixpath.basename(p.argv[0])
    if not rest:
        p.error(f"Usage: {name} [-c|-l filename] [-b block-size] [-j] device [blocks-count]")
        return 1
    kind = given.get("t") or (name.partition(".")[2] or ("ext3" if "j" in given else "ext2"))
    device = rest[0]
    p.error("mke2fs 1.42.2 (27-Mar-2012)")
    if p.user != "root" and p.node.fs.exists(device):
        p.error(f"{device}: Permission denied while trying to determine filesystem size")
        return 1
    disk = _disk(p, device)
    if disk is None:
        p.error(f"Could not stat {device} --- No such file or directory\n\n"
                "The device apparently does not exist; did you specify it correctly?")  # fmt: skip
        return 1
    _, me = inside(p)
    if device in me.mounts.values() or device == "/dev/vda":
        p.error(f"{device} is mounted; will not make a filesystem here!")
        return 1
    _, mib, volume_id = disk
    blocks = mib * 256
    groups = -(-blocks // 32768)
    cloud = p.world.cloud
    assert cloud is not None
    if volume_id:
        cloud.cinder.volumes[volume_id].filesystem = kind
    p.node.extra.setdefault("types", {})[device] = kind
    p.node.extra.setdefault("kept", {}).pop(volume_id, None)
    inodes = blocks // 4 // groups // 8 * 8 * groups
    backups = [n * 32768 for n in (1, 3, 5, 7, 9, 25, 27, 49, 81) if n < groups]
    p.print(
        f"Filesystem label={given.get('L', '')}\nOS type: Linux\nBlock size=4096 (log=2)\nFragment size=4096 (log=2)\n"
        f"Stride=0 blocks, Stripe width=0 blocks\n{inodes} inodes, {blocks} blocks\n"
        f"{blocks // 20} blocks (5.00%) reserved for the super user\nFirst data block=0\n"
        f"Maximum filesystem blocks={-(-blocks // 32768) * 32768 * 1024 // 1024}\n{groups} block groups\n"
        f"32768 blocks per group, 32768 fragments per group\n{inodes // groups} inodes per group"
    )
    if backups:
        p.print("Superblock backups stored on blocks: \n\t" + ", ".join(map(str, backups)))
    p.print("\nAllocating group tables: done                            ")
    p.print("Writing inode tables: done                            ")
    if kind != "ext2":
        p.print(f"Creating journal ({8192 if mib >= 1024 else 4096} blocks): done")
    p.print("Writing superblocks and filesystem accounting information: done\n")
    return 0


# --- mounting: what is written below a mount point stays with the volume ---


@guest("mount", path="/bin")
async def mount(p: Process) -> int:
    from .proc import mounts as table

    given, rest = flags(p, "to")
    _, me = inside(p)
    if not rest:
        for line in table(p.node).splitlines():
            device, point, kind, options, *_ = line.split()
            p.print(f"{device} on {point} type {kind} ({options})")
        return 0
    if p.user != "root":
        p.error("mount: permission denied (are you root?)")
        return 1
    if len(rest) < 2:
        p.error(f"mount: can't find {rest[0]} in /etc/fstab")
        return 1
    device, point = rest[0], p.path(rest[1])
    disk = _disk(p, device)
    if disk is None:
        p.error(f"mount: mounting {device} on {rest[1]} failed: No such file or directory")
        return 255
    if not p.node.fs.isdir(point):
        p.error(f"mount: mounting {device} on {rest[1]} failed: No such file or directory")
        return 255
    kind = _filesystem(p, disk[2]) or p.node.extra.get("types", {}).get(device, "")
    if not kind or (given.get("t") and given["t"] != kind):
        p.error(f"mount: mounting {device} on {rest[1]} failed: Invalid argument")
        return 255
    if device in me.mounts.values():
        p.error(f"mount: mounting {device} on {rest[1]} failed: Device or resource busy")
        return 255
    me.mounts[point] = device
    p.node.extra.setdefault("types", {})[device] = kind
    _restore(p, disk[2], point)
    since = system.uptime(p.world, me)
    me.log.append((since, f"{kind.upper()}-fs ({disk[0]}): mounted filesystem with ordered data mode"))
    return 0


def _store(p: Process, key: str) -> dict[str, bytes | None]:
    """What lies on a volume while it is not mounted: path below its root -> bytes (None: directory)."""
    cloud = p.world.cloud
    assert cloud is not None
    return cloud.cinder.contents.setdefault(key, {})


def _restore(p: Process, key: str, point: str) -> None:
    fs = p.node.fs
    held = _store(p, key)
    if "lost+found" not in held:
        held["lost+found"] = None
    for path in sorted(held):
        full = f"{point}/{path}"
        if held[path] is None:
            fs.mkdir(full, parents=True)
        else:
            fs.write(full, held[path] or b"")


def _keep(p: Process, key: str, point: str) -> None:
    fs = p.node.fs
    held = _store(p, key)
    held.clear()

    def walk(folder: str, prefix: str) -> None:
        for name in fs.listdir(folder):
            full, short = f"{folder}/{name}", prefix + name
            if fs.isdir(full):
                held[short] = None
                walk(full, short + "/")
            elif fs.isfile(full):
                held[short] = fs.read(full)

    walk(point, "")
    for name in fs.listdir(point):
        full = f"{point}/{name}"
        if fs.isdir(full):
            fs.rmtree(full)
        else:
            fs.remove(full)


@guest("umount", path="/bin")
async def umount(p: Process) -> int:
    _, rest = flags(p)
    _, me = inside(p)
    if not rest:
        p.error("BusyBox v1.20.1: umount needs a file system or directory")
        return 1
    if p.user != "root":
        p.error(f"umount: can't umount {rest[0]}: Operation not permitted")
        return 1
    for name in rest:
        point = next((m for m, d in me.mounts.items() if name in (m, d) or p.path(name) == m), None)
        if point is None:
            p.error(f"umount: can't umount {name}: Invalid argument")
            return 1
        if p.cwd == point or p.cwd.startswith(point + "/"):
            p.error(f"umount: can't umount {point}: Device or resource busy")
            return 1
        disk = _disk(p, me.mounts[point])
        _keep(p, disk[2] if disk else "", point)
        del me.mounts[point]
    return 0


@guest("df", path="/bin")
async def df(p: Process) -> int:
    instance, me = inside(p)
    given, _ = flags(p)
    disk = (system.instance_flavor(p.world, instance).disk or 1) * 1024 * 1024 * 96 // 100
    rows = [("/dev", 248168, 0, "/dev"), ("/dev/vda1", disk, 18448, "/"), ("tmpfs", 251716, 0, "/dev/shm"),
            ("tmpfs", 200, 68, "/run")]  # fmt: skip
    for point, device in me.mounts.items():
        found = _disk(p, device)
        if found:
            rows.append((device, found[1] * 1024 * 98 // 100, 34000 if found[1] > 500 else 1300, point))
    if "h" in given:
        p.print("Filesystem                Size      Used Available Use% Mounted on")
    else:
        p.print("Filesystem           1K-blocks      Used Available Use% Mounted on")
    for device, total, used, point in rows:
        free_kib = max(total - used - (total // 20 if device.startswith("/dev/vd") else 0), 0)
        percent = -(-used * 100 // (used + free_kib)) if used + free_kib else 0
        if "h" in given:
            p.print(f"{device:<22}{_human(total):>8} {_human(used):>9} {_human(free_kib):>9} {percent:3d}% {point}")
        else:
            p.print(f"{device:<20} {total:9d} {used:9d} {free_kib:9d} {percent:3d}% {point}")
    return 0


def _human(kib: int) -> str:
    """1K-based, one decimal.

    >>> _human(248168), _human(0)
    ('242.4M', '0')
    """
    if not kib:
        return "0"
    size, units = float(kib), ["K", "M", "G", "T"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{size:.1f}{units[0]}"


# --- network ---


def _lo_row(p: Process) -> None:
    p.print(
        "lo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n"
        "          inet6 addr: ::1/128 Scope:Host\n          UP LOOPBACK RUNNING  MTU:16436  Metric:1\n"
        "          RX packets:0 errors:0 dropped:0 overruns:0 frame:0\n"
        "          TX packets:0 errors:0 dropped:0 overruns:0 carrier:0\n          collisions:0 txqueuelen:0 \n"
        "          RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)\n"
    )


def link_local(mac: str) -> str:
    """The IPv6 address a card gives itself.

    >>> link_local("fa:16:3e:01:02:03")
    'fe80::f816:3eff:fe01:203'
    """
    octets = [int(part, 16) for part in mac.split(":")]
    octets[0] ^= 2
    full = octets[:3] + [0xFF, 0xFE] + octets[3:]
    words = [full[i] << 8 | full[i + 1] for i in range(0, 8, 2)]
    return str(ipaddress.IPv6Address((0xFE80 << 112) | int("".join(f"{w:04x}" for w in words), 16)))


@guest("ifconfig", path="/sbin")
async def ifconfig(p: Process) -> int:
    _, me = inside(p)
    given, rest = flags(p)
    if len(rest) > 1:
        return _configure(p, me, rest)
    for face in me.faces:
        if (rest and face.name not in rest) or (not rest and not face.address and "a" not in given):
            continue
        p.print(f"{face.name:<10}Link encap:Ethernet  HWaddr {face.mac.upper()}  ")
        if face.address:
            net = ipaddress.ip_interface(face.address)
            p.print(f"          inet addr:{net.ip}  Bcast:{net.network.broadcast_address}  Mask:{net.network.netmask}")
            p.print(f"          inet6 addr: {link_local(face.mac)}/64 Scope:Link")
        state = "UP BROADCAST RUNNING MULTICAST" if face.address else "BROADCAST MULTICAST"
        p.print(
            f"          {state}  MTU:{face.mtu}  Metric:1\n"
            "          RX packets:312 errors:0 dropped:0 overruns:0 frame:0\n"
            "          TX packets:287 errors:0 dropped:0 overruns:0 carrier:0\n"
            "          collisions:0 txqueuelen:1000 \n"
            "          RX bytes:37112 (36.2 KiB)  TX bytes:31204 (30.4 KiB)\n"
        )
    if not rest or "lo" in rest:
        _lo_row(p)
    missing = [n for n in rest if n != "lo" and n not in {f.name for f in me.faces}]
    if missing:
        p.error(f"ifconfig: {missing[0]}: error fetching interface information: Device not found")
        return 1
    return 0


def _configure(p: Process, me: system.System, words: list[str]) -> int:
    """ifconfig eth0 mtu 1400, up, down, ADDRESS netmask MASK."""
    if p.user != "root":
        p.error("ifconfig: SIOCSIFFLAGS: Operation not permitted")
        return 1
    face = next((f for f in me.faces if f.name == words[0]), None)
    if face is None:
        p.error("ifconfig: SIOCSIFFLAGS: No such device")
        return 1
    rest = words[1:]
    if "mtu" in rest and rest[-1].isdigit():
        face.mtu = int(rest[rest.index("mtu") + 1])
    if re.match(r"\d+\.\d+\.\d+\.\d+", rest[0]):
        mask = rest[rest.index("netmask") + 1] if "netmask" in rest else "255.255.255.0"
        face.address = f"{rest[0].split('/')[0]}/{ipaddress.ip_network(f'0.0.0.0/{mask}').prefixlen}"
    if rest == ["down"]:
        face.address = ""
    return 0


@guest("ip", path="/bin")
async def ip(p: Process) -> int:
    """ip addr, link, route (show), link set mtu, neigh."""
    _, me = inside(p)
    words = [w for w in p.argv[1:] if not w.startswith("-")]
    noun = words[0] if words else ""
    full = next((n for n in ("address", "link", "route", "neigh", "rule") if noun and n.startswith(noun)), "")
    if full == "link" and "set" in words and "mtu" in words:
        face = next((f for f in me.faces if f.name in words), None)
        if p.user != "root" or face is None:
            p.error("ip: SIOCSIFMTU: Operation not permitted" if face else "ip: SIOCGIFFLAGS: No such device")
            return 1
        face.mtu = int(words[words.index("mtu") + 1])
        return 0
    if full in ("address", "link"):
        _ip_links(p, me, full == "address", [w for w in words[1:] if w.startswith(("eth", "lo"))])
        return 0
    if full == "route":
        if me.gateway:
            p.print(f"default via {me.gateway} dev eth0 ")
        for face in me.faces:
            if face.address:
                net = ipaddress.ip_interface(face.address)
                p.print(f"{net.network} dev {face.name}  src {net.ip} ")
        return 0
    if full in ("neigh", "rule"):
        return 0
    p.error("BusyBox v1.20.1 multi-call binary.\n\nUsage: ip { address | route | link | tunnel | rule } {COMMAND}")
    return 1


def _ip_links(p: Process, me: system.System, addresses: bool, only: list[str]) -> None:
    if not only or "lo" in only:
        p.print("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 16436 qdisc noqueue state UNKNOWN ")
        p.print("    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00")
        if addresses:
            p.print("    inet 127.0.0.1/8 scope host lo\n    inet6 ::1/128 scope host \n"
                    "       valid_lft forever preferred_lft forever")  # fmt: skip
    for number, face in enumerate(me.faces, 2):
        if only and face.name not in only:
            continue
        flag, state = ("BROADCAST,MULTICAST,UP,LOWER_UP", "UP") if face.address else ("BROADCAST,MULTICAST", "DOWN")
        qdisc = "pfifo_fast" if face.address else "noop"
        p.print(f"{number}: {face.name}: <{flag}> mtu {face.mtu} qdisc {qdisc} state {state} qlen 1000")
        p.print(f"    link/ether {face.mac} brd ff:ff:ff:ff:ff:ff")
        if addresses and face.address:
            net = ipaddress.ip_interface(face.address)
            p.print(f"    inet {face.address} brd {net.network.broadcast_address} scope global {face.name}")
            p.print(f"    inet6 {link_local(face.mac)}/64 scope link \n       valid_lft forever preferred_lft forever")


@guest("route", path="/sbin")
async def route(p: Process) -> int:
    _, me = inside(p)
    p.print("Kernel IP routing table")
    p.print("Destination     Gateway         Genmask         Flags Metric Ref    Use Iface")
    if me.gateway and me.faces:
        p.print(f"0.0.0.0         {me.gateway:<15} 0.0.0.0         UG    0      0        0 eth0")
    for face in me.faces:
        if face.address:
            net = ipaddress.ip_interface(face.address).network
            row = f"{net.network_address!s:<15} 0.0.0.0         {net.netmask!s:<15} U     0      0        0"
            p.print(f"{row} {face.name}")
    return 0


@guest("udhcpc", "cirros-dhcpc", path="/sbin")
async def udhcpc(p: Process) -> int:
    """Ask DHCP again."""
    instance, me = inside(p)
    if p.user != "root":
        p.error("udhcpc: socket(AF_PACKET): Operation not permitted")
        return 1
    p.print("udhcpc (v1.20.1) started\nSending discover...")
    system.learn_network(p.world, instance, me)
    face = me.faces[0] if me.faces else None
    if face is None or not face.address:
        await p.sleep(9)
        p.print("Sending discover...\nSending discover...\nNo lease, failing")
        return 1
    address = face.address.split("/")[0]
    p.print(f"Sending select for {address}...\nLease of {address} obtained, lease time 86400")
    return 0


def _reach(p: Process, target: str) -> tuple[str | None, Any]:
    """Address and reach of a host seen from the instance; None when the name is not known."""
    from .. import internet, network

    _, me = inside(p)
    address: str | None = target
    if not network.is_address(target):
        names = {"localhost": "127.0.0.1", me.hostname: "127.0.0.1"}
        address = names.get(target)
        if address is None and me.faces and me.faces[0].address:
            servers = re.findall(r"^nameserver (\S+)", p.node.fs.read_text("/etc/resolv.conf"), re.M)
            if any(_from(p, s).ok for s in servers):
                address = internet.resolve(p.world, target)
    if address is None:
        return None, None
    return address, _from(p, address)


def _from(p: Process, address: str) -> Any:
    from .. import network

    _, me = inside(p)
    if address.startswith("127.") or any(f.address.split("/")[0] == address for f in me.faces):
        return network.Reach("guest", me.hostname, 0.05, guest=outside(p))
    if not any(f.address for f in me.faces):
        return network.Reach("none", reason="no-route")
    return network.from_guest(p.world, outside(p), address)


@guest("ping", path="/bin")
async def ping(p: Process) -> int:
    """busybox ping: -c -s -W -w -q. Packets may not be fragmented: a tunnel that is too narrow shows (defect 5).

    `-M do` is accepted, which the real one does not know.
    """
    from .. import network

    given, rest = flags(p, "csIWwMit")
    if not rest:
        p.error("BusyBox v1.20.1 multi-call binary.\n\nUsage: ping [OPTIONS] HOST")
        return 1
    host = rest[0]
    _, me = inside(p)
    address, reach = _reach(p, host)
    if address is None:
        p.error(f"ping: bad address '{host}'")
        return 1
    size = int(given.get("s") or 56)
    count = int(given["c"]) if given.get("c", "").isdigit() else None
    if not reach.ok and reach.reason in ("no-route", "net-unreachable"):
        p.print(f"PING {host} ({address}): {size} data bytes")
        p.error("ping: sendto: Network is unreachable")
        return 1
    p.print(f"PING {host} ({address}): {size} data bytes")
    own = me.faces[0].address.split("/")[0] if me.faces and me.faces[0].address else "127.0.0.1"
    mtu = me.faces[0].mtu if me.faces else 1500
    if size + 28 > mtu and given.get("M") == "do":
        p.error("ping: sendto: Message too long")
        return 1
    fits = size + 28 <= mtu and size + 28 <= reach.mtu if size + 28 <= mtu else True
    answers = reach.ok and fits and (address == own or address.startswith("127.") or network.pings(
        p.world, reach, own, address
    ))  # fmt: skip
    sent = got = 0
    quiet = "q" in given
    try:
        while count is None or sent < count:
            if sent:
                await asyncio.sleep(1 / p.world.clock.speed)
            sent += 1
            if answers:
                got += 1
                if not quiet:
                    where = f"{size + 8} bytes from {address}: seq={sent - 1}"
                    p.print(f"{where} ttl={_ttl(reach)} time={_rtt(reach, sent):.3f} ms")
            elif count is not None and sent == count:
                await asyncio.sleep(float(given.get("W") or 1) / p.world.clock.speed)
    except asyncio.CancelledError:
        _ping_end(p, host, sent, got, reach)
        raise
    _ping_end(p, host, sent, got, reach)
    return 0 if got else 1


@guest("traceroute", path="/usr/bin")
async def traceroute(p: Process) -> int:
    """busybox traceroute: routers on the way, each asked three times. -n -m."""
    given, rest = flags(p, "mqpstwi")
    if not rest:
        p.error("BusyBox v1.20.1 multi-call binary.\n\nUsage: traceroute [OPTIONS] HOST")
        return 1
    address, reach = _reach(p, rest[0])
    if address is None:
        p.error(f"traceroute: bad address '{rest[0]}'")
        return 1
    limit = int(given.get("m") or 30)
    p.print(f"traceroute to {rest[0]} ({address}), {limit} hops max, 38 byte packets")
    stations = [*reach.hops, *([address] if reach.ok else [])]
    for number in range(1, limit + 1):
        if number > len(stations):
            if reach.ok:
                break
            p.print(f"{number:2d}  *  *  *")
            continue
        station = stations[number - 1]
        base = max(reach.rtt_ms, 0.05) * number / len(stations)
        times = "  ".join(f"{base * (1 + n / 20):.3f} ms" for n in range(3))
        p.print(f"{number:2d}  {station}  {times}" if "n" in given else f"{number:2d}  {station} ({station})  {times}")
        await asyncio.sleep(base / 1000 / p.world.clock.speed)
    return 0


@guest("arp", path="/sbin")
async def arp(p: Process) -> int:
    """busybox arp: whom the instance has spoken with, its gateway at least. -n -a."""
    _, me = inside(p)
    gateways = [
        (ipaddress.ip_interface(held), nic.mac)
        for node in p.world.nodes.values()
        for nic in node.nics.values()
        for held in nic.addresses
        if nic.netns and nic.name.startswith("qr-")
    ]
    for face in me.faces:
        for gateway, mac in gateways:
            near = face.address and gateway.network == ipaddress.ip_interface(face.address).network
            if near and _from(p, str(gateway.ip)).ok:
                p.print(f"? ({gateway.ip}) at {mac} [ether]  on {face.name}")
    return 0


def _ttl(reach: Any) -> int:
    return 64 - len(reach.hops)


def _rtt(reach: Any, number: int) -> float:
    return max(reach.rtt_ms, 0.05) * (1 + (number * 7 % 5) / 20)


def _ping_end(p: Process, host: str, sent: int, got: int, reach: Any) -> None:
    p.print(f"\n--- {host} ping statistics ---")
    lost = (sent - got) * 100 // sent if sent else 0
    p.print(f"{sent} packets transmitted, {got} packets received, {lost}% packet loss")
    if got:
        times = [_rtt(reach, n + 1) for n in range(got)]
        p.print(f"round-trip min/avg/max = {min(times):.3f}/{sum(times) / got:.3f}/{max(times):.3f} ms")


@guest("curl", path="/usr/bin")
async def curl(p: Process) -> int:
    """The metadata service, and whether a web server can be reached."""
    return await _fetch(p, *flags(p, "oXHmdAuw"))


@guest("wget", path="/usr/bin")
async def wget(p: Process) -> int:
    return await _fetch(p, *flags(p, "OTY"))


async def _fetch(p: Process, given: dict[str, str], rest: list[str]) -> int:
    tool = posixpath.basename(p.argv[0])
    rest = [r for r in rest if not r.startswith("-")]
    if not rest:
        p.error("curl: try 'curl --help' for more information" if tool == "curl" else "wget: missing URL")
        return 2 if tool == "curl" else 1
    url = rest[0] if "://" in rest[0] else "http://" + rest[0]
    parts = urlsplit(url)
    instance, _ = inside(p)
    body: str | None
    if parts.hostname == system.METADATA:
        if not system.metadata_reachable(p.world, instance) or not outside(p).fixed_ips:
            await p.sleep(3)
            p.error("curl: (7) couldn't connect to host" if tool == "curl" else
                    f"wget: can't connect to remote host ({system.METADATA}): No route to host")  # fmt: skip
            return 7 if tool == "curl" else 1
        body = metadata.answer(p.world, instance, parts.path)
    else:
        address, reach = _reach(p, parts.hostname or "")
        if address is None:
            p.error(f"curl: (6) Couldn't resolve host '{parts.hostname}'" if tool == "curl" else
                    f"wget: bad address '{parts.hostname}'")  # fmt: skip
            return 6 if tool == "curl" else 1
        if not reach.ok or reach.kind != "external":
            p.error("curl: (7) couldn't connect to host" if tool == "curl" else
                    f"wget: can't connect to remote host ({address}): Connection refused")  # fmt: skip
            return 7 if tool == "curl" else 1
        body = "<html><body>ok</body></html>\n"
    if body is None:
        if tool == "wget":
            p.error("wget: server returned error: HTTP/1.1 404 Not Found")
            return 1
        if "f" in given:
            p.error("curl: (22) The requested URL returned error: 404")
            return 22
        body = "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n  " \
               "The resource could not be found.<br /><br />\n\n\n\n </body>\n</html>"  # fmt: skip
    target = given.get("o") or given.get("O") or ""
    if tool == "wget" and not target:
        target = posixpath.basename(parts.path) or "index.html"
    if target and target != "-":
        p.node.fs.write(p.path(target), body)
        if tool == "wget":
            p.error(f"Connecting to {parts.hostname} ({parts.hostname}:{parts.port or 80})")
        return 0
    p.print(body, end="")
    return 0


@guest("nslookup", path="/usr/bin")
async def nslookup(p: Process) -> int:
    rest = flags(p)[1]
    address, _ = _reach(p, rest[0]) if rest else (None, None)
    if address is None:
        p.error(f"nslookup: can't resolve '{rest[0] if rest else ''}'")
        return 1
    p.print(f"Name:      {rest[0]}\nAddress 1: {address} {rest[0]}")
    return 0


@guest("ec2metadata", path="/usr/bin")
async def ec2metadata(p: Process) -> int:
    """cirros's own reader of the metadata service."""
    instance, _ = inside(p)
    if not system.metadata_reachable(p.world, instance):
        return 1
    for key in ("ami-id", "instance-id", "instance-type", "local-hostname", "local-ipv4", "public-ipv4"):
        p.print(f"{key}: {metadata.answer(p.world, instance, '/latest/meta-data/' + key)}")
    return 0


@guest("busybox", path="/bin")
async def busybox(p: Process) -> int:
    if len(p.argv) > 1 and p.spawn is not None:
        return await p.spawn(p.argv[1:])
    p.print("BusyBox v1.20.1 (2013-02-06 13:52:00 UTC) multi-call binary.")
    return 0


@guest("logger", "modprobe", "swapon", "swapoff", path="/sbin")
async def nothing(p: Process) -> int:
    return 0
