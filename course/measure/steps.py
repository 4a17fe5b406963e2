"""When each step of one `docker run` ended, from the engine's own events; knows nothing of drawing."""

from __future__ import annotations

import shlex
import subprocess
import time
from typing import TYPE_CHECKING, Any

from course import engine
from course.errors import CourseError

if TYPE_CHECKING:
    import pandas as pd

# What was done when the engine tells of an event; the order is that of a run.
STEPS = {
    "create": "request, image check, create",
    "attach": "attach the streams",
    "connect": "network",
    "start": "start: containerd, shim, runc",
    "die": "the program runs",
    "destroy": "removal (--rm)",
}


def run_steps(command: str) -> pd.DataFrame:
    """Execute *command*, a `docker run --rm … --name NAME …` in the foreground, and time its steps.

    One row per step, in the order of its *event*: *step*, *from_ms* and *to_ms* (milliseconds since the
    command began; the engine's clock is taken to be this machine's). It waits for nothing: events are asked
    for when all is over.
    """
    import pandas as pd

    words = shlex.split(command)
    name = words[words.index("--name") + 1]
    began = time.time()
    done = subprocess.run(words, env=engine.environment(), capture_output=True, text=True)
    if done.returncode:
        raise CourseError(f"`{command}` failed: {done.stderr.strip()}", "run it in a %%shell cell")
    seen = _events(name, began, time.time())
    rows, before = [], 0.0
    for event, at in seen.items():
        rows.append((event, STEPS[event], before, at))
        before = at
    return pd.DataFrame(rows, columns=["event", "step", "from_ms", "to_ms"])


def _events(name: str, began: float, ended: float) -> dict[str, float]:
    """Milliseconds from *began* to each known event of the container *name* and of its network."""
    api: Any = engine.client().api
    listed = list(api.events(since=f"{began:.6f}", until=f"{ended:.6f}", decode=True))
    mine = {each["Actor"]["ID"] for each in listed if each["Actor"]["Attributes"].get("name") == name}
    found = {}
    for each in listed:
        actor = each["Actor"]
        if mine & {actor["ID"], actor["Attributes"].get("container")} and each["Action"] in STEPS:
            found[each["Action"]] = (each["timeNano"] / 1e9 - began) * 1000
    return found
