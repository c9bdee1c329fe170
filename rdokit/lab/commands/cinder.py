"""`cinder`: the block storage client 1.0.6 of Havana, and the volume requests that `nova volume-*` shares with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..clients.session import (
    NotFound,
    Session,
    Stop,
    connect_like_nova,
    knock,
    pool_error,
    py2_int_or_none,
    run,
    table,
    translate,
)
from ..clients.surface_cinder import SURFACE
from ..openstack.cinder import Cinder, Snapshot, Volume
from ..openstack.errors import ApiError, Unreachable
from ..openstack.py2 import Py2Dict, is_uuid, wire
from ..openstack.times import at, iso
from ..process import Process, command

VERSION = "1.0.6"


class Client:
    """cinder's API as the caller sees it."""

    def __init__(self, session: Session, url: str, words: Callable[[ApiError], str] | None = None, prefix: str = ""):
        self.session, self.url, self.p, self.caller = session, url, session.p, session.caller
        self.words = words or (lambda fault: fault.message)
        self.prefix = prefix

    @property
    def server(self) -> Cinder:
        return self.session.cloud.cinder

    def ask(self, path: str, work: Callable[[], Any]) -> Any:
        """One request: `work()` on the server.

        Raises:
            NotFound, Refused: with the server's sentence in the client's form.
            Stop: nobody answers.
        """
        try:
            knock(self.session, self.url, path)
        except Unreachable as fault:
            raise Stop(self.prefix + pool_error(Unreachable(fault.reason, self.url + path))) from None
        try:
            return work()
        except ApiError as fault:
            raise translate(fault, self.words(fault)) from None

    # --- lookups ---

    def volume(self, name_or_id: str) -> Volume:
        return self._find(
            "volume", name_or_id, "/volumes", self.server.volume,
            lambda: self.server.volume_list(self.caller), "display_name",
        )  # fmt: skip

    def snapshot(self, name_or_id: str) -> Snapshot:
        return self._find(
            "snapshot", name_or_id, "/snapshots", self.server.snapshot,
            lambda: self.server.snapshot_list(self.caller), "display_name",
        )  # fmt: skip

    def type(self, name_or_id: str) -> dict[str, Any]:
        def get(_caller: Any, type_id: str) -> dict[str, Any]:
            if type_id not in self.server.types:
                raise ApiError(404, "The resource could not be found.")
            return self.server.types[type_id]

        return self._find(
            "volumetype", name_or_id, "/types", get, lambda: list(self.server.types.values()), "name"
        )  # fmt: skip

    def transfer(self, name_or_id: str) -> Any:
        return self._find(
            "volumetransfer", name_or_id, "/os-volume-transfer", lambda _c, i: self.server.transfer(i),
            lambda: list(self.server.transfers.values()), "name",
        )  # fmt: skip

    def qos(self, name_or_id: str) -> Any:
        def get(_caller: Any, qos_id: str) -> dict[str, Any]:
            if qos_id not in self.server.qos:
                raise ApiError(404, f"No such QoS spec {qos_id}.")
            return self.server.qos[qos_id]

        return self._find("qosspecs", name_or_id, "/qos-specs", get, lambda: list(self.server.qos.values()), "name")

    def _find(self, kind: str, text: str, path: str, get: Any, listing: Any, attribute: str) -> Any:
        """By number, UUID, then name."""
        for fits in (text.isdigit(), is_uuid(text)):
            if fits:
                try:
                    return self.ask(f"{path}/{text}", lambda: get(self.caller, text))
                except NotFound:
                    continue

        def name(item: Any) -> Any:
            return item.get(attribute) if isinstance(item, dict) else getattr(item, attribute)

        found = [item for item in self.ask(path + "/detail", listing) if name(item) == text]
        if not found:
            raise Stop(f"No {kind} with a name or ID of '{text}' exists.")
        if len(found) > 1:
            raise Stop(f"Multiple {kind} matches found for '{text}', use an ID to be more specific.")
        return found[0]


