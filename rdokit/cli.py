"""The command `rdokit`: reads the command line, calls one function, turns errors into a sentence and an exit code.

argparse and lazy imports keep its start cheap; bad input never ends in a traceback (`--debug` shows it).
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import sys
from pathlib import Path

from .errors import ParameterError, RdokitError

EXAMPLES = """\
examples:
  rdokit phases                             what there is to do
  rdokit check --site two-node --connect    is the site file right, does every node answer
  rdokit trust node1 --site two-node        look at a node's host key and record it
  rdokit run --site two-node --plan         look at everything, change nothing
  rdokit run --site two-node                the whole document; what is already so is not done again
  rdokit run 06-08 --site two-node          some phases
  rdokit run --site two-node --resume       go on where the last run was cut
  rdokit report                             where the last run's report is
  rdokit undo 12 --site lab --plan          what an undo would take back

exit codes: 0 done, 1 a step failed, 2 wrong parameters, 130 stopped with Ctrl-C
"""


class Parser(argparse.ArgumentParser):
    """argparse with a hint at the word that was probably meant."""

    def error(self, message: str):
        if "invalid choice" in message and "(choose from" in message:
            import difflib
            import re

            word, *choices = re.findall(r"'([^']*)'", message) or [""]
            close = difflib.get_close_matches(word, choices, 1)
            message = f"there is no {word!r}" + (f"; did you mean {close[0]!r}?" if close
                                                 else f"; there are: {', '.join(choices)}")
        self.exit(2, f"{self.prog}: {message}\n  → {self.prog} --help explains it.\n")


def main(argv: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    argv = sys.argv[1:] if argv is None else argv
    args = parser().parse_args(argv)
    try:
        code = args.call(args) or 0
        sys.stdout.flush()  # a closed pipe shows here, not when Python ends
        return code
    except RdokitError as error:
        if args.debug:
            raise
        print(f"rdokit: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        if args.debug:
            raise
        print(f"rdokit: {error.strerror or error}{f': {error.filename}' if error.filename else ''}", file=sys.stderr)
        return 1


def parser() -> Parser:
    """All commands with their help."""
    top = Parser(prog="rdokit", description="Installs OpenStack Havana on CentOS 6 nodes by running notebooks.",
                 epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    top.add_argument("--debug", action="store_true", help="show tracebacks")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    _add_site_commands(commands)
    _add_record_commands(commands)
    _add_lab(commands)
    return top


def _command(commands, name: str, call, text: str, *, site: bool = False, epilog: str = "") -> Parser:
    one = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", epilog=epilog,
                              formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    one.set_defaults(call=call)
    one.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    if site:
        one.add_argument("--site", metavar="SITE", default=os.environ.get("RDOKIT_SITE") or "lab",
                         help="a name in params/, or a .yml file (default: $RDOKIT_SITE or lab)")
    return one


def _add_run(commands) -> None:
    run = _command(commands, "run", _run, "run phases headlessly, in order", site=True, epilog="""\
A phase is named 02_prepare, prepare, 02 or 2; 02-05 is a range. Without one, all of the document's run.

  rdokit run --plan                        look and show what would be done; nothing is changed
  rdokit run --from 06                     from the bridge on
  rdokit run 11 -p overrides '{"check.instance": "vm2"}'

What is already so is not done again, so a run can be repeated at any time.""")
    run.add_argument("phases", nargs="*", metavar="PHASE", help="phases to run")
    run.add_argument("--from", dest="start", metavar="PHASE", default="", help="first phase to run")
    run.add_argument("--plan", action="store_true", help="read only: show what would be done")
    run.add_argument("--resume", action="store_true", help="go on with the last unfinished run of the site")
    run.add_argument("-p", "--parameter", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"),
                     help="a value for the notebooks' parameters cells; keeps the type of the default")
    run.add_argument("--notebooks", type=Path, metavar="DIR", help="folder of the notebooks")
    undo = _command(commands, "undo", _undo, "take back what the kit did in a phase", site=True, epilog="""\
Files are restored from their backups unless somebody changed them since; in OpenStack only
what the journal says we created is deleted. --plan lists it, and what cannot be taken back.""")
    undo.add_argument("phases", nargs="+", metavar="PHASE", help="phases to undo, or `all`")
    undo.add_argument("--plan", action="store_true", help="only list what would be taken back")
    undo.add_argument("--yes", action="store_true", help="do not ask")
    _command(commands, "phases", _phases, "list the phases")


def _add_site_commands(commands) -> None:
    check = _command(commands, "check", _check, "check a site file, every fault at once", site=True)
    check.add_argument("--all", action="store_true", help="print every value, those of the document included")
    check.add_argument("--connect", action="store_true", help="also log in to every node")
    trust = _command(commands, "trust", _trust, "show a node's host key and record it", site=True, epilog="""\
