"""The cloud's network as a picture: nodes below each other, public network left, tunnels right.

    public │ node1 [ br-ex ]─(router)─[ br-int ]─patch─[ br-tun ]─┐
           │ node2             [ br-int ]─patch─[ br-tun ]────────┘ GRE

A tunnel that is missing is red and dashed, with the reason beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from rdokit.topology import _svg as svg
from rdokit.topology.model import Cloud, Leg, Machine, Port
from rdokit.topology.text import as_text

CARD_X, CARD_W, GAP = 96, 724, 26
RIGHT = CARD_X + CARD_W
WIDTH = RIGHT + 300
TOP, HEAD, ROW = 66, 44, 19
MOST_PORTS, MOST_ARCS = 9, 6
COLUMNS = {"br-ex": (CARD_X + 18, 196), "br-int": (CARD_X + 286, 196), "br-tun": (CARD_X + 532, 174)}
COLOURS = {"br-ex": ("#e4f4ef", "#1f8a70"), "br-int": ("#e7effb", "#2f6db5"), "br-tun": ("#f0e9fa", "#7346ad")}
DOTS = {"nic": "#1f8a70", "router": "#d17a00", "dhcp": "#7d8a98", "instance": "#2f6db5", "patch": "#8c6bb8",
        "tunnel": "#7346ad", "other": "#9aa7b5"}  # fmt: skip


@dataclass
class _Place:
    """Where a node's things were drawn, for the lines between them."""

    top: float
    bottom: float
    ports: dict[tuple[str, str], tuple[float, float, float]]  # (bridge, port) → left x, right x, y
    boxes: dict[str, tuple[float, float, float]]  # bridge → left x, right x, middle y


def as_svg(cloud: Cloud) -> str:
    """The whole picture as one SVG text."""
    body, places, y = _title(cloud), {}, float(TOP)
    for machine in cloud.machines:
        pieces, place = _card(machine, y)
        places[machine.name] = place
        body += pieces
        y = place.bottom + GAP
    body += _outside(cloud, places)
    body += [piece for machine in cloud.machines for piece in _inside(cloud, machine, places[machine.name])]
    body += _tunnels(cloud, places)
    legend, y = _below(cloud, y)
    return svg.document(WIDTH, y, cloud.title or "Network", as_text(cloud), body + legend)


def _title(cloud: Cloud) -> list[str]:
    up = sum(leg.state == "up" for leg in cloud.legs)
    wrong = len(cloud.legs) - up + len(cloud.faults)
    words = f"{len(cloud.machines)} nodes · " + (f"{up} of {len(cloud.legs)} tunnels up" if cloud.real else
                                                 f"{len(cloud.legs)} tunnels")  # fmt: skip
    state, colour = (f"{wrong} wrong", svg.RED) if wrong else ("all connected", COLOURS["br-ex"][1])
    state = state if cloud.real else ""
    return [
        svg.text(24, 34, cloud.title or "Network", 19, font_weight="bold"),
        svg.text(WIDTH - 24, 30, words, 12, svg.SOFT, text_anchor="end"),
        svg.text(WIDTH - 24, 48, state, 12, colour, text_anchor="end", font_weight="bold"),
    ]


# One node

def _card(machine: Machine, top: float) -> tuple[list[str], _Place]:
    shown = {name: machine.bridges[name] for name in COLUMNS if name in machine.bridges}
    heights = {name: _box_height(len(bridge.ports)) for name, bridge in shown.items()}
    below = heights.get("br-int", 30) + 12  # where instances begin
    chips = len(machine.instances[:MOST_PORTS])
    inner = max(30, *heights.values(), below + 26 * chips - 6 if chips else 0)
    place = _Place(top, top + HEAD + inner + 18, {}, {})
    pieces = [svg.rect(CARD_X, top, CARD_W, place.bottom - top, "#fbfcfe", svg.LINE, rx=10),
              *_head(machine, top)]  # fmt: skip
    for name, bridge in shown.items():
        pieces += _bridge(name, bridge.ports, top + HEAD, place)
    if not shown:
        why = "its switch did not answer" if not machine.known else "no bridges yet"
        pieces.append(svg.text(CARD_X + 18, top + HEAD + 20, why, 12, svg.SOFT if machine.known else svg.RED))
    return pieces + _instances(machine, top + HEAD + below), place


def _box_height(ports: int) -> float:
    return 30 + ROW * max(min(ports, MOST_PORTS) + (ports > MOST_PORTS), 1) + 6


