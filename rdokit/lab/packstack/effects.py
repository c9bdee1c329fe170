"""What each Puppet manifest leaves on its server: packages, files, services, firewall, bridges.

Every function here is what one `<host>_<name>.pp` does; doing it again
changes nothing. What cannot be done ends in PuppetError, with the line that
Puppet would log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .. import firewall, ovsdb, packages, services, settings, storage
from ..nodestate import runtime
from . import conf
from .manifests import compute_hosts, hosts_of, neutron_hosts, yes
from .parameters import Config

if TYPE_CHECKING:
    from ..world import Node, World

COLOUR_END = "\033[0m"
NETNS_NOTE = "Because of the kernel update the host {host} requires reboot."


class PuppetError(Exception):
    """A Puppet run failed; the text is its line in the log, without "Error: "."""


@dataclass
class Run:
    """One server during one manifest."""

    world: World
    node: Node
    host: str  # the address by which packstack knows the server
    config: Config
    notes: list[str] = field(default_factory=list)  # "Additional information" that the manifest adds
    log: list[str] = field(default_factory=list)  # notices for the .pp.log

    def get(self, key: str) -> str:
        return self.config.get(key, "")

    def on(self, key: str) -> bool:
        """Whether this server is among those of a key."""
        return self.host in hosts_of(self.get(key))

    # -- resources ---------------------------------------------------------------

    def packages(self, *names: str) -> None:
        missing = [name for name in names if not packages.installed(self.node, name)]
        if not missing:
            return
        try:
            packages.install(self.world, self.node, missing)
        except packages.PackageError:
            for name in missing:  # which one is it?
                self._package(name)
        self.log += [f"Notice: /Stage[main]//Package[{name}]/ensure: created" for name in missing]

    def _package(self, name: str) -> None:
        try:
            packages.install(self.world, self.node, [name])
        except packages.PackageError as e:
            self.log += e.lines
            why = next((line for line in e.lines if line.startswith("Error")), "Error: Nothing to do")
            raise PuppetError(f"Execution of '/usr/bin/yum -d 0 -e 0 -y install {name}' returned 1: {why}") from None

    def ini(self, path: str, sections: conf.Sections) -> bool:
        changed = conf.edit_ini(self.node, path, sections)
        if changed:
            self.log.append(f"Notice: /Stage[main]//File[{path}]/content: content changed")
        return changed

    def file(self, path: str, text: str, mode: int = 0o644, owner: str = "root:root") -> bool:
        return conf.write(self.node, path, text, mode, owner)

    def services(self, *names: str, changed: bool = False) -> None:
        """Enable and start; restart when the configuration was changed."""
        for name in names:
            if name not in self.node.services:
                raise PuppetError(f"Could not find init script or upstart conf file for '{name}'")
            services.chkconfig(self.node, name, True)
            verb = "restart" if changed and self.node.running(name) else "start"
            if verb == "start" and self.node.running(name):
                continue
            ok, lines = services.act(self.world, self.node, name, verb).status == 0, []
            if not ok:
                self.log += [str(line) for line in lines]
                raise PuppetError(
                    f"Could not {verb} Service[{name}]: Execution of '/sbin/service {name} {verb}' returned 1: "
                )
            self.log.append(f"Notice: /Stage[main]//Service[{name}]/ensure: ensure changed 'stopped' to 'running'")

    def open_ports(self, name: str, ports: str) -> None:
        """A rule `001 NAME incoming` in front of the others, in force and in /etc/sysconfig/iptables."""
        rule = f'-A INPUT -p tcp -m multiport --dports {ports} -m comment --comment "001 {name} incoming" -j ACCEPT '
        lines = firewall.table(self.node, "filter")
        if any(f'"001 {name} incoming"' in line for line in lines):
            return
        at = next((i for i, line in enumerate(lines) if line.startswith("-A INPUT")), len(lines))
        while at < len(lines) and '"001 ' in lines[at] and lines[at] < rule:
            at += 1
        lines.insert(at, rule)
        self.save_firewall()

    def save_firewall(self) -> None:
        """`service iptables save`: what is in force comes back after a reboot."""
        text = firewall.save(self.node)
        conf.write(self.node, "/etc/sysconfig/iptables", text, 0o600)

    def sysctl(self, values: dict[str, str]) -> None:
        path = "/etc/sysctl.conf"
        old = self.node.fs.read_text(path) if self.node.fs.isfile(path) else ""
        conf.write(self.node, path, conf.assignments(old, values))
        for key, value in values.items():
            try:
                settings.put(self.node, key, value)
            except (KeyError, OSError, ValueError):
                self.node.kernel.sysctl[key] = value

    def auth(self, user: str, secret: str) -> dict[str, str]:
        """The section [keystone_authtoken] of a service."""
        return {
            "auth_host": self.get("CONFIG_KEYSTONE_HOST"),
            "auth_port": "35357",
            "auth_protocol": "http",
            "admin_tenant_name": "services",
            "admin_user": user,
            "admin_password": self.get(secret),
            "auth_uri": f"http://{self.get('CONFIG_KEYSTONE_HOST')}:5000/",
        }

    def qpid(self) -> dict[str, str]:
        ssl = yes(self.config, "CONFIG_QPID_ENABLE_SSL")
        return {
            "qpid_hostname": self.get("CONFIG_QPID_HOST"),
            "qpid_port": self.get("CONFIG_QPID_SSL_PORT") if ssl else "5672",
            "qpid_username": self.get("CONFIG_QPID_AUTH_USER") or "guest",
            "qpid_password": self.get("CONFIG_QPID_AUTH_PASSWORD") or "guest",
            "qpid_heartbeat": "60",
            "qpid_protocol": "ssl" if ssl else "tcp",
            "qpid_tcp_nodelay": "True",
        }

    def db(self, user: str, secret: str, name: str = "") -> str:
        return f"mysql://{user}:{self.get(secret)}@{self.get('CONFIG_MYSQL_HOST')}/{name or user}"

    def debug(self) -> dict[str, str]:
        return {"debug": "True" if yes(self.config, "CONFIG_DEBUG_MODE") else "False", "verbose": "True"}


# -- the manifests --------------------------------------------------------------------


def prescript(r: Run) -> None:
    """SELinux policy; a kernel and iproute that know network namespaces (defect 2)."""
    r.packages("openstack-selinux")
    if yes(r.config, "CONFIG_NEUTRON_INSTALL") and r.host in neutron_hosts(r.config):
        if not packages.has_netns(r.node):
            try:
                packages.update(r.world, r.node, ["kernel", "iproute"])
            except packages.PackageError as e:
                raise PuppetError(
                    "Could not update: Execution of '/usr/bin/yum -d 0 -e 0 -y install kernel' returned 1: "
                    + (e.lines[-1] if e.lines else "")
                ) from None
            r.notes.append(NETNS_NOTE.format(host=r.host))
        r.packages("iproute")


def ntpd(r: Run) -> None:
    r.packages("ntp")
    servers = [s.strip() for s in r.get("CONFIG_NTP_SERVERS").split(",") if s.strip()]
    text = "# Time servers of this cloud\ndriftfile /var/lib/ntp/drift\n"
    text += (
        "restrict default kod nomodify notrap nopeer noquery\nrestrict 127.0.0.1\n"
        + "".join(f"server {s}\n" for s in servers)
        + "keys /etc/ntp/keys\n"
    )
    changed = r.file("/etc/ntp.conf", text)
    r.services("ntpd", changed=changed)


def mysql(r: Run) -> None:
    if not yes(r.config, "CONFIG_MYSQL_INSTALL"):
        return
    r.packages("mysql-server", "MySQL-python")
    changed = r.ini(
        "/etc/my.cnf",
        {"mysqld": {"bind-address": "0.0.0.0", "default_storage_engine": "InnoDB", "max_connections": "1024"}},
    )
    r.open_ports("mysql", "3306")
    r.services("mysqld", changed=changed)
    names = {"keystone": "keystone", "glance": "glance", "cinder": "cinder", "nova": "nova"}
    plugin = {"openvswitch": "ovs_neutron", "linuxbridge": "neutron_linux_bridge"}.get(
        r.get("CONFIG_NEUTRON_L2_PLUGIN")
    )
    for name in [*names.values(), plugin or "neutron"]:
        r.node.fs.mkdir(f"/var/lib/mysql/{name}", parents=True)
    r.node.extra["mysql_root_password"] = r.get("CONFIG_MYSQL_PW")


def qpid(r: Run) -> None:
    r.packages("qpid-cpp-server")
    old = r.node.fs.read_text("/etc/qpidd.conf") if r.node.fs.isfile("/etc/qpidd.conf") else ""
    auth = "yes" if yes(r.config, "CONFIG_QPID_ENABLE_AUTH") else "no"
    changed = conf.write(r.node, "/etc/qpidd.conf", conf.assignments(old, {"auth": auth}, "="))
    ssl = yes(r.config, "CONFIG_QPID_ENABLE_SSL")
    r.open_ports("qpid", f"5672,{r.get('CONFIG_QPID_SSL_PORT')}" if ssl else "5672")
    r.services("qpidd", changed=changed)


def keystone(r: Run) -> None:
    from ..openstack.cloud import Cloud

    r.packages("openstack-keystone", "openstack-utils")
    token = "keystone.token.providers.pki.Provider"
    if r.get("CONFIG_KEYSTONE_TOKEN_FORMAT") == "UUID":
        token = "keystone.token.providers.uuid.Provider"
    changed = r.ini(
        "/etc/keystone/keystone.conf",
        {
            "DEFAULT": {"admin_token": r.get("CONFIG_KEYSTONE_ADMIN_TOKEN"), **r.debug(), "bind_host": "0.0.0.0"},
            "sql": {"connection": r.db("keystone_admin", "CONFIG_KEYSTONE_DB_PW", "keystone"), "idle_timeout": "200"},
            "token": {"provider": token, "driver": "keystone.token.backends.sql.Token"},
            "catalog": {"driver": "keystone.catalog.backends.sql.Catalog"},
        },
    )
    r.open_ports("keystone", "5000,35357")
    r.services("openstack-keystone", changed=changed)
    Cloud.install(r.world, r.node.name, r.get("CONFIG_KEYSTONE_HOST"), r.config)


def glance(r: Run) -> None:
    r.packages("openstack-glance")
    shared = {"sql_connection": r.db("glance", "CONFIG_GLANCE_DB_PW"), **r.debug()}
    auth = r.auth("glance", "CONFIG_GLANCE_KS_PW")
    changed = r.ini(
        "/etc/glance/glance-api.conf",
        {
            "DEFAULT": {
                **shared,
                "bind_host": "0.0.0.0",
                "default_store": "file",
                "notifier_strategy": "qpid",
                **r.qpid(),
            },
            "keystone_authtoken": auth,
            "paste_deploy": {"flavor": "keystone"},
        },
    )
    changed |= r.ini(
        "/etc/glance/glance-registry.conf",
        {"DEFAULT": shared, "keystone_authtoken": auth, "paste_deploy": {"flavor": "keystone"}},
    )
    r.open_ports("glance", "9292")
    r.services("openstack-glance-registry", "openstack-glance-api", changed=changed)


def cinder(r: Run) -> None:
    r.packages("openstack-cinder", "scsi-target-utils")
    changed = r.ini(
        "/etc/cinder/cinder.conf",
        {
            "DEFAULT": {
                **r.debug(),
                "rpc_backend": "cinder.openstack.common.rpc.impl_qpid",
                **r.qpid(),
                "sql_connection": r.db("cinder", "CONFIG_CINDER_DB_PW"),
                "glance_host": r.get("CONFIG_GLANCE_HOST") or "localhost",
                "api_paste_config": "/etc/cinder/api-paste.ini",
                "auth_strategy": "keystone",
                "volume_group": "cinder-volumes",
                "iscsi_ip_address": r.host,
                "iscsi_helper": "tgtadm",
            },
            "keystone_authtoken": r.auth("cinder", "CONFIG_CINDER_KS_PW"),
        },
    )
    changed |= conf.write(
        r.node, "/etc/tgt/targets.conf", "default-driver iscsi\ninclude /etc/cinder/volumes/*\n", 0o600
    )
    r.open_ports("cinder", "3260,8776")
    r.services("tgtd", changed=changed)
    r.services("openstack-cinder-api", "openstack-cinder-scheduler", "openstack-cinder-volume", changed=changed)


def api_nova(r: Run) -> None:
    """The API is configured with the rest of Nova; this run makes its accounts and database."""
    r.packages("openstack-nova-api")
    _nova_conf(r)
    r.open_ports("nova-api", "8773,8774,8775")


def _nova_conf(r: Run) -> bool:
    keystone = r.get("CONFIG_KEYSTONE_HOST")
    values = {
        **r.debug(),
        "rpc_backend": "nova.openstack.common.rpc.impl_qpid",
        **r.qpid(),
        "sql_connection": r.db("nova", "CONFIG_NOVA_DB_PW"),
        "auth_strategy": "keystone",
        "glance_api_servers": f"{r.get('CONFIG_GLANCE_HOST')}:9292",
        "image_service": "nova.image.glance.GlanceImageService",
        "novncproxy_base_url": f"http://{r.get('CONFIG_NOVA_VNCPROXY_HOST')}:6080/vnc_auto.html",
        "cpu_allocation_ratio": r.get("CONFIG_NOVA_SCHED_CPU_ALLOC_RATIO"),
        "ram_allocation_ratio": r.get("CONFIG_NOVA_SCHED_RAM_ALLOC_RATIO"),
        "volume_api_class": "nova.volume.cinder.API",
        "metadata_host": r.get("CONFIG_NOVA_API_HOST"),
        "osapi_compute_listen": "0.0.0.0",
    }
    if yes(r.config, "CONFIG_NEUTRON_INSTALL"):
        neutron = r.get("CONFIG_NEUTRON_SERVER_HOST")
        values |= {
            "network_api_class": "nova.network.neutronv2.api.API",
            "neutron_url": f"http://{neutron}:9696",
            "neutron_auth_strategy": "keystone",
            "neutron_admin_tenant_name": "services",
            "neutron_admin_username": "neutron",
            "neutron_admin_password": r.get("CONFIG_NEUTRON_KS_PW"),
            "neutron_admin_auth_url": f"http://{keystone}:35357/v2.0",
            "neutron_region_name": "RegionOne",
            "security_group_api": "neutron",
            "firewall_driver": "nova.virt.firewall.NoopFirewallDriver",
            "service_neutron_metadata_proxy": "True",
            "neutron_metadata_proxy_shared_secret": r.get("CONFIG_NEUTRON_METADATA_PW"),
            "neutron_ovs_bridge": "br-int",
            "libvirt_vif_driver": "nova.virt.libvirt.vif.LibvirtGenericVIFDriver",
        }
    else:
        values |= {
            "network_manager": r.get("CONFIG_NOVA_NETWORK_MANAGER"),
            "public_interface": r.get("CONFIG_NOVA_NETWORK_PUBIF"),
            "flat_interface": r.get("CONFIG_NOVA_COMPUTE_PRIVIF"),
        }
    return r.ini("/etc/nova/nova.conf", {"DEFAULT": values, "keystone_authtoken": r.auth("nova", "CONFIG_NOVA_KS_PW")})


def nova(r: Run) -> None:
    r.packages("openstack-nova-common", "openstack-utils")
    changed = _nova_conf(r)
    roles = [
        ("CONFIG_NOVA_API_HOST", ["openstack-nova-api"], ["openstack-nova-api"]),
        ("CONFIG_NOVA_CERT_HOST", ["openstack-nova-cert"], ["openstack-nova-cert"]),
        ("CONFIG_NOVA_CONDUCTOR_HOST", ["openstack-nova-conductor"], ["openstack-nova-conductor"]),
        ("CONFIG_NOVA_SCHED_HOST", ["openstack-nova-scheduler"], ["openstack-nova-scheduler"]),
        (
            "CONFIG_NOVA_VNCPROXY_HOST",
            ["openstack-nova-console", "openstack-nova-novncproxy"],
            ["openstack-nova-consoleauth", "openstack-nova-novncproxy"],
        ),
    ]
    for key, names, scripts in roles:
        if r.on(key):
            r.packages(*names)
            r.services(*scripts, changed=changed)
    if r.on("CONFIG_NOVA_VNCPROXY_HOST"):
        r.open_ports("novncproxy", "6080")
    if r.host in compute_hosts(r.config):
        _nova_compute(r, changed)


def _nova_compute(r: Run, changed: bool) -> None:
    r.packages("openstack-nova-compute", "python-cinderclient")
    module = {"vmx": "kvm_intel", "svm": "kvm_amd"}.get(r.node.spec.vmx)
    if module:
        services.load_module(r.world, r.node, module)
    already = conf.value(r.node, "/etc/nova/nova.conf", "DEFAULT", "vncserver_proxyclient_address")
    values = {
        "compute_driver": "libvirt.LibvirtDriver",
        "vnc_enabled": "True",
        "vncserver_listen": "0.0.0.0",
        "vncserver_proxyclient_address": r.host,
        "libvirt_inject_partition": "-1",
        "connection_type": "libvirt",
    }
    # The nodes are virtual machines, so packstack chooses qemu (document Step 14), also after somebody chose kvm.
    values["libvirt_type"] = "qemu"
    values["libvirt_cpu_mode"] = "none"
    changed |= r.ini("/etc/nova/nova.conf", {"DEFAULT": values}) or not already
    r.open_ports("nova compute", "5900:5999")
    r.services("messagebus", "libvirtd")
    if yes(r.config, "CONFIG_NEUTRON_INSTALL"):
        r.sysctl({f"net.bridge.bridge-nf-call-{x}": "1" for x in ("ip6tables", "iptables", "arptables")})
    if yes(r.config, "CONFIG_CEILOMETER_INSTALL"):
        _ceilometer_compute(r)
    r.services("openstack-nova-compute", changed=changed)


# -- neutron ------------------------------------------------------------------------------

CORE = {
    "openvswitch": "neutron.plugins.openvswitch.ovs_neutron_plugin.OVSNeutronPluginV2",
    "linuxbridge": "neutron.plugins.linuxbridge.lb_neutron_plugin.LinuxBridgePluginV2",
    "ml2": "neutron.plugins.ml2.plugin.Ml2Plugin",
}
OVS_INI = "/etc/neutron/plugins/openvswitch/ovs_neutron_plugin.ini"
PLUGIN_INI = "/etc/neutron/plugin.ini"
DATABASE = {"openvswitch": "ovs_neutron", "linuxbridge": "neutron_linux_bridge"}


def neutron(r: Run) -> None:
    """Server, agents and bridges; every server of Neutron and every compute node gets the plugin's file."""
    plugin = r.get("CONFIG_NEUTRON_L2_PLUGIN") or "openvswitch"
    r.packages("openstack-neutron", "openstack-neutron-openvswitch")
    changed = _neutron_conf(r, plugin)
    server = r.on("CONFIG_NEUTRON_SERVER_HOST")
    changed |= _ovs_plugin(r, plugin)
    if server:
        changed |= _link(r, PLUGIN_INI, OVS_INI)
        r.open_ports("neutron", "9696,67,68")
        r.services("neutron-server", changed=changed)
    else:
        _link(r, PLUGIN_INI, OVS_INI)
    r.services("openvswitch")
    _bridges(r)
    agents: list[str] = []
    if r.get("CONFIG_NEUTRON_L2_AGENT") != "linuxbridge" and plugin != "linuxbridge":
        agents.append("neutron-openvswitch-agent")
        services.chkconfig(r.node, "neutron-ovs-cleanup", True)
        r.services("neutron-ovs-cleanup")
    if r.on("CONFIG_NEUTRON_L3_HOSTS"):
        changed |= _l3_conf(r)
        agents.append("neutron-l3-agent")
    if r.on("CONFIG_NEUTRON_DHCP_HOSTS"):
        changed |= _dhcp_conf(r)
        agents.append("neutron-dhcp-agent")
    if r.on("CONFIG_NEUTRON_METADATA_HOSTS"):
        changed |= _metadata_conf(r)
        agents.append("neutron-metadata-agent")
    if r.on("CONFIG_NEUTRON_LBAAS_HOSTS"):
        agents.append("neutron-lbaas-agent")
    r.services(*agents, changed=changed)


