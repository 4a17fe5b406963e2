"""How long somebody worked on a notebook: gaps between its cells, long ones left out; knows no notebook."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

PAUSE_SECONDS = 15 * 60.0


@dataclass
class Watch:
    """Adds up the gaps between touches; one over 15 minutes was a pause and counts for nothing."""

    last: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def touch(self, at: float | None = None) -> None:
        """Somebody is at work now."""
        at = time.monotonic() if at is None else at
        gap = at - self.last
        self.seconds += gap if gap <= PAUSE_SECONDS else 0.0
        self.last = at

    def take(self) -> int:
        """The whole seconds added up since the last take."""
        whole = int(self.seconds)
        self.seconds -= whole
        return whole
