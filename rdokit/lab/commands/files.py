"""cp, mv, rm, ln, mkdir, chmod, chown, touch … with the messages of coreutils 8.4."""

from __future__ import annotations

import contextlib
import hashlib
import posixpath
import re
import time

from ..files import list_of, stat_of
from ..fs import Stat
from ..options import Options, UsageError, missing_operand, parse
from ..process import Missing, Process, command
from .modes import parse_mode
from .text import size


async def yes(p: Process, question: str) -> bool:
    """Ask on stderr, read an answer from standard input."""
    p.stderr.write(question)
    answer = (await p.stdin.readline()).decode("utf-8", "replace").strip()
    return answer[:1] in ("y", "Y")


def quoted(name: str) -> str:
    return f"`{name}'"


def below(target: str, name: str) -> str:
    return posixpath.join(target, posixpath.basename(name.rstrip("/")) or name)


def targets(p: Process, o: Options, verb: str = "file ") -> list[tuple[str, str]]:
    """(source, destination) pairs of cp, mv and ln."""
    args = list(o.args)
    folder = o.value("t")
    if folder is None:
        if not args:
            raise UsageError(f"{p.name}: missing {verb}operand\nTry `{p.name} --help' for more information.")
        if len(args) == 1:
            raise missing_operand(p, args[0])
        last = args.pop()
        is_dir = not o.has("T") and isdir(p, last)
        if len(args) > 1 and not is_dir:
            raise Missing(f"{p.name}: target {quoted(last)} is not a directory")
        if not is_dir:
            return [(args[0], last)]
        folder = last
    elif not isdir(p, folder):
        raise Missing(f"{p.name}: target {quoted(folder)} is not a directory")
    return [(a, below(folder, a)) for a in args]


def isdir(p: Process, name: str) -> bool:
    try:
        return stat_of(p, name).kind == "dir"
    except OSError:
        return False


def lexists(p: Process, name: str) -> bool:
    try:
        stat_of(p, name, False)
    except OSError:
        return False
    return True


KIND_WORDS = {"file": "regular file", "dir": "directory", "link": "symbolic link", "char": "character special file",
              "block": "block special file", "fifo": "fifo", "socket": "socket"}  # fmt: skip


def kind_word(stat: Stat) -> str:
    return "regular empty file" if stat.kind == "file" and stat.size == 0 else KIND_WORDS[stat.kind]


# -- cp ----------------------------------------------------------------------------------------------------------


@command("cp", path="/bin")
async def cp(p: Process) -> int:
    o = parse(
        p,
        "abdfHilLnprRst:TuvxPS:",
        {
            "archive": "a",
            "force": "f",
            "interactive": "i",
            "no-clobber": "n",
            "recursive": "R",
            "target-directory=": "t",
            "no-target-directory": "T",
            "update": "u",
            "verbose": "v",
            "preserve=?": "P!",
            "no-dereference": "P",
            "backup=?": "b",
            "dereference": "L",
            "link": "l",
            "symbolic-link": "s",
            "suffix=": "S",
            "parents": "parents",
            "sparse=": "sp",
            "reflink=?": "rl",
            "no-preserve=": "np",
            "one-file-system": "x",
            "remove-destination": "f",
            "context=?": "Z",
        },
    )
    status = 0
    for source, target in targets(p, o):
        try:
            if not await copy(p, o, source, target):
                status = 1
        except Missing as err:
            p.error(str(err))
            status = 1
    return status


def preserving(o: Options, what: str) -> bool:
    if o.has("p", "a"):
        return True
    listed = ",".join(v or "mode,ownership,timestamps" for n, v in o.all if n == "P!")
    return what in listed or "all" in listed


