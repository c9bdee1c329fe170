"""Opening a path as a process does: devices, /proc, files; and the executables of a node.

Everything that reads or writes by name goes through `open_stream`, so that
/dev/null, /dev/stdin, /proc/sys/net/ipv4/ip_forward and /etc/hosts behave alike in
redirections, `cat` and SFTP.
"""

from __future__ import annotations

import errno
import importlib
import os
import posixpath
import re
import time
from typing import TYPE_CHECKING, Any

from .fs import Stat
from .process import REGISTRY, Registered
from .shell import streams

if TYPE_CHECKING:
    from .fs import Filesystem
    from .process import Process
    from .world import Node

STUB = b"\x7fELF\x02\x01\x01\x00"  # a command's file: this and its path (packagefiles.py writes the same)


def proc_read(node: Node, path: str) -> bytes | None:
    """What /proc and /sys say, None when the path is an ordinary one."""
    if not path.startswith(("/proc/", "/sys/", "/selinux/")):
        return None
    procfs = _procfs(node)
    return procfs.read(node, path) if procfs else None


def proc_write(node: Node, path: str, data: bytes) -> bool:
    """Tell a /proc or /sys file; False when it is not one that can be written."""
    procfs = _procfs(node)
    if procfs is None or not hasattr(procfs, "write"):
        return False
    return bool(procfs.write(node, path, data))


def _procfs(node: Node) -> Any:
    if node.extra.get("guest"):  # an instance has a kernel of its own
        return importlib.import_module("rdokit.lab.guest.proc")
    try:
        return importlib.import_module("rdokit.lab.procfs")
    except ModuleNotFoundError:
        return None


def error(number: int, name: str) -> OSError:
    return OSError(number, os.strerror(number), name)


def open_stream(p: Process, name: str, mode: str = "r", clobber: bool = True) -> streams.Stream:
    """Open a file for a process.

    Args:
        mode: "r", "w" (create and truncate), "a" (create, always at the end) or "rw" (create, `<>`).
        clobber: False refuses to overwrite a regular file (set -C).

    Raises:
        OSError: `filename` is the name as given.
    """
    if not name:
        raise error(errno.ENOENT, name)
    path = name if name.startswith("/") else f"{p.cwd.rstrip('/')}/{name}"
    if path.startswith("/dev/"):
        found = device(p, posixpath.normpath(path), name, mode)
        if found is not None:
            return found
    fs = p.node.fs
    if path.startswith(("/proc/", "/sys/", "/selinux/")):
        found = proc_stream(p, posixpath.normpath(path), name, mode)
        if found is not None:
            return found
    try:
        if mode == "r":
            stat = fs.stat(path, p.user)
            if stat.kind == "dir":
                return Directory(name)
            inode = fs._readable(path, p.user)  # noqa: SLF001 - the two belong together
            return streams.File(fs, inode, path, True, False)
        if not clobber and mode == "w" and fs.isfile(path):
            raise FileExistsError(errno.EEXIST, "cannot overwrite existing file", name)
        bits = 0o666 & ~p.umask
        inode = fs.open_inode(path, truncate=mode == "w", mode=bits, user=p.user)
        return streams.File(fs, inode, path, mode == "rw", True, mode == "a")
    except OSError as err:
        err.filename = name
        raise


class Directory(streams.Null):
    """open(2) of a directory works, read(2) does not."""

    def __init__(self, name: str):
        super().__init__()
        self.name = name

    async def read(self, n: int = -1) -> bytes:
        raise error(errno.EISDIR, self.name)

    async def readline(self) -> bytes:
        raise error(errno.EISDIR, self.name)


def device(p: Process, path: str, name: str, mode: str) -> streams.Stream | None:
    simple: dict[str, type[streams.Stream]] = {
        "/dev/null": streams.Null,
        "/dev/zero": streams.Zero,
        "/dev/full": streams.Full,
        "/dev/random": streams.Random,
        "/dev/urandom": streams.Random,
    }
    if path in simple:
        return simple[path]()
    match = re.fullmatch(r"/dev/(?:fd/(\d+)|(stdin|stdout|stderr))", path)
    if match:
        fd = int(match[1]) if match[1] else ("stdin", "stdout", "stderr").index(match[2])
        if p.fds is None or fd not in p.fds:
            raise error(errno.ENOENT, name)
        return p.fds[fd].dup()
    if path == "/dev/tty" or path.startswith("/dev/pts/"):
        if p.tty is None:
            raise error(errno.ENXIO if path == "/dev/tty" else errno.ENOENT, name)
        return p.tty.stream()  # type: ignore[attr-defined]
    return None


