"""The bench lab as notebooks: a submission, and the same with the five checks as cells; grades nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from course import labs
from course.labs import CHECK_CELL, Lab

HERE = Path(__file__).resolve().parent
SLUG = "00-start"
Answers = Mapping[str, str]
Cell = dict[str, Any]

# The first check cell makes what the others share, as an instructor would write it.
JUDGE = "import docker\nfrom pathlib import Path\nimport bench_checks\nfrom course.checks import System\n"
JUDGE += "system = System(docker.from_env(), Path.cwd())"


def lab() -> Lab:
    """The bench lab."""
    return labs.find(HERE / "labs" / SLUG)


def checks() -> list[str]:
    """The names of its checks."""
    return [check.name for check in labs.load_checks(lab())]


def solved() -> dict[str, str]:
    """Answers that earn all points."""
    return labs.answers(lab().solution)


def wrong() -> dict[str, str]:
    """Answers that fail one check."""
    (only,) = lab().wrong
    return solved() | only.answers


def submission(answers: Answers) -> dict[str, Any]:
    """What a learner hands in to our grader."""
    return labs.overlay(lab().notebook, answers)


def with_checks(answers: Answers) -> dict[str, Any]:
    """The same with its checks as cells, named as they are, before the clean-up: so peers want it."""
    notebook = submission(answers)
    notebook["cells"] = [each for cell in notebook["cells"] for each in _expanded(cell)]
    return notebook


def _expanded(cell: Cell) -> list[Cell]:
    if cell.get("id") != CHECK_CELL:
        return [cell]
    return [code("judge", JUDGE), *(code(name, call(name)) for name in checks())]


def call(name: str) -> str:
    """The code of a check cell: it prints what was seen, or raises."""
    return f"print(bench_checks.{name}.observe(system))"


def code(id_: str, source: str) -> Cell:
    """A code cell without outputs."""
    empty: Cell = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    return empty | {"id": id_, "source": source}


def write(file: Path, notebook: Mapping[str, Any]) -> Path:
    """Put *notebook* into *file*, with its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(notebook, indent=1) + "\n", encoding="utf-8")
    return file


@contextmanager
def as_current_lab() -> Iterator[None]:
    """While the block runs, our grader's search for a lab by its slug finds the bench lab first."""
    before = Path.cwd()
    os.chdir(HERE)
    try:
        yield
    finally:
        os.chdir(before)
