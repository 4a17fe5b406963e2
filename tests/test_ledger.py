"""The ledger knows what a chapter made on a real engine, puts it back, and touches nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from course import engine, ledger, places, shell
from course.engine import contexts
from course.ledger import clock, groups
from course.ledger.contexts import altered
from course.ledger.journal import Entry, Journal
from course.ledger.naming import is_image_named, is_named, runs_without_name

if TYPE_CHECKING:
    from docker import DockerClient

IMAGE = "busybox:1.37"
OURS = f"ledger{os.getpid()}"  # no other run of these tests uses these names
SLUG = "80-ledger"
SECONDS = 10**9  # in nanoseconds


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep these journals and locks apart from the learner's own."""
    monkeypatch.setenv("COURSE_STATE", str(tmp_path / "state"))


@pytest.fixture(scope="module")
def client() -> DockerClient:
    """The engine, with the one image that these tests run."""
    found = engine.client()
    if not found.api.images(IMAGE):
        pytest.fail(f"{IMAGE} is not on the engine; make images brings it")
    return found


@pytest.fixture(autouse=True)
def before(client: DockerClient) -> Iterator[ledger.Snapshot]:
    """What was on the engine before the test, and has to be there after it: no more and no less."""
    then = ledger.snapshot(client)
    yield then
    assert ledger.diff(then, ledger.snapshot(client)) == ()


@pytest.fixture
def strangers(before: ledger.Snapshot) -> Iterator[list[str]]:
    """Shell commands that remove what a test made in a stranger's name, run after it."""
    commands: list[str] = []
    yield commands
    for command in commands:
        sh(command)


@pytest.fixture
def recorder(before: ledger.Snapshot, strangers: list[str], tmp_path: Path) -> Iterator[ledger.Recorder]:
    """A chapter that has begun; what it leaves is removed after the test."""
    with ledger.Recorder(SLUG, tmp_path) as found:
        found.begin()
        yield found
        found.clean(quiet)


def quiet(_line: str) -> None:
    """Say nothing."""


def sh(script: str) -> str:
    """Run bash as a cell does; gives what it printed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True, text=True, check=False, env=engine.environment(),
    )  # fmt: skip
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


def run(recorder: ledger.Recorder, script: str, meanwhile: str = "") -> None:
    """Run *script* as a cell of the chapter, and *meanwhile* as something else's doing during it."""
    with recorder.cell(f"%%shell\n{script}"):
        sh(f"{script}\n{meanwhile}")


def names(things: tuple[ledger.Thing, ...]) -> list[str]:
    """Kind and name of each of *things*, in order."""
    return sorted(map(str, things))


def until(condition: Callable[[], object], what: str, within: float = 10) -> None:
    """Wait until *condition* holds; fail after *within* seconds, saying *what* never came."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {within} s"
        threading.Event().wait(0.01)


def exists(name: str) -> bool:
    """Whether a container of this name is on the engine."""
    return any(container.name == name for container in ledger.snapshot(engine.client()).containers)


def test_what_a_cell_makes_and_names_is_the_chapters(recorder: ledger.Recorder) -> None:
    """Container, network and volume of a cell are the chapter's, and are removed with plain commands."""
    run(
        recorder,
        f"docker network create {OURS}-net\n"
        f"docker create --name {OURS}-web --network {OURS}-net -v {OURS}-data:/data {IMAGE}",
    )
    assert names(recorder.leftovers().ours) == [
        f"container {OURS}-web", f"network {OURS}-net", f"volume {OURS}-data",
    ]  # fmt: skip
    said: list[str] = []
    assert recorder.clean(said.append).kept == ()
    assert said == [
        f"docker rm -fv {OURS}-web", f"docker network rm {OURS}-net", f"docker volume rm {OURS}-data",
    ]  # fmt: skip


def test_a_strangers_container_made_in_mid_cell_is_reported_and_kept(
    recorder: ledger.Recorder, strangers: list[str]
) -> None:
    """What something else makes while a cell runs isn't the chapter's; image and moment are the same."""
    strangers.append(f"docker rm -f {OURS}-web-2 {OURS}-other")
    run(
        recorder,
        f"docker create --name {OURS}-web {IMAGE}",
        meanwhile=f"docker create --name {OURS}-other {IMAGE}; docker create --name {OURS}-web-2 {IMAGE}",
    )
    found = recorder.leftovers()
    assert names(found.ours) == [f"container {OURS}-web"]
    assert names(found.strangers) == [f"container {OURS}-other", f"container {OURS}-web-2"]
    recorder.clean(quiet)
    assert exists(f"{OURS}-other")
    assert exists(f"{OURS}-web-2")


def test_what_is_made_between_cells_is_a_strangers(recorder: ledger.Recorder, strangers: list[str]) -> None:
    """A name of the chapter's own that a learner uses by hand between two cells is the learner's."""
    run(recorder, f"docker create --name {OURS}-web {IMAGE}; docker rm {OURS}-web")
    strangers.append(f"docker rm -f {OURS}-web")
    sh(f"docker create --name {OURS}-web {IMAGE}")
    run(recorder, f"echo {OURS}-web")
    found = recorder.leftovers()
    assert (found.ours, names(found.strangers)) == ((), [f"container {OURS}-web"])


