"""A chapter's new words lead to the glossary, and the program that links them changes nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import glossary_links
import pages
import pytest

from course import places

pytestmark = pytest.mark.apart
TEXT = (places.ROOT / glossary_links.GLOSSARY).read_text(encoding="utf-8")


def test_every_new_word_of_a_chapter_is_linked() -> None:
    """.venv/bin/python tests/glossary_links.py brings glossary and chapters up."""
    assert [str(file.relative_to(places.ROOT)) for file in glossary_links.fresh()] == []


def test_every_link_leads_to_one_anchor_above_its_word() -> None:
    """What chapters link to is there once, and the word stands below it."""
    anchors = re.findall(r'<a id="([^"]+)">', TEXT)
    assert len(anchors) == len(set(anchors)) == len(glossary_links.terms(TEXT))
    links = [
        found
        for page in pages.all_pages()
        for cell in page.prose()
        for found in re.findall(r"\[\*\*([^*]+)\*\*\]\(\.\./docs/glossary\.md#([^)]+)\)", cell.source)
    ]
    assert len(links) > 100
    below = dict(re.findall(r"^(<a id=.*)\n(\*\*.*)$", TEXT, re.MULTILINE))
    for term, place in links:
        (entry,) = [entry for above, entry in below.items() if f'id="{place}"' in above]
        assert f"**{term}**" in entry


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy of chapters and glossary as they were before anything was linked."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "docs").mkdir()
    for file in places.notebooks().glob("*.ipynb"):
        text = file.read_text(encoding="utf-8")
        bare = re.sub(r"\[(\*\*[^*]+\*\*)\]\(\.\./docs/glossary\.md#[^)]+\)", r"\1", text)
        (tmp_path / "notebooks" / file.name).write_text(bare, encoding="utf-8")
    bare = re.sub(r"^<a id=.*\n", "", TEXT, flags=re.MULTILINE)
    (tmp_path / glossary_links.GLOSSARY).write_text(bare, encoding="utf-8")
    return tmp_path


def test_linking_changes_markdown_and_nothing_else(old: Path) -> None:
    """Code, outputs and counts stay as they are to the byte, and a second run has nothing to do."""
    code = {file.name: _code(file) for file in (old / "notebooks").iterdir()}
    stale = glossary_links.fresh(old)
    assert len(stale) > 20
    for file, text in stale.items():
        file.write_text(text, encoding="utf-8")
    assert {file.name: _code(file) for file in (old / "notebooks").iterdir()} == code
    assert glossary_links.fresh(old) == {}
    for name in ("notebooks/06-ports.ipynb", "docs/glossary.md"):
        assert (old / name).read_bytes() == (places.ROOT / name).read_bytes()


def _code(file: Path) -> list[object]:
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] != "markdown"]


KNOWN = {"image": "image", "build cache": "build-cache", ".dockerignore": "dockerignore"}


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("An **image** is.", "An [**image**](../docs/glossary.md#image) is."),
        ("the **build cache**:", "the [**build cache**](../docs/glossary.md#build-cache):"),
        ("**.dockerignore**", "[**.dockerignore**](../docs/glossary.md#dockerignore)"),
        ("**Predict:** which **thing**?", "**Predict:** which **thing**?"),
        ("| **image** | x |", "| **image** | x |"),
        ("`**image**` and\n\n    **image**\n", "`**image**` and\n\n    **image**\n"),
        ("```\n**image**\n```\n", "```\n**image**\n```\n"),
        ("[**image**](../docs/glossary.md#image)", "[**image**](../docs/glossary.md#image)"),
    ],
)
def test_only_a_bold_word_of_the_glossary_is_linked(source: str, wanted: str) -> None:
    """Code, tables, other bold words, and what is a link already stay as they are."""
    assert glossary_links.linked(source, KNOWN) == wanted


def test_a_new_entry_without_its_anchor_is_seen(old: Path) -> None:
    """Who adds a word to the glossary hears which program to run."""
    for file, text in glossary_links.fresh(old).items():
        file.write_text(text, encoding="utf-8")
    glossary = old / glossary_links.GLOSSARY
    with glossary.open("a") as out:
        out.write("\n**zebra**: a horse with stripes.\n")
    assert list(glossary_links.fresh(old)) == [glossary]
    assert '<a id="zebra"></a>\n**zebra**' in glossary_links.fresh(old)[glossary]
