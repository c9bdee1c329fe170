"""fabric: N small commands on every node, connected before the clock starts."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from fabric import Config, Connection
from fabric_prepare import OPTIONS
from spec import SPEC

COUNT = int(sys.argv[1])
config = Config(overrides={"load_ssh_configs": False, "run": {"hide": True, "in_stream": False}})
nodes = [Connection(host, user="root", config=config, connect_kwargs=OPTIONS) for host in SPEC["nodes"].values()]
for node in nodes:
    node.run("true")
start = time.perf_counter()
with ThreadPoolExecutor(len(nodes)) as pool:
    list(pool.map(lambda node: [node.run("true") for _ in range(COUNT)], nodes))
print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)
for node in nodes:
    node.close()
