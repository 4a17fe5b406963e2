"""Where an image still holds a word that it should not; knows nothing of how it came in."""

from __future__ import annotations

import gzip
import json
import tarfile
import tempfile
from typing import IO, TYPE_CHECKING, Any

from course import engine
from course.measure import saved

if TYPE_CHECKING:
    import pandas as pd

PLACES = ("docker history", "docker image inspect", "files of a layer")


def traces(secret: str, *tags: str) -> pd.DataFrame:
    """Whether each image of *tags* holds *secret*: one row per image, one column of True or False per place.

    The places: the instructions in its history, the settings in its config, and the bytes of its layers, also
    of files that a later layer deletes.
    """
    import pandas as pd

    rows = [_found(secret, tag) for tag in tags]
    return pd.DataFrame(rows, columns=list(PLACES), index=list(tags))


def _found(secret: str, tag: str) -> tuple[bool, bool, bool]:
    api: Any = engine.client().api
    history = "\n".join(row["CreatedBy"] for row in api.history(tag))
    config = json.dumps(api.inspect_image(tag)["Config"])
    return secret in history, secret in config, _in_layers(secret.encode(), tag)


def _in_layers(secret: bytes, tag: str) -> bool:
    with tempfile.TemporaryFile() as whole:
        api: Any = engine.client().api
        for chunk in api.get_image(tag):
            whole.write(chunk)
        whole.seek(0)
        with tarfile.open(fileobj=whole) as archive:
            return any(secret in _unpacked(layer) for layer in _layers(archive))


def _layers(archive: tarfile.TarFile) -> list[IO[bytes]]:
    (entry,) = json.load(saved.member(archive, "manifest.json"))
    return [saved.member(archive, name) for name in entry["Layers"]]


def _unpacked(layer: IO[bytes]) -> bytes:
    data = layer.read()
    return gzip.decompress(data) if data.startswith(saved.GZIP) else data
