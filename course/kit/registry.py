"""Read from one registry (protocol v2), and say in words why not; knows nothing of the kit or engines."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

ASK_SECONDS = 3.0
READ_SECONDS = 60.0
CHUNK = 1 << 20
MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
ACCEPT = {"Accept": ", ".join([*INDEX_TYPES, MANIFEST_TYPE, "application/vnd.oci.image.manifest.v1+json"])}
LIMIT = "its limit of pulls for this address is used up; try again in some hours, or use a kit"


class RegistryError(Exception):
    """Why this registry doesn't give what was asked for, in words that follow its name and a colon."""


class Unreachable(RegistryError):
    """Nothing that speaks the protocol answers at this address."""


@dataclass(frozen=True)
class Found:
    """An image in a registry: its config's JSON and digest, and *packed*, its layers as they travel."""

    config: bytes
    config_digest: str
    packed: tuple[tuple[str, int], ...]

    @property
    def architecture(self) -> str:
        """Such as "amd64"."""
        return str(json.loads(self.config).get("architecture", ""))

    @property
    def labels(self) -> dict[str, str]:
        """The image's labels."""
        return dict((json.loads(self.config).get("config") or {}).get("Labels") or {})

    @property
    def layers(self) -> tuple[str, ...]:
        """The digests of its layers once unpacked, lowest first, one for each of *packed*."""
        return tuple(json.loads(self.config)["rootfs"]["diff_ids"])


