"""What images/kit.toml says about each image, checked; knows nothing of engines or of how images are had."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from course import places
from course.errors import CourseError

KINDS: dict[str, type] = {"hub": str, "recipe": str, "platforms": list, "chapters": list, "stand_in": str}
REQUIRED = ("platforms", "chapters")
TAG = re.compile(r"[a-z0-9]+(?:[._/-][a-z0-9]+)*:[\w][\w.-]*")


class ManifestError(CourseError):
    """The list of images can't be read as it stands, or lacks what was asked for."""


@dataclass(frozen=True)
class Image:
    """One image of the kit.

    *tag* is its name in notebooks, *hub* its reference on Docker Hub (None: it isn't there), *recipe* the
    folder that builds it (None: no recipe), *stand_in* what that build truly is. *under* are the recipes of
    the course's own images that it is built from: those with a twin on the Hub may have come from there, so
    their recipes say nothing of it.
    """

    tag: str
    hub: str | None
    recipe: Path | None
    platforms: tuple[str, ...]
    chapters: tuple[str, ...]
    stand_in: str
    under: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """All images of the kit, in the order of the file."""

    images: tuple[Image, ...]

    def image(self, tag: str) -> Image:
        """The image called *tag*."""
        for image in self.images:
            if image.tag == tag:
                return image
        known = ", ".join(image.tag for image in self.images)
        raise ManifestError(
            f"The kit has no image {tag}. It has: {known}.", "use one of these, or add it to images/kit.toml"
        )

    def for_chapter(self, slug: str) -> tuple[Image, ...]:
        """The images that chapter *slug* ("06-ports") needs; none where the kit doesn't name the chapter."""
        return tuple(image for image in self.images if slug in image.chapters)

    def bases(self, image: Image) -> tuple[Image, ...]:
        """The images of the kit that *image*'s recipe is built from, straight."""
        named = base_tags(image.recipe) if image.recipe else ()
        return tuple(other for other in self.images if other.tag in named)

    def in_build_order(self, tags: Iterable[str]) -> tuple[Image, ...]:
        """The images called *tags* and the kit's images they are built from, each after its bases."""
        order: list[Image] = []
        for tag in tags:
            self._place(self.image(tag), order, ())
        return tuple(order)

    def _place(self, image: Image, order: list[Image], above: tuple[str, ...]) -> None:
        if image.tag in above:
            circle = " → ".join([*above, image.tag])
            raise ManifestError(
                f"These recipes are built from each other: {circle}.",
                "break the circle in one of their FROM lines",
            )
        for base in self.bases(image):
            self._place(base, order, (*above, image.tag))
        if image not in order:
            order.append(image)


def load(path: Path | None = None) -> Manifest:
    """Read and check *path* (default: images/kit.toml); recipe folders lie beside it."""
    path = path or places.images() / "kit.toml"
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ManifestError(f"There is no {path}.", "git checkout -- images/kit.toml") from None
    except tomllib.TOMLDecodeError as error:
        # A tag written twice ends here too: TOML itself refuses to open one table twice.
        raise ManifestError(f"{path} can't be read: {error}", "mend that line") from None
    if not tables:
        raise ManifestError(f"{path} names no image.", 'add one table per image, such as  ["busybox:1.37"]')
    listed = Manifest(tuple(_image(tag, table, path) for tag, table in tables.items()))
    return Manifest(tuple(replace(image, under=_under(image, listed)) for image in listed.images))


def _under(image: Image, listed: Manifest, above: tuple[str, ...] = ()) -> tuple[Path, ...]:
    """The recipes of the course's own images below *image*; a circle is for the build to complain about."""
    found: list[Path] = []
    for base in listed.bases(image):
        if base.hub is None and base.recipe and base.tag not in above:
            found += [base.recipe, *_under(base, listed, (*above, base.tag))]
    return tuple(dict.fromkeys(found))


def base_tags(recipe: Path) -> tuple[str, ...]:
    """The image references in the FROM lines of *recipe*'s Dockerfile, without its own stages and scratch."""
    return tuple(dict.fromkeys(_outside(recipe / "Dockerfile")))


def _outside(dockerfile: Path) -> Iterator[str]:
    stages = {"scratch"}
    for line in dockerfile.read_text(encoding="utf-8").splitlines():
        found = re.match(r"FROM\s+(?:--platform=\S+\s+)?(\S+)(?:\s+AS\s+(\S+))?", line, re.IGNORECASE)
        if found:
            if found[1].lower() not in stages:
                yield found[1]
            stages.add((found[2] or "").lower())


def _image(tag: str, table: Any, path: Path) -> Image:
    _check(tag, table, path)
    recipe = path.parent / table["recipe"] if "recipe" in table else None
    if recipe and not (recipe / "Dockerfile").is_file():
        raise ManifestError(
            f'{path}: the recipe of "{tag}" has no {recipe / "Dockerfile"}.',
            "name a folder that has a Dockerfile",
        )
    return Image(
        tag=tag,
        hub=table.get("hub"),
        recipe=recipe,
        platforms=tuple(table["platforms"]),
        chapters=tuple(table["chapters"]),
        stand_in=table.get("stand_in", ""),
    )


def _check(tag: str, table: Any, path: Path) -> None:
    """Refuse what would otherwise fail later, and further from its cause."""
    for wrong in _faults(tag, table):
        raise ManifestError(f'{path}: "{tag}" {wrong}.', f"mend that table; its keys are {', '.join(KINDS)}")


def _faults(tag: str, table: Any) -> Iterator[str]:
    if not TAG.fullmatch(tag):
        yield "is not an image name with a tag, such as nginx:1.26"
    if not isinstance(table, dict):
        yield "is not a table"
        return
    for key, value in table.items():
        if key not in KINDS:
            yield f"has the unknown key {key}"
        elif not isinstance(value, KINDS[key]):
            yield f"has {key} of the wrong kind: {value!r}"
        elif isinstance(value, list) and not all(isinstance(word, str) for word in value):
            yield f"has something other than words in {key}: {value!r}"
    for key in REQUIRED:
        if key not in table:
            yield f"lacks {key}"
    if "hub" not in table and "recipe" not in table:
        yield "has neither hub nor recipe, so it can't be had at all"
    if "recipe" in table and not table.get("stand_in"):
        yield "has a recipe and no stand_in, which says what the build truly is"
