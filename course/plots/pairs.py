"""Two ways to make a container, rule by rule, with a sign for equal and one for different."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.plots.picture import BLUE, GREEN, GREY, ORANGE, Picture, axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LONGEST = 44  # characters that fit a box
LEFT, MIDDLE, RIGHT = 0.0, 1.0, 2.0  # columns: one way, the sign, the other way


def rules(table: pd.DataFrame) -> Picture:
    """Draw the table of `measure.compared`: what each way gave, and = or ≠ between the two."""
    one, other = map(str, table.columns[:2])
    figure, plane = axes(9.2, 0.42 * len(table) + 0.9)
    for row, rule in enumerate(table.index):
        equal = bool(table["equal"].iloc[row])
        hue = GREEN if equal else ORANGE
        for place, column in ((LEFT, one), (RIGHT, other)):
            _box(plane, place, row, str(table[column].iloc[row]), hue)
        sign = "=" if equal else "≠"
        plane.text(MIDDLE, row, sign, ha="center", va="center", color=hue, fontsize=15, weight="bold")
        plane.text(LEFT - 0.92, row, str(rule), ha="right", va="center", color=GREY, family="monospace")
    for place, column in ((LEFT, one), (RIGHT, other)):
        plane.text(place, -0.85, column, ha="center", color=BLUE, family="monospace", weight="bold")
    plane.set(xlim=(-2.05, 2.95), ylim=(len(table) - 0.4, -1.1))
    plane.set_axis_off()
    return Picture(figure, in_words(table))


def _box(plane: Axes, column: float, row: int, value: str, hue: str) -> None:
    from matplotlib.patches import Rectangle

    place = (column - 0.86, row - 0.4)
    plane.add_patch(Rectangle(place, 1.72, 0.8, fill=False, edgecolor=hue, linewidth=1.3))
    short = value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
    plane.text(column, row, short, ha="center", va="center", color=GREY, fontsize=8)


def in_words(table: pd.DataFrame) -> str:
    """The finding as one sentence: how many rules gave the same, and which did not."""
    one, other = map(str, table.columns[:2])
    differ = [str(rule) for rule in table.index[~table["equal"].astype(bool)]]
    same = len(table) - len(differ)
    rest = f"; different: {', '.join(differ)}" if differ else ""
    return f"Of {len(table)} rules, {same} gave the same under {one} and under {other}{rest}."
