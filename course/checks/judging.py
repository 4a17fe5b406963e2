"""Judge a system by a lab's checks, in their order; knows nothing of who made the system or how."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from course.checks import table
from course.checks.promise import Check, CheckError, Unmet, in_teaching_order
from course.checks.system import System

MOST_CHARACTERS = 400
NONCE_SHOWN = "(a random word)"

Status = Literal["pass", "fail", "blocked", "error"]


@dataclass(frozen=True)
class Verdict:
    """What came of one check. *status* error means that the check or the engine broke, not the learner."""

    name: str
    promise: str
    points: int
    earned: int
    status: Status
    seen: str
    look: str


@dataclass(frozen=True)
class Judgement:
    """The verdicts on one system, in teaching order."""

    verdicts: tuple[Verdict, ...]

    @property
    def points(self) -> int:
        """The most that can be earned."""
        return sum(verdict.points for verdict in self.verdicts)

    @property
    def earned(self) -> int:
        """The points of the checks that passed."""
        return sum(verdict.earned for verdict in self.verdicts)

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return not self.named("fail", "blocked", "error")

    def named(self, *statuses: Status) -> tuple[str, ...]:
        """The names of the checks that have one of *statuses*."""
        return tuple(verdict.name for verdict in self.verdicts if verdict.status in statuses)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        return {
            "points": self.points,
            "earned": self.earned,
            "checks": [asdict(verdict) for verdict in self.verdicts],
        }

    def __repr__(self) -> str:
        return table.text(self)

    def _repr_html_(self) -> str:
        return table.html(self)


def judge(checks: Iterable[Check], system: System) -> Judgement:
    """Execute *checks* on *system*; one whose needs haven't passed is blocked and not executed."""
    verdicts: dict[str, Verdict] = {}
    for each in in_teaching_order(checks):
        verdicts[each.name] = _verdict(each, system, verdicts)
    if not verdicts:
        raise CheckError("No check was executed.", "a lab needs checks: see docs/add-a-lab.md")
    return Judgement(tuple(verdicts.values()))


def _verdict(each: Check, system: System, before: Mapping[str, Verdict]) -> Verdict:
    def made(status: Status, seen: str, look: str) -> Verdict:
        # The nonce is new each time and for the judge alone: it stays out of tables and stored results.
        shown = [capped(text.replace(system.nonce, NONCE_SHOWN)) for text in (seen, look)]
        earned = each.points if status == "pass" else 0
        return Verdict(each.name, each.promise, each.points, earned, status, *shown)

    waits_for = [before[name].promise for name in each.needs if before[name].status != "pass"]
    if waits_for:
        return made("blocked", "Not looked at yet.", f"First comes: {waits_for[0]}")
    try:
        seen = each.observe(system)
    except Unmet as unmet:
        return made("fail", unmet.seen, unmet.look)
    except Exception as error:  # whatever breaks in a check must never look like the learner's fault
        return made("error", f"{type(error).__name__}: {error}", table.NOT_YOUR_FAULT)
    if not isinstance(seen, str) or not seen.strip():
        return made("error", f"The check gave back {seen!r} as seen.", table.NOT_YOUR_FAULT)
    return made("pass", seen, "")


def capped(text: str) -> str:
    """*text* on one line, without control characters and not too long: it may be the learner's own."""
    # A few more are looked at than are kept, so that endless text costs nothing.
    shown = "".join(
        " " if unicodedata.category(character)[0] in "CZ" else character
        for character in text[: 4 * MOST_CHARACTERS]
    )
    line = " ".join(shown.split())
    return line if len(line) <= MOST_CHARACTERS else line[: MOST_CHARACTERS - 1] + "…"
