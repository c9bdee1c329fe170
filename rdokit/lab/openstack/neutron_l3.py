"""Routers and floating addresses of neutron 2013.2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import neutron_ipam as ipam
from .errors import ApiError
from .neutron_attrs import UNSET, neutron_error, shown

if TYPE_CHECKING:
    from .auth import Caller

GATEWAY, INTERFACE, FLOATING = "network:router_gateway", "network:router_interface", "network:floatingip"


def bad(what: str, message: str) -> ApiError:
    return neutron_error(400, "BadRequest", f"Bad {what} request: {message}")


class Routers:
    """The layer 3 part of `Neutron`."""

    networks: dict[str, dict[str, Any]]
    subnets: dict[str, dict[str, Any]]
    ports: dict[str, dict[str, Any]]
    routers: dict[str, dict[str, Any]]
    floatingips: dict[str, dict[str, Any]]
    l3_bindings: dict[str, str]

    def create_router(self, caller: Caller, data: dict[str, Any]) -> dict[str, Any]:
        row = {
            "id": self.new_id("router"), "name": data["name"], "tenant_id": data["tenant_id"],
            "admin_state_up": data["admin_state_up"], "status": "ACTIVE", "external_gateway_info": None, "routes": [],
        }
        self.routers[row["id"]] = row
        if data["external_gateway_info"]:
            try:
                self._set_gateway(caller, row, data["external_gateway_info"])
            except ApiError:
                del self.routers[row["id"]]
                raise
        return row

    def update_router(self, caller: Caller, row: dict[str, Any], changes: dict[str, Any]) -> None:
        if "external_gateway_info" in changes:
            self._set_gateway(caller, row, changes.pop("external_gateway_info"))
        if "routes" in changes:
            self._check_routes(row, changes["routes"])
            changes["routes"] = sorted(changes["routes"], key=lambda r: (r["destination"], r["nexthop"]))
        row.update(changes)
        self.schedule_router(row["id"])

    def delete_router(self, caller: Caller, row: dict[str, Any]) -> None:
        in_use = any(f["router_id"] == row["id"] for f in self.floatingips.values()) or any(
            p["device_owner"] == INTERFACE for p in self.ports_of_router(row["id"])
        )
        if in_use:
            raise neutron_error(409, "RouterInUse", f"Router {row['id']} still has active ports")
        for port in self.ports_of_router(row["id"]):
            self.remove_port(port["id"])
        self.l3_bindings.pop(row["id"], None)
        del self.routers[row["id"]]

    def ports_of_router(self, router_id: str) -> list[dict[str, Any]]:
        owners = (GATEWAY, INTERFACE)
        return [p for p in self.ports.values() if p["device_id"] == router_id and p["device_owner"] in owners]

    def _gateway_port(self, router_id: str) -> dict[str, Any] | None:
        return next((p for p in self.ports_of_router(router_id) if p["device_owner"] == GATEWAY), None)

    def _set_gateway(self, caller: Caller, row: dict[str, Any], info: dict[str, Any] | None) -> None:
        """Set, change or clear the external gateway; the same network again keeps port and address."""
        wanted = info["network_id"] if info else None
        network: dict[str, Any] = {}
        if wanted:
            network = self._get(caller, "network", wanted)
            wanted = network["id"]
            if not network["router:external"]:
                raise bad("router", f"Network {wanted} is not a valid external network")
        port = self._gateway_port(row["id"])
        if port and port["network_id"] != wanted:
            if any(f["router_id"] == row["id"] for f in self.floatingips.values()):
                raise neutron_error(
                    409, "RouterExternalGatewayInUseByFloatingIp",
                    f"Gateway cannot be updated for router {row['id']}, since a gateway to external network "
                    f"{port['network_id']} is required by one or more floating IPs.")
            row["external_gateway_info"] = None
            self.remove_port(port["id"])
            port = None
        if not wanted:
            row["external_gateway_info"] = None
            return
        if port is None:
            for subnet in self.subnets_of(wanted):
                self._check_duplicate(row["id"], subnet)
            made = self._own_port(network, row["id"], GATEWAY, "", UNSET)
            if not made["fixed_ips"]:
                self.remove_port(made["id"])
                raise bad("router", f"No IPs available for external network {wanted}")
        snat = info.get("enable_snat", True) if info else True
        row["external_gateway_info"] = {"network_id": wanted, "enable_snat": str(snat).lower() in ("true", "1")}

    def _own_port(
        self, network: dict[str, Any], device: str, owner: str, tenant_id: str, addresses: Any
    ) -> dict[str, Any]:
        """A port that neutron makes for itself."""
        data = {
            "name": "", "tenant_id": tenant_id, "admin_state_up": True, "device_id": device, "device_owner": owner,
            "security_groups": UNSET, "binding:host_id": UNSET, "extra_dhcp_opts": UNSET,
            "allowed_address_pairs": UNSET,
        }
        found = self._allocate(network, addresses)
        row = self._store_port(data, network, self._new_mac(), found)
        self.port_created(network["id"])
        return row

    # -- interfaces

    def add_router_interface(self, caller: Caller, router_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """PUT …/add_router_interface with a subnet or a port. Raises ApiError."""
        router = self._get(caller, "router", router_id)
        if not body:
            raise bad("router", "Either subnet_id or port_id must be specified")
        if "port_id" in body:
            if "subnet_id" in body:
                raise bad("router", "Cannot specify both subnet-id and port-id")
            port, subnet = self._port_as_interface(caller, router, body["port_id"])
        elif "subnet_id" in body:
            subnet = self._get(caller, "subnet", body["subnet_id"])
            if not subnet["gateway_ip"]:
                raise bad("router", "Subnet for router interface must have a gateway IP")
            self._check_duplicate(router["id"], subnet)
            network = self.networks[subnet["network_id"]]
            asked = [{"ip_address": subnet["gateway_ip"], "subnet_id": subnet["id"]}]
            port = self._own_port(network, router["id"], INTERFACE, subnet["tenant_id"], asked)
        else:
            raise bad("router", "Either subnet_id or port_id must be specified")
        self.schedule_router(router["id"])
        return {"id": router["id"], "tenant_id": subnet["tenant_id"], "port_id": port["id"],
                "subnet_id": subnet["id"]}

    def _port_as_interface(
        self, caller: Caller, router: dict[str, Any], port_id: str
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        port = self._get(caller, "port", port_id)
        if port["device_id"]:
            raise neutron_error(409, "PortInUse",
                                f"Unable to complete operation on port {port['id']} for network {port['network_id']}. "
                                f"Port already has an attacheddevice {port['device_id']}.")
        if len(port["fixed_ips"]) != 1:
            raise bad("router", "Router port must have exactly one fixed IP")
        subnet = self.subnets[port["fixed_ips"][0]["subnet_id"]]
        self._check_duplicate(router["id"], subnet)
        port.update(device_id=router["id"], device_owner=INTERFACE, status="ACTIVE")
        return port, subnet

    def _check_duplicate(self, router_id: str, subnet: dict[str, Any]) -> None:
        for port in self.ports_of_router(router_id):
            for ip in port["fixed_ips"]:
                if ip["subnet_id"] == subnet["id"]:
                    raise bad("router", f"Router already has a port on subnet {subnet['id']}")
                other = self.subnets[ip["subnet_id"]]
                if ipam.overlap(subnet["cidr"], other["cidr"]):
                    raise bad("router", f"Cidr {subnet['cidr']} of subnet {subnet['id']} overlaps with cidr "
                                        f"{other['cidr']} of subnet {other['id']}")

    def remove_router_interface(self, caller: Caller, router_id: str, body: dict[str, Any]) -> None:
        """PUT …/remove_router_interface with a subnet or a port. Raises ApiError."""
        router = self._get(caller, "router", router_id)
        mine = [p for p in self.ports_of_router(router["id"]) if p["device_owner"] == INTERFACE]
        if "port_id" in body:
            port = next((p for p in mine if p["id"] == body["port_id"]), None)
            if port is None:
                raise neutron_error(404, "RouterInterfaceNotFound", f"Router {router['id']} does not have an interface "
                                                                    f"with id {body['port_id']}")
            subnet_id = port["fixed_ips"][0]["subnet_id"] if port["fixed_ips"] else ""
        else:
            subnet_id = self._get(caller, "subnet", body["subnet_id"])["id"]
            port = next((p for p in mine if any(ip["subnet_id"] == subnet_id for ip in p["fixed_ips"])), None)
        if subnet_id:
            self._interface_free(router, subnet_id)
        if port is None:
            raise neutron_error(404, "RouterInterfaceNotFoundForSubnet",
                                f"Router {router['id']} has no interface on subnet {subnet_id}")
        self.remove_port(port["id"])

    def _interface_free(self, router: dict[str, Any], subnet_id: str) -> None:
        start = f"Router interface for subnet {subnet_id} on router {router['id']} cannot be deleted, as it is "
        for floating in self.floatingips.values():
            port = self.ports.get(floating["port_id"] or "")
            if floating["router_id"] == router["id"] and port and any(
                ip["subnet_id"] == subnet_id and ip["ip_address"] == floating["fixed_ip_address"]
                for ip in port["fixed_ips"]
            ):
                raise neutron_error(409, "RouterInterfaceInUseByFloatingIP",
                                    start + "required by one or more floating IPs.")
        cidr = self.subnets[subnet_id]["cidr"]
        if any(ipam.overlap(cidr, route["nexthop"]) for route in router["routes"]):
            raise neutron_error(409, "RouterInterfaceInUseByRoute", start + "required by one or more routes.")

    def _check_routes(self, router: dict[str, Any], routes: list[dict[str, str]]) -> None:
        if len(routes) > 30:
            raise neutron_error(400, "RoutesExhausted", f"Unable to complete operation for {router['id']}. The number "
                                                        "of routes exceeds the maximum 30.")
        addresses = [ip for p in self.ports_of_router(router["id"]) for ip in p["fixed_ips"]]
        for route in routes:
            start = f"Invalid format for routes: {shown(routes)}, "
            if not any(ipam.overlap(self.subnets[ip["subnet_id"]]["cidr"], route["nexthop"]) for ip in addresses):
                raise neutron_error(400, "InvalidRoutes", start + "the nexthop is not connected with router")
            if any(ip["ip_address"] == route["nexthop"] for ip in addresses):
                raise neutron_error(400, "InvalidRoutes", start + "the nexthop is used by router")

    # -- floating addresses

    def create_floatingip(self, caller: Caller, data: dict[str, Any]) -> dict[str, Any]:
        network = self._get(caller, "network", data["floating_network_id"])
        if not network["router:external"]:
            raise bad("floatingip", f"Network {data['floating_network_id']} is not a valid external network")
        row_id = self.new_id()
        port = self._own_port(network, row_id, FLOATING, "", UNSET)
        if not port["fixed_ips"]:
            self.remove_port(port["id"])
            raise neutron_error(400, "ExternalIpAddressExhausted",
                                f"Unable to find any IP address on external network {network['id']}.")
        row = {
            "id": row_id, "tenant_id": data["tenant_id"], "floating_network_id": network["id"],
            "floating_ip_address": port["fixed_ips"][0]["ip_address"], "port_id": None, "router_id": None,
            "fixed_ip_address": None, "_port": port["id"],
        }
        try:
            self._associate(caller, row, data)
        except ApiError:
            self.remove_port(port["id"])
            raise
        self.floatingips[row_id] = row
        return row

    def update_floatingip(self, caller: Caller, row: dict[str, Any], changes: dict[str, Any]) -> None:
        self._associate(caller, row, changes)

    def delete_floatingip(self, caller: Caller, row: dict[str, Any]) -> None:
        self.remove_port(row["_port"])
        del self.floatingips[row["id"]]

    def _associate(self, caller: Caller, row: dict[str, Any], wanted: dict[str, Any]) -> None:
        address, port_id = wanted.get("fixed_ip_address"), wanted.get("port_id")
        if address and not port_id:
            raise bad("floatingip", "fixed_ip_address cannot be specified without a port_id")
        if not port_id:
            row.update(port_id=None, router_id=None, fixed_ip_address=None)
            return
        port = self._get(caller, "port", port_id)
        if port["tenant_id"] != row["tenant_id"]:
            if row["id"] in self.floatingips:
                raise bad("floatingip", f"Port {port_id} is associated with a different tenant than Floating IP "
                                        f"{row['id']} and therefore cannot be bound.")
            raise bad("floatingip", f"Cannot create floating IP and bind it to Port {port_id}, since that port is "
                                    "owned by a different tenant.")
        ips = port["fixed_ips"]
        if address:
            chosen = next((ip for ip in ips if ip["ip_address"] == address), None)
            if chosen is None:
                raise bad("floatingip", f"Port {port['id']} does not have fixed ip {address}")
        elif not ips:
            raise bad("floatingip", f"Cannot add floating IP to port {port['id']} that hasno fixed IP addresses")
        elif len(ips) > 1:
            raise bad("floatingip", f"Port {port['id']} has multiple fixed IPs.  Must provide a specific IP when "
                                    "assigning a floating IP")
        else:
            chosen = ips[0]
        router_id = self._router_for(row, port, self.subnets[chosen["subnet_id"]])
        for other in self.floatingips.values():
            # (the server does not leave out the address itself: associating it twice is a conflict)
            if (other["port_id"], other["fixed_ip_address"]) == (port["id"], chosen["ip_address"]):
                raise neutron_error(
                    409, "FloatingIPPortAlreadyAssociated",
                    f"Cannot associate floating IP {row['floating_ip_address']} ({row['id']}) with port {port['id']} "
                    f"using fixed IP {chosen['ip_address']}, as that fixed IP already has a floating IP on external "
                    f"network {row['floating_network_id']}.")
        row.update(port_id=port["id"], router_id=router_id, fixed_ip_address=chosen["ip_address"])

    def _router_for(self, row: dict[str, Any], port: dict[str, Any], subnet: dict[str, Any]) -> str:
        if not subnet["gateway_ip"]:
            raise bad("floatingip", f"Cannot add floating IP to port on subnet {subnet['id']} which has no gateway_ip")
        for inner in self.ports.values():
            if inner["device_owner"] == INTERFACE and any(ip["subnet_id"] == subnet["id"] for ip in inner["fixed_ips"]):
                gate = self._gateway_port(inner["device_id"])
                if gate and gate["network_id"] == row["floating_network_id"]:
                    return inner["device_id"]
        raise neutron_error(
            404, "ExternalGatewayForFloatingIPNotFound",
            f"External network {row['floating_network_id']} is not reachable from subnet {subnet['id']}.  Therefore, "
            f"cannot associate Port {port['id']} with a Floating IP.")
