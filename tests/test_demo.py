"""The demo project: its tests pass in its own image with the kit's mongo, and its stack comes up healthy."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import browser
import demo_clicks as clicks
import pytest
from browser import Watch
from image_runs import address, container, have, inside, logged, page, unique

from course import engine
from course.kit import npm

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "demo"
IMAGES = ("node:24-slim", "mongo:8.0", "mongo-express:1.0", "course/npm:1")
ROOT_USER = {"MONGO_INITDB_ROOT_USERNAME": "admin", "MONGO_INITDB_ROOT_PASSWORD": "secret"}
LOGIN = {"MONGO_USERNAME": "admin", "MONGO_PASSWORD": "secret"}
SET_ASIDE = re.compile(r"^# skipped (\d+)$|^ℹ skipped (\d+)$", re.MULTILINE)


@contextmanager
def registry() -> Iterator[dict[str, str]]:
    """An environment in which a build finds the packages, as chapter 09 has it."""
    with container("course/npm:1") as packages:
        where = f"http://{address(packages, 'bridge')}:4873"
        inside_ready = "until curl --silent --fail http://127.0.0.1:4873/-/ping; do sleep 0.1; done"
        inside(packages, "timeout", "30", "bash", "-c", inside_ready)
        yield {**os.environ, **engine.environment(), "NPM_CONFIG_REGISTRY": where}


def run(*command: str, env: dict[str, str]) -> str:
    """What a docker command prints; its words if it fails."""
    done = subprocess.run(
        command, cwd=DEMO, env=env, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def built() -> Iterator[tuple[str, str]]:
    """The app's image and the one with its tests; both go at the end."""
    for tag in IMAGES:
        have(tag)
    names = f"{unique('app')}:1", f"{unique('app-test')}:1"
    with registry() as env:
        try:
            for name, target in zip(
                names, (["--build-arg", "APP_VERSION=7.7.7"], ["--target", "test"]), strict=True
            ):
                run(
                    "docker",
                    "build",
                    "--build-arg",
                    "NPM_CONFIG_REGISTRY",
                    *target,
                    "--tag",
                    name,
                    ".",
                    env=env,
                )
            yield names
        finally:
            for name in names:
                subprocess.run(["docker", "image", "rm", "--force", name], env=env, capture_output=True)


@pytest.fixture
def network() -> Iterator[str]:
    """A network of this test's own."""
    made = engine.client().networks.create(unique("demo"))
    yield str(made.name)
    made.remove()


@contextmanager
def running(tag: str, *command: str, **options: Any) -> Iterator[Any]:
    """A container of an image that no kit lists."""
    made = engine.client().containers.create(tag, list(command) or None, name=unique("demo"), **options)
    try:
        made.start()
        yield made
    finally:
        made.remove(v=True, force=True)


def test_its_own_tests_pass_in_its_image_against_the_database(built: tuple[str, str], network: str) -> None:
    """`node --test` runs all of them, none left out."""
    with container("mongo:8.0", environment=ROOT_USER, network=network) as store:
        logged("Waiting for connections", store)
        login = {"MONGO_HOST": store.name, **LOGIN}
        with running(built[1], environment=login, network=network) as tests:
            code = tests.wait(timeout=120)["StatusCode"]
            text = tests.logs().decode()
    assert code == 0, text
    skipped = SET_ASIDE.search(text)
    assert skipped and (skipped[1] or skipped[2]) == "0", text


def test_the_image_is_as_chapter_09_ends(built: tuple[str, str]) -> None:
    """Not root, exec form, a health check, no tests, no development packages, no registry, no cache."""
    config = engine.client().images.get(built[0]).attrs["Config"]
    assert (config["User"], config["Cmd"], config["Entrypoint"]) == (
        "node",
        ["node", "server.js"],
        ["docker-entrypoint.sh"],
    )
    assert config["Healthcheck"]["Test"][0] == "CMD"
    assert not [line for line in config["Env"] if line.startswith("NPM_CONFIG")]
    look = "ls /app; ls /app/node_modules | grep --count --line-regexp prettier; ls -A /root 2>&1"
    with running(built[0], "sh", "-c", look) as found:
        found.wait()
        text = found.logs().decode()
    assert text.splitlines()[:6] == ["lib", "node_modules", "package.json", "public", "server.js", "0"]
    assert "test" not in text.split()


