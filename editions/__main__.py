"""The command line of the editions; no logic of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable

from course.errors import exit_code
from editions import site, slides


def main(words: list[str]) -> int:
    """Run one verb."""
    verbs: dict[str, Callable[[], object]] = {"html": site.build, "slides": slides.build}
    if len(words) != 1 or words[0] not in verbs:
        print(f"python -m editions {' | '.join(verbs)}", file=sys.stderr)
        return 2

    def write() -> int:
        verbs[words[0]]()
        return 0

    return exit_code(write)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
