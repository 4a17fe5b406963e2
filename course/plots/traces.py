"""What each image holds where, as signs in a table; knows nothing of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.plots.picture import GREEN, GREY, RED, Picture, as_table, axes

if TYPE_CHECKING:
    import pandas as pd


def found_in(table: pd.DataFrame, finding: str) -> Picture:
    """Draw the table of `measure.traces`: a sign, a word and a colour for each image and place."""
    from matplotlib.patches import Rectangle

    figure, plane = axes(8.6, 0.62 * len(table) + 1.2)
    for row, (_, places) in enumerate(table.iterrows()):
        for column, found in enumerate(places):
            hue, words = (RED, "✗ found") if found else (GREEN, "✓ not there")
            plane.add_patch(
                Rectangle((column - 0.47, row - 0.43), 0.94, 0.86, fill=False, edgecolor=hue, linewidth=1.8)
            )
            plane.text(column, row, words, ha="center", va="center", color=GREY, fontsize=9)
    as_table(plane, table)
    return Picture(figure, finding)