async def copy(p: Process, o: Options, source: str, target: str) -> bool:
    fs = p.node.fs
    recursive = o.has("r", "R", "a")
    follow = not (o.has("a", "d", "P") or (recursive and not o.has("L")))
    try:
        stat = stat_of(p, source, follow)
    except OSError as err:
        raise Missing(f"cp: cannot stat {quoted(source)}: {err.strerror}") from None
    if stat.kind == "dir":
        if not recursive:
            raise Missing(f"cp: omitting directory {quoted(source)}")
        return await copy_tree(p, o, source, target, stat)
    there = None
    with contextlib.suppress(OSError):
        there = stat_of(p, target, False)
    if there is not None:
        if there.kind == "dir":
            raise Missing(f"cp: cannot overwrite directory {quoted(target)} with non-directory")
        if follow_ino(p, target) == stat.ino and stat.kind != "link" and not o.has("b"):
            raise Missing(f"cp: {quoted(source)} and {quoted(target)} are the same file")
        if o.last("fin") == "n" or (o.has("u") and there.mtime >= stat.mtime):
            return True
        if o.last("in") == "i" and not await yes(p, f"cp: overwrite {quoted(target)}? "):
            return True
        if o.has("b"):
            fs.rename(p.full(target), p.full(target) + (o.value("S") or "~"), p.user)
    try:
        if stat.kind == "link":
            if there is not None:
                fs.remove(p.full(target), p.user)
            fs.symlink(fs.readlink(p.full(source)), p.full(target), p.user)
        elif o.has("s"):
            fs.symlink(source, p.full(target), p.user)
        elif o.has("l"):
            fs.link(p.full(source), p.full(target), p.user)
        else:
            await copy_bytes(p, source, target, stat)
    except OSError as err:
        made = (
            "cannot create regular file" if not lexists(p, target) else "writing" if err.errno == 28 else "cannot open"
        )
        if made == "cannot open" and err.filename == source:
            raise Missing(f"cp: cannot open {quoted(source)} for reading: {err.strerror}") from None
        if made == "cannot open":
            made = "cannot create regular file"
        raise Missing(f"cp: {made} {quoted(target)}: {err.strerror}") from None
    take_over(p, o, source, target, stat)
    if o.has("v"):
        p.print(f"{quoted(source)} -> {quoted(target)}")
    return True


def follow_ino(p: Process, name: str) -> int:
    try:
        return stat_of(p, name).ino
    except OSError:
        return -1


async def copy_bytes(p: Process, source: str, target: str, stat: Stat) -> None:
    fs = p.node.fs
    synthetic = fs.synthetic(p.full(source))
    if stat.kind in ("char", "block", "fifo"):
        data = await p.read_file(source) if source in ("/dev/null",) else b""
    elif synthetic:
        fs.write_synthetic(p.full(target), *synthetic, user=p.user)
        return
    else:
        data = await p.read_file(source)
    existed = lexists(p, target)
    out = p.open(target, "w")
    try:
        out.write(data)
    finally:
        out.close()
    if not existed:
        fs.chmod(p.full(target), stat.mode & ~p.umask & 0o777)


def take_over(p: Process, o: Options, source: str, target: str, stat: Stat) -> None:
    """-p, -a, --preserve."""
    fs, full = p.node.fs, p.full(target)
    if stat.kind == "link":
        return
    if preserving(o, "ownership") and p.user == "root":
        fs.chown(full, stat.uid, stat.gid)
    if preserving(o, "mode"):
        fs.chmod(full, stat.mode)
    if preserving(o, "context") or o.has("a"):
        fs.set_context(full, stat.context)
    if preserving(o, "timestamps"):
        fs.utime(full, stat.mtime, atime=stat.atime)


async def copy_tree(p: Process, o: Options, source: str, target: str, stat: Stat) -> bool:
    fs = p.node.fs
    full_source, full_target = fs.realpath(p.full(source)), fs.realpath(p.full(target))
    if (full_target + "/").startswith(full_source + "/"):
        raise Missing(f"cp: cannot copy a directory, {quoted(source)}, into itself, {quoted(target)}")
    if not isdir(p, target):
        try:
            fs.mkdir(p.full(target), stat.mode & ~p.umask | 0o700, user=p.user)
        except OSError as err:
            raise Missing(f"cp: cannot create directory {quoted(target)}: {err.strerror}") from None
        if o.has("v"):
            p.print(f"{quoted(source)} -> {quoted(target)}")
    good = True
    for name in list_of(p, source):
        try:
            good = await copy(p, o, posixpath.join(source, name), posixpath.join(target, name)) and good
        except Missing as err:
            p.error(str(err))
            good = False
    take_over(p, o, source, target, stat)
    return good


# -- mv, rm ------------------------------------------------------------------------------------------------------


