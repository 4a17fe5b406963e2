"""The kit in one file: whole or not there, checked before it is used, never with a site's CA inside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kit_parts import DEAD, Bench, a_bench, a_ca, events_since, silent

from course import engine
from course.engine.daemon import until
from course.kit import MissingImages, frames, make_archive
from course.kit.archive import ArchiveError, open_archive
from course.kit.make_archive import KitError
from course.kit.sources import Sources

MIB = 1 << 20
WRITE = """
import sys
from pathlib import Path
from course.kit.make_archive import write
write(sys.argv[2:], Path(sys.argv[1]))
"""


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Images of the test's own, which go with it."""
    with a_bench(tmp_path, monkeypatch) as made:
        yield made


def written(bench: Bench, *words: str) -> Path:
    """An archive of images *words*."""
    return make_archive.write([bench.tag(word) for word in words], bench.folder / "out", say=silent)


def loaded(bench: Bench, archive: Path, *words: str) -> list[str]:
    """The sources of images *words* when only *archive* has them."""
    for word in words:
        bench.describe(word, hub=bench.tag(word))
    return [arrival.source for arrival in bench.ensure(*words, sources=Sources(kit=str(archive), hub=DEAD))]


def refusal(bench: Bench, archive: Path, word: str) -> str:
    """What is said of *archive* when it can't give image *word*."""
    with pytest.raises(MissingImages) as missing:
        loaded(bench, archive, word)
    assert bench.id(word) is None
    return missing.value.seen


def test_an_image_comes_back_with_the_id_it_had(bench: Bench) -> None:
    """Written, removed, loaded: the same image; asked for alone, it comes alone."""
    before = bench.make("alpha"), bench.make("beta")
    archive = written(bench, "alpha", "beta")
    bench.remove("alpha", "beta")
    assert loaded(bench, archive, "alpha") == [f"kit {archive}"]
    assert bench.id("beta") is None
    loaded(bench, archive, "beta")
    assert (bench.id("alpha"), bench.id("beta")) == before


def test_a_folder_may_be_named_instead_of_the_archive(bench: Bench) -> None:
    """A memory stick holds one archive for each architecture; this engine's is taken."""
    bench.make("alpha")
    archive = written(bench, "alpha")
    (archive.parent / "kit-0.0.1-vax.tar.zst").write_text("for another machine")
    bench.remove("alpha")
    assert loaded(bench, archive.parent, "alpha") == [f"kit {archive.parent}"]


def test_docker_load_takes_the_archive_as_it_is(bench: Bench) -> None:
    """Without the course, `docker load < kit-….tar.zst` gives every image."""
    before = bench.make("alpha"), bench.make("beta")
    archive = written(bench, "alpha", "beta")
    bench.remove("alpha", "beta")
    with archive.open("rb") as file:
        subprocess.run(
            ["docker", "load"], stdin=file, env=engine.environment(), check=True, capture_output=True
        )
    assert (bench.id("alpha"), bench.id("beta")) == before


def test_a_layer_that_several_images_share_is_stored_once(bench: Bench) -> None:
    """Ten MiB that can't be packed any smaller, in two images, take ten."""
    shared = {"shared": os.urandom(10 * MIB)}
    bench.make("alpha", shared)
    bench.make("beta", shared, labels={"made.by": "another hand"})
    assert written(bench, "alpha", "beta").stat().st_size < 11 * MIB


def test_the_size_is_said_before_anything_is_written(bench: Bench) -> None:
    """The first words name the images, their bytes and the bytes to come, while the folder is still empty."""
    bench.make("alpha", {"content": os.urandom(3 * MIB)})
    seen: list[tuple[str, bool]] = []
    folder = bench.folder / "out"
    make_archive.write(
        [bench.tag("alpha")], folder, say=lambda line: seen.append((line, any(folder.iterdir())))
    )
    assert seen[0][0].startswith("1 images, 3 MB unpacked, will make about 1 MB: ")
    assert not seen[0][1]


def test_a_full_disk_is_said_before_anything_is_written(bench: Bench) -> None:
    """Where the archive won't fit, its bytes and the free ones are named, and nothing is left there."""
    bench.make("alpha", {"content": os.urandom(3 * MIB)})
    folder = bench.folder / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    try:
        with pytest.raises(KitError, match=r"Packing needs about 2 MB free in .*, which has 1"):
            make_archive.write([bench.tag("alpha")], folder, say=silent)
        assert list(folder.iterdir()) == []
    finally:
        subprocess.run(["umount", folder], check=True)


def test_its_checksum_lies_beside_it(bench: Bench) -> None:
    """`sha256sum --check` agrees."""
    bench.make("alpha")
    archive = written(bench, "alpha")
    command = ["sha256sum", "--check", f"{archive.name}.sha256"]
    assert subprocess.run(command, cwd=archive.parent, capture_output=True).returncode == 0
    assert sorted(path.name for path in archive.parent.iterdir()) == [archive.name, f"{archive.name}.sha256"]


