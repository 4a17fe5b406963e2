"""Private engines: an unprivileged container each, with limits, disk and policy; knows no labs, no checks."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from course import engine
from course.checks.web import Connect
from course.engine.daemon import until
from course.errors import CourseError
from course.grade import channel, disks, policy
from course.grade.runners import Runner, hand_over

if TYPE_CHECKING:
    import docker

IMAGE = "course/grader:1"
LABEL = "course.grader"
FOLDER = "course-grader-"
READY_SECONDS = 60.0
# The outer numbers of the engine's user and of the learner's: see /etc/subuid in images/grader/Dockerfile.
ENGINE_USER = 1000
LEARNER_USER = 100000 + 61000 - 1
INSIDE = PurePosixPath("/disk")
SHOWN_LINES = 6


class PrivateEngineError(CourseError):
    """A private engine did not start, or broke: nobody's answers are to blame."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use; its disk is limited by the size of the disk itself."""

    memory: str = "2g"
    processes: int = 1500
    cpus: float = 2.0


@dataclass(frozen=True)
class PrivateEngine:
    """A running private engine. *disk* is what it calls /disk, seen from outside.

    *docker* and *connect* are the judge's ways in; *runner* runs cells inside. Once *seal* is closed the
    engine hears nobody but the judge.
    """

    name: str
    disk: Path
    socket: Path
    docker: docker.DockerClient
    connect: Connect
    runner: Runner
    seal: policy.Seal

    def abort(self) -> None:
        """End it now, and with it whatever somebody waits for."""
        _remove(self.name)


@contextmanager
def workspace() -> Iterator[Path]:
    """A folder for one engine's disk and sockets, with the owner's number in its name for `sweep`."""
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def started(disk: Path | None, limits: Limits = Limits()) -> Iterator[PrivateEngine]:
    """A private engine on a copy of the prepared *disk* (None: on an empty one), gone with the block."""
    with ExitStack() as stack:
        folder = stack.enter_context(workspace())
        file = folder / "disk.ext4"
        disks.copy(disk, file) if disk else disks.make(file)
        mounted = stack.enter_context(disks.mounted(file, folder / "disk"))
        yield stack.enter_context(on_disk(mounted, folder, limits))


@contextmanager
def on_disk(disk: Path, folder: Path, limits: Limits = Limits()) -> Iterator[PrivateEngine]:
    """A private engine on the mounted *disk*, with its sockets in *folder*."""
    os.chown(disk, ENGINE_USER, ENGINE_USER)
    # Ours, so that nobody inside puts a link in the place of a work folder.
    (disk / "labs").mkdir(exist_ok=True)
    os.chown(disk / "labs", 0, 0)
    judge = folder / "judge"
    judge.mkdir(mode=0o700)
    os.chown(judge, ENGINE_USER, ENGINE_USER)
    name = f"course-grader-{secrets.token_hex(6)}"
    hand_over(folder / "inside")
    # Mounted read-only: nobody inside can put another policy in its place.
    (folder / "policy").mkdir()
    rules = policy.Rules(policy.below(disk, INSIDE))
    with policy.served(folder / "policy" / "course.sock", rules):
        process = _run(name, folder, limits)
        try:
            with _ready(name, disk, judge / "docker.sock", process, rules.seal) as made:
                yield made
        finally:
            _end(name, process)


def _run(name: str, folder: Path, limits: Limits) -> subprocess.Popen[bytes]:
    command = [
        "docker", "run", "--rm", "--interactive", "--name", name, "--label", f"{LABEL}={os.getpid()}",
        "--network", "none", "--read-only", "--cap-drop", "ALL", "--cap-add", "SETUID", "--cap-add", "SETGID",
        "--memory", limits.memory, "--memory-swap", limits.memory, "--pids-limit", str(limits.processes),
        "--cpus", str(limits.cpus), "--log-driver", "none",
        "--tmpfs", "/tmp:size=256m,mode=1777", "--tmpfs", f"/run:size=64m,uid={ENGINE_USER}",
        "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
        "--security-opt", "systempaths=unconfined",
        "--volume", f"{folder / 'disk'}:{INSIDE}", "--volume", f"{folder / 'judge'}:/judge",
        "--volume", f"{folder / 'inside'}:/grader:ro", "--volume", f"{folder / 'policy'}:/policy:ro",
        IMAGE,
    ]  # fmt: skip
    with (folder / "said").open("w") as errors:
        return subprocess.Popen(
            command, env=engine.environment(), start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip


@contextmanager
def _ready(
    name: str, disk: Path, socket: Path, process: subprocess.Popen[bytes], seal: policy.Seal
) -> Iterator[PrivateEngine]:
    """The engine as soon as it answers; what the judge has open of it is closed with the block."""
    end, runner = time.monotonic() + READY_SECONDS, Runner(process)
    runner.ready(READY_SECONDS)
    found: list[channel.Process] = []

    def listens() -> bool:
        with contextlib.suppress(OSError):
            found[:] = [channel.listener(socket)]
        return bool(found) or process.poll() is not None

    if not until(listens, end - time.monotonic()) or not found:
        raise PrivateEngineError(f"The private engine {name} did not open its socket.\n{_log(name)}")
    with (
        contextlib.closing(channel.client(socket, found[0])) as docker,
        channel.from_network_of(found[0].pid) as connect,
    ):
        docker.api.headers[policy.KEY_HEADER] = seal.key
        docker.ping()
        yield PrivateEngine(name, disk, socket, docker, connect, runner, seal)


def _end(name: str, process: subprocess.Popen[bytes]) -> None:
    """End the container and all that runs in it, at once."""
    _remove(name)
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def _remove(name: str) -> None:
    from docker.errors import APIError

    # With --rm it may be going by itself.
    with contextlib.suppress(APIError):
        engine.client().api.remove_container(name, force=True, v=True)


def _log(name: str) -> str:
    command = ["docker", "exec", name, "tail", "-n", str(SHOWN_LINES), "/run/engine/dockerd.log"]
    done = subprocess.run(command, env=engine.environment(), text=True, capture_output=True)
    return done.stdout + done.stderr
