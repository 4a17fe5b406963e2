"""A manifest as it was sent, and what must be right in it before the registry behind is asked.

That registry answers some faults of a client with a 500, which would read as a fault of its own.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from front import model
from front.refusal import Refusal, invalid

DIGEST = r"sha256:[0-9a-f]{64}"
MANIFEST_BYTES = 4 * 1024 * 1024
SINGLE = {
    "application/vnd.docker.distribution.manifest.v2+json": "application/vnd.docker.container.image.v1+json",
    "application/vnd.oci.image.manifest.v1+json": "application/vnd.oci.image.config.v1+json",
}
INDEXES = {
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
}
# The type of a layer that the registry need not hold: the manifest says where it is to be had.
ELSEWHERE = re.compile(
    r"application/vnd\.(?:docker\.image\.rootfs\.foreign|oci\.image\.layer\.nondistributable)\."
)
URL = r"https?://[^\s/?#]+[^\s#]*"


@dataclass(frozen=True)
class Manifest:
    """A manifest as it was sent, and what of it we keep beside its bytes."""

    raw: bytes
    type: str
    artifact: str | None
    layers: int
    parts: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The digest of its bytes."""
        return "sha256:" + hashlib.sha256(self.raw).hexdigest()


def read_manifest(raw: bytes, type_: str | None) -> Manifest:
    """The manifest in *raw*; *type_* says what it is where it doesn't say so itself."""
    try:
        content = model.parse(raw)
    except Refusal:
        raise invalid("ImageManifest", "Invalid JSON syntax") from None
    said = content.get("mediaType", type_)
    if type_ is not None and said != type_:
        raise invalid("ImageManifest", f"mediaType must be '{type_}', as the request says")
    if content.get("schemaVersion") != 2:
        raise invalid("ImageManifest", "schemaVersion must be 2")
    if said in INDEXES:
        parts = tuple(dict.fromkeys(_digest(entry) for entry in _list(content, "manifests")))
        return Manifest(raw, said, None, 0, parts)
    if said not in SINGLE:
        raise invalid("ImageManifest", f"must be one of the types {', '.join(sorted({*SINGLE, *INDEXES}))}")
    config, layers = content.get("config"), _list(content, "layers")
    if not isinstance(config, dict) or not all(_is_size(layer.get("size")) for layer in layers):
        raise invalid("ImageManifest", "must have a config, and layers with their sizes")
    for part in (config, *layers):
        _digest(part)
    if not all(map(_is_to_be_had, layers)):
        raise invalid("ImageManifest", "a layer that is elsewhere must have its http or https urls")
    kind = config.get("mediaType", SINGLE[said])
    if not isinstance(kind, str):
        raise invalid("ImageManifest", "config must have a mediaType")
    return Manifest(raw, said, kind, sum(layer["size"] for layer in layers), ())


def _list(content: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = content.get(name)
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise invalid("ImageManifest", f"must have {name}")
    return found


def _digest(entry: dict[str, Any]) -> str:
    digest = entry.get("digest")
    if not isinstance(digest, str) or not re.fullmatch(DIGEST, digest):
        raise invalid("ImageManifest", "each part must have a sha256 digest")
    return digest


def _is_to_be_had(layer: dict[str, Any]) -> bool:
    type_, urls = str(layer.get("mediaType")), layer.get("urls") or []
    if not ELSEWHERE.match(type_):
        return True
    are_right = isinstance(urls, list) and all(re.fullmatch(URL, str(url)) for url in urls)
    return are_right and (bool(urls) or "foreign" not in type_)  # the others may be here all the same


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**50
