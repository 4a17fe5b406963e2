"""The course as a site: whole, linked, searchable, and content without a network or an engine."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import browser
import pages
import pytest
from playwright.sync_api import Page, Request, Route

from course.errors import CourseError
from editions import pages as sources
from editions import site, tree
from editions.lexer import CellLexer

pytestmark = pytest.mark.fetches  # npm's packages, Sphinx, perhaps a Chromium

ROOT = pages.ROOT


# the site: files -----------------------------------------------------------------------------------------


class Found(HTMLParser):
    """What one page holds: the places that a link may name, its links, what it loads, its pictures."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.silent: list[str] = []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what this tag names or asks for."""
        values = {name: value or "" for name, value in attrs}
        self.ids |= {values[name] for name in ("id", "name") if name in values}
        if "href" in values:
            (self.links if tag == "a" else self.loads).append(values["href"])
        if "src" in values:
            self.loads.append(values["src"])
        if tag == "img" and not values.get("alt"):
            self.silent.append(values.get("src", "")[:80])


def faults(folder: Path) -> list[str]:
    """Links of *folder*'s pages that lead nowhere, what they load from elsewhere, pictures without words."""
    # A template of the theme lies among its own files.
    files = (file for file in folder.rglob("*.html") if "_static" not in file.parts)
    found = {file.resolve(): Found(file) for file in files}
    told = []
    for file, page in found.items():
        name = file.relative_to(folder.resolve())
        told += [f"{name} has a picture without a word: {source}" for source in page.silent]
        for link in page.links + page.loads:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.loads and parts.scheme != "data":
                    told.append(f"{name} loads {link}")
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            if not target.is_file():
                told.append(f"{name} leads to {link}, which isn't there")
            elif parts.fragment and target in found and unquote(parts.fragment) not in found[target].ids:
                told.append(f"{name} leads to {link}, and that page has no such place")
    return told


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site, built as `make html` builds it."""
    if not site.PYTHON.exists():
        subprocess.run([sys.executable, ROOT / "course" / "bootstrap.py", "site"], check=True)
    return site.build(work=tmp_path_factory.mktemp("site")).parent


def test_the_site_has_every_page_and_no_solution(html: Path) -> None:
    """Each chapter and each lab is there as handed out, with what one looks up; nothing of solutions/ is."""
    made = {file.relative_to(html).with_suffix("").as_posix() for file in html.rglob("*.html")}
    kinds = pages.all_paths()
    wanted = {
        file.relative_to(ROOT).with_suffix("").as_posix() for file in kinds if kinds[file] != "solution"
    }
    assert len(wanted) > 50
    assert wanted | {"index", "search", "docs/glossary", "docs/cheat-sheet", "docs/troubleshooting"} <= made
    assert not [name for name in made if "solution" in name]
    assert not (html / "_sources").exists() or not any((html / "_sources").iterdir())


def test_each_link_of_the_site_leads_somewhere(html: Path) -> None:
    """Internal links and their anchors exist, nothing is loaded from elsewhere, each picture has words."""
    assert sum(len(Found(file).links) for file in html.rglob("*.html")) > 2000
    assert faults(html) == []


def test_a_fault_of_a_page_is_seen(tmp_path: Path) -> None:
    """A missing page, a missing place, a foreign script and a silent picture are each told."""
    (tmp_path / "a.html").write_text(
        '<p id="here"></p><a href="b.html">b</a><a href="#gone">a</a><a href="a.html#here">a</a>'
        '<a href="https://example.com">e</a><script src="https://example.com/x.js"></script>'
        '<img src="data:image/png;base64,AA">'
    )
    assert len(faults(tmp_path)) == 4


def test_pages_go_on_in_the_order_of_the_course(html: Path) -> None:
    """Next leads from a chapter to its second half, to the lab, and to the next chapter."""
    steps = ["notebooks/06-ports", "notebooks/06-ports-more", "labs/06-ports/lab", "notebooks/07-debugging"]
    for here, there in zip(steps, steps[1:], strict=False):
        page = (html / f"{here}.html").read_text(encoding="utf-8")
        onward = re.search(r'class="right-next"\s+href="([^"]+)"', page)
        assert onward is not None
        assert (html / here).parent.joinpath(onward[1]).resolve() == (html / f"{there}.html").resolve()


# the site: sources ---------------------------------------------------------------------------------------


def test_a_broken_link_stops_the_build(tmp_path: Path) -> None:
    """A link to a file that isn't in the course is told with its page; one to a file outside is words."""
    for name in ("notebooks", "labs", "docs"):
        (tmp_path / name).mkdir()
    (tmp_path / "docs" / "style.md").write_text("# Style\n")
    text = "[how](../docs/style.md), [there](there.ipynb#x)"
    page = partial(sources.page, tmp_path, "notebooks/here.ipynb")
    assert page(text, {"notebooks/there.ipynb"}) == "how (`docs/style.md`), [there](there.ipynb#x)"
    with pytest.raises(CourseError, match=r"here.ipynb links to there.ipynb"):
        page(text, set())


