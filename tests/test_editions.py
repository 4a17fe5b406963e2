"""The course as a site and as slides: whole, linked, readable, without a network or an engine."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import accessibility
import browser
import pages
import pytest
from playwright.sync_api import Page, Request, Route

from course.errors import CourseError
from editions import choice, site, slides, tree
from editions import pages as sources
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
            # A closed answer lies over what it hides.
            page.evaluate("() => document.querySelectorAll('details').forEach(each => { each.open = true; })")
            accessibility.install(page)
            for theme in ("light", "dark"):
                page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
                assert accessibility.axe(page, ["article.bd-article"]) == [], (name, theme)
        assert told == []
        page.goto((html / "search.html").as_uri() + "?q=bind+mount")
        page.locator("#search-results li a", has_text="And in a bind mount?").first.wait_for()


# slides: which cells -------------------------------------------------------------------------------------


def markdown(text: str, *tags: str) -> tree.Cell:
    """A cell of words."""
    return {"cell_type": "markdown", "id": "words", "metadata": {"tags": list(tags)}, "source": text}


def code(text: str, printed: str = "", *tags: str, html: str = "") -> tree.Cell:
    """A cell of code, with what it printed or the HTML that it gave."""
    outputs = choice.streams(printed) + ([choice.as_result(html)] if html else [])
    cell = {"cell_type": "code", "id": "code", "metadata": {"tags": list(tags)}, "source": text}
    return cell | {"execution_count": 1, "outputs": outputs}


START = (
    markdown("# 99 · Small\n\nYou look."),
    markdown("| |\n|---|\n\n**You will be able to**\n\n- *look*;"),
)


def shown(*cells: tree.Cell) -> list[tuple[str, str]]:
    """What becomes of *cells* in a chapter, behind its title: the kind and the text of each piece."""
    pieces = list(choice.pieces([*START, *cells]))
    assert (pieces[0].kind, pieces[0].words) == ("slide", "# 99 · Small\n\nYou look.\n\n- *look*;")
    outputs = [choice.printed_by(each.outputs) for each in pieces]
    return [
        (each.kind, each.words or each.code or output)
        for each, output in zip(pieces[1:], outputs[1:], strict=True)
    ]


def test_a_cell_without_a_tag_becomes_what_it_is() -> None:
    """Headings start slides, commands and pictures have theirs, other words are spoken."""
    heading, words = markdown("## Who?\n\nA [name](x.md)."), markdown("Look at the name.")
    assert shown(heading, words) == [("slide", "## Who?\n\nA name."), ("notes", "Look at the name.")]
    assert shown(code("%%shell --expect 7\ndocker ps", "x")) == [("subslide", "docker ps")]
    assert len(shown(code("plots.draw(x)", html="<figure></figure>"))) == 1
    left_out = [code("lesson.start('99')", "ready"), code("assert x"), code("lesson.leftovers()", "Nothing")]
    assert shown(*left_out, markdown("## Clean up\n\nRemove it."), code("%%shell\ndocker rm x", "x")) == []


def test_a_prediction_has_its_choices_and_its_answer_is_for_the_speaker() -> None:
    """The question is a slide with what one may say; what happened stands in its notes."""
    asked = markdown(
        "It listens.\n\n**Predict:** who\nanswers?\nPut your word in place of the question mark."
    )
    cells = [
        asked,
        code('lesson.predict("k", "a", "b", mine="?")', "x"),
        code('lesson.happened("k", "b")', "y"),
    ]
    assert shown(*cells) == [
        ("notes", "It listens."),
        ("subslide", "**Predict:** who\nanswers?\n\n- a\n- b"),
        ("notes", "It was: b"),
    ]


def test_a_tag_decides() -> None:
    """With skip a cell is left out, notes are spoken, a fragment waits for a key, a slide is shown."""
    command = "%%shell\nls"
    assert shown(code(command, "x", "skip")) == []
    assert shown(code(command, "x", "fragment")) == [("fragment", "ls")]
    assert shown(code(command, "x", "notes")) == [("notes", "ls")]
    assert shown(markdown("Words.", "slide")) == [("subslide", "Words.")]


def test_a_long_output_shows_its_head_and_says_so() -> None:
    """Below a short command stands what fits; below a long one it has a slide of its own."""
    long = "\n".join(map(str, range(50)))
    assert choice.shortened(long, 20).splitlines()[-2:] == ["18", "… 31 more lines in the notebook"]
    assert len(shown(code("%%shell\nseq 50", long))) == 1
    assert len(shown(code("%%shell\n" + "seq 50\n" * 12, long))) == 2


# slides: in a browser ------------------------------------------------------------------------------------

OVERFLOWING = (
    "() => [...document.querySelectorAll('[data-overflows]')].map((each) => each.innerText.slice(0, 80))"
)
DRAWN = "() => [...document.querySelectorAll('.slides > section > section')].length"
PLACES = """() => [...document.querySelectorAll('.slides > section')].flatMap(
    (column, h) => [...column.querySelectorAll(':scope > section')].map((_, v) => [h, v]))"""
SETTLED = """() => document.querySelector('.slides').getAnimations({subtree: true})
    .every(each => each.playState === 'finished')"""
EMPTY = """() => [...document.querySelectorAll('.slides > section > section')]
    .filter((each) => [...each.children].every((one) => one.matches('aside, .topic')))
    .map((each) => each.outerHTML)"""


def deck(folder: Path, root: Path, slugs: list[str]) -> Path:
    """The page of a deck of these chapters, alone in its folder."""
    (folder / "decks").mkdir()
    text = f'title = "A deck"\nchapters = {json.dumps(slugs)}\n'
    (folder / "decks" / "all.toml").write_text(text, encoding="utf-8")
    return slides.build(folder / "decks", root, folder / "out")[0]


def test_each_chapter_makes_slides_that_fit(tmp_path: Path) -> None:
    """All chapters in one deck, opened from its folder: nothing is too large, empty, or asked of others."""
    slugs = [file.stem for file in tree.chapters(ROOT) if not file.stem.startswith("9")]
    page_of_all = deck(tmp_path, ROOT, slugs)
    with watched(tmp_path / "window", page_of_all.parent.as_uri()) as (page, told):
        page.goto(page_of_all.as_uri())
        page.evaluate("() => window.deckReady")
        assert page.evaluate(DRAWN) > 20 * len(slugs)
        assert page.evaluate(OVERFLOWING) == []
        assert page.evaluate(EMPTY) == []
        assert page.locator("pre.mermaid svg").count() >= 9
        accessibility.install(page)
        some = random.sample(page.evaluate(PLACES), 6)
        seen = [fault for place in some for fault in judged(page, place)]
        assert seen == []
        assert told == []


def judged(page: Page, place: list[int]) -> list[str]:
    """What axe finds wrong on the slide at *place*, the number of its column and its row."""
    page.evaluate("place => Reveal.slide(...place)", place)
    page.wait_for_function(SETTLED)
    return [f"{place}: {fault}" for fault in accessibility.axe(page, [".slides > section > section.present"])]


def test_the_three_decks_name_chapters_and_grow() -> None:
    """Half a day, a day and two days: each has the chapters of the one before, in the order of the course."""
    files = [slides.DECKS / f"{name}.toml" for name in ("half-day", "one-day", "two-days")]
    assert sorted(slides.DECKS.iterdir()) == files
    named = [tomllib.loads(file.read_text(encoding="utf-8"))["chapters"] for file in files]
    assert all(slugs == sorted(slugs) for slugs in named)
    assert set(named[0]) < set(named[1]) < set(named[2]) < {file.stem for file in tree.chapters(ROOT)}


def test_a_slide_that_overflows_is_found_and_mathematics_is_drawn(tmp_path: Path) -> None:
    """A table of 60 rows doesn't fit; a formula becomes a picture; a foreign picture is reported."""
    table = "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 60
    formula = "## How much?\n\n$x = \\frac{1}{2}$\n\n<img src='https://example.com/x.png' alt='x'>"
    cells = [*START, markdown(f"## Long\n\n{table}"), markdown(formula), code("%%shell\nls", "x", "fragment")]
    (tmp_path / "notebooks").mkdir()
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "notebooks" / "99-small.ipynb").write_text(json.dumps(content), encoding="utf-8")
    small = deck(tmp_path, tmp_path, ["99-small"])
    with watched(tmp_path / "window", small.parent.as_uri()) as (page, told):
        page.goto(small.as_uri())
        page.wait_for_function(
            "() => document.querySelector('mjx-container svg') && window.Reveal?.isReady()"
        )
        assert [words.split()[0] for words in page.evaluate(OVERFLOWING)] == ["Long"]
        assert page.locator(".fragment pre.code").count() == 1
        assert any("https://example.com/x.png" in words for words in told)
