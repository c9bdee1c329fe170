"""`neutron`: the Networking client of Havana (python-neutronclient 2.3.1) against the simulated cloud."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from ..clients import values_specs
from ..clients.argparse2 import Exit, Parser, UsageError
from ..clients.neutron_client import NO_PAGE, NeutronClient, NeutronFailure
from ..clients.neutron_surface import (
    BY_ID_ONLY,
    LIST_COLUMNS,
    OTHERS,
    command_parser,
    global_parser,
    kinds,
    str2dict,
)
from ..clients.tables import (
    Py2UnicodeError,
    check_encodable,
    csv_line,
    emit,
    encode_error,
    pretty,
    py2_order,
    py2_repr,
)
from ..clients.values_specs import CommandError
from ..openstack.neutron import DEFAULT_QUOTAS
from ..openstack.py2 import represent
from ..process import Process, command

EXTENSIONS = {  # alias -> name, what it is for (own words), namespace, date
    "ext-gw-mode": ("Neutron L3 Configurable external gateway mode", "ext-gw-mode", "2013-03-28T10:00:00-00:00"),
    "security-group": ("security-group", "securitygroups", "2012-10-05T10:00:00-00:00"),
    "l3_agent_scheduler": ("L3 Agent Scheduler", "l3_agent_scheduler", "2013-02-07T10:00:00-00:00"),
    "provider": ("Provider Network", "provider", "2012-09-07T10:00:00-00:00"),
    "binding": ("Port Binding", "binding", "2012-11-14T10:00:00-00:00"),
    "quotas": ("Quota management support", "quotas-sets", "2012-07-29T10:00:00-00:00"),
    "agent": ("agent", "agent", "2013-02-03T10:00:00-00:00"),
    "dhcp_agent_scheduler": ("DHCP Agent Scheduler", "dhcp_agent_scheduler", "2013-02-07T10:00:00-00:00"),
    "external-net": ("Neutron external network", "neutron", "2013-01-14T10:00:00-00:00"),
    "router": ("Neutron L3 Router", "neutron/router", "2012-07-20T10:00:00-00:00"),
    "allowed-address-pairs": ("Allowed Address Pairs", "allowed_address_pairs", "2013-07-23T10:00:00-00:00"),
    "extra_dhcp_opt": ("Neutron Extra DHCP opts", "extra_dhcp_opt", "2013-03-17T12:00:00-00:00"),
    "extraroute": ("Neutron Extra Route", "extraroutes", "2013-02-01T10:00:00-00:00"),
}
Args = SimpleNamespace


@command("neutron", package="python-neutronclient")
async def neutron(p: Process) -> int:
    """Run one command line as the genuine client's main()."""
    shell = Shell(p)
    try:
        status = shell.run(p.argv[1:])
        return await shell.interact() if status is None else status
    except UsageError as error:
        p.error(error.usage + error.line)
        return error.status
    except Exit as done:
        (p.error if done.stderr else p.print)(done.text, end="")
        return done.status


