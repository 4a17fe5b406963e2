"""`make lab` opens: the page answers, a kernel runs chapter 00, and what the learner sees is whole."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import browser
import pytest

from course import ledger, workshop
from course.engine import client
from course.engine.daemon import until

pytestmark = pytest.mark.fetches

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def jupyter_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of this machine's user reaches the JupyterLab under test."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.delenv("DISPLAY", raising=False)


@pytest.fixture
def lab(jupyter_of_its_own: None, tmp_path: Path) -> Iterator[str]:
    """The address of a running JupyterLab."""
    more = ("--LabApp.expose_app_in_browser=True", f"--LabApp.workspaces_dir={tmp_path}")
    process, url = workshop.start(0, browser=False, more=more)
    yield url
    workshop.stop(process)


def test_the_lab_verb_prints_an_address_that_answers(jupyter_of_its_own: None) -> None:
    """`python -m course lab` sets up, prints the address, answers 200 there, and Ctrl-C ends it all."""
    process = subprocess.Popen(
        [sys.executable, "-m", "course", "lab", "--port", "0"], cwd=ROOT, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        url = next((found[0] for line in lines if (found := re.search(r"http://127\S+", line))), "")
        assert url, "the address was never printed"
        assert workshop.answers(url)
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(60)
    assert code == 0
    assert until(lambda: not workshop.answers(url), 10), "JupyterLab still answers after Ctrl-C"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_chapter_00_runs_in_a_real_browser(lab: str, tmp_path: Path, dark: bool) -> None:
    """Run All in Chromium: every cell ran, none failed, the picture is drawn, the engine is as before."""
    before = ledger.snapshot(client())
    with browser.page(tmp_path / "profile", dark=dark) as page:
        failed_requests: list[str] = []
        page.on("pageerror", lambda error: failed_requests.append(str(error)))
        browser.open_notebook(page, lab, dark=dark)
        cells = browser.run_all(page)
        pictures = page.locator("figure img").evaluate_all("all => all.map(each => each.naturalWidth)")
        keep = os.environ.get("COURSE_SCREENSHOTS")
        if keep:
            page.screenshot(
                path=str(Path(keep) / f"00-start-{'dark' if dark else 'light'}.png"), full_page=True
            )
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    counts = [cell["execution_count"] for cell in code]
    assert counts == list(range(1, len(code) + 1))
    errors = [output for cell in code for output in cell["outputs"] if output["output_type"] == "error"]
    assert not errors
    assert pictures and min(pictures) > 100
    assert not failed_requests
    assert not ledger.diff(before, ledger.snapshot(client()))
