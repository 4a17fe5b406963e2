"""The engine's clock as seen from here (a VM keeps its own); knows nothing else of the engine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import docker

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class EngineClock:
    """How far the engine's clock is ahead of ours, and by how much that may be wrong; nanoseconds."""

    ahead: int = 0
    doubt: int = 0

    def earliest(self) -> int:
        """The engine's time now, at the least."""
        return time.time_ns() + self.ahead - self.doubt

    def latest(self) -> int:
        """The engine's time now, at the most."""
        return time.time_ns() + self.ahead + self.doubt


def compare(client: docker.DockerClient) -> tuple[EngineClock, Mapping[str, Any]]:
    """Ask the engine for its time; gives the clock and all else the engine told of itself."""
    before = time.time_ns()
    told = client.info()
    after = time.time_ns()
    return between(before, nanoseconds(told["SystemTime"]), after), told


def between(before: int, engine: int, after: int) -> EngineClock:
    """The clock of an engine that said *engine* at a moment between *before* and *after*.

    Where that fits one shared clock, it is one: a guess would only add the doubt of the round trip.
    """
    if before // 1000 * 1000 <= engine <= after:  # the engine's time is read in whole microseconds
        return EngineClock()
    return EngineClock(engine - (before + after) // 2, (after - before) // 2)


def nanoseconds(moment: str) -> int:
    """An engine's "2026-11-24T02:25:50.828528767Z" as nanoseconds since 1970, to the microsecond."""
    return (datetime.fromisoformat(moment) - EPOCH) // timedelta(microseconds=1) * 1000


def engine_errors() -> tuple[type[Exception], ...]:
    """What the Docker SDK raises when the engine fails or goes away in the middle of an answer."""
    from docker.errors import DockerException
    from requests import RequestException
    from urllib3.exceptions import HTTPError

    return (DockerException, RequestException, HTTPError)


def moment(at: int) -> str:
    """Nanoseconds as the engine's API wants a time: seconds, a dot, nine digits."""
    return f"{at // 10**9}.{at % 10**9:09d}"
