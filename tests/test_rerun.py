"""A learner's files are built and run once more, on the grader's clean engine or beside the first ones."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker import APIClient

from course import engine, labs
from course.checks import System, Unmet, again
from course.checks.reading import MOST_FILES, TooMuch, copy_below
from course.checks.rerun import beside
from course.grade import private

LAB = "03-how-docker-works"
DOCKERFILE = 'FROM busybox:1.37\nCOPY word /www/index.html\nCMD ["httpd", "-f", "-h", "/www"]\n'
COMPOSE = """
services:
  web:
    build: .
    container_name: fixed-name
    ports: ["127.0.0.1:8998:80"]
    volumes: ["kept:/kept"]
    healthcheck: {test: ["CMD", "wget", "-qO-", "127.0.0.1"], interval: 1s}
volumes:
  kept: {name: fixed-volume}
"""


def write(folder: Path, word: str = "hello") -> None:
    """A learner's answer files."""
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "word").write_text(word)
    (folder / "compose.yaml").write_text(COMPOSE)


def things() -> set[str]:
    """What is on this machine's engine: containers, tags, networks, volumes."""
    docker = engine.client()
    return {
        *(str(each.id) for each in docker.containers.list(all=True)),
        *(tag for row in docker.api.images() for tag in row["RepoTags"] or ()),
        *(str(each.id) for each in docker.networks.list()),
        *(str(each.name) for each in docker.volumes.list()),
    }


@pytest.fixture
def here(tmp_path: Path) -> Iterator[System]:
    """A learner's own engine and folder; nothing may be left of what a second run makes."""
    before = things()
    write(tmp_path)
    yield System(engine.client(), tmp_path)
    # A private engine of the test before may still be on its way out, so what is gone since doesn't count.
    assert things() - before == set()


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The same in a grader's private engine, where a learner's run has ended."""
    lab = labs.find(LAB)
    with private.place(lab, []) as place:
        place.folder.mkdir(parents=True)
        write(place.folder)
        yield place.system(place.folder)


@pytest.fixture(params=["here", "there"])
def system(request: pytest.FixtureRequest) -> System:
    """Both, in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, System)
    write(found.folder)
    return found


def page(system: System, name: str) -> str:
    """What the web in container *name* serves on the port that the engine chose."""
    ((_, port),) = system.published(name, "80/tcp")
    return system.http(port).body


def test_a_dockerfile_is_built_and_run_again(system: System) -> None:
    """What answers is built of the files that are there now."""
    (system.folder / "word").write_text(system.nonce)
    with again(system) as anew:
        anew.build()
        assert page(anew.system, anew.run("--publish 127.0.0.1::80")) == system.nonce


def test_a_compose_file_is_started_again_beside_the_first(system: System) -> None:
    """Fixed names and host ports don't collide with those of the first."""
    with again(system) as anew:
        anew.up()
        assert page(anew.system, anew.service("web")) == "hello"
        assert anew.system.container(anew.service("web"))["Mounts"][0]["Name"].startswith(anew.name)


def test_down_takes_anonymous_volumes_along(system: System) -> None:
    """Compose leaves them, and their names are nowhere: nobody could remove them afterwards."""
    service = "services: {web: {image: 'busybox:1.37', command: tail -f /dev/null, volumes: ['/kept']}}"
    (system.folder / "compose.yaml").write_text(service)
    with again(system) as anew:
        before = {each.name for each in anew.system.docker.volumes.list()}
        anew.up()
        made = {each.name for each in anew.system.docker.volumes.list()} - before
        assert len(made) == 1
        anew.down("compose.again.json")
        assert not made & {each.name for each in anew.system.docker.volumes.list()}


def test_a_dockerfile_that_fails_is_told_with_its_last_word(system: System) -> None:
    """It is the learner's to mend, so it is unmet, and in the same words each time."""
    (system.folder / "Dockerfile").write_text("FROM busybox:1.37\nRUN exit 9\n")
    seen = []
    for _ in range(2):
        with pytest.raises(Unmet) as unmet, again(system) as anew:
            anew.build()
        seen.append(unmet.value.seen)
    assert "exit code: 9" in seen[0] and "Dockerfile fails" in seen[0]
    assert seen[0] == seen[1]


def test_a_build_without_end_is_unmet(system: System) -> None:
    """A check waits so long and no longer."""
    (system.folder / "Dockerfile").write_text("FROM busybox:1.37\nRUN sleep 300\n")
    with pytest.raises(Unmet, match="not ready within 4 s"), again(system) as anew:
        anew.build(within=4)


