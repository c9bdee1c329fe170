"""fabric: one file to the first node, its digest read back there."""

import sys

from fabric import Config, Connection
from fabric_prepare import OPTIONS
from spec import SPEC

config = Config(overrides={"load_ssh_configs": False, "run": {"hide": True, "in_stream": False}})
with Connection(next(iter(SPEC["nodes"].values())), user="root", config=config, connect_kwargs=OPTIONS) as node:
    node.put(sys.argv[1], "/root/image")
    node.run("sha256sum /root/image")
