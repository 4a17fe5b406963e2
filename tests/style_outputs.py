"""What a notebook's file keeps beside its text, as rules that give faults in words: outputs, tags, ids."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence

import pages
from pages import UNCOMPARED, Cell, Page
from style_code import is_picture, is_proof, parsed

PICTURES = 4
NOTHING_LEFT = "Nothing that this notebook made is left on the engine."
TAGS = {
    # The others say what a cell is in a deck of slides: docs/editions.md.
    "chapter": {UNCOMPARED, "slide", "fragment", "notes", "skip"},
    "review": {UNCOMPARED},
    "solution": {UNCOMPARED, "answer"},
    "lab": {UNCOMPARED, "answer"},
}


def counts_run_from_one(page: Page) -> list[str]:
    """Code cells were run once each, from the top, and none of them failed."""
    counts = [cell.count for cell in page.code()]
    faults = [] if counts == list(range(1, len(counts) + 1)) else [f"execution counts are {counts}"]
    failed = [cell.id for cell in page.code() for out in cell.outputs if out.get("output_type") == "error"]
    return faults + [f"{cell} holds an error" for cell in failed]


def has_no_outputs(page: Page) -> list[str]:
    """A lab is handed out without outputs and counts."""
    return [f"{cell.id} holds an output or a count" for cell in page.code() if cell.outputs or cell.count]


def tags_are_known(page: Page) -> list[str]:
    """Only tags for what may differ, for slides, and in labs for answers; nbval's comments are not used."""
    faults = [
        f"{cell.id} has the tag {tag}"
        for cell in page.cells
        for tag in cell.tags
        if tag not in TAGS[page.kind]
    ]
    return faults + [
        f"{cell.id} speaks to nbval in a comment" for cell in page.code() if "NBVAL_" in cell.source
    ]


def measured_is_asserted(page: Page) -> list[str]:
    """What an uncompared cell assigns is asserted in a later one; after a shell cell comes a compared one."""
    code = page.code()
    faults = []
    for place, cell in enumerate(code[1:], 1):
        if cell.is_compared or is_picture(cell):
            continue
        tree, proofs = (
            parsed(cell),
            [later for later in code[place + 1 :] if later.is_compared and is_proof(later)],
        )
        names = _assigned(tree) if tree else set()
        if names and not any(names & _read(proof) for proof in _with_what_they_use(proofs, code[place:])):
            faults.append(
                f"{cell.id} is not compared, and no later assertion uses {', '.join(sorted(names))}"
            )
        if not names and not any(later.is_compared for later in code[place + 1 :]):
            faults.append(f"{cell.id} is not compared, and no compared cell follows")
    return faults


def _with_what_they_use(proofs: Sequence[Cell], after: Sequence[Cell]) -> list[Cell]:
    """Assertions, and the cells that assign what these use (one step)."""
    used = {name for proof in proofs for name in _read(proof)}
    makers = [cell for cell in after[1:] if (tree := parsed(cell)) and _assigned(tree) & used]
    return [*proofs, *makers]


def _assigned(tree: ast.Module) -> set[str]:
    """Names that the cell keeps for later; a loop's variable is none."""
    statements = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    names = [name for statement in statements for name in ast.walk(statement) if isinstance(name, ast.Name)]
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def _read(cell: Cell) -> set[str]:
    tree = parsed(cell)
    nodes = ast.walk(tree) if tree else iter(())
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def has_pictures_that_say_something(page: Page) -> list[str]:
    """One to four pictures, each with a full sentence as its alt text; no picture without."""
    alts, bare = [], []
    for cell in page.code():
        for output in cell.outputs:
            data = output.get("data", {})
            alts += re.findall(r'<img[^>]*\balt="([^"]*)"', pages.joined(data.get("text/html", "")))
            bare += [cell.id] if any(kind.startswith("image/") for kind in data) else []
    faults = [f"{cell} shows a picture without alt text" for cell in bare]
    if not 1 <= len(alts) <= PICTURES:
        faults.append(f"it has {len(alts)} pictures, not 1 to {PICTURES}")
    poor = [alt for alt in alts if len(alt.split()) < 5 or not re.match(r"[A-Z\d].*[.]$", alt, re.DOTALL)]
    return faults + [f"no full sentence: {alt!r}" for alt in poor]


def cells_have_readable_ids(page: Page) -> list[str]:
    """Each cell has an id of its own in words, so that a change shows where it is."""
    ids = [cell.id for cell in page.cells]
    poor = [name for name in ids if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name)]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    return [f"the id {name!r} is no word" for name in poor] + [
        f"the id {name!r} is there twice" for name in twice
    ]


def is_a_plain_notebook(page: Page) -> list[str]:
    """The file asks for the kernel python3 and keeps nothing of an editor's."""
    content = json.loads(page.path.read_text(encoding="utf-8"))
    kernel = content["metadata"].get("kernelspec", {}).get("name")
    spare = set(content["metadata"]) - {"kernelspec", "language_info"}
    odd = {key for cell in content["cells"] for key in cell["metadata"]} - {"tags"}
    faults = [] if kernel == "python3" else [f"it asks for the kernel {kernel}"]
    return faults + [f"its metadata keeps {key}" for key in sorted(spare | odd)]


def says_that_nothing_is_left(page: Page) -> list[str]:
    """The stored output of lesson.leftovers() is one line: a stranger's things are not part of a chapter."""
    said = [cell.text().strip() for cell in page.code() if cell.source == "lesson.leftovers()"]
    return [f"lesson.leftovers() is stored with {text!r}" for text in said if text != NOTHING_LEFT]


def set_up_is_stored_without_news(page: Page) -> list[str]:
    """The stored output of the set-up cell has engine, images, "is ready", and no news of the day it ran."""
    lines = page.code()[0].text().strip().splitlines()
    usual = re.compile(r"engine |  \S|\S+ is ready\.$")
    return [f"the set-up cell is stored with {line!r}" for line in lines if not usual.match(line)]


EVERYWHERE = (tags_are_known, cells_have_readable_ids, is_a_plain_notebook)
CHAPTER = (
    counts_run_from_one,
    measured_is_asserted,
    has_pictures_that_say_something,
    says_that_nothing_is_left,
    set_up_is_stored_without_news,
)
