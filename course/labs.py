"""Where labs are, and what a submission changes in one; knows nothing of running or judging it."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
import types
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course import places
from course.checks import Check, Symptom, in_teaching_order
from course.checks.promise import NOTED, NOTED_SYMPTOMS
from course.errors import CourseError

# A notebook is read as plain JSON: importing nbformat would cost each judging process seconds.
Notebook = dict[str, Any]
ANSWER = "answer"
# Whoever judges a lab stops before the cell with this id: what is below it, the clean-up, comes after.
CHECK_CELL = "check"
HOW = "docs/add-a-lab.md shows how one is written"
SLUG = re.compile(r"\d\d-[a-z0-9]+(-[a-z0-9]+)*")


class LabError(CourseError):
    """A lab that isn't there, or isn't made as a lab must be."""


@dataclass(frozen=True)
class WrongAnswer:
    """An answer that the checks must catch: it overlays the solution and names the checks it fails."""

    file: Path
    why: str
    fails: tuple[str, ...]
    answers: dict[str, str]


@dataclass(frozen=True)
class OtherAnswer:
    """An answer that is as right as the solution's: it overlays the solution and must earn all."""

    file: Path
    why: str
    answers: dict[str, str]


@dataclass(frozen=True)
class Lab:
    """One lab, known by its folder's name; nothing else lists it."""

    slug: str
    folder: Path
    solutions: Path

    @property
    def notebook(self) -> Path:
        """The notebook as handed out."""
        return self.folder / "lab.ipynb"

    @property
    def checks_file(self) -> Path:
        """The file of its checks."""
        return self.folder / "checks.py"

    @property
    def solution(self) -> Path:
        """The solved notebook."""
        return self.solutions / "lab.ipynb"

    @property
    def wrong(self) -> tuple[WrongAnswer, ...]:
        """Its wrong answers, each checked against the solution's cells and the lab's checks."""
        return tuple(_wrong_answer(self, file) for file in sorted(self.solutions.glob("wrong/*.toml")))

    @property
    def others(self) -> tuple[OtherAnswer, ...]:
        """Its other right answers, each checked against the solution's cells."""
        return tuple(_other_answer(self, file) for file in sorted(self.solutions.glob("other/*.toml")))

    @property
    def starters(self) -> tuple[Path, ...]:
        """The files and folders that a learner starts with, beside the notebook."""
        own = {"lab.ipynb", "checks.py", "__pycache__", ".ipynb_checkpoints"}
        return tuple(sorted(each for each in self.folder.iterdir() if each.name not in own))


def slugs(root: Path = places.ROOT) -> tuple[str, ...]:
    """The name of every folder under labs/ of *root*, in order."""
    return tuple(sorted(each.name for each in (root / "labs").glob("*/") if each.name[0] not in "._"))


def all_labs(root: Path = places.ROOT) -> tuple[Lab, ...]:
    """Every lab of *root*, in order; a folder that isn't a lab is an error, not passed over."""
    return tuple(_lab(root / "labs" / slug) for slug in slugs(root))


def find(name: str | Path) -> Lab:
    """The lab called by its slug (`06-ports`) or by a path (`labs/06-ports`, its folder, its notebook).

    A path is looked for in the current folder and those above it, then in the course.
    """
    given = Path(name)
    given = given.parent if given.suffix == ".ipynb" else given
    here = Path.cwd()
    for base in (here, *here.parents, places.ROOT):
        for folder in ((base / given).resolve(), (base / "labs" / given).resolve()):
            if folder.parent.name == "labs" and folder.is_dir():
                return _lab(folder)
    there = ", ".join(slugs()) or "none yet"
    raise LabError(f"There is no lab {str(name)!r}.", f"choose one of: {there}")


