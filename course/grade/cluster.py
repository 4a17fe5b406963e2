"""Grade on a Dask cluster: each worker is a machine with an engine and this course; knows no reports."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from course import labs
from course.errors import CourseError
from course.grade import grading, private, results
from course.grade.grading import Task
from course.grade.results import Result

CONNECT_SECONDS = 10
# For a machine that can't grade: another may. Dask counts lost workers by itself, and bears three a task.
MORE_TRIES = 3


class ClusterError(CourseError):
    """The scheduler that was named can't be used."""


def grade(tasks: Sequence[Task], scheduler: str, report: Callable[[Result], None]) -> None:
    """Have *tasks* graded by the workers of *scheduler*; *report* gets each result once, as it comes.

    What a lost worker had under way is graded by another; who costs a fourth worker as well gets an error.
    """
    from distributed import Client, as_completed

    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"No Dask scheduler answers at {scheduler}: {error}", "start one: dask scheduler; docs/grading.md"
        ) from error
    # The scheduler takes two pieces of work with one key for the same, also when two people send them.
    run = uuid.uuid4().hex
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as error:
            raise ClusterError(
                f"The Dask scheduler at {scheduler} has no worker.", f"start one: dask worker {scheduler}"
            ) from error
        pending = {
            client.submit(on_worker, task, key=f"grade-{run}-{number}", retries=MORE_TRIES): task
            for number, task in enumerate(tasks)
        }
        for future in as_completed(pending):  # type: ignore[no-untyped-call]
            lost = future.exception()
            report(
                grading.broken(pending[future], str(lost))
                if lost
                else _checked(pending[future], future.result())
            )


def _checked(task: Task, result: Result) -> Result:
    """The result, if its worker has the same lab as whoever asked."""
    if result.version == results.version(task.lab):
        return result
    return grading.broken(task, "A worker has another version of this lab: update its clone of the course.")


def on_worker(task: Task) -> Result:
    """Grade *task* on the machine that this runs on."""
    private.check_machine()
    private.sweep()
    # A worker's course may lie elsewhere than the one that sent this.
    task = replace(task, lab=labs.find(task.lab.slug))
    private.prepared(task.lab)
    first = partial(grading.in_fresh_place, task, private.place)
    return grading.with_retries(task, private.place, first)
