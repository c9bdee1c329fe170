"""service, chkconfig, runlevel, openstack-status, openstack-service.

On a terminal the state of a script is printed in colour in column 60, elsewhere directly behind the text with a
carriage return: as /etc/rc.d/init.d/functions does.
"""

from __future__ import annotations

import re

from .. import firewall, services
from ..cli import network_changed
from ..process import Process, command
from ..services import Line, Outcome

COLOURS = {
    "ok": ("0;32", "  OK  "),
    "failed": ("0;31", "FAILED"),
    "passed": ("0;33", "PASSED"),
    "warning": ("0;33", "WARNING"),
}


def show(p: Process, line: Line) -> None:
    """Print a line of an init script."""
    out = p.stderr if line.error else p.stdout
    if not line.state:
        out.write(line.text + "\n")
        return
    colour, word = COLOURS[line.state]
    if p.stderr.isatty():
        out.write(f"{line.text}\033[60G[\033[{colour}m{word}\033[0;39m]\r\n")
    else:
        out.write(f"{line.text}[{word}]\r\n")


async def run(p: Process, name: str, verb: str, rest: list[str]) -> int:
    """service NAME VERB: prints as the script would and takes its time."""
    if name not in p.node.services:
        p.error(f"{name}: unrecognized service")
        return 1
    changing = verb not in ("status", "") and p.user != "root"
    if changing:
        if name.startswith(("openstack-", "neutron-")):
            p.error("touch: cannot touch `/var/lock/subsys/" + name + "': Permission denied")
        return 4
    if not verb:
        p.error(f"Usage: /etc/init.d/{name} {{start|stop|status|restart|condrestart|try-restart|reload|force-reload}}")
        return 2
    before = firewall.save(p.node) if name == "iptables" else ""
    outcome: Outcome = services.act(p.world, p.node, name, verb)
    for line in outcome.lines:
        show(p, line)
        if line.state and verb in ("start", "stop", "restart"):
            await p.sleep(0.4)
    if name in ("network", "NetworkManager") and verb != "status":
        network_changed(p)
    if before and name == "iptables" and verb in ("start", "restart", "stop"):
        services.reconcile(p.world)
    return outcome.status


USAGE = "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]"


@command("service", path="/sbin")
async def service(p: Process) -> int:
    """Run an init script."""
    words = p.argv[1:]
    if not words or words[0] in ("-h", "--help"):
        p.error(USAGE)
        return 1 if not words else 0
    if words[0] == "--version":
        p.print("service ver. 0.91")
        return 0
    if words[0] == "--status-all":
        for name in sorted(p.node.services):
            for line in services.status(p.world, p.node, name)[1]:
                show(p, line)
        return 0
    if len(words) > 1 and words[1] == "--full-restart":
        await run(p, words[0], "stop", [])
        return await run(p, words[0], "start", [])
    return await run(p, words[0], words[1] if len(words) > 1 else "", words[2:])


# -- chkconfig ---------------------------------------------------------------------------------------------------------


def _row(p: Process, name: str) -> str:
    levels = p.node.services[name].runlevels
    return f"{name:<15}\t" + "\t".join(f"{n}:{'on' if n in levels else 'off'}" for n in range(7))


XINETD = ("rsync",)


@command("chkconfig", path="/sbin")
async def chkconfig(p: Process) -> int:
    """Which services start at boot: --list, NAME on|off, --level, --add, --del."""
    words = list(p.argv[1:])
    levels: set[int] | None = None
    if "--level" in words or "--levels" in words:
        position = next(i for i, w in enumerate(words) if w in ("--level", "--levels"))
        text = words[position + 1] if position + 1 < len(words) else ""
        if not text or not set(text) <= set("0123456"):
            p.error(f"invalid run level: {text}" if text else "--level: missing argument")
            return 1
        levels = {int(c) for c in text}
        words = words[:position] + words[position + 2 :]
    if not words or words[0] == "--list":
        return _list(p, words[1:])
    if words[0] in ("--add", "--del"):
        return _add(p, words[0], words[1:])
    if words[0].startswith("-"):
        p.error(f"{words[0]}: unknown option")
        return 1
    name = words[0]
    if len(words) == 1:
        return _enabled(p, name, levels)
    if name not in p.node.services:
        p.error(f"error reading information on service {name}: No such file or directory")
        return 1
    if p.user != "root":
        p.error("You do not have enough privileges to perform this operation.")
        return 1
    if words[1] not in ("on", "off", "reset", "resetpriorities"):
        p.error(_USAGE)
        return 1
    if words[1] == "reset":
        p.node.services[name].runlevels = set(services.CATALOGUE[name].runlevels)
    elif words[1] in ("on", "off"):
        services.chkconfig(p.node, name, words[1] == "on", levels)
    return 0


