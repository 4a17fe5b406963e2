"""The instructor's page reads records as text of strangers; cards; who is named how. It needs no engine."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from room import cards, records, state, view

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def row(**details: object) -> bytes:
    """A line of a record."""
    known = {"at": "2026-11-29T11:59:00+00:00", "what": "started", "notebook": "06-ports"}
    return json.dumps(known | details).encode()


def disk(folder: Path, content: bytes) -> Path:
    """A learner's disk with a record."""
    file = folder / records.RECORD
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    return folder


def test_a_record_tells_where_somebody_is(tmp_path: Path) -> None:
    """The last notebook, its cells, the best points of a lab, what was run to the end, the last time."""
    lines = [
        row(notebook="00-start"), row(what="finished", notebook="00-start", cells=22, of=22),
        row(what="checked", notebook="labs/00-start", earned=2, points=3, passed=["hello_runs"]),
        row(what="checked", notebook="labs/00-start", earned=1, points=3, passed=[]),
        row(), row(what="worked", cells=7, at="2026-11-29T11:59:30+00:00"),
    ]  # fmt: skip
    found = records.read(disk(tmp_path, b"\n".join(lines)))
    assert (found.notebook, found.cells, found.finished) == ("06-ports", 7, 1)
    assert found.points == {"labs/00-start": (2, 3)}
    assert found.bad_lines == 0
    page = view.html({"ada": "open", "instructor": "open"}, {"ada": found}, NOW)
    assert "1 of 1 have a server" in page
    assert "<td>30 s ago</td><td>06-ports</td><td>7</td><td>1</td><td>00: 2/3</td>" in page
    failing = records.failing_most([found, found])
    assert ("00-start", "hello_runs", 2) in failing


def test_no_record_is_no_fault(tmp_path: Path) -> None:
    """Who hasn't begun has an empty row."""
    assert records.read(tmp_path) == records.Learner()


@pytest.mark.parametrize("part", range(len(records.RECORD.parts)))
def test_no_link_is_followed(tmp_path: Path, part: int) -> None:
    """Neither the record nor any folder above it may be a link."""
    real = disk(tmp_path / "real", row(notebook="stolen"))
    own = tmp_path / "own"
    link = own.joinpath(*records.RECORD.parts[: part + 1])
    link.parent.mkdir(parents=True)
    link.symlink_to(real.joinpath(*records.RECORD.parts[: part + 1]))
    found = records.read(own)
    assert found.notebook == ""
    assert "can't be read" in found.note


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe in the record's place gives nothing, at once."""
    file = tmp_path / records.RECORD
    file.parent.mkdir(parents=True)
    os.mkfifo(file)
    assert records.read(tmp_path).notebook == ""


def test_a_giant_is_read_in_part(tmp_path: Path) -> None:
    """Of a record of 1 GB the last 4 MiB count, and the page says so."""
    disk(tmp_path, b"")
    with (tmp_path / records.RECORD).open("wb") as file:
        file.truncate(1 << 30)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + row())
    found = records.read(tmp_path)
    assert found.notebook == "06-ports"
    assert found.bad_lines == 0
    assert "1024 MiB" in found.note


HOSTILE = [
    b"\xff\xfe", b"null", b"[]", b"{}", b'"text"', b"[" * 100_000, b"1e999", row(at="yesterday"), row(at=5),
    row(what=["started"]), row(notebook={}), row(at="9999-12-31T23:59:59-23:59"),
    row(what="worked", cells=-1), row(what="worked", cells=1e300), row(what="checked", earned="1", points=3),
    row(what="checked", earned=1, points=3, passed=[5]), row(what="checked", earned=1, points=3, passed=7),
    row(notebook="x" * 100_000),
]  # fmt: skip


@pytest.mark.parametrize("line", HOSTILE, ids=range(len(HOSTILE)))
def test_a_line_that_is_none_is_counted(tmp_path: Path, line: bytes) -> None:
    """It changes nothing else: the line before it still tells, and the page is made."""
    found = records.read(disk(tmp_path, row() + b"\n" + line + b"\n"))
    assert (found.notebook, found.cells, found.bad_lines) == ("06-ports", 0, 1)
    assert "1 lines of the record" in view.html({}, {"ada": found}, NOW)


def test_words_of_a_record_are_text_and_nothing_else(tmp_path: Path) -> None:
    """HTML in a notebook's or a lab's name stands on the page as it was written."""
    evil = "<script>alert(1)</script>"
    lines = [
        row(what="checked", notebook=f"labs/{evil}", earned=1, points=1, passed=[evil]),
        row(notebook=evil),
    ]
    page = view.html({"ada": "open"}, {"ada": records.read(disk(tmp_path, b"\n".join(lines)))}, NOW)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_time_to_come_is_no_negative_age(tmp_path: Path) -> None:
    """A learner's clock may be ahead."""
    found = records.read(disk(tmp_path, row(at="2027-01-01T00:00:00+00:00")))
    assert "0 s ago" in view.html({}, {"ada": found}, NOW)


def test_cards_are_dealt_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has a card keeps it, who isn't named loses it, and a new deal makes every old word worthless."""
    monkeypatch.setenv("COURSE_ROOM", str(tmp_path))
    (ada, bob) = cards.deal(["ada", "bob"])
    assert cards.deal(["ada", "bob"]) == []
    assert cards.fits(cards.kept(), "ada", ada.word)
    assert not cards.fits(cards.kept(), "bob", ada.word)
    assert [card.name for card in cards.deal(["ada", "cid"])] == ["cid"]
    assert not cards.fits(cards.kept(), "bob", bob.word)
    cards.deal(["ada"], anew=True)
    assert not cards.fits(cards.kept(), "ada", ada.word)
    assert cards.file().stat().st_mode & 0o077 == 0


def test_two_equal_words_have_two_hashes() -> None:
    """A salt is in it."""
    assert cards._hash("word", "00" * 16) != cards._hash("word", "01" * 16)


def test_names_are_few_kinds(tmp_path: Path) -> None:
    """A number, or a file of names; a name is a part of paths, so little may be in it."""
    assert cards.names("3") == ["learner01", "learner02", "learner03"]
    file = tmp_path / "names"
    for text in ("../up", "Ada", "ada\nada", "instructor", "", "a b", "-x", "ä"):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(state.RoomError):
            cards.names(str(file))
    for number in ("0", "201"):
        with pytest.raises(state.RoomError):
            cards.names(number)
    file.write_text("ada\n\n bob \n")
    assert cards.names(str(file)) == ["ada", "bob"]