def test_an_anonymous_volume_belongs_with_its_container(
    recorder: ledger.Recorder, strangers: list[str]
) -> None:
    """It is found through the container that mounted it, also when that is gone; a stranger's is left."""
    strangers.append(f"docker rm -fv {OURS}-other")
    run(
        recorder,
        f"docker run --name {OURS}-ran -v /data {IMAGE} true\n"
        f"docker create --name {OURS}-made -v /data {IMAGE}\n"
        f"docker create --name {OURS}-never -v /data {IMAGE}",
        meanwhile=f"docker create --name {OURS}-other -v /data {IMAGE}",
    )
    run(recorder, f"docker rm {OURS}-ran {OURS}-never")
    found = recorder.leftovers()
    kinds = [thing.kind for thing in found.ours]
    assert (kinds.count("container"), kinds.count("volume")) == (1, 3)
    assert [thing.kind for thing in found.strangers] == ["container", "volume"]


def test_a_container_without_a_name_is_known_by_its_image(
    recorder: ledger.Recorder, strangers: list[str], client: DockerClient
) -> None:
    """A random name can't stand in the cell; the image can. A cell that names all it runs rules that out."""
    run(recorder, f"docker create {IMAGE} true")
    (ours,) = recorder.leftovers().ours
    assert ours.kind == "container"
    other = client.api.create_container  # a stranger whose container gets a random name too
    with recorder.cell(f"%%shell\ndocker create --name {OURS}-web {IMAGE}"):
        stranger = other(IMAGE)["Id"]
    strangers.append(f"docker rm {stranger}")
    found = recorder.leftovers()
    assert found.ours == (ours,)
    assert [thing.id for thing in found.strangers] == [stranger]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("web", "docker run --name web nginx:1.28", True),
        ("web", "docker run --name=web nginx:1.28", True),
        ("web", "docker run --name web-2 nginx:1.28", False),
        ("web", "docker run --name my.web nginx:1.28", False),
        ("data", "docker run -v data:/var/lib x", True),
        ("data", "docker run -v /data x", False),
        ("web", "docker run --name $web x", False),
        ("web3", "for i in 1 2 3; do docker run --name web$i x; done", True),
        ("web-blue", "for c in red blue; do docker run --name web-${c} x; done", True),
        ("web2", "for name in web{1..3}; do docker run --name $name x; done", True),
        ("web-blue", "docker volume create web-{red,blue}", True),
        ("web-prod", "for i in 1 2 3; do docker run --name web-$i x; done", False),
        ("node4", 'client.containers.run("x", name=f"node{number}")', True),
    ],
)
def test_a_name_counts_only_as_a_whole_word(name: str, text: str, expected: bool) -> None:
    """Part of a longer name is no mention; a name put together from a variable that the text can give is."""
    assert is_named(name, text) is expected


@pytest.mark.parametrize(
    ("reference", "text", "expected"),
    [
        ("app:1", "docker build -t app:1 .", True),
        ("app:1", "docker build -t app:1.2 .", False),
        ("app:1", "docker tag x localhost:5001/app:1", False),
        ("localhost:5001/app:1", "docker tag x localhost:5001/app:1", True),
        ("app:latest", "docker build -t app .", True),
        ("app:latest", "docker build -t app:2 .", False),
        ("nginx:1.28", "docker pull docker.io/library/nginx:1.28", True),
    ],
)
def test_an_image_counts_only_by_its_whole_reference(reference: str, text: str, expected: bool) -> None:
    """A reference is named with its tag, Docker Hub's host or none, and `latest` or none."""
    assert is_image_named(reference, text) is expected


def test_a_run_without_a_name_is_seen_across_lines() -> None:
    """A command that goes on after a backslash is one command."""
    assert not runs_without_name("docker run \\\n  --name web \\\n  x; docker run --name db y")
    assert runs_without_name("docker run --name web x; docker run y")


COMPOSE_FILE = f"""
services:
  web:
    image: {IMAGE}
    command: sleep 300
    volumes: [data:/data]
volumes:
  data:
"""


def test_a_compose_project_is_known_by_its_folder(
    recorder: ledger.Recorder, strangers: list[str], tmp_path: Path
) -> None:
    """Its container, network and volume are the chapter's; those of a project elsewhere aren't."""
    shop, other = (
        tmp_path / f"{OURS}-shop",
        Path(shutil.copytree(_project(tmp_path / "a"), f"/tmp/{OURS}-else")),
    )
    _project(shop)
    strangers += [f"docker compose -f {other}/compose.yaml down --volumes --timeout 0", f"rm -r {other}"]
    run(
        recorder,
        f"docker compose -f {shop}/compose.yaml up -d",
        meanwhile=f"docker compose -f {other}/compose.yaml create",
    )
    found = recorder.leftovers()
    assert names(found.ours) == [
        f"container {OURS}-shop-web-1", f"network {OURS}-shop_default", f"volume {OURS}-shop_data",
    ]  # fmt: skip
    assert names(found.strangers) == [
        f"container {OURS}-else-web-1", f"network {OURS}-else_default", f"volume {OURS}-else_data",
    ]  # fmt: skip
    recorder.clean(quiet)


