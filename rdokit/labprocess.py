"""`rdokit lab …`: hands the site's machines to the practice lab, which is a process of its own.

Nothing of the lab is imported; it is told by `spec.json` in its state folder and called as a module.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from .errors import ParameterError


def call(site_name: str, action: str, rest: Sequence[str]) -> int:
    """Runs `python -m rdokit.lab ACTION --state FOLDER …` in the foreground; returns its exit code.

    Raises:
        ParameterError: the site is not one of the practice lab.
    """
    from .labspec import prepare
    from .siteload import find, load

    site, path = load(site_name), find(site_name)
    if site.lab is None:
        raise ParameterError(f"{site_name}: has no practice lab; its nodes are real", source=path.name,
                             next_step="Use --site lab, or add a `lab:` part to a copy of params/lab.yml.")
    folder = prepare(site, path)
    line = [sys.executable, "-m", "rdokit.lab", action, "--state", str(folder)]
    if action in ("up", "reset"):
        line += ["--spec", str(folder / "spec.json")]
    try:
        return subprocess.run([*line, *rest]).returncode
    except KeyboardInterrupt:
        return 130