def _link(r: Run, path: str, target: str) -> bool:
    if r.node.fs.islink(path) and r.node.fs.readlink(path) == target:
        return False
    if r.node.fs.exists(path) or r.node.fs.islink(path):
        r.node.fs.remove(path)
    r.node.fs.symlink(target, path)
    return True


def _neutron_conf(r: Run, plugin: str) -> bool:
    return r.ini(
        "/etc/neutron/neutron.conf",
        {
            "DEFAULT": {
                **r.debug(),
                "core_plugin": CORE.get(plugin, CORE["openvswitch"]),
                "auth_strategy": "keystone",
                "allow_overlapping_ips": "True",
                "rpc_backend": "neutron.openstack.common.rpc.impl_qpid",
                **r.qpid(),
                "bind_host": "0.0.0.0",
                "dhcp_lease_duration": "120",
            },
            "keystone_authtoken": r.auth("neutron", "CONFIG_NEUTRON_KS_PW"),
            "database": {"connection": r.db("neutron", "CONFIG_NEUTRON_DB_PW", DATABASE.get(plugin, "neutron"))},
        },
    )


def tunnel_address(r: Run) -> str:
    """Each server's own tunnel address: that of the tunnel NIC, else the one packstack knows it by."""
    device = r.get("CONFIG_NEUTRON_OVS_TUNNEL_IF")
    if not device:
        return r.host
    nic = r.node.nics.get(device)
    return nic.addresses[0].split("/")[0] if nic and nic.addresses else ""


