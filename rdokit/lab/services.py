"""System V services of a node: start, stop, status, chkconfig, what they log and why they die.

    ok, lines = start(world, node, "ntpd")        # True, [Line("Starting ntpd: ", "ok")]
    stop / restart / status(world, node, name)    # status: (exit status, lines)
    act(world, node, name, verb) -> Outcome       # what /sbin/service does
    HOOKS["start"]["tgtd"] = function(world, node) -> None     # after it started; also "stop"
    CATALOGUE                                     # every service known, by name

After each change `agents.reconcile(world)` makes what the OpenStack agents do follow.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import servicedata
from .nodestate import append, new_pid, now, runtime, stamp, syslog
from .servicedata import ServiceData
from .world import Service

if TYPE_CHECKING:
    from .world import Node, World

CATALOGUE: dict[str, ServiceData] = servicedata.SERVICES
HOOKS: dict[str, dict[str, Callable[[World, Node], None]]] = {"start": {}, "stop": {}}
SPECIAL: dict[str, Callable[[World, Node, str], Outcome | None]] = {}  # name -> own handling; None = the ordinary one


@dataclass(frozen=True)
class Line:
    """A line of an init script. `state` "ok", "failed", "passed" or "warning" is printed in column 60 of a terminal."""

    text: str
    state: str = ""
    error: bool = False  # on stderr

    def __str__(self) -> str:
        words = {"ok": "[  OK  ]", "failed": "[FAILED]", "passed": "[PASSED]", "warning": "[WARNING]"}
        return self.text + words.get(self.state, "")


@dataclass
class Outcome:
    """Exit status and lines of `service NAME VERB`. `changed` asks for a reconcile."""

    status: int = 0
    lines: list[Line] = field(default_factory=list)
    changed: bool = False

    def say(self, text: str, state: str = "", error: bool = False) -> None:
        self.lines.append(Line(text, state, error))


# -- what is installed -------------------------------------------------------------------------------------------------


def register_package(node: Node, package: str) -> None:
    """Add the services that a package brings, with its runlevels; existing ones are left as they are."""
    for data in CATALOGUE.values():
        if data.package == package and data.name not in node.services:
            node.services[data.name] = Service(data.name, runlevels=set(data.runlevels))


def forget_package(world: World, node: Node, package: str) -> None:
    """Stop and drop the services of a package that is removed."""
    for data in CATALOGUE.values():
        if data.package == package and data.name in node.services:
            if node.services[data.name].running:
                stop(world, node, data.name)
            del node.services[data.name]


def order(node: Node, level: int = 3) -> list[str]:
    """The services enabled for a runlevel, in the order in which boot starts them."""
    names = [name for name, service in node.services.items() if level in service.runlevels]
    return sorted(names, key=lambda name: (CATALOGUE[name].start if name in CATALOGUE else 99, name))


def chkconfig(node: Node, name: str, on: bool, levels: set[int] | None = None) -> bool:
    """Enable or disable at boot. Returns False when the service is not known to the node."""
    service = node.services.get(name)
    if service is None:
        return False
    chosen = {2, 3, 4, 5} if levels is None else levels
    if on:
        service.runlevels |= chosen
    else:
        service.runlevels -= chosen
    return True


def processes(node: Node) -> list[dict]:
    """What ps shows of services: {pid, user, command, started, name}, in order of pid."""
    found = []
    for name, service in node.services.items():
        data = CATALOGUE.get(name)
        if not service.running or data is None or data.oneshot:
            continue
        for index, pid in enumerate(pids(node, name)):
            found.append(
                {"pid": pid, "user": data.user, "command": command_line(node, name), "started": service.started,
                 "name": name, "first": index == 0}
            )  # fmt: skip
    return sorted(found, key=lambda p: p["pid"])


PYTHON_SERVICES = ("openstack-", "neutron-")


def command_line(node: Node, name: str) -> str:
    """The command line of a service's process."""
    data = CATALOGUE[name]
    if name.startswith(PYTHON_SERVICES):
        conf = " ".join(f"--config-file {path}" for path in data.conf)
        log = f" --logfile {data.log}" if data.log and "nova" in name or "cinder" in name else ""
        if name.startswith("neutron-") and data.log:
            log = f" --log-file {data.log}"
        return f"/usr/bin/python /usr/bin/{data.process}{log} {conf}".rstrip()
    lines = {
        "sshd": "/usr/sbin/sshd",
        "ntpd": "ntpd -u ntp:ntp -p /var/run/ntpd.pid -g",
        "httpd": "/usr/sbin/httpd",
        "mysqld": "/usr/libexec/mysqld --basedir=/usr --datadir=/var/lib/mysql --user=mysql",
        "qpidd": "/usr/sbin/qpidd --data-dir /var/lib/qpidd --daemon",
        "libvirtd": "libvirtd --daemon",
        "postfix": "/usr/libexec/postfix/master",
        "rsyslog": "/sbin/rsyslogd -i /var/run/syslogd.pid -c 5",
        "openvswitch": "ovs-vswitchd unix:/var/run/openvswitch/db.sock -vconsole:emer -vsyslog:err -vfile:info --mlockall "  # noqa: E501
        "--no-chdir --log-file=/var/log/openvswitch/ovs-vswitchd.log --pidfile=/var/run/openvswitch/ovs-vswitchd.pid "
        "--detach --monitor",
        "crond": "crond",
        "auditd": "auditd",
        "messagebus": "dbus-daemon --system",
        "memcached": "memcached -d -p 11211 -u memcached -m 64 -c 1024 -P /var/run/memcached/memcached.pid",
        "tgtd": "tgtd",
        "nrpe": "/usr/sbin/nrpe -c /etc/nagios/nrpe.cfg -d",
        "nagios": "/usr/sbin/nagios -d /etc/nagios/nagios.cfg",
    }
    return lines.get(name, data.process)


