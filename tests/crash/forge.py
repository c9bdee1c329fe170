"""Clients by the dozen: one process has everything imported and forks a client for each attempt.

    python -m tests.crash.forge      reads one JSON request a line, writes one JSON answer a line

A request: phases, site (file), env, point and mode of the kill (`hook`), log. The answer: status (the exit code,
negative for a signal), ops (remote operations it made, when it came to its end), lines (what they were).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

from tests.labsite import ROOT, LabSite


def serve() -> None:
    """Fork a client for each request."""
    import rdokit  # noqa: F401
    from rdokit import edit, facts, havana, show, topology, undo  # noqa: F401
    from tests import walk  # noqa: F401
    for line in sys.stdin:
        request = json.loads(line)
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            client(request, write)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            said = pipe.read()
        _, status = os.waitpid(pid, 0)
        answer = {"status": os.waitstatus_to_exitcode(status), **(json.loads(said) if said else {})}
        print(json.dumps(answer), flush=True)


def client(request: dict, write: int) -> None:
    """One client: the phases in this process, killed where the request says so; never returns."""
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1), os.dup2(log, 2)
    os.environ.update(request["env"])
    status = 1
    try:
        from rdokit import kit
        from tests import walk
        from tests.crash.hook import Counter
        kit.start_lab = lambda site, path: None  # it runs; asking it costs half a second
        counter = Counter(request["point"], request["mode"], line=request["line"]).install()
        for path in walk.phases(request["phases"]):
            walk.run(path, request["site"], quiet=True, **request.get("parameters", {}))
        os.write(write, json.dumps({"ops": counter.count, "lines": counter.lines}).encode())
        status = 0
    except BaseException:  # noqa: BLE001 - a test's client must end here, whatever happened
        traceback.print_exc()
    finally:
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(status)


class Forge:
    """The process that forks clients of a lab."""

    def __init__(self, lab: LabSite):
        self.lab, self.log = lab, lab.folder / "clients.log"
        self.process = subprocess.Popen([sys.executable, "-m", "tests.crash.forge"], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE, cwd=ROOT, env=lab.env())

    def __enter__(self) -> Forge:
        return self

    def __exit__(self, *exc: object) -> None:
        self.process.stdin.close()
        self.process.wait(20)

    def run(self, *phases: str, point: int = 0, mode: str = "before", line: str = "", runs: Path | None = None,
            **parameters: object) -> dict:
        """One client to its end (or to its kill); see the top of the file for the answer."""
        env = {"RDOKIT_RUNS": str(runs or self.lab.runs)}
        request = {"phases": phases, "site": str(self.lab.file), "env": env, "point": point, "mode": mode, "line": line,
                   "log": str(self.log), "parameters": parameters}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def tail(self) -> str:
        """The end of what the clients printed."""
        return self.log.read_text("utf-8", "replace")[-3000:]


if __name__ == "__main__":
    serve()