def connect(p: Process, args: Any, _command: str) -> Client:
    """Log in with the words of cinderclient."""
    args.os_username = args.os_username or args.username
    args.os_password = args.os_password or args.apikey
    args.os_tenant_name = args.os_tenant_name or args.projectid
    args.os_auth_url = args.os_auth_url or args.url
    args.os_region_name = args.os_region_name or args.region_name or ""
    needs = [
        (args.os_username, "You must provide a username via either --os-username or env[OS_USERNAME]"),
        (args.os_password, "You must provide a password via either --os-password or via env[OS_PASSWORD]"),
        (
            args.os_tenant_name or args.os_tenant_id,
            "You must provide a tenant_id via either --os-tenant-id or env[OS_TENANT_ID]",
        ),
        (args.os_auth_url, "You must provide an auth url via either --os-auth-url or env[OS_AUTH_URL]"),
    ]
    kind = args.service_type or "volume"
    session = connect_like_nova(p, args, needs, "Cinder", kind)
    url = session.endpoint(kind, args.os_region_name, args.endpoint_type) or ""
    served = "2" if "/v2/" in url else "1"
    if served != args.os_volume_api_version:
        raise Stop(
            f"Volume API version is set to {args.os_volume_api_version} but you are accessing a {served} endpoint. "
            "Change its value via either --os-volume-api-version or env[OS_VOLUME_API_VERSION]"
        )
    session.cloud.nova.settle()
    session.cloud.cinder.settle(p.world)
    return Client(session, url, prefix="Unable to establish connection: ")


def print_list(c: Client, fields: list[str], rows: list[list[Any]]) -> None:
    c.p.print(table(fields, rows, align="c", sort=fields[0]))


def print_dict(c: Client, info: dict[str, Any], title: str = "Property") -> None:
    c.p.print(table([title, "Value"], [[k, v] for k, v in info.items()], align="c", sort=title))


def pairs(given: list[str]) -> dict[str, str | None]:
    """key=value words; a bare key has None."""
    return {text.split("=", 1)[0]: text.split("=", 1)[1] if "=" in text else None for text in given}


# --- volumes ---


def everybody(c: Client, args: Any) -> bool:
    """--all-tenants, or ALL_TENANTS in the environment, which wins."""
    text = c.p.env.get("ALL_TENANTS")
    if text is None:
        return bool(args.all_tenants)
    number = py2_int_or_none(text)
    if number is None:
        raise Stop(f"invalid literal for int() with base 10: '{text}'")
    return bool(number)


async def list_(c: Client, args: Any) -> None:
    filters = {"display_name": args.display_name, "status": args.status}
    if args.metadata:
        filters["metadata"] = pairs(args.metadata)  # type: ignore[assignment]
    all_of_them = everybody(c, args)
    found = c.ask("/volumes/detail", lambda: c.server.volume_list(c.caller, all_of_them, **filters))
    rows = []
    for v in found:
        d = c.server.show(c.caller, v)
        rows.append([d[k] for k in ("id", "status", "display_name", "size", "volume_type", "bootable")])
        rows[-1].append(v.server_id or "")
    print_list(c, ["ID", "Status", "Display Name", "Size", "Volume Type", "Bootable", "Attached to"], rows)


async def show(c: Client, args: Any) -> None:
    print_dict(c, wire(c.server.show(c.caller, c.volume(args.volume))))


async def create(c: Client, args: Any) -> None:
    volume = c.ask(
        "/volumes",
        lambda: c.server.create_volume(
            c.p.world, c.caller, args.size, args.snapshot_id, args.source_volid, args.image_id, args.volume_type,
            args.availability_zone, display_name=args.display_name, display_description=args.display_description,
            metadata=pairs(args.metadata or []),
        ),
    )  # fmt: skip
    print_dict(c, wire(c.server.show(c.caller, volume, fresh=True)))


