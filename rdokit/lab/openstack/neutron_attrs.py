"""Which attributes neutron's resources have, and how a value is converted and checked (2013.2).

Every request body goes through `prepare`: unknown, read-only and missing
attributes are refused, values are converted ("True" -> True) and validated, in
the server's words.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import ApiError
from .py2 import Py2Dict, represent

UNSET = "__unset__"  # an optional attribute that was not given (None is a value)
REQUIRED = "__required__"

UUID = re.compile(r"[a-fA-F0-9]{8}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{12}$")
HOSTNAME = re.compile(r"(?=^.{1,254}$)(^(?:(?!\d+\.|-)[a-zA-Z0-9_\-]{1,63}(?<!-)\.?)+(?:[a-zA-Z]{2,})$)")


def neutron_error(status: int, kind: str, message: str) -> ApiError:
    return ApiError(status, message, kind)


def invalid(message: str) -> ApiError:
    """InvalidInput, the error behind most 400s."""
    return ApiError(400, f"Invalid input for operation: {message}.", "InvalidInput")


def shown(value: Any) -> str:
    """A value inside a server message (`%s` of Python 2)."""
    return value if isinstance(value, str) else represent(_ordered(value))


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return Py2Dict([(k, _ordered(v)) for k, v in value.items()])
    if isinstance(value, list):
        return [_ordered(v) for v in value]
    return value


# --- conversions


def to_boolean(value: Any) -> bool:
    """True, "true", "1", 1 … (any case). Raises ApiError InvalidInput."""
    if isinstance(value, str) and value.lower() in ("true", "1", "false", "0"):
        return value.lower() in ("true", "1")
    if isinstance(value, (bool, int)) and value in (0, 1):
        return bool(value)
    raise invalid(f"'{shown(value)}' cannot be converted to boolean")


def to_int(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise invalid(f"'{shown(value)}' is not a integer") from None


def plain_int(value: Any) -> int:
    """int() of the server itself: what is no number is an internal error."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise internal_error() from None


def internal_error() -> ApiError:
    return ApiError(500, "Request Failed: internal server error while processing your request.")


def none_to_list(value: Any) -> Any:
    return [] if value is None else value


def to_ethertype(value: Any) -> str | None:
    """IPv4 or IPv6 in any case; None for anything else."""
    return next((v for v in ("IPv4", "IPv6") if isinstance(value, str) and v.lower() == value.lower()), None)


def to_groups(value: Any) -> Any:
    """Security groups of a port: identifiers."""
    for one in value or []:
        if a_uuid(one):
            raise invalid(f"'{shown(one)}' is not an integer or uuid")
    return value


def to_protocol(value: Any) -> str | None:
    if value is None:
        return None
    text = str(value)
    if text.lstrip("-").isdigit():
        if 0 <= int(text) <= 255:
            return text
    elif text.lower() in ("tcp", "udp", "icmp"):
        return text.lower()
    raise neutron_error(400, "SecurityGroupRuleInvalidProtocol",
                        f"Security group rule protocol {text} not supported. Only protocol values [None, 'tcp', 'udp', "
                        "'icmp'] and their integer representation (0 to 255) are supported.")


def to_port(value: Any) -> int | None:
    if value is None:
        return None
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = -1
    if not 0 <= number <= 65535:
        raise neutron_error(400, "SecurityGroupInvalidPortValue", f"Invalid value for port {shown(value)}")
    return number


def to_prefix(value: Any) -> str | None:
    if not value:
        return None
    net = parse_net(value)
    if net is None:
        raise neutron_error(400, "InvalidCIDR", f"Invalid CIDR {shown(value)} given as IP prefix")
    address = str(value).split("/")[0]
    return f"{address}/{net.prefixlen}"


# --- validators: the reason, or None


def a_string(value: Any) -> str | None:
    return None if isinstance(value, str) else f"'{shown(value)}' is not a valid string"