@pytest.mark.parametrize("place", ["in its list", "in a layer"])
def test_a_damaged_archive_is_called_corrupted_and_nothing_of_it_is_loaded(bench: Bench, place: str) -> None:
    """One changed byte is enough, wherever it is; the message says to copy it again and how to check that."""
    bench.make("alpha", {"content": os.urandom(MIB)})
    archive = written(bench, "alpha")
    bench.remove("alpha")
    content = bytearray(archive.read_bytes())
    content[200 if place == "in its list" else len(content) // 2] ^= 1
    archive.write_bytes(content)
    said = refusal(bench, archive, "alpha")
    assert f"The kit {archive} is corrupted" in said
    assert (
        f"copy it again from where it came; then, in its folder:  sha256sum --check {archive.name}.sha256"
        in said
    )


def test_an_archive_cut_short_is_called_corrupted(bench: Bench) -> None:
    """A copy that broke off says how much of it is there."""
    bench.make("alpha", {"content": os.urandom(3 * MIB)})
    archive = written(bench, "alpha")
    bench.remove("alpha")
    os.truncate(archive, 2 * 10**6)
    assert "is corrupted: 2 of 3 MB are there" in refusal(bench, archive, "alpha")


def test_a_file_that_is_no_kit_is_refused(bench: Bench) -> None:
    """Any other file gets the same clear word, not a traceback."""
    other = bench.folder / "notes.txt"
    other.write_text("not a kit")
    with pytest.raises(ArchiveError, match="it does not start like a kit"):
        open_archive(other)


def test_an_archive_for_another_architecture_is_refused(bench: Bench) -> None:
    """An engine that can't run its images doesn't get them; both architectures are named."""
    bench.make("alpha")
    archive = written(bench, "alpha")
    bench.remove("alpha")
    with archive.open("rb") as file:
        note = frames.read_note(file)
        rest = file.read()
    archive.write_bytes(frames.note(note | {"architecture": "vax"}) + rest)
    ours = engine.client().version()["Arch"]
    assert f"The kit {archive} is for vax, and this engine runs on {ours}." in refusal(
        bench, archive, "alpha"
    )


def test_an_interrupted_archive_is_not_there_and_the_next_run_goes_on(bench: Bench) -> None:
    """Killed while packing, it leaves no file under the kit's name; what was packed isn't read again."""
    alpha, beta = bench.make("alpha"), bench.make("beta")
    tags, folder = [bench.tag("alpha"), bench.tag("beta")], bench.folder / "out"
    with a_zstd_that_stops_at_its_second_call(bench.folder / "bin") as path:
        command = [sys.executable, "-c", WRITE, str(folder), *tags]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PATH": path}) as child:
            assert until(lambda: any(folder.glob("*.parts/*.json")), 60), "no image was ever packed"
            child.kill()
            child.communicate()
    assert list(folder.glob("kit-*.zst")) == []
    since = time.time()
    archive = make_archive.write(tags, folder, say=silent)
    saved = {event["Actor"]["ID"] for event in events_since(since, "save")}
    assert saved & {alpha, beta} == {beta}
    assert [entry.tag for entry in open_archive(archive).entries] == tags
    assert list(folder.glob("*.parts")) == []


@contextmanager
def a_zstd_that_stops_at_its_second_call(folder: Path) -> Iterator[str]:
    """A PATH whose zstd works once, and the next time waits until the block ends."""
    folder.mkdir()
    os.mkfifo(folder / "gate")
    gate = os.open(folder / "gate", os.O_RDWR)
    script = folder / "zstd"
    script.write_text(
        f'#!/bin/sh\nif mkdir {folder}/called 2>/dev/null; then exec {shutil.which("zstd")} "$@"; fi\n'
        f"read go < {folder}/gate\n"
    )
    script.chmod(0o755)
    try:
        yield f"{folder}:{os.environ['PATH']}"
    finally:
        os.write(gate, b"go\n")
        os.close(gate)


@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_an_image_with_a_sites_ca_inside_is_refused_by_name(
    bench: Bench, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CA is found in the layer itself, wherever it lies; there is no archive then."""
    pem = a_ca(bench.folder)
    monkeypatch.setenv("COURSE_SITE_CA", str(pem))
    content = pem.read_bytes() if form == "PEM" else der(pem)
    bench.make("clean")
    bench.make("tainted", {"somewhere/else/entirely": b"before" * 1000 + content})
    with pytest.raises(KitError, match=f"{bench.tag('tainted')} holds a CA of this site") as refused:
        written(bench, "clean", "tainted")
    assert str(pem) in refused.value.seen
    assert list((bench.folder / "out").glob("kit-*.zst")) == []
    assert open_archive(written(bench, "clean")).entries


def test_an_image_whose_label_names_a_sites_ca_is_refused(bench: Bench) -> None:
    """The label alone is enough."""
    bench.make("tainted", labels={"course.site-ca": "0123"})
    with pytest.raises(KitError, match="its label course.site-ca says so"):
        written(bench, "tainted")


def der(pem: Path) -> bytes:
    """The same certificate in its other form."""
    command = ["openssl", "x509", "-in", str(pem), "-outform", "DER"]
    return subprocess.run(command, check=True, capture_output=True).stdout
