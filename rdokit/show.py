"""What a cell prints: prompts and lines, diffs, pictures, live progress; the only IPython import.

Everything shown passes the masker and loses its terminal control characters here. Live output is a
display that is updated and keeps its last state, so an executed notebook reads the same without a kernel.
"""

from __future__ import annotations

import ast
import difflib
import html
import sys
import time
from collections.abc import Iterable

from .secret import mask
from .shell import narrow, plain

REFRESH = 0.4  # seconds between updates of a live display: floods of small messages can kill a run
GREEN, RED, GREY, BLUE = "#1a7f37", "#b3261e", "#667085", "#175cd3"
_PRE = "margin:0;padding:.5em .8em;font:12px/1.5 monospace;white-space:pre-wrap;word-break:break-word;color:#1f2328;" \
       "background:#f6f8fa;border:1px solid #d0d7de;border-radius:4px"


def _ipython():
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def can_ask() -> bool:
    """Whether somebody is there to answer a prompt: a terminal, or a notebook that is not run headless."""
    shell = _ipython()
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        return bool(getattr(kernel, "_allow_stdin", False))
    return sys.stdin is not None and sys.stdin.isatty()


def in_notebook() -> bool:
    """Whether displays reach a notebook."""
    return _ipython() is not None and hasattr(_ipython(), "kernel")


def injected() -> set[str] | None:
    """Names that papermill put into this notebook with `-p`, `-f` or `-y`; None outside a notebook."""
    shell = _ipython()
    if shell is None:
        return None
    names: set[str] = set()
    for cell in shell.user_ns.get("In", [])[:6]:
        if cell.lstrip().startswith("# Parameters"):
            for node in ast.walk(ast.parse(cell)):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    names.add(node.id)
    return names


def value_of(name: str) -> object:
    """A variable of the notebook."""
    return _ipython().user_ns[name]


def say(text: str) -> None:
    """A line of text."""
    sys.stdout.write(narrow(mask(plain(text))) + "\n")  # in one piece: nodes are worked on at the same time
    sys.stdout.flush()


def prompt(nodes: str, line: str, user: str = "root") -> None:
    """The command line as a person sees it at the node's prompt."""
    say(f"[{user}@{nodes} ~]{'#' if user == 'root' else '$'} {line}")


_asked: dict[tuple[str, str], None] = {}  # (command line, node) since the cell began, in order


def asked(node: str, line: str) -> None:
    """Remember a command that only looked something up; the next table of a plan, or proof, shows it."""
    _asked[(mask(plain(line)), node)] = None


def _looked_up() -> tuple[str, str]:
    """The commands asked since, as text and as markup, a line each; forgets them."""
    lines: dict[str, list[str]] = {}
    for line, node in list(_asked):
        lines.setdefault(line, []).append(node)
    _asked.clear()
    if not lines:
        return "", ""
    rows = [f"{', '.join(sorted(nodes))}# {line}" for line, nodes in lines.items()]
    markup = (f'<div style="color:{GREY};font:11px/1.5 monospace;margin:.4em 0;white-space:pre-wrap;'
              f'overflow-wrap:anywhere">looked up with\n{html.escape(chr(10).join(rows))}</div>')
    return "\n".join(["looked up with", *("  " + row for row in rows)]), markup


def looked_up() -> None:
    """Say with which commands what follows was looked up."""
    if how := _looked_up()[0]:
        say(how)


class Shown:
    """Something with a picture for the notebook and a text for everybody else."""

    def __init__(self, text: str, markup: str, kind: str = "text/html"):
        self.text, self.markup, self.kind = mask(plain(text)), mask(markup), kind

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/plain": self.text, self.kind: self.markup}


def put(shown: Shown, handle=None):
    """Display (or update a display); returns a handle for updating, None outside a notebook."""
    if _ipython() is None:
        if handle is None:
            print(shown, flush=True)
        return None
    from IPython.display import display
    if handle is not None:
        handle.update(shown)
        return handle
    return display(shown, display_id=True)


def svg(markup: str, text: str) -> Shown:
    """A picture; `text` is what is read where pictures are not shown."""
    return Shown(text, markup, "image/svg+xml")