def _ovs_plugin(r: Run, plugin: str) -> bool:
    kind = r.get("CONFIG_NEUTRON_OVS_TENANT_NETWORK_TYPE") if plugin == "openvswitch" else ""
    if plugin == "ml2":
        kind = r.get("CONFIG_NEUTRON_ML2_TENANT_NETWORK_TYPES").split(",")[0].strip()
    ovs: dict[str, str] = {}
    if kind in ("gre", "vxlan"):
        ranges = r.get("CONFIG_NEUTRON_OVS_TUNNEL_RANGES")
        if plugin == "ml2":
            ranges = r.get("CONFIG_NEUTRON_ML2_TUNNEL_ID_RANGES" if kind == "gre" else "CONFIG_NEUTRON_ML2_VNI_RANGES")
        ovs = {
            "vxlan_udp_port": r.get("CONFIG_NEUTRON_OVS_VXLAN_UDP_PORT") or "4789",
            "tunnel_type": kind,
            "tunnel_id_ranges": ranges,
            "tenant_network_type": kind,
            "local_ip": tunnel_address(r),
            "enable_tunneling": "True",
            "integration_bridge": "br-int",
            "tunnel_bridge": "br-tun",
        }
    else:
        ovs = {"tenant_network_type": kind or "local", "enable_tunneling": "False", "integration_bridge": "br-int"}
        if kind == "vlan":
            ovs["network_vlan_ranges"] = r.get("CONFIG_NEUTRON_OVS_VLAN_RANGES")
    if r.get("CONFIG_NEUTRON_OVS_BRIDGE_MAPPINGS"):
        ovs["bridge_mappings"] = r.get("CONFIG_NEUTRON_OVS_BRIDGE_MAPPINGS")
    firewall_driver = "neutron.agent.linux.iptables_firewall.OVSHybridIptablesFirewallDriver"
    if r.node.fs.isfile(OVS_INI) and r.node.fs.read_text(OVS_INI) == "[ovs]\n\n[agent]\n\n[securitygroup]\n":
        conf.write(r.node, OVS_INI, "")  # the empty sections of the package, in small letters
    text = {"OVS": ovs, "AGENT": {"polling_interval": "2"}, "SECURITYGROUP": {"firewall_driver": firewall_driver}}
    return r.ini(OVS_INI, text)


