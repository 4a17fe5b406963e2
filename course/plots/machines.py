"""Pictures of what containers and machines cost: side by side, many at once, and under a quota."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.plots.picture import BLUE, GREY, HATCHES, HUES, Picture, axes, in_house_look

if TYPE_CHECKING:
    import pandas as pd

MARKS = ("o", "s", "^")


def costs(table: pd.DataFrame, finding: str, *, log: bool = False) -> Picture:
    """Draw one field for each column of *table* (its name holds the unit), with one bar from zero a row.

    On a log axis, which has no zero, each value is a dot instead.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.6, 0.5 * len(table) + 1.3), layout="constrained")
    planes = figure.subplots(1, len(table.columns), sharey=True, squeeze=False)[0]
    for plane, column in zip(planes, table.columns, strict=True):
        for row, value in enumerate(table[column]):
            if log:
                plane.plot(value, row, MARKS[row], color=HUES[row], markersize=8)
            else:
                plane.barh(
                    row, value, height=0.6, facecolor="none", edgecolor=HUES[row], hatch=HATCHES[row + 1],
                    linewidth=1.6,
                )  # fmt: skip
            plane.annotate(f"{value:.3g}", (value, row), xytext=(8 if log else 3, 0),
                           textcoords="offset points", va="center", color=GREY, fontsize=9)  # fmt: skip
        least, most = table[column].min(), table[column].max()
        if log:
            plane.set_xscale("log")
        plane.set(xlabel=str(column), ylim=(len(table) - 0.5, -0.5))
        plane.set_xlim((least / 3, most * (most / least) ** 0.4 * 3) if log else (0, 1.25 * most))
        plane.set_yticks(range(len(table)), [str(name) for name in table.index])
        in_house_look(plane)
    return Picture(figure, finding)


def density(table: pd.DataFrame, room_mib: float, finding: str) -> Picture:
    """Draw memory (*mib*) against how many run (*count*) for each *way*, and on until *room_mib* is full.

    Both axes are logarithmic. Marks are measured, the dashed line is computed from the last of them.
    """
    figure, plane = axes(7.5, 3.8)
    for place, (way, rows) in enumerate(table.groupby("way", sort=False)):
        hue = HUES[place]
        plane.plot(
            rows["count"], rows["mib"], MARKS[place], color=hue, label=f"{way}, measured", markersize=5
        )
        each = float(rows["mib"].iloc[-1]) / int(rows["count"].iloc[-1])
        full = room_mib / each
        plane.plot([1, full], [each, room_mib], "--", color=hue, linewidth=1.2)
        plane.annotate(f"about {full:,.0f}", (full, room_mib), xytext=(0, 5), textcoords="offset points",
                       ha="center", color=GREY, fontsize=9)  # fmt: skip
    plane.axhline(room_mib, color=GREY, linewidth=1)
    plane.text(1, room_mib * 0.93, "memory free on this machine", va="top", color=GREY, fontsize=8.5)
    plane.set(xscale="log", yscale="log", xlabel="how many run at once", ylabel="private memory (MiB)")
    plane.set_ylim(top=room_mib * 3)
    plane.legend(frameon=False, labelcolor=GREY, loc="lower right")
    return Picture(figure, finding)


def throughput(table: pd.DataFrame, finding: str) -> Picture:
    """Draw rounds per second (*rounds*) against the quota (*cpus*); the dashed line is in proportion."""
    figure, plane = axes(7.0, 3.4)
    middle = table.groupby("cpus")["rounds"].median()
    plane.plot(table["cpus"], table["rounds"], "o", color=BLUE, alpha=0.5, label="one run")
    slope = float((middle / middle.index).median())
    end = float(middle.index.max())
    plane.plot([0, end], [0, slope * end], "--", color=GREY, label="in proportion to the quota (computed)")
    plane.set(xlabel="quota (CPUs)", ylabel="work done (rounds per second)", xticks=list(middle.index))
    plane.set_xlim(left=0)
    plane.set_ylim(bottom=0)
    plane.legend(frameon=False, labelcolor=GREY, loc="upper left")
    return Picture(figure, finding)