def _project(folder: Path) -> Path:
    folder.mkdir()
    (folder / "compose.yaml").write_text(COMPOSE_FILE)
    return folder


def test_a_compose_project_that_got_no_further_than_its_network_is_known(
    recorder: ledger.Recorder, tmp_path: Path
) -> None:
    """Compose makes the network first; where it fails then, the cell's folder tells whose it is."""
    shop = _project(tmp_path / f"{OURS}-shop")
    (shop / "compose.yaml").write_text(COMPOSE_FILE.replace(IMAGE, f"{OURS}.invalid/none:1"))
    run(recorder, f"docker compose -f {shop}/compose.yaml create --pull never || true")
    assert f"network {OURS}-shop_default" in names(recorder.leftovers().ours)


def test_an_image_of_the_start_stays_and_a_new_tag_goes(
    recorder: ledger.Recorder, strangers: list[str], before: ledger.Snapshot, client: DockerClient
) -> None:
    """The kit's image that a cell loads again is not the chapter's; the reference it adds is."""
    strangers.append(f"docker rmi {OURS}:other")
    run(
        recorder,
        f"docker save {IMAGE} | docker load; docker tag {IMAGE} {OURS}:new",
        meanwhile=f"docker tag {IMAGE} {OURS}:other",
    )
    found = recorder.leftovers()
    assert (names(found.ours), names(found.strangers)) == ([f"image {OURS}:new"], [f"image {OURS}:other"])
    recorder.clean(quiet)
    assert client.api.images(IMAGE)


def test_an_image_of_the_start_that_a_cell_took_away_is_reported(
    before: ledger.Snapshot, strangers: list[str], tmp_path: Path
) -> None:
    """A reference gone or moved is named with the command that brings it back, and never removed."""
    strangers.append(f"docker rmi {OURS}:moved")
    sh(f"docker tag {IMAGE} {OURS}:gone; docker tag {IMAGE} {OURS}:moved")
    id_ = sh(f"docker image inspect --format '{{{{.Id}}}}' {IMAGE}")
    with ledger.Recorder(SLUG, tmp_path) as recorder:
        recorder.begin()
        run(recorder, f"docker rmi {OURS}:gone; tar c /etc/hostname | docker import - {OURS}:moved")
        found = recorder.leftovers()
        recorder.clean(quiet)
    assert found.ours == ()
    assert found.missing == (
        f"{OURS}:gone is missing: bring it back with: docker tag {id_} {OURS}:gone",
        f"{OURS}:moved names another image now: bring it back with: docker tag {id_} {OURS}:moved",
    )


def test_an_image_of_the_kit_that_a_cell_fetches_stays(
    before: ledger.Snapshot, strangers: list[str], tmp_path: Path
) -> None:
    """What other chapters need too is neither the chapter's nor a stranger's, whoever brought it."""
    strangers.append(f"docker rmi {OURS}:kit")
    with ledger.Recorder(SLUG, tmp_path, keep=[f"{OURS}:kit"]) as recorder:
        recorder.begin()
        run(recorder, f"docker tag {IMAGE} {OURS}:kit; docker tag {IMAGE} {OURS}:new")
        assert names(recorder.leftovers().ours) == [f"image {OURS}:new"]
        assert names(recorder.clean(quiet).removed) == [f"image {OURS}:new"]


def test_an_image_made_again_by_hand_is_the_learners(
    recorder: ledger.Recorder, strangers: list[str], tmp_path: Path
) -> None:
    """A build from the cache gives the same image again; made between cells it isn't the chapter's."""
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nLABEL mark={OURS}\n")
    build = f"docker build -q -t {OURS}:app {tmp_path}"
    run(recorder, build)
    run(recorder, f"docker rmi {OURS}:app")
    strangers.append(f"docker rmi {OURS}:app")
    sh(build)
    run(recorder, f"docker run --rm {OURS}:app true")
    found = recorder.leftovers()
    assert (found.ours, names(found.strangers)) == ((), [f"image {OURS}:app"])


def test_images_without_a_reference_go_when_a_cell_built_them(
    recorder: ledger.Recorder, tmp_path: Path, client: DockerClient
) -> None:
    """A build without tag, a commit without one, and what a second build of a tag leaves: all three go."""
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nARG mark\nLABEL mark=${{mark}}\n")
    build = f"docker build -q --build-arg mark={OURS}"
    run(recorder, f"{build}1 {tmp_path}; {build}2 -t {OURS}:app {tmp_path}")
    run(recorder, f"{build}3 -t {OURS}:app {tmp_path}")
    run(recorder, f"docker create --name {OURS}-web {IMAGE}; docker commit {OURS}-web")
    found = recorder.leftovers()
    assert f"image {OURS}:app" in names(found.ours)
    bare = [thing for thing in found.ours if thing.kind == "image" and not thing.name]
    assert len(bare) >= 2, "an engine with containerd's image store keeps none of a tag that moved on"
    assert found.strangers == ()
    assert recorder.clean(quiet).kept == ()


