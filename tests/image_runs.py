"""Run containers of the kit's images for a test and look at what they do; holds no expectation itself."""

from __future__ import annotations

import io
import re
import tarfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from course import engine, kit

if TYPE_CHECKING:
    from docker.models.containers import Container
    from docker.models.images import Image

WITHIN_SECONDS = 60.0
T = TypeVar("T")


def have(tag: str) -> Image:
    """The image, got first where this engine lacks it."""
    kit.ensure([tag])
    return engine.client().images.get(tag)


def unique(word: str) -> str:
    """A name that nothing else on this engine has."""
    return f"images-{word}-{uuid.uuid4().hex[:10]}"


@contextmanager
def container(
    tag: str | Image, *command: str, files: Mapping[str, str | bytes] | None = None, **options: Any
) -> Iterator[Container]:
    """A container that goes with the block, anonymous volumes too; *files* are in it before it starts.

    Its image is one of the kit's, or one that a test has made.
    """
    image = have(tag) if isinstance(tag, str) else tag
    made = engine.client().containers.create(image, list(command) or None, name=unique("run"), **options)
    try:
        made.put_archive("/", packed(files or {}))
        made.start()
        yield made
    finally:
        made.remove(v=True, force=True)


def packed(files: Mapping[str, str | bytes]) -> bytes:
    """The files as a tar; those that end in .sh may be run."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        for path, content in files.items():
            raw = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(raw), 0o755 if path.endswith(".sh") else 0o644
            tar.addfile(entry, io.BytesIO(raw))
    return whole.getvalue()


def says(tag: str, *command: str, code: int = 0, **options: Any) -> str:
    """What one run to the end prints, stdout and stderr together."""
    with container(tag, *command, **options) as run:
        left = run.wait(timeout=WITHIN_SECONDS)["StatusCode"]
        text = run.logs().decode()
        assert left == code, f"{tag} {' '.join(command)} ended with {left}, not {code}:\n{text}"
    return text


def inside(run: Container, *command: str, code: int = 0, **options: Any) -> str:
    """What `docker exec` prints."""
    left, raw = run.exec_run(list(command), **options)
    text = bytes(raw).decode()  # type: ignore[arg-type] # bytes, since stream isn't asked for
    assert left == code, f"exec {' '.join(command)} ended with {left}, not {code}:\n{text}"
    return text


def until(what: str, ask: Callable[[], T | None], run: Container, within: float = WITHIN_SECONDS) -> T:
    """The first answer of *ask* that isn't None; failing that, what never came and the log."""
    deadline = time.monotonic() + within
    over = False
    while time.monotonic() < deadline and not over:
        run.reload()
        over = run.status == "exited"  # then one last look, and no more waiting
        if (answer := ask()) is not None:
            return answer
        time.sleep(0.1)
    pytest.fail(f"{what} never came within {within:.0f} s. The container said:\n{run.logs().decode()}")


def logged(pattern: str, run: Container, *, stream: str = "") -> str:
    """The first line of the log (or of one of its streams) that *pattern* finds."""

    def ask() -> str | None:
        text = run.logs(stdout=stream != "stderr", stderr=stream != "stdout").decode()
        found = re.search(pattern, text, re.MULTILINE)
        return found[0] if found else None

    return until(f"A line like {pattern!r} on {stream or 'the log'}", ask, run)


def host_port(run: Container, port: str) -> str:
    """The port of this machine that Docker chose for *port*."""
    run.reload()
    published = run.ports[port]
    assert published, f"{port} is not published"
    return published[0]["HostPort"]


def page(run: Container, port: str, path: str = "/", within: float = WITHIN_SECONDS) -> str:
    """What the published *port* answers to a request."""
    url = f"http://127.0.0.1:{host_port(run, port)}{path}"

    def ask() -> str | None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:  # refused, reset, or taken by something that does not answer yet
            return None

    return until(f"An answer on port {port}", ask, run, within)


def address(run: Container, network: str) -> str:
    """The container's own address on *network*."""
    run.reload()
    return str(run.attrs["NetworkSettings"]["Networks"][network]["IPAddress"])
