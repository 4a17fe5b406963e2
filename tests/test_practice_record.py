"""The learner's record: nothing in it is lost, whoever writes, dies or spoils it."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from course import places
from course.errors import CourseError
from course.practice import Record
from course.practice.record import RecordError, own
from course.practice.sitting import Sitting
from course.practice.watch import Watch

pytestmark = pytest.mark.apart


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """An empty record in a folder of its own."""
    return Record(tmp_path / "progress.jsonl")


def test_a_row_is_a_line_that_a_person_can_read(record: Record) -> None:
    """When, what, where, and then the details, in words as they were typed."""
    record.add("predicted", "06-ports", key="hidden", mine="größer")
    line = record.path.read_text(encoding="utf-8")
    assert re.fullmatch(
        r'\{"at": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", "what": "predicted", '
        r'"notebook": "06-ports", "key": "hidden", "mine": "größer"\}\n',
        line,
    )
    (row,) = record.rows()
    assert (row.what, row.notebook, row.details) == (
        "predicted", "06-ports", {"key": "hidden", "mine": "größer"},
    )  # fmt: skip


def test_the_record_lies_in_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """COURSE_STATE keeps a test apart from the learner's own, and so does COURSE_RECORD in each test run."""
    assert places.state() not in own().path.parents
    monkeypatch.delenv("COURSE_RECORD")
    monkeypatch.setenv("COURSE_STATE", str(tmp_path / "elsewhere"))
    assert own().path == tmp_path / "elsewhere" / "progress.jsonl"
    assert own().rows() == ()


WRITER = """
import sys
from pathlib import Path
from course.practice import Record
record = Record(Path(sys.argv[1]))
for number in range(40):
    record.add("answered", sys.argv[2], number=number)
    if number == 20:
        record.forget(lambda row: row.notebook == "gone")
"""


def test_two_notebooks_at_once_lose_nothing(record: Record) -> None:
    """Four processes that write and rewrite at the same time leave every row of each."""
    for _ in range(3):
        record.add("answered", "gone")
    names = ["a", "b", "c", "d"]
    command = [sys.executable, "-c", WRITER, str(record.path)]
    writers = [subprocess.Popen([*command, name], cwd=places.ROOT) for name in names]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    found = [(row.notebook, row.details["number"]) for row in record.rows()]
    assert sorted(found) == [(name, number) for name in names for number in range(40)]


def test_a_killed_writer_spoils_nothing(record: Record) -> None:
    """`kill -9` in the middle of writing leaves whole lines, and the lock goes with the process."""
    command = [sys.executable, "-c", WRITER.replace("range(40)", "range(10**9)"), str(record.path), "a"]
    with subprocess.Popen(command, cwd=places.ROOT) as writer:
        while not (record.path.exists() and record.path.read_bytes().count(b"\n") > 5):
            assert writer.poll() is None
        writer.kill()
    lines = record.path.read_bytes().splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(len(lines)))
    record.add("answered", "b")
    assert len(record.rows()) == len(lines) + 1


def test_a_damaged_file_is_set_aside_whole_and_the_rest_goes_on(tmp_path: Path) -> None:
    """The lines that can be read are kept, the file as it was too, and the message names both."""
    said: list[str] = []
    record = Record(tmp_path / "progress.jsonl", said.append)
    record.add("answered", "a")
    with record.path.open("ab") as out:
        out.write(b'{"at": "yesterday", "what": "x", "notebook": "a"}\n\xff\xfe\x00\n[1, 2]\n')
    spoiled = record.path.read_bytes()
    record.add("answered", "b")
    assert [row.notebook for row in record.rows()] == ["a", "b"]
    (kept,) = tmp_path.glob("progress.jsonl.damaged-*")
    assert kept.read_bytes() == spoiled
    assert said == [
        "progress.jsonl can't be read in line 2, 3, 4. "
        f"The file as it was is kept as {kept}; its 1 other lines go on."
    ]


def test_a_last_line_without_its_end_is_not_glued_to_the_next(record: Record) -> None:
    """A file that an editor left without a line break at its end goes on in a new line."""
    record.add("answered", "a")
    record.path.write_bytes(record.path.read_bytes().rstrip(b"\n"))
    record.add("answered", "b")
    assert [row.notebook for row in record.rows()] == ["a", "b"]


def test_a_full_disk_takes_no_line_away(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that was cut short goes again, the others stay, and the words name the disk."""
    record.add("answered", "a")
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, line: write(file, line[:7]))
    with pytest.raises(CourseError, match="disk is full"):
        record.add("answered", "b")
    monkeypatch.undo()
    assert [row.notebook for row in record.rows()] == ["a"]
    assert not list(record.path.parent.glob("*.damaged*"))


def test_a_record_that_is_somebody_elses_is_told_in_words(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback where the file can't be opened, but what to look at."""

    def refused(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(RecordError, match="Permission denied") as caught:
        record.add("answered", "a")
    assert "ls -ld" in caught.value.next_step


def test_forgetting_takes_only_what_is_meant(record: Record) -> None:
    """The rows of other notebooks stay as they are."""
    for notebook in ("a", "b", "a"):
        record.add("answered", notebook)
    assert record.forget(lambda row: row.notebook == "a") == 2
    assert [row.notebook for row in record.rows()] == ["b"]


def test_the_files_of_an_earlier_version_are_taken_over(record: Record) -> None:
    """Predictions and results come first, in their order, and the old files keep their lines."""
    old = record.path.with_name("predictions.jsonl")
    line = {"at": "2026-11-01T10:00:00+0100", "chapter": "06-ports", "key": "hidden", "mine": "hangs"}
    happened = line | {"at": "2026-11-01T10:02:00+0100", "happened": "refused"}
    old.write_text(f"{json.dumps(line)}\n{json.dumps(happened)}\n")
    result = {"at": "2026-11-01T10:01:00+0100", "lab": "labs/06-ports", "earned": 3, "points": 9}
    record.path.with_name("results.jsonl").write_text(json.dumps(result) + "\n")
    record.add("started", "07-debugging")
    assert [(row.what, row.notebook) for row in record.rows()] == [
        ("predicted", "06-ports"), ("checked", "labs/06-ports"), ("happened", "06-ports"),
        ("started", "07-debugging"),
    ]  # fmt: skip
    assert record.rows()[2].details["right"] is False
    assert old.with_name("predictions.jsonl.old").read_text().count("\n") == 2


def test_the_time_between_cells_counts_and_a_pause_does_not() -> None:
    """Fourteen minutes over a cell are work; twenty are a walk."""
    watch = Watch(last=0.0)
    for at in (60.0, 900.0, 2100.0, 2130.5):
        watch.touch(at)
    assert watch.take() == 60 + 840 + 30
    assert watch.take() == 0
    watch.touch(2131.0)
    assert watch.take() == 1


def test_long_work_without_an_answer_is_kept_too(record: Record) -> None:
    """Cells that only run are heard, and five minutes of them make a row."""
    sitting = Sitting("06-ports", record)
    sitting.watch.last -= 200
    sitting.ran_a_cell()
    assert record.rows() == ()
    sitting.watch.last -= 150
    sitting.ran_a_cell()
    (row,) = record.rows()
    assert row.what == "worked"
    assert row.details["seconds"] in (350, 351)
    assert sitting.cells == 2
