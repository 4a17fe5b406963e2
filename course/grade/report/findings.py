"""What a class's numbers say, one full sentence each: a picture's caption and alt text; names no learner."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from course.grade.report.counts import Rate, counted
from course.grade.results import Result

MOST_NAMED = 3


def of_points(lab: str, spread: dict[int, int]) -> str:
    """How the points of a lab are spread: the median, and how many earned all or none."""
    earned = [points for points, number in spread.items() for _ in range(number)]
    most = max(spread)
    return (
        f"In {lab} the median of {counted(len(earned), 'graded submission')} is {median(earned):g} "
        f"of {counted(most, 'point')}; {_have(spread[most])} every point, {_have(spread[0])} none."
    )


def of_rates(lab: str, rates: Sequence[Rate]) -> str:
    """Which promises the class misses most, and how many keep them."""
    least = min(rates, key=_share)
    kept = f"{least.passed} of {counted(least.graded, 'graded submission')}"
    if least.passed == least.graded:
        return f"In {lab} every promise is kept by {kept}."
    missed = [rate.promise for rate in rates if _share(rate) == _share(least)]
    if len(missed) > MOST_NAMED:
        return f"In {lab} no single promise is missed most: {len(missed)} of them are kept by only {kept}."
    named = " and ".join(f"“{plain(promise)}”" for promise in missed)
    return f"In {lab} the class misses most: {named}, kept by {kept}{' each' if len(missed) > 1 else ''}."


def of_seconds(results: Sequence[Result]) -> str:
    """How long grading took, in the middle and at most."""
    slowest = max(results, key=lambda each: each.seconds)
    middle = median(each.seconds for each in results)
    return (
        f"To grade one submission took {middle:.1f} s in the median of {len(results)}, "
        f"and {slowest.seconds:.1f} s at most, in {slowest.lab}."
    )


def plain(promise: str) -> str:
    """A promise without the signs for code and without its full stop."""
    return promise.replace("`", "").removesuffix(".")


def _have(number: int) -> str:
    return f"{number} has" if number == 1 else f"{number} have"


def _share(rate: Rate) -> float:
    return rate.passed / rate.graded if rate.graded else 1.0
