"""The first files of a new lab or chapter; registers them nowhere, because folders are the registry."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from course import places
from course.errors import CourseError
from course.labs import SLUG, find

# The example to start from is a lab that the tests prove at each run, so it can't grow stale.
EXAMPLE = "00-start"

Cell = dict[str, Any]


class ScaffoldError(CourseError):
    """A lab or chapter that can't be made under this name."""


def new_lab(slug: str, root: Path = places.ROOT) -> tuple[Path, ...]:
    """Make labs/*slug* and solutions/*slug*, a small lab that keeps every promise; the files made."""
    _refuse_bad_slug(slug)
    example = find(places.labs() / EXAMPLE)
    made = {
        root / target / slug / file.relative_to(folder): _renamed(file, slug)
        for target, folder in (("labs", example.folder), ("solutions", example.solutions))
        for file in _files(folder)
    }
    return _write(made)


def new_chapter(slug: str, root: Path = places.ROOT) -> tuple[Path, ...]:
    """Make notebooks/*slug*.ipynb with every chapter's parts, and its questions beside it; the files made."""
    _refuse_bad_slug(slug)
    cells = [_code(*cell) if cell[1].startswith(RUNS) else _markdown(*cell) for cell in chapter(slug)]
    folder = root / "notebooks"
    return _write(
        {folder / f"{slug}.ipynb": _notebook(cells), folder / f"{slug}.quiz.toml": _questions(slug)}
    )


def _questions(slug: str) -> str:
    asked = [QUESTION.format(part=part, number=number) for part in ("warm-up", "check") for number in (1, 2)]
    return QUESTIONS.format(slug=slug, parts="".join(asked))


def chapter(slug: str) -> Iterator[tuple[str, str]]:
    """Id and text of each cell of a new chapter: one section, to be filled and repeated."""
    number = slug[:2]
    yield "title", f"# {number} · Title\n\nYou do this, and see that."
    yield "needs", NEEDS
    yield SETUP, f'from course import lesson\n\nlesson.start("{slug}")'
    yield "warm-up", f"## Warm-up: two questions from earlier chapters\n\n{ANSWER}"
    yield "warm-up-quiz", 'lesson.quiz("warm-up", mine="?")'
    yield "claim", "## A claim that this section shows\n\nSay what you run next.\n\n**Predict:** what comes?"
    yield "show", "%%shell\ndocker run --rm busybox:1.37 echo hello"
    yield "explain", "Say what to notice in the output, and why it is so."
    yield "next-claim", "## What follows from it\n\nSay what you run next.\n\n**Predict:** what changes?"
    yield "show-next", "%%shell\ndocker run --rm busybox:1.37 echo again"
    yield "explain-next", "Say what was different this time, and why."
    yield "break", "## One thing that breaks, on purpose\n\nSay what is about to fail."
    yield "provoke", "%%shell --expect 125\ndocker run --no-such-flag busybox:1.37"
    yield "cure", "Say which word of the message to read, and give the cure."
    yield "check-yourself", "## Check yourself\n\nAnswer from memory: what you miss comes back in a few days."
    yield "check-quiz", 'lesson.quiz("check", mine="?")'
    yield "recap", "## Recap\n\n| command | what it does | when |\n|---|---|---|\n| `docker run` | … | … |"
    yield "clean-up", "## Clean up\n\nRemove by name what this chapter made."
    yield "clean", "%%shell\ndocker rm --force name-of-this-chapter"
    yield "clean-proof", "And the proof, from the engine's own records:"
    yield "leftovers", "lesson.leftovers()"
    yield (
        "next",
        f"## What's next\n\n**The lab:** [labs/{slug}](../labs/{slug}/lab.ipynb) asks for this skill.",
    )


SETUP = "setup"
RUNS = ("%%", "from ", "lesson.")
ANSWER = "Answer from memory: put your letters in place of the question mark, and run the cell again."

QUESTIONS = """# The questions of {slug}.ipynb: docs/add-a-quiz.md says how they are made.
{parts}"""

QUESTION = """
[[{part}]]
id = "a-word-for-{part}-{number}"
topic = "topic"
ask = "A question?"
see = "#A claim that this section shows"
options = [
    {{ right = true, text = "What is so.", why = "Why it is so." }},
    {{ text = "What some believe.", misconception = "name-of-a-belief", why = "Why it isn't." }},
    {{ text = "What others believe.", misconception = "name-of-a-belief", why = "Why it isn't." }},
]
"""

NEEDS = """| What | For this chapter |
|---|---|
| **Time** | about 30 minutes; the cells themselves run in … seconds (measured) |
| **Needs** | an engine (`lesson.start` finds it) |
| **Images** | busybox |

**You will be able to**

- *verb* that the lab tests;
- *verb* of a second kind;
- *verb* of a third."""


def _refuse_bad_slug(slug: str) -> None:
    if not SLUG.fullmatch(slug):
        raise ScaffoldError(
            f"{slug!r} is no name for a lab or chapter.",
            "two digits, then words in lower case joined by hyphens, such as 06-ports",
        )


def _files(folder: Path) -> list[Path]:
    """The files that belong to the example, without what Python and Jupyter leave beside them."""
    found = (file for file in folder.rglob("*") if file.is_file())
    return [file for file in found if not {"__pycache__", ".ipynb_checkpoints"} & set(file.parts)]


def _renamed(file: Path, slug: str) -> str:
    """The text of an example's file for *slug*; a notebook loses its title and its outputs."""
    text = file.read_text(encoding="utf-8").replace(EXAMPLE, slug)
    if file.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    cells[0]["source"] = _lines(f"# Lab {slug}: a question or a claim\nOne sentence: what this lab asks for.")
    for cell in cells:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return _notebook(cells)


def _write(files: dict[Path, str]) -> tuple[Path, ...]:
    """Write all files or none."""
    there = [file for file in files if file.exists()]
    if there:
        raise ScaffoldError(f"{there[0]} is there already.", "choose another name, or remove it yourself")
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tuple(files)


def _notebook(cells: Iterable[Cell]) -> str:
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    content = {
        "cells": list(cells),
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _markdown(cell_id: str, text: str) -> Cell:
    return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": _lines(text)}


def _code(cell_id: str, text: str) -> Cell:
    # What the set-up prints differs by machine, so nbval doesn't compare it.
    metadata = {"tags": ["nbval-ignore-output"]} if cell_id == SETUP else {}
    empty: Cell = {"execution_count": None, "outputs": [], "metadata": metadata}
    return {"cell_type": "code", "id": cell_id, "source": _lines(text)} | empty


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
