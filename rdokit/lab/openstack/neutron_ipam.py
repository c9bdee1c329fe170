"""Addresses of subnets: allocation pools and which address comes next, as neutron 2013.2 hands them out.

An address that is given back is not used again until a pool has run dry; then
everything free becomes available at once.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from .neutron_attrs import neutron_error, parse_ip, shown


def default_pools(cidr: str, gateway: str | None) -> list[dict[str, str]]:
    """The whole subnet, around the gateway.

    >>> default_pools("10.0.0.0/29", "10.0.0.3")
    [{'start': '10.0.0.1', 'end': '10.0.0.2'}, {'start': '10.0.0.4', 'end': '10.0.0.6'}]
    >>> default_pools("10.0.0.0/29", None)
    [{'start': '10.0.0.1', 'end': '10.0.0.6'}]
    """
    net = ipaddress.ip_network(cidr)
    low, high = int(net.network_address), int(net.broadcast_address)
    address = type(net.network_address)
    gate = int(ipaddress.ip_address(gateway)) if gateway else high
    split = min(max(gate, low), high)
    found = []
    if split > low + 1:
        found.append((low + 1, split - 1))
    if split < high - 1:
        found.append((split + 1, high - 1))
    return [{"start": str(address(a)), "end": str(address(b))} for a, b in found]


def check_pools(pools: list[dict[str, str]], cidr: str, gateway: str | None) -> None:
    """Refuse pools that are reversed, outside the subnet, overlapping or that hold the gateway.

    Raises:
        ApiError: InvalidAllocationPool, OutOfBoundsAllocationPool, OverlappingAllocationPools,
            GatewayConflictWithAllocationPools.
    """
    net = ipaddress.ip_network(cidr)
    ranges: list[tuple[int, int]] = []
    for pool in pools:
        start, end = parse_ip(pool["start"]), parse_ip(pool["end"])
        assert start and end
        if start.version != net.version or end.version != net.version or int(end) < int(start):
            raise neutron_error(400, "InvalidAllocationPool", f"The allocation pool {shown(pool)} is not valid.")
        if int(start) < int(net.network_address) + 1 or int(end) > int(net.broadcast_address) - 1:
            raise neutron_error(400, "OutOfBoundsAllocationPool",
                                f"The allocation pool {shown(pool)} spans beyond the subnet cidr {cidr}.")
        ranges.append((int(start), int(end)))
    for left, one in enumerate(ranges):
        for right in range(left + 1, len(ranges)):
            if one[0] <= ranges[right][1] and ranges[right][0] <= one[1]:
                raise neutron_error(409, "OverlappingAllocationPools",
                                    f"Found overlapping allocation pools:{shown(pools[left])} {shown(pools[right])} "
                                    f"for subnet {cidr}.")
    check_gateway(pools, gateway)


def check_gateway(pools: list[dict[str, str]], gateway: str | None) -> None:
    """Raises ApiError GatewayConflictWithAllocationPools when a pool holds the gateway."""
    if gateway is None:
        return
    gate = ipaddress.ip_address(gateway)
    for pool in pools:
        start, end = ipaddress.ip_address(pool["start"]), ipaddress.ip_address(pool["end"])
        if gate.version == start.version and int(start) <= int(gate) <= int(end):
            raise neutron_error(409, "GatewayConflictWithAllocationPools",
                                f"Gateway ip {gateway} conflicts with allocation pool {pool['start']}-{pool['end']}")


def fresh_ranges(subnet: dict[str, Any], taken: set[str] = frozenset()) -> list[tuple[int, int, int]]:
    """What is available: (pool number, first, last) of every gap in the pools."""
    used = {int(ipaddress.ip_address(a)) for a in taken}
    found = []
    for number, pool in enumerate(subnet["allocation_pools"]):
        start, end = int(ipaddress.ip_address(pool["start"])), int(ipaddress.ip_address(pool["end"]))
        for address in sorted(a for a in used if start <= a <= end):
            if address > start:
                found.append((number, start, address - 1))
            start = address + 1
        if start <= end:
            found.append((number, start, end))
    return found


def take(subnet: dict[str, Any], address: str) -> None:
    """Mark an address that was asked for as not available."""
    wanted = int(ipaddress.ip_address(address))
    kept = []
    for number, first, last in subnet["_ranges"]:
        if first <= wanted <= last:
            kept += [(number, a, b) for a, b in ((first, wanted - 1), (wanted + 1, last)) if a <= b]
        else:
            kept.append((number, first, last))
    subnet["_ranges"] = kept


def next_address(subnets: list[dict[str, Any]], taken: dict[str, set[str]], network_id: str) -> tuple[str, str]:
    """The next free address of the first subnet that has one: (subnet id, address).

    Args:
        taken: addresses in use, by subnet id (for when the ranges are rebuilt).

    Raises:
        ApiError: IpAddressGenerationFailure.
    """
    for rebuilt in (False, True):
        for subnet in subnets:
            if rebuilt:
                subnet["_ranges"] = fresh_ranges(subnet, taken.get(subnet["id"], set()))
            kind = ipaddress.IPv4Address if subnet["ip_version"] == 4 else ipaddress.IPv6Address
            # the index of the table sorts addresses as texts
            ranges = sorted(subnet["_ranges"], key=lambda r: (r[0], str(kind(r[1]))))
            if ranges:
                address = str(kind(ranges[0][1]))
                take(subnet, address)
                return subnet["id"], address
    raise neutron_error(409, "IpAddressGenerationFailure", f"No more IP addresses available on network {network_id}.")


def inside(cidr: str, address: str) -> bool:
    """Whether an address may be used on a subnet (not its network or broadcast address)."""
    net, ip = ipaddress.ip_network(cidr), ipaddress.ip_address(address)
    return ip.version == net.version and int(net.network_address) < int(ip) < int(net.broadcast_address)


def overlap(one: str, other: str) -> bool:
    """Whether two CIDRs share an address."""
    a, b = ipaddress.ip_network(one), ipaddress.ip_network(other)
    return a.version == b.version and a.overlaps(b)

