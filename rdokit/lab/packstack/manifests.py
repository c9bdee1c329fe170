"""What packstack plans: the titles on the screen, and which Puppet manifest goes to which server when.

Manifests with the same marker run at the same time; the next marker waits for all of them.
Source: recorded runs of Havana's packstack.
"""

from __future__ import annotations

from dataclasses import dataclass

from .parameters import Config, all_hosts, all_in_one, hosts_of


@dataclass(frozen=True)
class Manifest:
    """One Puppet run: `192.168.0.11_neutron.pp`."""

    host: str
    name: str
    marker: str
    seconds: float  # how long Puppet takes, in lab seconds

    @property
    def file(self) -> str:
        return f"{self.host}_{self.name}.pp"


# Long enough for about the polls of a recorded run, short enough for a class.
SECONDS = {
    "prescript": 4.0,
    "ntpd": 3.0,
    "mysql": 5.0,
    "qpid": 4.0,
    "keystone": 4.0,
    "glance": 5.0,
    "cinder": 5.0,
    "api_nova": 4.0,
    "nova": 5.0,
    "neutron": 6.0,
    "osclient": 4.0,
    "horizon": 5.0,
    "ring_swift": 4.0,
    "swift": 5.0,
    "provision": 6.0,
    "heat": 4.0,
    "ceilometer": 5.0,
    "nagios": 4.0,
    "nagios_nrpe": 4.0,
    "postscript": 3.0,
}


def yes(config: Config, key: str) -> bool:
    return config.get(key) == "y"


def unique(*lists: list[str]) -> list[str]:
    return list(dict.fromkeys(h for names in lists for h in names))


def servers(config: Config) -> list[str]:
    """Every server of the active groups, without the excluded ones, in order of appearance."""
    excluded = set(hosts_of(config.get("EXCLUDE_SERVERS", "")))
    return [h for h in all_hosts(config) if h not in excluded]


def compute_hosts(config: Config) -> list[str]:
    return hosts_of(config.get("CONFIG_NOVA_COMPUTE_HOSTS", "")) if yes(config, "CONFIG_NOVA_INSTALL") else []


def nova_hosts(config: Config) -> list[str]:
    keys = ["API_HOST", "CERT_HOST", "VNCPROXY_HOST", "CONDUCTOR_HOST", "SCHED_HOST"]
    return unique(*(hosts_of(config.get(f"CONFIG_NOVA_{k}", "")) for k in keys), compute_hosts(config))


def neutron_hosts(config: Config) -> list[str]:
    keys = ["SERVER_HOST", "L3_HOSTS", "DHCP_HOSTS", "LBAAS_HOSTS", "METADATA_HOSTS"]
    return unique(*(hosts_of(config.get(f"CONFIG_NEUTRON_{k}", "")) for k in keys), compute_hosts(config))


def swift_hosts(config: Config) -> list[str]:
    return unique(hosts_of(config["CONFIG_SWIFT_PROXY_HOSTS"]), hosts_of(config["CONFIG_SWIFT_STORAGE_HOSTS"]))


def titles(config: Config) -> list[str]:
    """The steps between "Discovering hosts' details" and "Preparing servers", as printed."""
    out = ["Adding pre install manifest entries"]

    def when(key: str, *lines: str) -> None:
        if yes(config, key):
            out.extend(lines)

    if config.get("CONFIG_NTP_SERVERS"):
        out.append("Installing time synchronization via NTP")
    out += [
        "Adding MySQL manifest entries",
        "Adding QPID manifest entries",
        "Adding Keystone manifest entries",
    ]
    when("CONFIG_GLANCE_INSTALL", "Adding Glance Keystone manifest entries", "Adding Glance manifest entries")
    when(
        "CONFIG_CINDER_INSTALL",
        "Installing dependencies for Cinder",
        "Adding Cinder Keystone manifest entries",
        "Adding Cinder manifest entries",
    )
    if yes(config, "CONFIG_CINDER_INSTALL") and config.get("CONFIG_CINDER_BACKEND") == "lvm":
        out.append(CINDER_VG)
    when("CONFIG_NOVA_INSTALL", *(f"Adding Nova {x} manifest entries" for x in NOVA))
    if yes(config, "CONFIG_NOVA_INSTALL") and not yes(config, "CONFIG_NEUTRON_INSTALL"):
        out.append("Adding Nova Network manifest entries")
    elif yes(config, "CONFIG_NOVA_INSTALL"):
        out.append("Adding Openstack Network-related Nova manifest entries")
    when("CONFIG_NEUTRON_INSTALL", *(f"Adding Neutron {x} manifest entries" for x in NEUTRON))
    when("CONFIG_CLIENT_INSTALL", "Adding OpenStack Client manifest entries")
    when("CONFIG_HORIZON_INSTALL", "Adding Horizon manifest entries")
    when("CONFIG_SWIFT_INSTALL", *(f"Adding Swift {x} manifest entries" for x in SWIFT))
    if provisions(config):
        out.append("Adding Provisioning manifest entries")
    when("CONFIG_HEAT_INSTALL", "Adding Heat manifest entries", "Adding Heat Keystone manifest entries")
    if yes(config, "CONFIG_HEAT_INSTALL"):
        when("CONFIG_HEAT_CLOUDWATCH_INSTALL", "Adding Heat CloudWatch API manifest entries")
        when("CONFIG_HEAT_CFN_INSTALL", "Adding Heat CloudFormation API manifest entries")
    when(
        "CONFIG_CEILOMETER_INSTALL", "Adding Ceilometer manifest entries", "Adding Ceilometer Keystone manifest entries"
    )
    when("CONFIG_NAGIOS_INSTALL", "Adding Nagios server manifest entries", "Adding Nagios host manifest entries")
    return [*out, "Adding post install manifest entries"]


