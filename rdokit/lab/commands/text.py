"""cat, head, tail, wc, sort, uniq, cut, tr, tee and their like, as in coreutils 8.4."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from functools import cmp_to_key

from ..options import UsageError, parse
from ..process import Process, command
from ..shell.pattern import plain_order

DEC = ("utf-8", "surrogateescape")


async def drain(p: Process, count: int) -> None:
    """Let the reader keep up, now and then."""
    if count % 256 == 0:
        await p.stdout.drain()


@command("cat", path="/bin")
async def cat(p: Process) -> int:
    o = parse(p, "AbeEnstTuv", {"show-all": "A", "number-nonblank": "b", "show-ends": "E", "number": "n",
                                "squeeze-blank": "s", "show-tabs": "T", "show-nonprinting": "v"})  # fmt: skip
    status = 0
    state = {"n": 0, "blank": False}
    for name in o.args or ["-"]:
        try:
            stream = p.stdin if name == "-" else p.open(name)
            if not o.all:
                while data := await stream.read(65536):
                    p.stdout.write(data)
                    await p.stdout.drain()
            else:
                while line := await stream.readline():
                    show_line(p, o, line, state)
        except BrokenPipeError:
            raise
        except OSError as err:
            p.error(f"cat: {name}: {err.strerror}")
            status = 1
    return status


def show_line(p: Process, o, line: bytes, state: dict) -> None:  # noqa: ANN001
    body, end = (line[:-1], b"\n") if line.endswith(b"\n") else (line, b"")
    blank = not body
    if o.has("s") and blank and state["blank"]:
        return
    state["blank"] = blank
    if o.has("v", "A", "e", "t"):
        body = b"".join(visible(b) for b in body)
    if o.has("T", "A", "t"):
        body = body.replace(b"\t", b"^I")
    if o.has("E", "A", "e"):
        end = b"$" + end if end else b""
    if (o.has("b") and not blank) or (o.has("n") and not o.has("b")):
        state["n"] += 1
        body = b"%6d\t" % state["n"] + body
    p.stdout.write(body + end)


def visible(value: int) -> bytes:
    """One byte as cat -v shows it.

    >>> visible(1), visible(200), visible(65)
    (b'^A', b'M-H', b'A')
    """
    prefix = b""
    if value >= 128:
        prefix, value = b"M-", value - 128
    if value < 32 and not (value == 9 and not prefix):
        return prefix + b"^" + bytes([value + 64])
    return prefix + (b"^?" if value == 127 else bytes([value]))


@command("tac")
async def tac(p: Process) -> int:
    o = parse(p, "brs:")
    lines = [line async for line in p.input_lines(o.args)]
    if lines and not lines[-1].endswith(b"\n") and len(lines) > 1:
        lines[-2:] = [lines[-2], lines[-1]]
    p.stdout.write(b"".join(reversed(lines)))
    return p.extra.get("status", 0)


def old_count(p: Process) -> None:
    """head -5 and tail -5, tail +3: put into the new spelling."""
    if len(p.argv) > 1:
        match = re.fullmatch(r"([-+])(\d+)([bckl]?)(f?)", p.argv[1])
        if match and (match[1] == "-" or (p.argv[0].endswith("tail") and len(p.argv) <= 3)):
            sign = "+" if match[1] == "+" else ""
            p.argv[1:2] = [f"-{'c' if match[3] == 'c' else 'n'}", sign + match[2], *(["-f"] if match[4] else [])]


def size(text: str) -> int:
    """10, 1K, 2MB … ValueError when it is none."""
    match = re.fullmatch(r"(\d+)(b|kB|K|KiB|MB|M|GB|G)?", text)
    if not match:
        raise ValueError(text)
    unit = {None: 1, "b": 512, "kB": 1000, "K": 1024, "KiB": 1024, "MB": 10**6, "M": 1 << 20, "GB": 10**9, "G": 1 << 30}
    return int(match[1]) * unit[match[2]]


@command("head")
async def head(p: Process) -> int:
    old_count(p)
    o = parse(p, "n:c:qv", {"lines=": "n", "bytes=": "c", "quiet": "q", "silent": "q", "verbose": "v"})
    kind = o.last("nc", "n")
    text = o.value(kind, "10") or ""
    try:
        count = size(text.lstrip("-"))
    except ValueError:
        p.error(f"head: {text}: invalid number of {'bytes' if kind == 'c' else 'lines'}")
        return 1
    names, status = o.args or ["-"], 0
    titles = (len(names) > 1 or o.has("v")) and not o.has("q")
    for number, name in enumerate(names):
        try:
            stream = p.stdin if name == "-" else p.open(name)
            first = await stream.read(0) if name != "-" else b""
            if titles:
                p.print(f"{chr(10) if number else ''}==> {'standard input' if name == '-' else name} <==")
            p.stdout.write(first)
            if text.startswith("-"):
                data = await stream.read()
                lines = data.splitlines(keepends=True) if b"\r" not in data else re.findall(rb"[^\n]*\n|[^\n]+", data)
                keep = (
                    data[: max(0, len(data) - count)] if kind == "c" else b"".join(lines[: max(0, len(lines) - count)])
                )
                p.stdout.write(keep)
            elif kind == "c":
                left = count
                while left and (data := await stream.read(min(left, 65536))):
                    p.stdout.write(data)
                    left -= len(data)
            else:
                for done in range(count):
                    line = await stream.readline()
                    if not line:
                        break
                    p.stdout.write(line)
                    await drain(p, done + 1)
        except BrokenPipeError:
            raise
        except OSError as err:
            what = "error reading" if err.errno == 21 else "cannot open"
            tail = "" if err.errno == 21 else " for reading"
            p.error(f"head: {what} `{name}'{tail}: {err.strerror}")
            status = 1
    return status


@command("tail")
async def tail(p: Process) -> int:
    old_count(p)
    o = parse(
        p,
        "n:c:fFqvs:",
        {
            "lines=": "n",
            "bytes=": "c",
            "follow=?": "f",
            "quiet": "q",
            "silent": "q",
            "verbose": "v",
            "retry": "r",
            "pid=": "p",
            "sleep-interval=": "s",
        },
    )
    kind = o.last("nc", "n")
    text = o.value(kind, "10") or ""
    try:
        count = size(text.lstrip("+-"))
    except ValueError:
        p.error(f"tail: {text}: invalid number of {'bytes' if kind == 'c' else 'lines'}")
        return 1
    names, status = o.args or ["-"], 0
    titles = (len(names) > 1 or o.has("v")) and not o.has("q")
    places: dict[str, int] = {}
    for number, name in enumerate(names):
        try:
            data = await p.read_file(name)
        except OSError as err:
            what = f"error reading `{name}'" if err.errno == 21 else f"cannot open `{name}' for reading"
            p.error(f"tail: {what}: {err.strerror}")
            status = 1
            if o.has("F"):
                places[name] = 0
            continue
        if titles:
            p.print(f"{chr(10) if number else ''}==> {'standard input' if name == '-' else name} <==")
        p.stdout.write(last_part(data, kind, count, text.startswith("+")))
        places[name] = len(data)
    if o.has("f", "F") and places and names != ["-"]:
        await follow(p, o, places, titles)
    return status


def last_part(data: bytes, kind: str, count: int, from_start: bool) -> bytes:
    if kind == "c":
        return data[max(0, count - 1) :] if from_start else data[len(data) - min(count, len(data)) :]
    if from_start:
        pos = 0
        for _ in range(max(0, count - 1)):
            end = data.find(b"\n", pos)
            if end < 0:
                return b""
            pos = end + 1
        return data[pos:]
    if count == 0:
        return b""
    pos = len(data) - 1 if data.endswith(b"\n") else len(data)
    for _ in range(count):
        pos = data.rfind(b"\n", 0, pos)
        if pos < 0:
            return data
    return data[pos + 1 :]


async def follow(p: Process, o, places: dict[str, int], titles: bool) -> None:  # noqa: ANN001
    """-f: look at the files again and again; ends with --pid's process, or when killed."""
    pid = int(o.value("p", "0") or 0)
    inodes = {name: identity(p, name) for name in places}
    while True:
        ending = pid and pid not in p.machine.procs
        for name, place in places.items():
            try:
                if o.has("F") and identity(p, name) != inodes[name]:
                    inodes[name] = identity(p, name)
                    p.error(f"tail: `{name}' has been replaced;  following end of new file")
                    place = 0
                inode = p.node.fs._need(p.full(name))  # noqa: SLF001 - many times a second: no copy of the whole file
                size_now = inode.length()
            except OSError:
                continue
            if size_now < place:
                p.error(f"tail: {name}: file truncated")
                place = 0
            if size_now > place:
                if titles:
                    p.print(f"\n==> {name} <==")
                p.stdout.write(p.node.fs.content(inode, place))
            places[name] = size_now
        await p.stdout.drain()
        if ending:
            return
        await asyncio.sleep(0.05)


