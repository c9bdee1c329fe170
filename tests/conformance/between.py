"""What happened between recorded lines: what a recording shows the effect of, not the command.

Three kinds. Gaps: numbers jump, and a later output proves what was done
meanwhile; done only when the lines are really missing. Deeds: done by hand or by
a script of the recorder. Notes: "neutron-server stopped" and the like say which
services are down while a line runs.
"""

from __future__ import annotations

import re
from typing import Any

Action = str | tuple[str, dict[str, str]]  # a shell line, perhaps with its environment; "#…" are the bench's own words

DEMO = {"OS_USERNAME": "demo", "OS_PASSWORD": "demo", "OS_TENANT_NAME": "demo"}
KEEP = "#delete networks but public dn demo-net"

# number of a line -> what the missing lines before it must have done
GAPS: dict[str, list[Action]] = {
    "h0149": ["keystone tenant-delete t3", "keystone user-delete u2", "keystone user-delete u3",
              "keystone user-delete u4"],
    "h0426": [
        ("neutron net-create dn", DEMO), ("neutron subnet-create dn 10.10.0.0/24", DEMO),
        "neutron net-create x3 --router:external=True", "neutron net-create x3 --router:external=True",
        "neutron port-create demo-net --name consumed", "neutron port-delete consumed",
        "#float",
    ],
    "h0523": ["neutron net-delete fmt1", "neutron net-delete fmt2", "neutron router-delete fmtr"],
    "h0552": [KEEP, *[f"neutron net-create q{i:02d}" for i in range(1, 8)]],
    "h0617": [
        "glance image-update 'CirrOS 0.3.2' --property os_type=linux --min-ram 64", "#delete images but CirrOS_0.3.2",
    ],
    "h0839": ["#delete servers", "#delete volumes"],
}

# number of a line -> what the recorder did before it, without a recorded command
DEEDS: dict[str, list[Action]] = {"h0557": [KEEP, "#bulk"], "h0566": [KEEP]}

# what a note says was done by hand just before its line
NOTED: list[tuple[str, Action]] = [(r"after removing the broken .* name by SQL", "#sql broken tenants")]

# a section that starts again from what these sections leave behind
FRESH_AFTER = {"doc-second-run": ["step12", "step13", "step15"]}

SERVICES = {  # as notes name them -> init script
    "keystone": "openstack-keystone", "glance-api": "openstack-glance-api",
    "glance-registry": "openstack-glance-registry", "nova-api": "openstack-nova-api",
    "nova-compute": "openstack-nova-compute", "nova-scheduler": "openstack-nova-scheduler",
    "nova-conductor": "openstack-nova-conductor", "cinder-api": "openstack-cinder-api",
    "cinder-scheduler": "openstack-cinder-scheduler", "cinder-volume": "openstack-cinder-volume",
    "mysql": "mysqld", "qpid": "qpidd", "agents": "neutron agents",
}


class Between:
    """What has to happen before each line, in order."""

    def __init__(self, lines: list[dict[str, Any]]):
        self.numbers = {line["id"] for line in lines}
        self.down: set[str] = set()
        self.section = ""

    def before(self, line: dict[str, Any]) -> list[Action]:
        """Actions before a line.

        >>> between = Between([])
        >>> between.before({"id": "x1", "section": "down", "note": "nova-api stopped"})
        ['#service stop openstack-nova-api']
        >>> between.before({"id": "x2", "section": "crud", "note": ""})
        ['#service start openstack-nova-api']
        """
        actions: list[Action] = []
        if self._missing_before(line["id"]):
            actions += GAPS.get(line["id"], [])
        actions += DEEDS.get(line["id"], [])
        note = line.get("note") or ""
        actions += [action for pattern, action in NOTED if re.search(pattern, note)]
        return actions + self._services(line, note)

    def _missing_before(self, number: str) -> bool:
        digits = number[1:]
        if not digits.isdigit():
            return False
        return f"{number[0]}{int(digits) - 1:0{len(digits)}d}" not in self.numbers

    def _services(self, line: dict[str, Any], note: str) -> list[Action]:
        stopped = re.search(r"([\w-]+) (?:stopped|down for over a minute)$|(agents) silent", note)
        if stopped:
            name = stopped[1] or stopped[2]
            wanted = {SERVICES.get(name, name)}
        elif note or line["section"] != self.section:
            wanted = set()
        else:
            wanted = self.down
        self.section = line["section"]
        actions: list[Action] = [f"#service start {name}" for name in sorted(self.down - wanted)]
        actions += [f"#service stop {name}" for name in sorted(wanted - self.down)]
        self.down = wanted
        if "for over a minute" in note:
            actions.append("#wait 76")
        if "silent for more than" in note:
            actions.append("#wait 80")
        return actions
