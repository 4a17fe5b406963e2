"""What holds for every test: the learner's own record is left alone, and a run says its seed at the end."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator

import pytest
import timetable

from course import places

RUN = re.compile(r"test_outputs_are_true\w*\[\d+-notebooks/([\w-]+)\.ipynb\]")
# By chapter, the seconds of its first run; filled where pytest reports, in the one process that hears all.
seconds: dict[str, float] = {}


@pytest.fixture(scope="session", autouse=True)
def record_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Kernels and commands that a test starts write what they record into a file of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_RECORD", str(tmp_path_factory.mktemp("record") / "progress.jsonl"))
        yield


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember how long a chapter's first run took."""
    found = RUN.search(report.nodeid)
    if found and report.when == "call" and report.passed:
        seconds.setdefault(found[1], report.duration)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep what was measured for tests/timetable.py, where each chapter ran."""
    if hasattr(session.config, "workerinput") or set(seconds) < {file.stem for file in timetable.chapters()}:
        return
    file = places.ROOT / timetable.SECONDS
    file.parent.mkdir(exist_ok=True)
    with file.open("w", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(("chapter", "seconds"))
        table.writerows((chapter, f"{took:.1f}") for chapter, took in sorted(seconds.items()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the seed of the notebooks' order: with it the same order runs again."""
    notebooks = sys.modules.get("test_notebooks")
    if notebooks is not None:
        terminalreporter.write_line(f"notebooks: order of COURSE_SEED={notebooks.SEED}")
