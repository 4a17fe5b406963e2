"""`make lab` opens: the page answers, a kernel runs chapter 00, and what the learner sees is whole."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import jupyter
import pytest

from course import ledger, workshop
from course.engine import client
from course.engine.daemon import until

pytestmark = pytest.mark.fetches

LISTED = """async () => (await jupyterapp.serviceManager.contents.get('notebooks')).content
    .map(each => each.name)"""
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def jupyter_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of this machine's user reaches the JupyterLab under test."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.delenv("DISPLAY", raising=False)


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


def test_chapter_00_runs_in_a_real_browser(tmp_path: Path) -> None:
    """Run All in Chromium: every cell ran, none failed, the picture is drawn, the engine is as before."""
    before = ledger.snapshot(client())
    root, widths = jupyter.copy(tmp_path / "copy", ["notebooks"]), "all => all.map(each => each.naturalWidth)"
    with (
        jupyter.lab(root, tmp_path) as url,
        jupyter.desk(url, tmp_path / "profile") as desk,
        desk.opened("notebooks/00-start.ipynb", kernel=True),
    ):
        cells = desk.run_all()
        pictures = desk.page.locator("figure img").evaluate_all(widths)
        listed = desk.page.evaluate(LISTED)
    assert jupyter.faults(cells) == []
    assert pictures and min(pictures) > 100
    # Answers lie beside each notebook, and nobody is to open them by mistake.
    assert "00-start.ipynb" in listed and (root / "notebooks/00-start.quiz.toml").exists()
    assert not [name for name in listed if name.endswith(".toml")]
    assert not [fault for fault in desk.watch.take() if fault.startswith("script error")]
    assert not ledger.diff(before, ledger.snapshot(client()))
