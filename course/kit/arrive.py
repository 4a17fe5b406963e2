"""Have images here, each from the first source that works; knows the order, not how any source does it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from course.engine.faults import FREE, FULL
from course.errors import CourseError
from course.kit import builds, presence, recipes, site_ca
from course.kit.manifest import Image, Manifest
from course.kit.offers import Refused, Source
from course.kit.presence import Local
from course.kit.progress import Progress, Say
from course.kit.sources import Sources

BUILT = "built here"
HERE = "already here"


@dataclass(frozen=True)
class Arrival:
    """How an image came to be here: from which source, in how many seconds, and its bytes on the engine.

    *stand_in* says what it truly is where it isn't the official image; empty where it is.
    """

    tag: str
    source: str
    seconds: float
    bytes: int
    stand_in: str

    def __str__(self) -> str:
        took = f" in {self.seconds:.0f} s" if self.source != HERE else ""
        return f"{self.tag}: {self.source}{took}, {self.bytes / 1e6:.0f} MB{presence.kind(self.stand_in)}"


class MissingImages(CourseError):
    """No source gave some images; *arrivals* are those that came all the same."""

    def __init__(self, seen: str, next_step: str, arrivals: list[Arrival]) -> None:
        super().__init__(seen, next_step)
        self.arrivals = arrivals


@dataclass
class Fetch:
    """One run: what came, and for the rest what each source answered."""

    manifest: Manifest
    sources: list[Source]
    site_ca: Path | None
    say: Say
    came: dict[str, Arrival] = field(default_factory=dict)
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    older: dict[str, Source] = field(default_factory=dict)

    def run(self, images: Iterable[Image]) -> None:
        """Have *images* here as far as any source gives them."""
        rest = [image for image in images if not self.here(image) and not self._fetched(image)]
        self._build(rest)
        for image in rest:
            if image.tag not in self.came:
                self._settle_for_older(image)

    def here(self, image: Image) -> bool:
        """Whether the engine has *image*, built from today's recipe or official; it has then arrived."""
        local = presence.local(image.tag)
        if local is None or self.is_old(image, local.recipe):
            return False
        self.came[image.tag] = _arrival(local, HERE, 0)
        return True

    def is_old(self, image: Image, recipe: str) -> bool:
        """Whether an image with this label was built from another recipe than today's; none is never old."""
        if not recipe or not image.recipe:
            return False
        return recipe != recipes.digest(image.recipe, self.site_ca, image.under)

    def _fetched(self, image: Image) -> bool:
        return any(self._tried(image, source) for source in self.sources)

    def _tried(self, image: Image, source: Source) -> bool:
        try:
            offer = source.offer(image)
            if self.is_old(image, offer.recipe):
                self.older.setdefault(image.tag, source)
                raise Refused("its build is from an older recipe")
            self._get(image, source)
        except Refused as answer:
            self._refused(image, source, str(answer))
            return False
        return True

    def _refused(self, image: Image, source: Source, answer: str) -> None:
        said = {words for answers in self.answers.values() for words in answers.values()}
        if source.named and answer not in said:
            self.say(f"{image.tag}: not from the {source.name}: {answer}")
        self.answers.setdefault(image.tag, {})[source.name] = answer

    def _get(self, image: Image, source: Source) -> None:
        began, before = time.monotonic(), presence.local(image.tag)
        with Progress(f"{image.tag} from {source.name}", None, "B", self.say) as progress:
            source.get(image, progress)
        local = presence.local(image.tag)
        if local is None:
            raise Refused("it said that it gave the image, and the engine has none")
        if before and before.id != local.id:
            presence.drop_untagged(before.id)
        self._arrived(_arrival(local, source.name, time.monotonic() - began))

    def _arrived(self, arrival: Arrival) -> None:
        self.came[arrival.tag] = arrival
        presence.remember(arrival.tag, arrival.source)

    def _build(self, rest: list[Image]) -> None:
        """Build what no source gave, after the bases it needs, which may well come from a source."""
        wanted = [image for image in rest if image.recipe]
        for image in rest:
            if not image.recipe:
                self.answers.setdefault(image.tag, {})[BUILT] = "it has no recipe"
        order = self.manifest.in_build_order(image.tag for image in wanted)
        to_build = [
            image for image in order if image in wanted or not (self.here(image) or self._fetched(image))
        ]
        if not to_build:
            return
        title = f"building {len(to_build)} images" if len(to_build) > 1 else f"building {to_build[0].tag}"
        with Progress(title, len(to_build), "image", self.say) as progress:
            outcomes = builds.build_all(
                to_build, self.manifest.bases, site_ca=self.site_ca, progress=progress
            )
        for tag, outcome in outcomes.items():
            local = presence.local(tag)
            if isinstance(outcome, CourseError) or local is None:
                self.answers.setdefault(tag, {})[BUILT] = getattr(outcome, "seen", "the engine has none")
            else:
                self._arrived(_arrival(local, BUILT, outcome.seconds))

    def _settle_for_older(self, image: Image) -> None:
        """An image of an older recipe is better than none."""
        local = presence.local(image.tag)
        if local is not None:
            self.came[image.tag] = _arrival(local, f"{HERE}, from an older recipe", 0)
            self.say(f"{image.tag}: no source has today's recipe; the older build that is here stays.")
        elif image.tag in self.older:
            try:
                self._get(image, self.older[image.tag])
            except Refused as answer:
                self.answers[image.tag][self.older[image.tag].name] = str(answer)


def ensure(
    tags: Iterable[str], *, manifest: Manifest, sources: Sources | None = None, say: Say = print
) -> list[Arrival]:
    """Have images *tags* here; see `course.kit.ensure`."""
    from course.kit.worker import only_one

    images = [manifest.image(tag) for tag in dict.fromkeys(tags)]
    certificate = site_ca.chosen()
    look = Fetch(manifest, [], certificate, say)
    if all(look.here(image) for image in images):
        return [look.came[image.tag] for image in images]
    with only_one(say):
        fetch = Fetch(manifest, (sources or Sources.named()).in_order(), certificate, say)
        fetch.run(images)
    arrivals = [fetch.came[image.tag] for image in images if image.tag in fetch.came]
    missing = [image.tag for image in images if image.tag not in fetch.came]
    if missing:
        raise MissingImages(*_explain(missing, fetch.answers), arrivals)
    return arrivals


def _arrival(local: Local, source: str, seconds: float) -> Arrival:
    return Arrival(local.tag, source, seconds, local.bytes, local.stand_in)


def _explain(missing: list[str], answers: dict[str, dict[str, str]]) -> tuple[str, str]:
    """Every source asked with its answer, and the one next step."""
    lines = []
    for tag in missing:
        lines.append(f"No source has {tag}:")
        lines += [f"  {source}: {answer}" for source, answer in answers.get(tag, {}).items()]
    text = "\n".join(lines)
    if FULL in text:
        return text, f"{FREE} (see `docker system df`)"
    named = "COURSE_KIT=/path/to/kit-….tar.zst or COURSE_MIRROR=host:port"
    return text, (
        f"get on a network that reaches Docker Hub, or name a kit or a mirror ({named}); "
        f"then: python -m course images {' '.join(missing)}"
    )
