"""Run chapters and solutions again and store what they print: `make outputs [NOTEBOOKS=…]`."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import readme
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent
CELL_SECONDS = 300


def notebooks() -> list[Path]:
    """Every notebook whose outputs are committed."""
    chapters = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    return chapters + sorted((ROOT / "solutions").glob("[0-9]*/lab.ipynb"))


def refresh(path: Path) -> None:
    """Run *path* from its top in its own folder and write it back, with outputs and counts alone changed."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook, timeout=CELL_SECONDS, kernel_name="python3", record_timing=False,
        resources={"metadata": {"path": str(path.parent)}}, coalesce_streams=True,
    )  # fmt: skip
    try:
        client.execute()
    finally:
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def main(names: list[str]) -> int:
    """Refresh *names*, or all; the first failing cell is named and ends the run."""
    with tempfile.TemporaryDirectory() as folder:
        # What a page shows of a record is that of a beginner, not the author's.
        os.environ["COURSE_RECORD"] = str(Path(folder) / "progress.jsonl")
        return refresh_all([Path(name).resolve() for name in names] or notebooks())


def refresh_all(paths: list[Path]) -> int:
    """Refresh each, and then the README, which is made from what the chapters now hold."""
    for path in paths:
        started = time.monotonic()
        try:
            refresh(path)
        except CellExecutionError as error:
            print(f"{path.relative_to(ROOT)}: {str(error)[-1500:]}", file=sys.stderr)
            return 1
        print(f"{path.relative_to(ROOT)}: {time.monotonic() - started:.1f} s")
    return readme.main([])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