def read(notebook: Path) -> Notebook:
    """A notebook's JSON."""
    try:
        content = json.loads(notebook.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LabError(f"{notebook} can't be read as a notebook: {error}.", "restore that file") from error
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise LabError(f"{notebook} holds no list of cells.", "save it from JupyterLab as a notebook")
    return content


def source(cell: Mapping[str, Any]) -> str:
    """A cell's text; notebooks keep it as one string or as a list of lines."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def is_answer(cell: Mapping[str, Any]) -> bool:
    """Whether this is a cell that the learner fills in."""
    return ANSWER in cell.get("metadata", {}).get("tags", [])


def images(lab: Lab) -> tuple[str, ...]:
    """The tags of the images that *lab* needs, as its table says in the column `images`; none without one."""
    for cell in read(lab.notebook)["cells"]:
        rows = re.findall(r"^\| *minutes *\|.*\n\|[-| ]+\n(\|.*)$", source(cell), re.MULTILINE)
        if rows:
            return tuple(re.findall(r"`([^`]+:[^`]+)`", rows[0].split("|")[3]))
    return ()


def answers(notebook: Path) -> dict[str, str]:
    """The text of each cell tagged `answer`, by the cell's id, in their order."""
    return {cell.get("id", ""): source(cell) for cell in read(notebook)["cells"] if is_answer(cell)}


def overlay(notebook: Path, answers: Mapping[str, str]) -> Notebook:
    """The notebook with *answers* in its answer cells and all outputs gone; an id it lacks is an error."""
    content = read(notebook)
    unknown = set(answers)
    for cell in content["cells"]:
        cell["source"] = source(cell)
        if is_answer(cell) and cell.get("id") in answers:
            cell["source"] = answers[cell["id"]]
            unknown.discard(cell["id"])
        if cell.get("cell_type") == "code":
            cell["outputs"], cell["execution_count"] = [], None
    if unknown:
        raise LabError(f"{notebook} has no answer cell {', '.join(sorted(unknown))}.", "use its cells' ids")
    return content


def load_checks(lab: Lab) -> tuple[Check, ...]:
    """The checks of *lab* in the order of its file, read afresh at each call."""
    return in_teaching_order(_loaded(lab).get(NOTED, ()))


def load_symptoms(lab: Lab) -> tuple[Symptom, ...]:
    """What is wrong with the system that *lab* hands out, read afresh; most labs have none."""
    return tuple(_loaded(lab).get(NOTED_SYMPTOMS, ()))


def _loaded(lab: Lab) -> dict[str, Any]:
    """All names of the file of *lab*'s checks."""
    # Compiled here and not imported: an import may take a stale copy from __pycache__, and would leave one.
    module = types.ModuleType("_checks_of_" + lab.slug.replace("-", "_"))
    module.__file__ = str(lab.checks_file)
    sys.modules[module.__name__] = module
    try:
        code = compile(lab.checks_file.read_bytes(), lab.checks_file, "exec", dont_inherit=True)
        exec(code, vars(module))
    except CourseError:
        raise
    except Exception as error:
        raise LabError(
            f"{lab.checks_file} can't be loaded: {type(error).__name__}: {error}.", "see docs/add-a-lab.md"
        ) from error
    return vars(module)


def version(lab: Lab) -> str:
    """A hash of the checks: results of two versions aren't to be compared."""
    return hashlib.sha256(lab.checks_file.read_bytes()).hexdigest()


def submission(answers: Mapping[str, str]) -> str:
    """A hash of a submission's answers: equal for two notebooks that answer alike, whatever their outputs."""
    return hashlib.sha256(json.dumps(dict(answers), sort_keys=True).encode()).hexdigest()


def _lab(folder: Path) -> Lab:
    lab = Lab(folder.name, folder, folder.parent.parent / "solutions" / folder.name)
    missing = [file.name for file in (lab.notebook, lab.checks_file) if not file.is_file()]
    if missing or not SLUG.fullmatch(lab.slug):
        fault = f"lacks {' and '.join(missing)}" if missing else "isn't named like 06-ports"
        raise LabError(f"{folder} {fault}, so it is no lab.", "mend it: docs/add-a-lab.md shows the parts")
    return lab


def _wrong_answer(lab: Lab, file: Path) -> WrongAnswer:
    content = _answer_file(file, ("why", "fails", "answers"))
    names = {each.name for each in load_checks(lab)}
    unknown = [check for check in content["fails"] if check not in names]
    faults = {"names no check that it fails": not content["fails"]}
    faults |= {f"names {check}, which is no check of {lab.slug}": True for check in unknown}
    _refuse_unfit(lab, file, content, faults)
    return WrongAnswer(file, content["why"], tuple(content["fails"]), dict(content["answers"]))


def _other_answer(lab: Lab, file: Path) -> OtherAnswer:
    content = _answer_file(file, ("why", "answers"))
    _refuse_unfit(lab, file, content, {})
    return OtherAnswer(file, content["why"], dict(content["answers"]))


def _answer_file(file: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    kinds = {"why": str, "fails": list, "answers": dict}
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LabError(f"{file} is no TOML: {error}.", HOW) from error
    if set(content) != set(keys):
        raise LabError(f"{file} holds {', '.join(content)}.", f"give it {', '.join(keys)}, and no more")
    odd = [key for key in keys if not isinstance(content[key], kinds[key])]
    odd += [cell for cell, text in content["answers"].items() if not isinstance(text, str)] if not odd else []
    if odd:
        raise LabError(f"{file} has a {odd[0]} of another kind.", HOW)
    return content


def _refuse_unfit(lab: Lab, file: Path, content: Mapping[str, Any], more: Mapping[str, bool]) -> None:
    solved, given = answers(lab.solution), content["answers"]
    faults = {
        "doesn't say why": not content["why"].strip(),
        "answers nothing": not given,
        "is the solution": all(text.strip() == solved.get(cell) for cell, text in given.items()),
        **more,
    }
    faults |= {f"answers {cell}, which is no answer cell of {lab.slug}": cell not in solved for cell in given}
    found = [fault for fault, there in faults.items() if there]
    if found:
        raise LabError(f"{file} {'; it '.join(found)}.", HOW)
