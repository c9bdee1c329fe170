"""rdokit: what the cells of 02_prepare do, without the notebook around them."""

import time

START = time.perf_counter()
import os  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[2]))
import rdokit  # noqa: E402
from rdokit import cmd, edit  # noqa: E402

rdokit.connect  # noqa: B018 - imported when first named: part of the imports, not of the work
from spec import Clock  # noqa: E402

if __name__ == "__main__":
    clock = Clock(START)
    kit = rdokit.connect(os.environ["BENCH_SITE"])
    site, nodes = kit.site, kit.all
    wanted = {key: str(value) for key, value in site.sysctl.items()}
    query = cmd("sysctl {keys}", keys=list(wanted))

    def live(node) -> bool:
        """Is the kernel's value the wanted one, for every key?"""
        return edit.sysctl_values(node.ask(query).stdout) == wanted

    plan = kit.plan("Steps 2-4")
    plan.edit(nodes, "/etc/sysctl.conf", lambda text: edit.sysctl_conf(text, site.sysctl))
    plan.run(nodes, "sysctl -e -p /etc/sysctl.conf", done=live)
    plan.edit(nodes, "/etc/selinux/config", lambda text: edit.selinux(text, site.selinux))
    plan.run(nodes, "setenforce 0", done=lambda node: node.ask("getenforce").stdout.strip() == "Permissive")
    plan.edit(nodes, "/etc/hosts", lambda text: edit.hosts(text, site.hosts))
    if os.environ.get("BENCH_LOOK"):
        plan.look()
    plan.apply()
    kit.close() if hasattr(kit, "close") else [node.close() for node in nodes]
    clock.stop()
