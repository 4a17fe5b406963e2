"""What one way to build an image costs: context, time, size; knows nothing of drawing."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course import engine
from course.errors import CourseError

if TYPE_CHECKING:
    import pandas as pd

MB = 1_000_000  # as docker's own columns count
UNITS = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}

# A plain log says "#6 [internal] load build context" and then "#6 transferring context: 20.85MB 0.6s done".
CONTEXT = re.compile(r"^#(\d+) \[internal\] load build context$", re.MULTILINE)
SENT = re.compile(r"^#(\d+) transferring context: ([\d.]+)([kMG]?B)", re.MULTILINE)


@dataclass(frozen=True)
class BuildCost:
    """One way to build: *context_mb* sent, *build_s* without cache, *rebuild_s* after a change, *added_mb*.

    *added_mb* is what the image holds beyond its base. 1 MB is 1,000,000 bytes.
    """

    step: str
    context_mb: float
    build_s: float
    rebuild_s: float
    added_mb: float


def build_cost(
    step: str,
    folder: Path,
    dockerfile: Path,
    change: Callable[[Path], object],
    options: Sequence[str] = (),
) -> BuildCost:
    """Build a fresh copy of *folder* without cache, then again after *change* has edited that copy.

    Of a folder that it knows an engine asks for the differences only, so the copy has a name of its own and
    all is sent. No image is kept.
    """
    with tempfile.TemporaryDirectory(prefix="build-cost-") as place:
        copy = Path(place) / Path(place).name  # the engine knows a folder by its own name
        shutil.copytree(folder, copy, symlinks=True)
        command = ["docker", "build", "--progress", "plain", "--file", str(dockerfile), *options]
        first, log, build_s = _build([*command, "--no-cache"], copy, Path(place) / "first")
        change(copy)
        second, _, rebuild_s = _build(command, copy, Path(place) / "second")
    added_mb = _added_bytes(first, _base(dockerfile)) / MB
    for image in {first, second}:
        engine.client().api.remove_image(image, force=True)
    return BuildCost(step, context_bytes(log) / MB, build_s, rebuild_s, added_mb)


def build_costs(kept: Iterable[BuildCost]) -> pd.DataFrame:
    """What was kept as a table: one row per way to build, its name the index."""
    import pandas as pd

    return pd.DataFrame([asdict(each) for each in kept]).set_index("step")


def _build(command: list[str], folder: Path, note: Path) -> tuple[str, str, float]:
    """The image's ID, the log, and the seconds of a build."""
    started = time.perf_counter()
    done = subprocess.run(
        [*command, "--iidfile", str(note), str(folder)],
        env=engine.environment(), capture_output=True, text=True,
    )  # fmt: skip
    seconds = time.perf_counter() - started
    if done.returncode:
        raise CourseError(f"The build failed: {done.stderr[-600:]}", "run it in a %%shell cell")
    return note.read_text().strip(), done.stderr, seconds


def context_bytes(log: str) -> float:
    """The bytes of build context that a plain build *log* says were sent; 0 where a build needed none."""
    numbers = set(CONTEXT.findall(log))
    sent = [float(size) * UNITS[unit] for number, size, unit in SENT.findall(log) if number in numbers]
    return max(sent, default=0)


def _base(dockerfile: Path) -> str:
    """The image that the last `FROM` of *dockerfile* names."""
    lines = re.findall(r"^FROM (\S+)", dockerfile.read_text(), re.MULTILINE)
    return str(lines[-1])


def _added_bytes(image: str, base: str) -> int:
    """Bytes of the layers that *image* has on top of *base*, by the engine's own history."""
    api: Any = engine.client().api
    whole, below = (sum(int(row["Size"]) for row in api.history(each)) for each in (image, base))
    return whole - below
