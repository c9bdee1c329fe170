"""What a site is: every value that the document leaves to the reader, typed and checked.

The document's own value is the default wherever it prints one. `siteload` reads
`params/<site>.yml` into a `Site`; `sitetypes` holds the kinds of value, `siterules` the rules between fields.
Everything is frozen: a site does not change while notebooks run on it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from .sitetypes import Address, AnswerKey, Cidr, Device, HostName, Mac, Name, Role, SecretRef


class Part(BaseModel):
    """Base of all parts of a site: frozen, and no field that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Ssh(Part):
    """How a node is reached."""

    host: StrictStr = Field("", description="address or name to connect to; empty: the private address")
    port: StrictInt = Field(22, ge=1, le=65535, description="TCP port of sshd")
    user: Name = Field("root", description="login name; another one than root uses sudo")
    password: SecretRef | None = Field(None, description="reference to the password")
    key: StrictStr | None = Field(None, description="path of an RSA private key (CentOS 6 knows no other kind)")
    passphrase: SecretRef | None = Field(None, description="reference to the key's passphrase")
    agent: StrictBool = Field(False, description="also offer the keys of a running ssh-agent")
    sudo_password: SecretRef | None = Field(None, description="reference to the password sudo asks for")
    jump: StrictStr | None = Field(None, description="name of the node or of the `jumps` entry to go through")


class Nic(Part):
    """One network card of a node."""

    network: Literal["private", "public"]
    mac: Mac | None = Field(None, description="hardware address, in quotes; null: read from the node")


class Node(Part):
    """One machine."""

    roles: list[Role] = Field(default_factory=lambda: ["compute"], min_length=1)
    ssh: Ssh = Ssh()
    private: Address = Field(description="address of the internal network (Step 1: eth0)")
    public: Address = Field(description="address of the external network (Step 1: eth1)")
    nics: dict[Device, Nic] = Field(
        default_factory=lambda: {"eth0": Nic(network="private"), "eth1": Nic(network="public")})

    def nic(self, network: str) -> str:
        """The name of the card on a network, e.g. "eth1" for "public"."""
        return next(name for name, nic in self.nics.items() if nic.network == network)


class Client(Part):
    """The machine that runs the notebooks (the document's client, host name nfs)."""

    name: HostName = "nfs"
    private: Address = "192.168.0.10"
    public: Address = "192.168.1.10"


class Network(Part):
    """A network the machines are cabled to (Step 0)."""

    cidr: Cidr
    gateway: Address | None = None
    dns: list[Address] = Field(default_factory=list)


class Networks(Part):
    """What the machines are cabled to (Step 0)."""

    private: Network = Network(cidr="192.168.0.0/24")
    public: Network = Network(cidr="192.168.1.0/24", gateway="192.168.1.1", dns=["8.8.8.8", "8.8.4.4"])


class Requirements(Part):
    """Step 0."""

    release: StrictStr = Field(r"release 6\.[4-9]|release 6\.1\d", description="pattern for /etc/redhat-release")
    cpus: StrictInt = Field(2, ge=1)
    memory_mb: StrictInt = Field(3600, ge=256, description="a 4 GB machine shows less than 4096 MB to Linux")
    nics: StrictInt = Field(2, ge=1)
    manage_ifcfg: StrictBool = Field(False, description="true: write ifcfg files as Step 1 asks; false: only check")


class Repository(Part):
    """Step 5 and 6. In 2026 the 2014 address is gone: docs/mirrors.md lists what replaces it."""

    release_rpm: StrictStr = "http://rdo.fedorapeople.org/openstack-havana/rdo-release-havana.rpm"
    baseurl: StrictStr | None = Field(None, description="replaces the baseurl that the release package brings")
    disable: list[Name] = Field(default_factory=list, description="repositories to switch off (dead ones)")
    extra: dict[Name, StrictStr] = Field(default_factory=dict, description="more repositories: id → baseurl")
    update: StrictBool = Field(True, description="Step 6: yum -y update and reboot")