Compare the fingerprint with what the node itself prints on its console:
  ssh-keygen -lf /etc/ssh/ssh_host_rsa_key.pub""")
    trust.add_argument("nodes", nargs="+", metavar="NODE", help="names of nodes, or `all`")
    trust.add_argument("--yes", action="store_true", help="record without asking")


def _add_record_commands(commands) -> None:
    report = _command(commands, "report", _report, "build a run's report.html and print its path", epilog="""\
  rdokit report                            of the last run
  rdokit report --compare RUN1 RUN2        which facts differ; ids and times do not count""")
    report.add_argument("run", nargs="?", default="", metavar="RUN", help="a run (default: the last)")
    report.add_argument("--compare", nargs=2, metavar=("RUN1", "RUN2"), help="compare the facts of two runs")
    report.add_argument("--list", action="store_true", help="list the runs")
    _command(commands, "version", _version, "versions of rdokit and what it builds on")


def _add_lab(commands) -> None:
    lab = _command(commands, "lab", _lab, "the practice lab: simulated nodes on this machine", site=True, epilog="""\
  rdokit lab up                 start it          rdokit lab status    nodes, ports, root password
  rdokit lab ssh node1          log in            rdokit lab reset     a fresh one
  rdokit lab down               stop it, keep its state""")
    lab.add_argument("action", metavar="ACTION", help="up, down, status, reset, ssh NODE, …")
    lab.add_argument("rest", nargs=argparse.REMAINDER, metavar="…", help="handed on to the lab")


def _run(args) -> int:
    return _headless(args.phases, args.site, args.start, args.plan, args.resume,
                     [tuple(pair) for pair in args.parameter], args.notebooks)


def _undo(args) -> int:
    from .phases import phases, select

    names = [] if args.phases == ["all"] else [phase.name for phase in select(phases(), args.phases)]
    if not (args.plan or args.yes) and not _confirmed(
            f"Take back {', '.join(names) or 'everything'} on site {args.site}? (--plan lists it)"):
        return 1
    return _headless(["90"], args.site, plan=args.plan, given=[("phases", json.dumps(names))])


def _headless(*fields: object, **named: object) -> int:
    """Runs what a `run.Request` of these fields asks for."""
    from .nursery import Nursery

    gc.disable()  # `run` enables it when everything is imported: an eighth of the time that takes
    with Nursery() as nursery:  # it loads while the request is read
        from .run import Request, run

        return run(Request(*fields, **named), nursery)


def _phases(args) -> int:
    from .phases import phases

    for phase in phases():
        print(f"{phase.name:<16} {phase.title}")
    return 0


def _check(args) -> int:
    from .passwords import check as check_passwords
    from .siteload import find, load, warnings

    site = load(args.site)
    check_passwords(site, find(args.site).parent)
    print(f"{os.path.relpath(find(args.site))}: no fault; nodes: {', '.join(site.names())}")
    for warning in warnings(site):
        print(f"  worth knowing: {warning}")
    if args.all:
        import yaml

        print(yaml.safe_dump(site.model_dump(mode="json"), sort_keys=False, allow_unicode=True), end="")
    if not args.connect:
        return 0
    from .reach import reach

    return reach(site, find(args.site))


def _trust(args) -> int:
    from .reach import trust
    from .siteload import find, load

    site = load(args.site)
    names = site.names() if args.nodes == ["all"] else args.nodes
    unknown = [name for name in names if name not in site.nodes and name not in site.jumps]
    if unknown:
        raise ParameterError([f"{name}: there is no such node" for name in unknown], source=args.site,
                             next_step=f"There are: {', '.join([*site.names(), *site.jumps])}.")
    return trust(site, find(args.site), names, (lambda question: True) if args.yes else _confirmed)


def _report(args) -> int:
    from . import history

    if args.list:
        for folder in history.all_runs():
            document = history.read_manifest(folder)
            print(f"{folder.name:<36} {document.get('status', '?'):<12} {document.get('operator', '')}")
        return 0
    if args.compare:
        from .compare import compare

        return compare(*(history.find_run(name) for name in args.compare))
    from .report import build

    print(build(history.find_run(args.run)))
    return 0


def _version(args) -> int:
    from .history import versions

    for name, number in versions().items():
        print(f"{name:<12} {number}")
    return 0


def _lab(args) -> int:
    from .labprocess import call

    rest = list(args.rest)
    for place in (0, 1):  # `lab up --site x`, `lab ssh node1 --site x`; what follows belongs to the node
        if rest[place:place + 1] == ["--site"] and len(rest) > place + 1:
            args.site = rest[place + 1]
            del rest[place:place + 2]
    return call(args.site, args.action, rest)


def _confirmed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise RdokitError(f"{question} Nobody is there to answer.", next_step="Repeat it with --yes.")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


if __name__ == "__main__":
    sys.exit(main())
