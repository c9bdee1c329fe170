"""Marked secrets: a lab that has no others, every form in which one could be written down, and where to look for it."""

from __future__ import annotations

import base64
import html
import json
import os
import random
import shlex
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.crash.points import count
from tests.labsite import LabSite

SECRETS = {
    "MARKED_ROOT": "Zr7 root'\"$(reboot) %d=#`x` <b>&amp; パスワード",
    "MARKED_ADMIN": "Za7=admin%s#,:/@+^!-._marked",
    "MARKED_DEMO": "Zd7 demo $(touch /tmp/x) ' \" \\ % = # ; & | > <i>",
    "MARKED_USER": "Zu7" + "".join(random.Random(7).choices("abcdefghijkmnpqrstuvwxyzABCDEF23456789", k=197)),
}
CHANNELS = {"executed notebooks": ".ipynb", "journals": ".jsonl", "reports": ".html", "logs": ".log",
            "facts and manifests": ".json", "standard output and error": "output", "process arguments": "cmdline",
            "reprs": "repr", "tracebacks": "traceback", "messages of a kernel, widgets' state too": "iopub",
            "crash dumps": "dump"}
PART = 12  # characters in a row that count as a leak


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


@contextmanager
def marked_lab(folder: Path) -> Iterator[LabSite]:
    """A lab all of whose secrets are marked, in this process's environment or in files of mode 0600."""
    (folder / "secrets").mkdir()
    (folder / ".lab").mkdir()
    for path, name in (("secrets/admin", "MARKED_ADMIN"), ("secrets/user", "MARKED_USER"),
                       (".lab/root-password", "MARKED_ROOT")):
        (folder / path).touch(mode=0o600)
        (folder / path).write_text(SECRETS[name] + "\n", "utf-8")
    before = {name: os.environ.get(name) for name in SECRETS}
    os.environ |= {"MARKED_ROOT": SECRETS["MARKED_ROOT"], "MARKED_DEMO": SECRETS["MARKED_DEMO"]}
    try:
        with LabSite(folder, edit=edit) as lab:
            lab.snapshot("fresh")
            yield lab
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def written(lab: LabSite) -> list[Path]:
    """Every file the client wrote: all but the secrets themselves and what is the lab's own."""
    apart = (lab.state, lab.folder / "secrets", lab.params)
    return [p for p in lab.folder.rglob("*") if p.is_file() and not p.name.endswith(".world")
            and not any(p.is_relative_to(folder) for folder in apart)]


def search(test: str, texts: Mapping[str, bytes]) -> list[str]:
    """Leaks in texts by their place; what was searched is counted, by channel (the end of the place's name)."""
    found = []
    for where, data in texts.items():
        hits = leaks(data, where)
        kind = next((kind for kind, end in CHANNELS.items() if where.endswith(end)), "everything else")
        count(test, kind, bytes_searched=len(data), leaks_found=len(hits))
        found += hits
    return found


def files(lab: LabSite) -> dict[str, bytes]:
    """All that the client wrote, by name."""
    return {str(path.relative_to(lab.folder)): path.read_bytes() for path in written(lab)}
