"""Facts that a learner noted, one `name = value` a line; whether they are true is for a check to know."""

from __future__ import annotations

from course.checks.promise import Unmet
from course.checks.system import System

FILE = "facts.txt"
ASKS = "?"  # what stands in the file as handed out


def noted(system: System, name: str, file: str = FILE) -> str:
    """The value that *file* in the work folder gives for *name*; Unmet where it gives none."""
    for line in system.file(file).splitlines():
        left, equals, value = line.partition("=")
        value = value.strip().strip("'\"`").strip()
        if equals and left.strip() == name and value not in ("", ASKS):
            return value
    raise Unmet(f"{file} says nothing of {name}.", f"A line looks like `{name} = …`.")
