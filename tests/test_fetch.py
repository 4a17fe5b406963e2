"""What a recipe needs from outside is fetched once, whole or not at all, and only if it is what is pinned."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest
from image_runs import says

from course import debian
from course.kit import cache, fetch
from course.kit.child import ChildError

pytestmark = pytest.mark.fetches


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own, apart from the learner's."""
    monkeypatch.setenv("COURSE_STATE", str(tmp_path / "state"))
    return cache.folder()


# the cache -----------------------------------------------------------------------------------------------


def fetched(text: str, days: float | None = None) -> str:
    """What the cache keeps as one file, which holds *text* if it has to be fetched now."""

    def make(part: Path) -> None:
        part.write_text(text)

    return cache.kept("thing.tar", make, days=days).read_text()


def test_a_fetched_thing_is_used_again_until_it_is_damaged_or_too_old(own_cache: Path) -> None:
    """It is fetched once; a changed byte, or more than its days, and it is fetched anew."""
    assert [fetched("one"), fetched("two")] == ["one", "one"]
    (own_cache / "thing.tar").write_text("on3")
    assert fetched("three") == "three"
    week_ago = time.time() - 7.1 * cache.DAY_SECONDS
    os.utime(own_cache / "thing.tar", (week_ago, week_ago))
    assert [fetched("four"), fetched("five", days=fetch.ROOTFS_DAYS)] == ["three", "five"]


def test_a_fetch_that_breaks_off_leaves_nothing_and_the_next_one_works(own_cache: Path) -> None:
    """Half a file never counts as a file."""

    def breaks_off(part: Path) -> None:
        part.write_text("hal")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.kept("thing.tar", breaks_off)
    assert {file.suffix for file in own_cache.iterdir()} == {".lock"}
    assert fetched("whole") == "whole"


def test_what_a_killed_build_left_is_swept_by_the_next(own_cache: Path) -> None:
    """A work folder whose process is gone goes; one whose process lives stays."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    dead, alive = (own_cache / f"work-{pid}-x" for pid in (ended.pid, os.getppid()))
    dead.mkdir()
    alive.mkdir()
    with cache.workspace() as mine:
        assert (mine.exists(), dead.exists(), alive.exists()) == (True, False, True)
    assert not mine.exists()


# what the host brings ------------------------------------------------------------------------------------


def test_recipe_toml_with_an_unknown_word_is_refused(tmp_path: Path) -> None:
    """A typing error in a recipe is named, not passed over."""
    (tmp_path / "recipe.toml").write_text('[fetch]\nrootsf = "trixie"\n')
    with pytest.raises(fetch.FetchError, match="rootsf"):
        fetch.bring(tmp_path, tmp_path, say=lambda words: None)


@pytest.mark.parametrize(
    "pin", [f"six==1.17.0 --hash=sha256:{'0' * 64}", "six==1.17.0"], ids=["wrong", "none"]
)
def test_a_pin_without_the_right_hash_is_refused(own_cache: Path, tmp_path: Path, pin: str) -> None:
    """A package that isn't the one that was pinned never gets into an image."""
    (tmp_path / "recipe.toml").write_text(f'[fetch]\npypi = ["{pin}"]\n')
    with pytest.raises(ChildError, match="(?i)hash"):
        fetch.bring(tmp_path, tmp_path, say=lambda words: None)
    assert {file.suffix for file in own_cache.iterdir()} <= {".lock"}


def test_the_base_names_this_machines_own_mirror() -> None:
    """What apt reads inside is the mirror that this machine itself uses, and nothing else."""
    sources = says("debian:trixie-slim", "cat", "/etc/apt/sources.list.d/debian.sources")
    hosts = set(re.findall(r"https?://[^/\s]+", sources))
    mine = "\n".join(
        file.read_text() for file in Path("/etc/apt").rglob("*") if file.suffix in {".sources", ".list"}
    )
    assert hosts and all(host in mine for host in hosts)
    assert debian.debian_source()[0] in sources
