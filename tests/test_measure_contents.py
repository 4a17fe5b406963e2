"""What images bring along is counted right: each case is an image built for it on the real engine."""

from __future__ import annotations

import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pandas as pd
import pytest

from course import engine, measure, plots
from course.errors import CourseError
from course.measure.contents import is_npm_package

BASE = "busybox:1.37"
Build = Callable[[str], str]
WHEEL = "/usr/lib/python3/site-packages/tea-1.0.dist-info"


@pytest.fixture
def build() -> Iterator[Build]:
    """Build an image of these lines on busybox; gives its tag, and removes it after the test."""
    tags: list[str] = []

    def made(lines: str) -> str:
        tag = f"contents-{uuid.uuid4().hex[:12]}:1"
        subprocess.run(
            ["docker", "build", "--quiet", "--tag", tag, "-"],
            input=lines, text=True, check=True, capture_output=True, env=engine.environment(),
        )  # fmt: skip
        tags.append(tag)
        return tag

    yield made
    for tag in tags:
        engine.client().api.remove_image(tag)


def test_packages_programs_and_shell_are_counted(build: Build) -> None:
    """Debian's list, pip's notes and npm's packages count together; a folder's own package.json doesn't."""
    npm = "/app/node_modules/x"
    lines = [
        f"FROM {BASE}",
        "RUN mkdir -p /var/lib/dpkg && printf 'Package: a\\n\\nPackage: b\\n' > /var/lib/dpkg/status",
        f"RUN mkdir -p {WHEEL} && echo > {WHEEL}/METADATA && echo > {WHEEL}/RECORD",
        f"RUN mkdir -p {npm}/test && echo | tee /app/package.json {npm}/package.json {npm}/test/package.json",
        "RUN echo > /bin/one-more",
    ]
    table = measure.contents(build(f"FROM {BASE}\n"), build("\n".join(lines)))
    assert list(table["packages"].diff())[1] == 4
    assert list(table["programs"].diff())[1] == 1
    assert list(table["shell"]) == [True, True]


def test_nothing_is_in_an_image_from_scratch(build: Build) -> None:
    """Without packages, programs and a shell there is still the size of what was copied."""
    made = f"FROM {BASE} AS made\nRUN head -c 3000000 /dev/zero > /three\n"
    table = measure.contents(build(f"{made}FROM scratch\nCOPY --from=made /three /\n"))
    assert table[["packages", "programs", "shell"]].iloc[0].tolist() == [0, 0, False]
    assert table["mb"].iloc[0] == pytest.approx(3, abs=0.1)


def test_no_container_stays_behind(build: Build) -> None:
    """The container that lends its file system is gone afterwards, and an image that is missing is named."""
    tag = build(f"FROM {BASE}\n")
    measure.contents(tag)
    assert engine.client().api.containers(all=True, filters={"ancestor": tag}) == []
    with pytest.raises(CourseError, match="There is no image no-such-image:1"):
        measure.contents("no-such-image:1")


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("app/node_modules/x/package.json", True),
        ("app/node_modules/@scope/x/package.json", True),
        ("app/node_modules/x/node_modules/y/package.json", True),
        ("app/node_modules/x/lib/package.json", False),
        ("app/node_modules/@scope/package.json", False),
        ("app/package.json", False),
        ("app/node_modules/.package-lock.json", False),
    ],
)
def test_a_package_of_npm_is_told_from_its_parts(path: str, *, counts: bool) -> None:
    """Packages may lie in packages, and a scope is a folder more."""
    assert is_npm_package(PurePosixPath(path)) is counts


def test_what_follows_a_run_is_not_counted(tmp_path: Path) -> None:
    """The command *after* runs as often as the others together, and its time is in none of theirs."""
    wait = "timeout 0.3 tail -f /dev/null || test $? = 124"
    after = f"echo >> {tmp_path}/after; {wait}"
    began = time.monotonic()
    times = measure.run_times({"one": "true", "two": "true"}, repeats=2, after=after)
    whole = time.monotonic() - began
    assert len((tmp_path / "after").read_text().splitlines()) == 4
    assert times["seconds"].sum() < whole - 4 * 0.3


def test_the_map_of_attacks_is_drawn_with_the_finding() -> None:
    """It takes any size of table, and the sentence is the caller's."""
    table = pd.DataFrame({"as it is": ["works", "fails"], "user, all": ["fails", "fails"]}, index=["a", "b"])
    picture = plots.attacks(table, "One of two attacks works.")
    assert picture.finding == "One of two attacks works."
    assert picture.png.startswith(b"\x89PNG")


def test_a_finding_of_ones_own_takes_the_place_of_the_count() -> None:
    """`what_differs` also draws tables that no script met in several places."""
    table = pd.DataFrame({"before": ["1"], "after": ["2"]}, index=["latest"])
    assert plots.what_differs(table, "The tag moved.").finding == "The tag moved."
    assert "1 differ" in plots.what_differs(table).finding
