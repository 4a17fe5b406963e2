"""Serve the kit's images as a registry mirror, to the course's own engine or to a room; gets no images."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Iterable
from pathlib import Path

from course import debian, engine, places
from course.engine import daemon
from course.errors import CourseError
from course.kit import room
from course.kit.hub import Hub
from course.kit.make_archive import holds_ca
from course.kit.manifest import load
from course.kit.mirror_fill import Filled, fill
from course.kit.progress import Say
from course.kit.registryd import Running, Service

OWN_PORT = 5039  # away from 5000 and 5001, where chapters and people put registries of their own
ROOM_PORT = 5000


class MirrorError(CourseError):
    """The mirror can't serve, and why."""


def home() -> Path:
    """The folder of the mirror's images, settings and logs."""
    as_root = os.geteuid() == 0 and not os.environ.get("COURSE_STATE")
    return daemon.HOME / "mirror" if as_root else places.state() / "mirror"


def own() -> Service:
    """The mirror on loopback, which the course's own engine asks first; the only one that is written to."""
    return Service(home(), "own")


def for_room() -> Service:
    """The mirror that other machines ask; nobody can write to it."""
    return Service(home(), "room")


def for_engine(tags: Iterable[str] | None = None, *, say: Say = print) -> str | None:
    """Make plain `docker pull` of *tags* (default: the kit) work without the Hub; gives the mirror's address.

    Only on an engine that the course started, and only where Docker Hub can't be reached: else None. What the
    engine doesn't have yet can't be served; call it again when more has come, which costs nothing else.
    """
    if not engine.find().started_by_course or daemon.pid() is None or Hub().verdict().reachable:
        return None
    running = start()
    daemon.set_mirrors([f"http://{running.address}"])
    refill(tags, say=say)
    return running.address


def start() -> Running:
    """Start the mirror on loopback, or find it running."""
    service = own()
    if service.running() is None:
        service.collect_garbage()
    return service.start("127.0.0.1", OWN_PORT)


def refill(tags: Iterable[str] | None = None, *, say: Say = print) -> Filled:
    """Have the running mirror hold those of *tags* (default: the kit) that the engine has."""
    running = own().running()
    if running is None:
        raise MirrorError("The mirror doesn't run.", "make lab")
    wanted = tags if tags is not None else [image.tag for image in load().images]
    return fill(wanted, own().store, running.address, say)


def serve_room(tags: Iterable[str], *, say: Say = print, port: int = ROOM_PORT) -> str:
    """Serve *tags* to a room until `make stop`; gives the address, and says what each learner has to set.

    Refuses while one of them holds a CA of this site.
    """
    wanted = list(tags)
    if platform.system() == "Linux" and debian.is_debian():
        running = _serve_by_process(wanted, port, say)
    else:
        running = _serve_by_container(wanted, port, say)
    address = f"{this_machine()}:{running.address.rsplit(':', 1)[1]}"
    for line in lines_for_learners(address):
        say(line)
    return address


def _serve_by_container(tags: list[str], port: int, say: Say) -> Running:
    store = home() / "room"
    return room.serve(port, store, lambda address: _refuse(fill(tags, store, address, say), tags))


def _serve_by_process(tags: list[str], port: int, say: Say) -> Running:
    alone = own().running() is None
    start()
    try:
        _refuse(refill(tags, say=say), tags)
        return for_room().start("0.0.0.0", port, read_only=True)
    finally:
        if alone:
            own().stop()


def _refuse(filled: Filled, tags: Iterable[str]) -> None:
    for tag in tags:
        why = filled.images.get(tag, ("", ""))[1]
        if why:
            for_room().stop()
            raise holds_ca(tag, why)


def lines_for_learners(address: str) -> list[str]:
    """The two ways in which a learner's machine gets images from a room's mirror."""
    return [
        f"The room's mirror serves at {address} until `make stop`. Each learner does one of these:",
        f"  COURSE_MIRROR={address} make lab",
        f'  or, for plain `docker pull` too, in Docker\'s daemon.json:  "registry-mirrors": ["http://{address}"]',
    ]


def this_machine() -> str:
    """The address under which others in the room reach this machine (no packet is sent to find it)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address set aside for documentation
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def status() -> list[Running]:
    """The mirrors that run on this machine."""
    found = [own().running(), for_room().running(), room.running()]
    return [running for running in found if running]


def stop() -> bool:
    """End every mirror that the course started; True where there was one."""
    ended = [own().stop(), for_room().stop(), room.stop()]
    return any(ended)
