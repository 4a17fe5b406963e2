"""Run after run as bars, with the median as a line; knows nothing of what ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.plots.picture import GREY, HATCHES, HUES, Picture, axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

BARS_SHARE = 0.8


def runs(times: pd.DataFrame, finding: str) -> Picture:
    """Draw the table of `measure.run_times`: for each run one bar (s) per way, side by side from zero."""
    figure, plane = axes(7.5, 3.2)
    ways = list(times["way"].unique())
    width = BARS_SHARE / len(ways)
    for place, way in enumerate(ways):
        rows = times[times["way"] == way]
        shift = (place - (len(ways) - 1) / 2) * width
        plane.bar(
            rows["run"] + shift, rows["seconds"], width, label=str(way),
            facecolor="none", edgecolor=HUES[place], hatch=HATCHES[place], linewidth=1.6,
        )  # fmt: skip
        _median(plane, float(rows["seconds"].median()), HUES[place], int(times["run"].max()))
    plane.set(xlabel="run", ylabel="time (s)", xticks=sorted(times["run"].unique()))
    # Above the bars: inside, the box would hide some of them on one machine or another.
    plane.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(ways), frameon=False, labelcolor=GREY)
    return Picture(figure, finding)


def _median(plane: Axes, seconds: float, hue: str, last: int) -> None:
    plane.axhline(seconds, color=hue, linewidth=1, linestyle="--")
    plane.text(last + 0.55, seconds, f" median {seconds:.2g} s", va="bottom", color=GREY, fontsize=8.5)
