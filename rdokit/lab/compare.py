"""`rdokit lab compare A B`: the facts in which two saved worlds differ, identifiers, times and processes left aside.

A fact is a line with a place ("node1 file /etc/hosts", "cloud neutron routers"). A duplicate is a difference,
too: records are counted. Identifiers are replaced by the name of what they identify, so that it matters which
network a router leads to, but not which number it drew. History (logs, yum's, logins) is no fact.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .world import Node, World

Facts = dict[str, Counter]

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
ID = re.compile(rf"\b{UUID}\b|(?<![0-9A-Za-z])(?:[0-9a-f]{{64}}|[0-9a-f]{{40}}|[0-9a-f]{{32}}|[0-9a-f]{{16}})"
                r"(?![0-9A-Za-z])")  # fmt: skip
PORT = re.compile(r"\b(qr-|qg-|qvo|qvb|qbr|tap|int-|phy-|neutron-openvswi-[iosl]|neutron-l3-agent-)"
                  r"[0-9a-f]{8}-[0-9a-f]{1,2}\b"
                  r"|\b(neutron-openvswi-[a-z]|o|i|s)[0-9a-f]{8}-[0-9a-f]\b")  # fmt: skip
MAC = re.compile(r"\bf[ae]:16:3e(:[0-9a-f]{2}){3}\b", re.IGNORECASE)
STAMP = re.compile(r"\d{8}-\d{6}(-\w{5,8})?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?"
                   r"|\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d "
                   r"\d\d:\d\d:\d\d( [A-Z]{3,4})? \d{4}")  # fmt: skip
LINK_LOCAL = re.compile(r"\bfe80::[0-9a-f:]+")  # made of the MAC
COUNTERS = re.compile(r"^(:\S+ \S+) \[\d+:\d+\]", re.MULTILINE)  # of iptables-save
KEY = re.compile(r"AAAA[0-9A-Za-z+/=]{60,}|-----BEGIN [A-Z ]*KEY-----.*?-----END [A-Z ]*KEY-----", re.DOTALL)
HASH = re.compile(r"\$6\$[./0-9A-Za-z]+\$[./0-9A-Za-z]+")
GRE = re.compile(r"\b(gre|vxlan)-\d+\b")

# What tells of the past or of processes, not of what is so.
HISTORY = re.compile(r"^/(var/log|var/run|var/lock|var/tmp|var/cache|tmp|proc|sys|dev|var/lib/rdokit|var/lib/yum"
                     r"|var/lib/rpm|var/lib/mysql|var/lib/qpidd|root/\.ssh/known_hosts|root/\.bash_history|var/spool"
                     r"|var/lib/puppet|var/lib/ntp|var/lib/neutron/dhcp|var/lib/dhclient)(/|$)")  # fmt: skip
VOLATILE = frozenset("""ids drawn world cloud tunnel_ids vlans serial seen started created updated created_at updated_at
    launched_at
    terminated_at launched heartbeat_timestamp heartbeat started_at topic pid boot_id booted admin_token
    number daemons time drawn_names dhcp_bindings l3_bindings fingerprints console log state_since
    revision_number changed deleted_at attached_at host_key key_fingerprint uptime expires token tokens
    last_seen sync warned applied opened next_port hypervisors aggregates_drawn boot cmdline fs contents
    scheduled_at instances_drawn agents admin_pass reservation
    """.split())  # noqa: SIM905

NUMBERED = frozenset({"tunnel_endpoints"})  # address → a number that is drawn in the order of registering


def same(text: str, names: dict[str, str]) -> str:
    """Text without what differs from run to run anyway.

    >>> same("port qr-4c4fb9f1-a6 of f1217f04d6f94a7ca3df1f4d6122322d", {})
    'port qr-<id> of <id>'
    """
    text = ID.sub(lambda m: names.get(m[0], "<id>"), HASH.sub("<hash>", KEY.sub("<key>", text)))
    text = PORT.sub(lambda m: f"{m[1] or m[2]}<id>", text)
    text = COUNTERS.sub(r"\1", STAMP.sub("<time>", LINK_LOCAL.sub("fe80::<mac>", MAC.sub("<mac>", text))))
    return GRE.sub(r"\1-<n>", text)


def facts(world: World) -> Facts:
    """Place → what is there, counted."""
    found: Facts = {}
    names = _names(world)
    for node in world.nodes.values():
        for place, value in _node(node, names):
            found.setdefault(f"{node.name} {place}", Counter())[value] += 1
    for place, value in _cloud(world, names):
        found.setdefault(f"cloud {place}", Counter())[value] += 1
    return found


def _node(node: Node, names: dict[str, str]) -> Iterator[tuple[str, str]]:
    yield "power", str(node.up)
    yield "kernel", f"{node.kernel.release} selinux {node.kernel.selinux}"
    for package in node.packages.values():
        yield "packages", f"{package.name}-{package.version}-{package.release}"
    for service in node.services.values():
        yield f"service {service.name}", f"running {service.running}, runlevels {sorted(service.runlevels)}"
    for name, value in node.kernel.sysctl.items():
        yield f"sysctl {same(name, names)}", str(value)
    for module in node.kernel.modules:
        yield "modules", module
    for table, lines in node.kernel.iptables.items():
        for line in lines:
            yield f"iptables {table}", same(line, names).rstrip()
    for space in node.kernel.netns:
        yield "namespaces", same(space, names)
    for nic in node.nics.values():
        yield "nic", same(f"{nic.name} {nic.kind} up {nic.up} {sorted(nic.addresses)} mtu {nic.mtu} of {nic.master} "
                          f"in {nic.netns!r}", names)  # fmt: skip
    for group, facts in node.extra.get("vgs", {}).items():
        yield "volume group", same(f"{group} {sorted(facts.get('lvs', {}))}", names)
    if node.ovs is not None:
        yield from _switch(node, names)
    yield from _files(node, names)


def _switch(node: Node, names: dict[str, str]) -> Iterator[tuple[str, str]]:
    for bridge in node.ovs.bridges():
        yield "bridge", bridge
        for port in node.ovs.ports(bridge):
            row, interface = node.ovs.port(port) or {}, node.ovs.interface(port) or {}
            yield "bridge port", same(f"{bridge} {port} tag {row.get('tag')} {interface.get('type')} "
                                      f"{sorted(dict(interface.get('options', {})).items())}", names)  # fmt: skip


def _files(node: Node, names: dict[str, str]) -> Iterator[tuple[str, str]]:
    for folder, folders, others in node.fs.walk("/"):
        for name in (*folders, *others):
            path = f"{folder.rstrip('/')}/{name}"
            if not HISTORY.match(path):
                yield f"file {same(path, names)}", _file(node, path, names)


def _file(node: Node, path: str, names: dict[str, str]) -> str:
    stat = node.fs.lstat(path)
    head = f"{stat.kind} {stat.mode:o} {stat.user}:{stat.group} {stat.context}"
    if stat.kind == "link":
        return f"{head} -> {same(node.fs.readlink(path), names)}"
    if stat.kind != "file":
        return head
    if stat.size > 1 << 20:
        return f"{head} {node.fs.checksum(path, 'md5')}"
    text = same(node.fs.read(path).decode("utf-8", "backslashreplace"), names)
    if re.fullmatch(r"/etc/(passwd|g?shadow|group)", path):  # packages that arrive together add theirs in any order
        text = "\n".join(sorted(text.splitlines()))
    return f"{head}\n{text}"


# --- the cloud -------------------------------------------------------------------------------------------

def _services(world: World) -> Iterator[tuple[str, Any]]:
    for name in ("keystone", "neutron", "nova", "glance", "cinder"):
        service = getattr(world.cloud, name, None)
        if service is not None:
            yield name, service


def _fields(thing: Any) -> dict[Any, Any]:
    if isinstance(thing, dict):
        return thing
    return {**{n: getattr(thing, n) for n in getattr(type(thing), "__slots__", ()) if hasattr(thing, n)},
            **getattr(thing, "__dict__", {})}  # fmt: skip


def _names(world: World) -> dict[str, str]:
    """Identifier → "<kind name>" for everything in the cloud that has a name."""
    names: dict[str, str] = {}
    for _, service in _services(world):
        for kind, records in _fields(service).items():
            for key, record in records.items() if isinstance(records, dict) else ():
                label = _fields(record).get("name") or _fields(record).get("display_name") if key else ""
                if isinstance(key, str) and ID.fullmatch(key) and isinstance(label, str) and label:
                    names[key] = f"<{kind} {label}>"
    return names


def _cloud(world: World, names: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name, service in _services(world):
        for kind, records in _fields(service).items():
            if kind in VOLATILE or kind.startswith("_"):
                continue
            rows = records.items() if isinstance(records, dict) else \
                enumerate(records) if isinstance(records, list) else [(0, records)]  # fmt: skip
            for key, record in rows:
                if kind in NUMBERED:
                    record = sorted(record)
                if not _gone(record):
                    prefix = same(str(key), names) + " " if isinstance(key, tuple) else ""
                    yield f"{name} {kind}", prefix + _plain(record, names)


def _gone(record: Any) -> bool:
    """Deleted objects stay in Havana's tables, marked."""
    fields = _fields(record)
    return bool(fields.get("deleted") or fields.get("deleted_at") or
                str(fields.get("status", fields.get("state", ""))).lower() in ("deleted", "soft_deleted"))


