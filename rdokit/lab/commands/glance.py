"""`glance`: the image client 0.12.0 of Havana."""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any

from ..clients.glance_old import COMMANDS as OLD
from ..clients.session import Session, Stop, knock, login, run, table
from ..clients.surface_glance import SURFACE
from ..openstack.errors import ApiError, Unreachable
from ..openstack.glance import Data, Glance, Image
from ..openstack.py2 import is_uuid, text_repr
from ..process import Process, command
from ..shell.streams import Bad

VERSION = "0.12.0"
CHUNK = 65536  # bytes the client sends at a time: one step of the progress bar
REASONS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict"}
UPDATE = ("name", "disk_format", "container_format", "min_disk", "min_ram", "owner", "size", "is_public", "protected",
          "location", "checksum", "copy_from")  # fmt: skip


class HttpError(Stop):
    """An error answer of glance; most end the command, `image-delete` only prints it."""

    def __init__(self, text: str, status: int):
        super().__init__(text)
        self.status = status


class Client:
    """glance's API as the caller sees it; logs in at the first request's time, as the real one does."""

    def __init__(self, session: Session, url: str):
        self.session, self.url, self.p = session, url, session.p
        self.caller = session.caller

    @property
    def server(self) -> Glance:
        return self.session.cloud.glance

    def ask(self, path: str, work: Any, body: bool = True) -> Any:
        """One request: `work()` on the server, with glance's own wording of failures."""
        try:
            knock(self.session, self.url, path)
        except Unreachable as fault:
            if fault.reason == "unresolved":
                raise Stop(f"Error finding address for {fault.url}: [Errno -2] Name or service not known") from None
            why = {"refused": "[Errno 111] Connection refused", "noroute": "[Errno 113] No route to host"}
            raise Stop(f"Error communicating with {self.url} {why.get(fault.reason, fault.reason)}") from None
        cloud = self.session.cloud
        if not cloud.up("glance-registry", self.p.world) or not cloud.up("mysqld", self.p.world):
            self.p.error("Request returned failure status.")
            raise HttpError("HTTPInternalServerError (HTTP 500)", 500)
        try:
            return work()
        except ApiError as fault:
            self.p.error("Request returned failure status.")
            reason = f"{fault.status} {REASONS.get(fault.status, '')}"
            text = f"{reason}\n{fault.message}\n   " if body else f"HTTP{reason.split(' ', 1)[1].replace(' ', '')}"
            raise HttpError(f"{text} (HTTP {fault.status})", fault.status) from None

    def quiet_get(self, image_id: str) -> Image | None:
        """HEAD, where a 404 only means: try something else (the log line still appears)."""
        try:
            return self.ask(
                f"/v1/images/{image_id}", lambda: self.server.get(self.caller, image_id), body=False
            )  # fmt: skip
        except HttpError as fault:
            if fault.status == 404:
                return None
            raise

    def listing(self, filters: dict[str, Any], everybody: bool = False) -> list[Image]:
        return self.ask("/v1/images/detail", lambda: self.server.listing(self.caller, filters, everybody))

    def find(self, name_or_id: str) -> Image:
        """By number, UUID, then name.

        Raises:
            Stop: none or several.
        """
        if name_or_id.isdigit() and (image := self.quiet_get(str(int(name_or_id)))):
            return image
        if is_uuid(name_or_id) and (image := self.quiet_get(name_or_id)):
            return image
        found = self.listing({"name": name_or_id})
        if not found:
            raise Stop(f"No image with a name or ID of '{name_or_id}' exists.")
        if len(found) > 1:
            raise Stop(f"Multiple image matches found for '{name_or_id}', use an ID to be more specific.")
        return found[0]


def connect(p: Process, args: Any, _command: str) -> Client:
    """Log in, or say what is missing, in glanceclient's words."""
    if args.os_auth_token and args.os_image_url:
        raise Stop("Invalid OpenStack Identity credentials.")
    for value, what, option in (
        (args.os_username, "a username", "--os-username or env[OS_USERNAME]"),
        (args.os_password, "a password", "--os-password or env[OS_PASSWORD]"),
        (args.os_tenant_id or args.os_tenant_name, "a tenant_id", "--os-tenant-id or via env[OS_TENANT_ID]"),
        (args.os_auth_url, "an auth url", "--os-auth-url or via env[OS_AUTH_URL]"),
    ):
        if not value:
            raise Stop(f"You must provide {what} via either {option}")
    url = args.os_auth_url
    tokens = url.rstrip("/") + "/tokens"
    try:
        session = login(p, url, args.os_username, args.os_password, args.os_tenant_name, args.os_tenant_id)
    except Unreachable as fault:
        if fault.reason == "url":
            raise Stop(f"Authorization Failed: Invalid URL {text_repr(tokens)}: No schema supplied") from None
        raise Stop(f"Authorization Failed: Unable to establish connection to {tokens}") from None
    except ApiError as fault:
        words = f"{fault.message} (HTTP {fault.status})"
        raise Stop(words if fault.status == 401 else f"Authorization Failed: {words}") from None
    kind = args.os_endpoint_type or "publicURL"
    endpoint = args.os_image_url or session.endpoint(args.os_service_type or "image", args.os_region_name, kind)
    if endpoint is None:
        raise Stop(f"{kind} endpoint for {args.os_service_type or 'image'} not found.")
    return Client(session, endpoint)


