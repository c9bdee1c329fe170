"""How many points are tried, and what came of them: RDOKIT_POINTS in, a table of counts at the end of pytest out.

RDOKIT_POINTS=8: eight points a phase; "all" (or RDOKIT_ALL=1): every one; without it two. tests/conftest.py prints
`told()`, with -q too.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator

DEFAULT, ALL = 2, float("inf")
COUNTS: dict[str, dict[str, Counter]] = {}


def asked(env=os.environ) -> float:
    """Points a phase.

    >>> asked({}), asked({"RDOKIT_POINTS": "8"}), asked({"RDOKIT_POINTS": "all"}), asked({"RDOKIT_ALL": "1"})
    (2, 8, inf, inf)
    """
    given = "all" if env.get("RDOKIT_ALL") else env.get("RDOKIT_POINTS") or str(DEFAULT)
    if given != "all" and not (given.isdecimal() and int(given) > 0):
        raise ValueError(f"RDOKIT_POINTS={given}: a number from 1, or all")
    return ALL if given == "all" else int(given)


POINTS = asked()


def sample(found: Iterable, seed: str, first: Iterable = (), points: float = POINTS) -> list:
    """That many of the points, the same each time, those of `first` before others (all but one of them).

    >>> sample(range(100), "x", first=[7], points=2) == sample(range(100), "x", first=[7], points=2)
    True
    >>> 7 in sample(range(100), "x", first=[7], points=2), len(sample(range(100), "x", first=[7], points=2))
    (True, 2)
    >>> sample(range(3), "x", points=ALL)
    [0, 1, 2]
    """
    found, first, dice = list(found), list(first), random.Random(seed)
    if points >= len(found):
        return found
    chosen = dice.sample(first, min(int(points) - 1, len(first)))
    rest = [point for point in found if point not in chosen]
    return sorted(chosen + dice.sample(rest, int(points) - len(chosen)))


def count(test: str, of: str, **numbers: int) -> None:
    """Add to what will be told, e.g. `count("killed anywhere", phase, points_killed=1)`."""
    COUNTS.setdefault(test, {}).setdefault(of, Counter()).update(numbers)


def told(counts: dict[str, dict[str, Counter]] = COUNTS) -> Iterator[str]:
    """What was tried: a line for each phase and the total.

    >>> print(*told({"cut": {"02": Counter(cut=2, healed=2), "05": Counter(cut=1, healed=0)}}), sep="\\n")
    cut: 3 cut, 2 healed
        02: 2 cut, 2 healed
        05: 1 cut, 0 healed
    """
    def line(numbers: Counter) -> str:
        return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in numbers.items())
    for test, rows in counts.items():
        total: Counter = Counter()
        for numbers in rows.values():
            total.update(numbers)
        yield f"{test}: {line(total)}"
        if len(rows) > 1:
            yield from (f"    {of}: {line(numbers)}" for of, numbers in rows.items())