def pids(node: Node, name: str) -> list[int]:
    """All process ids of a running service, the main one first."""
    service = node.services[name]
    extra = servicedata.CHILDREN.get(name, 0)
    return [service.pid + index for index in range(extra + 1)] if service.running else []


def ports(node: Node) -> list[tuple[str, str, int, int, str]]:
    """Listening sockets: (protocol, address, port, pid, program)."""
    found = []
    for name, service in node.services.items():
        if service.running and name in CATALOGUE:
            for protocol, number, address in bound(node, name):
                program = CATALOGUE[name].process
                program = {"openstack-": "python", "neutron-": "python", "openssh-daemon": "sshd"}.get(
                    next((p for p in PYTHON_SERVICES if name.startswith(p)), program), program
                )
                found.append((protocol, address, number, service.pid, program))
    for item in runtime(node).get("listeners", []):
        found.append((item["proto"], item["address"], item["port"], item["pid"], item["program"]))
    return sorted(found, key=lambda item: (item[0], item[2]))


def bound(node: Node, name: str) -> list[tuple[str, int, str]]:
    """Where a service listens, following its configuration where people change it."""
    data = CATALOGUE[name]
    if name == "sshd":
        number = re.search(r"^\s*Port\s+(\d+)", config_in_force(node, name, "/etc/ssh/sshd_config"), re.M | re.I)
        return [("tcp", int(number.group(1)) if number else 22, "0.0.0.0")]
    if name == "httpd":
        found = [("tcp", int(n), "0.0.0.0") for n in re.findall(r"^\s*Listen\s+(?:[\d.]+:)?(\d+)",
                 config_in_force(node, name, data.conf[0]), re.M)]  # fmt: skip
        return found or list(data.ports)
    if name == "openvswitch":
        return []
    return list(data.ports)


def config_in_force(node: Node, name: str, path: str) -> str:
    """The text of a configuration file as the service read it when it was started ("" when it had none)."""
    service = node.services.get(name)
    return "" if service is None else service.state.get("conf", {}).get(path, "")


# -- the four verbs ----------------------------------------------------------------------------------------------------


