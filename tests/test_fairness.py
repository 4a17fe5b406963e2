"""The soak of the grader notices what is unfair; the soak itself is `make soak`."""

from __future__ import annotations

import pytest

from benchmarks.fairness import SOLVED, unfair

EXPECTED = {("06-ports", SOLVED): "", ("06-ports", "swapped"): "one"}
RIGHT = [
    {"lab": "06-ports", "answer": SOLVED, "state": "graded", "earned": 10, "points": 10, "failed": ""},
    {"lab": "06-ports", "answer": "swapped", "state": "graded", "earned": 8, "points": 10, "failed": "one"},
]


def test_what_is_as_it_must_be_is_fair() -> None:
    """Full marks for the solution, the named check failed by the wrong answer."""
    assert unfair(RIGHT * 3, EXPECTED) == []


@pytest.mark.parametrize(
    ("number", "change", "word"),
    [
        (0, {"earned": 8}, "8 of 10"),
        (0, {"state": "error"}, "error"),
        (1, {"failed": "one two"}, "one two"),
        (1, {"failed": ""}, "failed: none"),
        (1, {"earned": 6}, "earned"),
    ],
)
def test_one_run_that_differs_is_unfair(number: int, change: dict[str, object], word: str) -> None:
    """A single one among many is told."""
    found = unfair([*RIGHT * 3, RIGHT[number] | change], EXPECTED)
    assert found and word in " ".join(found)


def test_an_answer_that_was_never_graded_is_told() -> None:
    """Nothing found is no proof."""
    assert unfair(RIGHT[:1], EXPECTED) == ["06-ports swapped: never graded"]
