"""Judge a puzzle by building what was put together; all that is made for it on the engine goes again."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from course import engine, places
from course.checks import System, again
from course.checks.rerun import Again
from course.practice.puzzles import Mine, Page, Puzzle, Step, unanswered

STEP_SECONDS = 90.0
LINES_SHOWN = 3
# How BuildKit frames the line that failed; what the line said stands around it.
FRAME = re.compile(r"-+$|>+ |> \[|\d+ \| |\w*Dockerfile:\d+$")


def judge(puzzle: Puzzle, mine: Mine) -> Page:
    """Put *mine* together, take the steps with it, and say what each said; "?" only shows the puzzle."""
    if mine == "?":
        return unanswered(puzzle)
    text, fault = puzzle.put_together(mine)
    if fault:
        return Page(puzzle, (fault,))
    with tempfile.TemporaryDirectory(prefix="course-puzzle-") as place:
        folder = Path(place)
        if puzzle.folder:
            shutil.copytree(places.notebooks() / puzzle.folder, folder, dirs_exist_ok=True)
        (folder / puzzle.file).write_text(text, encoding="utf-8")
        with again(System(engine.client(), folder)) as anew:
            return _taken(puzzle, text, anew)


def _taken(puzzle: Puzzle, text: str, anew: Again) -> Page:
    said: list[str] = []
    for step in puzzle.steps:
        first, *others = step.run.strip().replace("$NAME", "puzzle").splitlines()
        fault = _fault(step, anew)
        said += [f"{'✗' if fault else '✓'} `{first}`", *(f"  `{line}`" for line in others)]
        if fault:
            return Page(puzzle, (*said, *fault, step.fails), right=False)
    more = len([line for line in text.splitlines() if line in puzzle.spare])
    if more:
        return Page(
            puzzle, (*said, "It works, and one line of it does nothing: leave that out."), right=False
        )
    return Page(puzzle, (*said, "Right: it is built, and does what it should."), right=True)


def _fault(step: Step, anew: Again) -> list[str]:
    """What is wrong after this step, in the words of what ran; nothing where it went well."""
    ran = anew.shell(f"set -euo pipefail; NAME={anew.name}\n{step.run}", STEP_SECONDS)
    if ran is None:
        return [f"  It did not end within {STEP_SECONDS:g} s."]
    told = ran.output.replace(anew.name, "puzzle").replace(f"{anew.system.folder}/", "")
    lines = [line.strip() for line in told.splitlines()]
    lines = [line for line in lines if line and not FRAME.match(line)]
    last = [f"  it said: {line}" for line in lines[-LINES_SHOWN:]] or ["  it said nothing"]
    return last if ran.exit_code or not re.search(step.says, ran.output) else []
