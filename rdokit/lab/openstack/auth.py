"""Who calls, and whether anybody listens: shared by all services and clients of the simulated cloud."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import ApiError, Unreachable

if TYPE_CHECKING:
    from ..world import Node, World
    from .cloud import Cloud

# Which service answers on which TCP port of the controller.
PORTS = {
    5000: "keystone",
    35357: "keystone",
    9696: "neutron",
    9292: "glance",
    9191: "glance-registry",
    8774: "nova",
    8773: "nova",
    8775: "nova",
    8776: "cinder",
    8777: "ceilometer",
}


@dataclass
class Caller:
    """An authenticated user, scoped to a tenant (or not: `tenant_id` is then "")."""

    user_id: str
    user_name: str
    tenant_id: str = ""
    tenant_name: str = ""
    roles: list[str] = field(default_factory=list)
    token: str = ""
    admin_port: bool = False  # asked on port 35357

    @property
    def is_admin(self) -> bool:
        return any(role.lower() == "admin" for role in self.roles)


def split_url(url: str) -> tuple[str, int, str]:
    """Host, port and path of an absolute URL.

    Raises:
        Unreachable: "url", when it is none.

    >>> split_url("http://192.168.0.11:35357/v2.0/")
    ('192.168.0.11', 35357, '/v2.0/')
    """
    match = re.match(r"(https?)://([^/:]+)(?::(\d+))?(/.*)?$", url)
    if not match:
        raise Unreachable("url", url)
    return match[2], int(match[3] or (443 if match[1] == "https" else 80)), match[4] or ""


def dial(world: World, node: Node | None, cloud: Cloud | None, url: str) -> str:
    """Name of the service that answers at a URL, called from a node.

    Raises:
        Unreachable: nobody does, and why.
    """
    host, port, _ = split_url(url)
    controller = world.nodes.get(cloud.controller) if cloud else None
    target = None
    if cloud and host == cloud.host:
        target = controller
        known = True
    else:
        address = _resolve(node, host)
        if address is None and world.node_at(host) is None:
            raise Unreachable("unresolved", url)
        if address in ("127.0.0.1", "::1"):
            target, known = node, True
        else:
            target = world.node_at(address or host)
            known = target is not None
    if not known:
        raise Unreachable("noroute", url)
    if target is not None and not target.up:
        raise Unreachable("noroute", url)
    service = PORTS.get(port, "")
    if cloud is None or target is not controller or not service or not cloud.up(service, world):
        raise Unreachable("refused", url)
    return service


def _resolve(node: Node | None, host: str) -> str | None:
    """An address for a name by /etc/hosts of the calling node; an address is its own."""
    if re.fullmatch(r"\d+\.\d+\.\d+\.\d+", host):
        return host
    if host in ("localhost", "localhost.localdomain"):
        return "127.0.0.1"
    if node is not None and getattr(node, "fs", None) is not None:
        try:
            text = node.fs.read_text("/etc/hosts")
        except (OSError, AttributeError):
            text = ""
        for line in text.splitlines():
            words = line.split("#")[0].split()
            if host in words[1:]:
                return words[0]
    return None


def need_database(world: World, cloud: Cloud) -> None:
    """Raise what a service answers whose MySQL is stopped.

    Raises:
        ApiError: 500.
    """
    controller = world.nodes.get(cloud.controller)
    if controller is not None and "mysqld" in controller.services and not controller.running("mysqld"):
        raise ApiError(500, "An unexpected error prevented the server from fulfilling your request. (OperationalError) "
                            f"(2003, \"Can't connect to MySQL server on '{cloud.host}' (111)\") None None")


def password_login(
    world: World, node: Node | None, cloud: Cloud | None, url: str, username: str, password: str, tenant: str,
    tenant_id: str = "",
) -> Caller:
    """What `POST <OS_AUTH_URL>/tokens` does.

    Args:
        url: OS_AUTH_URL as given.
        tenant: name ("" with no tenant_id gives an unscoped token).

    Raises:
        Unreachable: no keystone there.
        ApiError: 401 for a wrong name or password, 404 for a URL without /v2.0.
    """
    service = dial(world, node, cloud, url)
    assert cloud is not None
    need_database(world, cloud)
    path = split_url(url)[2].rstrip("/")
    if service != "keystone" or path != "/v2.0":
        raise ApiError(404, "The resource could not be found.")
    caller = cloud.keystone.authenticate(username, password, tenant, tenant_id)
    caller.admin_port = split_url(url)[1] == 35357
    return caller
