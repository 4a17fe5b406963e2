"""Small images, a registry and a manifest of a test's own, to try the kit with; expects nothing."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from course import debian, engine
from course.kit import mirror, mirror_fill, presence
from course.kit.arrive import Arrival
from course.kit.arrive import ensure as ensure_from
from course.kit.manifest import Manifest, load
from course.kit.registryd import PROGRAM, Service
from course.kit.sources import Sources

DEAD = "127.0.0.1:1"  # nobody may listen on port 1
PORT = 5120


# A test must not depend on what this person has named.
NAMES = ("COURSE_MIRROR", "COURSE_KIT", "COURSE_HUB", "COURSE_SITE_CA")


@contextmanager
def a_bench(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Images of a test's own, and a state folder apart from the learner's; they go with the block."""
    monkeypatch.setenv("COURSE_STATE", str(folder / "state"))
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    made = Bench(folder)
    try:
        yield made
    finally:
        made.clear()


def silent(_: str) -> None:
    """Say nothing."""


class Bench:
    """The images of one test, under a name that nothing else has, and a folder for what it writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"kit-{uuid.uuid4().hex[:10]}"
        self._tables: dict[str, str] = {}

    def tag(self, word: str) -> str:
        """The tag of this test's image *word*."""
        return f"{self.name}/{word}:1"

    def make(
        self, word: str, files: Mapping[str, bytes] | None = None, labels: Mapping[str, str] | None = None
    ) -> str:
        """Have the engine hold image *word*, made of *files* by nobody's recipe; gives its ID."""
        if self.id(word):
            self.remove(word)  # else it would stay behind without a name
        repository, _, tag = self.tag(word).partition(":")
        changes = ["CMD /nothing", *(f'LABEL "{name}"="{text}"' for name, text in (labels or {}).items())]
        packed = tar(files or {"which": self.tag(word).encode()})
        engine.client().api.import_image_from_data(packed, repository=repository, tag=tag, changes=changes)
        return self.id(word) or ""

    def id(self, word: str) -> str | None:
        """The ID of image *word*, None where the engine has none."""
        found = presence.local(self.tag(word))
        return found.id if found else None

    def remove(self, *words: str) -> None:
        """Take images away from the engine."""
        for word in words:
            engine.client().images.remove(self.tag(word))

    def recipe(self, word: str, dockerfile: str = "FROM scratch\nCOPY text /text\n", text: str = "") -> Path:
        """Write, or change, the recipe of image *word*."""
        folder = self.folder / word
        folder.mkdir(exist_ok=True)
        (folder / "Dockerfile").write_text(dockerfile)
        (folder / "text").write_text(text or self.tag(word))
        self.describe(word, recipe=word, stand_in="a test's own")
        return folder

    def describe(self, word: str, **keys: str) -> None:
        """Put image *word* into the test's own kit.toml."""
        rows = "".join(f'{key} = "{value}"\n' for key, value in keys.items())
        previous = self._tables.get(word, f'["{self.tag(word)}"]\nplatforms = []\nchapters = []\n')
        self._tables[word] = previous + "".join(row for row in rows.splitlines(True) if row not in previous)

    def manifest(self) -> Manifest:
        """The test's own kit.toml, read."""
        file = self.folder / "kit.toml"
        file.write_text("\n".join(self._tables.values()))
        return load(file)

    def ensure(self, *words: str, sources: Sources, say: object = silent) -> list[Arrival]:
        """Have images *words* here."""
        assert callable(say)
        return ensure_from(map(self.tag, words), manifest=self.manifest(), sources=sources, say=say)

    def clear(self) -> None:
        """Remove every image of this test, also where it has a registry's name in front."""
        for image in engine.client().images.list():
            for tag in image.tags:
                if self.name in tag:
                    engine.client().images.remove(tag, force=True)


def tar(files: Mapping[str, bytes]) -> bytes:
    """*files* as a tar."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as packing:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            packing.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


def program(folder: Path) -> Path:
    """Debian's docker-registry: the course's own copy, or one unpacked into *folder*."""
    own = mirror.home() / PROGRAM
    if own.exists():
        return own
    file = folder / PROGRAM
    folder.mkdir(exist_ok=True)
    if not file.exists():
        debian.download(PROGRAM, folder / "package")
        (folder / "package/usr/bin" / PROGRAM).replace(file)
    return file


@contextmanager
def registry(unpacked: Path, home: Path, port: int = PORT) -> Iterator[tuple[str, Service]]:
    """A registry on loopback with an empty store in *home*; gives its address."""
    home.mkdir(parents=True)
    shutil.copy(unpacked, home)
    service = Service(home, "test")
    try:
        yield service.start("127.0.0.1", port).address, service
    finally:
        service.stop()


def fill(bench: Bench, service: Service, *words: str) -> None:
    """Put images *words* of the engine into a registry."""
    running = service.running()
    assert running
    mirror_fill.fill(map(bench.tag, words), service.store, running.address, silent)


def events_since(moment: float, *kinds: str) -> list[dict[str, Any]]:
    """What the engine did to images since *moment*, of these *kinds* ("save", "tag", …)."""
    api: Any = engine.client().api
    wanted = {"type": "image", "event": list(kinds)}
    return list(api.events(since=moment, until=time.time(), filters=wanted, decode=True))


def a_ca(folder: Path) -> Path:
    """A throw-away CA's PEM file, with its key beside it."""
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=site"
    files = ["-keyout", str(folder / "ca.key"), "-out", str(folder / "ca.pem")]
    subprocess.run([*words.split(), *files], check=True, capture_output=True)
    return folder / "ca.pem"
