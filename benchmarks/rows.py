"""Raw measurements as dated CSV files, each row with the machine and the commit it came from."""

from __future__ import annotations

import csv
import datetime
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).resolve().parent.parent


def origin() -> dict[str, str]:
    """Where a measurement was made: date, commit (with + when files differ from it), machine, Python."""
    commit = _git("rev-parse", "--short", "HEAD") + ("+" if _git("status", "--porcelain") else "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%MZ"),
        "commit": commit,
        "machine": f"{system}, {os.cpu_count()} cores, {memory:.0f} GiB",
        "python": platform.python_version(),
    }


def write(what: str, rows: Sequence[Mapping[str, object]]) -> Path:
    """Append *rows* to the file of *what*; every run adds, none replaces."""
    if not rows:
        raise SystemExit(f"{what}: nothing was measured")
    file = RESULTS / f"{what}.csv"
    fresh = not file.exists()
    columns = [*origin(), *rows[0]]
    if not fresh and file.read_text().partition("\n")[0] != ",".join(columns):
        raise SystemExit(
            f"{file} has other columns than {', '.join(columns)}: give the rows a name of their own"
        )
    RESULTS.mkdir(exist_ok=True)
    with file.open("a", newline="") as out:
        table = csv.DictWriter(out, columns, lineterminator="\n")
        if fresh:
            table.writeheader()
        table.writerows(origin() | dict(row) for row in rows)
    return file


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