@command("mv", path="/bin")
async def mv(p: Process) -> int:
    o = parse(
        p,
        "bfint:TuvS:",
        {
            "force": "f",
            "interactive": "i",
            "no-clobber": "n",
            "target-directory=": "t",
            "backup=?": "b",
            "no-target-directory": "T",
            "update": "u",
            "verbose": "v",
            "suffix=": "S",
        },
    )
    status, fs = 0, p.node.fs
    for source, target in targets(p, o):
        try:
            stat = stat_of(p, source, False)
        except OSError as err:
            p.error(f"mv: cannot stat {quoted(source)}: {err.strerror}")
            status = 1
            continue
        if lexists(p, target):
            there = stat_of(p, target, False)
            if there.ino == stat.ino:
                p.error(f"mv: {quoted(source)} and {quoted(target)} are the same file")
                status = 1
                continue
            if o.last("fin") == "n" or (o.has("u") and there.mtime >= stat.mtime):
                continue
            if o.last("fin") == "i" and not await yes(p, f"mv: overwrite {quoted(target)}? "):
                continue
            if there.kind == "dir" and stat.kind != "dir":
                p.error(f"mv: cannot overwrite directory {quoted(target)} with non-directory")
                status = 1
                continue
            if there.kind != "dir" and stat.kind == "dir":
                p.error(f"mv: cannot overwrite non-directory {quoted(target)} with directory {quoted(source)}")
                status = 1
                continue
            if o.has("b"):
                fs.rename(p.full(target), p.full(target) + (o.value("S") or "~"), p.user)
        try:
            fs.rename(p.full(source), p.full(target), p.user)
        except OSError as err:
            text = f"cannot move {quoted(source)} to {quoted(target)}: {err.strerror}"
            if err.errno == 22:
                text = f"cannot move {quoted(source)} to a subdirectory of itself, {quoted(target)}"
            p.error(f"mv: {text}")
            status = 1
            continue
        if o.has("v"):
            p.print(f"{quoted(source)} -> {quoted(target)}")
    return status


@command("rm", path="/bin")
async def rm(p: Process) -> int:
    o = parse(p, "dfiIrRv", {"force": "f", "interactive=?": "i", "recursive": "r", "verbose": "v", "dir": "d",
                             "no-preserve-root": "npr", "preserve-root": "pr", "one-file-system": "x"})  # fmt: skip
    force = o.last("fiI") == "f"
    if not o.args:
        if o.has("f"):
            return 0
        raise missing_operand(p)
    status = 0
    recursive = o.has("r", "R")
    careful = o.last("fiI") == "I" and (len(o.args) > 3 or recursive)
    if careful and not await yes(p, f"rm: remove all arguments{' recursively' if recursive else ''}? "):
        return 0
    for name in o.args:
        if posixpath.basename(name.rstrip("/")) in (".", ".."):
            p.error(f"rm: cannot remove directory: {quoted(name)}")
            status = 1
            continue
        if o.has("r", "R") and p.node.fs.realpath(p.full(name)) == "/":
            p.error(
                "rm: it is dangerous to operate recursively on `/'\nrm: use --no-preserve-root to override this "
                "failsafe"
            )
            status = 1
            continue
        if not await remove(p, o, name, force):
            status = 1
    return status


async def remove(p: Process, o: Options, name: str, force: bool) -> bool:
    fs = p.node.fs
    try:
        stat = stat_of(p, name, False)
    except OSError as err:
        if force and err.errno in (2, 20):
            return True
        p.error(f"rm: cannot remove {quoted(name)}: {err.strerror}")
        return False
    ask = o.last("fiI") == "i"
    try:
        if stat.kind == "dir":
            if not o.has("r", "R"):
                p.error(f"rm: cannot remove {quoted(name)}: Is a directory")
                return False
            entries = fs.listdir(p.full(name), p.user)
            if ask and entries and not await yes(p, f"rm: descend into directory {quoted(name)}? "):
                return True
            good = True
            for entry in entries:
                good = await remove(p, o, posixpath.join(name, entry), force) and good
            if ask and not await yes(p, f"rm: remove directory {quoted(name)}? "):
                return True
            if not good:
                return False
            fs.rmdir(p.full(name), p.user)
        else:
            if ask and not await yes(p, f"rm: remove {kind_word(stat)} {quoted(name)}? "):
                return True
            fs.remove(p.full(name), p.user)
    except OSError as err:
        p.error(f"rm: cannot remove {quoted(name)}: {err.strerror}")
        return False
    if o.has("v"):
        p.print(f"removed {'directory: ' if stat.kind == 'dir' else ''}{quoted(name)}")
    return True


@command("unlink")
async def unlink(p: Process) -> int:
    if len(p.argv) != 2:
        raise missing_operand(p)
    try:
        p.node.fs.remove(p.full(p.argv[1]), p.user)
    except OSError as err:
        p.error(f"unlink: cannot unlink {quoted(p.argv[1])}: {err.strerror}")
        return 1
    return 0


@command("shred")
async def shred(p: Process) -> int:
    o = parse(p, "fn:uvz")
    for name in o.args:
        if o.has("u"):
            p.node.fs.remove(p.full(name), p.user)
        else:
            stream = p.open(name, "w")
            stream.close()
    return 0


# -- directories and links ---------------------------------------------------------------------------------------


