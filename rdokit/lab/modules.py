"""Kernel modules: which exist, their size, what they need, what loading them brings (KVM, bridge, Open vSwitch)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .world import Node, World

# name -> (size, modules it needs, directory below /lib/modules/RELEASE/kernel, description)
MODULES: dict[str, tuple[int, tuple[str, ...], str, str]] = {
    "8021q": (25317, ("garp",), "net/8021q", "VLANs"),
    "garp": (7152, ("stp",), "net/802", "GARP"),
    "stp": (2218, ("llc",), "net/802", "Spanning tree"),
    "llc": (5546, (), "net/llc", "LLC"),
    "bridge": (83177, ("stp", "llc"), "net/bridge", "Ethernet bridge"),
    "openvswitch": (57092, ("vxlan", "gre"), "net/openvswitch", "Open vSwitch datapath"),
    "vxlan": (22914, (), "drivers/net", "VXLAN"),
    "gre": (3029, (), "net/ipv4", "GRE"),
    "ip_gre": (9609, ("gre",), "net/ipv4", "GRE tunnels"),
    "kvm": (332980, (), "arch/x86/kvm", "Kernel-based virtual machine"),
    "kvm_intel": (54285, ("kvm",), "arch/x86/kvm", "KVM on Intel VT-x"),
    "kvm_amd": (41551, ("kvm",), "arch/x86/kvm", "KVM on AMD SVM"),
    "ip_tables": (17831, (), "net/ipv4/netfilter", "Packet filter"),
    "iptable_filter": (2793, ("ip_tables",), "net/ipv4/netfilter", "Table filter"),
    "iptable_nat": (6158, ("ip_tables", "nf_nat"), "net/ipv4/netfilter", "Table nat"),
    "iptable_mangle": (3349, ("ip_tables",), "net/ipv4/netfilter", "Table mangle"),
    "ip6_tables": (18732, (), "net/ipv6/netfilter", "Packet filter of IPv6"),
    "ip6table_filter": (2889, ("ip6_tables",), "net/ipv6/netfilter", "Table filter of IPv6"),
    "nf_nat": (22759, ("nf_conntrack_ipv4",), "net/ipv4/netfilter", "Address translation"),
    "nf_conntrack": (80390, (), "net/netfilter", "Connection tracking"),
    "nf_conntrack_ipv4": (9506, ("nf_conntrack", "nf_defrag_ipv4"), "net/ipv4/netfilter", "Connection tracking, IPv4"),
    "nf_conntrack_ipv6": (8748, ("nf_conntrack", "nf_defrag_ipv6"), "net/ipv6/netfilter", "Connection tracking, IPv6"),
    "nf_defrag_ipv4": (1483, (), "net/ipv4/netfilter", "Defragmentation"),
    "nf_defrag_ipv6": (27236, (), "net/ipv6/netfilter", "Defragmentation, IPv6"),
    "ipt_REJECT": (2351, (), "net/ipv4/netfilter", "Target REJECT"),
    "ip6t_REJECT": (4628, (), "net/ipv6/netfilter", "Target REJECT, IPv6"),
    "xt_state": (1492, ("nf_conntrack",), "net/netfilter", "Match state"),
    "xt_physdev": (1741, (), "net/netfilter", "Match physdev"),
    "ipv6": (318183, (), "net/ipv6", "IPv6"),
    "ext4": (374902, ("jbd2", "mbcache"), "fs/ext4", "The file system ext4"),
    "jbd2": (93427, (), "fs/jbd2", "Journal"),
    "mbcache": (8193, (), "fs", "Cache of metadata"),
    "xfs": (1138400, ("exportfs",), "fs/xfs", "The file system XFS"),
    "exportfs": (4236, (), "fs/exportfs", "NFS export"),
    "loop": (14849, (), "drivers/block", "Loop devices"),
    "dm_mod": (84209, (), "drivers/md", "Device mapper"),
    "dm_log": (9930, ("dm_mod",), "drivers/md", "Device mapper: log"),
    "dm_region_hash": (12085, ("dm_log",), "drivers/md", "Device mapper: regions"),
    "dm_mirror": (14384, ("dm_region_hash",), "drivers/md", "Device mapper: mirror"),
    "dm_snapshot": (36457, ("dm_mod",), "drivers/md", "Device mapper: snapshots"),
    "virtio": (4977, (), "drivers/virtio", "virtio"),
    "virtio_ring": (7729, ("virtio",), "drivers/virtio", "virtio rings"),
    "virtio_pci": (7416, ("virtio_ring",), "drivers/virtio", "virtio on PCI"),
    "virtio_blk": (7132, ("virtio_ring",), "drivers/block", "virtio disk"),
    "virtio_net": (22002, ("virtio_ring",), "drivers/net", "virtio network"),
    "virtio_balloon": (4856, ("virtio_ring",), "drivers/virtio", "virtio balloon"),
    "i2c_piix4": (12608, ("i2c_core",), "drivers/i2c/busses", "SMBus"),
    "i2c_core": (31084, (), "drivers/i2c", "I2C"),
    "sg": (29350, (), "drivers/scsi", "SCSI generic"),
    "sr_mod": (15177, ("cdrom",), "drivers/scsi", "CD-ROM"),
    "cdrom": (39085, (), "drivers/cdrom", "CD-ROM"),
    "microcode": (112205, (), "arch/x86/kernel", "Microcode"),
    "tun": (17127, (), "drivers/net", "TUN/TAP"),
    "macvtap": (10212, ("macvlan",), "drivers/net", "MACVTAP"),
    "macvlan": (10509, (), "drivers/net", "MACVLAN"),
    "vhost_net": (30520, ("macvtap", "tun"), "drivers/vhost", "vhost"),
    "veth": (5142, (), "drivers/net", "Pairs of virtual interfaces"),
    "bonding": (135373, ("8021q",), "drivers/net/bonding", "Bonding"),
    "iscsi_tcp": (10431, ("libiscsi_tcp",), "drivers/scsi", "iSCSI over TCP"),
    "libiscsi_tcp": (16892, ("libiscsi",), "drivers/scsi", "iSCSI"),
    "libiscsi": (49960, ("scsi_transport_iscsi",), "drivers/scsi", "iSCSI"),
    "scsi_transport_iscsi": (84145, (), "drivers/scsi", "iSCSI"),
    "nbd": (11710, (), "drivers/block", "Network block device"),
}
BOOT = (  # loaded on a fresh node, oldest first
    "dm_mod",
    "mbcache",
    "jbd2",
    "ext4",
    "virtio",
    "virtio_ring",
    "virtio_pci",
    "virtio_blk",
    "virtio_net",
    "virtio_balloon",
    "cdrom",
    "sr_mod",
    "i2c_core",
    "i2c_piix4",
    "sg",
    "microcode",
    "ipv6",
    "dm_log",
    "dm_region_hash",
    "dm_mirror",
)
BRIDGE_KEYS = (
    "bridge-nf-call-arptables", "bridge-nf-call-ip6tables", "bridge-nf-call-iptables", "bridge-nf-filter-pppoe-tagged",
    "bridge-nf-filter-vlan-tagged",
)  # fmt: skip


class ModuleError(Exception):
    """modprobe's FATAL sentence."""