async def delete(c: Client, args: Any) -> None:
    volume = c.volume(args.volume)
    c.ask(f"/volumes/{volume.id}", lambda: c.server.delete_volume(c.caller, volume.id))


async def force_delete(c: Client, args: Any) -> None:
    volume = c.volume(args.volume)
    c.ask(f"/volumes/{volume.id}/action", lambda: c.server.delete_volume(c.caller, volume.id, force=True))


async def extend(c: Client, args: Any) -> None:
    volume = c.volume(args.volume)
    c.ask(f"/volumes/{volume.id}/action", lambda: c.server.extend(c.caller, volume.id, args.new_size))


def _rename(kind: str) -> Callable[..., Any]:
    async def rename(c: Client, args: Any) -> None:
        keys = ("display_name", "display_description")
        fields = {k: getattr(args, k) for k in keys if getattr(args, k) is not None}
        if not fields:
            raise Stop("Must supply either display-name or display-description.")
        item = c.volume(args.volume) if kind == "volume" else c.snapshot(args.snapshot)
        c.ask(f"/{kind}s/{item.id}", lambda: c.server.update(c.caller, kind, item.id, fields))

    return rename


def _reset_state(kind: str) -> Callable[..., Any]:
    async def reset_state(c: Client, args: Any) -> None:
        item = c.volume(args.volume) if kind == "volume" else c.snapshot(args.snapshot)
        c.ask(f"/{kind}s/{item.id}/action", lambda: c.server.reset_state(c.caller, kind, item.id, args.state))

    return reset_state


async def metadata(c: Client, args: Any) -> None:
    volume = c.volume(args.volume)
    given = pairs(args.metadata)
    path = f"/volumes/{volume.id}/metadata"
    if args.action == "set":
        c.ask(path, lambda: c.server.set_metadata(c.caller, volume.id, given))
        return
    for key in given:
        c.ask(f"{path}/{key}", lambda key=key: c.server.delete_metadata(c.caller, volume.id, key))


async def migrate(c: Client, args: Any) -> None:
    volume = c.volume(args.volume)
    c.ask(f"/volumes/{volume.id}/action", lambda: c.server.migrate(c.caller, volume.id, args.host))


async def upload_to_image(c: Client, args: Any) -> None:
    volume = c.volume(args.volume)
    answer = c.ask(
        f"/volumes/{volume.id}/action",
        lambda: c.server.upload(
            c.p.world, c.caller, volume.id, args.force, args.image_name, args.container_format, args.disk_format
        ),
    )
    print_dict(c, wire(answer))


# --- snapshots ---


async def snapshot_list(c: Client, args: Any) -> None:
    filters = {"display_name": args.display_name, "status": args.status, "volume_id": args.volume_id}
    all_of_them = everybody(c, args)
    found = c.ask("/snapshots/detail", lambda: c.server.snapshot_list(c.caller, all_of_them, **filters))
    rows = [[s.id, s.volume_id, s.status, s.display_name, s.size] for s in found]
    print_list(c, ["ID", "Volume ID", "Status", "Display Name", "Size"], rows)


async def snapshot_show(c: Client, args: Any) -> None:
    print_dict(c, wire(c.server.show_snapshot(c.snapshot(args.snapshot))))


async def snapshot_create(c: Client, args: Any) -> None:
    volume = c.volume(args.volume)
    snapshot = c.ask(
        "/snapshots",
        lambda: c.server.create_snapshot(
            c.p.world, c.caller, volume.id, args.force, args.display_name, args.display_description
        ),
    )
    print_dict(c, wire(c.server.show_snapshot(snapshot, fresh=True)))


async def snapshot_delete(c: Client, args: Any) -> None:
    snapshot = c.snapshot(args.snapshot)
    c.ask(f"/snapshots/{snapshot.id}", lambda: c.server.delete_snapshot(c.caller, snapshot.id))


# --- types ---


async def type_list(c: Client, args: Any) -> None:
    kinds = c.ask("/types", lambda: list(c.server.types.values()))
    print_list(c, ["ID", "Name"], [[t["id"], t["name"]] for t in kinds])


