"""The papermill engine of ours: status as it really was, notebooks saved whole, secrets masked, floods bounded.

Papermill 2.7 marks every cell `completed` after Ctrl-C, a time limit or a dead kernel, can leave an empty
file when it is killed, and saves after every cell. This engine is registered as `rdokit`
(`papermill --engine rdokit …`) and is what `rdokit run` uses.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from queue import Empty

from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager
from papermill.iorw import papermill_io
from papermill.log import logger

from .flood import FLOOD, Flood
from .journal import write_atomic

SAVE_EVERY = 2.0  # seconds between saves while all is well; failures and ends are always saved
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

    async def async_start_new_kernel_client(self):
        """nbclient's waits 0.2 s more for messages that may be left over; here the last one is known."""
        if not self.kernel:
            return await super().async_start_new_kernel_client()
        self.kc = self.km.client()
        self.kc.start_channels()
        self.kc.allow_stdin = False
        await asyncio.wait_for(self._ready(), self.startup_timeout)
        return self.kc

    start_new_kernel_client = run_sync(async_start_new_kernel_client)

    async def _ready(self) -> None:
        """Asks until the kernel's answer came and its output channel is connected."""
        while True:
            asked = self.kc.kernel_info()
            with contextlib.suppress(Empty):
                while (await self.kc.shell_channel.get_msg(timeout=1))["parent_header"].get("msg_id") != asked:
                    pass
                while True:  # the end of our own request, seen on the output channel
                    seen = await self.kc.iopub_channel.get_msg(timeout=0.1)
                    if seen["parent_header"].get("msg_id") == asked and seen["content"].get(
                            "execution_state") == "idle":
                        return
            if not await self.km.is_alive():
                raise RuntimeError("the kernel ended while it started")

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


