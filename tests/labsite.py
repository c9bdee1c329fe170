"""A practice lab of a test's own: its folder, free ports, site file, secrets, runs; snapshots, faults, worlds.

    with LabSite(tmp_path) as lab:          # or the fixture of that name in a conftest
        lab.walk("02", "03")                # code cells in one plain process (tests/walk.py)
        lab.snapshot("before")              # …; lab.restore("before")
        lab.rdokit("run", "04")             # the product's command line
        lab.world()                         # rdokit.lab.world.World, read only

Nothing of it touches the project's own .lab, runs or params.
"""

from __future__ import annotations

import json
import os
import random
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SPEED = 6000  # times faster than real: a minute of packstack takes 10 ms


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on, all different.

    Below those that the kernel gives to outgoing connections: a node closes its port while it reboots, and
    must find it free again.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as one:
            if port not in found and one.connect_ex(("127.0.0.1", port)) != 0:
                found.append(port)
    return found


class LabSite:
    """A lab with a site of its own in a folder.

    Args:
        folder: an empty folder, e.g. `tmp_path`.
        site: name of the site (of `params/<site>.yml` there).
        edit: function of the site file's text, for what should differ from the project's params/lab.yml.
        speed: how much faster than real the lab's waiting is.
    """

    def __init__(self, folder: Path, site: str = "lab", *, edit=lambda text: text, speed: float = SPEED):
        self.folder, self.site = folder, site
        self.state, self.params, self.runs = folder / ".lab", folder / "params", folder / "runs"
        for one in (self.params, self.runs):
            one.mkdir(parents=True, exist_ok=True)
        text = (ROOT / "params/lab.yml").read_text("utf-8")
        ports = iter(free_ports(8))
        self.ports: list[int] = []

        def port(_) -> str:
            self.ports.append(next(ports))
            return f"port: {self.ports[-1]}"
        text = re.sub(r"port: \d+", port, text)
        text = text.replace("site: lab", f"site: {site}").replace("speed: 60 ", f"speed: {speed:g} ")
        self.file = self.params / f"{site}.yml"
        self.file.write_text(edit(text), "utf-8")

    def __enter__(self) -> LabSite:
        self.up()
        return self

    def __exit__(self, *exc: object) -> None:
        self.down()

    # --- the lab's process -----------------------------------------------------------------------

    def up(self) -> None:
        """Write the lab's spec and secrets as the product does, and start it."""
        from rdokit import labspec, siteload
        site = siteload.load(self.file)
        labspec.prepare(site, self.file)
        self.lab("up", "--spec", str(self.state / "spec.json"))

    def down(self) -> None:
        self.lab("down")

    def lab(self, *words: str) -> str:
        """`python -m rdokit.lab …` on this lab; what it prints."""
        done = subprocess.run([sys.executable, "-m", "rdokit.lab", words[0], "--state", str(self.state), *words[1:]],
                              capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL, timeout=120)
        assert done.returncode == 0 or words[0] in ("compare", "down"), done.stderr + done.stdout
        return done.stdout

    def control(self, do: str, **what: object) -> Any:
        """One request to the running lab, without a process in between (3 ms instead of 300)."""
        from rdokit.lab.__main__ import ask_with
        return ask_with(json.loads((self.state / "status.json").read_text()), {"do": do, **what})

    def snapshot(self, name: str) -> Path:
        """Save the world as it is now; returns the file."""
        path = self.folder / f"{name}.world"
        self.control("snapshot", path=str(path))
        return path

    def restore(self, world: str | Path) -> None:
        """Put a saved world (a snapshot's name, or a file) in the place of this one; the machines boot."""
        self.control("restore", path=str(world if isinstance(world, Path) else self.folder / f"{world}.world"))

    def node(self, number: int = 0, heard=print):
        """One of its machines as its operator reaches it: root with the password (`heard`: see `rdokit.node.Node`)."""
        from rdokit.node import Node
        from rdokit.secret import Secret
        from rdokit.ssh import Door
        password = Secret((self.state / "root-password").read_text().rstrip("\n"))
        return Node(Door(f"node{number + 1}", "127.0.0.1", self.ports[number], password=password,
                         known_hosts=str(self.state / "known_hosts")), heard)

    def fault(self, name: str, value: object = None) -> None:
        """Set a fault of the lab's world (None takes it away)."""
        self.control("fault", name=name, value=value)

    def world(self):
        """The world as it is now, a copy to read."""
        from rdokit.lab.world import World
        return World.load(self.snapshot("now"))

    # --- the product on it ---------------------------------------------------------------------------

    def env(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a client: this site, these runs."""
        env = {name: value for name, value in os.environ.items() if name not in ("RDOKIT_RUN", "RDOKIT_PHASE")}
        return env | {"RDOKIT_PARAMS": str(self.params), "RDOKIT_RUNS": str(self.runs), "RDOKIT_SITE": self.site,
                      "RDOKIT_NOTEBOOKS": str(ROOT / "notebooks"), "PYTHONPATH": str(ROOT)} | dict(more or {})

    def rdokit(self, *words: str, env: Mapping[str, str] | None = None, timeout: float = 180,
               ) -> subprocess.CompletedProcess:
        """`rdokit …` as a process of its own."""
        return subprocess.run([sys.executable, "-m", "rdokit.cli", *words], capture_output=True, text=True,
                              timeout=timeout, stdin=subprocess.DEVNULL, cwd=self.folder, env=self.env(env))

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> subprocess.Popen:
        """The same, not waited for."""
        return subprocess.Popen([sys.executable, "-m", "rdokit.cli", *words], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL, cwd=self.folder,
                                env=self.env(env))

    def walk(self, *phases: str, env: Mapping[str, str] | None = None, check: bool = True, timeout: float = 180,
             ) -> subprocess.CompletedProcess:
        """The code cells of some phases (all without any) in one plain process."""
        done = subprocess.run([sys.executable, "-m", "tests.walk", "--site", str(self.file), "--quiet", *phases],
                              capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL, env=self.env(env),
                              timeout=timeout)
        assert not check or done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done

    def run_folders(self) -> list[Path]:
        """Folders of runs, the oldest first."""
        return sorted(p for p in self.runs.iterdir() if p.is_dir() and not p.is_symlink() and p.name[0] != ".")

    def events(self) -> Iterator[dict]:
        """All events of all journals here."""
        from rdokit.journal import read_events
        for folder in self.run_folders():
            yield from read_events(folder / "events.jsonl")


@contextmanager
def environment(lab: LabSite) -> Iterator[None]:
    """This process itself as a client of the lab."""
    before = dict(os.environ)
    os.environ.update(lab.env())
    for name in ("RDOKIT_RUN", "RDOKIT_PHASE"):
        os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
