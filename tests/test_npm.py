"""What a recipe needs from npm comes by its lock file only, and only if it is what is pinned."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest
from image_runs import unique

from course.kit import npm

FAKE_NPM = """#!/bin/sh
# Stands for npm pack: copies what it is asked for, from the folder beside it.
while [ "$1" != --pack-destination ]; do shift; done
cp "$(dirname "$0")"/*.tgz "$2"
"""


def archive_of(content: dict[str, object]) -> bytes:
    """A package as npm packs it, with nothing but its package.json."""
    raw, whole = json.dumps(content).encode(), io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as tar:
        entry = tarfile.TarInfo("package/package.json")
        entry.size = len(raw)
        tar.addfile(entry, io.BytesIO(raw))
    return whole.getvalue()


def a_lock(folder: Path, raw: bytes) -> Path:
    """A lock file that names one package, packed as *raw*."""
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(raw).digest()).decode()
    entry = {"version": "1.0.0", "integrity": integrity}
    lock = folder / npm.LOCK
    lock.write_text(json.dumps({"packages": {"": {}, "node_modules/a/node_modules/@of/b": entry}}))
    return lock


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> npm.Words:
    """A program that packs what lies beside it."""
    monkeypatch.setenv("COURSE_STATE", str(tmp_path / unique("state")))
    program = tmp_path / "npm"
    program.write_text(FAKE_NPM)
    program.chmod(0o755)
    return [program]


def test_packages_are_laid_out_as_a_registry_serves_them(tmp_path: Path, fake: npm.Words) -> None:
    """A page for each name, also one with a scope, that says where the archive is and what it must be."""
    raw = archive_of({"name": "@of/b", "version": "1.0.0", "bin": "b.js"})
    (tmp_path / "of-b-1.0.0.tgz").write_bytes(raw)
    npm.packages(a_lock(tmp_path, raw), fake, tmp_path / "all.tar", again="again")
    with tarfile.open(tmp_path / "all.tar") as tar:
        assert sorted(tar.getnames()) == ["-/of-b-1.0.0.tgz", "@of/b.json"]
        assert {(entry.uid, entry.mtime, entry.uname) for entry in tar} == {(0, 0, "")}
        stream = tar.extractfile("@of/b.json")
        assert stream
        version = json.load(stream)["versions"]["1.0.0"]
    assert (version["bin"], version["dist"]["tarball"]) == ("b.js", "HOST/-/of-b-1.0.0.tgz")


def test_a_package_that_is_not_what_the_lock_says_is_refused(tmp_path: Path, fake: npm.Words) -> None:
    """One changed byte, and nothing is written."""
    raw = archive_of({"name": "@of/b", "version": "1.0.0"})
    (tmp_path / "of-b-1.0.0.tgz").write_bytes(archive_of({"name": "@of/b", "version": "6.6.6"}))
    with pytest.raises(npm.NpmError, match="@of/b 1.0.0 is not what the lock file says"):
        npm.packages(a_lock(tmp_path, raw), fake, tmp_path / "all.tar", again="again")
    assert not (tmp_path / "all.tar").exists()
