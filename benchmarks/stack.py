"""Start the demo project's stack many times in a row; each must come up healthy and show its record."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path

from benchmarks import rows
from course import engine, kit

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ("node:24-slim", "mongo:8.0", "mongo-express:1.0", "course/npm:1")
REPEATS = 10
WITHIN_SECONDS = 180


def main(repeats: int = REPEATS) -> int:
    """Start it *repeats* times, without its data each time; gives 1 if any start failed."""
    kit.ensure(list(IMAGES))
    project = f"soak-{uuid.uuid4().hex[:8]}"
    env = {**os.environ, **engine.environment(), "MONGO_PASSWORD": "secret", "COMPOSE_PROJECT_NAME": project}
    env |= {"APP_PORT": "0", "ME_PORT": "0", "APP_IMAGE": f"{project}:1"}
    found: list[dict[str, object]] = []
    packages = engine.client().containers.run("course/npm:1", detach=True)
    try:
        packages.reload()
        place = packages.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        _compose("build", env=env | {"NPM_CONFIG_REGISTRY": f"http://{place}:4873"})
        for repeat in range(repeats):
            started = time.perf_counter()
            fault = _start(env, f"Ana {repeat}")
            seconds = round(time.perf_counter() - started, 1)
            found.append({"repeat": repeat + 1, "fault": fault, "seconds": seconds})
            _compose("down", "--volumes", env=env)
    finally:
        packages.remove(force=True, v=True)
        _compose("down", "--volumes", "--rmi", "local", env=env)
    print(rows.write("stack", found))
    failed = [row for row in found if row["fault"]]
    print(f"{len(found)} starts, {len(failed)} failed")
    return 1 if failed else 0


def _start(env: dict[str, str], name: str) -> str:
    """What went wrong in one start, or nothing."""
    try:
        _compose("up", "--wait", "--no-build", env=env)
        place = _compose("port", "app", "3000", env=env).strip()
        body = json.dumps({"name": name}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"http://{place}/update-profile", body, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            stored = json.load(answer)["name"]
    except (OSError, subprocess.SubprocessError) as error:
        return f"{error} {getattr(error, 'output', '')}"[-300:]
    return "" if stored == name else f"the record says {stored}"


def _compose(*words: str, env: dict[str, str]) -> str:
    done = subprocess.run(
        ["docker", "compose", *words], cwd=ROOT / "demo", env=env, text=True, stdin=subprocess.DEVNULL,
        capture_output=True, check=True, timeout=WITHIN_SECONDS,
    )  # fmt: skip
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS))
