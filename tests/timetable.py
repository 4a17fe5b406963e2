"""How long each chapter takes a reader, from its length and the runs of CI; it writes the pages that say so.

The seconds of the cells are measured by `make test`. The rest is an estimate: what there is to read, type
and answer, times the paces below. No reader was timed for it.
"""

from __future__ import annotations

import csv
import json
import re
import statistics
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from generated import put

from course import labs as notebooks
from course import places
from course.errors import CourseError
from course.practice import puzzles, questions

SECONDS = Path("artefacts") / "chapter-seconds.csv"
ROWS = Path("benchmarks") / "results" / "ci-chapters.csv"
PAGE = Path("docs") / "instructor.md"
DECKS = Path("editions") / "decks"
RUNS = 3
# Silent reading of plain English prose: 238 words a minute (Brysbaert, "How many words do we read per
# minute?", Journal of Memory and Language 109, 2019). Prose that one tries out is read slower: two thirds.
WORDS_PER_MINUTE = 160.0
LINE_OF_CODE_S, LINE_OF_OUTPUT_S, PICTURE_S = 6.0, 2.0, 30.0
QUESTION_S, PREDICTION_S, PUZZLE_S = 60.0, 30.0, 240.0
# A longer output is looked through, not read.
OUTPUT_LINES = 12
ROUND_TO = 5
# A day in a room, in minutes after midnight and minutes.
BEGIN, NOON, END_OF_DAY, DAY_HOURS = 9 * 60, 12 * 60, 17 * 60, 8
PAUSE, PAUSE_AFTER, LUNCH = 15, 75, 60
ROW = re.compile(r"(\*\*Time\*\* *\| *)[^|\n]*?( *\|)")
SPOKEN = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}


class TimetableError(CourseError):
    """A chapter has no measured run, or no row for its time."""


@dataclass(frozen=True)
class Load:
    """What one notebook asks of a reader."""

    words: int
    code: int
    output: int
    pictures: int
    predictions: int
    questions: int
    puzzles: int

    @property
    def seconds(self) -> float:
        """Seconds of reading, typing and answering."""
        return (
            self.words / WORDS_PER_MINUTE * 60
            + self.code * LINE_OF_CODE_S
            + self.output * LINE_OF_OUTPUT_S
            + self.pictures * PICTURE_S
            + self.predictions * PREDICTION_S
            + self.questions * QUESTION_S
            + self.puzzles * PUZZLE_S
        )


@dataclass(frozen=True)
class Time:
    """A chapter's time: *cells* is the median of the measured runs, in seconds."""

    load: Load
    cells: float

    @property
    def minutes(self) -> int:
        """Minutes for a reader, in steps of five."""
        return max(ROUND_TO, round((self.load.seconds + self.cells) / 60 / ROUND_TO) * ROUND_TO)

    def __str__(self) -> str:
        return f"about {self.minutes} minutes; the cells themselves run in {spoken(self.cells)}"


def spoken(seconds: float) -> str:
    """A duration as a person says it."""
    if seconds < 15:
        return "about ten seconds"
    halves = max(1, round(seconds / 30))
    whole, half = divmod(halves, 2)
    if not whole:
        return "about half a minute"
    words = SPOKEN.get(whole, str(whole))
    if half:
        return f"about {words} and a half minutes"
    return f"about {words} minute{'s' * (whole > 1)}"


