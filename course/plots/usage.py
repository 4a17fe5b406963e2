"""What containers use over time, and which limits were enough; knows nothing of Docker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.plots.picture import GREEN, GREY, HUES, RED, Picture, axes

if TYPE_CHECKING:
    import pandas as pd

LINES = ("-", "--", ":", "-.")
MARKS = ("o", "s", "^", "D")


def over_time(table: pd.DataFrame, value: str, label: str, finding: str) -> Picture:
    """Draw column *value* of the table of `measure.usage` over time (s), one line per container."""
    figure, plane = axes(7.5, 2.8)
    for place, (name, rows) in enumerate(table.groupby("container", sort=False)):
        look = place % len(LINES)
        plane.plot(
            rows["seconds"], rows[value], LINES[look],
            color=HUES[place % len(HUES)], marker=MARKS[look], markersize=5, label=str(name),
        )  # fmt: skip
    plane.set(xlabel="time (s)", ylabel=label)
    plane.set_ylim(bottom=0)
    plane.set_xlim(left=0)
    plane.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False, labelcolor=GREY)
    return Picture(figure, finding)


def limits_tried(table: pd.DataFrame, finding: str) -> Picture:
    """Draw one bar per row of *table*: *limit_mib*, and whether *exit_code* says that it was enough (0)."""
    figure, plane = axes(7.5, 0.5 * len(table) + 1.0)
    for row, (limit, code) in enumerate(zip(table["limit_mib"], table["exit_code"], strict=True)):
        hue, hatch, words = (GREEN, "", "✓ enough") if code == 0 else (RED, "xx", "✗ killed")
        plane.barh(row, limit, 0.6, facecolor="none", edgecolor=hue, hatch=hatch, linewidth=1.6)
        plane.text(limit, row, f"  {words}, exit code {code}", va="center", color=GREY, fontsize=9)
    plane.set_yticks(range(len(table)), [f"{limit} MiB" for limit in table["limit_mib"]])
    plane.set(xlabel="memory limit (MiB)", xlim=(0, 1.35 * float(table["limit_mib"].max())))
    plane.invert_yaxis()
    return Picture(figure, finding)
