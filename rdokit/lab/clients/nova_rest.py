"""What nova tells besides servers: flavors, images, networks, groups, keys, volumes, hosts, quotas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..commands.cinder import Client as Volumes
from ..commands.cinder import account
from ..openstack.errors import ApiError
from ..openstack.nova import QUOTAS, Flavor
from ..openstack.py2 import Py2Dict, text_repr, wire
from .nova_client import Client, words
from .session import NotFound, Stop, py2_int_or_none

# --- flavors ---


def print_flavors(c: Client, flavors: list[Flavor], specs: bool = False) -> None:
    fields = ["ID", "Name", "Memory_MB", "Disk", "Ephemeral", "Swap", "VCPUs", "RXTX_Factor", "Is_Public"]
    rows: list[list[Any]] = []
    for f in flavors:
        row = [f.id, f.name, f.ram, f.disk, f.ephemeral, f.swap or "", f.vcpus, f.rxtx_factor, f.is_public]
        rows.append([*row, wire(Py2Dict(f.extra_specs.items()))] if specs else row)
    c.print_list([*fields, "extra_specs"] if specs else fields, rows)


async def flavor_list(c: Client, args: Any) -> None:
    print_flavors(c, c.ask("/flavors/detail", lambda: c.server.flavor_list(c.caller, args.all)), args.extra_specs)


async def flavor_show(c: Client, args: Any) -> None:
    flavor = c.find_flavor(args.flavor)
    info = wire(c.server.show_flavor(flavor)).copy()
    info.pop("links")
    info.update(Py2Dict([("extra_specs", wire(Py2Dict(flavor.extra_specs.items())))]))
    c.print_dict(info)


async def flavor_create(c: Client, args: Any) -> None:
    fields = {
        "name": args.name, "id": args.id, "ram": args.ram, "disk": args.disk, "vcpus": args.vcpus,
        "ephemeral": args.ephemeral, "swap": args.swap, "rxtx_factor": args.rxtx_factor, "is_public": args.is_public,
    }  # fmt: skip
    for key, title in (("ram", "Ram"), ("vcpus", "VCPUs"), ("disk", "Disk")):
        if py2_int_or_none(str(fields[key])) is None:
            raise Stop(f"{title} must be an integer.")
    for key, title in (("swap", "Swap"), ("ephemeral", "Ephemeral")):
        if py2_int_or_none(str(fields[key])) is None:
            raise Stop(f"{title} must be an integer.")
    try:
        float(str(fields["rxtx_factor"]))
    except ValueError:
        raise Stop("rxtx_factor must be a float.") from None
    print_flavors(c, [c.ask("/flavors", lambda: c.server.create_flavor(c.caller, fields))])


async def flavor_delete(c: Client, args: Any) -> None:
    flavor = c.find_flavor(args.flavor)
    c.ask(f"/flavors/{flavor.id}", lambda: c.server.delete_flavor(c.caller, flavor.id))
    print_flavors(c, [flavor])


async def flavor_key(c: Client, args: Any) -> None:
    flavor = c.find_flavor(args.flavor)
    given = words(args.metadata)

    def work() -> None:
        verb = "create" if args.action == "set" else "delete"
        c.server.admin(c.caller, f"compute_extension:flavorextraspecs:{verb}")
        if args.action == "set":
            flavor.extra_specs.update({k: v if v is not None else "" for k, v in given.items()})
            return
        for key in given:
            if key not in flavor.extra_specs:
                raise ApiError(404, f"Flavor {flavor.id} has no extra specs with key {key}.")
            del flavor.extra_specs[key]

    c.ask(f"/flavors/{flavor.id}/os-extra_specs", work)


def _access_rows(flavor: Flavor) -> list[list[str]]:
    return [[flavor.id, tenant] for tenant in flavor.tenants]


async def flavor_access_list(c: Client, args: Any) -> None:
    if args.flavor and args.tenant:
        raise Stop("Unable to filter results by both --flavor and --tenant.")
    if args.flavor:
        flavor = c.find_flavor(args.flavor)
        if flavor.is_public:
            raise Stop("Failed to get access list for public flavor type.")
        c.print_list(["Flavor_ID", "Tenant_ID"], _access_rows(flavor))
    elif args.tenant:
        raise Stop("Sorry, query by tenant not supported.")
    else:
        raise Stop("Unable to get all access lists. Specify --flavor or --tenant")


def _access(add: bool) -> Callable[..., Any]:
    async def change(c: Client, args: Any) -> None:
        flavor = c.find_flavor(args.flavor, everything=True)

        def work() -> None:
            verb = "addTenantAccess" if add else "removeTenantAccess"
            c.server.admin(c.caller, f"compute_extension:flavor_access:{verb}")
            if add and args.tenant in flavor.tenants:
                raise ApiError(
                    409, f"Flavor access already exists for flavor {flavor.id} and project {args.tenant} combination."
                )
            if not add and args.tenant not in flavor.tenants:
                raise ApiError(404, f"Flavor access not found for {flavor.id} / {args.tenant} combination.")
            if add:
                flavor.tenants.append(args.tenant)
            else:
                flavor.tenants.remove(args.tenant)

        c.ask(f"/flavors/{flavor.id}/action", work)
        c.print_list(["Flavor_ID", "Tenant_ID"], _access_rows(flavor))

    return change


# --- images ---


async def image_list(c: Client, args: Any) -> None:
    images = c.ask("/images/detail", c.images)
    if args.limit and args.limit.isdigit():
        images = images[: int(args.limit)]
    rows = []
    for i in images:
        info = c.show_image(i)
        rows.append([info["id"], info["name"], info["status"], info.get("server", {}).get("id", "")])
    c.print_list(["ID", "Name", "Status", "Server"], rows, sort=1)


async def image_show(c: Client, args: Any) -> None:
    info = c.show_image(c.find_image(args.image)).copy()
    info.pop("links")
    server = info.pop("server", None)
    if server:
        info["server"] = server["id"]
    for key, value in info.pop("metadata").items():
        info[f"metadata {key}"] = value
    c.print_dict(info)


async def image_delete(c: Client, args: Any) -> None:
    for name in args.image:
        try:
            image = c.find_image(name)

            def work(image: Any = image) -> None:
                try:
                    c.glance().delete(c.p.world, c.caller, image.id)
                except ApiError as fault:
                    words_ = {403: "You are not allowed to delete the image.", 404: "Image not found."}
                    raise ApiError(fault.status, words_.get(fault.status, fault.message)) from None

            c.ask(f"/images/{image.id}", work)
        except Stop as fault:
            c.p.print(f"Delete for image {name} failed: {fault}")


async def image_meta(c: Client, args: Any) -> None:
    image = c.find_image(args.image)
    given = words(args.metadata)

    def work() -> None:
        if not (c.caller.is_admin or image.owner == c.caller.tenant_id):
            raise ApiError(403, "You are not allowed to access the image.")
        for key, value in given.items():
            if args.action == "set":
                image.properties[key] = str(value)
            elif key in image.properties:
                del image.properties[key]
            else:
                raise ApiError(404, "Invalid metadata key")

    c.ask(f"/images/{image.id}/metadata", work)


# --- networks ---


async def net_list(c: Client, args: Any) -> None:
    rows = c.ask("/os-tenant-networks", lambda: c.server.network_rows(c.caller))
    c.print_list(["ID", "Label", "CIDR"], [[n["id"], n["name"], "None"] for n in rows])


async def network_list(c: Client, args: Any) -> None:
    rows = c.ask("/os-networks", lambda: c.server.network_rows(c.caller))
    c.print_list(["ID", "Label", "Cidr"], [[n["id"], n["name"], None] for n in rows])


def _net_info(row: dict[str, Any]) -> Py2Dict:
    return wire(Py2Dict([("id", row["id"]), ("cidr", "None"), ("label", row["name"])]))


async def net(c: Client, args: Any) -> None:
    def work() -> dict[str, Any]:
        for row in c.server.network_rows(c.caller):
            if row["id"] == args.network_id:
                return row
        raise ApiError(404, "Network not found")

    c.print_dict(_net_info(c.ask(f"/os-tenant-networks/{args.network_id}", work)))


async def net_create(c: Client, args: Any) -> None:
    c.ask("/os-tenant-networks", _not_here)


async def net_delete(c: Client, args: Any) -> None:
    def work() -> None:
        neutron = c.server.neutron
        if args.network_id not in neutron.networks:
            raise ApiError(404, "Network not found")
        raise ApiError(500, FAILED)

    c.ask(f"/os-tenant-networks/{args.network_id}", work)


FAILED = "The server has either erred or is incapable of performing the requested operation."


def _not_here() -> None:
    """nova-network's own: with neutron these requests fail inside the server."""
    raise ApiError(500, FAILED)


