"""otter-grader as a grader: one `otter run` a copy, in turn, the five checks as otter tests."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers import notebooks, venv
from benchmarks.peers.contender import Plan, Points
from benchmarks.peers.notebooks import Answers

TEST = """from otter.test_files import test_case

OK_FORMAT = False
name = "{name}"
points = 1


@test_case()
def test_{name}(bench_checks, system):
    bench_checks.{name}.observe(system)
"""


def prepare(folder: Path, copies: Sequence[Answers]) -> Plan:
    """The autograder's archive, and the copies beside it."""
    archive = _archive(folder / "autograder.zip")
    commands: list[list[str | Path]] = []
    for number, answers in enumerate(copies):
        file = notebooks.write(folder / "copies" / f"s{number:03}" / "lab.ipynb", marked(answers))
        commands.append(
            ["otter", "run", "--autograder", archive, "--output-dir", file.parent, "--no-logo", file]
        )
    results = [folder / "copies" / f"s{number:03}" / "results.json" for number in range(len(copies))]
    return Plan(commands, folder, venv.environment(folder), lambda: [_points(file) for file in results])


def marked(answers: Answers) -> dict[str, Any]:
    """The notebook with otter's marks: its tests run after the cell `judge`, before the clean-up."""
    notebook = notebooks.with_checks(answers)
    names = notebooks.checks()
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] not in names]
    for cell in notebook["cells"]:
        if cell["id"] == "judge":
            cell["metadata"] = {"otter": {"tests": names}}
    return notebook


def _archive(file: Path) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("otter_config.json", json.dumps({"show_stdout": False}))
        for name in notebooks.checks():
            archive.writestr(f"tests/{name}.py", TEST.format(name=name))
    return file


def _points(results: Path) -> Points:
    tests = [test for test in json.loads(results.read_text())["tests"] if test.get("max_score")]
    return sum(test["score"] for test in tests), sum(test["max_score"] for test in tests)
