"""Asking a node in a word: what a reading command prints, whatever its exit status."""

from __future__ import annotations

from ..node import Node
from ..shell import cmd


def says(kit, node: Node, line: str, **values: object) -> str:
    """The output of a command that only reads.

    Raises:
        NotYet: the command is not there (yet).
    """
    return kit.ask(node, cmd(line, **values), expect=()).stdout.strip()
