"""`make slides`: decks from chapters, each a folder that opens in a browser without a network."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course import places
from course.kit import web
from editions import choice, tree
from editions.tree import Cell, EditionError

HERE = Path(__file__).resolve().parent
DECKS = HERE / "decks"
BUILD = places.ROOT / "_build" / "slides"
LIBRARIES = {
    "reset.css": "reveal.js/dist/reset.css",
    "reveal.css": "reveal.js/dist/reveal.css",
    "reveal.js": "reveal.js/dist/reveal.js",
    "notes.js": "reveal.js/plugin/notes/notes.js",
    "mermaid.min.js": "mermaid/dist/mermaid.min.js",
    "mathjax.js": "mathjax/es5/tex-svg-full.js",
}
OWN = ("deck.css", "deck.js")
CODE = re.compile(r"```.*?```|`[^`]*`|^(?: {4}|\t).*$", re.MULTILINE | re.DOTALL)


def build(
    decks: Path = DECKS, root: Path = places.ROOT, out: Path = BUILD, say: Callable[[str], None] = print
) -> list[Path]:
    """Write each deck of *decks* into a folder of its own below *out*; their first pages come back."""
    modules = web.modules(say)
    made = [build_one(file, root, out / file.stem, modules) for file in sorted(decks.glob("*.toml"))]
    if not made:
        raise EditionError(f"There is no deck in {decks}.", "write one, such as half-day.toml")
    for page in made:
        say(f"{page.read_text(encoding='utf-8').count(' data-topic=')} slides in {page}")
    return made


def build_one(deck: Path, root: Path, folder: Path, modules: Path) -> Path:
    """Write one deck into *folder*."""
    wanted = tomllib.loads(deck.read_text(encoding="utf-8"))
    cells = [cell_of(choice.Piece("slide", f"# {wanted['title']}"))]
    cells[0]["metadata"]["role"] = "deck"
    for slug in wanted["chapters"]:
        file = root / "notebooks" / f"{slug}.ipynb"
        if not file.exists():
            raise EditionError(f"{deck.name} names {slug}, and there is no {file.name}.", f"mend {deck}")
        cells += [cell_of(piece) for piece in choice.pieces(tree.read(file)["cells"])]
    page = render(cells, wanted["title"])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(page, encoding="utf-8")
    for name, place in LIBRARIES.items():
        # Large, and most decks have no mathematics.
        if f'"{name}"' in page:
            shutil.copyfile(modules / place, folder / name)
    for name in OWN:
        shutil.copyfile(HERE / name, folder / name)
    return folder / "index.html"


def cell_of(piece: choice.Piece) -> Cell:
    """A piece as the cell that nbconvert is to show."""
    role = "shell" if piece.is_shell else "python" if piece.code or piece.outputs else "words"
    role = "question" if piece.is_question else role
    # The words of a slide begin with its topic; above a command it is said again, small.
    topic = "" if re.match("#{1,3} ", piece.words) else re.sub("[`*]", "", piece.topic)
    cell: Cell = {"metadata": {"slideshow": {"slide_type": piece.kind}, "topic": topic, "role": role}}
    if role in ("words", "question"):
        return cell | {"cell_type": "markdown", "source": piece.words}
    more = {"outputs": piece.outputs, "execution_count": None}
    return cell | {"cell_type": "code", "source": piece.code} | more


def render(cells: list[Cell], title: str) -> str:
    """The page of a deck."""
    import nbformat
    from nbconvert import SlidesExporter
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import BashLexer

    from editions.lexer import CellLexer

    def coloured(cell: Any) -> str:
        language = BashLexer() if cell.metadata.role == "shell" else CellLexer()
        text: str = highlight(cell.source, language, HtmlFormatter(nowrap=True))
        return text

    exporter = SlidesExporter(
        template_file="deck.html.j2", extra_template_paths=[str(HERE)], exclude_anchor_links=True,
        filters={"coloured": coloured},
    )  # fmt: skip
    has_math = any("$" in CODE.sub("", cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    numbered = [cell | {"id": f"cell-{number}"} for number, cell in enumerate(cells)]
    content = {"cells": numbered, "metadata": {"title": title, "has_math": has_math}}
    notebook = nbformat.from_dict(content | {"nbformat": 4, "nbformat_minor": 5})  # type: ignore[no-untyped-call]
    page, _ = exporter.from_notebook_node(notebook)
    return str(page)
