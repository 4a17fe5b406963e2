"""A scheduler may serve several classes at once, and some of its machines may not be able to grade."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from distributed import LocalCluster

from course import labs
from course.errors import CourseError
from course.grade import cluster, results
from course.grade.grading import Task
from course.grade.results import Result
from course.grade.submission import Submission

LAB = "00-start"
# Workers get these functions by their names: what they share can't travel.
BOTH = threading.Barrier(2)
BOTH_SECONDS = 10
TRIES: list[str] = []


def when_both_are_under_way(task: Task) -> Result:
    """A result of *task*, not before another is at work too: as one piece of work they would never be two."""
    BOTH.wait(BOTH_SECONDS)
    return Result(task.work.name, task.file, LAB, task.work.digest, results.version(task.lab), "graded")


def of_another_commit(task: Task) -> Result:
    """What a machine gives back whose lab isn't the one that was sent."""
    return Result(task.work.name, task.file, LAB, task.work.digest, "older", "graded")


def without_a_disk(task: Task) -> Result:
    """What a machine does that can't grade."""
    TRIES.append(task.work.name)
    raise OSError("no disk here")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A scheduler in this process, with a worker of two threads."""
    with LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as local:  # type: ignore[no-untyped-call]
        yield str(local.scheduler_address)


def task(name: str) -> Task:
    """A task of *name*'s, who answers as everybody does."""
    return Task(f"in/{name}.ipynb", Submission(name, LAB, {}, "the same"), labs.find(LAB))


def test_two_classes_on_one_scheduler_stay_apart(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who answers alike at the same place of two lists gets a result of their own."""
    monkeypatch.setattr(cluster, "on_worker", when_both_are_under_way)
    found: list[Result] = []
    classes = [
        threading.Thread(target=cluster.grade, args=([task(name)], address, found.append))
        for name in ("ada", "bob")
    ]
    for each in classes:
        each.start()
    for each in classes:
        each.join()
    assert sorted((each.name, each.state) for each in found) == [("ada", "graded"), ("bob", "graded")]


def test_a_machine_that_cannot_grade_costs_no_points(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again, on another where there is one; what stays is an error in its own words."""
    monkeypatch.setattr(cluster, "on_worker", without_a_disk)
    found: list[Result] = []
    cluster.grade([task("ada")], address, found.append)
    assert [(each.name, each.state, each.note) for each in found] == [("ada", "error", "no disk here")]
    assert TRIES == ["ada"] * (1 + cluster.MORE_TRIES)


def test_a_machine_with_another_version_of_the_lab_gives_no_verdict(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One report never mixes two versions of a lab."""
    monkeypatch.setattr(cluster, "on_worker", of_another_commit)
    found: list[Result] = []
    cluster.grade([task("ada")], address, found.append)
    assert [(each.state, "another version" in each.note) for each in found] == [("error", True)]


def test_a_scheduler_without_workers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits without end for machines that were never started."""
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=None) as empty,  # type: ignore[no-untyped-call]
        pytest.raises(CourseError, match="no worker"),
    ):
        cluster.grade([task("ada")], str(empty.scheduler_address), lambda result: None)
