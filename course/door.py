"""An image of the course itself, from .devcontainer/Dockerfile; knows nothing of what is in the course."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from tempfile import NamedTemporaryFile

from course import engine, kit, places
from course.errors import CourseError
from course.kit import site_ca

BASE = "debian:trixie-slim"


class DoorError(CourseError):
    """The image of the course could not be built."""


def command(tag: str, ca: str) -> list[str]:
    """The docker command that builds the image *tag*; *ca* is a file with a site's CA, perhaps empty."""
    return [
        "docker", "build", "--file", str(places.ROOT / ".devcontainer" / "Dockerfile"), "--target", "course",
        "--secret", f"id=ca,src={ca}", "--tag", tag, str(places.ROOT),
    ]  # fmt: skip


def build(tag: str) -> str:
    """Build the image *tag*; says how to start it. Raises DoorError when docker does not build it."""
    kit.ensure([BASE])
    with ExitStack() as stack:
        ca = site_ca.chosen() or stack.enter_context(NamedTemporaryFile()).name
        code = subprocess.run(command(tag, str(ca)), env=engine.environment()).returncode
    if code:
        raise DoorError(
            f"docker build ended with exit code {code}; its last lines above say why.",
            "cure what they name; at a site that re-signs TLS: COURSE_SITE_CA=auto make image",
        )
    start = f"docker run --privileged -p 127.0.0.1:8888:8888 -v course-engine:/var/lib/docker -it {tag}"
    return f"{tag} is built. Start it:\n  {start}"
