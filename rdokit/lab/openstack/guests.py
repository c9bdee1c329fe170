"""Instances from the outside: what the simulated network and SSH need to know of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..world import World
    from .nova import Instance


def boot(world: World, instance: Instance) -> None:
    """Start what lives inside an instance (first boot: build it; later: start it again)."""
    from ..guest import system

    if instance.guest is None:
        instance.guest = system.build(world, instance)
    system.start(world, instance, instance.guest)


class Guest:
    """One running instance as the network sees it."""

    def __init__(self, world: World, instance: Instance):
        self.world, self.instance = world, instance
        self.id, self.name = instance.id, instance.name
        self.node = instance.host or ""
        self.state = "ACTIVE" if instance.vm_state in ("active", "rescued") and instance.power_state == 1 else "OFF"

    @property
    def system(self) -> Any:
        return self.instance.guest

    @property
    def fs(self) -> Any:
        return self.instance.guest.fs

    @property
    def hostname(self) -> str:
        return self.instance.guest.hostname

    def _ports(self) -> list[dict[str, Any]]:
        cloud = self.world.cloud
        assert cloud is not None
        return [cloud.neutron.ports[p] for p in self.instance.ports if p in cloud.neutron.ports]

    @property
    def instance_name(self) -> str:
        """Name of the libvirt domain."""
        return self.instance.domain

    @property
    def fixed_ips(self) -> list[str]:
        """Addresses that the instance has configured (without a DHCP lease: none)."""
        return [f.address.split("/")[0] for f in self.system.faces if f.address]

    async def ssh_port(self, world: World, lab: Any) -> int | None:
        """Port on 127.0.0.1 of its SSH server (see `rdokit.lab.guests`)."""
        from ..guest.machine import ssh_port

        return await ssh_port(world, self, lab)

    @property
    def floating_ips(self) -> list[str]:
        cloud = self.world.cloud
        assert cloud is not None
        mine = {p["id"] for p in self._ports()}
        return [f["floating_ip_address"] for f in cloud.neutron.floatingips.values() if f["port_id"] in mine]

    def allows(self, protocol: str, port: int | None, source: str) -> bool:
        """Whether its security groups let a packet in."""
        cloud = self.world.cloud
        assert cloud is not None
        return cloud.nova.lets_in(self.instance, protocol, port or 0, source)


def view(world: World, instance: Instance) -> Guest:
    return Guest(world, instance)
