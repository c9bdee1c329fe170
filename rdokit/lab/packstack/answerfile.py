"""The answer file: writing a fresh one, reading one, and every reason to refuse it.

Source: document Steps 8 and 9; genuine files and errors recorded from Havana's packstack.
"""

from __future__ import annotations

import ipaddress
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .. import network
from .parameters import CONDITIONS, GROUPS, PARAMETERS, Config, Parameter, all_in_one

if TYPE_CHECKING:
    from ..world import Ids, Node, World

GOOGLE_DNS = "8.8.8.8"


class AnswerError(Exception):
    """The answer file cannot be used; the text follows "Failed handling answer file: "."""


class RuleBroken(Exception):
    """A value breaks a rule of its parameter."""


# -- the default address ---------------------------------------------------------


def source_address(node: Node, target: str) -> str | None:
    """The node's own address on the way to an IPv4 address, None when no route leads there."""
    found = network.lookup(node, "", target)
    return (network.source_for(node, "", found) or None) if found else None


def own_address(node: Node) -> str:
    """What packstack takes for this host: the source address towards the first name server.

    Raises:
        OSError: there is no address at all.
    """
    servers: list[str] = []
    if node.fs.isfile("/etc/resolv.conf"):
        found = re.findall(r"(?m)^\s*nameserver\s+([\d.]+)", node.fs.read_text("/etc/resolv.conf"))
        servers = [s for s in found if s != "127.0.0.1"]
    for server in [*servers, GOOGLE_DNS]:
        address = source_address(node, server)
        if address:
            return address
    raise OSError("Local IP address discovery failed. Please set nameserver correctly.")


# -- writing -----------------------------------------------------------------------


def defaults(node: Node, ids: Ids, home: str = "/root") -> list[tuple[Parameter, str]]:
    """Every parameter with its default value; passwords are drawn anew."""
    address, out = own_address(node), []
    for parameter in PARAMETERS:
        value = {"@": address, "%": ids.hex(16), "%%": ids.hex(32)}.get(parameter.default, parameter.default)
        if parameter.key == "CONFIG_SSH_KEY":
            folder = f"{home}/.ssh"
            names = node.fs.listdir(folder) if node.fs.isdir(folder) else []
            value = next((f"{folder}/{n}" for n in names if n.endswith(".pub")), "")
        out.append((parameter, value))
    return out


def render(values: list[tuple[Parameter, str]], overrides: Config | None = None) -> str:
    """The text of an answer file.

    >>> from .parameters import Parameter
    >>> print(render([(Parameter("CONFIG_A", "a", "", (), "What A is for"), "1")]), end="")
    [general]
    <BLANKLINE>
    # What A is for
    CONFIG_A=1
    """
    lines = ["[general]"]
    for parameter, value in values:
        comment = textwrap.fill(parameter.text, initial_indent="# ", subsequent_indent="# ", break_long_words=False)
        lines += ["", comment, f"{parameter.key}={(overrides or {}).get(parameter.key, value)}"]
    return "\n".join(lines) + "\n"


# -- reading ---------------------------------------------------------------------------


def parse(text: str, path: str) -> Config:
    """The values of section [general], as Python 2's RawConfigParser reads them.

    Raises:
        AnswerError: no section header, or a line that is none of comment, section, value.
    """
    section, values, last = "", {}, ""
    bad: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line[0] in "#;" or line.split(None, 1)[0].lower() == "rem":
            continue
        if line[0].isspace() and section == "general" and last:
            values[last] = f"{values[last]}\n{line.strip()}"
            continue
        header = re.match(r"\[([^]]+)\]", line)
        if header:
            section, last = header[1], ""
            continue
        if not section:
            raise AnswerError(f"File contains no section headers.\nfile: {path}, line: {number}\n{line + chr(10)!r}")
        option = re.match(r"([^:=\s][^:=]*?)\s*[:=]\s*(.*)$", line)
        if not option:
            bad.append((number, line))
            continue
        value = option[2]
        if ";" in value:
            value = re.split(r"\s;", value, maxsplit=1)[0]
        last = option[1].upper()  # the parser folds the case of names, packstack asks in capitals
        if section == "general":
            values[last] = "" if value.strip() == '""' else value.strip()
    if bad:
        rest = "".join(f"\n\t[line {n:2d}]: {line + chr(10)!r}" for n, line in bad)
        raise AnswerError(f"File contains parsing errors: {path}{rest}")
    if not section:
        raise AnswerError("No section: 'general'")
    return values


@dataclass
class Reading:
    """An answer file as packstack holds it: values of the active groups, what it said on the way."""

    config: Config = field(default_factory=dict)
    printed: list[str] = field(default_factory=list)


