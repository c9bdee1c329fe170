"""ssh, scp, ssh-keygen, ssh-copy-id, ssh-keyscan, ssh-agent: OpenSSH 5.3's clients inside the lab.

The connection goes to another machine of the same lab without a socket, and asks
everything that the real one asks: the host key question, passwords on the
terminal, keys from ~/.ssh, with the same words and exit status 255.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import posixpath
import re
from typing import Any

import asyncssh

from ..machine import SIGNAL_NAMES
from ..options import Options, UsageError, parse_args
from ..process import Process, command, passwd_entry
from ..shell.streams import Descriptors, Null, Pipe

SSH_USAGE = """usage: ssh [-1246AaCfgKkMNnqsTtVvXxYy] [-b bind_address] [-c cipher_spec]
           [-D [bind_address:]port] [-e escape_char] [-F configfile]
           [-I pkcs11] [-i identity_file]
           [-L [bind_address:]port:host:hostport]
           [-l login_name] [-m mac_spec] [-O ctl_cmd] [-o option] [-p port]
           [-R [bind_address:]port:host:hostport] [-S ctl_path]
           [-W host:port] [-w local_tun[:remote_tun]]
           [user@]hostname [command]"""
SCP_USAGE = """usage: scp [-1246BCpqrv] [-c cipher] [-F ssh_config] [-i identity_file]
           [-l limit] [-o ssh_option] [-P port] [-S program]
           [[user@]host1:]file1 ... [[user@]host2:]file2"""


class SSHFailure(Exception):
    """The connection failed; the text was not printed yet. Exit status 255."""


class Link:
    """An authenticated connection to another machine."""

    def __init__(self, listener: Any, user: str, source: str, host: str):
        self.listener, self.machine, self.user, self.source, self.host = listener, listener.machine, user, source, host

    async def run(self, p: Process, line: str | None, fds: Descriptors, tty: Any) -> int:
        """Start the login shell there and wait for it."""
        machine = self.machine
        env = {"LANG": p.env.get("LANG", "en_US.UTF-8"), "SSH_CLIENT": f"{self.source} 40000 22",
               "SSH_CONNECTION": f"{self.source} 40000 {self.host} 22"}  # fmt: skip
        if tty is not None:
            env["TERM"] = p.env.get("TERM", "linux")
            env["SSH_TTY"] = "/dev/pts/0"
        argv = ["bash", "-c", line] if line is not None else ["-bash"]
        child = machine.login_process(self.user, argv, fds, env, tty)
        entry = machine.start(child, machine.shell_session, sid=child.pid, pgid=child.pid)
        saved = None
        if tty is not None:
            saved = (tty.machine, tty.foreground)
            tty.machine, tty.foreground = machine, child.pid
            machine.login(self, self.user, "pts/0", self.source)
        try:
            await entry.over.wait()
        except asyncio.CancelledError:
            machine.kill(entry.pid, 1)
            raise
        finally:
            if saved is not None:
                tty.machine, tty.foreground = saved
                tty.sane()
                machine.logout(self)
        if entry.signal and not machine.node.up or machine.rebooting:
            raise SSHFailure(f"Connection to {self.host} closed by remote host.")
        return 255 if entry.signal else entry.status or 0


# -- connecting --------------------------------------------------------------------------------------------------


class Client:
    """What ssh and scp share: options, host key, authentication."""

    def __init__(self, p: Process, settings: dict[str, str], identities: list[str], quiet: bool = False):
        self.p, self.settings, self.identities, self.quiet = p, settings, identities, quiet
        entry = passwd_entry(p.node, p.user)
        self.home = entry["home"] if entry else "/"

    def setting(self, name: str, default: str = "") -> str:
        return self.settings.get(name.lower(), default)

    def say(self, text: str) -> None:
        self.p.error(text)

    async def connect(self, host: str, user: str, port: int) -> Link:
        """Raises SSHFailure with the message that ssh prints."""
        from .. import network

        p = self.p
        self.read_config(host)
        host = self.setting("hostname") or host
        user = user or self.setting("user") or p.user
        port = port or int(self.setting("port", "22"))
        address = network.resolve(p.world, p.node, host)
        if address is None:
            raise SSHFailure(f"ssh: Could not resolve hostname {host}: Name or service not known")
        found = network.connect(p.world, p.node, address, port)
        listener = None
        if found.open and found.reach.kind in ("node", "guest") and p.machine.lab is not None:
            listener = await p.machine.lab.listener_at(p.machine, address)
        if listener is None or listener.acceptor is None:
            reason = {
                "no-route": "Network is unreachable",
                "net-unreachable": "Network is unreachable",
                "timeout": "Connection timed out",
                "host-unreachable": "No route to host",
                "prohibited": "No route to host",
            }.get(found.reason, "Connection refused")
            if reason == "Connection timed out":
                await p.sleep(float(self.setting("connecttimeout", "63") or 63))
            elif reason == "No route to host" and found.reason != "prohibited":
                await p.sleep(3)
            raise SSHFailure(f"ssh: connect to host {host} port {port}: {reason}")
        await self.host_key(listener, host, address, port)
        await self.authenticate(listener, user, host)
        return Link(listener, user, found.reach.source or "127.0.0.1", host)

    def read_config(self, host: str) -> None:
        from ..shell import pattern as pat

        for path in (f"{self.home}/.ssh/config", "/etc/ssh/ssh_config"):
            try:
                text = self.p.node.fs.read_text(path)
            except OSError:
                continue
            active = True
            for line in text.splitlines():
                words = re.split(r"[\s=]+", line.strip(), maxsplit=1)
                if len(words) < 2 or words[0].startswith("#"):
                    continue
                key, value = words[0].lower(), words[1].strip().strip('"')
                if key == "host":
                    active = any(pat.match(w, host) for w in value.split())
                elif active and key == "identityfile":
                    self.identities.append(value.replace("~", self.home, 1) if value.startswith("~") else value)
                elif active:
                    self.settings.setdefault(key, value)

    # -- host keys -----------------------------------------------------------------------------------------------

    def known_files(self) -> list[str]:
        text = self.setting("userknownhostsfile", f"{self.home}/.ssh/known_hosts")
        return [text.replace("~", self.home, 1) if text.startswith("~") else text, "/etc/ssh/ssh_known_hosts"]

    def lookup(self, names: list[str]) -> list[tuple[str, int, str]]:
        """(file, line number, key) of what is known of a host."""
        found = []
        for path in self.known_files():
            try:
                lines = self.p.node.fs.read_text(path).splitlines() if path != "/dev/null" else []
            except OSError:
                continue
            for number, line in enumerate(lines, 1):
                words = line.split()
                if len(words) < 3 or line.startswith("#") or words[1] != "ssh-rsa":
                    continue
                if any(self.host_matches(h, n) for h in words[0].split(",") for n in names):
                    found.append((path, number, words[2]))
        return found

    @staticmethod
    def host_matches(pattern: str, name: str) -> bool:
        if pattern.startswith("|1|"):
            salt, digest = pattern.split("|")[2:4]
            return hmac.new(base64.b64decode(salt), name.encode(), hashlib.sha1).digest() == base64.b64decode(digest)
        return pattern == name

    async def host_key(self, listener: Any, host: str, address: str, port: int) -> None:
        key = listener.key.export_public_key("openssh").decode().split()[1]
        marked = [h if port == 22 else f"[{h}]:{port}" for h in dict.fromkeys((host, address))]
        known = self.lookup(marked[:1])
        if any(k == key for _, _, k in known):
            return
        fingerprint = fingerprint_of(key)
        strict = self.setting("stricthostkeychecking", "ask")
        if known:
            path, number, _ = known[0]
            self.p.error(CHANGED.format(fingerprint=fingerprint, path=path, number=number))
            if strict == "no":
                self.p.error(
                    "Password authentication is disabled to avoid man-in-the-middle attacks.\n"
                    "Keyboard-interactive authentication is disabled to avoid man-in-the-middle attacks."
                )
                self.settings["passwordauthentication"] = "no"
                return
            raise SSHFailure(
                f"RSA host key for {host} has changed and you have requested strict checking.\nHost key "
                f"verification failed."
            )
        if strict == "yes":
            raise SSHFailure(
                f"No RSA host key is known for {host} and you have requested strict checking.\nHost key "
                f"verification failed."
            )
        if strict == "ask":
            if self.p.tty is None or self.setting("batchmode") == "yes":
                raise SSHFailure("Host key verification failed.")
            shown = f"{host} ({address})"
            question = (
                f"The authenticity of host '{shown}' can't be established.\nRSA key fingerprint is {fingerprint}.\n"
                "Are you sure you want to continue connecting (yes/no)? "
            )
            while True:
                try:
                    answer = (await self.p.tty.ask(question, True)).strip().lower()
                except EOFError:
                    answer = "no"
                if answer == "no":
                    raise SSHFailure("Host key verification failed.")
                if answer == "yes":
                    break
                question = "Please type 'yes' or 'no': "
        self.add_known(marked, key)
        if not self.quiet:
            self.p.error(f"Warning: Permanently added '{','.join(marked)}' (RSA) to the list of known hosts.")

    def add_known(self, names: list[str], key: str) -> None:
        path = self.known_files()[0]
        if path == "/dev/null":
            return
        fs = self.p.node.fs
        try:
            if not fs.isdir(posixpath.dirname(path)):
                fs.mkdir(posixpath.dirname(path), 0o700, parents=True, user=self.p.user)
                fs.chmod(posixpath.dirname(path), 0o700)
            fs.write(path, f"{','.join(names)} ssh-rsa {key}\n", append=True, user=self.p.user)
        except OSError:
            self.p.error(f"Failed to add the host to the list of known hosts ({path}).")

    # -- keys and passwords --------------------------------------------------------------------------------------

    async def keys(self) -> list[asyncssh.SSHKey]:
        found = []
        names = self.identities or [f"{self.home}/.ssh/{n}" for n in ("identity", "id_rsa", "id_dsa")]
        for name in names:
            full = name if name.startswith("/") else self.p.full(name.replace("~", self.home, 1))
            fs = self.p.node.fs
            if not fs.isfile(full):
                if name in self.identities and not self.quiet:
                    self.p.error(f"Warning: Identity file {name} not accessible: No such file or directory.")
                continue
            stat = fs.stat(full)
            if stat.mode & 0o077 and stat.uid == fs.uid(self.p.user):
                self.p.error(UNPROTECTED.format(mode=f"0{stat.mode:03o}", name=full))
                continue
            try:
                found.append(asyncssh.import_private_key(fs.read(full, self.p.user)))
            except asyncssh.KeyEncryptionError:
                key = await self.unlock(full)
                if key is not None:
                    found.append(key)
            except (asyncssh.KeyImportError, OSError):
                continue
        return found

    async def unlock(self, path: str) -> asyncssh.SSHKey | None:
        if self.p.tty is None or self.setting("batchmode") == "yes":
            return None
        for _ in range(3):
            try:
                phrase = await self.p.tty.ask(f"Enter passphrase for key '{path}': ", False)
                return asyncssh.import_private_key(self.p.node.fs.read(path), phrase)
            except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, EOFError):
                continue
        return None

    async def authenticate(self, listener: Any, user: str, host: str) -> None:
        login = listener.login(listener)
        login.user = user
        if self.setting("pubkeyauthentication", "yes") != "no" and login.public_key_auth_supported():
            for key in await self.keys():
                if login.validate_public_key(user, key):
                    return
        methods = (
            "publickey,gssapi-keyex,gssapi-with-mic"
            if login.public_key_auth_supported()
            else "gssapi-keyex,gssapi-with-mic"
        )
        refused = f"Permission denied ({methods}{',password' if login.password_auth_supported() else ''})."
        if not login.password_auth_supported() or self.setting("passwordauthentication", "yes") == "no":
            raise SSHFailure(refused)
        if self.setting("batchmode") == "yes" or self.p.tty is None:
            if self.p.tty is None and self.setting("batchmode") != "yes":
                for _ in range(2):
                    self.p.error("Permission denied, please try again.")
            raise SSHFailure(refused)
        for attempt in range(int(self.setting("numberofpasswordprompts", "3"))):
            if attempt:
                self.p.error("Permission denied, please try again.")
            try:
                password = await self.p.tty.ask(f"{user}@{host}'s password: ", False)
            except EOFError:
                break
            if login.validate_password(user, password):
                return
            await asyncio.sleep(0.2)
        raise SSHFailure(refused)


CHANGED = """@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Someone could be eavesdropping on you right now (man-in-the-middle attack)!
It is also possible that the RSA host key has just been changed.
The fingerprint for the RSA key sent by the remote host is
{fingerprint}.
Please contact your system administrator.
Add correct host key in {path} to get rid of this message.
Offending key in {path}:{number}"""
UNPROTECTED = """@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Permissions {mode} for '{name}' are too open.
It is recommended that your private key files are NOT accessible by others.
This private key will be ignored.
bad permissions: ignore key: {name}"""


def fingerprint_of(key: str) -> str:
    digest = hashlib.md5(base64.b64decode(key), usedforsecurity=False).hexdigest()
    return ":".join(digest[i : i + 2] for i in range(0, 32, 2))


def settings_of(o: Options) -> dict[str, str]:
    out = {}
    for text in o.values("o"):
        key, _, value = text.replace(" ", "=", 1).partition("=")
        out.setdefault(key.strip().lower(), value.strip())
    return out


def split_host(text: str) -> tuple[str, str]:
    user, at, host = text.rpartition("@")
    return (user, host) if at else ("", text)


# -- ssh ---------------------------------------------------------------------------------------------------------


@command("ssh", package="openssh-clients")
async def ssh(p: Process) -> int:
    try:
        o = parse_args("ssh", p.argv[1:], "1246AaCfgKkMNnqsTtVvXxYb:c:D:e:F:I:i:L:l:m:O:o:p:R:S:W:w:", permute=False)
        if o.args and len(o.args) > 1 and o.args[1].startswith("-"):  # options may follow the host
            more = parse_args(
                "ssh", o.args[1:], "1246AaCfgKkMNnqsTtVvXxYb:c:D:e:F:I:i:L:l:m:O:o:p:R:S:W:w:", permute=False
            )
            o.all += more.all
            o.args = [o.args[0], *more.args]
    except UsageError as err:
        p.error(
            str(err).split("\n")[0].replace("ssh: invalid option --", "ssh: illegal option --").replace("'", "")
            + "\n"
            + SSH_USAGE
        )
        return 255
    if o.has("V"):
        p.error("OpenSSH_5.3p1, OpenSSL 1.0.1e-fips 11 Feb 2013")
        return 0
    if not o.args:
        p.error(SSH_USAGE)
        return 255
    user, host = split_host(o.args[0])
    user = o.value("l") or user
    line = " ".join(o.args[1:]) if len(o.args) > 1 else None
    client = Client(p, settings_of(o), list(o.values("i")), o.has("q"))
    want_tty = (line is None and not o.has("T") and p.stdin.isatty()) or (
        o.has("t") and (p.stdin.isatty() or len(o.values("t")) > 1)
    )
    if line is None and not p.stdin.isatty() and not o.has("T") and not o.has("N"):
        p.error("Pseudo-terminal will not be allocated because stdin is not a terminal.")
    try:
        link = await client.connect(host, user, int(o.value("p") or 0))
        if o.has("N"):
            await asyncio.Event().wait()
        tty = p.tty if want_tty else None
        fds = Descriptors()
        streams = {0: Null() if o.has("n") else p.fds[0].dup(), 1: p.fds[1].dup(), 2: p.fds[2].dup()}  # type: ignore[index]
        fds.update(streams)
        if o.has("f"):
            fds.put(0, Null())
            p.machine.start(p.machine.fork(p), lambda inner: link.run(p, line, fds, None), 0)
            return 0
        status = await link.run(p, line, fds, tty)
        if tty is not None:
            p.error(f"Connection to {host} closed.")
        return status
    except SSHFailure as err:
        p.error(str(err))
        return 255


# -- scp ---------------------------------------------------------------------------------------------------------


def remote_part(text: str) -> tuple[str, str, str] | None:
    """(user, host, path) of `[user@]host:path`; None for a local file."""
    match = re.fullmatch(r"(?:([^@/:]+)@)?(\[[^\]]+\]|[^/:]+):(.*)", text, re.S)
    return (match[1] or "", match[2].strip("[]"), match[3]) if match else None


@command("scp", package="openssh-clients")
async def scp(p: Process) -> int:
    try:
        o = parse_args("scp", p.argv[1:], "1246BCpqrvtfdc:F:i:l:o:P:S:")
    except UsageError as err:
        p.error(str(err).split("\n")[0] + "\n" + SCP_USAGE)
        return 1
    if o.has("t"):
        return await scp_sink(p, o)
    if o.has("f"):
        return await scp_source(p, o)
    if len(o.args) < 2:
        p.error(SCP_USAGE)
        return 1
    settings = settings_of(o)
    if o.has("B"):
        settings["batchmode"] = "yes"
    *sources, target = o.args
    links: dict[tuple[str, str], Link] = {}
    status = 0

    async def side(text: str) -> tuple[Any, str, str]:
        """(machine, user, absolute path)"""
        remote = remote_part(text)
        if remote is None:
            return p.machine, p.user, p.full(text)
        user, host, path = remote
        if (user, host) not in links:
            links[user, host] = await Client(p, dict(settings), list(o.values("i")), o.has("q")).connect(
                host, user, int(o.value("P") or 0)
            )
        link = links[user, host]
        home = (passwd_entry(link.machine.node, link.user) or {"home": "/"})["home"]
        path = path or "."
        return (
            link.machine,
            link.user,
            path if path.startswith("/") else posixpath.join(home, path.replace("~/", "", 1)),
        )

    try:
        there, there_user, there_path = await side(target)
        for source in sources:
            here, here_user, here_path = await side(source)
            names = expand_remote(here, here_path) if remote_part(source) else [here_path]
            for name in names:
                status = (
                    copy_between(
                        p, o, (here, here_user, name), (there, there_user, there_path), source, len(sources) > 1
                    )
                    or status
                )
    except SSHFailure as err:
        p.error(f"{err}\nlost connection")
        return 1
    return status


def expand_remote(machine: Any, path: str) -> list[str]:
    from ..shell import pattern as pat

    return (pat.glob(machine.node.fs, "/", path) or [path]) if pat.MAGIC.search(path) else [path]


def copy_between(p: Process, o: Options, source: tuple, target: tuple, shown: str, many: bool) -> int:
    (here, here_user, name), (there, there_user, path) = source, target
    fs, other = here.node.fs, there.node.fs
    text = name if remote_part(shown) else shown
    try:
        stat = fs.stat(name, here_user)
        if stat.kind == "dir":
            if not o.has("r"):
                p.error(f"{text}: not a regular file" if not remote_part(shown) else f"scp: {text}: not a regular file")
                return 1
            if other.isdir(path):
                path = posixpath.join(path, posixpath.basename(name.rstrip("/")))
            if not other.isdir(path):
                other.mkdir(path, stat.mode & ~0o022, user=there_user)
            status = 0
            for entry in fs.listdir(name, here_user):
                inner = (here, here_user, posixpath.join(name, entry))
                status = (
                    copy_between(
                        p,
                        o,
                        inner,
                        (there, there_user, posixpath.join(path, entry)),
                        posixpath.join(shown, entry),
                        False,
                    )
                    or status
                )
            return status
        if other.isdir(path):
            path = posixpath.join(path, posixpath.basename(name))
        elif many:
            p.error(f"{path}: Not a directory")
            return 1
        synthetic = fs.synthetic(name)
        existed = other.exists(path)
        if synthetic:
            other.write_synthetic(path, *synthetic, user=there_user)
        else:
            other.write(path, fs.read(name, here_user), user=there_user)
        if not existed:
            other.chmod(path, stat.mode & 0o777 & ~0o022)
        if o.has("p"):
            other.chmod(path, stat.mode)
            other.utime(path, stat.mtime)
        there.changed()
        if p.stdout.isatty() and not o.has("q"):
            base = posixpath.basename(name)
            p.print(f"{base:<50} 100% {stat.size:4d}     {stat.size / 1024:4.1f}KB/s   00:00    ")
    except OSError as err:
        remote = remote_part(shown) is not None or err.filename == path
        p.error(f"{'scp: ' if remote else ''}{err.filename if err.filename == path else text}: {err.strerror}")
        return 1
    return 0


async def scp_sink(p: Process, o: Options) -> int:
    """`scp -t`: what an older client starts on the server to send files here."""
    target = o.args[0] if o.args else "."
    fs = p.node.fs
    if target.startswith("~/"):
        target = posixpath.join(p.env.get("HOME", "/"), target[2:])
    stack, times = [p.full(target)], None
    p.stdout.write(b"\0")
    while line := await p.stdin.readline():
        text = line.decode("utf-8", "surrogateescape").rstrip("\n")
        try:
            if text[:1] == "T":
                times = int(text[1:].split()[0])
            elif text[:1] == "E":
                stack.pop()
            elif text[:1] in ("C", "D"):
                mode, size, name = text[1:].split(" ", 2)
                path = posixpath.join(stack[-1], name) if fs.isdir(stack[-1]) else stack[-1]
                if text[0] == "D":
                    if not fs.isdir(path):
                        fs.mkdir(path, int(mode, 8) & ~0o022, user=p.user)
                    stack.append(path)
                else:
                    p.stdout.write(b"\0")
                    data, left = [], int(size)
                    while left and (chunk := await p.stdin.read(left)):
                        data.append(chunk)
                        left -= len(chunk)
                    existed = fs.exists(path)
                    fs.write(path, b"".join(data), user=p.user)
                    if not existed or o.has("p"):
                        fs.chmod(path, int(mode, 8) & ~(0 if o.has("p") else 0o022))
                    if times is not None:
                        fs.utime(path, times)
                    await p.stdin.read(1)
            elif text[:1] in ("\x01", "\x02"):
                continue
        except OSError as err:
            p.stdout.write(f"\x01scp: {err.filename or target}: {err.strerror}\n")
            continue
        p.stdout.write(b"\0")
    return 0


async def scp_source(p: Process, o: Options) -> int:
    """`scp -f`: what an older client starts on the server to fetch files."""
    fs = p.node.fs
    status = 0

    async def answer() -> bool:
        return (await p.stdin.read(1)) in (b"\0", b"")

    async def send(path: str) -> None:
        nonlocal status
        try:
            stat = fs.stat(path, p.user)
            name = posixpath.basename(path.rstrip("/"))
            if o.has("p"):
                p.stdout.write(f"T{int(stat.mtime)} 0 {int(stat.atime or stat.mtime)} 0\n")
                await answer()
            if stat.kind == "dir":
                if not o.has("r"):
                    raise OSError(21, "not a regular file", path)
                p.stdout.write(f"D{stat.mode:04o} 0 {name}\n")
                await answer()
                for entry in fs.listdir(path, p.user):
                    await send(posixpath.join(path, entry))
                p.stdout.write("E\n")
                await answer()
                return
            data = fs.read(path, p.user)
            p.stdout.write(f"C{stat.mode:04o} {len(data)} {name}\n")
            await answer()
            p.stdout.write(data + b"\0")
            await answer()
        except OSError as err:
            p.stdout.write(f"\x01scp: {path}: {err.strerror}\n")
            status = 1

    await answer()
    for name in o.args:
        for path in expand_remote(p.machine, p.full(name)):
            await send(path)
    return status


# -- keys --------------------------------------------------------------------------------------------------------


ART = "+--[ RSA 2048]----+\n" + "|                 |\n" * 9 + "+-----------------+"


@command("ssh-keygen", package="openssh")
async def ssh_keygen(p: Process) -> int:
    o = parse_args("ssh-keygen", p.argv[1:], "a:b:BcC:D:eF:f:gG:hHiI:lM:n:N:O:pP:qr:R:s:S:t:T:vV:W:xX:y")
    home = (passwd_entry(p.node, p.user) or {"home": "/"})["home"]
    fs = p.node.fs
    name = o.value("f") or ""
    if o.has("R"):
        return forget_host(p, o, home)
    if o.has("F"):
        found = Client(p, {"userknownhostsfile": name or f"{home}/.ssh/known_hosts"}, []).lookup([o.value("F") or ""])
        for _, number, key in found:
            p.print(f"# Host {o.value('F')} found: line {number} type RSA\n{o.value('F')} ssh-rsa {key}")
        return 0 if found else 1
    if o.has("l", "y"):
        path = p.full(name) if name else f"{home}/.ssh/id_rsa"
        return show_key(p, o, path)
    kind = o.value("t") or "rsa"
    if kind not in ("rsa", "dsa", "rsa1"):
        p.error(f"unknown key type {kind}")
        return 1
    bits = int(o.value("b") or 2048)
    quiet = o.has("q")
    if not quiet:
        p.print(f"Generating public/private {kind} key pair.")
    if not name:
        default = f"{home}/.ssh/id_{kind}"
        name = await ask_line(p, f"Enter file in which to save the key ({default}): ") or default
    full = p.full(name)
    if full.startswith(f"{home}/.ssh/") and not fs.isdir(f"{home}/.ssh"):
        fs.mkdir(f"{home}/.ssh", 0o700, parents=True, user=p.user)
        fs.chmod(f"{home}/.ssh", 0o700)
        if not quiet:
            p.print(f"Created directory '{home}/.ssh'.")
    if fs.exists(full):
        p.print(f"{name} already exists.")
        if not (await ask_line(p, "Overwrite (y/n)? ")).lower().startswith("y"):
            return 1
    phrase = o.value("N")
    while phrase is None:
        phrase = await ask_secret(p, "Enter passphrase (empty for no passphrase): ")
        if await ask_secret(p, "Enter same passphrase again: ") != phrase:
            p.print("Passphrases do not match.  Try again.")
            phrase = None
    comment = o.value("C") if o.has("C") else f"{p.user}@{p.node.extra.get('hostname') or p.node.fqdn}"
    algorithm = "ssh-dss" if kind == "dsa" else "ssh-rsa"
    loop = asyncio.get_running_loop()
    key = await loop.run_in_executor(
        None,
        lambda: asyncssh.generate_private_key(
            algorithm, comment, **({} if kind == "dsa" else {"key_size": max(bits, 1024)})
        ),
    )
    try:
        fs.write(full, key.export_private_key("pkcs1-pem", phrase or None), mode=0o600, user=p.user)
        fs.write(full + ".pub", key.export_public_key("openssh"), mode=0o644, user=p.user)
    except OSError as err:
        p.error(f"open {name} failed: {err.strerror}.\nSaving the key failed: {name}.")
        return 1
    if not quiet:
        print_key = key.export_public_key("openssh").decode().split()[1]
        p.print(
            f"Your identification has been saved in {name}.\nYour public key has been saved in {name}.pub.\nThe "
            f"key fingerprint is:"
        )
        p.print(f"{fingerprint_of(print_key)} {comment}\nThe key's randomart image is:\n{ART}")
    return 0


def forget_host(p: Process, o: Options, home: str) -> int:
    path = p.full(o.value("f") or f"{home}/.ssh/known_hosts")
    host = o.value("R") or ""
    try:
        lines = p.node.fs.read_text(path).splitlines(keepends=True)
    except OSError as err:
        p.error(f"Cannot stat {path}: {err.strerror}")
        return 1
    kept = [x for x in lines if not (x.split() and any(Client.host_matches(h, host) for h in x.split()[0].split(",")))]
    if len(kept) != len(lines):
        p.node.fs.write(path + ".old", "".join(lines), mode=0o600, user=p.user)
        p.node.fs.write(path, "".join(kept), user=p.user)
        p.print(f"{path} updated.\nOriginal contents retained as {path}.old")
    return 0


def show_key(p: Process, o: Options, path: str) -> int:
    fs = p.node.fs
    try:
        if o.has("y"):
            key = asyncssh.import_private_key(fs.read(path, p.user))
            p.print(key.export_public_key("openssh").decode().strip())
            return 0
        data = fs.read(path + ".pub" if not path.endswith(".pub") and fs.exists(path + ".pub") else path, p.user)
        try:
            public = asyncssh.import_public_key(data)
        except asyncssh.KeyImportError:
            public = asyncssh.import_private_key(data)
        words = public.export_public_key("openssh").decode().split()
        size = getattr(getattr(public, "pyca_key", None), "key_size", 2048)
        p.print(f"{size} {fingerprint_of(words[1])} {' '.join(words[2:]) or path} (RSA)")
        return 0
    except (OSError, asyncssh.KeyImportError):
        p.error(f"{path} is not a public key file." if o.has("l") else "load failed")
        return 1


async def ask_line(p: Process, prompt: str) -> str:
    if p.tty is not None and p.stdin.isatty():
        try:
            return await p.tty.ask(prompt, True)
        except EOFError:
            return ""
    p.stdout.write(prompt)
    return (await p.stdin.readline()).decode("utf-8", "replace").strip()


async def ask_secret(p: Process, prompt: str) -> str:
    if p.tty is not None:
        try:
            return await p.tty.ask(prompt, False)
        except EOFError:
            return ""
    p.stdout.write(prompt)
    return (await p.stdin.readline()).decode("utf-8", "replace").rstrip("\n")


@command("ssh-copy-id", package="openssh-clients")
async def ssh_copy_id(p: Process) -> int:
    o = parse_args("ssh-copy-id", p.argv[1:], "i::o:p:h", permute=True)
    home = (passwd_entry(p.node, p.user) or {"home": "/"})["home"]
    args = list(o.args)
    path = f"{home}/.ssh/id_rsa.pub"
    if o.has("i"):
        given = o.value("i") or (args.pop(0) if len(args) > 1 else "")
        path = given or path
        path = path if path.endswith(".pub") else path + ".pub"
    if not args:
        p.error("Usage: /usr/bin/ssh-copy-id [-i [identity_file]] [user@]machine")
        return 1
    user, host = split_host(args[0])
    try:
        text = p.node.fs.read_text(p.full(path))
    except OSError:
        p.error("/usr/bin/ssh-copy-id: ERROR: No identities found")
        return 1
    try:
        link = await Client(p, settings_of(o), []).connect(host, user, int(o.value("p") or 0))
    except SSHFailure as err:
        p.error(str(err))
        return 1
    line = (
        "umask 077; test -d ~/.ssh || mkdir ~/.ssh ; cat >> ~/.ssh/authorized_keys && "
        "(test -x /sbin/restorecon && /sbin/restorecon ~/.ssh ~/.ssh/authorized_keys >/dev/null 2>&1 || true)"
    )
    pipe = Pipe()
    pipe.writer.write(text if text.endswith("\n") else text + "\n")
    pipe.writer.close()
    fds = Descriptors({0: pipe, 1: p.fds[1].dup(), 2: p.fds[2].dup()})  # type: ignore[index]
    status = await link.run(p, line, fds, None)
    if status == 0:
        p.print(
            f"Now try logging into the machine, with \"ssh '{args[0]}'\", and check in:\n\n  "
            f".ssh/authorized_keys\n\nto make sure we haven't added extra keys that you weren't expecting.\n"
        )
    return status


@command("ssh-keyscan", package="openssh-clients")
async def ssh_keyscan(p: Process) -> int:
    from .. import network

    o = parse_args("ssh-keyscan", p.argv[1:], "46Hvf:p:T:t:")
    hosts = [h for a in o.args for h in a.split(",")]
    for host in hosts:
        address = network.resolve(p.world, p.node, host)
        if address is None:
            p.error(f"getaddrinfo {host}: Name or service not known")
            continue
        listener = await p.machine.lab.listener_at(p.machine, address) if p.machine.lab is not None else None
        if listener is None or listener.acceptor is None or not network.connect(p.world, p.node, address, 22).open:
            continue
        p.error(f"# {host} SSH-2.0-{listener.version}")
        shown = host
        if o.has("H"):
            salt = os.urandom(20)
            digest = hmac.new(salt, host.encode(), hashlib.sha1).digest()
            shown = f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"
        p.print(f"{shown} ssh-rsa {listener.key.export_public_key('openssh').decode().split()[1]}")
    return 0


@command("ssh-agent", "ssh-add", package="openssh-clients")
async def ssh_agent(p: Process) -> int:
    if p.name == "ssh-add":
        p.error("Could not open a connection to your authentication agent.")
        return 2
    p.print(
        f"SSH_AUTH_SOCK=/tmp/ssh-lab/agent.{p.pid}; export SSH_AUTH_SOCK;\nSSH_AGENT_PID={p.pid + 1}; export "
        f"SSH_AGENT_PID;\necho Agent pid {p.pid + 1};"
    )
    return 0


__all__ = ["Client", "Link", "SIGNAL_NAMES"]