def _bridges(r: Run) -> None:
    """br-int everywhere; br-ex where routers are, with no port in it yet."""
    switch = ovsdb.ensure(r.world, r.node)
    switch.add_bridge("br-int")
    external = r.get("CONFIG_NEUTRON_L3_EXT_BRIDGE")
    if r.on("CONFIG_NEUTRON_L3_HOSTS") and external and external != "provider":
        switch.add_bridge(external)
    for pair in (x.strip() for x in r.get("CONFIG_NEUTRON_OVS_BRIDGE_MAPPINGS").split(",")):
        if ":" in pair:
            switch.add_bridge(pair.split(":")[1])
    for pair in (x.strip() for x in r.get("CONFIG_NEUTRON_OVS_BRIDGE_IFACES").split(",")):
        if ":" in pair:
            bridge, nic = pair.split(":")[:2]
            switch.add_bridge(bridge)
            switch.add_port(bridge, nic)
    ovsdb.apply(r.node)
    for name in switch.bridges():
        if name in r.node.nics and name != "br-int":
            r.node.nics[name].up = True


def _l3_conf(r: Run) -> bool:
    external = r.get("CONFIG_NEUTRON_L3_EXT_BRIDGE")
    return r.ini(
        "/etc/neutron/l3_agent.ini",
        {
            "DEFAULT": {
                "debug": "False",
                "interface_driver": "neutron.agent.linux.interface.OVSInterfaceDriver",
                "external_network_bridge": "" if external == "provider" else external,
                "use_namespaces": "True",
                "handle_internal_only_routers": "True",
                "metadata_port": "9697",
                "send_arp_for_ha": "3",
                "polling_interval": "40",
            }
        },
    )


