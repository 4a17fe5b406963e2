"""What is handed in may be any file: it is read as answers or refused in words, and nothing of it is run."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from course import labs
from course.grade import grading, results, submission
from course.grade.results import Result, Store
from course.grade.submission import MOST_BYTES, Refused, SubmissionError

LAB = "00-start"
ANSWER = "note-the-port"
Cell = dict[str, Any]


def cell(text: Any, key: Any = ANSWER, **more: Any) -> Cell:
    """A code cell."""
    return {"cell_type": "code", "id": key, "metadata": {}, "outputs": [], "source": text} | more


SETUP = cell(f'lesson.start("labs/{LAB}")', "setup")


def notebook(*cells: Any) -> str:
    """The text of a notebook with these cells."""
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def answers(folder: Path, *cells: Any) -> dict[str, str]:
    """What is read of a notebook with these cells, after a set-up that names the lab."""
    file = folder / "lab.ipynb"
    file.write_text(notebook(SETUP, *cells))
    return submission.read(file, "someone").answers


def test_answers_are_read(tmp_path: Path) -> None:
    """As one string or as lines, by the ids of the lab's answer cells."""
    found = answers(tmp_path, cell(["a\n", "b"]), cell("c", "start-hello"), cell("d", "clean-up"))
    assert found == {ANSWER: "a\nb", "start-hello": "c"}


BAD_TEXT: dict[str, str | bytes] = {
    "empty": "",
    "no JSON": "PK\x03\x04",
    "no text": b"\xff\xfe\x00\x01\xff",
    "a list": "[]",
    "a number": "1",
    "no cells": "{}",
    "cells that are none": '{"cells": {"0": {}}}',
    "brackets in brackets": "[" * 1_000_000,
    "objects in objects": '{"cells":' * 500_000,
    "a number of a million digits": '{"cells": ' + "9" * 1_000_000 + "}",
    "larger than 10 MiB": notebook(SETUP, cell("x" * MOST_BYTES)),
    "no lab": notebook(cell("x")),
    "cells of other kinds": notebook(SETUP | {"cell_type": "markdown"}, 1, None, [], "code"),
    "no answer": notebook(SETUP),
    "answers with other ids": notebook(SETUP, cell("x", "another"), cell("x", 3), cell("x", ["a"])),
}


@pytest.mark.parametrize("what", BAD_TEXT)
def test_what_is_no_submission_is_refused_soon(what: str, tmp_path: Path) -> None:
    """In words, and without using up time or memory."""
    file, began = tmp_path / "lab.ipynb", time.monotonic()
    text = BAD_TEXT[what]
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(Refused):
        submission.read(file, "someone")
    assert time.monotonic() - began < 5


def test_a_sparse_giant_is_read_no_further_than_needed(tmp_path: Path) -> None:
    """A file of a TiB that takes no room is refused at once."""
    file, began = tmp_path / "lab.ipynb", time.monotonic()
    with file.open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(Refused, match="larger than 10 MiB"):
        submission.read(file, "someone")
    assert time.monotonic() - began < 2


def link(target: str) -> Callable[[Path], None]:
    """Make a file a link to *target*."""
    return lambda file: file.symlink_to(target)


def door(file: Path) -> None:
    """Make *file* a socket."""
    here = Path.cwd()
    os.chdir(file.parent)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(file.name)
    finally:
        os.chdir(here)


NO_FILES: dict[str, Callable[[Path], object]] = {
    "a folder": Path.mkdir,
    "a pipe": os.mkfifo,
    "a socket": door,
    "a link to a file of the host's": link("/etc/passwd"),
    "a link to a device": link("/dev/zero"),
    "a link to itself": link("lab.ipynb"),
    "a link to nowhere": link("/not/there"),
    "a link to a folder": link("/"),
    "a link to a solution": link(str(labs.find(LAB).solution)),
}


@pytest.mark.parametrize("what", NO_FILES)
def test_what_is_no_ordinary_file_is_refused_at_once(what: str, tmp_path: Path) -> None:
    """No link is followed, no pipe waited for."""
    file, began = tmp_path / "lab.ipynb", time.monotonic()
    NO_FILES[what](file)
    with pytest.raises(Refused, match=r"can't be opened as a file|no ordinary file"):
        submission.read(file, "someone", LAB)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "name",
    [
        "../../etc", "00-start/../../..", "/etc", "00-start/", ".", "", "00-start\\n", "00-startx", "90-none",
        "\u0660\u0660-start", "00-start\x00",
    ],
)  # fmt: skip
def test_a_lab_that_isnt_there_is_refused(name: str, tmp_path: Path) -> None:
    """A name leads nowhere but to a folder of labs/."""
    file = tmp_path / "lab.ipynb"
    file.write_text(notebook(cell(f'lesson.start("labs/{name}")', "setup"), cell("x")))
    with pytest.raises(Refused):
        submission.read(file, "someone")


def test_another_labs_notebook_is_refused(tmp_path: Path) -> None:
    """It names its own lab, and that isn't the one that is graded."""
    file = tmp_path / "lab.ipynb"
    file.write_text(notebook(cell('lesson.start("labs/06-ports")', "setup"), cell("x")))
    with pytest.raises(Refused, match="of lab 06-ports, not of 00-start"):
        submission.read(file, "someone", LAB)


