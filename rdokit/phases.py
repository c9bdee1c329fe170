"""Which notebooks there are, which of them a run takes, and the values for their parameters cells.

A notebook is read as JSON here; nothing heavy is imported before it is known that all is well.
"""

from __future__ import annotations

import ast
import difflib
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .errors import ParameterError

NAME = re.compile(r"^(\d\d)_\w+$")
BY_NAME_ONLY = 90  # notebooks from this number on (90_undo) are run only when they are named


@dataclass(frozen=True)
class Phase:
    """One notebook.

    Attributes:
        name: "02_prepare".
        title: the first heading of the notebook.
        parameters: names and defaults of its parameters cell.
        steps: id of each cell → the nearest heading above it.
    """

    name: str
    path: Path
    title: str = ""
    parameters: dict[str, object] = field(default_factory=dict)
    steps: dict[str, str] = field(default_factory=dict)

    @property
    def number(self) -> int:
        return int(self.name[:2])


def notebooks_dir() -> Path:
    """$RDOKIT_NOTEBOOKS, else `notebooks/` here or above, else the one beside the package.

    Raises:
        ParameterError: there is none.
    """
    if given := os.environ.get("RDOKIT_NOTEBOOKS"):
        return Path(given).absolute()
    for folder in (Path.cwd(), *Path.cwd().parents, Path(__file__).parents[1]):
        if any(NAME.match(path.stem) for path in (folder / "notebooks").glob("*.ipynb")):
            return folder / "notebooks"
    raise ParameterError("there is no folder `notebooks` here or above", source="rdokit",
                         next_step="Change into the project's folder, or set RDOKIT_NOTEBOOKS.")


def phases(folder: Path | None = None) -> list[Phase]:
    """All phases, in the order of their numbers."""
    folder = folder or notebooks_dir()
    found = [read_phase(path) for path in sorted(folder.glob("*.ipynb")) if NAME.match(path.stem)]
    if not found:
        raise ParameterError(f"{folder}: holds no notebook named like 02_prepare.ipynb", source="rdokit")
    return found


def read_phase(path: Path) -> Phase:
    """Title, parameters and steps of one notebook."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ParameterError(f"{path}: is not a notebook ({error})", source="rdokit") from None
    heading, title, steps = "", "", {}
    parameters: dict[str, object] = {}
    for cell in cells:
        source = "".join(cell.get("source", []))
        if cell.get("cell_type") == "markdown" and (found := re.search(r"^#{1,4} +(.+)$", source, re.MULTILINE)):
            heading = found[1].strip()
            title = title or heading
        if "parameters" in cell.get("metadata", {}).get("tags", []):
            parameters = _assignments(source, path)
        steps[cell.get("id", str(len(steps)))] = heading
    return Phase(path.stem, path, without_number(title) or path.stem, parameters, steps)


def without_number(title: str) -> str:
    """A notebook's title beside its name, which has the number already.

    >>> without_number("07 · Networks of the cloud")
    'Networks of the cloud'
    """
    return re.sub(r"^\d\d\s*[·:.-]\s*", "", title)


def _assignments(source: str, path: Path) -> dict[str, object]:
    found = {}
    for line in ast.parse(source, str(path)).body:
        targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name) and getattr(line, "value", None) is not None:
                try:
                    found[target.id] = ast.literal_eval(line.value)
                except ValueError:
                    raise ParameterError(f"{path.name}: parameter {target.id} has no plain value as its default",
                                         source="rdokit") from None
    return found


def select(known: Sequence[Phase], names: Iterable[str] = (), start: str = "") -> list[Phase]:
    """The phases to run, in their order.

    Args:
        names: "02_prepare", "02", "2" or "prepare"; "02-05" is a range; none means all of the document's.
        start: first phase of those to take (`--from`).

    Raises:
        ParameterError: a name fits no phase, or `start` is not among those chosen.
    """
    names = list(names)
    faults, chosen = [], set()
    for name in names:
        first, _, last = name.partition("-")
        ends = [_find(known, first), _find(known, last or first)]
        if None in ends or (last and not (first.isdigit() and last.isdigit())):
            faults.append(_unknown(known, name))
            continue
        chosen |= {p.name for p in known if ends[0].number <= p.number <= ends[1].number and (last or p is ends[0])}
    if not names:
        chosen = {p.name for p in known if p.number < BY_NAME_ONLY}
    first = _find(known, start) if start else None
    if start and first is None:
        faults.append(_unknown(known, start))
    if faults:
        raise ParameterError(faults, source="phases", next_step="List them with: rdokit phases")
    result = [p for p in known if p.name in chosen and (first is None or p.number >= first.number)]
    if not result:
        raise ParameterError(f"none of the phases named comes at or after {start}", source="phases")
    return result


def _find(known: Sequence[Phase], name: str) -> Phase | None:
    for phase in known:
        if name in (phase.name, phase.name[3:]) or (name.isdigit() and int(name) == phase.number):
            return phase
    return None


def _unknown(known: Sequence[Phase], name: str) -> str:
    close = difflib.get_close_matches(name, [word for p in known for word in (p.name, p.name[3:])], 1)
    return f"{name!r}: there is no such phase" + (f"; did you mean {close[0]}?" if close else "")


def parameters_for(chosen: Sequence[Phase], given: Sequence[tuple[str, str]],
                   common: dict[str, object]) -> dict[str, dict[str, object]]:
    """Values for each phase's parameters cell, keyed by phase.

    Args:
        given: `-p NAME VALUE` as typed; VALUE takes the type of the parameter's default, so that
            a text stays as it was typed (`0123`, `52:54:00:12:34:56`, `yes`).
        common: values of ours (site, plan_only) for the phases that know them.

    Raises:
        ParameterError: a name no chosen phase knows, or a value of the wrong type.
    """
    known = sorted({name for phase in chosen for name in phase.parameters})
    faults = []
    result = {phase.name: {n: v for n, v in common.items() if n in phase.parameters} for phase in chosen}
    for name, text in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known) or 'none'}"
            faults.append(f"{name}: no chosen phase has this parameter; {hint}")
        for phase in chosen:
            if name in phase.parameters:
                try:
                    result[phase.name][name] = convert(text, phase.parameters[name])
                except ValueError as error:
                    faults.append(f"{name}: {text!r}: {error} ({phase.name})")
    if faults:
        raise ParameterError(list(dict.fromkeys(faults)), source="-p")
    return result


def convert(text: str, default: object) -> object:
    """A typed value from what was typed, of the type of the default.

    >>> convert("0123", "text"), convert("yes", False), convert("12", 1), convert('{"ntp.server": "0.0.0.1"}', {})
    ('0123', True, 12, {'ntp.server': '0.0.0.1'})
    """
    if isinstance(default, bool):
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if text.lower() not in words:
            raise ValueError("must be true or false")
        return words[text.lower()]
    if isinstance(default, (int, float)):
        try:
            return type(default)(text)
        except ValueError:
            raise ValueError(f"must be a number, like {default}") from None
    if isinstance(default, (dict, list, tuple)) or default is None:
        return _literal(text, default)
    return text


def _literal(text: str, default: object) -> object:
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text)
        except (ValueError, SyntaxError):
            continue
        if default is None or isinstance(value, (list, tuple) if isinstance(default, (list, tuple)) else dict):
            return value
    if default is None:
        return text
    raise ValueError(f"must be written like {json.dumps(default) if default else type(default)()}")
