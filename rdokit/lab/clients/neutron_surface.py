"""Which subcommands and options neutronclient 2.3.1 has. The sentences are ours.

A line of `COMMANDS` is "name | kind resource | arguments"; an argument is its
spellings joined with "," and then, after blanks, key=value pairs:
meta (shown name), dest, type, choices, default; and the words true, false
(flags), append, required, hidden, many.
"""

from __future__ import annotations

from functools import cache

from .argparse2 import Parser

SIMPLE = [  # list, show, create, update, delete of these; (command stem, resource, columns of the list)
    ("net", "network", "id name subnets"),
    ("subnet", "subnet", "id name cidr allocation_pools"),
    ("port", "port", "id name mac_address fixed_ips"),
    ("router", "router", "id name external_gateway_info"),
    ("floatingip", "floatingip", "id fixed_ip_address floating_ip_address port_id"),
    ("security-group", "security_group", "id name description"),
    ("security-group-rule", "security_group_rule",
     "id security_group_id direction protocol remote_ip_prefix remote_group_id"),
    ("agent", "agent", "id agent_type host alive admin_state_up"),
    ("lb-vip", "vip", "id name algorithm address protocol admin_state_up status"),
    ("lb-pool", "pool", "id name provider lb_method protocol admin_state_up status"),
    ("lb-member", "member", "id address protocol_port admin_state_up status"),
    ("lb-healthmonitor", "health_monitor", "id type admin_state_up"),
    ("queue", "qos_queue", "id name min max qos_marking dscp default"),
    ("net-gateway", "network_gateway", "id name"),
    ("firewall-rule", "firewall_rule", "id name firewall_policy_id summary enabled"),
    ("firewall-policy", "firewall_policy", "id name firewall_rules"),
    ("firewall", "firewall", "id name firewall_policy_id"),
    ("cisco-credential", "credential", "credential_id credential_name user_name password type"),
    ("cisco-network-profile", "network_profile", "id name segment_type sub_type segment_range"),
    ("cisco-policy-profile", "policy_profile", "id name"),
    ("ipsec-site-connection", "ipsec_site_connection", "id name peer_address peer_cidrs route_mode auth_mode status"),
    ("vpn-service", "vpnservice", "id name router_id status"),
    ("vpn-ipsecpolicy", "ipsecpolicy", "id name auth_algorithm encryption_algorithm pfs"),
    ("vpn-ikepolicy", "ikepolicy", "id name auth_algorithm encryption_algorithm ike_version pfs"),
]
LIST_COLUMNS = {resource: columns.split() for _, resource, columns in SIMPLE} | {
    "extension": ["alias", "name"], "service_provider": ["service_type", "name", "default"],
}
MISSING = {  # verbs that a stem of SIMPLE does not have
    "floatingip": {"update"}, "security-group-rule": {"update"}, "agent": {"create"},
    "cisco-credential": {"update"}, "cisco-policy-profile": {"create", "delete"}, "queue": {"update"},
}
BY_ID_ONLY = {"floatingip", "security_group_rule", "agent", "extension"}
SORTED_LISTS = {"network", "subnet", "port", "router", "floatingip", "security_group", "security_group_rule",
                "vip", "pool", "member", "health_monitor", "firewall_rule", "firewall_policy", "firewall",
                "service_provider", "vpnservice", "ipsecpolicy", "ikepolicy", "ipsec_site_connection"}

_DOWN = ["--admin-state-down dest=admin_state false", "--admin_state_down dest=admin_state false hidden"]
_SECGROUP = ["--security-group meta=SECURITY_GROUP dest=security_groups append group=1",
             "--no-security-groups true group=1", "--extra-dhcp-opt dest=extra_dhcp_opts append"]
_FIXED_ADDRESS = ["--fixed-ip-address", "--fixed_ip_address hidden"]

