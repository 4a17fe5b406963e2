"""Build one image of the kit from its recipe, wholly or not at all; knows nothing of the other sources."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from course import debian, engine
from course.errors import CourseError
from course.kit import cache, child, fetch
from course.kit.manifest import Image, base_tags

RECIPE_LABEL = "course.recipe"
COMPILED = "__pycache__"  # what running a recipe's Python here leaves in it
STAND_IN_LABEL = "course.stand-in"
SITE_CA_LABEL = "course.site-ca"
SITE_CA_STAGE = "with-site-ca"
STEP = re.compile(r"#\d+ \[(?:\S+ +)?(\d+/\d+)\] (\w+)")


class RecipeError(CourseError):
    """An image can't be built here."""


@dataclass(frozen=True)
class Built:
    """What a build took and gave."""

    seconds: float
    bytes: int


def build(image: Image, *, site_ca: Path | None = None, progress: Callable[[str], None]) -> Built:
    """Fetch what the recipe names and build it; the tag appears, or moves, only when the build is whole.

    *site_ca* is a PEM file with the CA of a site that re-signs TLS: the base then trusts it, and a label says
    so. *progress* is told in a few words what is being done.
    """
    started = time.monotonic()
    recipe = check(image, site_ca)
    before = _image_id(image.tag)
    with cache.workspace() as folder:
        context = folder / "context"
        shutil.copytree(recipe, context, ignore=shutil.ignore_patterns(COMPILED))
        fetch.bring(recipe, context, certificates=site_ca is not None, say=progress)
        if site_ca:
            shutil.copyfile(site_ca, context / "site-ca.crt")
        _docker_build(image, recipe, context, site_ca, progress)
    _drop_replaced(before, image.tag)
    size = engine.client().images.get(image.tag).attrs["Size"]
    return Built(time.monotonic() - started, size)


def digest(recipe: Path, site_ca: Path | None = None, under: Iterable[Path] = ()) -> str:
    """What label course.recipe holds: a sha256 of *recipe*'s files (names and content) and of the site's CA.

    Also of the recipes *under* it (see `Image`). Not of their rights: some file systems (Windows' under WSL)
    can't keep them.
    """
    whole = hashlib.sha256(fingerprint(site_ca).encode())
    for other in under:
        whole.update(f"\n{other.name} {digest(other)}".encode())
    files = (path for path in recipe.rglob("*") if path.is_file() and COMPILED not in path.parts)
    for file in sorted(files):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        whole.update(f"\n{file.relative_to(recipe).as_posix()} {content}".encode())
    return whole.hexdigest()


def fingerprint(site_ca: Path | None) -> str:
    """The sha256 of a CA's PEM file, as label course.site-ca holds it; empty for none."""
    return hashlib.sha256(site_ca.read_bytes()).hexdigest() if site_ca else ""


def check(image: Image, site_ca: Path | None = None) -> Path:
    """The folder of *image*'s recipe when it can be built here; otherwise the one reason why not, raised."""
    if image.recipe is None:
        raise _refused(image, "it has no recipe")
    _check_machine(image)
    if site_ca and b"BEGIN CERTIFICATE" not in site_ca.read_bytes():
        raise RecipeError(
            f"{site_ca} holds no certificate in PEM form.", "name the site's CA as a .crt or .pem file"
        )
    for base in base_tags(image.recipe):
        _check_base(image, base, site_ca)
    return image.recipe


def _check_machine(image: Image) -> None:
    if not debian.is_debian():
        raise _refused(image, "recipes need apt, which this machine does not have")
    if os.geteuid() != 0:
        raise _refused(image, "recipes need root, to unpack a Debian system with its owners")
    try:
        debian.debian_source()
    except debian.PackageError as error:
        raise _refused(image, f"recipes need a Debian mirror. {error.seen}") from error
    theirs, ours = engine.client().version()["Arch"], debian.architecture()
    if theirs != ours:
        raise _refused(image, f"the engine runs on {theirs} and this machine is {ours}")


def _refused(image: Image, reason: str) -> RecipeError:
    return RecipeError(f"{image.tag} can't be built here: {reason.rstrip('.')}.", _elsewhere(image))


def _elsewhere(image: Image) -> str:
    """The sources that remain when a build does not work."""
    hub = f"Docker Hub (docker pull {image.hub}), " if image.hub else ""
    return f"get it from another source: {hub}a kit archive, or the room's mirror"


def _check_base(image: Image, base: str, site_ca: Path | None) -> None:
    """A base must be here, and hold the same CA: none may come in or stay out unseen."""
    import docker.errors

    cure = f"have {base} here first, with the same choice of CA"
    try:
        labels = engine.client().images.get(base).labels
    except docker.errors.ImageNotFound:
        raise RecipeError(
            f"{image.tag} is built from {base}, which this engine does not have.", cure
        ) from None
    if labels.get(SITE_CA_LABEL, "") != fingerprint(site_ca):
        held = "holds a site's CA" if labels.get(SITE_CA_LABEL) else "holds no site's CA"
        raise RecipeError(f"{image.tag} is built from {base}, which {held}, unlike what was asked for.", cure)


def _docker_build(
    image: Image, recipe: Path, context: Path, site_ca: Path | None, progress: Callable[[str], None]
) -> None:
    labels = {STAND_IN_LABEL: image.stand_in, RECIPE_LABEL: digest(recipe, site_ca, image.under)}
    command = ["docker", "build", "--progress", "plain", "--tag", image.tag]
    if site_ca and f"AS {SITE_CA_STAGE}" in (recipe / "Dockerfile").read_text():
        labels[SITE_CA_LABEL] = fingerprint(site_ca)
        command += ["--target", SITE_CA_STAGE]
    for name, value in labels.items():
        command += ["--label", f"{name}={value}"]
    for name, value in fetch.proxy().items():
        command += ["--build-arg", f"{name}={value}"]

    def tell(line: str) -> None:
        if step := STEP.match(line):
            progress(f"step {step[1]}, {step[2]}")

    # No attestations: they would make the image an index that an older engine can't load.
    env = engine.environment() | {"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    child.run([*command, context], next_step=f"{fetch.AGAIN}; or {_elsewhere(image)}", env=env, seen=tell)


def _image_id(tag: str) -> str | None:
    import docker.errors

    try:
        return str(engine.client().images.get(tag).id)
    except docker.errors.ImageNotFound:
        return None


def _drop_replaced(before: str | None, tag: str) -> None:
    """Remove the build that *tag* named before, unless something else still names or uses it."""
    import docker.errors

    if before is None or before == _image_id(tag):
        return
    try:
        old = engine.client().images.get(before)
        if not old.tags and RECIPE_LABEL in old.labels:
            old.remove()
    except docker.errors.APIError:
        return  # a container still uses it, or it went with its tag
