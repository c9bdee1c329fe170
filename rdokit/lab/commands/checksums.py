"""md5sum, sha*sum, cksum, base64, od, hexdump, xxd, strings, cmp, diff."""

from __future__ import annotations

import base64 as b64
import difflib
import hashlib
import posixpath
import re

from .. import clock
from ..files import list_of, stat_of
from ..options import Options, UsageError, parse
from ..process import Missing, Process, command

DEC = ("utf-8", "surrogateescape")


async def digest(p: Process, kind: str, name: str) -> str:
    if name != "-":
        stat = stat_of(p, name)
        if stat.kind == "dir":
            raise IsADirectoryError(21, "Is a directory", name)
        if p.node.fs.synthetic(p.full(name)):
            return p.node.fs.checksum(p.full(name), kind, p.user)
    return hashlib.new(kind, await p.read_file(name)).hexdigest()


@command("md5sum", "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum")
async def md5sum(p: Process) -> int:
    kind = posixpath.basename(p.name)[:-3]
    o = parse(p, "bctw", {"binary": "b", "check": "c", "text": "t", "quiet": "q", "status": "s", "warn": "w"})
    status = 0
    if o.has("c"):
        for name in o.args or ["-"]:
            status = await check(p, o, kind, name) or status
        return status
    for name in o.args or ["-"]:
        try:
            p.print(f"{await digest(p, kind, name)} {'*' if o.has('b') else ' '}{name}")
        except OSError as err:
            p.error(f"{p.name}: {name}: {err.strerror}")
            status = 1
    return status


async def check(p: Process, o: Options, kind: str, listing: str) -> int:
    try:
        lines = (await p.read_file(listing)).decode(*DEC).splitlines()
    except OSError as err:
        p.error(f"{p.name}: {listing}: {err.strerror}")
        return 1
    wrong = missing = good = 0
    for line in lines:
        match = re.fullmatch(r"\\?([0-9a-fA-F]+) [ *](.+)", line)
        if not match:
            continue
        good += 1
        try:
            same = await digest(p, kind, match[2]) == match[1].lower()
        except OSError as err:
            p.error(f"{p.name}: {match[2]}: {err.strerror}")
            if not o.has("s"):
                p.print(f"{match[2]}: FAILED open or read")
            missing += 1
            continue
        wrong += not same
        if not o.has("s") and not (same and o.has("q")):
            p.print(f"{match[2]}: {'OK' if same else 'FAILED'}")
    if not good:
        p.error(f"{p.name}: {listing}: no properly formatted {kind.upper()} checksum lines found")
        return 1
    if missing and not o.has("s"):
        p.error(f"{p.name}: WARNING: {missing} of {good} listed file{'s' if good > 1 else ''} could not be read")
    if wrong and not o.has("s"):
        p.error(
            f"{p.name}: WARNING: {wrong} of {good - missing} computed "
            f"checksum{'s' if good - missing > 1 else ''} did NOT match"
        )
    return 1 if wrong or missing else 0


@command("cksum", "sum")
async def cksum(p: Process) -> int:
    for name in p.argv[1:] or ["-"]:
        try:
            data = await p.read_file(name)
        except OSError as err:
            p.error(f"{p.name}: {name}: {err.strerror}")
            return 1
        tail = f" {name}" if name != "-" else ""
        if p.name == "sum":
            value = 0
            for byte in data:
                value = ((value >> 1) + ((value & 1) << 15) + byte) & 0xFFFF
            p.print(f"{value:05d} {-(-len(data) // 1024):5d}{tail if len(p.argv) > 2 else ''}")
        else:
            p.print(f"{posix_crc(data)} {len(data)}{tail}")
    return 0


def posix_crc(data: bytes) -> int:
    """The CRC of cksum(1).

    >>> posix_crc(b"")
    4294967295
    """
    value = 0
    size = len(data)
    length = b""
    while size:
        length += bytes([size & 255])
        size >>= 8
    for byte in data + length:
        value = (value << 8 & 0xFFFFFFFF) ^ CRC[value >> 24 ^ byte]
    return ~value & 0xFFFFFFFF


def crc_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7) & 0xFFFFFFFF if value & 0x80000000 else value << 1
        table.append(value)
    return table


CRC = crc_table()


