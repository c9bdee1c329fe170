"""What the columns of Havana's commands hold: names in the order printed, and the kind of each.

The release's vocabulary in one place. A list's schema also gives the columns of an empty answer:
`parse(text, columns=tuple(LISTS["neutron net-list"]))`. Kinds are those of `rdokit.parse.table`.
Columns were read off recorded sessions of the 2013.2 clients.
"""

from __future__ import annotations

_NAMED = {"id": "text", "name": "text"}
_NET = {"id": "text", "name": "text", "subnets": "subnets"}
_PORT = {"id": "text", "name": "text", "mac_address": "text", "fixed_ips": "json_lines"}
_RULE = {"IP Protocol": "optional", "From Port": "int", "To Port": "int", "IP Range": "optional",
         "Source Group": "optional"}  # fmt: skip
_SECGROUP = {"Id": "text", "Name": "text", "Description": "text"}
_FLOATING = {"Ip": "text", "Instance Id": "optional", "Fixed Ip": "optional", "Pool": "text"}

LISTS: dict[str, dict[str, str]] = {
    "keystone tenant-list": {"id": "text", "name": "text", "enabled": "bool"},
    "keystone user-list": {"id": "text", "name": "text", "enabled": "bool", "email": "text"},
    "keystone role-list": _NAMED,
    "keystone user-role-list": {"id": "text", "name": "text", "user_id": "text", "tenant_id": "text"},
    "keystone service-list": {"id": "text", "name": "text", "type": "text", "description": "text"},
    "keystone endpoint-list": dict.fromkeys(
        ("id", "region", "publicurl", "internalurl", "adminurl", "service_id"), "text"
    ),
    "neutron net-list": _NET,
    "neutron net-external-list": _NET,
    "neutron subnet-list": {"id": "text", "name": "text", "cidr": "text", "allocation_pools": "json_lines"},
    "neutron router-list": {"id": "text", "name": "text", "external_gateway_info": "json"},
    "neutron router-port-list": _PORT,
    "neutron port-list": _PORT,
    "neutron agent-list": {
        "id": "text", "agent_type": "text", "host": "text", "alive": "alive", "admin_state_up": "bool",
    },  # fmt: skip
    "neutron floatingip-list": {
        "id": "text", "fixed_ip_address": "optional", "floating_ip_address": "text", "port_id": "optional",
    },  # fmt: skip
    "neutron security-group-list": {"id": "text", "name": "text", "description": "text"},
    "neutron security-group-rule-list": {
        "id": "text", "security_group": "text", "direction": "text", "protocol": "optional",
        "remote_ip_prefix": "optional", "remote_group": "optional",
    },  # fmt: skip
    "glance image-list": {
        "ID": "text", "Name": "text", "Disk Format": "optional", "Container Format": "optional", "Size": "int",
        "Status": "text",
    },  # fmt: skip
    "nova image-list": {"ID": "text", "Name": "text", "Status": "text", "Server": "optional"},
    "nova list": {
        "ID": "text", "Name": "text", "Status": "text", "Task State": "optional", "Power State": "text",
        "Networks": "networks",
    },  # fmt: skip
    "nova service-list": {
        "Binary": "text", "Host": "text", "Zone": "text", "Status": "text", "State": "text",
        "Updated_at": "optional", "Disabled Reason": "optional",
    },  # fmt: skip
    "nova hypervisor-list": {"ID": "int", "Hypervisor hostname": "text"},
    "nova hypervisor-servers": {
        "ID": "text", "Name": "text", "Hypervisor ID": "int", "Hypervisor Hostname": "text",
    },  # fmt: skip
    "nova host-list": {"host_name": "text", "service": "text", "zone": "text"},
    "nova flavor-list": {
        "ID": "text", "Name": "text", "Memory_MB": "int", "Disk": "int", "Ephemeral": "int", "Swap": "int",
        "VCPUs": "int", "RXTX_Factor": "float", "Is_Public": "bool",
    },  # fmt: skip
    "nova net-list": {"ID": "text", "Label": "text", "CIDR": "optional"},
    "nova keypair-list": {"Name": "text", "Fingerprint": "text"},
    "nova secgroup-list": _SECGROUP,
    "nova secgroup-create": _SECGROUP,
    "nova secgroup-list-rules": _RULE,
    "nova secgroup-add-rule": _RULE,
    "nova floating-ip-list": _FLOATING,
    "nova floating-ip-create": _FLOATING,
    "nova floating-ip-pool-list": {"name": "text"},
    "nova volume-list": {
        "ID": "text", "Status": "text", "Display Name": "optional", "Size": "int", "Volume Type": "optional",
        "Attached to": "optional",
    },  # fmt: skip
    "nova interface-list": {
        "Port State": "text", "Port ID": "text", "Net ID": "text", "IP addresses": "text", "MAC Addr": "text",
    },  # fmt: skip
    "cinder list": {
        "ID": "text", "Status": "text", "Display Name": "optional", "Size": "int", "Volume Type": "optional",
        "Bootable": "bool", "Attached to": "optional",
    },  # fmt: skip
}

