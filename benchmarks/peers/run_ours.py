"""Our grader as one command, from notebooks to kept results, on the bench lab; it draws no reports.

`python -m benchmarks.peers.run_ours FOLDER --jobs N` (0: one shared engine) grades FOLDER/copies and keeps
what came of it in FOLDER/results; `--prepare` only makes the disk that private engines start from.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.peers import notebooks
from benchmarks.peers.contender import Plan, Points
from benchmarks.peers.notebooks import Answers
from course.grade import grading, private, shared
from course.grade.results import Store

ROOT = notebooks.HERE.parent.parent


def with_jobs(jobs: int) -> Callable[[Path, Sequence[Answers]], Plan]:
    """How to prepare *jobs* private engines at once; 0 is the shared one."""
    return partial(prepare, jobs=jobs)


def prepare(folder: Path, copies: Sequence[Answers], jobs: int) -> Plan:
    """The copies as learners hand them in."""
    for number, answers in enumerate(copies):
        notebooks.write(folder / "copies" / f"s{number:03}.ipynb", notebooks.submission(answers))
    return Plan([[*_command(folder), "--jobs", str(jobs)]], ROOT, dict(os.environ), lambda: _points(folder))


def only_prepared(state: Path) -> Plan:
    """To make the disk that private engines start from, in a cache of its own below *state*."""
    env = dict(os.environ) | {"COURSE_STATE": str(state)}
    return Plan([[*_command(state), "--prepare"]], ROOT, env, list)


def _command(folder: Path) -> list[str | Path]:
    return [sys.executable, "-m", "benchmarks.peers.run_ours", folder]


def _points(folder: Path) -> list[Points]:
    return [(each.earned, each.points) for each in Store(folder / "results").all() if each.state == "graded"]


def main() -> None:
    """Grade what lies in a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--prepare", action="store_true")
    options = parser.parse_args()
    with notebooks.as_current_lab():
        if options.prepare:
            private.prepared(notebooks.lab())
            return
        store = Store(options.folder / "results")
        _grade(options.folder / "copies", options.jobs, store)
    broken = [f"{each.name}: {each.note}" for each in store.all() if each.state != "graded"]
    if broken:
        raise SystemExit("\n".join([f"{len(broken)} were not graded", *broken[:5]]))


def _grade(copies: Path, jobs: int, store: Store) -> None:
    """As the course's own command does it, up to the results."""
    _, tasks = grading.read([copies], "", store)
    if not jobs:
        with shared.opener() as open_place:
            grading.in_turn(tasks, open_place, store.add)
        return
    private.check_machine()
    private.sweep()
    private.prepared(notebooks.lab())
    grading.side_by_side(tasks, private.place, jobs, store.add)


if __name__ == "__main__":
    main()