def kvm_module(node: Node) -> str:
    """kvm_intel, kvm_amd, or "" without hardware virtualisation."""
    return {"vmx": "kvm_intel", "svm": "kvm_amd"}.get(node.spec.vmx, "")


def load(world: World, node: Node, name: str) -> bool:
    """Load a module and what it needs. Returns False when the kernel has none of this name.

    Raises:
        ModuleError: the hardware is missing (kvm_intel without vmx).
    """
    name = name.replace("-", "_")
    if name not in MODULES:
        return False
    loaded = node.kernel.modules
    if name in loaded:
        return True
    if name in ("kvm_intel", "kvm_amd") and kvm_module(node) != name:
        raise ModuleError(
            f"inserting {name}",
        )
    size, needs, _, _ = MODULES[name]
    for need in needs:
        load(world, node, need)
        loaded[need]["by"].append(name)
        loaded[need]["used"] += 1
    loaded[name] = {"size": size, "used": 0, "by": []}
    if name == "bridge":
        for key in BRIDGE_KEYS:
            value = "0" if "filter" in key else "1"  # what the module begins with, whatever sysctl.conf says
            node.kernel.sysctl[f"net.bridge.{key}"] = value
    return True


def unload(node: Node, name: str) -> str:
    """Remove a module; returns "" or rmmod's reason."""
    name = name.replace("-", "_")
    module = node.kernel.modules.get(name)
    if module is None:
        return f"ERROR: Module {name} does not exist in /proc/modules"
    if module["by"]:
        return f"ERROR: Module {name} is in use by {','.join(reversed(module['by']))}"
    if module["used"]:
        return f"ERROR: Module {name} is in use"
    if name == "bridge" and any(nic.kind == "bridge" for nic in node.nics.values()):
        return f"ERROR: Module {name} is in use"
    del node.kernel.modules[name]
    for other in node.kernel.modules.values():
        if name in other["by"]:
            other["by"].remove(name)
            other["used"] -= 1
    if name == "bridge":
        for key in BRIDGE_KEYS:
            node.kernel.sysctl.pop(f"net.bridge.{key}", None)
    return ""


def path(node: Node, name: str) -> str:
    """Where the file of a module is: /lib/modules/RELEASE/kernel/…/name.ko."""
    return f"/lib/modules/{node.kernel.release}/kernel/{MODULES[name][2]}/{name}.ko"