def a_uuid(value: Any) -> str | None:
    return None if isinstance(value, str) and UUID.match(value) else f"'{shown(value)}' is not a valid UUID"


def a_uuid_or_none(value: Any) -> str | None:
    return None if value is None else a_uuid(value)


def an_address(value: Any) -> str | None:
    return None if parse_ip(value) else f"'{shown(value)}' is not a valid IP address"


def an_address_or_none(value: Any) -> str | None:
    return None if value is None else an_address(value)


def a_mac(value: Any) -> str | None:
    ok = isinstance(value, str) and re.fullmatch(r"([0-9a-fA-F]{1,2}[:-]){5}[0-9a-fA-F]{1,2}|[0-9a-fA-F]{12}", value)
    return None if ok else f"'{shown(value)}' is not a valid MAC address"


def a_subnet(value: Any) -> str | None:
    text = shown(value)
    net = parse_net(text) if isinstance(value, str) else None
    if net is None:
        return f"'{text}' is not a valid IP subnet"
    wanted = f"{net.network_address}/{net.prefixlen}"
    if "/" not in text or text.split("/")[0] != str(net.network_address) or text != wanted:
        same = "/" in text and parse_ip(text.split("/")[0]) == net.network_address
        if not same:
            return f"'{text}' isn't a recognized IP subnet cidr, '{wanted}' is recommended"
    return None


def _keys(expected: list[str], value: Any) -> str | None:
    if not isinstance(value, dict):
        return f"Invalid input. '{shown(value)}' must be a dictionary with keys: {expected!r}"
    if set(value) == set(expected):
        return None
    wanted = ", ".join(f"'{k}'" for k in expected)
    given = ", ".join(f"u'{k}'" for k in Py2Dict([(k, 1) for k in value]))
    return (
        f"Validation of dictionary's keys failed.Expected keys: set([{wanted}]) "
        f"Provided keys: set([{given}])"
    )


def pools(value: Any) -> str | None:
    if not isinstance(value, list):
        return f"Invalid data format for IP pool: '{shown(value)}'"
    for pool in value:
        problem = _keys(["start", "end"], pool)
        if problem:
            return problem
        for name in ("start", "end"):
            problem = an_address(pool[name])
            if problem:
                return problem
    return None


def fixed_ips(value: Any) -> str | None:
    if not isinstance(value, list):
        return f"Invalid data format for fixed IP: '{shown(value)}'"
    seen = set()
    for one in value:
        if not isinstance(one, dict):
            return f"Invalid data format for fixed IP: '{shown(one)}'"
        if "ip_address" in one:
            if one["ip_address"] in seen:
                return f"Duplicate IP address '{one['ip_address']}'"
            problem = an_address(one["ip_address"])
            if problem:
                return problem
            seen.add(one["ip_address"])
        if "subnet_id" in one:
            problem = a_uuid(one["subnet_id"])
            if problem:
                return problem
    return None


def nameservers(value: Any) -> str | None:
    if not hasattr(value, "__iter__") or isinstance(value, (str, dict)):
        return f"Invalid data format for nameserver: '{shown(value)}'"
    seen = set()
    for one in value:
        if an_address(one) and not (isinstance(one, str) and HOSTNAME.match(one)):
            return f"'{shown(one)}' is not a valid nameserver"
        if one in seen:
            return f"Duplicate nameserver '{one}'"
        seen.add(one)
    return None


def hostroutes(value: Any) -> str | None:
    if not isinstance(value, list):
        return f"Invalid data format for hostroute: '{shown(value)}'"
    seen: list[Any] = []
    for one in value:
        problem = _keys(["destination", "nexthop"], one) or a_subnet(one["destination"]) or an_address(one["nexthop"])
        if problem:
            return problem
        if one in seen:
            return f"Duplicate hostroute '{shown(one)}'"
        seen.append(one)
    return None


