"""The block storage service (API v1) of the simulated cloud: volumes, snapshots, types, transfers and their rules.

A request answers at once with "creating" or "deleting"; the work is done
between this and the next client command (`settle`), as the volume service
does while the operator types. Volumes live in the LVM group cinder-volumes of
the controller.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import storage
from .errors import ApiError
from .nova_words import stored
from .py2 import Py2Dict, is_uuid
from .times import at, iso, lab_seconds

if TYPE_CHECKING:
    from ..world import Node, World
    from .auth import Caller
    from .cloud import Cloud

GROUP = "cinder-volumes"
QUOTAS = {"volumes": 10, "snapshots": 10, "gigabytes": 1000}
NOT_FOUND = "The resource could not be found."
MALFORMED = "The server could not comply with the request since it is either malformed or otherwise incorrect."
DELETABLE = ("available", "error", "error_restoring", "error_extending")
STATES = (
    "creating", "available", "deleting", "error", "error_deleting", "attaching", "detaching", "in-use", "maintenance",
)  # fmt: skip
DOWN_AFTER = 60.0  # lab seconds without a report


def invalid(kind: str, reason: str) -> ApiError:
    """A refused request; `kind` is "volume", "snapshot" or "input received"."""
    return ApiError(400, f"Invalid {kind}: {reason}")


def kept(fields: dict[str, str | None]) -> dict[str, Any]:
    """Names and descriptions as their columns hold them (half a character at the end is dropped)."""
    return {k: stored(v) if isinstance(v, str) else v for k, v in fields.items()}


def check_metadata(metadata: dict[str, Any]) -> None:
    """Keys and values have 1 or 0 to 255 characters.

    Raises:
        ApiError: 400.
    """
    for key, value in metadata.items():
        if not key:
            raise invalid("metadata", "Metadata property key blank")
        if len(key) > 255:
            raise invalid("metadata size", f"Metadata property key {key} greater than 255 characters")
        if value is None:
            raise ApiError(400, MALFORMED)
        if len(value) > 255:
            raise invalid("metadata size", f"Metadata property key {key} value greater than 255 characters")


def policy(action: str) -> ApiError:
    return ApiError(403, f"Policy doesn't allow {action} to be performed.")


@dataclass
class Volume:
    id: str
    tenant_id: str
    user_id: str
    size: int
    status: str = "creating"
    display_name: str | None = None
    display_description: str | None = None
    availability_zone: str = "nova"
    volume_type: str | None = None  # id
    snapshot_id: str | None = None
    source_volid: str | None = None
    image_id: str | None = None
    image_metadata: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    host: str | None = None
    created: float = 0.0
    server_id: str | None = None  # while attached
    device: str | None = None
    attached_host: str | None = None
    filesystem: str = ""  # what a guest has made on it
    new_size: int = 0  # while it is extended
    order: int = 0
    given: dict[str, str | None] = field(default_factory=dict)  # name and description of the first answer
    attach_metadata: dict[str, str] = field(default_factory=dict)  # what attaching writes down beside `metadata`


@dataclass
class Snapshot:
    id: str
    tenant_id: str
    volume_id: str
    size: int
    status: str = "creating"
    display_name: str | None = None
    display_description: str | None = None
    created: float = 0.0
    progress: str = "0%"
    order: int = 0
    given: dict[str, str | None] = field(default_factory=dict)


@dataclass
class Transfer:
    id: str
    volume_id: str
    name: str | None
    auth_key: str
    created: float
    before: str = "available"


@dataclass
class Daemon:
    """A row of the services table."""

    binary: str
    host: str
    script: str
    node: str
    disabled: bool = False
    seen: float = 0.0  # last report, epoch seconds


class Cinder:
    """Block storage of one cloud."""

    def __init__(self, controller: str):
        self.controller = controller
        self.volumes: dict[str, Volume] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.types: dict[str, dict[str, Any]] = {}
        self.transfers: dict[str, Transfer] = {}
        self.qos: dict[str, dict[str, Any]] = {}
        self.quotas: dict[str, dict[str, int]] = {}
        self.class_quotas: dict[str, dict[str, int]] = {}
        self.daemons: list[Daemon] = []
        self.drawn = 0
        self.contents: dict[str, dict[str, bytes | None]] = {}  # volume id -> what a guest wrote on it

    @classmethod
    def install(cls, world: World, cloud: Cloud) -> Cinder:
        """The service as packstack leaves it: no volumes, no types."""
        self = cls(cloud.controller)
        host = world.nodes[cloud.controller].fqdn
        for binary in ("cinder-scheduler", "cinder-volume"):
            self.daemons.append(Daemon(binary, host, f"openstack-{binary}", cloud.controller, seen=world.clock.now()))
        return self

    # --- what happens by itself ---

    def _node(self, world: World) -> Node:
        return world.nodes[self.controller]

    def _room(self, world: World) -> float | None:
        """Free MiB of the volume group, None when it is missing (its loop device is lost at reboot, defect 14).

        A node without any storage of its own (in tests) has what the answer file says.
        """
        node = self._node(world)
        if node.extra.get("vgs"):
            group = storage.groups(node).get(GROUP)
            return None if group is None else float(storage.free_mib(group))
        answers = world.cloud.answers if world.cloud else {}
        text = str(answers.get("CONFIG_CINDER_VOLUMES_SIZE", "20G")).upper().rstrip("GB")
        total = float(text) if text.replace(".", "", 1).isdigit() else 20.0
        return (total - sum(v.size for v in self.volumes.values() if v.host)) * 1024

    def _carve(self, world: World, volume: Volume) -> None:
        """A logical volume for it."""
        node = self._node(world)
        if node.extra.get("vgs"):
            storage.create_volume(node, GROUP, f"volume-{volume.id}", volume.size * 1024)

    def _extend(self, world: World, volume: Volume) -> None:
        """Quota and room are looked at only here, after the request was accepted."""
        more = volume.new_size - volume.size
        allowed = self.limit(volume.tenant_id, "gigabytes")
        room = self._room(world)
        if 0 <= allowed < self.usage(volume.tenant_id)["gigabytes"] + more or room is None or more * 1024 > room:
            volume.status = "error_extending"
            return
        kept = self.contents.get(volume.id)
        self._drop(world, volume)
        volume.size, volume.status = volume.new_size, "available"
        self._carve(world, volume)
        if kept is not None:
            self.contents[volume.id] = kept

    def _drop(self, world: World, volume: Volume) -> None:
        node = self._node(world)
        if node.extra.get("vgs"):
            with contextlib.suppress(storage.StorageError):
                storage.remove_volume(node, GROUP, f"volume-{volume.id}")
        self.contents.pop(volume.id, None)

    def settle(self, world: World) -> None:
        """Finish what was asked for before now: called once at the start of every client command."""
        for daemon in self.daemons:
            if world.nodes[daemon.node].up and world.nodes[daemon.node].running(daemon.script):
                daemon.seen = world.clock.now()
        node = self._node(world)
        scheduled = node.running("openstack-cinder-scheduler")
        working = node.running("openstack-cinder-volume")
        for volume in list(self.volumes.values()):
            if volume.status in ("creating", "downloading") and scheduled:
                self._build(world, volume, working)
            elif not working:
                continue
            elif volume.status == "deleting":
                self._drop(world, volume)
                del self.volumes[volume.id]
            elif volume.status == "extending":
                self._extend(world, volume)
            elif volume.status == "uploading":
                volume.status = "in-use" if volume.server_id else "available"
        for snapshot in list(self.snapshots.values()):
            if working and snapshot.status == "creating":
                snapshot.status, snapshot.progress = "available", "100%"
            elif working and snapshot.status == "deleting":
                del self.snapshots[snapshot.id]

    def _build(self, world: World, volume: Volume, working: bool) -> None:
        if volume.status == "creating":
            room = self._room(world)
            if not working or room is None or volume.size * 1024 > room:
                volume.status = "error"
                return
            self._carve(world, volume)
        volume.host = self._node(world).fqdn
        if volume.image_id and volume.status == "creating":
            volume.status = "downloading"
        else:
            volume.status = "available"

    # --- views ---

    def show(self, caller: Caller, volume: Volume, detail: bool = True, fresh: bool = False) -> Py2Dict:
        """A volume as JSON, keys in the order of the server."""
        kind = self.types.get(volume.volume_type or "")
        attachments = []
        if volume.server_id:
            place = Py2Dict([("id", volume.id), ("volume_id", volume.id), ("server_id", volume.server_id)])
            place["host_name"] = volume.attached_host
            if volume.device:
                place["device"] = volume.device
            attachments.append(place)
        made = iso(volume.created, ".000000")
        names = {"display_name": volume.display_name, "display_description": volume.display_description}
        if fresh:
            made = at(volume.created).isoformat(timespec="microseconds")
            names |= volume.given
        found = Py2Dict(
            [
                ("id", volume.id), ("status", volume.status), ("size", volume.size),
                ("availability_zone", volume.availability_zone), ("created_at", made), ("attachments", attachments),
                ("display_name", names["display_name"]), ("display_description", names["display_description"]),
                ("volume_type", kind["name"] if kind else str(volume.volume_type)),
                ("snapshot_id", volume.snapshot_id), ("source_volid", volume.source_volid),
            ]
        )  # fmt: skip
        if fresh and volume.image_id:
            found["image_id"] = volume.image_id
        found["metadata"] = volume.metadata | volume.attach_metadata
        found["bootable"] = "true" if volume.image_id else "false"
        if detail and not fresh:
            if caller.is_admin:
                found["os-vol-host-attr:host"] = volume.host
            found["os-vol-tenant-attr:tenant_id"] = volume.tenant_id
            if caller.is_admin:
                found["os-vol-mig-status-attr:migstat"] = None
                found["os-vol-mig-status-attr:name_id"] = None
            if volume.image_metadata:
                found["volume_image_metadata"] = dict(volume.image_metadata)
        return found

    def show_snapshot(self, snapshot: Snapshot, fresh: bool = False) -> Py2Dict:
        made = iso(snapshot.created, ".000000")
        names = {"display_name": snapshot.display_name, "display_description": snapshot.display_description}
        if fresh:
            made = at(snapshot.created).isoformat(timespec="microseconds")
            names |= snapshot.given
        found = Py2Dict(
            [
                ("id", snapshot.id), ("created_at", made), ("display_name", names["display_name"]),
                ("display_description", names["display_description"]), ("volume_id", snapshot.volume_id),
                ("status", snapshot.status), ("size", snapshot.size), ("metadata", {}),
            ]
        )  # fmt: skip
        if not fresh:
            found["os-extended-snapshot-attributes:project_id"] = snapshot.tenant_id
            found["os-extended-snapshot-attributes:progress"] = snapshot.progress
        return found

    # --- volumes ---

    def volume(self, caller: Caller, volume_id: str) -> Volume:
        volume = self.volumes.get(volume_id)
        if volume is None or not (caller.is_admin or volume.tenant_id == caller.tenant_id):
            raise ApiError(404, NOT_FOUND)
        return volume

    def volume_list(self, caller: Caller, everybody: bool = False, **filters: Any) -> list[Volume]:
        """The caller's volumes, newest first; an admin may ask for everybody's."""
        found = [
            v
            for v in self.volumes.values()
            if ((everybody and caller.is_admin) or v.tenant_id == caller.tenant_id)
            and all(getattr(v, k) == value for k, value in filters.items() if value is not None and k != "metadata")
            and all(v.metadata.get(k) == value for k, value in (filters.get("metadata") or {}).items())
        ]
        return sorted(found, key=lambda v: -v.order)

    def limit(self, tenant: str, key: str) -> int:
        if key in self.quotas.get(tenant, {}):
            return self.quotas[tenant][key]
        fallback = QUOTAS.get(key, -1)
        return self.class_quotas.get("default", {}).get(key, fallback)

    def usage(self, tenant: str) -> dict[str, int]:
        volumes = [v for v in self.volumes.values() if v.tenant_id == tenant]
        snapshots = [s for s in self.snapshots.values() if s.tenant_id == tenant]
        sizes = sum(v.size for v in volumes) + sum(s.size for s in snapshots)
        return {"volumes": len(volumes), "snapshots": len(snapshots), "gigabytes": sizes}

    def _reserve(self, tenant: str, kind: str, size: int, count: int = 1) -> None:
        """Check quota for one more.

        Raises:
            ApiError: 413.
        """
        used = self.usage(tenant)
        allowed = self.limit(tenant, "gigabytes")
        if 0 <= allowed < used["gigabytes"] + size:
            raise ApiError(
                413, "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed Gigabytes quota"
            )
        allowed = self.limit(tenant, kind)
        if count and 0 <= allowed < used[kind] + 1:
            title = "VolumeLimitExceeded" if kind == "volumes" else "SnapshotLimitExceeded"
            raise ApiError(413, f"{title}: Maximum number of {kind} allowed ({allowed}) exceeded")

    def create_volume(
        self, world: World, caller: Caller, size: int | None, snapshot_id: str | None = None,
        source_volid: str | None = None, image_id: str | None = None, volume_type: str | None = None,
        availability_zone: str | None = None, **fields: Any,
    ) -> Volume:  # fmt: skip
        """Accept a new volume.

        Args:
            size: gigabytes; None takes the source's.
            fields: display_name, display_description, metadata.

        Raises:
            ApiError: 400 bad size, zone or source; 404 unknown type or source; 413 quota.
        """
        kind = self._type(volume_type) if volume_type else None
        snapshot = source = image = None
        if snapshot_id:
            snapshot = self.snapshots.get(snapshot_id)
            if snapshot is None:
                raise ApiError(404, f"SnapshotNotFound: Snapshot {snapshot_id} could not be found.")
        if source_volid:
            source = self.volumes.get(source_volid)
            if source is None:
                raise ApiError(404, f"VolumeNotFound: Volume {source_volid} could not be found.")
        if image_id and not is_uuid(image_id):
            raise ApiError(400, "Invalid imageRef provided.")
        if snapshot and snapshot.status != "available":
            raise invalid("snapshot", "Originating snapshot status must be one of available values")
        if source and source.status not in ("available", "in-use"):
            raise invalid("volume", "Unable to create a volume from an originating source volume when its status is "
                          "not one of available, in-use values")  # fmt: skip
        if size is None:
            size = snapshot.size if snapshot else source.size if source else 0
        if size <= 0:
            raise invalid("input received", f"Volume size {size} must be an integer and greater than 0")
        if source and size < source.size:
            raise invalid(
                "input received",
                f"Clones currently disallowed when {size} < {source.size}. They must be >= original volume size.",
            )
        if snapshot and not source and size < snapshot.size:
            raise invalid(
                "input received",
                f"Volume size {size} cannot be lesser than the snapshot size {snapshot.size}. "
                "They must be >= original snapshot size.",
            )
        image = self._image(world, caller, image_id, size) if image_id else None
        if availability_zone and availability_zone != "nova":
            raise invalid("input received", f"Availability zone '{availability_zone}' is invalid")
        check_metadata(fields.get("metadata") or {})
        self._reserve(caller.tenant_id, "volumes", size)
        self.drawn += 1
        volume = Volume(
            world.ids.uuid(), caller.tenant_id, caller.user_id, size, volume_type=kind["id"] if kind else None,
            snapshot_id=snapshot_id, source_volid=source_volid, image_id=image_id, created=world.clock.now(),
            order=self.drawn, given=(given := {k: fields.get(k) for k in ("display_name", "display_description")}),
            **kept(given), metadata=dict(fields.get("metadata") or {}),
        )  # fmt: skip
        origin_volume = source or (self.volumes.get(snapshot.volume_id) if snapshot else None)
        if origin_volume:
            volume.filesystem = origin_volume.filesystem
        if image is not None:
            volume.image_metadata = {
                "image_id": image.id, "image_name": image.name, "container_format": image.container_format,
                "disk_format": image.disk_format, "min_disk": str(image.min_disk), "min_ram": str(image.min_ram),
                "size": str(image.size), "checksum": image.checksum,
            }  # fmt: skip
        self.volumes[volume.id] = volume
        return volume

    def _image(self, world: World, caller: Caller, image_id: str, size: int) -> Any:
        assert world.cloud is not None
        image = world.cloud.glance.images.get(image_id)
        if image is None or image.deleted or not world.cloud.glance.visible(caller, image):
            raise ApiError(404, f"ImageNotFound: Image {image_id} could not be found.")
        gigabytes = -(-image.size // 1024**3)
        if gigabytes > size:
            raise invalid(
                "input received",
                f"Size of specified image {gigabytes} is larger than volume size {size}.",
            )
        if image.min_disk > size:
            raise invalid(
                "input received", f"Image minDisk size {image.min_disk} is larger than the volume size {size}."
            )
        return image

    def delete_volume(self, caller: Caller, volume_id: str, force: bool = False) -> None:
        volume = self.volume(caller, volume_id)
        if force and not caller.is_admin:
            raise policy("volume_extension:volume_admin_actions:force_delete")
        if volume.host is None:  # it never reached a host: the API removes the row by itself
            del self.volumes[volume_id]
            return
        if not force and volume.status not in DELETABLE:
            raise invalid("volume", f"Volume status must be available or error, but current status is: {volume.status}")
        if volume.server_id:
            raise ApiError(400, f"Volume {volume_id} is still attached, detach volume first.")
        children = [s for s in self.snapshots.values() if s.volume_id == volume_id]
        if children:
            raise invalid("volume", f"Volume still has {len(children)} dependent snapshots")
        volume.status = "deleting"

    def update(self, caller: Caller, kind: str, item_id: str, fields: dict[str, Any]) -> None:
        """Rename a volume or snapshot (`kind`)."""
        item = self.volume(caller, item_id) if kind == "volume" else self.snapshot(caller, item_id)
        for key, value in kept(fields).items():
            setattr(item, key, value)

    def extend(self, caller: Caller, volume_id: str, size: int) -> None:
        volume = self.volume(caller, volume_id)
        if volume.status != "available":
            raise invalid("volume", "Volume status must be available to extend.")
        if size <= volume.size:
            raise invalid(
                "input received",
                f"New size for extend must be greater than current size. (current: {volume.size}, extended: {size})",
            )
        volume.new_size, volume.status = size, "extending"

    def reset_state(self, caller: Caller, kind: str, item_id: str, state: str) -> None:
        item = self.volume(caller, item_id) if kind == "volume" else self.snapshot(caller, item_id)
        if not caller.is_admin:
            raise policy(f"volume_extension:{kind}_admin_actions:reset_status")
        allowed = STATES if kind == "volume" else ("creating", "available", "deleting", "error", "error_deleting")
        if state.lower() not in allowed:
            raise ApiError(400, "Must specify a valid status")
        item.status = state.lower()

    def set_metadata(self, caller: Caller, volume_id: str, metadata: dict[str, Any]) -> None:
        volume = self.volume(caller, volume_id)
        check_metadata(metadata)
        volume.metadata.update(metadata)

    def delete_metadata(self, caller: Caller, volume_id: str, key: str) -> None:
        volume = self.volume(caller, volume_id)
        if key not in volume.metadata:
            raise ApiError(404, "Metadata item was not found")
        del volume.metadata[key]

    def migrate(self, caller: Caller, volume_id: str, host: str) -> None:
        volume = self.volume(caller, volume_id)
        if not caller.is_admin:
            raise policy("volume_extension:volume_admin_actions:migrate_volume")
        if volume.status not in ("available", "in-use"):
            raise invalid("volume", "Volume status must be available/in-use to migrate.")
        if host not in {d.host for d in self.daemons if d.binary == "cinder-volume"}:
            raise invalid("input received", f"No available service named {host}")
        if host == volume.host:
            raise invalid("input received", "Destination host must be different than current host.")

    def upload(
        self, world: World, caller: Caller, volume_id: str, force: str, name: str, container: str, disk: str
    ) -> Py2Dict:
        """Make an image of a volume; the answer describes both."""
        from .glance import Data

        volume = self.volume(caller, volume_id)
        if volume.status not in ("available", "in-use"):
            raise invalid("volume", "Volume status must be available/in-use.")
        if volume.status == "in-use" and not boolean(force):
            raise invalid("volume", "Volume status is in-use.")
        assert world.cloud is not None
        image = world.cloud.glance.create(
            world, caller, {"name": name, "container_format": container, "disk_format": disk}, None
        )
        size = volume.size * 1024**3
        image.size, image.checksum, image.status = size, Data.of(volume.id.encode()).checksum, "active"
        kind = self.types.get(volume.volume_type or "")
        volume.status = "uploading"
        return Py2Dict(
            [
                ("id", volume.id), ("updated_at", iso(volume.created, ".000000")), ("status", "uploading"),
                ("display_description", volume.display_description), ("size", volume.size),
                ("volume_type", kind["name"] if kind else None), ("image_id", image.id),
                ("container_format", container), ("disk_format", disk), ("image_name", name),
            ]
        )  # fmt: skip

    # --- attachments, for nova ---

    def check_attach(self, caller: Caller, volume_id: str) -> Volume:
        """Raises:
        ApiError: 400 when the volume is not free, 404 when unknown.
        """
        volume = self.volume(caller, volume_id)
        if volume.status != "available":
            raise invalid("volume", "status must be 'available'")
        if volume.server_id:
            raise invalid("volume", "already attached")
        return volume

    def attach(self, volume_id: str, server_id: str, device: str, host: str | None) -> None:
        volume = self.volumes[volume_id]
        volume.status, volume.server_id, volume.device = "in-use", server_id, device
        volume.attached_host = host
        volume.attach_metadata.setdefault("readonly", "False")
        volume.attach_metadata["attached_mode"] = "rw"

    def detach(self, volume_id: str) -> None:
        volume = self.volumes.get(volume_id)
        if volume is not None:
            volume.status, volume.server_id, volume.device, volume.attached_host = "available", None, None, None
            volume.attach_metadata.pop("attached_mode", None)

    # --- snapshots ---

    def snapshot(self, caller: Caller, snapshot_id: str) -> Snapshot:
        found = self.snapshots.get(snapshot_id)
        if found is None or not (caller.is_admin or found.tenant_id == caller.tenant_id):
            raise ApiError(404, NOT_FOUND)
        return found

    def snapshot_list(self, caller: Caller, everybody: bool = False, **filters: Any) -> list[Snapshot]:
        return [
            s
            for s in self.snapshots.values()
            if ((everybody and caller.is_admin) or s.tenant_id == caller.tenant_id)
            and all(getattr(s, k) == v for k, v in filters.items() if v is not None)
        ]

    def create_snapshot(
        self, world: World, caller: Caller, volume_id: str, force: str, name: str | None, description: str | None
    ) -> Snapshot:
        volume = self.volume(caller, volume_id)
        if str(force).lower() not in ("true", "false", "yes", "no", "y", "n", "1", "0"):
            raise ApiError(400, f"Invalid value '{force}' for force. ")
        if volume.status != "available" and not boolean(force):
            raise invalid("volume", "must be available")
        self._reserve(caller.tenant_id, "snapshots", volume.size)
        self.drawn += 1
        snapshot = Snapshot(
            world.ids.uuid(), caller.tenant_id, volume_id, volume.size, created=world.clock.now(), order=self.drawn,
            given=(given := {"display_name": name, "display_description": description}), **kept(given),
        )  # fmt: skip
        self.snapshots[snapshot.id] = snapshot
        return snapshot

    def delete_snapshot(self, caller: Caller, snapshot_id: str) -> None:
        snapshot = self.snapshot(caller, snapshot_id)
        if snapshot.status not in ("available", "error"):
            raise invalid("snapshot", "Volume Snapshot status must be available or error")
        snapshot.status = "deleting"

    # --- types ---

    def _type(self, name_or_id: str) -> dict[str, Any]:
        for kind in self.types.values():
            if name_or_id in (kind["id"], kind["name"]):
                return kind
        raise ApiError(404, "Volume type not found.")

    def create_type(self, world: World, caller: Caller, name: str) -> dict[str, Any]:
        if not caller.is_admin:
            raise policy("volume_extension:types_manage")
        if not name:
            raise ApiError(400, "Malformed request body")
        if any(t["name"].lower() == name.lower() for t in self.types.values()):
            raise ApiError(409, f"Volume Type {name} already exists.")
        kind: dict[str, Any] = {"id": world.ids.uuid(), "name": name, "extra_specs": {}}
        self.types[kind["id"]] = kind
        return kind

    def delete_type(self, caller: Caller, type_id: str) -> None:
        if not caller.is_admin:
            raise policy("volume_extension:types_manage")
        if type_id not in self.types:
            raise ApiError(404, NOT_FOUND)
        if any(v.volume_type == type_id for v in self.volumes.values()):
            raise ApiError(400, "Target volume type is still in use.")
        del self.types[type_id]

    def specs(self, caller: Caller, type_id: str, changes: dict[str, str] | None, gone: list[str]) -> None:
        """Set or unset extra specs of a type."""
        if not caller.is_admin:
            raise policy("volume_extension:types_extra_specs")
        kind = self.types[type_id]
        kind["extra_specs"].update(changes or {})
        for key in gone:
            if key not in kind["extra_specs"]:
                raise ApiError(404, NOT_FOUND)
            del kind["extra_specs"][key]

    # --- transfers ---

    def transfer(self, transfer_id: str) -> Transfer:
        if transfer_id not in self.transfers:
            raise ApiError(404, f"Transfer {transfer_id} could not be found.")
        return self.transfers[transfer_id]

    def create_transfer(self, world: World, caller: Caller, volume_id: str, name: str | None) -> Transfer:
        volume = self.volume(caller, volume_id)
        if volume.status != "available":
            raise invalid("volume", "status must be available")
        volume.status = "awaiting-transfer"
        found = Transfer(world.ids.uuid(), volume_id, name, world.ids.hex(16), world.clock.now())
        self.transfers[found.id] = found
        return found

    def accept_transfer(self, caller: Caller, transfer_id: str, key: str) -> Transfer:
        found = self.transfer(transfer_id)
        if key != found.auth_key:
            raise ApiError(400, "Invalid auth key: Attempt to transfer " + f"{transfer_id} with invalid auth key.")
        volume = self.volumes[found.volume_id]
        volume.tenant_id, volume.user_id, volume.status = caller.tenant_id, caller.user_id, "available"
        del self.transfers[transfer_id]
        return found

    def delete_transfer(self, transfer_id: str) -> None:
        found = self.transfer(transfer_id)
        self.volumes[found.volume_id].status = "available"
        del self.transfers[transfer_id]

    # --- quotas, services ---

    def quota_set(self, caller: Caller, tenant: str, defaults: bool = False) -> Py2Dict:
        if not caller.is_admin and tenant != caller.tenant_id:
            raise ApiError(403, NOT_ADMIN)
        keys = [*QUOTAS, *(f"{k}_{t['name']}" for t in self.types.values() for k in QUOTAS)]
        default = self.class_quotas.get("default", {})
        values = [
            (k, default.get(k, QUOTAS.get(k, -1)) if defaults else self.limit(tenant, k)) for k in keys
        ]  # fmt: skip
        return Py2Dict([("id", tenant), *values])

    def update_quota(self, caller: Caller, tenant: str, changes: dict[str, int], classes: bool = False) -> None:
        if not caller.is_admin:
            what = "quota_classes" if classes else "quotas:update"
            raise policy(f"volume_extension:{what}")
        for key, value in changes.items():
            if value < -1:
                raise ApiError(400, "Quota limit must be -1 or greater.")
            known = key in QUOTAS or any(key.endswith("_" + t["name"]) for t in self.types.values())
            if not known:
                continue
        (self.class_quotas if classes else self.quotas).setdefault(tenant, {}).update(changes)

    def service_rows(self, world: World, caller: Caller, host: str = "", binary: str = "") -> list[list[str]]:
        """Binary, host, zone, status, state, last report."""
        if not caller.is_admin:
            raise policy("volume_extension:services")
        rows = []
        for d in self.daemons:
            if (host and host != d.host) or (binary and binary != d.binary):
                continue
            state = "up" if lab_seconds(world, d.seen) <= DOWN_AFTER else "down"
            status = "disabled" if d.disabled else "enabled"
            rows.append([d.binary, d.host, "nova", status, state, iso(d.seen, ".000000")])
        return rows

    def switch(self, caller: Caller, host: str, binary: str, disabled: bool) -> None:
        if not caller.is_admin:
            raise policy("volume_extension:services")
        found = [d for d in self.daemons if (d.host, d.binary) == (host, binary)]
        if not found:
            raise ApiError(404, "Unknown service")
        found[0].disabled = disabled


NOT_ADMIN = "User does not have admin privileges"


def boolean(text: Any) -> bool:
    return str(text).strip().lower() in ("true", "t", "yes", "y", "1", "on")
