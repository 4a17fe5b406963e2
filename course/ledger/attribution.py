"""Whose doing each thing on the engine is, told from a journal and a snapshot; pure, asks no engine.

A thing is the chapter's only if it was made while a cell ran and that cell names it (`naming` says what
counts). Containers also through their Compose project or, where the engine gave them a random name, through
their image; anonymous volumes through a container of the chapter. All else that was made meanwhile is a
stranger's.

What can't be told apart: a container whose name looks random (two words and an underscore) that something
else made from the same image during a cell that itself runs one without a name; an anonymous volume whose
container was never started and went within the same cell (reported as a stranger's). `images` and
`contexts` say what holds for those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath

from course.ledger import contexts, images
from course.ledger.history import History, history
from course.ledger.journal import Entry
from course.ledger.naming import (
    RANDOM_NAME,
    has_compose,
    is_image_named,
    is_named,
    project_of,
    projects,
    runs_without_name,
)
from course.ledger.snapshot import Labels, Snapshot, Volume
from course.ledger.things import Leftovers, Thing
from course.ledger.windows import GRACE, Window

PROJECT = "com.docker.compose.project"
PROJECT_FOLDER = "com.docker.compose.project.working_dir"
ANONYMOUS = re.compile(r"[0-9a-f]{64}")


def attribute(entries: tuple[Entry, ...], now: Snapshot) -> Leftovers:
    """Sort what is on the engine *now* and was made since the journal began."""
    told = history(entries, now)
    own_ids = frozenset(_own(told, now, entries))
    made = [thing for thing in _things(now) if (thing.kind, thing.id) in told.created.keys() | own_ids]
    ours = tuple(thing for thing in made if (thing.kind, thing.id) in own_ids)
    strangers = tuple(thing for thing in made if (thing.kind, thing.id) not in own_ids)
    mine, others = images.attribute(entries, told.windows, now.images, _own_projects(told))
    own_contexts, other_contexts = contexts.attribute(entries, told.windows, now.contexts)
    return Leftovers(
        (*ours, *mine, *own_contexts), (*strangers, *others, *other_contexts),
        images.missing(images.baseline(entries), now.images),
    )  # fmt: skip


def _things(now: Snapshot) -> list[Thing]:
    """Everything but images and contexts, in one order."""
    return sorted(
        [Thing("container", item.id, item.name) for item in now.containers]
        + [Thing("network", item.id, item.name) for item in now.networks]
        + [Thing("volume", item.name, item.name) for item in now.volumes],
        key=lambda thing: (thing.kind, thing.name),
    )


def _own(told: History, now: Snapshot, entries: Iterable[Entry]) -> Iterator[tuple[str, str]]:
    """Kind and ID of what is the chapter's, images and contexts apart."""
    for kind, id_ in told.created:
        if kind == "container" and is_own_container(told, id_):
            yield kind, id_
    for network in now.networks:
        window = told.window_of("network", network.id)
        if window is not None and (
            is_named(network.name, window.text) or _by_project(told, network.labels, window)
        ):
            yield "network", network.id
    for volume in now.volumes:
        if is_own_volume(told, volume):
            yield "volume", volume.name
    for entry in entries:  # what an earlier run of the chapter made and could not remove
        if entry.kind == "owned":
            thing = Thing(**entry.details["thing"])
            if (thing.kind, thing.id) not in told.created:  # else that says more
                yield thing.kind, thing.id


def is_own_container(told: History, id_: str) -> bool:
    """Whether the chapter made this container, be it still there or not."""
    window = told.window_of("container", id_)
    if window is None:
        return False
    about = told.created["container", id_].details["attributes"]
    if is_named(about["name"], window.text) or _in_project(told, about, window.text):
        return True
    nameless = RANDOM_NAME.fullmatch(about["name"]) is not None and runs_without_name(window.text)
    return nameless and is_image_named(about["image"], window.text)


def is_own_volume(told: History, volume: Volume) -> bool:
    """Whether the chapter made this volume: by name, by Compose project or, if anonymous, by container."""
    window = told.window_of("volume", volume.name)
    # A volume has no ID: one of the same name that was made after the cell is another.
    if window is None or volume.created > window.end + GRACE:
        return False
    if is_named(volume.name, window.text) or _by_project(told, volume.labels, window):
        return True
    users = told.users.get(volume.name, frozenset())
    return ANONYMOUS.fullmatch(volume.name) is not None and any(is_own_container(told, id_) for id_ in users)


def _in_project(told: History, labels: Labels, text: str) -> bool:
    """Whether a container with these labels belongs to a Compose project that the cell *text* runs."""
    if PROJECT not in labels or not has_compose(text):
        return False
    place = PurePath(labels.get(PROJECT_FOLDER, "/"))
    return labels[PROJECT] in projects(text) or any(place.is_relative_to(folder) for folder in told.folders)


def _by_project(told: History, labels: Labels, window: Window) -> bool:
    """Whether a network or volume with these labels is of a Compose project that the cell runs.

    Where no container of the project tells (it never came to that), a word of the cell or its folder does.
    """
    project = labels.get(PROJECT)
    if project is None or not has_compose(window.text):
        return False
    seen = _project_containers(told).get(project)
    if seen is not None:
        return any(is_own_container(told, id_) for id_ in seen)
    words = {project_of(word) for word in re.split(r"[\s/\"'=]+", window.text)}
    return project in words | {project_of(PurePath(folder).name) for folder in told.folders}


def _project_containers(told: History) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for (kind, id_), entry in told.created.items():
        if kind == "container" and PROJECT in entry.details["attributes"]:
            found.setdefault(entry.details["attributes"][PROJECT], []).append(id_)
    return found


def _own_projects(told: History) -> frozenset[str]:
    return frozenset(
        project
        for project, containers in _project_containers(told).items()
        if any(is_own_container(told, id_) for id_ in containers)
    )