async def network_show(c: Client, args: Any) -> None:
    def get(key: str) -> dict[str, Any]:
        for row in c.server.network_rows(c.caller):
            if row["id"] == key:
                return row
        raise ApiError(404, "Network not found")

    row = c.find(
        "network", args.network, "/os-networks", get, lambda: c.server.network_rows(c.caller),
        lambda n: n["name"], human=False,
    )  # fmt: skip
    keys = (
        "bridge", "vpn_public_port", "dhcp_start", "bridge_interface", "updated_at", "id", "cidr_v6", "deleted_at",
        "gateway", "rxtx_base", "label", "priority", "project_id", "vpn_private_address", "deleted", "vlan",
        "broadcast", "netmask", "injected", "cidr", "vpn_public_address", "multi_host", "dns2", "created_at", "host",
        "gateway_v6", "netmask_v6", "dns1",
    )  # fmt: skip
    known = {"id": row["id"], "label": row["name"]}
    c.print_dict(wire(Py2Dict([(k, known.get(k)) for k in keys])))


async def fails(c: Client, args: Any) -> None:
    c.ask("/", _not_here)


# --- key pairs ---


async def keypair_list(c: Client, args: Any) -> None:
    rows = c.ask("/os-keypairs", lambda: c.server.keypair_list(c.caller))
    c.print_list(["Name", "Fingerprint"], [[k.name, k.fingerprint] for k in rows])


async def keypair_add(c: Client, args: Any) -> None:
    public = None
    if args.pub_key:
        home = c.p.env.get("HOME", "/root")
        path = home + args.pub_key[1:] if args.pub_key.startswith("~/") else args.pub_key
        try:
            public = c.p.node.fs.read_text(c.p.path(path))
        except OSError as fault:
            why = f"[Errno {fault.errno}] {fault.strerror}: {text_repr(path)}"
            raise Stop(f"Can't open or read '{args.pub_key}': {why}") from None
    pair = c.ask("/os-keypairs", lambda: c.server.create_keypair(c.caller, args.name, public))
    if not public:
        c.p.print(pair.private_key)


async def keypair_show(c: Client, args: Any) -> None:
    c.ask(f"/os-keypairs/{args.keypair}", lambda: c.server.keypair(c.caller, args.keypair))
    # The answer holds an "id", which this client cannot store: it has always failed here.
    raise Stop("can't set attribute")


async def keypair_delete(c: Client, args: Any) -> None:
    c.ask(f"/os-keypairs/{args.name}", lambda: c.server.delete_keypair(c.caller, args.name))


# --- security groups ---

GROUP = ["Id", "Name", "Description"]
RULE = ["IP Protocol", "From Port", "To Port", "IP Range", "Source Group"]


def find_group(c: Client, text: str) -> dict[str, Any]:
    """By integer id (there are none with neutron), else by name among the caller's own.

    Raises:
        Stop: none or several.
    """
    found = [g for g in c.ask("/os-security-groups", lambda: c.server.groups(c.caller)) if g["name"] == text]
    if len(found) > 1:
        raise Stop(f"Multiple security group matches found for name '{text}', use an ID to be more specific.")
    if not found:
        raise Stop(f"Secgroup ID or name '{text}' not found.")
    return found[0]


def print_groups(c: Client, groups: list[dict[str, Any]]) -> None:
    c.print_list(GROUP, [[g["id"], g["name"], g["description"]] for g in groups])


def print_rules(c: Client, rules: list[Any]) -> None:
    rows = []
    for r in rules:
        row = [r["ip_protocol"], r["from_port"], r["to_port"], r["ip_range"].get("cidr"), r["group"].get("name")]
        rows.append(["" if v is None else v for v in row])
    c.print_list(RULE, rows)


