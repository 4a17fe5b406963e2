"""The kit as one file for a classroom: what is in it, checking it, and loading images out of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from course import engine
from course.engine import daemon
from course.engine.faults import FULL
from course.errors import CourseError
from course.kit import frames, saved
from course.kit.progress import Progress, counted

FORMAT = 1


class ArchiveError(CourseError):
    """An archive can't be used: damaged, for another architecture, or not one at all."""


@dataclass(frozen=True)
class Part:
    """One layer in the archive: where its frames lie, and their checksum."""

    at: int
    length: int
    sha256: str


@dataclass(frozen=True)
class Entry:
    """One image in the archive; *id* is its ID on the engine that it was saved from."""

    tag: str
    id: str
    bytes: int
    stand_in: str
    recipe: str
    config: str
    layers: tuple[str, ...]

    @property
    def config_digest(self) -> str:
        """The digest of its config, which on most engines is its ID."""
        return f"sha256:{sha256(self.config.encode()).hexdigest()}"


@dataclass(frozen=True)
class Archive:
    """The contents of *file*; *start* is where its first layer lies."""

    file: Path
    architecture: str
    version: str
    start: int
    entries: tuple[Entry, ...]
    parts: dict[str, Part]

    def entry(self, tag: str) -> Entry | None:
        """The image called *tag*, None where the archive has none."""
        return next((entry for entry in self.entries if entry.tag == tag), None)


def open_archive(path: Path) -> Archive:
    """The archive *path*, or in a folder the one for this engine; its list and its length are checked."""
    file = _in_folder(path) if path.is_dir() else path
    if not file.is_file():
        raise ArchiveError(f"There is no kit {file}.", "look at the path in COURSE_KIT or --kit")
    try:
        with file.open("rb") as stream:
            archive = _described(frames.read_note(stream), file, stream.tell())
    except (ValueError, KeyError, TypeError) as error:
        raise corrupted(file, str(error)) from None
    end = archive.start + max(part.at + part.length for part in archive.parts.values())
    if file.stat().st_size < end:
        raise corrupted(file, f"{file.stat().st_size / 1e6:.0f} of {end / 1e6:.0f} MB are there")
    _check_architecture(archive)
    return archive


def load(archive: Archive, entry: Entry, progress: Progress) -> None:
    """Give the engine image *entry*: the layers that it lacks are read, checked, and only then sent."""
    needed = [archive.parts[layer] for layer in saved.lacking(entry.layers)]
    _refuse_where_full(entry, needed)
    progress.at(0, sum(part.length for part in needed))
    progress.now("checking")
    for part in needed:
        if frames.checksum(archive.file, archive.start + part.at, part.length) != part.sha256:
            raise corrupted(archive.file, f"a layer of {entry.tag} does not match its checksum")
    progress.now("loading")
    saved.load(counted(_stream(archive, entry, needed), progress))


def _refuse_where_full(entry: Entry, needed: list[Part]) -> None:
    """An engine whose disk fills while it unpacks a kit may crash (26.1.5 does), with all that runs on it.

    Only what can't fit at all is refused, and only where the engine's disk is surely this machine's.
    """
    whole = len(needed) == len(entry.layers)
    least = entry.bytes if whole else sum(part.length for part in needed)
    free = daemon.free() if engine.find().started_by_course else None
    if free is not None and free < least:
        raise saved.LoadError(
            f"There is {FULL}: {entry.tag} takes {least / 1e6:.0f} MB or more, "
            f"and {free / 1e6:.0f} MB are free in {daemon.data()}."
        )


def corrupted(file: Path, how: str) -> ArchiveError:
    """The error that says how *file* is damaged and what to do."""
    return ArchiveError(
        f"The kit {file} is corrupted: {how}.",
        f"copy it again from where it came; then, in its folder:  sha256sum --check {file.name}.sha256",
    )


def file_name(version: str, architecture: str) -> str:
    """What an archive is called."""
    return f"kit-{version}-{architecture}.tar.zst"


def _in_folder(folder: Path) -> Path:
    architecture = engine.client().version()["Arch"]
    found = sorted(folder.glob(file_name("*", architecture)))
    if not found:
        raise ArchiveError(
            f"Folder {folder} has no {file_name('*', architecture)}.",
            "name the archive itself, or another folder",
        )
    return found[-1]


def _described(said: dict[str, Any], file: Path, start: int) -> Archive:
    if said["format"] != FORMAT:
        raise ValueError(f"its format is {said['format']}, and this course reads format {FORMAT}")
    entries = tuple(Entry(**entry | {"layers": tuple(entry["layers"])}) for entry in said["images"])
    parts = {digest: Part(**part) for digest, part in said["layers"].items()}
    return Archive(file, said["architecture"], said["course"], start, entries, parts)


def _check_architecture(archive: Archive) -> None:
    ours = engine.client().version()["Arch"]
    if archive.architecture != ours:
        raise ArchiveError(
            f"The kit {archive.file} is for {archive.architecture}, and this engine runs on {ours}.",
            f"ask for the kit for {ours}, or leave COURSE_KIT unset",
        )


def _stream(archive: Archive, entry: Entry, needed: list[Part]) -> Iterator[bytes]:
    for part in needed:
        yield from frames.chunks_of(archive.file, archive.start + part.at, part.length)
    yield frames.plain(saved.tail(entry.tag, entry.config_digest, entry.config.encode(), entry.layers))
