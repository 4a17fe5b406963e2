"""Grade attacks as submissions, each in a private engine, and note what came of them; judges nothing."""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from course import labs
from course.checks import System
from course.grade import engines, grading, private
from course.grade.grading import Task
from course.grade.judging import Place
from course.grade.results import Result
from course.grade.runners import Run, Runner
from course.grade.submission import Submission
from course.labs import Lab

FOLDER = Path(__file__).parent / "attacks"
LAB = "00-start"
# An attack that ends by itself gets time for it on a busy machine, too.
PATIENT_SECONDS = 40.0
JOBS = 2


@dataclass(frozen=True)
class Attack:
    """One file of tests/attacks: answers, and what proves that the attack was really made and got nowhere.

    Its output *shows* each of some words and *hides* others; *expect* are the states it may end in, *ends*
    how its cells end (empty: any way) within *seconds*. Two that belong *together* run at the same time.
    """

    name: str
    why: str
    answers: dict[str, str]
    expect: tuple[str, ...] = ("graded",)
    ends: str = ""
    shows: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    together: bool = False
    seconds: float = PATIENT_SECONDS


def attacks() -> tuple[Attack, ...]:
    """Every attack in the folder; those that belong together come first, side by side."""
    found = [_attack(file) for file in sorted(FOLDER.glob("*.toml"))]
    return tuple(sorted(found, key=lambda each: not each.together))


def _attack(file: Path) -> Attack:
    words = tomllib.loads(file.read_text(encoding="utf-8"))
    kept: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in words.items()
    }
    return Attack(file.stem, **kept)


@dataclass
class Watch:
    """What was noted of one attack: its cells' own words, and what should not have been."""

    seconds: float
    runs: list[Run] = field(default_factory=list)
    outlived: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    nonces: list[str] = field(default_factory=list)

    @property
    def output(self) -> str:
        """All that its cells printed, as far as it is kept."""
        return "\n".join(cell.output + cell.error for run in self.runs for cell in run.cells)


class WatchedRunner(Runner):
    """A runner that notes what it gave, and whose processes are left when it says that all have ended."""

    def watch(self, watch: Watch, place: Path) -> WatchedRunner:
        """Note into *watch*; *place* is the work folder, seen from outside."""
        object.__setattr__(self, "_noted", (watch, place))  # the class is frozen
        return self

    def run(self, cells: Sequence[Mapping[str, str]], folder: str, seconds: float) -> Run:
        """Run for as long as the attack may, and note."""
        watch, place = vars(self)["_noted"]
        run = super().run(cells, folder, watch.seconds)
        watch.outlived += [f"process {pid}" for pid in learners(place)]
        watch.runs.append(run)
        return run


@dataclass
class Trials:
    """All attacks of one session, and what came of each by its name."""

    secret: str = field(default_factory=lambda: f"neighbour-secret-{secrets.token_hex(16)}")
    answer: str = ""
    results: dict[str, Result] = field(default_factory=dict)
    watches: dict[str, Watch] = field(default_factory=dict)

    def run(self, made: Sequence[Attack]) -> None:
        """Grade all, two at a time, as `python -m course grade` does."""
        lab = labs.find(LAB)
        tasks = [
            Task(each.name, Submission(each.name, LAB, self._filled(each), each.name), lab) for each in made
        ]
        self.watches = {each.name: Watch(each.seconds) for each in made}
        private.prepared(lab)
        grading.side_by_side(tasks, self._place, JOBS, self._note)

    def _filled(self, attack: Attack) -> dict[str, str]:
        mark = f"# {attack.name}"
        filled = {
            cell: text.replace("@SECRET@", self.secret).replace("@ANSWER@", self.answer)
            for cell, text in attack.answers.items()
        }
        last = "note-the-port"
        return filled | {last: f"{filled.get(last, '')}\n{mark}"}

    def _note(self, result: Result) -> None:
        self.results[result.name] = result

    @contextmanager
    def _place(self, lab: Lab, sources: Sequence[str]) -> Iterator[Place]:
        """A private place whose runner and judge are watched; the last line of its answers names it."""
        watch = self.watches[sources[-1].rpartition("# ")[2]]
        with private.place(lab, sources) as place:

            def system(folder: Path) -> System:
                made = place.system(folder)
                watch.nonces.append(made.nonce)
                watch.early += [] if watch.runs else ["the nonce was made before the cells had run"]
                return made

            runner = WatchedRunner(place.runner.process, place.runner._heard).watch(watch, place.folder)
            yield replace(place, runner=runner, system=system)


def learners(place: Path | None = None) -> list[int]:
    """The processes of learners: those that see *place* as their work folder, or all."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid != engines.LEARNER_USER:
                continue
            inside = folder / "root" / "disk" / "labs" / LAB
            if place is None or os.path.samestat(inside.stat(), place.stat()):
                found.append(int(folder.name))
        except OSError:
            continue  # it ended meanwhile
    return found