_USAGE = """chkconfig version 1.3.49.3 - Copyright (C) 1997-2000 Red Hat, Inc.
This may be freely redistributed under the terms of the GNU Public License.

usage:   chkconfig [--list] [--type <type>] [name]
         chkconfig --add <name>
         chkconfig --del <name>
         chkconfig --override <name>
         chkconfig [--level <levels>] [--type <type>] <name> <on|off|reset|resetpriorities>"""


def _list(p: Process, names: list[str]) -> int:
    if names:
        for name in names:
            if name not in p.node.services:
                p.error(f"error reading information on service {name}: No such file or directory")
                return 1
            p.print(_row(p, name))
        return 0
    for name in sorted(p.node.services, key=str.lower):
        p.print(_row(p, name))
    return 0


def _enabled(p: Process, name: str, levels: set[int] | None) -> int:
    """`chkconfig NAME` says by its exit status whether the service starts in this runlevel."""
    if name not in p.node.services:
        return 1
    wanted = levels or {3}
    return 0 if wanted & p.node.services[name].runlevels else 1


def _add(p: Process, verb: str, names: list[str]) -> int:
    if not names:
        p.error(_USAGE)
        return 1
    name = names[0]
    if name not in p.node.services:
        p.error(f"error reading information on service {name}: No such file or directory")
        return 1
    if verb == "--del":
        p.node.services[name].runlevels = set()
    return 0


# -- openstack-utils ---------------------------------------------------------------------------------------------------

GROUPS = [  # title, name prefix or names, in the order of openstack-status
    (
        "Nova",
        [
            "openstack-nova-api",
            "openstack-nova-cert",
            "openstack-nova-compute",
            "openstack-nova-network",
            "openstack-nova-scheduler",
            "openstack-nova-volume",
            "openstack-nova-conductor",
        ],
    ),
    ("Glance", ["openstack-glance-api", "openstack-glance-registry"]),
    ("Keystone", ["openstack-keystone"]),
    ("Horizon", ["openstack-dashboard"]),
    (
        "neutron",
        [
            "neutron-server",
            "neutron-dhcp-agent",
            "neutron-l3-agent",
            "neutron-metadata-agent",
            "neutron-lbaas-agent",
            "neutron-openvswitch-agent",
            "neutron-linuxbridge-agent",
        ],
    ),
    (
        "Swift",
        ["openstack-swift-proxy", "openstack-swift-account", "openstack-swift-container", "openstack-swift-object"],
    ),
    (
        "Cinder",
        ["openstack-cinder-api", "openstack-cinder-scheduler", "openstack-cinder-volume", "openstack-cinder-backup"],
    ),
    (
        "Ceilometer",
        [
            "openstack-ceilometer-api",
            "openstack-ceilometer-central",
            "openstack-ceilometer-compute",
            "openstack-ceilometer-collector",
            "openstack-ceilometer-alarm-notifier",
            "openstack-ceilometer-alarm-evaluator",
        ],
    ),
    (
        "Heat",
        ["openstack-heat-api", "openstack-heat-api-cfn", "openstack-heat-api-cloudwatch", "openstack-heat-engine"],
    ),
]
SUPPORT = ["mysqld", "libvirtd", "openvswitch", "dbus", "tgtd", "qpidd", "rabbitmq-server", "memcached"]


def _status_word(p: Process, name: str) -> str:
    if name == "dbus":
        name = "messagebus"
    service = p.node.services[name]
    word = "active" if service.running else "dead" if service.state.get("dead") else "inactive"
    return word if 3 in service.runlevels else f"{word:<10}(disabled on boot)"


@command("openstack-status", package="openstack-utils")
async def openstack_status(p: Process) -> int:
    """The state of all OpenStack services of this node; with credentials also what the cloud holds."""
    for title, names in GROUPS:
        rows = []
        for name in names:
            if name == "openstack-dashboard":
                if name in p.node.packages:
                    rows.append((name, "active" if p.node.running("httpd") else "uncontactable"))
            elif name in p.node.services:
                rows.append((name, _status_word(p, name)))
        if rows:
            p.print(f"== {title} services ==")
            for name, word in rows:
                p.print(f"{name + ':':<40}{word}")
    p.print("== Support services ==")
    for name in SUPPORT:
        if (name if name != "dbus" else "messagebus") in p.node.services:
            p.print(f"{name + ':':<40}{_status_word(p, name)}")
    return await _objects(p)


async def _objects(p: Process) -> int:
    if "openstack-keystone" not in p.node.services:
        return 0
    if not p.env.get("OS_USERNAME") or not p.node.running("openstack-keystone"):
        if p.node.running("openstack-keystone"):
            p.print("== Keystone users ==")
            p.print("Warning keystonerc not sourced")
        return 0
    lists = [("Keystone users", ["keystone", "user-list"]), ("Glance images", ["glance", "image-list"]),
             ("Nova managed services", ["nova", "service-list"]), ("Nova networks", ["nova", "network-list"]),
             ("Nova instance flavors", ["nova", "flavor-list"]), ("Nova instances", ["nova", "list"])]  # fmt: skip
    for title, argv in lists:
        p.print(f"== {title} ==")
        if p.spawn is not None:
            await p.spawn(argv)
    return 0