def start(world: World, node: Node, name: str) -> tuple[bool, list[Line]]:
    """Start a service; (whether it runs now, lines that the script prints)."""
    outcome = act(world, node, name, "start")
    return outcome.status == 0, outcome.lines


def stop(world: World, node: Node, name: str) -> tuple[bool, list[Line]]:
    outcome = act(world, node, name, "stop")
    return outcome.status == 0, outcome.lines


def restart(world: World, node: Node, name: str) -> tuple[bool, list[Line]]:
    outcome = act(world, node, name, "restart")
    return outcome.status == 0, outcome.lines


def status(world: World, node: Node, name: str) -> tuple[int, list[Line]]:
    """(0 running, 1 dead with a pid file, 2 dead with a lock, 3 stopped, 4 unknown; the line printed)."""
    outcome = act(world, node, name, "status")
    return outcome.status, outcome.lines


def act(world: World, node: Node, name: str, verb: str) -> Outcome:
    """What `service NAME VERB` does; afterwards the agents follow.

    Exit statuses are LSB's: 0 done, 1 failed (status: dead, pid file exists), 2 usage, 3 stopped, 7 not running.
    """
    if name not in node.services:
        return Outcome(1, [Line(f"{name}: unrecognized service", error=True)])
    handler = SPECIAL.get(name)
    outcome = handler(world, node, verb) if handler else None
    if outcome is None:
        outcome = _ordinary(world, node, CATALOGUE[name], verb)
    if outcome.changed:
        reconcile(world)
    return outcome


def _ordinary(world: World, node: Node, data: ServiceData, verb: str) -> Outcome:
    service = node.services[data.name]
    out = Outcome()
    if verb == "status":
        return _status(node, data, service)
    if verb == "start":
        if service.running and data.quiet:
            return out
        return _start(world, node, data, service, out)
    if verb == "stop":
        if not service.running and data.quiet and not service.state.get("dead"):
            return out
        return _stop(world, node, data, service, out)
    if verb == "restart" or (verb == "force-reload" and data.name != "ntpd"):
        _stop(world, node, data, service, out)
        return _start(world, node, data, service, out)
    if verb in ("condrestart", "try-restart"):
        if not service.running:
            return out
        _stop(world, node, data, service, out)
        return _start(world, node, data, service, out)
    if verb == "reload":
        return _reload(world, node, data, service, out)
    verbs = "start|stop|status|restart|condrestart|try-restart|reload|force-reload"
    out.say(f"Usage: {'/etc/init.d/' + data.name if not data.quiet else '/etc/init.d/' + data.name} {{{verbs}}}",
            error=not data.quiet)  # fmt: skip
    out.status = 2
    return out


def _status(node: Node, data: ServiceData, service: Service) -> Outcome:
    out = Outcome()
    who = data.process if not data.quiet else data.name
    if data.name == "openstack-keystone":
        who = "keystone"
    if data.oneshot:
        out.status = 0 if service.running else 3
        if not service.running:
            out.say(f"{data.name} is stopped")
        return out
    if service.running:
        numbers = pids(node, data.name)[: 1 if data.quiet else None]  # OpenStack's scripts look at the pid file only
        out.say(f"{who} (pid  {' '.join(map(str, numbers))}) is running...")
        return out
    dead = service.state.get("dead")
    if dead == "pidfile":
        out.say(f"{who} dead but pid file exists")
        out.status = 1
    elif dead == "subsys":
        out.say(f"{who} dead but subsys locked")
        out.status = 2
    else:
        out.say(f"{who} is stopped")
        out.status = 3
    return out


def _title(data: ServiceData) -> str:
    if data.name == "neutron-server":
        return "neutron"
    return data.title


