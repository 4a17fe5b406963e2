"""What pytest says at the end of a run, beside which tests failed."""

from __future__ import annotations

import sys

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the seed of the notebooks' order: with it the same order runs again."""
    notebooks = sys.modules.get("test_notebooks")
    if notebooks is not None:
        terminalreporter.write_line(f"notebooks: order of COURSE_SEED={notebooks.SEED}")
