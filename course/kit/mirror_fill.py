"""Put the engine's images of the kit into a registry without a trace on the engine; starts nothing.

`docker push` would do it too, but under tags with the registry's name, which a learner would see come and go.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import tempfile
import urllib.error
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO

from course import engine
from course.errors import CourseError
from course.kit import presence, saved
from course.kit.progress import Progress, Say
from course.kit.recipes import SITE_CA_LABEL
from course.kit.registry import MANIFEST_TYPE, Registry, RegistryError, split
from course.kit.registry_push import CONFIG_TYPE, LAYER_TYPE, Repository
from course.kit.site_ca import Watch, known

CHUNK = 1 << 20
FASTEST = 1  # gzip's level: a pull over loopback or a room's network gains nothing from a smaller one


class FillError(CourseError):
    """The mirror could not be filled."""


@dataclass(frozen=True)
class Layer:
    """A layer as the registry keeps it, a *repository* that has it, and the site's CA found in it."""

    digest: str
    size: int
    repository: str
    site_ca: str


@dataclass
class Filled:
    """What a registry was filled with: layers by their unpacked digest, and by tag the image's ID and its CA.

    *watched* names the CAs that were looked for; once this machine knows others, everything is read again.
    """

    watched: str
    layers: dict[str, Layer] = field(default_factory=dict)
    images: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, store: Path) -> Filled:
        """What lies in *store*, or nothing yet."""
        watched = sha256(b"".join(sorted(known()))).hexdigest()
        try:
            told = json.loads((store / "filled.json").read_text())
            layers = {digest: Layer(**layer) for digest, layer in told["layers"].items()}
            images = {tag: (identity, ca) for tag, (identity, ca) in told["images"].items()}
        except (OSError, ValueError, KeyError, TypeError):
            return cls(watched)
        return cls(watched, layers, images) if told["watched"] == watched else cls(watched)

    def write(self, store: Path) -> None:
        """Keep it in *store*, whole or not at all."""
        fresh = store / "filled.new"
        fresh.write_text(json.dumps(asdict(self), indent=1))
        fresh.replace(store / "filled.json")


def fill(tags: Iterable[str], store: Path, address: str, say: Say) -> Filled:
    """Have the registry at *address*, recorded in *store*, hold those of *tags* that the engine has."""
    import docker.errors

    store.mkdir(parents=True, exist_ok=True)
    with _only_one(store):
        filled = Filled.read(store)
        local = [image for tag in tags if (image := presence.local(tag))]
        wanted = [image for image in local if filled.images.get(image.tag, ("",))[0] != image.id]
        with Progress("filling the mirror", len(wanted), "image", say) as progress:
            for image in wanted:
                progress.now(image.tag)
                repository = Repository(Registry(address), split(image.tag)[0])
                try:
                    _Upload(repository, image.tag, store, filled).send(image.id)
                except docker.errors.NotFound:
                    continue  # somebody removed it meanwhile
                except (RegistryError, urllib.error.HTTPError) as error:
                    raise FillError(f"The mirror did not take {image.tag}: {error}.", "make lab") from error
                filled.write(store)
                progress.add(1)
        filled.write(store)
    return filled


@dataclass(frozen=True)
class _Upload:
    """One image on its way into a registry."""

    repository: Repository
    tag: str
    store: Path
    filled: Filled

    def send(self, identity: str) -> None:
        """Layers first, then what names them."""
        parts = saved.read(identity, self._layer)
        layers = [self.filled.layers[digest] for digest in parts.layers]
        lost = [digest for digest in parts.layers if not self._holds(self.filled.layers[digest])]
        if lost:  # freed since, as nothing named them any more
            for digest in lost:
                del self.filled.layers[digest]
            self.send(identity)
            return
        config = f"sha256:{sha256(parts.config).hexdigest()}"
        self.repository.put(config, len(parts.config), parts.config)
        self.repository.tag(split(self.tag)[1], _manifest(config, len(parts.config), layers))
        label = engine.client().images.get(identity).labels.get(SITE_CA_LABEL)
        found = f"its label {SITE_CA_LABEL} says so" if label else ""
        inside = next((f"the one in {layer.site_ca}" for layer in layers if layer.site_ca), "")
        self.filled.images[self.tag] = (identity, found or inside)

    def _holds(self, layer: Layer) -> bool:
        return self.repository.has(layer.digest) or self.repository.share(layer.digest, layer.repository)

    def _layer(self, digest: str, content: IO[bytes]) -> None:
        """Pack and send a layer, unless the registry has it from an image before."""
        if digest in self.filled.layers:
            return
        watch, unpacked = Watch(), sha256()
        with tempfile.TemporaryFile(dir=self.store) as file:
            with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=FASTEST, mtime=0) as packing:
                while chunk := content.read(CHUNK):
                    unpacked.update(chunk)
                    watch.see(chunk)
                    packing.write(chunk)
            size = file.tell()
            file.seek(0)
            packed = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
            file.seek(0)
            self.repository.put(packed, size, file)
        layer = Layer(packed, size, self.repository.name, str(watch.found or ""))
        self.filled.layers[f"sha256:{unpacked.hexdigest()}"] = layer


def _manifest(config: str, config_size: int, layers: list[Layer]) -> dict[str, object]:
    return {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {"mediaType": CONFIG_TYPE, "size": config_size, "digest": config},
        "layers": [{"mediaType": LAYER_TYPE, "size": layer.size, "digest": layer.digest} for layer in layers],
    }


@contextmanager
def _only_one(store: Path) -> Iterator[None]:
    with (store / "fill.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
