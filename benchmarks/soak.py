"""`make soak`: chapters, labs, incidents, machines, stack, pipeline, a room; graders under load."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks import fairness, incidents, pipeline, room, rows, stack, vm_boot

ROOT = Path(__file__).resolve().parent.parent
REPEATS = 10
SUITES = (
    "tests/test_notebooks.py",
    "tests/test_labs.py",
    "tests/test_ledger.py",
    "tests/test_open.py",
    "tests/test_browser.py",
)


def main(repeats: int = REPEATS) -> int:
    """Run each suite *repeats* times; gives 1 if any run failed."""
    found: list[dict[str, object]] = []
    for repeat in range(repeats):
        for suite in SUITES:
            started = time.perf_counter()
            command = [sys.executable, "-m", "pytest", "-q", suite]
            code = subprocess.run(command, cwd=ROOT).returncode
            seconds = round(time.perf_counter() - started, 1)
            found.append({"suite": suite, "repeat": repeat + 1, "exit_code": code, "seconds": seconds})
    print(rows.write("soak", found))
    failed = [row for row in found if row["exit_code"] != 0]
    print(f"{len(found)} runs, {len(failed)} failed")
    # Each runs, whatever the others say.
    unsound = [
        incidents.main(repeats), vm_boot.main(), stack.main(repeats), pipeline.main(), room.main(),
        fairness.main(),
    ]  # fmt: skip
    return 1 if failed or any(unsound) else 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS))