def identity(p: Process, name: str) -> int:
    try:
        return p.node.fs.stat(p.full(name)).ino
    except OSError:
        return 0


@command("wc")
async def wc(p: Process) -> int:
    o = parse(p, "clmwL", {"bytes": "c", "lines": "l", "chars": "m", "words": "w", "max-line-length": "L"})
    wanted = [k for k in "lwmcL" if o.has(k)] or ["l", "w", "c"]
    rows, status = [], 0
    for name in o.args or [""]:
        try:
            data = await p.read_file(name or "-")
        except OSError as err:
            p.error(f"wc: {name}: {err.strerror}")
            status = 1
            continue
        coding = "latin-1" if plain_order(p.env.get) else "utf-8"
        text = data.decode(coding, "replace") if set(wanted) & {"m", "L"} else ""
        longest = max(
            (sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line) for line in text.split("\n")),
            default=0,
        )
        rows.append(
            (
                [
                    {"l": data.count(b"\n"), "w": len(data.split()), "m": len(text), "c": len(data), "L": longest}[k]
                    for k in wanted
                ],
                name,
            )
        )
    if len(rows) > 1 or len(o.args) > 1:
        totals = (
            [
                max(c) if k == "L" else sum(c)
                for k, c in zip(wanted, zip(*[r for r, _ in rows], strict=True), strict=True)
            ]
            if rows
            else [0] * len(wanted)
        )
        rows.append((totals, "total"))
    width = number_width(p, o.args, len(wanted))
    for numbers, name in rows:
        p.print(" ".join(f"{n:{width}d}" for n in numbers) + (f" {name}" if name else ""))
    return status