async def secgroup_list(c: Client, args: Any) -> None:
    everybody = bool(args.all_tenants)
    rows = c.ask("/os-security-groups", lambda: c.server.groups(c.caller, everybody and c.caller.is_admin))
    if everybody:
        fields = [*GROUP, "Tenant_ID"]
        c.print_list(fields, [[g["id"], g["name"], g["description"], g["tenant_id"]] for g in rows])
    else:
        print_groups(c, rows)


async def secgroup_list_rules(c: Client, args: Any) -> None:
    group = find_group(c, args.secgroup)
    print_rules(c, c.server.group_rules(group["id"]))


def _numbers(args: Any) -> tuple[int, int]:
    found = []
    for text, title in ((args.from_port, "From"), (args.to_port, "To")):
        number = py2_int_or_none(str(text))
        if number is None:
            raise Stop(f"{title} port must be an integer.")
        found.append(number)
    return found[0], found[1]


async def secgroup_add_rule(c: Client, args: Any) -> None:
    group = find_group(c, args.secgroup)
    low, high = _numbers(args)
    if args.ip_proto.upper() not in ("TCP", "UDP", "ICMP"):
        raise Stop("Ip protocol must be 'tcp', 'udp', or 'icmp'.")
    ask = {"ip_protocol": args.ip_proto, "from_port": low, "to_port": high, "cidr": args.cidr}
    made = c.ask("/os-security-group-rules", lambda: c.server.add_rule(c.caller, group["id"], ask))
    print_rules(c, [c.server.rule(made)])


async def secgroup_delete_rule(c: Client, args: Any) -> None:
    group = find_group(c, args.secgroup)
    for rule in c.server.group_rules(group["id"]):
        if (
            rule["ip_protocol"] and rule["ip_protocol"].upper() == args.ip_proto.upper()
            and rule["from_port"] == _int(args.from_port) and rule["to_port"] == _int(args.to_port)
            and _cidr_of(rule) == args.cidr
        ):  # fmt: skip
            print_rules(c, [rule])
            c.ask("/os-security-group-rules", lambda r=rule: c.server.delete_rule(c.caller, r["id"]))
            return
    raise Stop("Rule not found")


def _cidr_of(rule: Any) -> str:
    if "cidr" not in rule["ip_range"]:
        raise Stop("'cidr'")
    return rule["ip_range"]["cidr"]


def _int(text: str) -> int:
    number = py2_int_or_none(text)
    if number is None:
        raise Stop(f"invalid literal for int() with base 10: {text_repr(text)}")
    return number


async def secgroup_create(c: Client, args: Any) -> None:
    made = c.ask("/os-security-groups", lambda: c.server.create_group(c.caller, args.name, args.description))
    print_groups(c, [made])


async def secgroup_update(c: Client, args: Any) -> None:
    group = find_group(c, args.secgroup)
    made = c.ask(
        f"/os-security-groups/{group['id']}",
        lambda: c.server.update_group(c.caller, group["id"], args.name, args.description),
    )
    print_groups(c, [made])


async def secgroup_delete(c: Client, args: Any) -> None:
    group = find_group(c, args.secgroup)
    c.ask(f"/os-security-groups/{group['id']}", lambda: c.server.delete_group(c.caller, group["id"]))
    print_groups(c, [group])


async def secgroup_add_group_rule(c: Client, args: Any) -> None:
    group, source = find_group(c, args.secgroup), find_group(c, args.source_group)
    low, high = _numbers(args)
    if args.ip_proto.upper() not in ("TCP", "UDP", "ICMP"):
        raise Stop("Ip protocol must be 'tcp', 'udp', or 'icmp'.")
    ask = {"ip_protocol": args.ip_proto, "from_port": low, "to_port": high, "group_id": source["id"]}
    made = c.ask("/os-security-group-rules", lambda: c.server.add_rule(c.caller, group["id"], ask))
    print_rules(c, [c.server.rule(made)])


async def secgroup_delete_group_rule(c: Client, args: Any) -> None:
    group, source = find_group(c, args.secgroup), find_group(c, args.source_group)
    wanted = (args.ip_proto.upper(), _int(args.from_port), _int(args.to_port), source["name"])
    for rule in c.server.group_rules(group["id"]):
        if rule["ip_protocol"] is None:
            raise Stop("'NoneType' object has no attribute 'upper'")
        held = (rule["ip_protocol"].upper(), rule["from_port"], rule["to_port"], rule["group"].get("name"))
        if held == wanted:
            c.ask("/os-security-group-rules", lambda r=rule: c.server.delete_rule(c.caller, r["id"]))
            return
    raise Stop("Rule not found")


# --- floating addresses ---

FLOATING = ["Ip", "Instance Id", "Fixed Ip", "Pool"]


def print_floating(c: Client, rows: list[dict[str, Any]]) -> None:
    infos = [c.server.floating_row(r) for r in rows]
    c.print_list(FLOATING, [[i["ip"], i["instance_id"], i["fixed_ip"], i["pool"]] for i in infos])


async def floating_ip_list(c: Client, args: Any) -> None:
    print_floating(c, c.ask("/os-floating-ips", lambda: c.server.floating_list(c.caller)))


async def floating_ip_create(c: Client, args: Any) -> None:
    print_floating(c, [c.ask("/os-floating-ips", lambda: c.server.create_floating(c.caller, args.pool))])


async def floating_ip_delete(c: Client, args: Any) -> None:
    for row in c.ask("/os-floating-ips", lambda: c.server.floating_list(c.caller)):
        if row["floating_ip_address"] == args.address:
            c.ask(f"/os-floating-ips/{row['id']}", lambda r=row: c.server.delete_floating(c.caller, r["id"]))
            return
    raise Stop(f"Floating ip {args.address} not found.")


async def floating_ip_pool_list(c: Client, args: Any) -> None:
    rows = c.ask("/os-floating-ip-pools", lambda: c.server.pools(c.caller))
    c.print_list(["name"], [[n["name"]] for n in rows])


