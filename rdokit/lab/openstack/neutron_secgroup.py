"""Security groups of neutron 2013.2: one default group per tenant, rules, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .neutron_attrs import neutron_error, parse_net

if TYPE_CHECKING:
    from .auth import Caller


class SecurityGroups:
    """The security group part of `Neutron`."""

    security_groups: dict[str, dict[str, Any]]
    security_group_rules: dict[str, dict[str, Any]]
    ports: dict[str, dict[str, Any]]

    def ensure_default_group(self, tenant_id: str) -> str:
        """Id of a tenant's group "default", made with its four rules when it is missing."""
        for row in self.security_groups.values():
            if row["tenant_id"] == tenant_id and row["name"] == "default":
                return row["id"]
        row = {"id": self.new_id("security_group"), "name": "default", "description": "default", "tenant_id": tenant_id}
        self.security_groups[row["id"]] = row
        for version in ("IPv4", "IPv6"):
            self._add_rule(row, "ingress", version, remote_group_id=row["id"])
            self._add_rule(row, "egress", version)
        return row["id"]

    def _add_rule(self, group: dict[str, Any], direction: str, ethertype: str, **more: Any) -> dict[str, Any]:
        rule = {
            "id": self.new_id("security_group_rule"), "tenant_id": group["tenant_id"], "security_group_id": group["id"],
            "ethertype": ethertype, "direction": direction, "protocol": None, "port_range_min": None,
            "port_range_max": None, "remote_ip_prefix": None, "remote_group_id": None,
        } | more
        self.security_group_rules[rule["id"]] = rule
        return rule

    def check_groups(self, groups: list[str], tenant_id: str) -> list[str]:
        """Ids of groups for a port. Raises ApiError SecurityGroupNotFound."""
        for one in groups or []:
            if one not in self.security_groups or self.security_groups[one]["tenant_id"] != tenant_id:
                raise neutron_error(404, "SecurityGroupNotFound", f"Security group {one} does not exist")
        return sorted(groups or [])

    def create_security_group(self, caller: Caller, data: dict[str, Any]) -> dict[str, Any]:
        if data["name"] == "default":
            raise neutron_error(409, "SecurityGroupDefaultAlreadyExists", "Default security group already exists.")
        self.ensure_default_group(data["tenant_id"])
        row = {"id": self.new_id("security_group"), "name": data["name"], "description": data["description"],
               "tenant_id": data["tenant_id"]}
        self.security_groups[row["id"]] = row
        for version in ("IPv4", "IPv6"):
            self._add_rule(row, "egress", version)
        return row

    def update_security_group(self, caller: Caller, row: dict[str, Any], changes: dict[str, Any]) -> None:
        if changes.get("name") == "default":
            raise neutron_error(409, "SecurityGroupDefaultAlreadyExists", "Default security group already exists.")
        if row["name"] == "default" and "name" in changes:
            raise neutron_error(409, "SecurityGroupCannotUpdateDefault",
                                "Updating default security group not allowed.")
        row.update(changes)

    def delete_security_group(self, caller: Caller, row: dict[str, Any]) -> None:
        if any(row["id"] in p["security_groups"] for p in self.ports.values()):
            raise neutron_error(409, "SecurityGroupInUse", f"Security Group {row['id']} in use.")
        if row["name"] == "default" and not caller.is_admin:
            raise neutron_error(409, "SecurityGroupCannotRemoveDefault",
                                "Removing default security group not allowed.")
        del self.security_groups[row["id"]]
        for rule in list(self.security_group_rules.values()):
            if row["id"] in (rule["security_group_id"], rule["remote_group_id"]):
                del self.security_group_rules[rule["id"]]

    def create_security_group_rule(self, caller: Caller, data: dict[str, Any]) -> dict[str, Any]:
        """A new rule. Raises ApiError for ports, prefix, group or a duplicate that cannot be."""
        self._check_ports(data)
        if data["remote_ip_prefix"] and data["remote_group_id"]:
            raise neutron_error(400, "SecurityGroupRemoteGroupAndRemoteIpPrefix",
                                "Only remote_ip_prefix or remote_group_id may be provided.")
        group = self._get(caller, "security_group", data["security_group_id"])
        if data["remote_group_id"]:
            self._get(caller, "security_group", data["remote_group_id"])
        net = parse_net(data["remote_ip_prefix"] or "")
        if net is not None and data["ethertype"] != f"IPv{net.version}":
            raise neutron_error(400, "SecurityGroupRuleParameterConflict",
                                f"Conflicting value ethertype {data['ethertype']} for CIDR {data['remote_ip_prefix']}")
        same = ("security_group_id", "direction", "ethertype", "protocol", "port_range_min", "port_range_max",
                "remote_ip_prefix", "remote_group_id", "tenant_id")
        for rule in sorted(self.security_group_rules.values(), key=lambda r: r["id"]):
            if all(rule[k] == data[k] for k in same):
                raise neutron_error(409, "SecurityGroupRuleExists",
                                    f"Security group rule already exists. Group id is {rule['id']}.")
        more = {k: data[k] for k in ("protocol", "port_range_min", "port_range_max", "remote_ip_prefix",
                                     "remote_group_id")}
        return self._add_rule({"id": group["id"], "tenant_id": data["tenant_id"]}, data["direction"],
                              data["ethertype"], **more)

    def _check_ports(self, data: dict[str, Any]) -> None:
        low, high = data["port_range_min"], data["port_range_max"]
        if low is None and high is None:
            return
        if not data["protocol"]:
            raise neutron_error(400, "SecurityGroupProtocolRequiredWithPorts",
                                "Must also specifiy protocol if port range is given.")
        if data["protocol"] in ("tcp", "udp", "6", "17"):
            if low is None or high is None or low > high:
                raise neutron_error(400, "SecurityGroupInvalidPortRange",
                                    "For TCP/UDP protocols, port_range_min must be <= port_range_max")
        elif data["protocol"] in ("icmp", "1"):
            for name, field, value in (("port_range_min", "type", low), ("port_range_max", "code", high)):
                if value is not None and value > 255:
                    raise neutron_error(400, "SecurityGroupInvalidIcmpValue",
                                        f"Invalid value for ICMP {field} ({name}) {value}. It must be 0 to 255.")
            if low is None and high is not None:
                raise neutron_error(400, "SecurityGroupMissingIcmpType",
                                    f"ICMP code (port-range-max) {high} is provided but ICMP type (port-range-min) is "
                                    "missing.")

    def delete_security_group_rule(self, caller: Caller, row: dict[str, Any]) -> None:
        del self.security_group_rules[row["id"]]
