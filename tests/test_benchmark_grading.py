"""What the benchmark of graders says of its rows; nothing is measured here."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import grading
from benchmarks.cost import Cost
from benchmarks.peers import run_ours
from benchmarks.peers.contender import Contender, Plan


def measured(name: str, copies: int, wall: float) -> grading.Row:
    """A row of *name*."""
    return grading.row(name, copies, Cost(wall=wall, own_cpu=wall / 10), "0.1")


def test_the_ratio_is_to_the_floor_of_as_many_copies() -> None:
    """And is empty where there is no such floor."""
    found = grading.with_ratio(
        [measured("floor", 1, 2), measured("floor", 10, 8), measured("x", 10, 12), measured("x", 30, 12)]
    )
    assert [each["to_floor"] for each in found] == [1.0, 1.0, 1.5, ""]


def test_a_disk_is_no_graded_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is prepared once has no submissions a minute and no ratio to a floor, of one copy or of any."""
    little = Plan([["sleep", "0.1"]], Path(), {}, list)
    monkeypatch.setattr(run_ours, "only_prepared", lambda _: little)
    _, disk = grading.with_ratio([measured("floor", 1, 2), grading.prepared()])
    assert (disk["copies"], disk["to_floor"]) == (0, "")
    assert not disk["per_minute"]


@pytest.mark.parametrize(
    ("solution", "wrong"), [((5, 5), (5, 5)), ((5, 5), (0, 5)), ((4, 5), (3, 5)), ((1, 1), (0, 1))]
)
def test_a_contender_that_tells_nothing_apart_is_refused(
    solution: tuple[int, int], wrong: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must give all points to the solution, and some but not all to the wrong answer."""
    said = iter([[solution], [wrong]])
    monkeypatch.setattr(grading, "graded", lambda *_: next(said))
    with pytest.raises(SystemExit, match="doesn't grade"):
        grading.prove(Contender("x", lambda *_: Plan([], Path(), {}, list)))


def test_each_goal_is_asked_of_the_most_copies() -> None:
    """Fewer copies' rows, slower or faster, decide none."""
    walls = {"floor": 10, "shared": 12, "nbgrader": 48, "otter": 96} | {
        f"private, jobs {jobs}": 48 / jobs for jobs in (1, 2, 4)
    }
    few, many = ([measured(name, copies, wall) for name, wall in walls.items()] for copies in (1, 30))
    for each in few:
        each["wall_s"] = 1000
    found = {name: value for name, _, value, _ in grading.goals([*many, *few])}
    assert found["shared: wall / floor"] == pytest.approx(1.2)
    assert found["nbgrader / shared"] == pytest.approx(4)
    assert found["private: throughput, jobs 2 / jobs 1"] == pytest.approx(2)
    assert found["private, jobs 4: submissions a minute"] == pytest.approx(150)
    assert found["shared: own CPU seconds a submission"] == pytest.approx(0.04)


@pytest.mark.parametrize(("value", "more", "word"), [(2, True, "met"), (2, False, "MISSED")])
def test_a_goal_is_met_or_missed(
    value: float, more: bool, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """At least its bound where more is better, else at most."""
    grading.show("x", 1.5, value, more)
    assert capsys.readouterr().out.startswith(word)
