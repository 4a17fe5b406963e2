"""Turn what the Docker SDK raises into words, in the one place through which all its requests go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

from course.engine import EngineError, EngineGone, daemon, explain
from course.engine.probe import candidates, probe
from course.engine.streams import lose_nothing

if TYPE_CHECKING:
    import docker

FULL = "no space left on device"
FREE = "free disk space where the engine keeps its data"
LITTLE = 1 << 30  # bytes free below which the disk is what to look at first
END_SECONDS = 2.0
ONE_REQUEST = ("send", "_raise_for_status")
STREAMS = ("_stream_helper", "_stream_raw_result", "_multiplexed_response_stream_helper")


def connect(endpoint: str, timeout: float) -> docker.DockerClient:
    """The Docker SDK on *endpoint*: what goes wrong between it and the engine comes out as an EngineError.

    Each error is still what the SDK calls it (docker.errors.NotFound, requests.ConnectionError) as well.
    """
    import docker

    with in_words(endpoint):
        client = docker.DockerClient(
            base_url=endpoint, timeout=int(timeout), use_ssh_client=endpoint.startswith("ssh")
        )
    lose_nothing(client)
    for name in ONE_REQUEST:
        setattr(client.api, name, _guarded(getattr(client.api, name), endpoint))
    for name in STREAMS:
        setattr(client.api, name, _guarded_stream(getattr(client.api, name), endpoint))
    return client


def _guarded(call: Callable[..., Any], endpoint: str) -> Callable[..., Any]:
    @wraps(call)
    def guarded(*values: Any, **options: Any) -> Any:
        with in_words(endpoint):
            return call(*values, **options)

    return guarded


def _guarded_stream(call: Callable[..., Any], endpoint: str) -> Callable[..., Any]:
    @wraps(call)
    def guarded(*values: Any, **options: Any) -> Iterator[Any]:
        with in_words(endpoint):
            yield from call(*values, **options)

    return guarded


@contextmanager
def in_words(endpoint: str) -> Iterator[None]:
    """What the engine at *endpoint* refuses or leaves unfinished in the block is raised as an EngineError."""
    import docker.errors
    import requests
    import urllib3.exceptions

    try:
        yield
    except EngineError:
        raise
    except docker.errors.APIError as error:
        raise _also(error, _refused(error)) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, docker.errors.DockerException) as error:
        raise _also(error, _broken_off(error, endpoint)) from error


def _refused(error: docker.errors.APIError) -> EngineError:
    said = str(error.explanation or error)
    cure = (
        f"{FREE} (see `docker system df`)"
        if FULL in said.lower()
        else "make doctor   (it tries what the course needs of the engine)"
    )
    return EngineError(f"The engine refused: {said}", cure)


def _broken_off(error: Exception, endpoint: str) -> EngineError:
    """What is at *endpoint* after *error*: nothing any more, or an engine that broke one answer off."""
    daemon.until(lambda: probe(endpoint, "").state != "ready", 0 if _is_late(error) else END_SECONDS)
    found = probe(endpoint, next((source for other, source in candidates() if other == endpoint), ""))
    if found.state != "ready":
        left = explain([found])
        return EngineGone(
            f"The engine went away in the middle of its work. {left.seen}{_room()}", _free_and(left.next_step)
        )
    how = "did not answer in time" if _is_late(error) else "broke an answer off and goes on"
    said = " ".join(str(error).split())
    return EngineError(f"The engine {how}: {said}{_room()}", _free_and("run the same command or cell again"))


def _is_late(error: Exception) -> bool:
    return "timed out" in str(error).lower()


def _room() -> str:
    """A line with the room left on the engine's disk, where that is little: a full one can fell an engine."""
    free = daemon.free()
    if free is None or free > LITTLE:
        return ""
    return f"\nWhere it keeps its data ({daemon.data()}) {free / 1e6:.0f} MB are free."


def _free_and(then: str) -> str:
    return f"{FREE}; then: {then}" if _room() else then


def _also(error: Exception, words: EngineError) -> EngineError:
    """*words*, as an exception that is also of the class of *error*, for those who wait for that one."""
    kind: Any = type(type(error).__name__, (type(words), type(error)), {"__str__": Exception.__str__})
    both: EngineError = kind.__new__(kind)
    both.__dict__.update(error.__dict__ | words.__dict__)
    both.args = words.args
    return both