def load(file: Path) -> Load:
    """What the notebook *file* asks of a reader; set-up and clean-up cells count like others."""
    cells = notebooks.read(file)["cells"]
    # Without the row that this writes: its words would change what it says.
    prose = [ROW.sub("", notebooks.source(cell)) for cell in cells if cell["cell_type"] == "markdown"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    sources = [notebooks.source(cell) for cell in code]
    outputs = [each for cell in code for each in cell["outputs"]]
    asked = questions.load(file.stem) if questions.file_of(file.stem).exists() else {}
    return Load(
        words=sum(len(text.split()) for text in prose),
        code=sum(bool(line.strip()) for source in sources for line in source.splitlines()),
        output=sum(min(OUTPUT_LINES, len(_text(each).splitlines())) for each in outputs),
        pictures=sum("<img " in "".join(each.get("data", {}).get("text/html", "")) for each in outputs),
        predictions=sum("lesson.predict(" in source for source in sources),
        questions=sum(map(len, asked.values())),
        puzzles=len(puzzles.load(file.stem)) if puzzles.file_of(file.stem).exists() else 0,
    )


def _text(output: Mapping[str, object]) -> str:
    data = output.get("data")
    found = data.get("text/plain", "") if isinstance(data, Mapping) else output.get("text", "")
    return "".join(found) if isinstance(found, list) else str(found)


def chapters(root: Path = places.ROOT) -> list[Path]:
    """Every chapter's notebook, in order; the review is none."""
    found = sorted((root / "notebooks").glob("[0-8]*.ipynb"), key=lambda file: file.stem)
    if not found:
        raise TimetableError(f"There is no notebook in {root / 'notebooks'}.", "git status")
    return found


def measured(root: Path = places.ROOT) -> dict[str, float]:
    """Seconds of each chapter's cells: the median of its last runs."""
    runs: dict[str, list[float]] = {}
    with (root / ROWS).open(newline="") as file:
        for row in csv.DictReader(file):
            runs.setdefault(row["chapter"], []).append(float(row["seconds"]))
    return {chapter: statistics.median(seconds[-RUNS:]) for chapter, seconds in runs.items()}


def times(root: Path = places.ROOT) -> dict[str, Time]:
    """Each chapter's time by its slug."""
    seconds = measured(root)
    files = chapters(root)
    missing = [file.stem for file in files if file.stem not in seconds]
    if missing:
        raise TimetableError(
            f"{ROWS} has no run of {', '.join(missing)}.", "make test, then python tests/timetable.py --add"
        )
    return {file.stem: Time(load(file), seconds[file.stem]) for file in files}


def with_time(text: str, time: Time) -> str:
    """A notebook's file with *time* in the row **Time** of its head table, and nothing else changed."""
    content = json.loads(text)
    for cell in content["cells"]:
        if cell["cell_type"] == "markdown" and ROW.search(source := "".join(cell["source"])):
            fresh = ROW.sub(rf"\g<1>{time}\g<2>", source, count=1)
            cell["source"] = fresh.splitlines(keepends=True)
            break
    else:
        raise TimetableError("A chapter has no row **Time** in its head table.", "start it as 06-ports.ipynb")
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def table(found: Mapping[str, Time]) -> str:
    """What each chapter takes, and of what that is made, as a Markdown table."""
    head = ("chapter", "minutes", "words", "lines of code", "pictures", "to answer", "cells run, s")
    rows = [head, ("---", *["--:"] * (len(head) - 1))]
    for slug, time in found.items():
        own = time.load
        answers = own.predictions + own.questions + own.puzzles
        numbers = (time.minutes, own.words, own.code, own.pictures, answers, round(time.cells))
        rows.append((f"[{slug}](../notebooks/{slug}.ipynb)", *map(str, numbers)))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


@dataclass(frozen=True)
class Plan:
    """A day or days in a room: chapters in their order, and those whose labs are done there as well."""

    title: str
    hours: float
    chapters: tuple[str, ...]
    labs: tuple[str, ...] = ()


def plans(root: Path = places.ROOT) -> list[Plan]:
    """The plans of the decks in editions/decks, the shortest first."""
    found = []
    for file in (root / DECKS).glob("*.toml"):
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        wanted = (
            content["title"],
            content["hours"],
            (*content["first"], *content["chapters"]),
            tuple(content["labs"]),
        )
        found.append(Plan(*wanted))
    if not found:
        raise TimetableError(f"There is no deck in {DECKS}.", "git status")
    return sorted(found, key=lambda plan: plan.hours)


def schedule(plan: Plan, found: Mapping[str, Time]) -> list[tuple[int, int, str]]:
    """Day, minutes after midnight and what begins then; pauses after an hour and a quarter, lunch after noon.

    Raises TimetableError where the plan needs more days than its hours say.
    """
    rows: list[tuple[int, int, str]] = []
    day, clock, worked, fed = 1, BEGIN, 0, False
    last_day = -(-plan.hours // DAY_HOURS)
    for slug, minutes, what in _items(plan, found):
        gap = (LUNCH, "lunch") if not fed and clock >= NOON else (PAUSE, "pause")
        due = worked >= PAUSE_AFTER or gap[1] == "lunch"
        if clock + due * gap[0] + minutes > END_OF_DAY:
            rows.append((day, clock, "end"))
            day, clock, worked, fed = day + 1, BEGIN, 0, False
        elif due:
            rows.append((day, clock, gap[1]))
            clock, worked, fed = clock + gap[0], 0, fed or gap[1] == "lunch"
        rows.append((day, clock, f"{what} [{slug}](../{_path(slug, what)})"))
        clock, worked = clock + minutes, worked + minutes
    rows.append((day, clock, "end"))
    spent = clock - BEGIN if day == 1 else 0
    if day > last_day or spent > plan.hours * 60:
        raise TimetableError(
            f"{plan.title}: it ends on day {day} at {_clock(clock)}, and has {plan.hours:g} hours.",
            f"take a chapter out of its deck in {DECKS}",
        )
    return rows


def _items(plan: Plan, found: Mapping[str, Time]) -> Iterator[tuple[str, int, str]]:
    for slug in plan.chapters:
        yield slug, found[slug].minutes, "chapter"
        if slug in plan.labs:
            yield slug, -(-found[slug].minutes // 2 // ROUND_TO) * ROUND_TO, "lab"


def _path(slug: str, what: str) -> str:
    return f"labs/{slug}/lab.ipynb" if what == "lab" else f"notebooks/{slug}.ipynb"


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"


def programme(found: Mapping[str, Time], root: Path = places.ROOT) -> str:
    """The plans as Markdown, each with a heading and a table."""
    parts = []
    for plan in plans(root):
        rows = schedule(plan, found)
        days = max(day for day, _, _ in rows)
        head = ("day", "begins", "") if days > 1 else ("begins", "")
        lines = [head, ("---",) * len(head)]
        for day, clock, what in rows:
            lines.append(((str(day),) if days > 1 else ()) + (_clock(clock), what))
        table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        parts.append(f"### {plan.title}\n\n{table}")
    return "\n\n".join(parts)


def fresh(root: Path = places.ROOT) -> dict[Path, str]:
    """The files that say a time, as they should be."""
    found = times(root)
    pages = {file: with_time(file.read_text(encoding="utf-8"), found[file.stem]) for file in chapters(root)}
    page = root / PAGE
    text = put(page.read_text(encoding="utf-8"), "minutes", table(found))
    pages[page] = put(text, "plans", f"\n{programme(found, root)}\n")
    return pages


def stale(root: Path = places.ROOT) -> list[str]:
    """Which files say another time than was measured."""
    return [str(file.relative_to(root)) for file, text in fresh(root).items() if file.read_text() != text]


def add(root: Path = places.ROOT) -> int:
    """Take over the seconds of the last `make test` as rows; gives how many."""
    from benchmarks import rows

    with (root / SECONDS).open(newline="") as file:
        found = [{"chapter": row["chapter"], "seconds": row["seconds"]} for row in csv.DictReader(file)]
    rows.write(ROWS.stem, found)
    return len(found)


def main(arguments: list[str]) -> int:
    """Write the pages; with --add take over the last run first."""
    if arguments not in ([], ["--add"]):
        print("python tests/timetable.py [--add]", file=sys.stderr)
        return 2
    try:
        if arguments:
            print(f"{add()} chapters of {SECONDS} are in {ROWS}")
        for file, text in fresh().items():
            file.write_text(text, encoding="utf-8")
    except (CourseError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    print("Next: .venv/bin/python tests/readme.py")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(places.ROOT))
    raise SystemExit(main(sys.argv[1:]))
