"""All phases headless on the practice lab, beside papermill on as many empty notebooks, in one run.

    python benchmarks/headless.py [--rounds 5]

Each round, in turn: papermill's API on empty notebooks (one process, its own kernel per notebook, as
papermill users do it); `rdokit run` on a fresh lab; `rdokit run` again, which changes nothing. Whole
processes are timed, so imports count on both sides. To reach: at most twice papermill's time.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAPERMILL = """
import sys, papermill
for path in sys.argv[2:]:
    papermill.execute_notebook(path, sys.argv[1], parameters={"site": "lab"}, progress_bar=False)
"""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def own_site(folder: Path) -> Path:
    """The lab's site with ports and state of our own, so that a lab in use is left alone."""
    text = (ROOT / "params/lab.yml").read_text(encoding="utf-8")
    text = re.sub(r"port: \d+", lambda _: f"port: {free_port()}", text)
    (folder / "params").mkdir()
    path = folder / "params/bench.yml"
    path.write_text(text.replace("site: lab\n", "site: bench\n"), encoding="utf-8")
    return path


def empty_notebooks(folder: Path, count: int) -> list[str]:
    cell = {"cell_type": "code", "id": "parameters", "metadata": {"tags": ["parameters"]}, "source": 'site = "lab"',
            "outputs": [], "execution_count": None}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    paths = []
    for number in range(count):
        path = folder / f"{number:02d}_empty.ipynb"
        path.write_text(json.dumps({"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4,
                                    "nbformat_minor": 5}))
        paths.append(str(path))
    return paths


def seconds(*line: str, **environment: str) -> float:
    begun = time.perf_counter()
    done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL,
                          env={**os.environ, **environment})
    spent = time.perf_counter() - begun
    if done.returncode:
        sys.exit(f"{' '.join(line[-4:])} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return spent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    sys.path.insert(0, str(ROOT))
    from rdokit.phases import phases, select

    count = len(select(phases(ROOT / "notebooks")))
    times: dict[str, list[float]] = {"papermill, empty notebooks": [], "rdokit run, fresh lab": [],
                                     "rdokit run again, 0 changes": []}
    with tempfile.TemporaryDirectory(prefix="rdokit-bench-") as name:
        folder = Path(name)
        site, empty = str(own_site(folder)), empty_notebooks(folder, count)
        rdokit = [sys.executable, "-m", "rdokit.cli"]
        try:
            for _ in range(rounds):
                values = iter(times.values())
                next(values).append(seconds(sys.executable, "-c", PAPERMILL, str(folder / "out.ipynb"), *empty))
                seconds(*rdokit, "lab", "reset", "--site", site)
                for series in values:
                    series.append(seconds(*rdokit, "run", "--site", site, RDOKIT_RUNS=str(folder / "runs")))
        finally:
            subprocess.run([*rdokit, "lab", "down", "--site", site], cwd=ROOT, capture_output=True)
    base = statistics.median(times["papermill, empty notebooks"])
    print(f"{count} notebooks, median of {rounds}, seconds, and times papermill:\n")
    print("| what | median | min | max | ratio |\n|---|---|---|---|---|")
    for what, series in times.items():
        middle = statistics.median(series)
        print(f"| {what} | {middle:.1f} | {min(series):.1f} | {max(series):.1f} | {middle / base:.2f} |")
    worst = max(statistics.median(series) for series in times.values()) / base
    print(f"\nTo reach: at most 2.00. {'Reached' if worst <= 2 else 'Not reached'}: {worst:.2f}.")
    return 0 if worst <= 2 else 1


if __name__ == "__main__":
    sys.exit(main())