def test_the_page_works_without_and_with_the_database_and_ends_well(
    built: tuple[str, str], network: str
) -> None:
    """It starts alone and says so, goes on when the database comes, and ends with 0 on SIGTERM."""
    environment = {"MONGO_HOST": "mongodb", **LOGIN}
    with running(built[0], environment=environment, network=network, ports={"3000/tcp": None}) as app:
        logged("it does not answer", app, stream="stderr")
        assert "<h1>Profile</h1>" in page(app, "3000/tcp")
        with container("mongo:8.0", environment=ROOT_USER) as store:
            engine.client().networks.get(network).connect(store, aliases=["mongodb"])
            logged("Waiting for connections", store)
            state = json.loads(page(app, "3000/tcp", "/health"))
            assert (state["status"], state["version"]) == ("ok", "7.7.7")
            assert json.loads(page(app, "3000/tcp", "/get-profile"))["saved"] is False
        began = time.monotonic()
        app.stop(timeout=10)
        assert (app.wait()["StatusCode"], time.monotonic() - began < 8) == (0, True)
        assert "secret" not in app.logs().decode()


def test_the_stack_is_worked_with_by_clicks_and_goes_without_a_trace(tmp_path: Path) -> None:
    """What one types is in the database and on the other page; after `down -v` nothing is left."""
    for tag in IMAGES:
        have(tag)
    project = unique("stack")
    with registry() as env, ExitStack() as after:
        env |= {"MONGO_PASSWORD": "secret", "COMPOSE_PROJECT_NAME": project}
        env |= {"APP_PORT": "0", "ME_PORT": "0", "APP_IMAGE": f"{project}:1"}
        after.callback(lambda: run("docker", "compose", "down", "--volumes", "--rmi", "local", env=env))
        run("docker", "compose", "up", "--wait", "--quiet-pull", env=env)
        work_with(env, tmp_path / "profile")
    marked: dict[str, Any] = {"label": f"com.docker.compose.project={project}"}
    client = engine.client()
    left = [client.containers.list(all=True, filters=marked), client.volumes.list(filters=marked)]
    assert [*left, client.networks.list(filters=marked)] == [[], [], []]


def work_with(env: dict[str, str], profile: Path) -> None:
    """Type into the app's page and into mongo-express; after each step the database is asked itself."""
    app = run("docker", "compose", "port", "app", "3000", env=env).strip()
    viewer = run("docker", "compose", "port", "mongo-express", "8081", env=env).strip()
    with browser.page(profile, height=900) as page:
        watch = Watch(f"http://{app}")
        watch.on(page)
        clicks.fill_in_the_profile(page, f"http://{app}/")
        assert held(env) == {1: "Ana"}
        assert watch.take() == []
        watch.home = f"http://{viewer}"
        clicks.open_the_collection(page, f"http://browser:look@{viewer}/")
        clicks.rename(page, "Ana", "Eva")
        assert held(env) == {1: "Eva"}
        clicks.open_the_collection(page, f"http://{viewer}/")
        clicks.add(page, clicks.NEW)
        assert held(env) == {1: "Eva", 7: "Kim"}
        browser.keep(page, "mongo-express")
        assert watch.take() == []
        page.goto(f"http://{app}/")
        clicks.sees(page, **clicks.FIELDS | {"name": "Eva"})
        browser.keep(page, "demo")


def held(env: dict[str, str]) -> dict[int, str]:
    """What the database holds, asked by mongosh: the name of each user."""
    ask = ["mongosh", "--quiet", "-u", "admin", "-p", "secret", "--authenticationDatabase", "admin"]
    look = "print(JSON.stringify(db.users.find().toArray().map(user => [user.userid, user.name])))"
    said = run(
        "docker", "compose", "exec", "-T", "mongodb", *ask, "--eval", look, "user-account", env=env
    )  # fmt: skip
    return dict(sorted(json.loads(said)))


def test_the_lock_file_is_the_one_that_the_kit_serves() -> None:
    """`course/npm:1` is made of the app's own lock file, which names no registry and no package unproven."""
    lock = DEMO / "app" / npm.LOCK
    assert (ROOT / "images" / "npm" / npm.LOCK).read_bytes() == lock.read_bytes()
    packages = list(npm.read(lock))
    assert len(packages) > 50 and all(package.integrity.startswith("sha512-") for package in packages)
    assert '"resolved"' not in lock.read_text(encoding="utf-8")
