"""The engine that the course itself starts on a Linux machine: start, settings, stop; installs nothing."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from course.engine.probe import probe
from course.errors import CourseError

HOME = Path("/var/lib/containers-course")
LOG = HOME / "dockerd.log"
PIDFILE = HOME / "dockerd.pid"
SETTINGS = HOME / "daemon.json"
DATA = Path("/var/lib/docker")
CRASHES = ("panic: ", "fatal error: ")
ENTRY = "time="
LAST_LINES = 6
SOCKET = "unix:///var/run/docker.sock"
START_SECONDS = 60.0
STOP_SECONDS = 30.0


class DaemonError(CourseError):
    """The engine the course tried to start or stop didn't."""


def pid() -> int | None:
    """The process id of the engine that the course started, None when none runs.

    A stale pid file doesn't count: its number may belong to another program now, or to a zombie.
    """
    try:
        number = int(PIDFILE.read_text())
        status = Path(f"/proc/{number}/status").read_text()
    except (OSError, ValueError):
        return None
    return number if status.startswith("Name:\tdockerd\n") and "\nState:\tZ" not in status else None


def start(group: str | None = None) -> None:
    """Start dockerd, supervised by a pid file, and wait until it answers (at most 60 s).

    *group* names the Unix group that may use the socket beside root.
    """
    HOME.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time():
        if pid() is not None and probe(SOCKET, "").state == "ready":
            return
        if pid() is None:
            PIDFILE.unlink(missing_ok=True)
        _write_settings(_settings())
        command = [_dockerd(), "--config-file", str(SETTINGS), "--pidfile", str(PIDFILE), "--host", SOCKET]
        with LOG.open("ab") as log:
            process = subprocess.Popen(
                command + (["--group", group] if group else []),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/",
            )  # fmt: skip
        try:
            _wait_until_ready(process)
        except BaseException:
            process.terminate()
            process.wait(STOP_SECONDS)
            raise


def stop() -> bool:
    """End the engine that the course started, and only that; True when there was one."""
    number = pid()
    if number is None:
        return False
    os.kill(number, signal.SIGTERM)
    gone = until(lambda: pid() is None, STOP_SECONDS)
    if not gone:
        raise DaemonError(
            f"dockerd (process {number}) did not end within {STOP_SECONDS:.0f} s of SIGTERM.",
            f"read the end of {LOG}; then `kill -9 {number}`, and `make lab` starts it afresh",
        )
    PIDFILE.unlink(missing_ok=True)
    return True


def set_mirrors(addresses: list[str]) -> None:
    """Name the registry mirrors that the running engine asks before Docker Hub; no restart needed."""
    number = pid()
    if number is None:
        raise DaemonError("The course started no engine here, so there is none to give a mirror to.")
    wanted = _settings() | {"registry-mirrors": addresses}
    if json.loads(SETTINGS.read_text()).get("registry-mirrors", []) == addresses:
        return
    _write_settings(wanted)
    os.kill(number, signal.SIGHUP)
    if not until(lambda: _mirrors() == [a.rstrip("/") for a in addresses], 10):
        raise DaemonError(f"The engine did not take {addresses} as its mirrors within 10 s.", f"read {LOG}")


def _mirrors() -> list[str]:
    from course.engine import faults

    config = faults.connect(SOCKET, 10).info().get("RegistryConfig") or {}
    return [mirror.rstrip("/") for mirror in config.get("Mirrors") or []]


def _dockerd() -> str:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    found = shutil.which("dockerd", path=path)
    if found is None:
        raise DaemonError("There is no dockerd on this machine.", "python -m course engine start")
    os.environ["PATH"] = path  # dockerd looks for containerd, runc and iptables itself
    return found


def _settings() -> dict[str, Any]:
    """The machine's own daemon.json, plus what a teaching machine wants."""
    own = Path("/etc/docker/daemon.json")
    base = json.loads(own.read_text()) if own.exists() else {}
    kept = json.loads(SETTINGS.read_text()) if SETTINGS.exists() else {}
    mirrors = {key: kept[key] for key in ("registry-mirrors",) if key in kept}
    return {"shutdown-timeout": 3} | mirrors | base


def _write_settings(settings: dict[str, Any]) -> None:
    fresh = SETTINGS.with_suffix(".new")
    fresh.write_text(json.dumps(settings, indent=2) + "\n")
    fresh.replace(SETTINGS)


def _wait_until_ready(process: subprocess.Popen[bytes]) -> None:
    answered = until(lambda: process.poll() is not None or probe(SOCKET, "").state == "ready", START_SECONDS)
    if answered and process.poll() is None:
        return
    how = f"ended with exit code {process.poll()}" if process.poll() is not None else "did not answer in 60 s"
    raise DaemonError(
        f"The engine was started and {how}. {_end_of_log()}",
        "see what the last lines name (another dockerd on the same data, iptables, disk); cure it, run again",
    )


def last_words() -> str:
    """Why the engine that the course started is gone though nobody stopped it; empty where that isn't so.

    Only a stop removes the pid file. One that is left over from another boot says nothing.
    """
    try:
        left_over = PIDFILE.stat().st_mtime
        booted = time.time() - float(Path("/proc/uptime").read_text().split()[0])
    except (OSError, ValueError):
        return ""
    if pid() is not None or left_over < booted:
        return ""
    return f"The one that the course had started ended by itself. {_end_of_log()}"


def data() -> Path:
    """The folder where the engine that the course starts keeps its images and containers."""
    try:
        return Path(json.loads(SETTINGS.read_text()).get("data-root", DATA))
    except (OSError, ValueError):
        return DATA


def free() -> int | None:
    """Bytes free where the engine that the course started keeps its data; None where it started none."""
    if not PIDFILE.exists() or not data().is_dir():
        return None
    return shutil.disk_usage(data()).free


def _end_of_log() -> str:
    """The last lines of the log with its name; of a Go program's crash the first lines, which say why."""
    try:
        lines = LOG.read_text(errors="replace").splitlines()
    except OSError as error:
        return f"Its log can't be read: {error}"
    crash = [at for at, line in enumerate(lines) if line.startswith(CRASHES)]
    if crash and not any(line.startswith(ENTRY) for line in lines[crash[-1] :]):
        lines = lines[crash[-1] :][:LAST_LINES]
    return "\n  ".join([f"The end of {LOG}:", *lines[-LAST_LINES:]])


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask *condition* every 50 ms: True once it holds, False when *seconds* are over."""
    pause, end = threading.Event(), time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        pause.wait(0.05)
    return True


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two `make lab` at once start one engine: the second waits for the first."""
    with (HOME / "start.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
