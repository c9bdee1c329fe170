"""`ovs-vsctl` of Open vSwitch 1.11: the whole command line over the node's database.

Wording of errors, quoting and order are the genuine ones (recorded from
1.11.0); the help page is our own. With ovsdb-server stopped nothing works;
with ovs-vswitchd stopped a change is stored and the command waits for ever,
as the real one does, unless --timeout ends it (142).
"""

from __future__ import annotations

import asyncio
import html
import json
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .. import ovsdb
from ..nodestate import syslog
from ..ovsdata import (
    UNLIMITED,
    UUID,
    Column,
    OvsError,
    Symbols,
    atom_text,
    datum_bare,
    datum_json,
    datum_text,
    parse_atom,
    parse_datum,
    token,
)
from ..ovsdb import Row, Switch, Transaction
from ..ovsschema import TABLES, Table
from ..process import Process, command

SOCKET = "unix:/var/run/openvswitch/db.sock"
ANY = 10**9
WRITERS = {
    "init",
    "emer-reset",
    "add-br",
    "del-br",
    "br-set-external-id",
    "add-port",
    "add-bond",
    "del-port",
    "set-controller",
    "del-controller",
    "set-fail-mode",
    "del-fail-mode",
    "set-manager",
    "del-manager",
    "set-ssl",
    "del-ssl",
    "set",
    "add",
    "remove",
    "clear",
    "create",
    "destroy",
}  # what is worth a line in /var/log/messages
SIGNALS = {1: "Hangup", 2: "Interrupt", 14: "Alarm clock", 15: "Terminated"}


class Exit(Exception):
    """Leave with a status and nothing more to say (br-exists: 2)."""

    def __init__(self, status: int):
        super().__init__(status)
        self.status = status


class TryAgain(Exception):
    """wait-until: the condition does not hold yet."""


@dataclass
class Options:
    """The options before the first command."""

    db: str = SOCKET
    oneline: bool = False
    wait: bool = True
    dry_run: bool = False
    timeout: int = 0
    retry: bool = False
    format: str = "list"
    data: str = "string"
    headings: bool = True
    pretty: bool = False


@dataclass
class Command:
    """One command of the line, between `--` and `--`."""

    name: str
    argv: list[str]
    options: dict[str, str | None]
    output: str = ""
    table: tuple[list[str], list[list[tuple[Any, Column]]]] | None = None


# -- reading the command line ---------------------------------------------------

GLOBAL = {  # name -> takes a value
    "db": True,
    "no-syslog": False,
    "no-wait": False,
    "dry-run": False,
    "oneline": False,
    "timeout": True,
    "retry": False,
    "help": False,
    "commands": False,
    "options": False,
    "version": False,
    "verbose": None,
    "log-file": None,
    "syslog-target": True,
    "format": True,
    "data": True,
    "no-headings": False,
    "pretty": False,
    "private-key": True,
    "certificate": True,
    "ca-cert": True,
    "bootstrap-ca-cert": True,
    "peer-ca-cert": True,
}
SHORT = {
    "t": "timeout",
    "h": "help",
    "V": "version",
    "v": "verbose",
    "f": "format",
    "d": "data",
    "p": "private-key",
    "c": "certificate",
    "C": "ca-cert",
}


def _long(word: str, known: dict[str, bool | None]) -> tuple[str, str | None]:
    name, equals, value = word[2:].partition("=")
    fits = [name] if name in known else [k for k in known if k.startswith(name)]
    if not fits:
        raise OvsError(f"unrecognized option '--{name}'")
    if len(fits) > 1:
        raise OvsError(f"option '--{name}' is ambiguous")
    if equals and known[fits[0]] is False:
        raise OvsError(f"option '--{fits[0]}' doesn't allow an argument")
    return fits[0], value if equals else None


def parse_options(argv: list[str]) -> tuple[list[tuple[str, str | None]], list[str]]:
    """Split what is before the first command from the rest, as getopt_long with a leading "+" does."""
    known: dict[str, bool | None] = dict(GLOBAL)
    for syntax in COMMANDS.values():
        known.update({o.rstrip("=")[2:]: o.endswith("=") for o in syntax.options})
    found: list[tuple[str, str | None]] = []
    rest = list(argv)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        if word == "--":
            return found, rest
        if word.startswith("--"):
            name, value = _long(word, known)
            if known[name] and value is None:
                if not rest:
                    raise OvsError(f"option '--{name}' requires an argument")
                value = rest.pop(0)
            found.append((name, value))
            continue
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter not in SHORT:
                raise OvsError(f"invalid option -- '{letter}'")
            name = SHORT[letter]
            if known[name] or (known[name] is None and letters):
                value, letters = letters or (rest.pop(0) if rest else None), ""
                if value is None:
                    raise OvsError(f"option requires an argument -- '{letter}'")
                found.append((name, value))
            else:
                found.append((name, None))
    return found, rest


def _local(found: list[tuple[str, str | None]], options: Options) -> dict[str, str | None]:
    """Take the global options; what is left belongs to the first command."""
    local: dict[str, str | None] = {}
    for name, value in found:
        if name not in GLOBAL:
            if f"--{name}" in local:
                raise OvsError(f"'{name}' option specified multiple times")
            local[f"--{name}"] = value
        elif name == "timeout":
            digits = (value or "").strip()
            options.timeout = int(digits) if digits.lstrip("+").isdigit() else 0
            if digits.startswith("-"):
                raise OvsError(f"value {value} on -t or --timeout is invalid")
        elif name == "format":
            options.format = value or ""
            if options.format not in FORMATS:
                raise OvsError(f'unknown output format "{value}"')
        elif name == "data":
            options.data = value or ""
            if options.data not in ("string", "bare", "json"):
                raise OvsError(f'unknown data format "{value}"')
        elif name == "db":
            options.db = value or ""
        else:
            flags = {"oneline": "oneline", "dry-run": "dry_run", "retry": "retry", "pretty": "pretty"}
            if name in flags:
                setattr(options, flags[name], True)
            elif name == "no-wait":
                options.wait = False
            elif name == "no-headings":
                options.headings = False
    return local


