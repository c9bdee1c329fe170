"""The networking service: networks, subnets and ports of neutron 2013.2 with the Open vSwitch plugin.

`create`, `show`, `list`, `update` and `delete` are the REST API: they check the
caller, the attributes and the rules and raise `ApiError` as the server answers.
Routers and floating addresses live in `neutron_l3`, security groups in
`neutron_secgroup`, agents in `neutron_agents`. All rows are dicts by id; keys
with a leading underscore are ours and never shown.

For nova (any caller; names as in the API)::

    port = neutron.create(caller, "port", {"network_id": net, "device_id": server, "device_owner": "compute:nova"})
    neutron.delete(caller, "port", port["id"])
    neutron.plug(port_id, host)              # an agent has wired it: ACTIVE, binding:host_id
    neutron.networks_for(caller)             # what nova boot may choose from
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from . import mysql
from . import neutron_ipam as ipam
from .auth import Caller
from .errors import ApiError
from .neutron_agents import Agents
from .neutron_attrs import ATTRIBUTES, UNSET, internal_error, invalid, neutron_error, parse_ip, prepare
from .neutron_l3 import Routers
from .neutron_secgroup import SecurityGroups

if TYPE_CHECKING:
    from ..world import Ids, World
    from .cloud import Cloud

DEFAULT_QUOTAS = {
    "floatingip": 50, "network": 10, "port": 50, "router": 10,
    "security_group": 10, "security_group_rule": 100, "subnet": 10,
}
DHCP_OWNER = "network:dhcp"
HIDDEN = "The resource could not be found."  # what a stranger hears about somebody else's resource

# The database shows rows in the order of their random identifiers. So that a fresh lab shows the document's networks,
# routers and rules in the order in which the recordings of genuine Havana show them, the first identifiers of each
# kind begin with these digits ("pool" orders the subnets, see `_order`).
FIRST_DIGITS = {
    "network": "dd a9 44 0c b6 20 84 5f c4 e4 9a 66 d6 df d7 ce 6c 50 84",
    "router": "0c c4",
    "port": "7e 0e ef 30",
    "pool": "10 60 30 70 80 90 a0 20",
    "security_group": "a1 39 88 e3 d2",
    "security_group_rule": "3b 50 46 5b 8a 7f 99 f0 00 00 00 00 00 00 00 00 f2 2b 80 d7 8e b0",
}

# (resource, attribute) that only administrators see
ADMIN_ATTRIBUTES = {
    "network": ("provider:network_type", "provider:physical_network", "provider:segmentation_id"),
    "port": ("binding:vif_type", "binding:capabilities", "binding:host_id", "binding:profile"),
}


class Neutron(Routers, SecurityGroups, Agents):
    """State and rules of the networking service."""

    def __init__(self) -> None:
        self.networks: dict[str, dict[str, Any]] = {}
        self.subnets: dict[str, dict[str, Any]] = {}
        self.ports: dict[str, dict[str, Any]] = {}
        self.routers: dict[str, dict[str, Any]] = {}
        self.floatingips: dict[str, dict[str, Any]] = {}
        self.security_groups: dict[str, dict[str, Any]] = {}
        self.security_group_rules: dict[str, dict[str, Any]] = {}
        self.agents: dict[str, dict[str, Any]] = {}
        self.quotas: dict[str, dict[str, int]] = {}
        self.dhcp_bindings: dict[str, list[str]] = {}  # network id -> agent ids
        self.l3_bindings: dict[str, str] = {}  # router id -> agent id
        self.tunnel_ids: list[int] = []
        self.tunnel_types: list[str] = []
        self.vlans: dict[str, list[int]] = {}
        self.network_type = "local"
        self.ids: Ids | None = None
        self.drawn: dict[str, int] = {}  # identifiers so far, by kind
        self.serial = 0  # orders rows by creation

    # -- installation

    def install(self, world: World, cloud: Cloud) -> None:
        """The plugin's configuration as packstack writes it, and the agents of the hosts."""
        self.ids = world.ids
        self.configure(cloud.answers)
        self.install_agents(world, cloud)

    def configure(self, answers: dict[str, str]) -> None:
        """Network type, tunnel numbers and VLANs of the answer file."""
        self.tunnel_types, self.tunnel_ids, self.vlans = [], [], {}
        self.network_type = answers.get("CONFIG_NEUTRON_OVS_TENANT_NETWORK_TYPE", "local") or "local"
        if self.network_type in ("gre", "vxlan"):
            self.tunnel_types = [self.network_type]
            self.tunnel_ids = _ranges(answers.get("CONFIG_NEUTRON_OVS_TUNNEL_RANGES", ""))
        for part in answers.get("CONFIG_NEUTRON_OVS_VLAN_RANGES", "").split(","):
            physical, _, tags = part.strip().partition(":")
            if physical:
                self.vlans.setdefault(physical, []).extend(_ranges(tags))

    # -- the REST API

    def create(self, caller: Caller, resource: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST: the new resource as the caller sees it.

        Raises:
            ApiError: 400, 403, 404, 409 with neutron's own types.
        """
        data = prepare(resource, body, caller.tenant_id, caller.is_admin, create=True)
        self._may_create(caller, resource, data)
        self._check_quota(resource, data["tenant_id"])
        made = getattr(self, f"create_{resource}")(caller, data)
        self.serial += 1
        self._table(resource)[made["id"]]["_serial"] = self.serial
        if resource == "port":
            self.port_created(made["network_id"])
        shown = self._visible(caller, resource, made)
        if resource == "network" and data["router:external"] is UNSET:
            shown.pop("router:external", None)
        if resource == "router":
            shown.pop("routes", None)
        self._store_texts(self._table(resource)[made["id"]])
        return shown

    def _store_texts(self, row: dict[str, Any]) -> None:
        """The answer to a POST still has what was sent; the table keeps what fits its columns."""
        for column in ("name", "description"):
            if isinstance(row.get(column), str):
                row[column] = mysql.cut(row[column], 255)

    def show(self, caller: Caller, resource: str, row_id: str, fields: list[str] | None = None) -> dict[str, Any]:
        """GET one. Raises ApiError 404."""
        row = self._get(caller, resource, row_id)
        if resource == "agent" and not caller.is_admin:
            raise ApiError(404, HIDDEN)
        return self._fields(self._visible(caller, resource, row), fields)

    def list(
        self, caller: Caller, resource: str, filters: dict[str, list[Any]] | None = None,
        fields: list[str] | None = None,
    ) -> list[dict[str, Any]]:
        """GET many: what the caller may see and what passes every filter (unknown filters pass everything).

        Raises:
            ApiError: 400, a filter's value cannot be converted.
        """
        filters = {k: _converted(resource, k, v) for k, v in (filters or {}).items()}
        if resource == "security_group" and caller.tenant_id:
            self.ensure_default_group(caller.tenant_id)
        if resource == "agent" and not caller.is_admin:
            return []
        rows = [r for r in self._table(resource).values() if self._sees(caller, resource, r)]
        rows = [r for r in rows if all(self._passes(resource, r, k, v) for k, v in filters.items())]
        rows.sort(key=lambda r: self._order(resource, r))
        return [self._fields(self._visible(caller, resource, r), fields) for r in rows]

    def update(self, caller: Caller, resource: str, row_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """PUT. Raises ApiError."""
        changes = prepare(resource, body, caller.tenant_id, caller.is_admin, create=False)
        row = self._get(caller, resource, row_id)
        self._may_change(caller, resource, row, changes)
        getattr(self, f"update_{resource}")(caller, row, changes)
        self._store_texts(row)
        return self._visible(caller, resource, row)

    def delete(self, caller: Caller, resource: str, row_id: str) -> None:
        """DELETE. Raises ApiError."""
        row = self._get(caller, resource, row_id)
        self._may_change(caller, resource, row, {})
        getattr(self, f"delete_{resource}")(caller, row)

    # -- who may what

    def _may_create(self, caller: Caller, resource: str, data: dict[str, Any]) -> None:
        if caller.is_admin:
            return
        denied = ApiError(403, f"Policy doesn't allow create_{resource} to be performed.", "PolicyNotAuthorized")
        if resource == "network" and (
            data["shared"] or any(data[k] is not UNSET for k in data if k.startswith(("provider:", "router:")))
        ):
            raise denied
        if resource in ("subnet", "port"):
            network = self._get(caller, "network", data["network_id"])
            mine = network["tenant_id"] == caller.tenant_id
            if not network["shared"] and network["tenant_id"] != data["tenant_id"]:
                raise ApiError(403, f"Tenant {data['tenant_id']} not allowed to create {resource} on this network")
            if not mine and (
                resource == "subnet"
                or any(data[k] is not UNSET for k in ("mac_address", "fixed_ips", "binding:host_id", "binding:profile"))
            ):
                raise denied
        if resource == "router" and "enable_snat" in (data["external_gateway_info"] or {}):
            raise denied

    def _may_change(self, caller: Caller, resource: str, row: dict[str, Any], changes: dict[str, Any]) -> None:
        if caller.is_admin:
            return
        owner = row.get("tenant_id")
        if resource == "subnet":
            owner = self.networks[row["network_id"]]["tenant_id"]
        admin_only = [k for k in changes if k.startswith(("provider:", "router:", "binding:")) or k == "shared"]
        if resource == "agent" or owner != caller.tenant_id or admin_only:
            raise ApiError(404, HIDDEN)
        if resource == "router" and "enable_snat" in (changes.get("external_gateway_info") or {}):
            raise ApiError(404, HIDDEN)

    def _sees(self, caller: Caller, resource: str, row: dict[str, Any]) -> bool:
        if caller.is_admin or row.get("tenant_id") == caller.tenant_id:
            return True
        if resource == "network":
            return row["shared"] or row["router:external"]
        if resource == "subnet":
            return self.networks[row["network_id"]]["shared"]
        return False

    def _visible(self, caller: Caller, resource: str, row: dict[str, Any]) -> dict[str, Any]:
        hidden = () if caller.is_admin else ADMIN_ATTRIBUTES.get(resource, ())
        if isinstance(row.get("name"), bytes) or isinstance(row.get("description"), bytes):
            raise internal_error()  # cut in the middle of a character
        out = {k: v for k, v in row.items() if not k.startswith("_") and k not in hidden}
        if resource == "network":
            out["subnets"] = [s["id"] for s in self.subnets_of(row["id"])]
        elif resource == "subnet":
            out.pop("shared", None)
        elif resource == "security_group":
            rules = [r for r in self.security_group_rules.values() if r["security_group_id"] == row["id"]]
            out["security_group_rules"] = [
                self._visible(caller, "security_group_rule", r) for r in sorted(rules, key=lambda r: r["id"])
            ]
        return out

    # -- helpers

    def _table(self, resource: str) -> dict[str, dict[str, Any]]:
        return getattr(self, resource + "s")

    def _get(self, caller: Caller | None, resource: str, row_id: str) -> dict[str, Any]:
        for key, row in self._table(resource).items():
            if mysql.same(key, str(row_id)) and (caller is None or self._sees(caller, resource, row)):
                return row
        raise not_found(resource, row_id)

    def new_id(self, kind: str = "") -> str:
        """An identifier; the first of a kind begin as `FIRST_DIGITS` says."""
        assert self.ids is not None
        number = self.drawn[kind] = self.drawn.get(kind, -1) + 1
        found, wanted = self.ids.uuid(), FIRST_DIGITS.get(kind, "").split()
        return wanted[number] + found[2:] if number < len(wanted) else found

    def _fields(self, row: dict[str, Any], fields: list[str] | None) -> dict[str, Any]:
        return {k: v for k, v in row.items() if k in fields} if fields else row

    def _order(self, resource: str, row: dict[str, Any]) -> tuple:
        """The order in which MySQL returns rows: by primary key, but joined tables come first.

        Networks and subnets are joined with the allocation pools (whose random identifiers nobody ever sees), and what
        has a pool comes first. With many networks the optimizer reads them by their primary key only.
        """
        if resource == "network" and len(self.networks) < 100:
            mine = self.subnets_of(row["id"])
            return (0, min(s["_pool"] for s in mine)) if mine else (1, row["id"])
        if resource == "subnet":
            return (0, row["_pool"])
        return (0, row["id"])

    def _passes(self, resource: str, row: dict[str, Any], key: str, wanted: list[Any]) -> bool:
        if not wanted or key not in ATTRIBUTES[resource] or key in _NOT_COLUMNS:
            return True
        if key == "subnets":
            raise internal_error()
        if resource == "port" and key == "fixed_ips":
            return self._has_address(row, wanted)
        value = row.get(key)
        if isinstance(value, bool) or any(isinstance(w, bool) for w in wanted):
            return value in wanted
        return any(mysql.same(str(w), "" if value is None else str(value)) and value is not None for w in wanted)

    def _has_address(self, port: dict[str, Any], wanted: list[str]) -> bool:
        asked: dict[str, list[str]] = {}
        for pair in wanted:
            name, _, value = str(pair).partition("=")
            asked.setdefault(name, []).append(value)
        checks = [(n, v) for n, v in asked.items() if n in ("ip_address", "subnet_id")]
        return all(any(ip[n] in v for ip in port["fixed_ips"]) for n, v in checks)

    def _check_quota(self, resource: str, tenant_id: str) -> None:
        limit = self.quota_of(tenant_id).get(resource, -1)
        used = sum(1 for row in self._table(resource).values() if row.get("tenant_id") == tenant_id)
        if 0 <= limit < used + 1:
            raise neutron_error(409, "OverQuota", f"Quota exceeded for resources: ['{resource}']")

    # -- quotas

    def quota_of(self, tenant_id: str) -> dict[str, int]:
        return DEFAULT_QUOTAS | self.quotas.get(tenant_id, {})

    def quota_admin(self, caller: Caller) -> None:
        """Raises ApiError 403 for everybody but administrators."""
        if not caller.is_admin:
            raise ApiError(403, "User does not have admin privileges: Only admin can view or configure quota",
                           "AdminRequired")

    def update_quota(self, caller: Caller, tenant_id: str, body: dict[str, Any]) -> dict[str, int]:
        self.quota_admin(caller)
        changes = prepare("quota", body, caller.tenant_id, True, create=False)
        self.quotas.setdefault(tenant_id, {}).update(changes)
        if not self.quotas[tenant_id]:
            del self.quotas[tenant_id]
        return self.quota_of(tenant_id)

    # -- networks

    def create_network(self, caller: Caller, data: dict[str, Any]) -> dict[str, Any]:
        self.ensure_default_group(data["tenant_id"])
        kind, physical, segment = self._provider(data)
        row = {
            "id": self.new_id("network"), "name": data["name"], "tenant_id": data["tenant_id"],
            "admin_state_up": data["admin_state_up"], "shared": data["shared"], "status": "ACTIVE", "subnets": [],
            "router:external": data["router:external"] is True,
            "provider:network_type": kind, "provider:physical_network": physical, "provider:segmentation_id": segment,
        }
        self.networks[row["id"]] = row
        return row

    def _provider(self, data: dict[str, Any]) -> tuple[str, str | None, int | None]:
        """Network type, physical network and segment: as asked for, or the next free ones of the tenant type."""
        kind, physical, segment = (data[f"provider:{n}"] for n in ("network_type", "physical_network",
                                                                   "segmentation_id"))
        if kind is UNSET and physical is UNSET and segment is UNSET:
            return self._tenant_network()
        if kind is UNSET:
            raise invalid("provider:network_type required")
        number = None if segment is UNSET else segment
        if kind == "flat":
            if number is not None:
                raise invalid("provider:segmentation_id specified for flat network")
        elif kind == "vlan":
            if number is None:
                raise invalid("provider:segmentation_id required")
            if not 1 <= number <= 4094:
                raise invalid("provider:segmentation_id out of range (1 through 4094)")
        elif kind in ("gre", "vxlan"):
            if not self.tunnel_types:
                raise invalid(f"{kind} networks are not enabled")
            if physical is not UNSET:
                raise invalid(f"provider:physical_network specified for {kind} network")
            if number is None:
                raise invalid("provider:segmentation_id required")
        elif kind == "local":
            if physical is not UNSET:
                raise invalid("provider:physical_network specified for local network")
            if number is not None:
                raise invalid("provider:segmentation_id specified for local network")
        else:
            raise invalid(f"provider:network_type {kind} not supported")
        if kind in ("flat", "vlan"):
            if physical is not UNSET:
                if physical not in self.vlans:
                    raise invalid(f"Unknown provider:physical_network {physical}")
            elif "default" in self.vlans:
                physical = "default"
            else:
                raise invalid("provider:physical_network required")
        name = None if physical is UNSET else physical
        self._segment_free(kind, name, number)
        return kind, name, number

    def _segment_free(self, kind: str, physical: str | None, number: int | None) -> None:
        for row in self.networks.values():
            same = (row["provider:network_type"] == kind, row["provider:physical_network"] == physical,
                    row["provider:segmentation_id"] == number)
            if not all(same) or kind == "local":
                continue
            what = {
                "flat": ("FlatNetworkInUse", f"flat network. Physical network {physical} is in use."),
                "vlan": ("VlanIdInUse", f"network. The VLAN {number} on physical network {physical} is in use."),
            }.get(kind, ("TunnelIdInUse", f"network. The tunnel ID {number} is in use."))
            raise neutron_error(409, what[0], f"Unable to create the {what[1]}")

    def _tenant_network(self) -> tuple[str, str | None, int | None]:
        taken = {(r["provider:physical_network"], r["provider:segmentation_id"]) for r in self.networks.values()}
        if self.network_type == "local":
            return "local", None, None
        if self.network_type in ("gre", "vxlan"):
            for number in self.tunnel_ids:
                if (None, number) not in taken:
                    return self.network_type, None, number
        if self.network_type == "vlan":
            for physical, tags in self.vlans.items():
                for number in tags:
                    if (physical, number) not in taken:
                        return "vlan", physical, number
        raise neutron_error(503, "NoNetworkAvailable",
                            "Unable to create the network. No tenant network is available for allocation.")

    def update_network(self, caller: Caller, row: dict[str, Any], changes: dict[str, Any]) -> None:
        if any(k.startswith("provider:") for k in changes):
            raise invalid("Plugin does not support updating provider attributes")
        if changes.get("shared") is False and row["shared"]:
            owners = {p["tenant_id"] for p in self.ports.values() if p["network_id"] == row["id"]}
            if owners - {row["tenant_id"], ""}:
                raise neutron_error(409, "InvalidSharedSetting",
                                    f"Unable to reconfigure sharing settings for network {row['id']}. Multiple tenants "
                                    "are using it")
        if changes.get("router:external") is False and row["router:external"]:
            owners = {p["device_owner"] for p in self.ports.values() if p["network_id"] == row["id"]}
            if "network:router_gateway" in owners:
                raise neutron_error(409, "ExternalNetworkInUse",
                                    f"External network {row['id']} cannot be updated to be made non-external, since it "
                                    "has existing gateway ports")
        row.update(changes)

    def delete_network(self, caller: Caller, row: dict[str, Any]) -> None:
        ports = [p for p in self.ports.values() if p["network_id"] == row["id"]]
        if any(p["device_owner"] != DHCP_OWNER for p in ports):
            raise neutron_error(409, "NetworkInUse", f"Unable to complete operation on network {row['id']}. There are "
                                                     "one or more ports still in use on the network.")
        for port in ports:
            del self.ports[port["id"]]
        for subnet in self.subnets_of(row["id"]):
            del self.subnets[subnet["id"]]
        self.dhcp_bindings.pop(row["id"], None)
        del self.networks[row["id"]]

    def networks_for(self, caller: Caller) -> list[dict[str, Any]]:
        """Networks nova may choose for a server of this caller: the tenant's own, then the shared ones."""
        mine = self.list(caller, "network", {"tenant_id": [caller.tenant_id], "shared": [False]})
        return mine + self.list(caller, "network", {"shared": [True]})

    # -- subnets

    def subnets_of(self, network_id: str) -> list[dict[str, Any]]:
        found = [s for s in self.subnets.values() if s["network_id"] == network_id]
        return sorted(found, key=lambda s: s["_pool"])

    def create_subnet(self, caller: Caller, data: dict[str, Any]) -> dict[str, Any]:
        net = ipaddress.ip_network(data["cidr"], strict=False)
        cidr = str(net)
        gateway = data["gateway_ip"]
        if gateway is UNSET:
            gateway = str(type(net.network_address)(int(net.network_address) + 1))
        pools = data["allocation_pools"]
        if pools is UNSET:
            pools = ipam.default_pools(cidr, gateway)
        else:
            ipam.check_pools(pools, cidr, gateway)
        servers = [] if data["dns_nameservers"] is UNSET else data["dns_nameservers"]
        routes = [] if data["host_routes"] is UNSET else data["host_routes"]
        self._check_subnet(data["ip_version"], "new subnet", cidr, gateway, servers, routes)
        network = self._get(caller, "network", data["network_id"])
        for other in self.subnets_of(network["id"]):
            if ipam.overlap(cidr, other["cidr"]):
                raise invalid(f"Requested subnet with cidr: {cidr} for network: {network['id']} overlaps with another "
                              "subnet")
        row = {
            "id": self.new_id(), "name": data["name"], "tenant_id": data["tenant_id"], "network_id": network["id"],
            "ip_version": data["ip_version"], "cidr": cidr, "gateway_ip": gateway, "allocation_pools": pools,
            "dns_nameservers": sorted(servers), "host_routes": _sorted_routes(routes),
            "enable_dhcp": data["enable_dhcp"],
        }
        row["_ranges"], row["_pool"] = ipam.fresh_ranges(row), self.new_id("pool")
        self.subnets[row["id"]] = row
        self.subnet_created(row)
        return row

    def _check_subnet(
        self, version: int, subnet_id: str, cidr: str | None, gateway: str | None, servers: list[str],
        routes: list[dict[str, str]],
    ) -> None:
        def same_version(address: str, name: str) -> None:
            found = ipaddress.ip_network(address, strict=False).version
            if found != version:
                raise invalid(f"{name} '{address}' does not match the ip_version '{version}'")

        if cidr:
            same_version(cidr, "cidr")
        if gateway:
            same_version(gateway, "gateway_ip")
        if len(servers) > 5:
            raise neutron_error(400, "DNSNameServersExhausted", f"Unable to complete operation for {subnet_id}. The "
                                                                "number of DNS nameservers exceeds the limit 5.")
        for server in servers:
            if parse_ip(server) is None:
                raise invalid(f"Error parsing dns address {server}")
            same_version(server, "dns_nameserver")
        if len(routes) > 20:
            raise neutron_error(400, "HostRoutesExhausted", f"Unable to complete operation for {subnet_id}. The number "
                                                            "of host routes exceeds the limit 20.")
        for route in routes:
            same_version(route["nexthop"], "nexthop")
            same_version(route["destination"], "destination")

    def update_subnet(self, caller: Caller, row: dict[str, Any], changes: dict[str, Any]) -> None:
        self._check_subnet(row["ip_version"], row["id"], None, changes.get("gateway_ip"),
                           changes.get("dns_nameservers", []), changes.get("host_routes", []))
        if "gateway_ip" in changes:
            if changes["gateway_ip"]:
                for port in self.ports.values():
                    if any(ip == {"subnet_id": row["id"], "ip_address": row["gateway_ip"]} for ip in port["fixed_ips"]):
                        raise neutron_error(409, "GatewayIpInUse", f"Current gateway ip {row['gateway_ip']} already in "
                                                                   f"use by port {port['id']}. Unable to update.")
            ipam.check_gateway(row["allocation_pools"], changes["gateway_ip"])
        if "dns_nameservers" in changes:
            changes["dns_nameservers"] = sorted(changes["dns_nameservers"])
        if "host_routes" in changes:
            changes["host_routes"] = _sorted_routes(changes["host_routes"])
        row.update(changes)
        self.subnet_created(row)

    def delete_subnet(self, caller: Caller, row: dict[str, Any]) -> None:
        for port in self.ports.values():
            if port["device_owner"] != DHCP_OWNER and any(ip["subnet_id"] == row["id"] for ip in port["fixed_ips"]):
                raise neutron_error(409, "SubnetInUse", f"Unable to complete operation on subnet {row['id']}. One or "
                                                        "more ports have an IP allocation from this subnet.")
        for port in self.ports.values():
            port["fixed_ips"] = [ip for ip in port["fixed_ips"] if ip["subnet_id"] != row["id"]]
        del self.subnets[row["id"]]

    # -- ports

    def create_port(self, caller: Caller, data: dict[str, Any]) -> dict[str, Any]:
        network = self._get(caller, "network", data["network_id"])
        mac = data["mac_address"]
        if mac is UNSET:
            mac = self._new_mac()
        elif any(p["network_id"] == network["id"] and mysql.same(p["mac_address"], mac) for p in self.ports.values()):
            raise neutron_error(409, "MacAddressInUse", f"Unable to complete operation for network {network['id']}. "
                                                        f"The mac address {mac} is in use.")
        addresses = self._allocate(network, data["fixed_ips"])
        return self._store_port(data, network, mac, addresses)

    def _store_port(
        self, data: dict[str, Any], network: dict[str, Any], mac: str, addresses: list[dict[str, str]]
    ) -> dict[str, Any]:
        groups = data["security_groups"]
        own = not data["device_owner"].startswith("network:")
        if own:
            default = self.ensure_default_group(data["tenant_id"])
            groups = [default] if groups is UNSET or groups is None else self.check_groups(groups, data["tenant_id"])
        host = data["binding:host_id"]
        row = {
            "id": self.new_id("port"), "name": data["name"], "tenant_id": data["tenant_id"],
            "network_id": network["id"], "mac_address": mac, "admin_state_up": data["admin_state_up"],
            "device_id": data["device_id"], "device_owner": data["device_owner"], "fixed_ips": addresses,
            "status": "ACTIVE" if data["device_owner"].startswith("network:") else "DOWN",
            "security_groups": groups if own else [],
            "binding:vif_type": "ovs", "binding:capabilities": {"port_filter": True},
            "binding:host_id": "" if host is UNSET or host is None else host,
            "extra_dhcp_opts": [] if data["extra_dhcp_opts"] is UNSET else data["extra_dhcp_opts"] or [],
            "allowed_address_pairs": self._pairs(data["allowed_address_pairs"], mac),
        }
        self.ports[row["id"]] = row
        return row

    def _pairs(self, pairs: Any, mac: str) -> list[dict[str, str]]:
        if pairs is UNSET or not pairs:
            return []
        if not isinstance(pairs, list) or not all(isinstance(p, dict) and "ip_address" in p for p in pairs):
            raise ApiError(400, "AllowedAddressPair must contain ip_address", "AllowedAddressPairsMissingIP")
        return [{"mac_address": mac} | p for p in pairs]

    def _new_mac(self) -> str:
        assert self.ids is not None
        while True:
            digits = self.ids.hex(6)
            mac = "fa:16:3e:" + ":".join(digits[i : i + 2] for i in (0, 2, 4))
            if all(p["mac_address"] != mac for p in self.ports.values()):
                return mac

    def _allocate(self, network: dict[str, Any], asked: Any) -> list[dict[str, str]]:
        """Addresses for a port: those asked for, or one of IPv4 and one of IPv6."""
        mine = self.subnets_of(network["id"])
        taken = self.addresses_in_use(network["id"])
        if asked is not UNSET:
            return self._allocate_asked(network, mine, taken, asked or [])
        found = []
        for version in (4, 6):
            some = [s for s in mine if s["ip_version"] == version]
            if some:
                subnet, address = ipam.next_address(some, taken, network["id"])
                found.append({"subnet_id": subnet, "ip_address": address})
        return found

    def _allocate_asked(
        self, network: dict[str, Any], mine: list[dict[str, Any]], taken: dict[str, set[str]], asked: list[dict]
    ) -> list[dict[str, str]]:
        wanted: list[tuple[dict[str, Any], str | None]] = []
        for one in asked:
            address = one.get("ip_address")
            if "subnet_id" in one:
                subnet = self._get(None, "subnet", one["subnet_id"])
                if subnet["network_id"] != network["id"]:
                    raise invalid(f"Failed to create port on network {network['id']}, because fixed_ips included "
                                  f"invalid subnet {subnet['id']}")
                found = False
            else:
                if address is None:
                    raise invalid("IP allocation requires subnet_id or ip_address")
                subnet = next((s for s in mine if ipam.inside(s["cidr"], address)), {})
                if not subnet:
                    raise invalid(f"IP address {address} is not a valid IP for the defined networks subnets")
                found = True
            if address is not None:
                if address in taken.get(subnet["id"], set()):
                    raise neutron_error(409, "IpAddressInUse", f"Unable to complete operation for network "
                                                               f"{network['id']}. The IP address {address} is in use.")
                if not found and not ipam.inside(subnet["cidr"], address):
                    raise invalid(f"IP address {address} is not a valid IP for the defined subnet")
            wanted.append((subnet, address))
        if len(wanted) > 5:
            raise invalid("Exceeded maximim amount of fixed ips per port")
        result = []
        for subnet, address in wanted:
            if address is None:
                _, address = ipam.next_address([subnet], taken, network["id"])
            else:
                ipam.take(subnet, address)
            taken.setdefault(subnet["id"], set()).add(address)
            result.append({"subnet_id": subnet["id"], "ip_address": address})
        return result

    def addresses_in_use(self, network_id: str) -> dict[str, set[str]]:
        used: dict[str, set[str]] = {}
        for port in self.ports.values():
            for ip in port["fixed_ips"]:
                if port["network_id"] == network_id:
                    used.setdefault(ip["subnet_id"], set()).add(ip["ip_address"])
        return used

    def update_port(self, caller: Caller, row: dict[str, Any], changes: dict[str, Any]) -> None:
        if "fixed_ips" in changes:
            network = self.networks[row["network_id"]]
            old = row["fixed_ips"]
            kept = [ip for ip in old if any(ip["ip_address"] == new.get("ip_address") for new in changes["fixed_ips"])]
            new = [n for n in changes["fixed_ips"] if n.get("ip_address") not in {k["ip_address"] for k in kept}]
            row["fixed_ips"] = kept
            try:
                row["fixed_ips"] = kept + self._allocate(network, new)
            except ApiError:
                row["fixed_ips"] = old
                raise
            changes.pop("fixed_ips")
        if "security_groups" in changes:
            changes["security_groups"] = self.check_groups(changes["security_groups"] or [], row["tenant_id"])
        if "allowed_address_pairs" in changes:
            changes["allowed_address_pairs"] = self._pairs(changes["allowed_address_pairs"], row["mac_address"])
        row.update(changes)

    def delete_port(self, caller: Caller, row: dict[str, Any]) -> None:
        if row["device_owner"] in ("network:router_interface", "network:router_gateway", "network:floatingip") and row[
            "fixed_ips"
        ]:
            raise neutron_error(409, "L3PortInUse", f"Port {row['id']} has owner {row['device_owner']} and therefore "
                                                    "cannot be deleted directly via the port API.")
        self.remove_port(row["id"])

    def remove_port(self, port_id: str) -> None:
        """Delete a port for good and take its floating addresses off."""
        for floating in self.floatingips.values():
            if floating["port_id"] == port_id:
                floating.update(port_id=None, router_id=None, fixed_ip_address=None)
        self.ports.pop(port_id, None)

    def plug(self, port_id: str, host: str) -> None:
        """An agent has wired a port on a host (or nova asked for it)."""
        if port_id in self.ports:
            self.ports[port_id].update({"status": "ACTIVE", "binding:host_id": host})


# attributes that are no columns of their table: the database ignores a filter on them
_NOT_COLUMNS = {
    "provider:network_type", "provider:physical_network", "provider:segmentation_id", "gateway", "dns_nameservers",
    "host_routes", "allocation_pools", "external_gateway_info", "routes", "security_groups", "binding:vif_type",
    "binding:capabilities", "binding:host_id", "binding:profile", "extra_dhcp_opts", "allowed_address_pairs",
    "security_group_rules", "configurations",
}


def not_found(resource: str, row_id: str) -> ApiError:
    """404 in the words of each resource."""
    kind, text = {
        "network": ("NetworkNotFound", f"Network {row_id} could not be found"),
        "subnet": ("SubnetNotFound", f"Subnet {row_id} could not be found"),
        "port": ("PortNotFound", f"Port {row_id} could not be found"),
        "router": ("RouterNotFound", f"Router {row_id} could not be found"),
        "floatingip": ("FloatingIPNotFound", f"Floating IP {row_id} could not be found"),
        "security_group": ("SecurityGroupNotFound", f"Security group {row_id} does not exist"),
        "security_group_rule": ("SecurityGroupRuleNotFound", f"Security group rule {row_id} does not exist"),
        "agent": ("AgentNotFound", f"Agent {row_id} could not be found"),
    }[resource]
    return ApiError(404, text, kind)


def _converted(resource: str, key: str, values: list[Any]) -> list[Any]:
    attribute = ATTRIBUTES[resource].get(key)
    values = [v for v in values if v != ""]
    if attribute and attribute.convert and key not in ("dns_nameservers", "host_routes", "security_groups"):
        return [attribute.convert(v) for v in values]
    return values


def _ranges(text: str) -> list[int]:
    """Numbers of "1:1000,2000:2005" in order.

    >>> _ranges("1:3,7:8")
    [1, 2, 3, 7, 8]
    """
    found: set[int] = set()
    for part in text.split(","):
        low, _, high = part.strip().partition(":")
        if low.isdigit() and high.isdigit():
            found.update(range(int(low), int(high) + 1))
    return sorted(found)


def _sorted_routes(routes: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(routes, key=lambda r: (r["destination"], r["nexthop"]))
