"""Images arrive from the first source that works, and when none does the message names them all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from image_runs import have
from kit_parts import DEAD, Bench, a_bench, fill, program, registry, silent

from course import engine
from course.engine.daemon import until
from course.kit import MissingImages, make_archive, presence
from course.kit.from_mirror import engine_mirrors
from course.kit.hub import Hub
from course.kit.offers import Refused
from course.kit.sources import Sources
from course.kit.worker import WorkerError, only_one

pytestmark = pytest.mark.fetches

NOTHING = Sources(hub=DEAD)
ENDLESS = "FROM busybox:1.37\nRUN : {word}; while :; do usleep 100000; done\n"
# What a person's `make images` does, in a Python of its own.
ENSURE = """
import sys
from pathlib import Path
from course.kit.arrive import ensure
from course.kit.manifest import load
from course.kit.sources import Sources
ensure([sys.argv[2]], manifest=load(Path(sys.argv[1])), sources=Sources(hub=sys.argv[3]))
"""
HOLD = """
import sys
from course.kit.worker import only_one
with only_one(print):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The registry program, once for all tests."""
    return program(tmp_path_factory.getbasetemp() / "registry")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Images of the test's own, which go with it."""
    with a_bench(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def hub(bench: Bench, unpacked: Path) -> Iterator[tuple[str, Bench]]:
    """A registry that plays the Hub and has image `alpha`, which the engine lacks; and the test's images."""
    with registry(unpacked, bench.folder / "registry") as (address, service):
        bench.recipe("alpha")
        bench.describe("alpha", hub=bench.tag("alpha"))
        bench.make("alpha")
        fill(bench, service, "alpha")
        yield address, bench


def test_the_sources_are_asked_in_their_order(hub: tuple[str, Bench]) -> None:
    """Already here, then a named mirror, then a named kit, then the Hub, then the recipe."""
    address, bench = hub
    archive = make_archive.write([bench.tag("alpha")], bench.folder / "out", say=silent)
    named = Sources(mirror=address, kit=str(archive), hub=address)
    seen = [arrival.source for arrival in bench.ensure("alpha", sources=named)]
    for sources in (named, Sources(kit=str(archive), hub=address), Sources(hub=address), NOTHING):
        bench.remove("alpha")
        seen += [arrival.source for arrival in bench.ensure("alpha", sources=sources)]
    hub_name = f"Docker Hub (played by {address})"
    assert seen == ["already here", f"mirror {address}", f"kit {archive}", hub_name, "built here"]


def test_a_flag_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed now was meant now."""
    for name, value in {"COURSE_MIRROR": "a:1", "COURSE_KIT": "/b", "COURSE_HUB": "c:2"}.items():
        monkeypatch.setenv(name, value)
    assert Sources.named() == Sources("a:1", "/b", "c:2")
    assert Sources.named(mirror="d:3", kit="/e") == Sources("d:3", "/e", "c:2")


def test_an_image_is_the_same_from_every_source(hub: tuple[str, Bench]) -> None:
    """Mirror, kit and Hub give the image that was put there, and no other name for it is left behind."""
    address, bench = hub
    original = bench.id("alpha")
    archive = make_archive.write([bench.tag("alpha")], bench.folder / "out", say=silent)
    for sources in (
        Sources(mirror=address, hub=DEAD),
        Sources(kit=str(archive), hub=DEAD),
        Sources(hub=address),
    ):
        bench.remove("alpha")
        bench.ensure("alpha", sources=sources)
        assert bench.id("alpha") == original
        assert engine.client().images.get(bench.tag("alpha")).tags == [bench.tag("alpha")]


def test_where_an_image_came_from_is_remembered(hub: tuple[str, Bench]) -> None:
    """The doctor's row names an image's source, also in a later session, until another image has its tag."""
    address, bench = hub
    bench.remove("alpha")
    bench.ensure("alpha", sources=Sources(hub=address))
    assert presence.status([bench.tag("alpha")])[0].words().startswith(f"Docker Hub (played by {address}), ")
    bench.make("alpha", {"another": b"image"})
    assert presence.status([bench.tag("alpha")])[0].source == "here before the course asked"
    bench.remove("alpha")
    assert not presence.status([bench.tag("alpha")])[0].here


def test_an_unreachable_hub_is_asked_once_and_remembered(bench: Bench, unpacked: Path) -> None:
    """A no is kept on disk, so that the next command doesn't wait for it again; one can ask afresh."""
    with registry(unpacked, bench.folder / "registry") as (address, service):
        service.stop()
        first = Hub(address).verdict()
        service.start("127.0.0.1", int(address.split(":")[1]))
        later = Hub(address).verdict()
        assert (first.reachable, later.reachable, later.why) == (False, False, first.why)
        assert Hub(address).verdict(fresh=True).reachable
        assert Hub(address).verdict().reachable


def test_a_missing_image_a_missing_tag_and_a_dead_hub_are_told_apart(hub: tuple[str, Bench]) -> None:
    """The engine says the same of all three; the course says which it is, before it pulls."""
    address, bench = hub
    bench.describe("beta", hub=bench.tag("beta"))
    bench.describe("gamma", hub=f"{bench.name}/alpha:2")
    wanted = bench.manifest()

    def answer(hub: Hub, word: str) -> str:
        with pytest.raises(Refused) as refused:
            hub.offer(wanted.image(bench.tag(word)))
        return str(refused.value)

    assert answer(Hub(address), "beta") == f"it has no image {bench.name}/beta"
    assert answer(Hub(address), "gamma") == f"it has an image {bench.name}/alpha, but not with the tag 2"
    assert answer(Hub(DEAD), "beta").startswith("not reachable (nothing listens there: connection refused)")


def test_an_image_in_no_source_gets_one_message_that_names_all(hub: tuple[str, Bench]) -> None:
    """Each source is named with its reason, then the one next step; what else was asked for is here."""
    address, bench = hub
    archive = make_archive.write([bench.tag("alpha")], bench.folder / "out", say=silent)
    bench.remove("alpha")
    bench.describe("beta", hub=bench.tag("beta"))
    said: list[str] = []
    with pytest.raises(MissingImages) as missing:
        bench.ensure("beta", "alpha", sources=Sources(DEAD, str(archive), address), say=said.append)
    lines = missing.value.seen.splitlines()
    # Where `make lab` has started this engine, a mirror stands in its settings, and is named as well.
    in_settings = [line for line in lines if "(in the engine's settings)" in line]
    assert len(in_settings) == len(engine_mirrors())
    assert [line for line in lines if line not in in_settings] == [
        f"No source has {bench.tag('beta')}:",
        f"  mirror {DEAD}: not reachable (nothing listens there: connection refused)",
        f"  kit {archive}: it holds {bench.tag('alpha')}, not this one",
        f"  Docker Hub (played by {address}): it has no image {bench.name}/beta",
        "  built here: it has no recipe",
    ]
    assert f"python -m course images {bench.tag('beta')}" in missing.value.next_step
    assert [arrival.tag for arrival in missing.value.arrivals] == [bench.tag("alpha")]
    assert bench.id("alpha")
    assert any(f"not from the mirror {DEAD}" in line for line in said)


def test_a_failing_build_does_not_lose_the_others(bench: Bench) -> None:
    """One recipe fails and is named with its last lines; the other images come all the same."""
    bench.recipe("good")
    bench.recipe("bad", "FROM scratch\nCOPY missing /\n")
    bench.recipe("on-bad", f"FROM {bench.tag('bad')}\nCOPY text /more\n")
    with pytest.raises(MissingImages) as missing:
        bench.ensure("bad", "on-bad", "good", sources=NOTHING)
    assert bench.id("good")
    assert "missing" in missing.value.seen
    assert f"is built from {bench.tag('bad')}, which failed" in missing.value.seen
    assert bench.id("bad") is None


def test_bases_come_first_also_those_that_nobody_asked_for(bench: Bench) -> None:
    """An image built on another that is missing gets that one built before it."""
    bench.recipe("top", f"FROM {bench.tag('middle')}\nCOPY text /top\n")
    bench.recipe("middle", f"FROM {bench.tag('bottom')}\nCOPY text /middle\n")
    bench.recipe("bottom")
    arrivals = bench.ensure("top", sources=NOTHING)
    assert [arrival.source for arrival in arrivals] == ["built here"]
    assert bench.id("bottom")


def test_a_base_may_come_from_another_source_than_what_is_built_on_it(hub: tuple[str, Bench]) -> None:
    """What only the recipe gives is built on a base that the Hub has: the base is pulled, not built."""
    address, bench = hub
    bench.remove("alpha")
    bench.recipe("top", f"FROM {bench.tag('alpha')}\nCOPY text /top\n")
    bench.ensure("top", sources=Sources(hub=address))
    assert presence.status([bench.tag("alpha")])[0].source == f"Docker Hub (played by {address})"


def test_a_changed_recipe_makes_its_image_stale(bench: Bench) -> None:
    """A build whose label is another recipe's is built again, and the old one doesn't stay as rubbish."""
    bench.recipe("alpha")
    bench.ensure("alpha", sources=NOTHING)
    before = bench.id("alpha")
    assert [arrival.source for arrival in bench.ensure("alpha", sources=NOTHING)] == ["already here"]
    bench.recipe("alpha", text="changed")
    assert [arrival.source for arrival in bench.ensure("alpha", sources=NOTHING)] == ["built here"]
    assert bench.id("alpha") != before
    assert before not in [image.id for image in engine.client().images.list(all=True)]


def test_an_image_without_the_label_is_never_replaced(bench: Bench) -> None:
    """What the learner or the Hub put there stays, whatever the recipe says."""
    mine = bench.make("alpha")
    bench.recipe("alpha", text="something else")
    assert [arrival.source for arrival in bench.ensure("alpha", sources=NOTHING)] == ["already here"]
    assert bench.id("alpha") == mine


def test_an_older_build_is_kept_where_no_newer_can_be_had(bench: Bench) -> None:
    """A recipe that fails today doesn't take away the image that it gave yesterday."""
    bench.recipe("alpha")
    bench.ensure("alpha", sources=NOTHING)
    bench.recipe("alpha", "FROM scratch\nCOPY missing /\n")
    said: list[str] = []
    arrivals = bench.ensure("alpha", sources=NOTHING, say=said.append)
    assert arrivals[0].source == "already here, from an older recipe"
    assert any("no source has today's recipe" in line for line in said)


def test_a_mirror_with_an_older_build_is_a_last_resort(hub: tuple[str, Bench]) -> None:
    """A build of today's recipe is better than a mirror's of yesterday's, and that is better than none."""
    address, bench = hub
    bench.remove("alpha")
    bench.recipe("alpha")
    bench.make("alpha", labels={"course.recipe": "yesterday"})
    with registry(bench.folder / "registry/docker-registry", bench.folder / "second") as (mirror, service):
        fill(bench, service, "alpha")
        bench.remove("alpha")
        assert bench.ensure("alpha", sources=Sources(mirror, hub=DEAD))[0].source == "built here"
        bench.remove("alpha")
        bench.recipe("alpha", "FROM scratch\nCOPY missing /\n")
        assert bench.ensure("alpha", sources=Sources(mirror, hub=DEAD))[0].source == f"mirror {mirror}"


def test_one_worker_at_a_time_and_the_second_says_who_holds_the_place(bench: Bench) -> None:
    """A second run waits for the first, names its process, and goes on when that ends."""
    bench.recipe("alpha")
    said: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout and holder.stdin
        assert holder.stdout.readline() == "held\n"

        def hear(line: str) -> None:
            said.append(line)
            holder.stdin.close()  # type: ignore[union-attr]

        bench.ensure("alpha", sources=NOTHING, say=hear)
    assert f"process {holder.pid}" in said[0]
    assert bench.id("alpha")


def test_a_place_held_too_long_is_said_with_its_holder(bench: Bench) -> None:
    """Waiting has an end, and its message names the process to look for."""
    with (
        only_one(silent),
        pytest.raises(WorkerError, match=f"process {os.getpid()}"),
        only_one(silent, within=0.1),
    ):
        pass


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_build_leaves_nothing_and_the_next_run_goes_on(
    bench: Bench, blow: signal.Signals
) -> None:
    """Ctrl-C or kill -9 in mid-build: no image, no build that runs on, no lock; the next run gets it."""
    have("busybox:1.37")
    word = f"{bench.name}-{blow.name.lower()}"
    bench.recipe("alpha", ENDLESS.format(word=word))
    bench.manifest()
    command = [sys.executable, "-c", ENSURE, str(bench.folder / "kit.toml"), bench.tag("alpha"), DEAD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        assert until(lambda: _runs(word), 30), "the build never began"
        child.send_signal(blow)
        child.communicate(timeout=60)
    assert until(lambda: not _runs(word), 30), "the build runs on"
    assert bench.id("alpha") is None
    bench.recipe("alpha")
    assert bench.ensure("alpha", sources=NOTHING)[0].source == "built here"


def _runs(word: str) -> bool:
    """Whether a process other than the build's client has *word* on its command line."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in file.read_bytes() and b"usleep" in file.read_bytes():
                return True
        except OSError:
            continue  # it ended in the meantime
    return False
