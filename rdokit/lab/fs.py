"""A simulated node's files: what `ls -lZ`, `stat`, SFTP and every command see.

An in-memory Unix file system that is plain data (it is saved with the world) and
fails as a real one does: every error is an OSError with the errno a C program
would get, so that commands can print the genuine text. Owners, modes, SELinux
labels, times, inode numbers and hard links are kept, because notebooks check
that an edit leaves them alone.

Files whose content depends on the node's state (/proc, /sys) are not here:
`rdokit.lab.procfs.read(node, path)` is asked before this.

    >>> fs = Filesystem()
    >>> fs.mkdir("/etc"); fs.write("/etc/hosts", "127.0.0.1 localhost\\n")
    >>> fs.read_text("/etc/hosts"), oct(fs.stat("/etc/hosts").mode)
    ('127.0.0.1 localhost\\n', '0o644')
    >>> fs.symlink("hosts", "/etc/h"); fs.realpath("/etc/h")
    '/etc/hosts'
    >>> fs.read("/nosuch")
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] No such file or directory: '/nosuch'
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat as statmod
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

ENCODING = ("utf-8", "surrogateescape")
MAX_LINKS = 40  # of symbolic links in one path, as in Linux
NAME_MAX = 255
CEILING = 1 << 28  # bytes that a node's files may take of our memory; beyond, its disk is full
CIRROS = "64d7c1cd2b6f60c92c14662941cb7913"  # the image of Step 15; its first bytes are those of any qcow2 file
QCOW2 = b"QFI\xfb\x00\x00\x00\x02" + b"\x00" * 16 + (41126400).to_bytes(8, "big")

KIND_BITS = {
    "file": statmod.S_IFREG,
    "dir": statmod.S_IFDIR,
    "link": statmod.S_IFLNK,
    "char": statmod.S_IFCHR,
    "block": statmod.S_IFBLK,
    "fifo": statmod.S_IFIFO,
    "socket": statmod.S_IFSOCK,
}

# Type of a label by path, longest prefix wins (a small part of targeted policy 2.4's file_contexts).
CONTEXTS = {
    "/": "root_t",
    "/bin": "bin_t",
    "/boot": "boot_t",
    "/dev": "device_t",
    "/etc": "etc_t",
    "/etc/hosts": "net_conf_t",
    "/etc/resolv.conf": "net_conf_t",
    "/etc/passwd": "etc_t",
    "/etc/shadow": "shadow_t",
    "/etc/gshadow": "shadow_t",
    "/etc/selinux": "selinux_config_t",
    "/etc/ssh": "etc_t",
    "/etc/sysctl.conf": "system_conf_t",
    "/etc/sysconfig/network-scripts": "net_conf_t",
    "/etc/sysconfig/iptables": "system_conf_t",
    "/etc/rc.d/init.d": "initrc_exec_t",
    "/etc/rc.d/rc.local": "initrc_exec_t",
    "/etc/ntp.conf": "net_conf_t",
    "/home": "user_home_t",
    "/lib": "lib_t",
    "/lib64": "lib_t",
    "/lib/modules": "modules_object_t",
    "/opt": "usr_t",
    "/root": "admin_home_t",
    "/root/.ssh": "ssh_home_t",
    "/sbin": "bin_t",
    "/srv": "var_t",
    "/tmp": "tmp_t",
    "/usr": "usr_t",
    "/usr/bin": "bin_t",
    "/usr/sbin": "bin_t",
    "/usr/lib": "lib_t",
    "/usr/lib64": "lib_t",
    "/var": "var_t",
    "/var/lib": "var_lib_t",
    "/var/lib/nova": "nova_var_lib_t",
    "/var/lib/glance": "glance_var_lib_t",
    "/var/lib/libvirt": "virt_var_lib_t",
    "/var/lib/mysql": "mysqld_db_t",
    "/var/log": "var_log_t",
    "/var/run": "var_run_t",
    "/var/spool": "var_spool_t",
    "/var/tmp": "tmp_t",
    "/var/www": "httpd_sys_content_t",
}
TMP_CHILD = {"tmp_t": "user_tmp_t"}  # what a login's new file in a directory of this type is labelled


class Inode:
    """One file, directory, link or device. `data` is a bytearray so that appending is cheap."""

    __slots__ = (
        "kind",
        "mode",
        "uid",
        "gid",
        "mtime",
        "ctime",
        "atime",
        "ino",
        "nlink",
        "context",
        "data",
        "children",
        "target",
        "size",
        "md5",
        "immutable",
        "rdev",
        "mounted",
    )

    def __init__(self, kind: str, mode: int, uid: int, gid: int, ino: int, context: str):
        self.kind, self.mode, self.uid, self.gid, self.ino, self.context = kind, mode, uid, gid, ino, context
        self.mtime = self.ctime = self.atime = time.time()
        self.nlink = 2 if kind == "dir" else 1
        self.data: bytearray | None = bytearray() if kind == "file" else None
        self.children: dict[str, Inode] = {}
        self.target = ""
        self.size = 0  # of a synthetic file
        self.md5 = ""  # of a synthetic file; "" = the bytes are stored
        self.immutable = False  # chattr +i
        self.rdev = (0, 0)
        self.mounted: str = ""  # "ro" makes everything below read-only

    def length(self) -> int:
        if self.kind == "link":
            return len(self.target.encode(*ENCODING))
        if self.kind == "dir":
            return 4096
        return self.size if self.md5 else len(self.data or b"")


@dataclass(frozen=True)
class Stat:
    """What stat(2) tells. `mode` has the permission bits only; `st_mode` adds the type."""

    kind: str  # file | dir | link | char | block | fifo | socket
    mode: int
    uid: int
    gid: int
    size: int
    mtime: float
    ino: int
    nlink: int
    context: str
    user: str  # name of the owner, or the number as text when there is none
    group: str
    ctime: float = 0.0
    atime: float = 0.0
    rdev: tuple[int, int] = (0, 0)
    immutable: bool = False

    @property
    def st_mode(self) -> int:
        return KIND_BITS[self.kind] | self.mode

    @property
    def text(self) -> str:
        """`-rw-r--r--`, as ls -l shows it (without the SELinux dot)."""
        return statmod.filemode(self.st_mode)


def _error(number: int, path: str, other: str | None = None) -> OSError:
    if other is not None:
        return OSError(number, os.strerror(number), path, None, other)
    return OSError(number, os.strerror(number), path)


def default_type(path: str) -> str:
    """The SELinux type that restorecon would give to a path.

    >>> default_type("/root/.ssh/authorized_keys"), default_type("/etc/nova/nova.conf")
    ('ssh_home_t', 'etc_t')
    """
    probe = path
    while probe not in CONTEXTS:
        probe = probe.rpartition("/")[0] or "/"
    return CONTEXTS[probe]


class Accounts(NamedTuple):
    users: dict[str, tuple[int, int]]  # name -> uid, gid
    groups: dict[str, int]  # name -> gid
    extra: dict[str, set[int]]  # user -> supplementary gids
    owners: dict[int, str]  # uid -> name
    owning: dict[int, str]  # gid -> name


class Filesystem:
    """The files of one node. Paths are absolute; `user` (a login name) is who asks, root may do everything."""

    def __init__(self, node_name: str = "") -> None:
        self.node_name = node_name
        self.next_ino = 2
        self.limit: int | None = None  # bytes the disk holds; None = no end. Beyond: ENOSPC
        self.used = 0
        self.changes = 0  # counts changes, so that a saver knows whether there is news
        self.root = Inode("dir", 0o755, 0, 0, self._ino(), "system_u:object_r:root_t:s0")
        self._names: tuple[tuple, Accounts] | None = None

    def __getstate__(self) -> dict:
        state = self.__dict__.copy()
        state["_names"] = None
        return state

    # -- names of users ------------------------------------------------------------------------------------------

    def _ino(self) -> int:
        self.next_ino += 1
        return self.next_ino + 131070

    def _accounts(self) -> Accounts:
        """From /etc/passwd and /etc/group."""
        etc = self.root.children.get("etc")
        files = (etc.children.get("passwd"), etc.children.get("group")) if etc else (None, None)
        stamp = tuple([(id(f), f.mtime, len(f.data or b"")) if f else () for f in files])
        if self._names and self._names[0] == stamp:
            return self._names[1]
        users: dict[str, tuple[int, int]] = {"root": (0, 0)}
        groups: dict[str, int] = {"root": 0}
        extra: dict[str, set[int]] = {}
        if files[0] is not None and files[0].data is not None:
            for line in bytes(files[0].data).decode(*ENCODING).splitlines():
                part = line.split(":")
                if len(part) >= 4 and part[2].isdigit() and part[3].isdigit():
                    users.setdefault(part[0], (int(part[2]), int(part[3])))
        if files[1] is not None and files[1].data is not None:
            for line in bytes(files[1].data).decode(*ENCODING).splitlines():
                part = line.split(":")
                if len(part) >= 3 and part[2].isdigit():
                    groups.setdefault(part[0], int(part[2]))
                    for member in filter(None, part[3].split(",") if len(part) > 3 else []):
                        extra.setdefault(member, set()).add(int(part[2]))
        owners = {uid: user for user, (uid, _) in reversed(users.items())}  # of several, the first
        owning = {gid: group for group, gid in reversed(groups.items())}
        self._names = stamp, Accounts(users, groups, extra, owners, owning)
        return self._names[1]

    def uid(self, user: str | int) -> int:
        """The number of a user. KeyError when there is none."""
        if isinstance(user, int):
            return user
        users = self._accounts().users
        return users[user][0] if user in users else int(user) if user.isdigit() else self._no_name(user)

    def gid(self, group: str | int) -> int:
        """The number of a group. KeyError when there is none."""
        if isinstance(group, int):
            return group
        groups = self._accounts().groups
        return groups[group] if group in groups else int(group) if group.isdigit() else self._no_name(group)

    @staticmethod
    def _no_name(name: str) -> int:
        raise KeyError(name)

    def user_name(self, uid: int) -> str:
        return self._accounts().owners.get(uid, str(uid))

    def group_name(self, gid: int) -> str:
        return self._accounts().owning.get(gid, str(gid))

    def groups_of(self, user: str) -> list[int]:
        """The primary and supplementary groups of a user, primary first."""
        users, _, extra, _, _ = self._accounts()
        first = users.get(user, (0, 0))[1]
        return [first, *sorted(extra.get(user, set()) - {first})]

    # -- walking -------------------------------------------------------------------------------------------------

    def _allowed(self, node: Inode, want: int, user: str) -> bool:
        """want: 4 read, 2 write, 1 execute/search."""
        if user == "root":
            return True
        uid = self._accounts().users.get(user, (65534, 65534))[0]
        if uid == 0:
            return True
        bits = node.mode >> 6 if node.uid == uid else node.mode >> 3 if node.gid in self.groups_of(user) else node.mode
        return bits & want == want

    def _locate(
        self, path: str, follow: bool = True, user: str = "root", named: str | None = None
    ) -> tuple[Inode, str, Inode | None, str, bool]:
        """(parent, last name, the inode or None, its real path, on a read-only mount).

        Raises:
            OSError: ENOENT/ENOTDIR/EACCES/ELOOP on the way there; a missing last part is not an error.
        """
        if user == "root" and (found := self._straight(path)):
            return found
        named = named or path
        if not path:
            raise _error(errno.ENOENT, named)
        parts = [p for p in path.split("/") if p and p != "."]
        must_be_dir = path.endswith(("/", "/."))
        parts.reverse()
        chain: list[tuple[str, Inode]] = [("", self.root)]
        links = 0
        while parts:
            name = parts.pop()
            here = chain[-1][1]
            if here.kind != "dir":
                raise _error(errno.ENOTDIR, named)
            if not self._allowed(here, 1, user):
                raise _error(errno.EACCES, named)
            if name == "..":
                if len(chain) > 1:
                    chain.pop()
                continue
            if len(name) > NAME_MAX and len(name.encode(*ENCODING)) > NAME_MAX:
                raise _error(errno.ENAMETOOLONG, named)
            child = here.children.get(name)
            if child is None:
                if parts and any(p != ".." for p in parts):
                    raise _error(errno.ENOENT, named)
                if parts:
                    raise _error(errno.ENOENT, named)
                return here, name, None, self._join(chain, name), self._ro(chain)
            if child.kind == "link" and (parts or follow or must_be_dir):
                links += 1
                if links > MAX_LINKS:
                    raise _error(errno.ELOOP, named)
                parts.extend(reversed([p for p in child.target.split("/") if p and p != "."]))
                if child.target.startswith("/"):
                    del chain[1:]
                continue
            chain.append((name, child))
        last_name, last = chain[-1]
        parent = chain[-2][1] if len(chain) > 1 else self.root
        if must_be_dir and last.kind != "dir":
            raise _error(errno.ENOTDIR, named)
        return parent, last_name, last, self._join(chain), self._ro(chain)

    def _straight(self, path: str) -> tuple[Inode, str, Inode | None, str, bool] | None:
        """What `_locate` answers root for a tidy path without links; None: look closer. Most questions are such."""
        names = path.split("/")
        if len(names) < 2 or names.pop(0):
            return None
        last, here = names.pop(), self.root
        state = here.mounted
        for name in names:
            child = here.children.get(name)
            if child is None or child.kind != "dir":
                return None
            here = child
            state = here.mounted or state
        found = here.children.get(last)
        if found is None:
            if last in ("", ".", "..") or len(last) > NAME_MAX // 4:
                return None
        elif found.kind == "link":
            return None
        else:
            state = found.mounted or state
        return here, last, found, path, state == "ro"

    @staticmethod
    def _join(chain: list[tuple[str, Inode]], name: str | None = None) -> str:
        names = [n for n, _ in chain[1:]] + ([name] if name is not None else [])
        return "/" + "/".join(names)

    @staticmethod
    def _ro(chain: list[tuple[str, Inode]]) -> bool:
        state = ""
        for _, node in chain:
            state = node.mounted or state
        return state == "ro"

    def _need(self, path: str, follow: bool = True, user: str = "root") -> Inode:
        node = self._locate(path, follow, user)[2]
        if node is None:
            raise _error(errno.ENOENT, path)
        return node

    def _changing(self, parent: Inode, path: str, readonly: bool, user: str) -> None:
        """May an entry of `parent` be made or removed?"""
        if readonly:
            raise _error(errno.EROFS, path)
        if parent.immutable:
            raise _error(errno.EACCES if user != "root" else errno.EPERM, path)
        if not self._allowed(parent, 3, user):
            raise _error(errno.EACCES, path)

    def _sticky(self, parent: Inode, node: Inode, path: str, user: str) -> None:
        if node.immutable:
            raise _error(errno.EPERM, path)
        if parent.mode & 0o1000 and user != "root" and self.uid(user) not in (node.uid, parent.uid):
            raise _error(errno.EPERM, path)

    def _grow(self, extra: int, path: str) -> None:
        if extra > 0 and self.used + extra > (CEILING if self.limit is None else self.limit):
            raise _error(errno.ENOSPC, path)
        self.used += extra

    def _touch(self, *nodes: Inode) -> None:
        now = time.time()
        for node in nodes:
            node.mtime = node.ctime = now
        self.changes += 1

    def _new(self, kind: str, parent: Inode, name: str, real: str, mode: int, user: str) -> Inode:
        self._grow(0 if self.limit is None or self.used < self.limit else 1, real)
        ids = self._accounts().users.get(user, (0, 0))
        gid = parent.gid if parent.mode & 0o2000 else ids[1]
        label = parent.context.split(":")[2] if parent.context.count(":") >= 3 else "file_t"
        fitting = default_type(real)
        label = TMP_CHILD.get(label, label) if label in TMP_CHILD else fitting if label == "root_t" else label
        if label in ("admin_home_t", "user_home_t") and fitting == "ssh_home_t":
            label = fitting
        node = Inode(kind, mode, ids[0], gid, self._ino(), f"unconfined_u:object_r:{label}:s0")
        parent.children[name] = node
        if kind == "dir":
            parent.nlink += 1
            if parent.mode & 0o2000:
                node.mode |= 0o2000
        self._touch(parent)
        return node

    # -- asking --------------------------------------------------------------------------------------------------

    def _stat(self, node: Inode) -> Stat:
        return Stat(
            node.kind,
            node.mode,
            node.uid,
            node.gid,
            node.length(),
            node.mtime,
            node.ino,
            node.nlink,
            node.context,
            self.user_name(node.uid),
            self.group_name(node.gid),
            node.ctime,
            node.atime,
            node.rdev,
            node.immutable,
        )

    def stat(self, path: str, user: str = "root") -> Stat:
        return self._stat(self._need(path, True, user))

    def lstat(self, path: str, user: str = "root") -> Stat:
        return self._stat(self._need(path, False, user))

    def _peek(self, path: str, follow: bool = True) -> Inode | None:
        try:
            return self._locate(path, follow)[2]
        except OSError:
            return None

    def exists(self, path: str) -> bool:
        return self._peek(path) is not None

    def lexists(self, path: str) -> bool:
        return self._peek(path, False) is not None

    def isfile(self, path: str) -> bool:
        node = self._peek(path)
        return node is not None and node.kind == "file"

    def isdir(self, path: str) -> bool:
        node = self._peek(path)
        return node is not None and node.kind == "dir"

    def islink(self, path: str) -> bool:
        node = self._peek(path, False)
        return node is not None and node.kind == "link"

    def access(self, path: str, want: int, user: str = "root") -> bool:
        """access(2): want is 4 read + 2 write + 1 execute (0 = exists). Root may execute only what has an x bit."""
        try:
            _, _, node, _, readonly = self._locate(path, True, user)
        except OSError:
            return False
        if node is None or (want & 2 and (readonly or node.immutable)):
            return False
        if want & 1 and node.kind == "file" and not node.mode & 0o111:
            return False
        return self._allowed(node, want, user)

    def listdir(self, path: str, user: str = "root") -> list[str]:
        node = self._need(path, True, user)
        if node.kind != "dir":
            raise _error(errno.ENOTDIR, path)
        if not self._allowed(node, 4, user):
            raise _error(errno.EACCES, path)
        return sorted(node.children)

    def walk(self, path: str) -> Iterator[tuple[str, list[str], list[str]]]:
        """Like os.walk, top down, links not followed: (directory, directories, other names)."""
        node = self._peek(path)
        if node is None or node.kind != "dir":
            return
        names = sorted(node.children)
        dirs = [n for n in names if node.children[n].kind == "dir"]
        yield path, dirs, [n for n in names if node.children[n].kind != "dir"]
        for name in dirs:
            yield from self.walk(f"{path.rstrip('/')}/{name}")

    def realpath(self, path: str, strict: bool = False) -> str:
        """The path with all links resolved; what does not exist stays as it is unless `strict`."""
        try:
            _, _, node, real, _ = self._locate(path)
            if node is None and strict:
                raise _error(errno.ENOENT, path)
            return real
        except OSError:
            if strict:
                raise
        head, _, tail = path.rstrip("/").rpartition("/")
        return (self.realpath(head or "/").rstrip("/") + "/" + tail) if tail else "/"

    def readlink(self, path: str, user: str = "root") -> str:
        node = self._need(path, False, user)
        if node.kind != "link":
            raise _error(errno.EINVAL, path)
        return node.target

    def _readable(self, path: str, user: str) -> Inode:
        node = self._need(path, True, user)
        if node.kind == "dir":
            raise _error(errno.EISDIR, path)
        if not self._allowed(node, 4, user):
            raise _error(errno.EACCES, path)
        return node

    def content(self, node: Inode, start: int = 0, size: int | None = None) -> bytes:
        """Bytes of an inode. A synthetic file has a head that says what it is, and zeros."""
        if node.md5:
            end = node.size if size is None else min(node.size, start + size)
            head = QCOW2 if node.md5 == CIRROS else b""
            return (head[start:end] + b"\x00" * (end - max(start, len(head)))) if start < end else b""
        data = node.data or b""
        return bytes(data if not start and size is None else data[start : None if size is None else start + size])

    def read(self, path: str, user: str = "root") -> bytes:
        node = self._readable(path, user)
        if node.kind in ("char", "block"):
            return b""
        return self.content(node)

    def read_text(self, path: str, user: str = "root") -> str:
        return self.read(path, user).decode(*ENCODING)

    def checksum(self, path: str, kind: str = "md5", user: str = "root") -> str:
        node = self._readable(path, user)
        if node.md5 and kind == "md5":
            return node.md5
        return hashlib.new(kind, self.content(node)).hexdigest()

    # -- changing ------------------------------------------------------------------------------------------------

    def open_inode(
        self,
        path: str,
        create: bool = True,
        truncate: bool = False,
        mode: int = 0o644,
        user: str = "root",
        exclusive: bool = False,
    ) -> Inode:
        """The inode to write to, made when it is missing (open(2) with O_WRONLY)."""
        parent, name, node, real, readonly = self._locate(path, True, user)
        if node is None:
            if path.endswith("/"):
                raise _error(errno.EISDIR, path)
            if not create:
                raise _error(errno.ENOENT, path)
            self._changing(parent, path, readonly, user)
            return self._new("file", parent, name, real, mode, user)
        if exclusive:
            raise _error(errno.EEXIST, path)
        if node.kind == "dir":
            raise _error(errno.EISDIR, path)
        if readonly and node.kind == "file":
            raise _error(errno.EROFS, path)
        if not self._allowed(node, 2, user):
            raise _error(errno.EACCES, path)
        if node.immutable:
            raise _error(errno.EACCES if user != "root" else errno.EPERM, path)
        if truncate and node.kind == "file":
            self.truncate_inode(node, 0)
        return node

    def truncate_inode(self, node: Inode, size: int) -> None:
        self._forget_synthetic(node)
        data = node.data if node.data is not None else bytearray()
        self._grow(size - len(data), "")
        if size <= len(data):
            del data[size:]
        else:
            data.extend(b"\x00" * (size - len(data)))
        self._touch(node)

    def _forget_synthetic(self, node: Inode) -> None:
        if node.md5:
            node.data, node.md5, node.size = bytearray(), "", 0

    def write_inode(self, node: Inode, data: bytes, offset: int | None = None) -> int:
        """Write into an open file; `offset` None appends. Returns the offset behind the last byte written."""
        if node.kind != "file":
            return (offset or 0) + len(data)
        self._forget_synthetic(node)
        store = node.data if node.data is not None else bytearray()
        start = len(store) if offset is None else offset
        self._grow(max(0, start + len(data) - len(store)), "")
        if start > len(store):
            store.extend(b"\x00" * (start - len(store)))
        store[start : start + len(data)] = data
        self._touch(node)
        return start + len(data)

    def write(
        self,
        path: str,
        data: bytes | str,
        mode: int | None = None,
        owner: str | None = None,
        append: bool = False,
        user: str = "root",
        umask: int = 0o022,
    ) -> None:
        """Write a whole file. An existing one keeps inode, owner, mode (unless given) and label.

        Args:
            mode: permission bits; for a new file 0666 & ~umask when None.
            owner: "user" or "user:group".
        """
        raw = data.encode(*ENCODING) if isinstance(data, str) else bytes(data)
        node = self.open_inode(path, truncate=not append, mode=0o666 & ~umask if mode is None else mode, user=user)
        if mode is not None:
            node.mode = mode
        if owner:
            name, _, group = owner.partition(":")
            self.chown(path, name, group or None)
        try:
            self.write_inode(node, raw)
        except OSError as err:
            raise _error(err.errno or errno.EIO, path) from None

    def write_synthetic(self, path: str, size: int, md5: str, user: str = "root") -> None:
        """A file of declared size and MD5 whose bytes are not stored (the CirrOS image)."""
        node = self.open_inode(path, truncate=True, user=user)
        node.data, node.size, node.md5 = bytearray(), size, md5
        self._touch(node)

    def synthetic(self, path: str) -> tuple[int, str] | None:
        """(size, md5) when the file's bytes are only declared, else None."""
        node = self._peek(path)
        return (node.size, node.md5) if node is not None and node.md5 else None

    def truncate(self, path: str, size: int, user: str = "root") -> None:
        self.truncate_inode(self.open_inode(path, create=False, user=user), size)

    def mkdir(
        self, path: str, mode: int = 0o755, parents: bool = False, user: str = "root", owner: str | None = None
    ) -> None:
        """Make a directory; with `parents`, also what leads there, and an existing one is no error."""
        if parents:
            done = ""
            parts = [p for p in path.split("/") if p]
            for part in parts[:-1]:
                done += f"/{part}"
                if not self.isdir(done):
                    self.mkdir(done, 0o755, user=user, owner=owner)
            if self.isdir(path):
                return
        parent, name, node, real, readonly = self._locate(path.rstrip("/") or "/", False, user, path)
        if node is not None:
            raise _error(errno.EEXIST, path)
        self._changing(parent, path, readonly, user)
        made = self._new("dir", parent, name, real, mode, user)
        if owner:
            login, _, group = owner.partition(":")
            made.uid, made.gid = self.uid(login), self.gid(group) if group else made.gid

    def symlink(self, target: str, path: str, user: str = "root") -> None:
        parent, name, node, real, readonly = self._locate(path, False, user)
        if node is not None:
            raise _error(errno.EEXIST, path)
        self._changing(parent, path, readonly, user)
        self._new("link", parent, name, real, 0o777, user).target = target

    def link(self, old: str, new: str, user: str = "root") -> None:
        """A hard link."""
        node = self._need(old, False, user)
        if node.kind == "dir":
            raise _error(errno.EPERM, old, new)
        parent, name, there, _, readonly = self._locate(new, False, user)
        if there is not None:
            raise _error(errno.EEXIST, old, new)
        self._changing(parent, new, readonly, user)
        parent.children[name] = node
        node.nlink += 1
        self._touch(parent)

    def mknod(
        self, path: str, kind: str, mode: int = 0o666, rdev: tuple[int, int] = (0, 0), user: str = "root"
    ) -> None:
        """A device, fifo or socket (kind char | block | fifo | socket)."""
        parent, name, node, real, readonly = self._locate(path, False, user)
        if node is not None:
            raise _error(errno.EEXIST, path)
        self._changing(parent, path, readonly, user)
        self._new(kind, parent, name, real, mode, user).rdev = rdev

    def _drop(self, parent: Inode, name: str) -> None:
        node = parent.children.pop(name)
        node.nlink -= 1
        if node.kind == "dir":
            parent.nlink -= 1
        elif node.nlink == 0:
            self.used -= len(node.data or b"")
        self._touch(parent)

    def remove(self, path: str, user: str = "root") -> None:
        """unlink(2)."""
        parent, name, node, _, readonly = self._locate(path, False, user)
        if node is None:
            raise _error(errno.ENOENT, path)
        if node.kind == "dir":
            raise _error(errno.EISDIR, path)
        self._changing(parent, path, readonly, user)
        self._sticky(parent, node, path, user)
        self._drop(parent, name)

    def rmdir(self, path: str, user: str = "root") -> None:
        parent, name, node, _, readonly = self._locate(path.rstrip("/") or "/", False, user, path)
        if node is None:
            raise _error(errno.ENOENT, path)
        if node.kind != "dir":
            raise _error(errno.ENOTDIR, path)
        if node is self.root:
            raise _error(errno.EBUSY, path)
        self._changing(parent, path, readonly, user)
        if node.children:
            raise _error(errno.ENOTEMPTY, path)
        self._sticky(parent, node, path, user)
        self._drop(parent, name)

    def rmtree(self, path: str, user: str = "root") -> None:
        """Remove a directory and everything below."""
        if self.lstat(path, user).kind != "dir":
            self.remove(path, user)
            return
        for name in self.listdir(path, user):
            self.rmtree(f"{path.rstrip('/')}/{name}", user)
        self.rmdir(path, user)

    def rename(self, old: str, new: str, user: str = "root") -> None:
        """rename(2): replaces atomically what is there."""
        parent, name, node, real, readonly = self._locate(old.rstrip("/") or "/", False, user, old)
        if node is None:
            raise _error(errno.ENOENT, old, new)
        to, to_name, there, to_real, to_readonly = self._locate(new.rstrip("/") or "/", False, user, new)
        self._changing(parent, old, readonly, user)
        self._changing(to, new, to_readonly, user)
        self._sticky(parent, node, old, user)
        if there is node:
            return
        if node.kind == "dir" and (to_real + "/").startswith(real + "/"):
            raise _error(errno.EINVAL, old, new)
        if there is not None:
            self._sticky(to, there, new, user)
            if there.kind == "dir" and node.kind != "dir":
                raise _error(errno.EISDIR, old, new)
            if node.kind == "dir" and there.kind != "dir":
                raise _error(errno.ENOTDIR, old, new)
            if there.kind == "dir" and there.children:
                raise _error(errno.ENOTEMPTY, old, new)
            self._drop(to, to_name)
        del parent.children[name]
        to.children[to_name] = node
        if node.kind == "dir":
            parent.nlink -= 1
            to.nlink += 1
        self._touch(parent, to)
        node.ctime = time.time()

    def _owned(self, path: str, follow: bool, user: str) -> Inode:
        parent, name, node, _, readonly = self._locate(path, follow, user)
        if node is None:
            raise _error(errno.ENOENT, path)
        if readonly:
            raise _error(errno.EROFS, path)
        if node.immutable or (user != "root" and self.uid(user) not in (0, node.uid)):
            raise _error(errno.EPERM, path)
        self.changes += 1
        return node

    def chmod(self, path: str, mode: int, user: str = "root") -> None:
        node = self._owned(path, True, user)
        node.mode = mode & 0o7777
        node.ctime = time.time()

    def chown(
        self,
        path: str,
        user: str | int | None = None,
        group: str | int | None = None,
        follow: bool = True,
        by: str = "root",
    ) -> None:
        """Change owner and/or group (names or numbers; None leaves it). `by` is who asks."""
        node = self._owned(path, follow, by)
        if by != "root" and user is not None and self.uid(user) != node.uid:
            raise _error(errno.EPERM, path)
        if user is not None:
            node.uid = self.uid(user)
        if group is not None:
            node.gid = self.gid(group)
        node.ctime = time.time()

    def utime(
        self, path: str, mtime: float, user: str = "root", follow: bool = True, atime: float | None = None
    ) -> None:
        node = self._owned(path, follow, user)
        node.mtime = mtime
        node.atime = mtime if atime is None else atime

    def set_context(self, path: str, context: str, follow: bool = True) -> None:
        """chcon: the whole label `user:role:type:level`."""
        self._owned(path, follow, "root").context = context

    def restorecon(self, path: str, recursive: bool = False) -> None:
        """Give a file (or a tree) the label that the policy has for its path."""
        node = self._peek(path, False)
        if node is None:
            return
        real = self.realpath(path) if node.kind != "link" else path
        node.context = f"system_u:object_r:{default_type(real)}:s0"
        self.changes += 1
        if recursive and node.kind == "dir":
            for name in node.children:
                self.restorecon(f"{path.rstrip('/')}/{name}", True)

    def set_immutable(self, path: str, on: bool = True) -> None:
        """chattr +i / -i."""
        self._need(path).immutable = on
        self.changes += 1

    def mount(self, path: str, state: str) -> None:
        """Make a directory read-only ("ro"), writable again ("rw"), or as its parent ("")."""
        self._need(path).mounted = state
        self.changes += 1
