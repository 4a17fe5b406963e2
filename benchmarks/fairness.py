"""Is the grader fair under load? Solutions and wrong answers of every lab, graded by three graders at once.

`python -m benchmarks.fairness [--runs 51] [--wrong 6] [--lab SLUG …]`: every solution must earn all, and
every wrong answer fail the checks that it names and earn the same each time. A retry is kept in the rows.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import rows
from course import labs
from course.grade import private
from course.grade.results import Result, Store
from course.labs import Lab

GRADERS = 3
RUNS = 51
WRONG_RUNS = 6
SOLVED = "solution"
Row = dict[str, object]


def hand_in(folder: Path, lab: Lab, runs: int, wrong_runs: int) -> None:
    """Deal the solution *runs* times, and each wrong answer *wrong_runs* times, to the graders' folders."""
    solved = labs.answers(lab.solution)
    kinds = {SOLVED: (solved, runs)}
    kinds |= {each.file.stem: (solved | each.answers, wrong_runs) for each in lab.wrong}
    for kind, (answers, count) in kinds.items():
        text = json.dumps(labs.overlay(lab.notebook, answers))
        for number in range(count):
            file = folder / str(number % GRADERS) / f"{lab.slug} {kind} {number}.ipynb"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")


def graded(folder: Path) -> list[tuple[int, Result]]:
    """What each grader made of its folder, all of them at work at once."""
    command = [sys.executable, "-m", "course", "grade", "--jobs", "2"]
    running = [
        subprocess.Popen(
            [*command, "--report", folder / f"report-{number}", folder / str(number)],
            cwd=rows.ROOT, env=dict(os.environ), stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        )
        for number in range(GRADERS)
    ]  # fmt: skip
    for each in running:
        each.wait()
    return [
        (number, result)
        for number in range(GRADERS)
        for result in Store(folder / f"report-{number}" / "results").all()
    ]


def kept(number: int, result: Result) -> Row:
    """One submission's row: which grader, what it answered, what came of it."""
    failed = " ".join(sorted(each["name"] for each in result.checks if each["status"] == "fail"))
    return {
        "grader": number, "lab": result.lab, "answer": result.name.split(" ")[1], "state": result.state,
        "earned": result.earned, "points": result.points, "failed": failed, "tries": result.tries,
        "seconds": result.seconds, "note": result.note,
    }  # fmt: skip


def unfair(found: Sequence[Mapping[str, object]], expected: Mapping[tuple[str, str], str]) -> list[str]:
    """What isn't as it must be: too few runs, points lost by a solution, a wrong answer judged otherwise."""
    faults, points = [], defaultdict(set)
    for row in found:
        key = (str(row["lab"]), str(row["answer"]))
        points[key].add(row["earned"])
        wrong = row["failed"] != expected[key] or (key[1] == SOLVED and row["earned"] != row["points"])
        if row["state"] != "graded" or wrong:
            words = f"{row['state']}, {row['earned']} of {row['points']}, failed: {row['failed'] or 'none'}"
            faults.append(f"{' '.join(key)}: {words}")
    faults += [f"{' '.join(key)}: never graded" for key in expected if key not in points]
    several = {key: each for key, each in points.items() if len(each) > 1}
    return faults + [f"{' '.join(key)}: earned {sorted(map(str, each))}" for key, each in several.items()]


def main(runs: int = RUNS, wrong_runs: int = WRONG_RUNS, slugs: Sequence[str] = ()) -> int:
    """Grade, keep the rows, say what was unfair; 1 if anything was."""
    chosen = [lab for lab in labs.all_labs() if not slugs or lab.slug in slugs]
    expected = {(lab.slug, SOLVED): "" for lab in chosen}
    expected |= {
        (lab.slug, each.file.stem): " ".join(sorted(each.fails)) for lab in chosen for each in lab.wrong
    }
    with tempfile.TemporaryDirectory(prefix="bench-fairness-") as name:
        for lab in chosen:
            private.prepared(lab)
            hand_in(Path(name), lab, runs, wrong_runs)
        found = [kept(*each) for each in graded(Path(name))]
    print(rows.write("fairness", found))
    ought = sum(runs + wrong_runs * len(lab.wrong) for lab in chosen)
    faults = unfair(found, expected) + ([f"{len(found)} of {ought} graded"] if len(found) != ought else [])
    for fault in faults:
        print(fault)
    again = sum(int(str(row["tries"])) > 1 for row in found)
    print(f"{len(found)} submissions, {len(faults)} faults, {again} graded at a second try")
    return 1 if faults else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--wrong", type=int, default=WRONG_RUNS)
    parser.add_argument("--lab", nargs="+", default=())
    options = parser.parse_args()
    raise SystemExit(main(options.runs, options.wrong, options.lab))
