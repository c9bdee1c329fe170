"""The genuine recording of ovs-vsctl 1.11.0, replayed line by line in the lab's shell: every line must be equal."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.conformance.ovs_bench import OvsBench, canonical, exit_status

RECORDING = Path(os.environ.get("RDOKIT_SHARED", "/work/shared")) / "havana/ovs/ovs-1.11.0-transcripts.jsonl"


@pytest.mark.skipif(not RECORDING.exists(), reason="the recording is not on this machine")
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
