"""`rdokit report --compare RUN1 RUN2`: which facts differ between two runs, ids and times left aside.

Facts are in each run's facts.jsonl, one line per fact and node: phase, node, fact, columns, rows.
The last look of a run counts: a fact is looked at before and after a change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from .errors import RdokitError
from .shell import plain

IDS = re.compile(r"\b(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})\b", re.IGNORECASE)
PORTS = re.compile(r"\b(qr-|qg-|qvo|qvb|qbr|tap|int-|phy-)[0-9a-f]{8}-[0-9a-f]{2}\b")
TIMES = re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?"
                   r"|(?<![0-9a-fA-F]:)\b\d\d:\d\d:\d\d\b(?!:[0-9a-fA-F])")
TIME_COLUMNS = re.compile(r"(^|_|\b)(time|age|seconds|created|updated|uptime|offset|pid|since|boot_id|latency|rtt)",
                          re.IGNORECASE)
SHOWN = 20  # differing rows shown per fact

Key = tuple[str, str, str]


def facts(folder: Path) -> dict[Key, list[str]]:
    """The last rows of each fact, ids and times replaced, in a fixed order.

    Raises:
        RdokitError: the run saved no facts.
    """
    path = folder / "facts.jsonl"
    if not path.exists():
        raise RdokitError(f"{folder.name}: saved no facts ({path.name} is missing).",
                          next_step="Compare runs that got as far as looking at a node.")
    found: dict[Key, list[str]] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
            key = (str(row["phase"]), str(row["fact"]), str(row["node"]))
            found[key] = sorted(_row(row["columns"], one) for one in row["rows"])
        except (ValueError, KeyError, TypeError):
            continue  # the line that a kill cut
    return found


def _row(columns: Iterable[str], values: object) -> str:
    columns = list(columns)
    cells = [values.get(name) for name in columns] if isinstance(values, dict) else list(values)
    return ", ".join(f"{name}={_same(value)}" for name, value in zip(columns, cells, strict=False)
                     if not TIME_COLUMNS.search(str(name)))


def _same(value: object) -> str:
    """A value without what differs from run to run anyway.

    >>> _same("port qr-4c4fb9f1-a6 of f1217f04d6f94a7ca3df1f4d6122322d since 2014-03-31T02:08:50")
    'port qr-<id> of <id> since <time>'
    """
    text = plain(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))
    text = PORTS.sub(r"\1<id>", IDS.sub("<id>", text))
    text = re.sub(r"\bfa:16:3e(:[0-9a-f]{2}){3}\b", "<mac>", text, flags=re.IGNORECASE)  # drawn anew for each port
    return TIMES.sub("<time>", text)


def difference(first: dict[Key, list[str]], second: dict[Key, list[str]]) -> list[str]:
    """Lines that tell what differs; empty when nothing does."""
    lines = []
    for key in sorted(first.keys() | second.keys()):
        phase, fact, node = key
        name = f"{phase} {fact}" + (f" ({node})" if node else "")
        if key not in first or key not in second:
            lines.append(f"{name}: only in the {'second' if key not in first else 'first'} run")
            continue
        gone, come = _minus(first[key], second[key]), _minus(second[key], first[key])
        if gone or come:
            lines.append(f"{name}:")
            lines += [f"  - {row}" for row in gone[:SHOWN]] + [f"  + {row}" for row in come[:SHOWN]]
            left = max(len(gone) - SHOWN, 0) + max(len(come) - SHOWN, 0)
            lines += [f"  … {left} rows more"] * bool(left)
    return lines


def _minus(rows: list[str], others: list[str]) -> list[str]:
    rest = list(others)
    return [row for row in rows if row not in rest or rest.remove(row)]


def compare(first: Path, second: Path) -> int:
    """Prints the comparison; 0 when the facts are equal, 1 when some differ."""
    one, two = facts(first), facts(second)
    lines = difference(one, two)
    heads = sum(not line.startswith("  ") for line in lines)
    print(f"{first.name} and {second.name}: {len(one.keys() & two.keys())} facts in both, "
          + (f"{heads} differ (ids and times left aside):" if lines else "all equal (ids and times left aside)."))
    print(*lines, sep="\n", end="\n" if lines else "")
    return 1 if lines else 0
