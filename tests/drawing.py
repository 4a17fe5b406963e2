"""What each `make test` draws, so that it ends in time; who runs a test file by hand proves all of it."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def everything() -> bool:
    """Whether nothing is drawn, because somebody proves a file by hand."""
    return "COURSE_SEED" not in os.environ


def drawn(things: Sequence[T], count: int, what: str) -> list[T]:
    """*count* of *things*, in their order; all of them where no COURSE_SEED is set, as by tests/prove.py.

    *what* they are makes each draw another one; the workers of one run draw alike.
    """
    if everything():
        return list(things)
    draw = random.Random(f"{os.environ['COURSE_SEED']} {what}")
    places = draw.sample(range(len(things)), k=min(count, len(things)))
    return [things[place] for place in sorted(places)]
