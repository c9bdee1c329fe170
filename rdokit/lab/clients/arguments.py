"""The command lines of novaclient, cinderclient and glanceclient: which arguments exist, and how a wrong one is told.

A surface is a text table, one line per argument (see `surface_nova.py`)::

    boot
        --flavor meta=<flavor>
        --num-instances meta=<number> type=int
        name meta=<name>

The first, unnamed command `(base)` holds the options before the subcommand.
Parsing is the standard library's argparse, which has kept the rules of
Python 2.7 (abbreviations, interleaving, negative numbers); only its messages
changed and are put back here.
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable
from functools import cache
from typing import Any

from ..openstack.py2 import Py2Dict, text_repr

_ENV = {  # options whose default is taken from the environment, first non-empty variable wins
    "os_username": ("OS_USERNAME",),
    "os_password": ("OS_PASSWORD",),
    "os_tenant_name": ("OS_TENANT_NAME",),
    "os_tenant_id": ("OS_TENANT_ID",),
    "os_auth_url": ("OS_AUTH_URL",),
    "os_region_name": ("OS_REGION_NAME",),
    "os_auth_token": ("OS_AUTH_TOKEN",),
    "os_image_url": ("OS_IMAGE_URL",),
    "os_endpoint_type": ("OS_ENDPOINT_TYPE",),
    "os_service_type": ("OS_SERVICE_TYPE",),
    "os_image_api_version": ("OS_IMAGE_API_VERSION",),
    "os_compute_api_version": ("OS_COMPUTE_API_VERSION",),
    "os_volume_api_version": ("OS_VOLUME_API_VERSION",),
    "os_cacert": ("OS_CACERT",),
    "os_auth_system": ("OS_AUTH_SYSTEM",),
}


class UsageError(Exception):
    """What a parser says before it ends the program: `stdout` and `stderr` text, exit status."""

    def __init__(self, status: int, stdout: str = "", stderr: str = ""):
        super().__init__(stderr or stdout)
        self.status, self.stdout, self.stderr = status, stdout, stderr


def py2_int(text: str) -> int:
    if not re.fullmatch(r"\s*[+-]?\d+\s*", text):
        raise ValueError(text)
    return int(text)


py2_int.__name__ = "int"


def py2_str(text: str) -> str:
    if not text.isascii():
        raise ValueError(text)
    return text


py2_str.__name__ = "str"


def key_value_pairing(text: str) -> tuple[str, str]:
    if "=" not in text:
        raise argparse.ArgumentTypeError(f"{text_repr(text)} is not in the format of key=value")
    key, value = text.split("=", 1)
    return key, value


def positive_non_zero_float(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} must be a float") from None
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} must be greater than 0")
    return value


def bool_from_str(text: str) -> bool:
    if not text:
        return False
    if re.fullmatch(r"\s*[+-]?\d+\s*", text):
        return bool(int(text))
    if text.lower() in ("true", "yes", "y"):
        return True
    if text.lower() in ("false", "no", "n"):
        return False
    raise ValueError(text)


def string_to_bool(text: str) -> bool:
    """glance's: everything that is not a yes is a no (`--is-public=maybe` makes a private image)."""
    return text.strip().lower() in ("t", "true", "yes", "1")


TYPES: dict[str, Callable[[str], Any]] = {
    "int": py2_int,
    "str": py2_str,
    "_key_value_pairing": key_value_pairing,
    "positive_non_zero_float": positive_non_zero_float,
    "bool_from_str": bool_from_str,
    "string_to_bool": string_to_bool,
}


class Parser(argparse.ArgumentParser):
    """argparse with the messages of Python 2.7 and no writing of its own.

    Args:
        dialect: "nova" (also cinder: own "error:" line and a hint), or "glance" (plain argparse).
    """

    dialect = "nova"

    def print_text(self) -> str:
        """The usage line, in this project's own form: options summed up, positionals named."""
        words = [self.prog]
        if any(a.option_strings and a.help != argparse.SUPPRESS for a in self._actions):
            words.append("[option ...]")
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                words.append("<subcommand> ...")
            elif not action.option_strings and action.help != argparse.SUPPRESS:
                name = str(action.metavar or action.dest)
                words.append(
                    {"?": f"[{name}]", "*": f"[{name} ...]", "+": f"{name} [{name} ...]"}.get(str(action.nargs), name)
                )
        return "usage: " + " ".join(words) + "\n"

    def help_text(self) -> str:
        """What `help <subcommand>` shows: usage and the arguments (own form, no copied prose)."""
        lines = [self.print_text()]
        for title, wanted in (("Positional arguments:", False), ("Optional arguments:", True)):
            rows = []
            for action in self._actions:
                if action.help == argparse.SUPPRESS or bool(action.option_strings) is not wanted:
                    continue
                if isinstance(action, argparse._SubParsersAction):
                    rows += [f"    {name}" for name in sorted(action.choices)]
                    continue
                name = ", ".join(action.option_strings) or str(action.metavar or action.dest)
                takes = action.option_strings and action.nargs != 0
                rows.append(f"  {name} {action.metavar or action.dest.upper()}" if takes else f"  {name}")
            if rows:
                lines += [title, *rows, ""]
        return "\n".join(lines)

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        kind = self._registry_get("type", action.type, action.type)
        try:
            return kind(arg_string)
        except argparse.ArgumentTypeError as fault:
            raise argparse.ArgumentError(action, str(fault)) from None
        except (TypeError, ValueError):
            name = getattr(action.type, "__name__", repr(action.type))
            raise argparse.ArgumentError(action, f"invalid {name} value: {text_repr(arg_string)}") from None

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            options = ", ".join(text_repr(str(c), unicode=False) for c in action.choices)
            shown = text_repr(value, unicode=action.type is not py2_str)
            raise argparse.ArgumentError(action, f"invalid choice: {shown} (choose from {options})")

    def error(self, message: str) -> Any:
        required = re.fullmatch(r"the following arguments are required: (.*)", message)
        if required:
            names = required.group(1).split(", ")
            bare = [n for n in names if not n.startswith("-")]
            message = "too few arguments" if bare else f"argument {names[0]} is required"
        message = self._as_2_7(message)
        usage = self.print_text()
        if self.dialect == "glance":
            raise UsageError(2, stderr=f"{usage}{self.prog}: error: {message}\n")
        message = message.split(" (choose from")[0]
        program, _, sub = self.prog.partition(" ")
        raise UsageError(2, stderr=f"{usage}error: {message}\nTry '{program} help {sub}' for more information.\n")


    def _as_2_7(self, message: str) -> str:
        """Put back what Python 2.7 said: u'' texts, and options in the order of its hash table."""
        match = re.fullmatch(r"(.*ignored explicit argument )'(.*)'", message, re.DOTALL)
        if match:
            return match[1] + text_repr(match[2])
        match = re.fullmatch(r"(ambiguous option: .* could match )(.*)", message)
        if match:
            fits = match[2].split(", ")
            return match[1] + ", ".join(o for o in Py2Dict.fromkeys(self._option_string_actions) if o in fits)
        return message


