"""How long things take on this machine; knows nothing of what it times."""

from __future__ import annotations

import time
from collections.abc import Callable


def seconds(action: Callable[[], object], repeats: int = 5) -> list[float]:
    """Wall-clock seconds of each of *repeats* calls of *action*, in order (clock error below 1 µs)."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return times
