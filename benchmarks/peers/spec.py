"""What every peer is told (a JSON file named by $BENCH_SPEC) and the edits of those that edit by themselves.

The edits are the least that does the work: a setting is replaced where it stands or appended, nothing else moves.
"""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

SPEC = json.loads(Path(os.environ["BENCH_SPEC"]).read_text())
FILES = ("/etc/sysctl.conf", "/etc/selinux/config", "/etc/hosts")
CHECK = "sysctl -n " + " ".join(SPEC["sysctl"]) + "; getenforce"


def edited(path: str, text: str) -> str:
    """The file as Steps 2-4 want it."""
    if path == "/etc/hosts":
        wanted = [" ".join([address, *names]) for address, names in SPEC["hosts"]]
        return text + "".join(line + "\n" for line in wanted if line not in text.split("\n"))
    pairs = {"SELINUX": "permissive"} if "selinux" in path else SPEC["sysctl"]
    glue = "=" if "selinux" in path else " = "
    for key, value in pairs.items():
        line = f"{key}{glue}{value}"
        text, found = re.subn(rf"^{re.escape(key)}\s*=.*$", line, text, flags=re.M)
        if not found:
            text += line + "\n"
    return text


def good(output: str) -> bool:
    """Does what CHECK printed show that everything is so?"""
    return output.split() == [*map(str, SPEC["sysctl"].values()), "Permissive"]


class Clock:
    """Prints what `remote.py` reads: seconds for imports and from first connect to last check."""

    def __init__(self, started: float) -> None:
        self.imports = time.perf_counter() - started
        self.start = time.perf_counter()

    def stop(self) -> None:
        print(json.dumps({"imports": self.imports, "work": time.perf_counter() - self.start}), flush=True)
