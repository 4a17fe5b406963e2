"""Disks for private engines: one prepared with a lab's images, copied for each engine; starts no engine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course import debian
from course.errors import CourseError

DISK_GIB = 4


class DiskError(CourseError):
    """A private engine's disk could not be made or mounted."""


def make(file: Path) -> None:
    """An empty ext4 disk in *file*, sparse; it holds at most 4 GiB, which is a submission's quota."""
    if debian.missing(["mkfs.ext4"]):
        debian.install(["e2fsprogs"])
    with file.open("wb") as disk:
        disk.truncate(DISK_GIB << 30)
    # A disk that is thrown away needs no journal, and no room set aside for root.
    run("mkfs.ext4", "-q", "-O", "^has_journal", "-m", "0", "-E", "lazy_itable_init=1", file)


def copy(prepared: Path, file: Path) -> None:
    """A copy of a prepared disk; only what is written in it takes room and time."""
    run("cp", "--sparse=always", "--reflink=auto", prepared, file)


@contextmanager
def mounted(file: Path, folder: Path) -> Iterator[Path]:
    """The disk *file* at *folder* while the block runs; what is deleted in it is given back to the file."""
    mount(file, folder)
    try:
        yield folder
    finally:
        unmount(folder)


def mount(file: Path, folder: Path) -> None:
    """Mount the disk *file* at *folder* until `unmount`."""
    folder.mkdir(parents=True, exist_ok=True)
    run("mount", "-o", "loop,nodev,discard", file, folder)


def unmount(folder: Path) -> None:
    """Take the disk away from *folder*, even if something still holds it; it goes when that ends."""
    if subprocess.run(["umount", folder], capture_output=True).returncode:
        subprocess.run(["umount", "--lazy", folder], capture_output=True)


def run(*command: str | Path) -> None:
    """Run one command on a disk; a failure is a DiskError in its words."""
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        words = " ".join(map(str, command))
        full = "no space left" in done.stdout.lower()
        cure = "free some disk space (`df -h`)" if full else "private engines need Linux, root, loop devices"
        raise DiskError(f"`{words}` ended with exit code {done.returncode}: {done.stdout.strip()}", cure)
