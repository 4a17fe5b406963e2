"""Which containers reach which, by name or by address alone, tried from inside each; it draws nothing."""

from __future__ import annotations

import shlex
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from course import engine
from course.errors import CourseError

if TYPE_CHECKING:
    import pandas as pd

PROBE_SECONDS = 3
BY_NAME, BY_ADDRESS, NO_ANSWER = "by name", "by address only", "no answer"

# All probes of one container run at once: one that meets silence waits for its whole time.
PROBE = """
probe() { timeout $1 bash -c "exec 3<> /dev/tcp/$3/$4" 2> /dev/null && echo "$2" || true; }
"""


def neighbours(ports: dict[str, int]) -> pd.DataFrame:
    """Who opens a TCP connection to whom: one row per container that asks, one column per one asked.

    *ports* maps a container's name to the port that it listens on inside. Cells are "by name" (the name
    answers), "by address only", or "no answer" (nothing within 3 s). The containers must have bash.
    """
    import pandas as pd

    addresses = {name: list(networks(name).values()) for name in ports}
    with ThreadPoolExecutor(len(ports)) as pool:
        answers = list(pool.map(lambda asker: _answering(asker, ports, addresses), ports))
    rows = {
        asker: {name: _way(name, addresses[name], found) for name in ports}
        for asker, found in zip(ports, answers, strict=True)
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def networks(container: str) -> dict[str, str]:
    """The networks of *container* and its IPv4 address on each ("" where it has none), by name."""
    import docker

    try:
        attributes = engine.client().containers.get(container).attrs
    except docker.errors.NotFound:
        raise CourseError(
            f"There is no container named {container}.", "run the cells above again, from the top"
        ) from None
    found: dict[str, Any] = attributes["NetworkSettings"]["Networks"]
    return {name: str(found[name]["IPAddress"] or "") for name in sorted(found)}


def _way(name: str, addresses: list[str], answering: set[str]) -> str:
    if name in answering:
        return BY_NAME
    return BY_ADDRESS if answering & set(addresses) else NO_ANSWER


def _answering(asker: str, ports: dict[str, int], addresses: dict[str, list[str]]) -> set[str]:
    """Names and addresses that took a connection when container *asker* opened one."""
    wanted = [(where, port) for name, port in ports.items() for where in (name, *addresses[name]) if where]
    lines = [
        f"probe {PROBE_SECONDS} {shlex.quote(where)} {shlex.quote(where)} {port} &" for where, port in wanted
    ]
    script = "\n".join([PROBE, *lines, "wait"])
    done: Any = engine.client().containers.get(asker).exec_run(["bash", "-c", script])
    if done.exit_code:
        raise CourseError(
            f"{asker} could not ask its neighbours: {done.output.decode().strip()}",
            "the helper needs a running container with bash",
        )
    return set(done.output.decode().split())
