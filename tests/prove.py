"""What `make test` runs: the same set-up as `make lab`, then every proof; it judges nothing itself."""

from __future__ import annotations

import os
import random
import shlex
import sys
import time

import browser
import engines
import pytest
from machine import ROOT, Machine

from course import engine, kit
from course.errors import CourseError
from course.kit import web

TAGS = [image.tag for image in kit.manifest().images]


def set_up() -> None:
    """An engine that answers, every image of the kit, a browser, and what judges pages in it."""
    started = time.monotonic()
    found = engine.ensure()
    print(f"engine: {found.endpoint} ({found.source}), {time.monotonic() - started:.1f} s", flush=True)
    for arrival in kit.ensure(TAGS):
        print(arrival, flush=True)
    # The other machines, which reach no registry, then find both where they lie.
    browser.program()
    os.environ["COURSE_WEB"] = str(web.modules())
    print(f"images: {time.monotonic() - started:.1f} s after the start", flush=True)


def prove(words: list[str]) -> int:
    """Run pytest with *words*, on this engine and on one beside it for each further core."""
    # Every worker has to draw the same order of the notebooks.
    os.environ.setdefault("COURSE_SEED", str(random.randrange(10_000)))
    started = time.monotonic()
    with engines.beside(engines.number(), TAGS) as machines:
        print(f"engines: {1 + len(machines)}, {time.monotonic() - started:.1f} s", flush=True)
        return int(pytest.main(["-q", "--durations=15", *(_workers(machines) if machines else []), *words]))


def _workers(machines: list[Machine]) -> list[str]:
    """The options that give pytest a worker here and one in each of *machines*."""
    specs = [f"popen//id={engines.HERE}"]
    for count, each in enumerate(machines, 1):
        python = shlex.join(each.command(sys.executable))
        own = "//".join(f"env:{name}={value}" for name, value in each.own().items())
        specs.append(f"popen//id=machine-{count}//python={python}//{own}")
    return ["-p", "sharing", "--dist=loadscope", *(f"--tx={spec}" for spec in specs)]


def main() -> int:
    """Set up and prove; pytest's exit code, which is 5 when it found nothing to prove."""
    try:
        set_up()
    except CourseError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return prove([*sys.argv[1:], str(ROOT / "tests")])


if __name__ == "__main__":
    raise SystemExit(main())
