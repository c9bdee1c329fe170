"""`keystone`: the Identity client of Havana (python-keystoneclient 0.4.1) against the simulated cloud."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

from ..clients.argparse2 import Exit, UsageError
from ..clients.keystone_surface import base_parser, env, full_parser
from ..clients.tables import Py2UnicodeError, decode_check, emit, pretty, py2_order
from ..openstack import auth
from ..openstack.errors import ApiError, Unreachable
from ..process import Process, command

PATHS = {"tenant": "/tenants/", "user": "/users/", "role": "/OS-KSADM/roles/", "service": "/OS-KSADM/services/"}


class Failure(Exception):
    """The client gives up: its message goes to stderr, exit status 1."""


class NotAuthorized(Exception):
    """HTTP 401 to a request after the login (the client has one sentence for all of them)."""


@command("keystone", package="python-keystoneclient")
async def keystone(p: Process) -> int:
    """Run one command line as the genuine client's main()."""
    try:
        await _main(p)
    except UsageError as error:
        p.error(error.usage + error.line)
        return error.status
    except Exit as done:
        (p.error if done.stderr else p.print)(done.text, end="")
        return done.status
    except NotAuthorized:
        p.error("Invalid OpenStack Identity credentials.")
        return 1
    except (Failure, Py2UnicodeError) as failure:
        p.error(str(failure))
        return 1
    except ApiError as error:
        p.error(_http(error))
        return 1
    return 0


def _http(error: ApiError) -> str:
    return f"{error.message} (HTTP {error.status})"


async def _main(p: Process) -> None:
    argv = p.argv[1:]
    options, _ = base_parser(p.env).parse_known(argv)
    parser = full_parser(p.env)
    if not argv or options.help:
        raise Exit(parser.help())
    args = parser.parse(argv)
    subparsers = next(a.commands for a in parser.args if a.commands is not None)
    assert subparsers is not None
    if args.subcommand == "help":
        if not args.command:
            raise Exit(parser.help())
        if args.command not in subparsers:
            raise Failure(f"'{args.command}' is not a valid subcommand")
        raise Exit(subparsers[args.command].help())
    if args.subcommand in ("bash_completion", "bash-completion"):
        words = {n for n in subparsers if n not in ("bash_completion", "bash-completion")}
        words |= {o for sub in subparsers.values() for a in sub.args for o in a.names}
        p.print(" ".join(sorted(words)))
        return
    args.os_token = args.os_token or env(p.env, "SERVICE_TOKEN")
    args.os_endpoint = args.os_endpoint or env(p.env, "SERVICE_ENDPOINT")
    if args.subcommand == "discover":
        _discover(p, args)
        return
    await _auth_check(p, args)
    client = Client(p, args)
    await ACTIONS[args.subcommand](p, client, args)


async def _auth_check(p: Process, args: SimpleNamespace) -> None:
    """What must be given before anything is sent."""
    if args.os_token or args.os_endpoint:
        if not args.os_token:
            raise Failure("Expecting a token provided via either --os-token or env[OS_SERVICE_TOKEN]")
        if not args.os_endpoint:
            raise Failure("Expecting an endpoint provided via either --os-endpoint or env[OS_SERVICE_ENDPOINT]")
        if args.os_username or args.os_password or args.os_auth_url:
            p.print("WARNING: Bypassing authentication using a token & endpoint (authentication credentials are being "
                    "ignored).")
        return
    if not args.os_auth_url:
        raise Failure("Expecting an auth URL via either --os-auth-url or env[OS_AUTH_URL]")
    if not (args.os_username or args.os_password):
        raise Failure("Expecting authentication method via\n  either a service token, --os-token or "
                      "env[OS_SERVICE_TOKEN], \n  credentials, --os-username or env[OS_USERNAME]")
    if not args.os_username:
        raise Failure("Expecting a username provided via either --os-username or env[OS_USERNAME]")
    if not args.os_password:
        if p.tty is not None and p.stdin.isatty():
            args.os_password = await p.tty.ask("OS Password: ")
        if not args.os_password:
            raise Failure("Expecting a password provided via either --os-password, env[OS_PASSWORD], or prompted "
                          "response")


