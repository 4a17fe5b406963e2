"""Puzzles: every order that builds and works is accepted, every other is told what the build said."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pages
import pytest
from style_prose import JUDGING
from test_practice_quiz import headings

from course import engine, kit, ledger, places
from course.practice import Record, puzzles, trying
from course.practice.puzzles import Puzzle, PuzzleError
from course.practice.sitting import Sitting

pytestmark = pytest.mark.apart
NOTEBOOKS = [file.name.removesuffix(".puzzles.toml") for file in places.notebooks().glob("*.puzzles.toml")]
ALL = [puzzle for name in sorted(NOTEBOOKS) for puzzle in puzzles.load(name).values()]
BY_NAME = [pytest.param(puzzle, id=f"{puzzle.notebook}-{puzzle.name}") for puzzle in ALL]


@pytest.fixture
def unchanged() -> Iterator[None]:
    """The engine holds the same things after the test as before."""
    before = ledger.snapshot(engine.client())
    yield
    assert ledger.diff(before, ledger.snapshot(engine.client())) == ()


def typed(puzzle: Puzzle, answer: Any) -> puzzles.Mine:
    """An answer of the file, places of lines from one or words for blanks, as a learner types it."""
    if puzzle.text:
        return dict(answer)
    whole = (*puzzle.lines, *puzzle.spare)
    return puzzle.numbers([whole[place - 1] for place in answer])


def own_answer(puzzle: Puzzle) -> puzzles.Mine:
    """The answer that the author had in mind."""
    return typed(puzzle, puzzle.blanks if puzzle.text else range(1, len(puzzle.lines) + 1))


@pytest.mark.parametrize("puzzle", BY_NAME)
def test_every_right_answer_is_accepted(puzzle: Puzzle, unchanged: None) -> None:
    """The author's answer and those that are as good are built, work, and leave nothing on the engine."""
    for answer in (own_answer(puzzle), *(typed(puzzle, each) for each in puzzle.also)):
        page = trying.judge(puzzle, answer)
        assert page.right, f"{answer}\n{page!r}"


@pytest.mark.parametrize("puzzle", BY_NAME)
def test_every_wrong_answer_is_caught_where_it_goes_wrong(puzzle: Puzzle, unchanged: None) -> None:
    """Each step but an impossible one is failed by an answer of the file, with the step's own words."""
    failed = set()
    for wrong in puzzle.wrong:
        page = trying.judge(puzzle, typed(puzzle, wrong.get("order") or wrong["blanks"]))
        assert page.right is False, f"{wrong}\n{page!r}"
        assert wrong["says"] in page.said[-1], f"{wrong}\n{page!r}"
        failed |= {step.fails for step in puzzle.steps if step.fails == page.said[-1]}
    assert len(puzzle.wrong) >= 3
    assert len(failed) >= len(puzzle.steps) - 1


@pytest.mark.parametrize("puzzle", BY_NAME)
def test_a_puzzle_stands_in_its_notebook_and_gives_nothing_away(puzzle: Puzzle) -> None:
    """It is shown unanswered, leads to a section, uses the kit's images, and its lines are well mixed."""
    page = pages.read(places.notebooks() / f"{puzzle.notebook}.ipynb", "chapter")
    assert f'lesson.puzzle("{puzzle.name}", mine="?")' in [cell.source for cell in page.code()]
    assert puzzle.see.removeprefix("#") in headings(puzzle.notebook)
    assert not JUDGING.search(puzzle.ask)
    tags = {image.tag for image in kit.manifest().images}
    text = "\n".join([*puzzle.lines, *puzzle.spare, puzzle.text])
    used = re.findall(r"(?:^FROM|^ *image:) (\S+)", text, re.MULTILINE)
    assert used
    assert set(used) <= tags
    if puzzle.lines:
        moved = [mine != line for mine, line in zip(puzzle.shown, puzzle.lines, strict=False)]
        assert sum(moved) > len(moved) / 2
    else:
        shown = puzzles.BLANK.sub("", puzzle.text)
        assert [word for word in puzzle.blanks.values() if re.search(rf"--{word}\b", shown)] == []


COMPOSE = """
[counter]
topic = "Compose"
ask = "Put the lines in order."
see = "#Here"
folder = ""
file = "compose.yaml"
lines = [
    "services:", "  web:", "    image: busybox:1.37", "    command: httpd -f -h /etc", "volumes: {shelf: {}}",
]
also = [[5, 1, 2, 3, 4], [5, 1, 2, 4, 3]]

[[counter.steps]]
run = "docker compose --project-name $NAME config --quiet"
fails = "This isn't a Compose file."

[[counter.steps]]
run = '''
docker compose --project-name $NAME up --detach --wait
docker compose --project-name $NAME exec web wget -qO- http://localhost/hostname
'''
fails = "It doesn't answer."

[[counter.wrong]]
order = [1, 2, 4]
says = "isn't a Compose file"
"""


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Puzzle:
    """A puzzle of Compose lines, made for the test."""
    monkeypatch.setattr(places, "notebooks", lambda: tmp_path)
    (tmp_path / "80-x.puzzles.toml").write_text(COMPOSE)
    return puzzles.load("80-x")["counter"]


