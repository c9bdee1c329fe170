"""Facts: what a command printed, as a DataFrame with real types; the only pandas import.

A fact is a command line and the parser that reads it. `READERS` tells which parser; a new command is
a new line there (and a parser in `parse/`). What has no parser stays text.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
from collections.abc import Callable
from typing import Any

import pandas as pd

from .errors import ParseError
from .parse import cli_csv, cli_shell, cli_table, schemas
from .parse.table import typed, typed_pairs
from .secret import mask
from .shell import Result, plain

pd.set_option("display.max_colwidth", 100)
pd.set_option("display.width", 160)

CLIENTS = re.compile(r"^(keystone|neutron|nova|glance|cinder)\s+(?:--?\S+\s+)*([a-z0-9][a-z0-9-]*)")
Rows = list[dict[str, Any]]
DataFrame = pd.DataFrame


def frame(rows: Rows, columns: list[str] | tuple[str, ...] = ()) -> pd.DataFrame:
    """Rows as a DataFrame whose columns are as typed as the cells; zero rows keep the columns.

    >>> frame([{"id": 1, "enabled": True}]).dtypes.astype(str).to_dict()
    {'id': 'int64', 'enabled': 'bool'}
    """
    data = pd.DataFrame(rows, columns=list(columns) or None)
    for name in data.columns[[str(kind) == "float64" for kind in data.dtypes]]:
        values = {type(row.get(name)) for row in rows}
        if values == {int, type(None)}:
            data[name] = data[name].astype("Int64")  # a missing number must not make 22.0 of port 22
    return data


def reader(line: str) -> Callable[[Result], pd.DataFrame] | None:
    """The function that reads this command's result, None when nobody knows its output."""
    line = line.removeprefix("sudo ").strip()
    if found := CLIENTS.match(line):
        return lambda result: client_table(result, f"{found[1]} {found[2]}")
    for pattern, function in READERS:
        if re.match(pattern, line):
            return function
    return None


def statuses(line: str) -> tuple[int, ...]:
    """Exit statuses with which this command still prints a table.

    >>> 3 in statuses("rpm -q a b c"), 1 in statuses("lsmod")
    (True, False)
    """
    return STATUSES.get(line.split()[0], (0,))


def table(result: Result) -> pd.DataFrame:
    """The result's output as a table.

    Raises:
        ParseError: it is not of the form that this command prints, or no parser knows the command.
    """
    read = reader(result.command)
    result = dataclasses.replace(result, stdout=plain(result.stdout))  # cells are shown as they are
    if read is None:
        raise ParseError("there is no parser for this command", tool=result.command)
    return read(result)


def client_table(result: Result, command: str) -> pd.DataFrame:
    """Output of an OpenStack client: a list, or Property/Field–Value pairs (one row a property)."""
    line, text = result.command, result.stdout
    schema = schemas.LISTS.get(command)
    if re.search(r"\s-f\s*csv\b|--format[= ]csv\b", line):
        found = cli_csv.parse(text, tuple(schema or ()), tool=command)
    elif re.search(r"\s-f\s*shell\b|--format[= ]shell\b", line):
        found = cli_shell.parse(text, tool=command)
    else:
        found = cli_table.parse(text, tuple(schema or ()), tool=command)
    if found.columns[:1] in (("Property",), ("Field",)) and len(found.columns) == 2:
        pairs = typed_pairs(found, schemas.show_schema(command))
        return pd.DataFrame({found.columns[0]: list(pairs), "Value": pd.Series(list(pairs.values()), dtype=object)})
    return frame(typed(found, schema or {}), found.columns)


def pairs(data: pd.DataFrame) -> dict[str, Any]:
    """A Property–Value table as a dict.

    >>> pairs(pd.DataFrame({"Field": ["id", "name"], "Value": ["7", "router1"]}))
    {'id': '7', 'name': 'router1'}
    """
    return dict(zip(data.iloc[:, 0], data.iloc[:, 1], strict=True))


def only(data: pd.DataFrame, column: str, value: object, *, what: str = "row") -> pd.Series | None:
    """The one row whose column has that value; None when there is none.

    Raises:
        ParseError: several rows have it: the name is of no use any more (neutron lets duplicates in).

    >>> int(only(frame([{"id": 7, "name": "demo"}]), "name", "demo")["id"])
    7
    """
    found = data[data[column] == value] if len(data) else data
    if len(found) > 1:
        raise ParseError(f"there are {len(found)} {what}s with {column} {value!r}; delete all but one by id")
    return found.iloc[0] if len(found) else None


