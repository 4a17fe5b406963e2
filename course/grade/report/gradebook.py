"""Results as a table for a gradebook, one row a submission; knows nothing of single checks."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from course.grade.report.safe import cell
from course.grade.results import Result

COLUMNS = ("name", "lab", "earned", "points", "percent", "state", "note")


def csv_table(results: Sequence[Result]) -> str:
    """The rows as CSV, every cell in quotes."""
    out = io.StringIO()
    rows = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    rows.writerow(COLUMNS)
    for each in results:
        rows.writerow(map(cell, (each.name, each.lab, *_numbers(each), each.state, each.note)))
    return out.getvalue()


def _numbers(result: Result) -> tuple[str, str, str]:
    """Points earned, points there are, percent; empty where the number would say what nobody knows."""
    if result.state == "refused":
        return "0", "", ""
    if result.state == "error":
        return "", str(result.points or ""), ""
    percent = f"{100 * result.earned / result.points:.1f}" if result.points else ""
    return str(result.earned), str(result.points), percent
