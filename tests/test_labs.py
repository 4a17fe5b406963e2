"""Every lab keeps its promises: found by its folder, run on the engine, judged twice."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import lab_promises
import pytest
from drawing import drawn, everything
from lab_trials import Trials

from course import labs, places
from course.labs import Lab

pytestmark = [pytest.mark.by_lab, pytest.mark.long]
# Folders and files are listed here and read in the tests: a lab that is half made fails alone.
SLUGS = labs.slugs()
# Of a lab's wrong answers each `make test` draws two, and judges each once: docs/decisions/0025.
WRONG = [
    pytest.param(slug, file.name, id=f"{slug}-{file.stem}")
    for slug in SLUGS
    for file in drawn(sorted((places.solutions() / slug).glob("wrong/*.toml")), 2, f"wrong answers of {slug}")
]
OTHER = [
    pytest.param(slug, file.name, id=f"{slug}-{file.stem}")
    for slug in SLUGS
    for file in sorted((places.solutions() / slug).glob("other/*.toml"))
]


@cache
def trials(slug: str) -> Trials:
    """One set of trials a lab, so that its solution runs once."""
    return Trials(the_lab(slug))


def the_lab(slug: str) -> Lab:
    """The lab in the folder *slug*."""
    return labs.find(places.labs() / slug)


def test_there_are_labs() -> None:
    """A course without labs has lost them: nothing to test is a failure."""
    assert SLUGS, f"no lab in {places.labs()}"
    assert WRONG, f"no wrong answer in {places.solutions()}"
    assert OTHER, f"no other right answer in {places.solutions()}"


def test_every_solution_has_its_lab() -> None:
    """A solution without a lab is one that nobody would miss, or a folder with a wrong name."""
    solutions = {folder.name for folder in places.solutions().glob("*/") if folder.name[0] not in "._"}
    assert solutions == set(SLUGS)


def test_the_checks_of_all_labs_are_typed(tmp_path: Path) -> None:
    """Mypy takes no two files of one name, so each gets its lab's name first."""
    for slug in SLUGS:
        shutil.copy(places.labs() / slug / "checks.py", tmp_path / f"checks_of_{slug.replace('-', '_')}.py")
    settings = ["--config-file", str(places.ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path / "cache")]
    command = [sys.executable, "-m", "mypy", *settings, *map(str, tmp_path.glob("*.py"))]
    done = subprocess.run(command, cwd=places.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("promise", lab_promises.ALL, ids=lambda promise: promise.__name__)
def test_a_lab_is_made_as_a_lab_must_be(slug: str, promise: Callable[[Lab], list[str]]) -> None:
    """Cells, checks and wrong answers fit each other."""
    assert promise(the_lab(slug)) == []


@pytest.mark.parametrize("slug", SLUGS)
def test_the_solution_earns_all_and_leaves_nothing(slug: str) -> None:
    """The solution runs clean to its last cell and keeps every promise."""
    assert trials(slug).faults_of_solution() == []


@pytest.mark.parametrize("slug", SLUGS)
def test_the_lab_as_handed_out_runs_clean_and_earns_nothing(slug: str) -> None:
    """An untouched lab shows no error and gets no point; an incident is as broken as its story says."""
    assert trials(slug).faults_as_handed_out() == []


@pytest.mark.parametrize(("slug", "file"), WRONG)
def test_a_wrong_answer_fails_exactly_what_it_names(slug: str, file: str) -> None:
    """The checks catch the mistake, and blame nothing else for it."""
    wrong = next(each for each in the_lab(slug).wrong if each.file.name == file)
    assert trials(slug).faults_of_wrong(wrong, judged=2 if everything() else 1) == []


@pytest.mark.parametrize(("slug", "file"), OTHER)
def test_another_right_answer_earns_all_and_leaves_nothing(slug: str, file: str) -> None:
    """The checks take every way that works, not the solution's alone."""
    other = next(each for each in the_lab(slug).others if each.file.name == file)
    assert trials(slug).faults_of_other(other) == []
