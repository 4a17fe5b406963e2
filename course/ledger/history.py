"""What a journal tells, put in order: when cells ran, what was made, who mounted it; judges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from course.ledger.journal import Entry
from course.ledger.snapshot import Snapshot
from course.ledger.windows import Window, window_at, windows


@dataclass(frozen=True)
class History:
    """*created* gives, by kind and ID, the newest creation; *users* the containers that mounted a volume."""

    windows: tuple[Window, ...]
    folders: frozenset[str]
    created: Mapping[tuple[str, str], Entry]
    users: Mapping[str, frozenset[str]]

    def window_of(self, kind: str, id_: str) -> Window | None:
        """The cell during which this thing was made; None when it was made between cells or isn't known."""
        entry = self.created.get((kind, id_))
        return None if entry is None else window_at(entry.at, self.windows)


def history(entries: tuple[Entry, ...], now: Snapshot) -> History:
    """Put the journal's *entries* in order; *now* adds what containers still there mount."""
    events = [entry for entry in entries if entry.kind == "event"]
    created = {
        (entry.details["type"], entry.details["id"]): entry
        for entry in events if entry.details["action"] == "create"
    }  # fmt: skip
    folders = frozenset(entry.details["folder"] for entry in entries if entry.kind == "start")
    return History(windows(entries), folders, created, _users(entries, now))


def _users(entries: tuple[Entry, ...], now: Snapshot) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for entry in entries:
        if entry.kind == "event" and entry.details["action"] == "mount":
            found.setdefault(entry.details["id"], set()).add(entry.details["attributes"]["container"])
        elif entry.kind == "volumes":
            for container, volumes in entry.details["containers"].items():
                for volume in volumes:
                    found.setdefault(volume, set()).add(container)
    for living in now.containers:
        for volume in living.volumes:
            found.setdefault(volume, set()).add(living.id)
    return {volume: frozenset(containers) for volume, containers in found.items()}
