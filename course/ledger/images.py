"""Which image references are the chapter's, told from the lists kept while it ran; pure, asks no engine.

An image's reference is the chapter's if it was absent before a cell, there before that cell's end, and the
cell names it, or it points to an image that is the chapter's own. A reference that was there before stays
whoever's it was, also when a cell pulls it again or points it elsewhere.

An image without a reference is the chapter's if it lost one that was, or if it turned up while a cell ran
that builds, commits, imports or loads. What can't be told apart: an image without a reference that something
else built during that same cell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from course.ledger.journal import Entry
from course.ledger.naming import builds, has_compose, is_image_named
from course.ledger.snapshot import Image
from course.ledger.things import Thing
from course.ledger.windows import STILL_OPEN, Window, window_at


@dataclass
class Walk:
    """What is known after some of the lists: who has which reference, and which image is whose."""

    projects: frozenset[str]
    foreign: dict[str, str] = field(default_factory=dict)  # reference → ID
    own: dict[str, str] = field(default_factory=dict)
    foreign_ids: set[str] = field(default_factory=set)
    own_ids: set[str] = field(default_factory=set)

    def carry(self, thing: Thing) -> None:
        """Take over an image that an earlier run of the chapter made and could not remove."""
        self.own_ids.add(thing.id)
        if thing.name:
            self.own[thing.name] = thing.id

    def step(self, listed: Iterable[Image], window: Window | None) -> None:
        """Take in a list of images made during *window* (None: between cells)."""
        pairs = {(reference, image.id) for image in listed for reference in image.references}
        new = pairs - self.own.items() - self.foreign.items()
        for reference, id_ in sorted(
            new, key=lambda pair: not (window and is_image_named(pair[0], window.text))
        ):
            self._take(reference, id_, window)
        for image in listed:
            if image.id not in self.own_ids | self.foreign_ids:
                built = window is not None and not image.references and builds(window.text)
                (self.own_ids if built else self.foreign_ids).add(image.id)

    def _take(self, reference: str, id_: str, window: Window | None) -> None:
        if window is None or reference in self.foreign or not self._is_named(reference, id_, window.text):
            self.own.pop(reference, None)
            self.foreign[reference] = id_
            return
        self.own[reference] = id_
        if id_ not in self.foreign_ids:
            self.own_ids.add(id_)

    def _is_named(self, reference: str, id_: str, text: str) -> bool:
        if is_image_named(reference, text) or (id_ in self.own_ids and "docker" in text):
            return True
        return has_compose(text) and any(reference.startswith(f"{project}-") for project in self.projects)


def attribute(
    entries: tuple[Entry, ...], windows: tuple[Window, ...], now: frozenset[Image], projects: frozenset[str]
) -> tuple[tuple[Thing, ...], tuple[Thing, ...]]:
    """The chapter's references and images, and strangers'; *projects* are the chapter's Compose projects."""
    known = Walk(projects)
    for entry in entries:
        if entry.kind == "owned" and entry.details["thing"]["kind"] == "image":
            known.carry(Thing(**entry.details["thing"]))
        elif entry.kind == "images":
            known.step(_listed(entry), window_at(entry.at, windows))
    known.step(now, window_at(STILL_OPEN, windows))
    before = _things(baseline(entries))
    new = sorted(_things(now) - before, key=lambda thing: (thing.name, thing.id))
    mine = tuple(thing for thing in _things(now) if _is_own(thing, known))
    return tuple(sorted(mine, key=str)), tuple(thing for thing in new if thing not in mine)


def _things(listed: Iterable[Image]) -> frozenset[Thing]:
    return frozenset(Thing("image", image.id, name) for image in listed for name in image.references or ("",))


def _is_own(thing: Thing, known: Walk) -> bool:
    return known.own.get(thing.name) == thing.id if thing.name else thing.id in known.own_ids


def _listed(entry: Entry) -> frozenset[Image]:
    return frozenset(Image(id_, tuple(names)) for id_, names in entry.details["images"].items())


def baseline(entries: Iterable[Entry]) -> frozenset[Image]:
    """The images that were there when the chapter started."""
    return next((_listed(entry) for entry in entries if entry.kind == "images"), frozenset())


def missing(before: Iterable[Image], now: Iterable[Image]) -> tuple[str, ...]:
    """What became of references that were there *before* and aren't as they were, and how to mend it."""
    current = {name: image.id for image in now for name in image.references}
    ids = {image.id for image in now}
    lines = []
    for reference, id_ in sorted((name, image.id) for image in before for name in image.references):
        if current.get(reference) != id_:
            what = "names another image now" if reference in current else "is missing"
            cure = f"docker tag {id_} {reference}" if id_ in ids else f"docker pull {reference}"
            lines.append(f"{reference} {what}: bring it back with: {cure}")
    return tuple(lines)
