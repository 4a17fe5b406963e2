"""How long each stage of each run took, as bars end to end; knows nothing of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.plots.picture import GREY, HATCHES, HUES, Picture, axes

if TYPE_CHECKING:
    import pandas as pd

LOOKS = (*HATCHES, "--")  # one more than there are hues, so that no two stages look alike


def stages(table: pd.DataFrame, finding: str) -> Picture:
    """Draw one bar for each row, first on top, made of its columns (seconds; missing: it never began)."""
    figure, plane = axes(9.0, 0.6 * len(table) + 1.4)
    lengths = table.fillna(0.0)
    begins = lengths.cumsum(axis="columns") - lengths
    for column, name in enumerate(table.columns):
        began = table[name].dropna()
        rows = [list(table.index).index(row) for row in began.index]
        plane.barh(
            rows, began.to_list(), 0.6, left=begins.loc[began.index, name].to_list(), label=str(name),
            facecolor="none", edgecolor=HUES[column % len(HUES)], hatch=LOOKS[column % len(LOOKS)],
            linewidth=1.6,
        )  # fmt: skip
    totals = lengths.sum(axis="columns").to_list()
    for row, total in enumerate(totals):
        plane.text(total, row, f" {total:.0f} s", va="center", color=GREY, fontsize=9)
    plane.set_yticks(range(len(table)), [str(name) for name in table.index])
    plane.set(xlabel="time since the push (s)", ylim=(len(table) - 0.5, -0.5))
    plane.set_xlim(0, 1.12 * max(totals))
    plane.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=8, frameon=False, labelcolor=GREY)
    return Picture(figure, finding)
