"""JupyterLab on the notebooks in a headless Chromium: run all cells, click, look, take pictures.

    python -m tests.browser.jupyterlab OUT_FOLDER [NOTEBOOK…]     pictures of every notebook, run top to bottom

The browser is the system's own (`chromium`); nothing is downloaded.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.labsite import ROOT, LabSite

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--no-proxy-server",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
IDLE = """() => { const a = window.jupyterapp; const w = a && a.shell.currentWidget;
 const k = w && w.context && w.context.sessionContext && w.context.sessionContext.session
   && w.context.sessionContext.session.kernel; return !!k && k.status === 'idle'; }"""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@contextmanager
def jupyterlab(folder: Path, lab: LabSite) -> Iterator[str]:
    """A JupyterLab whose notebooks are copies, so that nothing is ever stored in the project's own."""
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", dirs_exist_ok=True)
    settings = folder / "config/lab/user-settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    env = {**os.environ, **lab.env(), "HOME": str(folder), "JUPYTER_CONFIG_DIR": str(folder / "config"),
           "JUPYTER_DATA_DIR": str(folder / "data"), "JUPYTER_RUNTIME_DIR": str(folder / "run"),
           "JUPYTER_PLATFORM_DIRS": "1", "IPYTHONDIR": str(folder / "ipython"), "NO_PROXY": "127.0.0.1,localhost"}
    port = free_port()
    command = [str(Path(sys.executable).parent / "jupyter-lab"), "--no-browser", "--ip=127.0.0.1", f"--port={port}",
               "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=t0ken",
               "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
               "--LabApp.extension_manager=readonly", "--LabApp.expose_app_in_browser=True", "--allow-root"]
    with open(folder / "jupyterlab.log", "w") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        end = time.monotonic() + 60
        while True:
            try:
                opener.open(f"{url}/api?token=t0ken", timeout=2).read()
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > end:
                    raise RuntimeError((folder / "jupyterlab.log").read_text()) from None
                time.sleep(0.1)
        yield url
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


@contextmanager
def browser() -> Iterator[object]:
    """A page in a headless Chromium."""
    from playwright.sync_api import sync_playwright
    with sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        page = chromium.new_context(viewport={"width": 1280, "height": 1000}).new_page()
        page.set_default_timeout(60_000)
        yield page
        chromium.close()


def open_notebook(page, url: str, name: str) -> None:
    """Open a notebook and wait for its kernel."""
    page.goto(f"{url}/lab/tree/notebooks/{name}.ipynb?token=t0ken&reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_function(IDLE)


def run_all(page, *, seconds: float = 240) -> list[str]:
    """Run all cells; the error outputs that appeared, [] when all is well."""
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_timeout(500)
    page.wait_for_function("""() => { const c = window.jupyterapp.shell.currentWidget.content.widgets
        .filter(w => w.model.type === 'code' && w.model.sharedModel.getSource().trim());
        return c.some(w => w.model.outputs.toJSON().some(o => o.output_type === 'error'))
          || c.every(w => w.model.executionCount !== null && w.promptNode
                          && !/\\*/.test(w.promptNode.textContent)); }""",
                           timeout=seconds * 1000)
    return json.loads(page.evaluate("""() => JSON.stringify(window.jupyterapp.shell.currentWidget.content.widgets
        .filter(w => w.model.type === 'code').flatMap(w => w.model.outputs.toJSON())
        .filter(o => o.output_type === 'error').map(o => o.ename + ': ' + o.evalue))"""))


def picture(page, path: Path, cell: str | None = None) -> None:
    """A picture of what is on the screen, scrolled to a text when one is given."""
    if cell:
        page.get_by_text(cell).first.scroll_into_view_if_needed()
        page.wait_for_timeout(300)
    page.screenshot(path=str(path))


def main(out: str, *names: str) -> int:
    """Run notebooks in JupyterLab and keep a picture of each."""
    import tempfile
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    names = names or tuple(p.stem for p in sorted((ROOT / "notebooks").glob("*.ipynb")) if p.stem < "90")
    bad = 0
    with tempfile.TemporaryDirectory() as tmp, LabSite(Path(tmp) / "site") as lab, \
            jupyterlab(Path(tmp), lab) as url, browser() as page:
        for name in names:
            open_notebook(page, url, name)
            errors = run_all(page)
            bad += len(errors)
            page.keyboard.press("Control+Home")
            picture(page, folder / f"{name}-end.png")
            page.evaluate("window.jupyterapp.shell.currentWidget.content.node.scrollTop = 0")
            print(name, "ran", errors or "without an error", flush=True)
            page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
            page.wait_for_timeout(500)
            for source in (Path(tmp) / "notebooks").glob(f"{name}.ipynb"):
                shutil.copy(source, folder)
            page.evaluate("window.jupyterapp.commands.execute('notebook:shutdown-kernel')")
    return bad


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
