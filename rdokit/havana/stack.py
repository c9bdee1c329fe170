"""Step 10: the controller's key, packstack, and what it leaves running."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from .. import edit, facts, show
from ..errors import ParseError
from ..job import JOBS
from ..node import Node
from ..parse import packstack_log
from ..plan import Plan
from ..shell import cmd
from . import _ask
from ._ask import says

PLANNED = 34  # lines of packstack's planning, of which there are about this many
BATCH = "-o BatchMode=yes -o ConnectTimeout=10 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"


def authorized_keys(kit) -> Callable[[str], str]:
    """Adds the controller's public key to a file of accepted keys."""
    def function(text: str) -> str:
        key = _ask.read(kit.controller, "/root/.ssh/id_rsa.pub")
        if not key.exists:
            raise LookupError("the controller has no key yet")
        words = key.text.split()
        # The same key with another comment is the same key (packstack compares so, too).
        return text if words[1] in text.split() else edit.ensure_line(text, key.text.strip())
    return function


def controller_gets_in(kit) -> bool:
    """The controller logs in to every node without a prompt, with packstack's own options."""
    return all(_ask.ask(kit, kit.controller, cmd(f"ssh {BATCH} root@{{address}} true", address=node.private),
                       expect=(0, 255), limit=60) for node in kit.site.nodes.values())


def packstack_done(kit) -> bool:
    """packstack has finished: its rc file has the site's password, and every node it installed reports."""
    said = _ask.read(kit.controller, "/root/keystonerc_admin")
    password = kit.secret(kit.site.admin_password, "admin_password").reveal()
    if not said.exists or "packstack" in says(kit, kit.controller, "ps -C packstack -o comm=") or \
            edit.ifcfg_values(said.text.replace("export ", "")).get("OS_PASSWORD") != password:
        return False
    return computes_report(kit) and agents_report(kit)


def packstack_progress(log: str) -> tuple[str, float | None]:
    """What packstack is at, and how far: planning is a fifth, puppet the rest."""
    try:
        said = packstack_log.parse(log)
    except ParseError:
        return "starting", 0.0
    hosts = {row["host"] for row in said.manifests}
    total = 14 + 5 * (max(len(hosts), 2) - 1)
    over = sum(bool(row["state"]) for row in said.manifests)
    at = [f"{row['manifest']} on {row['host']}" for row in said.manifests if not row["state"]]
    words = ", ".join(at[:3]) or (said.steps[-1]["step"] if said.steps else "starting")
    if said.finished:
        return "finished", 1.0
    return words, min(0.2 * min(len(said.steps) / PLANNED, 1) + 0.8 * min(over / total, 1), 0.99)


def _last_log(kit) -> str:
    return says(kit, kit.controller, f"cat $(ls -dt {JOBS}/packstack-*/log 2>/dev/null | head -n 1) < /dev/null")


def packstack_result(kit):
    """What packstack said, step by step; with an error, the lines of puppet's log that tell why.

    Returns:
        DataFrame: host, step, state. None when packstack was not run by this kit.
    """
    text = _last_log(kit)
    if not text:
        show.say("packstack was not run by this kit on this controller (or not yet).")
        return None
    show.prompt(kit.controller.name, f"cat {JOBS}/packstack-*/log")
    said = packstack_log.parse(text)
    for line in (said.error, *said.information):
        if line:
            show.say(f" * {line}")
    return facts.frame([{"host": "", **{"step": row["step"], "state": row["state"]}} for row in said.steps] +
                       [{"host": row["host"], "step": f"{row['manifest']}.pp", "state": row["state"]}
                        for row in said.manifests], ("host", "step", "state"))


def packstack_explain(node: Node, log: str) -> str:
    """Why packstack failed: its own error, and the lines of puppet's log that tell more."""
    try:
        said = packstack_log.parse(log)
    except ParseError:
        return ""
    failed = [row for row in said.manifests if row["state"] == "ERROR"]
    words = [f"packstack: {said.error}"] if said.error else []
    for row in failed[:2]:
        name = f"{row['host']}_{row['manifest']}.pp.log"
        found = node.ask(f"f=$(ls -t /var/tmp/packstack/*/manifests/{shlex.quote(name)} 2>/dev/null | head -n 1); "
                         'echo "$f:"; grep -iE "err|fail" "$f" | tail -n 6')
        words.append(found.stdout.rstrip())
    return "\n".join(words)


def add_tunnel_rules(kit, plan: Plan) -> None:
    """The firewall rule that packstack forgets (defect 3), where the site wants it; else only a warning."""
    tunnel = kit.site.tunnel
    rule = "-p gre -j ACCEPT" if tunnel.type == "gre" else "-p udp -m udp --dport 4789 -j ACCEPT"
    line = f"iptables -I INPUT {rule} && service iptables save"
    if tunnel.firewall == "open":
        plan.run(kit.all, line, done=lambda node: tunnel_rule(kit, node))
        return
    missing = [node.name for node in kit.all if not tunnel_rule(kit, node)]
    if missing:
        show.say(f"Note: no rule for {tunnel.type.upper()} on {', '.join(missing)}: tunnels die after some silence.\n"
                 f"With tunnel.firewall: open this is typed for you:\n  # {line}")


def tunnel_rule(kit, node: Node) -> bool:
    """iptables lets the tunnel's packets in by a rule of its own."""
    said = says(kit, node, "iptables-save").lower()
    return any(line.startswith("-a input") and ("-p gre" in line or "-p 47" in line or "--dport 4789" in line)
               for line in said.splitlines())


# --- who reports -----------------------------------------------------------------------------------------

def _on(hosts, name: str) -> bool:
    return any(str(host).split(".")[0] == name for host in hosts)


def computes_report(kit) -> bool:
    """Every compute node is known to Nova."""
    rows = _ask.rows(kit, "nova service-list")
    return all(_on(rows[rows["Binary"] == "nova-compute"]["Host"], name) for name in kit.site.names("compute"))


def agents_report(kit) -> bool:
    """Every node's Open vSwitch agent is known to Neutron."""
    rows = _ask.rows(kit, "neutron agent-list")
    switches = rows[rows["agent_type"] == "Open vSwitch agent"]["host"]
    return all(_on(switches, name) for name in {*kit.site.names("compute"), kit.site.network_node})


def computes_up(kit) -> bool:
    """Every compute node is up."""
    rows = _ask.rows(kit, "nova service-list")
    up = rows[(rows["Binary"] == "nova-compute") & (rows["State"] == "up")]["Host"]
    return all(_on(up, name) for name in kit.site.names("compute"))


def agents_alive(kit) -> bool:
    """Every Neutron agent is alive, and every node has its Open vSwitch agent."""
    return agents_report(kit) and bool(_ask.rows(kit, "neutron agent-list")["alive"].all())


def has_namespaces(kit, node: Node) -> bool:
    """`ip netns` works."""
    return bool(_ask.ask(kit, node, "ip netns list", expect=(0, 1, 255)))


def bridge_filtered(kit, node: Node) -> bool:
    """Bridged packets pass iptables: without that, security groups do nothing (defect 1)."""
    return says(kit, node, "sysctl -n net.bridge.bridge-nf-call-iptables") == "1"


