"""A notebook's questions as data beside it, and the misconceptions behind wrong options; asks nobody."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from course import places
from course.errors import CourseError

PARTS = ("warm-up", "check")
MOST_OPTIONS = 4
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MISCONCEPTIONS = "misconceptions.toml"

T = TypeVar("T")


class QuizError(CourseError):
    """A file of questions that isn't made as one must be."""


@dataclass(frozen=True)
class Option:
    """One answer to choose, with what is said to who chooses it; a wrong one names its *misconception*."""

    text: str
    why: str
    misconception: str = ""

    @property
    def right(self) -> bool:
        """Whether this is the right one."""
        return not self.misconception


@dataclass(frozen=True)
class Question:
    """A question of *notebook*; *see* is the section that explains it: `04-images#Where …`, or `#Where …`."""

    notebook: str
    id: str
    topic: str
    ask: str
    see: str
    options: tuple[Option, ...]

    @property
    def section(self) -> tuple[str, str]:
        """Notebook and heading of the section that explains it."""
        notebook, _, heading = self.see.partition("#")
        return notebook or self.notebook, heading

    def shuffled(self, again: int = 0) -> tuple[Option, ...]:
        """The options in an order that depends on the question and on how often it comes *again*.

        It is the same on every machine, so what is stored in a notebook is what its reader sees, and letters
        typed yesterday mean today what they meant.
        """
        return shuffled(self.options, f"{self.notebook}/{self.id}/{again}", lambda option: option.text)


@dataclass(frozen=True)
class Misconception:
    """What many people believe, and what is so."""

    believed: str
    so: str


def shuffled(things: Sequence[T], seed: str, words: Callable[[T], str]) -> tuple[T, ...]:
    """*things* in an order that follows from *seed* and their *words* alone, in every version of Python."""
    return tuple(sorted(things, key=lambda each: hashlib.sha256(f"{seed}/{words(each)}".encode()).digest()))


def file_of(notebook: str) -> Path:
    """Where the questions of *notebook* lie."""
    return places.notebooks() / f"{notebook}.quiz.toml"


def load(notebook: str) -> dict[str, tuple[Question, ...]]:
    """The questions of *notebook* by part; an error where the file isn't as it must be."""
    file = file_of(notebook)
    content = read(file)
    if set(content) - set(PARTS) or not content:
        raise QuizError(f"{file} holds {', '.join(content) or 'nothing'}.", f"keep to {' and '.join(PARTS)}")
    parts = {part: tuple(_question(file, notebook, row) for row in content[part]) for part in content}
    ids = [question.id for questions in parts.values() for question in questions]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise QuizError(f"{file} has {', '.join(twice)} twice.", "give each question an id of its own")
    return parts


def misconceptions() -> Mapping[str, Misconception]:
    """Every misconception by its name."""
    file = places.notebooks() / MISCONCEPTIONS
    try:
        return {name: Misconception(**row) for name, row in read(file).items()}
    except TypeError as error:
        raise QuizError(f"{file}: {error}.", "give each name the lines believed = and so =") from error


def read(file: Path) -> dict[str, Any]:
    """A TOML file's content; where it can't be read, in words."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise QuizError(f"There is no {file}.", "see docs/add-a-quiz.md") from error
    except ValueError as error:
        raise QuizError(f"{file} can't be read: {error}.", "see docs/add-a-quiz.md") from error


def _question(file: Path, notebook: str, row: Mapping[str, Any]) -> Question:
    try:
        options = tuple(_option(each) for each in row["options"])
        question = Question(notebook, row["id"], row["topic"], row["ask"], row["see"], options)
    except (KeyError, TypeError) as error:
        raise QuizError(
            f"{file}: question {row.get('id', '?')} lacks {error}.", "see docs/add-a-quiz.md"
        ) from error
    rights = sum(option.right for option in options)
    faults = {
        "has an id that is no word": not NAME.fullmatch(question.id),
        f"has {rights} right options": rights != 1,
        f"has {len(options)} options": not 3 <= len(options) <= MOST_OPTIONS,
        "has a wrong option without a misconception": any(
            option.right and not each.get("right")
            for option, each in zip(options, row["options"], strict=True)
        ),
        "has one option twice": len({option.text for option in options}) < len(options),
        "has an option without why": not all(option.why for option in options),
    }
    found = [fault for fault, there in faults.items() if there]
    if found:
        raise QuizError(f"{file}: {question.id} {'; it '.join(found)}.", "see docs/add-a-quiz.md")
    return question


def _option(row: Mapping[str, Any]) -> Option:
    unknown = set(row) - {"right", "text", "why", "misconception"}
    if unknown or (row.get("right") and "misconception" in row):
        raise TypeError(f"an option that keeps to right or misconception, text and why (it has {set(row)})")
    return Option(row["text"].strip(), row["why"].strip(), row.get("misconception", ""))
