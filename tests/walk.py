"""Runs the notebooks' code cells in one plain process: the whole document in seconds, for tests that need it often.

    python -m tests.walk [--site S] [--quiet] [PHASE…]

What papermill and a kernel add is tested in test_demo; here it is the steps that count.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def phases(names: list[str]) -> list[Path]:
    """Notebooks by number or name; all but the undo without any."""
    found = sorted((ROOT / "notebooks").glob("*.ipynb"))
    if not names:
        return [p for p in found if p.stem < "90"]
    return [p for p in found if p.stem in names or p.stem[:2] in names]


def run(path: Path, site: str, *, quiet: bool = False, **parameters: object) -> None:
    """Execute one notebook's code cells in order, as a kernel would."""
    os.environ["RDOKIT_PHASE"] = path.stem
    names: dict[str, object] = {"__name__": "__main__"}
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        where = f"{path.stem}/{cell['id']}"
        exec(compile(tree, where, "exec"), names)  # noqa: S102
        if "parameters" in cell["metadata"].get("tags", []):
            names.update(parameters, site=site)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), where, "eval"), names)  # noqa: S307
            if value is not None and not quiet:
                print(value.to_string() if hasattr(value, "to_string") else value, flush=True)


def main() -> int:
    """Walk, and say where it stopped."""
    from rdokit.errors import RdokitError
    args = argparse.ArgumentParser()
    args.add_argument("phases", nargs="*")
    args.add_argument("--site", default="lab")
    args.add_argument("--quiet", action="store_true")
    args.add_argument("--plan", action="store_true")
    given = args.parse_args()
    for path in phases(given.phases):
        print(f"=== {path.stem}", flush=True)
        try:
            run(path, given.site, quiet=given.quiet, plan_only=given.plan)
        except RdokitError as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
