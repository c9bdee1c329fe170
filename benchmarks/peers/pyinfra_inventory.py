"""pyinfra's list of hosts."""

import json
import os
from pathlib import Path

_spec = json.loads(Path(os.environ["BENCH_SPEC"]).read_text())
_login = {
    "ssh_user": "root", "ssh_key": _spec["key"], "ssh_known_hosts_file": _spec["known_hosts"], "ssh_allow_agent": False,
    "ssh_look_for_keys": False,
    "ssh_paramiko_connect_kwargs": {"disabled_algorithms": {"pubkeys": ["rsa-sha2-512", "rsa-sha2-256"]}},
}  # fmt: skip
nodes = [(host, _login) for host in _spec["nodes"].values()]
