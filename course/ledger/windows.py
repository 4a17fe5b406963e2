"""When cells ran and what they said, read out of a journal; knows nothing of what was made meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from course.ledger.journal import Entry

STILL_OPEN = 1 << 63  # later than any moment
GRACE = 2 * 10**9  # ns: how long what was under way when all writers of a journal died may take to show


@dataclass(frozen=True)
class Window:
    """A cell's run: from *start* to *end* (engine's ns), and the *text* it was made of."""

    start: int
    end: int
    text: str


def windows(entries: Iterable[Entry]) -> tuple[Window, ...]:
    """Every run of a cell in the journal; the last is still open where nothing says that it ended."""
    found: list[Window] = []
    for entry in entries:
        if entry.kind == "cell":
            found.append(Window(entry.at, STILL_OPEN, entry.details["text"]))
        elif entry.kind == "said" and found:
            found[-1] = Window(found[-1].start, found[-1].end, f"{found[-1].text}\n{entry.details['text']}")
        elif entry.kind in {"end", "dead"} and found and found[-1].end == STILL_OPEN:
            found[-1] = Window(found[-1].start, entry.at, found[-1].text)
    return tuple(found)


def window_at(moment: int, among: Iterable[Window]) -> Window | None:
    """The run during which *moment* (engine's ns) lies, if there is one."""
    return next((window for window in among if window.start <= moment <= window.end), None)


def died_unseen(entries: tuple[Entry, ...]) -> int | None:
    """When a run ended that nobody saw end (power cut): just after the journal's last line; else None."""
    open_end = any(window.end == STILL_OPEN for window in windows(entries))
    return entries[-1].at + GRACE if open_end else None
