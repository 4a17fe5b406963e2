"""What holds for every test: the learner's own record is left alone, and a run says its seed at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def record_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Kernels and commands that a test starts write what they record into a file of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_RECORD", str(tmp_path_factory.mktemp("record") / "progress.jsonl"))
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the seed of the notebooks' order: with it the same order runs again."""
    notebooks = sys.modules.get("test_notebooks")
    if notebooks is not None:
        terminalreporter.write_line(f"notebooks: order of COURSE_SEED={notebooks.SEED}")
