"""Containers' states on a clock, how stops went, and what is left, as bars; knows nothing of Docker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.plots.picture import BLUE, GREEN, GREY, HATCHES, HUES, ORANGE, RED, SKY, Picture, axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# State, colour and hatch, from the top; the place on the axis tells them apart without any colour.
LANES = {"created": (SKY, ".."), "running": (GREEN, ""), "paused": (ORANGE, "//"), "exited": (GREY, "xx")}
STOPPED, KILLED = BLUE, RED


def life(table: pd.DataFrame, finding: str) -> Picture:
    """Draw the table of `measure.states`: a lane for each state, a bar (s) for each stay in it."""
    figure, plane = axes(8.5, 2.9)
    lanes = list(LANES)
    begins = table["seconds"].to_list()
    for state, begin, end in zip(table["state"], begins, [*begins[1:], begins[-1]], strict=True):
        if state in LANES:
            hue, hatch = LANES[state]
            plane.barh(
                lanes.index(state), end - begin, 0.6, left=begin,
                facecolor="none", edgecolor=hue, hatch=hatch, linewidth=1.8,
            )  # fmt: skip
    _marks(plane, table)
    plane.set_yticks(range(len(lanes)), lanes)
    plane.set(xlabel="time since its creation (s)", ylim=(len(lanes) - 0.4, -1.5))
    plane.set_xlim(0, begins[-1] * 1.03)
    return Picture(figure, finding)


def _marks(plane: Axes, table: pd.DataFrame) -> None:
    """Each event as a thin line with its number, in order: the names would lie over one another."""
    for number, seconds in enumerate(table["seconds"], 1):
        plane.axvline(seconds, color=GREY, linewidth=0.6, linestyle=":")
        plane.text(seconds, -0.65 if number % 2 else -1.05, str(number), ha="center", color=GREY, fontsize=8)


def stops(table: pd.DataFrame, finding: str) -> Picture:
    """Draw the table of `measure.stops`: a bar (s) from first signal to end, hatched where by SIGKILL."""
    figure, plane = axes(8.0, 0.5 * len(table) + 1.1)
    for row, (_, stop) in enumerate(table.iterrows()):
        killed = stop["killed_after"] == stop["killed_after"]  # NaN is never equal to itself
        plane.barh(
            row, stop["seconds"], 0.55, facecolor="none", linewidth=1.8,
            edgecolor=KILLED if killed else STOPPED, hatch="xx" if killed else "",
        )  # fmt: skip
        words = "SIGKILL, " if killed else ""
        plane.text(
            stop["seconds"], row, f"  {stop['seconds']:.2g} s, {words}exit code {stop['exit_code']:.0f}",
            va="center", color=GREY, fontsize=8.5,
        )  # fmt: skip
    plane.set_yticks(range(len(table)), list(table.index), family="monospace")
    plane.set(xlabel="time from the first signal to the end (s)", ylim=(len(table) - 0.5, -0.5))
    plane.set_xlim(0, table["seconds"].max() * 1.35)
    return Picture(figure, finding)


def left_after(counts: pd.DataFrame, finding: str) -> Picture:
    """Draw how many things are left: a group of bars for each row of *counts*, a bar for each column."""
    figure, plane = axes(8.5, 0.62 * len(counts) + 1.2)
    height = 0.8 / len(counts.columns)
    for place, kind in enumerate(counts.columns):
        rows = [row + (place - (len(counts.columns) - 1) / 2) * height for row in range(len(counts))]
        plane.barh(
            rows, counts[kind], height, label=str(kind),
            facecolor="none", edgecolor=HUES[place], hatch=HATCHES[place], linewidth=1.4,
        )  # fmt: skip
        for row, number in zip(rows, counts[kind], strict=True):
            plane.text(number, row, f" {number}", va="center", color=GREY, fontsize=7.5)
    plane.set_yticks(range(len(counts)), list(counts.index), family="monospace", fontsize=9)
    plane.set(xlabel="things left (number)", ylim=(len(counts) - 0.5, -0.5), xlim=(0, None))
    plane.locator_params(axis="x", integer=True)
    plane.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False, labelcolor=GREY)
    return Picture(figure, finding)
