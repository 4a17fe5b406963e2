"""Whose each context of the docker CLI is, and putting the current one back; removes none, asks no engine.

A context is the chapter's only if it was absent before a cell, was written while that cell ran, and the cell
names it. One that was there before stays whoever's it was, also when a cell changes it. It has no ID, so the
time of its file stands for one: a context of the same name that was made later is another.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from course import places
from course.engine import contexts
from course.ledger import locks
from course.ledger.clock import EngineClock
from course.ledger.journal import SUFFIX, Entry, Journal
from course.ledger.naming import is_named, joined
from course.ledger.snapshot import Context
from course.ledger.things import Thing
from course.ledger.windows import Window, window_at, windows

DEFAULT = "default"
USE = re.compile(r"\bdocker\s+context\s+use\b")
REMOVE = re.compile(r"\bdocker\s+context\s+(?:rm|remove)\b")


def note(journal: Journal, clock: EngineClock) -> None:
    """Write the contexts that are there now, and the current one, into the *journal*."""
    there, chosen = contexts.written(), contexts.chosen()
    journal.append("contexts", clock.earliest(), here=time.time_ns(), written=there, chosen=chosen)


@dataclass
class Walk:
    """What is known after some of the lists: whose each context is, and when it was written."""

    windows: tuple[Window, ...]
    own: dict[str, int] = field(default_factory=dict)
    foreign: dict[str, int] = field(default_factory=dict)
    ahead: int = 0  # the engine's clock ahead of this machine's when the last list was made; ns

    def step(self, listed: dict[str, int]) -> None:
        """Take in one list."""
        for known in (self.own, self.foreign):
            for name in known.keys() - listed.keys():
                del known[name]
        for name, written in listed.items():
            if self.own.get(name) == written:
                continue
            self.own.pop(name, None)
            window = window_at(written + self.ahead, self.windows)
            named = window is not None and is_named(name, window.text)
            (self.own if named and name not in self.foreign else self.foreign)[name] = written


def attribute(
    entries: Iterable[Entry], among: tuple[Window, ...], now: frozenset[Context]
) -> tuple[tuple[Thing, ...], tuple[Thing, ...]]:
    """The chapter's contexts, and those that something else made since the journal began."""
    known, before = Walk(among), None
    for entry in entries:
        if entry.kind == "owned" and entry.details["thing"]["kind"] == "context":
            known.own[entry.details["thing"]["name"]] = int(entry.details["thing"]["id"])
        elif entry.kind == "contexts":
            before = entry.details["written"] if before is None else before
            known.ahead = entry.at - entry.details["here"]
            known.step(entry.details["written"])
    known.step({item.name: item.written for item in now})
    mine = tuple(_thing(name, known.own) for name in sorted(known.own))
    others = sorted(known.foreign.keys() - before.keys()) if before is not None else []
    return mine, tuple(_thing(name, known.foreign) for name in others)


def _thing(name: str, among: dict[str, int]) -> Thing:
    return Thing("context", str(among[name]), name)


def put_back(say: Callable[[str], object]) -> None:
    """Make the context current again that was so before a cell changed it, and *say* the command.

    For every chapter that isn't running, on whichever engine: a context that a chapter chose may lead to
    another engine than the one it ran on.
    """
    for journal in _resting():
        if not journal.mentions("docker context "):
            continue
        before = altered(journal.read(), contexts.chosen())
        if before is not None:
            words = ["docker", "context", "use", before]
            if subprocess.run(words, check=False, capture_output=True).returncode == 0:
                say(" ".join(words))


def _resting() -> Iterator[Journal]:
    for folder in sorted((places.state() / "ledger").glob("*")):
        if locks.is_free(folder / "chapter.lock"):
            yield from map(Journal, sorted(folder.glob(f"*{SUFFIX}")))


def altered(entries: tuple[Entry, ...], now: str | None) -> str | None:
    """The context that was current when the journal began, if a cell made it another, *now*; else None."""
    lists = [entry for entry in entries if entry.kind == "contexts"]
    if not lists or lists[0].details["chosen"] == now:
        return None
    last = [entry for entry in lists if entry.details["chosen"] != now][-1]
    cell = next((window for window in windows(entries) if window.start >= last.at), None)
    if cell is None or not _switches(joined(cell.text), last.details["chosen"] or DEFAULT, now or DEFAULT):
        return None
    return lists[0].details["chosen"] or DEFAULT


def _switches(text: str, old: str, new: str) -> bool:
    """Whether *text* may make *new* current where *old* was: by choosing it or by removing the other."""
    if new == DEFAULT and REMOVE.search(text) and is_named(old, text):
        return True
    return USE.search(text) is not None and is_named(new, text)
