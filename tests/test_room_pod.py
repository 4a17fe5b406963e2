"""A learner's pod on Kubernetes, started as a container: JupyterLab and engine work, nothing leads out."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

import pod
import pytest
import requests
from pod import SPAWNER, VALUES

from course import engine, kit
from course.engine import client
from course.engine.daemon import until
from course.grade import engines

# Its Python comes from PyPI, and it needs Linux and root.
pytestmark = pytest.mark.fetches
READY_SECONDS = 120

# What a learner does: wait for the engine, publish a port, mount the own files, ask the mirror, try to leave.
LEARNER = """
set -eu
until docker info > /dev/null 2>&1; do sleep 0.1; done
docker load --quiet < /given/busybox.tar
docker run --detach --rm --publish 8080:80 --name web --volume "$PWD/notebooks:/www:ro" busybox:1.37 \\
    httpd -f -h /www
until curl --silent --fail --output page http://127.0.0.1:8080/00-start.ipynb; do sleep 0.1; done
docker run --rm --volume "$PWD:/mine" busybox:1.37 touch /mine/made-by-a-container
! docker pull course/not-there:1 > pulled 2>&1
left=0
curl --silent --max-time 2 "http://$COURSE_MIRROR/left-the-pod" || left=$?
echo "$left $(id -u) $(docker info --format '{{.SecurityOptions}}')" > seen
exec "$@"
"""


def test_a_pod_gives_a_learner_jupyterlab_and_an_engine(tmp_path: Path) -> None:
    """As the values have it: without privileges, on a volume that is root's, in a network of its own."""
    disk = pod.volume(tmp_path / "volume")
    tmp_path.chmod(0o755)
    save = ["docker", "save", "--output", str(tmp_path / "busybox.tar"), "busybox:1.37"]
    kit.ensure([engines.IMAGE, "busybox:1.37"])
    subprocess.run(save, env=engine.environment(), check=True)
    (tmp_path / "busybox.tar").chmod(0o644)
    server = [*VALUES["singleuser"]["cmd"], *SPAWNER["args"]]
    home = disk / "disk" / "home" / "containers-course"
    with pod.hub() as hub, pod.started(hub, disk, tmp_path, "sh", "-c", LEARNER, "sh", *server) as name:
        container = client().containers.get(name)
        address = container.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]

        def answers() -> bool:
            container.reload()
            with contextlib.suppress(OSError):
                reply = requests.get(f"http://{address}:{pod.PORT}/user/ada/api", timeout=2)
                return reply.status_code == 200 and "version" in reply.json()
            return container.status != "running"

        if not until(answers, READY_SECONDS) or container.status != "running":
            pytest.fail(f"JupyterLab didn't answer in the pod.\n{pod.said(name, disk)}")
        # The exit code of curl where there is no way; the learner's number; an engine without root.
        assert (home / "seen").read_text().startswith("7 61000 [")
        assert "name=rootless" in (home / "seen").read_text()
        assert (home / "page").read_bytes() == (home / "notebooks/00-start.ipynb").read_bytes()
        assert (home / "made-by-a-container").exists()
        assert "/v2/" in hub.asked and "/hub/api" in "".join(hub.asked), hub.asked
        assert "/left-the-pod" not in hub.asked