# --- printing ---


def human_size(size: float) -> str:
    """1024-based, at most one decimal.

    >>> human_size(13167616), human_size(0)
    ('12.6MB', '0B')
    """
    units = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB"]
    step = 0
    while size >= 1024:
        size, step = size / 1024, step + 1
    return f"{size:.1f}".rstrip("0").rstrip(".") + units[step]


def show(p: Process, image: Image, human: bool, full: bool) -> None:
    """Property table; `full` is the JSON body of a change, else the headers of a HEAD (which cannot carry None)."""
    info = image.show()
    properties = info.pop("properties")
    if not full:
        info = {k: v for k, v in info.items() if v is not None}
    if human:
        info["size"] = human_size(info["size"])
    info.update({f"Property '{k}'": v for k, v in properties.items()})
    p.print(table(["Property", "Value"], [[k, v] for k, v in info.items()], sort="Property"))


async def image_list(c: Client, args: Any) -> None:
    keys = ("name", "status", "container_format", "disk_format", "size_min", "size_max", "is_public")
    filters = {k: getattr(args, k) for k in keys if getattr(args, k) is not None}
    if args.properties:
        filters["properties"] = _pairs(args.properties)
    images = c.listing(filters, everybody=args.all_tenants or args.owner is not None)
    images = c.server.sort(images, args.sort_key, args.sort_dir)
    if args.owner is not None:
        images = [i for i in images if i.owner == args.owner]
    rows = []
    for i in images:
        size = human_size(i.size) if args.human_readable else i.size
        rows.append([v or "" for v in (i.id, i.name, i.disk_format, i.container_format, size, i.status)])
    c.p.print(table(["ID", "Name", "Disk Format", "Container Format", "Size", "Status"], rows))


async def image_show(c: Client, args: Any) -> None:
    image = c.find(args.image)
    image = c.ask(f"/v1/images/{image.id}", lambda: c.server.get(c.caller, image.id), body=False)
    show(c.p, image, args.human_readable, full=False)


def _pairs(given: list[str]) -> dict[str, str]:
    found = {}
    for text in given:
        if "=" not in text:
            raise Stop("need more than 1 value to unpack")
        key, value = text.split("=", 1)
        found[key] = value
    return found


def _header(value: Any) -> Any:
    """A value after its way through a header: without outer blanks, an empty one as none.

    Raises:
        Stop: Python's httplib sends no line end inside a header.
    """
    if not isinstance(value, str):
        return value
    if re.search(r"\n(?![ \t])|\r(?![ \t\n])", value):
        shown = "".join(chr(b) for b in value.encode("utf-8", "surrogateescape"))
        raise Stop(f"Invalid header value {text_repr(shown, unicode=False)}")
    return value.strip() or None


