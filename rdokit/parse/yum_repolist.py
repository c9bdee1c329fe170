"""`yum repolist`: enabled repositories and how many packages they have (document Step 5)."""

from __future__ import annotations

import re

from rdokit.errors import ParseError

TOOL = "yum repolist"
COLUMNS = ("repository", "name", "packages", "excluded")
_LINE = re.compile(r"[!*]?(\S+)\s+(.*?)\s+(\d[\d,]*)(?:\+(\d[\d,]*))?\s*")


def parse(text: str, *, tool: str = TOOL) -> list[dict]:
    """One row per repository; a long name that yum wraps into the next line is joined again.

    Raises:
        ParseError: cut (no `repolist:` line at the end), or a line that is no repository's.

    >>> parse('''repo id               repo name                          status
    ... base                  CentOS-6 - Base                     6,367
    ... openstack-havana      OpenStack Havana Repository       1,234+5
    ... repolist: 7,601
    ... ''')[1]
    {'repository': 'openstack-havana', 'name': 'OpenStack Havana Repository', 'packages': 1234, 'excluded': 5}
    """
    rows, table, rest = [], False, ""
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("repolist:"):
            if rest:
                raise ParseError("a repository without a number of packages", tool, number, rest)
            return rows
        if line.startswith("repo id"):
            table = True
        elif table and line.strip():
            joined = f"{rest} {line.strip().removeprefix(': ')}" if rest else line
            match = _LINE.fullmatch(joined.strip())
            rest = "" if match else joined
            if match:
                count, excluded = (int((one or "0").replace(",", "")) for one in match.group(3, 4))
                rows.append(dict(zip(COLUMNS, (match[1], match[2], count, excluded), strict=True)))
    number, line = max(((n, one) for n, one in enumerate(text.split("\n"), 1) if one.strip()), default=(0, ""))
    raise ParseError("no `repolist:` at the end: the output is cut", tool, number, line)