@command("mkdir", path="/bin")
async def mkdir(p: Process) -> int:
    o = parse(p, "m:pvZ:", {"mode=": "m", "parents": "p", "verbose": "v", "context=": "Z"})
    if not o.args:
        raise missing_operand(p)
    mode = 0o777 & ~p.umask
    if o.value("m") is not None:
        try:
            mode = parse_mode(o.value("m") or "", 0o777, True, p.umask)
        except ValueError:
            raise Missing(f"mkdir: invalid mode {quoted(o.value('m') or '')}") from None
    status, fs = 0, p.node.fs
    for name in o.args:
        parts = [name]
        if o.has("p"):
            pieces = [x for x in p.full(name).split("/") if x]
            parts = ["/" + "/".join(pieces[: i + 1]) for i in range(len(pieces))]
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            try:
                if o.has("p") and isdir(p, part):
                    continue
                fs.mkdir(p.full(part), mode if last else 0o777 & ~p.umask | 0o300, user=p.user)
                if o.has("v"):
                    p.print(f"mkdir: created directory {quoted(name if last else part)}")
            except OSError as err:
                shown = name if last or not o.has("p") else part
                p.error(f"mkdir: cannot create directory {quoted(shown)}: {err.strerror}")
                status = 1
                break
    return status


@command("rmdir", path="/bin")
async def rmdir(p: Process) -> int:
    o = parse(p, "pv", {"parents": "p", "verbose": "v", "ignore-fail-on-non-empty": "i"})
    if not o.args:
        raise missing_operand(p)
    status = 0
    for name in o.args:
        chain = [name]
        while o.has("p") and "/" in chain[-1].strip("/"):
            chain.append(chain[-1].rstrip("/").rpartition("/")[0])
        for part in chain:
            try:
                p.node.fs.rmdir(p.full(part), p.user)
            except OSError as err:
                if not (o.has("i") and err.errno == 39):
                    p.error(
                        f"rmdir: failed to remove {'directory ' if part != name else ''}{quoted(part)}: {err.strerror}"
                    )
                    status = 1
                break
    return status


@command("ln", path="/bin")
async def ln(p: Process) -> int:
    o = parse(
        p,
        "bdfFinsS:t:TvLP",
        {
            "symbolic": "s",
            "force": "f",
            "no-dereference": "n",
            "interactive": "i",
            "verbose": "v",
            "target-directory=": "t",
            "no-target-directory": "T",
            "backup=?": "b",
        },
    )
    if len(o.args) == 1 and o.value("t") is None:
        pairs = [(o.args[0], posixpath.basename(o.args[0].rstrip("/")))]
    elif o.has("n", "T") and len(o.args) == 2 and p.node.fs.islink(p.full(o.args[1])):
        pairs = [(o.args[0], o.args[1])]
    else:
        pairs = targets(p, o)
    status, fs = 0, p.node.fs
    for source, target in pairs:
        symbolic = o.has("s")
        try:
            if not symbolic:
                stat = stat_of(p, source, False)
                if stat.kind == "dir":
                    p.error(f"ln: {quoted(source)}: hard link not allowed for directory")
                    status = 1
                    continue
        except OSError as err:
            p.error(f"ln: accessing {quoted(source)}: {err.strerror}")
            status = 1
            continue
        try:
            if lexists(p, target):
                if o.last("fi") == "i" and not await yes(p, f"ln: replace {quoted(target)}? "):
                    continue
                if o.has("f", "i") and not isdir(p, target) or (o.has("f") and fs.islink(p.full(target))):
                    fs.remove(p.full(target), p.user)
            if symbolic:
                fs.symlink(source, p.full(target), p.user)
            else:
                fs.link(p.full(source), p.full(target), p.user)
        except OSError as err:
            tail = f" => {quoted(source)}" if not symbolic else ""
            p.error(f"ln: creating {'symbolic' if symbolic else 'hard'} link {quoted(target)}{tail}: {err.strerror}")
            status = 1
            continue
        if o.has("v"):
            p.print(f"{quoted(target)} {'->' if symbolic else '=>'} {quoted(source)}")
    return status


@command("link")
async def link(p: Process) -> int:
    if len(p.argv) != 3:
        raise missing_operand(p)
    p.node.fs.link(p.full(p.argv[1]), p.full(p.argv[2]), p.user)
    return 0


