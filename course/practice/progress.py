"""How far somebody is, read from the record: chapters, labs, time, weakest topics; it draws nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from course import labs, places
from course.errors import CourseError
from course.practice.record import Record, Row

if TYPE_CHECKING:
    import pandas as pd

WEAKEST = 5
# Rows that say what was right, and which of their details names what was asked.
NAMED_BY = {"happened": "key", "answered": "question", "puzzled": "puzzle"}
HEAD = ("chapter", "run to the end", "time", "right at first", "lab")


class ProgressError(CourseError):
    """A chapter that isn't one."""


@dataclass(frozen=True)
class Chapter:
    """What was done of one chapter: its notebooks, its first guesses and answers, its lab at its best."""

    slug: str
    notebooks: int
    finished: int
    minutes: float
    right: int
    asked: int
    earned: int
    points: int

    @property
    def passed(self) -> bool:
        """Whether its lab, if it has one, has all its points."""
        return self.earned == self.points

    def cells(self) -> tuple[str, ...]:
        """The chapter as a row of words."""
        run = f"{self.finished} of {self.notebooks}" if self.notebooks else ""
        right = f"{self.right} of {self.asked}" if self.asked else ""
        lab = f"{self.earned} of {self.points} points" if self.points else ""
        return self.slug, run, _duration(self.minutes) if self.minutes else "", right, lab


@dataclass(frozen=True)
class Topic:
    """How often one topic went wrong at first, and where it was asked."""

    name: str
    wrong: int
    asked: int
    notebooks: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}: {self.wrong} of {self.asked} wrong at first ({', '.join(self.notebooks)})"


@dataclass(frozen=True)
class Progress:
    """Every chapter of the course with what was done of it, and the topics that went wrong most."""

    chapters: tuple[Chapter, ...]
    weakest: tuple[Topic, ...]

    @property
    def table(self) -> pd.DataFrame:
        """The chapters as numbers."""
        import pandas as pd

        names = ["notebooks", "finished", "minutes", "right", "asked", "earned", "points"]
        rows = [[getattr(chapter, name) for name in names] for chapter in self.chapters]
        return pd.DataFrame(
            rows, columns=names, index=pd.Index([c.slug for c in self.chapters], name="chapter")
        )

    @property
    def words(self) -> str:
        """The whole in one sentence."""
        with_lab = [chapter for chapter in self.chapters if chapter.points]
        with_notebooks = [chapter for chapter in self.chapters if chapter.notebooks]
        run = [chapter for chapter in with_notebooks if chapter.finished == chapter.notebooks]
        return (
            f"{len(run)} of {len(with_notebooks)} chapters run to their end, "
            f"{sum(chapter.passed for chapter in with_lab)} of {len(with_lab)} labs with all points, "
            f"{_duration(sum(chapter.minutes for chapter in self.chapters))} of work."
        )

    def __repr__(self) -> str:
        rows = [HEAD, *(chapter.cells() for chapter in self.chapters)]
        widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
        ]
        weak = ["Weakest topics:", *(f"  {topic}" for topic in self.weakest)] if self.weakest else []
        return "\n".join([*(line.rstrip() for line in lines), self.words, *weak])

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col" style="text-align:left">{title}</th>' for title in HEAD)
        rows = "\n".join(_html(chapter.cells()) for chapter in self.chapters)
        weak = "".join(f"<li>{escape(str(topic))}</li>\n" for topic in self.weakest)
        return (
            f"<table><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table>\n<p>{self.words}</p>"
            + (f"\n<p>Weakest topics:</p>\n<ul>\n{weak}</ul>" if weak else "")
        )


def read(record: Record) -> Progress:
    """What *record* says of every chapter of the course."""
    rows = record.rows()
    return Progress(tuple(_chapter(slug, rows) for slug in slugs()), tuple(_weakest(rows)))


def reset(record: Record, name: str) -> tuple[str, int]:
    """Forget all rows of chapter *name* ("06-ports" or "06"), its second half and its lab; slug and count."""
    meant = [slug for slug in slugs() if name in (slug, slug[:2])]
    if len(meant) != 1:
        raise ProgressError(f"There is no chapter {name!r}.", f"choose one of: {', '.join(slugs())}")
    return meant[0], record.forget(lambda row: chapter_of(row.notebook) == meant[0])


def slugs() -> tuple[str, ...]:
    """Every chapter and lab by the name that they share, in order; the review is none."""
    chapters = (chapter_of(file.stem) for file in places.notebooks().glob("[0-8]*.ipynb"))
    return tuple(sorted({*chapters, *labs.slugs()}))


def chapter_of(notebook: str) -> str:
    """The chapter that a notebook or lab belongs to."""
    return notebook.removeprefix("labs/").removesuffix("-more")


def first_answers(rows: Iterable[Row]) -> dict[tuple[str, str], Row]:
    """The first outcome of each prediction, and the first answer to each question and puzzle."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        if row.what in NAMED_BY:
            found.setdefault((row.notebook, f"{row.what} {row.details.get(NAMED_BY[row.what])}"), row)
    return found


def is_finish(row: Row) -> bool:
    """Whether a notebook was run to its end: its last cell ran, and no fewer cells than it has."""
    return row.what == "finished" and int(row.details.get("cells", 0)) >= int(row.details.get("of", 0))


def best_check(rows: Iterable[Row], lab: str) -> Row | None:
    """The row of *lab*'s best judgement, the newest among equals."""
    judged = [row for row in rows if row.what == "checked" and row.notebook == f"labs/{lab}"][::-1]
    return max(
        judged, key=lambda row: (row.details["earned"] / row.details["points"], row.when), default=None
    )


def _chapter(slug: str, rows: Sequence[Row]) -> Chapter:
    own = [row for row in rows if chapter_of(row.notebook) == slug]
    notebooks = {file.stem for file in places.notebooks().glob(f"{slug}*.ipynb")}
    finished = {row.notebook for row in own if is_finish(row)} & notebooks
    answers = first_answers(own).values()
    best = best_check(own, slug)
    points = best.details["points"] if best else _points(slug)
    return Chapter(
        slug, len(notebooks), len(finished), sum(row.details.get("seconds", 0) for row in own) / 60,
        sum(bool(row.details["right"]) for row in answers), len(answers),
        best.details["earned"] if best else 0, points,
    )  # fmt: skip


def _points(slug: str) -> int:
    return sum(check.points for check in labs.load_checks(labs.find(slug))) if slug in labs.slugs() else 0


def _weakest(rows: Sequence[Row]) -> Iterator[Topic]:
    by_topic: dict[str, list[Row]] = {}
    for row in first_answers(rows).values():
        by_topic.setdefault(row.details.get("topic") or f"predictions of {row.notebook}", []).append(row)
    topics = [_topic(name, asked) for name, asked in by_topic.items()]
    weak = sorted((topic for topic in topics if topic.wrong), key=lambda t: (-t.wrong / t.asked, -t.asked))
    yield from weak[:WEAKEST]


def _topic(name: str, asked: Sequence[Row]) -> Topic:
    wrong = sum(not row.details["right"] for row in asked)
    return Topic(name, wrong, len(asked), tuple(sorted({row.notebook for row in asked})))


def _duration(minutes: float) -> str:
    whole = round(minutes)
    return f"{whole // 60} h {whole % 60:02} min" if whole >= 60 else f"{whole} min"


def _html(cells: Iterable[str]) -> str:
    first, *others = (escape(cell) for cell in cells)
    more = "".join(f'<td style="text-align:left">{cell}</td>' for cell in others)
    return f'<tr><th scope="row" style="text-align:left">{first}</th>{more}</tr>'
