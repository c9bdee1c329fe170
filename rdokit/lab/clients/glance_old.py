"""The old commands of glance (index, show, details, add, …), which 0.12 still has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..openstack.auth import split_url
from ..openstack.glance import Data, Image
from ..openstack.py2 import Py2Dict
from .arguments import string_to_bool
from .session import Stop

if TYPE_CHECKING:
    from ..commands.glance import Client

COLUMNS = [(36, "ID"), (30, "Name"), (20, "Disk Format"), (20, "Container Format"), (14, "Size")]
FILTERS = ("name", "disk_format", "container_format", "status", "min_ram", "min_disk", "size_min", "size_max")


class BadField(Exception):
    """An argument that is not field=value."""


def fields_of(words: list[str]) -> dict[str, str]:
    """name=value arguments.

    >>> fields_of(["name=x,", "disk_format=raw"])
    {'name': 'x', 'disk_format': 'raw'}
    """
    found = {}
    for word in words:
        pieces = word.strip(",").split("=")
        if len(pieces) != 2:
            raise BadField(f"Arguments should be in the form of field=value. You specified {word}.")
        found[pieces[0]] = pieces[1]
    return found


def clip(text: str, width: int, right: bool = False) -> str:
    """A cell of fixed width; too long a text ends in dots.

    >>> clip("abc", 5), clip("abcdefgh", 5)
    ('abc  ', 'ab...')
    """
    text = text if len(text) <= width else text[: width - 3] + "..."
    return text.rjust(width) if right else text.ljust(width)


def describe(c: Client, image: Image) -> None:
    host, port, _ = split_url(c.url)
    p = c.p
    p.print(f"URI: {c.url.split(':')[0]}://{host}:{port}/v1/images/{image.id}")
    p.print(f"Id: {image.id}")
    p.print("Public: " + ("Yes" if image.is_public else "No"))
    p.print("Protected: " + ("Yes" if image.protected else "No"))
    p.print(f"Name: {image.name or ''}")
    p.print(f"Status: {image.status}")
    p.print(f"Size: {image.size}")
    p.print(f"Disk format: {image.disk_format or ''}")
    p.print(f"Container format: {image.container_format or ''}")
    p.print(f"Minimum Ram Required (MB): {image.min_ram}")
    p.print(f"Minimum Disk Required (GB): {image.min_disk}")
    p.print(f"Owner: {image.owner}")
    for key, value in Py2Dict(image.properties.items()).items():
        p.print(f"Property '{key}': {value}")
    p.print(f"Created at: {image.created_at}")
    if image.deleted_at:
        p.print(f"Deleted at: {image.deleted_at}")
    p.print(f"Updated at: {image.updated_at}")


def _images(c: Client, args: Any) -> list[Image]:
    try:
        given = fields_of(list(args.filters or []))
    except BadField as fault:
        c.p.print(str(fault))
        raise Stop("'int' object has no attribute 'pop'") from None
    filters: dict[str, Any] = {k: v for k, v in given.items() if k in FILTERS}
    filters["properties"] = {k: v for k, v in given.items() if k not in FILTERS}
    return c.server.sort(c.listing(filters), args.sort_key or "created_at", args.sort_dir or "desc")


async def index(c: Client, args: Any) -> None:
    c.p.print(" ".join(clip(label, width) for width, label in COLUMNS))
    c.p.print(" ".join("-" * width for width, _ in COLUMNS))
    for i in _images(c, args):
        cells = [i.id, str(i.name), str(i.disk_format), str(i.container_format), str(i.size)]
        row = [clip(t, width, label == "Size") for t, (width, label) in zip(cells, COLUMNS, strict=True)]
        c.p.print(" ".join(row))


async def details(c: Client, args: Any) -> None:
    for number, image in enumerate(_images(c, args)):
        if number == 0:
            c.p.print("=" * 80)
        describe(c, image)
        c.p.print("=" * 80)


def _by_id(c: Client, image_id: str) -> Image:
    return c.ask(f"/v1/images/{image_id}", lambda: c.server.get(c.caller, image_id), body=False)


async def show(c: Client, args: Any) -> None:
    describe(c, _by_id(c, args.id))


async def _confirmed(c: Client, args: Any, question: str) -> bool:
    if args.force:
        return True
    if c.p.tty is None or not c.p.stdin.isatty():
        return False
    return (await c.p.tty.ask(f"{question} [y/N] ", echo=True)).lower() in ("yes", "y")


async def delete(c: Client, args: Any) -> None:
    if not await _confirmed(c, args, f"Delete image {args.id}?"):
        c.p.print(f"Not deleting image {args.id}")
        return
    image = _by_id(c, args.id)
    c.ask(f"/v1/images/{image.id}", lambda: c.server.delete(c.p.world, c.caller, image.id))


async def clear(c: Client, args: Any) -> None:
    if not await _confirmed(c, args, "Delete all images?"):
        c.p.print("Not deleting any images")
        return
    for image in c.listing({}):
        if args.verbose:
            c.p.print(f'Deleting image {image.id} "{image.name}" ...', end=" ")
        try:
            c.ask(f"/v1/images/{image.id}", lambda i=image: c.server.delete(c.p.world, c.caller, i.id))
        except Stop as fault:
            c.p.print(f"Failed to delete image {image.id}")
            c.p.print(str(fault))
            return
        if args.verbose:
            c.p.print("done")


def _meta(fields: dict[str, str], names: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {k: fields.pop(k) for k in names if k in fields}
    for key in ("is_public", "protected"):
        if key in fields:
            found[key] = string_to_bool(fields.pop(key))
    found["properties"] = fields
    return found


async def add(c: Client, args: Any) -> None:
    try:
        fields = fields_of(args.fields)
    except BadField as fault:
        c.p.print(str(fault))
        return
    for key in ("status", "size"):
        if fields.pop(key, None) is not None:
            c.p.print(f"Found non-settable field {key}. Removing.")
    names = ("id", "name", "disk_format", "container_format", "min_disk", "min_ram", "location", "checksum", "owner")
    meta = _meta(fields, names)
    data = None if "location" in meta else Data.of(await c.p.stdin.read())
    if args.dry_run:
        c.p.print("Dry run. We would have done the following:\nAdd new image with metadata:")
        return
    image = c.ask("/v1/images", lambda: c.server.create(c.p.world, c.caller, meta, data))
    c.p.print(f"Added new image with ID: {image.id}")


async def update(c: Client, args: Any) -> None:
    try:
        fields = fields_of(args.fields)
    except BadField as fault:
        c.p.print(str(fault))
        return
    for key in ("created_at", "deleted_at", "deleted", "updated_at", "size", "status"):
        if fields.pop(key, None) is not None:
            c.p.print(f"Found non-modifiable field {key}. Removing.")
    meta = _meta(fields, ("disk_format", "container_format", "name", "min_disk", "min_ram", "location", "owner"))
    if args.dry_run:
        c.p.print("Dry run. We would have done the following:\nUpdate existing image with metadata:")
        return
    c.ask(f"/v1/images/{args.id}", lambda: c.server.update(c.p.world, c.caller, args.id, meta, None, False))
    c.p.print(f"Updated image {args.id}")


def _print_members(c: Client, rows: list[tuple[str, str, bool]], column: int) -> None:
    for row in rows:
        c.p.print(row[column] + (" *" if row[2] else ""))
    if any(row[2] for row in rows):
        c.p.print("\n(*: Can share image)")


async def image_members(c: Client, args: Any) -> None:
    path = f"/v1/images/{args.image_id}/members"
    _print_members(c, c.ask(path, lambda: c.server.members(c.caller, args.image_id)), 1)


async def member_images(c: Client, args: Any) -> None:
    rows = c.ask("/v1/shared-images", lambda: c.server.shared_with(c.caller, args.member_id))
    if not rows:
        c.p.print(f"No images shared with member {args.member_id}")
    _print_members(c, rows, 0)


async def member_add(c: Client, args: Any) -> None:
    if args.dry_run:
        c.p.print("Dry run. We would have done the following:")
        c.p.print(f'Add "{args.member_id}" to membership of image {args.image_id}')
        return
    path = f"/v1/images/{args.image_id}/members/{args.member_id}"
    c.ask(path, lambda: c.server.add_member(c.caller, args.image_id, args.member_id, args.can_share))


async def members_replace(c: Client, args: Any) -> None:
    path = f"/v1/images/{args.image_id}/members"
    for _, tenant, _share in c.ask(path, lambda: c.server.members(c.caller, args.image_id)):
        c.ask(path, lambda t=tenant: c.server.remove_member(c.caller, args.image_id, t))
    await member_add(c, args)


COMMANDS = {
    "index": index, "details": details, "show": show, "delete": delete, "clear": clear, "add": add, "update": update,
    "image-members": image_members, "member-images": member_images, "member-add": member_add,
    "members-replace": members_replace,
}  # fmt: skip