def _by(module: str, function: str = "parse", post: Callable[[Any], Rows] = list, columns: tuple[str, ...] = ()):
    """A reader from a parser module, imported when it is first needed."""
    def read(result: Result) -> pd.DataFrame:
        parser = getattr(importlib.import_module(f"rdokit.parse.{module}"), function)
        return frame(post(parser(result.stdout)), columns)
    return read


def _key_values(found: dict[str, Any]) -> Rows:
    return [{"key": key, "value": value} for key, value in found.items()]


def _interfaces(switch: Any) -> Rows:
    """`ovs-vsctl show`: one row per interface; None where nothing was said."""
    return [row._asdict() for row in switch.interfaces]


def _namespaces(names: list[str]) -> Rows:
    return [{"namespace": name} for name in names]


# What a command line starts with → how its output is read. A line with a pipe or `;` is text, unless it says so here.
READERS: list[tuple[str, Callable[[Result], pd.DataFrame]]] = [
    (r"ovs-vsctl show$", _by("ovs_vsctl_show", post=_interfaces)),
    (r"ovs-vsctl --format=json (.* )?list ", _by("ovs_vsctl_list")),
    (r"lsmod( \| grep \S+)?$", _by("lsmod", columns=("module", "size", "used", "by"))),
    (r"ip( -o| -4| -6)* addr( show)?( dev \S+)?$", _by("ip", "addresses", columns=(
        "device", "family", "address", "prefix", "scope", "label"))),
    (r"ip( -o)* link( show)?$", _by("ip", "links")),
    (r"ip route( show)?$", _by("ip", "routes")),
    (r"ip netns( list)?$", _by("ip", "netns", _namespaces, ("namespace",))),
    (r"rpm -q( [^-\s|;][^\s|;]*)+$", _by("rpm")),
    (r"chkconfig --list( \S+)?$", _by("chkconfig")),
    (r"sysctl (-e )?([^-\s|;][^\s|;]* ?)+$", _by("sysctl", post=_key_values, columns=("key", "value"))),
    (r"sestatus$", _by("selinux", "sestatus", _key_values)),
    (r"openstack-status$", _by("openstack_status")),
    (r"yum repolist$", _by("yum_repolist", columns=("repository", "name", "packages", "excluded"))),
    (r"vgs$", _by("vgs")),
    (r"ntpq -pn?$", _by("ntpq")),
    (r"iptables-save$", _by("iptables_save")),
    (r"virsh list( --all)?$", _by("virsh_list")),
]
STATUSES = {"rpm": (0, *range(1, 100))}  # exit statuses that still mean a table (rpm -q counts what is missing)


def save(folder: Any, phase: str, node: str, fact: str, data: pd.DataFrame) -> None:
    """Append a table to the run's `facts.jsonl`, for `rdokit report --compare`."""
    rows = [[_masked(cell) for cell in row] for row in data.astype(object).where(data.notna(), None).values.tolist()]
    row = {"phase": phase, "node": node, "fact": mask(fact), "columns": list(map(str, data.columns)), "rows": rows}
    with open(folder / "facts.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


def _masked(cell: Any) -> Any:
    if isinstance(cell, str):
        return mask(cell)
    if isinstance(cell, dict):
        return {key: _masked(value) for key, value in cell.items()}
    return [_masked(one) for one in cell] if isinstance(cell, list) else cell


def text(result: Result) -> str:
    """Output for reading: stdout, then stderr, without control characters."""
    return plain(result.output).rstrip("\n")


def stack(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables of several nodes as one: key–value tables side by side, others with a first column `node`."""
    if all(list(data.columns) == ["key", "value"] for data in frames.values()):
        values = {name: dict(zip(data["key"], data["value"], strict=True)) for name, data in frames.items()}
        keys = dict.fromkeys(key for one in values.values() for key in one)
        return frame([{"key": key, **{name: one.get(key) for name, one in values.items()}} for key in keys],
                     ("key", *frames))
    return pd.concat([data.assign(node=name)[["node", *data.columns]] for name, data in frames.items()],
                     ignore_index=True)
