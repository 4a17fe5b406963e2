"""What images weigh, what containers add and what rebuilds cost, as tables; knows nothing of drawing."""

from __future__ import annotations

import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from course import engine
from course.errors import CourseError
from course.measure import saved

if TYPE_CHECKING:
    import pandas as pd

MB = 1_000_000  # as docker's own columns count: decimal, not 1024 * 1024

# A plain build log says "#7 [3/5] COPY …" and, later, "#7 CACHED" or "#7 DONE 2.9s".
STEP = re.compile(r"^#(\d+) \[(?:\S+ )?(\d+)/\d+\] (.+)$", re.MULTILINE)
CACHED = re.compile(r"^#(\d+) CACHED$", re.MULTILINE)
DONE = re.compile(r"^#(\d+) DONE ([\d.]+)s$", re.MULTILINE)


def layers(*tags: str) -> pd.DataFrame:
    """The layers of each image of *tags*, lowest first, read from `docker save`.

    One row per layer: *image*, *position* from 1, *layer* (12 digits of its digest), *made_by*, *mb* (its
    files, 1 MB = 1,000,000 bytes), *images* (how many of *tags* have this very layer).
    """
    import pandas as pd

    found = saved.images(*tags)
    owners = Counter(digest for stack in found.values() for digest in {layer.digest for layer in stack})
    rows = [
        (tag, position, _short(layer.digest), layer.made_by, layer.size / MB, owners[layer.digest])
        for tag, stack in found.items()
        for position, layer in enumerate(stack, start=1)
    ]
    return pd.DataFrame(rows, columns=["image", "position", "layer", "made_by", "mb", "images"])


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]


def waste(tag: str) -> pd.DataFrame:
    """Bytes in image *tag* that no container of it can see, by the layer that carries them.

    One row per layer, lowest first: *made_by*, *mb* (its files), *wasted_mb*: files in it that a layer above
    deletes or replaces.
    """
    import pandas as pd

    stack = saved.images(tag)[tag]
    lost = [0] * len(stack)
    seen: dict[str, tuple[int, int]] = {}  # path → its layer and bytes
    for place, layer in enumerate(stack):
        hidden = [path for path in seen if path in layer.files or _is_hidden(path, layer.hides)]
        for path in hidden:
            owner, size = seen.pop(path)
            lost[owner] += size
        seen |= {path: (place, size) for path, size in layer.files.items()}
    rows = [(layer.made_by, layer.size / MB, gone / MB) for layer, gone in zip(stack, lost, strict=True)]
    return pd.DataFrame(rows, columns=["made_by", "mb", "wasted_mb"], index=range(1, len(rows) + 1))


def _is_hidden(path: str, hides: tuple[str, ...]) -> bool:
    return any(path == above or path.startswith(f"{above}/") for above in hides)


def container_sizes(prefix: str) -> pd.DataFrame:
    """Disk of each container whose name begins with *prefix*, as `docker ps --size` has it, by name.

    *own_mb* is the writable layer, *with_image_mb* the same with the image below it (MB).
    """
    import pandas as pd

    listed = engine.client().api.containers(all=True, size=True, filters={"name": f"^/{prefix}"})
    rows = [
        (each["Names"][0].lstrip("/"), each.get("SizeRw", 0) / MB, each["SizeRootFs"] / MB) for each in listed
    ]
    if not rows:
        raise CourseError(
            f"No container's name begins with {prefix}.", "run the cells above again, from the top"
        )
    return pd.DataFrame(sorted(rows), columns=["container", "own_mb", "with_image_mb"])


def rebuilds(
    folder: Path, orders: Mapping[str, str], change: Callable[[], object], repeats: int = 3
) -> pd.DataFrame:
    """Build *folder* again and again after *change* has edited it, with each Dockerfile of *orders* by name.

    One row per step: *order*, *attempt* from 1, *step*, *seconds*, *cached*, and *total* (the whole
    `docker build`, seconds). Each order is built once before, uncounted. No image is kept.
    """
    import pandas as pd

    rows = []
    for order, dockerfile in orders.items():
        _build(folder, dockerfile)
        for attempt in range(1, repeats + 1):
            change()
            steps, total = _build(folder, dockerfile)
            rows += [(order, attempt, *step, total) for step in steps]
    return pd.DataFrame(rows, columns=["order", "attempt", "step", "seconds", "cached", "total"])


def _build(folder: Path, dockerfile: str) -> tuple[list[tuple[str, float, bool]], float]:
    """Each step with its seconds and whether it came from the cache, and the seconds of the whole build."""
    command = ["docker", "build", "--progress", "plain", "--output", "type=cacheonly"]
    command += ["--file", str(folder / dockerfile), str(folder)]
    started = time.perf_counter()
    done = subprocess.run(command, env=engine.environment(), capture_output=True, text=True)
    total = time.perf_counter() - started
    if done.returncode:
        raise CourseError(
            f"The build with {dockerfile} failed: {done.stderr[-600:]}", "mend the file, build again"
        )
    return steps_of(done.stderr), total


def steps_of(log: str) -> list[tuple[str, float, bool]]:
    """Step, seconds and whether it was cached, for each step after FROM in a plain build *log*."""
    cached, seconds = set(CACHED.findall(log)), dict(DONE.findall(log))
    steps = sorted({(int(place), number, name) for number, place, name in STEP.findall(log)})
    return [
        (name, float(seconds.get(number, 0)), number in cached)
        for _, number, name in steps
        if not name.startswith("FROM ")  # finding the base isn't a step that a change could repeat
    ]