def _head(machine: Machine, top: float) -> list[str]:
    name = svg.fitted(machine.name, 16, 240)
    pieces = [svg.text(CARD_X + 18, top + 28, name, 16, font_weight="bold")]
    x = CARD_X + 18 + svg.width(name, 16) + 16
    for role in machine.roles:
        w = svg.width(role, 11) + 16
        pieces += [svg.rect(x, top + 14, w, 19, "#eef2f7", None, rx=9.5),
                   svg.text(x + w / 2, top + 27.5, role, 11, svg.SOFT, text_anchor="middle")]  # fmt: skip
        x += w + 6
    addresses = "   ".join(filter(None, (machine.public and f"public {machine.public}",
                                         machine.private and f"private {machine.private}")))  # fmt: skip
    return [*pieces, svg.text(RIGHT - 18, top + 28, addresses, 12, svg.SOFT, text_anchor="end")]


def _bridge(name: str, ports: list[Port], top: float, place: _Place) -> list[str]:
    (x, w), (fill, stroke) = COLUMNS[name], COLOURS[name]
    h = _box_height(len(ports))
    pieces = [svg.rect(x, top, w, h, fill, stroke, rx=7),
              svg.text(x + 12, top + 20, name, 13, stroke, font_weight="bold")]  # fmt: skip
    place.boxes[name] = (x, x + w, top + h / 2)
    for i, port in enumerate(ports[:MOST_PORTS]):
        y = top + 30 + ROW * i + 9
        place.ports[name, port.name] = (x, x + w, y)
        pieces += _port(port, x, w, y)
    if len(ports) > MOST_PORTS:
        more = f"… {len(ports) - MOST_PORTS} more"
        pieces.append(svg.text(x + 24, top + 30 + ROW * MOST_PORTS + 13, more, 11, svg.SOFT))
    if not ports:
        pieces.append(svg.text(x + 12, top + 43, "no ports", 11, svg.SOFT))
    return pieces


def _port(port: Port, x: float, w: float, y: float) -> list[str]:
    colour, note = (svg.RED, "error") if port.wrong else (svg.INK, port.note)
    note = svg.fitted(note, 10.5, w * 0.45)
    room = w - 30 - svg.width(note, 10.5) - 12
    return [
        svg.circle(x + 14, y, 3.6, svg.RED if port.wrong else DOTS[port.kind]),
        svg.text(x + 24, y + 4, svg.fitted(port.name, 11.5, room), 11.5, colour),
        svg.text(x + w - 10, y + 4, note, 10.5, svg.RED if port.wrong else svg.SOFT, text_anchor="end"),
    ]


def _instances(machine: Machine, top: float) -> list[str]:
    x, w = COLUMNS["br-int"]
    pieces = []
    for i, one in enumerate(machine.instances[:MOST_PORTS]):
        y = top + 26 * i
        words = svg.fitted("   ".join([str(one["name"]), *map(str, one.get("addresses") or [])]), 11, RIGHT - x - 60)
        room = max(w - 20, svg.width(words, 11) + 20)
        pieces += [
            svg.path(f"M{x + 22} {y - (12 if i == 0 else 6)}V{y}", COLOURS["br-int"][1]),
            svg.rect(x + 10, y, room, 20, "#ffffff", COLOURS["br-int"][1], rx=4),
            svg.text(x + 20, y + 14, words, 11),
        ]
    return pieces


# Lines

def _outside(cloud: Cloud, places: dict[str, _Place]) -> list[str]:
    """The public network at the left, and each node's way to it."""
    joined = [(machine, places[machine.name]) for machine in cloud.machines if "br-ex" in machine.bridges]
    if not joined:
        return []
    first, last = min(p.top for _, p in joined), max(p.bottom for _, p in joined)
    fill, stroke = COLOURS["br-ex"]
    label = svg.fitted(f"public {cloud.networks.get('public', '')}".strip(), 12, last - first - 12)
    middle = (first + last) / 2
    turned = {"text_anchor": "middle", "transform": f"rotate(-90 45 {middle:g})"}
    pieces = [svg.rect(26, first, 28, last - first, fill, stroke, rx=7),
              svg.text(45, middle, label, 12, stroke, **turned)]  # fmt: skip
    for machine, place in joined:
        nics = [port for port in machine.bridges["br-ex"].of("nic") if ("br-ex", port.name) in place.ports]
        for nic in nics:
            x, _, y = place.ports["br-ex", nic.name]
            pieces.append(svg.path(f"M54 {y}H{x}", svg.RED if nic.wrong else stroke, 2, "5 5" if nic.wrong else None))
        if not nics:
            x, _, y = place.boxes["br-ex"]
            pieces += [svg.path(f"M54 {y}H{x}", svg.RED, 2, "5 5"), *_cross((54 + x) / 2, y)]
    return pieces


