"""The report: everything told, failures first, nothing a node printed can run in it; the comparison of two runs."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdokit.compare import compare, difference, facts
from rdokit.errors import RdokitError
from rdokit.history import find_run, unfinished
from rdokit.journal import Journal, new_run
from rdokit.record import read_run
from rdokit.report import build, render
from rdokit.sanitize import SVG_TAGS, TEXT_TAGS, sanitize

from .run_kit import place, rdokit  # noqa: F401

DIFF = "--- /etc/sysctl.conf\n+++ /etc/sysctl.conf\n@@ -1 +1 @@\n-net.ipv4.ip_forward = 0\n+net.ipv4.ip_forward = 1\n"


def cell(kind: str, name: str, source: str, *outputs: dict) -> dict:
    base = {"cell_type": kind, "id": name, "source": source, "metadata": {}}
    return base | ({"outputs": list(outputs), "execution_count": 3} if kind == "code" else {})


def shown(**data: str) -> dict:
    return {"output_type": "display_data", "metadata": {}, "data": {k.replace("_", "/", 1): v for k, v in data.items()}}


def make_run(runs: Path, status: str = "done") -> Path:
    """A small run with one change, one thing already so, and a notebook with a table and a picture."""
    folder = new_run("lab", runs, manifest={"phases": ["02_prepare", "05_packstack"], "operator": "me@here",
                                            "versions": {"python": "3.11"}, "argv": ["rdokit", "run"]})
    journal = Journal(folder)
    journal.event("run-start", phases=["02_prepare", "05_packstack"], site="lab")
    journal.phase = "02_prepare"
    journal.event("phase-start", kernel=1)
    journal.event("already", node="node2", step="hosts")
    journal.event("intent", node="node1", step="sysctl", kind="edit", path="/etc/sysctl.conf")
    journal.event("outcome", node="node1", step="sysctl", kind="edit", path="/etc/sysctl.conf", changed=True,
                  seconds=0.3, diff=DIFF, backup="/etc/sysctl.conf.rdokit-1")
    journal.event("phase-end", status="changed", seconds=1.2)
    table = "<table><thead><tr><th>node</th></tr></thead><tbody><tr><td>node1</td></tr></tbody></table>"
    svg = '<svg viewBox="0 0 10 10"><rect x="1" y="1" width="3" height="3" fill="red"/></svg>'
    cells = [cell("markdown", "t", "# Prepare the nodes"), cell("markdown", "l", "## Step 2"),
             cell("code", "look", "x", shown(text_html=table), shown(**{"image_svg+xml": svg}))]
    (folder / "02_prepare.ipynb").write_text(json.dumps({"cells": cells}))
    if status == "failed":
        journal.phase = "05_packstack"
        journal.event("phase-start", kernel=2)
        journal.event("intent", node="node1", step="packstack", command="packstack --answer-file=/root/answer.txt")
        journal.event("failed", node="node1", step="packstack", command="packstack --answer-file=/root/answer.txt",
                      exit=1, error="CommandError")
        journal.event("phase-end", status="failed", seconds=3.0)
        error = {"output_type": "error", "ename": "CommandError", "traceback": [],
                 "evalue": "node1# packstack\n  exit status 1:\n    Error: no\n  → Run it again."}
        (folder / "05_packstack.ipynb").write_text(json.dumps({"cells": [
            cell("markdown", "t", "# Packstack"), cell("code", "apply", "plan.apply()", error)]}))
    journal.phase = ""
    if status != "cut":
        journal.event("run-end", status=status, exit=int(status == "failed"), seconds=5.0)
    return folder


class Tags(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_the_page_tells_what_changed_and_what_was_seen(tmp_path):
    text = build(make_run(tmp_path)).read_text()
    for piece in ("Prepare the nodes", "node1", "/etc/sysctl.conf", "+net.ipv4.ip_forward = 1", "backup",
                  "<td>node1</td>", '<rect x="1"', "me@here", "python", "1.2 s", 'href="02_prepare.ipynb"'):
        assert piece in text, piece
    assert "What failed" not in text and "Cut in the middle" not in text


def test_a_failure_comes_first_with_its_command_and_what_to_do(tmp_path):
    text = build(make_run(tmp_path, "failed")).read_text()
    assert text.index("What failed") < text.index("Timeline") < text.index("What changed")
    assert "packstack --answer-file=/root/answer.txt" in text and "<b>Next:</b> Run it again." in text
    assert "rdokit run --site lab --resume" in text


def test_a_run_cut_in_the_middle_names_what_was_under_way(tmp_path):
    folder = make_run(tmp_path, "cut")
    Journal(folder, phase="05_packstack").event("intent", node="node2", step="reboot", command="reboot")
    with open(folder / "events.jsonl", "a") as file:
        file.write('{"event": "outc')
    run = read_run(folder)
    assert run.status == "cut off"
    assert [e["command"] for e in run.unanswered] == ["reboot"]
    assert "no outcome was recorded" in render(run)


def test_a_change_whose_connection_was_lost_counts_as_open(tmp_path):
    folder = make_run(tmp_path, "cut")
    journal = Journal(folder, phase="07_networks")
    journal.event("intent", node="node1", step="router", command="neutron router-create router1")
    journal.event("failed", node="node1", step="router", unknown=True, error="connection lost")
    assert [e["step"] for e in read_run(folder).unanswered] == ["router"]
    journal.event("already", node="node1", step="router")
    assert read_run(folder).unanswered == []


def test_the_page_needs_nobody_else_and_no_script(tmp_path):
    text = build(make_run(tmp_path, "failed")).read_text()
    assert "default-src 'none'" in text
    assert not re.search(r"(?:src|href)=\"(?!data:|#|0)[^\"]*//", text)
    names = {tag for tag, _ in Tags(text).tags}
    assert not names & {"script", "iframe", "object", "link", "form", "base"}


def test_what_a_hostile_node_sent_cannot_run(place):  # noqa: F811
    assert rdokit("run", "19").returncode == 0
    page = (place / "runs/latest/report.html").read_text()
    for tag, attrs in Tags(page).tags:
        assert tag not in ("script", "iframe", "object"), tag
        assert not [name for name in attrs if name.startswith("on")], attrs
        assert not str(attrs.get("href", "")).lower().startswith(("javascript", "http", "//"))
        assert tag != "img" or attrs["src"].startswith("data:")
    assert "\x1b" not in page and "\x07" not in page
    assert "&lt;script&gt;" in page


EVIL = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>",
        "<svg><script>alert(1)</script></svg>", "<a href='javascript:alert(1)'>x</a>", "<iframe src=//evil></iframe>",
        "<math><style><img src=x onerror=alert(1)>", "<b style='background:url(//evil)'>x</b>",
        "<svg><use href='data:image/svg+xml;base64,x'/></svg>", "<table><td onclick=alert(1)>1",
        "<svg><rect fill='url(//evil#x)'/></svg>", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<svg><foreignObject><body onload=alert(1)></foreignObject></svg>", "<!--<img src=x onerror=alert(1)>-->",
        "<meta http-equiv=refresh content='0;url=//evil'>", "<base href=//evil>", "<p\x00 onclick=x>", "<",
        "<svg><title><img src=x onerror=alert(1)></title></svg>", "<details ontoggle=alert(1) open>x"]


@pytest.mark.parametrize("text", EVIL)
def test_sanitize_leaves_nothing_that_acts(text):
    assert_harmless(sanitize(text))


@given(st.lists(st.sampled_from([*EVIL, "</p>", "<p>", "'", '"', ">", "x", "<svg>", "</svg>", "&lt;", "=", "/"])))
def test_sanitize_holds_for_any_mixture(pieces):
    assert_harmless(sanitize("".join(pieces)))


def assert_harmless(clean: str) -> None:
    for tag, attrs in Tags(clean).tags:
        assert tag in {name.lower() for name in SVG_TAGS | TEXT_TAGS}, (tag, clean)
        for name, value in attrs.items():
            assert not name.startswith("on") and name not in ("href", "src", "xlink:href"), clean
            assert "javascript" not in (value or "").lower() and "//evil" not in (value or ""), clean
    assert sanitize(clean) == clean


def test_sanitize_keeps_tables_and_pictures_as_they_are():
    table = '<table><tr><td style="text-align: right" colspan="2">Ä &amp; 日本</td></tr></table>'
    svg = ('<svg viewBox="0 0 10 10" width="10"><defs><marker id="m" refX="1"><path d="M0 0"></path></marker></defs>'
           '<line x1="0" y1="0" x2="5" y2="5" stroke="red" marker-end="url(#m)"></line><text>日本</text></svg>')
    assert sanitize(table) == table
    assert sanitize(svg) == svg


# --- comparing, finding -------------------------------------------------------------------------------

def write_facts(folder: Path, *rows: list, fact: str = "neutron port-list") -> None:
    with open(folder / "facts.jsonl", "a") as file:
        file.write(json.dumps({"phase": "07_networks", "node": "node1", "fact": fact,
                               "columns": ["id", "name", "mac_address", "updated"], "rows": list(rows)}) + "\n")


ROW = ["f1217f04d6f94a7ca3df1f4d6122322d", "qr-4c4fb9f1-a6", "fa:16:3e:12:34:56", "2014-03-31T02:08:50"]
SAME = ["0" * 32, "qr-00000000-a6", "fa:16:3e:99:99:99", "2026-11-22T00:00:00"]


def test_ids_and_times_do_not_count(tmp_path, capsys):
    first, second = make_run(tmp_path), make_run(tmp_path)
    write_facts(first, ["x"] * 4)
    write_facts(first, ROW, [*ROW[:1], "demo", *ROW[2:]])
    write_facts(second, [*SAME[:1], "demo", *SAME[2:]], SAME)
    assert compare(first, second) == 0
    assert "1 facts in both, all equal" in capsys.readouterr().out


def test_what_differs_is_told(tmp_path, capsys):
    first, second = make_run(tmp_path), make_run(tmp_path)
    write_facts(first, ROW)
    write_facts(second, [*ROW[:1], "eth1", *ROW[2:]])
    write_facts(second, fact="ovs-vsctl show")
    assert compare(first, second) == 1
    said = capsys.readouterr().out
    assert "2 differ" in said and "  - id=<id>, name=qr-<id>" in said and "name=eth1" in said
    assert "ovs-vsctl show (node1): only in the second run" in said
    assert difference(facts(first), facts(first)) == []


def test_a_run_without_facts_says_so(tmp_path):
    with pytest.raises(RdokitError, match="saved no facts"):
        compare(make_run(tmp_path), make_run(tmp_path))


def test_runs_are_found_by_name_and_the_last_one_without(tmp_path):
    first, second = make_run(tmp_path), make_run(tmp_path, "failed")
    assert find_run("", tmp_path) == second
    assert find_run(first.name, tmp_path) == first
    with pytest.raises(RdokitError, match="There is no such run"):
        find_run("1999", tmp_path)
    with pytest.raises(RdokitError, match="There is no run"):
        find_run("", tmp_path / "empty")


def test_the_last_run_of_the_site_counts_for_resume(tmp_path):
    folder = make_run(tmp_path, "failed")
    assert unfinished("lab", tmp_path) == folder
    assert unfinished("two-node", tmp_path) is None
    shutil.rmtree(folder)
    assert unfinished("lab", tmp_path) is None
