"""The lab as a background process: builds or loads the world, serves it, saves it.

DIR/spec.json     what the nodes are like (written by the site's owner)
DIR/world.lab     the saved world: a killed lab comes back as machines that lost power
DIR/status.json   pid, ports and state, written when ready (and the control port's token)
DIR/known_hosts   the nodes' host keys        DIR/host_keys/   their private halves
DIR/lab.log       starts, reboots, errors, and every command that the lab does not know
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import hmac
import importlib
import json
import logging
import os
import secrets
import signal
import sys
import time
import warnings
from dataclasses import fields
from pathlib import Path
from typing import Any

import asyncssh

from . import commands, passwords
from .server import Lab
from .shell import session, start  # noqa: F401 - so that the first login need not wait for them
from .world import Clock, Ids, NodeSpec, World

SAVE_EVERY = 1.0  # seconds, at most
SLOW_SAVE = 0.05  # seconds from which on a fork does it
DEFAULT_NODES = [
    {"name": "node1", "roles": ["controller", "network", "compute"], "port": 2211, "gateway": "192.168.1.1",
     "nics": [{"name": "eth0", "mac": "52:54:00:92:05:AD", "address": "192.168.0.11/24"},
              {"name": "eth1", "mac": "52:54:00:92:05:AE", "address": "192.168.1.11/24"}]},
    {"name": "node2", "roles": ["compute"], "port": 2212, "gateway": "192.168.1.1",
     "nics": [{"name": "eth0", "mac": "52:54:00:92:06:AD", "address": "192.168.0.12/24"},
              {"name": "eth1", "mac": "52:54:00:92:06:AE", "address": "192.168.1.12/24"}]},
]  # fmt: skip


class PortTaken(Exception):
    """A node's port is in use; the text names it and what to do."""


def read_spec(path: Path | None, speed: float | None) -> dict[str, Any]:
    """The spec with its defaults.

    Raises:
        ValueError: not JSON, or a node without a name.
    """
    spec: dict[str, Any] = {"seed": "lab", "speed": 60, "domain": "example.com", "nodes": DEFAULT_NODES}
    if path is not None:
        try:
            spec.update(json.loads(path.read_text(encoding="utf-8")))
        except json.JSONDecodeError as err:
            raise ValueError(f"{path}: not JSON: {err}") from None
    if speed is not None:
        spec["speed"] = speed
    for node in spec["nodes"]:
        if not node.get("name"):
            raise ValueError(f"{path}: a node without a name")
    return spec


def node_spec(item: dict[str, Any], domain: str) -> NodeSpec:
    known = {f.name for f in fields(NodeSpec)}
    values = {k: v for k, v in item.items() if k in known}
    values.setdefault("domain", domain)
    return NodeSpec(**values)


def root_password(spec: dict[str, Any]) -> str:
    path = spec.get("root_password_file")
    if path and Path(path).exists():
        return Path(path).read_text(encoding="utf-8").rstrip("\n")
    return "practice"


def build(world: World, item: dict[str, Any], spec: dict[str, Any]) -> None:
    """A fresh node in the world."""
    boot = importlib.import_module("rdokit.lab.boot")
    node = boot.build_node(world, node_spec(item, spec["domain"]))
    world.nodes[node.name] = node
    passwords.set_password(node.fs, "root", root_password(spec), salt=f"lab{node.name}"[:8].replace("-", "."))


def make_world(spec: dict[str, Any]) -> World:
    world = World(str(spec["seed"]), ids=Ids(str(spec["seed"])), clock=Clock(float(spec["speed"])))
    for item in spec["nodes"]:
        build(world, item, spec)
    return world