def parse_commands(rest: list[str], local: dict[str, str | None]) -> list[Command]:
    """Split at `--` and check each command's name, options and number of arguments."""
    groups: list[list[str]] = [[]]
    for word in rest:
        if word == "--":
            groups.append([])
        else:
            groups[-1].append(word)
    commands: list[Command] = []
    for words in groups:
        if words:
            commands.append(_command(words, local))
            local = {}
        elif local:
            raise OvsError("missing command name (use --help for help)")
    if not commands:
        raise OvsError("missing command name (use --help for help)")
    return commands


def _command(words: list[str], local: dict[str, str | None]) -> Command:
    options, words = dict(local), list(words)
    while words and words[0].startswith("-"):
        word = words.pop(0)
        key, equals, value = word.partition("=")
        if key in options:
            raise OvsError(f"'{word}' option specified multiple times")
        options[key] = value if equals else None
    if not words:
        raise OvsError("missing command name (use --help for help)")
    name, args = words[0], words[1:]
    syntax = COMMANDS.get(name)
    if syntax is None:
        raise OvsError(f"unknown command '{name}'; use --help for help")
    for key, value in options.items():
        takes = next((o.endswith("=") for o in syntax.options if o.rstrip("=") == key), None)
        if takes is None:
            raise OvsError(f"'{name}' command has no '{key}' option")
        if takes and value is None:
            raise OvsError(f"missing argument to '{key}' option on '{name}' command")
        if not takes and value is not None:
            raise OvsError(f"'{key}' option on '{name}' does not accept an argument")
    if len(args) < syntax.least:
        raise OvsError(f"'{name}' command requires at least {syntax.least} arguments")
    if len(args) > syntax.most:
        note = (
            ' (note that options must precede command names and follow a "--" argument)'
            if any(a.startswith("-") for a in args)
            else ""
        )
        raise OvsError(f"'{name}' command takes at most {syntax.most} arguments{note}")
    return Command(name, args, options)


# -- the view that bridge commands have of the tables ------------------------------


@dataclass
class Bridge:
    name: str
    uuid: str  # of the real bridge's row
    parent: Bridge | None = None
    vlan: int = 0
    ports: list[Port] = field(default_factory=list)
    children: dict[int, Bridge] = field(default_factory=dict)


@dataclass
class Port:
    name: str
    uuid: str
    bridge: Bridge
    interfaces: list[str] = field(default_factory=list)


class Context:
    """A transaction and the bridges, ports and interfaces in it by name."""

    def __init__(self, txn: Transaction, symbols: Symbols, warn: Callable[[str], None]):
        self.txn, self.symbols, self.warn = txn, symbols, warn
        self.invalidate()

    def invalidate(self) -> None:
        self._bridges: dict[str, Bridge] | None = None

    @property
    def bridges(self) -> dict[str, Bridge]:
        if self._bridges is None:
            self._populate()
        assert self._bridges is not None
        return self._bridges

    def _populate(self) -> None:
        self._bridges, self.ports, self.interfaces = {}, {}, {}
        t = self.txn.tables
        for uuid in self.txn.root["bridges"]:
            row = t["Bridge"][uuid]
            bridge = self._bridges[row["name"][0]] = Bridge(row["name"][0], uuid)
            for p in row["ports"]:
                port = t["Port"][p]
                if port["fake_bridge"] == [True] and port["tag"]:
                    fake = Bridge(port["name"][0], uuid, bridge, port["tag"][0])
                    bridge.children.setdefault(fake.vlan, fake)
                    self._bridges[fake.name] = fake
        for bridge in [b for b in self._bridges.values() if not b.parent]:
            for p in t["Bridge"][bridge.uuid]["ports"]:
                row = t["Port"][p]
                name = row["name"][0]
                owner = bridge.children.get(row["tag"][0], bridge) if row["tag"] else bridge
                port = Port(name, p, owner, list(row["interfaces"]))
                owner.ports.append(port)  # a fake bridge's own port is among its ports, as a real one's is
                self.ports[name] = port
                for i in port.interfaces:
                    self.interfaces[t["Interface"][i]["name"][0]] = port

    def bridge(self, name: str, must: bool = True) -> Bridge | None:
        found = self.bridges.get(name)
        if must and not found:
            raise OvsError(f"no bridge named {name}")
        return found

    def real_bridge(self, name: str) -> Bridge:
        found = self.bridge(name)
        assert found
        if found.parent:
            raise OvsError(f"{name} is a fake bridge")
        return found

    def port(self, name: str, must: bool = True) -> Port | None:
        bridges = self.bridges
        found = self.ports.get(name)
        if found and found.bridge.name == name and bridges:
            found = None
        if must and not found:
            raise OvsError(f"no port named {name}")
        return found

    def interface(self, name: str, must: bool = True) -> Port | None:
        bridges = self.bridges
        found = self.interfaces.get(name)
        if found and found.bridge.name == name and bridges:
            found = None
        if must and not found:
            raise OvsError(f"no interface named {name}")
        return found

    def conflicts(self, name: str, message: str) -> None:
        if name in self.bridges:
            raise OvsError(f"{message} because a bridge named {name} already exists")
        if name in self.ports:
            where = self.ports[name].bridge.name
            raise OvsError(f"{message} because a port named {name} already exists on bridge {where}")
        if name in self.interfaces:
            where = self.interfaces[name].bridge.name
            raise OvsError(f"{message} because an interface named {name} already exists on bridge {where}")

    def row(self, table: str, uuid: str) -> Row:
        return self.txn.tables[table][uuid]


Run = Callable[[Context, Command], None]


@dataclass
class Syntax:
    least: int
    most: int
    options: tuple[str, ...]
    run: Run


COMMANDS: dict[str, Syntax] = {}


def _register(name: str, least: int, most: int, *options: str) -> Callable[[Run], Run]:
    def add(run: Run) -> Run:
        COMMANDS[name] = Syntax(least, most, options, run)
        return run

    return add


@_register("init", 0, 0)
@_register("comment", 0, ANY)
def _nothing(ctx: Context, c: Command) -> None:
    """A command that only has to be accepted."""


@_register("show", 0, 0)
def _show(ctx: Context, c: Command) -> None:
    view = Switch("", "", tables=ctx.txn.tables)
    c.output = view.show()