def number_width(p: Process, names: list[str], columns: int) -> int:
    """As wc does: the digits of all sizes together; 7 for what has no size."""
    if columns == 1 and len(names) <= 1:
        return 1
    total = 0
    for name in names or ["-"]:
        try:
            inode = getattr(p.stdin, "inode", None)
            if name == "-" and inode is None:
                return 7
            total += inode.length() if name == "-" else p.node.fs.stat(p.full(name)).size
        except OSError:
            continue
    return max(1, len(str(total)))


@command("join")
async def join(p: Process) -> int:
    o = parse(p, "a:e:i1:2:j:o:t:v:")
    if len(o.args) != 2:
        raise UsageError(f"join: missing operand\nTry `{p.name} --help' for more information.")
    sep = (o.value("t") or "").encode(*DEC) or None
    first, second = int(o.value("1") or o.value("j") or 1) - 1, int(o.value("2") or o.value("j") or 1) - 1
    tables = []
    for name, at in zip(o.args, (first, second), strict=True):
        rows = [line.split(sep) for line in (await p.read_file(name)).splitlines()]
        tables.append([(row[at] if at < len(row) else b"", row[:at] + row[at + 1 :]) for row in rows])
    glue, seen = sep or b" ", set()
    for key, rest in tables[0]:
        hits = [(i, other) for i, (k, other) in enumerate(tables[1]) if k == key]
        seen.update(i for i, _ in hits)
        if not o.value("v"):
            for _, other in hits:
                p.stdout.write(glue.join([key, *rest, *other]) + b"\n")
        if not hits and "1" in (o.value("a") or o.value("v") or ""):
            p.stdout.write(glue.join([key, *rest]) + b"\n")
    for i, (key, rest) in enumerate(tables[1]):
        if i not in seen and "2" in (o.value("a") or o.value("v") or ""):
            p.stdout.write(glue.join([key, *rest]) + b"\n")
    return 0


