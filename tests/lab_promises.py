"""What every lab must keep, read from its files alone; each promise gives its faults as sentences."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import lab_hints

from course import labs
from course.labs import CHECK_CELL, Lab, is_answer, source

Cell = dict[str, Any]
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f-]{27})?")  # what JupyterLab gives a new cell
CAPSTONE = "30-capstone"
LEFT_BY_TOOLS = {"__pycache__", ".ipynb_checkpoints"}


def cells(notebook: Path) -> list[Cell]:
    """The cells of a notebook as plain dicts."""
    found: list[Cell] = labs.read(notebook)["cells"]
    return found


def solution_differs_only_in_answers(lab: Lab) -> list[str]:
    """The solution has the lab's cells in the lab's order; only what stands in answer cells is new."""
    handed_out, solved = cells(lab.notebook), cells(lab.solution)
    ids = [[cell.get("id") for cell in side] for side in (handed_out, solved)]
    if ids[0] != ids[1]:
        return [f"the lab's cells are {ids[0]}, the solution's are {ids[1]}"]
    faults = []
    for before, after in zip(handed_out, solved, strict=True):
        if _frame(before) != _frame(after):
            faults.append(f"cell {before['id']} is another one in the solution")
        if is_answer(before) and source(before) == source(after):
            faults.append(f"answer cell {before['id']} is solved as handed out")
    return faults


def _frame(cell: Cell) -> Cell:
    """What of a cell must be the same in lab and solution."""
    kept = {key: value for key, value in cell.items() if key not in ("outputs", "execution_count", "source")}
    return kept if is_answer(cell) else {**kept, "source": source(cell)}


def notebook_has_its_parts(lab: Lab) -> list[str]:
    """Each cell has an id of its own; set-up, answers, the check, the clean-up follow one another."""
    there = cells(lab.notebook)
    ids = [cell.get("id", "") for cell in there]
    if "" in ids or len(set(ids)) < len(ids):
        return [f"cells without an id of their own: {ids}"]
    start = f'lesson.start("labs/{lab.slug}")'
    starts = [place for place, cell in enumerate(there) if start in source(cell)]
    answers = [place for place, cell in enumerate(there) if is_answer(cell)]
    check = [place for place, cell in enumerate(there) if cell["id"] == CHECK_CELL]
    last = [len(there) - 1] if there[-1]["cell_type"] == "code" else []
    parts = {start: starts, "a cell tagged answer": answers, "a cell with id check": check, "clean-up": last}
    missing = [f"there is no {name}" for name, places in parts.items() if not places]
    wanted = [*starts[:1], *answers, *check, *last]
    order = [] if wanted == sorted(set(wanted)) else [f"out of order: cells {wanted}"]
    random = [ids[place] for place in answers if RANDOM_ID.fullmatch(ids[place])]
    return missing or order + [f"answer cell {cell_id} has an id that says nothing" for cell_id in random]


def handed_out_without_outputs(lab: Lab) -> list[str]:
    """The learner's copy holds no outputs and no counts."""
    code = [cell for cell in cells(lab.notebook) if cell["cell_type"] == "code"]
    return [
        f"cell {cell.get('id')} holds an output or a count"
        for cell in code
        if cell.get("outputs") or cell.get("execution_count") is not None
    ]


def checks_are_three_to_eight(lab: Lab) -> list[str]:
    """A lab has 3 to 8 checks; the capstone, which needs everything, 15 to 18 with 100 points in all."""
    checks = labs.load_checks(lab)
    count, points = len(checks), sum(check.points for check in checks)
    if lab.slug == CAPSTONE:
        return [] if 15 <= count <= 18 and points == 100 else [f"it has {count} checks and {points} points"]
    return [] if 3 <= count <= 8 else [f"it has {count} checks"]


def every_check_is_failed(lab: Lab) -> list[str]:
    """At least three wrong answers, and none of the checks left untried by them."""
    wrong = lab.wrong
    few = [] if len(wrong) >= 3 else [f"it has {len(wrong)} wrong answers, at least three are needed"]
    tried = {check for each in wrong for check in each.fails}
    untried = [each.name for each in labs.load_checks(lab) if each.name not in tried]
    return few + [f"no wrong answer fails {name}" for name in untried]


def solution_folder_mirrors_the_lab(lab: Lab) -> list[str]:
    """Starter files are the same in both folders, and nothing else lies there that nobody reads."""
    handed_out = {
        name: text for name, text in _files(lab.folder).items() if name not in ("lab.ipynb", "checks.py")
    }
    beside = {
        name: text
        for name, text in _files(lab.solutions).items()
        if name != "lab.ipynb" and not re.fullmatch(r"(wrong|other)/[^/]+\.toml", name)
    }
    names = sorted(handed_out.keys() | beside.keys())
    return [
        f"{name} is not the same in both folders"
        for name in names
        if handed_out.get(name) != beside.get(name)
    ]


def incident_is_broken_and_can_be_mended_twice(lab: Lab) -> list[str]:
    """An incident says how it is broken, so that a test can see it, and has a second right answer."""
    if not is_incident(lab):
        return []
    faults = [] if labs.load_symptoms(lab) else ["it has no symptom, so nothing proves that it begins broken"]
    return faults + ([] if lab.others else ["it has no other right answer in other/"])


def is_incident(lab: Lab) -> bool:
    """Whether this lab is a system that is handed out broken: 20 to 29."""
    return lab.slug.startswith("2")


def incident_is_short(lab: Lab) -> list[str]:
    """An incident is one ticket: at most 16 cells."""
    count = len(cells(lab.notebook))
    return [f"it has {count} cells, more than 16"] if is_incident(lab) and count > 16 else []


def incident_hints_keep_the_repair(lab: Lab) -> list[str]:
    """The first two hints of an incident hold nothing of its repair: see lab_hints."""
    return lab_hints.faults(lab) if is_incident(lab) else []


def _files(folder: Path) -> dict[str, bytes]:
    found = (file for file in folder.rglob("*") if file.is_file() and not LEFT_BY_TOOLS & set(file.parts))
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in found}


ALL = (
    solution_folder_mirrors_the_lab,
    solution_differs_only_in_answers,
    notebook_has_its_parts,
    handed_out_without_outputs,
    checks_are_three_to_eight,
    every_check_is_failed,
    incident_is_broken_and_can_be_mended_twice,
    incident_is_short,
    incident_hints_keep_the_repair,
)