@_register("emer-reset", 0, 0)
def _emer_reset(ctx: Context, c: Command) -> None:
    t = ctx.txn.tables
    ctx.txn.root.update(manager_options=[], ssl=[])
    for row in t["Bridge"].values():
        kept = {k: v for k, v in row["other_config"].items() if k == "hwaddr"}
        row.update(
            controller=[], fail_mode=[], mirrors=[], netflow=[], sflow=[], ipfix=[], flood_vlans=[], other_config=kept
        )
    for row in t["Port"].values():
        row["other_config"] = {}
    for row in t["Interface"].values():
        row.update(ingress_policing_rate=[0], ingress_policing_burst=[0])
    for name in ("Mirror", "Controller", "Manager", "NetFlow", "SSL", "sFlow", "IPFIX", "Flow_Sample_Collector_Set"):
        t[name].clear()
    ctx.invalidate()


@_register("add-br", 1, 3, "--may-exist")
def _add_br(ctx: Context, c: Command) -> None:
    name, parent_name, vlan = c.argv[0], None, 0
    if len(c.argv) == 3:
        parent_name, vlan = c.argv[1], _atoi(c.argv[2])
        if not 0 <= vlan <= 4095:
            raise OvsError("add-br: vlan must be between 0 and 4095")
    elif len(c.argv) != 1:
        raise OvsError("'add-br' command takes exactly 1 or 3 arguments")
    there = ctx.bridge(name, must=False)
    if "--may-exist" in c.options and there:
        _same_bridge(there, name, parent_name, vlan)
        return
    ctx.conflicts(name, f"cannot create a bridge named {name}")
    if parent_name is None:
        ctx.txn.add_bridge(name)
    else:
        parent = ctx.bridge(parent_name, must=False)
        if parent and parent.parent:
            raise OvsError("cannot create bridge with fake bridge as parent")
        if not parent:
            raise OvsError(f"parent bridge {parent_name} does not exist")
        if vlan in parent.children:
            child = parent.children[vlan].name
            raise OvsError(f"bridge {parent_name} already has a child VLAN bridge {child} on VLAN {vlan}")
        _port, (iface,) = ctx.txn.add_port(parent.uuid, name, [name], fake_bridge=[True], tag=[vlan])
        ctx.txn.set("Interface", iface, "type", ["internal"])
    ctx.invalidate()


def _same_bridge(there: Bridge, name: str, parent: str | None, vlan: int) -> None:
    said = f'"--may-exist add-br {name}' + (f" {parent} {vlan}" if parent else "") + f'" but {name} '
    if parent is None:
        if there.parent:
            raise OvsError(f"{said}is a VLAN bridge for VLAN {there.vlan}")
    elif not there.parent:
        raise OvsError(f"{said}is not a VLAN bridge")
    elif there.parent.name != parent:
        raise OvsError(f"{said}has the wrong parent {there.parent.name}")
    elif there.vlan != vlan:
        raise OvsError(f"{said}is a VLAN bridge for the wrong VLAN {there.vlan}")


def _atoi(text: str) -> int:
    digits = text.strip()
    sign, digits = (digits[0], digits[1:]) if digits[:1] in ("-", "+") else ("", digits)
    n = 0
    while n < len(digits) and digits[n].isdigit():
        n += 1
    return int(sign + digits[:n]) if n else 0


def _remove_port(ctx: Context, port: Port) -> None:
    row = ctx.row("Bridge", port.bridge.uuid)
    row["ports"] = [p for p in row["ports"] if p != port.uuid]


@_register("del-br", 1, 1, "--if-exists")
def _del_br(ctx: Context, c: Command) -> None:
    bridge = ctx.bridge(c.argv[0], must="--if-exists" not in c.options)
    if bridge is None:
        return
    if bridge.parent:
        doomed = {p.uuid for p in bridge.ports}
        row = ctx.row("Bridge", bridge.uuid)
        row["ports"] = [p for p in row["ports"] if p not in doomed]
    else:
        ctx.txn.root["bridges"] = [u for u in ctx.txn.root["bridges"] if u != bridge.uuid]
    ctx.invalidate()


def _lines(names: list[str]) -> str:
    return "".join(f"{n}\n" for n in sorted(names, key=lambda n: n.encode()))


@_register("list-br", 0, 0, "--real", "--fake")
def _list_br(ctx: Context, c: Command) -> None:
    real, fake = "--real" in c.options, "--fake" in c.options
    both = real == fake
    c.output = _lines([b.name for b in ctx.bridges.values() if both or (fake if b.parent else real)])


@_register("br-exists", 1, 1)
def _br_exists(ctx: Context, c: Command) -> None:
    if not ctx.bridge(c.argv[0], must=False):
        raise Exit(2)


@_register("br-to-vlan", 1, 1)
def _br_to_vlan(ctx: Context, c: Command) -> None:
    c.output = f"{ctx.bridge(c.argv[0]).vlan}\n"  # type: ignore[union-attr]


@_register("br-to-parent", 1, 1)
def _br_to_parent(ctx: Context, c: Command) -> None:
    bridge = ctx.bridge(c.argv[0])
    c.output = f"{(bridge.parent or bridge).name}\n"  # type: ignore[union-attr]


def _ids(ctx: Context, bridge: Bridge) -> tuple[Row, str]:
    """Where a bridge's external ids are, and the prefix of their keys (fake bridges live in a port)."""
    if not bridge.parent:
        return ctx.row("Bridge", bridge.uuid), ""
    ports = ctx.row("Bridge", bridge.uuid)["ports"]
    return next(ctx.row("Port", u) for u in ports if ctx.row("Port", u)["name"] == [bridge.name]), "fake-bridge-"


@_register("br-set-external-id", 2, 3)
def _br_set_external_id(ctx: Context, c: Command) -> None:
    bridge = ctx.bridge(c.argv[0])
    assert bridge
    row, prefix = _ids(ctx, bridge)
    ids = {k: v for k, v in row["external_ids"].items() if k != prefix + c.argv[1]}
    if len(c.argv) == 3:
        ids[prefix + c.argv[1]] = c.argv[2]
    row["external_ids"] = dict(sorted(ids.items()))


