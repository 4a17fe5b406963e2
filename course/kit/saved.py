"""Read what `docker save` gives and feed what `docker load` takes; knows nothing of any source."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any, cast

from course import engine
from course.engine.faults import FREE, FULL
from course.errors import CourseError

CHUNK = 1 << 20
SMALL = 1 << 20  # a config or a manifest; anything larger is a layer
ENGINE_SECONDS = 900.0
GZIP = b"\x1f\x8b"
END = bytes(1024)
MOST_OFTEN = f"Most often that is because of: {FULL}"


class LoadError(CourseError):
    """The engine did not take an image."""


@dataclass(frozen=True)
class Parts:
    """What an image is made of: its config's JSON, and the digests of its unpacked layers, lowest first."""

    config: bytes
    layers: tuple[str, ...]


def read(image: str, layer: Callable[[str, IO[bytes]], None]) -> Parts:
    """Save *image* (a tag or an ID) and hand each layer's digest and unpacked content to *layer*.

    The digest is empty where it shows only once the content is read: where the engine saves it packed.
    """
    chunks = engine.client(ENGINE_SECONDS).api.get_image(image, chunk_size=CHUNK)
    small: dict[str, bytes] = {}
    with tarfile.open(fileobj=_reader(chunks), mode="r|") as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content is None:
                continue
            head = content.read(SMALL)
            if len(head) == SMALL or _is_tar(head):
                whole = _reader(_rest(head, content))
                packed = head[:2] == GZIP
                layer(
                    "" if packed else f"sha256:{member.name.rsplit('/', 1)[-1]}",
                    _unpacked(whole) if packed else whole,
                )
            else:
                small[member.name] = head
    described = json.loads(small["manifest.json"])[0]
    config = small[described["Config"]]
    return Parts(config, tuple(json.loads(config)["rootfs"]["diff_ids"]))


def _unpacked(content: IO[bytes]) -> IO[bytes]:
    """A layer's tar: an engine with the containerd image store saves layers as packed as it pulled them."""
    return cast(IO[bytes], gzip.open(content))


def load(chunks: Iterable[bytes]) -> None:
    """Stream a tar, as `docker save` gives it, to the engine."""
    import docker.errors

    try:
        api: Any = engine.client(ENGINE_SECONDS).api
        for event in api.load_image(chunks):
            if "error" in event:
                raise LoadError(f"The engine did not take the image: {event['error']}")
    except docker.errors.APIError as error:
        raise LoadError(f"The engine did not take the image: {error.explanation or error}") from error
    except engine.EngineGone as gone:
        cure = gone.next_step if gone.next_step.startswith(FREE) else f"{FREE}; then: {gone.next_step}"
        raise engine.EngineGone(f"{gone.seen}\nIt was loading an image. {MOST_OFTEN}", cure) from gone
    except engine.EngineError as error:
        # It hangs up in mid-upload when it can't go on, and its reason is lost with the connection.
        raise LoadError(f"The engine broke off the load. {MOST_OFTEN}") from error


def header(name: str, size: int) -> bytes:
    """The 512 bytes that stand before a file in a tar."""
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.USTAR_FORMAT)


def padding(size: int) -> bytes:
    """What fills a file of *size* bytes up to a whole number of blocks in a tar."""
    return bytes(-size % 512)


def file(name: str, content: bytes) -> bytes:
    """A small file as it stands in a tar."""
    return header(name, len(content)) + content + padding(len(content))


def blob(digest: str) -> str:
    """Where a tar keeps the blob with this *digest*."""
    return f"blobs/sha256/{digest.removeprefix('sha256:')}"


def tail(tag: str, config_digest: str, config: bytes, layers: Iterable[str]) -> bytes:
    """The end of a tar that makes `docker load` see one image, whose *layers* (digests) stand before it."""
    described = [
        {"Config": blob(config_digest), "RepoTags": [tag], "Layers": [blob(layer) for layer in layers]}
    ]
    return file(blob(config_digest), config) + file("manifest.json", json.dumps(described).encode()) + END


def layers_here() -> set[tuple[str, ...]]:
    """The layers that the engine needn't be sent: every stack of them, from the bottom, that an image has."""
    client = engine.client()
    if any("containerd.snapshotter" in value for _, value in client.info().get("DriverStatus") or []):
        return set()  # the containerd image store wants every layer of every image again
    stacks = (image.attrs.get("RootFS", {}).get("Layers", []) for image in client.images.list())
    return {tuple(stack[:depth]) for stack in stacks for depth in range(1, len(stack) + 1)}


def lacking(layers: tuple[str, ...]) -> tuple[str, ...]:
    """Those of *layers*, lowest first, that the engine lacks."""
    here = layers_here()
    have = max((depth for depth in range(len(layers) + 1) if layers[:depth] in here), default=0)
    return layers[have:]


def _is_tar(head: bytes) -> bool:
    """Whether this is a layer: a tar (an empty one is only zeros), packed or not."""
    return head[:2] == GZIP or head[257:262] == b"ustar" or head.count(0) == len(head) >= 1024


def _rest(head: bytes, content: IO[bytes]) -> Iterator[bytes]:
    yield head
    while chunk := content.read(CHUNK):
        yield chunk


def _reader(chunks: Iterable[bytes]) -> IO[bytes]:
    return cast(IO[bytes], io.BufferedReader(_Stream(chunks), CHUNK))


class _Stream(io.RawIOBase):
    """An iterator of bytes as something that can be read."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self._left = iter(chunks), b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Fill *buffer* as far as the current chunk goes."""
        while not self._left:
            try:
                self._left = next(self._chunks)
            except StopIteration:
                return 0
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size
