"""tar, gzip, gunzip, zcat, bzip2, xz, zip-less: archives over a node's files."""

from __future__ import annotations

import bz2
import gzip as gz
import io
import lzma
import posixpath
import tarfile
import zlib

from ..files import list_of, stat_of
from ..fs import Stat
from ..options import Options, UsageError, parse
from ..process import Missing, Process, command
from ..shell import pattern as pat
from .listing import stamp

CODECS = {
    "gzip": (".gz", gz.compress, gz.decompress),
    "bzip2": (".bz2", bz2.compress, bz2.decompress),
    "xz": (".xz", lzma.compress, lzma.decompress),
}


@command("tar", path="/bin")
async def tar(p: Process) -> int:
    args = p.argv[1:]
    if args and not args[0].startswith("-"):  # tar xzf …
        letters, rest = args[0], args[1:]
        flags = []
        for letter in letters:
            flags.append("-" + letter)
            if letter in "fCXT" and rest:
                flags.append(rest.pop(0))
        p.argv[1:] = flags + rest
    o = parse(
        p,
        "Acdf:hjJkmOprtuvwxzC:X:T:PSZW",
        {
            "create": "c",
            "extract": "x",
            "get": "x",
            "list": "t",
            "file=": "f",
            "gzip": "z",
            "gunzip": "z",
            "bzip2": "j",
            "xz": "J",
            "verbose": "v",
            "directory=": "C",
            "exclude=": "e",
            "strip-components=": "s",
            "preserve-permissions": "p",
            "to-stdout": "O",
            "keep-old-files": "k",
            "absolute-names": "P",
            "selinux": "S",
            "xattrs": "S",
            "numeric-owner": "S",
            "same-owner": "S",
            "no-same-owner": "S",
            "touch": "m",
            "append": "r",
            "files-from=": "T",
            "dereference": "h",
            "auto-compress": "a",
            "transform=": "tr",
            "one-file-system": "S",
            "wildcards": "S",
            "overwrite": "S",
        },
        status=2,
    )
    modes = [m for m in "ctxru" if o.has(m)]
    if len(modes) != 1:
        text = (
            "You must specify one of the `-Acdtrux' options"
            if not modes
            else "You may not specify more than one `-Acdtrux' option"
        )
        raise UsageError(f"tar: {text}\nTry `tar --help' or `tar --usage' for more information.", 2)
    folder = p.path(o.value("C") or ".")
    if not p.node.fs.isdir(folder):
        raise Missing(
            f"tar: {o.value('C')}: Cannot chdir: No such file or directory\ntar: Error is not recoverable: exiting now",
            2,
        )
    return await (create(p, o, folder) if modes[0] == "c" else extract(p, o, folder, modes[0] == "t"))


async def create(p: Process, o: Options, folder: str) -> int:
    names = list(o.args)
    for listing in o.values("T"):
        names += (await p.read_file(listing)).decode("utf-8", "surrogateescape").split()
    if not names:
        raise UsageError(
            "tar: Cowardly refusing to create an empty archive\nTry `tar --help' or `tar --usage' for more "
            "information.",
            2,
        )
    file = o.value("f") or "-"
    raw, status, stripped = io.BytesIO(), 0, False
    out = p.stderr if file == "-" else p.stdout
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as archive:
        stack = list(reversed(names))
        while stack:
            name = stack.pop()
            if any(
                pat.match(x, name) or pat.match(x, posixpath.basename(name)) or name.startswith(x.rstrip("/") + "/")
                for x in o.values("e")
            ):
                continue
            full = posixpath.join(folder, name)
            try:
                stat = stat_of(p, full, o.has("h"))
                data = p.node.fs.read(full, p.user) if stat.kind == "file" else b""
            except OSError as err:
                p.error(f"tar: {name}: Cannot {'stat' if err.errno == 2 else 'open'}: {err.strerror}")
                status = 2
                continue
            if name.startswith("/") and not o.has("P") and not stripped:
                p.error("tar: Removing leading `/' from member names")
                stripped = True
            archive.addfile(member(p, name if o.has("P") else name.lstrip("/") or "./", full, stat), io.BytesIO(data))
            if o.has("v"):
                out.write(name + ("/" if stat.kind == "dir" and not name.endswith("/") else "") + "\n")
            if stat.kind == "dir":
                stack += [posixpath.join(name, n) for n in reversed(list_of(p, full))]
    data = raw.getvalue()
    kind = "gzip" if o.has("z") else "bzip2" if o.has("j") else "xz" if o.has("J") else ""
    if o.has("a"):
        kind = next(
            (k for k, (suffix, _, _) in CODECS.items() if file.endswith((suffix, suffix.replace(".", ".t")))), kind
        )
    if kind:
        data = CODECS[kind][1](data)
    if file == "-":
        p.stdout.write(data)
    else:
        try:
            stream = p.open(file, "w")
        except OSError as err:
            raise Missing(
                f"tar: {file}: Cannot open: {err.strerror}\ntar: Error is not recoverable: exiting now", 2
            ) from None
        stream.write(data)
        stream.close()
    if status:
        p.error("tar: Exiting with failure status due to previous errors")
    return status


