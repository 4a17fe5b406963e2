"""A Compose project as a map of services, doors, volumes and waits; and its start as bars over time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from course.plots.picture import BLUE, GREEN, GREY, ORANGE, PINK, Picture, axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Place = tuple[float, float]
Rows = dict[str, dict[str, Any]]
WIDE, HIGH = 1.5, 0.62  # of a service's box
STEP = 2.9  # from one column of services to the next


def stack(table: pd.DataFrame) -> Picture:
    """Draw the table of `measure.stack`: who waits stands left of whom it waits for."""
    rows = _rows(table)
    places = _places(rows)
    columns = round(max(x for x, _ in places.values()) / STEP) + 1
    high = max(y for _, y in places.values()) + 1
    figure, plane = axes(2.6 * (columns + 2), 1.25 * high + 1.1)
    plane.set_axis_off()
    for service, row in rows.items():
        _service(plane, service, row, places)
    _frames(plane, rows, places)
    plane.set(xlim=(-2.2, (columns - 1) * STEP + 3.1), ylim=(-0.9, high - 0.2))
    return Picture(figure, in_words(table))


def _rows(table: pd.DataFrame) -> Rows:
    return {
        str(service): {str(name): value for name, value in row.items()}
        for service, row in table.to_dict("index").items()
    }


def _service(plane: Axes, service: str, row: dict[str, Any], places: dict[str, Place]) -> None:
    """One box with its doors on the left, and on the right its volumes and those it waits for."""
    x, y = places[service]
    copies = f" × {row['copies']}" if row["copies"] > 1 else ""
    _box(plane, (x, y), f"{service}{copies}\n{row['image']}", BLUE)
    for number, port in enumerate(row["ports"]):
        _arrow(plane, (x - 1.9, y + 0.2 * number), (x - WIDE / 2, y + 0.2 * number), GREEN)
        plane.text(x - 1.85, y + 0.07 + 0.2 * number, port, color=GREY, fontsize=7.5)
    for volume in row["volumes"]:
        _arrow(plane, (x + WIDE / 2, y), (x + 1.35, y), ORANGE)
        name, _, inside = volume.partition(" → ")
        _box(plane, (x + 2.1, y), f"volume\n{name}\nat {inside}", ORANGE)
    for wait in row["waits_for"]:
        other, _, condition = wait.partition(" (")
        if other in places:
            _wait(plane, (x, y), places[other], condition.rstrip(")"))


def _places(rows: Rows) -> dict[str, Place]:
    """A column for each level of waiting; within one, services stand below each other."""

    def level(service: str) -> int:
        waiting = [
            other
            for other, row in rows.items()
            if any(wait.partition(" (")[0] == service for wait in row["waits_for"])
        ]
        return 1 + max(map(level, waiting)) if waiting else 0

    levels = {service: level(service) for service in rows}
    columns = [
        [service for service, at in levels.items() if at == column]
        for column in range(max(levels.values()) + 1)
    ]
    highest = max(map(len, columns))
    return {
        service: (column * STEP, highest - 1 - row - (highest - len(members)) / 2)
        for column, members in enumerate(columns)
        for row, service in enumerate(members)
    }


def _box(plane: Axes, where: Place, words: str, hue: str) -> None:
    from matplotlib.patches import Rectangle

    x, y = where
    corner = (x - WIDE / 2, y - HIGH / 2)
    plane.add_patch(Rectangle(corner, WIDE, HIGH, fill=False, edgecolor=hue, linewidth=1.8))
    plane.text(x, y, words, ha="center", va="center", color=GREY, fontsize=8.5)


def _arrow(plane: Axes, start: Place, end: Place, hue: str) -> None:
    look = {"arrowstyle": "-|>", "color": hue, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
    plane.annotate("", end, start, arrowprops=look)


def _wait(plane: Axes, start: Place, end: Place, condition: str) -> None:
    (x, y), (to_x, to_y) = start, end
    _arrow(plane, (x + WIDE / 2, y), (to_x - WIDE / 2, to_y), PINK)
    # Beside the line, on the side to which it falls.
    side = 0.5 if y > to_y else -0.5 if y < to_y else 0.0
    words = f"waits for {condition}"
    plane.text((x + to_x) / 2 + side, (y + to_y) / 2 + 0.1, words, ha="center", color=GREY, fontsize=7.5)


def _frames(plane: Axes, rows: Rows, places: dict[str, Place]) -> None:
    """A dashed frame with its name around the members of each network."""
    from matplotlib.patches import Rectangle

    for number, network in enumerate(_networks(rows)):
        members = [places[service] for service, row in rows.items() if network in row["networks"]]
        left, low = (min(each[axis] for each in members) for axis in (0, 1))
        right, high = (max(each[axis] for each in members) for axis in (0, 1))
        rim = 0.13 + 0.08 * number
        corner = (left - WIDE / 2 - rim, low - HIGH / 2 - rim)
        wide, tall = right - left + WIDE + 2 * rim, high - low + HIGH + 2 * rim
        plane.add_patch(Rectangle(corner, wide, tall, fill=False, edgecolor=GREY, linestyle="--"))
        plane.text(corner[0], corner[1] - 0.05, f"network {network}", color=GREY, fontsize=8, va="top")


def _networks(rows: Rows) -> list[str]:
    return sorted({name for row in rows.values() for name in row["networks"]})


def in_words(table: pd.DataFrame) -> str:
    """The running system as one sentence."""
    rows = _rows(table)

    def told(column: str, between: str) -> str:
        found = [f"{service}{between}{each}" for service, row in rows.items() for each in row[column]]
        return ", ".join(found) or "none"

    return (
        f"{len(rows)} services share {' and '.join(_networks(rows))}; doors: {told('ports', ' on ')}; "
        f"order: {told('waits_for', ' waits for ')}; data: {told('volumes', ' in ')}."
    )


def start_order(table: pd.DataFrame) -> Picture:
    """Draw the table of `measure.start_order`: three stages of each service on one axis of seconds."""
    figure, plane = axes(8.0, 0.62 * len(table) + 1.1)
    for number, (created, started, ready) in enumerate(_stages(table).values()):
        plane.plot([created, started], [number, number], color=GREY, linewidth=2, linestyle=":")
        if ready is not None:
            wide = ready - started
            plane.barh(number, wide, left=started, height=0.4, color=ORANGE, alpha=0.5, hatch="//")
            plane.plot(ready, number, marker="D", color=GREEN, markersize=8)
        plane.plot(started, number, marker="|", color=BLUE, markersize=18, markeredgewidth=3)
    plane.set_yticks(range(len(table)), list(map(str, table.index)), color=GREY)
    plane.invert_yaxis()
    plane.set_xlim(left=0)
    plane.set_xlabel("time since the first container was made (s)", color=GREY)
    _legend(plane)
    return Picture(figure, order_in_words(table))


def _stages(table: pd.DataFrame) -> dict[str, tuple[float, float, float | None]]:
    """Created, started, ready (None without a health check that passed) of each service."""
    return {
        service: (
            float(row["created"]),
            float(row["started"]),
            None if math.isnan(row["ready"]) else float(row["ready"]),
        )
        for service, row in _rows(table).items()
    }


def _legend(plane: Axes) -> None:
    from matplotlib.lines import Line2D

    bar = {"marker": "|", "linestyle": "", "markersize": 14, "markeredgewidth": 3}
    looks = [
        Line2D([], [], color=GREY, linewidth=2, linestyle=":", label="made, and waits"),
        Line2D([], [], color=BLUE, label="started", **bar),  # type: ignore[arg-type]
        Line2D([], [], color=GREEN, marker="D", linestyle="", label="healthy"),
    ]
    plane.legend(
        handles=looks, labelcolor=GREY, frameon=False, loc="upper center", ncols=3, bbox_to_anchor=(0.5, 1.25)
    )


def order_in_words(table: pd.DataFrame) -> str:
    """Which service was healthy before which others were started, as one sentence."""
    stages = _stages(table)
    first, (_, _, ready) = next(iter(stages.items()))
    after = [each for each, (_, started, _) in stages.items() if ready is not None and started >= ready]
    if not after:
        return f"The service {first} started first, and no other waited until it was healthy."
    return (
        f"The service {first} was healthy after {ready:.1f} s, and only then did {' and '.join(after)} start."
    )
