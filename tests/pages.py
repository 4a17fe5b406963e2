"""Notebooks as the tests read them: where they are, and what their cells hold; it judges none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parent.parent
UNCOMPARED = "nbval-ignore-output"
Kind = Literal["chapter", "review", "lab", "solution"]


@dataclass(frozen=True)
class Cell:
    """One cell; *count* is its execution count, None where it has not run."""

    id: str
    kind: str
    source: str
    tags: tuple[str, ...] = ()
    outputs: tuple[dict[str, Any], ...] = ()
    count: int | None = None

    @property
    def is_shell(self) -> bool:
        """Whether this is a `%%shell` cell."""
        return self.kind == "code" and self.source.startswith("%%shell")

    @property
    def is_python(self) -> bool:
        """Whether this is a code cell without a cell magic."""
        return self.kind == "code" and not self.source.startswith("%%")

    @property
    def is_compared(self) -> bool:
        """Whether nbval must compare this cell's output."""
        return self.kind == "code" and UNCOMPARED not in self.tags

    def lines(self) -> list[str]:
        """The cell's lines."""
        return self.source.splitlines()

    def text(self) -> str:
        """What the cell shows as text: its streams and its results' plain or HTML text."""
        return "\n".join(_texts(self.outputs))


@dataclass(frozen=True)
class Page:
    """One notebook: a chapter, the review, a lab as handed out, or a solution."""

    path: Path
    kind: Kind
    cells: tuple[Cell, ...]

    @property
    def slug(self) -> str:
        """What the course calls it: `06-ports`, also for its lab and solution."""
        return self.path.stem if self.kind in ("chapter", "review") else self.path.parent.name

    @property
    def name(self) -> str:
        """What `lesson.start` calls it."""
        return self.slug if self.kind in ("chapter", "review") else f"labs/{self.slug}"

    def code(self) -> list[Cell]:
        """Its code cells."""
        return [cell for cell in self.cells if cell.kind == "code"]

    def prose(self) -> list[Cell]:
        """Its markdown cells."""
        return [cell for cell in self.cells if cell.kind == "markdown"]


def all_paths(root: Path = ROOT) -> dict[Path, Kind]:
    """Every notebook of the course under *root*, found by listing."""
    kinds: dict[str, Kind] = {
        "notebooks/[0-8]*.ipynb": "chapter",
        "notebooks/9*.ipynb": "review",
        "labs/*/lab.ipynb": "lab",
        "solutions/*/lab.ipynb": "solution",
    }
    return {path: kind for where, kind in kinds.items() for path in sorted(root.glob(where))}


def committed_with_outputs(root: Path = ROOT) -> list[Path]:
    """Chapters, the review and solutions: what is run and compared."""
    return [path for path, kind in all_paths(root).items() if kind != "lab"]


def strays(root: Path = ROOT) -> list[Path]:
    """Notebooks that lie where nothing would find them, so that nothing would test them."""
    own = (path for place in ("notebooks", "labs", "solutions") for path in (root / place).rglob("*.ipynb"))
    return [path for path in own if path not in all_paths(root) and not _is_litter(path.relative_to(root))]


def _is_litter(path: Path) -> bool:
    """Whether this lies in a folder that .gitignore names: Jupyter's checkpoints, a learner's work."""
    return bool({".ipynb_checkpoints", "work"} & set(path.parts))


def all_pages(root: Path = ROOT) -> list[Page]:
    """Every notebook of the course, read."""
    return [read(path, kind) for path, kind in all_paths(root).items()]


def read(path: Path, kind: Kind) -> Page:
    """A notebook, read as plain JSON."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return Page(path, kind, tuple(_cell(cell) for cell in content["cells"]))


def _cell(cell: dict[str, Any]) -> Cell:
    return Cell(
        cell.get("id", ""), cell["cell_type"], joined(cell["source"]),
        tuple(cell["metadata"].get("tags", ())), tuple(cell.get("outputs", ())), cell.get("execution_count"),
    )  # fmt: skip


def joined(text: str | list[str]) -> str:
    """A notebook keeps text as one string or as a list of lines."""
    return text if isinstance(text, str) else "".join(text)


def _texts(outputs: tuple[dict[str, Any], ...]) -> Iterator[str]:
    for output in outputs:
        yield joined(output.get("text", ""))
        for kind, content in output.get("data", {}).items():
            if kind.startswith("text/"):
                yield joined(content)