class Client:
    """A login and the requests behind it."""

    def __init__(self, p: Process, args: SimpleNamespace):
        self.p, self.args = p, args
        self.cloud = p.world.cloud
        self.caller: auth.Caller | None = None
        self.auth_url = args.os_auth_url.rstrip("/")
        self.management: str | None = args.os_endpoint.rstrip("/") if args.os_token and args.os_endpoint else None
        if self.management is not None:
            return
        self._login()

    def _login(self) -> None:
        a, url = self.args, self.auth_url + "/tokens"
        try:
            self.caller = auth.password_login(self.p.world, self.p.node, self.cloud, self.auth_url, a.os_username,
                                              a.os_password, a.os_tenant_name, a.os_tenant_id)
        except Unreachable as error:
            if error.reason == "url":
                raise Failure(f"Authorization Failed: Invalid URL u'{url}': No schema supplied") from None
            raise Failure(f"Authorization Failed: Unable to establish connection to {url}") from None
        except ApiError as error:
            raise Failure(_http(error) if error.status == 401 else f"Authorization Failed: {_http(error)}") from None
        assert self.cloud is not None
        if self.caller.tenant_id:
            # 0.4.1 takes --os-region-name and never looks at it
            self.management = self.cloud.keystone.url_for(self.caller, "identity", kind="adminURL")

    @property
    def server(self) -> Any:
        assert self.cloud is not None
        return self.cloud.keystone

    def reach(self, path: str, management: bool = True, admin: bool = True) -> bool:
        """Go to the server for a path: True on the admin API, False on the public one.

        Raises:
            Failure: nobody answers, or no management URL is known.
            ApiError: the caller may not.
        """
        base = self.management if management else self.auth_url
        if base is None:
            raise Failure("Unable to authorize user")
        base = base.rstrip("/")
        try:
            service = auth.dial(self.p.world, self.p.node, self.cloud, base)
        except Unreachable as error:
            if error.reason == "url":
                raise Failure(f"Invalid URL u'{base + path}': No schema supplied") from None
            raise Failure(f"Unable to establish connection to {base + path}") from None
        _, port, root = auth.split_url(base)
        if service != "keystone" or root != "/v2.0" or (admin and port != 35357):
            raise ApiError(404, "The resource could not be found.")
        assert self.cloud is not None
        auth.need_database(self.p.world, self.cloud)
        if self.caller is None and self.args.os_token != self.server.admin_token:
            raise NotAuthorized
        if admin:
            self.admin_only()
        return port == 35357

    def admin_only(self) -> None:
        try:
            self.server.admin_only(self.caller)
        except ApiError as error:
            if error.status == 401:
                raise NotAuthorized from None
            raise

    def call(self, method: str, *given: Any, path: str, **named: Any) -> Any:
        """An admin request: reach the server, then one of `Keystone`'s methods."""
        self.reach(path)
        try:
            return getattr(self.server, method)(*given, **named)
        except ApiError as error:
            if error.status == 401:
                raise NotAuthorized from None
            raise

    def tenants(self) -> list[dict[str, Any]]:
        """GET /tenants: all on the admin port, one's own on the public one (used before a tenant is chosen)."""
        if self.management is None:
            self.management = self.auth_url
            try:
                on_admin = self.reach("/tenants", admin=False)
            finally:
                self.management = None
        else:
            on_admin = self.reach("/tenants", admin=False)
        if on_admin:
            self.admin_only()
            return self.server.all("tenant")
        mine = {t for (u, t), roles in self.server.grants.items() if self.caller and u == self.caller.user_id and roles}
        return [t for t in self.server.all("tenant") if t["id"] in mine]

    def all(self, kind: str) -> list[dict[str, Any]]:
        if kind == "tenant":
            return self.tenants()
        return self.call("all", kind, path=PATHS.get(kind, "/endpoints").rstrip("/"))

    def find(self, kind: str, text: str) -> dict[str, Any]:
        """By id, or else by exact name among all.

        Raises:
            Failure: none or several.
        """
        decode_check(text, len(PATHS[kind]))
        path = text.split("#")[0].split("?")[0]
        self.reach(PATHS[kind] + text)
        if path and "/" not in path:
            try:
                return self.call("get", kind, path, path=PATHS[kind] + text)
            except ApiError as error:
                if error.status != 404:
                    raise
        found = [row for row in self.all(kind) if row.get("name") == text]
        if not found:
            raise Failure(f"No {kind} with a name or ID of '{text}' exists.")
        if len(found) > 1:
            raise Failure(f"Multiple {kind} matches found for '{text}', use an ID to be more specific.")
        return found[0]


# -- printing


def show(p: Process, row: dict[str, Any], wrap: int = 0) -> None:
    """A Property/Value table."""
    rows = []
    for name, value in row.items():
        text = "" if value is None else value
        if wrap > 0:
            text = "\n".join(text[i : i + wrap] for i in range(0, len(text), wrap))
        rows.append((name, text))
    emit(p, pretty(["Property", "Value"], rows, align="c", sortby="Property"))


