"""The one base class of errors a learner can cure; shown as words, never as a traceback."""

from __future__ import annotations


class CourseError(Exception):
    """What was seen and what to do next.

    *seen* says what happened, *next_step* the one thing that cures it.
    """

    def __init__(self, seen: str, next_step: str = "") -> None:
        self.seen = seen
        self.next_step = next_step
        super().__init__(f"{seen}\nNext: {next_step}" if next_step else seen)

    def _render_traceback_(self) -> list[str]:
        """IPython calls this instead of drawing a traceback."""
        return str(self).splitlines()
