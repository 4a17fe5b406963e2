"""What images weigh and waste is counted right: each case is an image built for it on the real engine."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Callable, Iterator

import pytest

from course import engine, measure
from course.errors import CourseError
from course.measure import images, saved

BASE = "busybox:1.37"
Build = Callable[[str], str]


@pytest.fixture
def build() -> Iterator[Build]:
    """Build an image of these lines on busybox; gives its tag, and removes it after the test."""
    tags: list[str] = []

    def made(lines: str) -> str:
        tag = f"measured-{uuid.uuid4().hex[:12]}:1"
        subprocess.run(
            ["docker", "build", "--quiet", "--tag", tag, "-"],
            input=f"FROM {BASE}\n{lines}\n", text=True, check=True, capture_output=True,
            env=engine.environment(),
        )  # fmt: skip
        tags.append(tag)
        return tag

    yield made
    for tag in tags:
        engine.client().api.remove_image(tag)


def wasted(tag: str) -> list[int]:
    """Bytes that each layer above the base carries in vain."""
    return [round(mb * images.MB) for mb in measure.waste(tag)["wasted_mb"]][1:]


WASTE = {
    "nothing deleted": ("RUN echo 12345 > /a", [0]),
    "deleted where it was made": ("RUN echo 12345 > /a && rm /a", [0]),
    "deleted one layer later": ("RUN echo 12345 > /a\nRUN rm /a", [6, 0]),
    "replaced": ("RUN echo 12345 > /a\nRUN echo 1 > /a", [6, 0]),
    "replaced twice": ("RUN echo 12345 > /a\nRUN echo 1 > /a\nRUN echo 123 > /a", [6, 2, 0]),
    "a whole folder deleted": ("RUN mkdir /d /d/e; echo 1 > /d/a; echo 12 > /d/e/b\nRUN rm -r /d", [5, 0]),
    "a folder made anew": (
        "RUN mkdir /d; echo 1 > /d/a; echo 12 > /d/b\nRUN rm -r /d && mkdir /d && echo 1234 > /d/c",
        [5, 0],
    ),
    "a neighbour whose name begins alike stays": ("RUN echo 1 > /d; echo 12 > /dd\nRUN rm /d", [2, 0]),
}


@pytest.mark.parametrize(("lines", "bytes_wasted"), WASTE.values(), ids=WASTE)
def test_waste_is_what_a_layer_above_hides(build: Build, lines: str, bytes_wasted: list[int]) -> None:
    """Each layer is charged with the files in it that no container can see."""
    assert wasted(build(lines)) == bytes_wasted


def test_layers_are_named_sized_and_shared_as_the_engine_says(build: Build) -> None:
    """An image has its base's layers and one for each line that changes files, and the shared are told."""
    tag = build('ENV A=1\nRUN echo 12345 > /a\nCMD ["cat", "/a"]')
    table = measure.layers(BASE, tag)
    own = table[table["image"] == tag]
    listed = engine.client().api.inspect_image(tag)["RootFS"]["Layers"]  # type: ignore[no-untyped-call]
    assert [f"sha256:{layer}" for layer in own["layer"]] == [digest[:19] for digest in listed]
    assert list(own["images"]) == [2] * (len(own) - 1) + [1]
    assert own["made_by"].iloc[-1] == "RUN echo 12345 > /a"
    assert own["mb"].iloc[-1] * images.MB == pytest.approx(6)


def test_an_image_that_is_not_there_is_named() -> None:
    """The words say which command failed; what the engine says follows in its own words."""
    with pytest.raises(CourseError, match=r"docker save no-such-image:1` failed: \w"):
        measure.layers("no-such-image:1")


def test_containers_that_are_not_there_are_named() -> None:
    """An empty table would draw an empty picture."""
    with pytest.raises(CourseError, match="No container's name begins with no-such-container-"):
        measure.container_sizes("no-such-container-")


def test_steps_are_read_from_a_plain_build_log() -> None:
    """Each step comes once, in the file's order, with its seconds or its mark CACHED; FROM isn't one."""
    log = """
#5 [build 1/4] FROM docker.io/library/python:3.13-slim@sha256:12ab
#5 CACHED
#7 [build 3/4] COPY . .
#6 [build 2/4] WORKDIR /app
#6 CACHED
#7 DONE 0.1s
#8 [build 4/4] RUN python prepare.py
#8 1.2 #9 CACHED is what the program says here
#8 [build 4/4] RUN python prepare.py
#8 DONE 12.9s
"""
    assert images.steps_of(log) == [
        ("WORKDIR /app", 0.0, True),
        ("COPY . .", 0.1, False),
        ("RUN python prepare.py", 12.9, False),
    ]


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ("COPY a . # buildkit", "COPY a ."),
        ("RUN /bin/sh -c echo 1 # buildkit", "RUN echo 1"),
        ('/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'),
        ("RUN /bin/sh -c set -eu\nls # buildkit", "RUN set -eu ls"),
    ],
)
def test_the_history_is_shown_as_the_dockerfile_says_it(told: str, line: str) -> None:
    """What builders add to an instruction is taken away."""
    assert saved.instruction(told) == line
