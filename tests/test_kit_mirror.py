"""A mirror makes plain pulls work without the Hub, shows nowhere, and takes no site's CA along."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest
from image_runs import have
from kit_parts import DEAD, Bench, a_bench, a_ca, events_since, program, silent
from machine import Machine, machine

from course import engine
from course.kit import mirror
from course.kit.make_archive import KitError
from course.kit.registry import Registry, RegistryError
from course.kit.registryd import PROGRAM
from course.kit.sources import Sources

pytestmark = pytest.mark.fetches

ROOM_PORT = 5140
# A person works, and an image of the kit arrives meanwhile.
WORK = """
import json, subprocess, sys
from course import kit
from course.engine.daemon import until
from course.kit import mirror

filled = mirror.own().store / "filled.json"

def serves():
    return "busybox:1.37" in json.loads(filled.read_text())["images"]

with kit.in_background():
    assert until(filled.exists, 30), "no mirror was started"
    assert not serves()
    subprocess.run(["docker", "load", "--quiet", "--input", sys.argv[1]], check=True)
    assert until(serves, 30), "the mirror was never filled"
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The registry program, once for all tests."""
    return program(tmp_path_factory.getbasetemp() / "registry")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unpacked: Path) -> Iterator[Bench]:
    """Images of the test's own, and a mirror of its own that is ended with it."""
    with a_bench(tmp_path, monkeypatch) as made:
        mirror.home().mkdir(parents=True)
        shutil.copy(unpacked, mirror.home())
        yield made
        mirror.stop()


@pytest.fixture
def bare(tmp_path: Path, unpacked: Path) -> Iterator[Machine]:
    """A machine without a network, whose engine was started by the course and has busybox only."""
    have("busybox:1.37")
    with machine(tmp_path) as made:
        (tmp_path / "mirror").mkdir()
        shutil.copy(unpacked, tmp_path / "mirror")
        saved = tmp_path / "busybox.tar"
        save = ["docker", "save", "--output", str(saved), "busybox:1.37"]
        subprocess.run(save, env=engine.environment(), check=True)
        started = made.course("engine", "start")
        assert started.returncode == 0, started.stdout
        assert made.run("docker", "load", "--input", str(saved)).returncode == 0
        yield made


def test_a_plain_pull_works_without_the_hub_on_the_courses_own_engine(bare: Machine) -> None:
    """While one works the mirror is filled; the engine then pulls from it, and nothing of it is seen."""
    bare.run("docker", "rmi", "busybox:1.37")
    refused = bare.run("docker", "pull", "busybox:1.37")
    assert refused.returncode == 1, "this machine reaches a registry without the mirror"
    worked = bare.run(sys.executable, "-c", WORK, str(bare.state / "busybox.tar"))
    assert worked.returncode == 0, worked.stdout
    assert bare.run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}").stdout == "busybox:1.37\n"
    bare.run("docker", "rmi", "busybox:1.37")
    pulled = bare.run("docker", "pull", "busybox:1.37")
    assert pulled.returncode == 0, pulled.stdout
    assert "Downloaded newer image for busybox:1.37" in pulled.stdout
    assert bare.run("docker", "run", "--rm", "busybox:1.37", "echo", "hello").stdout == "hello\n"
    assert bare.run("docker", "ps", "--all", "--quiet").stdout == ""
    assert bare.course("engine", "stop").returncode == 0
    assert bare.run("pgrep", "--exact", PROGRAM).returncode == 1


def test_filling_leaves_no_trace_and_a_second_time_reads_nothing(bench: Bench) -> None:
    """No tag comes or goes on the engine; what the mirror has is neither saved nor sent again."""
    alpha = bench.make("alpha", {"shared": b"layer"})
    began = time.time()
    mirror.start()
    mirror.refill([bench.tag("alpha")])
    traces = events_since(began, "tag", "untag", "push", "pull")
    assert not [event for event in traces if bench.name in json.dumps(event)]
    assert alpha in _saved_since(began)
    again = time.time()
    mirror.refill([bench.tag("alpha")])
    assert alpha not in _saved_since(again)


def _saved_since(moment: float) -> list[str]:
    return [event["Actor"]["ID"] for event in events_since(moment, "save")]