@command("base64")
async def base64(p: Process) -> int:
    o = parse(p, "diw:", {"decode": "d", "ignore-garbage": "i", "wrap=": "w"})
    try:
        data = await p.read_file(o.args[0] if o.args else "-")
    except OSError as err:
        raise Missing(f"base64: {o.args[0]}: {err.strerror}") from None
    if o.has("d"):
        raw = re.sub(rb"[^A-Za-z0-9+/=]" if o.has("i") else rb"\n", b"", data)
        try:
            p.stdout.write(b64.b64decode(raw, validate=True))
        except ValueError:
            p.error("base64: invalid input")
            return 1
        return 0
    text, width = b64.b64encode(data).decode(), int(o.value("w", "76") or 76)
    if width:
        p.stdout.write("".join(text[i : i + width] + "\n" for i in range(0, len(text), width)))
    else:
        p.stdout.write(text)
    return 0


NAMED = [
    "nul",
    "soh",
    "stx",
    "etx",
    "eot",
    "enq",
    "ack",
    "bel",
    "bs",
    "ht",
    "nl",
    "vt",
    "ff",
    "cr",
    "so",
    "si",
    "dle",
    "dc1",
    "dc2",
    "dc3",
    "dc4",
    "nak",
    "syn",
    "etb",
    "can",
    "em",
    "sub",
    "esc",
    "fs",
    "gs",
    "rs",
    "us",
    "sp",
]
ESCAPED = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}


@command("od")
async def od(p: Process) -> int:
    o = parse(
        p,
        "A:abcdfij:lN:oS:st:vw::x",
        {
            "address-radix=": "A",
            "skip-bytes=": "j",
            "read-bytes=": "N",
            "format=": "t",
            "output-duplicates": "v",
            "width=?": "w",
        },
    )
    data = b"".join([await p.read_file(n) for n in o.args or ["-"]])
    skip = int(o.value("j") or 0)
    data = data[skip:]
    if o.value("N"):
        data = data[: int(o.value("N") or 0)]
    kinds = [
        {"a": "a", "b": "o1", "c": "c", "d": "u2", "x": "x2", "o": "o2", "i": "d4", "l": "d8", "s": "d2"}.get(k, v)
        for k, v in o.all
        if k in "abcdxoilst"
    ]
    kinds = kinds or ["o2"]
    radix = o.value("A", "o")
    width = int(o.value("w") or 16)
    previous, starred = None, False
    for start in range(0, len(data), width):
        chunk = data[start : start + width]
        if chunk == previous and len(chunk) == width and not o.has("v"):
            if not starred:
                p.print("*")
                starred = True
            continue
        previous, starred = chunk, False
        for number, kind in enumerate(kinds):
            head = address(skip + start, radix) if number == 0 else " " * len(address(0, radix))
            p.print(head + od_line(chunk, kind))
    if radix != "n":
        p.print(address(skip + len(data), radix))
    return 0


def address(value: int, radix: str | None) -> str:
    return (
        "" if radix == "n" else f"{value:07d}" if radix == "d" else f"{value:06x}" if radix == "x" else f"{value:07o}"
    )


