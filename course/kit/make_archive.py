"""Write the kit's archive, going on where an earlier run stopped; knows nothing of loading it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import IO

from course import engine
from course.errors import CourseError
from course.kit import frames, recipes, saved
from course.kit.archive import FORMAT, Entry, Part, file_name
from course.kit.progress import Progress, Say
from course.kit.site_ca import Watch

PACKED_SHARE = 0.32  # measured over the kit's images: packed bytes for each unpacked one
CHUNK = 1 << 20
HEADER_FRAME = len(frames.plain(bytes(512)))


class KitError(CourseError):
    """No archive is written, and why."""


def write(tags: Sequence[str], folder: Path, *, say: Say = print) -> Path:
    """Write images *tags*, all of which the engine has, as one archive into *folder*; gives its path.

    Until it is whole it has another name. Layers already packed are kept when a run is stopped, so that the
    next one goes on from there.
    """
    final = folder / file_name(version("containers-course"), engine.client().version()["Arch"])
    for tag in tags:
        refuse_label(tag)
    _make_room(tags, folder, final, say)
    parts = final.with_suffix(".parts")
    parts.mkdir(parents=True, exist_ok=True)
    with Progress("packing the kit", len(tags), "image", say) as progress:
        entries = [_pack(tag, parts, progress) for tag in tags]
    _assemble(entries, parts, final)
    shutil.rmtree(parts)
    say(f"{final}: {final.stat().st_size / 1e6:.0f} MB, {len(entries)} images; its checksum is beside it.")
    return final


def refuse_label(tag: str) -> None:
    """Refuse an image whose label says that a site's CA is in it."""
    if engine.client().images.get(tag).labels.get(recipes.SITE_CA_LABEL):
        raise holds_ca(tag, f"its label {recipes.SITE_CA_LABEL} says so")


def holds_ca(tag: str, why: str) -> KitError:
    """The error for an image that must not leave this site."""
    return KitError(
        f"{tag} holds a CA of this site ({why}): whoever ran it elsewhere would trust this site's proxy.",
        f"unset COURSE_SITE_CA, `docker rmi {tag}`, get it again with `make images`, then run this again",
    )


def _make_room(tags: Sequence[str], folder: Path, final: Path, say: Say) -> None:
    """Before a byte is written, say how large the archive will be, and see that the disk has room."""
    unpacked = _unpacked_bytes(tags)
    size = unpacked * PACKED_SHARE
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    say(f"{len(tags)} images, {unpacked / 1e6:.0f} MB unpacked, will make about {size / 1e6:.0f} MB: {final}")
    if free < 2 * size:
        raise KitError(
            f"Packing needs about {2 * size / 1e6:.0f} MB free in {folder}, which has {free / 1e6:.0f}.",
            "free some space there, or name another folder",
        )


def _unpacked_bytes(tags: Sequence[str]) -> float:
    """The bytes of all *tags* with a layer that several share counted once, as the engine knows it."""
    rows = [row for row in engine.client().df()["Images"] if set(tags) & set(row["RepoTags"] or [])]
    shared = [max(row["SharedSize"], 0) for row in rows]
    return float(sum(row["Size"] for row in rows) - sum(shared) + max(shared, default=0))


def _pack(tag: str, parts: Path, progress: Progress) -> Entry:
    """The entry of one image, with its layers in *parts*: from an earlier run where that got so far."""
    progress.now(tag)
    image = engine.client().images.get(tag)
    identity = str(image.id)
    done = parts / f"{identity.removeprefix('sha256:')}.json"
    if done.exists():
        told = json.loads(done.read_text())
        entry = Entry(**told | {"tag": tag, "layers": tuple(told["layers"])})
        if all(_part(parts, layer).exists() for layer in entry.layers):
            progress.add(1)
            return entry
    whole = saved.read(tag, lambda digest, content: _pack_layer(tag, digest, content, parts))
    labels = image.labels
    entry = Entry(
        tag, identity, image.attrs["Size"], labels.get(recipes.STAND_IN_LABEL, ""),
        labels.get(recipes.RECIPE_LABEL, ""), whole.config.decode(), whole.layers,
    )  # fmt: skip
    # Whoever is killed while it is written must not leave half of it to the next run.
    unfinished = parts / "entry.new"
    unfinished.write_text(json.dumps(asdict(entry)))
    unfinished.replace(done)
    progress.add(1)
    return entry


def _part(parts: Path, digest: str) -> Path:
    return parts / f"{digest.removeprefix('sha256:')}.zst"


def _pack_layer(tag: str, digest: str, content: IO[bytes], parts: Path) -> None:
    """One layer as three frames: its header in the tar, its packed content, and what fills its last block."""
    if digest and _part(parts, digest).exists():
        return
    passing = _Passing(content)
    unfinished = parts / "layer.new"
    with unfinished.open("w+b") as file:
        file.write(bytes(HEADER_FRAME))
        frames.pack(passing.chunks(), file)
        file.write(frames.plain(saved.padding(passing.size)))
        file.seek(0)
        file.write(frames.plain(saved.header(saved.blob(passing.digest), passing.size)))
    if passing.watch.found:
        unfinished.unlink()
        raise holds_ca(tag, f"the one in {passing.watch.found}, in layer {passing.digest[:19]}")
    unfinished.replace(_part(parts, passing.digest))


class _Passing:
    """A layer's bytes on their way into a file: counted, summed, and looked at for a site's CA."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content, self._sum = content, sha256()
        self.size, self.watch = 0, Watch()

    def chunks(self) -> Iterator[bytes]:
        """Every byte, once."""
        while chunk := self._content.read(CHUNK):
            self.size += len(chunk)
            self._sum.update(chunk)
            self.watch.see(chunk)
            yield chunk

    @property
    def digest(self) -> str:
        """The digest of what has passed."""
        return f"sha256:{self._sum.hexdigest()}"


def _assemble(entries: list[Entry], parts: Path, final: Path) -> None:
    """One file out of the parts, under its own name only when whole and on the disk, its checksum first."""
    unfinished = final.with_suffix(".new")
    whole = sha256()
    try:
        with unfinished.open("wb") as file:
            for chunk in _frames(entries, parts):
                whole.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        final.with_name(f"{final.name}.sha256").write_text(f"{whole.hexdigest()}  {final.name}\n")
        unfinished.replace(final)
    finally:
        unfinished.unlink(missing_ok=True)


def _frames(entries: list[Entry], parts: Path) -> Iterator[bytes]:
    layers, at = {}, 0
    for digest in dict.fromkeys(layer for entry in entries for layer in entry.layers):
        length = _part(parts, digest).stat().st_size
        layers[digest] = Part(at, length, frames.checksum(_part(parts, digest)))
        at += length
    yield frames.note(
        {
            "format": FORMAT,
            "course": version("containers-course"),
            "architecture": engine.client().version()["Arch"],
            "images": [asdict(entry) for entry in entries],
            "layers": {digest: asdict(part) for digest, part in layers.items()},
        }
    )
    for digest in layers:
        yield from frames.chunks_of(_part(parts, digest))
    yield frames.plain(_tail(entries))


def _tail(entries: Iterable[Entry]) -> bytes:
    """The end of the tar for all images at once, for who loads the whole by hand: `docker load < kit`."""
    described = [
        {
            "Config": saved.blob(e.config_digest),
            "RepoTags": [e.tag],
            "Layers": [saved.blob(x) for x in e.layers],
        }
        for e in entries
    ]
    configs = b"".join(saved.file(saved.blob(e.config_digest), e.config.encode()) for e in entries)
    return configs + saved.file("manifest.json", json.dumps(described).encode()) + saved.END