def _dhcp_conf(r: Run) -> bool:
    return r.ini(
        "/etc/neutron/dhcp_agent.ini",
        {
            "DEFAULT": {
                "debug": "False",
                "interface_driver": "neutron.agent.linux.interface.OVSInterfaceDriver",
                "dhcp_driver": "neutron.agent.linux.dhcp.Dnsmasq",
                "use_namespaces": "True",
                "resync_interval": "30",
                "enable_isolated_metadata": "False",
            }
        },
    )


def _metadata_conf(r: Run) -> bool:
    auth = r.auth("neutron", "CONFIG_NEUTRON_KS_PW")
    return r.ini(
        "/etc/neutron/metadata_agent.ini",
        {
            "DEFAULT": {
                "debug": "False",
                "auth_url": f"http://{r.get('CONFIG_KEYSTONE_HOST')}:35357/v2.0",
                "auth_region": "RegionOne",
                "admin_tenant_name": "services",
                "admin_user": "neutron",
                "admin_password": auth["admin_password"],
                "nova_metadata_ip": r.get("CONFIG_NOVA_API_HOST"),
                "nova_metadata_port": "8775",
                "metadata_proxy_shared_secret": r.get("CONFIG_NEUTRON_METADATA_PW"),
            }
        },
    )


# -- the rest ---------------------------------------------------------------------------------


