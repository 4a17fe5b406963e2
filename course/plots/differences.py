"""A table of places and facts as a map in which equal values look alike; knows nothing of their meaning."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from course.plots.picture import GREEN, GREY, HUES, ORANGE, PINK, Picture, as_table, axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LOOKS = (GREEN, ORANGE, PINK, *HUES)
LONGEST = 30  # characters that fit a box


def what_differs(table: pd.DataFrame, finding: str = "") -> Picture:
    """Draw the table of `measure.side_by_side`: in each row equal values share a letter and a colour.

    Without a *finding* of the caller's, the sentence counts the facts that differ.
    """
    figure, plane = axes(2.9 * len(table.columns) + 1.2, 0.52 * len(table) + 0.8)
    for row, fact in enumerate(table.index):
        values = [str(value) for value in table.loc[fact]]
        for column, (value, group) in enumerate(zip(values, groups(values), strict=True)):
            _box(plane, column, row, value, group)
    as_table(plane, table)
    return Picture(figure, finding or _differences_in_words(table))


def groups(values: Iterable[str]) -> list[int]:
    """For each value the number of its group; equal values share one, and numbers come in order from 0."""
    known: dict[str, int] = {}
    return [known.setdefault(value, len(known)) for value in values]


def _box(plane: Axes, column: int, row: int, value: str, group: int) -> None:
    from matplotlib.patches import Rectangle

    hue, place = LOOKS[group % len(LOOKS)], (column - 0.48, row - 0.43)
    plane.add_patch(Rectangle(place, 0.96, 0.86, facecolor=hue, alpha=0.15))
    plane.add_patch(Rectangle(place, 0.96, 0.86, fill=False, edgecolor=hue, linewidth=1.4))
    short = value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
    plane.text(column - 0.45, row, chr(ord("A") + group), va="center", color=GREY, weight="bold", fontsize=9)
    plane.text(column + 0.03, row, short, ha="center", va="center", color=GREY, fontsize=9)


def _differences_in_words(table: pd.DataFrame) -> str:
    same = [str(fact) for fact in table.index if table.loc[fact].nunique() == 1]
    return (
        f"Of {len(table)} facts that one script met, {len(table) - len(same)} differ between "
        f"{', '.join(map(str, table.columns[:-1]))} and {table.columns[-1]}; "
        f"the same everywhere: {', '.join(same) or 'none'}."
    )
