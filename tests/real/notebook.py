"""Runs the project's notebooks on real nodes, as an operator's `rdokit run` does, and reads what they left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass
class Ran:
    """A finished `rdokit run`: its exit status, what it printed, its folder."""

    status: int
    printed: str
    folder: Path

    def events(self, *kinds: str) -> list[dict]:
        """The journal's events of these kinds, in order."""
        rows = [json.loads(line) for line in (self.folder / "events.jsonl").read_text().splitlines()]
        return [row for row in rows if row["event"] in kinds]

    @property
    def changed(self) -> list[str]:
        return [f"{row['node']}: {row['step']}" for row in self.events("outcome") if row.get("changed")]

    def notebook(self, phase: str) -> str:
        """All text and pictures that the executed notebook holds."""
        cells = json.loads((self.folder / f"{phase}.ipynb").read_text())["cells"]
        texts = []
        for output in (o for cell in cells for o in cell.get("outputs", ())):
            texts.append("".join(output.get("text", "")))
            for part in output.get("data", {}).values():
                texts.append("".join(part) if isinstance(part, list) else str(part))
        return "\n".join(texts)


def command(site: Path, *words: str) -> tuple[list[str], dict[str, str]]:
    """Command line and environment of `rdokit …` on a site, its runs beside the site file."""
    env = os.environ | {"RDOKIT_RUNS": str(site.parent / "runs"), "RDOKIT_NOTEBOOKS": str(ROOT / "notebooks")}
    for name in ("RDOKIT_RUN", "RDOKIT_PHASE", "RDOKIT_SITE", "SSH_AUTH_SOCK"):
        env.pop(name, None)
    return [sys.executable, "-m", "rdokit.cli", *words, "--site", str(site)], env


def run(site: Path, *phases: str, limit: float = 240) -> Ran:
    """`rdokit run PHASES --site SITE` to its end."""
    argv, env = command(site, "run", *phases)
    done = subprocess.run(argv, env=env, cwd=ROOT, capture_output=True, text=True, timeout=limit,
                          stdin=subprocess.DEVNULL)  # fmt: skip
    return Ran(done.returncode, done.stdout + done.stderr, newest(site))


def newest(site: Path) -> Path:
    runs = [d for d in (site.parent / "runs").iterdir() if (d / "events.jsonl").exists()]
    return max(runs, key=lambda d: (d / "events.jsonl").stat().st_ctime_ns)


@contextmanager
def web_server(address: str = "192.168.0.10") -> Iterator[str]:
    """A web server on the Client that answers 200 to everything: the repository that Step 0 asks for."""
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer((address, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{address}:{server.server_port}/rdo-release-havana.rpm"
        server.shutdown()
