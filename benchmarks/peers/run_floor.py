"""The floor: the commands of all copies in one bash process; it grades nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import floor
from benchmarks.peers import notebooks
from benchmarks.peers.contender import Plan
from benchmarks.peers.notebooks import Answers

NOT_THE_LEARNERS = {"setup", "check"}


def prepare(folder: Path, copies: Sequence[Answers]) -> Plan:
    """One notebook with the cells of all copies, made a script by what makes the chapters' floors."""
    cells = [
        cell
        for answers in copies
        for cell in notebooks.submission(answers)["cells"]
        if cell["id"] not in NOT_THE_LEARNERS
    ]
    notebook = notebooks.write(folder / "all.ipynb", {"cells": cells})
    script = folder / "floor.sh"
    script.write_text(floor.script(notebook, sys.executable))
    env = dict(os.environ) | floor.environment() | {"WORK": str(folder)}
    return Plan([["bash", script]], folder, env, list)
