"""`packstack`: the command line (document Steps 8 and 10). What it does is in rdokit.lab.packstack."""

from __future__ import annotations

import io
import optparse
import textwrap
import time

from ..packstack import answerfile, install
from ..packstack.install import Session, SetupError
from ..packstack.parameters import GROUPS, PARAMETERS, Config
from ..process import Process, command

VERSION = "packstack Havana 2013.2.1dev1013"
USAGE = "usage: %prog [options] [--help]"
TITLES = {
    "always": "Global Options",
    "glance": "Glance Options",
    "cinder": "Cinder Options",
    "nova": "Nova Options",
    "neutron": "Neutron Options",
    "client": "Client Options",
    "horizon": "Horizon Options",
    "swift": "Swift Options",
    "heat": "Heat Options",
    "ceilometer": "Ceilometer Options",
    "nagios": "Nagios Options",
    "rhel": "Red Hat Options",
}


class UsageError(Exception):
    """The command line is wrong; exit status 2."""


class Parser(optparse.OptionParser):
    """optparse that raises instead of ending the interpreter."""

    def error(self, msg: str) -> None:  # type: ignore[override]
        raise UsageError(msg)

    def exit(self, status: int = 0, msg: str | None = None) -> None:  # type: ignore[override]
        raise UsageError(msg or "")


def parser() -> Parser:
    """All flags: packstack's own, and one for every key of the answer file."""
    parse = Parser(prog="packstack", usage=USAGE, add_help_option=False)
    add = parse.add_option
    add("-h", "--help", action="store_true", help="show what can be asked for, and leave")
    add("--version", action="store_true", help="show the version, and leave")
    add("--gen-answer-file", metavar="FILE", help="write an answer file with default values and new passwords")
    add("--answer-file", metavar="FILE", help="install what an answer file says")
    add("--install-hosts", metavar="HOSTS", help="install on a list of hosts: the first controls, the others compute")
    add("--allinone", action="store_true", help="install everything on this host")
    add("-t", "--timeout", metavar="SECONDS", help="how long a command run by Puppet may take (300)")
    add("-o", "--options", action="store_true", help="show the keys of the answer file as reStructuredText, and leave")
    add("-d", "--debug", action="store_true", help="write more into the log")
    add("-y", "--dry-run", action="store_true", help="read, check and write manifests, but change no server")
    seen: set[str] = set()
    for group in GROUPS:
        box = optparse.OptionGroup(parse, TITLES.get(group.condition, "Further Options"))
        for parameter in group.parameters:
            if parameter.option not in seen:  # three vCenter keys are there twice
                seen.add(parameter.option)
                box.add_option(f"--{parameter.option}", dest=parameter.key, metavar="VALUE", help=parameter.text)
        parse.add_option_group(box)
    return parse


def given(options: optparse.Values) -> Config:
    """The answer-file keys set by flags."""
    return {p.key: str(v) for p in PARAMETERS if (v := getattr(options, p.key, None)) is not None}


def only_flag(options: optparse.Values, name: str) -> None:
    """--gen-answer-file and --answer-file stand alone (debug, timeout and dry-run may go with them).

    Raises:
        UsageError: another flag was given.
    """
    others = {k for k, v in vars(options).items() if v is not None} - {name, "debug", "timeout", "dry_run"}
    if others:
        flag = name.replace("_", "-")
        raise UsageError(f"Error: The --{flag} flag is mutually exclusive to all other command line options")


def help_text(parse: Parser) -> str:
    out = io.StringIO()
    parse.formatter.width = 78
    parse.print_help(out)
    return out.getvalue()


def options_text() -> str:
    """Every key with its meaning (-o)."""
    lines = []
    for parameter in PARAMETERS:
        lines += [
            "",
            f"**{parameter.key}**",
            *textwrap.wrap(parameter.text, 76, initial_indent="    ", subsequent_indent="    "),
        ]
    return "\n".join(lines) + "\n"


def write_answers(p: Process, path: str, overrides: Config | None = None) -> None:
    """A fresh answer file, 0600; one that is there is deleted first."""
    text = answerfile.render(answerfile.defaults(p.node, p.world.ids, p.env.get("HOME", "/root")), overrides)
    if p.node.fs.exists(path) or p.node.fs.islink(path):
        p.node.fs.remove(path)
    p.node.fs.write(path, text, mode=0o600, owner=p.user)
    p.node.fs.chmod(path, 0o600)


