"""Images as their layers with every file's size, read out of `docker save`; makes no tables."""

from __future__ import annotations

import gzip
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from course import engine
from course.errors import CourseError

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Layer:
    """One layer: its digest, the instruction that made it, its files' bytes, and what it hides below it."""

    digest: str
    made_by: str
    files: dict[str, int]
    hides: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(self.files.values())


def images(*tags: str) -> dict[str, tuple[Layer, ...]]:
    """The layers of each image of *tags*, lowest first; CourseError where the engine can't save one."""
    with tempfile.TemporaryDirectory(prefix="saved-") as folder:
        path = Path(folder) / "images.tar"
        command = ["docker", "save", "--output", str(path), *tags]
        done = subprocess.run(command, env=engine.environment(), capture_output=True, text=True)
        if done.returncode:
            raise CourseError(
                f"`docker save {' '.join(tags)}` failed: {done.stderr.strip()}", "run the cells above again"
            )
        with tarfile.open(path) as archive:
            return _read(archive, tags)


def _read(archive: tarfile.TarFile, tags: tuple[str, ...]) -> dict[str, tuple[Layer, ...]]:
    entries = json.load(member(archive, "manifest.json"))
    contents: dict[str, tuple[dict[str, int], tuple[str, ...]]] = {}
    for name in sorted({name for entry in entries for name in entry["Layers"]}):
        contents[name] = _content(member(archive, name))
    found: dict[str, tuple[Layer, ...]] = {}
    for entry in entries:
        config = json.load(member(archive, entry["Config"]))
        layers = tuple(
            Layer(digest, made_by, *contents[name])
            for digest, made_by, name in zip(
                config["rootfs"]["diff_ids"], _instructions(config), entry["Layers"], strict=True
            )
        )
        found |= {tag: layers for tag in entry["RepoTags"] or () if tag in tags}
    return {tag: found[tag] for tag in tags}


def member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    """The file *name* of an archive that `docker save` wrote."""
    found = archive.extractfile(name)
    assert found is not None, f"{name} in the archive is no file"
    return found


def _instructions(config: dict[str, Any]) -> Iterator[str]:
    """What made each layer; the history also holds the rows that made none."""
    for row in config["history"]:
        if not row.get("empty_layer", False):
            yield instruction(row.get("created_by", ""))


def instruction(created_by: str) -> str:
    """The Dockerfile's line in what the history says of it, on one line."""
    for prefix in ("/bin/sh -c #(nop) ", "RUN /bin/sh -c "):
        if created_by.startswith(prefix):
            created_by = ("RUN " if prefix.startswith("RUN") else "") + created_by.removeprefix(prefix)
    return " ".join(created_by.removesuffix("# buildkit").split())


def _content(blob: IO[bytes]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Sizes by path of one layer's files, and the paths below it that it hides."""
    packed = blob.read(2) == GZIP  # the containerd image store keeps what it builds compressed
    blob.seek(0)
    stream = cast("IO[bytes]", gzip.GzipFile(fileobj=blob)) if packed else blob
    files: dict[str, int] = {}
    hides: list[str] = []
    with tarfile.open(fileobj=stream, mode="r|") as layer:
        for entry in layer:
            path = Path(entry.name)
            if path.name == OPAQUE:
                hides.append(str(path.parent))
            elif path.name.startswith(WHITEOUT):
                hides.append(str(path.with_name(path.name.removeprefix(WHITEOUT))))
            elif entry.isreg():
                files[str(path)] = entry.size
    return files, tuple(hides)
