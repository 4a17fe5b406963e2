"""What the engine's events tell of a container's states and stops is told right, on the real engine."""

from __future__ import annotations

import math
import subprocess
import uuid
from collections.abc import Iterator

import pytest

from course import engine, measure, plots
from course.engine.daemon import until
from course.errors import CourseError

IMAGE = "busybox:1.37"


def docker(*words: str) -> str:
    """What a docker command prints."""
    done = subprocess.run(
        ["docker", *words], check=True, capture_output=True, text=True, env=engine.environment()
    )
    return done.stdout.strip()


@pytest.fixture
def name() -> Iterator[str]:
    """A name for one container, which goes after the test."""
    free = f"life-{uuid.uuid4().hex[:12]}"
    yield free
    docker("rm", "--force", "--volumes", free)


def test_the_states_are_in_order_and_outlive_the_container(name: str) -> None:
    """Each change of state is a row, from its creation to its removal; other events are none."""
    found = docker("create", "--name", name, IMAGE, "true")
    docker("start", "--attach", name)
    docker("rm", name)
    table = measure.states(found)
    assert list(table["state"]) == ["created", "running", "exited", "removed"]
    assert table["seconds"].is_monotonic_increasing and table["seconds"][0] == 0
    assert plots.life(table, "It was created, ran, ended and is gone.").png.startswith(b"\x89PNG")


def test_a_stop_that_needs_sigkill_is_told_from_one_that_does_not(name: str) -> None:
    """A deaf program ends by SIGKILL after the grace period, the same one behind --init at SIGTERM."""
    gentle = f"{name}-gentle"
    docker("run", "-d", "--name", name, "--stop-timeout", "1", IMAGE, "tail", "-f", "/dev/null")
    docker("run", "-d", "--name", gentle, "--init", IMAGE, "tail", "-f", "/dev/null")
    try:
        # A first process that hasn't yet said which signals it wants doesn't hear them.
        assert until(lambda: "tail" in docker("exec", gentle, "ps", "-o", "comm").split(), 20)
        docker("stop", name, gentle)
        table = measure.stops(name, gentle)
    finally:
        docker("rm", "--force", gentle)
    assert list(table["exit_code"]) == [137, 143]
    assert table["killed_after"].iloc[0] >= 0.9 and math.isnan(table["killed_after"].iloc[1])
    assert table["seconds"].iloc[0] >= table["killed_after"].iloc[0] > table["seconds"].iloc[1]


def test_what_never_happened_is_said_in_words(name: str) -> None:
    """A container that was never stopped, and an ID that no container has, give an error with a next step."""
    docker("create", "--name", name, IMAGE, "true")
    with pytest.raises(CourseError, match=f"no stop of {name}"):
        measure.stops(name)
    with pytest.raises(CourseError, match="no event of container 000000000000"):
        measure.states("0" * 64)