async def extra_specs_list(c: Client, args: Any) -> None:
    kinds = c.ask("/types", lambda: list(c.server.types.values()))
    print_list(c, ["ID", "Name", "extra_specs"], [[t["id"], t["name"], wire(t["extra_specs"])] for t in kinds])


async def type_create(c: Client, args: Any) -> None:
    kind = c.ask("/types", lambda: c.server.create_type(c.p.world, c.caller, args.name))
    print_list(c, ["ID", "Name"], [[kind["id"], kind["name"]]])


async def type_delete(c: Client, args: Any) -> None:
    c.ask(f"/types/{args.id}", lambda: c.server.delete_type(c.caller, args.id))


async def type_key(c: Client, args: Any) -> None:
    kind = c.type(args.vtype)
    given = pairs(args.metadata or [])
    adding = args.action == "set"
    c.ask(
        f"/types/{kind['id']}/extra_specs",
        lambda: c.server.specs(c.caller, kind["id"], given if adding else None, [] if adding else list(given)),  # type: ignore[arg-type]
    )


# --- account ---


async def endpoints(c: Client, args: Any) -> None:
    for service in c.session.catalog:
        print_dict(c, service["endpoints"][0], service["name"])


async def credentials(c: Client, args: Any) -> None:
    user, token = account(c.session)
    print_dict(c, user, "User Credentials")
    print_dict(c, token, "Token")


def account(session: Session) -> tuple[dict[str, Any], dict[str, Any]]:
    """`user` and `token` of keystone's answer, keys in its order."""
    caller, p = session.caller, session.p
    keystone = session.cloud.keystone
    now = p.world.clock.now()
    tenant = keystone.tenants.get(caller.tenant_id, {})
    user = Py2Dict([("id", caller.user_id), ("name", caller.user_name), ("username", caller.user_name)])
    user.update([("roles", [{"name": name} for name in caller.roles]), ("roles_links", [])])
    fields = Py2Dict([(k, tenant.get(k)) for k in ("description", "enabled", "id", "name")])
    token = Py2Dict([("id", keystone.pki_token(caller)), ("expires", iso(now + 86400, "Z"))])
    token.update([("issued_at", at(now).isoformat(timespec="microseconds")), ("tenant", fields)])
    return wire(user), wire(token)


async def absolute_limits(c: Client, args: Any) -> None:
    tenant = c.caller.tenant_id

    def limits() -> dict[str, int]:
        used, limit = c.server.usage(tenant), c.server.limit
        return {
            "totalSnapshotsUsed": used["snapshots"], "maxTotalVolumeGigabytes": limit(tenant, "gigabytes"),
            "totalGigabytesUsed": used["gigabytes"], "maxTotalSnapshots": limit(tenant, "snapshots"),
            "totalVolumesUsed": used["volumes"], "maxTotalVolumes": limit(tenant, "volumes"),
        }  # fmt: skip

    print_list(c, ["Name", "Value"], [[k, v] for k, v in c.ask("/limits", limits).items()])


async def rate_limits(c: Client, args: Any) -> None:
    c.ask("/limits", lambda: None)
    print_list(c, ["Verb", "URI", "Value", "Remain", "Unit", "Next_Available"], [])


def _quota_show(path: str, defaults: bool) -> Callable[..., Any]:
    async def quota(c: Client, args: Any) -> None:
        info = c.ask(f"/os-quota-sets/{args.tenant}{path}", lambda: c.server.quota_set(c.caller, args.tenant, defaults))
        print_dict(c, {k: v for k, v in info.items() if k.startswith(("volumes", "snapshots", "gigabytes"))})

    return quota


def _changes(args: Any) -> dict[str, int]:
    suffix = f"_{args.volume_type}" if args.volume_type else ""
    keys = ("volumes", "snapshots", "gigabytes")
    return {k + suffix: getattr(args, k) for k in keys if getattr(args, k) is not None}