def single_step(p: Process, s: Session, options: optparse.Values) -> str:
    """--allinone and --install-hosts: make an answer file for these hosts; its path."""
    home = p.env.get("HOME", "/root")
    when = time.strftime("%Y%m%d-%H%M%S", time.localtime(p.world.clock.now()))
    path = f"{home}/packstack-answers-{when}.txt"
    hosts = [h.strip() for h in (options.install_hosts or answerfile.own_address(p.node)).split(",")]
    overrides = {prm.key: hosts[0] for prm in PARAMETERS if prm.default == "@"}
    if len(hosts) > 1:
        overrides["CONFIG_NOVA_COMPUTE_HOSTS"] = ",".join(hosts[1:])
    write_answers(p, path, overrides | given(options))
    s.notes.append(f"A new answerfile was created in: {path}")
    return path


async def ask(p: Process, s: Session, options: optparse.Values) -> str:
    """Without an answer file packstack asks for every key, one after the other; the answers become one."""
    overrides = given(options)
    if p.tty is None:
        raise SetupError("Error while trying to read parameter CONFIG_SSH_KEY from user.")
    for parameter, value in answerfile.defaults(p.node, p.world.ids, p.env.get("HOME", "/root")):
        if parameter.key in overrides or "%" in parameter.default:
            continue
        prompt = f"{parameter.text.split('.')[0]}  [{value}] : " if value else f"{parameter.text.split('.')[0]} : "
        answer = await p.tty.ask(prompt, echo=True)
        overrides[parameter.key] = answer.strip() or value
    path = f"{p.env.get('HOME', '/root')}/packstack-answers-{s.folder.rpartition('/')[2][:15]}.txt"
    write_answers(p, path, overrides)
    s.notes.append(f"A new answerfile was created in: {path}")
    return path


@command("packstack", package="openstack-packstack")
async def packstack(p: Process) -> int:
    """Install OpenStack on the servers of an answer file."""
    parse = parser()
    try:
        options, rest = parse.parse_args(p.argv[1:])
        if options.help or options.options:
            p.stdout.write(help_text(parse) if options.help else options_text())
            return 0
        if options.version:
            p.print(VERSION)
            return 0
        if options.gen_answer_file:
            only_flag(options, "gen_answer_file")
        elif options.allinone and options.answer_file:
            raise UsageError("Please use either --allinone or --answer-file, but not both.")
        elif options.install_hosts and options.answer_file:
            raise UsageError("Please use either --install-hosts or --answer-file, but not both.")
        elif options.answer_file:
            only_flag(options, "answer_file")
    except UsageError as e:
        p.error(f"Usage: packstack [options] [--help]\n\npackstack: error: {e}")
        return 2
    if p.user != "root":
        p.error("packstack must be run as root")
        return 1
    s = install.open_session(p, bool(options.debug))
    s.dry_run = bool(options.dry_run)
    try:
        await carry_out(p, s, options)
    except SetupError as e:
        install.show_error(s, str(e))
        for node, folder in s.remote_folders:
            if node.fs.isdir(folder):
                node.fs.rmtree(folder)
        return 1
    return 0


async def carry_out(p: Process, s: Session, options: optparse.Values) -> None:
    """One of the four ways to call packstack.

    Raises:
        SetupError: as shown behind "ERROR : ".
    """
    if options.gen_answer_file:
        path = p.path(options.gen_answer_file)
        try:
            write_answers(p, path)
        except OSError as e:
            raise SetupError(f"[Errno {e.errno}] {e.strerror or e}: {options.gen_answer_file!r}") from None
        return
    if options.answer_file:
        path = p.path(options.answer_file.replace("~", p.env.get("HOME", "/root"), 1))
        if not p.node.fs.exists(path):
            raise SetupError(f"Error: Could not find file {options.answer_file}")
    elif options.allinone or options.install_hosts:
        path = single_step(p, s, options)
    else:
        path = await ask(p, s, options)
    await install.install(s, path, given(options) if not options.answer_file else None)
