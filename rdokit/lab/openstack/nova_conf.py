"""What nova-compute has read from its configuration when it was started (Step 14: an edit alone changes nothing)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..world import Node

PATH = "/etc/nova/nova.conf"
SERVICE = "openstack-nova-compute"


@dataclass(frozen=True)
class Settings:
    """The settings of a compute host that the simulation knows.

    Attributes:
        virt_type: libvirt_type, "kvm" when unset (nova's default).
        fake: compute_driver is the one of nova's own tests, which runs nothing (the recordings were made with it).
        proxy: novncproxy_base_url.
    """

    virt_type: str = "kvm"
    fake: bool = False
    proxy: str = ""


def parse(text: str) -> Settings:
    """Read nova.conf; a later line wins, commented ones do not count.

    >>> parse("[DEFAULT]\\n#libvirt_type=kvm\\nlibvirt_type = qemu\\n").virt_type
    'qemu'
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith(("#", ";")):
            found[key.strip()] = value.strip()
    return Settings(
        found.get("libvirt_type", "kvm"),
        found.get("compute_driver", "").rpartition(".")[2] == "FakeDriver",
        found.get("novncproxy_base_url", ""),
    )


def read_settings(node: Node) -> Settings:
    """In force on a node: as read at the start of the service, or the file when the service has kept no copy."""
    service = node.services.get(SERVICE)
    held = service.state.get("conf", {}).get(PATH) if service else None
    if held is None:
        try:
            held = node.fs.read_text(PATH)
        except OSError:
            held = ""
    return parse(held)
