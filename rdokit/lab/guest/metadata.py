"""What http://169.254.169.254 tells an instance (EC2 style, and OpenStack's own JSON)."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..openstack.nova import Instance
    from ..world import World

VERSIONS = [
    "1.0", "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10", "2007-12-15", "2008-02-01", "2008-09-01",
    "2009-04-04", "latest",
]  # fmt: skip


def hostname(instance: Instance) -> str:
    """The name nova gives: the server's, made fit for a host name.

    >>> from types import SimpleNamespace as N
    >>> hostname(N(name="Test VM_1", number=1)), hostname(N(name="日本", number=2))
    ('test-vm-1', 'host-2')
    """
    text = re.sub(r"[ _]", "-", instance.name).encode("ascii", "ignore").decode()
    text = re.sub(r"[^\w.-]+", "", text).lower().strip(".-")
    return text or f"host-{instance.number}"


def answer(world: World, instance: Instance, path: str) -> str | None:
    """The body for a path; None is 404."""
    cloud = world.cloud
    assert cloud is not None
    words = [w for w in path.split("/") if w]
    if not words:
        return "\n".join(VERSIONS)
    if words[0] == "openstack":
        return _openstack(world, instance, words[1:])
    if words[0] not in VERSIONS:
        return None
    if len(words) == 1:
        return "meta-data/\nuser-data" if instance.user_data else "meta-data/"
    if words[1] == "user-data":
        return base64.b64decode(instance.user_data).decode("utf-8", "replace") if instance.user_data else None
    if words[1] != "meta-data":
        return None
    tree = _tree(world, instance)
    found: object = tree
    for word in words[2:]:
        if not isinstance(found, dict) or word not in found:
            return None
        found = found[word]
    if isinstance(found, dict):
        names = [k + ("/" if isinstance(v, dict) and k != "0" else "") for k, v in sorted(found.items())]
        if words[-1] == "public-keys":
            return f"0={instance.key_name}"
        return "\n".join(names)
    return str(found)


def _tree(world: World, instance: Instance) -> dict[str, object]:
    cloud = world.cloud
    assert cloud is not None
    neutron = cloud.neutron
    fixed = [ip["ip_address"] for p in instance.ports for ip in neutron.ports.get(p, {}).get("fixed_ips", [])]
    floating = [
        f["floating_ip_address"] for f in neutron.floatingips.values() if f["port_id"] in instance.ports
    ]  # fmt: skip
    name = hostname(instance) + ".novalocal"
    flavor = cloud.nova.flavor_of(instance)
    tree: dict[str, object] = {
        "ami-id": "ami-00000001", "ami-launch-index": "0", "ami-manifest-path": "FIXME",
        "block-device-mapping": {"ami": "vda", "root": "/dev/vda"}, "hostname": name, "instance-action": "none",
        "instance-id": f"i-{instance.number:08x}", "instance-type": flavor.name, "kernel-id": "None",
        "local-hostname": name, "local-ipv4": ", ".join(fixed), "placement": {
            "availability-zone": cloud.nova.zone_of(instance)
        }, "public-hostname": name, "public-ipv4": floating[0] if floating else "", "ramdisk-id": "None",
        "reservation-id": instance.reservation, "security-groups": "\n".join(cloud.nova.group_names(instance)),
    }  # fmt: skip
    pair = cloud.nova.keypairs.get((instance.user_id, instance.key_name or ""))
    if pair is not None:
        tree["public-keys"] = {"0": {"openssh-key": pair.public_key}}
    return tree


def _openstack(world: World, instance: Instance, words: list[str]) -> str | None:
    cloud = world.cloud
    assert cloud is not None
    versions = ["2012-08-10", "2013-04-04", "2013-10-17", "latest"]
    if not words:
        return "\n".join(versions)
    if words[0] not in versions:
        return None
    if len(words) == 1:
        return "meta_data.json\npassword\nvendor_data.json" + ("\nuser_data" if instance.user_data else "")
    if words[1] == "user_data" and instance.user_data:
        return base64.b64decode(instance.user_data).decode("utf-8", "replace")
    if words[1] == "vendor_data.json":
        return "{}"
    if words[1] == "password":
        return ""
    if words[1] != "meta_data.json":
        return None
    found: dict[str, object] = {
        "uuid": instance.id, "availability_zone": cloud.nova.zone_of(instance),
        "hostname": hostname(instance) + ".novalocal", "launch_index": 0, "name": instance.name,
    }  # fmt: skip
    if instance.metadata:
        found["meta"] = dict(instance.metadata)
    pair = cloud.nova.keypairs.get((instance.user_id, instance.key_name or ""))
    if pair is not None:
        found["public_keys"] = {pair.name: pair.public_key}
    return json.dumps(found)