def member(p: Process, name: str, full: str, stat: Stat) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name.rstrip("/") if name != "./" else ".")
    info.mode, info.uid, info.gid, info.mtime = stat.mode, stat.uid, stat.gid, int(stat.mtime)
    info.uname, info.gname = stat.user, stat.group
    info.type = {
        "dir": tarfile.DIRTYPE,
        "link": tarfile.SYMTYPE,
        "fifo": tarfile.FIFOTYPE,
        "char": tarfile.CHRTYPE,
        "block": tarfile.BLKTYPE,
    }.get(stat.kind, tarfile.REGTYPE)
    info.size = stat.size if stat.kind == "file" else 0
    if stat.kind == "link":
        info.linkname = p.node.fs.readlink(full)
    return info


def plain(data: bytes) -> bytes:
    """What is inside a compressed archive, by its first bytes."""
    if data.startswith(b"\x1f\x8b"):
        return gz.decompress(data)
    if data.startswith(b"BZh"):
        return bz2.decompress(data)
    return lzma.decompress(data) if data.startswith(b"\xfd7zXZ") else data


async def extract(p: Process, o: Options, folder: str, listing: bool) -> int:
    file = o.value("f") or "-"
    fs = p.node.fs
    try:
        data = plain(await p.read_file(file))
        archive = tarfile.open(fileobj=io.BytesIO(data))  # noqa: SIM115 - in memory
    except OSError as err:
        if isinstance(err, gz.BadGzipFile):
            raise Missing(
                "\ngzip: stdin: not in gzip format\ntar: Child returned status 1\ntar: Error is not "
                "recoverable: exiting now",
                2,
            ) from None
        raise Missing(
            f"tar: {file}: Cannot open: {err.strerror}\ntar: Error is not recoverable: exiting now", 2
        ) from None
    except (tarfile.TarError, zlib.error, EOFError, lzma.LZMAError):
        raise Missing(
            "tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors", 2
        ) from None
    wanted, found, status = [w.rstrip("/") for w in o.args], set(), 0
    for info in archive:
        name = info.name
        match = [w for w in wanted if name == w or name.startswith(w + "/") or pat.match(w, name)]
        if wanted and not match:
            continue
        found.update(match)
        if any(pat.match(x, name) or pat.match(x, posixpath.basename(name)) for x in o.values("e")):
            continue
        shown = name + ("/" if info.isdir() else "")
        if listing:
            if o.has("v"):
                mode = tarfile.stat.filemode(
                    info.mode | {tarfile.DIRTYPE: 0o040000, tarfile.SYMTYPE: 0o120000}.get(info.type, 0o100000)
                )
                when = stamp(p, info.mtime)
                from .. import clock

                when = clock.now(p.node, p.env, info.mtime).strftime("%Y-%m-%d %H:%M")
                shown += f" -> {info.linkname}" if info.issym() else ""
                p.print(f"{mode} {info.uname}/{info.gname} {info.size:9d} {when} {shown}")
            else:
                p.print(shown)
            continue
        parts = name.split("/")[int(o.value("s") or 0) :]
        if not parts or not "/".join(parts):
            continue
        target = "/".join(parts)
        full = posixpath.join(folder, target if o.has("P") else target.lstrip("/"))
        content = archive.extractfile(info).read() if info.isreg() else b""  # type: ignore[union-attr]
        if o.has("v"):
            (p.stderr if o.has("O") else p.stdout).write(shown + "\n")
        if o.has("O"):
            p.stdout.write(content)
            continue
        try:
            place(p, o, info, full, content)
        except OSError as err:
            p.error(f"tar: {name}: Cannot {'mkdir' if info.isdir() else 'open'}: {err.strerror}")
            status = 2
    for name in wanted:
        if name not in found:
            p.error(f"tar: {name}: Not found in archive")
            status = 2
    if status:
        p.error("tar: Exiting with failure status due to previous errors")
    del fs
    return status


