"""A pytest plugin for nbval: which cells it truly compared, because it passes over cells without a count."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from nbval.plugin import IPyNbCell  # type: ignore[import-untyped]

FILE = "COURSE_COMPARED_CELLS"
_compare = IPyNbCell.compare_outputs
_compared: list[str] = []


def pytest_configure() -> None:
    """Listen in on nbval's comparisons."""

    def compare_and_note(cell: Any, *outputs: Any, **options: Any) -> Any:
        _compared.append(cell.cell.get("id", ""))
        return _compare(cell, *outputs, **options)

    IPyNbCell.compare_outputs = compare_and_note


def pytest_sessionfinish() -> None:
    """Write the compared cells' ids where the asking process will look."""
    Path(os.environ[FILE]).write_text(json.dumps(_compared))