@command("tee")
async def tee(p: Process) -> int:
    o = parse(p, "ai", {"append": "a", "ignore-interrupts": "i"})
    outs, status = [], 0
    for name in o.args:
        try:
            outs.append((name, p.open(name, "a" if o.has("a") else "w")))
        except OSError as err:
            p.error(f"tee: {name}: {err.strerror}")
            status = 1
    while data := await p.stdin.read(65536):
        for name, stream in list(outs):
            try:
                stream.write(data)
            except OSError as err:
                p.error(f"tee: {name}: {err.strerror}")
                outs.remove((name, stream))
                status = 1
        p.stdout.write(data)
        await p.stdout.drain()
    return status


# -- sort and uniq -----------------------------------------------------------------------------------------------


def numeric(text: bytes) -> float:
    match = re.match(rb"\s*-?\d*\.?\d*", text)
    try:
        return float(match[0]) if match and match[0].strip() else 0.0
    except ValueError:
        return 0.0


def human(text: bytes) -> float:
    match = re.match(rb"\s*(-?\d*\.?\d+)([KMGTPE]?)", text)
    return float(match[1]) * 1024 ** b" KMGTPE".index(match[2] or b" ") if match else 0.0


def version_key(text: bytes) -> list:
    return [(1, int(x)) if x.isdigit() else (0, x) for x in re.findall(rb"\d+|\D+", text)]


