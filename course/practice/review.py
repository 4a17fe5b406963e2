"""What was missed comes back after 1, 3, 7 and 21 days, until it was right each time; it asks no engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from course import labs, places
from course.errors import CourseError
from course.practice import questions
from course.practice.questions import Option, Question
from course.practice.quiz import LEFT, Asked, Sheet, letters_of, sheet
from course.practice.record import Record, Row, now

NAME = "90-review"
# From the miss these are days 1, 3, 7 and 21; whoever comes later waits as long for the next as others.
GAPS = (1, 2, 4, 14)
MOST = 8
AGAIN = "There is nothing to review today."
# Kinds of rows that can be misses, and which of their details names what was asked.
NAMED_BY = {"happened": "key", "answered": "question"}

# Sentences of a page that say where to type, and not what is asked.
TYPING = re.compile(r"question mark|[Aa] wrong guess|between the quotes")

Item = tuple[str, str, str]


@dataclass(frozen=True)
class Waiting:
    """Something missed: how often it was right since, and from which day on it is asked again."""

    item: Item
    rights: int
    day: date


def waiting(rows: Iterable[Row]) -> tuple[Waiting, ...]:
    """All that was missed and not known since, soonest first."""
    found: dict[Item, Waiting] = {}
    for row in rows:
        item, day = _item(row), row.when.date()
        if item is None:
            continue
        if not row.details["right"]:
            found[item] = _next(item, 0, day)
        elif row.what == "reviewed" and item in found:
            rights = found.pop(item).rights + 1
            if rights < len(GAPS):
                found[item] = _next(item, rights, day)
    return tuple(sorted(found.values(), key=lambda each: (each.day, each.item)))


def _next(item: Item, rights: int, day: date) -> Waiting:
    return Waiting(item, rights, day + timedelta(days=GAPS[rights]))


def _item(row: Row) -> Item | None:
    if row.what in NAMED_BY:
        return row.what, row.notebook, str(row.details[NAMED_BY[row.what]])
    return (row.details["of"], row.notebook, str(row.details["item"])) if row.what == "reviewed" else None


def today(record: Record, mine: str, day: date | None = None) -> Sheet | Nothing:
    """Ask what is due, or judge *mine*: the letters for the questions as they stood there last."""
    day = day or now().date()
    rows = record.rows()
    last = next((row for row in reversed(rows) if (row.what, row.notebook) == ("asked", NAME)), None)
    judged = last and next(
        (row for row in rows if row.what == "judged" and _round(row) == _round(last)), None
    )
    if last and not judged:
        asked = _asked_again(last, rows)
        if asked:
            return _judge(record, last, asked, mine)
    if last and judged and mine != LEFT:
        return _shown_again(last, judged, rows, mine)
    return _new_round(record, rows, day, _round(last) + 1 if last else 1)


@dataclass(frozen=True)
class Nothing:
    """There is nothing to ask, and why, or when there will be."""

    words: str

    def __repr__(self) -> str:
        return self.words

    def _repr_html_(self) -> str:
        return f"<p>{self.words}</p>"


def _new_round(record: Record, rows: Sequence[Row], day: date, number: int) -> Sheet | Nothing:
    waits = waiting(rows)
    due = [each.item for each in waits if each.day <= day]
    asked = [(item, found) for item in due if (found := ask(item, rows, number))][:MOST]
    if not asked:
        later = [each for each in waits if each.day > day]
        more = f" The next question comes back on {later[0].day.isoformat()}." if later else ""
        return Nothing(f"{AGAIN}{more}")
    record.add("asked", NAME, round=number, items=[list(item) for item, _ in asked])
    return sheet([found for _, found in asked], LEFT, questions.misconceptions())


def _asked_again(last: Row, rows: Sequence[Row]) -> list[tuple[Item, Asked]]:
    """The questions of an unfinished round as they stood there, without those that were forgotten since."""
    still = {each.item for each in waiting(rows)}
    items = [(str(kind), str(notebook), str(name)) for kind, notebook, name in last.details["items"]]
    found = ((item, ask(item, rows, _round(last))) for item in items if item in still)
    return [(item, asked) for item, asked in found if asked]


def _judge(record: Record, last: Row, asked: Sequence[tuple[Item, Asked]], mine: str) -> Sheet:
    shown = sheet([each for _, each in asked], mine, questions.misconceptions())
    if not shown.answered:
        return shown
    for (of, notebook, name), each in zip((item for item, _ in asked), shown.asked, strict=True):
        if each.chosen:
            record.add(
                "reviewed", notebook, of=of, item=name, mine=each.chosen.text, right=each.chosen.right,
                topic=each.question.topic,
            )  # fmt: skip
    items = [list(item) for item, _ in asked]
    record.add("judged", NAME, round=_round(last), mine=mine, items=items)
    return _over(shown)


def _shown_again(last: Row, judged: Row, rows: Sequence[Row], mine: str) -> Sheet | Nothing:
    """A round that is over, with the same letters: what was said then. Other letters would mean nothing."""
    if letters_of(mine) != letters_of(str(judged.details["mine"])):
        return Nothing('These questions are answered. Put mine="?" to see what is due.')
    items = [(str(kind), str(notebook), str(name)) for kind, notebook, name in judged.details["items"]]
    asked = [found for item in items if (found := ask(item, rows, _round(last)))]
    shown = sheet(asked, mine, questions.misconceptions())
    return _over(shown)


def _over(shown: Sheet) -> Sheet:
    """The sheet of a round that is over, with what to do next."""
    right = sum(bool(each.chosen and each.chosen.right) for each in shown.asked)
    more = "Put ? back and run the cell again to see what else is due."
    return Sheet(shown.asked, f"{right} of {len(shown.answered)} right. {more}", shown.so)


def _round(row: Row) -> int:
    return int(row.details["round"])


def ask(item: Item, rows: Iterable[Row], number: int) -> Asked | None:
    """The question of an item, mixed anew for each round; None where the course no longer has it."""
    of, notebook, name = item
    if of == "happened":
        return _prediction(notebook, name, rows)
    try:
        parts = questions.load(notebook)
    except CourseError:
        return None
    found = next((q for part in parts.values() for q in part if q.id == name), None)
    return Asked(found, found.shuffled(number)) if found else None


def _prediction(notebook: str, key: str, rows: Iterable[Row]) -> Asked | None:
    said = [
        row.details
        for row in rows
        if (row.what, row.notebook, row.details.get("key")) == ("happened", notebook, key)
    ]
    choices, what = said[-1].get("choices"), said[-1]["happened"]
    section = section_of(notebook, key)
    if section is None or not choices or what not in choices:
        return None
    heading, words = section
    options = tuple(_choice(choice, what) for choice in choices)
    return Asked(Question(notebook, key, "predictions", words, f"#{heading}", options), options)


def _choice(choice: str, what: str) -> Option:
    if choice == what:
        return Option(choice, "That is what happened.")
    return Option(choice, f"It was: {what}.", "guessed")


@cache
def _cells(notebook: str) -> list[dict[str, Any]]:
    file = places.notebooks() / f"{notebook}.ipynb"
    return list(labs.read(file)["cells"]) if file.exists() else []


def section_of(notebook: str, key: str) -> tuple[str, str] | None:
    """The heading above a prediction, and the words that asked for it; None where it is there no more."""
    heading, before = "", ""
    for cell in _cells(notebook):
        source = labs.source(cell)
        if cell["cell_type"] == "markdown":
            heading = (re.findall(r"^##+ (.+)$", source, re.MULTILINE) or [heading])[-1]
            before = source if "**Predict:**" in source else before
        elif f'lesson.predict("{key}"' in source:
            return (heading, _question(before)) if before else None
    return None


def _question(source: str) -> str:
    """The paragraph that asks, with the one before it, without markdown and the word on where to type."""
    paragraphs = [each.strip() for each in source.split("\n\n")]
    place = max(n for n, each in enumerate(paragraphs) if "**Predict:**" in each)
    lead = (
        paragraphs[place - 1] if place and not re.match(r"#|\||```|[-*] | {4}", paragraphs[place - 1]) else ""
    )
    lines = [
        *lead.splitlines(),
        *(line for line in paragraphs[place].splitlines() if not TYPING.search(line)),
    ]
    text = " ".join(line for line in lines if not line.startswith("#"))
    text = re.sub(r"\*\*Predict:\*\* (.)", lambda found: found[1].upper(), text)
    return re.sub(r"\*+([^*]+)\*+", r"\1", re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", text))
