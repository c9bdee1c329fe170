"""What the practice lab must look like for a site, and the secrets of the practice lab.

The lab is another process and imports nothing of ours; it is told by this JSON.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from .site import Site

# The practice lab is reachable from this machine only and holds nothing of value: its passwords are
# the document's own, and the root password is printed by `rdokit lab status`.
PRACTICE = {"root-password": "rdo-practice", "admin-password": "admin", "demo-password": "demo",
            "image-password": "cubswin:)"}


def state_folder(site: Site, site_file: Path) -> Path:
    """The folder that holds the lab's world, keys and log."""
    return (site_file.parent / site.lab.state).resolve()


def lab_spec(site: Site) -> dict:
    """The machines of a site as the lab's NodeSpec fields, ready for JSON."""
    nodes = []
    for number, (name, node) in enumerate(site.nodes.items()):
        nics = [{"name": nic, "mac": card.mac or f"52:54:00:92:{5 + i:02x}:{number + 0xad:02x}".upper(),
                 "address": f"{getattr(node, card.network)}/{_prefix(site, card.network)}"}
                for i, (nic, card) in enumerate(node.nics.items())]
        nodes.append({"name": name, "domain": site.domain, "roles": list(node.roles), "port": node.ssh.port,
                      "nics": nics, "gateway": site.networks.public.gateway or ""})
    return {"seed": site.lab.seed, "speed": site.lab.speed, "domain": site.domain, "nodes": nodes}


def _prefix(site: Site, network: str) -> str:
    return getattr(site.networks, network).cidr.split("/")[1]


def prepare(site: Site, site_file: Path) -> Path:
    """Write spec.json and the practice passwords (0600, kept when they exist) into the state folder; return it."""
    folder = state_folder(site, site_file)
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in PRACTICE.items():
        path = folder / name
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(value + "\n")
    spec = lab_spec(site) | {"root_password_file": str(folder / "root-password")}
    part = folder / "spec.json.part"
    part.write_text(json.dumps(spec, indent=1) + "\n")
    os.replace(part, folder / "spec.json")
    return folder