async def quota_update(c: Client, args: Any) -> None:
    changes = _changes(args)
    if changes:
        c.ask(f"/os-quota-sets/{args.tenant}", lambda: c.server.update_quota(c.caller, args.tenant, changes))


async def quota_class_show(c: Client, args: Any) -> None:
    from ..openstack.cinder import QUOTAS

    held = c.server.class_quotas.get(args.class_name, {})
    print_dict(c, c.ask(f"/os-quota-class-sets/{args.class_name}", lambda: QUOTAS | held))


async def quota_class_update(c: Client, args: Any) -> None:
    changes = _changes(args)
    if changes:
        c.ask(
            f"/os-quota-class-sets/{args.class_name}",
            lambda: c.server.update_quota(c.caller, args.class_name, changes, classes=True),
        )


async def service_list(c: Client, args: Any) -> None:
    rows = c.ask("/os-services", lambda: c.server.service_rows(c.p.world, c.caller, args.host or "", args.binary or ""))
    print_list(c, ["Binary", "Host", "Zone", "Status", "State", "Updated_at"], rows)


async def service_enable(c: Client, args: Any) -> None:
    c.ask("/os-services/enable", lambda: c.server.switch(c.caller, args.host, args.binary, False))


async def service_disable(c: Client, args: Any) -> None:
    c.ask("/os-services/disable", lambda: c.server.switch(c.caller, args.host, args.binary, True))


async def availability_zone_list(c: Client, args: Any) -> None:
    c.ask("/os-availability-zone", lambda: None)
    print_list(c, ["Name", "Status"], [["nova", "available"]])


# --- backups (no cinder-backup service here), transfers ---


async def backup_list(c: Client, args: Any) -> None:
    c.ask("/backups/detail", lambda: None)
    print_list(c, ["ID", "Volume ID", "Status", "Name", "Size", "Object Count", "Container"], [])


async def backup_create(c: Client, args: Any) -> None:
    volume = c.volume(args.volume)

    def refuse() -> None:
        if volume.status != "available":
            raise ApiError(400, "Invalid volume: Volume to be backed up must be available")
        raise ApiError(500, "The server has either erred or is incapable of performing the requested operation.")

    c.ask("/backups", refuse)


async def no_backup(c: Client, args: Any) -> None:
    c.ask("/backups/detail", lambda: None)
    raise Stop(f"No volumebackup with a name or ID of '{args.backup}' exists.")


async def backup_restore(c: Client, args: Any) -> None:
    if args.volume_id:
        # The option fills `volume_id`; the command looks for `volume`.
        pass
    raise Stop("'Namespace' object has no attribute 'volume'")


def _transfer_info(c: Client, transfer: Any, key: bool, accepted: bool = False) -> dict[str, Any]:
    info = {"id": transfer.id, "volume_id": transfer.volume_id, "name": transfer.name}
    if not accepted:
        info["created_at"] = (
            at(transfer.created).isoformat(timespec="microseconds") if key else iso(transfer.created, ".000000")
        )
    if key:
        info["auth_key"] = transfer.auth_key
    return info


async def transfer_create(c: Client, args: Any) -> None:
    volume = c.volume(args.volume)
    made = c.ask(
        "/os-volume-transfer", lambda: c.server.create_transfer(c.p.world, c.caller, volume.id, args.display_name)
    )
    print_dict(c, _transfer_info(c, made, key=True))


async def transfer_delete(c: Client, args: Any) -> None:
    found = c.transfer(args.transfer)
    c.ask(f"/os-volume-transfer/{found.id}", lambda: c.server.delete_transfer(found.id))


async def transfer_accept(c: Client, args: Any) -> None:
    path = f"/os-volume-transfer/{args.transfer}/accept"
    found = c.ask(path, lambda: c.server.accept_transfer(c.caller, args.transfer, args.auth_key))
    print_dict(c, _transfer_info(c, found, key=False, accepted=True))