@_register("br-get-external-id", 1, 2)
def _br_get_external_id(ctx: Context, c: Command) -> None:
    bridge = ctx.bridge(c.argv[0])
    assert bridge
    row, prefix = _ids(ctx, bridge)
    ids = {k[len(prefix) :]: v for k, v in row["external_ids"].items() if k.startswith(prefix)}
    if len(c.argv) == 2:
        c.output = f"{ids[c.argv[1]]}\n" if c.argv[1] in ids else ""
    else:
        c.output = "".join(f"{k}={v}\n" for k, v in sorted(ids.items()))


@_register("list-ports", 1, 1)
def _list_ports(ctx: Context, c: Command) -> None:
    bridge = ctx.bridge(c.argv[0])
    assert bridge
    c.output = _lines([p.name for p in bridge.ports if p.name != bridge.name])


@_register("list-ifaces", 1, 1)
def _list_ifaces(ctx: Context, c: Command) -> None:
    bridge = ctx.bridge(c.argv[0])
    assert bridge
    names = [ctx.row("Interface", i)["name"][0] for p in bridge.ports for i in p.interfaces]
    c.output = _lines([n for n in names if n != bridge.name])


def _add_port(ctx: Context, c: Command, bridge_name: str, name: str, ifaces: list[str], settings: list[str]) -> None:
    there = ctx.port(name, must=False)
    if "--may-exist" in c.options and there:
        have = sorted(ctx.row("Interface", i)["name"][0] for i in there.interfaces)
        said = " ".join([*c.options, c.name, *c.argv])
        if there.bridge.name != bridge_name:
            raise OvsError(f'"{said}" but {name} is actually attached to bridge {there.bridge.name}')
        if have != sorted(ifaces):
            raise OvsError(f'"{said}" but {name} actually has interface(s) {", ".join(have)}')
        return
    ctx.conflicts(name, f"cannot create a port named {name}")
    for iface in ifaces:
        ctx.conflicts(iface, f"cannot create an interface named {iface}")
    bridge = ctx.bridge(bridge_name)
    assert bridge
    columns: dict[str, Any] = {"bond_fake_iface": ["--fake-iface" in c.options]}
    if bridge.parent:
        columns["tag"] = [bridge.vlan]
    port, _ = ctx.txn.add_port(bridge.uuid, name, ifaces, **columns)
    for setting in settings:
        _set_column(ctx, TABLES["Port"], port, setting)
    ctx.invalidate()


@_register("add-port", 2, ANY, "--may-exist")
def _cmd_add_port(ctx: Context, c: Command) -> None:
    _add_port(ctx, c, c.argv[0], c.argv[1], [c.argv[1]], c.argv[2:])


@_register("add-bond", 4, ANY, "--may-exist", "--fake-iface")
def _add_bond(ctx: Context, c: Command) -> None:
    rest = c.argv[2:]
    n = next((i for i, word in enumerate(rest) if "=" in word), len(rest))
    if n < 2:
        raise OvsError(f"add-bond requires at least 2 interfaces, but only {n} were specified")
    _add_port(ctx, c, c.argv[0], c.argv[1], rest[:n], rest[n:])


@_register("del-port", 1, 2, "--if-exists", "--with-iface")
def _del_port(ctx: Context, c: Command) -> None:
    must, target = "--if-exists" not in c.options, c.argv[-1]
    if ctx.bridge(target, must=False):
        if must:
            raise OvsError(
                f"cannot delete port {target} because it is the local port for bridge {target} "
                "(deleting this port requires deleting the entire bridge)"
            )
        return
    if "--with-iface" in c.options:
        port = ctx.port(target, must=False) or ctx.interface(target, must=False)
        if must and not port:
            raise OvsError(f"no port or interface named {target}")
    else:
        port = ctx.port(target, must=must)
    if not port:
        return
    if len(c.argv) == 2:
        bridge = ctx.bridge(c.argv[0])
        assert bridge
        if port.bridge is not bridge:
            text = f"bridge {c.argv[0]} does not have a port {target}"
            if port.bridge.parent is bridge or bridge.parent is port.bridge:
                parent = bridge.parent.name if bridge.parent else bridge.name
                text += f" (although its parent bridge {parent} does)"
            raise OvsError(text)
    _remove_port(ctx, port)
    ctx.invalidate()


@_register("port-to-br", 1, 1)
def _port_to_br(ctx: Context, c: Command) -> None:
    c.output = f"{ctx.port(c.argv[0]).bridge.name}\n"  # type: ignore[union-attr]


@_register("iface-to-br", 1, 1)
def _iface_to_br(ctx: Context, c: Command) -> None:
    c.output = f"{ctx.interface(c.argv[0]).bridge.name}\n"  # type: ignore[union-attr]


# -- controllers, fail mode, managers, SSL -------------------------------------------

ACTIVE = ("tcp:", "ssl:", "unix:", "fd:", "ptcp:", "pssl:", "punix:", "none")


@_register("get-controller", 1, 1)
def _get_controller(ctx: Context, c: Command) -> None:
    bridge = ctx.bridge(c.argv[0])
    assert bridge
    refs = ctx.row("Bridge", bridge.uuid)["controller"]
    c.output = _lines([ctx.row("Controller", u)["target"][0] for u in refs])


@_register("del-controller", 1, 1)
def _del_controller(ctx: Context, c: Command) -> None:
    ctx.row("Bridge", ctx.real_bridge(c.argv[0]).uuid)["controller"] = []


@_register("set-controller", 1, ANY)
def _set_controller(ctx: Context, c: Command) -> None:
    row = ctx.row("Bridge", ctx.real_bridge(c.argv[0]).uuid)
    row["controller"] = sorted(_targets(ctx, "Controller", c.argv[1:]))


def _targets(ctx: Context, table: str, targets: list[str]) -> list[str]:
    for target in targets:
        if not target.startswith(ACTIVE):
            ctx.warn(f'target type "{target}" is possibly erroneous')
    return [ctx.txn.insert(table, target=[t]) for t in targets]


@_register("get-fail-mode", 1, 1)
def _get_fail_mode(ctx: Context, c: Command) -> None:
    bridge = ctx.bridge(c.argv[0])
    assert bridge
    c.output = "".join(f"{m}\n" for m in ctx.row("Bridge", bridge.uuid)["fail_mode"])


@_register("del-fail-mode", 1, 1)
def _del_fail_mode(ctx: Context, c: Command) -> None:
    ctx.row("Bridge", ctx.real_bridge(c.argv[0]).uuid)["fail_mode"] = []


