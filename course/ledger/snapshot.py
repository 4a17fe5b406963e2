"""What is on an engine and in its client's contexts at one moment, to compare; knows nothing of chapters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from course.engine import contexts
from course.ledger.clock import nanoseconds

if TYPE_CHECKING:
    import docker

Labels = Mapping[str, str]


@dataclass(frozen=True, order=True)
class Port:
    """A port of the host: number and tcp, udp or sctp."""

    number: int
    protocol: str = "tcp"


@dataclass(frozen=True)
class Container:
    """A container; *volumes* are the names of those it mounts, *ports* those it publishes on the host."""

    id: str
    name: str
    image: str
    state: str
    labels: Labels = field(compare=False)
    volumes: frozenset[str] = field(compare=False)
    ports: frozenset[Port] = field(compare=False)


@dataclass(frozen=True)
class Network:
    """A network."""

    id: str
    name: str
    labels: Labels = field(compare=False)


@dataclass(frozen=True)
class Volume:
    """A volume; *created* in the engine's ns, to the second."""

    name: str
    labels: Labels = field(compare=False)
    created: int = field(compare=False)


@dataclass(frozen=True)
class Image:
    """An image: its ID and the references that point to it, none when it dangles."""

    id: str
    references: tuple[str, ...]


@dataclass(frozen=True)
class Context:
    """A context of the docker CLI, when it was *written* (this machine's ns), and whether it is current."""

    name: str
    written: int
    current: bool


@dataclass(frozen=True)
class Snapshot:
    """Everything on an engine, or in its client's settings, that a chapter could add, change or remove."""

    containers: frozenset[Container]
    networks: frozenset[Network]
    volumes: frozenset[Volume]
    images: frozenset[Image]
    contexts: frozenset[Context] = frozenset()


def snapshot(client: docker.DockerClient) -> Snapshot:
    """What is on the engine now; four requests, about 10 ms."""
    return Snapshot(
        containers(client),
        frozenset(Network(item["Id"], item["Name"], item["Labels"] or {}) for item in client.api.networks()),
        frozenset(_volume(item) for item in client.api.volumes()["Volumes"] or ()),
        images(client),
        frozenset(Context(name, at, name == contexts.chosen()) for name, at in contexts.written().items()),
    )


def containers(client: docker.DockerClient, id_: str = "") -> frozenset[Container]:
    """The containers on the engine now, or the one with this ID; one request, about 3 ms."""
    only = {"id": id_} if id_ else {}
    return frozenset(_container(item) for item in client.api.containers(all=True, filters=only))


def _container(item: Mapping[str, Any]) -> Container:
    ports = (Port(port["PublicPort"], port["Type"]) for port in item["Ports"] or () if port.get("PublicPort"))
    # A container that others link to has their names for it too; its own has no second slash.
    names = [name[1:] for name in item["Names"] or () if "/" not in name[1:]]
    return Container(
        item["Id"], names[0] if names else item["Id"][:12], item["Image"], item["State"],
        item["Labels"] or {}, frozenset(_volumes_of(item)), frozenset(ports),
    )  # fmt: skip


def _volumes_of(item: Mapping[str, Any]) -> Iterator[str]:
    return (mount["Name"] for mount in item["Mounts"] if mount["Type"] == "volume")


def _volume(item: Mapping[str, Any]) -> Volume:
    created = item.get("CreatedAt")
    return Volume(item["Name"], item["Labels"] or {}, nanoseconds(created) if created else 0)


def images(client: docker.DockerClient) -> frozenset[Image]:
    """The images on the engine now; one request, about 3 ms."""
    return frozenset(
        Image(item["Id"], _references(item.get("RepoTags") or (), item.get("RepoDigests") or ()))
        for item in client.api.images()
    )


def _references(tags: Iterable[str], digests: Iterable[str]) -> tuple[str, ...]:
    """Tags, and digests of repositories that have no tag here: a digest comes and goes with its tag."""
    tagged = [familiar(tag) for tag in tags if "<none>" not in tag]
    repositories = {tag.rpartition(":")[0] for tag in tagged}
    bare = [familiar(digest) for digest in digests if "<none>" not in digest]
    return tuple(sorted(tagged + [name for name in bare if name.partition("@")[0] not in repositories]))


def familiar(reference: str) -> str:
    """A reference as people write it: without Docker Hub's own host and `library/`."""
    for start in ("docker.io/library/", "docker.io/"):
        if reference.startswith(start):
            return reference.removeprefix(start)
    return reference


def diff(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """What differs, one readable line each; empty when the engine is as it was."""
    return (
        *_changes("container", _containers(before), _containers(after)),
        *_changes("network", {item.id: item.name for item in before.networks},
                  {item.id: item.name for item in after.networks}),
        *_changes("volume", {item.name: item.name for item in before.volumes},
                  {item.name: item.name for item in after.volumes}),
        *_changes("image", _images(before), _images(after)),
        *_changes("context", _contexts(before), _contexts(after)),
    )  # fmt: skip


def _containers(state: Snapshot) -> Mapping[str, str]:
    return {item.id: f"{item.name} ({item.image}, {item.state})" for item in state.containers}


def _images(state: Snapshot) -> Mapping[str, str]:
    return {item.id: ", ".join(item.references) or f"<none> {item.id[:19]}" for item in state.images}


def _contexts(state: Snapshot) -> Mapping[str, str]:
    return {item.name: f"{item.name}{' (current)' * item.current}" for item in state.contexts}


def _changes(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys(), key=lambda key: (after.get(key) or before[key], key)):
        if key not in after:
            yield f"{kind} {before[key]}: gone"
        elif key not in before:
            yield f"{kind} {after[key]}: new"
        elif before[key] != after[key]:
            yield f"{kind} {before[key]}: now {after[key]}"