@command("readlink")
async def readlink(p: Process) -> int:
    o = parse(
        p,
        "femnqsv",
        {"canonicalize": "f", "canonicalize-existing": "e", "canonicalize-missing": "m", "no-newline": "n"},
    )
    if not o.args:
        raise missing_operand(p)
    fs, status = p.node.fs, 0
    for name in o.args:
        full = p.full(name)
        try:
            if o.has("f", "e", "m"):
                text = fs.realpath(full, strict=o.has("e"))
                if o.has("f") and not o.has("m") and not fs.isdir(posixpath.dirname(text)):
                    raise FileNotFoundError
            else:
                text = fs.readlink(full, p.user)
        except OSError:
            status = 1
            continue
        p.print(text, end="" if o.has("n") else "\n")
    return status


@command("realpath")
async def realpath(p: Process) -> int:
    for name in p.argv[1:]:
        try:
            p.print(p.node.fs.realpath(p.full(name), strict=True))
        except OSError as err:
            p.error(f"{name}: {err.strerror}")
            return 1
    return 0


# -- attributes --------------------------------------------------------------------------------------------------


@command("touch", path="/bin")
async def touch(p: Process) -> int:
    o = parse(
        p, "acd:fhmr:t:", {"no-create": "c", "date=": "d", "reference=": "r", "no-dereference": "h", "time=": "T"}
    )
    if not o.args:
        raise UsageError("touch: missing file operand\nTry `touch --help' for more information.")
    stamp = time.time()
    if o.value("r") is not None:
        try:
            stamp = stat_of(p, o.value("r") or "").mtime
        except OSError as err:
            raise Missing(f"touch: failed to get attributes of {quoted(o.value('r') or '')}: {err.strerror}") from None
    if o.value("d") is not None or o.value("t") is not None:
        from .date import parse_date, parse_touch

        text = o.value("d") if o.value("d") is not None else o.value("t")
        found = parse_date(p, text or "") if o.value("d") is not None else parse_touch(p, text or "")
        if found is None:
            raise Missing(f"touch: invalid date {'format ' if o.value('t') else ''}{quoted(text or '')}")
        stamp = found
    status, fs = 0, p.node.fs
    for name in o.args:
        try:
            if not lexists(p, name) or not fs.exists(p.full(name)):
                if o.has("c"):
                    continue
                p.open(name, "a").close()
            if o.has("d", "t", "r") or p.user != "root" or lexists(p, name):
                fs.utime(p.full(name), stamp, p.user, follow=not o.has("h"))
        except OSError as err:
            p.error(f"touch: cannot touch {quoted(name)}: {err.strerror}")
            status = 1
    return status


async def each(p: Process, names: list[str], recursive: bool, change, follow: bool = True) -> int:  # noqa: ANN001
    """Apply `change(name, stat)` to files, and to what is below with -R."""
    status = 0
    for name in names:
        try:
            stat = stat_of(p, name, follow)
        except OSError as err:
            p.error(f"{p.name}: cannot access {quoted(name)}: {err.strerror}")
            status = 1
            continue
        try:
            change(name, stat)
        except OSError as err:
            what = "permissions" if p.name == "chmod" else "group" if p.name == "chgrp" else "ownership"
            p.error(f"{p.name}: changing {what} of {quoted(name)}: {err.strerror}")
            status = 1
        if recursive and stat.kind == "dir":
            inner = [posixpath.join(name, n) for n in list_of(p, name)]
            inner = [n for n in inner if p.name != "chmod" or not p.node.fs.islink(p.full(n))]
            status = await each(p, inner, True, change, False) or status
    return status


@command("chmod", path="/bin")
async def chmod(p: Process) -> int:
    args, modes = [], []
    for number, arg in enumerate(p.argv[1:], 1):  # -x and -w are modes, not options
        if not modes and re.fullmatch(r"-[rwxXst]+", arg) and "--" not in p.argv[:number]:
            modes.append(arg)
        else:
            args.append(arg)
    p.argv[1:] = args
    o = parse(
        p, "cfvR", {"recursive": "R", "verbose": "v", "changes": "c", "reference=": "r", "silent": "f", "quiet": "f"}
    )
    names = list(o.args)
    if o.value("r") is None and not modes:
        if not names:
            raise missing_operand(p)
        modes.append(names.pop(0))
    if not names:
        raise (
            missing_operand(p)
            if not modes
            else UsageError(f"chmod: missing operand after `{modes[0]}'\nTry `chmod --help' for more information.")
        )
    if o.value("r") is not None:
        modes = [oct(stat_of(p, o.value("r") or "").mode)[2:]]
    try:
        parse_mode(",".join(modes), 0, False)
    except ValueError:
        raise UsageError(f"chmod: invalid mode: {quoted(modes[0])}\nTry `chmod --help' for more information.") from None

    def change(name: str, stat: Stat) -> None:
        new = parse_mode(",".join(modes), stat.mode, stat.kind == "dir", p.umask)
        p.node.fs.chmod(p.full(name), new, p.user)
        if o.has("v") or (o.has("c") and new != stat.mode):
            text = "changed to" if new != stat.mode else "retained as"
            import stat as statmod

            p.print(f"mode of {quoted(name)} {text} {new:04o} ({statmod.filemode(new)[1:]})")

    return await each(p, names, o.has("R"), change)


