"""Asking again until it is so or the time is up: services, agents and instances take their seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

Kinds = type[Exception] | tuple[type[Exception], ...]


def ask_until(ask: Callable[[], object], seconds: float, unknown: Kinds, *,
              enough: Callable[[object], object] = bool) -> tuple[object, Exception | None]:
    """The last answer, or None and the last error of a kind that only means "not known yet".

    Args:
        seconds: how long at most; it is asked once at least.
        unknown: errors after which it is asked again; others are raised.
        enough: whether an answer is one to stop at.

    >>> ask_until(lambda: "BUILD", 0, LookupError, enough=lambda status: status == "ACTIVE")
    ('BUILD', None)
    """
    end, pause = time.monotonic() + seconds, 0.05
    while True:
        value, why = None, None
        try:
            value = ask()
        except unknown as error:
            why = error
        if why is None and enough(value) or time.monotonic() > end:
            return value, why
        time.sleep(pause)
        pause = min(pause * 1.5, 2.0)
