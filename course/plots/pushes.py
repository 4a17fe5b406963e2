"""What each push sent and what was there already, as bars; knows nothing of registries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.plots.picture import BLUE, GREY, ORANGE, Picture, axes

if TYPE_CHECKING:
    import pandas as pd


def pushes(table: pd.DataFrame, finding: str) -> Picture:
    """Draw the table of `measure.pushes`: one bar for each push, first on top, in two parts (MB)."""
    figure, plane = axes(7.5, 0.6 * len(table) + 1.2)
    places = list(range(len(table)))
    sent, there = table["sent_mb"].to_list(), table["there_mb"].to_list()
    plane.barh(places, sent, 0.6, label="sent", facecolor="none", edgecolor=ORANGE, hatch="//", linewidth=1.6)
    plane.barh(
        places, there, 0.6, left=sent, label="there already", facecolor="none", edgecolor=BLUE, linewidth=1.6
    )
    for place, (first, second) in enumerate(zip(sent, there, strict=True)):
        plane.text(first + second, place, f" sent {first:.3g} MB", va="center", color=GREY, fontsize=9)
    plane.set_yticks(places, list(table.index))
    plane.set(xlabel="packed layers (MB)", ylim=(len(table) - 0.5, -0.5))
    plane.set_xlim(0, 1.3 * max(first + second for first, second in zip(sent, there, strict=True)))
    plane.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, labelcolor=GREY)
    return Picture(figure, finding)
