"""The simulated cloud: one controller with keystone, neutron, glance, nova and cinder.

`Cloud.install` leaves what packstack leaves behind; after that everything is
changed by the clients only. Plain data throughout, so that a world with a
cloud can be saved.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .keystone import Keystone
from .neutron import Neutron

if TYPE_CHECKING:
    from ..world import World

# The init script behind each service name the rest of the lab uses.
SCRIPTS = {
    "keystone": "openstack-keystone",
    "neutron": "neutron-server",
    "glance": "openstack-glance-api",
    "glance-registry": "openstack-glance-registry",
    "nova": "openstack-nova-api",
    "nova-scheduler": "openstack-nova-scheduler",
    "nova-conductor": "openstack-nova-conductor",
    "cinder": "openstack-cinder-api",
    "cinder-scheduler": "openstack-cinder-scheduler",
    "cinder-volume": "openstack-cinder-volume",
    "ceilometer": "openstack-ceilometer-api",
}


class Cloud:
    """Everything OpenStack of one installation.

    Attributes:
        controller: name of the node the API services run on.
        host: the address in the endpoints (CONFIG_KEYSTONE_HOST), e.g. 192.168.0.11.
        answers: the answer file's keys and values in force.
    """

    def __init__(self, controller: str, host: str, answers: dict[str, str]):
        self.controller, self.host, self.answers = controller, host, dict(answers)
        self.keystone: Keystone = Keystone()
        self.neutron: Neutron = Neutron()
        self.glance: Any = None
        self.nova: Any = None
        self.cinder: Any = None

    @classmethod
    def install(cls, world: World, controller: str, host: str, answers: dict[str, str]) -> Cloud:
        """What packstack leaves behind, as `world.cloud` (an existing cloud is kept and only completed)."""
        if world.cloud is not None and world.cloud.controller == controller:
            world.cloud._run_again(world, answers)
            return world.cloud
        cloud = cls(controller, host, answers)
        world.cloud = cloud
        cloud.keystone.install(world, cloud)
        cloud.neutron.install(world, cloud)
        for name, type_name in (("glance", "Glance"), ("nova", "Nova"), ("cinder", "Cinder")):
            module = importlib.import_module(f".{name}", __package__)
            setattr(cloud, name, getattr(module, type_name).install(world, cloud))
        return cloud

    def _run_again(self, world: World, answers: dict[str, str]) -> None:
        """packstack run once more: passwords and configuration follow the answers, new hosts get their agents."""
        self.answers.update(answers)
        self.keystone.set_passwords(self.answers)
        self.neutron.configure(self.answers)
        self.neutron.install_agents(world, self)
        self.neutron.agents_report(world)

    def up(self, service: str, world: World) -> bool:
        """Whether a service's daemon runs on the controller (and its database with it)."""
        node = world.nodes.get(self.controller)
        if node is None or not node.up:
            return False
        return node.running(SCRIPTS.get(service, service))

    def guests(self) -> list[Any]:
        """The instances, for the network simulation (see nova)."""
        return list(self.nova.guests()) if self.nova is not None and hasattr(self.nova, "guests") else []
