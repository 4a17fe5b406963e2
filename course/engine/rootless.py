"""An engine without root, for an ordinary user without sudo; needs its packages to be there already."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from course import places
from course.engine import daemon
from course.engine.probe import probe
from course.errors import CourseError

PROGRAMS = ("dockerd", "rootlesskit", "newuidmap", "slirp4netns")
SCRIPTS = ("dockerd-rootless.sh", "/usr/share/docker.io/contrib/dockerd-rootless.sh")


class RootlessError(CourseError):
    """A user who can't start an engine; the message is what to ask an administrator for."""


def runtime() -> Path:
    """The folder for this user's socket (XDG_RUNTIME_DIR, or the course's own where there is none)."""
    given = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    return given if given.is_dir() and os.access(given, os.W_OK) else places.state() / "run"


def pid() -> int | None:
    """The process id of the rootless engine that the course started, None when none runs."""
    try:
        number = int((places.state() / "rootless.pid").read_text())
        words = Path(f"/proc/{number}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return number if b"rootless" in words else None


def started(endpoint: str) -> bool:
    """Whether *endpoint* is the rootless engine that the course started."""
    return endpoint == f"unix://{runtime()}/docker.sock" and pid() is not None


def script() -> str | None:
    """The start script of a rootless engine, None where it isn't installed."""
    return next((found for found in map(shutil.which, SCRIPTS) if found), None)


def start(say: Callable[[str], None]) -> None:
    """Start dockerd in this user's own namespaces and wait until it answers (at most 60 s)."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    lacking = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    launcher = script()
    if lacking or launcher is None:
        raise RootlessError(
            "No engine runs here, you are not root, and a rootless engine needs "
            f"{', '.join(lacking) or 'its start script'}.",
            "ask an administrator: “please install Docker and add me to the group docker”, or “please "
            "install docker.io rootlesskit uidmap slirp4netns and give me ranges in /etc/subuid and subgid”",
        )
    runtime().mkdir(mode=0o700, parents=True, exist_ok=True)
    say("starting a rootless engine …")
    log = places.state() / "rootless.log"
    env = os.environ | {"XDG_RUNTIME_DIR": str(runtime()), "PATH": path}
    with log.open("ab") as out:
        process = subprocess.Popen(
            [launcher, "--shutdown-timeout", "3"], env=env, cwd="/",
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    (places.state() / "rootless.pid").write_text(f"{process.pid}\n")
    endpoint = f"unix://{runtime()}/docker.sock"
    done = daemon.until(lambda: process.poll() is not None or probe(endpoint, "").state == "ready", 60)
    if not done or process.poll() is not None:
        tail = "\n  ".join(log.read_text(errors="replace").splitlines()[-6:])
        raise RootlessError(
            f"The rootless engine did not start. The end of {log}:\n  {tail}", "cure what it names"
        )


def stop() -> bool:
    """End the rootless engine that the course started; True when there was one."""
    number = pid()
    if number is None:
        return False
    os.killpg(number, signal.SIGTERM)
    if not daemon.until(lambda: pid() is None, 30):
        raise RootlessError(f"The rootless engine (process {number}) did not end within 30 s of SIGTERM.")
    (places.state() / "rootless.pid").unlink(missing_ok=True)
    return True
