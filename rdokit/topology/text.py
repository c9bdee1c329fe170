"""The picture in words, for terminals, logs and whoever cannot see it."""

from __future__ import annotations

from rdokit.topology.model import Bridge, Cloud, Machine


def as_text(cloud: Cloud) -> str:
    """Nodes with their bridges, then tunnels, then what is wrong."""
    lines = [cloud.title, ""] if cloud.title else []
    for machine in cloud.machines:
        addresses = " · ".join(filter(None, (machine.private, machine.public)))
        lines.append(f"{machine.name}  {', '.join(machine.roles)}  {addresses}".rstrip())
        lines += [f"  {name:<8}{_ports(bridge)}" for name, bridge in _ordered(machine)]
        for one in machine.instances:
            lines.append(f"  instance {one['name']}  {', '.join(one.get('addresses') or [])}".rstrip())
    if cloud.router:
        ends = [str(cloud.router[key]) for key in ("external", "internal") if cloud.router.get(key)]
        lines.append(f"router {cloud.router['name']}  {' ⇄ '.join(ends)}".rstrip())
    lines += ["", "tunnels"] if cloud.legs else []
    for leg in cloud.legs:
        reason = f": {leg.reason}" if leg.reason else ""
        lines.append(f"  {leg.one} ⇄ {leg.other}  {leg.kind.upper()} {leg.state}{reason}")
    if cloud.faults:
        lines += ["", "wrong", *(f"  {node}: {sentence}" for node, sentence in cloud.faults)]
    return "\n".join(lines) + "\n"


def _ordered(machine: Machine) -> list[tuple[str, Bridge]]:
    order = {"br-ex": 0, "br-int": 1, "br-tun": 2}
    return sorted(machine.bridges.items(), key=lambda item: (order.get(item[0], 3), item[0]))


def _ports(bridge: Bridge) -> str:
    shown = []
    for port in bridge.ports:
        note = "error, see below" if port.wrong else port.note
        shown.append(f"{port.name} ({note})" if note else port.name)
    return ", ".join(shown) or "no ports"
