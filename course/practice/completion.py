"""A record of what was completed: which checks passed where and when, and what such a paper proves."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course import labs, places
from course.practice.progress import best_check, is_finish
from course.practice.record import Record, Row, now

PROVES = (
    "On the learner's own machine the course's checks looked at a running engine and saw what the promises "
    "say, at the times given here, with the version of the checks that the hash names."
)
DOES_NOT_PROVE = (
    "Who did it, and that nobody changed this file or the record that it was made from: both are the "
    "learner's own. Where proof is needed, grade the notebooks with `make grade`, on an engine that the "
    "learner doesn't hold."
)


def write(record: Record, file: Path) -> dict[str, Any]:
    """Write the completion record made from *record* into *file*, and give its content."""
    content = build(record.rows())
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return content


def build(rows: Sequence[Row]) -> dict[str, Any]:
    """The completion record as plain values."""
    finished = {row.notebook: row for row in rows if is_finish(row)}
    found = ((slug, best_check(rows, slug)) for slug in labs.slugs())
    return {
        "title": "Completion record of the course on containers",
        "course": {"version": version(), "commit": commit()},
        "made": now().isoformat(timespec="seconds"),
        "labs": [_lab(slug, best) for slug, best in found if best],
        "notebooks run to their end": [
            {"notebook": name, "at": row.when.isoformat()}
            for name, row in sorted(finished.items())
            if not name.startswith("labs/")
        ],
        "this shows": PROVES,
        "this doesn't show": DOES_NOT_PROVE,
    }


def _lab(slug: str, best: Row) -> dict[str, Any]:
    lab = labs.find(slug)
    same = labs.version(lab).startswith(best.details.get("checks") or "-")
    promises = {check.name: check.promise for check in labs.load_checks(lab)} if same else {}
    return {
        "lab": slug,
        "points": f"{best.details['earned']} of {best.details['points']}",
        "checked at": best.when.isoformat(),
        "engine": best.details.get("engine"),
        "checks": best.details.get("checks"),
        "these are the checks of this course": same,
        "passed": [{"check": name, "promise": promises.get(name)} for name in best.details.get("passed", ())],
        "not passed": [name for name in promises if name not in best.details.get("passed", ())],
    }


def version() -> str:
    """The course's version."""
    project = tomllib.loads((places.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def commit() -> str | None:
    """The commit that the course's folder is at, with a + where files were changed; None without git."""
    words = ["git", "-C", str(places.ROOT), "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
