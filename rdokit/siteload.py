"""Reads `params/<site>.yml` and overrides; every fault at once, with its line.

YAML 1.1, which papermill uses too, turns some unquoted values into others (0123 → 83,
1:30 → 90, a MAC of digits → a huge number, yes → True). Here such a value is refused with
"put it in quotes" instead of being used.
"""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from .errors import ParameterError
from .site import Site
from .siterules import check

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # seven times as fast, where PyYAML has it
QUOTES = "put it in quotes"


def find(name: str | os.PathLike) -> Path:
    """The file of a site: a path to a .yml file, or a name in `params/` here or one folder up.

    Raises:
        ParameterError: there is none; the message lists those that exist.
    """
    if not isinstance(name, (str, os.PathLike)) or not str(name):
        raise ParameterError(f"site: {name!r}: is not the name of a site", source="parameters",
                             next_step='Give the name of a file in params/, e.g. site = "lab".')
    path = Path(name).expanduser()
    if path.suffix in (".yml", ".yaml"):
        if path.is_file():
            return path.resolve()
        raise ParameterError(f"site: {name}: there is no such file", source="parameters",
                             next_step="Correct the path, or copy params/two-node.yml to it and fill it in.")
    folders = [Path(d) for d in (os.environ.get("RDOKIT_PARAMS", ""), "params", "../params") if d]
    for folder in folders:
        if (folder / f"{name}.yml").is_file():
            return (folder / f"{name}.yml").resolve()
    known = sorted({f.stem for folder in folders if folder.is_dir() for f in folder.glob("*.yml")})
    raise ParameterError(f"site: {name!r}: there is no params/{name}.yml", source="parameters",
                         next_step=f"Known sites: {', '.join(known) or 'none here; run from the project folder'}.")


def load(name: str | os.PathLike, overrides: dict[str, Any] | None = None) -> Site:
    """The site of that name, checked as a whole.

    Args:
        name: a name in `params/`, or the path of a .yml file.
        overrides: values that win over the file: nested, or with dots ("networks.public.gateway").

    Raises:
        ParameterError: every fault of the file and of the overrides, with field, value, rule and fix.
    """
    path = find(name)
    return parse(path.read_bytes(), overrides, source=_short(path), default_name=path.stem)


def parse(text: bytes | str, overrides: dict[str, Any] | None = None, *, source: str = "site",
          default_name: str = "site") -> Site:
    """A site from YAML text; see `load`."""
    tree, data, lines, faults = _yaml(text, source)
    data.setdefault("site", default_name)
    faults += _merge(data, overrides or {})
    for field in _flat(overrides or {}):  # what an override replaced is not in the file any more
        for known in [k for k in (*tree, *lines) if k == field or k.startswith(f"{field}.")]:
            tree.pop(known, None), lines.pop(known, None)
    site, wrong, more = _validate(data, tree, lines)
    faults += more
    if site:
        faults += [_at(str(f), f.field, lines) for f in check(site)
                   if not f.warning and not any(field in f.field or f.field in field for field in wrong)]
    if faults:
        raise ParameterError(faults, source=source)
    return site


def warnings(site: Site) -> list[str]:
    """What is allowed and still worth knowing, e.g. the document's overlap of demo-net."""
    return [str(finding) for finding in check(site) if finding.warning]


def _short(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd().parent) else str(path)


# --- YAML with its traps -----------------------------------------------------------------------

