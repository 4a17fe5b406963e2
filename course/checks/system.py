"""What a check may look at: engine, web, work folder; reads them with limits and judges nothing itself."""

from __future__ import annotations

import http.client
import os
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, cast

from course.checks import web
from course.checks.promise import Unmet
from course.checks.reading import MOST_BYTES, attempts, last_bytes, open_below, read_within

if TYPE_CHECKING:
    import docker

# A shorter try could end in silence where a longer one would tell what is wrong.
LEAST_SECONDS = 0.5
DOOR_SECONDS = 2.0
ANSWER_SECONDS = 10.0
RESTART_SECONDS = 10.0

Attributes = dict[str, Any]


@dataclass(frozen=True)
class Ran:
    """What a command inside a container gave: exit code, and the first 256 KiB of both streams."""

    exit_code: int
    output: str


# Runs a command line, for so many seconds at most, in a copy of the learner's folder; None: it didn't end.
Shell = Callable[[str, float], Ran | None]


@dataclass(frozen=True)
class System:
    """A learner's system as the judge sees it, the same in a notebook and in a grader.

    It observes and never makes what it looks for. The one thing a check may bring in is *nonce*, random hex
    that no submission can know beforehand: sent through the app's own doors (a request, a row) and read back.
    *connect* opens TCP connections from where the learner's `127.0.0.1` is. *clean*, if there is one, opens
    another engine for a copy of the folder: see `again`.
    """

    docker: docker.DockerClient
    folder: Path
    nonce: str = field(default_factory=lambda: secrets.token_hex(8))
    connect: web.Connect = web.connect
    clean: OpenClean | None = None

    def container(self, name: str) -> Attributes:
        """What `docker container inspect` says of *name*; Unmet with the names there are instead."""
        api = self.docker.api
        found = _found(lambda: api.inspect_container(name))
        # The engine also takes the start of an ID for a name.
        if found is None or found["Name"] != f"/{name}":
            there = [each.removeprefix("/") for row in api.containers(all=True) for each in row["Names"]]
            raise _absent("container", name, there, "`docker ps --all`")
        return found

    def running(self, name: str) -> Attributes:
        """The attributes of container *name*; Unmet with its state and exit code when it doesn't run.

        One that its restart policy is about to start again gets 10 s: when it is looked at is chance.
        """
        for _ in attempts(RESTART_SECONDS):
            found = self.container(name)
            state = found["State"]
            if state["Status"] != "restarting":
                break
        if state["Status"] != "running":
            code = f" with exit code {state['ExitCode']}" if state["Status"] == "exited" else ""
            raise Unmet(
                f"Container {name} is {state['Status']}{code}, not running.",
                f"`docker logs {name}` shows its last words.",
            )
        return found

    def published(self, name: str, port: str) -> tuple[tuple[str, int], ...]:
        """Host address and host port of each publication of *port* ("80/tcp") of a running container."""
        ports = self.running(name)["NetworkSettings"]["Ports"] or {}
        return tuple((each["HostIp"], int(each["HostPort"])) for each in ports.get(port) or ())

    def image(self, tag: str) -> Attributes:
        """What `docker image inspect` says of *tag*; Unmet when the engine doesn't have it."""
        api = self.docker.api
        found = _found(lambda: cast(Attributes, api.inspect_image(tag)))  # type: ignore[no-untyped-call]
        if found is None:
            there = [each for row in api.images() for each in row["RepoTags"] or ()]
            raise _absent("image", tag, there, "`docker images`")
        return found

    def volume(self, name: str) -> Attributes:
        """What `docker volume inspect` says of *name*; Unmet with the names there are instead."""
        api = self.docker.api
        found = _found(lambda: api.inspect_volume(name))
        if found is None:
            there = [each["Name"] for each in api.volumes()["Volumes"] or ()]
            raise _absent("volume", name, there, "`docker volume ls`")
        return found

    def network(self, name: str) -> Attributes:
        """What `docker network inspect` says of *name*; Unmet with the names there are instead."""
        api = self.docker.api
        found = _found(lambda: api.inspect_network(name))
        if found is None or found["Name"] != name:
            there = [each["Name"] for each in api.networks()]
            raise _absent("network", name, there, "`docker network ls`")
        return found

    def logs(self, name: str, *, containing: str = "", within: float = 2.0) -> str:
        """The last 256 KiB of the log of *name*; Unmet when *containing* isn't in it *within* seconds."""
        self.container(name)
        for _ in attempts(within):
            chunks = self.docker.api.logs(name, stream=True, follow=False, tail=2000)
            text = last_bytes(chunks).decode(errors="replace")
            if containing in text:
                return text
        raise Unmet(
            f"The log of {name} doesn't contain {containing!r}.", f"`docker logs {name}` shows what it holds."
        )

    def run_in(self, name: str, command: str | Sequence[str], *, user: str = "", within: float = 10.0) -> Ran:
        """Run a command that only reads, inside *name*; Unmet when it hasn't ended *within* seconds."""
        self.running(name)
        api = self.docker.api
        listed = command if isinstance(command, str) else list(command)
        ticket = _unless_ended(name, lambda: str(api.exec_create(name, listed, user=user)["Id"]))
        words = command if isinstance(command, str) else " ".join(command)
        stream = _unless_ended(name, lambda: api.exec_start(ticket, stream=True))
        output = read_within(stream, within)
        if output is None:
            raise Unmet(
                f"`{words}` in {name} did not end within {within:g} s.",
                f"`docker top {name}` shows what runs.",
            )
        # The streams may close a moment before the engine has noted the exit code.
        for _ in attempts(DOOR_SECONDS):
            code = api.exec_inspect(ticket)["ExitCode"]
            if code is not None:
                return Ran(int(code), output.decode(errors="replace"))
        raise TimeoutError(f"the engine gave no exit code of `{words}` in {name} within {DOOR_SECONDS:g} s")

    def http(
        self,
        port: int,
        path: str = "/",
        host: str = "127.0.0.1",
        *,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        within: float | None = None,
    ) -> web.Reply:
        """Ask *host*:*port* over HTTP, again and again until it answers; Unmet after *within* seconds.

        Without *within* a door that is shut gets 2 s, and whoever has opened it 10 s to answer: on a busy
        machine a right answer may be slow, and a missing one needn't be waited for that long.
        """
        door, answer = (DOOR_SECONDS, ANSWER_SECONDS) if within is None else (within, within)
        problem: Exception = TimeoutError()
        end = time.monotonic() + door
        for _ in attempts(door):
            seconds = answer if within is None else max(end - time.monotonic(), LEAST_SECONDS)
            try:
                return web.ask(
                    self.connect,
                    (host, port),
                    path,
                    method=method,
                    body=body,
                    headers=headers,
                    seconds=seconds,
                )
            except (OSError, http.client.HTTPException) as error:
                problem = error
        raise Unmet(
            _no_answer(f"{host}:{port}", problem, answer if isinstance(problem, TimeoutError) else door),
            "`docker ps` shows which ports are published, and `docker logs` what the app says.",
        )

    def file(self, name: str) -> str:
        """The first 256 KiB of a file in the work folder; Unmet when it isn't an ordinary file there.

        No link is followed, so that what is read is the learner's own.
        """
        try:
            with os.fdopen(open_below(self.folder, PurePosixPath(name)), "rb") as file:
                return file.read(MOST_BYTES).decode(errors="replace")
        except OSError:
            # A link is not asked where it leads: its name alone would tell what exists elsewhere.
            there = sorted(
                each.name for each in self.folder.iterdir() if not each.is_symlink() and each.is_file()
            )
            raise _absent("file", name, there, "`ls`") from None


