"""What nova, cinder and glance clients do before and around a command: read the command line, log in, find the
endpoint, and word every failure in their own way.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..openstack.auth import Caller, dial, password_login, split_url
from ..openstack.errors import ApiError, Unreachable
from ..openstack.py2 import Py2Dict, string, text_repr, wire
from .arguments import UsageError, build
from .tables import pretty

if TYPE_CHECKING:
    from ..openstack.cloud import Cloud
    from ..process import Process


class Stop(Exception):
    """The client ends with this text on standard error (after its own prefix) and exit status 1."""


class NotFound(Stop):
    """A 404 that the client may swallow while it looks an object up."""


class Refused(Stop):
    """Another HTTP error: `status` says which."""

    status = 0


def pool_error(fault: Unreachable, path: str | None = None) -> str:
    """How python-requests 1.2 words a connection that failed (nova, cinder).

    >>> pool_error(Unreachable("refused", "http://10.0.0.1:8774/v2/x"))
    "HTTPConnectionPool(host='10.0.0.1', port=8774): Max retries exceeded with url: /v2/x (Caused by <class \
'socket.error'>: [Errno 111] Connection refused)"
    """
    if fault.reason == "url":
        return f"Invalid URL {text_repr(fault.url)}: No schema supplied"
    host, port, found = split_url(fault.url)
    cause = {
        "refused": "<class 'socket.error'>: [Errno 111] Connection refused",
        "unresolved": "<class 'socket.gaierror'>: [Errno -2] Name or service not known",
        "noroute": "<class 'socket.error'>: [Errno 113] No route to host",
    }[fault.reason]
    where = path or found
    return f"HTTPConnectionPool(host='{host}', port={port}): Max retries exceeded with url: {where} (Caused by {cause})"


@dataclass
class Session:
    """A logged-in client: who calls, and where the services are."""

    p: Process
    args: Any
    caller: Caller
    catalog: list[dict[str, Any]] = field(default_factory=list)

    @property
    def cloud(self) -> Cloud:
        cloud = self.p.world.cloud
        assert cloud is not None
        return cloud

    def endpoint(self, service_type: str, region: str = "", kind: str = "publicURL") -> str | None:
        """URL of a service in the catalog, None when the region has none."""
        for service in self.catalog:
            if service["type"] == service_type:
                for entry in service["endpoints"]:
                    if (not region or entry["region"] == region) and kind in entry:
                        return entry[kind].rstrip("/")
        return None

    def request_id(self) -> str:
        return "req-" + self.p.world.ids.uuid()


def catalog_of(cloud: Cloud, caller: Caller) -> list[dict[str, Any]]:
    """The service catalog as the clients received it: services and keys in the order of 2013's dictionaries."""
    services = {service["type"]: service for service in cloud.keystone.catalog(caller)}
    found = []
    for kind, service in Py2Dict(services.items()).items():
        entries = []
        for entry in service["endpoints"]:
            keys = [k for k in ("id", "region", "publicURL", "internalURL", "adminURL") if k in entry]
            # The catalog shows the id of one interface's row, not the endpoint's own.
            row = entry | {"id": hashlib.md5(f"{entry['id']}/internal".encode()).hexdigest()}
            entries.append(wire(Py2Dict([(k, row[k]) for k in keys])))
        found.append({"type": kind, "name": service["name"], "endpoints": entries})
    return found


def login(p: Process, url: str, username: str, password: str, tenant: str, tenant_id: str) -> Session:
    """POST /tokens with a password.

    Raises:
        Unreachable, ApiError: as keystone answered.
    """
    world = p.world
    caller = password_login(world, p.node, world.cloud, url, username, password, tenant, tenant_id)
    assert world.cloud is not None
    return Session(p, None, caller, catalog_of(world.cloud, caller))


def knock(session: Session, base: str, path: str) -> None:
    """Make sure that somebody answers at base + path.

    Raises:
        Unreachable: nobody does.
    """
    p = session.p
    dial(p.world, p.node, p.world.cloud, base + path)


Commands = dict[str, Callable[[Any, Any], Awaitable[Any]]]


