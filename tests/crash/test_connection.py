"""The connection is lost at any moment of a phase: the same run goes on by itself, and the world is the same.

Every node is reached through a proxy that cuts at the n-th chunk of bytes of the client: before the node gets it,
right after it got it, or when it answers. Reads are repeated; a change whose outcome is unknown is looked at first.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rdokit.lab import compare
from rdokit.lab.world import World
from tests.crash.forge import Forge
from tests.crash.points import COUNTS, count, sample
from tests.crash.proxy import MOMENTS, Proxy
from tests.labsite import LabSite

PHASES = ("02", "05", "07", "08", "11")  # edits; a job and a reboot; objects; users; the instance
HEALED = "connection cut anywhere"


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

    def close(self) -> None:
        for proxy in self.proxies:
            proxy.close()


@pytest.fixture(scope="module")
def line(tmp_path_factory, stages):
    with LabSite(tmp_path_factory.mktemp("line")) as lab:
        lab.restore(stages.fresh)  # whose host keys the later worlds have, too
        line = Line(lab)
        with Forge(lab) as forge:
            line.forge = forge
            yield line
        line.close()


def points(line: Line, phase: str, before: Path) -> list[tuple[int, int, str]]:
    """(proxy, chunk, moment) of an undisturbed run; the first chunks are the handshake, where nothing is lost yet."""
    line.lab.restore(before)
    for proxy in line.proxies:
        proxy.cut_at(0)
    assert line.forge.run(phase)["status"] == 0, line.forge.tail()
    return sample([(number, chunk, moment) for number, proxy in enumerate(line.proxies)
                   for chunk in range(12, proxy.chunks + 1) for moment in MOMENTS], phase)


@pytest.mark.parametrize("phase", PHASES)
def test_a_lost_connection_is_made_again_and_nothing_is_done_twice(line, stages, phase):
    before, wanted, faults = stages.before(phase), stages[phase].facts, []
    for number, chunk, moment in points(line, phase, before):
        line.lab.restore(before)
        proxy = line.proxies[number]
        proxy.cut_at(chunk, moment)
        answer = line.forge.run(phase)
        count(HEALED, phase, connections_cut=proxy.cuts, runs_healed=0)
        found = compare.difference(wanted, compare.facts(World.load(line.lab.snapshot("now"))))
        if answer["status"] or found:
            faults.append(f"{phase}: node{number + 1} cut at chunk {chunk} ({moment}): status "
                          f"{answer['status']} {line.forge.tail()[-700:] if answer['status'] else ''} {found[:8]}")
        else:
            count(HEALED, phase, runs_healed=proxy.cuts)
    for proxy in line.proxies:
        proxy.cut_at(0)
    assert not faults, "\n".join(faults)
    assert COUNTS[HEALED][phase]["connections_cut"], "no chunk was reached"
