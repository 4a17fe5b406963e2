"""Who reaches whom is told apart by name and by address, and the pictures say what the table holds."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from course import engine, measure, plots
from course.errors import CourseError
from course.measure.neighbours import BY_ADDRESS, BY_NAME, NO_ANSWER

HERE = "tests-neighbours"
NET = f"{HERE}-net"
IMAGE = "nginx:1.26"
A, B, C = (f"{HERE}-{letter}" for letter in "abc")


@pytest.fixture
def table() -> pd.DataFrame:
    """Three containers: two find each other by name, the third finds itself alone."""
    rows = [[BY_NAME, BY_NAME, NO_ANSWER], [BY_NAME, BY_NAME, NO_ANSWER], [NO_ANSWER, NO_ANSWER, BY_ADDRESS]]
    return pd.DataFrame(rows, index=list("abc"), columns=list("abc"))


def test_a_name_answers_on_a_network_of_ones_own_and_nowhere_else() -> None:
    """Of three containers two share a user-defined network; the third is on the default bridge."""
    client: Any = engine.client()
    try:
        client.networks.create(NET)
        client.containers.run(IMAGE, name=A, network=NET, detach=True)
        client.containers.run(IMAGE, name=B, network=NET, detach=True)
        client.containers.run(IMAGE, name=C, detach=True)
        found = measure.neighbours({A: 80, B: 80, C: 80})
        networks = measure.networks(C)
    finally:
        for name in (A, B, C):
            client.api.remove_container(name, v=True, force=True)
        client.api.remove_network(NET)
    assert list(found.loc[A]) == [BY_NAME, BY_NAME, NO_ANSWER]
    assert list(found.loc[C]) == [NO_ANSWER, NO_ANSWER, BY_ADDRESS]
    assert list(networks) == ["bridge"]


def test_a_container_that_is_not_there_is_named() -> None:
    """The error says which container is missing, in words."""
    with pytest.raises(CourseError, match="no container named tests-nobody"):
        measure.neighbours({"tests-nobody": 80})


def test_the_map_counts_questions_between_different_containers(table: pd.DataFrame) -> None:
    """A container's answer to itself is drawn, and not counted."""
    picture = plots.heat_of_neighbours(table)
    assert picture.finding == (
        "Of 6 questions from one container to another, 2 are answered by name, "
        "0 by address only, and 4 not at all."
    )
    assert picture.png.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"a": ["x"], "b": ["x", "y"], "c": ["y"]}, "Only b stands on two networks, and none of 2 questions"),
        ({"a": ["x"], "b": ["y"], "c": ["z"]}, "No container stands on two networks, and 2 of 6 questions"),
    ],
    ids=["one between", "nobody between"],
)
def test_the_graph_says_whether_networks_kept_apart(
    table: pd.DataFrame, members: dict[str, list[str]], words: str
) -> None:
    """The sentence is counted from the table: answers between containers without a common network."""
    assert plots.graph_of_neighbours(table, members).finding.startswith(words)
