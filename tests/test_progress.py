"""Long work shows how far it is, in a way that fits where it is read; short work shows nothing."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

from course.kit.progress import Progress, counted

WORK = """
import threading
from course.kit.progress import Progress
with Progress("fetching", 40e6, "B", print) as progress:
    progress.at(10e6)
    threading.Event().wait(2.6)
"""


def test_work_of_less_than_two_seconds_shows_nothing() -> None:
    """Most work ends before a bar could be read."""
    said: list[str] = []
    with Progress("fetching", 1, "B", said.append):
        pass
    assert said == []


def test_where_no_line_can_be_drawn_over_a_plain_one_is_said() -> None:
    """After two seconds, in a log or a pipe: what, how much of how much, for how long, doing what."""
    done = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=True)
    assert done.stdout == "fetching: 10 of 40 MB, 2 s\n"


def test_in_a_terminal_a_bar_is_drawn_and_taken_away_again() -> None:
    """Also in one that gives its size as nothing, as a CI's does."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", WORK], stdout=theirs) as child:
        os.close(theirs)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
    os.close(ours)
    assert child.returncode == 0
    assert b"fetching:  25%" in seen
    assert b"10.0M/40.0M" in seen
    assert seen.rsplit(b"\r", 2)[1].strip() == b""


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""


def test_bytes_are_counted_as_they_pass() -> None:
    """What goes through is unchanged, and is added up."""
    progress = Progress("sending", None, "B", lambda _: None)
    assert list(counted([b"ab", b"", b"cde"], progress)) == [b"ab", b"", b"cde"]
    assert progress.done == 5
    assert progress.words().endswith(" s")
    progress.at(5, 10e6)
    assert progress.words().startswith("0 of 10 MB")