class Shell:
    """One run of the client: options, login, one subcommand."""

    def __init__(self, p: Process):
        self.p = p
        self._client: NeutronClient | None = None
        self.specs: list[str] = []
        self.name = ""
        self.resource = ""

    @property
    def client(self) -> NeutronClient:
        """Logs in when first asked for."""
        if self._client is None:
            self._client = NeutronClient(self.p, self.options)
        return self._client

    def run(self, argv: list[str]) -> int | None:
        """The exit status; None when no command was given and the client goes on to ask for some."""
        commands = kinds()
        if "bash-completion" in argv:
            self._completion()
            return 0
        known = [i for i, a in enumerate(argv) if a in commands and a != "help"]
        helps = [i for i, a in enumerate(argv) if a in ("-h", "--help")]
        asked = [i for i, a in enumerate(argv) if a == "help"]
        if known and helps and helps[0] > known[0]:
            argv = ["help", argv[known[0]]]
        elif asked and not known:
            argv = [*argv[: asked[0]], "--help", *argv[asked[0] + 1 :]]
        parser = global_parser(self.p.env)
        self.options, rest = parser.parse_known(argv)
        if self.options.help:
            raise Exit(_main_help(parser))
        try:
            name = self._find_command(rest)
            if name != "help":
                self._check_login()
        except (CommandError, NeutronFailure) as error:
            return self._failed(error)
        if not rest:
            return None
        return self._subcommand(name, rest[1:])

    async def interact(self) -> int:
        """Read commands from standard input until it ends or says exit."""
        while True:
            self.p.print("(neutron) ", end="")
            raw = await self.p.stdin.readline()
            line = raw.decode("utf-8", "surrogateescape").strip()
            if not raw or line in ("exit", "quit", "q", "EOF"):
                return 0
            if not line:
                continue
            try:
                words = shlex.split(line)
                self._subcommand(self._find_command(words), words[1:])
            except UsageError as error:
                self.p.error(error.usage + error.line)
            except Exit as done:
                self.p.print(done.text, end="")
            except (CommandError, ValueError) as error:
                self.p.error(str(error))

    def _find_command(self, argv: list[str]) -> str:
        if not argv:
            return ""
        if argv[0].startswith("-"):
            raise CommandError(f"Invalid command {py2_repr(argv[0])}")
        if argv[0] not in kinds():
            raise CommandError(f"Unknown command {py2_repr(argv)}")
        return argv[0]

    def _check_login(self) -> None:
        """What must be given before anything is sent.

        Raises:
            CommandError: the first thing that is missing.
        """
        o = self.options
        if o.os_auth_strategy != "keystone":
            if not o.os_url:
                raise CommandError("You must provide a service URL via either --os-url or env[OS_URL]")
            return
        if o.os_token or o.os_url:
            if not o.os_token:
                raise CommandError("You must provide a token via either --os-token or env[OS_TOKEN]")
            if not o.os_url:
                raise CommandError("You must provide a service URL via either --os-url or env[OS_URL]")
            return
        if not o.os_username:
            raise CommandError("You must provide a username via either --os-username or env[OS_USERNAME]")
        if not o.os_password:
            raise CommandError("You must provide a password via either --os-password or env[OS_PASSWORD]")
        if not o.os_tenant_name and not o.os_tenant_id:
            raise CommandError("You must provide a tenant_name or tenant_id via  --os-tenant-name, env[OS_TENANT_NAME]"
                               "  --os-tenant-id, or via env[OS_TENANT_ID]")
        if not o.os_auth_url:
            raise CommandError("You must provide an auth url via either --os-auth-url or via env[OS_AUTH_URL]")

    def _failed(self, error: Exception) -> int:
        """Tell an error: on stderr; one of the library with a non-ASCII text dies in telling (on stdout)."""
        text = str(error)
        if isinstance(error, NeutronFailure) and not text.isascii():
            self.p.print(encode_error(text))
            return 1
        self.p.error(text)
        return 1

    def _subcommand(self, name: str, argv: list[str]) -> int:
        self.name = name
        kind, self.resource = kinds()[name]
        parser = command_parser(name)
        if "--" in argv:
            at = argv.index("--")
            args, _ = parser.parse_known(argv[:at])
            self.specs = argv[at:]
        else:
            args, self.specs = parser.parse_known(argv)
        try:
            action = ACTIONS.get(name) or BY_KIND[kind]
            action(self, args)
        except (CommandError, NeutronFailure, Py2UnicodeError) as error:
            return self._failed(error)
        return 0

    def _completion(self) -> None:
        words = set(kinds()) | {n for a in global_parser({}).args for n in a.names}
        for name in kinds():
            words |= {n for a in command_parser(name).args for n in a.names}
        self.p.print(" ".join(sorted(words)))

    def extras(self, args: Args) -> dict[str, Any]:
        """The free arguments as attributes."""
        found = values_specs.parse(self.specs)
        values_specs.merge(args, found)
        return found


