"""SFTP over a node's files, answering as OpenSSH 5.3's sftp-server does.

Protocol 3 with posix-rename and statvfs only (fsync and hardlink came later), and
its few error texts: a full disk or a read-only file system is just "Failure".
"""

from __future__ import annotations

import errno
import functools
import os
import posixpath
import stat as statmod
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import asyncssh
from asyncssh import SFTPAttrs, SFTPName
from asyncssh import sftp as protocol

from .files import proc_read, proc_write
from .fs import Inode

if TYPE_CHECKING:
    from .machine import Machine

NO_FILE, DENIED, FAILURE, BAD = 2, 3, 4, 5
STATUS = {
    errno.ENOENT: NO_FILE, errno.ENOTDIR: NO_FILE, errno.EBADF: NO_FILE, errno.ELOOP: NO_FILE,
    errno.EPERM: DENIED, errno.EACCES: DENIED, errno.EFAULT: DENIED,
    errno.ENAMETOOLONG: BAD, errno.EINVAL: BAD,
}  # fmt: skip
TEXT = {NO_FILE: "No such file", DENIED: "Permission denied", FAILURE: "Failure", BAD: "Bad message"}


def limit_protocol() -> None:
    """Make asyncssh announce what OpenSSH 5.3 has (this process serves nothing else)."""
    protocol.SFTPServerHandler._extensions = [  # noqa: SLF001
        (b"posix-rename@openssh.com", b"1"),
        (b"statvfs@openssh.com", b"2"),
        (b"fstatvfs@openssh.com", b"2"),
    ]


def answered(method: Callable) -> Callable:
    """Turn an OSError into the status that sftp-server.c would send."""

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any) -> Any:
        try:
            return method(self, *args)
        except OSError as err:
            code = STATUS.get(err.errno or 0, FAILURE)
            raise asyncssh.SFTPError(code, TEXT[code]) from None

    return wrapper


class OpenFile:
    """A handle: an inode of the node, or the bytes of a /proc file."""

    def __init__(self, inode: Inode | None, path: str, append: bool = False, data: bytes = b""):
        self.inode, self.path, self.append, self.data = inode, path, append, data


