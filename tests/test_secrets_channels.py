"""Marked secrets where a program says more than it was asked to: reprs, tracebacks with their variables, what is typed
at a prompt, a kernel's messages and widgets' state, crash dumps.

The places that a run writes to are searched in test_secrets_lab.
"""

from __future__ import annotations

import base64
import html
import json
import os
import pty
import resource
import select
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

from tests.labsite import LabSite
from tests.marked import SECRETS, leaks, marked_lab, search

TEST = "secrets beside a run"
OBJECTS = """
import copy, dataclasses, gc, json, logging, pickle, pprint, sys, traceback
import rdokit
kit = rdokit.connect("lab")
plan = kit.plan("x")
line = rdokit.cmd("keystone user-create --pass {pw}", pw=kit.secret(kit.site.users[0].password))
plan.run(kit.controller, line, done=lambda: False)
print(len([print(repr(one), str(one)) for one in gc.get_objects()
           if str(type(one).__module__).partition(".")[0] == "rdokit"]), "objects of ours")
print(f"{kit.controller.connection.door}", json.dumps(vars(kit.controller), default=repr))
pprint.pprint([vars(kit), vars(kit.site), plan.steps, line], depth=9)
for way in (pickle.dumps, copy.deepcopy, dataclasses.asdict):
    try:
        print(way(kit.controller.connection.door))
    except Exception as error:
        print(type(error).__name__, error)
logging.basicConfig(level=0)
logging.error("%r %s", line, line)
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with marked_lab(tmp_path_factory.mktemp("channels")) as lab:
        yield lab


@pytest.mark.parametrize("name", SECRETS)
def test_the_search_finds_a_secret_in_every_form(name):
    """Else it would find nothing in the other tests, too."""
    secret = SECRETS[name]
    line = f"x {secret} y".encode()
    for form in (line, line[: len(line) - 6], base64.b64encode(line), base64.b64encode(line[1:]),
                 urllib.parse.quote(secret).encode(), urllib.parse.quote_plus(secret).encode(),
                 json.dumps({"password": secret}).encode(), repr([secret]).encode(), html.escape(secret).encode()):
        assert leaks(form, "here"), form
    assert not leaks(b"nothing of that kind, 0123456789 marked", "here")


def client(lab: LabSite, *words: str, **env: str) -> bytes:
    done = subprocess.run([sys.executable, *words], capture_output=True, cwd=lab.folder, env=lab.env(env), timeout=120,
                          stdin=subprocess.DEVNULL)
    return done.stdout + done.stderr


def test_no_object_of_ours_shows_a_secret_however_it_is_printed(lab):
    said = client(lab, "-c", OBJECTS)
    assert b"objects of ours" in said and said.count(b"********") > 1 and b"Error" in said, said[-3000:].decode()
    assert not (faults := search(TEST, {"objects repr": said})), "\n".join(faults)


@pytest.mark.parametrize("words", [("check", "--connect"), ("run", "02"), ("undo", "02", "--yes")])
def test_a_traceback_of_a_refused_login_tells_nothing(lab, words):
    """The password is wrong, and a secret all the same."""
    said = client(lab, "-m", "rdokit.cli", "--debug", *words, MARKED_ROOT=SECRETS["MARKED_DEMO"])
    assert b"node1" in said and b"password" in said, said.decode()
    assert not (faults := search(TEST, {f"{words[0]} traceback": said})), "\n".join(faults)


def asking(lab: LabSite) -> str:
    """A site that asks for the machines' password."""
    text = lab.file.read_text("utf-8").replace("env:MARKED_ROOT", "ask").replace("site: lab", "site: asking")
    (lab.params / "asking.yml").write_text(text, "utf-8")
    return "asking"


def test_what_is_typed_at_a_prompt_is_neither_shown_nor_kept(lab):
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(lab.folder)
        os.execve(sys.executable, [sys.executable, "-m", "rdokit.cli", "check", "--connect", "--site", asking(lab)],
                  lab.env())
    said, typed, end = b"", 0, time.monotonic() + 60
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        try:
            said += os.read(terminal, 4096)
        except OSError:
            break
        if said.count(b"password: ") > typed:
            typed += 1
            os.write(terminal, SECRETS["MARKED_ROOT"].encode() + b"\n")
    assert typed == 2 and os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, said.decode()
    assert not (faults := search(TEST, {"a terminal's output": said})), "\n".join(faults)


class Kernel:
    """A notebook's kernel as JupyterLab has it: it may ask, and a crash of it may leave a dump."""

    def __init__(self, lab: LabSite):
        self.folder, self.messages, self.asked = lab.folder / "kernel", [], 0
        self.folder.mkdir(exist_ok=True)
        self.log = (self.folder / "kernel.log").open("wb")
        before = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
        try:
            self.manager, self.client = start_new_kernel(env=lab.env(), cwd=str(self.folder), stdout=self.log,
                                                         stderr=self.log)
        finally:
            resource.setrlimit(resource.RLIMIT_CORE, before)

    def run(self, code: str) -> None:
        def typed(message: dict) -> None:
            assert message["content"]["password"], "it would be echoed"
            self.asked += 1
            self.client.input(SECRETS["MARKED_ROOT"])
        self.client.execute_interactive(code, allow_stdin=True, stdin_hook=typed, output_hook=self.messages.append,
                                        timeout=60)

    def crash(self) -> None:
        self.client.execute("import os; os.abort()")
        end = time.monotonic() + 30
        while self.manager.is_alive():
            assert time.monotonic() < end
            time.sleep(0.05)
        self.client.stop_channels()
        self.log.close()

    @property
    def iopub(self) -> bytes:
        return json.dumps(self.messages, default=str, ensure_ascii=False).encode()


def test_a_kernel_tells_nobody_what_was_typed_not_in_its_widgets_nor_when_it_crashes(lab):
    kernel = Kernel(lab)
    kernel.run(f"import rdokit; kit = rdokit.connect({asking(lab)!r}); kit")
    kernel.run("vars(kit)")
    kernel.run("rdokit.site_form('asking')")
    kernel.run("from ipywidgets import Widget; print(Widget.get_manager_state())")
    kernel.run("%xmode Verbose")
    kernel.run("secret = kit.secret(kit.site.users[0].password)\nvalue = secret.reveal()\n"
               "kit.show(kit.controller, 'echo {pw}; false', pw=secret).check()\nraise ValueError(value)")
    kernel.crash()
    said = kernel.iopub
    assert kernel.asked == 2 and b"jupyter.widget" in said and b"Traceback" in said, said[-3000:].decode()
    found = {"kernel iopub": said} | {f"{path} dump" if "core" in path.name else str(path): path.read_bytes()
                                      for path in Path(kernel.folder).iterdir()}
    assert not (faults := search(TEST, found)), "\n".join(fault[:400] for fault in faults)
    assert not [path for path in kernel.folder.iterdir() if "core" in path.name], "a dump of memory was written"