def osclient(r: Run) -> None:
    clients = ["keystone", "glance", "nova", "neutron", "cinder", "swift", "ceilometer", "heat"]
    wanted = [c for c in clients if c == "keystone" or yes(r.config, f"CONFIG_{c.upper()}_INSTALL")]
    r.packages(*(f"python-{c}client" for c in wanted))
    auth = f"http://{r.get('CONFIG_KEYSTONE_HOST')}:35357/v2.0/"
    r.file(
        "/root/keystonerc_admin",
        "export OS_USERNAME=admin\nexport OS_TENANT_NAME=admin\n"
        f"export OS_PASSWORD={r.get('CONFIG_KEYSTONE_ADMIN_PW')}\n"
        f"export OS_AUTH_URL={auth}\nexport PS1='[\\u@\\h \\W(keystone_admin)]\\$ '\n",
        0o600,
    )
    if r.get("ALL_IN_ONE") == "y" and yes(r.config, "CONFIG_PROVISION_DEMO"):
        r.file(
            "/root/keystonerc_demo",
            "export OS_USERNAME=demo\nexport OS_TENANT_NAME=demo\n"
            f"export OS_PASSWORD={r.get('CONFIG_KEYSTONE_DEMO_PW')}\n"
            f"export OS_AUTH_URL=http://{r.get('CONFIG_KEYSTONE_HOST')}:5000/v2.0/\n"
            "export PS1='[\\u@\\h \\W(keystone_demo)]\\$ '\n",
            0o600,
        )


def horizon(r: Run) -> None:
    """The dashboard. With SELinux disabled its booleans cannot be set (document Step 3)."""
    r.packages("httpd", "mod_wsgi", "openstack-dashboard", "memcached", "python-memcached")
    if r.node.kernel.selinux == "disabled":
        raise PuppetError(
            "/Stage[main]//Selboolean[httpd_can_network_connect]: Could not evaluate: "
            "Execution of '/usr/sbin/getsebool httpd_can_network_connect' returned 1: "
            "/usr/sbin/getsebool:  SELinux is disabled"
        )
    r.node.extra.setdefault("sebool", {})["httpd_can_network_connect"] = "on"
    path = "/etc/openstack-dashboard/local_settings"
    text = (
        f'OPENSTACK_HOST = "{r.get("CONFIG_KEYSTONE_HOST")}"\n'
        'OPENSTACK_KEYSTONE_URL = "http://%s:5000/v2.0" % OPENSTACK_HOST\n'
        'OPENSTACK_KEYSTONE_DEFAULT_ROLE = "Member"\nALLOWED_HOSTS = ["*"]\n'
        'CACHES = {"default": {"BACKEND": "django.core.cache.backends.memcached.MemcachedCache", '
        '"LOCATION": "127.0.0.1:11211"}}\n'
    )
    changed = r.file(path, text, 0o640, "root:apache")
    changed |= r.file("/etc/httpd/conf.d/rootredirect.conf", 'RedirectMatch ^/$ "/dashboard/"\n')
    r.open_ports("horizon", "443" if yes(r.config, "CONFIG_HORIZON_SSL") else "80")
    r.services("memcached")
    r.services("httpd", changed=changed)


