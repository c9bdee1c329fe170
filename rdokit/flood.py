"""Printed text without limit in a cell's output with a limit: nothing is lost, the notebook stays readable."""

from __future__ import annotations

import re
from pathlib import Path

from .shell import shorten

FLOOD = 60_000  # characters of printed text a cell keeps before its middle goes to a log file
TAIL = 20_000
TROUBLE = re.compile(r"error|fail|fatal|denied|refused|traceback", re.IGNORECASE)


class Flood:
    """Printed text of one cell: the beginning and end stay in the notebook, all of it goes to a log when it is long.

    Args:
        log: file for the whole text; None keeps only beginning, end and the lines that speak of trouble.
    """

    def __init__(self, log: Path | None):
        self.log, self.kept, self.total, self.tail = log, 0, 0, ""
        self._trouble: list[str] = []
        self._file = None

    def take(self, text: str) -> str:
        """What of this piece still goes into the notebook."""
        self.total += len(text)
        room = max(FLOOD - self.kept, 0)
        now, later = text[:room], text[room:]
        self.kept += len(now)
        if later:
            self._trouble += [line for line in later.splitlines() if TROUBLE.search(line)][: 200 - len(self._trouble)]
            self.tail = (self.tail + later)[-TAIL:]
        return now

    def spill(self, earlier: str, text: str) -> None:
        """Writes to the log; `earlier` is what the notebook held when the flood began."""
        if self.log is None:
            return
        if self._file is None:
            self._file = open(self.log, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
            self._file.write(earlier)
        self._file.write(text)

    def ending(self) -> str:
        """The text that closes the cell's output: what was left out, where it is, trouble, the end."""
        if self._file:
            self._file.close()
        if not self.tail:
            return ""
        left_out = self.total - self.kept - len(self.tail)
        if left_out <= 0:
            return self.tail
        trouble = shorten((line[:300] for line in self._trouble if line not in self.tail), 10, 10)
        where = f", all of it is in {self.log.name}" if self.log else ""
        return "\n".join([f"\n… {left_out:,} characters left out{where} …", *trouble, "…",
                          self.tail.partition("\n")[2] or self.tail])
