"""novaclient's plumbing: requests and their failures, looking objects up, printing dictionaries."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from ..openstack.auth import Caller
from ..openstack.errors import ApiError, Unreachable
from ..openstack.nova import Flavor, Instance, Nova
from ..openstack.py2 import Py2Dict, is_uuid, string, wire
from ..openstack.times import iso
from ..process import Process
from .session import (
    NotFound,
    Session,
    Stop,
    connect_like_nova,
    knock,
    pool_error,
    py2_int_or_none,
    slug,
    table,
    translate,
)

FAILED = "The server has either erred or is incapable of performing the requested operation."
IMAGE_STATUS = {"queued": "SAVING", "saving": "SAVING", "active": "ACTIVE", "deleted": "DELETED"}


class Client:
    """nova's API as the caller sees it."""

    def __init__(self, session: Session, url: str):
        self.session, self.url, self.p = session, url, session.p
        self.caller: Caller = session.caller

    @property
    def server(self) -> Nova:
        return self.session.cloud.nova

    def ask(self, path: str, work: Callable[[], Any]) -> Any:
        """One request.

        Args:
            path: below the endpoint, for the message when nobody answers.
            work: what the server does.

        Raises:
            NotFound, Refused: "message (HTTP n) (Request-ID: …)".
            Stop: nobody answers.
        """
        try:
            knock(self.session, self.url, path)
        except Unreachable as fault:
            raise Stop(pool_error(Unreachable(fault.reason, self.url + path))) from None
        try:
            return work()
        except ApiError as fault:
            words = f"{fault.message} (HTTP {fault.status}) (Request-ID: {self.session.request_id()})"
            raise translate(fault, words) from None

    # --- printing ---

    def print_list(self, fields: list[str], rows: list[list[Any]], sort: int | None = None) -> None:
        self.p.print(table(fields, rows, sort=None if sort is None else fields[sort]))

    def print_dict(self, info: Mapping[str, Any], title: str = "Property", value: str = "Value", wrap: int = 0) -> None:
        """Two columns in the dictionary's own order; a value with a written-out \\n takes several rows."""
        rows: list[list[Any]] = []
        for key, held in info.items():
            if isinstance(held, Mapping):
                held = string(held)
            if wrap > 0:
                held = textwrap.fill(string(held), wrap)
            if isinstance(held, str) and r"\n" in held:
                lines = held.strip().split(r"\n")
                rows += [[key if n == 0 else "", line] for n, line in enumerate(lines)]
            else:
                rows.append([key, held])
        self.p.print(table([title, value], rows))

    # --- looking up ---

    def find(self, kind: str, text: str, path: str, get: Callable[[str], Any], listing: Callable[[], list[Any]],
             name: Callable[[Any], str | None], human: bool = True, any_id: bool = False) -> Any:  # fmt: skip
        """By number, UUID, any id (flavors), slug of the name, name.

        Raises:
            Stop: none or several.
        """
        number = py2_int_or_none(text)
        for fits, key in ((number is not None, str(number)), (is_uuid(text), text), (any_id, text)):
            if fits:
                try:
                    return self.ask(f"{path}/{key}", lambda key=key: get(key))
                except NotFound:
                    continue
        items = self.ask(path, listing)
        for matches in (
            lambda item: human and slug(name(item) or "") == text and name(item) is not None,
            lambda item: name(item) == text,
        ):
            found = [item for item in items if matches(item)]
            if len(found) > 1:
                raise Stop(f"Multiple {kind} matches found for '{text}', use an ID to be more specific.")
            if found:
                return found[0]
        raise Stop(f"No {kind} with a name or ID of '{text}' exists.")

    def find_server(self, text: str) -> Instance:
        server = self.server
        return self.find(
            "server", text, "/servers", lambda i: server.server(self.caller, i),
            lambda: server.server_list(self.caller), lambda i: i.name,
        )  # fmt: skip

    def images(self) -> list[Any]:
        """Every image the caller may boot (an admin: of all tenants)."""
        glance = self.glance()
        return glance.sort(glance.listing(self.caller, {}, everybody=True), "created_at", "desc")

    def glance(self) -> Any:
        """The image service, as nova reaches it.

        Raises:
            ApiError: 500 when it does not answer.
        """
        cloud, world = self.session.cloud, self.p.world
        if not cloud.up("glance", world) or not cloud.up("glance-registry", world):
            raise ApiError(500, FAILED)
        return cloud.glance

    def get_image(self, image_id: str) -> Any:
        """One image by id; a deleted one is gone for nova.

        Raises:
            ApiError: 404, 500.
        """
        image = self.glance().images.get(image_id)
        if image is None or not self.glance().visible(self.caller, image):
            raise ApiError(404, "Image not found.")
        return image

    def find_image(self, text: str) -> Any:
        return self.find("image", text, "/images", self.get_image, self.images, lambda i: i.name)

    def find_flavor(self, text: str, everything: bool = False) -> Flavor:
        server = self.server
        return self.find(
            "flavor", text, "/flavors", lambda i: server.flavor(self.caller, i),
            lambda: server.flavor_list(self.caller, everything), lambda f: f.name, any_id=True,
        )  # fmt: skip

    def show_image(self, image: Any) -> Py2Dict:
        """An image as nova's API shows it."""
        properties = dict(image.properties)
        server = properties.get("instance_uuid")
        status = IMAGE_STATUS.get(image.status, "ERROR" if image.status == "killed" else image.status.upper())
        progress = {"ACTIVE": 100, "SAVING": 25 if image.status == "queued" else 50}.get(status, 0)
        found = Py2Dict.literal(
            ("id", image.id), ("name", image.name), ("minRam", image.min_ram), ("minDisk", image.min_disk),
            ("metadata", Py2Dict(properties.items())), ("created", image.created_at + "Z"),
            ("updated", image.updated_at + "Z"), ("status", status), ("progress", progress), ("links", []),
        )  # fmt: skip
        if server:
            found["server"] = {"id": server, "links": []}
        found["OS-EXT-IMG-SIZE:size"] = image.size
        return wire(found)

    # --- waiting ---

    async def poll(self, instance: Instance, action: str, final: tuple[str, ...], progress: bool = True) -> None:
        """--poll: ask every five seconds, drawing over the same line."""

        def line(percent: int) -> None:
            tail = f" {percent}% complete" if progress else ""
            self.p.print(f"\rInstance {action}...{tail}", end="")

        while True:
            self.server.settle()
            status = self.server.status(instance).lower()
            if status in final:
                line(100)
                self.p.print("\nFinished")
                return
            if status == "error":
                self.p.print(f"\nError {action} instance")
                return
            line(0)
            await self.p.sleep(5)


