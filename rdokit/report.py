"""`report.html`: one page that opens offline, from the journal and the executed notebooks of a run.

No script, no address of another machine, and a content policy that forbids both. Everything that came
from a node is escaped or, where a notebook made it a table or picture, rewritten by `sanitize`.
"""

from __future__ import annotations

import html
import itertools
import os
from collections.abc import Iterable
from pathlib import Path

from .journal import write_atomic
from .record import PhaseRecord, RunRecord, last_error, read_run, steps_with_outputs
from .report_style import COLORS, CSS
from .sanitize import sanitize
from .shell import narrow, plain

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
LONG_DIFF = 60  # lines


def build(folder: Path) -> Path:
    """Writes report.html into a run's folder and returns its path."""
    path = folder / "report.html"
    write_atomic(path, render(read_run(folder)))
    return path


def render(run: RunRecord) -> str:
    """The page."""
    sections = [_failure(run), _cut(run), _timeline(run), _phases(run), _changes(run), _commands(run), _shown(run),
                _about(run)]
    title = f"{run.folder.name}: {run.status}"
    return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{_e(title)}</title>'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<style>{CSS}</style></head><body>{_head(run)}<main>{_cards(run)}{_nav(sections)}"
            f"{''.join(text for _, text in sections)}"
            "<footer>Written by rdokit from the journal and the executed notebooks beside this file.</footer>"
            "</main></body></html>\n")


def _e(value: object) -> str:
    return html.escape(plain(str(value if value is not None else "")))


def _head(run: RunRecord) -> str:
    manifest = run.manifest
    color = COLORS.get(run.status, "#5b6675")
    when = f"{run.start:%Y-%m-%d %H:%M:%S} UTC" if run.start else ""
    words = [f"site {manifest.get('site', '?')}", when, str(manifest.get("operator", ""))]
    if run.attempts > 1:
        words.append(f"attempt {run.attempts}")
    if manifest.get("plan"):
        words.append("plan only: nothing was changed")
    return (f'<header><div><h1>{_e(run.folder.name)}<span class="badge" style="background:{color}">'
            f"{_e(run.status)}</span></h1><p>{_e(' · '.join(filter(None, words)))}</p></div></header>")


def _cards(run: RunRecord) -> str:
    last = [phase for phase in run.phases if phase.status != "not run"]
    figures = [(sum(p.changed for p in run.phases), "changed"), (sum(p.already for p in run.phases), "already so"),
               (sum(p.failed for p in run.phases), "failed"), (f"{len(last)}/{len(run.phases)}", "phases"),
               (len(run.nodes), "nodes"), (_time(run.seconds), "time")]
    if run.attempts > 1:
        figures[0] = (len(run.changes), f"changed in {run.attempts} attempts")
    cards = "".join(f'<div class="card"><b>{_e(figure)}</b><span>{_e(name)}</span></div>' for figure, name in figures)
    return f'<div class="cards">{cards}</div>'


def _nav(sections: Iterable[tuple[str, str]]) -> str:
    links = (f'<a href="#{name.replace(" ", "-")}">{_e(name)}</a>' for name, text in sections if text)
    return f"<nav>{''.join(links)}</nav>"


def _section(name: str, body: str, kind: str = "") -> tuple[str, str]:
    title = _e(name[0].upper() + name[1:])
    text = f'<section id="{name.replace(" ", "-")}" class="{kind}"><h2>{title}</h2>{body}</section>'
    return name, text if body else ""


def _failure(run: RunRecord) -> tuple[str, str]:
    parts = []
    for phase in run.phases:
        error = last_error(phase.notebook)
        if phase.status not in ("failed", "interrupted") or not (error or phase.failed):
            continue
        events = [e for e in run.failures if e.get("phase") == phase.name]
        lines = plain(error.get("evalue", "")).splitlines() or [str(e.get("error", "")) for e in events]
        advice = [line.strip().removeprefix("→").strip() for line in lines if line.strip().startswith("→")]
        text = "\n".join(line for line in lines if not line.strip().startswith("→"))
        number = f" (In [{error['count']}])" if error.get("count") else ""
        parts.append(f"<p><b>{_link(run, phase)}</b>: {_e(phase.title)}, cell <code>{_e(error.get('cell', '?'))}"
                     f"</code>{number}</p>")
        parts += [f"<pre>{_e(e.get('node', ''))}# {_e(e['command'])}</pre>" for e in events
                  if e.get("command") and plain(e["command"]) not in text]
        parts.append(f"<pre>{_e(error.get('ename', 'error'))}: {_e(text)}</pre>")
        parts += [f"<p><b>Next:</b> {_e(line)}</p>" for line in advice]
    if parts:
        parts.append(f"<p>Then go on with <code>rdokit run --site {_e(run.manifest.get('site', ''))} --resume</code>: "
                     "what is done is looked at again, not repeated.</p>")
    return _section("what failed", "".join(parts), "alarm")