@_register("set-fail-mode", 2, 2)
def _set_fail_mode(ctx: Context, c: Command) -> None:
    bridge = ctx.real_bridge(c.argv[0])
    if c.argv[1] not in ("standalone", "secure"):
        raise OvsError('fail-mode must be "standalone" or "secure"')
    ctx.row("Bridge", bridge.uuid)["fail_mode"] = [c.argv[1]]


@_register("get-manager", 0, 0)
def _get_manager(ctx: Context, c: Command) -> None:
    c.output = _lines(list({ctx.row("Manager", u)["target"][0] for u in ctx.txn.root["manager_options"]}))


@_register("del-manager", 0, ANY)
def _del_manager(ctx: Context, c: Command) -> None:
    ctx.txn.root["manager_options"] = []
    ctx.txn.tables["Manager"].clear()


@_register("set-manager", 1, ANY)
def _set_manager(ctx: Context, c: Command) -> None:
    _del_manager(ctx, c)
    ctx.txn.root["manager_options"] = sorted(_targets(ctx, "Manager", c.argv))


@_register("get-ssl", 0, 0)
def _get_ssl(ctx: Context, c: Command) -> None:
    for uuid in ctx.txn.root["ssl"]:
        row = ctx.row("SSL", uuid)
        bootstrap = "true" if row["bootstrap_ca_cert"][0] else "false"
        c.output = (
            f"Private key: {row['private_key'][0]}\nCertificate: {row['certificate'][0]}\n"
            f"CA Certificate: {row['ca_cert'][0]}\nBootstrap: {bootstrap}\n"
        )


@_register("del-ssl", 0, 0)
def _del_ssl(ctx: Context, c: Command) -> None:
    ctx.txn.root["ssl"] = []


@_register("set-ssl", 3, 3, "--bootstrap")
def _set_ssl(ctx: Context, c: Command) -> None:
    key, cert, ca = c.argv
    uuid = ctx.txn.insert(
        "SSL", private_key=[key], certificate=[cert], ca_cert=[ca], bootstrap_ca_cert=["--bootstrap" in c.options]
    )
    ctx.txn.root["ssl"] = [uuid]


# -- database commands: get, list, find, set, add, remove, clear, create, destroy -------


def _score(name: str, typed: str) -> int:
    """How well an abbreviation fits: dashes and case do not matter."""
    a, b = name.lower().replace("-", "_"), typed.lower().replace("-", "_")
    if name == typed:
        return 10**6
    if a == b:
        return 10**6 - 1
    return len(typed) if b and a.startswith(b) else 0


def _best(names: list[str], typed: str) -> tuple[str | None, int]:
    best, top = None, 0
    for name in names:
        score = _score(name, typed)
        if score > top:
            best, top = name, score
        elif score == top:
            best = None
    return best, top


def _table(typed: str) -> Table:
    best, top = _best(list(TABLES), typed)
    if best is None:
        raise OvsError(f'multiple table names match "{typed}"' if top else f'unknown table "{typed}"')
    return TABLES[best]


def _column(table: Table, typed: str) -> Column:
    best, top = _best(list(table.columns), typed)
    if best is None:
        what = "contains more than one column" if top else "does not contain a column"
        raise OvsError(f'{table.name} {what} whose name matches "{typed}"')
    return table.columns[best]


def _find(ctx: Context, table: Table, record: str, must: bool = True) -> str | None:
    rows = ctx.txn.tables[table.name]
    if UUID.match(record) and record.lower() in rows:
        return record.lower()
    for other, column, via in table.row_ids:
        fits = [u for u, r in ctx.txn.tables[other].items() if (r[column] == [record] if column else record == ".")]
        if column and len(fits) > 1:
            raise OvsError(f'multiple rows in {table.name} match "{record}"')
        if len(fits) == 1 and not via:
            return fits[0]
        if len(fits) == 1:
            refs = ctx.txn.tables[other][fits[0]][via]
            if len(refs) == 1:
                return refs[0]
    if must:
        raise OvsError(f'no row "{record}" in table {table.name}')
    return None


def _must(c: Command) -> bool:
    return "--if-exists" not in c.options


RELOPS = ["=", "!=", "<", ">", "<=", ">=", "{=}", "{!=}", "{<}", "{>}", "{<=}", "{>=}"]


def _split(arg: str, table: Table, operators: list[str] | None) -> tuple[Column, str | None, str, str]:
    """COLUMN[:KEY][OPERATOR VALUE] -> its parts."""
    name, at = token(arg)
    if not name:
        raise OvsError(f"{arg}: missing column name")
    column, key = _column(table, name), None
    if arg[at : at + 1] == ":":
        key, at = token(arg, at + 1)
    if operators is None:
        if at < len(arg):
            raise OvsError(f'{arg}: trailing garbage "{arg[at:]}" in argument')
        return column, key, "", ""
    fits = [o for o in operators if arg.startswith(o, at) and len(arg) > at + len(o)]
    if not fits:
        quoted = [f'"{o}"' for o in operators]
        listed = quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + f", or {quoted[-1]}"
        raise OvsError(f"{arg}: argument does not end in {listed} followed by a value.")
    operator = max(fits, key=len)
    return column, key, operator, arg[at + len(operator) :]


def _writable(ctx: Context, table: Table, column: Column, uuid: str) -> None:
    if not column.mutable and uuid not in ctx.txn.new:
        raise OvsError(f"cannot modify read-only column {column.name} in table {table.name}")


def _set_column(ctx: Context, table: Table, uuid: str, arg: str) -> None:
    column, key, _, value = _split(arg, table, ["="])
    _writable(ctx, table, column, uuid)
    row = ctx.row(table.name, uuid)
    if key is None:
        row[column.name] = parse_datum(value, column, ctx.symbols)
        return
    if column.value is None:
        raise OvsError(f"cannot specify key to set for non-map column {column.name}")
    pair = {parse_atom(key, column.key, ctx.symbols): parse_atom(value, column.value, ctx.symbols)}
    row[column.name] = dict(sorted((row[column.name] | pair).items()))