def test_a_compose_file_that_cant_be_read_is_unmet(system: System) -> None:
    """Compose's own word is shown."""
    (system.folder / "compose.yaml").write_text("services: 7\n")
    with pytest.raises(Unmet, match=r"compose\.yaml fails: .*services"), again(system) as anew:
        anew.up()


def test_a_service_that_ends_at_once_is_unmet(system: System) -> None:
    """It was built and never got ready."""
    (system.folder / "Dockerfile").write_text('FROM busybox:1.37\nCMD ["false"]\n')
    with pytest.raises(Unmet, match=r"compose\.yaml fails"), again(system) as anew:
        anew.up()


def test_a_container_that_goes_by_itself_is_no_fault(here: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of `run --rm` may be gone between the list and the removal; the rest is removed all the same."""
    listed = APIClient.containers

    def list_too_early(self: APIClient, **options: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = listed(self, **options)
        for each in found:
            self.remove_container(each["Id"], force=True)
        return found

    with again(here) as anew:
        anew.up()
        monkeypatch.setattr(APIClient, "containers", list_too_early)
    monkeypatch.undo()


def test_the_clean_engine_has_nothing_of_the_first_run(there: System) -> None:
    """An image that the learner built isn't there, so what is missing from the files is missing."""
    there.docker.images.get("busybox:1.37").tag("made-before:1")
    (there.folder / "Dockerfile").write_text("FROM made-before:1\n")
    with pytest.raises(Unmet, match="made-before"), again(there) as anew:
        anew.build()


def test_only_ordinary_files_of_the_folder_are_copied(tmp_path: Path) -> None:
    """No link, pipe or folder behind a link: they could hand over what isn't the learner's."""
    folder, secret = tmp_path / "from", tmp_path / "secret"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "run").write_text("x")
    (folder / "below" / "run").chmod(0o4755)
    secret.mkdir()
    (secret / "key").write_text("secret")
    (folder / "link").symlink_to(secret / "key")
    (folder / "linked").symlink_to(secret)
    os.mkfifo(folder / "pipe")
    copy_below(folder, tmp_path / "to")
    copied = sorted(str(each.relative_to(tmp_path / "to")) for each in (tmp_path / "to").rglob("*"))
    assert copied == ["below", "below/run"]
    assert (tmp_path / "to/below/run").stat().st_mode & 0o7777 == 0o755


def test_too_much_isnt_copied(tmp_path: Path) -> None:
    """A folder that would fill the grader's disk is refused: by size and by number."""
    (tmp_path / "big").mkdir()
    with (tmp_path / "big" / "hole").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(TooMuch, match="MiB"):
        copy_below(tmp_path / "big", tmp_path / "a")
    shutil.rmtree(tmp_path / "big")
    (tmp_path / "many").mkdir()
    for number in range(MOST_FILES + 1):
        (tmp_path / "many" / str(number)).touch()
    with pytest.raises(TooMuch, match="files"):
        copy_below(tmp_path / "many", tmp_path / "b")


def test_too_much_is_unmet_in_words(here: System) -> None:
    """The learner reads what is in the way."""
    for number in range(MOST_FILES + 1):
        (here.folder / str(number)).touch()
    with pytest.raises(Unmet, match=f"more than {MOST_FILES} files"), again(here):
        pass


def test_what_only_one_project_can_have_is_left_out() -> None:
    """Everything else of the file stays as it was written."""
    config = {
        "name": "mine",
        "services": {
            "web": {"container_name": "w", "image": "x", "ports": [{"target": 80, "published": "1"}]}
        },
        "volumes": {"a": {"name": "fixed"}, "b": {"name": "shared", "external": True}, "c": None},
    }
    assert beside(config) == {
        "services": {"web": {"image": "x", "ports": [{"target": 80, "host_ip": "127.0.0.1"}]}},
        "volumes": {"a": {}, "b": {"name": "shared", "external": True}, "c": None},
    }


@pytest.mark.parametrize("wish", ["privileged: true", 'volumes: ["/:/host"]', "pid: host"])
def test_a_compose_file_gets_no_more_rights_the_second_time(there: System, wish: str) -> None:
    """The clean engine has the same policy as the first."""
    write(there.folder)
    (there.folder / "compose.yaml").write_text(f"services:\n  web:\n    build: .\n    {wish}\n")
    with pytest.raises(Unmet, match="course: "), again(there) as anew:
        anew.up()


def test_a_compose_file_that_compose_warns_about_is_started(system: System) -> None:
    """A warning stands on the other stream, and is no part of what is read."""
    (system.folder / "compose.yaml").write_text('version: "3.9"\n' + COMPOSE + "# {\n")
    with again(system) as anew:
        anew.up()
        assert page(anew.system, anew.service("web")) == "hello"
