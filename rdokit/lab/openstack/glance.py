"""The image service (API v1) of the simulated cloud: which images exist, who may see and change them.

Rules as of 2013.2.4: names need not be unique; an image without formats is
refused only when its data arrive, and stays behind as "queued"; a wrong
checksum or size kills the image, and killed images are not listed.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import ApiError
from .times import now_iso

if TYPE_CHECKING:
    from ..world import World
    from .auth import Caller
    from .cloud import Cloud

DISK_FORMATS = ("ami", "ari", "aki", "vhd", "vmdk", "raw", "qcow2", "vdi", "iso")
CONTAINER_FORMATS = ("ami", "ari", "aki", "bare", "ovf")
AMAZON = ("aki", "ari", "ami")
STORES = ("file", "filesystem", "http", "https", "rbd", "s3", "swift", "cinder", "gridfs")
# Where an image may come from: every known scheme but plain files.
SOURCES = (*STORES[1:], "swift+http", "swift+https", "s3+http", "s3+https", "sheepdog")
SORT_KEYS = ("name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at")


@dataclass
class Data:
    """Image data: the bytes, or only what is known of them (a synthetic file)."""

    size: int
    checksum: str
    content: bytes | None = None

    @classmethod
    def of(cls, content: bytes) -> Data:
        return cls(len(content), hashlib.md5(content).hexdigest(), content)


@dataclass
class Image:
    id: str
    owner: str
    name: str | None = None
    disk_format: str | None = None
    container_format: str | None = None
    is_public: bool = False
    protected: bool = False
    min_disk: int = 0
    min_ram: int = 0
    size: int = 0
    checksum: str | None = None
    status: str = "queued"
    created_at: str = ""
    updated_at: str = ""
    deleted_at: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    members: dict[str, bool] = field(default_factory=dict)  # tenant -> may share
    location: str | None = None
    content: bytes | None = None
    order: int = 0  # creation order, finer than the seconds of created_at

    @property
    def deleted(self) -> bool:
        return self.deleted_at is not None

    def show(self) -> dict[str, Any]:
        """The image as the API's JSON body has it."""
        keys = (
            "id", "name", "disk_format", "container_format", "size", "status", "is_public", "protected", "checksum",
            "min_disk", "min_ram", "owner", "created_at", "updated_at", "deleted_at", "deleted",
        )  # fmt: skip
        return {k: getattr(self, k) for k in keys} | {"properties": dict(self.properties)}


def _validate(fields: dict[str, Any]) -> None:
    """Formats and name, as far as they are given."""
    disk, container = fields.get("disk_format"), fields.get("container_format")
    if "disk_format" in fields and disk not in DISK_FORMATS:
        raise ApiError(400, f"Invalid disk format '{disk}' for image.")
    if "container_format" in fields and container not in CONTAINER_FORMATS:
        raise ApiError(400, f"Invalid container format '{container}' for image.")
    length = len((fields.get("name") or "").encode("utf-8", "surrogateescape"))
    if length > 255:
        raise ApiError(400, f"Image name too long: {length}")
    if disk in AMAZON or container in AMAZON:
        if disk is None:
            fields["disk_format"] = container
        elif container is None:
            fields["container_format"] = disk
        elif container != disk:
            raise ApiError(
                400,
                "Invalid mix of disk and container formats. When setting a disk or container format to one of "
                "'aki', 'ari', or 'ami', the container and disk formats must match.",
            )


def _numbers(fields: dict[str, Any]) -> None:
    """Sizes must be whole numbers, none below zero."""
    for key in ("size", "min_disk", "min_ram"):
        text = str(fields.get(key, 0))
        if not text.lstrip("+-").isdigit():
            why = f"Cannot convert image {key} '{text}' to an integer."
        elif int(text) < 0:
            why = f"Image {key} must be >= 0 ('{text}' specified)."
        else:
            continue
        raise ApiError(400, f"Invalid value '{text}' for parameter '{key}': {why}")


