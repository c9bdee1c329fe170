"""The identity service: tenants, users, roles, services, endpoints and logins, by the rules of 2013.2.

Names are unique for MySQL (see `mysql`), services and endpoints are not unique
at all, a user created with a tenant gets the role _member_ there. What is kept
is plain data: one dict per row, by id.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from . import mysql
from .auth import Caller
from .errors import ApiError
from .py2 import Py2Dict, text_repr

if TYPE_CHECKING:
    from ..world import Ids, World
    from .cloud import Cloud

MEMBER_ROLE = "9fe2ff9ee4384b1894a90878d3e92bab"  # fixed by keystone's own default configuration
UNAUTHORIZED = "The request you have made requires authentication."
REGION = "RegionOne"
SIGNATURE = 453  # bytes that signing adds: headers, issuer, and an RSA signature of 2048 bits

# Service users as packstack makes them: user, the answer that holds the password, the answer that installs it.
# Swift is not among them: the recordings' cloud, made with CONFIG_SWIFT_INSTALL=y, has neither user nor service of it.
SERVICE_USERS = [
    ("glance", "CONFIG_GLANCE_KS_PW", "CONFIG_GLANCE_INSTALL"),
    ("cinder", "CONFIG_CINDER_KS_PW", "CONFIG_CINDER_INSTALL"),
    ("nova", "CONFIG_NOVA_KS_PW", "CONFIG_NOVA_INSTALL"),
    ("neutron", "CONFIG_NEUTRON_KS_PW", "CONFIG_NEUTRON_INSTALL"),
    ("heat", "CONFIG_HEAT_KS_PW", "CONFIG_HEAT_INSTALL"),
    ("ceilometer", "CONFIG_CEILOMETER_KS_PW", "CONFIG_CEILOMETER_INSTALL"),
]

# name, type, description, public/internal URL, admin URL, the answer that installs it; in the order of the
# endpoints' identifiers.
SERVICES = [
    ("ceilometer", "metering", "Openstack Metering Service", ":8777", ":8777", "CONFIG_CEILOMETER_INSTALL"),
    ("glance", "image", "Openstack Image Service", ":9292", ":9292", "CONFIG_GLANCE_INSTALL"),
    ("nova_ec2", "ec2", "EC2 Service", ":8773/services/Cloud", ":8773/services/Admin", "CONFIG_NOVA_INSTALL"),
    ("cinder", "volume", "Cinder Service", ":8776/v1/%(tenant_id)s", ":8776/v1/%(tenant_id)s", "CONFIG_CINDER_INSTALL"),
    ("keystone", "identity", "OpenStack Identity Service", ":5000/v2.0", ":35357/v2.0", ""),
    ("neutron", "network", "Neutron Networking Service", ":9696/", ":9696/", "CONFIG_NEUTRON_INSTALL"),
    ("cinder_v2", "volumev2", "Cinder Service v2", ":8776/v2/%(tenant_id)s", ":8776/v2/%(tenant_id)s",
     "CONFIG_CINDER_INSTALL"),
    ("nova", "compute", "Openstack Compute Service", ":8774/v2/%(tenant_id)s", ":8774/v2/%(tenant_id)s",
     "CONFIG_NOVA_INSTALL"),
    ("heat", "orchestration", "Openstack Orchestration Service", ":8004/v1/%(tenant_id)s", ":8004/v1/%(tenant_id)s",
     "CONFIG_HEAT_INSTALL"),
]


class Keystone:
    """State of the identity service; every method raises `ApiError` as the server answers."""

    def __init__(self) -> None:
        self.tenants: dict[str, dict[str, Any]] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.roles: dict[str, dict[str, Any]] = {}
        self.services: dict[str, dict[str, Any]] = {}
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.grants: dict[tuple[str, str], list[str]] = {}  # (user id, tenant id) -> role ids
        self.ec2: dict[str, dict[str, Any]] = {}  # access key -> row
        self.admin_token = ""
        self.ids: Ids | None = None

    # -- what packstack leaves

    def install(self, world: World, cloud: Cloud) -> None:
        """Tenants, users, roles, services and endpoints of a fresh packstack run."""
        answers, self.ids = cloud.answers, world.ids
        self.admin_token = answers.get("CONFIG_KEYSTONE_ADMIN_TOKEN", "")
        wanted = lambda key: not key or answers.get(key, "y" if key not in _OFF else "n") == "y"  # noqa: E731
        self.roles[MEMBER_ROLE] = {"id": MEMBER_ROLE, "name": "_member_"}
        for role in ("admin", "ResellerAdmin"):
            self._add(self.roles, name=role)
        admin_tenant = self._add(self.tenants, name="admin", description="admin tenant", enabled=True)["id"]
        services = self._add(self.tenants, name="services", description="Tenant for the openstack services",
                             enabled=True)["id"]
        roles = {r["name"]: r["id"] for r in self.roles.values()}
        password = answers.get("CONFIG_KEYSTONE_ADMIN_PW", "admin")
        admin = self._add(self.users, name="admin", email="root@localhost", enabled=True, password=password)["id"]
        self.grants[admin, admin_tenant] = [MEMBER_ROLE, roles["admin"]]
        for name, secret, switch in SERVICE_USERS:
            if wanted(switch):
                user = self._add(self.users, name=name, email=f"{name}@localhost", enabled=True,
                                 password=answers.get(secret, name))["id"]
                self.grants[user, services] = [MEMBER_ROLE, roles["admin"]]
                if name == "ceilometer":
                    self.grants[user, services].append(roles["ResellerAdmin"])
        chosen = [s for s in SERVICES if wanted(s[5])]
        ids = sorted(self.ids.hex(32) for _ in chosen)  # only the order in which lists show them
        for (name, kind, text, public, admin_url, _), endpoint in zip(chosen, ids, strict=True):
            service = self._add(self.services, name=name, type=kind, description=text)["id"]
            base = f"http://{cloud.host}"
            self.endpoints[endpoint] = {
                "id": endpoint, "region": REGION, "publicurl": base + public, "internalurl": base + public,
                "adminurl": base + admin_url, "service_id": service, "_row": self.ids.hex(32),
            }

    def set_passwords(self, answers: dict[str, str]) -> None:
        """The passwords of the users that packstack made, as its answers have them now."""
        wanted = {"admin": "CONFIG_KEYSTONE_ADMIN_PW"} | {name: secret for name, secret, _ in SERVICE_USERS}
        for user in self.users.values():
            secret = answers.get(wanted.get(str(user["name"]), ""))
            if secret:
                user["password"] = secret

    def _add(self, table: dict[str, dict[str, Any]], **row: Any) -> dict[str, Any]:
        assert self.ids is not None
        row["id"] = self.ids.uuid().replace("-", "")
        table[row["id"]] = row
        return row

    # -- logins

    def authenticate(self, username: str, password: str, tenant: str = "", tenant_id: str = "") -> Caller:
        """A token for a user, scoped to a tenant when one is given.

        Raises:
            ApiError: 401 for anything wrong: user, password, tenant, no role there, disabled.
        """
        user = next((u for u in self.users.values() if mysql.same(u["name"], username)), None)
        if user is None or user.get("password") != password or not user["enabled"]:
            raise ApiError(401, UNAUTHORIZED)
        caller = Caller(user["id"], mysql.read(user["name"]), token=self._token(user["id"]))
        if not tenant and not tenant_id:
            return caller
        for row in self.tenants.values():
            if mysql.same(row["id"], tenant_id) if tenant_id else mysql.same(row["name"], tenant):
                return self._scoped(caller, row)
        raise ApiError(401, UNAUTHORIZED)

    def _scoped(self, caller: Caller, tenant: dict[str, Any]) -> Caller:
        roles = self.grants.get((caller.user_id, tenant["id"]), [])
        if not roles or not tenant["enabled"]:
            raise ApiError(401, UNAUTHORIZED)
        caller.tenant_id, caller.tenant_name = tenant["id"], mysql.read(tenant["name"])
        caller.roles = [self.roles[r]["name"] for r in roles if r in self.roles]
        return caller

    def _token(self, user_id: str) -> str:
        assert self.ids is not None
        return self.ids.hex(32)

    def pki_token(self, caller: Caller) -> str:
        """A signed token, as long as a genuine one: the login's whole answer, signed, in base64."""
        roles = [r for r in self.roles.values() if r["name"] in caller.roles]
        token: dict[str, Any] = {"issued_at": "2014-04-03T12:00:00.000000", "expires": "2014-04-04T12:00:00Z",
                                 "id": "placeholder"}
        if caller.tenant_id in self.tenants:
            tenant = self.tenants[caller.tenant_id]
            token["tenant"] = {k: tenant.get(k) for k in ("description", "enabled", "id")}
            token["tenant"]["name"] = caller.tenant_name
        answer = {
            "token": token,
            "serviceCatalog": [{**s, "endpoints_links": []} for s in self.catalog(caller)] if caller.tenant_id else [],
            "user": {"username": caller.user_name, "roles_links": [], "id": caller.user_id, "name": caller.user_name,
                     "roles": [{"name": r["name"]} for r in roles]},
            "metadata": {"is_admin": 0, "roles": [r["id"] for r in roles]},
        }
        size = (len(json.dumps({"access": answer})) + SIGNATURE + 2) // 3 * 4
        seed = hashlib.sha512(caller.token.encode()).digest()
        raw = b"".join(hashlib.sha512(seed + i.to_bytes(4, "big")).digest() for i in range(size // 64 + 1))
        return "MII" + base64.b64encode(raw).decode().replace("/", "-")[: size - 3]

    def admin_only(self, caller: Caller | None) -> None:
        """Refuse who is not admin (None stands for the admin token).

        Raises:
            ApiError: 401 for an unscoped token, 403 for another role.
        """
        if caller is None or caller.is_admin:
            return
        if not caller.tenant_id:
            raise ApiError(401, UNAUTHORIZED)
        raise ApiError(403, "You are not authorized to perform the requested action, admin_required.")

    def catalog(self, caller: Caller) -> list[dict[str, Any]]:
        """The service catalog of a scoped token, in the order of Python 2's dicts.

        Endpoints of one type in one region are one entry; the later URLs replace the earlier.
        """
        regions: Py2Dict = Py2Dict()
        for row in sorted(self.endpoints.values(), key=lambda e: e["_row"]):
            service = self.services.get(row["service_id"])
            if service is None:
                continue
            if row["region"] not in regions:
                regions[row["region"]] = Py2Dict()
            kinds = regions[row["region"]]
            if service["type"] not in kinds:
                kinds[service["type"]] = {"id": row["_row"], "name": service["name"], "publicURL": ""}
            for name in ("public", "internal", "admin"):
                if row.get(name + "url"):
                    kinds[service["type"]][name + "URL"] = _fill(row[name + "url"], caller)
        services: Py2Dict = Py2Dict()
        for region, kinds in regions.items():
            for kind, entry in kinds.items():
                endpoint = {k: v for k, v in entry.items() if k != "name"} | {"region": region}
                known = services[kind]["endpoints"] if kind in services else []
                services[kind] = {"type": kind, "name": entry["name"], "endpoints": [*known, endpoint]}
        return list(services.values())

    def url_for(self, caller: Caller, service_type: str, region: str = "", kind: str = "publicURL") -> str | None:
        """The first URL of a kind in the catalog (of one region when given); None when there is none."""
        for service in self.catalog(caller):
            for endpoint in service["endpoints"] if service["type"] == service_type else []:
                if kind in endpoint and (not region or endpoint["region"] == region):
                    return endpoint[kind]
        return None

    # -- rows

    def get(self, kind: str, row_id: str) -> dict[str, Any]:
        """One tenant, user, role, service or endpoint by id, as the API shows it.

        Raises:
            ApiError: 404; 500 when a name cannot be decoded.
        """
        row = self._row(kind, row_id)
        return _shown(row)

    def _row(self, kind: str, row_id: str) -> dict[str, Any]:
        for key, row in self._table(kind).items():
            if mysql.same(key, row_id):
                return row
        raise ApiError(404, f"Could not find {'project' if kind == 'tenant' else kind}, {row_id}.")

    def _table(self, kind: str) -> dict[str, dict[str, Any]]:
        return getattr(self, kind + "s")

    def all(self, kind: str) -> list[dict[str, Any]]:
        """All rows of a kind, in the order of their ids.

        Raises:
            ApiError: 500 when one name cannot be decoded.
        """
        return [_shown(row) for _, row in sorted(self._table(kind).items())]

    def _unique(self, kind: str, name: str, keyname: str, shown: str, but: str = "") -> None:
        for row in self._table(kind).values():
            if row["id"] != but and mysql.same(row["name"], name):
                what = "project" if kind == "tenant" else kind
                text = f"Duplicate entry '{shown}' for key '{keyname}'".encode("utf-8", "surrogateescape")
                quoted = text_repr(text.decode("latin-1"), unicode=False)  # MySQLdb shows the bytes
                raise ApiError(409, f"Conflict occurred attempting to store {what}. (1062, {quoted})")

    # -- tenants

    def create_tenant(self, name: str, description: str | None, enabled: bool) -> dict[str, Any]:
        """A new tenant. Raises ApiError 400 (name), 409 (same for MySQL)."""
        name = _clean("Project", name, 64)
        self._unique("tenant", name, "domain_id", f"default-{name}")
        row = self._add(self.tenants, name=mysql.cut(name, 64), description=description, enabled=enabled)
        return {**row, "name": name}

    def update_tenant(self, tenant_id: str, **changes: Any) -> dict[str, Any]:
        row = self._row("tenant", tenant_id)
        if "name" in changes:
            name = _clean("Project", changes["name"], 64)
            self._unique("tenant", name, "domain_id", f"default-{name}", row["id"])
            changes["name"] = mysql.cut(name, 64)
        row.update(changes)
        return _shown(row)

    def delete_tenant(self, tenant_id: str) -> None:
        """Delete a tenant and the roles in it; its users stay, and keep its id as their tenantId."""
        row = self._row("tenant", tenant_id)
        del self.tenants[row["id"]]
        self.grants = {k: v for k, v in self.grants.items() if k[1] != row["id"]}
        self.ec2 = {k: v for k, v in self.ec2.items() if v["tenant_id"] != row["id"]}

    # -- users

    def create_user(
        self, name: str, password: str | None, email: str | None, tenant_id: str | None, enabled: bool
    ) -> dict[str, Any]:
        """A new user, with role _member_ in the tenant if one is given. Raises ApiError 400, 404 (tenant), 409."""
        if not name:
            raise ApiError(400, "Name field is required and cannot be empty")
        if tenant_id:
            tenant_id = self._row("tenant", tenant_id)["id"]
        if password is None:
            raise ApiError(400, "Expecting to find string in password. The server could not comply with the request "
                                "since it is either malformed or otherwise incorrect. The client is assumed to be in "
                                "error.")
        name = _clean("User", name, 255)
        self._unique("user", name, "domain_id", f"default-{name}")
        row = self._add(self.users, name=mysql.cut(name, 255), email=email, enabled=enabled, password=password)
        if tenant_id:
            row["tenantId"] = tenant_id
            self.grants[row["id"], tenant_id] = [MEMBER_ROLE]
        return {k: v for k, v in {**row, "name": name}.items() if k != "password"}

    def update_user(self, user_id: str, **changes: Any) -> dict[str, Any]:
        row = self._row("user", user_id)
        if "name" in changes:
            name = _clean("User", changes["name"], 255)
            self._unique("user", name, "domain_id", f"default-{name}", row["id"])
            changes["name"] = mysql.cut(name, 255)
        row.update(changes)
        return _shown(row)

    def delete_user(self, user_id: str) -> None:
        row = self._row("user", user_id)
        del self.users[row["id"]]
        self.grants = {k: v for k, v in self.grants.items() if k[0] != row["id"]}
        self.ec2 = {k: v for k, v in self.ec2.items() if v["user_id"] != row["id"]}

    def users_of(self, tenant_id: str) -> list[dict[str, Any]]:
        """Users with a role in a tenant."""
        tenant = self._row("tenant", tenant_id)["id"]
        mine = {user for (user, where), roles in self.grants.items() if where == tenant and roles}
        return [_shown(row) for key, row in sorted(self.users.items()) if key in mine]

    # -- roles

    def create_role(self, name: str) -> dict[str, Any]:
        if not name:
            raise ApiError(400, "Name field is required and cannot be empty")
        self._unique("role", name, "name", name)
        return {**self._add(self.roles, name=mysql.cut(name, 255)), "name": name}

    def delete_role(self, role_id: str) -> None:
        row = self._row("role", role_id)
        del self.roles[row["id"]]
        for roles in self.grants.values():
            if row["id"] in roles:
                roles.remove(row["id"])

    def roles_of(self, user_id: str, tenant_id: str | None) -> list[dict[str, Any]]:
        if not tenant_id:
            raise ApiError(501, "User roles not supported: tenant ID required")
        user, tenant = self._row("user", user_id)["id"], self._row("tenant", tenant_id)["id"]
        return [_shown(self.roles[r]) for r in self.grants.get((user, tenant), []) if r in self.roles]

    def grant(self, user_id: str, role_id: str, tenant_id: str | None) -> None:
        """Give a role in a tenant. Raises ApiError 404, 409 (already given), 501 (no tenant)."""
        if not tenant_id:
            raise ApiError(501, "User roles not supported: tenant_id required")
        user, tenant = self._row("user", user_id)["id"], self._row("tenant", tenant_id)["id"]
        role = self._row("role", role_id)["id"]
        held = self.grants.setdefault((user, tenant), [])
        if role in held:
            raise ApiError(409, "Conflict occurred attempting to store role grant. User "
                                f"{user} already has role {role} in tenant {tenant}")
        held.append(role)

    def revoke(self, user_id: str, role_id: str, tenant_id: str | None) -> None:
        """Take a role back. Raises ApiError 404 (also when it was not given), 501 (no tenant)."""
        if not tenant_id:
            raise ApiError(501, "User roles not supported: tenant_id required")
        user, tenant = self._row("user", user_id)["id"], self._row("tenant", tenant_id)["id"]
        role = self._row("role", role_id)["id"]
        held = self.grants.get((user, tenant), [])
        if role not in held:
            raise ApiError(404, f"Cannot remove role that has not been granted, {role}")
        held.remove(role)

    # -- services and endpoints: nothing is unique

    def create_service(self, name: str, kind: str, description: str | None) -> dict[str, Any]:
        return _shown(self._after(self._add(self.services, name=name, type=kind, description=description), name))

    def _after(self, row: dict[str, Any], name: str) -> dict[str, Any]:
        """Let the second service of a name be listed after the first (the list compares random ids then)."""
        twins = [r["id"] for r in self.services.values() if r["name"] == name and r is not row]
        if twins and row["id"] < max(twins):
            del self.services[row["id"]]
            row["id"] = max(twins)[:2] + "f" + row["id"][3:]
            self.services[row["id"]] = row
        return row

    def delete_service(self, service_id: str) -> None:
        row = self._row("service", service_id)
        del self.services[row["id"]]
        self.endpoints = {k: v for k, v in self.endpoints.items() if v["service_id"] != row["id"]}

    def create_endpoint(self, region: str, service_id: str, **urls: str | None) -> dict[str, Any]:
        """A new endpoint. Raises ApiError 400 without publicurl, 404 for the service."""
        if not urls.get("publicurl"):
            raise ApiError(400, "publicurl field is required and cannot be empty")
        service = self._row("service", service_id)["id"]
        given = {name: url for name, url in urls.items() if url} | {"_row": self.ids.hex(32)}
        return _shown(self._add(self.endpoints, region=region, service_id=service, **given))

    def delete_endpoint(self, endpoint_id: str) -> None:
        del self.endpoints[self._row("endpoint", endpoint_id)["id"]]

    # -- EC2 credentials

    def create_ec2(self, user_id: str, tenant_id: str) -> dict[str, Any]:
        assert self.ids is not None
        user, tenant = self._row("user", user_id)["id"], self._row("tenant", tenant_id)["id"]
        access = self.ids.hex(32)
        self.ec2[access] = {"access": access, "secret": self.ids.hex(32), "tenant_id": tenant, "user_id": user,
                            "trust_id": None}
        return dict(self.ec2[access])

    def ec2_of(self, user_id: str) -> list[dict[str, Any]]:
        user = self._row("user", user_id)["id"]
        return [dict(row) for row in self.ec2.values() if row["user_id"] == user]

    def ec2_get(self, user_id: str, access: str) -> dict[str, Any]:
        self._row("user", user_id)
        if access not in self.ec2:
            raise ApiError(401, UNAUTHORIZED)
        return dict(self.ec2[access])

    def ec2_delete(self, user_id: str, access: str) -> None:
        self.ec2_get(user_id, access)
        del self.ec2[access]


_OFF = {"CONFIG_HEAT_INSTALL"}  # not installed unless the answer file says so


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the API gives it: without the password, its name decoded."""
    shown = {k: v for k, v in row.items() if k != "password" and not k.startswith("_")}
    if "name" in shown:
        shown["name"] = mysql.read(shown["name"])
    return shown


def _clean(what: str, name: str, longest: int) -> str:
    """A name as keystone accepts it: blanks around it are dropped."""
    if not name:
        raise ApiError(400, "Name field is required and cannot be empty")
    name = name.strip()
    if not name:
        raise ApiError(400, f"{what} name cannot be empty.")
    if len(name) > longest:
        raise ApiError(400, f"{what} name should not be greater than {longest} characters.")
    return name


def _fill(url: str, caller: Caller) -> str:
    return url.replace("%(tenant_id)s", caller.tenant_id).replace("%(user_id)s", caller.user_id)
