"""The pins hold together, nothing of this machine is in the tree, and a missing prerequisite is one sentence."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / "constraints.txt"


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lines) -> dict[str, str]:
    found = (re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.+!]+)", line.strip()) for line in lines)
    return {canonical(m[1]): m[2] for m in found if m}


def requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(line) for group in groups for line in group]


def test_constraints_are_exact_versions_and_nothing_else():
    for line in CONSTRAINTS.read_text().splitlines():
        assert line.startswith("#") or re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line), line
        assert "://" not in line


def test_every_dependency_is_pinned_within_its_range():
    pinned = pins(CONSTRAINTS.read_text().splitlines())
    for requirement in requirements():
        version = pinned.get(canonical(requirement.name))
        assert version, f"{requirement.name} has no pin"
        assert requirement.specifier.contains(version), f"{requirement} and {version}"


def test_conda_users_get_the_same_versions():
    document = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(entry["pip"] for entry in document["dependencies"] if isinstance(entry, dict))
    pinned = pins(CONSTRAINTS.read_text().splitlines())
    conda = pins(pip)
    assert conda.items() <= pinned.items()
    assert set(conda) == {canonical(requirement.name) for requirement in requirements()}
    assert "-c constraints.txt" in pip and "-e ." in pip
    python = next(entry for entry in document["dependencies"] if str(entry).startswith("python"))
    assert ">=3.11" in python


def test_the_installed_versions_are_those_of_the_tests():
    """CI tests what the pins say: an environment that drifted is told, not used silently."""
    import importlib.metadata

    pinned = pins(CONSTRAINTS.read_text().splitlines())
    drifted = {r.name: (importlib.metadata.version(r.name), pinned[canonical(r.name)]) for r in requirements()
               if importlib.metadata.version(r.name) != pinned[canonical(r.name)]}
    assert not drifted


def test_papermill_finds_our_engine():
    from importlib.metadata import entry_points

    (engine,) = [e for e in entry_points(group="papermill.engine") if e.name == "rdokit"]
    assert engine.value == "rdokit.plugin:RdokitEngine"


def test_nothing_of_this_machine_is_in_the_tree():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    marks = re.compile(rb"/work/main|/work/shared|/var/tmp/rk|find-links|extra-index-url|index-url\s*=")
    own = {"tests/test_packaging.py"}
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if name not in own and path.is_file() and path.stat().st_size < 3_000_000:
            found = marks.search(path.read_bytes())
            assert not found, (name, found[0])


# --- the Makefile's setup ------------------------------------------------------------------------------

posix = pytest.mark.skipif(os.name != "posix", reason="make is for POSIX systems")


def fake(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text("#!/bin/sh\n" + body)
    path.chmod(0o755)


def setup(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess:
    """tools/setup.sh in an empty folder, with only the tools of `bin` on the path."""
    tools = tmp_path / "bin"
    for name in ("sh", "rm", "touch", "grep", "tail", "mkdir", "printf", "cat"):
        if not (tools / name).exists():
            (tools / name).symlink_to(shutil.which(name))
    return subprocess.run(["sh", str(ROOT / "tools/setup.sh")], cwd=tmp_path, capture_output=True, text=True,
                          env={"PATH": str(tools), **environment})


OLD = 'case "$2" in *platform*) echo 3.9.2;; *) exit 1;; esac\n'
NO_VENV = 'case "$2" in *ensurepip*) exit 1;; esac\nexit 0\n'
NO_NETWORK = """
case "$*" in
"-m venv"*) mkdir -p .venv/bin; cat "$0" > .venv/bin/python
  "%s" -c 'import os; os.chmod(".venv/bin/python", 0o755)';;
*"pip install"*) echo "WARNING: Retrying after connection broken: Failed to establish a new connection"
  echo "ERROR: No matching distribution found for papermill"; exit 1;;
esac
exit 0
"""


@posix
@pytest.mark.parametrize(("python", "said"), [
    (None, "python3 was not found"),
    (OLD, "Python 3.11 or newer is needed and python3 is 3.9.2"),
    (NO_VENV, "has no venv module"),
    (NO_NETWORK % sys.executable, "is there a network?"),
])
def test_a_missing_prerequisite_is_one_clear_sentence(tmp_path, python, said):
    (tmp_path / "bin").mkdir()
    if python:
        fake(tmp_path / "bin", "python3", python)
    done = setup(tmp_path)
    assert done.returncode == 1
    sentence = [line for line in done.stderr.splitlines() if line.startswith("rdokit: ")]
    assert len(sentence) == 1 and said in sentence[0], done.stderr
    assert not (tmp_path / ".venv/.ready").exists()


@posix
def test_a_newer_python_is_taken_when_python3_is_old(tmp_path):
    (tmp_path / "bin").mkdir()
    fake(tmp_path / "bin", "python3", OLD)
    fake(tmp_path / "bin", "python3.12", NO_VENV)
    assert "python3.12 has no venv module" in setup(tmp_path).stderr


@posix
def test_the_second_time_nothing_is_set_up(tmp_path):
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/.ready").touch()
    done = subprocess.run(["make", "-n", "test"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and "setup.sh" not in done.stdout and "pytest" in done.stdout


def test_ci_installs_every_part_that_the_tests_on_real_software_need():
    from .real.missing import OVS_PARTS, PARTS, REQUIRED

    script = (ROOT / ".ci/run").read_text()
    assert {package for package in (PARTS | OVS_PARTS).values() if not re.search(rf"\s{package}\s", script)} == set()
    assert f"export {REQUIRED}=1" in script


@pytest.mark.parametrize("name", ["headless", "parsers", "remote", "remote_lab", "remote_session"])
def test_every_benchmark_finds_what_it_imports(name):
    """They run seldom: a name that moved shows here."""
    code = "import sys; sys.path[:0] = ['benchmarks', '.']; import " + name
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