async def floating_ip_bulk_list(c: Client, args: Any) -> None:
    c.ask("/os-floating-ips-bulk", lambda: c.server.admin(c.caller, "compute_extension:floating_ips_bulk"))
    c.print_list(["project_id", "address", "instance_uuid", "pool", "interface"], [])


# --- volumes: the same requests as cinder's client, printed by nova's ---


def volumes(c: Client) -> Volumes:
    def say(fault: ApiError) -> str:
        return f"{fault.message} (HTTP {fault.status}) (Request-ID: {c.session.request_id()})"

    return Volumes(c.session, c.url, say)


async def volume_list(c: Client, args: Any) -> None:
    v = volumes(c)
    rows = []
    for volume in v.ask("/volumes/detail", lambda: v.server.volume_list(c.caller, bool(args.all_tenants))):
        info = v.server.show(c.caller, volume)
        cells = [info[k] for k in ("id", "status", "display_name", "size", "volume_type")]
        rows.append([*cells, volume.server_id or ""])
    c.print_list(["ID", "Status", "Display Name", "Size", "Volume Type", "Attached to"], rows)


async def volume_show(c: Client, args: Any) -> None:
    v = volumes(c)
    c.print_dict(wire(v.server.show(c.caller, v.volume(args.volume))))


async def volume_create(c: Client, args: Any) -> None:
    v = volumes(c)
    made = v.ask(
        "/volumes",
        lambda: v.server.create_volume(
            c.p.world, c.caller, args.size, args.snapshot_id, None, args.image_id, args.volume_type,
            args.availability_zone, display_name=args.display_name, display_description=args.display_description,
        ),
    )  # fmt: skip
    c.print_dict(wire(v.server.show(c.caller, made, fresh=True)))


async def volume_delete(c: Client, args: Any) -> None:
    v = volumes(c)
    volume = v.volume(args.volume)
    v.ask(f"/volumes/{volume.id}", lambda: v.server.delete_volume(c.caller, volume.id))


