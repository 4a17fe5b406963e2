"""What learners' records say, for the instructor's page. A record is whatever its learner made of it."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from course import labs
from course.checks import reading

RECORD = PurePosixPath("home/.local/state/containers-course/progress.jsonl")
MOST_BYTES = 4 << 20
MOST_LINE = 1 << 16
MOST_WORDS = 60
MOST_SHOWN = 15


@dataclass
class Learner:
    """What one record tells: the notebook last worked on, cells run there, points by lab, checks passed."""

    notebook: str = ""
    cells: int = 0
    last: datetime | None = None
    finished: int = 0
    points: dict[str, tuple[int, int]] = field(default_factory=dict)
    passed: dict[str, frozenset[str]] = field(default_factory=dict)
    bad_lines: int = 0
    note: str = ""


def read(disk: Path) -> Learner:
    """The record on a learner's mounted *disk*: opened without following a link, and at most 4 MiB of it."""
    try:
        descriptor = reading.open_below(disk, RECORD)
    except FileNotFoundError:
        return Learner()
    except OSError as error:
        return Learner(note=f"the record can't be read: {os.strerror(error.errno or 0)}")
    with os.fdopen(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size
        file.seek(max(0, size - MOST_BYTES))
        content = file.read(MOST_BYTES)
    lines = content.split(b"\n")
    found = told(lines[1:] if size > MOST_BYTES else lines)
    if size > MOST_BYTES:
        found.note = f"of {size >> 20} MiB only the last {MOST_BYTES >> 20} were read"
    return found


def told(lines: Iterable[bytes]) -> Learner:
    """What the *lines* of a record tell; what isn't a line of a record is counted."""
    found = Learner()
    for line in lines:
        if not line.strip():
            continue
        try:
            _add(found, line)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            found.bad_lines += 1
    return found


def _add(found: Learner, line: bytes) -> None:
    if len(line) > MOST_LINE:
        raise ValueError("a line of a record is shorter")
    row: dict[str, Any] = json.loads(line)
    when = datetime.fromisoformat(row["at"]).astimezone(UTC)
    what, notebook = _word(row["what"]), _word(row["notebook"])
    if what == "checked":
        earned, points = _count(row["earned"]), _count(row["points"])
        if points and earned <= points:
            found.points[notebook] = max(found.points.get(notebook, (0, points)), (earned, points))
        found.passed[notebook] = frozenset(_word(name) for name in list(row.get("passed", ()))[:50])
    if what == "finished":
        found.finished += 1
    if found.notebook != notebook:
        found.notebook, found.cells = notebook, 0
    found.cells = _count(row["cells"]) if "cells" in row else found.cells
    if found.last is None or when > found.last:
        found.last = when


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a word is text")
    return value[:MOST_WORDS]


def _count(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < 10**6:
        raise ValueError("a count is a small number")
    return value


@cache
def checks_of(slug: str) -> tuple[str, ...]:
    """The names of a lab's checks, as this machine's own copy of the course has them; none for no lab."""
    return tuple(each.name for each in labs.load_checks(labs.find(slug))) if slug in labs.slugs() else ()


def failing_most(learners: Iterable[Learner]) -> list[tuple[str, str, int]]:
    """Lab, check and how many learners' last try failed at it, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    for learner in learners:
        for notebook, passed in learner.passed.items():
            slug = notebook.removeprefix("labs/")
            counts.update((slug, name) for name in checks_of(slug) if name not in passed)
    return [(slug, name, number) for (slug, name), number in counts.most_common(MOST_SHOWN)]
