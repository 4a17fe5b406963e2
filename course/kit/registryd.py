"""Run Debian's docker-registry as a process of its own on this machine; knows nothing of what it serves."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from course import debian
from course.engine.daemon import until
from course.errors import CourseError
from course.kit.registry import Registry, RegistryError

PROGRAM = "docker-registry"
START_SECONDS = 15.0
STOP_SECONDS = 15.0


class RegistryProcessError(CourseError):
    """The registry didn't start or didn't end."""


@dataclass(frozen=True)
class Running:
    """A registry that answers: its *address* (host:port) and the number of its process."""

    address: str
    pid: int


@dataclass(frozen=True)
class Service:
    """One registry in folder *home*, called *name*; several may serve one store if only one writes."""

    home: Path
    name: str

    @property
    def store(self) -> Path:
        """Where the images lie."""
        return self.home / "store"

    def running(self) -> Running | None:
        """What runs, None where nothing does; a note whose number is now another program's doesn't count."""
        try:
            noted = json.loads(self._note.read_text())
            words = Path(f"/proc/{noted['pid']}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        ours = str(self._settings).encode() in words
        return Running(noted["address"], noted["pid"]) if ours else None

    def start(self, host: str, port: int, *, read_only: bool = False) -> Running:
        """Serve on *host* and *port*, or the next free one, and wait until it answers (at most 15 s)."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / f"{self.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = self.running()
            if found and _answers(found.address):
                return found
            self.stop()
            return self._launch(host, port, read_only)

    def _launch(self, host: str, port: int, read_only: bool) -> Running:
        address = f"{host}:{_free(host, port)}"
        self._settings.write_text(json.dumps(_settings(self.store, address, read_only), indent=2))
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                [self._program(), "serve", self._settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/",
            )  # fmt: skip
        self._note.write_text(json.dumps({"pid": process.pid, "address": address}))
        try:
            until(lambda: process.poll() is not None or _answers(address), START_SECONDS)
            if process.poll() is not None or not _answers(address):
                raise self._failed(process)
        except BaseException:
            process.kill()
            process.wait()
            self._note.unlink(missing_ok=True)
            raise
        return Running(address, process.pid)

    def stop(self) -> bool:
        """End it; True where there was one."""
        found = self.running()
        if found:
            os.kill(found.pid, signal.SIGTERM)
            if not until(lambda: _gone(found.pid), STOP_SECONDS):
                raise RegistryProcessError(
                    f"The mirror (process {found.pid}) did not end within {STOP_SECONDS:.0f} s of SIGTERM.",
                    f"kill -9 {found.pid}",
                )
        self._note.unlink(missing_ok=True)
        return found is not None

    def collect_garbage(self) -> None:
        """Free what no tag names any more; only while it doesn't run."""
        if self._settings.exists() and self.running() is None:
            command = [str(self._program()), "garbage-collect", "--delete-untagged", str(self._settings)]
            subprocess.run(command, check=False, capture_output=True)

    @property
    def _note(self) -> Path:
        return self.home / f"{self.name}.json"

    @property
    def _log(self) -> Path:
        return self.home / f"{self.name}.log"

    @property
    def _settings(self) -> Path:
        return self.home / f"{self.name}.yml"  # JSON is YAML

    def _program(self) -> Path:
        program = self.home / PROGRAM
        if not program.exists():
            with tempfile.TemporaryDirectory(dir=self.home) as folder:
                debian.download(PROGRAM, Path(folder))
                (Path(folder) / "usr/bin" / PROGRAM).replace(program)
        return program

    def _failed(self, process: subprocess.Popen[bytes]) -> RegistryProcessError:
        code = process.poll()
        how = "did not answer" if code is None else f"ended with exit code {code}"
        tail = "\n  ".join(self._log.read_text(errors="replace").splitlines()[-4:])
        return RegistryProcessError(
            f"The mirror was started and {how} within {START_SECONDS:.0f} s:\n  {tail}", f"read {self._log}"
        )


def _settings(store: Path, address: str, read_only: bool) -> dict[str, object]:
    maintenance = {"readonly": {"enabled": read_only}}
    return {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(store)}, "maintenance": maintenance},
        "http": {"addr": address, "headers": {"X-Content-Type-Options": ["nosniff"]}},
    }


def _answers(address: str) -> bool:
    host, port = address.rsplit(":", 1)
    try:
        Registry(f"{'127.0.0.1' if host == '0.0.0.0' else host}:{port}").ping()
    except RegistryError:
        return False
    return True


def _gone(pid: int) -> bool:
    try:
        if os.waitpid(pid, os.WNOHANG) == (0, 0):
            return False
    except ChildProcessError:
        return not Path(f"/proc/{pid}").exists()
    return True


def _free(host: str, port: int) -> int:
    """*port* or, where somebody holds it, one of the next twenty."""
    for wanted in range(port, port + 20):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, wanted))
            except OSError:
                continue
            return wanted
    raise RegistryProcessError(f"Ports {port} to {port + 19} on {host} are all taken.", "name another port")
