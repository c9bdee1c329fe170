"""vi, vim, view, ex: enough of Vim 7.2 to type the document by hand, with its own words at the bottom.

The editor is a state machine fed with keys; the screen is drawn when no more
keys are waiting, so that a script that pastes a file is as quick as a person is
comfortable. Without a terminal it warns as Vim does and takes keys from stdin.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import Any

from ..process import Process, command
from ..regex import RegexError, compile_posix

KEYS = {
    "\x1b[A": "up",
    "\x1b[B": "down",
    "\x1b[C": "right",
    "\x1b[D": "left",
    "\x1bOA": "up",
    "\x1bOB": "down",
    "\x1bOC": "right",
    "\x1bOD": "left",
    "\x1b[H": "home",
    "\x1b[F": "end",
    "\x1bOH": "home",
    "\x1bOF": "end",
    "\x1b[1~": "home",
    "\x1b[4~": "end",
    "\x1b[3~": "delete",
    "\x1b[5~": "pageup",
    "\x1b[6~": "pagedown",
    "\x1b[2~": "insert",
}
MOTIONS = set("hjklwbeWBE0^$GgfFtT;,%{}HMLnN*'`+-_ \r\n") | {
    "up",
    "down",
    "left",
    "right",
    "home",
    "end",
    "/",
    "?",
    "\x08",
    "\x7f",
}
LINEWISE = {"j", "k", "G", "g", "up", "down", "H", "M", "L", "'", "+", "-", "\r", "{", "}"} - {"{", "}"}


class Quit(Exception):
    """The editor ends with a status."""

    def __init__(self, status: int = 0):
        super().__init__(status)
        self.status = status


class ExError(Exception):
    """A message at the bottom, red in Vim."""


def cells(char: str, column: int) -> int:
    if char == "\t":
        return 8 - column % 8
    if char < " " or char == "\x7f":
        return 2
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def shown(text: str) -> tuple[str, list[int]]:
    """A line as it is drawn, and the column where each character starts."""
    out, at, column = [], [], 0
    for char in text:
        at.append(column)
        size = cells(char, column)
        out.append(" " * size if char == "\t" else "^" + chr(ord(char) ^ 64) if char < " " or char == "\x7f" else char)
        column += size
    at.append(column)
    return "".join(out), at


def vim_regex(source: str, ignore_case: bool) -> re.Pattern[str]:
    """Vim's magic pattern as a Python one. ExError for a wrong one."""
    extended = False
    if source.startswith("\\v"):
        extended, source = True, source[2:]
    elif source.startswith(("\\V", "\\m")):
        if source.startswith("\\V"):
            return re.compile(re.escape(source[2:]), re.I if ignore_case else 0)
        source = source[2:]
    if "\\c" in source:
        ignore_case, source = True, source.replace("\\c", "")
    source = (
        source.replace("\\d", "[0-9]")
        .replace("\\a", "[A-Za-z]")
        .replace("\\=", "\\?")
        .replace("\\zs", "")
        .replace("\\ze", "")
    )
    source = re.sub(r"\\\{(-?\d*,?\d*)\\?\}", r"\\{\1\\}", source)
    try:
        return compile_posix(source, extended, ignore_case)
    except RegexError as err:
        raise ExError(
            f"E383: Invalid search string: {source}" if "Unmatched" not in str(err) else f"E54: {err}"
        ) from None


