"""What people see: the form refuses and saves, and every notebook runs top to bottom in a real browser."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from tests.browser.jupyterlab import CHROMIUM, browser, jupyterlab, open_notebook, run_all
from tests.labsite import ROOT, LabSite

MISSING = [what for what, there in (("chromium", CHROMIUM), ("playwright", importlib.util.find_spec("playwright")))
           if not there]
pytestmark = pytest.mark.skipif(bool(MISSING) and not os.environ.get("RDOKIT_REAL"),
                                reason=f"{' and '.join(MISSING)} not installed")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("browser")
    with LabSite(folder / "site") as lab, jupyterlab(folder, lab) as url, browser() as page:
        yield lab, url, page


def field(page, value: str):
    """The visible text box that holds this value, waited for: an accordion takes its time to open."""
    for _ in range(100):
        boxes = page.locator("input[type=text]").filter(visible=True)
        for i in range(boxes.count()):
            if boxes.nth(i).input_value() == value:
                return boxes.nth(i)
        page.wait_for_timeout(100)
    raise AssertionError(f"no field shows {value!r}")


def test_the_form_refuses_beside_the_field_and_saves_a_site(stage) -> None:
    lab, url, page = stage
    open_notebook(page, url, "00_start")
    assert run_all(page) == []
    page.get_by_text("public net", exact=True).first.click()
    page.wait_for_timeout(700)
    save = page.locator("button.jupyter-button", has_text="Save")
    field(page, "192.168.1.241").fill("192.168.2.5")
    page.get_by_text("starts after its end").first.wait_for()
    assert save.is_disabled()
    field(page, "192.168.2.5").fill("192.168.1.200")
    page.get_by_text("every rule holds").first.wait_for()
    field(page, "my-lab").fill("class-a")
    save.click()
    page.get_by_text("saved as params/class-a.yml").first.wait_for()
    from rdokit import siteload
    assert siteload.load(lab.params / "class-a.yml").public_net.pool.start == "192.168.1.200"


def test_every_notebook_runs_top_to_bottom(stage) -> None:
    _, url, page = stage
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if path.stem[:2] in ("00", "90"):
            continue
        open_notebook(page, url, path.stem)
        assert run_all(page) == [], path.stem
        page.evaluate("window.jupyterapp.commands.execute('notebook:shutdown-kernel')")


def test_our_notebooks_were_not_touched() -> None:
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert '"execution_count": null' in path.read_text("utf-8"), Path(path).name