def _yaml(text: bytes | str, source: str) -> tuple[dict, dict, dict[str, int], list[str]]:
    try:
        node = yaml.compose(text, Loader=LOADER)
        data = yaml.load(text, Loader=LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ParameterError(f"{where}{getattr(error, 'problem', None) or 'is not YAML'}", source=source,
                             next_step="Compare the indentation and quotes with params/lab.yml.") from None
    except (ValueError, UnicodeError, RecursionError) as error:  # e.g. an impossible date
        raise ParameterError(f"is not readable as YAML: {error}", source=source) from None
    if not isinstance(data, dict):
        raise ParameterError("is not a list of `field: value` lines", source=source,
                             next_step="Start from a copy of params/lab.yml.")
    raw: dict[str, tuple[str, bool]] = {}
    lines: dict[str, int] = {}
    faults: list[str] = []
    _walk(node, "", raw, lines, faults)
    return raw, data, lines, faults


def _walk(node: yaml.Node, field: str, raw: dict, lines: dict, faults: list[str]) -> None:
    lines[field] = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        raw[field] = (node.value, not node.style)
    elif isinstance(node, yaml.SequenceNode):
        for i, child in enumerate(node.value):
            _walk(child, f"{field}.{i}" if field else str(i), raw, lines, faults)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            name = str(key.value)
            inner = f"{field}.{name}" if field else name
            if name in seen:
                faults.append(f"{inner}: stands there twice (line {key.start_mark.line + 1}). Remove one.")
            seen.add(name)
            _walk(child, inner, raw, lines, faults)


def _at(fault: str, field: str, lines: dict[str, int]) -> str:
    return f"{fault} (line {lines[field]})" if field in lines else fault


# --- overrides -----------------------------------------------------------------------------------

def _merge(data: dict, overrides: dict[str, Any]) -> list[str]:
    if not isinstance(overrides, dict):
        return [f"overrides: {overrides!r}: is not a dict. Write {{'ntp.server': 'ntp.example.com'}}."]
    faults = []
    for key, value in overrides.items():
        *path, last = str(key).split(".")
        place = data
        for step in path:
            if isinstance(place, list):
                place = place[int(step)] if step.isdigit() and int(step) < len(place) else None
            else:
                place = place.setdefault(step, {}) if isinstance(place, dict) else None
        if isinstance(place, list) and last.isdigit() and int(last) < len(place):
            place[int(last)] = value
        elif not isinstance(place, dict):
            faults.append(f"overrides: {key}: there is no such field.")
        elif isinstance(value, dict) and isinstance(place.get(last), dict):
            faults += _merge(place[last], value)
        else:
            place[last] = value
    return faults


def _flat(overrides: dict[str, Any], field: str = "") -> list[str]:
    found = []
    for key, value in overrides.items() if isinstance(overrides, dict) else ():
        name = f"{field}.{key}" if field else str(key)
        found += _flat(value, name) if isinstance(value, dict) and value else [name]
    return found


# --- pydantic's findings in our words ---------------------------------------------------------------

def _validate(data: dict, raw: dict[str, tuple[str, bool]], lines: dict[str, int],
              ) -> tuple[Site | None, list[str], list[str]]:
    """A site (with defaults for wrong fields, so that the rules still find the other faults), wrong fields, faults."""
    mangled = _mangled_numbers(data, raw)
    faults = [_at(fault, field, lines) for field, fault in mangled]
    wrong = [field for field, _ in mangled]
    data = copy.deepcopy(data)
    for attempt in range(3):
        try:
            return Site.model_validate(data), wrong, faults
        except ValidationError as error:
            for one in error.errors(include_url=False):
                field = ".".join(str(part) for part in one["loc"] if part != "[key]")
                if attempt == 0:
                    faults.append(_at(_fault(field, one, raw.get(field)), field, lines))
                wrong.append(field)
                _remove(data, list(one["loc"])[: 1 if attempt else None])
    return None, wrong, faults


def _remove(data: Any, path: list) -> None:
    for step in path[:-1]:
        data = data.get(step) if isinstance(data, dict) else data[step] if isinstance(data, list) else None
    if isinstance(data, dict):
        if path[-1] in ("password", "admin_password"):
            data[path[-1]] = "ask"  # it has no default that a rule could look at instead
        else:
            data.pop(path[-1], None)


def _mangled_numbers(data: Any, raw: dict[str, tuple[str, bool]], field: str = "") -> list[tuple[str, str]]:
    """Whole numbers whose spelling is not the number's own (0123, 1:30, 1_000)."""
    if isinstance(data, dict):
        return [f for k, v in data.items() for f in _mangled_numbers(v, raw, f"{field}.{k}" if field else str(k))]
    if isinstance(data, list):
        return [f for i, v in enumerate(data) for f in _mangled_numbers(v, raw, f"{field}.{i}")]
    text, is_plain = raw.get(field, ("", False))
    if type(data) is int and is_plain and text != str(data) and not _wants_text(field):
        return [(field, f"{field}: {text}: YAML reads this as {data}. Write the number plainly.")]
    return []


def _wants_text(field: str) -> bool:
    """Whether pydantic will complain about the type anyway (then one fault is enough)."""
    last = field.rsplit(".", 1)[-1]
    return last not in {"port", "cpus", "memory_mb", "nics", "size", "volume_gb", "max_offset", "speed"} and \
        not field.startswith("sysctl.")


def _fault(field: str, error: dict, raw: tuple[str, bool] | None) -> str:
    value = error["input"]
    kind = error["type"]
    if kind == "missing":
        return f"{field}: is missing. Add it; params/lab.yml explains every field."
    if kind == "extra_forbidden":
        return f"{field}: there is no such field. Compare the spelling with params/lab.yml."
    secret = field.endswith(("password", "passphrase"))
    if kind == "string_type" and raw and raw[1] and not isinstance(value, (dict, list)):
        shown = "the value" if secret else raw[0] or "(nothing)"
        became = "" if secret else f" reads this as {value!r}, not as text"
        return f"{field}: {shown}: YAML{became or ' does not read it as text'}. {QUOTES[0].upper()}{QUOTES[1:]}" + \
            (f': "{raw[0]}".' if raw[0] and not secret else ".")
    if kind == "string_type" and not isinstance(value, (dict, list)) and value is not None:
        kind = _KINDS.get(type(value), "something else")
        return f"{field}: {'a value' if secret else value}: is {kind}, not text. {QUOTES[0].upper()}{QUOTES[1:]}."
    rule = error["msg"].removeprefix("Value error, ")
    rule = f"{rule[0].lower()}{rule[1:]}"
    if raw and raw[1] and not isinstance(value, (str, dict, list)) and not secret:
        return f"{field}: {raw[0]}: YAML reads this as {value!r}; {rule}. If it is meant as text, {QUOTES}."
    if secret:
        return f"{field}: {rule}."
    return f"{field}: {_brief(value)}: {rule}."


_KINDS = {int: "a number", float: "a number", bool: "true or false"}


def _brief(value: Any) -> str:
    text = str(value)
    return repr(value) if len(text) <= 60 and isinstance(value, str) else text[:60] + ("…" if len(text) > 60 else "")
