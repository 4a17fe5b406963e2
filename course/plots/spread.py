"""Distributions side by side: every measurement a dot, the median a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.plots.picture import GREY, HUES, Picture, axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

NARROW = 300  # how many times as large the far end of an axis is where 2 and 5 are marked as well


def spread(
    table: pd.DataFrame, by: str, value: str, label: str, finding: str, *, log: bool = False
) -> Picture:
    """Draw column *value* of *table* for each group in column *by*; *label* names the axis with its unit."""
    groups = [(str(name), rows[value].to_list()) for name, rows in table.groupby(by, sort=False)]
    figure, plane = axes(7.5, 0.75 * len(groups) + 1.1)
    for row, (_, values) in enumerate(groups):
        hue = HUES[row % len(HUES)]
        lifts = [row + ((index * 7) % 11 - 5) / 22 for index in range(len(values))]
        plane.plot(values, lifts, ".", color=hue, alpha=0.35, markersize=5)
        middle = float(table[table[by] == groups[row][0]][value].median())
        plane.plot([middle, middle], [row - 0.38, row + 0.38], color=hue, linewidth=2.5)
        plane.annotate(f"median {middle:.3g}", (middle, row - 0.42), ha="center", color=GREY, fontsize=8.5)
    plane.set_yticks(range(len(groups)), [name for name, _ in groups])
    plane.set(xlabel=label, ylim=(len(groups) - 0.4, -0.7))
    if log:
        plane.set_xscale("log")
        _in_plain_numbers(plane)
    else:
        plane.set_xlim(left=0)
    return Picture(figure, finding)


def _in_plain_numbers(plane: Axes) -> None:
    """Write 0.2, 0.5, 1 along a logarithmic axis: powers of ten run into each other on a short one."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    least, most = plane.get_xlim()
    plane.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if most / least < NARROW else (1,)))
    plane.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    plane.xaxis.set_minor_formatter(NullFormatter())
