"""What an image brings along beside the app: packages and programs, counted in its files; draws nothing."""

from __future__ import annotations

import re
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from course import engine
from course.errors import CourseError

if TYPE_CHECKING:
    import pandas as pd

MB = 1_000_000  # as docker's own columns count
SHELLS = {"sh", "bash", "dash", "ash"}
FOLDERS_OF_PROGRAMS = {"bin", "sbin"}
# Where Debian's and Alpine's package managers keep their lists, and how one package begins in them.
LISTS = {
    "var/lib/dpkg/status": re.compile(r"^Package: ", re.MULTILINE),
    "lib/apk/db/installed": re.compile(r"^P:", re.MULTILINE),
    "usr/lib/apk/db/installed": re.compile(r"^P:", re.MULTILINE),
}


@dataclass
class Contents:
    """What one image holds: *mb* of files, *packages* of system and language, *programs*, maybe a *shell*.

    A program is a file or link in a folder called bin or sbin: what an intruder finds on the search path.
    """

    mb: float = 0.0
    packages: int = 0
    programs: int = 0
    shell: bool = False

    def see(self, entry: tarfile.TarInfo, text: str) -> None:
        """Count one entry of the file system; *text* is what it holds where that matters."""
        path = PurePosixPath(entry.name)
        self.mb += entry.size / MB
        if path.parent.name in FOLDERS_OF_PROGRAMS and not entry.isdir():
            self.programs += 1
            self.shell |= path.name in SHELLS
        if str(path) in LISTS:
            self.packages += len(LISTS[str(path)].findall(text))
        elif is_npm_package(path) or is_python_package(path):
            self.packages += 1


def contents(*tags: str) -> pd.DataFrame:
    """What each image of *tags* holds: one row per image with *mb*, *packages*, *programs*, *shell*.

    Packages are those of Debian or Alpine, of npm and of pip. What was copied in without a package manager is
    in no list, and isn't counted.
    """
    import pandas as pd

    rows = [asdict(_look_into(tag)) for tag in tags]
    return pd.DataFrame(rows, index=list(tags))


def is_npm_package(path: PurePosixPath) -> bool:
    """Whether *path* is the package.json of an installed package, and not one of the package's own parts."""
    if path.name != "package.json" or "node_modules" not in path.parts:
        return False
    below = path.parts[len(path.parts) - path.parts[::-1].index("node_modules") : -1]
    return len(below) == (2 if below and below[0].startswith("@") else 1)


def is_python_package(path: PurePosixPath) -> bool:
    """Whether *path* is the note that pip leaves of a package."""
    return path.name == "METADATA" and path.parent.suffix == ".dist-info"


def _look_into(tag: str) -> Contents:
    found = Contents()
    for entry, text in _files(tag):
        found.see(entry, text)
    return found


def _files(tag: str) -> Iterator[tuple[tarfile.TarInfo, str]]:
    """Each entry of the file system that a container of *tag* would see, with its text if it is a list."""
    from docker.errors import ImageNotFound

    api: Any = engine.client().api
    try:
        # A container that is never started, because an image alone can't be exported as one file system.
        name = api.create_container(tag, command=["none"])["Id"]
    except ImageNotFound:
        raise CourseError(f"There is no image {tag}.", "run the cells above again, from the top") from None
    try:
        with tempfile.TemporaryFile() as whole:
            for chunk in api.export(name):
                whole.write(chunk)
            whole.seek(0)
            with tarfile.open(fileobj=whole) as archive:
                for entry in archive:
                    file = archive.extractfile(entry) if str(PurePosixPath(entry.name)) in LISTS else None
                    yield entry, file.read().decode(errors="replace") if file else ""
    finally:
        api.remove_container(name, v=True)
