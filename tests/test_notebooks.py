"""The notebooks as documents: what a trainee reads, what the document typed, what papermill needs."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
COMMANDS = yaml.safe_load((ROOT / "tests/document/commands.yml").read_text("utf-8"))
DOCUMENT = ROOT.parent / "shared" / "document.ja.txt"

BASE = {"site": ("str", '"lab"'), "plan_only": ("bool", "False"), "overrides": ("dict", "{}")}


def cells(path: Path, kind: str = "code") -> list[dict]:
    return [c for c in json.loads(path.read_text("utf-8"))["cells"] if c["cell_type"] == kind]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def test_there_is_a_notebook_for_every_phase() -> None:
    assert [p.stem[:2] for p in NOTEBOOKS] == [f"{n:02}" for n in range(12)] + ["90"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
class TestNotebook:
    def test_nothing_stored(self, path: Path) -> None:
        assert not [c["id"] for c in cells(path) if c["outputs"] or c["execution_count"]]

    def test_short_and_named_by_hand(self, path: Path) -> None:
        everything = json.loads(path.read_text("utf-8"))["cells"]
        assert len(cells(path)) <= 30
        assert not [c["id"] for c in cells(path) if len(source(c).splitlines()) > 12]
        ids = [c["id"] for c in everything]
        assert len(ids) == len(set(ids)) and all(re.fullmatch(r"[a-z][a-z0-9-]*", i) for i in ids)

    def test_code_is_plain(self, path: Path) -> None:
        """No shell escapes, no functions or classes, nothing but the kit's public names."""
        imported = set()
        for cell in cells(path):
            for node in ast.walk(ast.parse(source(cell))):
                assert not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)), cell["id"]
                if isinstance(node, ast.ImportFrom):
                    imported |= {(node.module, a.name) for a in node.names}
                if isinstance(node, ast.Import):
                    imported |= {(a.name, "") for a in node.names}
        import rdokit
        assert imported <= {("rdokit", "")} | {("rdokit", name) for name in rdokit.__all__}

    def test_prose_stands_before_code(self, path: Path) -> None:
        """At most three code cells (look, plan, apply … verify) follow each other without a word."""
        kinds = "".join("m" if c["cell_type"] == "markdown" else "c"
                        for c in json.loads(path.read_text("utf-8"))["cells"])
        assert kinds.startswith("m") and "cccc" not in kinds

    def test_parameters(self, path: Path) -> None:
        tagged = [c for c in cells(path) if "parameters" in c["metadata"].get("tags", [])]
        assert len(tagged) == 1
        assert source(tagged[0]).startswith('site: str = "lab"  # ')
        from papermill.inspection import inspect_notebook
        found = inspect_notebook(str(path))
        assert set(BASE) <= set(found)
        assert [(p["inferred_type_name"], p["default"]) for n, p in found.items() if n in BASE] == list(BASE.values())
        assert all(p["help"] for p in found.values())  # what --help-notebook tells

    def test_papermill_can_read_it(self, path: Path) -> None:
        meta = json.loads(path.read_text("utf-8"))["metadata"]
        assert meta["kernelspec"]["language"] == "python"

    def test_links_lead_somewhere(self, path: Path) -> None:
        text = "\n".join(source(c) for c in cells(path, "markdown"))
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: f"{c['step']}: {c['typed'][:50]}")
def test_every_command_of_the_document_is_in_a_cell_or_has_a_reason(command: dict) -> None:
    if "instead" in command:
        assert len(command["instead"]) > 30
        return
    path = ROOT / "notebooks" / f"{command['notebook']}.ipynb"
    assert any(command["cell"] in source(c) for c in cells(path)), f"{command['cell']!r} is not in {path.name}"


@pytest.mark.skipif(not DOCUMENT.exists(), reason="the document itself is not beside this checkout")
def test_the_list_holds_every_command_line_of_the_document() -> None:
    typed = " ; ".join(c["typed"] for c in COMMANDS)
    for line in DOCUMENT.read_text("utf-8").splitlines():
        if not line.startswith("# "):
            continue
        for part in re.split(r"\s*;\s*", line[2:].strip()):
            words = part.split()
            if words and part.isascii():
                assert part.rstrip() in typed, part
