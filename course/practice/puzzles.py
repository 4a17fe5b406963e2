"""Lines to put in order and blanks to fill, as data beside a notebook, and how they stand on a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from course import places
from course.checks.table import marked
from course.errors import CourseError
from course.practice.questions import NAME, read, shuffled

BLANK = re.compile(r"‹(\w+)›")
HINT = "see docs/add-a-quiz.md"

Mine = str | Mapping[str, str]


class PuzzleError(CourseError):
    """A file of puzzles that isn't made as one must be."""


@dataclass(frozen=True)
class Step:
    """A command that must end well and print what matches *says*; *fails* is said where it doesn't."""

    run: str
    fails: str
    says: str = ""


@dataclass(frozen=True)
class Puzzle:
    """What is to be put together into *file*, beside the files of *folder*, and the steps that judge it."""

    notebook: str
    name: str
    topic: str
    ask: str
    see: str
    file: str
    folder: str
    steps: tuple[Step, ...]
    lines: tuple[str, ...] = ()
    spare: tuple[str, ...] = ()
    text: str = ""
    blanks: Mapping[str, str] = field(default_factory=dict)
    # For the proof of the puzzle itself: other answers that must do, and such as must not.
    also: tuple[Any, ...] = ()
    wrong: tuple[Any, ...] = ()

    @property
    def shown(self) -> tuple[str, ...]:
        """The lines as they are numbered on the page: mixed, never in an order that is the answer."""
        for again in range(100):
            mixed = shuffled((*self.lines, *self.spare), f"{self.notebook}/{self.name}/{again}", str)
            if mixed[: len(self.lines)] != self.lines:
                return mixed
        raise PuzzleError(f"{self.name} can't be mixed.", "give it more lines")

    def numbers(self, lines: tuple[str, ...] | list[str]) -> str:
        """What one types for these lines."""
        return " ".join(str(self.shown.index(line) + 1) for line in lines)

    def put_together(self, mine: Mine) -> tuple[str, str]:
        """The file that *mine* makes, or what is wrong with the answer, in words."""
        return self._filled(mine) if self.text else self._ordered(mine)

    def _ordered(self, mine: Mine) -> tuple[str, str]:
        words = re.findall(r"[^\s,;]+", mine) if isinstance(mine, str) else []
        known = {str(number): line for number, line in enumerate(self.shown, 1)}
        faults = [f"There is no line {word}." for word in words if word not in known]
        faults += [f"Line {word} is there twice." for word in sorted(known) if words.count(word) > 1]
        if faults or not words:
            first = (faults or ["There is no number."])[0]
            return "", f'{first} Type the numbers of the lines from the top, such as "2 1 3".'
        return "".join(f"{known[word]}\n" for word in words), ""

    def _filled(self, mine: Mine) -> tuple[str, str]:
        if isinstance(mine, str) or set(mine) != set(self.blanks):
            return "", f"Give a word for each blank: mine={self.example()}."
        return BLANK.sub(lambda found: mine[found[1]], self.text), ""

    def example(self) -> str:
        """What an answer looks like."""
        if not self.text:
            return '"2 1 3 …"'
        return "{" + ", ".join(f'"{name}": "…"' for name in self.blanks) + "}"


@dataclass(frozen=True)
class Page:
    """A puzzle as it stands on the page, with what was said to the answer."""

    puzzle: Puzzle
    said: tuple[str, ...]
    right: bool | None = None

    def __repr__(self) -> str:
        return "\n".join([self.puzzle.ask, "", *self._numbered(), "", *self.said])

    def _numbered(self) -> list[str]:
        if self.puzzle.text:
            return [f"    {line}" for line in self.puzzle.text.splitlines()]
        return [f"{number:4}  {line}" for number, line in enumerate(self.puzzle.shown, 1)]

    def _repr_html_(self) -> str:
        puzzle = self.puzzle
        body = (
            f"<pre>{escape(puzzle.text)}</pre>"
            if puzzle.text
            else "<ol>\n"
            + "".join(f"<li><code>{_indented(line)}</code></li>\n" for line in puzzle.shown)
            + "</ol>"
        )
        said = "<br>\n".join(marked(line).replace("  ", "&nbsp; ") for line in self.said)
        return f"<p>{marked(puzzle.ask)}</p>\n{body}\n<p>{said}</p>"


def _indented(line: str) -> str:
    """A line for HTML, which would drop the spaces that it begins with."""
    words = line.lstrip(" ")
    return "&nbsp;" * (len(line) - len(words)) + escape(words)


def file_of(notebook: str) -> Path:
    """Where the puzzles of *notebook* lie."""
    return places.notebooks() / f"{notebook}.puzzles.toml"


def load(notebook: str) -> dict[str, Puzzle]:
    """The puzzles of *notebook* by name."""
    file = file_of(notebook)
    return {name: _puzzle(file, notebook, name, row) for name, row in read(file).items()}


def unanswered(puzzle: Puzzle) -> Page:
    """The puzzle with the way to answer it."""
    what = "words for the blanks" if puzzle.text else "the numbers of the lines, from the top"
    return Page(
        puzzle, (f"To answer, give {what}: `mine={puzzle.example()}`. It is built, and judged by that.",)
    )


def _puzzle(file: Path, notebook: str, name: str, row: Mapping[str, Any]) -> Puzzle:
    content = dict(row)
    try:
        content["steps"] = tuple(Step(**step) for step in content["steps"])
        content |= {key: tuple(content.get(key, ())) for key in ("lines", "spare", "also", "wrong")}
        puzzle = Puzzle(notebook=notebook, name=name, **content)
    except (KeyError, TypeError) as error:
        raise PuzzleError(f"{file}: {name}: {error}.", HINT) from error
    whole = (*puzzle.lines, *puzzle.spare)
    faults = {
        "has a name that is no word": not NAME.fullmatch(name),
        "has neither lines nor a text with blanks": bool(puzzle.lines) == bool(puzzle.text),
        "has a line twice": len(set(whole)) < len(whole),
        "names other blanks than its text has": set(BLANK.findall(puzzle.text)) != set(puzzle.blanks),
        "has no step that judges it": not puzzle.steps,
    }
    found = [fault for fault, there in faults.items() if there]
    if found:
        raise PuzzleError(f"{file}: {name} {'; it '.join(found)}.", HINT)
    return puzzle
