"""What the engine says of two containers that were made in two ways, side by side; knows no way better."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from course import engine
from course.errors import CourseError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("docker run", "Compose")
# What every container has for itself, whoever made it: numbers, times, places on the engine's disk.
OWN = ("Id", "Created", "State", "GraphDriver", "Storage", "ExecIDs", "Config.Hostname", "NetworkSettings")
# Of the network's part, what was asked for and not drawn by the engine.
ASKED = "NetworkSettings.Networks"


def compared(by_hand: str, by_compose: str, rules: Mapping[str, str]) -> pd.DataFrame:
    """What `docker inspect` says of two containers: a row for each of *rules*.

    *rules* maps a rule's name ("--env") to its path in the inspected JSON ("Config.Env"); a path through a
    list ("Mounts.Destination") takes the field of every item. Columns: *docker run*, *Compose*, *equal*.
    """
    import pandas as pd

    sides = [_inspect(by_hand), _inspect(by_compose)]
    rows = [[words(field(side, path)) for side in sides] for path in rules.values()]
    table = pd.DataFrame(rows, columns=list(COLUMNS), index=pd.Index(rules.keys(), name="rule"))
    table["equal"] = table[COLUMNS[0]] == table[COLUMNS[1]]
    return table


def left_different(by_hand: str, by_compose: str) -> pd.DataFrame:
    """Every path of the inspected JSON in which two containers differ, but for what each has for itself.

    Nothing said in different ways (null, an empty list, false, 0) counts as equal. Columns as `compared`.
    """
    import pandas as pd

    one, other = (dict(_leaves(_without_own(_inspect(name)))) for name in (by_hand, by_compose))
    rows = {
        path: [one.get(path, "none"), other.get(path, "none")]
        for path in sorted(one | other)
        if one.get(path, "none") != other.get(path, "none")
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS)).rename_axis("path")


def field(attributes: Any, path: str) -> Any:
    """The value at *path*; through a list, the values of all its items; None where there is nothing."""
    for name in path.split("."):
        if isinstance(attributes, list):
            attributes = [each.get(name) for each in attributes]
        else:
            attributes = (attributes or {}).get(name)
    return attributes


def words(value: Any) -> str:
    """A value as short text, the same for the same content; IDs are left out, and nothing is "none"."""
    if not value:
        return "none"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        # The order of a command is its meaning, that of variables (NAME=value) is chance.
        return ", ".join(sorted(value) if all("=" in each for each in value) else value)
    plain = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return re.sub(r"[0-9a-f]{64}", "ID", re.sub(r'[{}\[\]"]', "", plain))


def _without_own(attributes: dict[str, Any]) -> dict[str, Any]:
    kept = {
        name: value
        for name, value in attributes.items()
        if name not in OWN and not name.endswith("Path")  # logs and files of the engine
    }
    kept["Config"] = {name: value for name, value in kept["Config"].items() if f"Config.{name}" not in OWN}
    kept["Config"]["Labels"] = sorted(kept["Config"].get("Labels") or ())  # their names say enough
    networks = field(attributes, ASKED) or {}
    kept["Networks"] = sorted(networks)
    aliases = [alias for each in networks.values() for alias in each.get("Aliases") or ()]
    # An engine before 26 adds the short ID to the names.
    kept["Aliases"] = [alias for alias in aliases if not attributes["Id"].startswith(alias)]
    return kept


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and text of everything two levels deep that isn't empty; deeper ones are one text."""
    for name, each in value.items():
        here = f"{path}{name}"
        if isinstance(each, dict) and not path:
            yield from _leaves(each, f"{here}.")
        elif words(each) != "none":
            yield here, words(each)


def _inspect(name: str) -> dict[str, Any]:
    from docker.errors import NotFound

    try:
        return dict(engine.client().api.inspect_container(name))
    except NotFound:
        raise CourseError(
            f"There is no container named {name}.", "run the cells above again, from the top"
        ) from None
