"""Input and expected rows as files: tests/cases/parse/MODULE or MODULE.FUNCTION/CASE.txt with CASE.json, or with
CASE.error (a part of the error's text). A new case needs no Python: add the text, run
`python -m tests.test_parse_cases` to write the missing .json, and read it before you believe it.
"""

import dataclasses
import importlib
import json
from pathlib import Path

import pytest

from rdokit.errors import ParseError
from rdokit.parse import ovs_vsctl_show

CASES = Path(__file__).parent / "cases" / "parse"
TEXTS = sorted(CASES.glob("*/*.txt"))


def read(path):
    module, _, function = path.parent.name.partition(".")
    parse = getattr(importlib.import_module(f"rdokit.parse.{module}"), function or "parse")
    return plain(parse(path.read_bytes().decode("utf-8")))


def plain(value):
    """As JSON would hold it."""
    if isinstance(value, ovs_vsctl_show.Switch):
        named = {"interfaces" if f.name == "rows" else f.name for f in dataclasses.fields(value)}
        return {name: plain(getattr(value, name)) for name in named}
    if dataclasses.is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, dict):
        return {str(key) if isinstance(key, str) else " ".join(key): plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case(path):
    error = path.with_suffix(".error")
    if error.exists():
        with pytest.raises(ParseError) as caught:
            read(path)
        assert error.read_text(encoding="utf-8").strip() in str(caught.value)
    else:
        assert read(path) == json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", sorted({path.parent for path in TEXTS}), ids=lambda path: path.name)
def test_every_parser_has_a_case_of_both_kinds(folder):
    assert list(folder.glob("*.json")) and list(folder.glob("*.error"))


def test_every_parser_has_cases():
    import rdokit.parse

    modules = {path.stem for path in Path(rdokit.parse.__file__).parent.glob("[a-z]*.py")} - {"table", "schemas"}
    tables = {"cli_table", "cli_csv", "cli_shell"}  # have tests of their own
    assert modules - tables == {path.parent.name.partition(".")[0] for path in TEXTS}


if __name__ == "__main__":
    for text in TEXTS:
        if not text.with_suffix(".json").exists() and not text.with_suffix(".error").exists():
            found = json.dumps(read(text), ensure_ascii=False, indent=1) + "\n"
            text.with_suffix(".json").write_text(found, encoding="utf-8")
            print("written:", text.with_suffix(".json"))
