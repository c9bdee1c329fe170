"""The kit: a site with its nodes connected, as the notebooks use it.

`connect(site)` reads and checks the site file, starts the practice lab where there is one, resolves the
secrets, connects to every node at the same time, and hands out plans and tables.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from . import cutoff, facts, labspec, passwords, references, show, siteload
from .errors import (
    AuthError,
    CommandError,
    ConnectError,
    ConnectionLost,
    HostKeyError,
    ParameterError,
    RdokitError,
    StepFailed,
)
from .journal import Journal
from .looking import Looking
from .node import Node
from .parallel import parallel
from .patience import ask_until
from .plan import Plan
from .secret import Secret, mask
from .site import Site
from .ssh import Door, fingerprint
from .steps import NOT_KNOWN, SETTLE

BOOT_PATIENCE = 300.0  # seconds for a machine whose reboot was under way when the last run was cut off
BASE_PARAMETERS = ("site", "plan_only", "overrides")


def connect(site: str = "lab", overrides: dict | None = None, *, plan_only: bool = False, **parameters: object) -> Kit:
    """Check the site as a whole, then connect to all of its nodes.

    Args:
        site: name of a file in `params/`, or a path.
        overrides: values that win over the file's, e.g. {"ntp.server": "ntp.example.com"}.
        plan_only: read and show, change nothing.
        parameters: the phase's own parameters, so that they are known.

    Raises:
        ParameterError: every fault of the parameters; no node was touched.
        ConnectError: the nodes that could not be reached.
    """
    merged = _check_notebook(dict(overrides or {}), plan_only, parameters)
    path = siteload.find(site)
    kit = Kit(siteload.load(path, merged), path, plan_only=plan_only)
    kit.open()
    return kit


def _check_notebook(overrides: dict, plan_only: object, parameters: dict[str, object]) -> dict:
    """Parameters that papermill put in: none unknown, none of the wrong type; fields of a site become overrides."""
    if not isinstance(plan_only, bool):
        raise ParameterError(f"plan_only: {plan_only!r}: must be true or false", next_step="-p plan_only true")
    names = show.injected() or set()
    fields = set(Site.model_fields) - {"site"}
    faults = []
    for name in sorted(names - {*BASE_PARAMETERS, *parameters}):
        if name not in fields:
            faults.append(f"{name}: there is no such parameter here. This notebook knows "
                          f"{', '.join([*BASE_PARAMETERS, *parameters])}, and every field of a site file.")
        else:
            overrides.setdefault(name, show.value_of(name))
    if faults:
        raise ParameterError(faults)
    return overrides


class Kit(Looking):
    """A site with its nodes.

    Attributes:
        site: the parameters. nodes: all nodes, by name. plan_only: whether nothing may be changed.
        journal: the record of this run.
    """

    def __init__(self, site: Site, path: Path, *, plan_only: bool = False):
        self.site, self.path, self.plan_only = site, path, plan_only
        self.journal = Journal.current(site.site, mask=mask)
        self._secrets: dict[str, Secret] = {}
        self.begun = cutoff.Lazy(site.site)
        self.nodes: dict[str, Node] = {}

    def __repr__(self) -> str:
        return f"<Kit {self.site.site}: {', '.join(self.nodes)}{', plan only' if self.plan_only else ''}>"

    # --- opening ------------------------------------------------------------------------------

    def open(self) -> None:
        """Start the lab if the site is one, make the nodes, connect to all of them."""
        show.dress(facts.DataFrame)
        if self.site.lab:
            start_lab(self.site, self.path)
        passwords.check(self.site, self.path.parent)
        self.nodes = {name: Node(self.door(name), self._heard) for name in self.site.nodes}
        faults = [f for f in parallel(self._try_connect, self.nodes.values()) if f]
        if len(faults) == 1:
            raise faults[0]
        if faults:
            raise type(faults[0])(", ".join(f.node for f in faults), f"{len(faults)} nodes",
                                  "\n".join(f.what for f in faults), next_step=faults[0].next_step)

    def _try_connect(self, node: Node) -> RdokitError | None:
        """Log in; a machine that a run was rebooting when it was cut off is waited for."""
        booting = self.begun().of({"node": node.name, "kind": "reboot", "step": "reboot"})
        try:
            node.connection.transport()
        except (HostKeyError, AuthError) as error:
            return error
        except ConnectError as error:
            try:
                return node.reconnect(BOOT_PATIENCE, ConnectionLost(node.name, "reboot")) if booting else error
            except ConnectError as still:
                return still
        return None

    def _heard(self, sentence: str) -> None:
        show.say(sentence)
        self.journal.event("note", error=sentence)

    def door(self, name: str) -> Door:
        """How to get into a node (or a jump host), secrets resolved."""
        ssh = self.site.nodes[name].ssh if name in self.site.nodes else self.site.jumps[name]
        where = f"{'nodes' if name in self.site.nodes else 'jumps'}.{name}.ssh"
        host = ssh.host or (self.site.nodes[name].private if name in self.site.nodes else name)
        known = Path(self.site.known_hosts).expanduser()
        return Door(name, host, ssh.port, ssh.user, self._optional(ssh.password, f"{where}.password"),
                    ssh.key and str(self._beside(ssh.key)), self._optional(ssh.passphrase, f"{where}.passphrase"),
                    ssh.agent, self._optional(ssh.sudo_password, f"{where}.sudo_password"),
                    str(known if known.is_absolute() else self.path.parent / known),
                    self.door(ssh.jump) if ssh.jump else None)

    def host_keys(self):
        """The host keys that we trusted on the way in.

        Returns:
            DataFrame: node, fingerprint, recorded in.
        """
        return facts.frame([{"node": node.name, "fingerprint": fingerprint(node.connection.transport()
                                                                           .get_remote_server_key()),
                             "recorded in": self.site.known_hosts} for node in self.all])

    def _beside(self, path: str) -> Path:
        return self.path.parent / Path(path).expanduser()

    def _optional(self, reference: str | None, field: str) -> Secret | None:
        return self.secret(reference, field) if reference else None

    def secret(self, reference: str, field: str = "secret") -> Secret:
        """The value behind a reference of the site, e.g. `kit.secret(kit.site.admin_password)`."""
        name = field if reference == "ask" else reference  # what is asked for is one answer for each field
        if name not in self._secrets:
            found = references.resolve(reference, self.path.parent, prompt=field)
            if fault := passwords.fault(field, found.reveal()):
                raise ParameterError(fault, source="secrets")
            self._secrets[name] = found
        return self._secrets[name]

    # --- who is who ---------------------------------------------------------------------------

    @property
    def all(self) -> list[Node]:
        return list(self.nodes.values())

    @property
    def controller(self) -> Node:
        return self.nodes[self.site.controller]

    @property
    def computes(self) -> list[Node]:
        return [self.nodes[name] for name in self.site.names("compute")]

    @property
    def network(self) -> Node:
        return self.nodes[self.site.network_node]

    def overview(self):
        """Every node: who it says it is, what it runs, how we got in.

        Returns:
            DataFrame: node, roles, reached as, from (our own address on that way), host name, kernel, up since.
        """
        line = "hostname; uname -r; cut -d. -f1 /proc/uptime; echo $SSH_CONNECTION"
        show.prompt(", ".join(self.nodes), line)

        def one(node: Node) -> dict:
            lines = node.ask(line).check().lines
            door = node.connection.door
            return {"node": node.name, "roles": ", ".join(self.site.nodes[node.name].roles),
                    "reached as": f"{door.user}@{door.address}", "from": lines[3].split()[0] if lines[3] else "",
                    "host name": lines[0], "kernel": lines[1], "up (min)": int(lines[2]) // 60}
        return facts.frame(parallel(one, self.all))

    def client(self):
        """This machine: versions of what the notebooks run on.

        Returns:
            DataFrame: what, version.
        """
        import platform
        from importlib.metadata import version
        packages = ("rdokit", "paramiko", "pandas", "papermill", "jupyterlab", "ipywidgets")
        rows = [("operating system", platform.platform()), ("Python", platform.python_version()),
                *((name, version(name)) for name in packages)]
        return facts.frame([{"what": what, "version": text} for what, text in rows])

    # --- changing and proving -----------------------------------------------------------------

    def plan(self, title: str) -> Plan:
        """An empty plan; add steps, then `look()` and `apply()`."""
        return Plan(title, journal=self.journal, stamp=self.journal.run[:15], folder=self.journal.folder,
                    plan_only=self.plan_only, begun=self.begun, job_limit=self.site.job_limit)

    def undo(self, phases: list[str]):
        """What the record of this site says that was changed, to be taken back; [] means all phases."""
        from .undo import Undo
        return Undo(self, phases)

    def topology(self, switches):
        """A picture of the switches as they are; a missing tunnel is red, with the reason."""
        from .picture import live
        return live(self, switches)

    def check(self, *facts_and_sentences: tuple[str, object]):
        """Prove sentences: pairs of a sentence and its truth (bool, Series, or a callable that gives one).

        Raises:
            StepFailed: one is not true (with `plan_only` they are shown and nothing is raised).
        """
        rows = [(self._truth(truth), sentence) for sentence, truth in facts_and_sentences]
        show.put(show.verdicts(rows, planned=self.plan_only))
        wrong = [sentence for ok, sentence in rows if not ok]
        for sentence in wrong:
            self.journal.event("note" if self.plan_only else "failed", step="check", error=f"not so: {sentence}")
        for ok, sentence in rows:
            if ok:
                self.journal.event("verified", step=sentence)
        if wrong and not self.plan_only:
            raise StepFailed("Not so: " + "; ".join(wrong) + ".",
                             next_step="The section 'If it goes wrong' below tells how this happens.")

    def _truth(self, truth: object) -> bool:
        """A callable is asked until it is true or its time is up: agents report some seconds later."""
        if not callable(truth):
            return _all_true(truth)
        value, error = ask_until(truth, 0 if self.plan_only else SETTLE, (*NOT_KNOWN, CommandError), enough=_all_true)
        if error and not self.plan_only:
            show.say(str(error))
        return _all_true(value)


def _all_true(value: object) -> bool:
    return bool(value.all() if hasattr(value, "all") else value)


def start_lab(site: Site, path: Path) -> None:
    """Start the practice lab of a site, as a process of its own, if it does not run.

    Raises:
        RdokitError: it cannot start; the message is the lab's own.
    """
    folder = labspec.prepare(site, path)
    done = subprocess.run([sys.executable, "-m", "rdokit.lab", "up", "--state", str(folder), "--spec",
                           str(folder / "spec.json")], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RdokitError(f"The practice lab does not start: {(done.stderr or done.stdout).strip()}",
                          next_step=f"Its log: {folder / 'lab.log'}")


__all__ = ["Kit", "connect", "start_lab"]