def test_an_image_without_a_reference_is_a_strangers_when_no_cell_builds(
    recorder: ledger.Recorder, strangers: list[str]
) -> None:
    """A cell that builds nothing is not the one that made it."""
    made: list[str] = []
    with recorder.cell("%%shell\ndocker ps"):
        made.append(sh("tar c /etc/hostname | docker import -"))
    strangers.append(f"docker rmi {made[0]}")
    found = recorder.leftovers()
    assert (found.ours, [thing.id for thing in found.strangers]) == ((), made)


def test_a_chapter_run_twice_leaves_the_engine_as_it_was(
    before: ledger.Snapshot, tmp_path: Path, client: DockerClient
) -> None:
    """The second run finds what the first left, and both leave nothing."""
    script = f"docker run -d --name {OURS}-web -v {OURS}-data:/data {IMAGE} sleep 300"
    for left in ([], [f"container {OURS}-web", f"volume {OURS}-data"]):
        with ledger.Recorder(SLUG, tmp_path) as recorder:
            assert names(recorder.clean(quiet).removed) == left
            recorder.begin()
            run(recorder, script)
    assert names(ledger.clean(SLUG, quiet).removed) == [f"container {OURS}-web", f"volume {OURS}-data"]
    assert ledger.diff(before, ledger.snapshot(client)) == ()
    assert ledger.clean(SLUG, quiet).removed == ()
    assert ledger.chapters() == ()


CHAPTER = """
import subprocess, sys
from course import ledger

recorder = ledger.Recorder(sys.argv[1])
recorder.begin()
with recorder.cell(sys.argv[2]):
    child = subprocess.Popen(["bash", "-c", sys.argv[2]], start_new_session=True, stdout=subprocess.DEVNULL)
    recorder.child_started(child.pid)
    print(child.pid, flush=True)
    child.wait()
"""


