"""`openstack-status` (package openstack-utils): which services run on this node, in one call.

    == Nova services ==
    openstack-nova-api:                     active
    openstack-nova-network:                 dead (disabled on boot)
    == Keystone users ==
    +----+…
"""

from __future__ import annotations

import re

from rdokit.errors import ParseError

TOOL = "openstack-status"
COLUMNS = ("group", "service", "state", "enabled")
_GROUP = re.compile(r"== (.+?) ==\s*")
_SERVICE = re.compile(r"(\S+):\s+(active|inactive|dead|failed|unknown|uncontactable|\w+)(?:\s+\((.+)\))?\s*")


def parse(text: str, *, tool: str = TOOL) -> list[dict]:
    """One {group, service, state, enabled} per service; the tables behind the services are left to cli_table.

    `enabled` is False where the state says "(disabled on boot)".

    Raises:
        ParseError: not this output, or a line of a services section that is none.

    >>> parse("== Nova services ==\\nopenstack-nova-api:    active\\nopenstack-nova-network:  dead (disabled on boot)\\n")
    [{'group': 'Nova', 'service': 'openstack-nova-api', 'state': 'active', 'enabled': True}, {'group': 'Nova', 'service': 'openstack-nova-network', 'state': 'dead', 'enabled': False}]
    """  # noqa: E501
    rows, group = [], None
    for number, line in enumerate(text.split("\n"), 1):
        header, service = _GROUP.fullmatch(line), _SERVICE.fullmatch(line)
        if header:
            group = header[1]
        elif group is None and line.strip():
            raise ParseError("`== … services ==` expected", tool, number, line)
        elif group and _is_services(group) and line.strip():
            if not service:
                raise ParseError("a service and its state expected", tool, number, line)
            enabled = "disabled on boot" not in (service[3] or "")
            rows.append({"group": _short(group), "service": service[1], "state": service[2], "enabled": enabled})
    if group is None:
        raise ParseError("nothing was printed", tool)
    return rows


def _is_services(group: str) -> bool:
    return group.lower().endswith(("services", "service"))


def _short(group: str) -> str:
    return re.sub(r"\s+services?$", "", group, flags=re.IGNORECASE)
