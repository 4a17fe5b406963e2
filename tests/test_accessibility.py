"""The judge of pages sees what it is there for: each sample is wrong in one way, and that is named."""

from __future__ import annotations

import base64
import http.server
import socket
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import accessibility
import browser
import pytest
import relay
from browser import Watch
from playwright.sync_api import Error, Page

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle r="4"/></svg>'
DOT = f"data:image/svg+xml;base64,{base64.b64encode(SVG).decode()}"
FIGURE = f'<figure><img src="{DOT}" alt="A dot."><figcaption>It is a dot.</figcaption></figure>'
WHOLE = f"<main><h1>One</h1><p>Words.</p><h2>Two</h2>{FIGURE}<h3>Three</h3><h2>Four</h2></main>"
WRONG = {
    "grey on white": ("<p>Words.", '<p style="color:#999">Words.', "insufficient color contrast of 2.84"),
    "words on a picture": (
        "<p>Words.",
        f'<p style="background-image:url({DOT})">Words.',
        "background color could not be determined",
    ),
    "no alt text": ('alt="A dot."', "", "a picture without alt text"),
    "an empty alt text": ('alt="A dot."', 'alt=""', "a picture without alt text"),
    "an alt text that JupyterLab makes": ('alt="A dot."', 'alt="Image"', "a picture without alt text"),
    "a picture that is none": (DOT, "data:image/svg+xml;base64,none", "a picture that isn't drawn"),
    "no caption": ("<figcaption>It is a dot.</figcaption>", "", "a figure without a caption"),
    "a picture alone": (FIGURE, f'<img src="{DOT}" alt="A dot.">', "a picture outside a figure"),
    "h3 below h1": ("<h2>Two</h2>", "", "an h3 follows an h1: Three"),
    "two h1": ("<h2>Four</h2>", "<h1>Four</h1>", "h1 is not first and alone"),
    "no h1": ("<h1>One</h1>", "", "h1 is not first and alone"),
    "a table's empty head": ("<p>", "<table><tr><th></th></tr></table><p>", "empty-table-header"),
    "a link without words": ("<p>", '<a href="#"></a><p>', "link-name"),
    "all out of sight": ("<main>", '<main style="position:absolute; left:-9999px">', "contrast of no text"),
}
ASKS = {
    "a picture from elsewhere": ('<img src="http://example.org/a.png">', "to another host: http://example.org/a.png"),
    "a script from a name that is this machine": (
        '<script src="http://localhost:1/a.js"></script>', "to another host: http://localhost:1/a.js",
    ),
    "an error said in the console": ("<script>console.error('it broke')</script>", "console error: it broke"),
    "an error nobody caught": ("<script>nothing.there</script>", "script error: nothing is not defined"),
    "a socket to elsewhere": (
        "<script>new WebSocket('ws://example.org/s')</script>", "to another host: ws://example.org/s",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder and the address at which its files are served."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    folder = tmp_path_factory.mktemp("site")
    (folder / "favicon.ico").write_bytes(b"")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_in_a_network_of_its_own_a_browser_meets_one_port(site: tuple[Path, str], tmp_path: Path) -> None:
    """The server that is named answers there, and another of this machine doesn't; elsewhere both would."""
    folder, home = site
    (folder / "page.html").write_text("<!doctype html><title>Here</title>")
    port = int(home.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", 0)) as other, browser.page(tmp_path / "own", only=port) as page:
        page.goto(f"{home}/page.html")
        assert page.title() == "Here"
        if relay.is_possible():
            with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
                page.goto(f"http://127.0.0.1:{other.getsockname()[1]}/")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One browser for all samples."""
    with browser.page(tmp_path_factory.mktemp("browser") / "profile", height=700) as found:
        yield found


def faults(page: Page, content: str) -> list[str]:
    """All that the judge says of a page with *content*."""
    page.set_content(f'<!doctype html><html lang="en"><title>Sample</title>{content}</html>')
    page.wait_for_function("() => [...document.images].every(picture => picture.complete)")
    accessibility.install(page)
    said = accessibility.figures(page, "main") + accessibility.headings(page, "main")
    return said + accessibility.axe(page, ["main"])


def test_a_whole_page_has_no_fault(page: Page) -> None:
    """The sample that the next test breaks is right before it does."""
    assert faults(page, WHOLE) == []


@pytest.mark.parametrize(("right", "wrong", "words"), WRONG.values(), ids=WRONG)
def test_a_fault_is_seen_and_named(page: Page, right: str, wrong: str, words: str) -> None:
    """What is broken in the sample is what the judge says."""
    assert right in WHOLE
    assert words in "\n".join(faults(page, WHOLE.replace(right, wrong)))


def test_contrast_is_judged_by_colours_alone_where_only_that_is_asked(page: Page) -> None:
    """The rules for the second theme see a contrast, and not what the first has judged already."""
    broken = WHOLE.replace("<p>Words.", '<a href="#"></a><p style="color:#999">Words.')
    faults(page, broken)
    said = accessibility.axe(page, ["main"], rules=accessibility.COLOURS)
    assert [line.partition(":")[0] for line in said] == ["color-contrast"]


@pytest.mark.parametrize(
    ("content", "words"), [("<p>Quiet.</p>", ""), *ASKS.values()], ids=["nothing", *ASKS]
)
def test_what_a_page_asks_and_says_is_watched(
    page: Page, site: tuple[Path, str], content: str, words: str, tmp_path: Path
) -> None:
    """A page that asks its own server alone, without an error, has no fault; any other is told."""
    folder, home = site
    file = f"{tmp_path.name}.html"  # the same name again would come from the browser's cache
    (folder / file).write_text(f"<!doctype html><title>Sample</title>{content}")
    watch = Watch(home)
    watch.on(page)
    page.goto(f"{home}/{file}", wait_until="networkidle")
    said = "\n".join(watch.take())
    assert words in said if words else said == ""