@dataclass(frozen=True)
class Registry:
    """One registry: *address* is host:port (plain HTTP) or an URL; *proxied*: by the site's proxy."""

    address: str
    proxied: bool = False

    @property
    def url(self) -> str:
        """Its root, without a slash at the end."""
        return (self.address if "://" in self.address else f"http://{self.address}").rstrip("/")

    def ping(self) -> None:
        """Ask whether a registry is there, within 3 s; raises Unreachable where none is."""
        try:
            self.send("GET", "/v2/").close()
        except urllib.error.HTTPError as error:
            if error.code != 401:
                raise Unreachable(f"no registry answers there (HTTP {error.code})") from None

    def digest(self, repository: str, tag: str) -> str:
        """The digest that *tag* names, for which nothing is fetched; a RegistryError says what is missing."""
        with self.request("HEAD", repository, f"manifests/{tag}") as reply:
            return str(reply.headers.get("Docker-Content-Digest", ""))

    def find(self, repository: str, tag: str, architecture: str) -> Found:
        """The manifest and config of *tag* for *architecture*."""
        manifest = self._json(repository, f"manifests/{tag}")
        if "manifests" in manifest:
            digest = _for(architecture, manifest["manifests"])
            manifest = self._json(repository, f"manifests/{digest}")
        if "config" not in manifest:
            raise RegistryError(f"its manifest of {tag} is of a kind that this course can't read")
        config = b"".join(self.blob(repository, manifest["config"]["digest"]))
        packed = tuple((layer["digest"], int(layer["size"])) for layer in manifest["layers"])
        found = Found(config, manifest["config"]["digest"], packed)
        if found.architecture != architecture:
            raise RegistryError(f"it has this image for {found.architecture}, not for {architecture}")
        return found

    def blob(self, repository: str, digest: str) -> Iterator[bytes]:
        """The bytes of a blob, checked against its *digest* at the end."""
        whole = hashlib.sha256()
        with self.request("GET", repository, f"blobs/{digest}", seconds=READ_SECONDS) as reply:
            while chunk := _read(reply):
                whole.update(chunk)
                yield chunk
        if f"sha256:{whole.hexdigest()}" != digest:
            raise RegistryError(f"what it sent for {digest[:19]} is damaged, or was cut short")

    def request(
        self, method: str, repository: str, path: str, *, seconds: float = ASK_SECONDS
    ) -> http.client.HTTPResponse:
        """One request on *repository*, with an anonymous token where the registry asks for one."""
        url, headers = f"/v2/{repository}/{path}", ACCEPT
        try:
            try:
                return self.send(method, url, headers=headers, seconds=seconds)
            except urllib.error.HTTPError as error:
                challenge = error.headers.get("WWW-Authenticate", "")
                if error.code != 401 or not challenge.startswith("Bearer"):
                    raise
            headers = ACCEPT | {"Authorization": f"Bearer {self._token(challenge)}"}
            return self.send(method, url, headers=headers, seconds=seconds)
        except urllib.error.HTTPError as error:
            raise RegistryError(self._why(error.code, repository, path, headers)) from None

    def send(
        self, method: str, path: str, *, data: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None, seconds: float = ASK_SECONDS,
    ) -> http.client.HTTPResponse:  # fmt: skip
        """One request, as it is; an answer of 400 or more is an HTTPError, no answer is Unreachable."""
        url = path if "://" in path else self.url + path
        request = urllib.request.Request(url, data=data, method=method)
        for name, value in (headers or {}).items():
            # A token is for the registry, not for the place where it may send us on to.
            request.add_unredirected_header(name, value)
        direct = () if self.proxied else (urllib.request.ProxyHandler({}),)
        try:
            reply = urllib.request.build_opener(*direct).open(request, timeout=seconds)
        except urllib.error.HTTPError:
            raise
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(_cause(error, seconds)) from None
        return reply  # type: ignore[no-any-return]

    def _json(self, repository: str, path: str) -> dict[str, Any]:
        with self.request("GET", repository, path) as reply:
            return dict(json.loads(reply.read()))

    def _token(self, challenge: str) -> str:
        asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        realm = asked.pop("realm")
        with self.send("GET", f"{realm}?{urllib.parse.urlencode(asked)}") as reply:
            answer = json.loads(reply.read())
        return str(answer.get("token") or answer.get("access_token"))

    def _why(self, code: int, repository: str, path: str, headers: Mapping[str, str]) -> str:
        name, tag = repository.removeprefix("library/"), path.removeprefix("manifests/")
        if code == 429:
            return LIMIT
        if code in (401, 403):
            return f"it has no image {name}, or a private one"
        if code != 404:
            return f"it answered HTTP {code} for {name}"
        if tag != path and self._lists(repository, headers):
            return f"it has an image {name}, but not with the tag {tag}"
        return f"it has no image {name}"

    def _lists(self, repository: str, headers: Mapping[str, str]) -> bool:
        try:
            self.send("GET", f"/v2/{repository}/tags/list", headers=headers).close()
        except (urllib.error.HTTPError, Unreachable):
            return False
        return True


def split(reference: str) -> tuple[str, str]:
    """Repository and tag of a Docker Hub reference: "nginx:1.26" is ("library/nginx", "1.26")."""
    name, _, tag = reference.partition(":")
    return (name if "/" in name else f"library/{name}"), tag or "latest"


def _read(reply: http.client.HTTPResponse) -> bytes:
    try:
        return reply.read(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise RegistryError(f"the transfer broke off ({error})") from None


def _for(architecture: str, manifests: list[dict[str, Any]]) -> str:
    """The digest in an index that is for Linux on *architecture*."""
    platforms = [entry.get("platform", {}) for entry in manifests]
    for entry, platform in zip(manifests, platforms, strict=True):
        if (platform.get("os"), platform.get("architecture")) == ("linux", architecture):
            return str(entry["digest"])
    known = sorted({str(platform.get("architecture")) for platform in platforms} - {"unknown"})
    raise RegistryError(f"it has this image for {', '.join(known)}, not for {architecture}")


def _cause(error: Exception, seconds: float) -> str:
    """What kept an address from answering, in a few words."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, socket.gaierror):
        return "not reachable (no such host: no network, or no name server)"
    if isinstance(reason, TimeoutError):
        return f"not reachable (no answer within {seconds:.0f} s)"
    if isinstance(reason, ConnectionRefusedError):
        return "not reachable (nothing listens there: connection refused)"
    return f"not reachable ({reason})"
