"""Every parameter of packstack's Havana answer file: key, option, default, rules, what it is for.

Keys, their order, defaults and rules are packstack's interface; the
descriptions are our own. One line each:
`KEY | option | default | rules | description`

* default: `@` the host's own address, `%` 16 random hex digits, `%%` 32 of them
* rules: `yn`, `ne` (not empty), `ssh` (listens on port 22), `mssh` (each of a list does), `port`, `int`, `float`,
  `file`, `key` (a public SSH key), `host` (a name becomes an address), `mask` (secret), `one:a,b`, `any:a,b`, `re:…`
* `== condition` starts a group that is read from the answer file only when the condition holds
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Config = dict[str, str]

TABLE = r"""
== always
CONFIG_SSH_KEY | ssh-public-key | = | file key | Public SSH key that is copied to the servers, as a path. A server that does not know the key yet asks for its root password once; afterwards it does not ask again
CONFIG_MYSQL_INSTALL | mysql-install | y | yn | Answer 'y' to have the MySQL database installed
CONFIG_GLANCE_INSTALL | os-glance-install | y | yn | Answer 'y' to have Glance, the image service, installed
CONFIG_CINDER_INSTALL | os-cinder-install | y | yn | Answer 'y' to have Cinder, the volume service, installed
CONFIG_NOVA_INSTALL | os-nova-install | y | yn | Answer 'y' to have Nova, the compute service, installed
CONFIG_NEUTRON_INSTALL | os-neutron-install | y | yn | Answer 'y' to have Neutron do the networking; with 'n' Nova's own network service does it
CONFIG_HORIZON_INSTALL | os-horizon-install | y | yn | Answer 'y' to have Horizon, the dashboard, installed
CONFIG_SWIFT_INSTALL | os-swift-install | y | yn | Answer 'y' to have Swift, the object store, installed
CONFIG_CEILOMETER_INSTALL | os-ceilometer-install | y | yn | Answer 'y' to have Ceilometer, the metering, installed
CONFIG_HEAT_INSTALL | os-heat-install | n | yn | Answer 'y' to have Heat, the orchestration, installed
CONFIG_CLIENT_INSTALL | os-client-install | y | yn | Answer 'y' to have the command line clients installed, and a file with the admin's credentials written
CONFIG_NTP_SERVERS | ntp-servers | = | | Time servers, separated by commas. Empty: ntpd is left alone on all servers
CONFIG_NAGIOS_INSTALL | nagios-install | y | yn | Answer 'y' to have Nagios watch the servers
EXCLUDE_SERVERS | exclude-servers | = | | Servers that a further run with this file leaves untouched, separated by commas. Empty: none
CONFIG_DEBUG_MODE | os-debug-mode | n | yn | Answer 'y' to run the services with debug logging
CONFIG_VMWARE_BACKEND | vmware-backend | n | yn | Answer 'y' to use VMware vCenter for instances and volumes
== always
CONFIG_MYSQL_HOST | mysql-host | @ | ssh host | Address of the server for MySQL
CONFIG_MYSQL_USER | mysql-user | root | ne | Name of MySQL's administrator
CONFIG_MYSQL_PW | mysql-pw | % | ne mask | Password of MySQL's administrator
== always
CONFIG_QPID_HOST | qpid-host | @ | ssh host | Address of the server for the message broker QPID
CONFIG_QPID_ENABLE_SSL | qpid-enable-ssl | n | yn | Answer 'y' to encrypt the messages
CONFIG_QPID_ENABLE_AUTH | qpid-enable-auth | n | yn | Answer 'y' to have clients of the broker log in
== qpid_ssl
CONFIG_QPID_NSS_CERTDB_PW | qpid-nss-certdb-pw | %% | ne mask | Password of the broker's certificate database
CONFIG_QPID_SSL_PORT | qpid-ssl-port | 5671 | ne | Port for encrypted connections to the broker
CONFIG_QPID_SSL_CERT_FILE | qpid-ssl-cert-file | /etc/pki/tls/certs/qpid_selfcert.pem | ne | File with the broker's certificate
CONFIG_QPID_SSL_KEY_FILE | qpid-ssl-key-file | /etc/pki/tls/private/qpid_selfkey.pem | ne | File with the broker's private key
CONFIG_QPID_SSL_SELF_SIGNED | qpid-ssl-self-signed | y | yn | Answer 'y' to have key and certificate made on the spot
== qpid_auth
CONFIG_QPID_AUTH_USER | qpid-auth-username | qpid_user | ne | Name with which services log in to the broker
CONFIG_QPID_AUTH_PASSWORD | qpid-auth-password | % | ne mask | Password with which services log in to the broker
== always
CONFIG_KEYSTONE_HOST | keystone-host | @ | ssh host | Address of the server for Keystone
CONFIG_KEYSTONE_DB_PW | keystone-db-passwd | % | ne mask | Password of Keystone's database account
CONFIG_KEYSTONE_ADMIN_TOKEN | keystone-admin-token | %% | ne mask | Token that opens Keystone before there is any user
CONFIG_KEYSTONE_ADMIN_PW | keystone-admin-passwd | % | ne mask | Password of the user admin
CONFIG_KEYSTONE_DEMO_PW | keystone-demo-passwd | % | ne mask | Password of the user demo
CONFIG_KEYSTONE_TOKEN_FORMAT | keystone-token-format | PKI | one:UUID,PKI | Form of the tokens: UUID or PKI
== glance
CONFIG_GLANCE_HOST | glance-host | @ | ssh host | Address of the server for Glance
CONFIG_GLANCE_DB_PW | glance-db-passwd | % | ne mask | Password of Glance's database account
CONFIG_GLANCE_KS_PW | glance-ks-passwd | % | ne mask | Password of the user glance in Keystone
== cinder
CONFIG_CINDER_HOST | cinder-host | @ | ssh host | Address of the server for Cinder
CONFIG_CINDER_DB_PW | cinder-db-passwd | % | ne mask | Password of Cinder's database account
CONFIG_CINDER_KS_PW | cinder-ks-passwd | % | ne mask | Password of the user cinder in Keystone
CONFIG_CINDER_BACKEND | cinder-backend | lvm | one:lvm,gluster,nfs,vmdk | Where volumes are kept: lvm, gluster, nfs or vmdk
== cinder_lvm
CONFIG_CINDER_VOLUMES_CREATE | cinder-volumes-create | y | yn | Answer 'y' to have a volume group made in a file when there is none. It is good for trying things out, not for production
== cinder_create
CONFIG_CINDER_VOLUMES_SIZE | cinder-volumes-size | 20G | ne | Size of that volume group; the file is three percent larger
== cinder_gluster
CONFIG_CINDER_GLUSTER_MOUNTS | cinder-gluster-mounts | = | ne | Gluster volumes to mount, separated by commas, each as address:/volume
== cinder_nfs
CONFIG_CINDER_NFS_MOUNTS | cinder-nfs-mounts | = | ne | NFS exports to mount, separated by commas, each as address:/export
== cinder_vmdk
CONFIG_VCENTER_HOST | vcenter-host | = | | Address of the vCenter that keeps the volumes
CONFIG_VCENTER_USER | vcenter-username | = | | User name at that vCenter
CONFIG_VCENTER_PASSWORD | vcenter-password | = | mask | Password at that vCenter
== nova
CONFIG_NOVA_API_HOST | novaapi-host | @ | ssh host | Address of the server for Nova's API
CONFIG_NOVA_CERT_HOST | novacert-host | @ | ssh host | Address of the server for nova-cert
CONFIG_NOVA_VNCPROXY_HOST | novavncproxy-hosts | @ | ssh host | Address of the server for the VNC proxy
CONFIG_NOVA_COMPUTE_HOSTS | novacompute-hosts | @ | mssh host | Addresses of the servers that run instances, separated by commas
CONFIG_NOVA_CONDUCTOR_HOST | novaconductor-host | @ | ssh host | Address of the server for nova-conductor
CONFIG_NOVA_DB_PW | nova-db-passwd | % | ne mask | Password of Nova's database account
CONFIG_NOVA_KS_PW | nova-ks-passwd | % | ne mask | Password of the user nova in Keystone
CONFIG_NOVA_SCHED_HOST | novasched-host | @ | ssh host | Address of the server for Nova's scheduler
CONFIG_NOVA_SCHED_CPU_ALLOC_RATIO | novasched-cpu-allocation-ratio | 16.0 | float | How many virtual CPUs may share a real one; 1.0 for no sharing
CONFIG_NOVA_SCHED_RAM_ALLOC_RATIO | novasched-ram-allocation-ratio | 1.5 | float | How much memory may be promised for what is there; 1.0 for no more than that
== nova_network
CONFIG_NOVA_COMPUTE_PRIVIF | novacompute-privif | eth1 | ne | Private NIC of the compute servers (nova-network only)
CONFIG_NOVA_NETWORK_HOSTS | novanetwork-hosts | @ | mssh host | Addresses of the servers for nova-network, separated by commas
CONFIG_NOVA_NETWORK_MANAGER | novanetwork-manager | nova.network.manager.FlatDHCPManager | re:^nova\.network\.manager\.\w+Manager$ | Class that manages nova-network
CONFIG_NOVA_NETWORK_PUBIF | novanetwork-pubif | eth0 | ne | Public NIC of the nova-network server
CONFIG_NOVA_NETWORK_PRIVIF | novanetwork-privif | eth1 | ne | Private NIC of the nova-network server
CONFIG_NOVA_NETWORK_FIXEDRANGE | novanetwork-fixed-range | 192.168.32.0/22 | re:^[\:\.\da-fA-f]+(\/\d+){0,1}$ | Network of the instances' fixed addresses
CONFIG_NOVA_NETWORK_FLOATRANGE | novanetwork-floating-range | 10.3.4.0/22 | re:^[\:\.\da-fA-f]+(\/\d+){0,1}$ | Network of the floating addresses
CONFIG_NOVA_NETWORK_DEFAULTFLOATINGPOOL | novanetwork-default-floating-pool | nova | ne | Pool to which the floating addresses are added
CONFIG_NOVA_NETWORK_AUTOASSIGNFLOATINGIP | novanetwork-auto-assign-floating-ip | n | yn | Answer 'y' to give each new instance a floating address
== nova_vlan
CONFIG_NOVA_NETWORK_VLAN_START | novanetwork-vlan-start | 100 | ne | First VLAN of the private networks
CONFIG_NOVA_NETWORK_NUMBER | novanetwork-num-networks | 1 | ne | How many networks there are
CONFIG_NOVA_NETWORK_SIZE | novanetwork-network-size | 255 | ne | How many addresses each of them has
== nova_vmware
CONFIG_VCENTER_HOST | vcenter-host | = | | Address of the vCenter that runs the instances
CONFIG_VCENTER_USER | vcenter-username | = | | User name at the vCenter that runs the instances
CONFIG_VCENTER_PASSWORD | vcenter-password | = | mask | Password at the vCenter that runs the instances
CONFIG_VCENTER_CLUSTER_NAME | vcenter-cluster | = | | Name of the vCenter's cluster
== neutron
CONFIG_NEUTRON_SERVER_HOST | neutron-server-host | @ | ssh host | Address of the server for Neutron's API
CONFIG_NEUTRON_KS_PW | neutron-ks-password | % | ne mask | Password of the user neutron in Keystone
CONFIG_NEUTRON_DB_PW | neutron-db-password | % | ne mask | Password of Neutron's database account
CONFIG_NEUTRON_L3_HOSTS | neutron-l3-hosts | @ | mssh host | Addresses of the servers that route, separated by commas
CONFIG_NEUTRON_L3_EXT_BRIDGE | neutron-l3-ext-bridge | br-ex | ne | Bridge to the outside for the routers, or 'provider' with provider networks
CONFIG_NEUTRON_DHCP_HOSTS | neutron-dhcp-hosts | @ | mssh host | Addresses of the servers that answer DHCP, separated by commas
CONFIG_NEUTRON_LBAAS_HOSTS | neutron-lbaas-hosts | = | mssh host | Addresses of the servers that balance load, separated by commas
CONFIG_NEUTRON_L2_PLUGIN | neutron-l2-plugin | openvswitch | one:linuxbridge,openvswitch,ml2 | Plugin for the layer-2 networks
CONFIG_NEUTRON_METADATA_HOSTS | neutron-metadata-hosts | @ | mssh host | Addresses of the servers for the metadata agent, separated by commas
CONFIG_NEUTRON_METADATA_PW | neutron-metadata-pw | % | ne mask | Secret that the metadata agent and Nova share
== ml2
CONFIG_NEUTRON_ML2_TYPE_DRIVERS | neutron-ml2-type-drivers | local | any:local,flat,vlan,gre,vxlan | Kinds of network that ML2 knows, separated by commas
CONFIG_NEUTRON_ML2_TENANT_NETWORK_TYPES | neutron-ml2-tenant-network-types | local | any:local,vlan,gre,vxlan | Kinds of network that tenants get, first choice first, separated by commas. With 'local' nothing leaves its server
CONFIG_NEUTRON_ML2_MECHANISM_DRIVERS | neutron-ml2-mechanism-drivers | openvswitch | any:logger,test,linuxbridge,openvswitch,hyperv,ncs,arista,cisco_nexus,l2population | Mechanisms that ML2 drives, in order, separated by commas
CONFIG_NEUTRON_ML2_FLAT_NETWORKS | neutron-ml2-flat-networks | * | | Physical networks on which flat networks are allowed, separated by commas; * stands for any
CONFIG_NEUTRON_ML2_VLAN_RANGES | neutron-ml2-vlan-ranges | = | | Physical networks for VLANs, separated by commas, each with first and last VLAN if tenants may have them: name:100:199
CONFIG_NEUTRON_ML2_TUNNEL_ID_RANGES | neutron-ml2-tunnel-id-ranges | = | | Ranges of GRE keys that tenants may have, separated by commas, each as first:last
CONFIG_NEUTRON_ML2_VXLAN_GROUP | neutron-ml2-vxlan-group | = | | Multicast address for VXLAN's broadcasts. Empty: no multicast
CONFIG_NEUTRON_ML2_VNI_RANGES | neutron-ml2-vni-ranges | = | | Ranges of VXLAN numbers that tenants may have, separated by commas, each as first:last up to 16777215
CONFIG_NEUTRON_L2_AGENT | neutron-l2-agent | openvswitch | one:linuxbridge,openvswitch | Agent that ML2 works with
== linuxbridge
CONFIG_NEUTRON_LB_TENANT_NETWORK_TYPE | neutron-lb-tenant-network-type | local | one:local,vlan | Kind of network that tenants get with the linuxbridge plugin: local or vlan
CONFIG_NEUTRON_LB_VLAN_RANGES | neutron-lb-vlan-ranges | = | | VLANs of the linuxbridge plugin, separated by commas, such as physnet1:1:4094
CONFIG_NEUTRON_LB_INTERFACE_MAPPINGS | neutron-lb-interface-mappings | = | | Which NIC leads to which physical network with the linuxbridge plugin, such as physnet1:eth1
== ovs
CONFIG_NEUTRON_OVS_TENANT_NETWORK_TYPE | neutron-ovs-tenant-network-type | local | one:local,vlan,gre,vxlan | Kind of network that tenants get with the openvswitch plugin: local, vlan, gre or vxlan
CONFIG_NEUTRON_OVS_VLAN_RANGES | neutron-ovs-vlan-ranges | = | | VLANs of the openvswitch plugin, separated by commas, such as physnet1:1:4094
== ovs_agent
CONFIG_NEUTRON_OVS_BRIDGE_MAPPINGS | neutron-ovs-bridge-mappings | = | | Which bridge leads to which physical network with the openvswitch plugin, such as physnet1:br-eth1
CONFIG_NEUTRON_OVS_BRIDGE_IFACES | neutron-ovs-bridge-interfaces | = | | NICs to put into bridges, separated by commas, each as bridge:NIC
== ovs_tunnel
CONFIG_NEUTRON_OVS_TUNNEL_RANGES | neutron-ovs-tunnel-ranges | = | | Ranges of tunnel keys that tenants may have, separated by commas, such as 1:1000
CONFIG_NEUTRON_OVS_TUNNEL_IF | neutron-ovs-tunnel-if | = | | NIC whose address each server uses for its tunnels. Empty: the address by which the server is known here
== ovs_vxlan
CONFIG_NEUTRON_OVS_VXLAN_UDP_PORT | neutron-ovs-vxlan-udp-port | 4789 | port | UDP port of VXLAN
== client
CONFIG_OSCLIENT_HOST | osclient-host | @ | ssh host | Address of the server for the command line clients and the admin's credentials
== horizon
CONFIG_HORIZON_HOST | os-horizon-host | @ | ssh host | Address of the server for the dashboard
CONFIG_HORIZON_SSL | os-horizon-ssl | n | yn | Answer "y" to have the dashboard speak https
== horizon_ssl
CONFIG_SSL_CERT | os-ssl-cert | = | file | File with the dashboard's certificate (PEM, its key without a passphrase). Empty: one is made
CONFIG_SSL_KEY | os-ssl-key | = | file | File with the key of that certificate
== swift
CONFIG_SWIFT_PROXY_HOSTS | os-swift-proxy | @ | mssh host | Address of the server for Swift's proxy; there is just one
CONFIG_SWIFT_KS_PW | os-swift-ks-passwd | % | ne mask | Password of the user swift in Keystone
CONFIG_SWIFT_STORAGE_HOSTS | os-swift-storage | @ | mssh host | Addresses of the servers that store objects, separated by commas, each with a device if it has one: 192.0.2.1/vdb. Without a device a file is used; file systems are not made
CONFIG_SWIFT_STORAGE_ZONES | os-swift-storage-zones | 1 | int | Number of zones, at most the number of devices
CONFIG_SWIFT_STORAGE_REPLICAS | os-swift-storage-replicas | 1 | int | Number of copies, at most the number of zones
CONFIG_SWIFT_STORAGE_FSTYPE | os-swift-storage-fstype | ext4 | one:xfs,ext4 | File system of the devices
CONFIG_SWIFT_HASH | os-swift-hash | % | ne mask | Secret that all Swift servers share
CONFIG_SWIFT_STORAGE_SIZE | os-swift-storage-size | 2G | ne | Size of the file that stands in for a device
== all_in_one
CONFIG_PROVISION_DEMO | provision-demo | y | yn | Answer 'y' to get a demo tenant with a network and an image. Heeded only when everything is on one server
CONFIG_PROVISION_TEMPEST | provision-tempest | n | yn | Answer 'y' to have the test suite tempest set up. Heeded only when everything is on one server
== provision
CONFIG_PROVISION_DEMO_FLOATRANGE | provision-demo-floatrange | 172.24.4.224/28 | ne | Network of the demo's floating addresses
== tempest
CONFIG_PROVISION_TEMPEST_REPO_URI | provision-tempest-repo-uri | https://github.com/openstack/tempest.git | ne | Repository to take tempest from
CONFIG_PROVISION_TEMPEST_REPO_REVISION | provision-tempest-repo-revision | stable/havana | ne | Branch or revision of tempest
== all_in_one
CONFIG_PROVISION_ALL_IN_ONE_OVS_BRIDGE | provision-all-in-one-ovs-bridge | n | yn | Answer 'y' to have the bridge to the outside set up when everything is on one server
== heat
CONFIG_HEAT_HOST | os-heat-host | @ | ssh host | Address of the server for Heat
CONFIG_HEAT_DB_PW | os-heat-db-passwd | % | ne mask | Password of Heat's database account
CONFIG_HEAT_AUTH_ENC_KEY | os-heat-auth-enc-key | % | ne mask | Key with which credentials in Heat's database are encrypted
CONFIG_HEAT_KS_PW | os-heat-ks-passwd | % | ne mask | Password of the user heat in Keystone
CONFIG_HEAT_CLOUDWATCH_INSTALL | os-heat-cloudwatch-install | n | yn | Answer 'y' to have Heat's CloudWatch API installed
CONFIG_HEAT_CFN_INSTALL | os-heat-cfn-install | n | yn | Answer 'y' to have Heat's CloudFormation API installed
== heat_cloudwatch
CONFIG_HEAT_CLOUDWATCH_HOST | os-heat-cloudwatch-host | @ | ssh host | Address of the server for the CloudWatch API
== heat_cfn
CONFIG_HEAT_CFN_HOST | os-heat-cfn-host | @ | ssh host | Address of the server for the CloudFormation API
== ceilometer
CONFIG_CEILOMETER_HOST | ceilometer-host | @ | ssh host | Address of the server for Ceilometer
CONFIG_CEILOMETER_SECRET | ceilometer-secret | % | ne mask | Secret with which metering messages are signed
CONFIG_CEILOMETER_KS_PW | ceilometer-ks-passwd | % | ne mask | Password of the user ceilometer in Keystone
== nagios
CONFIG_NAGIOS_HOST | nagios-host | @ | ssh host | Address of the server for Nagios
CONFIG_NAGIOS_PW | nagios-passwd | % | ne mask | Password of the user nagiosadmin
== always
CONFIG_USE_EPEL | use-epel | n | yn | Answer "y" to have EPEL enabled on all servers
CONFIG_REPO | additional-repo | = | | Further yum repositories, as URLs separated by commas
== rhel
CONFIG_RH_USER | rh-username | = | | User name at Red Hat, to subscribe the servers there; needs CONFIG_RH_PW
CONFIG_RH_PW | rh-password | = | mask | Password at Red Hat; needs CONFIG_RH_USER
CONFIG_RH_BETA_REPO | rh-beta-repo | n | yn | Answer "y" for the beta channel of RHEL 6 (previews of RHOS need it)
== rhel
CONFIG_SATELLITE_URL | rhn-satellite-server | = | | URL of an RHN Satellite to subscribe the servers to. It wants user and password, or an activation key
CONFIG_SATELLITE_USER | rhn-satellite-username | = | | User name at the Satellite
CONFIG_SATELLITE_PW | rhn-satellite-password | = | mask | Password at the Satellite
CONFIG_SATELLITE_AKEY | rhn-satellite-activation-key | = | | Activation key of the Satellite
CONFIG_SATELLITE_CACERT | rhn-satellite-cacert | = | | CA certificate for the Satellite, as path or URL
CONFIG_SATELLITE_PROFILE | rhn-satellite-profile | = | | Name under which the server is known to the Satellite, if it must be a special one
CONFIG_SATELLITE_FLAGS | rhn-satellite-flags | = | | Flags for rhnreg_ks, separated by commas: novirtinfo, norhnsd, nopackages
CONFIG_SATELLITE_PROXY | rhn-satellite-proxy-host | = | | HTTP proxy on the way to the Satellite
CONFIG_SATELLITE_PROXY_USER | rhn-satellite-proxy-username | = | | User name at that proxy
CONFIG_SATELLITE_PROXY_PW | rhn-satellite-proxy-password | = | mask | Password at that proxy
"""  # noqa: E501


@dataclass(frozen=True)
class Parameter:
    key: str
    option: str
    default: str
    rules: tuple[str, ...]
    text: str

    @property
    def masked(self) -> bool:
        return "mask" in self.rules


@dataclass
class Group:
    """Parameters that are read together, if `condition` holds for what was read before."""

    condition: str
    parameters: list[Parameter] = field(default_factory=list)


def _read() -> list[Group]:
    groups: list[Group] = []
    for line in TABLE.strip().splitlines():
        if line.startswith("=="):
            groups.append(Group(line[2:].strip()))
            continue
        key, option, default, rules, text = (part.strip() for part in line.split("|", 4))
        default = "" if default == "=" else default
        groups[-1].parameters.append(Parameter(key, option, default, tuple(rules.split()), text))
    return groups


GROUPS = _read()
PARAMETERS = [p for g in GROUPS for p in g.parameters]


def _is(key: str, value: str) -> Callable[[Config], bool]:
    return lambda c: c.get(key) == value


def hosts_of(value: str) -> list[str]:
    """The servers of a list, without devices: `192.168.0.11/vdb, 192.168.0.12`."""
    return [h.strip().split("/")[0] for h in value.split(",") if h.strip()]


def all_hosts(config: Config) -> list[str]:
    """Every server that a configuration names, in order of appearance."""
    found: dict[str, None] = {}
    for key, value in config.items():
        if key.endswith(("_HOST", "_HOSTS")) and "VCENTER" not in key:
            found.update(dict.fromkeys(hosts_of(value)))
    return list(found)


def all_in_one(config: Config) -> bool:
    """Whether everything goes to a single server (only then is the demo provisioned)."""
    return len(all_hosts(config)) == 1


def _neutron(plugin: str) -> Callable[[Config], bool]:
    def holds(c: Config) -> bool:
        return c.get("CONFIG_NEUTRON_INSTALL") == "y" and c.get("CONFIG_NEUTRON_L2_PLUGIN") == plugin

    return holds


def _lvm(c: Config) -> bool:
    return c.get("CONFIG_CINDER_INSTALL") == "y" and c.get("CONFIG_CINDER_BACKEND") == "lvm"


def _ovs_tunnel(*types: str) -> Callable[[Config], bool]:
    def holds(c: Config) -> bool:
        ml2 = _neutron("ml2")(c) and c.get("CONFIG_NEUTRON_L2_AGENT") == "openvswitch"
        wanted = c.get("CONFIG_NEUTRON_OVS_TENANT_NETWORK_TYPE") in types
        listed = set(c.get("CONFIG_NEUTRON_ML2_TENANT_NETWORK_TYPES", "").split(","))
        return (_neutron("openvswitch")(c) and wanted) or (ml2 and bool(listed & set(types)))

    return holds


def _nova_network(c: Config) -> bool:
    return c.get("CONFIG_NOVA_INSTALL") == "y" and c.get("CONFIG_NEUTRON_INSTALL") != "y"


def _both(*conditions: Callable[[Config], bool]) -> Callable[[Config], bool]:
    return lambda c: all(condition(c) for condition in conditions)


CONDITIONS: dict[str, Callable[[Config], bool]] = {
    "always": lambda c: True,
    "rhel": lambda c: False,  # only on Red Hat's own system; these nodes are CentOS
    "qpid_ssl": _is("CONFIG_QPID_ENABLE_SSL", "y"),
    "qpid_auth": _is("CONFIG_QPID_ENABLE_AUTH", "y"),
    "glance": _is("CONFIG_GLANCE_INSTALL", "y"),
    "cinder": _is("CONFIG_CINDER_INSTALL", "y"),
    "cinder_lvm": _lvm,
    "cinder_create": _both(_lvm, _is("CONFIG_CINDER_VOLUMES_CREATE", "y")),
    "cinder_gluster": _both(_is("CONFIG_CINDER_INSTALL", "y"), _is("CONFIG_CINDER_BACKEND", "gluster")),
    "cinder_nfs": _both(_is("CONFIG_CINDER_INSTALL", "y"), _is("CONFIG_CINDER_BACKEND", "nfs")),
    "cinder_vmdk": _both(_is("CONFIG_CINDER_INSTALL", "y"), _is("CONFIG_CINDER_BACKEND", "vmdk")),
    "nova": _is("CONFIG_NOVA_INSTALL", "y"),
    "nova_network": _nova_network,
    "nova_vlan": _both(_nova_network, _is("CONFIG_NOVA_NETWORK_MANAGER", "nova.network.manager.VlanManager")),
    "nova_vmware": _both(_is("CONFIG_NOVA_INSTALL", "y"), _is("CONFIG_VMWARE_BACKEND", "y")),
    "neutron": _is("CONFIG_NEUTRON_INSTALL", "y"),
    "ml2": _neutron("ml2"),
    "linuxbridge": _neutron("linuxbridge"),
    "ovs": _neutron("openvswitch"),
    "ovs_agent": lambda c: (
        _neutron("openvswitch")(c) or (_neutron("ml2")(c) and c.get("CONFIG_NEUTRON_L2_AGENT") == "openvswitch")
    ),
    "ovs_tunnel": _ovs_tunnel("gre", "vxlan"),
    "ovs_vxlan": _ovs_tunnel("vxlan"),
    "client": _is("CONFIG_CLIENT_INSTALL", "y"),
    "horizon": _is("CONFIG_HORIZON_INSTALL", "y"),
    "horizon_ssl": _both(_is("CONFIG_HORIZON_INSTALL", "y"), _is("CONFIG_HORIZON_SSL", "y")),
    "swift": _is("CONFIG_SWIFT_INSTALL", "y"),
    "all_in_one": all_in_one,
    "provision": _both(
        all_in_one, lambda c: "y" in (c.get("CONFIG_PROVISION_DEMO"), c.get("CONFIG_PROVISION_TEMPEST"))
    ),
    "tempest": _both(all_in_one, _is("CONFIG_PROVISION_TEMPEST", "y")),
    "heat": _is("CONFIG_HEAT_INSTALL", "y"),
    "heat_cloudwatch": _both(_is("CONFIG_HEAT_INSTALL", "y"), _is("CONFIG_HEAT_CLOUDWATCH_INSTALL", "y")),
    "heat_cfn": _both(_is("CONFIG_HEAT_INSTALL", "y"), _is("CONFIG_HEAT_CFN_INSTALL", "y")),
    "ceilometer": _is("CONFIG_CEILOMETER_INSTALL", "y"),
    "nagios": _is("CONFIG_NAGIOS_INSTALL", "y"),
}
