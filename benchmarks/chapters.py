"""Each chapter's nbval time against its floor, in turn and in the same run."""

from __future__ import annotations

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
    """One row per chapter and repeat: seconds of nbval strict, of the floor, and their ratio."""
    found = []
    for notebook in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        for repeat in range(repeats):
            pair = {"nbval_s": nbval(notebook), "floor_s": bare(notebook)}
            ratio = pair["nbval_s"] / pair["floor_s"]
            found.append({"chapter": notebook.stem, "repeat": repeat + 1, **pair, "ratio": round(ratio, 3)})
            print(found[-1], flush=True)
    return found


def nbval(notebook: Path) -> float:
    """Seconds that pytest needs to run and compare *notebook* strictly."""
    command = [
        sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", "--nbval-cell-timeout=300",
        f"--nbval-sanitize-with={ROOT / 'tests/sanitize.cfg'}", "-p", "no:cacheprovider", str(notebook),
    ]  # fmt: skip
    return _seconds(command, dict(os.environ))


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
        middle = statistics.median(float(str(row["ratio"])) for row in found if row["chapter"] == name)
        print(f"{name}: {middle:.2f} times its floor{'' if middle <= GOAL else f', over the goal of {GOAL}'}")
