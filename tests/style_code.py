"""How a notebook's commands are written, as rules that give faults in words; it runs none of them."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise

import pages
from pages import Cell, Page
from style_chapter import SECOND_HALF

CODE_LINES = 12
CODE_COLUMNS = 110  # as in the package; a command that is longer has one flag a line
FAMILIAR = {
    "alpine", "ubuntu", "debian", "mongo", "mongo-express", "mysql", "mariadb", "httpd", "golang", "rust",
    "traefik", "hello-world", "registry", "docker", "python", "node", "nginx", "redis", "postgres", "busybox",
}  # fmt: skip


def words_stand_between_code_cells(page: Page) -> list[str]:
    """Two code cells touch only where the second shows, proves or asks about what the first did."""
    touching = [
        (before, after) for before, after in pairwise(page.cells) if before.kind == after.kind == "code"
    ]
    return [f"no words between {a.id} and {b.id}" for a, b in touching if not may_touch(a, b)]


def may_touch(before: Cell, after: Cell) -> bool:
    """A picture or an assertion may follow at once; lesson.predict and its like may stand on either side."""
    return is_picture(after) or is_proof(after) or is_lesson_call(before) or is_lesson_call(after)


def is_picture(cell: Cell) -> bool:
    """Whether the cell draws."""
    return cell.is_python and "plots." in cell.source


def is_proof(cell: Cell) -> bool:
    """Whether the cell's last statement asserts something."""
    tree = parsed(cell)
    return bool(tree and tree.body and isinstance(tree.body[-1], ast.Assert))


def is_lesson_call(cell: Cell) -> bool:
    """Whether the cell is nothing but a call such as lesson.predict(…)."""
    tree = parsed(cell)
    if tree is None or len(tree.body) != 1:
        return False
    return isinstance(tree.body[0], ast.Expr) and cell.source.startswith("lesson.")


def parsed(cell: Cell) -> ast.Module | None:
    """The cell as Python, None where it isn't."""
    if not cell.is_python:
        return None
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return None


def commands_are_what_a_person_types(page: Page) -> list[str]:
    """No `!command`, no other shell magic, no pause of so many seconds."""
    faults = []
    for cell in page.code():
        magic = re.match(r"%%?(\w+)", cell.source)
        if magic and magic[1] not in {"shell", "writefile"}:
            faults.append(f"{cell.id} uses the magic {magic[0]}")
        if cell.is_python and re.search(r"^\s*[!%]|= *!", cell.source, re.MULTILINE):
            faults.append(f"{cell.id} runs a command with ! or %")
        if re.search(r"\bsleep[ (]+[\d.$]", cell.source) and not cell.source.startswith("%%writefile"):
            faults.append(f"{cell.id} sleeps instead of waiting for a condition")
    return faults


def code_fits_the_page(page: Page) -> list[str]:
    """A code cell has at most 12 lines, and none of them is longer than 100 columns."""
    faults = []
    for cell in page.code():
        lines = [line for line in cell.lines() if line.strip()]
        if len(lines) > CODE_LINES + cell.source.startswith("%%"):
            faults.append(f"{cell.id} has {len(lines)} lines of code, more than {CODE_LINES}")
        faults += [
            f"{cell.id}: {len(line)} columns: {line[:60]!r}…" for line in lines if len(line) > CODE_COLUMNS
        ]
    return faults


def images_are_in_the_kit(page: Page) -> list[str]:
    """Each image that a command runs or a file builds on is in images/kit.toml, or made by the notebook."""
    known = set(tomllib.loads((pages.ROOT / "images" / "kit.toml").read_text(encoding="utf-8")))
    names = {tag.rpartition(":")[0] for tag in known} | FAMILIAR
    text = "\n".join([*(cell.source for cell in page.code()), *_files_of(page)])
    text = re.sub(r"""(?:require\(|\bfrom )["'][^"']*["']""", "", text)  # node:http is a module of Node's
    used = set(re.findall(r"(?<![\w./:@-])((?:[a-z0-9-]+/)?[a-z0-9-]+:[A-Za-z0-9_][\w.-]*)", text))
    made = set(re.findall(r"(?:--tag|-t) (\S+)", text)) | set(re.findall(r"docker tag \S+ (\S+)", text))
    found = sorted(tag for tag in used - known - made if tag.rpartition(":")[0] in names)
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", text, re.MULTILINE)) | {"scratch"}
    bases = re.findall(r"^FROM ([\w/.-]+)(?:\s|$)", text, re.MULTILINE)
    bare = [f"{name} without a tag" for name in bases if name not in stages]
    return [f"{tag} is not in images/kit.toml" for tag in [*found, *bare]]


def _files_of(page: Page) -> Iterator[str]:
    """Dockerfiles and Compose files in the folder that goes with the notebook."""
    slug = page.slug.removesuffix(SECOND_HALF)
    folder = page.path.parent / slug if page.kind == "chapter" else page.path.parent
    for file in sorted(folder.rglob("*")) if folder.is_dir() else []:
        litter = {"work", ".ipynb_checkpoints"} & set(file.relative_to(folder).parts)
        if not litter and re.search(r"Dockerfile|\.ya?ml$", file.name):
            yield file.read_text(encoding="utf-8")


ALL = (
    words_stand_between_code_cells,
    commands_are_what_a_person_types,
    code_fits_the_page,
    images_are_in_the_kit,
)