MONTHS = [b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV", b"DEC"]


def collate_key(text: bytes, env: dict[str, str]):  # noqa: ANN201
    """Byte order in the C locale, en_US's order (near enough) else."""
    locale = env.get("LC_ALL") or env.get("LC_COLLATE") or env.get("LANG") or "C"
    if locale in ("C", "POSIX"):
        return text
    word = text.decode(*DEC)
    bare = re.sub(r"[^\w]|_", "", word)
    return (bare.lower(), bare.swapcase(), word)


class SortKey:
    """-k F[.C][OPTS][,F[.C][OPTS]]"""

    def __init__(self, spec: str, sep: bytes | None, default: str):
        match = re.fullmatch(r"(\d+)(?:\.(\d+))?([bdfghiMnrRV]*)(?:,(\d+)(?:\.(\d+))?([bdfghiMnrRV]*))?", spec)
        if not match:
            raise ValueError(spec)
        self.first, self.first_char = int(match[1]), int(match[2] or 1)
        self.last, self.last_char = int(match[4] or 0), int(match[5] or 0)
        self.flags = (match[3] + (match[6] or "")) or default
        self.own = bool(match[3] or match[6])
        self.sep = sep

    def cut(self, line: bytes) -> bytes:
        if self.sep is not None:
            fields = line.split(self.sep)
        else:
            fields = re.findall(rb"[ \t]*[^ \t]+", line) or [line]
        chosen = fields[self.first - 1 : self.last or None]
        if not chosen:
            return b""
        if self.last and self.last_char and len(chosen) == self.last - self.first + 1:
            piece = chosen[-1]
            chosen[-1] = (piece.lstrip() if "b" in self.flags else piece)[: self.last_char]
        joined = (self.sep or b"").join(chosen)
        if "b" in self.flags:
            joined = joined.lstrip()
        return joined[self.first_char - 1 :]


def sort_value(text: bytes, flags: str, env: dict[str, str]):  # noqa: ANN201
    if "n" in flags or "g" in flags:
        return numeric(text)
    if "h" in flags:
        return human(text)
    if "V" in flags:
        return version_key(text)
    if "M" in flags:
        name = text.strip()[:3].upper()
        return MONTHS.index(name) + 1 if name in MONTHS else 0
    if "b" in flags:
        text = text.lstrip()
    if "d" in flags:
        text = re.sub(rb"[^\w\s]", b"", text)
    if "f" in flags:
        text = text.upper()
    return collate_key(text, env)


@command("sort", path="/bin")
async def sort(p: Process) -> int:
    o = parse(
        p,
        "bcCdfghik:mMnro:RsS:t:T:uVz",
        {
            "ignore-leading-blanks": "b",
            "check": "c",
            "dictionary-order": "d",
            "ignore-case": "f",
            "general-numeric-sort": "g",
            "human-numeric-sort": "h",
            "key=": "k",
            "merge": "m",
            "month-sort": "M",
            "numeric-sort": "n",
            "reverse": "r",
            "output=": "o",
            "stable": "s",
            "field-separator=": "t",
            "unique": "u",
            "version-sort": "V",
            "zero-terminated": "z",
        },
        status=2,
    )
    default = "".join(k for k in "bdfghiMnrV" if o.has(k))
    sep = o.value("t")
    try:
        keys = [
            SortKey(k, sep.replace("\\0", "\0").encode() if sep is not None else None, default) for k in o.values("k")
        ]
    except ValueError as err:
        p.error(f"sort: invalid number at field start: invalid count at start of `{err}'")
        return 2
    lines = []
    for name in o.args or ["-"]:
        try:
            data = await p.read_file(name)
        except OSError as err:
            p.error(f"sort: {'read failed' if err.errno == 21 else 'open failed'}: {name}: {err.strerror}")
            return 2
        mark = b"\0" if o.has("z") else b"\n"
        lines += data.split(mark)[: -1 if data.endswith(mark) or not data else None]

    def compare(a: bytes, b: bytes, whole: bool = True) -> int:
        for key in keys:
            x, y = sort_value(key.cut(a), key.flags, p.env), sort_value(key.cut(b), key.flags, p.env)
            if x != y:
                return (-1 if x < y else 1) * (-1 if "r" in key.flags else 1)
        if not keys and default:
            x, y = sort_value(a, default, p.env), sort_value(b, default, p.env)
            if x != y:
                return (-1 if x < y else 1) * (-1 if "r" in default else 1)
        if not whole or o.has("s", "u"):
            return 0
        x, y = collate_key(a, p.env), collate_key(b, p.env)
        return ((x > y) - (x < y)) * (-1 if o.has("r") else 1)

    if o.has("c", "C"):
        for number, (a, b) in enumerate(zip(lines, lines[1:], strict=False), 2):
            if compare(a, b) > 0:
                if o.has("c"):
                    p.error(f"sort: {(o.args or ['-'])[0]}:{number}: disorder: {b.decode(*DEC)}")
                return 1
        return 0
    if not keys and (not default or default == "r"):
        lines.sort(key=lambda x: collate_key(x, p.env), reverse=o.has("r"))
        if o.has("u"):
            lines = [x for i, x in enumerate(lines) if not i or x != lines[i - 1]]
    else:
        lines.sort(key=cmp_to_key(compare))
        if o.has("u"):
            lines = [x for i, x in enumerate(lines) if not i or compare(x, lines[i - 1], False)]
    mark = b"\0" if o.has("z") else b"\n"
    out = b"".join(x + mark for x in lines)
    if o.value("o"):
        stream = p.open(o.value("o") or "", "w")
        stream.write(out)
        stream.close()
    else:
        p.stdout.write(out)
    return 0


@command("uniq")
async def uniq(p: Process) -> int:
    o = parse(
        p,
        "cdDuif:s:w:z",
        {
            "count": "c",
            "repeated": "d",
            "all-repeated=?": "D",
            "unique": "u",
            "ignore-case": "i",
            "skip-fields=": "f",
            "skip-chars=": "s",
            "check-chars=": "w",
        },
    )
    data = await p.read_file(o.args[0] if o.args else "-")
    out = p.open(o.args[1], "w") if len(o.args) > 1 else p.stdout
    skip, chars, check = int(o.value("f", "0") or 0), int(o.value("s", "0") or 0), o.value("w")

    def key(line: bytes) -> bytes:
        if skip:
            line = re.sub(rb"^(?:\s*\S+){0,%d}" % skip, b"", line)
        line = line[chars:]
        line = line[: int(check)] if check else line
        return line.lower() if o.has("i") else line

    groups: list[list[bytes]] = []
    for line in data.split(b"\n")[: -1 if data.endswith(b"\n") or not data else None]:
        if groups and key(groups[-1][0]) == key(line):
            groups[-1].append(line)
        else:
            groups.append([line])
    for group in groups:
        if (o.has("d") and len(group) < 2) or (o.has("u") and len(group) > 1):
            continue
        if o.has("D"):
            if len(group) > 1:
                out.write(b"".join(x + b"\n" for x in group))
            continue
        out.write((b"%7d " % len(group) if o.has("c") else b"") + group[0] + b"\n")
    return 0


# -- cut, tr, paste … --------------------------------------------------------------------------------------------


def ranges(text: str) -> list[tuple[int, int]]:
    """1,3-5,7- as pairs (first, last); ValueError when it is none."""
    out = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d*)(-?)(\d*)", part)
        if not match or part in ("", "-") or (not match[2] and match[3]):
            raise ValueError(part)
        first = int(match[1] or 1)
        last = int(match[3]) if match[3] else first if not match[2] else 1 << 60
        if first < 1 or last < first:
            raise ValueError(part)
        out.append((first, last))
    return out


