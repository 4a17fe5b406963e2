"""The numbers of a class: who was graded, how points spread, which promises are kept; draws nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from course.grade.results import Result

STATES = {"graded": "graded", "refused": "refused", "error": "could not be graded"}
NO_VERDICT = "The grader failed: no verdict on the learner."


@dataclass(frozen=True)
class Rate:
    """How many graded submissions keep one promise, don't yet, or wait for a check that comes before."""

    promise: str
    passed: int
    failed: int
    blocked: int

    @property
    def graded(self) -> int:
        """How many were judged by this check or waited for it."""
        return self.passed + self.failed + self.blocked


def graded(results: Iterable[Result]) -> list[Result]:
    """Those with a verdict on the learner; a refused one has none, and one that broke the grader neither."""
    return [each for each in results if each.state == "graded"]


def by_lab(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Results by lab, in the order in which labs come up."""
    found: dict[str, list[Result]] = {}
    for each in results:
        found.setdefault(each.lab, []).append(each)
    return found


def spread(results: Sequence[Result]) -> dict[int, int]:
    """For each number of points that one can earn in a lab, from none to all, how many submissions did."""
    earned = Counter(each.earned for each in results)
    most = max([each.points for each in results] + list(earned), default=0)
    return {points: earned[points] for points in range(most + 1)}


def rates(results: Sequence[Result]) -> list[Rate]:
    """How each promise of a lab is kept, in teaching order."""
    promises: dict[str, str] = {}
    found: dict[str, Counter[str]] = {}
    for each in results:
        for verdict in each.checks:
            promises.setdefault(verdict["name"], verdict["promise"])
            found.setdefault(verdict["name"], Counter())[verdict["status"]] += 1
    return [
        Rate(promises[name], status["pass"], status["fail"], status["blocked"])
        for name, status in found.items()
    ]


def counted(number: int, noun: str) -> str:
    """A number and its noun: 1 submission, 2 submissions."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def overview(results: Sequence[Result]) -> str:
    """A sentence or two: how many came and what came of them, and the points of the graded ones."""
    if not results:
        return "There are no submissions."
    states = Counter[str](each.state for each in results)
    parts = ", ".join(f"{states[state]} {shown}" for state, shown in STATES.items() if states[state])
    kept = graded(results)
    points = f" The graded earned {sum(e.earned for e in kept)} of {sum(e.points for e in kept)} points."
    return f"{counted(len(results), 'submission')}: {parts}.{points if kept else ''}"
