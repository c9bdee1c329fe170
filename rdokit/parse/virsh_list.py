"""`virsh list --all`: the machines that libvirt knows on a compute node."""

from __future__ import annotations

import re

from rdokit.errors import ParseError

TOOL = "virsh list"
COLUMNS = ("id", "name", "state")
_LINE = re.compile(r"\s*(\d+|-)\s+(\S+)\s+(\S.*?)\s*")


def parse(text: str, *, tool: str = TOOL) -> list[dict]:
    """One {id, name, state} a machine; id is None for one that is shut off.

    Raises:
        ParseError: no header, or a line that is no machine's.

    >>> parse(" Id    Name                State\\n-------------\\n 1     instance-00000003   running\\n\\n")
    [{'id': 1, 'name': 'instance-00000003', 'state': 'running'}]
    """
    rows, header = [], False
    for number, line in enumerate(text.split("\n"), 1):
        match = _LINE.fullmatch(line)
        if line.split() == ["Id", "Name", "State"]:
            header = True
        elif match and header:
            rows.append({"id": None if match[1] == "-" else int(match[1]), "name": match[2], "state": match[3]})
        elif line.strip("- "):
            raise ParseError("Id, Name and State expected", tool, number, line)
    if not header:
        raise ParseError("no header", tool)
    return rows
