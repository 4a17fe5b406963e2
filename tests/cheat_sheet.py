"""docs/cheat-sheet.md, made from the chapters' recap tables; it chooses rows, and writes none itself."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from style_chapter import RECAP_HEAD, SECOND_HALF

from course import labs, places

FILE = Path("docs") / "cheat-sheet.md"
# Authors put the most important row first: three of a chapter, one of its second half. 60 rows fill a page.
ROWS, ROWS_OF_SECOND_HALF = 3, 1
WIDEST = 62

HEAD = """# Cheat sheet

The first rows of each chapter's recap, in order, and each command once. The recap itself has the rest.

| chapter | command | what it does |
|---|---|---|
"""


def sheet(root: Path = places.ROOT) -> str:
    """The page as the notebooks have it now."""
    seen: set[str] = set()
    return HEAD + "".join(line for file in chapters(root) for line in chosen(file, seen))


def chapters(root: Path) -> list[Path]:
    """Every chapter's notebook, a second half after its first."""
    return sorted((root / "notebooks").glob("[0-8]*.ipynb"), key=lambda file: file.stem)


def chosen(file: Path, seen: set[str]) -> Iterator[str]:
    """The rows of one notebook that go onto the page; *seen* keeps the commands that are there already."""
    left = ROWS_OF_SECOND_HALF if file.stem.endswith(SECOND_HALF) else ROWS
    number = f"[{file.stem[:2]}](../notebooks/{file.name})"
    for command, what in recap(file):
        if left and command not in seen and len(command) <= WIDEST:
            seen.add(command)
            left -= 1
            yield f"| {number} | {command} | {what} |\n"


def recap(file: Path) -> Iterator[tuple[str, str]]:
    """Command and effect of each row of a notebook's recap table."""
    source = next(labs.source(c) for c in labs.read(file)["cells"] if c.get("id") == "recap")
    table = source.partition(RECAP_HEAD)[2].strip().partition("\n\n")[0]
    for line in table.splitlines()[1:]:
        command, what, _ = re.split(r"(?<!\\) \| ", line.strip("| "))
        yield command, what


def main(arguments: list[str]) -> int:
    """Write the page, or with --check only say whether it is stale."""
    page = places.ROOT / FILE
    if arguments != ["--check"]:
        page.write_text(sheet(), encoding="utf-8")
    stale = not page.exists() or page.read_text(encoding="utf-8") != sheet()
    if stale:
        print(f"{FILE} is stale. Next: .venv/bin/python tests/cheat_sheet.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