def unified(before: str, after: str, path: str) -> str:
    """The change of a file as a unified diff, a missing last newline marked."""
    lines = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True),
                                 f"{path} (now)", f"{path} (after)", n=2)
    return "".join(line if line.endswith("\n") else line + "\n\\ no newline at the end\n" for line in lines)


def diff(title: str, text: str) -> Shown:
    """A unified diff with its heading (the line a person would type)."""
    safe = narrow(mask(plain(text)))
    colours = {"+": GREEN, "-": RED, "@": BLUE, "\\": GREY}
    rows = []
    for line in safe.splitlines():
        colour = GREY if line.startswith(("+++", "---")) else colours.get(line[:1], "")
        row = html.escape(line)
        rows.append(f'<span style="color:{colour}">{row}</span>' if colour else row)
    body = "\n".join([f"<b>{html.escape(mask(plain(title)))}</b>", *rows])
    return Shown(f"{title}\n{safe}", f'<pre style="{_PRE}">{body}</pre>')


def dress(kind: type) -> None:
    """Let the notebook draw DataFrames as plain tables: texts to the left, numbers to the right, no row numbers."""
    shell = _ipython()
    if shell is not None and hasattr(shell, "display_formatter"):
        shell.display_formatter.mimebundle_formatter.for_type(kind, _table)
        if _new_cell not in shell.events.callbacks["pre_run_cell"]:
            shell.events.register("pre_run_cell", _new_cell)


def _new_cell(*_: object) -> None:
    _asked.clear()


# What the empty tables of a plan mean, by their columns.
TYPED = "what you would type"
_EMPTY = {("node", "already so", TYPED): "Nothing is asked for here: this plan has no steps.",
          ("node", "step", "outcome", "seconds"): "Nothing to do: the plan has no steps."}


# nbconvert's page would cut off wide pictures, and on paper long lines of code; the first table brings this along.
_PAPER = ("<style>.jp-RenderedSVG img{max-width:100%;height:auto}"
          "@media print{.jp-InputArea pre,.highlight pre{white-space:pre-wrap!important;overflow-wrap:anywhere}}"
          "</style>")
_TYPED = "font-family:monospace;font-size:12px;"  # for columns of command lines


def _paper() -> str:
    shell = _ipython()
    if shell is None or getattr(shell, "rdokit_paper", False):
        return ""
    shell.rdokit_paper = True
    return _PAPER


def _table(data, include=None, exclude=None) -> dict[str, str]:
    """A table and its text twin; under a plan's table, what it was looked up with."""
    names = tuple(map(str, data.columns))
    text, markup = _looked_up() if names == next(iter(_EMPTY)) else ("", "")
    _asked.clear()
    if not len(data) and names in _EMPTY:
        words = _EMPTY[names]
        return {"text/plain": "\n".join(filter(None, [words, text])), "text/html": f"<div>{words}</div>{markup}"}
    numeric = [kind.kind in "iuf" for kind in (getattr(t, "numpy_dtype", t) for t in data.dtypes)]
    align = ["right" if one else "left" for one in numeric]
    rows = [[_cell(value) for value in row] for row in data.itertuples(index=False, name=None)]
    head = "".join(f'<th style="text-align:{a}">{html.escape(name)}</th>' for name, a in zip(names, align, strict=True))
    body = "".join("<tr>" + "".join(
        f'<td style="text-align:{a};vertical-align:top;white-space:pre-wrap;{_TYPED if name == TYPED else ""}'
        f'{_wrap(cell)}">{html.escape(cell)}</td>' for name, cell, a in zip(names, row, align, strict=True)) + "</tr>"
        for row in rows)
    nothing = "" if rows else f'<div style="color:{GREY}">no rows</div>'
    table = f'<table border="1" class="dataframe"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return {"text/plain": "\n".join(filter(None, [_columns([names, *rows], align), text])),
            "text/html": table + nothing + markup + _paper()}


def _wrap(cell: str) -> str:
    """Ids stay whole; only longer words may be broken, so that a table fits on paper."""
    return f"overflow-wrap:{'anywhere' if max(map(len, cell.split()), default=0) > 40 else 'break-word'}"


