"""The list of images is read whole, and a wrong one is refused in words that name the fault."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from course import labs, places
from course.kit.manifest import Manifest, ManifestError, base_tags, load

GOOD = """
["web:1"]
hub = "web:1"
recipe = "web"
platforms = ["linux/amd64"]
chapters = ["06-ports"]
stand_in = "another web"
"""
Writer = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Write a kit.toml with recipe folders beside it, each with the Dockerfile given for it."""

    def write(text: str, **dockerfiles: str) -> Path:
        for name, dockerfile in dockerfiles.items():
            (tmp_path / name).mkdir()
            (tmp_path / name / "Dockerfile").write_text(dockerfile)
        (tmp_path / "kit.toml").write_text(text)
        return tmp_path / "kit.toml"

    return write


def chain(*tags: str) -> str:
    """A kit.toml of images whose recipes are called like them."""
    row = '["{0}:1"]\nrecipe = "{0}"\nplatforms = []\nchapters = []\nstand_in = "{0}"\n'
    return "".join(row.format(tag) for tag in tags)


def test_the_courses_own_list_names_what_its_chapters_need() -> None:
    """Each image that a chapter's or lab's notebook names is fetched when that chapter starts."""
    kit = load()
    files = [*places.notebooks().glob("[0-9]*.ipynb"), *places.labs().glob("*/lab.ipynb")]
    files += places.solutions().glob("*/lab.ipynb")
    assert len(files) > 5
    for file in files:
        slug = (file.parent.name if file.name == "lab.ipynb" else file.stem).removesuffix("-more")
        text = "\n".join(
            labs.source(cell) for cell in labs.read(file)["cells"] if cell["cell_type"] == "code"
        )
        named = {image.tag for image in kit.images if re.search(rf"(?<![\w/]){re.escape(image.tag)}\b", text)}
        assert named <= {image.tag for image in kit.for_chapter(slug)}, file
        if file.name == "lab.ipynb":
            checks = (places.labs() / file.parent.name / "checks.py").read_text(encoding="utf-8")
            named |= {image.tag for image in kit.images if f"FROM {image.tag}" in checks}
            told = labs.images(labs.find(file.parent.name))
            assert told, f"{file}: its table names no image"
            assert {*told} <= {image.tag for image in kit.images}, file
            assert named <= {*told}, f"{file} uses an image that its table doesn't name"
    assert all(image.stand_in for image in kit.images if image.recipe)
    assert kit.for_chapter("no-such-chapter") == ()


def test_every_recipe_folder_belongs_to_an_image() -> None:
    """No recipe lies about that nothing builds."""
    folders = {path.parent for path in places.images().glob("*/Dockerfile")}
    assert folders and folders == {image.recipe for image in load().images if image.recipe}


def test_a_table_becomes_an_image(write: Writer) -> None:
    """Every key of a table is found in the image."""
    path = write(GOOD, web="FROM scratch\n")
    image = load(path).image("web:1")
    assert (image.hub, image.recipe, image.platforms) == ("web:1", path.parent / "web", ("linux/amd64",))
    assert (image.chapters, image.stand_in) == (("06-ports",), "another web")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no image"),
        ("[", "can't be read"),
        (GOOD + GOOD, "can't be read.*twice|can't be read.*already exists"),
        (GOOD + 'colour = "red"', "unknown key colour"),
        (GOOD.replace('"06-ports"', "6"), "something other than words in chapters"),
        (GOOD.replace('recipe = "web"', "recipe = 7"), "recipe of the wrong kind: 7"),
        (GOOD.replace('recipe = "web"', 'recipe = "wen"'), "has no .*wen/Dockerfile"),
        (GOOD.replace('platforms = ["linux/amd64"]', ""), "lacks platforms"),
        (GOOD.replace('stand_in = "another web"', ""), "no stand_in"),
        (GOOD.replace('hub = "web:1"', "").replace('recipe = "web"', ""), "neither hub nor recipe"),
        (GOOD.replace('["web:1"]', '["web"]'), "not an image name with a tag"),
        ('"web:1" = 3', "is not a table"),
    ],
)
def test_a_wrong_list_is_refused_in_words(write: Writer, text: str, words: str) -> None:
    """The message names the fault, and the next step is there."""
    with pytest.raises(ManifestError, match=words) as refusal:
        load(write(text, web="FROM scratch\n"))
    assert refusal.value.next_step


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    """Not a traceback about a file, but which one and how to get it back."""
    with pytest.raises(ManifestError, match="There is no .*kit.toml"):
        load(tmp_path / "kit.toml")


def test_an_image_that_the_kit_lacks_is_answered_with_those_it_has() -> None:
    """A typing error in a tag is seen at once."""
    with pytest.raises(ManifestError, match=r"no image nginx:0\.26.*nginx:1\.26"):
        load().image("nginx:0.26")


def test_bases_come_before_what_is_built_from_them(write: Writer) -> None:
    """The FROM lines give the order; stages, scratch and foreign images don't count; bases come along."""
    path = write(
        chain("app", "web", "base"),
        app="FROM --platform=linux/amd64 web:1 AS made\nFROM made\nFROM scratch\nCOPY --from=made / /\n",
        web="# FROM nothing:1\nfrom base:1 as web\nFROM elsewhere:1\nFROM web\n",
        base="FROM scratch\n",
    )
    kit = load(path)
    assert base_tags(path.parent / "app") == ("web:1",)
    assert base_tags(path.parent / "web") == ("base:1", "elsewhere:1")
    assert order(kit, "app:1") == ["base:1", "web:1", "app:1"]
    assert order(kit, "base:1", "web:1", "app:1", "web:1") == ["base:1", "web:1", "app:1"]


def test_recipes_that_are_built_from_each_other_are_refused(write: Writer) -> None:
    """A circle is named instead of followed for ever."""
    path = write(chain("hen", "egg"), hen="FROM egg:1\n", egg="FROM hen:1\n")
    with pytest.raises(ManifestError, match="hen:1 → egg:1 → hen:1"):
        order(load(path), "hen:1")


def order(kit: Manifest, *tags: str) -> list[str]:
    """The tags in the order in which they are built."""
    return [image.tag for image in kit.in_build_order(tags)]