class Packages(Part):
    """Step 7."""

    every: list[Name] = ["openstack-packstack", "python-netaddr"]
    image_or_compute: list[Name] = ["libguestfs-tools"]


class Ntp(Part):
    """Step 7, recommended: clocks together."""

    server: StrictStr = Field("ntp.nict.jp", pattern=r"^[A-Za-z0-9.:-]+$")
    follow_controller: StrictBool = Field(False, description="the other nodes ask the controller instead")
    max_offset: float = Field(1.0, gt=0, description="seconds that two nodes may differ")


class Tunnel(Part):
    """Step 9: how instances' networks cross between nodes."""

    type: Literal["gre", "vxlan"] = "gre"
    ranges: StrictStr = Field("1:1000", pattern=r"^\d+:\d+$")
    interface: Device = "eth0"
    firewall: Literal["check", "open"] = Field(
        "check", description="open: add the rule for tunnels that packstack forgets; check: only tell (defect 3)")


class Pool(Part):
    """The addresses that may be given away."""

    start: Address
    end: Address


class CloudNetwork(Part):
    """A network of the cloud with its one subnet (Step 12)."""

    name: Name
    tenant: Name
    subnet: Name
    cidr: Cidr
    pool: Pool
    gateway: Address
    dhcp: StrictBool = True
    dns: list[Address] = Field(default_factory=list)


class User(Part):
    """A user of the demo tenant (Step 13)."""

    name: Name
    password: SecretRef
    email: Name
    role: Name = "Member"


class Tenant(Part):
    """Who owns what the users make (Step 13)."""

    name: Name = "demo"
    description: Name = "demo-tenant"


class Image(Part):
    """Step 15."""

    name: Name = "CirrOS 0.3.2"
    url: StrictStr = "http://download.cirros-cloud.net/0.3.2/cirros-0.3.2-x86_64-disk.img"
    fetch: Literal["node", "client"] = Field("node", description="who downloads: the node (curl) or this machine")
    path: StrictStr | None = Field(None, description="a file of this machine to upload instead of a download")
    md5: Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{32}$")] = "64d7c1cd2b6f60c92c14662941cb7913"
    size: StrictInt = Field(13167616, gt=0, description="bytes")
    disk_format: Literal["qcow2", "raw", "vmdk", "vdi", "vhd"] = "qcow2"
    container_format: Literal["bare", "ovf"] = "bare"
    user: Name = Field("cirros", description="login name inside an instance")
    password: SecretRef | None = Field(None, description="reference to its password")


class Check(Part):
    """The final check (動作確認)."""

    instance: Name = "vm1"
    flavor: Name = "m1.tiny"
    user: Name = Field("demo", description="user of the tenant in whose name it is done")
    volume: Name = "vol1"
    volume_gb: StrictInt = Field(1, ge=1, le=1024)


class Lab(Part):
    """The practice lab behind this site (absent: real nodes)."""

    state: StrictStr = Field("../.lab", description="folder that holds its world, keys and log")
    seed: Name = "lab"
    speed: float = Field(60.0, gt=0, description="how much faster than real waiting passes")


