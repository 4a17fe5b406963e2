"""Ways to build the same image side by side: context, times, size; knows nothing of building."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.plots.picture import BLUE, GREEN, GREY, ORANGE, PINK, Picture, in_house_look

if TYPE_CHECKING:
    import pandas as pd

PANELS = {
    "context_mb": ("build context (MB)", BLUE, "//"),
    "build_s": ("build without cache (s)", ORANGE, "\\\\"),
    "rebuild_s": ("rebuild after a change (s)", GREEN, ".."),
    "added_mb": ("added to the base (MB)", PINK, "xx"),
}


def build_costs(table: pd.DataFrame, finding: str) -> Picture:
    """Draw the table of `measure.build_costs`: four panels, one bar for each way to build."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.5, 0.36 * len(table) + 1.2), layout="constrained")
    planes = figure.subplots(1, len(PANELS), sharey=True)
    for plane, (column, (label, hue, hatch)) in zip(planes, PANELS.items(), strict=True):
        in_house_look(plane)
        places = list(range(len(table)))
        values = table[column].to_list()
        plane.barh(places, values, 0.62, facecolor="none", edgecolor=hue, hatch=hatch, linewidth=1.6)
        for place, value in zip(places, values, strict=True):
            plane.text(value, place, f" {value:.1f}", va="center", color=GREY, fontsize=8.5)
        plane.set(xlabel=label, ylim=(len(table) - 0.5, -0.5))
        plane.set_xlim(0, max(values) * 1.3)
    planes[0].set_yticks(range(len(table)), list(table.index))
    return Picture(figure, finding)
