"""Executes one notebook through papermill's API and says how it failed, if it did."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

# jsonschema's optional check of international addresses compiles a grammar for a second at import;
# a notebook holds none of them, and jsonschema does without when the package is not there.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

import papermill  # noqa: E402
from papermill.engines import papermill_engines  # noqa: E402
from papermill.exceptions import PapermillExecutionError  # noqa: E402

from .engine import RdokitEngine  # noqa: E402
from .failure import Failure  # noqa: E402

papermill_engines.register("rdokit", RdokitEngine)
logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what it says is in the journal and the notebook


def execute(source: Path, target: Path, parameters: dict, *, kernel, stop, mask: Callable[[str], str],
            progress: Callable) -> Failure | None:
    """Runs `source` into `target` on a kernel; None when it went through.

    Args:
        kernel: a `kernels.Kernel`, started or starting.
        stop: its `signum` is not 0 when somebody asked to stop.
        mask: replaces secrets.
        progress: called with (index, cell) before each cell.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            papermill.execute_notebook(str(source), _brace(target), parameters=parameters, engine_name="rdokit",
                                       kernel_name="python3", progress_bar=False, autosave_cell_every=0,
                                       kernel=kernel, stop=stop, mask=mask, progress=progress)
    except PapermillExecutionError as error:
        return _failure(error, target)
    except KeyboardInterrupt:
        return Failure("", "KeyboardInterrupt", "interrupted")
    except RuntimeError as error:  # the kernel did not start
        return Failure("", type(error).__name__, f"The kernel did not start: {error}. See {target.parent}/kernels.log.")
    return None


def _brace(path: Path) -> str:
    """papermill fills `{…}` in paths; ours is meant as it is."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _failure(error: PapermillExecutionError, target: Path) -> Failure:
    import json

    cells = json.loads(target.read_text(encoding="utf-8"))["cells"]
    cell = next((c for c in cells if c.get("metadata", {}).get("papermill", {}).get("exception")), {})
    return Failure(cell.get("id", str(error.cell_index)), error.ename, error.evalue,
                   source=error.source, count=error.exec_count, traceback=list(error.traceback))
