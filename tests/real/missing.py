"""Can this machine carry real nodes? Every missing part by name, so that a skip says what to install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

REQUIRED = "RDOKIT_REAL"  # set to 1 (CI): a missing part is a failure, not a skip
PARTS = {  # program -> Debian package
    "sshd": "openssh-server", "ssh-agent": "openssh-client", "ssh-keygen": "openssh-client", "ip": "iproute2",
    "unshare": "util-linux", "nsenter": "util-linux", "sudo": "sudo", "chattr": "e2fsprogs", "ping": "iputils-ping",
    "sysctl": "procps", "openssl": "openssl", "curl": "curl",
}  # fmt: skip
OVS_PARTS = {"ovs-vswitchd": "openvswitch-switch", "ovs-vsctl": "openvswitch-switch", "ethtool": "ethtool"}


def parts(ovs: bool = False) -> list[str]:
    """What is missing for real nodes (and real Open vSwitch), one sentence each; empty if nothing is."""
    if not sys.platform.startswith("linux"):
        return ["real nodes need Linux"]
    if os.geteuid() != 0:
        return ["real nodes need root"]
    wanted = PARTS | (OVS_PARTS if ovs else {})
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    found = [f"{program} is missing (Debian: apt-get install {package})" for program, package in wanted.items()
             if not shutil.which(program, path=path)]  # fmt: skip
    if ovs and not Path("/dev/net/tun").exists():
        found.append("/dev/net/tun is missing: Open vSwitch's userspace datapath needs it")
    return found or _namespaces()


def _namespaces() -> list[str]:
    argv = ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--time", "--fork", "true"]
    done = subprocess.run(argv, capture_output=True, text=True)
    return [f"namespaces are not allowed here: {done.stderr.strip()}"] if done.returncode else []


def overlay_at(directory: Path) -> bool:
    """Does an overlay with its upper directory here mount? (Not where `directory` is itself an overlay.)"""
    base = directory / "overlay-try"
    for name in ("upper", "work", "merged"):
        (base / name).mkdir(parents=True, exist_ok=True)
    mount = f"mount -t overlay try -o lowerdir=/,upperdir={base}/upper,workdir={base}/work {base}/merged"
    probe = f"mount --make-rprivate / && {mount} && touch {base}/merged/x && test -f {base}/upper/x"
    works = subprocess.run(["unshare", "--mount", "sh", "-c", probe], capture_output=True).returncode == 0
    shutil.rmtree(base, ignore_errors=True)
    return works