@_register("get", 2, ANY, "--if-exists", "--id=")
def _get(ctx: Context, c: Command) -> None:
    table, record = _table(c.argv[0]), c.argv[1]
    name = c.options.get("--id")
    if name and not _must(c):
        raise OvsError("--if-exists and --id may not be specified together")
    uuid = _find(ctx, table, record, _must(c))
    if uuid is None:
        return
    if name:
        new = name not in ctx.symbols.table
        symbol = _create_symbol(ctx, name)
        if not new:
            raise OvsError(f'row id "{name}" specified on "get" command was used before it was defined')
        symbol.uuid, symbol.strong = uuid, True
    row, out = ctx.row(table.name, uuid), []
    for arg in c.argv[2:]:
        if arg.lower() in ("_uuid", "-uuid"):
            out.append(uuid)
            continue
        column, key, _, _ = _split(arg, table, None)
        if key is None:
            out.append(datum_text(row[column.name], column))
            continue
        if column.value is None:
            raise OvsError(f"cannot specify key to get for non-map column {column.name}")
        atom = parse_atom(key, column.key, ctx.symbols)
        if atom in row[column.name]:
            out.append(atom_text(row[column.name][atom], column.value.kind))
        elif _must(c):
            raise OvsError(f'no key "{key}" in {table.name} record "{record}" column {column.name}')
        else:
            out.append("")
    c.output = "".join(f"{line}\n" for line in out)


UUID_COLUMN = Column("_uuid", TABLES["Bridge"].columns["ports"].key)


def _columns(table: Table, typed: str | None) -> list[Column]:
    if typed is None:
        return [UUID_COLUMN, *table.columns.values()]
    names = typed.replace(",", " ").split()
    if not names:
        raise OvsError("must specify at least one column name")
    return [UUID_COLUMN if n.lower() == "_uuid" else _column(table, n) for n in names]


def _cells(ctx: Context, table: Table, columns: list[Column], uuid: str) -> list[tuple[Any, Column]]:
    row = ctx.row(table.name, uuid)
    return [([uuid] if col is UUID_COLUMN else row[col.name], col) for col in columns]


@_register("list", 1, ANY, "--if-exists", "--columns=")
def _list(ctx: Context, c: Command) -> None:
    table = _table(c.argv[0])
    columns = _columns(table, c.options.get("--columns"))
    if len(c.argv) > 1:
        found = [_find(ctx, table, r, _must(c)) for r in c.argv[1:]]
        uuids = [u for u in found if u]
    else:
        uuids = ovsdb.row_order(list(ctx.txn.tables[table.name]))
    c.table = ([col.name for col in columns], [_cells(ctx, table, columns, u) for u in uuids])


@_register("find", 1, ANY, "--columns=")
def _find_rows(ctx: Context, c: Command) -> None:
    table = _table(c.argv[0])
    columns = _columns(table, c.options.get("--columns"))
    for arg in c.argv[1:]:
        name, _ = token(arg)
        if not name:
            raise OvsError(f"{arg}: missing column name")
        _column(table, name)
    uuids = ovsdb.row_order(list(ctx.txn.tables[table.name]))
    fits = [u for u in uuids if all(_satisfied(ctx, table, u, arg) for arg in c.argv[1:])]
    c.table = ([col.name for col in columns], [_cells(ctx, table, columns, u) for u in fits])


def _ranked(datum: Any) -> tuple:
    if isinstance(datum, dict):
        return (len(datum), list(datum.keys()), list(datum.values()))
    return (len(datum), datum, [])


def _includes(a: Any, b: Any) -> bool:
    """Whether all of a is in b."""
    if isinstance(a, dict):
        return all(k in b and b[k] == v for k, v in a.items())
    return all(x in b for x in a)


def _relop(a: Any, b: Any, operator: str) -> bool:
    plain = operator.strip("{}")
    if plain in ("=", "!="):
        return (a == b) == (plain == "=")
    if operator.startswith("{"):
        return {
            "<": len(b) > len(a) and _includes(a, b),
            ">": len(a) > len(b) and _includes(b, a),
            "<=": _includes(a, b),
            ">=": _includes(b, a),
        }[plain]
    x, y = _ranked(a), _ranked(b)
    return {"<": x < y, ">": x > y, "<=": x <= y, ">=": x >= y}[plain]


def _satisfied(ctx: Context, table: Table, uuid: str, arg: str) -> bool:
    column, key, operator, value = _split(arg, table, RELOPS)
    have = ctx.row(table.name, uuid)[column.name]
    if key is None:
        return _relop(have, parse_datum(value, column, ctx.symbols), operator)
    if column.value is None:
        raise OvsError(f"cannot specify key to check for non-map column {column.name}")
    atom = parse_atom(key, column.key, ctx.symbols)
    want = parse_datum(value, Column(column.name, column.value, None, column.n_min, UNLIMITED), ctx.symbols)
    if atom not in have and not operator.startswith("{"):
        return False
    return _relop([have[atom]] if atom in have else [], want, operator)


@_register("set", 3, ANY, "--if-exists")
def _set(ctx: Context, c: Command) -> None:
    table = _table(c.argv[0])
    uuid = _find(ctx, table, c.argv[1], _must(c))
    if uuid is None:
        return
    for arg in c.argv[2:]:
        _set_column(ctx, table, uuid, arg)
    ctx.invalidate()


def _many(column: Column) -> Column:
    return Column(column.name, column.key, column.value, 1, UNLIMITED)


@_register("add", 4, ANY, "--if-exists")
def _add(ctx: Context, c: Command) -> None:
    table = _table(c.argv[0])
    column = _column(table, c.argv[2])
    uuid = _find(ctx, table, c.argv[1], _must(c))
    if uuid is None:
        return
    _writable(ctx, table, column, uuid)
    row = ctx.row(table.name, uuid)
    old = row[column.name]
    for arg in c.argv[3:]:
        more = parse_datum(arg, _many(column), ctx.symbols)
        old = dict(sorted((more | old).items())) if column.is_map else sorted({*old, *more})
    if len(old) > column.n_max:
        noun = "pairs" if column.is_map else "values"
        raise OvsError(
            f'"add" operation would put {len(old)} {noun} in column {column.name} of '
            f"table {table.name} but the maximum number is {column.n_max}"
        )
    row[column.name] = old
    ctx.invalidate()


