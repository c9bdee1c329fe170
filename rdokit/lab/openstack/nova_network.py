"""nova's side of networking: ports, floating addresses and security groups, all of them neutron's."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from .auth import Caller
from .errors import ApiError
from .py2 import Py2Dict, is_uuid, text_repr

if TYPE_CHECKING:
    from ..world import World
    from .cloud import Cloud
    from .nova import Instance

FAILED = "The server has either erred or is incapable of performing the requested operation."
NOT_FOUND = "The resource could not be found."


def raw(fault: ApiError) -> str:
    """A refusal of neutron as its client hands it on: status and body.

    >>> raw(ApiError(409, "Router x in use", "RouterInUse"))
    "409-{u'NeutronError': {u'message': u'Router x in use', u'type': u'RouterInUse', u'detail': u''}}"
    """
    body = ", ".join(
        f"u'{key}': {text_repr(value)}"
        for key, value in (("message", fault.message), ("type", fault.kind), ("detail", fault.detail))
    )
    return f"{fault.status}-{{u'NeutronError': {{{body}}}}}"


class Network:
    """The part of `Nova` that talks to neutron."""

    world: World
    cloud: Cloud
    instances: dict[str, Instance]

    @property
    def neutron(self) -> Any:
        """The networking service.

        Raises:
            ApiError: 500 when neutron-server does not answer.
        """
        if not self.cloud.up("neutron", self.world):
            raise ApiError(500, FAILED)
        return self.cloud.neutron

    def _owner(self, instance: Instance) -> Caller:
        """nova's own admin login, acting for the instance's tenant."""
        return Caller("nova", "nova", instance.tenant_id, "", ["admin"])

    # --- boot ---

    def parse_networks(self, given: list[dict[str, str]] | None) -> list[dict[str, str]]:
        """Check the form of --nic.

        Raises:
            ApiError: 400.
        """
        for one in given or []:
            if one.get("port"):
                if not is_uuid(one["port"]):
                    raise ApiError(400, f"Bad port format: port uuid is not in proper format ({one['port']})")
                continue
            network = one.get("uuid", "")
            if not is_uuid(network):
                raise ApiError(400, f"Bad networks format: network uuid is not in proper format ({network})")
            if one.get("fixed_ip"):
                try:
                    ipaddress.ip_address(one["fixed_ip"])
                except ValueError:
                    raise ApiError(400, f"Invalid fixed IP address ({one['fixed_ip']})") from None
        return [dict(one) for one in given or []]

    def choose_networks(self, caller: Caller, given: list[dict[str, str]]) -> list[dict[str, str]]:
        """The networks an instance gets: those asked for, or the only one there is.

        Raises:
            ApiError: 400 several to choose from or one twice, 404 unknown, 409 port in use, 500 neutron is down.
        """
        neutron = self.neutron
        available = self.available(caller)
        if not given:
            if len(available) > 1:
                raise ApiError(400, "Multiple possible networks found, use a Network ID to be more specific.")
            given = [{"uuid": n["id"]} for n in available]
        seen: list[str] = []
        for one in given:
            if one.get("port"):
                port = neutron.ports.get(one["port"])
                if port is None or not (caller.is_admin or port["tenant_id"] == caller.tenant_id):
                    raise ApiError(400, f"Port id {one['port']} could not be found.")
                if port["device_id"]:
                    raise ApiError(409, f"Port {one['port']} is still in use.")
                one["uuid"] = port["network_id"]
            if one["uuid"] in seen:
                raise ApiError(400, f"Network {one['uuid']} is duplicated.")
            seen.append(one["uuid"])
        usable = {n["id"] for n in available}
        if any(one["uuid"] not in usable for one in given if not one.get("port")):
            raise ApiError(404, NOT_FOUND)
        return given

    def available(self, caller: Caller) -> list[dict[str, Any]]:
        """The tenant's own networks and the shared ones."""
        neutron = self.neutron
        rows = neutron.list(caller, "network")
        own = [n for n in rows if n["tenant_id"] == caller.tenant_id and not n["shared"]]
        return own + [n for n in rows if n["shared"]]

    def check_groups(self, caller: Caller, names: list[str]) -> None:
        """Raises:
        ApiError: 400 unknown, 409 ambiguous.
        """
        for name in names:
            if name != "default":
                self.group_id(caller, name)

    def group_id(self, caller: Caller, name: str, tenant: str = "") -> str:
        neutron = self.neutron
        tenant = tenant or caller.tenant_id
        if name == "default":
            return neutron.ensure_default_group(tenant)
        mine = [g for g in neutron.security_groups.values() if g["tenant_id"] == tenant]
        found = [g for g in mine if g["id"] == name] or [g for g in mine if g["name"] == name]
        if not found:
            raise ApiError(400, f"Unable to find security_group with name '{name}'")
        if len(found) > 1:
            raise ApiError(
                409, f"Multiple security_group matches found for name '{name}', use an ID to be more specific."
            )
        return found[0]["id"]

    # --- ports ---

    def allocate_ports(self, instance: Instance) -> None:
        """A port per network, as the instance's tenant's.

        Raises:
            ApiError: no address, quota, neutron down.
        """
        neutron, owner = self.neutron, self._owner(instance)
        groups = [self.group_id(owner, name, instance.tenant_id) for name in instance.groups]
        zone = f"compute:{instance.zone.split(':')[0] or 'None'}"
        for one in instance.networks:
            wanted: dict[str, Any] = {"device_id": instance.id, "device_owner": zone}
            if one.get("port"):
                neutron.update(owner, "port", one["port"], wanted)
                instance.ports.append(one["port"])
                continue
            if not any(s["network_id"] == one["uuid"] for s in neutron.subnets.values()):
                # Groups need addresses; only the compute node looks, so the instance ends in ERROR.
                raise ApiError(400, "Network requires port_security_enabled and subnet associated in order to apply "
                                    "security groups.")  # fmt: skip
            wanted |= {
                "network_id": one["uuid"], "admin_state_up": True, "tenant_id": instance.tenant_id,
                "security_groups": groups,
            }  # fmt: skip
            if one.get("fixed_ip"):
                wanted["fixed_ips"] = [{"ip_address": one["fixed_ip"]}]
            instance.ports.append(neutron.create(owner, "port", wanted)["id"])

    def plug_ports(self, instance: Instance) -> None:
        """The agent of the host wires them."""
        if instance.host:
            for port_id in instance.ports:
                self.cloud.neutron.plug(port_id, self.fqdn(instance.host))  # type: ignore[attr-defined]

    def free_ports(self, instance: Instance) -> None:
        """Give back every port of the instance (also one that the user had made: Havana deletes it)."""
        owned = [p["id"] for p in self.cloud.neutron.ports.values() if p["device_id"] == instance.id]
        for port_id in dict.fromkeys([*instance.ports, *owned]):
            self.cloud.neutron.remove_port(port_id)
        instance.ports, instance.ready = [], False

    def group_names(self, instance: Instance) -> list[str]:
        """Security groups of its ports; none before it has ports."""
        neutron = self.cloud.neutron
        if not instance.ready:
            return []
        ids: dict[str, None] = {}
        for port_id in instance.ports:
            ids.update(dict.fromkeys(neutron.ports.get(port_id, {}).get("security_groups", [])))
        return [neutron.security_groups[g]["name"] for g in ids if g in neutron.security_groups]

    def interfaces(self, instance: Instance) -> list[dict[str, Any]]:
        """Rows of os-interface, oldest port first."""
        neutron = self.neutron
        ports = [p for p in neutron.ports.values() if p["device_id"] == instance.id]
        return sorted(ports, key=lambda p: p.get("_serial", 0))

    def attach_interface(self, instance: Instance, port: str, network: str, address: str) -> dict[str, Any]:
        """Raises:
        ApiError: 400 and 404 as the API.
        """
        neutron, owner = self.neutron, self._owner(instance)
        if network and port:
            raise ApiError(400, "Must not input both network_id and port_id")
        if address and not network:
            raise ApiError(400, "Must input network_id when request IP address")
        if instance.vm_state not in ("active", "paused", "stopped"):
            raise ApiError(409, f"Cannot 'attach_interface' while instance is in vm_state {instance.vm_state}")
        if port:
            held = neutron.ports.get(port)
            if held is None:
                raise ApiError(404, f"Port id {port} could not be found.")
            if held["device_id"]:
                raise ApiError(400, f"Port {port} is still in use.")
            neutron.update(owner, "port", port, {"device_id": instance.id, "device_owner": "compute:None"})
            chosen = port
        else:
            if not network:
                networks = self.available(owner)
                if len(networks) != 1:
                    raise ApiError(400, "Multiple possible networks found, use a Network ID to be more specific.")
                network = networks[0]["id"]
            if network not in neutron.networks:
                raise ApiError(404, f"Network {network} could not be found.")
            wanted = {
                "network_id": network, "device_id": instance.id, "device_owner": "compute:None",
                "tenant_id": instance.tenant_id,
            }  # fmt: skip
            if address:
                wanted["fixed_ips"] = [{"ip_address": address}]  # type: ignore[assignment]
            try:
                chosen = neutron.create(owner, "port", wanted)["id"]
            except ApiError:
                raise ApiError(500, FAILED) from None
        instance.ports.append(chosen)
        self.plug_ports(instance)
        return neutron.ports[chosen]

    def detach_interface(self, instance: Instance, port_id: str) -> None:
        if port_id not in instance.ports:
            raise ApiError(404, NOT_FOUND)
        instance.ports.remove(port_id)
        self.neutron.remove_port(port_id)

    def add_fixed_ip(self, instance: Instance, network_id: str) -> None:
        """Another address on the instance's port of a network. That there is none only the compute node's log tells."""
        neutron = self.neutron
        for port_id in instance.ports:
            port = neutron.ports[port_id]
            if port["network_id"] == network_id:
                ips = [*port["fixed_ips"], {"subnet_id": neutron.networks[network_id]["subnets"][0]}] if (
                    "subnets" in neutron.networks[network_id]
                ) else [*port["fixed_ips"], {"subnet_id": port["fixed_ips"][0]["subnet_id"]}]  # fmt: skip
                neutron.update(self._owner(instance), "port", port_id, {"fixed_ips": ips})
                return

    def remove_fixed_ip(self, instance: Instance, address: str) -> None:
        neutron = self.neutron
        for port_id in instance.ports:
            port = neutron.ports[port_id]
            left = [ip for ip in port["fixed_ips"] if ip["ip_address"] != address]
            if len(left) != len(port["fixed_ips"]):
                port["fixed_ips"] = left
                return

    # --- networks as nova shows them ---

    def network_rows(self, caller: Caller) -> list[dict[str, Any]]:
        """What `nova net-list` shows: neutron's list."""
        return self.neutron.list(caller, "network")

    # --- floating addresses ---

    def pools(self, caller: Caller) -> list[dict[str, Any]]:
        """The external networks."""
        return [n for n in self.neutron.list(caller, "network") if n.get("router:external")]

    def floating_list(self, caller: Caller) -> list[dict[str, Any]]:
        neutron = self.neutron
        return [f for f in neutron.list(caller, "floatingip") if f["tenant_id"] == caller.tenant_id]

    def floating_row(self, row: dict[str, Any]) -> Py2Dict:
        neutron = self.cloud.neutron
        port = neutron.ports.get(row["port_id"] or "")
        network = neutron.networks.get(row["floating_network_id"], {})
        return Py2Dict(
            [
                ("id", row["id"]), ("ip", row["floating_ip_address"]), ("pool", network.get("name")),
                ("fixed_ip", row["fixed_ip_address"]), ("instance_id", port["device_id"] if port else None),
            ]
        )  # fmt: skip

    def create_floating(self, caller: Caller, pool: str | None) -> dict[str, Any]:
        """Raises:
        ApiError: 404 unknown or no pool, 500 several of that name, or what neutron says.
        """
        neutron = self.neutron
        name = pool or self.default_pool()
        pools = self.pools(caller)
        found = [n for n in pools if n["id"] == name] if is_uuid(name) else [n for n in pools if n["name"] == name]
        if not found:
            raise ApiError(404, "FloatingIpPoolNotFound: Floating ip pool not found.")
        if len(found) > 1:
            raise ApiError(500, FAILED)  # "Multiple floating IP pools matches found" stands in the log only
        try:
            return neutron.create(caller, "floatingip", {"floating_network_id": found[0]["id"]})
        except ApiError:
            raise ApiError(500, FAILED) from None

    def default_pool(self) -> str:
        return "public"

    def find_floating(self, caller: Caller, address: str) -> dict[str, Any]:
        for row in self.neutron.list(caller, "floatingip"):
            if row["floating_ip_address"] == address and (caller.is_admin or row["tenant_id"] == caller.tenant_id):
                return row
        raise ApiError(404, "floating ip not found")

    def delete_floating(self, caller: Caller, row_id: str) -> None:
        neutron = self.neutron
        if row_id not in neutron.floatingips:
            raise ApiError(404, NOT_FOUND)
        neutron.delete(caller, "floatingip", row_id)

    def add_floating(self, caller: Caller, instance: Instance, address: str, fixed: str | None) -> None:
        """Raises:
        ApiError: 400 no such fixed address or neutron refused, 404 no such floating address.
        """
        neutron = self.neutron
        ports = [neutron.ports[p] for p in instance.ports if p in neutron.ports] if instance.ready else []
        if not ports:
            raise ApiError(400, "No nw_info cache associated with instance")
        ips = [(p, ip["ip_address"]) for p in ports for ip in p["fixed_ips"]]
        if not ips:
            raise ApiError(400, "No fixed ips associated to instance")
        chosen = ips[0]
        if fixed:
            match = [pair for pair in ips if pair[1] == fixed]
            if not match:
                raise ApiError(400, "Specified fixed address not assigned to instance")
            chosen = match[0]
        try:
            row = self.find_floating(caller, address)
            neutron.update(caller, "floatingip", row["id"], {"port_id": chosen[0]["id"], "fixed_ip_address": chosen[1]})
        except ApiError as fault:
            if fault.message == "floating ip not found":
                raise ApiError(404, "floating ip not found") from None
            raise ApiError(400, "Error. Unable to associate floating ip") from None

    def remove_floating(self, caller: Caller, instance: Instance, address: str) -> None:
        row = self.find_floating(caller, address)
        port = self.neutron.ports.get(row["port_id"] or "")
        if port is None or port["device_id"] != instance.id:
            raise ApiError(422, f"Floating ip {address} is not associated with instance {instance.id}.")
        self.neutron.update(caller, "floatingip", row["id"], {"port_id": None})

    # --- security groups ---

    def groups(self, caller: Caller, everybody: bool = False) -> list[dict[str, Any]]:
        """By tenant and name; same names in the order of the database (by id)."""
        neutron = self.neutron
        neutron.ensure_default_group(caller.tenant_id)
        rows = [g for g in neutron.security_groups.values() if everybody or g["tenant_id"] == caller.tenant_id]
        rows.sort(key=lambda g: g["id"])
        return sorted(rows, key=lambda g: (g["tenant_id"], g["name"]))

    def group_rules(self, group_id: str) -> list[Py2Dict]:
        """Inbound rules as nova writes them, in the order of the database (by id)."""
        rows = [r for r in self.neutron.security_group_rules.values() if r["security_group_id"] == group_id]
        rows.sort(key=lambda r: r["id"])
        return [self.rule(r) for r in rows if r["direction"] == "ingress"]

    def rule(self, row: dict[str, Any]) -> Py2Dict:
        protocol, low, high = row["protocol"], row["port_range_min"], row["port_range_max"]
        if protocol and low is None and high is None:
            low, high = (1, 65535) if protocol in ("tcp", "udp") else (-1, -1)
        group = self.cloud.neutron.security_groups.get(row["remote_group_id"] or "")
        source = {"name": group["name"], "tenant_id": group["tenant_id"]} if group else {}
        cidr = row["remote_ip_prefix"]
        ip_range: dict[str, str] = (
            {} if group else {"cidr": cidr or ("::/0" if row["ethertype"] == "IPv6" else "0.0.0.0/0")}
        )
        return Py2Dict(
            [
                ("id", row["id"]), ("parent_group_id", row["security_group_id"]), ("ip_protocol", protocol),
                ("from_port", low), ("to_port", high), ("group", source), ("ip_range", ip_range),
            ]
        )  # fmt: skip

    def create_group(self, caller: Caller, name: str, description: str) -> dict[str, Any]:
        """Raises:
        ApiError: 400 bad name or description, 413 quota.
        """
        neutron = self.neutron
        self._check_words("name", name)
        self._check_words("description", description)
        try:
            return neutron.create(caller, "security_group", {"name": name, "description": description})
        except ApiError as fault:
            # Every 409 is taken for a quota that is used up.
            if fault.status == 409:
                raise ApiError(413, raw(fault)) from None
            raise ApiError(500, FAILED) from None

    @staticmethod
    def _check_words(what: str, text: str) -> None:
        if not text.strip():
            raise ApiError(400, f"Security group {what} cannot be empty.")
        if len(text) > 255:
            raise ApiError(400, f"Security group {what} should not be greater than 255 characters.")

    def update_group(self, caller: Caller, group_id: str, name: str, description: str) -> dict[str, Any]:
        self._check_words("name", name)
        self._check_words("description", description)
        try:
            return self.neutron.update(caller, "security_group", group_id, {"name": name, "description": description})
        except ApiError:
            raise ApiError(500, FAILED) from None

    def delete_group(self, caller: Caller, group_id: str) -> None:
        try:
            self.neutron.delete(caller, "security_group", group_id)
        except ApiError as fault:
            raise ApiError(400 if fault.status == 409 else fault.status, raw(fault)) from None

    def add_rule(self, caller: Caller, group_id: str, ask: dict[str, Any]) -> dict[str, Any]:
        """Raises:
        ApiError: 400 for a bad or known rule, 413 quota.
        """
        neutron = self.neutron
        low, high = ask.get("from_port"), ask.get("to_port")
        protocol = (ask.get("ip_protocol") or "").lower() or None
        cidr, source = ask.get("cidr"), ask.get("group_id")
        if not source:
            cidr = self._cidr(cidr)
        self._check_ports(protocol, low, high)
        for row in neutron.security_group_rules.values():
            if row["security_group_id"] == group_id and row["direction"] == "ingress":
                same = self.rule(row)
                mine = {"cidr": cidr} if not source else {}
                if (same["ip_protocol"], same["from_port"], same["to_port"]) == (protocol, low, high) and (
                    same["ip_range"] == mine if not source else row["remote_group_id"] == source
                ):
                    raise ApiError(400, f"This rule already exists in group {group_id}")
        icmp_all = protocol == "icmp" and low == -1 and high == -1
        body: dict[str, Any] = {
            "security_group_id": group_id, "direction": "ingress", "protocol": protocol,
            "ethertype": "IPv6" if cidr and ":" in cidr else "IPv4",
        }  # fmt: skip
        if not icmp_all and protocol:
            body |= {"port_range_min": low, "port_range_max": high}
        if source:
            body["remote_group_id"] = source
        else:
            body["remote_ip_prefix"] = cidr
        try:
            made = neutron.create(caller, "security_group_rule", body)
        except ApiError as fault:
            if fault.status == 409:
                raise ApiError(413, raw(fault)) from None
            raise ApiError(500, FAILED) from None
        return neutron.security_group_rules[made["id"]]

    @staticmethod
    def _cidr(text: str | None) -> str:
        try:
            return (
                str(ipaddress.ip_network((text or "0.0.0.0/0").strip(), strict=False))
                if "/" in (text or "/")
                else (str(ipaddress.ip_network(text or "")))
            )
        except ValueError:
            raise ApiError(400, f"Invalid cidr {text}.") from None

    @staticmethod
    def _check_ports(protocol: str | None, low: int | None, high: int | None) -> None:
        if protocol is None or low is None or high is None:
            return

        def bad(why: str) -> ApiError:
            return ApiError(400, f"Invalid port range {low}:{high}. {why}")

        if protocol != "icmp" and low > high:
            raise bad("Former value cannot be greater than the later")
        if protocol in ("tcp", "udp") and (low < 1 or high > 65535):
            raise bad("Valid TCP ports should be between 1-65535" if protocol == "tcp" else
                      "Valid UDP ports should be between 1-65535")  # fmt: skip
        if protocol == "icmp" and (low < -1 or low > 255 or high < -1 or high > 255):
            raise bad("For ICMP, the type:code must be valid")

    def delete_rule(self, caller: Caller, rule_id: str) -> None:
        self.neutron.delete(caller, "security_group_rule", rule_id)

    def server_groups(self, caller: Caller, instance: Instance) -> list[dict[str, Any]]:
        neutron = self.neutron
        ids = {g for p in instance.ports for g in neutron.ports.get(p, {}).get("security_groups", [])}
        return [neutron.security_groups[g] for g in sorted(ids) if g in neutron.security_groups]

    def change_groups(self, caller: Caller, instance: Instance, name: str, add: bool) -> None:
        """add-secgroup and remove-secgroup, on every port of the server."""
        neutron = self.neutron
        try:
            group = self.group_id(caller, name)
        except ApiError as fault:
            raise ApiError(404 if fault.status == 400 else fault.status,
                           f"Security group {name} is not found for project {caller.tenant_id}"
                           if fault.status == 400 else fault.message) from None  # fmt: skip
        if instance.vm_state != "active" and not instance.ports:
            raise ApiError(400, f"Instance {instance.id} is not running.")
        changed = False
        for port_id in instance.ports:
            port = neutron.ports[port_id]
            if add and group not in port["security_groups"]:
                port["security_groups"] = [*port["security_groups"], group]
                changed = True
            elif not add and group in port["security_groups"]:
                port["security_groups"] = [g for g in port["security_groups"] if g != group]
                changed = True
        if not add and not changed:
            raise ApiError(404, f"Security group {name} not associated with the instance {instance.id}")

    # --- what an instance lets in ---

    def lets_in(self, instance: Instance, protocol: str, port: int, source: str) -> bool:
        """Whether the security groups of an instance accept a packet.

        Args:
            protocol: "tcp", "udp" or "icmp".
            port: destination port, 0 for icmp.
            source: IPv4 address of the sender as the instance sees it.
        """
        neutron = self.cloud.neutron
        for port_id in instance.ports:
            for group_id in neutron.ports.get(port_id, {}).get("security_groups", []):
                for rule in neutron.security_group_rules.values():
                    if rule["security_group_id"] == group_id and self._accepts(rule, protocol, port, source):
                        return True
        return False

    def _accepts(self, rule: dict[str, Any], protocol: str, port: int, source: str) -> bool:
        if rule["direction"] != "ingress" or rule["ethertype"] != "IPv4":
            return False
        numbers = {"6": "tcp", "17": "udp", "1": "icmp"}
        wanted = numbers.get(str(rule["protocol"]), rule["protocol"])
        if wanted is not None and wanted != protocol:
            return False
        low, high = rule["port_range_min"], rule["port_range_max"]
        if wanted in ("tcp", "udp") and low is not None and high is not None and not low <= port <= high:
            return False
        prefix = rule["remote_ip_prefix"]
        if prefix:
            try:
                return ipaddress.ip_address(source) in ipaddress.ip_network(prefix, strict=False)
            except ValueError:
                return False
        if rule["remote_group_id"]:
            neutron = self.cloud.neutron
            return any(
                rule["remote_group_id"] in p["security_groups"]
                and any(ip["ip_address"] == source for ip in p["fixed_ips"])
                for p in neutron.ports.values()
            )
        return True
