"""One house look for every picture, and how it stands in a notebook with its alt text."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Mid-grey is readable on JupyterLab's light and dark pages; the hues are Okabe and Ito's, safe for most eyes.
GREY = "#808080"
BLUE, ORANGE, GREEN, RED, SKY, PINK = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7"
HUES = (BLUE, ORANGE, GREEN, RED, SKY, PINK)
HATCHES = ("", "//", "..", "xx", "\\\\", "oo")
DOTS_PER_INCH = 110


@dataclass(frozen=True)
class Picture:
    """A figure and one full sentence that states its finding (shown under it, and its alt text)."""

    figure: Figure
    finding: str

    @cached_property
    def png(self) -> bytes:
        """The picture as PNG with a transparent face."""
        out = io.BytesIO()
        self.figure.savefig(out, format="png", dpi=DOTS_PER_INCH, transparent=True, bbox_inches="tight")
        return out.getvalue()

    def _repr_html_(self) -> str:
        # Only <img alt> survives JupyterLab and nbconvert: alt text in a PNG's metadata is ignored by both.
        data, words = base64.b64encode(self.png).decode(), html.escape(self.finding)
        image = (
            f'<img alt="{words}" src="data:image/png;base64,{data}" style="background:none;max-width:100%">'
        )
        return f"<figure>{image}<figcaption>{words}</figcaption></figure>"

    def __repr__(self) -> str:
        return f"[picture] {self.finding}"


def axes(width: float = 7.0, height: float = 3.2) -> tuple[Figure, Axes]:
    """A fresh figure (inches) with one set of axes in the house look, without pyplot's global state."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    plane = figure.add_subplot()
    in_house_look(plane)
    return figure, plane


def in_house_look(plane: Axes) -> None:
    """Give one set of axes the house look: two thin sides, and all words in grey."""
    for side in ("top", "right"):
        plane.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        plane.spines[side].set_color(GREY)
    plane.tick_params(colors=GREY)
    for text in (plane.xaxis.label, plane.yaxis.label, plane.title):
        text.set_color(GREY)


def as_table(plane: Axes, table: pd.DataFrame) -> None:
    """Make axes a table: a place for each cell of *table*, its columns named on top, and no lines."""
    plane.set(xlim=(-0.5, len(table.columns) - 0.5), ylim=(len(table) - 0.5, -0.5))
    plane.set_xticks(range(len(table.columns)), table.columns, family="monospace")
    plane.set_yticks(range(len(table)), table.index)
    plane.tick_params(length=0)
    plane.xaxis.tick_top()
    for spine in plane.spines.values():
        spine.set_visible(False)
