"""One picture of the cloud's network: what every node's switch says, or what it shall say.

`draw` takes rows, `wanted` needs the nodes only; both give the SVG and the same in words.
Pure: rows in, text out. Nothing here asks a node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from rdokit.topology.drawing import as_svg
from rdokit.topology.model import Cloud, Leg, cloud, legs, wanted_rows
from rdokit.topology.text import as_text

__all__ = ["Cloud", "Leg", "Picture", "cloud", "draw", "legs", "wanted", "wanted_rows"]


class Picture(NamedTuple):
    """The SVG and, for terminals and screen readers, the same in words. `legs` are the tunnels, `faults` the rest."""

    svg: str
    text: str
    legs: list[Leg]
    faults: list[tuple[str, str]]

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        """What a notebook stores: the picture and the words."""
        return {"image/svg+xml": self.svg, "text/plain": self.text}


def draw(
    nodes: Iterable[Mapping[str, Any]],
    rows: Iterable[Mapping[str, Any]],
    *,
    networks: Mapping[str, str] | None = None,
    router: Mapping[str, Any] | None = None,
    instances: Iterable[Mapping[str, Any]] = (),
    title: str = "Network as it is",
) -> Picture:
    """The network as the switches describe it (arguments as in `model.cloud`).

    >>> nodes = [{"name": "a", "private": "10.0.0.1"}, {"name": "b", "private": "10.0.0.2"}]
    >>> picture = draw(nodes, [row for row in wanted_rows(nodes) if row["interface"] != "gre-1"])
    >>> picture.legs[0].state, picture.legs[0].reason
    ('missing', "a has no tunnel port: it does not know of b's agent; b has no tunnel port: it does not know of a's agent")
    """  # noqa: E501
    found = cloud(nodes, rows, networks=networks, router=router, instances=list(instances), title=title)
    return Picture(as_svg(found), as_text(found), found.legs, found.faults)


def wanted(
    nodes: Iterable[Mapping[str, Any]],
    *,
    networks: Mapping[str, str] | None = None,
    router: str | None = None,
    tunnel: str = "gre",
    nic: str = "eth1",
    title: str = "Network wanted",
) -> Picture:
    """The network as it shall be after Step 12, from the site alone.

    Args:
        nodes: {name, roles, private, public} each.
        networks: {private, public}: their CIDR.
        router: its name; None leaves it out.
        tunnel: gre or vxlan.
        nic: the NIC that goes into br-ex on network nodes.
    """
    nodes = list(nodes)
    rows = wanted_rows(nodes, tunnel=tunnel, nic=nic)
    if router:
        for node in (one for one in nodes if "network" in (one.get("roles") or ())):
            blank = {"node": node["name"], "type": "internal", "options": {}, "tag": None, "error": None}
            rows += [{**blank, "bridge": bridge, "port": name, "interface": name}
                     for bridge, name in (("br-ex", "qg-…"), ("br-int", "qr-…"))]  # fmt: skip
    found = cloud(nodes, rows, networks=networks, router={"name": router} if router else None, title=title, real=False)
    return Picture(as_svg(found), as_text(found), found.legs, found.faults)
