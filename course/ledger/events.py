"""What the engine tells, events and lists of images, into a journal; knows nothing of whose doing it is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from course.ledger.clock import EngineClock, engine_errors, moment
from course.ledger.journal import Entry, Journal
from course.ledger.snapshot import containers, images

if TYPE_CHECKING:
    import docker

Event = Mapping[str, Any]

# Only what says that something came to be. Health checks alone would fill a journal otherwise.
FILTERS = {
    "type": ["container", "network", "volume", "image"],
    "event": ["create", "mount", "tag", "pull", "load", "import"],
}


def live(client: docker.DockerClient, since: int) -> Iterator[Event]:
    """Events from *since* (engine's ns) on, for ever."""
    return _listen(client, since=moment(since))


def up_to(client: docker.DockerClient, since: int, until: int) -> Iterator[Event]:
    """Events between two moments (engine's ns), and an end: a moment to come is waited for.

    The engine remembers only its last 256 events, so this adds to what was followed live, not more.
    """
    return _listen(client, since=moment(since), until=moment(until))


def _listen(client: docker.DockerClient, **span: str) -> Iterator[Event]:
    # The SDK declares whole seconds, and hands a text with nanoseconds on unchanged.
    ask: Callable[..., Iterator[Event]] = client.api.events
    yield from ask(filters=FILTERS, decode=True, **span)


def note(journal: Journal, event: Event) -> None:
    """Write *event* into the *journal*; a second time does no harm."""
    actor = event["Actor"]
    journal.append(
        "event", event["timeNano"], type=event["Type"], action=event["Action"], id=actor["ID"],
        attributes=actor.get("Attributes") or {},
    )  # fmt: skip


def last(entries: Iterable[Entry]) -> int:
    """When the newest event that the journal holds happened, else when the journal began; engine's ns."""
    return max((entry.at for entry in entries if entry.kind in {"start", "event"}), default=0)


def catch_up(journal: Journal, client: docker.DockerClient, until: int) -> None:
    """Add to the *journal* the events that it may lack, up to *until* (engine's ns)."""
    since = last(journal.read())
    if since:
        for event in up_to(client, since, until):
            note(journal, event)


def note_volumes(journal: Journal, client: docker.DockerClient, clock: EngineClock, of: str = "") -> None:
    """Write which containers (*of*: only this one's ID) mount which volumes into the *journal*.

    An anonymous volume can't be traced once its container is gone.
    """
    with contextlib.suppress(*engine_errors()):
        found = containers(client, of)
        mounts = {each.id: sorted(each.volumes) for each in found if each.volumes}
        if mounts:
            journal.append("volumes", clock.latest(), containers=mounts)


def note_images(journal: Journal, client: docker.DockerClient, clock: EngineClock) -> None:
    """Write the list of images into the *journal*, with the times before and after the engine gave it.

    Where the engine doesn't answer nothing is written: a cell runs all the same.
    """
    with contextlib.suppress(*engine_errors()):
        asked = clock.earliest()
        found = {image.id: image.references for image in images(client)}
        journal.append("images", clock.latest(), asked=asked, images=found)
