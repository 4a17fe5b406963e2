"""A learner's pod as `room/kubernetes` describes it, as a container: no cluster, no scheduler, no policy."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from course import engine, places
from course.engine import client
from course.grade import engines
from room import python

FOLDER = places.ROOT / "room" / "kubernetes"
VALUES: dict[str, Any] = yaml.safe_load((FOLDER / "values.yaml").read_text())
SPAWNER: dict[str, Any] = VALUES["hub"]["config"]["KubeSpawner"]
PORT = 8888  # the spawner's default
COPY = re.compile(r"^COPY --from=(\w+) (?:--chmod=\d+ )?(.+) (\S+)$", re.MULTILINE)
NUMBERS = re.compile(r"^RUN printf '(.+)' \| tee /etc/subuid > /etc/subgid", re.MULTILINE)
START = re.compile(r"^ENTRYPOINT (.+)$", re.MULTILINE)


@dataclass
class Hub:
    """Stands for hub and mirror: answers every request with the hub's version, and remembers its path."""

    address: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def hub() -> Iterator[Hub]:
    """One that containers on the engine's default network reach."""
    pinned = re.search(r"^jupyterhub==(\S+)", python.LOCK.read_text(), re.MULTILINE)
    assert pinned
    version = pinned[1]
    gateway = client().networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            body = json.dumps({"version": version}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer((gateway, 0), Answer)
    found = Hub(f"{gateway}:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


def volume(folder: Path) -> Path:
    """A volume as a cluster hands it out: root's, and for the pod's group."""
    folder.mkdir()
    os.chown(folder, 0, VALUES["singleuser"]["fsGid"])
    folder.chmod(0o2775)
    return folder


def numbers() -> str:
    """What the image has in /etc/subuid and /etc/subgid."""
    found = NUMBERS.search((FOLDER / "Dockerfile").read_text())
    assert found
    return found[1].replace("\\n", "\n")


def parts(scratch: Path) -> list[str]:
    """What the pod's image has more than the grader's, as volumes: it takes a gigabyte to build."""
    text = (FOLDER / "Dockerfile").read_text()
    sources = {"python": python.ready(), "course": places.ROOT}
    found: list[str] = []
    for context, names, target in COPY.findall(text):
        for name in names.split():
            source = sources[context] / name
            inside = f"{target.rstrip('/')}/{source.name}" if target.endswith("/") else target
            found += ["--volume", f"{source}:{inside}:ro"]
    (scratch / "sub").write_text(numbers())
    for name in ("subuid", "subgid"):
        found += ["--volume", f"{scratch / 'sub'}:/etc/{name}:ro"]
    return found


def rights() -> list[str]:
    """The values' security context in the words of `docker run`."""
    context, single = SPAWNER["container_security_context"], VALUES["singleuser"]
    assert context["seccompProfile"] == context["appArmorProfile"] == {"type": "Unconfined"}
    assert (context["procMount"], context["privileged"]) == ("Unmasked", False)
    options = ["seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined"]
    options += [] if context["allowPrivilegeEscalation"] else ["no-new-privileges"]
    return [
        "--user", str(single["uid"]), "--group-add", str(single["fsGid"]),
        *(f"--cap-drop={each}" for each in context["capabilities"]["drop"]),
        *(f"--cap-add={each}" for each in context["capabilities"]["add"]),
        *(f"--security-opt={each}" for each in options),
    ]  # fmt: skip


@contextmanager
def started(found: Hub, disk: Path, scratch: Path, *command: str) -> Iterator[str]:
    """The name of a container that is learner ada's pod and runs *command*; it sees *scratch* at /given."""
    # One name, so that what a killed run left goes with the next.
    name = "course-pod-of-ada"
    remove = ["docker", "rm", "--force", "--volumes", name]
    subprocess.run(remove, env=engine.environment(), check=True, capture_output=True)
    start = json.loads(START.findall((FOLDER / "Dockerfile").read_text())[0])
    environment = {
        "JUPYTERHUB_API_URL": f"http://{found.address}/hub/api",
        "JUPYTERHUB_ACTIVITY_URL": f"http://{found.address}/hub/api/users/ada/activity",
        "JUPYTERHUB_SERVICE_URL": f"http://0.0.0.0:{PORT}/user/ada/",
        "JUPYTERHUB_SERVICE_PREFIX": "/user/ada/", "JUPYTERHUB_BASE_URL": "/", "JUPYTERHUB_USER": "ada",
        "JUPYTERHUB_CLIENT_ID": "jupyterhub-user-ada", "JUPYTERHUB_API_TOKEN": "token",
        **VALUES["singleuser"]["extraEnv"], "COURSE_MIRROR": found.address,
    }  # fmt: skip
    # A cluster's empty folder is everybody's; Docker gives a tmpfs the rights of the image's own folder.
    empty = scratch / "empty"
    empty.mkdir()
    empty.chmod(0o2777)
    (run,) = VALUES["singleuser"]["storage"]["extraVolumeMounts"]
    words = [
        "docker", "run", "--detach", "--name", name, *rights(), *parts(scratch),
        "--memory", VALUES["singleuser"]["memory"]["limit"].lower(),
        "--volume", f"{empty}:{run['mountPath']}",
        "--volume", f"{disk}:{VALUES['singleuser']['storage']['homeMountPath']}",
        "--volume", f"{scratch}:/given:ro",
        *(f"--env={key}={value}" for key, value in environment.items()),
        "--entrypoint", start[0], engines.IMAGE, *start[1:], *command,
    ]  # fmt: skip
    subprocess.run(words, env=engine.environment(), check=True, capture_output=True, text=True)
    try:
        yield name
    finally:
        subprocess.run(remove, env=engine.environment(), check=True, capture_output=True)
        shutil.rmtree(disk)


def said(name: str, disk: Path) -> str:
    """What a pod and the server in it printed, for who asks why."""
    logs = subprocess.run(
        ["docker", "logs", name], env=engine.environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    own = disk / "disk" / "jupyterlab.log"
    return logs.stdout + (own.read_text() if own.exists() else "The server was not started.")