async def transfer_list(c: Client, args: Any) -> None:
    found = c.ask("/os-volume-transfer/detail", lambda: list(c.server.transfers.values()))
    print_list(c, ["ID", "Volume ID", "Name"], [[t.id, t.volume_id, t.name] for t in found])


async def transfer_show(c: Client, args: Any) -> None:
    print_dict(c, _transfer_info(c, c.transfer(args.transfer), key=False))


# --- QoS specs and encryption ---


def _qos_row(spec: dict[str, Any]) -> Py2Dict:
    return Py2Dict(
        [
            ("consumer", spec["consumer"]),
            ("name", spec["name"]),
            ("id", spec["id"]),
            ("specs", wire(Py2Dict(spec["specs"].items()))),
        ]
    )


def _admin(c: Client, action: str) -> None:
    if not c.caller.is_admin:
        raise ApiError(403, f"Policy doesn't allow {action} to be performed.")


async def qos_create(c: Client, args: Any) -> None:
    given = pairs(args.metadata)

    def make() -> dict[str, Any]:
        _admin(c, "volume_extension:qos_specs_manage:create")
        if any(q["name"] == args.name for q in c.server.qos.values()):
            raise ApiError(409, f"QoS Specs {args.name} already exists.")
        consumer = given.pop("consumer", "back-end") or "back-end"
        if consumer not in ("front-end", "back-end", "both"):
            raise ApiError(400, "Invalid qos specs: Valid consumer of QoS specs are: ['front-end', 'back-end', 'both']")
        spec = {"id": c.p.world.ids.uuid(), "name": args.name, "consumer": consumer, "specs": given, "types": []}
        c.server.qos[spec["id"]] = spec
        return spec

    print_dict(c, _qos_row(c.ask("/qos-specs", make)))


async def qos_list(c: Client, args: Any) -> None:
    found = c.ask("/qos-specs", lambda: (_admin(c, "volume_extension:qos_specs_manage:get_all"), c.server.qos)[1])
    rows = [[q["id"], q["name"], q["consumer"], _qos_row(q)["specs"]] for q in found.values()]
    print_list(c, ["ID", "Name", "Consumer", "specs"], rows)


async def qos_show(c: Client, args: Any) -> None:
    print_dict(c, _qos_row(c.qos(args.qos_specs)))


async def qos_delete(c: Client, args: Any) -> None:
    spec = c.qos(args.qos_specs)
    force = args.force.strip().lower() in ("true", "t", "yes", "y", "1", "on") if args.force else False

    def remove() -> None:
        if spec["types"] and not force:
            raise ApiError(400, f"QoS Specs {spec['id']} is still associated with entities.")
        del c.server.qos[spec["id"]]

    c.ask(f"/qos-specs/{spec['id']}", remove)


def _qos_link(joining: bool) -> Callable[..., Any]:
    async def link(c: Client, args: Any) -> None:
        def change() -> None:
            spec = c.server.qos.get(args.qos_specs)
            if spec is None or args.vol_type_id not in c.server.types:
                raise ApiError(404, f"No such QoS spec {args.qos_specs}.")
            if joining and args.vol_type_id not in spec["types"]:
                spec["types"].append(args.vol_type_id)
            elif not joining and args.vol_type_id in spec["types"]:
                spec["types"].remove(args.vol_type_id)

        c.ask(f"/qos-specs/{args.qos_specs}/associate", change)

    return link


async def qos_disassociate_all(c: Client, args: Any) -> None:
    spec = c.qos(args.qos_specs)
    c.ask(f"/qos-specs/{spec['id']}/disassociate_all", spec["types"].clear)


async def qos_key(c: Client, args: Any) -> None:
    spec = c.qos(args.qos_specs)
    given = pairs(args.metadata)

    def change() -> None:
        if args.action == "set":
            spec["specs"].update(given)
            return
        for key in given:
            if key not in spec["specs"]:
                raise ApiError(404, f"QoS spec {spec['id']} has no spec with key {key}.")
            del spec["specs"][key]

    c.ask(f"/qos-specs/{spec['id']}", change)