def _main_help(parser: Parser) -> str:
    lines = [f"  {name:<32}{command_parser(name).about}" for name in sorted(kinds())]
    return parser.help() + "\nCommands:\n" + "\n".join(lines) + "\n"


# -- output


def print_rows(sh: Shell, args: Args, columns: list[str], rows: list[list[Any]]) -> None:
    """A list, as table or csv; without rows just the end of a line."""
    chosen = list(columns)
    if args.columns:
        chosen = [c for c in columns if c in args.columns]
        if not chosen:
            raise CommandError(f"No recognized column names in {py2_repr(args.columns)}")
        places = [columns.index(c) for c in chosen]
        rows = [[row[i] for i in places] for row in rows]
    if args.formatter == "csv":
        _print_csv(sh.p, chosen, rows, args.quote_mode)
        return
    if not chosen:
        sh.p.print()
        return
    align = {c: "r" if rows and type(v) in (int, float) else "l" for c, v in zip(chosen, rows[0] if rows else chosen,
                                                                                 strict=True)}
    emit(sh.p, pretty(chosen, [[_text(v) for v in row] for row in rows], align=align))


def _print_csv(p: Process, columns: list[str], rows: list[list[Any]], quote: str) -> None:
    import csv

    for row in [columns, *rows]:
        cells = [v if isinstance(v, (str, int, float)) else _text(v) for v in row]
        for value in cells:  # the csv module of Python 2 turns every cell into ASCII bytes, terminal or not
            if isinstance(value, str) and not value.isascii():
                raise Py2UnicodeError(encode_error(value))
        try:
            p.print(csv_line(cells, quote), end="")
        except csv.Error as error:
            raise CommandError(str(error)) from None


def _text(value: Any) -> str:
    """str() of Python 2."""
    return value if isinstance(value, str) else represent(value)


def print_one(sh: Shell, args: Args, row: dict[str, Any]) -> None:
    """A Field/Value table, or shell variables; sorted by name."""
    if not row:
        raise CommandError("need more than 0 values to unpack")
    pairs = [(k, row[k]) for k in sorted(row)]
    if args.columns:
        pairs = [(k, v) for k, v in pairs if k in args.columns]
    if args.formatter == "shell":
        for name, value in pairs:
            variable = name.lower().replace(" ", "_")
            if not args.variables or variable in args.variables:
                text = f'{args.prefix}{variable}="{_text(value)}"'
                check_encodable(sh.p, text + "\n")
                sh.p.print(text)
        return
    emit(sh.p, pretty(["Field", "Value"], [(k, _text(v)) for k, v in pairs]))


PASSES = {"configurations": 3}  # how often a value went through JSON: agents send theirs, the database keeps it so


def dumps(value: Any, indent: int | None = None, passes: int = 1) -> str:
    """JSON as Python 2 writes it inside a cell.

    Args:
        passes: how often the value was read from JSON on its way (every time its dicts are built anew, and keys that
            share a slot of the hash table change places).
    """
    return json.dumps(_travelled(value, passes), indent=indent, separators=(", ", ": "))


def _travelled(value: Any, passes: int) -> Any:
    if isinstance(value, dict):
        # as the server's source code lists them: at once, or (passes above 1: agents) one after another
        keys = py2_order(value, len(value) if passes == 1 else 0)
        for _ in range(passes):
            keys = py2_order(keys)
        return {k: _travelled(value[k], passes) for k in keys}
    if isinstance(value, list):
        return [_travelled(v, passes) for v in value]
    return value


def readable(row: dict[str, Any], indent: int | None = None) -> dict[str, Any]:
    """Values of one resource for show and create."""
    out = {}
    for name, value in row.items():
        passes = PASSES.get(name, 1)
        if isinstance(value, list):
            out[name] = "\n".join(dumps(v, indent) if isinstance(v, dict) else str(v) for v in value)
        elif isinstance(value, dict):
            out[name] = dumps(value, indent, passes)
        else:
            out[name] = "" if value is None else value
    return out


