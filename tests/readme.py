"""The README's picture, tables and set-up times, made from what is stored; knows no other page."""

from __future__ import annotations

import base64
import csv
import html
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from generated import put

from course import labs, places
from course.errors import CourseError

PICTURE_FROM = ("06-ports", "path-picture")
PICTURE = Path("docs") / "picture.png"
SETUP_ROWS = Path("benchmarks") / "results" / "setup.csv"
COLUMNS = ("no.", "chapter", "what you do in it", "takes", "lab")


class ReadmeError(CourseError):
    """A notebook or the README lacks what the other is to get from it."""


@dataclass(frozen=True)
class Chapter:
    """What one notebook says of itself; *minutes* is the author's word for a reader's time."""

    notebook: Path
    number: str
    title: str
    promise: str
    minutes: int
    lab: Path | None


def chapters(root: Path = places.ROOT) -> tuple[Chapter, ...]:
    """Every chapter in notebooks/ of *root*, in the order of their names; 90-review is none."""
    files = sorted((root / "notebooks").glob("[0-8]*.ipynb"), key=lambda file: file.stem)
    if not files:
        raise ReadmeError(f"There is no notebook in {root / 'notebooks'}.", "git status")
    return tuple(_chapter(file) for file in files)


def _chapter(file: Path) -> Chapter:
    first, *others = (
        labs.source(cell) for cell in labs.read(file)["cells"] if cell["cell_type"] == "markdown"
    )
    heading, _, text = first.partition("\n")
    title = re.fullmatch(r"# (\d\d) · (.+)", heading.strip())
    promise = " ".join(text.strip().split("\n\n")[0].split())
    time = re.search(r"\*\*Time\*\*\s*\|\s*(?:about\s+)?(\d+) minutes", "\n".join(others))
    if title is None or title[1] != file.name[:2] or not promise or time is None:
        raise ReadmeError(
            f"{file.name} doesn't say its number and title, its promise and its time where others do.",
            'start it as 06-ports.ipynb: "# 06 · Title", a sentence, and a row "| **Time** | 40 minutes … |"',
        )
    lab = file.parent.parent / "labs" / file.stem / "lab.ipynb"
    return Chapter(file, title[1], title[2], promise, int(time[1]), lab if lab.exists() else None)


def table(found: tuple[Chapter, ...]) -> str:
    """The chapters as a Markdown table; its links start at the README's folder."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(_row(chapter) for chapter in found)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def _row(chapter: Chapter) -> tuple[str, ...]:
    lab = f"[lab](labs/{chapter.lab.parent.name}/{chapter.lab.name})" if chapter.lab else ""
    name = f"[{chapter.title}](notebooks/{chapter.notebook.name})"
    return chapter.number, name, chapter.promise, f"{chapter.minutes}\N{NO-BREAK SPACE}min", lab


def tickets(root: Path = places.ROOT) -> str:
    """The incidents, labs without a chapter, as a Markdown table; its links start at the README's folder."""
    rows = [("no.", "incident", "takes"), ("---",) * 3]
    for file in sorted((root / "labs").glob("2*/lab.ipynb")):
        first = labs.source(labs.read(file)["cells"][0])
        title = re.match(r"# Ticket (\d\d): (.+)", first)
        minutes = re.search(r"^\| (\d+) \|", first, re.MULTILINE)
        if title is None or minutes is None:
            raise ReadmeError(
                f"{file.parent.name} doesn't say its number, its title and its minutes.",
                "start it as 21-only-inside: '# Ticket 21: title', and a table that begins with the minutes",
            )
        link = f"[{title[2]}](labs/{file.parent.name}/lab.ipynb)"
        rows.append((title[1], link, f"{minutes[1]}\N{NO-BREAK SPACE}min"))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def picture(root: Path = places.ROOT) -> tuple[bytes, str]:
    """The PNG that the notebook of PICTURE_FROM holds as its stored output, and its alt text."""
    slug, cell_id = PICTURE_FROM
    cells = labs.read(root / "notebooks" / f"{slug}.ipynb")["cells"]
    outputs = [each for cell in cells if cell.get("id") == cell_id for each in cell["outputs"]]
    shown = "".join("".join(each.get("data", {}).get("text/html", "")) for each in outputs)
    image = re.search(r'<img alt="([^"]*)" src="data:image/png;base64,([^"]+)"', shown)
    if image is None:
        again = f".venv/bin/python tests/outputs.py notebooks/{slug}.ipynb"
        raise ReadmeError(f"Cell {cell_id} of {slug} holds no picture.", again)
    return base64.b64decode(image[2]), html.unescape(image[1])


def set_up_times(root: Path = places.ROOT) -> str:
    """How long `make lab` took when it was last measured on a bare machine, and the time after that."""
    with (root / SETUP_ROWS).open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["what"] == "JupyterLab is open:"]
    runs = zip(rows, rows[1:], strict=False)
    pairs = [pair for pair in runs if pair[0]["state"].startswith("bare") and "second" in pair[1]["state"]]
    if not pairs:
        raise ReadmeError(f"{SETUP_ROWS} has no bare run with a second one.", "python -m benchmarks.setup")
    first, second = pairs[-1]
    return (
        f"Measured on {first['date'][:10]} ({first['machine'].split(', ', 1)[1]}, a Debian mirror near by, "
        f"no Docker Hub): {float(first['seconds']):.0f} s from nothing to an open JupyterLab, "
        f"{float(second['seconds']):.0f} s the second time."
    )


def filled(text: str, root: Path = places.ROOT) -> str:
    """The README's *text* with each generated place as the notebooks and measurements have it now."""
    words = re.sub(r"[\[\]\\]", "", picture(root)[1])
    text = put(put(text, "picture", f"![{words}]({PICTURE})"), "incidents", tickets(root))
    return put(put(text, "measured", set_up_times(root)), "chapters", table(chapters(root)))


def stale(root: Path = places.ROOT) -> list[str]:
    """Which of the two files are no longer what the notebooks say."""
    text = (root / "README.md").read_text(encoding="utf-8")
    image = root / PICTURE
    files = {
        "README.md": text == filled(text, root),
        str(PICTURE): image.exists() and image.read_bytes() == picture(root)[0],
    }
    return [name for name, fresh in files.items() if not fresh]


def write(root: Path = places.ROOT) -> None:
    """Bring both files up to what the notebooks say."""
    readme = root / "README.md"
    readme.write_text(filled(readme.read_text(encoding="utf-8"), root), encoding="utf-8")
    (root / PICTURE).write_bytes(picture(root)[0])


def main(arguments: list[str]) -> int:
    """Write both files, or with --check only say which are stale."""
    if arguments not in ([], ["--check"]):
        print("python tests/readme.py [--check]", file=sys.stderr)
        return 2
    try:
        if not arguments:
            write()
        left = stale()
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    for name in left:
        print(f"{name} is older than the notebooks. Next: .venv/bin/python tests/readme.py", file=sys.stderr)
    return 1 if left else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