class Glance:
    """Images of one cloud. Every operation takes the caller first."""

    def __init__(self) -> None:
        self.images: dict[str, Image] = {}
        self.drawn = 0

    @classmethod
    def install(cls, world: World, cloud: Cloud) -> Glance:
        """An empty image service, as packstack leaves it (CONFIG_PROVISION_DEMO=n)."""
        return cls()

    # --- looking ---

    def visible(self, caller: Caller, image: Image) -> bool:
        return bool(
            caller.is_admin or image.is_public or image.owner == caller.tenant_id or caller.tenant_id in image.members
        )

    def get(self, caller: Caller, image_id: str) -> Image:
        """A deleted image too, as long as its row exists.

        Raises:
            ApiError: 404.
        """
        image = self.images.get(image_id)
        if image is None or not self.visible(caller, image):
            raise ApiError(404, f"Image with identifier {image_id} not found")
        if image.deleted and not caller.is_admin:
            raise ApiError(404, f"Image with identifier {image_id} not found")
        return image

    def listing(self, caller: Caller, filters: dict[str, Any] | None = None, everybody: bool = False) -> list[Image]:
        """Images by name (ties: by age), own, public and shared ones; an admin may ask for everybody's.

        Args:
            filters: name, status, disk_format, container_format, size_min, size_max, is_public, properties.
            everybody: `--all-tenants` (ignored for others than admins).
        """
        filters = dict(filters or {})
        for key in ("size_min", "size_max", "min_disk", "min_ram"):
            if filters.get(key) is not None:
                text = str(filters[key])
                if not text.lstrip("-").isdigit() or int(text) < 0:
                    raise ApiError(400, f"Bad value passed to filter {key} got {text}")
        public = filters.pop("is_public", True) if caller.is_admin else True
        filters.pop("is_public", None)
        found = []
        for image in self.images.values():
            if image.deleted or (image.status == "killed" and "status" not in filters):
                continue
            mine = image.owner == caller.tenant_id or caller.tenant_id in image.members
            if not (everybody and caller.is_admin):
                if public and not (image.is_public or mine):
                    continue
                if not public and image.is_public:
                    continue
            if self._matches(image, filters):
                found.append(image)
        return found

    @staticmethod
    def _matches(image: Image, filters: dict[str, Any]) -> bool:
        for key, value in filters.items():
            if key == "size_min" and image.size < int(value):
                return False
            if key == "size_max" and image.size > int(value):
                return False
            if key == "properties" and any(image.properties.get(k) != v for k, v in value.items()):
                return False
            if key in ("name", "status", "disk_format", "container_format"):
                held = getattr(image, key)
                # MySQL's collation: case and trailing blanks do not count.
                if held is None or held.lower().rstrip(" ") != str(value).lower().rstrip(" "):
                    return False
        return True

    @staticmethod
    def sort(images: list[Image], key: str = "name", direction: str = "asc") -> list[Image]:
        """MySQL's order: no case, NULL first; equal ones by age and id."""

        def value(image: Image) -> tuple:
            held = getattr(image, key)
            if held is None:
                return (0, 0)
            return (1, held.lower() if isinstance(held, str) else held)

        return sorted(images, key=lambda i: (value(i), i.order), reverse=direction == "desc")

    # --- changing ---

    def create(self, world: World, caller: Caller, fields: dict[str, Any], data: Data | None) -> Image:
        """Register an image and take its data.

        Args:
            fields: what the client sends (texts and booleans), without None.
            data: None when there is none to upload: the image stays queued.

        Raises:
            ApiError: 400 for bad formats, numbers, checksum or size; 409 for an id in use.
        """
        _validate(fields)
        _numbers(fields)
        source = fields.get("location") or fields.get("copy_from")
        if source and source.split(":", 1)[0].lower() not in SOURCES:
            raise ApiError(400, f"External sourcing not supported for store {source}")
        if fields.get("store") and fields["store"] not in STORES:
            raise ApiError(400, f"Required store {fields['store']} is invalid")
        new_id = fields.get("id") or world.ids.uuid()
        if "id" in fields:
            try:
                uuid.UUID(new_id)
            except ValueError:
                raise ApiError(
                    400, "Failed to reserve image. Got error: 400 Bad Request  Invalid image id format     "
                ) from None
            if new_id in self.images:
                raise ApiError(409, f"An image with identifier {new_id} already exists")
        self.drawn += 1
        moment = now_iso(world)
        image = Image(
            new_id, fields.get("owner") if caller.is_admin and fields.get("owner") else caller.tenant_id,
            created_at=moment, updated_at=moment, order=self.drawn,
        )  # fmt: skip
        self._take(image, fields)
        self.images[image.id] = image
        self._activate(world, image, fields, data)
        return image

    def _take(self, image: Image, fields: dict[str, Any]) -> None:
        for key in ("name", "disk_format", "container_format", "is_public", "protected", "location"):
            if key in fields:
                setattr(image, key, fields[key])
        for key in ("min_disk", "min_ram", "size"):
            if key in fields:
                setattr(image, key, int(fields[key]))

    def _activate(self, world: World, image: Image, fields: dict[str, Any], data: Data | None) -> None:
        image.properties.update(fields.get("properties", {}))
        if data is None:
            if fields.get("location") or fields.get("copy_from"):
                _validate({"disk_format": image.disk_format, "container_format": image.container_format})
                image.status = "active" if fields.get("location") else "saving"
            return
        _validate({"disk_format": image.disk_format, "container_format": image.container_format})
        image.content = data.content
        for key, given, got in (
            ("size", int(fields.get("size") or 0), data.size),
            ("checksum", fields.get("checksum"), data.checksum),
        ):
            if given and given != got:
                image.status = "killed"
                raise ApiError(
                    400,
                    f"Supplied {key} ({given}) and {key} generated from uploaded image ({got}) did not match. "
                    "Setting image status to 'killed'.",
                )
        image.size, image.checksum, image.status = data.size, data.checksum, "active"
        image.updated_at = now_iso(world)

    def _writable(self, caller: Caller, image: Image, what: str) -> None:
        if not (caller.is_admin or image.owner == caller.tenant_id):
            if image.is_public or caller.tenant_id in image.members:
                raise ApiError(
                    403, f"Forbidden to {what} image: 403 Forbidden  Access was denied to this resource.     "
                )
            raise ApiError(404, f"Image with identifier {image.id} not found")

    def update(
        self, world: World, caller: Caller, image_id: str, fields: dict[str, Any], data: Data | None, purge: bool
    ) -> Image:
        """Change what is given; properties are replaced when `purge`, else added.

        Raises:
            ApiError: as for `create`, 403 for foreign images and 409 for data of an active one.
        """
        image = self.get(caller, image_id)
        if image.status == "deleted":
            raise ApiError(403, "Forbidden to update deleted image.")
        if data is not None and image.status != "queued":
            raise ApiError(409, "Cannot upload to an unqueued image")
        if image.status != "queued" and ("location" in fields or "copy_from" in fields):
            raise ApiError(400, "Attempted to update Location field for an image not in queued status.")
        _numbers(fields)
        _validate(fields)
        self._writable(caller, image, "update")
        if purge:
            image.properties.clear()
        if "owner" in fields:
            image.owner = fields["owner"]
        self._take(image, fields)
        image.updated_at = now_iso(world)
        self._activate(world, image, fields, data)
        return image

    def delete(self, world: World, caller: Caller, image_id: str) -> None:
        """Mark as deleted.

        Raises:
            ApiError: 403 protected or foreign, 404 gone already.
        """
        image = self.get(caller, image_id)
        if image.protected:
            raise ApiError(403, "Image is protected")
        if image.deleted:
            raise ApiError(404, f"Image {image_id} not found.")
        self._writable(caller, image, "delete")
        image.status = "deleted"
        image.deleted_at = image.updated_at = now_iso(world)

    # --- sharing ---

    def members(self, caller: Caller, image_id: str) -> list[tuple[str, str, bool]]:
        """(image, tenant, may share) of one image."""
        image = self.images.get(image_id)
        if image is None or not self.visible(caller, image):
            raise ApiError(404, f"Image with identifier {image_id} not found")
        return [(image_id, tenant, share) for tenant, share in image.members.items()]

    def shared_with(self, caller: Caller, tenant: str) -> list[tuple[str, str, bool]]:
        """The images shared with a tenant (its own members and admins may ask)."""
        if not caller.is_admin and tenant != caller.tenant_id:
            raise ApiError(401, "")
        alive = [i for i in self.images.values() if not i.deleted]
        return [(i.id, tenant, i.members[tenant]) for i in alive if tenant in i.members]

    def add_member(self, caller: Caller, image_id: str, tenant: str, can_share: bool) -> None:
        self._may_share(caller, image_id).members[tenant] = can_share

    def remove_member(self, caller: Caller, image_id: str, tenant: str) -> None:
        image = self._may_share(caller, image_id)
        if tenant not in image.members:
            raise ApiError(404, "The resource could not be found.")
        del image.members[tenant]

    def _may_share(self, caller: Caller, image_id: str) -> Image:
        image = self.get(caller, image_id)
        if not (caller.is_admin or image.owner == caller.tenant_id or image.members.get(caller.tenant_id)):
            raise ApiError(403, "No permission to share that image")
        return image