def _cut(run: RunRecord) -> tuple[str, str]:
    rows = [(e.get("t", "")[11:19], e.get("node", ""), e.get("phase", ""), e.get("step", ""),
             e.get("command") or e.get("path") or "") for e in run.unanswered]
    body = ""
    if rows:
        body = ("<p>These were begun and no outcome was recorded. The next run looks at each before it sends "
                "anything.</p>" + _table(("time", "node", "phase", "step", "what"), rows, code=(4,)))
    elif run.status == "cut off":
        body = "<p>No end of this run was recorded: it is still at work, or it was killed. Nothing was under way.</p>"
    return _section("cut in the middle", body, "open")


def _timeline(run: RunRecord) -> tuple[str, str]:
    ran = [p for p in run.phases if p.start]
    if not ran:
        return _section("timeline", "")
    start = min(p.start for p in ran)
    end = max((p.start - start).total_seconds() + p.seconds for p in ran) or 1.0
    left, width, row = 150, 810, 26
    height = row * len(ran) + 30
    out = [f'<svg class="timeline" viewBox="0 0 1000 {height}" role="img" aria-label="time of each phase" '
           'font-family="system-ui, sans-serif" font-size="12.5">']
    for tick in _ticks(end):
        x = left + width * tick / end
        out.append(f'<line x1="{x:.1f}" y1="4" x2="{x:.1f}" y2="{height - 22}" stroke="#e3e8ee"/>'
                   f'<text x="{x:.1f}" y="{height - 7}" text-anchor="middle" fill="#5b6675">{_time(tick)}</text>')
    for number, phase in enumerate(ran):
        y = number * row + 6
        x = left + width * (phase.start - start).total_seconds() / end
        wide = max(width * phase.seconds / end, 2.0)
        label_x, anchor = (x + wide + 6, "start") if x + wide < 900 else (x - 6, "end")
        out.append(f'<text x="{left - 12}" y="{y + 13}" text-anchor="end" fill="#1d2733">{_e(phase.name)}</text>'
                   f'<rect x="{x:.1f}" y="{y}" width="{wide:.1f}" height="17" rx="3.5" '
                   f'fill="{COLORS.get(phase.status, "#9aa4b2")}"><title>{_e(phase.title)}: {_e(phase.status)}</title>'
                   f'</rect><text x="{label_x:.1f}" y="{y + 13}" text-anchor="{anchor}" fill="#5b6675">'
                   f"{_time(phase.seconds)}</text>")
    return _section("timeline", "".join(out) + "</svg>")


def _ticks(end: float) -> list[float]:
    step = next(s for s in (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10**9) if end / s <= 9)
    return [step * n for n in range(int(end / step) + 1)]


def _phases(run: RunRecord) -> tuple[str, str]:
    rows = []
    for phase in run.phases:
        ran = phase.status != "not run"
        rows.append("<tr>" + f'<td class="w">{_link(run, phase)}</td><td>{_e(phase.title)}</td>'
                    f'<td class="w">{_dot(phase.status)}{_e(phase.status)}</td>'
                    + "".join(f'<td class="n">{_e(n) if ran else ""}</td>'
                              for n in (phase.changed, phase.already, phase.failed, _time(phase.seconds))) + "</tr>")
    head = ('<thead><tr><th>phase</th><th>title</th><th>ended</th><th class="n">changed</th>'
            '<th class="n">already so</th><th class="n">failed</th><th class="n">time</th></tr></thead>')
    return _section("phases", f'<div class="scroll"><table class="wide">{head}'
                    f'<tbody>{"".join(rows)}</tbody></table></div>')


def _changes(run: RunRecord) -> tuple[str, str]:
    parts = []
    key = lambda event: str(event.get("node", ""))  # noqa: E731
    for node, events in itertools.groupby(sorted(run.changes, key=key), key):
        events = list(events)
        parts.append(f'<h3>{_e(node or "this machine")} <span class="soft">{len(events)} changes</span></h3>')
        parts += [_change(event, run.attempts) for event in events]
    return _section("what changed", "".join(parts))


def _change(event: dict, attempts: int) -> str:
    what = event.get("command") or event.get("path") or event.get("step") or ""
    step = event.get("step", "")
    where = [event.get("phase", ""), step if step != what else "", event.get("t", "")[11:19],
             f"{event.get('seconds', 0):.1f} s" if event.get("seconds") else ""]
    if attempts > 1:
        where.append(f"attempt {event['attempt']}")
    if event.get("exit"):
        where.append(f"exit {event['exit']}")
    if event.get("backup"):
        where.append(f"backup {event['backup']}")
    return (f'<div class="change"><code>{_e(what)}</code><div class="where">{_e(" · ".join(filter(None, where)))}</div>'
            f"{_diff(str(event.get('diff') or ''))}</div>")