# arguments of create and update beyond those that all have
ARGUMENTS = {
    "net-create": [*_DOWN, "--shared true", "name meta=NAME"],
    "subnet-create": [
        "--name", "--ip-version type=int default=4 choices=4,6", "--ip_version type=int choices=4,6 hidden",
        "--gateway meta=GATEWAY_IP", "--no-gateway true",
        "--allocation-pool meta=start=IP_ADDR,end=IP_ADDR dest=allocation_pools type=str2dict append",
        "--allocation_pool dest=allocation_pools type=str2dict append hidden",
        "--host-route meta=destination=CIDR,nexthop=IP_ADDR dest=host_routes type=str2dict append",
        "--dns-nameserver meta=DNS_NAMESERVER dest=dns_nameservers append", "--disable-dhcp true",
        "network_id meta=NETWORK", "cidr meta=CIDR",
    ],
    "port-create": [
        "--name", *_DOWN, "--mac-address", "--mac_address hidden", "--device-id", "--device_id hidden",
        "--fixed-ip meta=ip_address=IP_ADDR append", "--fixed_ip append hidden", *_SECGROUP, "network_id meta=NETWORK",
    ],
    "port-update": _SECGROUP,
    "router-create": [*_DOWN, "name meta=NAME"],
    "floatingip-create": ["floating_network_id meta=FLOATING_NETWORK", "--port-id", "--port_id hidden",
                          *_FIXED_ADDRESS],
    "security-group-create": ["name meta=NAME", "--description"],
    "security-group-update": ["--name", "--description"],
    "security-group-rule-create": [
        "security_group_id meta=SECURITY_GROUP", "--direction default=ingress choices=ingress,egress",
        "--ethertype default=IPv4", "--protocol", "--port-range-min", "--port_range_min hidden", "--port-range-max",
        "--port_range_max hidden", "--remote-ip-prefix", "--remote_ip_prefix hidden",
        "--remote-group-id meta=REMOTE_GROUP", "--remote_group_id hidden",
    ],
    "security-group-rule-list": ["--no-nameconv true"],
    "lb-pool-create": [
        "--admin-state-down dest=admin_state false", "--description",
        "--lb-method required choices=ROUND_ROBIN,LEAST_CONNECTIONS,SOURCE_IP", "--name required",
        "--protocol required choices=HTTP,HTTPS,TCP", "--subnet-id meta=SUBNET required", "--provider",
    ],
    "lb-vip-create": [
        "pool_id meta=POOL", "--address", "--admin-state-down dest=admin_state false", "--connection-limit",
        "--description", "--name required", "--protocol-port required",
        "--protocol required choices=TCP,HTTP,HTTPS", "--subnet-id meta=SUBNET required",
    ],
    "lb-member-create": ["pool_id meta=POOL", "--admin-state-down dest=admin_state false", "--weight",
                         "--address required", "--protocol-port required"],
    "lb-healthmonitor-create": [
        "--admin-state-down dest=admin_state false", "--expected-codes", "--http-method", "--url-path",
        "--delay required", "--max-retries required", "--timeout required",
        "--type required choices=PING,TCP,HTTP,HTTPS",
    ],
    "queue-create": ["name meta=NAME", "--min", "--max", "--qos-marking", "--default", "--dscp"],
    "net-gateway-create": ["name meta=NAME", "--device append"],
    "firewall-rule-create": [
        "--name", "--description", "--shared true", "--source-ip-address", "--destination-ip-address",
        "--source-port", "--destination-port", "--disabled dest=enabled false",
        "--protocol required choices=tcp,udp,icmp,any", "--action required choices=allow,deny",
    ],
    "firewall-rule-update": ["--protocol choices=tcp,udp,icmp,any"],
    "firewall-policy-create": ["name meta=NAME", "--description", "--shared true", "--firewall-rules",
                               "--audited true"],
    "firewall-create": ["firewall_policy_id meta=POLICY", "--name", "--description", "--shared true",
                        "--admin-state-down dest=admin_state false"],
    "vpn-service-create": ["--admin-state-down dest=admin_state false", "--name", "--description",
                           "router meta=ROUTER", "subnet meta=SUBNET"],
    "vpn-ikepolicy-create": [
        "--description", "--auth-algorithm default=sha1 choices=sha1",
        "--encryption-algorithm default=aes-128 choices=3des,aes-128,aes-192,aes-256",
        "--phase1-negotiation-mode default=main choices=main", "--ike-version default=v1 choices=v1,v2",
        "--pfs default=group5 choices=group2,group5,group14", "--lifetime meta=units=UNITS,value=VALUE",
        "name meta=NAME",
    ],
    "vpn-ikepolicy-update": ["--lifetime meta=units=UNITS,value=VALUE"],
    "vpn-ipsecpolicy-create": [
        "--description", "--transform-protocol default=esp choices=esp,ah,ah-esp",
        "--auth-algorithm default=sha1 choices=sha1", "--encapsulation-mode default=tunnel choices=tunnel,transport",
        "--encryption-algorithm default=aes-128 choices=3des,aes-128,aes-192,aes-256",
        "--pfs default=group5 choices=group2,group5,group14", "--lifetime meta=units=UNITS,value=VALUE",
        "name meta=NAME",
    ],
    "vpn-ipsecpolicy-update": ["--lifetime meta=units=UNITS,value=VALUE"],
    "ipsec-site-connection-create": [
        "--admin-state-down dest=admin_state false", "--name", "--description", "--mtu default=1500",
        "--initiator default=bi-directional choices=bi-directional,response-only", "--dpd", "--vpnservice-id required",
        "--ikepolicy-id required", "--ipsecpolicy-id required", "--peer-address required", "--peer-id required",
        "--peer-cidr required append dest=peer_cidrs", "--psk required",
    ],
    "cisco-credential-create": ["credential_name", "credential_type", "--username", "--password"],
    "cisco-network-profile-create": ["name", "segment_type", "--sub_type", "--segment_range", "--physical_network",
                                     "--multicast_ip_range", "--add-tenant"],
}

