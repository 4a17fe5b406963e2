"""A Compose project as it runs: its parts, and when each was started and ready; read from the engine."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from course import engine
from course.errors import CourseError

if TYPE_CHECKING:
    import pandas as pd

LABEL = "com.docker.compose"
ANONYMOUS = re.compile(r"[0-9a-f]{64}")


def stack(project: str) -> pd.DataFrame:
    """The services of *project*: one row each (index *service*), by name.

    Columns: *image*, *copies* (containers that run), *ports* ("127.0.0.1:3000 → 3000"), *networks*, *volumes*
    ("name → place", those with a name), *waits_for* ("service (healthy)"), each a list but the first two.
    """
    import pandas as pd

    found: dict[str, list[dict[str, Any]]] = {}
    for each in _containers(project):
        found.setdefault(_label(each, "service"), []).append(each)
    rows = {name: _row(copies) for name, copies in sorted(found.items())}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("service")


def start_order(project: str) -> pd.DataFrame:
    """When the services of *project* were made, started and ready, in seconds since the first was made.

    One row each (index *service*), in the order of their start. *ready* is when it was first
    called healthy, empty without a health check. The engine forgets after some minutes: ask soon after
    `up --wait`.
    """
    import pandas as pd

    found = _containers(project)
    began = min(_seconds(each["Created"]) for each in found)
    healthy = _first_healthy(project, began)
    rows = {
        _label(each, "service"): [
            _seconds(each["Created"]) - began,
            _seconds(each["State"]["StartedAt"]) - began,
            healthy.get(each["Id"], float("nan")) - began,
        ]
        for each in found
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["created", "started", "ready"])
    return table.sort_values("started").round(1).rename_axis("service")


def _first_healthy(project: str, since: float) -> dict[str, float]:
    """When each container of *project* was first called healthy, by its ID, in seconds of the epoch."""
    told = engine.client().events(
        since=int(since), until=int(time.time()) + 1, decode=True,
        filters={"event": "health_status", "label": f"{LABEL}.project={project}"},
    )  # fmt: skip
    moments: dict[str, float] = {}
    for event in told:
        if event["Action"].endswith(": healthy"):
            moments.setdefault(event["Actor"]["ID"], event["timeNano"] / 1e9)
    return moments


def _seconds(moment: str) -> float:
    import pandas as pd

    return float(pd.Timestamp(moment).timestamp())


def _row(copies: list[dict[str, Any]]) -> dict[str, Any]:
    one = copies[0]
    return {
        "image": one["Config"]["Image"],
        "copies": len(copies),
        "ports": [port for each in copies for port in _ports(each)],
        "networks": sorted(one["NetworkSettings"]["Networks"]),
        "volumes": [
            f"{mount['Name']} → {mount['Destination']}"
            for mount in one["Mounts"]
            if mount["Type"] == "volume" and not ANONYMOUS.fullmatch(mount["Name"])
        ],
        "waits_for": [
            f"{other} ({condition.removeprefix('service_')})"
            for other, condition, *_ in (
                each.split(":") for each in _label(one, "depends_on").split(",") if each
            )
        ],
    }


def _ports(container: dict[str, Any]) -> list[str]:
    doors = container["NetworkSettings"]["Ports"] or {}
    return [
        f"{door['HostIp']}:{door['HostPort']} → {inside.partition('/')[0]}"
        for inside, bound in sorted(doors.items())
        for door in bound or ()
    ]


def _label(container: dict[str, Any], name: str) -> str:
    return str(container["Config"]["Labels"].get(f"{LABEL}.{name}", ""))


def _containers(project: str) -> list[dict[str, Any]]:
    labels = [f"{LABEL}.project={project}", f"{LABEL}.oneoff=False"]
    api = engine.client().api
    found = [api.inspect_container(row["Id"]) for row in api.containers(filters={"label": labels})]
    if not found:
        raise CourseError(
            f"No container of a project {project} runs.", "start it: docker compose up --detach --wait"
        )
    return found
