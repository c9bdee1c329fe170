"""Steps 7 to 9: packages, clocks, the answer file."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from .. import edit, facts, show
from ..node import Node
from ..parallel import parallel
from ..plan import Plan
from ..secret import mask
from ..shell import cmd
from . import _ask
from ._ask import says

ANSWERS = "/root/answer.txt"


def packages(kit, node: Node) -> list[str]:
    """What Step 7 installs on a node: more where Glance or instances run."""
    roles = kit.site.nodes[node.name].roles
    more = kit.site.packages.image_or_compute if {"controller", "compute"} & set(roles) else []
    return [*kit.site.packages.every, *more]


# --- clocks ------------------------------------------------------------------------------------------

def ntp_server(kit, node: Node) -> str:
    """Whom a node asks for the time."""
    follows = kit.site.ntp.follow_controller and node is not kit.controller
    return kit.site.nodes[kit.site.controller].private if follows else kit.site.ntp.server


def add_ntp_edits(kit, plan: Plan) -> None:
    """Where the others follow the controller: its ntp.conf and firewall let them, theirs name it."""
    if not kit.site.ntp.follow_controller:
        return
    network = kit.site.networks.private.cidr
    plan.edit(kit.all, "/etc/ntp.conf", lambda text, node: edit.ntp_conf(
        text, servers=[ntp_server(kit, node)], restrict=[network] if node is kit.controller else []))
    rule = f"-s {network} -p udp -m udp --dport 123 -j ACCEPT"
    plan.run(kit.controller, f"iptables -I INPUT {rule} && service iptables save",
             done=lambda node: "--dport 123" in says(kit, node, "iptables-save"))


def clock_set(kit, node: Node) -> bool:
    """ntpd keeps the clock already, or the server's time is less than half a second away."""
    if runs(kit, node, "ntpd"):
        return True
    said = says(kit, node, "ntpdate -q {server}", server=ntp_server(kit, node))
    offsets = [abs(float(found)) for found in re.findall(r"offset (-?[\d.]+)", said)]
    return bool(offsets) and min(offsets) < 0.5


def starts_at_boot(kit, node: Node, service: str) -> bool:
    """chkconfig starts it in runlevel 3."""
    return "3:on" in says(kit, node, "chkconfig --list {service}", service=service)


def runs(kit, node: Node, service: str) -> bool:
    """Its init script says that it runs."""
    return bool(_ask.ask(kit, node, cmd("service {service} status", service=service), expect=(0, 1, 2, 3, 4)))


def clocks(kit):
    """How far every node's clock is from the controller's.

    Returns:
        DataFrame: node, time (UTC), offset s (precise to the time of a question, some milliseconds).
    """
    def one(node: Node) -> tuple[str, float, float]:
        before = time.time()
        said = float(says(kit, node, "date +%s.%N"))
        return node.name, said, said - (before + time.time()) / 2
    show.prompt(", ".join(kit.nodes), "date +%s.%N")
    rows = parallel(one, kit.all)
    zero = next(offset for name, _, offset in rows if name == kit.site.controller)
    return facts.frame([{"node": name, "time": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(said)),
                         "offset s": round(offset - zero, 3)} for name, said, offset in rows])


# --- the answer file -----------------------------------------------------------------------------------

def _values(kit) -> dict[str, str]:
    password = kit.secret(kit.site.admin_password, "admin_password").reveal()
    return kit.site.answer_values() | {"CONFIG_KEYSTONE_ADMIN_PW": password}


def answers(kit) -> Callable[[str], str]:
    """The edit of Step 9: the public address → the private one, then key by key."""
    node = kit.site.nodes[kit.site.controller]

    def function(text: str) -> str:
        if not text:
            raise LookupError("there is no answer file yet")
        return edit.answer_file(edit.replace_address(text, node.public, node.private), _values(kit))
    return function


def _answers(kit) -> dict[str, str]:
    file = _ask.read(kit.controller, ANSWERS)
    if not file.exists:
        raise LookupError("there is no answer file yet")
    return edit.answers(file.text)


def answers_right(kit) -> bool:
    """Every key of the site has its value."""
    said = _answers(kit)
    return all(said.get(key) == value for key, value in _values(kit).items())


def keys_with_public_address(kit) -> list[str]:
    """Keys that still hold the controller's public address; none should (defect 13)."""
    address = kit.site.nodes[kit.site.controller].public
    return [key for key, value in _answers(kit).items()
            if address in re.split(r"[,;\s]", value) and key not in kit.site.answers]


def answer_table(kit):
    """The keys that Step 9 is about.

    Returns:
        DataFrame: key, value (secrets masked).
    """
    show.prompt(kit.controller.name, f"cat {ANSWERS}")
    try:
        said = _answers(kit)
    except LookupError:
        show.say("(there is no answer file yet)")
        return facts.frame([], ("key", "value"))
    keys = [*kit.site.answer_values(), "CONFIG_KEYSTONE_ADMIN_PW", "CONFIG_KEYSTONE_HOST", "CONFIG_NEUTRON_L3_HOSTS"]
    return facts.frame([{"key": key, "value": "********" if edit.is_secret_answer(key) else mask(said.get(key, ""))}
                        for key in dict.fromkeys(keys)])
