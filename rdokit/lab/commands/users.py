"""Who am I and who may do what: id, whoami, who, w, last, su, sudo, passwd, useradd …"""

from __future__ import annotations

import asyncio
import posixpath
import re
import time

from .. import clock, passwords
from ..options import UsageError, parse
from ..process import Missing, Process, command, passwd_entry
from .procs import exec_failed, replaced


def id_pair(p: Process, user: str) -> tuple[int, list[int]]:
    return p.node.fs.uid(user), p.node.fs.groups_of(user)


@command("id")
async def id_command(p: Process) -> int:
    o = parse(p, "agGnruZ", {"user": "u", "group": "g", "groups": "G", "name": "n", "real": "r", "context": "Z"})
    user = o.args[0] if o.args else p.user
    fs = p.node.fs
    if o.args and passwd_entry(p.node, user) is None:
        p.error(f"id: {user}: No such user")
        return 1
    uid, groups = id_pair(p, user)
    if o.has("Z"):
        if p.node.kernel.selinux == "disabled":
            raise Missing("id: --context (-Z) works only on an SELinux-enabled kernel")
        p.print("unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023")
    elif o.has("u"):
        p.print(user if o.has("n") else str(uid))
    elif o.has("g"):
        p.print(fs.group_name(groups[0]) if o.has("n") else str(groups[0]))
    elif o.has("G"):
        p.print(" ".join(fs.group_name(g) if o.has("n") else str(g) for g in groups))
    else:
        names = ",".join(f"{g}({fs.group_name(g)})" for g in groups)
        context = " context=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023"
        tail = context if p.node.kernel.selinux != "disabled" and not o.args else ""
        p.print(f"uid={uid}({fs.user_name(uid)}) gid={groups[0]}({fs.group_name(groups[0])}) groups={names}{tail}")
    return 0


@command("whoami")
async def whoami(p: Process) -> int:
    p.print(p.user)
    return 0


@command("logname")
async def logname(p: Process) -> int:
    if p.tty is None:
        p.error("logname: no login name")
        return 1
    p.print(p.env.get("LOGNAME", p.user))
    return 0


@command("groups")
async def groups(p: Process) -> int:
    fs = p.node.fs
    for name in p.argv[1:] or [""]:
        if name and passwd_entry(p.node, name) is None:
            p.error(f"groups: {name}: No such user")
            return 1
        p.print((f"{name} : " if name else "") + " ".join(fs.group_name(g) for g in fs.groups_of(name or p.user)))
    return 0


@command("users")
async def users(p: Process) -> int:
    names = sorted(e["user"] for e in p.machine.logins if e["tty"])
    if names:
        p.print(" ".join(names))
    return 0


@command("lastlog")
async def lastlog(p: Process) -> int:
    p.print("Username         Port     From             Latest")
    seen = p.node.extra.get("lastlog", {})
    for line in p.node.fs.read_text("/etc/passwd").splitlines():
        name = line.split(":")[0]
        if name in seen:
            when, where = seen[name]
            p.print(
                f"{name:<16} pts/0    {where:<16} {clock.now(p.node, p.env, when).strftime('%a %b %e %H:%M:%S %z %Y')}"
            )
        else:
            p.print(f"{name:<16}                            **Never logged in**")
    return 0


# -- becoming somebody else --------------------------------------------------------------------------------------


async def ask_password(p: Process, prompt: str) -> str | None:
    """From the terminal; None when there is none."""
    if p.tty is None:
        return None
    try:
        return await p.tty.ask(prompt, False)
    except EOFError:
        return ""


