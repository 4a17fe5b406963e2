"""How an engine is looked for: each way to be unreachable is told apart, and a choice is never overruled."""

from __future__ import annotations

import hashlib
import http.server
import importlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from course import engine
from course.engine import EngineError, daemon
from course.engine.contexts import current
from course.engine.probe import Probe, candidates, probe

NOBODY = 65534
NAMES = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "XDG_RUNTIME_DIR")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may enter, for sockets: its path is short enough for one."""
    with tempfile.TemporaryDirectory(prefix="course-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without any Docker settings, and none in the environment."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@contextmanager
def listening(path: Path, answer: bytes | None) -> Iterator[str]:
    """A Unix socket at *path* that takes connections and gives *answer*, or none; its address."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer or b"")

        if answer is not None:
            threading.Thread(target=serve, daemon=True).start()
        yield f"unix://{path}"


@contextmanager
def without_rights() -> Iterator[None]:
    """What runs in the block is an ordinary user's doing, also where the tests run as root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def state(address: str) -> str:
    """What was found at an address."""
    return probe(address, "a test").state


def test_an_engine_that_answers_is_ready() -> None:
    """The engine that these tests run on is found by its address."""
    assert state(engine.find().endpoint) == "ready"


def test_nothing_there_is_absent(place: Path) -> None:
    """No file at the socket's place, and a folder's place taken by a file, are both nothing."""
    (place / "file").touch()
    assert state(f"unix://{place}/none.sock") == "absent"
    assert state(f"unix://{place}/file/none.sock") == "absent"


def test_a_socket_that_nobody_serves_is_refused(place: Path) -> None:
    """After a kill -9 the socket's file is still there; that is not the same as an engine."""
    with listening(place / "dead.sock", None) as address:
        pass
    assert (place / "dead.sock").exists()
    assert state(address) == "refused"


def test_a_socket_that_one_may_not_use_is_denied(place: Path) -> None:
    """An engine for root and its group is there, and says no."""
    with listening(place / "root.sock", None) as address:
        (place / "root.sock").chmod(0o600)
        with without_rights():
            assert state(address) == "denied"


