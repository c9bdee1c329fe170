"""Asking a node in a word; every question is remembered, so that the cell shows with what a fact was looked up."""

from __future__ import annotations

from .. import show
from ..node import Node, RemoteFile
from ..shell import Command, Result, cmd


def says(kit, node: Node, line: str, **values: object) -> str:
    """The output of a command that only reads, whatever its exit status.

    Raises:
        NotYet: the command is not there (yet).
    """
    return ask(kit, node, cmd(line, **values), expect=()).stdout.strip()


def ask(kit, node: Node, command: Command | str, **options) -> Result:
    """`Kit.ask`, remembered."""
    show.asked(node.name, command if isinstance(command, str) else command.shown)
    return kit.ask(node, command, **options)


def table(kit, node: Node, command: Command):
    """`Kit.table`, remembered."""
    show.asked(node.name, command.shown)
    return kit.table(node, command)


def read(node: Node, path: str) -> RemoteFile:
    """A file of a node, remembered as what a person would type."""
    show.asked(node.name, f"cat {path}")
    return node.read(path)


def rows(kit, line: str, **values: object):
    """`Kit.rows`, remembered."""
    return table(kit, kit.controller, kit.as_admin(line, **values))


def find(kit, line: str, name: str, column: str = "name"):
    """`Kit.find`, remembered."""
    show.asked(kit.controller.name, line)
    return kit.find(line, name, column)


def id_of(kit, line: str, name: str, column: str = "name", key: str = "id") -> str:
    """`Kit.id_of`, remembered."""
    show.asked(kit.controller.name, line)
    return kit.id_of(line, name, column, key)