def proc_stream(p: Process, path: str, name: str, mode: str) -> streams.Stream | None:
    match = re.fullmatch(r"/proc/self/fd/(\d+)", path)
    if match and p.fds is not None and int(match[1]) in p.fds:
        return p.fds[int(match[1])].dup()
    pid = re.fullmatch(r"/proc/(\d+|self)/(cmdline|comm|stat|status|environ)", path)
    if pid and "machine" in p.extra:
        data = p.machine.proc_file(p.pid if pid[1] == "self" else int(pid[1]), pid[2])
        if data is not None:
            return streams.Source(data)
    if mode == "r":
        data = proc_read(p.node, path)
        return None if data is None else streams.Source(data)
    if proc_read(p.node, path) is None:
        return None

    def put(data: bytes) -> None:
        if not proc_write(p.node, path, data):
            raise error(errno.EACCES, name)

    if p.user != "root":
        raise error(errno.EACCES, name)
    return streams.ProcFile(put)


def stat_of(p: Process, name: str, follow: bool = True) -> Stat:
    """stat(2) or lstat(2) of a path as the process sees it, /proc and /sys included.

    Raises:
        OSError: `filename` is the name as given.
    """
    path = p.full(name)
    descriptor = re.fullmatch(r"/(?:dev/fd|proc/self/fd)/(\d+)", path)
    if descriptor and p.fds is not None and int(descriptor[1]) in p.fds:
        now = time.time()
        label = "unconfined_u:unconfined_r:unconfined_t:s0"
        return Stat("fifo", 0o600, 0, 0, 0, now, 20000 + int(descriptor[1]), 1, label, "root", "root", now, now)
    kind = virtual_kind(p, path)
    if kind is not None:
        now = time.time()
        mode = 0o555 if kind == "dir" else 0o644
        label = "system_u:object_r:proc_t:s0"
        return Stat(kind, mode, 0, 0, 0, now, 4026531840, 2 if kind == "dir" else 1, label, "root", "root", now, now)
    try:
        return (p.node.fs.stat if follow else p.node.fs.lstat)(path, p.user)
    except OSError as err:
        err.filename = name
        raise


def virtual_kind(p: Process, path: str) -> str | None:
    """ "dir" or "file" for a path below /proc, /sys or /selinux that exists, else None."""
    if not path.startswith(("/proc", "/sys", "/selinux")):
        return None
    path = posixpath.normpath(path)
    pid = re.fullmatch(r"/proc/(\d+|self)(?:/(fd|cmdline|comm|stat|status|environ))?", path)
    if pid and "machine" in p.extra:
        if pid[1] != "self" and int(pid[1]) not in p.machine.procs and not p.machine.kill_service(int(pid[1]), 0):
            return None
        return "dir" if pid[2] in (None, "fd") else "file"
    procfs = _procfs(p.node)
    return procfs.kind(p.node, path) if procfs is not None and hasattr(procfs, "kind") else None


def list_of(p: Process, name: str) -> list[str]:
    """The names in a directory, /proc and /sys included. Raises OSError."""
    path = posixpath.normpath(p.full(name)) if name.startswith(("/proc", "/sys", "/selinux")) else p.full(name)
    procfs = _procfs(p.node)
    names = procfs.listdir(p.node, path) if procfs is not None and hasattr(procfs, "listdir") else None
    if names is not None:
        if path == "/proc" and "machine" in p.extra:
            names = [*map(str, sorted(p.machine.procs)), *names]
        return names
    try:
        return p.node.fs.listdir(path, p.user)
    except OSError as err:
        err.filename = name
        raise


def sync_binaries(node: Node) -> None:
    """Lay a small file for every command whose package is installed, so that ls, which and rpm -qf find it."""
    fs = node.fs
    for entry in REGISTRY.values():
        there = fs.lexists(entry.path)
        if entry.present(node):
            if not there:
                fs.mkdir(posixpath.dirname(entry.path), parents=True)
                fs.write(entry.path, STUB + entry.path.encode() + b"\n", mode=0o755)
                fs.restorecon(entry.path)
        elif there and fs.isfile(entry.path) and fs.read(entry.path).startswith(STUB):
            fs.remove(entry.path)


def stub_of(fs: Filesystem, path: str) -> tuple[bool, Registered | None]:
    """(whether a file is a compiled program, the lab's command for it if there is one)."""
    node = fs._peek(path)  # noqa: SLF001 - for every command started: no copy of the content
    if node is None or node.kind != "file" or not node.data or not node.data.startswith(STUB):
        return False, None
    name = bytes(node.data[len(STUB) :]).decode("utf-8", "replace").strip().rsplit("/", 1)[-1]
    return True, REGISTRY.get(name)