def load_world(path: Path, spec: dict[str, Any]) -> World:
    """A saved world, adapted to the spec, and booted: its power was off."""
    boot = importlib.import_module("rdokit.lab.boot")
    world = World.load(path)
    world.clock.speed = float(spec["speed"])
    wanted = {item["name"]: item for item in spec["nodes"]}
    for name in [n for n in world.nodes if n not in wanted]:
        del world.nodes[name]
    for name, node in world.nodes.items():
        node.spec.port = int(wanted[name].get("port", 0))
        boot.power_off(world, node)
    for node in world.nodes.values():
        boot.power_on(world, node)
        node.up = True
    for name, item in wanted.items():
        if name not in world.nodes:
            build(world, item, spec)
    return world


def host_keys(folder: Path, names: list[str]) -> dict[str, asyncssh.SSHKey]:
    """RSA keys, made once per state folder so that a client may trust them for good."""
    folder.mkdir(parents=True, exist_ok=True)
    os.chmod(folder, 0o700)
    keys = {}
    for name in names:
        path = folder / name
        if not path.exists():
            key = asyncssh.generate_private_key("ssh-rsa", f"root@{name}", key_size=2048)
            write_private(path, key.export_private_key("pkcs1-pem"))
        keys[name] = asyncssh.import_private_key(path.read_bytes())
    return keys


