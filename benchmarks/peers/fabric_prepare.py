"""fabric: one Connection a node, in threads; files fetched, edited here and put back."""

import time

START = time.perf_counter()
import io  # noqa: E402
from concurrent.futures import ThreadPoolExecutor  # noqa: E402

import paramiko  # noqa: E402
from fabric import Config, Connection  # noqa: E402
from spec import CHECK, FILES, SPEC, Clock, edited, good  # noqa: E402

OPTIONS = {"pkey": paramiko.PKey.from_path(SPEC["key"]), "look_for_keys": False, "allow_agent": False,
           "disabled_algorithms": {"pubkeys": ["rsa-sha2-512", "rsa-sha2-256"]}}  # fmt: skip


def prepare(host: str) -> None:
    config = Config(overrides={"load_ssh_configs": False, "run": {"hide": True, "in_stream": False}})
    with Connection(host, user="root", config=config, connect_kwargs=OPTIONS) as node:
        changed = set()
        for path in FILES:
            old = io.BytesIO()
            node.get(path, old)
            new = edited(path, old.getvalue().decode())
            if new.encode() != old.getvalue():
                node.put(io.BytesIO(new.encode()), path)
                changed.add(path)
        if FILES[0] in changed:
            node.run("sysctl -e -p /etc/sysctl.conf")
        if FILES[1] in changed:
            node.run("setenforce 0")
        assert good(node.run(CHECK).stdout), host


if __name__ == "__main__":
    clock = Clock(START)
    with ThreadPoolExecutor(len(SPEC["nodes"])) as pool:
        list(pool.map(prepare, SPEC["nodes"].values()))
    clock.stop()
