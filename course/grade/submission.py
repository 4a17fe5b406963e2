"""Read a submission, which may be anything: its answers to one lab, or why it has none; runs nothing."""

from __future__ import annotations

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course import labs
from course.errors import CourseError
from course.labs import SLUG, Lab

MOST_BYTES = 10 << 20
NAMES_LAB = re.compile(r"""lesson\.start\(\s*["']labs/([^"']{1,80})["']""")
NOT_SUBMISSIONS = {".ipynb_checkpoints", ".git", ".venv", "__pycache__"}


class Refused(CourseError):
    """A file that is no submission to a lab of this course; it earns nothing, and says why."""


class SubmissionError(CourseError):
    """The grader was asked for something that isn't there."""


@dataclass(frozen=True)
class Submission:
    """One person's answers to one lab. *digest* is equal for two that answer alike."""

    name: str
    lab: str
    answers: dict[str, str]
    digest: str


def files(paths: Iterable[Path]) -> list[Path]:
    """Every notebook in *paths* (files, or folders with those below them), each once, in order."""
    found = sorted({_place(file): file for path in paths for file in _below(path)}.values())
    if not found:
        raise SubmissionError(
            f"There is no notebook in {', '.join(map(str, paths))}.", "name files, or folders that hold some"
        )
    return found


def _below(path: Path) -> Iterator[Path]:
    if path.is_file() or path.is_symlink():
        yield path
    elif not path.is_dir():
        raise SubmissionError(f"There is no {path}.", "name a notebook, or a folder of notebooks")
    # os.walk enters no link to a folder: a submission could lead out of its own place by one.
    for folder, inner, names in os.walk(path):
        inner[:] = [each for each in inner if each not in NOT_SUBMISSIONS]
        yield from (Path(folder, name) for name in names if name.endswith(".ipynb"))


def names(found: list[Path]) -> dict[Path, str]:
    """A name for each file: its own, or its folder's where it is called lab.ipynb; longer where two agree."""
    places = {file: _place(file) for file in found}
    common = Path(os.path.commonpath([at.parent for at in places.values()])) if found else Path()
    longer = {file: str(at.relative_to(common)).removesuffix(".ipynb") for file, at in places.items()}
    named = {file: at.parent.name if at.stem == "lab" else at.stem for file, at in places.items()}
    # A longer name may be another's short one, which then becomes longer too.
    while shared := _shared(named) - {file for file in found if named[file] == longer[file]}:
        named |= {file: longer[file] for file in shared}
    return {file: printable(name) for file, name in named.items()}


def _place(file: Path) -> Path:
    """Where *file* is, whatever way there was named; `resolve` would follow it if it is a link."""
    return Path(os.path.abspath(file))  # noqa: PTH100


def _shared(named: dict[Path, str]) -> set[Path]:
    """The files whose name another has too."""
    taken = Counter(named.values())
    return {file for file, name in named.items() if taken[name] > 1}


def printable(path: Path | str) -> str:
    """*path* as text that can be stored and shown: a file's name may be bytes that are no text at all.

    Their numbers stand behind a backslash, so one that is in the name is doubled: no two names become one.
    """
    return str(path).replace("\\", r"\\").encode(errors="backslashreplace").decode()


def read(file: Path, name: str, lab: str = "") -> Submission:
    """The answers in *file* to *lab* (default: the one its set-up cell names); Refused when it has none."""
    cells = _cells(_bytes(file))
    named = _named_lab(cells)
    if lab and named and named != lab:
        raise Refused(f"This notebook is of lab {named}, not of {lab}.", f"hand in labs/{lab}/lab.ipynb")
    slug = lab or named
    if not SLUG.fullmatch(slug) or slug not in labs.slugs():
        raise Refused(f"No lab of this course is called {slug!r}.", f"there are: {', '.join(labs.slugs())}")
    answers = _answers(cells, labs.find(slug))
    return Submission(name, slug, answers, labs.submission(answers))


def _bytes(file: Path) -> bytes:
    try:
        opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        why = f"It can't be opened as a file: {error.strerror}."
        raise Refused(why, "hand in the notebook itself") from error
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise Refused("It is no ordinary file.", "hand in the notebook itself")
    with os.fdopen(opened, "rb") as stream:
        text = stream.read(MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        raise Refused("It is larger than 10 MiB.", "clear all outputs, save, and hand it in again")
    return text


def _cells(text: bytes) -> list[dict[str, Any]]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(f"It is no notebook: {type(error).__name__}.", "save it from JupyterLab") from error
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        raise Refused("It is no notebook: it has no list of cells.", "save it from JupyterLab")
    return [cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source")
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))


def _named_lab(cells: list[dict[str, Any]]) -> str:
    for cell in cells:
        if found := NAMES_LAB.search(_source(cell)):
            return found[1]
    return ""


def _answers(cells: list[dict[str, Any]], lab: Lab) -> dict[str, str]:
    """What stands in the cells that are the lab's answer cells: by id, whatever tags a submission claims."""
    wanted = labs.answers(lab.notebook)
    found: dict[str, str] = {}
    for cell in cells:
        key = cell.get("id")
        if isinstance(key, str) and key in wanted:
            found.setdefault(key, _source(cell))
    if not found:
        raise Refused(
            f"It has none of the answer cells of lab {lab.slug}.", "answer in the lab's own notebook"
        )
    return found