@_register("remove", 4, ANY, "--if-exists")
def _remove(ctx: Context, c: Command) -> None:
    table = _table(c.argv[0])
    column = _column(table, c.argv[2])
    uuid = _find(ctx, table, c.argv[1], _must(c))
    if uuid is None:
        return
    _writable(ctx, table, column, uuid)
    row = ctx.row(table.name, uuid)
    old = row[column.name]
    for arg in c.argv[3:]:
        try:
            gone = parse_datum(arg, _many(column), ctx.symbols)
        except OvsError:
            if not column.is_map:
                raise
            gone = parse_datum(arg, Column(column.name, column.key, None, 1, UNLIMITED), ctx.symbols)
        if isinstance(gone, dict):
            old = {k: v for k, v in old.items() if gone.get(k) != v or k not in gone}
        elif column.is_map:
            old = {k: v for k, v in old.items() if k not in gone}
        else:
            old = [v for v in old if v not in gone]
    if len(old) < column.n_min:
        noun = "pairs" if column.is_map else "values"
        raise OvsError(
            f'"remove" operation would put {len(old)} {noun} in column {column.name} of '
            f"table {table.name} but the minimum number is {column.n_min}"
        )
    row[column.name] = old
    ctx.invalidate()


@_register("clear", 3, ANY, "--if-exists")
def _clear(ctx: Context, c: Command) -> None:
    table = _table(c.argv[0])
    columns = [_column(table, arg) for arg in c.argv[2:]]
    uuid = _find(ctx, table, c.argv[1], _must(c))
    if uuid is None:
        return
    for column in columns:
        _writable(ctx, table, column, uuid)
        if column.n_min > 0:
            raise OvsError(
                f'"clear" operation cannot be applied to column {column.name} '
                f"of table {table.name}, which is not allowed to be empty"
            )
        ctx.row(table.name, uuid)[column.name] = {} if column.is_map else []
    ctx.invalidate()


def _create_symbol(ctx: Context, name: str) -> Any:
    if not name.startswith("@"):
        raise OvsError(f'row id "{name}" does not begin with "@"')
    symbol = ctx.symbols.get(name)
    if symbol.created:
        raise OvsError(f'row id "{name}" may only be specified on one --id option')
    symbol.created = True
    return symbol


@_register("create", 2, ANY, "--id=")
def _create(ctx: Context, c: Command) -> None:
    table, name, uuid = _table(c.argv[0]), c.options.get("--id"), None
    if name:
        symbol = _create_symbol(ctx, name)
        symbol.strong |= table.root
        uuid = symbol.uuid
    elif not table.root:
        ctx.warn(f'applying "create" command to table {table.name} without --id option will have no effect')
    uuid = ctx.txn.insert(table.name, uuid)
    for arg in c.argv[1:]:
        _set_column(ctx, table, uuid, arg)
    c.output = f"{uuid}\n"
    ctx.invalidate()


@_register("destroy", 1, ANY, "--if-exists", "--all")
def _destroy(ctx: Context, c: Command) -> None:
    table, everything = _table(c.argv[0]), "--all" in c.options
    if everything and len(c.argv) > 1:
        raise OvsError("--all and records argument should not be specified together")
    if everything and not _must(c):
        raise OvsError("--all and --if-exists should not be specified together")
    rows = list(ctx.txn.tables[table.name]) if everything else [_find(ctx, table, r, _must(c)) for r in c.argv[1:]]
    for uuid in rows:
        if uuid and uuid in ctx.txn.tables[table.name]:
            ctx.txn.delete(table.name, uuid)
    ctx.invalidate()


@_register("wait-until", 2, ANY)
def _wait_until(ctx: Context, c: Command) -> None:
    table = _table(c.argv[0])
    for arg in c.argv[2:]:
        _split(arg, table, RELOPS)
    uuid = _find(ctx, table, c.argv[1], must=False)
    if uuid is None or not all(_satisfied(ctx, table, uuid, arg) for arg in c.argv[2:]):
        raise TryAgain


# -- printing ---------------------------------------------------------------------------

Tabular = tuple[list[str], list[list[tuple[Any, Column]]]]


def _text(cell: tuple[Any, Column], options: Options) -> str:
    datum, column = cell
    if options.data == "bare":
        return datum_bare(datum, column)
    if options.data == "json":
        return json.dumps(datum_json(datum, column), separators=(",", ":"), ensure_ascii=False)
    return datum_text(datum, column)


def _as_list(table: Tabular, options: Options) -> str:
    blocks = []
    for row in table[1]:
        lines = [_text(cell, options) for cell in row]
        if options.headings:
            lines = [f"{head:<20}: {line}" for head, line in zip(table[0], lines, strict=True)]
        blocks.append("".join(f"{line}\n" for line in lines))
    return "\n".join(blocks)


def _as_table(table: Tabular, options: Options) -> str:
    rows = [[_text(cell, options) for cell in row] for row in table[1]]
    heads = table[0] if options.headings else [""] * len(table[0])
    widths = [max([len(h), *(len(r[i]) for r in rows)]) for i, h in enumerate(heads)]

    def line(cells: list[str]) -> str:
        return " ".join(f"{c:<{w}}" for c, w in zip(cells, widths, strict=True)) + "\n"

    top = line(table[0]) + " ".join("-" * w for w in widths) + "\n" if options.headings else ""
    return top + "".join(line(r) for r in rows)