def table(p: Process, rows: list[dict[str, Any]], fields: list[str], order: str | None = None) -> None:
    """A list; nothing but a newline when it is empty."""
    cells = [["" if row.get(f) is None else row[f] for f in fields] for row in rows]
    emit(p, pretty(fields, cells, align="c", sortby=order or fields[0]))


def truth(text: str | None) -> bool:
    """--enabled: t, true, yes or 1; everything else is no."""
    return True if text is None else text.strip().lower() in ("t", "true", "yes", "1")


# -- subcommands

Args = SimpleNamespace


async def user_list(p: Process, c: Client, a: Args) -> None:
    if a.tenant:
        tenant = c.find("tenant", a.tenant)["id"]
        rows = c.call("users_of", tenant, path=f"/tenants/{tenant}/users")
    else:
        rows = c.all("user")
    table(p, rows, ["id", "name", "enabled", "email"], "name")


async def user_create(p: Process, c: Client, a: Args) -> None:
    tenant = c.find("tenant", a.tenant)["id"] if a.tenant else a.tenant_id or None
    show(p, c.call("create_user", a.name, a.passwd, a.email, tenant, truth(a.enabled), path="/users"))


async def user_update(p: Process, c: Client, a: Args) -> None:
    changes: dict[str, Any] = {}
    if a.name:
        changes["name"] = a.name
    if a.email is not None:
        changes["email"] = a.email
    if a.enabled:
        changes["enabled"] = truth(a.enabled)
    if not changes:
        p.print("User not updated, no arguments present.")
        return
    user = c.find("user", a.user)
    try:
        c.call("update_user", user["id"], path=f"/users/{user['id']}", **changes)
        p.print("User has been updated.")
    except ApiError as error:
        p.print(f"Unable to update user: {_http(error)}")


async def user_password_update(p: Process, c: Client, a: Args) -> None:
    user = c.find("user", a.user)
    password = a.passwd
    while not password and p.tty is not None and p.stdin.isatty():
        first = await p.tty.ask("New Password: ")
        if first == await p.tty.ask("Repeat New Password: "):
            password = first
            break
    if password is None:
        raise Failure("\nPlease specify password using the --pass option or using the prompt")
    c.call("update_user", user["id"], path=f"/users/{user['id']}/OS-KSADM/password", password=password)


async def password_update(p: Process, c: Client, a: Args) -> None:
    current = a.currentpasswd if a.currentpasswd is not None else a.os_password
    new = a.newpasswd
    while new is None:
        if p.tty is None:
            raise Failure("EOF when reading a line")
        first = await p.tty.ask("New Password: ")
        new = first if first == await p.tty.ask("Repeat New Password: ") else None
    assert c.caller is not None
    path = f"/OS-KSCRUD/users/{c.caller.user_id}"
    if c.reach(path, management=False, admin=False):
        raise ApiError(404, "The resource could not be found.")
    user = c.server.users[c.caller.user_id]
    if user["password"] != current:
        raise NotAuthorized
    user["password"] = new
    if a.os_password != new:
        p.print("You should update the password you are using to authenticate to match your new password")


async def tenant_create(p: Process, c: Client, a: Args) -> None:
    show(p, c.call("create_tenant", a.name, a.description, truth(a.enabled), path="/tenants"))


async def tenant_update(p: Process, c: Client, a: Args) -> None:
    tenant = c.find("tenant", a.tenant)
    changes: dict[str, Any] = {}
    if a.name:
        changes["name"] = a.name
    if a.description is not None:
        changes["description"] = a.description
    if a.enabled:
        changes["enabled"] = truth(a.enabled)
    if not changes:
        p.print("Tenant not updated, no arguments present.")
        return
    try:
        c.call("update_tenant", tenant["id"], path=f"/tenants/{tenant['id']}", **changes)
    except (ApiError, Failure, NotAuthorized):
        return  # 0.4.1 swallows every failure here


async def service_create(p: Process, c: Client, a: Args) -> None:
    show(p, c.call("create_service", a.name, a.type, a.description, path="/OS-KSADM/services"))


async def role_create(p: Process, c: Client, a: Args) -> None:
    show(p, c.call("create_role", a.name, path="/OS-KSADM/roles"))


def _role_arguments(c: Client, a: Args) -> tuple[str, str, str | None]:
    user, role = c.find("user", a.user)["id"], c.find("role", a.role)["id"]
    return user, role, c.find("tenant", a.tenant)["id"] if a.tenant else a.tenant_id


async def user_role_add(p: Process, c: Client, a: Args) -> None:
    given = _role_arguments(c, a)
    c.call("grant", *given, path=f"/users/{given[0]}/roles/OS-KSADM/{given[1]}")


