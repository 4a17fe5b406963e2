"""Which notebooks and pages an edition has, in which order; found by listing, as everywhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from course.errors import CourseError

Notebook = dict[str, Any]
Cell = dict[str, Any]
SECOND = "-more"


class EditionError(CourseError):
    """An edition can't be made of what lies in the tree."""


def chapters(root: Path) -> list[Path]:
    """The chapters in their order, a second half behind its first; the review comes last."""
    found = sorted((root / "notebooks").glob("*.ipynb"), key=lambda file: file.stem)
    if not found:
        raise EditionError(f"There is no notebook in {root / 'notebooks'}.", "git status")
    return found


def lab_of(chapter: Path) -> Path | None:
    """The lab that goes with *chapter*, as handed out."""
    lab = chapter.parent.parent / "labs" / chapter.stem / "lab.ipynb"
    return lab if lab.exists() else None


def labs(root: Path, numbers: str) -> list[Path]:
    """Labs as handed out whose number fits the pattern *numbers*, such as `2?` for incidents."""
    return sorted((root / "labs").glob(f"{numbers}-*/lab.ipynb"))


def read(file: Path) -> Notebook:
    """A notebook, read as plain JSON."""
    content: Notebook = json.loads(file.read_text(encoding="utf-8"))
    return content


def source(cell: Cell) -> str:
    """A cell's text, which a file keeps as one string or as a list of lines."""
    text = cell["source"]
    return text if isinstance(text, str) else "".join(text)


def tags(cell: Cell) -> set[str]:
    """A cell's tags."""
    return set(cell["metadata"].get("tags", ()))


def title(file: Path) -> str:
    """What a notebook or page says in its H1."""
    text = source(read(file)["cells"][0]) if file.suffix == ".ipynb" else file.read_text(encoding="utf-8")
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    if found is None:
        raise EditionError(f"{file} has no title.", "begin its first cell with: # Title")
    return found[1].strip()
