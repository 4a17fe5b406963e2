"""A real browser: Chromium with an empty profile, what went wrong in it, its pictures; no JupyterLab."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import relay
from playwright.sync_api import ConsoleMessage, FloatRect, Page, Request, sync_playwright

from course import debian

# Without these Chromium calls home at every start, which a closed network answers with a flood of errors.
# The last: no name leads anywhere, so a page that asks another host is refused wherever it runs.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SHOTS = Path(__file__).resolve().parent.parent / "artefacts" / "screenshots"
WIDTH = 1280
TALLEST = 16_000  # more points Chromium doesn't draw in one picture


def program() -> str:
    """A Chromium on this machine; on Debian as root it is installed when missing."""
    found = next((path for path in map(shutil.which, PROGRAMS) if path), None)
    if found is None:
        debian.install(["chromium", "fonts-dejavu-core"])
        found = shutil.which("chromium")
    assert found, "the browser test needs Chromium: install it, then run make test again"
    return found


@contextmanager
def page(folder: Path, *, dark: bool = False, height: int = 1000, only: int | None = None) -> Iterator[Page]:
    """A fresh browser window with its own empty profile in *folder*.

    With *only* it runs, where that can be, in a network in which there is this port of 127.0.0.1 alone.
    """
    with ExitStack() as stack:
        chromium = program()
        if only and relay.is_possible():
            chromium = _within(stack.enter_context(relay.network(only)), folder.with_suffix(".sh"))
        playwright = stack.enter_context(sync_playwright())
        window = playwright.chromium.launch_persistent_context(
            str(folder), executable_path=chromium, headless=True, args=FLAGS,
            viewport={"width": WIDTH, "height": height}, color_scheme="dark" if dark else "light",
        )  # fmt: skip
        stack.callback(window.close)
        yield window.pages[0]


def _within(words: list[str], script: Path) -> str:
    """A program that is Chromium in another network."""
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(f'#!/bin/sh\nexec {shlex.join([*words, program()])} "$@"\n')
    script.chmod(0o755)
    return str(script)


@dataclass
class Watch:
    """What went wrong on a page since it was last asked: errors of scripts and console, foreign requests."""

    home: str
    faults: list[str] = field(default_factory=list)

    def on(self, page: Page) -> None:
        """Listen to *page* from now on."""
        page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))
        page.on("console", self._console)
        page.on("request", self._request)
        page.on("websocket", lambda socket: self._address(socket.url))

    def take(self) -> list[str]:
        """The faults, which are then forgotten."""
        found = list(self.faults)
        self.faults.clear()
        return found

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"console error: {message.text}")

    def _request(self, request: Request) -> None:
        self._address(request.url)

    def _address(self, url: str) -> None:
        where, home = urlsplit(url), urlsplit(self.home)
        is_here = (where.hostname, where.port) == (home.hostname, home.port)
        if where.scheme not in ("data", "blob") and not is_here:
            self.faults.append(f"request to another host: {url}")


def keep(page: Page, name: str) -> Path:
    """Take a picture of what *page* shows; it stays in artefacts/, or where COURSE_SCREENSHOTS says."""
    folder = Path(os.environ.get("COURSE_SCREENSHOTS") or SHOTS)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.jpg"
    height = min(page.evaluate("() => innerHeight"), TALLEST)
    clip: FloatRect = {"x": 0, "y": 0, "width": WIDTH, "height": height}
    page.screenshot(path=str(file), type="jpeg", quality=50, clip=clip)
    return file
