"""Who holds a name or a port that a chapter needs, and the one cure; removes nothing."""

from __future__ import annotations

import errno
import platform
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course.ledger.needs import Needs
from course.ledger.snapshot import Port, Snapshot, snapshot

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


def held(needs: Needs, client: docker.DockerClient) -> tuple[Held, ...]:
    """All that the chapter *needs* and something else has now; empty when nothing is in its way."""
    now = snapshot(client)
    return (*_containers(needs, now), *_networks(needs, now), *_volumes(needs, now), *_ports(needs, now))


def _containers(needs: Needs, now: Snapshot) -> Iterator[Held]:
    for container in sorted(now.containers, key=lambda found: found.name):
        if container.name in needs.containers:
            yield Held(
                f"the container name {container.name}",
                f"a container of yours ({container.image}, {container.state})",
                f"docker rename {container.name} {container.name}-mine",
            )


def _networks(needs: Needs, now: Snapshot) -> Iterator[Held]:
    for network in sorted(now.networks, key=lambda found: found.name):
        if network.name in needs.networks:
            yield Held(
                f"the network name {network.name}", "a network of yours", f"docker network rm {network.name}"
            )


def _volumes(needs: Needs, now: Snapshot) -> Iterator[Held]:
    for volume in sorted(now.volumes, key=lambda found: found.name):
        if volume.name in needs.volumes:
            yield Held(
                f"the volume name {volume.name}", "a volume of yours, whose data the chapter would change",
                f"docker volume rm {volume.name}   (this deletes its data)",
            )  # fmt: skip


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