# -- the ordinary subcommands


def list_action(sh: Shell, args: Args) -> None:
    """…-list"""
    _show_list(sh, args, lambda filters, fields: sh.client.list(sh.resource, filters, fields))


Fetch = Callable[[dict[str, Any], "list[str]"], "list[dict[str, Any]]"]


def _show_list(sh: Shell, args: Args, fetch: Fetch) -> None:
    """Free arguments become filters; the client adds names of subnets and groups, then columns are chosen."""
    sh.client  # noqa: B018 - logs in before the free arguments are looked at
    extra = sh.extras(args)
    if sh.resource == "security_group_rule":
        back = {v: k for k, v in RULE_NAMES.items()}
        args.fields = [back.get(f, f) for f in args.fields]
    fields = list(args.fields)
    if "fields" in extra:
        fields = extra.pop("fields")
        fields = fields if isinstance(fields, list) else [fields]
    data = [dict(row) for row in fetch(extra, fields)]
    _extend(sh, args, data)
    if sh.resource == "security_group_rule":
        args.columns = [back.get(c, c) for c in args.columns]
    columns = sorted(data[0]) if data else []
    if not columns:
        args.columns = []
    elif args.columns:
        columns = [c for c in args.columns if c in columns]
    else:
        columns = [c for c in LIST_COLUMNS[sh.resource] if c in columns] if sh.name not in HOSTING else [
            c for c in HOSTING[sh.name] if c in columns
        ]
    rows = [[_list_cell(c, row) for c in columns] for row in data]
    if sh.resource == "security_group_rule" and not args.no_nameconv:
        columns = [RULE_NAMES.get(c, c) for c in columns]
        args.columns = columns
    print_rows(sh, args, columns, rows)


HOSTING = {n: ["id", "host", "admin_state_up", "alive"]
           for n in ("dhcp-agent-list-hosting-net", "l3-agent-list-hosting-router", "lb-agent-hosting-pool")}
RULE_NAMES = {"security_group_id": "security_group", "remote_group_id": "remote_group"}
JSON_LINES = {"allocation_pools", "host_routes", "fixed_ips", "dns_nameservers"}


def _list_cell(column: str, row: dict[str, Any]) -> Any:
    if column.lower() not in row:
        raise CommandError(f"u'{column.lower()}'")
    value = row[column.lower()]
    if column in JSON_LINES and isinstance(value, list):
        return "\n".join(dumps(v) for v in value)
    if column == "external_gateway_info":
        return dumps(value)
    if column == "subnets" and isinstance(value, list):
        return "\n".join(value)
    if column == "heartbeat_timestamp":
        return value.split(".")[0]
    if isinstance(value, (dict, list)):
        return _travelled(value, PASSES.get(column, 1))
    return "" if value is None else value


def _extend(sh: Shell, args: Args, data: list[dict[str, Any]]) -> None:
    if sh.resource == "network" and data:
        wanted = [s for row in data for s in row.get("subnets", [])]
        cidrs = {s["id"]: s["cidr"] for s in sh.client.list("subnet", {"id": wanted}, ["id", "cidr"])}
        for row in data:
            if "subnets" in row:
                row["subnets"] = [f"{s} {cidrs.get(s, '')}" for s in row["subnets"]]
    elif sh.resource == "agent":
        for row in data:
            if "alive" not in row:
                raise CommandError("'alive'")
            row["alive"] = ":-)" if row["alive"] else "xxx"
    elif sh.resource == "security_group_rule" and not args.no_nameconv:
        for row in data:
            for key in py2_order(RULE_NAMES):
                if key not in row:
                    raise CommandError(f"'{key}'")
        wanted = list({row[key] or "" for row in data for key in RULE_NAMES})
        names = {g["id"]: g["name"] for g in sh.client.list("security_group", {"id": wanted}, ["id", "name"])}
        for row in data:
            for key in RULE_NAMES:
                row[key] = names.get(row[key]) or row[key]