def place(p: Process, o: Options, info: tarfile.TarInfo, full: str, content: bytes) -> None:
    """Lay one member down."""
    fs = p.node.fs
    fs.mkdir(posixpath.dirname(full), parents=True, user=p.user)
    mode = info.mode & 0o7777 if p.user == "root" or o.has("p") else info.mode & 0o777 & ~p.umask
    if info.isdir():
        if not fs.isdir(full):
            fs.mkdir(full, 0o755, user=p.user)
    else:
        if fs.lexists(full):
            if o.has("k"):
                raise FileExistsError(17, "File exists")
            fs.remove(full, p.user)
        if info.issym():
            fs.symlink(info.linkname, full, p.user)
            return
        if info.islnk():
            fs.link(posixpath.join(p.path(o.value("C") or "."), info.linkname), full, p.user)
            return
        fs.write(full, content, user=p.user)
    fs.chmod(full, mode)
    if p.user == "root":
        fs.chown(
            full,
            info.uname if known(fs, info.uname) else info.uid,
            info.gname if info.gname in fs._accounts()[1] else info.gid,
        )  # noqa: SLF001
    if not o.has("m") and not info.isdir():
        fs.utime(full, info.mtime)


def known(fs, name: str) -> bool:  # noqa: ANN001
    return name in fs._accounts()[0]  # noqa: SLF001


@command("gzip", "gunzip", "zcat", path="/bin")
async def gzip(p: Process) -> int:
    return await packer(p, "gzip")


@command("bzip2", "bunzip2", "bzcat")
async def bzip2(p: Process) -> int:
    return await packer(p, "bzip2")


@command("xz", "unxz", "xzcat", package="xz")
async def xz(p: Process) -> int:
    return await packer(p, "xz")


async def packer(p: Process, kind: str) -> int:
    o = parse(
        p,
        "cdfhklnNqrS:tvV123456789",
        {
            "stdout": "c",
            "to-stdout": "c",
            "decompress": "d",
            "uncompress": "d",
            "force": "f",
            "keep": "k",
            "quiet": "q",
            "recursive": "r",
            "test": "t",
            "verbose": "v",
            "fast": "1",
            "best": "9",
        },
    )
    suffix, pack, unpack = CODECS[kind]
    name = posixpath.basename(p.name)
    out = o.has("d", "t") or "un" in name or "cat" in name
    to_stdout = o.has("c") or "cat" in name
    fs, status = p.node.fs, 0

    def change(data: bytes, shown: str) -> bytes | None:
        try:
            return unpack(data) if out else pack(data)
        except (OSError, EOFError, zlib.error, lzma.LZMAError):
            p.error(
                f"\n{kind}: {shown}: not in {kind} format"
                if kind == "gzip"
                else f"{name}: {shown} is not a {kind} file."
            )
            return None

    for arg in o.args or ["-"]:
        if arg == "-":
            if not out and p.stdout.isatty() and not o.has("f"):
                p.error(
                    f"{name}: compressed data not written to a terminal. Use -f to force compression.\nFor "
                    f"help, type: {name} -h"
                )
                return 1
            result = change(await p.stdin.read(), "stdin")
            if result is None:
                return 1
            if not o.has("t"):
                p.stdout.write(result)
            continue
        path = arg
        if out and not fs.exists(p.full(arg)) and fs.exists(p.full(arg + suffix)):
            path = arg + suffix
        try:
            stat = stat_of(p, path)
            if stat.kind == "dir":
                p.error(f"{name}: {path} is a directory -- ignored")
                status = 2
                continue
            data = await p.read_file(path)
        except OSError as err:
            p.error(f"{name}: {arg}: {err.strerror}")
            status = 1
            continue
        if out and not path.endswith((suffix, ".tgz")) and not to_stdout:
            p.error(f"{name}: {path}: unknown suffix -- ignored")
            status = 2
            continue
        if not out and path.endswith(suffix):
            p.error(f"{name}: {path} already has {suffix} suffix -- unchanged")
            continue
        result = change(data, path)
        if result is None:
            status = 1
            continue
        if o.has("t"):
            continue
        if to_stdout:
            p.stdout.write(result)
            continue
        target = (path[: -len(suffix)] if path.endswith(suffix) else path[:-4] + ".tar") if out else path + suffix
        if fs.exists(p.full(target)) and not o.has("f"):
            if not p.stdin.isatty():
                p.error(f"{name}: {target} already exists;\tnot overwritten")
                status = 2
                continue
            p.stderr.write(f"{name}: {target} already exists; do you wish to overwrite (y or n)? ")
            if not (await p.stdin.readline()).startswith(b"y"):
                p.error("\tnot overwritten")
                continue
        fs.write(p.full(target), result, mode=stat.mode, user=p.user)
        fs.chown(p.full(target), stat.uid, stat.gid)
        fs.utime(p.full(target), stat.mtime)
        if not o.has("k"):
            fs.remove(p.full(path), p.user)
        if o.has("v"):
            p.error(f"{path}:\t -- replaced with {target}")
    return status
