"""What a check looks at is read with limits, and what isn't there is told in words."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from course import engine
from course.checks import System, Unmet
from course.engine.daemon import until

IMAGE = "busybox:1.37"
Talk = Callable[[socket.socket], object]


@pytest.fixture
def system(tmp_path: Path) -> System:
    """The engine and an empty work folder."""
    return System(engine.client(), tmp_path)


@pytest.fixture
def name() -> Iterator[str]:
    """A container's name that nobody else has; what bears it is removed."""
    made = f"checks-{uuid.uuid4().hex[:8]}"
    yield made
    for container in engine.client().containers.list(all=True, filters={"name": made}):
        container.remove(force=True, v=True)


def run(name: str, command: str, **options: Any) -> str:
    """Run a shell *command* in a container *name*; gives its ID."""
    container = engine.client().containers.run(
        IMAGE, ["sh", "-c", command], name=name, detach=True, init=True, **options
    )
    return str(container.id)


@pytest.mark.parametrize("kind", ["container", "image", "volume", "network"])
def test_what_isnt_there_is_unmet_in_words(system: System, kind: str, name: str) -> None:
    """The learner reads what is missing and how to list what is there."""
    run(name, "true")
    with pytest.raises(Unmet) as unmet:
        getattr(system, kind)("not-here:1" if kind == "image" else "not-here")
    assert f"There is no {kind} named not-here" in unmet.value.seen
    assert "there are: " in unmet.value.seen or "none at all" in unmet.value.seen
    assert "docker" in unmet.value.look


def test_a_missing_container_is_told_with_those_that_are_there(system: System, name: str) -> None:
    """A misspelt name is seen at a glance."""
    run(name, "true")
    with pytest.raises(Unmet, match=name):
        system.container("not-here")


def test_the_start_of_an_id_is_no_name(system: System, name: str) -> None:
    """The engine takes it for one; a check must not."""
    short = run(name, "true")[:4]
    assert system.container(name)["Name"] == f"/{name}"
    with pytest.raises(Unmet):
        system.container(short)


def test_a_container_that_ended_is_not_running(system: System, name: str) -> None:
    """State and exit code are what the learner needs to know."""
    run(name, "exit 3")
    engine.client().containers.get(name).wait(timeout=20)
    with pytest.raises(Unmet, match=f"Container {name} is exited with exit code 3"):
        system.running(name)


def test_a_container_that_is_about_to_start_again_is_waited_for(system: System, name: str) -> None:
    """Its restart policy pauses between two tries, and a check may come in such a pause."""
    script = "echo x >> tries; [ $(wc -l < tries) -gt 4 ] && exec sleep 60; exit 1"
    run(name, script, restart_policy={"Name": "on-failure"})
    assert until(lambda: system.container(name)["State"]["Status"] == "restarting", 20)
    assert system.running(name)["State"]["Status"] == "running"