LIES: dict[str, Cell] = {
    "an exception that is expected": {"metadata": {"tags": ["raises-exception", "skip-execution"]}},
    "no count": {"execution_count": None},
    "a count": {"execution_count": 10**9},
    "outputs": {"outputs": [{"output_type": "stream", "name": "stdout", "text": "3 of 3 points"}]},
    "outputs that are none": {"outputs": "3 of 3 points"},
    "metadata that is none": {"metadata": [1, 2]},
    "a judgement": {"earned": 3, "points": 3, "status": "pass"},
    "an attachment": {"attachments": {"x": {"text/plain": "x"}}},
}


@pytest.mark.parametrize("what", LIES)
def test_only_the_source_of_an_answer_counts(what: str, tmp_path: Path) -> None:
    """Tags, counts, outputs and further fields change neither answers nor digest."""
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "lab.ipynb").write_text(notebook(SETUP, cell("x")))
    (tmp_path / "lab.ipynb").write_text(notebook(SETUP, cell("x", **LIES[what])))
    plain, lying = (
        submission.read(each, "someone") for each in (tmp_path / "plain/lab.ipynb", tmp_path / "lab.ipynb")
    )
    assert lying == plain


def test_frozen_cells_are_the_labs_own(tmp_path: Path) -> None:
    """What is handed in as set-up, check or clean-up is never run."""
    from course.grade.judging import cells

    found = answers(tmp_path, cell("mine", "setup"), cell("mine", "check"), cell("x"), cell("mine", "more"))
    assert "mine" not in str(cells(labs.find(LAB), found))


def test_a_markdown_cell_in_an_answers_place_is_no_answer(tmp_path: Path) -> None:
    """Nor is one that comes second under the same id."""
    assert answers(tmp_path, cell("x", cell_type="markdown"), cell("y"), cell("z")) == {ANSWER: "y"}


@pytest.mark.parametrize("source", [None, 3, {"a": "b"}, [1, None, ["x"]], True])
def test_a_source_that_is_no_text_is_empty(source: Any, tmp_path: Path) -> None:
    """And breaks nothing."""
    assert answers(tmp_path, cell(source)) == {ANSWER: ""}


def test_half_a_character_is_no_fault_of_the_graders(tmp_path: Path) -> None:
    """JSON may hold what no file can: such a notebook is refused or graded, and stops nobody else's."""
    file = tmp_path / "lab.ipynb"
    file.write_text(notebook(SETUP, cell("\ud800")))
    done, tasks = grading.read([file], "", Store(tmp_path / "results"))
    for result in done:
        Store(tmp_path / "results").add(result)
    assert len(done) + len(tasks) == 1


def test_no_link_leads_out_of_a_folder_of_submissions(tmp_path: Path) -> None:
    """Folders are entered, links to folders aren't."""
    elsewhere = tmp_path / "elsewhere"
    handed_in = tmp_path / "in"
    for folder in (elsewhere, handed_in / "ada"):
        folder.mkdir(parents=True)
        (folder / "lab.ipynb").write_text(notebook(SETUP, cell("x")))
    (handed_in / "bob").symlink_to(elsewhere)
    assert submission.files([handed_in]) == [handed_in / "ada" / "lab.ipynb"]


def test_one_bad_file_stops_nobody_elses(tmp_path: Path) -> None:
    """Each gets a result or a task of its own."""
    for name, text in BAD_TEXT.items():
        (tmp_path / name.replace(" ", "-")).mkdir()
        (tmp_path / name.replace(" ", "-") / "lab.ipynb").write_bytes(
            text if isinstance(text, bytes) else text.encode()
        )
    (tmp_path / "folder" / "lab.ipynb").mkdir(parents=True)
    (tmp_path / "link.ipynb").symlink_to("/dev/zero")
    (tmp_path / "good.ipynb").write_text(notebook(SETUP, cell("x")))
    done, tasks = grading.read([tmp_path], "", Store(tmp_path / "results"))
    assert [task.work.name for task in tasks] == ["good"]
    assert {result.state for result in done} == {"refused"}
    assert len(done) == len(BAD_TEXT) + 1


def test_a_name_that_is_no_text_stops_nobody(tmp_path: Path) -> None:
    """A file's name may be any bytes; what is kept and shown of it is text, and two stay apart."""
    for name in (b"\xff", b"\xfe"):
        folder = os.fsencode(tmp_path) + b"/in/" + name
        os.makedirs(folder)  # noqa: PTH103
        Path(os.fsdecode(folder), "lab.ipynb").write_text(notebook(SETUP, cell("x")))
    done, tasks = grading.read([tmp_path / "in"], "", Store(tmp_path / "results"))
    assert done == []
    assert len({task.work.name.encode() + task.file.encode() for task in tasks}) == 2


def named(*paths: Path) -> list[str]:
    """The names of the submissions in *paths*, in their order."""
    return list(submission.names(submission.files(paths)).values())


