"""The image of the course: what is handed to docker, what stays out, and what is said when it fails."""

from __future__ import annotations

import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest

from course import door, engine, kit, places
from course.kit import site_ca


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The docker commands that were called; none is run."""
    commands: list[list[str]] = []

    def run(words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(words)
        return subprocess.CompletedProcess(words, 1 if "broken" in words else 0)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(engine, "environment", dict)
    monkeypatch.setattr(kit, "ensure", list)
    return commands


def test_the_ca_of_a_site_goes_in_as_a_secret_alone(
    asked: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The chosen CA is handed over as a build secret; without one the secret is empty."""
    monkeypatch.setattr(site_ca, "chosen", lambda: tmp_path / "ca.pem")
    assert "docker run --privileged -p 127.0.0.1:8888:8888" in door.build("mine")
    (words,) = asked
    assert words[words.index("--secret") + 1] == f"id=ca,src={tmp_path}/ca.pem"
    monkeypatch.setattr(site_ca, "chosen", lambda: None)
    door.build("mine")
    assert not Path(asked[1][asked[1].index("--secret") + 1].partition("src=")[2]).exists()


def test_a_failed_build_says_what_to_do(asked: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker's exit code is named, and the setting for a site's CA."""
    monkeypatch.setattr(site_ca, "chosen", lambda: None)
    with pytest.raises(door.DoorError, match=r"exit code 1(?s:.*)COURSE_SITE_CA=auto make image"):
        door.build("broken")


def test_what_was_made_in_a_clone_stays_out() -> None:
    """All that git ignores is ignored by the build, too; it would be large, and somebody's own."""
    ignored = (places.ROOT / ".dockerignore").read_text().splitlines()
    text = (places.ROOT / ".gitignore").read_text()
    folders = re.findall(r"^\.?[\w.-]+/?$", text, re.MULTILINE)
    assert len(folders) > 5
    assert [name for name in folders if not hidden(name.rstrip("/"), ignored)] == []
    assert not hidden("notebooks", ignored)


def hidden(name: str, ignored: list[str]) -> bool:
    """Whether one of these patterns keeps *name* out of the build."""
    return any(fnmatch(name, pattern.removeprefix("**/")) for pattern in ignored)
