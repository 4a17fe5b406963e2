"""Facts from several places are laid side by side, and equal ones are known as equal; no engine is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from course import measure, plots
from course.errors import CourseError
from course.plots.differences import groups


def test_each_place_is_a_column_and_each_fact_a_row(tmp_path: Path) -> None:
    """Rows come in the first file's order; a colon in a value stays in it; other lines count for nothing."""
    (tmp_path / "a").write_text("system: one\nnoise\ntime: 12:30\n")
    (tmp_path / "b").write_text("time: 9: late\nsystem: two\n")
    table = measure.side_by_side({"here": tmp_path / "a", "there": tmp_path / "b"})
    assert list(table.index) == ["system", "time"]
    assert list(table["here"]) == ["one", "12:30"]
    assert list(table["there"]) == ["two", "9: late"]


@pytest.mark.parametrize("text", [None, "", "no facts\n"], ids=["no file", "empty", "no facts"])
def test_a_place_without_facts_is_named(tmp_path: Path, text: str | None) -> None:
    """A file that is missing or holds no fact is an error that names the file."""
    if text is not None:
        (tmp_path / "a").write_text(text)
    with pytest.raises(CourseError, match=str(tmp_path / "a")):
        measure.side_by_side({"here": tmp_path / "a"})


def test_equal_values_share_a_group() -> None:
    """Groups are numbered in order of their first value."""
    assert groups(["x", "y", "x", "z", "y"]) == [0, 1, 0, 2, 1]


def test_the_picture_counts_what_differs(tmp_path: Path) -> None:
    """The sentence under the picture says how many facts differ, and which are the same everywhere."""
    (tmp_path / "a").write_text("system: one\nkernel: k\n")
    (tmp_path / "b").write_text("system: two\nkernel: k\n")
    picture = plots.what_differs(measure.side_by_side({"here": tmp_path / "a", "there": tmp_path / "b"}))
    assert picture.finding == (
        "Of 2 facts that one script met, 1 differ between here and there; the same everywhere: kernel."
    )
    assert picture.png.startswith(b"\x89PNG")