def test_a_compose_file_is_judged_by_starting_it(counter: Puzzle, unchanged: None) -> None:
    """The lines are read and started as a project of their own, which is gone afterwards, networks too."""
    for answer in (own_answer(counter), *(typed(counter, each) for each in counter.also)):
        page = trying.judge(counter, answer)
        assert page.right, f"{answer}\n{page!r}"
    page = trying.judge(counter, typed(counter, [1, 2, 4]))
    assert page.said[-1] == "This isn't a Compose file."
    assert any("image" in line for line in page.said), page


def test_a_fault_names_the_file_and_not_where_it_was_tried(unchanged: None) -> None:
    """The folder of the try is gone when its message is read, so its path isn't in it."""
    puzzle = next(each for each in ALL if each.name == "two-waits")
    page = trying.judge(puzzle, dict(puzzle.blanks) | {"1": "health"})
    assert any("compose.yaml: services.prices" in line for line in page.said), page
    assert "course-again" not in repr(page)


@pytest.mark.parametrize(
    ("mine", "words"),
    [("", "There is no number."), ("1 9", "There is no line 9."), ("1 2 2", "Line 2 is there twice."),
     ({"1": "x"}, "There is no number.")],
)  # fmt: skip
def test_an_order_that_can_not_be_meant_is_asked_back(
    mine: puzzles.Mine, words: str, counter: Puzzle
) -> None:
    """No number, an unknown one, one twice: said in words, and nothing is built."""
    page = trying.judge(counter, mine)
    assert words in page.said[0]
    assert page.right is None


def test_a_blank_left_out_is_asked_back() -> None:
    """All blanks need a word before anything is built."""
    puzzle = next(puzzle for puzzle in ALL if puzzle.text)
    page = trying.judge(puzzle, {"1": "from"})
    assert page.said[0].startswith("Give a word for each blank: mine={")
    assert page.right is None


def test_a_puzzle_is_readable_as_text_and_as_a_page(counter: Puzzle) -> None:
    """Lines are numbered in both, and the page is a list without colours or programs."""
    page = trying.judge(counter, "?")
    for number, line in enumerate(counter.shown, 1):
        assert f"{number}  {line}" in repr(page)
    assert page._repr_html_().count("<li><code>") == len(counter.shown)
    assert "<code>&nbsp;&nbsp;&nbsp;&nbsp;image: busybox:1.37</code>" in page._repr_html_()
    assert "color" not in page._repr_html_()


def test_an_answer_is_kept_and_a_look_is_not(counter: Puzzle, tmp_path: Path, unchanged: None) -> None:
    """The record has what was typed and whether it worked."""
    sitting = Sitting("80-x", Record(tmp_path / "progress.jsonl"))
    sitting.puzzle("counter", "?")
    assert sitting.record.rows() == ()
    sitting.puzzle("counter", typed(counter, [1, 2, 4]))
    (row,) = sitting.record.rows()
    assert (row.what, row.details["puzzle"], row.details["right"]) == ("puzzled", "counter", False)
    with pytest.raises(PuzzleError, match="choose one of: counter"):
        sitting.puzzle("another", "?")


BROKEN = {
    "no steps": ('spare = []\nlines = ["a", "b"]', "'steps'"),
    "no lines": ('steps = [{run = "true", fails = "No."}]', "neither lines nor a text"),
    "a line twice": ('lines = ["a", "a"]\nsteps = [{run = "true", fails = "No."}]', "a line twice"),
    "other blanks": (
        'text = "‹1› ‹2›"\nblanks = {1 = "a"}\nsteps = [{run = "true", fails = "No."}]',
        "other blanks than its text",
    ),
    "a word too many": ('lines = ["a"]\nhint = "b"\nsteps = [{run = "true", fails = "No."}]', "'hint'"),
}


@pytest.mark.parametrize(("text", "words"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_not_as_it_must_be_is_told(
    text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An author reads which puzzle and what about it."""
    monkeypatch.setattr(places, "notebooks", lambda: tmp_path)
    head = '[p]\ntopic = "t"\nask = "Q."\nsee = "#X"\nfolder = ""\nfile = "Dockerfile"\n'
    assert tomllib.loads(head + text)
    (tmp_path / "80-x.puzzles.toml").write_text(head + text)
    with pytest.raises(PuzzleError, match=re.escape(words)):
        puzzles.load("80-x")
