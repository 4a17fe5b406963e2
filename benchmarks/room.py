"""Twenty learners at once in `make workshop`: to JupyterLab, through chapters 00 and 06; memory, failures.

`python -m benchmarks.room [--learners 20] [--notebooks 00-start 06-ports]`, as root on Linux. A learner here
is a browser's requests and a kernel's websocket; each cell runs in the learner's own kernel and engine.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import rows
from benchmarks.visitor import Visitor
from course import engine
from course.workshop import free_port

LEARNERS = 20
NOTEBOOKS = ("00-start", "06-ports")
LABEL = "course.room"
OPEN_SECONDS = 900.0
MIB = 1 << 20
CARD = re.compile(r"name</dt><dd>(\w+)</dd><dt>word</dt><dd>([\w-]+)")
Row = dict[str, object]


@contextmanager
def opened(learners: int, chapters: Sequence[str]) -> Iterator[tuple[str, dict[str, str], float]]:
    """A fresh room, with its address, the words of its cards, and the seconds until it was open."""
    with tempfile.TemporaryDirectory(prefix="bench-room-", dir="/var/tmp") as name:
        folder, port = Path(name), free_port(0)
        environment = os.environ | {"COURSE_ROOM": str(folder / "room"), "PYTHONPATH": str(rows.ROOT)}
        command = [str(rows.ROOT / ".venv-room/bin/python"), "-m", "room"]
        words = ["--learners", str(learners), "--port", str(port), "--host", "127.0.0.1"]
        own = ["--chapters", *chapters, "--cards", str(folder / "cards.html")]
        started = time.perf_counter()
        with (folder / "said").open("wb") as out:
            process = subprocess.Popen(
                [*command, *words, *own], cwd=rows.ROOT, env=environment, stdout=out, stderr=out
            )
        try:
            end = time.monotonic() + OPEN_SECONDS
            while "is open" not in (said := (folder / "said").read_text()):
                if process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"the room did not open:\n{said}")
                time.sleep(0.1)
            seconds = time.perf_counter() - started
            yield f"http://127.0.0.1:{port}", dict(CARD.findall((folder / "cards.html").read_text())), seconds
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(180)
            subprocess.run([*command, "--clear"], cwd=rows.ROOT, env=environment, check=True)


def worked(visitor: Visitor, word: str, notebooks: Sequence[str], together: threading.Barrier) -> list[Row]:
    """One learner's day: a row for JupyterLab and one for each notebook, with what failed."""
    together.wait()
    started, found = time.perf_counter(), []

    def note(what: str, cells: int, failed: Sequence[str]) -> None:
        seconds = round(time.perf_counter() - started, 1)
        found.append({"learner": visitor.name, "what": what, "seconds": seconds, "cells": cells,
                      "failed": "; ".join(failed)[:300]})  # fmt: skip
        print(found[-1], flush=True)

    try:
        visitor.log_in(word).open_lab()
        note("JupyterLab is open", 0, ())
        for notebook in notebooks:
            started = time.perf_counter()
            note(notebook, *visitor.run(f"notebooks/{notebook}.ipynb"))
        started = time.perf_counter()
        note("sees no other's containers", 1, others_seen(visitor, notebooks[0]))
    except Exception as error:  # whatever it is, it is this learner's failure and a row
        note("gave up", 0, [f"{type(error).__name__}: {error}"])
    return found


def others_seen(visitor: Visitor, notebook: str) -> list[str]:
    """Containers of others that a learner sees, after making one named after the learner; it stays there."""
    with visitor.kernel(f"notebooks/{notebook}.ipynb") as kernel:
        made = kernel.run(f"!docker run --detach --name of-{visitor.name} busybox:1.37 sleep 3600")
        seen = kernel.run("!docker ps --all --format '{{{{.Names}}}}'")
    names = seen.text.split()
    lacking = [] if f"of-{visitor.name}" in names else [f"not its own: {made.text or made.error}"]
    return lacking + [f"sees {name}" for name in names if name != f"of-{visitor.name}"]


class Memory:
    """The most that each container used, asked every two seconds while the block runs; and the machine's."""

    def __init__(self) -> None:
        self.most: dict[str, int] = {}
        self.machine = 0
        self._end = threading.Event()
        self._asking = threading.Thread(target=self._ask)

    def __enter__(self) -> Memory:
        self.before = used()
        self._asking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._asking.join()

    def _ask(self) -> None:
        while not self._end.wait(2.0):
            self.machine = max(self.machine, used() - self.before)
            for container in engine.client().containers.list(filters={"label": LABEL}):
                with engine_errors_ignored():
                    asked: Any = container.stats(stream=False, one_shot=True)
                    stats = asked["memory_stats"]
                    kinds = stats.get("stats", {})
                    cached = kinds.get("total_inactive_file", kinds.get("inactive_file", 0))
                    name = str(container.name).removeprefix("course-room-")
                    self.most[name] = max(self.most.get(name, 0), stats.get("usage", 0) - cached)


@contextmanager
def engine_errors_ignored() -> Iterator[None]:
    """A container may end while it is asked."""
    from docker.errors import DockerException

    try:
        yield
    except DockerException:
        return


def used() -> int:
    """The machine's memory in use, without what it only caches."""
    lines = dict(re.findall(r"^(\w+): +(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE))
    return (int(lines["MemTotal"]) - int(lines["MemAvailable"])) << 10


def main(learners: int = LEARNERS, notebooks: Sequence[str] = NOTEBOOKS) -> int:
    """Open a room, let all work at once, keep the rows, say what failed; 1 if anything did."""
    load = os.getloadavg()[0]
    chapters = list(dict.fromkeys(notebook.removesuffix("-more") for notebook in notebooks))
    with opened(learners, chapters) as (address, words, seconds), Memory() as memory:
        visitors = [Visitor(address, name) for name in sorted(words) if name.startswith("learner")]
        together = threading.Barrier(len(visitors))
        with ThreadPoolExecutor(len(visitors)) as pool:
            days = list(pool.map(lambda each: worked(each, words[each.name], notebooks, together), visitors))
    found: list[dict[str, Any]] = [row for day in days for row in day]
    found.insert(
        0, {"learner": "", "what": "the room is open", "seconds": round(seconds, 1), "cells": 0, "failed": ""}
    )
    for name, most in sorted(memory.most.items()):
        found.append(
            {
                "learner": name,
                "what": f"memory: {most / MIB:.0f} MiB",
                "seconds": "",
                "cells": "",
                "failed": "",
            }
        )
    whole = f"memory of the machine: {memory.machine / MIB:.0f} MiB more"
    found.append({"learner": "", "what": whole, "seconds": "", "cells": "", "failed": ""})
    print(rows.write("room", [{"learners": learners, "load": round(load, 1)} | row for row in found]))
    failed = [row for row in found if row["failed"]]
    ought = learners * (len(notebooks) + 2)
    short = [] if sum(1 for day in days for _ in day) == ought else ["some gave up"]
    for what in ("JupyterLab is open", *notebooks):
        times = sorted(float(row["seconds"]) for row in found if row["what"] == what)
        if times:
            print(
                f"{what}: {times[0]:.0f} to {times[-1]:.0f} s, the middle one {times[len(times) // 2]:.0f} s"
            )
    print(
        f"{learners} learners, {len(failed)} failures, "
        f"most memory {max(memory.most.values(), default=0) / MIB:.0f} MiB, {whole}"
    )
    return 1 if failed or short else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=LEARNERS)
    parser.add_argument("--notebooks", nargs="+", default=NOTEBOOKS)
    options = parser.parse_args()
    raise SystemExit(main(options.learners, options.notebooks))
