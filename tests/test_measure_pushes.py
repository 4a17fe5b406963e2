"""The measurement of pushes: what an earlier manifest has is never counted as sent again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from course import measure, plots


def manifest(folder: Path, name: str, **layers: int) -> Path:
    """A manifest in *folder* with these layers, each a digest with its bytes."""
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"layers": [{"digest": key, "size": size} for key, size in layers.items()]}))
    return file


def test_what_was_there_is_not_sent_again(tmp_path: Path) -> None:
    """Layers are known by their digests, from whichever push they came."""
    files = [
        manifest(tmp_path, "v1", base=80_000_000, app=1_000_000),
        manifest(tmp_path, "v1.0", base=80_000_000, app=1_000_000),
        manifest(tmp_path, "v2", base=80_000_000, other=500_000),
        manifest(tmp_path, "v3", app=1_000_000, other=500_000),
    ]
    table = measure.pushes(files)
    assert list(table.index) == ["v1", "v1.0", "v2", "v3"]
    assert table["layers"].to_list() == [2, 2, 2, 2]
    assert table["new"].to_list() == [2, 0, 1, 0]
    assert table["sent_mb"].to_list() == pytest.approx([81, 0, 0.5, 0])
    assert table["there_mb"].to_list() == pytest.approx([0, 81, 80, 1.5])


def test_the_picture_says_what_was_sent(tmp_path: Path) -> None:
    """A bar for each push, from zero, and its number beside it."""
    table = measure.pushes([manifest(tmp_path, "v1", a=2_000_000), manifest(tmp_path, "v2", a=2_000_000)])
    picture = plots.pushes(table, "The second push sent nothing.")
    (plane,) = picture.figure.axes
    assert [text.get_text() for text in plane.texts] == [" sent 2 MB", " sent 0 MB"]
    assert plane.get_xlim()[0] == 0
    assert [label.get_text() for label in plane.get_yticklabels()] == ["v1", "v2"]