def _start(world: World, node: Node, data: ServiceData, service: Service, out: Outcome) -> Outcome:
    text = f"Starting {_title(data)}: "
    if service.running:
        out.say(text)
        return out
    missing = [path for path in data.conf[:1] if data.quiet and not node.fs.exists(path)]
    if missing:
        out.status = 6
        return out
    service.running, service.started = True, now(world, node)
    service.pid = new_pid(node)
    for _ in range(servicedata.CHILDREN.get(data.name, 0)):
        new_pid(node)
    service.state = {"conf": _read_conf(node, data)}
    why = death(world, node, data)
    if why:
        service.running, service.pid = False, 0
        service.state["dead"] = "pidfile" if data.quiet else "subsys"
        _log(world, node, data, "ERROR", why)
        at_once = not data.quiet
        out.say(text, "failed" if at_once else "ok")
        out.status = 1 if at_once else 0
        out.changed = True
        return out
    _pid_file(node, data, service)
    hook = HOOKS["start"].get(data.name)
    if hook:
        hook(world, node)
    _log(world, node, data, "INFO", "")
    out.say(text, "ok")
    out.changed = True
    return out


def _pid_file(node: Node, data: ServiceData, service: Service) -> None:
    """/var/run/nova/nova-compute.pid and its like: RDO's init scripts write them at the start, remove them at the stop."""  # noqa: E501
    program = (data.process or data.name).removeprefix("openstack-")
    if not data.name.startswith(("openstack-", "neutron-")):
        return
    folder = f"/var/run/{program.split('-')[0]}"
    path = f"{folder}/{program}.pid"
    if service.running:
        if not node.fs.isdir(folder):
            node.fs.mkdir(folder, parents=True)
        node.fs.write(path, f"{service.pid}\n")
    elif node.fs.exists(path):
        node.fs.remove(path)


def _stop(world: World, node: Node, data: ServiceData, service: Service, out: Outcome) -> Outcome:
    text = f"{'Shutting down' if data.name in servicedata.SHUTTING else 'Stopping'} {_title(data)}: "
    if not service.running:
        service.state.pop("dead", None)
        out.say(text, "failed")
        out.status = 1
        return out
    service.running, service.pid = False, 0
    service.state = {}
    _pid_file(node, data, service)
    hook = HOOKS["stop"].get(data.name)
    if hook:
        hook(world, node)
    _log(world, node, data, "STOP", "")
    out.say(text, "ok")
    out.changed = True
    return out


def _reload(world: World, node: Node, data: ServiceData, service: Service, out: Outcome) -> Outcome:
    """Defect 12: OpenStack's reload is a restart, and exits 7 without a word when nothing runs."""
    if not service.running:
        out.status = 7
        if not data.quiet:
            out.say(f"Reloading {_title(data)}: ", "failed")
            out.status = 7
        return out
    if data.quiet:
        _stop(world, node, data, service, out)
        return _start(world, node, data, service, out)
    service.state["conf"] = _read_conf(node, data)
    out.say(f"Reloading {_title(data)}: ", "ok")
    out.changed = True
    return out


def _read_conf(node: Node, data: ServiceData) -> dict[str, str]:
    found = {}
    for path in data.conf:
        with contextlib.suppress(OSError):
            found[path] = node.fs.read_text(path)
    return found


# -- why a service does not live ---------------------------------------------------------------------------------------


def death(world: World, node: Node, data: ServiceData) -> str:
    """The last line in the log of a service that does not survive its start, "" when it lives."""
    used = {(p, n) for p, _a, n, pid, _ in ports(node) if pid != node.services[data.name].pid}
    for protocol, number, _address in bound(node, data.name):
        if (protocol, number) in used:
            return f"error: [Errno 98] Address already in use: ('0.0.0.0', {number})"
    conf = "\n".join(node.services[data.name].state.get("conf", {}).values())
    for need in data.needs:
        name, _, local = need.partition("@")
        if local and not node.running(name):
            return _local_death(name)
        if not local and not _reachable(world, node, name, conf):
            return _remote_death(name, _host(name, conf))
    return ""


def _local_death(name: str) -> str:
    if name == "libvirtd":
        return (
            "HypervisorUnavailable: Connection to the hypervisor is broken on host: Failed to connect socket to "
            "'/var/run/libvirt/libvirt-sock': No such file or directory"
        )
    return "ovs-vsctl: unix:/var/run/openvswitch/db.sock: database connection failed (No such file or directory)"


