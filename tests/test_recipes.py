"""A recipe gives its image whole or not at all, says what it is, and says why where it can't be built."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import docker.errors
import pytest
from image_runs import have, says, unique

from course import engine
from course.kit import cache, recipes
from course.kit.child import DISK_FULL, ChildError
from course.kit.manifest import Image, load

pytestmark = pytest.mark.fetches

BASE = "busybox:1.37"
QUIET = "FROM busybox:1.37\nRUN echo made > /made\n"
# It runs until it is ended; the word makes its process findable.
ENDLESS = "FROM busybox:1.37\nRUN : {word}; while :; do usleep 100000; done\n"
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBiDCCAS+gAwIBAgIUANoDNKrU1RC4IjmitiiaWTc5QXMwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOYSBtYWRlLXVwIHNpdGUwIBcNMjYxMTI0MDMwMjE0WhgPMjEy
NjEwMzEwMzAyMTRaMBkxFzAVBgNVBAMMDmEgbWFkZS11cCBzaXRlMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEvgh4GxY91us3rG+IWJgpkIKFS2unjzhcrMUL6P6D
H07BoifxXaF82QpbwhCNYwx5OGClA2sHpbj0TJkREu/BIqNTMFEwHQYDVR0OBBYE
FKfQRNUw5jGAd+UmG+1eXZ/n6lt4MB8GA1UdIwQYMBaAFKfQRNUw5jGAd+UmG+1e
XZ/n6lt4MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgVv6wlDO6
469BBlPVEcto66uYibLGD86yZVQv/VVOyWgCIGtzRjIuxdISnlpcBKEe5uYndOGf
0tTkw6U6qvH47OPq
-----END CERTIFICATE-----
"""
BUILD = "from test_recipes import a_build; a_build()"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep these tests' cache apart from the learner's own; the base comes first, from the usual place."""
    have(BASE)
    monkeypatch.setenv("COURSE_STATE", str(tmp_path / "state"))


@pytest.fixture
def image(tmp_path: Path) -> Iterator[Image]:
    """An image of this test's own with a recipe on busybox, removed at its end."""
    made = an_image(tmp_path / "recipe", f"{unique('recipe')}:1", QUIET)
    yield made
    with suppress(docker.errors.ImageNotFound):
        engine.client().images.remove(made.tag)


def an_image(recipe: Path, tag: str, dockerfile: str = "") -> Image:
    """An image with *recipe*, whose Dockerfile is written if it is given here."""
    recipe.mkdir(exist_ok=True)
    if dockerfile:
        (recipe / "Dockerfile").write_text(dockerfile)
    return Image(tag, None, recipe, (), (), "a test's own image")


def is_here(tag: str) -> bool:
    """Whether the engine has an image called *tag*."""
    try:
        engine.client().images.get(tag)
    except docker.errors.ImageNotFound:
        return False
    return True


def left_over() -> list[str]:
    """What the cache holds besides finished things and their locks."""
    kept = {".tar", ".sha256", ".lock"}
    return [path.name for path in cache.folder().iterdir() if path.suffix not in kept]


def processes_with(word: str) -> list[int]:
    """The processes, containers' too, that have *word* on their command line."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word in file.read_bytes().decode(errors="replace"):
                found.append(int(file.parent.name))
        except OSError:
            continue  # it ended in the meantime
    return found


def a_build() -> None:
    """What the child of `interrupted` runs: build the image that its arguments name, and tell the steps."""
    tag, recipe = sys.argv[1:]
    recipes.build(an_image(Path(recipe), tag), progress=lambda step: print(step, flush=True))


def interrupted(tag: str, recipe: Path, at: str, **env: str) -> None:
    """Build in a Python of its own and press Ctrl-C there when it comes to step *at*."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), **env}
    command = [sys.executable, "-c", BUILD, tag, str(recipe)]
    with subprocess.Popen(
        command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        seen = []
        for line in child.stdout or ():
            seen.append(line)
            if at in line:
                break
        assert seen and at in seen[-1], f"step {at} never came: {seen} {child.stderr and child.stderr.read()}"
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)
        assert child.returncode == -signal.SIGINT


def gone(word: str) -> bool:
    """Whether the processes with *word* end within 20 s."""
    deadline = time.monotonic() + 20
    while processes_with(word):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def end(word: str) -> None:
    """End the processes with *word* that are left."""
    for pid in processes_with(word):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


# building ---------------------------------------------------------------------------------------------


