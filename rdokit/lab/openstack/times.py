"""Moments as the services write them: UTC, seconds or microseconds."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..world import World


def at(seconds: float) -> datetime.datetime:
    """A moment (seconds since the epoch) as naive UTC.

    >>> at(0).isoformat()
    '1970-01-01T00:00:00'
    """
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).replace(tzinfo=None)


def iso(seconds: float, suffix: str = "") -> str:
    """Whole seconds; `suffix` is "Z" for nova, ".000000" for what MySQL gave back.

    >>> iso(0.5, "Z")
    '1970-01-01T00:00:00Z'
    """
    return at(seconds).replace(microsecond=0).isoformat() + suffix


def now_iso(world: World, suffix: str = "") -> str:
    return iso(world.clock.now(), suffix)


def now_micro(world: World) -> str:
    """With microseconds, as an object that has not been through the database yet."""
    return at(world.clock.now()).isoformat(timespec="microseconds")


def lab_seconds(world: World, since: float) -> float:
    """Lab seconds gone by since a moment (epoch seconds).

    The clock's speed says how much shorter waiting is; above 100 it only means "do not wait", not that daemons
    fall silent between two commands.
    """
    return (world.clock.now() - since) * min(world.clock.speed, 100.0)