def _remote_death(name: str, host: str) -> str:
    if name == "mysqld":
        return f"OperationalError: (OperationalError) (2003, \"Can't connect to MySQL server on '{host}' (111)\") None None"  # noqa: E501
    return f"Unable to connect to AMQP server: [Errno 111] ECONNREFUSED ({host}:5672)"


def _host(name: str, conf: str) -> str:
    patterns = {
        "mysqld": r"^\s*(?:sql_connection|connection)\s*=\s*mysql\w*(?:\+\w+)?://[^@/]*@([^/:\s]+)",
        "qpidd": r"^\s*(?:qpid_hostname)\s*=\s*(\S+)",
    }
    found = re.findall(patterns[name], conf, re.M)
    return found[-1] if found else "localhost"


def _reachable(world: World, node: Node, name: str, conf: str) -> bool:
    from . import network

    host = _host(name, conf)
    address = network.resolve(world, node, host)
    port = CATALOGUE[name].ports[0][1]
    return address is not None and network.connect(world, node, address, port).open


# -- logs and followers ------------------------------------------------------------------------------------------------


def _log(world: World, node: Node, data: ServiceData, level: str, text: str) -> None:
    if not data.log:
        return
    if data.log == "/var/log/messages":
        if text or level == "INFO":
            syslog(world, node, f"{data.process}[{node.services[data.name].pid or 0}]", text or _hello(data)[1])
        return
    if not data.quiet:
        word = {"INFO": "started", "STOP": "stopped"}.get(level, text)
        append(node, data.log, f"{stamp(world, node, '%y%m%d %H:%M:%S')} {data.process}: {word}\n", 0o640)
        return
    module, hello = _hello(data)
    if level == "STOP":
        level, text = "INFO", "Caught SIGTERM, exiting"
        module = f"{data.process.split('-')[0]}.openstack.common.service"
    pid = node.services[data.name].pid or runtime(node).get("next_pid", 0)
    when = stamp(world, node, "%Y-%m-%d %H:%M:%S") + f".{int(now(world, node) * 1000) % 1000:03d}"
    append(node, data.log, f"{when} {pid} {level} {module} [-] {text or hello}\n", 0o644)
    with contextlib.suppress(KeyError, OSError):
        node.fs.chown(data.log, data.user, data.user)


def _hello(data: ServiceData) -> tuple[str, str]:
    """The module and text of the first line that a service logs."""
    name = data.process
    if name.startswith("nova-") and data.ports:
        return "nova.wsgi", f"{name} listening on 0.0.0.0:{data.ports[-1][1]}"
    if name.startswith("nova-"):
        return "nova.service", f"Starting {name.removeprefix('nova-')} node (version 2013.2.4-1.el6)"
    if name.startswith("cinder-"):
        return "cinder.service", f"Starting {name} node (version 2013.2.4)"
    if name.startswith("neutron-"):
        return "neutron.common.config", "Logging enabled!"
    if name.startswith("glance-"):
        return "glance.wsgi.server", f"({data.ports[0][1] if data.ports else 0}) wsgi starting up on http://0.0.0.0/"
    if name == "keystone-all":
        return "keystone.common.environment.eventlet_server", "Starting /usr/bin/keystone-all on 0.0.0.0:35357"
    if name == "ntpd":
        return "ntpd", "ntpd 4.2.6p5@1.2349-o (1)"
    return name, f"{name} starting"


_busy = False


def reconcile(world: World) -> None:
    """Let what the agents do follow from what runs and what is configured (owner: agents.py)."""
    global _busy
    if _busy:
        return
    try:
        from . import agents
    except ImportError:
        return
    _busy = True
    try:
        agents.reconcile(world)
    finally:
        _busy = False


# -- services with scripts of their own --------------------------------------------------------------------------------


