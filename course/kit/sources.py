"""The order in which sources are asked for an image, and who names them; builds nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from course.kit import archive, saved
from course.kit.from_mirror import Mirror, engine_mirrors
from course.kit.hub import HUB, Hub
from course.kit.manifest import Image
from course.kit.offers import Offer, Refused, Source
from course.kit.progress import Progress


@dataclass(frozen=True)
class Sources:
    """What a person has named: a *mirror* (host:port), a *kit* (an archive, or its folder), a *hub*."""

    mirror: str = ""
    kit: str = ""
    hub: str = HUB

    @classmethod
    def named(cls, mirror: str | None = None, kit: str | None = None) -> Sources:
        """Those named by flags, else by COURSE_MIRROR, COURSE_KIT and COURSE_HUB."""
        return cls(
            mirror or os.environ.get("COURSE_MIRROR", ""),
            kit or os.environ.get("COURSE_KIT", ""),
            os.environ.get("COURSE_HUB") or HUB,
        )

    def in_order(self) -> list[Source]:
        """Every source but the build, in the order in which they are asked."""
        found: list[Source] = [Mirror(self.mirror)] if self.mirror else []
        found += [Kit(Path(self.kit).expanduser())] if self.kit else []
        return [*found, *engine_mirrors(), Hub(self.hub)]


@dataclass(frozen=True)
class Kit:
    """An archive that `make kit` wrote."""

    path: Path
    named: bool = True

    @property
    def name(self) -> str:
        """Such as "kit /media/usb/kit-0.1.0-amd64.tar.zst"."""
        return f"kit {self.path}"

    @cached_property
    def _opened(self) -> archive.Archive | str:
        try:
            return archive.open_archive(self.path)
        except archive.ArchiveError as error:
            return f"{error.seen} {error.next_step}"

    def _archive(self) -> archive.Archive:
        if isinstance(self._opened, str):
            raise Refused(self._opened)
        return self._opened

    def _entry(self, image: Image) -> archive.Entry:
        entry = self._archive().entry(image.tag)
        if entry is None:
            raise Refused(
                f"it holds {', '.join(entry.tag for entry in self._archive().entries)}, not this one"
            )
        return entry

    def offer(self, image: Image) -> Offer:
        """Look into its list."""
        return Offer(self._entry(image).recipe)

    def get(self, image: Image, progress: Progress) -> None:
        """Load it, its checksums first."""
        try:
            archive.load(self._archive(), self._entry(image), progress)
        except (archive.ArchiveError, saved.LoadError) as error:
            raise Refused(f"{error.seen} {error.next_step}".strip()) from None