def _fields(args: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    """What goes into the request's headers: given values only."""
    given = {k: getattr(args, k, None) for k in keys if k not in ("protected",)}
    given["protected"] = args.is_protected
    pairs = _pairs(args.property)
    found: dict[str, Any] = {k: _header(v) for k, v in given.items() if v is not None}
    # Header names lose their case and their underscores on the way.
    found["properties"] = {k.lower().replace("-", "_"): _header(v) for k, v in pairs.items()}
    return found


class Upload:
    """The data of a create or update: a named file, standard input, or none (a terminal)."""

    def __init__(self, c: Client, args: Any):
        self.c, self.args, self.p = c, args, c.p
        self.known: Data | None = None
        self.seekable = False
        self.present = False

    async def open(self) -> None:
        """Find the data's source.

        Raises:
            Stop: a file that cannot be read.
        """
        if self.args.file:
            fs, path = self.p.node.fs, self.p.path(self.args.file)
            try:
                declared = fs.synthetic(path)
                content = fs.read(path, user=self.p.user)
            except OSError as fault:
                raise Stop(f"[Errno {fault.errno}] {fault.strerror}: {text_repr(self.args.file)}") from None
            self.known = Data(*declared) if declared else Data.of(content)
            self.present = self.seekable = True
        elif not self.p.stdin.isatty() and not isinstance(self.p.stdin, Bad):
            self.present = True
            inode = getattr(self.p.stdin, "inode", None)
            self.seekable = inode is not None or type(self.p.stdin).__name__ in ("Null", "Source")
            if inode is not None and inode.md5 and not getattr(self.p.stdin, "offset", 0):
                self.known = Data(inode.size, inode.md5)

    async def send(self) -> Data | None:
        """Read it all, drawing the bar when asked to."""
        if not self.present:
            if self.args.progress:
                raise Stop("float() argument must be a string or a number")
            return None
        if self.args.progress and not self.seekable:
            raise Stop("float() argument must be a string or a number")
        if self.known is None:
            self.known = await self._read()
        if self.args.progress:
            await self._bar(self.known.size)
        return self.known

    async def _read(self) -> Data:
        parts, digest = [], hashlib.md5()
        while part := await self.p.stdin.read(CHUNK):
            parts.append(part)
            digest.update(part)
        content = b"".join(parts)
        return Data(len(content), digest.hexdigest(), content)

    async def _bar(self, total: int) -> None:
        if self.p.stdout.isatty() and total:
            done = 0.0
            for start in range(0, total, CHUNK):
                done += min(CHUNK, total - start) / float(total)
                arrow = "=" * math.floor(done * 29 + 0.5) + ">"
                self.p.print(f"\r[{arrow:<30}] {done:.0%}", end="")
                await self.p.sleep(0.05)
        self.p.print()


async def image_create(c: Client, args: Any) -> None:
    # `--public` was never released as documented; the client still reads it.
    fields = _fields(args, (*UPDATE, "id", "store"))
    fields["is_public"] = bool(args.is_public or args.public)
    upload = Upload(c, args)
    if "location" not in fields and "copy_from" not in fields:
        await upload.open()
        data = await upload.send()
    elif args.progress:
        raise Stop("data")
    else:
        data = None
    if data is not None and upload.seekable and "size" not in fields:
        fields["size"] = data.size
    image = c.ask("/v1/images", lambda: c.server.create(c.p.world, c.caller, fields, data))
    show(c.p, image, args.human_readable, full=True)


async def image_update(c: Client, args: Any) -> None:
    image = c.find(args.image)
    fields = _fields(args, UPDATE)
    data = None
    if image.status == "queued" and "location" not in fields and "copy_from" not in fields:
        upload = Upload(c, args)
        await upload.open()
        data = await upload.send()
    server, world = c.server, c.p.world
    changed = c.ask(
        f"/v1/images/{image.id}",
        lambda: server.update(world, c.caller, image.id, fields, data, args.purge_props),
    )
    show(c.p, changed, args.human_readable, full=True)


async def image_delete(c: Client, args: Any) -> None:
    for name in args.images:
        image = c.find(name)
        if args.verbose:
            c.p.print(f"Requesting image delete for {name} ...", end=" ")
        try:
            c.ask(f"/v1/images/{image.id}", lambda image=image: c.server.delete(c.p.world, c.caller, image.id))
            if args.verbose:
                c.p.print("[Done]")
        except HttpError as fault:
            if args.verbose:
                c.p.print("[Fail]")
            c.p.print(f"{fault}: Unable to delete image {name}")


async def image_download(c: Client, args: Any) -> None:
    image = c.find(args.image)

    def fetch() -> Image:
        if image.status != "active":
            raise ApiError(404, f"Image {image.id} is not active")
        return image

    c.ask(f"/v1/images/{image.id}", fetch)
    if args.file is None:
        c.p.stdout.write(image.content if image.content is not None else b"\0" * image.size)
        return
    path = c.p.path(args.file)
    try:
        if image.content is None:
            c.p.node.fs.write_synthetic(path, image.size, image.checksum or "", user=c.p.user)
        else:
            c.p.node.fs.write(path, image.content)
    except OSError as fault:
        raise Stop(f"[Errno {fault.errno}] {fault.strerror}: {text_repr(args.file)}") from None
    if args.progress:
        await Upload(c, args)._bar(image.size)


async def member_list(c: Client, args: Any) -> int:
    if args.image_id and args.tenant_id:
        c.p.print("Unable to filter members by both --image-id and --tenant-id.")
        return 1
    if args.image_id:
        rows = c.ask(f"/v1/images/{args.image_id}/members", lambda: c.server.members(c.caller, args.image_id))
    elif args.tenant_id:
        rows = c.ask("/v1/shared-images/" + args.tenant_id, lambda: c.server.shared_with(c.caller, args.tenant_id))
    else:
        c.p.print("Unable to list all members. Specify --image-id or --tenant-id")
        return 1
    c.p.print(table(["Image ID", "Member ID", "Can Share"], [[v or "" for v in row] for row in rows]))
    return 0


async def member_create(c: Client, args: Any) -> None:
    image = c.find(args.image)
    c.ask(
        f"/v1/images/{image.id}/members",
        lambda: c.server.add_member(c.caller, image.id, args.tenant_id, args.can_share),
    )


async def member_delete(c: Client, args: Any) -> None:
    image = c.find(args.image)
    if args.dry_run:
        c.p.print("Dry run. We would have done the following:")
        c.p.print(f'Remove "{args.tenant_id}" from the member list of image "{args.image}"')
        return
    c.ask(f"/v1/images/{image.id}/members", lambda: c.server.remove_member(c.caller, image.id, args.tenant_id))


COMMANDS = {
    "image-list": image_list,
    "image-show": image_show,
    "image-create": image_create,
    "image-update": image_update,
    "image-delete": image_delete,
    "image-download": image_download,
    "member-list": member_list,
    "member-create": member_create,
    "member-delete": member_delete,
}


@command("glance", package="python-glanceclient")
async def glance(p: Process) -> int:
    """The image service's client."""
    return await run(p, "glance", SURFACE, VERSION, COMMANDS | OLD, connect, dialect="glance", prefix="")