@command("cut", path="/bin")
async def cut(p: Process) -> int:
    o = parse(
        p,
        "b:c:d:f:ns",
        {
            "bytes=": "b",
            "characters=": "c",
            "delimiter=": "d",
            "fields=": "f",
            "only-delimited": "s",
            "complement": "C",
            "output-delimiter=": "O",
        },
    )
    kind = o.last("bcf")
    if not kind:
        raise UsageError(
            "cut: you must specify a list of bytes, characters, or fields\nTry `cut --help' for more information."
        )
    delimiter = o.value("d")
    if delimiter is not None and len(delimiter.encode(*DEC)) > 1:
        raise UsageError("cut: the delimiter must be a single character\nTry `cut --help' for more information.")
    try:
        wanted = ranges(o.value(kind) or "")
    except ValueError:
        what = (
            "fields and positions are numbered from 1" if "0" in (o.value(kind) or "") else "invalid byte or field list"
        )
        raise UsageError(f"cut: {what}\nTry `cut --help' for more information.") from None
    sep = (delimiter if delimiter is not None else "\t").encode(*DEC) or b"\0"
    joiner = (o.value("O") or "").encode(*DEC) if o.value("O") is not None else sep

    def hit(number: int) -> bool:
        return any(a <= number <= b for a, b in wanted) != o.has("C")

    count = 0
    async for line in p.input_lines(o.args):
        body = line[:-1] if line.endswith(b"\n") else line
        if kind == "f":
            parts = body.split(sep)
            if len(parts) == 1:
                if not o.has("s"):
                    p.stdout.write(body + b"\n")
                continue
            p.stdout.write(joiner.join(x for i, x in enumerate(parts, 1) if hit(i)) + b"\n")
        elif kind == "c":
            text = body.decode(*DEC)
            p.stdout.write("".join(c for i, c in enumerate(text, 1) if hit(i)) + "\n")
        else:
            p.stdout.write(bytes(c for i, c in enumerate(body, 1) if hit(i)) + b"\n")
        count += 1
        await drain(p, count)
    return p.extra.get("status", 0)


SETS = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "space": "\t\n\v\f\r ",
    "blank": "\t ",
    "punct": "!-/:-@[-`{-~",
    "xdigit": "0-9A-Fa-f",
    "cntrl": "\x00-\x1f\x7f",
    "print": " -~",
    "graph": "!-~",
}


def tr_set(text: str) -> bytes:
    r"""A set of tr, expanded.

    >>> tr_set("a-c\\n[:digit:]")
    b'abc\n0123456789'
    """
    out = bytearray()
    pos = 0
    raw = text.encode(*DEC)
    special = {b"n": 10, b"t": 9, b"r": 13, b"a": 7, b"b": 8, b"f": 12, b"v": 11, b"\\": 92}

    def unit(at: int) -> tuple[int, int]:
        if raw[at : at + 1] == b"\\" and at + 1 < len(raw):
            match = re.compile(rb"[0-7]{1,3}").match(raw, at + 1)
            if match:
                return int(match[0], 8) & 255, match.end()
            return special.get(raw[at + 1 : at + 2], raw[at + 1]), at + 2
        return raw[at], at + 1

    while pos < len(raw):
        match = re.compile(rb"\[:(\w+):\]").match(raw, pos)
        if match and match[1].decode() in SETS:
            out += tr_set(SETS[match[1].decode()].replace("\\", "\\\\"))
            pos = match.end()
            continue
        match = re.compile(rb"\[(.)\*(\d*)\]", re.S).match(raw, pos)
        if match:
            out += match[1] * int(match[2] or 256)
            pos = match.end()
            continue
        first, pos = unit(pos)
        if raw[pos : pos + 1] == b"-" and pos + 1 < len(raw):
            last, after = unit(pos + 1)
            out += bytes(range(first, last + 1))
            pos = after
        else:
            out.append(first)
    return bytes(out)


