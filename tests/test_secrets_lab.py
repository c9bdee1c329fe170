"""Marked secrets through everything there is on a lab: no byte that the client writes or shows holds one.

Searched: executed notebooks and their metadata, journal, facts, logs, report, stdout and stderr of `rdokit` and of
clients that fail at many points (their node repeats what it was sent, in several codings), tracebacks, and the
arguments of all processes while they run. Also parts of a secret count (12 characters in a row).
"""

from __future__ import annotations

import json

import pytest

from tests.crash.forge import Forge
from tests.crash.points import POINTS, count, sample
from tests.crash.stages import PHASES
from tests.labsite import ROOT, LabSite
from tests.marked import SECRETS, Watch, files, marked_lab, search

FAILING = ("04_answers", "05_packstack", "08_users", "11_verify")  # where secrets are sent
SENDS = ("keystone user-create", "write /root", "packstack", "start job")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with marked_lab(tmp_path_factory.mktemp("secrets")) as lab:
        yield lab


def test_a_whole_run_with_weird_passwords_works_and_tells_nobody(lab):
    with Watch() as watch:
        done = lab.rdokit("run", timeout=400)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    texts = {"output": done.stdout + done.stderr, "report --list output": lab.rdokit("report", "--list").stdout}
    for word in ("run", "undo", "check", "trust", "report", "lab"):
        texts[f"{word} --help output"] = lab.rdokit(word, "--help").stdout
    found = files(lab) | {where: text.encode() for where, text in texts.items()}
    found |= {f"{number} cmdline": line for number, line in enumerate(watch.seen)}
    faults = search("secrets in a whole run", found)
    assert not faults, "\n".join(faults)
    assert sum(map(len, found.values())) > 500_000
    assert [line for line in watch.seen if b"rdokit.cli" in line], "the client's own process was watched"
    assert any(where.endswith("report.html") for where in found)
    assert len([where for where in found if where.endswith(".ipynb")]) >= len(PHASES)
    diffs = next(text for where, text in found.items() if where.endswith("04_answers.ipynb"))
    assert b"CONFIG_KEYSTONE_ADMIN_PW" in diffs, "the answer file's difference was shown"
    users = {u["name"]: u["password"] for u in lab.world().cloud.keystone.users.values()}
    assert (users["admin"], users["demo"], users["user"]) == tuple(SECRETS[f"MARKED_{n}"] for n in ("ADMIN", "DEMO",
                                                                                                     "USER"))
    answers = lab.world().nodes["node1"].fs
    assert answers.stat("/root/answer.txt").mode == 0o600 and answers.stat("/root/keystonerc_demo").mode == 0o600
    assert answers.stat("/root/keystonerc_admin").mode == 0o600


def in_a_kernel(lab: LabSite, phase: str, point: int) -> str:
    """The phase's notebook through `rdokit run`, where the node fails at that operation; what was printed."""
    folder = lab.folder / "notebooks-that-fail"
    folder.mkdir(exist_ok=True)
    notebook = json.loads((ROOT / f"notebooks/{phase}.ipynb").read_text("utf-8"))
    first = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    source = f"from tests.crash.hook import Counter\nCounter({point}, 'echo').install();"
    notebook["cells"].insert(0, first | {"id": "hook", "source": [source], "metadata": {}})
    (folder / f"{phase}.ipynb").write_text(json.dumps(notebook), "utf-8")
    done = lab.rdokit("run", phase, "--notebooks", str(folder))
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout + done.stderr


def test_clients_that_fail_at_many_points_tell_nobody(lab):
    lab.restore("fresh")
    name, texts, failed = "secrets at failures", {}, 0
    with Forge(lab) as forge:
        for phase in PHASES:
            if phase in FAILING:
                lab.snapshot("before")
                lines = forge.run(phase)["lines"]
                lab.restore("before")
                sends = [number for number, (_, line) in enumerate(lines, 1) if line.startswith(SENDS)]
                for point in {*sends[:2], *sample(range(1, len(lines) + 1), phase, first=sends)}:
                    fails = forge.run(phase, point=point, mode="echo")["status"] != 0
                    count(name, phase, points_tried=1, failures=fails)
                    failed += fails
                    lab.restore("before")
                if phase == FAILING[0] or POINTS > 2:  # and in a kernel
                    texts[f"{phase} output"] = in_a_kernel(lab, phase, sends[-1]).encode()
                    count(name, phase, points_tried=1, failures="FAILED" in texts[f"{phase} output"].decode())
                    lab.restore("before")
            assert forge.run(phase)["status"] == 0, forge.tail()
    found = files(lab) | texts
    faults = search(name, found)
    assert not faults, "\n".join(faults)
    assert failed and [where for where, text in found.items() if where.endswith(".ipynb") and b'"ename"' in text]


@pytest.mark.parametrize("value, why", [
    ("two words", "' '"), ("dollar$x", "'$'"), ("quote'x", "\"'\""), ("semi;x", "';'"), ("パスワード", "'パ'"),
    ("back\\slash", "'\\\\'"), ("line\nbreak", "line break")])
def test_an_admin_password_that_packstack_would_mangle_is_refused_before_anything(lab, value, why):
    path = lab.folder / "secrets/admin"
    before = path.read_text("utf-8")
    try:
        path.write_text(value + "\n", "utf-8")
        done = lab.rdokit("check")
        assert done.returncode == 2 and "admin_password" in done.stderr and why in done.stderr, done.stderr
        assert value not in done.stderr
    finally:
        path.write_text(before, "utf-8")