def show_action(sh: Shell, args: Args) -> None:
    """…-show"""
    client = sh.client
    row_id = args.id if sh.resource in BY_ID_ONLY else client.find(sh.resource, args.id)
    row = client.show(sh.resource, row_id, list(args.fields))
    print_one(sh, args, readable(row, 5 if sh.resource == "agent" else None))


def create_action(sh: Shell, args: Args) -> None:
    """…-create"""
    client = sh.client
    extra = sh.extras(args)
    body = BODIES[sh.name](client, args) if sh.name in BODIES else {"name": getattr(args, "name", None)}
    body.update(extra)
    row = client.create(sh.resource, body)
    sh.p.print(f"Created a new {sh.resource}:")
    print_one(sh, args, readable(row))


def update_action(sh: Shell, args: Args) -> None:
    """…-update"""
    client = sh.client
    extra = sh.extras(args)
    body = UPDATES[sh.name](client, args) if sh.name in UPDATES else {}
    body.update(extra)
    if not body:
        raise CommandError(f"Must specify new values to update {sh.resource}")
    find = client.find_by_id if sh.resource in BY_ID_ONLY else client.find
    client.update(sh.resource, find(sh.resource, args.id), body)
    _say(sh, f"Updated {sh.resource}: {args.id}")


def delete_action(sh: Shell, args: Args) -> None:
    """…-delete"""
    client = sh.client
    row_id = args.id if sh.resource in BY_ID_ONLY else client.find(sh.resource, args.id)
    client.delete(sh.resource, row_id)
    _say(sh, f"Deleted {sh.resource}: {args.id}")


def _say(sh: Shell, text: str) -> None:
    emit(sh.p, text)


def unserved(sh: Shell, args: Args) -> None:
    """A subcommand whose resource this cloud's server does not know: every request ends in 404."""
    asked = f"neutron {sh.name}"
    if asked not in sh.p.world.unknown:
        sh.p.world.unknown.append(asked)  # for the lab's log
    sh.client.reach("POST" if sh.name.endswith(("-create", "-associate")) else "GET")
    raise NeutronFailure(NO_PAGE.format("The resource could not be found."))


# -- bodies of requests


def network_body(c: NeutronClient, a: Args) -> dict[str, Any]:
    body: dict[str, Any] = {"name": a.name, "admin_state_up": a.admin_state}
    if a.tenant_id:
        body["tenant_id"] = a.tenant_id
    if getattr(a, "shared", False):
        body["shared"] = True
    return body


def subnet_body(c: NeutronClient, a: Args) -> dict[str, Any]:
    network = c.find("network", a.network_id)
    body: dict[str, Any] = {"cidr": a.cidr, "network_id": network, "ip_version": a.ip_version}
    if a.gateway and a.no_gateway:
        raise CommandError("--gateway option and --no-gateway option can not be used same time")
    if a.no_gateway:
        body["gateway_ip"] = None
    if a.gateway:
        body["gateway_ip"] = a.gateway
    for name in ("tenant_id", "name", "allocation_pools", "host_routes", "dns_nameservers"):
        if getattr(a, name):
            body[name] = getattr(a, name)
    if a.disable_dhcp:
        body["enable_dhcp"] = False
    return body


def port_body(c: NeutronClient, a: Args) -> dict[str, Any]:
    network = c.find("network", a.network_id)
    body: dict[str, Any] = {"admin_state_up": a.admin_state, "network_id": network}
    for name in ("mac_address", "device_id", "tenant_id", "name"):
        if getattr(a, name):
            body[name] = getattr(a, name)
    addresses = []
    for text in a.fixed_ip or []:
        try:
            one = str2dict(text)
        except ValueError:
            raise CommandError("need more than 1 value to unpack") from None
        if "subnet_id" in one:
            one["subnet_id"] = c.find("subnet", one["subnet_id"])
        addresses.append(one)
    if addresses:
        body["fixed_ips"] = addresses
    return body | port_update(c, a)


