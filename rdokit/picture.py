"""Pictures of a site: what it will be, and its switches as they are; `topology` draws them."""

from __future__ import annotations

from . import show, siteload, topology
from .errors import CommandError
from .havana import _ask
from .havana.bridge import tunnel_address
from .site import Site
from .steps import NOT_KNOWN


def wanted(site: str = "lab", overrides: dict | None = None) -> show.Shown:
    """The machines of a site as they shall be after Step 12, from the site file alone."""
    checked = siteload.load(site, overrides)
    nic = checked.nodes[checked.network_node].nic("public")
    picture = topology.wanted(_nodes(checked, None), networks=_networks(checked), router=checked.router,
                              tunnel=checked.tunnel.type, nic=nic, title=f"{checked.site}: what it will be")
    return show.svg(picture.svg, picture.text)


def live(kit, switches) -> show.Shown | None:
    """The switches as they are.

    Args:
        switches: DataFrame of `kit.show(kit.all, "ovs-vsctl show")`; None while it cannot be asked yet.
    """
    if switches is None:
        return None
    site = kit.site
    picture = topology.draw(_nodes(site, kit), switches.to_dict("records"), networks=_networks(site),
                            router=_router(kit), instances=_instances(kit), title=f"{site.site}: as it is now")
    show.looked_up()
    return show.svg(picture.svg, picture.text)


def _nodes(site: Site, kit) -> list[dict]:
    return [{"name": name, "roles": list(node.roles), "public": node.public,
             "private": tunnel_address(kit, name) if kit else node.private} for name, node in site.nodes.items()]


def _networks(site: Site) -> dict[str, str]:
    return {"private": site.networks.private.cidr, "public": site.networks.public.cidr}


def _router(kit) -> dict | None:
    """The router with its outer address, when there is one."""
    try:
        row = _ask.find(kit, "neutron router-list", kit.site.router)
        if row is None:
            return None
        ports = _ask.rows(kit, "neutron router-port-list {router}", router=str(row["id"]))
    except (*NOT_KNOWN, CommandError):
        return None
    found = [one["ip_address"] for fixed in ports["fixed_ips"] for one in fixed]
    inner = kit.site.demo_net.gateway
    return {"name": kit.site.router, "internal": inner if inner in found else None,
            "external": next((address for address in found if address != inner), None)}


def _instances(kit) -> list[dict]:
    """All instances and where they run, as the administrator sees them."""
    try:
        rows = _ask.rows(kit, "nova list --all-tenants")
        hosts = {str(row["ID"]): _ask.rows(kit, "nova show {id}", id=str(row["ID"])) for _, row in rows.iterrows()}
    except (*NOT_KNOWN, CommandError):
        return []
    found = []
    for _, row in rows.iterrows():
        said = dict(zip(*(hosts[str(row["ID"])].iloc[:, i] for i in (0, 1)), strict=True))
        host = str(said.get("OS-EXT-SRV-ATTR:host", "")).split(".")[0]
        addresses = [one for some in (row["Networks"] or {}).values() for one in some]
        found.append({"name": row["Name"], "node": host, "addresses": addresses, "status": row["Status"]})
    return found