async def user_role_remove(p: Process, c: Client, a: Args) -> None:
    given = _role_arguments(c, a)
    c.call("revoke", *given, path=f"/users/{given[0]}/roles/OS-KSADM/{given[1]}")


async def user_role_list(p: Process, c: Client, a: Args) -> None:
    own = c.caller
    tenant = c.find("tenant", a.tenant)["id"] if a.tenant else a.tenant_id or (own.tenant_id if own else None)
    user = c.find("user", a.user)["id"] if a.user else a.user_id or (own.user_id if own else None)
    rows = c.call("roles_of", str(user), tenant, path=f"/users/{user}/roles")
    rows = [{**r, "user_id": user, "tenant_id": tenant} for r in rows]
    table(p, rows, ["id", "name", "user_id", "tenant_id"], "name")


def _ec2_user(c: Client, a: Args) -> str:
    return a.user_id or (c.caller.user_id if c.caller else "None")


def _own_or_admin(c: Client, user: str, path: str) -> None:
    """Credentials belong to their user; an administrator may see all."""
    c.reach(path, admin=False)
    if c.caller is not None and user != c.caller.user_id:
        c.admin_only()


def _ec2(c: Client, method: str, user: str, *given: str) -> Any:
    path = f"/users/{user}/credentials/OS-EC2"
    _own_or_admin(c, user, path)
    try:
        return getattr(c.server, method)(user, *given)
    except ApiError as error:
        if error.status == 401 and method != "ec2_delete":
            raise NotAuthorized from None
        raise


async def ec2_create(p: Process, c: Client, a: Args) -> None:
    tenant = a.tenant_id or (c.caller.tenant_id if c.caller else "None")
    show(p, _ec2(c, "create_ec2", _ec2_user(c, a), tenant))


async def ec2_get(p: Process, c: Client, a: Args) -> None:
    show(p, _ec2(c, "ec2_get", _ec2_user(c, a), a.access))


async def ec2_list(p: Process, c: Client, a: Args) -> None:
    rows = _ec2(c, "ec2_of", _ec2_user(c, a))
    for row in rows:
        try:
            row["tenant"] = c.call("get", "tenant", row["tenant_id"], path=f"/tenants/{row['tenant_id']}")["name"]
        except (ApiError, Failure, NotAuthorized):
            row["tenant"] = row["tenant_id"]
    table(p, rows, ["tenant", "access", "secret"])


async def ec2_delete(p: Process, c: Client, a: Args) -> None:
    try:
        _ec2(c, "ec2_delete", _ec2_user(c, a), a.access)
        p.print("Credential has been deleted.")
    except ApiError as error:
        p.print(f"Unable to delete credential: {_http(error)}")


def _catalog(c: Client) -> list[dict[str, Any]]:
    if c.caller is None:
        raise Failure("'NoneType' object has no attribute 'has_service_catalog'")
    if not c.caller.tenant_id:
        return []
    return c.server.catalog(c.caller)


async def catalog(p: Process, c: Client, a: Args) -> None:
    services = [s for s in _catalog(c) if not a.service or s["type"] == a.service]
    kinds = py2_order([s["type"] for s in services])
    for kind in kinds:
        endpoints = next(s for s in services if s["type"] == kind)["endpoints"]
        if endpoints:
            p.print(f"Service: {kind}")
        for endpoint in endpoints:
            show(p, endpoint)


async def endpoint_get(p: Process, c: Client, a: Args) -> None:
    if bool(a.attr) != bool(a.value):
        _catalog(c)
        p.print("Both --attr and --value required.")
        return
    found = _catalog(c)
    if not found:
        raise Failure("The service catalog is empty.")
    kind = a.endpoint_type if "URL" in a.endpoint_type else a.endpoint_type + "URL"
    for service in found:
        for endpoint in service["endpoints"] if service["type"] == a.service else []:
            if not a.attr or endpoint.get(a.attr) == a.value:
                if kind not in endpoint:
                    raise Failure(f"'{kind}'")
                show(p, {f"{a.service}.{a.endpoint_type}": endpoint[kind]})
                return
    raise Failure(f"{kind} endpoint for {a.service} not found.")


async def endpoint_list(p: Process, c: Client, a: Args) -> None:
    table(p, c.all("endpoint"), ["id", "region", "publicurl", "internalurl", "adminurl", "service_id"])


async def endpoint_create(p: Process, c: Client, a: Args) -> None:
    service = c.find("service", a.service)["id"]
    show(p, c.call("create_endpoint", a.region, service, path="/endpoints", publicurl=a.publicurl,
                   adminurl=a.adminurl, internalurl=a.internalurl))


