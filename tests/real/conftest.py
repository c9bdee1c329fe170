"""Fixtures of the tests on real software: `pair` (two nodes), `ten`, `cloud` (two nodes with Open vSwitch).

A missing part skips these tests with its name; with RDOKIT_REAL=1 it fails them, so that CI cannot pass by skipping.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rdokit.node import Node
from rdokit.ssh import Door

from . import missing
from .nodes import RealLab, RealNode

LABS = ("pair", "ten", "cloud")


def need(ovs: bool = False) -> None:
    """Skip (or, with RDOKIT_REAL=1, fail) naming every missing part."""
    if reasons := missing.parts(ovs):
        (pytest.fail if os.environ.get(missing.REQUIRED) == "1" else pytest.skip)("; ".join(reasons))


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where nodes keep their disks: pytest's directory, or another if that cannot carry an overlay."""
    need()
    with tempfile.TemporaryDirectory(dir="/dev/shm", ignore_cleanup_errors=True) as memory:
        for directory in (tmp_path_factory.mktemp("nodes"), Path(memory)):
            if missing.overlay_at(directory):
                yield directory
                return
        pytest.fail("no directory here can hold an overlay's upper layer")


def lab(state: Path, count: int, ovs: bool = False) -> Iterator[RealLab]:
    need(ovs)
    with RealLab(state, count, ovs) as nodes:
        yield nodes


@pytest.fixture(autouse=True)
def client(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test runs as the document's Client of the lab it names (and only that one)."""
    name = next((name for name in LABS if name in request.fixturenames), None)
    if name is None:
        yield
        return
    with request.getfixturevalue(name).entered():
        yield


@pytest.fixture(scope="module")
def pair(state: Path) -> Iterator[RealLab]:
    """node1 and node2 with nothing on them but what CentOS 6 has."""
    yield from lab(state, 2)


@pytest.fixture(scope="module")
def ten(state: Path) -> Iterator[RealLab]:
    yield from lab(state, 10)


@pytest.fixture(scope="module")
def cloud(state: Path) -> Iterator[RealLab]:
    """Two nodes as packstack leaves them: Open vSwitch with br-int, br-tun and a GRE tunnel."""
    yield from lab(state, 2, ovs=True)


@pytest.fixture(scope="module")
def known_hosts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file that trusts the host keys of the module's lab."""
    lab = next(request.getfixturevalue(name) for name in LABS if name in request.fixturenames)
    file = tmp_path_factory.mktemp("trust") / "known_hosts"
    file.write_text(lab.known_hosts())
    return str(file)


@pytest.fixture
def machine(pair: RealLab) -> RealNode:
    """node1 by its back door."""
    return pair["node1"]


@pytest.fixture
def node(pair: RealLab, machine: RealNode, known_hosts: str) -> Iterator[Node]:
    """node1 as rdokit reaches it."""
    node = Node(Door("node1", machine.private, key=str(pair.key), known_hosts=known_hosts), heard=lambda line: None)
    yield node
    node.close()
