"""JupyterLab in a real browser: open a notebook, run it, read its model, take its picture."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from course import debian

# Without these Chromium calls home at every start, which a closed network answers with a flood of errors.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
OPEN_MS = 60_000
RUN_MS = 240_000

# JupyterLab gives its application object to the page when asked to by expose_app_in_browser.
READY = "() => window.jupyterapp && window.jupyterapp.shell.currentWidget?.context?.isReady === true"
KERNEL = "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
CELLS = """() => JSON.parse(JSON.stringify(
    window.jupyterapp.shell.currentWidget.context.model.toJSON())).cells"""


def program() -> str:
    """A Chromium on this machine; on Debian as root it is installed when missing."""
    found = next((path for path in map(shutil.which, PROGRAMS) if path), None)
    if found is None:
        debian.install(["chromium", "fonts-dejavu-core"])
        found = shutil.which("chromium")
    assert found, "the browser test needs Chromium: install it, then run make test again"
    return found


@contextmanager
def page(folder: Path, *, dark: bool = False, height: int = 1000) -> Iterator[Page]:
    """A fresh browser window with its own empty profile in *folder*."""
    with sync_playwright() as playwright:
        window = playwright.chromium.launch_persistent_context(
            str(folder), executable_path=program(), headless=True, args=FLAGS,
            viewport={"width": 1280, "height": height}, color_scheme="dark" if dark else "light",
        )  # fmt: skip
        try:
            yield window.pages[0]
        finally:
            window.close()


def open_notebook(page: Page, url: str, *, dark: bool = False) -> None:
    """Open *url* and wait until the notebook is loaded and its kernel idle."""
    page.goto(url, timeout=OPEN_MS)
    page.wait_for_function(READY, timeout=OPEN_MS)
    page.wait_for_function(KERNEL, timeout=OPEN_MS)
    if dark:
        page.evaluate(
            "() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
        )
        page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'", timeout=OPEN_MS)


def run_all(page: Page) -> list[dict[str, Any]]:
    """Run every cell; gives the notebook's cells as its model holds them afterwards."""
    page.set_default_timeout(RUN_MS)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    cells: list[dict[str, Any]] = page.evaluate(CELLS)
    return cells