def connect(p: Process, args: Any, command: str) -> Client:
    """Log in with the words of novaclient."""
    nobody = (
        "You must provide a tenant name or tenant id via --os-tenant-name, --os-tenant-id, env[OS_TENANT_NAME] or "
        "env[OS_TENANT_ID]"
    )
    needs = [
        (args.os_username, "You must provide a username via either --os-username or env[OS_USERNAME]"),
        (args.os_tenant_name or args.os_tenant_id, nobody),
        (
            args.os_auth_url,
            "You must provide an auth url via either --os-auth-url or env[OS_AUTH_URL] or specify an auth_system which "
            "defines a default url with --os-auth-system or env[OS_AUTH_SYSTEM]",
        ),
        (
            args.os_password,
            "Expecting a password provided via either --os-password, env[OS_PASSWORD], or prompted response",
        ),
    ]
    kind = args.service_type or ("volume" if command.startswith("volume-") and command not in ATTACHING else "compute")
    session = connect_like_nova(p, args, needs, "Nova", kind)
    cloud = session.cloud
    cloud.nova.settle()
    cloud.cinder.settle(p.world)
    url = args.bypass_url or session.endpoint(kind, args.os_region_name, args.endpoint_type) or ""
    return Client(session, url.rstrip("/"))


ATTACHING = ("volume-attach", "volume-detach", "volume-update")


def moment(seconds: float | None) -> str | None:
    return iso(seconds, ".000000") if seconds else None


def words(given: list[list[str]]) -> dict[str, str | None]:
    """key=value arguments of `meta` and its kin; a bare key has None."""
    return {w.split("=", 1)[0]: w.split("=", 1)[1] if "=" in w else None for w in given[0]}
