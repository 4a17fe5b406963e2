"""Pictures of a class: points of a lab, its promises, seconds; they show no learner's name or text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from course.grade.report import findings
from course.grade.report.counts import Rate, by_lab
from course.grade.results import Result
from course.plots.picture import BLUE, GREY, ORANGE, Picture, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_TICKS = 20
LETTERS_A_LINE = 46
# Each part of a bar has a fill of its own, so that no colour is needed to tell them apart.
LOOKS: tuple[dict[str, Any], ...] = (
    {"label": "passed", "facecolor": BLUE},
    {"label": "not yet", "facecolor": ORANGE, "hatch": "//", "hatchcolor": "white"},
    {"label": "waits for an earlier check", "facecolor": "none"},
)


def points(lab: str, spread: dict[int, int]) -> Picture:
    """How many submissions to *lab* earned how many points: a bar for each number of points."""
    figure, plane = axes(7.5, 2.8)
    there = {earned: number for earned, number in spread.items() if number}
    plane.bar(list(there), list(there.values()), 0.8, facecolor=BLUE, edgecolor=GREY)
    for earned, number in there.items():
        plane.text(earned, number, str(number), ha="center", va="bottom", color=GREY)
    most = max(spread)
    plane.set(xlabel=f"points earned, of {most}", ylabel="graded submissions", xlim=(-0.6, most + 0.6))
    plane.set_ylim(0, 1.15 * max(spread.values()))
    plane.set_xticks(_whole_numbers(most, MOST_TICKS))
    plane.set_yticks(_whole_numbers(max(spread.values()), 5))
    return Picture(figure, findings.of_points(lab, spread))


def _whole_numbers(end: int, most: int) -> list[float]:
    """At most *most* ticks from 0 to *end*, at whole numbers: there is no half submission."""
    from matplotlib.ticker import MaxNLocator

    return [tick for tick in MaxNLocator(most, integer=True).tick_values(0, end) if tick <= end]


def rates(lab: str, kept: Sequence[Rate]) -> Picture:
    """How many submissions to *lab* keep each promise: bars from the first check down to the last."""
    figure, plane = axes(9.0, 0.62 * len(kept) + 1.5)
    for row, rate in enumerate(kept):
        _bar(plane, row, rate)
    names = ["\n".join(textwrap.wrap(findings.plain(rate.promise), LETTERS_A_LINE)) for rate in kept]
    # A promise may hold a dollar sign, and none of them begins a formula.
    plane.set_yticks(range(len(kept)), names, parse_math=False)
    plane.set(xlabel="graded submissions", ylim=(len(kept) - 0.4, -0.6))
    most = max(rate.graded for rate in kept)
    plane.set_xlim(0, 1.15 * most)
    plane.set_xticks(_whole_numbers(most, 8))
    _legend(plane)
    return Picture(figure, findings.of_rates(lab, kept))


def _bar(plane: Axes, row: int, rate: Rate) -> None:
    left = 0
    for number, look in zip((rate.passed, rate.failed, rate.blocked), LOOKS, strict=True):
        if number:
            plane.barh(row, number, left=left, height=0.6, edgecolor=GREY, **{**look, "label": ""})
        left += number
    plane.text(left, row, f"  {rate.passed} of {rate.graded}", va="center", color=GREY)


def _legend(plane: Axes) -> None:
    from matplotlib.patches import Patch

    plane.legend(
        handles=[Patch(edgecolor=GREY, **look) for look in LOOKS],
        loc="lower left", bbox_to_anchor=(0, 1), ncols=len(LOOKS), frameon=False, labelcolor=GREY,
    )  # fmt: skip


def seconds(results: Sequence[Result]) -> Picture:
    """How long each submission took: a ring for each, by lab, and the median as a line with its number."""
    labs = by_lab(results)
    figure, plane = axes(7.5, 0.75 * len(labs) + 1.1)
    for row, theirs in enumerate(labs.values()):
        times = [each.seconds for each in theirs]
        # Up and down by turns, so that two that took as long don't hide each other.
        lifts = [row + ((index * 7) % 11 - 5) / 22 for index in range(len(times))]
        plane.plot(times, lifts, "o", markersize=5, markerfacecolor="none", markeredgecolor=GREY)
        middle = median(times)
        plane.plot([middle, middle], [row - 0.34, row + 0.34], color=BLUE, linewidth=2.5)
        plane.text(middle, row - 0.38, f"median {middle:.1f} s", ha="center", color=GREY, fontsize=8.5)
    plane.set_yticks(range(len(labs)), list(labs))
    plane.set(xlabel="time to grade a submission (s)", ylim=(len(labs) - 0.4, -0.7))
    plane.set_xlim(left=0)
    return Picture(figure, findings.of_seconds(results))
