"""The course's notebooks and pages as Sphinx is to read them; it writes no file and starts nothing."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from editions import tree
from editions.tree import EditionError

INDEX = "index.md"
LOOK_UP = ("cheat-sheet", "glossary", "troubleshooting", "support", "ecr")
PICTURE = "docs/picture.png"
LINK = re.compile(r"\[([^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\]\(((?!\w+:)[^)#\s]+)(#[^)\s]*)?\)")
ANCHORS = re.compile(r'^(?:<a id="[^"]+"></a>)+$', re.MULTILINE)
ABOUT = """
This is the course to read. What cells print was stored when they were last run; nothing runs in this page.
To work through it, get its folder and type `make lab`: the same notebooks open, on your own engine.
"""


def sources(root: Path) -> dict[str, str]:
    """Each source of the site by its path, which is the one that it has in the course."""
    chapters = tree.chapters(root)
    incidents, capstone = tree.labs(root, "2?"), tree.labs(root, "3?")
    look_up = [root / "docs" / f"{name}.md" for name in LOOK_UP]
    files = [*chapters, *filter(None, map(tree.lab_of, chapters)), *incidents, *capstone, *look_up]
    inside = {file.relative_to(root).as_posix() for file in files} | {PICTURE}
    firsts = [file for file in chapters if not file.stem.endswith(tree.SECOND)]
    found = {INDEX: _index(root, inside, firsts, incidents, capstone, look_up)}
    for file in files:
        name = file.relative_to(root).as_posix()
        children = _children(file) if file in firsts else []
        found[name] = _notebook(root, file, inside, children) if file.suffix == ".ipynb" else page(
            root, name, file.read_text(encoding="utf-8"), inside
        )  # fmt: skip
    return found


def _children(chapter: Path) -> list[Path]:
    """What stands below a chapter in the list of contents: its second half, its lab."""
    more = chapter.with_name(f"{chapter.stem}{tree.SECOND}.ipynb")
    return [*([more] if more.exists() else []), *filter(None, [tree.lab_of(chapter)])]


def _index(root: Path, inside: set[str], *groups: list[Path]) -> str:
    """The first page: what README.md says of the course and its chapters, and the order of the pages."""
    text = (root / "README.md").read_text(encoding="utf-8")
    parts = re.fullmatch(r"(# .*?\n)## For whom\?.*?\n(## The chapters\n.*?)\n## .*", text, re.DOTALL)
    if parts is None:
        raise EditionError("README.md has no chapters behind 'For whom?'.", "git diff README.md")
    captions = ("Chapters", "Incidents", "Capstone", "Look it up")
    lists = [
        toctree([file.relative_to(root).as_posix() for file in files], f":caption: {caption}")
        for files, caption in zip(groups, captions, strict=True)
    ]
    return page(root, INDEX, "\n".join([parts[1], ABOUT, parts[2], *lists]), inside)


def toctree(names: list[str], *options: str) -> str:
    """A list of contents that shows beside the page and not in it."""
    return "\n".join(["\n```{toctree}", ":hidden:", *options, "", *names, "```\n"])


def _notebook(root: Path, file: Path, inside: set[str], children: list[Path]) -> str:
    """A notebook whose code has its own colours and whose links lead to pages of the site."""
    content = tree.read(file)
    name = file.relative_to(root).as_posix()
    for cell in content["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = page(root, name, tree.source(cell), inside)
    if children:
        names = [os.path.relpath(child, file.parent) for child in children]
        below = {"cell_type": "markdown", "id": "contents", "metadata": {}, "source": toctree(names)}
        content["cells"].append(below)
    content["metadata"]["language_info"]["pygments_lexer"] = "course-cell"
    return json.dumps(content, ensure_ascii=False)


def page(root: Path, name: str, text: str, inside: set[str]) -> str:
    """Markdown whose anchors become Sphinx's, and whose links to what is no page of the site are words."""
    text = ANCHORS.sub(
        lambda found: "\n".join(f"({each})=" for each in re.findall('id="(.+?)"', found[0])), text
    )

    def link(found: re.Match[str]) -> str:
        target = os.path.normpath(Path(name).parent / found[2])
        if target in inside:
            return found[0]
        if target == "README.md":
            back = os.path.relpath(INDEX, Path(name).parent)
            return f"[{found[1]}]({back}{found[3] or ''})"
        if not (root / target).exists():
            raise EditionError(f"{name} links to {found[2]}, which isn't there.", f"mend the link in {name}")
        return found[1] if found[1] in (target, f"`{target}`") else f"{found[1]} (`{target}`)"

    return LINK.sub(link, text)
