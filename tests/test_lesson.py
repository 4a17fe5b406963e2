"""What a notebook's calls say and do, on the real engine, with a chapter made for the test."""

from __future__ import annotations

import json
import re
import shutil
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from course import labs, ledger, lesson, places, practice
from course.engine import client
from course.errors import CourseError


@pytest.fixture
def name() -> str:
    """A container name that nothing else has."""
    return f"course-test-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def chapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[str]:
    """A chapter whose one shell cell runs container *name* and publishes a port."""
    monkeypatch.setenv("COURSE_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("COURSE_RECORD")
    monkeypatch.setattr(places, "notebooks", lambda: tmp_path)
    source = f"%%shell\ndocker run -d --name {name} -p 127.0.0.1:18099:80 nginx:1.26"
    cells = [{"cell_type": "code", "source": source}]
    (tmp_path / "00-test.ipynb").write_text(json.dumps({"cells": cells}))
    yield "00-test"
    lesson._end()
    for found in client().containers.list(all=True, filters={"name": name}):
        found.remove(force=True, v=True)


def run(name: str) -> None:
    """Run container *name* as the chapter's own cell would."""
    with lesson._session().recorder.cell(f"docker run -d --name {name} nginx:1.26"):
        client().containers.run("nginx:1.26", name=name, detach=True)


def test_a_call_before_start_says_what_to_do() -> None:
    """`check` in a kernel whose set-up cell has not run asks for the top of the notebook."""
    lesson._end()
    with pytest.raises(lesson.LessonError, match="run the notebook from its top"):
        lesson.check()


def test_start_says_which_engine_and_that_all_is_ready(
    chapter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The set-up cell's output names the engine's version and ends with ready."""
    lesson.start(chapter)
    said = capsys.readouterr().out
    assert client().version()["Version"] in said
    assert said.endswith("00-test is ready.\n")


def test_a_name_that_something_else_holds_is_reported_and_kept(
    chapter: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stranger's container with the chapter's name is named with its cure, and never removed."""
    stranger = client().containers.run("nginx:1.26", name=name, detach=True)
    lesson.start(chapter)
    said = capsys.readouterr().out
    assert "✗ " in said and name in said and "Next:" in said
    stranger.reload()
    assert stranger.status == "running"


def test_a_port_that_a_program_holds_is_reported(chapter: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A host port that the chapter publishes and a program listens on is named before any cell runs."""
    with socket.create_server(("127.0.0.1", 18099)):
        lesson.start(chapter)
    assert "18099" in capsys.readouterr().out


def test_free_names_and_ports_are_not_reported(chapter: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing is in the way nothing is reported."""
    lesson.start(chapter)
    assert "✗" not in capsys.readouterr().out


def test_leftovers_names_what_is_still_there_and_then_nothing(
    chapter: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a cell made is named with the command that removes it; once removed, nothing is left to say."""
    lesson.start(chapter)
    run(name)
    lesson.leftovers()
    assert "docker rm -f" in (said := capsys.readouterr().out) and name in said
    client().containers.get(name).remove(force=True, v=True)
    lesson.leftovers()
    assert capsys.readouterr().out.endswith("Nothing that this notebook made is left on the engine.\n")


def test_starting_again_removes_what_the_last_run_left(chapter: str, name: str) -> None:
    """A chapter started anew finds the engine as it was before its last run."""
    before = ledger.snapshot(client())
    lesson.start(chapter)
    run(name)
    lesson.start(chapter)
    assert not ledger.diff(before, ledger.snapshot(client()))


def test_clean_removes_it_from_outside(chapter: str, name: str) -> None:
    """`course clean` does the same once the kernel is gone."""
    before = ledger.snapshot(client())
    lesson.start(chapter)
    run(name)
    lesson._end()
    assert lesson.clean() == 0
    assert not ledger.diff(before, ledger.snapshot(client()))


def test_a_prediction_is_kept_and_set_beside_what_happened(
    chapter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A guess is repeated beside the outcome, right or not, and stands in the learner's own file."""
    lesson.start(chapter)
    lesson.predict("port", "answers", "refused", mine="answers")
    assert [row.what for row in practice.own().rows()] == ["started", "predicted"]
    lesson.happened("port", "refused")
    said = capsys.readouterr().out
    assert "It was: refused. You predicted: answers. Worth a second look." in said
    assert [row.details.get("happened") for row in practice.own().rows()] == [None, None, "refused"]


def test_a_guess_after_the_outcome_is_not_counted(chapter: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Who runs both cells again with the right word still missed it, and the end says so."""
    lesson.start(chapter)
    for mine in ("answers", "refused"):
        lesson.predict("port", "answers", "refused", mine=mine)
        lesson.happened("port", "refused")
    lesson.leftovers()
    said = capsys.readouterr().out
    assert said.endswith(
        "Predictions: 0 of 1 right.\nWhat you missed comes back tomorrow, in notebooks/90-review.ipynb.\n"
    )
    assert [row.what for row in practice.own().rows()] == ["started", "predicted", "happened", "finished"]


def test_a_question_mark_is_no_prediction(chapter: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Left as handed out, a prediction is asked for again and the outcome stands alone."""
    lesson.start(chapter)
    lesson.predict("port", "answers", "refused", mine="?")
    lesson.happened("port", "refused")
    said = capsys.readouterr().out
    assert "No prediction yet. In place of '?' put one of: answers, refused." in said
    assert said.endswith("It was: refused.\n")


def test_a_check_is_kept_with_what_passed(chapter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points, the names of the checks that passed, their version, and the engine they were seen on."""
    lesson.start("labs/00-start")
    judgement = lesson.check()
    (row,) = [row for row in practice.own().rows() if row.what == "checked"]
    assert (row.notebook, row.details["earned"], row.details["points"]) == (
        "labs/00-start",
        0,
        judgement.points,
    )
    assert row.details["passed"] == list(judgement.named("pass")) == []
    assert labs.version(labs.find("00-start")).startswith(row.details["checks"])
    assert row.details["engine"] == client().version()["Version"]


def test_questions_are_asked_in_the_chapter_that_was_started(
    chapter: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`quiz` and `puzzle` read what lies beside the notebook; unanswered they keep nothing."""
    for name in ("06-ports.quiz.toml", "09-dockerfiles.puzzles.toml"):
        shutil.copy(places.ROOT / "notebooks" / name, tmp_path / f"{chapter}.{name.split('.', 1)[1]}")
    shutil.copy(places.ROOT / "notebooks" / "misconceptions.toml", tmp_path)
    lesson.start(chapter)
    assert len(lesson.quiz("check", mine="?").asked) == 4
    assert "RUN sort words.txt" in repr(lesson.puzzle("sorted-words", mine="?"))
    assert [row.what for row in practice.own().rows()] == ["started"]
    lesson.quiz("check", mine="a ? ? ?")
    lesson.leftovers()
    assert re.search(r"is left on the engine\.\nQuestions: [01] of 1 right\.\n", capsys.readouterr().out)


def test_a_chapter_can_not_be_checked(chapter: str) -> None:
    """`check` in a chapter says that labs are what is judged."""
    lesson.start(chapter)
    with pytest.raises(lesson.LessonError, match="only labs are judged"):
        lesson.check()


def test_an_unknown_lab_names_those_there_are() -> None:
    """A slug that no folder has is answered with the slugs that there are."""
    with pytest.raises(CourseError) as caught:
        lesson.judge("99-nothing")
    assert labs.all_labs()[0].slug in caught.value.next_step


def test_an_image_of_the_kit_is_never_removed(chapter: str) -> None:
    """A kit image that a cell itself took away and brought back is everybody's: `clean` leaves it alone."""
    lesson.start(chapter)
    image = client().images.get("busybox:1.37")
    keeper = f"course-test:{uuid.uuid4().hex[:8]}"
    image.tag(keeper)
    try:
        with lesson._session().recorder.cell("docker rmi busybox:1.37"):
            client().images.remove("busybox:1.37")
        with lesson._session().recorder.cell("docker pull busybox:1.37"):
            image.tag("busybox:1.37")
        lesson._end()
        assert lesson.clean() == 0
        assert client().images.get("busybox:1.37").id == image.id
    finally:
        image.tag("busybox:1.37")
        client().images.remove(keeper)
