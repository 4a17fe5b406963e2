"""One `docker pull` through the engine, with its bytes counted and its failure in words."""

from __future__ import annotations

from typing import Any

from course import engine
from course.engine.faults import FULL
from course.kit.offers import Refused
from course.kit.progress import Progress
from course.kit.registry import LIMIT

SILENCE_SECONDS = 300.0


def pull(reference: str, progress: Progress) -> None:
    """Have the engine pull *reference*; leaving early, by Ctrl-C too, makes it stop and keep whole layers."""
    import docker.errors

    repository, _, tag = reference.rpartition(":")
    sizes: dict[str, tuple[int, int]] = {}
    try:
        events = engine.client(SILENCE_SECONDS).api.pull(repository, tag, stream=True, decode=True)
        for event in events:
            if "error" in event:
                raise Refused(in_words(str(event["error"])))
            _count(event, sizes)
            progress.at(sum(done for done, _ in sizes.values()), sum(total for _, total in sizes.values()))
    except docker.errors.APIError as error:
        raise Refused(in_words(str(error.explanation or error))) from None


def _count(event: dict[str, Any], sizes: dict[str, tuple[int, int]]) -> None:
    """Take down how many bytes of which layer have come; unpacking them is reported too, and not counted."""
    detail = event.get("progressDetail") or {}
    if event.get("status") == "Downloading" and detail.get("total"):
        sizes[event["id"]] = (detail["current"], detail["total"])
    elif event.get("status") == "Download complete" and event["id"] in sizes:
        total = sizes[event["id"]][1]
        sizes[event["id"]] = (total, total)


def in_words(message: str) -> str:
    """What the engine said of a failed pull, or what that means."""
    if "toomanyrequests" in message:
        return LIMIT
    if FULL in message:
        return f"the engine's disk is full ({FULL})"
    return " ".join(message.split())
