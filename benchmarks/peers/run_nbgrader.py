"""nbgrader as a grader: one `autograde` over all students, the five checks as autograder test cells."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers import notebooks, venv
from benchmarks.peers.contender import Plan, Points
from benchmarks.peers.notebooks import Answers

ASSIGNMENT = "bench"
CONFIG = """c = get_config()
c.CourseDirectory.course_id = "bench"
c.ExecutePreprocessor.timeout = 120
c.ClearSolutions.code_stub = {"python": "# Your turn"}
"""
SCORES = """
select student.id, coalesce(sum(coalesce(grade.auto_score, 0)), 0), sum(grade_cells.max_score)
from grade
join grade_cells on grade.cell_id = grade_cells.id
join submitted_notebook on grade.notebook_id = submitted_notebook.id
join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
join student on submitted_assignment.student_id = student.id
group by student.id order by student.id
"""


def prepare(folder: Path, copies: Sequence[Answers]) -> Plan:
    """An nbgrader course whose assignment is released, and each copy handed in by a student of its own."""
    course = folder / "course"
    notebooks.write(course / "source" / ASSIGNMENT / "lab.ipynb", marked(notebooks.solved()))
    (course / "nbgrader_config.py").write_text(CONFIG)
    env = venv.environment(folder)
    release = ["nbgrader", "generate_assignment", ASSIGNMENT, "--create"]
    subprocess.run(release, cwd=course, env=env, check=True, capture_output=True)
    for number, answers in enumerate(copies):
        place = course / "submitted" / f"s{number:03}" / ASSIGNMENT
        notebooks.write(place / "lab.ipynb", marked(answers))
    command = ["nbgrader", "autograde", ASSIGNMENT, "--create"]
    return Plan([command], course, env, lambda: _points(course / "gradebook.db"))


def marked(answers: Answers) -> dict[str, Any]:
    """The notebook with nbgrader's marks: answers may be changed, checks are worth a point each."""
    notebook = notebooks.with_checks(answers)
    for cell in notebook["cells"]:
        cell["metadata"] = cell["metadata"] | {"nbgrader": _mark(cell)}
    return notebook


def _mark(cell: Mapping[str, Any]) -> dict[str, Any]:
    is_test, is_answer = cell["id"] in notebooks.checks(), cell["id"] in notebooks.solved()
    mark = {
        "grade_id": cell["id"], "schema_version": 3, "grade": is_test, "solution": is_answer,
        "locked": not is_answer, "task": False,
    }  # fmt: skip
    return mark | ({"points": 1} if is_test else {})


def _points(gradebook: Path) -> list[Points]:
    with sqlite3.connect(gradebook) as rows:
        return [(float(earned), float(most)) for _, earned, most in rows.execute(SCORES)]
