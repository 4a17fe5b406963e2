"""The cheat sheet says what the chapters' recaps say today, and stays short enough for one page."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import cheat_sheet
import pytest

from course import places

pytestmark = pytest.mark.apart
MOST_ROWS = 60


def rows(page: str) -> list[str]:
    """The lines of commands."""
    return [line for line in page.splitlines() if line.startswith("| [")]


def test_the_cheat_sheet_is_made_from_the_recaps_of_today() -> None:
    """.venv/bin/python tests/cheat_sheet.py brings it up."""
    assert (places.ROOT / cheat_sheet.FILE).read_text(encoding="utf-8") == cheat_sheet.sheet()


def test_it_fits_a_page_and_every_chapter_is_on_it() -> None:
    """At most 60 rows, none of them twice, and three of each chapter."""
    found = rows(cheat_sheet.sheet())
    commands = [re.split(r"(?<!\\) \| ", line)[1] for line in found]
    assert len(commands) == len(set(commands)) <= MOST_ROWS
    for file in cheat_sheet.chapters(places.ROOT):
        wanted = 1 if file.stem.endswith("-more") else 3
        assert sum(f"/{file.name})" in line for line in found) == wanted, file.name


def test_another_recap_makes_it_stale(tmp_path: Path) -> None:
    """Who changes the first row of a recap hears that the page is older."""
    shutil.copytree(places.notebooks(), tmp_path / "notebooks", ignore=shutil.ignore_patterns("*/", "work"))
    before = cheat_sheet.sheet(tmp_path)
    assert before == cheat_sheet.sheet()
    file = tmp_path / "notebooks" / "06-ports.ipynb"
    content = json.loads(file.read_text(encoding="utf-8"))
    cell = next(cell for cell in content["cells"] if cell["id"] == "recap")
    cell["source"] = "".join(cell["source"]).replace("publishes container port 80 on", "opens a door to")
    file.write_text(json.dumps(content), encoding="utf-8")
    assert "opens a door to" in cheat_sheet.sheet(tmp_path)
