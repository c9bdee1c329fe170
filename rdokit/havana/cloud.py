"""Steps 12 to 14: networks, users, the hypervisor.

Havana lets a second router, network, or subnet of the same name be created without a word; so every
fact here looks by name and stops when a name is taken twice, or by something else than the site says.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .. import edit, facts
from ..errors import RdokitError
from ..node import Node
from ..plan import Plan
from ..site import CloudNetwork, User
from . import _ask
from ._ask import says


def differs(kind: str, name: str, field: str, found: object, wanted: object) -> RdokitError:
    """The error for a thing of that name which is not what the site says."""
    return RdokitError(f"The {kind} {name} exists already with {field} {found}, the site says {wanted}.",
                       next_step="Delete it, give ours another name in the site file, or correct the site file.")


def name_or_id(kit, line: str, name: str) -> object:
    """The name, as the document types it; the id where keystone 0.4.1 cannot look the name up (it is not ASCII)."""
    return name if name.isascii() else lambda: _ask.id_of(kit, line, name)


def tenant(kit) -> object:
    """What names the site's tenant in a keystone command."""
    return name_or_id(kit, "keystone tenant-list", kit.site.tenant.name)


def user(kit, one: User) -> object:
    """What names a user in a keystone command."""
    return name_or_id(kit, "keystone user-list", one.name)


# --- Step 12 -------------------------------------------------------------------------------------------

def add_network(kit, plan: Plan, net: CloudNetwork, flag: str) -> None:
    """neutron net-create with `flag` ("--shared", "--router:external=True"), owned by the network's tenant."""
    plan.run(kit.controller, kit.as_admin(f"neutron net-create {{name}} {flag} --tenant-id {{tenant}}", name=net.name,
                                          tenant=lambda: _ask.id_of(kit, "keystone tenant-list", net.tenant)),
             done=lambda: _ask.find(kit, "neutron net-list", net.name) is not None,
             undo=lambda: kit.as_admin("neutron net-delete {id}", id=_ask.id_of(kit, "neutron net-list", net.name)))


def add_subnet(kit, plan: Plan, net: CloudNetwork) -> None:
    """neutron subnet-create as the document types it."""
    servers = {f"dns{number}": address for number, address in enumerate(net.dns)}
    dns = "".join(f"--dns-nameserver {{{name}}} " for name in servers)
    line = ("neutron subnet-create --name {subnet} --enable_dhcp={dhcp} --allocation-pool=start={start},end={end} "
            f"--gateway={{gateway}} {dns}{{net}} {{cidr}}")
    command = kit.as_admin(line, subnet=net.subnet, dhcp=net.dhcp, start=net.pool.start, end=net.pool.end,
                           gateway=net.gateway, net=net.name, cidr=net.cidr, **servers)

    def done() -> bool:
        row = _ask.find(kit, "neutron subnet-list", net.subnet)
        if row is not None and row["cidr"] != net.cidr:
            raise differs("subnet", net.subnet, "cidr", row["cidr"], net.cidr)
        return row is not None
    plan.run(kit.controller, command, done=done,
             undo=lambda: kit.as_admin("neutron subnet-delete {id}",
                                       id=_ask.id_of(kit, "neutron subnet-list", net.subnet)))


def gateway_set(kit) -> bool:
    """The router's gateway is in the public network."""
    row = _ask.find(kit, "neutron router-list", kit.site.router)
    info = row["external_gateway_info"] if row is not None else None
    return bool(info) and info["network_id"] == _ask.id_of(kit, "neutron net-list", kit.site.public_net.name)


def interface_added(kit) -> bool:
    """The router has a port on demo-net's subnet."""
    if _ask.find(kit, "neutron router-list", kit.site.router) is None:
        return False
    subnet = _ask.id_of(kit, "neutron subnet-list", kit.site.demo_net.subnet)
    ports = _ask.rows(kit, "neutron router-port-list {router}", router=kit.site.router)
    return any(address["subnet_id"] == subnet for addresses in ports["fixed_ips"] for address in addresses)


def add_gateway(kit, plan: Plan) -> None:
    """neutron router-gateway-set."""
    router = kit.site.router
    plan.run(kit.controller, kit.as_admin("neutron router-gateway-set {router} {net}", router=router,
                                          net=kit.site.public_net.name),
             done=lambda: gateway_set(kit),
             undo=lambda: kit.as_admin("neutron router-gateway-clear {id}",
                                       id=_ask.id_of(kit, "neutron router-list", router)))


def add_interface(kit, plan: Plan) -> None:
    """neutron router-interface-add."""
    router, subnet = kit.site.router, kit.site.demo_net.subnet
    plan.run(kit.controller, kit.as_admin("neutron router-interface-add {router} subnet={subnet}", router=router,
                                          subnet=subnet),
             done=lambda: interface_added(kit),
             undo=lambda: kit.as_admin("neutron router-interface-delete {router} subnet={subnet}",
                                       router=_ask.id_of(kit, "neutron router-list", router),
                                       subnet=_ask.id_of(kit, "neutron subnet-list", subnet)))


def router_namespace(kit) -> str:
    """Name of the router's network namespace on the network node.

    Raises:
        LookupError: there is no router yet.
    """
    return f"qrouter-{_ask.id_of(kit, 'neutron router-list', kit.site.router)}"