@command("chown", "chgrp", path="/bin")
async def chown(p: Process) -> int:
    o = parse(p, "cfhHLPRv", {"recursive": "R", "verbose": "v", "no-dereference": "h", "reference=": "r", "from=": "F",
                              "silent": "f", "quiet": "f", "changes": "c"})  # fmt: skip
    fs, names = p.node.fs, list(o.args)
    user: str | int | None = None
    group: str | int | None = None
    if o.value("r") is not None:
        stat = stat_of(p, o.value("r") or "")
        user, group = stat.uid, stat.gid
    else:
        if not names:
            raise missing_operand(p)
        spec = names.pop(0)
        if p.name == "chgrp":
            group = spec
        else:
            match = re.fullmatch(r"([^:]*?)(?:([:.])([^:]*))?", spec)
            user, mark, group = (match[1] or None, match[2], match[3]) if match else (spec, None, None)
            if mark and not group and user:
                entry = fs._accounts()[0].get(user)  # noqa: SLF001
                group = entry[1] if entry else None
            group = group or None
        if not names:
            raise UsageError(f"{p.name}: missing operand after `{spec}'\nTry `{p.name} --help' for more information.")
        try:
            user = fs.uid(user) if user is not None else None
        except KeyError:
            raise Missing(f"{p.name}: invalid user: {quoted(spec)}") from None
        try:
            group = fs.gid(group) if group is not None else None
        except KeyError:
            raise Missing(f"{p.name}: invalid group: {quoted(spec)}") from None
    follow = not o.has("h")

    def change(name: str, stat: Stat) -> None:
        fs.chown(p.full(name), user, group, follow, p.user)

    return await each(p, names, o.has("R"), change, follow)


@command("chcon")
async def chcon(p: Process) -> int:
    o = parse(
        p,
        "chfHLPRvu:r:t:l:",
        {
            "recursive": "R",
            "user=": "u",
            "role=": "r",
            "type=": "t",
            "range=": "l",
            "reference=": "ref",
            "no-dereference": "h",
            "verbose": "v",
        },
    )
    names = list(o.args)
    context = None
    if p.node.kernel.selinux == "disabled":
        raise Missing("chcon: can't apply partial context to unlabeled file " + quoted(names[-1] if names else ""))
    if o.value("ref") is not None:
        context = stat_of(p, o.value("ref") or "").context
    elif not o.has("u", "r", "t", "l"):
        if len(names) < 2:
            raise missing_operand(p)
        context = names.pop(0)
    if not names:
        raise missing_operand(p)

    def change(name: str, stat: Stat) -> None:
        parts = (context or stat.context).split(":", 3)
        for index, key in enumerate("urtl"):
            if o.value(key) is not None:
                parts[index] = o.value(key) or ""
        p.node.fs.set_context(p.full(name), ":".join(parts), follow=not o.has("h"))

    return await each(p, names, o.has("R"), change)


@command("restorecon", path="/sbin")
async def restorecon(p: Process) -> int:
    o = parse(p, "FrRvne:f:io:")
    fs = p.node.fs
    for name in o.args:
        if not lexists(p, name):
            p.error(f"restorecon:  lstat({name}) failed:  No such file or directory")
            return 1
        paths = [p.path(name)]
        if o.has("r", "R") and isdir(p, name):
            paths += [posixpath.join(top, n) for top, dirs, files in fs.walk(p.path(name)) for n in dirs + files]
        for path in paths:
            before = fs.lstat(path).context
            fs.restorecon(path)
            after = fs.lstat(path).context
            if before.split(":")[2:3] == after.split(":")[2:3] and not o.has("F"):
                fs.set_context(path, before, follow=False)
                continue
            if not o.has("F"):
                kept = ":".join([*before.split(":")[:2], *after.split(":")[2:]])
                fs.set_context(path, kept, follow=False)
                after = kept
            if o.has("v"):
                p.print(f"restorecon reset {path} context {before}->{after}")
    return 0