class NodeSFTP(asyncssh.SFTPServer):
    """One SFTP session of a user on a node."""

    def __init__(self, chan: Any, machine: Machine, user: str, home: str):
        super().__init__(chan)
        self.machine, self.user, self.home = machine, user, home
        self.fs = machine.node.fs

    def path(self, raw: bytes) -> str:
        name = raw.decode("utf-8", "surrogateescape")
        return name if name.startswith("/") else posixpath.join(self.home, name)

    def attrs(self, stat: Any) -> SFTPAttrs:
        return SFTPAttrs(
            size=stat.size, uid=stat.uid, gid=stat.gid, permissions=stat.st_mode,
            atime=int(stat.atime or stat.mtime), mtime=int(stat.mtime), nlink=stat.nlink,
        )  # fmt: skip

    def format_user(self, uid: int | None) -> str:
        return self.fs.user_name(uid or 0)

    def format_group(self, gid: int | None) -> str:
        return self.fs.group_name(gid or 0)

    def realpath(self, path: bytes) -> bytes:
        name = self.path(path)
        return self.fs.realpath(posixpath.normpath(name)).encode("utf-8", "surrogateescape")

    def proc_attrs(self, name: str) -> SFTPAttrs | None:
        data = proc_read(self.machine.node, name)
        if data is None:
            return None
        now = int(time.time())
        return SFTPAttrs(size=0, uid=0, gid=0, permissions=statmod.S_IFREG | 0o644, atime=now, mtime=now, nlink=1)

    @answered
    def stat(self, path: bytes) -> SFTPAttrs:
        name = self.path(path)
        return self.proc_attrs(name) or self.attrs(self.fs.stat(name, self.user))

    @answered
    def lstat(self, path: bytes) -> SFTPAttrs:
        name = self.path(path)
        return self.proc_attrs(name) or self.attrs(self.fs.lstat(name, self.user))

    @answered
    def fstat(self, file_obj: OpenFile) -> SFTPAttrs:
        if file_obj.inode is None:
            attrs = self.proc_attrs(file_obj.path) or SFTPAttrs()
            attrs.size = len(file_obj.data)
            return attrs
        return self.attrs(self.fs._stat(file_obj.inode))  # noqa: SLF001

    @answered
    def open(self, path: bytes, pflags: int, attrs: SFTPAttrs) -> OpenFile:
        name = self.path(path)
        if name == "/dev/null":
            return OpenFile(None, name)
        data = proc_read(self.machine.node, name)
        if data is not None:
            return OpenFile(None, name, data=data)
        if not pflags & asyncssh.FXF_WRITE:
            if self.fs.isdir(name):
                raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), name)
            return OpenFile(self.fs._readable(name, self.user), name)  # noqa: SLF001
        mode = 0o666 if attrs.permissions is None else attrs.permissions & 0o7777
        inode = self.fs.open_inode(
            name,
            create=bool(pflags & asyncssh.FXF_CREAT),
            truncate=bool(pflags & asyncssh.FXF_TRUNC),
            mode=mode & ~0o022,
            user=self.user,
            exclusive=bool(pflags & asyncssh.FXF_EXCL),
        )
        self.machine.changed()
        return OpenFile(inode, name, bool(pflags & asyncssh.FXF_APPEND))

    def close(self, file_obj: OpenFile) -> None:
        self.machine.changed()

    @answered
    def read(self, file_obj: OpenFile, offset: int, size: int) -> bytes:
        if file_obj.inode is None:
            return file_obj.data[offset : offset + size]
        return self.fs.content(file_obj.inode, offset, size)

    @answered
    def write(self, file_obj: OpenFile, offset: int, data: bytes) -> int:
        if file_obj.inode is None:
            if file_obj.path != "/dev/null" and not proc_write(self.machine.node, file_obj.path, data):
                raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        else:
            self.fs.write_inode(file_obj.inode, data, None if file_obj.append else offset)
        return len(data)

    def change(self, name: str, attrs: SFTPAttrs, follow: bool = True) -> None:
        if attrs.size is not None:
            self.fs.truncate(name, attrs.size, self.user)
        if attrs.permissions is not None:
            self.fs.chmod(name, attrs.permissions & 0o7777, self.user)
        if attrs.mtime is not None:
            self.fs.utime(name, attrs.mtime, self.user, follow, attrs.atime)
        if attrs.uid is not None and attrs.gid is not None:
            self.fs.chown(name, attrs.uid, attrs.gid, follow, self.user)
        self.machine.changed()

    @answered
    def setstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        self.change(self.path(path), attrs)

    @answered
    def lsetstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        self.change(self.path(path), attrs, False)

    @answered
    def fsetstat(self, file_obj: OpenFile, attrs: SFTPAttrs) -> None:
        inode = file_obj.inode
        if inode is None:
            return
        if attrs.size is not None:
            self.fs.truncate_inode(inode, attrs.size)
        if attrs.permissions is not None:
            inode.mode = attrs.permissions & 0o7777
        if attrs.mtime is not None:
            inode.mtime = inode.atime = attrs.mtime
        if attrs.uid is not None and attrs.gid is not None:
            if self.user != "root" and attrs.uid != inode.uid:
                raise OSError(errno.EPERM, os.strerror(errno.EPERM))
            inode.uid, inode.gid = attrs.uid, attrs.gid
        self.fs.changes += 1
        self.machine.changed()

    async def scandir(self, path: bytes) -> AsyncIterator[SFTPName]:
        name = self.path(path)
        for entry in self.names(name):
            full = posixpath.join(name, entry)
            try:
                attrs = self.attrs(self.fs.lstat(full))
            except OSError:
                continue
            yield SFTPName(entry.encode("utf-8", "surrogateescape"), attrs=attrs)

    @answered
    def names(self, name: str) -> list[str]:
        return [".", "..", *self.fs.listdir(name, self.user)]

    @answered
    def remove(self, path: bytes) -> None:
        self.fs.remove(self.path(path), self.user)
        self.machine.changed()

    @answered
    def mkdir(self, path: bytes, attrs: SFTPAttrs) -> None:
        mode = 0o777 if attrs.permissions is None else attrs.permissions & 0o7777
        self.fs.mkdir(self.path(path), mode & ~0o022, user=self.user)
        self.machine.changed()

    @answered
    def rmdir(self, path: bytes) -> None:
        self.fs.rmdir(self.path(path), self.user)
        self.machine.changed()

    @answered
    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """The protocol's own rename does not replace a file."""
        old, new = self.path(oldpath), self.path(newpath)
        self.fs.lstat(old, self.user)
        if self.fs.lexists(new):
            raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
        self.fs.rename(old, new, self.user)
        self.machine.changed()

    @answered
    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        self.fs.rename(self.path(oldpath), self.path(newpath), self.user)
        self.machine.changed()

    @answered
    def readlink(self, path: bytes) -> bytes:
        return self.fs.readlink(self.path(path), self.user).encode("utf-8", "surrogateescape")

    @answered
    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        self.fs.symlink(oldpath.decode("utf-8", "surrogateescape"), self.path(newpath), self.user)
        self.machine.changed()

    @answered
    def statvfs(self, path: bytes) -> Any:
        self.fs.stat(self.path(path), self.user)
        total = 20 * 1024**3 if self.fs.limit is None else self.fs.limit
        free = max(0, total - self.fs.used)
        return asyncssh.SFTPVFSAttrs(
            bsize=4096, frsize=4096, blocks=total // 4096, bfree=free // 4096, bavail=free // 4096,
            files=1310720, ffree=1200000, favail=1200000, fsid=0, flag=0, namemax=255,
        )  # fmt: skip

    def fstatvfs(self, file_obj: OpenFile) -> Any:
        return self.statvfs(file_obj.path.encode("utf-8", "surrogateescape"))
