"""How long a learner waits from a kernel's start to the first words of a chapter's set-up cell."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from jupyter_client.manager import start_new_kernel

from benchmarks import rows
from course import engine, labs

ROOT = Path(__file__).resolve().parent.parent


def measure(notebook: Path) -> dict[str, object]:
    """Seconds to an idle kernel, to the first output, to the end of the set-up; and of `docker version`."""
    cells = [labs.source(cell) for cell in labs.read(notebook)["cells"] if cell["cell_type"] == "code"]
    started = time.perf_counter()
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(notebook.parent))
    ready, first = time.perf_counter(), 0.0

    def note(message: dict[str, object]) -> None:
        nonlocal first
        if message["msg_type"] == "stream" and not first:
            first = time.perf_counter()

    try:
        reply = client.execute_interactive(cells[0], timeout=120, output_hook=note)
        done = time.perf_counter()
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    if reply["content"]["status"] != "ok" or not first:
        raise SystemExit(f"{notebook.stem}: its set-up cell failed or printed nothing: {reply['content']}")
    return {
        "chapter": notebook.stem,
        "kernel_s": round(ready - started, 3),
        "first_output_s": round(first - started, 3),
        "set_up_s": round(done - started, 3),
        "docker_version_s": round(docker_version(), 3),
    }


def docker_version() -> float:
    """Seconds of one docker command, the floor of anything that asks the engine."""
    started = time.perf_counter()
    subprocess.run(["docker", "version"], env=engine.environment(), capture_output=True, check=True)
    return time.perf_counter() - started


def main(repeats: int = 5) -> None:
    """Measure every chapter *repeats* times and keep the rows."""
    notebooks = sorted((ROOT / "notebooks").glob("[0-8]*.ipynb"))
    found = [measure(notebook) | {"repeat": n + 1} for notebook in notebooks for n in range(repeats)]
    for row in found:
        print(row)
    print(rows.write("first-output", found))
