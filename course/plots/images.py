"""Pictures of layers, of containers on one image, and of rebuilds step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course.plots.picture import BLUE, GREY, HATCHES, HUES, ORANGE, Picture, axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SMALLEST_MB = 0.05  # a bar thinner than this can't be seen


def layers_of_images(table: pd.DataFrame) -> Picture:
    """Draw the table of `measure.layers`: a bar for each image, what they share in colour and hatch."""
    names = list(table["image"].unique())
    figure, plane = axes(9.0, 0.72 * len(names) + 1.7)
    shared = _looks_of_shared(table)
    for row, name in enumerate(names):
        _stack(plane, row, table[table["image"] == name], shared)
    plane.set_yticks(range(len(names)), names, family="monospace")
    plane.set(xlabel="files in the layers (MB, 1 MB = 1,000,000 bytes)", ylim=(len(names) - 0.4, -0.6))
    plane.set_xlim(0, 1.24 * table.groupby("image")["mb"].sum().max())
    _legend(plane, [*shared.values(), {"facecolor": "none", "label": "in one of them only"}])
    return Picture(figure, _sharing_in_words(table))


def _looks_of_shared(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Colour, hatch and legend for each layer that several images have, largest first."""
    rows = table[(table["images"] > 1) & (table["mb"] > SMALLEST_MB)].drop_duplicates("layer")
    looks = {}
    for place, row in enumerate(rows.sort_values("mb", ascending=False).itertuples()):
        label = f"layer {row.layer}, {row.mb:.1f} MB, in {row.images} of them"
        hatch = HATCHES[1:][place % (len(HATCHES) - 1)]
        looks[str(row.layer)] = {
            "facecolor": HUES[place % len(HUES)],
            "hatch": hatch,
            "hatchcolor": "white",
            "label": label,
        }
    return looks


def _stack(plane: Axes, row: int, rows: pd.DataFrame, shared: dict[str, dict[str, Any]]) -> None:
    left = 0.0
    for layer, mb in zip(rows["layer"], rows["mb"], strict=True):
        look = shared.get(layer, {"facecolor": "none"})
        plane.barh(row, mb, left=left, height=0.6, edgecolor=GREY, **look)
        left += mb
    plane.text(left, row, f"  {left:.1f} MB in {len(rows)} layers", va="center", color=GREY, fontsize=9)


def _legend(plane: Axes, looks: list[dict[str, Any]]) -> None:
    from matplotlib.patches import Patch

    patches = [Patch(edgecolor=GREY, **look) for look in looks]
    plane.legend(
        handles=patches, loc="upper center", bbox_to_anchor=(0.45, -0.26 if len(patches) < 5 else -0.2),
        ncols=2, frameon=False, labelcolor=GREY, fontsize=8.5,
    )  # fmt: skip


def _sharing_in_words(table: pd.DataFrame) -> str:
    apart, once = table["mb"].sum(), table.drop_duplicates("layer")["mb"].sum()
    return (
        f"Counted one by one the {table['image'].nunique()} images hold {apart:.0f} MB; "
        f"stored, each shared layer once, they take {once:.0f} MB."
    )


def containers_of_one_image(sizes: pd.DataFrame) -> Picture:
    """Draw the table of `measure.container_sizes`: the image once, a writable layer for each container."""
    image = float((sizes["with_image_mb"] - sizes["own_mb"]).max())
    counts = list(range(1, len(sizes) + 1))
    own = list(sizes["own_mb"].cumsum())
    figure, plane = axes(7.5, 3.6)
    plane.bar(
        counts, image, color=BLUE, edgecolor=GREY, hatch="//", hatchcolor="white", label="the image, once"
    )
    plane.bar(
        counts,
        own,
        bottom=image,
        color=ORANGE,
        edgecolor=GREY,
        hatch="..",
        hatchcolor="white",
        label="writable layers",
    )
    copies = [image * count + added for count, added in zip(counts, own, strict=True)]
    plane.plot(counts, copies, "o--", color=GREY, label="if each had a copy of its own (computed)")
    plane.set(
        xlabel="containers of one image", ylabel="disk (MB)", ylim=(0, 1.08 * copies[-1]), xticks=counts
    )
    plane.legend(frameon=False, labelcolor=GREY, loc="upper left")
    return Picture(
        figure,
        f"{len(sizes)} containers take {image + own[-1]:.0f} MB: the image's {image:.0f} MB once, and "
        f"{own[-1] / len(sizes):.1f} MB for each; copies of the image would take {copies[-1]:.0f} MB.",
    )


def rebuilds_by_step(table: pd.DataFrame) -> Picture:
    """Draw the table of `measure.rebuilds`: a bar for each rebuild, its cached steps named beside."""
    builds = [rows for _, rows in table.groupby(["order", "attempt"], sort=False)]
    figure, plane = axes(9.0, 0.42 * len(builds) + 1.6)
    worked = list(dict.fromkeys(table[~table["cached"]]["step"]))
    looks = {step: _look_of_step(place, step) for place, step in enumerate(worked)}
    rest = {"facecolor": "none", "label": "the rest: client, context, checks"}
    for row, rows in enumerate(builds):
        _rebuild(plane, row, rows, looks | {"": rest})
    names = [f"{rows['order'].iloc[0]}, change {rows['attempt'].iloc[0]}" for rows in builds]
    plane.set_yticks(range(len(builds)), names)
    plane.set(xlabel="time of the rebuild (s)", ylim=(len(builds) - 0.4, -0.6))
    plane.set_xlim(0, 1.75 * table["total"].max())
    _legend(plane, [*looks.values(), rest])
    return Picture(figure, _rebuilds_in_words(table))


def _look_of_step(place: int, step: str) -> dict[str, Any]:
    hatch = HATCHES[1:][place % (len(HATCHES) - 1)]
    return {"facecolor": HUES[place % len(HUES)], "hatch": hatch, "hatchcolor": "white", "label": step}


def _rebuild(plane: Axes, row: int, rows: pd.DataFrame, looks: dict[str, dict[str, Any]]) -> None:
    total, left = float(rows["total"].iloc[0]), 0.0
    done = rows[~rows["cached"]]
    parts = [*zip(done["step"], done["seconds"], strict=True), ("", max(total - done["seconds"].sum(), 0.0))]
    for step, seconds in parts:
        plane.barh(row, seconds, left=left, height=0.62, edgecolor=GREY, **looks[step])
        left += seconds
    cached = " · ".join(rows[rows["cached"]]["step"]) or "nothing"
    plane.text(left, row, f"  {total:.1f} s, CACHED: {cached}", va="center", color=GREY, fontsize=8)


def _rebuilds_in_words(table: pd.DataFrame) -> str:
    middle = table.drop_duplicates(["order", "attempt"]).groupby("order", sort=False)["total"].median()
    words = " and ".join(f"{seconds:.1f} s with the {order}" for order, seconds in middle.items())
    return f"After a change of one source line the median rebuild takes {words}."
