"""Which hint comes next: three levels for the first promise that doesn't hold; remembers nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from course.checks.judging import Judgement
from course.checks.promise import Check
from course.checks.table import marked

LEVELS = ("what I saw", "what to look at", "the command")


@dataclass(frozen=True)
class Hint:
    """One hint for one check; *level* is 1 to 3."""

    check: str
    promise: str
    level: int
    words: str

    @property
    def title(self) -> str:
        """Which of the three this is."""
        return f"Hint {self.level} of 3, {LEVELS[self.level - 1]}"

    def __repr__(self) -> str:
        return f"{self.promise}\n{self.title}: {self.words}"

    def _repr_html_(self) -> str:
        return f"<p>{marked(self.promise)}<br><strong>{self.title}:</strong> {marked(self.words)}</p>"


def next_hint(checks: Iterable[Check], judgement: Judgement, given: Mapping[str, int]) -> Hint | None:
    """For the first check that failed, the hint after those *given* (how many, by check), else None.

    `{seen}` in a hint stands for what the check has now seen. After the third level the third comes again.
    """
    hints = {each.name: each.hints for each in checks}
    for verdict in judgement.verdicts:
        if verdict.status == "fail":
            level = min(given.get(verdict.name, 0) + 1, len(LEVELS))
            words = hints[verdict.name][level - 1].replace("{seen}", verdict.seen)
            return Hint(verdict.name, verdict.promise, level, words)
    return None
