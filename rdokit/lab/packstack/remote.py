"""How packstack reaches the servers: port 22, keys, passwords, scripts.

It calls ssh for everything, also for its own host. A key that is not known
yet makes ssh ask for the password on the terminal; without a terminal that fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import network, passwords
from . import conf

if TYPE_CHECKING:
    from ..process import Process
    from ..world import Node, World

TRIES = 3


class ScriptError(Exception):
    """A script could not be run on a server; the text as packstack shows it."""

    def __init__(self, stdout: str, stderr: str):
        super().__init__(f"Failed to run remote script, stdout: {stdout}\nstderr: {stderr}")


def listens(world: World, node: Node, host: str) -> bool:
    """Whether a TCP connection to port 22 of a host can be made."""
    address = network.resolve(world, node, host)
    return address is not None and network.connect(world, node, address, 22).open


def target(world: World, host: str) -> Node | None:
    """The node that has an address now, if it has power."""
    node = world.node_at(host)
    return node if node is not None and node.up else None


def public_key(node: Node, path: str) -> str:
    return node.fs.read_text(path).strip()


def knows_key(node: Node, key: str) -> bool:
    """Whether root of a node may be logged into with a public key."""
    path = "/root/.ssh/authorized_keys"
    wanted = key.split()[1] if len(key.split()) > 1 else key
    return node.fs.isfile(path) and wanted in node.fs.read_text(path).split()


def password_fits(node: Node, password: str) -> bool:
    """Whether a password is root's, as the node's sshd would say."""
    return passwords.verify(node.fs, "root", password)


async def log_in(p: Process, host: str, key: str) -> Node:
    """What `ssh root@HOST` does before the script runs.

    Raises:
        ScriptError: the host is gone, or nobody knew the password.
    """
    warning = f"Warning: Permanently added '{host}' (RSA) to the list of known hosts.\r\n"
    node = target(p.world, host)
    if node is None or not listens(p.world, p.node, host):
        raise ScriptError("", f"ssh: connect to host {host} port 22: No route to host\r\n")
    if knows_key(node, key):
        return node
    for attempt in range(TRIES):
        if p.tty is None:
            break
        if attempt:
            await p.sleep(2)
        if password_fits(node, await p.tty.ask(f"root@{host}'s password: ")):
            return node
    raise ScriptError(
        "",
        warning
        + "Permission denied, please try again.\r\n" * (TRIES - 1)
        + f"root@{host}: Permission denied (publickey,password,keyboard-interactive).\r\n",
    )


KEY_SCRIPT = """mkdir -p ~/.ssh
chmod 500 ~/.ssh
grep '{key}' ~/.ssh/authorized_keys > /dev/null 2>&1 || echo {key} >> ~/.ssh/authorized_keys
chmod 400 ~/.ssh/authorized_keys
restorecon -r ~/.ssh"""


def install_key(node: Node, key: str) -> None:
    """What the key script leaves: the key once, modes 500 and 400."""
    fs, path = node.fs, "/root/.ssh/authorized_keys"
    fs.mkdir("/root/.ssh", parents=True)
    old = fs.read_text(path) if fs.isfile(path) else ""
    if key not in old:
        conf.write(node, path, old + ("" if not old or old.endswith("\n") else "\n") + key + "\n", 0o400)
    fs.chmod(path, 0o400)
    fs.chmod("/root/.ssh", 0o500)


async def make_key(p: Process, path: str) -> None:
    """ssh-keygen -t rsa -f PATH -N ""."""
    folder = path.rpartition("/")[0]
    p.node.fs.mkdir(folder, parents=True)
    if not p.node.fs.exists(path):
        p.node.fs.chmod(folder, 0o700)
    if p.spawn is not None:
        from ..shell.streams import Null

        status = await p.spawn(["ssh-keygen", "-q", "-t", "rsa", "-f", path, "-N", ""], stdout=Null(), stderr=Null())
        if status == 0 and p.node.fs.isfile(f"{path}.pub"):
            return
    import asyncssh

    key = asyncssh.generate_private_key("ssh-rsa", comment=f"root@{p.node.fqdn}", key_size=2048)
    p.node.fs.write(path, key.export_private_key("pkcs1-pem"), mode=0o600)
    p.node.fs.write(f"{path}.pub", key.export_public_key(), mode=0o644)
