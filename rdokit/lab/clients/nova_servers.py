"""`nova boot`, `list`, `show` and everything that is done to a server."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from ..openstack.errors import ApiError
from ..openstack.nova import Instance
from ..openstack.nova_servers import ACTIONS
from ..openstack.nova_words import check_length, stored
from ..openstack.py2 import Py2Dict, string, text_repr, wire
from ..openstack.times import iso
from .nova_client import Client, moment, words
from .session import NotFound, Refused, Stop

POWER = ["NOSTATE", "Running", "", "Paused", "Shutdown", "", "Crashed", "Suspended"]
BAD_NIC = (
    "Invalid nic argument '%s'. Nic arguments must be of the form --nic "
    "<net-id=net-uuid,v4-fixed-ip=ip-addr,port-id=port-uuid>, with at minimum net-id or port-id specified."
)


# --- boot ---


def parse_nic(text: str) -> dict[str, str]:
    """One --nic argument.

    >>> parse_nic("net-id=1,v4-fixed-ip=10.0.0.5")
    {'uuid': '1', 'fixed_ip': '10.0.0.5'}
    """
    found = {"net-id": "", "v4-fixed-ip": "", "port-id": ""}
    for pair in text.split(","):
        key, equals, value = pair.partition("=")
        if not equals or key not in found:
            raise Stop(BAD_NIC % text)
        found[key] = value
    if not found["net-id"] and not found["port-id"]:
        raise Stop(BAD_NIC % text)
    names = {"net-id": "uuid", "v4-fixed-ip": "fixed_ip", "port-id": "port"}
    return {names[k]: v for k, v in found.items() if v}


def _read(c: Client, path: str) -> str:
    try:
        return c.p.node.fs.read_text(c.p.path(path))
    except OSError as fault:
        why = f"[Errno {fault.errno}] {fault.strerror}: {text_repr(path)}"
        raise Stop(f"Can't open '{path}': {why}") from None


def _pairs(given: list[str]) -> dict[str, str]:
    found = {}
    for text in given:
        if "=" not in text:
            raise Stop("dictionary update sequence element #0 has length 1; 2 is required")
        key, value = text.split("=", 1)
        found[key] = value
    return found


def _volumes(args: Any) -> list[tuple[str, str]]:
    """(device, volume id) of --boot-volume, --block-device-mapping and --block-device."""
    found = []
    if args.boot_volume:
        found.append(("/dev/vda", args.boot_volume))
    for text in args.block_device_mapping or []:
        if "=" not in text:
            raise Stop("need more than 1 value to unpack")
        device, mapping = text.split("=", 1)
        found.append((device if device.startswith("/dev/") else f"/dev/{device}", mapping.split(":")[0]))
    for text in args.block_device:
        held = dict(v.split("=", 1) for v in text.split(",") if "=" in v)
        if held.get("source") == "volume" and "id" in held:
            found.append((f"/dev/{held.get('device', 'vda')}", held["id"]))
    return found


def _config_drive(value: Any) -> str:
    text = string(value)
    if text.lower() in ("true", "1"):
        return "True"
    return "" if text.lower() in ("false", "0", "", "none") else text


def _match_image(c: Client, wanted: list[tuple[str, str]]) -> Any:
    """--image-with: the first image that has all these properties."""
    for image in c.ask("/images/detail", c.images):
        if all(image.properties.get(k) == v for k, v in wanted):
            return image
    return None


async def boot(c: Client, args: Any) -> None:
    image = c.find_image(args.image) if args.image else None
    if image is None and args.image_with:
        image = _match_image(c, args.image_with)
    if not args.flavor:
        raise Stop("you need to specify a Flavor ID ")
    most = 1
    if args.num_instances is not None:
        if args.num_instances <= 1:
            raise Stop("num_instances should be > 1")
        most = args.num_instances
    flavor = c.find_flavor(args.flavor)
    metadata = _pairs(args.meta)
    files = {}
    for text in args.files:
        if "=" not in text:
            raise Stop(
                f"Invalid file argument '{text}'. File arguments must be of the form '--file <dst-path=src-path>'"
            )
        target, source = text.split("=", 1)
        files[target] = _read(c, source)
    user_data = _read(c, args.user_data) if args.user_data else ""
    volumes = _volumes(args)
    sources = sum(bool(s) for s in (image, args.boot_volume, args.snapshot))
    extra = args.block_device or args.block_device_mapping or args.ephemeral or args.swap
    have = args.boot_volume or args.snapshot or extra
    if sources > 1 or (sources == 0 and not have):
        raise Stop(
            "you need to specify at least one source ID (Image, Snapshot or Volume), a block device mapping or provide "
            "a set of properties to match against an image"
        )
    new_style = args.boot_volume or args.snapshot or args.block_device or args.ephemeral or args.swap
    if args.block_device_mapping and new_style:
        raise Stop(
            "you can't mix old block devices (--block-device-mapping) with the new ones (--block-device, "
            "--boot-volume, --snapshot, --ephemeral, --swap)"
        )
    nics = [parse_nic(text) for text in args.nics]
    ask = {
        "name": args.name, "image": image, "flavor": flavor, "networks": nics, "key_name": args.key_name,
        "security_groups": args.security_groups.split(",") if args.security_groups else None, "min_count": 1,
        "max_count": most, "metadata": metadata, "files": files, "volumes": volumes,
        "user_data": base64.b64encode(user_data.encode()).decode(), "availability_zone": args.availability_zone,
        "config_drive": _config_drive(args.config_drive),
    }  # fmt: skip

    def create() -> list[Instance]:
        if image is not None:
            c.glance()
        return c.server.create_servers(c.caller, ask)

    made = c.ask("/servers", create)[0]
    answer = Py2Dict(
        [
            ("security_groups", [{"name": n} for n in made.groups]), ("OS-DCF:diskConfig", "MANUAL"), ("id", made.id),
            ("links", []), ("adminPass", made.admin_pass),
        ]
    )  # fmt: skip
    info = wire(answer)
    info.update(wire(c.server.show_server(c.caller, made)))
    info["flavor"] = flavor.name
    info["image"] = image.name if image else "Attempt to boot from volume - no image supplied"
    info.pop("links")
    info.pop("addresses")
    c.print_dict(info)
    if args.poll:
        await c.poll(made, "building", ("active",))


# --- list and show ---


def networks_cell(c: Client, instance: Instance) -> str:
    nets = wire(c.server.addresses(instance))
    labels = Py2Dict([(label, [a["addr"] for a in entries]) for label, entries in nets.items()])
    return "; ".join(f"{label}={', '.join(addresses)}" for label, addresses in labels.items() if addresses)


def field_title(attribute: str) -> str:
    """A column title for --fields.

    >>> field_title("OS-EXT-STS:task_state"), field_title("hostId")
    ('OS-EXT-STS: Task State', 'hostId')
    """
    parts = attribute.rsplit(":", 1)
    name = parts[-1].replace("_", " ")
    parts[-1] = name.title() if name.isupper() or name.islower() else name
    return ": ".join(parts)


def _field(c: Client, instance: Instance, info: dict[str, Any], attribute: str) -> Any:
    """A server's attribute as the client's object has it; unknown ones are blank."""
    translated = {
        "host": info.get("OS-EXT-SRV-ATTR:host", ""), "task_state": info.get("OS-EXT-STS:task_state", "N/A"),
        "instance_name": info.get("OS-EXT-SRV-ATTR:instance_name", ""), "host_id": info.get("hostId", ""),
        "power_state": POWER[instance.power_state],
        "networks": Py2Dict([(k, [a["addr"] for a in v]) for k, v in wire(c.server.addresses(instance)).items()]),
        "human_id": "",
    }  # fmt: skip
    value = info[attribute] if attribute in info else translated.get(attribute, "")
    if attribute == "flavor":
        return value["id"]
    if attribute == "security_groups" and value:
        return ", ".join(g["name"] for g in value)
    return value


async def list_(c: Client, args: Any) -> None:
    image = c.find_image(args.image).id if args.image else None
    flavor = c.find_flavor(args.flavor).id if args.flavor else None
    search = {
        "all_tenants": args.all_tenants, "reservation_id": args.reservation_id, "ip": args.ip, "ip6": args.ip6,
        "name": args.name, "image": image, "flavor": flavor, "status": args.status, "tenant_id": args.tenant,
        "host": args.host, "instance_name": args.instance_name,
    }  # fmt: skip
    found = c.ask("/servers/detail", lambda: c.server.server_list(c.caller, **search))
    infos = [wire(c.server.show_server(c.caller, i)) for i in found]
    if args.fields:
        attributes = args.fields.split(",")
        titles = [field_title(a) for a in attributes]
        rows = []
        for instance, info in zip(found, infos, strict=True):
            cells = [
                networks_cell(c, instance) if title == "Networks" else _field(c, instance, info, a)
                for a, title in zip(attributes, titles, strict=True)
            ]
            rows.append([instance.id, *cells])
        c.print_list(["ID", *titles], rows, sort=1)
        return
    rows = [
        [i.id, i.name, info["status"], i.task_state, POWER[i.power_state], networks_cell(c, i)]
        for i, info in zip(found, infos, strict=True)
    ]
    c.print_list(["ID", "Name", "Status", "Task State", "Power State", "Networks"], rows, sort=1)


def print_server(c: Client, instance: Instance, minimal: bool) -> None:
    info = wire(c.server.show_server(c.caller, instance)).copy()
    nets = Py2Dict([(k, [a["addr"] for a in v]) for k, v in info["addresses"].items()])
    for label, addresses in nets.items():
        info[f"{label} network"] = ", ".join(addresses)
    flavor = instance.flavor_id
    info["flavor"] = flavor if minimal else f"{c.find_flavor(flavor).name} ({flavor})"
    if not instance.image_id:
        info["image"] = "Attempt to boot from volume - no image supplied"
    elif minimal:
        info["image"] = instance.image_id
    else:
        try:
            name = c.find_image(instance.image_id).name
        except Stop:
            name = "Image not found"
        info["image"] = f"{name} ({instance.image_id})"
    info.pop("links")
    info.pop("addresses")
    c.print_dict(info)


async def show(c: Client, args: Any) -> None:
    print_server(c, c.find_server(args.server), args.minimal)


async def delete(c: Client, args: Any) -> None:
    failed = 0
    for name in args.server:
        try:
            instance = c.find_server(name)
            c.ask(f"/servers/{instance.id}", lambda i=instance: c.server.delete_server(c.caller, i.id))
        except Stop as fault:
            failed += 1
            c.p.print(str(fault))
    if failed == len(args.server):
        raise Stop("Unable to delete any of the specified servers.")


# --- actions ---


def _action(name: str, policy: str = "") -> Callable[..., Any]:
    """A command that only starts an action. `policy`: admin or owner needed, by this rule."""

    async def act(c: Client, args: Any) -> None:
        instance = c.find_server(args.server)
        c.ask(f"/servers/{instance.id}/action", lambda: c.server.begin(c.caller, instance, name))

    return act


async def reboot(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    action = "reboot_hard" if args.reboot_type == "HARD" else "reboot"
    c.ask(f"/servers/{instance.id}/action", lambda: c.server.begin(c.caller, instance, action))
    if args.poll:
        await c.poll(instance, "rebooting", ("active",), progress=False)


async def rebuild(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    image = c.find_image(args.image)

    def work() -> None:
        if image.status != "active":
            raise ApiError(400, f"Image {image.id} is not active.")
        c.server.begin(c.caller, instance, "rebuild")
        instance.image_id, instance.image_name = image.id, image.name or ""

    c.ask(f"/servers/{instance.id}/action", work)
    print_server(c, instance, args.minimal)
    if args.poll:
        await c.poll(instance, "rebuilding", ("active",))


async def rename(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)

    def work() -> None:
        name = args.name.strip()
        check_length(name, "Server name")
        name = stored(name)
        instance.name = name

    c.ask(f"/servers/{instance.id}", work)


async def resize(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    flavor = c.find_flavor(args.flavor)
    c.ask(f"/servers/{instance.id}/action", lambda: c.server.resize(c.caller, instance.id, flavor))
    if args.poll:
        await c.poll(instance, "resizing", ("active", "verify_resize"))


async def migrate(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    c.ask(f"/servers/{instance.id}/action", lambda: c.server.resize(c.caller, instance.id, None))
    if args.poll:
        await c.poll(instance, "migrating", ("active", "verify_resize"))


async def live_migration(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)

    def work() -> None:
        server = c.server
        server.admin(c.caller, "compute_extension:admin_actions:migrateLive")
        if instance.vm_state not in ACTIONS["os-migrateLive"][0]:
            server.begin(c.caller, instance, "os-migrateLive")
        hosts = {server.fqdn(n): n for n in server.hypervisors}
        target = args.host
        if target is None:
            node = server.pick(instance, server.flavor_of(instance), [instance.host or ""])
            if node is None:
                raise ApiError(400, "No valid host was found. ")
            target = server.fqdn(node)
        if target not in hosts:
            raise ApiError(400, f"Compute service of {target} is unavailable at this time.")
        if hosts[target] == instance.host:
            raise ApiError(400, f"Unable to migrate instance ({instance.id}) to current host ({target}).")
        if not server.is_up(server.daemon("nova-compute", hosts[target])):
            raise ApiError(400, f"Compute service of {target} is unavailable at this time.")
        fake = server.settings(hosts[target]).fake
        if not args.block_migrate and not fake:
            raise ApiError(
                400,
                f"{server.fqdn(instance.host or '')} is not on shared storage: Live migration can not be used without "
                "shared storage.",
            )
        server.begin(c.caller, instance, "os-migrateLive")
        instance.hints["live"] = hosts[target]

    c.ask(f"/servers/{instance.id}/action", work)


async def rescue(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)

    def work() -> str:
        c.server.begin(c.caller, instance, "rescue")
        return c.server.password()

    c.print_dict({"adminPass": c.ask(f"/servers/{instance.id}/action", work)})


def _lock(value: bool) -> Callable[..., Any]:
    async def lock(c: Client, args: Any) -> None:
        instance = c.find_server(args.server)
        instance.locked = value if c.ask(f"/servers/{instance.id}/action", lambda: True) else instance.locked

    return lock


async def root_password(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    if c.p.tty is None:
        raise Stop("EOF when reading a line")
    first = await c.p.tty.ask("New password: ")
    second = await c.p.tty.ask("Again: ")
    if first != second:
        raise Stop("Passwords do not match.")

    def work() -> None:
        if instance.vm_state == "active" and instance.host and not c.server.settings(instance.host).fake:
            raise ApiError(501, "Unable to set password on instance")
        c.server.begin(c.caller, instance, "changePassword")

    c.ask(f"/servers/{instance.id}/action", work)


async def reset_state(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)

    def work() -> None:
        c.server.admin(c.caller, "compute_extension:admin_actions:resetState")
        instance.vm_state, instance.task_state, instance.plan = args.state, None, []
        if args.state == "error":
            instance.fault = None

    c.ask(f"/servers/{instance.id}/action", work)


async def reset_network(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    c.ask(
        f"/servers/{instance.id}/action",
        lambda: c.server.admin(c.caller, "compute_extension:admin_actions:resetNetwork"),
    )


async def diagnostics(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)

    def work() -> Py2Dict:
        c.server.admin(c.caller, "compute_extension:server_diagnostics")
        if instance.host is None:
            raise ApiError(409, f"Instance {instance.id} is not ready")
        if c.server.settings(instance.host).fake:
            return Py2Dict(
                [
                    ("cpu0_time", 17300000000), ("memory", 524288), ("vda_errors", -1), ("vda_read", 262144),
                    ("vda_read_req", 112), ("vda_write", 5778432), ("vda_write_req", 488), ("vnet1_rx", 2070139),
                    ("vnet1_rx_drop", 0), ("vnet1_rx_errors", 0), ("vnet1_rx_packets", 26701), ("vnet1_tx", 140208),
                    ("vnet1_tx_drop", 0), ("vnet1_tx_errors", 0), ("vnet1_tx_packets", 662),
                ]
            )  # fmt: skip
        memory = c.server.flavor_of(instance).ram * 1024
        tap = "tap" + (instance.ports[0] if instance.ports else "")[:11]
        found = Py2Dict([(f"cpu{n}_time", 9000000000 + n) for n in range(c.server.flavor_of(instance).vcpus)])
        found.update([("memory", memory), ("memory-actual", memory), ("memory-rss", memory // 3)])
        found.update([(f"vda_{k}", v) for k, v in (("errors", -1), ("read", 19456000), ("read_req", 1100),
                                                    ("write", 4213760), ("write_req", 320))])  # fmt: skip
        found.update([(f"{tap}_{k}", v) for k, v in (("rx", 6130), ("rx_drop", 0), ("rx_errors", 0),
                                                      ("rx_packets", 55), ("tx", 7890), ("tx_drop", 0),
                                                      ("tx_errors", 0), ("tx_packets", 77))])  # fmt: skip
        return found

    c.print_dict(wire(c.ask(f"/servers/{instance.id}/diagnostics", work)))


async def image_create(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)

    def work() -> None:
        c.glance()
        c.server.create_image(c.caller, instance.id, args.name)

    c.ask(f"/servers/{instance.id}/action", work)
    if args.poll:
        c.p.print("\rInstance snapshotting... 25% complete", end="")
        await c.p.sleep(5)
        c.server.settle()
        c.p.print("\rInstance snapshotting... 100% complete", end="")
        c.p.print("\nFinished")


async def backup(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)

    def work() -> None:
        if not args.rotation.lstrip("-").isdigit():
            raise ApiError(400, "createBackup attribute 'rotation' must be an integer")
        if int(args.rotation) < 0:
            raise ApiError(400, "createBackup attribute 'rotation' must be greater than or equal to zero")
        c.server.create_image(c.caller, instance.id, args.name, "createBackup")

    c.ask(f"/servers/{instance.id}/action", work)


async def meta(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    given = words(args.metadata)
    if args.action == "set":

        def work() -> None:
            for key, value in given.items():
                if not key:
                    raise ApiError(400, "Invalid metadata: Metadata property key blank")
                if value is None:
                    raise ApiError(400, "Malformed request body")
            instance.metadata.update({k: str(v) for k, v in given.items()})

        c.ask(f"/servers/{instance.id}/metadata", work)
        return
    for key in Py2Dict([(k, 1) for k in given]):

        def remove(key: str = key) -> None:
            if key not in instance.metadata:
                raise ApiError(404, "Metadata item was not found")
            del instance.metadata[key]

        c.ask(f"/servers/{instance.id}/metadata/{key}", remove)


# --- looking inside ---


async def console_log(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    c.p.print(c.ask(f"/servers/{instance.id}/action", lambda: c.server.console(instance, args.length)))


def _console(kinds: tuple[str, ...]) -> Callable[..., Any]:
    async def console(c: Client, args: Any) -> None:
        instance = c.find_server(args.server)

        def work() -> tuple[str, str]:
            if instance.host is None:
                raise ApiError(409, "Instance not yet ready")
            known = ("novnc", "xvpvnc", "spice-html5")
            fake = c.server.settings(instance.host).fake
            if args.console_type not in known or (args.console_type not in kinds and not fake):
                raise ApiError(400, f"Invalid console type {args.console_type}")
            if args.console_type == "spice-html5" and not fake:
                raise ApiError(400, f"Unavailable console type {args.console_type}.")
            host = c.session.cloud.host
            base = {
                "novnc": c.server.settings(instance.host).proxy or f"http://{host}:6080/vnc_auto.html",
                "xvpvnc": f"http://{host}:6081/console", "spice-html5": f"http://{host}:6082/spice_auto.html",
            }[args.console_type]  # fmt: skip
            return args.console_type, f"{base}?token={c.p.world.ids.uuid()}"

        c.print_list(["Type", "Url"], [list(c.ask(f"/servers/{instance.id}/action", work))])

    return console


async def get_password(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    c.p.print(c.ask(f"/servers/{instance.id}/os-server-password", lambda: ""))


async def clear_password(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    c.ask(f"/servers/{instance.id}/os-server-password", lambda: None)


async def instance_action_list(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    rows = [
        [a["action"], a["request_id"], a["message"] or "None", moment(a["start"])]
        for a in c.ask(f"/servers/{instance.id}/os-instance-actions", lambda: instance.actions)
    ]
    c.print_list(["Action", "Request_ID", "Message", "Start_Time"], rows, sort=3)


async def instance_action(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)

    def work() -> Py2Dict:
        for a in instance.actions:
            if a["request_id"] == args.request_id:
                return Py2Dict(
                    [
                        ("action", a["action"]), ("instance_uuid", instance.id), ("request_id", a["request_id"]),
                        ("user_id", a["user_id"]), ("project_id", a["project_id"]),
                        ("start_time", moment(a["start"])), ("message", a["message"]), ("events", "[]"),
                    ]
                )  # fmt: skip
        raise ApiError(404, f"Action {args.request_id} not found")

    c.print_dict(wire(c.ask(f"/servers/{instance.id}/os-instance-actions/{args.request_id}", work)))


async def force_delete(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)

    def work() -> None:
        if instance.vm_state not in ("deleted", "soft-delete"):
            raise ApiError(409, f"Cannot 'forceDelete' while instance is in vm_state {instance.vm_state}")

    c.ask(f"/servers/{instance.id}/action", work)


async def restore(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)

    def work() -> None:
        raise ApiError(409, f"Cannot 'restore' while instance is in vm_state {instance.vm_state}")

    c.ask(f"/servers/{instance.id}/action", work)


async def evacuate(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)

    def work() -> dict[str, str]:
        server = c.server
        server.admin(c.caller, "compute_extension:evacuate")
        hosts = {server.fqdn(n): n for n in server.hypervisors}
        if args.host not in hosts:
            raise ApiError(404, f"Compute host {args.host} not found.")
        if instance.host and server.is_up(server.daemon("nova-compute", instance.host)):
            raise ApiError(400, f"Compute service of {server.fqdn(instance.host)} is still in use.")
        instance.old_host, instance.host = instance.host, hosts[args.host]
        instance.task_state, instance.plan = "rebuilding", ["rebuild"]
        return {"adminPass": args.password or server.password()}

    answer = c.ask(f"/servers/{instance.id}/action", work)
    if not args.on_shared_storage:
        c.print_dict(answer)


# --- interfaces and addresses ---


async def interface_list(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    rows = [
        [p["status"], p["id"], p["network_id"], ",".join(ip["ip_address"] for ip in p["fixed_ips"]), p["mac_address"]]
        for p in c.ask(f"/servers/{instance.id}/os-interface", lambda: c.server.interfaces(instance))
    ]
    c.print_list(["Port State", "Port ID", "Net ID", "IP addresses", "MAC Addr"], rows)


async def interface_attach(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    c.ask(
        f"/servers/{instance.id}/os-interface",
        lambda: c.server.attach_interface(instance, args.port_id or "", args.net_id or "", args.fixed_ip or ""),
    )


async def interface_detach(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    c.ask(
        f"/servers/{instance.id}/os-interface/{args.port_id}",
        lambda: c.server.detach_interface(instance, args.port_id),
    )


async def add_fixed_ip(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    c.ask(f"/servers/{instance.id}/action", lambda: c.server.add_fixed_ip(instance, args.network_id))


async def remove_fixed_ip(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    c.ask(f"/servers/{instance.id}/action", lambda: c.server.remove_fixed_ip(instance, args.address))


async def add_floating_ip(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    c.ask(
        f"/servers/{instance.id}/action",
        lambda: c.server.add_floating(c.caller, instance, args.address, args.fixed_address),
    )


async def remove_floating_ip(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    c.ask(f"/servers/{instance.id}/action", lambda: c.server.remove_floating(c.caller, instance, args.address))


def _secgroup(add: bool) -> Callable[..., Any]:
    async def change(c: Client, args: Any) -> None:
        instance = c.find_server(args.server)
        path = f"/servers/{instance.id}/action"
        c.ask(path, lambda: c.server.change_groups(c.caller, instance, args.secgroup, add))

    return change


async def list_secgroup(c: Client, args: Any) -> None:
    instance = c.find_server(args.server)
    found = c.ask(f"/servers/{instance.id}/os-security-groups", lambda: c.server.server_groups(c.caller, instance))
    c.print_list(["Id", "Name", "Description"], [[g["id"], g["name"], g["description"]] for g in found])


async def ssh(c: Client, args: Any) -> None:
    """Addresses are looked up under the network labels "public" and "private" only."""
    instance = c.find_server(args.server)
    nets = c.server.addresses(instance)
    kind = "private" if args.private else "public"
    if kind not in nets:
        c.p.print(f"ERROR: No {kind} addresses found for '{args.server}'.")
        return
    version = 6 if args.ipv6 else 4
    found = [a["addr"] for a in nets[kind] if a["version"] == version]
    if not found:
        c.p.print(f"ERROR: No {kind} IPv{version} address found.")
        return
    if c.p.spawn is not None:
        identity = ["-i", args.identity] if args.identity else []
        await c.p.spawn(["ssh", f"-{version}", f"-p{args.port}", *identity, f"{args.login}@{found[0]}"])


async def host_evacuate(c: Client, args: Any) -> None:
    rows = []
    for _, _, inside in c.ask("/os-hypervisors", lambda: c.server.hypervisor_search(c.caller, args.host)):
        for instance in inside:
            rows.append([instance.id, True, ""])
    c.print_list(["Server UUID", "Evacuate Accepted", "Error Message"], rows)


async def host_servers_migrate(c: Client, args: Any) -> None:
    rows = []
    for _, _, inside in c.ask("/os-hypervisors", lambda: c.server.hypervisor_search(c.caller, args.host)):
        for instance in inside:
            try:
                c.ask("/action", lambda i=instance: c.server.resize(c.caller, i.id, None))
                rows.append([instance.id, True, ""])
            except (NotFound, Refused) as fault:
                rows.append([instance.id, False, f"Error while migrating instance: {fault}"])
    c.print_list(["Server UUID", "Migration Accepted", "Error Message"], rows)


async def host_meta(c: Client, args: Any) -> None:
    given = words(args.metadata)
    for _, _, inside in c.ask("/os-hypervisors", lambda: c.server.hypervisor_search(c.caller, args.host)):
        for instance in inside:
            if args.action == "set":
                instance.metadata.update({k: str(v) for k, v in given.items()})
            else:
                for key in given:
                    instance.metadata.pop(key, None)


async def migration_list(c: Client, args: Any) -> None:
    fields = [
        "Source Node", "Dest Node", "Source Compute", "Dest Compute", "Dest Host", "Status", "Instance UUID",
        "Old Flavor", "New Flavor", "Created At", "Updated At",
    ]  # fmt: skip

    def work() -> list[list[Any]]:
        c.server.admin(c.caller, "compute_extension:migrations:index")
        rows = []
        for i in c.server.instances.values():
            if i.old_host and i.hints.get("new_host"):
                states = {"resized": "finished", "active": "confirmed"}
                status = states.get(i.vm_state, "migrating")
                hosts = c.server.fqdn(i.old_host), c.server.fqdn(i.hints["new_host"])
                when = iso(i.updated, ".000000")
                rows.append([*hosts, *hosts, "", status, i.id, i.old_flavor, i.hints["new_flavor"], when, when])
        return rows

    c.print_list(fields, c.ask("/os-migrations", work))


COMMANDS = {
    "boot": boot, "list": list_, "show": show, "delete": delete, "reboot": reboot, "rebuild": rebuild,
    "rename": rename, "resize": resize, "resize-confirm": _action("confirmResize"),
    "resize-revert": _action("revertResize"), "migrate": migrate, "live-migration": live_migration,
    "pause": _action("pause"), "unpause": _action("unpause"), "stop": _action("stop"), "start": _action("start"),
    "suspend": _action("suspend"), "resume": _action("resume"), "rescue": rescue, "unrescue": _action("unrescue"),
    "lock": _lock(True), "unlock": _lock(False), "root-password": root_password, "reset-state": reset_state,
    "reset-network": reset_network, "diagnostics": diagnostics, "image-create": image_create, "backup": backup,
    "meta": meta, "console-log": console_log, "get-vnc-console": _console(("novnc", "xvpvnc")),
    "get-spice-console": _console(("spice-html5",)), "get-password": get_password, "clear-password": clear_password,
    "instance-action-list": instance_action_list, "instance-action": instance_action, "force-delete": force_delete,
    "restore": restore, "evacuate": evacuate, "interface-list": interface_list, "interface-attach": interface_attach,
    "interface-detach": interface_detach, "add-fixed-ip": add_fixed_ip, "remove-fixed-ip": remove_fixed_ip,
    "add-floating-ip": add_floating_ip, "remove-floating-ip": remove_floating_ip, "add-secgroup": _secgroup(True),
    "remove-secgroup": _secgroup(False), "list-secgroup": list_secgroup, "ssh": ssh, "host-evacuate": host_evacuate,
    "host-servers-migrate": host_servers_migrate, "host-meta": host_meta, "migration-list": migration_list,
}  # fmt: skip
