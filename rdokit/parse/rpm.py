"""`rpm -q NAME…` and `rpm -qa`: which packages are there (document Steps 5–7)."""

from __future__ import annotations

import re

from rdokit.errors import ParseError

TOOL = "rpm -q"
COLUMNS = ("package", "installed", "version", "release", "arch")
_PACKAGE = re.compile(r"(.+)-([^-\s]+)-([^-\s]+?)(?:\.(noarch|i[3-6]86|x86_64|src|\(none\)))?")
_MISSING = re.compile(r"package (.+) is not installed")


def parse(text: str, *, tool: str = TOOL) -> list[dict]:
    """One row per line; exit status 1 only means that something is missing.

    Raises:
        ParseError: a line that is neither a package nor says that one is missing.

    >>> for row in parse("openstack-packstack-2013.2.1-0.36.dev1013.el6.noarch\\npackage ntp is not installed\\n"):
    ...     print(row)
    {'package': 'openstack-packstack', 'installed': True, 'version': '2013.2.1', 'release': '0.36.dev1013.el6', 'arch': 'noarch'}
    {'package': 'ntp', 'installed': False, 'version': None, 'release': None, 'arch': None}
    """  # noqa: E501
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        missing, there = _MISSING.fullmatch(line.strip()), _PACKAGE.fullmatch(line.strip())
        if missing:
            rows.append(dict(zip(COLUMNS, (missing[1], False, None, None, None), strict=True)))
        elif there and " " not in line.strip():
            rows.append(dict(zip(COLUMNS, (there[1], True, *there.group(2, 3, 4)), strict=True)))
        else:
            raise ParseError("neither name-version-release nor `is not installed`", tool, number, line)
    return rows
