"""Each chapter's nbval time against its floor, and a notebook of one cell, in turn and in the same run."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import floor, rows

GOAL = 1.25
ROOT = Path(__file__).resolve().parent.parent


def measure(repeats: int) -> list[dict[str, object]]:
    """One row per chapter and repeat: seconds of nbval, of the floor, of `1 + 1` in nbval; the ratio."""
    found = []
    for notebook in sorted((ROOT / "notebooks").glob("[0-8]*.ipynb")):
        for repeat in range(repeats):
            chapter, floor_ = nbval(notebook), bare(notebook)
            times = {"nbval_s": chapter, "floor_s": floor_, "one_cell_s": one_cell()}
            ratio = round(chapter / floor_, 3)
            found.append({"chapter": notebook.stem, "repeat": repeat + 1, **times, "ratio": ratio})
            print(found[-1], flush=True)
    return found


def nbval(notebook: Path) -> float:
    """Seconds that pytest needs to run and compare *notebook* strictly."""
    command = [
        sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", "--nbval-cell-timeout=300",
        f"--nbval-sanitize-with={ROOT / 'tests/sanitize.cfg'}", "-p", "no:cacheprovider", str(notebook),
    ]  # fmt: skip
    return _seconds(command, dict(os.environ))


def one_cell() -> float:
    """Seconds that pytest needs for a notebook that does nothing: no chapter costs less above its floor."""
    output = {
        "output_type": "execute_result",
        "execution_count": 1,
        "metadata": {},
        "data": {"text/plain": "2"},
    }
    cell = {"cell_type": "code", "id": "sum", "metadata": {}, "source": "1 + 1", "execution_count": 1}
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    content = {"cells": [cell | {"outputs": [output]}], "metadata": {"kernelspec": kernel}}
    with tempfile.TemporaryDirectory() as folder:
        notebook = Path(folder) / "one.ipynb"
        notebook.write_text(json.dumps(content | {"nbformat": 4, "nbformat_minor": 5}))
        return nbval(notebook)


def bare(notebook: Path) -> float:
    """Seconds that the same commands need in one bash script."""
    with tempfile.TemporaryDirectory() as work:
        script = Path(work) / "floor.sh"
        script.write_text(floor.script(notebook, sys.executable))
        return _seconds(["bash", str(script)], os.environ | floor.environment() | {"WORK": work})


def _seconds(command: list[str], env: dict[str, str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-3000:]}")
    return round(seconds, 2)


def main(repeats: int = 3) -> None:
    """Measure, keep the rows, and say which chapters miss the goal."""
    found = measure(repeats)
    print(rows.write("chapters", found))
    for name in sorted({str(row["chapter"]) for row in found}):
        own = [row for row in found if row["chapter"] == name]
        ratio, fixed = (middle(own, each) for each in ("ratio", "one_cell_s"))
        share = fixed / middle(own, "floor_s")
        bound = f", over the goal of {GOAL}; a notebook of one cell costs {share:.2f} of that floor"
        print(f"{name}: {ratio:.2f} times its floor{'' if ratio <= GOAL else bound}")


def middle(found: list[dict[str, object]], column: str) -> float:
    """The median of a column."""
    return statistics.median(float(str(row[column])) for row in found)
