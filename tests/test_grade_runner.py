"""What runs a submission's cells passes on all that they print, whenever it comes."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Iterator, Sequence

import pytest

from course.grade.inside import runner

SAID = b'{"begin": "a"}\n{"cell": "a", "error": ""}\n{"through": true}\n'


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    """The ends at which a child's events and text are read, when it has said and printed all and is gone."""
    (events, events_out), (text, text_out) = os.pipe(), os.pipe()
    os.write(text_out, b"hello\n")
    os.write(events_out, SAID)
    for end in (events_out, text_out):
        os.close(end)
    yield events, text
    for end in (events, text):
        os.close(end)


def outputs(said: str) -> list[str]:
    """What cells printed, as the grader is told."""
    return [json.loads(line)["output"] for line in said.splitlines()]


def test_a_cell_is_told_with_its_text(ends: tuple[int, int], capsys: pytest.CaptureFixture[str]) -> None:
    """The end of a cell comes with what it printed."""
    assert runner._Watch(0, *ends, time.monotonic() + 5).until_the_end() == "done"
    assert outputs(capsys.readouterr().out) == ["hello\n"]


def test_text_that_came_while_select_looked_is_not_lost(
    ends: tuple[int, int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Select looks at the text, both come, it looks at the event: it then tells of the event only."""
    asked: list[Sequence[int]] = []
    honest = select.select

    def hasty(reading: Sequence[int], *others: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
        asked.append(reading)
        return ([ends[0]], [], []) if len(asked) == 1 else honest(reading, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(select, "select", hasty)
    assert runner._Watch(0, *ends, time.monotonic() + 5).until_the_end() == "done"
    assert outputs(capsys.readouterr().out) == ["hello\n"]
