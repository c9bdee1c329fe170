"""The lab answers like genuine Havana: the recordings, replayed, score at least what they scored before.

The recordings in this folder carry none of the original's help texts. When the
full ones are at hand (RDOKIT_HAVANA, or ../shared/havana beside the project),
they are replayed too. `replay.py` shows every difference.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from .bench import Bench
from .compare import Same, usage_line, wrong_argument
from .replay import DOCUMENT, Score, load, replay
from .ssh_bench import SshBench

HERE = Path(__file__).resolve().parent
FLOOR = json.loads((HERE / "floor.json").read_text())


def recordings() -> list[Path]:
    beside = Path(os.environ.get("RDOKIT_HAVANA", HERE.parents[2] / "shared" / "havana"))
    return [HERE / "havana.jsonl", *sorted(beside.glob("*transcripts*.jsonl"))]


@pytest.mark.parametrize("path", recordings(), ids=lambda p: p.stem)
def test_score_of_the_commands(path: Path) -> None:
    judge(replay(load(path), Bench, set()))


def test_score_over_ssh() -> None:
    """The lab as its users meet it: built, installed by packstack over SSH, and typed at over SSH."""
    judge(replay(load(HERE / "havana.jsonl"), SshBench, set()))


def judge(score: Score) -> None:
    """Fail when a section sank below the floor, or a line of the document differs."""
    print(score.table())
    wrong = [f"{v.line['id']} $ {v.line['argv'][:80]}\n    {v.problem[:300]}" for v in score.verdicts if not v.ok]
    for section, (same, total) in score.by_section().items():
        assert same >= FLOOR.get(section, [0])[0], "\n".join([f"{section}: {same} of {total}", *wrong])
        if section in DOCUMENT:
            assert same == total, "\n".join(wrong)


def test_identifiers_must_correspond() -> None:
    same = Same()
    one, two, three = ("0" * 31 + c for c in "123")
    assert same.equal(f"a {one} b {two}", f"a {two} b {three}")
    assert same.equal(one, two)
    assert not same.equal(one, three)
    assert same.translate(f"keystone tenant-get {one}") == f"keystone tenant-get {two}"


def test_rows_in_any_order_only_when_allowed() -> None:
    rows = ["| {0} | a |", "| {1} | b |"]
    ids = "1" * 32, "2" * 32
    first, second = "\n".join(rows).format(*ids), "\n".join(reversed(rows)).format(*ids)
    assert not Same().equal(first, second)
    assert Same().equal(first, second, rows=True)


def test_of_a_usage_error_the_argument_counts() -> None:
    sentence = "neutron net-list: error: argument -f/--format: invalid choice: u'json' (choose from 'csv', 'table')"
    error = usage_line(f"usage: own words\n{sentence}\n")
    assert error is not None
    assert wrong_argument(error) == "neutron net-list: error: argument -f/--format"