class _Stop(argparse.Action):
    """-h of a subcommand and --version: print and end."""

    def __init__(self, option_strings: list[str], dest: str, **more: Any):
        self.version = more.pop("version", None)
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, **more)

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        if self.version:
            raise UsageError(0, stderr=self.version + "\n")
        raise UsageError(0, stdout=parser.help_text())


class _Lazy(dict):
    """Subcommand parsers, built when asked for (nova has 170)."""

    def __init__(self, build: Callable[[str], Parser], names: list[str]):
        super().__init__(dict.fromkeys(names))
        self.build = build

    def __getitem__(self, name: str) -> Parser:
        if dict.__getitem__(self, name) is None:
            self[name] = self.build(name)
        return dict.__getitem__(self, name)


def read_surface(text: str) -> dict[str, list[str]]:
    """The lines of each command.

    >>> read_surface("(base)\\n    -h,--help true\\nlist\\n")
    {'(base)': ['-h,--help true'], 'list': []}
    """
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line[0].isspace():
            current = found.setdefault(line.strip(), [])
        elif line.strip():
            current.append(line.strip())
    return found


def _add(parser: Parser, line: str, version: str, env: dict[str, str]) -> None:
    flags, *words = shlex.split(line)
    names = flags.split(",")
    options: dict[str, Any] = {}
    for word in words:
        key, _, value = word.partition("=")
        if key == "meta":
            options["metavar"] = value
        elif key == "dest":
            options["dest"] = value
        elif key == "type":
            options["type"] = TYPES[value]
        elif key == "nargs":
            options["nargs"] = int(value) if value.isdigit() else value
        elif key == "choices":
            options["choices"] = value.split(",")
        elif key == "default":
            options["default"] = [] if value == "[]" else {"None": None, "False": False, "True": True}.get(value, value)
        elif key == "const":
            options["const"] = int(value) if value.isdigit() else value
        elif key in ("true", "false"):
            options["action"] = f"store_{key}"
        elif key == "append":
            options["action"] = "append"
        elif key == "hidden":
            options["help"] = argparse.SUPPRESS
        elif key == "version":
            options["action"], options["version"] = _Stop, version
    if "const" in options and "nargs" not in options:
        options["action"] = "store_const"
    action = parser.add_argument(*names, **options)
    for variable in _ENV.get(action.dest, ()) if names[0].startswith("--") else ():
        if env.get(variable) and parser.prog.count(" ") == 0:
            action.default = env[variable]


@cache
def _surface(text: str) -> dict[str, list[str]]:
    return read_surface(text)


def build(
    program: str, surface: str, version: str, env: dict[str, str], dialect: str = "nova"
) -> tuple[Parser, Parser]:
    """The base parser (options only) and the full one with its subcommands.

    Args:
        program: "nova", "cinder" or "glance".
        surface: the text table.
        version: what --version prints.
        env: environment of the caller, for the OS_* defaults.
        dialect: see `Parser`.
    """
    table = _surface(surface)
    kind = type("Parser", (Parser,), {"dialect": dialect})

    def make(prog: str, lines: list[str], own_help: bool) -> Parser:
        parser = kind(prog=prog, add_help=False)
        parser.register("action", "parsers", argparse._SubParsersAction)
        if own_help:
            parser.add_argument("-h", "--help", action=_Stop, help=argparse.SUPPRESS)
        for line in lines:
            _add(parser, line, version, env)
        return parser

    base = make(program, table["(base)"], False)
    full = make(program, table["(base)"], False)
    subs = full.add_subparsers(metavar="<subcommand>", required=True)
    subs.dest = "subcommand"
    names = sorted((n for n in table if n != "(base)"), key=lambda n: (n == "help", n))
    lazy = _Lazy(lambda name: make(f"{program} {name}", table[name], True), names)
    subs._name_parser_map = subs.choices = lazy  # type: ignore[assignment]
    return base, full