def start_chapter(script: str) -> tuple[subprocess.Popen[str], int]:
    """A process that runs a chapter of one cell; gives it and the cell's process group, once that runs."""
    chapter = subprocess.Popen(
        [sys.executable, "-c", CHAPTER, SLUG, script], env=engine.environment(), cwd=places.ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    assert chapter.stdout is not None
    return chapter, int(chapter.stdout.readline())


def kill(chapter: subprocess.Popen[str]) -> None:
    """As Jupyter does it: the kernel's whole process group, at once."""
    os.killpg(chapter.pid, signal.SIGKILL)
    chapter.wait(10)
    assert chapter.stdout is not None
    chapter.stdout.close()


@pytest.mark.parametrize("moment", ["asked", "created", "running"])
def test_a_kernel_killed_in_mid_cell_leaves_exactly_its_own_things_to_the_next(
    moment: str, strangers: list[str], client: DockerClient, before: ledger.Snapshot
) -> None:
    """Whenever it is killed: the cell's processes end, the next start removes what is ours, and only that."""
    strangers.append(f"docker rm -fv {OURS}-other $(docker ps -aq --filter name={OURS}-web)")
    chapter, group = start_chapter(f"docker run --name {OURS}-web -v /data {IMAGE} sleep 300")
    sh(f"docker create --name {OURS}-other {IMAGE}")
    if moment == "created":
        until(lambda: exists(f"{OURS}-web"), "the container")
    elif moment == "running":
        until(lambda: _state(f"{OURS}-web") == "running", "the running container")
    kill(chapter)
    killed = time.monotonic()
    with ledger.Recorder(SLUG) as recorder:
        assert time.monotonic() - killed < 5, "the next start waits only a moment"
        assert not _is_alive(group), "the cell's own processes have ended"
        left = recorder.leftovers()
        assert {thing.kind for thing in left.ours} <= {"container", "volume"}
        assert moment == "asked" or names(left.ours)[0] == f"container {OURS}-web"
        recorder.clean(quiet)
    assert [
        line for line in ledger.diff(before, ledger.snapshot(client)) if f"{OURS}-other" not in line
    ] == []
    assert exists(f"{OURS}-other")


def _state(name: str) -> str:
    found = ledger.snapshot(engine.client()).containers
    return next((container.state for container in found if container.name == name), "")


def _is_alive(group: int) -> bool:
    """Whether a process of the group still runs; one that nobody has buried yet doesn't."""
    rows = sh("ps -A -o pgid= -o stat=").splitlines()
    return any(row.split()[0] == str(group) and not row.split()[1].startswith("Z") for row in rows)


def test_a_number_used_again_is_not_the_group_that_was_remembered() -> None:
    """A process group is ended only if its leader was born when the journal says."""
    bystander = subprocess.Popen(
        ["cat"], start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert bystander.stdin is not None
    groups.end(bystander.pid, "1")
    os.write(bystander.stdin.fileno(), b"alive")
    assert bystander.stdout is not None
    assert os.read(bystander.stdout.fileno(), 5) == b"alive"
    groups.end(bystander.pid, groups.birth(bystander.pid))
    assert bystander.wait(10) == -signal.SIGKILL
    bystander.stdin.close()
    bystander.stdout.close()


def test_a_second_kernel_is_refused_until_the_first_is_dead(before: ledger.Snapshot) -> None:
    """The refusal names chapter and process; a killed kernel's lock is free at once."""
    chapter, _ = start_chapter("sleep 300")
    for slug in (SLUG, "81-another"):
        with pytest.raises(ledger.ChapterBusyError) as refused:
            ledger.Recorder(slug)
        assert SLUG in refused.value.seen
        assert str(chapter.pid) in refused.value.seen
        assert f"kill {chapter.pid}" in refused.value.next_step
    kill(chapter)
    ledger.Recorder(SLUG).close()


def test_a_forked_child_does_not_keep_the_lock(before: ledger.Snapshot, tmp_path: Path) -> None:
    """A worker that the kernel forked may outlive it; the chapter is free all the same."""
    recorder = ledger.Recorder(SLUG, tmp_path)
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        os.close(writes)
        os.read(reads, 1)  # lives until the test is over
        os._exit(0)
    try:
        recorder.close()
        ledger.Recorder(SLUG, tmp_path).close()
    finally:
        os.close(writes)
        os.close(reads)
        os.waitpid(child, 0)


def test_more_events_than_the_engine_remembers_are_not_lost(
    recorder: ledger.Recorder, client: DockerClient
) -> None:
    """The engine forgets all but 256 events; the first of a cell with more is still known."""
    sh(f"docker volume create {OURS}-sign; docker volume rm {OURS}-sign")
    until(lambda: any(entry.kind == "event" for entry in recorder.journal.read()), "the keeper's first line")
    with recorder.cell(f"docker volume create {OURS}-first"):
        client.api.create_volume(f"{OURS}-first")
        for _ in range(150):  # each makes two events
            client.api.create_volume(f"{OURS}-passing")
            client.api.remove_volume(f"{OURS}-passing")
    assert names(recorder.leftovers().ours) == [f"volume {OURS}-first"]


def test_a_keeper_that_was_killed_is_replaced(recorder: ledger.Recorder) -> None:
    """The next cell starts another, which reads up what was missed."""
    keeper = recorder._keeper
    assert keeper is not None
    run(recorder, f"docker volume create {OURS}-one")
    keeper.kill()
    keeper.wait(10)
    run(recorder, f"docker volume create {OURS}-two")
    assert recorder._keeper is not keeper
    assert names(recorder.leftovers().ours) == [f"volume {OURS}-one", f"volume {OURS}-two"]


def test_a_volume_is_traced_without_a_keeper_too(recorder: ledger.Recorder) -> None:
    """The kernel itself notes at a cell's end which container mounts which volume."""
    keeper = recorder._keeper
    assert keeper is not None
    with recorder.cell(f"docker create --name {OURS}-web -v /data {IMAGE}"):
        keeper.kill()
        keeper.wait(10)
        sh(f"docker create --name {OURS}-web -v /data {IMAGE}")
    sh(f"docker rm {OURS}-web")
    (volume,) = recorder.leftovers().ours
    assert volume.kind == "volume"


def start_keeper(journal: Journal, endpoint: str) -> subprocess.Popen[bytes]:
    """A keeper without a kernel; gives it once it writes down what happens."""
    keeper = subprocess.Popen(
        [sys.executable, "-m", "course.ledger.keeper", str(journal.path), str(time.time_ns()), "0", "0"],
        env=os.environ | {"DOCKER_HOST": endpoint}, cwd=places.ROOT,
        stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    sh(f"docker volume create {OURS}-sign; docker volume rm {OURS}-sign")
    until(lambda: journal.read(), "the keeper's first line")
    return keeper


def test_a_keeper_ends_when_its_engine_vanishes(tmp_path: Path) -> None:
    """Its log says so in a line; nothing is left running."""
    with Relay(tmp_path / "engine.sock") as relay:
        keeper = start_keeper(Journal(tmp_path / "journal.jsonl"), f"unix://{relay.path}")
    assert keeper.wait(5) == 0
    assert keeper.communicate()[1] == b"the engine is gone\n"


def test_what_a_killed_kernel_had_asked_for_is_waited_for(client: DockerClient, tmp_path: Path) -> None:
    """The engine may still be at it when the kernel dies: the keeper stays a second for that."""
    journal = Journal(tmp_path / "journal.jsonl")
    keeper = start_keeper(journal, engine.find().endpoint)
    assert keeper.stdin is not None
    keeper.stdin.write(b'{"cell": true}\n')
    keeper.stdin.close()
    threading.Event().wait(0.3)  # the engine takes this long over the last wish
    client.api.create_volume(f"{OURS}-late")
    client.api.remove_volume(f"{OURS}-late")
    assert keeper.wait(5) == 0
    *earlier, last = journal.read()
    assert last.kind == "dead"
    assert any(entry.details.get("id") == f"{OURS}-late" for entry in earlier)
    assert keeper.stderr is not None
    keeper.stderr.close()


class Relay:
    """An address of the engine that can go away while the engine itself stays."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()

    def __enter__(self) -> Relay:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.path.unlink()
        for each in (self._listener, *self._open):
            each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(engine.find().endpoint.removeprefix("unix://"))
            self._open += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=_copy, args=(source, target), daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        return


def a_notebook(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """IPython as a kernel has it, with nothing of the learner's own."""
    from IPython.core import interactiveshell
    from traitlets.config import Config

    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    make: Any = interactiveshell.InteractiveShell
    return make(config=Config({"HistoryManager": {"enabled": False}}))


def test_the_cells_of_a_notebook_are_followed(
    recorder: ledger.Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `watch`, a `%%shell` cell that IPython runs counts, one that fails too, and closing ends it."""
    notebook = a_notebook(tmp_path, monkeypatch)
    shell.load(notebook, env=engine.environment(), started=recorder.child_started)
    recorder.watch(notebook)
    notebook.run_cell(f"%%shell --quiet\ndocker volume create {OURS}-one")
    notebook.run_cell("1 +")
    notebook.run_cell(f"%%shell --quiet --expect 3\ndocker volume create {OURS}-two; exit 3")
    assert names(recorder.leftovers().ours) == [f"volume {OURS}-one", f"volume {OURS}-two"]
    recorder.clean(quiet)
    recorder.close()
    notebook.run_cell("3")
    assert not recorder.journal.read(), "no cell is followed any more"


def test_a_set_up_cell_that_runs_again_ends_the_run_it_is_part_of(recorder: ledger.Recorder) -> None:
    """Closing in mid-cell is no death: what the cell made till then counts, nothing is killed."""
    with recorder.cell(f"docker volume create {OURS}-data"):
        sh(f"docker volume create {OURS}-data")
        recorder.close()
        kinds = [entry.kind for entry in recorder.journal.read()]
        assert ("end" in kinds, "dead" in kinds) == (True, False)
    with ledger.Recorder(SLUG) as again:
        assert names(again.clean(quiet).removed) == [f"volume {OURS}-data"]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The docker CLI's settings apart from the learner's own; a context of theirs is current."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "settings"))
    by_hand(f"docker context create {OURS}-mine --docker host={engine.find().endpoint}")
    by_hand(f"docker context use {OURS}-mine")


def by_hand(command: str) -> None:
    """What a person types in a terminal, wherever the current context leads."""
    subprocess.run(command.split(), check=True, capture_output=True)


NOWHERE = "--docker host=unix:///nowhere.sock"


def test_a_context_that_a_cell_makes_is_the_chapters(settings: None, recorder: ledger.Recorder) -> None:
    """It goes with the command that a person would type; one that something else made meanwhile stays."""
    run(
        recorder,
        f"docker context create {OURS}-far {NOWHERE}",
        meanwhile=f"docker context create {OURS}-other {NOWHERE}",
    )
    found = recorder.leftovers()
    assert (names(found.ours), names(found.strangers)) == ([f"context {OURS}-far"], [f"context {OURS}-other"])
    said: list[str] = []
    recorder.clean(said.append)
    assert said == [f"docker context rm -f {OURS}-far"]
    assert contexts.written().keys() == {f"{OURS}-mine", f"{OURS}-other"}


def test_a_context_of_the_learners_stays_whatever_a_cell_does_to_it(
    settings: None, recorder: ledger.Recorder
) -> None:
    """One that was there before and is changed, made anew after removal or used; one made again by hand."""
    run(recorder, f"docker context update {OURS}-mine --description changed")
    run(recorder, f"docker context rm -f {OURS}-mine; docker context create {OURS}-mine {NOWHERE}")
    run(recorder, f"docker context create {OURS}-far {NOWHERE}; docker context rm {OURS}-far")
    by_hand(f"docker context create {OURS}-far {NOWHERE}")
    run(recorder, f"docker context inspect {OURS}-far")
    found = recorder.leftovers()
    assert (found.ours, names(found.strangers)) == ((), [f"context {OURS}-far"])
    assert recorder.clean(quiet).removed == ()
    assert contexts.written().keys() == {f"{OURS}-mine", f"{OURS}-far"}


def test_a_kernel_killed_in_mid_cell_leaves_no_context_and_no_other_choice_of_one(settings: None) -> None:
    """`python -m course clean` chooses the learner's context again, and removes the chapter's alone."""
    chapter, _ = start_chapter(
        f"docker context create {OURS}-far {NOWHERE}; docker context use {OURS}-far; sleep 300"
    )
    until(lambda: contexts.chosen() == f"{OURS}-far", "the chapter's context")
    by_hand(f"docker context create {OURS}-other {NOWHERE}")
    kill(chapter)
    done = subprocess.run(
        [sys.executable, "-m", "course", "clean", SLUG],
        cwd=places.ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[:3] == [
        f"docker context use {OURS}-mine", f"docker context rm -f {OURS}-far", f"{SLUG}: 1 removed, 0 kept",
    ]  # fmt: skip
    assert (contexts.chosen(), set(contexts.written())) == (f"{OURS}-mine", {f"{OURS}-mine", f"{OURS}-other"})


def test_the_choice_of_a_running_chapter_is_left(settings: None, recorder: ledger.Recorder) -> None:
    """Another kernel that starts or cleans meanwhile doesn't put the context back under its feet."""
    run(recorder, f"docker context create {OURS}-far --docker host={engine.find().endpoint}")
    run(recorder, f"docker context use {OURS}-far")
    ledger.put_context_back(quiet)
    assert contexts.chosen() == f"{OURS}-far"
    recorder.close()
    ledger.put_context_back(quiet)
    assert contexts.chosen() == f"{OURS}-mine"


def test_a_context_that_a_person_holds_is_named(settings: None, client: DockerClient) -> None:
    """Its name, which a cell wants for its own, and the cure."""
    needs = ledger.needs_of([f"%%shell\ndocker context create {OURS}-mine {NOWHERE}"])
    (found,) = ledger.held(needs, client)
    assert (found.what, found.holder) == (f"the context name {OURS}-mine", "a context of yours")


@pytest.mark.parametrize(
    ("text", "began", "then", "now", "expected"),
    [
        ("docker context use far", None, None, "far", "default"),
        ("docker context use far", "mine", "mine", "far", "mine"),
        ("docker context use default", "mine", "mine", None, "mine"),
        ("docker context rm -f far", "mine", "far", None, "mine"),
        ("docker context use far", "mine", "mine", "mine", None),
        ("docker context use far", None, None, "other", None),  # chosen by hand
        ("docker --context far ps", None, None, "far", None),
        ("docker context rm far", "mine", "mine", None, None),
    ],
)
def test_only_what_a_cell_chose_is_chosen_back(
    text: str, began: str | None, then: str | None, now: str | None, expected: str | None
) -> None:
    """The cell must say that it chooses this context, or removes the one that was current."""
    entries = _entries(
        ("contexts", 90, {"here": 0, "written": {}, "chosen": began}),
        ("contexts", 100, {"here": 0, "written": {}, "chosen": then}),
        ("cell", 100, {"text": text}),
        ("end", 102, {}),
    )
    assert altered(entries, now) == expected


def test_what_a_stranger_still_uses_stays_and_is_remembered(
    strangers: list[str], before: ledger.Snapshot, tmp_path: Path
) -> None:
    """A volume in use is not forced: the reason is given, and the next start removes it."""
    with ledger.Recorder(SLUG, tmp_path) as recorder:
        recorder.begin()
        run(recorder, f"docker volume create {OURS}-data")
        sh(f"docker create --name {OURS}-other -v {OURS}-data:/data {IMAGE}")
        (kept,) = recorder.clean(quiet).kept
        assert str(kept.thing) == f"volume {OURS}-data"
        assert "in use" in kept.why
    sh(f"docker rm {OURS}-other")
    assert names(ledger.clean(SLUG, quiet).removed) == [f"volume {OURS}-data"]


def test_what_is_gone_already_is_no_trouble(recorder: ledger.Recorder, client: DockerClient) -> None:
    """Removing a thing that vanished after it was listed is passed over, and nothing is said."""
    run(recorder, f"docker create --name {OURS}-web {IMAGE}; docker volume create {OURS}-data")
    ours = recorder.leftovers().ours
    sh(f"docker rm {OURS}-web")
    said: list[str] = []
    outcome = ledger.remove(ours, client, said.append)
    assert (names(outcome.removed), outcome.kept) == ([f"volume {OURS}-data"], ())
    assert said == [f"docker volume rm {OURS}-data"]


def test_a_snapshot_shows_a_stranger_that_was_paused(client: DockerClient, strangers: list[str]) -> None:
    """The comparison sees states too, not only what is there."""
    strangers.append(f"docker rm -f {OURS}-other")
    sh(f"docker run -d --name {OURS}-other {IMAGE} sleep 300")
    running = ledger.snapshot(client)
    sh(f"docker pause {OURS}-other")
    assert ledger.diff(running, ledger.snapshot(client)) == (
        f"container {OURS}-other ({IMAGE}, running): now {OURS}-other ({IMAGE}, paused)",
    )


def _volume(name: str, created: int) -> ledger.Snapshot:
    from course.ledger.snapshot import Volume

    volumes = frozenset({Volume(name, {}, created * SECONDS)})
    return ledger.Snapshot(frozenset(), frozenset(), volumes, frozenset())


def _entries(*entries: tuple[str, int, dict[str, object]]) -> tuple[Entry, ...]:
    return tuple(Entry(kind, at * SECONDS, details) for kind, at, details in entries)


def _event(type_: str, action: str, id_: str, **attributes: str) -> dict[str, object]:
    return {"type": type_, "action": action, "id": id_, "attributes": attributes}


MADE = _entries(
    ("cell", 100, {"text": "docker volume create data"}),
    ("event", 101, _event("volume", "create", "data")),
    ("end", 102, {}),
)


def test_a_volume_made_again_later_under_the_same_name_is_anothers() -> None:
    """A volume has no ID, so its birth must fit the cell: the learner's own data is never removed."""
    assert names(ledger.attribute(MADE, _volume("data", 101)).ours) == ["volume data"]
    assert names(ledger.attribute(MADE, _volume("data", 200)).strangers) == ["volume data"]


def test_an_anonymous_volume_is_traced_by_the_mount_event_alone() -> None:
    """Also when its container was gone before the keeper could look at it."""
    volume = "f" * 64
    entries = _entries(
        ("cell", 100, {"text": "docker run --name web x"}),
        ("event", 101, _event("volume", "create", volume)),
        ("event", 102, _event("container", "create", "1", name="web", image="x")),
        ("event", 103, _event("volume", "mount", volume, container="1")),
        ("end", 104, {}),
    )
    assert [thing.id for thing in ledger.attribute(entries, _volume(volume, 101)).ours] == [volume]


def test_a_cell_that_nobody_saw_end_ended_with_the_journal(
    before: ledger.Snapshot, tmp_path: Path, strangers: list[str]
) -> None:
    """After a power cut, what the learner makes by hand before the next start is the learner's."""
    strangers.append(f"docker volume rm {OURS}-data")
    with ledger.Recorder(SLUG, tmp_path) as recorder:
        long_ago = time.time_ns() - 60 * SECONDS
        recorder.journal.append("start", long_ago, folder=str(tmp_path))
        recorder.journal.append("cell", long_ago + 1, text=f"docker volume create {OURS}-data")
        sh(f"docker volume create {OURS}-data")
        assert recorder.clean(quiet).removed == ()


def test_a_line_cut_short_spoils_no_other(tmp_path: Path) -> None:
    """A journal on a disk that was full for a moment is read but for that one line."""
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append("cell", 1, text="one")
    with journal.path.open("a") as file:
        file.write('\n{"kind":"ce')
    journal.append("end", 2)
    assert [entry.kind for entry in journal.read()] == ["cell", "end"]


def test_an_engine_with_a_clock_of_its_own_is_followed_in_its_time() -> None:
    """A clock that may be the same is taken as the same; another one's distance is known, with its doubt."""
    assert clock.between(1_000_000, 1_004_000, 1_010_000) == clock.EngineClock(0, 0)
    assert clock.between(1_000_000, 9_005_000, 1_010_000) == clock.EngineClock(8_000_000, 5_000)


CELLS = [
    f"%%shell\ndocker run -d --name {OURS}-web \\\n  -p 127.0.0.1:18080:80 -v {OURS}-data:/data {IMAGE}",
    "%%shell\ndocker run -dp 6379-6380:6379-6380/udp --name=db --mount type=volume,src=rows,dst=/r x",
    f"%%shell\ndocker network create --driver bridge {OURS}-net >/dev/null && docker volume create logs",
    '%%writefile compose.yaml\n    container_name: shop\n    ports:\n      - "127.0.0.1:3000:80"',
    "%%shell\ndocker run --rm -v /host:/data -v $PWD:/src -p 80 --name web$i x mkdir -p 7; ssh -p 22:22 y",
]  # fmt: skip


def test_a_chapters_needs_are_read_from_its_cells() -> None:
    """Names and published ports in all their spellings; no host folder, no random port."""
    assert ledger.needs_of(CELLS) == ledger.Needs(
        containers=frozenset({f"{OURS}-web", "db", "shop"}),
        networks=frozenset({f"{OURS}-net"}),
        volumes=frozenset({f"{OURS}-data", "rows", "logs"}),
        ports=frozenset(
            {ledger.Port(18080), ledger.Port(3000), ledger.Port(6379, "udp"), ledger.Port(6380, "udp")}
        ),
    )


def test_what_another_holds_is_named_with_its_cure(client: DockerClient, strangers: list[str]) -> None:
    """Taken names and a port that a container publishes are reported, and left alone."""
    needs = ledger.needs_of(CELLS[:1] + CELLS[2:3])
    assert ledger.held(needs, client) == ()
    strangers += [
        f"docker rm -fv {OURS}-web",
        f"docker network rm {OURS}-net",
        f"docker volume rm {OURS}-data",
    ]
    sh(
        f"docker network create {OURS}-net; docker volume create {OURS}-data\n"
        f"docker run -d --name {OURS}-web -p 127.0.0.1:18080:80 {IMAGE} sleep 300"
    )
    found = ledger.held(needs, client)
    assert [(held.what, held.cure.split("   ")[0]) for held in found] == [
        (f"the container name {OURS}-web", f"docker rename {OURS}-web {OURS}-web-mine"),
        (f"the network name {OURS}-net", f"docker network rm {OURS}-net"),
        (f"the volume name {OURS}-data", f"docker volume rm {OURS}-data"),
        ("port 18080", f"docker stop {OURS}-web"),
    ]


def test_what_another_chapter_left_is_cured_by_cleaning_that(
    recorder: ledger.Recorder, client: DockerClient, tmp_path: Path
) -> None:
    """A name that an earlier chapter's things still hold is told with that chapter's own cure."""
    run(recorder, CELLS[2].partition("\n")[2])
    recorder.close()
    with ledger.Recorder("81-another", tmp_path) as another:
        found = ledger.held(ledger.needs_of(CELLS[2:3]), client, another.left_by_others())
    assert {(held.holder, held.cure) for held in found} == {
        (f"chapter {SLUG}", f"python -m course clean {SLUG}"),
    }
    assert len(found) == 2


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_a_process_holds_is_found(client: DockerClient, address: str) -> None:
    """Whether it listens on one address or on all; once it is closed the port is free."""
    with socket.create_server((address, 0)) as server:
        port = ledger.Port(server.getsockname()[1])
        (found,) = ledger.held(ledger.Needs(ports=frozenset({port})), client)
        assert (found.what, found.holder) == (f"port {port.number}", "a process on this machine")
    assert ledger.held(ledger.Needs(ports=frozenset({port})), client) == ()