_SHOW_NET = {
    "admin_state_up": "bool", "shared": "bool", "router:external": "bool", "provider:segmentation_id": "int",
    "provider:physical_network": "optional", "subnets": "lines",
}  # fmt: skip
_SHOW_SUBNET = {
    "allocation_pools": "json_lines", "dns_nameservers": "lines", "enable_dhcp": "bool", "gateway_ip": "optional",
    "host_routes": "json_lines", "ip_version": "int",
}  # fmt: skip
_SHOW_ROUTER = {"admin_state_up": "bool", "external_gateway_info": "json", "routes": "json_lines"}
_SHOW_PORT = {
    "admin_state_up": "bool", "binding:capabilities": "json", "fixed_ips": "json_lines", "security_groups": "lines",
    "allowed_address_pairs": "json_lines",
}  # fmt: skip
_SHOW_IMAGE = {
    "checksum": "optional", "deleted": "bool", "deleted_at": "optional", "is_public": "bool", "min_disk": "int",
    "min_ram": "int", "protected": "bool", "size": "int", "owner": "optional",
    "disk_format": "optional", "container_format": "optional",
}  # fmt: skip
_SHOW_SERVER = {
    "OS-EXT-STS:power_state": "int", "progress": "int", "metadata": "literal", "security_groups": "literal",
    "os-extended-volumes:volumes_attached": "literal", "OS-EXT-STS:task_state": "optional", "key_name": "optional",
    "OS-SRV-USG:launched_at": "optional", "OS-SRV-USG:terminated_at": "optional",
    "OS-EXT-SRV-ATTR:host": "optional", "OS-EXT-SRV-ATTR:hypervisor_hostname": "optional",
}  # fmt: skip
_SHOW_VOLUME = {
    "attachments": "literal", "bootable": "bool", "display_description": "optional", "display_name": "optional",
    "metadata": "literal", "size": "int", "snapshot_id": "optional", "source_volid": "optional",
    "volume_type": "optional",
}  # fmt: skip

SHOWS: dict[str, dict[str, str]] = {
    "keystone tenant": {"enabled": "bool"},
    "keystone user": {"enabled": "bool"},
    "keystone role": {},
    "keystone service": {},
    "keystone endpoint": {},
    "neutron net": _SHOW_NET,
    "neutron subnet": _SHOW_SUBNET,
    "neutron router": _SHOW_ROUTER,
    "neutron port": _SHOW_PORT,
    "neutron floatingip": {"fixed_ip_address": "optional", "port_id": "optional", "router_id": "optional"},
    "neutron security-group": {"security_group_rules": "json_lines"},
    "neutron security-group-rule": {
        "port_range_max": "int", "port_range_min": "int", "protocol": "optional", "remote_group_id": "optional",
        "remote_ip_prefix": "optional",
    },  # fmt: skip
    "neutron quota": dict.fromkeys(
        ("floatingip", "network", "port", "router", "security_group", "security_group_rule", "subnet"), "int"
    ),
    "glance image": _SHOW_IMAGE,
    "nova": _SHOW_SERVER,
    "nova flavor": {
        "ram": "int", "OS-FLV-DISABLED:disabled": "bool", "vcpus": "int", "extra_specs": "json", "swap": "int",
        "os-flavor-access:is_public": "bool", "rxtx_factor": "float", "OS-FLV-EXT-DATA:ephemeral": "int",
        "disk": "int",
    },  # fmt: skip
    "nova image": {"minDisk": "int", "minRam": "int", "progress": "int", "OS-EXT-IMG-SIZE:size": "int"},
    "cinder": _SHOW_VOLUME,
}
"""Fields of `show`, `get` and `create`, which print the same ones: only those that are not plain text."""


def show_schema(command: str) -> dict[str, str]:
    """The schema of a show, get or create command; empty (all text) for one that is not known.

    >>> show_schema("neutron net-create")["shared"], show_schema("nova boot")["progress"]
    ('bool', 'int')
    >>> show_schema("keystone tenant-get")
    {'enabled': 'bool'}
    """
    tool, verb = command.split()[:2]
    noun, _, _ = verb.rpartition("-")
    return SHOWS.get(f"{tool} {noun}" if noun else tool, {})
