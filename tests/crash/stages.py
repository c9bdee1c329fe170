"""The document, walked once on a lab of its own: the world before and after each phase, for every test that needs one.

A phase starts from a machine that was just booted, as in a test that restores the world before it. Worlds fit into
another lab: ports and speed are that lab's own, host keys come with the world.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from rdokit.lab import compare
from rdokit.lab.world import World
from tests.crash.forge import Forge
from tests.labsite import ROOT, LabSite

PHASES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb") if path.stem < "90")[1:]


@functools.cache
def facts(world: Path) -> compare.Facts:
    """What a saved world holds."""
    return compare.facts(World.load(world))


@dataclass
class Stage:
    """A phase, undisturbed.

    Attributes:
        lines: node and line of each remote operation, in order.
        after: file of the world after it; facts: what it holds.
        runs: the folder of its journal.
    """

    lines: list[list[str]]
    after: Path
    runs: Path

    @property
    def facts(self) -> compare.Facts:
        return facts(self.after)


class Stages:
    """Phases by name or number, walked as far as they are asked for."""

    def __init__(self, lab: LabSite, forge: Forge):
        self.lab, self.forge = lab, forge
        self.fresh = lab.snapshot("fresh")
        self.made: dict[str, Stage] = {}

    def __getitem__(self, phase: str) -> Stage:
        name = next(name for name in PHASES if name.startswith(phase))
        if name not in self.made:
            before, runs = self.before(name), self.lab.folder / "runs-by-phase" / name
            self.lab.restore(before)
            answer = self.forge.run(name, runs=runs)
            assert answer["status"] == 0, self.forge.tail()
            self.made[name] = Stage(answer["lines"], self.lab.snapshot(f"after-{name}"), runs)
        return self.made[name]

    def before(self, phase: str) -> Path:
        """File of the world before a phase."""
        name = next(name for name in PHASES if name.startswith(phase))
        number = PHASES.index(name)
        return self[PHASES[number - 1]].after if number else self.fresh
