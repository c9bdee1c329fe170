"""Lines that keep their own endings: what is not touched is put together again byte for byte."""

from __future__ import annotations

from collections.abc import Iterable


def split(text: str) -> list[str]:
    r"""Lines with their endings; only LF ends a line, as for the programs that read these files.

    >>> split("a\r\nb\n\x0bc")
    ['a\r\n', 'b\n', '\x0bc']
    """
    lines = [line + "\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def body(line: str) -> str:
    """The line without its ending."""
    if line.endswith("\r\n"):
        return line[:-2]
    return line.removesuffix("\n")  # a CR alone ends no line


def ending(line: str) -> str:
    return line[len(body(line)) :]


def newline(lines: list[str]) -> str:
    """How this file ends its lines: as its first line does."""
    return ending(lines[0]) or "\n" if lines else "\n"


def with_body(line: str, new: str) -> str:
    """Another text with the same ending."""
    return new + ending(line)


def insert(lines: list[str], index: int, new: Iterable[str]) -> None:
    r"""Put lines in, in place. A file that ends without a newline goes on ending without one.

    >>> lines = ["a\n", "b"]; insert(lines, 2, ["c"]); "".join(lines)
    'a\nb\nc'
    >>> lines = []; insert(lines, 0, ["c"]); "".join(lines)
    'c\n'
    """
    end = newline(lines)
    added = [line + end for line in new]
    if added and index == len(lines) and lines and not ending(lines[-1]):
        lines[-1] += end
        added[-1] = body(added[-1])
    lines[index:index] = added


def join(lines: list[str], before: str) -> str:
    r"""The lines as one text, that ends with a newline exactly when the text `before` did (or was empty).

    >>> join(["a\n"], before="a\nb"), join(["a\n"], before="b\n"), join(["a\n"], before="")
    ('a', 'a\n', 'a\n')
    """
    text = "".join(lines)
    if before and not before.endswith("\n") and lines:
        return text.removesuffix(ending(lines[-1]))
    return text