def _openvswitch(world: World, node: Node, verb: str) -> Outcome | None:
    from . import ovsdb

    service, out = node.services["openvswitch"], Outcome()
    if verb == "status":
        if service.running:
            out.say(f"ovsdb-server is running with pid {service.pid - 1}")
            out.say(f"ovs-vswitchd is running with pid {service.pid}")
        else:
            out.say("ovsdb-server is not running")
            out.say("ovs-vswitchd is not running")
            out.status = 1
        return out
    if verb in ("restart", "condrestart", "try-restart", "force-reload", "reload") and service.running:
        out.lines += _openvswitch(world, node, "stop").lines
        verb = "start"
    if verb in ("condrestart", "try-restart", "reload"):
        return out
    if verb in ("start", "restart", "force-reload"):
        if service.running:
            out.say("ovsdb-server is already running.")
            out.say("ovs-vswitchd is already running.")
            return out
        if node.ovs is None:
            out.say("/etc/openvswitch/conf.db does not exist ... (warning).")
            out.say("Creating empty database /etc/openvswitch/conf.db ", "ok")
            node.fs.mkdir("/etc/openvswitch", parents=True)
            node.fs.write("/etc/openvswitch/conf.db", "OVSDB JSON\n")
        new_pid(node)
        service.running, service.pid, service.started = True, new_pid(node), now(world, node)
        load_module(world, node, "openvswitch")
        ovsdb.start(world, node)
        for text in ("Starting ovsdb-server ", "Configuring Open vSwitch system IDs ", "Starting ovs-vswitchd ",
                     "Enabling remote OVSDB managers "):  # fmt: skip
            out.say(text, "ok")
        _log(world, node, CATALOGUE["openvswitch"], "INFO", "")
        out.changed = True
        return out
    if verb == "stop":
        if not service.running:
            out.say("ovs-vswitchd is not running.")
            out.say("ovsdb-server is not running.")
            return out
        out.say(f"Killing ovs-vswitchd ({service.pid}) ", "ok")
        out.say(f"Killing ovsdb-server ({service.pid - 1}) ", "ok")
        service.running, service.pid = False, 0
        out.changed = True
        return out
    out.say("Usage: /etc/init.d/openvswitch {start|stop|restart|reload|force-reload|status|version}", error=True)
    out.status = 1
    return out


def load_module(world: World, node: Node, name: str) -> bool:
    """Load a kernel module with what it needs; False when the kernel has none of this name."""
    from . import modules

    return modules.load(world, node, name)


def _mysqld(world: World, node: Node, verb: str) -> Outcome | None:
    """The first start makes the system tables."""
    if verb in ("start", "restart") and not node.fs.exists("/var/lib/mysql/mysql"):
        node.fs.mkdir("/var/lib/mysql/mysql", parents=True)
        out = Outcome()
        out.say(
            "Initializing MySQL database:  Installing MySQL system tables...\nOK\nFilling help tables...\nOK\n", "ok"
        )
        rest = _ordinary(world, node, CATALOGUE["mysqld"], "start")
        out.lines += rest.lines
        out.status, out.changed = rest.status, rest.changed
        return out
    return None


def _network_manager(world: World, node: Node, verb: str) -> Outcome | None:
    """Defect 8: a NetworkManager that starts takes the NICs it may control into its own hands."""
    from . import network

    out = _ordinary(world, node, CATALOGUE["NetworkManager"], verb)
    if node.running("NetworkManager") and verb in ("start", "restart"):
        network.network_manager(world, node)
    return out


def _ntpd(world: World, node: Node, verb: str) -> Outcome | None:
    from . import network

    out = _ordinary(world, node, CATALOGUE["ntpd"], verb)
    if verb in ("start", "restart", "condrestart", "try-restart") and node.running("ntpd"):
        network.ntp_sync(world, node)
    return out


