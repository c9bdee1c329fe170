"""Who may import whom, and how long things may get: the architecture as a test."""

import ast
import json
import sys
from pathlib import Path

import pytest

import rdokit

ROOT = Path(rdokit.__file__).parents[1]
PACKAGE = ROOT / "rdokit"
HELPER = sorted(p for p in PACKAGE.rglob("*.py") if "lab" not in p.relative_to(PACKAGE).parts[:1])
LAB = sorted((PACKAGE / "lab").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PURE = ("parse", "edit", "shell", "secret", "topology", "errors")
ONE_PLACE = {  # third party → the modules of the helper that may import it
    "paramiko": {"ssh", "reach"},
    "pandas": {"facts"},
    "IPython": {"show", "forms"},
    "ipywidgets": {"show", "forms"},
    "papermill": {"engine", "execute"},
    "nbclient": {"engine"},
    "nbformat": {"engine"},
    "jupyter_client": {"kernels"},
    "asyncssh": set(),
}
LINES, FUNCTION = 300, 40


def name_of(path: Path) -> str:
    """Dotted name below rdokit: "parse.cli_table", "shell"."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    """Absolute names of all modules a file imports, wherever in the file."""
    package = ["rdokit", *path.relative_to(PACKAGE).parts[:-1]]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{module}.{alias.name}" for alias in node.names} if node.level and not node.module else {module}
    return found


def belongs(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


@pytest.mark.parametrize("path", HELPER, ids=name_of)
def test_the_helper_does_not_know_the_lab(path):
    assert not [m for m in imports(path) if belongs(m, "rdokit.lab")]


@pytest.mark.parametrize("path", LAB, ids=name_of)
def test_the_lab_does_not_know_the_helper(path):
    assert not [m for m in imports(path) if belongs(m, "rdokit") and not belongs(m, "rdokit.lab")]


@pytest.mark.parametrize("path", [p for p in HELPER if name_of(p).split(".")[0] in PURE], ids=name_of)
def test_pure_modules_import_the_standard_library_and_each_other_only(path):
    allowed = [f"rdokit.{name}" for name in PURE]
    foreign = [m for m in imports(path) if m.split(".")[0] not in sys.stdlib_module_names
               and m != "rdokit" and not any(belongs(m, one) for one in allowed)]
    assert not foreign


@pytest.mark.parametrize("package", ONE_PLACE)
def test_each_big_library_has_one_place(package):
    places = {name_of(p) for p in HELPER if any(belongs(m, package) for m in imports(p))}
    assert not [place for place in places if not any(belongs(place, one) for one in ONE_PLACE[package])]


@pytest.mark.parametrize("path", HELPER, ids=name_of)
def test_a_file_and_its_functions_stay_short(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES
    long = {node.name: node.end_lineno - node.lineno + 1 for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    assert not {name: lines for name, lines in long.items() if lines > FUNCTION}


@pytest.mark.parametrize("path", [*HELPER, *LAB], ids=name_of)
def test_a_file_says_why_it_exists(path):
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "its first lines do not say why it exists"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_imports_only_public_names(path):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            if isinstance(node, ast.ImportFrom) and belongs(node.module or "", "rdokit"):
                assert node.module == "rdokit" and {a.name for a in node.names} <= set(rdokit.__all__), cell["id"]
            elif isinstance(node, ast.Import):
                assert not [a.name for a in node.names if belongs(a.name, "rdokit") and a.name != "rdokit"], cell["id"]
            assert not isinstance(node, (ast.FunctionDef, ast.ClassDef)), cell["id"]


def test_the_command_line_starts_without_the_heavy_libraries():
    import subprocess

    code = ("import sys, rdokit.cli; rdokit.cli.parser(); "
            "heavy = ('pandas', 'paramiko', 'papermill', 'pydantic', 'rich', 'IPython'); "
            "print([name for name in heavy if name in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
