"""The course's images: where each comes from, and having them here; knows nothing of the chapters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.kit.manifest import Image, Manifest, load

if TYPE_CHECKING:
    from course.kit.arrive import Arrival, MissingImages
    from course.kit.presence import Presence
    from course.kit.sources import Sources

Say = Callable[[str], None]
LATE = {"Arrival": "arrive", "MissingImages": "arrive", "Presence": "presence", "Sources": "sources"}

__all__ = [
    "Image",
    "Manifest",
    "Arrival",
    "MissingImages",
    "Presence",
    "Sources",
    "ensure",
    "for_chapter",
    "in_background",
    "make_kit",
    "make_mirror",
    "manifest",
    "status",
]


def __getattr__(name: str) -> Any:
    """Import a class when it is asked for: a notebook's first cell should not wait for all of this."""
    if name in LATE:
        return getattr(import_module(f"course.kit.{LATE[name]}"), name)
    raise AttributeError(f"course.kit has no {name}")


def manifest() -> Manifest:
    """images/kit.toml, checked."""
    return load()


def for_chapter(slug: str) -> tuple[Image, ...]:
    """The images that chapter *slug* needs."""
    return manifest().for_chapter(slug)


def ensure(tags: Iterable[str], *, say: Say = print, sources: Sources | None = None) -> list[Arrival]:
    """Have images *tags* here, from the first source that works; one Arrival each, in the same order.

    Asked in this order: the engine itself, a mirror or a kit that somebody named, the mirrors in the engine's
    settings, Docker Hub, and last a build from the recipe. An image built from an older recipe counts as
    missing. Raises MissingImages, which names every source's answer, when some come from nowhere; the others
    are here all the same.
    """
    from course.kit import arrive

    return arrive.ensure(tags, manifest=manifest(), sources=sources, say=say)


def status(tags: Iterable[str] | None = None) -> list[Presence]:
    """For each of *tags* (default: the whole kit) whether it is here, and where it came from."""
    from course.kit import presence

    return presence.status(tags if tags is not None else [image.tag for image in manifest().images])


def in_background() -> AbstractContextManager[None]:
    """While the block lasts, another process keeps the mirror of the course's own engine filled."""
    from course.kit import background

    return background.in_background()


def make_kit(folder: Path, *, say: Say = print, sources: Sources | None = None) -> Path:
    """Get every image and write them all as one archive into *folder*; gives the archive's path."""
    from course.kit import make_archive

    tags = [image.tag for image in manifest().images]
    ensure(tags, say=say, sources=sources)
    return make_archive.write(tags, folder, say=say)


def make_mirror(*, say: Say = print, sources: Sources | None = None) -> str:
    """Get every image and serve them all to a room until `make stop`; gives the mirror's address."""
    from course.kit import mirror

    tags = [image.tag for image in manifest().images]
    ensure(tags, say=say, sources=sources)
    return mirror.serve_room(tags, say=say)