CINDER_VG = "Checking if the Cinder server has a cinder-volumes vg"
NOVA = ["API", "Keystone", "Cert", "Conductor", "Compute", "Scheduler", "VNC Proxy", "Common"]
NEUTRON = ["API", "Keystone", "L3", "L2 Agent", "DHCP Agent", "LBaaS Agent", "Metadata Agent"]
SWIFT = ["Keystone", "builder", "proxy", "storage", "common"]


def provisions(config: Config) -> bool:
    """Whether the demo is set up: asked for, and everything on one server."""
    asked = yes(config, "CONFIG_PROVISION_DEMO") or yes(config, "CONFIG_PROVISION_TEMPEST")
    return asked and all_in_one({k: v for k, v in config.items() if k in config})


def plan(config: Config) -> list[Manifest]:
    """Every Puppet run in the order of "Applying …"."""
    everyone = servers(config)
    steps: list[tuple[str, str, list[str]]] = [("prescript", "prescript", everyone)]
    if config.get("CONFIG_NTP_SERVERS"):
        steps.append(("ntpd", "ntpd", everyone))
    steps.append(("mysql", "pre", hosts_of(config["CONFIG_MYSQL_HOST"])))
    steps.append(("qpid", "pre", hosts_of(config["CONFIG_QPID_HOST"])))
    steps.append(("keystone", "keystone", hosts_of(config["CONFIG_KEYSTONE_HOST"])))
    for name in ("glance", "cinder"):
        if yes(config, f"CONFIG_{name.upper()}_INSTALL"):
            steps.append((name, "keystone", hosts_of(config[f"CONFIG_{name.upper()}_HOST"])))
    if yes(config, "CONFIG_NOVA_INSTALL"):
        steps.append(("api_nova", "novaapi", hosts_of(config["CONFIG_NOVA_API_HOST"])))
        steps.append(("nova", "nova", nova_hosts(config)))
    if yes(config, "CONFIG_NEUTRON_INSTALL"):
        steps.append(("neutron", "neutron", neutron_hosts(config)))
    if yes(config, "CONFIG_CLIENT_INSTALL"):
        steps.append(("osclient", "osclient", hosts_of(config["CONFIG_OSCLIENT_HOST"])))
    if yes(config, "CONFIG_HORIZON_INSTALL"):
        steps.append(("horizon", "osclient", hosts_of(config["CONFIG_HORIZON_HOST"])))
    if yes(config, "CONFIG_SWIFT_INSTALL"):
        steps.append(("ring_swift", "swiftbuilder", hosts_of(config["CONFIG_SWIFT_PROXY_HOSTS"])))
        steps.append(("swift", "last", swift_hosts(config)))
    if provisions(config):
        steps.append(("provision", "provision", hosts_of(config["CONFIG_KEYSTONE_HOST"])))
    for name in ("heat", "ceilometer", "nagios"):
        if yes(config, f"CONFIG_{name.upper()}_INSTALL"):
            steps.append((name, "last", hosts_of(config[f"CONFIG_{name.upper()}_HOST"])))
    if yes(config, "CONFIG_NAGIOS_INSTALL"):
        steps.append(("nagios_nrpe", "last", everyone))
    steps.append(("postscript", "postscript", everyone))
    # The second server has less to do: its lighter manifests are over first.
    first = hosts_of(config["CONFIG_KEYSTONE_HOST"])[:1]
    return [
        Manifest(h, name, marker, SECONDS[name] - (0.0 if [h] == first else 1.5))
        for name, marker, names in steps
        for h in names
        if h in everyone
    ]


def text(manifest: Manifest, config: Config) -> str:
    """The file that lies in manifests/: what the run is for, and the answers it uses."""
    stem = {"api_nova": "NOVA", "osclient": "OSCLIENT", "ring_swift": "SWIFT", "nagios_nrpe": "NAGIOS"}
    word = stem.get(manifest.name, manifest.name.upper())
    used = sorted(k for k in config if f"_{word}_" in k)
    lines = [f"# {manifest.file}: {manifest.name} on {manifest.host}"]
    lines += [f"${k.lower()} = '{config[k]}'" for k in used]
    lines.append(f"class {{ 'packstack::{manifest.name}': host => '{manifest.host}' }}")
    return "\n".join(lines) + "\n"
