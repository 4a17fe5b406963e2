"""`make lab` from a fresh clone, once on the machine as it is met and once more, each line of it timed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import rows

ROOT = Path(__file__).resolve().parent.parent
OPEN = "JupyterLab is open"
WITHIN_SECONDS = 600.0


def met() -> str:
    """What the first run finds: it decides whether its times are those of a bare machine."""
    from course import engine, kit
    from course.errors import CourseError

    try:
        engine.find()
    except CourseError:
        return "no engine"
    here = [row for row in kit.status(image.tag for image in kit.for_chapter("00-start")) if row.here]
    return f"engine, {len(here)} images of chapter 00"


def make_lab(clone: Path, state: str) -> list[dict[str, object]]:
    """One row per line that `make lab` prints until JupyterLab is open, then chapter 00; in seconds."""
    started = time.perf_counter()
    process = subprocess.Popen(
        ["make", "lab"],
        cwd=clone,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    found: list[dict[str, object]] = []
    said = []

    def note(what: str) -> None:
        found.append({"state": state, "what": what, "seconds": round(time.perf_counter() - started, 2)})
        print(found[-1], flush=True)

    try:
        for line in process.stdout or ():
            said.append(line)
            note(line.strip()[:80] or "-")
            if OPEN in line:
                break
        else:
            raise SystemExit(f"make lab ended before JupyterLab was open:\n{''.join(said)[-3000:]}")
        python = str(clone / ".venv/bin/python")
        nbval = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env"]
        chapter = [*nbval, "--nbval-sanitize-with=tests/sanitize.cfg", "notebooks/00-start.ipynb"]
        done = subprocess.run([python, *chapter], cwd=clone, text=True, capture_output=True)
        if done.returncode:
            raise SystemExit(f"chapter 00 failed:\n{done.stdout[-3000:]}")
        note("chapter 00 passes")
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
    return found


def main() -> None:
    """Measure in a fresh clone: as the machine is met (named by the caller), then again."""
    state = sys.argv[1] if len(sys.argv) > 1 else met()
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        found = make_lab(clone, state) + make_lab(clone, "second time")
    print(rows.write("setup", found))


if __name__ == "__main__":
    main()