@command("matchpathcon", path="/usr/sbin")
async def matchpathcon(p: Process) -> int:
    from ..fs import default_type

    for name in [a for a in p.argv[1:] if not a.startswith("-")]:
        p.print(f"{name}\tsystem_u:object_r:{default_type(p.path(name))}:s0")
    return 0


@command("chattr", "lsattr")
async def chattr(p: Process) -> int:
    fs = p.node.fs
    if p.name == "lsattr":
        for name in [a for a in p.argv[1:] if not a.startswith("-")] or fs.listdir(p.cwd):
            stat = stat_of(p, name)
            p.print(f"{'----i--------e-' if stat.immutable else '-------------e-'} {name}")
        return 0
    flags = [a for a in p.argv[1:] if a[:1] in "+-=" and len(a) > 1 and a not in ("-R", "-V", "-f")]
    for name in [a for a in p.argv[1:] if a not in flags and not a.startswith("-")]:
        if not lexists(p, name):
            p.error(f"chattr: No such file or directory while trying to stat {name}")
            return 1
        for flag in flags:
            if "i" in flag:
                if p.user != "root":
                    p.error(f"chattr: Operation not permitted while setting flags on {name}")
                    return 1
                fs.set_immutable(p.full(name), flag[0] != "-")
    return 0


@command("install")
async def install(p: Process) -> int:
    o = parse(
        p,
        "bcCdDg:m:o:pst:Tv",
        {
            "directory": "d",
            "mode=": "m",
            "owner=": "o",
            "group=": "g",
            "target-directory=": "t",
            "preserve-timestamps": "p",
            "verbose": "v",
        },
    )
    fs = p.node.fs
    mode = parse_mode(o.value("m") or "755", 0, False)
    if o.has("d"):
        names = o.args
        for name in names:
            fs.mkdir(p.full(name), parents=True, user=p.user)
    else:
        names = []
        for source, target in targets(p, o):
            if o.has("D"):
                fs.mkdir(posixpath.dirname(p.full(target)), parents=True, user=p.user)
            try:
                data = await p.read_file(source)
            except OSError as err:
                raise Missing(f"install: cannot stat {quoted(source)}: {err.strerror}") from None
            if lexists(p, target):
                fs.remove(p.full(target), p.user)
            out = p.open(target, "w")
            out.write(data)
            out.close()
            names.append(target)
    for name in names:
        fs.chmod(p.full(name), mode, p.user)
        if o.value("o") or o.value("g"):
            fs.chown(p.full(name), o.value("o"), o.value("g"), by=p.user)
    return 0


@command("mktemp", path="/bin")
async def mktemp(p: Process) -> int:
    o = parse(p, "dp:qtu", {"directory": "d", "tmpdir=?": "p", "quiet": "q", "dry-run": "u", "suffix=": "s"})
    import secrets
    import string

    template = o.args[0] if o.args else "tmp.XXXXXXXXXX"
    if not o.args or o.has("t", "p"):
        template = posixpath.join(o.value("p") or p.env.get("TMPDIR") or "/tmp", template)
    match = re.search(r"X{3,}(?=[^X]*$)", template)
    if not match:
        raise Missing(f"mktemp: too few X's in template {quoted(template)}")
    fs = p.node.fs
    while True:
        letters = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in match[0])
        name = template[: match.start()] + letters + template[match.end() :] + (o.value("s") or "")
        if not fs.lexists(p.full(name)):
            break
    if not o.has("u"):
        try:
            if o.has("d"):
                fs.mkdir(p.full(name), 0o700, user=p.user)
            else:
                fs.write(p.full(name), b"", mode=0o600, user=p.user)
        except OSError as err:
            what = "directory" if o.has("d") else "file"
            raise Missing(f"mktemp: failed to create {what} via template {quoted(template)}: {err.strerror}") from None
    p.print(name)
    return 0


@command("truncate")
async def truncate(p: Process) -> int:
    o = parse(p, "cos:r:", {"size=": "s", "no-create": "c"})
    spec = o.value("s")
    if spec is None or not o.args:
        raise UsageError(
            "truncate: you must specify one of `--size' or `--reference'\nTry `truncate --help' for more information."
        )
    fs = p.node.fs
    for name in o.args:
        if not lexists(p, name):
            if o.has("c"):
                continue
            p.open(name, "w").close()
        old = stat_of(p, name).size
        try:
            amount = size(spec.lstrip("+-<>/%"))
        except ValueError:
            raise Missing(f"truncate: invalid number {quoted(spec)}") from None
        new = old + amount if spec[0] == "+" else max(0, old - amount) if spec[0] == "-" else amount
        if new > 1 << 22:
            fs.write_synthetic(p.full(name), new, zeros_md5(new), p.user)
        else:
            fs.truncate(p.full(name), new, p.user)
    return 0


