"""How far one is: counted from the record, shown as words, table and picture, forgotten, and written down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from course import __main__ as command_line
from course import labs, places, plots
from course.practice import Record, completion, own, progress
from course.practice.progress import ProgressError

pytestmark = pytest.mark.apart
LAB = "06-ports"
CHAPTERS = len({file.stem.removesuffix("-more") for file in places.notebooks().glob("[0-8]*.ipynb")})


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Record:
    """The record of somebody who has done chapter 06, and begun its second half and another one."""
    monkeypatch.setenv("COURSE_STATE", str(tmp_path))
    monkeypatch.delenv("COURSE_RECORD", raising=False)
    found = own()
    found.add("started", "06-ports")
    found.add(
        "happened", "06-ports", key="hidden", mine="hangs", happened="refused", right=False, seconds=600
    )
    found.add(
        "happened", "06-ports", key="hidden", mine="refused", happened="refused", right=True, seconds=60
    )
    for question, topic, right in (("a", "ports", False), ("b", "ports", True), ("c", "names", False)):
        found.add("answered", "06-ports", question=question, topic=topic, mine="x", right=right)
    found.add("answered", "06-ports", question="a", topic="ports", mine="y", right=True)
    found.add("finished", "06-ports", cells=38, of=38)
    found.add("finished", "06-ports-more", cells=2, of=17)
    checks = labs.load_checks(labs.find(LAB))
    points = sum(check.points for check in checks)
    version = labs.version(labs.find(LAB))[:12]
    for earned, passed in ((points, [check.name for check in checks]), (1, [checks[0].name])):
        found.add(
            "checked", f"labs/{LAB}", earned=earned, points=points, passed=passed, checks=version,
            engine="26.1", seconds=300,
        )  # fmt: skip
    found.add("answered", "08-networks", question="d", topic="names", mine="x", right=False)
    return found


def test_a_chapter_is_counted_with_its_second_half_and_its_lab(record: Record) -> None:
    """One of two notebooks run, first answers only, the lab at its best, the time of all three."""
    chapters = {chapter.slug: chapter for chapter in progress.read(record).chapters}
    ports = chapters["06-ports"]
    assert (ports.notebooks, ports.finished) == (2, 1)
    assert (ports.right, ports.asked) == (1, 4)
    assert ports.minutes == (600 + 60 + 300 + 300) / 60
    assert ports.passed
    assert (chapters["07-debugging"].finished, chapters["07-debugging"].asked) == (0, 0)
    assert not chapters["07-debugging"].passed


def test_the_weakest_topics_come_first_with_the_place_to_look(record: Record) -> None:
    """A topic is weak by its first answers; one of several notebooks names them all."""
    assert [str(topic) for topic in progress.read(record).weakest] == [
        "names: 2 of 2 wrong at first (06-ports, 08-networks)",
        "predictions of 06-ports: 1 of 1 wrong at first (06-ports)",
        "ports: 1 of 2 wrong at first (06-ports)",
    ]


def test_every_chapter_and_lab_of_the_course_is_a_row() -> None:
    """The folders are the registry: what is there is counted, and the review is no chapter."""
    slugs = progress.slugs()
    stems = {file.stem.removesuffix("-more") for file in places.notebooks().glob("*.ipynb")}
    assert set(slugs) == (stems | set(labs.slugs())) - {"90-review"}


def test_it_shows_as_text_and_as_a_table(record: Record) -> None:
    """The same words in a terminal and on a page."""
    found = progress.read(record)
    (line,) = [line for line in repr(found).splitlines() if line.startswith("06-ports")]
    points = labs.load_checks(labs.find(LAB))
    total = sum(check.points for check in points)
    assert line.split("  ")[0] == "06-ports"
    assert f"1 of 2          21 min  1 of 4          {total} of {total} points" in line
    assert '<th scope="row" style="text-align:left">06-ports</th>' in found._repr_html_()
    assert "<li>names: 2 of 2 wrong" in found._repr_html_()


def test_an_empty_record_shows_too(tmp_path: Path) -> None:
    """Before the first chapter everything is nought, and no topic is weak."""
    found = progress.read(Record(tmp_path / "progress.jsonl"))
    assert found.words.startswith(f"0 of {CHAPTERS} chapters run to their end, 0 of ")
    assert "Weakest" not in repr(found)
    assert plots.progress(found.table).finding.startswith("0 of ")


def test_the_picture_states_what_is_done(record: Record) -> None:
    """One full sentence, and a picture that can be drawn."""
    picture = plots.progress(progress.read(record).table)
    assert picture.finding == (
        f"0 of {CHAPTERS} chapters are run to their end (✓), "
        f"and 1 of {len(labs.slugs())} labs have all their points."
    )
    assert picture.png.startswith(b"\x89PNG")


def test_a_chapter_is_forgotten_with_its_second_half_and_its_lab(
    record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--reset 06` takes its lines, and no others."""
    assert command_line.main(["progress", "--reset", "06"]) == 0
    assert capsys.readouterr().out.startswith("06-ports: 11 lines of your record are forgotten.\n")
    assert [row.notebook for row in record.rows()] == ["08-networks"]


@pytest.mark.parametrize("name", ["99", "06-port", "ports", "90-review"])
def test_a_chapter_that_is_none_is_not_forgotten(name: str, record: Record) -> None:
    """A typing error forgets nothing and is answered with the names there are."""
    before = record.rows()
    with pytest.raises(ProgressError) as caught:
        progress.reset(record, name)
    assert "06-ports" in caught.value.next_step
    assert record.rows() == before


def test_the_completion_record_names_checks_and_versions(record: Record, tmp_path: Path) -> None:
    """Each lab's best judgement, its checks with their promises, the course's version, and its limits."""
    file = tmp_path / "done.json"
    assert command_line.main(["progress", "--completion", str(file)]) == 0
    content = json.loads(file.read_text())
    (lab,) = content["labs"]
    checks = labs.load_checks(labs.find(LAB))
    assert lab["passed"] == [{"check": check.name, "promise": check.promise} for check in checks]
    assert (lab["lab"], lab["not passed"], lab["engine"]) == (LAB, [], "26.1")
    assert lab["these are the checks of this course"] is True
    assert content["course"]["version"] in (places.ROOT / "pyproject.toml").read_text()
    assert [row["notebook"] for row in content["notebooks run to their end"]] == ["06-ports"]
    assert "make grade" in content["this doesn't show"]


def test_checks_of_another_version_are_named_without_todays_promises(record: Record) -> None:
    """A lab whose checks have changed since keeps the names that passed then."""
    record.add("checked", f"labs/{LAB}", earned=99, points=99, passed=["an_old_check"], checks="0" * 12)
    (lab,) = completion.build(record.rows())["labs"]
    assert lab["passed"] == [{"check": "an_old_check", "promise": None}]
    assert lab["these are the checks of this course"] is False


def test_progress_needs_no_engine(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plane has no engine and is a good place to look back."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    assert command_line.main(["progress"]) == 0
