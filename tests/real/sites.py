"""A site file for a test lab: what an operator would write down about these nodes."""

from __future__ import annotations

from pathlib import Path

import yaml

from .nodes import RealLab


def site(lab: RealLab, folder: Path, **more: object) -> Path:
    """Write `real.yml` and `known_hosts` into `folder`; `more` replaces or adds fields of the site."""
    (folder / "known_hosts").write_text(lab.known_hosts())
    (folder / "admin_password").write_text("admin-pw-7Q\n")
    (folder / "admin_password").chmod(0o600)
    nodes = {node.name: {"roles": ["controller", "network", "compute"] if node is lab.nodes[0] else ["compute"],
                         "ssh": {"host": node.private, "key": str(lab.key)}, "private": node.private,
                         "public": node.public} for node in lab.nodes}  # fmt: skip
    content = {
        "site": "real", "known_hosts": str(folder / "known_hosts"), "nodes": nodes,
        "admin_password": "file:admin_password", "users": [{"name": "demo", "password": "file:admin_password",
                                                            "email": "demo@example.com"}],
        "networks": {"private": {"cidr": "192.168.0.0/24"},
                     "public": {"cidr": "192.168.1.0/24", "gateway": "192.168.1.1", "dns": ["8.8.8.8", "8.8.4.4"]}},
    } | more  # fmt: skip
    file = folder / "real.yml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    return file