@command("su", path="/bin")
async def su(p: Process) -> int:
    args, login, line, keep, shell = p.argv[1:], False, None, False, None
    names = []
    while args:
        arg = args.pop(0)
        if arg in ("-", "-l", "--login"):
            login = True
        elif arg in ("-c", "--command") and args:
            line = args.pop(0)
        elif arg.startswith("--command="):
            line = arg.split("=", 1)[1]
        elif arg in ("-m", "-p", "--preserve-environment"):
            keep = True
        elif arg in ("-s", "--shell") and args:
            shell = args.pop(0)
        elif arg.startswith("-") and len(arg) > 1:
            raise UsageError(f"su: invalid option -- '{arg[1]}'\nTry `su --help' for more information.")
        else:
            names.append(arg)
    user = names[0] if names else "root"
    entry = passwd_entry(p.node, user)
    if entry is None:
        p.error(f"su: user {user} does not exist")
        return 1
    if p.user != "root":
        if p.tty is None and p.stdin.isatty() is False:
            p.error("standard in must be a tty")
            return 1
        password = await ask_password(p, "Password: ")
        if password is None or not passwords.verify(p.node.fs, user, password):
            await asyncio.sleep(0.3)
            p.error("su: incorrect password")
            return 1
    env = dict(p.env)
    program = shell or entry["shell"] or "/bin/bash"
    if login:
        env = {k: v for k, v in env.items() if k in ("TERM", "DISPLAY", "XAUTHORITY", "LANG")}
        env["PATH"] = (
            "/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin"
            if user == "root"
            else "/usr/local/bin:/bin:/usr/bin"
        )
    if not keep or login:
        env.update(HOME=entry["home"], SHELL=program)
        if user != "root" or login:
            env.update(USER=user, LOGNAME=user)
    base = posixpath.basename(program)
    argv = [("-" if login else "") + base, *(["-c", line] if line is not None else []), *names[1:]]
    cwd = entry["home"] if login and p.node.fs.isdir(entry["home"]) else p.cwd
    if login and cwd != entry["home"]:
        p.error(f"su: warning: cannot change directory to {entry['home']}: No such file or directory")
    return await run_as(p, program, argv, user=user, env=env, cwd=cwd)


async def run_as(p: Process, program: str, argv: list[str], **changes: object) -> int:
    """A child with another argv[0] than its path (a login shell)."""
    child = p.machine.fork(p, argv, **changes)

    async def main(inner: Process) -> int:
        return await p.machine.execute(inner, program)

    entry = p.machine.start(child, main)
    try:
        return await entry.wait()
    except asyncio.CancelledError:
        p.machine.kill(entry.pid, p.extra["entry"].signal or 15)
        raise


def sudo_rules(p: Process, user: str) -> tuple[bool, bool]:
    """(may use sudo, without a password) by /etc/sudoers and /etc/sudoers.d."""
    fs = p.node.fs
    texts = []
    for path in [
        "/etc/sudoers",
        *(f"/etc/sudoers.d/{n}" for n in (fs.listdir("/etc/sudoers.d") if fs.isdir("/etc/sudoers.d") else [])),
    ]:
        if fs.isfile(path) and "~" not in path:
            texts.append(fs.read_text(path))
    groups = [fs.group_name(g) for g in fs.groups_of(user)]
    allowed = nopass = False
    for line in "\n".join(texts).splitlines():
        match = re.match(r"\s*(%?[\w.-]+)\s+\S+\s*=\s*(.*)", line)
        if not match or line.lstrip().startswith(("#", "Defaults")):
            continue
        name = match[1]
        if name in ("ALL", user) or (name.startswith("%") and name[1:] in groups):
            allowed, nopass = True, "NOPASSWD:" in match[2]
    return allowed, nopass


@command("sudo", package="sudo")
async def sudo(p: Process) -> int:
    o = parse(
        p,
        "AbEeHhiKklnPp:sSu:g:vVC:",
        {
            "user=": "u",
            "non-interactive": "n",
            "stdin": "S",
            "login": "i",
            "shell": "s",
            "preserve-env": "E",
            "list": "l",
            "prompt=": "p",
            "validate": "v",
        },
        permute=False,
    )
    target = o.value("u") or "root"
    args = list(o.args)
    assignments = {}
    while args and re.match(r"[A-Za-z_]\w*=", args[0]):
        key, _, value = args.pop(0).partition("=")
        assignments[key] = value
    if not args and not o.has("i", "s", "v", "l", "k", "K", "V"):
        p.error(
            "usage: sudo [-D level] -h | -K | -k | -V\nusage: sudo -v [-AknS] [-D level] [-g groupname|#gid] "
            "[-p prompt] [-u user name|#uid]"
        )
        return 1
    if o.has("k", "K") and not args:
        p.node.extra.get("sudo_tickets", {}).pop(p.user, None)
        return 0
    if p.user != "root":
        status = await sudo_password(p, o)
        if status:
            return status
    entry = passwd_entry(p.node, target)
    if entry is None:
        p.error(f"sudo: unknown user: {target}")
        return 1
    if o.has("l"):
        p.print(f"User {p.user} may run the following commands on this host:\n    (ALL) ALL")
        return 0
    if o.has("v"):
        return 0
    env = (
        dict(p.env)
        if o.has("E")
        else {
            k: v
            for k, v in p.env.items()
            if k in ("TERM", "LANG", "DISPLAY", "LS_COLORS", "HOSTNAME", "HISTSIZE") or k.startswith("LC_")
        }
    )
    env.update(assignments)
    env.update(
        PATH="/sbin:/bin:/usr/sbin:/usr/bin",
        USER=target,
        LOGNAME=target,
        USERNAME=target,
        SHELL=entry["shell"],
        MAIL=f"/var/spool/mail/{p.user}",
        SUDO_USER=p.user,
        SUDO_UID=str(p.node.fs.uid(p.user)),
        SUDO_GID=str(p.node.fs.groups_of(p.user)[0]),
        SUDO_COMMAND=" ".join(args) or entry["shell"],
    )
    if target == "root" or o.has("H", "i"):
        env["HOME"] = entry["home"]
    if o.has("i", "s"):
        shell = entry["shell"] if o.has("i") else p.env.get("SHELL", "/bin/bash")
        base = posixpath.basename(shell)
        line = ["-c", " ".join(args)] if args else []
        return await run_as(
            p,
            shell,
            [("-" if o.has("i") else "") + base, *line],
            user=target,
            env=env,
            cwd=entry["home"] if o.has("i") else p.cwd,
        )
    status = await p.spawn(args, user=target, env=env)  # type: ignore[misc]
    err = p.extra.pop("exec_error", None)
    if err is not None:
        p.error(f"sudo: {args[0]}: command not found" if err.errno == 2 else f"sudo: {args[0]}: {err.strerror}")
        return 1
    return status


