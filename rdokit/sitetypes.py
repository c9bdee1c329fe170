"""The kinds of value a site is made of: addresses, names, references; each with its own check."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictStr


def _address(value: str) -> str:
    ipaddress.IPv4Address(value)
    return value


def _network(value: str) -> str:
    ipaddress.IPv4Network(value)
    return value


def _no_controls(value: str) -> str:
    if any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise ValueError("holds a line break or another control character, which the files and tables cannot carry")
    if value != value.strip() or not value:
        raise ValueError("is empty or starts or ends with a blank, which MySQL would cut off")
    if value.startswith("-"):
        raise ValueError("starts with a dash, which every client would take for an option")
    return value


def _reference(value: str) -> str:
    if value != "ask" and not re.fullmatch(r"(env:[A-Za-z_]\w*|file:.+)", value):
        # The value itself may be a real secret typed here by mistake: it is not repeated.
        raise ValueError("is not a reference. Secrets are never written here: use env:NAME, file:PATH or ask")
    return value


Address = Annotated[StrictStr, AfterValidator(_address)]
Cidr = Annotated[StrictStr, AfterValidator(_network)]
Mac = Annotated[StrictStr, Field(pattern=r"^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$")]
Name = Annotated[StrictStr, Field(max_length=64), AfterValidator(_no_controls)]
HostName = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$")]
Device = Annotated[StrictStr, Field(pattern=r"^[A-Za-z][A-Za-z0-9._-]{0,14}$")]
SecretRef = Annotated[StrictStr, AfterValidator(_reference)]
Role = Literal["controller", "network", "compute"]
AnswerKey = Annotated[StrictStr, Field(pattern=r"^(CONFIG_[A-Z0-9_]+|EXCLUDE_SERVERS)$")]
