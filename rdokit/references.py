"""Secrets behind the references of a site file: an environment variable, a file that others cannot read, a question."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import SecretError
from .secret import Secret


def resolve(reference: str, folder: Path, *, prompt: str = "") -> Secret:
    """The value behind a reference.

    Args:
        reference: "env:NAME", "file:PATH" (relative to `folder`) or "ask".
        folder: the folder of the site file.
        prompt: what is asked for, with `ask`.

    Raises:
        SecretError: the variable is not set, the file not readable or others may read it, or nobody is there to ask.
    """
    kind, _, rest = reference.partition(":")
    if kind == "env":
        if not os.environ.get(rest):
            raise SecretError(f"{prompt}: the environment variable {rest} is not set.",
                              next_step=f"Set it before starting: read -rs {rest}; export {rest}")
        return Secret(os.environ[rest], reference)
    if kind == "file":
        return Secret(_from_file(folder / Path(rest).expanduser(), prompt), reference)
    return Secret(_ask(prompt), "ask")


def _from_file(path: Path, prompt: str) -> str:
    try:
        mode = path.stat().st_mode
        text = path.read_text("utf-8")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise SecretError(f"{prompt}: {path}: {reason}.", next_step="Create it with mode 0600, or correct the path.") \
            from None
    if os.name == "posix" and mode & 0o077:
        raise SecretError(f"{prompt}: {path}: others may read it (mode {mode & 0o777:04o}).",
                          next_step=f"chmod 600 {path}")
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise SecretError(f"{prompt}: {path}: is empty.", next_step="Write the secret into its first line.")
    return text


def _ask(prompt: str) -> str:
    from getpass import getpass
    headless = False
    try:
        from .show import can_ask
        headless = not can_ask()
        value = "" if headless else getpass(f"{prompt}: ")
    except (EOFError, NotImplementedError, OSError):
        headless, value = True, ""
    if headless:
        raise SecretError(f"{prompt}: nobody is there to ask (the notebook runs headless).",
                          next_step="Use env:NAME or file:PATH in the site file for headless runs.")
    if not value:
        raise SecretError(f"{prompt}: nothing was typed.", next_step="Run the cell again.")
    return value
