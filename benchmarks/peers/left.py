"""What a contender left on the engine, by the bench lab's own names; knows nothing of private engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from course import engine, ledger
from course.ledger import Thing

NAMES = {"bench-web", "bench-net", "bench-data"}


@contextmanager
def nothing() -> Iterator[None]:
    """Nothing of the lab is on the engine after the block, whatever happens; leaving some is an error."""
    try:
        yield
    finally:
        found = left()
        ledger.remove(found, engine.client(), print)
    if found:
        raise SystemExit(f"left on the engine: {', '.join(sorted(thing.name for thing in found))}")


def left() -> list[Thing]:
    """The lab's things that are on the engine now."""
    now = ledger.snapshot(engine.client())
    things = [
        *(Thing("container", each.id, each.name) for each in now.containers),
        *(Thing("network", each.id, each.name) for each in now.networks),
        *(Thing("volume", each.name, each.name) for each in now.volumes),
    ]
    return [thing for thing in things if thing.name in NAMES]
