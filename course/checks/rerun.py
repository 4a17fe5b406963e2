"""Build and run a learner's files once more, from nothing; on which engine is for others to know."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from course import engine
from course.checks.promise import Unmet
from course.checks.reading import MOST_BYTES, TooMuch, copy_below
from course.checks.system import Ran, Shell, System
from course.ledger.attribution import ANONYMOUS
from course.ledger.cleanup import remove_container

BUILD_SECONDS = 40.0
START_SECONDS = 20.0
COMPOSE_COPY = "compose.again.json"
BY_HAND = "Do the same by hand, in an empty folder with a copy of your files, and read from the top."


@dataclass(frozen=True)
class Again:
    """The learner's files a second time. All that is made of them bears *name*; *system* is where it runs."""

    name: str
    system: System
    shell: Shell

    def build(self, folder: str = ".", *, file: str = "Dockerfile", within: float = BUILD_SECONDS) -> str:
        """Build *file* of *folder*, uncached, and give the image's tag; Unmet with the build's last word."""
        path = str(PurePosixPath(folder) / file)
        self.must(f"docker build --no-cache --tag {self.name} --file {_q(path)} {_q(folder)}", path, within)
        return self.name

    def run(self, options: str = "", command: str = "", *, within: float = START_SECONDS) -> str:
        """Start a container of the image that was built and give its name; Unmet when it can't be started.

        Publish on a port of the engine's choice (`--publish 127.0.0.1::80`): the first may hold any other.
        """
        self.must(
            f"docker run --detach --name {self.name} {options} {self.name} {command}", "the image", within
        )
        return self.name

    def up(self, file: str = "compose.yaml", *, within: float = BUILD_SECONDS) -> str:
        """Start *file* as a Compose project of its own and give its name; Unmet when it doesn't get ready.

        Host ports are the engine's choice, and fixed names are left out, so that it fits beside a first one.
        """
        compose = f"docker compose --project-name {self.name}"
        self.must(f"{compose} --file {_q(file)} config --quiet", file, within)
        # Compose warns on the other stream, and what is read here is to be JSON alone.
        told = self.must(f"{compose} --file {_q(file)} config --format json 2> /dev/null", file, within)
        text = json.dumps(beside(json.loads(told)))
        self.must(f"printf %s {_q(text)} > {COMPOSE_COPY}", file, within)
        self.must(f"{compose} --file {COMPOSE_COPY} up --detach --build --wait", file, within)
        return self.name

    def down(self, file: str, *, within: float = BUILD_SECONDS) -> None:
        """`docker compose down`; the anonymous volumes that it leaves go as well, for no name leads there."""
        docker = self.system.docker
        ours = docker.containers.list(all=True, filters=_project(self.name))
        mounts = [mount for container in ours for mount in container.attrs["Mounts"]]
        nameless = {mount["Name"] for mount in mounts if ANONYMOUS.fullmatch(mount.get("Name", ""))}
        self.must(f"docker compose --project-name {self.name} --file {_q(file)} down", file, within)
        for name in nameless:
            docker.volumes.get(name).remove()

    def service(self, name: str) -> str:
        """The name of the container that runs Compose service *name*."""
        return f"{self.name}-{name}-1"

    def must(self, line: str, what: str, within: float) -> str:
        """Run a command line and give what it printed; Unmet, naming *what*, when it fails or doesn't end."""
        ran = self.shell(line, within)
        if ran is None:
            raise Unmet(f"Built and started anew, {what} was not ready within {within:g} s.", BY_HAND)
        if ran.exit_code:
            last = [each for each in ran.output.splitlines() if each.strip()][-1:] or ["no word"]
            raise Unmet(f"Built and started anew, {what} fails: {last[0].strip()}", BY_HAND)
        return ran.output


def beside(config: dict[str, Any]) -> dict[str, Any]:
    """A Compose file's *config* without what only one project at a time can have: host ports, fixed names."""
    for service in config.get("services", {}).values():
        service.pop("container_name", None)
        for port in service.get("ports", ()):
            port.pop("published", None)
            port["host_ip"] = "127.0.0.1"
    for kind in ("networks", "volumes"):
        for each in (config.get(kind) or {}).values():
            if each and not each.get("external"):
                each.pop("name", None)
    config.pop("name", None)
    return config


@contextmanager
def again(system: System) -> Iterator[Again]:
    """The learner's files on a clean engine where the grader has one, else beside the first on the same.

    What they hold is run as the learner's code is. All of it is gone with the block.
    """
    name = f"again-{system.nonce}"
    try:
        with (system.clean or (lambda: _here(system, name)))() as (clean, shell):
            yield Again(name, replace(clean, nonce=system.nonce), shell)
    except TooMuch as error:
        raise Unmet(f"The folder holds {error}, too much to be copied.", "`du --all | sort -n`") from None


@contextmanager
def _here(system: System, name: str) -> Iterator[tuple[System, Shell]]:
    with tempfile.TemporaryDirectory(prefix="course-again-") as folder:
        copy_below(system.folder, Path(folder))
        try:
            yield replace(system, folder=Path(folder)), lambda line, within: _shell(line, within, folder)
        finally:
            _remove(system, name)


def _shell(line: str, within: float, folder: str) -> Ran | None:
    with subprocess.Popen(
        ["bash", "-c", line], cwd=folder, env=engine.environment(), start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        try:
            said = process.communicate(timeout=within)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None
    return Ran(process.returncode, said[:MOST_BYTES].decode(errors="replace"))


def _remove(system: System, name: str) -> None:
    """Take from the engine what bears *name*: containers with their volumes, networks, volumes, images."""
    from docker.errors import NotFound

    docker, project = system.docker, _project(name)
    for row in (
        *docker.api.containers(all=True, filters={"name": f"^/{name}$"}),
        *docker.api.containers(all=True, filters=project),
    ):
        with suppress(NotFound):  # one of `run --rm` goes by itself
            remove_container(row["Id"], docker)
    for network in docker.networks.list(filters=project):
        network.remove()
    for volume in docker.volumes.list(filters=project):
        volume.remove()
    for row in docker.api.images(filters={"reference": f"{name}*"}):
        for tag in row["RepoTags"] or ():
            docker.api.remove_image(tag, force=True)


def _project(name: str) -> dict[str, Any]:
    return {"label": f"com.docker.compose.project={name}"}


def _q(words: str) -> str:
    return shlex.quote(words)
