"""Who holds a name or a port that a chapter needs, and the one cure; removes nothing."""

from __future__ import annotations

import errno
import platform
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from course.ledger.needs import Needs
from course.ledger.snapshot import Port, Snapshot, snapshot
from course.ledger.things import Thing

if TYPE_CHECKING:
    import docker

ADDRESSES = (
    "127.0.0.1",
    "0.0.0.0",
)  # systems differ in which of the two collides with a listener on the other


@dataclass(frozen=True)
class Held:
    """Something the chapter needs that another holds: *what* it is, *holder* who has it, and the *cure*."""

    what: str
    holder: str
    cure: str

    def __str__(self) -> str:
        return f"{self.what} is held by {self.holder}. Cure: {self.cure}"


def held(
    needs: Needs, client: docker.DockerClient, left: Mapping[Thing, str] = MappingProxyType({})
) -> tuple[Held, ...]:
    """All that the chapter *needs* and something else has now; empty when nothing is in its way.

    *left* says which things another chapter left (`Recorder.left_by_others`): those have a cure of their own.
    """
    now = snapshot(client)
    names = (
        *_containers(needs, now), *_networks(needs, now), *_volumes(needs, now), *_contexts(needs, now),
    )  # fmt: skip
    return (*(_of_chapter(found, thing, left) for thing, found in names), *_ports(needs, now))


def _of_chapter(found: Held, thing: Thing, left: Mapping[Thing, str]) -> Held:
    if thing not in left:
        return found
    return Held(found.what, f"chapter {left[thing]}", f"python -m course clean {left[thing]}")


def _containers(needs: Needs, now: Snapshot) -> Iterator[tuple[Thing, Held]]:
    for item in sorted(now.containers, key=lambda found: found.name):
        if item.name in needs.containers:
            holder = f"a container of yours ({item.image}, {item.state})"
            cure = f"docker rename {item.name} {item.name}-mine"
            yield (
                Thing("container", item.id, item.name),
                Held(f"the container name {item.name}", holder, cure),
            )


def _networks(needs: Needs, now: Snapshot) -> Iterator[tuple[Thing, Held]]:
    for item in sorted(now.networks, key=lambda found: found.name):
        if item.name in needs.networks:
            what, cure = f"the network name {item.name}", f"docker network rm {item.name}"
            yield Thing("network", item.id, item.name), Held(what, "a network of yours", cure)


def _volumes(needs: Needs, now: Snapshot) -> Iterator[tuple[Thing, Held]]:
    for item in sorted(now.volumes, key=lambda found: found.name):
        if item.name in needs.volumes:
            holder = "a volume of yours, whose data the chapter would change"
            cure = f"docker volume rm {item.name}   (this deletes its data)"
            yield Thing("volume", item.name, item.name), Held(f"the volume name {item.name}", holder, cure)


def _contexts(needs: Needs, now: Snapshot) -> Iterator[tuple[Thing, Held]]:
    for item in sorted(now.contexts, key=lambda found: found.name):
        if item.name in needs.contexts:
            what = f"the context name {item.name}"
            cure = f"docker context rm {item.name}   (this deletes the address and its keys)"
            yield Thing("context", str(item.written), item.name), Held(what, "a context of yours", cure)


def _ports(needs: Needs, now: Snapshot) -> Iterator[Held]:
    for port in sorted(needs.ports):
        what = f"port {port.number}" + ("" if port.protocol == "tcp" else f"/{port.protocol}")
        holder = next((found for found in now.containers if port in found.ports), None)
        if holder is not None:
            yield Held(what, f"the container {holder.name}", f"docker stop {holder.name}")
        elif is_taken(port):
            yield Held(what, "a process on this machine", f"{_who(port)}   (names it; end that process)")


def is_taken(port: Port) -> bool:
    """Whether something on this machine listens on *port*, be it on one address or on all."""
    return any(_collides(address, port) for address in ADDRESSES)


def _collides(address: str, port: Port) -> bool:
    kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}.get(port.protocol)
    if kind is None:
        return False
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:  # or connections that ended a moment ago would count
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port.number))
        except OSError as error:  # EACCES: a port below 1024 that we may not try, but the engine may
            return error.errno == errno.EADDRINUSE
    return False


def _who(port: Port) -> str:
    if platform.system() == "Linux":
        return f"ss -ln{port.protocol[0]}p 'sport = :{port.number}'"
    return f"lsof -nP -i{port.protocol.upper()}:{port.number}"
