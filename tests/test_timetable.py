"""What pages say about time is what was measured and counted, and a change of either is noticed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import timetable
from timetable import Load, Time

from course import places

NOTHING = Load(0, 0, 0, 0, 0, 0, 0)


def test_every_page_says_the_time_that_was_measured() -> None:
    """Head tables and the instructor's table are what `python tests/timetable.py` writes."""
    assert len(timetable.times()) > 20
    assert timetable.stale() == []


def test_each_thing_to_do_takes_time() -> None:
    """160 words are a minute, and each other thing adds what its constant says."""
    assert Load(160, 0, 0, 0, 0, 0, 0).seconds == 60
    assert NOTHING.seconds == 0
    for place, each in enumerate(
        (timetable.LINE_OF_CODE_S, timetable.LINE_OF_OUTPUT_S, timetable.PICTURE_S,
         timetable.PREDICTION_S, timetable.QUESTION_S, timetable.PUZZLE_S), 1
    ):  # fmt: skip
        one = Load(*(int(number == place) for number in range(7)))
        assert one.seconds == each


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (4, "about ten seconds"),
        (14.9, "about ten seconds"),
        (31, "about half a minute"),
        (61, "about one minute"),
        (92, "about one and a half minutes"),
        (125, "about two minutes"),
        (420, "about 7 minutes"),
    ],
)
def test_a_duration_is_said_as_people_say_it(seconds: float, words: str) -> None:
    """Halves of a minute, and no false precision."""
    assert timetable.spoken(seconds) == words


def test_minutes_are_in_steps_of_five() -> None:
    """Nobody plans a room by the minute."""
    assert Time(Load(160 * 37, 0, 0, 0, 0, 0, 0), 20).minutes == 35
    assert Time(NOTHING, 1).minutes == 5


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the timetable reads."""
    for name in ("notebooks", "benchmarks/results"):
        shutil.copytree(
            places.ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("work", ".ipynb_checkpoints")
        )
    (tmp_path / "docs").mkdir()
    shutil.copy(places.ROOT / timetable.PAGE, tmp_path / timetable.PAGE)
    shutil.copytree(places.ROOT / "editions" / "decks", tmp_path / "editions" / "decks")
    return tmp_path


def test_a_longer_chapter_and_slower_runs_make_pages_stale(tree: Path) -> None:
    """The proof can fail: a thousand words more, or a chapter that takes ten minutes, are seen."""
    assert timetable.stale(tree) == []
    file = tree / "notebooks" / "06-ports.ipynb"
    whole = file.read_text()
    content = json.loads(whole)
    content["cells"][0]["source"].append("\n\n" + "word " * 1000)
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    assert set(timetable.stale(tree)) == {"notebooks/06-ports.ipynb", str(timetable.PAGE)}
    file.write_text(whole)
    with (tree / timetable.ROWS).open("a") as out:
        for _ in range(timetable.RUNS):
            out.write("2026-11-29T00:00Z,abc,machine,3.11.7,06-ports,600.0\n")
    assert "notebooks/06-ports.ipynb" in timetable.stale(tree)


def test_a_chapter_without_a_run_or_a_row_is_named(tree: Path) -> None:
    """A new chapter says what is missing, and how to get it."""
    shutil.copy(tree / "notebooks" / "06-ports.ipynb", tree / "notebooks" / "16-new.ipynb")
    with pytest.raises(timetable.TimetableError, match=r"no run of 16-new[^$]*--add"):
        timetable.times(tree)
    with pytest.raises(timetable.TimetableError, match="no row"):
        timetable.with_time('{"cells": []}', Time(NOTHING, 1))


def even(*slugs: str, minutes: int = 60) -> dict[str, Time]:
    """Chapters that all take *minutes*."""
    return {slug: Time(Load(160 * minutes, 0, 0, 0, 0, 0, 0), 0) for slug in slugs}


def begins(plan: timetable.Plan, found: dict[str, Time]) -> list[str]:
    """What the plan has, in short."""
    return [
        f"{day} {clock // 60}:{clock % 60:02} {what.split()[0]}"
        for day, clock, what in timetable.schedule(plan, found)
    ]


def test_a_plan_has_pauses_lunch_and_a_second_morning() -> None:
    """Two hours, a pause; lunch after noon; what doesn't fit before five begins next day at nine."""
    slugs = ("a", "b", "c", "d", "e", "f", "g")
    assert begins(timetable.Plan("two days", 16, slugs, ("g",)), even(*slugs)) == [
        "1 9:00 chapter", "1 10:00 chapter", "1 11:00 pause", "1 11:15 chapter", "1 12:15 lunch",
        "1 13:15 chapter", "1 14:15 chapter", "1 15:15 pause", "1 15:30 chapter", "1 16:30 end",
        "2 9:00 chapter", "2 10:00 lab", "2 10:30 end",
    ]  # fmt: skip


def test_a_plan_that_needs_more_than_its_hours_is_refused() -> None:
    """Five hours of chapters are no half day, and nine are no day."""
    found = even(*"abcdefghi")
    for slugs, hours in (("abcde", 4), ("abcdefghi", 8)):
        with pytest.raises(timetable.TimetableError, match="take a chapter out"):
            timetable.schedule(timetable.Plan("too full", hours, tuple(slugs)), found)
