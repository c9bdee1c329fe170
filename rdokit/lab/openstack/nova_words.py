"""Sentences with which nova refuses what is asked, where several parts of it use the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import mysql
from .errors import ApiError

if TYPE_CHECKING:
    from .nova import Instance

# Actions of the server resource itself: a lock is told there as if it were a wrong state.
CORE = ("reboot", "delete", "resize", "rebuild", "confirmResize", "revertResize", "createImage")


def invalid_input(why: str) -> ApiError:
    """400 for a value that cannot be used."""
    return ApiError(400, f"Invalid input received: {why}")


def check_length(text: str, what: str) -> None:
    """Names have 1 to 255 characters.

    Raises:
        ApiError: 400.
    """
    if not text:
        raise ApiError(400, f"{what} has less than 1 characters.")
    if len(text) > 255:
        raise ApiError(400, f"{what} has more than 255 characters.")


def locked(instance: Instance, action: str) -> ApiError:
    """409 for an instance that an administrator locked."""
    if action in CORE:
        return ApiError(409, f"Instance is in an invalid state for '{action}'")
    return ApiError(409, f"Instance {instance.id} is locked")


def stored(text: str) -> str:
    """A name as its column of 255 bytes holds it (half a character at the end is dropped)."""
    cut = mysql.cut(text, 255)
    return cut.decode("utf-8", "ignore") if isinstance(cut, bytes) else cut