def od_line(chunk: bytes, kind: str) -> str:
    if kind.startswith("c"):
        return "".join(f" {ESCAPED.get(b) or (chr(b) if 32 <= b < 127 else f'{b:03o}'):>3}" for b in chunk)
    if kind.startswith("a"):
        return "".join(
            f" {NAMED[b & 127] if b & 127 <= 32 else 'del' if b & 127 == 127 else chr(b & 127):>3}" for b in chunk
        )
    letter, size = kind[0], int(re.sub(r"\D", "", kind) or {"x": 4, "o": 4, "d": 4, "u": 4}.get(kind[0], 4))
    digits = {
        "x": size * 2,
        "o": -(-size * 8 // 3),
        "u": len(str(256**size - 1)),
        "d": len(str(256**size // 2)) + 1,
    }.get(letter, 11)
    out = ""
    for i in range(0, len(chunk), size):
        value = int.from_bytes(chunk[i : i + size].ljust(size, b"\0"), "little", signed=letter == "d")
        text = f"{value:0{digits}x}" if letter == "x" else f"{value:0{digits}o}" if letter == "o" else str(value)
        out += " " + text.rjust(digits)
    tail = f"  >{''.join(chr(b) if 32 <= b < 127 else '.' for b in chunk)}<" if kind.endswith("z") else ""
    return out + tail


@command("hexdump", "hd")
async def hexdump(p: Process) -> int:
    o = parse(p, "bcCde:f:n:os:vx")
    data = b"".join([await p.read_file(n) for n in o.args or ["-"]])
    data = data[int(o.value("s") or 0) :]
    data = data[: int(o.value("n") or 0)] if o.value("n") else data
    canonical = o.has("C") or p.name == "hd"
    previous, starred = None, False
    for start in range(0, len(data), 16):
        chunk = data[start : start + 16]
        if chunk == previous and not o.has("v"):
            if not starred:
                p.print("*")
                starred = True
            continue
        previous, starred = chunk, False
        if canonical:
            one = " ".join(f"{b:02x}" for b in chunk[:8])
            two = " ".join(f"{b:02x}" for b in chunk[8:])
            text = "".join(chr(b) if 32 <= b < 127 else "." for b in chunk)
            p.print(f"{start:08x}  {one:<23}  {two:<23}  |{text}|")
        else:
            words = [int.from_bytes(chunk[i : i + 2], "little") for i in range(0, len(chunk), 2)]
            p.print(f"{start:07x} " + " ".join(f"{w:04x}" for w in words))
    if data:
        p.print(f"{len(data):08x}" if canonical else f"{len(data):07x}")
    return 0


@command("xxd", package="vim-common")
async def xxd(p: Process) -> int:
    o = parse(p, "prl:s:c:g:u")
    data = await p.read_file(o.args[0] if o.args else "-")
    if o.has("r"):
        p.stdout.write(
            bytes.fromhex(
                re.sub(rb"\s", b"", data).decode()
                if o.has("p")
                else "".join(x.split(b":")[1].split(b"  ")[0].decode() for x in data.splitlines())
            )
        )
        return 0
    data = data[: int(o.value("l") or len(data))]
    if o.has("p"):
        text = data.hex()
        p.stdout.write("".join(text[i : i + 60] + "\n" for i in range(0, len(text), 60)))
        return 0
    for start in range(0, len(data), 16):
        chunk = data[start : start + 16]
        groups = " ".join(chunk[i : i + 2].hex() for i in range(0, len(chunk), 2))
        p.print(f"{start:07x}: {groups:<39}  " + "".join(chr(b) if 32 <= b < 127 else "." for b in chunk))
    return 0


@command("strings", package="binutils")
async def strings(p: Process) -> int:
    o = parse(p, "an:t:", {"bytes=": "n"})
    least = int(o.value("n") or 4)
    for name in o.args or ["-"]:
        data = await p.read_file(name)
        for match in re.finditer(rb"[\x20-\x7e\t]{%d,}" % least, data):
            p.stdout.write(match[0] + b"\n")
    return 0


@command("cmp")
async def cmp(p: Process) -> int:
    o = parse(p, "bi:ln:sv", {"silent": "s", "quiet": "s", "verbose": "l", "bytes=": "n"}, status=2)
    if not o.args:
        raise UsageError("cmp: missing operand after `cmp'\ncmp: Try `cmp --help' for more information.", 2)
    names = [*o.args, "-"][:2]
    contents = []
    for name in names:
        try:
            contents.append(await p.read_file(name))
        except OSError as err:
            if not o.has("s"):
                p.error(f"cmp: {name}: {err.strerror}")
            return 2
    a, b = contents
    if a == b:
        return 0
    if o.has("s"):
        return 1
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), None)
    if at is None:
        p.error(f"cmp: EOF on {names[0] if len(a) < len(b) else names[1]}")
    else:
        locale = p.env.get("LC_ALL") or p.env.get("LC_MESSAGES") or p.env.get("LANG") or "C"
        unit = "char" if locale in ("C", "POSIX") else "byte"
        p.print(f"{names[0]} {names[1]} differ: {unit} {at + 1}, line {a[:at].count(10) + 1}")
    return 1


# -- diff --------------------------------------------------------------------------------------------------------


@command("diff")
async def diff(p: Process) -> int:
    p.argv = [f"-U{a[1:]}" if re.fullmatch(r"-\d+", a) else a for a in p.argv]
    o = parse(
        p,
        "abBc::C:dEiI:lL:nNpqrsS:tTuU:vwx:yW:",
        {
            "brief": "q",
            "unified=?": "u",
            "context=?": "c",
            "recursive": "r",
            "new-file": "N",
            "ignore-case": "i",
            "label=": "L",
            "ignore-all-space": "w",
            "ignore-space-change": "b",
            "ignore-blank-lines": "B",
            "report-identical-files": "s",
            "exclude=": "x",
            "side-by-side": "y",
            "text": "a",
            "width=": "W",
            "ignore-matching-lines=": "I",
            "suppress-common-lines": "scl",
        },
        status=2,
    )
    if len(o.args) != 2:
        what = (
            f"missing operand after `{o.args[-1] if o.args else 'diff'}'"
            if len(o.args) < 2
            else f"extra operand `{o.args[2]}'"
        )
        raise UsageError(f"diff: {what}\ndiff: Try `diff --help' for more information.", 2)
    return await compare(p, o, o.args[0], o.args[1], False)


async def compare(p: Process, o: Options, one: str, two: str, title: bool) -> int:
    kinds = []
    for name in (one, two):
        try:
            kinds.append("file" if name == "-" else stat_of(p, name).kind)
        except OSError as err:
            if o.has("N") and err.errno == 2:
                kinds.append("none")
                continue
            p.error(f"diff: {name}: {err.strerror}")
            return 2
    if kinds == ["dir", "dir"]:
        return await compare_dirs(p, o, one, two)
    if "dir" in kinds:
        folder, file = (one, two) if kinds[0] == "dir" else (two, one)
        inside = posixpath.join(folder, posixpath.basename(file))
        return (
            await compare(p, o, inside, file, title) if kinds[0] == "dir" else await compare(p, o, file, inside, title)
        )
    texts = []
    for name, kind in zip((one, two), kinds, strict=True):
        try:
            texts.append(b"" if kind == "none" else await p.read_file(name))
        except OSError as err:
            p.error(f"diff: {name}: {err.strerror}")
            return 2
    a, b = texts
    if a == b:
        if o.has("s"):
            p.print(f"Files {one} and {two} are identical")
        return 0
    x, y = (
        t.decode(*DEC).splitlines(keepends=True) if b"\r" not in t else re.findall(r"[^\n]*\n|[^\n]+", t.decode(*DEC))
        for t in (a, b)
    )

    def key(line: str) -> str:
        if o.has("w"):
            line = re.sub(r"\s+", "", line)
        elif o.has("b"):
            line = re.sub(r"\s+", " ", line).rstrip()
        return line.lower() if o.has("i") else line

    matcher = difflib.SequenceMatcher(None, [key(v) for v in x], [key(v) for v in y], autojunk=False)
    changes = [c for c in matcher.get_opcodes() if c[0] != "equal"]
    if o.has("B"):
        changes = [c for c in changes if "".join(x[c[1] : c[2]] + y[c[3] : c[4]]).strip()]
    if not changes:
        return 0
    if o.has("q") or (b"\0" in a + b and not o.has("a")):
        p.print(f"{'Binary files' if not o.has('q') else 'Files'} {one} and {two} differ")
        return 1
    if title:
        flags = " ".join(a for a in p.argv[1:] if a.startswith("-"))
        p.print(f"diff {flags} {one} {two}".replace("  ", " "))
    if o.has("u", "U", "c", "C"):
        unified(p, o, one, two, x, y, matcher, kinds)
    elif o.has("y"):
        side_by_side(p, o, x, y, matcher)
    else:
        normal(p, x, y, changes)
    return 1


def span(start: int, end: int) -> str:
    return str(end) if end <= start + 1 and end > start else str(start) if end == start else f"{start + 1},{end}"


def put(p: Process, mark: str, line: str) -> None:
    if line.endswith("\n"):
        p.stdout.write(mark + line)
    else:
        p.stdout.write(f"{mark}{line}\n\\ No newline at end of file\n")


def normal(p: Process, x: list[str], y: list[str], changes: list) -> None:
    for tag, a1, a2, b1, b2 in changes:
        letter = {"replace": "c", "delete": "d", "insert": "a"}[tag]
        p.print(f"{span(a1, a2)}{letter}{span(b1, b2)}")
        for line in x[a1:a2]:
            put(p, "< ", line)
        if tag == "replace":
            p.print("---")
        for line in y[b1:b2]:
            put(p, "> ", line)


def unified(p: Process, o: Options, one: str, two: str, x: list[str], y: list[str], matcher, kinds: list[str]) -> None:  # noqa: ANN001
    around = int(o.value("U") or o.value("C") or o.value("u") or o.value("c") or 3)
    if o.value("U") == "0":
        around = 0
    labels = o.values("L")
    for number, (mark, name, kind) in enumerate((("---", one, kinds[0]), ("+++", two, kinds[1]))):
        if number < len(labels):
            p.print(f"{mark} {labels[number]}")
            continue
        stamp = 0.0 if kind == "none" else stat_of(p, name).mtime if name != "-" else None
        when = clock.now(p.node, p.env, stamp)
        p.print(
            f"{mark} {name}\t{when.strftime('%Y-%m-%d %H:%M:%S.')}{int((stamp or 0) % 1 * 1e9):09d} "
            f"{when.strftime('%z')}"
        )
    for group in matcher.get_grouped_opcodes(around):
        a1, a2, b1, b2 = group[0][1], group[-1][2], group[0][3], group[-1][4]

        def extent(start: int, end: int) -> str:
            count = end - start
            return f"{start + 1 if count else start}" if count == 1 else f"{start + 1 if count else start},{count}"

        p.print(f"@@ -{extent(a1, a2)} +{extent(b1, b2)} @@")
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                for line in x[i1:i2]:
                    put(p, " ", line)
                continue
            for line in x[i1:i2]:
                put(p, "-", line)
            for line in y[j1:j2]:
                put(p, "+", line)


def side_by_side(p: Process, o: Options, x: list[str], y: list[str], matcher) -> None:  # noqa: ANN001
    width = int(o.value("W") or 130) // 2 - 2
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal" and o.has("scl"):
            continue
        for k in range(max(i2 - i1, j2 - j1)):
            left = x[i1 + k].rstrip("\n") if i1 + k < i2 else ""
            right = y[j1 + k].rstrip("\n") if j1 + k < j2 else ""
            mark = " " if tag == "equal" else "<" if j1 + k >= j2 else ">" if i1 + k >= i2 else "|"
            p.print(f"{left[:width]:<{width}} {mark} {right[:width]}".rstrip())


async def compare_dirs(p: Process, o: Options, one: str, two: str) -> int:
    from ..shell import pattern as pat

    a, b = set(list_of(p, one)), set(list_of(p, two))
    status = 0
    for name in sorted(a | b):
        if any(pat.match(x, name) for x in o.values("x")):
            continue
        left, right = posixpath.join(one, name), posixpath.join(two, name)
        if name in a and name in b:
            if stat_of(p, left).kind == stat_of(p, right).kind == "dir":
                if o.has("r"):
                    status = max(status, await compare_dirs(p, o, left, right))
                else:
                    p.print(f"Common subdirectories: {left} and {right}")
                continue
            status = max(status, await compare(p, o, left, right, True))
        elif o.has("N"):
            status = max(status, await compare(p, o, left, right, True))
        else:
            p.print(f"Only in {one if name in a else two}: {name}")
            status = max(status, 1)
    return status


@command("patch", package="patch")
async def patch(p: Process) -> int:
    o = parse(p, "p:i:RNsd:b", {"strip=": "p", "input=": "i", "reverse": "R", "dry-run": "n", "silent": "s"})
    strip = int(o.value("p") or 0)
    text = (await p.read_file(o.value("i") or "-")).decode(*DEC)
    files = re.split(r"(?m)^(?=--- )", text)
    status = 0
    for piece in files:
        match = re.match(r"--- (\S+).*\n\+\+\+ (\S+).*\n", piece)
        if not match:
            continue
        name = o.args[0] if o.args else "/".join(match[1 if o.has("R") else 2].split("/")[strip:])
        p.print(f"patching file {name}")
        lines = (
            (await p.read_file(name)).decode(*DEC).splitlines(keepends=True) if p.node.fs.exists(p.full(name)) else []
        )
        shift = 0
        for hunk in re.finditer(r"(?m)^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@.*\n((?:[-+ \\].*\n?|\n)*)", piece):
            body = [x for x in hunk[5].splitlines(keepends=True) if not x.startswith("\\")]
            minus, plus = ("+", "-") if o.has("R") else ("-", "+")
            old = [x[1:] for x in body if x[:1] in (" ", minus, "\n")]
            new = [x[1:] for x in body if x[:1] in (" ", plus, "\n")]
            at = max(0, int(hunk[1]) - 1 + shift)
            places = sorted(range(len(lines) + 1), key=lambda i, at=at: abs(i - at))
            place = next((i for i in places if lines[i : i + len(old)] == old), None)
            if place is None:
                p.print(f"Hunk #1 FAILED at {hunk[1]}.")
                status = 1
                continue
            lines[place : place + len(old)] = new
            shift += len(new) - len(old)
        if not o.has("n"):
            stream = p.open(name, "w")
            stream.write("".join(lines))
            stream.close()
    return status