def _cross(x: float, y: float) -> list[str]:
    strokes = f"M{x - 3.5} {y - 3.5}L{x + 3.5} {y + 3.5}M{x + 3.5} {y - 3.5}L{x - 3.5} {y + 3.5}"
    return [svg.circle(x, y, 8, "#ffffff", svg.RED), svg.path(strokes, svg.RED, 2)]


def _inside(cloud: Cloud, machine: Machine, place: _Place) -> list[str]:
    """Patch cables and the router of one node."""
    pieces = []
    for (bridge, name), (_, right, y) in place.ports.items():
        port = next(p for p in machine.bridges[bridge].ports if p.name == name)
        peer = place.ports.get(("br-tun", port.remote))
        if bridge == "br-int" and port.kind == "patch" and peer:
            x = (right + peer[0]) / 2
            pieces.append(svg.path(f"M{right} {y}H{x}V{peer[2]}H{peer[0]}", DOTS["patch"], 2))
        elif bridge == "br-int" and port.kind == "patch" and port.remote == "patch-int":
            pieces += [svg.path(f"M{right} {y}H{right + 40}", svg.RED, 2, "5 5"), *_cross(right + 24, y)]
    outer = next((xy for (b, n), xy in place.ports.items() if b == "br-ex" and n.startswith("qg-")), None)
    inner = [xy for (b, n), xy in place.ports.items() if b == "br-int" and n.startswith("qr-")]
    if outer and inner:
        pieces += _router(cloud, outer, inner)
    return pieces


def _router(cloud: Cloud, outer: tuple[float, float, float], inner: list[tuple[float, float, float]]) -> list[str]:
    x, y, colour = (outer[1] + inner[0][0]) / 2, (outer[2] + inner[0][2]) / 2, DOTS["router"]
    pieces = [svg.path(f"M{outer[1]} {outer[2]}H{x}V{y}", colour, 2)]
    pieces += [svg.path(f"M{left} {at}H{x}V{y}", colour, 2) for left, _, at in inner]
    pieces += [svg.circle(x, y, 13, "#fff4e0", colour, stroke_width=2),
               svg.path(f"M{x - 7} {y}H{x + 7}M{x + 4} {y - 3}L{x + 7} {y}L{x + 4} {y + 3}"
                        f"M{x - 4} {y - 3}L{x - 7} {y}L{x - 4} {y + 3}", colour, 1.6)]  # fmt: skip
    name = svg.fitted((cloud.router or {"name": "router"})["name"], 11, 72)
    low = max(y + 28, outer[2] + 16, *(at + 16 for *_, at in inner))
    return [*pieces, svg.text(x, low, name, 11, svg.AMBER, text_anchor="middle")]


def _tunnels(cloud: Cloud, places: dict[str, _Place]) -> list[str]:
    """Arcs at the right. With many nodes those that are up are one thick line, or nobody could see the others."""
    order = {machine.name: i for i, machine in enumerate(cloud.machines)}
    each = len(cloud.machines) <= 4
    drawn = [leg for leg in cloud.legs if each or leg.state != "up"][:MOST_ARCS]
    drawn.sort(key=lambda leg: (order[leg.other] - order[leg.one], order[leg.one]))
    pieces = [] if each or not cloud.legs else _mesh(cloud, places)
    lane = RIGHT + 26.0 + (0 if each else 22)
    labels = []
    for leg in drawn:
        arc, middle = _arc(leg, cloud, places, lane)
        pieces += arc
        labels.append((middle, leg))
        lane += 17
    x, free = lane - 5, TOP
    for middle, leg in sorted(labels, key=lambda label: label[0]):
        words, free = _label(leg, x, middle, free, alone=len(cloud.machines) == 2)
        pieces += words
    hidden = sum(leg.state != "up" for leg in cloud.legs) - sum(leg.state != "up" for leg in drawn)
    if hidden:
        pieces.append(svg.text(x, free + 8, f"and {hidden} more that are not up", 11, svg.RED))
    return pieces


