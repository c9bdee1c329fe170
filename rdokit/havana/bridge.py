"""Step 11: eth1 into br-ex, every node's own tunnel address."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from .. import edit, show
from ..node import Node
from ..parse import ovs_vsctl_show
from ._ask import says

BRIDGE = "br-ex"
DRIVER = "neutron.agent.linux.iptables_firewall.OVSHybridIptablesFirewallDriver"


def refuse_lockout(kit) -> None:
    """Stop when this session rides on the address that is about to move; otherwise say why it is safe.

    Raises:
        LockedOut: it does.
    """
    if bridge_in_force(kit, kit.network):
        show.say(f"{BRIDGE} carries {_machine(kit).public} already: nothing moves any more.")
        return
    show.prompt(kit.network.name, "echo $SSH_CONNECTION")
    kit.network.refuse_lockout([_machine(kit).public])
    show.say(f"{kit.network.name}: this session does not ride on {_machine(kit).public}; the address may move.")


def _machine(kit):
    return kit.site.nodes[kit.site.network_node]


def ifcfg_port(kit) -> Callable[[str], str]:
    """The edit of ifcfg-eth1; a file that already makes it a port of the bridge stays as it is."""
    nic = _machine(kit).nic("public")

    def function(text: str) -> str:
        said = edit.ifcfg_values(text)
        wanted = {"TYPE": "OVSPort", "DEVICETYPE": "ovs", "OVS_BRIDGE": BRIDGE, "ONBOOT": "yes", "DEVICE": nic}
        if all(said.get(key) == value for key, value in wanted.items()) and not {"IPADDR", "BOOTPROTO"} & set(said):
            return text
        return edit.ifcfg_ovs_port(text, nic, BRIDGE, hwaddr=_machine(kit).nics[nic].mac or _mac(kit, nic))
    return function


def _mac(kit, nic: str) -> str:
    return says(kit, kit.network, "cat /sys/class/net/{nic}/address", nic=nic).upper()


def ifcfg_bridge(kit) -> Callable[[str], str]:
    """The edit of ifcfg-br-ex; a file that already carries the address stays as it is."""
    network = kit.site.networks.public
    mask = str(ipaddress.IPv4Network(network.cidr).netmask)
    address = _machine(kit).public

    def function(text: str) -> str:
        said = edit.ifcfg_values(text)
        wanted = {"TYPE": "OVSBridge", "DEVICETYPE": "ovs", "IPADDR": address, "ONBOOT": "yes", "DEVICE": BRIDGE}
        if network.gateway:
            wanted["GATEWAY"] = network.gateway
        if all(said.get(key) == value for key, value in wanted.items()) and mask in (said.get("NETMASK"), mask):
            return text
        return edit.ifcfg_ovs_bridge(text, BRIDGE, address, mask, gateway=network.gateway, dns=network.dns)
    return function


def tunnel_address(kit, name: str) -> str:
    """The address that a node's tunnels end at: that of the tunnel interface."""
    machine = kit.site.nodes[name]
    return getattr(machine, machine.nics[kit.site.tunnel.interface].network)


def plugin_ini(kit) -> Callable[[str, Node], str]:
    """The edit of plugin.ini: the document's values, local_ip each node's own (defect 7)."""
    tunnel = kit.site.tunnel

    def function(text: str, node: Node) -> str:
        if not text:
            raise LookupError("there is no plugin.ini yet; packstack brings it")
        values = {"vxlan_udp_port": "4789", "tunnel_type": tunnel.type, "tunnel_id_ranges": tunnel.ranges,
                  "tenant_network_type": tunnel.type, "local_ip": tunnel_address(kit, node.name),
                  "enable_tunneling": "True", "integration_bridge": "br-int", "tunnel_bridge": "br-tun"}
        text = edit.ini_set(text, "OVS", values)
        text = edit.ini_set(text, "AGENT", {"polling_interval": "2"})
        return edit.ini_set(text, "SECURITYGROUP", {"firewall_driver": DRIVER})
    return function


def bridge_in_force(kit, node: Node) -> bool:
    """The node was booted since plugin.ini changed, and on the network node br-ex carries the address."""
    said = says(kit, node, "stat -L -c %Y /etc/neutron/plugin.ini; grep btime /proc/stat").split()
    if len(said) != 3 or int(said[0]) > int(said[2]):
        return False
    if node is not kit.network:
        return True
    lines = says(kit, node, "ovs-vsctl list-ports {bridge}; echo; ip -o -4 addr show dev {bridge}", bridge=BRIDGE)
    ports, _, address = lines.partition("\n\n")
    return _machine(kit).nic("public") in ports.split() and f" {_machine(kit).public}/" in address


def tunnels_right(kit) -> bool:
    """Every node has a tunnel port to every other node, from its own address."""
    names = list(dict.fromkeys([*kit.site.names("compute"), kit.site.network_node]))
    for name in names:
        others = {tunnel_address(kit, other) for other in names if other != name}
        switch = ovs_vsctl_show.parse(says(kit, kit.nodes[name], "ovs-vsctl show"))
        ends = {row.options.get("remote_ip") for row in switch.interfaces
                if row.type == kit.site.tunnel.type and row.options.get("local_ip") == tunnel_address(kit, name)}
        if not others <= ends:
            return False
    return True


def volume_group(kit) -> bool:
    """cinder's volume group is there (its loop device is gone after a boot unless rc.local restores it, defect 14)."""
    return "cinder-volumes" in says(kit, kit.controller, "vgs --noheadings -o vg_name")
