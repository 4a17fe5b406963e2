"""JupyterLab on a copy of the course's files, in a real browser: open notebooks, run them, read them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import browser
import nbformat
import pages
import pytest
from nbformat.sign import NotebookNotary
from playwright.sync_api import Page

from course import workshop

OPEN_MS = 60_000
OWN = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
# The whole notebook is in the page at once, and nothing is written that nobody asked for.
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none", "scrollPastEnd": False},
    "docmanager-extension/plugin": {"autosave": False},
}

# Editors and pictures have their true height only once they are on the screen.
STRETCHES = 8
SLACK = 200  # below the last cell, so that nothing of it lies on the window's edge

OPEN = """async ([path, start]) => {
    const panel = await jupyterapp.commands.execute(
        'docmanager:open', {path, factory: 'Notebook', kernelPreference: {shouldStart: start}});
    await panel.context.ready;
    await panel.revealed;
    await Promise.all(panel.content.widgets.map(cell => cell.ready));
    if (start) await panel.sessionContext.ready;
    window.panel = panel;
}"""
# Markdown is drawn cell by cell, its diagrams after it, and editors last.
DRAWN = """async () => {
    const texts = panel.content.widgets.filter(cell => cell.model.type === 'markdown');
    const diagrams = texts.map(cell => cell.model.sharedModel.source.split('```mermaid').length - 1);
    const drawn = panel.node.querySelectorAll('.jp-RenderedMermaid img').length;
    const pictures = [...panel.node.querySelectorAll('img')];
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    return texts.every(cell => cell.rendered) && pictures.every(picture => picture.complete)
        && drawn === diagrams.reduce((sum, count) => sum + count, 0);
}"""
MISSING = """() => {
    const sheet = panel.node.querySelector('.jp-WindowedPanel-outer');
    return sheet.scrollHeight - sheet.clientHeight;
}"""
CLOSE = """async () => {
    if (panel.sessionContext.session) await panel.sessionContext.shutdown();
    panel.dispose();
}"""
CELLS = "() => JSON.parse(JSON.stringify(panel.context.model.toJSON())).cells"
THEME = "async theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"
# While JupyterLab changes it lays a picture of its own over everything.
CHANGED = """light => document.body.dataset.jpThemeLight === String(light)
    && !document.querySelector('#jupyterlab-splash')"""
RUN = "async () => jupyterapp.commands.execute('notebook:run-all-cells')"


def copy(root: Path, places: Sequence[str]) -> Path:
    """A copy of these folders of the course below *root*, without what learners and Jupyter made in them."""
    for place in places:
        shutil.copytree(
            pages.ROOT / place, root / place, ignore=shutil.ignore_patterns("work", ".ipynb_checkpoints")
        )
    return root


@contextmanager
def lab(root: Path, scratch: Path, *, trusted: Sequence[Path] = ()) -> Iterator[str]:
    """The address of a JupyterLab that shows *root*; no setting of this machine's user reaches it.

    The notebooks in *trusted* it takes for run by this user, so that it shows their outputs whole.
    """
    for name, values in SETTINGS.items():
        file = scratch / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    more = (
        "--LabApp.expose_app_in_browser=True", f"--LabApp.workspaces_dir={scratch / 'workspaces'}",
        f"--LabApp.user_settings_dir={scratch / 'settings'}",
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name in OWN:
            patch.setenv(name, str(scratch / name))
        patch.delenv("DISPLAY", raising=False)
        _sign(trusted)
        process, url = workshop.start(0, browser=False, folder=root, more=more)
        try:
            yield url
        finally:
            workshop.stop(process)


def _sign(notebooks: Sequence[Path]) -> None:
    notary = NotebookNotary()  # type: ignore[no-untyped-call]
    for path in notebooks:
        notary.sign(nbformat.read(path, as_version=4))  # type: ignore[no-untyped-call]
    notary.store.close()


class Desk:
    """One browser window on one JupyterLab, with one notebook open in it at a time."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.watch = browser.Watch(url)
        self.watch.on(page)
        parts = urlsplit(url)
        page.set_default_timeout(OPEN_MS)
        page.goto(f"{parts.scheme}://{parts.netloc}/lab?{parts.query}")
        page.wait_for_function("() => window.jupyterapp")
        page.evaluate("() => jupyterapp.restored")
        # JupyterLab's body has no height, and axe takes what lies in a box without one for hidden: all of it.
        page.add_style_tag(content="body { height: 100vh }")
        self.dark = False
        self.path = ""

    def open(self, path: str, *, kernel: bool = False) -> None:
        """Open the notebook at *path* and wait until all of it is drawn; run nothing."""
        self.path = path
        self.page.evaluate(OPEN, [path, kernel])
        self.page.wait_for_function(DRAWN)

    @contextmanager
    def opened(self, path: str, *, kernel: bool = False) -> Iterator[None]:
        """The notebook at *path*, open while the block lasts."""
        self.open(path, kernel=kernel)
        try:
            yield
        finally:
            self.close()

    def stretch(self) -> None:
        """Make the window as tall as the notebook: axe passes over what is scrolled out of sight."""
        for _ in range(STRETCHES):
            missing, size = self.page.evaluate(MISSING), self.page.viewport_size
            if missing <= 0:
                return
            assert size
            self.page.set_viewport_size({"width": browser.WIDTH, "height": size["height"] + missing + SLACK})
            self.page.wait_for_function(DRAWN)
        raise AssertionError("the notebook grows with the window")

    def close(self) -> None:
        """Close the notebook, with its kernel where it has one."""
        self.page.evaluate(CLOSE)
        self.page.set_viewport_size({"width": browser.WIDTH, "height": 1000})

    def go(self, *, dark: bool) -> None:
        """Change to the light or the dark theme."""
        if dark == self.dark:
            return
        self.page.evaluate(THEME, "JupyterLab Dark" if dark else "JupyterLab Light")
        self.page.wait_for_function(CHANGED, arg=not dark)
        self.page.wait_for_function(DRAWN)
        self.dark = dark
        # JupyterLab leaves a diagram in the colours of the theme in which it was drawn.
        if self.page.locator(".jp-RenderedMermaid").count():
            self.close()
            self.open(self.path)
            self.stretch()

    def run_all(self) -> list[dict[str, Any]]:
        """Run every cell to its end; gives the notebook's cells as its model holds them afterwards."""
        self.page.evaluate(RUN)
        cells: list[dict[str, Any]] = self.page.evaluate(CELLS)
        return cells


@contextmanager
def desk(url: str, folder: Path) -> Iterator[Desk]:
    """A browser with JupyterLab open in it; *folder* becomes its profile."""
    with browser.page(folder, only=urlsplit(url).port) as page:
        yield Desk(page, url)


def faults(cells: Sequence[dict[str, Any]]) -> list[str]:
    """What is wrong in the model of a notebook that was run from top to bottom: cells left out, errors."""
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    counts = [cell["execution_count"] for cell in code]
    found = [] if code and counts == list(range(1, len(code) + 1)) else [f"its counts are {counts}"]
    for cell in code:
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                found.append(f"cell {cell['id']}: {output['ename']}: {output['evalue']}")
    return found