# commands of their own: name -> (kind, resource, arguments)
OTHERS = {
    "net-external-list": ("list", "network", []),
    "router-port-list": ("list", "port", ["id meta=router"]),
    "router-interface-add": ("plain", "router", ["router_id meta=router-id", "interface meta=INTERFACE"]),
    "router-interface-delete": ("plain", "router", ["router_id meta=router-id", "interface meta=INTERFACE"]),
    "router-gateway-set": ("plain", "router", ["router_id meta=router-id",
                                               "external_network_id meta=external-network-id", "--disable-snat true"]),
    "router-gateway-clear": ("plain", "router", ["router_id meta=router-id"]),
    "floatingip-associate": ("plain", "floatingip", ["floatingip_id meta=FLOATINGIP_ID", "port_id meta=PORT",
                                                     *_FIXED_ADDRESS]),
    "floatingip-disassociate": ("plain", "floatingip", ["floatingip_id meta=FLOATINGIP_ID"]),
    "quota-list": ("rows", "quota", []),
    "quota-show": ("one", "quota", ["--tenant-id meta=tenant-id", "--tenant_id hidden"]),
    "quota-delete": ("plain", "quota", ["--tenant-id meta=tenant-id", "--tenant_id hidden"]),
    "quota-update": ("one", "quota", [
        "--tenant-id meta=tenant-id", "--tenant_id hidden", "--network meta=networks", "--subnet meta=subnets",
        "--port meta=ports", "--router meta=routers", "--floatingip meta=floatingips",
        "--security-group meta=security_groups", "--security-group-rule meta=security_group_rules"]),
    "ext-list": ("list", "extension", []),
    "ext-show": ("show", "extension", ["id meta=EXT-ALIAS"]),
    "dhcp-agent-network-add": ("plain", "agent", ["dhcp_agent", "network"]),
    "dhcp-agent-network-remove": ("plain", "agent", ["dhcp_agent", "network"]),
    "net-list-on-dhcp-agent": ("list", "network", ["dhcp_agent"]),
    "dhcp-agent-list-hosting-net": ("list", "agent", ["network"]),
    "l3-agent-router-add": ("plain", "agent", ["l3_agent", "router"]),
    "l3-agent-router-remove": ("plain", "agent", ["l3_agent", "router"]),
    "router-list-on-l3-agent": ("list", "router", ["l3_agent"]),
    "l3-agent-list-hosting-router": ("list", "agent", ["router"]),
    "lb-pool-list-on-agent": ("list", "pool", ["lbaas_agent"]),
    "lb-agent-hosting-pool": ("list", "agent", ["pool"]),
    "lb-pool-stats": ("show", "pool", ["id meta=POOL"]),
    "lb-healthmonitor-associate": ("plain", "health_monitor", ["health_monitor_id meta=HEALTH_MONITOR_ID",
                                                               "pool_id meta=POOL"]),
    "lb-healthmonitor-disassociate": ("plain", "health_monitor", ["health_monitor_id meta=HEALTH_MONITOR_ID",
                                                                  "pool_id meta=POOL"]),
    "net-gateway-connect": ("plain", "network_gateway", [
        "net_gateway_id meta=NET-GATEWAY-ID", "network_id meta=NETWORK-ID", "--segmentation-type",
        "--segmentation-id"]),
    "net-gateway-disconnect": ("plain", "network_gateway", [
        "net_gateway_id meta=NET-GATEWAY-ID", "network_id meta=NETWORK-ID", "--segmentation-type",
        "--segmentation-id"]),
    "service-provider-list": ("list", "service_provider", []),
    "firewall-policy-insert-rule": ("plain", "firewall_policy", [
        "id meta=FIREWALL_POLICY", "--insert-before meta=FIREWALL_RULE", "--insert-after meta=FIREWALL_RULE",
        "firewall_rule_id meta=FIREWALL_RULE"]),
    "firewall-policy-remove-rule": ("plain", "firewall_policy", ["id meta=FIREWALL_POLICY",
                                                                 "firewall_rule_id meta=FIREWALL_RULE"]),
}

