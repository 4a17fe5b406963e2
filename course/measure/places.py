"""What a script met in several places, side by side; knows nothing of how it got there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from course.errors import CourseError

if TYPE_CHECKING:
    import pandas as pd


def side_by_side(notes: Mapping[str, Path]) -> pd.DataFrame:
    """A table of `fact: value` lines: *notes* maps the name of a place to the file that was written there.

    One row per fact, in the order of the first file; one column per place; the values are text.
    """
    import pandas as pd

    return pd.DataFrame({place: _facts(file) for place, file in notes.items()}).rename_axis("fact")


def _facts(file: Path) -> dict[str, str]:
    if not file.is_file():
        raise CourseError(f"There is no file {file}.", "run the cell that writes it, then this one again")
    found = dict(line.split(": ", 1) for line in file.read_text().splitlines() if ": " in line)
    if not found:
        raise CourseError(f"{file} holds no line `fact: value`.", "run the cell that writes it again")
    return found
