"""What CONFIG_PROVISION_DEMO=y adds to an all-in-one installation: tenants, a network with a router, CirrOS."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from ..openstack.errors import ApiError
from .parameters import Config

if TYPE_CHECKING:
    from ..openstack.cloud import Cloud
    from ..world import World

PRIVATE = "10.0.0.0/24"
CIRROS_SIZE, CIRROS_MD5 = 13147648, "d972013792949d0d3ba628fbe8685bce"  # 0.3.1, as packstack fetches it


def provision(world: World, cloud: Cloud, config: Config) -> None:
    """Make what is missing; what is there by name stays."""
    keystone = cloud.keystone
    caller = keystone.authenticate("admin", config["CONFIG_KEYSTONE_ADMIN_PW"], "admin")
    tenants = {t["name"]: t["id"] for t in keystone.tenants.values()}
    for name in ("demo", "alt_demo"):
        if name not in tenants:
            tenants[name] = keystone._add(keystone.tenants, name=name, description="default tenant", enabled=True)["id"]
    users = {u["name"] for u in keystone.users.values()}
    for name in ("demo", "alt_demo"):
        if name not in users:
            password = config.get("CONFIG_KEYSTONE_DEMO_PW", "secret") if name == "demo" else "secret"
            user = keystone._add(keystone.users, name=name, email="test@test.com", enabled=True, password=password)
            keystone.grants[user["id"], tenants[name]] = ["9fe2ff9ee4384b1894a90878d3e92bab"]
    _network(cloud, caller, tenants["demo"], config)
    glance = cloud.glance
    if config.get("CONFIG_GLANCE_INSTALL") == "y" and not any(i.name == "cirros" for i in glance.images.values()):
        from ..openstack.glance import Data

        fields = {"name": "cirros", "disk_format": "qcow2", "container_format": "bare", "is_public": True}
        glance.create(world, caller, fields, Data(CIRROS_SIZE, CIRROS_MD5))


def _network(cloud: Cloud, caller, tenant: str, config: Config) -> None:  # type: ignore[no-untyped-def]
    neutron = cloud.neutron
    names = {n["name"] for n in neutron.networks.values()}
    if "public" in names or config.get("CONFIG_NEUTRON_INSTALL") != "y":
        return
    floating = ipaddress.ip_network(config.get("CONFIG_PROVISION_DEMO_FLOATRANGE") or "172.24.4.224/28")
    services = next(t["id"] for t in cloud.keystone.tenants.values() if t["name"] == "services")
    try:
        public = neutron.create(caller, "network", {"name": "public", "router:external": True, "tenant_id": services})
        neutron.create(
            caller,
            "subnet",
            {
                "network_id": public["id"],
                "cidr": str(floating),
                "ip_version": 4,
                "enable_dhcp": False,
                "name": "public_subnet",
                "tenant_id": services,
            },
        )
        private = neutron.create(caller, "network", {"name": "private", "tenant_id": tenant})
        subnet = neutron.create(
            caller,
            "subnet",
            {
                "network_id": private["id"],
                "cidr": PRIVATE,
                "ip_version": 4,
                "name": "private_subnet",
                "tenant_id": tenant,
            },
        )
        router = neutron.create(caller, "router", {"name": "router1", "tenant_id": tenant})
        neutron.update(caller, "router", router["id"], {"external_gateway_info": {"network_id": public["id"]}})
        neutron.add_router_interface(caller, router["id"], {"subnet_id": subnet["id"]})
    except ApiError:
        return  # a later run finds the rest