def _plain(value: Any, names: dict[str, str]) -> str:
    if isinstance(value, str):
        return same(value, names)
    if isinstance(value, float):
        return "<time>" if value > 1e9 else repr(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        inner = [_plain(one, names) for one in value]
        return f"[{', '.join(inner if isinstance(value, tuple) else sorted(inner))}]"
    if isinstance(value, dict) or hasattr(value, "__dict__") or hasattr(type(value), "__slots__"):
        fields = _fields(value)
        inner = [f"{same(str(k), names)}={_plain(v, names)}" for k, v in fields.items()
                 if str(k) not in VOLATILE and not str(k).startswith("_")]
        return f"{{{', '.join(sorted(inner))}}}"
    return repr(value)


# --- differences -------------------------------------------------------------------------------------------

def difference(first: Facts, second: Facts, ignore: str = r"(?!)") -> list[str]:
    """Lines that tell what differs; empty when nothing does.

    Args:
        ignore: pattern of places that do not count.
    """
    lines = []
    for place in sorted(first.keys() | second.keys()):
        if re.search(ignore, place):
            continue
        a, b = first.get(place, Counter()), second.get(place, Counter())
        gone, come = sorted((a - b).elements()), sorted((b - a).elements())
        if len(gone) == len(come) == 1 and "\n" in gone[0] + come[0]:
            changed = difflib.unified_diff(gone[0].splitlines(), come[0].splitlines(), n=0, lineterm="")
            lines += [f"{place}: {line}" for line in changed if not line.startswith(("---", "+++", "@@"))]
        else:
            lines += [f"{place}: - {value}" for value in gone] + [f"{place}: + {value}" for value in come]
    return lines


def compare_files(a: Path, b: Path) -> list[str]:
    """The facts in which two saved worlds differ.

    Raises:
        ValueError: a file is not a world of this version.
    """
    return difference(facts(World.load(a)), facts(World.load(b)))
