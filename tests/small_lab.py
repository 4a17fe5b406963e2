"""A lab of the smallest kind, written to a folder for a test to break; it needs no container."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course import labs
from course.labs import Lab

SLUG = "90-small"
Cell = dict[str, Any]

CHECKS = '''"""Three numbers."""
from course.checks import System, Unmet, check

HINTS = ("I read numbers.txt.", "Count the words in it.", 'open("numbers.txt", "w")')


def holds(system: System, number: str) -> str:
    """Say so, or that it does not."""
    words = system.file("numbers.txt").split()
    if number not in words:
        raise Unmet(f"numbers.txt holds {words}.", "`cat numbers.txt`")
    return f"numbers.txt holds {number}."


@check(points=1, hints=HINTS)
def one(system: System) -> str:
    """The file numbers.txt holds 1."""
    return holds(system, "1")


@check(points=2, needs=("one",), hints=HINTS)
def two(system: System) -> str:
    """It holds 2."""
    return holds(system, "2")


@check(points=3, hints=HINTS)
def three(system: System) -> str:
    """It holds 3."""
    return holds(system, "3")
'''


def write(numbers: str) -> str:
    """An answer: Python that puts *numbers* into the file."""
    return f'open("numbers.txt", "w").write("{numbers}")'


def wrong(fails: str, numbers: str) -> str:
    """A wrong answer's file."""
    return f"why = 'one is missing'\nfails = ['{fails}']\n[answers]\nnumbers = '''{write(numbers)}'''\n"


def code(cell_id: str, text: str, *tags: str) -> Cell:
    """A code cell without outputs."""
    empty: Cell = {"cell_type": "code", "execution_count": None, "outputs": [], "metadata": {}}
    return empty | {"id": cell_id, "source": text} | ({"metadata": {"tags": list(tags)}} if tags else {})


def cells(answer: str) -> list[Cell]:
    """The cells of the lab with *answer* in its answer cell."""
    return [
        code("set-up", f'# lesson.start("labs/{SLUG}")'),
        code("numbers", answer, "answer"),
        code("check", "# lesson.check()"),
        code("clean-up", 'import pathlib; pathlib.Path("numbers.txt").unlink(missing_ok=True)'),
    ]


def other(numbers: str) -> str:
    """Another right answer's file."""
    return f"why = 'in another order'\n[answers]\nnumbers = '''{write(numbers)}'''\n"


INCIDENT_SLUG = "29-small"
SYMPTOM = '''
from course.checks import symptom


@symptom
def nothing_is_there(system: System) -> str:
    """There is no file numbers.txt, or nothing is in it."""
    if any(each.name == "numbers.txt" and each.read_text() for each in system.folder.iterdir()):
        raise Unmet("numbers.txt is there.", "`ls`")
    return "There is none."
'''
# An incident's first two hints say nothing that its solution does.
INCIDENT_CHECKS = CHECKS.replace("I read numbers.txt.", "I looked. {seen}").replace(
    "Count the words in it.", "Count."
)


@dataclass
class SmallLab:
    """The parts of a lab that keeps every promise, until a test changes one and writes it.

    With the *slug* of an incident it is one only if it has symptoms and another right answer: see INCIDENT.
    """

    handed_out: list[Cell] = field(default_factory=lambda: cells("# your turn"))
    solved: list[Cell] = field(default_factory=lambda: cells(write("1 2 3")))
    checks: str = CHECKS
    wrong: dict[str, str] = field(
        default_factory=lambda: {
            "no-one.toml": wrong("one", "2 3"),
            "no-two.toml": wrong("two", "1 3"),
            "no-three.toml": wrong("three", "1 2"),
        }
    )
    slug: str = SLUG
    other: dict[str, str] = field(default_factory=dict)

    def both(self, change: Callable[[list[Cell]], object]) -> None:
        """Make the same *change* in the lab and in its solution."""
        change(self.handed_out)
        change(self.solved)

    def written(self, root: Path) -> Lab:
        """Put the lab below *root*, as it is now."""
        folder, solutions = root / "labs" / self.slug, root / "solutions" / self.slug
        (solutions / "wrong").mkdir(parents=True)
        (solutions / "other").mkdir()
        folder.mkdir(parents=True)
        for file, there in ((folder, self.handed_out), (solutions, self.solved)):
            notebook = {"cells": there, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
            (file / "lab.ipynb").write_text(json.dumps(notebook).replace(SLUG, self.slug))
        (folder / "checks.py").write_text(self.checks)
        for name, text in self.wrong.items():
            (solutions / "wrong" / name).write_text(text)
        for name, text in self.other.items():
            (solutions / "other" / name).write_text(text)
        return labs.find(folder)


def incident() -> SmallLab:
    """A lab that is handed out broken: it has a symptom, and two right answers."""
    return SmallLab(
        checks=INCIDENT_CHECKS + SYMPTOM, slug=INCIDENT_SLUG, other={"backwards.toml": other("3 2 1")}
    )