def _iptables(world: World, node: Node, verb: str) -> Outcome | None:
    """The packet filter's script: load, unload, save. `restart` is what people type after editing the file."""
    from . import firewall

    service, out = node.services["iptables"], Outcome()
    tables = node.kernel.iptables
    if verb == "restart" or (verb in ("condrestart", "try-restart") and tables):
        out.lines += _iptables(world, node, "stop").lines
        verb = "start"
    if verb in ("reload", "force-reload"):
        verb = "start"
    if verb == "start":
        try:
            firewall.restore(node, node.fs.read_text("/etc/sysconfig/iptables"))
        except firewall.RestoreError as error:
            out.say(f"iptables: Applying firewall rules: iptables-restore: line {error.line} failed")
            out.say("", "failed")
            out.status = 1
            return out
        except OSError:
            out.status = 6
            return out
        for name in ("ip_tables", "iptable_filter", "ipt_REJECT", "nf_conntrack_ipv4", "xt_state"):
            load_module(world, node, name)
        service.running, service.started, out.changed = True, now(world, node), True
        out.say("iptables: Applying firewall rules: ", "ok")
    elif verb == "stop":
        if tables:
            out.say("iptables: Setting chains to policy ACCEPT: " + " ".join(sorted(tables)) + " ", "ok")
            out.say("iptables: Flushing firewall rules: ", "ok")
            out.say("iptables: Unloading modules: ", "ok")
        node.kernel.iptables = {}
        service.running, out.changed = False, True
    elif verb == "save":
        if not tables:
            out.say("iptables: Nothing to save.", "warning")
            return out
        text = firewall.save(node, when=stamp(world, node, "%a %b %e %H:%M:%S %Y"))
        node.fs.write("/etc/sysconfig/iptables", text, mode=0o600)
        out.say("iptables: Saving firewall rules to /etc/sysconfig/iptables:", "ok")
    elif verb == "status":
        if not tables:
            out.say("iptables: Firewall is not running.")
            out.status = 3
            return out
        from .iptables import listing

        for name in sorted(tables):
            out.say(f"Table: {name}")
            for line in listing(tables[name], numeric=True, numbers=True):
                out.say(line)
    elif verb not in ("condrestart", "try-restart"):
        out.say("Usage: iptables {start|stop|reload|restart|condrestart|status|panic|save}")
        out.status = 2
    return out


def _ip6tables(world: World, node: Node, verb: str) -> Outcome | None:
    service, out = node.services["ip6tables"], Outcome()
    if verb in ("stop", "restart") and service.running:
        out.say("ip6tables: Setting chains to policy ACCEPT: filter ", "ok")
        out.say("ip6tables: Flushing firewall rules: ", "ok")
        out.say("ip6tables: Unloading modules: ", "ok")
        service.running = False
    if verb in ("start", "restart", "reload"):
        out.say("ip6tables: Applying firewall rules: ", "ok")
        service.running = True
    elif verb == "save":
        out.say("ip6tables: Saving firewall rules to /etc/sysconfig/ip6tables:", "ok")
    elif verb == "status":
        out.say("Table: filter" if service.running else "ip6tables: Firewall is not running.")
        out.status = 0 if service.running else 3
    elif verb not in ("stop", "condrestart", "try-restart"):
        out.say("Usage: ip6tables {start|stop|reload|restart|condrestart|status|panic|save}")
        out.status = 2
    return out


def _libvirtd_started(world: World, node: Node) -> None:
    """libvirtd brings up its network `default` unless somebody removed it (packstack does)."""
    from .world import Nic

    if not node.fs.exists("/etc/libvirt/qemu/networks/autostart/default.xml") or "virbr0" in node.nics:
        return
    load_module(world, node, "bridge")
    node.nics["virbr0"] = Nic("virbr0", "52:54:00:a1:b2:c3", ["192.168.122.1/24"], True, kind="bridge")


SPECIAL["iptables"] = _iptables
SPECIAL["ip6tables"] = _ip6tables
HOOKS["start"]["libvirtd"] = _libvirtd_started
SPECIAL["openvswitch"] = _openvswitch
SPECIAL["mysqld"] = _mysqld
SPECIAL["NetworkManager"] = _network_manager
SPECIAL["ntpd"] = _ntpd
