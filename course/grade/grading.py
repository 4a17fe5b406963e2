"""Grade many submissions: read, skip what is done, run the rest side by side, report each at once."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from course import labs
from course.errors import CourseError
from course.grade import results, submission
from course.grade.judging import OpenPlace, Place, Trial, attempt, cells
from course.grade.results import Result, Store
from course.grade.submission import Refused, Submission
from course.labs import Lab

TRIES = 2
Report = Callable[[Result], None]


@dataclass(frozen=True)
class Task:
    """A submission that is still to be graded, the file that it came from, and the lab that it answers."""

    file: str
    work: Submission
    lab: Lab


def read(paths: Sequence[Path], lab: str, store: Store) -> tuple[list[Result], list[Task]]:
    """What needs no running (refused files, results that are kept already), and what does."""
    done: list[Result] = []
    tasks: list[Task] = []
    found = submission.files(paths)
    for file, name in submission.names(found).items():
        try:
            work = submission.read(file, name, lab)
        except Refused as error:
            note = f"{error.seen} Next: {error.next_step}"
            done.append(Result(name, submission.printable(file), lab, "", "", "refused", note, date=_now()))
            continue
        found_lab = labs.find(work.lab)
        kept = store.find(name, work.lab, work.digest, results.version(found_lab))
        done.append(kept) if kept else tasks.append(Task(submission.printable(file), work, found_lab))
    return done, tasks


def one(task: Task, place: Place) -> Result:
    """The result of *task* in *place*, which is used up by it."""
    began = time.monotonic()
    try:
        trial: Trial = attempt(task.lab, task.work.answers, place)
    except Exception as error:  # whatever broke, it was not the learner's to mend
        return broken(task, f"{type(error).__name__}: {error}")
    return results.graded(
        task.work.name, task.file, task.lab, task.work.digest, trial,
        seconds=round(time.monotonic() - began, 2), date=_now(),
    )  # fmt: skip


def with_retries(task: Task, open_place: OpenPlace, first: Callable[[], Result]) -> Result:
    """The first result, or that of a fresh place if the first was an error; an error that stays is one."""
    found = replace(first(), tries=1)
    for again in range(2, TRIES + 1):
        if found.state != "error":
            break
        found = replace(in_fresh_place(task, open_place), tries=again)
    return found


def in_fresh_place(task: Task, open_place: OpenPlace) -> Result:
    """The result of *task* in a place that is opened for it and gone after it."""
    return _in(task, lambda: open_place(task.lab, _sources(task)))


def _in(task: Task, opened: Callable[[], AbstractContextManager[Place]]) -> Result:
    try:
        with opened() as place:
            return one(task, place)
    except Exception as error:
        return broken(task, f"{type(error).__name__}: {error}")


def _sources(task: Task) -> list[str]:
    return [cell["source"] for cell in cells(task.lab, task.work.answers)]


def broken(task: Task, why: str) -> Result:
    """The result when engine or grader failed: no points, but those that there were to earn are named."""
    points = sum(check.points for check in labs.load_checks(task.lab))
    return Result(
        task.work.name, task.file, task.lab.slug, task.work.digest, results.version(task.lab), "error",
        why[:400], points=points, date=_now(),
    )  # fmt: skip


def in_turn(tasks: Sequence[Task], open_place: OpenPlace, report: Report) -> None:
    """Grade *tasks* one after the other, for places that can't stand side by side."""
    for task in tasks:
        report(with_retries(task, open_place, partial(in_fresh_place, task, open_place)))


def side_by_side(tasks: Sequence[Task], open_place: OpenPlace, jobs: int, report: Report) -> None:
    """Grade *tasks*, *jobs* at once; *report* gets each result as it comes, in the thread that called."""
    with Ahead(open_place, tasks, jobs) as ahead, ThreadPoolExecutor(jobs) as pool:

        def graded(number: int, task: Task) -> Result:
            return with_retries(task, open_place, lambda: _in(task, lambda: ahead.taken(number)))

        work = [pool.submit(graded, number, task) for number, task in enumerate(tasks)]
        try:
            for each in as_completed(work):
                report(each.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            ahead.abort()
            raise


class Ahead:
    """Opens the next tasks' places while others are graded, and closes used ones: *jobs* of each at most."""

    def __init__(self, open_place: OpenPlace, tasks: Sequence[Task], jobs: int) -> None:
        self._open_place, self._over = open_place, False
        self._live = threading.BoundedSemaphore(2 * jobs)
        self._openers, self._closers = ThreadPoolExecutor(jobs), ThreadPoolExecutor(jobs)
        self._opened = [self._openers.submit(self._open, task) for task in tasks]
        self._taken: set[int] = set()

    def _open(self, task: Task) -> tuple[ExitStack, Place]:
        self._live.acquire()
        stack = ExitStack()
        stack.callback(self._live.release)
        try:
            if self._over:
                raise CourseError("The grader was stopped.")
            return stack, stack.enter_context(self._open_place(task.lab, _sources(task)))
        except BaseException:
            stack.close()
            raise

    @contextmanager
    def taken(self, number: int) -> Iterator[Place]:
        """The place of task *number*; it is closed behind its back."""
        self._taken.add(number)
        stack, place = self._opened[number].result()
        try:
            yield place
        finally:
            self._closers.submit(stack.close)

    def stop(self) -> None:
        """Open no more."""
        self._over = True
        self._openers.shutdown(wait=False, cancel_futures=True)

    def abort(self) -> None:
        """Open no more, and end what is open: an interrupt doesn't wait for a submission's deadline."""
        self.stop()
        for opened in self._opened:
            if opened.done() and not opened.cancelled() and opened.exception() is None:
                opened.result()[1].abort()

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for number, opened in enumerate(self._opened):
            if number not in self._taken and not opened.cancelled() and opened.exception() is None:
                self._closers.submit(opened.result()[0].close)
        self._closers.shutdown()


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
