"""A Compose project is read and drawn as it runs: services, copies, doors, waits, order of the start."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest

from course import engine, measure, plots
from course.errors import CourseError

PROJECT = "stack-test"
LABEL = "com.docker.compose"
VOLUME = f"{PROJECT}_data"


@pytest.fixture(scope="module")
def project() -> Iterator[str]:
    """Containers with the labels that Compose gives: two copies of a page, and the database it waits for."""
    docker = engine.client()
    volume = docker.volumes.create(VOLUME)
    made = []
    check = {"test": ["CMD", "true"], "interval": 1_000_000_000}
    for service, number, waits, health in (
        ("database", 1, "", check),
        ("page", 1, "database:service_healthy:false", None),
        ("page", 2, "database:service_healthy:false", None),
    ):
        labels = {"project": PROJECT, "service": service, "oneoff": "False", "depends_on": waits}
        made.append(
            docker.containers.run(
                "busybox:1.37",
                "tail -f /dev/null",
                name=f"{PROJECT}-{service}-{number}",
                labels={f"{LABEL}.{name}": value for name, value in labels.items()},
                volumes={VOLUME: {"bind": "/data"}} if health else {},
                healthcheck=health,
                init=True,
                detach=True,
            )
        )
    until_healthy(str(made[0].id))
    yield PROJECT
    for container in made:
        container.remove(force=True, v=True)
    volume.remove()


def until_healthy(container: str) -> None:
    """Wait on the engine's own word, for at most 30 s."""
    end = pd.Timestamp.now() + pd.Timedelta(seconds=30)
    while engine.client().api.inspect_container(container)["State"]["Health"]["Status"] != "healthy":
        assert pd.Timestamp.now() < end, "it did not get healthy"


def test_a_project_is_read_service_by_service(project: str) -> None:
    """Copies count as one service; a volume with a name, a network and a wait are named."""
    rows = measure.stack(project).to_dict("index")
    assert list(rows) == ["database", "page"]
    assert rows["database"]["copies"] == 1
    assert rows["page"]["copies"] == 2
    assert rows["page"]["waits_for"] == ["database (healthy)"]
    assert rows["database"]["volumes"] == [f"{VOLUME} → /data"]
    assert rows["database"]["ports"] == []


def test_the_order_of_the_start_is_told_in_seconds(project: str) -> None:
    """The first is made at 0, each is started after it was made; ready is only who has a health check."""
    order = measure.start_order(project)
    rows = order.to_dict("index")
    assert order.index[0] == "database"
    assert rows["database"]["created"] == 0
    assert rows["database"]["created"] <= rows["database"]["started"] <= rows["database"]["ready"]
    assert rows["page"]["ready"] != rows["page"]["ready"]  # no number


def test_a_project_that_does_not_run_is_named() -> None:
    """The learner is told which project, and how to start it."""
    with pytest.raises(CourseError, match="stack-test-nowhere"):
        measure.stack("stack-test-nowhere")


PARTS = pd.DataFrame(
    {
        "image": ["app:1", "db:1"],
        "copies": [2, 1],
        "ports": [["127.0.0.1:3000 → 3000"], []],
        "networks": [["shop_default"], ["shop_default"]],
        "volumes": [[], ["shop_data → /data"]],
        "waits_for": [["db (healthy)"], []],
    },
    index=pd.Index(["app", "db"], name="service"),
)


def test_the_picture_of_a_stack_says_what_it_shows() -> None:
    """Its sentence names networks, doors, order and data."""
    picture = plots.stack(PARTS)
    assert picture.finding == (
        "2 services share shop_default; doors: app on 127.0.0.1:3000 → 3000; "
        "order: app waits for db (healthy); data: db in shop_data → /data."
    )
    assert picture.png.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("started", "words"),
    [
        (3.0, "The service db was healthy after 2.0 s, and only then did app start."),
        (1.0, "The service db started first, and no other waited until it was healthy."),
    ],
)
def test_the_picture_of_a_start_says_who_waited(started: float, words: str) -> None:
    """Only what started after the first was healthy has waited for it."""
    table = pd.DataFrame(
        [[0.0, 0.5, 2.0], [0.1, started, float("nan")]],
        columns=["created", "started", "ready"],
        index=pd.Index(["db", "app"], name="service"),
    )
    picture = plots.start_order(table)
    assert picture.finding == words
    assert picture.png.startswith(b"\x89PNG")