def empty(folder: Path, *names: str) -> None:
    """Files of these names below *folder*, with nothing in them."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize("given", ["lab.ipynb", ".", "../ada", "week/.."])
def test_a_notebook_has_its_folders_name_from_wherever(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also from inside that folder, where no path says what it is called."""
    empty(tmp_path / "ada", "lab.ipynb")
    (tmp_path / "ada" / "week").mkdir()
    monkeypatch.chdir(tmp_path / "ada")
    assert named(Path(given)) == ["ada"]


def test_a_file_that_is_named_twice_is_one_submission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By itself and by its folder, from here and from the root."""
    empty(tmp_path / "in", "ada.ipynb")
    monkeypatch.chdir(tmp_path)
    assert named(Path("in"), tmp_path / "in", Path("in/ada.ipynb"), Path("in/../in")) == ["ada"]


@pytest.mark.parametrize(
    "names",
    [
        ("lab.ipynb", "in.ipynb", "lab/lab.ipynb"),
        ("\udcff.ipynb", "\\udcff.ipynb"),
        ("ada.ipynb", "ada/lab.ipynb", "b/ada.ipynb", "b/ada/lab.ipynb"),
    ],
)
def test_no_two_submissions_share_a_name(names: tuple[str, ...], tmp_path: Path) -> None:
    """Their results would share a file: the longer name of one is not the short name of another."""
    empty(tmp_path / "in", *names)
    assert len(set(named(tmp_path / "in"))) == len(names)


def test_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    """A folder without a notebook isn't a class that earned nothing."""
    with pytest.raises(SubmissionError, match="no notebook"):
        submission.files([tmp_path])
    with pytest.raises(SubmissionError, match="There is no"):
        submission.files([tmp_path / "not-there"])


@pytest.mark.parametrize(
    "name", ["../../evil", "a/b", ".", "-", "\u202egpj", "x" * 200, "<b>", "\x1b[31m", "CON"]
)
def test_a_name_makes_no_path(name: str, tmp_path: Path) -> None:
    """A result lies in its folder, whatever its submission is called."""
    store = Store(tmp_path / "results")
    task = grading.Task("x", submission.Submission(name, LAB, {}, "digest"), labs.find(LAB))
    store.add(grading.broken(task, "it broke"))
    (file,) = tmp_path.rglob("*.*")
    assert file.parent == store.folder
    assert [result.name for result in store.all()] == [name]


@pytest.mark.parametrize("lab", ["labs/06-ports", "../06-ports", "/06-ports"])
def test_a_lab_that_was_mistyped_makes_no_path(lab: str, tmp_path: Path) -> None:
    """Each notebook is refused under what was asked for, and that is no reason to write elsewhere."""
    empty(tmp_path / "in", "ada.ipynb")
    store = Store(tmp_path / "results")
    (refused,), _ = grading.read([tmp_path / "in"], lab, store)
    store.add(refused)
    (file,) = tmp_path.rglob("*.json")
    assert file.parent == store.folder


def kept(folder: Path) -> tuple[Store, Path, tuple[str, str, str, str]]:
    """A store with one graded result, its file, and what the result is found by."""
    store, key = Store(folder / "results"), ("ada", LAB, "answers", "version")
    store.add(Result(key[0], "in/ada.ipynb", *key[1:], state="graded"))
    (file,) = store.folder.iterdir()
    return store, file, key


def test_a_kept_result_is_found_by_all_that_it_is_of(tmp_path: Path) -> None:
    """Other answers, other checks, another person or lab: not found."""
    store, _, key = kept(tmp_path)
    assert store.find(*key) is not None
    assert [store.find(*(*key[:at], "other", *key[at + 1 :])) for at in range(4)] == [None] * 4


NO_RESULTS: dict[str, Callable[[str], str]] = {
    "torn": lambda text: text[:40],
    "of another form": lambda text: text.replace("results/v1", "results/v0"),
    "with another field": lambda text: text.replace('"earned"', '"got"'),
    "without checks": lambda text: text.replace('"checks"', '"end"'),
    "a list": lambda _: "[]",
}


@pytest.mark.parametrize("what", NO_RESULTS)
def test_a_kept_file_that_is_no_result_is_graded_anew(what: str, tmp_path: Path) -> None:
    """It may be torn, or an older course may have written it: that stops nobody."""
    store, file, key = kept(tmp_path)
    file.write_text(NO_RESULTS[what](file.read_text()))
    assert store.find(*key) is None


@pytest.mark.parametrize("part", ["checks.py", "lab.ipynb", "starter.txt", "site/page.html"])
def test_a_lab_that_has_changed_has_another_version(part: str, tmp_path: Path) -> None:
    """Also where only what the learner starts with has changed: their commands would do something else."""
    folder = tmp_path / "labs" / LAB
    empty(folder, "checks.py", "lab.ipynb", "starter.txt", "site/page.html")
    before = results.version(labs.find(folder))
    (folder / part).write_text("changed")
    assert results.version(labs.find(folder)) != before
    (folder / part).write_text("")
    assert results.version(labs.find(folder)) == before
