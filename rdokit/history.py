"""The runs there are: which is the last, which is unfinished, and the manifest of each.

A manifest says who ran what with which versions on which site; it is changed by writing a new one.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import importlib.metadata
import json
import os
import platform
import socket
from collections.abc import Iterator
from pathlib import Path

from .errors import RdokitError
from .journal import now, runs_dir, write_atomic

PACKAGES = ("rdokit", "papermill", "nbclient", "ipykernel", "jupyterlab", "ipywidgets", "paramiko", "pandas",
            "pydantic", "asyncssh")
FINISHED = ("done",)


def versions() -> dict[str, str]:
    """Versions of Python, the system and the packages that do the work; those not installed are left out."""
    found = {"python": platform.python_version(), "system": platform.platform(terse=True)}
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def operator() -> str:
    """Who is at work: user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        user = str(os.getuid()) if hasattr(os, "getuid") else "?"
    return f"{user}@{socket.gethostname()}"


def site_hash(path: Path) -> str:
    """sha256 of the site file, to see later whether two runs had the same parameters."""
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def read_manifest(folder: Path) -> dict:
    """manifest.json of a run, {} when it has none that can be read."""
    try:
        document = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def update_manifest(folder: Path, **fields: object) -> dict:
    """Writes fields into the manifest; returns all of it."""
    document = read_manifest(folder) | fields | {"updated": now()}
    write_atomic(folder / "manifest.json", json.dumps(document, indent=1, ensure_ascii=False, default=str))
    return document


def all_runs(runs: Path | None = None) -> Iterator[Path]:
    """Folders of runs, the youngest first."""
    folder = runs or runs_dir()
    if folder.is_dir():
        found = [path for path in folder.iterdir()
                 if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
                 and ((path / "manifest.json").exists() or (path / "events.jsonl").exists())]
        yield from sorted(found, key=_age, reverse=True)


def _age(folder: Path) -> tuple[str, int, str]:
    """Order of runs: their stamp, then the number that tells two of one second apart."""
    stamp, _, rest = folder.name[:15], "", folder.name[15:]
    tail = rest.rpartition("-")[2]
    return stamp, int(tail) if tail.isdigit() else 1, folder.name


def unfinished(site: str, runs: Path | None = None) -> Path | None:
    """The last headless run of the site when it did not end well; None when it did or there is none."""
    for folder in all_runs(runs):
        manifest = read_manifest(folder)
        if manifest.get("site") == site and manifest.get("phases") and not manifest.get("plan"):
            return None if manifest.get("status") in FINISHED else folder
    return None


def find_run(name: str = "", runs: Path | None = None) -> Path:
    """A run by its identifier, the beginning of it, or its folder; the last one without a name.

    Raises:
        RdokitError: there is none, or several begin so.
    """
    known = list(all_runs(runs))
    if not known and not Path(name or "-").is_dir():
        raise RdokitError(f"There is no run in {runs or runs_dir()} yet.", next_step="Start one with: rdokit run")
    if name in ("", "latest"):
        return known[0]
    if "/" in name or os.sep in name or Path(name).is_dir():
        path = Path(name).resolve()
        if (path / "events.jsonl").exists() or (path / "manifest.json").exists():
            return path
    found = [path for path in known if path.name == name] or [path for path in known if path.name.startswith(name)]
    if len(found) != 1:
        names = ", ".join(path.name for path in (found or known)[:5])
        problem = "Several runs begin so" if found else "There is no such run"
        raise RdokitError(f"{name}: {problem}: {names}." if found else f"{name}: {problem}. The last: {names}.")
    return found[0]


def set_latest(folder: Path) -> None:
    """Lets `runs/latest` lead to a run: a link, or a file with the name where links are not allowed."""
    latest = folder.parent / "latest"
    temporary = folder.parent / f".latest-{os.getpid()}"
    try:
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(folder.name, target_is_directory=True)
        os.replace(temporary, latest)
    except OSError:
        with contextlib.suppress(OSError):
            write_atomic(latest, folder.name + "\n")
