"""The papermill engine of ours: status as it really was, notebooks saved whole, secrets masked, floods bounded.

Papermill 2.7 marks every cell `completed` after Ctrl-C, a time limit or a dead kernel, can leave an empty
file when it is killed, and saves after every cell. This engine is registered as `rdokit`
(`papermill --engine rdokit …`) and is what `rdokit run` uses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager
from papermill.iorw import papermill_io
from papermill.log import logger

from .journal import write_atomic
from .shell import shorten

SAVE_EVERY = 2.0  # seconds between saves while all is well; failures and ends are always saved
FLOOD = 60_000  # characters of printed text a cell keeps before its middle goes to a log file
TAIL = 20_000
TROUBLE = re.compile(r"error|fail|fatal|denied|refused|traceback", re.IGNORECASE)
PENDING, RUNNING, COMPLETED, FAILED = "pending", "running", "completed", "failed"
INTERRUPTED, SKIPPED = "interrupted", "skipped"


class AtomicFile:
    """papermill's way of writing a notebook, but through a temporary file that is renamed."""

    def __init__(self, mask: Callable[[str], str]):
        self.mask = mask

    def read(self, path: str) -> str:
        return Path(path).read_text(encoding="utf-8")

    def listdir(self, path: str) -> list[str]:
        return [str(one) for one in Path(path).iterdir()]

    def write(self, text: str, path: str) -> None:
        write_atomic(path, self.mask(text))

    def pretty_path(self, path: str) -> str:
        return path


class TruthfulManager(NotebookExecutionManager):
    """Status and times of the cells, as they were; saves seldom while all is well."""

    progress: Callable[[int, object], None] | None = None

    def cell_start(self, cell, cell_index=None, **kwargs):
        cell.metadata.papermill.update(start_time=self.now().isoformat(), status=RUNNING, exception=False)
        if self.progress:
            self.progress(cell_index, cell)
        if (self.now() - self.last_save_time).total_seconds() > SAVE_EVERY:
            self.save()

    def cell_end(self, cell, status: str) -> None:
        """Sets how a cell ended."""
        meta = cell.metadata.papermill
        end = self.now()
        meta.update(status=status, exception=status in (FAILED, INTERRUPTED), end_time=end.isoformat())
        if meta.get("start_time"):
            import datetime

            meta["duration"] = (end - datetime.datetime.fromisoformat(meta["start_time"])).total_seconds()
        if meta["exception"]:
            self.nb.metadata.papermill["exception"] = True
            self.save()

    def notebook_complete(self, **kwargs):
        """Like papermill's, but what was not run stays `pending`."""
        self.end_time = self.now()
        meta = self.nb.metadata.papermill
        meta["end_time"] = self.end_time.isoformat()
        meta["duration"] = (self.end_time - self.start_time).total_seconds()
        self.cleanup_pbar()
        self.save()


