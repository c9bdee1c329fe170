"""neutronclient's free arguments: `--key value`, `--key=value`, `--key type=int 5`, `--key list=true a b`.

What a subcommand's parser does not know becomes attributes of the request.
"""

from __future__ import annotations

from typing import Any

from .argparse2 import Parser
from .neutron_surface import str2dict


class CommandError(Exception):
    """The client refuses a command line after parsing (exit status 1)."""


def str2bool(text: str) -> bool:
    return text.lower() == "true"


def _is_number(text: str) -> bool:
    for kind in (float, complex):
        try:
            kind(text)
            return True
        except ValueError:
            continue
    return False


TYPES: dict[str, Any] = {
    "int": int, "long": int, "float": float, "str": str, "unicode": str, "bool": str2bool, "dict": str2dict,
    "list": list, "tuple": tuple, "set": set, "complex": complex,
}


class _Option:
    """What is known so far of one --key."""

    def __init__(self, name: str, values: int):
        self.name, self.values = name, values
        self.type_name: str | None = None
        self.listed = self.cleared = False
        self.spec: dict[str, Any] = {}

    def close(self, words: list[str], whole: list[str]) -> None:
        """Decide how many values it takes."""
        if self.values == 0 and (self.type_name or self.listed):
            raise CommandError(f"invalid values_specs {' '.join(whole)}")
        if self.values > 1 or self.listed or self.type_name == "list":
            self.spec["nargs"] = "+"
        elif self.values == 0:
            if self.cleared:
                words.pop()
            else:
                self.spec["action"] = "store_true"


def parse(specs: list[str]) -> dict[str, Any]:
    """Free arguments as attributes.

    Raises:
        CommandError: they make no sense.
        UsageError: a value is not of its type.

    >>> parse(["--router:external=True", "--dns_nameservers", "list=true", "1.1.1.1", "--n", "type=int", "5"])
    {'router:external': 'True', 'dns_nameservers': ['1.1.1.1'], 'n': 5}
    """
    items = specs[1:] if specs and specs[0] == "--" else list(specs)
    options: dict[str, _Option] = {}
    words: list[str] = []
    current: _Option | None = None
    item_text = ""
    for item in items:
        if item.startswith("--"):
            if current:
                current.close(words, specs)
            item_text = item
            name = item.split("=")[0]
            if name in options:
                raise CommandError(f"duplicated options {' '.join(specs)}")
            current = options[name] = _Option(name, 1 if "=" in item else 0)
        elif item.startswith("type="):
            if current is None:
                raise CommandError(f"invalid values_specs {' '.join(specs)}")
            if current.type_name is None:
                current.type_name = item.split("=", 2)[1]
                if current.type_name not in TYPES:
                    raise CommandError(f"name '{current.type_name}' is not defined")
                current.spec["type"] = TYPES[current.type_name]
                continue
        elif item == "list=true":
            if current is not None:
                current.listed = True
            continue
        elif item == "action=clear":
            if current is not None:
                current.cleared = True
            continue
        if not item.startswith("--"):
            minus = item.startswith("-") and not _is_number(item)
            if current is None or "=" in item_text or minus:
                raise CommandError(f"Invalid values_specs {' '.join(specs)}")
            current.values += 1
        words.append(item)
    if current:
        current.close(words, specs)
    parser = Parser("neutron", unicode=True)
    for option in options.values():
        parser.add(option.name, **option.spec)
    found = parser.parse(words)
    return {n[2:].replace("-", "_"): getattr(found, n[2:].replace("-", "_")) for n in options}


def merge(args: Any, extra: dict[str, Any]) -> None:
    """Lists given both ways are joined."""
    for key, value in list(extra.items()):
        known = getattr(args, key, None)
        if (
            isinstance(known, list)
            and isinstance(value, list)
            and value
            and (not known or type(known[0]) is type(value[0]))
        ):
            known.extend(value)
            del extra[key]
