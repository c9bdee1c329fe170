"""What several folders of tests share: the worlds between the phases, made once, and the counts at the end."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def stages(tmp_path_factory):
    """The world before and after each phase (tests/crash/stages.py)."""
    from tests.crash.forge import Forge
    from tests.crash.stages import Stages
    from tests.labsite import LabSite
    with LabSite(tmp_path_factory.mktemp("stages")) as lab, Forge(lab) as forge:
        yield Stages(lab, forge)


def pytest_terminal_summary(terminalreporter):
    """How many points were tried and what came of them, however quiet pytest is."""
    from tests.crash.points import POINTS, told
    lines = list(told())
    if lines:
        terminalreporter.section(f"points tried (RDOKIT_POINTS={str(POINTS).replace('inf', 'all')})")
        terminalreporter.write("\n".join([*lines, ""]))