async def endpoint_delete(p: Process, c: Client, a: Args) -> None:
    try:
        c.call("delete_endpoint", a.id, path=f"/endpoints/{a.id}")
        p.print("Endpoint has been deleted.")
    except (ApiError, Failure, NotAuthorized, Py2UnicodeError):
        p.print("Unable to delete endpoint.")


async def token_get(p: Process, c: Client, a: Args) -> None:
    _catalog(c)
    try:
        wrap = int(a.wrap)
    except ValueError:
        raise Failure(f"invalid literal for int() with base 10: '{a.wrap}'") from None
    assert c.caller is not None
    pki = c.cloud is not None and c.cloud.answers.get("CONFIG_KEYSTONE_TOKEN_FORMAT", "PKI") == "PKI"
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(p.world.clock.now() + 86400))
    row = {"id": c.server.pki_token(c.caller) if pki else c.caller.token, "expires": expires,
           "user_id": c.caller.user_id}
    if c.caller.tenant_id:
        row["tenant_id"] = c.caller.tenant_id
    show(p, row, wrap)


async def bootstrap(p: Process, c: Client, a: Args) -> None:
    tenant = c.call("create_tenant", a.tenant, None, True, path="/tenants")["id"]
    role = c.call("create_role", a.role, path="/OS-KSADM/roles")["id"]
    user = c.call("create_user", a.user, a.passwd, None, None, True, path="/users")["id"]
    c.call("grant", user, role, tenant, path="/tenants")


def _discover(p: Process, args: Args) -> None:
    url = args.os_auth_url or "http://localhost:35357"
    try:
        auth.dial(p.world, p.node, p.world.cloud, url)
    except Unreachable:
        p.error('No handlers could be found for logger "keystoneclient.generic.client"')
        p.print("No Keystone-compatible endpoint found")
        return
    host, port, root = auth.split_url(url)
    p.print(f"Keystone found at {url}")
    versions = [("v2.0", "stable")] if root.rstrip("/") == "/v2.0" else [("v3.0", "stable"), ("v2.0", "stable")]
    extensions = {"OS-KSADM": "OpenStack Keystone Admin", "OS-EC2": "OpenStack EC2 API",
                  "s3tokens": "OpenStack S3 API"} if port == 35357 else {"OS-KSCRUD": "OpenStack Keystone User CRUD"}
    for version, status in versions:
        p.print(f"    - supports version {version} ({status}) here http://{host}:{port}/{version[:4].rstrip('.0')}/"
                if version == "v3.0" else
                f"    - supports version {version} ({status}) here http://{host}:{port}/{version}/")
        if version == "v2.0":
            for name in py2_order(extensions):
                p.print(f"        - and {name}: {extensions[name]}")


def _get(kind: str) -> Any:
    async def run(p: Process, c: Client, a: Args) -> None:
        show(p, c.find(kind, getattr(a, kind)))

    return run


def _delete(kind: str) -> Any:
    async def run(p: Process, c: Client, a: Args) -> None:
        row = c.find(kind, getattr(a, kind))
        c.call(f"delete_{kind}", row["id"], path=PATHS[kind] + row["id"])

    return run


def _list(kind: str, fields: list[str]) -> Any:
    async def run(p: Process, c: Client, a: Args) -> None:
        table(p, c.all(kind), fields, "name")

    return run


ACTIONS: dict[str, Any] = {
    "user-list": user_list, "user-get": _get("user"), "user-create": user_create, "user-update": user_update,
    "user-delete": _delete("user"), "user-password-update": user_password_update, "password-update": password_update,
    "user-role-add": user_role_add, "user-role-remove": user_role_remove, "user-role-list": user_role_list,
    "tenant-list": _list("tenant", ["id", "name", "enabled"]), "tenant-get": _get("tenant"),
    "tenant-create": tenant_create, "tenant-update": tenant_update, "tenant-delete": _delete("tenant"),
    "role-list": _list("role", ["id", "name"]), "role-get": _get("role"), "role-create": role_create,
    "role-delete": _delete("role"),
    "service-list": _list("service", ["id", "name", "type", "description"]), "service-get": _get("service"),
    "service-create": service_create, "service-delete": _delete("service"),
    "ec2-credentials-create": ec2_create, "ec2-credentials-get": ec2_get, "ec2-credentials-list": ec2_list,
    "ec2-credentials-delete": ec2_delete, "catalog": catalog, "endpoint-get": endpoint_get,
    "endpoint-list": endpoint_list, "endpoint-create": endpoint_create, "endpoint-delete": endpoint_delete,
    "token-get": token_get, "bootstrap": bootstrap,
}