def test_a_build_gives_the_image_with_its_labels(image: Image) -> None:
    """The tag appears, its labels say what it truly is and from which recipe, and steps were told."""
    steps: list[str] = []
    built = recipes.build(image, progress=steps.append)
    found = engine.client().images.get(image.tag)
    assert image.recipe
    assert found.labels == {
        **engine.client().images.get(BASE).labels,
        "course.stand-in": "a test's own image",
        "course.recipe": recipes.digest(image.recipe),
    }
    assert built.bytes == found.attrs["Size"] and 0 < built.seconds < 60
    assert any(step.startswith("step 2/2") for step in steps)
    assert left_over() == []


def test_a_failing_build_shows_its_last_lines_and_leaves_nothing(image: Image, tmp_path: Path) -> None:
    """The message holds what failed and what to do next; there is no tag, and no folder is left."""
    an_image(tmp_path / "recipe", image.tag, f"FROM {BASE}\nRUN echo it broke here; exit 9\n")
    with pytest.raises(ChildError) as failure:
        recipes.build(image, progress=lambda step: None)
    assert "it broke here" in failure.value.seen and "exit code: 9" in failure.value.seen
    assert "get it from another source" in failure.value.next_step
    assert (is_here(image.tag), left_over()) == (False, [])


def test_a_full_disk_is_named_with_its_cure(image: Image, tmp_path: Path) -> None:
    """Whatever program meets it, the next step is to free space."""
    an_image(
        tmp_path / "recipe", image.tag, f"FROM {BASE}\nRUN --mount=type=tmpfs,target=/t,size=9 yes > /t/x\n"
    )
    with pytest.raises(ChildError, match="(?i)no space left") as failure:
        recipes.build(image, progress=lambda step: None)
    assert failure.value.next_step == DISK_FULL


def test_a_build_that_replaces_another_leaves_no_nameless_image(image: Image, tmp_path: Path) -> None:
    """The build that the tag named before is removed when a changed recipe takes the tag."""
    recipes.build(image, progress=lambda step: None)
    before = engine.client().images.get(image.tag).id or ""
    an_image(tmp_path / "recipe", image.tag, QUIET + "RUN echo again > /again\n")
    recipes.build(image, progress=lambda step: None)
    assert (is_here(before), is_here(image.tag)) == (False, True)


def test_ctrl_c_in_a_build_ends_it_and_the_next_run_builds(image: Image, tmp_path: Path) -> None:
    """Neither side of the socket goes on, no tag and no folder is left, and a new start works."""
    word = unique("endless")
    an_image(tmp_path / "recipe", image.tag, ENDLESS.format(word=word))
    assert image.recipe
    try:
        interrupted(image.tag, image.recipe, "step 2/2")
        assert gone(word), "the build's own process went on"
    finally:
        # One that BuildKit lost keeps its address on the bridge, which a later container then shares.
        end(word)
    assert gone(str(tmp_path / "state")), "docker build went on"
    assert (is_here(image.tag), left_over()) == (False, [])
    an_image(tmp_path / "recipe", image.tag, QUIET)
    recipes.build(image, progress=lambda step: None)
    assert is_here(image.tag)


def test_ctrl_c_in_a_fetch_leaves_no_half_root_file_system(tmp_path: Path) -> None:
    """The fetch ends with its processes and folders; the cache holds no part of it."""
    recipe = load().image("debian:trixie-slim").recipe
    assert recipe
    (tmp_path / "tmp").mkdir()
    interrupted(f"{unique('debian')}:1", recipe, "running apt-get update", TMPDIR=str(tmp_path / "tmp"))
    assert gone(str(tmp_path)), "mmdebstrap went on"
    assert list((tmp_path / "tmp").iterdir()) == []
    assert left_over() == [] and not list(cache.folder().glob("*.tar"))


# why not ------------------------------------------------------------------------------------------------


