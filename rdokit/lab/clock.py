"""A node's time zone: /etc/localtime when it is a link, else ZONE in /etc/sysconfig/clock, else UTC."""

from __future__ import annotations

import datetime
import re
import time
import zoneinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .world import Node


def zone_name(node: Node, env: dict[str, str] | None = None) -> str:
    """The name of the zone, e.g. Asia/Tokyo."""
    if env and env.get("TZ"):
        return env["TZ"].lstrip(":")
    fs = node.fs
    if fs.islink("/etc/localtime"):
        target = fs.readlink("/etc/localtime")
        if "zoneinfo/" in target:
            return target.split("zoneinfo/", 1)[1]
    try:
        match = re.search(r'^ZONE="?([^"\n]+)', fs.read_text("/etc/sysconfig/clock"), re.M)
    except OSError:
        return "UTC"
    return match[1] if match else "UTC"


def zone(node: Node, env: dict[str, str] | None = None) -> datetime.tzinfo:
    name = zone_name(node, env)
    fixed = re.fullmatch(r"([A-Za-z]+)([-+]?\d+)?", name)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        if fixed and fixed[2]:
            return datetime.timezone(datetime.timedelta(hours=-int(fixed[2])), fixed[1])
        return datetime.UTC


def now(node: Node, env: dict[str, str] | None = None, seconds: float | None = None) -> datetime.datetime:
    """The node's clock (it may be wrong: `clock_offset` seconds) in its zone."""
    offset = float(node.extra.get("clock_offset", 0.0)) if seconds is None else 0.0
    base = time.time() + offset if seconds is None else seconds
    return datetime.datetime.fromtimestamp(base, zone(node, env))


def localtime(node: Node, seconds: float | None = None) -> time.struct_time:
    return now(node, None, seconds).timetuple()
