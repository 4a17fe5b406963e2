"""A room's mirror as a container, for systems where no docker-registry program can be had."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course import engine
from course.engine.daemon import until
from course.errors import CourseError
from course.kit.registry import Registry, RegistryError
from course.kit.registryd import Running

IMAGE = "registry:2"
NAME = "course-mirror"
START_SECONDS = 15.0


class RoomError(CourseError):
    """The container that serves the room did not come up."""


def serve(port: int, store: Path, filling: Callable[[str], object]) -> Running:
    """Start a registry on loopback, let *filling* (told its address) fill it, then serve it read-only to all.

    *store* holds the record of what was filled in; the images are in volume course-mirror.
    """
    stop()
    if not _volume_exists():
        shutil.rmtree(store, ignore_errors=True)  # a record without its images
    try:
        _run("127.0.0.1", port, read_only=False)
        filling(f"127.0.0.1:{port}")
    finally:
        stop()
    return _run("0.0.0.0", port, read_only=True)


def running() -> Running | None:
    """The container that serves, None where none does or no engine answers."""
    container = _container()
    if container is None or container.status != "running":
        return None
    host = container.ports["5000/tcp"][0]
    return Running(f"{host['HostIp']}:{host['HostPort']}", int(container.attrs["State"]["Pid"]))


def stop() -> bool:
    """Remove the container and keep its volume; True where there was one."""
    container = _container()
    if container is not None:
        container.remove(force=True)
    return container is not None


def _run(host: str, port: int, *, read_only: bool) -> Running:
    import docker.errors

    setting = {"REGISTRY_STORAGE_MAINTENANCE_READONLY": "{enabled: true}"} if read_only else {}
    try:
        engine.client().containers.run(
            IMAGE, name=NAME, detach=True, labels={NAME: "1"}, environment=setting,
            ports={"5000/tcp": (host, port)}, volumes={NAME: {"bind": "/var/lib/registry", "mode": "rw"}},
        )  # fmt: skip
        answered = until(lambda: _answers(port), START_SECONDS)
    except docker.errors.APIError as error:
        stop()
        raise RoomError(
            f"The mirror's container did not start: {error.explanation}", "cure that, run again"
        ) from None
    found = running()
    if not answered or found is None:
        log = _container().logs(tail=4).decode(errors="replace")
        stop()
        raise RoomError(
            f"The mirror's container did not answer within {START_SECONDS:.0f} s:\n{log}", "run it again"
        )
    return found


def _container() -> Any:
    """Our container, None where there is none; never another that happens to have the name."""
    import docker.errors

    try:
        found = engine.client().containers.get(NAME)
    except (docker.errors.DockerException, CourseError):
        return None
    return found if NAME in found.labels else None


def _volume_exists() -> bool:
    return any(volume.name == NAME for volume in engine.client().volumes.list(filters={"name": NAME}))


def _answers(port: int) -> bool:
    try:
        Registry(f"127.0.0.1:{port}").ping()
    except RegistryError:
        return False
    return True