class Editor:
    """One buffer, one window."""

    def __init__(self, p: Process, name: str, readonly: bool, ex: bool):
        self.p, self.name, self.readonly, self.ex = p, name, readonly, ex
        self.lines: list[str] = [""]
        self.row = self.col = self.top = 0
        self.want = 0
        self.message = ""
        self.changed = False
        self.new_file = self.noeol = False
        self.undo: list[tuple[list[str], int, int]] = []
        self.redo: list[tuple[list[str], int, int]] = []
        self.register: tuple[str, bool] = ("", False)
        self.options: dict[str, Any] = {
            "number": False,
            "ignorecase": False,
            "hlsearch": False,
            "list": False,
            "autoindent": False,
        }
        self.pattern = ""
        self.forward = True
        self.find = ("", "")
        self.mode = "normal"
        self.keys: list[str] = []
        self.recorded: list[str] = []
        self.last_change: list[str] = []
        self.replaying = False
        self.decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.tty: Any = p.tty if p.stdin.isatty() and p.stdout.isatty() else None
        self.command_line = ""
        self.visual: tuple[int, int] | None = None
        self.marks: dict[str, int] = {}
        self.last_substitute: tuple[str, str, str] | None = None
        self.highlight: tuple[int, int, int] | None = None
        self.history: list[str] = []

    # -- files ---------------------------------------------------------------------------------------------------

    async def load(self, name: str) -> None:
        self.name = name
        if not name:
            self.lines = [""]
            return
        full = self.p.full(name)
        try:
            if self.p.node.fs.isdir(full):
                self.lines, self.message = [""], f'"{name}" is a directory'
                return
            data = await self.p.read_file(name)
        except OSError as err:
            self.lines, self.new_file = [""], True
            self.message = f'"{name}" [New File]' if err.errno == 2 else f'"{name}" [Permission Denied]'
            if err.errno == 2 and "/" in name and not self.p.node.fs.isdir(full.rpartition("/")[0] or "/"):
                self.message = f'"{name}" [New DIRECTORY]'
            return
        text = data.decode("utf-8", "surrogateescape")
        self.noeol = bool(text) and not text.endswith("\n")
        self.lines = text.split("\n")
        if not self.noeol:
            self.lines.pop()
        count = len(self.lines) if text else 0
        self.lines = self.lines or [""]
        flags = "[readonly] " if self.readonly or not self.p.node.fs.access(full, 2, self.p.user) else ""
        self.message = f'"{name}" {flags}{"[noeol] " if self.noeol else ""}{count}L, {len(data)}C'
        self.row = self.col = 0
        self.changed = False

    def save(
        self, name: str = "", force: bool = False, span: tuple[int, int] | None = None, append: bool = False
    ) -> None:
        target = name or self.name
        if not target:
            raise ExError("E32: No file name")
        fs, full = self.p.node.fs, self.p.full(target)
        if self.readonly and not force and not name:
            raise ExError("E45: 'readonly' option is set (add ! to override)")
        if name and name != self.name and fs.exists(full) and not force and not append:
            raise ExError("E13: File exists (add ! to override)")
        if fs.isdir(full):
            raise ExError(f'"{target}" is a directory')
        existed = fs.exists(full)
        rows = self.lines[span[0] : span[1] + 1] if span else self.lines
        text = "".join(line + "\n" for line in rows)
        if rows == [""] and not existed and not self.changed:
            text = ""
        raw = text.encode("utf-8", "surrogateescape")
        try:
            stream = self.p.open(target, "a" if append else "w")
            stream.write(raw)
            stream.close()
        except OSError as err:
            if err.errno == 28:
                raise ExError("E514: write error (file system full?)") from None
            raise ExError(
                "E212: Can't open file for writing"
                if err.errno != 2
                else f'"{target}" E212: Can\'t open file for writing'
            ) from None
        self.p.machine.changed()
        self.message = f'"{target}" {"" if existed else "[New] "}{len(rows) if raw else 0}L, {len(raw)}C written'
        if not name or name == self.name or not self.name:
            self.name = target
            if span is None:
                self.changed = self.new_file = False

    # -- keys ----------------------------------------------------------------------------------------------------

    async def key(self) -> str:
        """The next key by name. Draws first when nobody typed ahead."""
        if not self.keys:
            self.draw()
            data = await (self.tty.take() if self.tty is not None else self.p.stdin.read(4096))
            if not data:
                if self.tty is None:
                    self.p.error("Vim: Error reading input, exiting...\nVim: Finished.")
                raise Quit(1)
            text = self.decoder.decode(data)
            while text:
                match = re.match(r"\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])", text)
                if match:
                    self.keys.append(KEYS.get(match[0], ""))
                    text = text[match.end() :]
                else:
                    self.keys.append(text[0])
                    text = text[1:]
            if not self.keys:
                return await self.key()
        key = self.keys.pop(0)
        if not self.replaying:
            self.recorded.append(key)
        return key

    def snapshot(self) -> None:
        """Before a change."""
        self.undo.append((list(self.lines), self.row, self.col))
        del self.undo[:-500]
        self.redo.clear()
        self.changed = True

    def clip(self) -> None:
        self.lines = self.lines or [""]
        self.row = max(0, min(self.row, len(self.lines) - 1))
        limit = len(self.lines[self.row]) - (0 if self.mode in ("insert", "replace") else 1)
        self.col = max(0, min(self.col, limit))

    async def loop(self) -> int:
        try:
            while True:
                self.recorded = []
                await self.normal()
                self.clip()
        except Quit as done:
            return done.status

    async def normal(self) -> None:
        """One command of normal mode."""
        key = await self.key()
        count = ""
        while key.isdigit() and (count or key != "0"):
            count += key
            key = await self.key()
        self.message = "" if key != "" else self.message
        try:
            await self.act(key, int(count) if count else 0)
        except ExError as err:
            self.message = str(err)

    async def act(self, key: str, count: int) -> None:
        times = count or 1
        if key in MOTIONS:
            await self.move(key, count)
        elif key in ("d", "c", "y", ">", "<"):
            await self.operate(key, count)
        elif key in ("i", "a", "I", "A", "o", "O", "insert"):
            await self.start_insert(key)
        elif key in ("x", "delete", "X", "D", "C", "s", "S", "Y", "J", "~", "r", "R", "p", "P", "u", "\x12", "."):
            await self.edit(key, times, count)
        elif key == ":":
            await self.ask_command("")
        elif key in ("v", "V", "\x16"):
            self.visual = None if self.mode == "visual" else (self.row, self.col)
            self.mode = "visual"
            await self.visual_mode(key == "V")
        elif key == "Z":
            follow = await self.key()
            if follow == "Z":
                if self.changed:
                    self.save()
                raise Quit(0)
            if follow == "Q":
                raise Quit(0)
        elif key in ("\x06", "pagedown", "\x02", "pageup", "\x04", "\x15", "\x05", "\x19"):
            self.scroll(key, count)
        elif key == "m":
            self.marks[await self.key()] = self.row
        elif key == "z":
            await self.key()
            self.top = max(0, self.row - self.height() // 2)
        elif key == "\x07":
            self.message = (
                f'"{self.name}"{" [Modified]" if self.changed else ""} {len(self.lines)} lines '
                f"--{(self.row + 1) * 100 // len(self.lines)}%--"
            )
        elif key == "\x03":
            self.message = "Type  :quit<Enter>  to exit Vim"
        elif key == "q":
            await self.key()

    # -- motions -------------------------------------------------------------------------------------------------

    async def move(self, key: str, count: int) -> tuple[bool, bool]:
        """Move the cursor. Returns (linewise, inclusive) for an operator."""
        times = count or 1
        line = self.lines[self.row]
        if key in ("h", "left", "\x08", "\x7f"):
            self.col = max(0, self.col - times)
        elif key in ("l", "right", " "):
            self.col = min(len(line), self.col + times)
        elif key in ("j", "down", "+", "\r", "\n"):
            if self.row + 1 >= len(self.lines) and times:
                return True, False
            self.row = min(len(self.lines) - 1, self.row + times)
            self.keep_column(key)
            return True, False
        elif key in ("k", "up", "-"):
            self.row = max(0, self.row - times)
            self.keep_column(key)
            return True, False
        elif key in ("0", "home"):
            self.col = 0
        elif key in ("^", "_"):
            self.col = len(line) - len(line.lstrip())
        elif key in ("$", "end"):
            self.row = min(len(self.lines) - 1, self.row + times - 1)
            self.col = max(0, len(self.lines[self.row]) - 1)
            self.want = 1 << 30
            return False, True
        elif key == "G":
            self.row = (min(count, len(self.lines)) if count else len(self.lines)) - 1
            self.col = self.indent()
            return True, False
        elif key == "g":
            if await self.key() == "g":
                self.row = min(times, len(self.lines)) - 1
                self.col = self.indent()
            return True, False
        elif key in "wWbBeE" and len(key) == 1:
            for _ in range(times):
                self.word(key)
            self.want = self.col
            return False, key in "eE"
        elif key in "fFtT;," and len(key) == 1:
            return await self.find_char(key, times)
        elif key == "%":
            return self.bracket()
        elif key in "{}":
            step = 1 if key == "}" else -1
            while 0 <= self.row + step < len(self.lines):
                self.row += step
                if not self.lines[self.row].strip():
                    break
            self.col = 0
        elif key in "HML":
            self.row = {
                "H": self.top,
                "L": min(len(self.lines), self.top + self.height()) - 1,
                "M": self.top + min(self.height(), len(self.lines)) // 2,
            }[key]
            self.col = self.indent()
            return True, False
        elif key in "/?":
            await self.ask_command(key)
        elif key in "nN":
            for _ in range(times):
                self.search(self.forward == (key == "n"))
        elif key == "*":
            match = next((m for m in re.finditer(r"\w+", line) if m.end() > self.col), None)
            if match:
                self.pattern, self.forward = rf"\<{match[0]}\>", True
                self.search(True)
        elif key in "'`":
            mark = await self.key()
            if mark not in self.marks:
                raise ExError("E20: Mark not set")
            self.row, self.col = min(self.marks[mark], len(self.lines) - 1), 0
            return key == "'", False
        self.want = self.col
        return False, False

    def indent(self) -> int:
        line = self.lines[self.row]
        return min(len(line) - len(line.lstrip()), max(0, len(line) - 1))

    def keep_column(self, key: str) -> None:
        if key in ("+", "-", "\r", "\n"):
            self.col = self.indent()
        else:
            self.col = min(self.want, max(0, len(self.lines[self.row]) - (0 if self.mode == "insert" else 1)))

    def kind(self, row: int, col: int, big: bool) -> int:
        line = self.lines[row]
        if col >= len(line) or line[col].isspace():
            return 0
        return 1 if big or re.match(r"\w", line[col]) else 2

    def step(self, forward: bool) -> bool:
        if forward:
            if self.col + 1 < len(self.lines[self.row]):
                self.col += 1
            elif self.row + 1 < len(self.lines):
                self.row, self.col = self.row + 1, 0
            else:
                self.col = len(self.lines[self.row])
                return False
        elif self.col > 0:
            self.col -= 1
        elif self.row > 0:
            self.row -= 1
            self.col = max(0, len(self.lines[self.row]) - 1)
        else:
            return False
        return True

    def word(self, key: str) -> None:
        big = key.isupper()
        if key in "wW":
            start, row = self.kind(self.row, self.col, big), self.row
            while self.kind(self.row, self.col, big) == start and start and self.row == row:
                if not self.step(True):
                    return
            while not self.kind(self.row, self.col, big) and not (self.row != row and not self.lines[self.row]):
                if not self.step(True):
                    return
        elif key in "eE":
            self.step(True)
            while not self.kind(self.row, self.col, big) and self.step(True):
                pass
            start = self.kind(self.row, self.col, big)
            while self.col + 1 < len(self.lines[self.row]) and self.kind(self.row, self.col + 1, big) == start:
                self.col += 1
        else:
            self.step(False)
            while not self.kind(self.row, self.col, big) and self.step(False):
                pass
            start = self.kind(self.row, self.col, big)
            while self.col > 0 and self.kind(self.row, self.col - 1, big) == start:
                self.col -= 1

    async def find_char(self, key: str, times: int) -> tuple[bool, bool]:
        if key in ";,":
            kind, char = self.find
            if key == ",":
                kind = kind.swapcase()
        else:
            kind, char = key, await self.key()
            self.find = (kind, char)
        line, at = self.lines[self.row], self.col
        for _ in range(times):
            if kind in "ft":
                at = line.find(char, at + 1 + (key == ";" and kind == "t"))
            else:
                at = line.rfind(char, 0, at)
            if at < 0:
                raise ExError("")
        self.col = at - 1 if kind == "t" else at + 1 if kind == "T" else at
        self.want = self.col
        return False, kind in "ft"

    def bracket(self) -> tuple[bool, bool]:
        pairs = {"(": ")", "[": "]", "{": "}"}
        line = self.lines[self.row]
        at = next((i for i in range(self.col, len(line)) if line[i] in "()[]{}"), None)
        if at is None:
            raise ExError("")
        self.col, char = at, line[at]
        forward = char in pairs
        other = pairs[char] if forward else next(k for k, v in pairs.items() if v == char)
        depth, row, col = 1, self.row, at
        while depth:
            self.row, self.col = row, col
            if not self.step(forward):
                raise ExError("")
            row, col = self.row, self.col
            found = self.lines[row][col : col + 1]
            depth += (found == char) - (found == other)
        self.want = self.col
        return False, True

    def search(self, forward: bool) -> None:
        """To the next match, around the end."""
        if not self.pattern:
            raise ExError("E35: No previous regular expression")
        regex = vim_regex(self.pattern, self.options["ignorecase"])
        order = (
            range(self.row, self.row + len(self.lines) + 1)
            if forward
            else range(self.row, self.row - len(self.lines) - 1, -1)
        )
        for number, index in enumerate(order):
            row = index % len(self.lines)
            places = [m.start() for m in regex.finditer(self.lines[row])]
            if number == 0:
                places = [c for c in places if (c > self.col if forward else c < self.col)]
            if places:
                wrapped = index != row or (number == len(self.lines))
                self.row, self.col = row, places[0] if forward else places[-1]
                self.want = self.col
                if wrapped:
                    self.message = (
                        f"search hit {'BOTTOM, continuing at TOP' if forward else 'TOP, continuing at BOTTOM'}"
                    )
                return
        raise ExError(f"E486: Pattern not found: {self.pattern}")

    def scroll(self, key: str, count: int) -> None:
        height = self.height()
        if key in ("\x05", "\x19"):
            self.top = max(0, min(len(self.lines) - 1, self.top + (count or 1) * (1 if key == "\x05" else -1)))
            self.row = max(self.top, min(self.row, self.top + height - 1))
            return
        step = height - 2 if key in ("\x06", "pagedown", "\x02", "pageup") else height // 2
        step = step if key in ("\x06", "pagedown", "\x04") else -step
        self.row = max(0, min(len(self.lines) - 1, self.row + step * (count or 1)))
        self.top = max(0, min(len(self.lines) - 1, self.top + step * (count or 1)))
        self.col = self.indent()

    # -- operators -----------------------------------------------------------------------------------------------

    async def operate(self, op: str, count: int) -> None:
        key = await self.key()
        more = ""
        while key.isdigit() and (more or key != "0"):
            more += key
            key = await self.key()
        times = (count or 1) * (int(more) if more else 1) if count or more else 0
        row, col = self.row, self.col
        if key == op:
            last = min(len(self.lines) - 1, row + (times or 1) - 1)
            await self.apply(op, (row, 0), (last, 0), True, True)
            return
        if key in ("i", "a"):
            await self.text_object(op, await self.key(), key == "a")
            return
        if key == "\x1b" or key not in MOTIONS:
            return
        if op == "c" and key in "wW" and self.kind(row, col, key == "W"):
            key = "e" if key == "w" else "E"
            if self.kind(row, col, key == "E") != (
                self.kind(row, col + 1, key == "E") if col + 1 < len(self.lines[row]) else -1
            ):
                times = max(0, (times or 1) - 1)
                if not times:
                    await self.apply(op, (row, col), (row, col), False, True)
                    return
        linewise, inclusive = await self.move(key, times)
        end = (self.row, self.col)
        if key in "wW" and op != "y" and end[0] > row and end[1] <= self.indent():
            end = (end[0] - 1, len(self.lines[end[0] - 1]))
            if end[0] < row:
                end = (row, len(self.lines[row]))
        start = (row, col)
        if end < start:
            start, end = end, start
        await self.apply(op, start, end, linewise, inclusive)

    async def text_object(self, op: str, kind: str, around: bool) -> None:
        line = self.lines[self.row]
        if kind in "wW":
            big = kind == "W"
            here = self.kind(self.row, self.col, big)
            start = end = self.col
            while start > 0 and self.kind(self.row, start - 1, big) == here:
                start -= 1
            while end + 1 < len(line) and self.kind(self.row, end + 1, big) == here:
                end += 1
            while around and end + 1 < len(line) and line[end + 1].isspace():
                end += 1
        else:
            pairs = {"(": "()", ")": "()", "b": "()", "[": "[]", "]": "[]", "{": "{}", "}": "{}", "B": "{}"}
            left, right = pairs.get(kind, kind + kind)
            start = line.rfind(left, 0, self.col + 1)
            end = line.find(right, max(self.col, start + 1))
            if start < 0 or end < 0:
                return
            if not around:
                start, end = start + 1, end - 1
        if end >= start or op == "c":
            await self.apply(op, (self.row, start), (self.row, end), False, True)

    async def apply(
        self, op: str, start: tuple[int, int], end: tuple[int, int], linewise: bool, inclusive: bool
    ) -> None:
        if linewise:
            text, rows = "\n".join(self.lines[start[0] : end[0] + 1]) + "\n", (start[0], end[0])
        else:
            stop = (end[0], end[1] + (1 if inclusive else 0))
            text, rows = self.between(start, stop), (start[0], end[0])
        if op in "<>":
            self.snapshot()
            for row in range(rows[0], rows[1] + 1):
                line = self.lines[row]
                self.lines[row] = "\t" + line if op == ">" and line else re.sub(r"^(\t| {1,8})", "", line)
            self.row, self.col = rows[0], 0
            self.done()
            return
        self.register = (text, linewise)
        if op == "y":
            self.row, self.col = (rows[0], self.col) if linewise else start
            count = rows[1] - rows[0] + 1
            if count > 2:
                self.message = f"{count} lines yanked"
            return
        self.snapshot()
        if linewise and op == "d":
            del self.lines[rows[0] : rows[1] + 1]
            count = rows[1] - rows[0] + 1
            self.row = min(rows[0], max(0, len(self.lines) - 1))
            if not self.lines:
                self.message = "--No lines in buffer--"
            elif count > 2:
                self.message = f"{count} fewer lines"
            self.clip()
            self.col = self.indent()
        elif linewise:
            self.lines[rows[0] : rows[1] + 1] = [""]
            self.row, self.col = rows[0], 0
        else:
            stop = (end[0], end[1] + (1 if inclusive else 0))
            head, tail = self.lines[start[0]][: start[1]], self.lines[stop[0]][stop[1] :]
            self.lines[start[0] : stop[0] + 1] = [head + tail]
            self.row, self.col = start
        if op == "c":
            await self.insert_mode()
        self.done()

    def between(self, start: tuple[int, int], stop: tuple[int, int]) -> str:
        if start[0] == stop[0]:
            return self.lines[start[0]][start[1] : stop[1]]
        middle = self.lines[start[0] + 1 : stop[0]]
        return "\n".join([self.lines[start[0]][start[1] :], *middle, self.lines[stop[0]][: stop[1]]])

    def done(self) -> None:
        """Remember the keys of a change for `.`."""
        if not self.replaying:
            self.last_change = list(self.recorded)
        self.want = self.col

    async def edit(self, key: str, times: int, count: int) -> None:
        line = self.lines[self.row]
        if key == "u":
            self.swap_undo(self.undo, self.redo, "Already at oldest change")
        elif key == "\x12":
            self.swap_undo(self.redo, self.undo, "Already at newest change")
        elif key == ".":
            if self.last_change:
                self.replaying = True
                keys, self.keys = self.keys, list(self.last_change)
                try:
                    await self.normal()
                finally:
                    self.keys, self.replaying = keys, False
        elif key in ("x", "delete", "s"):
            if line:
                await self.apply(
                    "c" if key == "s" else "d",
                    (self.row, self.col),
                    (self.row, min(len(line), self.col + times) - 1),
                    False,
                    True,
                )
            elif key == "s":
                self.snapshot()
                await self.insert_mode()
        elif key == "X":
            if self.col:
                start = max(0, self.col - times)
                await self.apply("d", (self.row, start), (self.row, self.col - 1), False, True)
        elif key in "DC":
            if self.col < len(line):
                await self.apply(
                    "d" if key == "D" else "c", (self.row, self.col), (self.row, len(line) - 1), False, True
                )
            elif key == "C":
                self.snapshot()
                await self.insert_mode()
                self.done()
        elif key == "S":
            await self.apply("c", (self.row, 0), (min(len(self.lines) - 1, self.row + times - 1), 0), True, True)
        elif key == "Y":
            await self.apply("y", (self.row, 0), (min(len(self.lines) - 1, self.row + times - 1), 0), True, True)
        elif key == "J":
            self.snapshot()
            for _ in range(max(1, times - 1)):
                if self.row + 1 < len(self.lines):
                    follow = self.lines.pop(self.row + 1).lstrip()
                    here = self.lines[self.row].rstrip()
                    self.col = len(here)
                    self.lines[self.row] = here + (" " if follow and not follow.startswith(")") else "") + follow
            self.done()
        elif key == "~":
            self.snapshot()
            piece = line[self.col : self.col + times]
            self.lines[self.row] = line[: self.col] + piece.swapcase() + line[self.col + times :]
            self.col = min(self.col + times, max(0, len(line) - 1))
            self.done()
        elif key == "r":
            char = await self.key()
            if char != "\x1b" and self.col + times <= len(line):
                self.snapshot()
                if char == "\r":
                    self.lines[self.row : self.row + 1] = [line[: self.col], line[self.col + times :]]
                    self.row, self.col = self.row + 1, 0
                else:
                    self.lines[self.row] = line[: self.col] + char * times + line[self.col + times :]
                    self.col += times - 1
                self.done()
        elif key == "R":
            self.snapshot()
            self.mode = "replace"
            await self.insert_mode()
            self.done()
        elif key in "pP":
            self.put(key == "p", times)
            self.done()

    def swap_undo(self, source: list, target: list, nothing: str) -> None:
        if not source:
            self.message = nothing
            return
        target.append((list(self.lines), self.row, self.col))
        before = len(self.lines)
        self.lines, self.row, self.col = source.pop()
        delta = len(self.lines) - before
        if abs(delta) > 0:
            self.message = (
                f"{abs(delta)} {'more' if delta > 0 else 'fewer'} "
                f"line{'s' if abs(delta) != 1 else ''}; before #{len(self.undo) + 1}"
            )
        else:
            self.message = f"1 change; before #{len(self.undo) + 1}"
        self.changed = True
        self.clip()

    def put(self, after: bool, times: int) -> None:
        text, linewise = self.register
        if not text:
            raise ExError('E353: Nothing in register "')
        self.snapshot()
        text *= times
        if linewise:
            at = self.row + (1 if after else 0)
            new = text.rstrip("\n").split("\n") if text.strip("\n") or text == "\n" else text.split("\n")[:-1]
            new = text[:-1].split("\n")
            self.lines[at:at] = new
            self.row, self.col = at, 0
            self.col = self.indent()
            if len(new) > 2:
                self.message = f"{len(new)} more lines"
            return
        line = self.lines[self.row]
        at = min(len(line), self.col + (1 if after else 0)) if line else 0
        pieces = (line[:at] + text + line[at:]).split("\n")
        self.lines[self.row : self.row + 1] = pieces
        if len(pieces) == 1:
            self.col = at + len(text) - 1

    # -- insert --------------------------------------------------------------------------------------------------

    async def start_insert(self, key: str) -> None:
        self.snapshot()
        was_changed = self.undo[-1]
        line = self.lines[self.row]
        if key == "a":
            self.col = min(len(line), self.col + 1)
        elif key == "A":
            self.col = len(line)
        elif key == "I":
            self.col = len(line) - len(line.lstrip())
        elif key in "oO":
            self.row += key == "o"
            self.lines.insert(self.row, "")
            self.col = 0
        await self.insert_mode()
        if self.lines == was_changed[0] and key != "o":
            self.undo.pop()
            self.changed = self.changed and bool(self.undo)
        self.done()

    async def insert_mode(self) -> None:
        """Until Escape."""
        mode = "replace" if self.mode == "replace" else "insert"
        self.mode = mode
        self.message = "-- REPLACE --" if mode == "replace" else "-- INSERT --"
        while True:
            key = await self.key()
            if key in ("\x1b", "\x03"):
                break
            line = self.lines[self.row]
            if key in ("\r", "\n"):
                lead = re.match(r"\s*", line)[0] if self.options["autoindent"] else ""  # type: ignore[index]
                self.lines[self.row : self.row + 1] = [line[: self.col], lead + line[self.col :]]
                self.row, self.col = self.row + 1, len(lead)
            elif key in ("\x7f", "\x08"):
                if self.col:
                    if mode == "insert":
                        self.lines[self.row] = line[: self.col - 1] + line[self.col :]
                    self.col -= 1
                elif self.row:
                    before = self.lines[self.row - 1]
                    self.lines[self.row - 1 : self.row + 1] = [before + line]
                    self.row, self.col = self.row - 1, len(before)
            elif key == "delete":
                if self.col < len(line):
                    self.lines[self.row] = line[: self.col] + line[self.col + 1 :]
                elif self.row + 1 < len(self.lines):
                    self.lines[self.row : self.row + 2] = [line + self.lines[self.row + 1]]
            elif key == "\x17":
                start = len(re.sub(r"(\w+|\W)\s*$", "", line[: self.col]))
                self.lines[self.row], self.col = line[:start] + line[self.col :], start
            elif key == "\x15":
                self.lines[self.row], self.col = line[self.col :], 0
            elif key in ("up", "down", "left", "right", "home", "end", "pageup", "pagedown"):
                if key in ("pageup", "pagedown"):
                    self.scroll(key, 0)
                elif key == "end":
                    self.col = len(line)
                else:
                    await self.move(key, 0)
                self.want = self.col if key not in ("up", "down") else self.want
                self.clip()
            elif key == "\x16":
                char = await self.key()
                self.type(char)
            elif len(key) == 1 and (key >= " " or key == "\t"):
                self.type(key)
        self.mode = "normal"
        self.message = ""
        self.col = max(0, self.col - 1)
        self.want = self.col

    def type(self, char: str) -> None:
        line = self.lines[self.row]
        skip = 1 if self.mode == "replace" and self.col < len(line) else 0
        self.lines[self.row] = line[: self.col] + char + line[self.col + skip :]
        self.col += 1

    async def visual_mode(self, linewise: bool) -> None:
        start = (self.row, self.col)
        self.message = "-- VISUAL LINE --" if linewise else "-- VISUAL --"
        while True:
            key = await self.key()
            if key in ("\x1b", "\x03", "v"):
                break
            if key in ("d", "x", "y", "c", ">", "<", "s", "delete", "J", "~"):
                one, two = sorted([start, (self.row, self.col)])
                self.mode, self.visual = "normal", None
                self.message = ""
                op = {"x": "d", "delete": "d", "s": "c"}.get(key, key)
                if op in "dyc<>":
                    await self.apply(op, one, two, linewise or op in "<>", True)
                elif op == "J":
                    self.row = one[0]
                    await self.edit("J", two[0] - one[0] + 1, 0)
                return
            if key == ":":
                rows = sorted([start[0], self.row])
                self.marks["<"], self.marks[">"] = rows
                self.mode, self.visual = "normal", None
                await self.ask_command("", "'<,'>")
                return
            count = ""
            while key.isdigit() and (count or key != "0"):
                count += key
                key = await self.key()
            if key in MOTIONS:
                await self.move(key, int(count) if count else 0)
                self.clip()
        self.mode, self.visual, self.message = "normal", None, ""

    # -- the command line ----------------------------------------------------------------------------------------

    async def ask_command(self, mark: str, text: str = "") -> None:
        """`:` commands, and / and ? searches."""
        prompt = mark or ":"
        place, self.mode = len(self.history), "command"
        while True:
            self.command_line = prompt + text
            key = await self.key()
            if key in ("\r", "\n"):
                break
            if key in ("\x1b", "\x03") or (key in ("\x7f", "\x08") and not text):
                self.command_line, self.mode = "", "normal"
                return
            if key in ("\x7f", "\x08"):
                text = text[:-1]
            elif key == "\x15":
                text = ""
            elif key == "\x17":
                text = re.sub(r"(\w+|\W)\s*$", "", text)
            elif key in ("up", "down") and self.history:
                place = max(0, min(len(self.history) - 1, place + (-1 if key == "up" else 1)))
                text = self.history[place]
            elif len(key) == 1 and (key >= " " or key == "\t"):
                text += key
        self.command_line, self.mode = "", "normal"
        if text:
            self.history.append(text)
        if mark:
            self.forward = mark == "/"
            body, _, _ = split_delimited(text, mark)
            self.pattern = body or self.pattern
            self.search(self.forward)
        else:
            await self.execute(text)

    async def execute(self, text: str) -> None:
        """One line of ex commands, which `|` separates."""
        for part in split_bar(text):
            await self.one(part.strip().lstrip(":").strip())

    def address(self, text: str) -> tuple[int | None, str]:
        """A line number (0-based) at the start of a text, and the rest."""
        row: int | None = None
        match = re.match(r"\d+", text)
        if match:
            row, text = int(match[0]) - 1, text[match.end() :]
        elif text[:1] == ".":
            row, text = self.row, text[1:]
        elif text[:1] == "$":
            row, text = len(self.lines) - 1, text[1:]
        elif text[:1] == "'" and len(text) > 1:
            if text[1] not in self.marks:
                raise ExError("E20: Mark not set")
            row, text = self.marks[text[1]], text[2:]
        elif text[:1] in ("/", "?") and text:
            pattern, _, rest = split_delimited(text[1:], text[0])
            regex = vim_regex(pattern or self.pattern, self.options["ignorecase"])
            self.pattern = pattern or self.pattern
            count = len(self.lines)
            order = (
                range(self.row + 1, self.row + count + 1)
                if text[0] == "/"
                else range(self.row - 1, self.row - count - 1, -1)
            )
            row = next((r % count for r in order if regex.search(self.lines[r % count])), None)
            if row is None:
                raise ExError(f"E486: Pattern not found: {pattern}")
            text = rest
        while match := re.match(r"([-+])(\d*)", text):
            row = (self.row if row is None else row) + (1 if match[1] == "+" else -1) * int(match[2] or 1)
            text = text[match.end() :]
        return row, text

    async def one(self, text: str) -> None:
        if not text or text.startswith('"'):
            return
        rows: tuple[int, int] | None = None
        if text.startswith("%"):
            rows, text = (0, len(self.lines) - 1), text[1:]
        else:
            first, rest = self.address(text)
            if rest[:1] in (",", ";"):
                second, rest = self.address(rest[1:])
                first = self.row if first is None else first
                rows = (first, self.row if second is None else second)
            elif first is not None:
                rows = (first, first)
            text = rest
        text = text.lstrip()
        if rows is not None:
            if rows[0] > rows[1]:
                rows = (rows[1], rows[0])
            if rows[1] >= len(self.lines) and text:
                raise ExError("E16: Invalid range")
        if not text:
            if rows is not None:
                self.row = max(0, min(rows[1], len(self.lines) - 1))
                self.col = self.indent()
            return
        match = re.match(r"([a-zA-Z]+|[!<>=&#]+|~)(!?)\s*(.*)", text, re.S)
        if match is None:
            raise ExError(f"E492: Not an editor command: {text}")
        name, bang, rest = match[1], bool(match[2]), match[3]
        if (
            name[0] == "s"
            and not re.match(
                r"(set|se|sh|shell|source|so|sort|split|sp|syn|syntax|sus|suspend|st|stop|substitute)$", name
            )
            or (name == "s" or name == "substitute")
        ):
            after = text[1:] if name != "substitute" else text[len("substitute") :]
            await self.substitute(after, rows)
            return
        if name[0] in "gv" and len(name) == 1 or name in ("global", "vglobal"):
            await self.globally(rest if not bang else rest, rows, name[0] == "v" or bang)
            return
        handler = self.COMMANDS.get(name)
        if handler is None:
            full = [c for c in self.LONG if c.startswith(name) and len(name) >= self.LONG[c]]
            handler = self.COMMANDS.get(full[0]) if full else None
        if handler is None:
            raise ExError(f"E492: Not an editor command: {text}")
        await handler(self, name, bang, rest, rows)

    async def x_write(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        if rest.startswith("!"):
            raise ExError("E34: No previous command")
        append = rest.startswith(">>")
        target = rest[2:].strip() if append else rest
        self.save(target, bang, rows, append)
        if name.startswith("wq"):
            raise Quit(0)

    async def x_exit(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        if self.changed or rest:
            self.save(rest, bang)
        raise Quit(0)

    async def x_quit(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        if self.changed and not bang:
            raise ExError("E37: No write since last change (add ! to override)")
        raise Quit(0 if not name.startswith("cq") else 1)

    async def x_edit(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        if self.changed and not bang:
            raise ExError("E37: No write since last change (add ! to override)")
        await self.load(rest or self.name)
        self.undo.clear()
        self.clip()

    async def x_read(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        at = (rows[1] if rows else self.row) + 1
        if rest.startswith("!") or bang:
            from ..shell.streams import Collector

            out = Collector()
            await self.p.spawn(["sh", "-c", rest.lstrip("!")], stdout=out)  # type: ignore[misc]
            data = out.value()
        else:
            try:
                data = await self.p.read_file(rest or self.name)
            except OSError:
                raise ExError(f"E484: Can't open file {rest}") from None
        self.snapshot()
        new = data.decode("utf-8", "surrogateescape").split("\n")
        new = new[:-1] if new[-1] == "" else new
        self.lines[at:at] = new
        self.row, self.col = min(at, len(self.lines) - 1), 0
        self.message = f'"{rest}" {len(new)}L, {len(data)}C'

    async def x_delete(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        span = rows or (self.row, self.row)
        await self.apply("d", (span[0], 0), (span[1], 0), True, True)

    async def x_yank(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        span = rows or (self.row, self.row)
        await self.apply("y", (span[0], 0), (span[1], 0), True, True)

    async def x_copy(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        span = rows or (self.row, self.row)
        target, _ = self.address(rest) if rest != "0" else (-1, "")
        if target is None:
            raise ExError("E14: Invalid address")
        self.snapshot()
        piece = self.lines[span[0] : span[1] + 1]
        if name.startswith("m"):
            del self.lines[span[0] : span[1] + 1]
            if target > span[0]:
                target -= len(piece)
        self.lines[target + 1 : target + 1] = piece
        self.row = target + len(piece)

    async def x_put(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        self.row = rows[1] if rows else self.row
        self.put(not bang, 1)

    async def x_shift(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        span = rows or (self.row, self.row)
        await self.apply(name[0], (span[0], 0), (span[1], 0), True, True)

    async def x_join(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        span = rows or (self.row, self.row + 1)
        self.row = span[0]
        await self.edit("J", span[1] - span[0] + 1, 0)

    async def x_print(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        span = rows or (self.row, self.row)
        text = [
            (f"{r + 1:3d} " if name in ("nu", "number", "#") else "") + self.lines[r]
            for r in range(span[0], span[1] + 1)
        ]
        if self.ex:
            self.p.stdout.write("".join(t + "\n" for t in text))
        self.message = text[-1]
        self.row = span[1]

    async def x_undo(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        await self.edit("u" if name.startswith("u") else "\x12", 1, 1)

    async def x_normal(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        for row in range(rows[0], rows[1] + 1) if rows else [self.row]:
            self.row, self.col = row, 0
            keys, self.keys = self.keys, [*rest, "\x1b"]
            while len(self.keys) > 1:
                await self.normal()
            self.keys = keys

    async def x_set(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        short = {"nu": "number", "ic": "ignorecase", "hls": "hlsearch", "ai": "autoindent", "ro": "readonly"}
        for word in rest.split():
            base = word.split("=")[0].split("?")[0]
            key = short.get(base, base)
            if word.endswith("?"):
                self.message = f"{'' if self.options.get(key) else 'no'}{key}"
            elif base.startswith("no") and short.get(base[2:], base[2:]) in self.options:
                self.options[short.get(base[2:], base[2:])] = False
            elif key == "readonly":
                self.readonly = True
            elif (
                base.startswith("no")
                or "=" in word
                or key
                in (
                    "paste",
                    "all",
                    "showmatch",
                    "sm",
                    "wrap",
                    "showmode",
                    "list",
                    "cursorline",
                    "ruler",
                    "et",
                    "expandtab",
                    "si",
                    "fileformat",
                    "ff",
                    "syntax",
                    "incsearch",
                    "is",
                    "cindent",
                    "smartindent",
                    "mouse",
                    "backup",
                    "compatible",
                    "cp",
                    "wrapscan",
                    "ws",
                    "magic",
                    "bs",
                    "backspace",
                )
                or key in self.options
            ):
                self.options[key] = True
            else:
                raise ExError(f"E518: Unknown option: {word}")

    async def x_file(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        self.name = rest or self.name
        self.message = f'"{self.name}" {len(self.lines)} lines --{(self.row + 1) * 100 // len(self.lines)}%--'

    async def x_shell(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        if self.tty is not None:
            self.tty.sane()
            self.tty.write("\x1b[H\x1b[2J")
        line = rest if name == "!" or name.startswith("!") else "bash"
        await self.p.spawn(["sh", "-c", line.lstrip("!")])  # type: ignore[misc]
        if self.tty is not None:
            self.tty.write("\r\nPress ENTER or type command to continue")
            self.tty.raw()
            await self.tty.take()

    async def x_nothing(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        """:noh, :syntax on, :filetype … change nothing that is seen here."""

    async def x_help(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        raise ExError(f"E149: Sorry, no help for {rest or 'help.txt'}")

    async def x_equals(self, name: str, bang: bool, rest: str, rows: tuple[int, int] | None) -> None:
        self.message = str((rows[1] if rows else len(self.lines) - 1) + 1)
        if self.ex:
            self.p.print(self.message)

    COMMANDS: dict[str, Any] = {
        "w": x_write,
        "write": x_write,
        "wq": x_write,
        "x": x_exit,
        "xit": x_exit,
        "exit": x_exit,
        "xa": x_exit,
        "wqa": x_exit,
        "q": x_quit,
        "quit": x_quit,
        "qa": x_quit,
        "qall": x_quit,
        "cq": x_quit,
        "e": x_edit,
        "edit": x_edit,
        "r": x_read,
        "read": x_read,
        "d": x_delete,
        "delete": x_delete,
        "y": x_yank,
        "yank": x_yank,
        "co": x_copy,
        "copy": x_copy,
        "t": x_copy,
        "m": x_copy,
        "move": x_copy,
        "pu": x_put,
        "put": x_put,
        ">": x_shift,
        "<": x_shift,
        ">>": x_shift,
        "<<": x_shift,
        "j": x_join,
        "join": x_join,
        "p": x_print,
        "print": x_print,
        "nu": x_print,
        "number": x_print,
        "#": x_print,
        "P": x_print,
        "u": x_undo,
        "undo": x_undo,
        "red": x_undo,
        "redo": x_undo,
        "norm": x_normal,
        "normal": x_normal,
        "se": x_set,
        "set": x_set,
        "setlocal": x_set,
        "f": x_file,
        "file": x_file,
        "!": x_shell,
        "sh": x_shell,
        "shell": x_shell,
        "noh": x_nothing,
        "nohlsearch": x_nothing,
        "syn": x_nothing,
        "syntax": x_nothing,
        "sy": x_nothing,
        "filetype": x_nothing,
        "h": x_help,
        "help": x_help,
        "=": x_equals,
        "wa": x_write,
        "up": x_write,
        "update": x_write,
        "redr": x_nothing,
        "redraw": x_nothing,
        "let": x_nothing,
        "map": x_nothing,
        "ab": x_nothing,
    }
    LONG = {
        "write": 1,
        "quit": 1,
        "edit": 1,
        "read": 1,
        "delete": 1,
        "nohlsearch": 3,
        "number": 2,
        "syntax": 2,
        "yank": 1,
        "undo": 1,
    }

    # -- substitution --------------------------------------------------------------------------------------------

    async def substitute(self, text: str, rows: tuple[int, int] | None) -> None:
        span = rows or (self.row, self.row)
        if text[:1] and not text[0].isalnum() and text[0] not in ' "|&':
            mark = text[0]
            source, closed, rest = split_delimited(text[1:], mark)
            by, _, flags = split_delimited(rest, mark) if closed else ("", False, "")
        elif self.last_substitute is not None:
            (source, by, _), flags = self.last_substitute, text.lstrip("&")
        else:
            raise ExError("E35: No previous regular expression")
        match = re.match(r"([&cegiInp#lr]*)\s*(\d*)", flags)
        letters = match[1] if match else ""
        if match and match[2]:
            span = (span[1], min(len(self.lines) - 1, span[1] + int(match[2]) - 1))
        pattern = source or self.pattern
        if not pattern:
            raise ExError("E35: No previous regular expression")
        self.pattern, self.last_substitute = pattern, (pattern, by, letters)
        ignore = "i" in letters or (self.options["ignorecase"] and "I" not in letters)
        regex = vim_regex(pattern, ignore)
        if not any(regex.search(self.lines[r]) for r in range(span[0], min(span[1], len(self.lines) - 1) + 1)):
            if "e" in letters:
                return
            raise ExError(f"E486: Pattern not found: {pattern}")
        if "n" not in letters:
            self.snapshot()
        changes = lines = 0
        confirm = "c" in letters
        row, end, stop = span[0], span[1], False
        while row <= end and not stop:
            old = self.lines[row]
            out, pos, hits, start = "", 0, 0, 0
            while not stop:
                found = regex.search(old, start)
                if found is None:
                    break
                take = True
                if confirm:
                    self.lines[row] = out + old[pos:]
                    self.row, self.col = row, len(out) + found.start() - pos
                    self.highlight = (row, self.col, self.col + len(found[0]))
                    answer = await self.confirm(by)
                    self.highlight = None
                    take = answer in "yal"
                    confirm = answer != "a"
                    stop = answer in "ql"
                if take:
                    out += old[pos : found.start()] + vim_fill(by, found)
                    pos = found.end()
                    hits += 1
                start = found.end() if found.end() > found.start() else found.end() + 1
                if "g" not in letters or start > len(old):
                    break
            if hits:
                changes, lines = changes + hits, lines + 1
                if "n" not in letters:
                    pieces = (out + old[pos:]).split("\n")
                    self.lines[row : row + 1] = pieces
                    end += len(pieces) - 1
                    row += len(pieces) - 1
                    self.row = row
            else:
                self.lines[row] = old
            row += 1
        self.col = self.indent()
        if not changes:
            if self.undo and "n" not in letters:
                self.undo.pop()
            return
        if lines > 2 or changes > 2 or "n" in letters:
            what = "match" if "n" in letters else "substitution"
            plural = ("es" if what == "match" else "s") if changes != 1 else ""
            self.message = f"{changes} {what}{plural} on {lines} line{'s' if lines != 1 else ''}"
        if self.ex and "p" in letters:
            self.p.print(self.lines[self.row])

    async def confirm(self, by: str) -> str:
        self.message = f"replace with {by} (y/n/a/q/l/^E/^Y)?"
        saved, self.mode = self.mode, "confirm"
        try:
            while True:
                key = await self.key()
                if key in ("\x05", "\x19"):
                    self.scroll(key, 1)
                elif key in ("\x1b", "\x03"):
                    return "q"
                elif key in "ynaql" and key:
                    return key
        finally:
            self.mode, self.message = saved, ""

    async def globally(self, text: str, rows: tuple[int, int] | None, invert: bool) -> None:
        text = text.lstrip("!")
        if not text:
            raise ExError("E35: No previous regular expression")
        pattern, _, rest = split_delimited(text[1:], text[0])
        regex = vim_regex(pattern or self.pattern, self.options["ignorecase"])
        self.pattern = pattern or self.pattern
        span = rows or (0, len(self.lines) - 1)
        chosen = [r for r in range(span[0], span[1] + 1) if (regex.search(self.lines[r]) is not None) != invert]
        if not chosen:
            raise ExError(
                f"E486: Pattern not found: {pattern}" if not invert else f"E538: Pattern found in every line: {pattern}"
            )
        shift = 0
        for row in chosen:
            before = len(self.lines)
            self.row = row + shift
            await self.one(rest.strip() or "p")
            shift += len(self.lines) - before
            self.lines = self.lines or [""]

    # -- the screen ----------------------------------------------------------------------------------------------

    def height(self) -> int:
        return (self.tty.height if self.tty is not None else 24) - 1

    def rows_of(self, row: int) -> int:
        width = (self.tty.width if self.tty is not None else 80) - self.gutter()
        return max(1, -(-shown(self.lines[row])[1][-1] // width))

    def gutter(self) -> int:
        return max(4, len(str(len(self.lines))) + 1) if self.options["number"] else 0

    def draw(self) -> None:
        """Draw everything."""
        if self.tty is None or self.ex:
            return
        self.clip()
        height, gutter = self.height(), self.gutter()
        width = self.tty.width - gutter
        self.top = min(self.top, self.row)
        while sum(self.rows_of(r) for r in range(self.top, self.row + 1)) > height:
            jump = self.row - self.top > height
            self.top = self.row - height // 2 if jump else self.top + 1
        out, screen_row, cursor = ["\x1b[?25l\x1b[H"], 0, (1, 1)
        row = self.top
        while screen_row < height:
            if row >= len(self.lines):
                out.append("~\x1b[K\r\n")
                screen_row += 1
                continue
            text, at = shown(self.lines[row])
            if self.highlight and self.highlight[0] == row:
                a, b = self.highlight[1:]
                text = self.lines[row][:a] + "\x1b[7m" + self.lines[row][a:b] + "\x1b[0m" + self.lines[row][b:]
                pieces = [text]
            else:
                pieces = wrap(text, width)
            if screen_row + len(pieces) > height:
                out.extend("@\x1b[K\r\n" for _ in range(height - screen_row))
                break
            if row == self.row:
                column = at[min(self.col, len(at) - 1)]
                cursor = (screen_row + column // width + 1, gutter + column % width + 1)
            for number, piece in enumerate(pieces):
                lead = (f"{row + 1:>{gutter - 1}} " if number == 0 else " " * gutter) if gutter else ""
                out.append(lead + piece + "\x1b[K\r\n")
            screen_row += len(pieces)
            row += 1
        bottom = self.command_line if self.mode == "command" else self.message
        position = f"{self.row + 1},{self.col + 1 if self.lines[self.row] else '0-1'}"
        place = (
            "All"
            if self.top == 0 and row >= len(self.lines)
            else "Top"
            if self.top == 0
            else "Bot"
            if row >= len(self.lines)
            else f"{self.top * 100 // len(self.lines)}%"
        )
        room = self.tty.width - 19
        if self.mode == "command" or self.mode == "confirm" or len(bottom) > room:
            line = bottom
            if self.mode in ("command", "confirm"):
                cursor = (height + 1, min(self.tty.width, sum(cells(c, 0) for c in bottom) + 1))
        else:
            line = f"{bottom}{' ' * max(1, room - sum(cells(c, 0) for c in bottom))}{position:<14}{place}"
        out.append(f"\x1b[{height + 1};1H{line[: self.tty.width]}\x1b[K\x1b[{cursor[0]};{cursor[1]}H\x1b[?25h")
        self.tty.write("".join(out))


def wrap(text: str, width: int) -> list[str]:
    out, current, used = [], "", 0
    for char in text:
        size = cells(char, 0)
        if used + size > width:
            out.append(current)
            current, used = "", 0
        current += char
        used += size
    return [*out, current] if current or not out else out


def split_delimited(text: str, mark: str) -> tuple[str, bool, str]:
    """(text before an unescaped mark, whether there was one, what follows).

    >>> split_delimited("a\\\\/b/c/g", "/")
    ('a/b', True, 'c/g')
    """
    out, pos = "", 0
    while pos < len(text):
        char = text[pos]
        if char == "\\" and pos + 1 < len(text):
            out += mark if text[pos + 1] == mark else text[pos : pos + 2]
            pos += 2
            continue
        if char == mark:
            return out, True, text[pos + 1 :]
        out += char
        pos += 1
    return out, False, ""


def split_bar(text: str) -> list[str]:
    """Ex commands on one line; a bar inside a :g or after a backslash belongs to the text."""
    if re.match(r"\s*:?[%\d,.$']*\s*(g|v|global|norm|normal|!|r\s*!)\b", text) or text.lstrip().startswith("!"):
        return [text]
    parts, current, pos = [], "", 0
    while pos < len(text):
        if text[pos] == "\\" and text[pos + 1 : pos + 2] == "|":
            current += "\\|"
            pos += 2
            continue
        if text[pos] == "|":
            parts.append(current)
            current = ""
        else:
            current += text[pos]
        pos += 1
    return [*parts, current]


def vim_fill(by: str, match: re.Match[str]) -> str:
    out, pos = "", 0
    while pos < len(by):
        char = by[pos]
        if char == "\\" and pos + 1 < len(by):
            follow = by[pos + 1]
            out += (
                (match[int(follow)] or "")
                if follow.isdigit() and int(follow) <= len(match.groups())
                else {"r": "\n", "n": "\0", "t": "\t"}.get(follow, follow)
            )
            pos += 2
            continue
        out += match[0] if char == "&" else char
        pos += 1
    return out


@command("vi", package="vim-minimal", path="/bin")
async def vi(p: Process) -> int:
    return await main(p)


@command("vim", "vimdiff", package="vim-enhanced")
async def vim(p: Process) -> int:
    return await main(p)


@command("view", "ex", "rvi", package="vim-minimal", path="/bin")
async def view(p: Process) -> int:
    return await main(p)


async def main(p: Process) -> int:
    """Options: -R, -e/-s (ex mode), -c CMD, +CMD, +N, -u FILE; then files (the first one is edited)."""
    args, names, commands = p.argv[1:], [], []
    base = p.argv[0].rsplit("/", 1)[-1]
    readonly, ex, silent = base == "view", base == "ex", False
    while args:
        arg = args.pop(0)
        if arg == "--":
            names += args
            break
        if arg in ("-c", "--cmd", "-S") and args:
            commands.append(args.pop(0))
        elif arg in ("-u", "-U", "-T", "-w", "-W", "-i") and args:
            args.pop(0)
        elif arg == "--version":
            p.print("VIM - Vi IMproved 7.2 (2008 Aug 9)")
            return 0
        elif arg.startswith("-") and len(arg) > 1:
            for position, letter in enumerate(arg[1:], 1):
                readonly = readonly or letter == "R"
                ex = ex or letter in "eE"
                silent = silent or (letter == "s" and ex)
                if letter == "c":  # -sc 'cmd'
                    commands.append(arg[position + 1 :] or (args.pop(0) if args else ""))
                    break
        elif arg.startswith("+"):
            commands.append(arg[1:] or "$")
        else:
            names.append(arg)
    editor = Editor(p, "", readonly, ex)
    await editor.load(names[0] if names else "")
    try:
        for text in commands:
            await editor.execute(text)
    except ExError as err:
        editor.message = str(err)
        if ex:
            p.error(str(err))
    except Quit as done:
        return done.status
    if ex:
        return await ex_loop(editor, silent)
    if editor.tty is None:
        if not p.stdout.isatty():
            p.error("Vim: Warning: Output is not to a terminal")
        if not p.stdin.isatty():
            p.error("Vim: Warning: Input is not from a terminal")
        return await editor.loop()
    tty = editor.tty
    tty.raw()
    alternate = tty.term.startswith(("xterm", "screen", "tmux", "rxvt", "vt220"))
    tty.write("\x1b[?1049h\x1b[H\x1b[2J" if alternate else "\x1b[H\x1b[2J")
    tty.resized.append(editor.draw)
    try:
        return await editor.loop()
    finally:
        tty.resized.remove(editor.draw)
        tty.sane()
        if not tty.gone:
            tty.write(f"\x1b[{tty.height};1H\x1b[K" + ("\x1b[?1049l" if alternate else ""))


async def ex_loop(editor: Editor, silent: bool) -> int:
    """`ex -s file <<EOF`: commands from standard input, line by line."""
    p, status = editor.p, 0
    try:
        while line := await p.stdin.readline():
            text = line.decode("utf-8", "surrogateescape").rstrip("\n")
            name = text.strip()
            if name in ("a", "i", "c", "append", "insert") or re.fullmatch(r"(\$|\d+)?[aic]", name):
                await ex_insert(editor, name)
                continue
            try:
                await editor.execute(text)
            except ExError as err:
                status = 1
                if not silent:
                    p.error(str(err))
            editor.clip()
    except Quit as done:
        return done.status or status
    return status


async def ex_insert(editor: Editor, name: str) -> None:
    """Text up to a line with a single dot."""
    row, rest = editor.address(name)
    at = (editor.row if row is None else row) + (1 if rest.startswith("a") else 0)
    editor.snapshot()
    if rest.startswith("c"):
        del editor.lines[at]
    new = []
    while line := await editor.p.stdin.readline():
        text = line.decode("utf-8", "surrogateescape").rstrip("\n")
        if text == ".":
            break
        new.append(text)
    editor.lines[at:at] = new
    editor.row = max(0, at + len(new) - 1)