def router_answers(kit) -> bool:
    """The router's namespace carries the gateway address of demo-net."""
    said = says(kit, kit.network, "ip netns exec {name} ip -o -4 addr", name=router_namespace(kit))
    return f" {kit.site.demo_net.gateway}/" in said


# --- Step 13 -------------------------------------------------------------------------------------------

def add_tenant(kit, plan: Plan) -> None:
    """keystone tenant-create."""
    wanted = kit.site.tenant
    plan.run(kit.controller, kit.as_admin("keystone tenant-create --name {name} --description {text} --enabled true",
                                          name=wanted.name, text=wanted.description),
             done=lambda: _ask.find(kit, "keystone tenant-list", wanted.name) is not None,
             undo=lambda: kit.as_admin("keystone tenant-delete {id}",
                                       id=_ask.id_of(kit, "keystone tenant-list", wanted.name)))


def add_user(kit, plan: Plan, one: User) -> None:
    """keystone user-create; the password is sent and never shown."""
    password = kit.secret(one.password, f"users.{one.name}.password")
    plan.run(kit.controller, kit.as_admin(
        "keystone user-create --name {name} --pass {password} --tenant {tenant} --email {email} --enabled true",
        name=one.name, password=password, tenant=tenant(kit), email=one.email),
        done=lambda: _ask.find(kit, "keystone user-list", one.name) is not None,
        undo=lambda: kit.as_admin("keystone user-delete {id}", id=_ask.id_of(kit, "keystone user-list", one.name)))


def in_tenant(kit, one: User) -> bool:
    """The user's own tenant is the site's."""
    said = facts.pairs(_ask.rows(kit, "keystone user-get {name}", name=user(kit, one)))
    return said.get("tenantId") == _ask.id_of(kit, "keystone tenant-list", kit.site.tenant.name)


def _role(kit, name: str) -> str | None:
    """The role's name as it is spelt; MySQL compares without case."""
    names = _ask.rows(kit, "keystone role-list")["name"]
    return next((str(found) for found in names if str(found).casefold() == name.casefold()), None)


def add_roles(kit, plan: Plan) -> None:
    """keystone role-create for every role of the site's users that is missing (defect 10)."""
    for name in dict.fromkeys(one.role for one in kit.site.users):
        plan.run(kit.controller, kit.as_admin("keystone role-create --name {name}", name=name),
                 done=lambda name=name: _role(kit, name) is not None,
                 undo=lambda name=name: kit.as_admin("keystone role-delete {id}",
                                                     id=_ask.id_of(kit, "keystone role-list", name)))


def granted(kit, one: User) -> bool:
    """The user has the role in the tenant."""
    if _ask.find(kit, "keystone user-list", one.name) is None:
        return False
    rows = _ask.rows(kit, "keystone user-role-list --user {user} --tenant {tenant}", user=user(kit, one),
                     tenant=tenant(kit))
    return any(str(name).casefold() == one.role.casefold() for name in rows["name"])


def add_grant(kit, plan: Plan, one: User) -> None:
    """keystone user-role-add."""
    def role() -> str:
        name = _role(kit, one.role) or one.role
        return name if name.isascii() else _ask.id_of(kit, "keystone role-list", name)
    plan.run(kit.controller, kit.as_admin("keystone user-role-add --user {user} --tenant {tenant} --role {role}",
                                          user=user(kit, one), tenant=tenant(kit), role=role),
             done=lambda: granted(kit, one),
             undo=lambda: kit.as_admin("keystone user-role-remove --user {user} --tenant {tenant} --role {role}",
                                       user=_ask.id_of(kit, "keystone user-list", one.name),
                                       tenant=_ask.id_of(kit, "keystone tenant-list", kit.site.tenant.name),
                                       role=_ask.id_of(kit, "keystone role-list", _role(kit, one.role) or one.role)))


# --- Step 14 -------------------------------------------------------------------------------------------

CONF = "/etc/nova/nova.conf"


def kvm_loaded(kit, node: Node) -> bool:
    """The module of the processor's maker is loaded."""
    return bool(re.search(r"^kvm_(intel|amd)\b", says(kit, node, "lsmod"), re.M))


def nova_conf(kit) -> Callable[[str], str]:
    """The edit of nova.conf."""
    def function(text: str) -> str:
        if not text:
            raise LookupError("there is no nova.conf yet; packstack brings it")
        return edit.ini_set(text, "DEFAULT", {"libvirt_type": kit.site.virt_type})
    return function


def compute_restarted(kit, node: Node) -> bool:
    """nova-compute runs, and started after its file changed last (full times: both can be of the same second)."""
    said = says(kit, node, "service openstack-nova-compute status > /dev/null && TZ=UTC stat -L -c %y {conf} "
                           "/var/run/nova/nova-compute.pid", conf=CONF).splitlines()
    return len(said) == 2 and said[0] <= said[1]


def virt_type_right(kit, node: Node) -> bool:
    """The service in force has read the wanted libvirt_type."""
    said = edit.ini_values(_ask.read(node, CONF).text, "DEFAULT").get("libvirt_type")
    return (said[-1] if isinstance(said, list) else said) == kit.site.virt_type and compute_restarted(kit, node)