class Flood:
    """Printed text of one cell: the beginning and end stay in the notebook, all of it goes to a log when it is long.

    Args:
        log: file for the whole text; None keeps only beginning, end and the lines that speak of trouble.
    """

    def __init__(self, log: Path | None):
        self.log, self.kept, self.total, self.tail = log, 0, 0, ""
        self._trouble: list[str] = []
        self._file = None

    def take(self, text: str) -> str:
        """What of this piece still goes into the notebook."""
        self.total += len(text)
        room = max(FLOOD - self.kept, 0)
        now, later = text[:room], text[room:]
        self.kept += len(now)
        if later:
            self._trouble += [line for line in later.splitlines() if TROUBLE.search(line)][: 200 - len(self._trouble)]
            self.tail = (self.tail + later)[-TAIL:]
        return now

    def spill(self, earlier: str, text: str) -> None:
        """Writes to the log; `earlier` is what the notebook held when the flood began."""
        if self.log is None:
            return
        if self._file is None:
            self._file = open(self.log, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
            self._file.write(earlier)
        self._file.write(text)

    def ending(self) -> str:
        """The text that closes the cell's output: what was left out, where it is, trouble, the end."""
        if self._file:
            self._file.close()
        if not self.tail:
            return ""
        left_out = self.total - self.kept - len(self.tail)
        if left_out <= 0:
            return self.tail
        trouble = shorten((line[:300] for line in self._trouble if line not in self.tail), 10, 10)
        where = f", all of it is in {self.log.name}" if self.log else ""
        return "\n".join([f"\n… {left_out:,} characters left out{where} …", *trouble, "…",
                          self.tail.partition("\n")[2] or self.tail])


class Client(PapermillNotebookClient):
    """Executes the cells on a kernel that may already be running.

    Attributes set by the engine: `kernel` (a `kernels.Kernel` or None), `stop` (its `signum` is not 0
    when somebody asked to stop), `mask`, `log_stem` (path for overlong output, without its ending).
    """

    kernel = None
    stop = None
    log_stem: Path | None = None

    def __init__(self, manager, *, mask, **options):
        super().__init__(manager, **options)
        self.mask = mask
        self._flood = Flood(None)
        self._dead = False

    def papermill_execute_cells(self):
        for index, cell in enumerate(self.nb.cells):
            if self.stop and self.stop.signum:
                raise KeyboardInterrupt
            self.nb_man.cell_start(cell, index)
            self._flood = Flood(self._log_for(cell, index))
            status = FAILED
            try:
                status = self._run(cell, index)
            except CellExecutionError:
                status = INTERRUPTED if self.stop and self.stop.signum else FAILED
                break
            except (DeadKernelError, CellTimeoutError, RuntimeError) as error:
                status = INTERRUPTED if self.stop and self.stop.signum else FAILED
                cell.outputs.append(_error_output(error))
                self._dead = True
                break
            except KeyboardInterrupt:
                status = INTERRUPTED
                raise
            finally:
                self._close_flood(cell)
                self.nb_man.cell_end(cell, status)

    def _run(self, cell, index: int) -> str:
        if cell.cell_type != "code" or not cell.source.strip():
            return COMPLETED
        if self.skip_cells_with_tag in cell.metadata.get("tags", []):
            return SKIPPED
        if self.kernel:
            self.kernel.busy = True
        try:
            self.execute_cell(cell, index)
        finally:
            if self.kernel:
                self.kernel.busy = False
        return COMPLETED

    def wait_for_reply(self, msg_id, cell=None):
        """The language's name at the end; a kernel that is gone is not asked, and does not hide why it went."""
        if self._dead:
            return {"content": {"language_info": self.nb.metadata.get("language_info", {"name": "python"})}}
        return super().wait_for_reply(msg_id, cell)

    def process_message(self, msg, cell, cell_index):
        msg["content"] = _masked(msg["content"], self.mask)
        return super().process_message(msg, cell, cell_index)

    def output(self, outs, msg, display_id, cell_index):
        if msg["msg_type"] != "stream" or self.output_hook_stack[msg["parent_header"].get("msg_id")] \
                or self.clear_before_next_output:
            return super().output(outs, msg, display_id, cell_index)
        name, text = msg["content"]["name"], msg["content"]["text"]
        before = self._flood.total
        kept = self._flood.take(text)
        if self._flood.total > FLOOD:
            first = before <= FLOOD
            self._flood.spill(_printed(outs) if first else "", text)
        return self._append_stream(outs, name, kept) if kept else None

    def _append_stream(self, outs, name: str, text: str):
        if outs and outs[-1].output_type == "stream" and outs[-1].name == name:
            outs[-1].text += text
        else:
            outs.append(new_output("stream", name=name, text=text))
        return outs[-1]

    def _close_flood(self, cell) -> None:
        for out in cell.get("outputs", []):
            if out.output_type == "stream":
                out.text = self.mask(out.text)  # once more: a secret may have come in two pieces
        if ending := self._flood.ending():
            position = next((i for i, out in enumerate(cell.outputs) if out.output_type == "error"), len(cell.outputs))
            cell.outputs.insert(position, new_output("stream", name="stdout", text=self.mask(ending)))

    def _log_for(self, cell, index: int) -> Path | None:
        return self.log_stem.with_name(f"{self.log_stem.name}.{cell.get('id', index)}.log") if self.log_stem else None


def _printed(outs) -> str:
    return "".join(out.text for out in outs if out.output_type == "stream")


def _error_output(error: Exception):
    said = {"DeadKernelError": "The kernel died: killed, out of memory, or ended by the system.",
            "CellTimeoutError": "The cell did not end within its time limit."}
    name = type(error).__name__
    text = said.get(name, str(error))
    return new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])


def _masked(value, mask):
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {name: _masked(one, mask) for name, one in value.items()}
    return [_masked(one, mask) for one in value] if isinstance(value, list) else value


class RdokitEngine(NBClientEngine):
    """papermill's engine `rdokit`."""

    @classmethod
    def execute_notebook(cls, nb, kernel_name, output_path=None, progress_bar=False, log_output=False,
                         autosave_cell_every=0, *, kernel=None, stop=None, mask=None, progress=None, **options):
        """Executes a notebook; papermill calls this.

        Args:
            kernel: a `kernels.Kernel` that is already starting; None starts one as papermill does.
            stop: object with `signum`, 0 until somebody asks to stop.
            mask: replaces secrets in a text.
            progress: called with (index, cell) before each cell.
        """
        mask = mask or (lambda text: text)
        if output_path:
            papermill_io.register(str(output_path), AtomicFile(mask))
        manager = TruthfulManager(nb, output_path=output_path, progress_bar=progress_bar, log_output=log_output,
                                  autosave_cell_every=0)
        manager.progress = progress
        manager.notebook_start()
        client = Client(manager, mask=mask, **cls._traits(kernel_name, log_output, kernel, options))
        client.kernel, client.stop = kernel, stop
        client.log_stem = Path(output_path).with_suffix("") if output_path and kernel else None
        try:
            client.execute()
        finally:
            manager.notebook_complete()
        return manager.nb

    @staticmethod
    def _traits(kernel_name, log_output, kernel, options) -> dict:
        limit = options.pop("execution_timeout", None) or options.pop("timeout", None)
        options.pop("input_path", None)
        traits = {"kernel_name": kernel_name, "log": logger, "log_output": log_output, "timeout": limit,
                  "startup_timeout": options.pop("start_timeout", 60), "iopub_timeout": 60, **options}
        if kernel:
            traits["km"] = kernel.manager
        return traits


