"""What was missed comes back after 1, 3, 7 and 21 days, and letters mean what they meant when asked."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pages
import pytest
from test_practice_quiz import headings

from course import labs, lesson, places
from course.practice import Nothing, Record, Sheet, questions, review
from course.practice.record import Row
from course.practice.review import today, waiting

pytestmark = pytest.mark.apart
BEGIN = datetime.fromisoformat("2026-11-01T23:30:00+01:00")
NOTEBOOK = "06-ports"
QUESTION = "colleague-on-the-wifi"


def missed(days: int = 0, *, right: bool = False) -> Row:
    """An answer of a chapter, so many days after the beginning."""
    return Row(BEGIN + timedelta(days=days), "answered", NOTEBOOK, {"question": QUESTION, "right": right})


def reviewed(days: int, right: bool) -> Row:
    """A review of the same question."""
    details = {"of": "answered", "item": QUESTION, "right": right}
    return Row(BEGIN + timedelta(days=days), "reviewed", NOTEBOOK, details)


def days_until(rows: list[Row]) -> list[int]:
    """After how many days from the beginning each waiting thing is due."""
    return [(each.day - BEGIN.date()).days for each in waiting(rows)]


def test_what_was_right_does_not_come_back() -> None:
    """Only misses wait, and a right answer in the chapter a moment later doesn't take one away."""
    assert days_until([missed(right=True)]) == []
    assert days_until([missed(), missed(right=True)]) == [1]


def test_it_comes_back_on_days_1_3_7_and_21_and_then_no_more() -> None:
    """Whoever is right each time on its day meets it four times."""
    rows = [missed()]
    for day in (1, 3, 7, 21):
        assert days_until(rows) == [day]
        rows.append(reviewed(day, right=True))
    assert days_until(rows) == []


def test_a_wrong_answer_begins_from_the_first_day() -> None:
    """On day 7 it was wrong: the next days are 8 and 10."""
    rows = [missed(), reviewed(1, True), reviewed(3, True), reviewed(7, False)]
    assert days_until(rows) == [8]
    assert days_until([*rows, reviewed(8, True)]) == [10]


def test_who_comes_late_waits_as_long_as_others() -> None:
    """A question of day 1, answered on day 10, is not asked again on the same day."""
    assert days_until([missed(), reviewed(10, True)]) == [12]


def test_the_day_counts_and_not_the_hour() -> None:
    """Missed half an hour before midnight, it is due in the morning."""
    assert [each.day for each in waiting([missed()])] == [date(2026, 11, 2)]


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Record:
    """The record of somebody who missed a question and a prediction of chapter 06 today."""
    monkeypatch.setenv("COURSE_RECORD", str(tmp_path / "progress.jsonl"))
    found = Record(tmp_path / "progress.jsonl")
    found.add("answered", NOTEBOOK, question=QUESTION, topic="publishing", mine="x", right=False)
    found.add(
        "happened", NOTEBOOK, key="hidden", mine="hangs", happened="refused", right=False,
        choices=["answers", "refused", "hangs"],
    )  # fmt: skip
    return found


TOMORROW = date.today() + timedelta(days=1)


def letters(sheet: Sheet, wish: Callable[[int], bool]) -> str:
    """Letters that are right or wrong, question by question, as *wish* wants it."""
    chosen = []
    for number, asked in enumerate(sheet.asked):
        place = next(n for n, option in enumerate(asked.options) if option.right is wish(number))
        chosen.append("abcdefgh"[place])
    return " ".join(chosen)


def asked(record: Record, mine: str, day: date = TOMORROW) -> Sheet:
    """What is asked that day, which must be something."""
    sheet = today(record, mine, day)
    assert isinstance(sheet, Sheet), sheet
    return sheet


def test_nothing_is_due_on_the_day_of_the_miss(record: Record) -> None:
    """It says when the next comes, and keeps no row."""
    sheet = today(record, "?", date.today())
    assert isinstance(sheet, Nothing)
    assert sheet.words == (
        f"There is nothing to review today. The next question comes back on {TOMORROW.isoformat()}."
    )
    assert [row.what for row in record.rows()] == ["answered", "happened"]