def gateway_info(value: Any) -> str | None:
    if value is None or value == {}:
        return None
    if not isinstance(value, dict):
        return f"'{shown(value)}' is not a dictionary"
    if "network_id" not in value:
        return ("Validation of dictionary's keys failed.Expected keys: set(['network_id']) "
                f"Provided keys: set([{', '.join(f'u{k!r}' for k in value)}])")
    unexpected = [k for k in Py2Dict([(k, 1) for k in value]) if k not in ("network_id", "enable_snat")]
    if unexpected:
        return f"Unexpected keys supplied: {', '.join(unexpected)}"
    snat = value.get("enable_snat", True)
    if str(snat).lower() not in ("true", "false", "1", "0"):
        return f"'{shown(snat)}' is not a valid boolean value"
    return a_uuid(value["network_id"])


def values(*allowed: Any) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        return None if value in allowed else f"'{shown(value)}' is not in {list(allowed)!r}"

    return check


def at_least(lowest: int) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        return f"'{value}' is too small - must be at least '{lowest}'" if value < lowest else None

    return check


def parse_ip(text: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address, or None.

    >>> parse_ip("10.0.0.1"), parse_ip("foo")
    (IPv4Address('10.0.0.1'), None)
    """
    try:
        return ipaddress.ip_address(text) if isinstance(text, str) else None
    except ValueError:
        return None


def parse_net(text: Any) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """A network (host bits are dropped), or None."""
    if not isinstance(text, str) or not re.match(r"[0-9a-fA-F:.]+(/\d+)?$", text) or not re.search(r"[:.]", text):
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


@dataclass
class Attribute:
    """One attribute: may it be given on creation, on update; default; conversion; check."""

    post: bool = False
    put: bool = False
    default: Any = REQUIRED
    convert: Callable[[Any], Any] | None = None
    check: Callable[[Any], str | None] | None = None
    visible: bool = True


A = Attribute
_ID = A()
_NAME = A(True, True, "", check=a_string)
_TENANT = A(True, False, check=a_string)
_UP = A(True, True, True, to_boolean)

ATTRIBUTES: dict[str, dict[str, Attribute]] = {
    "network": {
        "id": _ID,
        "name": _NAME,
        "subnets": A(default=[]),
        "admin_state_up": _UP,
        "status": A(),
        "tenant_id": _TENANT,
        "shared": A(True, True, False, to_boolean),
        "router:external": A(True, True, UNSET, to_boolean),
        "provider:network_type": A(True, True, UNSET, check=a_string),
        "provider:physical_network": A(True, True, UNSET, check=a_string),
        "provider:segmentation_id": A(True, True, UNSET, plain_int),
    },
    "subnet": {
        "id": _ID,
        "name": _NAME,
        "ip_version": A(True, False, convert=to_int, check=values(4, 6)),
        "network_id": A(True, False, check=a_uuid),
        "cidr": A(True, False, check=a_subnet),
        "gateway_ip": A(True, True, UNSET, check=an_address_or_none),
        "allocation_pools": A(True, False, UNSET, check=pools),
        "dns_nameservers": A(True, True, UNSET, none_to_list, nameservers),
        "host_routes": A(True, True, UNSET, none_to_list, hostroutes),
        "tenant_id": _TENANT,
        "enable_dhcp": _UP,
        "shared": A(False, False, False, to_boolean, visible=False),
    },
    "port": {
        "id": _ID,
        "name": _NAME,
        "network_id": A(True, False, check=a_uuid),
        "admin_state_up": _UP,
        "mac_address": A(True, False, UNSET, check=a_mac),
        "fixed_ips": A(True, True, UNSET, check=fixed_ips),
        "device_id": A(True, True, "", check=a_string),
        "device_owner": A(True, True, "", check=a_string),
        "tenant_id": _TENANT,
        "status": A(),
        "security_groups": A(True, True, UNSET, to_groups),
        "binding:vif_type": A(),
        "binding:host_id": A(True, True, UNSET),
        "binding:profile": A(True, True, UNSET),
        "binding:capabilities": A(),
        "extra_dhcp_opts": A(True, True, UNSET),
        "allowed_address_pairs": A(True, True, UNSET),
    },
    "router": {
        "id": _ID,
        "name": _NAME,
        "admin_state_up": _UP,
        "status": A(),
        "tenant_id": _TENANT,
        "external_gateway_info": A(True, True, None, check=gateway_info),
        "routes": A(False, True, UNSET, none_to_list, hostroutes),
    },
    "floatingip": {
        "id": _ID,
        "floating_ip_address": A(check=an_address_or_none),
        "floating_network_id": A(True, False, check=a_uuid),
        "router_id": A(),
        "port_id": A(True, True, None, check=a_uuid_or_none),
        "fixed_ip_address": A(True, True, None, check=an_address_or_none),
        "tenant_id": _TENANT,
    },
    "security_group": {
        "id": _ID,
        "name": A(True, True, "", check=a_string),
        "description": A(True, True, "", check=a_string),
        "tenant_id": A(True, False),
        "security_group_rules": A(),
    },
    "security_group_rule": {
        "id": _ID,
        "security_group_id": A(True, False),
        "remote_group_id": A(True, False, None),
        "direction": A(True, False, check=values("ingress", "egress")),
        "protocol": A(True, False, None, to_protocol),
        "port_range_min": A(True, False, None, to_port),
        "port_range_max": A(True, False, None, to_port),
        "ethertype": A(True, False, "IPv4", to_ethertype, values("IPv4", "IPv6")),
        "remote_ip_prefix": A(True, False, None, to_prefix),
        "tenant_id": A(True, False),
    },
    "agent": {
        "id": _ID, "agent_type": A(), "binary": A(), "topic": A(), "host": A(),
        "admin_state_up": A(False, True, None, to_boolean),
        "created_at": A(), "started_at": A(), "heartbeat_timestamp": A(), "alive": A(), "configurations": A(),
        "description": A(False, True, check=a_string),
    },
    "quota": {
        name: A(False, True, None, plain_int, at_least(-1))
        for name in ("floatingip", "network", "port", "router", "security_group", "security_group_rule", "subnet")
    },
}


def prepare(resource: str, body: dict[str, Any], tenant_id: str, is_admin: bool, create: bool) -> dict[str, Any]:
    """Check and complete a request body as the API layer does; values not given are `UNSET` or the default.

    Raises:
        ApiError: 400, a bare sentence ("Cannot update read-only attribute cidr") or InvalidInput.
    """
    table = ATTRIBUTES[resource]
    given = dict(body)
    if "tenant_id" in given and given["tenant_id"] != tenant_id and not is_admin:
        raise ApiError(400, "Specifying 'tenant_id' other than authenticated tenant in request requires admin "
                            "privileges")
    if create and "tenant_id" not in given and "tenant_id" in table:
        given["tenant_id"] = tenant_id
    unknown = [key for key in Py2Dict([(k, 1) for k in given]) if key not in table]
    if unknown:
        raise ApiError(400, f"Unrecognized attribute(s) '{', '.join(unknown)}'")
    for name, attribute in table.items():
        if create and attribute.post and name not in given:
            if attribute.default is REQUIRED:
                raise ApiError(400, f"Failed to parse request. Required attribute '{name}' not specified")
            given[name] = attribute.default
        elif create and not attribute.post and name in given:
            raise ApiError(400, f"Attribute '{name}' not allowed in POST")
        elif not create and name in given and not attribute.put:
            raise ApiError(400, f"Cannot update read-only attribute {name}")
    for name, attribute in table.items():
        if name not in given or given[name] is UNSET:
            continue
        if attribute.convert:
            given[name] = attribute.convert(given[name])
        problem = attribute.check(given[name]) if attribute.check else None
        if problem:
            raise ApiError(400, f"Invalid input for {name}. Reason: {problem}.")
    return given
