"""The steps of one command as bars on a common clock; knows nothing of what ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.plots.picture import GREY, HATCHES, HUES, Picture, axes

if TYPE_CHECKING:
    import pandas as pd


def timeline(table: pd.DataFrame, finding: str) -> Picture:
    """Draw the table of `measure.run_steps`: a bar per step from its begin to its end (ms), first on top."""
    figure, plane = axes(8.0, 0.42 * len(table) + 1.0)
    begins, ends = table["from_ms"].to_list(), table["to_ms"].to_list()
    for row, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        look = row % len(HUES)
        plane.barh(
            row, end - begin, 0.6, left=begin,
            facecolor="none", edgecolor=HUES[look], hatch=HATCHES[look], linewidth=1.6,
        )  # fmt: skip
        plane.text(end, row, f" {end - begin:.0f} ms", va="center", color=GREY, fontsize=8.5)
    plane.set_yticks(range(len(table)), table["step"].to_list())
    plane.set(xlabel="time since the command began (ms)", ylim=(len(table) - 0.5, -0.5))
    plane.set_xlim(0, max(ends) * 1.12)
    return Picture(figure, finding)
