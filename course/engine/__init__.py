"""Find a Docker engine or start one, and say in plain words when neither works; knows nothing of images."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from course.engine import contexts, daemon, rootless
from course.engine.probe import Probe, candidates, probe
from course.errors import CourseError

if TYPE_CHECKING:
    import docker

__all__ = [
    "Engine",
    "EngineError",
    "EngineGone",
    "client",
    "engine_id",
    "ensure",
    "environment",
    "find",
    "stop",
]


class EngineError(CourseError):
    """No engine that this person can use right now, or one that refused."""


class EngineGone(EngineError):
    """An engine that ended, or can't be reached any more, while the course used it."""


@dataclass(frozen=True)
class Engine:
    """An engine that answers: its address, how it was found, and whether the course started it."""

    endpoint: str
    source: str
    started_by_course: bool


def find() -> Engine:
    """The engine that the learner's own `docker` would use, else the first that answers."""
    probes = []
    for endpoint, source in candidates():
        found = probe(endpoint, source)
        if found.state == "ready":
            ours = endpoint == daemon.SOCKET and daemon.pid() is not None
            return Engine(endpoint, source, ours or rootless.started(endpoint))
        probes.append(found)
    raise explain(probes)


def explain(probes: list[Probe]) -> EngineError:
    """Turn what was found at each address into one sentence and the one cure."""
    order = ("denied", "silent", "refused", "absent")
    worst = min(probes, key=lambda found: order.index(found.state))
    address = worst.endpoint.removeprefix("unix://")
    chosen = worst.source == "DOCKER_HOST" or worst.source.startswith("context")
    if worst.state == "denied":
        return EngineError(
            f"An engine runs at {address}, but you may not use it (permission denied).",
            "sudo usermod -aG docker $USER   then log out and in again (that group has root's power)",
        )
    if worst.state == "silent":
        return EngineError(
            f"Something is at {address}, but no engine answered within 3 s: {worst.detail}",
            "restart Docker (Docker Desktop: quit and open it; Linux: sudo systemctl restart docker)",
        )
    if chosen:
        cure = "docker context use default" if worst.source != "DOCKER_HOST" else "unset DOCKER_HOST"
        return EngineError(
            f"{worst.source} points to {worst.endpoint}, where no engine runs.", f"start it, or: {cure}"
        )
    none = "No Docker engine runs on this machine."
    return EngineError("\n".join(filter(None, [none, daemon.last_words()])), cure_for_none())


def cure_for_none() -> str:
    """The one step that gets an engine on this kind of machine."""
    if platform.system() == "Darwin":
        return "open Docker Desktop (or `colima start`), wait until it says running, and run this again"
    if "microsoft" in platform.release().lower():
        return "start Docker Desktop on Windows and switch on its WSL integration for this distribution"
    return "make lab   (it starts an engine, or says what it needs to)"


def ensure(*, say: Callable[[str], None] = print) -> Engine:
    """Find an engine; where there is none, install and start one as far as this person's rights allow."""
    try:
        return find()
    except EngineError as error:
        missing = "No Docker engine runs" in error.seen
        if not missing or platform.system() != "Linux" or "microsoft" in platform.release().lower():
            raise
    if os.geteuid() == 0:
        start_as_root(say)
    elif shutil.which("sudo") and sys.stdin.isatty():
        start_with_sudo(say)
    else:
        rootless.start(say)
    return find()


def start_as_root(say: Callable[[str], None], group: str | None = None) -> None:
    """Install what is missing and start the engine; say what can't work where it can't."""
    from course import debian
    from course.engine import install

    if not can_run_containers():
        raise EngineError(
            "No engine can run here: this is an unprivileged container (it lacks CAP_SYS_ADMIN).",
            "share the host's engine with it (-v /var/run/docker.sock:/var/run/docker.sock), or use a VM",
        )
    if debian.missing(install.NEEDED):
        say("No engine here: installing Docker from this machine's package sources (about half a minute) …")
        install.install()
    if debian.missing(["systemctl"]) == [] and Path("/run/systemd/system").is_dir():
        subprocess.run(["systemctl", "start", "docker"], check=False, capture_output=True)
        if probe(daemon.SOCKET, "").state == "ready":
            return
    say("starting the engine …")
    daemon.start(group)


def start_with_sudo(say: Callable[[str], None]) -> None:
    """Ask, then do the same with sudo, with the socket open to this person's own group."""
    group = subprocess.run(["id", "-gn"], capture_output=True, text=True, check=True).stdout.strip()
    say(
        f"No engine runs here. To install and start one the course needs sudo; group {group} may then use it."
    )
    if input("Go on? [y/N] ").strip().lower() != "y":
        raise EngineError(
            "No Docker engine runs on this machine.", "start one yourself, or answer y next time"
        )
    command = ["sudo", sys.executable, "-m", "course", "engine", "start", "--group", group]
    code = subprocess.run(command, check=False).returncode
    if code:
        raise EngineError(
            f"With sudo the engine was not started either (exit code {code}); what it said is above.",
            "mend that, or start an engine yourself, and run this again",
        )


def can_run_containers() -> bool:
    """Whether this process has CAP_SYS_ADMIN (bit 21), without which no dockerd starts."""
    try:
        with Path("/proc/self/status").open() as file:
            bits = next(line.split()[1] for line in file if line.startswith("CapEff"))
    except (OSError, StopIteration):
        return True
    return bool(int(bits, 16) >> 21 & 1)


def stop() -> bool:
    """End the engine that the course started, never another; True when there was one."""
    rootless_ended = rootless.stop()
    return daemon.stop() or rootless_ended


@cache
def client(timeout: float = 60) -> docker.DockerClient:
    """The Docker SDK on the engine that `find` gives; what goes wrong between them is an EngineError."""
    from course.engine import faults

    return faults.connect(find().endpoint, timeout)


def environment() -> dict[str, str]:
    """The environment for a docker CLI: DOCKER_HOST only where it wouldn't find this engine by itself."""
    found = find()
    own = found.source == "DOCKER_HOST" or found.source.startswith("context")
    usual = found.source == "the usual socket" and contexts.named() is None
    return dict(os.environ) if own or usual else os.environ | {"DOCKER_HOST": found.endpoint}


def engine_id() -> str:
    """The engine's own ID: a key for what the course keeps on disk about it."""
    return str(client().info()["ID"]).replace(":", "-")
