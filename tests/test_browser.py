"""Every chapter as it is stored, opened in JupyterLab in a real browser: whole, and readable by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import accessibility
import browser
import jupyter
import pages
import pytest
from drawing import drawn
from jupyter import Desk
from playwright.sync_api import expect

from course import labs

pytestmark = pytest.mark.long

# What the course wrote: prose, and what cells show. Frames, prompts and editors are JupyterLab's own.
OURS = (".jp-Notebook .jp-MarkdownOutput", ".jp-Notebook .jp-OutputArea-output")
SCOPE = ", ".join(OURS)
FOLDERS = ("notebooks", "labs", "solutions", "docs")


def opened() -> list[Path]:
    """All chapters and the review; of the labs and of the incidents one each, as handed out and solved."""
    kinds = pages.all_paths()
    always = [path for path, kind in kinds.items() if kind in ("chapter", "review")]
    slugs = labs.slugs()
    incidents = [slug for slug in slugs if "20" <= slug[:2] <= "29"]
    others = [slug for slug in slugs if slug not in incidents]
    chosen = [*drawn(others, 1, "lab to open"), *drawn(incidents, 1, "incident to open")]
    return always + [
        pages.ROOT / place / slug / "lab.ipynb" for slug in chosen for place in ("labs", "solutions")
    ]


def label(path: Path) -> str:
    """A notebook's name in test reports."""
    return path.relative_to(pages.ROOT).as_posix()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One JupyterLab on a copy of the notebooks, in one browser, for all of them."""
    scratch = tmp_path_factory.mktemp("jupyter")
    root = jupyter.copy(tmp_path_factory.mktemp("copy"), FOLDERS)
    trusted = [root / label(path) for path in opened()]
    with jupyter.lab(root, scratch, trusted=trusted) as url, jupyter.desk(url, scratch / "profile") as found:
        accessibility.install(found.page)
        yield found


@pytest.mark.parametrize("path", opened(), ids=label)
def test_a_notebook_is_whole_and_readable_in_both_themes(path: Path, desk: Desk) -> None:
    """No error in the console, nothing asked elsewhere, alt texts, captions, headings in order, contrast."""
    desk.watch.take()
    with desk.opened(label(path)):
        desk.stretch()
        faults = accessibility.figures(desk.page, SCOPE) + accessibility.headings(desk.page, SCOPE)
        faults += accessibility.axe(desk.page, OURS)
        keep(desk, path)
        desk.go(dark=not desk.dark)
        faults += accessibility.axe(desk.page, OURS, rules=accessibility.COLOURS)
        keep(desk, path)
    faults += desk.watch.take()
    assert not faults, "\n".join(faults)


def test_a_glossary_link_opens_the_page_at_its_term(desk: Desk) -> None:
    """A click shows the glossary as one reads it, not its source, and the word's line is on the screen."""
    with desk.opened("notebooks/06-ports.ipynb"):
        link = desk.page.locator('.jp-Notebook a[href*="glossary.md"]').last
        word = link.inner_text()
        link.click()
        term = desk.page.locator(".jp-MarkdownViewer strong").get_by_text(word, exact=True)
        expect(term).to_be_in_viewport()
        expect(desk.page.locator(".jp-FileEditor")).to_have_count(0)
        desk.page.evaluate("() => jupyterapp.shell.currentWidget.dispose()")


def keep(desk: Desk, path: Path) -> None:
    """Keep the picture of the notebook in this theme."""
    name = label(path).removesuffix(".ipynb").replace("/", "-")
    browser.keep(desk.page, f"{name}-{'dark' if desk.dark else 'light'}")


def cell(count: int | None, *outputs: dict[str, str]) -> dict[str, Any]:
    """A code cell as the model of a notebook holds it."""
    return {"cell_type": "code", "id": f"cell-{count}", "execution_count": count, "outputs": list(outputs)}


ERROR = {"output_type": "error", "ename": "ShellFailed", "evalue": "line 2"}
STREAM = {"output_type": "stream", "text": "fine"}
MODELS = {
    "whole": ([cell(1, STREAM), {"cell_type": "markdown"}, cell(2)], []),
    "a cell that never ran": ([cell(1), cell(None)], ["its counts are [1, None]"]),
    "a cell that ran twice": ([cell(2), cell(3)], ["its counts are [2, 3]"]),
    "an error": ([cell(1, STREAM, ERROR)], ["cell cell-1: ShellFailed: line 2"]),
    "no code": ([{"cell_type": "markdown"}], ["its counts are []"]),
}


@pytest.mark.parametrize(("cells", "said"), MODELS.values(), ids=MODELS)
def test_a_model_with_a_fault_is_told(cells: list[dict[str, Any]], said: list[str]) -> None:
    """What Run All leaves is judged by its counts and by its errors."""
    assert jupyter.faults(cells) == said