async def volume_attach(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    device = None if args.device == "auto" else args.device
    path = f"/servers/{instance.id}/os-volume_attachments"
    c.print_dict(wire(c.ask(path, lambda: c.server.attach_volume(c.caller, instance.id, args.volume, device))))


async def volume_detach(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    c.ask(
        f"/servers/{instance.id}/os-volume_attachments/{args.attachment_id}",
        lambda: c.server.detach_volume(c.caller, instance.id, args.attachment_id),
    )


async def volume_update(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)

    def work() -> None:
        for volume_id in (args.attachment_id, args.new_volume):
            if volume_id not in c.session.cloud.cinder.volumes:
                raise ApiError(404, f"Volume {volume_id} could not be found.")
        if args.attachment_id not in instance.volumes:
            raise ApiError(404, "The resource could not be found.")
        raise ApiError(500, FAILED)

    c.ask(f"/servers/{instance.id}/os-volume_attachments/{args.attachment_id}", work)


async def volume_snapshot_list(c: Client, args: Any) -> None:
    v = volumes(c)
    rows = v.ask("/snapshots/detail", lambda: v.server.snapshot_list(c.caller))
    c.print_list(
        ["ID", "Volume ID", "Status", "Display Name", "Size"],
        [[s.id, s.volume_id, s.status, s.display_name, s.size] for s in rows],
    )


async def volume_snapshot_show(c: Client, args: Any) -> None:
    v = volumes(c)
    c.print_dict(wire(v.server.show_snapshot(v.snapshot(args.snapshot))))


async def volume_snapshot_create(c: Client, args: Any) -> None:
    v = volumes(c)
    made = v.ask(
        "/snapshots",
        lambda: v.server.create_snapshot(
            c.p.world, c.caller, args.volume_id, args.force, args.display_name, args.display_description
        ),
    )
    c.print_dict(wire(v.server.show_snapshot(made, fresh=True)))


async def volume_snapshot_delete(c: Client, args: Any) -> None:
    v = volumes(c)
    snapshot = v.snapshot(args.snapshot)
    v.ask(f"/snapshots/{snapshot.id}", lambda: v.server.delete_snapshot(c.caller, snapshot.id))


async def volume_type_list(c: Client, args: Any) -> None:
    v = volumes(c)
    kinds = v.ask("/types", lambda: list(v.server.types.values()))
    c.print_list(["ID", "Name"], [[t["id"], t["name"]] for t in kinds])


async def volume_type_create(c: Client, args: Any) -> None:
    v = volumes(c)
    kind = v.ask("/types", lambda: v.server.create_type(c.p.world, c.caller, args.name))
    c.print_list(["ID", "Name"], [[kind["id"], kind["name"]]])


async def volume_type_delete(c: Client, args: Any) -> None:
    v = volumes(c)
    v.ask(f"/types/{args.id}", lambda: v.server.delete_type(c.caller, args.id))


# --- account ---


async def endpoints(c: Client, args: Any) -> None:
    for service in c.session.catalog:
        entry = service["endpoints"][0]
        if service["type"] == (c.session.args.service_type or "compute"):
            entry["serviceName"] = service["name"]
        c.print_dict(entry, service["name"])


async def credentials(c: Client, args: Any) -> None:
    width = py2_int_or_none(str(args.wrap))
    if width is None:
        raise Stop(f"invalid literal for int() with base 10: {text_repr(str(args.wrap))}")
    user, token = account(c.session)
    c.print_dict(user, "User Credentials", wrap=width)
    c.print_dict(token, "Token", wrap=width)


async def absolute_limits(c: Client, args: Any) -> None:
    tenant = args.tenant if args.tenant and c.caller.is_admin else c.caller.tenant_id
    limits = wire(c.ask("/limits", lambda: c.server.absolute_limits(tenant)))
    c.print_list(["Name", "Value"], [[k, v] for k, v in limits.items()])


async def rate_limits(c: Client, args: Any) -> None:
    c.ask("/limits", lambda: None)
    c.print_list(["Verb", "URI", "Value", "Remain", "Unit", "Next_Available"], [])


def _quota(defaults: bool) -> Callable[..., Any]:
    async def show(c: Client, args: Any) -> None:
        tenant = args.tenant or c.caller.tenant_id
        user = getattr(args, "user", "") or ""
        values = c.ask(f"/os-quota-sets/{tenant}", lambda: c.server.quota_set(c.caller, tenant, user, defaults))
        c.print_list(["Quota", "Limit"], [[k, values[k]] for k in QUOTAS])

    return show


def _changes(args: Any) -> dict[str, int]:
    return {k: getattr(args, k) for k in [*QUOTAS, "volumes", "gigabytes"] if getattr(args, k, None) is not None}


async def quota_update(c: Client, args: Any) -> None:
    changes = _changes(args)
    if changes:
        c.ask(
            f"/os-quota-sets/{args.tenant}",
            lambda: c.server.update_quota(c.caller, args.tenant, changes, bool(args.force), args.user or ""),
        )


async def quota_delete(c: Client, args: Any) -> None:
    def work() -> None:
        c.server.admin(c.caller, "compute_extension:quotas:delete")
        if args.user:
            c.server.user_quotas.pop((args.tenant, args.user), None)
        else:
            c.server.quotas.pop(args.tenant, None)

    c.ask(f"/os-quota-sets/{args.tenant}", work)


async def quota_class_show(c: Client, args: Any) -> None:
    def work() -> dict[str, int]:
        c.server.admin(c.caller, "compute_extension:quota_classes")
        return QUOTAS | c.server.class_quotas.get(args.class_name, {})

    values = c.ask(f"/os-quota-class-sets/{args.class_name}", work)
    c.print_list(["Quota", "Limit"], [[k, values[k]] for k in QUOTAS if k != "fixed_ips"])


async def quota_class_update(c: Client, args: Any) -> None:
    changes = {k: v for k, v in _changes(args).items() if k in QUOTAS}

    def work() -> None:
        c.server.admin(c.caller, "compute_extension:quota_classes")
        c.server.class_quotas.setdefault(args.class_name, {}).update(changes)

    if changes:
        c.ask(f"/os-quota-class-sets/{args.class_name}", work)


def _period(c: Client, args: Any) -> tuple[Any, Any]:
    try:
        return c.server.period(args.start, args.end)
    except ValueError as fault:
        raise Stop(str(fault)) from None


def _usage_cells(sums: dict[str, float]) -> list[str]:
    return [f"{sums['count']:.0f}", f"{sums['ram']:.2f}", f"{sums['vcpus']:.2f}", f"{sums['disk']:.2f}"]


async def usage_list(c: Client, args: Any) -> None:
    import calendar

    start, end = _period(c, args)
    bounds = calendar.timegm(start.timetuple()), calendar.timegm(end.timetuple())

    def work() -> list[list[str]]:
        c.server.admin(c.caller, "compute_extension:simple_tenant_usage:list")
        tenants = dict.fromkeys(i.tenant_id for i in c.server.instances.values() if i.launched)
        return [[t, *_usage_cells(c.server.tenant_usage(t, *bounds))] for t in tenants]

    rows = c.ask("/os-simple-tenant-usage", work)
    c.p.print(f"Usage from {start:%Y-%m-%d} to {end:%Y-%m-%d}:")
    c.print_list(["Tenant ID", "Instances", "RAM MB-Hours", "CPU Hours", "Disk GB-Hours"], rows)


async def usage(c: Client, args: Any) -> None:
    import calendar

    start, end = _period(c, args)
    tenant = args.tenant or c.caller.tenant_id

    def work() -> dict[str, float]:
        if tenant != c.caller.tenant_id:
            c.server.admin(c.caller, "compute_extension:simple_tenant_usage:show")
        bounds = calendar.timegm(start.timetuple()), calendar.timegm(end.timetuple())
        return c.server.tenant_usage(tenant, *bounds)

    sums = c.ask(f"/os-simple-tenant-usage/{tenant}", work)
    c.p.print(f"Usage from {start:%Y-%m-%d} to {end:%Y-%m-%d}:")
    if sums["vcpus"]:
        c.print_list(["Instances", "RAM MB-Hours", "CPU Hours", "Disk GB-Hours"], [_usage_cells(sums)])
    else:
        c.p.print("None")


# --- services, hosts, hypervisors ---


async def service_list(c: Client, args: Any) -> None:
    rows = c.ask("/os-services", lambda: c.server.services(c.caller, args.host, args.binary))
    if not rows:
        raise Stop("list index out of range")
    fields = ["Binary", "Host", "Zone", "Status", "State", "Updated_at", "Disabled Reason"]
    c.print_list(fields, [[r[f.lower().replace(" ", "_")] for f in fields] for r in rows])


async def service_enable(c: Client, args: Any) -> None:
    c.ask("/os-services/enable", lambda: c.server.switch(c.caller, args.host, args.binary, False))
    c.print_list(["Host", "Binary", "Status"], [[args.host, args.binary, "enabled"]])


async def service_disable(c: Client, args: Any) -> None:
    c.ask("/os-services/disable", lambda: c.server.switch(c.caller, args.host, args.binary, True, args.reason))
    row = [args.host, args.binary, "disabled"]
    if args.reason:
        c.print_list(["Host", "Binary", "Status", "Disabled Reason"], [[*row, args.reason]])
    else:
        c.print_list(["Host", "Binary", "Status"], [row])


async def host_list(c: Client, args: Any) -> None:
    rows = c.ask("/os-hosts", lambda: c.server.host_rows(c.caller, args.zone))
    c.print_list(["host_name", "service", "zone"], rows)


async def host_describe(c: Client, args: Any) -> None:
    rows = c.ask(f"/os-hosts/{args.host}", lambda: c.server.host_detail(c.caller, args.host))
    c.print_list(["HOST", "PROJECT", "cpu", "memory_mb", "disk_gb"], rows)


def _host_node(c: Client, host: str) -> str:
    c.server.admin(c.caller, "compute_extension:hosts")
    for node in c.server.hypervisors:
        if c.server.fqdn(node) == host:
            return node
    raise ApiError(404, f"Compute host {host} could not be found.")


async def host_update(c: Client, args: Any) -> None:
    def work() -> None:
        node = _host_node(c, args.host)
        if args.status and args.status.strip().lower() not in ("enable", "disable"):
            raise ApiError(400, f"Invalid status: '{args.status}'")
        if not c.server.settings(node).fake:
            raise ApiError(501, "Virt driver does not implement host disabled status.")

    c.ask(f"/os-hosts/{args.host}", work)
    fields, row = ["HOST"], [args.host]
    if args.status:
        fields.append("status")
        row.append("enabled" if args.status.strip().lower() == "enable" else "disabled")
    if args.maintenance:
        fields.append("maintenance_mode")
        row.append("on_maintenance" if args.maintenance == "enable" else "off_maintenance")
    c.print_list(fields, [row])


async def host_action(c: Client, args: Any) -> None:
    def work() -> None:
        if not c.server.settings(_host_node(c, args.host)).fake:
            raise ApiError(501, "Virt driver does not implement host power management.")

    c.ask(f"/os-hosts/{args.host}/{args.action}", work)
    c.print_list(["HOST", "power_action"], [[args.host, args.action or ""]])


def find_hypervisor(c: Client, text: str) -> int:
    def get(key: str) -> int:
        if not key.isdigit():
            raise ApiError(404, f"Hypervisor with ID '{key}' could not be found.")
        return c.server.hypervisor(c.caller, int(key))["id"]

    found = c.find(
        "hypervisor", text, "/os-hypervisors", get, lambda: c.server.hypervisor_rows(c.caller), lambda r: r[1],
        human=False,
    )  # fmt: skip
    return found if isinstance(found, int) else found[0]


async def hypervisor_list(c: Client, args: Any) -> None:
    if args.matching:
        found = c.ask("/os-hypervisors", lambda: c.server.hypervisor_search(c.caller, args.matching))
        rows = [[number, host] for number, host, _ in found]
    else:
        rows = [list(r) for r in c.ask("/os-hypervisors", lambda: c.server.hypervisor_rows(c.caller))]
    c.print_list(["ID", "Hypervisor hostname"], rows)


async def hypervisor_show(c: Client, args: Any) -> None:
    number = find_hypervisor(c, args.hypervisor)
    info = wire(c.server.hypervisor(c.caller, number)).copy()
    info["service_id"] = info["service"]["id"]
    info["service_host"] = info["service"]["host"]
    del info["service"]
    c.print_dict(info)


async def hypervisor_servers(c: Client, args: Any) -> None:
    rows = []
    for number, host, inside in c.ask("/os-hypervisors", lambda: c.server.hypervisor_search(c.caller, args.hostname)):
        rows += [[i.id, i.domain, number, host] for i in inside]
    c.print_list(["ID", "Name", "Hypervisor ID", "Hypervisor Hostname"], rows)


async def hypervisor_stats(c: Client, args: Any) -> None:
    c.print_dict(wire(c.ask("/os-hypervisors/statistics", lambda: c.server.hypervisor_stats(c.caller))))


async def hypervisor_uptime(c: Client, args: Any) -> None:
    number = find_hypervisor(c, args.hypervisor)

    def work() -> Py2Dict:
        node = c.server.hypervisors[number - 1]
        if c.server.settings(node).fake:
            raise ApiError(501, "Virt driver does not implement uptime function.")
        return Py2Dict.literal(
            ("id", number), ("hypervisor_hostname", c.server.fqdn(node)), ("uptime", c.server.uptime(node) + "\n")
        )

    c.print_dict(wire(c.ask(f"/os-hypervisors/{number}/uptime", work)))


async def availability_zone_list(c: Client, args: Any) -> None:
    rows: list[list[str]] = []
    zones = c.ask("/os-availability-zone/detail", c.server.zones)
    for zone, alive, hosts in zones:
        if not c.caller.is_admin:
            if zone != "internal":
                rows.append([zone, "available" if alive else "not available"])
            continue
        rows.append([zone, "available" if alive else "not available"])
        for host, daemons in wire(hosts).items():
            rows.append([f"|- {host}", ""])
            for binary, state in daemons.items():
                word = "enabled" if state["active"] else "disabled"
                mark = ":-)" if state["available"] else "XXX"
                rows.append([f"| |- {binary}", f"{word} {mark} {state['updated_at']}"])
    c.print_list(["Name", "Status"], rows)


# --- aggregates ---


def print_aggregate(c: Client, a: dict[str, Any]) -> None:
    row = [a["id"], a["name"], a["metadata"].get("availability_zone"), list(a["hosts"]),
           wire(Py2Dict(a["metadata"].items()))]  # fmt: skip
    c.print_list(["Id", "Name", "Availability Zone", "Hosts", "Metadata"], [row])


def find_aggregate(c: Client, text: str) -> dict[str, Any]:
    def get(key: str) -> dict[str, Any]:
        if not key.isdigit():
            raise ApiError(404, "The resource could not be found.")
        return c.server.aggregate(c.caller, int(key))

    def listing() -> list[dict[str, Any]]:
        c.server.admin(c.caller, "compute_extension:aggregates")
        return list(c.server.aggregates.values())

    return c.find("aggregate", text, "/os-aggregates", get, listing, lambda a: a["name"], human=False)


async def aggregate_list(c: Client, args: Any) -> None:
    def listing() -> list[dict[str, Any]]:
        c.server.admin(c.caller, "compute_extension:aggregates")
        return list(c.server.aggregates.values())

    rows = [[a["id"], a["name"], a["metadata"].get("availability_zone")] for a in c.ask("/os-aggregates", listing)]
    c.print_list(["Id", "Name", "Availability Zone"], rows)


async def aggregate_create(c: Client, args: Any) -> None:
    made = c.ask("/os-aggregates", lambda: c.server.create_aggregate(c.caller, args.name, args.availability_zone))
    print_aggregate(c, made)


async def aggregate_delete(c: Client, args: Any) -> None:
    found = find_aggregate(c, args.aggregate)
    c.ask(f"/os-aggregates/{found['id']}", lambda: c.server.delete_aggregate(c.caller, found["id"]))
    c.p.print(f"Aggregate {found['id']} has been successfully deleted.")


async def aggregate_details(c: Client, args: Any) -> None:
    print_aggregate(c, find_aggregate(c, args.aggregate))


async def aggregate_update(c: Client, args: Any) -> None:
    found = find_aggregate(c, args.aggregate)

    def work() -> None:
        if any(a["name"] == args.name and a is not found for a in c.server.aggregates.values()):
            raise ApiError(409, "There was a conflict when trying to complete your request.")
        found["name"] = args.name
        if args.availability_zone:
            found["metadata"]["availability_zone"] = args.availability_zone

    c.ask(f"/os-aggregates/{found['id']}", work)
    c.p.print(f"Aggregate {found['id']} has been successfully updated.")
    print_aggregate(c, found)


async def aggregate_set_metadata(c: Client, args: Any) -> None:
    found = find_aggregate(c, args.aggregate)
    for key, value in words(args.metadata).items():
        if value is None:
            found["metadata"].pop(key, None)
        else:
            found["metadata"][key] = value
    c.p.print(f"Aggregate {found['id']} has been successfully updated.")
    print_aggregate(c, found)


def _aggregate_host(add: bool) -> Callable[..., Any]:
    async def change(c: Client, args: Any) -> None:
        found = find_aggregate(c, args.aggregate)
        path = f"/os-aggregates/{found['id']}/action"
        c.ask(path, lambda: c.server.aggregate_host(c.caller, found["id"], args.host, add))
        c.p.print(f"Aggregate {found['id']} has been successfully updated.")
        print_aggregate(c, found)

    return change


# --- agents (of guests) and what is nova-network's own ---


async def agent_list(c: Client, args: Any) -> None:
    def work() -> list[dict[str, Any]]:
        c.server.admin(c.caller, "compute_extension:agents")
        return [a for a in c.server.agents.values() if not args.hypervisor or a["hypervisor"] == args.hypervisor]

    fields = ["Agent_id", "Hypervisor", "OS", "Architecture", "Version", "Md5hash", "Url"]
    c.print_list(fields, [[a[f.lower()] for f in fields] for a in c.ask("/os-agents", work)])


async def agent_create(c: Client, args: Any) -> None:
    def work() -> dict[str, Any]:
        c.server.admin(c.caller, "compute_extension:agents")
        for a in c.server.agents.values():
            if (a["hypervisor"], a["os"], a["architecture"]) == (args.hypervisor, args.os, args.architecture):
                raise ApiError(
                    409,
                    f"Agent-build with hypervisor {args.hypervisor} os {args.os} architecture {args.architecture} "
                    "exists.",
                )
        made = {
            "hypervisor": args.hypervisor, "os": args.os, "architecture": args.architecture, "version": args.version,
            "md5hash": args.md5hash, "url": args.url, "agent_id": len(c.server.agents) + 1,
        }  # fmt: skip
        c.server.agents[made["agent_id"]] = made
        return made

    c.print_dict(wire(Py2Dict(c.ask("/os-agents", work).items())))


def _agent(c: Client, text: str) -> dict[str, Any]:
    number = py2_int_or_none(text)
    c.server.admin(c.caller, "compute_extension:agents")
    if number not in c.server.agents:
        raise ApiError(404, f"No agent-build associated with id {text}.")
    return c.server.agents[number]


async def agent_delete(c: Client, args: Any) -> None:
    c.ask(f"/os-agents/{args.id}", lambda: c.server.agents.pop(_agent(c, args.id)["agent_id"]))


async def agent_modify(c: Client, args: Any) -> None:
    def work() -> dict[str, Any]:
        found = _agent(c, args.id)
        found.update(version=args.version, url=args.url, md5hash=args.md5hash)
        return {k: found[k] for k in ("agent_id", "version", "url", "md5hash")}

    c.print_dict(wire(Py2Dict(c.ask(f"/os-agents/{args.id}", work).items())))


async def cloudpipe_list(c: Client, args: Any) -> None:
    c.ask("/os-cloudpipe", lambda: c.server.admin(c.caller, "compute_extension:cloudpipe"))
    c.print_list(["Project Id", "Public IP", "Public Port", "Internal IP"], [])


async def dns_list(c: Client, args: Any) -> None:
    if not (args.ip or args.name):
        raise Stop("You must specify either --ip or --name")
    await fails(c, args)


async def network_create(c: Client, args: Any) -> None:
    if not (args.cidr or args.cidr_v6):
        raise Stop("Must specify eith fixed_range_v4 or fixed_range_v6")
    await fails(c, args)


async def missing(c: Client, args: Any) -> None:
    """A request for an extension that this nova does not load."""

    def work() -> None:
        raise ApiError(404, "The resource could not be found.")

    try:
        c.ask("/", work)
    except NotFound:
        raise Stop("Not found (HTTP 404)") from None


async def coverage_report(c: Client, args: Any) -> None:
    if args.html and args.xml:
        raise Stop("--html and --xml must not be specified together.")
    await missing(c, args)


async def scrub(c: Client, args: Any) -> None:
    groups = c.ask("/os-security-groups", lambda: c.server.groups(c.caller, True))
    for group in groups:
        if group["tenant_id"] == args.project_id:
            c.ask(f"/os-security-groups/{group['id']}", lambda g=group: c.server.delete_group(c.caller, g["id"]))


async def x509_create_cert(c: Client, args: Any) -> None:
    for name, what in ((args.pk_filename, "privatekey"), (args.cert_filename, "x509 cert")):
        if c.p.node.fs.exists(c.p.path(name)):
            raise Stop(f"Unable to write {what} - {name} exists.")
    c.ask("/os-certificates", lambda: None)
    seed = c.p.world.ids.hex(64)
    for name, kind, what in (
        (args.pk_filename, "RSA PRIVATE KEY", "private key"), (args.cert_filename, "CERTIFICATE", "x509 certificate")
    ):  # fmt: skip
        body = "\n".join(seed for _ in range(12))
        c.p.node.fs.write(c.p.path(name), f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n")
        c.p.print(f"Wrote {what} to {name}")


async def x509_get_root_cert(c: Client, args: Any) -> None:
    if c.p.node.fs.exists(c.p.path(args.filename)):
        raise Stop(f"Unable to write x509 root cert -                                       {args.filename} exists.")
    c.ask("/os-certificates/root", lambda: None)
    body = "\n".join(c.p.world.ids.hex(64) for _ in range(12))
    c.p.node.fs.write(c.p.path(args.filename), f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    c.p.print(f"Wrote x509 root cert to {args.filename}")


async def list_extensions(c: Client, args: Any) -> None:
    """Names and aliases only: the summaries are the original's own prose."""
    names = [
        ("Multinic", "NMN"), ("DiskConfig", "OS-DCF"), ("ExtendedAvailabilityZone", "OS-EXT-AZ"),
        ("ImageSize", "OS-EXT-IMG-SIZE"), ("ExtendedIps", "OS-EXT-IPS"),
        ("ExtendedServerAttributes", "OS-EXT-SRV-ATTR"),
        ("ExtendedStatus", "OS-EXT-STS"), ("FlavorDisabled", "OS-FLV-DISABLED"),
        ("FlavorExtraData", "OS-FLV-EXT-DATA"), ("SchedulerHints", "OS-SCH-HNT"), ("ServerUsage", "OS-SRV-USG"),
        ("AdminActions", "os-admin-actions"), ("Agents", "os-agents"), ("Aggregates", "os-aggregates"),
        ("AttachInterfaces", "os-attach-interfaces"), ("AvailabilityZone", "os-availability-zone"),
        ("FloatingIps", "os-floating-ips"), ("Hosts", "os-hosts"), ("Hypervisors", "os-hypervisors"),
        ("Keypairs", "os-keypairs"), ("Networks", "os-networks"), ("Quotas", "os-quota-sets"),
        ("SecurityGroups", "os-security-groups"), ("Services", "os-services"), ("Volumes", "os-volumes"),
    ]  # fmt: skip
    rows = [[name, name, alias, "2013-01-01T00:00:00+00:00"] for name, alias in names]
    c.print_list(["Name", "Summary", "Alias", "Updated"], c.ask("/extensions", lambda: rows))


COMMANDS = {
    "flavor-list": flavor_list, "flavor-show": flavor_show, "flavor-create": flavor_create,
    "flavor-delete": flavor_delete, "flavor-key": flavor_key, "flavor-access-list": flavor_access_list,
    "flavor-access-add": _access(True), "flavor-access-remove": _access(False), "image-list": image_list,
    "image-show": image_show, "image-delete": image_delete, "image-meta": image_meta, "net-list": net_list, "net": net,
    "net-create": net_create, "net-delete": net_delete, "network-list": network_list, "network-show": network_show,
    "network-create": network_create, "network-associate-host": fails, "network-associate-project": fails,
    "network-disassociate": fails, "keypair-list": keypair_list, "keypair-add": keypair_add,
    "keypair-show": keypair_show, "keypair-delete": keypair_delete, "secgroup-list": secgroup_list,
    "secgroup-list-rules": secgroup_list_rules, "secgroup-add-rule": secgroup_add_rule,
    "secgroup-delete-rule": secgroup_delete_rule, "secgroup-create": secgroup_create,
    "secgroup-update": secgroup_update, "secgroup-delete": secgroup_delete,
    "secgroup-add-group-rule": secgroup_add_group_rule, "secgroup-delete-group-rule": secgroup_delete_group_rule,
    "floating-ip-list": floating_ip_list, "floating-ip-create": floating_ip_create,
    "floating-ip-delete": floating_ip_delete, "floating-ip-pool-list": floating_ip_pool_list,
    "floating-ip-bulk-list": floating_ip_bulk_list, "floating-ip-bulk-create": fails, "floating-ip-bulk-delete": fails,
    "volume-list": volume_list, "volume-show": volume_show, "volume-create": volume_create,
    "volume-delete": volume_delete, "volume-attach": volume_attach, "volume-detach": volume_detach,
    "volume-update": volume_update, "volume-snapshot-list": volume_snapshot_list,
    "volume-snapshot-show": volume_snapshot_show, "volume-snapshot-create": volume_snapshot_create,
    "volume-snapshot-delete": volume_snapshot_delete, "volume-type-list": volume_type_list,
    "volume-type-create": volume_type_create, "volume-type-delete": volume_type_delete, "endpoints": endpoints,
    "credentials": credentials, "absolute-limits": absolute_limits, "rate-limits": rate_limits,
    "quota-show": _quota(False), "quota-defaults": _quota(True), "quota-update": quota_update,
    "quota-delete": quota_delete, "quota-class-show": quota_class_show, "quota-class-update": quota_class_update,
    "usage": usage, "usage-list": usage_list, "service-list": service_list, "service-enable": service_enable,
    "service-disable": service_disable, "host-list": host_list, "host-describe": host_describe,
    "host-update": host_update, "host-action": host_action, "hypervisor-list": hypervisor_list,
    "hypervisor-show": hypervisor_show, "hypervisor-servers": hypervisor_servers,
    "hypervisor-stats": hypervisor_stats, "hypervisor-uptime": hypervisor_uptime,
    "availability-zone-list": availability_zone_list, "aggregate-list": aggregate_list,
    "aggregate-create": aggregate_create, "aggregate-delete": aggregate_delete,
    "aggregate-details": aggregate_details, "aggregate-update": aggregate_update,
    "aggregate-set-metadata": aggregate_set_metadata, "aggregate-add-host": _aggregate_host(True),
    "aggregate-remove-host": _aggregate_host(False), "agent-list": agent_list, "agent-create": agent_create,
    "agent-delete": agent_delete, "agent-modify": agent_modify, "cloudpipe-list": cloudpipe_list,
    "cloudpipe-create": fails, "cloudpipe-configure": fails, "dns-domains": fails, "dns-list": dns_list,
    "dns-create": fails, "dns-delete": fails, "dns-delete-domain": fails, "dns-create-private-domain": fails,
    "dns-create-public-domain": fails, "fixed-ip-get": fails, "fixed-ip-reserve": fails, "fixed-ip-unreserve": fails,
    "cell-show": fails, "cell-capacities": fails, "coverage-start": missing, "coverage-stop": missing,
    "coverage-reset": missing, "coverage-report": coverage_report, "scrub": scrub,
    "x509-create-cert": x509_create_cert, "x509-get-root-cert": x509_get_root_cert,
    "list-extensions": list_extensions, "baremetal-node-list": fails, "baremetal-node-show": fails,
    "baremetal-node-create": fails, "baremetal-node-delete": fails, "baremetal-interface-list": fails,
    "baremetal-interface-add": fails, "baremetal-interface-remove": fails,
}  # fmt: skip
