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
    """What is known after some of the lists: who has which reference, and which image is whose.

    *own* and *foreign* hold references and IDs alike, each with the ID it stands for (an ID for itself).
    """

    projects: frozenset[str]
    own: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)  # when a list last had it; engine's ns

    def carry(self, thing: Thing, at: int) -> None:
        """Take over an image that an earlier run of the chapter made and could not remove."""
        for key in {thing.name or thing.id, thing.id}:
            self.own[key], self.seen[key] = thing.id, at

    def step(self, listed: frozenset[Image], asked: int, at: int, window: Window | None) -> None:
        """Take in a list that was asked for and given at these moments, and made during *window*."""
        self._drop_what_went(listed, asked)
        text = window.text if window is not None else None
        new = {(name, image.id) for image in listed for name in image.references}
        new -= self.own.items() | self.foreign.items()
        # Those that the cell names come first: they make an image ours, and its other references with it.
        for reference, id_ in sorted(new, key=lambda pair: text is None or not is_image_named(pair[0], text)):
            self._take_reference(reference, id_, text)
        for image in listed:
            self._take_image(image, text)
            self.seen |= dict.fromkeys((image.id, *image.references), at)

    def _drop_what_went(self, listed: frozenset[Image], asked: int) -> None:
        """What was ours and went is nobody's: made again between cells, it is a stranger's.

        A list that was asked for before another showed the thing can't tell that it went.
        """
        there = {key for image in listed for key in (image.id, *image.references)}
        for key in self.own.keys() - there:
            if self.seen[key] <= asked:
                del self.own[key]

    def _take_reference(self, reference: str, id_: str, text: str | None) -> None:
        if text is None or reference in self.foreign or not self._is_named(reference, id_, text):
            self.own.pop(reference, None)
            self.foreign[reference] = id_
            return
        self.own[reference] = id_
        if id_ not in self.foreign:
            self.own[id_] = id_

    def _take_image(self, image: Image, text: str | None) -> None:
        if image.id not in self.own and image.id not in self.foreign:
            built = text is not None and not image.references and builds(text)
            (self.own if built else self.foreign)[image.id] = image.id

    def _is_named(self, reference: str, id_: str, text: str) -> bool:
        if is_image_named(reference, text) or (id_ in self.own and "docker" in text):
            return True
        return has_compose(text) and any(reference.startswith(f"{project}-") for project in self.projects)


def attribute(
    entries: tuple[Entry, ...], windows: tuple[Window, ...], now: frozenset[Image], projects: frozenset[str]
) -> tuple[tuple[Thing, ...], tuple[Thing, ...]]:
    """The chapter's references and images, and strangers'; *projects* are the chapter's Compose projects."""
    known = Walk(projects)
    for entry in entries:
        if entry.kind == "owned" and entry.details["thing"]["kind"] == "image":
            known.carry(Thing(**entry.details["thing"]), entry.at)
        elif entry.kind == "images":
            known.step(_listed(entry), entry.details["asked"], entry.at, window_at(entry.at, windows))
    known.step(now, STILL_OPEN, STILL_OPEN, window_at(STILL_OPEN, windows))
    mine = frozenset(thing for thing in _things(now) if known.own.get(thing.name or thing.id) == thing.id)
    others = _things(now) - _things(baseline(entries)) - mine
    return tuple(sorted(mine, key=str)), tuple(sorted(others, key=str))


def _things(listed: Iterable[Image]) -> frozenset[Thing]:
    return frozenset(Thing("image", image.id, name) for image in listed for name in image.references or ("",))


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
