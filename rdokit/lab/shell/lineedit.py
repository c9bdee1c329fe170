"""Reading a line at the prompt: what readline's emacs mode does for a person and for pexpect alike.

Plain characters at the end of the line are just echoed, so that a program that
drives the prompt sees the text it sent and no cursor games.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from .terminal import Terminal

ESCAPES = {
    "[A": "up", "[B": "down", "[C": "right", "[D": "left", "OA": "up", "OB": "down", "OC": "right", "OD": "left",
    "[H": "home", "[F": "end", "OH": "home", "OF": "end", "[1~": "home", "[4~": "end", "[7~": "home", "[8~": "end",
    "[3~": "delete", "[1;5C": "word-right", "[1;5D": "word-left", "[5~": "up", "[6~": "down", "[2~": "",
    "b": "word-left", "f": "word-right", "d": "kill-word", ".": "last-argument", "\x7f": "kill-left-word",
}  # fmt: skip
CONTROL = {
    1: "home",
    2: "left",
    4: "delete-or-end",
    5: "end",
    6: "right",
    8: "backspace",
    11: "kill-end",
    12: "clear",
    14: "down",
    16: "up",
    18: "search",
    20: "swap",
    21: "kill-start",
    23: "kill-blank-word",
    25: "yank",
    127: "backspace",
}


class Interrupted(Exception):
    """Ctrl-C at the prompt."""


def width_of(text: str) -> int:
    """Columns that a text takes on the screen (Japanese takes two each).

    >>> width_of("a日本")
    5
    """
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text if c >= " "
    )


def visible(prompt: str) -> str:
    """A prompt without \\[…\\] and escape sequences."""
    prompt = re.sub(r"\x01.*?\x02", "", prompt, flags=re.S)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\].*?\x07", "", prompt)


class LineEditor:
    """One per interactive shell: history and kill buffer live on between lines."""

    def __init__(self, tty: Terminal, history: list[str], complete: Callable[[str, int], tuple[int, list[str]]]):
        self.tty, self.history, self.complete = tty, history, complete
        self.killed = ""
        self.pending: list[str] = []  # keys that were read and not used yet
        self.decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.last_tab = False

    async def key(self) -> str:
        """The next key: a character, or an escape sequence as one string; "" at the end."""
        while not self.pending:
            data = await self.tty.take()
            if not data:
                return ""
            self.pending.extend(self.decoder.decode(data))
        char = self.pending.pop(0)
        if char != "\x1b":
            return char
        if not self.pending:
            return char
        sequence = self.pending.pop(0)
        if sequence in "[O":
            while True:
                if not self.pending:
                    data = await self.tty.take()
                    if not data:
                        return ""
                    self.pending.extend(self.decoder.decode(data))
                sequence += self.pending.pop(0)
                if re.match(r"[A-Za-z~]", sequence[-1]) and len(sequence) > 1:
                    break
        return "\x1b" + sequence

    async def read(self, prompt: str) -> str | None:
        """A line without its newline; None at Ctrl-D on an empty line.

        Raises:
            Interrupted: Ctrl-C.
        """
        tty = self.tty
        tty.raw()
        self.text, self.at = "", 0
        self.prompt = prompt
        last = prompt.rsplit("\n", 1)[-1]
        self.prompt_width = width_of(visible(last))
        self.shown_prompt = re.sub(r"[\x01\x02]", "", last)
        self.row = 0  # of the cursor, below the prompt's last line
        self.place = len(self.history)
        self.draft = ""
        tty.write(re.sub(r"[\x01\x02]", "", prompt))
        try:
            while True:
                key = await self.key()
                if key == "":
                    return None
                if key in "\r\n":
                    self.move_to_end()
                    tty.write("\n")
                    return self.text
                done = await self.press(key)
                if done:
                    return None
        finally:
            tty.sane()
            if self.pending:
                rest = "".join(self.pending).encode("utf-8", "surrogateescape")
                self.pending.clear()
                later = b"".join(tty.ready)  # a paste of several lines: the next command may read the rest
                tty.ready.clear()
                tty.echo = False
                tty.receive(rest + later)
                tty.echo = True

    # -- drawing -------------------------------------------------------------------------------------------------

    def position(self, count: int) -> tuple[int, int]:
        """(row, column) of the cursor behind `count` characters."""
        columns = self.prompt_width + width_of(self.text[:count])
        return divmod(columns, self.tty.width)

    def redraw(self) -> None:
        out = f"\x1b[{self.row}A" if self.row else ""
        out += "\r\x1b[J" + self.shown_prompt + self.text
        end_row, end_column = self.position(len(self.text))
        if end_column == 0 and self.text:
            out += "\n" if end_row else ""
        row, column = self.position(self.at)
        if end_row > row:
            out += f"\x1b[{end_row - row}A"
        if self.at != len(self.text):
            out += "\r" + (f"\x1b[{column}C" if column else "")
        self.row = row
        self.tty.write(out)

    def move_to_end(self) -> None:
        if self.at != len(self.text):
            self.at = len(self.text)
            self.redraw()

    def insert(self, text: str) -> None:
        at_end = self.at == len(self.text)
        self.text = self.text[: self.at] + text + self.text[self.at :]
        self.at += len(text)
        row, column = self.position(self.at)
        if at_end and row == self.row and column:
            self.tty.write(text)
        elif at_end and column == 0:
            self.tty.write(text + " \r")
            self.row = row
        else:
            self.redraw()

    # -- keys ----------------------------------------------------------------------------------------------------

    async def press(self, key: str) -> bool:
        """Act on one key; True ends the input."""
        if len(key) == 1 and key >= " " and key != "\x7f":
            self.last_tab = False
            run = key
            while self.pending and self.pending[0] >= " " and self.pending[0] != "\x7f":
                run += self.pending.pop(0)
            self.insert(run)
            return False
        if key == "\t":
            self.tab()
            return False
        self.last_tab = False
        if key == "\x03":
            self.move_to_end()
            self.tty.write("^C\n")
            raise Interrupted
        action = ESCAPES.get(key[1:], "") if key.startswith("\x1b") else CONTROL.get(ord(key[0]), "")
        if action == "delete-or-end":
            if not self.text:
                return True
            action = "delete"
        if action == "search":
            await self.search()
            return False
        if action:
            self.act(action)
        return False

    def act(self, action: str) -> None:
        text, at = self.text, self.at
        moves: dict[str, Callable[[], int]] = {
            "left": lambda: max(0, at - 1),
            "right": lambda: min(len(text), at + 1),
            "home": lambda: 0,
            "end": lambda: len(text),
            "word-left": lambda: self.word_start(r"\w"),
            "word-right": lambda: at + len(re.match(r"\W*\w*", text[at:])[0]),  # type: ignore[index]
        }
        if action in moves:
            new = moves[action]()
            if new != at:
                self.at = new
                self.redraw()
        elif action == "backspace":
            if at:
                self.text, self.at = text[: at - 1] + text[at:], at - 1
                if at == len(text) and width_of(text[-1]) == 1 and self.position(at)[1]:
                    self.tty.write("\b \b")
                else:
                    self.redraw()
        elif action == "delete":
            self.replace(at, min(len(text), at + 1), "", keep=False)
        elif action == "kill-end":
            self.replace(at, len(text), "")
        elif action == "kill-start":
            self.replace(0, at, "")
        elif action == "kill-blank-word":
            self.replace(self.word_start(r"\S"), at, "")
        elif action == "kill-left-word":
            self.replace(self.word_start(r"\w"), at, "")
        elif action == "kill-word":
            self.replace(at, at + len(re.match(r"\W*\w*", text[at:])[0]), "")  # type: ignore[index]
        elif action == "yank":
            self.insert(self.killed)
        elif action == "swap" and at and len(text) > 1:
            at = min(at, len(text) - 1)
            self.text = text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]
            self.at = at + 1
            self.redraw()
        elif action == "clear":
            self.tty.write("\x1b[H\x1b[2J")
            self.row = 0
            self.redraw()
        elif action in ("up", "down"):
            self.walk(-1 if action == "up" else 1)
        elif action == "last-argument" and self.history:
            words = self.history[-1].split()
            if words:
                self.insert(words[-1])

    def word_start(self, kind: str) -> int:
        at = self.at
        while at and not re.match(kind, self.text[at - 1]):
            at -= 1
        while at and re.match(kind, self.text[at - 1]):
            at -= 1
        return at

    def replace(self, start: int, end: int, by: str, keep: bool = True) -> None:
        if keep and end > start:
            self.killed = self.text[start:end]
        self.text = self.text[:start] + by + self.text[end:]
        self.at = start + len(by)
        self.redraw()

    def walk(self, step: int) -> None:
        """Through the history."""
        new = self.place + step
        if not 0 <= new <= len(self.history):
            return
        if self.place == len(self.history):
            self.draft = self.text
        self.place = new
        self.text = self.draft if new == len(self.history) else self.history[new]
        self.at = len(self.text)
        self.redraw()

    async def search(self) -> None:
        """Ctrl-R."""
        wanted, found, saved = "", "", self.text
        shown_prompt, prompt_width = self.shown_prompt, self.prompt_width
        while True:
            label = f"(reverse-i-search)`{wanted}': "
            self.shown_prompt, self.prompt_width = label, width_of(label)
            self.text, self.at = found, len(found)
            self.redraw()
            key = await self.key()
            if key in ("\x07", "\x03", ""):
                found = saved
                break
            if key in ("\x7f", "\x08"):
                wanted = wanted[:-1]
            elif key == "\x12":
                older = [h for h in self.history if wanted in h]
                index = older.index(found) if found in older else len(older)
                found = older[index - 1] if index > 0 and older else found
                continue
            elif len(key) == 1 and key >= " ":
                wanted += key
            else:
                self.pending.insert(0, key[0]) if key in "\r\n" else None
                break
            found = next((h for h in reversed(self.history) if wanted and wanted in h), "")
        self.shown_prompt, self.prompt_width = shown_prompt, prompt_width
        self.text, self.at = found, len(found)
        self.redraw()

    def tab(self) -> None:
        """Complete the word before the cursor; a second Tab lists what is possible."""
        start, choices = self.complete(self.text, self.at)
        word = self.text[start : self.at]
        if not choices:
            self.tty.write("\a")
        elif len(choices) == 1:
            tail = "" if choices[0].endswith("/") else " "
            self.replace_word(start, choices[0] + tail)
        else:
            common = prefix(choices)
            if len(common) > len(word):
                self.replace_word(start, common)
            elif self.last_tab:
                self.list_choices(choices)
            else:
                self.tty.write("\a")
        self.last_tab = True

    def replace_word(self, start: int, text: str) -> None:
        word = self.text[start : self.at]
        if text.startswith(word) and self.at == len(self.text):
            self.insert(text[len(word) :])
        else:
            self.replace(start, self.at, text, keep=False)

    def list_choices(self, choices: list[str]) -> None:
        names = [c.rstrip("/").rsplit("/", 1)[-1] + ("/" if c.endswith("/") else "") for c in choices]
        size = max(map(width_of, names)) + 2
        columns = max(1, self.tty.width // size)
        rows = -(-len(names) // columns)
        lines = ["".join(f"{n:<{size}}" for n in names[row::rows]).rstrip() for row in range(rows)]
        self.move_to_end()
        self.tty.write("\n" + "\n".join(lines) + "\n")
        self.row = 0
        self.tty.write(self.shown_prompt + self.text)
        self.row = self.position(len(self.text))[0]


def prefix(words: list[str]) -> str:
    """What all words begin with."""
    first, last = min(words), max(words)
    count = 0
    while count < len(first) and first[count] == last[count]:
        count += 1
    return first[:count]


__all__: list[Any] = ["Interrupted", "LineEditor", "width_of"]
