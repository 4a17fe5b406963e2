"""What `make test` runs: the same set-up as `make lab`, then every proof; it judges nothing itself."""

from __future__ import annotations

import sys
import time

import pytest

from course import engine, kit
from course.errors import CourseError


def set_up() -> None:
    """An engine that answers, and every image of the kit."""
    started = time.monotonic()
    found = engine.ensure()
    print(f"engine: {found.endpoint} ({found.source}), {time.monotonic() - started:.1f} s", flush=True)
    for arrival in kit.ensure([image.tag for image in kit.manifest().images]):
        print(arrival, flush=True)
    print(f"images: {time.monotonic() - started:.1f} s after the start", flush=True)


def main() -> int:
    """Set up and prove; pytest's exit code, which is 5 when it found nothing to prove."""
    try:
        set_up()
    except CourseError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return int(pytest.main(["-q", "--durations=15", *sys.argv[1:], "tests"]))


if __name__ == "__main__":
    raise SystemExit(main())