def write_private(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    part.replace(path)


class Daemon:
    """A served lab."""

    def __init__(self, state: Path, spec: dict[str, Any]):
        self.state, self.spec = state, spec
        self.world: World
        self.lab: Lab
        self.stop = asyncio.Event()
        self.dirty = False
        self.saving: asyncio.TimerHandle | None = None
        self.last_save = 0.0
        self.cost = 0.0  # seconds that the last save took
        self.writer = 0  # the process that saves
        self.token = secrets.token_hex(16)
        self.control: asyncio.Server | None = None
        self.log_file = (state / "lab.log").open("a", encoding="utf-8", errors="replace")

    def log(self, text: str) -> None:
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        self.log_file.write(f"{stamp} {text}\n")
        self.log_file.flush()

    # -- life ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve until told to stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError, ValueError):
                loop.add_signal_handler(number, self.stop.set)
        commands.load()
        path = self.state / "world.lab"
        self.world = load_world(path, self.spec) if path.exists() else make_world(self.spec)
        await self.serve()
        self.log(f"ready: {', '.join(f'{n} on port {x.port}' for n, x in self.lab.listeners.items())}")
        try:
            await self.stop.wait()
        finally:
            self.log("stopping")
            await self.lab.stop()
            if self.control is not None:
                self.control.close()
            self.save_at_end()
            self.write_status("stopped")

    async def serve(self) -> None:
        keys = host_keys(self.state / "host_keys", list(self.world.nodes))
        self.lab = Lab(self.world, keys, self.log)
        self.lab.changed = self.note_change
        try:
            await self.lab.start()
        except OSError as err:
            if err.errno in (errno.EADDRINUSE, errno.EACCES):
                taken = [
                    n for n in self.world.nodes if n not in self.lab.listeners or self.lab.listeners[n].acceptor is None
                ]
                name = taken[0]
                raise PortTaken(
                    f"port {self.world.nodes[name].spec.port} on 127.0.0.1 (for {name}) is in use by another program: "
                    "stop that program, or give the node another ssh port in the site file"
                ) from None
            raise
        self.control = await asyncio.start_server(self.control_client, "127.0.0.1", 0, limit=1 << 24)
        gc.unfreeze()  # of a world before this one
        gc.collect()
        gc.freeze()  # the world lives on: looking through all of it for garbage was a sixth of a busy lab's time
        self.write_known_hosts()
        self.save()
        self.write_status("ready")

    def write_known_hosts(self) -> None:
        lines = []
        for listener in self.lab.listeners.values():
            public = listener.key.export_public_key("openssh").decode().split()
            lines.append(f"[127.0.0.1]:{listener.port} {public[0]} {public[1]}\n")
        part = self.state / "known_hosts.part"
        part.write_text("".join(lines), encoding="ascii")
        part.replace(self.state / "known_hosts")

    def describe(self, state: str) -> dict[str, Any]:
        nodes = {}
        for name, listener in self.lab.listeners.items():
            node = self.world.nodes[name]
            nodes[name] = {
                "host": "127.0.0.1",
                "port": listener.port,
                "state": "up" if node.up and listener.acceptor is not None else "down",
                "kernel": node.kernel.release,
                "addresses": [
                    a for nic in node.nics.values() if not nic.netns for a in nic.addresses if nic.name != "lo"
                ],
            }
        return {
            "pid": os.getpid(),
            "state": state,
            "seed": self.world.seed,
            "speed": self.world.clock.speed,
            "nodes": nodes,
            "unknown_commands": len(self.world.unknown),
            "root_password_file": self.spec.get("root_password_file", ""),
        }

    def write_status(self, state: str) -> None:
        data = self.describe(state)
        if state == "ready" and self.control is not None:
            data["control"] = {"port": self.control.sockets[0].getsockname()[1], "token": self.token}
        write_private(self.state / "status.json", (json.dumps(data, indent=1) + "\n").encode())

    # -- saving --------------------------------------------------------------------------------------------------

    def note_change(self) -> None:
        """A command has ended: save soon, at most once a second."""
        self.dirty = True
        if self.saving is None:
            wait = max(0.05, self.last_save + SAVE_EVERY - time.monotonic())
            self.saving = asyncio.get_running_loop().call_later(wait, self.save)

    def save(self) -> None:
        """Save now. A world that takes long is written by a fork, so that nobody at a prompt has to wait for it."""
        self.saving = None
        if self.writer:
            self.saving = asyncio.get_running_loop().call_later(0.1, self.save_again)
            return
        self.dirty = False
        begun = time.monotonic()
        if self.cost > SLOW_SAVE and sys.platform.startswith("linux"):
            self.writer = os.fork()
            if self.writer == 0:
                try:
                    # Or the nodes' ports would stay taken for as long as this writes, also for a node that reboots.
                    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
                    self.world.save(self.state / "world.lab")
                finally:
                    os._exit(0)
            self.last_save = begun
            asyncio.get_running_loop().call_later(0.1, self.reap)
        else:
            self.world.save(self.state / "world.lab")
            self.saved(time.monotonic() - begun)

    def saved(self, cost: float) -> None:
        """A big world must not eat the time of those who work on it, nor their other processor: 5 % at most."""
        self.cost = cost
        self.last_save = time.monotonic() + max(0.0, cost * 20 - SAVE_EVERY)
        if self.saving is not None:  # asked for while a fork wrote, when its cost was not known
            self.saving.cancel()
            self.saving = None
            self.note_change()

    def save_again(self) -> None:
        """The fork may have ended meanwhile."""
        self.saving = None
        self.reap()
        self.note_change()

    def reap(self, wait: bool = False) -> None:
        """Collect the fork that wrote."""
        if not self.writer:
            return
        with contextlib.suppress(ChildProcessError):
            pid, _, usage = os.wait4(self.writer, 0 if wait else os.WNOHANG)
            if pid == 0:
                asyncio.get_running_loop().call_later(0.1, self.reap)
                return
            self.saved(usage.ru_utime + usage.ru_stime)
        self.writer = 0

    def save_at_end(self) -> None:
        """The last word: nothing is left to a fork."""
        self.reap(wait=True)
        self.world.save(self.state / "world.lab")

    # -- control -------------------------------------------------------------------------------------------------

    async def control_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One JSON request per line: {"token": …, "do": …, …} -> {"ok": …} or {"error": …}."""
        try:
            while line := await reader.readline():
                try:
                    request = json.loads(line)
                    if not hmac.compare_digest(str(request.pop("token", "")), self.token):
                        raise ValueError("wrong token")
                    answer = {"ok": await self.do(request.pop("do", ""), request)}
                except (ValueError, KeyError, OSError, TypeError) as err:
                    answer = {"error": str(err) or repr(err)}
                writer.write(json.dumps(answer, default=str).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def do(self, action: str, args: dict[str, Any]) -> Any:
        if action == "status":
            return self.describe("ready")
        if action == "stop":
            asyncio.get_running_loop().call_later(0.05, self.stop.set)
            return True
        if action == "save":
            self.save_at_end()
            return True
        if action == "snapshot":
            self.world.save(Path(args["path"]))
            return True
        if action == "restore":
            return await self.restore(Path(args["path"]))
        if action == "power":
            return await self.power(args["node"], args["how"])
        if action == "fault":
            return await self.fault(args)
        if action == "spec":
            return await self.adopt(args["spec"])
        if action == "unknown":
            return list(self.world.unknown)
        raise ValueError(f"unknown request {action!r}")

    async def restore(self, path: Path) -> bool:
        """Put another world in the place of this one; machines boot."""
        world = load_world(path, self.spec)
        await self.lab.stop()
        self.world = world
        if self.control is not None:
            self.control.close()
        await self.serve()
        self.log(f"restored {path}")
        return True

    async def power(self, name: str, how: str) -> str:
        if name not in self.lab.machines:
            raise ValueError(f"no node {name!r}; there are {', '.join(self.lab.machines)}")
        machine = self.lab.machines[name]
        self.log(f"power {how} {name}")
        if how in ("off", "cut"):
            await self.lab.listeners[name].close()
            machine.end_all()
            if machine.node.up:
                machine.power(False)
        elif how == "on":
            if not machine.node.up:
                await machine.power_up()
        elif how in ("reset", "reboot"):
            await machine.reboot(0, 20)
        else:
            raise ValueError("power on, off or reset")
        self.note_change()
        return how

    async def fault(self, args: dict[str, Any]) -> Any:
        """Faults are named values in the world that commands look at; `name` alone lists them."""
        name, value = args.get("name"), args.get("value")
        if not name:
            return self.world.faults
        if value in (None, "off", "none", ""):
            self.world.faults.pop(name, None)
        else:
            self.world.faults[name] = value
        self.log(f"fault {name} = {value}")
        self.note_change()
        return self.world.faults

    async def adopt(self, spec: dict[str, Any]) -> list[str]:
        """Follow a changed spec while running: nodes that are new are built and started."""
        new = []
        self.world.clock.speed = float(spec.get("speed", self.world.clock.speed))
        for item in spec["nodes"]:
            if item["name"] in self.world.nodes:
                continue
            self.spec = {**self.spec, **spec}
            build(self.world, item, self.spec)
            self.lab.keys.update(host_keys(self.state / "host_keys", [item["name"]]))
            await self.lab.add(item["name"], self.world.nodes[item["name"]])
            new.append(item["name"])
        self.write_known_hosts()
        self.save()
        self.write_status("ready")
        return new


def serve(state: Path, spec_path: Path | None, speed: float | None) -> int:
    """`python -m rdokit.lab serve`: in the foreground until SIGTERM."""
    state.mkdir(parents=True, exist_ok=True)
    logging.getLogger("asyncssh").setLevel(logging.CRITICAL)
    for kind, name in ((asyncssh.logging.SSHLogger, "log"), (asyncssh.packet.SSHPacketLogger, "_log_packet")):
        setattr(kind, name, lambda *_, **__: None)  # a twentieth of the lab's time went into texts that nobody reads
    warnings.filterwarnings("ignore", message=".*Diffie-Hellman|.*TripleDES|.*(Blowfish|CAST5|ARC4)")  # what 5.3 speaks
    if spec_path is None and (state / "spec.json").exists():
        spec_path = state / "spec.json"

    async def main() -> None:
        daemon = Daemon(state, read_spec(spec_path, speed))
        try:
            await daemon.run()
        except Exception as err:
            daemon.log(f"failed: {err}")
            raise

    try:
        asyncio.run(main())
    except (PortTaken, ValueError) as err:
        print(f"rdokit lab: {err}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
