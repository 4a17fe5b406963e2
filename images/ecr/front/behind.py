"""The reference registry as a process behind the front, on a Unix socket; its store is swept before."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

from front.state import State
from front.upstream import Down, Upstream

PROGRAM = "registry"
START_SECONDS = 30.0
log = logging.getLogger("ecr")


class Behind:
    """One reference registry with its store in *folder*."""

    def __init__(self, folder: Path, state: State, program: str = PROGRAM) -> None:
        self.folder, self.state, self.program = folder, state, program
        # Not in the folder: a socket's path must be short, and some volumes can't hold one.
        self.socket = Path(tempfile.mkdtemp(prefix="ecr-")) / "registry.sock"
        self.upstream = Upstream(self.socket)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Sweep the store, start the registry, and wait until it answers."""
        self._settings().write_text(json.dumps(self._content(), indent=2))
        self.sweep()
        environment = {**os.environ, "REGISTRY_HTTP_SECRET": self.state.secret("uploads")}
        self.process = subprocess.Popen(
            [self.program, "serve", str(self._settings())],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.words = threading.Thread(target=_pass_on, args=(self.process.stdout,), daemon=True)
        self.words.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.words.join(1)
                raise SystemExit("The registry behind the front did not start; its words are above.")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
        shutil.rmtree(self.socket.parent, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what nobody can ask for any more: repositories and images without a row in our file."""
        root = self.folder / "store/docker/registry/v2/repositories"
        known = {row["id"] for row in self.state.rows("select id from repositories")}
        dead = [entry for entry in root.iterdir() if entry.name not in known] if root.exists() else []
        kept = {(row["repository"], row["digest"]) for row in self.state.rows("select * from images")}
        for entry in root.glob("*/_manifests/revisions/sha256/*"):
            if (entry.parents[3].name, f"sha256:{entry.name}") not in kept:
                dead.append(entry)
        for entry in dead:
            shutil.rmtree(entry, ignore_errors=True)
        if root.exists() and (dead or self.state.note("dropped")):
            command = [self.program, "garbage-collect", str(self._settings())]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:  # the space stays taken; nothing else depends on it
                log.warning("The registry could not free space:\n%s", done.stderr[-2000:])
        self.state.keep("dropped", "")

    def _answers(self) -> bool:
        try:
            self.upstream.ask("GET", "/v2/").close()
        except Down:
            return False
        return True

    def _settings(self) -> Path:
        return self.folder / "registry.yml"  # JSON is YAML

    def _content(self) -> dict[str, object]:
        storage = {
            "filesystem": {"rootdirectory": str(self.folder / "store")},
            "cache": {"blobdescriptor": "inmemory"},
            "delete": {"enabled": True},
            # What a killed client left; an upload that somebody still works on is younger.
            "maintenance": {
                "uploadpurging": {"enabled": True, "age": "24h", "interval": "6h", "dryrun": False}
            },
        }
        # Layers that a manifest says are to be had elsewhere; without this the registry refuses each of them.
        elsewhere = {"manifests": {"urls": {"allow": ["^https?://"]}}}
        http = {"net": "unix", "addr": str(self.socket), "relativeurls": True}
        log = {"level": "warn", "accesslog": {"disabled": True}}
        parts = {"log": log, "storage": storage, "http": http, "validation": elsewhere}
        return {"version": 0.1, **parts}


def _pass_on(stream: IO[bytes]) -> None:
    """Log what the registry says, but for refusals: it calls every 404 an error, and we log the answer."""
    for line in stream:
        if b"response completed with error" not in line or b"http.response.status=5" in line:
            log.warning("%s", line.decode(errors="replace").rstrip())
