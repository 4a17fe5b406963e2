"""Set-up by stage from a fresh clone: cold (no engine, no images, no packages cached) and warm."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import rows

ROOT = Path(__file__).resolve().parent.parent
OPEN = """
from course import workshop
process, url = workshop.start(0, browser=False)
workshop.stop(process)
"""


def stages(clone: Path) -> dict[str, list[str]]:
    """The stages of `make lab` as commands, and the proof that chapter 00 passes."""
    python = str(clone / ".venv/bin/python")
    pytest = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env"]
    return {
        "environment": ["make", "setup"],
        "engine": [python, "-m", "course", "engine", "start"],
        "images of chapter 00": [python, "-c", IMAGES],
        "JupyterLab open": [python, "-c", OPEN],
        "chapter 00 passes": [
            *pytest,
            "--nbval-sanitize-with=tests/sanitize.cfg",
            "notebooks/00-start.ipynb",
        ],
    }


IMAGES = "from course import kit; kit.ensure([image.tag for image in kit.for_chapter('00-start')])"


def measure(clone: Path, state: str) -> list[dict[str, object]]:
    """One row per stage of a set-up in *clone*; the first stage that fails ends the measurement."""
    found: list[dict[str, object]] = []
    for stage, command in stages(clone).items():
        started = time.perf_counter()
        done = subprocess.run(command, cwd=clone, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise SystemExit(f"{stage} failed:\n{done.stdout[-3000:]}")
        found.append({"state": state, "stage": stage, "seconds": round(time.perf_counter() - started, 2)})
        print(found[-1], flush=True)
    total = sum(float(str(row["seconds"])) for row in found)
    return [*found, {"state": state, "stage": "all", "seconds": round(total, 2)}]


def main() -> None:
    """Measure a fresh clone twice: what the first run meets is said by the caller (cold or warm images)."""
    state = sys.argv[1] if len(sys.argv) > 1 else "clone, engine and images as found"
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        found = measure(clone, state) + measure(clone, "warm")
    print(rows.write("setup", found))


if __name__ == "__main__":
    main()
