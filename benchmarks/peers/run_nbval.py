"""nbval as a grader: one pytest over all copies, strictly compared; a point is a check cell that passes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.peers import notebooks, venv
from benchmarks.peers.contender import Plan, Points
from benchmarks.peers.notebooks import Answers
from course import labs
from course.labs import Notebook

CELL_SECONDS = 120


def prepare(folder: Path, copies: Sequence[Answers]) -> Plan:
    """Copies with the outputs of a true run stored in them, as an instructor hands them out."""
    env = venv.environment(folder)
    expected = _executed(folder, env)
    for number, answers in enumerate(copies):
        cells = [cell | {"source": answers.get(cell["id"], cell["source"])} for cell in expected["cells"]]
        notebooks.write(folder / "copies" / f"s{number:03}" / "lab.ipynb", expected | {"cells": cells})
    command: list[str | Path] = [
        "pytest", "-q", "--nbval", "--nbval-current-env", f"--nbval-cell-timeout={CELL_SECONDS}",
        "-p", "no:cacheprovider", "--junit-xml", folder / "report.xml", folder / "copies",
    ]  # fmt: skip
    return Plan([command], folder, env, lambda: _points(folder / "report.xml", expected, len(copies)), (0, 1))


def _executed(folder: Path, env: dict[str, str]) -> Notebook:
    file = notebooks.write(folder / "expected" / "lab.ipynb", notebooks.with_checks(notebooks.solved()))
    command: list[str | Path] = ["jupyter", "nbconvert", "--to", "notebook", "--execute", "--inplace", file]
    subprocess.run(command, env=env, cwd=file.parent, check=True, capture_output=True)
    return labs.read(file)


def _points(report: Path, expected: Notebook, copies: int) -> list[Points]:
    """The points of each copy, told by the number of a cell in nbval's names: `Cell 3`."""
    code = [cell["id"] for cell in expected["cells"] if cell["cell_type"] == "code"]
    wanted = {f"Cell {code.index(name)}" for name in notebooks.checks()}
    earned = [0] * copies
    for case in ElementTree.parse(report).iter("testcase"):
        if case.get("name") in wanted and case.find("failure") is None and case.find("error") is None:
            earned[_number(case.get("classname", ""))] += 1
    return [(each, len(wanted)) for each in earned]


def _number(classname: str) -> int:
    found = re.search(r"\bs(\d{3})\b", classname)
    assert found is not None, classname
    return int(found[1])
