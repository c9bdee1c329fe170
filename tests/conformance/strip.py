#!/usr/bin/env python3
"""Copy a recording without the wording of help and usage pages: `strip.py IN.jsonl OUT.jsonl`.

Exit code, stream and the error line that names the wrong argument stay; that is all the replay compares.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from tests.conformance.compare import is_page, usage_line  # noqa: E402

KEPT = ("id", "tool", "argv", "stdin", "env", "tty", "exit", "stdout", "stderr", "section", "note")


def stripped(line: dict[str, Any]) -> dict[str, Any]:
    """One recorded line without foreign prose."""
    out = {k: line[k] for k in KEPT if k in line}
    for stream in ("stdout", "stderr"):
        error = usage_line(out[stream]) if out["exit"] == 2 else None
        if error is not None:
            out[stream] = "usage: ...\n" + re.sub(r" \(choose from.*\)", " (choose from ...)", error) + "\n"
        elif is_page(out[stream]):
            out[stream] = "usage: ...\n"
    return out


def main() -> None:
    source, target = map(Path, sys.argv[1:3])
    lines = [stripped(json.loads(text)) for text in source.read_text(encoding="utf-8").splitlines()]
    target.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
