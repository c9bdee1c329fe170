"""Steps 0 to 6: what a machine must have, its settings, its packages' source, its kernel."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from .. import edit, facts, show
from ..node import Node
from ..parallel import parallel
from ..parse import sysctl as sysctl_output
from ..plan import Plan
from ..shell import Command, cmd
from . import _ask
from ._ask import says

BRIDGE_KEYS = "net.bridge.bridge-nf-call-"


# --- Step 0 and 1 ------------------------------------------------------------------------------------

def hardware(kit):
    """Processors, memory and cards of every node (Step 0).

    Returns:
        DataFrame: node, cpus, memory MB, cards (list of names).
    """
    line = "nproc; grep MemTotal /proc/meminfo; ls /sys/class/net"
    show.prompt(", ".join(kit.nodes), line)

    def one(node: Node) -> dict:
        lines = says(kit, node, line).splitlines()
        cards = [name for name in " ".join(lines[2:]).split() if re.fullmatch(r"(eth|em|en|p\d+p)\S*", name)]
        return {"node": node.name, "cpus": int(lines[0]), "memory MB": int(lines[1].split()[1]) // 1024, "cards": cards}
    return facts.frame(parallel(one, kit.all))


def addresses_right(kit, addresses) -> bool:
    """Whether every node carries its private and public address (on any card or bridge)."""
    found = {(row["node"], row["address"].split("/")[0]) for _, row in addresses.iterrows()}
    return all((name, address) in found for name, node in kit.site.nodes.items()
               for address in (node.private, node.public))


def nm_off(kit, node: Node) -> bool:
    """NetworkManager is not installed, or neither runs nor starts at boot (defect 8)."""
    said = says(kit, node, "rpm -q NetworkManager > /dev/null || echo absent; service NetworkManager status; "
                            "chkconfig --list NetworkManager")
    return said.startswith("absent") or ("running" not in said and ":on" not in said)


def cards(kit) -> list[str]:
    """Names of the cards of all nodes, each once, e.g. ["eth0", "eth1"]."""
    return list(dict.fromkeys(nic for node in kit.site.nodes.values() for nic in node.nics))


def ifcfg_static(kit, nic: str) -> Callable[[str, Node], str]:
    """The edit of Step 1 for one card; a file that already says so, or belongs to a bridge, stays as it is."""
    def function(text: str, node: Node) -> str:
        machine = kit.site.nodes[node.name]
        if nic not in machine.nics:
            return text
        network = machine.nics[nic].network
        address = getattr(machine, network)
        cidr = ipaddress.IPv4Network(getattr(kit.site.networks, network).cidr)
        said = edit.ifcfg_values(text)
        if said.get("TYPE") == "OVSPort" or _static(said, address, cidr):
            return text
        gateway = getattr(kit.site.networks, network).gateway
        return edit.ifcfg_static(text, nic, address, str(cidr.netmask), gateway=gateway, hwaddr=machine.nics[nic].mac,
                                 dns=getattr(kit.site.networks, network).dns)
    return function


def _static(said: dict[str, str], address: str, cidr: ipaddress.IPv4Network) -> bool:
    masks = (said.get("NETMASK"), said.get("PREFIX"))
    return (said.get("IPADDR") == address and (str(cidr.netmask) in masks or str(cidr.prefixlen) in masks)
            and said.get("BOOTPROTO", "none") in ("none", "static") and said.get("ONBOOT") == "yes")


# --- Step 2 to 4 -------------------------------------------------------------------------------------

def _wanted_sysctl(kit, node: Node) -> dict[str, int]:
    """The site's keys; not the bridge keys once packstack has taken them over (defect 1)."""
    taken_over = "openstack-neutron-openvswitch-" in says(kit, node, "rpm -q openstack-neutron-openvswitch")
    return {key: value for key, value in kit.site.sysctl.items()
            if not (taken_over and key.startswith(BRIDGE_KEYS))}


def sysctl_conf(kit) -> Callable[[str, Node], str]:
    """The edit of Step 2."""
    return lambda text, node: edit.sysctl_conf(text, _wanted_sysctl(kit, node))


def sysctl_in_force(kit, node: Node) -> bool:
    """Whether the kernel runs with the wanted values; keys that it does not know (no bridge module) do not count."""
    wanted = _wanted_sysctl(kit, node)
    said = sysctl_output.parse(says(kit, node, "sysctl -e {keys}", keys=list(wanted)))
    return all(str(said.get(key, value)) == str(value) for key, value in wanted.items())


def sysctl_back(kit) -> dict[str, Command]:
    """The way back for each running kernel: the values that are in force now."""
    keys = list(kit.site.sysctl)
    before = {node.name: sysctl_output.parse(says(kit, node, "sysctl -e {keys}", keys=keys)) for node in kit.all}
    return {name: cmd("sysctl -w {pairs}", pairs=[f"{key}={value}" for key, value in found.items()
                                                  if value is not None]) for name, found in before.items()}