def port_update(c: NeutronClient, a: Args) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if a.security_groups:
        body["security_groups"] = [c.find("security_group", g) for g in a.security_groups]
    elif a.no_security_groups:
        body["security_groups"] = None
    options: list[dict[str, str]] = []
    pending: dict[str, str] = {}
    for text in a.extra_dhcp_opts or []:
        wrong = CommandError("invalid --extra-dhcp-opt option, can only be: opt_name=<dhcp_option_name>,"
                             "opt_value=<value>, (This option can be repeated.")
        if text.split("=")[0] not in ("opt_value", "opt_name"):
            raise wrong
        try:
            pending.update(str2dict(text))
        except ValueError:
            raise CommandError("need more than 1 value to unpack") from None
        if not {"opt_name", "opt_value"} <= pending.keys():
            raise wrong
        options.append(pending)
        pending = {}
    if options:
        body["extra_dhcp_opts"] = options
    return body


def floatingip_body(c: NeutronClient, a: Args) -> dict[str, Any]:
    body: dict[str, Any] = {"floating_network_id": c.find("network", a.floating_network_id)}
    for name in ("port_id", "tenant_id", "fixed_ip_address"):
        if getattr(a, name):
            body[name] = getattr(a, name)
    return body


def group_body(c: NeutronClient, a: Args) -> dict[str, Any]:
    body: dict[str, Any] = {"name": a.name}
    for name in ("description", "tenant_id"):
        if getattr(a, name):
            body[name] = getattr(a, name)
    return body


def group_update(c: NeutronClient, a: Args) -> dict[str, Any]:
    return {n: getattr(a, n) for n in ("name", "description") if getattr(a, n)}


