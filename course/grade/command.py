"""What `python -m course grade` does, from paths to reports; it judges nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from course.checks.judging import capped
from course.grade import grading, private, shared
from course.grade.grading import Task
from course.grade.results import Result, Store, total
from course.kit.progress import Progress

Say = Callable[[str], None]
MARKS = {"graded": " ", "refused": "✗", "error": "!"}


@dataclass(frozen=True)
class Wish:
    """What was asked for: notebooks, one lab or whichever they name, how many at once, where, and reports."""

    paths: tuple[Path, ...]
    lab: str = ""
    jobs: int = 2
    scheduler: str = ""
    shared: bool = False
    folder: Path = Path("grading")


def grade(wish: Wish, say: Say = print) -> int:
    """Grade and report; 0 when every submission could be judged, 1 when the grader failed on some."""
    from course.grade import report

    store = Store(wish.folder / "results")
    done, tasks = grading.read(wish.paths, wish.lab, store)
    for result in done:
        store.add(result)
    say(f"{len(done) + len(tasks)} notebooks: {len(tasks)} to grade, {len(done)} done before or refused")
    found = [*done, *_graded(wish, tasks, store, say)]
    found.sort(key=lambda each: (each.lab, each.name))
    for result in found:
        say(line(result))
    for file in report.write(found, wish.folder):
        say(f"→ {file}")
    say("{} of {} points in {} graded submissions".format(*total(found), _count(found, "graded")))
    return 1 if _count(found, "error") else 0


def line(result: Result) -> str:
    """One submission in one line."""
    points = f"{result.earned:>3}/{result.points:<3}" if result.state == "graded" else "   –   "
    # A name is a file's, and may hold anything: on a line of its own it could command a CI.
    words = f"{capped(result.name)}  {capped(result.note)}"
    return f"{MARKS[result.state]} {result.lab or '-':<14} {points} {words}".rstrip()


def _graded(wish: Wish, tasks: Sequence[Task], store: Store, say: Say) -> list[Result]:
    if not tasks:
        return []
    found: list[Result] = []
    with Progress("grading", len(tasks), "notebook", say) as progress:

        def keep(result: Result) -> None:
            store.add(result)
            found.append(result)
            progress.add(1)

        _run(wish, tasks, keep)
    return found


def _run(wish: Wish, tasks: Sequence[Task], keep: Callable[[Result], None]) -> None:
    if wish.scheduler:
        from course.grade import cluster

        cluster.grade(tasks, wish.scheduler, keep)
    elif wish.shared:
        with shared.opener() as open_place:
            grading.in_turn(tasks, open_place, keep)
    else:
        private.check_machine()
        private.sweep()
        for lab in sorted({task.lab for task in tasks}, key=lambda each: each.slug):
            private.prepared(lab)
        grading.side_by_side(tasks, private.place, wish.jobs, keep)


def _count(results: Sequence[Result], state: str) -> int:
    return sum(result.state == state for result in results)