async def sudo_password(p: Process, o) -> int:  # noqa: ANN001
    """0 when the user may go on."""
    allowed, nopass = sudo_rules(p, p.user)
    if allowed and nopass:
        return 0
    tickets = p.machine.__dict__.setdefault("sudo_tickets", {})
    key = (p.user, getattr(p.tty, "name", ""))
    if allowed and p.tty is not None and time.time() - tickets.get(key, 0) < 300:
        return 0
    fs = p.node.fs
    text = fs.read_text("/etc/sudoers") if fs.isfile("/etc/sudoers") else ""
    if re.search(r"^Defaults\s+requiretty", text, re.M) and p.tty is None:
        p.error("sudo: sorry, you must have a tty to run sudo")
        return 1
    if o.has("n"):
        p.error("sudo: sorry, a password is required to run sudo")
        return 1
    prompt = (o.value("p") or f"[sudo] password for {p.user}: ").replace("%u", p.user).replace("%p", p.user)
    for attempt in range(3):
        if o.has("S"):
            p.stderr.write(prompt)
            raw = await p.stdin.readline()
            if not raw:
                p.error(
                    "\nsudo: no password was provided"
                    if attempt == 0
                    else f"\nsudo: {attempt} incorrect password attempt{'s' if attempt > 1 else ''}"
                )
                return 1
            password: str | None = raw.decode("utf-8", "surrogateescape").rstrip("\n")
        else:
            password = await ask_password(p, prompt)
            if password is None:
                p.error("sudo: no tty present and no askpass program specified")
                return 1
        if passwords.verify(p.node.fs, p.user, password or ""):
            if not allowed:
                p.error(f"{p.user} is not in the sudoers file.  This incident will be reported.")
                return 1
            tickets[key] = time.time()
            return 0
        await asyncio.sleep(0.2)
        if attempt < 2:
            p.error("Sorry, try again.")
    p.error("sudo: 3 incorrect password attempts")
    return 1


@command("env", path="/bin")
async def env_command(p: Process) -> int:
    o = parse(p, "iu:0", {"ignore-environment": "i", "unset=": "u", "null": "0"}, status=125, permute=False)
    args, env = list(o.args), {} if o.has("i") else dict(p.env)
    if args[:1] == ["-"]:
        args.pop(0)
        env = {}
    for name in o.values("u"):
        env.pop(name, None)
    while args and "=" in args[0]:
        key, _, value = args.pop(0).partition("=")
        env[key] = value
    if not args:
        end = "\0" if o.has("0") else "\n"
        p.stdout.write("".join(f"{k}={v}{end}" for k, v in env.items()))
        return 0
    p.env = env
    name = args[0]
    status = await replaced_env(p, args)
    return exec_failed(p, "env", name) or status


async def replaced_env(p: Process, args: list[str]) -> int:
    import errno

    p.argv = list(args)
    p.extra["entry"].argv = p.argv
    try:
        return await p.machine.run(p)
    except OSError as err:
        if err.filename != args[0]:
            raise
        p.error(f"env: {args[0]}: {err.strerror}")
        return 127 if err.errno == errno.ENOENT else 126


@command("printenv")
async def printenv(p: Process) -> int:
    names = [a for a in p.argv[1:] if not a.startswith("-")]
    if not names:
        p.stdout.write("".join(f"{k}={v}\n" for k, v in p.env.items()))
        return 0
    for name in names:
        if name in p.env:
            p.print(p.env[name])
    return 0 if all(n in p.env for n in names) else 1


