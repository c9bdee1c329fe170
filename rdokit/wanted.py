"""What a plan would do, read from the tables of its executed notebooks and told on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from .record import read_notebook
from .shell import plain

TYPE, STAYS = "what you would type", "why it stays"


class _Tables(HTMLParser):
    """The tables of a piece of HTML as lists of rows of texts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str]]] = []
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self._cell = []

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None:
            self.tables[-1][-1].append(plain("".join(self._cell)).strip())
            self._cell = None


def tables(html: str) -> list[list[dict[str, str]]]:
    """Each table as rows keyed by its header.

    >>> tables("<table><tr><th></th><th>node</th></tr><tr><td>0</td><td>node1</td></tr></table>")
    [[{'': '0', 'node': 'node1'}]]
    """
    parser = _Tables()
    parser.feed(html)
    return [[dict(zip(table[0], row, strict=False)) for row in table[1:]] for table in parser.tables if table]


def would(path: Path) -> Iterator[str]:
    """One line for each thing a phase would do, and for each that it could not take back."""
    for cell in read_notebook(path).get("cells", []):
        for output in cell.get("outputs", []):
            html = "".join(output.get("data", {}).get("text/html", ""))
            for row in (row for table in tables(html) for row in table):
                if row.get(TYPE) and row.get("already so") != "yes":
                    open_question = row.get("already so", "no")
                    note = "" if open_question == "no" else f"   ({open_question})"
                    yield f"{row.get('node', '')}# {row[TYPE]}{note}"
                elif row.get(STAYS):
                    rest = [value for name, value in row.items() if name not in ("", "node", STAYS)]
                    yield f"{row.get('node', '')}: stays: {' '.join(rest)}: {row[STAYS]}"
