"""The runner's own second line against leaks: it knows the secrets of the site and masks all that it writes.

The kernels, which use the secrets, mask for themselves.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .errors import ParameterError, SecretError
from .secret import Masker
from .site import Site


def secrets_of(site: Site, site_file: Path) -> Masker:
    """A masker that knows those secrets of the site that need no asking."""
    from .references import resolve

    if site.lab is not None:
        from .labspec import prepare

        prepare(site, site_file)
    mask = Masker()
    for reference in _references(site.model_dump()):
        with contextlib.suppress(SecretError):
            mask.add(resolve(reference, site_file.parent).reveal())
    return mask


def _references(value: object, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _references(one, str(key))
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _references(one, name)
    elif isinstance(value, str) and name.endswith(("password", "passphrase")) and value.startswith(("env:", "file:")):
        yield value


def refuse_secrets(given: Sequence[tuple[str, str]], mask: Callable[[str], str]) -> None:
    """papermill writes parameters down in clear, so none may hold a secret.

    Raises:
        ParameterError: one does.
    """
    faults = [f"{name}: holds a secret of the site; papermill writes parameters into the notebook in clear. "
              "Use a reference in the site file (env:NAME, file:PATH)." for name, text in given if mask(text) != text]
    if faults:
        raise ParameterError(faults, source="-p")
