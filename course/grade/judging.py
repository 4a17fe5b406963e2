"""Run one submission on a place that is its own and judge what it leaves; knows no reports and no pool."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from course import labs
from course.checks import Judgement, System, judge
from course.grade.runners import Run, Runner
from course.labs import CHECK_CELL, Lab

CELLS_SECONDS = 120.0
JUDGE_SECONDS = 60.0


@dataclass(frozen=True)
class Place:
    """Where one submission runs: a work folder (from outside and from inside), a runner, a way to judge.

    *owner* is the number of the user whose code runs there, None for whoever grades. *abort* ends the engine:
    whatever a check waits for then, it waits no longer.
    """

    folder: Path
    inside: str
    runner: Runner
    system: Callable[[Path], System]
    owner: int | None = None
    abort: Callable[[], None] = lambda: None


# Opens a place for a submission to a lab; the second word is the text of the cells that will run.
OpenPlace = Callable[[Lab, Sequence[str]], AbstractContextManager[Place]]


@dataclass(frozen=True)
class Trial:
    """What one run of a submission gave: what its cells said, and the verdicts."""

    run: Run
    judgement: Judgement


def cells(lab: Lab, answers: Mapping[str, str]) -> list[dict[str, str]]:
    """The lab's own code cells up to its check, with *answers* in place; nothing else is run."""
    found = []
    for cell in labs.overlay(lab.notebook, answers)["cells"]:
        if cell.get("id") == CHECK_CELL:
            break
        if cell["cell_type"] == "code":
            found.append({"id": cell["id"], "source": cell["source"]})
    return found


def attempt(lab: Lab, answers: Mapping[str, str], place: Place) -> Trial:
    """Run *answers* in *place*, then judge, with a nonce that is made after the last cell has ended."""
    _hand_out(lab, place)
    run = place.runner.run(cells(lab, answers), place.inside, CELLS_SECONDS)
    watchdog = threading.Timer(JUDGE_SECONDS, place.abort)
    watchdog.daemon = True
    watchdog.start()
    try:
        return Trial(run, judge(labs.load_checks(lab), place.system(place.folder)))
    finally:
        watchdog.cancel()


def _hand_out(lab: Lab, place: Place) -> None:
    """The lab's starter files in the work folder, owned by whose code runs there."""
    place.folder.mkdir(parents=True)
    for starter in lab.starters:
        copy = shutil.copytree if starter.is_dir() else shutil.copy2
        copy(starter, place.folder / starter.name)
    if place.owner is not None:
        for path in (place.folder, *place.folder.rglob("*")):
            os.chown(path, place.owner, place.owner, follow_symlinks=False)