# A system that holds nothing of the learner's but a copy of the folder, and a shell beside it.
OpenClean = Callable[[], AbstractContextManager[tuple[System, Shell]]]


def _found(inspect: Callable[[], Attributes]) -> Attributes | None:
    from docker.errors import NotFound

    try:
        return inspect()
    except NotFound:
        return None


def _unless_ended(name: str, ask: Callable[[], Any]) -> Any:
    """What *ask* gives; Unmet when container *name* has ended since it was looked at."""
    from docker.errors import APIError

    try:
        return ask()
    except APIError as error:
        if error.status_code != 409:
            raise
    raise Unmet(
        f"Container {name} ended while I looked at it.", f"`docker logs {name}` shows its last words."
    )


def _absent(kind: str, name: str, there: Iterable[str], command: str) -> Unmet:
    names = sorted(there)
    listed = f"there are: {', '.join(names)}" if names else "there is none at all"
    return Unmet(f"There is no {kind} named {name}; {listed}.", f"{command} lists them.")


def _no_answer(address: str, problem: Exception, within: float) -> str:
    if isinstance(problem, ConnectionRefusedError):
        return f"Nothing listens on {address}."
    if isinstance(problem, TimeoutError):
        return f"{address} gave no answer within {within:g} s."
    if isinstance(problem, ConnectionError):
        return f"{address} takes the connection and closes it without an answer."
    if isinstance(problem, http.client.HTTPException):
        return f"{address} answers, but not in HTTP."
    return f"{address} can't be reached: {problem}."
