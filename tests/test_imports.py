"""Imports go one way: a module may use those below it in docs/architecture.md, never those above."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "course"
HEAVY = {"docker", "pandas", "matplotlib", "IPython", "nbformat", "tqdm", "numpy"}


def order() -> list[str]:
    """The modules in the order of the table in docs/architecture.md, top imports down."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    section = re.split(r"^## ", page, flags=re.MULTILINE)
    table = next(part for part in section if "import" in part.splitlines()[0].lower())
    return re.findall(r"^\| `([\w/]+?)/?` \|", table, re.MULTILINE)


def room(name: str) -> str:
    """The module or package directly below `course` that dotted *name* lies in."""
    return name.split(".")[1] if "." in name else ""


def imports(file: Path) -> Iterator[tuple[str, bool]]:
    """Each dotted name that *file* imports, and whether it does so when it is itself imported."""
    tree = ast.parse(file.read_text())
    early = {id(node) for node in ast.iter_child_nodes(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in early) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "course" else []
            yield from ((name, id(node) in early) for name in whole or [node.module])


def upward(file: Path, ranks: dict[str, int]) -> list[str]:
    """The imports of *file* that go up or are not in the table."""
    own = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    found = []
    for name, _ in imports(file):
        target = room(name) if name.startswith("course") else ""
        if target and target != own and not ranks.get(own, -1) < ranks.get(target, -1):
            found.append(f"{own} imports {name}")
    return found


def modules() -> list[Path]:
    """Every file of the package but the two that stand apart."""
    files = [file for file in sorted(PACKAGE.rglob("*.py")) if file != PACKAGE / "__init__.py"]
    return [file for file in files if file.name != "bootstrap.py"]


def test_every_module_is_in_the_table_and_the_table_names_no_other() -> None:
    """docs/architecture.md lists exactly the modules there are."""
    there = {file.relative_to(PACKAGE).parts[0].removesuffix(".py") for file in modules()}
    assert set(order()) == there


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_module_imports_only_those_below_it(file: Path) -> None:
    """No import goes up, whether at the top of the file or inside a function."""
    ranks = {name: rank for rank, name in enumerate(order())}
    assert not upward(file, ranks)


def test_an_upward_import_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof can fail: a shell that imports the lesson is caught, at the top and inside a function."""
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    bad = tmp_path / "shell.py"
    bad.write_text("from course import lesson\n\ndef f():\n    from course.labs import find\n")
    assert upward(bad, {"lesson": 0, "labs": 1, "shell": 2}) == [
        "shell imports course.lesson",
        "shell imports course.labs",
    ]


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_nothing_heavy_is_imported_early(file: Path) -> None:
    """What a learner's first output would have to wait for is imported inside functions only."""
    early = {name.split(".")[0] for name, at_once in imports(file) if at_once}
    assert not early & HEAVY


def test_importing_the_lesson_loads_nothing_heavy() -> None:
    """The same, seen in a fresh interpreter: `from course import lesson, measure, plots` stays light."""
    code = (
        f"import sys; from course import lesson, measure, plots; print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_bootstrap_uses_only_pythons_own_library() -> None:
    """It makes the environment, so it can't need it."""
    names = {name.split(".")[0] for name, _ in imports(PACKAGE / "bootstrap.py")}
    assert names <= set(sys.stdlib_module_names)
    assert names