def _diff(text: str) -> str:
    lines = narrow(plain(text)).splitlines()
    if not lines:
        return ""
    kinds = {"+++": "h", "---": "h", "@@": "h", "+": "a", "-": "d", "": "c"}
    out = [f'<span class="{next(kinds[k] for k in kinds if line.startswith(k))}">{html.escape(line) or " "}</span>'
           for line in lines[:LONG_DIFF]]
    more = f'<span class="h">… {len(lines) - LONG_DIFF} lines more in events.jsonl</span>' \
        if len(lines) > LONG_DIFF else ""
    return f"<pre>{''.join(out)}{more}</pre>"


def _commands(run: RunRecord) -> tuple[str, str]:
    events = [e for e in run.events if e["event"] in ("outcome", "failed") and e.get("command")]
    rows = [(e.get("t", "")[11:19], e.get("node", ""), e["command"], "" if e.get("exit") is None else e["exit"],
             f"{e['seconds']:.1f}" if isinstance(e.get("seconds"), (int, float)) else "",
             "changed" if e.get("changed") else "failed" if e["event"] == "failed" else "") for e in events]
    return _section("commands", _table(("time", "node", "command", "exit", "seconds", ""), rows, code=(2,),
                                       numbers=(3, 4)) if rows else "")


def _table(head: Iterable[str], rows: Iterable[Iterable[object]], *, code: tuple = (), numbers: tuple = ()) -> str:
    def cell(number: int, value: object) -> str:
        if number in code:
            return f'<td class="cmd"><code>{_e(value)}</code></td>'
        return f'<td class="{"n" if number in numbers else "w"}">{_e(value)}</td>'

    top = "".join(f'<th class="{"n" if i in numbers else ""}">{_e(name)}</th>' for i, name in enumerate(head))
    body = "".join(f"<tr>{''.join(cell(i, value) for i, value in enumerate(row))}</tr>" for row in rows)
    return f'<div class="scroll"><table class="wide"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _shown(run: RunRecord) -> tuple[str, str]:
    parts = []
    for phase in run.phases:
        steps = steps_with_outputs(phase.notebook)
        inner = "".join(f"<h4>{_e(heading)}</h4>{''.join(map(_output, outputs))}" for heading, outputs in steps)
        if inner:
            parts.append(f'<details class="phase" open><summary>{_e(phase.name)}: {_e(phase.title)}</summary>'
                         f"{inner}</details>")
    hint = '<p class="hint">Every phase\'s tables and pictures, as its notebook shows them.</p>'
    return _section("tables and pictures", hint + "".join(parts) if parts else "")


def _output(output: dict) -> str:
    data = {kind: "".join(value) if isinstance(value, (list, str)) else "" for kind, value in
            output.get("data", {}).items()}
    if data.get("image/svg+xml"):
        return f'<div class="out">{sanitize(data["image/svg+xml"])}</div>'
    if data.get("text/html") and (clean := sanitize(data["text/html"])).strip():
        return f'<div class="out">{clean}</div>'
    for kind in ("image/png", "image/jpeg"):
        if coded := "".join(data.get(kind, "").split()):
            return f'<div class="out"><img alt="" src="data:{kind};base64,{html.escape(coded)}"></div>'
    text = data.get("text/plain", "")
    return f"<pre>{_e(text)}</pre>" if text and not text.startswith("<IPython.core") else ""


def _about(run: RunRecord) -> tuple[str, str]:
    manifest = run.manifest
    facts = {"site file": os.path.basename(str(manifest.get("site_file", ""))), "site hash": manifest.get("site_hash"),
             "command line": " ".join(map(str, manifest.get("argv") or [])), "operator": manifest.get("operator"),
             "journal": f"{len(run.events)} events in events.jsonl"}
    for number, attempt in enumerate(manifest.get("attempts") or [], 1):
        facts[f"attempt {number}"] = f"{attempt.get('status')}, {attempt.get('updated') or ''}"
    facts |= manifest.get("versions") or {}
    rows = [(name, value) for name, value in facts.items() if value]
    return _section("about this run", _table(("", ""), rows))


def _link(run: RunRecord, phase: PhaseRecord) -> str:
    if not phase.notebook:
        return _e(phase.name)
    return f'<a href="{html.escape(phase.name)}.ipynb">{_e(phase.name)}</a>'


def _dot(status: str) -> str:
    return f'<span class="dot" style="background:{COLORS.get(status, "#9aa4b2")}"></span>'


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds % 1 and seconds < 20 else f"{seconds:.0f} s"
    minutes, rest = divmod(int(round(seconds)), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