@command("openstack-service", package="openstack-utils")
async def openstack_service(p: Process) -> int:
    """openstack-service list|start|stop|restart|status [component]."""
    words = p.argv[1:]
    verb = words[0] if words else ""
    if verb not in ("list", "start", "stop", "restart", "status", "enable", "disable"):
        p.error(
            "usage: openstack-service [-n|--dryrun] <action> [service ...]"
            if not verb
            else f"openstack-service: unknown action: {verb}"
        )
        return 2
    found = []
    for name in sorted(p.node.services):
        if name.startswith(("openstack-", "neutron-")) and "cleanup" not in name:
            part = name.split("-")[1] if name.startswith("openstack-") else "neutron"
            if 3 in p.node.services[name].runlevels and (not words[1:] or part in words[1:] or name in words[1:]):
                found.append(name)
    status = 0
    for name in found:
        if verb == "list":
            p.print(name)
        elif verb in ("enable", "disable"):
            services.chkconfig(p.node, name, verb == "enable")
        else:
            status = await run(p, name, verb, []) or status
    return status


def _split(text: str) -> list[tuple[str, list[str]]]:
    """[(section, lines)], what stands before the first one under ""."""
    parts: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        match = re.match(r"\s*\[([^\]]+)\]\s*$", line)
        if match:
            parts.append((match.group(1), [line]))
        else:
            parts[-1][1].append(line)
    return parts


def ini_get(text: str, section: str, key: str) -> str | None:
    """A value of an INI file, None when section or key is missing."""
    found = None
    for name, lines in _split(text):
        if name == section:
            for line in lines:
                match = re.match(rf"\s*{re.escape(key)}\s*[=:]\s*(.*)$", line)
                if match:
                    found = match.group(1).strip()
    return found


def ini_set(text: str, section: str, key: str, value: str) -> str:
    """Set a value as crudini does: in place, else at the end of its section, else in a new section."""
    parts = _split(text)
    done = False
    for name, lines in parts:
        if name != section or done:
            continue
        hits = [i for i, line in enumerate(lines) if re.match(rf"\s*{re.escape(key)}\s*[=:]", line)]
        if hits:
            lines[hits[-1]] = f"{key} = {value}" if " = " in lines[hits[-1]] else f"{key}={value}"
        else:
            end = len(lines)
            while end > 1 and not lines[end - 1].strip():
                end -= 1
            lines.insert(end, f"{key} = {value}")
        done = True
    if not done:
        parts.append((section, [f"[{section}]", f"{key} = {value}"]))
    return "".join(line + "\n" for _, lines in parts for line in lines)


def ini_delete(text: str, section: str, key: str) -> str:
    parts = _split(text)
    kept = []
    for name, lines in parts:
        if name == section and not key:
            continue
        kept += [x for x in lines if not (name == section and re.match(rf"\s*{re.escape(key)}\s*[=:]", x))]
    return "".join(line + "\n" for line in kept)


@command("openstack-config", package="openstack-utils")
@command("crudini", package="crudini")
async def openstack_config(p: Process) -> int:
    """--set FILE SECTION KEY VALUE, --get FILE SECTION KEY, --del FILE SECTION [KEY]."""
    words = [
        w for w in p.argv[1:] if not (w.startswith("--") and w not in ("--set", "--get", "--del", "--has", "--merge"))
    ]
    usage = f"Usage: {p.argv[0]} [options] --set config_file section parameter value"
    if len(words) < 3 or words[0] not in ("--set", "--get", "--del", "--has"):
        p.error(usage)
        return 1
    verb, file, section = words[:3]
    path = p.path(file)
    try:
        text = p.node.fs.read_text(path, user=p.user)
    except OSError as error:
        if verb == "--set" and isinstance(error, FileNotFoundError) and p.argv[0].endswith("openstack-config"):
            text = ""
        else:
            p.error(f"{error.strerror}: {file}")
            return 1
    key = words[3] if len(words) > 3 else ""
    if verb in ("--get", "--has"):
        value = ini_get(text, section, key)
        if value is None:
            known = any(name == section for name, _ in _split(text))
            p.error(f"Parameter not found: {key}" if known else f"Section not found: {section}")
            return 1
        if verb == "--get":
            p.print(value)
        return 0
    new = (
        ini_set(text, section, key, words[4] if len(words) > 4 else "")
        if verb == "--set"
        else ini_delete(text, section, key)
    )
    try:
        p.node.fs.write(path, new, user=p.user)
    except OSError as error:
        p.error(f"{error.strerror}: {file}")
        return 1
    return 0
