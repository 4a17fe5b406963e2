"""Docker Hub: whether it can be reached, whether it has an image, and getting it from there."""

from __future__ import annotations

import ipaddress
import json
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from course import engine, places
from course.kit.from_mirror import engine_mirrors
from course.kit.manifest import Image
from course.kit.offers import Offer, Refused
from course.kit.progress import Progress
from course.kit.pull import pull
from course.kit.registry import Registry, RegistryError, Unreachable, split

HUB = "docker.io"
HUB_REGISTRY = "https://registry-1.docker.io"
BELIEVED_SECONDS = 600.0
ENGINE_ASKS_SECONDS = 5.0


@dataclass(frozen=True)
class Verdict:
    """Whether the Hub can be reached: *why* not, and *asked* when (seconds since 1970).

    *by_engine*: not from this process, but the engine, which may have a proxy of its own, gets through.
    """

    reachable: bool
    why: str = ""
    asked: float = 0.0
    by_engine: bool = False

    def __str__(self) -> str:
        if self.reachable:
            return "reachable" + " by the engine" * self.by_engine
        ago = time.time() - self.asked
        return self.why + (f", asked {ago:.0f} s ago" if ago > 2 else "")


@dataclass(frozen=True)
class Hub:
    """Docker Hub, or in tests a registry that plays it."""

    address: str = HUB
    named: bool = False
    _reached: list[Verdict] = field(default_factory=list, compare=False, repr=False)

    @property
    def name(self) -> str:
        """Docker Hub's name, or the address of what plays it."""
        return "Docker Hub" if self.address == HUB else f"Docker Hub (played by {self.address})"

    @cached_property
    def registry(self) -> Registry:
        """The registry behind its name."""
        if self.address == HUB:
            return Registry(HUB_REGISTRY, proxied=True)
        here = _is_loopback(self.address)
        return Registry(self.address if here else f"https://{self.address}", proxied=not here)

    def offer(self, image: Image) -> Offer:
        """Ask for the manifest without fetching it: asking doesn't count as a pull."""
        if image.hub is None:
            raise Refused("the course's own image isn't there")
        verdict = self.verdict(image.hub)
        if not verdict.reachable:
            raise Refused(str(verdict))
        try:
            if not verdict.by_engine:
                self.registry.digest(*split(image.hub))
        except RegistryError as error:
            raise Refused(str(error)) from None
        return Offer("")

    def get(self, image: Image, progress: Progress) -> None:
        """Pull it; where another host plays the Hub, that host's name is taken off again."""
        assert image.hub is not None
        repository, tag = split(image.hub)
        reference = image.hub if self.address == HUB else f"{self.address}/{repository}:{tag}"
        pull(reference, progress)
        if reference != image.tag:
            client = engine.client()
            client.images.get(reference).tag(*image.tag.split(":"))
            client.images.remove(reference)

    def verdict(self, reference: str = "busybox:1.37", *, fresh: bool = False) -> Verdict:
        """Whether it can be reached from here, or else by the engine; a no is believed for ten minutes."""
        known = [] if fresh else self._reached or self._remembered()
        if not known:
            known = [self._ask(reference)]
            self._remember(known[0])
        return known[0]

    def _ask(self, reference: str) -> Verdict:
        try:
            self.registry.ping()
        except Unreachable as error:
            if self._engine_reaches(reference):
                return Verdict(True, by_engine=True, asked=time.time())
            return Verdict(False, str(error), asked=time.time())
        return Verdict(True, asked=time.time())

    def _engine_reaches(self, reference: str) -> bool:
        """Whether the engine gets through; one with mirrors would answer for those, so it isn't asked."""
        if self.address != HUB or engine_mirrors():
            return False
        api: Any = engine.client(ENGINE_ASKS_SECONDS).api
        try:
            api.inspect_distribution(reference)
        except Exception:  # the SDK lets a time-out out under several names
            return False
        return True

    def _remember(self, verdict: Verdict) -> None:
        self._reached[:] = [verdict]
        if verdict.reachable:
            self._file().unlink(missing_ok=True)
        else:
            self._file().write_text(json.dumps([self.address, verdict.why, verdict.asked]))

    def _remembered(self) -> list[Verdict]:
        try:
            address, why, asked = json.loads(self._file().read_text())
        except (OSError, ValueError):
            return []
        fits = address == self.address and 0 <= time.time() - asked < BELIEVED_SECONDS
        return [Verdict(False, why, asked)] if fits else []

    def _file(self) -> Path:
        return places.state() / "kit-hub.json"


def _is_loopback(address: str) -> bool:
    host = address.rsplit(":", 1)[0].strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