async def run(
    p: Process,
    program: str,
    surface: str,
    version: str,
    commands: Commands,
    connect: Callable[[Process, Any, str], Any],
    dialect: str = "nova",
    prefix: str = "ERROR: ",
) -> int:
    """Main of a client: parse, answer help, log in, run the command, word its failure.

    Args:
        commands: function per subcommand; called with (client, args).
        connect: makes the client from (process, args, subcommand), raising Stop.
    """
    argv = p.argv[1:]
    base, full = build(program, surface, version, p.env, dialect)
    try:
        options, _ = base.parse_known_args(argv)
        if options.help or not argv:
            p.print(full.help_text(), end="")
            return 0
        args = full.parse_args(argv)
        if args.subcommand == "help":
            return _help(p, full, args, prefix)
        if args.subcommand in ("bash-completion", "bash_completion"):
            names = [n for n in full._subparsers._group_actions[0].choices if not n.startswith("bash")]  # type: ignore
            p.print(" ".join(names))
            return 0
        client = connect(p, args, args.subcommand)
        function = commands.get(args.subcommand)
        if function is None:
            p.world.unknown.append(" ".join(p.argv))
            raise Stop(f"{program} {args.subcommand} is not part of the practice lab.")
        return int(await function(client, args) or 0)
    except UsageError as fault:
        p.print(fault.stdout, end="")
        p.error(fault.stderr, end="")
        if fault.status == 2:
            p.world.unknown.append(" ".join(p.argv))
        return fault.status
    except Stop as fault:
        p.error(prefix + str(fault))
        return 1


def connect_like_nova(p: Process, args: Any, needs: list[tuple[Any, str]], title: str, service_type: str) -> Session:
    """Log in the way novaclient and cinderclient do.

    Args:
        needs: (value, sentence when it is missing), in the client's order.
        title: "Nova" or "Cinder", as in "Invalid OpenStack Nova credentials."
        service_type: whose endpoint must be in the catalog.

    Raises:
        Stop: with the client's words.
    """
    for value, sentence in needs:
        if not value:
            raise Stop(sentence)
    url = args.os_auth_url.rstrip("/")
    username, password = args.os_username, args.os_password
    try:
        version = next((part for part in url.split("/")[3:] if part.startswith("v")), "")
        if not version and "://" in url:
            dial(p.world, p.node, p.world.cloud, url + "/")
            broken = "<attribute 'message' of 'exceptions.BaseException' objects>"
            raise Stop(broken + (" (HTTP 300)" if title == "Nova" else ""))
        session = login(p, url, username, password, args.os_tenant_name, args.os_tenant_id)
    except Unreachable as fault:
        tokens = url + "/tokens"
        raise Stop(pool_error(Unreachable(fault.reason, tokens))) from None
    except ApiError as fault:
        if fault.status == 401:
            raise Stop(f"Invalid OpenStack {title} credentials.") from None
        raise Stop(fault.message + (f" (HTTP {fault.status})" if title == "Nova" else "")) from None
    session.args = args
    if session.endpoint(service_type, args.os_region_name, args.endpoint_type or "publicURL") is None:
        p.print("Could not find any suitable endpoint. Correct region?")
        raise Stop("")
    return session


def _help(p: Process, full: Any, args: Any, prefix: str) -> int:
    if not args.command:
        p.print(full.help_text(), end="")
        return 0
    choices = full._subparsers._group_actions[0].choices
    if args.command not in choices:
        p.error(f"{prefix}'{args.command}' is not a valid subcommand")
        return 1
    p.print(choices[args.command].help_text(), end="")
    return 0


# --- what the clients share in looking up and printing ---


def table(fields: list[str], rows: list[list[Any]], align: str = "l", sort: str | None = None) -> str:
    """A prettytable of JSON values."""
    cells = [[v if v is None or isinstance(v, str | int) else string(v) for v in row] for row in rows]
    return pretty(fields, cells, align=align, sortby=sort, empty=True)


def slug(name: str) -> str:
    """`human_id` of the clients: a name without case, punctuation and blanks.

    >>> slug("CirrOS 0.3.2"), slug("日本")
    ('cirros-032', '')
    """
    import unicodedata

    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^\w\s-]", "", plain).strip().lower()
    return re.sub(r"[-\s]+", "-", plain)


def py2_int_or_none(text: str) -> int | None:
    match = re.fullmatch(r"\s*([+-]?\d+)[lL]?\s*", text)
    return int(match[1]) if match else None


def host_id(tenant: str, host: str | None) -> str:
    """nova's hostId: which computer, without telling its name."""
    return hashlib.sha224((tenant + host).encode()).hexdigest() if host else ""


def translate(fault: ApiError, text: str) -> Stop:
    """An HTTP error as the exception a client raises, carrying its words."""
    stop = NotFound(text) if fault.status == 404 else Refused(text)
    if isinstance(stop, Refused):
        stop.status = fault.status
    return stop
