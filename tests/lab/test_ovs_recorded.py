"""The genuine recording of ovs-vsctl 1.11.0, replayed line by line in the lab's shell: every line must be equal."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conformance.ovs_bench import OvsBench, canonical, exit_status

RECORDING = Path(__file__).resolve().parents[1] / "conformance/ovs.jsonl"


def test_every_recorded_line() -> None:
    bench, wrong = OvsBench(), []
    for text in RECORDING.read_text().splitlines():
        line = json.loads(text)
        bench.prepare(line)
        status, out, err = bench.run(line["argv"])
        got = (status, canonical(out), canonical(err))
        want = (exit_status(line["exit"]), canonical(line["stdout"]), canonical(line["stderr"]))
        if got != want:
            wrong.append((line["id"], line["argv"], want, got))
    for w in wrong:
        print(*w, sep="\n")
    assert not wrong
