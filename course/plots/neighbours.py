"""Who reaches whom among containers, as a map of pairs and as a graph; knows nothing of how it was tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import combinations, permutations
from typing import TYPE_CHECKING, Literal

from course.plots.picture import BLUE, GREEN, GREY, HUES, ORANGE, Picture, as_table, axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Place = tuple[float, float]
# The words of `measure.neighbours`, each with a hue, how full its field is, and a sign.
LOOKS = {
    "by name": (GREEN, 0.3, "name"),
    "by address only": (ORANGE, 0.15, "address"),
    "no answer": (GREY, 0.0, "–"),
}
LINES: dict[str, tuple[str, Literal["-", "--"], float]] = {
    "by name": (GREEN, "-", 2.2),
    "by address only": (ORANGE, "--", 1.8),
}


def heat_of_neighbours(table: pd.DataFrame) -> Picture:
    """Draw the table of `measure.neighbours`: a field for each pair, the fuller the better."""
    from matplotlib.patches import Rectangle

    figure, plane = axes(1.15 * len(table.columns) + 1.4, 0.62 * len(table) + 0.9)
    for row, asker in enumerate(table.index):
        for column, asked in enumerate(table.columns):
            hue, fill, sign = LOOKS[str(table.at[asker, asked])]
            corner = (column - 0.47, row - 0.44)
            plane.add_patch(Rectangle(corner, 0.94, 0.88, facecolor=hue, alpha=fill))
            plane.add_patch(Rectangle(corner, 0.94, 0.88, fill=False, edgecolor=hue, linewidth=1.4))
            plane.text(column, row, sign, ha="center", va="center", color=GREY, fontsize=9, weight="bold")
    as_table(plane, table)
    plane.set_yticks(range(len(table)), [f"{name} asks" for name in table.index], family="monospace")
    return Picture(figure, _pairs_in_words(table))


def _pairs_in_words(table: pd.DataFrame) -> str:
    pairs = [(a, b) for a in table.index for b in table.columns if a != b]
    count = Counter(str(table.at[pair]) for pair in pairs)
    return (
        f"Of {len(pairs)} questions from one container to another, {count['by name']} are answered by name, "
        f"{count['by address only']} by address only, and {count['no answer']} not at all."
    )


def graph_of_neighbours(table: pd.DataFrame, members: Mapping[str, Iterable[str]]) -> Picture:
    """Draw the same table as a graph; *members* maps each container to its networks, drawn as frames."""
    inside = {name: list(networks) for name, networks in members.items()}
    order = list(dict.fromkeys(network for networks in inside.values() for network in networks))
    places = _places(inside, order)
    figure, plane = axes(2.4 * len(order) + 1.0, 3.2)
    plane.set_axis_off()
    for number, network in enumerate(order):
        _frame(plane, network, [places[name] for name in inside if network in inside[name]], number)
    for a, b in combinations(table.index, 2):
        # The better of both directions; that they differ, the map of pairs shows.
        both = {str(table.at[a, b]), str(table.at[b, a])}
        way = next((way for way in LINES if way in both), None)
        if way:
            hue, line, width = LINES[way]
            plane.plot(*zip(places[a], places[b], strict=True), color=hue, linestyle=line, linewidth=width)
    for name, place in places.items():
        look = {"boxstyle": "round,pad=0.45", "facecolor": "white", "edgecolor": BLUE, "linewidth": 1.6}
        plane.text(*place, name, ha="center", va="center", color="black", family="monospace", bbox=look)
    plane.set(xlim=(-0.6, len(order) - 0.4), ylim=(-0.75, 1.25))
    _legend(plane)
    return Picture(figure, _graph_in_words(table, inside))


def _places(inside: Mapping[str, list[str]], order: list[str]) -> dict[str, Place]:
    """Each container at the mean of its networks' columns; those in one column one above the other."""
    columns = {name: sum(map(order.index, nets)) / len(nets) for name, nets in inside.items()}
    stacks: dict[float, list[str]] = {}
    for name, column in columns.items():
        stacks.setdefault(column, []).append(name)
    return {
        name: (column, (0.75 - stack.index(name) / (len(stack) - 1)) if len(stack) > 1 else 0.25)
        for column, stack in stacks.items()
        for name in stack
    }


def _frame(plane: Axes, network: str, places: list[Place], number: int) -> None:
    """A rounded frame around the members of one network, with the network's name above it."""
    from matplotlib.patches import FancyBboxPatch

    left, right = min(x for x, _ in places) - 0.3, max(x for x, _ in places) + 0.3
    inset = 0.05 * (number % 2)  # frames that overlap shall not lie on one line
    plane.add_patch(
        FancyBboxPatch(
            (left, inset - 0.58), right - left, 1.6 - 2 * inset, boxstyle="round,pad=0.02", fill=False,
            edgecolor=HUES[number % len(HUES)], linewidth=1.2, linestyle=(0, (4, 2 + number)),
        )
    )  # fmt: skip
    plane.text(number, 1.12, network, ha="center", color=GREY, weight="bold")


def _legend(plane: Axes) -> None:
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], color=hue, linestyle=line, linewidth=width, label=f"reached {way}")
        for way, (hue, line, width) in LINES.items()
    ]
    plane.legend(
        handles=lines, loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=2, frameon=False,
        labelcolor=GREY, fontsize=9,
    )  # fmt: skip


def _graph_in_words(table: pd.DataFrame, inside: Mapping[str, list[str]]) -> str:
    both = [name for name, networks in inside.items() if len(networks) > 1]
    strangers = [pair for pair in permutations(inside, 2) if not set(inside[pair[0]]) & set(inside[pair[1]])]
    reached = [pair for pair in strangers if str(table.at[pair]) in LINES]
    who = f"Only {', '.join(both)}" if both else "No container"
    return (
        f"{who} {'stand' if len(both) > 1 else 'stands'} on two networks, and "
        f"{len(reached) or 'none'} of {len(strangers)} questions between containers "
        "without a common network got an answer."
    )