def ring_swift(r: Run) -> None:
    r.packages("openstack-swift-proxy")
    r.file("/etc/swift/swift.conf", f"[swift-hash]\nswift_hash_path_suffix = {r.get('CONFIG_SWIFT_HASH')}\n", 0o660)
    for name in ("account", "container", "object"):
        for suffix in ("builder", "ring.gz"):
            if not r.node.fs.exists(f"/etc/swift/{name}.{suffix}"):
                r.node.fs.write(f"/etc/swift/{name}.{suffix}", b"\x80ring\n")


def swift(r: Run) -> None:
    r.file("/etc/swift/swift.conf", f"[swift-hash]\nswift_hash_path_suffix = {r.get('CONFIG_SWIFT_HASH')}\n", 0o660)
    if r.on("CONFIG_SWIFT_PROXY_HOSTS"):
        r.packages("openstack-swift-proxy", "memcached")
        changed = r.ini(
            "/etc/swift/proxy-server.conf",
            {
                "DEFAULT": {"bind_port": "8080", "workers": "1", "user": "swift"},
                "pipeline:main": {"pipeline": "healthcheck cache authtoken keystone proxy-server"},
                "filter:authtoken": r.auth("swift", "CONFIG_SWIFT_KS_PW"),
            },
        )
        r.open_ports("swift proxy", "8080")
        r.services("memcached")
        r.services("openstack-swift-proxy", changed=changed)
    if r.on("CONFIG_SWIFT_STORAGE_HOSTS"):
        r.packages("openstack-swift-account", "openstack-swift-container", "openstack-swift-object", "xfsprogs")
        _swift_disk(r)
        r.open_ports("swift storage", "6000,6001,6002,873")
        for kind in ("account", "container", "object"):
            names = [f"openstack-swift-{kind}", f"openstack-swift-{kind}-auditor", f"openstack-swift-{kind}-replicator"]
            extra = {"account": ["reaper"], "container": ["updater"], "object": ["updater"]}[kind]
            r.services(*names, *(f"openstack-swift-{kind}-{e}" for e in extra))


def _swift_disk(r: Run) -> None:
    """Without a device of its own a server stores its objects in a file (srv/loopback-device)."""
    entries = r.get("CONFIG_SWIFT_STORAGE_HOSTS").split(",")
    if any(e.strip().startswith(f"{r.host}/") for e in entries) or r.node.fs.exists(
        "/srv/loopback-device/swiftloopback"
    ):
        return
    size = gigabytes(r.get("CONFIG_SWIFT_STORAGE_SIZE"), 2)
    r.node.fs.mkdir("/srv/loopback-device", parents=True)
    r.node.fs.write_synthetic("/srv/loopback-device/swiftloopback", size * 1024**3, "0" * 32)
    r.node.fs.mkdir("/srv/node/swiftloopback", parents=True)


def gigabytes(text: str, otherwise: int) -> int:
    digits = text.strip().upper().rstrip("B").rstrip("G")
    return int(digits) if digits.isdigit() else otherwise


def provision(r: Run) -> None:
    """The demo of an all-in-one installation: tenant, user, network, router, image."""
    cloud = r.world.cloud
    if cloud is None or not yes(r.config, "CONFIG_PROVISION_DEMO"):
        return
    from . import demo

    demo.provision(r.world, cloud, r.config)


def heat(r: Run) -> None:
    r.packages("openstack-heat-engine", "openstack-heat-api")
    changed = r.ini(
        "/etc/heat/heat.conf",
        {
            "DEFAULT": {
                **r.debug(),
                **r.qpid(),
                "sql_connection": r.db("heat", "CONFIG_HEAT_DB_PW"),
                "auth_encryption_key": r.get("CONFIG_HEAT_AUTH_ENC_KEY"),
            },
            "keystone_authtoken": r.auth("heat", "CONFIG_HEAT_KS_PW"),
        },
    )
    r.open_ports("heat", "8004")
    r.services("openstack-heat-engine", "openstack-heat-api", changed=changed)


def _ceilometer_conf(r: Run) -> bool:
    auth = r.auth("ceilometer", "CONFIG_CEILOMETER_KS_PW")
    return r.ini(
        "/etc/ceilometer/ceilometer.conf",
        {
            "DEFAULT": {**r.debug(), **r.qpid(), "glance_control_exchange": "glance"},
            "keystone_authtoken": auth,
            "database": {"connection": f"mongodb://{r.get('CONFIG_CEILOMETER_HOST')}:27017/ceilometer"},
            "publisher_rpc": {"metering_secret": r.get("CONFIG_CEILOMETER_SECRET")},
            "service_credentials": {
                "os_username": "ceilometer",
                "os_tenant_name": "services",
                "os_password": r.get("CONFIG_CEILOMETER_KS_PW"),
                "os_auth_url": f"http://{r.get('CONFIG_KEYSTONE_HOST')}:35357/v2.0",
            },
        },
    )


