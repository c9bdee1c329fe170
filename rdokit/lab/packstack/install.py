"""The run of packstack from answer file to "Installation completed successfully".

Steps, their lines and their order are those of recorded runs. The effect of a
Puppet run happens when it ends, so that an interrupted packstack
leaves what had been done and nothing else; the next run does the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import packages, services
from . import answerfile, console, effects, manifests, remote
from .answerfile import AnswerError
from .effects import PuppetError
from .manifests import CINDER_VG, Manifest
from .parameters import Config, hosts_of

if TYPE_CHECKING:
    from ..process import Process
    from ..world import Node

NO_NTP = (
    "Time synchronization installation was skipped. Please note that unsynchronized time on server instances "
    "might be problem for some OpenStack components."
)
PUPPET_PACKAGES = ["puppet", "openssh-clients", "tar", "nc", "rubygem-json"]
POLL = 3.0  # lab seconds between two looks whether a Puppet run is over
VAR = "/var/tmp/packstack"


class SetupError(Exception):
    """packstack ends with this text behind "ERROR : "."""


@dataclass
class Session:
    """One call of packstack."""

    p: Process
    folder: str
    log: console.Log
    dry_run: bool = False
    config: Config = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    remote_folders: list[tuple[Node, str]] = field(default_factory=list)

    @property
    def manifest_folder(self) -> str:
        return f"{self.folder}/manifests"

    def hosts(self) -> list[tuple[str, Node]]:
        """The servers to work on with their nodes.

        Raises:
            SetupError: a server has gone since it was checked.
        """
        found = []
        for host in manifests.servers(active(self.config)):
            node = remote.target(self.p.world, host)
            if node is None:
                text = f"ssh: connect to host {host} port 22: No route to host\r\n"
                raise SetupError(str(remote.ScriptError("", text)))
            found.append((host, node))
        return found


def active(config: Config) -> Config:
    """The values of the groups in force, and what packstack adds itself."""
    keys = answerfile.active(config)
    return {k: config[k] for k in keys if k in config} | {"ALL_IN_ONE": config.get("ALL_IN_ONE", "n")}


def open_session(p: Process, debug: bool) -> Session:
    """Make /var/tmp/packstack/<stamp>/ and its log, as every call does."""
    when = time.strftime("%Y%m%d-%H%M%S", time.localtime(p.world.clock.now()))
    folder = f"{VAR}/{when}-{p.world.ids.hex(6)}"
    fs = p.node.fs
    fs.mkdir(VAR, mode=0o700, parents=True)
    fs.mkdir(folder, mode=0o700)
    fs.mkdir(f"{folder}/manifests", mode=0o700)
    return Session(p, folder, console.Log(p, folder, debug))


async def read_answers(s: Session, path: str, overrides: Config | None = None) -> Config:
    """Read and check the answer file; what changes on the way is printed.

    Raises:
        SetupError: "Failed handling answer file: …".
    """
    p, world = s.p, s.p.world
    try:
        values = answerfile.parse(p.node.fs.read_text(path), path) | (overrides or {})
        pending: list[str] = []
        reader = answerfile.Reader(world, p.node, lambda h: remote.listens(world, p.node, h), pending.append, p.print)
        key = values.get("CONFIG_SSH_KEY", "")
        wanted = (key or "/root/.ssh/id_rsa.pub").replace("~", "/root", 1)
        if "CONFIG_SSH_KEY" in values and not p.node.fs.isfile(wanted):
            await remote.make_key(p, wanted.removesuffix(".pub"))
        config = reader.read(values)
    except AnswerError as e:
        raise SetupError(f"Failed handling answer file: {e}") from None
    except OSError as e:
        raise SetupError(f"Failed handling answer file: {e.strerror}") from None
    from .parameters import PARAMETERS

    masked = {prm.key for prm in PARAMETERS if prm.masked}
    s.log.secrets = [v for k, v in config.items() if k in masked and len(v) > 3]
    return config


# -- steps ------------------------------------------------------------------------------

Step = tuple[str, Callable[[Session], Awaitable[None]]]


def script_step(lines: str, seconds: float = 1.0) -> Callable[[Session], Awaitable[None]]:
    """A step that runs a script on every server and changes nothing that is seen."""

    async def run(s: Session) -> None:
        for host, _node in s.hosts():
            s.log.script(host, lines)
        await s.p.sleep(seconds)

    return run


async def clean_up(s: Session) -> None:
    await s.p.sleep(0.5)


async def ssh_keys(s: Session) -> None:
    key = remote.public_key(s.p.node, s.config["CONFIG_SSH_KEY"])
    for host in manifests.servers(active(s.config)):
        s.log.script(host, remote.KEY_SCRIPT.format(key=key))
        if s.dry_run:
            continue
        node = await remote.log_in(s.p, host, key)
        remote.install_key(node, key)
        await s.p.sleep(0.5)


async def add_entries(s: Session) -> None:
    await s.p.sleep(0.15)


async def cinder_dependencies(s: Session) -> None:
    if s.dry_run:
        return
    for host in hosts_of(s.config["CONFIG_CINDER_HOST"]):
        node = remote.target(s.p.world, host)
        s.log.script(host, "yum install -y lvm2")
        if node is not None and not packages.installed(node, "lvm2"):
            _yum(s, node, ["lvm2"])
    await s.p.sleep(2)


async def cinder_group(s: Session) -> None:
    await s.p.sleep(1)
    if s.dry_run:
        return
    for host in hosts_of(s.config["CONFIG_CINDER_HOST"]):
        node = remote.target(s.p.world, host)
        s.log.script(host, "vgdisplay cinder-volumes")
        if node is not None:
            try:
                note = effects.cinder_volumes(s.p.world, node, s.config)
            except ValueError as e:
                raise SetupError(str(e)) from None
            if note:
                s.notes.append(note)


def _yum(s: Session, node: Node, names: list[str]) -> None:
    try:
        packages.install(s.p.world, node, names)
    except packages.PackageError as e:
        raise SetupError(str(remote.ScriptError("", "\n".join(e.lines) + "\n"))) from None


async def prepare_servers(s: Session) -> None:
    """The repositories: EPEL if asked for, RDO wherever this host has it."""
    await s.p.sleep(3)
    if s.dry_run:
        return
    for host, node in s.hosts():
        s.log.script(host, "rpm -q --whatprovides yum-utils || yum install -y yum-utils")
        if s.config.get("CONFIG_USE_EPEL") == "y" and not packages.installed(node, "epel-release"):
            _yum(s, node, ["epel-release"])
        if packages.installed(s.p.node, "rdo-release"):
            _rdo_repository(s, host, node)


def _rdo_repository(s: Session, host: str, node: Node) -> None:
    if not packages.installed(node, "rdo-release"):
        own = packages.installed(s.p.node, "rdo-release")[0]
        try:
            packages.put(s.p.world, node, packages.record(own))
        except (packages.PackageError, OSError, KeyError):
            s.log.error(f"rdo-release could not be installed on {host}")
    repos = [r for r in packages.repos(node) if "openstack" in r.id]
    if not repos:
        raise SetupError(
            f"Failed to set RDO repo on host {host}:\nRPM file seems to be installed, but appropriate repo file is "
            "probably missing in /etc/yum.repos.d/"
        )


async def install_dependencies(s: Session) -> None:
    await s.p.sleep(3)
    if s.dry_run:
        return
    for host, node in s.hosts():
        s.log.script(host, "\n".join(f"rpm -q --whatprovides {n} || yum install -y {n}" for n in PUPPET_PACKAGES))
        _yum(s, node, [n for n in PUPPET_PACKAGES if not packages.installed(node, n)])
        await s.p.sleep(1)


async def copy_manifests(s: Session) -> None:
    fs = s.p.node.fs
    config = active(s.config)
    for manifest in manifests.plan(config):
        fs.write(f"{s.manifest_folder}/{manifest.file}", manifests.text(manifest, config), mode=0o600)
    if s.dry_run:
        return
    for host, node in s.hosts():
        folder = f"{VAR}/{s.p.world.ids.hex(32)}"
        s.log.script(
            host, f"mkdir -p {folder}; mkdir --mode 0700 {folder}/modules {folder}/resources {folder}/manifests"
        )
        for name in ("", "/manifests", "/modules", "/resources"):
            node.fs.mkdir(folder + name, mode=0o700, parents=True)
        s.remote_folders.append((node, folder))
    await s.p.sleep(2)


async def apply_manifests(s: Session) -> None:
    """Run Puppet, marker by marker, all servers of a marker at once."""
    if s.dry_run:
        return
    running: list[Puppet] = []
    marker = ""
    for manifest in manifests.plan(active(s.config)):
        if marker and manifest.marker != marker:
            await wait_for_puppet(s, running)
        marker = manifest.marker
        s.p.print(f"Applying {manifest.file}")
        s.log.script(manifest.host, f"( flock puppet.lock puppet apply {manifest.file} ) &")
        running.append(Puppet(s, manifest))
    await wait_for_puppet(s, running)


class Puppet:
    """One run in the background of a server."""

    def __init__(self, s: Session, manifest: Manifest):
        self.s, self.manifest = s, manifest
        self.clock = s.p.world.clock
        self.begun = time.monotonic()
        self.fault = _fault(s, manifest)

    def over(self) -> bool:
        """Whether the run has ended and the server can be asked (a dead server never answers)."""
        if self.fault.get("kind") == "hang" or remote.target(self.s.p.world, self.manifest.host) is None:
            return False
        return (time.monotonic() - self.begun) * self.clock.speed >= self.manifest.seconds

    def finish(self) -> list[str]:
        """Put the effect in place, fetch the log; returns the notes found in it.

        Raises:
            PuppetError: the run failed; the log has it in red.
        """
        node = remote.target(self.s.p.world, self.manifest.host)
        if node is None:
            raise PuppetError("the server has gone")
        run = effects.Run(self.s.p.world, node, self.manifest.host, active(self.s.config))
        failed = ""
        try:
            if self.fault.get("kind") == "timeout":
                raise PuppetError(
                    f"/Stage[main]//Exec[{self.manifest.name}]/returns: change from notrun to 0 failed: "
                    "Command exceeded timeout"
                )
            if self.fault:
                raise PuppetError(
                    self.fault.get("text")
                    or "Could not start Service[neutron-server]: Execution of "
                    "'/sbin/service neutron-server start' returned 1: "
                )
            effects.EFFECTS[self.manifest.name](run)
        except PuppetError as e:
            failed = str(e)
        lines = [*run.log]
        if failed:
            lines.append(f"\033[1;31mError: {failed}\033[0m")
        lines.append(f"Notice: Finished catalog run in {self.manifest.seconds:.2f} seconds")
        path = f"{self.s.manifest_folder}/{self.manifest.file}.log"
        self.s.p.node.fs.write(path, "\n".join(lines) + "\n", mode=0o600)
        if failed:
            raise PuppetError(failed)
        return run.notes


def _fault(s: Session, manifest: Manifest) -> dict[str, Any]:
    """The injected defect that hits a manifest.

    `world.faults["packstack"]` is "timeout" (works the second time), "puppet" (an error), "hang" (no end), or a
    dictionary with kind, and perhaps manifest ("neutron"), host, text (the error), times (1; how many runs it hits).
    """
    fault = s.p.world.faults.get("packstack")
    if isinstance(fault, str):
        fault = s.p.world.faults["packstack"] = {"kind": fault}
    if not isinstance(fault, dict) or fault.get("manifest", "neutron") != manifest.name:
        return {}
    wanted = fault.get("host") or hosts_of(s.config["CONFIG_KEYSTONE_HOST"])[0]
    if wanted != manifest.host or fault.get("times", 1) <= 0:
        return {}
    fault["times"] = fault.get("times", 1) - 1
    return {"kind": "puppet", **fault}


async def wait_for_puppet(s: Session, running: list[Puppet]) -> None:
    """Ask the servers in turn until every run is over; there is no limit, as in the real one.

    Raises:
        SetupError: a run failed.
    """
    spinner = console.Spinner(s.p)
    try:
        while running:
            for puppet in running:
                file = puppet.manifest.file
                spinner.show(file)
                if not puppet.over():
                    services.reconcile(s.p.world)
                    await s.p.sleep(POLL)
                    continue
                running.remove(puppet)  # the one behind it is asked in the next round, as in the real one
                spinner.wipe()
                s.p.stdout.write("\r")
                collect(s, puppet, running)
                await asyncio.sleep(0)  # others may work meanwhile
    finally:
        services.reconcile(s.p.world)  # the agents that were started meanwhile begin their work


def collect(s: Session, puppet: Puppet, running: list[Puppet]) -> None:
    """The effect of a run that is over, and its line.

    Raises:
        SetupError: it failed.
    """
    file = puppet.manifest.file
    busy, services._busy = services._busy, True  # the agents look once, not after every service
    try:
        s.notes.extend(puppet.finish())
    except PuppetError as e:
        s.p.print(console.state_line(f"{file}:", "ERROR"))
        for other in [r for r in running if r.fault.get("kind") != "hang"]:
            with contextlib.suppress(PuppetError):  # nobody waits for them any more, but they run to their end
                other.finish()
        raise SetupError(puppet_failure(s, file, str(e))) from None
    finally:
        services._busy = busy
    s.p.print(console.state_line(f"{file}:", "DONE"))


def puppet_failure(s: Session, file: str, error: str) -> str:
    """The three lines about a failed Puppet run; a missing package is told in plainer words."""
    text = f"Error: {error}\033[0m"
    if "/usr/bin/yum" in error and "Error: Nothing to do" in error:
        name = error.split(" install ")[1].split("'")[0]
        text = f"Package {name} has not been found in enabled Yum repos."
    return (
        f"Error appeared during Puppet run: {file}\n{text}\n"
        f"You will find full trace in log {s.manifest_folder}/{file}.log"
    )


async def finalize(s: Session) -> None:
    await s.p.sleep(1)
    for node, folder in s.remote_folders:
        if node.fs.isdir(folder):
            node.fs.rmtree(folder)
    s.remote_folders.clear()


def client_note(s: Session) -> None:
    host = s.config["CONFIG_OSCLIENT_HOST"]
    s.notes.append(
        f"File /root/keystonerc_admin has been created on OpenStack client host {host}. "
        "To use the command line tools you need to source the file."
    )


def horizon_note(s: Session) -> None:
    scheme = "https" if s.config.get("CONFIG_HORIZON_SSL") == "y" else "http"
    s.notes.append(
        f"To access the OpenStack Dashboard browse to {scheme}://{s.config['CONFIG_HORIZON_HOST']}/dashboard.\n"
        "Please, find your login credentials stored in the keystonerc_admin in your home directory."
    )


def nagios_note(s: Session) -> None:
    host, password = s.config["CONFIG_NAGIOS_HOST"], s.config["CONFIG_NAGIOS_PW"]
    s.notes.append(f"To use Nagios, browse to http://{host}/nagios username : nagiosadmin, password : {password}")


NOTES = {
    "Adding OpenStack Client manifest entries": client_note,
    "Adding Horizon manifest entries": horizon_note,
    "Adding Nagios server manifest entries": nagios_note,
}


def steps(config: Config) -> list[Step]:
    """Every line of "Installing:" with what it does."""
    out: list[Step] = [
        ("Clean Up", clean_up),
        ("Setting up ssh keys", ssh_keys),
        ("Discovering hosts' details", script_step("facter -p", 2.0)),
    ]
    special = {CINDER_VG: cinder_group, "Installing dependencies for Cinder": cinder_dependencies}
    out += [(title, special.get(title, add_entries)) for title in manifests.titles(active(config))]
    return [
        *out,
        ("Preparing servers", prepare_servers),
        ("Installing Dependencies", install_dependencies),
        ("Copying Puppet modules and manifests", copy_manifests),
        ("Applying Puppet manifests", apply_manifests),
        ("Finalizing", finalize),
    ]


async def install(s: Session, path: str, overrides: Config | None = None) -> None:
    """Everything after the command line has been understood.

    Raises:
        SetupError: as shown to the user.
    """
    p = s.p
    p.print("Welcome to Installer setup utility")
    s.config = await read_answers(s, path, overrides)
    if not s.config.get("CONFIG_NTP_SERVERS"):
        s.notes.append(NO_NTP)
    p.print("\nInstalling:")
    for title, run in steps(s.config):
        try:
            await run(s)
        except (SetupError, remote.ScriptError) as e:
            p.print(console.state_line(title, "ERROR"))
            raise SetupError(str(e)) from None
        if title in NOTES:
            NOTES[title](s)
        p.print(console.state_line(title, "DONE"))
    s.notes.append(f"The installation log file is available at: {s.log.path}")
    s.notes.append(f"The generated manifests are available at: {s.manifest_folder}")
    p.print("\n **** Installation completed successfully ******\n\n")
    show_notes(s, blank=False)


def show_notes(s: Session, blank: bool = True) -> None:
    """ "Additional information:" with its bullets, if there are any."""
    if not s.notes:
        return
    s.p.print(("\n" if blank else "") + "Additional information:")
    for note in s.notes:
        s.p.print(f" * {note}")


def show_error(s: Session, text: str) -> None:
    """The red line, where the log is, and what there is to know besides."""
    s.log.error(text)
    s.p.print("\n" + console.red(f"ERROR : {text}"))
    s.p.print(f"Please check log file {s.log.path} for more information")
    show_notes(s)