@command("tr")
async def tr(p: Process) -> int:
    o = parse(
        p, "cCdst", {"complement": "c", "delete": "d", "squeeze-repeats": "s", "truncate-set1": "t"}, permute=False
    )
    if not o.args:
        raise UsageError("tr: missing operand\nTry `tr --help' for more information.")
    if len(o.args) == 1 and not o.has("d", "s"):
        raise UsageError(
            f"tr: missing operand after `{o.args[0]}'\nTwo strings must be given when translating.\nTry `tr "
            f"--help' for more information."
        )
    one = tr_set(o.args[0])
    if o.has("c", "C"):
        one = bytes(i for i in range(256) if i not in one)
    two = tr_set(o.args[1]) if len(o.args) > 1 else b""
    table = None
    if not o.has("d") and two:
        full = two + two[-1:] * max(0, len(one) - len(two))
        table = bytes(dict(zip(one, full, strict=False)).get(i, i) for i in range(256))
    squeeze = (two if len(o.args) > 1 else one) if o.has("s") else b""
    last = -1
    while data := await p.stdin.read(65536):
        if o.has("d"):
            data = data.translate(None, one)
        elif table:
            data = data.translate(table)
        if squeeze:
            out = bytearray()
            for value in data:
                if value != last or value not in squeeze:
                    out.append(value)
                last = value
            data = bytes(out)
        p.stdout.write(data)
        await p.stdout.drain()
    return 0


@command("paste")
async def paste(p: Process) -> int:
    o = parse(p, "d:s", {"delimiters=": "d", "serial": "s"})
    marks = tr_set(o.value("d") or "\t") or b"\t"
    columns = []
    shared: list[bytes] | None = None
    for name in o.args or ["-"]:
        if name == "-" and o.args.count("-") > 1 and not o.has("s"):
            shared = (await p.stdin.read()).split(b"\n") if shared is None else shared
            columns.append(None)
            continue
        data = await p.read_file(name)
        columns.append(data.split(b"\n")[: -1 if data.endswith(b"\n") else None])
    if shared is not None:
        shared = shared[:-1] if shared and shared[-1] == b"" else shared
        width = len(columns)
        columns = [shared[i::width] for i in range(width)]
    if o.has("s"):
        for column in columns:
            p.stdout.write(
                b"".join(
                    x + (marks[i % len(marks) : i % len(marks) + 1] if i < len(column) - 1 else b"\n")
                    for i, x in enumerate(column)
                )
            )
        return 0
    for row in range(max(len(c) for c in columns)):
        cells = [c[row] if row < len(c) else b"" for c in columns]
        out = cells[0]
        for i, cell in enumerate(cells[1:]):
            out += marks[i % len(marks) : i % len(marks) + 1] + cell
        p.stdout.write(out + b"\n")
    return 0


@command("rev")
async def rev(p: Process) -> int:
    async for line in p.input_lines(p.argv[1:]):
        text = line.decode(*DEC).rstrip("\n")
        p.print(text[::-1])
    return p.extra.get("status", 0)


@command("nl")
async def nl(p: Process) -> int:
    o = parse(p, "b:w:s:v:n:", {"body-numbering=": "b"})
    width, sep, number = int(o.value("w", "6") or 6), o.value("s", "\t"), int(o.value("v", "1") or 1)
    async for line in p.input_lines(o.args):
        text = line.decode(*DEC).rstrip("\n")
        if text or o.value("b") == "a":
            p.print(f"{number:{width}d}{sep}{text}")
            number += 1
        else:
            p.print(" " * (width + 1))
    return p.extra.get("status", 0)