def zeros_md5(count: int) -> str:
    """The MD5 of so many zero bytes (of the first 64 MB: nobody checks a sparse disk's)."""
    digest, chunk = hashlib.md5(usedforsecurity=False), bytes(1 << 20)
    for _ in range(min(count, 1 << 26) >> 20):
        digest.update(chunk)
    digest.update(bytes(count & 0xFFFFF))
    return digest.hexdigest()


@command("mkfifo", "mknod")
async def mkfifo(p: Process) -> int:
    o = parse(p, "m:", {"mode=": "m"})
    if not o.args:
        raise missing_operand(p)
    kinds = {"p": "fifo", "b": "block", "c": "char", "u": "char"}
    kind = kinds.get(o.args[1], "fifo") if p.name == "mknod" and len(o.args) > 1 else "fifo"
    numbers = tuple(int(x) for x in o.args[2:4]) if len(o.args) >= 4 else (0, 0)
    names = o.args[:1] if p.name == "mknod" else o.args
    for name in names:
        try:
            p.node.fs.mknod(p.full(name), kind, 0o666 & ~p.umask, numbers, p.user)  # type: ignore[arg-type]
        except OSError as err:
            p.error(f"{p.name}: {'cannot create fifo ' if kind == 'fifo' else ''}{quoted(name)}: {err.strerror}")
            return 1
    return 0


@command("sync", path="/bin")
async def sync(p: Process) -> int:
    return 0


@command("dd", path="/bin")
async def dd(p: Process) -> int:
    settings = {
        "bs": "512",
        "count": "",
        "skip": "0",
        "seek": "0",
        "if": "",
        "of": "",
        "conv": "",
        "ibs": "",
        "obs": "",
        "status": "",
        "oflag": "",
        "iflag": "",
    }
    for arg in p.argv[1:]:
        key, _, value = arg.partition("=")
        if key not in settings:
            raise UsageError(f"dd: unrecognized operand `{arg}'\nTry `dd --help' for more information.")
        settings[key] = value
    begun = time.monotonic()
    try:
        block = size(re.sub(r"([kmg])$", lambda m: m[1].upper(), settings["ibs"] or settings["bs"]))
        count = size(settings["count"]) if settings["count"] else None
    except ValueError as err:
        raise Missing(f"dd: invalid number `{err}'") from None
    total = None if count is None else block * count
    fs = p.node.fs
    try:
        source = p.open(settings["if"]) if settings["if"] else p.stdin
    except OSError as err:
        raise Missing(f"dd: opening {quoted(settings['if'])}: {err.strerror}") from None
    notrunc = "notrunc" in settings["conv"]
    seek = int(settings["seek"] or 0) * block
    try:
        if settings["of"] and settings["if"] == "/dev/zero" and total is not None and total > 1 << 22:
            fs.open_inode(p.full(settings["of"]), user=p.user)
            if fs.limit is not None and fs.used + total > fs.limit:
                raise OSError(28, "No space left on device")
            fs.write_synthetic(p.full(settings["of"]), seek + total, zeros_md5(total), p.user)
            done = total
        else:
            out = p.open(settings["of"], "rw" if notrunc or seek else "w") if settings["of"] else p.stdout
            if seek and hasattr(out, "offset"):
                if not notrunc:
                    fs.truncate(p.full(settings["of"]), seek, p.user)
                out.offset = seek
            skip = int(settings["skip"] or 0) * block
            while skip and (data := await source.read(skip)):
                skip -= len(data)
            done = 0
            while total is None or done < total:
                data = await source.read(min(1 << 16, total - done) if total is not None else 1 << 16)
                if not data:
                    break
                out.write(data)
                await out.drain()
                done += len(data)
            if settings["of"]:
                out.close()
    except OSError as err:
        if isinstance(err, BrokenPipeError):
            raise
        if err.errno == 28:
            p.error(f"dd: writing {quoted(settings['of'])}: {err.strerror}")
        else:
            p.error(f"dd: opening {quoted(settings['of'])}: {err.strerror}")
        return 1
    if settings["status"] not in ("noxfer", "none"):
        seconds = max(time.monotonic() - begun, 1e-6)
        whole, part = divmod(done, block)
        p.error(f"{whole}+{int(part > 0)} records in\n{whole}+{int(part > 0)} records out")
        p.error(f"{done} bytes ({si(done)}) copied, {seconds:.6g} s, {si(done / seconds)}/s")
    return 0


def si(value: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"
        value /= 1000
    return ""
