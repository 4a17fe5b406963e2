"""Put images into a registry that takes them without a login; knows nothing of the kit or engines."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from course.kit.registry import READ_SECONDS, Registry, RegistryError

CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"


@dataclass(frozen=True)
class Repository:
    """One repository, such as library/nginx, of a registry that can be written to."""

    registry: Registry
    name: str

    def has(self, digest: str) -> bool:
        """Whether it holds this blob."""
        try:
            self.registry.request("HEAD", self.name, f"blobs/{digest}").close()
        except RegistryError:
            return False
        return True

    def put(self, digest: str, size: int, content: bytes | IO[bytes]) -> None:
        """Upload one blob in one piece."""
        with self.registry.send("POST", f"/v2/{self.name}/blobs/uploads/", data=b"") as reply:
            where = urllib.parse.urljoin(self.registry.url, reply.headers["Location"])
        separator = "&" if "?" in where else "?"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        url = f"{where}{separator}digest={urllib.parse.quote(digest)}"
        self._put(url, content, headers)

    def share(self, digest: str, owner: str) -> bool:
        """Hold a blob that repository *owner* has, without sending it again; False where it has none."""
        asked = urllib.parse.urlencode({"mount": digest, "from": owner})
        with self.registry.send("POST", f"/v2/{self.name}/blobs/uploads/?{asked}", data=b"") as reply:
            return reply.status == 201

    def tag(self, tag: str, manifest: Mapping[str, Any]) -> None:
        """Make *tag* name *manifest*, whose blobs are already there."""
        headers = {"Content-Type": str(manifest["mediaType"])}
        self._put(f"/v2/{self.name}/manifests/{tag}", json.dumps(manifest).encode(), headers)

    def _put(self, url: str, content: bytes | IO[bytes], headers: Mapping[str, str]) -> None:
        try:
            self.registry.send("PUT", url, data=content, headers=headers, seconds=READ_SECONDS).close()
        except urllib.error.HTTPError as error:
            said = error.read(300).decode(errors="replace").strip()
            raise RegistryError(f"it did not take {url}: HTTP {error.code} {said}") from None
