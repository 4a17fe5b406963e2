"""Remove things by their exact IDs, from engine or contexts; knows nothing of whose they are."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course.engine import contexts
from course.ledger.things import Thing

if TYPE_CHECKING:
    import docker

ORDER = ("container", "network", "volume", "image", "context")  # each may hold those after it
REMOVAL_SECONDS = 20


@dataclass(frozen=True)
class Kept:
    """A thing that could not be removed, and the engine's reason."""

    thing: Thing
    why: str


@dataclass(frozen=True)
class Outcome:
    """What was removed, and what had to stay."""

    removed: tuple[Thing, ...]
    kept: tuple[Kept, ...]


def command(thing: Thing) -> str:
    """The docker command that a person would type to remove *thing*."""
    name = thing.name or thing.id.removeprefix("sha256:")[:12]
    verbs = {"container": "rm -fv", "network": "network rm", "volume": "volume rm", "image": "rmi"}
    return f"docker {verbs.get(thing.kind, 'context rm -f')} {name}"


def remove(things: Iterable[Thing], client: docker.DockerClient, say: Callable[[str], object]) -> Outcome:
    """Remove *things*, and *say* each command; what is gone already is passed over in silence.

    Only containers are forced. What something else still uses stays, and the outcome says why.
    """
    waiting = sorted(things, key=lambda thing: ORDER.index(thing.kind))
    removed: list[Thing] = []
    while True:
        kept = [found for thing in waiting if (found := _attempt(thing, client, say, removed))]
        if not kept or len(kept) == len(waiting):  # no progress: what is left holds for another reason
            return Outcome(tuple(removed), tuple(kept))
        waiting = [found.thing for found in kept]


def _attempt(
    thing: Thing, client: docker.DockerClient, say: Callable[[str], object], removed: list[Thing]
) -> Kept | None:
    from docker.errors import APIError, NotFound

    if thing.kind == "context":
        return _attempt_context(thing, say, removed)
    try:
        _remove(thing, client)
    except NotFound:
        return None
    except APIError as error:
        return Kept(thing, str(error.explanation or error))
    removed.append(thing)
    say(command(thing))
    return None


def _attempt_context(thing: Thing, say: Callable[[str], object], removed: list[Thing]) -> Kept | None:
    """By the docker CLI, which alone knows all its files; one that was written anew is another."""
    if str(contexts.written().get(thing.name)) != thing.id:
        return None
    done = subprocess.run(command(thing).split(), check=False, capture_output=True, text=True)
    if done.returncode:
        return Kept(thing, done.stderr.strip())
    removed.append(thing)
    say(command(thing))
    return None


def _remove(thing: Thing, client: docker.DockerClient) -> None:
    if thing.kind == "container":
        remove_container(thing.id, client)
    elif thing.kind == "network":
        client.api.remove_network(thing.id)
    elif thing.kind == "volume":
        client.api.remove_volume(thing.id)
    else:
        client.api.remove_image(thing.name or thing.id)


def remove_container(id_: str, client: docker.DockerClient) -> None:
    """With its anonymous volumes, as `docker rm -fv`; one that is going by itself (`--rm`) is waited for."""
    from docker.errors import APIError, NotFound

    try:
        client.api.remove_container(id_, v=True, force=True)
    except NotFound:
        raise
    except APIError as error:
        if "already in progress" not in str(error.explanation):
            raise
        client.api.wait(id_, timeout=REMOVAL_SECONDS, condition="removed")