def _end(leg: Leg, name: str, cloud: Cloud, places: dict[str, _Place]) -> tuple[float, float]:
    """Where an arc begins: at the tunnel's own port, else at br-tun, else at the node."""
    machine = next(one for one in cloud.machines if one.name == name)
    other = next(one for one in cloud.machines if one.name == (leg.other if name == leg.one else leg.one))
    place = places[name]
    for port in machine.bridges["br-tun"].of("tunnel") if "br-tun" in machine.bridges else ():
        if port.remote == other.private and ("br-tun", port.name) in place.ports:
            _, right, y = place.ports["br-tun", port.name]
            return right, y
    if "br-tun" in place.boxes:
        _, right, y = place.boxes["br-tun"]
        return right, y + 8
    return RIGHT, (place.top + place.bottom) / 2


def _arc(leg: Leg, cloud: Cloud, places: dict[str, _Place], lane: float) -> tuple[list[str], float]:
    """The line between two nodes, and how far down its middle is."""
    (x1, y1), (x2, y2) = _end(leg, leg.one, cloud, places), _end(leg, leg.other, cloud, places)
    good = leg.state == "up"
    d = f"M{x1} {y1}H{lane - 8}Q{lane} {y1} {lane} {y1 + 8}V{y2 - 8}Q{lane} {y2} {lane - 8} {y2}H{x2}"
    pieces = [svg.path(d, COLOURS["br-tun"][1] if good else svg.RED, 2.4, None if good else "6 5")]
    middle = (y1 + y2) / 2
    return pieces + ([] if good else _cross(lane, middle)), middle


def _label(leg: Leg, x: float, middle: float, free: float, *, alone: bool) -> tuple[list[str], float]:
    """What the line is and why it is red, beside its middle but not above `free`; and where free space begins."""
    good = leg.state == "up"
    words = leg.kind.upper() if good else f"{leg.kind.upper()} {leg.state}"
    if not (alone and good):
        words += f"  {leg.one} ⇄ {leg.other}"
    reason = svg.wrapped(leg.reason, 11, WIDTH - x - 16)
    y = max(middle - 7.5 * len(reason), free)
    colour = COLOURS["br-tun"][1] if good else svg.RED
    pieces = [svg.text(x, y + 4, svg.fitted(words, 12, WIDTH - x - 8), 12, colour, font_weight="bold")]
    pieces += [svg.text(x, y + 19 + 15 * i, line, 11, colour) for i, line in enumerate(reason)]
    return pieces, y + 15 * len(reason) + 22


def _mesh(cloud: Cloud, places: dict[str, _Place]) -> list[str]:
    """One line for all tunnels that are up."""
    up = [leg for leg in cloud.legs if leg.state == "up"]
    ends = [place.boxes["br-tun"] for name, place in places.items()
            if "br-tun" in place.boxes and any(name in (leg.one, leg.other) for leg in up)]  # fmt: skip
    if not ends:
        return []
    x, colour = RIGHT + 26, COLOURS["br-tun"][1]
    pieces = [svg.path(f"M{right} {y}H{x}", colour, 2) for _, right, y in ends]
    pieces.append(svg.path(f"M{x} {min(y for *_, y in ends)}V{max(y for *_, y in ends)}", colour, 4))
    words = f"{up[0].kind.upper()}: {len(up)} of {len(cloud.legs)} tunnels"
    return [*pieces, svg.text(x - 2, min(y for *_, y in ends) - 10, words, 12, colour, font_weight="bold")]


def _below(cloud: Cloud, y: float) -> tuple[list[str], float]:
    """What is wrong inside nodes, in words; then what the dots mean."""
    pieces = []
    for node, sentence in cloud.faults:
        for i, line in enumerate(svg.wrapped(f"{node}: {sentence}", 12, WIDTH - CARD_X - 60)):
            if i == 0:
                pieces += _cross(CARD_X + 10, y)
            pieces.append(svg.text(CARD_X + 28, y + 4, line, 12, svg.RED))
            y += 19
    y += 6
    x = float(CARD_X)
    for kind, words in (("nic", "NIC"), ("router", "router"), ("dhcp", "DHCP"), ("instance", "instance"),
                        ("patch", "patch cable"), ("tunnel", "tunnel")):  # fmt: skip
        pieces += [svg.circle(x + 4, y, 3.6, DOTS[kind]), svg.text(x + 13, y + 4, words, 11, svg.SOFT)]
        x += svg.width(words, 11) + 34
    return pieces, y + 22
