"""Two containers are compared field by field, and a difference is neither missed nor made up."""

from __future__ import annotations

import pandas as pd
import pytest

from course import engine, measure, plots
from course.errors import CourseError
from course.measure.pairs import field, words

IMAGE = "busybox:1.37"
PAIR = ("pairs-test-one", "pairs-test-other")


@pytest.fixture
def pair() -> object:
    """Two containers, alike but for their names and their limit of processes."""
    docker = engine.client()
    made = [
        docker.containers.create(IMAGE, "true", name=name, environment={"B": "2", "A": "1"}, pids_limit=limit)
        for name, limit in zip(PAIR, (50, 60), strict=True)
    ]
    yield made
    for container in made:
        container.remove(force=True)


@pytest.mark.usefixtures("pair")
def test_a_rule_is_equal_where_the_engine_says_the_same() -> None:
    """What was asked for in the same way is equal, and what was not is not."""
    table = measure.compared(*PAIR, {"env": "Config.Env", "pids": "HostConfig.PidsLimit", "name": "Name"})
    assert list(table["equal"]) == [True, False, False]
    assert list(table.loc["pids"]) == ["50", "60", False]


@pytest.mark.usefixtures("pair")
def test_what_is_left_is_named_and_what_each_has_for_itself_is_not() -> None:
    """IDs, times and addresses are no difference; a limit is one."""
    assert list(measure.left_different(*PAIR).index) == ["HostConfig.PidsLimit", "Name"]


def test_a_container_that_is_not_there_is_named() -> None:
    """The learner is told which name leads to nothing."""
    with pytest.raises(CourseError, match="pairs-test-nobody"):
        measure.compared("pairs-test-nobody", "pairs-test-nobody", {"name": "Name"})


def test_a_path_leads_through_lists_and_past_nothing() -> None:
    """A list gives the field of every item; where nothing is, nothing comes."""
    assert field({"Mounts": [{"Name": "a"}, {"Name": "b"}]}, "Mounts.Name") == ["a", "b"]
    assert field({"Config": None}, "Config.Healthcheck.Test") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([], "none"), (None, "none"), (False, "none"), ({}, "none"), ("", "none"),
        (["b=2", "a=1"], "a=1, b=2"), (["sh", "-c", "b"], "sh, -c, b"), (64, "64"), (True, "true"),
        ({"b": 1, "a": "x"}, "a: x, b: 1"), (["f" * 64], "f" * 64), ({"id": "f" * 64}, "id: ID"),
    ],
)  # fmt: skip
def test_the_same_content_gives_the_same_words(value: object, text: str) -> None:
    """Nothing has many spellings and one word; variables are sorted, commands are not."""
    assert words(value) == text


def test_the_picture_counts_what_is_equal() -> None:
    """The sentence under the picture says how many rules gave the same, and names the others."""
    table = pd.DataFrame(
        [["1", "1", True], ["a", "b", False]],
        columns=["docker run", "Compose", "equal"],
        index=["--user", "--name"],
    )
    picture = plots.rules(table)
    assert picture.finding == (
        "Of 2 rules, 1 gave the same under docker run and under Compose; different: --name."
    )
    assert picture.png.startswith(b"\x89PNG")