def test_a_command_in_a_container_that_ends_meanwhile_is_unmet(
    system: System, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is the learner's doing, and no fault of the engine."""
    run(name, "exit 0")
    engine.client().containers.get(name).wait(timeout=20)
    monkeypatch.setattr(System, "running", lambda self, name: self.container(name))
    with pytest.raises(Unmet, match=f"Container {name} ended while I looked at it"):
        system.run_in(name, "true")


def test_ports_that_arent_published_are_none(system: System, name: str) -> None:
    """No publication is an answer, not an error."""
    run(name, "sleep 60")
    assert system.published(name, "80/tcp") == ()


def test_published_ports_come_with_their_address(system: System, name: str) -> None:
    """Each publication is an address and a port of the host."""
    engine.client().containers.run(
        IMAGE, "sleep 60", name=name, detach=True, init=True, ports={"80/tcp": ("127.0.0.1", 18089)}
    )
    assert system.published(name, "80/tcp") == (("127.0.0.1", 18089),)


def test_a_log_line_that_is_on_its_way_is_waited_for(system: System, name: str) -> None:
    """What an app writes a moment later still counts."""
    run(name, "usleep 400000; echo late")
    assert "late" in system.logs(name, containing="late", within=10)


def test_a_log_line_that_never_comes_is_unmet(system: System, name: str) -> None:
    """The wait has an end, and says what it waited for."""
    run(name, "echo hello")
    with pytest.raises(Unmet, match="doesn't contain 'late'"):
        system.logs(name, containing="late", within=0.2)


def test_an_endless_log_is_read_from_its_end_and_capped(system: System, name: str) -> None:
    """A submission can't fill the judge's memory with its log."""
    run(name, "yes 0123456789012345678901234567890123456789 | head -n 200000; echo the end")
    engine.client().containers.get(name).wait(timeout=60)
    text = system.logs(name)
    assert len(text) <= 1 << 18
    assert text.endswith("the end\n")


def test_a_command_inside_gives_its_output_and_code(system: System, name: str) -> None:
    """Both streams, and the exit code as it is."""
    run(name, "sleep 60")
    ran = system.run_in(name, ["sh", "-c", "echo out; echo err >&2; exit 4"])
    assert (ran.exit_code, sorted(ran.output.split())) == (4, ["err", "out"])


def test_a_command_inside_that_doesnt_end_is_unmet(system: System, name: str) -> None:
    """A judge waits no longer than it was told to."""
    run(name, "sleep 60")
    with pytest.raises(Unmet, match=r"`sleep 30` in .* did not end within 0.3 s"):
        system.run_in(name, ["sleep", "30"], within=0.3)


def test_a_command_inside_that_floods_is_capped(system: System, name: str) -> None:
    """The first 256 KiB are enough."""
    run(name, "sleep 60")
    assert len(system.run_in(name, ["sh", "-c", "yes | head -c 3000000"]).output) == 1 << 18


@contextlib.contextmanager
def server(talk: Talk, after: float = 0.0) -> Iterator[int]:
    """Talk to each connection on a port of this machine, which listens after some seconds; gives the port."""
    line = socket.socket()
    line.bind(("127.0.0.1", 0))
    ended = threading.Event()

    if not after:
        line.listen()

    def accept() -> None:
        ended.wait(after)
        with contextlib.suppress(OSError):
            line.listen()
            while True:
                other = line.accept()[0]
                threading.Thread(target=_talk, args=(talk, other), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield line.getsockname()[1]
    ended.set()
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()


def _talk(talk: Talk, other: socket.socket) -> None:
    with contextlib.suppress(OSError), other:
        talk(other)


def send(answer: bytes) -> Talk:
    """Read the request, then send *answer*."""

    def talk(other: socket.socket) -> None:
        other.recv(65536)
        other.sendall(answer)

    return talk


def drip(other: socket.socket) -> None:
    """Send a byte now and then, for ever."""
    other.recv(65536)
    other.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        other.sendall(b"x")
        threading.Event().wait(0.05)


def test_an_answer_has_status_body_and_headers(system: System) -> None:
    """Redirects and errors of the app are answers too, and not followed."""
    with server(send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 2\r\n\r\nhi")) as port:
        reply = system.http(port)
    assert (reply.status, reply.body, reply.headers["location"]) == (302, "hi", "/x")


def test_an_app_that_starts_late_is_waited_for(system: System) -> None:
    """A container that was started a moment ago needs a moment."""
    with server(send(b"HTTP/1.0 200 OK\r\n\r\n"), after=0.5) as port:
        assert system.http(port, within=10).status == 200


def test_an_answer_that_is_on_its_way_gets_longer_than_a_door(system: System) -> None:
    """On a busy machine a right answer takes longer than the two seconds that a shut door gets."""

    def slow(other: socket.socket) -> None:
        other.recv(1 << 20)
        threading.Event().wait(2.5)
        other.sendall(b"HTTP/1.0 200 OK\r\n\r\n")

    with server(slow) as port:
        assert system.http(port).status == 200


UNANSWERED: dict[str, Talk] = {
    "gave no answer within 0.3 s": lambda other: other.recv(1 << 20) and threading.Event().wait(5),
    "closes it without an answer": lambda other: None,
    "not in HTTP": send(b"SSH-2.0-OpenSSH\r\n\r\n"),
}


@pytest.mark.parametrize("words", UNANSWERED)
def test_what_doesnt_answer_is_unmet_in_words(system: System, words: str) -> None:
    """Silence, a closed door and another language are told apart."""
    with server(UNANSWERED[words]) as port, pytest.raises(Unmet, match=words):
        system.http(port, within=0.3)


def test_a_port_where_nothing_listens_is_unmet(system: System) -> None:
    """The commonest failure has the shortest sentence."""
    with (
        server(send(b""), after=60) as port,
        pytest.raises(Unmet, match=f"Nothing listens on 127.0.0.1:{port}"),
    ):
        system.http(port, within=0.1)


def test_an_answer_that_drips_is_cut_off(system: System) -> None:
    """One byte now and then doesn't hold a judge for ever."""
    started = time.monotonic()
    with server(drip) as port, pytest.raises(Unmet, match="no answer within"):
        system.http(port, within=0.5)
    assert time.monotonic() - started < 3


def test_a_huge_answer_is_capped(system: System) -> None:
    """The first MiB is enough."""
    huge = b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * (3 << 20)
    with server(send(huge)) as port:
        assert len(system.http(port).body) == 1 << 20


def test_another_way_to_connect_can_be_put_in(tmp_path: Path) -> None:
    """A grader reaches the learner's 127.0.0.1 in its own way, and the checks stay the same."""
    asked: list[tuple[str, int]] = []
    with server(send(b"HTTP/1.0 204 No\r\n\r\n")) as port:

        def connect(host: str, wanted: int, seconds: float) -> socket.socket:
            asked.append((host, wanted))
            return socket.create_connection(("127.0.0.1", port), seconds)

        assert System(engine.client(), tmp_path, connect=connect).http(8088).status == 204
    assert set(asked) == {("127.0.0.1", 8088)}


def test_a_file_of_the_work_folder_is_read_and_capped(system: System) -> None:
    """Also below a folder; never more than 256 KiB."""
    (system.folder / "app").mkdir()
    (system.folder / "app" / "big.txt").write_text("x" * (1 << 20))
    assert len(system.file("app/big.txt")) == 1 << 18


def test_a_missing_file_is_told_with_those_that_are_there(system: System) -> None:
    """A misspelt file name is seen at a glance."""
    (system.folder / "port.text").write_text("80")
    with pytest.raises(Unmet, match=r"no file named port.txt; there are: port.text"):
        system.file("port.txt")


@pytest.mark.parametrize(
    "trick", ["link", "folder-link/secret", "../secret", "/etc/hostname", "pipe", "folder", ""]
)
def test_no_trick_makes_the_judge_read_elsewhere(
    system: System, trick: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Links, ways up, absolute paths, pipes and folders aren't files of the learner."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "secret").write_text("secret")
    (system.folder.parent / "secret").write_text("secret")
    (system.folder / "link").symlink_to(elsewhere / "secret")
    (system.folder / "folder-link").symlink_to(elsewhere)
    (system.folder / "folder").mkdir()
    os.mkfifo(system.folder / "pipe")
    with pytest.raises(Unmet, match="There is no file"):
        system.file(trick)