class Reader:
    """Reads an answer file group by group and applies every rule, in packstack's order.

    Args:
        listens: whether a host answers on port 22.
        make_key: makes an SSH key pair at a path; returns nothing.
        out: called with each line that packstack prints meanwhile.
    """

    def __init__(
        self,
        world: World,
        node: Node,
        listens: Callable[[str], bool],
        make_key: Callable[[str], None],
        out: Callable[[str], None],
        home: str = "/root",
    ):
        self.world, self.node, self.listens, self.make_key, self.out = world, node, listens, make_key, out
        self.home = home

    def read(self, values: Config) -> Config:
        """The configuration in force.

        Raises:
            AnswerError: a key is missing or a value breaks a rule.
        """
        config: Config = {}
        for group in GROUPS:
            if not CONDITIONS[group.condition](config):
                continue
            for parameter in group.parameters:
                if parameter.key not in values:
                    raise AnswerError(f"'Parser cannot find option {parameter.key} in answer file.'")
                config[parameter.key] = self._value(parameter, values[parameter.key])
        for key, value in values.items():  # what no active group asks for is carried along, unheeded
            config.setdefault(key, value)
        config["ALL_IN_ONE"] = "y" if all_in_one({k: config[k] for k in active(config)}) else "n"
        return config

    def _value(self, parameter: Parameter, value: str) -> str:
        new = self._process(parameter, value)
        if new != value and not parameter.masked:
            self.out(f"Packstack changed given value {value} to required value {new}")
        for rule in parameter.rules:
            try:
                self._check(rule, new)
            except RuleBroken as e:
                self.out(f"Parameter {parameter.key} failed validation: {e}")
                raise AnswerError(str(e)) from None
        return new

    def _process(self, parameter: Parameter, value: str) -> str:
        if "key" in parameter.rules:
            return self._ssh_key(value)
        if "host" in parameter.rules and value:
            return ",".join(self._address(h.strip(), parameter) for h in value.split(","))
        return value

    def _ssh_key(self, value: str) -> str:
        path = value or f"{self.home}/.ssh/id_rsa.pub"
        if path.startswith("~"):
            path = self.home + path[1:]
        if not self.node.fs.isfile(path):
            private = path.removesuffix(".pub")
            if not value or self.node.fs.isdir(private.rpartition("/")[0]):
                self.make_key(private)
                path = f"{private}.pub"
        return path

    def _address(self, host: str, parameter: Parameter) -> str:
        name, slash, device = host.partition("/")
        try:
            ipaddress.ip_address(name)
            return host
        except ValueError:
            pass
        found = network.resolve(self.world, self.node, name)
        if found is None:
            self.out(f"Value processing of parameter {parameter.key} failed.\nCould not find IP address of host {name}")
            raise AnswerError(f"Could not find IP address of host {name}")
        return found + slash + device

    def _check(self, rule: str, value: str) -> None:
        name, _, argument = rule.partition(":")
        checks: dict[str, Callable[[str, str], None]] = {
            "yn": lambda v, _a: _options(v, ["y", "n"]),
            "one": lambda v, a: _options(v, a.split(",")),
            "any": lambda v, a: [_options(w.strip(), a.split(",")) for w in v.split(",")] and None,
            "ne": _not_empty,
            "int": _integer,
            "float": _float,
            "port": _port,
            "re": _regexp,
            "file": self._file,
            "key": self._public_key,
            "ssh": self._ssh,
            "mssh": lambda v, a: [self._ssh(h.strip(), a) for h in v.split(",")] and None,
        }
        if name in checks:
            checks[name](value, argument)

    def _file(self, value: str, _: str) -> None:
        if value and not self.node.fs.isfile(value):
            raise RuleBroken(f"Given file does not exist: {value}")

    def _public_key(self, value: str, _: str) -> None:
        line = self.node.fs.read_text(value).split("\n")[0] if value else "ssh-"
        if "PRIVATE KEY" in line:
            raise RuleBroken("Public SSH key is required. You passed private key.")
        if not re.search("ssh-|ecdsa", line):
            raise RuleBroken(f"Invalid content header in {value}, Public SSH key is required.")

    def _ssh(self, value: str, _: str) -> None:
        host = value.split("/")[0]
        if host and not self.listens(host):
            raise RuleBroken(f"Given host does not listen on port 22: {host}")


def active(config: Config) -> list[str]:
    """The keys of the groups that are in force."""
    keys: list[str] = []
    seen: Config = {}
    for group in GROUPS:
        if CONDITIONS[group.condition](seen):
            keys += [p.key for p in group.parameters]
            seen.update({p.key: config.get(p.key, "") for p in group.parameters})
    return keys


def _options(value: str, allowed: list[str]) -> None:
    if value and value not in allowed:
        raise RuleBroken(f"Given value is not member of allowed values {allowed}: {value}")


def _not_empty(value: str, _: str) -> None:
    if not value:
        raise RuleBroken(f"Given value is not allowed: {value}")


def _integer(value: str, _: str) -> None:
    if value and not re.match(r"\s*[-+]?\d+\s*\Z", value):
        raise RuleBroken(f"Given value is not an integer: {value}")


def _float(value: str, _: str) -> None:
    try:
        float(value or "0")
    except ValueError:
        raise RuleBroken(f"Given value is not a float: {value}") from None


def _port(value: str, _: str) -> None:
    _integer(value, "")
    if value and not 0 <= int(value) < 65535:
        raise RuleBroken(f"Given value is outside the range of (0, 65535): {value}")


def _regexp(value: str, pattern: str) -> None:
    if value and not re.search(pattern, value):
        raise RuleBroken(f"Given value does not match required regular expression: {value}")
