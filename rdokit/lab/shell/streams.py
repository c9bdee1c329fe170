"""What file descriptors point to: pipes, open files, devices.

As in a kernel, an open description is shared and counted: the reader of a pipe
sees its end when the last writer has closed, a writer gets EPIPE when the last
reader is gone, and two commands that inherited the same file continue at the
same offset. That is what makes `while read l; do …; done < f`, `$(… &)` and
`nohup … &` behave.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..fs import Filesystem, Inode

HIGH_WATER = 65536  # bytes in a pipe before drain() waits


def to_bytes(data: str | bytes) -> bytes:
    return data.encode("utf-8", "surrogateescape") if isinstance(data, str) else bytes(data)


def bad_descriptor() -> OSError:
    return OSError(errno.EBADF, os.strerror(errno.EBADF))


class Stream:
    """An open description. Made with one reference; `dup` and `close` count."""

    readable = writable = True

    def __init__(self) -> None:
        self.refs = 1

    def dup(self) -> Stream:
        self.refs += 1
        return self

    def close(self) -> None:
        self.refs -= 1
        if self.refs == 0:
            self.closed()

    def closed(self) -> None:
        """The last reference is gone."""

    async def read(self, n: int = -1) -> bytes:
        """Up to n bytes, at least one; b"" at the end. -1 reads everything there will be."""
        raise bad_descriptor()

    async def readline(self) -> bytes:
        raise bad_descriptor()

    def write(self, data: str | bytes) -> None:
        raise bad_descriptor()

    async def drain(self) -> None:
        """Let others run; waits while a pipe is full."""
        await asyncio.sleep(0)

    def isatty(self) -> bool:
        return False

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> bytes:
        line = await self.readline()
        if not line:
            raise StopAsyncIteration
        return line


class Buffered(Stream):
    """The reading half that pipes, channels and terminals share: chunks come in with feed()."""

    def __init__(self) -> None:
        super().__init__()
        self.chunks: deque[bytes] = deque()
        self.size = 0
        self.eof = False
        self.waiter: asyncio.Future[None] | None = None

    def feed(self, data: bytes) -> None:
        if data:
            self.chunks.append(data)
            self.size += len(data)
            self.wake()

    def feed_eof(self) -> None:
        self.eof = True
        self.wake()

    def wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    async def wait(self) -> None:
        if self.waiter is None or self.waiter.done():
            self.waiter = asyncio.get_running_loop().create_future()
        await asyncio.shield(self.waiter)

    def taken(self) -> None:
        """Hook: there is room again."""

    async def read(self, n: int = -1) -> bytes:
        if n < 0:
            parts: list[bytes] = []
            while True:
                parts.extend(self.chunks)
                self.chunks.clear()
                self.size = 0
                self.taken()
                if self.eof:
                    return b"".join(parts)
                await self.wait()
        while not self.chunks:
            if self.eof or n == 0:
                return b""
            await self.wait()
        first = self.chunks.popleft()
        if len(first) > n:
            self.chunks.appendleft(first[n:])
            first = first[:n]
        self.size -= len(first)
        self.taken()
        return first

    async def readline(self) -> bytes:
        parts: list[bytes] = []
        while True:
            while self.chunks:
                chunk = self.chunks.popleft()
                end = chunk.find(b"\n") + 1
                if end:
                    if end < len(chunk):
                        self.rest(chunk, end)
                    parts.append(chunk[:end])
                    line = b"".join(parts)
                    self.size -= len(line)
                    self.taken()
                    return line
                parts.append(chunk)
            if self.eof:
                line = b"".join(parts)
                self.size -= len(line)
                return line
            await self.wait()

    def rest(self, chunk: bytes, end: int) -> None:
        """Put back what follows a line. Big chunks are cut into lines once, so that reading stays linear."""
        if len(chunk) - end > 4096:
            self.chunks.extendleft(
                reversed(chunk[end:].splitlines(keepends=True) if b"\r" not in chunk else _cut(chunk[end:]))
            )
        else:
            self.chunks.appendleft(chunk[end:])


def _cut(data: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return [line for line in lines if line]


class Pipe(Buffered):
    """The reading end; `writer` is the other one."""

    writable = False

    def __init__(self) -> None:
        super().__init__()
        self.room: asyncio.Event | None = None
        self.writer = PipeWriter(self)

    def taken(self) -> None:
        if self.room is not None and self.size < HIGH_WATER:
            self.room.set()

    def closed(self) -> None:
        self.chunks.clear()
        self.size = 0
        if self.room is not None:
            self.room.set()


class PipeWriter(Stream):
    readable = False

    def __init__(self, pipe: Pipe):
        super().__init__()
        self.pipe = pipe

    def write(self, data: str | bytes) -> None:
        if self.pipe.refs <= 0:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        self.pipe.feed(to_bytes(data))

    async def drain(self) -> None:
        if self.pipe.size < HIGH_WATER:
            await asyncio.sleep(0)
            return
        while self.pipe.size >= HIGH_WATER and self.pipe.refs > 0:
            if self.pipe.room is None:
                self.pipe.room = asyncio.Event()
            self.pipe.room.clear()
            await self.pipe.room.wait()

    def closed(self) -> None:
        self.pipe.feed_eof()


class Source(Buffered):
    """Fixed bytes to read: a here-document, a /proc file."""

    writable = False

    def __init__(self, data: bytes):
        super().__init__()
        self.feed(data)
        self.eof = True


class Collector(Stream):
    """Gathers what is written, until every writer has closed (command substitution)."""

    readable = False

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[bytes] = []
        self.done = asyncio.Event()

    def write(self, data: str | bytes) -> None:
        self.parts.append(to_bytes(data))

    def closed(self) -> None:
        self.done.set()

    def value(self) -> bytes:
        return b"".join(self.parts)


class Null(Stream):
    """/dev/null"""

    async def read(self, n: int = -1) -> bytes:
        return b""

    async def readline(self) -> bytes:
        return b""

    def write(self, data: str | bytes) -> None:
        pass


class Zero(Null):
    """/dev/zero; reading everything from it would not end, so that is limited."""

    limit = 1 << 26

    async def read(self, n: int = -1) -> bytes:
        await asyncio.sleep(0)
        return self.make(self.limit if n < 0 else n)

    async def readline(self) -> bytes:
        return await self.read(4096)

    def make(self, n: int) -> bytes:
        return bytes(n)


class Random(Zero):
    """/dev/urandom: keys made from it must be real."""

    def make(self, n: int) -> bytes:
        return os.urandom(n)


class Full(Zero):
    """/dev/full"""

    def write(self, data: str | bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Bad(Stream):
    """A closed descriptor."""


class File(Stream):
    """An open file: an inode and an offset. It stays valid when the name is removed or replaced."""

    def __init__(self, fs: Filesystem, inode: Inode, path: str, read: bool, write: bool, append: bool = False):
        super().__init__()
        self.fs, self.inode, self.path = fs, inode, path
        self.readable, self.writable, self.append = read, write, append
        self.offset = 0

    async def read(self, n: int = -1) -> bytes:
        if not self.readable:
            raise bad_descriptor()
        data = self.fs.content(self.inode, self.offset, None if n < 0 else n)
        self.offset += len(data)
        return data

    async def readline(self) -> bytes:
        if not self.readable:
            raise bad_descriptor()
        data = self.inode.data if self.inode.data is not None else b""
        if self.inode.md5:
            return await self.read(4096)
        end = data.find(b"\n", self.offset) + 1 or len(data)
        line = bytes(data[self.offset : end])
        self.offset += len(line)
        return line

    def write(self, data: str | bytes) -> None:
        if not self.writable:
            raise bad_descriptor()
        raw = to_bytes(data)
        if self.inode.kind != "file":
            return
        self.offset = self.fs.write_inode(self.inode, raw, None if self.append else self.offset)


class ProcFile(Stream):
    """A writable /proc or /sys file: every write is told to the node."""

    readable = False

    def __init__(self, write: Any):
        super().__init__()
        self.take = write

    def write(self, data: str | bytes) -> None:
        self.take(to_bytes(data))


class Descriptors(dict[int, Stream]):
    """A process' table of file descriptors."""

    def fork(self) -> Descriptors:
        return Descriptors({fd: stream.dup() for fd, stream in self.items()})

    def put(self, fd: int, stream: Stream) -> None:
        """dup2: what was there is closed; the reference to `stream` is taken over."""
        old = self.get(fd)
        self[fd] = stream
        if old is not None:
            old.close()

    def drop(self, fd: int) -> None:
        old = self.pop(fd, None)
        if old is not None:
            old.close()

    def close_all(self) -> None:
        streams = list(self.values())
        self.clear()
        for stream in streams:
            stream.close()
