"""What survives what, as a table of signs; knows nothing of Docker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.plots.picture import GREEN, GREY, RED, Picture, as_table, axes

if TYPE_CHECKING:
    import pandas as pd

LOOKS = {True: (GREEN, "-", "✓ still there"), False: (RED, "--", "✗ gone")}


def survival(table: pd.DataFrame, finding: str) -> Picture:
    """Draw a table of yes and no: a box for each event (row) and kind (column), dashed where it is gone."""
    from matplotlib.patches import Rectangle

    figure, plane = axes(2.3 * len(table.columns) + 2.6, 0.5 * len(table) + 0.8)
    for row, event in enumerate(table.index):
        for column, kind in enumerate(table.columns):
            hue, line, words = LOOKS[bool(table.at[event, kind])]
            box = Rectangle((column - 0.46, row - 0.4), 0.92, 0.8, fill=False, edgecolor=hue)
            box.set(linestyle=line, linewidth=1.8)
            plane.add_patch(box)
            plane.text(column, row, words, ha="center", va="center", color=GREY, fontsize=9)
    as_table(plane, table)
    return Picture(figure, finding)