GLOBAL = [  # option, shown value, environment variable, whether the old spelling with underscores exists
    ("--os-auth-strategy", "<auth-strategy>", "OS_AUTH_STRATEGY", True),
    ("--os-auth-url", "<auth-url>", "OS_AUTH_URL", True),
    ("--os-tenant-name", "<auth-tenant-name>", "OS_TENANT_NAME", True),
    ("--os-tenant-id", "<auth-tenant-id>", "OS_TENANT_ID", False),
    ("--os-username", "<auth-username>", "OS_USERNAME", True),
    ("--os-password", "<auth-password>", "OS_PASSWORD", True),
    ("--os-region-name", "<auth-region-name>", "OS_REGION_NAME", True),
    ("--os-token", "<token>", "OS_TOKEN", True),
    ("--endpoint-type", "<endpoint-type>", "OS_ENDPOINT_TYPE", False),
    ("--os-url", "<url>", "OS_URL", True),
    ("--os-cacert", "<ca-certificate>", "OS_CACERT", False),
]


def str2dict(text: str) -> dict[str, str]:
    """ "a=1,b=2" as a dict; ValueError without "=".

    >>> str2dict("start=10.0.0.1,end=10.0.0.9")
    {'start': '10.0.0.1', 'end': '10.0.0.9'}
    """
    found = {}
    for pair in text.split(","):
        name, value = pair.split("=", 1)
        found[name] = value
    return found


def global_parser(environment: dict[str, str]) -> Parser:
    """Options that may stand anywhere; what it does not know belongs to the subcommand."""
    about = "Command line of OpenStack Networking (Havana), in the practice lab."
    parser = Parser("neutron", about=about, unicode=True)
    parser.add("--version", action="version", const="2.3.1")
    parser.add("-v", "--verbose", action="count", dest="verbose_level", default=1)
    parser.add("-q", "--quiet", action="store_const", const=0, dest="verbose_level", default=1)
    parser.add("-h", "--help", action="store_true")
    parser.add("--debug", action="store_true")
    defaults = {"OS_AUTH_STRATEGY": "keystone", "OS_ENDPOINT_TYPE": "publicURL"}
    for name, metavar, variable, old in GLOBAL:
        parser.add(name, metavar=metavar, default=environment.get(variable) or defaults.get(variable, ""))
        if old:
            parser.add("--" + name[2:].replace("-", "_"), hidden=True)
    parser.add("--insecure", action="store_true")
    return parser


