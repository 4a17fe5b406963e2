"""Process groups that a cell started: remember one so that only it is ended later; knows no Docker."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path


def birth(leader: int) -> str:
    """When process *leader* was born, in the machine's own words; empty where that can't be told.

    Numbers of processes are used again; number and birth together are not.
    """
    try:
        return Path(f"/proc/{leader}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def end(group: int, born: str) -> None:
    """Kill process group *group*, unless its number belongs to a younger process now."""
    if birth(group) in {born, ""}:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
