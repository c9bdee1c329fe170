"""The connection is lost at any moment of a phase: the same run goes on by itself, and the world is the same.

Every node is reached through a proxy that cuts at the n-th chunk of bytes of the client: before the node gets it,
right after it got it, or when it answers. Reads are repeated; a change whose outcome is unknown is looked at first.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter

import pytest

from rdokit.lab import compare
from rdokit.lab.world import World
from tests.crash.forge import Forge
from tests.crash.proxy import MOMENTS, Proxy
from tests.labsite import LabSite

ALL = bool(os.environ.get("RDOKIT_ALL"))
PHASES = ("02", "05", "07", "08", "11")[: None if ALL else 3]  # edits; a job and a reboot; objects; users; the instance
BEFORE = {"02": ("01",), "05": ("03", "04"), "07": ("06",), "08": (), "11": ("09", "10")}
SAMPLE = 2
TOTAL = Counter()


class Line:
    """The lab with a proxy before each node; the site file of the clients leads to the proxies."""

    def __init__(self, lab: LabSite):
        self.lab = lab
        self.proxies = [Proxy(port) for port in lab.ports]
        text = lab.file.read_text("utf-8")
        for port, proxy in zip(lab.ports, self.proxies, strict=True):
            text = text.replace(f"port: {port}", f"port: {proxy.port}")
        lab.file.write_text(text, "utf-8")
        known = (lab.state / "known_hosts").read_text()
        mapped = {str(port): str(proxy.port) for port, proxy in zip(lab.ports, self.proxies, strict=True)}
        (lab.folder / "known_hosts").write_text(re.sub(r"\]:(\d+)", lambda m: f"]:{mapped[m[1]]}", known))
        lab.file.write_text(text.replace("../.lab/known_hosts", "../known_hosts"), "utf-8")
        self.reference: dict[str, tuple] = {}

    def close(self) -> None:
        for proxy in self.proxies:
            proxy.close()


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    with LabSite(tmp_path_factory.mktemp("line")) as lab:
        line = Line(lab)
        with Forge(lab) as forge:
            line.forge = forge
            yield line
        line.close()


def undisturbed(line: Line, phase: str):
    """Facts after the phase, and the chunks that each proxy saw."""
    for earlier in (*BEFORE[phase],):
        assert line.forge.run(earlier)["status"] == 0, line.forge.tail()
    line.lab.snapshot(f"before-{phase}")
    line.lab.restore(f"before-{phase}")
    for proxy in line.proxies:
        proxy.cut_at(0)
    assert line.forge.run(phase)["status"] == 0, line.forge.tail()
    chunks = [proxy.chunks for proxy in line.proxies]
    return compare.facts(World.load(line.lab.snapshot(f"after-{phase}"))), chunks


def points(chunks: list[int], phase: str) -> list[tuple[int, int, str]]:
    """(proxy, chunk, moment); the first chunks are the handshake, where nothing is lost yet."""
    found = [(number, chunk, moment) for number, count in enumerate(chunks)
             for chunk in range(12, count + 1) for moment in MOMENTS]
    return found if ALL else sorted(random.Random(phase).sample(found, SAMPLE))


@pytest.mark.parametrize("phase", PHASES)
def test_a_lost_connection_is_made_again_and_nothing_is_done_twice(line, phase):
    wanted, chunks = undisturbed(line, phase)
    faults = []
    for number, chunk, moment in points(chunks, phase):
        line.lab.restore(f"before-{phase}")
        proxy = line.proxies[number]
        proxy.cut_at(chunk, moment)
        answer = line.forge.run(phase)
        if not proxy.cuts:
            continue
        TOTAL["cut"] += 1
        found = compare.difference(wanted, compare.facts(World.load(line.lab.snapshot("now"))))
        if answer["status"] or found:
            faults.append(f"{phase}: node{number + 1} cut at chunk {chunk} of {chunks[number]} ({moment}): status "
                          f"{answer['status']} {line.forge.tail()[-700:] if answer['status'] else ''} {found[:8]}")
        else:
            TOTAL["healed"] += 1
    line.lab.restore(f"after-{phase}")
    for proxy in line.proxies:
        proxy.cut_at(0)
    assert not faults, "\n".join(faults)


def test_counts(capsys):
    if not TOTAL["cut"]:
        pytest.skip("no phase was run")
    with capsys.disabled():
        print(f"\n  connection cut at {TOTAL['cut']} moments, {TOTAL['healed']} runs healed")
    assert TOTAL["healed"] == TOTAL["cut"]
