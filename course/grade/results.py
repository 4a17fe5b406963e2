"""What came of a submission, as plain values that are kept one file each; knows no reports."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from course import labs
from course.checks.judging import capped
from course.grade.judging import Trial
from course.labs import Lab

SCHEMA = "containers-course/results/v1"
State = Literal["graded", "refused", "error"]
SHOWN_OUTPUT = 2000
MOST_CELLS = 200


@dataclass(frozen=True)
class Result:
    """One submission's result; docs/grading.md describes each field.

    *state* refused: no submission to a lab, *note* says why. error: the engine or the grader failed twice, so
    *earned* says nothing about the learner. *checks* are verdicts, *cells* what the learner's cells said.
    """

    name: str
    file: str
    lab: str
    submission: str
    version: str
    state: State
    note: str = ""
    earned: int = 0
    points: int = 0
    end: str = ""
    tries: int = 0
    seconds: float = 0.0
    date: str = ""
    checks: tuple[dict[str, Any], ...] = ()
    cells: tuple[dict[str, str], ...] = field(default=())


def graded(name: str, file: str, lab: Lab, submission: str, trial: Trial, **more: Any) -> Result:
    """The result of a *trial*; it is an error when a check could not be judged."""
    broken = trial.judgement.named("error")
    verdicts = trial.judgement.to_dict()["checks"]
    cells = tuple(
        {"cell": run.cell, "error": capped(run.error), "output": run.output[-SHOWN_OUTPUT:]}
        # A learner's Python can claim any number of cells.
        for run in trial.run.cells[:MOST_CELLS]
    )
    note = f"could not be judged: {', '.join(broken)}" if broken else NOTES[trial.run.end]
    return Result(
        name, file, lab.slug, submission, version(lab), "error" if broken else "graded", note,
        trial.judgement.earned, trial.judgement.points, trial.run.end,
        checks=tuple(verdicts), cells=cells, **more,
    )  # fmt: skip


NOTES = {
    "done": "",
    "deadline": "The cells had not ended when their time was up; what stood then was judged.",
    "died": "The notebook's Python ended before its last cell; what stood then was judged.",
}


def version(lab: Lab) -> str:
    """What results must share to be compared: the lab's checks, and its notebook and files as handed out."""
    frozen = hashlib.sha256(lab.notebook.read_bytes()).hexdigest()
    starters = [
        f"{file.relative_to(lab.folder)} {hashlib.sha256(file.read_bytes()).hexdigest()}"
        for starter in lab.starters
        for file in sorted([starter, *starter.rglob("*")])
        if file.is_file()
    ]
    return hashlib.sha256("\n".join([labs.version(lab), frozen, *starters]).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Store:
    """A folder that holds one file for each result, written whole or not at all."""

    folder: Path

    def add(self, result: Result) -> None:
        """Keep *result*, in place of an older one of the same person for the same lab."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self._file(result.name, result.lab)
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps({"schema": SCHEMA, **asdict(result)}, indent=1) + "\n", encoding="utf-8")
        fresh.replace(file)

    def find(self, name: str, lab: str, submission: str, version: str) -> Result | None:
        """The result of the very same answers under the very same checks; an error is not kept to."""
        try:
            found = _read(self._file(name, lab))
        except (OSError, ValueError, KeyError, TypeError):  # none yet, or torn, or an older course's
            return None
        same = (found.submission, found.version, found.state) == (submission, version, "graded")
        return found if same else None

    def all(self) -> tuple[Result, ...]:
        """Every result, by lab and name."""
        files = sorted(self.folder.glob("*.json"))
        return tuple(sorted(map(_read, files), key=lambda each: (each.lab, each.name)))

    def _file(self, name: str, lab: str) -> Path:
        # Either may be anything; the hash keeps two that look alike apart.
        plain, of_lab = (re.sub(r"[^A-Za-z0-9]+", "-", each)[:40] for each in (name, lab or "none"))
        key = hashlib.sha256(f"{lab}\n{name}".encode(errors="surrogateescape")).hexdigest()[:12]
        return self.folder / f"{of_lab}-{plain}-{key}.json"


def _read(file: Path) -> Result:
    content = json.loads(file.read_text(encoding="utf-8"))
    if content.pop("schema") != SCHEMA:
        raise ValueError(f"{file} has another form than {SCHEMA}")
    content["checks"], content["cells"] = tuple(content["checks"]), tuple(content["cells"])
    return Result(**content)


def total(results: Iterable[Result]) -> tuple[int, int]:
    """Points earned and points there were, of those that were graded."""
    found = [each for each in results if each.state == "graded"]
    return sum(each.earned for each in found), sum(each.points for each in found)