class Site(Part):
    """A whole site. Rules between fields are in `siterules`."""

    site: Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
    description: StrictStr = Field("", description="in your own words")
    domain: Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")] = "example.com"
    known_hosts: StrictStr = Field("~/.ssh/known_hosts", description="where trusted host keys are recorded")
    job_limit: StrictInt = Field(7200, ge=1, description="seconds until packstack or yum update is said to hang")
    lab: Lab | None = None
    nodes: dict[HostName, Node]
    jumps: dict[HostName, Ssh] = Field(default_factory=dict, description="machines to go through that are not nodes")
    client: Client = Client()
    networks: Networks = Networks()
    requirements: Requirements = Requirements()
    sysctl: dict[StrictStr, StrictInt] = Field(default_factory=lambda: dict(DOCUMENT_SYSCTL), description="Step 2")
    selinux: Literal["enforcing", "permissive", "disabled"] = Field("permissive", description="Step 3")
    repository: Repository = Repository()
    packages: Packages = Packages()
    ntp: Ntp = Ntp()
    admin_password: SecretRef = Field(description="reference to the Dashboard's and admin's password (Step 9)")
    tunnel: Tunnel = Tunnel()
    answers: dict[AnswerKey, StrictStr] = Field(
        default_factory=dict, description="more keys of the answer file; they win over the derived ones")
    router: Name = Field("router1", description="Step 12: its name")
    public_net: CloudNetwork = CloudNetwork(
        name="public", tenant="admin", subnet="public_subnet", cidr="192.168.1.0/24",
        pool=Pool(start="192.168.1.241", end="192.168.1.254"), gateway="192.168.1.1", dhcp=False)
    demo_net: CloudNetwork = CloudNetwork(
        name="demo-net", tenant="services", subnet="demo-net_subnet", cidr="192.168.0.0/24",
        pool=Pool(start="192.168.0.100", end="192.168.0.254"), gateway="192.168.0.1", dhcp=True, dns=["8.8.8.8"])
    tenant: Tenant = Tenant()
    users: list[User] = Field(min_length=1)
    virt_type: Literal["kvm", "qemu"] = Field("kvm", description="Step 14: libvirt_type of nova.conf")
    image: Image = Image()
    check: Check = Check()

    def names(self, role: str = "") -> list[str]:
        """Names of the nodes that have a role (all without one), in the file's order."""
        return [name for name, node in self.nodes.items() if not role or role in node.roles]

    @property
    def controller(self) -> str:
        return self.names("controller")[0]

    @property
    def network_node(self) -> str:
        return self.names("network")[0]

    @property
    def hosts(self) -> list[tuple[str, list[str]]]:
        """Lines of /etc/hosts (Step 4): address and names."""
        pairs = [(self.client.private, self.client.name), *((n.private, name) for name, n in self.nodes.items())]
        return [(address, [f"{name}.{self.domain}", name]) for address, name in pairs]

    def answer_values(self) -> dict[str, str]:
        """What Step 9 sets, key by key; the admin password apart, because it is a secret."""
        node1 = self.nodes[self.controller]
        private, public = node1.nic("private"), node1.nic("public")
        tunnels = "CONFIG_NEUTRON_OVS_"
        values = {
            "CONFIG_NOVA_COMPUTE_HOSTS": ",".join(self.nodes[n].private for n in self.names("compute")),
            f"{tunnels}TENANT_NETWORK_TYPE": self.tunnel.type,
            f"{tunnels}TUNNEL_RANGES": self.tunnel.ranges,
            f"{tunnels}TUNNEL_IF": self.tunnel.interface,
            "CONFIG_NOVA_COMPUTE_PRIVIF": private,
            "CONFIG_NOVA_NETWORK_PRIVIF": private,
            "CONFIG_NOVA_NETWORK_PUBIF": public,
            "CONFIG_PROVISION_DEMO": "n",
        }
        if self.network_node != self.controller:
            host = self.nodes[self.network_node].private
            values |= {f"CONFIG_NEUTRON_{agent}_HOSTS": host for agent in ("L3", "DHCP", "METADATA")}
        return values | self.answers


# Step 2, in the document's order.
DOCUMENT_SYSCTL = {
    "net.ipv4.ip_forward": 1,
    "net.ipv4.conf.default.rp_filter": 0,
    "net.bridge.bridge-nf-call-ip6tables": 0,
    "net.bridge.bridge-nf-call-iptables": 0,
    "net.bridge.bridge-nf-call-arptables": 0,
    "net.ipv4.conf.all.rp_filter": 0,
    "net.ipv4.conf.all.forwarding": 1,
}
