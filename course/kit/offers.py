"""What every source of images can do, and how it says no; knows none of the sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from course.kit.manifest import Image
from course.kit.progress import Progress


class Refused(Exception):
    """Why a source doesn't give an image, in words that follow the source's name."""


@dataclass(frozen=True)
class Offer:
    """A source has the image; *recipe* is what its label course.recipe says, empty where it has none."""

    recipe: str


class Source(Protocol):
    """Something that may have images: asked first, and only then told to bring one here."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def named(self) -> bool:
        """Whether somebody named it: then they are told at once why it doesn't give an image."""

    def offer(self, image: Image) -> Offer:
        """Say that it has *image*, or raise Refused; fetches nothing large."""

    def get(self, image: Image, progress: Progress) -> None:
        """Have the engine hold *image* under its own tag and leave no other tag behind, or raise Refused."""
