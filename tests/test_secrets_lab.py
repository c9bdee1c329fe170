"""Marked secrets through everything there is on a lab: no byte that the client writes or shows holds one.

Searched: executed notebooks and their metadata, journal, facts, logs, report, stdout and stderr of `rdokit` and of
clients that fail at many points (their node repeats what it was sent, in several codings), tracebacks, and the
arguments of all processes while they run. Also parts of a secret count (12 characters in a row).
"""

from __future__ import annotations

import base64
import html
import json
import os
import random
import shlex
import threading
import urllib.parse
from pathlib import Path

import pytest

from tests.crash.forge import Forge
from tests.labsite import LabSite

SECRETS = {
    "MARKED_ROOT": "Zr7 root'\"$(reboot) %d=#`x` <b>&amp; パスワード",
    "MARKED_ADMIN": "Za7=admin%s#,:/@+^!-._marked",
    "MARKED_DEMO": "Zd7 demo $(touch /tmp/x) ' \" \\ % = # ; & | > <i>",
    "MARKED_USER": "Zu7" + "".join(random.Random(7).choices("abcdefghijkmnpqrstuvwxyzABCDEF23456789", k=197)),
}
PART = 12  # characters in a row that count as a leak
FAILING = {"04_answers": 2, "05_packstack": 1, "08_users": 2, "11_verify": 2}  # points tried in each
ALL = bool(os.environ.get("RDOKIT_ALL"))


def forms(secret: str) -> set[bytes]:
    """What to search for: the secret and its parts, as it is and coded."""
    whole = {secret, shlex.quote(secret), urllib.parse.quote(secret), urllib.parse.quote(secret, safe=""),
             urllib.parse.quote_plus(secret),
             html.escape(secret), html.escape(secret, quote=False), json.dumps(secret)[1:-1], repr(secret)[1:-1],
             json.dumps(secret, ensure_ascii=False)[1:-1]}
    for shift in range(3):
        coded = base64.b64encode(b"x" * shift + secret.encode()).decode()
        whole.add(coded[(shift * 8 + 5) // 6 : len(coded) - 4])
    return {form[at : at + PART].encode() for form in whole for at in range(0, max(len(form) - PART, 0) + 1, 3)
            if len(form[at : at + PART]) >= 8}


FORMS = {name: forms(value) for name, value in SECRETS.items()}


def leaks(data: bytes, where: str) -> list[str]:
    """Which secrets a piece of text holds, and around which bytes."""
    found = []
    for name, wanted in FORMS.items():
        hit = next((form for form in wanted if form in data), None)
        if hit:
            at = data.index(hit)
            found.append(f"{name} in {where}: {data[max(at - 80, 0):at + 60]!r}")
    return found


class Watch(threading.Thread):
    """Arguments of all processes of this machine that have to do with the lab's folder, all the time."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: set[bytes] = set()
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes())
                except OSError:
                    continue

    def __enter__(self) -> Watch:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.over.set()
        self.join()


def edit(text: str) -> str:
    """The site with a marked secret behind every reference: two by env:, two by file:."""
    text = text.replace("file:../.lab/root-password", "env:MARKED_ROOT")
    text = text.replace("file:../.lab/admin-password", "file:../secrets/admin")
    head, _, tail = text.partition("{name: user, ")
    head = head.replace("file:../.lab/demo-password", "env:MARKED_DEMO")
    return head + "{name: user, " + tail.replace("file:../.lab/demo-password", "file:../secrets/user", 1)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "secrets").mkdir()
    (folder / ".lab").mkdir()
    for path, name in (("secrets/admin", "MARKED_ADMIN"), ("secrets/user", "MARKED_USER"),
                       (".lab/root-password", "MARKED_ROOT")):
        (folder / path).touch(mode=0o600)
        (folder / path).write_text(SECRETS[name] + "\n", "utf-8")
    before = {name: os.environ.get(name) for name in SECRETS}
    os.environ |= {"MARKED_ROOT": SECRETS["MARKED_ROOT"], "MARKED_DEMO": SECRETS["MARKED_DEMO"]}
    with LabSite(folder, edit=edit) as lab:
        lab.snapshot("fresh")
        yield lab
    for name, value in before.items():
        os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def written(lab: LabSite) -> list[Path]:
    """Every file the client wrote: all but the secrets themselves and what is the lab's own."""
    apart = (lab.state, lab.folder / "secrets", lab.params)
    return [p for p in lab.folder.rglob("*") if p.is_file() and not p.name.endswith(".world")
            and not any(p.is_relative_to(folder) for folder in apart)]


def search(lab: LabSite, *texts: str) -> tuple[int, list[str]]:
    """Bytes searched, leaks found."""
    total, found = 0, []
    for where, data in [*((str(p.relative_to(lab.folder)), p.read_bytes()) for p in written(lab)),
                        *((f"output {n}", text.encode()) for n, text in enumerate(texts))]:
        total += len(data)
        found += leaks(data, where)
    return total, found


def test_a_whole_run_with_weird_passwords_works_and_tells_nobody(lab, capsys):
    with Watch() as watch:
        done = lab.rdokit("run", timeout=400)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    report = lab.rdokit("report", "--list")
    total, found = search(lab, done.stdout, done.stderr, report.stdout, lab.rdokit("--help").stdout)
    found += [leak for line in watch.seen for leak in leaks(line, "a process list")]
    with capsys.disabled():
        print(f"\n  {total:,} bytes and {len(watch.seen)} process arguments searched, {len(found)} leaks found")
    assert not found, "\n".join(found)
    assert total > 500_000
    users = {u["name"]: u["password"] for u in lab.world().cloud.keystone.users.values()}
    assert (users["admin"], users["demo"], users["user"]) == tuple(SECRETS[f"MARKED_{n}"] for n in ("ADMIN", "DEMO",
                                                                                                     "USER"))
    answers = lab.world().nodes["node1"].fs
    assert answers.stat("/root/answer.txt").mode == 0o600 and answers.stat("/root/keystonerc_demo").mode == 0o600
    assert answers.stat("/root/keystonerc_admin").mode == 0o600


def test_clients_that_fail_at_many_points_tell_nobody(lab, capsys):
    lab.restore("fresh")
    tried = failed = 0
    dice = random.Random(1)
    with Forge(lab) as forge:
        for phase in ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11"):
            name = next((n for n in FAILING if n.startswith(phase)), "")
            if name:
                lab.snapshot("before")
                lines = forge.run(phase)["lines"]
                lab.restore("before")
                sends = [n for n, (_, line) in enumerate(lines, 1)
                         if line.startswith(("keystone user-create", "write /root", "packstack", "start job"))]
                some = range(1, len(lines) + 1) if ALL else \
                    {*sends[:2], *dice.sample(range(1, len(lines) + 1), FAILING[name])}
                for point in sorted(some):
                    tried += 1
                    failed += forge.run(phase, point=point, mode="echo")["status"] != 0
                lab.restore("before")
            assert forge.run(phase)["status"] == 0, forge.tail()
    total, found = search(lab)
    with capsys.disabled():
        print(f"\n  {tried} points, {failed} of them failures; {total:,} bytes searched, {len(found)} leaks found")
    assert not found, "\n".join(found)
    assert failed


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


