"""The final check (動作確認): an instance, a volume, a floating address, a login."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

from .. import edit, facts, show
from ..errors import RdokitError
from ..looking import DEMO_RC
from ..node import Node
from ..plan import Plan
from ..shell import cmd
from ..ssh import Door, record_host_key, scan_host_key
from ..steps import NOT_KNOWN, Pending
from . import _ask

BOOT = 300.0  # seconds an instance may take to become ACTIVE


def _user(kit):
    return next(user for user in kit.site.users if user.name == kit.site.check.user)


def demo_rc(kit) -> Callable[[str], str]:
    """The demo user's environment file, like packstack's own for the administrator."""
    user = _user(kit)
    password = kit.secret(user.password, f"users.{user.name}.password").reveal()
    url = f"http://{kit.site.nodes[kit.site.controller].private}:5000/v2.0/"
    wanted = {"OS_USERNAME": user.name, "OS_TENANT_NAME": kit.site.tenant.name, "OS_PASSWORD": password,
              "OS_AUTH_URL": url}

    def function(text: str) -> str:
        said = edit.ifcfg_values(text.replace("export ", "")) if text else {}
        if all(said.get(key) == value for key, value in wanted.items()):
            return text
        return "".join(f"export {key}={shlex.quote(value)}\n" for key, value in wanted.items())
    return function


def _rows(kit, line: str, **values: object):
    return _ask.table(kit, kit.controller, cmd(line, rc=DEMO_RC, **values))


def _demo(line: str, **values: object):
    return cmd(line, rc=DEMO_RC, **values)


# --- security group ----------------------------------------------------------------------------------------

def _rule(kit, protocol: str, port: int) -> bool:
    rows = _rows(kit, "nova secgroup-list-rules default")
    return any(row["IP Protocol"] == protocol and row["From Port"] <= port <= row["To Port"] and
               row["IP Range"] == "0.0.0.0/0" for _, row in rows.iterrows())


def add_rules(kit, plan: Plan) -> None:
    """Ping and SSH into the default group."""
    for protocol, low, high in (("icmp", -1, -1), ("tcp", 22, 22)):
        tail = f"default {protocol} {low} {high} 0.0.0.0/0"
        plan.run(kit.controller, _demo(f"nova secgroup-add-rule {tail}"),
                 done=lambda protocol=protocol, low=low: _rule(kit, protocol, low),
                 undo=lambda tail=tail: _demo(f"nova secgroup-delete-rule {tail}"))


# --- instance ----------------------------------------------------------------------------------------------

def _instance(kit):
    return facts.only(_rows(kit, "nova list"), "Name", kit.site.check.instance, what="instance")


def _instance_id(kit) -> str:
    row = _instance(kit)
    if row is None:
        raise LookupError("there is no instance yet")
    return str(row["ID"])


def _status(kit) -> str:
    """What nova says of the instance, "" when there is none.

    Raises:
        RdokitError: it ended in ERROR; the message holds nova's fault.
    """
    row = _instance(kit)
    if row is not None and row["Status"] == "ERROR":
        said = facts.pairs(_rows(kit, "nova show {id}", id=str(row["ID"])))
        raise RdokitError(f"The instance {row['Name']} ended in ERROR: {said.get('fault', 'no reason given')}",
                          next_step="Read /var/log/nova/compute.log on the compute nodes; `nova delete` it; run again.")
    return "" if row is None else str(row["Status"])


def instance_active(kit) -> bool:
    """The instance is ACTIVE.

    Raises:
        RdokitError: it ended in ERROR; the message holds nova's fault.
    """
    return _status(kit) == "ACTIVE"


def _instance_built(kit) -> bool:
    status = _status(kit)
    if status == "BUILD":
        raise Pending(f"The instance {kit.site.check.instance} is being built.", next_step="Wait, then run it again.")
    return bool(status)


def _instance_started(kit) -> bool:
    status = _status(kit)
    if not status:
        raise LookupError("there is no instance yet")
    return status == "ACTIVE"


def add_instance(kit, plan: Plan) -> None:
    """nova boot on demo-net; nova start for one that is off: Havana leaves it so when its machine was booted."""
    check = kit.site.check

    def net() -> str:
        return _ask.id_of(kit, "neutron net-list", kit.site.demo_net.name)
    plan.run(kit.controller, _demo("nova boot --flavor {flavor} --image {image} --nic net-id={net} {name}",
                                   flavor=check.flavor, image=kit.site.image.name, net=net, name=check.instance),
             done=lambda: _instance_built(kit), settle=BOOT,
             undo=lambda: _demo("nova delete {id}", id=_instance_id(kit)))
    plan.run(kit.controller, _demo("nova start {name}", name=check.instance),
             done=lambda: _instance_started(kit), settle=BOOT,
             undo=lambda: _demo("nova stop {id}", id=_instance_id(kit)))


def fixed_address(kit) -> str:
    """The instance's own address on demo-net."""
    row = _instance(kit)
    found = (row["Networks"] or {}).get(kit.site.demo_net.name, []) if row is not None else []
    if not found:
        raise LookupError("the instance has no address yet")
    return found[0]


# --- volume --------------------------------------------------------------------------------------------------

def _volume(kit):
    return facts.only(_rows(kit, "cinder list"), "Display Name", kit.site.check.volume, what="volume")


def volume_attached(kit) -> bool:
    """The volume is in use by the instance."""
    row = _volume(kit)
    return row is not None and row["Status"] == "in-use" and _instance_id(kit) in str(row["Attached to"])


