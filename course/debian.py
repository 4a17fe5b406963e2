"""Packages from this machine's own Debian or Ubuntu sources; knows nothing of what they are for."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from course import places
from course.errors import CourseError

LOCK_SECONDS = 120


class PackageError(CourseError):
    """Packages could not be had from this machine's apt sources."""


def release() -> dict[str, str]:
    """What /etc/os-release says, empty where there is none."""
    file = Path("/etc/os-release")
    lines = file.read_text().splitlines() if file.exists() else []
    pairs = (line.split("=", 1) for line in lines if "=" in line)
    return {key: value.strip().strip('"') for key, value in pairs}


def is_debian() -> bool:
    """Whether apt is how this machine gets packages."""
    return shutil.which("apt-get") is not None and shutil.which("dpkg") is not None


def architecture() -> str:
    """Debian's word for this machine's processor, such as amd64 or arm64."""
    return subprocess.run(
        ["dpkg", "--print-architecture"], text=True, capture_output=True, check=True
    ).stdout.strip()


def setting(name: str) -> str:
    """What this machine's apt has for *name* (such as Acquire::http::Proxy), empty where nothing is set."""
    command = ["apt-config", "shell", "value", name]
    line = subprocess.run(command, text=True, capture_output=True, check=True).stdout.strip()
    return line.removeprefix("value=").strip("'")


def debian_source(archive: str = "debian") -> tuple[str, Path]:
    """The address and the keyring of this machine's own Debian *archive*, read from its apt sources.

    *archive* is how the address ends: "debian", or "debian-security" for its security updates.
    """
    files = [
        *sorted(Path("/etc/apt/sources.list.d").glob("*.sources")),
        *sorted(Path("/etc/apt").rglob("*.list")),
    ]
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    for file in files:
        text = re.sub(r"^\s*#.*\n", "", file.read_text(), flags=re.MULTILINE)
        for stanza in re.split(r"\n\s*\n", text):
            address = re.search(
                rf"(?:^URIs:\s*|^deb\s+(?:\[[^]]*\]\s*)?)(\S+/{archive})/?(?:\s|$)", stanza, re.MULTILINE
            )
            if address:
                signed = re.search(r"[Ss]igned-[Bb]y[:=]\s*(/[^]\s]+)", stanza)
                return address[1], Path(signed[1]) if signed else keyring
    raise PackageError(
        f"No address that ends in /{archive} is named in /etc/apt/sources.list or /etc/apt/sources.list.d.",
        "add this site's Debian mirror to apt's sources, then run the same command again",
    )


def missing(programs: Sequence[str]) -> list[str]:
    """Those of *programs* that are not on the PATH of an administrator."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return [program for program in programs if shutil.which(program, path=path) is None]


def install(packages: Sequence[str], *, release: str | None = None, newer: Sequence[str] = ()) -> None:
    """Install *packages*; those in *newer* may come from Debian *release* instead of the machine's own.

    The extra release is known to this one call only: no source is left behind in /etc/apt.
    """
    if os.geteuid() != 0:
        raise PackageError(
            f"These packages are missing and only root can install them: {' '.join(packages)}.",
            f"sudo apt-get install {' '.join(packages)}",
        )
    with _apt_lock(), _apt_options(release, newer) as options:
        _apt(*options, "update")
        _apt(*options, "install", "--yes", "--no-install-recommends", *packages)


def download(package: str, into: Path) -> Path:
    """Fetch *package* and unpack its files under *into*, without installing it or starting anything."""
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            _apt("update")
        _apt("download", package, cwd=Path(folder))
        archive = next(Path(folder).glob("*.deb"))
        _run(["dpkg-deb", "--extract", str(archive), str(into)])
    return into


@contextmanager
def _apt_lock() -> Iterator[None]:
    """One apt call of ours at a time; apt's own lock does not cover its lists."""
    with (places.state() / "apt.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _apt_options(release: str | None, newer: Sequence[str]) -> Iterator[list[str]]:
    """Options that show apt one more release, pinned so that only *newer* may come from it."""
    if release is None:
        yield []
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree("/etc/apt", folder / "apt", dirs_exist_ok=True)
        address, keyring = debian_source()
        (folder / "apt/sources.list.d/containers-course.sources").write_text(
            f"Types: deb\nURIs: {address}\nSuites: {release}\nComponents: main\nSigned-By: {keyring}\n"
        )
        (folder / "apt/preferences.d/containers-course").write_text(
            f"Package: *\nPin: release n={release}\nPin-Priority: 50\n\n"
            f"Package: {' '.join(newer)}\nPin: release n={release}\nPin-Priority: 600\n"
        )
        (folder / "lists/partial").mkdir(parents=True)
        # apt drops its rights while it downloads, so its own user must be able to read the copies.
        folder.chmod(0o755)
        yield [
            "-o", f"Dir::Etc::SourceParts={folder}/apt/sources.list.d",
            "-o", f"Dir::Etc::PreferencesParts={folder}/apt/preferences.d",
            "-o", f"Dir::State::Lists={folder}/lists",
            "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=",
        ]  # fmt: skip


def _apt(*arguments: str, cwd: Path | None = None) -> None:
    _run(["apt-get", "-qq", "-o", f"DPkg::Lock::Timeout={LOCK_SECONDS}", *arguments], cwd=cwd)


def _run(command: list[str], cwd: Path | None = None) -> None:
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    done = subprocess.run(
        command, cwd=cwd, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        last = "\n  ".join(done.stdout.strip().splitlines()[-5:])
        raise PackageError(
            f"`{' '.join(command)}` failed with exit code {done.returncode}:\n  {last}",
            "see what the last line names (network, disk, another apt), then run the same command again",
        )
