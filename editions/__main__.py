"""The command line of the editions; no logic of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable

from course.errors import CourseError
from editions import site, slides


def main(words: list[str]) -> int:
    """Run one verb."""
    verbs: dict[str, Callable[[], object]] = {"html": site.build, "slides": slides.build}
    if len(words) != 1 or words[0] not in verbs:
        print(f"python -m editions {' | '.join(verbs)}", file=sys.stderr)
        return 2
    try:
        verbs[words[0]]()
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