def test_a_layer_that_two_images_share_is_kept_once(bench: Bench) -> None:
    """The second image of one layer adds its few kilobytes of description only."""
    shared = {"shared": os.urandom(1 << 20)}
    bench.make("alpha", shared)
    bench.make("beta", shared, labels={"made.by": "another hand"})
    running = mirror.start()
    mirror.refill([bench.tag("alpha"), bench.tag("beta")])
    held = sum(file.stat().st_size for file in mirror.own().store.rglob("data"))
    assert held < 1.1 * (1 << 20)
    bench.remove("alpha", "beta")
    bench.describe("beta", hub=bench.tag("beta"))
    bench.ensure("beta", sources=Sources(mirror=running.address, hub=DEAD))
    assert bench.id("beta")


def test_what_a_newer_image_replaced_is_freed_and_can_come_back(bench: Bench) -> None:
    """At the next start the old image's bytes are gone; an image that needs them again brings them again."""
    first = {"content": os.urandom(2 << 20)}
    bench.make("alpha", first)
    mirror.start()
    mirror.refill([bench.tag("alpha")])
    bench.make("alpha", {"content": b"small"})
    mirror.refill([bench.tag("alpha")])
    mirror.stop()
    running = mirror.start()
    assert sum(file.stat().st_size for file in mirror.own().store.rglob("data")) < 1 << 20
    wanted = bench.make("beta", first)
    mirror.refill([bench.tag("beta")])
    bench.remove("beta")
    bench.describe("beta", hub=bench.tag("beta"))
    bench.ensure("beta", sources=Sources(mirror=running.address, hub=DEAD))
    assert bench.id("beta") == wanted


def test_starting_twice_gives_one_mirror_and_stopping_twice_is_no_error(bench: Bench) -> None:
    """The second start finds the first one's process; the second stop finds none."""
    first = mirror.start()
    assert mirror.start() == first
    assert mirror.status() == [first]
    assert (mirror.stop(), mirror.stop(), mirror.status()) == (True, False, [])


def test_a_killed_mirror_is_started_again(bench: Bench) -> None:
    """After kill -9 its note is stale; a note whose number is another program's is not believed either."""
    first = mirror.start()
    os.kill(first.pid, 9)
    os.waitpid(first.pid, 0)
    assert mirror.status() == []
    second = mirror.start()
    assert second.pid != first.pid
    mirror.stop()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        note = {"pid": other.pid, "address": second.address}
        (mirror.home() / "own.json").write_text(json.dumps(note))
        assert (mirror.status(), mirror.stop(), other.poll()) == ([], False, None)
        other.communicate()


def test_a_room_gets_images_and_can_not_write_any(bench: Bench) -> None:
    """The room's mirror listens for all, says what learners set, serves COURSE_MIRROR, and refuses a push."""
    before = bench.make("alpha")
    said: list[str] = []
    address = mirror.serve_room([bench.tag("alpha")], say=said.append, port=ROOM_PORT)
    assert f"  COURSE_MIRROR={address} make lab" in said
    assert f'"registry-mirrors": ["http://{address}"]' in said[-1]
    bench.remove("alpha")
    bench.describe("alpha", hub=bench.tag("alpha"))
    assert bench.ensure("alpha", sources=Sources(mirror=address, hub=DEAD))[0].source == f"mirror {address}"
    assert bench.id("alpha") == before
    with pytest.raises(urllib.error.HTTPError, match="405"):
        Registry(address).send("POST", f"/v2/{bench.name}/alpha/blobs/uploads/", data=b"")


def test_a_room_never_gets_an_image_with_a_sites_ca_inside(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such an image is named, and no mirror serves the room; also where the CA became known later."""
    pem = a_ca(bench.folder)
    bench.make("tainted", {"etc/ssl/certs/bundle.crt": b"# others\n" + pem.read_bytes()})
    mirror.start()
    assert mirror.refill([bench.tag("tainted")]).images[bench.tag("tainted")][1] == ""
    monkeypatch.setenv("COURSE_SITE_CA", str(pem))
    with pytest.raises(KitError, match=f"{bench.tag('tainted')} holds a CA of this site"):
        mirror.serve_room([bench.tag("tainted")], say=silent, port=ROOM_PORT)
    assert mirror.for_room().running() is None


def test_a_mirror_for_another_architecture_is_refused(bench: Bench) -> None:
    """What the engine couldn't run isn't fetched; both architectures are named."""
    bench.make("alpha")
    running = mirror.start()
    mirror.refill([bench.tag("alpha")])
    ours = engine.client().version()["Arch"]
    with pytest.raises(RegistryError, match=f"it has this image for {ours}, not for vax"):
        Registry(running.address).find(f"{bench.name}/alpha", "1", "vax")