# -- accounts ----------------------------------------------------------------------------------------------------


@command("passwd", package="passwd")
async def passwd(p: Process) -> int:
    o = parse(p, "dfklnuSxwi", {"stdin": "stdin", "lock": "l", "unlock": "u", "delete": "d", "status": "S"})
    user = o.args[0] if o.args else p.user
    if p.user != "root" and (o.args or o.has("l", "u", "d", "S", "stdin")):
        p.error("passwd: Only root can " + ("specify a user name." if o.args else "do that."))
        return 1
    if passwd_entry(p.node, user) is None:
        p.error(f"passwd: Unknown user name '{user}'.")
        return 1
    fs = p.node.fs
    if o.has("l"):
        passwords.set_password(fs, user, None)
        p.print(f"Locking password for user {user}.\npasswd: Success")
        return 0
    if o.has("S"):
        fields = passwords.entry(fs, user) or ["", "!!"]
        locked = not fields[1].startswith("$")
        p.print(
            f"{user} {'LK' if locked else 'PS'} {clock.now(p.node, p.env).strftime('%Y-%m-%d')} 0 99999 7 -1 "
            f"({'Password locked.' if locked else 'Password set, SHA512 crypt.'})"
        )
        return 0
    p.print(f"Changing password for user {user}.")
    if o.has("stdin"):
        new = (await p.stdin.readline()).decode("utf-8", "surrogateescape").rstrip("\n")
    else:
        if p.user != "root":
            p.print(f"Changing password for {user}.")
            old = await secret(p, "(current) UNIX password: ")
            if not passwords.verify(fs, user, old):
                p.error("passwd: Authentication token manipulation error")
                return 1
        new = await secret(p, "New password: ")
        if len(new) < 6:
            p.error("BAD PASSWORD: it is WAY too short" if len(new) < 4 else "BAD PASSWORD: it is too short")
        if not new:
            p.error("passwd: Authentication token manipulation error")
            return 1
        if await secret(p, "Retype new password: ") != new:
            p.error("Sorry, passwords do not match.\npasswd: Authentication token manipulation error")
            return 1
    passwords.set_password(fs, user, new)
    p.print("passwd: all authentication tokens updated successfully.")
    return 0


async def secret(p: Process, prompt: str) -> str:
    """A password from the terminal, or a line of standard input without one (as pam does)."""
    if p.tty is not None:
        try:
            return await p.tty.ask(prompt, False)
        except EOFError:
            return ""
    p.stderr.write(prompt)
    return (await p.stdin.readline()).decode("utf-8", "surrogateescape").rstrip("\n")


@command("chpasswd", path="/usr/sbin")
async def chpasswd(p: Process) -> int:
    async for line in p.input_lines([]):
        user, _, password = line.decode("utf-8", "surrogateescape").rstrip("\n").partition(":")
        if passwd_entry(p.node, user) is None:
            p.error(f"chpasswd: line 1: user '{user}' does not exist")
            return 1
        passwords.set_password(p.node.fs, user, password)
    return 0


def free_id(text: str, start: int = 500) -> int:
    used = {
        int(line.split(":")[2]) for line in text.splitlines() if line.count(":") > 1 and line.split(":")[2].isdigit()
    }
    while start in used:
        start += 1
    return start


