"""What the course takes from npm for itself, as web/package-lock.json says: a folder of packages."""

from __future__ import annotations

import tarfile
from pathlib import Path

from course import places
from course.kit import cache, npm
from course.kit.fetch import AGAIN, Say, npm_here, short


def modules(say: Say = print) -> Path:
    """The folder node_modules, unpacked once for each state of the lock; no package runs a script.

    Raises `course.kit.child.ChildError` with npm's last lines.
    """
    folder, lock = places.ROOT / "web", places.ROOT / "web" / npm.LOCK
    name = f"web-{short(lock.read_text(encoding='utf-8'), *npm.UNREAD)}"

    def make(part: Path) -> None:
        say("getting the packages of web/ from npm")
        npm.modules(folder, npm_here(places.ROOT / "images" / "web", say), part, again=AGAIN)

    archive = cache.kept(f"npm-{name}.tar", make)

    def unpack(place: Path) -> None:
        with tarfile.open(archive) as tar:
            tar.extractall(place, filter="tar")

    return cache.kept_folder(name, unpack) / "node_modules"
