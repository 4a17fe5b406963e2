"""Repositories, their images and tags: what both the API and registry v2 do to them.

The reference registry keeps manifests and layers by digest, each repository under a name that is never
used twice. Which tag means which digest is ours to know: so one tag can go and the others stay.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import uuid
from collections.abc import Iterator

from front.manifests import MANIFEST_BYTES, Manifest
from front.refusal import Refusal, no_repository
from front.state import State
from front.upstream import Down, Reply, Upstream

NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
IMMUTABLE = "IMMUTABLE"


class Images:
    """Every repository of the registry."""

    def __init__(self, state: State, upstream: Upstream, account: str) -> None:
        self.state, self.upstream, self.account = state, upstream, account
        # A manifest's arrival and its removal must not cross: the registry and our file would disagree.
        self._turn = threading.RLock()

    def repository(self, name: str) -> sqlite3.Row:
        """A repository by name; raises where there is none."""
        found = self.state.row("select * from repositories where name = ?", name)
        if found is None:
            raise no_repository(name, self.account)
        return found

    def create(self, name: str, mutability: str, scans: bool) -> sqlite3.Row:
        """A new, empty repository."""
        with self.state.change():
            if self.state.row("select 1 from repositories where name = ?", name):
                words = f"The repository with name '{name}' already exists in the registry with id"
                raise Refusal("RepositoryAlreadyExistsException", f"{words} '{self.account}'")
            self.state.run(
                "insert into repositories (id, name, created, mutability, scans) values (?, ?, ?, ?, ?)",
                f"r{uuid.uuid4().hex}", name, self.state.now(), mutability, scans,
            )  # fmt: skip
            return self.repository(name)

    def remove(self, repository: sqlite3.Row, *, force: bool) -> None:
        """Remove a repository, with its images only by *force*; its bytes go at the next start."""
        with self._turn, self.state.change():
            if not force and self.state.row("select 1 from images where repository = ?", repository["id"]):
                raise Refusal(
                    "RepositoryNotEmptyException",
                    f"The repository with name '{repository['name']}' in registry with id '{self.account}' "
                    "cannot be deleted because it still contains images",
                )
            self.state.run("delete from repositories where id = ?", repository["id"])

    def find(self, repository: sqlite3.Row, reference: str) -> sqlite3.Row | None:
        """The image that a tag or a digest means."""
        key = repository["id"]
        if ":" not in reference:
            tag = self.state.row("select digest from tags where repository = ? and name = ?", key, reference)
            if tag is None:
                return None
            reference = tag["digest"]
        return self.state.row("select * from images where repository = ? and digest = ?", key, reference)

    def all(self, repository: sqlite3.Row) -> list[sqlite3.Row]:
        """Its images, the newest first."""
        return self.state.rows(
            "select * from images where repository = ? order by pushed desc, digest", repository["id"]
        )

    def tags(self, repository: sqlite3.Row, digest: str | None = None) -> list[str]:
        """The tags in a repository, or those of one image."""
        question, values = "select name from tags where repository = ?", [repository["id"]]
        if digest is not None:
            question, values = question + " and digest = ?", [*values, digest]
        return [row["name"] for row in self.state.rows(question + " order by name", *values)]

    def put(self, repository: sqlite3.Row, manifest: Manifest, tag: str | None) -> None:
        """Keep *manifest*, under *tag* if one is given; the registry checks that all its parts are there."""
        path = f"/v2/{repository['id']}/manifests/{manifest.digest}"
        with self._turn:
            self._check_tag(self.repository(repository["name"]), tag)
            reply = self.upstream.ask("PUT", path, {"Content-Type": manifest.type}, manifest.raw)
            if reply.status >= 300:
                raise reply.refusal()
            reply.close()
            with self.state.change():
                self._record(repository["id"], manifest, tag)

    def _check_tag(self, repository: sqlite3.Row, tag: str | None) -> None:
        if tag is None or repository["mutability"] != IMMUTABLE:
            return
        if self.state.row("select 1 from tags where repository = ? and name = ?", repository["id"], tag):
            raise Refusal(
                "ImageTagAlreadyExistsException",
                f"The image tag '{tag}' already exists in the '{repository['name']}' repository "
                "and cannot be overwritten because the tag is immutable.",
            )

    def _record(self, key: str, manifest: Manifest, tag: str | None) -> None:
        size = manifest.layers
        for part in manifest.parts:
            found = self.state.row("select size from images where repository = ? and digest = ?", key, part)
            size = max(size, found["size"] if found else 0)
        self.state.run(
            "insert or ignore into images (repository, digest, type, artifact, size, pushed) "
            "values (?, ?, ?, ?, ?, ?)",
            key, manifest.digest, manifest.type, manifest.artifact, size, self.state.now(),
        )  # fmt: skip
        for part in manifest.parts:
            self.state.run("insert or ignore into parts values (?, ?, ?)", key, manifest.digest, part)
        if tag is not None:
            self.state.run("insert or replace into tags values (?, ?, ?)", key, tag, manifest.digest)

    def untag(self, repository: sqlite3.Row, tag: str) -> None:
        """Take one tag away."""
        self.state.run("delete from tags where repository = ? and name = ?", repository["id"], tag)

    def holder(self, repository: sqlite3.Row, digest: str) -> str | None:
        """An index that names this image, if one does."""
        found = self.state.row(
            "select whole from parts where repository = ? and part = ?", repository["id"], digest
        )
        return str(found["whole"]) if found else None

    def drop(self, repository: sqlite3.Row, digest: str) -> None:
        """Remove an image with all its tags; what the registry still keeps of it, nobody can ask for."""
        with self._turn:
            with self.state.change():
                self.state.run(
                    "delete from images where repository = ? and digest = ?", repository["id"], digest
                )
                self.state.keep("dropped", "yes")
            with contextlib.suppress(Down):  # then the sweep at the next start finds it
                self.upstream.ask("DELETE", f"/v2/{repository['id']}/manifests/{digest}").close()

    def manifest(self, repository: sqlite3.Row, image: sqlite3.Row, method: str = "GET") -> Reply:
        """The manifest of an image as it was pushed."""
        path = f"/v2/{repository['id']}/manifests/{image['digest']}"
        return self.upstream.ask(method, path, {"Accept": image["type"]})

    def pulled(self, image: sqlite3.Row) -> None:
        """Note that somebody fetched it."""
        self.state.run(
            "update images set pulled = ? where repository = ? and digest = ?",
            self.state.now(), image["repository"], image["digest"],
        )  # fmt: skip

    def texts(self, repository: sqlite3.Row, images: list[sqlite3.Row]) -> Iterator[str]:
        """The manifests of *images* as text."""
        for image in images:
            yield self.manifest(repository, image).all(MANIFEST_BYTES).decode()
