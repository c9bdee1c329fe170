"""How report.html looks: one style sheet in the page, system fonts for English and Japanese, printable."""

COLORS = {"changed": "#1a7f4b", "already so": "#2f6fb0", "planned": "#7a4fb5", "failed": "#c2352b",
          "interrupted": "#b7791f", "cut off": "#b7791f", "done": "#1a7f4b", "not run": "#9aa4b2",
          "running": "#b7791f", "by hand": "#5b6675"}

CSS = """
:root { --ink: #1d2733; --soft: #5b6675; --line: #dde3ea; --paper: #ffffff; --wash: #f5f7fa;
  --add: #e6f6ec; --del: #fdecea; --head: #17324d; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; color: var(--ink); background: var(--wash); line-height: 1.5; font-size: 15px;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Hiragino Sans",
    "Noto Sans CJK JP", "Noto Sans JP", "Yu Gothic UI", Meiryo, sans-serif; }
code, pre, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono",
  "Noto Sans Mono CJK JP", "Osaka-Mono", "MS Gothic", monospace; font-size: 0.88em; }
header { background: var(--head); color: #fff; padding: 28px 0 24px; }
header h1 { margin: 0 0 2px; font-size: 25px; font-weight: 650; letter-spacing: .1px; }
header p { margin: 0; color: #c6d4e3; }
main, header > div { max-width: 1080px; margin: 0 auto; padding: 0 24px; }
.badge { display: inline-block; padding: 2px 11px; border-radius: 99px; color: #fff; font-size: 13px;
  font-weight: 600; vertical-align: 4px; margin-left: 10px; }
.cards { display: flex; flex-wrap: wrap; gap: 12px; margin: -14px 0 26px; }
.card { flex: 1 1 120px; background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
  padding: 12px 16px; box-shadow: 0 1px 3px rgba(20, 40, 60, .06); }
.card b { display: block; font-size: 23px; font-weight: 650; font-variant-numeric: tabular-nums; }
.card span { color: var(--soft); font-size: 13px; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 18px 22px 20px;
  margin: 0 0 18px; }
h2 { font-size: 18px; margin: 0 0 12px; font-weight: 650; }
h3 { font-size: 15.5px; margin: 22px 0 8px; font-weight: 650; }
h3 .soft { font-weight: 400; margin-left: 8px; }
h4 { font-size: 14px; margin: 16px 0 6px; font-weight: 600; color: var(--soft); }
section > p:first-of-type { margin-top: 0; }
p.hint { color: var(--soft); margin: 2px 0 10px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13.5px; margin: 4px 0 8px; }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--soft); font-weight: 600; border-bottom: 1.5px solid #c3ccd6; white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding-right: 16px; }
td.w { white-space: nowrap; }
td.cmd { overflow-wrap: anywhere; min-width: 260px; }
table.wide { width: 100%; }
tr:last-child td, tr:last-child th { border-bottom: 0; }
tbody th { border-bottom: 1px solid var(--line); font-weight: 400; }
thead tr:last-child th { border-bottom: 1.5px solid #c3ccd6; }
.dot { display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 7px; }
.alarm { border-left: 5px solid #c2352b; }
.alarm pre { background: #fbf3f2; }
.open { border-left: 5px solid #b7791f; }
pre { margin: 6px 0 10px; padding: 9px 13px; background: var(--wash); border-radius: 7px; overflow-x: auto;
  white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.45; }
pre .a { background: var(--add); color: #10613a; display: block; }
pre .d { background: var(--del); color: #96271f; display: block; }
pre .h { color: var(--soft); display: block; }
pre .c { display: block; }
details { margin: 4px 0; }
summary { cursor: pointer; }
details.phase { border-top: 1px solid var(--line); padding: 8px 0 4px; }
details.phase > summary { font-weight: 600; font-size: 15px; }
details.phase .out { margin: 2px 0 14px; overflow-x: auto; }
.out svg { max-width: 100%; height: auto; }
.out img { max-width: 100%; }
.change { border-top: 1px solid var(--line); padding: 9px 0 3px; }
.soft, .change .where { color: var(--soft); font-size: 13px; }
.timeline { width: 100%; height: auto; display: block; }
nav { font-size: 13.5px; margin: 0 0 14px; color: var(--soft); }
nav a { margin-right: 14px; white-space: nowrap; display: inline-block; }
a { color: #1f5f9e; text-decoration: none; }
a:hover { text-decoration: underline; }
footer { color: var(--soft); font-size: 13px; padding: 4px 0 36px; text-align: center; }
@media print {
  body { background: #fff; font-size: 10.5pt; }
  header { background: #fff; color: var(--ink); padding: 0 0 10px; border-bottom: 2px solid var(--head); }
  header p { color: var(--soft); }
  .cards { margin-top: 14px; gap: 8px; }
  .card { flex-basis: 90px; padding: 8px 12px; }
  section, .card { box-shadow: none; break-inside: auto; }
  section { border: 0; padding: 0 0 6px; border-radius: 0; }
  section.alarm, section.open { padding-left: 14px; }
  nav { display: none; }
  h2, h3, h4, summary { break-after: avoid; }
  tr, .change, .out svg { break-inside: avoid; }
  .badge, .dot, pre .a, pre .d { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  main, header > div { max-width: none; padding: 0; }
}
"""