def _volume_ready(kit) -> bool:
    row = _volume(kit)
    if row is not None and row["Status"].startswith("error"):
        raise RdokitError(f"The volume {kit.site.check.volume} ended in {row['Status']}.",
                          next_step="`vgs` on the controller: is there a volume group cinder-volumes with free space?")
    if row is not None and row["Status"] not in ("available", "in-use"):
        raise Pending(f"The volume {kit.site.check.volume} is {row['Status']}.", next_step="Wait, then run it again.")
    return row is not None


def _volume_id(kit) -> str:
    row = _volume(kit)
    if row is None:
        raise LookupError("there is no volume yet")
    return str(row["ID"])


def add_volume(kit, plan: Plan) -> None:
    """cinder create, then nova volume-attach."""
    check = kit.site.check
    plan.run(kit.controller, _demo("cinder create --display-name {name} {size}", name=check.volume,
                                   size=check.volume_gb),
             done=lambda: _volume_ready(kit), settle=BOOT,
             undo=lambda: _demo("cinder delete {id}", id=_volume_id(kit)))
    plan.run(kit.controller, _demo("nova volume-attach {server} {volume} auto", server=lambda: _instance_id(kit),
                                   volume=lambda: _volume_id(kit)),
             done=lambda: volume_attached(kit), settle=BOOT,
             undo=lambda: _demo("nova volume-detach {server} {volume}", server=_instance_id(kit),
                                volume=_volume_id(kit)))


# --- floating address ----------------------------------------------------------------------------------------

def _addresses(kit):
    return _rows(kit, "nova floating-ip-list")


def floating_address(kit) -> str:
    """The instance's floating address.

    Raises:
        LookupError: it has none yet.
    """
    rows = _addresses(kit)
    for _, row in rows.iterrows():
        if row["Fixed Ip"] == fixed_address(kit):
            return str(row["Ip"])
    raise LookupError("the instance has no floating address yet")


def _free_address(kit) -> str:
    rows = _addresses(kit)
    for _, row in rows.iterrows():
        if not isinstance(row["Fixed Ip"], str):  # pandas writes a missing text as NaN
            return str(row["Ip"])
    raise LookupError("there is no free floating address yet")


def _has_floating(kit) -> bool:
    try:
        return bool(floating_address(kit))
    except LookupError:
        return False


def add_floating(kit, plan: Plan) -> None:
    """An address of the public pool, bound to the instance; a free one of the tenant is used first."""
    plan.run(kit.controller, _demo("nova floating-ip-create {pool}", pool=kit.site.public_net.name),
             done=lambda: _has_floating(kit) or bool(_addresses(kit)["Fixed Ip"].isna().any()),
             undo=lambda: _demo("nova floating-ip-delete {address}", address=_free_address(kit)))
    plan.run(kit.controller, _demo("nova add-floating-ip {server} {address}", server=lambda: _instance_id(kit),
                                   address=lambda: _free_address(kit)),
             done=lambda: _has_floating(kit), settle=60,
             undo=lambda: _demo("nova remove-floating-ip {server} {address}", server=_instance_id(kit),
                                address=floating_address(kit)))


def floating_answers(kit) -> bool:
    """The network node reaches the floating address by ping."""
    ping = cmd("ping -c 1 -W 5 {address}", address=floating_address(kit))
    return bool(_ask.ask(kit, kit.network, ping, expect=(0, 1, 2)))


# --- login -----------------------------------------------------------------------------------------------------

class Guest:
    """The instance, logged in to through the network node. Without a connection (plan only) it says so."""

    def __init__(self, name: str, node: Node | None, why: str = ""):
        self.name, self.node, self.why = name, node, why

    def show(self, line: str) -> None:
        """The command at the instance's prompt, and what it says."""
        show.prompt(self.name, line, user=self.node.connection.door.user if self.node else "cirros")
        show.say(facts.text(self.node.run(line)) if self.node else f"(cannot be asked yet: {self.why})")

    def ask(self, line: str) -> str:
        """What a command says."""
        return self.node.run(line).check().stdout if self.node else ""


def log_in(kit) -> Guest:
    """SSH to the host, and from there into the instance: the last line of the document.

    The instance's host key was made at its first boot; the only witness is its console log, which is asked.

    Raises:
        ConnectError, AuthError: the security group, the router or the image says no.
    """
    image = kit.site.image
    try:
        address = floating_address(kit)
    except NOT_KNOWN as error:
        if kit.plan_only:
            return Guest(kit.site.check.instance, None, str(error))
        raise
    password = kit.secret(image.password, "image.password") if image.password else None
    known = kit.journal.folder / "instance_known_hosts"
    door = Door(kit.site.check.instance, address, user=image.user, password=password, known_hosts=str(known),
                jump=kit.network.connection.door, becomes_root=False)
    key = scan_host_key(door)
    _witness(kit, key)
    known.unlink(missing_ok=True)
    record_host_key(door, key)
    show.prompt(kit.network.name, f"ssh {image.user}@{address}")
    guest = Node(door, show.say)
    return Guest(kit.site.check.instance, guest)


def _witness(kit, key) -> None:
    console = _ask.ask(kit, kit.controller, _demo("nova console-log {id}", id=_instance_id(kit))).stdout
    printed = set(re.findall(r"ssh-rsa (AAAA\S+)", console))
    if key.get_base64() in printed:
        show.say("The host key is the one that the instance printed on its console at its first boot.")
    elif printed:
        raise RdokitError("The instance offers another host key than the one its console log shows.",
                          next_step="Somebody else answers on this address; look at `neutron floatingip-list`.")
    else:
        show.say("The instance does not print its host key on the console; it is taken as it is, this once.")

