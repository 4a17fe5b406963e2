"""Get images of the kit from a mirror that somebody named, or that stands in the engine's settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from course import engine
from course.kit import pull, recipes, saved
from course.kit.manifest import Image
from course.kit.offers import Offer, Refused, Source
from course.kit.progress import Progress, counted
from course.kit.registry import Found, Registry, RegistryError, split


@dataclass(frozen=True)
class Mirror:
    """A registry that serves the kit; the course downloads from it, so the engine needn't know of it."""

    address: str
    named: bool = True
    _found: dict[str, Found] = field(default_factory=dict, compare=False, repr=False)

    @property
    def name(self) -> str:
        """Such as "mirror 192.168.1.5:5000"."""
        return f"mirror {self.address}"

    @cached_property
    def registry(self) -> Registry:
        """The registry at its address."""
        return Registry(self.address, proxied=self.address.startswith("https://"))

    @cached_property
    def _down(self) -> str:
        """Why it doesn't answer, empty where it does: asked once."""
        try:
            self.registry.ping()
        except RegistryError as error:
            return str(error)
        return ""

    def offer(self, image: Image) -> Offer:
        """Ask it for the image's manifest and labels."""
        if self._down:
            raise Refused(self._down)
        try:
            found = self.registry.find(*split(image.tag), engine.client().version()["Arch"])
        except RegistryError as error:
            raise Refused(str(error)) from None
        recipe = found.labels.get(recipes.RECIPE_LABEL, "")
        if image.hub is None and not recipe:
            raise Refused(f"its {image.tag} isn't the course's own")
        self._found[image.tag] = found
        return Offer(recipe)

    def get(self, image: Image, progress: Progress) -> None:
        """Stream the layers that the engine lacks straight into it."""
        found = self._found[image.tag]
        lacking = len(saved.lacking(found.layers))
        needed = found.packed[len(found.packed) - lacking :]
        progress.at(0, sum(size for _, size in needed))
        try:
            saved.load(self._tar(image, found, needed, progress))
        except (RegistryError, saved.LoadError) as error:
            raise Refused(str(error)) from None

    def _tar(
        self, image: Image, found: Found, needed: tuple[tuple[str, int], ...], progress: Progress
    ) -> Iterator[bytes]:
        repository, _ = split(image.tag)
        for digest, size in needed:
            yield saved.header(saved.blob(digest), size)
            yield from counted(self.registry.blob(repository, digest), progress)
            yield saved.padding(size)
        packed = [digest for digest, _ in found.packed]
        yield saved.tail(image.tag, found.config_digest, found.config, packed)


@dataclass(frozen=True)
class EngineMirror:
    """A mirror that stands in the engine's own settings: a plain `docker pull` goes there first."""

    mirror: Mirror
    named: bool = False

    @property
    def name(self) -> str:
        """Such as "mirror http://127.0.0.1:5039 (in the engine's settings)"."""
        return f"{self.mirror.name} (in the engine's settings)"

    def offer(self, image: Image) -> Offer:
        """Ask it as any mirror is asked."""
        return self.mirror.offer(image)

    def get(self, image: Image, progress: Progress) -> None:
        """Pull as a learner would; the course's own images must come from the mirror or not at all."""
        if image.hub == image.tag:
            pull.pull(image.tag, progress)
        else:
            self.mirror.get(image, progress)


def engine_mirrors() -> list[Source]:
    """The mirrors in the engine's settings."""
    config = engine.client().info().get("RegistryConfig") or {}
    return [EngineMirror(Mirror(address.rstrip("/"))) for address in config.get("Mirrors") or []]