async def qos_get_association(c: Client, args: Any) -> None:
    spec = c.qos(args.qos_specs)
    rows = [["volume_type", c.server.types[t]["name"], t] for t in spec["types"] if t in c.server.types]
    print_list(c, ["Association_Type", "Name", "ID"], rows)


ENCRYPTION = ["Volume Type ID", "Provider", "Cipher", "Key Size", "Control Location"]


def _encryption_row(kind: dict[str, Any]) -> list[Any]:
    held = kind["encryption"]
    return [kind["id"], held["provider"], held["cipher"], held["key_size"], held["control_location"]]


async def encryption_type_list(c: Client, args: Any) -> None:
    kinds = c.ask("/types", lambda: list(c.server.types.values()))
    print_list(c, ENCRYPTION, [_encryption_row(t) for t in kinds if "encryption" in t])


async def encryption_type_show(c: Client, args: Any) -> None:
    kind = c.type(args.volume_type)
    print_list(c, ENCRYPTION, [_encryption_row(kind)] if "encryption" in kind else [])


async def encryption_type_create(c: Client, args: Any) -> None:
    kind = c.type(args.volume_type)

    def make() -> None:
        _admin(c, "volume_extension:volume_type_encryption")
        if "encryption" in kind:
            raise ApiError(400, f"Invalid input received: Volume type encryption for type {kind['id']} already exists.")
        kind["encryption"] = {
            "provider": args.provider, "cipher": args.cipher, "key_size": args.key_size,
            "control_location": args.control_location or "front-end",
        }  # fmt: skip

    c.ask(f"/types/{kind['id']}/encryption", make)
    print_list(c, ENCRYPTION, [_encryption_row(kind)])


COMMANDS = {
    "list": list_, "show": show, "create": create, "delete": delete, "force-delete": force_delete, "extend": extend,
    "rename": _rename("volume"), "snapshot-rename": _rename("snapshot"), "reset-state": _reset_state("volume"),
    "snapshot-reset-state": _reset_state("snapshot"), "metadata": metadata, "migrate": migrate,
    "upload-to-image": upload_to_image, "snapshot-list": snapshot_list, "snapshot-show": snapshot_show,
    "snapshot-create": snapshot_create, "snapshot-delete": snapshot_delete, "type-list": type_list,
    "extra-specs-list": extra_specs_list, "type-create": type_create, "type-delete": type_delete, "type-key": type_key,
    "endpoints": endpoints, "credentials": credentials, "absolute-limits": absolute_limits, "rate-limits": rate_limits,
    "quota-show": _quota_show("", False), "quota-defaults": _quota_show("/defaults", True),
    "quota-update": quota_update, "quota-class-show": quota_class_show, "quota-class-update": quota_class_update,
    "service-list": service_list, "service-enable": service_enable, "service-disable": service_disable,
    "availability-zone-list": availability_zone_list, "backup-list": backup_list, "backup-create": backup_create,
    "backup-show": no_backup, "backup-delete": no_backup, "backup-restore": backup_restore,
    "transfer-create": transfer_create, "transfer-delete": transfer_delete, "transfer-accept": transfer_accept,
    "transfer-list": transfer_list, "transfer-show": transfer_show, "qos-create": qos_create, "qos-list": qos_list,
    "qos-show": qos_show, "qos-delete": qos_delete, "qos-associate": _qos_link(True),
    "qos-disassociate": _qos_link(False), "qos-disassociate-all": qos_disassociate_all, "qos-key": qos_key,
    "qos-get-association": qos_get_association, "encryption-type-list": encryption_type_list,
    "encryption-type-show": encryption_type_show, "encryption-type-create": encryption_type_create,
}  # fmt: skip


@command("cinder", package="python-cinderclient")
async def cinder(p: Process) -> int:
    """The block storage client."""
    return await run(p, "cinder", SURFACE, VERSION, COMMANDS, connect)
