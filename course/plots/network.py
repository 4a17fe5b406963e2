"""Pictures of ways through a network: the stations of a request, and who reaches whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from course.plots.picture import BLUE, GREEN, GREY, ORANGE, RED, Picture, as_table, axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

PLACE_HUE = {"host": BLUE, "container": ORANGE}


def path_of_a_request(path: pd.DataFrame) -> Picture:
    """Draw the table of `measure.request_path` as stations from the published port to the process."""
    figure, plane = axes(9.0, 5.6)
    plane.set_axis_off()
    value = path["value"]
    places = {
        "published port": (0.0, 3.0), "docker-proxy": (-1.6, 2.0), "NAT rule": (1.6, 2.0),
        "bridge": (0.0, 1.0), "veth": (0.0, 0.0),
        "eth0": (4.6, 0.0), "namespace": (4.6, 1.0), "process": (4.6, 2.0),
    }  # fmt: skip
    for station, place in zip(map(str, path.index), path["place"], strict=True):
        _box(plane, places[station], f"{station}\n{value[station]}", PLACE_HUE[place])
    for start, end, words in (
        ("published port", "docker-proxy", "to 127.0.0.1"),
        ("published port", "NAT rule", "to any other address"),
        ("docker-proxy", "bridge", ""), ("NAT rule", "bridge", ""), ("bridge", "veth", ""),
        ("veth", "eth0", "one cable,\ntwo ends"), ("eth0", "namespace", ""), ("namespace", "process", ""),
    ):  # fmt: skip
        _arrow(plane, places[start], places[end], words)
    for left, words in ((0.0, "host's network namespace"), (4.6, "container's network namespace")):
        plane.text(left, 3.75, words, ha="center", color=GREY, weight="bold")
    plane.set(xlim=(-3.0, 6.2), ylim=(-0.5, 4.0))
    return Picture(figure, _path_in_words(value))


def _path_in_words(value: pd.Series[str]) -> str:
    return (
        f"A request to {value['published port']} is taken by docker-proxy ({value['docker-proxy']}) "
        f"or rewritten by the NAT rule ({value['NAT rule']}), crosses bridge {value['bridge']} "
        f"and cable {value['veth']}, and reaches {value['process']} at {value['eth0']}."
    )


def _box(plane: Axes, where: tuple[float, float], words: str, hue: str) -> None:
    look = {"boxstyle": "round,pad=0.5", "facecolor": "none", "edgecolor": hue, "linewidth": 1.8}
    plane.text(*where, words, ha="center", va="center", color=GREY, fontsize=8.5, bbox=look)


def _arrow(plane: Axes, start: tuple[float, float], end: tuple[float, float], words: str) -> None:
    style = {"arrowstyle": "-|>", "color": GREY, "shrinkA": 26, "shrinkB": 26, "linewidth": 1.2}
    if start[1] == end[1]:
        style |= {"shrinkA": 75, "shrinkB": 50}
    plane.annotate("", end, start, arrowprops=style)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    side = "right" if end[0] < start[0] else "left"
    shift = -0.25 if side == "right" else 0.25
    if start[1] == end[1]:
        plane.text(middle[0], middle[1] + 0.3, words, ha="center", color=GREY, fontsize=8)
    elif words:
        plane.text(middle[0] + shift, middle[1] + 0.12, words, ha=side, color=GREY, fontsize=8)


def who_reaches_whom(table: pd.DataFrame) -> Picture:
    """Draw the table of `measure.reachability`: a sign and a colour for each pair."""
    figure, plane = axes(8.6, 0.62 * len(table) + 1.2)
    looks = {True: (GREEN, "✓ answers"), False: (RED, "✗ no answer"), None: ("none", "no port to ask")}
    from matplotlib.patches import Rectangle

    for row, place in enumerate(table.index):
        for column, name in enumerate(table.columns):
            hue, words = looks[cast("bool | None", table.at[place, name])]
            plane.add_patch(
                Rectangle((column - 0.47, row - 0.43), 0.94, 0.86, fill=False, edgecolor=hue, linewidth=1.8)
            )
            plane.text(column, row, words, ha="center", va="center", color=GREY, fontsize=9)
    as_table(plane, table)
    return Picture(figure, _reach_in_words(table))


def _reach_in_words(table: pd.DataFrame) -> str:
    outside = table.iloc[-1]
    names = [str(name) for name in table.columns if outside[name]]
    return f"Asked from another machine, {len(names)} of {len(table.columns)} containers answer" + (
        f": {', '.join(names)}." if names else "."
    )