def _as_csv(table: Tabular, options: Options) -> str:
    def quoted(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if any(c in text for c in '\n\r",') else text

    rows = [[_text(cell, options) for cell in row] for row in table[1]]
    return "".join(",".join(map(quoted, r)) + "\n" for r in ([table[0]] if options.headings else []) + rows)


def _as_html(table: Tabular, options: Options) -> str:
    def cells(tag: str, texts: list[str]) -> str:
        out = []
        for head, text in zip(table[0], texts, strict=True):
            if tag == "td" and head == "_uuid":
                text_ = f'<a name="{html.escape(text)}">{html.escape(text[:8])}</a>'
            else:
                text_ = html.escape(text, quote=True)
            out.append(f"    <{tag}>{text_}</{tag}>\n")
        return "  <tr>\n" + "".join(out) + "  </tr>\n"

    rows = [[_text(cell, options) for cell in row] for row in table[1]]
    head = cells("th", table[0]) if options.headings else ""
    return "<table border=1>\n" + head + "".join(cells("td", r) for r in rows) + "</table>\n"


def _as_json(table: Tabular, options: Options) -> str:
    data = {"data": [[datum_json(*cell) for cell in row] for row in table[1]], "headings": table[0]}
    if options.pretty:
        return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    return json.dumps(data, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n"


FORMATS = {"list": _as_list, "table": _as_table, "csv": _as_csv, "html": _as_html, "json": _as_json}


def _print(p: Process, commands: list[Command], options: Options) -> None:
    for c in commands:
        text = FORMATS[options.format](c.table, options) if c.table else c.output
        if options.oneline:
            text = text.removesuffix("\n").replace("\\", "\\\\").replace("\n", "\\n") + "\n"
        if text:
            p.stdout.write(text)


# -- the command itself -------------------------------------------------------------------


def stamp() -> str:
    """The time as vlog writes it, UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


HELP = """\
ovs-vsctl: look at and change the configuration of ovs-vswitchd
usage: ovs-vsctl [OPTIONS] COMMAND [ARG...] [-- COMMAND [ARG...]]...

Commands known here (see ovs-vsctl(8) for each):
{commands}

Options: --db=SERVER  -t, --timeout=SECS  --no-wait  --dry-run  --oneline  --retry
         -f, --format={{list|table|html|csv|json}}  -d, --data={{string|bare|json}}  --no-headings  --pretty
         -h, --help  -V, --version
"""


def _help() -> str:
    names, lines = sorted(COMMANDS), []
    for i in range(0, len(names), 5):
        lines.append("  " + "  ".join(f"{n:<18}" for n in names[i : i + 5]).rstrip())
    return HELP.format(commands="\n".join(lines))


class _Log:
    """Warnings as vlog prints them on the console: numbered, with module and level."""

    def __init__(self, p: Process):
        self.p, self.count = p, 0

    def warn(self, module: str, text: str) -> None:
        self.count += 1
        self.p.error(f"{stamp()}|{self.count:05d}|{module}|WARN|{text}")


async def _until(p: Process, deadline: float | None, ready: Callable[[], bool], log: _Log) -> bool:
    """Wait until `ready`; False when --timeout came first."""
    while not ready():
        if deadline is not None and time.monotonic() >= deadline:
            log.count = max(log.count, 1)
            log.warn("fatal_signal", "terminating with signal 14 (Alarm clock)")
            return False
        try:
            await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            number = getattr(p.extra.get("entry"), "signal", 0) or (2 if p.tty else 15)
            signal = f"{number} ({SIGNALS.get(number, 'Terminated')})"
            log.count = max(log.count, 1)
            log.warn("fatal_signal", f"terminating with signal {signal}")
            raise
    return True


@command("ovs-vsctl", package="openvswitch")
async def ovs_vsctl(p: Process) -> int:
    """Open vSwitch's configuration utility."""
    options = Options()
    log = _Log(p)
    try:
        try:
            found, rest = parse_options(p.argv[1:])
        except OvsError as e:  # getopt's own message, no more
            p.error(f"ovs-vsctl: {e}")
            return 1
        for name, _ in found:
            if name == "help":
                p.stdout.write(_help())
                return 0
            if name == "version":
                p.print(f"ovs-vsctl (Open vSwitch) {ovsdb.VERSION}\nCompiled Jul 30 2013 18:14:53")
                return 0
        commands = parse_commands(rest, _local(found, options))
        return await _run(p, commands, options, log)
    except OvsError as e:
        p.error(f"ovs-vsctl: {e}")
        return 1
    except Exit as e:
        return e.status


async def _connect(p: Process, options: Options, deadline: float | None, log: _Log) -> bool | None:
    """None when connected; False when the time was up; raises when there is no server."""
    from ..agents import reconcile

    reconcile(p.world)
    up = ovsdb.server_running(p.node)
    if up and options.db == SOCKET and p.user == "root":
        return None
    if up and options.db == SOCKET:
        log.warn("reconnect", f"{options.db}: connection attempt failed (Permission denied)")
        raise OvsError(f"{options.db}: database connection failed (Permission denied)")
    log.warn("reconnect", f"{options.db}: connection attempt failed (No such file or directory)")
    if not options.retry:
        raise OvsError(f"{options.db}: database connection failed (No such file or directory)")
    up = await _until(p, deadline, lambda: ovsdb.server_running(p.node), log)
    return None if up else False


async def _run(p: Process, commands: list[Command], options: Options, log: _Log) -> int:
    speed = p.world.clock.speed
    deadline = time.monotonic() + options.timeout / speed if options.timeout else None
    if await _connect(p, options, deadline, log) is False:
        return 142
    while True:
        switch = p.node.ovs
        assert switch is not None
        txn = switch.begin()
        ctx = Context(txn, Symbols(switch.uuid), lambda text: log.warn("vsctl", text))
        try:
            for c in commands:
                c.output, c.table = "", None
                COMMANDS[c.name].run(ctx, c)
            break
        except TryAgain:
            seen = [0]

            def moved(count: list[int] = seen) -> bool:
                count[0] += 1
                return count[0] > 1

            if not await _until(p, deadline, moved, log):
                return 142
    for name, symbol in ctx.symbols.table.items():
        if not symbol.created:
            raise OvsError(f'row id "{name}" is referenced but never created (e.g. with "-- --id={name} create ...")')
        if not symbol.strong and not symbol.weak:
            text = "was created but no reference to it was inserted, so it will not actually appear in the database"
            log.warn("vsctl", f'row id "{name}" {text}')
    if options.dry_run:
        _print(p, commands, options)
        return 0
    changed = txn.commit()
    if any(c.name in WRITERS for c in commands):
        called = " ".join(shlex.quote(a) if a else "''" for a in p.argv)
        syslog(p.world, p.node, "ovs-vsctl", f"00001|vsctl|INFO|Called as {called}")
    goal = switch.root["next_cfg"][0]
    if changed:
        ovsdb.apply(p.node)
    _print(p, commands, options)
    if not changed or not options.wait:
        return 0

    def followed() -> bool:
        if ovsdb.vswitchd_running(p.node):
            ovsdb.apply(p.node)
        return switch.root["cur_cfg"][0] >= goal

    return 0 if await _until(p, deadline, followed, log) else 142
