"""What checks and symptoms are, and the one way to fail one; knows nothing of judging."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course.errors import CourseError

if TYPE_CHECKING:
    from course.checks.system import System

Observe = Callable[["System"], str]
# Where the decorator notes a file's checks: a plain look at the names would lose one of two namesakes.
NOTED = "__checks__"
NOTED_SYMPTOMS = "__symptoms__"


class CheckError(CourseError):
    """A lab's checks are not written in the way the course can judge by."""


class Unmet(Exception):
    """The promise doesn't hold: *seen* is what was there instead, *look* where the learner should look.

    This is the only way for a check to fail; any other exception is an error of the check or the engine.
    """

    def __init__(self, seen: str, look: str) -> None:
        self.seen = seen
        self.look = look
        super().__init__(f"{seen} {look}")


@dataclass(frozen=True)
class Check:
    """One promise: what it is worth, which checks must pass before it, its three hints, how it observes."""

    name: str
    promise: str
    points: int
    needs: tuple[str, ...]
    hints: tuple[str, ...]
    observe: Observe


@dataclass(frozen=True)
class Symptom:
    """What is wrong with a system that is handed out broken: its story, and how it is seen. No points."""

    name: str
    story: str
    observe: Observe


def symptom(function: Observe) -> Symptom:
    """Make a symptom of a function: its docstring is the story; it raises Unmet where that isn't true.

    It must be true when a learner begins, and false once the lab is solved.
    """
    name = str(getattr(function, "__name__", ""))
    story = _first_paragraph(function)
    if not story:
        raise CheckError(f"Symptom {name} has no docstring.", "write its story as one sentence")
    made = Symptom(name, story, function)
    getattr(function, "__globals__", {}).setdefault(NOTED_SYMPTOMS, []).append(made)
    return made


def check(*, points: int, needs: Sequence[str] = (), hints: Sequence[str]) -> Callable[[Observe], Check]:
    """Make a check of a function: its docstring is the promise, what it returns is what was seen.

    *hints* are three: what I saw, what to look at, the command.
    """

    def make(function: Observe) -> Check:
        name = str(getattr(function, "__name__", ""))
        _refuse_a_lone_word(name, needs=needs, hints=hints)
        made = Check(name, _first_paragraph(function), points, tuple(needs), tuple(hints), function)
        _refuse_half_written(made)
        getattr(function, "__globals__", {}).setdefault(NOTED, []).append(made)
        return made

    return make


def in_teaching_order(checks: Iterable[Check]) -> tuple[Check, ...]:
    """The same checks, refused where one needs a check that doesn't stand before it or a name comes twice."""
    ordered = tuple(checks)
    names = [each.name for each in ordered]
    for position, each in enumerate(ordered):
        if each.name in names[:position]:
            raise CheckError(f"Two checks are named {each.name}.", "give each check a name of its own")
        for needed in each.needs:
            _refuse_unready(each.name, needed, names, position)
    return ordered


def _first_paragraph(function: Observe) -> str:
    return " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split())


def _refuse_a_lone_word(name: str, **options: Sequence[str]) -> None:
    for option, value in options.items():
        if isinstance(value, str):
            raise CheckError(
                f"Check {name}: {option} is one string, not several.", f'write {option}=("{value}",)'
            )


def _refuse_half_written(made: Check) -> None:
    if not made.promise:
        raise CheckError(f"Check {made.name} has no docstring.", "write its promise as one sentence")
    if isinstance(made.points, bool) or not isinstance(made.points, int) or made.points < 1:
        raise CheckError(f"Check {made.name} is worth {made.points!r} points.", "give it one point or more")
    if len(made.hints) != 3 or not all(isinstance(hint, str) and hint.strip() for hint in made.hints):
        raise CheckError(
            f"Check {made.name} has {len([hint for hint in made.hints if hint])} hints; it needs three.",
            "write what I saw, what to look at, the command",
        )


def _refuse_unready(name: str, needed: str, names: list[str], position: int) -> None:
    if needed not in names:
        raise CheckError(
            f"Check {name} needs {needed}, which is no check here.", f"choose from: {', '.join(names)}"
        )
    if names.index(needed) >= position:
        raise CheckError(
            f"Check {name} needs {needed}, which doesn't stand before it.",
            "put a check after those it needs; two that need each other are one check",
        )
