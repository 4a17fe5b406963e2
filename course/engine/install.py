"""Docker's programs from the distribution's own packages; starts nothing."""

from __future__ import annotations

from course import debian
from course.errors import CourseError

NEEDED = ("dockerd", "docker", "iptables")
# Debian 12's own docker.io is too old to have Compose v2 and buildx; Debian 13's installs cleanly on it.
# Only these four may come from 13: its runc would drag in a newer C library.
FROM_TRIXIE = ("docker.io", "docker-cli", "docker-compose", "docker-buildx")
UBUNTU = ("docker.io", "docker-compose-v2", "docker-buildx")


class InstallError(CourseError):
    """Docker can't be installed by the course on this machine."""


def install() -> None:
    """Install the engine, its CLI, Compose and buildx from this machine's own apt sources (root only)."""
    facts = debian.release()
    if not debian.is_debian() or facts.get("ID") not in {"debian", "ubuntu"}:
        raise InstallError(
            f"The course can't install Docker on {facts.get('PRETTY_NAME', 'this system')} by itself.",
            "install Docker Engine with Compose and buildx the way this system does it, start it, run again",
        )
    if facts["ID"] == "ubuntu":
        debian.install([*UBUNTU, "iptables"])
    elif facts.get("VERSION_ID") == "12":
        debian.install([*FROM_TRIXIE, "iptables"], release="trixie", newer=FROM_TRIXIE)
    else:
        debian.install([*FROM_TRIXIE, "iptables"])
