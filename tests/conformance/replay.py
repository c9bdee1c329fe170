#!/usr/bin/env python3
"""Replay recorded Havana sessions on a fresh lab and score how many lines are the same.

    tests/conformance/replay.py FILE.jsonl [--section S ...] [--in-process] [--floor FILE] [--verbose]

A line of the file has argv, stdin, env (changed variables, null = unset), tty,
exit, stdout, stderr, section, note. Exit code, stdout and stderr are compared
after identifiers, times, tokens and checksums are matched by their order of
appearance. Of help and usage pages only exit code, stream and the name of the
wrong argument count. Rows of a list that the servers order by random
identifiers may come in another order (`--strict` forbids it).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from tests.conformance.between import FRESH_AFTER, Between  # noqa: E402
from tests.conformance.compare import Same, is_page, usage_line, without_fingerprints, wrong_argument  # noqa: E402
from tests.conformance.ovs_bench import OvsBench, canonical, exit_status  # noqa: E402

HERE = Path(__file__).resolve().parent
DOCUMENT = ("step12", "step13", "step15", "doc-second-run")


@dataclass
class Verdict:
    """One line and how it went."""

    line: dict[str, Any]
    ok: bool
    problem: str = ""
    got: tuple[int, str, str] = (0, "", "")


@dataclass
class Score:
    """Verdicts of a replay."""

    verdicts: list[Verdict] = field(default_factory=list)

    def of(self, **wanted: str) -> tuple[int, int]:
        """Lines that are the same, and all lines, of a tool or section."""
        some = [v for v in self.verdicts if all(v.line.get(k) == w for k, w in wanted.items())]
        return sum(v.ok for v in some), len(some)

    def table(self) -> str:
        rows = [f"{'tool':<10}{'section':<18}{'same':>6}{'of':>6}{'%':>8}"]
        for tool, section in dict.fromkeys((v.line["tool"], v.line["section"]) for v in self.verdicts):
            same, total = self.of(tool=tool, section=section)
            rows.append(f"{tool:<10}{section:<18}{same:>6}{total:>6}{100 * same / total:>8.1f}")
        same, total = self.of()
        rows.append(f"{'all':<28}{same:>6}{total:>6}{100 * same / max(total, 1):>8.1f}")
        return "\n".join(rows)

    def by_section(self) -> dict[str, list[int]]:
        """Section -> [same, all], for the floor file."""
        return {s: list(self.of(section=s)) for s in dict.fromkeys(v.line["section"] for v in self.verdicts)}


def load(path: Path) -> list[dict[str, Any]]:
    """The lines of a recording."""
    lines = [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines() if text.strip()]
    for number, line in enumerate(lines):
        line.setdefault("id", f"n{number:04d}")
        line.setdefault("section", "")
        line.setdefault("tool", line["argv"].split()[0])
    return lines


def compare(line: dict[str, Any], got: tuple[int, str, str], same: Same, strict: bool = False) -> str:
    """"" when the output is the recorded one, else the first difference."""
    status, out, err = got
    wanted_out, wanted_err = line["stdout"], line["stderr"]
    if line.get("tty"):
        wanted_out, out = (text.replace("\r\n", "\n") for text in (wanted_out + wanted_err, out + err))
        wanted_err = err = ""
    if line["tool"].startswith("ovs"):  # rows and blocks are ordered by random identifiers; a killed program's status
        out, err, wanted_out, wanted_err = (canonical(text) for text in (out, err, wanted_out, wanted_err))
        line = line | {"exit": exit_status(line["exit"])}
    if status != line["exit"]:
        return f"exit {status}, recorded {line['exit']}; {_first_line(err or out)!r}"
    wanted_out, out = without_fingerprints(wanted_out), without_fingerprints(out)
    if line["argv"].startswith("nova usage"):  # how long servers ran: as much a time as a date
        wanted_out, out = (re.sub(r"\d+\.\d\d +", "<hours> ", text) for text in (wanted_out, out))
    for name, wanted, actual in (("stdout", wanted_out, out), ("stderr", wanted_err, err)):
        error = usage_line(wanted) if status == 2 else None
        if error is not None:
            found = usage_line(actual)
            if found is None or wrong_argument(found) != wrong_argument(error):
                return f"{name}: {found!r}, recorded {error!r}"
        elif is_page(wanted):
            if not actual.strip():
                return f"{name}: no page"
        elif not same.equal(wanted, actual, rows=not strict):
            same.learn(wanted, actual)
            return f"{name}: {_difference(wanted, actual)}"
    return ""


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else ""


def _difference(wanted: str, actual: str) -> str:
    from tests.conformance.compare import skeleton

    left, right = wanted.split("\n"), actual.split("\n")
    for number, (one, other) in enumerate(zip(left, right, strict=False), 1):
        if skeleton(one)[0] != skeleton(other)[0]:
            return f"line {number}: got {other!r}, recorded {one!r}"
    if len(left) != len(right):
        return f"{len(right)} lines, recorded {len(left)}; {right[len(left):][:1] or left[len(right):][:1]}"
    return f"an identifier differs: got {actual[:300]!r}, recorded {wanted[:300]!r}"


def replay(lines: list[dict[str, Any]], make_bench: Any, sections: set[str], strict: bool = False) -> Score:
    """Run everything in order; only lines of `sections` (all when empty) are judged."""
    every = list(lines)
    if sections and sections <= FRESH_AFTER.keys():
        every = [x for x in every if x["section"] in sections or x["section"] in sum(FRESH_AFTER.values(), [])]
    score, bench, same, section, between = Score(), make_bench(), Same(), "", Between(list(lines))
    last = max((i for i, line in enumerate(every) if not sections or line["section"] in sections), default=-1)
    for line in every[: last + 1]:
        if line["section"] in FRESH_AFTER and line["section"] != section:
            bench, same = make_bench(), Same()
            for old in _first_run(every, FRESH_AFTER[line["section"]]):
                compare(old, _run(bench, old, same), same)
        section = line["section"]
        for action in between.before(line):
            bench_action(bench, action)
        bench.pause()
        got = _run(bench, line, same)
        problem = compare(line, got, same, strict)
        if not sections or section in sections:
            score.verdicts.append(Verdict(line, not problem, problem, got))
    return score


def _first_run(lines: list[dict[str, Any]], sections: list[str]) -> list[dict[str, Any]]:
    """The lines of earlier sections that a section builds on; from our own recording when the file lacks them."""
    found = [line for line in lines if line["section"] in sections]
    return found or [line for line in load(HERE / "havana.jsonl") if line["section"] in sections]


def _run(bench: Any, line: dict[str, Any], same: Same) -> tuple[int, str, str]:
    if hasattr(bench, "prepare"):
        bench.prepare(line)
    try:
        return bench.run(same.translate(line["argv"]), line.get("env"), line.get("stdin"), bool(line.get("tty")))
    except Exception as error:  # a crash of a command is a wrong line, not the end of the replay
        import traceback

        where = traceback.extract_tb(error.__traceback__)[-1]
        return -1, "", f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"


def bench_action(bench: Any, action: str | tuple[str, dict[str, str]]) -> None:
    """A step between the lines: a shell line, or one of our own words that start with #."""
    line, env = (action, None) if isinstance(action, str) else action
    if not line.startswith("#"):
        bench.run(line, env)
        return
    words = line[1:].split()
    if not hasattr(bench, "services"):  # a switch alone: its bench follows the notes itself (`prepare`)
        return
    if words[0] == "service":
        bench.services(words[1], " ".join(words[2:]))
    elif words[0] == "wait":
        bench.wait(float(words[1]))
    else:
        getattr(bench, words[0])(words[1:])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--section", action="append", default=[])
    parser.add_argument("--in-process", action="store_true", help="call the commands directly, without SSH")
    parser.add_argument("--strict", action="store_true", help="rows must come in the recorded order")
    parser.add_argument("--floor", type=Path, help="fail when a section is below this file's score; raise it otherwise")
    parser.add_argument("--quiet", action="store_true", help="only the table")
    args = parser.parse_args()
    if all(line["tool"].startswith("ovs") for line in load(args.file)):
        make = OvsBench  # its switch must be stopped in parts, which no SSH session can do
    elif args.in_process:
        from tests.conformance.bench import Bench as make
    else:
        from tests.conformance.ssh_bench import SshBench as make
    score = replay(load(args.file), make, set(args.section), args.strict)
    for verdict in score.verdicts:
        if not verdict.ok and not args.quiet:
            line = verdict.line
            print(f"{line['id']} [{line['section']}] $ {line['argv'][:120]}\n    {verdict.problem[:700]}")
    print(score.table())
    return check_floor(score, args.floor) if args.floor else 0


def check_floor(score: Score, path: Path) -> int:
    """1 when a section has sunk below what was reached before; else the file is brought up to date."""
    old = json.loads(path.read_text()) if path.exists() else {}
    new = score.by_section()
    sunk = [s for s, (same, _) in new.items() if same < old.get(s, [0])[0]]
    for section in sunk:
        print(f"below the floor: {section} {new[section][0]}, was {old[section][0]}")
    if not sunk:
        path.write_text(json.dumps(old | new, indent=1) + "\n")
    return 1 if sunk else 0


if __name__ == "__main__":
    sys.exit(main())