def test_an_empty_record_has_nothing_to_review(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the notebook's stored output says, also of a call that gives letters; no engine is asked."""
    monkeypatch.setenv("COURSE_RECORD", str(tmp_path / "progress.jsonl"))
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    for mine in ("?", "a b"):
        assert repr(lesson.review(mine=mine)) == "There is nothing to review today."
    page = pages.read(places.notebooks() / "90-review.ipynb", "review")
    (cell,) = [cell for cell in page.code() if cell.source == 'lesson.review(mine="?")']
    assert cell.text().splitlines()[-1] == "There is nothing to review today."


def test_what_is_due_is_asked_judged_and_moved_on(record: Record) -> None:
    """A question and a prediction come with their words; the right one waits longer, the wrong one not."""
    sheet = asked(record, "?")
    assert [each.question.ask for each in sheet.asked][0].startswith("A colleague on the same Wi-Fi")
    assert "What happens?" in sheet.asked[1].question.ask
    assert [option.text for option in sheet.asked[1].options] == ["answers", "refused", "hangs"]
    done = asked(record, letters(sheet, lambda number: number == 1))
    assert repr(done).splitlines()[-1].startswith("1 of 2 right. Put ? back")
    assert '<a href="06-ports.ipynb#A-listening-port-is-not-a-reachable-port">' in done._repr_html_()
    rows = {row.details["item"]: row for row in record.rows() if row.what == "reviewed"}
    assert {item: row.details["right"] for item, row in rows.items()} == {QUESTION: False, "hidden": True}
    found = {item: rights for _, _, item in [w.item for w in waiting(record.rows())] for rights in [0]}
    assert set(found) == {QUESTION, "hidden"}
    assert {w.item[2]: w.rights for w in waiting(record.rows())} == {QUESTION: 0, "hidden": 1}


def test_letters_that_stay_in_the_cell_are_not_judged_again(record: Record) -> None:
    """Run again, also days later, the cell shows what it showed, and keeps nothing more."""
    mine = letters(asked(record, "?"), lambda _: True)
    first = repr(asked(record, mine))
    rows = record.rows()
    assert repr(asked(record, mine)) == first
    assert repr(asked(record, mine, TOMORROW + timedelta(days=30))) == first
    assert isinstance(today(record, mine[::-1] + " a", TOMORROW), Nothing)
    assert record.rows() == rows


def test_an_unanswered_round_stays_as_it_was(record: Record) -> None:
    """The same questions in the same order, until they are answered, so letters mean what they meant."""
    first = repr(asked(record, "?"))
    assert repr(asked(record, "?", TOMORROW + timedelta(days=5))) == first
    assert "Nothing is judged yet." in repr(asked(record, "a"))
    assert [row.what for row in record.rows()].count("asked") == 1


def test_the_next_round_is_mixed_anew(record: Record) -> None:
    """Nobody learns a letter by heart: over some rounds a question's options change places."""
    seen = set()
    for day in range(2, 12):
        sheet = asked(record, "?", TOMORROW + timedelta(days=day))
        seen.add(tuple(option.text for option in sheet.asked[0].options))
        asked(record, letters(sheet, lambda _: False), TOMORROW + timedelta(days=day))
    assert len(seen) > 3


def test_one_left_out_is_asked_in_the_next_round(record: Record) -> None:
    """A question mark among the letters puts the question off, and doesn't count as wrong."""
    sheet = asked(record, "?")
    asked(record, "? " + letters(sheet, lambda _: True)[-1])
    again = asked(record, "?")
    assert [each.question.id for each in again.asked] == [QUESTION]


def test_a_chapter_that_was_forgotten_is_not_reviewed(record: Record) -> None:
    """Its misses go with it, from a round that is open too."""
    asked(record, "?")
    record.forget(lambda row: row.notebook == NOTEBOOK)
    assert isinstance(today(record, "a b", TOMORROW), Nothing)


def test_what_the_course_asks_no_more_is_passed_over(record: Record) -> None:
    """A question or prediction that a newer version lacks breaks nothing."""
    record.add("answered", NOTEBOOK, question="gone", topic="t", mine="x", right=False)
    record.add("answered", "77-gone", question="gone", topic="t", mine="x", right=False)
    record.add("happened", NOTEBOOK, key="gone", mine="x", happened="y", right=False, choices=["x", "y"])
    assert len(asked(record, "?").asked) == 2


def predictions() -> list[tuple[str, str]]:
    """Every prediction of every chapter: notebook and key."""
    found = []
    for path, kind in pages.all_paths().items():
        for cell in pages.read(path, kind).code() if kind == "chapter" else ():
            if cell.source.startswith("lesson.predict("):
                call = ast.parse(cell.source).body[0]
                assert isinstance(call, ast.Expr) and isinstance(call.value, ast.Call)
                first = call.value.args[0]
                assert isinstance(first, ast.Constant)
                found.append((path.stem, str(first.value)))
    return found


@pytest.mark.parametrize(("notebook", "key"), predictions())
def test_every_prediction_can_be_asked_again(notebook: str, key: str) -> None:
    """The words that asked for it are found in its chapter, with the heading to go back to."""
    found = review.section_of(notebook, key)
    assert found
    heading, words = found
    assert heading in headings(notebook)
    assert re.match(r"[A-Z`]", words) and words.endswith(("?", ".")) and len(words) > 30
    assert "**" not in words and "Predict:" not in words and "question mark" not in words


def test_every_question_can_be_asked_again() -> None:
    """Each id leads back to its question, whatever the round."""
    for file in places.notebooks().glob("*.quiz.toml"):
        name = file.name.removesuffix(".quiz.toml")
        for part in questions.load(name).values():
            for question in part:
                found = review.ask(("answered", name, question.id), (), 3)
                assert found and found.question == question
    assert labs.slugs()
