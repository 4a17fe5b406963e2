"""Which rules of the house style each kind of notebook keeps; the rules themselves lie beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pages
import style_chapter
import style_code
import style_outputs
import style_prose
from pages import Page

# A rule gives a notebook's faults as sentences.
Rule = Callable[[Page], list[str]]

EVERYWHERE: tuple[Rule, ...] = (*style_prose.ALL, *style_code.ALL, *style_outputs.EVERYWHERE)
RULES: dict[pages.Kind, tuple[Rule, ...]] = {
    "chapter": (*style_chapter.ALL, *EVERYWHERE, *style_outputs.CHAPTER),
    "review": (*EVERYWHERE, style_outputs.counts_run_from_one),
    "lab": (*EVERYWHERE, style_outputs.has_no_outputs),
    "solution": (*EVERYWHERE, style_outputs.counts_run_from_one),
}


def file_of(path: Path) -> str:
    """A notebook's path as the reports show it."""
    return str(path.relative_to(pages.ROOT)) if path.is_relative_to(pages.ROOT) else path.name