def add_setenforce(kit, plan: Plan) -> None:
    """`setenforce 0` (or 1) where the mode in force is another one than the site's."""
    if kit.site.selinux != "disabled":  # that needs a boot
        before = {node.name: selinux_now(kit, node) for node in kit.all}
        plan.run(kit.all, f"setenforce {int(kit.site.selinux == 'enforcing')}",
                 undo={name: cmd(f"setenforce {int(mode == 'enforcing')}") for name, mode in before.items()},
                 done=lambda node: selinux_now(kit, node) in (kit.site.selinux, "disabled"))


def selinux_now(kit, node: Node) -> str:
    """enforcing, permissive or disabled."""
    return says(kit, node, "getenforce").lower()


def selinux_right(kit, node: Node) -> bool:
    """The mode now and the mode of the next boot are the site's (disabled → permissive needs that boot)."""
    at_boot = edit.selinux_mode(_ask.read(node, "/etc/selinux/config").text)
    return at_boot == kit.site.selinux and (selinux_now(kit, node) == at_boot or at_boot == "disabled")


def hosts_right(kit, node: Node) -> bool:
    """Every name of Step 4 leads to its address, asked through `getent`."""
    said = says(kit, node, "getent hosts {names}", names=[names[1] for _, names in kit.site.hosts])
    found = {line.split()[0] for line in said.splitlines() if line.strip()}
    return found == {address for address, _ in kit.site.hosts}


# --- Step 5 and 6 ------------------------------------------------------------------------------------

def installed(kit, node: Node, names: list[str]) -> bool:
    """All of these packages are installed."""
    return bool(_ask.ask(kit, node, cmd("rpm -q {names}", names=names), expect=(0, *range(1, 256))))


def available(kit, node: Node, name: str) -> bool:
    """yum finds the package, installed or not."""
    return bool(_ask.ask(kit, node, cmd("yum -q list {name}", name=name), expect=(0, 1), limit=300))


def add_mirrors(kit, plan: Plan) -> None:
    """Repositories as they are in 2026: another baseurl, dead ones off, more of them (docs/mirrors.md)."""
    repository = kit.site.repository
    folder = "/etc/yum.repos.d"
    if repository.baseurl:
        plan.edit(kit.all, f"{folder}/rdo-release.repo",
                  lambda text: edit.ini_set(text, "openstack-havana", {"baseurl": repository.baseurl}))
    for name in repository.disable:
        plan.run(kit.all, cmd(f"sed -i '/^\\[{re.escape(name)}\\]/,/^\\[/ s/^enabled *=.*/enabled=0/' {folder}/*.repo"),
                 done=lambda node, name=name: not re.search(rf"^!?{re.escape(name)}[/ ]", _repolist(kit, node), re.M))
    for name, baseurl in repository.extra.items():
        text = f"[{name}]\nname={name}\nbaseurl={baseurl}\nenabled=1\ngpgcheck=0\n"
        plan.edit(kit.all, f"{folder}/rdokit-{name}.repo", lambda _, text=text: text)


def _repolist(kit, node: Node) -> str:
    return says(kit, node, "yum -q repolist")


def up_to_date(kit, node: Node) -> bool:
    """yum has nothing to update (its exit status is 100 when it has)."""
    return bool(_ask.ask(kit, node, "yum -q check-update", expect=(0, 100), limit=600))


KERNELS = "uname -r; rpm -q --last kernel | head -n 1"
UPTIME = "cut -d' ' -f1 /proc/uptime"


def _kernels(kit, node: Node) -> tuple[str, str]:
    lines = says(kit, node, KERNELS).splitlines()
    newest = lines[1].split()[0].removeprefix("kernel-") if len(lines) > 1 else lines[0]
    return lines[0], newest


def newest_kernel_runs(kit, node: Node) -> bool:
    """The running kernel is the one that was installed last."""
    running, newest = _kernels(kit, node)
    return running == newest


def no_reverse_path_filter(kit, node: Node) -> bool:
    """No card drops packets by reverse path: the larger of `all` and its own value is 0 (Step 2, after the boot)."""
    if kit.site.sysctl.get("net.ipv4.conf.default.rp_filter", 1) != 0:
        return True
    said = says(kit, node, "sysctl -n {keys}", keys=[f"net.ipv4.conf.{name}.rp_filter"
                                                     for name in ("all", *kit.site.nodes[node.name].nics)])
    return set(said.split()) == {"0"}


def booted_right(kit, node: Node) -> bool:
    """No boot is needed: kernel, cards' settings and SELinux are those that a boot would bring (Step 6)."""
    return newest_kernel_runs(kit, node) and no_reverse_path_filter(kit, node) and selinux_right(kit, node)


def kernels(kit):
    """Running and newest kernel of every node.

    Returns:
        DataFrame: node, running, newest installed, boot needed, up since (minutes).
    """
    def one(node: Node) -> dict:
        running, newest = _kernels(kit, node)
        return {"node": node.name, "running": running, "newest installed": newest,
                "boot needed": not booted_right(kit, node),
                "up (min)": int(float(says(kit, node, UPTIME)) // 60)}
    show.prompt(", ".join(kit.nodes), f"{KERNELS}; {UPTIME}")
    return facts.frame(parallel(one, kit.all))
