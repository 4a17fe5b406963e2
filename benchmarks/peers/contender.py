"""What a contender is: commands to be timed, and what they said of each copy; times nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.notebooks import Answers

Points = tuple[float, float]


@dataclass(frozen=True)
class Plan:
    """The commands that grade some copies, in turn, and how to read what each copy earned of what.

    *codes* are the exit codes that mean "I have graded": some say by theirs that a submission isn't right.
    """

    commands: Sequence[Sequence[str | Path]]
    folder: Path
    env: dict[str, str]
    points: Callable[[], list[Points]]
    codes: Sequence[int] = (0,)


@dataclass(frozen=True)
class Contender:
    """A grader by its name; *prepare* makes its files in an empty folder, before the clock runs.

    *grades* is False for the floor, which only runs the commands.
    """

    name: str
    prepare: Callable[[Path, Sequence[Answers]], Plan]
    grades: bool = True
