"""Which images of the kit the engine has, and from where each came; fetches nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from course import engine, places
from course.kit.recipes import RECIPE_LABEL, STAND_IN_LABEL


@dataclass(frozen=True)
class Local:
    """An image that the engine has: its ID, its bytes there, and what its labels say."""

    tag: str
    id: str
    bytes: int
    recipe: str
    stand_in: str


@dataclass(frozen=True)
class Presence:
    """A row of the doctor's table: *source* is where the image came from, *bytes* its size on the engine."""

    tag: str
    here: bool
    source: str = ""
    bytes: int = 0
    stand_in: str = ""

    def words(self) -> str:
        """The row in one line, without the tag."""
        if not self.here:
            return "not here yet: the first chapter that needs it gets it"
        return f"{self.source}, {self.bytes / 1e6:.0f} MB{kind(self.stand_in)}"


def kind(stand_in: str) -> str:
    """What follows an image's size where it isn't the official one."""
    if not stand_in:
        return ""
    return f"; {stand_in}" if stand_in.startswith("the course's own") else f"; a stand-in: {stand_in}"


def local(tag: str) -> Local | None:
    """Image *tag* on the engine, None where it has none."""
    import docker.errors

    try:
        image = engine.client().images.get(tag)
    except docker.errors.ImageNotFound:
        return None
    labels = image.labels
    return Local(
        tag,
        str(image.id),
        int(image.attrs["Size"]),
        labels.get(RECIPE_LABEL, ""),
        labels.get(STAND_IN_LABEL, ""),
    )


def drop_untagged(identity: str) -> None:
    """Remove a build of the course's that a newer image took the tag from, unless something still uses it."""
    import docker.errors

    try:
        image = engine.client().images.get(identity)
        if not image.tags and RECIPE_LABEL in image.labels:
            image.remove()
    except docker.errors.APIError:
        return  # a container still uses it, or it went with its tag


def status(tags: Iterable[str]) -> list[Presence]:
    """One row for each of *tags*."""
    told = _told()
    return [_row(tag, local(tag), told.get(tag, {})) for tag in tags]


def _row(tag: str, image: Local | None, told: dict[str, str]) -> Presence:
    if image is None:
        return Presence(tag, here=False)
    guess = "built here" if image.recipe else "here before the course asked"
    source = told["source"] if told.get("id") == image.id else guess
    return Presence(tag, True, source, image.bytes, image.stand_in)


def remember(tag: str, source: str) -> None:
    """Keep in mind where the image that *tag* names now came from."""
    image = local(tag)
    if image:
        fresh = _file().with_suffix(".new")
        fresh.write_text(json.dumps(_told() | {tag: {"id": image.id, "source": source}}, indent=1))
        fresh.replace(_file())


def _told() -> dict[str, dict[str, str]]:
    try:
        return dict(json.loads(_file().read_text()))
    except (OSError, ValueError):
        return {}


def _file() -> Path:
    return places.state() / f"kit-{engine.engine_id()}.json"
