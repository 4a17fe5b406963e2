"""Results as files for people and machines: JSON, JUnit, Markdown, CSV, Classroom, a page with pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from course.grade.report import gradebook, machine, page, safe, summary
from course.grade.results import Result


def write(results: Sequence[Result], folder: Path) -> list[Path]:
    """Write every report of *results* into *folder*; gives the files."""
    found = ready(results)
    texts = {
        "report.html": page.html(found),
        "summary.md": summary.markdown(found),
        "results.csv": gradebook.csv_table(found),
        "results.json": machine.results_json(found),
        "junit.xml": machine.junit(found),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return [*(folder / name for name in texts), *machine.write_classroom50(found, folder / "classroom50")]


def ready(results: Sequence[Result]) -> list[Result]:
    """The same in the order of every report, lab and name, and with text that can be written as UTF-8."""
    ordered = sorted(results, key=lambda each: (each.lab, each.name, each.file))
    return [
        replace(each, **{field.name: _writable(getattr(each, field.name)) for field in fields(each)})
        for each in ordered
    ]


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return safe.writable(value)
    if isinstance(value, dict):
        return {key: _writable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_writable(each) for each in value)
    return value
