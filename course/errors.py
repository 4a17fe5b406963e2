"""The one base class of errors a learner can cure; shown as words, never as a traceback."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


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


@contextmanager
def full_disk_in_words() -> Iterator[None]:
    """A file that the block can't write because the disk is full is raised as a CourseError."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        where = f", so {error.filename} can't be written" if error.filename else ""
        raise CourseError(
            f"This machine's disk is full{where}.", "make room (df -h shows where), then run the same again"
        ) from error


def exit_code(run: Callable[[], int]) -> int:
    """What *run* gives; 1 after an error that a person can cure and 130 after Ctrl-C, both said in words."""
    try:
        with full_disk_in_words():
            return run()
    except CourseError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Nothing is half-made: the same command goes on from here.", file=sys.stderr)
        return 130
