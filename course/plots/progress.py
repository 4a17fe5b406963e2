"""How far somebody is, chapter by chapter: time beside the lab's points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.plots.picture import BLUE, GREEN, GREY, Picture, in_house_look

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def progress(table: pd.DataFrame) -> Picture:
    """Draw the table of `lesson.progress()`: minutes on the left, points of the lab on the right."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.5, 0.3 * len(table) + 1.2), layout="constrained")
    time, points = figure.subplots(1, 2, sharey=True)
    _bars(time, table["minutes"], "//", BLUE, [f"{m:.0f}" if m else "" for m in table["minutes"]])
    time.set(xlabel="time spent (min)", xlim=(0, max(10.0, 1.15 * table["minutes"].max())))
    share = 100 * table["earned"] / table["points"].where(table["points"] > 0)
    said = [f"{e} of {p}" if p else "no lab" for e, p in zip(table["earned"], table["points"], strict=True)]
    _bars(points, share.fillna(0), "..", GREEN, [])
    for place, words in enumerate(said):
        points.text(102, place, words, va="center", color=GREY, fontsize=8)
    points.set(xlabel="points of the lab (%); dashed: all", xlim=(0, 125), xticks=[0, 25, 50, 75, 100])
    points.axvline(100, color=GREY, linewidth=1, linestyle="--")
    done = _run_to_the_end(table)
    names = [f"{slug} ✓" if is_done else str(slug) for slug, is_done in zip(table.index, done, strict=True)]
    time.set_yticks(range(len(table)), names)
    time.set_ylim(len(table) - 0.4, -0.6)
    return Picture(figure, _in_words(table))


def _bars(plane: Axes, values: pd.Series, hatch: str, hue: str, said: list[str]) -> None:
    in_house_look(plane)
    places = range(len(values))
    plane.barh(places, values, height=0.62, facecolor="none", edgecolor=hue, hatch=hatch, linewidth=1.4)
    for place, value, words in zip(places, values, said, strict=False):
        plane.text(value, place, f" {words}", va="center", color=GREY, fontsize=8)


def _in_words(table: pd.DataFrame) -> str:
    done, chapters = int(_run_to_the_end(table).sum()), int((table["notebooks"] > 0).sum())
    labs = table[table["points"] > 0]
    passed = int((labs["earned"] == labs["points"]).sum())
    return (
        f"{done} of {chapters} chapters are run to their end (✓), "
        f"and {passed} of {len(labs)} labs have all their points."
    )


def _run_to_the_end(table: pd.DataFrame) -> pd.Series:
    # An incident is a lab without a chapter, so it has no notebook that could be run.
    return (table["notebooks"] > 0) & (table["finished"] == table["notebooks"])
