"""What the engine's events tell of a container's life: states, signals, ends; knows nothing of drawing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from course import engine
from course.errors import CourseError

if TYPE_CHECKING:
    import pandas as pd

# The state that a container is in when the engine tells of an event; other events change none.
STATES = {
    "create": "created",
    "start": "running",
    "pause": "paused",
    "unpause": "running",
    "die": "exited",
    "destroy": "removed",
}
NANO = 1e9
SIGKILL = "9"


def states(container_id: str) -> pd.DataFrame:
    """The states that a container went through, also one that is gone; *container_id* in full.

    One row per change: *event*, *state* (from then on), *seconds* since its creation by the engine's clock.
    The engine keeps the last 256 events only, so ask soon.
    """
    import pandas as pd

    seen = [each for each in _events(container_id) if each["Action"] in STATES]
    if not seen:
        raise CourseError(
            f"The engine remembers no event of container {container_id[:12]}.",
            "run the cells from where the container is created",
        )
    began = seen[0]["timeNano"]
    rows = [(each["Action"], STATES[each["Action"]], (each["timeNano"] - began) / NANO) for each in seen]
    return pd.DataFrame(rows, columns=["event", "state", "seconds"])


def stops(*names: str) -> pd.DataFrame:
    """How the last stop of each of these containers went; they have ended and are still there.

    One row per container (the index), in the order given: *seconds* from its first signal to its end,
    *killed_after* seconds by SIGKILL (NaN: it needed none), *exit_code*.
    """
    import pandas as pd

    columns = ["container", "seconds", "killed_after", "exit_code"]
    return pd.DataFrame([_stop(name) for name in names], columns=columns).set_index("container")


def _stop(name: str) -> tuple[str, float, float, int]:
    found: Any = engine.client().api.inspect_container(name)
    events = list(_events(found["Id"]))
    started = max((place for place, each in enumerate(events) if each["Action"] == "start"), default=0)
    last = events[started:]
    signals = [each for each in last if each["Action"] == "kill"]
    ends = [each["timeNano"] for each in last if each["Action"] == "die"]
    if not signals or not ends:
        raise CourseError(
            f"The engine remembers no stop of {name}.", f"docker start {name}; docker stop {name}"
        )
    began = signals[0]["timeNano"]
    kills = [each["timeNano"] for each in signals if each["Actor"]["Attributes"].get("signal") == SIGKILL]
    killed = (kills[0] - began) / NANO if kills else float("nan")
    return name, (ends[-1] - began) / NANO, killed, int(found["State"]["ExitCode"])


def _events(container_id: str) -> Iterator[dict[str, Any]]:
    """All that the engine remembers of one container until now, in order; it waits for nothing new."""
    import pandas as pd

    client: Any = engine.client()
    now = pd.Timestamp(client.info()["SystemTime"]).timestamp()  # the engine's clock may be another one
    yield from client.api.events(
        since=1, until=f"{now:.6f}", decode=True, filters={"container": [container_id]}
    )