@cache
def kinds() -> dict[str, tuple[str, str]]:
    """Every subcommand: its kind (list, show, create, update, delete, rows, one, plain) and resource."""
    found = {}
    for stem, resource, _ in SIMPLE:
        for verb in ("list", "show", "create", "update", "delete"):
            if verb not in MISSING.get(stem, ()):
                found[f"{stem}-{verb}"] = (verb, resource)
    return found | {name: (kind, resource) for name, (kind, resource, _) in OTHERS.items()} | {"help": ("help", "")}


def command_parser(name: str) -> Parser:
    """The parser of one subcommand, in the order in which the genuine one is put together."""
    kind, resource = kinds()[name]
    parser = Parser(f"neutron {name}", unicode=True, about=_about(name, kind, resource))
    parser.add("-h", "--help", action="help")
    if kind == "help":
        parser.add("cmd", nargs="*")
        return parser
    if kind in ("list", "rows"):
        parser.add("-f", "--format", dest="formatter", choices=["csv", "table"], default="table")
        parser.add("-c", "--column", action="append", default=[], dest="columns", metavar="COLUMN")
        parser.add("--quote", choices=["all", "minimal", "none", "nonnumeric"], dest="quote_mode",
                   default="nonnumeric", metavar="{all,minimal,none,nonnumeric}")
    elif kind in ("show", "create", "one"):
        parser.add("-f", "--format", dest="formatter", choices=["shell", "table"], default="table")
        parser.add("-c", "--column", action="append", default=[], dest="columns", metavar="COLUMN")
        parser.add("--variable", action="append", default=[], dest="variables", metavar="VARIABLE")
        parser.add("--prefix", default="")
    parser.add("--request-format", default="json", choices=["json", "xml"])
    parser.add("--request_format", choices=["json", "xml"], hidden=True)
    if kind in ("list", "show"):
        parser.add("-D", "--show-details", action="store_true")
        parser.add("--show_details", action="store_true", hidden=True)
        parser.add("--fields", action="append", default=[], hidden=True)
        parser.add("-F", "--field", dest="fields", metavar="FIELD", action="append", default=[])
    if kind == "list" and resource in SORTED_LISTS and name not in (
        "router-list-on-l3-agent", "lb-pool-list-on-agent", "lb-agent-hosting-pool"
    ):
        parser.add("-P", "--page-size", dest="page_size", metavar="SIZE", type=int)
        parser.add("--sort-key", dest="sort_key", metavar="FIELD", action="append", default=[])
        parser.add("--sort-dir", dest="sort_dir", metavar="{asc,desc}", action="append", default=[],
                   choices=["asc", "desc"])
    if kind == "create":
        parser.add("--tenant-id", metavar="TENANT_ID")
        parser.add("--tenant_id", hidden=True)
    own = OTHERS[name][2] if name in OTHERS else ARGUMENTS.get(name, [])
    if kind in ("update", "delete") or (kind == "show" and name not in OTHERS):
        parser.add("id", metavar=resource.upper())
    for text in own:
        _add(parser, text)
    return parser


def _add(parser: Parser, text: str) -> None:
    spellings, *rest = text.split(" ")
    more: dict = {}
    for word in rest:
        key, equals, value = word.partition("=")
        if equals:
            kind = {"int": int, "str2dict": str2dict}
            if key == "meta":
                more["metavar"] = value
            elif key == "type":
                more["type"] = kind[value]
            elif key == "choices":
                more["choices"] = [int(v) if v.isdigit() else v for v in value.split(",")]
            elif key == "default":
                more["default"] = int(value) if value.isdigit() and "type=int" in rest else value
            elif key == "group":
                more["group"] = int(value)
            else:
                more[key] = value
        elif word in ("true", "false"):
            more["action"] = f"store_{word}"
        elif word == "append":
            more["action"] = "append"
        else:
            more[word] = True
    parser.add(*spellings.split(","), **more)


def _about(name: str, kind: str, resource: str) -> str:
    thing = resource.replace("_", " ")
    return {
        "list": f"Show all that there are ({thing}).", "show": f"Show one {thing}.", "create": f"Make a {thing}.",
        "update": f"Change a {thing}.", "delete": f"Delete a {thing}.", "help": "Explain a command.",
    }.get(kind, name.replace("-", " ").capitalize() + ".")
