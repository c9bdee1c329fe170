"""parallel-ssh: one shell script for all nodes at once. (By password: its libssh2 signs RSA keys with SHA-2 only.)"""

import time

START = time.perf_counter()
import shlex  # noqa: E402

from pssh.clients import ParallelSSHClient  # noqa: E402
from spec import CHECK, SPEC, Clock, good  # noqa: E402


def script() -> str:
    lines = ["cp -p /etc/sysctl.conf /tmp/before"]
    for key, value in SPEC["sysctl"].items():
        pattern = key.replace(".", r"\.")
        lines.append(f"if grep -q '^{pattern} *=' /etc/sysctl.conf; then sed -i 's/^{pattern} *=.*/{key} = {value}/' "
                     f"/etc/sysctl.conf; else echo '{key} = {value}' >> /etc/sysctl.conf; fi")  # fmt: skip
    lines.append("cmp -s /tmp/before /etc/sysctl.conf || sysctl -q -e -p /etc/sysctl.conf")
    lines.append("grep -q '^SELINUX=permissive$' /etc/selinux/config || "
                 "{ sed -i 's/^SELINUX=.*/SELINUX=permissive/' /etc/selinux/config; setenforce 0; }")  # fmt: skip
    for address, names in SPEC["hosts"]:
        line = shlex.quote(" ".join([address, *names]))
        lines.append(f"grep -qxF {line} /etc/hosts || echo {line} >> /etc/hosts")
    return "\n".join([*lines, CHECK])


if __name__ == "__main__":
    clock = Clock(START)
    client = ParallelSSHClient(list(SPEC["nodes"].values()), user="root", password=SPEC["password"], allow_agent=False,
                               identity_auth=False, num_retries=1, timeout=30)  # fmt: skip
    for answer in client.run_command(script(), read_timeout=60):
        assert good("\n".join(answer.stdout)), answer.host
    clock.stop()