def _ceilometer_compute(r: Run) -> None:
    r.packages("openstack-ceilometer-compute")
    changed = _ceilometer_conf(r)
    r.services("openstack-ceilometer-compute", changed=changed)


def ceilometer(r: Run) -> None:
    names = ["api", "central", "collector", "alarm"]
    r.packages(*(f"openstack-ceilometer-{n}" for n in names))
    changed = _ceilometer_conf(r)
    r.open_ports("ceilometer", "8777")
    scripts = ["api", "central", "collector", "alarm-evaluator", "alarm-notifier"]
    r.services(*(f"openstack-ceilometer-{s}" for s in scripts), changed=changed)


def nagios(r: Run) -> None:
    r.packages("nagios", "nagios-plugins-nrpe", "nagios-plugins-ping", "httpd")
    watched = hosts_of(",".join(v for k, v in r.config.items() if k.endswith(("_HOST", "_HOSTS"))))
    names = sorted(set(watched))
    text = "".join(f"define host {{\n\thost_name {h}\n\taddress {h}\n\tuse linux-server\n}}\n" for h in names)
    changed = r.file("/etc/nagios/nagios_host.cfg", text)
    r.file("/etc/nagios/passwd", "nagiosadmin:{SHA}" + "x" * 28 + "\n", 0o640, "root:apache")
    r.open_ports("nagios", "80")
    r.services("nagios", changed=changed)
    r.services("httpd")


def nagios_nrpe(r: Run) -> None:
    r.packages("nrpe", "nagios-plugins")
    old = r.node.fs.read_text("/etc/nagios/nrpe.cfg") if r.node.fs.isfile("/etc/nagios/nrpe.cfg") else ""
    changed = conf.write(
        r.node, "/etc/nagios/nrpe.cfg", conf.assignments(old, {"allowed_hosts": r.get("CONFIG_NAGIOS_HOST")}, "=")
    )
    r.open_ports("nagios-nrpe", "5666")
    r.services("nrpe", changed=changed)


def postscript(r: Run) -> None:
    """Nothing is left to do but to note that the server is done."""
    runtime(r.node)["packstack_done"] = True


EFFECTS: dict[str, Callable[[Run], None]] = {
    f.__name__: f
    for f in (
        prescript,
        ntpd,
        mysql,
        qpid,
        keystone,
        glance,
        cinder,
        api_nova,
        nova,
        neutron,
        osclient,
        horizon,
        ring_swift,
        swift,
        provision,
        heat,
        ceilometer,
        nagios,
        nagios_nrpe,
        postscript,
    )
}


# -- steps that packstack does itself, by ssh ------------------------------------------------------

VG, VG_DIR = "cinder-volumes", "/var/lib/cinder"


def cinder_volumes(world: World, node: Node, config: Config) -> str:
    """The volume group in a file, and the line in rc.local that brings it back after a reboot (defect 14).

    Returns:
        the note for "Additional information", "" when the group was made.

    Raises:
        ValueError: the group is missing and may not be made, or its size is no size.
    """
    if VG in storage.groups(node):
        return "Did not create a cinder volume group, one already existed"
    if not yes(config, "CONFIG_CINDER_VOLUMES_CREATE"):
        raise ValueError(f"The cinder server should contain a {VG} volume group")
    size = config.get("CONFIG_CINDER_VOLUMES_SIZE", "20G").strip()
    if not size.endswith("G") or not size[:-1].isdigit():
        raise ValueError("Cinder volumes VG size is not in expected format: " + size)
    megabytes = int(size[:-1]) * 1024
    megabytes += int(megabytes * 0.03)
    failed = f"Cinder's volume group '{VG}' could not be created"
    if world.faults.get("packstack-cinder-vg"):
        raise ValueError(failed)
    path = f"{VG_DIR}/{VG}"
    node.fs.mkdir(VG_DIR, parents=True)
    if not node.fs.exists(path):
        node.fs.write_synthetic(path, megabytes * 1024 * 1024, "0" * 32)
    attached = next((d for d, f in storage.loops(node).items() if f == path), None)
    try:
        device = attached or storage.attach_loop(world, node, path)
        if VG not in storage.groups(node):  # attaching the file of a former run brings its group back
            storage.create_group(world, node, VG, [device])
    except storage.StorageError:
        raise ValueError(failed) from None
    rc = "/etc/rc.d/rc.local"
    old = node.fs.read_text(rc) if node.fs.exists(rc) else "#!/bin/sh\n"
    if VG not in old:
        conf.write(node, rc, f"{old.rstrip(chr(10))}\nlosetup -f {VG_DIR}/{VG}\n", 0o755)
    return ""


def iter_hosts(world: World, hosts: Iterable[str]) -> list[tuple[str, Node]]:
    """The nodes behind addresses; those that nobody has are left out."""
    return [(h, node) for h in hosts if (node := world.node_at(h)) is not None]