@command("fold")
async def fold(p: Process) -> int:
    o = parse(p, "bsw:", {"width=": "w", "spaces": "s"})
    width = int(o.value("w", "80") or 80)
    async for line in p.input_lines(o.args):
        text = line.decode(*DEC).rstrip("\n")
        while len(text) > width:
            at = text.rfind(" ", 0, width) + 1 if o.has("s") else 0
            at = at or width
            p.print(text[:at])
            text = text[at:]
        p.print(text)
    return p.extra.get("status", 0)


@command("column")
async def column(p: Process) -> int:
    o = parse(p, "ts:c:x")
    rows = [x.decode(*DEC).rstrip("\n") async for x in p.input_lines(o.args)]
    rows = [r for r in rows if r.strip()]
    if not o.has("t"):
        p.stdout.write("".join(r + "\n" for r in rows))
        return 0
    cells = [list(re.split(f"[{re.escape(o.value('s') or '')}]", r) if o.value("s") else r.split()) for r in rows]
    widths = [max(len(r[i]) for r in cells if i < len(r)) for i in range(max(map(len, cells), default=0))]
    for r in cells:
        p.print("  ".join(c.ljust(widths[i]) if i < len(r) - 1 else c for i, c in enumerate(r)))
    return 0


@command("comm")
async def comm(p: Process) -> int:
    o = parse(p, "123")
    if len(o.args) != 2:
        raise UsageError("comm: missing operand\nTry `comm --help' for more information.")
    a, b = [(await p.read_file(n)).splitlines() for n in o.args]
    i = j = 0
    while i < len(a) or j < len(b):
        if j >= len(b) or (i < len(a) and collate_key(a[i], p.env) < collate_key(b[j], p.env)):
            kind, text, i = "1", a[i], i + 1
        elif i >= len(a) or a[i] != b[j]:
            kind, text, j = "2", b[j], j + 1
        else:
            kind, text, i, j = "3", a[i], i + 1, j + 1
        if not o.has(kind):
            tabs = sum(1 for k in "12" if k < kind and not o.has(k))
            p.stdout.write(b"\t" * tabs + text + b"\n")
    return 0


@command("split")
async def split(p: Process) -> int:
    o = parse(p, "l:b:a:d", {"lines=": "l", "bytes=": "b", "suffix-length=": "a", "numeric-suffixes": "d"})
    data = await p.read_file(o.args[0] if o.args else "-")
    prefix = o.args[1] if len(o.args) > 1 else "x"
    if o.value("b"):
        step = size(o.value("b") or "")
        pieces = [data[i : i + step] for i in range(0, len(data), step)]
    else:
        lines = data.splitlines(keepends=True)
        step = int(o.value("l", "1000") or 1000)
        pieces = [b"".join(lines[i : i + step]) for i in range(0, len(lines), step)]
    for number, piece in enumerate(pieces):
        suffix = f"{number:02d}" if o.has("d") else chr(97 + number // 26) + chr(97 + number % 26)
        stream = p.open(prefix + suffix, "w")
        stream.write(piece)
        stream.close()
    return 0


@command("expand", "unexpand")
async def expand(p: Process) -> int:
    o = parse(p, "t:ia")
    width = int(o.value("t", "8") or 8)
    async for line in p.input_lines(o.args):
        text = line.decode(*DEC)
        p.stdout.write(
            text.expandtabs(width)
            if p.argv[0].endswith("expand") and "un" not in p.argv[0]
            else re.sub(f" {{{width}}}", "\t", text)
        )
    return p.extra.get("status", 0)


@command("iconv")
async def iconv(p: Process) -> int:
    o = parse(p, "f:t:cl", {"from-code=": "f", "to-code=": "t"})
    data = b"".join([x async for x in p.input_lines(o.args)])
    try:
        text = data.decode(o.value("f", "utf-8") or "utf-8")
        p.stdout.write(
            text.encode((o.value("t", "utf-8") or "utf-8").split("//")[0], "ignore" if o.has("c") else "strict")
        )
    except (UnicodeError, LookupError) as err:
        where = getattr(err, "start", 0)
        p.error(f"iconv: illegal input sequence at position {where}")
        return 1
    return p.extra.get("status", 0)
