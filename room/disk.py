"""A learner's disk: a file with a size that can't be exceeded, which holds home and engine and is kept."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from course import kit, places
from course.grade import disks, engines, private
from room import state

GIB = 8
# What of the course a learner gets: no solutions, no tests.
GIVEN = ("notebooks", "labs", "course", "images", "demo", "docs", "README.md", "LICENSE")
FOLDER = "containers-course"


def file(name: str) -> Path:
    """The disk of learner *name*."""
    return state.home() / "learners" / f"{name}.ext4"


def folder(name: str) -> Path:
    """Where it is mounted while the room is open."""
    return state.home() / "learners" / name


def images(chapters: Iterable[str]) -> tuple[str, ...]:
    """The images that a learner's engine has from the start; any other comes from the room's mirror."""
    return tuple(sorted({image.tag for slug in chapters for image in kit.for_chapter(slug)}))


def ready(name: str, tags: tuple[str, ...]) -> None:
    """Make the disk of learner *name* where there is none yet."""
    place = folder(name)
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o711)
    if not file(name).exists():
        _make(name, tags)


def opened(name: str) -> Path:
    """The mounted disk of learner *name*."""
    place = folder(name)
    if place.is_mount():
        return place
    # It was unmounted, or a machine went down: the latter leaves work for e2fsck. 1 and 2 say that it did it.
    checked = subprocess.run(["e2fsck", "-p", file(name)], capture_output=True, text=True)
    if checked.returncode > 2:
        raise disks.DiskError(
            f"The disk of {name} is damaged: {checked.stdout.strip()}", f"e2fsck {file(name)}"
        )
    disks.mount(file(name), place)
    return place


def _make(name: str, tags: tuple[str, ...]) -> None:
    part, place = file(name).with_suffix(".part"), folder(name)
    disks.copy(private.with_images(tags), part)
    os.truncate(part, GIB << 30)
    disks.run("e2fsck", "-fp", part)
    disks.run("resize2fs", part)
    disks.mount(part, place)
    try:
        os.chown(place, engines.ENGINE_USER, engines.ENGINE_USER)
        lay_out(place / "home")
    finally:
        disks.unmount(place)
    part.replace(file(name))


def lay_out(home: Path) -> None:
    """Put the course into a learner's new *home*, as the learner's own."""
    home.mkdir(exist_ok=True)
    skipped = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in GIVEN:
        source, target = places.ROOT / name, home / FOLDER / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=skipped, symlinks=False)
        else:
            shutil.copy(source, target)
    for each in (home, *home.rglob("*")):
        os.chown(each, engines.LEARNER_USER, engines.LEARNER_USER)


def close_all() -> None:
    """Unmount every learner's disk."""
    for place in (state.home() / "learners").glob("*/"):
        if place.is_mount():
            disks.unmount(place)


def clear() -> int:
    """Remove every learner's disk; gives how many there were."""
    files = list((state.home() / "learners").glob("*.ext4"))
    for each in files:
        each.unlink()
    return len(files)
