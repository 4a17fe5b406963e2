"""What each `make test` draws, so that it ends in time; who runs a test file by hand proves all of it."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def drawn(things: Sequence[T], count: int, what: str) -> list[T]:
    """*count* of *things*, in their order; all of them where no COURSE_SEED is set, as by tests/prove.py.

    *what* they are makes each draw another one; the workers of one run draw alike.
    """
    seed = os.environ.get("COURSE_SEED")
    if seed is None:
        return list(things)
    places = random.Random(f"{seed} {what}").sample(range(len(things)), k=min(count, len(things)))
    return [things[place] for place in sorted(places)]