def rule_body(c: NeutronClient, a: Args) -> dict[str, Any]:
    body: dict[str, Any] = {"security_group_id": c.find("security_group", a.security_group_id),
                            "direction": a.direction, "ethertype": a.ethertype}
    for name in ("protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "tenant_id"):
        if getattr(a, name):
            body[name] = getattr(a, name)
    if a.remote_group_id:
        body["remote_group_id"] = c.find("security_group", a.remote_group_id)
    return body


BODIES = {
    "net-create": network_body, "router-create": network_body, "subnet-create": subnet_body, "port-create": port_body,
    "floatingip-create": floatingip_body, "security-group-create": group_body, "security-group-rule-create": rule_body,
}
UPDATES = {"port-update": port_update, "security-group-update": group_update}


# -- routers and floating addresses


def router_interface(sh: Shell, args: Args) -> None:
    """router-interface-add and -delete"""
    client = sh.client
    resource, value = "subnet", args.interface
    if "=" in args.interface:
        resource, value = args.interface.split("=", 1)
    router = client.find("router", args.router_id)
    body = {f"{resource}_id": client.find(resource, value)}
    if sh.name == "router-interface-add":
        made = client.call("PUT", "router", "add_router_interface", router, body)
        _say(sh, f"Added interface {made['port_id']} to router {args.router_id}.")
    else:
        client.call("PUT", "router", "remove_router_interface", router, body)
        _say(sh, f"Removed interface from router {args.router_id}.")


def gateway_set(sh: Shell, args: Args) -> None:
    client = sh.client
    router = client.find("router", args.router_id)
    info: dict[str, Any] = {"network_id": client.find("network", args.external_network_id)}
    if args.disable_snat:
        info["enable_snat"] = False
    client.update("router", router, {"external_gateway_info": info})
    _say(sh, f"Set gateway for router {args.router_id}")


def gateway_clear(sh: Shell, args: Args) -> None:
    client = sh.client
    client.update("router", client.find("router", args.router_id), {"external_gateway_info": {}})
    _say(sh, f"Removed gateway from router {args.router_id}")


def associate(sh: Shell, args: Args) -> None:
    body = {n: getattr(args, n) for n in ("port_id", "fixed_ip_address") if getattr(args, n)}
    sh.client.update("floatingip", args.floatingip_id, body)
    _say(sh, f"Associated floatingip {args.floatingip_id}")


def disassociate(sh: Shell, args: Args) -> None:
    sh.client.update("floatingip", args.floatingip_id, {"port_id": None})
    _say(sh, f"Disassociated floatingip {args.floatingip_id}")


def router_ports(sh: Shell, args: Args) -> None:
    sh.specs.append(f"--device_id={sh.client.find('router', args.id)}")
    list_action(sh, args)


def external_networks(sh: Shell, args: Args) -> None:
    if "--router:external=True" not in sh.specs:
        sh.specs.append("--router:external=True")
    list_action(sh, args)


# -- quotas


def _quota_tenant(sh: Shell, args: Args) -> str:
    sh.client.reach()
    return args.tenant_id or sh.client.caller.tenant_id


def quota_list(sh: Shell, args: Args) -> None:
    server = sh.client.call("GET", "network", "quota_admin")
    server = sh.client.reach()
    rows = [DEFAULT_QUOTAS | quotas | {"tenant_id": t} for t, quotas in sorted(server.quotas.items())]
    columns = sorted(rows[0]) if rows else []
    print_rows(sh, args, columns, [[row[c] for c in columns] for row in rows])


def quota_show(sh: Shell, args: Args) -> None:
    tenant = _quota_tenant(sh, args)
    if tenant != sh.client.caller.tenant_id and not sh.client.caller.is_admin:
        message = "User does not have admin privileges: Only admin is authorized to access quotas for another tenant"
        body = {"message": message, "type": "AdminRequired", "detail": ""}
        raise NeutronFailure(json.dumps({"NeutronError": body}))
    print_one(sh, args, dict(sh.client.reach().quota_of(tenant)))


def quota_update(sh: Shell, args: Args) -> None:
    client = sh.client
    extra = sh.extras(args)
    body: dict[str, Any] = {}
    for name in ("network", "subnet", "port", "router", "floatingip", "security_group", "security_group_rule"):
        value = getattr(args, name)
        if value:
            try:
                body[name] = int(value)
            except ValueError:
                raise NeutronFailure(f"quota limit for {name} must be an integer") from None
    tenant = _quota_tenant(sh, args)
    print_one(sh, args, dict(client.call("PUT", "network", "update_quota", tenant, body | extra)))


def quota_delete(sh: Shell, args: Args) -> None:
    client = sh.client
    tenant = _quota_tenant(sh, args)
    client.call("DELETE", "network", "quota_admin")
    client.reach().quotas.pop(tenant, None)
    _say(sh, f"Deleted quota: {tenant}")


# -- extensions


def ext_list(sh: Shell, args: Args) -> None:
    def fetch(filters: dict[str, Any], fields: list[str]) -> list[dict[str, Any]]:
        sh.client.reach()
        return [_extension(alias) for alias in EXTENSIONS]

    _show_list(sh, args, fetch)


def ext_show(sh: Shell, args: Args) -> None:
    sh.client.reach()
    if args.id not in EXTENSIONS:
        raise NeutronFailure(NO_PAGE.format(f"Extension with alias {args.id} does not exist"))
    print_one(sh, args, readable(_extension(args.id)))


def _extension(alias: str) -> dict[str, Any]:
    name, path, updated = EXTENSIONS[alias]
    return {"alias": alias, "name": name, "description": f"The API extension {name}", "updated": updated, "links": [],
            "namespace": f"http://docs.openstack.org/ext/{path}/api/v1.0"}


# -- agents and what they host


def dhcp_network(sh: Shell, args: Args) -> None:
    client = sh.client
    network = client.find("network", args.network)
    if sh.name.endswith("-add"):
        client.call("POST", "agent", "add_network_to_dhcp_agent", args.dhcp_agent, network)
        _say(sh, f"Added network {args.network} to DHCP agent")
    else:
        client.call("DELETE", "agent", "remove_network_from_dhcp_agent", args.dhcp_agent, network)
        _say(sh, f"Removed network {args.network} to DHCP agent")


def l3_router(sh: Shell, args: Args) -> None:
    client = sh.client
    router = client.find("router", args.router)
    if sh.name.endswith("-add"):
        client.call("POST", "agent", "add_router_to_l3_agent", args.l3_agent, router)
        _say(sh, f"Added router {args.router} to L3 agent")
    else:
        client.call("DELETE", "agent", "remove_router_from_l3_agent", args.l3_agent, router)
        _say(sh, f"Removed Router {args.router} to L3 agent")


def _admin(sh: Shell, action: str) -> None:
    if not sh.client.caller.is_admin:
        body = {"message": f"Policy doesn't allow {action} to be performed.", "type": "PolicyNotAuthorized",
                "detail": ""}
        raise NeutronFailure(json.dumps({"NeutronError": body}))


def hosted(sh: Shell, args: Args) -> None:
    """Networks on a DHCP agent, routers on an L3 agent."""
    server = sh.client.reach()
    if sh.resource == "network":
        _admin(sh, "get_dhcp-networks")
        ids = [n for n, agents in server.dhcp_bindings.items() if args.dhcp_agent in agents]
    else:
        _admin(sh, "get_l3-routers")
        ids = [r for r, agent in server.l3_bindings.items() if agent == args.l3_agent]

    def fetch(filters: dict[str, Any], fields: list[str]) -> list[dict[str, Any]]:
        return sh.client.list(sh.resource, {"id": ids}, fields) if ids else []

    _show_list(sh, args, fetch)


def hosting(sh: Shell, args: Args) -> None:
    """Agents that host a network or a router."""
    client = sh.client
    if sh.name == "dhcp-agent-list-hosting-net":
        network = client.find("network", args.network)
        _admin(sh, "get_dhcp-agents")
        ids = client.reach().dhcp_bindings.get(network, [])
    else:
        router = client.find("router", args.router)
        _admin(sh, "get_l3-agents")
        ids = [a for r, a in client.reach().l3_bindings.items() if r == router]

    def fetch(filters: dict[str, Any], fields: list[str]) -> list[dict[str, Any]]:
        return client.list("agent", {"id": ids}, fields) if ids else []

    _show_list(sh, args, fetch)


def help_action(sh: Shell, args: Args) -> None:
    name = args.cmd[0] if args.cmd else "help"
    sh.p.print(command_parser(name).help(), end="")


ACTIONS: dict[str, Callable[[Shell, Args], None]] = {
    "router-interface-add": router_interface, "router-interface-delete": router_interface,
    "router-gateway-set": gateway_set, "router-gateway-clear": gateway_clear, "floatingip-associate": associate,
    "floatingip-disassociate": disassociate, "router-port-list": router_ports,
    "net-external-list": external_networks, "quota-list": quota_list, "quota-show": quota_show,
    "quota-update": quota_update, "quota-delete": quota_delete, "ext-list": ext_list, "ext-show": ext_show,
    "dhcp-agent-network-add": dhcp_network, "dhcp-agent-network-remove": dhcp_network,
    "l3-agent-router-add": l3_router, "l3-agent-router-remove": l3_router, "net-list-on-dhcp-agent": hosted,
    "router-list-on-l3-agent": hosted, "dhcp-agent-list-hosting-net": hosting,
    "l3-agent-list-hosting-router": hosting,
}
BY_KIND: dict[str, Callable[[Shell, Args], None]] = {
    "list": list_action, "show": show_action, "create": create_action, "update": update_action,
    "delete": delete_action, "plain": unserved, "one": unserved, "rows": unserved, "help": help_action,
}
assert set(ACTIONS) <= set(OTHERS)
