"""less and more: a page at a time on a terminal, just the text elsewhere."""

from __future__ import annotations

import codecs
import re

from ..options import parse
from ..process import Process, command
from ..regex import RegexError, compile_posix


class Pager:
    """One text."""

    def __init__(self, p: Process, name: str, lines: list[str], raw: bool, numbers: bool):
        self.p, self.name, self.lines, self.raw, self.numbers = p, name, lines, raw, numbers
        self.tty = p.tty
        self.top = 0
        self.message = ""
        self.pattern = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.keys: list[str] = []

    @property
    def height(self) -> int:
        return self.tty.height - 1  # type: ignore[union-attr]

    async def key(self) -> str:
        while not self.keys:
            data = await self.tty.take()  # type: ignore[union-attr]
            if not data:
                return "q"
            text = self.decoder.decode(data)
            self.keys += re.findall(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Za-z]|.", text, re.S)
        return self.keys.pop(0)

    def rows(self) -> list[str]:
        """The text cut to the screen's width."""
        width, out = self.tty.width, []  # type: ignore[union-attr]
        for number, line in enumerate(self.lines, 1):
            text = line.expandtabs(8)
            if not self.raw:
                text = re.sub(r"[\x00-\x08\x0b-\x1f]", lambda m: "^" + chr(ord(m[0]) + 64), text)
            text = f"{number:7d} {text}" if self.numbers else text
            out += [text[i : i + width] for i in range(0, len(text), width)] or [""]
        return out

    def draw(self, rows: list[str]) -> None:
        self.top = max(0, min(self.top, max(0, len(rows) - self.height)))
        page = rows[self.top : self.top + self.height]
        page += ["~"] * (self.height - len(page)) if len(rows) < self.height else []
        end = self.top + self.height >= len(rows)
        status = self.message or (
            "\x1b[7m(END)\x1b[27m" if end else f"\x1b[7m{self.name}\x1b[27m" if self.top == 0 and self.name else ":"
        )
        self.message = ""
        self.tty.write("\x1b[H\x1b[2J" + "".join(r + "\n" for r in page) + status)  # type: ignore[union-attr]

    async def line(self, prompt: str) -> str:
        self.tty.write("\r\x1b[K" + prompt)  # type: ignore[union-attr]
        text = ""
        while (key := await self.key()) not in "\r\n":
            if key in ("\x7f", "\x08"):
                if not text:
                    return ""
                text = text[:-1]
            elif key == "\x03" or key.startswith("\x1b"):
                return ""
            else:
                text += key
            self.tty.write("\r\x1b[K" + prompt + text)  # type: ignore[union-attr]
        return text

    def search(self, rows: list[str], step: int) -> None:
        try:
            regex = compile_posix(self.pattern, True)
        except RegexError as err:
            self.message = str(err)
            return
        order = range(self.top + 1, len(rows)) if step > 0 else range(self.top - 1, -1, -1)
        found = next((i for i in order if regex.search(rows[i])), None)
        if found is None:
            self.message = "\x1b[7mPattern not found  (press RETURN)\x1b[27m"
        else:
            self.top = found

    async def run(self) -> None:
        rows = self.rows()
        tty = self.tty
        tty.raw()  # type: ignore[union-attr]
        tty.write("\x1b[?1049h")  # type: ignore[union-attr]
        try:
            while True:
                self.draw(rows)
                key = await self.key()
                count = ""
                while key.isdigit():
                    count += key
                    key = await self.key()
                if key in ("q", "Q", "\x03") or (key == "Z" and await self.key() == "Z"):
                    return
                step = {
                    " ": self.height,
                    "f": self.height,
                    "\x06": self.height,
                    "b": -self.height,
                    "\x02": -self.height,
                    "d": self.height // 2,
                    "u": -self.height // 2,
                    "\x04": self.height // 2,
                    "\x15": -self.height // 2,
                    "j": 1,
                    "\r": 1,
                    "e": 1,
                    "k": -1,
                    "y": -1,
                    "\x1b[A": -1,
                    "\x1b[B": 1,
                    "\x1bOA": -1,
                    "\x1bOB": 1,
                    "\x1b[5~": -self.height,
                    "\x1b[6~": self.height,
                }.get(key)
                if step is not None:
                    self.top += step * (int(count) if count and abs(step) == 1 else 1)
                elif key in ("g", "<", "\x1b[H", "\x1b[1~"):
                    self.top = int(count) - 1 if count else 0
                elif key in ("G", ">", "\x1b[F", "\x1b[4~"):
                    self.top = int(count) - 1 if count else len(rows)
                elif key in "/?":
                    self.pattern = await self.line(key) or self.pattern
                    if self.pattern:
                        self.search(rows, 1 if key == "/" else -1)
                elif key in "nN" and self.pattern:
                    self.search(rows, 1 if key == "n" else -1)
        finally:
            tty.sane()  # type: ignore[union-attr]
            tty.write("\r\x1b[K\x1b[?1049l")  # type: ignore[union-attr]


@command("less", package="less")
async def less(p: Process) -> int:
    return await page(p)


@command("more", path="/bin")
async def more(p: Process) -> int:
    return await page(p)


async def page(p: Process) -> int:
    p.argv = [a for a in p.argv if not a.startswith("+")]
    o = parse(
        p,
        "aeEfFgGiImMnNqQrRsSuUwWXxz:p:P:j:k:o:t:T:b:h:y:dlc",
        {"RAW-CONTROL-CHARS": "R", "LINE-NUMBERS": "N", "quit-if-one-screen": "F"},
    )
    if not o.args and p.stdin.isatty():
        p.error('Missing filename ("less --help" for help)')
        return 1
    texts, status = [], 0
    for name in o.args or ["-"]:
        try:
            texts.append((await p.read_file(name)).decode("utf-8", "replace"))
        except OSError as err:
            p.error(f"{name}: {err.strerror}" if err.errno != 21 else f"{name} is a directory")
            status = 1
    text = "".join(texts)
    if not p.stdout.isatty() or p.tty is None:
        p.stdout.write(text)
        return status
    if not texts:
        return status
    lines = text.split("\n")
    lines = lines[:-1] if lines and lines[-1] == "" else lines
    if o.has("F") and len(lines) < p.tty.height:
        p.stdout.write(text)
        return status
    await Pager(p, o.args[0] if o.args else "", lines, o.has("r", "R"), o.has("N")).run()
    return status