def _columns(rows: list, align: list[str]) -> str:
    """Rows as text in columns; a cell of several lines keeps them."""
    blocks = [[cell.split("\n") for cell in row] for row in rows]
    widths = [max(len(line) for row in blocks for line in row[i]) for i in range(len(align))]
    lines = []
    for row in blocks:
        for i in range(max(map(len, row), default=0)):
            cells = [cell[i] if i < len(cell) else "" for cell in row]
            lines.append("  ".join(c.rjust(w) if a == "right" else c.ljust(w)
                                   for c, w, a in zip(cells, widths, align, strict=True)).rstrip())
    return "\n".join([*lines, "(no rows)"] if len(rows) == 1 else lines)


def _cell(value: object) -> str:
    """A value as people write it: nothing for what is missing, no brackets around lists."""
    if value is None or isinstance(value, float) and value != value or type(value).__name__ == "NAType":
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{key}={_cell(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ("\n" if any(isinstance(one, dict) for one in value) else ", ").join(map(_cell, value))
    return mask(plain(str(value)))


def verdicts(rows: Iterable[tuple[bool, str]], *, planned: bool = False) -> Shown:
    """What was proved and what was not, one line each; what is only `planned` is not red for not being so yet."""
    rows, wrong = list(rows), GREY if planned else RED
    how, markup = _looked_up()
    text = "\n".join([*(f"{'✔' if ok else '✘'} {sentence}" for ok, sentence in rows), *filter(None, [how])])
    lines = "<br>".join(f'<span style="color:{GREEN if ok else wrong};font-weight:600">{"✔" if ok else "✘"}</span> '
                        f"{html.escape(plain(sentence))}" for ok, sentence in rows)
    return Shown(text, f'<div style="line-height:1.7">{lines}</div>{markup}')


class Live:
    """Progress of long work: a heading, a bar where the share is known, and the last lines of the log.

    In a notebook it is one display that is updated at most every REFRESH seconds; elsewhere each new
    line is printed.
    """

    def __init__(self, title: str, lines: int = 8):
        self.title, self.keep = title, lines
        self.lines: list[str] = []
        self.state, self.share = "", None
        self.start = self._last = time.monotonic()
        self._quiet = _ipython() is None
        self._handle = put(self._draw()) if not self._quiet else None

    def add(self, text: str) -> None:
        """More of the log."""
        new = [line for line in plain(text).splitlines() if line.strip()]
        self.lines += new
        del self.lines[: -max(self.keep, 1) * 4]
        self.update()

    def update(self, state: str | None = None, share: float | None = None, *, now: bool = False) -> None:
        """A new state, and how much is done (0 to 1)."""
        self.state = self.state if state is None else state
        self.share = self.share if share is None else share
        if not self._quiet and (now or time.monotonic() - self._last > REFRESH):
            self._last = time.monotonic()
            self._handle = put(self._draw(), self._handle)

    def done(self, state: str, ok: bool = True) -> None:
        """The last state, which stays."""
        self.share = 1.0 if ok else self.share
        self.update(state, now=True)
        if self._quiet:
            say(f"{self.title}: {state}")

    def _draw(self) -> Shown:
        seconds = int(time.monotonic() - self.start)
        head = f"{self.title}  {seconds // 60}:{seconds % 60:02d}  {self.state}"
        tail = self.lines[-self.keep:]
        bar = ""
        if self.share is not None:
            bar = (f'<svg width="300" height="8" role="img" aria-label="{self.share:.0%}"><rect width="300" height="8" '
                   f'rx="4" fill="#eaecf0"/><rect width="{300 * min(self.share, 1):.0f}" height="8" rx="4" '
                   f'fill="{GREEN}"/></svg><br>')
        log = f'<pre style="{_PRE}">{html.escape(mask(chr(10).join(tail)))}</pre>' if tail else ""
        return Shown("\n".join([head, *("  " + line for line in tail)]),
                     f"<div><b>{html.escape(mask(plain(head)))}</b><br>{bar}{log}</div>")