@pytest.mark.parametrize(
    "answer",
    [None, b"", b"hello\r\n", b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"],
    ids=["no answer", "closed at once", "not HTTP", "an error"],
)
def test_what_answers_like_no_engine_is_silent(
    answer: bytes | None, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something listens, but gives no engine's answer within the time limit."""
    monkeypatch.setattr(importlib.import_module("course.engine.probe"), "PING_SECONDS", 0.3)
    with listening(place / "odd.sock", answer) as address:
        assert state(address) == "silent"


def test_a_tcp_port_that_nobody_holds_is_refused() -> None:
    """An engine's address on the network is told apart in the same words as a socket."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert state(f"tcp://127.0.0.1:{port}") == "refused"


def test_a_tcp_address_that_answers_is_ready() -> None:
    """The ping of an engine on the network counts like that of one on a socket."""

    class Engine(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"ApiVersion": "1.45"}' if self.path.endswith("/version") else b"OK"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Engine) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert state(f"tcp://127.0.0.1:{server.server_address[1]}") == "ready"
        server.shutdown()


def context(home: Path, name: str, endpoint: str, *, current: bool = True) -> None:
    """Make a context as the docker CLI keeps it."""
    meta = home / ".docker" / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    meta.mkdir(parents=True)
    content = {"Name": name, "Endpoints": {"docker": {"Host": endpoint}}}
    (meta / "meta.json").write_text(json.dumps(content))
    if current:
        (home / ".docker" / "config.json").write_text(json.dumps({"currentContext": name}))


def addresses() -> list[str]:
    """The addresses that would be tried, in order."""
    return [address for address, _ in candidates()]


def test_the_usual_sockets_are_tried_in_their_order(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root's, the rootless one, Docker Desktop's, Colima's."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    assert addresses() == [
        "unix:///var/run/docker.sock", "unix:///run/user/7/docker.sock",
        f"unix://{home}/.docker/run/docker.sock", f"unix://{home}/.colima/default/docker.sock",
    ]  # fmt: skip


def test_docker_host_is_the_only_address_tried(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sets DOCKER_HOST has chosen; not even the current context is looked at."""
    context(home, "other", "unix:///other.sock")
    monkeypatch.setenv("DOCKER_HOST", "unix:///mine.sock")
    assert list(candidates()) == [("unix:///mine.sock", "DOCKER_HOST")]


def test_the_current_context_comes_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A context is tried before the usual sockets, and DOCKER_CONTEXT names another one."""
    context(home, "colima", "unix:///colima.sock", current=False)
    context(home, "desktop-linux", "unix:///desktop.sock")
    assert next(candidates()) == ("unix:///desktop.sock", "context desktop-linux")
    monkeypatch.setenv("DOCKER_CONTEXT", "colima")
    assert next(candidates()) == ("unix:///colima.sock", "context colima")


def test_a_context_made_by_the_docker_command_is_read(home: Path) -> None:
    """The files that the CLI itself writes are understood."""
    words = ["docker", "context", "create", "far", "--docker", "host=tcp://10.0.0.9:2376"]
    subprocess.run(words, check=True, capture_output=True)
    subprocess.run(["docker", "context", "use", "far"], check=True, capture_output=True)
    assert (home / ".docker").is_dir()
    assert current() == ("far", "tcp://10.0.0.9:2376")


@pytest.mark.parametrize("config", ["{", "[]", '{"currentContext": "default"}', '{"currentContext": "gone"}'])
def test_settings_that_name_no_context_are_passed_over(config: str, home: Path) -> None:
    """A broken file, the default context and one that is gone: the usual sockets are tried."""
    (home / ".docker").mkdir()
    (home / ".docker" / "config.json").write_text(config)
    assert addresses()[0] == "unix:///var/run/docker.sock"


def test_a_docker_host_that_points_nowhere_is_never_overruled(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though an engine runs elsewhere on this machine, the message names DOCKER_HOST and how to undo it."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{place}/none.sock")
    with pytest.raises(EngineError) as caught:
        engine.find()
    assert caught.value.seen == f"DOCKER_HOST points to unix://{place}/none.sock, where no engine runs."
    assert "unset DOCKER_HOST" in caught.value.next_step
    with pytest.raises(EngineError, match="DOCKER_HOST points to"):
        engine.ensure(say=pytest.fail)


@pytest.mark.parametrize("gone", [False, True], ids=["dead", "gone"])
def test_the_docker_command_reaches_the_engine_that_was_found(
    gone: bool, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the current context leads nowhere and an engine answers elsewhere, `docker` is led there, too."""
    socket_here = Path(engine.find().endpoint.removeprefix("unix://"))
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    context(tmp_path, "dead", f"unix://{place}/none.sock")
    if gone:
        shutil.rmtree(tmp_path / ".docker" / "contexts")
    # Also where these tests' engine is none of the usual ones, one answers: at Docker Desktop's place.
    (tmp_path / ".docker" / "run").mkdir()
    (tmp_path / ".docker" / "run" / "docker.sock").symlink_to(socket_here)
    found = engine.find()
    words = ["docker", "version", "--format", "{{.Server.Os}}"]
    answer = subprocess.run(words, env=engine.environment(), capture_output=True, text=True)
    assert answer.stdout == "linux\n", f"found {found.endpoint}, and docker says: {answer.stderr}"


CAUSES: dict[str, tuple[list[Probe], str, str]] = {
    "no rights": (
        [Probe("unix:///var/run/docker.sock", "the usual socket", "denied")],
        "An engine runs at /var/run/docker.sock, but you may not use it",
        "usermod -aG docker",
    ),
    "rights matter more than what isn't there": (
        [
            Probe("unix:///var/run/docker.sock", "the usual socket", "denied"),
            Probe("unix:///x", "Colima's socket", "absent"),
        ],
        "permission denied",
        "usermod -aG docker",
    ),
    "hangs": (
        [Probe("unix:///x.sock", "the usual socket", "silent", "timed out")],
        "no engine answered within 3 s: timed out",
        "restart Docker",
    ),
    "DOCKER_HOST": (
        [Probe("tcp://far:2375", "DOCKER_HOST", "refused")],
        "DOCKER_HOST points to tcp://far:2375",
        "unset DOCKER_HOST",
    ),
    "a context": (
        [
            Probe("unix:///x.sock", "context desktop-linux", "absent"),
            Probe("unix:///y.sock", "the usual socket", "absent"),
        ],
        "context desktop-linux points to unix:///x.sock",
        "docker context use default",
    ),
    "nothing at all": (
        [Probe("unix:///x.sock", "the usual socket", "absent")],
        "No Docker engine runs on this machine.",
        "make lab",
    ),
    "a dead engine": (
        [
            Probe("unix:///x.sock", "the usual socket", "refused"),
            Probe("unix:///y.sock", "the rootless socket", "absent"),
        ],
        "No Docker engine runs on this machine.",
        "make lab",
    ),
}


@pytest.mark.parametrize(("probes", "seen", "cure"), CAUSES.values(), ids=CAUSES)
def test_each_cause_has_its_words_and_its_cure(probes: list[Probe], seen: str, cure: str) -> None:
    """One sentence says what is wrong, and one step what to do about it."""
    error = engine.explain(probes)
    assert seen in error.seen
    assert cure in error.next_step


@pytest.mark.parametrize(
    ("system", "release", "cure"),
    [
        ("Darwin", "24.0.0", "open Docker Desktop"),
        ("Linux", "5.15.0-microsoft-standard-WSL2", "WSL integration"),
        ("Linux", "6.1.0", "make lab"),
    ],
)
def test_each_system_has_its_cure(
    system: str, release: str, cure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On macOS and Windows an engine is an app to open; on Linux the course starts one."""
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.release", lambda: release)
    assert cure in engine.cure_for_none()


@pytest.fixture
def pidfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pid file apart from the course's own."""
    monkeypatch.setattr(daemon, "PIDFILE", tmp_path / "dockerd.pid")
    return tmp_path / "dockerd.pid"


@contextmanager
def program(folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that the system knows as *name*, and that does nothing."""
    found = shutil.which("tail")
    assert found is not None
    shutil.copy(found, folder / name)
    process = subprocess.Popen([folder / name, "-f", "/dev/null"])
    comm = Path(f"/proc/{process.pid}/comm")
    try:
        assert daemon.until(lambda: comm.read_text().strip() == name, 5), f"{name} did not start within 5 s"
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_pid_file_of_a_running_dockerd_counts(pidfile: Path, tmp_path: Path) -> None:
    """The number in it is the engine's, as long as the engine runs."""
    with program(tmp_path, "dockerd") as running:
        pidfile.write_text(f"{running.pid}\n")
        assert daemon.pid() == running.pid
    assert daemon.pid() is None


def test_a_dockerd_that_has_ended_does_not_count(pidfile: Path, tmp_path: Path) -> None:
    """One that nobody has collected yet keeps its name and number, and is no engine."""
    with program(tmp_path, "dockerd") as running:
        pidfile.write_text(f"{running.pid}\n")
        os.kill(running.pid, 9)
        assert daemon.until(lambda: daemon.pid() is None, 5), "an ended dockerd still counts after 5 s"


def test_a_stale_pid_file_that_names_another_program_does_not_count(pidfile: Path, tmp_path: Path) -> None:
    """Its number was given to somebody else: `stop` finds no engine of ours, and that program lives on."""
    with program(tmp_path, "innocent") as other:
        pidfile.write_text(f"{other.pid}\n")
        assert daemon.pid() is None
        assert daemon.stop() is False
        assert other.poll() is None


@pytest.mark.parametrize("content", [None, "", "no number", "99999999"])
def test_a_pid_file_that_says_nothing_does_not_count(content: str | None, pidfile: Path) -> None:
    """No file, an empty one, words, and a number that no process has: there is no engine of ours."""
    if content is not None:
        pidfile.write_text(content)
    assert daemon.pid() is None


@pytest.mark.parametrize("condition", [lambda: True, lambda: False])
def test_waiting_says_whether_it_came(condition: Callable[[], bool]) -> None:
    """A condition is waited for within a limit, and the answer is whether it came."""
    assert daemon.until(condition, 0.2) is condition()


def test_a_sudo_that_fails_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong password, or a start that fails under sudo, ends in a sentence and not in a traceback."""
    sudo = tmp_path / "sudo"
    sudo.write_text("#!/bin/sh\nexit 7\n")
    sudo.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("builtins.input", lambda _: "y")
    with pytest.raises(engine.EngineError, match=r"exit code 7\); what it said is above"):
        engine.start_with_sudo(lambda _: None)