def test_without_a_recipe_or_apt_or_root_it_names_the_other_sources(
    image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says the one reason, and which sources remain."""
    official = Image("nginx:1.26", "nginx:1.26", None, (), (), "")
    with pytest.raises(recipes.RecipeError, match="it has no recipe") as refusal:
        recipes.check(official)
    assert "docker pull nginx:1.26" in refusal.value.next_step and "mirror" in refusal.value.next_step
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 1000)
        with pytest.raises(recipes.RecipeError, match="recipes need root"):
            recipes.check(image)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nowhere")
        with pytest.raises(recipes.RecipeError, match="recipes need apt"):
            recipes.check(image)
    assert recipes.check(image) == image.recipe


def test_a_missing_base_is_named(image: Image, tmp_path: Path) -> None:
    """A recipe whose base isn't here says so before Docker asks the Hub for it."""
    absent = f"{unique('absent')}:1"
    an_image(tmp_path / "recipe", image.tag, f"FROM {absent}\n")
    with pytest.raises(recipes.RecipeError, match=f"built from {absent}, which this engine does not have"):
        recipes.build(image, progress=lambda step: None)


def test_a_base_with_another_choice_of_ca_is_refused(image: Image, tmp_path: Path) -> None:
    """A CA that was asked for must not stay out unseen, just as none may come in unseen."""
    ca = tmp_path / "site.crt"
    ca.write_text(CERTIFICATE)
    with pytest.raises(recipes.RecipeError, match="holds no site's CA, unlike what was asked for"):
        recipes.build(image, site_ca=ca, progress=lambda step: None)


def test_a_file_that_is_no_certificate_is_refused(image: Image, tmp_path: Path) -> None:
    """The wrong file is named, before anything is fetched."""
    (tmp_path / "notes.txt").write_text("no certificate")
    with pytest.raises(recipes.RecipeError, match="notes.txt holds no certificate"):
        recipes.build(image, site_ca=tmp_path / "notes.txt", progress=lambda step: None)


# the site's CA -------------------------------------------------------------------------------------------


def test_a_site_ca_is_in_the_base_only_when_asked_for(tmp_path: Path) -> None:
    """With the opt-in the base trusts the CA and a label names it; without it there is no trace."""
    ca = tmp_path / "site.crt"
    ca.write_text(CERTIFICATE)
    plain = load().image("debian:trixie-slim")
    opted = Image(f"{unique('debian')}:ca", None, plain.recipe, plain.platforms, (), plain.stand_in)
    look = "openssl crl2pkcs7 -nocrl -certfile /etc/ssl/certs/ca-certificates.crt 2>/dev/null"
    look += " | openssl pkcs7 -print_certs -noout | grep -c 'a made-up site' || true"
    try:
        recipes.build(opted, site_ca=ca, progress=lambda step: None)
        labels = engine.client().images.get(opted.tag).labels
        assert labels["course.site-ca"] == recipes.fingerprint(ca)
        assert says_of(opted.tag, look) == "2\n"  # its subject and its issuer
    finally:
        if is_here(opted.tag):
            engine.client().images.remove(opted.tag)
    assert "course.site-ca" not in have(plain.tag).labels
    assert says(plain.tag, "sh", "-c", "ls /usr/local/share/ca-certificates 2>/dev/null; true") == ""


def says_of(tag: str, script: str) -> str:
    """What a script prints in an image that the kit doesn't list."""
    return bytes(engine.client().containers.run(tag, ["sh", "-c", script], remove=True)).decode()


# the digest ----------------------------------------------------------------------------------------------


def test_the_digest_changes_with_content_name_and_ca_and_with_nothing_else(tmp_path: Path) -> None:
    """Any changed recipe is noticed; a copy in another folder, or with other rights, is the same recipe."""
    one, two, ca = tmp_path / "one", tmp_path / "two", tmp_path / "site.crt"
    ca.write_text(CERTIFICATE)
    for folder in (one, two):
        an_image(folder, "a:1", QUIET)
    (two / "Dockerfile").chmod(0o777)
    (two / "front/__pycache__").mkdir(parents=True)  # what running its Python here leaves
    (two / "front/__pycache__/a.pyc").write_bytes(b"x")
    first = recipes.digest(one)
    assert recipes.digest(two) == first != recipes.digest(one, ca)
    (two / "Dockerfile").write_text(QUIET + "\n")
    (one / "Dockerfile").rename(one / "Containerfile")
    assert len({first, recipes.digest(one), recipes.digest(two)}) == 3


def test_an_image_on_an_own_image_is_old_when_that_ones_recipe_changes(tmp_path: Path) -> None:
    """What lies below is part of the recipe, unless it could as well have come from the Hub."""
    tables = {"hub:1": 'hub = "hub:1"', "own:1": "", "on-own:1": "", "on-hub:1": ""}
    on = {"hub:1": "scratch", "own:1": "hub:1", "on-own:1": "own:1", "on-hub:1": "hub:1"}
    text = ""
    for tag, more in tables.items():
        folder = tag.removesuffix(":1")
        an_image(tmp_path / folder, tag, f"FROM {on[tag]}\n")
        text += f'["{tag}"]\n{more}\nrecipe = "{folder}"\nplatforms = []\nchapters = []\nstand_in = "a"\n'
    (tmp_path / "kit.toml").write_text(text)

    def now() -> dict[str, str]:
        images = load(tmp_path / "kit.toml").images
        return {each.tag: recipes.digest(each.recipe, None, each.under) for each in images if each.recipe}

    before = now()
    for folder in ("hub", "own"):
        (tmp_path / folder / "more").write_text("more")
    after = now()
    assert [tag for tag in tables if before[tag] != after[tag]] == ["hub:1", "own:1", "on-own:1"]
