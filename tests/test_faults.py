"""Whatever an engine refuses or leaves unfinished is told in words, and is still what the SDK calls it."""

from __future__ import annotations

import errno
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker.errors
import pytest
import requests

from course import __main__, doctor, engine, lesson
from course.engine import EngineError, EngineGone, daemon, faults
from course.errors import CourseError

FULL = "write /var/lib/docker/tmp/x: no space left on device"


class Played(http.server.BaseHTTPRequestHandler):
    """An engine that says its version, and has a fault at each other address."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer, or fail in the way that the address stands for."""
        place = self.path.split("?")[0].rsplit("/", 2)
        if self.path.endswith(("/_ping", "/version")):
            self.answer(200, {"ApiVersion": "1.45", "Version": "26.1.5", "Arch": "amd64"})
        elif "none" in place:
            self.answer(404, {"message": "No such image: none"})
        elif "slow" in place:
            threading.Event().wait(3)
        elif "half" in place:
            self.begin()
            self.wfile.write(b"400\r\nthe start of a chunk")
            self.close_connection = True
        elif "hangs-up" in place:
            self.close_connection = True
        else:
            self.answer(500, {"message": FULL})

    def answer(self, status: int, content: dict[str, str]) -> None:
        """A whole answer."""
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def begin(self) -> None:
        """The head of an answer in chunks."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Iterator[http.server.ThreadingHTTPServer]:
    """The played engine, named by DOCKER_HOST."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Played) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setattr(faults, "END_SECONDS", 0.0)
        monkeypatch.setattr(daemon, "PIDFILE", Path("/none"))
        yield server
        server.shutdown()


def client() -> Any:
    """The SDK on the played engine."""
    return faults.connect(engine.find().endpoint, 1)


FAULTS: dict[str, tuple[Callable[[Any], object], type[Exception], str]] = {
    "refuses": (lambda sdk: sdk.info(), docker.errors.APIError, f"The engine refused: {FULL}"),
    "lacks": (lambda sdk: sdk.images.get("none"), docker.errors.ImageNotFound, "No such image: none"),
    "hangs up": (lambda sdk: sdk.images.get("hangs-up"), requests.ConnectionError, "broke an answer off"),
    "hangs": (lambda sdk: sdk.images.get("slow"), requests.ReadTimeout, "did not answer in time"),
    "breaks a stream off": (
        lambda sdk: list(sdk.api.get_image("half")),
        requests.exceptions.ChunkedEncodingError,
        "broke an answer off",
    ),
}


@pytest.mark.parametrize(("ask", "kind", "words"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_told_in_words_and_is_still_the_sdks(
    ask: Callable[[Any], object], kind: type[Exception], words: str, played: object
) -> None:
    """One class for those who wait for the SDK's error, and words with a next step for everybody else."""
    with pytest.raises(EngineError) as caught:
        ask(client())
    assert isinstance(caught.value, kind)
    assert not isinstance(caught.value, EngineGone)
    assert words in caught.value.seen
    assert caught.value.next_step
    assert caught.value._render_traceback_() == str(caught.value).splitlines()
    assert str(caught.value) == f"{caught.value.seen}\nNext: {caught.value.next_step}"


def test_a_full_disk_that_the_engine_names_has_its_cure(played: object) -> None:
    """The engine's own words are kept, and what it explained is still there for the course's code."""
    with pytest.raises(docker.errors.APIError) as caught:
        client().info()
    assert caught.value.explanation == FULL
    assert "Next: free disk space" in str(caught.value)


def test_an_engine_that_is_gone_is_told_apart(played: http.server.ThreadingHTTPServer) -> None:
    """Where nobody answers any more, that is what is said, with the way back."""
    sdk = client()
    played.shutdown()
    played.server_close()
    with pytest.raises(EngineGone) as caught:
        sdk.info()
    assert isinstance(caught.value, requests.ConnectionError)
    assert "The engine went away in the middle of its work. DOCKER_HOST points to" in caught.value.seen
    assert "unset DOCKER_HOST" in caught.value.next_step


def test_the_doctor_tells_of_an_engine_that_refuses_in_the_middle(played: object) -> None:
    """A fault after the first row is a row too, and ends the look."""
    engine.client.cache_clear()
    try:
        found = list(doctor.examine())
    finally:
        engine.client.cache_clear()
    assert [finding.state for finding in found] == ["well", "wrong"]
    assert FULL in found[-1].seen


def left_over(folder: Path, monkeypatch: pytest.MonkeyPatch, log: str) -> None:
    """What the course's engine leaves when it ends by itself: its pid file and its log."""
    monkeypatch.setattr(daemon, "PIDFILE", folder / "dockerd.pid")
    monkeypatch.setattr(daemon, "LOG", folder / "dockerd.log")
    (folder / "dockerd.pid").write_text("99999999")
    (folder / "dockerd.log").write_text(log)


CRASH = "panic: nil pointer\n\ngoroutine 247 [running]:\n" + "".join(f"frame {n}\n" for n in range(40))
ENTRIES = "".join(f'time="{n}" level=info msg="entry {n}"\n' for n in range(40))


@pytest.mark.parametrize(
    ("log", "first", "last"),
    [
        (ENTRIES, 'time="34"', 'msg="entry 39"'),
        (ENTRIES + CRASH, "panic: nil pointer", "frame 2"),
        (CRASH + ENTRIES, 'time="34"', 'msg="entry 39"'),
    ],
    ids=["entries", "a crash", "a crash before the last start"],
)
def test_an_engine_that_ended_by_itself_leaves_last_words(
    log: str, first: str, last: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of the log is shown; of a crash its first lines, which say why."""
    left_over(tmp_path, monkeypatch, log)
    lines = daemon.last_words().splitlines()
    assert (
        lines[0] == f"The one that the course had started ended by itself. The end of {tmp_path}/dockerd.log:"
    )
    assert first in lines[1]
    assert last in lines[-1]
    assert len(lines) == 7


def test_an_engine_that_was_stopped_or_ended_with_the_machine_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a pid file it was stopped; with one from before the last boot, the whole machine was."""
    left_over(tmp_path, monkeypatch, ENTRIES)
    assert daemon.last_words()
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert daemon.last_words() == ""
    (tmp_path / "dockerd.pid").unlink()
    assert daemon.last_words() == ""


def no_room(*_: object) -> None:
    """Fail as a write to a full disk does."""
    raise OSError(errno.ENOSPC, "No space left on device", "/home/ada/kit.json")


def test_a_full_disk_of_this_machine_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the command line and in a notebook's first cell; any other fault of a file stays what it is."""
    monkeypatch.setattr(__main__, "engine", no_room)
    assert __main__.main(["engine", "show"]) == 1
    assert "disk is full, so /home/ada/kit.json can't be written.\nNext: make room" in capsys.readouterr().err
    monkeypatch.setattr(lesson, "_end", no_room)
    with pytest.raises(CourseError, match="disk is full"):
        lesson.start("06-ports")
    monkeypatch.setattr(lesson, "_end", lambda: (_ for _ in ()).throw(PermissionError(errno.EACCES, "no")))
    with pytest.raises(PermissionError):
        lesson.start("06-ports")
