"""Which attack works under which flags, as a heat map with words; knows nothing of either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.plots.picture import GREEN, GREY, RED, Picture, as_table, axes

if TYPE_CHECKING:
    import pandas as pd

WORKS = "works"


def attacks(table: pd.DataFrame, finding: str) -> Picture:
    """Draw attacks (rows) under settings (columns): a full box where one "works", a light one elsewhere."""
    from matplotlib.patches import Rectangle

    figure, plane = axes(1.15 * len(table.columns) + 3.0, 0.42 * len(table) + 1.0)
    for row, (_, cells) in enumerate(table.iterrows()):
        for column, outcome in enumerate(cells):
            works = outcome == WORKS
            hue, line = (RED, "-") if works else (GREEN, "--")
            place = (column - 0.47, row - 0.44)
            plane.add_patch(Rectangle(place, 0.94, 0.88, facecolor=hue, alpha=0.45 if works else 0.08))
            plane.add_patch(Rectangle(place, 0.94, 0.88, fill=False, edgecolor=hue, linestyle=line))
            plane.text(column, row, f"{'✗' if works else '✓'} {outcome}", ha="center", va="center",
                       color=GREY, fontsize=8.5)  # fmt: skip
    as_table(plane, table)
    plane.set_xticks(range(len(table.columns)), [str(name).replace(", ", ",\n") for name in table.columns])
    return Picture(figure, finding)
