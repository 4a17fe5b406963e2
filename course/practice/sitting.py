"""One sitting at one notebook: what was guessed and answered in it goes into the record; asks no engine."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from course.errors import CourseError
from course.practice import puzzles, questions, quiz, trying
from course.practice.quiz import Asked, Sheet
from course.practice.record import Record, own
from course.practice.watch import Watch

# So much working time at most is lost with a killed kernel; a room wants to see it sooner.
SAVED_SECONDS = 300


@dataclass
class Sitting:
    """A run of notebook *name*: its predictions, how often they were right, and the time it takes."""

    name: str
    record: Record = field(default_factory=own)
    watch: Watch = field(default_factory=Watch)
    predicted: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    outcomes: dict[str, bool] = field(default_factory=dict)
    answers: dict[str, bool] = field(default_factory=dict)
    cells: int = 0

    def note(self, what: str, **details: Any) -> None:
        """Keep a row of this notebook, with the time worked on it since its last row."""
        self.watch.touch()
        seconds = self.watch.take()
        self.record.add(what, self.name, **details, **({"seconds": seconds} if seconds else {}))

    def predict(self, key: str, choices: tuple[str, ...], mine: str) -> None:
        """Keep guess *mine*; once it was seen what happened, a new guess is no longer one."""
        if key not in self.outcomes:
            self.predicted[key] = (mine, choices)
            self.note("predicted", key=key, mine=mine, choices=list(choices))

    def happened(self, key: str, what: str) -> str | None:
        """What was guessed under *key*, None where nothing was; the outcome is kept beside it, once."""
        if key not in self.predicted:
            return None
        mine, choices = self.predicted[key]
        if key not in self.outcomes:
            self.outcomes[key] = mine == what
            right = self.outcomes[key]
            self.note("happened", key=key, mine=mine, happened=what, right=right, choices=list(choices))
        return mine

    def ran_a_cell(self, *_: object) -> None:
        """A cell of the notebook has ended."""
        self.cells += 1
        self.watch.touch()
        if self.watch.seconds >= float(os.environ.get("COURSE_SAVED_SECONDS") or SAVED_SECONDS):
            try:
                self.note("worked", cells=self.cells)
            except CourseError as error:
                print(error)

    def watched(self, ipython: Any) -> Callable[[], None]:
        """Hear of each cell that *ipython* has run; gives the call that ends this."""
        ipython.events.register("post_run_cell", self.ran_a_cell)
        return lambda: ipython.events.unregister("post_run_cell", self.ran_a_cell)

    def quiz(self, part: str, mine: str) -> Sheet:
        """The questions of *part*; what *mine* answers is judged and kept, the same answer once."""
        parts = questions.load(self.name)
        if part not in parts:
            raise questions.QuizError(
                f"{self.name} has no questions {part!r}.", f"choose one of: {', '.join(parts)}"
            )
        asked = [Asked(question, question.shuffled()) for question in parts[part]]
        sheet = quiz.sheet(asked, mine, questions.misconceptions())
        last = self._last_answers() if sheet.answered else {}
        for each in sheet.answered:
            self._keep_answer(each, last)
        return sheet

    def puzzle(self, name: str, mine: puzzles.Mine) -> puzzles.Page:
        """Puzzle *name* of this notebook; an answer is judged by building it, and kept."""
        there = puzzles.load(self.name)
        if name not in there:
            raise puzzles.PuzzleError(
                f"{self.name} has no puzzle {name!r}.", f"choose one of: {', '.join(there)}"
            )
        page = trying.judge(there[name], mine)
        if page.right is not None:
            self.note("puzzled", puzzle=name, topic=there[name].topic, mine=mine, right=page.right)
        return page

    def _last_answers(self) -> dict[str, str]:
        """What was last answered to each question of this notebook, in whatever sitting."""
        rows = [
            row.details for row in self.record.rows() if (row.what, row.notebook) == ("answered", self.name)
        ]
        return {row["question"]: row["mine"] for row in rows}

    def _keep_answer(self, asked: Asked, last: dict[str, str]) -> None:
        question, chosen = asked.question, asked.chosen
        assert chosen is not None
        self.answers.setdefault(question.id, chosen.right)
        if last.get(question.id) != chosen.text:
            belief = {"misconception": chosen.misconception} if chosen.misconception else {}
            self.note(
                "answered", question=question.id, topic=question.topic, mine=chosen.text, right=chosen.right,
                **belief,
            )  # fmt: skip

    def summary(self) -> str:
        """How often guesses and first answers of this sitting were right; no words where there were none."""
        kinds = {"Predictions": self.outcomes, "Questions": self.answers}
        lines = [
            f"{kind}: {sum(all_.values())} of {len(all_)} right." for kind, all_ in kinds.items() if all_
        ]
        if any(not right for all_ in kinds.values() for right in all_.values()):
            lines.append("What you missed comes back tomorrow, in notebooks/90-review.ipynb.")
        return "".join(f"{line}\n" for line in lines)
