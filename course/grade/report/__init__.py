"""Results as files for people and machines: JSON, JUnit, Markdown, CSV, Classroom, a page with pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from course.grade.results import Result


def write(results: Sequence[Result], folder: Path) -> list[Path]:
    """Write every report of *results* into *folder*; gives the files."""
    raise NotImplementedError