@command("useradd", "adduser", path="/usr/sbin")
async def useradd(p: Process) -> int:
    o = parse(
        p,
        "b:c:d:De:f:g:G:k:K:lmMNop:rs:u:UZ:",
        {
            "home-dir=": "d",
            "gid=": "g",
            "groups=": "G",
            "create-home": "m",
            "shell=": "s",
            "uid=": "u",
            "password=": "p",
            "system": "r",
            "comment=": "c",
        },
        status=2,
    )
    if not o.args:
        p.error("Usage: useradd [options] LOGIN")
        return 2
    fs, name = p.node.fs, o.args[0]
    if p.user != "root":
        p.error("useradd: cannot lock /etc/passwd; try again later.")
        return 1
    if passwd_entry(p.node, name):
        p.error(f"useradd: user '{name}' already exists")
        return 9
    users, groups = fs.read_text("/etc/passwd"), fs.read_text("/etc/group")
    uid = int(o.value("u") or free_id(users, 100 if o.has("r") else 500))
    if o.value("g"):
        try:
            gid = fs.gid(o.value("g") or "")
        except KeyError:
            p.error(f"useradd: group '{o.value('g')}' does not exist")
            return 6
    else:
        gid = uid if f":{uid}:" not in groups else free_id(groups, 100 if o.has("r") else 500)
        fs.write("/etc/group", groups + f"{name}:x:{gid}:\n")
    home, shell = o.value("d") or f"/home/{name}", o.value("s") or "/bin/bash"
    fs.write("/etc/passwd", users + f"{name}:x:{uid}:{gid}:{o.value('c') or ''}:{home}:{shell}\n")
    passwords.set_password(fs, name, None)
    for group in filter(None, (o.value("G") or "").split(",")):
        join_group(fs, group, name)
    if not o.has("M", "r") or o.has("m"):
        fs.mkdir(home, parents=True)
        fs.chmod(home, 0o700)
        for file, text in (
            (".bashrc", "# .bashrc\n\nif [ -f /etc/bashrc ]; then\n\t. /etc/bashrc\nfi\n"),
            (
                ".bash_profile",
                "# .bash_profile\n\nif [ -f ~/.bashrc ]; then\n\t. ~/.bashrc\nfi\n\nPATH=$PATH:$HOME/bin\n\n"
                "export PATH\n",
            ),
        ):
            fs.write(f"{home}/{file}", text)
            fs.chown(f"{home}/{file}", uid, gid)
        fs.chown(home, uid, gid)
    return 0


def join_group(fs, group: str, user: str) -> bool:  # noqa: ANN001
    lines, found = [], False
    for line in fs.read_text("/etc/group").splitlines():
        parts = line.split(":")
        if parts[0] == group and len(parts) > 3:
            members = [m for m in parts[3].split(",") if m]
            if user not in members:
                members.append(user)
            parts[3], found = ",".join(members), True
        lines.append(":".join(parts))
    fs.write("/etc/group", "\n".join(lines) + "\n")
    return found


@command("usermod", path="/usr/sbin")
async def usermod(p: Process) -> int:
    o = parse(
        p,
        "aG:g:s:d:mu:l:c:LUp:",
        {"append": "a", "groups=": "G", "shell=": "s", "home=": "d", "lock": "L", "unlock": "U"},
        status=2,
    )
    fs, name = p.node.fs, (o.args or [""])[0]
    if passwd_entry(p.node, name) is None:
        p.error(f"usermod: user '{name}' does not exist")
        return 6
    for group in filter(None, (o.value("G") or "").split(",")):
        if not join_group(fs, group, name):
            p.error(f"usermod: group '{group}' does not exist")
            return 6
    lines = []
    for line in fs.read_text("/etc/passwd").splitlines():
        parts = line.split(":")
        if parts[0] == name:
            parts[5], parts[6] = o.value("d") or parts[5], o.value("s") or parts[6]
        lines.append(":".join(parts))
    fs.write("/etc/passwd", "\n".join(lines) + "\n")
    if o.has("L"):
        passwords.set_password(fs, name, None)
    return 0


@command("userdel", path="/usr/sbin")
async def userdel(p: Process) -> int:
    o = parse(p, "fr", {"remove": "r", "force": "f"}, status=2)
    fs, name = p.node.fs, (o.args or [""])[0]
    entry = passwd_entry(p.node, name)
    if entry is None:
        p.error(f"userdel: user '{name}' does not exist")
        return 6
    for path in ("/etc/passwd", "/etc/shadow", "/etc/group"):
        lines = [x for x in fs.read_text(path).splitlines() if x.split(":")[0] != name]
        fs.write(path, "\n".join(lines) + "\n")
    if o.has("r") and fs.isdir(entry["home"]):
        fs.rmtree(entry["home"])
    return 0


@command("groupadd", "groupdel", path="/usr/sbin")
async def groupadd(p: Process) -> int:
    o = parse(p, "fg:or", {"gid=": "g", "force": "f", "system": "r"}, status=2)
    fs, name = p.node.fs, (o.args or [""])[0]
    text = fs.read_text("/etc/group")
    there = any(x.split(":")[0] == name for x in text.splitlines())
    if p.name == "groupdel":
        if not there:
            p.error(f"groupdel: group '{name}' does not exist")
            return 6
        fs.write("/etc/group", "".join(x + "\n" for x in text.splitlines() if x.split(":")[0] != name))
        return 0
    if there:
        if not o.has("f"):
            p.error(f"groupadd: group '{name}' already exists")
        return 0 if o.has("f") else 9
    fs.write("/etc/group", text + f"{name}:x:{o.value('g') or free_id(text, 100 if o.has('r') else 500)}:\n")
    return 0


__all__ = ["replaced"]