def test_a_cell_has_the_colours_of_its_language() -> None:
    """What is below a magic is read as its language, and the magic itself is a prompt."""

    def kinds(text: str) -> dict[str, str]:
        return {value.strip(): str(kind) for kind, value in CellLexer().get_tokens(text)}

    assert kinds("%%shell --expect 7\necho $HOME")["%%shell --expect 7"] == "Token.Generic.Prompt"
    assert kinds("%%shell\necho $HOME")["echo"] == "Token.Name.Builtin"
    assert kinds("%%writefile work/Dockerfile\nFROM a")["FROM"].startswith("Token.Keyword")
    assert kinds("import os")["import"].startswith("Token.Keyword")


# the site: in a browser ----------------------------------------------------------------------------------


class Watched(NamedTuple):
    """A browser's page, and what went wrong in it so far."""

    page: Page
    told: list[str]


@contextmanager
def watched(folder: Path, own: str) -> Iterator[Watched]:
    """A page that may ask for nothing but addresses below *own*; errors of its console are kept too."""
    told: list[str] = []
    with browser.page(folder) as page:

        def pass_on(route: Route, request: Request) -> None:
            if request.url.startswith((own, "data:", "blob:")):
                route.continue_()
            else:
                told.append(f"asked for {request.url}")
                route.abort()

        page.context.route("**/*", pass_on)
        page.on("console", lambda said: told.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: told.append(str(error)))
        yield Watched(page, told)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of *folder*, served as `python -m http.server` does."""

    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


FIRST_SHELL = "div.cell_input:has(.gp)"


def test_a_reader_finds_copies_and_turns_the_light_off(html: Path, tmp_path: Path) -> None:
    """Served by Python: search, copy button, dark page and diagram work, and nobody else is asked."""
    with served(html) as url, watched(tmp_path, url) as (page, told):
        page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
        page.goto(f"{url}/index.html")
        page.keyboard.press("Control+k")
        page.keyboard.type("bind mount")
        page.keyboard.press("Enter")
        page.locator("#search-results li a", has_text="And in a bind mount?").first.wait_for()
        # Excerpts are read one after the other; another page may open when the last is there.
        page.wait_for_load_state("networkidle")
        page.goto(f"{url}/notebooks/05-life-cycle.html")
        page.locator("pre.mermaid svg").first.wait_for()
        cell = page.locator(FIRST_SHELL).first
        cell.hover()
        cell.locator("button.copybtn").click()
        source = next(tree.source(cell) for cell in shells("05-life-cycle"))
        assert page.evaluate("() => navigator.clipboard.readText()") == source.split("\n", 1)[1].rstrip("\n")
        assert page.locator("div.cell_output button.copybtn").count() == 0
        light = background(page)
        page.locator("button.theme-switch-button:visible").click()
        page.locator("button.theme-change-button[data-mode=dark]:visible").click()
        assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"
        assert background(page) != light
        assert told == []


def shells(slug: str) -> list[tree.Cell]:
    """The shell cells of a chapter."""
    cells = tree.read(ROOT / "notebooks" / f"{slug}.ipynb")["cells"]
    return [cell for cell in cells if tree.source(cell).startswith("%%shell")]


def background(page: Page) -> str:
    """The colour behind a page's text."""
    colour: str = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    return colour


def test_the_site_works_from_a_folder(html: Path, tmp_path: Path) -> None:
    """Opened as files: pages are without errors, and the search finds, if without excerpts."""
    with watched(tmp_path, html.as_uri()) as (page, told):
        for name in ("index", "notebooks/06-ports", "labs/23-localhost/lab", "docs/glossary"):
            page.goto((html / f"{name}.html").as_uri())
            page.wait_for_load_state("networkidle")
            assert not page.evaluate("() => document.documentElement.scrollWidth > innerWidth"), name
        assert told == []
        page.goto((html / "search.html").as_uri() + "?q=bind+mount")
        page.locator("#search-results li a", has_text="And in a bind mount?").first.wait_for()
