"""A place of its own for each submission: a private engine on a disk that has the lab's images already."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from course import engine, kit, labs
from course.checks import System
from course.errors import CourseError
from course.grade import afresh, disks, engines
from course.grade.judging import Place
from course.kit import cache as kept_files
from course.labs import Lab

if TYPE_CHECKING:
    from docker import DockerClient

KEPT_DAYS = 7


class PrepareError(CourseError):
    """A disk with a lab's images could not be prepared."""


def check_machine() -> None:
    """Refuse early where private engines can't be: they need loop devices and another network's namespace."""
    if not os.path.exists("/proc/self/ns/net") or os.geteuid() != 0:  # noqa: PTH110
        raise engines.PrivateEngineError(
            "Private engines need Linux and root: each has a disk and a network of its own.",
            "grade as root (sudo), or in CI: docs/grading.md; for notebooks that you trust: --shared",
        )


def images(lab: Lab) -> list[str]:
    """The tags of the images that a submission to *lab* finds on its engine."""
    return sorted(labs.images(lab))


def prepared(lab: Lab) -> Path:
    """A disk with *lab*'s images."""
    return with_images(tuple(images(lab)))


@cache
def with_images(tags: tuple[str, ...]) -> Path:
    """A disk with the images *tags*, made once for each state of them and of the grader's own image.

    Labs that need the same images share it: filling one takes from ten seconds to a minute.
    """
    kit.ensure([engines.IMAGE, *tags])
    identities = [str(engine.client().images.get(tag).id) for tag in (engines.IMAGE, *tags)]
    key = hashlib.sha256("\n".join([*tags, *identities]).encode()).hexdigest()[:16]
    return kept_files.kept(f"grader-{key}.ext4", lambda part: _load(part, tags), days=KEPT_DAYS)


def _load(part: Path, tags: Sequence[str]) -> None:
    """Make *part* a disk on which a private engine has loaded *tags*."""
    disks.make(part)
    with (
        engines.workspace() as folder,
        disks.mounted(part, folder / "disk") as disk,
        engines.on_disk(disk, folder) as made,
    ):
        if tags:
            _pour(tags, made.socket)


def _pour(tags: Sequence[str], socket: Path) -> None:
    """Copy images from this machine's engine into the private one."""
    save = subprocess.Popen(
        ["docker", "save", *tags], env=engine.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    load = subprocess.run(
        ["docker", "--host", f"unix://{socket}", "load", "--quiet"], stdin=save.stdout, capture_output=True
    )
    said = save.communicate()[1] + load.stderr
    if save.returncode or load.returncode:
        words = said.decode(errors="replace").strip()
        raise PrepareError(f"{', '.join(tags)} could not be put on a grader's disk: {words}", "df -h")


@contextmanager
def place(lab: Lab, sources: Sequence[str]) -> Iterator[Place]:
    """A private engine with *lab*'s images, and the work folder in it; all gone with the block."""
    with engines.started(prepared(lab)) as made:
        # Asked of this engine, not of the machine's: two kinds of image store number an image differently.
        handed_out = {tag: str(made.docker.images.get(tag).id) for tag in images(lab)}

        def system(folder: Path) -> System:
            made.seal.close()
            put_names_back(made.docker, handed_out)
            return System(
                made.docker, folder, connect=made.connect,
                clean=lambda: afresh.opened(prepared(lab), folder, where),
            )  # fmt: skip

        where = f"labs/{lab.slug}"
        folder, inside = made.disk / where, engines.INSIDE / where
        yield Place(folder, str(inside), made.runner, system, engines.LEARNER_USER, made.abort)


def put_names_back(docker: DockerClient, handed_out: Mapping[str, str]) -> None:
    """Let each tag mean again what was *handed_out*: what a learner made in its place loses the name."""
    from docker.errors import ImageNotFound

    for tag, identity in handed_out.items():
        with contextlib.suppress(ImageNotFound):
            if docker.images.get(tag).id == identity:
                continue
            try:
                docker.images.get(identity).tag(tag)
            except ImageNotFound:
                docker.api.remove_image(tag, force=True, noprune=True)


def sweep() -> None:
    """Remove private engines and disks that a killed grader left: those whose process is gone."""
    for row in engine.client().api.containers(all=True, filters={"label": engines.LABEL}):
        if not kept_files.alive(int(row["Labels"][engines.LABEL])):
            engine.client().api.remove_container(row["Id"], force=True, v=True)
    for folder in Path(tempfile.gettempdir()).glob(f"{engines.FOLDER}*-*"):
        pid = folder.name.removeprefix(engines.FOLDER).partition("-")[0]
        if pid.isdigit() and not kept_files.alive(int(pid)):
            disks.unmount(folder / "disk")
            shutil.rmtree(folder, ignore_errors=True)
